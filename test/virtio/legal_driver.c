/* SPDX-License-Identifier: BSD-3-Clause */
/* Legal traffic of our driver, to the reference's device and to our own. */
#include "side.h"

#define HALF_MAX 128u

struct slot {
	bool away;
	uint32_t out_len;
	uint32_t in_max;
	unsigned char out[HALF_MAX];
};

struct legal {
	struct rig g;
	struct side side;
	struct ring_driver drv;
	struct ref_driver ref; /* says which doorbells are due */
	struct ref_chain chain;
	bool pairs;
	bool table;
	bool armed;
	uint32_t slots;
	uint32_t half; /* bytes of a block for the request, and for the reply */
	uint32_t limit[REF_SIZE_MAX];
	struct slot slot[REF_SIZE_MAX];
	uint16_t posted_first, posted_next;
	uint16_t posted[REF_SIZE_MAX]; /* slots, as the device must see them */
	unsigned char *kept;           /* the used ring: not the driver's to write */
};

static void keep(struct legal *l)
{
	memcpy(l->kept, l->g.q.used, REF_USED_BYTES(l->g.q.size));
}

static void compare_kept(const struct legal *l)
{
	MUST(memcmp(l->kept, l->g.q.used, REF_USED_BYTES(l->g.q.size)) == 0);
}

static uint64_t out_addr(const struct legal *l, uint32_t slot)
{
	return rig_block(&l->g, slot);
}

static uint64_t in_addr(const struct legal *l, uint32_t slot)
{
	return rig_block(&l->g, slot) + l->half;
}

/* ---- the driver's steps ---- */

static void post(struct legal *l)
{
	const uint32_t from = pick(&l->g.random, l->slots);
	struct slot *s = NULL;
	uint32_t i = from;

	for (uint32_t k = 0; k < l->slots && s == NULL; k++) {
		i = (from + k) % l->slots;
		MUST(ring_driver_has(&l->drv, (uint16_t)i) == l->slot[i].away);
		if (!l->slot[i].away)
			s = &l->slot[i];
	}
	if (s == NULL)
		return;
	s->away = true;
	s->out_len = between(&l->g.random, 1, l->half);
	s->in_max = once_in(&l->g.random, 2) ? l->half : between(&l->g.random, 1, l->half);
	rig_fill(&l->g, s->out, s->out_len);
	memcpy(ref_memory(&l->g.space, out_addr(l, i), s->out_len), s->out, s->out_len);
	ring_driver_post(&l->drv, (uint16_t)i, s->out_len, s->in_max);
	l->ref.added++;
	l->posted[l->posted_next++ & (l->g.q.size - 1u)] = (uint16_t)i;
	MUST(ring_driver_away(&l->drv) == (uint16_t)(l->ref.added - l->ref.reaped));
}

static void publish(struct legal *l)
{
	const struct ref_queue *q = &l->g.q;
	const bool news = l->ref.published != l->ref.added;
	bool kick;

	MUST((uint16_t)ref_get(REF_AVAIL_IDX(q), 2) == l->ref.published);
	ring_driver_publish(&l->drv);
	l->ref.published = l->ref.added;
	MUST((uint16_t)ref_get(REF_AVAIL_IDX(q), 2) == l->ref.published);
	if (once_in(&l->g.random, 4) && !l->side.armed)
		return; /* asked for all of them later */
	kick = ref_driver_must_kick(&l->ref);
	MUST(ring_driver_must_kick(&l->drv) == kick);
	side_told(&l->side, news, kick);
}

static bool reap(struct legal *l)
{
	struct ring_back back = {0};
	const bool news = ring_driver_news(&l->drv);
	const int n = scmi__ring_driver_reap(&l->drv, &back);
	uint16_t head;
	uint32_t len;

	if (!side_back(&l->side, &head, &len)) {
		MUST(n == 0 && !news);
		return false;
	}
	MUST(n == 1 && news && !back.too_long && back.len == len);
	MUST(back.slot == (l->pairs && !l->table ? head / 2u : head));
	MUST(l->slot[back.slot].away && !ring_driver_has(&l->drv, back.slot));
	l->slot[back.slot].away = false;
	l->ref.reaped++;
	return true;
}

static void driver_arm(struct legal *l)
{
	const struct ref_queue *q = &l->g.q;
	const bool there = (uint16_t)ref_get(REF_USED_IDX(q), 2) != l->ref.reaped;

	if (once_in(&l->g.random, 3)) {
		scmi__ring_driver_disarm(&l->drv);
		if (!q->event_idx)
			MUST(ref_get(q->avail, 2) == 1u);
		l->armed = l->armed && q->event_idx; /* it comes once, as promised */
		return;
	}
	MUST(scmi__ring_driver_arm(&l->drv) == there);
	if (q->event_idx)
		MUST((uint16_t)ref_get(REF_USED_EVENT(q), 2) == l->ref.reaped);
	else
		MUST(ref_get(q->avail, 2) == 0);
	l->armed = !there;
}

/* ---- the device's steps ---- */

/* What the device has taken is what was posted next: these buffers, these bytes. */
static bool take(struct legal *l)
{
	const struct ref_chain *c = &l->chain;
	const uint32_t n = l->pairs ? 2 : 1;
	const struct slot *s;
	uint16_t slot;

	if (!side_take(&l->side, &l->chain))
		return false;
	slot = l->posted[l->posted_first++ & (l->g.q.size - 1u)];
	s = &l->slot[slot];
	MUST(c->head == (l->pairs && !l->table ? 2u * slot : slot) && c->n == n);
	MUST(c->piece[n - 1u].addr == in_addr(l, slot) && c->piece[n - 1u].len == l->half && c->piece[n - 1u].write);
	/* it may not write more than it was told with post(), though there is room */
	if (l->side.limit[c->head] > s->in_max)
		l->side.limit[c->head] = s->in_max;
	if (!l->pairs)
		return true;
	MUST(c->piece[0].addr == out_addr(l, slot) && c->piece[0].len == s->out_len && !c->piece[0].write);
	MUST(memcmp(ref_memory(&l->g.space, c->piece[0].addr, s->out_len), s->out, s->out_len) == 0);
	return true;
}

static void give_back(struct legal *l, uint32_t n)
{
	bool any = false;

	while (n-- != 0 && side_return(&l->side))
		any = true;
	side_publish(&l->side);
	if (!any || once_in(&l->g.random, 4))
		return;
	if (side_must_call(&l->side))
		l->armed = false;
	else
		MUST(!l->armed);
}

static void step_device(struct legal *l, uint32_t n)
{
	switch (pick(&l->g.random, 4)) {
	case 0:
	case 1:
		while (n-- != 0)
			(void)take(l);
		break;
	case 2:
		give_back(l, n);
		break;
	default:
		if (once_in(&l->g.random, 3))
			side_disarm(&l->side);
		else
			side_arm(&l->side);
		break;
	}
}

static void step_driver(struct legal *l, uint32_t n)
{
	keep(l);
	switch (pick(&l->g.random, 5)) {
	case 0:
	case 1:
		while (n-- != 0)
			post(l);
		if (!once_in(&l->g.random, 4))
			publish(l);
		break;
	case 2:
		publish(l);
		break;
	case 3:
		while (n-- != 0 && reap(l)) {
		}
		break;
	default:
		driver_arm(l);
		break;
	}
	compare_kept(l);
}

static void drain(struct legal *l)
{
	publish(l);
	while ((uint16_t)ref_get(REF_AVAIL_IDX(&l->g.q), 2) != l->side.ref.taken)
		(void)take(l);
	give_back(l, REF_SIZE_MAX);
	while (reap(l)) {
	}
	MUST(ring_driver_away(&l->drv) == 0);
}

/* As if the ring had run for so long already. */
static void begin_at(struct legal *l, uint16_t first)
{
	struct ring_driver *r = &l->drv;

	r->avail = r->published = r->asked = r->seen = first;
	atomic_store(&r->used, first);
	ref_put(REF_AVAIL_IDX(&l->g.q), 2, first);
	ref_put(REF_USED_IDX(&l->g.q), 2, first);
	ref_put(REF_USED_EVENT(&l->g.q), 2, (uint16_t)(first - 1u));
	l->ref.q = &l->g.q;
	l->ref.added = l->ref.published = l->ref.asked = l->ref.reaped = first;
}

static void open_driver(struct legal *l)
{
	const struct ref_queue *q = &l->g.q;
	struct ring_desc *table = NULL;
	uint64_t table_addr = 0;

	l->pairs = !once_in(&l->g.random, 4);
	l->table = q->indirect && once_in(&l->g.random, 2);
	l->slots = l->pairs && !l->table ? q->size / 2u : q->size;
	if (once_in(&l->g.random, 2))
		l->slots = between(&l->g.random, 1, l->slots);
	l->half = l->g.block_bytes / 2u;
	if (l->table) {
		table_addr = rig_table(&l->g, 0);
		table = (struct ring_desc *)(void *)ref_memory(&l->g.space, table_addr, 32u * (uint64_t)l->slots);
	}
	scmi__ring_driver_init(&l->drv, &l->g.parts, l->limit, (uint16_t)l->slots, l->pairs, table, table_addr,
			       q->event_idx);
	scmi__ring_driver_reset(&l->drv);
	for (uint32_t i = 0; i < l->slots; i++) {
		const struct ring_buffers b = {out_addr(l, i), in_addr(l, i), l->half};

		scmi__ring_driver_slot(&l->drv, (uint16_t)i, &b);
	}
	begin_at(l, l->g.first);
}

static uint64_t run(uint64_t seed, bool our_device)
{
	static struct legal l;
	uint32_t burst, steps;

	memset(&l, 0, sizeof(l));
	rig_open(&l.g, seed, 1);
	open_driver(&l);
	side_open(&l.side, &l.g, our_device);
	l.kept = malloc(REF_USED_BYTES(l.g.q.size));
	MUST(l.kept != NULL);
	burst = between(&l.g.random, 1, l.slots);
	steps = between(&l.g.random, 50, 1000);
	for (rig_where.step = 0; rig_where.step < steps; rig_where.step++) {
		const uint32_t n = between(&l.g.random, 1, burst);

		if (once_in(&l.g.random, 2))
			step_driver(&l, n);
		else
			step_device(&l, n);
	}
	drain(&l);
	free(l.kept);
	side_close(&l.side);
	rig_close(&l.g);
	return l.g.done;
}

uint64_t run_our_driver(uint64_t seed)
{
	return run(seed, false);
}

uint64_t run_both(uint64_t seed)
{
	return run(seed, true);
}
