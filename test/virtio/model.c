/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver must make of a used ring: the rules, one after the other. */
#include "rig.h"

int reap_expect(const struct rig *g, struct reap_model *m, struct ring_back *back)
{
	const unsigned char *entry = REF_USED_ENTRY(&g->q, m->reaped);
	uint32_t id, slot;

	if (m->broken)
		return -1;
	if (m->seen == m->reaped) {
		const uint16_t idx = (uint16_t)ref_get(REF_USED_IDX(&g->q), 2);

		if (idx == m->reaped)
			return 0;
		if ((uint16_t)(idx - m->reaped) > (uint16_t)(m->published - m->reaped))
			return -1;
		m->seen = idx;
	}
	id = (uint32_t)ref_get(entry, 4);
	for (slot = 0; slot < m->slots; slot++) {
		if ((m->two ? 2u * slot : slot) == id)
			break;
	}
	if (slot == m->slots || !m->away[slot])
		return -1;
	back->slot = (uint16_t)slot;
	back->len = (uint32_t)ref_get(entry + 4, 4);
	back->too_long = back->len > m->most[slot];
	return 1;
}
