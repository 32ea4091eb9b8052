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
		.used_event = ring_used_event(at),
		.mask = at->size - 1,
		.most = at->size,
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
			known[i] = (struct ring_known){.kind = RING_KIND_NONE};
	}
}

/* Whether the head still stands for the table of two that it stood for. */
static inline bool is_table(struct ring_desc *d, const struct ring_known *k)
{
	const uint32_t flags = ring_load32(&d->flags_next) & (RING_NEXT | RING_INDIRECT);

	return k->kind == RING_KIND_TABLE && ring_load_addr(d) == k->table && flags == RING_INDIRECT &&
	       ring_load32(&d->len) == 2 * sizeof(*d);
}

/* Whether a descriptor still is where it was found good, and its length, each read once, good too. */
static inline bool is_there(struct ring_desc *d, uint64_t addr, uint32_t room, uint32_t *len)
{
	*len = ring_load32(&d->len);
	return ring_load_addr(d) == addr && *len - 1u < room;
}

/* Whether the chain of this head is what is remembered, and its lengths. */
static inline bool is_known(const struct ring_device *r, const struct ring_known *k, uint16_t head, uint32_t *out_len,
			    uint32_t *in_len)
{
	struct ring_desc *d = k->pair;

	if (k->kind != RING_KIND_DIRECT && !is_table(&r->at.desc[head], k))
		return false;
	return atomic_load_explicit(&d[0].flags_next, memory_order_relaxed) == k->out_flags_next &&
	       is_there(&d[0], k->out_addr, k->out_room, out_len) &&
	       (ring_load32(&d[1].flags_next) & (RING_NEXT | RING_WRITE | RING_INDIRECT)) == RING_WRITE &&
	       is_there(&d[1], k->in_addr, k->in_room, in_len);
}

/* Messages of unusual length; not inlined, so that the others need nothing kept across a call. */
static RING_COLD enum ring_take gather_known(unsigned char *to, const unsigned char *from, uint32_t len)
{
	memcpy(to, from, len);
	return RING_TAKEN;
}

static inline enum ring_take take_known(struct ring_chain *c, const struct ring_known *k, uint32_t out_len,
					uint32_t in_len)
{
	const uint32_t len = out_len < c->out_cap ? out_len : c->out_cap;

	if (in_len > c->in_want)
		in_len = c->in_want;
	c->in[0].mem = k->in;
	c->in[0].len = in_len;
	c->in_n = 1;
	c->in_len = in_len;
	c->out_len = out_len;
	if (!ring_copy_short(c->out, k->out, len))
		return gather_known(c->out, k->out, len);
	return RING_TAKEN;
}

static enum ring_take broken(struct ring_device *r)
{
	r->broken = true;
	r->most = 0;
	r->seen = r->avail; /* take has to look, from now on */
	return RING_BROKEN;
}

/* Nothing is there, or more than can be, which with a broken ring is any number. */
static RING_COLD enum ring_take not_there(struct ring_device *r, uint16_t n)
{
	return n == 0 && !r->broken ? RING_NONE : broken(r);
}

/* This head is the driver's no more. */
static inline void taken(struct ring_device *r, uint16_t head)
{
	atomic_store_explicit(&r->out[head], 1u, memory_order_relaxed);
	r->avail++;
}

/* Not inlined, for the same reason. */
static RING_COLD enum ring_take take_anew(struct ring_device *r, struct ring_chain *c, uint16_t head)
{
	const enum ring_take outcome = scmi__ring_chain(r, c, head);

	if (outcome != RING_FULL)
		taken(r, head);
	return outcome;
}

enum ring_take scmi__ring_device_take(struct ring_device *r, struct ring_chain *c)
{
	const uint16_t avail = r->avail;
	const size_t entry = avail & r->mask;
	const struct ring_known *k = r->known;
	uint32_t out_len;
	uint32_t in_len;
	uint16_t head;

	if (r->seen == avail) {
		/* Pairs with the driver's release: what it posted is there. */
		const uint16_t seen = ring_load16_acquire(&r->at.avail->idx);

		/* None is as wrong as too many. */
		if ((uint16_t)(seen - avail - 1u) >= r->most)
			return not_there(r, (uint16_t)(seen - avail));
		r->seen = seen;
	}
	head = ring_load16(&r->at.avail->ring[entry]);
	if (head > r->mask || atomic_load_explicit(&r->out[head], memory_order_relaxed) != 0)
		return broken(r);
	c->head = head;
	if (k == NULL || !is_known(r, k + head, head, &out_len, &in_len))
		return take_anew(r, c, head);
	taken(r, head);
	return take_known(c, k + head, out_len, in_len);
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
