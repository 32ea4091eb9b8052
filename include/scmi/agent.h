/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent: sends commands to a platform and matches what comes back.
 *
 * A user knows one object, the call: caller-owned, with the caller's buffers, into which the reply is copied once.
 * Everything else lives in memory that the caller hands to scmi_agent_init(); nothing is allocated, nothing is
 * global, two agents in one process do not know of each other. docs/concurrency.md tells who may call what from
 * where.
 *
 * Contexts: "thread" may sleep; "interrupt" and "callback" (a done function) may not. Functions say which they allow.
 */
#ifndef SCMI_AGENT_H
#define SCMI_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/message.h>
#include <scmi/port.h>
#include <scmi/trace.h>
#include <scmi/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scmi_agent;
struct scmi_call;

/* scmi_call.flags */
#define SCMI_CALL_POLL (1u << 0) /* never sleep: poll the transport until the reply is there */
#define SCMI_CALL_MORE (1u << 1) /* another submit follows at once: one doorbell for the batch */

/*
 * A call's end: runs exactly once for each submit that returned SCMI_OK with done set, in whatever context ended the
 * call (receive, submit, cancel, a poll, link loss, stop; when the agent is deferred only in scmi_agent_poll() and
 * scmi_agent_stop()). err is what scmi_agent_call() would have returned. The call and its buffers are the caller's
 * again, to be submitted anew at once if wanted. Must not sleep; may submit and cancel; must not call, wait or stop
 * (SCMI_E_CONTEXT).
 */
typedef void (*scmi_done_fn)(struct scmi_call *call, int err);

/*
 * One command and where its reply goes. Zero is a good default for every member but size. From a submit that returned
 * SCMI_OK until done runs, or wait returns, call, params and reply belong to the library.
 */
struct scmi_call {
	uint32_t size;        /* sizeof(struct scmi_call) */
	uint8_t protocol;     /* SCMI_PROTOCOL_* */
	uint8_t message;      /* message id within the protocol */
	uint16_t flags;       /* SCMI_CALL_* */
	const void *params;   /* parameters in wire order (little endian, see scmi_put_le32()); NULL if none */
	uint32_t params_len;  /* bytes; at most the transport's max_payload */
	uint32_t reply_cap;   /* bytes of room at reply */
	void *reply;          /* takes the values of the reply, in wire order, without the status word; may be NULL */
	scmi_done_fn done;    /* NULL: scmi_agent_wait() will be called */
	void *arg;            /* the caller's own */
	uint32_t timeout_us;  /* for the reply, from the wire; 0: the transport's default; SCMI_FOREVER */
	uint32_t reserved_;   /* 0 */
	uint64_t deadline_us; /* absolute, by the port's clock, bounds everything; 0: none; 2 h ahead at most */

	/* results: written by the call's end, and left alone where nothing was sent */
	int32_t status;     /* the platform's status word (enum scmi_status); 0 where no reply came */
	uint32_t reply_len; /* bytes of values that came, also where that is more than reply_cap */

	/* the library's own */
	int32_t err_;
	uint32_t ticket_;
	uint32_t waiter_;
	uint32_t reserved2_;
};

/* scmi_agent_config.flags */
#define SCMI_AGENT_DEFERRED (1u << 0) /* done functions run in poll and stop only (notification handlers anywhere) */

/* Bounds of the configuration. */
#define SCMI_SLOTS_DEFAULT   64u
#define SCMI_SLOTS_MAX       1024u
#define SCMI_WAITERS_DEFAULT 8u
#define SCMI_WAITERS_MAX     32u

/* How an agent is to be. Lent for the time of scmi_agent_init() only; what it points to: as the members say. */
struct scmi_agent_config {
	uint32_t size;                          /* sizeof(struct scmi_agent_config) */
	uint32_t flags;                         /* SCMI_AGENT_* */
	const struct scmi_transport *transport; /* the link, for all protocols; copied; required */
	const struct scmi_port *port;           /* must outlive the agent; required */
	uint32_t slots;       /* commands in flight: a power of two to 1024; 0: 64. The transport may allow fewer */
	uint32_t max_waiters; /* threads asleep in call or wait, to 32; 0: 8. More than that poll with relax() */
	uint32_t spin_turns;  /* polls of the transport that a waiter makes before it sleeps; 0: it sleeps at once */
	/*
	 * Lateness: the platform promises that no reply comes later than this after its call timed out or was
	 * cancelled. A slot whose reply is still owed then goes back into use. 0: no such promise, such a slot waits
	 * until the reply has come (or the link is lost). Microseconds, 1 hour at most. Not allowed with more than
	 * 256 slots or on a transport with SCMI_CAP_PEER_BUFS.
	 */
	uint32_t lateness_us;
	uint32_t event_buffers; /* notifications being received at once, to 65534 and 1 GiB in all; 0: none */
	uint32_t event_bytes;   /* payload bytes of one; 0: the transport's maximum */
	scmi_log_fn log;        /* NULL: no log lines */
	void *log_arg;
	scmi_trace_fn trace; /* NULL: no trace */
	void *trace_arg;
};

/*
 * Words of max_align_t that hold an agent with this many slots and default waiters, no event buffers, on any port;
 * for static memory. scmi_agent_size() tells the exact bytes of one configuration.
 */
#define SCMI_AGENT_WORDS(slots) SCMI_AGENT_WORDS_FOR(slots, SCMI_WAITERS_DEFAULT, SCMI_EVENT_BYTES_MAX, 0, 0)

/* The same with all that matters given as it is, not as 0 for a default: slots, waiters, the port's event_size ... */
#define SCMI_AGENT_WORDS_FOR(slots, waiters, event_size, event_buffers, event_bytes)                                   \
	((SCMI_AGENT_BASE_BYTES + (size_t)(slots)*SCMI_AGENT_SLOT_BYTES +                                              \
	  (size_t)(waiters) * (SCMI_AGENT_WAITER_BYTES + SCMI_ALIGN_UP_(event_size)) +                                 \
	  (size_t)(event_buffers) * (SCMI_AGENT_BUFFER_BYTES + SCMI_ALIGN_UP_(event_bytes)) + sizeof(max_align_t) -    \
	  1u) /                                                                                                        \
	 sizeof(max_align_t))
#define SCMI_ALIGN_UP_(n) (((size_t)(n) + sizeof(max_align_t) - 1u) / sizeof(max_align_t) * sizeof(max_align_t))

/* Parts of the bound above; proved against the real structures when the library is compiled. */
#define SCMI_AGENT_BASE_BYTES   768u
#define SCMI_AGENT_SLOT_BYTES   (sizeof(void *) == 8u ? 24u : 20u)
#define SCMI_AGENT_WAITER_BYTES 16u
#define SCMI_AGENT_BUFFER_BYTES 32u

/*
 * Bytes of memory that this configuration needs, exactly. 0 if the configuration is not allowed: scmi_agent_init()
 * tells why. Context: any.
 */
size_t scmi_agent_size(const struct scmi_agent_config *config);

/*
 * Initialises an agent in mem: len bytes, aligned as max_align_t, which stay the agent's until scmi_agent_fini().
 * Starts no traffic. Returns SCMI_OK and *agent; SCMI_E_NOMEM if mem is misaligned or a byte too short; SCMI_E_INVAL
 * for a configuration that is not allowed, with a log line that names the member; SCMI_E_IO from the port. On an
 * error nothing is kept. Context: thread.
 */
int scmi_agent_init(struct scmi_agent **agent, void *mem, size_t len, const struct scmi_agent_config *config);

/*
 * Starts traffic. Returns SCMI_OK; SCMI_E_NOPEER if the peer is not there, or the transport's own error, with
 * everything undone; SCMI_E_INVAL if it runs already, or NULL. Context: thread, one at a time with stop and fini.
 */
int scmi_agent_start(struct scmi_agent *agent);

/*
 * Ends traffic: refuses new submits (SCMI_E_CLOSED), ends every call with SCMI_E_CLOSED, returns every waiter, stops
 * the transport. When it returns no callback runs or will run. May be started again. Returns SCMI_OK (also when it
 * was stopped); SCMI_E_INVAL for NULL; SCMI_E_CONTEXT from inside a callback, where nothing is done. Waits for
 * callbacks that run in other threads; runs what a deferred agent has put off. A call without done for which nobody
 * waits yet is ended, and scmi_agent_wait() still tells so until fini.
 * Context: thread.
 */
int scmi_agent_stop(struct scmi_agent *agent);

/*
 * Stops, and gives the memory back. Returns as scmi_agent_stop(); on an error the memory stays the agent's. No other
 * call may be under way or follow. Context: thread.
 */
int scmi_agent_fini(struct scmi_agent *agent);

/*
 * Sends the command, waits for its reply. While it waits it drives receive where the transport lets it, and so may
 * run other calls' done functions on this thread.
 * Returns SCMI_OK, status 0, reply_len bytes at reply;
 * SCMI_E_REMOTE, the platform's error in call->status, reply_len 0;
 * SCMI_E_TRUNCATED, the first reply_cap bytes at reply, reply_len the full length;
 * SCMI_E_PROTO, the reply was malformed; SCMI_E_TIMEOUT; SCMI_E_CANCELLED, by another context; SCMI_E_LINK;
 * or nothing was sent: SCMI_E_INVAL (size, NULL with a length, done set, a deadline too far), SCMI_E_TOOBIG,
 * SCMI_E_BUSY (no slot is free), SCMI_E_NOPEER, SCMI_E_CLOSED, SCMI_E_CONTEXT (from a callback), SCMI_E_NOTSUP (an
 * unknown flag), or the transport's error of send. Context: thread.
 */
int scmi_agent_call(struct scmi_agent *agent, struct scmi_call *call);

/*
 * Sends the command and returns. SCMI_OK: exactly one completion follows, or has happened already: done runs, or,
 * with done NULL, one scmi_agent_wait() tells the end. An error, as listed at scmi_agent_call() under "nothing was
 * sent": done will never run, the call is the caller's. Never sleeps. Context: any; interrupt only on a transport
 * with SCMI_CAP_ATOMIC.
 */
int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call);

/*
 * Waits for the end of a call that was submitted with done NULL; one waiter a call. Returns as scmi_agent_call();
 * SCMI_E_INVAL for a call that has a done, is not submitted, was waited for already or is being waited for;
 * SCMI_E_CONTEXT from a callback. Context: thread.
 */
int scmi_agent_wait(struct scmi_agent *agent, struct scmi_call *call);

/*
 * The same, but leaves the call live and returns SCMI_E_INPROGRESS if it has not ended when the port's clock reaches
 * until_us; 0 looks once. Then wait again, or cancel and wait. Context: thread.
 */
int scmi_agent_wait_until(struct scmi_agent *agent, struct scmi_call *call, uint64_t until_us);

/*
 * Ends a call that is in flight with SCMI_E_CANCELLED; done may run before this returns. The command itself cannot be
 * taken back: its slot stays in quarantine until the reply has come. Returns SCMI_OK; SCMI_E_INPROGRESS: its end has
 * come and is being delivered, done has yet to run; SCMI_E_NOTFOUND: not in flight (any more); SCMI_E_INVAL (NULL,
 * size). Whatever it returns, a call with done is the caller's again when done runs, one without when wait returns,
 * and not before. Never waits. Must not run beside a submit of the same call. Context: any.
 */
int scmi_agent_cancel(struct scmi_agent *agent, struct scmi_call *call);

/*
 * One turn for a loop of the user's own: delivers up to max messages that have come (where a time-out is due as many
 * as there are slots, so that no reply that is there is refused), ends calls whose time is over, runs deferred done
 * functions. Returns how many messages and deferred done functions that were; 0 from a callback, on a stopped agent,
 * and where max <= 0. agent must not be NULL. Never sleeps. Context: any but interrupt.
 */
int scmi_agent_poll(struct scmi_agent *agent, int max);

/*
 * When scmi_agent_poll() is due at the latest for time-outs to fire: absolute, by the port's clock; SCMI_NEVER if
 * nothing is in flight that times out. A lower bound: it may lie before the first real deadline. agent must not be
 * NULL. Context: any.
 */
uint64_t scmi_agent_next_deadline(struct scmi_agent *agent);

/*
 * A handler for notifications, caller-owned. protocol and message as in the notification's header; SCMI_ANY takes
 * all. notify gets the payload (no status word; valid until it returns). One that is longer than event_bytes is
 * dropped and counted, and so is one that comes while 16 other contexts are inside callbacks. Of several handlers
 * that want a message all run, the one that was added last first. Runs where the message is received; same rules as
 * scmi_done_fn.
 */
#define SCMI_ANY 0xffffu
struct scmi_subscriber {
	uint32_t size;     /* sizeof(struct scmi_subscriber) */
	uint16_t protocol; /* or SCMI_ANY */
	uint16_t message;  /* or SCMI_ANY */
	void (*notify)(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len);
	void *arg; /* the caller's own */
	struct scmi_subscriber *next_;
};

/*
 * Adds a handler; it stays in use until scmi_agent_fini(). In this version only while the agent is not started.
 * Returns SCMI_OK; SCMI_E_INVAL (NULL, size, notify NULL, no event buffers configured, node added already);
 * SCMI_E_BUSY: it is started; SCMI_E_NOTSUP: the transport carries no notifications. Context: thread.
 */
int scmi_agent_subscribe(struct scmi_agent *agent, struct scmi_subscriber *node);

/*
 * What has happened since init. Two equations, exact while no other context is inside the library, all modulo 2^32:
 *   submitted = ok + remote + truncated + malformed + timed_out + cancelled + closed + link_lost + in_flight
 *   received  = accepted + late + stray_token + stray_protocol + stray_message + stray_type + duplicate +
 *               mismatched + unclaimed + dropped
 */
struct scmi_agent_stats {
	uint32_t size; /* sizeof(struct scmi_agent_stats), set by the caller */

	uint32_t submitted; /* submits that returned SCMI_OK, calls that went out */
	uint32_t ok;        /* SCMI_OK */
	uint32_t remote;    /* SCMI_E_REMOTE */
	uint32_t truncated; /* SCMI_E_TRUNCATED */
	uint32_t malformed; /* SCMI_E_PROTO */
	uint32_t timed_out; /* SCMI_E_TIMEOUT */
	uint32_t cancelled; /* SCMI_E_CANCELLED */
	uint32_t closed;    /* SCMI_E_CLOSED */
	uint32_t link_lost; /* SCMI_E_LINK, and what else a transport ended calls with */
	uint32_t in_flight; /* not ended yet, now */

	uint32_t received;       /* messages that the transport has handed up */
	uint32_t accepted;       /* matched to a live call, or given to a subscriber */
	uint32_t late;           /* for a call that had ended; settles its slot's debt */
	uint32_t stray_token;    /* no command with this token is in flight */
	uint32_t stray_protocol; /* right token, wrong protocol */
	uint32_t stray_message;  /* right token and protocol, wrong message id */
	uint32_t stray_type;     /* reserved type, or a delayed response that nobody asked for */
	uint32_t duplicate;      /* the reply to this command is being delivered, or was already */
	uint32_t mismatched;     /* came on the descriptor or area of another command */
	uint32_t unclaimed;      /* notifications without a subscriber */
	uint32_t dropped;        /* notifications without a free event buffer, longer than it, or not completed */

	/* beside the equations */
	uint32_t refused;      /* submits that returned an error after a slot was taken */
	uint32_t no_slot;      /* submits that returned SCMI_E_BUSY: no slot was free */
	uint32_t settled;      /* commands that came back without a usable message */
	uint32_t expired;      /* slots back in use after lateness_us */
	uint32_t quarantined;  /* slots whose call has ended but whose reply is still owed, now */
	uint32_t slots;        /* of the pool */
	uint32_t max_inflight; /* slots in use at most: the pool's, the token space's or the transport's limit */
};

/*
 * Reads the counters. Returns SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know). Context: any but
 * interrupt; costs a look at every slot.
 */
int scmi_agent_stats(struct scmi_agent *agent, struct scmi_agent_stats *stats);

/* The largest parameters and the largest values that the link carries, in bytes. agent: not NULL. Context: any. */
uint32_t scmi_agent_max_params(const struct scmi_agent *agent);
uint32_t scmi_agent_max_values(const struct scmi_agent *agent);

#ifdef __cplusplus
}
#endif

#endif
