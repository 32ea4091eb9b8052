/* SPDX-License-Identifier: BSD-3-Clause */
/* Several threads at once: who is right is checked by what must hold whatever the order was. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define THREADS 4
#define ROUNDS  200

/* ---- callers ---- */

struct caller {
	struct conf_env *env;
	pthread_t thread;
	uint32_t id;
	uint32_t ok;
	uint32_t busy;
	uint32_t closed;
	uint32_t wrong;
};

/* A failed case must not leave a thread behind: callers count, the case asserts. */
static void call_once(struct caller *me, uint32_t i)
{
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

	scmi_put_le32(params, me->id);
	scmi_put_le32(params + 4, i);
	err = scmi_agent_call(me->env->agent, &call);
	conf_count(me->env, err);
	if (err == SCMI_OK && call.reply_len == sizeof(reply) && memcmp(params, reply, sizeof(reply)) == 0)
		me->ok++;
	else if (err == SCMI_E_BUSY)
		me->busy++;
	else if (err == SCMI_E_CLOSED)
		me->closed++;
	else
		me->wrong++;
}

static void *call_rounds(void *arg)
{
	struct caller *me = arg;

	while (me->ok < ROUNDS && me->wrong == 0) {
		call_once(me, me->ok);
		sched_yield();
	}
	return NULL;
}

static void start_callers(struct conf_env *env, struct caller *callers, void *(*run)(void *))
{
	memset(callers, 0, THREADS * sizeof(*callers));
	for (uint32_t i = 0; i < THREADS; i++) {
		callers[i].env = env;
		callers[i].id = i;
		assert_int_equal(pthread_create(&callers[i].thread, NULL, run, &callers[i]), 0);
	}
}

static void join_callers(struct caller *callers)
{
	for (uint32_t i = 0; i < THREADS; i++)
		pthread_join(callers[i].thread, NULL);
}

static void threads_call_at_once(struct conf_env *env)
{
	struct caller callers[THREADS];

	conf_start(env);
	start_callers(env, callers, call_rounds);
	join_callers(callers);
	for (uint32_t i = 0; i < THREADS; i++) {
		assert_int_equal(callers[i].ok, ROUNDS);
		assert_int_equal(callers[i].wrong, 0);
	}
	assert_int_equal(conf_stats(env).ok, THREADS * ROUNDS);
}

static void *call_until_closed(void *arg)
{
	struct caller *me = arg;

	while (me->closed == 0 && me->wrong == 0) {
		call_once(me, me->ok);
		sched_yield();
	}
	return NULL;
}

static void stop_beside_callers_returns_them_all(struct conf_env *env)
{
	struct caller callers[THREADS];

	conf_start(env);
	for (int round = 0; round < 10; round++) {
		start_callers(env, callers, call_until_closed);
		while (conf_peer_seen(&env->peer) < 20u * ((uint32_t)round + 1u))
			sched_yield();
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		join_callers(callers);
		for (uint32_t i = 0; i < THREADS; i++) {
			assert_int_equal(callers[i].closed, 1);
			assert_int_equal(callers[i].wrong, 0);
		}
		assert_int_equal(conf_stats(env).in_flight, 0);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	}
}

/* A peer that never answers: callers asleep, and the stop has to get them out. */
static void stop_wakes_sleepers(struct conf_env *env)
{
	struct caller callers[THREADS];
	const uint32_t wire = (env->kind->traits & CONF_WIDE) != 0 ? env->kind->depth : 1u;
	const uint32_t asleep = wire < THREADS ? wire : THREADS;

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	start_callers(env, callers, call_until_closed);
	conf_peer_wait(&env->peer, asleep);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	join_callers(callers);
	for (uint32_t i = 0; i < THREADS; i++) {
		assert_int_equal(callers[i].closed, 1);
		assert_int_equal(callers[i].wrong, 0);
	}
}

/* ---- an answerer beside the one who ends the call ---- */

struct answerer {
	struct conf_env *env;
	pthread_t thread;
	_Atomic bool over;
};

static void *answer_all(void *arg)
{
	struct answerer *me = arg;
	struct conf_peer *peer = &me->env->peer;

	for (;;) {
		struct conf_request req;
		bool some;

		pthread_mutex_lock(&peer->lock);
		some = peer->held_n != 0;
		pthread_mutex_unlock(&peer->lock);
		if (!some && atomic_load(&me->over))
			return NULL;
		if (!some) {
			sched_yield();
			continue;
		}
		req = conf_peer_take(peer, 0);
		conf_peer_play(peer, &req, false);
	}
}

static void start_answerer(struct conf_env *env, struct answerer *a)
{
	a->env = env;
	atomic_init(&a->over, false);
	conf_peer_hold(&env->peer, true);
	assert_int_equal(pthread_create(&a->thread, NULL, answer_all, a), 0);
}

static void join_answerer(struct answerer *a)
{
	atomic_store(&a->over, true);
	pthread_join(a->thread, NULL);
}

static bool at_rest(void *arg)
{
	const struct scmi_agent_stats s = conf_stats(arg);

	return s.in_flight == 0 && s.quarantined == 0;
}

static void cancel_beside_reply_ends_once(struct conf_env *env)
{
	struct answerer a;
	struct scmi_agent_stats s;

	conf_start(env);
	start_answerer(env, &a);
	for (int i = 0; i < ROUNDS; i++) {
		struct conf_call c;
		int cancelled;
		int err;

		conf_call_init(&c, env, CONF_ECHO, "race", 4);
		while ((err = scmi_agent_submit(env->agent, &c.call)) == SCMI_E_BUSY) {
			if (scmi_agent_poll(env->agent, 16) == 0)
				sched_yield();
		}
		assert_int_equal(err, SCMI_OK);
		if (i % 2 != 0)
			(void)scmi_agent_poll(env->agent, 1);
		cancelled = scmi_agent_cancel(env->agent, &c.call);
		err = conf_finish(&c);
		assert_int_equal(err, cancelled == SCMI_OK ? SCMI_E_CANCELLED : SCMI_OK);
		conf_check_guard(&c, err == SCMI_OK ? 4 : 0);
	}
	conf_until(env, at_rest, env); /* the last ones may still be on their way to the peer */
	join_answerer(&a);
	s = conf_stats(env);
	assert_int_equal(s.ok + s.cancelled, ROUNDS);
	assert_int_equal(s.received, ROUNDS);
	assert_int_equal(s.late, s.cancelled);
}

/* The answerer goes on while the agent is stopped under it, and started again. */
static void stop_beside_replies_drops_the_rest(struct conf_env *env)
{
	struct answerer a;
	struct scmi_agent_stats s;

	conf_start(env);
	start_answerer(env, &a);
	for (int i = 0; i < 50; i++) {
		struct conf_call calls[8];
		int err[8];

		for (uint32_t k = 0; k < 8; k++) {
			conf_call_init(&calls[k], env, CONF_ECHO, "race", 4);
			err[k] = scmi_agent_submit(env->agent, &calls[k].call);
			assert_true(err[k] == SCMI_OK || err[k] == SCMI_E_BUSY);
		}
		(void)scmi_agent_poll(env->agent, i % 8);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		for (uint32_t k = 0; k < 8; k++) {
			assert_int_equal(conf_call_ended(&calls[k]), err[k] == SCMI_OK ? 1 : 0);
			assert_true(err[k] != SCMI_OK || calls[k].err == SCMI_OK || calls[k].err == SCMI_E_CLOSED);
		}
		s = conf_stats(env);
		conf_check_equations(&s);
		assert_int_equal(s.in_flight, 0);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	}
	join_answerer(&a);
}

/* Several threads in poll: no message twice, none lost. */
static void *poll_on(void *arg)
{
	struct answerer *me = arg;

	while (!atomic_load(&me->over)) {
		(void)scmi_agent_poll(me->env->agent, 3);
		sched_yield();
	}
	return NULL;
}

static void polls_at_once_deliver_once(struct conf_env *env)
{
	struct answerer answering;
	struct answerer polling[2];
	uint32_t n = 0;

	conf_start(env);
	start_answerer(env, &answering);
	for (int i = 0; i < 2; i++) {
		polling[i].env = env;
		atomic_init(&polling[i].over, false);
		assert_int_equal(pthread_create(&polling[i].thread, NULL, poll_on, &polling[i]), 0);
	}
	while (n < ROUNDS) {
		struct conf_call c;
		const int err = (conf_call_init(&c, env, CONF_ECHO, "once", 4), scmi_agent_submit(env->agent, &c.call));

		assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
		if (err != SCMI_OK)
			continue;
		n++;
		assert_int_equal(conf_finish(&c), SCMI_OK);
		assert_memory_equal(c.reply, "once", 4);
	}
	join_answerer(&polling[0]);
	join_answerer(&polling[1]);
	join_answerer(&answering);
	assert_int_equal(conf_stats(env).received, ROUNDS);
	assert_int_equal(conf_stats(env).ok, ROUNDS);
}

/* Answers what is held, which delivers by itself or in our poll, and stalls in its upcall. */
static void *deliver(void *arg)
{
	struct answerer *me = arg;
	const struct conf_request req = conf_peer_take(&me->env->peer, 0);

	conf_peer_play(&me->env->peer, &req, false);
	while (!atomic_load(&me->over)) {
		(void)scmi_agent_poll(me->env->agent, 1);
		sched_yield();
	}
	return NULL;
}

static void submit_and_stall(struct conf_env *env, struct conf_call *c, struct answerer *a)
{
	conf_peer_hold(&env->peer, true);
	conf_call_init(c, env, CONF_ECHO, "slow", 4);
	assert_int_equal(scmi_agent_submit(env->agent, &c->call), SCMI_OK);
	conf_peer_wait(&env->peer, 1);
	env->shim.stall = true;
	a->env = env;
	atomic_init(&a->over, false);
	assert_int_equal(pthread_create(&a->thread, NULL, deliver, a), 0);
	while (!conf_shim_stalls(&env->shim))
		sched_yield();
}

/* The shim sees whether the transport's stop() returns before its upcall is over. */
static void stop_waits_for_an_upcall(struct conf_env *env)
{
	struct answerer a;
	struct conf_call c;

	conf_start(env);
	submit_and_stall(env, &c, &a);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	join_answerer(&a);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_int_equal(c.err, SCMI_E_CLOSED);
}

static void link_down_waits_for_an_upcall(struct conf_env *env)
{
	struct answerer a;
	struct conf_call c;

	conf_start(env);
	submit_and_stall(env, &c, &a);
	env->shim.stopping = true;
	env->kind->peer_stop(env->link);
	join_answerer(&a);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_int_equal(c.err, SCMI_OK);
}

static void *sleep_on(void *arg)
{
	struct answerer *me = arg;
	const struct scmi_transport *t = &me->env->shim.below;

	while (!atomic_load(&me->over))
		t->ops->wait(t->ctx, SCMI_NEVER);
	return NULL;
}

static void stop_ends_a_wait(struct conf_env *env)
{
	struct answerer a;

	conf_start(env);
	a.env = env;
	atomic_init(&a.over, false);
	assert_int_equal(pthread_create(&a.thread, NULL, sleep_on, &a), 0);
	for (int i = 0; i < 20; i++) {
		for (int k = 0; k < 50; k++)
			sched_yield(); /* let it fall asleep */
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	}
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	join_answerer(&a);
}

static bool all_ended(void *arg)
{
	struct conf_env *env = arg;
	const struct scmi_agent_stats s = conf_stats(env);

	return s.in_flight == 0 && s.quarantined == 0 && env->shim.inside == 0;
}

static void lose_peer(struct conf_env *env)
{
	env->kind->peer_stop(env->link);
	if ((env->kind->traits & CONF_LOST_LATER) != 0)
		conf_until(env, all_ended, env);
}

/* The peer goes while answers are on their way, in a thread of their own, and comes back. */
static void peer_lost_beside_replies_ends_once(struct conf_env *env)
{
	struct answerer a;
	struct answerer polling = {.env = env};
	const int rounds = (env->kind->traits & CONF_SLOW) != 0 ? ROUNDS / 8 : ROUNDS;

	conf_start(env);
	start_answerer(env, &a);
	assert_int_equal(pthread_create(&polling.thread, NULL, poll_on, &polling), 0);
	for (int i = 0; i < rounds; i++) {
		struct conf_call c;
		int err;

		conf_call_init(&c, env, CONF_ECHO, "race", 4);
		err = scmi_agent_submit(env->agent, &c.call);
		assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
		if (i % 2 != 0)
			(void)scmi_agent_poll(env->agent, 1);
		lose_peer(env);
		assert_int_equal(conf_call_ended(&c), err == SCMI_OK ? 1 : 0);
		assert_true(err != SCMI_OK || c.err == SCMI_OK || c.err == SCMI_E_LINK);
		assert_int_equal(conf_stats(env).quarantined, 0);
		assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	}
	join_answerer(&polling);
	join_answerer(&a);
}

const struct conf_case conf_thread_cases[] = {
	{"threads_call_at_once", threads_call_at_once, 0, 0, 1, NULL},
	{"stop_beside_callers_returns_them_all", stop_beside_callers_returns_them_all, 0, 0, 1, NULL},
	{"stop_wakes_sleepers", stop_wakes_sleepers, 0, 0, 1, NULL},
	{"cancel_beside_reply_ends_once", cancel_beside_reply_ends_once, 0, 0, 1, NULL},
	{"stop_beside_replies_drops_the_rest", stop_beside_replies_drops_the_rest, 0, 0, 1, NULL},
	{"polls_at_once_deliver_once", polls_at_once_deliver_once, SCMI_CAP_POLL, 0, 1, "has no poll"},
	{"stop_waits_for_an_upcall", stop_waits_for_an_upcall, SCMI_CAP_IRQ, 0, 1, "delivers inside poll() only"},
	{"stop_ends_a_wait", stop_ends_a_wait, SCMI_CAP_WAIT, 0, 1, "has no wait"},
	{"link_down_waits_for_an_upcall", link_down_waits_for_an_upcall, 0, CONF_PEER_GOES, 1,
	 "its peer is always there"},
	{"peer_lost_beside_replies_ends_once", peer_lost_beside_replies_ends_once, 0, CONF_PEER_GOES, 1,
	 "its peer is always there"},
	{NULL, NULL, 0, 0, 0, NULL},
};
