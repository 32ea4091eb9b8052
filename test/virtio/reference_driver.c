/* SPDX-License-Identifier: BSD-3-Clause */
/* The reference: the driver's side. */
#include "reference.h"

#include <stddef.h>

#include "../stress/random.h"

void ref_driver_init(struct ref_driver *d, const struct ref_queue *q, uint64_t *random, uint16_t first)
{
	d->q = q;
	d->random = random;
	d->added = d->published = d->asked = d->reaped = first;
	d->free = q->size;
	for (uint32_t i = 0; i < q->size; i++)
		d->owner[i] = 0;
	ref_put(REF_AVAIL_IDX(q), 2, first);
	ref_put(q->avail, 2, 0);
}

static void write_desc(unsigned char *table, uint32_t index, const struct ref_piece *p, uint32_t flags, uint32_t next)
{
	unsigned char *at = table + 16u * (size_t)index;

	if (p->write)
		flags |= REF_F_WRITE;
	ref_put(at, 8, p->addr);
	ref_put(at + 8, 4, p->len);
	ref_put(at + 12, 2, flags);
	ref_put(at + 14, 2, next);
}

/* A table begins at its entry 0; from there any order will do. */
static void write_table(const struct ref_queue *q, uint64_t *random, const struct ref_shape *s)
{
	unsigned char *table = ref_memory(q->space, s->table, 16u * (uint64_t)s->entries);
	const uint32_t n = s->n - s->direct;
	uint16_t entry[REF_PIECES_MAX];

	for (uint32_t i = 0; i < s->entries; i++)
		entry[i] = (uint16_t)i;
	if (once_in(random, 2)) {
		for (uint32_t i = 1; i < s->entries; i++) {
			const uint32_t k = between(random, i, s->entries - 1u);
			const uint16_t was = entry[i];

			entry[i] = entry[k];
			entry[k] = was;
		}
	}
	for (uint32_t i = 0; i < n; i++) {
		const bool last = i + 1u == n;

		write_desc(table, entry[i], &s->piece[s->direct + i], last ? 0 : REF_F_NEXT,
			   last ? (uint32_t)random_next(random) & 0xffffu : entry[i + 1u]);
	}
}

void ref_write_chain(const struct ref_queue *q, uint64_t *random, const struct ref_shape *s, const uint16_t *desc)
{
	const uint32_t n = s->direct + (s->entries != 0 ? 1u : 0u);

	if (s->entries != 0)
		write_table(q, random, s);
	for (uint32_t i = 0; i < n; i++) {
		const bool last = i + 1u == n;
		const uint32_t flags = last ? 0 : REF_F_NEXT;
		const uint32_t next = last ? (uint32_t)random_next(random) & 0xffffu : desc[i + 1u];
		const struct ref_piece table = {s->table, 16u * s->entries, s->table_write};

		if (i < s->direct)
			write_desc(q->desc, desc[i], &s->piece[i], flags, next);
		else
			write_desc(q->desc, desc[i], &table, REF_F_INDIRECT, next);
	}
}

static uint16_t choose_free(struct ref_driver *d)
{
	uint32_t i = pick(d->random, d->q->size);

	while (d->owner[i] != 0)
		i = (i + 1u) % d->q->size;
	return (uint16_t)i;
}

int ref_driver_add(struct ref_driver *d, const struct ref_shape *s)
{
	const uint32_t n = s->direct + (s->entries != 0 ? 1u : 0u);
	uint16_t desc[REF_PIECES_MAX];

	if (n > d->free)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		desc[i] = choose_free(d);
		d->owner[desc[i]] = (uint16_t)(desc[0] + 1u);
	}
	d->free -= n;
	ref_write_chain(d->q, d->random, s, desc);
	ref_put(REF_AVAIL_ENTRY(d->q, d->added), 2, desc[0]);
	d->added++;
	return desc[0];
}

void ref_driver_publish(struct ref_driver *d)
{
	d->published = d->added;
	ref_put(REF_AVAIL_IDX(d->q), 2, d->published);
}

bool ref_driver_must_kick(struct ref_driver *d)
{
	const struct ref_queue *q = d->q;
	const uint16_t old = d->asked;

	d->asked = d->published;
	if (old == d->published)
		return false;
	if (q->event_idx)
		return ref_signal((uint16_t)ref_get(REF_AVAIL_EVENT(q), 2), old, d->published);
	return (ref_get(q->used, 2) & 1u) == 0;
}

bool ref_driver_reap(struct ref_driver *d, uint32_t *id, uint32_t *len)
{
	const struct ref_queue *q = d->q;

	if ((uint16_t)ref_get(REF_USED_IDX(q), 2) == d->reaped)
		return false;
	*id = (uint32_t)ref_get(REF_USED_ENTRY(q, d->reaped), 4);
	*len = (uint32_t)ref_get(REF_USED_ENTRY(q, d->reaped) + 4, 4);
	d->reaped++;
	for (uint32_t i = 0; i < q->size; i++) {
		if (d->owner[i] == *id + 1u) {
			d->owner[i] = 0;
			d->free++;
		}
	}
	return true;
}

bool ref_driver_arm(struct ref_driver *d)
{
	const struct ref_queue *q = d->q;

	if (q->event_idx)
		ref_put(REF_USED_EVENT(q), 2, d->reaped);
	else
		ref_put(q->avail, 2, 0);
	return (uint16_t)ref_get(REF_USED_IDX(q), 2) != d->reaped;
}

void ref_driver_disarm(struct ref_driver *d)
{
	const struct ref_queue *q = d->q;

	if (q->event_idx)
		ref_put(REF_USED_EVENT(q), 2, (uint16_t)(d->reaped - 1u));
	else
		ref_put(q->avail, 2, 1);
}
