/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to FreeRTOS on a kernel that is a few variables, for every moment at which the other context may come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <FreeRTOS.h>
#include <scmi/errors.h>
#include <scmi/port/freertos.h>
#include <task.h>

#include "../unit/port_suite.h"
#include "fake/fake.h"

#define INDEX   1u
#define WRAP    (1ull << FAKE_TICK_BITS)
#define TICK_US (1000000u / FAKE_HZ + 1u) /* rounded up */

static const struct scmi_freertos_config config = {
	.size = sizeof(config), .notify_index = INDEX, .interrupt = fake_interrupt};
static struct scmi_freertos freertos;
static struct scmi_port port;
static enum fake_kind kind;

/* The tick count starts again a little later, as it does in the life of a device. */
static int make_with(const struct scmi_freertos_config *with, struct scmi_port *out)
{
	memset(&fake, 0, sizeof(fake));
	fake.kind = kind;
	fake.ticks_before = WRAP - 3u;
	return scmi_freertos_init(&freertos, with, out);
}

static int make(struct scmi_port *out)
{
	return make_with(&config, out);
}

static void drop(void)
{
	if (fake.fault != NULL)
		fail_msg("%s", fake.fault);
	assert_int_equal(fake.masked, 0);
	assert_int_equal(fake.notified[0], 0);
	assert_int_equal(fake.notified[INDEX], 0);
}

static void other(void (*act)(void *arg), void *arg)
{
	fake.act = act;
	fake.arg = arg;
	fake.ready = true;
}

static void join(void)
{
	while (fake.ready)
		port.relax(port.ctx);
}

static max_align_t event;

static void signal_event(void *arg)
{
	port.event_signal(port.ctx, arg);
}

/* More than the calls of anything that is tested below. */
#define MOMENTS 40u

/* Runs `act` with the other context coming at each call in turn: an interrupt, or tasks. */
static void at_each_moment(void (*act)(void), void (*theirs)(void *arg), void *arg)
{
	unsigned at;

	for (kind = FAKE_EQUAL; kind <= FAKE_INTERRUPTS; kind++) {
		for (at = 1; at <= MOMENTS; at++) {
			assert_int_equal(make(&port), SCMI_OK);
			fake.act = theirs;
			fake.arg = arg;
			fake.act_at = at;
			act();
			drop();
		}
	}
	kind = FAKE_INTERRUPTS;
}

static void until_it_has_come(void)
{
	while (fake.calls < fake.act_at || fake.ready)
		port.relax(port.ctx);
}

static void wait_without_limit(void)
{
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
	assert_int_equal(port.event_wait(port.ctx, &event, 0), SCMI_E_TIMEOUT);
}

static void freertos_signal_at_any_moment_is_not_slept_through(void **state)
{
	(void)state;
	at_each_moment(wait_without_limit, signal_event, &event);
}

static void wait_with_deadline(void)
{
	uint64_t deadline;
	int err;

	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	deadline = port.now_us(port.ctx) + 3u * TICK_US;
	err = port.event_wait(port.ctx, &event, deadline);
	assert_true(err == SCMI_OK || port.now_us(port.ctx) >= deadline);
	until_it_has_come();
	/* The signal has come by now: it was consumed, or it is still there. */
	assert_int_equal(port.event_wait(port.ctx, &event, 0), err == SCMI_OK ? SCMI_E_TIMEOUT : SCMI_OK);
}

static void freertos_signal_at_the_deadline_is_not_lost(void **state)
{
	(void)state;
	at_each_moment(wait_with_deadline, signal_event, &event);
}

/* Comes while the test's task sleeps, for no other moment is near. */
static void who_wakes(enum fake_kind which)
{
	kind = which;
	assert_int_equal(make(&port), SCMI_OK);
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	fake.act = signal_event;
	fake.arg = &event;
	fake.act_at = 1000;
	assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
	assert_int_equal(fake.switches, 1);
	fake.yields = 0;
	port.event_signal(port.ctx, &event); /* nobody sleeps: nobody has to be let run */
	assert_int_equal(fake.yields, 0);
	assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
	drop();
	kind = FAKE_INTERRUPTS;
}

static void freertos_who_wakes_a_task_lets_it_run(void **state)
{
	(void)state;
	who_wakes(FAKE_LOW);
	who_wakes(FAKE_EQUAL);
	who_wakes(FAKE_INTERRUPTS);
}

static unsigned again;

static void signal_and_once_more(void *arg)
{
	port.event_signal(port.ctx, arg);
	if (again != 0)
		fake.act_at = fake.calls + again;
	again = 0;
}

/* The second signal comes while the first one ends the wait: it is one more, or the same, and leaves no notification. */
static void freertos_signal_after_the_wake_up_leaves_nothing_behind(void **state)
{
	unsigned moment;

	(void)state;
	kind = FAKE_INTERRUPTS;
	for (moment = 1; moment < 10; moment++) {
		assert_int_equal(make(&port), SCMI_OK);
		assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
		fake.act = signal_and_once_more;
		fake.arg = &event;
		fake.act_at = 1000;
		again = moment;
		assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
		until_it_has_come();
		drop();
	}
}

static unsigned inside;
static unsigned handled;

static void lock_in_the_other(void *arg)
{
	(void)arg;
	assert_int_equal(inside, 0);
	assert_int_equal(port.in_interrupt(port.ctx), kind == FAKE_INTERRUPTS);
	port.lock(port.ctx);
	assert_int_equal(fake.masked, 1);
	port.unlock(port.ctx);
	handled++;
}

static void lock_in_a_task(void)
{
	handled = 0;
	assert_int_equal(port.in_interrupt(port.ctx), 0);
	port.lock(port.ctx);
	assert_int_equal(fake.masked, 1);
	inside = 1;
	(void)port.self(port.ctx); /* a call in the section: the other may get ready here */
	inside = 0;
	port.unlock(port.ctx);
	until_it_has_come();
	assert_int_equal(handled, 1);
}

static void freertos_lock_keeps_the_other_out(void **state)
{
	(void)state;
	at_each_moment(lock_in_a_task, lock_in_the_other, NULL);
}

static void note(void *arg)
{
	*(unsigned *)arg = fake.yields + fake.delays;
}

/* A task of lower priority gets its turn, and soon; one of the same priority at once; and mostly nobody sleeps. */
static void freertos_relax_lets_each_priority_run(void **state)
{
	unsigned turns = 0;
	unsigned i;

	(void)state;
	for (kind = FAKE_EQUAL; kind <= FAKE_LOW; kind++) {
		assert_int_equal(make(&port), SCMI_OK);
		other(note, &turns);
		for (i = 0; i < 160; i++)
			port.relax(port.ctx);
		assert_true(turns > 0 && turns <= (kind == FAKE_LOW ? 16u : 1u));
		assert_int_equal(fake.delays, 10);
		assert_int_equal(fake.yields, 150);
		drop();
	}
	kind = FAKE_INTERRUPTS;
}

/* From just before the count starts again, to after it has several times. */
static void freertos_clock_goes_on_when_the_count_starts_again(void **state)
{
	uint64_t last;
	unsigned i;

	(void)state;
	assert_int_equal(make(&port), SCMI_OK);
	last = port.now_us(port.ctx);
	assert_true(last >= (WRAP - 3u) * 1000000u / FAKE_HZ);
	for (i = 0; i < 10; i++) {
		fake.us += i < 6 ? 1000000u / FAKE_HZ + 1u : (WRAP - 1u) * 1000000u / FAKE_HZ;
		assert_true(port.now_us(port.ctx) > last);
		last = port.now_us(port.ctx);
		assert_true(last <= fake.us + (WRAP - 3u) * 1000000u / FAKE_HZ + 1u);
		assert_true(last + TICK_US >= fake.us + (WRAP - 3u) * 1000000u / FAKE_HZ);
	}
	drop();
}

/* By a clock that is finer than a tick no wait is early either, and no time-out sleeps longer than to the next tick. */
static void freertos_wait_by_a_finer_clock_ends_at_the_next_tick(void **state)
{
	struct scmi_freertos_config fine = config;
	uint64_t us;

	(void)state;
	fine.now_us = fake_us;
	assert_int_equal(make_with(&fine, &port), SCMI_OK);
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	us = port.now_us(port.ctx);
	assert_int_equal(us + 1u, fake.us);
	for (us = 1; us < 5u * TICK_US; us += TICK_US / 7u) {
		const uint64_t deadline = port.now_us(port.ctx) + us;

		assert_int_equal(port.event_wait(port.ctx, &event, deadline), SCMI_E_TIMEOUT);
		assert_true(fake.us > deadline && fake.us <= deadline + TICK_US + 2u);
	}
	drop();
}

/* How long a sleep is asked for: rounded up to ticks, and never for ever but where it is meant. */
static void freertos_sleeps_are_rounded_up_and_clamped(void **state)
{
	static const struct {
		uint64_t us;
		uint64_t ticks;
	} cases[] = {
		{1, 1},
		{1000000u, FAKE_HZ},
		{1000001u, FAKE_HZ + 1u},
		{SCMI_NEVER / 2u, WRAP - 2u},
		{100u * 365u * 86400u * 1000000ull, WRAP - 2u},
	};
	struct scmi_freertos_config still = config;
	size_t i;

	(void)state;
	still.now_us = fake_us;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(make_with(&still, &port), SCMI_OK);
		assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
		other(signal_event, &event);
		fake.ready = false;
		fake.act_at = 3; /* the sleep */
		kind = fake.kind = FAKE_LOW;
		assert_int_equal(port.event_wait(port.ctx, &event, cases[i].us), SCMI_OK);
		assert_int_equal(fake.longest, cases[i].ticks);
		drop();
		kind = FAKE_INTERRUPTS;
	}
}

static void freertos_contexts_have_names_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(make(&port), SCMI_OK);
	fake.running = FAKE_INTERRUPT;
	assert_int_equal(port.self(port.ctx), FAKE_INTERRUPT);
	assert_true(port.in_interrupt(port.ctx) != 0);
	fake.running = 0;
	assert_int_equal(port.self(port.ctx), (uintptr_t)xTaskGetCurrentTaskHandle());
}

static void freertos_init_with_a_wrong_configuration_refuses(void **state)
{
	const struct scmi_port untouched = {.version = 77};
	struct scmi_freertos_config wrong = config;
	struct scmi_port out = untouched;

	(void)state;
	assert_int_equal(scmi_freertos_init(NULL, &config, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_freertos_init(&freertos, &config, NULL), SCMI_E_INVAL);
	wrong.notify_index = 2;
	assert_int_equal(scmi_freertos_init(&freertos, &wrong, &out), SCMI_E_INVAL);
	wrong = config;
	wrong.size--;
	assert_int_equal(scmi_freertos_init(&freertos, &wrong, &out), SCMI_E_INVAL);
	assert_memory_equal(&out, &untouched, sizeof(out));
}

/* Without one there is no interrupt that uses the port, on this machine. */
static void freertos_init_without_a_configuration_has_defaults(void **state)
{
	(void)state;
	assert_int_equal(scmi_freertos_init(&freertos, NULL, &port), SCMI_OK);
	assert_null(port.in_interrupt);
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
}

int main(void)
{
	const struct port_fixture fixture = {
		.name = "port freertos",
		.make = make,
		.drop = drop,
		.other = other,
		.join = join,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(freertos_signal_at_any_moment_is_not_slept_through),
		cmocka_unit_test(freertos_signal_at_the_deadline_is_not_lost),
		cmocka_unit_test(freertos_who_wakes_a_task_lets_it_run),
		cmocka_unit_test(freertos_signal_after_the_wake_up_leaves_nothing_behind),
		cmocka_unit_test(freertos_lock_keeps_the_other_out),
		cmocka_unit_test(freertos_relax_lets_each_priority_run),
		cmocka_unit_test(freertos_clock_goes_on_when_the_count_starts_again),
		cmocka_unit_test(freertos_wait_by_a_finer_clock_ends_at_the_next_tick),
		cmocka_unit_test(freertos_sleeps_are_rounded_up_and_clamped),
		cmocka_unit_test(freertos_contexts_have_names_of_their_own),
		cmocka_unit_test(freertos_init_with_a_wrong_configuration_refuses),
		cmocka_unit_test(freertos_init_without_a_configuration_has_defaults),
	};
	int failed = 0;

	/* What the suite calls another context is a task, then an interrupt. */
	for (kind = FAKE_EQUAL; kind <= FAKE_INTERRUPTS; kind++)
		failed += port_suite(&fixture);
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
