/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Waiting, for the end of a call or for a slot, and who drives receive.
 *
 * One waiter of a link at a time leads: it polls the transport, ends what is overdue, and sleeps in the transport (or,
 * where that delivers by itself, on its own event) no longer than the next deadline. The others sleep on events of
 * their own. Who gives up the lead wakes one of them; who leaves while nobody leads passes that on. The order that
 * makes it safe:
 *
 *   ender: sets DONE, then looks who leads,      waiter: leads; says that it is not awake, then looks for DONE,
 *          and whether it is awake                       then sleeps
 *   leaver: gives up the lead, then looks for    waiter: says that it is asleep, then looks for the lead
 *           who is asleep
 *
 * all seq_cst, so of each pair at least one sees the other.
 *
 * A slot is freed by a plain store, which costs the hot path nothing, but may be seen late: whoever frees may then have
 * looked for waiters too early. So who waits for a slot says so, looks at all words, and sleeps without limit only if
 * each of them has yet to be changed by a step that is seq_cst, after which it will be told (word_will_tell()). Else it
 * looks once more after RECHECK_US.
 */
#include "internal.h"

#define CLOCK_EVERY 16u /* turns of a spin */
#define RECHECK_US  1000u

/* What a waiter waits for. */
struct goal {
	struct link *l;
	struct slot *s;               /* the end of the call in it; NULL: a slot */
	const struct scmi_call *call; /* that is to have one */
	uint32_t index;               /* the slot that was got */
	int err;                      /* why there will be none */
	uint32_t waiter;              /* our entry */
	uint64_t until_us;
};

static bool ended(struct slot *s)
{
	return word_ended(atomic_load_explicit(&s->word, memory_order_seq_cst));
}

static bool try_any(struct goal *g)
{
	g->index = scmi__take(g->l, g->call);
	if (g->index == SLOT_NONE && (g->call->flags & SCMI_CALL_URGENT) != 0)
		g->index = scmi__take_reserved(g->l);
	return g->index != SLOT_NONE;
}

static bool is_open(uint32_t gate)
{
	return gate_state(gate) == LINK_UP && (gate & GATE_QUIET) == 0;
}

static uint32_t wants(const struct goal *g)
{
	return (g->l->index + 1u) | ((g->call->flags & SCMI_CALL_URGENT) != 0 ? WANTS_URGENT : 0u);
}

static bool got_slot(struct goal *g)
{
	uint32_t gate;

	if (g->err != SCMI_OK || g->index != SLOT_NONE)
		return true;
	/* Said again each time, for whoever wakes us takes it off: before the look at the words. */
	if (g->waiter != WAITER_NONE)
		atomic_store_explicit(&waiter_at(g->l->agent, g->waiter)->wants, wants(g), memory_order_seq_cst);
	gate = atomic_load_explicit(&g->l->gate, memory_order_seq_cst);
	if (!is_open(gate)) {
		g->err = scmi__closed(gate);
		return true;
	}
	return try_any(g);
}

static bool reached(struct goal *g)
{
	return g->s != NULL ? ended(g->s) : got_slot(g);
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
		/* seq_cst: before it is said that we sleep, and the look for the lead, see pass_on(). */
	} while (!atomic_compare_exchange_weak_explicit(&a->waiters_used, &used, used | 1u << i, memory_order_seq_cst,
							memory_order_relaxed));
	a->port->event_clear(a->port->ctx, waiter_event(a, i));
	return i;
}

static void give_waiter(struct scmi_agent *a, uint32_t i)
{
	/* Not WAITER_NONE. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	fetch_and(&a->waiters_used, ~(1u << i), memory_order_release);
}

static bool take_lead(struct goal *g)
{
	uint32_t none = 0;

	return !g->l->agent->passive &&
	       atomic_compare_exchange_strong_explicit(&g->l->lead, &none, (g->waiter + 1u) | LEAD_AWAKE,
						       memory_order_seq_cst, memory_order_seq_cst);
}

/* Nobody leads: one of those who sleep, other waiters than `mine`, may. seq_cst: after the lead was given up. */
static void pass_on(struct link *l, uint32_t mine)
{
	struct scmi_agent *a = l->agent;
	/* Not WAITER_NONE. NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
	uint32_t others = atomic_load_explicit(&a->waiters_used, memory_order_seq_cst) & ~(1u << mine);

	if (others == 0 || atomic_load_explicit(&l->lead, memory_order_seq_cst) != 0)
		return;
	for (uint32_t i = 0; i < a->waiter_count && others >> i != 0; i++) {
		if (atomic_load_explicit(&waiter_at(a, i)->asleep, memory_order_seq_cst) == l->index + 1u) {
			waiter_signal(a, i);
			return;
		}
	}
}

static void leave_lead(const struct goal *g)
{
	atomic_store_explicit(&g->l->lead, 0u, memory_order_seq_cst);
	pass_on(g->l, g->waiter);
}

static bool is_over(const struct goal *g)
{
	return g->until_us != SCMI_NEVER && now_us(g->l->agent) >= g->until_us;
}

/* How long we may sleep at most. */
static uint64_t limit_us(const struct goal *g, uint64_t next_us)
{
	uint64_t end_us = next_us < g->until_us ? next_us : g->until_us;
	uint64_t recheck_us;

	if (g->s != NULL)
		return end_us;
	for (uint32_t i = 0; i < ((g->call->flags & SCMI_CALL_URGENT) != 0 ? g->l->limit : g->l->ordinary); i++) {
		if (!word_will_tell(atomic_load_explicit(&g->l->slots[i].word, memory_order_seq_cst))) {
			recheck_us = now_us(g->l->agent) + RECHECK_US;
			return recheck_us < end_us ? recheck_us : end_us;
		}
	}
	return end_us;
}

static OWN_FRAME void lead_sleep(const struct goal *g)
{
	struct scmi_agent *a = g->l->agent;
	struct scmi_transport *t = &g->l->transport;
	uint64_t end_us = limit_us(g, scmi__link_deadline(g->l));

	if ((t->caps & SCMI_CAP_WAIT) != 0)
		t->ops->wait(t->ctx, end_us);
	else if ((t->caps & SCMI_CAP_IRQ) != 0 || (t->caps & SCMI_CAP_POLL) == 0)
		(void)a->port->event_wait(a->port->ctx, waiter_event(a, g->waiter), end_us);
	else
		relax(a);
}

/* Who has something for us looks whether we are awake; we say that we are not, then look. */
static void set_awake(const struct goal *g, uint32_t awake)
{
	atomic_store_explicit(&g->l->lead, (g->waiter + 1u) | awake, memory_order_seq_cst);
}

/* A poll that reads no clock: what has come may be all that we wait for. Returns how many messages that were. */
static int glance(const struct goal *g)
{
	const struct scmi_transport *t = &g->l->transport;

	scmi__pump_if_due(g->l); /* before the goal, which may be reached: nobody else may come */
	return (t->caps & SCMI_CAP_POLL) != 0 ? t->ops->poll(t->ctx, POLL_BATCH) : 0;
}

/* Drives receive until our goal is reached or our time is over. */
static OWN_FRAME void lead(struct goal *g)
{
	for (;;) {
		int n = glance(g);

		if (reached(g))
			return;
		n += scmi__turn(g->l, POLL_BATCH);
		if (reached(g) || is_over(g))
			return;
		if (n > 0)
			continue;
		set_awake(g, 0);
		if (!reached(g) && atomic_load_explicit(&g->l->due, memory_order_seq_cst) == 0)
			lead_sleep(g);
		set_awake(g, LEAD_AWAKE);
	}
}

/* Sleeps until our goal is reached, the lead is free, or our time is over: only then the result is not SCMI_OK. */
static OWN_FRAME int sleep_behind(struct goal *g)
{
	struct scmi_agent *a = g->l->agent;
	struct waiter *me = waiter_at(a, g->waiter);
	uint64_t end_us = g->s != NULL ? scmi__slot_deadline(g->l, g->s) : SCMI_NEVER;
	int err = SCMI_OK;

	atomic_store_explicit(&me->asleep, g->l->index + 1u, memory_order_seq_cst);
	if (!reached(g) && (a->passive || atomic_load_explicit(&g->l->lead, memory_order_seq_cst) != 0))
		err = a->port->event_wait(a->port->ctx, waiter_event(a, g->waiter), limit_us(g, end_us));
	atomic_store_explicit(&me->asleep, 0u, memory_order_relaxed);
	return err;
}

static void follow(struct goal *g)
{
	if (sleep_behind(g) == SCMI_OK)
		return;
	/*
	 * Our time is over while the leader is busy elsewhere; or our call is just being ended, by a context that must
	 * run.
	 */
	(void)scmi__turn(g->l, g->l->agent->passive ? 0 : 1);
	if (!reached(g))
		relax(g->l->agent);
}

/* Polls without sleeping: for POLL calls, and for more waiters than there are events. */
static bool poll_until(struct goal *g)
{
	for (;;) {
		(void)glance(g);
		if (reached(g))
			return true;
		(void)scmi__turn(g->l, POLL_BATCH);
		if (reached(g))
			return true;
		if (is_over(g))
			return false;
		relax(g->l->agent);
	}
}

/* Time runs while we spin, ours and that of all calls; but a look at the clock costs more than one at the transport. */
static bool spin(struct goal *g)
{
	struct scmi_transport *t = &g->l->transport;
	int max = g->l->agent->passive ? 0 : 1;

	for (uint32_t turns = g->l->agent->spin_turns; turns != 0 && !reached(g); turns--) {
		if (turns % CLOCK_EVERY != 0) {
			if ((t->caps & SCMI_CAP_POLL) != 0 && max != 0)
				(void)t->ops->poll(t->ctx, max);
		} else {
			(void)scmi__turn(g->l, max);
			if (is_over(g))
				break;
		}
		if (!reached(g))
			relax(g->l->agent);
	}
	return reached(g);
}

static void sleep_until(struct goal *g)
{
	bool over = false;

	while (!reached(g) && !over) {
		if (take_lead(g)) {
			lead(g);
			leave_lead(g);
		} else {
			follow(g);
		}
		over = is_over(g);
	}
	pass_on(g->l, g->waiter);
}

/*
 * Our time is over, the call lives on. Not so once it is claimed: its ender may have read our event already, and
 * another registration would give the word the very value that the ender has seen. Then its end is a few steps away.
 */
static void unregister(struct link *l, struct slot *s)
{
	uint32_t w = fetch_and(&s->word, ~W_WAITER, memory_order_seq_cst);

	while ((w & W_CLAIMED) != 0 && !ended(s))
		relax(l->agent);
}

/* Waits for the end of a call whose CALL is ours. Returns whether it has ended; false only once until_us has come. */
bool scmi__await(struct link *l, struct slot *s, uint64_t until_us)
{
	struct scmi_call *call = s->call;
	struct goal g = {.l = l, .s = s, .waiter = WAITER_NONE, .until_us = until_us};

	if (spin(&g))
		return true;
	if ((call->flags & SCMI_CALL_POLL) == 0)
		g.waiter = take_waiter(l->agent);
	if (g.waiter == WAITER_NONE)
		return poll_until(&g) || ended(s);
	atomic_store_explicit(scmi__call_waiter(call), g.waiter, memory_order_relaxed);
	/*
	 * The event is written before WAITER says so: pairs with the acquire in the ender's loop. seq_cst: then
	 * ended().
	 */
	fetch_or(&s->word, W_WAITER, memory_order_seq_cst);
	sleep_until(&g);
	if (!ended(s))
		unregister(l, s);
	give_waiter(l->agent, g.waiter);
	return ended(s);
}

static void sleep_for_slot(struct goal *g)
{
	struct scmi_agent *a = g->l->agent;
	uint32_t mine = g->waiter;
	struct waiter *me = waiter_at(a, mine);

	atomic_store_explicit(&me->since, fetch_add(&a->arrivals, 1u, memory_order_relaxed), memory_order_relaxed);
	sleep_until(g);
	atomic_store_explicit(&me->wants, 0u, memory_order_seq_cst);
	give_waiter(a, mine);
}

/*
 * Waits for a slot, for as long as a call may wait in the queue. Returns the slot's index, taken; SCMI_E_TIMEOUT; what a
 * closed gate says.
 */
int scmi__await_slot(struct link *l, const struct scmi_call *call)
{
	struct goal g = {.l = l, .call = call, .index = SLOT_NONE, .waiter = WAITER_NONE};

	/* The transport is not stopped while we drive it. A recovery that held us off may be over already. */
	while (!scmi__enter(l)) {
		const uint32_t gate = atomic_load_explicit(&l->gate, memory_order_relaxed);

		if (!is_open(gate))
			return scmi__closed(gate);
	}
	g.until_us = l->queue_timeout_us == SCMI_FOREVER ? SCMI_NEVER : now_us(l->agent) + l->queue_timeout_us;
	if (call->deadline_us != 0 && call->deadline_us < g.until_us)
		g.until_us = call->deadline_us;
	/* seq_cst: before the look at the words, see word_will_tell(). */
	fetch_add(&l->attention, ATTEND_HUNGRY, memory_order_seq_cst);
	if ((call->flags & SCMI_CALL_POLL) == 0)
		g.waiter = take_waiter(l->agent);
	if (g.waiter == WAITER_NONE)
		(void)poll_until(&g);
	else
		sleep_for_slot(&g);
	fetch_sub(&l->attention, ATTEND_HUNGRY, memory_order_seq_cst);
	/* We may have been woken for a slot and got another, or none: the next in line looks. */
	scmi__tell(l);
	if (g.index == SLOT_NONE) {
		count(l, C_NO_SLOT);
		scmi__ring(l->agent);
		g.err = g.err != SCMI_OK ? g.err : SCMI_E_TIMEOUT;
	}
	/* Nothing of the agent is touched after that, unless we have got a slot: stop may return. */
	scmi__leave(l);
	return g.index != SLOT_NONE ? (int)g.index : g.err;
}

/* Makes the call's waiter us: LOOSE is taken by one. seq_cst: who drops CALL later tells who waits for a slot. */
static struct slot *take_loose(struct scmi_agent *a, struct scmi_call *call)
{
	uint32_t ticket;
	struct slot *s = slot_of_call(a, call, &ticket);
	uint32_t w;

	if (s == NULL)
		return NULL;
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	do {
		if (!holds_call(s, w, call, ticket) || (w & W_LOOSE) == 0)
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w & ~W_LOOSE, memory_order_seq_cst,
							memory_order_acquire));
	return s;
}

int scmi_agent_wait_until(struct scmi_agent *agent, struct scmi_call *call, uint64_t until_us)
{
	struct link *l;
	struct slot *s;
	int err;

	if (agent == NULL || call == NULL || call->size != sizeof(*call) || call->done != NULL)
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	s = take_loose(agent, call);
	if (s == NULL)
		return SCMI_E_INVAL;
	l = link_of(agent, s);
	if (!scmi__await(l, s, until_us)) {
		fetch_or(&s->word, W_LOOSE, memory_order_release);
		return SCMI_E_INPROGRESS;
	}
	err = call->err_;
	scmi__drop(l, s, W_CALL);
	return err;
}

int scmi_agent_wait(struct scmi_agent *agent, struct scmi_call *call)
{
	return scmi_agent_wait_until(agent, call, SCMI_NEVER);
}
