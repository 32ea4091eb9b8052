/* SPDX-License-Identifier: BSD-3-Clause */
/* scmictl's numbers: every digit of a value, whatever its exponent; rates as people write them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../examples/scmictl/scmictl.h"

static void decimals_have_all_their_digits(void **state)
{
	static const struct {
		int64_t value;
		int32_t exponent;
		const char *text;
	} cases[] = {
		{42500, -3, "42.500"},
		{-5, -3, "-0.005"},
		{-1000, -3, "-1.000"},
		{999, -3, "0.999"},
		{0, -3, "0.000"},
		{0, 0, "0"},
		{0, 15, "0"},
		{7, 0, "7"},
		{-7, 2, "-700"},
		{1, 15, "1000000000000000"},
		{1, -16, "0.0000000000000001"},
		{INT64_MAX, 0, "9223372036854775807"},
		{INT64_MIN, 0, "-9223372036854775808"},
		{INT64_MIN, 15, "-9223372036854775808000000000000000"},
		{INT64_MIN, -16, "-922.3372036854775808"},
		{INT64_MAX, -16, "922.3372036854775807"},
	};
	char text[DECIMAL_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(decimal_text(text, cases[i].value, cases[i].exponent), cases[i].text);
}

static void rates_take_their_largest_unit(void **state)
{
	static const struct {
		uint64_t hz;
		const char *text;
	} cases[] = {
		{0, "0 Hz"},
		{999, "999 Hz"},
		{1000, "1 kHz"},
		{32768, "32.768 kHz"},
		{999999, "999.999 kHz"},
		{1000000, "1 MHz"},
		{1843200, "1.8432 MHz"},
		{24000001, "24.000001 MHz"},
		{1200000000, "1200 MHz"},
		{UINT64_MAX, "18446744073709.551615 MHz"},
	};
	char text[RATE_BYTES];
	uint64_t hz;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(rate_text(text, cases[i].hz), cases[i].text);

	/* 32.768kHz is read as it is written, but for the blank. */
	assert_true(read_rate("32.768kHz", &hz));
	assert_int_equal(hz, 32768);
}

static void rates_are_read_exactly_or_not_at_all(void **state)
{
	static const struct {
		const char *text;
		uint64_t hz;
	} good[] = {
		{"0", 0},
		{"24000000", 24000000},
		{"24MHz", 24000000},
		{"24mhz", 24000000},
		{"0.5kHz", 500},
		{"1.0", 1},
		{"1.50000kHz", 1500},
		{"0.000001MHz", 1},
		{"18446744073709551615", UINT64_MAX},
		{"18446744073709.551615MHz", UINT64_MAX},
	};
	static const char *const bad[] = {
		"",
		"MHz",
		".",
		"1.",
		".5MHz",
		"1..2",
		"1.5",
		"1e6",
		"-1",
		"+1",
		" 1",
		"1 MHz",
		"18446744073709551616",
		"18446744073709551620",
		"1GHz",
		"1MHz ",
		"0x10",
		"1kHzz",
		"0.0000001MHz",
		"18446744073709552MHz",
	};
	uint64_t hz;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(read_rate(good[i].text, &hz));
		assert_true(hz == good[i].hz);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(read_rate(bad[i], &hz));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decimals_have_all_their_digits),
		cmocka_unit_test(rates_take_their_largest_unit),
		cmocka_unit_test(rates_are_read_exactly_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
