/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end, its life: the platform, which starts and stops, and agents, which come and go. */
#include "check.h"
#include "end.h"

/* ---- the platform ---- */

/* FREE is given once: an agent that waits for it may have written a command a moment later. */
static void put_in_order(const struct scmi_mailbox_end *e, uint32_t which)
{
	if (e->area[which].mem == NULL)
		return;
	scmi__shmem_blank(&e->area[which]);
	scmi__shmem_give(&e->area[which], e->port, SCMI_SHMEM_FREE);
}

/* What stands in the area may have come while nobody looked. Where nobody can be woken for it, it is served here. */
static void look(struct scmi_mailbox_end *e)
{
	if (end_can_wake(e))
		end_wake(e);
	else
		(void)scmi_mailbox_end_serve(e, 1);
}

void scmi__mailbox_end_meet(struct scmi_mailbox_end *e)
{
	if (atomic_exchange(&e->strange, 0u) != 0)
		e->sink->reset(e->channel);
}

int scmi__mailbox_end_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct scmi_mailbox_end *e = ctx;
	const bool first = !e->in_order;

	if ((atomic_load(&e->gate) & GATE_ON) != 0)
		return SCMI_E_INVAL;
	e->sink = sink;
	e->channel = channel;
	if (first) {
		put_in_order(e, SCMI_MAILBOX_A2P);
		put_in_order(e, SCMI_MAILBOX_P2A);
		e->in_order = true;
	}
	atomic_fetch_and(&e->p2a, ~P2A_WANTED); /* what waited has ended with the platform */
	scmi__mailbox_end_meet(e);
	atomic_fetch_or(&e->gate, GATE_ON);
	if (first && end_can_ring(e))
		end_ring(e, SCMI_MAILBOX_TX_REPLY); /* it may have started before, and waits for FREE */
	look(e);
	return SCMI_OK;
}

void scmi__mailbox_end_stop(void *ctx)
{
	struct scmi_mailbox_end *e = ctx;

	atomic_fetch_and(&e->gate, ~GATE_ON);
	gate_await(&e->gate, GATE_INSIDE, e->port);
}

/* ---- an agent ---- */

static bool may_attach(const struct scmi_mailbox_end *e, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	return (atomic_load(&e->gate) & GATE_HERE) == 0 && scmi__mailbox_areas_fault(areas, e->port) == NULL &&
	       shmem_capacity(&areas[SCMI_MAILBOX_A2P]) >= e->max_payload;
}

int scmi_mailbox_end_attach(struct scmi_mailbox_end *end, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	if (end == NULL || areas == NULL || !may_attach(end, areas))
		return SCMI_E_INVAL;
	end_take_up(end, areas);
	end->in_order = true;
	/* Before anything goes to this agent; or, while the platform is stopped, when it starts. */
	atomic_store(&end->strange, 1u);
	if (gate_enter(&end->gate, GATE_ON)) {
		scmi__mailbox_end_meet(end);
		end_leave(end);
	}
	atomic_fetch_or(&end->gate, GATE_HERE);
	look(end);
	return SCMI_OK;
}

/* Whoever waits for room in the areas of the agent that was is told, so that it does not get to the next one. */
static void tell_wanting(struct scmi_mailbox_end *e)
{
	if ((atomic_exchange(&e->p2a, 0u) & P2A_WANTED) == 0 || !gate_enter(&e->gate, GATE_ON))
		return;
	e->sink->ready(e->channel);
	end_leave(e);
}

void scmi_mailbox_end_detach(struct scmi_mailbox_end *end)
{
	if ((atomic_fetch_and(&end->gate, ~GATE_HERE) & GATE_HERE) == 0)
		return;
	gate_await(&end->gate, GATE_INSIDE, end->port);
	end->in_order = true; /* or it is nobody's any more */
	tell_wanting(end);
}
