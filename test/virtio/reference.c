/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference: words, rules, and the device's side. */
#include "reference.h"

#include <stddef.h>

uint64_t ref_get(const unsigned char *at, unsigned bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < bytes; i++)
		value |= (uint64_t)at[i] << 8u * i;
	return value;
}

void ref_put(unsigned char *at, unsigned bytes, uint64_t value)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> 8u * i);
}

unsigned char *ref_memory(const struct ref_space *s, uint64_t addr, uint64_t len)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct ref_area *a = &s->area[i];

		if (addr < a->addr || addr - a->addr >= a->len)
			continue;
		if (len > a->len - (addr - a->addr))
			continue;
		return a->mem + (addr - a->addr);
	}
	return NULL;
}

const char *ref_rule_name(enum ref_rule rule)
{
	static const char *const names[REF_RULES] = {
		"legal",       "nothing",        "index jumps",  "head outside",  "head twice",     "next outside",
		"too long",    "order",          "length 0",     "unmapped",      "2^32 bytes",     "overlap",
		"no INDIRECT", "table and next", "table length", "table aligned", "table in table",
	};

	return names[rule];
}

bool ref_rule_breaks(enum ref_rule rule)
{
	return rule == REF_JUMP || rule == REF_HEAD || rule == REF_TWICE;
}

bool ref_signal(uint16_t event, uint16_t old, uint16_t now)
{
	for (uint16_t i = old; i != now; i++) {
		if (i == event)
			return true;
	}
	return false;
}

/* ---- chains ---- */

/* A descriptor as it stands in memory. */
struct desc {
	uint64_t addr;
	uint32_t len;
	uint32_t flags;
	uint32_t next;
};

static struct desc read_desc(const struct ref_queue *q, const unsigned char *table, uint32_t index)
{
	const unsigned char *at = table + 16u * (size_t)index;
	unsigned char copy[16];

	if (q->fetch != NULL) {
		q->fetch(q->fetch_ctx, at, copy);
		at = copy;
	}
	return (struct desc){
		.addr = ref_get(at, 8),
		.len = (uint32_t)ref_get(at + 8, 4),
		.flags = (uint32_t)ref_get(at + 12, 2),
		.next = (uint32_t)ref_get(at + 14, 2),
	};
}

static bool overlaps(const struct ref_chain *c, const struct ref_piece *p)
{
	for (uint32_t i = 0; i < c->n; i++) {
		const struct ref_piece *other = &c->piece[i];

		if (!other->write)
			continue;
		/* neither runs over the end of all addresses: both are mapped */
		if (p->addr <= other->addr + (other->len - 1u) && other->addr <= p->addr + (p->len - 1u))
			return true;
	}
	return false;
}

static enum ref_rule add_piece(const struct ref_queue *q, struct ref_chain *c, const struct desc *d)
{
	const struct ref_piece p = {d->addr, d->len, (d->flags & REF_F_WRITE) != 0};

	if (c->n == q->size)
		return REF_LONG;
	if (!p.write && c->n != 0 && c->piece[c->n - 1u].write)
		return REF_ORDER;
	if (p.len == 0)
		return REF_ZERO;
	if (ref_memory(q->space, p.addr, p.len) == NULL)
		return REF_UNMAPPED;
	if (p.write && overlaps(c, &p))
		return REF_OVERLAP;
	if (c->out_len + c->in_len + p.len > (uint64_t)UINT32_MAX + 1u)
		return REF_TOTAL;
	if (p.write)
		c->in_len += p.len;
	else
		c->out_len += p.len;
	c->piece[c->n++] = p;
	return REF_LEGAL;
}

static enum ref_rule walk_table(const struct ref_queue *q, struct ref_chain *c, const struct desc *pointer)
{
	const uint32_t entries = pointer->len / 16u;
	const unsigned char *table;
	uint32_t index = 0;

	if (!q->indirect)
		return REF_NOT_AGREED;
	if ((pointer->flags & REF_F_NEXT) != 0)
		return REF_TABLE_NEXT;
	if (pointer->len == 0 || pointer->len % 16u != 0 || entries > q->size)
		return REF_TABLE_LENGTH;
	table = ref_memory(q->space, pointer->addr, pointer->len);
	if (table == NULL)
		return REF_UNMAPPED;
	if (pointer->addr % (sizeof(void *) < 8u ? 4u : 8u) != 0)
		return REF_TABLE_ALIGN;
	for (;;) {
		const struct desc d = read_desc(q, table, index);
		enum ref_rule rule;

		c->descriptors++;
		if ((d.flags & REF_F_INDIRECT) != 0)
			return REF_TABLE_NESTED;
		rule = add_piece(q, c, &d);
		if (rule != REF_LEGAL || (d.flags & REF_F_NEXT) == 0)
			return rule;
		if (d.next >= entries)
			return REF_NEXT;
		index = d.next;
	}
}

static enum ref_rule walk(const struct ref_queue *q, struct ref_chain *c)
{
	uint32_t index = c->head;

	for (;;) {
		const struct desc d = read_desc(q, q->desc, index);
		enum ref_rule rule;

		c->descriptors++;
		if ((d.flags & REF_F_INDIRECT) != 0)
			return walk_table(q, c, &d);
		rule = add_piece(q, c, &d);
		if (rule != REF_LEGAL || (d.flags & REF_F_NEXT) == 0)
			return rule;
		if (d.next >= q->size)
			return REF_NEXT;
		index = d.next;
	}
}

void ref_walk(const struct ref_queue *q, struct ref_chain *c)
{
	c->n = 0;
	c->out_len = 0;
	c->in_len = 0;
	c->descriptors = 0;
	c->rule = walk(q, c);
}

/* ---- the device ---- */

void ref_device_init(struct ref_device *d, const struct ref_queue *q, uint16_t first)
{
	d->q = q;
	d->taken = d->seen = d->returned = d->asked = first;
	for (uint32_t i = 0; i < q->size; i++)
		d->has[i] = false;
}

void ref_device_look(struct ref_device *d, struct ref_chain *c)
{
	const struct ref_queue *q = d->q;

	c->n = 0;
	c->out_len = 0;
	c->in_len = 0;
	c->descriptors = 0;
	c->head = 0;
	if (d->seen == d->taken) {
		const uint16_t idx = (uint16_t)ref_get(REF_AVAIL_IDX(q), 2);

		c->rule = idx == d->taken ? REF_NOTHING : REF_JUMP;
		if (idx == d->taken || (uint16_t)(idx - d->taken) > q->size)
			return;
		d->seen = idx;
	}
	c->head = (uint16_t)ref_get(REF_AVAIL_ENTRY(q, d->taken), 2);
	c->rule = REF_HEAD;
	if (c->head >= q->size)
		return;
	c->rule = REF_TWICE;
	if (d->has[c->head])
		return;
	ref_walk(q, c);
}

void ref_device_take(struct ref_device *d, struct ref_chain *c)
{
	ref_device_look(d, c);
	if (c->rule == REF_NOTHING || ref_rule_breaks(c->rule))
		return;
	d->taken++;
	d->has[c->head] = true;
}

void ref_device_return(struct ref_device *d, uint16_t head, uint32_t len)
{
	const struct ref_queue *q = d->q;

	ref_put(REF_USED_ENTRY(q, d->returned), 4, head);
	ref_put(REF_USED_ENTRY(q, d->returned) + 4, 4, len);
	d->returned++;
	ref_put(REF_USED_IDX(q), 2, d->returned);
	if (head < q->size)
		d->has[head] = false;
}

bool ref_device_must_call(struct ref_device *d)
{
	const struct ref_queue *q = d->q;
	const uint16_t old = d->asked;

	d->asked = d->returned;
	if (old == d->returned)
		return false;
	if (q->event_idx)
		return ref_signal((uint16_t)ref_get(REF_USED_EVENT(q), 2), old, d->returned);
	return (ref_get(q->avail, 2) & 1u) == 0;
}

bool ref_device_arm(struct ref_device *d)
{
	const struct ref_queue *q = d->q;

	if (q->event_idx)
		ref_put(REF_AVAIL_EVENT(q), 2, d->taken);
	else
		ref_put(q->used, 2, 0);
	return (uint16_t)ref_get(REF_AVAIL_IDX(q), 2) != d->taken;
}

void ref_device_disarm(struct ref_device *d)
{
	const struct ref_queue *q = d->q;

	if (q->event_idx)
		ref_put(REF_AVAIL_EVENT(q), 2, (uint16_t)(d->taken - 1u));
	else
		ref_put(q->used, 2, 1);
}
