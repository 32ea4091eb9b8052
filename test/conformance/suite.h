/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The conformance suite for transports. A transport joins with one struct conf_kind: how to make a fresh pair, how its
 * platform end is played by a script, and what it can do. docs/writing-a-transport.md tells how.
 *
 * The peer is scripted at the level of messages: it sees every request that reaches the platform end, and answers it at
 * once, later, in any order, with any header and any length. All cases go through the agent's public API. The clock is
 * a fake one that moves only when a case says so: no case depends on how fast the machine is.
 */
#ifndef CONFORMANCE_SUITE_H
#define CONFORMANCE_SUITE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

#define CONF_PAYLOAD 256u  /* no kind carries more */
#define CONF_HELD    1024u /* requests that the peer can hold at once */

/* ---- what a kind of transport brings ---- */

/* conf_kind.traits: what cannot be seen from the transport's capabilities. */
#define CONF_KNOWS_TOKEN (1u << 0)  /* an answer comes on what its command was sent with: rx.token is set */
#define CONF_UNASKED     (1u << 1)  /* push() carries messages that answer no request */
#define CONF_PEER_GOES   (1u << 2)  /* peer_stop() and peer_start() are there */
#define CONF_EMPTY       (1u << 3)  /* an answer of length 0 settles its command */
#define CONF_DELEGATES   (1u << 4)  /* pause() and acquired() are there */
#define CONF_WIDE        (1u << 5)  /* the wire holds as many commands as are accepted; else others are queued */
#define CONF_STUBBORN    (1u << 6)  /* recover() is SCMI_E_BUSY while the peer has a command */
#define CONF_FD          (1u << 7)  /* fd() tells a descriptor */
#define CONF_KICKS       (1u << 8)  /* kicks() is there */
#define CONF_UNKICKED    (1u << 9)  /* and grows no more once the peer has seen a first command: it polls */
#define CONF_EIGHT       (1u << 10) /* push() has room for eight messages that nobody takes */
#define CONF_LOST_LATER  (1u << 11) /* peer_stop() does not wait for who delivers: that one tells of the loss */
#define CONF_THREADED    (1u << 12) /* has threads of its own, which need real time */
#define CONF_STANDS      (1u << 13) /* what was pushed stands there whoever stops, and is delivered at the next start */
#define CONF_SLOW        (1u << 14) /* its peer takes its time to come and to go: not too often */

struct conf_link; /* the kind's own */
struct conf_peer;

struct conf_kind {
	const char *name;
	const void *own; /* what several kinds of one make differ in */
	uint32_t traits;
	uint32_t depth;       /* what max_inflight must be */
	uint32_t max_payload; /* what max_payload must be */
	int empty;            /* what a call ends with whose answer has no message; 0: SCMI_E_PROTO. Where CONF_EMPTY */

	/* A fresh pair over this port, its peer not started; requests go to conf_peer_came(peer). NULL: failed. */
	struct conf_link *(*make)(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				  struct scmi_transport *out);
	/* The agent and the peer are stopped, and no request is open. */
	void (*destroy)(struct conf_link *link);

	/*
	 * The peer appears, and goes. Required; only where the kind says CONF_PEER_GOES is the latter seen by the
	 * agent. A second peer_stop() in a row does nothing.
	 */
	int (*peer_start)(struct conf_link *link);
	void (*peer_stop)(struct conf_link *link);

	/*
	 * Answers the request `ref` as told to conf_peer_came(), with this header and payload. in_place: called inside
	 * conf_peer_came(). SCMI_OK uses the request up; SCMI_E_TOOBIG: more than the transport carries, nothing done.
	 */
	int (*answer)(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len,
		      bool in_place);

	/* Sends what answers no request. SCMI_OK, SCMI_E_TOOBIG, SCMI_E_BUSY, SCMI_E_NOPEER. Where CONF_UNASKED. */
	int (*push)(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len);

	/* Buffers of the transport's own that are not home: 0 at rest. */
	uint32_t (*away)(struct conf_link *link);

	/* Holds up replies between acquire() and complete(). Where CONF_DELEGATES. */
	void (*pause)(struct conf_link *link, bool paused);
	uint32_t (*acquired)(struct conf_link *link); /* replies so held up, now */

	/* Doorbells that the agent's end has rung. Where CONF_KICKS. */
	uint32_t (*kicks)(struct conf_link *link);

	/* What has gone wrong below the messages, as a sentence; NULL: nothing. Optional; when both ends are stopped. */
	const char *(*fault)(struct conf_link *link);
};

/* ---- the scripted peer ---- */

/* The test protocol that the peer speaks by itself; and PROTOCOL_VERSION of every protocol. */
#define CONF_PROTOCOL 0x80u
#define CONF_BESIDE   0x81u /* the same on a link of its own */
#define CONF_VERSION  SCMI_VERSION(3, 7)
#define CONF_ECHO     0x03u /* values = parameters, cut to what fits */
#define CONF_SIZE     0x04u /* u32 n: n bytes of values, conf_byte() each */
#define CONF_STATUS   0x05u /* i32: this status alone */

struct conf_request {
	void *ref;
	uint32_t hdr;
	uint32_t len;
	unsigned char params[CONF_PAYLOAD];
};

struct conf_peer {
	const struct conf_kind *kind;
	struct conf_link *link;
	pthread_mutex_t lock;
	bool hold; /* requests are kept for the case to answer; else answered at once */
	void (*came)(void *arg, const struct conf_request *req); /* in place of all that, where it is set */
	void *arg;
	uint32_t seen;
	uint32_t held_n;
	struct conf_request held[CONF_HELD];
};

/* The kind calls this for each request that reaches the platform end; params are copied. Context: any. */
void conf_peer_came(struct conf_peer *peer, void *ref, uint32_t hdr, const void *params, uint32_t len);

void conf_peer_init(struct conf_peer *peer, const struct conf_kind *kind);
void conf_peer_fini(struct conf_peer *peer);
void conf_peer_hold(struct conf_peer *peer, bool hold);
uint32_t conf_peer_seen(struct conf_peer *peer);

/* Waits until n requests are held. */
void conf_peer_wait(struct conf_peer *peer, uint32_t n);

/* How many are. */
uint32_t conf_peer_held(struct conf_peer *peer);

/* Takes the i-th of the held requests, in the order in which they came. */
struct conf_request conf_peer_take(struct conf_peer *peer, uint32_t i);

/* Answers as the script would. */
void conf_peer_play(struct conf_peer *peer, const struct conf_request *req, bool in_place);

/* Answers with a status and values, under the request's own header or another. */
int conf_peer_answer(struct conf_peer *peer, const struct conf_request *req, uint32_t hdr, int32_t status,
		     const void *values, uint32_t len);

unsigned char conf_byte(uint32_t i);
void conf_fill(void *bytes, uint32_t len);

/* ---- the clock ---- */

/* Real events and locks of the POSIX port, under a clock that stands still. */
struct conf_clock {
	struct scmi_posix posix;
	struct scmi_port real;
	struct scmi_port port;
	_Atomic uint64_t now_us;
	uint32_t step_us; /* 0: it stands still */
	uint32_t slice_us;
	void (*idle)(void *arg); /* called where a step passes, in whatever thread; NULL: nothing */
	void *arg;
};

void conf_clock_init(struct conf_clock *clock);
void conf_clock_fini(struct conf_clock *clock);
void conf_clock_advance(struct conf_clock *clock, uint64_t us);

/*
 * Passes as the calls ask for it, where nobody advances it: each time somebody relaxes or sleeps in vain, by step_us.
 * For traffic whose replies may never come. Real time that a sleep takes first: slice_us.
 */
void conf_clock_run(struct conf_clock *clock, uint32_t step_us, uint32_t slice_us);

/* ---- a transport around a transport: counts for itself what passes, and makes trouble ---- */

#define CONF_ROOM UINT32_MAX /* of conf_shim.room: as much as there is below */

struct conf_shim {
	struct scmi_transport below;
	struct scmi_transport_ops ops;
	const struct scmi_sink *above;
	void *core;
	_Atomic uint32_t sends;      /* attempts */
	_Atomic uint32_t sent;       /* of these, SCMI_OK */
	_Atomic uint32_t came;       /* messages handed up, by rx() or acquire() */
	_Atomic uint32_t taken;      /* of these, delivered with SCMI_OK */
	_Atomic uint32_t holding;    /* acquired and not released */
	_Atomic uint32_t unfinished; /* acquired and not completed, released since or not */
	_Atomic uint32_t inside;     /* upcalls running */
	_Atomic uint32_t breaches;   /* upcalls after stop() has returned, or running beside link_down() */
	_Atomic bool stopping;       /* stop() or peer_stop() has been called */
	_Atomic bool stopped;        /* stop() has returned */
	_Atomic bool stall;          /* the next message waits, in its upcall, until stopping and a good while longer */
	_Atomic int fail;            /* the next send returns this, once; SCMI_OK: it goes below */
	_Atomic uint32_t room;       /* sends that go below; then SCMI_E_BUSY, until conf_shim_room() */
	_Atomic bool refused;        /* one was: ready() is owed */
	_Atomic uint32_t flushes;    /* doorbells rung */
	_Atomic uint32_t lives;      /* starts, recoveries and losses: what was asked before is nobody's any more */
	void (*on_start)(void *arg); /* called when start() below has returned, before ours does */
	void *arg;
};

/* A message is inside its upcall and stalls there. */
bool conf_shim_stalls(struct conf_shim *shim);
/* The link is full after n more sends; CONF_ROOM: no more. Tells the core if there is room for what was refused. */
void conf_shim_room(struct conf_shim *shim, uint32_t n);
void conf_shim_init(struct conf_shim *shim, const struct scmi_transport *below, struct scmi_transport *out);

/* ---- one case's surroundings ---- */

struct conf_env {
	const struct conf_kind *kind;
	struct conf_clock clock;
	struct conf_peer peer;
	struct conf_link *link;
	struct conf_shim shim;
	struct scmi_transport transport;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	void *mem;
	_Atomic uint32_t ended[32]; /* calls, by their error: what the counters are checked against */
	_Atomic uint32_t unsure;    /* of these, ends that may have been refusals */
	uint32_t last_len;          /* of the last message that was refused, by the trace */
	const char *last_why;
	struct conf_env *beside; /* whose transport is the agent's second link */
	struct scmi_link link2;
};

/* Makes all but the agent; the case may change config. */
void conf_open(struct conf_env *env, const struct conf_kind *kind);
/* The same, with something between the kind's transport and the shim. */
typedef void (*conf_wrap_fn)(void *arg, const struct scmi_transport *inner, struct conf_env *env,
			     struct scmi_transport *out);
void conf_open_around(struct conf_env *env, const struct conf_kind *kind, conf_wrap_fn wrap, void *arg);
/* Makes a second link, which carries CONF_BESIDE, before the agent is made. What returns goes with conf_close(env). */
struct conf_env *conf_open_beside(struct conf_env *env);
/* Makes the agent and starts it, after the peer. */
void conf_start(struct conf_env *env);
void conf_make_agent(struct conf_env *env);
/* Notes what is refused in last_len and last_why; before the agent is made, for cases with one thread only. */
void conf_trace(struct conf_env *env);
/*
 * Stops both ends; checks the agent's counters against what the calls and the shim have seen, that nothing is in
 * flight, that every transfer is released and every buffer home.
 */
void conf_close(struct conf_env *env);

struct scmi_agent_stats conf_stats(struct conf_env *env);
void conf_check_equations(const struct scmi_agent_stats *s);
/* A call has ended; conf_call_init()'s own done function does it by itself. */
void conf_count(struct conf_env *env, int err);

/* A call with its buffers, a guard behind the reply, and how often and how it ended. */
struct conf_call {
	struct scmi_call call;
	struct conf_env *env;
	_Atomic int ended;
	int err;
	unsigned char params[CONF_PAYLOAD + 1u];
	unsigned char reply[CONF_PAYLOAD + 16u];
};

#define CONF_GUARD 0xa5u

/* Prepares a command of the test protocol, to be submitted with done, that never times out by itself. */
void conf_call_init(struct conf_call *c, struct conf_env *env, uint8_t message, const void *params, uint32_t len);
/* Submits where a slot is free, or just about to be: who delegates releases it only after the done function has run. */
void conf_submit(struct conf_call *c);
int conf_call_ended(struct conf_call *c);
/* Drives the agent until the call has ended. Returns its error. */
int conf_finish(struct conf_call *c);
/* Drives the agent until fn(arg). */
void conf_until(struct conf_env *env, bool (*fn)(void *arg), void *arg);
/* The reply's buffer is as it was beyond its first len bytes. */
void conf_check_guard(const struct conf_call *c, uint32_t len);

/* ---- what many cases do ---- */

/* An echo that the peer answers by itself comes back. */
void conf_echo_works(struct conf_env *env);
/* Submits an echo of this number, which the peer holds. */
void conf_hold(struct conf_env *env, struct conf_call *c, uint32_t number);
/* The same for n, and waits until the peer has them. */
void conf_hold_many(struct conf_env *env, struct conf_call *calls, uint32_t n);
/* The call ends with its number. */
void conf_check_number(struct conf_call *c, uint32_t number);
/* Takes the oldest held request, and answers it. */
void conf_answer(struct conf_env *env);
void conf_answer_all(struct conf_env *env);
/* Submits an echo of this number, to be queued where the link is full. A slot is free; the peer holds it. */
void conf_queue(struct conf_env *env, struct conf_call *c, uint32_t number, uint16_t flags);
/* Drives the agent until the peer sees a command; it is this one, is answered, and ends. */
void conf_next_is(struct conf_env *env, struct conf_call *c, uint32_t number);
/* Drives the agent until this many messages have been received in all, and none is being delivered. */
void conf_receive(struct conf_env *env, uint32_t received);
/* What was pushed before a stop is gone with it, if anything can be pushed at all. */
bool conf_forgets(const struct conf_env *env);
/* An answer is delivered by who gives it, also where recovery has to wait for it. */
bool conf_at_once(const struct conf_env *env);
/* What a call ends with that is answered without a message. */
int conf_empty(const struct conf_env *env);
/* Drives the agent until every buffer of the transport is home. */
void conf_all_home(struct conf_env *env);
/* Sends what answers no request, as soon as there is room. */
void conf_push(struct conf_env *env, uint32_t hdr, const void *payload, uint32_t len);

/* A subscriber, and what it has heard last. */
struct conf_heard {
	struct scmi_subscriber node;
	_Atomic uint32_t n;
	_Atomic bool writing;
	uint32_t hdr;
	uint32_t len;
	unsigned char bytes[CONF_PAYLOAD];
};

void conf_subscribe(struct conf_env *env, struct conf_heard *h, uint16_t protocol, uint16_t message);

/* A thread of a case, which is joined at its end. */
struct conf_thread {
	struct conf_env *env;
	pthread_t thread;
	_Atomic bool over; /* it is asked to end */
	_Atomic uint32_t turns;
	_Atomic uint32_t wrong; /* threads do not assert: the case does */
	void *arg;
	void *(*run)(void *t);
	_Atomic bool slept; /* or has let others run */
};

void conf_thread_start(struct conf_thread *t, struct conf_env *env, void *(*run)(void *t), void *arg);
/* Waits until it does so for something. */
void conf_thread_sleeps(struct conf_thread *t);
/* The clock's port calls this when a thread sleeps, or lets others run. */
void conf_thread_pauses(void);
/* Asks it to end, waits for that, and checks that nothing was wrong. */
void conf_thread_end(struct conf_thread *t);

/* ---- cases ---- */

struct conf_case {
	const char *name;
	void (*run)(struct conf_env *env); /* after conf_open() */
	uint32_t caps;                     /* SCMI_CAP_* that it needs */
	uint32_t traits;                   /* CONF_* that it needs */
	uint32_t depth;                    /* max_inflight that it needs */
	const char *needs;                 /* why it is skipped where these are missing */
};

extern const struct conf_case conf_message_cases[];
extern const struct conf_case conf_match_cases[];
extern const struct conf_case conf_life_cases[];
extern const struct conf_case conf_thread_cases[];
extern const struct conf_case conf_delayed_cases[];
extern const struct conf_case conf_notify_cases[];
extern const struct conf_case conf_queue_cases[];
extern const struct conf_case conf_batch_cases[];
extern const struct conf_case conf_slot_cases[];
extern const struct conf_case conf_recover_cases[];
extern const struct conf_case conf_restart_cases[];
extern const struct conf_case conf_refuse_cases[];
extern const struct conf_case conf_link_cases[];

/* Runs all cases on a kind. Returns how many failed. */
int conf_run(const struct conf_kind *kind);

/* ---- which kinds take part ---- */

/* How: by itself; below a flaky transport without faults, or with faults that are calmed; with generated traffic. */
#define CONF_PLAIN   (1u << 0)
#define CONF_FLAKY   (1u << 1)
#define CONF_CALM    (1u << 2)
#define CONF_TRAFFIC (1u << 3)

struct conf_entry {
	const struct conf_kind *kind;
	uint32_t how;
};

extern const struct conf_entry conf_list[]; /* of this program; the last one has no kind */

/* A kind below a flaky transport, under that name. */
struct conf_kind conf_flaky_kind(const struct conf_kind *below, const char *name, bool calm);

extern const struct conf_kind conf_loopback_sync;
extern const struct conf_kind conf_loopback_threaded;
extern const struct conf_kind conf_loopback_doorbell;
extern const struct conf_kind conf_kind_rx;
extern const struct conf_kind conf_kind_priv;
extern const struct conf_kind conf_kind_one;
extern const struct conf_kind conf_kind_queued;

#endif
