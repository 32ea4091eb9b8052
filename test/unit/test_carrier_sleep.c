/* SPDX-License-Identifier: BSD-3-Clause */
/* Sleeping on descriptors: what ends it, and that a timer which is left to run for the next sleep ends none too early. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../transports/carrier/carrier.h"
#include "fds.h"

#define TAG 3u
#define FAR 3600000000u /* an hour: a test that sleeps that long has failed */

static uint64_t in_us(uint64_t span_us)
{
	return scmi__now_us() + span_us;
}

/* Nothing comes: it returns when the deadline has passed, not before. */
static void expect_passed(struct scmi__sleep *s, uint64_t deadline_us)
{
	assert_int_equal(scmi__sleep(s, deadline_us), 0);
	assert_true(scmi__now_us() >= deadline_us);
}

static void sleep_ends_with_its_deadline(void **state)
{
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	expect_passed(&s, in_us(2000));
	expect_passed(&s, in_us(1));
	expect_passed(&s, in_us(2000));
	assert_int_equal(scmi__sleep(&s, 0), 0);
	assert_int_equal(scmi__sleep(&s, 1), 0);
	scmi__sleep_close(&s);
}

static void sleep_ends_with_a_wake_up(void **state)
{
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << SLEEP_WAKE);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, SCMI_NEVER), 1u << SLEEP_WAKE);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, 0), 1u << SLEEP_WAKE);
	assert_int_equal(scmi__sleep(&s, 0), 0); /* taken by that */
	scmi__sleep_close(&s);
}

static void sleep_ends_with_what_comes(void **state)
{
	const int fd = scmi__event_open();
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	assert_int_equal(scmi__sleep_add(&s, fd, EPOLLIN | EPOLLET, TAG), SCMI_OK);
	assert_true(scmi__event_raise(fd));
	assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << TAG);
	assert_true(scmi__event_raise(fd));
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << TAG | 1u << SLEEP_WAKE);
	scmi__sleep_remove(&s, fd);
	assert_true(scmi__event_raise(fd));
	expect_passed(&s, in_us(100));
	close(fd);
	scmi__sleep_close(&s);
}

/* The timer of the last one is still to ring, and comes too late. */
static void sleep_ends_before_the_deadline_of_the_last(void **state)
{
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << SLEEP_WAKE);
	expect_passed(&s, in_us(2000));
	scmi__sleep_close(&s);
}

/* The timer of the last one rings meanwhile, and is no reason to come back. */
static void sleep_goes_on_past_the_deadline_of_the_last(void **state)
{
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	for (uint64_t span_us = 200; span_us <= 20000; span_us *= 10u) {
		scmi__sleep_wake(&s);
		assert_int_equal(scmi__sleep(&s, in_us(span_us)), 1u << SLEEP_WAKE);
		expect_passed(&s, in_us(10u * span_us));
	}
	scmi__sleep_close(&s);
}

/* It rings while nobody sleeps: the next one does not take that for his own. */
static void sleep_does_not_hear_what_rang_before(void **state)
{
	struct scmi__sleep s;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, in_us(1000)), 1u << SLEEP_WAKE);
	(void)usleep(3000);
	expect_passed(&s, in_us(2000));
	scmi__sleep_close(&s);
}

/* Later and later deadlines: the timer is set once. */
static void sleep_sets_its_timer_once(void **state)
{
	struct scmi__sleep s;
	uint64_t rings_us;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	scmi__sleep_wake(&s);
	(void)scmi__sleep(&s, in_us(FAR));
	rings_us = s.rings_us;
	assert_true(rings_us != 0);
	for (int i = 0; i < 10; i++) {
		scmi__sleep_wake(&s);
		assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << SLEEP_WAKE);
		assert_true(s.rings_us == rings_us);
	}
	scmi__sleep_close(&s);
}

/* What stands in its place is no timer. */
static void sleep_ends_with_its_deadline_without_a_timer(void **state)
{
	struct scmi__sleep s;
	int none;

	(void)state;
	assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
	none = scmi__event_open();
	assert_int_equal(dup3(none, s.timer, O_CLOEXEC), s.timer);
	expect_passed(&s, in_us(5000));
	assert_int_equal(s.rings_us, 0);
	expect_passed(&s, in_us(5000));
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, in_us(FAR)), 1u << SLEEP_WAKE);
	close(none);
	scmi__sleep_close(&s);
}

static void sleep_keeps_nothing_when_it_cannot_be_made(void **state)
{
	const unsigned before = open_fds();
	struct scmi__sleep s;
	struct fd_hog hog;

	(void)state;
	for (unsigned left = 0; left < 4; left++) {
		fd_hog_all_but(&hog, left);
		if (left < 3)
			assert_int_equal(scmi__sleep_open(&s, true), SCMI_E_IO);
		else
			assert_int_equal(scmi__sleep_open(&s, true), SCMI_OK);
		assert_true(left == 3 || (s.epoll < 0 && s.wake < 0 && s.timer < 0));
		scmi__sleep_close(&s);
		fd_hog_end(&hog);
		assert_int_equal(open_fds(), before);
	}
	assert_int_equal(scmi__sleep_open(&s, false), SCMI_OK);
	assert_int_equal(open_fds(), before + 2u);
	scmi__sleep_wake(&s);
	assert_int_equal(scmi__sleep(&s, 0), 1u << SLEEP_WAKE);
	assert_int_equal(scmi__sleep(&s, 0), 0);
	scmi__sleep_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sleep_ends_with_its_deadline),
		cmocka_unit_test(sleep_ends_with_a_wake_up),
		cmocka_unit_test(sleep_ends_with_what_comes),
		cmocka_unit_test(sleep_ends_before_the_deadline_of_the_last),
		cmocka_unit_test(sleep_goes_on_past_the_deadline_of_the_last),
		cmocka_unit_test(sleep_does_not_hear_what_rang_before),
		cmocka_unit_test(sleep_sets_its_timer_once),
		cmocka_unit_test(sleep_ends_with_its_deadline_without_a_timer),
		cmocka_unit_test(sleep_keeps_nothing_when_it_cannot_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
