/* SPDX-License-Identifier: BSD-3-Clause */
/* A sparkline: the last values as columns of a line of text, from the least of them to the greatest. */
#include <stdio.h>

#include "out.h"
#include "scmictl.h"

#define LEVELS 8u

void spark_add(struct spark *s, int64_t value)
{
	s->values[s->n % SPARK_VALUES] = value;
	s->n++;
}

/* 0 to LEVELS - 1. A span is a number without sign: it may be all of them. */
static uint32_t level_of(int64_t value, int64_t min, int64_t max)
{
	uint64_t span = (uint64_t)max - (uint64_t)min;
	uint64_t above = (uint64_t)value - (uint64_t)min;

	if (span == 0)
		return LEVELS / 2u - 1u;
	while (span > UINT64_MAX / LEVELS) { /* a level or none is lost then */
		span >>= 1;
		above >>= 1;
	}
	return (uint32_t)(above * (LEVELS - 1u) / span);
}

static int64_t value_at(const struct spark *s, uint32_t back)
{
	return s->values[(s->n - back) % SPARK_VALUES];
}

void spark_show(const struct spark *s, uint32_t columns)
{
	static const char *const blocks[LEVELS] = {"\u2581", "\u2582", "\u2583", "\u2584",
						   "\u2585", "\u2586", "\u2587", "\u2588"};
	static const char *const plain[LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	const char *const *levels = terminal_utf8() ? blocks : plain;
	uint32_t n = s->n < SPARK_VALUES ? s->n : SPARK_VALUES;
	int64_t min = INT64_MAX;
	int64_t max = INT64_MIN;

	n = n < columns ? n : columns;
	for (uint32_t back = n; back > 0; back--) {
		min = value_at(s, back) < min ? value_at(s, back) : min;
		max = value_at(s, back) > max ? value_at(s, back) : max;
	}
	for (uint32_t back = n; back > 0; back--)
		fputs(levels[level_of(value_at(s, back), min, max)], stdout);
}
