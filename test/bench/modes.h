/* SPDX-License-Identifier: BSD-3-Clause */
/* What main() can run. The run_... are for an instruction counter: n commands and no printing. */
#ifndef BENCH_MODES_H
#define BENCH_MODES_H

#include <stdint.h>

/* single.c: over loopback, one thread */
void run_call(long n);  /* synchronous calls */
void run_done(long n);  /* submit, and done before it returns */
void run_chain(long n); /* the same, but done submits the next */
void time_single(int pairs);
void measure_stack(void);

/* inflight.c: the core alone, many in flight; depth: of the link, HOLD_MAX or less than in_flight */
void open_inflight(uint32_t in_flight, int random, uint32_t depth);
void run_inflight(long n);
void time_inflight(int pairs);

/* receive.c: from the transport's rx() to its return; n is rounded up to whole batches */
enum receive_kind { RECEIVE_NOTHING, RECEIVE_DONE, RECEIVE_WAIT };
void open_receive(enum receive_kind kind);
void run_receive(long n);
void time_receive(int pairs);

/* threads.c: two threads on one agent, against the ping-pong of a cache line */
void time_threads(int pairs);

/* wakeups.c: how often a synchronous call sleeps, and its peer */
void count_wakeups(long n);

/* lists.c: all sensors, all clocks of a platform, n times */
void run_sensors(long n);
void run_clocks(long n);
void time_lists(int pairs);

#endif
