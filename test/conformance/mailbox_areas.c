/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The areas of a link: the same memory for both ends; or, behind caches, a copy for each end, and memory between them.
 * A cache here is a bad one. A line that nobody cleans stays in it, one that nobody invalidates keeps what it had, and
 * a line that is dirty goes to memory as a whole. Of several lines the first goes first, with the status in it, and
 * comes last; the other end may act between any two. So a message is in memory before its status only if it was cleaned
 * before, and is what the status tells of only if it is fetched again after that.
 *
 * A line is dirty where it is not what it was when it was fetched or cleaned last.
 */
#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mailbox_form.h"

#define LINE        64u
#define LINE_WORDS  (LINE / 4u)
#define LINKS       4u
#define YIELD_EVERY 7u

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

/* A word of a cache: in there, as it was when that and memory were the same last, and in memory. */
struct place {
	_Atomic uint32_t *here;
	uint32_t *known;
	_Atomic uint32_t *memory;
};

/* The same words in three copies. */
static struct place place_of(const struct conf_link *l, uint32_t area, uint32_t end, size_t offset)
{
	unsigned char *here = end == 0 ? l->areas[area].mem : l->end_areas[area].mem;
	unsigned char *known = l->known[end][area];
	unsigned char *memory = l->memory[area];

	return (struct place){.here = (_Atomic uint32_t *)(void *)(here + offset),
			      .known = (uint32_t *)(void *)(known + offset),
			      .memory = (_Atomic uint32_t *)(void *)(memory + offset)};
}

static struct place find(uintptr_t at)
{
	for (uint32_t i = 0; i < LINKS * SCMI_MAILBOX_AREAS * 2u; i++) {
		const struct conf_link *l = links[i / (SCMI_MAILBOX_AREAS * 2u)];
		const uint32_t area = i / 2u % SCMI_MAILBOX_AREAS;
		const struct scmi_shmem *a;

		if (l == NULL)
			continue;
		a = i % 2u == 0 ? &l->areas[area] : &l->end_areas[area];
		if (a->mem != NULL && at >= (uintptr_t)a->mem && at - (uintptr_t)a->mem < a->len)
			return place_of(l, area, i % 2u, at - (uintptr_t)a->mem);
	}
	abort();
}

static bool is_dirty(const struct place *p)
{
	for (uint32_t i = 0; i < LINE_WORDS; i++) {
		if (atomic_load(&p->here[i]) != p->known[i])
			return true;
	}
	return false;
}

static void write_line(const struct place *p)
{
	for (uint32_t i = 0; i < LINE_WORDS; i++) {
		p->known[i] = atomic_load(&p->here[i]);
		atomic_store(&p->memory[i], p->known[i]);
	}
}

/* What another context of this end writes meanwhile is written to a line that has been fetched. */
static void fetch_line(const struct place *p)
{
	for (uint32_t i = 0; i < LINE_WORDS; i++) {
		uint32_t was = p->known[i];

		p->known[i] = atomic_load(&p->memory[i]);
		(void)atomic_compare_exchange_strong(&p->here[i], &was, p->known[i]);
	}
}

/* Between two lines, now and then. */
static void let_the_other_act(void)
{
	static _Atomic uint32_t turns;

	if (atomic_fetch_add(&turns, 1u) % YIELD_EVERY == 0)
		sched_yield();
}

static void with_line(uintptr_t at, bool fetch)
{
	struct place p;

	pthread_mutex_lock(&lock);
	p = find(at);
	if (is_dirty(&p))
		write_line(&p);
	else if (fetch)
		fetch_line(&p);
	pthread_mutex_unlock(&lock);
	let_the_other_act();
}

static void clean(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	assert((uintptr_t)mem % LINE == 0 && len % LINE == 0);
	for (size_t i = 0; i < len; i += LINE)
		with_line((uintptr_t)mem + i, false);
}

static void invalidate(void *ctx, void *mem, size_t len)
{
	(void)ctx;
	assert((uintptr_t)mem % LINE == 0 && len % LINE == 0);
	for (size_t i = len; i != 0; i -= LINE)
		with_line((uintptr_t)mem + i - LINE, true);
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
		if (!cached)
			continue;
		link->end_areas[i].mem = give(bytes);
		link->known[0][i] = give(bytes);
		link->known[1][i] = give(bytes);
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
			free(link->known[0][i]);
			free(link->known[1][i]);
		}
		free(link->memory[i]);
	}
}
