/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_rig.h"

#define UNTOUCHED 0xa5
#define GAP       64u

struct rig *rig_new(uint32_t size, unsigned flags)
{
	struct rig *r = aligned_alloc(64, (sizeof(*r) + 63) / 64 * 64);

	assert_non_null(r);
	memset(r, 0, sizeof(*r));
	memset(r->mem, UNTOUCHED, sizeof(r->mem));
	r->size = size;
	r->flags = flags;
	r->dirt = UNTOUCHED;
	/* avail and used as unaligned as they may be */
	r->desc = 16;
	r->avail = r->desc + 16 * size + GAP + 2;
	r->used = (r->avail + 6 + 2 * size + GAP + 3) / 4 * 4;
	r->table = (r->used + 6 + 8 * size + GAP + 15) / 16 * 16;
	r->data = (r->table + 16 * 2 * size + GAP + 63) / 64 * 64;
	r->parts.desc = (void *)(r->mem + r->desc);
	r->parts.avail = (void *)(r->mem + r->avail);
	r->parts.used = (void *)(r->mem + r->used);
	r->parts.size = size;
	r->map[0] = (struct ring_map){.addr = RIG_BASE, .len = sizeof(r->mem), .mem = r->mem};
	r->maps = (struct ring_maps){.map = r->map, .n = 1};
	return r;
}

static void check_gap(const struct rig *r, uint32_t at)
{
	for (uint32_t i = 0; i < GAP - 16; i++)
		assert_int_equal(r->mem[at + i], UNTOUCHED);
}

void rig_free(struct rig *r)
{
	check_gap(r, r->desc + 16 * r->size);
	check_gap(r, r->avail + 6 + 2 * r->size);
	check_gap(r, r->used + 6 + 8 * r->size);
	free(r->memory);
	free(r);
}

uint16_t rig_get16(const struct rig *r, uint32_t at)
{
	return (uint16_t)(r->mem[at] | r->mem[at + 1] << 8);
}

uint32_t rig_get32(const struct rig *r, uint32_t at)
{
	return rig_get16(r, at) | (uint32_t)rig_get16(r, at + 2) << 16;
}

uint64_t rig_get64(const struct rig *r, uint32_t at)
{
	return rig_get32(r, at) | (uint64_t)rig_get32(r, at + 4) << 32;
}

void rig_put16(struct rig *r, uint32_t at, uint16_t v)
{
	r->mem[at] = (unsigned char)v;
	r->mem[at + 1] = (unsigned char)(v >> 8);
}

void rig_put32(struct rig *r, uint32_t at, uint32_t v)
{
	rig_put16(r, at, (uint16_t)v);
	rig_put16(r, at + 2, (uint16_t)(v >> 16));
}

void rig_put64(struct rig *r, uint32_t at, uint64_t v)
{
	rig_put32(r, at, (uint32_t)v);
	rig_put32(r, at + 4, (uint32_t)(v >> 32));
}

uint64_t rig_addr(const struct rig *r, uint32_t i)
{
	return RIG_BASE + r->data + (uint64_t)i * 64;
}

unsigned char *rig_buffer(struct rig *r, uint32_t i)
{
	return &r->mem[r->data + i * 64];
}

/* ---- the test is the driver ---- */

void rig_device(struct rig *r, uint16_t first, uint16_t used)
{
	const bool remember = (r->flags & RIG_REMEMBER) != 0;

	memset(r->mem + r->desc, 0, 16 * r->size);
	memset(r->mem + r->avail, 0, 6 + 2 * r->size);
	memset(r->mem + r->used, 0, 6 + 8 * r->size);
	r->offered = first;
	r->returned = used;
	rig_put16(r, r->avail + 2, first);
	rig_put16(r, r->used + 2, used);
	/* exactly what was asked for, so that a sanitizer sees what is beyond */
	free(r->memory);
	r->memory = aligned_alloc(64, scmi__ring_device_memory(r->size, remember));
	assert_non_null(r->memory);
	memset(r->memory, r->dirt, scmi__ring_device_memory(r->size, remember));
	scmi__ring_device_init(&r->device, &r->parts, &r->maps, r->memory, remember, first, used,
			       (r->flags & RIG_EVENT) != 0, (r->flags & RIG_INDIRECT) != 0);
}

static void put_desc(struct rig *r, uint32_t at, uint64_t addr, uint32_t len, unsigned flags, uint32_t next)
{
	rig_put64(r, at, addr);
	rig_put32(r, at + 8, len);
	rig_put16(r, at + 12, (uint16_t)flags);
	rig_put16(r, at + 14, (uint16_t)next);
}

void rig_desc(struct rig *r, uint32_t i, uint64_t addr, uint32_t len, unsigned flags, uint32_t next)
{
	put_desc(r, r->desc + 16 * i, addr, len, flags, next);
}

void rig_table(struct rig *r, uint32_t i, uint64_t addr, uint32_t len, unsigned flags, uint32_t next)
{
	put_desc(r, r->table + 16 * i, addr, len, flags, next);
}

void rig_head(struct rig *r, uint32_t head, uint32_t n)
{
	rig_desc(r, head, RIG_BASE + r->table, 16 * n, INDIRECT, 0);
}

void rig_pair(struct rig *r, uint32_t head, uint32_t buffer, uint32_t len)
{
	rig_desc(r, head, rig_addr(r, buffer), len, NEXT, head + 1);
	rig_desc(r, head + 1, rig_addr(r, buffer + 1), 32, WRITE, 0);
	memset(rig_buffer(r, buffer), (int)buffer + 1, 64);
}

void rig_offer(struct rig *r, uint16_t head)
{
	rig_put16(r, r->avail + 4 + 2 * (r->offered & (r->size - 1)), head);
	r->offered++;
	rig_put16(r, r->avail + 2, r->offered);
}

enum ring_take rig_take_with(struct rig *r, uint32_t pieces, uint32_t want)
{
	r->chain = (struct ring_chain){
		.out = r->out,
		.out_cap = sizeof(r->out),
		.in = r->piece,
		.in_cap = pieces,
		.in_want = want,
		.out_len = 77,
		.in_n = 77,
		.in_len = 77,
		.head = 77,
	};
	memset(r->out, UNTOUCHED, sizeof(r->out));
	return scmi__ring_device_take(&r->device, &r->chain);
}

enum ring_take rig_take(struct rig *r)
{
	return rig_take_with(r, sizeof(r->piece) / sizeof(r->piece[0]), UINT32_MAX);
}

void rig_return(struct rig *r, uint32_t len)
{
	const uint32_t at = r->used + 4 + 8 * (r->returned & (r->size - 1));

	scmi__ring_device_return(&r->device, r->chain.head, len);
	r->returned++;
	assert_int_equal(rig_get16(r, r->used + 2), r->returned);
	assert_int_equal(rig_get32(r, at), r->chain.head);
	assert_int_equal(rig_get32(r, at + 4), len);
}

void rig_works(struct rig *r)
{
	rig_pair(r, 0, 0, 20);
	rig_offer(r, 0);
	assert_int_equal(rig_take(r), RING_TAKEN);
	assert_int_equal(r->chain.head, 0);
	assert_int_equal(r->chain.out_len, 20);
	assert_int_equal(r->chain.in_n, 1);
	assert_int_equal(r->chain.in_len, 32);
	assert_ptr_equal(r->piece[0].mem, rig_buffer(r, 1));
	assert_int_equal(r->piece[0].len, 32);
	assert_memory_equal(r->out, rig_buffer(r, 0), 20);
	assert_int_equal(r->out[20], UNTOUCHED);
	rig_return(r, 12);
	assert_int_equal(rig_take(r), RING_NONE);
}

/* ---- the test is the device ---- */

void rig_driver(struct rig *r, uint16_t slots)
{
	const bool pairs = (r->flags & RIG_SINGLES) == 0;
	struct ring_desc *tables = (r->flags & RIG_INDIRECT) != 0 ? (void *)(r->mem + r->table) : NULL;

	memset(r->limit, UNTOUCHED, sizeof(r->limit));
	scmi__ring_driver_init(&r->driver, &r->parts, r->limit, slots, pairs, tables, RIG_BASE + r->table,
			       (r->flags & RIG_EVENT) != 0);
	scmi__ring_driver_reset(&r->driver);
	for (uint16_t i = 0; i < slots; i++) {
		const struct ring_buffers b = {
			.out = rig_addr(r, 2u * i),
			.in = rig_addr(r, 2u * i + 1),
			.in_len = 64,
		};

		scmi__ring_driver_slot(&r->driver, i, &b);
	}
	r->offered = 0;
	r->returned = 0;
}

void rig_use(struct rig *r, uint32_t id, uint32_t len)
{
	const uint32_t at = r->used + 4 + 8 * (r->returned & (r->size - 1));

	rig_put32(r, at, id);
	rig_put32(r, at + 4, len);
	r->returned++;
	rig_put16(r, r->used + 2, r->returned);
}

struct ring_back rig_reap(struct rig *r)
{
	struct ring_back back = {.slot = 7777, .len = 7777};

	assert_int_equal(scmi__ring_driver_reap(&r->driver, &back), 1);
	return back;
}
