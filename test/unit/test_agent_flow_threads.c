/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Real threads against what opens and shuts the flow: those who wait for a slot beside stop, quiesce and recovery,
 * fences beside callers, and one send at a time.
 */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <time.h>

#include "flow.h"

#define CALLERS 5u

static void *call_once_at_all(void *arg)
{
	(void)flow_call(arg, 1, 0, 7);
	return NULL;
}

/* Gives the others time to come to where they sleep; where they do not, the test still holds. */
static void nap(void)
{
	const struct timespec t = {.tv_nsec = 1000000};

	nanosleep(&t, NULL);
}

static const uint32_t kinds[] = {FLOW_DELIVERED, FLOW_POLLED};

/* One has the only slot, and no reply comes; the others wait for it. */
static void stop_returns_who_waits_for_a_slot(void **state)
{
	(void)state;
	for (int k = 0; k < 2; k++) {
		struct flow *f = flow_new(kinds[k], 1, 0);
		pthread_t threads[CALLERS];

		flow_start(f);
		atomic_store(&f->wire.served.silent, true);
		for (unsigned round = 0; round < 20; round++) {
			unsigned before = atomic_load(&f->wire.served.served);

			flow_threads(f, threads, CALLERS, call_once_at_all);
			while (atomic_load(&f->wire.served.served) == before)
				sched_yield();
			nap();
			assert_int_equal(scmi_agent_stop(f->agent), SCMI_OK);
			flow_join(threads, CALLERS);
			flow_check(f);
			assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
		}
		assert_int_equal(atomic_load(&f->ends[-SCMI_E_CLOSED]), 20);
		assert_int_equal(atomic_load(&f->refused[-SCMI_E_CLOSED]), 20 * (CALLERS - 1));
		flow_end(f);
	}
}

static void quiesce_beside_callers_makes_all_quiet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct flow *f = flow_new(kinds[i % 2], 4, i / 2);
		pthread_t threads[CALLERS];

		if (i >= 2)
			f->wire.served.transport.caps &= ~SCMI_CAP_CONCURRENT;
		flow_start(f);
		flow_threads(f, threads, CALLERS, flow_call_until_over);
		for (unsigned round = 0; round < 50; round++) {
			unsigned before = atomic_load(&f->ends[0]);

			while (atomic_load(&f->ends[0]) < before + 20)
				sched_yield();
			assert_int_equal(scmi_agent_quiesce(f->agent, SCMI_NEVER), SCMI_OK);
			/* They try on, and count while they do; but nothing goes out. */
			before = atomic_load(&f->wire.sent);
			assert_int_equal(flow_out(f), 0);
			sched_yield();
			assert_int_equal(flow_out(f), 0);
			assert_int_equal(atomic_load(&f->wire.sent), before);
			assert_int_equal(scmi_agent_resume(f->agent), SCMI_OK);
		}
		atomic_store(&f->over, true);
		flow_join(threads, CALLERS);
		flow_end(f);
	}
}

/* Callers in flight, in the queue, and waiting for a slot, while the link is recovered again and again. */
static void recovery_beside_callers_ends_each_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct flow *f = flow_new(kinds[i % 2], 2, i / 2);
		pthread_t threads[CALLERS];

		if (i >= 2)
			f->wire.served.transport.caps &= ~SCMI_CAP_CONCURRENT;
		flow_start(f);
		flow_threads(f, threads, CALLERS, flow_call_until_over);
		for (unsigned round = 0; round < 50; round++) {
			unsigned before = atomic_load(&f->ends[0]);

			while (atomic_load(&f->ends[0]) < before + 10)
				sched_yield();
			assert_int_equal(scmi_agent_recover(f->agent, 0), SCMI_OK);
		}
		atomic_store(&f->over, true);
		flow_join(threads, CALLERS);
		assert_int_equal(flow_stats(f).recovered, 50);
		flow_end(f);
	}
}

/* When a fence is sent, nothing that was sent before is out any more. */
static void fences_beside_callers_are_sent_alone(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct flow *f = flow_new(kinds[i % 2], 8, i / 2 * 2);
		pthread_t threads[CALLERS];

		if (i >= 2)
			f->wire.served.transport.caps &= ~SCMI_CAP_CONCURRENT;
		flow_start(f);
		flow_threads(f, threads, CALLERS - 1, flow_call_until_over);
		for (unsigned n = 0; n < 300; n++)
			assert_int_equal(flow_call(f, n, SCMI_CALL_FENCE, FLOW_FENCE), SCMI_OK);
		atomic_store(&f->over, true);
		flow_join(threads, CALLERS - 1);
		flow_end(f);
	}
}

/* One send at a time over a wire that holds one or two: no call is lost, and no two sends meet. */
static void serial_link_beside_callers_loses_nothing(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct flow *f = flow_new(kinds[i % 2], 4, 1 + i / 2);
		pthread_t threads[CALLERS];

		f->wire.served.transport.caps &= ~SCMI_CAP_CONCURRENT;
		flow_start(f);
		flow_threads(f, threads, CALLERS, flow_call_until_over);
		while (atomic_load(&f->ends[0]) < 5000)
			sched_yield();
		atomic_store(&f->over, true);
		flow_join(threads, CALLERS);
		assert_int_equal(atomic_load(&f->ends[0]), atomic_load(&f->submitted));
		flow_end(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_returns_who_waits_for_a_slot),
		cmocka_unit_test(quiesce_beside_callers_makes_all_quiet),
		cmocka_unit_test(recovery_beside_callers_ends_each_once),
		cmocka_unit_test(fences_beside_callers_are_sent_alone),
		cmocka_unit_test(serial_link_beside_callers_loses_nothing),
	};

	return cmocka_run_group_tests_name("agent_flow_threads", tests, NULL, NULL);
}
