/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of a split virtqueue, for slots that own their descriptors and buffers for ever: a slot is one
 * descriptor, or two, the first readable and the second writable. Nothing is allocated; what the device writes is
 * bounded before use and read once. One context at a time: the user holds a lock over each call.
 *
 * Post any number, publish them, and ask then whether a doorbell is due.
 */
#ifndef SCMI_VIRTIO_RING_DRIVER_H
#define SCMI_VIRTIO_RING_DRIVER_H

#include "ring.h"

/* The small ones first: where instructions are short only they reach them. */
struct ring_driver {
	uint8_t shift;    /* descriptors a slot: 1 << shift */
	uint8_t id_shift; /* heads: slot << id_shift; 0 with INDIRECT */
	bool event_idx;
	bool broken; /* the device has lied about the ring itself: nothing is reaped any more */
	uint16_t slots;
	uint16_t avail;        /* entries posted so far */
	uint16_t published;    /* what the device can see of them */
	uint16_t asked;        /* published, when a doorbell was last thought of */
	uint16_t seen;         /* used.idx when it was last read: up to there nothing needs to be looked up */
	_Atomic uint16_t used; /* entries reaped so far; relaxed: looked at without the lock */
	uint32_t mask;         /* entries - 1 */
	struct ring_parts at;
	struct ring_desc *slot_desc; /* of slot i: i << shift; the table's, or with INDIRECT tables of their own */
	uint32_t *limit; /* private, one a slot: the most that may come back + 1, while the device has it; else 0 */
	_Atomic uint16_t *avail_event; /* ring_avail_event() */
	uint64_t tables;               /* with INDIRECT: where the device finds slot_desc */
};

/* What a slot consists of, as the device addresses it. */
struct ring_buffers {
	uint64_t out; /* readable; not looked at with one descriptor a slot */
	uint64_t in;  /* writable */
	uint32_t in_len;
};

/* What has come back. */
struct ring_back {
	uint32_t len; /* bytes written, as the device says; at most what the slot holds, unless too_long */
	uint16_t slot;
	bool too_long; /* it says more than the slot holds: nothing of it is to be believed */
};

/*
 * Says where the ring is. shared: at.*; limit: slots entries. pairs: two descriptors a slot. indirect: a table of at
 * least 2 * slots descriptors, 16-byte aligned, which the device finds at indirect_addr; NULL: without INDIRECT.
 * slots << pairs <= size, with indirect slots <= size. None of these memories is touched before the first reset.
 */
void scmi__ring_driver_init(struct ring_driver *r, const struct ring_parts *at, uint32_t *limit, uint16_t slots,
			    bool pairs, struct ring_desc *indirect, uint64_t indirect_addr, bool event_idx);

/*
 * Makes the ring empty; the device does not look at it now. The first `used_event` is far away: no interrupt is wanted
 * until ring_driver_arm().
 */
void scmi__ring_driver_reset(struct ring_driver *r);

/* Gives a slot its buffers; after a reset, before the slot is posted first. */
void scmi__ring_driver_slot(struct ring_driver *r, uint16_t slot, const struct ring_buffers *b);

/* Takes one buffer that the device has returned: 1, 0 (none), or -1: the ring is broken, now or before. */
int scmi__ring_driver_reap(struct ring_driver *r, struct ring_back *back);

/* Asks for an interrupt for what comes after the last reaped; true: something has come already. Costs a fence. */
bool scmi__ring_driver_arm(struct ring_driver *r);

/* No interrupts wanted for now. With EVENT_IDX nothing to do: one comes once, for an index that was armed. */
void scmi__ring_driver_disarm(struct ring_driver *r);

/* Entries reaped so far, modulo 2^16. */
static inline uint16_t ring_driver_used(const struct ring_driver *r)
{
	return atomic_load_explicit(&r->used, memory_order_relaxed);
}

/*
 * While polling: the slot that will probably come back next, for who wants to fetch its buffer, for reading, before it
 * does. It goes by what stands in the used entry from the last time round; always a slot that exists. A look without a
 * lock.
 */
static inline uint16_t ring_driver_guess(const struct ring_driver *r)
{
	const uint32_t id = ring_load32(&r->at.used->ring[ring_driver_used(r) & r->mask].id) >> r->id_shift;

	return (uint16_t)(id < r->slots ? id : 0);
}

/* Buffers that the device has. */
static inline uint16_t ring_driver_away(const struct ring_driver *r)
{
	return (uint16_t)(r->avail - ring_driver_used(r));
}

/* Whether the device has this slot. */
static inline bool ring_driver_has(const struct ring_driver *r, uint16_t slot)
{
	return r->limit[slot] != 0;
}

/* Whether the device has returned something; a look without a lock, for who polls. Not exact when broken. */
static inline bool ring_driver_news(const struct ring_driver *r)
{
	return ring_load16(&r->at.used->idx) != ring_driver_used(r);
}

/* What post, publish and must_kick do is in the header so that a send is one piece of code. */

/*
 * Gives a slot, which the device does not have, to the device: out_len bytes stand in its readable buffer, at most
 * in_len may come back. Not seen before publish.
 */
static inline void ring_driver_post(struct ring_driver *r, uint16_t slot, uint32_t out_len, uint32_t in_len)
{
	struct ring_desc *d = &r->slot_desc[(uint32_t)slot << r->shift];
	_Atomic uint16_t *entry = &r->at.avail->ring[r->avail & r->mask];
	const uint16_t head = (uint16_t)((uint32_t)slot << r->id_shift);

	/* Lines that do not change stay shared: a store is dearer for the device's core than our compare. */
	if (r->shift != 0 && ring_load32(&d->len) != out_len)
		ring_store32(&d->len, out_len);
	if (ring_load16(entry) != head)
		ring_store16(entry, head);
	r->limit[slot] = in_len + 1u;
	r->avail++;
}

/* Release: what was written for the posted ones, and what was read of their last life, comes before. */
static inline void ring_driver_publish(struct ring_driver *r)
{
	r->published = r->avail;
	ring_store16_release(&r->at.avail->idx, r->avail);
}

/*
 * Is a doorbell due for what was published since the last time this was asked? seq_cst: published, then its wish is
 * looked at; pairs with the device's wish, then its look.
 */
static inline bool ring_driver_must_kick(struct ring_driver *r)
{
	const uint16_t old = r->asked;
	const uint16_t now = r->published;

	if (old == now)
		return false;
	r->asked = now;
	ring_fence();
	if (r->event_idx)
		return ring_event_due(ring_load16(r->avail_event), now, old);
	return (ring_load16(&r->at.used->flags) & RING_QUIET) == 0;
}

#endif
