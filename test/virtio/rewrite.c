/* SPDX-License-Identifier: BSD-3-Clause */
#include "rewrite.h"

#ifdef RING_HOOKED

#define READS_MAX 16384u

static struct {
	struct rig *g; /* NULL: nobody is watched */
	uint32_t rate;
	uint32_t reads;
	bool done;
	uint32_t next; /* of what is fetched */
	bool missing;
	struct {
		unsigned char *at;
		unsigned char size;
		unsigned char raw[8];
	} read[READS_MAX];
} hook;

static unsigned char *shared(const volatile void *at)
{
	const uintptr_t where = (uintptr_t)at;

	for (uint32_t i = 0; hook.g != NULL && i < hook.g->space.n; i++) {
		const struct ref_area *a = &hook.g->space.area[i];

		if (where >= (uintptr_t)a->mem && where - (uintptr_t)a->mem < a->len)
			return a->mem + (where - (uintptr_t)a->mem);
	}
	return NULL;
}

static void rewrite(unsigned char *at, unsigned size)
{
	uint64_t *random = &hook.g->random;
	uint64_t value = ref_get(at, size);

	switch (pick(random, 5)) {
	case 0:
		value = random_next(random) >> pick(random, 64);
		break;
	case 1:
		value ^= (uint64_t)1 << pick(random, 8u * size);
		break;
	case 2:
		value = UINT64_MAX;
		break;
	case 3:
		value = 0;
		break;
	default:
		value += once_in(random, 2) ? 1u : (uint64_t)0 - 1u;
		break;
	}
	ref_put(at, size, value);
	hook.done = true;
}

static void load(const volatile void *from, void *to, unsigned char size)
{
	unsigned char *at = shared(from);

	if (at == NULL) {
		memcpy(to, (const void *)(uintptr_t)from, size);
		return;
	}
	MUST(hook.reads < READS_MAX);
	memcpy(to, at, size);
	hook.read[hook.reads].at = at;
	hook.read[hook.reads].size = size;
	memcpy(hook.read[hook.reads].raw, at, size);
	hook.reads++;
	if (hook.rate != 0 && once_in(&hook.g->random, hook.rate))
		rewrite(at, size);
}

bool hook_load_bool(const volatile void *at)
{
	return hook_load8(at) != 0;
}

uint8_t hook_load8(const volatile void *at)
{
	uint8_t v;

	load(at, &v, sizeof(v));
	return v;
}

uint16_t hook_load16(const volatile void *at)
{
	uint16_t v;

	load(at, &v, sizeof(v));
	return v;
}

uint32_t hook_load32(const volatile void *at)
{
	uint32_t v;

	load(at, &v, sizeof(v));
	return v;
}

uint64_t hook_load64(const volatile void *at)
{
	uint64_t v;

	load(at, &v, sizeof(v));
	return v;
}

void rewrite_begin(struct rig *g, uint32_t rate)
{
	hook.g = g;
	hook.rate = rate;
	hook.reads = 0;
	hook.done = false;
}

uint32_t rewrite_end(void)
{
	for (uint32_t i = 0; i < hook.reads; i++)
		memcpy(hook.read[i].at, hook.read[i].raw, hook.read[i].size);
	hook.g = NULL;
	return hook.reads;
}

bool rewrite_twice(void)
{
	for (uint32_t i = 0; hook.done && i < hook.reads; i++) {
		if (memcmp(hook.read[i].at, hook.read[i].raw, hook.read[i].size) != 0)
			return true;
	}
	return false;
}

void rewrite_replay(uint32_t first)
{
	hook.next = first;
	hook.missing = false;
}

void rewrite_fetch(void *ctx, const unsigned char *at, unsigned char *copy)
{
	uint32_t bytes = 0;

	(void)ctx;
	memset(copy, 0, 16);
	while (bytes < 16u) {
		const unsigned char *read = hook.next < hook.reads ? hook.read[hook.next].at : NULL;
		const uint32_t size = hook.read[hook.next % READS_MAX].size;

		if (read == NULL || read < at || read + size > at + 16) {
			hook.missing = true;
			return;
		}
		memcpy(copy + (read - at), hook.read[hook.next].raw, size);
		bytes += size;
		hook.next++;
	}
}

bool rewrite_replayed(void)
{
	return !hook.missing;
}

bool rewrite_hooked(void)
{
	return true;
}

bool rewrite_done(void)
{
	return hook.done;
}

#else

void rewrite_begin(struct rig *g, uint32_t rate)
{
	(void)g;
	(void)rate;
}

uint32_t rewrite_end(void)
{
	return 0;
}

bool rewrite_twice(void)
{
	return false;
}

void rewrite_replay(uint32_t first)
{
	(void)first;
}

void rewrite_fetch(void *ctx, const unsigned char *at, unsigned char *copy)
{
	(void)ctx;
	memcpy(copy, at, 16);
}

bool rewrite_replayed(void)
{
	return true;
}

bool rewrite_hooked(void)
{
	return false;
}

bool rewrite_done(void)
{
	return false;
}

#endif
