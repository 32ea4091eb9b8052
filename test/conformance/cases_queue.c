/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queue of a link that takes no more: what waits in it, in which order it is sent, and how it ends there. The shim
 * says that the link is full, so that every transport can be; one that is so by itself is as good.
 */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define WAIT_US 1000u
#define SENDERS 3u
#define EACH    150u

/* Submits an echo of its number, to be queued where the link is full. A slot is free. */
static void submit(struct conf_env *env, struct conf_call *c, uint32_t number, uint16_t flags)
{
	unsigned char params[4];

	conf_peer_hold(&env->peer, true);
	scmi_put_le32(params, number);
	conf_call_init(c, env, CONF_ECHO, params, sizeof(params));
	c->call.flags = flags;
	assert_int_equal(scmi_agent_submit(env->agent, &c->call), SCMI_OK);
}

static bool some_held(void *arg)
{
	return conf_peer_held(arg) != 0;
}

/* The next command that the peer sees is this one. */
static void next_is(struct conf_env *env, struct conf_call *c, uint32_t number)
{
	struct conf_request req;

	conf_until(env, some_held, &env->peer);
	req = conf_peer_take(&env->peer, 0);
	assert_int_equal(scmi_get_le32(req.params), number);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(c, number);
}

static void full_link_queues_and_sends_in_order(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	for (uint32_t i = 0; i < 4; i++)
		submit(env, &c[i], i, 0);
	assert_int_equal(conf_stats(env).queued, 4);
	assert_int_equal(conf_stats(env).in_flight, 4);
	assert_int_equal(env->shim.sent, 0);
	conf_shim_room(&env->shim, CONF_ROOM);
	for (uint32_t i = 0; i < 4; i++)
		next_is(env, &c[i], i);
	assert_int_equal(conf_stats(env).queued, 0);
	conf_echo_works(env);
}

/* Room for one at a time. */
static void queue_goes_on_as_far_as_there_is_room(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 1);
	for (uint32_t i = 0; i < 4; i++)
		submit(env, &c[i], i, 0);
	assert_int_equal(conf_stats(env).queued, 3);
	for (uint32_t i = 0; i < 4; i++) {
		next_is(env, &c[i], i);
		(void)scmi_agent_poll(env->agent, 16);
		assert_int_equal(conf_peer_held(&env->peer), 0);
		assert_int_equal(conf_stats(env).queued, 3u - i);
		conf_shim_room(&env->shim, 1);
	}
}

/* As many as there are slots; where the wire holds fewer the rest waits for it. */
static void all_that_is_accepted_is_sent_in_order(struct conf_env *env)
{
	const uint32_t n = env->kind->depth < 16u ? env->kind->depth : 16u;
	struct conf_call c[16];

	conf_start(env);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < n; i++)
			submit(env, &c[i], i, 0);
		for (uint32_t i = 0; i < n; i++)
			next_is(env, &c[i], i);
	}
}

static void full_link_is_busy_with_nowait(struct conf_env *env)
{
	struct conf_call c[2];
	struct conf_call refused;

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_BUSY);
	submit(env, &c[0], 0, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_BUSY);
	assert_int_equal(conf_call_ended(&refused), 0);
	assert_int_equal(conf_stats(env).refused, 2);
	conf_shim_room(&env->shim, CONF_ROOM);
	next_is(env, &c[0], 0);
	submit(env, &c[1], 1, SCMI_CALL_NOWAIT);
	next_is(env, &c[1], 1);
}

static void fence_waits_for_all_earlier_ones(struct conf_env *env)
{
	struct conf_call c[4];
	struct conf_request first;

	conf_start(env);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, 0);
	submit(env, &c[2], 2, SCMI_CALL_FENCE);
	submit(env, &c[3], 3, 0);
	conf_peer_wait(&env->peer, 2);
	first = conf_peer_take(&env->peer, 0);
	next_is(env, &c[1], 1); /* the first one is in flight still */
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_peer_held(&env->peer), 0);
	assert_int_equal(conf_stats(env).queued, 2);
	conf_peer_play(&env->peer, &first, false);
	conf_check_number(&c[0], 0);
	next_is(env, &c[2], 2);
	next_is(env, &c[3], 3);
}

/* The same where what the fence waits for ends otherwise than by its reply. */
static void fence_goes_when_an_earlier_one_is_cancelled(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, SCMI_CALL_FENCE);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[0].call), SCMI_OK);
	conf_answer(env);
	next_is(env, &c[1], 1);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_CANCELLED);
}

static void urgent_overtakes_the_queue(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, SCMI_CALL_FENCE);
	submit(env, &c[2], 2, SCMI_CALL_URGENT);
	submit(env, &c[3], 3, SCMI_CALL_URGENT);
	conf_shim_room(&env->shim, CONF_ROOM);
	next_is(env, &c[2], 2);
	next_is(env, &c[3], 3);
	next_is(env, &c[0], 0);
	next_is(env, &c[1], 1);
}

/* ---- batches ---- */

static void batch_with_more_arrives_whole(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	for (uint32_t round = 0; round < 10; round++) {
		for (uint32_t i = 0; i < 4; i++)
			submit(env, &c[i], i, i < 3 ? SCMI_CALL_MORE : 0);
		for (uint32_t i = 0; i < 4; i++)
			next_is(env, &c[i], i);
	}
}

/* The one that was to follow does not come: the doorbell is rung all the same. */
static void batch_that_breaks_off_arrives(struct conf_env *env)
{
	struct conf_call c;
	struct conf_call refused;

	conf_start(env);
	for (uint32_t round = 0; round < 10; round++) {
		submit(env, &c, round, SCMI_CALL_MORE);
		conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
		refused.call.params_len = env->kind->max_payload + 1u;
		assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_TOOBIG);
		next_is(env, &c, round);
	}
}

static void submit_many_arrive_in_order(struct conf_env *env)
{
	struct conf_call c[4];
	struct scmi_call *calls[4];
	uint32_t submitted = 0;

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 4; i++) {
			unsigned char params[4];

			scmi_put_le32(params, i);
			conf_call_init(&c[i], env, CONF_ECHO, params, sizeof(params));
			c[i].call.flags = 0;
			calls[i] = &c[i].call;
		}
		conf_shim_room(&env->shim, round != 1 ? CONF_ROOM : 2); /* the rest of it is queued */
		if (round == 2)
			c[3].call.params_len = env->kind->max_payload + 1u;
		assert_int_equal(scmi_agent_submit_many(env->agent, calls, 4, &submitted),
				 round == 2 ? SCMI_E_TOOBIG : SCMI_OK);
		assert_int_equal(submitted, round == 2 ? 3 : 4);
		conf_shim_room(&env->shim, CONF_ROOM);
		for (uint32_t i = 0; i < submitted; i++)
			next_is(env, &c[i], i);
	}
	assert_int_equal(conf_call_ended(&c[3]), 0);
}

/* ---- ends in the queue ---- */

static void check_nothing_was_sent(struct conf_env *env)
{
	const struct scmi_agent_stats s = conf_stats(env);

	assert_int_equal(env->shim.sent, 0);
	assert_int_equal(s.queued, 0);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(s.quarantined, 0);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_echo_works(env);
	assert_int_equal(conf_peer_seen(&env->peer), 1);
}

static void queued_call_times_out_unsent(struct conf_env *env)
{
	struct conf_call c[2];

	env->config.options.queue_timeout_us = WAIT_US;
	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c[0], 0, 0);
	conf_clock_advance(&env->clock, WAIT_US - 100u);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_call_ended(&c[0]), 0);
	conf_clock_advance(&env->clock, 200);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_TIMEOUT);
	check_nothing_was_sent(env);
}

static void queued_call_is_cancelled_unsent(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c, 0, 0);
	assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_E_CANCELLED);
	check_nothing_was_sent(env);
}

/* A dead one in the middle holds up nobody. */
static void cancel_in_the_queue_keeps_the_order_of_the_rest(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	for (uint32_t i = 0; i < 4; i++)
		submit(env, &c[i], i, 0);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[0].call), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[2].call), SCMI_OK);
	conf_shim_room(&env->shim, CONF_ROOM);
	next_is(env, &c[1], 1);
	next_is(env, &c[3], 3);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_CANCELLED);
	assert_int_equal(conf_finish(&c[2]), SCMI_E_CANCELLED);
}

/* The response's clock starts on the wire. */
static void reply_clock_does_not_run_in_the_queue(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_peer_hold(&env->peer, true);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	c.call.flags = 0;
	c.call.timeout_us = WAIT_US;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	conf_clock_advance(&env->clock, 5u * WAIT_US);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_call_ended(&c), 0);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_peer_wait(&env->peer, 1);
	conf_clock_advance(&env->clock, WAIT_US - 100u);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_call_ended(&c), 0);
	conf_clock_advance(&env->clock, 200);
	assert_int_equal(conf_finish(&c), SCMI_E_TIMEOUT);
	conf_answer(env);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).late, 1);
}

static void queued_call_whose_send_fails_ends(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, 0);
	env->shim.fail = SCMI_E_IO;
	conf_shim_room(&env->shim, CONF_ROOM);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_IO);
	next_is(env, &c[1], 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
	assert_int_equal(conf_stats(env).link_lost, 1);
}

/* What waits in the queue when the agent stops is not sent by the next start. */
static void stop_empties_the_queue(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, 0);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(conf_call_ended(&c[i]), 1);
		assert_int_equal(c[i].err, SCMI_E_CLOSED);
	}
	env->shim.room = CONF_ROOM;
	env->shim.refused = false;
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	check_nothing_was_sent(env);
}

static void lost_peer_empties_the_queue(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	submit(env, &c[0], 0, 0);
	submit(env, &c[1], 1, 0);
	env->kind->peer_stop(env->link);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_LINK);
	assert_int_equal(conf_finish(&c[1]), SCMI_E_LINK);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	check_nothing_was_sent(env);
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
#define NO_WIDTH "the wire holds one command only"
#define NO_LOSS  "its peer is always there"

const struct conf_case conf_queue_cases[] = {
	{"full_link_queues_and_sends_in_order", full_link_queues_and_sends_in_order, 0, 0, 4, NO_SLOTS},
	{"queue_goes_on_as_far_as_there_is_room", queue_goes_on_as_far_as_there_is_room, 0, 0, 4, NO_SLOTS},
	{"all_that_is_accepted_is_sent_in_order", all_that_is_accepted_is_sent_in_order, 0, 0, 1, NULL},
	{"full_link_is_busy_with_nowait", full_link_is_busy_with_nowait, 0, 0, 2, NO_SLOTS},
	{"fence_waits_for_all_earlier_ones", fence_waits_for_all_earlier_ones, 0, CONF_WIDE, 4, NO_WIDTH},
	{"fence_goes_when_an_earlier_one_is_cancelled", fence_goes_when_an_earlier_one_is_cancelled, 0, 0, 2, NO_SLOTS},
	{"urgent_overtakes_the_queue", urgent_overtakes_the_queue, 0, 0, 4, NO_SLOTS},
	{"batch_with_more_arrives_whole", batch_with_more_arrives_whole, 0, 0, 4, NO_SLOTS},
	{"batch_that_breaks_off_arrives", batch_that_breaks_off_arrives, 0, 0, 1, NULL},
	{"submit_many_arrive_in_order", submit_many_arrive_in_order, 0, 0, 4, NO_SLOTS},
	{"queued_call_times_out_unsent", queued_call_times_out_unsent, 0, 0, 1, NULL},
	{"queued_call_is_cancelled_unsent", queued_call_is_cancelled_unsent, 0, 0, 1, NULL},
	{"cancel_in_the_queue_keeps_the_order_of_the_rest", cancel_in_the_queue_keeps_the_order_of_the_rest, 0, 0, 4,
	 NO_SLOTS},
	{"reply_clock_does_not_run_in_the_queue", reply_clock_does_not_run_in_the_queue, 0, 0, 1, NULL},
	{"queued_call_whose_send_fails_ends", queued_call_whose_send_fails_ends, 0, 0, 2, NO_SLOTS},
	{"stop_empties_the_queue", stop_empties_the_queue, 0, 0, 2, NO_SLOTS},
	{"lost_peer_empties_the_queue", lost_peer_empties_the_queue, 0, CONF_PEER_GOES, 2, NO_LOSS},
	{"threads_keep_their_order_on_a_link_that_stutters", threads_keep_their_order_on_a_link_that_stutters, 0, 0, 1,
	 NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
