/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end: notifications and delayed responses, through the P2A area. */
#include "end.h"

int scmi__mailbox_end_p2a(void *ctx)
{
	const struct scmi_mailbox_end *e = ctx;

	return atomic_load_explicit(&e->peer, memory_order_relaxed);
}

/* The area is ours to write; false: ready() is owed. */
APART bool begin_event(struct scmi_mailbox_end *e)
{
	if ((atomic_fetch_or(&e->p2a, P2A_WRITING) & P2A_WRITING) == 0) {
		if (end_area_is_free(e, SCMI_MAILBOX_P2A))
			return true;
		atomic_fetch_and(&e->p2a, ~P2A_WRITING);
	}
	atomic_fetch_or(&e->p2a, P2A_WANTED);
	return false;
}

/* Takes WANTED away if the area is free and nobody writes there; whether it has. All seq_cst: see leave(). */
static bool take_wanted(struct scmi_mailbox_end *e)
{
	uint32_t wanted = P2A_WANTED;

	return atomic_load(&e->p2a) == P2A_WANTED && end_area_is_free(e, SCMI_MAILBOX_P2A) &&
	       atomic_compare_exchange_strong(&e->p2a, &wanted, 0u);
}

/* Inside the gate. */
void scmi__mailbox_end_tell_room(struct scmi_mailbox_end *e)
{
	if (!take_wanted(e) || !gate_enter(&e->gate, GATE_ON))
		return;
	e->sink->ready(e->channel);
	end_leave(e);
}

APART int write_event(struct scmi_mailbox_end *e, uint32_t hdr, const void *payload, uint32_t len)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_P2A];

	if (area->mem == NULL)
		return SCMI_E_NOTSUP;
	if (len > shmem_capacity(area))
		return SCMI_E_TOOBIG;
	if (!begin_event(e))
		return SCMI_E_BUSY;
	scmi__shmem_write(area, hdr, payload, len, SCMI_SHMEM_INTR);
	end_count(&e->events);
	scmi__shmem_give(area, e->port, 0u);
	atomic_fetch_and(&e->p2a, ~P2A_WRITING);
	return SCMI_OK;
}

/*
 * Rings for what was written. After WANTED, or after WRITING has gone, a look: either we see that the area has become
 * free, or whoever is rung for that, and the writer who leaves, sees WANTED.
 */
static int leave(struct scmi_mailbox_end *e, int err)
{
	if (err == SCMI_OK && end_can_ring(e))
		end_ring(e, SCMI_MAILBOX_RX);
	scmi__mailbox_end_tell_room(e);
	end_leave(e);
	return err;
}

int scmi__mailbox_end_send(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_mailbox_end *e = ctx;

	if (!gate_enter(&e->gate, GATE_HERE))
		return SCMI_E_NOPEER;
	return leave(e, write_event(e, hdr, payload, len));
}

/* Inside the gate the agent stays: its number was there before, and a detach waits for us. */
int scmi__mailbox_end_send_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_mailbox_end *e = ctx;
	int err = SCMI_E_NOPEER;

	if (!gate_enter(&e->gate, GATE_HERE))
		return err;
	if (scmi__mailbox_end_p2a(e) == peer)
		err = write_event(e, hdr, payload, len);
	return leave(e, err);
}
