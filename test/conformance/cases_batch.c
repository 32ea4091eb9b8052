/* SPDX-License-Identifier: BSD-3-Clause */
/* Batches, one doorbell each; and the order of what several threads send over a link that is full again and again. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <cmocka.h>

#include "suite.h"

#define SENDERS 3u
#define EACH    150u

static void batch_with_more_arrives_whole(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 4; i++)
			conf_queue(env, &c[i], i, i < 3 ? SCMI_CALL_MORE : 0);
		for (uint32_t i = 0; i < 4; i++)
			conf_next_is(env, &c[i], i);
	}
}

/* The one that was to follow does not come: the doorbell is rung all the same. */
static void batch_that_breaks_off_arrives(struct conf_env *env)
{
	struct conf_call c;
	struct conf_call refused;

	conf_start(env);
	for (uint32_t round = 0; round < 10; round++) {
		conf_queue(env, &c, round, SCMI_CALL_MORE);
		conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
		refused.call.params_len = env->kind->max_payload + 1u;
		assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_TOOBIG);
		conf_next_is(env, &c, round);
	}
}

static uint32_t submit_four(struct conf_env *env, struct conf_call *c, uint32_t len_of_last, int expected)
{
	struct scmi_call *calls[4];
	uint32_t submitted = 0;

	conf_peer_hold(&env->peer, true);
	for (uint32_t i = 0; i < 4; i++) {
		unsigned char params[4];

		scmi_put_le32(params, i);
		conf_call_init(&c[i], env, CONF_ECHO, params, sizeof(params));
		c[i].call.flags = 0;
		calls[i] = &c[i].call;
	}
	c[3].call.params_len = len_of_last;
	assert_int_equal(scmi_agent_submit_many(env->agent, calls, 4, &submitted), expected);
	return submitted;
}

static void submit_many_arrive_in_order(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	for (uint32_t round = 0; round < 20; round++) {
		if (round == 10)
			conf_shim_room(&env->shim, 2); /* the rest of it is queued */
		assert_int_equal(submit_four(env, c, 4, SCMI_OK), 4);
		if (round == 10)
			conf_shim_room(&env->shim, CONF_ROOM);
		for (uint32_t i = 0; i < 4; i++)
			conf_next_is(env, &c[i], i);
	}
	assert_int_equal(submit_four(env, c, env->kind->max_payload + 1u, SCMI_E_TOOBIG), 3);
	for (uint32_t i = 0; i < 3; i++)
		conf_next_is(env, &c[i], i);
	assert_int_equal(conf_call_ended(&c[3]), 0);
}

static uint32_t kicks(struct conf_env *env)
{
	return env->kind->kicks(env->link);
}

/* Whether a batch is one call or several that say MORE. */
static void batch_rings_once(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	for (uint32_t round = 0; round < 20; round++) {
		const uint32_t before = kicks(env);

		if (round % 2u == 0)
			assert_int_equal(submit_four(env, c, 4, SCMI_OK), 4);
		for (uint32_t i = 0; i < 4 && round % 2u != 0; i++)
			conf_queue(env, &c[i], i, i < 3 ? SCMI_CALL_MORE : 0);
		assert_in_range(kicks(env) - before, 0, 1);
		for (uint32_t i = 0; i < 4; i++)
			conf_next_is(env, &c[i], i);
	}
	assert_true(kicks(env) != 0);
}

/* It says that it needs none, and is believed. */
static void peer_that_polls_is_not_rung(struct conf_env *env)
{
	uint32_t before;

	conf_start(env);
	conf_echo_works(env);
	before = kicks(env);
	for (uint32_t i = 0; i < 50; i++)
		conf_echo_works(env);
	assert_int_equal(kicks(env), before);
}

/* ---- threads ---- */

struct sender {
	struct conf_thread thread;
	uint32_t id;
	struct conf_call calls[EACH];
};

static void *send_each(void *arg)
{
	struct conf_thread *t = arg;
	struct sender *me = t->arg;

	for (uint32_t i = 0; i < EACH; i++) {
		struct conf_call *c = &me->calls[i];
		unsigned char params[8];

		scmi_put_le32(params, me->id);
		scmi_put_le32(params + 4, i);
		conf_call_init(c, t->env, CONF_ECHO, params, sizeof(params));
		c->call.flags = i % 3u == 0 ? SCMI_CALL_MORE : 0;
		t->wrong += scmi_agent_submit(t->env->agent, &c->call) != SCMI_OK ? 1u : 0u;
	}
	return NULL;
}

static void *stutter(void *arg)
{
	struct conf_thread *t = arg;
	uint32_t seed = 3;

	while (!t->over) {
		conf_shim_room(&t->env->shim, (seed >> 16) % 4u);
		seed = seed * 1664525u + 1013904223u;
		sched_yield();
	}
	conf_shim_room(&t->env->shim, CONF_ROOM);
	return NULL;
}

/* Takes what has come, looks at whose turn it was, and answers. */
static uint32_t answer_in_order(struct conf_env *env, uint32_t *next)
{
	uint32_t n = 0;

	while (conf_peer_held(&env->peer) != 0) {
		const struct conf_request req = conf_peer_take(&env->peer, 0);
		const uint32_t id = scmi_get_le32(req.params);

		assert_true(id < SENDERS);
		assert_int_equal(scmi_get_le32(req.params + 4), next[id]);
		next[id]++;
		n++;
		conf_peer_play(&env->peer, &req, false);
	}
	return n;
}

/* The calls of one thread are sent in their order, however often the link is full. */
static void threads_keep_their_order_on_a_link_that_stutters(struct conf_env *env)
{
	struct sender *senders = calloc(SENDERS, sizeof(*senders));
	uint32_t next[SENDERS] = {0};
	struct conf_thread stutterer;
	uint32_t n = 0;

	assert_non_null(senders);
	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_thread_start(&stutterer, env, stutter, NULL);
	for (uint32_t i = 0; i < SENDERS; i++) {
		senders[i].id = i;
		conf_thread_start(&senders[i].thread, env, send_each, &senders[i]);
	}
	while (n < SENDERS * EACH) {
		n += answer_in_order(env, next);
		if (scmi_agent_poll(env->agent, 16) == 0)
			sched_yield();
	}
	for (uint32_t i = 0; i < SENDERS; i++)
		conf_thread_end(&senders[i].thread);
	conf_thread_end(&stutterer);
	for (uint32_t i = 0; i < SENDERS * EACH; i++)
		assert_int_equal(conf_finish(&senders[i / EACH].calls[i % EACH]), SCMI_OK);
	assert_int_equal(conf_stats(env).ok, SENDERS * EACH);
	free(senders);
}

#define NO_SLOTS "one command at a time"

const struct conf_case conf_batch_cases[] = {
	{"batch_with_more_arrives_whole", batch_with_more_arrives_whole, 0, 0, 4, NO_SLOTS},
	{"batch_that_breaks_off_arrives", batch_that_breaks_off_arrives, 0, 0, 1, NULL},
	{"submit_many_arrive_in_order", submit_many_arrive_in_order, 0, 0, 4, NO_SLOTS},
	{"threads_keep_their_order_on_a_link_that_stutters", threads_keep_their_order_on_a_link_that_stutters, 0, 0, 1,
	 NULL},
	{"batch_rings_once", batch_rings_once, 0, CONF_KICKS, 4,
	 "does not tell its doorbells, or has no room for four"},
	{"peer_that_polls_is_not_rung", peer_that_polls_is_not_rung, 0, CONF_KICKS | CONF_UNKICKED, 1,
	 "its peer wants to be rung, or is not asked"},
	{NULL, NULL, 0, 0, 0, NULL},
};
