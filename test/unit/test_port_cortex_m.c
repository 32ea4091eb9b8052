/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The port to Cortex-M on a core of ours. What no emulator shows: which lines of a cache it touches, a part with few
 * priorities, a counter that stands still. With true interrupts it is tried in test/embedded.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/errors.h>
#include <scmi/port/cortex_m.h>

#include "cortex_core.h"

#define BASE 0x20001000u
#define LINE 32u

struct core core;

static struct scmi_cortex_m cortex;
static struct scmi_port port;

uint32_t *core_does(enum core_did what)
{
	assert_true(core.n < sizeof(core.did) / sizeof(core.did[0]));
	core.did[core.n] = what;
	return &core.line[core.n++];
}

static unsigned char event;
static uint32_t sleeps;
static uint64_t woken_for;

/* Masked, and after the port has asked for an interrupt. */
void core_sleeps(void)
{
	assert_int_equal(core.primask, 1);
	if (++sleeps == 3u)
		port.event_signal(port.ctx, &event);
}

static uint64_t no_time(void *arg)
{
	(void)arg;
	return 0;
}

static void wake_at(void *arg, uint64_t deadline_us)
{
	(void)arg;
	woken_for = deadline_us;
}

static int make(uint32_t flags, uint32_t mask_level)
{
	const struct scmi_cortex_m_config config = {
		.size = sizeof(config), .flags = flags, .mask_level = mask_level, .now_us = no_time};

	core = (struct core){0};
	return scmi_cortex_m_init(&cortex, &config, &port);
}

/* From the first line to the last, none twice, between two barriers. */
static void touches(void (*call)(void *ctx, void *mem, size_t len), enum core_did what, uint32_t at, size_t len,
		    uint32_t lines)
{
	core.n = 0;
	call(port.ctx, (void *)(uintptr_t)at, len); /* NOLINT(performance-no-int-to-ptr): nobody looks there */
	assert_int_equal(core.n, lines + 2u);
	assert_int_equal(core.did[0], CORE_BARRIER);
	for (uint32_t i = 0; i < lines; i++) {
		assert_int_equal(core.did[1u + i], what);
		assert_int_equal(core.line[1u + i], at / LINE * LINE + i * LINE);
	}
	assert_int_equal(core.did[1u + lines], CORE_BARRIER);
}

static void touches_all(void (*call)(void *ctx, void *mem, size_t len), enum core_did what)
{
	touches(call, what, BASE, LINE, 1);
	touches(call, what, BASE, LINE + 1u, 2);
	touches(call, what, BASE, 8u * LINE, 8);
	touches(call, what, BASE + 4u, 60, 2);
	touches(call, what, BASE + 4u, 61, 3);
	touches(call, what, BASE + LINE - 1u, 1, 1);
	touches(call, what, BASE + LINE - 1u, 2, 2);
	touches(call, what, BASE, 0, 0);
}

static void each_line_is_cleaned_once(void **state)
{
	(void)state;
	assert_int_equal(make(SCMI_CORTEX_M_DCACHE, 0), SCMI_OK);
	touches_all(port.cache_clean, CORE_CLEAN);
}

static void each_line_is_invalidated_once(void **state)
{
	(void)state;
	assert_int_equal(make(SCMI_CORTEX_M_DCACHE, 0), SCMI_OK);
	touches_all(port.cache_invalidate, CORE_INVALIDATE);
}

static void without_a_cache_there_is_nothing_to_call(void **state)
{
	(void)state;
	assert_int_equal(make(0, 0), SCMI_OK);
	assert_null(port.cache_clean);
	assert_null(port.cache_invalidate);
}

/* Priority 2 as CMSIS has it, and as the register has it. */
static void a_level_not_shifted_is_refused(void **state)
{
	const struct scmi_cortex_m_config config = {.size = sizeof(config), .systick_hz = 16000000, .mask_level = 2};
	struct scmi_port out = {.version = 77};
	struct core before;

	(void)state;
	core = before = (struct core){.basepri = 0x80, .csr = 5, .rvr = 6, .cvr = 7};
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &out), SCMI_E_INVAL);
	assert_int_equal(out.version, 77);
	assert_memory_equal(&core, &before, sizeof(core));
	assert_int_equal(make(0, 0x1f), SCMI_E_INVAL);
	assert_int_equal(make(0, 0x20), SCMI_OK);
	assert_int_equal(make(0, 0x40), SCMI_OK);
	assert_int_equal(make(0, 0xff), SCMI_OK);
}

static void make_clock(uint32_t tick_us)
{
	const struct scmi_cortex_m_config config = {.size = sizeof(config), .systick_hz = 16000000, .tick_us = tick_us};

	core = (struct core){0};
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_OK);
	assert_int_equal(core.csr, SYST_ENABLE | SYST_TICKINT | SYST_CORECLOCK);
}

/* A quarter of a period is gone when three are left; the flag says that one is over. A reader rounds down. */
static void the_clock_is_made_of_flag_and_counter(void **state)
{
	(void)state;
	make_clock(0);
	assert_int_equal(core.rvr, 15999);
	core.cvr = 12000;
	assert_in_range(port.now_us(port.ctx), 249, 250);
	core.csr |= SYST_COUNTFLAG;
	scmi_cortex_m_tick(&cortex);
	scmi_cortex_m_tick(&cortex); /* our flag stays until it is taken away */
	core.csr &= ~SYST_COUNTFLAG;
	assert_in_range(port.now_us(port.ctx), 2249, 2250);
	core.cvr = 1;
	assert_in_range(port.now_us(port.ctx), 2998, 3000);
	core.cvr = 0; /* a tick is over, and the flag does not say so yet */
	assert_in_range(port.now_us(port.ctx), 2998, 3000);
	core.csr |= SYST_COUNTFLAG;
	assert_int_equal(port.now_us(port.ctx), 3000);
	assert_int_equal(core.primask, 0);
	scmi_cortex_m_fini(&cortex);
	assert_int_equal(core.csr, 0);
}

static void ticks_that_are_no_whole_cycles_are_refused(void **state)
{
	struct scmi_cortex_m_config config = {.size = sizeof(config), .systick_hz = 16000001};

	(void)state;
	core = (struct core){0};
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_E_INVAL);
	config.systick_hz = 32768;
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_E_INVAL);
	config.systick_hz = 2000000;
	config.tick_us = 8388608; /* 2^24 cycles */
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_OK);
	config.tick_us++;
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_E_INVAL);
	config.tick_us = 7; /* 14 cycles: less than 16 */
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_E_INVAL);
	config.tick_us = 8;
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_OK);
}

static void a_lock_gives_back_what_was(void **state)
{
	(void)state;
	assert_int_equal(make(0, 0), SCMI_OK);
	for (uint32_t was = 0; was <= 1u; was++) {
		core.primask = was;
		port.lock(port.ctx);
		assert_int_equal(core.primask, 1);
		port.unlock(port.ctx);
		assert_int_equal(core.primask, was);
	}
	assert_int_equal(make(0, 0x40), SCMI_OK);
	for (uint32_t was = 0; was <= 0x80u; was += 0x20u) {
		core.basepri = was;
		port.lock(port.ctx);
		assert_int_equal(core.basepri, was == 0x20u ? 0x20 : 0x40);
		assert_int_equal(core.primask, 0);
		port.unlock(port.ctx);
		assert_int_equal(core.basepri, was);
	}
}

static void a_wait_sleeps_masked_until_it_is_signalled(void **state)
{
	const struct scmi_cortex_m_config config = {.size = sizeof(config), .now_us = no_time, .wake_at = wake_at};

	(void)state;
	core = (struct core){0};
	sleeps = 0;
	assert_int_equal(scmi_cortex_m_init(&cortex, &config, &port), SCMI_OK);
	assert_int_equal(port.event_size, sizeof(event));
	assert_int_equal(port.event_init(port.ctx, &event), SCMI_OK);
	assert_int_equal(port.event_wait(port.ctx, &event, 77), SCMI_OK);
	assert_int_equal(sleeps, 3);
	assert_int_equal(woken_for, 77);
	assert_int_equal(core.primask, 0);
	assert_int_equal(port.event_wait(port.ctx, &event, 0), SCMI_E_TIMEOUT);
	port.event_signal(port.ctx, &event);
	port.event_clear(port.ctx, &event);
	assert_int_equal(port.event_wait(port.ctx, &event, 0), SCMI_E_TIMEOUT);
	port.event_fini(port.ctx, &event);
	port.relax(port.ctx);
	assert_int_equal(port.self(port.ctx), 1);
	assert_int_equal(port.in_interrupt(port.ctx), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_cleaned_once),
		cmocka_unit_test(each_line_is_invalidated_once),
		cmocka_unit_test(without_a_cache_there_is_nothing_to_call),
		cmocka_unit_test(a_level_not_shifted_is_refused),
		cmocka_unit_test(the_clock_is_made_of_flag_and_counter),
		cmocka_unit_test(ticks_that_are_no_whole_cycles_are_refused),
		cmocka_unit_test(a_lock_gives_back_what_was),
		cmocka_unit_test(a_wait_sleeps_masked_until_it_is_signalled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
