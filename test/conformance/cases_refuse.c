/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that nobody takes: each way to refuse one, more often than the transport has buffers. All of them are home
 * then, and the link goes on.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define MANY 300u /* more than any kind has buffers */

static void check_home(struct conf_env *env)
{
	const struct scmi_agent_stats s = conf_stats(env);

	conf_check_equations(&s);
	assert_int_equal(s.quarantined, 0);
	assert_int_equal(env->shim.holding, 0);
	conf_all_home(env);
	conf_echo_works(env);
}

static uint32_t sum_refused(const struct scmi_agent_stats *s)
{
	return s->late + s->stray_token + s->stray_protocol + s->stray_message + s->stray_type + s->stray_header +
	       s->duplicate + s->mismatched + s->unclaimed + s->dropped;
}

/* Pushes a message with this header MANY times beside a live command of the given header, if flip is one of its. */
static void push_many(struct conf_env *env, uint32_t hdr)
{
	const unsigned char payload[8] = {0};

	for (uint32_t i = 0; i < MANY; i++)
		conf_push(env, hdr, payload, sizeof(payload));
}

/* A command is in flight all the time, and its header changed by flip is what comes. Returns the counters then. */
static struct scmi_agent_stats refuse_beside_a_call(struct conf_env *env, uint32_t flip)
{
	struct scmi_agent_stats s;
	struct conf_call c;
	struct conf_request req;

	conf_hold(env, &c, 5);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	push_many(env, req.hdr ^ flip);
	conf_receive(env, MANY);
	s = conf_stats(env);
	assert_int_equal(sum_refused(&s), MANY);
	assert_int_equal(conf_call_ended(&c), 0);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&c, 5);
	return s;
}

static void stray_token_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, 1u << 27).stray_token, MANY);
	check_home(env);
}

static void stray_slot_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, 1u << 18).stray_token, MANY);
	check_home(env);
}

static void stray_protocol_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, 1u << 10).stray_protocol, MANY);
	check_home(env);
}

static void stray_message_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, 1u << 0).stray_message, MANY);
	check_home(env);
}

static void stray_type_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, SCMI_MSG_RESERVED << 8).stray_type, MANY);
	check_home(env);
}

static void delayed_that_nobody_asked_for_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(refuse_beside_a_call(env, SCMI_MSG_DELAYED << 8).stray_type, MANY);
	check_home(env);
}

static void stray_header_goes_home(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(scmi_agent_checks(env->agent, SCMI_CHECK_RESERVED, 0), SCMI_OK);
	assert_int_equal(refuse_beside_a_call(env, 1u << 31).stray_header, MANY);
	check_home(env);
}

static void duplicates_go_home(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_hold(env, &c, 5);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(&c, 5);
	push_many(env, req.hdr);
	conf_receive(env, MANY + 1u);
	assert_int_equal(conf_stats(env).duplicate, MANY);
	assert_int_equal(conf_call_ended(&c), 1);
	conf_check_guard(&c, 4);
	check_home(env);
}

static void late_replies_go_home(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 0; i < MANY; i++) {
		struct conf_call c;

		conf_hold(env, &c, i);
		assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_OK);
		conf_answer(env);
		conf_receive(env, i + 1u);
		conf_check_guard(&c, 0);
	}
	assert_int_equal(conf_stats(env).late, MANY);
	check_home(env);
}

/* On the place of one command, under the token of another. */
static void mismatched_replies_go_home(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 0; i < MANY; i++) {
		struct conf_call c;
		struct conf_request req;

		conf_hold(env, &c, i);
		conf_peer_wait(&env->peer, 1);
		req = conf_peer_take(&env->peer, 0);
		assert_int_equal(conf_peer_answer(&env->peer, &req, req.hdr ^ 1u << 18, SCMI_SUCCESS, "evil", 4),
				 SCMI_OK);
		assert_int_equal(conf_finish(&c), SCMI_E_PROTO);
		conf_check_guard(&c, 0);
	}
	assert_int_equal(conf_stats(env).mismatched, MANY);
	check_home(env);
}

static void malformed_replies_go_home(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 0; i < MANY; i++) {
		struct conf_call c;
		struct conf_request req;

		conf_hold(env, &c, i);
		conf_peer_wait(&env->peer, 1);
		req = conf_peer_take(&env->peer, 0);
		assert_int_equal(env->kind->answer(env->link, req.ref, req.hdr, "sho", 1u + i % 3u, false), SCMI_OK);
		assert_int_equal(conf_finish(&c), SCMI_E_PROTO);
		conf_check_guard(&c, 0);
	}
	assert_int_equal(conf_stats(env).malformed, MANY);
	check_home(env);
}

static void empty_answers_go_home(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 0; i < MANY; i++) {
		struct conf_call c;
		struct conf_request req;

		conf_hold(env, &c, i);
		conf_peer_wait(&env->peer, 1);
		req = conf_peer_take(&env->peer, 0);
		if (i % 2u != 0) /* also for a call that has ended */
			assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_OK);
		assert_int_equal(env->kind->answer(env->link, req.ref, req.hdr, NULL, 0, false), SCMI_OK);
		assert_int_equal(conf_finish(&c), i % 2u != 0 ? SCMI_E_CANCELLED : conf_empty(env));
		while (conf_stats(env).settled != i + 1u)
			(void)scmi_agent_poll(env->agent, 16);
	}
	check_home(env);
}

static void unclaimed_notifications_go_home(struct conf_env *env)
{
	conf_start(env);
	push_many(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 3));
	conf_receive(env, MANY);
	assert_int_equal(conf_stats(env).unclaimed, MANY);
	check_home(env);
}

/* Longer than an event buffer: dropped whole. */
static void notifications_that_are_too_long_go_home(struct conf_env *env)
{
	struct conf_heard h;

	env->config.event_bytes = 7;
	conf_start(env);
	conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	push_many(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 3));
	conf_receive(env, MANY);
	assert_int_equal(conf_stats(env).dropped, MANY);
	assert_int_equal(h.n, 0);
	check_home(env);
}

static bool one_by_one(const struct conf_env *env)
{
	return (env->kind->traits & CONF_EIGHT) == 0 && (env->transport.caps & SCMI_CAP_IRQ) == 0;
}

/* No event buffer is free, for nobody runs the handlers. */
static void notifications_without_a_buffer_go_home(struct conf_env *env)
{
	struct conf_heard h;
	struct scmi_agent_stats s;

	env->config.flags = SCMI_AGENT_DEFERRED;
	env->config.event_buffers = 1;
	conf_start(env);
	conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	push_many(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 3));
	conf_receive(env, MANY);
	s = conf_stats(env);
	assert_int_equal(s.accepted + s.dropped, MANY);
	/* One at a time, and fetched by who polls: then its buffer is free before the next one comes. */
	assert_true(s.accepted >= 1 && (s.dropped >= 1 || one_by_one(env)));
	assert_int_equal(h.n, s.accepted);
	check_home(env);
}

#define NO_UNASKED "carries no message that answers no command"
#define UNASKED    0, CONF_UNASKED, 1, NO_UNASKED
#define NOTIFIES   SCMI_CAP_NOTIFY, CONF_UNASKED, 1, NO_UNASKED

const struct conf_case conf_refuse_cases[] = {
	{"stray_token_goes_home", stray_token_goes_home, UNASKED},
	{"stray_slot_goes_home", stray_slot_goes_home, 0, CONF_UNASKED, 2, NO_UNASKED},
	{"stray_protocol_goes_home", stray_protocol_goes_home, UNASKED},
	{"stray_message_goes_home", stray_message_goes_home, UNASKED},
	{"stray_type_goes_home", stray_type_goes_home, UNASKED},
	{"delayed_that_nobody_asked_for_goes_home", delayed_that_nobody_asked_for_goes_home, UNASKED},
	{"stray_header_goes_home", stray_header_goes_home, UNASKED},
	{"duplicates_go_home", duplicates_go_home, UNASKED},
	{"late_replies_go_home", late_replies_go_home, 0, 0, 1, NULL},
	{"mismatched_replies_go_home", mismatched_replies_go_home, 0, CONF_KNOWS_TOKEN, 1,
	 "does not know by itself which command an answer belongs to"},
	{"malformed_replies_go_home", malformed_replies_go_home, 0, 0, 1, NULL},
	{"empty_answers_go_home", empty_answers_go_home, 0, CONF_EMPTY, 1, "every answer has a message"},
	{"unclaimed_notifications_go_home", unclaimed_notifications_go_home, NOTIFIES},
	{"notifications_that_are_too_long_go_home", notifications_that_are_too_long_go_home, NOTIFIES},
	{"notifications_without_a_buffer_go_home", notifications_without_a_buffer_go_home, NOTIFIES},
	{NULL, NULL, 0, 0, 0, NULL},
};
