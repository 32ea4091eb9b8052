/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_copy.h"
#include "ring_device.h"

_Static_assert(sizeof(struct ring_known) <= 64, "one line a head");

size_t scmi__ring_device_memory(uint32_t size, bool remember)
{
	const size_t known = remember ? 64 : 0;

	return (size * (known + sizeof(struct ring_span) + 1) + 63) / 64 * 64;
}

void scmi__ring_device_init(struct ring_device *r, const struct ring_parts *at, const struct ring_maps *maps,
			    void *memory, bool remember, uint16_t first, uint16_t used, bool event_idx, bool indirect)
{
	struct ring_known *known = memory;
	struct ring_span *spans = remember ? (struct ring_span *)(void *)(known + at->size) : memory;

	*r = (struct ring_device){
		.at = *at,
		.maps = *maps,
		.known = remember ? known : NULL,
		.spans = spans,
		.out = (_Atomic uint8_t *)(spans + at->size),
		.mask = (uint16_t)(at->size - 1),
		.avail = first,
		.seen = first,
		.used = used,
		.asked = used,
		.event_idx = event_idx,
		.indirect = indirect,
	};
	for (uint32_t i = 0; i < at->size; i++) {
		atomic_store_explicit(&r->out[i], 0u, memory_order_relaxed);
		if (remember)
			known[i] = (struct ring_known){.base = NULL};
	}
}

/* Whether a descriptor still is what it was when it was found good. Its length may differ, within the same bounds. */
static inline bool still(struct ring_desc *d, const struct ring_known_desc *k, uint32_t *len)
{
	*len = ring_load32(&d->len);
	return ring_load_addr(d) == k->addr &&
	       atomic_load_explicit(&d->flags_next, memory_order_relaxed) == k->flags_next && *len - 1u < k->room;
}

/* Whether the head still stands for the table of two that it stood for. */
static inline bool still_table(struct ring_desc *d, uint64_t table)
{
	const uint32_t kind = ring_load32(&d->flags_next) & (RING_NEXT | RING_INDIRECT);

	return ring_load_addr(d) == table && ring_load32(&d->len) == 2 * sizeof(*d) && kind == RING_INDIRECT;
}

/* Takes a chain that is remembered; false: it is not, or has changed, and nothing was done. */
static inline bool take_known(struct ring_device *r, struct ring_chain *c, uint16_t head)
{
	const struct ring_known *k = &r->known[head];
	struct ring_desc *base = k->base;
	struct ring_desc *d;
	uint32_t out_len;
	uint32_t in_len;

	if (base == r->at.desc)
		d = &base[head];
	else if (base != NULL && still_table(&r->at.desc[head], k->table))
		d = base;
	else
		return false;
	/* The next of the first was bounded when it was remembered. */
	if (!still(d, &k->out, &out_len) || !still(&base[ring_le32(k->out.flags_next) >> 16], &k->in, &in_len))
		return false;
	ring_copy(c->out, k->out.mem, out_len < c->out_cap ? out_len : c->out_cap);
	c->out_len = out_len;
	in_len = in_len < c->in_want ? in_len : c->in_want;
	c->in[0] = (struct ring_piece){.mem = k->in.mem, .len = in_len};
	c->in_n = 1;
	c->in_len = in_len;
	return true;
}

static enum ring_take broken(struct ring_device *r)
{
	r->broken = true;
	r->seen = r->avail; /* take has to look, from now on */
	return RING_BROKEN;
}

/* Reads how far the driver has come. */
static enum ring_take look(struct ring_device *r)
{
	uint16_t seen;

	if (r->broken)
		return RING_BROKEN;
	seen = ring_load16_acquire(&r->at.avail->idx); /* pairs with the driver's release: what it posted is there */
	if (seen == r->avail)
		return RING_NONE;
	if ((uint16_t)(seen - r->avail) > r->at.size)
		return broken(r);
	r->seen = seen;
	return RING_TAKEN;
}

enum ring_take scmi__ring_device_take(struct ring_device *r, struct ring_chain *c)
{
	enum ring_take taken = RING_TAKEN;
	uint16_t head;

	if (r->seen == r->avail) {
		taken = look(r);
		if (taken != RING_TAKEN)
			return taken;
	}
	head = ring_load16(&r->at.avail->ring[r->avail & r->mask]);
	if (head > r->mask || atomic_load_explicit(&r->out[head], memory_order_relaxed) != 0)
		return broken(r);
	c->head = head;
	if (r->known == NULL || !take_known(r, c, head)) {
		taken = scmi__ring_chain(r, c, head);
		if (taken == RING_FULL)
			return taken;
	}
	atomic_store_explicit(&r->out[head], 1u, memory_order_relaxed);
	r->avail++;
	return taken;
}

void scmi__ring_device_untake(struct ring_device *r, uint16_t head)
{
	atomic_store_explicit(&r->out[head], 0u, memory_order_relaxed);
	r->avail--;
}

bool scmi__ring_device_arm(struct ring_device *r)
{
	if (r->event_idx)
		ring_store16(ring_avail_event(&r->at), r->avail);
	else
		ring_store16(&r->at.used->flags, 0);
	ring_fence(); /* pairs with the driver's: published, then our wish is looked at */
	return ring_load16(&r->at.avail->idx) != r->avail;
}

void scmi__ring_device_disarm(struct ring_device *r)
{
	if (!r->event_idx && ring_load16(&r->at.used->flags) != RING_QUIET)
		ring_store16(&r->at.used->flags, RING_QUIET);
}
