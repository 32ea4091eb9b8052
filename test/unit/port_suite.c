/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>
#include <stdatomic.h>

#include <cmocka.h>
#include <scmi/errors.h>

#include "port_suite.h"
#include "port_threads.h"

static const struct port_fixture *fixture;
static struct scmi_port port;

/* An event, and behind it what no port may write. */
static union {
	max_align_t align;
	unsigned char bytes[SCMI_EVENT_BYTES_MAX + 16];
} storage;

#define GUARD 0xa5

static void fresh_event(void)
{
	memset(&storage, GUARD, sizeof(storage));
	assert_int_equal(port.event_init(port.ctx, &storage), SCMI_OK);
}

static int wait_for(uint64_t us)
{
	return port.event_wait(port.ctx, &storage, port.now_us(port.ctx) + us);
}

static int make_port(void **state)
{
	(void)state;
	memset(&port, 0, sizeof(port));
	return fixture->make(&port);
}

static int make_port_and_event(void **state)
{
	int err = make_port(state);

	if (err == SCMI_OK)
		fresh_event();
	return err;
}

static int drop_port(void **state)
{
	(void)state;
	if (fixture->drop != NULL)
		fixture->drop();
	return 0;
}

static int drop_event_and_port(void **state)
{
	size_t i;

	port.event_fini(port.ctx, &storage);
	for (i = port.event_size; i < sizeof(storage.bytes); i++)
		assert_int_equal(storage.bytes[i], GUARD);
	return drop_port(state);
}

/* Another context: the fixture's, or a thread. */
static pthread_t thread;
static void (*thread_act)(void *arg);

static void *run_act(void *arg)
{
	thread_act(arg);
	return NULL;
}

static void other(void (*act)(void *arg), void *arg)
{
	if (fixture->other != NULL) {
		fixture->other(act, arg);
		return;
	}
	thread_act = act;
	assert_int_equal(pthread_create(&thread, NULL, run_act, arg), 0);
}

static void join(void)
{
	if (fixture->other != NULL)
		fixture->join();
	else
		assert_int_equal(pthread_join(thread, NULL), 0);
}

static void port_as_made_passes_the_check(void **state)
{
	(void)state;
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
}

static void port_dropped_and_made_again_works(void **state)
{
	int i;

	for (i = 0; i < 3; i++) {
		fresh_event();
		port.event_signal(port.ctx, &storage);
		assert_int_equal(wait_for(SCMI_NEVER / 2), SCMI_OK);
		assert_int_equal(drop_event_and_port(state), 0);
		assert_int_equal(make_port(state), SCMI_OK);
	}
}

static void clock_read_often_never_goes_back(void **state)
{
	uint64_t last = port.now_us(port.ctx);
	uint64_t first = last;
	int i;

	(void)state;
	for (i = 0; i < 10000; i++) {
		uint64_t now = port.now_us(port.ctx);

		assert_true(now >= last);
		last = now;
	}
	assert_int_equal(wait_for(1000), SCMI_E_TIMEOUT);
	assert_true(port.now_us(port.ctx) >= first + 1000);
}

static void event_after_init_is_not_signalled(void **state)
{
	(void)state;
	assert_int_equal(wait_for(0), SCMI_E_TIMEOUT);
	assert_int_equal(wait_for(500), SCMI_E_TIMEOUT);
}

static void event_signalled_before_wait_returns_ok(void **state)
{
	(void)state;
	port.event_signal(port.ctx, &storage);
	assert_int_equal(port.event_wait(port.ctx, &storage, SCMI_NEVER), SCMI_OK);
}

static void event_signalled_and_late_returns_ok(void **state)
{
	(void)state;
	port.event_signal(port.ctx, &storage);
	assert_int_equal(port.event_wait(port.ctx, &storage, 0), SCMI_OK);
	assert_int_equal(port.event_wait(port.ctx, &storage, 0), SCMI_E_TIMEOUT);
}

static void event_signalled_thrice_counts_once(void **state)
{
	(void)state;
	port.event_signal(port.ctx, &storage);
	port.event_signal(port.ctx, &storage);
	port.event_signal(port.ctx, &storage);
	assert_int_equal(port.event_wait(port.ctx, &storage, SCMI_NEVER), SCMI_OK);
	assert_int_equal(wait_for(500), SCMI_E_TIMEOUT);
}

static void event_cleared_forgets_the_signal(void **state)
{
	(void)state;
	port.event_signal(port.ctx, &storage);
	port.event_clear(port.ctx, &storage);
	assert_int_equal(wait_for(500), SCMI_E_TIMEOUT);
	port.event_clear(port.ctx, &storage);
	port.event_signal(port.ctx, &storage);
	assert_int_equal(port.event_wait(port.ctx, &storage, SCMI_NEVER), SCMI_OK);
}

static void event_wait_times_out_not_before_its_deadline(void **state)
{
	uint64_t us;

	(void)state;
	for (us = 0; us < 1000; us += 37) {
		uint64_t deadline = port.now_us(port.ctx) + us;

		assert_int_equal(port.event_wait(port.ctx, &storage, deadline), SCMI_E_TIMEOUT);
		assert_true(port.now_us(port.ctx) >= deadline);
	}
}

static void event_timed_out_can_be_signalled_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 10; i++) {
		assert_int_equal(wait_for(100), SCMI_E_TIMEOUT);
		port.event_signal(port.ctx, &storage);
		assert_int_equal(port.event_wait(port.ctx, &storage, SCMI_NEVER), SCMI_OK);
	}
}

static void event_given_back_can_be_used_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		port.event_signal(port.ctx, &storage);
		port.event_fini(port.ctx, &storage);
		fresh_event();
		assert_int_equal(wait_for(0), SCMI_E_TIMEOUT);
	}
}

static void event_signalled_leaves_its_neighbour_alone(void **state)
{
	static union {
		max_align_t align;
		unsigned char bytes[SCMI_EVENT_BYTES_MAX];
	} neighbour;

	(void)state;
	assert_int_equal(port.event_init(port.ctx, &neighbour), SCMI_OK);
	port.event_signal(port.ctx, &neighbour);
	assert_int_equal(wait_for(500), SCMI_E_TIMEOUT);
	assert_int_equal(port.event_wait(port.ctx, &neighbour, SCMI_NEVER), SCMI_OK);
	port.event_fini(port.ctx, &neighbour);
}

/* Written by the other context before it signals: the signal must hand it over. Plain, so that TSan sees a lapse. */
static uint32_t handed_over;

static void hand_over(void *arg)
{
	handed_over = 0x600dcafe;
	port.event_signal(port.ctx, arg);
}

static void wait_is_ended_by_another_context(uint64_t deadline_us)
{
	handed_over = 0;
	other(hand_over, &storage);
	assert_int_equal(port.event_wait(port.ctx, &storage, deadline_us), SCMI_OK);
	assert_int_equal(handed_over, 0x600dcafe);
	join();
}

static void event_wait_without_limit_is_ended_by_another_context(void **state)
{
	(void)state;
	wait_is_ended_by_another_context(SCMI_NEVER);
}

/* Deadlines that overflow a timespec, a product or a sum that was made carelessly. */
static void event_wait_with_a_far_deadline_is_ended_by_another_context(void **state)
{
	static const uint64_t far[] = {SCMI_NEVER - 1, UINT64_MAX / 2 + 1, UINT64_MAX / 1000, (1ull << 31) * 1000000};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		wait_is_ended_by_another_context(far[i]);
}

static void store_self(void *arg)
{
	atomic_store((atomic_uintptr_t *)arg, port.self(port.ctx));
}

static void self_is_stable_and_another_contexts_differs(void **state)
{
	atomic_uintptr_t theirs = 0;
	uintptr_t mine = port.self(port.ctx);

	(void)state;
	assert_true(mine != 0);
	other(store_self, &theirs);
	while (atomic_load(&theirs) == 0) {
		port.relax(port.ctx);
		(void)port.now_us(port.ctx);
	}
	assert_true(atomic_load(&theirs) != mine);
	assert_true(port.self(port.ctx) == mine);
	join();
}

static void lock_given_back_can_be_taken_again(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < 100; i++) {
		port.lock(port.ctx);
		port.unlock(port.ctx);
	}
}

#define CASE(function)       cmocka_unit_test_setup_teardown(function, make_port, drop_port)
#define EVENT_CASE(function) cmocka_unit_test_setup_teardown(function, make_port_and_event, drop_event_and_port)

int port_suite(const struct port_fixture *which)
{
	const struct CMUnitTest tests[] = {
		CASE(port_as_made_passes_the_check),
		CASE(port_dropped_and_made_again_works),
		CASE(lock_given_back_can_be_taken_again),
		CASE(self_is_stable_and_another_contexts_differs),
		EVENT_CASE(clock_read_often_never_goes_back),
		EVENT_CASE(event_after_init_is_not_signalled),
		EVENT_CASE(event_signalled_before_wait_returns_ok),
		EVENT_CASE(event_signalled_and_late_returns_ok),
		EVENT_CASE(event_signalled_thrice_counts_once),
		EVENT_CASE(event_cleared_forgets_the_signal),
		EVENT_CASE(event_wait_times_out_not_before_its_deadline),
		EVENT_CASE(event_timed_out_can_be_signalled_again),
		EVENT_CASE(event_given_back_can_be_used_again),
		EVENT_CASE(event_signalled_leaves_its_neighbour_alone),
		EVENT_CASE(event_wait_without_limit_is_ended_by_another_context),
		EVENT_CASE(event_wait_with_a_far_deadline_is_ended_by_another_context),
	};
	int failed;

	fixture = which;
	failed = cmocka_run_group_tests_name(which->name, tests, NULL, NULL);
	if (which->other == NULL)
		failed += port_threads(which);
	return failed;
}
