/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_driver.h"

static void clear_rings(const struct ring_parts *at)
{
	for (uint32_t i = 0; i < at->size; i++) {
		ring_store_desc(&at->desc[i], 0, 0, 0, 0);
		ring_store16(&at->avail->ring[i], 0);
		ring_store32(&at->used->ring[i].id, 0);
		ring_store32(&at->used->ring[i].len, 0);
	}
	ring_store16(&at->avail->idx, 0);
	ring_store16(&at->used->idx, 0);
	ring_store16(&at->used->flags, 0);
	ring_store16(ring_avail_event(at), 0);
}

void scmi__ring_driver_init(struct ring_driver *r, const struct ring_parts *at, uint32_t *limit, uint16_t slots,
			    bool pairs, struct ring_desc *indirect, uint64_t indirect_addr, bool event_idx)
{
	r->shift = pairs ? 1 : 0;
	r->id_shift = indirect != NULL ? 0 : r->shift;
	r->event_idx = event_idx;
	r->slots = slots;
	r->mask = at->size - 1;
	r->at = *at;
	r->slot_desc = indirect != NULL ? indirect : at->desc;
	r->limit = limit;
	r->avail_event = ring_avail_event(at);
	r->tables = indirect_addr;
}

/* INDIRECT: each slot has one of its own. */
static bool has_tables(const struct ring_driver *r)
{
	return r->slot_desc != r->at.desc;
}

void scmi__ring_driver_reset(struct ring_driver *r)
{
	const uint32_t table = (uint32_t)sizeof(struct ring_desc) << r->shift;

	r->broken = false;
	r->avail = 0;
	r->published = 0;
	r->asked = 0;
	r->seen = 0;
	atomic_store_explicit(&r->used, 0, memory_order_relaxed);
	clear_rings(&r->at);
	ring_store16(&r->at.avail->flags, (uint16_t)(r->event_idx ? 0u : RING_QUIET));
	ring_store16(ring_used_event(&r->at), UINT16_MAX); /* the farthest that there is from here */
	for (uint32_t i = 0; i < r->slots; i++) {
		r->limit[i] = 0;
		if (has_tables(r))
			ring_store_desc(&r->at.desc[i], r->tables + (uint64_t)i * table, table, RING_INDIRECT, 0);
	}
}

void scmi__ring_driver_slot(struct ring_driver *r, uint16_t slot, const struct ring_buffers *b)
{
	const uint32_t first = (uint32_t)slot << r->shift;
	struct ring_desc *d = &r->slot_desc[first];
	const uint32_t table = has_tables(r) ? 0 : first; /* a table of its own counts from 0 */

	if (r->shift != 0) {
		ring_store_desc(d, b->out, 0, RING_NEXT, table + 1);
		d++;
	}
	ring_store_desc(d, b->in, b->in_len, RING_WRITE, 0);
}

static int broken(struct ring_driver *r)
{
	r->broken = true;
	r->seen = ring_driver_used(r); /* reap has to look, from now on */
	return -1;
}

/* Nothing is there, or more than can be: it cannot have returned what it has not got. */
static RING_COLD int not_there(struct ring_driver *r, uint16_t n)
{
	return n == 0 ? 0 : broken(r);
}

/* Reads how far the device has come: 1, or what reap says when there is nothing to take. */
static inline int look(struct ring_driver *r, uint16_t used)
{
	uint16_t seen;
	uint16_t n;

	if (r->broken)
		return -1;
	seen = ring_load16_acquire(&r->at.used->idx); /* pairs with the device's release: what it wrote is there */
	n = (uint16_t)(seen - used);
	/* None is as wrong as too many. What is posted later only adds to what the device has. */
	if ((uint16_t)(n - 1u) >= (uint16_t)(r->published - used))
		return not_there(r, n);
	r->seen = seen;
	return 1;
}

int scmi__ring_driver_reap(struct ring_driver *r, struct ring_back *back)
{
	const uint16_t used = ring_driver_used(r);
	struct ring_elem *e = &r->at.used->ring[used & r->mask];
	uint32_t id;
	uint32_t slot;
	uint32_t limit;

	if (r->seen == used) {
		const int there = look(r, used);

		if (there <= 0)
			return there;
	}
	id = ring_load32(&e->id);
	back->len = ring_load32(&e->len);
	/* Rotated, an odd head of a pair is huge: one compare bounds it and catches that too. */
	slot = id >> r->id_shift | id << (-(unsigned)r->id_shift & 31u);
	if (slot >= r->slots)
		return broken(r);
	back->slot = (uint16_t)slot;
	back->too_long = false;
	limit = r->limit[slot];
	if (back->len >= limit) {
		if (limit == 0)
			return broken(r); /* it has not got this one */
		back->too_long = true;
	}
	r->limit[slot] = 0;
	atomic_store_explicit(&r->used, (uint16_t)(used + 1u), memory_order_relaxed);
	return 1;
}

bool scmi__ring_driver_arm(struct ring_driver *r)
{
	const uint16_t used = ring_driver_used(r);

	if (r->event_idx)
		ring_store16(ring_used_event(&r->at), used);
	else
		ring_store16(&r->at.avail->flags, 0);
	ring_fence(); /* pairs with the device's: returned, then our wish is looked at */
	return ring_load16(&r->at.used->idx) != used;
}

void scmi__ring_driver_disarm(struct ring_driver *r)
{
	if (!r->event_idx && ring_load16(&r->at.avail->flags) != RING_QUIET)
		ring_store16(&r->at.avail->flags, RING_QUIET);
}
