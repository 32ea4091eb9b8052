/* SPDX-License-Identifier: BSD-3-Clause */
/* Chains, good ones and bad ones: each is laid out at head 4 of a ring of 8. */
#ifndef RING_CASES_H
#define RING_CASES_H

#include "ring_rig.h"

#define CHAIN_HEAD 4u
#define CHAIN_SIZE 8u

struct chain_case {
	const char *name;
	void (*lay)(struct rig *r);
	/* of a good one: readable bytes, writable pieces, bytes in these */
	uint32_t out_len;
	uint32_t in_n;
	uint32_t in_len;
};

#define CHAIN_GOOD 19u
#define CHAIN_BAD  37u

/* The bad ones are to be refused. */
extern const struct chain_case chain_good[CHAIN_GOOD];
extern const struct chain_case chain_bad[CHAIN_BAD];

/* Among the good ones: */
#define CHAIN_PAIR  (&chain_good[0])
#define CHAIN_OVER  (&chain_good[1]) /* a pair of which the reply is where the request is */
#define CHAIN_TABLE (&chain_good[2]) /* the pair in an indirect table */
#define CHAIN_NAMED (&chain_good[3]) /* the same, and the one that stands for the table says WRITE */

/* Some that are of use elsewhere. */
void chain_pair(struct rig *r);         /* descriptors 4 and 5, buffers 4 and 5 */
void chain_table_of_two(struct rig *r); /* the same in the table */
void chain_many_pieces(struct rig *r);
void chain_wide_map(struct rig *r); /* so many bytes are not there: not to be read or written */

/* The same with maps of their own, which must not change while something is remembered. */
bool chain_has_maps(const struct chain_case *c);

/* One chain: laid, offered, taken with this outcome, returned. */
void chain_try(struct rig *r, const struct chain_case *c, enum ring_take outcome);

#endif
