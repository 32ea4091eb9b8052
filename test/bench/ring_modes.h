/* SPDX-License-Identifier: BSD-3-Clause */
/* What ring_main.c can run. */
#ifndef BENCH_RING_MODES_H
#define BENCH_RING_MODES_H

#include <stdint.h>

struct ring_world;

/* ring_main.c: what is counted, of one message and of a batch */
void bench_send_one(struct ring_world *w);
void bench_reap_one(struct ring_world *w);
void bench_serve_one(struct ring_world *w);
void bench_send_many(struct ring_world *w);
void bench_reap_many(struct ring_world *w);
void bench_serve_many(struct ring_world *w);

/* ring_threads.c: driver and device on two processors, both polling */
void time_ring_threads(int samples);

/* ring_sleep.c: in two processes, each sleeps when there is nothing to do */
void time_ring_sleep(int samples);

#endif
