/* SPDX-License-Identifier: BSD-3-Clause */
/* Our driver under attack: a used ring that says anything. A model of one line a rule says what must come of it. */
#include "rewrite.h"

struct bad {
	struct rig g;
	struct ring_driver drv;
	bool pairs;
	bool table;
	uint32_t limit[REF_SIZE_MAX]; /* the driver's own */
	struct reap_model m;
	uint16_t posted, asked;
	/* the device */
	uint16_t used;
};

static uint32_t head_of(const struct bad *b, uint32_t slot)
{
	return b->pairs && !b->table ? 2u * slot : slot;
}

static void start(struct bad *b)
{
	struct rig *g = &b->g;
	struct ring_desc *table = NULL;
	uint64_t addr = 0;

	b->pairs = !once_in(&g->random, 4);
	b->table = g->q.indirect && once_in(&g->random, 2);
	b->m.two = b->pairs && !b->table;
	b->m.slots = between(&g->random, 1, b->pairs && !b->table ? g->q.size / 2u : g->q.size);
	if (b->table) {
		addr = rig_table(g, 0);
		table = (struct ring_desc *)(void *)ref_memory(&g->space, addr, 32u * (uint64_t)b->m.slots);
	}
	scmi__ring_driver_init(&b->drv, &g->parts, b->limit, (uint16_t)b->m.slots, b->pairs, table, addr,
			       g->q.event_idx);
	scmi__ring_driver_reset(&b->drv);
	for (uint32_t i = 0; i < b->m.slots; i++) {
		const struct ring_buffers buffers = {rig_block(g, i), rig_block(g, i) + 32u, 32};

		scmi__ring_driver_slot(&b->drv, (uint16_t)i, &buffers);
		b->m.away[i] = false;
	}
	g->first = (uint16_t)random_next(&g->random);
	b->drv.avail = b->drv.published = b->drv.asked = b->drv.seen = g->first;
	atomic_store(&b->drv.used, g->first);
	ref_put(REF_AVAIL_IDX(&g->q), 2, g->first);
	ref_put(REF_USED_IDX(&g->q), 2, g->first);
	b->posted = b->m.published = b->asked = b->m.seen = b->m.reaped = b->used = g->first;
	b->m.broken = false;
}

/* ---- the driver's steps ---- */

static bool must_kick(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;
	const uint16_t old = b->asked;

	b->asked = b->m.published;
	if (old == b->m.published)
		return false;
	if (q->event_idx)
		return ref_signal((uint16_t)ref_get(REF_AVAIL_EVENT(q), 2), old, b->m.published);
	return (ref_get(q->used, 2) & 1u) == 0;
}

static void post(struct bad *b, uint32_t n)
{
	while (n-- != 0) {
		const uint32_t slot = pick(&b->g.random, b->m.slots);
		const uint32_t most = once_in(&b->g.random, 8) ? UINT32_MAX - 1u : between(&b->g.random, 1, 32);

		MUST(ring_driver_has(&b->drv, (uint16_t)slot) == b->m.away[slot]);
		if (b->m.away[slot])
			continue;
		ring_driver_post(&b->drv, (uint16_t)slot, between(&b->g.random, 1, 32), most);
		MUST(ref_get(REF_AVAIL_ENTRY(&b->g.q, b->posted), 2) == head_of(b, slot));
		b->m.away[slot] = true;
		b->m.most[slot] = most;
		b->posted++;
	}
	if (once_in(&b->g.random, 4))
		return;
	ring_driver_publish(&b->drv);
	b->m.published = b->posted;
	MUST(ref_get(REF_AVAIL_IDX(&b->g.q), 2) == b->m.published);
	{
		const bool due = must_kick(b);

		MUST(ring_driver_must_kick(&b->drv) == due);
	}
}

static int reap(struct bad *b)
{
	struct ring_back back = {0};
	struct ring_back want = {0};
	uint32_t reads;
	int n, e;

	rewrite_begin(&b->g, once_in(&b->g.random, 2) ? 2 : 0);
	n = scmi__ring_driver_reap(&b->drv, &back);
	reads = rewrite_end();
	MUST(reads <= 4u);
	e = reap_expect(&b->g, &b->m, &want);
	MUST(n == e);
	if (n < 0) {
		b->m.broken = true;
		MUST(b->drv.broken);
	}
	if (n != 1)
		return n;
	MUST(back.slot == want.slot && back.len == want.len && back.too_long == want.too_long);
	b->m.away[back.slot] = false;
	b->m.reaped++;
	b->g.done += b->pairs ? 2u : 1u;
	MUST(!ring_driver_has(&b->drv, back.slot));
	MUST(ring_driver_away(&b->drv) == (uint16_t)(b->posted - b->m.reaped));
	return n;
}

static void arm(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;

	MUST(scmi__ring_driver_arm(&b->drv) == ((uint16_t)ref_get(REF_USED_IDX(q), 2) != b->m.reaped));
	if (q->event_idx)
		MUST((uint16_t)ref_get(REF_USED_EVENT(q), 2) == b->m.reaped);
	else
		MUST(ref_get(q->avail, 2) == 0);
	scmi__ring_driver_disarm(&b->drv);
}

/* ---- the device's ---- */

static uint32_t bad_id(struct bad *b, uint32_t head)
{
	switch (pick(&b->g.random, 6)) {
	case 0:
		return (uint32_t)random_next(&b->g.random);
	case 1:
		return head + 1u;
	case 2:
		return head | 1u << pick(&b->g.random, 32);
	case 3:
		return head_of(b, b->m.slots);
	case 4:
		return head | 0x10000u;
	default:
		return pick(&b->g.random, b->g.q.size);
	}
}

static uint32_t some_len(struct bad *b, uint32_t most)
{
	switch (pick(&b->g.random, 6)) {
	case 0:
		return most;
	case 1:
		return most + 1u;
	case 2:
		return 0;
	case 3:
		return UINT32_MAX;
	default:
		return once_in(&b->g.random, 8) ? (uint32_t)random_next(&b->g.random) : pick(&b->g.random, 33);
	}
}

/* Returns a buffer, or says so. */
static void answer(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;
	uint32_t slot = pick(&b->g.random, b->m.slots);
	uint32_t id;

	for (uint32_t i = 0; i < b->m.slots && !b->m.away[slot]; i++)
		slot = (slot + 1u) % b->m.slots;
	id = head_of(b, slot);
	if (once_in(&b->g.random, 50))
		id = bad_id(b, id);
	ref_put(REF_USED_ENTRY(q, b->used), 4, id);
	ref_put(REF_USED_ENTRY(q, b->used) + 4, 4, some_len(b, b->m.most[slot]));
	if (b->used == b->m.published && !once_in(&b->g.random, 50))
		return;
	b->used++;
	ref_put(REF_USED_IDX(q), 2, b->used);
}

static void spoil(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;

	switch (pick(&b->g.random, 6)) {
	case 0:
		ref_put(REF_USED_IDX(q), 2, random_next(&b->g.random));
		break;
	case 1:
		ref_put(REF_USED_IDX(q), 2, (uint16_t)(b->m.published + pick(&b->g.random, 2)));
		break;
	case 2:
		ref_put(REF_USED_IDX(q), 2, (uint16_t)(b->used - 1u));
		break;
	case 3:
		q->used[pick(&b->g.random, REF_USED_BYTES(q->size))] = (unsigned char)random_next(&b->g.random);
		break;
	case 4:
		q->desc[pick(&b->g.random, REF_DESC_BYTES(q->size))] = (unsigned char)random_next(&b->g.random);
		break;
	default:
		ref_put(REF_AVAIL_EVENT(q), 2, random_next(&b->g.random));
		break;
	}
}

static void step(struct bad *b)
{
	uint32_t n = between(&b->g.random, 1, 8);

	switch (pick(&b->g.random, 8)) {
	case 0:
	case 1:
		post(b, n);
		break;
	case 2:
	case 3:
	case 4:
		answer(b);
		break;
	case 5:
		arm(b);
		break;
	default:
		while (n-- != 0 && reap(b) == 1) {
		}
		break;
	}
	if (once_in(&b->g.random, 60))
		spoil(b);
	if (b->m.broken && once_in(&b->g.random, 8))
		start(b);
}

uint64_t run_bad_device(uint64_t seed)
{
	static struct bad b;
	uint32_t steps;

	memset(&b, 0, sizeof(b));
	rig_open(&b.g, seed, 1);
	start(&b);
	steps = between(&b.g.random, 200, 4000);
	for (rig_where.step = 0; rig_where.step < steps; rig_where.step++)
		step(&b);
	rig_close(&b.g);
	return b.g.done;
}
