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
#define SCMI_CALL_POLL    (1u << 0) /* never sleep: poll the transport until the reply is there */
#define SCMI_CALL_MORE    (1u << 1) /* another submit follows at once: one doorbell for the batch */
#define SCMI_CALL_NOWAIT  (1u << 2) /* no slot free, or no room on the link: SCMI_E_BUSY at once */
#define SCMI_CALL_URGENT  (1u << 3) /* overtakes the link's queue, fences too, and may use the reserved slots */
#define SCMI_CALL_FENCE   (1u << 4) /* sent when what was sent before on the link has ended; later calls queue behind */
#define SCMI_CALL_DELAYED (1u << 5) /* an asynchronous command: a delayed response carries the values */
/*
 * RAW, for test tools: header is sent as it is, token and type included. Its reply is found where the transport knows
 * by itself which command it answers, or the header's token is that of the slot; else the call times out, and its slot
 * is owed until the link is recovered.
 */
#define SCMI_CALL_RAW     (1u << 6)

/*
 * A call's end: runs exactly once for each submit that returned SCMI_OK with done set, in whatever context ended the
 * call (receive, submit, cancel, a poll, link loss, stop; when the agent is deferred only in scmi_agent_poll(),
 * quiesce, recover and stop). err is what scmi_agent_call() would have returned. The call and its buffers are the
 * caller's again, to be submitted anew at once if wanted. Must not sleep; may submit and cancel; must not call, wait or
 * stop (SCMI_E_CONTEXT).
 */
typedef void (*scmi_done_fn)(struct scmi_call *call, int err);

/*
 * One command and where its reply goes. Zero is a good default for every member but size. From a submit that returned
 * SCMI_OK until done runs, or wait returns, call, params and reply belong to the library.
 */
struct scmi_call {
	uint32_t size;       /* sizeof(struct scmi_call) */
	uint8_t protocol;    /* SCMI_PROTOCOL_* */
	uint8_t message;     /* message id within the protocol */
	uint16_t flags;      /* SCMI_CALL_* */
	const void *params;  /* parameters in wire order (little endian, see scmi_put_le32()); NULL if none */
	uint32_t params_len; /* bytes; at most the transport's max_payload */
	uint32_t reply_cap;  /* bytes of room at reply */
	void *reply;         /* takes the values of the reply, in wire order, without the status word; may be NULL */
	scmi_done_fn done;   /* NULL: scmi_agent_wait() will be called */
	void *arg;           /* the caller's own */
	uint32_t timeout_us; /* for the response, from the wire; 0: the transport's default; SCMI_FOREVER */
	/* with DELAYED: for the delayed response, from the response; 0 and SCMI_FOREVER as above */
	uint32_t delayed_timeout_us;
	uint64_t deadline_us; /* absolute, by the port's clock, bounds everything; 0: none; 2 h ahead at most */
	uint32_t header;      /* with RAW: the header word */

	/* results: written by the call's end; left alone by a submit that returned an error */
	int32_t status;     /* the platform's status word (enum scmi_status); 0 where no reply came */
	uint32_t reply_len; /* bytes of values that came, also where that is more than reply_cap */

	/* the library's own */
	int32_t err_;
	uint32_t ticket_;
	uint32_t waiter_;
	uint32_t sent_;
	uint32_t reserved_;
};

/* scmi_agent_config.flags */
/*
 * DEFERRED: done functions and notification handlers run in poll, quiesce, recover and stop only. Their calls keep
 * their slots until then, so the context that polls must not wait for one: it submits with NOWAIT.
 */
#define SCMI_AGENT_DEFERRED (1u << 0)
#define SCMI_AGENT_PASSIVE  (1u << 1) /* a waiting caller receives nothing: an interrupt, a reactor or polls do */

/*
 * The checks on what comes back. Each is strict (what fails it is refused, counted, and ends its call where that is
 * known) or tolerant; `strict` and `tolerate` of the configuration change the default. A platform that is known to need
 * it gets its tolerance from a table: see struct scmi_quirk in protocol/quirk.h.
 */
#define SCMI_CHECK_RESERVED (1u << 0) /* header bits 31:28 are 0; else stray_header. Default: tolerant, ignored */
#define SCMI_CHECK_TOKEN    (1u << 1) /* the token agrees also where the transport knows the command. Default: strict */
#define SCMI_CHECK_MESSAGE  (1u << 2) /* ... and so do protocol, message and type. Default: strict */
#define SCMI_CHECK_STATUS   (1u << 3) /* the status is one that the specification knows; else SCMI_E_PROTO. Tolerant */
#define SCMI_CHECK_VALUES   (1u << 4) /* an error brings no values; else SCMI_E_PROTO. Default: tolerant, ignored */
#define SCMI_CHECK_ALIGNED  (1u << 5) /* a reply is whole words; else SCMI_E_PROTO. Default: tolerant */
#define SCMI_CHECKS_ALL     0x3fu

/* Bounds of the configuration. */
#define SCMI_LINKS_MAX       16u   /* the default one included */
#define SCMI_LINKS_SLOTS_MAX 4096u /* of all links together */
#define SCMI_SLOTS_DEFAULT   64u
#define SCMI_SLOTS_MAX       1024u
#define SCMI_WAITERS_DEFAULT 8u
#define SCMI_WAITERS_MAX     32u

/* A time for queueing that a configuration leaves 0 takes this value. */
#define SCMI_QUEUE_TIMEOUT_DEFAULT_US 2000000u

/* What of a link is the user's choice. Zero is a good default for every member. */
struct scmi_link_options {
	uint32_t slots;    /* commands accepted at once: a power of two to 1024; 0: 64. The transport may allow fewer */
	uint32_t reserved; /* of these, slots that only URGENT calls take; fewer than there are */
	/*
	 * How long a call may wait for a slot, and then in the queue, before it is sent; its deadline_us may be
	 * earlier. SCMI_E_TIMEOUT then, and nothing was sent. 0: SCMI_QUEUE_TIMEOUT_DEFAULT_US; SCMI_FOREVER.
	 */
	uint32_t queue_timeout_us;
	/*
	 * Lateness: the platform promises that no reply comes later than this after its call timed out or was
	 * cancelled. A slot whose reply is still owed then goes back into use. 0: no such promise, such a slot waits
	 * until the reply has come (or the link is lost or recovered). Microseconds, 1 hour at most. Not allowed with
	 * more than 256 slots or on a transport with SCMI_CAP_PEER_BUFS.
	 */
	uint32_t lateness_us;
	/*
	 * Reconnect: scmi_agent_poll() (and so a reactor) recovers a link by itself, as scmi_agent_recover() does,
	 * when it has been down for this long, and again after as long each time; likewise a link on which nothing is
	 * in flight and nothing can be sent, since every slot, or the room of the transport, is owed to commands that
	 * timed out or were cancelled; that may be noticed as much later. 0: never, the transport or the user does it.
	 */
	uint32_t reconnect_us;
};

/* A link beside the default one: a transport that carries one protocol. */
struct scmi_link {
	uint32_t size;                          /* sizeof(struct scmi_link) */
	uint32_t protocol;                      /* whose commands, 0x10 to 0xff, go this way; each at most once */
	const struct scmi_transport *transport; /* copied; required */
	struct scmi_link_options options;
};

/*
 * How long replies take, by protocol: caller's memory, zeroed but for size and protocol, which stays in use until fini.
 * count[i] is how many replies took at least scmi_latency_floor_us(i) and less than scmi_latency_floor_us(i + 1): four
 * buckets an octave. From the hand-over to the transport to the delivery; of a delayed command to its delayed response.
 * Single words, written with atomic increments: read them at any time. Of a time of more than 71 minutes only the rest
 * is counted, for it is taken in 32 bits.
 */
#define SCMI_LATENCY_BUCKETS 112u
struct scmi_latency {
	uint32_t size;     /* sizeof(struct scmi_latency) */
	uint32_t protocol; /* SCMI_ANY: all that have no entry of their own; that one comes last */
	uint32_t count[SCMI_LATENCY_BUCKETS];
};

/* How an agent is to be. Lent for the time of scmi_agent_init() only; what it points to: as the members say. */
struct scmi_agent_config {
	uint32_t size;                          /* sizeof(struct scmi_agent_config) */
	uint32_t flags;                         /* SCMI_AGENT_* */
	const struct scmi_transport *transport; /* the default link: all protocols without one of their own; required */
	const struct scmi_port *port;           /* must outlive the agent; required */
	struct scmi_link_options options;       /* of the default link */
	const struct scmi_link *links;          /* further links; lent */
	/* to SCMI_LINKS_MAX - 1; links are numbered from 1, the default one is 0 */
	uint32_t links_n;
	/* threads asleep in call, wait, or for a slot, to 32; 0: 8. More than that poll with relax() */
	uint32_t max_waiters;
	uint32_t spin_turns;    /* polls of the transport that a waiter makes before it sleeps; 0: it sleeps at once */
	uint32_t strict;        /* SCMI_CHECK_*: checks that are to be strict */
	uint32_t tolerate;      /* SCMI_CHECK_*: checks that are to be tolerant; none may be in both */
	uint32_t event_buffers; /* notifications being received at once, to 65534 and 1 GiB in all; 0: none */
	uint32_t event_bytes;   /* payload bytes of one; 0: the largest max_payload of a transport with NOTIFY */
	uint32_t latency_n;     /* entries of latency */
	struct scmi_latency *latency; /* NULL: no histograms */
	/*
	 * For a loop that sleeps on its own: it should look again, for scmi_agent_next_deadline() has come nearer,
	 * what was deferred waits for a poll, or a link has been started or recovered. From any context, interrupts
	 * included; must not call the library. NULL: nobody sleeps so.
	 */
	void (*wake)(void *arg);
	void *wake_arg;
	/*
	 * This link takes calls again: its peer had gone, or was not there at start, and has come, or the link was
	 * recovered. What is there now may know nothing of what was set up: who wants notifications asks for them anew,
	 * from a context of his own; a call made at once may still end with SCMI_E_NOPEER, and is made again. From any
	 * context, interrupts included, several at once; must not call the library. NULL: nobody wants to know.
	 */
	void (*up)(void *arg, uint32_t link);
	void *up_arg;
	scmi_log_fn log; /* NULL: no log lines */
	void *log_arg;
	scmi_trace_fn trace; /* NULL: no trace */
	void *trace_arg;
};

/*
 * Words of max_align_t that hold an agent with one link of this many slots and default waiters, no event buffers, on
 * any port; for static memory. scmi_agent_size() tells the exact bytes of one configuration.
 */
#define SCMI_AGENT_WORDS(slots) SCMI_AGENT_WORDS_FOR(slots, SCMI_WAITERS_DEFAULT, SCMI_EVENT_BYTES_MAX, 0, 0)

/* The same with all that matters given as it is, not as 0 for a default: slots, waiters, the port's event_size ... */
#define SCMI_AGENT_WORDS_FOR(slots, waiters, event_size, event_buffers, event_bytes)                                   \
	((SCMI_AGENT_BASE_BYTES + (size_t)(slots)*SCMI_AGENT_SLOT_BYTES +                                              \
	  (size_t)(waiters) * (SCMI_AGENT_WAITER_BYTES + SCMI_ALIGN_UP_(event_size)) +                                 \
	  (size_t)(event_buffers) * (SCMI_AGENT_BUFFER_BYTES + SCMI_ALIGN_UP_(event_bytes)) + sizeof(max_align_t) -    \
	  1u) /                                                                                                        \
	 sizeof(max_align_t))

/* What each further link adds. */
#define SCMI_AGENT_LINK_WORDS(slots)                                                                                   \
	((SCMI_AGENT_LINK_BYTES + (size_t)(slots)*SCMI_AGENT_SLOT_BYTES + 2u * sizeof(max_align_t) - 1u) /             \
	 sizeof(max_align_t))
#define SCMI_ALIGN_UP_(n) (((size_t)(n) + sizeof(max_align_t) - 1u) / sizeof(max_align_t) * sizeof(max_align_t))

/* Parts of the bound above; proved against the real structures when the library is compiled. */
#define SCMI_AGENT_BASE_BYTES   1024u
#define SCMI_AGENT_LINK_BYTES   512u
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
 * Starts traffic on every link, the default one first. Returns SCMI_OK; SCMI_E_NOPEER if a peer is not there, or the
 * transport's own error, with everything undone; SCMI_E_INVAL if it runs already, or NULL. Context: thread, one at a
 * time with stop, fini, quiesce, resume and recover.
 */
int scmi_agent_start(struct scmi_agent *agent);

/*
 * Ends traffic: refuses new submits (SCMI_E_CLOSED), ends every call with SCMI_E_CLOSED, returns every waiter, those
 * for a slot too, stops the transports. When it returns no callback runs or will run. May be started again. Waits for
 * callbacks that run in other threads; runs what a deferred agent has put off. A call without done for which nobody
 * waits yet is ended, and scmi_agent_wait() still tells so until fini. Returns SCMI_OK, also when it was stopped;
 * SCMI_E_INVAL for NULL; SCMI_E_CONTEXT from inside a callback, where nothing is done. Context: thread.
 */
int scmi_agent_stop(struct scmi_agent *agent);

/*
 * Stops, and gives the memory back. Returns as scmi_agent_stop(); on an error the memory stays the agent's. No other
 * call may be under way or follow. Context: thread.
 */
int scmi_agent_fini(struct scmi_agent *agent);

/*
 * Before a suspend: refuses new submits (SCMI_E_CLOSED) and waits until every call has ended and every reply that is
 * owed has come, driving receive where the transports let it, and runs what a deferred agent has put off. Returns
 * SCMI_OK, all is quiet until scmi_agent_resume(); SCMI_E_INPROGRESS, the port's clock has reached until_us first:
 * still refusing, quiesce again, resume or stop; SCMI_E_CLOSED, it does not run; SCMI_E_INVAL for NULL; SCMI_E_CONTEXT
 * from a callback. Links that are down count as quiet. Context: thread.
 */
int scmi_agent_quiesce(struct scmi_agent *agent, uint64_t until_us);

/*
 * Takes submits again after scmi_agent_quiesce(). Returns SCMI_OK; SCMI_E_INVAL (NULL, was not quiesced). Context: any.
 */
int scmi_agent_resume(struct scmi_agent *agent);

/*
 * Recovers a link (its number; SCMI_ALL_LINKS: each in turn): ends its calls with SCMI_E_LINK, waits for whoever is
 * inside it, lets the transport reset itself so that nothing earlier can arrive (its recover(), else stop() and
 * start()), forgives every debt, and takes calls again. Submits meanwhile get SCMI_E_NOPEER. Returns SCMI_OK;
 * SCMI_E_NOPEER or the transport's error: the link is down; SCMI_E_BUSY: the transport cannot now, debts stay, the link
 * goes on, or another context is just recovering it; SCMI_E_CLOSED, not started; SCMI_E_INVAL (NULL, no such link);
 * SCMI_E_CONTEXT from a callback. Runs what a deferred agent has put off. Context: thread.
 */
int scmi_agent_recover(struct scmi_agent *agent, uint32_t link);
#define SCMI_ALL_LINKS UINT32_MAX

/*
 * Sends the command, waits for its reply. While it waits it drives receive where the transport lets it, and so may
 * run other calls' done functions on this thread.
 * With DELAYED the reply is the delayed response's: values that stood in the response itself are dropped; an error in
 * the response ends the call.
 * Returns SCMI_OK, status 0, reply_len bytes at reply;
 * SCMI_E_REMOTE, the platform's error in call->status, reply_len 0;
 * SCMI_E_TRUNCATED, the first reply_cap bytes at reply, reply_len the full length;
 * SCMI_E_PROTO, the reply was malformed; SCMI_E_COMMS, damaged on its way; SCMI_E_TIMEOUT; SCMI_E_LINK;
 * SCMI_E_CANCELLED, by another context;
 * or nothing was sent: SCMI_E_INVAL (size, NULL with a length, done set, a deadline too far, FENCE with
 * URGENT or NOWAIT), SCMI_E_TOOBIG, SCMI_E_BUSY (with NOWAIT: no slot is free, or the link would have to queue it),
 * SCMI_E_TIMEOUT (its time to wait for a slot or in the queue is over), SCMI_E_NOPEER, SCMI_E_CLOSED, SCMI_E_CONTEXT
 * (from a callback), SCMI_E_NOTSUP (an unknown flag; DELAYED on a link without platform-to-agent channel), or the
 * transport's error of send. Context: thread.
 */
int scmi_agent_call(struct scmi_agent *agent, struct scmi_call *call);

/*
 * Sends the command and returns. SCMI_OK: exactly one completion follows, or has happened already: done runs, or,
 * with done NULL, one scmi_agent_wait() tells the end. An error, as listed at scmi_agent_call() under "nothing was
 * sent": done will never run, the call is the caller's. Where no slot is free it waits for one, and drives receive
 * meanwhile, as scmi_agent_call() does (a call without done keeps its slot until it is waited for); not with NOWAIT,
 * nor from a callback or an interrupt (as the port's in_interrupt() tells): SCMI_E_BUSY. What the link has no room for
 * is queued there too. Calls of one link that one context submits are sent in that order (URGENT ones apart). Context:
 * any; interrupt only on a transport with SCMI_CAP_ATOMIC.
 */
int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call);

/*
 * Submits n calls, in order, with one doorbell a link for those that go out at once. Returns SCMI_OK: all of them; else
 * the error of calls[*submitted], which was not, nor any after it. *submitted (may be NULL): how many were. The same
 * rules, each. Context: as scmi_agent_submit().
 */
int scmi_agent_submit_many(struct scmi_agent *agent, struct scmi_call *const *calls, uint32_t n, uint32_t *submitted);

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

/* Cancels all calls that are in flight now. Returns how many it has ended. agent must not be NULL. Context: any. */
uint32_t scmi_agent_cancel_all(struct scmi_agent *agent);

/*
 * One turn for a loop of the user's own: delivers up to max messages that have come (where a time-out is due as many
 * as there are slots, so that no reply that is there is refused), ends calls whose time is over, runs deferred done
 * functions, recovers links as options.reconnect_us says (that may wait for the transport). Of each link up to max
 * messages. Returns how many messages it took, calls it ended and deferred functions it ran; 0 from a callback, on a
 * stopped agent, and where max <= 0. agent must not be NULL. Else never sleeps. Context: any but interrupt.
 */
int scmi_agent_poll(struct scmi_agent *agent, int max);

/*
 * When scmi_agent_poll() is due at the latest for time-outs to fire: absolute, by the port's clock; SCMI_NEVER if
 * nothing is in flight that times out. A lower bound: it may lie before the first real deadline. Somebody has to look
 * within two hours of it, for time is kept in 32 bits. agent must not be NULL. Context: any.
 */
uint64_t scmi_agent_next_deadline(struct scmi_agent *agent);

/*
 * A descriptor that is readable while scmi_agent_poll() would find something on this link, for select(), poll(), epoll;
 * never read or written by the user. It may be another one after each start and recovery; wake() follows these. -1: no
 * such link, its transport has none, or it does not run now. agent must not be NULL. Context: any.
 */
int scmi_agent_fd(struct scmi_agent *agent, uint32_t link);

/*
 * A handler for notifications, caller-owned. protocol and message as in the notification's header; SCMI_ANY takes
 * all. notify gets the payload (no status word; valid until it returns). One that is longer than event_bytes is
 * dropped and counted; so is one for which no event buffer is free, and of two or more buffers one protocol takes at
 * most half (rounded up), so that a flood of it leaves room for the others. Of several handlers that want a message all
 * run, the one that was added last first. Runs where the message is received, in a deferred agent in poll, inside a
 * callback of the same context when that has returned; same rules as scmi_done_fn.
 */
#define SCMI_ANY 0xffffu
struct scmi_subscriber {
	uint32_t size;     /* sizeof(struct scmi_subscriber) */
	uint16_t protocol; /* or SCMI_ANY */
	uint16_t message;  /* or SCMI_ANY */
	void (*notify)(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len);
	void *arg; /* the caller's own */
	struct scmi_subscriber *next_;
	uint32_t state_;
	uint32_t reserved_;
};

/*
 * Adds a handler, at any time, beside delivery too: what comes afterwards reaches it. The node stays in use until
 * scmi_agent_unsubscribe() or fini. Returns SCMI_OK; SCMI_E_INVAL (NULL, size, notify NULL, no event buffers
 * configured, node added already or being removed); SCMI_E_NOTSUP: no link carries notifications. Context: any but
 * interrupt.
 */
int scmi_agent_subscribe(struct scmi_agent *agent, struct scmi_subscriber *node);

/*
 * Removes a handler: when it returns SCMI_OK notify neither runs nor will run, and the node is the caller's. From a
 * callback, its own handler's included, it cannot wait for that: SCMI_E_INPROGRESS, notify is not called for what comes
 * from now on, and the node is the caller's when scmi_agent_unsubscribe() from a thread, or fini, has returned SCMI_OK
 * (after fini it is zeroed and filled in anew before it is added elsewhere). SCMI_E_NOTFOUND: was not added;
 * SCMI_E_INVAL: NULL. Context: any but interrupt.
 */
int scmi_agent_unsubscribe(struct scmi_agent *agent, struct scmi_subscriber *node);

/*
 * Sets which checks are strict or tolerant, as the configuration does: what is named in neither is at its default,
 * whatever it was. For what is received from now on. Returns SCMI_OK; SCMI_E_INVAL: NULL, unknown bits, a check in
 * both. Context: any.
 */
int scmi_agent_checks(struct scmi_agent *agent, uint32_t strict, uint32_t tolerate);

/*
 * What has happened since init. Two equations, exact while no other context is inside the library, all modulo 2^32:
 *   submitted = ok + remote + truncated + malformed + timed_out + cancelled + closed + link_lost + in_flight
 *   received  = accepted + late + stray_token + stray_protocol + stray_message + stray_type + stray_header +
 *               duplicate + mismatched + unclaimed + dropped
 */
struct scmi_agent_stats {
	uint32_t size; /* sizeof(struct scmi_agent_stats), set by the caller */

	uint32_t submitted; /* submits that returned SCMI_OK, calls that went out */
	uint32_t ok;        /* SCMI_OK */
	uint32_t remote;    /* SCMI_E_REMOTE */
	uint32_t truncated; /* SCMI_E_TRUNCATED */
	uint32_t malformed; /* SCMI_E_PROTO, SCMI_E_COMMS */
	uint32_t timed_out; /* SCMI_E_TIMEOUT */
	uint32_t cancelled; /* SCMI_E_CANCELLED */
	uint32_t closed;    /* SCMI_E_CLOSED */
	uint32_t link_lost; /* SCMI_E_LINK, and what else a transport ended calls with */
	uint32_t in_flight; /* not ended yet, now */

	uint32_t received;    /* messages that the transport has handed up; a notification when its handlers run */
	uint32_t accepted;    /* matched to a live call, or given to a subscriber */
	uint32_t late;        /* for a call that had ended (a response behind its delayed one too); settles the debt */
	uint32_t stray_token; /* no command with this token is in flight */
	uint32_t stray_protocol; /* right token, wrong protocol */
	uint32_t stray_message;  /* right token and protocol, wrong message id */
	uint32_t stray_type;     /* reserved type, or a delayed response that nobody asked for */
	uint32_t stray_header;   /* reserved bits are set, and the check is strict */
	uint32_t duplicate;      /* the reply to this command is being delivered, or was already */
	uint32_t mismatched;     /* came on the descriptor or area of another command */
	uint32_t unclaimed;      /* notifications without a subscriber */
	uint32_t dropped;        /* notifications without a free event buffer, longer than it, or not completed */

	/* beside the equations */
	uint32_t refused;      /* submits that returned an error after a slot was taken */
	uint32_t no_slot;      /* submits that got no slot: SCMI_E_BUSY, or an error after waiting for one */
	uint32_t queued;       /* calls in the queue, now */
	uint32_t settled;      /* commands that came back without a usable message */
	uint32_t expired;      /* slots back in use after lateness_us */
	uint32_t quarantined;  /* slots whose call has ended but whose reply is still owed, now */
	uint32_t recovered;    /* times that a link was recovered */
	uint32_t slots;        /* of the pool */
	uint32_t max_inflight; /* slots in use at most: the pool's, the token space's or the transport's limit */
};

/*
 * Reads the counters of one link (its number) or, with SCMI_ALL_LINKS, their sums. Notifications are counted by the
 * link that brought them. Returns SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know, no such link).
 * Context: any but interrupt; costs a look at every slot.
 */
int scmi_agent_stats(struct scmi_agent *agent, uint32_t link, struct scmi_agent_stats *stats);

/* The number of the link that carries this protocol's commands. agent: not NULL. Context: any. */
uint32_t scmi_agent_link(const struct scmi_agent *agent, uint8_t protocol);

/*
 * The least latency, in microseconds, that is counted in bucket i of struct scmi_latency; the last one begins at 7 min
 * 50 s and has no end. SCMI_NEVER beyond it. Context: any.
 */
uint64_t scmi_latency_floor_us(uint32_t i);

/*
 * The latency, in microseconds, below which permille of 1000 replies stayed, rounded up to a bucket; more than 1000 is
 * 1000. 0 where none was counted, for NULL and a wrong size; SCMI_NEVER where it lies in the last bucket. Context: any.
 */
uint64_t scmi_latency_permille(const struct scmi_latency *latency, uint32_t permille);

/*
 * The largest parameters and the largest values that the default link carries, in bytes. agent: not NULL. Context: any.
 */
uint32_t scmi_agent_max_params(const struct scmi_agent *agent);
uint32_t scmi_agent_max_values(const struct scmi_agent *agent);

#ifdef __cplusplus
}
#endif

#endif
