/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to bare AArch64 on a processor that is a few variables: a counter, a mask, one interrupt line, the event
 * register, the event stream, the timer. The interrupt is taken at the next instruction of these that is not masked, and a
 * test can raise it at any chosen one.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <pthread.h>

#include <cmocka.h>
#include <scmi/errors.h>
#include <scmi/port/aarch64_bare.h>

#include <cpu.h>
#include "port_suite.h"

#define HZ        24000000u
#define MASKED    0xc0u /* I and F */
#define INTERRUPT 49u
#define NO_STREAM 99u
#define CORE      0x81000102u
#define NAPS_MAX  1000u

static struct cpu {
	uint64_t counter;
	uint64_t timer; /* 0: off */
	uint32_t hz;
	uint32_t running; /* INTERRUPT inside the handler */
	uintptr_t core;
	unsigned stream;   /* its bit */
	unsigned calls;    /* by the main loop */
	unsigned raise_at; /* the call at which the line goes up; 0: none */
	void (*handler)(void *arg);
	void *arg;
	int pending;
	int event;
	unsigned naps;       /* ended by the event stream */
	unsigned sleeps;     /* by WFI */
	uint64_t slept_till; /* the timer, when the last one began */
	int stands;          /* the counter */
	const char *fault;
	uintptr_t lines[8]; /* what was done to cache lines, in order; 1 at its end */
	unsigned lines_n;
} cpu;

static _Thread_local uintptr_t daif; /* in the test with threads each is a core */
static int cores;
static uint32_t flags;
static uint32_t hz = HZ;
static struct scmi_aarch64_bare state;
static struct scmi_port port;

static void take_interrupt(void)
{
	if (!cpu.pending || daif != 0 || cpu.running != 0)
		return;
	cpu.pending = 0;
	cpu.running = INTERRUPT;
	daif = MASKED;
	cpu.handler(cpu.arg);
	daif = 0;
	cpu.running = 0;
	cpu.event = 1; /* its return is an event */
}

static void step(void)
{
	if (cpu.running != 0 || cores)
		return;
	if (++cpu.calls == cpu.raise_at)
		cpu.pending = 1;
	take_interrupt();
}

uint64_t scmi__aarch64_counter(void)
{
	step();
	return cpu.stands ? cpu.counter : (cpu.counter += 1 + cpu.counter % 7);
}

uint32_t scmi__aarch64_counter_hz(void)
{
	return cpu.hz;
}

uintptr_t scmi__aarch64_core(void)
{
	return cpu.core;
}

uintptr_t scmi__aarch64_mask(void)
{
	uintptr_t before = daif;

	step();
	daif = MASKED;
	return before;
}

void scmi__aarch64_restore(uintptr_t value)
{
	daif = value;
	step();
}

/* Asleep for ever, but for a line that goes up again, so that the test ends. */
static void wake_at_last(void)
{
	if (cpu.calls >= cpu.raise_at)
		cpu.fault = "the core sleeps, and what it waits for has already happened";
	cpu.raise_at = cpu.calls;
	cpu.pending = 1;
}

void scmi__aarch64_wait_event(void)
{
	step();
	if (cpu.stream == NO_STREAM)
		cpu.fault = "WFE, and no deadline would be seen";
	if (!cpu.event && ++cpu.naps > NAPS_MAX)
		wake_at_last();
	if (!cpu.event)
		cpu.counter += UINT64_C(2) << cpu.stream % 16;
	cpu.event = 0;
	take_interrupt();
}

void scmi__aarch64_send_event(void)
{
	cpu.event = 1;
}

void scmi__aarch64_event_stream(unsigned bit)
{
	cpu.stream = bit;
}

void scmi__aarch64_sleep(void)
{
	step();
	cpu.sleeps++;
	cpu.slept_till = cpu.timer;
	if (daif == 0)
		cpu.fault = "WFI with interrupts unmasked: one that came before it would be slept through";
	if (cpu.running != 0)
		cpu.fault = "WFI in an interrupt";
	if (cpu.pending)
		return;
	if (cpu.timer == 0 || cpu.timer >= (uint64_t)INT64_MAX) {
		wake_at_last();
		return;
	}
	cpu.counter = cpu.counter < cpu.timer ? cpu.timer : cpu.counter;
}

void scmi__aarch64_timer_at(uint64_t counter)
{
	cpu.timer = counter;
}

void scmi__aarch64_timer_off(void)
{
	cpu.timer = 0;
}

size_t scmi__aarch64_line(void)
{
	return 64;
}

static void note(uintptr_t what)
{
	assert_in_range(cpu.lines_n, 0, 7);
	cpu.lines[cpu.lines_n++] = what;
}

void scmi__aarch64_clean(uintptr_t address)
{
	note(address);
}

void scmi__aarch64_invalidate(uintptr_t address)
{
	note(address | 2u);
}

void scmi__aarch64_caches_done(void)
{
	note(1);
}

static uint32_t running(void *arg)
{
	assert_ptr_equal(arg, &cpu);
	step();
	return cpu.running;
}

static int make(struct scmi_port *out)
{
	const struct scmi_aarch64_bare_config config = {
		.size = sizeof(config), .flags = flags, .interrupt = running, .arg = &cpu};

	memset(&cpu, 0, sizeof(cpu));
	cpu.hz = hz;
	cpu.core = CORE;
	cpu.stream = NO_STREAM;
	daif = 0;
	return scmi_aarch64_bare_init(&state, &config, out);
}

static void drop(void)
{
	assert_int_equal(daif, 0);
	assert_int_equal(cpu.timer, 0); /* its interrupt would come */
	assert_null(cpu.fault);
}

static void other(void (*act)(void *arg), void *arg)
{
	cpu.handler = act;
	cpu.arg = arg;
	cpu.pending = 1;
}

static void join(void)
{
	take_interrupt();
	assert_int_equal(cpu.pending, 0);
}

static void signal_event(void *arg)
{
	port.event_signal(port.ctx, arg);
}

/* More than the instructions of anything that is tested below. */
#define MOMENTS 20u

/* Runs `act` with the interrupt coming at each instruction in turn, in both ways to sleep. */
static void at_each_moment(void (*act)(void), void (*handler)(void *arg), void *arg)
{
	for (unsigned at = 0; at < 2 * MOMENTS; at++) {
		flags = at < MOMENTS ? 0 : SCMI_AARCH64_BARE_WFI;
		assert_int_equal(make(&port), SCMI_OK);
		cpu.handler = handler;
		cpu.arg = arg;
		cpu.raise_at = at % MOMENTS + 1;
		act();
		drop();
	}
}

static max_align_t event;

static void wait_without_limit(void)
{
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	assert_int_equal(port.event_wait(port.ctx, &event, SCMI_NEVER), SCMI_OK);
}

static void signal_at_any_moment_is_not_slept_through(void **unused)
{
	(void)unused;
	at_each_moment(wait_without_limit, signal_event, &event);
}

static void wait_with_deadline(void)
{
	int err;

	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	err = port.event_wait(port.ctx, &event, 1);
	while (cpu.calls < cpu.raise_at)
		(void)port.now_us(port.ctx);
	/* The signal has come by now: it was consumed, or it is still there. */
	assert_int_equal(port.event_wait(port.ctx, &event, 0), err == SCMI_OK ? SCMI_E_TIMEOUT : SCMI_OK);
}

static void signal_at_the_deadline_is_not_lost(void **unused)
{
	(void)unused;
	at_each_moment(wait_with_deadline, signal_event, &event);
}

/* With WFI just at it, by one sleep; with WFE at most one event of the stream later. */
static void wait_ends_at_its_deadline(void **unused)
{
	(void)unused;
	hz = 19200003u; /* no number of counts is a microsecond */
	for (flags = 0; flags <= SCMI_AARCH64_BARE_WFI; flags++) {
		for (uint64_t us = 1000; us < 1100; us += 3) {
			uint64_t deadline;

			assert_int_equal(make(&port), SCMI_OK);
			cpu.counter = us * us;
			deadline = port.now_us(port.ctx) + us;
			assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
			assert_int_equal(port.event_wait(port.ctx, &event, deadline), SCMI_E_TIMEOUT);
			assert_in_range(port.now_us(port.ctx), deadline, deadline + (flags == 0 ? 101 : 1));
			assert_int_equal(cpu.sleeps, flags);
			drop();
		}
	}
	hz = HZ;
}

/* One that does not overflow into the past, where the core would not sleep at all. */
static void far_deadline_is_far_for_the_timer(void **unused)
{
	static const uint64_t far[] = {SCMI_NEVER - 1, UINT64_MAX / 2 + 1, UINT64_MAX / HZ * 1000000u};

	(void)unused;
	flags = SCMI_AARCH64_BARE_WFI;
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++) {
		assert_int_equal(make(&port), SCMI_OK);
		assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
		cpu.handler = signal_event;
		cpu.arg = &event;
		cpu.raise_at = 4; /* the sleep */
		assert_int_equal(port.event_wait(port.ctx, &event, far[i]), SCMI_OK);
		assert_int_equal(cpu.sleeps, 1);
		assert_in_range(cpu.slept_till, INT64_MAX / 2, INT64_MAX);
		drop();
	}
}

static void signal_sends_an_event_to_other_cores(void **unused)
{
	(void)unused;
	for (flags = 0; flags <= SCMI_AARCH64_BARE_WFI; flags++) {
		assert_int_equal(make(&port), SCMI_OK);
		assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
		port.event_signal(port.ctx, &event);
		assert_int_equal(cpu.event, flags == 0);
	}
}

static void lock_masks_and_unlock_restores(void **unused)
{
	(void)unused;
	flags = 0;
	for (uintptr_t before = 0; before <= MASKED; before += MASKED) {
		assert_int_equal(make(&port), SCMI_OK);
		daif = before;
		port.lock(port.ctx);
		assert_int_equal(daif, MASKED);
		port.unlock(port.ctx);
		assert_int_equal(daif, before);
	}
	daif = 0;
}

#define TURNS 200000u

static uint32_t counted; /* plain: the lock guards it */
static pthread_barrier_t begin;

static void *count(void *arg)
{
	uintptr_t mine = *(uintptr_t *)arg;

	daif = mine;
	(void)pthread_barrier_wait(&begin);
	for (uint32_t i = 0; i < TURNS; i++) {
		port.lock(port.ctx);
		counted++;
		port.unlock(port.ctx);
		if (daif != mine) /* got the other core's */
			return arg;
	}
	return NULL;
}

static void lock_keeps_cores_apart(void **unused)
{
	uintptr_t masks[] = {0, MASKED};
	pthread_t threads[2];
	void *bad;

	(void)unused;
	flags = 0;
	assert_int_equal(make(&port), SCMI_OK);
	cores = 1;
	counted = 0;
	assert_int_equal(pthread_barrier_init(&begin, NULL, 2), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &masks[i]), 0);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	(void)pthread_barrier_destroy(&begin);
	cores = 0;
	assert_int_equal(counted, 2 * TURNS);
}

static void self_tells_cores_and_interrupts_apart(void **unused)
{
	uintptr_t seen[6];
	unsigned n = 0;

	(void)unused;
	flags = 0;
	assert_int_equal(make(&port), SCMI_OK);
	for (uintptr_t core = 0; core < 3; core++) {
		static const uintptr_t affinities[] = {0, 1, CORE};

		cpu.core = affinities[core];
		for (cpu.running = 0; cpu.running < 2; cpu.running++) {
			seen[n] = port.self(port.ctx);
			assert_int_equal(port.in_interrupt(port.ctx) != 0, cpu.running != 0);
			assert_true(seen[n] != 0);
			for (unsigned i = 0; i < n; i++)
				assert_true(seen[i] != seen[n]);
			n++;
		}
	}
	cpu.running = 0;
}

static void caches_are_done_line_by_line(void **unused)
{
	(void)unused;
	flags = 0;
	assert_int_equal(make(&port), SCMI_OK);
	port.cache_clean(port.ctx, (void *)0x1000, 128);
	assert_int_equal(cpu.lines_n, 3);
	assert_int_equal(cpu.lines[0], 0x1000);
	assert_int_equal(cpu.lines[1], 0x1040);
	assert_int_equal(cpu.lines[2], 1);
	cpu.lines_n = 0;
	port.cache_invalidate(port.ctx, (void *)0x103c, 8); /* begins in one, ends in the next */
	assert_int_equal(cpu.lines_n, 3);
	assert_int_equal(cpu.lines[0], 0x1002);
	assert_int_equal(cpu.lines[1], 0x1042);
	assert_int_equal(cpu.lines[2], 1);
}

static void event_stream_fits_the_counter(void **unused)
{
	static const struct {
		uint32_t hz;
		unsigned bit;
	} known[] = {{1000000, 5}, {24000000, 10}, {62500000, 11}, {1000000000, 15}, {4000000000u, 15}};
	struct scmi_aarch64_bare_config config = {.size = sizeof(config)};

	(void)unused;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		config.counter_hz = known[i].hz;
		cpu.stream = NO_STREAM;
		assert_int_equal(scmi_aarch64_bare_init(&state, &config, &port), SCMI_OK);
		assert_int_equal(cpu.stream, known[i].bit);
		cpu.stream = NO_STREAM;
		scmi_aarch64_bare_core(&state); /* on the next core */
		assert_int_equal(cpu.stream, known[i].bit);
		assert_true(port.in_interrupt == NULL);
	}
	config.flags = SCMI_AARCH64_BARE_WFI;
	cpu.stream = NO_STREAM;
	assert_int_equal(scmi_aarch64_bare_init(&state, &config, &port), SCMI_OK);
	scmi_aarch64_bare_core(&state);
	assert_int_equal(cpu.stream, NO_STREAM);
}

/* Counters that have run for centuries, in products that must not overflow. */
static void clock_counts_microseconds(void **unused)
{
	static const struct {
		uint64_t counter;
		uint64_t us;
	} known[] = {{0, 0}, {23, 0}, {24, 1}, {47, 1}, {24000000, 1000000}, {UINT64_MAX / 2, UINT64_MAX / 48}};

	(void)unused;
	flags = 0;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		assert_int_equal(make(&port), SCMI_OK);
		cpu.counter = known[i].counter;
		cpu.stands = 1;
		assert_int_equal(port.now_us(port.ctx), known[i].us);
	}
}

static void init_with_a_fault_refuses(void **unused)
{
	const struct scmi_aarch64_bare_config good = {.size = sizeof(good), .counter_hz = HZ};
	struct scmi_aarch64_bare_config bad[4] = {good, good, good, good};
	const struct scmi_port untouched = {.version = 77};
	struct scmi_port out = untouched;

	(void)unused;
	bad[0].size--;
	bad[1].flags = 2;
	bad[2].counter_hz = 999999;
	bad[3].counter_hz = 0; /* and firmware has not told */
	cpu.hz = 0;
	cpu.stream = NO_STREAM;
	assert_int_equal(scmi_aarch64_bare_init(NULL, &good, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_aarch64_bare_init(&state, NULL, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_aarch64_bare_init(&state, &good, NULL), SCMI_E_INVAL);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(scmi_aarch64_bare_init(&state, &bad[i], &out), SCMI_E_INVAL);
	assert_memory_equal(&out, &untouched, sizeof(out));
	assert_int_equal(cpu.stream, NO_STREAM);
}

int main(void)
{
	struct port_fixture fixture = {
		.name = "port aarch64_bare, WFE",
		.make = make,
		.drop = drop,
		.other = other,
		.join = join,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(signal_at_any_moment_is_not_slept_through),
		cmocka_unit_test(signal_at_the_deadline_is_not_lost),
		cmocka_unit_test(wait_ends_at_its_deadline),
		cmocka_unit_test(far_deadline_is_far_for_the_timer),
		cmocka_unit_test(signal_sends_an_event_to_other_cores),
		cmocka_unit_test(lock_masks_and_unlock_restores),
		cmocka_unit_test(lock_keeps_cores_apart),
		cmocka_unit_test(self_tells_cores_and_interrupts_apart),
		cmocka_unit_test(caches_are_done_line_by_line),
		cmocka_unit_test(event_stream_fits_the_counter),
		cmocka_unit_test(clock_counts_microseconds),
		cmocka_unit_test(init_with_a_fault_refuses),
	};
	int failed;

	flags = 0;
	failed = port_suite(&fixture);
	fixture.name = "port aarch64_bare, WFI";
	flags = SCMI_AARCH64_BARE_WFI;
	failed += port_suite(&fixture);
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
