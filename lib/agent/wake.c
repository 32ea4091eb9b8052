/* SPDX-License-Identifier: BSD-3-Clause */
/* Waking who waits: the rules are told in wait.c. */
#include "internal.h"

/* Wakes a waiter, wherever it sleeps. */
void scmi__wake(struct link *l, uint32_t waiter)
{
	uint32_t lead = atomic_load_explicit(&l->lead, memory_order_seq_cst);

	if ((lead & ~LEAD_AWAKE) != waiter + 1u || (l->transport.caps & SCMI_CAP_WAIT) == 0) {
		waiter_signal(l->agent, waiter);
		return;
	}
	/*
	 * It leads. If it is at work, delivering this perhaps, it looks before it sleeps; and before it would follow.
	 */
	if ((lead & LEAD_AWAKE) == 0)
		l->transport.ops->wake(l->transport.ctx);
}

/* A deadline has been lowered, or work left to a poll: whoever leads, or a loop of the user's, may sleep past it. */
void scmi__kick(struct link *l)
{
	uint32_t lead = atomic_load_explicit(&l->lead, memory_order_seq_cst);

	if (lead != 0)
		scmi__wake(l, (lead & ~LEAD_AWAKE) - 1u);
	/* A visitor meanwhile, so that it does not run when stop has returned. */
	if (l->agent->wake != NULL && scmi__enter(l)) {
		l->agent->wake(l->agent->wake_arg);
		scmi__leave(l);
	}
}

/* Of those who want just this, the one that has waited longest; WAITER_NONE: nobody does. */
static uint32_t oldest_hungry(struct scmi_agent *a, uint32_t wanted)
{
	uint32_t now = atomic_load_explicit(&a->arrivals, memory_order_relaxed);
	uint32_t oldest = WAITER_NONE;
	uint32_t age = 0;

	for (uint32_t i = 0; i < a->waiter_count; i++) {
		struct waiter *w = waiter_at(a, i);

		if (atomic_load_explicit(&w->wants, memory_order_seq_cst) == wanted &&
		    (oldest == WAITER_NONE || now - atomic_load_explicit(&w->since, memory_order_relaxed) > age)) {
			age = now - atomic_load_explicit(&w->since, memory_order_relaxed);
			oldest = i;
		}
	}
	return oldest;
}

/*
 * One of those who wait for a slot of this link; it wakes the next if it gets one. Urgent calls first: they can take
 * any slot, the others not a reserved one.
 */
void scmi__wake_hungry(struct link *l)
{
	uint32_t waiter = oldest_hungry(l->agent, (l->index + 1u) | WANTS_URGENT);

	if (waiter == WAITER_NONE)
		waiter = oldest_hungry(l->agent, l->index + 1u);
	if (waiter == WAITER_NONE)
		return;
	atomic_store_explicit(&waiter_at(l->agent, waiter)->wants, 0u, memory_order_seq_cst);
	scmi__wake(l, waiter);
}

/* A gate has been closed: all look again. */
void scmi__wake_all(struct scmi_agent *a)
{
	for (uint32_t i = 0; i < a->links_n; i++) {
		struct link *l = &a->links[i];
		uint32_t lead = atomic_load_explicit(&l->lead, memory_order_seq_cst);

		if (lead != 0)
			scmi__wake(l, (lead & ~LEAD_AWAKE) - 1u);
	}
	for (uint32_t i = 0; i < a->waiter_count; i++)
		waiter_signal(a, i);
}
