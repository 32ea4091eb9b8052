/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Plain memory: who wrote and read each byte last, what nothing orders, and who owns what. A context's access races
 * with another's that it does not know of: whose time lies beyond its clock.
 */
#include "internal.h"

#include <string.h>

#define REGIONS 32u

/* Eight bytes of plain memory: last writes and reads of each byte by each context. */
struct granule {
	unsigned run;
	uint8_t atomic; /* an atomic location stands here */
	union clock byte[8];
};

struct region {
	const char *name;
	enum step_owner owner;
};

static struct granule shadow[STEP_BYTES / 8];
static uint8_t region_of[STEP_BYTES / 8];
static struct region regions[REGIONS];
static struct region regions_start[REGIONS];
static unsigned region_count;

bool step_running(void)
{
	return step_now != &step_contexts[SETUP];
}

unsigned step_self(void)
{
	return (unsigned)(step_now - step_contexts);
}

void step_plain_reset(void)
{
	memcpy(regions, regions_start, sizeof(regions));
}

static struct granule *granule_at(size_t offset)
{
	struct granule *g = &shadow[offset / 8];

	if (g->run != step_run) {
		memset(g, 0, sizeof(*g));
		g->run = step_run;
	}
	return g;
}

static void race(const void *p, const char *what, const union clock *byte, const void *pc)
{
	for (unsigned i = 0; i < 8; i++) {
		if (byte->t[i] <= step_now->clock.t[i])
			continue;
		step_trace(pc, "%s +%zx races", what, offset_of(p));
		step_fail("data race: %s of +%zx, not ordered after a %s by %u", what, offset_of(p),
			  i < 4 ? "write" : "read", i % 4);
	}
}

static void check_owner(size_t offset, bool write, const void *pc)
{
	unsigned r = region_of[offset / 8];
	const struct region *region = &regions[r];

	if (region->owner == STEP_LIBRARY || (region->owner == STEP_LENT && !write) || (!write && step_now->grant == r))
		return;
	step_trace(pc, "%s %s +%zx", write ? "writes" : "reads", region->name, offset);
	step_fail("the library %s %s, which is %s", write ? "writes" : "reads", region->name,
		  region->owner == STEP_LENT ? "lent for reading" : "the user's now");
}

static void plain(const void *p, size_t n, bool write, bool library, const void *pc)
{
	size_t offset = offset_of(p);
	size_t end = offset + n;
	unsigned me = step_self() + (write ? 0 : 4);

	if (!step_running() || offset >= STEP_BYTES || n == 0)
		return;
	while (offset < end) {
		struct granule *g = granule_at(offset);
		size_t stop = offset / 8 * 8 + 8 < end ? offset / 8 * 8 + 8 : end;

		if (library && region_of[offset / 8])
			check_owner(offset, write, pc);
		if (g->atomic)
			step_plain_on_atomic(offset, stop - offset, write, pc);
		for (; offset < stop; offset++) {
			union clock *byte = &g->byte[offset % 8];
			union clock late = {.v = byte->v > step_now->clock.v};

			if (late.w[0] || (write && late.w[1])) {
				union clock culprit = *byte;

				if (!write)
					culprit.w[1] = 0;
				race(&step_memory[offset], write ? "write" : "read", &culprit, pc);
			}
			byte->t[me] = step_now->clock.t[me];
		}
	}
}

void step_user_read(const void *p, size_t n)
{
	plain(p, n, false, false, NULL);
}

void step_user_write(const void *p, size_t n)
{
	plain(p, n, true, false, NULL);
}

void step_library_read(const void *p, size_t n, const void *pc)
{
	plain(p, n, false, true, pc);
}

void step_library_write(const void *p, size_t n, const void *pc)
{
	plain(p, n, true, true, pc);
}

unsigned step_region(const char *name, const void *p, size_t n)
{
	unsigned r = ++region_count;

	if (r >= REGIONS || offset_of(p) % 8 || n % 8 || offset_of(p) + n > STEP_ARENA)
		step_fail("region %s is not possible", name);
	regions[r] = (struct region){name, STEP_USER};
	memset(&region_of[offset_of(p) / 8], (int)r, n / 8);
	return r;
}

/* Each run starts with the owners of now. */
void step_regions_keep(void)
{
	memcpy(regions_start, regions, sizeof(regions));
}

void step_regions_forget(void)
{
	memset(region_of, 0, sizeof(region_of));
	region_count = 0;
}

void step_own(unsigned region, enum step_owner owner)
{
	regions[region].owner = owner;
}

void step_grant(unsigned region)
{
	step_now->grant = region;
}

/* An atomic access conflicts with plain ones that do not happen before it. */
void step_check_plain(const void *p, unsigned size, bool write, const void *pc)
{
	size_t offset = offset_of(p);
	const struct granule *g = &shadow[offset / 8];

	if (offset >= STEP_BYTES)
		return;
	if (region_of[offset / 8])
		check_owner(offset, write, pc);
	if (g->run != step_run)
		return;
	for (unsigned i = 0; i < size; i++) {
		union clock culprit = g->byte[offset % 8 + i];
		union clock late;

		if (!write)
			culprit.w[1] = 0;
		late.v = culprit.v > step_now->clock.v;
		if (late.w[0] || late.w[1])
			race(p, write ? "atomic write" : "atomic read", &culprit, pc);
	}
}

void step_mark_atomic(const void *p)
{
	if (offset_of(p) < STEP_BYTES)
		granule_at(offset_of(p))->atomic = 1;
}
