/* SPDX-License-Identifier: BSD-3-Clause */
/* The rings of the tests' back end: read and written by rule, not by the library's code. */
#ifndef VHOST_BACK_RING_H
#define VHOST_BACK_RING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "../../transports/vhost_user/wire.h"

#define BACK_HELD 256u

struct back_memory {
	struct vu_region region;
	unsigned char *mem; /* NULL: none */
	ino_t inode;
};

struct back_ring {
	uint32_t num;
	bool event_idx;
	bool enabled;
	bool holds;
	int kick; /* -1: it does not run */
	int call;
	uint16_t next; /* available entry */
	uint16_t done; /* used entries */
	unsigned char *desc;
	unsigned char *avail;
	unsigned char *used;
	uint32_t held_n;
	uint16_t held[BACK_HELD]; /* heads: commands, or buffers for events */
	uint32_t signals;
};

bool back_memory_open(struct back_memory *m, const struct vu_region *region, int fd, ino_t inode);
void back_memory_close(struct back_memory *m);

void back_ring_init(struct back_ring *r);
bool back_ring_place(struct back_ring *r, const struct back_memory *m, const struct vu_vring_addr *at);
void back_ring_close(struct back_ring *r); /* stops; what it holds is forgotten */

/* Takes what is available: commands are answered, buffers for events kept. */
void back_ring_look(struct back_ring *r, const struct back_memory *m, bool commands);
void back_ring_release(struct back_ring *r, const struct back_memory *m);
bool back_ring_notify(struct back_ring *r, const struct back_memory *m, uint32_t hdr);
void back_ring_signal(struct back_ring *r);
void back_ring_lie(struct back_ring *r); /* has returned more than there is */

#endif
