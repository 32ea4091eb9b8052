/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform end: takes requests from agents, knows the agents apart, answers now or later.
 *
 * A platform owns a table of servers, one a protocol, each a table of commands over a model of the user's; and a
 * table of agents, each with the endpoint that it talks through. Like the agent it lives in the caller's memory,
 * allocates nothing and keeps no global state.
 */
#ifndef SCMI_PLATFORM_H
#define SCMI_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/endpoint.h>
#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/port.h>
#include <scmi/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Opaque. Of all functions below only scmi_platform_size() and scmi_platform_init() take NULL for a platform, a
 * request or a configuration.
 */
struct scmi_platform;

/* ---- servers: one protocol each ---- */

/* What a handler returns when the reply comes later, by scmi_request_reply(). No status word has this value. */
#define SCMI_REQUEST_LATER INT32_MAX

/* scmi_server_command.flags. The other bits are the server's own, for scmi_server.absent. */
#define SCMI_COMMAND_P2A (1u << 0) /* makes no sense without platform-to-agent channel, and is not offered there */

/*
 * One command of a protocol, in a constant table. Never grows.
 *
 * An agent that knows a newer minor version, which may append parameters, is not met by a larger params_max: it has
 * to negotiate first, as the specification wants.
 *
 * handle gets the server's model and a request whose parameters have been checked for length. It puts values with
 * scmi_request_put_*() and returns the status: SCMI_SUCCESS sends them, an error of enum scmi_status or of the vendor
 * sends the status alone, another value > 0 is the handler's fault and sends SCMI_GENERIC_ERROR. SCMI_REQUEST_LATER:
 * the request stays open until scmi_request_reply(), which may have run already; the handler does not touch it any
 * more. Runs in the context in which the endpoint delivers: must not sleep where that is an interrupt. Handlers of
 * one server run at once when several endpoints deliver at once, or one does in several contexts.
 */
struct scmi_server_command {
	int32_t (*handle)(void *model, struct scmi_request *req);
	uint32_t attributes; /* what PROTOCOL_MESSAGE_ATTRIBUTES says of it */
	uint16_t params_min; /* bytes of parameters; fewer get SCMI_PROTOCOL_ERROR */
	uint16_t params_max; /* more get it too; UINT16_MAX: no limit */
	uint8_t message;
	uint8_t flags; /* SCMI_COMMAND_*, or the server's own */
};

/*
 * A version that a server speaks once an agent has negotiated it, in a constant table. absent: commands with one of
 * these flags came with a later version; they are not offered then. Never grows.
 */
struct scmi_server_version {
	uint32_t version; /* SCMI_VERSION(major, minor); not 0 */
	uint8_t absent;
	uint8_t reserved_[3]; /* 0 */
};

/* scmi_server.flags */
#define SCMI_SERVER_NEGOTIATES (1u << 0) /* offers NEGOTIATE_PROTOCOL_VERSION */

/* Bounds of the configuration. */
#define SCMI_PLATFORM_AGENTS_MAX        254u
#define SCMI_PLATFORM_SERVERS_MAX       31u
#define SCMI_PLATFORM_NOTIFICATIONS_MAX 15u /* notification ids of one protocol: 0 to 14 */

/*
 * A protocol: its commands over a model. The platform itself answers PROTOCOL_VERSION, PROTOCOL_ATTRIBUTES,
 * PROTOCOL_MESSAGE_ATTRIBUTES and, if offered, NEGOTIATE_PROTOCOL_VERSION, unless commands has an entry of its own
 * for them (PROTOCOL_ATTRIBUTES of some protocols is more than a word).
 */
struct scmi_server {
	uint32_t size;                              /* sizeof(struct scmi_server) */
	uint8_t protocol;                           /* SCMI_PROTOCOL_*, 0x10 and above */
	uint8_t flags;                              /* SCMI_SERVER_* */
	uint16_t commands_n;                        /* entries of commands, 1 at least */
	uint32_t version;                           /* the newest that it speaks, SCMI_VERSION(major, minor); not 0 */
	uint32_t attributes;                        /* what PROTOCOL_ATTRIBUTES says */
	uint8_t absent;                             /* commands with one of these flags are not offered by this one */
	uint8_t reserved_[3];                       /* 0 */
	const struct scmi_server_command *commands; /* in ascending order of message; best without gaps */
	void *model;                                /* handed to every handler; may be NULL */

	/*
	 * Called once by scmi_platform_init(), when the rest of the platform stands: checks and prepares the model.
	 * SCMI_OK, or SCMI_E_INVAL or SCMI_E_NOMEM with *why a constant sentence that names the member at fault.
	 * Optional. Context: thread.
	 */
	int (*init)(void *model, struct scmi_platform *platform, const char **why);

	/*
	 * The agent's configuration is reset (see scmi_platform_reset_agent()): forget what it has set and what it
	 * wants to be told. Optional. Context: any.
	 */
	void (*reset)(void *model, uint16_t agent);

	/*
	 * What an agent may negotiate: the newest first, which is `version`. NULL: any version of the same major that
	 * is not newer. A handler whose layout differs asks scmi_request_version().
	 */
	const struct scmi_server_version *versions;
	uint32_t versions_n; /* to 256 */
};

/* ---- what a handler does with its request ---- */

/* Who asks: 1 for the first agent of the configuration. Context: any, while the request is open, as all of these. */
uint16_t scmi_request_agent(const struct scmi_request *req);

/* The platform that it was sent to. Context: as above. */
struct scmi_platform *scmi_request_platform(const struct scmi_request *req);

/* The version of the protocol that the agent has negotiated, the server's own if it has not. */
uint32_t scmi_request_version(const struct scmi_request *req);

/* Word index of the parameters (0 the first), host order; 0 for a word that is not whole within them. */
uint32_t scmi_request_u32(const struct scmi_request *req, uint32_t index);

/* Bytes of values that still fit. */
uint32_t scmi_request_room(const struct scmi_request *req);

/*
 * Append to the reply's values: a word; bytes; a name in a field of 16 bytes, cut to 15 and padded with NULs. Never
 * beyond reply_cap: what does not fit is not written, and turns a reply of SCMI_SUCCESS into SCMI_COMMS_ERROR without
 * values. What is handed in is copied. One context at a time for one request. Context: any, while the request is
 * open.
 */
void scmi_request_put_u32(struct scmi_request *req, uint32_t value);
void scmi_request_put_bytes(struct scmi_request *req, const void *bytes, uint32_t len);
void scmi_request_put_name(struct scmi_request *req, const char *name);

/*
 * What a *_NOTIFY command does: switches one of the protocol's notifications on or off for the agent that asks, by
 * notify_enable as it came. Returns SCMI_SUCCESS, the handler's status; SCMI_INVALID_PARAMETERS if a reserved bit
 * (31:1) is set, or notification is above 14. Context: any, while the request is open.
 */
int32_t scmi_request_notify(struct scmi_request *req, uint32_t notification, uint32_t notify_enable);

/*
 * Answers a request whose handler has returned, or will return, SCMI_REQUEST_LATER. Exactly once: the request is the
 * endpoint's again, and must not be touched. Returns SCMI_OK; SCMI_E_GONE: it has been answered already, nothing was
 * sent (a safeguard, counted: it cannot tell once the endpoint has delivered another request in the same memory).
 * Also after scmi_platform_stop(). Context: any.
 */
int scmi_request_reply(struct scmi_request *req, int32_t status);

/* ---- delayed responses ---- */

/*
 * What an asynchronous command is told in the end. Caller's memory, zeroed once; used for one command after another,
 * from a scmi_request_delay() that succeeded until it has ended.
 */
struct scmi_delayed {
	uint32_t size; /* sizeof(struct scmi_delayed) */
	uint32_t cap;  /* bytes at buf: status and values; 4 at least */
	void *buf;     /* the payload is put together here; lent from scmi_delayed_send() until it has ended */

	/*
	 * It has ended: SCMI_OK, the endpoint took it; SCMI_E_CLOSED, the platform has been stopped; else an error of
	 * the endpoint's send(). Where that says SCMI_E_TOOBIG, because the peer has less room than the link carries,
	 * SCMI_COMMS_ERROR without values is sent instead. Runs once for each scmi_delayed_send() that returns
	 * SCMI_OK, perhaps inside it, with no lock held; the node is out of use before, and may be used anew or go.
	 * Optional: scmi_request_delay() tells as well whether a node is in use. Context: any from which messages are
	 * sent; never stop, start nor fini.
	 */
	void (*sent)(struct scmi_delayed *d, int err);
	void *arg; /* the caller's own */

	/* the platform's */
	struct scmi_delayed *next_;
	void *channel_;
	uint32_t state_;
	uint32_t life_;
	uint32_t hdr_;
	uint32_t len_;
	int peer_;
};

/*
 * Inside a handler: a delayed response will follow the response. The node takes what it needs of the request, and is in
 * use until scmi_delayed_send() or scmi_delayed_cancel(), before the response or after it: the request may well have
 * been answered and be gone. Returns a status for the handler: SCMI_SUCCESS; SCMI_NOT_SUPPORTED, the link has no
 * platform-to-agent channel; SCMI_BUSY, the node is still in use; SCMI_GENERIC_ERROR, a member is not allowed. Context:
 * the handler's.
 */
int32_t scmi_request_delay(struct scmi_request *req, struct scmi_delayed *d);

/*
 * Sends it: status, then len bytes of values, which are copied and may stand at buf + 4 already; an error goes without
 * values, a status above 0 as SCMI_GENERIC_ERROR. Never dropped: where the endpoint has no room it waits in the order
 * of these calls, before any notification that waits; sent() tells when it has ended. Returns SCMI_OK; SCMI_E_CLOSED,
 * the platform has been stopped since the command came: it has ended, and sent() does not run; with nothing done:
 * SCMI_E_TOOBIG, more than cap or the link carries; SCMI_E_INVAL, values NULL with a length; SCMI_E_GONE, not in use or
 * sent before (a safeguard). Context: any that the endpoint allows, also beside other calls for the same agent.
 */
int scmi_delayed_send(struct scmi_delayed *d, int32_t status, const void *values, uint32_t len);

/*
 * For a command that will have no delayed response after all, because its response is an error or its agent has booted
 * anew: it has ended, and sent() does not run. Returns SCMI_OK; SCMI_E_INPROGRESS, it has been sent and sent() will
 * tell; SCMI_E_GONE, not in use. Context: any.
 */
int scmi_delayed_cancel(struct scmi_delayed *d);

/* ---- the platform ---- */

/* An agent, and what it is reached through. Its id is its place in the table, from 1; 0 is the platform itself. */
struct scmi_platform_agent {
	uint32_t size;         /* sizeof(struct scmi_platform_agent) */
	uint32_t denied_n;     /* entries of denied */
	const uint8_t *denied; /* served protocols that it may not use, to begin with; never the base one. NULL: none */
	const char *name;      /* 15 characters at most; NULL: not to be discovered. Those without come last */
	const struct scmi_endpoint *endpoint; /* its own, no other agent's; required */
};

/* All tables are kept, not copied: they must not change nor go before scmi_platform_fini(). */
struct scmi_platform_config {
	uint32_t size;                            /* sizeof(struct scmi_platform_config) */
	uint32_t servers_n;                       /* 1 to SCMI_PLATFORM_SERVERS_MAX */
	const struct scmi_server *const *servers; /* in ascending order of protocol */
	const struct scmi_platform_agent *agents;
	uint32_t agents_n;  /* 1 to SCMI_PLATFORM_AGENTS_MAX */
	uint32_t reserved_; /* 0 */
	scmi_log_fn log;    /* NULL: no log lines */
	void *log_arg;
	scmi_trace_fn trace; /* NULL: no trace. RECV: a request; SEND: what goes out; REFUSE: the core refused one */
	void *trace_arg;     /* link is the agent's id */
};

/* Words of max_align_t that hold a platform of this many agents and servers; for static memory. */
#define SCMI_PLATFORM_WORDS(agents, servers)                                                                           \
	((SCMI_PLATFORM_BASE_BYTES + (size_t)(agents)*SCMI_PLATFORM_AGENT_BYTES +                                      \
	  (size_t)(agents) * (size_t)(servers) * sizeof(uint32_t) + sizeof(max_align_t) - 1u) /                        \
	 sizeof(max_align_t))

/* Parts of the bound above; proved against the real structures when the library is compiled. */
#define SCMI_PLATFORM_BASE_BYTES  (sizeof(void *) == 8u ? 136u : 112u)
#define SCMI_PLATFORM_AGENT_BYTES (sizeof(void *) == 8u ? 128u : 88u)

/*
 * Bytes of memory that this configuration needs, exactly. 0 if the configuration is not allowed: scmi_platform_init()
 * tells why. Context: any.
 */
size_t scmi_platform_size(const struct scmi_platform_config *config);

/*
 * Initialises a platform in mem: len bytes, aligned as max_align_t, which stay the platform's until
 * scmi_platform_fini(). Starts no traffic. Returns SCMI_OK and *platform; SCMI_E_NOMEM if mem is misaligned or a byte
 * too short; SCMI_E_INVAL for a configuration that is not allowed, or what a server's init said, each with a log line
 * that names the member (none where the configuration is NULL or its size wrong). On an error nothing is kept.
 * Context: thread.
 */
int scmi_platform_init(struct scmi_platform **platform, void *mem, size_t len,
		       const struct scmi_platform_config *config);

/*
 * Starts every endpoint, in order; each agent begins with its notifications off and nothing negotiated. Returns
 * SCMI_OK; SCMI_E_INVAL if it runs already; SCMI_E_BUSY, a message of the time before the last stop is still being sent
 * in another context: try again; an endpoint's own error, with everything undone and a log line. Context: thread, one
 * at a time with stop and fini.
 */
int scmi_platform_start(struct scmi_platform *platform);

/*
 * Ends traffic: when it returns no handler runs or will run. Open requests may and must still be answered. Delayed
 * responses that wait for room end with SCMI_E_CLOSED, those not sent yet do so when they are; notifications that wait
 * are withdrawn; where another context is just sending it sees to that, perhaps later. May be started again. Returns
 * SCMI_OK, also when it was stopped. Context: thread; not inside a handler.
 */
int scmi_platform_stop(struct scmi_platform *platform);

/*
 * Stops, and gives the memory back, that of the notices too. Returns SCMI_OK; SCMI_E_BUSY: a request or a delayed
 * response is still open, or a message being sent; it is stopped but keeps its memory: answer, send or cancel, then try
 * again. No other call may follow. Context: thread.
 */
int scmi_platform_fini(struct scmi_platform *platform);

/* For scmi_platform_notify(): every agent that has asked for it. */
#define SCMI_ALL_AGENTS 0xffffu

/*
 * Sends a notification to one agent, or to all, if it has switched it on and may use the protocol. It is not kept:
 * where an endpoint has no room, or delayed responses wait for it, the message is dropped and counted; struct
 * scmi_notice is for those whose newest word must come. payload in wire order, lent until it returns. Returns SCMI_OK,
 * also when nobody has asked; SCMI_E_BUSY, dropped for one agent at least; or the first other error of an endpoint:
 * SCMI_E_TOOBIG, SCMI_E_NOPEER ...; SCMI_E_NOTFOUND, no such agent or protocol; SCMI_E_INVAL, notification above 14, or
 * payload NULL with a length; SCMI_E_CLOSED, not started. Context: any that the endpoints allow.
 */
int scmi_platform_notify(struct scmi_platform *platform, uint16_t agent, uint8_t protocol, uint8_t notification,
			 const void *payload, uint32_t len);

/*
 * A notification to one agent of which only the newest word counts: where there is no room it waits, and a newer one
 * takes its place. Caller's memory, zeroed once, the platform's from scmi_notice_init() until scmi_platform_fini() has
 * returned SCMI_OK. For several agents there is one for each: each of them may have room at another time.
 */
struct scmi_notice {
	uint32_t size;        /* sizeof(struct scmi_notice) */
	uint16_t agent;       /* one agent's id */
	uint8_t protocol;     /* served */
	uint8_t notification; /* 0 to 14 */
	uint32_t cap;         /* bytes of the longest payload; may be 0 */
	void *buf;            /* two payloads of cap bytes: one may be on its way while a newer one comes */

	/* the platform's */
	struct scmi_notice *next_;
	void *channel_;
	uint32_t state_;
	uint32_t hdr_;
	uint32_t len_[2];
	uint8_t server_;
};

/*
 * Makes a notice known to the platform, for good. Returns SCMI_OK; SCMI_E_NOTFOUND, no such agent or protocol;
 * SCMI_E_TOOBIG, cap is more than the agent's endpoint carries; SCMI_E_INVAL, another member is not allowed, or it has
 * been initialised before. Context: any, a server's init included.
 */
int scmi_notice_init(struct scmi_platform *platform, struct scmi_notice *notice);

/*
 * Sends the notification if the agent has switched it on and may use the protocol; where there is no room it waits, in
 * place of an older one, behind the delayed responses. Notices of one agent that wait go in turn, not by age. An agent
 * that switches it off, is denied the protocol or is reset does not get what was posted before. payload in wire order,
 * copied. Returns SCMI_OK, also when nobody has asked; SCMI_E_BUSY, dropped: another context is just posting the same
 * notice (one at a time is the rule); SCMI_E_TOOBIG, more than cap; SCMI_E_INVAL, payload NULL with a length;
 * SCMI_E_CLOSED, not started. What the endpoint says is counted. Context: any that the endpoint allows.
 */
int scmi_notice_post(struct scmi_notice *notice, const void *payload, uint32_t len);

/*
 * Forgets what an agent has set up: notifications off, nothing negotiated, and each server's reset. For an agent that
 * has booted anew; BASE_RESET_AGENT_CONFIGURATION does the same. Permissions stay, and so do delayed responses, for the
 * agent may be one that still waits: a server's reset may cancel them. Returns SCMI_OK; SCMI_E_NOTFOUND. Context: any.
 */
int scmi_platform_reset_agent(struct scmi_platform *platform, uint16_t agent);

/*
 * What has happened since init. Three equations, exact while no other context is inside the library, modulo 2^32:
 *   requests = ok + errors + no_room + open
 *   notified = sent + dropped + failed + merged + withdrawn + waiting
 *   delayed = delayed_sent + delayed_failed + delayed_open
 */
struct scmi_platform_stats {
	uint32_t size; /* sizeof(struct scmi_platform_stats), set by the caller */

	uint32_t requests; /* that the endpoints have delivered */
	uint32_t ok;       /* answered with SCMI_SUCCESS */
	uint32_t errors;   /* answered with an error status */
	uint32_t no_room;  /* given back unanswered and not run: no room for a status */
	uint32_t open;     /* to be answered later */

	/* of the errors, those that the core itself gave */
	uint32_t bad_type;     /* not a command: SCMI_PROTOCOL_ERROR */
	uint32_t bad_protocol; /* no server: SCMI_NOT_SUPPORTED */
	uint32_t denied;       /* the agent may not use the protocol: SCMI_DENIED */
	uint32_t bad_message;  /* no such command: SCMI_NOT_SUPPORTED */
	uint32_t bad_length;   /* parameters too short or too long: SCMI_PROTOCOL_ERROR */
	uint32_t overflowed;   /* the values had no room: SCMI_COMMS_ERROR */

	uint32_t notified;  /* notifications, once for each agent that had asked */
	uint32_t sent;      /* the endpoint took it */
	uint32_t dropped;   /* no room, or two posts of one notice at once */
	uint32_t failed;    /* the endpoint gave another error */
	uint32_t merged;    /* a newer one took its place */
	uint32_t withdrawn; /* it waited, and the agent did not want it any more, or the platform was stopped */
	uint32_t waiting;   /* for room, now */

	uint32_t delayed;        /* delayed responses that handlers have promised */
	uint32_t delayed_sent;   /* the endpoint took it */
	uint32_t delayed_failed; /* cancelled, closed, or the endpoint gave an error */
	uint32_t delayed_open;   /* now; one whose sent() runs counts as open */
	uint32_t delayed_queued; /* of these, those that wait for room */

	uint32_t double_replies; /* second answers that were refused */
};

/* Reads the counters. SCMI_OK, or SCMI_E_INVAL (stats NULL, a size this version does not know). Context: any. */
int scmi_platform_stats(struct scmi_platform *platform, struct scmi_platform_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
