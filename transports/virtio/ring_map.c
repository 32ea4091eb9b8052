/* SPDX-License-Identifier: BSD-3-Clause */
/* The driver's address space, as far as it is mapped here. */
#include "ring_device.h"

uint64_t scmi__ring_room(const struct ring_maps *maps, uint64_t addr, unsigned char **mem)
{
	for (uint32_t i = 0; i < maps->n; i++) {
		const struct ring_map *m = &maps->map[i];
		const uint64_t offset = addr - m->addr; /* huge where addr is below */

		if (offset < m->len) {
			*mem = m->mem + offset;
			return m->len - offset;
		}
	}
	return 0;
}

void *scmi__ring_translate(const struct ring_maps *maps, uint64_t addr, uint64_t len)
{
	unsigned char *mem = NULL;

	return len <= scmi__ring_room(maps, addr, &mem) && len != 0 ? mem : NULL;
}
