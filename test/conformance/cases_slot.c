/* SPDX-License-Identifier: BSD-3-Clause */
/* All slots are taken: who waits for one gets it, or is told why not. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define SLOTS   2u
#define THREADS 5u
#define ROUNDS  100u
#define WAIT_US 1000u

/* A pool so small that it is soon full. Returns how many slots it has. */
static uint32_t start_small(struct conf_env *env)
{
	env->config.options.slots = SLOTS;
	conf_start(env);
	conf_peer_hold(&env->peer, true);
	return conf_stats(env).max_inflight;
}

static void submit(struct conf_env *env, struct conf_call *c, uint32_t number)
{
	unsigned char params[4];

	scmi_put_le32(params, number);
	conf_call_init(c, env, CONF_ECHO, params, sizeof(params));
	c->call.flags = 0;
	assert_int_equal(scmi_agent_submit(env->agent, &c->call), SCMI_OK);
}

static uint32_t fill(struct conf_env *env, struct conf_call *calls)
{
	const uint32_t n = start_small(env);

	for (uint32_t i = 0; i < n; i++)
		submit(env, &calls[i], i);
	conf_peer_wait(&env->peer, (env->kind->traits & CONF_WIDE) != 0 ? n : 1u);
	return n;
}

struct waiter {
	struct conf_thread thread;
	struct conf_call c;
	int err;
};

static void *wait_for_slot(void *arg)
{
	struct conf_thread *t = arg;
	struct waiter *me = t->arg;

	me->err = scmi_agent_submit(t->env->agent, &me->c.call);
	return NULL;
}

/* A thread submits the call of this number, and waits. */
static void start_waiter(struct conf_env *env, struct waiter *w, uint32_t number)
{
	unsigned char params[4];

	scmi_put_le32(params, number);
	conf_call_init(&w->c, env, CONF_ECHO, params, sizeof(params));
	w->c.call.flags = 0;
	conf_thread_start(&w->thread, env, wait_for_slot, w);
	conf_thread_sleeps(&w->thread);
}

static bool some_held(void *arg)
{
	return conf_peer_held(arg) != 0;
}

/* Answers until all n calls have ended. */
static void answer_until(struct conf_env *env, struct conf_call **calls, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		conf_until(env, some_held, &env->peer);
		conf_answer(env);
	}
	for (uint32_t i = 0; i < n; i++)
		conf_check_number(calls[i], i);
}

static void waiting_for_a_slot_ends_when_one_is_free(struct conf_env *env)
{
	struct conf_call c[SLOTS];
	struct conf_call *all[SLOTS + 1u] = {&c[0], &c[1]};
	struct waiter w;
	const uint32_t n = fill(env, c);

	start_waiter(env, &w, n);
	assert_int_equal(conf_stats(env).in_flight, n);
	conf_answer(env); /* nobody but the waiter polls for it */
	conf_thread_end(&w.thread);
	assert_int_equal(w.err, SCMI_OK);
	all[n] = &w.c;
	for (uint32_t i = 0; i < n; i++) {
		conf_until(env, some_held, &env->peer);
		conf_answer(env);
	}
	for (uint32_t i = 0; i <= n; i++)
		conf_check_number(all[i], i);
	assert_int_equal(conf_stats(env).no_slot, 0);
}

static void waiting_for_a_slot_times_out(struct conf_env *env)
{
	struct conf_call c[SLOTS];
	struct conf_call *all[SLOTS] = {&c[0], &c[1]};
	struct waiter w;
	uint32_t n;

	env->config.options.queue_timeout_us = WAIT_US;
	n = fill(env, c);
	start_waiter(env, &w, n);
	conf_clock_advance(&env->clock, WAIT_US + 100u);
	conf_thread_end(&w.thread);
	assert_int_equal(w.err, SCMI_E_TIMEOUT);
	assert_int_equal(conf_call_ended(&w.c), 0);
	assert_int_equal(conf_stats(env).no_slot, 1);
	answer_until(env, all, n);
}

static void stop_ends_waiting_for_a_slot(struct conf_env *env)
{
	struct conf_call c[SLOTS];
	struct waiter w[2];
	const uint32_t n = fill(env, c);

	start_waiter(env, &w[0], n);
	start_waiter(env, &w[1], n);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	for (uint32_t i = 0; i < 2; i++) {
		conf_thread_end(&w[i].thread);
		assert_int_equal(w[i].err, SCMI_E_CLOSED);
		assert_int_equal(conf_call_ended(&w[i].c), 0);
	}
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(c[i].err, SCMI_E_CLOSED);
}

static void lost_peer_ends_waiting_for_a_slot(struct conf_env *env)
{
	struct conf_call c[SLOTS];
	struct waiter w;
	const uint32_t n = fill(env, c);

	start_waiter(env, &w, n);
	env->kind->peer_stop(env->link);
	conf_thread_end(&w.thread);
	assert_int_equal(w.err, SCMI_E_NOPEER); /* though the loss has made slots free */
	assert_int_equal(conf_call_ended(&w.c), 0);
}

/* What is owed to a call that has ended keeps its slot; then somebody who waits gets it. */
static void late_reply_ends_waiting_for_a_slot(struct conf_env *env)
{
	struct conf_call c[SLOTS];
	struct waiter w;
	const uint32_t n = fill(env, c);

	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(scmi_agent_cancel(env->agent, &c[i].call), SCMI_OK);
	assert_int_equal(conf_stats(env).quarantined, n);
	start_waiter(env, &w, n);
	conf_answer(env);
	conf_thread_end(&w.thread);
	assert_int_equal(w.err, SCMI_OK);
	conf_peer_wait(&env->peer, n); /* the other late ones, and the new one */
	conf_answer_all(env);
	conf_check_number(&w.c, n);
	assert_int_equal(conf_stats(env).late, n);
}

static void urgent_call_takes_a_reserved_slot(struct conf_env *env)
{
	struct conf_call c;
	struct conf_call urgent;
	struct conf_call *all[2] = {&c, &urgent};
	struct conf_call refused;

	env->config.options.reserved = 1;
	assert_int_equal(start_small(env), 2);
	submit(env, &c, 0);
	conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_BUSY);
	conf_call_init(&urgent, env, CONF_ECHO, "\1\0\0\0", 4);
	urgent.call.flags = SCMI_CALL_URGENT;
	assert_int_equal(scmi_agent_submit(env->agent, &urgent.call), SCMI_OK);
	refused.call.flags |= SCMI_CALL_URGENT;
	assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_BUSY);
	assert_int_equal(conf_stats(env).no_slot, 2);
	answer_until(env, all, 2);
}

/* ---- many ---- */

static void *call_and_wait(void *arg)
{
	struct conf_thread *t = arg;

	for (uint32_t i = 0; i < ROUNDS; i++) {
		unsigned char params[8];
		unsigned char reply[8] = {0};
		struct scmi_call call = {
			.size = sizeof(call),
			.protocol = CONF_PROTOCOL,
			.message = CONF_ECHO,
			.params = params,
			.params_len = sizeof(params),
			.reply = reply,
			.reply_cap = sizeof(reply),
			.timeout_us = SCMI_FOREVER,
		};
		int err;

		scmi_put_le32(params, (uint32_t)(uintptr_t)t);
		scmi_put_le32(params + 4, i);
		err = scmi_agent_call(t->env->agent, &call);
		conf_count(t->env, err);
		if (err != SCMI_OK || memcmp(params, reply, sizeof(reply)) != 0)
			t->wrong++;
	}
	return NULL;
}

/* More of them than slots, and nobody is refused. */
static void threads_wait_for_slots(struct conf_env *env)
{
	struct conf_thread threads[THREADS];

	(void)start_small(env);
	conf_peer_hold(&env->peer, false);
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_start(&threads[i], env, call_and_wait, NULL);
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_end(&threads[i]);
	assert_int_equal(conf_stats(env).ok, THREADS * ROUNDS);
	assert_int_equal(conf_stats(env).no_slot, 0);
}

/* The same, answered by another thread. */
static void threads_wait_for_slots_and_answers(struct conf_env *env)
{
	struct conf_thread threads[THREADS];
	uint32_t answered = 0;

	(void)start_small(env);
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_start(&threads[i], env, call_and_wait, NULL);
	while (answered < THREADS * ROUNDS) {
		if (conf_peer_held(&env->peer) == 0) {
			sched_yield();
			continue;
		}
		conf_answer(env);
		answered++;
	}
	for (uint32_t i = 0; i < THREADS; i++)
		conf_thread_end(&threads[i]);
	assert_int_equal(conf_stats(env).ok, THREADS * ROUNDS);
}

#define NO_SLOTS "one command at a time"
#define NO_WIDTH "the wire holds one command only"
#define NO_LOSS  "its peer is always there"

const struct conf_case conf_slot_cases[] = {
	{"waiting_for_a_slot_ends_when_one_is_free", waiting_for_a_slot_ends_when_one_is_free, 0, 0, 1, NULL},
	{"waiting_for_a_slot_times_out", waiting_for_a_slot_times_out, 0, CONF_WIDE, 1, NO_WIDTH},
	{"stop_ends_waiting_for_a_slot", stop_ends_waiting_for_a_slot, 0, 0, 1, NULL},
	{"lost_peer_ends_waiting_for_a_slot", lost_peer_ends_waiting_for_a_slot, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"late_reply_ends_waiting_for_a_slot", late_reply_ends_waiting_for_a_slot, 0, CONF_WIDE, 1, NO_WIDTH},
	{"urgent_call_takes_a_reserved_slot", urgent_call_takes_a_reserved_slot, 0, 0, 2, NO_SLOTS},
	{"threads_wait_for_slots", threads_wait_for_slots, 0, 0, 1, NULL},
	{"threads_wait_for_slots_and_answers", threads_wait_for_slots_and_answers, 0, 0, 1, NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
