/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of a split virtqueue. The driver's memory is hostile: every word of it is read once, bounded before
 * use, and each chain is checked whole before it is handed out. One context takes at a time, one returns at a time (the
 * user holds a lock over each call where several may); nothing is allocated.
 */
#ifndef SCMI_VIRTIO_RING_DEVICE_H
#define SCMI_VIRTIO_RING_DEVICE_H

#include "ring.h"

/* A stretch of the driver's address space. */
struct ring_map {
	uint64_t addr;
	uint64_t len;
	unsigned char *mem;
};

struct ring_maps {
	const struct ring_map *map;
	uint32_t n;
};

/* Our address of len bytes there, len > 0; NULL: they are not inside one map. */
void *scmi__ring_translate(const struct ring_maps *maps, uint64_t addr, uint64_t len);

/* A piece of a chain, translated. */
struct ring_piece {
	unsigned char *mem;
	uint32_t len;
};

/* What is remembered of a head that was taken before: if its descriptors say the same, they are good. */
struct ring_known;

struct ring_device {
	struct ring_parts at;
	struct ring_maps maps;
	uint8_t *out;             /* private, one a head: the driver has not got it back yet */
	struct ring_known *known; /* private, one a head; NULL: nothing is remembered */
	uint16_t mask;
	uint16_t avail; /* entries taken so far */
	uint16_t used;  /* entries returned so far */
	uint16_t asked; /* used, when an interrupt was last thought of */
	bool event_idx;
	bool indirect;
	bool broken; /* the driver has lied about the ring itself: nothing is taken any more */
};

/*
 * A chain, as taken: the readable bytes have been gathered in the caller's memory, the writable pieces noted in his
 * array. Pieces beyond what he wants are checked and left out.
 */
struct ring_chain {
	/* in */
	unsigned char *out;    /* where the readable bytes go */
	uint32_t out_cap;      /* no more than this */
	struct ring_piece *in; /* where the writable pieces are noted */
	uint32_t in_cap;       /* entries there, 1 at least */
	uint32_t in_want;      /* bytes that are of use; pieces behind them are not noted */
	/* out */
	uint32_t out_len; /* readable bytes in all; may be more than out_cap */
	uint32_t in_n;    /* pieces noted; neighbours in memory are one */
	uint32_t in_len;  /* bytes in them */
	uint16_t head;
};

enum ring_take {
	RING_NONE = 0, /* nothing is there */
	RING_TAKEN = 1,
	RING_REFUSED = 2, /* head is set: return it with length 0 */
	RING_FULL = 3,    /* the pieces do not fit in in_cap: nothing was taken, come again with room for more */
	RING_BROKEN = 4,  /* now or before */
};

/*
 * Bytes of private memory that a ring of this size needs, and where its parts lie in it; remember: with what makes a
 * second use of the same descriptors cheap (64 bytes an entry).
 */
size_t scmi__ring_device_memory(uint32_t size, bool remember);

/*
 * Takes up a ring: at is translated already, and aligned; memory: scmi__ring_device_memory() bytes, 64-byte aligned,
 * kept. first: the index to go on from, and where used.idx goes on from.
 */
void scmi__ring_device_init(struct ring_device *r, const struct ring_parts *at, const struct ring_maps *maps,
			    void *memory, bool remember, uint16_t first, uint16_t used, bool event_idx, bool indirect);

/* Takes the next chain that the driver has made available. */
enum ring_take scmi__ring_device_take(struct ring_device *r, struct ring_chain *c);

/*
 * Puts back the chain that was taken last, as if it had not been; for a buffer that is of no use now. Not after
 * another.
 */
void scmi__ring_device_untake(struct ring_device *r, uint16_t head);

/* Returns a chain, len bytes written; the driver sees it at once. */
void scmi__ring_device_return(struct ring_device *r, uint16_t head, uint32_t len);

/* Is an interrupt due for what was returned since the last time this was asked? Costs a fence. */
bool scmi__ring_device_must_call(struct ring_device *r);

/* Asks for doorbells from the next entry on; true: something is there already. Costs a fence. */
bool scmi__ring_device_arm(struct ring_device *r);

/* No doorbells wanted for now. */
void scmi__ring_device_disarm(struct ring_device *r);

/* Whether the driver has made something available; a look for who polls. */
static inline bool ring_device_news(const struct ring_device *r)
{
	return ring_load16(&r->at.avail->idx) != r->avail;
}

#endif
