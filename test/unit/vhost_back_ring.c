/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <scmi/errors.h>
#include <scmi/message.h>

#include "../../transports/carrier/carrier.h"
#include "vhost_back_ring.h"

#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: the driver: %s\n", __FILE__, __LINE__, #x);                            \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

#define VERSION 0x20000u /* what every command is answered with */

struct desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags;
	uint16_t next;
};

/* ---- memory ---- */

bool back_memory_open(struct back_memory *m, const struct vu_region *region, int fd, ino_t inode)
{
	void *mem = mmap(NULL, (size_t)region->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)region->offset);

	if (mem == MAP_FAILED)
		return false;
	*m = (struct back_memory){.region = *region, .mem = mem, .inode = inode};
	return true;
}

void back_memory_close(struct back_memory *m)
{
	if (m->mem != NULL)
		munmap(m->mem, (size_t)m->region.size);
	m->mem = NULL;
}

static unsigned char *at_of(const struct back_memory *m, uint64_t base, uint64_t addr, uint64_t len)
{
	if (m->mem == NULL || addr < base || addr - base > m->region.size || len > m->region.size - (addr - base))
		return NULL;
	return m->mem + (addr - base);
}

static uint16_t get16(const unsigned char *at)
{
	return le16toh(__atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_SEQ_CST));
}

static void put16(unsigned char *at, uint16_t value)
{
	__atomic_store_n((uint16_t *)(void *)at, htole16(value), __ATOMIC_SEQ_CST);
}

/* ---- the ring ---- */

void back_ring_init(struct back_ring *r)
{
	*r = (struct back_ring){.kick = -1, .call = -1};
}

void back_ring_close(struct back_ring *r)
{
	scmi__fd_close(&r->kick);
	scmi__fd_close(&r->call);
	r->enabled = false;
	r->done = 0;
	r->next = 0;
	r->held_n = 0;
	r->desc = r->avail = r->used = NULL;
}

bool back_ring_place(struct back_ring *r, const struct back_memory *m, const struct vu_vring_addr *at)
{
	r->desc = at_of(m, m->region.user, at->desc, 16u * (uint64_t)r->num);
	r->avail = at_of(m, m->region.user, at->avail, 6u + 2u * (uint64_t)r->num);
	r->used = at_of(m, m->region.user, at->used, 6u + 8u * (uint64_t)r->num);
	r->done = 0;
	return r->num != 0 && r->desc != NULL && r->avail != NULL && r->used != NULL && at->desc % 16 == 0 &&
	       at->avail % 2 == 0 && at->used % 4 == 0;
}

void back_ring_signal(struct back_ring *r)
{
	if (r->call < 0)
		return;
	r->signals++;
	MUST(scmi__event_raise(r->call));
}

void back_ring_lie(struct back_ring *r)
{
	put16(r->used + 2, (uint16_t)(r->done + r->num + 1u));
	back_ring_signal(r);
}

/* A signal if the driver wants one for this entry. */
static void give_back(struct back_ring *r, uint16_t head, uint32_t len)
{
	unsigned char *e = r->used + 4 + 8u * (r->done & (r->num - 1u));
	const uint32_t element[2] = {htole32(head), htole32(len)};
	uint16_t wanted;

	memcpy(e, element, sizeof(element));
	r->done++;
	put16(r->used + 2, r->done);
	wanted = get16(r->event_idx ? r->avail + 4 + 2u * r->num : r->avail);
	if (r->event_idx ? (uint16_t)(r->done - 1u - wanted) == 0 : (wanted & 1u) == 0)
		back_ring_signal(r);
}

static struct desc desc_at(const unsigned char *table, uint32_t n, uint16_t index)
{
	struct desc d;

	MUST(index < n);
	memcpy(&d, table + 16u * index, sizeof(d));
	return (struct desc){le64toh(d.addr), le32toh(d.len), le16toh(d.flags), le16toh(d.next)};
}

static struct desc desc_of(const struct back_ring *r, uint16_t index)
{
	return desc_at(r->desc, r->num, index);
}

/* Exactly two descriptors, as one back end insists, in a table of their own or not. */
static void answer(struct back_ring *r, const struct back_memory *m, uint16_t head)
{
	struct desc out = desc_of(r, head);
	const unsigned char *table = r->desc;
	uint32_t n = r->num;
	struct desc in;
	const unsigned char *request;
	unsigned char *reply;
	uint32_t words[3] = {0, 0, htole32(VERSION)};

	if (out.flags == 4u) {
		table = at_of(m, m->region.guest, out.addr, out.len);
		n = out.len / 16u;
		MUST(table != NULL && n == 2u);
		out = desc_at(table, n, 0);
	}
	MUST(out.flags == 1u && out.len >= 4u);
	in = desc_at(table, n, out.next);
	MUST(in.flags == 2u && in.len >= sizeof(words));
	request = at_of(m, m->region.guest, out.addr, out.len);
	reply = at_of(m, m->region.guest, in.addr, in.len);
	MUST(request != NULL && reply != NULL);
	memcpy(&words[0], request, 4);
	memcpy(reply, words, sizeof(words));
	give_back(r, head, sizeof(words));
}

void back_ring_look(struct back_ring *r, const struct back_memory *m, bool commands)
{
	if (r->kick < 0 || !r->enabled || r->avail == NULL)
		return;
	scmi__event_lower(r->kick);
	do {
		while (get16(r->avail + 2) != r->next) {
			const uint16_t head = get16(r->avail + 4 + 2u * (r->next & (r->num - 1u)));

			r->next++;
			MUST(r->held_n < BACK_HELD);
			r->held[r->held_n++] = head;
			if (commands && !r->holds)
				answer(r, m, r->held[--r->held_n]);
		}
		put16(r->used + 4 + 8u * r->num, r->next); /* where no EVENT_IDX is, nobody looks */
	} while (get16(r->avail + 2) != r->next);
}

void back_ring_release(struct back_ring *r, const struct back_memory *m)
{
	while (r->held_n != 0)
		answer(r, m, r->held[--r->held_n]);
}

bool back_ring_notify(struct back_ring *r, const struct back_memory *m, uint32_t hdr)
{
	struct desc in;
	unsigned char *at;
	const uint32_t words[3] = {htole32(hdr), htole32(1), htole32(2)};

	if (r->kick < 0 || !r->enabled || r->held_n == 0)
		return false;
	in = desc_of(r, r->held[--r->held_n]);
	MUST(in.flags == 2u && in.len >= sizeof(words));
	at = at_of(m, m->region.guest, in.addr, in.len);
	MUST(at != NULL);
	memcpy(at, words, sizeof(words));
	give_back(r, r->held[r->held_n], sizeof(words));
	return true;
}
