/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads that end the same call, or stop the agent while others are in it: each call ends once, and then nothing.
 */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>

#include "thread_bench.h"

/* A call that one thread submits and others end. */
struct contested {
	struct bench *b;
	struct scmi_call call;
	unsigned char params[8];
	unsigned char reply[8];
	atomic_uint ends;
	atomic_uint turn; /* the round that may be cancelled; the canceller writes back the next one */
};

static void on_done(struct scmi_call *call, int err)
{
	struct contested *c = call->arg;

	fault_unless(c->b, !atomic_load(&c->b->halted));
	if (err == SCMI_OK)
		fault_unless(c->b, call->reply_len == 8);
	count_end(c->b, err);
	atomic_fetch_add(&c->ends, 1u);
}

static void *cancel_each(void *arg)
{
	struct contested *c = arg;

	for (unsigned round = 1; round <= c->b->rounds; round++) {
		int err;

		while (atomic_load(&c->turn) != 2 * round)
			sched_yield();
		/* From the very moment to some way into the delivery, in turn. */
		for (volatile unsigned i = 0; i < round % 64 * 16; i++)
			;
		err = scmi_agent_cancel(c->b->agent, &c->call);
		fault_unless(c->b, err == SCMI_OK || err == SCMI_E_NOTFOUND || err == SCMI_E_INPROGRESS);
		atomic_store(&c->turn, 2 * round + 1);
	}
	return NULL;
}

static int submit_patiently(struct bench *b, struct scmi_call *call)
{
	int err = scmi_agent_submit(b->agent, call);

	while (err == SCMI_E_BUSY) {
		atomic_fetch_add(&b->busy, 1u);
		(void)scmi_agent_poll(b->agent, 16);
		sched_yield();
		err = scmi_agent_submit(b->agent, call);
	}
	return err;
}

static void cancel_beside_reply(uint32_t caps, bool waited, uint32_t flags)
{
	struct bench *b = bench_new(caps, 4, 4, flags);
	struct contested c = {.b = b};
	pthread_t canceller;

	b->rounds = 400;
	assert_int_equal(pthread_create(&canceller, NULL, cancel_each, &c), 0);
	for (unsigned round = 1; round <= b->rounds; round++) {
		atomic_store(&c.ends, 0u);
		fill_call(b, &c.call, c.params, c.reply, round);
		c.call.done = waited ? NULL : on_done;
		c.call.arg = &c;
		assert_int_equal(submit_patiently(b, &c.call), SCMI_OK);
		atomic_fetch_add(&b->submitted, 1u);
		atomic_store(&c.turn, 2 * round);
		if (waited)
			count_end(b, scmi_agent_wait(b->agent, &c.call));
		while (atomic_load(&c.turn) != 2 * round + 1 || (!waited && atomic_load(&c.ends) == 0)) {
			(void)scmi_agent_poll(b->agent, 16);
			sched_yield();
		}
		fault_unless(b, waited || atomic_load(&c.ends) == 1);
	}
	pthread_join(canceller, NULL);
	while (bench_stats(b).quarantined != 0) {
		(void)scmi_agent_poll(b->agent, 16);
		sched_yield();
	}
	bench_check(b);
	assert_int_equal(atomic_load(&b->ends[0]) + atomic_load(&b->ends[-SCMI_E_CANCELLED]), b->rounds);
	bench_end(b);
}

static void cancel_beside_reply_ends_a_call_once(void **state)
{
	(void)state;
	cancel_beside_reply(DELIVERED, false, 0);
	cancel_beside_reply(POLLED, false, 0);
	cancel_beside_reply(DELIVERED, false, SCMI_AGENT_DEFERRED);
}

static void cancel_beside_reply_returns_the_waiter_once(void **state)
{
	(void)state;
	cancel_beside_reply(DELIVERED, true, 0);
	cancel_beside_reply(POLLED, true, 0);
}

/* Submits calls of its own with a done function until the agent is closed; all of them have ended then. */
static void *submit_until_closed(void *arg)
{
	enum { OWN = 8 };
	struct bench *b = arg;
	struct contested c[OWN] = {{.b = NULL}};
	unsigned submitted[OWN] = {0};
	int err = SCMI_OK;

	for (unsigned i = 0; i < OWN; i++)
		c[i].b = b;
	for (unsigned i = 0; err != SCMI_E_CLOSED; i++) {
		struct contested *own = &c[i % OWN];

		if (atomic_load(&own->ends) != submitted[i % OWN]) {
			(void)scmi_agent_poll(b->agent, 4);
			sched_yield();
			continue;
		}
		fill_call(b, &own->call, own->params, own->reply, i);
		own->call.done = on_done;
		own->call.arg = own;
		err = scmi_agent_submit(b->agent, &own->call);
		if (err == SCMI_OK) {
			atomic_fetch_add(&b->submitted, 1u);
			submitted[i % OWN]++;
		} else if (err == SCMI_E_BUSY) {
			atomic_fetch_add(&b->busy, 1u);
		} else {
			fault_unless(b, err == SCMI_E_CLOSED);
		}
	}
	/* Stop may still be at work on what the others have in flight; ours end before it returns, or have ended. */
	while (!atomic_load(&b->halted))
		sched_yield();
	for (unsigned i = 0; i < OWN; i++)
		fault_unless(b, atomic_load(&c[i].ends) == submitted[i]);
	return NULL;
}

static void stop_beside_submits(uint32_t caps, uint32_t flags)
{
	struct bench *b = bench_new(caps, 16, 8, flags);

	for (unsigned round = 0; round < 25; round++) {
		pthread_t threads[3];
		uint32_t before = bench_stats(b).submitted;

		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, submit_until_closed, b), 0);
		while (bench_stats(b).submitted - before < 20 * (round % 5))
			sched_yield();
		assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
		atomic_store(&b->halted, true);
		for (int i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		bench_check(b);
		atomic_store(&b->halted, false);
		assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
	}
	bench_end(b);
}

static void stop_beside_submits_ends_all_and_then_nothing_runs(void **state)
{
	(void)state;
	stop_beside_submits(DELIVERED, 0);
	stop_beside_submits(POLLED, 0);
	stop_beside_submits(DELIVERED, SCMI_AGENT_DEFERRED);
}

/* Waits for ever, in one way or the other, for what nobody answers. */
static void *wait_for_nothing(void *arg)
{
	struct bench *b = arg;
	unsigned char params[8];
	unsigned char reply[8];
	struct scmi_call call;
	int err;

	fill_call(b, &call, params, reply, 1);
	if (atomic_fetch_add(&b->submitted, 1u) % 2 == 0) {
		err = scmi_agent_call(b->agent, &call);
	} else {
		fault_unless(b, scmi_agent_submit(b->agent, &call) == SCMI_OK);
		do
			err = scmi_agent_wait_until(b->agent, &call, b->port.now_us(b->port.ctx) + 500);
		while (err == SCMI_E_INPROGRESS);
	}
	count_end(b, err);
	fault_unless(b, err == SCMI_E_CLOSED);
	return NULL;
}

static void stop_beside_waiters(uint32_t caps, uint32_t waiters, uint16_t flags)
{
	struct bench *b = bench_new(caps, 16, waiters, 0);

	b->flags = flags;
	atomic_store(&b->served.silent, true);
	for (unsigned round = 0; round < 15; round++) {
		pthread_t threads[THREADS];
		unsigned before = atomic_load(&b->served.served);

		for (unsigned i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, wait_for_nothing, b), 0);
		/* All have been sent: in_flight would count one that is still about to look whether it may be. */
		while (atomic_load(&b->served.served) - before != THREADS)
			sched_yield();
		assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
		for (unsigned i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		bench_check(b);
		assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
	}
	assert_int_equal(atomic_load(&b->ends[-SCMI_E_CLOSED]), 15 * THREADS);
	bench_end(b);
}

static void stop_returns_every_waiter_with_closed(void **state)
{
	(void)state;
	stop_beside_waiters(POLLED, 8, 0);
	stop_beside_waiters(DELIVERED, 8, 0);
}

static void stop_returns_waiters_without_an_event_too(void **state)
{
	(void)state;
	stop_beside_waiters(POLLED, 2, 0);
	stop_beside_waiters(DELIVERED, 2, 0);
	stop_beside_waiters(POLLED, 8, SCMI_CALL_POLL);
}

/* A loop of the user's own beside threads that wait: both deliver, neither twice. */
static void *poll_until_over(void *arg)
{
	struct bench *b = arg;

	while (!atomic_load(&b->over)) {
		(void)scmi_agent_poll(b->agent, 3);
		(void)scmi_agent_next_deadline(b->agent);
		sched_yield();
	}
	return NULL;
}

static void *call_a_thousand_times(void *arg)
{
	struct bench *b = arg;
	uint64_t own = (uint64_t)(uintptr_t)&own << 20;

	for (unsigned i = 0; i < b->rounds; i++)
		fault_unless(b, call_once(b, own + i) == SCMI_OK);
	return NULL;
}

static void poll_beside_waiters_delivers_nothing_twice(void **state)
{
	struct bench *b = bench_new(POLLED, 16, 8, 0);
	pthread_t pollers[2];

	(void)state;
	b->rounds = 1000;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&pollers[i], NULL, poll_until_over, b), 0);
	run_threads(b, 4, call_a_thousand_times);
	atomic_store(&b->over, true);
	for (int i = 0; i < 2; i++)
		pthread_join(pollers[i], NULL);
	assert_int_equal(atomic_load(&b->served.messages), 4 * b->rounds);
	bench_end(b);
}

/* Stop returns only when whoever polls has left, and what that poller ends has ended. */
static void stop_beside_a_poller_returns_after_it(void **state)
{
	struct bench *b = bench_new(POLLED, 16, 8, 0);

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		pthread_t poller;
		pthread_t callers[2];

		atomic_store(&b->over, false);
		atomic_store(&b->halted, false);
		assert_int_equal(pthread_create(&poller, NULL, poll_until_over, b), 0);
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&callers[i], NULL, submit_until_closed, b), 0);
		while (bench_stats(b).submitted < 50 * round)
			sched_yield();
		assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
		atomic_store(&b->halted, true);
		for (int i = 0; i < 2; i++)
			pthread_join(callers[i], NULL);
		atomic_store(&b->over, true);
		pthread_join(poller, NULL);
		bench_check(b);
		assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
	}
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_beside_reply_ends_a_call_once),
		cmocka_unit_test(cancel_beside_reply_returns_the_waiter_once),
		cmocka_unit_test(stop_beside_submits_ends_all_and_then_nothing_runs),
		cmocka_unit_test(stop_returns_every_waiter_with_closed),
		cmocka_unit_test(stop_returns_waiters_without_an_event_too),
		cmocka_unit_test(poll_beside_waiters_delivers_nothing_twice),
		cmocka_unit_test(stop_beside_a_poller_returns_after_it),
	};

	return cmocka_run_group_tests_name("agent_race", tests, NULL, NULL);
}
