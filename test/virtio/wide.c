/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Chains of gigabytes. Only the beginning of this memory is there: a device reads no more of it than it has room for,
 * and writes what it is told to, here nothing.
 */
#include "rig.h"

#define WIDE_ADDR   0xe000000000000000u
#define WIDE_LEN    0x200000000u
#define WIDE_BYTES  (1024u + TAKE_OUT_MAX)
#define WIDE_PIECES 6u

static uint32_t choose_len(struct rig *g)
{
	switch (pick(&g->random, 6)) {
	case 0:
		return 0x80000000u;
	case 1:
		return 0x7fffffffu;
	case 2:
		return 0x40000000u;
	case 3:
		return UINT32_MAX - pick(&g->random, 2);
	case 4:
		return between(&g->random, 1, 2);
	default:
		return (uint32_t)random_next(&g->random) | 1u;
	}
}

/* What is written does not overlap as a rule: it begins at multiples of 2^31. */
static void choose(struct rig *g, struct ref_shape *s)
{
	uint32_t n_out;

	s->n = between(&g->random, 1, g->q.size < WIDE_PIECES ? g->q.size : WIDE_PIECES);
	s->direct = s->n;
	s->entries = 0;
	n_out = pick(&g->random, s->n + 1u);
	for (uint32_t i = 0; i < s->n; i++) {
		struct ref_piece *p = &s->piece[i];

		p->write = i >= n_out;
		p->len = choose_len(g);
		p->addr = WIDE_ADDR + pick(&g->random, 1024);
		if (p->write)
			p->addr = WIDE_ADDR + ((uint64_t)(i - n_out) << 31u);
	}
}

static void judge(struct rig *g, struct take *t, const struct ref_chain *c, enum ring_take e)
{
	rig_rules[c->rule]++;
	if (c->rule != REF_LEGAL) {
		MUST(e == RING_REFUSED);
	} else if (take_pieces(g, t, c) > t->c.in_cap) {
		MUST(e == RING_FULL);
		t->c.in_cap = TAKE_PIECES_MAX;
	} else {
		MUST(e == RING_TAKEN);
		take_compare(g, t, c, true);
	}
}

uint64_t run_wide(uint64_t seed)
{
	static struct take t;
	static struct ref_shape shape;
	static struct ref_chain chain;
	struct rig g;
	struct ring_device dev;
	struct ref_driver drv;
	struct ref_device ref;
	struct ref_area *wide;
	const bool possible = sizeof(void *) == 8u;

	rig_open(&g, seed, 1);
	wide = rig_area(&g, WIDE_ADDR, WIDE_BYTES, 0);
	if (possible)
		wide->len = g.map[g.space.n - 1u].len = WIDE_LEN;
	rig_device(&g, &dev, once_in(&g.random, 2));
	ref_driver_init(&drv, &g.q, &g.random, g.first);
	ref_device_init(&ref, &g.q, g.first);
	for (rig_where.step = 0; rig_where.step < 100u; rig_where.step++) {
		enum ring_take e;
		uint32_t id, len;

		choose(&g, &shape);
		MUST(ref_driver_add(&drv, &shape) >= 0);
		ref_driver_publish(&drv);
		ref_device_look(&ref, &chain);
		do {
			take_prepare(&g, &t);
			e = scmi__ring_device_take(&dev, &t.c);
			judge(&g, &t, &chain, e);
		} while (e == RING_FULL);
		scmi__ring_device_return(&dev, t.c.head, t.c.in_len);
		ref.taken++;
		MUST(ref_driver_reap(&drv, &id, &len) && id == chain.head && len == t.c.in_len);
		g.done += chain.descriptors;
	}
	wide->len = WIDE_BYTES;
	rig_close(&g);
	return g.done;
}
