/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two areas of a channel, with a fence around each, and a peer that writes there what and when it likes. Numbers come
 * from a seed; what is printed when something does not hold is enough to have the run again.
 */
#ifndef TEST_MAILBOX_PAGE_H
#define TEST_MAILBOX_PAGE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/transport/mailbox.h>

#include "../../transports/shmem/area.h"
#include "../stress/random.h"

/* Holds in every build. */
#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x))                                                                                              \
			page_failed(__FILE__, __LINE__, #x);                                                           \
	} while (0)

_Noreturn void page_failed(const char *file, int line, const char *what);

/* What the program is about to say then. */
struct page_where {
	const char *mode;
	uint64_t seed;
	uint64_t run;
	uint64_t step;
};

extern struct page_where page_where;

#define PAGE_WORDS 128u /* of an area, at most */

struct page {
	unsigned char *block[SCMI_MAILBOX_AREAS];
	struct scmi_shmem area[SCMI_MAILBOX_AREAS];
	uint64_t writes; /* by the peer */

	/* with hooks */
	uint32_t rate;    /* one word in so many is rewritten right after it was read; 0: none */
	uint64_t *random; /* by these numbers */
	uint32_t reads[SCMI_MAILBOX_AREAS][PAGE_WORDS];
	uint32_t seen[SCMI_MAILBOX_AREAS][PAGE_WORDS]; /* what was read last */
};

/* Areas of any length and kind; `p2a`: both. In order. plain: accesses of 32 bits only. */
void page_open(struct page *p, uint64_t *random, bool p2a, bool plain);
/* Nothing outside of the areas was written. */
void page_close(struct page *p);

/* The platform puts both in order. */
void page_reset(struct page *p);

/* Writes one word of the page, or some: as like as not one that matters, with a value at an edge. */
void page_rewrite(struct page *p, uint64_t *random);
void page_rewrite_some(struct page *p, uint64_t *random, uint32_t most);

/* A message as an honest peer writes it, and the area given away with it. */
void page_put(struct page *p, uint32_t which, uint32_t hdr, const void *payload, uint32_t len, uint32_t flags,
	      uint32_t status);

static inline uint32_t page_status(const struct page *p, uint32_t which)
{
	return shmem_le32(atomic_load(shmem_word(&p->area[which], SCMI_SHMEM_STATUS)));
}

/* ---- hooks; in a program without them nothing is watched ---- */

#ifdef MAILBOX_HOOKED /* as in hook.h, which the tests' own sources do without */
bool hook_load_bool(const volatile void *at);
int32_t hook_load_int(const volatile void *at);
uint32_t hook_load_word(const volatile void *at);
#endif

void page_watch(struct page *p); /* NULL: none */
void page_forget(struct page *p, uint32_t which);
/* No word of a message has been read more often since then. */
void page_check_reads(const struct page *p, uint32_t which, uint32_t most);
bool page_hooked(void);

/* ---- modes: each returns how many words the peer has written ---- */

uint64_t run_bad_platform(uint64_t seed);
uint64_t run_bad_agent(uint64_t seed);
uint64_t run_racing_platform(uint64_t seed);
uint64_t run_racing_agent(uint64_t seed);

#endif
