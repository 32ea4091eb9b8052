/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The device's side of the ring. The first four bytes choose size, features and the index to begin with, the rest is a
 * script of what a driver writes into its memory and of what the device does (see step()).
 *
 * What must hold whatever it says: each verdict is the reference's (test/virtio/reference.h); what is gathered and
 * handed out is what the reference finds; nothing outside is touched; signals are due when the reference says so.
 */
#include "fuzz.h"

#include "../virtio/rig.h"

#define DATA_BYTES  512u
#define TABLE_BYTES 256u
#define HEADS       32u

static struct {
	struct rig g;
	struct ring_device dev;
	struct ref_device ref;
	struct ref_chain chain;
	struct take take;
	uint16_t idx;
	uint32_t taken_n;
	uint16_t taken[HEADS];
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

/* ---- the driver ---- */

/* An address: in an area, at its end, or any. */
static uint64_t addr(void)
{
	const uint32_t how = byte();
	const struct ref_area *a = &f.g.space.area[how % f.g.space.n];

	switch (how >> 6) {
	case 0:
	case 1:
		return a->addr + byte();
	case 2:
		return a->addr + a->len - byte();
	default:
		return (uint64_t)fuzz_word(&f.in) << 32 | fuzz_word(&f.in);
	}
}

static uint32_t length(void)
{
	const uint32_t n = byte();

	return n < 0xf0u ? n : n < 0xf8u ? half() : fuzz_word(&f.in);
}

static void write_desc(unsigned char *at)
{
	const uint32_t flags = byte();

	ref_put(at, 8, addr());
	ref_put(at + 8, 4, length());
	ref_put(at + 12, 2, flags < 0x80u ? flags & 7u : flags << 8 | byte());
	ref_put(at + 14, 2, flags < 0x40u ? byte() : half());
}

/* Readable and writable, as a driver of slots has them. */
static void write_pair(void)
{
	const uint32_t head = byte() % f.g.q.size & ~1u;
	unsigned char *at = f.g.q.desc + 16u * (size_t)head;
	const uint64_t data = f.g.space.area[4].addr + 16u * head;

	ref_put(at, 8, data);
	ref_put(at + 8, 4, 1u + byte() % 16u);
	ref_put(at + 12, 2, REF_F_NEXT);
	ref_put(at + 14, 2, head + 1u);
	ref_put(at + 16, 8, data);
	ref_put(at + 24, 4, 1u + byte() % 16u);
	ref_put(at + 28, 2, REF_F_WRITE);
	ref_put(REF_AVAIL_ENTRY(&f.g.q, f.idx), 2, head);
	ref_put(REF_AVAIL_IDX(&f.g.q), 2, ++f.idx);
}

static void poke(void)
{
	struct ref_area *a = &f.g.space.area[byte() % f.g.space.n];

	a->mem[half() % a->len] = (unsigned char)byte();
}

/* ---- the device ---- */

static void attach(uint16_t first)
{
	f.g.first = first;
	f.idx = first;
	f.taken_n = 0;
	ref_put(REF_AVAIL_IDX(&f.g.q), 2, first);
	rig_device(&f.g, &f.dev, f.dev.known != NULL);
	ref_device_init(&f.ref, &f.g.q, first);
}

static void prepare(void)
{
	const uint32_t how = byte();
	struct take *t = &f.take;

	t->c = (struct ring_chain){
		.out = t->out,
		.out_cap = (how & 1u) != 0 ? byte() : TAKE_OUT_MAX,
		.in = t->in,
		.in_cap = (how & 2u) != 0 ? 1u + byte() % 4u : TAKE_PIECES_MAX,
		.in_want = (how & 4u) != 0 ? 1u + byte() : UINT32_MAX,
	};
	memset(t->out + t->c.out_cap, 0xa7, 8);
	t->in[t->c.in_cap] = (struct ring_piece){t->out, 0xa7a7a7a7u};
}

static void write_pieces(void)
{
	for (uint32_t i = 0; i < f.take.c.in_n; i++)
		memset(f.take.in[i].mem, (int)f.taken_n, f.take.in[i].len);
}

static void take(void)
{
	enum ring_take e;
	enum ring_take want;

	prepare();
	ref_device_look(&f.ref, &f.chain);
	want = take_verdict(&f.g, &f.take, &f.chain);
	e = scmi__ring_device_take(&f.dev, &f.take.c);
	MUST(e == want);
	if (e == RING_TAKEN)
		MUST(take_differs(&f.g, &f.take, &f.chain, true) == NULL);
	if (e == RING_BROKEN) {
		MUST(scmi__ring_device_take(&f.dev, &f.take.c) == RING_BROKEN);
		attach((uint16_t)half());
		return;
	}
	if (e != RING_TAKEN && e != RING_REFUSED)
		return;
	MUST(f.take.c.head == f.chain.head && f.taken_n < HEADS);
	if ((byte() & 7u) == 7u) {
		scmi__ring_device_untake(&f.dev, f.chain.head);
		return;
	}
	f.ref.taken++;
	f.ref.has[f.chain.head] = true;
	f.taken[f.taken_n++] = f.chain.head;
	if (e == RING_TAKEN)
		write_pieces();
}

static void give_back(void)
{
	const uint32_t i = f.taken_n != 0 ? byte() % f.taken_n : 0;
	const uint32_t len = byte();
	const struct ref_queue *q = &f.g.q;
	uint16_t head;

	if (f.taken_n == 0)
		return;
	head = f.taken[i];
	f.taken[i] = f.taken[--f.taken_n];
	scmi__ring_device_return(&f.dev, head, len);
	MUST(ref_get(REF_USED_ENTRY(q, f.ref.returned), 4) == head);
	MUST(ref_get(REF_USED_ENTRY(q, f.ref.returned) + 4, 4) == len);
	f.ref.returned++;
	f.ref.has[head] = false;
	MUST(ref_get(REF_USED_IDX(q), 2) == f.ref.returned);
}

static void arm(void)
{
	const struct ref_queue *q = &f.g.q;

	MUST(scmi__ring_device_arm(&f.dev) == (ref_get(REF_AVAIL_IDX(q), 2) != f.ref.taken));
	if (q->event_idx)
		MUST(ref_get(REF_AVAIL_EVENT(q), 2) == f.ref.taken);
	else
		MUST(ref_get(q->used, 2) == 0);
}

static void must_call(void)
{
	const bool due = ref_device_must_call(&f.ref);

	MUST(scmi__ring_device_must_call(&f.dev) == due);
}

static void step(void)
{
	const uint32_t what = byte() & 15u;

	switch (what) {
	case 0:
	case 1:
		write_desc(f.g.q.desc + 16u * (size_t)(byte() % f.g.q.size));
		break;
	case 2:
	case 3:
		write_desc(f.g.space.area[3].mem + 16u * (size_t)(byte() % (TABLE_BYTES / 16u)));
		break;
	case 4:
		write_pair();
		break;
	case 5:
		ref_put(REF_AVAIL_ENTRY(&f.g.q, f.idx), 2, byte());
		ref_put(REF_AVAIL_IDX(&f.g.q), 2, ++f.idx);
		break;
	case 6:
		ref_put(REF_AVAIL_IDX(&f.g.q), 2, half());
		break;
	case 7:
		poke();
		break;
	case 8:
		give_back();
		break;
	case 9:
		must_call();
		break;
	case 10:
		arm();
		break;
	case 11:
		scmi__ring_device_disarm(&f.dev);
		break;
	default:
		take();
		break;
	}
}

static void open_rig(void)
{
	const uint32_t how = byte();
	struct rig *g = &f.g;

	g->q.space = &g->space;
	g->q.size = 2u << (how & 7u) % 5u;
	g->q.event_idx = (how & 8u) != 0;
	g->q.indirect = (how & 16u) != 0;
	g->first = f.idx = (uint16_t)half();
	g->q.desc = rig_area(g, 0x1000, REF_DESC_BYTES(g->q.size), 0)->mem;
	g->q.avail = rig_area(g, 0x2002, REF_AVAIL_BYTES(g->q.size), 2)->mem;
	g->q.used = rig_area(g, 0x3004, REF_USED_BYTES(g->q.size), 4)->mem;
	rig_area(g, 0x4000, TABLE_BYTES, 0);
	rig_area(g, 0x10000, DATA_BYTES, 0);
	rig_area(g, 0x10000 + DATA_BYTES, 100, 0); /* a neighbour by address alone */
	rig_area(g, 0u - UINT64_C(256), 256, 0);
	g->buffer_area = 4;
	g->parts = (struct ring_parts){
		.desc = (struct ring_desc *)(void *)g->q.desc,
		.avail = (struct ring_avail *)(void *)g->q.avail,
		.used = (struct ring_used *)(void *)g->q.used,
		.size = g->q.size,
	};
	ref_put(REF_AVAIL_IDX(&g->q), 2, g->first);
	rig_device(g, &f.dev, (how & 32u) != 0);
	ref_device_init(&f.ref, &g->q, g->first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	memset(&f, 0, sizeof(f));
	f.in = (struct fuzz_input){data, size};
	open_rig();
	while (f.in.left != 0)
		step();
	rig_close(&f.g);
	return 0;
}
