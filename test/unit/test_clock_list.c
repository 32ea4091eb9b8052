/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of rates and parents: in parts, longer than the buffer, empty, ranges; and platforms that contradict
 * themselves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock_told.h"

#define COUNT(returned, remaining) (returned), 0, (remaining), 0
#define RANGE(returned, remaining) (returned), 0x10, (remaining), 0

/* A reply to the question for the rates of clock 2 from an index on. */
#define RATES(index, ...) SENT(SCMI_CLOCK_DESCRIBE_RATES, (WORD(2), WORD(index)), OK, __VA_ARGS__)

static void begin(struct fixture *f, struct scmi_clock_protocol *p, struct scmi_clock_rates *it)
{
	*p = spoken(f, SCMI_VERSION(1, 0));
	scmi_clock_rates_begin(p, 2, it);
}

static void expect_rate(struct scmi_clock_rates *it, uint64_t wanted)
{
	struct scmi_clock_rate rate;
	int32_t status = 77;

	assert_int_equal(scmi_clock_rates_next(it, &rate, &status), SCMI_OK);
	assert_int_equal(status, SCMI_SUCCESS);
	assert_true(rate.min == wanted && rate.max == wanted && rate.step == 0);
}

static void expect_error(struct scmi_clock_rates *it, int err)
{
	struct scmi_clock_rate rate = {.min = 77};

	assert_int_equal(scmi_clock_rates_next(it, &rate, NULL), err);
	assert_int_equal(rate.min, 77);
}

static void rates_of_several_replies_come_in_order(void **state)
{
	const struct row rows[] = {
		RATES(0, COUNT(2, 3), DWORD(1), DWORD(2)),
		RATES(2, COUNT(2, 1), DWORD(3), DWORD(4)),
		RATES(4, COUNT(1, 0), 8, 7, 6, 5, 4, 3, 2, 1),
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	begin(f, &p, &it);
	assert_int_equal(f->platform.asked, 0);
	for (unsigned i = 1; i <= 4; i++)
		expect_rate(&it, i);
	expect_rate(&it, 0x0102030405060708u);
	for (unsigned i = 0; i < 3; i++)
		expect_error(&it, SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 3);
}

static void list_without_rates_ends_at_once(void **state)
{
	const struct row row = RATES(0, COUNT(0, 0));
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, &row, 1);
	begin(f, &p, &it);
	expect_error(&it, SCMI_E_NOTFOUND);
	expect_error(&it, SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 1);
}

/* What the buffer did not hold is asked for with the index behind what it did. */
static void reply_longer_than_the_buffer_is_asked_for_again(void **state)
{
	enum { ALL = 50, FIRST = SCMI_CLOCK_RATES_AT_ONCE };
	uint8_t first[8 + 8 * ALL] = {OK, COUNT(ALL, 0)};
	uint8_t second[8 + 8 * (ALL - FIRST)] = {OK, COUNT(ALL - FIRST, 0)};
	const struct row rows[] = {
		{SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(0)), 8, first, sizeof(first)},
		{SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(FIRST)), 8, second, sizeof(second)},
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	for (unsigned i = 0; i < ALL; i++)
		first[8 + 8 * i] = (uint8_t)i;
	memcpy(second + 8, first + 8 + 8 * FIRST, sizeof(second) - 8);
	serve(f, rows, LENGTH(rows));
	begin(f, &p, &it);
	for (unsigned i = 0; i < ALL; i++)
		expect_rate(&it, i);
	expect_error(&it, SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 2);
}

/* And counts as what is still to come: it must not become more. */
static void reply_longer_than_the_buffer_does_not_hide_a_list_that_grows(void **state)
{
	enum { ALL = 50, FIRST = SCMI_CLOCK_RATES_AT_ONCE };
	static const uint8_t first[8 + 8 * ALL] = {OK, COUNT(ALL, 0)};
	static const uint8_t same[16] = {OK, COUNT(1, ALL - FIRST)};
	static const uint8_t less[16] = {OK, COUNT(1, ALL - FIRST - 1)};
	struct row rows[] = {
		{SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(0)), 8, first, sizeof(first)},
		{SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(FIRST)), 8, same, sizeof(same)},
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	begin(f, &p, &it);
	for (unsigned i = 0; i < FIRST; i++)
		expect_rate(&it, 0);
	expect_error(&it, SCMI_E_PROTO);
	rows[1].reply = less;
	expect_rate(&it, 0);
}

/* A buffer that is just full was not too small. */
static void reply_as_long_as_the_buffer_is_whole(void **state)
{
	enum { ALL = SCMI_CLOCK_RATES_AT_ONCE };
	static const uint8_t bytes[8 + 8 * ALL] = {OK, COUNT(ALL + 1, 0)};
	const struct row row = {SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(0)), 8, bytes, sizeof(bytes)};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, &row, 1);
	begin(f, &p, &it);
	for (unsigned i = 0; i < ALL; i++)
		expect_rate(&it, 0);
	expect_error(&it, SCMI_E_PROTO); /* it counts one more than it has */
	assert_int_equal(f->platform.asked, 1);
}

static void reply_with_fewer_rates_than_it_counts_is_malformed(void **state)
{
	static const uint8_t bytes[8 + 16 + 7] = {OK, COUNT(2, 0), DWORD(1), DWORD(2)};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_CLOCK_DESCRIBE_RATES, BYTES(WORD(2), WORD(0)), 8, bytes, len};

		serve(f, &row, 1);
		begin(f, &p, &it);
		if (len < 16) {
			expect_error(&it, SCMI_E_PROTO);
			continue;
		}
		expect_rate(&it, 1);
		if (len < 24)
			expect_error(&it, SCMI_E_PROTO);
		else
			expect_rate(&it, 2);
	}
}

static void refusal_in_the_middle_leaves_the_place_as_it_is(void **state)
{
	const struct row rows[] = {
		RATES(0, COUNT(1, 1), DWORD(1)),
		RATES(1, COUNT(1, 0), DWORD(2)),
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;
	struct fixture *f = *state;
	int32_t status = 0;

	serve(f, rows, 1);
	begin(f, &p, &it);
	expect_rate(&it, 1);
	assert_int_equal(scmi_clock_rates_next(&it, &rate, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	serve(f, rows, 2);
	expect_rate(&it, 2);
	expect_error(&it, SCMI_E_NOTFOUND);
}

static void malformed_reply_in_the_middle_leaves_the_place_as_it_is(void **state)
{
	const struct row short_of_one[] = {RATES(0, COUNT(2, 0), DWORD(1), WORD(2))};
	const struct row good[] = {RATES(1, COUNT(1, 0), DWORD(2))};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, short_of_one, 1);
	begin(f, &p, &it);
	expect_rate(&it, 1);
	expect_error(&it, SCMI_E_PROTO);
	serve(f, good, 1);
	expect_rate(&it, 2);
	expect_error(&it, SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 1);
}

/* ---- ranges ---- */

static void range_is_one_element_and_all_there_is(void **state)
{
	/* Some count it wrongly; what is behind an exact count is ignored. */
	const struct row rows[] = {
		RATES(0, RANGE(3, 0), DWORD(10), DWORD(100), DWORD(5)),
		RATES(0, RANGE(1, 0), DWORD(10), DWORD(100), DWORD(5)),
		RATES(0, RANGE(9, 0), DWORD(10), DWORD(100), DWORD(5)),
		RATES(0, RANGE(3, 0), DWORD(10), DWORD(100), DWORD(5), DWORD(6)),
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < LENGTH(rows); i++) {
		struct scmi_clock_protocol p;
		struct scmi_clock_rates it;
		struct scmi_clock_rate rate;

		serve(f, &rows[i], 1);
		begin(f, &p, &it);
		assert_int_equal(scmi_clock_rates_next(&it, &rate, NULL), SCMI_OK);
		assert_true(rate.min == 10 && rate.max == 100 && rate.step == 5);
		expect_error(&it, SCMI_E_NOTFOUND);
		expect_error(&it, SCMI_E_NOTFOUND);
		assert_int_equal(f->platform.asked, 1);
	}
}

static void range_of_one_rate_is_a_range(void **state)
{
	const struct row row = RATES(0, RANGE(3, 0), DWORD(10), DWORD(10), DWORD(0));
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, &row, 1);
	begin(f, &p, &it);
	expect_rate(&it, 10);
	expect_error(&it, SCMI_E_NOTFOUND);
}

static void range_that_is_none_is_malformed(void **state)
{
	const struct row rows[] = {
		RATES(0, RANGE(3, 0), DWORD(10), DWORD(100)),                     /* short */
		RATES(0, RANGE(2, 0), DWORD(10), DWORD(100), DWORD(5), DWORD(6)), /* neither the count nor the bytes */
		RATES(0, RANGE(3, 1), DWORD(10), DWORD(100), DWORD(5)),           /* more to come */
		RATES(0, RANGE(3, 0), DWORD(10), DWORD(9), DWORD(5)),             /* upside down */
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < LENGTH(rows); i++) {
		struct scmi_clock_protocol p;
		struct scmi_clock_rates it;

		serve(f, &rows[i], 1);
		begin(f, &p, &it);
		expect_error(&it, SCMI_E_PROTO);
	}
}

static void range_in_the_middle_of_a_list_is_malformed(void **state)
{
	const struct row rows[] = {
		RATES(0, COUNT(1, 3), DWORD(1)),
		RATES(1, RANGE(3, 0), DWORD(10), DWORD(100), DWORD(5)),
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	begin(f, &p, &it);
	expect_rate(&it, 1);
	expect_error(&it, SCMI_E_PROTO);
}

/* ---- platforms that would go on for ever ---- */

static void platform_that_says_more_and_gives_none_is_malformed(void **state)
{
	const struct row rows[] = {
		RATES(0, COUNT(1, 1), DWORD(1)),
		RATES(1, COUNT(0, 1)),
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	begin(f, &p, &it);
	expect_rate(&it, 1);
	expect_error(&it, SCMI_E_PROTO);
	serve(f, rows + 1, 1);
	begin(f, &p, &it);
	expect_error(&it, SCMI_E_REMOTE); /* index 0 is not there */
}

static void what_remains_must_shrink(void **state)
{
	const struct row grows[] = {
		RATES(0, COUNT(1, 5), DWORD(1)),
		RATES(1, COUNT(1, 6), DWORD(2)),
	};
	const struct row stays[] = {
		RATES(0, COUNT(1, 5), DWORD(1)),
		RATES(1, COUNT(1, 5), DWORD(2)),
	};
	const struct row shrinks[] = {
		RATES(0, COUNT(1, 5), DWORD(1)),
		RATES(1, COUNT(3, 4), DWORD(2), DWORD(3), DWORD(4)), /* the list has grown: that may be */
		RATES(4, COUNT(1, 0), DWORD(5)),                     /* or become shorter */
	};
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, grows, LENGTH(grows));
	begin(f, &p, &it);
	expect_rate(&it, 1);
	expect_error(&it, SCMI_E_PROTO);
	serve(f, stays, LENGTH(stays));
	begin(f, &p, &it);
	expect_rate(&it, 1);
	expect_error(&it, SCMI_E_PROTO);
	serve(f, shrinks, LENGTH(shrinks));
	begin(f, &p, &it);
	for (unsigned i = 1; i <= 5; i++)
		expect_rate(&it, i);
	expect_error(&it, SCMI_E_NOTFOUND);
}

static void list_of_more_than_65535_is_malformed(void **state)
{
	const struct row most = RATES(0, 1, 0, 0xfe, 0xff, DWORD(1));
	const struct row more = RATES(0, 1, 0, 0xff, 0xff, DWORD(1));
	struct scmi_clock_protocol p;
	struct scmi_clock_rates it;
	struct fixture *f = *state;

	serve(f, &most, 1);
	begin(f, &p, &it);
	expect_rate(&it, 1);
	serve(f, &more, 1);
	begin(f, &p, &it);
	expect_error(&it, SCMI_E_PROTO);
}

/* ---- parents ---- */

#define PARENTS(index, ...) SENT(SCMI_CLOCK_POSSIBLE_PARENTS_GET, (WORD(2), WORD(index)), OK, __VA_ARGS__)

static void parents_of_several_replies_come_in_order(void **state)
{
	const struct row rows[] = {
		PARENTS(0, 2, 0xff, 0xff, 1, WORD(7), 4, 3, 2, 1), /* 23:8 are reserved */
		PARENTS(2, 1, 0, 0, 0, WORD(9)),
	};
	const uint32_t wanted[] = {7, 0x01020304, 9};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	struct scmi_clock_parents it;
	uint32_t parent = 77;

	serve(f, rows, LENGTH(rows));
	scmi_clock_parents_begin(&p, 2, &it);
	for (unsigned i = 0; i < LENGTH(wanted); i++) {
		assert_int_equal(scmi_clock_parents_next(&it, &parent, NULL), SCMI_OK);
		assert_int_equal(parent, wanted[i]);
	}
	assert_int_equal(scmi_clock_parents_next(&it, &parent, NULL), SCMI_E_NOTFOUND);
	assert_int_equal(parent, 9);
	assert_int_equal(f->platform.asked, 2);
}

static void parents_of_any_length_are_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK, 1, 0, 0, 0, WORD(7), 0xee};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_CLOCK_POSSIBLE_PARENTS_GET, BYTES(WORD(2), WORD(0)), 8, bytes, len};
		struct scmi_clock_parents it;
		uint32_t parent = 77;

		serve(f, &row, 1);
		scmi_clock_parents_begin(&p, 2, &it);
		assert_int_equal(scmi_clock_parents_next(&it, &parent, NULL), len < 12 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(parent, len < 12 ? 77 : 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rates_of_several_replies_come_in_order),
		TEST(list_without_rates_ends_at_once),
		TEST(reply_longer_than_the_buffer_is_asked_for_again),
		TEST(reply_longer_than_the_buffer_does_not_hide_a_list_that_grows),
		TEST(reply_as_long_as_the_buffer_is_whole),
		TEST(reply_with_fewer_rates_than_it_counts_is_malformed),
		TEST(refusal_in_the_middle_leaves_the_place_as_it_is),
		TEST(malformed_reply_in_the_middle_leaves_the_place_as_it_is),
		TEST(range_is_one_element_and_all_there_is),
		TEST(range_of_one_rate_is_a_range),
		TEST(range_that_is_none_is_malformed),
		TEST(range_in_the_middle_of_a_list_is_malformed),
		TEST(platform_that_says_more_and_gives_none_is_malformed),
		TEST(what_remains_must_shrink),
		TEST(list_of_more_than_65535_is_malformed),
		TEST(parents_of_several_replies_come_in_order),
		TEST(parents_of_any_length_are_whole_or_malformed),
	};

	return cmocka_run_group_tests_name("clock_list", tests, NULL, NULL);
}
