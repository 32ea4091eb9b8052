/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's side of the ring. The first four bytes choose size, shape, features and the index to begin with, the
 * rest is a script of what a device writes into the used ring, and all else that is shared, and of what the driver does
 * (see step()).
 *
 * What must hold whatever it says: reap says what the model says (test/virtio/model.c), so nothing comes back that was
 * not given, nor twice, nor longer than it can be; a ring that lies stays broken; doorbells are due when the reference
 * says so.
 */
#include "fuzz.h"

#include "../virtio/rig.h"

#define BUFFER 16u

static struct {
	struct rig g;
	struct ring_driver drv;
	struct ref_driver ref; /* says which doorbells are due */
	struct reap_model m;
	uint32_t limit[REF_SIZE_MAX];
	uint16_t used;
	struct fuzz_input in;
} f;

static uint32_t byte(void)
{
	return fuzz_byte(&f.in);
}

static uint32_t half(void)
{
	const uint32_t low = byte();

	return low | byte() << 8;
}

/* A word: a small number, or any. */
static uint32_t word(void)
{
	const uint32_t n = byte();

	return n < 0xf8u ? n : fuzz_word(&f.in);
}

/* ---- the driver ---- */

static void post(void)
{
	const uint32_t slot = byte() % f.m.slots;
	const uint32_t most = word();

	MUST(ring_driver_has(&f.drv, (uint16_t)slot) == f.m.away[slot]);
	if (f.m.away[slot] || most == UINT32_MAX)
		return;
	ring_driver_post(&f.drv, (uint16_t)slot, 1u + byte() % BUFFER, most);
	MUST(ref_get(REF_AVAIL_ENTRY(&f.g.q, f.ref.added), 2) == (f.m.two ? 2u * slot : slot));
	f.ref.added++;
	f.m.away[slot] = true;
	f.m.most[slot] = most;
}

static void publish(void)
{
	bool due;

	ring_driver_publish(&f.drv);
	f.ref.published = f.m.published = f.ref.added;
	MUST(ref_get(REF_AVAIL_IDX(&f.g.q), 2) == f.m.published);
	if ((byte() & 3u) == 0)
		return;
	due = ref_driver_must_kick(&f.ref);
	MUST(ring_driver_must_kick(&f.drv) == due);
}

static void reap(void)
{
	struct ring_back back = {0};
	struct ring_back want = {0};
	const int e = reap_expect(&f.g, &f.m, &want);

	MUST(scmi__ring_driver_reap(&f.drv, &back) == e);
	if (e < 0) {
		MUST(f.drv.broken);
		f.m.broken = true;
	}
	if (e != 1)
		return;
	MUST(back.slot == want.slot && back.len == want.len && back.too_long == want.too_long);
	f.m.away[back.slot] = false;
	f.m.reaped++;
	MUST(!ring_driver_has(&f.drv, back.slot));
	MUST(ring_driver_away(&f.drv) == (uint16_t)(f.ref.added - f.m.reaped));
}

static void arm(void)
{
	const struct ref_queue *q = &f.g.q;

	MUST(scmi__ring_driver_arm(&f.drv) == (ref_get(REF_USED_IDX(q), 2) != f.m.reaped));
	if (q->event_idx)
		MUST(ref_get(REF_USED_EVENT(q), 2) == f.m.reaped);
	else
		MUST(ref_get(q->avail, 2) == 0);
}

static void start(bool table, uint16_t first)
{
	struct ring_desc *descs = table ? (struct ring_desc *)(void *)f.g.space.area[3].mem : NULL;

	memset(f.m.away, 0, sizeof(f.m.away));
	scmi__ring_driver_init(&f.drv, &f.g.parts, f.limit, (uint16_t)f.m.slots, true, descs, 0x4000, f.g.q.event_idx);
	scmi__ring_driver_reset(&f.drv);
	for (uint32_t i = 0; i < f.m.slots; i++) {
		const struct ring_buffers b = {0x10000 + 2u * BUFFER * i, 0x10000 + 2u * BUFFER * i + BUFFER, BUFFER};

		scmi__ring_driver_slot(&f.drv, (uint16_t)i, &b);
	}
	f.drv.avail = f.drv.published = f.drv.asked = f.drv.seen = first;
	atomic_store(&f.drv.used, first);
	ref_put(REF_AVAIL_IDX(&f.g.q), 2, first);
	ref_put(REF_USED_IDX(&f.g.q), 2, first);
	f.ref.q = &f.g.q;
	f.ref.added = f.ref.published = f.ref.asked = first;
	f.m.published = f.m.seen = f.m.reaped = f.used = first;
	f.m.broken = false;
	f.m.two = !table;
}

/* ---- the device ---- */

/* Returns something: what it has, or whatever. */
static void answer(void)
{
	const struct ref_queue *q = &f.g.q;
	const uint32_t how = byte();
	uint32_t id = word();

	if (how < 0xc0u)
		id = (uint32_t)ref_get(REF_AVAIL_ENTRY(q, f.used), 2);
	ref_put(REF_USED_ENTRY(q, f.used), 4, id);
	ref_put(REF_USED_ENTRY(q, f.used) + 4, 4, word());
	ref_put(REF_USED_IDX(q), 2, ++f.used);
}

static void poke(void)
{
	struct ref_area *a = &f.g.space.area[byte() % f.g.space.n];

	a->mem[half() % a->len] = (unsigned char)byte();
}

static void step(void)
{
	switch (byte() & 15u) {
	case 0:
	case 1:
	case 2:
		post();
		break;
	case 3:
	case 4:
		publish();
		break;
	case 5:
	case 6:
	case 7:
		answer();
		break;
	case 8:
		ref_put(REF_USED_IDX(&f.g.q), 2, half());
		break;
	case 9:
		ref_put(REF_USED_ENTRY(&f.g.q, byte()), 8, (uint64_t)fuzz_word(&f.in) << 32 | word());
		break;
	case 10:
		poke();
		break;
	case 11:
		arm();
		break;
	case 12:
		scmi__ring_driver_disarm(&f.drv);
		break;
	default:
		reap();
		break;
	}
	if (f.m.broken && (byte() & 1u) != 0)
		start(!f.m.two, (uint16_t)half());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rig *g = &f.g;
	uint32_t how;
	bool table;

	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	how = byte();
	table = (how & 16u) != 0;
	g->q.space = &g->space;
	g->q.size = 2u << (how & 7u) % 6u;
	g->q.event_idx = (how & 8u) != 0;
	g->q.desc = rig_area(g, 0x1000, REF_DESC_BYTES(g->q.size), 0)->mem;
	g->q.avail = rig_area(g, 0x2002, REF_AVAIL_BYTES(g->q.size), 2)->mem;
	g->q.used = rig_area(g, 0x3004, REF_USED_BYTES(g->q.size), 4)->mem;
	rig_area(g, 0x4000, 2u * REF_DESC_BYTES(g->q.size), 0);
	rig_area(g, 0x10000, 2u * BUFFER * g->q.size, 0);
	g->parts = (struct ring_parts){
		.desc = (struct ring_desc *)(void *)g->q.desc,
		.avail = (struct ring_avail *)(void *)g->q.avail,
		.used = (struct ring_used *)(void *)g->q.used,
		.size = g->q.size,
	};
	f.m.slots = 1u + byte() % (table ? g->q.size : g->q.size / 2u);
	start(table, (uint16_t)half());
	while (f.in.left != 0)
		step();
	rig_close(g);
	return 0;
}
