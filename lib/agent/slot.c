/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking slots and giving them back, where the short way does not do. */
#include "internal.h"

extern inline _Atomic uint32_t *scmi__call_waiter(struct scmi_call *call);
extern inline uint32_t scmi__registered(struct scmi_call *call, uint32_t w);
extern inline bool scmi__swap(struct slot *s, uint32_t *w, uint32_t n);
extern inline bool scmi__try_slot(struct link *l, struct slot *s);
extern inline uint32_t scmi__take(struct link *l, const struct scmi_call *call);
extern inline void scmi__tell(struct link *l);
extern inline void scmi__note_freed(struct link *l, const struct slot *s);
extern inline void scmi__free(struct link *l, struct slot *s, uint32_t w);
extern inline void scmi__drop(struct link *l, struct slot *s, uint32_t holds);

static struct slot *take_between(struct link *l, struct slot *s, const struct slot *end)
{
	for (; s != end; s++) {
		if ((atomic_load_explicit(&s->word, memory_order_relaxed) & W_LOW) == 0 && scmi__try_slot(l, s))
			return s;
	}
	return NULL;
}

/* One group's slots, from its cursor on. The slots behind the last whole group are a group of their own. */
static uint32_t take_in(struct link *l, uint32_t group)
{
	struct slot *first = &l->slots[group * GROUP];
	uint32_t n = l->ordinary - group * GROUP;
	uint32_t k = atomic_load_explicit(&first->cursor, memory_order_relaxed);
	struct slot *s = take_between(l, first + k, first + (n < GROUP ? n : GROUP));

	if (s == NULL)
		s = take_between(l, first, first + k);
	if (s == NULL)
		return SLOT_NONE;
	atomic_store_explicit(&first->cursor, (uint8_t)((uint32_t)(s - first + 1) & l->cursor_mask),
			      memory_order_relaxed);
	return slot_index(l, s);
}

/* The slot that was freed last, if it is still free. */
static uint32_t take_hint(struct link *l)
{
	uint32_t hint = atomic_load_explicit(&l->freed, memory_order_relaxed);

	return hint < l->ordinary && scmi__try_slot(l, &l->slots[hint]) ? hint : SLOT_NONE;
}

static uint32_t take_any(struct link *l, uint32_t home)
{
	uint32_t groups = (l->ordinary + GROUP - 1u) / GROUP;
	uint32_t index = SLOT_NONE;

	for (uint32_t i = 1; i < groups && index == SLOT_NONE; i++)
		index = take_in(l, home + i < groups ? home + i : home + i - groups);
	return index;
}

/*
 * The first slot that the caller would have liked is taken: the others of its group, then the slot that was freed last,
 * then all. Where groups have been full of late the freed slot goes first, so that a full pool costs no search. Returns
 * the index; SLOT_NONE: none is free.
 */
uint32_t scmi__take_elsewhere(struct link *l, uint32_t home)
{
	uint32_t index = SLOT_NONE;

	if (atomic_load_explicit(&l->crowded, memory_order_relaxed) != 0)
		index = take_hint(l);
	if (index == SLOT_NONE)
		index = take_in(l, home);
	if (index != SLOT_NONE)
		return index;
	/* For so many releases from now on a hint is worth its cost. */
	atomic_store_explicit(&l->crowded, l->limit, memory_order_relaxed);
	return take_any(l, home);
}

/* For an urgent call: the slots that others must not take. */
uint32_t scmi__take_reserved(struct link *l)
{
	struct slot *s = take_between(l, l->slots + l->ordinary, l->slots + l->limit);

	return s != NULL ? slot_index(l, s) : SLOT_NONE;
}

/* A visitor meanwhile: stop sees the free slot, and then waits for us. */
void scmi__free_and_tell(struct link *l, struct slot *s, uint32_t w)
{
	fetch_add(&l->visitors, 1u, memory_order_relaxed);
	atomic_store_explicit(&s->word, w & ~W_LOW, memory_order_release);
	scmi__attend(l);
	scmi__leave(l);
}

/* Others hold the slot too, or did a moment ago. The call's own bits go with CALL. */
void scmi__drop_shared(struct link *l, struct slot *s, uint32_t holds)
{
	uint32_t off = (holds & W_CALL) != 0 ? holds | W_WAITER | W_CALLBACK | W_LOOSE : holds;
	uint32_t w;

	fetch_add(&l->visitors, 1u, memory_order_relaxed);
	/* seq_cst: where a quarantine begins the bound is lowered after it, as in leave_sending(). */
	w = fetch_and(&s->word, ~off, memory_order_seq_cst) & ~off;
	if ((w & W_HOLDS) == 0) {
		scmi__note_freed(l, s);
		/* release: as in scmi__free(). */
		atomic_store_explicit(&s->word, w & ~W_LOW, memory_order_release);
	} else if (l->lateness_us != 0 && word_quarantined(w)) {
		scmi__lower(l, (w & W_STAMPED) != 0 ? atomic_load_explicit(&s->deadline, memory_order_relaxed)
						    : scmi__tick_now(l->agent));
	}
	scmi__tell(l);
	scmi__leave(l);
}

/* Somebody waits for a slot, or a fence for calls to end. */
void scmi__attend(struct link *l)
{
	/* Read where the knob is on. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores) */
	uint32_t attention = atomic_load_explicit(&l->attention, memory_order_relaxed);

	if (WITH_QUEUE && attention >= ATTEND_HUNGRY)
		scmi__wake_hungry(l);
	if (WITH_QUEUE && (attention & ATTEND_FENCE) != 0)
		scmi__pump(l);
}
