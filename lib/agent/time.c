/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines. Each slot has one, a tick of 4 us; next_deadline is a lower bound of them all, so that a look costs nothing
 * until it passes. A publication of a deadline is seq_cst against the scan: the sender drops SENDING, then lowers the
 * bound; the scan raises the bound to none, then looks at the words. One of the two sees the other.
 */
#include "internal.h"

#define TICK_SHIFT 2

static uint32_t tick_up(uint64_t us)
{
	uint32_t tick = (uint32_t)((us + (1u << TICK_SHIFT) - 1u) >> TICK_SHIFT);

	return tick != TICK_NONE ? tick : TICK_NONE + 1u;
}

static bool passed(uint32_t tick, uint32_t now)
{
	return (int32_t)(now - tick) >= 0;
}

uint32_t scmi__tick_now(struct scmi_agent *a)
{
	return tick_up(a->port->now_us(a->port->ctx));
}

/* The tick at which the call's time is over, counted from now; none if never. */
uint32_t scmi__tick_after(uint64_t now_us, const struct scmi_call *call, uint32_t default_us)
{
	uint32_t timeout_us = call->timeout_us != 0 ? call->timeout_us : default_us;
	uint64_t end_us = timeout_us == SCMI_FOREVER ? SCMI_NEVER : now_us + timeout_us;

	if (call->deadline_us != 0 && call->deadline_us < end_us)
		end_us = call->deadline_us > now_us ? call->deadline_us : now_us;
	return end_us == SCMI_NEVER ? TICK_NONE : tick_up(end_us);
}

/* Lowers the bound, and wakes a leader that sleeps past it. */
void scmi__lower(struct scmi_agent *a, uint32_t tick)
{
	uint32_t seen = atomic_load_explicit(&a->next_deadline, memory_order_seq_cst);

	if (tick == TICK_NONE)
		return;
	do {
		if (seen != TICK_NONE && (int32_t)(tick - seen) >= 0)
			return;
	} while (!atomic_compare_exchange_weak_explicit(&a->next_deadline, &seen, tick, memory_order_seq_cst,
							memory_order_seq_cst));
	scmi__kick_leader(a);
}

static uint32_t earlier(uint32_t a, uint32_t b)
{
	if (a == TICK_NONE)
		return b;
	return b == TICK_NONE || (int32_t)(a - b) < 0 ? a : b;
}

/*
 * Stamps the end of a quarantine. SENDING is taken meanwhile, for only its owner may write a deadline: without it the
 * reply could come, and the store hit the slot's next life.
 */
static uint32_t stamp_quarantine(struct scmi_agent *a, struct slot *s, uint32_t w, uint32_t now)
{
	/* By a fresh look at the clock: the call may have ended while this turn polled. */
	uint32_t end = scmi__tick_now(a) + (a->lateness_us >> TICK_SHIFT) + 1u;

	if (end == TICK_NONE)
		end++;
	if (!atomic_compare_exchange_strong_explicit(&s->word, &w, w | W_SENDING, memory_order_acq_rel,
						     memory_order_relaxed))
		return now; /* it has changed: look again at once */
	atomic_store_explicit(&s->deadline, end, memory_order_relaxed);
	atomic_fetch_or_explicit(&s->word, W_STAMPED, memory_order_relaxed);
	scmi__drop(a, s, W_SENDING);
	return end;
}

/* A slot whose call is over: its quarantine is stamped at the first look, and the debt written off when it has run out. */
static uint32_t look_quarantined(struct scmi_agent *a, struct slot *s, uint32_t w, uint32_t now)
{
	uint32_t end = atomic_load_explicit(&s->deadline, memory_order_relaxed);

	if ((w & W_STAMPED) == 0)
		return stamp_quarantine(a, s, w, now);
	if (!passed(end, now))
		return end;
	if (atomic_compare_exchange_strong_explicit(&s->word, &w, w & ~W_LOW, memory_order_acq_rel,
						    memory_order_relaxed)) {
		count(a, C_EXPIRED);
		count(a, C_UNANSWERED);
	}
	return TICK_NONE;
}

/* One slot: ends its call if its time is over. Returns the deadline that remains. */
static uint32_t look(struct scmi_agent *a, struct slot *s, uint32_t now)
{
	for (;;) {
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);
		uint32_t end;

		if (word_quarantined(w) && a->lateness_us != 0)
			return look_quarantined(a, s, w, now);
		/* While SENDING stands the deadline is not there yet; the sender will lower the bound. */
		if (!word_claimable(w) || (w & W_SENDING) != 0)
			return TICK_NONE;
		end = atomic_load_explicit(&s->deadline, memory_order_relaxed);
		if (end == TICK_NONE || !passed(end, now))
			return end;
		/* By the exact word under which the deadline was read; else both are read again. */
		if (atomic_compare_exchange_strong_explicit(&s->word, &w, w | W_CLAIMED, memory_order_acq_rel,
							    memory_order_relaxed)) {
			scmi__end(a, s, SCMI_E_TIMEOUT, 0);
			return TICK_NONE;
		}
	}
}

static void scan(struct scmi_agent *a, uint32_t now)
{
	uint32_t least = TICK_NONE;

	atomic_store_explicit(&a->next_deadline, TICK_NONE, memory_order_seq_cst);
	for (uint32_t i = 0; i < a->limit; i++)
		least = earlier(least, look(a, &a->slots[i], now));
	scmi__lower(a, least);
}

/*
 * One turn: what has come, then whose time is over by a clock that was read before: a reply that was there in time is
 * never refused for one that nobody had looked for. Returns how many messages were taken.
 */
int scmi__turn(struct scmi_agent *a, int max)
{
	uint32_t next = atomic_load_explicit(&a->next_deadline, memory_order_seq_cst);
	uint32_t now = next != TICK_NONE ? (uint32_t)(a->port->now_us(a->port->ctx) >> TICK_SHIFT) : 0u;
	bool due = next != TICK_NONE && passed(next, now);
	int n = 0;

	if ((a->transport.caps & SCMI_CAP_POLL) != 0) {
		/* Before anybody is timed out, all that can be there: every slot's reply. */
		int all = due && max < (int)a->limit ? (int)a->limit : max;

		n = a->transport.ops->poll(a->transport.ctx, all);
	}
	if (due)
		scan(a, now);
	return n;
}

/* A tick as time of the port's clock. */
uint64_t scmi__next_us(struct scmi_agent *a, uint32_t tick)
{
	uint64_t now_us;
	int64_t ahead;

	if (tick == TICK_NONE)
		return SCMI_NEVER;
	now_us = a->port->now_us(a->port->ctx);
	ahead = (int64_t)(int32_t)(tick - (uint32_t)(now_us >> TICK_SHIFT)) * (1 << TICK_SHIFT);
	now_us &= ~(uint64_t)((1u << TICK_SHIFT) - 1u);
	return ahead < 0 && (uint64_t)-ahead > now_us ? 0 : now_us + (uint64_t)ahead;
}

uint64_t scmi_agent_next_deadline(struct scmi_agent *agent)
{
	if (atomic_load_explicit(&agent->state, memory_order_relaxed) == LINK_STOPPED)
		return SCMI_NEVER;
	return scmi__next_us(agent, atomic_load_explicit(&agent->next_deadline, memory_order_seq_cst));
}

int scmi_agent_poll(struct scmi_agent *agent, int max)
{
	int n;

	if (max <= 0 || scmi__frame_here(agent) != NULL)
		return 0;
	if (!scmi__enter(agent))
		return 0;
	n = scmi__turn(agent, max);
	if (agent->deferred && atomic_load_explicit(&agent->put_off, memory_order_relaxed) != 0) {
		int ran = scmi__run_put_off(agent);

		n += ran > 0 ? ran : 0;
	}
	scmi__leave(agent);
	return n;
}
