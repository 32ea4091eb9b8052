/* SPDX-License-Identifier: BSD-3-Clause */
#include "page.h"

#if defined(__has_include)
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

#define FENCE      64u
#define FENCE_BYTE 0xf5

struct page_where page_where;

void page_failed(const char *file, int line, const char *what)
{
	fprintf(stderr, "%s:%d: %s\nagain: --mode %s --seed 0x%llx --run %llu (step %llu)\n", file, line, what,
		page_where.mode, (unsigned long long)page_where.seed, (unsigned long long)page_where.run,
		(unsigned long long)page_where.step);
	abort();
}

/* ---- memory ---- */

static void open_area(struct page *p, uint32_t which, uint32_t bytes, uint8_t flags, uint8_t check)
{
	unsigned char *block = malloc(bytes + 2u * FENCE);

	MUST(block != NULL);
	memset(block, FENCE_BYTE, bytes + 2u * FENCE);
	ASAN_POISON_MEMORY_REGION(block, FENCE);
	ASAN_POISON_MEMORY_REGION(block + FENCE + bytes, FENCE);
	p->block[which] = block;
	p->area[which] = (struct scmi_shmem){.mem = block + FENCE, .len = bytes, .flags = flags, .check = check};
}

void page_open(struct page *p, uint64_t *random, bool p2a, bool plain)
{
	memset(p, 0, sizeof(*p));
	p->random = random;
	for (uint32_t i = 0; i < (p2a ? 2u : 1u); i++) {
		const uint32_t words = between(random, SCMI_SHMEM_BYTES_MIN / 4u, PAGE_WORDS);
		const uint8_t flags = (uint8_t)(plain || once_in(random, 2) ? 0 : SCMI_SHMEM_WIDE);

		open_area(p, i, 4u * words, flags, once_in(random, 2) ? 0 : (uint8_t)pick(random, 4));
	}
	page_reset(p);
}

static void check_fence(const unsigned char *at)
{
	for (uint32_t i = 0; i < FENCE; i++)
		MUST(at[i] == FENCE_BYTE);
}

void page_close(struct page *p)
{
	for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		unsigned char *block = p->block[i];
		const uint32_t bytes = p->area[i].len;

		if (block == NULL)
			continue;
		ASAN_UNPOISON_MEMORY_REGION(block, bytes + 2u * FENCE);
		check_fence(block);
		check_fence(block + FENCE + bytes);
		free(block);
	}
}

void page_reset(struct page *p)
{
	for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++)
		MUST(p->area[i].mem == NULL || scmi_shmem_reset(&p->area[i]) == SCMI_OK);
}

/* ---- the peer ---- */

static uint32_t edge_of_length(const struct scmi_shmem *a, uint64_t *random)
{
	switch (pick(random, 6)) {
	case 0:
		return pick(random, 9);
	case 1:
		return shmem_capacity(a) + 2u + pick(random, 5);
	case 2:
		return UINT32_MAX - pick(random, 9);
	case 3:
		return 0x80000000u + pick(random, 9) - 4u;
	case 4:
		return (uint32_t)random_next(random);
	default:
		return 4u + pick(random, shmem_capacity(a) + 1u);
	}
}

/* What may go wrong with it, most of all. */
static uint32_t bad_value(const struct scmi_shmem *a, uint32_t offset, uint64_t *random)
{
	const uint32_t was = shmem_le32(atomic_load(shmem_word(a, offset)));

	if (once_in(random, 16))
		return (uint32_t)random_next(random);
	switch (offset) {
	case SCMI_SHMEM_STATUS:
		return pick(random, 4) | (once_in(random, 4) ? (uint32_t)random_next(random) & ~3u : 0);
	case SCMI_SHMEM_FLAGS:
		return was ^ SCMI_SHMEM_INTR;
	case SCMI_SHMEM_LENGTH:
		return edge_of_length(a, random);
	case SCMI_SHMEM_HEADER:
		return was ^ 1u << pick(random, 32);
	case SCMI_SHMEM_PAYLOAD: /* a status, of a reply */
		return once_in(random, 2) ? 0 : 0u - pick(random, 20);
	default:
		return once_in(random, 2) ? was + 1u : (uint32_t)random_next(random);
	}
}

void page_rewrite(struct page *p, uint64_t *random)
{
	const uint32_t which = p->area[SCMI_MAILBOX_P2A].mem != NULL ? pick(random, 2) : 0;
	const struct scmi_shmem *a = &p->area[which];
	const uint32_t offset = 4u * (once_in(random, 4) ? pick(random, a->len / 4u) : between(random, 1, 7));

	atomic_store(shmem_word(a, offset), shmem_le32(bad_value(a, offset, random)));
	p->writes++;
}

void page_rewrite_some(struct page *p, uint64_t *random, uint32_t most)
{
	for (uint32_t n = pick(random, most + 1u); n != 0; n--)
		page_rewrite(p, random);
}

void page_put(struct page *p, uint32_t which, uint32_t hdr, const void *payload, uint32_t len, uint32_t flags,
	      uint32_t status)
{
	scmi__shmem_write(&p->area[which], hdr, payload, len, flags);
	scmi__shmem_give(&p->area[which], NULL, status);
}

/* ---- hooks ---- */

#ifdef MAILBOX_HOOKED

static struct page *watched;

static bool find(const volatile void *at, uint32_t *which, uint32_t *word)
{
	for (uint32_t i = 0; watched != NULL && i < SCMI_MAILBOX_AREAS; i++) {
		const struct scmi_shmem *a = &watched->area[i];
		const uintptr_t from = (uintptr_t)at - (uintptr_t)a->mem;

		if (a->mem == NULL || from >= a->len)
			continue;
		*which = i;
		*word = (uint32_t)from / 4u;
		return true;
	}
	return false;
}

uint32_t hook_load_word(const volatile void *at)
{
	const uint32_t value = __atomic_load_n((const volatile uint32_t *)at, __ATOMIC_SEQ_CST);
	uint32_t which;
	uint32_t word;

	if (!find(at, &which, &word))
		return value;
	watched->reads[which][word]++;
	watched->seen[which][word] = shmem_le32(value);
	if (watched->rate != 0 && once_in(watched->random, watched->rate))
		page_rewrite(watched, watched->random);
	return value;
}

int32_t hook_load_int(const volatile void *at)
{
	return __atomic_load_n((const volatile int32_t *)at, __ATOMIC_SEQ_CST);
}

bool hook_load_bool(const volatile void *at)
{
	return __atomic_load_n((const volatile bool *)at, __ATOMIC_SEQ_CST);
}

void page_watch(struct page *p)
{
	watched = p;
}

bool page_hooked(void)
{
	return true;
}

#else

void page_watch(struct page *p)
{
	(void)p;
}

bool page_hooked(void)
{
	return false;
}

#endif

void page_forget(struct page *p, uint32_t which)
{
	memset(p->reads[which], 0, sizeof(p->reads[which]));
}

void page_check_reads(const struct page *p, uint32_t which, uint32_t most)
{
	for (uint32_t i = SCMI_SHMEM_CHECK_KIND / 4u; i < PAGE_WORDS; i++)
		MUST(p->reads[which][i] <= most);
}
