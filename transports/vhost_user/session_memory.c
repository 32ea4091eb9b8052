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
	err = fill(s, &fresh);
	if (err == SCMI_OK)
		err = scmi__vu_settle(s, &fresh, -1);
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

int scmi__vu_mem_add(struct vu_session *s)
{
	int err;

	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	if (scmi__vu_memory_add(&s->memory, &s->in.u.one.region, s->in.fd[0], &s->why) != SCMI_OK)
		return SCMI_E_INVAL;
	err = scmi__vu_settle(s, &s->memory, -1);
	if (err != SCMI_OK)
		scmi__vu_memory_remove(&s->memory, s->memory.n - 1u);
	return err;
}

/* The last one goes without a look: nothing can run then. */
int scmi__vu_mem_remove(struct vu_session *s)
{
	const int at = scmi__vu_memory_find(&s->memory, &s->in.u.one.region);

	if (at < 0)
		return vu_fault(s, SCMI_E_INVAL, "a memory region that is not there");
	if (scmi__vu_drain(s) != SCMI_OK)
		return SCMI_E_BUSY;
	if (scmi__vu_settle(s, &s->memory, at) != SCMI_OK)
		return SCMI_E_INVAL;
	scmi__vu_memory_remove(&s->memory, (uint32_t)at);
	return SCMI_OK;
}
