/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the flaky transport share. */
#ifndef FLAKY_INTERNAL_H
#define FLAKY_INTERNAL_H

#include <pthread.h>

#include <scmi/errors.h>
#include <scmi/message.h>

#include "flaky.h"

#define FLAKY_RECENT  64u /* headers that a misdirected message may take */
#define FLAKY_CALLERS 64u /* threads inside calls of our own making */
#define FLAKY_BIT(f)  (1u << (f))

/* Faults that change a message, those of its payload, and those that hold it. */
#define FLAKY_PAYLOAD (FLAKY_BIT(FLAKY_CORRUPT) | FLAKY_BIT(FLAKY_TRUNCATE) | FLAKY_BIT(FLAKY_LENGTHEN))
#define FLAKY_CONTENT (FLAKY_PAYLOAD | FLAKY_BIT(FLAKY_HEADER) | FLAKY_BIT(FLAKY_MISDIRECT))
#define FLAKY_HOLDS   (FLAKY_BIT(FLAKY_DELAY) | FLAKY_BIT(FLAKY_REORDER))

/* What is to befall one message. */
struct plan {
	uint32_t faults; /* FLAKY_BIT()s; bits are taken away as they turn out to have no effect */
	uint32_t other;  /* a header for MISDIRECT */
	uint64_t random; /* all further choices follow from it */
};

/* TAKEN: by one thread, being filled in or delivered. ACQUIRED: the inner transport has yet to release it. */
enum message_state { MESSAGE_FREE, MESSAGE_TAKEN, MESSAGE_ACQUIRED, MESSAGE_HELD };

struct message {
	enum message_state state;
	enum flaky_direction direction;
	bool blocked;     /* the inner transport had no room; it goes when that is ready, or at due_us */
	bool acquired;    /* xfer is ours to complete and release */
	bool completed;   /* the inner transport has completed it: bytes are there */
	bool hold;        /* acquired: to be held when it is released */
	bool counted;     /* acquired: as passed */
	bool unreadable;  /* acquired: the inner transport's fetch() has failed */
	uint64_t due_us;  /* goes then, */
	uint64_t due_seq; /* or when that many of its direction have passed */
	uint64_t order;   /* of two that are due the older goes first */
	struct plan plan;
	struct scmi_tx tx; /* to the platform; payload is bytes */
	uint32_t hdr;      /* to the agent */
	uint32_t len;
	uint16_t token;
	struct scmi_xfer *below; /* the inner transport's, until it is released */
	struct scmi_xfer xfer;   /* our own reference */
	unsigned char *bytes;    /* max_payload */
};

/* CUT: to be lost, as soon as nobody is inside. TURNING: one thread is stopping or starting the inner transport. */
enum link_state { LINK_UP, LINK_CUT, LINK_TURNING, LINK_DOWN };

struct flaky {
	struct scmi_transport inner;
	struct scmi_transport_ops ops;
	struct flaky_config config;
	bool holds;  /* the configuration holds messages, or loses the link: it is polled, and waits may be its own */
	void *event; /* with holds: for wait() where the inner one cannot be asked */

	pthread_mutex_t lock; /* never held over a call up or down */
	pthread_cond_t news;  /* one of callers, ops, link or hushed has changed */
	const struct scmi_sink *sink;
	void *core;
	bool open; /* started: between, what comes is only held */
	bool calm;
	bool inner_down; /* the inner transport has said so */
	bool ready_owed; /* send() has returned an SCMI_E_BUSY of ours */
	enum link_state link;
	uint64_t mend_us;
	uint64_t stall_us[2];            /* until then */
	uint32_t hushed;                 /* nothing of ours is delivered */
	uint32_t inside;                 /* threads inside the inner transport's functions */
	uint32_t sends;                  /* of these, in a send() of the core's */
	uint32_t own_sends;              /* in a send() of ours */
	pthread_t caller[FLAKY_CALLERS]; /* who delivers what was held, calls ready() */
	uint32_t callers;
	uint64_t random[2]; /* states */
	uint64_t order;
	uint32_t recent[FLAKY_RECENT];
	uint32_t recent_n;
	uint32_t acquired; /* messages that are ACQUIRED: saves the search */
	struct flaky_counts counts;
	struct message *messages;
};

static inline void flaky__lock(struct flaky *f)
{
	pthread_mutex_lock(&f->lock);
}

static inline void flaky__unlock(struct flaky *f)
{
	pthread_mutex_unlock(&f->lock);
}

uint64_t flaky__now(const struct flaky *f);

/* flaky_plan.c. With the lock held: draw. */
struct plan flaky__draw(struct flaky *f, enum flaky_direction direction, uint64_t now_us);
uint32_t flaky__pick(uint64_t *state, uint32_t n);
uint32_t flaky__bend_header(struct plan *plan, uint32_t hdr);
uint32_t flaky__bend_payload(struct plan *plan, unsigned char *bytes, uint32_t len, uint32_t max);

/* flaky_queue.c. All but run and discard: with the lock held. */
struct message *flaky__take(struct flaky *f, enum flaky_direction direction, const struct plan *plan);
void flaky__free(struct flaky *f, struct message *m);
void flaky__hold(struct flaky *f, struct message *m, uint64_t now_us);
void flaky__passed(struct flaky *f, enum flaky_direction direction, const struct plan *plan);
bool flaky__is_held(const struct flaky *f, enum flaky_direction direction, const struct plan *plan, uint64_t now_us);
bool flaky__slot_is_busy(struct flaky *f, uint16_t slot);
void flaky__unblock(struct flaky *f);
bool flaky__begin(struct flaky *f);
void flaky__end(struct flaky *f);
void flaky__wait_others(struct flaky *f);
uint64_t flaky__next_us(struct flaky *f);
/* Delivers what is due, to the platform too if so told. Returns how many messages went to the agent, max at most. */
int flaky__run(struct flaky *f, bool down, int max);
void flaky__discard(struct flaky *f);

/* flaky_link.c */
void flaky__wake(void *ctx);
int flaky__start(void *ctx, const struct scmi_sink *sink, void *core);
void flaky__stop(void *ctx);
int flaky__recover(void *ctx);
void flaky__turn(struct flaky *f);
void flaky__cut(struct flaky *f);

/* flaky_down.c, flaky_up.c */
void flaky__ops(struct flaky *f);
int flaky__fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len);
extern const struct scmi_sink flaky__sink;

#endif
