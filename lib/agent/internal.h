/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the agent core do for each other. */
#ifndef SCMI_AGENT_INTERNAL_H
#define SCMI_AGENT_INTERNAL_H

#include <scmi/config.h>

#include "gate.h"
#include "types.h"
#include "word.h"

/*
 * HOT: one of the few functions that every command goes through. Where speed is asked for they become one; where size is
 * (-Os), the compiler decides. HOT_SHARED: the same, of several files; what is not inlined stands once, in the file that
 * says extern inline. FAST: whether speed is asked for, for what is rare and small: a call of it costs its caller registers,
 * a copy of it bytes.
 *
 * OWN_FRAME, HOT_FRAME: where stack is scarce this function's frame is to be gone when it has returned, and not to lie,
 * as a part of its caller's, under what that calls next, which may be the whole way through a transport and back.
 */
#if defined(__GNUC__) && defined(__OPTIMIZE__) && !defined(__OPTIMIZE_SIZE__)
#define HOT        static inline __attribute__((always_inline))
#define HOT_SHARED inline __attribute__((always_inline))
#define HOT_FRAME  HOT
#define OWN_FRAME
#define FAST true
#else
#define HOT        static inline
#define HOT_SHARED inline
#ifdef __GNUC__
#define OWN_FRAME __attribute__((noinline))
#else
#define OWN_FRAME
#endif
#define HOT_FRAME static OWN_FRAME
#define FAST      false
#endif

#define WITH_NOTIFICATIONS (SCMI_CONFIG_NOTIFICATIONS != 0)
#define WITH_DELAYED       (SCMI_CONFIG_DELAYED != 0)
#define WITH_QUEUE         (SCMI_CONFIG_QUEUE != 0)

/* ---- word.c: a step of a word that several contexts write ---- */

uint32_t scmi__fetch_add(_Atomic uint32_t *at, uint32_t n);
uint32_t scmi__fetch_and(_Atomic uint32_t *at, uint32_t mask);
uint32_t scmi__fetch_or(_Atomic uint32_t *at, uint32_t bits);
uint32_t scmi__take_all(_Atomic uint32_t *at);

/* As C11's; where size is asked for all are seq_cst. */
HOT uint32_t fetch_add(_Atomic uint32_t *at, uint32_t n, memory_order order)
{
	return FAST ? atomic_fetch_add_explicit(at, n, order) : scmi__fetch_add(at, n);
}

HOT uint32_t fetch_sub(_Atomic uint32_t *at, uint32_t n, memory_order order)
{
	return FAST ? atomic_fetch_sub_explicit(at, n, order) : scmi__fetch_add(at, 0u - n);
}

HOT uint32_t fetch_and(_Atomic uint32_t *at, uint32_t mask, memory_order order)
{
	return FAST ? atomic_fetch_and_explicit(at, mask, order) : scmi__fetch_and(at, mask);
}

HOT uint32_t fetch_or(_Atomic uint32_t *at, uint32_t bits, memory_order order)
{
	return FAST ? atomic_fetch_or_explicit(at, bits, order) : scmi__fetch_or(at, bits);
}

/* Takes what stands there, and leaves 0. Mostly there is nothing, and a look is enough. */
HOT uint32_t take_all(_Atomic uint32_t *at, memory_order order)
{
	if (!FAST)
		return scmi__take_all(at);
	return atomic_load_explicit(at, memory_order_relaxed) != 0 ? atomic_exchange_explicit(at, 0u, order) : 0u;
}

static inline uint32_t load_gate(struct link *l)
{
	return atomic_load_explicit(&l->gate, memory_order_seq_cst);
}

/* ---- stats.c ---- */

void scmi__count(struct link *l, enum counter which);
void scmi__count_debts(struct link *l, uint32_t w);

static inline void add_one(struct link *l, enum counter which)
{
	atomic_fetch_add_explicit(&l->counts[which], 1u, memory_order_relaxed);
}

static inline void count(struct link *l, enum counter which)
{
	if (FAST)
		add_one(l, which);
	else
		scmi__count(l, which);
}

static inline void add_debts(struct link *l, uint32_t w)
{
	if ((w & W_OWED_R) != 0)
		add_one(l, C_UNANSWERED);
	if ((w & W_OWED_D) != 0)
		add_one(l, C_UNANSWERED);
}

/* Debts of this word ended without a message. */
static inline void count_debts(struct link *l, uint32_t w)
{
	if (FAST)
		add_debts(l, w);
	else
		scmi__count_debts(l, w);
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

/* A life is a word's epoch, where it stands in the word, the low bits 0. This is a slot's, for who holds it. */
static inline uint32_t life_of(struct slot *s)
{
	return atomic_load_explicit(&s->word, memory_order_relaxed) & ~W_LOW;
}

static inline struct link *link_of(const struct scmi_agent *a, struct slot *s)
{
	return &a->links[atomic_load_explicit(&s->flags, memory_order_relaxed) >> SLOT_LINK_SHIFT];
}

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
HOT_SHARED _Atomic uint32_t *scmi__call_waiter(struct scmi_call *call)
{
	return (_Atomic uint32_t *)&call->waiter_;
}

/* Cancel and wait may read it beside a later life's taker; their compare-and-swap on the word then fails. */
static inline _Atomic(struct scmi_call *) *slot_call(struct slot *s)
{
	_Static_assert(sizeof(_Atomic(struct scmi_call *)) == sizeof(void *), "an atomic pointer is a pointer");
	return (_Atomic(struct scmi_call *) *)&s->call;
}

/*
 * Under word w the slot, the ticket's, holds this submit of the call: a ticket alone may be of another agent, or of 2^19
 * lives ago.
 */
static inline bool holds_call(struct slot *s, uint32_t w, const struct scmi_call *call, uint32_t ticket)
{
	return (w & W_CALL) != 0 && slot_ticket(ticket & TICKET_SLOT, w & ~W_LOW) == ticket &&
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
HOT_SHARED uint32_t scmi__registered(struct scmi_call *call, uint32_t w)
{
	return (w & W_WAITER) != 0 ? atomic_load_explicit(scmi__call_waiter(call), memory_order_relaxed) : WAITER_NONE;
}

static inline struct waiter *waiter_at(struct scmi_agent *a, uint32_t i)
{
	return (struct waiter *)(void *)(a->waiters + (size_t)i * a->waiter_stride);
}

static inline void *waiter_event(struct scmi_agent *a, uint32_t i)
{
	return a->waiters + (size_t)i * a->waiter_stride + sizeof(struct waiter);
}

static inline void waiter_signal(struct scmi_agent *a, uint32_t i)
{
	a->port->event_signal(a->port->ctx, waiter_event(a, i));
}

static inline uint64_t now_us(const struct scmi_agent *a)
{
	return a->port->now_us(a->port->ctx);
}

static inline void relax(const struct scmi_agent *a)
{
	a->port->relax(a->port->ctx);
}

/* ---- note.c ---- */

void scmi__trace(struct link *l, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len, int err);
int scmi__refuse(struct link *l, uint32_t hdr, uint32_t len, enum counter which, int err);

static inline void trace(struct link *l, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len, int err)
{
	if (l->agent->trace != NULL)
		scmi__trace(l, kind, slot, hdr, len, err);
}

/* What a transport may end a call with; another code would be taken for something of ours. */
static inline int link_error(int err, int otherwise)
{
	switch (err) {
	case SCMI_E_PROTO:
	case SCMI_E_COMMS:
	case SCMI_E_LINK:
	case SCMI_E_NOPEER:
	case SCMI_E_IO:
		return err;
	default:
		return otherwise;
	}
}

/* ---- slot.c ---- */

/* From *w, the very word that was looked at, to n; else *w is what it is now. seq_cst: who has said that he waits is seen. */
HOT_SHARED bool scmi__swap(struct slot *s, uint32_t *w, uint32_t n) /* NOLINT(readability-non-const-parameter) */
{
	return atomic_compare_exchange_strong_explicit(&s->word, w, n, memory_order_seq_cst, memory_order_acquire);
}

uint32_t scmi__take_elsewhere(struct link *l, uint32_t home);
uint32_t scmi__take_reserved(struct link *l);
void scmi__drop_shared(struct link *l, struct slot *s, uint32_t holds);
void scmi__free_and_tell(struct link *l, struct slot *s, uint32_t w);
void scmi__attend(struct link *l);

/*
 * A free slot becomes CALL | SENDING in its next epoch; until it is published nobody but the taker writes the word.
 * seq_cst: before the taker's look at the gate, against stop's store of it and look at the words.
 */
HOT_SHARED bool scmi__try_slot(struct link *l, struct slot *s)
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
		atomic_fetch_add_explicit(&l->counts[C_WRAPPED], 1u, memory_order_relaxed);
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
HOT_SHARED uint32_t scmi__take(struct link *l, const struct scmi_call *call)
{
	uint32_t salt = atomic_load_explicit(&l->salt, memory_order_relaxed);
	uint32_t hash = ((uint32_t)((uintptr_t)call >> 4) ^ salt) * 0x9e3779b1u;
	uint32_t home = hash >> 20 & l->group_mask;
	_Atomic uint8_t *cursor = &l->slots[home * GROUP].cursor;
	uint32_t k = atomic_load_explicit(cursor, memory_order_relaxed);
	uint32_t index = home * GROUP + k;

	if (!scmi__try_slot(l, &l->slots[index]))
		return scmi__take_elsewhere(l, home);
	atomic_store_explicit(cursor, (uint8_t)((k + 1u) & l->cursor_mask), memory_order_relaxed);
	return index;
}

/*
 * Something has changed for who waits: a call has ended, a slot is free. seq_cst: see word_will_tell(). Only for
 * contexts that stop waits for, or that the user has to keep from fini.
 */
HOT_SHARED void scmi__tell(struct link *l)
{
	if (atomic_load_explicit(&l->attention, memory_order_seq_cst) != 0)
		scmi__attend(l);
}

/* While takes find their groups full: a hint where to look. */
HOT_SHARED void scmi__note_freed(struct link *l, const struct slot *s)
{
	uint32_t crowded = atomic_load_explicit(&l->crowded, memory_order_relaxed);

	if (crowded != 0) {
		atomic_store_explicit(&l->freed, (uint32_t)(s - l->slots), memory_order_relaxed);
		atomic_store_explicit(&l->crowded, crowded - 1u, memory_order_relaxed);
	}
}

/*
 * The last hold is gone, or ours are the only ones: w is the word as it stands, and nobody else can write it. Touches
 * nothing after the store, for then stop may return.
 */
HOT_SHARED void scmi__free(struct link *l, struct slot *s, uint32_t w)
{
	scmi__note_freed(l, s);
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
HOT_SHARED void scmi__drop(struct link *l, struct slot *s, uint32_t holds)
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

int scmi__send_careful(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits);
int scmi__queue_again(struct link *l, struct slot *s, struct scmi_call *call);
uint32_t scmi__call_header(const struct link *l, struct slot *s, const struct scmi_call *call, uint32_t w);
void scmi__pump(struct link *l);
bool scmi__may_send(const struct link *l);
void scmi__pump_if_due(struct link *l);

/* ---- end.c: ending calls ---- */

static inline bool scmi__claim(struct slot *s, uint32_t *w)
{
	return scmi__swap(s, w, *w | W_CLAIMED);
}

bool scmi__claim_live(struct slot *s);
/*
 * What is left to do when a call has ended, or a message been looked at, as holds: with CALL the done function is this
 * context's to run; else HELD and SENDING are its own to give back; LEFT_TELL: who waits is told. It is left to the
 * function that the transport called, so that no other's frame lies under what comes of it.
 */
#define LEFT_TELL W_OWED_R
void scmi__let_go(struct link *l, struct slot *s, uint32_t left);
uint32_t scmi__finish_with(struct link *l, struct slot *s, int err, uint32_t held);
void scmi__end(struct link *l, struct slot *s, int err, uint32_t held);
void scmi__end_all(struct link *l, int err);
void scmi__forgive(struct link *l, struct slot *s, uint32_t debts);

/* ---- time.c ---- */

uint32_t scmi__tick_after(const struct scmi_agent *a, uint32_t timeout_us, uint64_t deadline_us);
uint32_t scmi__tick_now(const struct scmi_agent *a);
bool scmi__tick_passed(const struct scmi_agent *a, uint32_t tick);
void scmi__lower(struct link *l, uint32_t tick);
int scmi__turn(struct link *l, int max);
uint64_t scmi__slot_deadline(struct link *l, struct slot *s);
uint64_t scmi__link_deadline(struct link *l);

/* ---- wait.c ---- */

bool scmi__await(struct link *l, struct slot *s, uint64_t until_us);
int scmi__await_slot(struct link *l, const struct scmi_call *call);
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
