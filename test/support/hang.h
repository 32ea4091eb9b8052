/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tells a hang from a slow machine. Not by the wall clock, which may be set while a test runs, nor by one span of a
 * steady clock, which a machine that stood still has spent without us: from look to look at most a second counts.
 */
#ifndef SCMI_TEST_HANG_H
#define SCMI_TEST_HANG_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define HANG_US 60000000u /* only a hang is that slow */
#define LOOK_US 1000000u

struct hang {
	uint64_t last_us;
	uint64_t spent_us;
};

static inline uint64_t hang_now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static inline struct hang hang_watch(void)
{
	return (struct hang){.last_us = hang_now_us()};
}

/* Call it in each turn of the loop. */
static inline bool hangs(struct hang *h)
{
	const uint64_t now = hang_now_us();
	const uint64_t step = now - h->last_us;

	h->last_us = now;
	h->spent_us += step < LOOK_US ? step : LOOK_US;
	return h->spent_us > HANG_US;
}

#endif
