/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking slots and giving them back. */
#include "internal.h"

/*
 * Threads stay apart: a caller starts in the group of 8 slots that its call's address hashes to, and rotates in it, so
 * that a token comes back no sooner than after 8 * (1024 / slots) commands of one call.
 *
 *   group      0               1               2 ...
 *          |.......X|.......*|..X.....|    X taken or owed, * where the group's next take starts
 */
static uint32_t home_group(const struct scmi_agent *a, const struct scmi_call *call)
{
	uint32_t h = (uint32_t)((uintptr_t)call >> 4) * 0x9e3779b1u;

	return (uint32_t)(((uint64_t)h * a->groups) >> 32);
}

static bool try_slot(struct scmi_agent *a, struct slot *s, uint32_t *w)
{
	uint32_t old = atomic_load_explicit(&s->word, memory_order_relaxed);

	if ((old & W_LOW) != 0)
		return false;
	*w = old + W_EPOCH + (W_CALL | W_SENDING);
	/* seq_cst: before the taker's look at the link's state, against stop's store of it and look at the words. */
	if (!atomic_compare_exchange_strong_explicit(&s->word, &old, *w, memory_order_seq_cst, memory_order_relaxed))
		return false;
	if (*w < W_EPOCH)
		count(a, C_WRAPPED);
	return true;
}

static struct slot *take_in(struct scmi_agent *a, uint32_t group, uint32_t *w)
{
	struct slot *first = &a->slots[group * GROUP];
	uint32_t n = a->limit - group * GROUP;
	uint32_t k = atomic_load_explicit(&first->cursor, memory_order_relaxed);

	if (n > GROUP)
		n = GROUP;
	for (uint32_t i = 0; i < n; i++) {
		struct slot *s = first + k;

		k = k + 1u < n ? k + 1u : 0u;
		if (try_slot(a, s, w)) {
			atomic_store_explicit(&first->cursor, (uint8_t)k, memory_order_relaxed);
			return s;
		}
	}
	return NULL;
}

/* The caller's group is full: the slot that was freed last, then all the others. */
static struct slot *take_elsewhere(struct scmi_agent *a, uint32_t home, uint32_t *w)
{
	uint32_t hint = atomic_load_explicit(&a->freed, memory_order_relaxed);

	atomic_store_explicit(&a->crowded, 1u, memory_order_relaxed);
	if (hint < a->limit && try_slot(a, &a->slots[hint], w))
		return &a->slots[hint];
	for (uint32_t i = 1; i < a->groups; i++) {
		uint32_t group = home + i < a->groups ? home + i : home + i - a->groups;
		struct slot *s = take_in(a, group, w);

		if (s != NULL)
			return s;
	}
	return NULL;
}

/* A free slot, now CALL | SENDING in its next epoch, its word in *w; NULL: all are taken. */
struct slot *scmi__take(struct scmi_agent *a, const struct scmi_call *call, uint32_t *w)
{
	uint32_t home = home_group(a, call);
	struct slot *s = take_in(a, home, w);

	if (s == NULL)
		return take_elsewhere(a, home, w);
	if (atomic_load_explicit(&a->crowded, memory_order_relaxed) != 0)
		atomic_store_explicit(&a->crowded, 0u, memory_order_relaxed);
	return s;
}

/*
 * Drops holds that are the caller's own; the last one frees. Who sees that its holds are the only ones frees with a
 * plain store: receivers need OWED to come in, enders an unclaimed call, takers a free word, so nobody else can write.
 * The call's own bits go with CALL.
 */
void scmi__drop(struct scmi_agent *a, struct slot *s, uint32_t holds)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	if ((w & W_HOLDS) != holds) {
		uint32_t off = (holds & W_CALL) != 0 ? holds | W_WAITER | W_CALLBACK | W_LOOSE : holds;

		w = atomic_fetch_and_explicit(&s->word, ~off, memory_order_acq_rel) & ~off;
		if (a->lateness_us != 0 && word_quarantined(w) && (w & W_STAMPED) == 0)
			scmi__lower(a, scmi__tick_now(a));
		if ((w & W_HOLDS) != 0)
			return;
	}
	if (atomic_load_explicit(&a->crowded, memory_order_relaxed) != 0)
		atomic_store_explicit(&a->freed, slot_index(a, s), memory_order_relaxed);
	/* release: what was read and written in this life comes before the next taker's compare-and-swap. */
	atomic_store_explicit(&s->word, w & ~W_LOW, memory_order_release);
}
