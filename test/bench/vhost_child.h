/* SPDX-License-Identifier: BSD-3-Clause */
/* The other process of bench_vhost: a platform behind the back end of vhost-user, and what both know. */
#ifndef BENCH_VHOST_CHILD_H
#define BENCH_VHOST_CHILD_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#define VHOST_LINE 128 /* two lines: neighbours are fetched in pairs */

enum vhost_mode {
	VHOST_REST, /* sleeps on the bare eventfd, and answers it by the other */
	VHOST_PING, /* answers the ping-pong */
	VHOST_OVER
};

struct vhost_board {
	alignas(VHOST_LINE) _Atomic uint32_t ping;
	alignas(VHOST_LINE) _Atomic uint32_t pong;
	alignas(VHOST_LINE) _Atomic int mode; /* of the other process */
	alignas(VHOST_LINE) _Atomic int seen; /* by it; -1: it is not there yet */
	_Atomic int thread;                   /* that serves, as the kernel numbers it */
};

struct vhost_child {
	struct vhost_board *board;
	pid_t pid;
	int bare[2]; /* eventfds: to it, to us */
	char folder[40];
	char path[60];
};

extern struct vhost_child vhost_child;

/*
 * Starts it on that processor, where the library's listener, with that poll=, serves one front end at vhost_child.path in
 * a thread, whatever the mode. Returns when it is there.
 */
void vhost_child_start(int processor, uint32_t poll_us);
void vhost_child_end(void);

/* Returns when it does so. */
void vhost_child_mode(enum vhost_mode mode);

/* Context switches so far of the thread that serves, those that it asked for. */
long vhost_child_sleeps(void);

/* There and back: a bare eventfd each way; a line each way. */
void vhost_bare(void);
void vhost_ping(long n);

#endif
