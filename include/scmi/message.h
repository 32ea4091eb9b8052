/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The wire: header word, little-endian access, status codes, message building and splitting, names.
 *
 * Follows Arm DEN0056 (SCMI) 3.2; docs/wire.md has every bit. Everything here is freestanding, keeps no state and may be
 * called from any context.
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
	uint8_t *b = (uint8_t *)p;

	b[0] = (uint8_t)v;
	b[1] = (uint8_t)(v >> 8);
	b[2] = (uint8_t)(v >> 16);
	b[3] = (uint8_t)(v >> 24);
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

/* Protocol ids. 0x80 to 0xff are the vendor's. */
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

/* Protocol versions are major << 16 | minor. */
#define SCMI_VERSION(major, minor) ((uint32_t)(major) << 16 | (uint32_t)(minor))

/* Names are this long at most, the NUL included. */
#define SCMI_SHORT_NAME 16u
#define SCMI_LONG_NAME  64u

#ifdef __cplusplus
}
#endif

#endif
