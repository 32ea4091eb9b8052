/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications: to whom they go, whole or not at all, and that a flood of them leaves everything else alone. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

static uint32_t note(uint8_t protocol, uint8_t message)
{
	return scmi_hdr(protocol, message, SCMI_MSG_NOTIFICATION, 0);
}

struct ears {
	struct conf_heard *h;
	uint32_t n;
};

static bool has_heard(void *arg)
{
	const struct ears *e = arg;

	return e->h->n >= e->n;
}

static void hear(struct conf_env *env, struct conf_heard *h, uint32_t n)
{
	struct ears e = {h, n};

	conf_until(env, has_heard, &e);
	assert_int_equal(h->n, n);
}

static void notification_at_max_reaches_its_subscriber(struct conf_env *env)
{
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 777);
	const uint32_t max = env->kind->max_payload;
	unsigned char bytes[CONF_PAYLOAD + 1u];
	struct conf_heard mine;
	struct conf_heard other;

	conf_make_agent(env);
	conf_subscribe(env, &mine, CONF_PROTOCOL, 1);
	conf_subscribe(env, &other, CONF_PROTOCOL, 2);
	conf_start(env);
	conf_fill(bytes, max + 1u);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max + 1u), SCMI_E_TOOBIG);
	assert_int_equal(env->kind->push(env->link, hdr, bytes, max), SCMI_OK);
	hear(env, &mine, 1);
	assert_int_equal(mine.hdr, hdr);
	assert_int_equal(mine.len, max);
	assert_memory_equal(mine.bytes, bytes, max);
	assert_int_equal(other.n, 0);
	assert_int_equal(conf_stats(env).received, 1);
	assert_int_equal(conf_stats(env).accepted, 1);
}

static void notifications_of_every_size_arrive_whole(struct conf_env *env)
{
	unsigned char bytes[CONF_PAYLOAD];
	struct conf_heard h;

	conf_start(env);
	conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	conf_fill(bytes, sizeof(bytes));
	for (uint32_t len = 0; len <= env->kind->max_payload; len++) {
		conf_push(env, note(CONF_PROTOCOL, 9), bytes, len);
		hear(env, &h, len + 1u);
		assert_int_equal(h.len, len);
		assert_memory_equal(h.bytes, bytes, len);
	}
}

static void notification_without_subscriber_is_unclaimed(struct conf_env *env)
{
	const unsigned char bytes[4] = {0};
	struct conf_heard h;

	conf_make_agent(env);
	conf_subscribe(env, &h, CONF_PROTOCOL, 1);
	conf_start(env);
	conf_push(env, note(CONF_PROTOCOL, 2), bytes, 4);
	conf_receive(env, 1);
	assert_int_equal(conf_stats(env).unclaimed, 1);
	assert_int_equal(h.n, 0);
}

/* While traffic runs: what comes from then on reaches it, and no longer when it is removed. */
static void subscribers_come_and_go_while_traffic_runs(struct conf_env *env)
{
	struct conf_heard h[2];
	struct conf_call c;

	conf_start(env);
	conf_hold(env, &c, 1);
	conf_push(env, note(CONF_PROTOCOL, 1), "a", 1);
	conf_receive(env, 1);
	conf_subscribe(env, &h[0], CONF_PROTOCOL, 1);
	conf_push(env, note(CONF_PROTOCOL, 1), "b", 1);
	hear(env, &h[0], 1);
	conf_subscribe(env, &h[1], SCMI_ANY, SCMI_ANY);
	conf_push(env, note(CONF_PROTOCOL, 1), "c", 1);
	hear(env, &h[0], 2);
	hear(env, &h[1], 1);
	assert_int_equal(scmi_agent_unsubscribe(env->agent, &h[0].node), SCMI_OK);
	assert_int_equal(scmi_agent_unsubscribe(env->agent, &h[0].node), SCMI_E_NOTFOUND);
	conf_push(env, note(CONF_PROTOCOL, 1), "d", 1);
	hear(env, &h[1], 2);
	assert_int_equal(h[0].n, 2);
	assert_int_equal(h[1].bytes[0], 'd');
	assert_int_equal(conf_stats(env).unclaimed, 1);
	conf_answer(env);
	conf_check_number(&c, 1);
}

/* ---- floods ---- */

/* However many come, every buffer of the transport's goes back, refused ones too: else it would run dry. */
static void notifications_without_end_leave_no_buffer(struct conf_env *env)
{
	const unsigned char bytes[8] = {0};
	struct conf_heard h;

	env->config.event_bytes = 4; /* all of them are too long, and dropped */
	conf_make_agent(env);
	conf_subscribe(env, &h, CONF_PROTOCOL, 1);
	conf_start(env);
	for (uint32_t i = 0; i < 200; i++)
		conf_push(env, note(CONF_PROTOCOL, (uint8_t)(1u + i % 2u)), bytes, sizeof(bytes));
	conf_receive(env, 200);
	assert_int_equal(conf_stats(env).dropped, 100);
	assert_int_equal(conf_stats(env).unclaimed, 100);
	assert_int_equal(h.n, 0);
}

static bool all_came(void *arg)
{
	struct conf_env *env = arg;

	return env->shim.came == env->last_len && env->shim.holding == 0;
}

/* Nobody runs the handlers meanwhile: one protocol takes half of the buffers, and the other finds its own. */
static void flood_of_one_protocol_leaves_room_for_another(struct conf_env *env)
{
	struct conf_heard flood;
	struct conf_heard other;

	env->config.flags = SCMI_AGENT_DEFERRED;
	conf_start(env);
	conf_subscribe(env, &flood, CONF_PROTOCOL, SCMI_ANY);
	conf_subscribe(env, &other, CONF_BESIDE, SCMI_ANY);
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(env->kind->push(env->link, note(CONF_PROTOCOL, 1), &i, sizeof(i)), SCMI_OK);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(env->kind->push(env->link, note(CONF_BESIDE, 1), &i, sizeof(i)), SCMI_OK);
	env->last_len = 8;
	while ((env->transport.caps & SCMI_CAP_IRQ) != 0 && !all_came(env))
		sched_yield();
	(void)scmi_agent_poll(env->agent, 16);
	assert_true(all_came(env));
	hear(env, &other, 2); /* the last may have been on its way to us */
	hear(env, &flood, 2);
	assert_int_equal(flood.n, 2);
	assert_int_equal(other.n, 2);
	assert_int_equal(conf_stats(env).dropped, 4);
	conf_push(env, note(CONF_PROTOCOL, 1), "x", 1);
	hear(env, &flood, 3);
}

static void *push_on(void *arg)
{
	struct conf_thread *t = arg;

	while (!t->over) {
		const int err = t->env->kind->push(t->env->link, note(CONF_PROTOCOL, 1), "flood", 5);

		if (err == SCMI_OK)
			t->turns++;
		else if (err != SCMI_E_BUSY)
			t->wrong++;
		sched_yield();
	}
	return NULL;
}

static void *poll_on(void *arg)
{
	struct conf_thread *t = arg;

	while (!t->over) {
		if (scmi_agent_poll(t->env->agent, 4) == 0)
			sched_yield();
	}
	return NULL;
}

/* A handler that may go at any time: in memory that is gone when unsubscribe has returned. */
struct guest {
	struct scmi_subscriber node;
	_Atomic uint32_t *heard;
	_Atomic uint32_t *after; /* it ran though it had been removed */
	_Atomic bool listed;
};

static void on_flood(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct guest *g = self->arg;

	(void)hdr;
	*g->heard += len == 5 && memcmp(payload, "flood", 5) == 0 ? 1u : 0u;
	for (int i = 0; i < 20; i++)
		sched_yield();
	*g->after += g->listed ? 0u : 1u;
}

static struct guest *guest_new(_Atomic uint32_t *heard, _Atomic uint32_t *after)
{
	struct guest *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	g->node = (struct scmi_subscriber){
		.size = sizeof(g->node),
		.protocol = CONF_PROTOCOL,
		.message = SCMI_ANY,
		.notify = on_flood,
		.arg = g,
	};
	g->heard = heard;
	g->after = after;
	g->listed = true;
	return g;
}

static void unsubscribe_beside_a_flood(struct conf_env *env)
{
	_Atomic uint32_t heard = 0;
	_Atomic uint32_t after = 0;
	struct conf_thread pushing;
	struct conf_thread polling;

	conf_start(env);
	conf_thread_start(&pushing, env, push_on, NULL);
	conf_thread_start(&polling, env, poll_on, NULL);
	for (uint32_t i = 0; i < 60; i++) {
		struct guest *g = guest_new(&heard, &after);
		const uint32_t seen = heard;

		assert_int_equal(scmi_agent_subscribe(env->agent, &g->node), SCMI_OK);
		while (heard == seen)
			sched_yield();
		assert_int_equal(scmi_agent_unsubscribe(env->agent, &g->node), SCMI_OK);
		g->listed = false;
		free(g);
	}
	conf_thread_end(&pushing);
	conf_receive(env, pushing.turns);
	conf_thread_end(&polling);
	assert_int_equal(after, 0);
	assert_true(heard >= 60);
	assert_int_equal(conf_stats(env).accepted + conf_stats(env).unclaimed + conf_stats(env).dropped, pushing.turns);
}

/* Commands go their way beside it, and each of them is answered. */
static void calls_beside_a_flood(struct conf_env *env)
{
	struct conf_thread pushing;
	struct conf_heard h;

	conf_start(env);
	conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	conf_thread_start(&pushing, env, push_on, NULL);
	for (uint32_t i = 0; i < 300; i++) {
		struct conf_call c;

		conf_call_init(&c, env, CONF_ECHO, &i, sizeof(i));
		conf_submit(&c);
		assert_int_equal(conf_finish(&c), SCMI_OK);
		assert_memory_equal(c.reply, &i, sizeof(i));
	}
	conf_thread_end(&pushing);
	conf_receive(env, pushing.turns + 300u);
	assert_int_equal(conf_stats(env).ok, 300);
}

/* Nothing could ever come, so nobody is to wait for it. */
static void subscribe_without_channel_is_refused(struct conf_env *env)
{
	struct scmi_subscriber node = {.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY};

	node.notify = on_flood;
	env->transport.caps &= ~SCMI_CAP_NOTIFY;
	env->config.event_buffers = 0;
	conf_start(env);
	assert_int_equal(scmi_agent_subscribe(env->agent, &node), SCMI_E_NOTSUP);
	conf_echo_works(env);
}

#define NO_NOTIFY "carries no platform-to-agent messages"
#define NEEDS     SCMI_CAP_NOTIFY, CONF_UNASKED, 1, NO_NOTIFY

const struct conf_case conf_notify_cases[] = {
	{"notification_at_max_reaches_its_subscriber", notification_at_max_reaches_its_subscriber, NEEDS},
	{"notifications_of_every_size_arrive_whole", notifications_of_every_size_arrive_whole, NEEDS},
	{"notification_without_subscriber_is_unclaimed", notification_without_subscriber_is_unclaimed, NEEDS},
	{"subscribers_come_and_go_while_traffic_runs", subscribers_come_and_go_while_traffic_runs, NEEDS},
	{"notifications_without_end_leave_no_buffer", notifications_without_end_leave_no_buffer, NEEDS},
	{"flood_of_one_protocol_leaves_room_for_another", flood_of_one_protocol_leaves_room_for_another,
	 SCMI_CAP_NOTIFY, CONF_UNASKED | CONF_EIGHT, 1,
	 "carries no platform-to-agent messages, or holds fewer than eight"},
	{"unsubscribe_beside_a_flood", unsubscribe_beside_a_flood, NEEDS},
	{"calls_beside_a_flood", calls_beside_a_flood, NEEDS},
	{"subscribe_without_channel_is_refused", subscribe_without_channel_is_refused, 0, 0, 1, NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
