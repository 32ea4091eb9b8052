/* SPDX-License-Identifier: BSD-3-Clause */
/* The states that have been explored, and with how much left. Forgetting one costs time, nothing else. */
#include "internal.h"

#include <stdlib.h>

#define LEAST (1u << 12) /* states remembered, powers of two: small tables are fast */
#define MOST  (1u << 22)
#define PROBE 8u

/* An entry is a state's name and, in the lowest 8 bits, what was left. */
static uint64_t *table;
static unsigned size;
static unsigned count;

static void begin_table(unsigned n)
{
	table = calloc(n, sizeof(*table));
	size = n;
	count = 0;
	if (table == NULL)
		abort();
}

void step_states_forget(void)
{
	free(table);
	begin_table(LEAST);
}

/* true: it was there, with at least as much left. */
static bool remember(uint64_t entry)
{
	unsigned at = (unsigned)(entry >> 40);

	for (unsigned i = 0; i < PROBE; i++) {
		uint64_t *there = &table[(at + i) % size];

		if (*there >> 8 == entry >> 8 && (*there >> 4 & 15) >= (entry >> 4 & 15) &&
		    (*there & 15) >= (entry & 15))
			return true;
		if (*there == 0) {
			*there = entry;
			count++;
			return false;
		}
	}
	table[(at + (unsigned)(entry >> 16) % PROBE) % size] = entry;
	return false;
}

static void grow(void)
{
	uint64_t *old = table;
	unsigned n = size;

	begin_table(2 * n);
	for (unsigned i = 0; i < n; i++)
		if (old[i] != 0)
			remember(old[i]);
	free(old);
}

bool step_state_known(uint64_t name, unsigned preemptions, unsigned stale)
{
	if (count > size / 4 && size < MOST)
		grow();
	return remember((name & ~UINT64_C(0xff)) | preemptions << 4 | stale);
}
