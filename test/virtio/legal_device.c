/* SPDX-License-Identifier: BSD-3-Clause */
/* Legal traffic of the reference's driver, chains of any shape, to our device. */
#include "side.h"

struct legal {
	struct rig g;
	struct side side;
	struct ref_driver drv;
	struct ref_shape shape;
	struct ref_chain chain;
	bool armed;                   /* the driver wants an interrupt, and nothing was there */
	uint16_t block[REF_SIZE_MAX]; /* of a head */
	bool long_table[REF_SIZE_MAX];
};

static void add(struct legal *l)
{
	const bool long_before = l->g.long_used;
	int block;
	int head;

	if (l->drv.free == 0)
		return;
	block = rig_take_block(&l->g);
	MUST(block >= 0);
	shape_legal(&l->g, (uint32_t)block, l->drv.free, &l->shape);
	rig_fill(&l->g, ref_memory(&l->g.space, rig_block(&l->g, (uint32_t)block), l->g.block_bytes), l->g.block_bytes);
	head = ref_driver_add(&l->drv, &l->shape);
	MUST(head >= 0);
	l->block[head] = (uint16_t)block;
	l->long_table[head] = l->g.long_used != long_before;
}

static void publish(struct legal *l)
{
	const bool news = l->drv.published != l->drv.added;
	bool kick;

	ref_driver_publish(&l->drv);
	kick = ref_driver_must_kick(&l->drv);
	side_told(&l->side, news, kick);
}

static bool reap(struct legal *l)
{
	uint16_t head;
	uint32_t id, len, want;

	if (!ref_driver_reap(&l->drv, &id, &len)) {
		MUST(l->side.back_first == l->side.back_next);
		return false;
	}
	MUST(side_back(&l->side, &head, &want) && id == head && len == want);
	l->g.block_used[l->block[head]] = false;
	if (l->long_table[head])
		l->g.long_used = false;
	return true;
}

static void give_back(struct legal *l, uint32_t n)
{
	bool any = false;

	while (n-- != 0 && side_return(&l->side))
		any = true;
	side_publish(&l->side);
	if (!any || once_in(&l->g.random, 4))
		return; /* asked for all of them later */
	if (side_must_call(&l->side))
		l->armed = false;
	else
		MUST(!l->armed);
}

static void driver_arm(struct legal *l)
{
	if (once_in(&l->g.random, 3)) {
		ref_driver_disarm(&l->drv);
		l->armed = false;
	} else {
		l->armed = !ref_driver_arm(&l->drv);
	}
}

static void step(struct legal *l, uint32_t burst)
{
	uint32_t n = between(&l->g.random, 1, burst);

	switch (pick(&l->g.random, 9)) {
	case 0:
	case 1:
		while (n-- != 0)
			add(l);
		if (once_in(&l->g.random, 4))
			break;
		publish(l);
		break;
	case 2:
		publish(l);
		break;
	case 3:
	case 4:
		while (n-- != 0)
			(void)side_take(&l->side, &l->chain);
		break;
	case 5:
		give_back(l, n);
		break;
	case 6:
		while (n-- != 0 && reap(l)) {
		}
		break;
	case 7:
		driver_arm(l);
		break;
	default:
		if (once_in(&l->g.random, 3))
			side_disarm(&l->side);
		else
			side_arm(&l->side);
		break;
	}
}

/* Everything comes back, and every descriptor is free again. */
static void drain(struct legal *l)
{
	publish(l);
	while ((uint16_t)ref_get(REF_AVAIL_IDX(&l->g.q), 2) != l->side.ref.taken)
		(void)side_take(&l->side, &l->chain);
	give_back(l, REF_SIZE_MAX);
	while (reap(l)) {
	}
	MUST(l->drv.free == l->g.q.size);
}

uint64_t run_our_device(uint64_t seed)
{
	static struct legal l;
	uint32_t burst, steps;

	memset(&l, 0, sizeof(l));
	rig_open(&l.g, seed, 1);
	side_open(&l.side, &l.g, true);
	ref_driver_init(&l.drv, &l.g.q, &l.g.random, l.g.first);
	burst = between(&l.g.random, 1, l.g.q.size);
	steps = between(&l.g.random, 50, 1000);
	for (rig_where.step = 0; rig_where.step < steps; rig_where.step++)
		step(&l, burst);
	drain(&l);
	side_close(&l.side);
	rig_close(&l.g);
	return l.g.done;
}
