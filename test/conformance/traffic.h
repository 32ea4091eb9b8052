/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generated traffic between an agent and a platform over a transport that makes trouble. What is checked holds whatever
 * happens on the wire: each call ends once, what it brings is its own, nobody writes where it must not, and in the end
 * nothing is owed.
 *
 * Every message proves itself: it carries the number of its call, what it is, a filling that follows from both, and a
 * sum over all. So a reply that belongs to another call, or that has been changed, is known as such, and what the fault
 * at work can have made of it is known, too.
 *
 * The seed decides what is done and what befalls it. Which slot a call gets depends on its address as well.
 */
#ifndef CONFORMANCE_TRAFFIC_H
#define CONFORMANCE_TRAFFIC_H

#include "../support/flaky.h"
#include "suite.h"

#define TRAFFIC_CALLS   96u
#define TRAFFIC_THREADS 2u
#define TRAFFIC_GUARD   16u
#define TRAFFIC_PENDING 512u
#define TRAFFIC_MIN     12u /* bytes of parameters, of values, of a notification's payload */

/* What a word of a message says: of which kind it is. */
enum traffic_word { TRAFFIC_VALUES = 1, TRAFFIC_DELAYED_VALUES, TRAFFIC_NOTE };

/* What a command asks the platform for, beside the length of the values. */
#define TRAFFIC_ERROR         (1u << 0) /* to be refused */
#define TRAFFIC_LATER         (1u << 1) /* not to be answered at once */
#define TRAFFIC_DELAYED       (1u << 2) /* a delayed response */
#define TRAFFIC_DELAYED_FIRST (1u << 3)
#define TRAFFIC_DELAYED_ERROR (1u << 4) /* one that tells an error */
#define TRAFFIC_MALFORMED     (1u << 5) /* an answer that is too short */

/* ENDED: it can be had again when it has been looked at. BETWEEN: its own done function has it. */
enum traffic_state { CALL_FREE, CALL_LIVE, CALL_ENDED, CALL_BETWEEN };

struct traffic;

struct traffic_call {
	struct scmi_call call;
	struct traffic *t;
	bool chains;            /* for ever: its done function submits it again, nobody else may cancel it */
	_Atomic uint32_t state; /* enum traffic_state */
	_Atomic bool cancelled; /* somebody has tried to */
	bool won;               /* and that said SCMI_OK */
	int err;
	uint32_t nonce;
	uint32_t want; /* bytes of values */
	uint32_t how;
	unsigned char guard0[TRAFFIC_GUARD];
	unsigned char params[CONF_PAYLOAD];
	unsigned char guard1[TRAFFIC_GUARD];
	unsigned char reply[CONF_PAYLOAD];
	unsigned char guard2[TRAFFIC_GUARD];
};

/* Something that the platform has yet to say. */
struct traffic_pending {
	bool pushed; /* by push(), else as the answer to ref */
	uint32_t life;
	void *ref;
	uint32_t hdr;
	uint32_t len;
	unsigned char payload[CONF_PAYLOAD];
};

struct traffic_caller {
	struct conf_thread thread;
	_Atomic bool gone;
	struct traffic_call c;
	uint64_t random;
};

/* What a run is to be. */
struct traffic_plan {
	const struct conf_kind *kind;
	bool threaded;    /* the kind has threads of its own */
	uint32_t steps;   /* of the generator */
	uint32_t threads; /* callers beside it, TRAFFIC_THREADS at most */
	bool verbose;
	struct flaky_config faults; /* its seed is the run's */
};

/*
 * By who writes: what small members of one word belong to different writers, a compiler may read as one, and the thread
 * sanitizer then sees a race.
 */
struct traffic {
	struct conf_env env;

	/* Nobody, once the agent has started. */
	struct traffic_plan plan;
	struct flaky_config faults;
	struct flaky *flaky;
	pthread_t self; /* the generator's thread */
	bool bent[2];   /* faults at work change what a message says, by direction */

	/* The generator's thread alone; the node is the agent's while it is subscribed. */
	uint64_t random; /* the platform's is apart, for it may have a thread of its own */
	bool idling;     /* it waits, and the platform has its turn */
	bool subscribed;
	struct scmi_subscriber node;

	/* All. */
	_Atomic uint32_t nonce;
	_Atomic uint32_t submitted;
	_Atomic uint32_t wrong;      /* ends with SCMI_OK and what is not theirs */
	_Atomic uint32_t wrong_note; /* notifications that say what nobody has said */
	_Atomic uint32_t bent_requests;
	_Atomic bool cancels; /* all calls have been cancelled once */
	_Atomic bool stops;
	_Atomic bool over;             /* done functions submit no more */
	_Atomic(const char *) failure; /* the first thing that must not be */
	_Atomic uint32_t failed_err;   /* and what an error code says of it */

	/* The platform, under its lock. */
	pthread_mutex_t lock;
	uint64_t platform_random;
	bool quiet; /* it keeps its answers until it is told otherwise */
	uint32_t pending_n;
	struct traffic_pending pending[TRAFFIC_PENDING];

	struct traffic_caller callers[TRAFFIC_THREADS];
	struct traffic_call calls[TRAFFIC_CALLS];
};

/* The first failure is kept; the run goes on to its end. */
void traffic_fail(struct traffic *t, const char *why, int err);

/* 0 to n - 1. */
uint32_t traffic_pick(uint64_t *random, uint32_t n);
bool traffic_chance(uint64_t *random, uint32_t percent);

/* traffic_words.c: messages that prove themselves. salt: of a command what its header says, else 0. */
void traffic_fill(unsigned char *bytes, uint32_t len, uint32_t nonce, uint32_t word, uint32_t salt);
bool traffic_is_whole(const unsigned char *bytes, uint32_t len, uint32_t salt);
uint32_t traffic_salt(uint32_t hdr);
/* What a call brought that it must not have brought, as far as the faults at work do not explain it; NULL: nothing. */
const char *traffic_look(struct traffic *t, const struct traffic_call *c, uint32_t len);

/* traffic_peer.c: the platform. */
void traffic_platform_init(struct traffic *t);
/* Says up to n of the things that it has yet to say, in any order. Returns how many it has said. */
uint32_t traffic_platform_turn(struct traffic *t, uint32_t n);
void traffic_platform_quiet(struct traffic *t, bool quiet);
/* How many there are. */
uint32_t traffic_platform_owes(struct traffic *t);
/* Sends a notification, where the kind can and has room. */
void traffic_notify(struct traffic *t);

/* traffic_calls.c */
void traffic_call_make(struct traffic_call *c, uint64_t *random, uint32_t flags);
/* One that goes well where there are no faults, and has time. */
void traffic_call_plain(struct traffic_call *c, uint32_t flags);
/* Submits it. Returns whether it is on its way; else it is free again. */
bool traffic_submit(struct traffic_call *c);
bool traffic_submitted(struct traffic_call *c, int err);
/* The end of a call without done. */
void traffic_end(struct traffic_call *c, int err);
/* Calls and waits, in one. */
void traffic_call_and_end(struct traffic_call *c);
/* A call that is free, or has ended and is in order; NULL: none. */
struct traffic_call *traffic_take(struct traffic *t);
void *traffic_caller(void *thread);

/* traffic_steps.c: all the steps of a run. */
void traffic_generate(struct traffic *t);
void traffic_turn_subscriber(struct traffic *t);

/* traffic.c: one run; asserts in the end. */
void traffic_run(const struct traffic_plan *plan);

#endif
