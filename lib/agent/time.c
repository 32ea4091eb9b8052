/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Deadlines. Each slot has one, a tick of 4 us; next_deadline is a lower bound of them all, so that a look costs
 * nothing until it passes. A publication of a deadline is seq_cst against the scan: the sender drops SENDING, then
 * lowers the bound; the scan raises the bound to none, then looks at the words. One of the two sees the other.
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

uint32_t scmi__tick_now(const struct scmi_agent *a)
{
	return tick_up(now_us(a));
}

bool scmi__tick_passed(const struct scmi_agent *a, uint32_t tick)
{
	return tick != TICK_NONE && passed(tick, (uint32_t)(now_us(a) >> TICK_SHIFT));
}

/* The tick at which a time is over that begins now, or earlier at the deadline, if there is one; none if never. */
uint32_t scmi__tick_after(const struct scmi_agent *a, uint32_t timeout_us, uint64_t deadline_us)
{
	uint64_t now;
	uint64_t end_us;

	if (timeout_us == SCMI_FOREVER && deadline_us == 0)
		return TICK_NONE;
	now = now_us(a);
	end_us = timeout_us == SCMI_FOREVER ? SCMI_NEVER : now + timeout_us;
	if (deadline_us != 0 && deadline_us < end_us)
		end_us = deadline_us > now ? deadline_us : now;
	return tick_up(end_us);
}

/* Lowers the bound, and wakes whoever sleeps past it. */
void scmi__lower(struct link *l, uint32_t tick)
{
	uint32_t seen = atomic_load_explicit(&l->next_deadline, memory_order_seq_cst);

	if (tick == TICK_NONE)
		return;
	do {
		if (seen != TICK_NONE && (int32_t)(tick - seen) >= 0)
			return;
	} while (!atomic_compare_exchange_weak_explicit(&l->next_deadline, &seen, tick, memory_order_seq_cst,
							memory_order_seq_cst));
	scmi__kick(l);
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
static uint32_t stamp_quarantine(struct link *l, struct slot *s, uint32_t w, uint32_t now)
{
	/* By a fresh look at the clock: the call may have ended while this turn polled. */
	uint32_t end = scmi__tick_now(l->agent) + (l->lateness_us >> TICK_SHIFT) + 1u;

	if (end == TICK_NONE)
		end++;
	if (!atomic_compare_exchange_strong_explicit(&s->word, &w, w | W_SENDING, memory_order_acq_rel,
						     memory_order_relaxed))
		return now; /* it has changed: look again at once */
	atomic_store_explicit(&s->deadline, end, memory_order_relaxed);
	fetch_or(&s->word, W_STAMPED, memory_order_relaxed);
	scmi__drop(l, s, W_SENDING);
	return end;
}

/*
 * A slot whose call is over: its quarantine is stamped at the first look, and the debt written off when it has run out.
 */
static uint32_t look_quarantined(struct link *l, struct slot *s, uint32_t w, uint32_t now)
{
	uint32_t end = atomic_load_explicit(&s->deadline, memory_order_relaxed);

	if ((w & W_STAMPED) == 0)
		return stamp_quarantine(l, s, w, now);
	if (!passed(end, now))
		return end;
	/* seq_cst: before scmi__tell(), against a context that waits for a slot. */
	if (!atomic_compare_exchange_strong_explicit(&s->word, &w, w & ~W_LOW, memory_order_seq_cst,
						     memory_order_relaxed))
		return now; /* one of two debts has been settled: look again at once */
	count(l, C_EXPIRED);
	count_debts(l, w);
	scmi__tell(l);
	return TICK_NONE;
}

/* One slot: ends its call if its time is over. Returns the deadline that remains. */
static uint32_t look(struct link *l, struct slot *s, uint32_t now, int *ended)
{
	for (;;) {
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);
		uint32_t end;

		if (word_quarantined(w) && l->lateness_us != 0)
			return look_quarantined(l, s, w, now);
		/* While SENDING stands the deadline is not there yet; the sender will lower the bound. */
		if (!word_claimable(w) || (w & W_SENDING) != 0)
			return TICK_NONE;
		end = atomic_load_explicit(&s->deadline, memory_order_relaxed);
		if (end == TICK_NONE || !passed(end, now))
			return end;
		/* By the exact word under which the deadline was read; else both are read again. */
		if (scmi__claim(s, &w)) {
			(*ended)++;
			scmi__end(l, s, SCMI_E_TIMEOUT, 0);
			return TICK_NONE;
		}
	}
}

/* Returns how many calls it has ended. */
static OWN_FRAME int scan(struct link *l, uint32_t now)
{
	uint32_t least = TICK_NONE;
	int ended = 0;

	atomic_store_explicit(&l->next_deadline, TICK_NONE, memory_order_seq_cst);
	for (uint32_t i = 0; i < l->limit; i++)
		least = earlier(least, look(l, &l->slots[i], now, &ended));
	scmi__lower(l, least);
	return ended;
}

/*
 * One turn: what has come, then whose time is over by a clock that was read before: a reply that was there in time is
 * never refused for one that nobody had looked for. Returns how many messages were taken and calls ended.
 * max 0: nothing is taken, for a caller that is not to receive.
 */
int scmi__turn(struct link *l, int max)
{
	uint32_t next = atomic_load_explicit(&l->next_deadline, memory_order_seq_cst);
	uint32_t now = next != TICK_NONE ? (uint32_t)(now_us(l->agent) >> TICK_SHIFT) : 0u;
	bool due = next != TICK_NONE && passed(next, now);
	int n = 0;

	scmi__pump_if_due(l);
	if ((l->transport.caps & SCMI_CAP_POLL) != 0 && max != 0) {
		/* Before anybody is timed out, all that can be there: every slot's reply. */
		int all = due && max < (int)l->limit ? (int)l->limit : max;

		n = l->transport.ops->poll(l->transport.ctx, all);
	}
	return due ? n + scan(l, now) : n;
}

/* When this tick comes, as time of the port's clock. */
static uint64_t time_of(const struct scmi_agent *a, uint32_t tick)
{
	uint64_t now;
	int64_t ahead;

	if (tick == TICK_NONE)
		return SCMI_NEVER;
	now = now_us(a);
	ahead = (int64_t)(int32_t)(tick - (uint32_t)(now >> TICK_SHIFT)) * (1 << TICK_SHIFT);
	now &= ~(uint64_t)((1u << TICK_SHIFT) - 1u);
	return ahead < 0 && (uint64_t)-ahead > now ? 0 : now + (uint64_t)ahead;
}

uint64_t scmi__slot_deadline(struct link *l, struct slot *s)
{
	return time_of(l->agent, atomic_load_explicit(&s->deadline, memory_order_relaxed));
}

uint64_t scmi__link_deadline(struct link *l)
{
	return time_of(l->agent, atomic_load_explicit(&l->next_deadline, memory_order_seq_cst));
}

/* When a poll has something to do for this link: all, or where it cannot enter, to recover it. */
static uint64_t poll_deadline(struct link *l)
{
	uint32_t state = gate_state(atomic_load_explicit(&l->gate, memory_order_relaxed));
	uint64_t retry_us = time_of(l->agent, atomic_load_explicit(&l->retry, memory_order_seq_cst));
	uint64_t next_us;

	if (state == LINK_STOPPED)
		return SCMI_NEVER;
	if (state != LINK_UP && state != LINK_DOWN)
		return retry_us;
	if (atomic_load_explicit(&l->due, memory_order_seq_cst) != 0)
		return 0;
	next_us = scmi__link_deadline(l);
	return retry_us < next_us ? retry_us : next_us;
}

uint64_t scmi_agent_next_deadline(struct scmi_agent *agent)
{
	uint64_t least = SCMI_NEVER;

	if (agent->deferred && scmi__any_put_off(agent))
		return 0;
	for (uint32_t i = 0; i < agent->links_n; i++) {
		uint64_t next_us = poll_deadline(&agent->links[i]);

		least = next_us < least ? next_us : least;
	}
	return least;
}

static int poll_links(struct scmi_agent *a, int max)
{
	int n = 0;

	for (uint32_t i = 0; i < a->links_n; i++) {
		struct link *l = &a->links[i];

		if (scmi__enter(l)) {
			n += scmi__turn(l, max);
			scmi__leave(l);
		}
		scmi__recover_if_due(l);
	}
	if (a->deferred && scmi__any_put_off(a)) {
		int ran = scmi__run_put_off(a);

		n += ran > 0 ? ran : 0;
	}
	return n;
}

int scmi_agent_poll(struct scmi_agent *agent, int max)
{
	int n = 0;

	if (max <= 0 || scmi__frame_here(agent) != NULL)
		return 0;
	/* seq_cst: counted before the look; stop closes the gates before it looks at the count. */
	fetch_add(&agent->visitors, 1u, memory_order_seq_cst);
	if (gate_state(atomic_load_explicit(&agent->links[0].gate, memory_order_seq_cst)) != LINK_STOPPED)
		n = poll_links(agent, max);
	fetch_sub(&agent->visitors, 1u, memory_order_seq_cst);
	return n;
}
