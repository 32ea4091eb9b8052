/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end's memory, whole or region by region. What runs goes on in it, once no command is open in the old. */
#include "session_parts.h"

static int fill(struct vu_session *s, struct vu_memory_map *fresh)
{
	const struct vu_memory *in = &s->in.u.memory;
	int err = SCMI_OK;

	for (uint32_t i = 0; i < in->n && err == SCMI_OK; i++)
		err = scmi__vu_memory_add(fresh, &in->region[i], s->in.fd[i], &s->why);
	return err == SCMI_OK ? SCMI_OK : SCMI_E_INVAL;
}

int scmi__vu_mem_table(struct vu_session *s)
{
	const uint32_t n = s->in.u.memory.n;
	struct vu_memory_map fresh;
	int err;

	if (n == 0 || n > VU_REGIONS_MAX || s->in.h.size < 8u + 32u * n)
		return vu_fault(s, SCMI_E_PROTO, "not 1 to 8 regions, or not all of them");
	if (s->in.fds_n != n)
		return vu_fault(s, SCMI_E_PROTO, "not one descriptor for each region");
	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	if (scmi__vu_memory_open(&fresh, s->memory.room, &s->torn) != SCMI_OK)
		return vu_fault(s, SCMI_E_INVAL, "no memory to note it");
	fresh.most = s->memory.most;
	err = fill(s, &fresh);
	if (err == SCMI_OK)
		err = scmi__vu_settle(s, &fresh);
	if (err == SCMI_OK) {
		const struct vu_memory_map old = s->memory;

		s->memory = fresh;
		fresh = old;
	}
	scmi__vu_memory_close(&fresh);
	return err;
}

int scmi__vu_mem_slots(struct vu_session *s)
{
	return scmi__vu_reply_u64(s, VU_SLOTS_MAX);
}

/* From here on rings may wait for memory: whoever speaks of regions one by one has more to say, perhaps. */
int scmi__vu_mem_add(struct vu_session *s)
{
	const bool was = s->memory.partial;

	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	if (scmi__vu_memory_add(&s->memory, &s->in.u.one.region, s->in.fd[0], &s->why) != SCMI_OK)
		return SCMI_E_INVAL;
	s->memory.partial = true;
	if (scmi__vu_settle(s, &s->memory) == SCMI_OK)
		return SCMI_OK;
	s->memory.partial = was;
	scmi__vu_memory_remove_last(&s->memory);
	return SCMI_E_INVAL;
}

/* It stays mapped until nobody uses it any more. */
int scmi__vu_mem_remove(struct vu_session *s)
{
	const int at = scmi__vu_memory_find(&s->memory, &s->in.u.one.region);
	struct vu_memory_map rest;

	if (at < 0)
		return vu_fault(s, SCMI_E_INVAL, "a memory region that is not there");
	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	scmi__vu_memory_put_last(&s->memory, (uint32_t)at);
	rest = s->memory;
	rest.n--;
	rest.partial = true;
	if (scmi__vu_settle(s, &rest) != SCMI_OK)
		return SCMI_E_INVAL;
	s->memory.partial = true;
	scmi__vu_memory_remove_last(&s->memory);
	return SCMI_OK;
}
