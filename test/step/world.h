/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world around an agent in a step scenario: a port whose clock, sleep and wake belong to the scheduler, a transport
 * whose wire is a set of messages (any order, any lateness), and users who know what each of their calls may come to.
 *
 * Every message carries a ghost: the submission that it answers. A completed call must carry the ghost of its own. No
 * end may come without its cause, nor before its time, nor twice; memory is the library's only between submit and end.
 */
#ifndef STEP_WORLD_H
#define STEP_WORLD_H

#include <scmi/agent.h>

#include "step.h"

#define USERS       4u
#define MESSAGES    8u
#define TIMEOUT_US  10000u
#define LATENESS_US 100000u
#define PROTOCOL    0x80
#define NO_TIME     UINT64_MAX

struct user {
	struct scmi_call call;
	uint32_t params[2];
	uint32_t reply[2];
	uint32_t guard[2]; /* nobody's: behind the reply */

	/* the harness's */
	unsigned region[4]; /* of the four above */
	uint32_t ghost;     /* of the present submission: index << 8 | number */
	bool in_flight;
	bool waits;       /* done is NULL */
	bool told_submit; /* to the other contexts: a submit has returned SCMI_OK */
	bool told_end;
	unsigned submits;
	unsigned ends;
	unsigned cancels;              /* that returned SCMI_OK */
	int last;                      /* the last end */
	unsigned ended[32];            /* how often with which error, by its negative */
	uint64_t sent_us;              /* NO_TIME: not on the wire */
	uint64_t submitted_us;         /* when submit had returned: its clock has started by then */
	unsigned decided;              /* 1 + the jumps of the clock when it was known to have ended; 0: not known */
	void (*again)(struct user *u); /* in done, after the checks */
};

/* What is on the wire: a command at the platform, or its reply. */
struct message {
	unsigned copies; /* 0: no message */
	bool answered;   /* the platform has replied: polling finds it */
	bool lost;       /* nobody answers it before everything is at rest */
	uint32_t hdr;
	uint16_t token;
	uint32_t ghost;
	int32_t status;
	uint64_t sent_us;
	struct step_clock clock;
};

struct world {
	uint64_t time_us;
	struct message wire[MESSAGES];
	bool slow;     /* the platform answers nothing yet */
	bool deaf;     /* stop or link_down: nothing is delivered */
	bool kicked;   /* wake() */
	bool linked;   /* sends go through */
	bool stopping; /* causes of ends */
	bool downed;
	bool stopped; /* stop has returned */
	unsigned upcalls;
	unsigned received;              /* messages handed to the sink */
	unsigned accepted;              /* of these */
	unsigned settles;               /* that returned SCMI_OK */
	unsigned waiting;               /* users inside call or wait */
	unsigned jumps;                 /* of the clock, because nobody could go on */
	uint64_t sleeps[STEP_CONTEXTS]; /* until when each context sleeps */
	unsigned lock;
	bool fetched; /* messages are read by fetch(), not handed over */
	bool watched; /* upcalls and callbacks are counted: stop waits for them */
	unsigned callbacks;
	uint64_t diary[STEP_CONTEXTS]; /* written by callbacks, read by who has stopped the agent */
	bool halted;                   /* the transport has stopped */
	bool mute;                     /* poll() finds nothing */
	bool keeps_time;               /* no reply comes later than the lateness */
	bool hostile;                  /* the peer answers what it was not sent */
	bool unsure;                   /* a call() has failed, before it was sent or after */
	unsigned notified;
	struct step_clock clock;        /* of lock, upcalls, kicks */
	struct step_clock user_clock;   /* between the harness's contexts */
	int (*send)(struct message *m); /* what send() does besides: NULL: nothing. An error: nothing was sent */
	const struct scmi_sink *sink;
	void *core;
	struct scmi_agent *agent;
	struct user user[USERS];
	struct scmi_subscriber subscriber;
};

extern struct world *world;

/* Zero is the default: one slot, done functions, an interrupt-driven transport. */
struct world_config {
	uint32_t slots;    /* of the pool; 0: 1 */
	uint32_t inflight; /* the transport's; 0: all slots */
	uint32_t caps;     /* 0: IRQ | CONCURRENT */
	uint32_t flags;    /* of the agent */
	uint32_t waiters;  /* 0: 2 */
	uint32_t lateness_us;
	uint32_t event_buffers;
	uint32_t timeout_us; /* of each call; 0: TIMEOUT_US */
	unsigned waits;      /* bit i: user i waits */
	bool fetched;        /* messages are read by fetch(), not handed over */
	bool watched;        /* the scenario stops the agent or takes the link down */
};

/* In setup(): an agent, started, and its users. */
void world_start(const struct world_config *config);

/* Users. Each checks what comes back. */
int user_submit(unsigned i);
int user_call(unsigned i);
int user_wait(unsigned i);
int user_wait_until(unsigned i, uint64_t until_us);
int user_cancel(unsigned i);
/* Waits for the harness's word that a submit has returned, or that a call has ended. */
void await_submitted(unsigned i);
void await_ended(unsigned i);

/* The platform and the wire. */
void answer_loop(void);  /* daemon: answers what comes, so that a poll finds it */
void receive_loop(void); /* daemon: delivers any message, in any order */
void receive_one(void);  /* waits for one message and delivers it */
struct message take_message(void);
bool deliver(const struct message *m);
bool deliver_held(const struct message *m, bool complete);
void settle_one(void);
void link_goes_down(void);
void link_comes_back(void);
void notify_one(unsigned event, bool hold);
void stop_agent(void);

/* Time. */
void pass_time(uint64_t us);
void pass_time_and_poll(uint64_t us);

/* Between the files of the harness. */
extern const struct scmi_port world_port;
extern const struct scmi_transport_ops world_ops;
struct user *user_of(uint32_t ghost);
void on_done(struct scmi_call *call, int err);
void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len);

/* For struct step_scenario. */
bool world_idle(void);
void world_check(void);

#endif
