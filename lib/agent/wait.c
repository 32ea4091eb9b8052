/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting, and who drives receive.
 *
 * One waiter at a time leads: it polls the transport, ends what is overdue, and sleeps in the transport (or, where that
 * delivers by itself, on its own event) no longer than the next deadline. The others sleep on events of their own. Who
 * gives up the lead wakes one of them; who leaves while nobody leads passes that on. The order that makes it safe:
 *
 *   ender: sets DONE, then looks who leads       waiter: takes the lead, then looks for DONE, then sleeps
 *   leaver: gives up the lead, then looks for    waiter: says that it is asleep, then looks for the lead
 *           who is asleep
 *
 * all seq_cst, so of each pair at least one sees the other.
 */
#include "internal.h"

#define POLL_BATCH  16
#define CLOCK_EVERY 16u /* turns of a spin */

static bool ended(struct slot *s)
{
	return word_ended(atomic_load_explicit(&s->word, memory_order_seq_cst));
}

static uint32_t take_waiter(struct scmi_agent *a)
{
	uint32_t used = atomic_load_explicit(&a->waiters_used, memory_order_relaxed);
	uint32_t i;

	do {
		for (i = 0; i < a->waiter_count && (used & 1u << i) != 0; i++)
			;
		if (i == a->waiter_count)
			return WAITER_NONE;
	} while (!atomic_compare_exchange_weak_explicit(&a->waiters_used, &used, used | 1u << i, memory_order_acquire,
							memory_order_relaxed));
	a->port->event_clear(a->port->ctx, waiter_event(a, i));
	return i;
}

static void give_waiter(struct scmi_agent *a, uint32_t i)
{
	atomic_fetch_and_explicit(&a->waiters_used, ~(1u << i), memory_order_release);
}

/* Wakes a waiter, wherever it sleeps. */
void scmi__wake(struct scmi_agent *a, uint32_t waiter)
{
	if ((a->transport.caps & SCMI_CAP_WAIT) != 0 &&
	    atomic_load_explicit(&a->lead, memory_order_seq_cst) == waiter + 1u)
		a->transport.ops->wake(a->transport.ctx);
	a->port->event_signal(a->port->ctx, waiter_event(a, waiter));
}

/* A deadline has been lowered: a leader may sleep past it. */
void scmi__kick_leader(struct scmi_agent *a)
{
	uint32_t lead = atomic_load_explicit(&a->lead, memory_order_seq_cst);

	if (lead != 0)
		scmi__wake(a, lead - 1u);
}

static bool take_lead(struct scmi_agent *a, uint32_t waiter)
{
	uint32_t none = 0;

	return atomic_compare_exchange_strong_explicit(&a->lead, &none, waiter + 1u, memory_order_seq_cst,
						       memory_order_seq_cst);
}

/* Nobody leads: one of those who sleep may. */
static void pass_on(struct scmi_agent *a)
{
	if (atomic_load_explicit(&a->lead, memory_order_seq_cst) != 0)
		return;
	for (uint32_t i = 0; i < a->waiter_count; i++) {
		if (atomic_load_explicit(&waiter_at(a, i)->asleep, memory_order_seq_cst) != 0) {
			a->port->event_signal(a->port->ctx, waiter_event(a, i));
			return;
		}
	}
}

static void leave_lead(struct scmi_agent *a)
{
	atomic_store_explicit(&a->lead, 0u, memory_order_seq_cst);
	pass_on(a);
}

static bool is_over(struct scmi_agent *a, uint64_t until_us)
{
	return until_us != SCMI_NEVER && a->port->now_us(a->port->ctx) >= until_us;
}

static void lead_sleep(struct scmi_agent *a, uint32_t waiter, uint64_t until_us)
{
	uint64_t next_us = scmi_agent_next_deadline(a);

	if (next_us > until_us)
		next_us = until_us;
	if ((a->transport.caps & SCMI_CAP_WAIT) != 0)
		a->transport.ops->wait(a->transport.ctx, next_us);
	else if ((a->transport.caps & SCMI_CAP_IRQ) != 0 || (a->transport.caps & SCMI_CAP_POLL) == 0)
		(void)a->port->event_wait(a->port->ctx, waiter_event(a, waiter), next_us);
	else
		a->port->relax(a->port->ctx);
}

/* Drives receive until our call has ended or our time is over. */
static void lead(struct scmi_agent *a, struct slot *s, uint32_t waiter, uint64_t until_us)
{
	for (;;) {
		int n = scmi__turn(a, POLL_BATCH);

		if (ended(s) || is_over(a, until_us))
			return;
		if (n <= 0)
			lead_sleep(a, waiter, until_us);
	}
}

/* Sleeps until the call has ended, the lead is free, or our time is over. */
static void follow(struct scmi_agent *a, struct slot *s, uint32_t waiter, uint64_t until_us)
{
	struct waiter *me = waiter_at(a, waiter);
	uint64_t end_us = scmi__next_us(a, atomic_load_explicit(&s->deadline, memory_order_relaxed));
	int err = SCMI_OK;

	if (end_us > until_us)
		end_us = until_us;
	atomic_store_explicit(&me->asleep, 1u, memory_order_seq_cst);
	if (!ended(s) && atomic_load_explicit(&a->lead, memory_order_seq_cst) != 0)
		err = a->port->event_wait(a->port->ctx, waiter_event(a, waiter), end_us);
	atomic_store_explicit(&me->asleep, 0u, memory_order_relaxed);
	if (err == SCMI_OK)
		return;
	/* Our time is over while the leader is busy elsewhere; or our call is just being ended, by a context that must run. */
	(void)scmi__turn(a, 1);
	if (!ended(s))
		a->port->relax(a->port->ctx);
}

/* Polls without sleeping: for POLL calls, and for more waiters than there are events. */
static void poll_until(struct scmi_agent *a, struct slot *s, uint64_t until_us)
{
	for (;;) {
		(void)scmi__turn(a, POLL_BATCH);
		if (ended(s) || is_over(a, until_us))
			return;
		a->port->relax(a->port->ctx);
	}
}

/* Time runs while we spin, ours and that of all calls; but a look at the clock costs more than one at the transport. */
static bool spin(struct scmi_agent *a, struct slot *s, uint64_t until_us)
{
	for (uint32_t turns = a->spin_turns; turns != 0 && !ended(s); turns--) {
		if (turns % CLOCK_EVERY != 0) {
			if ((a->transport.caps & SCMI_CAP_POLL) != 0)
				(void)a->transport.ops->poll(a->transport.ctx, 1);
		} else {
			(void)scmi__turn(a, 1);
			if (is_over(a, until_us))
				break;
		}
		if (!ended(s))
			a->port->relax(a->port->ctx);
	}
	return ended(s);
}

static void sleep_until(struct scmi_agent *a, struct slot *s, struct scmi_call *call, uint32_t waiter,
			uint64_t until_us)
{
	bool over = false;

	atomic_store_explicit(call_waiter(call), waiter, memory_order_relaxed);
	/* The event is written before WAITER says so: pairs with the acquire in the ender's loop. seq_cst: then ended(). */
	atomic_fetch_or_explicit(&s->word, W_WAITER, memory_order_seq_cst);
	while (!ended(s) && !over) {
		if (take_lead(a, waiter)) {
			lead(a, s, waiter, until_us);
			leave_lead(a);
		} else {
			follow(a, s, waiter, until_us);
		}
		over = is_over(a, until_us);
	}
	pass_on(a);
}

/*
 * Our time is over, the call lives on. Not so once it is claimed: its ender may have read our event already, and another
 * registration would give the word the very value that the ender has seen. Then its end is a few steps away.
 */
static void unregister(struct scmi_agent *a, struct slot *s)
{
	uint32_t w = atomic_fetch_and_explicit(&s->word, ~W_WAITER, memory_order_seq_cst);

	while ((w & W_CLAIMED) != 0 && !ended(s))
		a->port->relax(a->port->ctx);
}

/* Waits for the end of a call whose CALL is ours. Returns whether it has ended; false only once until_us has come. */
bool scmi__await(struct scmi_agent *a, struct slot *s, struct scmi_call *call, uint64_t until_us)
{
	uint32_t waiter;

	if (spin(a, s, until_us))
		return true;
	if ((call->flags & SCMI_CALL_POLL) != 0) {
		poll_until(a, s, until_us);
		return ended(s);
	}
	waiter = take_waiter(a);
	if (waiter == WAITER_NONE) {
		poll_until(a, s, until_us);
		return ended(s);
	}
	sleep_until(a, s, call, waiter, until_us);
	if (!ended(s))
		unregister(a, s);
	give_waiter(a, waiter);
	return ended(s);
}
