/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed commands: two messages answer one call, in any order, or one of them never comes. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define MANY       16u
#define TIME_US    1000u
#define DELAYED_US 5000u
#define ROUNDS     200u

/* Submits a delayed command, whose request the peer has then. */
static struct conf_request ask(struct conf_env *env, struct conf_call *c)
{
	conf_peer_hold(&env->peer, true);
	conf_call_init(c, env, CONF_ECHO, "wait", 4);
	c->call.flags |= SCMI_CALL_DELAYED;
	c->call.timeout_us = TIME_US;
	c->call.delayed_timeout_us = DELAYED_US;
	conf_submit(c);
	conf_peer_wait(&env->peer, 1);
	return conf_peer_take(&env->peer, conf_peer_held(&env->peer) - 1u);
}

static void respond(struct conf_env *env, const struct conf_request *req, int32_t status)
{
	assert_int_equal(conf_peer_answer(&env->peer, req, req->hdr, status, NULL, 0), SCMI_OK);
}

static void tell(struct conf_env *env, uint32_t hdr, int32_t status, const void *values, uint32_t len)
{
	unsigned char payload[SCMI_STATUS_BYTES + CONF_PAYLOAD];
	uint32_t payload_len;

	assert_int_equal(scmi_msg_build_reply(payload, sizeof(payload), status, values, len, &payload_len), SCMI_OK);
	conf_push(env, scmi_hdr_as(hdr, SCMI_MSG_DELAYED), payload, payload_len);
}

static void check_done(struct conf_call *c)
{
	assert_int_equal(conf_finish(c), SCMI_OK);
	assert_int_equal(c->call.status, SCMI_SUCCESS);
	assert_int_equal(c->call.reply_len, 4);
	assert_memory_equal(c->reply, "done", 4);
	conf_check_guard(c, 4);
}

static bool is_let_go(void *arg)
{
	const struct scmi_agent_stats s = conf_stats(arg);

	return s.in_flight == 0 && s.quarantined == 0;
}

/*
 * All is as it was before: the slot is free, as soon as whoever delivered has let go of it, and the next command of both
 * sorts goes well.
 */
static void check_rest(struct conf_env *env)
{
	struct scmi_agent_stats s;
	struct conf_call c;
	struct conf_request req;

	conf_until(env, is_let_go, env);
	s = conf_stats(env);
	conf_check_equations(&s);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(s.quarantined, 0);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	check_done(&c);
	conf_echo_works(env);
}

static void delayed_follows_its_response(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	/* Values that stand in the response are not the call's. */
	assert_int_equal(conf_peer_answer(&env->peer, &req, req.hdr, SCMI_SUCCESS, "soon", 4), SCMI_OK);
	conf_receive(env, 1);
	assert_int_equal(conf_call_ended(&c), 0);
	conf_check_guard(&c, 0);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	check_done(&c);
	assert_int_equal(conf_stats(env).accepted, 2);
	check_rest(env);
}

static void delayed_before_its_response_ends_the_call(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	check_done(&c);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).quarantined, 1); /* the response is owed still */
	respond(env, &req, SCMI_SUCCESS);
	conf_receive(env, 2);
	assert_int_equal(conf_stats(env).late, 1);
	check_rest(env);
}

/* The platform will not send the delayed response then; if it does, nobody takes it. */
static void delayed_command_refused_by_its_response(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	respond(env, &req, SCMI_DENIED);
	assert_int_equal(conf_finish(&c), SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_DENIED);
	assert_int_equal(c.call.reply_len, 0);
	conf_check_guard(&c, 0);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	conf_receive(env, 2);
	assert_int_equal(conf_stats(env).accepted, 1);
	assert_int_equal(conf_call_ended(&c), 1);
	conf_check_guard(&c, 0);
	check_rest(env);
}

static void delayed_response_with_an_error_ends_the_call(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	tell(env, req.hdr, SCMI_HARDWARE_ERROR, NULL, 0);
	assert_int_equal(conf_finish(&c), SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_HARDWARE_ERROR);
	conf_check_guard(&c, 0);
	check_rest(env);
}

static void push_response(struct conf_env *env, const struct conf_request *req)
{
	const unsigned char success[SCMI_STATUS_BYTES] = {0};

	conf_push(env, req->hdr, success, sizeof(success));
}

static void delayed_messages_that_come_twice_are_duplicates(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	conf_receive(env, 1);
	push_response(env, &req);
	conf_receive(env, 2);
	assert_int_equal(conf_stats(env).duplicate, 1);
	assert_int_equal(conf_call_ended(&c), 0);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	check_done(&c);
	tell(env, req.hdr, SCMI_SUCCESS, "evil", 4);
	push_response(env, &req);
	conf_receive(env, 5);
	assert_int_equal(conf_stats(env).duplicate, 3);
	check_done(&c);
	check_rest(env);
}

static void expire(struct conf_env *env, struct conf_call *c, uint64_t us)
{
	conf_clock_advance(&env->clock, us);
	assert_int_equal(conf_finish(c), SCMI_E_TIMEOUT);
	assert_int_equal(c->call.reply_len, 0);
	conf_check_guard(c, 0);
}

/* The second clock begins with the response; the slot waits for what is owed. */
static void delayed_that_never_comes_times_out(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	conf_receive(env, 1);
	conf_clock_advance(&env->clock, DELAYED_US - 100u);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_call_ended(&c), 0);
	expire(env, &c, 200);
	assert_int_equal(conf_stats(env).quarantined, 1);
	tell(env, req.hdr, SCMI_SUCCESS, "late", 4);
	conf_receive(env, 2);
	assert_int_equal(conf_stats(env).late, 1);
	conf_check_guard(&c, 0);
	check_rest(env);
}

static void delayed_without_any_answer_owes_two(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	expire(env, &c, TIME_US + 100u);
	tell(env, req.hdr, SCMI_SUCCESS, "late", 4);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).quarantined, 1);
	respond(env, &req, SCMI_SUCCESS);
	conf_receive(env, 2);
	assert_int_equal(conf_stats(env).late, 2);
	conf_check_guard(&c, 0);
	check_rest(env);
}

static void delayed_cancelled_before_and_between(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t between = 0; between < 2; between++) {
		struct conf_call c;
		struct conf_request req = ask(env, &c);

		if (between != 0) {
			respond(env, &req, SCMI_SUCCESS);
			conf_receive(env, 3);
		}
		assert_int_equal(scmi_agent_cancel(env->agent, &c.call), SCMI_OK);
		assert_int_equal(conf_finish(&c), SCMI_E_CANCELLED);
		assert_int_equal(conf_stats(env).quarantined, 1);
		if (between == 0)
			respond(env, &req, SCMI_SUCCESS);
		tell(env, req.hdr, SCMI_SUCCESS, "late", 4);
		conf_receive(env, between == 0 ? 2 : 4);
		conf_check_guard(&c, 0);
	}
	assert_int_equal(conf_stats(env).late, 3);
	check_rest(env);
}

static void delayed_of_every_size_arrive_whole(struct conf_env *env)
{
	const uint32_t max = env->kind->max_payload - SCMI_STATUS_BYTES;
	unsigned char bytes[CONF_PAYLOAD];

	conf_start(env);
	conf_fill(bytes, sizeof(bytes));
	for (uint32_t len = 0; len <= max; len++) {
		struct conf_call c;
		const struct conf_request req = ask(env, &c);

		respond(env, &req, SCMI_SUCCESS);
		tell(env, req.hdr, SCMI_SUCCESS, bytes, len);
		assert_int_equal(conf_finish(&c), SCMI_OK);
		assert_int_equal(c.call.reply_len, len);
		assert_memory_equal(c.reply, bytes, len);
		conf_check_guard(&c, len);
	}
	check_rest(env);
}

static void delayed_over_max_is_refused_whole(struct conf_env *env)
{
	const uint32_t over = env->kind->max_payload + 1u;
	unsigned char payload[CONF_PAYLOAD + 1u] = {0};
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	conf_receive(env, 1);
	assert_int_equal(env->kind->push(env->link, scmi_hdr_as(req.hdr, SCMI_MSG_DELAYED), payload, over),
			 SCMI_E_TOOBIG);
	(void)scmi_agent_poll(env->agent, 16);
	assert_int_equal(conf_stats(env).received, 1);
	assert_int_equal(conf_call_ended(&c), 0);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	check_done(&c);
	check_rest(env);
}

static void delayed_over_buffer_is_truncated(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;
	unsigned char bytes[40];

	conf_start(env);
	conf_fill(bytes, sizeof(bytes));
	conf_peer_hold(&env->peer, true);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	c.call.flags |= SCMI_CALL_DELAYED;
	c.call.reply_cap = 7;
	conf_submit(&c);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	respond(env, &req, SCMI_SUCCESS);
	tell(env, req.hdr, SCMI_SUCCESS, bytes, sizeof(bytes));
	assert_int_equal(conf_finish(&c), SCMI_E_TRUNCATED);
	assert_int_equal(c.call.reply_len, sizeof(bytes));
	assert_memory_equal(c.reply, bytes, 7);
	conf_check_guard(&c, 7);
	check_rest(env);
}

/* On a link without platform-to-agent channel there would be no way for it. */
static void delayed_without_channel_is_refused(struct conf_env *env)
{
	struct conf_call c;

	env->transport.caps &= ~SCMI_CAP_NOTIFY;
	env->config.event_buffers = 0;
	conf_start(env);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	c.call.flags |= SCMI_CALL_DELAYED;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_NOTSUP);
	assert_int_equal(conf_call_ended(&c), 0);
	assert_int_equal(conf_peer_seen(&env->peer), 0);
	conf_echo_works(env);
}

/* As many as there are slots; each message comes at a time of its own. */
static void delayed_many_in_random_order_match(struct conf_env *env)
{
	const uint32_t wire = (env->kind->traits & CONF_WIDE) != 0 ? env->kind->depth : 1u;
	const uint32_t n = wire < MANY ? wire : MANY;
	struct conf_request reqs[MANY];
	struct conf_call calls[MANY];
	uint32_t seed = 7;

	conf_start(env);
	for (uint32_t round = 0; round < 20; round++) {
		uint32_t left[2 * MANY];

		for (uint32_t i = 0; i < n; i++) {
			reqs[i] = ask(env, &calls[i]);
			left[2 * i] = 2 * i;           /* its response */
			left[2 * i + 1u] = 2 * i + 1u; /* its delayed response, whose values are its number */
		}
		for (uint32_t k = 2 * n; k != 0; k--) {
			uint32_t pick = (seed = seed * 1664525u + 1013904223u) >> 16;
			uint32_t which = left[pick % k];
			unsigned char number[4];

			left[pick % k] = left[k - 1u];
			scmi_put_le32(number, which / 2);
			if (which % 2 == 0)
				respond(env, &reqs[which / 2], SCMI_SUCCESS);
			else
				tell(env, reqs[which / 2].hdr, SCMI_SUCCESS, number, 4);
		}
		for (uint32_t i = 0; i < n; i++)
			conf_check_number(&calls[i], i);
		conf_receive(env, 2u * n * (round + 1u));
	}
	assert_int_equal(conf_stats(env).ok, 20u * n);
	check_rest(env);
}

static bool both_acquired(void *arg)
{
	struct conf_env *env = arg;

	return env->shim.holding == 2;
}

/* Response and delayed response of one command, both matched and neither delivered. */
static void delayed_and_response_acquired_at_once(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	env->kind->pause(env->link, true);
	req = ask(env, &c);
	respond(env, &req, SCMI_SUCCESS);
	tell(env, req.hdr, SCMI_SUCCESS, "done", 4);
	conf_until(env, both_acquired, env);
	assert_int_equal(conf_call_ended(&c), 0);
	env->kind->pause(env->link, false);
	check_done(&c);
	conf_receive(env, 2);
	check_rest(env);
}

/* What the thread is to tell next. */
struct box {
	_Atomic uint32_t hdr; /* 0: nothing */
};

static void *tell_each(void *arg)
{
	static const unsigned char payload[8] = {0, 0, 0, 0, 'd', 'o', 'n', 'e'};
	struct conf_thread *t = arg;
	struct box *box = t->arg;

	while (!t->over) {
		const uint32_t hdr = atomic_exchange(&box->hdr, 0);
		int err = hdr != 0 ? SCMI_E_BUSY : SCMI_OK;

		while (err == SCMI_E_BUSY)
			err = t->env->kind->push(t->env->link, hdr, payload, sizeof(payload));
		t->wrong += err != SCMI_OK ? 1u : 0u;
		if (hdr == 0)
			sched_yield();
	}
	return NULL;
}

/* Both at the same time, by two threads of the peer's. */
static void delayed_beside_its_response_ends_once(struct conf_env *env)
{
	struct box box = {0};
	struct conf_thread t;

	conf_start(env);
	conf_thread_start(&t, env, tell_each, &box);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		struct conf_call c;
		const struct conf_request req = ask(env, &c);

		atomic_store(&box.hdr, scmi_hdr_as(req.hdr, SCMI_MSG_DELAYED));
		respond(env, &req, SCMI_SUCCESS);
		check_done(&c);
		conf_receive(env, 2u * (i + 1u));
	}
	conf_thread_end(&t);
	assert_int_equal(conf_stats(env).ok, ROUNDS);
	assert_int_equal(conf_stats(env).quarantined, 0);
}

static void delayed_of_a_lost_peer_is_forgiven(struct conf_env *env)
{
	struct conf_call c[2];
	struct conf_request req[2];

	conf_start(env);
	req[0] = ask(env, &c[0]);
	req[1] = ask(env, &c[1]);
	respond(env, &req[0], SCMI_SUCCESS);
	conf_receive(env, 1);
	env->kind->peer_stop(env->link);
	respond(env, &req[1], SCMI_SUCCESS);
	assert_int_equal(conf_finish(&c[0]), SCMI_E_LINK);
	assert_int_equal(conf_finish(&c[1]), SCMI_E_LINK);
	assert_int_equal(conf_stats(env).quarantined, 0);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	check_rest(env);
}

#define NO_UNASKED "carries no message that answers no command"
#define NEEDS      SCMI_CAP_NOTIFY, CONF_UNASKED

const struct conf_case conf_delayed_cases[] = {
	{"delayed_follows_its_response", delayed_follows_its_response, NEEDS, 1, NO_UNASKED},
	{"delayed_before_its_response_ends_the_call", delayed_before_its_response_ends_the_call, NEEDS, 1, NO_UNASKED},
	{"delayed_command_refused_by_its_response", delayed_command_refused_by_its_response, NEEDS, 1, NO_UNASKED},
	{"delayed_response_with_an_error_ends_the_call", delayed_response_with_an_error_ends_the_call, NEEDS, 1,
	 NO_UNASKED},
	{"delayed_messages_that_come_twice_are_duplicates", delayed_messages_that_come_twice_are_duplicates, NEEDS, 1,
	 NO_UNASKED},
	{"delayed_that_never_comes_times_out", delayed_that_never_comes_times_out, NEEDS, 1, NO_UNASKED},
	{"delayed_without_any_answer_owes_two", delayed_without_any_answer_owes_two, NEEDS, 1, NO_UNASKED},
	{"delayed_cancelled_before_and_between", delayed_cancelled_before_and_between, NEEDS, 1, NO_UNASKED},
	{"delayed_of_every_size_arrive_whole", delayed_of_every_size_arrive_whole, NEEDS, 1, NO_UNASKED},
	{"delayed_over_max_is_refused_whole", delayed_over_max_is_refused_whole, NEEDS, 1, NO_UNASKED},
	{"delayed_over_buffer_is_truncated", delayed_over_buffer_is_truncated, NEEDS, 1, NO_UNASKED},
	{"delayed_without_channel_is_refused", delayed_without_channel_is_refused, 0, 0, 1, NULL},
	{"delayed_many_in_random_order_match", delayed_many_in_random_order_match, NEEDS, 1, NO_UNASKED},
	{"delayed_and_response_acquired_at_once", delayed_and_response_acquired_at_once, SCMI_CAP_NOTIFY,
	 CONF_DELEGATES | CONF_UNASKED, 1, "completes in the context that receives"},
	{"delayed_beside_its_response_ends_once", delayed_beside_its_response_ends_once, NEEDS, 1, NO_UNASKED},
	{"delayed_of_a_lost_peer_is_forgiven", delayed_of_a_lost_peer_is_forgiven, SCMI_CAP_NOTIFY,
	 CONF_PEER_GOES | CONF_UNASKED | CONF_WIDE, 2, "its peer is always there, or has one command at a time"},
	{NULL, NULL, 0, 0, 0, NULL},
};
