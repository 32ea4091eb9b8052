/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the agent core share. */
#ifndef SCMI_AGENT_INTERNAL_H
#define SCMI_AGENT_INTERNAL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/agent.h>

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

/* Deadlines in the slots are ticks of 4 us in 32 bits, compared wrap-safe; 0 is none. */
#define TICK_NONE 0u

/* scmi_call.ticket_: the word's epoch, where it stands in the word; bit 10 valid; the slot's index. */
#define TICKET_VALID (1u << 10)
#define TICKET_SLOT  (SCMI_SLOTS_MAX - 1u)

/*
 * A slot. word is the lock of it all; the other atomics are atomic only because a receiver or a scan may read them while
 * a later life writes them: the compare-and-swap on the word then fails.
 */
struct slot {
	_Atomic uint32_t word;
	_Atomic uint32_t hdr;      /* the command's header, as sent */
	_Atomic uint32_t deadline; /* tick; in quarantine its end */
	_Atomic uint16_t room;     /* bytes of values the caller can take; once the call has ended: next in a list */
	_Atomic uint8_t flags;     /* the call's flags */
	_Atomic uint8_t cursor;    /* in the first slot of a group: where its next take starts, a hint */
	struct scmi_call *call;    /* for whoever holds CALL's claim */
};

/* A waiter's entry: its event follows. Outlives its waiter, so that a signal may come after the waiter has left. */
struct waiter {
	alignas(max_align_t) _Atomic uint32_t asleep;
};

/* A notification being received: its payload follows. */
struct buffer {
	alignas(max_align_t) _Atomic uint32_t busy;
};

/* A context that is inside callbacks, and the ended calls whose done functions it has yet to run. */
struct frame {
	_Atomic uintptr_t self; /* 0: not in use */
	uint16_t head;
	uint16_t tail;
};

/* While start() runs nothing is sent, whatever the transport says of its peer: it is only kept. */
enum link_state { LINK_STOPPED, LINK_STARTING, LINK_STARTING_DOWN, LINK_UP, LINK_DOWN };

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
	C_DUPLICATE,
	C_MISMATCHED,
	C_UNCLAIMED,
	C_DROPPED,
	C_REFUSED,
	C_NO_SLOT,
	C_SETTLED,
	C_EXPIRED,
	C_UNANSWERED, /* debts of a response that ended without a message */
	C_WRAPPED,    /* times that a slot's epoch went round */
	C_COUNT
};

struct scmi_agent {
	/* read only once initialised */
	struct scmi_transport transport;
	const struct scmi_port *port;
	struct slot *slots;
	uint32_t limit;       /* slots in use; at most count */
	uint32_t group_mask;  /* homes are the first groups, a power of two of them, all whole */
	uint32_t cursor_mask; /* a caller rotates in the first slots of its home, a power of two: GROUP or fewer */
	uint32_t count;       /* slots of the pool, a power of two */
	uint32_t token_shift; /* from an epoch in the word to the token: 12 - log2(count) */
	scmi_trace_fn trace;
	void *trace_arg;
	scmi_log_fn log;
	void *log_arg;
	unsigned char *waiters;
	unsigned char *buffers;
	uint32_t waiter_count;
	uint32_t waiter_stride;
	uint32_t buffer_count;
	uint32_t buffer_bytes;
	uint32_t buffer_stride;
	uint32_t spin_turns;
	uint32_t lateness_us;
	bool deferred;
	struct scmi_subscriber *subscribers; /* changes only while stopped */

	/* read on every path, seldom written */
	_Atomic uint32_t state;   /* enum link_state */
	_Atomic uint32_t crowded; /* not 0: a take has found its group full of late; releasers leave a hint */
	_Atomic uint32_t frames_used;

	/* written by exceptions only: they keep the lines above and below apart */
	_Atomic uint32_t counts[C_COUNT];

	/* written now and then */
	_Atomic uint32_t next_deadline; /* tick: none of the deadlines lies before it */
	_Atomic uint32_t lead;          /* who drives receive: index of its waiter entry + 1, or 0 */
	_Atomic uint32_t freed;         /* hint: the slot that was freed last */
	_Atomic uint32_t waiters_used;  /* bitmap of the waiter entries */
	_Atomic uint32_t put_off;       /* ended calls whose callbacks wait for a poll: index + 1 of the newest */
	_Atomic uint32_t visitors;      /* contexts that use the transport without a slot: stop waits for them */
	struct frame frames[FRAMES];
};

static inline void count(struct scmi_agent *a, enum counter which)
{
	atomic_fetch_add_explicit(&a->counts[which], 1u, memory_order_relaxed);
}

static inline uint32_t slot_index(const struct scmi_agent *a, const struct slot *s)
{
	return (uint32_t)(s - a->slots);
}

/* A life is a word's epoch, where it stands in the word, the low bits 0. */
static inline uint32_t slot_ticket(uint32_t index, uint32_t life)
{
	return life | TICKET_VALID | index;
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

/* The slot of the call's last submit; whether it still holds that call its word must tell. */
static inline struct slot *slot_of_call(struct scmi_agent *a, struct scmi_call *call, uint32_t *ticket)
{
	*ticket = atomic_load_explicit(call_ticket(call), memory_order_relaxed);
	return &a->slots[*ticket & TICKET_SLOT & (a->count - 1u)];
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

static inline void trace(struct scmi_agent *a, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len,
			 int err, const char *why)
{
	if (a->trace != NULL) {
		const struct scmi_trace_event e = {
			.kind = (uint8_t)kind,
			.slot = (uint16_t)slot,
			.hdr = hdr,
			.len = len,
			.err = err,
			.why = why,
		};

		a->trace(a->trace_arg, &e);
	}
}

/* What a transport may end a call with; another code would be taken for something of ours. */
static inline int link_error(int err, int otherwise)
{
	return err == SCMI_E_PROTO || err == SCMI_E_LINK || err == SCMI_E_NOPEER || err == SCMI_E_IO ? err : otherwise;
}

/* slot.c */
uint32_t scmi__take_elsewhere(struct scmi_agent *a, uint32_t home, uint32_t *life);
void scmi__drop_shared(struct scmi_agent *a, struct slot *s, uint32_t holds);

/*
 * A free slot becomes CALL | SENDING in its next epoch, which is *life.
 * seq_cst: before the taker's look at the link's state, against stop's store of it and look at the words.
 */
HOT bool try_slot(struct scmi_agent *a, struct slot *s, uint32_t *life)
{
	uint32_t old = atomic_load_explicit(&s->word, memory_order_relaxed);
	uint32_t next = old + W_EPOCH;

	if ((old & W_LOW) != 0 || !atomic_compare_exchange_strong_explicit(&s->word, &old, next | W_CALL | W_SENDING,
									   memory_order_seq_cst, memory_order_relaxed))
		return false;
	if (next == 0)
		count(a, C_WRAPPED);
	*life = next;
	return true;
}

/* The last hold is gone, or ours are the only ones: w is the word as it stands, and nobody else can write it. */
HOT void scmi__free(struct scmi_agent *a, struct slot *s, uint32_t w)
{
	uint32_t crowded = atomic_load_explicit(&a->crowded, memory_order_relaxed);

	if (crowded != 0) {
		atomic_store_explicit(&a->freed, slot_index(a, s), memory_order_relaxed);
		atomic_store_explicit(&a->crowded, crowded - 1u, memory_order_relaxed);
	}
	/* release: what was read and written in this life comes before the next taker's compare-and-swap. */
	atomic_store_explicit(&s->word, w & ~W_LOW, memory_order_release);
}

/*
 * Drops holds that are the caller's own; the last one frees. Who sees that its holds are the only ones frees with a
 * plain store: receivers need OWED to come in, enders an unclaimed call, takers a free word, so nobody else can write.
 */
HOT void scmi__drop(struct scmi_agent *a, struct slot *s, uint32_t holds)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	if ((w & W_HOLDS) == holds)
		scmi__free(a, s, w);
	else
		scmi__drop_shared(a, s, holds);
}

/* done.c: who runs done functions, and who is inside them */
struct frame *scmi__find_frame(struct scmi_agent *a, uint32_t used);
struct frame *scmi__frame_enter(struct scmi_agent *a);
void scmi__frame_leave(struct scmi_agent *a, struct frame *f);
bool scmi__frames_empty(struct scmi_agent *a);
void scmi__run_done(struct scmi_agent *a, struct slot *s, uint32_t holds);
int scmi__run_put_off(struct scmi_agent *a);

/* The frame of this context, NULL if it is not inside a callback. */
HOT struct frame *scmi__frame_here(struct scmi_agent *a)
{
	uint32_t used = atomic_load_explicit(&a->frames_used, memory_order_relaxed);

	return used == 0 ? NULL : scmi__find_frame(a, used);
}

/* end.c: ending calls */
void scmi__finish(struct scmi_agent *a, struct slot *s, uint32_t held);
void scmi__end(struct scmi_agent *a, struct slot *s, int err, uint32_t held);
void scmi__forgive(struct scmi_agent *a, struct slot *s);

/* time.c */
uint32_t scmi__tick_after(uint64_t now_us, const struct scmi_call *call, uint32_t default_us);
uint32_t scmi__tick_now(struct scmi_agent *a);
void scmi__lower(struct scmi_agent *a, uint32_t tick);
int scmi__turn(struct scmi_agent *a, int max);
uint64_t scmi__next_us(struct scmi_agent *a, uint32_t tick);

/* wait.c */
bool scmi__await(struct scmi_agent *a, struct slot *s, struct scmi_call *call, uint64_t until_us);
void scmi__wake(struct scmi_agent *a, uint32_t waiter);
void scmi__kick_leader(struct scmi_agent *a);

/* notify.c */
int scmi__notify_rx(struct scmi_agent *a, const struct scmi_rx *rx);
int scmi__notify_acquire(struct scmi_agent *a, uint32_t hdr, struct scmi_xfer *x);
int scmi__notify_complete(struct scmi_agent *a, struct scmi_xfer *x, uint32_t len);
void scmi__notify_release(struct scmi_agent *a, struct scmi_xfer *x, bool completed);
int scmi__refuse(struct scmi_agent *a, uint32_t hdr, uint32_t len, enum counter which, int err, const char *why);

/*
 * life.c. For who may call the transport without a slot: between enter, which fails where the agent does not run, and
 * leave the transport is not stopped.
 */
bool scmi__enter(struct scmi_agent *a);
void scmi__leave(struct scmi_agent *a);

/* receive.c, life.c */
extern const struct scmi_sink scmi__sink;
void scmi__link_ready(void *core);
void scmi__link_down(void *core, int err);

#endif
