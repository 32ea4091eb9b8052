/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two threads, each on a processor of its own: the calling one and a helper. What the machine's own limit is between
 * the two, and how long something takes the one while the other is busy beside it.
 *
 * The limit is the *ping-pong*: two lines, one written by each thread, each waits for the other's; the time there and
 * back. On a virtual machine it jumps between about 60, 125 and 500 ns within seconds, with where the host runs the
 * processors.
 */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

#include <stdbool.h>

/* The first two processors that we may use; returns how many they are: 2, or 1 and both the same. */
int processors(int at[2]);

/* Pins the calling thread. */
void run_on(int processor);

/* One side's work: about n operations; returns how many they were. */
struct side {
	long (*step)(void *arg, long n);
	void *arg;
};

/* Pins this thread and starts the helper; false: there are no two processors for us. */
bool pair_open(void);
void pair_close(void);

/* Nanoseconds there and back, of one line each way. */
double pair_pingpong(void);

/*
 * Nanoseconds an operation of `mine`, n in all, while the helper does `other` from before the first until after the
 * last. *share: the helper's operations meanwhile, for each of ours.
 */
double pair_run(const struct side *mine, const struct side *other, long n, double *share);

#endif
