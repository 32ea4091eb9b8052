/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our device under attack. Each entry that it takes is held against the reference: taken is what the reference calls
 * legal, refused is what breaks a rule, broken is a ring that lies about itself. The reference judges what the device
 * has read, see rewrite.h.
 */
#include "attack.h"
#include "rewrite.h"

struct bad {
	struct rig g;
	struct attack attack;
	struct ring_device dev;
	struct ref_device ref;
	struct ref_chain chain;
	struct take take;
	uint32_t taken_n;
	uint16_t taken[REF_SIZE_MAX];
	uint32_t len[REF_SIZE_MAX];
	uint32_t rate; /* of rewriting */
};

/* Both sides begin anew; the driver's memory stays as it is. */
static void attach(struct bad *b)
{
	struct rig *g = &b->g;

	b->taken_n = 0;
	g->first = b->attack.idx;
	ref_put(REF_AVAIL_IDX(&g->q), 2, g->first);
	rig_device(g, &b->dev, once_in(&g->random, 2));
	ref_device_init(&b->ref, &g->q, g->first);
}

static uint16_t choose_head(struct bad *b)
{
	const uint32_t size = b->g.q.size;
	uint32_t head = pick(&b->g.random, size);

	if (once_in(&b->g.random, 200))
		return (uint16_t)head; /* which the device has, perhaps */
	for (uint32_t i = 0; i < size && b->ref.has[b->attack.slots ? head & ~1u : head]; i++)
		head = (head + 1u) % size;
	return (uint16_t)head;
}

/* ---- giving back ---- */

static void give_back_at(struct bad *b, uint32_t i)
{
	const struct ref_queue *q = &b->g.q;
	const uint16_t head = b->taken[i];
	const uint16_t used = b->ref.returned;

	b->taken[i] = b->taken[--b->taken_n];
	scmi__ring_device_return(&b->dev, head, b->len[head]);
	MUST(ref_get(REF_USED_ENTRY(q, used), 4) == head);
	MUST(ref_get(REF_USED_ENTRY(q, used) + 4, 4) == b->len[head]);
	b->ref.returned++;
	MUST((uint16_t)ref_get(REF_USED_IDX(q), 2) == b->ref.returned);
	b->ref.has[head] = false;
}

static void give_back(struct bad *b, uint32_t n)
{
	bool due;

	while (n-- != 0 && b->taken_n != 0)
		give_back_at(b, pick(&b->g.random, b->taken_n));
	due = ref_device_must_call(&b->ref);
	MUST(scmi__ring_device_must_call(&b->dev) == due);
}

/* ---- taking ---- */

/* What the device was told to write, it writes: all of it, wherever the driver has wanted it. */
static void write_pieces(struct bad *b)
{
	const struct take *t = &b->take;
	uint32_t left = t->c.in_len;

	for (uint32_t i = 0; i < t->c.in_n; i++) {
		MUST(t->in[i].len <= left);
		left -= t->in[i].len;
		rig_fill(&b->g, t->in[i].mem, t->in[i].len);
	}
	MUST(left == 0);
}

static void taken(struct bad *b, uint32_t len)
{
	b->ref.taken++;
	b->ref.has[b->chain.head] = true;
	b->taken[b->taken_n++] = b->chain.head;
	b->len[b->chain.head] = len;
}

static void was_broken(struct bad *b)
{
	MUST(b->dev.broken);
	MUST(scmi__ring_device_take(&b->dev, &b->take.c) == RING_BROKEN);
	ref_put(REF_AVAIL_IDX(&b->g.q), 2, b->ref.taken);
	MUST(scmi__ring_device_take(&b->dev, &b->take.c) == RING_BROKEN);
	attach(b);
}

/*
 * The words that were read are no image. Then there is a place in the order of reading from which on the chain was
 * read, each descriptor once, and the verdict follows from that.
 */
static void judge_order(struct bad *b, enum ring_take e)
{
	struct ref_queue *q = &b->g.q;
	bool found = false;

	q->fetch = rewrite_fetch;
	for (uint32_t first = 1; first < 16u && !found; first++) {
		rewrite_replay(first);
		ref_walk(q, &b->chain);
		found = rewrite_replayed() && e == take_verdict(&b->g, &b->take, &b->chain) &&
			(e != RING_TAKEN || take_differs(&b->g, &b->take, &b->chain, false) == NULL);
	}
	q->fetch = NULL;
	MUST(found);
}

static void judge(struct bad *b, enum ring_take e)
{
	const struct ref_chain *c = &b->chain;

	b->g.done += c->descriptors;
	rig_rules[c->rule]++;
	MUST(e == take_verdict(&b->g, &b->take, &b->chain));
	if (e == RING_BROKEN) {
		b->g.done++;
		was_broken(b);
	} else if (e == RING_REFUSED) {
		MUST(b->take.c.head == c->head);
		taken(b, 0);
	} else if (e == RING_FULL) {
		rig_full++;
	} else if (e == RING_TAKEN) {
		take_compare(&b->g, &b->take, c, !rewrite_done());
		write_pieces(b);
		taken(b, b->take.c.in_len);
	}
}

static enum ref_rule take(struct bad *b)
{
	enum ring_take e;
	uint32_t reads;

	take_prepare(&b->g, &b->take);
	ref_device_look(&b->ref, &b->chain); /* index and head are read first: as they are now */
	rewrite_begin(&b->g, b->rate);
	e = scmi__ring_device_take(&b->dev, &b->take.c);
	reads = rewrite_end();
	/* index, head, what is remembered, each descriptor of a chain once, and the one that is too much */
	MUST(reads <= 16u + 4u * (b->g.q.size + 2u));
	if (rewrite_done() && b->chain.rule != REF_NOTHING && !ref_rule_breaks(b->chain.rule)) {
		ref_walk(&b->g.q, &b->chain);
		if (rewrite_twice())
			judge_order(b, e);
	}
	judge(b, e);
	return b->chain.rule;
}

static void arm(struct bad *b)
{
	const struct ref_queue *q = &b->g.q;

	MUST(scmi__ring_device_arm(&b->dev) == ((uint16_t)ref_get(REF_AVAIL_IDX(q), 2) != b->ref.taken));
	if (q->event_idx)
		MUST((uint16_t)ref_get(REF_AVAIL_EVENT(q), 2) == b->ref.taken);
	else
		MUST(ref_get(q->used, 2) == 0);
	if (once_in(&b->g.random, 2))
		scmi__ring_device_disarm(&b->dev);
}

static void step(struct bad *b)
{
	uint32_t n = between(&b->g.random, 1, 4);

	switch (pick(&b->g.random, 8)) {
	case 0:
		if (!b->attack.slots)
			attack_spoil(&b->attack);
		break;
	case 1:
		give_back(b, n * 4u);
		break;
	case 2:
		arm(b);
		break;
	default:
		if (b->taken_n >= (b->attack.slots ? b->g.q.size / 2u : b->g.q.size))
			give_back(b, b->g.q.size);
		attack_offer(&b->attack, choose_head(b));
		if (!once_in(&b->g.random, 4))
			(void)take(b);
		break;
	}
	/* never so many wait that a legal one is too many */
	while ((uint16_t)(b->attack.idx - b->ref.taken) + b->taken_n >= b->g.q.size) {
		if (b->taken_n != 0)
			give_back(b, 1);
		if (take(b) == REF_NOTHING)
			b->attack.idx = b->ref.taken;
	}
}

uint64_t run_bad_driver(uint64_t seed)
{
	static struct bad b;
	uint32_t steps;

	memset(&b, 0, sizeof(b));
	rig_open(&b.g, seed, 1);
	attack_init(&b.attack, &b.g, once_in(&b.g.random, 2));
	attach(&b);
	b.rate = once_in(&b.g.random, 4) ? 0 : 1u << between(&b.g.random, 1, 6);
	steps = between(&b.g.random, 50, 1000);
	for (rig_where.step = 0; rig_where.step < steps; rig_where.step++)
		step(&b);
	rig_close(&b.g);
	return b.g.done;
}
