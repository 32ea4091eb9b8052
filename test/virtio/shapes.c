/* SPDX-License-Identifier: BSD-3-Clause */
/* Chains of any shape, and what a device must make of them. */
#include "rig.h"

/* How many buffers: mostly two, as messages have; few; or as many as will fit. */
static uint32_t choose_n(struct rig *g, uint32_t most)
{
	uint32_t n = 2;

	if (once_in(&g->random, 20))
		n = between(&g->random, 1, most);
	else if (once_in(&g->random, 2))
		n = between(&g->random, 1, 6);
	return n < most ? n : most;
}

/* With a table: all in it, or some before it. */
static void choose_table(struct rig *g, uint32_t block, uint32_t most, struct ref_shape *s)
{
	uint32_t entries = g->table_entries;

	s->direct = 0;
	s->table = rig_table(g, block);
	s->table_write = once_in(&g->random, 4);
	if (!g->long_used && once_in(&g->random, 8)) {
		entries = g->q.size;
		s->table = rig_long_table(g);
		g->long_used = true;
	}
	s->n = choose_n(g, g->q.size);
	if (most > 1u && once_in(&g->random, 2))
		s->direct = pick(&g->random, most < s->n ? most : s->n);
	if (s->n - s->direct > entries)
		s->n = s->direct + entries;
	s->entries = between(&g->random, s->n - s->direct, entries);
}

static void shuffle(struct rig *g, uint16_t *order, uint32_t n)
{
	const uint32_t how = pick(&g->random, 4);

	for (uint32_t i = 0; i < n; i++)
		order[i] = (uint16_t)(how == 1u ? n - 1u - i : i);
	for (uint32_t i = 1; how == 2u && i < n; i++) {
		const uint32_t k = between(&g->random, i, n - 1u);
		const uint16_t was = order[i];

		order[i] = order[k];
		order[k] = was;
	}
}

/*
 * Cuts the block up. Neighbours in the chain are often neighbours in memory, too. Very many: what is readable may lie
 * anywhere, also twice.
 */
static void cut(struct rig *g, uint32_t block, struct ref_shape *s)
{
	const uint64_t base = rig_block(g, block);
	const uint32_t n_out = pick(&g->random, s->n + 1u);
	const bool crowd = s->n > g->block_bytes / 4u;
	uint32_t writable = s->n - n_out;
	uint32_t at = 0;
	uint16_t order[REF_PIECES_MAX];

	if (crowd && writable > g->block_bytes / 4u)
		writable = pick(&g->random, g->block_bytes / 4u);
	shuffle(g, order, s->n);
	for (uint32_t i = 0; i < s->n; i++) {
		struct ref_piece *p = &s->piece[order[i]];
		const uint32_t room = crowd ? 2 : (g->block_bytes - at) / (s->n - i);

		p->write = order[i] >= s->n - writable;
		p->len = between(&g->random, 1, room);
		p->addr = base + at;
		if (crowd && !p->write) {
			p->addr = base + pick(&g->random, g->block_bytes - 1u);
			continue;
		}
		at += p->len;
		if (!crowd && p->len < room && once_in(&g->random, 4))
			at++;
	}
}

void shape_legal(struct rig *g, uint32_t block, uint32_t most, struct ref_shape *s)
{
	s->entries = 0;
	s->table_write = false;
	if (g->q.indirect && once_in(&g->random, 2)) {
		choose_table(g, block, most, s);
	} else {
		s->n = choose_n(g, most);
		s->direct = s->n;
	}
	cut(g, block, s);
}

/* ---- what a device has taken ---- */

void take_prepare(struct rig *g, struct take *t)
{
	t->c = (struct ring_chain){
		.out = t->out,
		.out_cap = once_in(&g->random, 4) ? pick(&g->random, 64) : TAKE_OUT_MAX,
		.in = t->in,
		.in_cap = once_in(&g->random, 4) ? between(&g->random, 1, 4) : TAKE_PIECES_MAX,
		.in_want = once_in(&g->random, 4) ? between(&g->random, 1, 200) : UINT32_MAX,
	};
	memset(t->out + t->c.out_cap, 0xa7, 8);
	t->in[t->c.in_cap] = (struct ring_piece){t->out, 0xa7a7a7a7u};
}

/* Puts the pieces where the device is asked for them, and counts them. */
static uint32_t expect_pieces(const struct rig *g, const struct take *t, const struct ref_chain *c,
			      struct ring_piece *in)
{
	uint64_t left = t->c.in_want;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n && left != 0; i++) {
		const struct ref_piece *p = &c->piece[i];
		const uint32_t len = p->len < left ? p->len : (uint32_t)left;
		unsigned char *mem;

		if (!p->write)
			continue;
		mem = ref_memory(&g->space, p->addr, p->len);
		if (n != 0 && in[n - 1u].mem + in[n - 1u].len == mem)
			in[n - 1u].len += len;
		else
			in[n++] = (struct ring_piece){mem, len};
		left -= len;
	}
	return n;
}

uint32_t take_pieces(const struct rig *g, const struct take *t, const struct ref_chain *c)
{
	static struct ring_piece in[REF_PIECES_MAX];

	return expect_pieces(g, t, c, in);
}

/* Is this memory for chains, and none of the rings and tables? */
static bool is_buffer(const struct rig *g, uint64_t addr)
{
	for (uint32_t i = g->buffer_area; i < g->space.n; i++) {
		if (addr >= g->space.area[i].addr && addr - g->space.area[i].addr < g->space.area[i].len)
			return true;
	}
	return false;
}

static bool same_out(const struct rig *g, const struct take *t, const struct ref_chain *c, bool still)
{
	const unsigned char *out = t->out;
	uint32_t left = t->c.out_cap;

	for (uint32_t i = 0; i < c->n && !c->piece[i].write; i++) {
		const uint32_t len = c->piece[i].len < left ? c->piece[i].len : left;

		if (len == 0)
			break;
		if ((still || is_buffer(g, c->piece[i].addr)) &&
		    memcmp(out, ref_memory(&g->space, c->piece[i].addr, len), len) != 0)
			return false;
		out += len;
		left -= len;
	}
	return true;
}

const char *take_differs(const struct rig *g, const struct take *t, const struct ref_chain *c, bool still)
{
	static struct ring_piece in[REF_PIECES_MAX];
	const uint32_t n = expect_pieces(g, t, c, in);
	uint64_t len = 0;

	if (t->c.head != c->head)
		return "head";
	if (t->c.out_len != (c->out_len < UINT32_MAX ? c->out_len : UINT32_MAX))
		return "readable bytes, how many";
	if (!same_out(g, t, c, still))
		return "readable bytes";
	for (uint32_t i = 0; i < 8u; i++) {
		if (t->out[t->c.out_cap + i] != 0xa7)
			return "bytes behind the readable ones";
	}
	if (t->c.in_n != n)
		return "pieces, how many";
	for (uint32_t i = 0; i < n; i++) {
		if (t->in[i].mem != in[i].mem || t->in[i].len != in[i].len)
			return "a piece";
		len += in[i].len;
	}
	if (t->c.in_len != len)
		return "writable bytes, how many";
	if (t->in[t->c.in_cap].mem != t->out || t->in[t->c.in_cap].len != 0xa7a7a7a7u)
		return "the piece behind the last one";
	return NULL;
}

void take_compare(const struct rig *g, const struct take *t, const struct ref_chain *c, bool still)
{
	const char *what = take_differs(g, t, c, still);

	if (what != NULL)
		rig_failed(__FILE__, __LINE__, what);
}

enum ring_take take_verdict(const struct rig *g, const struct take *t, const struct ref_chain *c)
{
	if (c->rule == REF_NOTHING)
		return RING_NONE;
	if (ref_rule_breaks(c->rule))
		return RING_BROKEN;
	if (c->rule != REF_LEGAL)
		return RING_REFUSED;
	return take_pieces(g, t, c) > t->c.in_cap ? RING_FULL : RING_TAKEN;
}
