/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the platform share. */
#ifndef SCMI_PLATFORM_INTERNAL_H
#define SCMI_PLATFORM_INTERNAL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/platform.h>

#include "../wire/mem.h"

/*
 * What the platform knows of one agent and one server, in one word, because agents may change each other's:
 *
 *   31 denied | 30:16 notifications that the agent wants, bit 16 + id | 15:0 version in use: its place in
 *   scmi_server.versions, or its minor number where there is no such table
 */
#define RIGHT_DENIED    (1u << 31)
#define RIGHT_VERSION   0xffffu
#define RIGHT_WANTS(id) (1u << (16u + (id)))
#define RIGHT_WANTS_ALL (0x7fffu << 16)

/* Standard protocols start here; the first INDEXED of them are found without a search. */
#define PROTOCOL_FIRST 0x10u
#define INDEXED        16u
#define NO_SERVER      0xffu

/* A function whose frame is not to be part of its caller's: what the caller does next is deep. */
#ifdef __GNUC__
#define NOINLINE __attribute__((noinline))
#else
#define NOINLINE
#endif

/* scmi_request.state_ */
#define REQUEST_CLOSED 0u
#define REQUEST_OPEN   1u

/* scmi_request.slow_: why its answer cannot take the short way, even if it is a success. */
#define SLOW_TRACED   (1u << 0)
#define SLOW_OVERFLOW (1u << 1) /* the values had no room */

/* scmi_platform.running: whether it does, and a number that grows with each start. */
#define RUNNING_ON   (1u << 0)
#define RUNNING_LIFE (1u << 1)

/* One agent. */
struct channel {
	struct scmi_platform *platform;
	const struct scmi_endpoint_ops *ops;
	void *ctx;
	const struct scmi_platform_agent *agent;
	_Atomic uint32_t *rights; /* one word a server */
	uint16_t id;
	uint8_t slow; /* SLOW_TRACED or 0 */

	_Atomic uint32_t requests; /* where the endpoint counts: what its count lacks */
	_Atomic uint32_t errors;   /* given at once */
	_Atomic uint32_t no_room;
	_Atomic uint32_t later; /* handlers that put the answer off */
	_Atomic uint32_t later_ok;
	_Atomic uint32_t later_errors;

	/* messages of the platform's own that wait for room: pump.c */
	uint32_t max_payload;
	_Atomic uint32_t pump;                 /* entries that have not been attended to */
	_Atomic uint32_t queued;               /* delayed responses that were pushed and have not ended */
	_Atomic uint32_t blocked;              /* the endpoint had no room for the first of them */
	_Atomic uint32_t waiting;              /* a notice may be waiting */
	_Atomic(struct scmi_delayed *) pushed; /* a stack, the newest first */
	struct scmi_delayed *first;            /* the queue behind it; as last and turn the property of who pumps */
	struct scmi_delayed *last;             /* means nothing without a first */
	struct scmi_notice *turn;              /* the notice that goes next; NULL: any */
	_Atomic(struct scmi_notice *) notices; /* all that there are, the newest first; only grows */
};

/* Exceptions; names of the refusals stand in request.c. */
enum counter {
	C_BAD_TYPE,
	C_BAD_PROTOCOL,
	C_DENIED,
	C_BAD_MESSAGE,
	C_BAD_LENGTH,
	C_OVERFLOWED,
	C_SENT,
	C_DROPPED,
	C_FAILED,
	C_MERGED,
	C_WITHDRAWN,
	C_DELAYED,
	C_DELAYED_SENT,
	C_DELAYED_FAILED,
	C_DOUBLE,
	C_COUNT
};

struct scmi_platform {
	/* read only once initialised */
	const struct scmi_server *const *servers;
	struct channel *channels;
	scmi_trace_fn trace;
	void *trace_arg;
	scmi_log_fn log;
	void *log_arg;
	uint16_t servers_n;
	uint16_t agents_n;
	uint8_t index[INDEXED]; /* of the server of protocol PROTOCOL_FIRST + i */

	_Atomic uint32_t running;
	_Atomic uint32_t senders; /* contexts inside a function that sends something of the platform's own */
	_Atomic uint32_t counters[C_COUNT];
};

/* The sink for an agent's endpoint: what need not be done for it is not even asked for on its path. */
const struct scmi_platform_sink *scmi__platform_sink(const struct channel *channel);

/* Forgets what the agent has set up. */
void scmi__platform_forget(const struct channel *channel);

/* What is wrong with a configuration, as a sentence that names the member; NULL if nothing is. */
const char *scmi__platform_config_fault(const struct scmi_platform_config *config);

/* Whether a name, its NUL included, fits a field of SCMI_SHORT_NAME bytes. */
bool scmi__name_fits(const char *name);

/* Whether a thing may be called that: 1 to 63 characters. */
bool scmi__long_name_allowed(const char *name);

#define WORD_BYTES 4u

/* Whether a version has what came in 2.0, or 3.0. */
static inline bool since_2_0(uint32_t version)
{
	return version >= SCMI_VERSION(2, 0);
}

static inline bool since_3_0(uint32_t version)
{
	return version >= SCMI_VERSION(3, 0);
}

/* Index of the protocol's server, or NO_SERVER. */
uint32_t scmi__platform_server(const struct scmi_platform *platform, uint32_t protocol);

/* The agent's channel, NULL for the platform itself and for unknown ids. */
struct channel *scmi__platform_channel(const struct scmi_platform *platform, uint32_t agent);

/* One log line, if anybody listens. */
void scmi__platform_log(const struct scmi_platform *platform, enum scmi_log_level level, const char *text);

/* One trace event about a message of the agent's; only called when somebody listens. */
void scmi__platform_trace(const struct channel *channel, enum scmi_trace_kind kind, uint32_t hdr, uint32_t len, int err,
			  const char *why);

/* The same for a message that was sent, if anybody listens. */
void scmi__platform_trace_send(const struct channel *channel, uint32_t hdr, uint32_t len, int err);

/* The command of any request, whose server stands in it then; or NULL, and the status of a refusal. */
const struct scmi_server_command *scmi__platform_dispatch(struct channel *channel, struct scmi_request *req,
							  int32_t *status);

/* The peer that there is a way to from the platform, now; 0: there is none. */
static inline int p2a_peer(const struct channel *ch)
{
	if (ch->ops->send == NULL)
		return 0;
	return ch->ops->p2a != NULL ? ch->ops->p2a(ch->ctx) : 1;
}

static inline bool has_p2a(const struct channel *ch)
{
	return p2a_peer(ch) != 0;
}

/* The command's entry, common ones included, or NULL if this server does not offer it to this agent. */
const struct scmi_server_command *scmi__platform_find(const struct channel *channel, uint32_t server, uint32_t message);

/*
 * The version of a server's protocol that is spoken with an agent; the value of its rights' low bits for a fresh one.
 */
uint32_t scmi__platform_spoken(const struct channel *channel, uint32_t server);
uint32_t scmi__platform_newest(const struct scmi_server *server);

/* Of the commands that every protocol has: the entry, NULL if it is none; and handlers, for a server's own table. */
const struct scmi_server_command *scmi__common_find(const struct scmi_server *server, uint32_t message);
int32_t scmi__common_version(void *model, struct scmi_request *req);
int32_t scmi__common_message_attributes(void *model, struct scmi_request *req);

/* What a handler's return leads to, in every case but the plain success; returns what request() does. */
uint32_t scmi__platform_finish(struct channel *channel, struct scmi_request *req, int32_t status);

/* ---- pump.c, delayed.c, notify.c: what the platform sends by itself ---- */

/* Sends what waits for room, as far as there is some; at once or, if another context is just at it, by that one. */
void scmi__platform_pump(struct channel *channel);

/* For whoever pumps. A delayed response: SCMI_E_BUSY, it stays; else it has ended and is not to be touched. */
int scmi__delayed_try(struct channel *channel, struct scmi_delayed *d);

/* scmi_platform_notify() for one agent, by the message's header. */
int scmi__platform_notify(struct channel *channel, uint32_t hdr, const void *payload, uint32_t len);

/* All notices that wait, in turn: SCMI_OK, or SCMI_E_BUSY and at least one stays. */
int scmi__notices_try(struct channel *channel);

/* After the agent's right to some of the server's notifications (a mask of RIGHT_WANTS()) has been taken away. */
void scmi__notices_withdraw(const struct channel *ch, uint32_t server, uint32_t mask);

/* Notifications of this agent's that wait. */
uint32_t scmi__notices_waiting(const struct channel *channel);

/* A request that cannot be answered, because not even a status fits, is not run. Returns SCMI_REPLY_NONE. */
uint32_t scmi__platform_return(struct channel *channel, const struct scmi_request *req);

static inline uint32_t read_count(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Counts where one context at a time writes: no locked instruction. */
static inline void count_own(_Atomic uint32_t *counter)
{
	atomic_store_explicit(counter, read_count(counter) + 1u, memory_order_relaxed);
}

static inline void count(_Atomic uint32_t *counter)
{
	atomic_fetch_add_explicit(counter, 1u, memory_order_relaxed);
}

/*
 * The user's memory and the public structs hold no _Atomic, for C++ and for the ABI; the library's accesses are atomic
 * all the same. The type must not change the layout for that.
 */
static inline _Atomic uint32_t *atomic_word(uint32_t *word)
{
	_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "an atomic word is a word");
	_Static_assert(alignof(_Atomic uint32_t) == alignof(uint32_t), "aligned as a word");
	return (_Atomic uint32_t *)word;
}

static inline _Atomic uint8_t *atomic_byte(uint8_t *byte)
{
	_Static_assert(sizeof(_Atomic uint8_t) == sizeof(uint8_t), "an atomic byte is a byte");
	return (_Atomic uint8_t *)byte;
}

#endif
