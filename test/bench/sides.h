/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two threads of a pair do on one agent: the sides of the arrangements in threads.c. */
#ifndef BENCH_SIDES_H
#define BENCH_SIDES_H

#include <stdbool.h>
#include <stdint.h>

/* own.c: a call of one's own. The others begin in a group of slots apart from the first's, next to it, in the same. */
struct own;
extern struct own *own_first;
extern struct own *own_apart;
extern struct own *own_next;
extern struct own *own_same;

bool own_choose(void); /* false: the addresses do not allow it */
void own_set_flags(uint16_t flags);
void open_instant(uint32_t caps); /* an agent whose transport answers inside send() */
long fresh_step(void *arg, long n);
long call_step(void *arg, long n); /* arg: which, a struct own ** */

/* handed.c: an agent whose transport is a queue to the other thread */
void open_queue(void);
long submit_step(void *arg, long n); /* arg: how many in flight, uint32_t */
long receive_step(void *arg, long n);
long bare_put_step(void *arg, long n); /* without the agent; arg as above */
long bare_get_step(void *arg, long n);

#endif
