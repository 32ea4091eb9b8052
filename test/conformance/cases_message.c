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
	assert_int_equal(conf_finish(&c), SCMI_E_PROTO);
	assert_int_equal(conf_stats(env).settled, 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
}

static bool received(void *arg)
{
	struct conf_env *env = arg;

	return conf_stats(env).received != 0;
}

/* Nobody waits for it: what counts here is that the transport carries one whole. */
static void delayed_response_at_max_is_carried(struct conf_env *env)
{
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, CONF_ECHO, SCMI_MSG_DELAYED, 0);
	const uint32_t max = env->kind->max_payload;
	unsigned char bytes[CONF_PAYLOAD + 1u];

	conf_trace(env);
	conf_start(env);
	conf_fill(bytes, max + 1u);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max + 1u), SCMI_E_TOOBIG);
	assert_int_equal(scmi_agent_poll(env->agent, 16), 0);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max), SCMI_OK);
	conf_until(env, received, env);
	assert_int_equal(conf_stats(env).stray_token, 1);
	if (env->kind->pause == NULL) /* who acquires tells the length only when it completes */
		assert_int_equal(env->last_len, max);
}

struct heard {
	struct scmi_subscriber node;
	_Atomic uint32_t n;
	uint32_t hdr;
	uint32_t len;
	unsigned char bytes[CONF_PAYLOAD];
};

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct heard *h = self->arg;

	h->hdr = hdr;
	h->len = len;
	memcpy(h->bytes, payload, len);
	h->n++;
}

static bool heard_once(void *arg)
{
	return ((struct heard *)arg)->n != 0;
}

static void subscribe(struct conf_env *env, struct heard *h, uint16_t message)
{
	memset(h, 0, sizeof(*h));
	h->node = (struct scmi_subscriber){
		.size = sizeof(h->node),
		.protocol = CONF_PROTOCOL,
		.message = message,
		.notify = on_notify,
		.arg = h,
	};
	assert_int_equal(scmi_agent_subscribe(env->agent, &h->node), SCMI_OK);
}

static void notification_at_max_reaches_its_subscriber(struct conf_env *env)
{
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 777);
	const uint32_t max = env->kind->max_payload;
	unsigned char bytes[CONF_PAYLOAD + 1u];
	struct heard mine;
	struct heard other;

	conf_make_agent(env);
	subscribe(env, &mine, 1);
	subscribe(env, &other, 2);
	conf_start(env);
	conf_fill(bytes, max + 1u);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max + 1u), SCMI_E_TOOBIG);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max), SCMI_OK);
	conf_until(env, heard_once, &mine);
	assert_int_equal(mine.n, 1);
	assert_int_equal(mine.hdr, hdr);
	assert_int_equal(mine.len, max);
	assert_memory_equal(mine.bytes, bytes, max);
	assert_int_equal(other.n, 0);
	assert_int_equal(conf_stats(env).accepted, 1);
}

static void empty_notification_reaches_its_subscriber(struct conf_env *env)
{
	struct heard h;

	conf_make_agent(env);
	subscribe(env, &h, SCMI_ANY);
	conf_start(env);
	assert_int_equal(env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 9, SCMI_MSG_NOTIFICATION, 0), NULL, 0),
			 SCMI_OK);
	conf_until(env, heard_once, &h);
	assert_int_equal(h.len, 0);
}

static void notification_without_subscriber_is_unclaimed(struct conf_env *env)
{
	const unsigned char bytes[4] = {0};
	struct heard h;

	conf_make_agent(env);
	subscribe(env, &h, 1);
	conf_start(env);
	assert_int_equal(env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 2, SCMI_MSG_NOTIFICATION, 0), bytes, 4),
			 SCMI_OK);
	conf_until(env, received, env);
	assert_int_equal(conf_stats(env).unclaimed, 1);
	assert_int_equal(h.n, 0);
}

static bool flood_over(void *arg)
{
	struct conf_env *env = arg;

	return conf_stats(env).received == env->last_len;
}

/* However many come, every buffer of the transport's goes back, refused ones too: else it would run dry. */
static void notifications_without_end_leave_no_buffer(struct conf_env *env)
{
	const unsigned char bytes[8] = {0};
	uint32_t sent = 0;
	struct heard h;

	env->config.event_bytes = 4; /* all of them are too long, and dropped */
	conf_make_agent(env);
	subscribe(env, &h, 1);
	conf_start(env);
	while (sent < 200) {
		const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, (uint8_t)(1u + sent % 2u), SCMI_MSG_NOTIFICATION, 0);
		const int err = env->kind->push(env->link, hdr, bytes, sizeof(bytes));

		assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
		sent += err == SCMI_OK ? 1u : 0u;
		(void)scmi_agent_poll(env->agent, 16);
	}
	env->last_len = sent;
	conf_until(env, flood_over, env);
	assert_int_equal(conf_stats(env).dropped, 100);
	assert_int_equal(conf_stats(env).unclaimed, 100);
	assert_int_equal(h.n, 0);
}

#define NO_UNASKED "carries no message that answers no command"
#define NO_NOTIFY  "carries no platform-to-agent messages"

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
	{"delayed_response_at_max_is_carried", delayed_response_at_max_is_carried, 0, CONF_UNASKED, 1, NO_UNASKED},
	{"notification_at_max_reaches_its_subscriber", notification_at_max_reaches_its_subscriber, SCMI_CAP_NOTIFY,
	 CONF_UNASKED, 1, NO_NOTIFY},
	{"empty_notification_reaches_its_subscriber", empty_notification_reaches_its_subscriber, SCMI_CAP_NOTIFY,
	 CONF_UNASKED, 1, NO_NOTIFY},
	{"notification_without_subscriber_is_unclaimed", notification_without_subscriber_is_unclaimed, SCMI_CAP_NOTIFY,
	 CONF_UNASKED, 1, NO_NOTIFY},
	{"notifications_without_end_leave_no_buffer", notifications_without_end_leave_no_buffer, SCMI_CAP_NOTIFY,
	 CONF_UNASKED, 1, NO_NOTIFY},
	{NULL, NULL, 0, 0, 0, NULL},
};
