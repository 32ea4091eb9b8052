/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suite for ports on the target, with each way in which this port can lock and tell the time. The other context is an
 * interrupt, which comes when the suite has gone to sleep, or while it looks.
 */
#include <cmocka.h>
#include <scmi/errors.h>
#include <stddef.h>

#include "../unit/port_suite.h"
#include "../unit/port_threads.h"
#include "port_races.h"
#include "shim_port.h"
#include "target.h"

static struct scmi_cortex_m cortex;
static struct scmi_port port;
static struct scmi_cortex_m_config config;

static void (*act)(void *arg);
static void *act_arg;
static volatile bool acted;
static uint32_t ticks_left;

struct scmi_port *shim_port(void)
{
	return &port;
}

int port_threads(const struct port_fixture *fixture)
{
	(void)fixture;
	return 1; /* all of ours have an `other` */
}

/* ---- the other context ---- */

static void run_act(void)
{
	if (act == NULL)
		return;
	act(act_arg);
	act = NULL;
	acted = true;
}

/* A while after it was asked for, so that the wait has been begun; the tick comes in each of its instructions in turn. */
static void on_tick(void)
{
	if (act != NULL && ticks_left-- == 0)
		board_irq_raise(IRQ_AGENT);
}

static void other(void (*what)(void *arg), void *arg)
{
	acted = false;
	ticks_left = config.systick_hz != 0 ? 1 : 0;
	act_arg = arg;
	__asm__ volatile("" : : : "memory");
	act = what;
	if (config.systick_hz == 0)
		timer_in(2000 + target_random(2000));
}

static void join(void)
{
	while (!acted)
		port.relax(port.ctx);
}

/* ---- clocks of the user's ---- */

static uint64_t board_now_us(void *arg)
{
	(void)arg;
	return stopwatch_now() / 25u;
}

/* An interrupt of the timer's, which has no handler to speak of: that it is pending ends the sleep. */
static void wake_at(void *arg, uint64_t deadline_us)
{
	const uint64_t now = board_now_us(arg);

	if (deadline_us == SCMI_NEVER || deadline_us > now + 1000u)
		deadline_us = now + 1000u;
	timer_in(deadline_us > now ? (uint32_t)(deadline_us - now) * 25u : 1u);
}

#ifndef __ARM_ARCH_6M__
static void on_timer(void)
{
	timer_off();
	on_tick();
}
#endif

/* ---- fixtures ---- */

static int make(struct scmi_port *out)
{
	int err = scmi_cortex_m_init(&cortex, &config, &port);

	target_ticks(config.systick_hz != 0 ? &cortex : NULL);
	*out = port;
	return err;
}

static void drop(void)
{
	scmi_cortex_m_fini(&cortex);
	timer_off();
}

static void run(const char *name)
{
	const struct port_fixture fixture = {.name = name, .make = make, .drop = drop, .other = other, .join = join};

	config.size = sizeof(config);
	(void)port_suite(&fixture);
	config = (struct scmi_cortex_m_config){0};
}

/* ---- what only this port has ---- */

static void refuse(struct scmi_cortex_m_config c)
{
	struct scmi_port out = {.version = 77};

	assert_int_equal(scmi_cortex_m_init(&cortex, &c, &out), SCMI_E_INVAL);
	assert_int_equal(out.version, 77);
}

static void bad_configurations_are_refused(void)
{
	const struct scmi_cortex_m_config good = {.size = sizeof(good), .systick_hz = 16000000};
	struct scmi_cortex_m_config c = good;
	struct scmi_port out;

	assert_int_equal(scmi_cortex_m_init(&cortex, &c, &out), SCMI_OK);
	scmi_cortex_m_fini(&cortex);
	assert_int_equal(scmi_cortex_m_init(NULL, &c, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_cortex_m_init(&cortex, NULL, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_cortex_m_init(&cortex, &c, NULL), SCMI_E_INVAL);
	refuse((struct scmi_cortex_m_config){.size = sizeof(c) - 1u, .systick_hz = 16000000});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c)});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000000, .now_us = board_now_us});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000000, .wake_at = wake_at});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .now_us = board_now_us, .tick_us = 10});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000000, .flags = 2});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000000, .mask_level = 0x100});
	/* 16.000001 MHz: no tick of whole microseconds is a whole number of its cycles; 2^24 + 2 are too many */
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000001});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 2000000, .tick_us = 8388609});
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 1000000, .tick_us = 1000});
#ifdef __ARM_ARCH_6M__
	refuse((struct scmi_cortex_m_config){.size = sizeof(c), .systick_hz = 16000000, .mask_level = 0x40});
#endif
}

#ifndef __ARM_ARCH_6M__
static void privileged(void)
{
	__asm__ volatile("mrs r0, control\n\tbic r0, r0, #1\n\tmsr control, r0\n\tisb" : : : "r0", "memory");
}

/* Without privilege nothing is masked by what is written to BASEPRI; SysTick would be a fault. */
static void levels_that_mask_nothing_are_refused(void)
{
	const struct scmi_cortex_m_config c = {
		.size = sizeof(c), .systick_hz = BOARD_HZ, .mask_level = PRIORITY_PLATFORM};
	struct scmi_port out = {.version = 77};
	int err;

	target_vector(11, privileged);
	__asm__ volatile("msr control, %0\n\tisb" : : "r"(1u) : "memory");
	err = scmi_cortex_m_init(&cortex, &c, &out);
	__asm__ volatile("svc 0" : : : "memory");
	assert_int_equal(err, SCMI_E_INVAL);
	assert_int_equal(out.version, 77);
}
#endif

static volatile bool inside;
static volatile uint32_t came_inside;
static volatile uint32_t came;

static void on_agent(void)
{
	if (inside)
		came_inside++;
	came++;
	run_act();
}

/* An interrupt that is raised inside a section comes when it is over, and one that was masked before stays so. */
static void a_lock_keeps_interrupts_out(void)
{
	came = came_inside = 0;
	port.lock(port.ctx);
	inside = true;
	board_irq_raise(IRQ_AGENT);
	inside = false;
	assert_int_equal(came, 0);
	port.unlock(port.ctx);
	__asm__ volatile("isb" : : : "memory");
	assert_int_equal(came, 1);
	assert_int_equal(came_inside, 0);
	__asm__ volatile("cpsid i" : : : "memory");
	port.lock(port.ctx);
	port.unlock(port.ctx);
	board_irq_raise(IRQ_AGENT);
	assert_int_equal(came, 1);
	__asm__ volatile("cpsie i\n\tisb" : : : "memory");
	assert_int_equal(came, 2);
}

static uintptr_t self_inside;
static int in_inside;

static void note_self(void *arg)
{
	(void)arg;
	self_inside = port.self(port.ctx);
	in_inside = port.in_interrupt(port.ctx);
}

static void handlers_are_contexts_of_their_own(void)
{
	other(note_self, NULL);
	board_irq_raise(IRQ_AGENT);
	join();
	assert_int_equal(port.in_interrupt(port.ctx), 0);
	assert_int_equal(in_inside != 0, 1);
	assert_int_equal(self_inside, 16u + IRQ_AGENT + 1u);
	assert_true(port.self(port.ctx) != self_inside);
}

/* With the tick's own handler kept off most of the time: nothing is lost, and nothing counted twice. */
static void the_clock_goes_while_masked(void)
{
	const uint32_t tick_us = config.tick_us != 0 ? config.tick_us : SCMI_CORTEX_M_TICK_DEFAULT_US;
	uint64_t start, last;

	start = last = port.now_us(port.ctx);
	while (last < start + 300u * tick_us) {
		uint64_t now;

		__asm__ volatile("cpsid i" : : : "memory");
		for (uint32_t i = 0; i < 50u; i++) {
			now = port.now_us(port.ctx);
			assert_true(now >= last && now - last < tick_us / 2u);
			last = now;
		}
		__asm__ volatile("cpsie i\n\tisb" : : : "memory");
	}
}

static void own_clock_cases(void)
{
	const uint32_t tick_us = config.tick_us != 0 ? config.tick_us : SCMI_CORTEX_M_TICK_DEFAULT_US;

	the_clock_goes_while_masked();
	clock_goes_by_ticks_alone(&port, tick_us);
	clock_never_goes_back(&port);
	target_on_tick(on_tick);
}

static void own_cases(void)
{
	struct scmi_port out;

	config.size = sizeof(config);
	assert_int_equal(make(&out), SCMI_OK);
	a_lock_keeps_interrupts_out();
	handlers_are_contexts_of_their_own();
	if (config.systick_hz != 0)
		own_clock_cases();
#ifndef __ARM_ARCH_6M__
	if (config.mask_level != 0)
		lock_keeps_outer_levels(&port, config.mask_level);
#endif
	drop();
}

/* With a handler of their own in SysTick's place. */
static void races(void)
{
	races_of_atomics();
	races_of_waits(0);
#ifndef __ARM_ARCH_6M__
	races_of_waits(PRIORITY_PLATFORM);
#endif
	target_on_tick(on_tick);
}

int main(void)
{
	target_paint();
	target_on_agent(on_agent);
	target_on_tick(on_tick);
	board_systick_priority(PRIORITY_SYSTICK);
	bad_configurations_are_refused();
	races();

	config.systick_hz = BOARD_HZ;
	own_cases();
	run("primask, systick");
#ifndef __ARM_ARCH_6M__
	target_vectors(on_timer, on_timer);
	stopwatch_start();
	levels_that_mask_nothing_are_refused();
	config.systick_hz = BOARD_HZ;
	config.mask_level = PRIORITY_PLATFORM;
	config.tick_us = 200;
	own_cases();
	config.systick_hz = BOARD_HZ;
	config.mask_level = PRIORITY_PLATFORM;
	config.tick_us = 200;
	run("basepri, systick");
	config.now_us = board_now_us;
	config.wake_at = wake_at;
	config.mask_level = PRIORITY_PLATFORM;
	run("basepri, a clock that can wake");
#endif
	shim_print("stack %u bytes\nPASSED\n", target_stack_used());
	return 0;
}
