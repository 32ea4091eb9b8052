/* SPDX-License-Identifier: BSD-3-Clause */
/* The attacker between check and use, see hook.h. In a program without hooks he does nothing. */
#ifndef TEST_VIRTIO_REWRITE_H
#define TEST_VIRTIO_REWRITE_H

#include "rig.h"

/* From here on one word in `rate` is rewritten, right after it was read; 0: none. */
void rewrite_begin(struct rig *g, uint32_t rate);

/*
 * No more. Each word that was read has the value again that it was last read with: what is in memory now is what the
 * other side has seen. Returns how many words it has read.
 */
uint32_t rewrite_end(void);

/*
 * Has some word been read twice, with another value? That is so for a descriptor that a chain comes by twice. What was
 * read is then no image; it can be had in the order in which it was read: from the first-th word on, what
 * rewrite_fetch() gives is what the other side read next, if that is the descriptor that is asked for.
 */
bool rewrite_twice(void);
void rewrite_replay(uint32_t first);
void rewrite_fetch(void *ctx, const unsigned char *at, unsigned char *copy);

/* All that was fetched was there. */
bool rewrite_replayed(void);

/* Are there hooks, and has he been at it since rewrite_begin()? */
bool rewrite_hooked(void);
bool rewrite_done(void);

#endif
