/* SPDX-License-Identifier: BSD-3-Clause */
/* Of the port to Cortex-M what no emulator shows: which lines of a cache it touches, and a part with few priorities. */
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

static uint64_t no_time(void *arg)
{
	(void)arg;
	return 0;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_cleaned_once),
		cmocka_unit_test(each_line_is_invalidated_once),
		cmocka_unit_test(without_a_cache_there_is_nothing_to_call),
		cmocka_unit_test(a_level_not_shifted_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
