/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A chain of descriptors, followed as the driver has written it. Each descriptor is read once; what it says is bounded
 * before it is used, and nothing is made of the chain before all of it was found good.
 */
#include "ring_copy.h"
#include "ring_device.h"

#define TOTAL_MAX (UINT64_C(1) << 32)
#define ROOM_MAX  (UINT32_C(1) << 31) /* remembered: two of these are no more than the total */

/* A descriptor as it was read. */
struct seen {
	uint64_t addr;
	uint32_t len;
	uint32_t flags_next; /* as on the ring */
	uint32_t flags;
	uint32_t next;
};

struct walk {
	struct ring_device *r;
	struct ring_chain *c;
	struct ring_desc *base; /* the table */
	uint32_t entries;       /* of it */
	uint32_t index;         /* of the next descriptor there */
	uint32_t n;             /* descriptors so far */
	uint32_t spans;
	uint64_t total;          /* bytes so far */
	bool unordered;          /* the spans are */
	bool full;               /* a piece did not fit */
	bool in_table;           /* base is an indirect one, which may be the ring's own under another name */
	bool mixed;              /* there are descriptors outside the indirect table */
	struct ring_known known; /* the last readable and the last writable descriptor */
};

static struct seen read_desc(struct ring_desc *d)
{
	struct seen s;
	uint32_t v;

	s.addr = ring_load_addr(d);
	s.len = ring_load32(&d->len);
	s.flags_next = atomic_load_explicit(&d->flags_next, memory_order_relaxed);
	v = ring_le32(s.flags_next);
	s.flags = v & 0xffffu;
	s.next = v >> 16;
	return s;
}

/* Goes on in an indirect table. */
static bool enter_table(struct walk *w, const struct seen *s)
{
	const uint32_t bytes = (uint32_t)sizeof(struct ring_desc);
	unsigned char *mem = NULL;

	if (!w->r->indirect || w->in_table || (s->flags & RING_NEXT) != 0)
		return false;
	if (s->len == 0 || s->len % bytes != 0 || s->len / bytes > w->r->at.size)
		return false;
	if (s->len > scmi__ring_room(&w->r->maps, s->addr, &mem) || (uintptr_t)mem % _Alignof(struct ring_desc) != 0)
		return false;
	w->in_table = true;
	w->mixed = w->n != 0;
	w->known.table = s->addr;
	w->base = (struct ring_desc *)(void *)mem;
	w->entries = s->len / bytes;
	w->index = 0;
	return true;
}

static void gather(struct ring_chain *c, const unsigned char *mem, uint32_t len)
{
	if (c->out_len < c->out_cap) {
		const uint32_t room = c->out_cap - c->out_len;

		ring_copy(c->out + c->out_len, mem, len < room ? len : room);
	}
	c->out_len = len <= UINT32_MAX - c->out_len ? c->out_len + len : UINT32_MAX;
}

/* Notes a writable piece for the caller, as far as he wants it. */
static void note_piece(struct walk *w, unsigned char *mem, uint32_t len) /* NOLINT(readability-non-const-parameter) */
{
	struct ring_chain *c = w->c;
	const uint32_t want = c->in_want - c->in_len;
	struct ring_piece *last = c->in_n != 0 ? &c->in[c->in_n - 1u] : NULL;

	if (want == 0)
		return;
	if (len > want)
		len = want;
	if (last != NULL && last->mem + last->len == mem) {
		last->len += len;
	} else if (c->in_n == c->in_cap) {
		w->full = true;
		return;
	} else {
		c->in[c->in_n++] = (struct ring_piece){.mem = mem, .len = len};
	}
	c->in_len += len;
}

/* Notes it for the look at overlaps; a piece that begins where the one before it ends makes one with it. */
static void note_span(struct walk *w, uint64_t addr, uint32_t len)
{
	struct ring_span *last = w->spans != 0 ? &w->r->spans[w->spans - 1u] : NULL;

	if (last != NULL && addr != 0 && addr - 1 == last->last) {
		last->last += len;
		return;
	}
	if (last != NULL && addr <= last->last)
		w->unordered = true;
	w->r->spans[w->spans++] = (struct ring_span){.first = addr, .last = addr + (len - 1)};
}

/* Takes one descriptor that is not a table. */
static bool take_desc(struct walk *w, const struct seen *s)
{
	const bool writable = (s->flags & RING_WRITE) != 0;
	unsigned char *mem;
	uint64_t room;

	if (s->len == 0 || (w->spans != 0 && !writable) || ++w->n > w->r->at.size)
		return false;
	room = scmi__ring_room(&w->r->maps, s->addr, &mem);
	w->total += s->len;
	if (s->len > room || w->total > TOTAL_MAX)
		return false;
	if (writable) {
		note_span(w, s->addr, s->len);
		note_piece(w, mem, s->len);
		w->known.in_addr = s->addr;
		w->known.in = mem;
		w->known.in_room = room < ROOM_MAX ? (uint32_t)room : ROOM_MAX;
	} else {
		gather(w->c, mem, s->len);
		w->known.out_addr = s->addr;
		w->known.out = mem;
		w->known.out_room = room < ROOM_MAX ? (uint32_t)room : ROOM_MAX;
		w->known.out_flags_next = s->flags_next;
	}
	return true;
}

/* What is called after it has its frame no more. */
static RING_APART bool follow(struct walk *w)
{
	for (;;) {
		struct seen s;

		if (w->index >= w->entries)
			return false;
		s = read_desc(&w->base[w->index]);
		if ((s.flags & RING_INDIRECT) != 0) {
			if (!enter_table(w, &s))
				return false;
			continue;
		}
		if (!take_desc(w, &s))
			return false;
		if ((s.flags & RING_NEXT) == 0)
			return true;
		w->index = s.next;
	}
}

/* If it is of the usual shape: see struct ring_known. */
static void remember(struct walk *w, uint16_t head)
{
	const bool direct = !w->in_table;
	struct ring_known *k = &w->known;

	/* Two of a kind leave no room for the other: they are never found again. */
	if (w->n != 2 || w->index != (direct ? head + 1u : 1u) || (!direct && (w->mixed || w->entries != 2)))
		return;
	k->pair = direct ? &w->base[head] : w->base;
	k->kind = direct ? RING_KIND_DIRECT : RING_KIND_TABLE;
	w->r->known[head] = *k;
}

enum ring_take scmi__ring_chain(struct ring_device *r, struct ring_chain *c, uint16_t head)
{
	struct walk w = {.r = r, .c = c, .base = r->at.desc, .entries = r->at.size, .index = head};

	c->out_len = 0;
	c->in_n = 0;
	c->in_len = 0;
	if (!follow(&w) || (w.unordered && !scmi__ring_spans_apart(r->spans, w.spans)))
		return RING_REFUSED;
	if (w.full)
		return RING_FULL;
	if (r->known != NULL)
		remember(&w, head);
	return RING_TAKEN;
}
