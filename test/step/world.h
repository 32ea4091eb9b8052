/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The world around an agent in a step scenario: a port whose clock, sleep and wake belong to the scheduler, transports
 * whose wires are sets of messages (any order, any lateness), and users who know what each of their calls may come to.
 *
 * Every message carries a ghost: the submission that it answers. A completed call must carry the ghost of its own. No
 * end may come without its cause, nor before its time, nor twice; memory is the library's only between submit and end.
 */
#ifndef STEP_WORLD_H
#define STEP_WORLD_H

#include <scmi/agent.h>

#include "step.h"

#define USERS       4u
#define LINKS       2u
#define MESSAGES    8u /* of a wire */
#define LISTENERS   2u
#define TIMEOUT_US  10000u
#define DELAYED_US  30000u /* the second clock of a delayed command */
#define QUEUE_US    50000u /* for a slot, and then in the queue */
#define LATENESS_US 100000u
#define PROTOCOL    0x80 /* of the default link; the next one is the second link's */
#define NO_TIME     UINT64_MAX
#define NO_LIMIT    1000u /* room on a wire */

struct user {
	struct scmi_call call;
	uint32_t params[2];
	uint32_t reply[2];
	uint32_t guard[2]; /* nobody's: behind the reply */

	/* the harness's */
	unsigned region[4]; /* of the four above */
	unsigned link;
	uint32_t ghost; /* of the present submission: index << 8 | number */
	bool in_flight;
	bool waits;       /* done is NULL */
	bool entering;    /* inside submit or call, and not sent: it may wait for a slot */
	bool told_submit; /* to the other contexts: a submit has returned SCMI_OK */
	bool told_end;
	bool inside;     /* to the other contexts: it sleeps in a call, or has sent one */
	bool cancelling; /* somebody tries to cancel this submission */
	bool taken;      /* a message for it has been received, or settled */
	bool refused;    /* its send was told that there is no room */
	unsigned submits;
	unsigned ends;
	unsigned cancels;              /* that returned SCMI_OK */
	int last;                      /* the last end */
	unsigned ended[32];            /* how often with which error, by its negative */
	unsigned context;              /* that submitted it */
	unsigned rechecks;             /* times that only the clock made it look for a slot */
	uint64_t begun_us;             /* submit or call was entered */
	uint64_t sent_us;              /* NO_TIME: not on the wire */
	uint64_t halved_us;            /* the response of a delayed command began to come; NO_TIME: not yet */
	uint64_t halved_by_us;         /* it had come by then */
	uint64_t wiped_us;             /* since then no reply can come */
	uint64_t submitted_us;         /* when submit had returned: its clock has started by then */
	unsigned began;                /* by the world's order */
	unsigned returned;             /* 0: not yet */
	unsigned decided;              /* 1 + the jumps of the clock when it was known to have ended; 0: not known */
	void (*again)(struct user *u); /* in done, after the checks */
};

/* What is on the wire: a command at the platform, or its reply. */
struct message {
	unsigned copies; /* 0: no message */
	bool answered;   /* the platform has replied: polling finds it */
	bool lost;       /* nobody answers it before everything is at rest */
	bool half;       /* the response of a delayed command */
	bool taken;      /* it has come once */
	uint32_t hdr;
	uint16_t token;
	uint32_t ghost;
	int32_t status;
	uint64_t sent_us;
	struct wire *wire;
	struct step_clock clock;
};

/* One link's transport. */
struct wire {
	struct message message[MESSAGES];
	unsigned link;
	bool slow;   /* the platform answers nothing yet */
	bool deaf;   /* stop or link_down: nothing is delivered */
	bool kicked; /* wake() */
	bool linked; /* sends go through */
	bool halted; /* the transport has stopped, or is being recovered */
	bool mute;   /* poll() finds nothing */
	bool serial; /* one send at a time */
	unsigned upcalls;
	unsigned sending;
	unsigned waiting; /* inside wait() */
	unsigned room;    /* sends that it takes before it says BUSY */
	bool refused;     /* it has said BUSY: ready() is due */
	unsigned asked;   /* by the world's order: when ready() began, in make_room() */
	unsigned asker;   /* 1 + the context that is inside it */
	bool full;        /* it has said BUSY, and ready() has not been called since */
	bool told;        /* ready() has been called, and no call has been sent again to a full transport since */
	uint32_t own;     /* what sends of a link that takes one at a time write, unguarded */
	const struct scmi_sink *sink;
	void *core;
};

/* A handler of notifications. */
struct listener {
	struct scmi_subscriber node;
	unsigned region;
	bool listed;      /* between subscribe and the end of unsubscribe */
	bool leaving;     /* an unsubscribe from a callback has returned: no new calls */
	unsigned barred;  /* by number: notifications that came after that */
	unsigned running; /* handlers */
	void (*hears)(struct listener *l);
};

struct world {
	uint64_t time_us;
	uint64_t rest_us; /* when everything came to rest */
	uint32_t queue_us;
	uint32_t reserved; /* slots of the default link */
	unsigned links;
	struct wire wire[LINKS];
	bool stopping; /* causes of ends */
	bool downed;
	bool recovering;
	bool cancelling;
	bool quiet;
	bool stopped;      /* stop has returned */
	bool poisoned;     /* and nobody may touch the agent any more */
	bool watched;      /* upcalls and callbacks are counted: stop waits for them */
	bool fetched;      /* messages are read by fetch(), not handed over */
	bool keeps_time;   /* no reply comes later than the lateness */
	bool answers_once; /* the platform forgets the delayed response */
	bool forgiven;     /* something stays owed until the link is lost, at rest */
	bool hostile;      /* the peer answers what it was not sent */
	bool unsure;       /* a call() has failed, before it was sent or after */
	bool ordered;      /* the order of submits is looked at */
	bool starves;      /* no free slot may be left beside somebody who waits for one */
	bool at_rest;      /* quiesce has succeeded */
	bool polled;       /* to the other contexts: somebody is inside a poll */
	bool listeners;
	bool polls;                     /* somebody polls in a loop: deadlines make time pass */
	unsigned received;              /* messages handed to the sink */
	unsigned accepted;              /* of these */
	unsigned heard;                 /* notifications, by number, that a handler was called with */
	unsigned settles;               /* that returned SCMI_OK */
	unsigned cancelled;             /* by cancel_all */
	unsigned waiting;               /* users who may sleep in the library */
	unsigned jumps;                 /* of the clock, because nobody could go on */
	uint64_t sleeps[STEP_CONTEXTS]; /* until when each context sleeps */
	unsigned lock;
	unsigned script; /* where send() or recover() stands in what a scenario has it do */
	unsigned order;  /* counts what the order of submits depends on */
	unsigned callbacks;
	unsigned depth[STEP_CONTEXTS];     /* of callbacks */
	uint64_t diary[STEP_CONTEXTS];     /* written by callbacks, read by who has stopped the agent */
	struct step_clock clock;           /* of lock, upcalls, kicks */
	struct step_clock user_clock;      /* between the harness's contexts */
	int (*send)(struct message *m);    /* what send() does besides: NULL: nothing. An error: nothing was sent */
	int (*recover)(struct wire *wire); /* what recover() comes to. NULL: SCMI_OK */
	struct scmi_agent *agent;
	unsigned agent_region;
	void *agent_memory;
	unsigned agent_bytes;
	struct user user[USERS];
	struct listener listener[LISTENERS];
};

extern struct world *world;

/* Zero is the default: one slot, done functions, an interrupt-driven transport that sends at once. */
struct world_config {
	uint32_t slots;    /* of the pool; 0: 1 */
	uint32_t inflight; /* the transport's; 0: all slots */
	uint32_t reserved;
	uint32_t caps;    /* 0: IRQ | CONCURRENT */
	uint32_t flags;   /* of the agent */
	uint32_t waiters; /* 0: 2 */
	uint32_t lateness_us;
	uint32_t reconnect_us;
	uint32_t queue_us; /* 0: QUEUE_US */
	uint32_t event_buffers;
	uint32_t timeout_us; /* of each call; 0: TIMEOUT_US */
	unsigned links;      /* 0: 1; the second one is like the first */
	unsigned second;     /* bit i: user i's calls go by the second link */
	unsigned waits;      /* bit i: user i waits */
	unsigned patient;    /* bit i: user i waits for a slot, and in the queue */
	unsigned delayed;    /* bit i: user i's commands are delayed ones */
	unsigned fence;      /* bit i: user i's calls are fences */
	unsigned urgent;     /* bit i: user i's calls are urgent */
	bool fetched;        /* messages are read by fetch(), not handed over */
	bool watched;        /* the scenario stops the agent or takes the link down */
	bool traced;         /* somebody wants to know of each message: no call goes the short way */
	bool resettable;     /* the transport has a recover() of its own */
	bool ordered;        /* see struct world */
};

/* In setup(): an agent, started, and its users. */
void world_start(const struct world_config *config);

/* Users. Each checks what comes back. */
int user_submit(unsigned i);
int user_call(unsigned i);
int user_wait(unsigned i);
int user_wait_until(unsigned i, uint64_t until_us);
int user_cancel(unsigned i);
void cancel_all(void);
/* Waits for the harness's word that a submit has returned, that a call has ended, that it sleeps or was sent. */
void await_submitted(unsigned i);
void await_ended(unsigned i);
void await_inside(unsigned i);
/* The same for any other word: tell() is one step. */
void tell(bool *flag);
void await(const bool *flag);

/* The platform and the wire; without a number: of the default link. */
void answer_loop(void);  /* daemon: answers what comes, so that a poll finds it */
void answer_both(void);  /* ... on both links */
void receive_loop(void); /* daemon: delivers any message, in any order */
void receive_one(void);  /* waits for one message and delivers it */
void receive_from(unsigned link);
struct message take_message(void);
/* The response of a delayed command, or its delayed response. */
struct message take_half(void);
struct message take_delayed(void);
void add_message(struct wire *wire, const struct message *m);
bool deliver(const struct message *m);
bool deliver_held(const struct message *m, bool complete);
void settle_one(void);
void make_room(void);             /* for one more send, and says so */
void say_room(struct wire *wire); /* before ready() */
void link_goes_down(void);
void link_comes_back(void);
void stop_agent(void);
/* Stops it, and lets nobody touch its memory any more: all others must be on their way out. */
void stop_and_poison(void);
int recover_agent(void);
void quiesce_agent(uint64_t until_us);

/* Notifications. */
void notify_one(unsigned event, bool hold);
void add_listener(unsigned i);
int remove_listener(unsigned i);

/* Time. */
void pass_time(uint64_t us);
void pass_time_and_poll(uint64_t us);

/* Between the files of the harness. */
extern const struct scmi_port world_port;
extern const struct scmi_transport_ops world_ops;
extern const struct scmi_transport_ops world_ops_resettable;
struct user *user_of(uint32_t ghost);
void user_was_sent(struct user *u);
unsigned next_in_order(void); /* 0: the order is not looked at */
void on_done(struct scmi_call *call, int err);
void make_listeners(void);
void upcall_over(struct wire *wire);
void drain(struct wire *wire);
void user_sleeps(void);    /* this context is about to sleep inside the library */
void check_starving(void); /* nobody can go on */

/* For struct step_scenario. */
bool world_idle(void);
void world_check(void);

#endif
