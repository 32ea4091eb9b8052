/* SPDX-License-Identifier: BSD-3-Clause */
/* Recovery: what was in flight ends, nothing of before is delivered after, and the link is as good as new. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define MANY     64u
#define THREADS  3u
#define RETRY_US 1000u
#define TIME_US  500u

static uint32_t slots(struct conf_env *env)
{
	const uint32_t n = conf_stats(env).max_inflight;

	return n < MANY ? n : MANY;
}

/* Calls that the peer has, as many as the wire holds. */
static struct conf_call *hold_all(struct conf_env *env, uint32_t *n)
{
	struct conf_call *calls = calloc(MANY, sizeof(*calls));

	assert_non_null(calls);
	*n = (env->kind->traits & CONF_WIDE) != 0 ? slots(env) : 1u;
	conf_hold_many(env, calls, *n);
	return calls;
}

/* A peer that cannot be reset has to give back what it has, first. */
static void recover(struct conf_env *env)
{
	if ((env->kind->traits & CONF_STUBBORN) != 0 && conf_peer_held(&env->peer) != 0) {
		assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_E_BUSY);
		conf_answer_all(env);
	}
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
}

/* Each slot can be taken, and what is sent with it is answered. */
static void check_pool(struct conf_env *env)
{
	struct conf_call *calls;
	uint32_t n;

	assert_int_equal(conf_peer_held(&env->peer), 0);
	assert_int_equal(conf_stats(env).quarantined, 0);
	calls = hold_all(env, &n);
	for (uint32_t i = 0; i < n; i++)
		conf_answer(env);
	for (uint32_t i = 0; i < n; i++)
		conf_check_number(&calls[i], i);
	free(calls);
}

static void recover_a_quiet_link(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 1; i <= 20; i++) {
		conf_echo_works(env);
		assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
		assert_int_equal(conf_stats(env).recovered, i);
	}
	check_pool(env);
}

static void recover_ends_what_is_in_flight(struct conf_env *env)
{
	struct conf_call *calls;
	uint32_t received;
	uint32_t n;

	conf_start(env);
	calls = hold_all(env, &n);
	recover(env);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(conf_call_ended(&calls[i]), 1);
		assert_int_equal(calls[i].err, SCMI_E_LINK);
	}
	assert_int_equal(conf_stats(env).quarantined, 0);
	received = conf_stats(env).received;
	conf_answer_all(env); /* too late */
	conf_all_home(env);
	assert_int_equal(conf_stats(env).received, received);
	for (uint32_t i = 0; i < n; i++)
		conf_check_guard(&calls[i], 0);
	check_pool(env);
	free(calls);
}

/* The peer answers what it was asked before while a fresh call waits, with the same slot as like as not. */
static void reply_of_before_a_recovery_ends_no_fresh_call(struct conf_env *env)
{
	struct conf_call old;
	struct conf_call fresh[8];
	uint32_t received;
	const uint32_t n = (env->kind->traits & CONF_WIDE) == 0 || env->kind->depth < 9u ? 1u : 8u;

	conf_start(env);
	conf_hold(env, &old, 99);
	conf_peer_wait(&env->peer, 1);
	if ((env->kind->traits & CONF_STUBBORN) != 0) /* its answer lies there, and nobody looks at it */
		conf_answer(env);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
	assert_int_equal(old.err, conf_at_once(env) ? SCMI_OK : SCMI_E_LINK);
	received = conf_stats(env).received;
	for (uint32_t i = 0; i < n; i++)
		conf_hold(env, &fresh[i], i);
	if ((env->kind->traits & CONF_STUBBORN) == 0) {
		conf_peer_wait(&env->peer, (env->kind->traits & CONF_WIDE) != 0 ? n + 1u : 1u);
		conf_answer(env);
	}
	while (env->kind->away(env->link) != n) /* the old one is gone */
		(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).received, received);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(conf_call_ended(&fresh[i]), 0);
	conf_peer_wait(&env->peer, n); /* away, and there */
	conf_answer_all(env);
	for (uint32_t i = 0; i < n; i++)
		conf_check_number(&fresh[i], i);
}

/* The platform never answers what it had before: that costs its slot at the most, whoever waits in the queue for it. */
static void unanswered_command_costs_its_slot_only(struct conf_env *env)
{
	struct conf_call old;
	struct conf_call c[32];
	uint32_t ok = 0;

	env->config.options.queue_timeout_us = 1000;
	conf_start(env);
	conf_hold(env, &old, 99);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
	conf_peer_hold(&env->peer, false);
	for (uint32_t i = 0; i < 32; i++) {
		conf_call_init(&c[i], env, CONF_ECHO, "x", 1);
		c[i].call.flags = 0;
		assert_int_equal(scmi_agent_submit(env->agent, &c[i].call), SCMI_OK);
		conf_clock_advance(&env->clock, 2000);
		ok += conf_finish(&c[i]) == SCMI_OK ? 1u : 0u;
	}
	assert_true(ok >= 28); /* that slot comes round twice where there are 16 */
}

/* Time-outs have filled the pool with debts: nothing can be sent any more, but for a recovery. */
static void recover_forgives_what_is_owed(struct conf_env *env)
{
	struct conf_call *calls;
	uint32_t n;

	conf_start(env);
	calls = hold_all(env, &n);
	assert_int_equal(scmi_agent_cancel_all(env->agent), n);
	assert_int_equal(conf_stats(env).quarantined, n);
	recover(env);
	assert_int_equal(conf_stats(env).quarantined, 0);
	conf_answer_all(env);
	check_pool(env);
	free(calls);
}

/* The transport cannot now: all goes on as if nothing had been asked, but for the calls. */
static void recover_that_cannot_leaves_the_debts(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_hold(env, &c, 1);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_E_BUSY);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_int_equal(c.err, SCMI_E_LINK);
	assert_int_equal(conf_stats(env).recovered, 0);
	assert_int_equal(conf_stats(env).quarantined, 1);
	conf_answer(env);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).late, 1);
	conf_echo_works(env);
}

static void recover_sends_nothing_of_the_queue(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	c.call.flags = 0;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_int_equal(c.err, SCMI_E_LINK);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_echo_works(env);
	assert_int_equal(conf_peer_seen(&env->peer), 1);
}

static bool one_acquired(void *arg)
{
	struct conf_env *env = arg;

	return env->kind->acquired(env->link) == 1;
}

/* A transfer that the transport has acquired is released before recover() returns. */
static void recover_releases_what_is_acquired(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	env->kind->pause(env->link, true);
	conf_hold(env, &c, 1);
	conf_answer(env);
	conf_until(env, one_acquired, env);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
	assert_int_equal(env->shim.holding, 0);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_int_equal(c.err, SCMI_E_LINK);
	conf_check_guard(&c, 0);
	env->kind->pause(env->link, false);
	check_pool(env);
}

/* ---- a peer that is not there ---- */

static void recover_without_peer_is_nopeer(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	env->kind->peer_stop(env->link);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_E_NOPEER);
		conf_call_init(&c, env, CONF_ECHO, NULL, 0);
		assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_NOPEER);
	}
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_OK);
	check_pool(env);
}

/* By the transport itself: what a send() that succeeds beside the loss is taken for depends on it. */
static void send_fails_while_the_link_is_down(struct conf_env *env)
{
	const struct scmi_transport *t = &env->shim.below;
	const struct scmi_tx tx = {.hdr = scmi_hdr(CONF_PROTOCOL, CONF_ECHO, SCMI_MSG_COMMAND, 0)};

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	env->kind->peer_stop(env->link);
	for (uint32_t i = 0; i < 3; i++) {
		const int err = t->ops->send(t->ctx, &tx);

		assert_true(err == SCMI_E_NOPEER || err == SCMI_E_LINK || err == SCMI_E_IO);
	}
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(conf_peer_seen(&env->peer), 0);
	check_pool(env);
}

static void poll_reconnects_when_the_peer_is_back(struct conf_env *env)
{
	struct conf_call c;

	env->config.options.reconnect_us = RETRY_US;
	conf_start(env);
	env->kind->peer_stop(env->link);
	assert_int_equal(scmi_agent_recover(env->agent, 0), SCMI_E_NOPEER);
	for (uint32_t i = 0; i < 3; i++) { /* tries in vain */
		conf_clock_advance(&env->clock, RETRY_US + 10u);
		(void)scmi_agent_poll(env->agent, 16);
		conf_call_init(&c, env, CONF_ECHO, NULL, 0);
		assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_NOPEER);
	}
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	conf_clock_advance(&env->clock, RETRY_US + 10u);
	(void)scmi_agent_poll(env->agent, 16);
	check_pool(env);
}

/* Nothing is in flight and nothing can be sent: the policy helps. */
static void poll_recovers_a_stuck_link(struct conf_env *env)
{
	struct conf_call *calls = calloc(MANY, sizeof(*calls));
	uint32_t n;

	assert_non_null(calls);
	env->config.options.reconnect_us = RETRY_US;
	conf_start(env);
	n = slots(env);
	conf_peer_hold(&env->peer, true);
	for (uint32_t i = 0; i < n; i++) {
		conf_call_init(&calls[i], env, CONF_ECHO, NULL, 0);
		calls[i].call.timeout_us = TIME_US;
		conf_submit(&calls[i]);
	}
	/* A peer's thread that is late would have some of them held when the pool is checked. */
	conf_peer_wait(&env->peer, n);
	conf_clock_advance(&env->clock, TIME_US + 10u);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(conf_finish(&calls[i]), SCMI_E_TIMEOUT);
	assert_int_equal(conf_stats(env).quarantined, n);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).recovered, 0);
	assert_true(scmi_agent_next_deadline(env->agent) != SCMI_NEVER);
	conf_clock_advance(&env->clock, RETRY_US + 10u);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).recovered, (env->kind->traits & CONF_STUBBORN) != 0 ? 0 : 1);
	conf_answer_all(env);
	(void)scmi_agent_poll(env->agent, 16);
	check_pool(env);
	free(calls);
}

/* ---- threads ---- */

static void *call_on(void *arg)
{
	struct conf_thread *t = arg;

	while (!t->over) {
		unsigned char params[8];
		unsigned char reply[8] = {0};
		struct scmi_call call = {
			.size = sizeof(call),
			.protocol = CONF_PROTOCOL,
			.message = CONF_ECHO,
			.params = params,
			.params_len = sizeof(params),
			.reply = reply,
			.reply_cap = sizeof(reply),
			.timeout_us = SCMI_FOREVER,
		};
		int err;

		scmi_put_le32(params, (uint32_t)(uintptr_t)t);
		scmi_put_le32(params + 4, t->turns);
		err = scmi_agent_call(t->env->agent, &call);
		conf_count(t->env, err);
		if (err == SCMI_OK && memcmp(params, reply, sizeof(reply)) == 0) {
			t->turns++;
		} else if (err != SCMI_E_LINK && err != SCMI_E_NOPEER) {
			print_error("%s, and %u bytes of reply\n", scmi_error_name(err), call.reply_len);
			t->wrong++;
		}
		sched_yield();
	}
	return NULL;
}

static bool no_debts(void *arg)
{
	return conf_stats(arg).quarantined == 0;
}

static void recover_beside_callers(struct conf_env *env)
{
	struct conf_thread threads[THREADS];

	env->config.options.slots = 2; /* some of them wait for one */
	conf_start(env);
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_start(&threads[i], env, call_on, NULL);
	for (uint32_t i = 0; i < 40; i++) {
		const uint32_t turns = threads[i % THREADS].turns;
		int err;

		while (threads[i % THREADS].turns - turns < 3u)
			sched_yield();
		err = scmi_agent_recover(env->agent, SCMI_ALL_LINKS);
		assert_true(err == SCMI_OK || ((env->kind->traits & CONF_STUBBORN) != 0 && err == SCMI_E_BUSY));
	}
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_end(&threads[i]);
	conf_until(env, no_debts, env); /* a recovery that could not has left some */
	check_pool(env);
}

#define NO_LOSS "its peer is always there"

const struct conf_case conf_recover_cases[] = {
	{"recover_a_quiet_link", recover_a_quiet_link, 0, 0, 1, NULL},
	{"recover_ends_what_is_in_flight", recover_ends_what_is_in_flight, 0, 0, 1, NULL},
	{"reply_of_before_a_recovery_ends_no_fresh_call", reply_of_before_a_recovery_ends_no_fresh_call, 0, 0, 1, NULL},
	{"unanswered_command_costs_its_slot_only", unanswered_command_costs_its_slot_only, 0, CONF_WIDE, 8,
	 "one command at a time"},
	{"recover_forgives_what_is_owed", recover_forgives_what_is_owed, 0, 0, 1, NULL},
	{"recover_that_cannot_leaves_the_debts", recover_that_cannot_leaves_the_debts, 0, CONF_STUBBORN, 1,
	 "recovers at any time"},
	{"recover_sends_nothing_of_the_queue", recover_sends_nothing_of_the_queue, 0, 0, 1, NULL},
	{"recover_releases_what_is_acquired", recover_releases_what_is_acquired, 0, CONF_DELEGATES, 1,
	 "completes in the context that receives"},
	{"recover_without_peer_is_nopeer", recover_without_peer_is_nopeer, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"send_fails_while_the_link_is_down", send_fails_while_the_link_is_down, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"poll_reconnects_when_the_peer_is_back", poll_reconnects_when_the_peer_is_back, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"poll_recovers_a_stuck_link", poll_recovers_a_stuck_link, 0, CONF_WIDE, 1, "the wire holds one command only"},
	{"recover_beside_callers", recover_beside_callers, 0, 0, 1, NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
