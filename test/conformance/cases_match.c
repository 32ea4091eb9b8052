/* SPDX-License-Identifier: BSD-3-Clause */
/* Which reply belongs to which call: order, strays, duplicates, late ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define MANY 64u

/* How many calls can be in flight. */
static uint32_t depth(struct conf_env *env)
{
	const uint32_t n = conf_stats(env).max_inflight;

	return n < MANY ? n : MANY;
}

/* The order is a case's: it says which of n held requests is answered next. */
static void answer_many(struct conf_env *env, uint32_t (*next)(uint32_t n, uint32_t *seed))
{
	struct conf_call *calls = calloc(MANY, sizeof(*calls));
	uint32_t seed = 1;
	uint32_t n;

	assert_non_null(calls);
	conf_start(env);
	n = depth(env);
	for (uint32_t round = 0; round < 40; round++) { /* more lives of a slot than it has epochs */
		conf_hold_many(env, calls, n);
		for (uint32_t left = n; left != 0; left--) {
			const struct conf_request req = conf_peer_take(&env->peer, next(left, &seed));

			conf_peer_play(&env->peer, &req, false);
		}
		for (uint32_t i = 0; i < n; i++)
			conf_check_number(&calls[i], i);
	}
	assert_int_equal(conf_stats(env).ok, 40u * n);
	free(calls);
}

static uint32_t take_last(uint32_t n, uint32_t *seed)
{
	(void)seed;
	return n - 1u;
}

static uint32_t take_any(uint32_t n, uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 16) % n;
}

static void replies_in_reverse_order_match(struct conf_env *env)
{
	answer_many(env, take_last);
}

static void replies_in_random_order_match(struct conf_env *env)
{
	answer_many(env, take_any);
}

/* More than an agent has slots unless it is told otherwise: all that the wire holds. The last is answered first. */
static void all_that_the_wire_holds_is_in_flight(struct conf_env *env)
{
	const uint32_t n = env->kind->depth;
	struct conf_call *calls = calloc(n, sizeof(*calls));

	assert_non_null(calls);
	env->config.options.slots = SCMI_SLOTS_MAX;
	conf_start(env);
	assert_int_equal(conf_stats(env).max_inflight, n);
	for (uint32_t round = 0; round < 3; round++) {
		conf_hold_many(env, calls, n);
		assert_int_equal(conf_stats(env).in_flight, n);
		for (uint32_t left = n; left != 0; left--) {
			const struct conf_request req = conf_peer_take(&env->peer, left - 1u);

			conf_peer_play(&env->peer, &req, false);
		}
		for (uint32_t i = 0; i < n; i++)
			conf_check_number(&calls[i], i);
	}
	free(calls);
}

static void one_more_than_max_inflight_is_busy(struct conf_env *env)
{
	struct conf_call *calls = calloc(MANY, sizeof(*calls));
	struct conf_call more;
	struct conf_request req;
	uint32_t n;

	assert_non_null(calls);
	conf_start(env);
	n = depth(env);
	conf_hold_many(env, calls, n);
	conf_call_init(&more, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &more.call), SCMI_E_BUSY);
	assert_int_equal(conf_call_ended(&more), 0);
	assert_int_equal(conf_stats(env).no_slot, 1);
	req = conf_peer_take(&env->peer, n - 1u);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&calls[n - 1u], n - 1u);
	conf_submit(&more); /* a slot is free again */
	conf_peer_wait(&env->peer, n);
	for (uint32_t i = 0; i < n; i++) {
		req = conf_peer_take(&env->peer, 0);
		conf_peer_play(&env->peer, &req, false);
	}
	assert_int_equal(conf_finish(&more), SCMI_OK);
	for (uint32_t i = 0; i < n - 1u; i++)
		conf_check_number(&calls[i], i);
	free(calls);
}

/* Pushes a success that nobody has asked for under a header that differs from a live command's by flip. */
static void push_flipped(struct conf_env *env, uint32_t hdr, uint32_t flip)
{
	const unsigned char payload[8] = {0};
	const uint32_t before = conf_stats(env).received;

	assert_int_equal(env->kind->push(env->link, hdr ^ flip, payload, sizeof(payload)), SCMI_OK);
	conf_receive(env, before + 1u);
}

static void stray_replies_are_counted_and_dropped(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;
	struct scmi_agent_stats s;

	conf_start(env);
	conf_hold_many(env, &c, 1);
	req = conf_peer_take(&env->peer, 0);
	push_flipped(env, req.hdr, 1u << 18); /* another slot: nothing is in flight there */
	push_flipped(env, req.hdr, 1u << 27); /* the same slot, another epoch */
	push_flipped(env, req.hdr, 1u << 10); /* another protocol */
	push_flipped(env, req.hdr, 1u << 0);  /* another message */
	push_flipped(env, req.hdr, SCMI_MSG_RESERVED << 8);
	push_flipped(env, req.hdr, SCMI_MSG_DELAYED << 8);
	s = conf_stats(env);
	assert_int_equal(s.stray_token, 2);
	assert_int_equal(s.stray_protocol, 1);
	assert_int_equal(s.stray_message, 1);
	assert_int_equal(s.stray_type, 2);
	assert_int_equal(s.in_flight, 1);
	assert_int_equal(conf_call_ended(&c), 0);
	conf_check_equations(&s);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&c, 0);
}

/* A message on the command's own descriptor cannot come again: its debt is paid, its call ends. */
static void wrong_header_ends_its_call(struct conf_env *env)
{
	static const uint32_t flips[] = {1u << 18,
					 1u << 27,
					 1u << 10,
					 1u << 0,
					 SCMI_MSG_RESERVED << 8,
					 SCMI_MSG_DELAYED << 8,
					 SCMI_MSG_NOTIFICATION << 8};
	struct scmi_agent_stats s;

	conf_start(env);
	for (size_t i = 0; i < sizeof(flips) / sizeof(flips[0]); i++) {
		struct conf_call c;
		struct conf_request req;

		conf_hold_many(env, &c, 1);
		req = conf_peer_take(&env->peer, 0);
		assert_int_equal(conf_peer_answer(&env->peer, &req, req.hdr ^ flips[i], SCMI_SUCCESS, NULL, 0),
				 SCMI_OK);
		assert_int_equal(conf_finish(&c), SCMI_E_PROTO);
		conf_check_guard(&c, 0);
	}
	s = conf_stats(env);
	assert_int_equal(s.malformed, 7);
	assert_int_equal(s.mismatched, 2);
	assert_int_equal(s.stray_protocol, 1);
	assert_int_equal(s.stray_message, 1);
	assert_int_equal(s.stray_type, 3);
	assert_int_equal(s.quarantined, 0);
}

static void reserved_header_bits_are_ignored(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_hold_many(env, &c, 1);
	req = conf_peer_take(&env->peer, 0);
	assert_int_equal(req.hdr & SCMI_HDR_RESERVED, 0);
	req.hdr |= SCMI_HDR_RESERVED;
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&c, 0);
}

static void second_reply_is_a_duplicate(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_hold_many(env, &c, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&c, 0);
	push_flipped(env, req.hdr, 0);
	assert_int_equal(conf_stats(env).duplicate, 1);
	assert_int_equal(conf_call_ended(&c), 1);
	conf_check_guard(&c, 4);
}

/* The same slot, protocol and message: only the token's other bits tell the lives apart. */
static void reply_of_an_earlier_life_is_a_stray(struct conf_env *env)
{
	uint32_t before = 0;

	env->config.options.slots = 1;
	conf_start(env);
	for (uint32_t i = 0; i < 100; i++) {
		struct conf_call c;
		struct conf_request req;

		conf_hold(env, &c, i);
		conf_peer_wait(&env->peer, 1);
		req = conf_peer_take(&env->peer, 0);
		if (i != 0)
			push_flipped(env, before, 0);
		assert_int_equal(conf_call_ended(&c), 0);
		conf_peer_play(&env->peer, &req, false);
		conf_check_number(&c, i);
		conf_receive(env, 2u * i + 1u);
		before = req.hdr;
	}
	assert_int_equal(conf_stats(env).stray_token, 99);
}

/* Lets time pass until all n have timed out. */
static void time_out(struct conf_env *env, struct conf_call *calls, uint32_t n)
{
	conf_clock_advance(&env->clock, 2000);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(conf_finish(&calls[i]), SCMI_E_TIMEOUT);
		assert_int_equal(calls[i].call.reply_len, 0);
	}
}

static void submit_timed(struct conf_env *env, struct conf_call *calls, uint32_t n)
{
	conf_peer_hold(&env->peer, true);
	for (uint32_t i = 0; i < n; i++) {
		conf_call_init(&calls[i], env, CONF_ECHO, "late", 4);
		calls[i].call.timeout_us = 1000;
		conf_submit(&calls[i]);
	}
	conf_peer_wait(&env->peer, n);
}

static void late_replies_free_their_slots(struct conf_env *env)
{
	struct conf_call *calls = calloc(MANY, sizeof(*calls));
	struct conf_call more;
	struct scmi_agent_stats s;
	uint32_t n;

	assert_non_null(calls);
	conf_start(env);
	n = depth(env);
	submit_timed(env, calls, n);
	time_out(env, calls, n);
	assert_int_equal(conf_stats(env).quarantined, n);
	conf_call_init(&more, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &more.call), SCMI_E_BUSY);
	for (uint32_t i = 0; i < n; i++) {
		const struct conf_request req = conf_peer_take(&env->peer, 0);

		conf_peer_play(&env->peer, &req, false);
	}
	conf_receive(env, n);
	s = conf_stats(env);
	assert_int_equal(s.late, n);
	assert_int_equal(s.timed_out, n);
	assert_int_equal(s.quarantined, 0);
	for (uint32_t i = 0; i < n; i++)
		conf_check_guard(&calls[i], 0);
	conf_hold_many(env, calls, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct conf_request req = conf_peer_take(&env->peer, 0);

		conf_peer_play(&env->peer, &req, false);
	}
	for (uint32_t i = 0; i < n; i++)
		conf_check_number(&calls[i], i);
	free(calls);
}

static void reply_to_a_cancelled_call_is_late(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_hold_many(env, &c, 1);
	assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_E_CANCELLED);
	assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_E_NOTFOUND);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).late, 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
	assert_int_equal(conf_call_ended(&c), 1);
	conf_check_guard(&c, 0);
}

static bool one_acquired(void *arg)
{
	struct conf_env *env = arg;

	return env->kind->acquired(env->link) == 1;
}

static bool one_duplicate(void *arg)
{
	return conf_stats(arg).duplicate == 1;
}

static bool one_late(void *arg)
{
	return conf_stats(arg).late == 1;
}

/* The founding case: matched, then its call times out, then it is completed. Valid all the time, written never. */
static void acquired_reply_outlives_its_call(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	env->kind->pause(env->link, true);
	submit_timed(env, &c, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	conf_until(env, one_acquired, env);
	time_out(env, &c, 1);
	assert_int_equal(env->kind->push(env->link, req.hdr, "twice", 5), SCMI_OK);
	conf_until(env, one_duplicate, env); /* while it is held nothing else matches it */
	env->kind->pause(env->link, false);
	conf_until(env, one_late, env);
	assert_int_equal(conf_stats(env).accepted, 0);
	conf_check_guard(&c, 0);
}

static void acquired_reply_completes_later(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	env->kind->pause(env->link, true);
	conf_hold_many(env, &c, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	conf_until(env, one_acquired, env);
	assert_int_equal(conf_call_ended(&c), 0);
	env->kind->pause(env->link, false);
	conf_check_number(&c, 0);
}

#define NO_UNASKED "carries no message that answers no command"
#define NO_WIDTH   "the wire holds one command only"
#define NO_TOKEN   "does not know by itself which command an answer belongs to"

const struct conf_case conf_match_cases[] = {
	{"replies_in_reverse_order_match", replies_in_reverse_order_match, 0, CONF_WIDE, 2, NO_WIDTH},
	{"replies_in_random_order_match", replies_in_random_order_match, 0, CONF_WIDE, 2, NO_WIDTH},
	{"one_more_than_max_inflight_is_busy", one_more_than_max_inflight_is_busy, 0, CONF_WIDE, 1, NO_WIDTH},
	{"stray_replies_are_counted_and_dropped", stray_replies_are_counted_and_dropped, 0, CONF_UNASKED, 2,
	 NO_UNASKED},
	{"wrong_header_ends_its_call", wrong_header_ends_its_call, 0, CONF_KNOWS_TOKEN, 1, NO_TOKEN},
	{"reserved_header_bits_are_ignored", reserved_header_bits_are_ignored, 0, 0, 1, NULL},
	{"second_reply_is_a_duplicate", second_reply_is_a_duplicate, 0, CONF_UNASKED, 1, NO_UNASKED},
	{"reply_of_an_earlier_life_is_a_stray", reply_of_an_earlier_life_is_a_stray, 0, CONF_UNASKED, 1, NO_UNASKED},
	{"late_replies_free_their_slots", late_replies_free_their_slots, 0, CONF_WIDE, 1, NO_WIDTH},
	{"reply_to_a_cancelled_call_is_late", reply_to_a_cancelled_call_is_late, 0, 0, 1, NULL},
	{"acquired_reply_outlives_its_call", acquired_reply_outlives_its_call, 0, CONF_DELEGATES | CONF_UNASKED, 1,
	 "completes in the context that receives"},
	{"acquired_reply_completes_later", acquired_reply_completes_later, 0, CONF_DELEGATES, 1,
	 "completes in the context that receives"},
	{"all_that_the_wire_holds_is_in_flight", all_that_the_wire_holds_is_in_flight, 0, CONF_WIDE,
	 SCMI_SLOTS_DEFAULT + 1u, "holds no more than an agent has slots anyway"},
	{NULL, NULL, 0, 0, 0, NULL},
};
