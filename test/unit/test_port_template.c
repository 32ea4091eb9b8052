/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The template on a board that is a few variables: time, a mask and one interrupt line. The interrupt is taken at the
 * next call of a board function that is not masked, and a test can raise it at any chosen call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <port_template.h>
#include <scmi/errors.h>

#include "port_suite.h"

#define INTERRUPT 7u

static struct board {
	uint64_t now_us;
	uintptr_t masked;
	uintptr_t running; /* INTERRUPT inside the handler */
	unsigned calls;    /* of board functions by the main loop */
	unsigned raise_at; /* the call at which the line goes up; 0: none */
	void (*handler)(void *arg);
	void *arg;
	int pending;
	const char *fault;
} sim;

static struct scmi_template port_state;
static struct scmi_port port;

static void take_interrupt(void)
{
	if (!sim.pending || sim.masked || sim.running != 0)
		return;
	sim.pending = 0;
	sim.running = INTERRUPT;
	sim.handler(sim.arg);
	sim.running = 0;
}

static void step(void)
{
	if (sim.running != 0)
		return;
	if (++sim.calls == sim.raise_at)
		sim.pending = 1;
	take_interrupt();
}

static uint64_t board_now_us(void *arg)
{
	(void)arg;
	step();
	return sim.now_us++;
}

static uintptr_t board_mask(void *arg)
{
	uintptr_t before = sim.masked;

	(void)arg;
	step();
	sim.masked = 1;
	return before;
}

static void board_restore(void *arg, uintptr_t state)
{
	(void)arg;
	sim.masked = state;
	step();
}

static void board_idle(void *arg, uint64_t deadline_us)
{
	(void)arg;
	step();
	if (!sim.masked)
		sim.fault = "idle() was called with interrupts unmasked";
	if (sim.running != 0)
		sim.fault = "idle() was called in an interrupt";
	if (sim.pending)
		return;
	if (deadline_us != SCMI_NEVER) {
		sim.now_us = sim.now_us < deadline_us ? deadline_us : sim.now_us;
		return;
	}
	/* Asleep until the line goes up; if that has been, for ever. It goes up again, so that the test ends. */
	if (sim.calls >= sim.raise_at)
		sim.fault = "the core sleeps, and what it waits for has already happened";
	sim.raise_at = sim.calls;
	sim.pending = 1;
}

static uintptr_t board_interrupt(void *arg)
{
	(void)arg;
	step();
	return sim.running;
}

static const struct scmi_board board = {
	.arg = &sim,
	.now_us = board_now_us,
	.mask = board_mask,
	.restore = board_restore,
	.idle = board_idle,
	.interrupt = board_interrupt,
};

static int make(struct scmi_port *out)
{
	memset(&sim, 0, sizeof(sim));
	return scmi_template_init(&port_state, &board, out);
}

static void drop(void)
{
	assert_int_equal(sim.masked, 0);
	assert_null(sim.fault);
}

static void other(void (*act)(void *arg), void *arg)
{
	sim.handler = act;
	sim.arg = arg;
	sim.pending = 1;
}

static void join(void)
{
	take_interrupt();
	assert_int_equal(sim.pending, 0);
}

static void signal_event(void *arg)
{
	port.event_signal(port.ctx, arg);
}

/* More than the board calls of anything that is tested below. */
#define MOMENTS 20u

/* Runs `act` with the interrupt coming at each board call in turn. */
static void at_each_moment(void (*act)(void), void (*handler)(void *arg), void *arg)
{
	unsigned at;

	for (at = 1; at <= MOMENTS; at++) {
		assert_int_equal(make(&port), SCMI_OK);
		sim.handler = handler;
		sim.arg = arg;
		sim.raise_at = at;
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

static void template_signal_at_any_moment_is_not_slept_through(void **state)
{
	(void)state;
	at_each_moment(wait_without_limit, signal_event, &event);
}

static void wait_with_deadline(void)
{
	int err;

	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	err = port.event_wait(port.ctx, &event, 5);
	while (sim.calls < sim.raise_at)
		(void)port.now_us(port.ctx);
	/* The signal has come by now: it was consumed, or it is still there. */
	assert_int_equal(port.event_wait(port.ctx, &event, 0), err == SCMI_OK ? SCMI_E_TIMEOUT : SCMI_OK);
}

static void template_signal_at_the_deadline_is_not_lost(void **state)
{
	(void)state;
	at_each_moment(wait_with_deadline, signal_event, &event);
}

static unsigned inside;
static unsigned handled;

static void lock_in_interrupt(void *arg)
{
	(void)arg;
	assert_int_equal(inside, 0);
	assert_true(port.in_interrupt(port.ctx) != 0);
	port.lock(port.ctx);
	port.unlock(port.ctx);
	handled++;
}

static void lock_in_main_loop(void)
{
	handled = 0;
	assert_int_equal(port.in_interrupt(port.ctx), 0);
	port.lock(port.ctx);
	assert_int_equal(sim.masked, 1);
	inside = 1;
	(void)port.self(port.ctx); /* a board call in the section: the line may go up here */
	inside = 0;
	port.unlock(port.ctx);
	while (sim.calls < sim.raise_at)
		(void)port.now_us(port.ctx);
	assert_int_equal(handled, 1);
}

static void template_lock_keeps_interrupts_out(void **state)
{
	(void)state;
	at_each_moment(lock_in_main_loop, lock_in_interrupt, NULL);
}

static void template_unlock_restores_the_mask_it_found(void **state)
{
	(void)state;
	assert_int_equal(make(&port), SCMI_OK);
	sim.masked = 1;
	port.lock(port.ctx);
	port.unlock(port.ctx);
	assert_int_equal(sim.masked, 1);
}

static void template_init_without_a_part_refuses(void **state)
{
	static const size_t functions[] = {
		offsetof(struct scmi_board, now_us),    offsetof(struct scmi_board, mask),
		offsetof(struct scmi_board, restore),   offsetof(struct scmi_board, idle),
		offsetof(struct scmi_board, interrupt),
	};
	const struct scmi_port untouched = {.version = 77};
	struct scmi_port out = untouched;
	size_t i;

	(void)state;
	assert_int_equal(scmi_template_init(NULL, &board, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_template_init(&port_state, NULL, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_template_init(&port_state, &board, NULL), SCMI_E_INVAL);
	for (i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		struct scmi_board broken = board;

		memset((unsigned char *)&broken + functions[i], 0, sizeof(broken.idle));
		assert_int_equal(scmi_template_init(&port_state, &broken, &out), SCMI_E_INVAL);
	}
	assert_memory_equal(&out, &untouched, sizeof(out));
}

int main(void)
{
	const struct port_fixture fixture = {
		.name = "port template",
		.make = make,
		.drop = drop,
		.other = other,
		.join = join,
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(template_signal_at_any_moment_is_not_slept_through),
		cmocka_unit_test(template_signal_at_the_deadline_is_not_lost),
		cmocka_unit_test(template_lock_keeps_interrupts_out),
		cmocka_unit_test(template_unlock_restores_the_mask_it_found),
		cmocka_unit_test(template_init_without_a_part_refuses),
	};

	return port_suite(&fixture) + cmocka_run_group_tests(tests, NULL, NULL);
}
