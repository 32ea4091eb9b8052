/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire: header word, little-endian access, status codes, message building and splitting, names.
 *
 * Follows Arm DEN0056 (SCMI) 3.2; docs/wire.md has every bit. Everything here is freestanding, keeps no state and may
 * be called from any context.
 */
#ifndef SCMI_MESSAGE_H
#define SCMI_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Header word: 7:0 message id, 9:8 type, 17:10 protocol id, 27:18 token, 31:28 reserved (0 when sent, ignored). */
#define SCMI_HDR_BYTES    4u
#define SCMI_STATUS_BYTES 4u
#define SCMI_TOKEN_COUNT  1024u
#define SCMI_HDR_RESERVED 0xf0000000u

enum scmi_msg_type {
	SCMI_MSG_COMMAND = 0, /* and its response */
	SCMI_MSG_RESERVED = 1,
	SCMI_MSG_DELAYED = 2,
	SCMI_MSG_NOTIFICATION = 3
};

/* Puts a header word together; token and type are cut to their bits. The four below take it apart. */
static inline uint32_t scmi_hdr(uint8_t protocol, uint8_t message, enum scmi_msg_type type, uint16_t token)
{
	return (uint32_t)message | ((uint32_t)type & 3u) << 8 | (uint32_t)protocol << 10 |
	       ((uint32_t)token & (SCMI_TOKEN_COUNT - 1u)) << 18;
}

static inline uint8_t scmi_hdr_message(uint32_t hdr)
{
	return (uint8_t)(hdr & 0xffu);
}

static inline enum scmi_msg_type scmi_hdr_type(uint32_t hdr)
{
	return (enum scmi_msg_type)(hdr >> 8 & 3u);
}

static inline uint8_t scmi_hdr_protocol(uint32_t hdr)
{
	return (uint8_t)(hdr >> 10 & 0xffu);
}

static inline uint16_t scmi_hdr_token(uint32_t hdr)
{
	return (uint16_t)(hdr >> 18 & (SCMI_TOKEN_COUNT - 1u));
}

/* The same word with another type: a delayed response carries its command's header so. */
static inline uint32_t scmi_hdr_as(uint32_t hdr, enum scmi_msg_type type)
{
	return (hdr & ~(3u << 8)) | ((uint32_t)type & 3u) << 8;
}

/* Little-endian access at any address, aligned or not. */
static inline uint16_t scmi_get_le16(const void *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint16_t)((unsigned)b[0] | (unsigned)b[1] << 8);
}

static inline uint32_t scmi_get_le32(const void *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* A 64-bit quantity is two words, the low word first. */
static inline uint64_t scmi_get_le64(const void *p)
{
	return (uint64_t)scmi_get_le32(p) | (uint64_t)scmi_get_le32((const uint8_t *)p + 4) << 32;
}

static inline void scmi_put_le16(void *p, uint16_t v)
{
	uint8_t *b = (uint8_t *)p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
}

static inline void scmi_put_le32(void *p, uint32_t v)
{
#if defined(__GNUC__) && defined(__ARM_FEATURE_UNALIGNED) && !defined(__ARM_BIG_ENDIAN)
	__builtin_memcpy(p, &v, sizeof(v)); /* gcc makes one store of the four below, but not on this processor */
#else
	uint8_t *b = (uint8_t *)p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)(v >> 16);
	b[3] = (uint8_t)(v >> 24);
#endif
}

static inline void scmi_put_le64(void *p, uint64_t v)
{
	scmi_put_le32(p, (uint32_t)v);
	scmi_put_le32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

/* X(name, value, text): the platform's status word. Values <= -128 are the vendor's. */
#define SCMI_STATUS_MAP(X)                                                                                             \
	X(SCMI_SUCCESS, 0, "success")                                                                                  \
	X(SCMI_NOT_SUPPORTED, -1, "not supported")                                                                     \
	X(SCMI_INVALID_PARAMETERS, -2, "invalid parameters")                                                           \
	X(SCMI_DENIED, -3, "denied")                                                                                   \
	X(SCMI_NOT_FOUND, -4, "not found")                                                                             \
	X(SCMI_OUT_OF_RANGE, -5, "out of range")                                                                       \
	X(SCMI_BUSY, -6, "busy")                                                                                       \
	X(SCMI_COMMS_ERROR, -7, "communication error")                                                                 \
	X(SCMI_GENERIC_ERROR, -8, "generic error")                                                                     \
	X(SCMI_HARDWARE_ERROR, -9, "hardware error")                                                                   \
	X(SCMI_PROTOCOL_ERROR, -10, "protocol error")                                                                  \
	X(SCMI_IN_USE, -11, "in use")

#define SCMI_STATUS_ENUM_(name, value, text) name = (value),
enum scmi_status { SCMI_STATUS_MAP(SCMI_STATUS_ENUM_) };
#undef SCMI_STATUS_ENUM_

#define SCMI_STATUS_VENDOR_MAX (-128)

/* Returns a constant text, never NULL: "vendor status" for <= -128, "reserved status" for what is in no table. */
const char *scmi_status_text(int32_t status);

/* Protocol ids; from SCMI_PROTOCOL_VENDOR_MIN on they are the vendor's. */
enum scmi_protocol_id {
	SCMI_PROTOCOL_BASE = 0x10,
	SCMI_PROTOCOL_POWER = 0x11,
	SCMI_PROTOCOL_SYSTEM = 0x12,
	SCMI_PROTOCOL_PERF = 0x13,
	SCMI_PROTOCOL_CLOCK = 0x14,
	SCMI_PROTOCOL_SENSOR = 0x15,
	SCMI_PROTOCOL_RESET = 0x16,
	SCMI_PROTOCOL_VOLTAGE = 0x17,
	SCMI_PROTOCOL_POWERCAP = 0x18,
	SCMI_PROTOCOL_PINCTRL = 0x19,
	SCMI_PROTOCOL_TELEMETRY = 0x1b
};

#define SCMI_PROTOCOL_VENDOR_MIN 0x80

/* Messages that every protocol has. */
enum scmi_common_message {
	SCMI_PROTOCOL_VERSION = 0x0,
	SCMI_PROTOCOL_ATTRIBUTES = 0x1,
	SCMI_PROTOCOL_MESSAGE_ATTRIBUTES = 0x2,
	SCMI_NEGOTIATE_PROTOCOL_VERSION = 0x10
};

/* Base protocol. */
enum scmi_base_message {
	SCMI_BASE_DISCOVER_VENDOR = 0x3,
	SCMI_BASE_DISCOVER_SUB_VENDOR = 0x4,
	SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION = 0x5,
	SCMI_BASE_DISCOVER_LIST_PROTOCOLS = 0x6,
	SCMI_BASE_DISCOVER_AGENT = 0x7,
	SCMI_BASE_NOTIFY_ERRORS = 0x8,
	SCMI_BASE_SET_DEVICE_PERMISSIONS = 0x9,
	SCMI_BASE_SET_PROTOCOL_PERMISSIONS = 0xa,
	SCMI_BASE_RESET_AGENT_CONFIGURATION = 0xb
};

enum scmi_base_notification { SCMI_BASE_ERROR_EVENT = 0x0 };

/* Bit 0 of the enable word of every *_NOTIFY command; the other bits are 0. */
#define SCMI_NOTIFY_ENABLE 1u

/* Words of the base protocol. docs/wire.md has the layouts. */
#define SCMI_BASE_VERSION           SCMI_VERSION(2, 1) /* the newest that this library speaks */
#define SCMI_BASE_PLATFORM_ID       0u                 /* agent 0 is the platform itself */
#define SCMI_BASE_AGENT_SELF        0xffffffffu        /* DISCOVER_AGENT: who am I? From version 2.0 on */
#define SCMI_BASE_PROTOCOLS_MAX     255u               /* PROTOCOL_ATTRIBUTES has 8 bits for their number */
#define SCMI_BASE_ALLOW             1u                 /* SET_*_PERMISSIONS flags: 1 allow, 0 deny */
#define SCMI_BASE_RESET_PERMISSIONS 1u                 /* RESET_AGENT_CONFIGURATION flags: permissions too */
#define SCMI_BASE_ERROR_FATAL       0x80000000u        /* ERROR_EVENT status word */
#define SCMI_BASE_ERROR_COUNT       0x3ffu             /* ERROR_EVENT status word: number of 64-bit reports */

/* Protocol versions are major << 16 | minor. */
#define SCMI_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* Names are this long at most, the NUL included. */
#define SCMI_SHORT_NAME 16u
#define SCMI_LONG_NAME  64u

/*
 * Building. A message-passing transport puts header and payload together with scmi_msg_build() and takes them apart
 * with scmi_msg_part(); it reads neither. Who writes a status, or splits one off, does it with the functions below
 * and no other way. All lengths are bytes; all of these return SCMI_OK, or
 * SCMI_E_INVAL (a NULL where memory is needed) or SCMI_E_TOOBIG (more than cap bytes): then nothing is written;
 * *out takes the bytes written. Bytes to copy may stand already where they go, else they must not overlap dst.
 */

/* Header and payload of any kind: a command, a notification, a reply whose payload starts with its status. */
int scmi_msg_build(void *dst, uint32_t cap, uint32_t hdr, const void *payload, uint32_t len, uint32_t *out);

/*
 * The response to the command whose header was hdr, and its delayed response. With a status other than SCMI_SUCCESS
 * the values are left out, as the peer expects.
 */
int scmi_msg_build_response(void *dst, uint32_t cap, uint32_t hdr, int32_t status, const void *values, uint32_t len,
			    uint32_t *out);
int scmi_msg_build_delayed(void *dst, uint32_t cap, uint32_t hdr, int32_t status, const void *values, uint32_t len,
			   uint32_t *out);

/* The payload of a response or delayed response alone, for who keeps the header apart. */
int scmi_msg_build_reply(void *dst, uint32_t cap, int32_t status, const void *values, uint32_t len, uint32_t *out);

/*
 * Splitting. Pointers in the results point into the bytes that were given, which must be private and stable: a peer
 * that can still write them makes every check worthless. A result is written only on SCMI_OK and SCMI_E_REMOTE.
 */

/*
 * Takes the header off; *payload is NULL where nothing follows. Returns SCMI_OK, SCMI_E_INVAL (NULL), SCMI_E_PROTO
 * (shorter than a header).
 */
int scmi_msg_part(const void *bytes, uint32_t len, uint32_t *hdr, const void **payload, uint32_t *payload_len);

/*
 * Splits the payload of a response or delayed response of which payload_len bytes came; head points to its first 4
 * and is not looked at where there are fewer. The status is looked at before the length: an error may come without
 * values (and what follows an error is ignored). Returns
 * SCMI_OK, *status SCMI_SUCCESS and *values_len bytes of values from offset SCMI_STATUS_BYTES on;
 * SCMI_E_REMOTE, *status the platform's error, *values_len 0;
 * SCMI_E_PROTO, shorter than a status; SCMI_E_INVAL, NULL.
 */
int scmi_msg_split_reply(const void *head, uint32_t payload_len, int32_t *status, uint32_t *values_len);

/* A message taken apart. */
struct scmi_msg {
	uint32_t hdr;
	int32_t status;     /* of a response or delayed response, else SCMI_SUCCESS */
	const void *values; /* parameters, values, or a notification's payload; NULL if len is 0 */
	uint32_t len;       /* bytes at values */
};

/*
 * Splits a whole message, header first, by its type. from_agent takes commands only; from_platform takes responses,
 * delayed responses and notifications. Returns as scmi_msg_split_reply(); SCMI_E_PROTO also for a message without a
 * whole header, and for a type that does not come from there.
 */
int scmi_msg_from_agent(const void *bytes, uint32_t len, struct scmi_msg *msg);
int scmi_msg_from_platform(const void *bytes, uint32_t len, struct scmi_msg *msg);

/* scmi_message_info.protocol of the messages that every protocol has. */
#define SCMI_PROTOCOL_COMMON 0u

/* scmi_message_info.notification of a command that switches none. */
#define SCMI_NO_NOTIFICATION (-1)

/*
 * What is known of a message: one constant row of the library's table. Sizes are bytes. The minimum is what the
 * oldest version of the protocol carries, the maximum what the newest known one can; where they differ the message is
 * variable or has grown. Rows are reached through the functions below only, so that the structure may grow at its
 * end.
 */
struct scmi_message_info {
	const char *name;    /* as the specification spells it: "BASE_DISCOVER_VENDOR" */
	uint32_t since;      /* protocol version that brought it, SCMI_VERSION(); 0: bound to no version */
	uint16_t params_min; /* command: parameters; 0 for the other kinds */
	uint16_t params_max;
	uint16_t values_min; /* values after the status; notification: the payload, which has none */
	uint16_t values_max;
	int16_t notification; /* *_NOTIFY command: id of what it switches, in the same protocol; SCMI_NO_NOTIFICATION */
	uint8_t protocol;     /* SCMI_PROTOCOL_*, or SCMI_PROTOCOL_COMMON */
	uint8_t id;
	uint8_t kind;      /* enum scmi_msg_type: command, delayed response, notification */
	uint8_t mandatory; /* 1: a platform that has the protocol, in that version, has this message */
};

/*
 * The row of a message, or NULL if it is unknown. A protocol's own row goes before the common one; the common
 * messages are found for every protocol, unknown and vendor's ones included. Context: any.
 */
const struct scmi_message_info *scmi_message_find(uint8_t protocol, enum scmi_msg_type kind, uint8_t id);

/*
 * Walks over all messages of a protocol, common ones included, by kind and then by id: prev NULL gives the first, the
 * last is followed by NULL. Context: any.
 */
const struct scmi_message_info *scmi_message_next(uint8_t protocol, const struct scmi_message_info *prev);

/* The name in the message's row, "unknown message" without one. A constant, never NULL. Context: any. */
const char *scmi_message_name(uint8_t protocol, enum scmi_msg_type kind, uint8_t id);

/* "base", "clock" ...; "vendor protocol" from 0x80 on, "unknown protocol". A constant, never NULL. Context: any. */
const char *scmi_protocol_name(uint8_t protocol);

#ifdef __cplusplus
}
#endif

#endif
