/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers with units, exact: no floating point, so nothing is rounded. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scmictl.h"

static uint64_t magnitude(int64_t value)
{
	return value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
}

/* Digits of n with the point so many before their end, which is more than none. */
static void put_point(char *text, size_t size, const char *sign, const char *digits, uint32_t behind)
{
	uint32_t n = (uint32_t)strlen(digits);
	uint32_t before = n > behind ? n - behind : 0u;

	snprintf(text, size, "%s%.*s%s.%.*s%s", sign, (int)before, digits, before != 0 ? "" : "0",
		 (int)(n > behind ? 0u : behind - n), "0000000000000000", digits + before);
}

const char *decimal_text(char text[DECIMAL_BYTES], int64_t value, int32_t exponent)
{
	const char *sign = value < 0 ? "-" : "";
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)magnitude(value));
	if (exponent < 0)
		put_point(text, DECIMAL_BYTES, sign, digits, (uint32_t)-exponent);
	else
		snprintf(text, DECIMAL_BYTES, "%s%s%.*s", sign, digits, value != 0 ? (int)exponent : 0,
			 "000000000000000");
	return text;
}

/* ---- rates ---- */

/* From the largest on; the last one fits all. */
static const struct {
	const char *name;
	int32_t exponent;
	uint64_t hz;
} units[] = {
	{"MHz", 6, 1000000},
	{"kHz", 3, 1000},
	{"Hz", 0, 1},
};

#define UNITS (sizeof(units) / sizeof(units[0]))

const char *rate_text(char text[RATE_BYTES], uint64_t hz)
{
	char number[DECIMAL_BYTES];
	char digits[24];
	size_t i = 0;
	size_t len;

	while (i < UNITS - 1u && hz < units[i].hz)
		i++;
	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)hz);
	if (units[i].exponent == 0) {
		snprintf(text, RATE_BYTES, "%s Hz", digits);
		return text;
	}
	put_point(number, sizeof(number), "", digits, (uint32_t)units[i].exponent);
	for (len = strlen(number); number[len - 1u] == '0'; len--)
		;
	if (number[len - 1u] == '.')
		len--;
	snprintf(text, RATE_BYTES, "%.*s %s", (int)len, number, units[i].name);
	return text;
}

static bool find_unit(const char *name, int32_t *exponent)
{
	for (size_t i = 0; i < UNITS; i++) {
		if (strcasecmp(name, units[i].name) == 0) {
			*exponent = units[i].exponent;
			return true;
		}
	}
	return name[0] == '\0';
}

/* Appends a digit; false if that is too much for 64 bits. */
static bool add_digit(uint64_t *value, uint32_t digit)
{
	if (*value > (UINT64_MAX - digit) / 10u)
		return false;
	*value = *value * 10u + digit;
	return true;
}

bool read_scaled(const char *text, size_t len, int32_t exponent, uint64_t *value)
{
	const char *point = memchr(text, '.', len);
	size_t whole = point != NULL ? (size_t)(point - text) : len;

	*value = 0;
	if (whole == 0 || whole + 1u == len)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (i == whole)
			continue;
		if (text[i] < '0' || text[i] > '9' || !add_digit(value, (uint32_t)(text[i] - '0')))
			return false;
		exponent -= i > whole;
	}
	for (; exponent > 0; exponent--) {
		if (!add_digit(value, 0))
			return false;
	}
	for (; exponent < 0 && *value % 10u == 0; exponent++)
		*value /= 10u;
	return exponent == 0 || *value == 0;
}

bool read_rate(const char *text, uint64_t *hz)
{
	size_t len = strspn(text, "0123456789.");
	int32_t exponent = 0;

	return find_unit(text + len, &exponent) && read_scaled(text, len, exponent, hz);
}
