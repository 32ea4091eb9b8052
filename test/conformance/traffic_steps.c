/* SPDX-License-Identifier: BSD-3-Clause */
/* The generator: what is done, and in which order. */
#include <sched.h>
#include <stdatomic.h>

#include "traffic.h"

#define RESET_EVERY 100u
#define LOOKS       10000u

static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t traffic_pick(uint64_t *random, uint32_t n)
{
	return (uint32_t)((next(random) >> 32) * n >> 32);
}

bool traffic_chance(uint64_t *random, uint32_t percent)
{
	return traffic_pick(random, 100) < percent;
}

static uint32_t pick(struct traffic *t, uint32_t n)
{
	return traffic_pick(&t->random, n);
}

static bool chance(struct traffic *t, uint32_t percent)
{
	return traffic_chance(&t->random, percent);
}

static uint32_t some_flags(struct traffic *t)
{
	const uint32_t kind = pick(t, 10);

	if (kind == 0)
		return SCMI_CALL_FENCE;
	if (kind == 1)
		return SCMI_CALL_URGENT;
	if (kind == 2)
		return SCMI_CALL_URGENT | SCMI_CALL_NOWAIT;
	return kind < 6 ? 0 : SCMI_CALL_NOWAIT;
}

static void submit_some(struct traffic *t, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct traffic_call *c = traffic_take(t);

		if (c == NULL)
			return;
		traffic_call_make(c, &t->random, some_flags(t) | (i + 1u < n ? SCMI_CALL_MORE : 0));
		(void)traffic_submit(c);
	}
}

static void submit_many(struct traffic *t)
{
	struct traffic_call *mine[3];
	struct scmi_call *calls[3];
	uint32_t submitted = 0;
	uint32_t n = 0;
	int err;

	while (n < 3 && (mine[n] = traffic_take(t)) != NULL) {
		traffic_call_make(mine[n], &t->random, 0);
		mine[n]->state = CALL_LIVE;
		calls[n] = &mine[n]->call;
		n++;
	}
	err = scmi_agent_submit_many(t->env.agent, calls, n, &submitted);
	for (uint32_t i = 0; i < n; i++) {
		if (i < submitted)
			t->submitted++;
		else
			(void)traffic_submitted(mine[i], i == submitted ? err : SCMI_E_TIMEOUT);
	}
}

static void call_some(struct traffic *t)
{
	struct traffic_call *c = traffic_take(t);

	if (c == NULL)
		return;
	traffic_call_make(c, &t->random, some_flags(t) | (chance(t, 20) ? SCMI_CALL_POLL : 0));
	traffic_call_and_end(c);
}

static void wait_some(struct traffic *t)
{
	struct traffic_call *c = traffic_take(t);
	int err = SCMI_E_INPROGRESS;

	if (c == NULL)
		return;
	traffic_call_make(c, &t->random, some_flags(t));
	c->call.done = NULL;
	if (!traffic_submit(c))
		return;
	if (chance(t, 50))
		err = scmi_agent_wait_until(t->env.agent, &c->call, t->env.clock.now_us + pick(t, 500));
	if (err == SCMI_E_INPROGRESS && chance(t, 50)) {
		c->cancelled = true;
		c->won = scmi_agent_cancel(t->env.agent, &c->call) == SCMI_OK;
	}
	if (err == SCMI_E_INPROGRESS)
		err = scmi_agent_wait(t->env.agent, &c->call);
	traffic_end(c, err);
}

static void cancel_some(struct traffic *t)
{
	struct traffic_call *c = &t->calls[pick(t, TRAFFIC_CALLS)];
	int err;

	if (c->chains || c->state != CALL_LIVE)
		return;
	c->cancelled = true;
	err = scmi_agent_cancel(t->env.agent, &c->call);
	c->won = err == SCMI_OK;
	if (err != SCMI_OK && err != SCMI_E_INPROGRESS && err != SCMI_E_NOTFOUND)
		traffic_fail(t, "what cancel must not say", err);
}

void traffic_turn_subscriber(struct traffic *t)
{
	struct scmi_agent *agent = t->env.agent;
	int err;

	if ((t->env.transport.caps & SCMI_CAP_NOTIFY) == 0)
		return;
	err = t->subscribed ? scmi_agent_unsubscribe(agent, &t->node) : scmi_agent_subscribe(agent, &t->node);
	if (err != SCMI_OK)
		traffic_fail(t, "a subscriber that is not taken, or not let go", err);
	t->subscribed = !t->subscribed;
}

static void stop_and_start(struct traffic *t)
{
	t->stops = true;
	if (scmi_agent_stop(t->env.agent) != SCMI_OK)
		traffic_fail(t, "a stop that fails", 0);
	for (uint32_t i = 0; i < TRAFFIC_CALLS; i++) {
		if (t->calls[i].state != CALL_FREE && t->calls[i].state != CALL_ENDED)
			traffic_fail(t, "a call that lives on after a stop", 0);
	}
	if (scmi_agent_start(t->env.agent) != SCMI_OK)
		traffic_fail(t, "a start that fails", 0);
}

static void quiesce_and_resume(struct traffic *t)
{
	int err;

	t->stops = true;
	err = scmi_agent_quiesce(t->env.agent, t->env.clock.now_us + pick(t, 1000));
	if (err != SCMI_OK && err != SCMI_E_INPROGRESS)
		traffic_fail(t, "what quiesce must not say", err);
	if (scmi_agent_resume(t->env.agent) != SCMI_OK)
		traffic_fail(t, "a resume that fails", 0);
}

static void lose_peer(struct traffic *t)
{
	struct conf_env *env = &t->env;

	if ((env->kind->traits & CONF_PEER_GOES) == 0 || t->plan.threads != 0)
		return;
	env->kind->peer_stop(env->link);
	if (chance(t, 50))
		submit_some(t, 2);
	if (env->kind->peer_start(env->link) != SCMI_OK)
		traffic_fail(t, "a peer that does not come back", 0);
}

/* Forgives what is owed for messages that were dropped. */
static void reset(struct traffic *t)
{
	int err = SCMI_OK;

	if (chance(t, 50))
		flaky_cut(t->flaky);
	else
		err = scmi_agent_recover(t->env.agent, 0);
	if (err != SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_NOPEER)
		traffic_fail(t, "a recovery that fails", err);
}

static void seldom(struct traffic *t)
{
	switch (pick(t, 8)) {
	case 0:
		stop_and_start(t);
		break;
	case 1:
		t->cancels = true;
		(void)scmi_agent_cancel_all(t->env.agent);
		break;
	case 2:
		quiesce_and_resume(t);
		break;
	case 3:
		lose_peer(t);
		break;
	default:
		traffic_turn_subscriber(t);
		break;
	}
}

static void step(struct traffic *t)
{
	const uint32_t what = pick(t, 100);

	if (what < 30)
		submit_some(t, 1);
	else if (what < 36)
		submit_some(t, 3);
	else if (what < 40)
		submit_many(t);
	else if (what < 48)
		call_some(t);
	else if (what < 54)
		wait_some(t);
	else if (what < 60)
		cancel_some(t);
	else if (what < 76)
		(void)traffic_platform_turn(t, 4);
	else if (what < 82)
		traffic_notify(t);
	else if (what < 96)
		(void)scmi_agent_poll(t->env.agent, 1 + (int)pick(t, 8));
	else if (what < 98)
		conf_clock_advance(&t->env.clock, pick(t, 300));
	else
		seldom(t);
}

void traffic_generate(struct traffic *t)
{
	for (uint32_t i = 0; i < t->plan.threads; i++) {
		t->callers[i].c.t = t;
		t->callers[i].random = t->plan.faults.seed + i + 1u;
		conf_thread_start(&t->callers[i].thread, &t->env, traffic_caller, &t->callers[i]);
	}
	for (uint32_t i = 1; i <= t->plan.steps; i++) {
		step(t);
		if (i % RESET_EVERY == 0)
			reset(t);
	}
}
