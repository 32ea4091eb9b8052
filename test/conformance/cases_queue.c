/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The queue of a link that takes no more: what waits in it, in which order it is sent, and how it ends there. The shim
 * says that the link is full, so that every transport can be; one that is so by itself is as good.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "suite.h"

#define WAIT_US 1000u

static void full_link_queues_and_sends_in_order(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	for (uint32_t i = 0; i < 4; i++)
		conf_queue(env, &c[i], i, 0);
	assert_int_equal(conf_stats(env).queued, 4);
	assert_int_equal(conf_stats(env).in_flight, 4);
	assert_int_equal(env->shim.sent, 0);
	conf_shim_room(&env->shim, CONF_ROOM);
	for (uint32_t i = 0; i < 4; i++)
		conf_next_is(env, &c[i], i);
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
		conf_queue(env, &c[i], i, 0);
	assert_int_equal(conf_stats(env).queued, 3);
	for (uint32_t i = 0; i < 4; i++) {
		conf_next_is(env, &c[i], i);
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
			conf_queue(env, &c[i], i, 0);
		for (uint32_t i = 0; i < n; i++)
			conf_next_is(env, &c[i], i);
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
	conf_queue(env, &c[0], 0, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_BUSY);
	assert_int_equal(conf_call_ended(&refused), 0);
	assert_int_equal(conf_stats(env).refused, 2);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_next_is(env, &c[0], 0);
	conf_queue(env, &c[1], 1, SCMI_CALL_NOWAIT);
	conf_next_is(env, &c[1], 1);
}

static void fence_waits_for_all_earlier_ones(struct conf_env *env)
{
	struct conf_call c[4];
	struct conf_request first;

	conf_start(env);
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, 0);
	conf_queue(env, &c[2], 2, SCMI_CALL_FENCE);
	conf_queue(env, &c[3], 3, 0);
	conf_peer_wait(&env->peer, 2);
	first = conf_peer_take(&env->peer, 0);
	conf_next_is(env, &c[1], 1); /* the first one is in flight still */
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_peer_held(&env->peer), 0);
	assert_int_equal(conf_stats(env).queued, 2);
	conf_peer_play(&env->peer, &first, false);
	conf_check_number(&c[0], 0);
	conf_next_is(env, &c[2], 2);
	conf_next_is(env, &c[3], 3);
}

/* The same where what the fence waits for ends otherwise than by its reply. */
static void fence_goes_when_an_earlier_one_is_cancelled(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, SCMI_CALL_FENCE);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[0].call), SCMI_OK);
	conf_answer(env);
	conf_next_is(env, &c[1], 1);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_CANCELLED);
}

static void urgent_overtakes_the_queue(struct conf_env *env)
{
	struct conf_call c[4];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, SCMI_CALL_FENCE);
	conf_queue(env, &c[2], 2, SCMI_CALL_URGENT);
	conf_queue(env, &c[3], 3, SCMI_CALL_URGENT);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_next_is(env, &c[2], 2);
	conf_next_is(env, &c[3], 3);
	conf_next_is(env, &c[0], 0);
	conf_next_is(env, &c[1], 1);
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
	conf_queue(env, &c[0], 0, 0);
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
	conf_queue(env, &c, 0, 0);
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
		conf_queue(env, &c[i], i, 0);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[0].call), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(env->agent, &c[2].call), SCMI_OK);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_next_is(env, &c[1], 1);
	conf_next_is(env, &c[3], 3);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_CANCELLED);
	assert_int_equal(conf_finish(&c[2]), SCMI_E_CANCELLED);
}

/* The response's clock starts on the wire: of the one that was refused for room, and of the one behind it. */
static void reply_clock_does_not_run_in_the_queue(struct conf_env *env)
{
	const uint32_t n = (env->kind->traits & CONF_WIDE) != 0 && env->kind->depth > 1u ? 2 : 1;
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_peer_hold(&env->peer, true);
	for (uint32_t i = 0; i < n; i++) {
		conf_call_init(&c[i], env, CONF_ECHO, NULL, 0);
		c[i].call.flags = 0;
		c[i].call.timeout_us = WAIT_US;
		assert_int_equal(scmi_agent_submit(env->agent, &c[i].call), SCMI_OK);
	}
	conf_clock_advance(&env->clock, 5u * WAIT_US);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).queued, n);
	conf_shim_room(&env->shim, CONF_ROOM);
	conf_peer_wait(&env->peer, n);
	conf_clock_advance(&env->clock, WAIT_US - 100u);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).in_flight, n);
	conf_clock_advance(&env->clock, 200);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(conf_finish(&c[i]), SCMI_E_TIMEOUT);
		conf_answer(env);
	}
	conf_receive(env, n);
	assert_int_equal(conf_stats(env).late, n);
}

static void queued_call_whose_send_fails_ends(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, 0);
	env->shim.fail = SCMI_E_IO;
	conf_shim_room(&env->shim, CONF_ROOM);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_IO);
	conf_next_is(env, &c[1], 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
	assert_int_equal(conf_stats(env).link_lost, 1);
}

/* What waits in the queue when the agent stops is not sent by the next start. */
static void stop_empties_the_queue(struct conf_env *env)
{
	struct conf_call c[2];

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, 0);
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
	conf_queue(env, &c[0], 0, 0);
	conf_queue(env, &c[1], 1, 0);
	env->kind->peer_stop(env->link);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_LINK);
	assert_int_equal(conf_finish(&c[1]), SCMI_E_LINK);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	check_nothing_was_sent(env);
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
	{"queued_call_times_out_unsent", queued_call_times_out_unsent, 0, 0, 1, NULL},
	{"queued_call_is_cancelled_unsent", queued_call_is_cancelled_unsent, 0, 0, 1, NULL},
	{"cancel_in_the_queue_keeps_the_order_of_the_rest", cancel_in_the_queue_keeps_the_order_of_the_rest, 0, 0, 4,
	 NO_SLOTS},
	{"reply_clock_does_not_run_in_the_queue", reply_clock_does_not_run_in_the_queue, 0, 0, 1, NULL},
	{"queued_call_whose_send_fails_ends", queued_call_whose_send_fails_ends, 0, 0, 2, NO_SLOTS},
	{"stop_empties_the_queue", stop_empties_the_queue, 0, 0, 2, NO_SLOTS},
	{"lost_peer_empties_the_queue", lost_peer_empties_the_queue, 0, CONF_PEER_GOES, 2, NO_LOSS},
	{NULL, NULL, 0, 0, 0, NULL},
};
