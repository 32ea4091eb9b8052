/* SPDX-License-Identifier: BSD-3-Clause */
/* A port's table: each fault alone is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/errors.h>
#include <scmi/port.h>

static uint64_t now(void *ctx)
{
	(void)ctx;
	return 0;
}

static void on_ctx(void *ctx)
{
	(void)ctx;
}

static void on_event(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static int init(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
	return SCMI_OK;
}

static int sleep_on(void *ctx, void *event, uint64_t deadline_us)
{
	(void)ctx;
	(void)event;
	(void)deadline_us;
	return SCMI_OK;
}

static uintptr_t self(void *ctx)
{
	(void)ctx;
	return 1;
}

static const struct scmi_port good = {
	.version = SCMI_PORT_V1,
	.event_size = 8,
	.now_us = now,
	.lock = on_ctx,
	.unlock = on_ctx,
	.event_init = init,
	.event_fini = on_event,
	.event_signal = on_event,
	.event_clear = on_event,
	.event_wait = sleep_on,
	.relax = on_ctx,
	.self = self,
};

static void port_check_takes_a_whole_table(void **state)
{
	struct scmi_port port = good;

	(void)state;
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
	port.event_size = 1;
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
	port.event_size = SCMI_EVENT_BYTES_MAX;
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
}

static void port_check_refuses_null_version_and_event_size(void **state)
{
	struct scmi_port port = good;

	(void)state;
	assert_int_equal(scmi_port_check(NULL), SCMI_E_INVAL);
	port.version = 0;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
	port.version = SCMI_PORT_V1 + 1;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
	port = good;
	port.event_size = 0;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
	port.event_size = SCMI_EVENT_BYTES_MAX + 1;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
}

#define REFUSES_WITHOUT(member)                                                                                        \
	do {                                                                                                           \
		struct scmi_port port = good;                                                                          \
                                                                                                                       \
		port.member = NULL;                                                                                    \
		assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);                                                \
	} while (0)

static void port_check_refuses_each_missing_function(void **state)
{
	(void)state;
	REFUSES_WITHOUT(now_us);
	REFUSES_WITHOUT(lock);
	REFUSES_WITHOUT(unlock);
	REFUSES_WITHOUT(event_init);
	REFUSES_WITHOUT(event_fini);
	REFUSES_WITHOUT(event_signal);
	REFUSES_WITHOUT(event_clear);
	REFUSES_WITHOUT(event_wait);
	REFUSES_WITHOUT(relax);
	REFUSES_WITHOUT(self);
}

static void cache(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	(void)mem;
	(void)len;
}

static void port_check_wants_both_cache_functions_or_none(void **state)
{
	struct scmi_port port = good;

	(void)state;
	port.cache_clean = cache;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
	port.cache_invalidate = cache;
	assert_int_equal(scmi_port_check(&port), SCMI_OK);
	port.cache_clean = NULL;
	assert_int_equal(scmi_port_check(&port), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(port_check_takes_a_whole_table),
		cmocka_unit_test(port_check_refuses_null_version_and_event_size),
		cmocka_unit_test(port_check_refuses_each_missing_function),
		cmocka_unit_test(port_check_wants_both_cache_functions_or_none),
	};

	return cmocka_run_group_tests_name("port_check", tests, NULL, NULL);
}
