/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the agent core share: the agent, its links, their slots. */
#ifndef SCMI_AGENT_INTERNAL_H
#define SCMI_AGENT_INTERNAL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/agent.h>

#include "gate.h"
#include "word.h"

/*
 * The few functions that every command goes through. Where speed is asked for they become one; where size is (-Os), the
 * compiler decides.
 */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define HOT static inline __attribute__((always_inline))
#else
#define HOT static inline
#endif

#define SLOT_NONE   0xffffu
#define WAITER_NONE UINT32_MAX
#define GROUP       8u  /* slots that one caller rotates in */
#define FRAMES      16u /* contexts that can be inside callbacks at once without being put off */
#define POLL_BATCH  16  /* messages that a waiter takes before it looks at its own call */

/* Deadlines in the slots are ticks of 4 us in 32 bits, compared wrap-safe; 0 is none. */
#define TICK_NONE 0u

/* scmi_call.ticket_: the word's epoch, one up from where it stands in the word; bit 12 valid; the slot among all. */
#define TICKET_VALID (1u << 12)
#define TICKET_SLOT  (SCMI_LINKS_SLOTS_MAX - 1u)

/* What a send returns besides an error of the transport's: the call stands in the link's queue, SENDING is not ours. */
#define SEND_QUEUED 1

/* A submit's bits beside those of the word: another call follows at once. */
#define SEND_MORE (1u << 31)

/* Fields of a header word, where they stand. */
#define HDR_MESSAGE    0x000000ffu
#define HDR_TYPE       0x00000300u
#define HDR_TYPE_SHIFT 8u
#define HDR_PROTOCOL   0x0003fc00u
#define HDR_TOKEN      0x0ffc0000u

/* slot.flags: SCMI_CALL_POLL, what the pump has to know when the call may be gone, which link the slot belongs to. */
#define SLOT_URGENT     (1u << 1)
#define SLOT_FENCE      (1u << 2)
#define SLOT_DELAYED    (1u << 3)
#define SLOT_LINK_SHIFT 4u

/*
 * A slot. word is the lock of it all; the other atomics are atomic only because a receiver or a scan may read them
 * while a later life writes them: the compare-and-swap on the word then fails.
 */
struct slot {
	_Atomic uint32_t word;
	_Atomic uint32_t hdr;      /* the command's header, as sent; while QUEUED alone: the next in the queue */
	_Atomic uint32_t deadline; /* tick; in quarantine its end */
	_Atomic uint16_t room;     /* bytes of values the caller can take; once the call has ended: next in a list */
	_Atomic uint8_t flags;     /* SCMI_CALL_POLL of the call, and the link */
	_Atomic uint8_t cursor;    /* in the first slot of a group: where its next take starts, a hint */
	struct scmi_call *call;    /* for whoever holds CALL's claim, or SENDING */
};

/* A waiter's entry: its event follows. Outlives its waiter, so that a signal may come after the waiter has left. */
struct waiter {
	alignas(max_align_t) _Atomic uint32_t asleep; /* the link that it would lead, + 1 */
	_Atomic uint32_t wants;                       /* the link on which it waits for a slot, + 1; and if urgent */
	_Atomic uint32_t since;                       /* when it began to, to wake the oldest first */
};

/* A notification being received, or waiting for its handlers to run: its payload follows. */
struct buffer {
	alignas(max_align_t) _Atomic uint32_t busy; /* BUFFER_BUSY | protocol, or 0 */
	uint32_t hdr;
	uint32_t len;
	_Atomic uint32_t next; /* in a list: index + 1 */
	struct link *link;
};

#define BUFFER_BUSY 0x100u

/* A context that is inside callbacks, and what it has yet to run: done functions of ended calls, handlers. */
struct frame {
	_Atomic uintptr_t self; /* 0: not in use */
	uint16_t head;
	uint16_t tail;
	uint32_t event_head; /* buffers, index + 1 */
	uint32_t event_tail;
};

/* Exceptions only: what goes well is counted by what it leaves behind (see stats.c). */
enum counter {
	C_REMOTE,
	C_TRUNCATED,
	C_MALFORMED,
	C_TIMED_OUT,
	C_CANCELLED,
	C_CLOSED,
	C_LINK_LOST,
	C_NOTIFIED,
	C_LATE,
	C_STRAY_TOKEN,
	C_STRAY_PROTOCOL,
	C_STRAY_MESSAGE,
	C_STRAY_TYPE,
	C_STRAY_HEADER,
	C_DUPLICATE,
	C_MISMATCHED,
	C_UNCLAIMED,
	C_DROPPED,
	C_REFUSED,
	C_NO_SLOT,
	C_SETTLED,
	C_EXPIRED,
	C_RECOVERED,
	C_DELAYED,    /* debts of a delayed response: one more than each take makes */
	C_UNANSWERED, /* debts that ended without a message */
	C_WRAPPED,    /* times that a slot's epoch went round */
	C_COUNT
};

/* The link's queue: whoever is in the pump owns it. */
struct queue {
	uint16_t head; /* index, or SLOT_NONE */
	uint16_t tail;
};

/* One attached transport: its pool, its queue, its state. */
struct link {
	/* read only once initialised */
	struct scmi_agent *agent;
	struct slot *slots;
	struct scmi_transport transport;
	uint32_t index;
	uint32_t protocol;    /* the only one that goes this way, or SCMI_ANY */
	uint32_t limit;       /* slots in use; at most count */
	uint32_t ordinary;    /* of these, slots that not only urgent calls take */
	uint32_t count;       /* slots of the pool, a power of two */
	uint32_t first;       /* the first one's place among all slots of the agent */
	uint32_t group_mask;  /* homes are the first groups, a power of two of them, all whole */
	uint32_t cursor_mask; /* a caller rotates in the first slots of its home, a power of two: GROUP or fewer */
	uint32_t token_shift; /* from an epoch in the word to the token: 12 - log2(count) */
	uint32_t queue_timeout_us;
	uint32_t lateness_us;
	uint32_t reconnect_us;
	bool serial;  /* one send at a time, through the pump */
	bool running; /* the transport has been started; start, stop and recovery are one at a time */

	/* read on every path, seldom written */
	_Atomic uint32_t gate;      /* state, and who is in the pump: gate.h */
	_Atomic uint32_t attention; /* who waits for slots or for calls to end: ATTEND_* */
	_Atomic uint32_t salt;      /* of the hash that gives callers their groups; changed where two of them meet */
	_Atomic uint32_t crowded;   /* not 0: a take has found its group full of late; releasers leave a hint */
	_Atomic uint32_t unrung;    /* a send has said that another follows */
	_Atomic uint32_t careful;   /* replies are looked at closely: trace, histograms, checks beyond the default */
	_Atomic uint32_t hdr_mask;  /* bits of a reply's header that have to agree */

	/* written by exceptions only: they keep the lines above and below apart */
	_Atomic uint32_t counts[C_COUNT];

	/* written now and then */
	_Atomic uint32_t next_deadline; /* tick: none of the deadlines lies before it */
	_Atomic uint32_t lead;          /* who drives receive: index of its waiter entry + 1, or 0; LEAD_AWAKE */
	_Atomic uint32_t freed;         /* hint: the slot that was freed last */
	_Atomic uint32_t visitors;      /* contexts that use the transport without a slot: stop waits for them */
	_Atomic uint32_t retry;         /* tick at which a poll recovers the link */
	_Atomic int lost;               /* what the link's calls end with while it is down */

	/* the pump's; the first four are left to it by others */
	_Atomic uint32_t stack;   /* new entries: index + 1 of the newest */
	_Atomic uint32_t room;    /* ready() has been called */
	_Atomic uint32_t dead;    /* a call that stood in the queue has been ended */
	_Atomic uint32_t due;     /* somebody who may not send has left the pump's work to a poll */
	_Atomic uint32_t blocked; /* the transport has said BUSY and not yet ready */
	struct queue urgent;
	struct queue queue;
	bool fenced; /* attention says so */
};

/* In link.lead: the leader is at work and will look for what it waits for before it sleeps. */
#define LEAD_AWAKE (1u << 8)

/* link.attention: a fence waits for calls to end; in the rest of the word, how many contexts wait for a slot. */
#define ATTEND_FENCE  1u
#define ATTEND_HUNGRY 2u

struct scmi_agent {
	/* read only once initialised */
	const struct scmi_port *port;
	struct link *links;
	uint32_t links_n;
	uint32_t spin_turns;
	struct slot *slots; /* of all links */
	uint32_t slots_n;
	scmi_trace_fn trace;
	void *trace_arg;
	scmi_log_fn log;
	void *log_arg;
	void (*wake)(void *arg);
	void *wake_arg;
	struct scmi_latency *latency;
	uint32_t latency_n;
	uint32_t waiter_count;
	uint32_t waiter_stride;
	uint32_t buffer_count;
	uint32_t buffer_bytes;
	uint32_t buffer_stride;
	unsigned char *waiters;
	unsigned char *buffers;
	bool deferred;
	bool passive;

	/* read on every path, seldom written */
	_Atomic uint32_t checks; /* SCMI_CHECK_* that are strict */
	_Atomic uint32_t frames_used;

	/* written now and then */
	_Atomic uint32_t visitors;       /* contexts inside poll: stop waits for them */
	_Atomic uint32_t waiters_used;   /* bitmap of the waiter entries */
	_Atomic uint32_t put_off;        /* ended calls whose callbacks wait for a poll: place + 1 of the newest */
	_Atomic uint32_t put_off_events; /* the same of notifications: buffer + 1 */
	_Atomic uint32_t arrivals;       /* counts who waits for a slot */
	_Atomic uint32_t walks[2];       /* contexts that walk the list of subscribers, by the parity they began in */
	_Atomic uint32_t parity;
	_Atomic uint32_t removing; /* somebody waits for walks to end */
	_Atomic(struct scmi_subscriber *) subscribers;
	struct frame frames[FRAMES];
};

static inline void count(struct link *l, enum counter which)
{
	atomic_fetch_add_explicit(&l->counts[which], 1u, memory_order_relaxed);
}

/* Debts of this word ended without a message. */
static inline void count_debts(struct link *l, uint32_t w)
{
	if ((w & W_OWED_R) != 0)
		count(l, C_UNANSWERED);
	if ((w & W_OWED_D) != 0)
		count(l, C_UNANSWERED);
}

static inline uint32_t slot_index(const struct link *l, const struct slot *s)
{
	return (uint32_t)(s - l->slots);
}

/* Among all slots of the agent. */
static inline uint32_t slot_place(const struct scmi_agent *a, const struct slot *s)
{
	return (uint32_t)(s - a->slots);
}

static inline struct link *link_of(const struct scmi_agent *a, struct slot *s)
{
	return &a->links[atomic_load_explicit(&s->flags, memory_order_relaxed) >> SLOT_LINK_SHIFT];
}

/* A life is a word's epoch, where it stands in the word, the low bits 0. */
static inline uint32_t slot_ticket(uint32_t place, uint32_t life)
{
	return life << 1 | TICKET_VALID | place;
}

static inline uint32_t slot_token(const struct link *l, uint32_t index, uint32_t w)
{
	return ((w & ~W_LOW) >> l->token_shift | index) & (SCMI_TOKEN_COUNT - 1u);
}

/* Private words of the call that some contexts may read beside the one that writes them. */
static inline _Atomic uint32_t *call_ticket(struct scmi_call *call)
{
	_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "atomics of 32 bits are plain words");
	return (_Atomic uint32_t *)&call->ticket_;
}

/* A second wait may register while an ender still looks at the first one's event; its compare-and-swap then fails. */
static inline _Atomic uint32_t *call_waiter(struct scmi_call *call)
{
	return (_Atomic uint32_t *)&call->waiter_;
}

/* Cancel and wait may read it beside a later life's taker; their compare-and-swap on the word then fails. */
static inline _Atomic(struct scmi_call *) *slot_call(struct slot *s)
{
	_Static_assert(sizeof(_Atomic(struct scmi_call *)) == sizeof(void *), "an atomic pointer is a pointer");
	return (_Atomic(struct scmi_call *) *)&s->call;
}

/* Under word w the slot holds this submit of the call: a ticket alone may be of another agent, or of 2^19 lives ago. */
static inline bool holds_call(const struct scmi_agent *a, struct slot *s, uint32_t w, const struct scmi_call *call,
			      uint32_t ticket)
{
	return (w & W_CALL) != 0 && slot_ticket(slot_place(a, s), w & ~W_LOW) == ticket &&
	       atomic_load_explicit(slot_call(s), memory_order_relaxed) == call;
}

/* The slot of the call's last submit, NULL if there was none; whether it still holds that call its word must tell. */
static inline struct slot *slot_of_call(struct scmi_agent *a, struct scmi_call *call, uint32_t *ticket)
{
	uint32_t place;

	*ticket = atomic_load_explicit(call_ticket(call), memory_order_relaxed);
	place = *ticket & TICKET_SLOT;
	return (*ticket & TICKET_VALID) != 0 && place < a->slots_n ? &a->slots[place] : NULL;
}

/* The waiter that the word tells of. */
static inline uint32_t registered(struct scmi_call *call, uint32_t w)
{
	return (w & W_WAITER) != 0 ? atomic_load_explicit(call_waiter(call), memory_order_relaxed) : WAITER_NONE;
}

static inline struct waiter *waiter_at(struct scmi_agent *a, uint32_t i)
{
	return (struct waiter *)(void *)(a->waiters + (size_t)i * a->waiter_stride);
}

static inline void *waiter_event(struct scmi_agent *a, uint32_t i)
{
	return a->waiters + (size_t)i * a->waiter_stride + sizeof(struct waiter);
}

static inline uint64_t now_us(const struct scmi_agent *a)
{
	return a->port->now_us(a->port->ctx);
}

static inline void relax(const struct scmi_agent *a)
{
	a->port->relax(a->port->ctx);
}

static inline void trace(struct link *l, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len, int err,
			 const char *why)
{
	if (l->agent->trace != NULL) {
		const struct scmi_trace_event e = {
			.kind = (uint8_t)kind,
			.link = (uint8_t)l->index,
			.slot = (uint16_t)slot,
			.hdr = hdr,
			.len = len,
			.err = err,
			.why = why,
		};

		l->agent->trace(l->agent->trace_arg, &e);
	}
}

/* What a transport may end a call with; another code would be taken for something of ours. */
static inline int link_error(int err, int otherwise)
{
	return err == SCMI_E_PROTO || err == SCMI_E_LINK || err == SCMI_E_NOPEER || err == SCMI_E_IO ? err : otherwise;
}

/* ---- slot.c ---- */

uint32_t scmi__take_elsewhere(struct link *l, uint32_t home, uint32_t *life);
uint32_t scmi__take_reserved(struct link *l, uint32_t *life);
void scmi__drop_shared(struct link *l, struct slot *s, uint32_t holds);
void scmi__free_and_tell(struct link *l, struct slot *s, uint32_t w);
void scmi__attend(struct link *l);

/*
 * A free slot becomes CALL | SENDING in its next epoch, which is *life.
 * seq_cst: before the taker's look at the gate, against stop's store of it and look at the words.
 */
HOT bool try_slot(struct link *l, struct slot *s, uint32_t *life)
{
	uint32_t old = atomic_load_explicit(&s->word, memory_order_relaxed);
	uint32_t next = old + W_EPOCH;

	if ((old & W_LOW) != 0)
		return false;
	if (!atomic_compare_exchange_strong_explicit(&s->word, &old, next | W_CALL | W_SENDING, memory_order_seq_cst,
						     memory_order_relaxed)) {
		atomic_store_explicit(&l->salt, next, memory_order_relaxed);
		return false;
	}
	if (next == 0)
		count(l, C_WRAPPED);
	*life = next;
	return true;
}

/*
 * Threads stay apart: a caller starts in the group of 8 slots that its call's address hashes to, and rotates in it, so
 * that a token comes back no sooner than after 8 * (1024 / slots) commands of one call. Where two meet in one group, as
 * a lost compare-and-swap tells, all are hashed anew.
 *
 *   group      0               1               2 ...
 *          |.......X|.......*|..X.....|    X taken or owed, * where the group's next take starts
 */
HOT uint32_t take(struct link *l, const struct scmi_call *call, uint32_t *life)
{
	uint32_t salt = atomic_load_explicit(&l->salt, memory_order_relaxed);
	uint32_t hash = ((uint32_t)((uintptr_t)call >> 4) ^ salt) * 0x9e3779b1u;
	uint32_t home = hash >> 20 & l->group_mask;
	_Atomic uint8_t *cursor = &l->slots[home * GROUP].cursor;
	uint32_t k = atomic_load_explicit(cursor, memory_order_relaxed);
	uint32_t index = home * GROUP + k;

	if (!try_slot(l, &l->slots[index], life))
		return scmi__take_elsewhere(l, home, life);
	atomic_store_explicit(cursor, (uint8_t)((k + 1u) & l->cursor_mask), memory_order_relaxed);
	return index;
}

/*
 * Something has changed for who waits: a call has ended, a slot is free. seq_cst: see word_will_tell(). Only for
 * contexts that stop waits for, or that the user has to keep from fini.
 */
HOT void tell(struct link *l)
{
	if (atomic_load_explicit(&l->attention, memory_order_seq_cst) != 0)
		scmi__attend(l);
}

/*
 * The last hold is gone, or ours are the only ones: w is the word as it stands, and nobody else can write it. Touches
 * nothing after the store, for then stop may return.
 */
HOT void scmi__free(struct link *l, struct slot *s, uint32_t w)
{
	uint32_t crowded = atomic_load_explicit(&l->crowded, memory_order_relaxed);

	if (crowded != 0) {
		atomic_store_explicit(&l->freed, slot_index(l, s), memory_order_relaxed);
		atomic_store_explicit(&l->crowded, crowded - 1u, memory_order_relaxed);
	}
	/* seq_cst: after the claim, against who says that he waits and then looks at the words. */
	if (atomic_load_explicit(&l->attention, memory_order_seq_cst) != 0) {
		scmi__free_and_tell(l, s, w);
		return;
	}
	/* release: what was read and written in this life comes before the next taker's compare-and-swap. */
	atomic_store_explicit(&s->word, w & ~W_LOW, memory_order_release);
}

/*
 * Drops holds that are the caller's own; the last one frees. Who sees that its holds are the only ones frees with a
 * plain store: receivers need OWED to come in, enders an unclaimed call, takers a free word, so nobody else can write.
 */
HOT void scmi__drop(struct link *l, struct slot *s, uint32_t holds)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	if ((w & W_HOLDS) == holds)
		scmi__free(l, s, w);
	else
		scmi__drop_shared(l, s, holds);
}

/* ---- done.c: who runs callbacks, and who is inside them ---- */

struct frame *scmi__find_frame(struct scmi_agent *a, uint32_t used);
struct frame *scmi__frame_enter(struct scmi_agent *a);
void scmi__frame_leave(struct scmi_agent *a, struct frame *f);
void scmi__frame_event(struct scmi_agent *a, struct frame *f, uint32_t buffer);
bool scmi__frames_empty(struct scmi_agent *a);
void scmi__run_done(struct link *l, struct slot *s, uint32_t holds);
void scmi__put_off_event(struct scmi_agent *a, uint32_t buffer);
bool scmi__any_put_off(struct scmi_agent *a);
int scmi__run_put_off(struct scmi_agent *a);

/* The frame of this context, NULL if it is not inside a callback. */
HOT struct frame *scmi__frame_here(struct scmi_agent *a)
{
	uint32_t used = atomic_load_explicit(&a->frames_used, memory_order_relaxed);

	return used == 0 ? NULL : scmi__find_frame(a, used);
}

/* ---- send.c ---- */

int scmi__transmit(struct link *l, struct slot *s, const struct scmi_tx *tx);
int scmi__send_failed(struct link *l, struct slot *s, const struct scmi_tx *tx, int err);
bool scmi__unsend(struct link *l, struct slot *s);
int scmi__untake(struct link *l, struct slot *s, int err);
int scmi__closed(uint32_t gate);
void scmi__leave_sending(struct link *l, struct slot *s, struct scmi_call *call);
void scmi__ring(struct scmi_agent *a);
void scmi__ring_link(struct link *l);

static inline void slot_flags(const struct link *l, struct slot *s, const struct scmi_call *call)
{
	uint32_t flags = (call->flags & SCMI_CALL_POLL) | l->index << SLOT_LINK_SHIFT;

	if ((call->flags & SCMI_CALL_URGENT) != 0)
		flags |= SLOT_URGENT;
	if ((call->flags & SCMI_CALL_FENCE) != 0)
		flags |= SLOT_FENCE;
	if ((call->flags & SCMI_CALL_DELAYED) != 0)
		flags |= SLOT_DELAYED;
	atomic_store_explicit(&s->flags, (uint8_t)flags, memory_order_relaxed);
}

/* Fills the message and what a receiver has to know of it in the slot, whose SENDING is ours. */
HOT void fill(struct slot *s, uint32_t index, struct scmi_call *call, uint32_t hdr, uint32_t token, uint32_t more,
	      struct scmi_tx *tx)
{
	uint32_t room = call->reply_cap < UINT16_MAX ? call->reply_cap : UINT16_MAX;

	tx->hdr = hdr;
	tx->token = (uint16_t)token;
	tx->slot = (uint16_t)index;
	tx->payload = call->params;
	tx->len = call->params_len;
	tx->reply_cap = call->reply_cap;
	tx->flags = (uint8_t)call->flags & SCMI_CALL_POLL;
	tx->more = more != 0;
	atomic_store_explicit(&s->hdr, hdr, memory_order_relaxed);
	atomic_store_explicit(&s->room, (uint16_t)room, memory_order_relaxed);
}

/* ---- queue.c ---- */

int scmi__send_careful(struct link *l, struct slot **out, struct scmi_call *call, uint32_t life, uint32_t bits);
int scmi__queue_again(struct link *l, struct slot *s, struct scmi_call *call);
uint32_t scmi__call_header(const struct link *l, struct slot *s, const struct scmi_call *call, uint32_t w);
void scmi__pump(struct link *l);
bool scmi__may_send(const struct link *l);
void scmi__pump_if_due(struct link *l);

/* ---- end.c: ending calls ---- */

bool scmi__claim(struct slot *s, uint32_t *w);
void scmi__finish(struct link *l, struct slot *s, uint32_t held);
void scmi__end(struct link *l, struct slot *s, int err, uint32_t held);
void scmi__end_all(struct link *l, int err);
void scmi__forgive(struct link *l, struct slot *s);

/* ---- time.c ---- */

uint32_t scmi__tick_after(uint64_t now, const struct scmi_call *call, uint32_t timeout_us);
uint32_t scmi__tick_now(const struct scmi_agent *a);
bool scmi__tick_passed(const struct scmi_agent *a, uint32_t tick);
void scmi__lower(struct link *l, uint32_t tick);
int scmi__turn(struct link *l, int max);
uint64_t scmi__slot_deadline(struct link *l, struct slot *s);
uint64_t scmi__link_deadline(struct link *l);

/* ---- wait.c ---- */

bool scmi__await(struct link *l, struct slot *s, struct scmi_call *call, uint64_t until_us);
int scmi__await_slot(struct link *l, const struct scmi_call *call, uint32_t *index, uint32_t *life);
void scmi__wake(struct link *l, uint32_t waiter);
void scmi__wake_hungry(struct link *l);
void scmi__wake_all(struct scmi_agent *a);
void scmi__kick(struct link *l);

/* ---- notify.c ---- */

static inline struct buffer *scmi__buffer(struct scmi_agent *a, uint32_t i)
{
	return (struct buffer *)(void *)(a->buffers + (size_t)i * a->buffer_stride);
}

int scmi__notify_rx(struct link *l, const struct scmi_rx *rx);
int scmi__notify_acquire(struct link *l, uint32_t hdr, struct scmi_xfer *x);
int scmi__notify_complete(struct link *l, struct scmi_xfer *x, uint32_t len);
void scmi__notify_drop(struct link *l, struct scmi_xfer *x);
void scmi__notify_run(struct scmi_agent *a, uint32_t i);
int scmi__refuse(struct link *l, uint32_t hdr, uint32_t len, enum counter which, int err, const char *why);

/* ---- life.c ---- */

/*
 * For who may call the transport without a slot: between enter, which fails where the link does not run, and leave the
 * transport is not stopped.
 */
bool scmi__enter(struct link *l);
void scmi__leave(struct link *l);
bool scmi__stuck(struct link *l);
void scmi__retry_later(struct link *l);
void scmi__look_later(struct link *l);
void scmi__recover_if_due(struct link *l);
void scmi__link_ready(void *core);
void scmi__link_down(void *core, int err);

/* ---- receive.c ---- */

extern const struct scmi_sink scmi__sink;

#endif
