/* SPDX-License-Identifier: BSD-3-Clause */
#include "attack.h"

void attack_init(struct attack *a, struct rig *g, bool slots)
{
	a->slots = slots;
	memset(a->good, 0, sizeof(a->good));
	a->g = g;
	a->idx = g->first;
	a->shape.n = 0;
	for (uint32_t i = 0; i < g->q.size; i++)
		a->desc[i] = (uint16_t)i;
}

static void exchange(struct attack *a, uint32_t i, uint32_t k)
{
	const uint16_t was = a->desc[i];

	a->desc[i] = a->desc[k];
	a->desc[k] = was;
}

static void bring_to_front(struct attack *a, uint16_t head)
{
	uint32_t at = 0;

	while (a->desc[at] != head)
		at++;
	exchange(a, 0, at);
}

/* A legal chain that begins at head. */
static void write_chain(struct attack *a, uint16_t head)
{
	struct rig *g = a->g;
	uint32_t n;

	g->long_used = false;
	shape_legal(g, pick(&g->random, g->blocks), g->q.size, &a->shape);
	n = a->shape.direct + (a->shape.entries != 0 ? 1u : 0u);
	bring_to_front(a, head);
	for (uint32_t i = 1; i < n; i++)
		exchange(a, i, between(&g->random, i, g->q.size - 1u));
	ref_write_chain(&g->q, &g->random, &a->shape, a->desc);
}

/* ---- spoiling ---- */

/* An address at an edge, or anywhere. */
static uint64_t bad_addr(struct rig *g, uint32_t len)
{
	const struct ref_area *a = &g->space.area[pick(&g->random, g->space.n)];

	switch (pick(&g->random, 8)) {
	case 0:
		return random_next(&g->random);
	case 1:
		return a->addr - 1u;
	case 2:
		return a->addr + a->len;
	case 3:
		return a->addr + a->len - len;
	case 4:
		return a->addr + a->len - len + 1u;
	case 5:
		return 0u - (uint64_t)pick(&g->random, 64);
	case 6:
		return a->addr;
	default:
		return a->addr + pick(&g->random, (uint32_t)a->len);
	}
}

static uint32_t bad_len(struct rig *g, uint64_t addr)
{
	uint64_t room = 0;

	for (uint32_t i = 0; i < g->space.n; i++) {
		const struct ref_area *a = &g->space.area[i];

		if (addr >= a->addr && addr - a->addr < a->len)
			room = a->len - (addr - a->addr);
	}
	switch (pick(&g->random, 9)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return UINT32_MAX - pick(&g->random, 32);
	case 3:
		return 0x80000000u;
	case 4:
		return (uint32_t)room;
	case 5:
		return (uint32_t)room + 1u;
	case 6:
		return 16u * pick(&g->random, g->q.size + 2u);
	case 7:
		return 16u * pick(&g->random, g->q.size + 2u) + pick(&g->random, 16);
	default:
		return (uint32_t)random_next(&g->random);
	}
}

static uint32_t bad_flags(struct rig *g, uint32_t flags)
{
	switch (pick(&g->random, 4)) {
	case 0:
		return (uint32_t)random_next(&g->random);
	case 1:
		return flags ^ REF_F_INDIRECT;
	default:
		return flags ^ 1u << pick(&g->random, 3);
	}
}

static uint32_t bad_next(struct attack *a, uint32_t self)
{
	struct rig *g = a->g;

	switch (pick(&g->random, 7)) {
	case 0:
		return (uint32_t)random_next(&g->random);
	case 1:
		return self;
	case 2:
		return a->desc[0];
	case 3:
		return g->q.size;
	case 4:
		return g->q.size - 1u;
	case 5:
		return a->shape.entries;
	default:
		return pick(&g->random, g->q.size);
	}
}

static void spoil_desc(struct attack *a, unsigned char *at, uint32_t self)
{
	struct rig *g = a->g;
	const uint64_t addr = ref_get(at, 8);
	const uint32_t len = (uint32_t)ref_get(at + 8, 4);
	const uint32_t flags = (uint32_t)ref_get(at + 12, 2);

	switch (pick(&g->random, 6)) {
	case 0:
		ref_put(at, 8, bad_addr(g, len));
		break;
	case 1:
		ref_put(at + 8, 4, bad_len(g, addr));
		break;
	case 2:
		ref_put(at + 12, 2, bad_flags(g, flags));
		break;
	case 3:
		ref_put(at + 12, 2, flags | REF_F_NEXT);
		ref_put(at + 14, 2, bad_next(a, self));
		break;
	case 4: /* one byte earlier or later: beside its neighbour, or over it */
		ref_put(at, 8, once_in(&g->random, 2) ? addr + 1u : addr - 1u);
		break;
	default:
		at[pick(&g->random, 16)] = (unsigned char)random_next(&g->random);
		break;
	}
}

/* A descriptor of the table of the last chain; NULL: it has none. */
static unsigned char *table_entry(struct attack *a, uint32_t *index)
{
	unsigned char *table;

	if (a->shape.n == 0 || a->shape.entries == 0)
		return NULL;
	*index = pick(&a->g->random, a->shape.entries);
	table = ref_memory(&a->g->space, a->shape.table, 16u * (uint64_t)a->shape.entries);
	return table + 16u * (size_t)*index;
}

static void exchange_descs(struct attack *a)
{
	struct rig *g = a->g;
	unsigned char *one = g->q.desc + 16u * (size_t)a->desc[pick(&g->random, g->q.size)];
	unsigned char *two = g->q.desc + 16u * (size_t)a->desc[0];
	unsigned char was[16];

	memcpy(was, one, 16);
	memmove(one, two, 16);
	memcpy(two, was, 16);
}

void attack_spoil(struct attack *a)
{
	struct rig *g = a->g;
	const uint32_t direct = a->shape.direct + (a->shape.entries != 0 ? 1u : 0u);
	uint32_t index = 0;
	unsigned char *at = NULL;

	if (once_in(&g->random, 16)) {
		exchange_descs(a);
		return;
	}
	if (once_in(&g->random, 2))
		at = table_entry(a, &index);
	if (at == NULL) {
		index = a->desc[pick(&g->random, direct != 0 && !once_in(&g->random, 8) ? direct : g->q.size)];
		at = g->q.desc + 16u * (size_t)index;
	}
	spoil_desc(a, at, index);
}

void attack_anywhere(struct attack *a)
{
	struct rig *g = a->g;
	const struct ref_area *tables = &g->space.area[g->table_area];
	const uint32_t index = pick(&g->random, g->q.size);

	if (once_in(&g->random, 2))
		spoil_desc(a, g->q.desc + 16u * (size_t)index, index);
	else
		spoil_desc(a, tables->mem + 16u * (size_t)pick(&g->random, (uint32_t)tables->len / 16u), index);
}

void attack_ring(struct attack *a)
{
	struct rig *g = a->g;
	const struct ref_queue *q = &g->q;

	switch (pick(&g->random, 7)) {
	case 0:
		ref_put(REF_AVAIL_IDX(q), 2, random_next(&g->random));
		break;
	case 1:
		ref_put(REF_AVAIL_IDX(q), 2, (uint16_t)(a->idx + q->size + 1u - pick(&g->random, 3)));
		break;
	case 2:
		ref_put(REF_AVAIL_IDX(q), 2, (uint16_t)(a->idx - 1u));
		break;
	case 3:
		ref_put(REF_AVAIL_ENTRY(q, a->idx - 1u), 2, q->size);
		break;
	case 4:
		ref_put(REF_AVAIL_ENTRY(q, a->idx - 1u), 2, random_next(&g->random));
		break;
	case 5:
		q->avail[pick(&g->random, REF_AVAIL_BYTES(q->size))] = (unsigned char)random_next(&g->random);
		break;
	default: /* not the driver's to write, but who knows */
		q->used[pick(&g->random, REF_USED_BYTES(q->size))] = (unsigned char)random_next(&g->random);
		break;
	}
}

static void offer_any(struct attack *a, uint16_t head)
{
	struct rig *g = a->g;
	uint32_t n = once_in(&g->random, 2) ? pick(&g->random, 4) : 0;

	if (!once_in(&g->random, 4)) {
		write_chain(a, head);
	} else { /* what is to be spoiled is the head, then */
		bring_to_front(a, head);
		a->shape.n = 0;
		a->shape.direct = 1;
		a->shape.entries = 0;
	}
	while (n-- != 0)
		attack_spoil(a);
}

/*
 * A pair that is the same each time but for its lengths: two neighbours of the ring, or of a table. Then one word of it
 * is spoiled; the next time it is in order again.
 */
static void offer_slot(struct attack *a, uint16_t head)
{
	struct rig *g = a->g;
	const uint32_t half = g->block_bytes / 2u;
	const bool table = g->q.indirect && head % 4u == 0;
	const uint16_t desc[2] = {head, (uint16_t)(head + 1u)};
	const uint32_t fixed = a->good[head] && !once_in(&g->random, 4);
	uint32_t index = pick(&g->random, 2);
	unsigned char *at = g->q.desc + 16u * (size_t)desc[index];

	a->shape = (struct ref_shape){.n = 2, .direct = table ? 0 : 2, .entries = table ? 2 : 0};
	a->shape.table = rig_table(g, head);
	a->shape.piece[0] = (struct ref_piece){rig_block(g, head), between(&g->random, 1, half), false};
	a->shape.piece[1] = (struct ref_piece){rig_block(g, head) + half, between(&g->random, 1, half), true};
	if (!fixed)
		ref_write_chain(&g->q, &g->random, &a->shape, desc);
	a->good[head] = true;
	if (!once_in(&g->random, 3))
		return;
	if (table && once_in(&g->random, 2))
		at = ref_memory(&g->space, a->shape.table + 16u * index, 16);
	else if (table)
		at = g->q.desc + 16u * (size_t)head;
	spoil_desc(a, at, desc[index]);
	a->good[head] = false;
}

void attack_offer(struct attack *a, uint16_t head)
{
	struct rig *g = a->g;
	const struct ref_queue *q = &g->q;

	if (a->slots)
		offer_slot(a, (uint16_t)(head & ~1u));
	else
		offer_any(a, head);
	ref_put(REF_AVAIL_ENTRY(q, a->idx), 2, a->slots ? head & ~1u : head);
	a->idx++;
	ref_put(REF_AVAIL_IDX(q), 2, a->idx);
	if (once_in(&g->random, 100))
		attack_ring(a);
}
