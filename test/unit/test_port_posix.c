/* SPDX-License-Identifier: BSD-3-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <scmi/errors.h>
#include <scmi/port/posix.h>

#include "port_suite.h"

static struct scmi_posix posix;

static int make(struct scmi_port *out)
{
	return scmi_posix_init(&posix, out);
}

static void drop(void)
{
	scmi_posix_fini(&posix);
}

static void posix_init_without_an_argument_refuses(void **state)
{
	const struct scmi_port untouched = {.version = 77};
	struct scmi_port out = untouched;

	(void)state;
	assert_int_equal(scmi_posix_init(NULL, &out), SCMI_E_INVAL);
	assert_int_equal(scmi_posix_init(&posix, NULL), SCMI_E_INVAL);
	assert_memory_equal(&out, &untouched, sizeof(out));
}

static void posix_two_ports_share_no_lock(void **state)
{
	struct scmi_posix second;
	struct scmi_port a;
	struct scmi_port b;

	(void)state;
	assert_int_equal(scmi_posix_init(&posix, &a), SCMI_OK);
	assert_int_equal(scmi_posix_init(&second, &b), SCMI_OK);
	a.lock(a.ctx);
	b.lock(b.ctx); /* hangs if it is the same */
	b.unlock(b.ctx);
	a.unlock(a.ctx);
	scmi_posix_fini(&second);
	scmi_posix_fini(&posix);
}

int main(void)
{
	const struct port_fixture fixture = {.name = "port posix", .make = make, .drop = drop};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(posix_init_without_an_argument_refuses),
		cmocka_unit_test(posix_two_ports_share_no_lock),
	};

	return port_suite(&fixture) + cmocka_run_group_tests(tests, NULL, NULL);
}
