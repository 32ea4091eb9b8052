/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rings eventfds without ever waiting: that it says when it cannot be had, and does without only where nobody
 * could.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../transports/carrier/carrier.h"
#include "fds.h"
#include "no_aio.h"

enum { HAS = 10, DOES_WITHOUT, REFUSES, OTHERWISE };

static char text[200];
static const struct scmi_why why = {text, sizeof(text)};

static int open_one(void)
{
	const unsigned before = open_fds();
	struct scmi__ringer r = {.ready = -1};
	const int err = scmi__ringer_open(&r, "here", &why);
	const int outcome = err == SCMI_OK ? r.aio != 0 ? HAS : DOES_WITHOUT : err == SCMI_E_IO ? REFUSES : OTHERWISE;

	if ((outcome == REFUSES) != (r.ready < 0))
		return OTHERWISE;
	if (outcome == REFUSES && (strncmp(text, "here: ", 6) != 0 || strstr(text, "fs.aio-max-nr") == NULL))
		return OTHERWISE;
	scmi__ringer_close(&r);
	return open_fds() == before ? outcome : OTHERWISE;
}

static void expect(long call, int error, int outcome)
{
	const int is = without_aio(call, error, open_one);

	if (is == NO_AIO_SKIP)
		skip();
	if (is != outcome)
		fail_msg("system call %ld, error %d: %d, not %d", call, error, is, outcome);
}

/* Whoever is to be rung may have seen to it. */
static void ringer_refuses_where_others_have_all(void **state)
{
	(void)state;
	expect(SYS_io_setup, EAGAIN, REFUSES);
	expect(SYS_io_setup, ENOMEM, REFUSES);
	expect(SYS_io_submit, ENOMEM, REFUSES);
}

static void ringer_refuses_without_descriptors(void **state)
{
	struct scmi__ringer r = {.ready = -1};
	struct fd_hog hog;
	int err;

	(void)state;
	fd_hog_all_but(&hog, 0);
	err = scmi__ringer_open(&r, "here", &why);
	fd_hog_end(&hog);
	assert_int_equal(err, SCMI_E_IO);
	assert_int_equal(r.ready, -1);
}

static void ringer_does_without_what_no_one_has_here(void **state)
{
	(void)state;
	expect(SYS_io_setup, ENOSYS, DOES_WITHOUT);
	expect(SYS_io_setup, EPERM, DOES_WITHOUT);
	expect(SYS_io_submit, EINVAL, DOES_WITHOUT);
}

/* Full, and to wait in. */
static void ringer_waits_for_nobody(void **state)
{
	const uint64_t full = UINT64_MAX - 1u;
	const int bell = eventfd(0, EFD_CLOEXEC);
	struct scmi__ringer r = {.ready = -1};
	uint64_t n = 0;

	(void)state;
	assert_int_equal(scmi__ringer_open(&r, "here", &why), SCMI_OK);
	for (int i = 0; i < 100; i++)
		scmi__ringer_ring(&r, bell);
	assert_int_equal(read(bell, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 100);
	assert_int_equal(write(bell, &full, sizeof(full)), sizeof(full));
	scmi__ringer_ring(&r, bell);
	close(bell);
	scmi__ringer_close(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ringer_refuses_where_others_have_all),
		cmocka_unit_test(ringer_refuses_without_descriptors),
		cmocka_unit_test(ringer_does_without_what_no_one_has_here),
		cmocka_unit_test(ringer_waits_for_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
