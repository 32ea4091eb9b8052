/* SPDX-License-Identifier: BSD-3-Clause */
/* One run: how it is made, and what must hold when it is over. */
#define _POSIX_C_SOURCE 200809L
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../support/hang.h"
#include "traffic.h"

#define STEP_US  50u   /* how time passes where somebody waits */
#define SLICE_US 100u  /* of real time that passes with it, where there are several threads */
#define QUEUE_US 2000u /* a call's time for a slot and in the queue */
#define TRIES    20000u

void traffic_fail(struct traffic *t, const char *why, int err)
{
	const char *none = NULL;

	if (atomic_compare_exchange_strong(&t->failure, &none, why))
		t->failed_err = (uint32_t)-err;
}

/* ---- making one ---- */

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct traffic *t = self->arg;

	(void)hdr;
	if (traffic_is_whole(payload, len, 0) && scmi_get_le32((const unsigned char *)payload + 4) == TRAFFIC_NOTE)
		return;
	t->wrong_note++;
	if (!t->bent[FLAKY_P2A])
		traffic_fail(t, "a notification that nobody has sent, and no fault that changes messages", 0);
}

/* Somebody waits, and time passes: the platform gets its turn. */
static void on_idle(void *arg)
{
	struct traffic *t = arg;

	if (!pthread_equal(t->self, pthread_self()) || t->idling)
		return;
	t->idling = true;
	(void)traffic_platform_turn(t, 1u + traffic_pick(&t->random, 3));
	t->idling = false;
}

static void wrap(void *arg, const struct scmi_transport *inner, struct conf_env *env, struct scmi_transport *out)
{
	struct traffic *t = arg;

	t->faults.port = &env->clock.port;
	t->flaky = flaky_create(inner, &t->faults, out);
	assert_non_null(t->flaky);
}

static bool bends(const struct flaky_config *faults, enum flaky_direction direction)
{
	uint32_t rates = 0;

	for (unsigned fault = FLAKY_CORRUPT; fault <= FLAKY_MISDIRECT; fault++)
		rates |= faults->rate[direction][fault];
	return rates != 0;
}

static void on_trace(void *arg, const struct scmi_trace_event *event)
{
	(void)arg;
	(void)event;
}

/* The seed also chooses which agent it is. */
static void configure(struct traffic *t)
{
	struct scmi_agent_config *c = &t->env.config;

	c->flags = traffic_chance(&t->random, 25) ? SCMI_AGENT_DEFERRED : 0;
	c->spin_turns = traffic_chance(&t->random, 25) ? 20 : 0;
	c->trace = traffic_chance(&t->random, 50) ? on_trace : NULL;
	c->options.slots = 4u << traffic_pick(&t->random, 4);
	c->options.reserved = traffic_chance(&t->random, 50) ? 1 : 0;
	c->options.queue_timeout_us = QUEUE_US;
	c->options.reconnect_us = traffic_chance(&t->random, 50) ? 2u * QUEUE_US : 0;
	if (t->env.kind->depth < 2u)
		c->options.reserved = 0;
}

/* Where one command at a time is on its way, much more waits for time to pass. */
static void run_clock(struct traffic *t)
{
	const bool threads = t->plan.threaded || t->plan.threads != 0;
	const bool one = threads && (t->plan.kind->traits & CONF_WIDE) == 0;

	conf_clock_run(&t->env.clock, one ? 10u * STEP_US : STEP_US, threads ? SLICE_US : 0);
}

static struct traffic *open_run(const struct traffic_plan *plan)
{
	struct traffic *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	t->plan = *plan;
	t->faults = plan->faults;
	t->faults.cuts = 1;
	t->random = plan->faults.seed;
	t->self = pthread_self();
	for (unsigned d = 0; d < 2; d++)
		t->bent[d] = bends(&t->faults, (enum flaky_direction)d);
	conf_open_around(&t->env, plan->kind, wrap, t);
	run_clock(t);
	t->env.clock.idle = on_idle;
	t->env.clock.arg = t;
	configure(t);
	traffic_platform_init(t);
	for (uint32_t i = 0; i < TRAFFIC_CALLS; i++) {
		t->calls[i].t = t;
		t->calls[i].chains = i % 4u == 0;
	}
	conf_start(&t->env);
	t->node = (struct scmi_subscriber){
		.size = sizeof(t->node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify, .arg = t};
	return t;
}

/* ---- the end ---- */

/* Time passes, the platform says what it has to say, and the agent looks, until it is so. */
/* step_us: how much time passes at a turn in which nothing came. */
static bool goes_quiet(struct traffic *t, bool (*fn)(struct traffic *t), uint32_t step_us)
{
	struct hang watch = hang_watch();

	for (uint32_t i = 0; i < TRIES || !hangs(&watch); i++) {
		if (fn(t))
			return true;
		(void)traffic_platform_turn(t, TRAFFIC_PENDING);
		if (scmi_agent_poll(t->env.agent, 64) == 0) {
			conf_clock_advance(&t->env.clock, step_us);
			sched_yield();
		}
	}
	return false;
}

static bool is_idle(struct traffic *t)
{
	return traffic_platform_owes(t) == 0 && conf_stats(&t->env).in_flight == 0 && t->env.shim.holding == 0 &&
	       t->env.shim.inside == 0;
}

static bool is_forgiven(struct traffic *t)
{
	return is_idle(t) && conf_stats(&t->env).quarantined == 0;
}

static void end_callers(struct traffic *t)
{
	for (uint32_t i = 0; i < t->plan.threads; i++)
		t->callers[i].thread.over = true;
	/* Their last calls may wait for what only we let come. */
	for (uint32_t i = 0; i < t->plan.threads; i++) {
		while (!t->callers[i].gone) {
			(void)traffic_platform_turn(t, TRAFFIC_PENDING);
			if (scmi_agent_poll(t->env.agent, 64) == 0)
				sched_yield();
		}
		conf_thread_end(&t->callers[i].thread);
	}
}

static void print_figures(struct traffic *t)
{
	const struct scmi_agent_stats s = conf_stats(&t->env);

	flaky_print(t->flaky);
	fprintf(stderr, "slots %u submitted %u:", s.max_inflight, s.submitted);
	for (uint32_t i = 0; i < 32; i++) {
		if (t->env.ended[i] != 0)
			fprintf(stderr, " %s %u", scmi_error_name(-(int)i), t->env.ended[i]);
	}
	fprintf(stderr,
		"\nreceived %u accepted %u late %u duplicate %u mismatched %u stray %u recovered %u; wrong %u %u %u\n",
		s.received, s.accepted, s.late, s.duplicate, s.mismatched,
		s.stray_token + s.stray_protocol + s.stray_message + s.stray_type, s.recovered, t->wrong, t->wrong_note,
		t->bent_requests);
}

static void print_failure(struct traffic *t)
{
	const char *why = t->failure;

	if (why == NULL)
		return;
	print_figures(t);
	fail_msg("%s (%s)", why, scmi_error_name(-(int)t->failed_err));
}

/*
 * What was dropped has left debts; a new link has none. A stubborn peer may still have a command that nobody waits for,
 * or have promised what was dropped: after such a recovery the link is cut, too.
 */
static void forgive(struct traffic *t)
{
	const bool stubborn = (t->env.kind->traits & CONF_STUBBORN) != 0;
	const bool recovers = (t->plan.faults.seed & 1u) == 0;
	int err = SCMI_OK;

	flaky_calm(t->flaky);
	if (!goes_quiet(t, is_idle, STEP_US))
		traffic_fail(t, "calls that do not end", 0);
	if (recovers)
		err = scmi_agent_recover(t->env.agent, 0);
	if (!recovers || stubborn)
		flaky_cut(t->flaky);
	if (err != SCMI_OK && !(stubborn && err == SCMI_E_BUSY))
		traffic_fail(t, "a recovery that fails though all is calm", err);
	flaky_turn(t->flaky);
	if (!goes_quiet(t, is_forgiven, STEP_US))
		traffic_fail(t, "debts after a recovery", 0);
}

static bool all_ended(struct traffic *t)
{
	for (uint32_t i = 0; i < TRAFFIC_CALLS; i++) {
		if (t->calls[i].state != CALL_FREE && t->calls[i].state != CALL_ENDED)
			return false;
	}
	return true;
}

/* Every slot can be taken, and now everything goes well. */
static void check_pool(struct traffic *t)
{
	const uint32_t slots = conf_stats(&t->env).max_inflight;
	uint32_t ok = t->env.ended[-SCMI_OK];
	uint32_t n = 0;

	traffic_platform_quiet(t, true);
	for (; n < slots && n < TRAFFIC_CALLS; n++) {
		struct traffic_call *c = traffic_take(t);

		traffic_call_plain(c, SCMI_CALL_URGENT); /* the reserved one, too */
		if (!traffic_submit(c))
			traffic_fail(t, "a slot that cannot be taken any more", 0);
	}
	if (conf_stats(&t->env).in_flight != n)
		traffic_fail(t, "an answer of nobody", 0);
	traffic_platform_quiet(t, false);
	if (!goes_quiet(t, all_ended, 0))
		traffic_fail(t, "calls on a calm link that do not end", 0);
	if (t->env.ended[-SCMI_OK] - ok != n)
		traffic_fail(t, "calls on a calm link that do not go well", 0);
}

static void check_flaky(struct traffic *t)
{
	const struct flaky_counts c = flaky_counts(t->flaky);

	for (unsigned d = 0; d < 2; d++) {
		if (c.came[d] + c.fault[d][FLAKY_DOUBLE] !=
		    c.passed[d] + c.fault[d][FLAKY_DROP] + c.refused[d] + c.lost[d] + c.held[d])
			traffic_fail(t, "the figures of the faults do not add up", 0);
		if (c.held[d] != 0)
			traffic_fail(t, "a message that is held though all is calm", 0);
	}
}

static void check_submitted(struct traffic *t)
{
	const struct scmi_agent_stats s = conf_stats(&t->env);

	if (s.submitted < t->submitted || s.submitted > t->submitted + t->env.unsure)
		traffic_fail(t, "submitted calls that were miscounted", 0);
}

void traffic_run(const struct traffic_plan *plan)
{
	struct traffic *t = open_run(plan);

	traffic_generate(t);
	t->over = true;
	end_callers(t);
	forgive(t);
	check_pool(t);
	(void)traffic_take(t); /* looks at those that have ended */
	check_flaky(t);
	check_submitted(t);
	if (t->subscribed)
		traffic_turn_subscriber(t);
	if (t->plan.verbose)
		print_figures(t);
	print_failure(t);
	conf_close(&t->env);
	flaky_destroy(t->flaky);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
