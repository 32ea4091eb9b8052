/* SPDX-License-Identifier: BSD-3-Clause */
/* Real threads: callers that share the lead, more of them than waiters or slots, and the lead handed over. */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>

#include "thread_bench.h"

static void *call_many(void *arg)
{
	struct bench *b = arg;
	uint64_t own = (uint64_t)(uintptr_t)&own << 20;

	for (unsigned i = 0; i < b->rounds; i++)
		fault_unless(b, call_once(b, own + i) == SCMI_OK);
	return NULL;
}

static void calling_threads(uint32_t caps, uint32_t slots, uint32_t waiters, uint16_t flags, unsigned rounds)
{
	struct bench *b = bench_new(caps, slots, waiters, 0);

	b->rounds = rounds;
	b->flags = flags;
	run_threads(b, THREADS, call_many);
	bench_check(b);
	assert_int_equal(atomic_load(&b->ends[0]), THREADS * rounds);
	bench_end(b);
}

static void threads_that_call_share_the_lead(void **state)
{
	(void)state;
	calling_threads(POLLED, 64, 8, 0, 1500);
}

static void threads_that_call_sleep_where_the_transport_delivers(void **state)
{
	(void)state;
	calling_threads(DELIVERED, 64, 8, 0, 1500);
}

static void threads_beyond_max_waiters_poll(void **state)
{
	(void)state;
	calling_threads(POLLED, 64, 2, 0, 500);
	calling_threads(DELIVERED, 64, 1, 0, 500);
}

static void threads_beyond_the_slots_are_told_busy(void **state)
{
	(void)state;
	calling_threads(POLLED, 2, 8, 0, 500);
	calling_threads(POLLED, 1, 8, 0, 500);
}

static void threads_that_poll_find_each_others_replies(void **state)
{
	(void)state;
	calling_threads(POLLED, 64, 8, SCMI_CALL_POLL, 500);
}

/* Some answers come after their call's time: each call ends once, and every debt is paid. */
static void *call_in_a_hurry(void *arg)
{
	struct bench *b = arg;
	uint64_t own = (uint64_t)(uintptr_t)&own << 20;

	for (unsigned i = 0; i < b->rounds; i++) {
		int err = call_once(b, own + i);

		fault_unless(b, err == SCMI_OK || err == SCMI_E_TIMEOUT);
	}
	return NULL;
}

static void threads_whose_calls_time_out_leave_no_slot_behind(void **state)
{
	static const uint32_t kinds[] = {POLLED, DELIVERED};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct bench *b = bench_new(kinds[i], 8, 8, 0);

		b->rounds = 300;
		b->timeout_us = 300;
		atomic_store(&b->served.slow_every, 7u);
		atomic_store(&b->served.slow_us, 600u);
		run_threads(b, THREADS, call_in_a_hurry);
		atomic_store(&b->served.slow_every, 0u);
		while (bench_stats(b).quarantined != 0) {
			(void)scmi_agent_poll(b->agent, 16);
			sched_yield();
		}
		bench_check(b);
		assert_int_equal(bench_stats(b).received, bench_stats(b).submitted);
		bench_end(b);
	}
}

/* The leader's own call ends while the answer to another waiter's is still to come: somebody must lead on. */
static void *call_held(void *arg)
{
	struct bench *b = arg;
	struct scmi_call call = {
		.size = sizeof(call), .protocol = 0x14, .message = SERVED_HELD_MSG, .timeout_us = SCMI_FOREVER};
	int err = scmi_agent_call(b->agent, &call);

	atomic_fetch_add(&b->submitted, 1u);
	count_end(b, err);
	return NULL;
}

static void wait_for_in_flight(struct bench *b, uint32_t n)
{
	while (bench_stats(b).in_flight != n)
		sched_yield();
}

static void lead_is_handed_over_by_a_leader_that_is_done(void **state)
{
	struct bench *b = bench_new(POLLED, 64, 8, 0);

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		pthread_t leader;
		pthread_t followers[2];

		/* The first one leads; it is answered at last, after the others have gone to sleep behind it. */
		atomic_store(&b->served.held, true);
		assert_int_equal(pthread_create(&leader, NULL, call_held, b), 0);
		wait_for_in_flight(b, 1);
		b->rounds = 1;
		for (int i = 0; i < 2; i++)
			assert_int_equal(pthread_create(&followers[i], NULL, i == 0 ? call_held : call_many, b), 0);
		pthread_join(followers[1], NULL);
		served_let_go(&b->served);
		pthread_join(followers[0], NULL);
		pthread_join(leader, NULL);
		bench_check(b);
	}
	bench_end(b);
}

/* The leader times out, the others have no limit of their own. */
static void *call_briefly(void *arg)
{
	struct bench *b = arg;
	struct scmi_call call = {
		.size = sizeof(call), .protocol = 0x14, .message = SERVED_HELD_MSG, .timeout_us = 2000};
	int err = scmi_agent_call(b->agent, &call);

	atomic_fetch_add(&b->submitted, 1u);
	count_end(b, err);
	fault_unless(b, err == SCMI_E_TIMEOUT);
	return NULL;
}

static void lead_is_handed_over_by_a_leader_that_times_out(void **state)
{
	struct bench *b = bench_new(POLLED, 64, 8, 0);

	(void)state;
	for (unsigned round = 0; round < 30; round++) {
		pthread_t leader;
		pthread_t followers[3];

		atomic_store(&b->served.held, true);
		assert_int_equal(pthread_create(&leader, NULL, call_briefly, b), 0);
		for (int i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&followers[i], NULL, call_held, b), 0);
		pthread_join(leader, NULL);
		served_let_go(&b->served);
		for (int i = 0; i < 3; i++)
			pthread_join(followers[i], NULL);
		while (bench_stats(b).quarantined != 0)
			(void)scmi_agent_poll(b->agent, 16);
		bench_check(b);
	}
	bench_end(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_that_call_share_the_lead),
		cmocka_unit_test(threads_that_call_sleep_where_the_transport_delivers),
		cmocka_unit_test(threads_beyond_max_waiters_poll),
		cmocka_unit_test(threads_beyond_the_slots_are_told_busy),
		cmocka_unit_test(threads_that_poll_find_each_others_replies),
		cmocka_unit_test(threads_whose_calls_time_out_leave_no_slot_behind),
		cmocka_unit_test(lead_is_handed_over_by_a_leader_that_is_done),
		cmocka_unit_test(lead_is_handed_over_by_a_leader_that_times_out),
	};

	return cmocka_run_group_tests_name("agent_threads", tests, NULL, NULL);
}
