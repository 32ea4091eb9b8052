/* SPDX-License-Identifier: BSD-3-Clause */
/* Taking slots and giving them back, where the short way does not do. */
#include "internal.h"

/* One group's slots, from its cursor on. The slots behind the last whole group are a group of their own. */
static uint32_t take_in(struct scmi_agent *a, uint32_t group, uint32_t *life)
{
	struct slot *first = &a->slots[group * GROUP];
	uint32_t n = a->limit - group * GROUP;
	uint32_t k = atomic_load_explicit(&first->cursor, memory_order_relaxed);

	if (n > GROUP)
		n = GROUP;
	for (uint32_t i = 0; i < n; i++) {
		struct slot *s = first + k;

		k = k + 1u < n ? k + 1u : 0u;
		if (try_slot(a, s, life)) {
			atomic_store_explicit(&first->cursor, (uint8_t)(k & a->cursor_mask), memory_order_relaxed);
			return slot_index(a, s);
		}
	}
	return SLOT_NONE;
}

/*
 * The first slot that the caller would have liked is taken: the others of its group, then the slot that was freed last,
 * then all. Returns its index; SLOT_NONE: none is free.
 */
uint32_t scmi__take_elsewhere(struct scmi_agent *a, uint32_t home, uint32_t *life)
{
	uint32_t groups = (a->limit + GROUP - 1u) / GROUP;
	uint32_t index = take_in(a, home, life);
	uint32_t hint;

	if (index != SLOT_NONE)
		return index;
	hint = atomic_load_explicit(&a->freed, memory_order_relaxed);
	/* For so many releases from now on a hint is worth its cost. */
	atomic_store_explicit(&a->crowded, a->limit, memory_order_relaxed);
	if (hint < a->limit && try_slot(a, &a->slots[hint], life))
		return hint;
	for (uint32_t i = 1; i < groups; i++) {
		index = take_in(a, home + i < groups ? home + i : home + i - groups, life);
		if (index != SLOT_NONE)
			return index;
	}
	return SLOT_NONE;
}

/* Others hold the slot too, or did a moment ago. The call's own bits go with CALL. */
void scmi__drop_shared(struct scmi_agent *a, struct slot *s, uint32_t holds)
{
	uint32_t off = (holds & W_CALL) != 0 ? holds | W_WAITER | W_CALLBACK | W_LOOSE : holds;
	uint32_t w = atomic_fetch_and_explicit(&s->word, ~off, memory_order_acq_rel) & ~off;

	if ((w & W_HOLDS) == 0)
		scmi__free(a, s, w);
	else if (a->lateness_us != 0 && word_quarantined(w) && (w & W_STAMPED) == 0)
		scmi__lower(a, scmi__tick_now(a));
}
