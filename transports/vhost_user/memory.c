/* SPDX-License-Identifier: BSD-3-Clause */
/* A front end's memory: what it says of it is checked against itself and against the file before it is mapped. */
#define _GNU_SOURCE

#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "memory.h"

int scmi__vu_memory_open(struct vu_memory_map *m, uint32_t room, _Atomic uint32_t *torn)
{
	*m = (struct vu_memory_map){.room = room, .torn = torn};
	m->mapped = calloc(room, sizeof(*m->mapped));
	return m->mapped != NULL ? SCMI_OK : SCMI_E_IO;
}

void scmi__vu_memory_close(struct vu_memory_map *m)
{
	scmi__vu_memory_clear(m);
	free(m->mapped);
	*m = (struct vu_memory_map){0};
}

/* ---- one more ---- */

static const char too_much[] = "more memory than one guest may have: see memory=";

static bool wraps(uint64_t start, uint64_t size)
{
	return size - 1u > UINT64_MAX - start;
}

/* Neither wraps, neither is empty. */
static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static const char *fault_of_region(const struct vu_memory_map *m, const struct vu_region *r)
{
	if (m->n == m->room)
		return "more memory regions than were agreed";
	if (r->size == 0)
		return "a memory region of no size";
	if (wraps(r->guest, r->size) || wraps(r->user, r->size) || wraps(r->offset, r->size))
		return "a memory region that wraps";
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vu_region *other = &m->mapped[i].region;

		if (overlaps(r->guest, r->size, other->guest, other->size) ||
		    overlaps(r->user, r->size, other->user, other->size))
			return "memory regions that overlap";
	}
	return NULL;
}

/* A file that is as long as was said; only such a file is mapped. */
static const char *fault_of_file(const struct vu_region *r, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return "memory that is not a file";
	if (st.st_size < 0 || r->offset > (uint64_t)st.st_size || r->size > (uint64_t)st.st_size - r->offset)
		return "a memory region that is larger than its file";
	return NULL;
}

/* What the start and length of a mapping are multiples of. 0: cannot be told. */
static uint64_t page_of(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0 || fs.f_bsize <= 0)
		return 0;
	return (uint32_t)fs.f_type == HUGETLBFS_MAGIC ? (uint64_t)fs.f_bsize : (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The pages where it lies. The file's size has been checked: nothing wraps but the rounding up. */
static bool find_pages(const struct vu_region *r, int fd, uint64_t *at, uint64_t *len)
{
	const uint64_t page = page_of(fd);

	if (page == 0)
		return false;
	*at = r->offset / page * page;
	*len = (r->offset - *at + r->size + page - 1u) / page * page;
	return *len >= r->size && *len <= SIZE_MAX / 2u;
}

static const char *map(struct vu_memory_map *m, const struct vu_region *r, int fd)
{
	struct vu_mapped *p = &m->mapped[m->n];
	uint64_t at;
	uint64_t len;

	if (!find_pages(r, fd, &at, &len))
		return "memory that cannot be mapped";
	if (m->most != 0 && len > m->most - m->used)
		return too_much;
	*p = (struct vu_mapped){.region = *r, .len = (size_t)len};
	p->base = mmap(NULL, p->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, (off_t)at);
	if (p->base == MAP_FAILED)
		return "memory that cannot be mapped";
	p->mem = (unsigned char *)p->base + (size_t)(r->offset - at);
	p->guard = scmi__vu_guard_add(p->base, p->len, m->torn);
	if (p->guard == NULL) {
		munmap(p->base, p->len);
		return "memory that cannot be mapped";
	}
	m->used += len;
	m->n++;
	return NULL;
}

int scmi__vu_memory_add(struct vu_memory_map *m, const struct vu_region *region, int fd, const char **why)
{
	const char *fault = fault_of_region(m, region);

	if (fault == NULL)
		fault = fault_of_file(region, fd);
	if (fault != NULL) {
		*why = fault;
		return SCMI_E_INVAL;
	}
	fault = map(m, region, fd);
	if (fault == NULL)
		return SCMI_OK;
	*why = fault;
	return fault == too_much ? SCMI_E_INVAL : SCMI_E_IO;
}

/* ---- what is there ---- */

static void unmap(struct vu_mapped *p)
{
	scmi__vu_guard_remove(p->guard);
	munmap(p->base, p->len);
}

int scmi__vu_memory_find(const struct vu_memory_map *m, const struct vu_region *region)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vu_region *r = &m->mapped[i].region;

		if (r->guest == region->guest && r->user == region->user && r->size == region->size)
			return (int)i;
	}
	return -1;
}

void scmi__vu_memory_put_last(struct vu_memory_map *m, uint32_t at)
{
	const struct vu_mapped last = m->mapped[at];

	m->mapped[at] = m->mapped[m->n - 1u];
	m->mapped[m->n - 1u] = last;
}

void scmi__vu_memory_remove_last(struct vu_memory_map *m)
{
	m->used -= m->mapped[--m->n].len;
	unmap(&m->mapped[m->n]);
}

void scmi__vu_memory_clear(struct vu_memory_map *m)
{
	while (m->n != 0)
		scmi__vu_memory_remove_last(m);
	m->partial = false;
}

bool scmi__vu_memory_guest(const struct vu_memory_map *m, uint64_t user, uint64_t len, uint64_t *guest)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vu_region *r = &m->mapped[i].region;

		if (user >= r->user && user - r->user < r->size) {
			*guest = r->guest + (user - r->user);
			return len <= r->size - (user - r->user);
		}
	}
	return false;
}

uint32_t scmi__vu_memory_maps(const struct vu_memory_map *m, struct scmi_virtio_map *maps)
{
	for (uint32_t i = 0; i < m->n; i++) {
		const struct vu_mapped *p = &m->mapped[i];

		maps[i] = (struct scmi_virtio_map){.addr = p->region.guest, .len = p->region.size, .mem = p->mem};
	}
	return m->n;
}
