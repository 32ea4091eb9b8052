/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Attackers in a thread of their own, who rewrite everything that is shared while our side runs. What comes of it
 * cannot be foretold; but nothing outside is touched, what is handed out lies in memory, and nothing is handed out
 * twice. A data race by design: not under the thread sanitizer.
 */
#include <pthread.h>
#include <sched.h>

#include "attack.h"

#define STEPS 20000u

struct race {
	struct rig g;
	atomic_uint over;
	atomic_uint life;     /* of our driver: counts, above the index that it begins with */
	struct rig his;       /* the same memory, numbers of his own */
	struct attack attack; /* his */
	struct attack mine;
	uint16_t head;
	struct take take;
	struct ring_device dev;
	struct ring_driver drv;
	uint32_t limit[REF_SIZE_MAX];
	uint32_t most[REF_SIZE_MAX];
	bool has[REF_SIZE_MAX];
	uint16_t order[REF_SIZE_MAX];
	uint16_t first, next; /* of order */
	uint32_t slots;
	uint16_t avail; /* his place in the available ring */
};

static struct race race;

static void begin_life(struct race *r)
{
	const unsigned life = atomic_load(&r->life) >> 16;

	atomic_store(&r->life, (life + 1u) << 16 | r->g.first);
}

static void open_race(struct race *r, void *(*attacker)(void *), pthread_t *thread)
{
	MUST(pthread_create(thread, NULL, attacker, r) == 0);
}

static void close_race(struct race *r, pthread_t thread)
{
	atomic_store(&r->over, 1u);
	MUST(pthread_join(thread, NULL) == 0);
	rig_close(&r->g);
}

/* ---- a driver that races our device ---- */

/* Our thread offers chains and has them taken; this one rewrites whatever it finds. */
static void *racing_driver(void *arg)
{
	struct race *r = arg;
	struct rig *his = &r->his;

	while (atomic_load(&r->over) == 0) {
		for (uint32_t n = pick(&his->random, 64); n != 0; n--)
			attack_anywhere(&r->attack);
		r->attack.idx = (uint16_t)ref_get(REF_AVAIL_IDX(&his->q), 2);
		if (once_in(&his->random, 20))
			attack_ring(&r->attack);
		ref_put(REF_USED_EVENT(&his->q), 2, random_next(&his->random));
		rig_fill(his, ref_memory(&his->space, rig_block(his, pick(&his->random, his->blocks)), 16), 16);
	}
	return NULL;
}

/* Is this memory in one area? */
static bool inside(const struct rig *g, const struct ring_piece *p)
{
	for (uint32_t i = 0; i < g->space.n; i++) {
		const struct ref_area *a = &g->space.area[i];

		if (p->mem >= a->mem && p->mem < a->mem + a->len)
			return p->len <= a->len - (uint64_t)(p->mem - a->mem);
	}
	return false;
}

static void judge_taken(struct race *r, enum ring_take e)
{
	const struct take *t = &r->take;
	uint64_t len = 0;

	MUST(t->c.head < r->g.q.size && !r->has[t->c.head]);
	r->has[t->c.head] = true;
	r->order[r->next++ & (r->g.q.size - 1u)] = t->c.head;
	for (uint32_t i = 0; i < 8u; i++)
		MUST(t->out[t->c.out_cap + i] == 0xa7);
	MUST(t->in[t->c.in_cap].mem == t->out && t->in[t->c.in_cap].len == 0xa7a7a7a7u);
	r->g.done++;
	if (e == RING_REFUSED)
		return;
	MUST(t->c.in_n <= t->c.in_cap && t->c.in_len <= t->c.in_want);
	for (uint32_t i = 0; i < t->c.in_n; i++) {
		MUST(t->in[i].len != 0 && inside(&r->g, &t->in[i]));
		len += t->in[i].len;
		memset(t->in[i].mem, (int)(i & 0xffu), t->in[i].len);
	}
	MUST(len == t->c.in_len && (len != 0 || t->c.out_len != 0));
	r->g.done += t->c.in_n - (t->c.out_len != 0 ? 0u : 1u);
}

static void attach(struct race *r)
{
	memset(r->has, 0, sizeof(r->has));
	r->first = r->next = 0;
	r->g.first = (uint16_t)random_next(&r->g.random);
	r->mine.idx = r->g.first;
	rig_device(&r->g, &r->dev, once_in(&r->g.random, 2));
	ref_put(REF_USED_IDX(&r->g.q), 2, r->g.first);
	ref_put(REF_AVAIL_IDX(&r->g.q), 2, r->g.first);
}

static void give_back(struct race *r)
{
	const uint16_t head = r->order[r->first++ & (r->g.q.size - 1u)];

	r->has[head] = false;
	scmi__ring_device_return(&r->dev, head, pick(&r->g.random, 100));
	(void)scmi__ring_device_must_call(&r->dev);
}

static void step_device(struct race *r)
{
	const uint32_t heads = r->mine.slots ? r->g.q.size / 2u : r->g.q.size;
	enum ring_take e;

	while ((uint16_t)(r->next - r->first) >= heads / 2u || (r->first != r->next && once_in(&r->g.random, 2)))
		give_back(r);
	while (r->has[r->mine.slots ? r->head & ~1u : r->head])
		r->head = (uint16_t)((r->head + 1u) & (r->g.q.size - 1u));
	attack_offer(&r->mine, r->head);
	r->head = (uint16_t)((r->head + 1u) & (r->g.q.size - 1u));
	take_prepare(&r->g, &r->take);
	e = scmi__ring_device_take(&r->dev, &r->take.c);
	if (e == RING_TAKEN || e == RING_REFUSED)
		judge_taken(r, e);
	if (e != RING_BROKEN)
		return;
	MUST(scmi__ring_device_take(&r->dev, &r->take.c) == RING_BROKEN);
	attach(r);
}

uint64_t run_racing_driver(uint64_t seed)
{
	struct race *r = &race;
	pthread_t thread;

#ifdef RIG_TSAN
	return 0;
#endif
	memset(r, 0, sizeof(*r));
	rig_open(&r->g, seed, 6);
	r->his = r->g;
	r->his.random = ~seed;
	attack_init(&r->mine, &r->g, once_in(&r->g.random, 2));
	attack_init(&r->attack, &r->his, false);
	attach(r);
	open_race(r, racing_driver, &thread);
	for (rig_where.step = 0; rig_where.step < STEPS; rig_where.step++)
		step_device(r);
	close_race(r, thread);
	return r->g.done;
}

/* ---- a device that races our driver ---- */

/* Returns what is there, as a rule. */
static void answer(struct race *r, uint16_t *used)
{
	const struct ref_queue *q = &r->his.q;
	uint64_t *random = &r->his.random;
	uint64_t id;

	if ((uint16_t)ref_get(REF_AVAIL_IDX(q), 2) == r->avail) {
		sched_yield();
		return;
	}
	id = ref_get(REF_AVAIL_ENTRY(q, r->avail), 2);
	r->avail++;
	if (once_in(random, 1000))
		id = random_next(random);
	ref_put(REF_USED_ENTRY(q, *used), 4, id);
	ref_put(REF_USED_ENTRY(q, *used) + 4, 4, once_in(random, 10) ? random_next(random) : pick(random, 34));
	++*used;
	ref_put(REF_USED_IDX(q), 2, *used);
}

static void *racing_device(void *arg)
{
	struct race *r = arg;
	const struct ref_queue *q = &r->his.q;
	uint64_t *random = &r->his.random;
	unsigned life = 0;
	uint16_t used = 0;

	while (atomic_load(&r->over) == 0) {
		const unsigned now = atomic_load(&r->life);

		if (now != life)
			used = r->avail = (uint16_t)now;
		life = now;
		answer(r, &used);
		ref_put(REF_USED_ENTRY(q, random_next(random)) + 4, 4, random_next(random));
		ref_put(REF_AVAIL_EVENT(q), 2, random_next(random));
		q->desc[pick(random, REF_DESC_BYTES(q->size))] = (unsigned char)random_next(random);
		if (once_in(random, 200))
			q->used[pick(random, REF_USED_BYTES(q->size))] = (unsigned char)random_next(random);
		if (once_in(random, 2000))
			q->avail[pick(random, REF_AVAIL_BYTES(q->size))] = (unsigned char)random_next(random);
	}
	return NULL;
}

static void start(struct race *r)
{
	struct rig *g = &r->g;

	memset(r->has, 0, sizeof(r->has));
	r->slots = g->q.size / 2u;
	scmi__ring_driver_init(&r->drv, &g->parts, r->limit, (uint16_t)r->slots, true, NULL, 0, g->q.event_idx);
	scmi__ring_driver_reset(&r->drv);
	for (uint32_t i = 0; i < r->slots; i++) {
		const struct ring_buffers b = {rig_block(g, i), rig_block(g, i) + 32u, 32};

		scmi__ring_driver_slot(&r->drv, (uint16_t)i, &b);
	}
	g->first = 0;
	begin_life(r);
}

static void step_driver(struct race *r)
{
	struct ring_back back = {0};
	int n;

	for (uint32_t k = pick(&r->g.random, 4); k != 0; k--) {
		const uint32_t slot = pick(&r->g.random, r->slots);

		MUST(ring_driver_has(&r->drv, (uint16_t)slot) == r->has[slot]);
		if (r->has[slot])
			continue;
		r->has[slot] = true;
		r->most[slot] = between(&r->g.random, 1, 32);
		ring_driver_post(&r->drv, (uint16_t)slot, 8, r->most[slot]);
	}
	ring_driver_publish(&r->drv);
	(void)ring_driver_must_kick(&r->drv);
	for (n = scmi__ring_driver_reap(&r->drv, &back); n == 1; n = scmi__ring_driver_reap(&r->drv, &back)) {
		MUST(back.slot < r->slots && r->has[back.slot]);
		MUST(back.too_long == (back.len > r->most[back.slot]));
		r->has[back.slot] = false;
		r->g.done += 2u;
	}
	if (n < 0)
		start(r);
	else if (!scmi__ring_driver_arm(&r->drv))
		sched_yield();
	scmi__ring_driver_disarm(&r->drv);
}

uint64_t run_racing_device(uint64_t seed)
{
	struct race *r = &race;
	pthread_t thread;

#ifdef RIG_TSAN
	return 0;
#endif
	memset(r, 0, sizeof(*r));
	rig_open(&r->g, seed, 6);
	r->his = r->g;
	r->his.random = ~seed;
	start(r);
	open_race(r, racing_device, &thread);
	for (rig_where.step = 0; rig_where.step < STEPS; rig_where.step++)
		step_driver(r);
	close_race(r, thread);
	return r->g.done;
}
