/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What two threads do together, measured in units of the ping-pong (pair.h) right before and right after; limits are
 * stated for a ping-pong in range.
 */
#ifndef BENCH_ARRANGE_H
#define BENCH_ARRANGE_H

#include <stddef.h>

#include "measure.h"
#include "pair.h"

struct arrangement {
	const char *what;
	void (*open)(const void *arg); /* before its turn */
	const void *arg;
	void (*close)(void); /* after it */
	struct side mine;
	struct side other;
	long n;     /* operations of a phase: 20 to 100 us */
	bool twice; /* both sides do the same: what both got done is shown too */
	struct limits limits;
	struct samples ratio;    /* to the ping-pong */
	struct samples in_range; /* those with the ping-pong in the range that the limits are stated for */
	struct samples whole;    /* the same as in_range, by what both threads got done */
};

/*
 * Measures all, in turns, until each has so many samples, enough of them in range, or `seconds` are over; the threads
 * of pair_open() are there. Shows the ping-pong and each of them.
 */
void arrange_and_show(struct arrangement *all, size_t n, int samples, int seconds);

#endif
