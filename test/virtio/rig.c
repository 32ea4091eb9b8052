/* SPDX-License-Identifier: BSD-3-Clause */
/* An address space of guarded areas, and a queue in it. */
#include "rig.h"

#if defined(__SANITIZE_ADDRESS__)
#define RIG_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RIG_ASAN 1
#endif
#endif
#ifdef RIG_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#define GUARD 256u
#define FENCE 0xc9u

struct rig_where rig_where;
uint64_t rig_rules[REF_RULES];
uint64_t rig_full;

void rig_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	fprintf(stderr, "again: --mode %s --seed 0x%llx --run %llu   (step %llu)\n", rig_where.mode,
		(unsigned long long)rig_where.seed, (unsigned long long)rig_where.run,
		(unsigned long long)rig_where.step);
	abort();
}

/* ---- areas ---- */

struct ref_area *rig_area(struct rig *g, uint64_t addr, uint32_t len, uint32_t align)
{
	struct ref_area *a = &g->space.area[g->space.n];
	const size_t bytes = GUARD + 64u + len + GUARD;

	MUST(g->space.n < REF_AREAS_MAX);
	a->block = malloc(bytes);
	MUST(a->block != NULL);
	memset(a->block, FENCE, bytes);
	a->mem = a->block + GUARD;
	a->mem += -(uintptr_t)a->mem & 63u;
	a->mem += align;
	a->addr = addr;
	a->len = len;
	memset(a->mem, 0, len);
	ASAN_POISON_MEMORY_REGION(a->block, (size_t)(a->mem - a->block));
	ASAN_POISON_MEMORY_REGION(a->mem + len, (size_t)(a->block + bytes - (a->mem + len)));
	g->map[g->space.n] = (struct ring_map){addr, len, a->mem};
	g->space.n++;
	g->maps = (struct ring_maps){g->map, g->space.n};
	return a;
}

static void free_area(const struct ref_area *a)
{
	const size_t bytes = GUARD + 64u + (size_t)a->len + GUARD;

	ASAN_UNPOISON_MEMORY_REGION(a->block, bytes);
	for (const unsigned char *at = a->block; at < a->mem; at++)
		MUST(*at == FENCE);
	for (const unsigned char *at = a->mem + a->len; at < a->block + bytes; at++)
		MUST(*at == FENCE);
	free(a->block);
}

/* Where the next area begins: beside the last one, or somewhere above it. */
static uint64_t next_addr(struct rig *g, uint32_t align)
{
	const struct ref_area *last = &g->space.area[g->space.n];
	uint64_t end;

	if (g->space.n == 0)
		return once_in(&g->random, 2) ? align : 0x40000000u + align;
	last--;
	end = last->addr + last->len;
	if (once_in(&g->random, 3) && (end & 63u) == align)
		return end;
	return ((end + 64u + (random_next(&g->random) >> between(&g->random, 8, 56))) & ~(uint64_t)63) + align;
}

static struct ref_area *place(struct rig *g, uint32_t len, uint32_t align)
{
	return rig_area(g, next_addr(g, align), len, align);
}

/* The last one ends where all addresses end. */
static void place_top(struct rig *g, uint32_t len)
{
	rig_area(g, 0u - (uint64_t)len, len, 0);
}

uint64_t rig_block(const struct rig *g, uint32_t block)
{
	const struct ref_area *a = &g->space.area[g->buffer_area + block % g->buffers];

	return a->addr + block / g->buffers * (uint64_t)g->block_bytes;
}

uint64_t rig_table(const struct rig *g, uint32_t block)
{
	return g->space.area[g->table_area].addr + 16u * (uint64_t)g->table_entries * block;
}

uint64_t rig_long_table(const struct rig *g)
{
	return rig_table(g, g->blocks);
}

int rig_take_block(struct rig *g)
{
	const uint32_t from = pick(&g->random, g->blocks);

	for (uint32_t i = 0; i < g->blocks; i++) {
		const uint32_t block = (from + i) % g->blocks;

		if (g->block_used[block])
			continue;
		g->block_used[block] = true;
		return (int)block;
	}
	return -1;
}

void rig_fill(struct rig *g, unsigned char *at, uint32_t len)
{
	uint64_t word = random_next(&g->random);

	for (uint32_t i = 0; i < len; i++) {
		at[i] = (unsigned char)(word >> 8u * (i & 7u));
		if ((i & 7u) == 7u)
			word = word * 0x9e3779b97f4a7c15u + 1u;
	}
}

/* ---- the queue ---- */

static void place_ring(struct rig *g)
{
	const uint32_t size = g->q.size;

	g->q.desc = place(g, REF_DESC_BYTES(size), 16u * pick(&g->random, 4))->mem;
	g->q.avail = place(g, REF_AVAIL_BYTES(size), 2u * pick(&g->random, 32))->mem;
	g->q.used = place(g, REF_USED_BYTES(size), 4u * pick(&g->random, 16))->mem;
	g->parts = (struct ring_parts){
		.desc = (struct ring_desc *)(void *)g->q.desc,
		.avail = (struct ring_avail *)(void *)g->q.avail,
		.used = (struct ring_used *)(void *)g->q.used,
		.size = size,
	};
	ref_put(REF_AVAIL_IDX(&g->q), 2, g->first);
	ref_put(REF_USED_IDX(&g->q), 2, g->first);
}

static void place_chains(struct rig *g)
{
	uint32_t len;

	g->blocks = g->q.size;
	g->block_bytes = g->q.size <= 64u ? 256u : 64u;
	g->buffers = between(&g->random, 1, 3);
	len = g->block_bytes * ((g->blocks + g->buffers - 1u) / g->buffers);
	g->table_entries = g->q.size < 8u ? g->q.size : 8u;
	g->table_area = g->space.n;
	place(g, 16u * (g->table_entries * g->blocks + g->q.size), 0);
	g->buffer_area = g->space.n;
	for (uint32_t i = 0; i + 1u < g->buffers; i++)
		place(g, len, 16u * pick(&g->random, 4));
	place_top(g, len);
}

void rig_open(struct rig *g, uint64_t seed, uint32_t least)
{
	memset(g, 0, sizeof(*g));
	g->random = seed;
	g->q.space = &g->space;
	g->q.size = 1u << between(&g->random, least, once_in(&g->random, 3) ? 10 : 6);
	g->q.event_idx = once_in(&g->random, 2);
	g->q.indirect = once_in(&g->random, 2);
	g->first = once_in(&g->random, 2) ? (uint16_t)(0u - pick(&g->random, 200)) : (uint16_t)random_next(&g->random);
	place_ring(g);
	place_chains(g);
}

void rig_close(struct rig *g)
{
	for (uint32_t i = 0; i < g->space.n; i++)
		free_area(&g->space.area[i]);
	free(g->memory);
}

void rig_device(struct rig *g, struct ring_device *r, bool remember)
{
	const size_t bytes = scmi__ring_device_memory(g->q.size, remember);

	free(g->memory);
	g->memory = aligned_alloc(64, (bytes + 63u) & ~(size_t)63);
	MUST(g->memory != NULL);
	memset(g->memory, FENCE, bytes);
	scmi__ring_device_init(r, &g->parts, &g->maps, g->memory, remember, g->first, g->first, g->q.event_idx,
			       g->q.indirect);
}
