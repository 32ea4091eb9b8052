/* SPDX-License-Identifier: BSD-3-Clause */
/* An area in memory of exactly its length, so that a sanitizer sees an access beside it. */
#ifndef SHMEM_RIG_H
#define SHMEM_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/errors.h>

#include "../../transports/shmem/area.h"

#define OLD 0xa5u /* what stood in an area before */

static inline struct scmi_shmem area_new(uint32_t len, uint8_t flags)
{
	struct scmi_shmem a = {.mem = malloc(len), .len = len, .flags = flags};

	assert_non_null(a.mem);
	memset(a.mem, OLD, len);
	return a;
}

static inline unsigned char *area_at(const struct scmi_shmem *a, uint32_t offset)
{
	return (unsigned char *)a->mem + offset;
}

/* A word as the peer sees it, byte by byte. */
static inline uint32_t area_get(const struct scmi_shmem *a, uint32_t offset)
{
	const unsigned char *at = area_at(a, offset);

	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static inline void area_put(const struct scmi_shmem *a, uint32_t offset, uint32_t word)
{
	for (uint32_t i = 0; i < 4; i++)
		*area_at(a, offset + i) = (unsigned char)(word >> 8 * i);
}

#endif
