/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of every kind and length: whole, or refused, never trimmed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

static uint32_t max_values(const struct conf_env *env)
{
	return env->kind->max_payload - SCMI_STATUS_BYTES;
}

/* Submits a command that the peer holds, and gives the peer's view of it. */
static struct conf_request held_echo(struct conf_env *env, struct conf_call *c)
{
	conf_peer_hold(&env->peer, true);
	conf_call_init(c, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &c->call), SCMI_OK);
	conf_peer_wait(&env->peer, 1);
	return conf_peer_take(&env->peer, 0);
}

static void limits_are_as_declared(struct conf_env *env)
{
	conf_start(env);
	assert_int_equal(env->transport.max_payload, env->kind->max_payload);
	assert_int_equal(scmi_agent_max_params(env->agent), env->kind->max_payload);
	assert_int_equal(scmi_agent_max_values(env->agent), max_values(env));
	assert_int_equal(conf_stats(env).max_inflight,
			 env->kind->depth < SCMI_SLOTS_DEFAULT ? env->kind->depth : SCMI_SLOTS_DEFAULT);
}

static void call_returns_version(struct conf_env *env)
{
	unsigned char version[4] = {0};
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = SCMI_PROTOCOL_BASE,
		.message = SCMI_PROTOCOL_VERSION,
		.reply = version,
		.reply_cap = sizeof(version),
	};

	conf_start(env);
	assert_int_equal(scmi_agent_call(env->agent, &call), SCMI_OK);
	conf_count(env, SCMI_OK);
	assert_int_equal(call.status, SCMI_SUCCESS);
	assert_int_equal(call.reply_len, 4);
	assert_int_equal(scmi_get_le32(version), CONF_VERSION);
}

static void polled_call_returns_version(struct conf_env *env)
{
	unsigned char version[4] = {0};
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = CONF_PROTOCOL,
		.message = SCMI_PROTOCOL_VERSION,
		.flags = SCMI_CALL_POLL,
		.reply = version,
		.reply_cap = sizeof(version),
	};

	conf_start(env);
	assert_int_equal(scmi_agent_call(env->agent, &call), SCMI_OK);
	conf_count(env, SCMI_OK);
	assert_int_equal(scmi_get_le32(version), CONF_VERSION);
}

static void error_status_returns_remote(struct conf_env *env)
{
	struct conf_call c;
	unsigned char status[4];

	conf_start(env);
	scmi_put_le32(status, (uint32_t)SCMI_DENIED);
	conf_call_init(&c, env, CONF_STATUS, status, sizeof(status));
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_DENIED);
	assert_int_equal(c.call.reply_len, 0);
	conf_check_guard(&c, 0);
	assert_int_equal(conf_stats(env).remote, 1);
}

static void params_at_max_arrive_whole(struct conf_env *env)
{
	const uint32_t max = env->kind->max_payload;
	struct conf_call c;
	struct conf_request req;
	unsigned char bytes[CONF_PAYLOAD];

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_fill(bytes, max);
	conf_call_init(&c, env, CONF_ECHO, bytes, max);
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	assert_int_equal(req.len, max);
	assert_memory_equal(req.params, bytes, max);
	conf_peer_play(&env->peer, &req, false);
	assert_int_equal(conf_finish(&c), SCMI_OK);
	assert_int_equal(c.call.reply_len, max_values(env));
	assert_memory_equal(c.reply, bytes, max_values(env));
	conf_check_guard(&c, max_values(env));
}

static void params_over_max_are_refused(struct conf_env *env)
{
	const uint32_t over = env->kind->max_payload + 1u;
	struct scmi_tx tx = {.hdr = scmi_hdr(CONF_PROTOCOL, CONF_ECHO, SCMI_MSG_COMMAND, 0), .len = over};
	struct conf_call c;
	unsigned char bytes[CONF_PAYLOAD + 1u];

	conf_start(env);
	conf_fill(bytes, over);
	conf_call_init(&c, env, CONF_ECHO, bytes, over);
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_TOOBIG);
	assert_int_equal(conf_call_ended(&c), 0);
	/* The agent refuses it beforehand; the transport by itself, too. */
	tx.payload = bytes;
	assert_int_equal(env->shim.below.ops->send(env->shim.below.ctx, &tx), SCMI_E_TOOBIG);
	assert_int_equal(conf_peer_seen(&env->peer), 0);
}

static void reply_at_max_arrives_whole(struct conf_env *env)
{
	struct conf_call c;
	unsigned char n[4];
	unsigned char expected[CONF_PAYLOAD];

	conf_start(env);
	scmi_put_le32(n, max_values(env));
	conf_call_init(&c, env, CONF_SIZE, n, sizeof(n));
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_OK);
	assert_int_equal(c.call.reply_len, max_values(env));
	conf_fill(expected, max_values(env));
	assert_memory_equal(c.reply, expected, max_values(env));
	conf_check_guard(&c, max_values(env));
}

static void reply_over_max_is_refused_whole(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;
	unsigned char bytes[CONF_PAYLOAD];

	conf_start(env);
	req = held_echo(env, &c);
	conf_fill(bytes, sizeof(bytes));
	assert_int_equal(conf_peer_answer(&env->peer, &req, req.hdr, SCMI_SUCCESS, bytes, max_values(env) + 1u),
			 SCMI_E_TOOBIG);
	assert_int_equal(scmi_agent_poll(env->agent, 16), 0);
	assert_int_equal(conf_call_ended(&c), 0);
	assert_int_equal(conf_peer_answer(&env->peer, &req, req.hdr, SCMI_COMMS_ERROR, NULL, 0), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_COMMS_ERROR);
}

static void reply_over_buffer_is_truncated(struct conf_env *env)
{
	struct conf_call c;
	unsigned char n[4];
	unsigned char expected[CONF_PAYLOAD];

	conf_start(env);
	scmi_put_le32(n, 40);
	conf_call_init(&c, env, CONF_SIZE, n, sizeof(n));
	c.call.reply_cap = 7;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_finish(&c), SCMI_E_TRUNCATED);
	assert_int_equal(c.call.reply_len, 40);
	conf_fill(expected, 7);
	assert_memory_equal(c.reply, expected, 7);
	conf_check_guard(&c, 7);
	assert_int_equal(conf_stats(env).truncated, 1);
}

static void reply_without_status_is_malformed(struct conf_env *env)
{
	const unsigned char bytes[3] = {0};

	conf_start(env);
	for (uint32_t len = 1; len <= sizeof(bytes); len++) {
		struct conf_call c;
		const struct conf_request req = held_echo(env, &c);

		assert_int_equal(env->kind->answer(env->link, req.ref, req.hdr, bytes, len, false), SCMI_OK);
		assert_int_equal(conf_finish(&c), SCMI_E_PROTO);
		assert_int_equal(c.call.reply_len, 0);
		conf_check_guard(&c, 0);
	}
	assert_int_equal(conf_stats(env).malformed, 3);
	assert_int_equal(conf_stats(env).quarantined, 0);
}

static void empty_answer_settles(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	req = held_echo(env, &c);
	assert_int_equal(env->kind->answer(env->link, req.ref, req.hdr, NULL, 0, false), SCMI_OK);
	assert_int_equal(conf_finish(&c), conf_empty(env));
	assert_int_equal(conf_stats(env).settled, 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
}

/* Every length that there is, those that are no whole words too. */
static void params_of_every_size_arrive_whole(struct conf_env *env)
{
	unsigned char bytes[CONF_PAYLOAD];

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_fill(bytes, sizeof(bytes));
	for (uint32_t len = 0; len <= env->kind->max_payload; len++) {
		struct conf_call c;
		struct conf_request req;

		conf_call_init(&c, env, CONF_ECHO, bytes, len);
		conf_submit(&c);
		conf_peer_wait(&env->peer, 1);
		req = conf_peer_take(&env->peer, 0);
		assert_int_equal(req.len, len);
		assert_memory_equal(req.params, bytes, len);
		conf_peer_play(&env->peer, &req, false);
		assert_int_equal(conf_finish(&c), SCMI_OK);
	}
}

static void replies_of_every_size_arrive_whole(struct conf_env *env)
{
	unsigned char expected[CONF_PAYLOAD];

	conf_start(env);
	conf_fill(expected, sizeof(expected));
	for (uint32_t len = 0; len <= max_values(env); len++) {
		struct conf_call c;
		unsigned char n[4];

		scmi_put_le32(n, len);
		conf_call_init(&c, env, CONF_SIZE, n, sizeof(n));
		conf_submit(&c);
		assert_int_equal(conf_finish(&c), SCMI_OK);
		assert_int_equal(c.call.reply_len, len);
		assert_memory_equal(c.reply, expected, len);
		conf_check_guard(&c, len);
	}
}

const struct conf_case conf_message_cases[] = {
	{"limits_are_as_declared", limits_are_as_declared, 0, 0, 1, NULL},
	{"call_returns_version", call_returns_version, 0, 0, 1, NULL},
	{"polled_call_returns_version", polled_call_returns_version, 0, 0, 1, NULL},
	{"error_status_returns_remote", error_status_returns_remote, 0, 0, 1, NULL},
	{"params_at_max_arrive_whole", params_at_max_arrive_whole, 0, 0, 1, NULL},
	{"params_over_max_are_refused", params_over_max_are_refused, 0, 0, 1, NULL},
	{"reply_at_max_arrives_whole", reply_at_max_arrives_whole, 0, 0, 1, NULL},
	{"reply_over_max_is_refused_whole", reply_over_max_is_refused_whole, 0, 0, 1, NULL},
	{"reply_over_buffer_is_truncated", reply_over_buffer_is_truncated, 0, 0, 1, NULL},
	{"reply_without_status_is_malformed", reply_without_status_is_malformed, 0, 0, 1, NULL},
	{"empty_answer_settles", empty_answer_settles, 0, CONF_EMPTY, 1, "every answer has a message"},
	{"params_of_every_size_arrive_whole", params_of_every_size_arrive_whole, 0, 0, 1, NULL},
	{"replies_of_every_size_arrive_whole", replies_of_every_size_arrive_whole, 0, 0, 1, NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
