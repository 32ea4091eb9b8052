/* SPDX-License-Identifier: BSD-3-Clause */
/* Our driver under attack: a used ring that says anything. A model of one line a rule says what must come of it. */
#include "rewrite.h"

struct bad {
	struct rig g;
	struct ring_driver drv;
	bool pairs;
	bool table;
	uint32_t slots;
	uint32_t limit[REF_SIZE_MAX]; /* the driver's own */
	/* the model */
	bool away[REF_SIZE_MAX];
	uint32_t most[REF_SIZE_MAX];
	uint16_t posted, published, asked, seen, reaped;
	bool broken;
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
	b->slots = between(&g->random, 1, b->pairs && !b->table ? g->q.size / 2u : g->q.size);
	if (b->table) {
		addr = rig_table(g, 0);
		table = (struct ring_desc *)(void *)ref_memory(&g->space, addr, 32u * (uint64_t)b->slots);
	}
	scmi__ring_driver_init(&b->drv, &g->parts, b->limit, (uint16_t)b->slots, b->pairs, table, addr, g->q.event_idx);
	for (uint32_t i = 0; i < b->slots; i++) {
		const struct ring_buffers buffers = {rig_block(g, i), rig_block(g, i) + 32u, 32};

		scmi__ring_driver_slot(&b->drv, (uint16_t)i, &buffers);
		b->away[i] = false;
	}
	g->first = (uint16_t)random_next(&g->random);
	b->drv.avail = b->drv.published = b->drv.asked = b->drv.seen = g->first;
	atomic_store(&b->drv.used, g->first);
	ref_put(REF_AVAIL_IDX(&g->q), 2, g->first);
	ref_put(REF_USED_IDX(&g->q), 2, g->first);
	b->posted = b->published = b->asked = b->seen = b->reaped = b->used = g->first;
	b->broken = false;
}

/* ---- the driver's steps ---- */

static bool must_kick(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;
	const uint16_t old = b->asked;

	b->asked = b->published;
	if (old == b->published)
		return false;
	if (q->event_idx)
		return ref_signal((uint16_t)ref_get(REF_AVAIL_EVENT(q), 2), old, b->published);
	return (ref_get(q->used, 2) & 1u) == 0;
}

static void post(struct bad *b, uint32_t n)
{
	while (n-- != 0) {
		const uint32_t slot = pick(&b->g.random, b->slots);
		const uint32_t most = once_in(&b->g.random, 8) ? UINT32_MAX - 1u : between(&b->g.random, 1, 32);

		MUST(ring_driver_has(&b->drv, (uint16_t)slot) == b->away[slot]);
		if (b->away[slot])
			continue;
		ring_driver_post(&b->drv, (uint16_t)slot, between(&b->g.random, 1, 32), most);
		MUST(ref_get(REF_AVAIL_ENTRY(&b->g.q, b->posted), 2) == head_of(b, slot));
		b->away[slot] = true;
		b->most[slot] = most;
		b->posted++;
	}
	if (once_in(&b->g.random, 4))
		return;
	ring_driver_publish(&b->drv);
	b->published = b->posted;
	MUST(ref_get(REF_AVAIL_IDX(&b->g.q), 2) == b->published);
	{
		const bool due = must_kick(b);

		MUST(ring_driver_must_kick(&b->drv) == due);
	}
}

/* What reap must say: the rules, one after the other. */
static int expect(struct bad *b, struct ring_back *back)
{
	const struct ref_queue *q = &b->g.q;
	const unsigned char *entry = REF_USED_ENTRY(q, b->reaped);
	uint32_t id, slot;

	if (b->broken)
		return -1;
	if (b->seen == b->reaped) {
		const uint16_t idx = (uint16_t)ref_get(REF_USED_IDX(q), 2);

		if (idx == b->reaped)
			return 0;
		if ((uint16_t)(idx - b->reaped) > (uint16_t)(b->published - b->reaped))
			return -1;
		b->seen = idx;
	}
	id = (uint32_t)ref_get(entry, 4);
	for (slot = 0; slot < b->slots; slot++) {
		if (head_of(b, slot) == id)
			break;
	}
	if (slot == b->slots || !b->away[slot])
		return -1;
	back->slot = (uint16_t)slot;
	back->len = (uint32_t)ref_get(entry + 4, 4);
	back->too_long = back->len > b->most[slot];
	return 1;
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
	e = expect(b, &want);
	MUST(n == e);
	if (n < 0) {
		b->broken = true;
		MUST(b->drv.broken);
	}
	if (n != 1)
		return n;
	MUST(back.slot == want.slot && back.len == want.len && back.too_long == want.too_long);
	b->away[back.slot] = false;
	b->reaped++;
	b->g.done += b->pairs ? 2u : 1u;
	MUST(!ring_driver_has(&b->drv, back.slot));
	MUST(ring_driver_away(&b->drv) == (uint16_t)(b->posted - b->reaped));
	return n;
}

static void arm(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;

	MUST(scmi__ring_driver_arm(&b->drv) == ((uint16_t)ref_get(REF_USED_IDX(q), 2) != b->reaped));
	if (q->event_idx)
		MUST((uint16_t)ref_get(REF_USED_EVENT(q), 2) == b->reaped);
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
		return head_of(b, b->slots);
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
	uint32_t slot = pick(&b->g.random, b->slots);
	uint32_t id;

	for (uint32_t i = 0; i < b->slots && !b->away[slot]; i++)
		slot = (slot + 1u) % b->slots;
	id = head_of(b, slot);
	if (once_in(&b->g.random, 50))
		id = bad_id(b, id);
	ref_put(REF_USED_ENTRY(q, b->used), 4, id);
	ref_put(REF_USED_ENTRY(q, b->used) + 4, 4, some_len(b, b->most[slot]));
	if (b->used == b->published && !once_in(&b->g.random, 50))
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
		ref_put(REF_USED_IDX(q), 2, (uint16_t)(b->published + pick(&b->g.random, 2)));
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
	if (b->broken && once_in(&b->g.random, 8))
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
