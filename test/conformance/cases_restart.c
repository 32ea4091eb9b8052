/* SPDX-License-Identifier: BSD-3-Clause */
/* Stops and starts with messages under way, a quiet agent, and a loop of the user's own. */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

/* What has been sent to the agent, and not looked at, when it stops: of that nothing comes after the next start. */
static void messages_of_before_a_stop_are_gone(struct conf_env *env)
{
	struct conf_heard h;
	uint32_t received;

	conf_start(env);
	if ((env->transport.caps & SCMI_CAP_NOTIFY) != 0)
		conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	for (uint32_t i = 0; i < 20; i++) {
		struct conf_call c;

		conf_hold(env, &c, i);
		conf_answer(env);
		if (conf_forgets(env))
			conf_push(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), "old", 3);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		assert_int_equal(conf_call_ended(&c), 1);
		received = conf_stats(env).received;
		if (conf_forgets(env)) /* for nobody */
			(void)env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1);
		assert_int_equal(env->kind->away(env->link), 0);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
		(void)scmi_agent_poll(env->agent, 16);
		assert_int_equal(conf_stats(env).received, received);
	}
	conf_echo_works(env);
}

/* An area that is nobody's but the platform's until the agent has read it. */
static void what_stands_there_at_a_start_is_delivered_once(struct conf_env *env)
{
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0);
	struct conf_heard h;

	conf_start(env);
	conf_subscribe(env, &h, SCMI_ANY, SCMI_ANY);
	for (uint32_t i = 0; i < 10; i++) {
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		assert_int_equal(env->kind->push(env->link, hdr, "stands", 6), SCMI_OK);
		assert_int_equal(env->kind->push(env->link, hdr, "has no room", 11), SCMI_E_BUSY);
		assert_int_equal(h.n, i);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
		(void)scmi_agent_poll(env->agent, 16);
		conf_receive(env, i + 1u);
		assert_int_equal(h.n, i + 1u);
		assert_int_equal(h.len, 6);
		assert_memory_equal(h.bytes, "stands", 6);
	}
	assert_int_equal(scmi_agent_unsubscribe(env->agent, &h.node), SCMI_OK);
}

struct witness {
	struct scmi_subscriber node;
	_Atomic bool running; /* the agent */
	_Atomic uint32_t heard;
	_Atomic uint32_t after; /* handlers that ran though it had been stopped */
};

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct witness *w = self->arg;

	(void)hdr;
	(void)payload;
	(void)len;
	/* Not each: where others work, too, a yield is a long time, and a start hands over all that stands there. */
	for (int i = w->heard++ % 8u == 0 ? 0 : 5; i < 5; i++)
		sched_yield();
	w->after += w->running ? 0u : 1u;
}

static void *complete_in_a_loop(void *arg)
{
	struct conf_thread *t = arg;
	struct conf_env *env = t->env;
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0);

	while (!t->over) {
		if (conf_peer_held(&env->peer) != 0)
			conf_answer(env);
		if ((env->kind->traits & CONF_UNASKED) != 0)
			(void)env->kind->push(env->link, hdr, "loop", 4);
		sched_yield();
	}
	return NULL;
}

static void *poll_on(void *arg)
{
	struct conf_thread *t = arg;

	while (!t->over) {
		if (scmi_agent_poll(t->env->agent, 2) == 0)
			sched_yield();
	}
	return NULL;
}

/* Replies and notifications go on without end; when stop has returned nothing of the user's runs any more. */
static void stop_while_the_peer_completes_in_a_loop(struct conf_env *env)
{
	struct witness w = {.node = {.size = sizeof(w.node), .protocol = SCMI_ANY, .message = SCMI_ANY}};
	struct conf_thread completing;
	struct conf_thread polling;

	w.node.notify = on_notify;
	w.node.arg = &w;
	w.running = true;
	conf_start(env);
	if ((env->transport.caps & SCMI_CAP_NOTIFY) != 0)
		assert_int_equal(scmi_agent_subscribe(env->agent, &w.node), SCMI_OK);
	conf_peer_hold(&env->peer, true);
	conf_thread_start(&completing, env, complete_in_a_loop, NULL);
	conf_thread_start(&polling, env, poll_on, NULL);
	for (uint32_t i = 0; i < 40; i++) {
		struct conf_call c[4];
		int err[4];

		for (uint32_t k = 0; k < 4; k++) {
			conf_call_init(&c[k], env, CONF_ECHO, "loop", 4);
			err[k] = scmi_agent_submit(env->agent, &c[k].call);
			assert_true(err[k] == SCMI_OK || err[k] == SCMI_E_BUSY);
		}
		for (uint32_t k = 0; k < i % 8u; k++)
			sched_yield();
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		w.running = false;
		for (uint32_t k = 0; k < 4; k++)
			assert_int_equal(conf_call_ended(&c[k]), err[k] == SCMI_OK ? 1 : 0);
		sched_yield();
		w.running = true;
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	}
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	conf_thread_end(&completing);
	conf_thread_end(&polling);
	assert_int_equal(w.after, 0);
}

/* ---- quiet ---- */

static void quiesce_waits_for_calls_and_debts(struct conf_env *env)
{
	const uint64_t now = env->clock.now_us;
	struct conf_call c;
	struct conf_call cancelled;
	struct conf_call refused;

	conf_start(env);
	assert_int_equal(scmi_agent_resume(env->agent), SCMI_E_INVAL);
	conf_hold(env, &cancelled, 0);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_cancel(env->agent, &cancelled.call), SCMI_OK);
	conf_call_init(&c, env, CONF_ECHO, "\1\0\0\0", 4);
	c.call.flags = 0; /* waits in the queue where the wire holds one */
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(env->agent, now), SCMI_E_INPROGRESS);
	conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_CLOSED);
	conf_answer(env);
	conf_receive(env, 1); /* what is queued still goes out */
	assert_int_equal(scmi_agent_quiesce(env->agent, now), SCMI_E_INPROGRESS);
	conf_answer(env);
	assert_int_equal(scmi_agent_quiesce(env->agent, SCMI_NEVER), SCMI_OK);
	conf_check_number(&c, 1);
	assert_int_equal(conf_stats(env).quarantined, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_resume(env->agent), SCMI_OK);
	conf_echo_works(env);
}

/* The peer answers beside it. */
static void *answer_on(void *arg)
{
	struct conf_thread *t = arg;

	while (!t->over) {
		if (conf_peer_held(&t->env->peer) != 0)
			conf_answer(t->env);
		sched_yield();
	}
	return NULL;
}

static void quiesce_and_resume_again_and_again(struct conf_env *env)
{
	struct conf_thread answering;

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_thread_start(&answering, env, answer_on, NULL);
	for (uint32_t i = 0; i < 50; i++) {
		struct conf_call c;

		conf_hold(env, &c, i);
		if (i % 3u == 0)
			(void)scmi_agent_cancel(env->agent, &c.call);
		assert_int_equal(scmi_agent_quiesce(env->agent, SCMI_NEVER), SCMI_OK);
		assert_int_equal(conf_call_ended(&c), 1);
		assert_int_equal(conf_stats(env).quarantined, 0);
		conf_all_home(env);
		assert_int_equal(scmi_agent_resume(env->agent), SCMI_OK);
	}
	conf_thread_end(&answering);
}

static void stop_ends_a_quiet_time(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_hold(env, &c, 0);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_quiesce(env->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	assert_int_equal(c.err, SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_quiesce(env->agent, 0), SCMI_E_CLOSED);
	conf_answer_all(env);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	conf_echo_works(env);
}

/* ---- a loop of the user's own ---- */

static bool readable(struct conf_env *env, int timeout_ms)
{
	struct pollfd fd = {.fd = scmi_agent_fd(env->agent, 0), .events = POLLIN};

	assert_true(fd.fd >= 0);
	return poll(&fd, 1, timeout_ms) > 0;
}

static void take_all(struct conf_env *env)
{
	while (scmi_agent_poll(env->agent, 16) != 0)
		;
}

static void fd_is_readable_while_there_is_something(struct conf_env *env)
{
	const uint32_t n = (env->kind->traits & CONF_WIDE) != 0 ? 2u : 1u;
	struct conf_call c[2];

	conf_start(env);
	assert_int_equal(scmi_agent_fd(env->agent, 1), -1);
	(void)readable(env, 0); /* the first one who asks may find what has rung before */
	for (uint32_t i = 0; i < 20; i++) {
		take_all(env);
		assert_false(readable(env, 0));
		conf_hold_many(env, c, n);
		assert_false(readable(env, 0));
		conf_answer(env);
		assert_true(readable(env, 60000)); /* at once, or when another thread of the peer's has put it there */
		if (n == 2u)
			conf_answer(env);
		else
			conf_push(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1);
		assert_int_equal(scmi_agent_poll(env->agent, 1), 1);
		assert_true(readable(env, 0)); /* one is there still */
		take_all(env);
		assert_false(readable(env, 0));
		conf_check_number(&c[0], 0);
		if (n == 2u)
			conf_check_number(&c[1], 1);
		conf_push(env, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), NULL, 0);
		assert_true(readable(env, 0));
	}
}

/* What was not taken before a stop is no news after the next start. */
static void fd_forgets_with_a_stop(struct conf_env *env)
{
	struct conf_call c;

	conf_start(env);
	conf_hold(env, &c, 0);
	conf_answer(env);
	assert_true(readable(env, 0));
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	(void)scmi_agent_poll(env->agent, 16);
	assert_false(readable(env, 0));
	conf_echo_works(env);
}

/*
 * Whatever has rung before a start, the first one too, is still pending after it: that costs one look, which finds
 * nothing, and no message of the time before.
 */
static void stale_interrupt_at_start_finds_nothing(struct conf_env *env)
{
	const struct scmi_transport *t = &env->shim.below;

	conf_make_agent(env);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	for (uint32_t i = 0; i < 10; i++) {
		const uint32_t received = conf_stats(env).received;

		if (conf_forgets(env))
			(void)env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1);
		if (t->ops->wake != NULL)
			t->ops->wake(t->ctx);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
		if ((env->kind->traits & CONF_FD) != 0)
			(void)readable(env, 0); /* whoever sleeps on it asks for it first */
		assert_int_equal(scmi_agent_poll(env->agent, 16), 0);
		if ((env->kind->traits & CONF_FD) != 0)
			assert_false(readable(env, 0));
		assert_int_equal(conf_stats(env).received, received);
		assert_int_equal(env->kind->away(env->link), 0);
		conf_echo_works(env);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	}
}

/* It alone wakes the loop: one that is not readable although a reply is there would hang. */
static void fd_drives_a_loop(struct conf_env *env)
{
	struct conf_thread answering;

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_thread_start(&answering, env, answer_on, NULL);
	for (uint32_t i = 0; i < 500; i++) {
		struct conf_call c;

		conf_hold(env, &c, i);
		while (conf_call_ended(&c) == 0) {
			assert_true(readable(env, 60000));
			(void)scmi_agent_poll(env->agent, 1);
		}
		conf_check_number(&c, i);
	}
	conf_thread_end(&answering);
}

#define NO_FD "has no descriptor"

const struct conf_case conf_restart_cases[] = {
	{"messages_of_before_a_stop_are_gone", messages_of_before_a_stop_are_gone, 0, 0, 1, NULL},
	{"what_stands_there_at_a_start_is_delivered_once", what_stands_there_at_a_start_is_delivered_once,
	 SCMI_CAP_NOTIFY, CONF_STANDS, 1, "nothing stands there"},
	{"stop_while_the_peer_completes_in_a_loop", stop_while_the_peer_completes_in_a_loop, 0, 0, 1, NULL},
	{"quiesce_waits_for_calls_and_debts", quiesce_waits_for_calls_and_debts, 0, 0, 2, "one command at a time"},
	{"quiesce_and_resume_again_and_again", quiesce_and_resume_again_and_again, 0, 0, 1, NULL},
	{"stop_ends_a_quiet_time", stop_ends_a_quiet_time, 0, 0, 1, NULL},
	{"stale_interrupt_at_start_finds_nothing", stale_interrupt_at_start_finds_nothing, 0, 0, 1, NULL},
	{"fd_is_readable_while_there_is_something", fd_is_readable_while_there_is_something, 0, CONF_FD | CONF_UNASKED,
	 2, NO_FD},
	{"fd_forgets_with_a_stop", fd_forgets_with_a_stop, 0, CONF_FD, 1, NO_FD},
	{"fd_drives_a_loop", fd_drives_a_loop, 0, CONF_FD, 1, NO_FD},
	{NULL, NULL, 0, 0, 0, NULL},
};
