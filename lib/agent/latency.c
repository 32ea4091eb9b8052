/* SPDX-License-Identifier: BSD-3-Clause */
/* What the histograms of struct scmi_latency say. They are filled in where replies are delivered. */
#include <stdatomic.h>

#include "latency.h"

_Static_assert(SCMI_LATENCY_BUCKETS % 4u == 0, "whole octaves");
_Static_assert(LATENCY_SHIFT_MAX <= 29u, "the last floor fits in 32 bits");
_Static_assert(LATENCY_LAST_US > 60000000u, "more than a minute is told apart");
_Static_assert(sizeof(_Atomic uint32_t) == sizeof(uint32_t), "a caller's word can be read as an atomic one");

uint64_t scmi_latency_floor_us(uint32_t i)
{
	if (i >= SCMI_LATENCY_BUCKETS)
		return SCMI_NEVER;
	return i < 4u ? i : (4u + i % 4u) << (i / 4u - 1u);
}

/* The receive path may be counting meanwhile. */
static uint32_t count_of(const struct scmi_latency *latency, uint32_t i)
{
	return atomic_load_explicit((const _Atomic uint32_t *)&latency->count[i], memory_order_relaxed);
}

uint64_t scmi_latency_permille(const struct scmi_latency *latency, uint32_t permille)
{
	uint64_t total = 0;
	uint64_t below = 0;

	if (latency == NULL || latency->size != sizeof(*latency))
		return 0;
	if (permille > 1000u)
		permille = 1000u;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++)
		total += count_of(latency, i);
	if (total == 0)
		return 0;
	for (uint32_t i = 0; i < SCMI_LATENCY_BUCKETS; i++) {
		below += count_of(latency, i);
		if (below != 0 && below * 1000u >= total * permille)
			return scmi_latency_floor_us(i + 1u);
	}
	return SCMI_NEVER;
}
