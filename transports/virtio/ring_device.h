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

/* The same for as much as there is: how many bytes from addr on are inside its map; 0: it is in none. */
uint64_t scmi__ring_room(const struct ring_maps *maps, uint64_t addr, unsigned char **mem);

/* A piece of a chain, translated. */
struct ring_piece {
	unsigned char *mem;
	uint32_t len;
};

/* A stretch that the device writes, in the driver's address space; last is in it. */
struct ring_span {
	uint64_t first;
	uint64_t last;
};

/* Whether no two of them have a byte in common. Sorts them; costs n log n. */
bool scmi__ring_spans_apart(struct ring_span *spans, uint32_t n);

enum ring_kind { RING_KIND_NONE = 0, RING_KIND_DIRECT, RING_KIND_TABLE };

/*
 * What is remembered of a head that was taken before, if it was of the usual shape: one readable descriptor and one
 * writable right behind it, in the ring's own table or alone in an indirect one. As long as they have the same
 * addresses and flags they are good, with any length up to the room there is. One line: 64 bytes.
 */
struct ring_known {
	struct ring_desc *pair; /* the two */
	uint64_t table;         /* where the driver said that the indirect one is */
	uint64_t out_addr;
	uint64_t in_addr;
	unsigned char *out;
	unsigned char *in;
	uint32_t out_flags_next; /* as on the ring */
	uint32_t out_room;
	uint32_t in_room;
	uint32_t kind; /* enum ring_kind */
};

struct ring_device {
	struct ring_parts at;
	struct ring_maps maps;
	struct ring_known *known; /* private, one a head; NULL: nothing is remembered */
	struct ring_span *spans;  /* private, one an entry: the writable pieces of the chain that is being looked at */
	_Atomic uint8_t *out; /* private, one a head: the driver has not got it back yet. Take sets it, return clears */
	_Atomic uint16_t *used_event; /* ring_used_event() */
	uint32_t mask;
	uint32_t most;  /* entries that may be available at once; 0 when broken */
	uint16_t avail; /* entries taken so far */
	uint16_t seen;  /* avail.idx when it was last read: up to there nothing needs to be looked up */
	uint16_t used;  /* entries returned so far */
	uint16_t asked; /* used, when an interrupt was last thought of */
	bool event_idx;
	bool indirect;
	bool broken; /* the driver has lied about the ring itself: nothing is taken any more */
};

/*
 * A chain, as taken: the readable bytes have been gathered in the caller's memory, the writable pieces noted in his
 * array. Pieces beyond what he wants are checked and left out; the last one noted is cut to what he wants.
 */
struct ring_chain {
	/* in */
	unsigned char *out;    /* where the readable bytes go */
	uint32_t out_cap;      /* no more than this */
	struct ring_piece *in; /* where the writable pieces are noted */
	uint32_t in_cap;       /* entries there, 1 at least */
	uint32_t in_want;      /* bytes that are of use, 1 at least; what is behind them is not noted */
	/* out */
	uint32_t out_len; /* readable bytes in all; may be more than out_cap */
	uint32_t in_n;    /* pieces noted; neighbours in memory are one */
	uint32_t in_len;  /* bytes in them */
	uint16_t head;
};

enum ring_take {
	RING_NONE = 0, /* nothing is there */
	RING_TAKEN = 1,
	RING_REFUSED = 2, /* the chain breaks a rule, but it is one: head is set, return it with length 0 */
	RING_FULL = 3,    /* the pieces do not fit in in_cap: nothing was taken, come again with room for more */
	RING_BROKEN = 4,  /* now or before; nothing was taken */
};

/*
 * Refused is a chain with an index outside its table, a loop or more descriptors than the queue has entries, direct and
 * indirect ones together (the one that stands for the table does not count); a length of 0, an address range that is
 * not inside one map, more than 2^32 bytes in all; a readable descriptor behind a writable one, writable ones that
 * overlap; an indirect table inside a table, with NEXT, without the feature, whose length is 0, not a multiple of 16,
 * or more than the queue's entries, or which is not aligned to 8 (4 on 32-bit machines). Readable memory may overlap
 * writable memory. Unknown flags are ignored.
 *
 * Broken is a ring whose avail.idx is more than its size ahead, or whose next entry is a head outside the table or one
 * that has not been given back: a used entry could not tell the two apart.
 */

/*
 * Bytes of private memory that a ring of this size needs, and where its parts lie in it; remember: with what makes a
 * second use of the same descriptors cheap (64 bytes an entry).
 */
size_t scmi__ring_device_memory(uint32_t size, bool remember);

/*
 * Takes up a ring: at is translated already, and aligned; memory: scmi__ring_device_memory() bytes, 64-byte aligned,
 * kept. The maps are kept too, and what is remembered goes by them: when they change, take it up anew. first: the
 * index to go on from; used: where used.idx goes on from.
 */
void scmi__ring_device_init(struct ring_device *r, const struct ring_parts *at, const struct ring_maps *maps,
			    void *memory, bool remember, uint16_t first, uint16_t used, bool event_idx, bool indirect);

/* Takes the next chain that the driver has made available. */
enum ring_take scmi__ring_device_take(struct ring_device *r, struct ring_chain *c);

/*
 * While polling: fetches what the next entry will probably name, for reading. It goes by what stands in that entry from
 * the last time round, so it is for rings that are used in some order.
 */
static inline void ring_device_guess(const struct ring_device *r)
{
#if defined(__GNUC__) && !defined(__OPTIMIZE_SIZE__)
	const uint16_t head = ring_load16(&r->at.avail->ring[r->avail & r->mask]);

	if (r->known != NULL && head <= r->mask)
		__builtin_prefetch(r->known[head].out);
#else
	(void)r;
#endif
}

/*
 * Puts back the chain that was taken last, as if it had not been; for a buffer that is of no use now. Not after
 * another.
 */
void scmi__ring_device_untake(struct ring_device *r, uint16_t head);

/*
 * Returns a chain that was taken or refused, once, len bytes written; the driver does not see it before publish. In any
 * order.
 */
static inline void ring_device_put(struct ring_device *r, uint16_t head, uint32_t len)
{
	const uint16_t used = r->used;
	struct ring_elem *e = &r->at.used->ring[used & r->mask];

	atomic_store_explicit(&r->out[head], 0u, memory_order_relaxed);
	/* Lines that do not change stay shared: a store is dearer for the driver's core than our compare. */
	if (ring_load32(&e->id) != head)
		ring_store32(&e->id, head);
	if (ring_load32(&e->len) != len)
		ring_store32(&e->len, len);
	r->used = (uint16_t)(used + 1u);
}

/* Release: what was written to the chains that were put back, and what was read of them, comes before. */
static inline void ring_device_publish(struct ring_device *r)
{
	ring_store16_release(&r->at.used->idx, r->used);
}

/* Returns a chain, len bytes written; the driver sees it at once. */
static inline void scmi__ring_device_return(struct ring_device *r, uint16_t head, uint32_t len)
{
	ring_device_put(r, head, len);
	ring_device_publish(r);
}

/*
 * Is an interrupt due for what was returned since the last time this was asked? seq_cst: returned, then its wish is
 * looked at; pairs with the driver's wish, then its look. Costs a fence.
 */
static inline bool scmi__ring_device_must_call(struct ring_device *r)
{
	const uint16_t old = r->asked;
	const uint16_t now = r->used;

	if (old == now)
		return false;
	r->asked = now;
	ring_fence();
	if (r->event_idx)
		return ring_event_due(ring_load16(r->used_event), now, old);
	return (ring_load16(&r->at.avail->flags) & RING_QUIET) == 0;
}

/* Asks for doorbells from the next entry on; true: something is there already. Costs a fence. */
bool scmi__ring_device_arm(struct ring_device *r);

/* No doorbells wanted for now. */
void scmi__ring_device_disarm(struct ring_device *r);

/*
 * The long way of take: follows the chain of this head, checks it and gathers it; remembers it if it is of the usual
 * shape. RING_TAKEN, RING_REFUSED or RING_FULL. In ring_chain.c.
 */
enum ring_take scmi__ring_chain(struct ring_device *r, struct ring_chain *c, uint16_t head);

/* Whether the driver has made something available; a look for who polls. */
static inline bool ring_device_news(const struct ring_device *r)
{
	return ring_load16(&r->at.avail->idx) != r->avail;
}

#endif
