/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The areas of a link: the same memory for both ends; or, behind caches, a copy for each end, and memory between them.
 * What a port cleans goes there, what it invalidates comes from there, and nothing does so by itself. So a line that an
 * end forgets to clean is never seen by the other, and one that it cleans without need puts back what was.
 */
#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox_form.h"

#define LINE  64u
#define LINKS 4u

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conf_link *links[LINKS]; /* with caches */

/* Exactly so long: what is written behind it is seen by the sanitizer. */
static void *give(uint32_t bytes)
{
	void *mem;

	if (posix_memalign(&mem, LINE, bytes) != 0)
		abort();
	memset(mem, 0xee, bytes); /* whoever puts it in order does so */
	return mem;
}

/* Where in memory this byte of an end's cache belongs. */
static unsigned char *behind(unsigned char *at)
{
	for (uint32_t i = 0; i < LINKS * SCMI_MAILBOX_AREAS; i++) {
		const struct conf_link *l = links[i / SCMI_MAILBOX_AREAS];
		const uint32_t k = i % SCMI_MAILBOX_AREAS;
		const struct scmi_shmem *ends[2] = {l != NULL ? &l->areas[k] : NULL,
						    l != NULL ? &l->end_areas[k] : NULL};

		for (uint32_t e = 0; l != NULL && e < 2u; e++) {
			const uintptr_t first = (uintptr_t)ends[e]->mem;

			if (first != 0 && (uintptr_t)at >= first && (uintptr_t)at - first < ends[e]->len)
				return (unsigned char *)l->memory[k] + ((uintptr_t)at - first);
		}
	}
	abort();
}

static void copy(void *dst, void *src, size_t len)
{
	for (size_t i = 0; i < len; i += 4u) {
		const uint32_t word = atomic_load((_Atomic uint32_t *)(void *)((unsigned char *)src + i));

		atomic_store((_Atomic uint32_t *)(void *)((unsigned char *)dst + i), word);
	}
}

static void clean(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	assert((uintptr_t)mem % LINE == 0 && len % LINE == 0);
	pthread_mutex_lock(&lock);
	copy(behind(mem), mem, len);
	pthread_mutex_unlock(&lock);
}

static void invalidate(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	assert((uintptr_t)mem % LINE == 0 && len % LINE == 0);
	pthread_mutex_lock(&lock);
	copy(mem, behind(mem), len);
	pthread_mutex_unlock(&lock);
}

/* Puts `as` where `link` stands; NULL stands where there is none. */
static void put(const struct conf_link *link, struct conf_link *as)
{
	uint32_t i = 0;

	pthread_mutex_lock(&lock);
	while (i < LINKS && links[i] != link)
		i++;
	assert(i < LINKS);
	links[i] = as;
	pthread_mutex_unlock(&lock);
}

void mailbox_areas_make(struct conf_link *link, uint32_t bytes)
{
	const struct mailbox_form *f = link->form;
	const bool cached = (f->flags & SCMI_SHMEM_CACHED) != 0;
	const uint32_t behind_it = f->smc_params == SCMI_SMC_CAPABILITY ? 8u : 0;

	bytes += behind_it;
	for (uint32_t i = 0; i < (f->p2a ? 2u : 1u); i++) {
		link->memory[i] = give(bytes);
		link->areas[i] = (struct scmi_shmem){.mem = cached ? give(bytes) : link->memory[i],
						     .len = bytes,
						     .flags = f->flags,
						     .check = f->check};
		link->end_areas[i] = link->areas[i];
		link->end_areas[i].len -= behind_it;
		if (cached)
			link->end_areas[i].mem = give(bytes);
	}
	if (!cached)
		return;
	put(NULL, link);
	link->port.cache_clean = clean;
	link->port.cache_invalidate = invalidate;
}

void mailbox_areas_free(struct conf_link *link)
{
	const bool cached = (link->form->flags & SCMI_SHMEM_CACHED) != 0;

	if (cached)
		put(link, NULL);
	for (uint32_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		if (cached) {
			free(link->areas[i].mem);
			free(link->end_areas[i].mem);
		}
		free(link->memory[i]);
	}
}
