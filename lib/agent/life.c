/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, and a link that goes down and comes back. */
#include "internal.h"

int scmi_agent_start(struct scmi_agent *agent)
{
	uint32_t state = LINK_STOPPED;
	int err;

	if (agent == NULL)
		return SCMI_E_INVAL;
	/* STARTING: receive works, for upcalls may come before start has returned; submits are refused. */
	if (!atomic_compare_exchange_strong_explicit(&agent->state, &state, LINK_STARTING, memory_order_seq_cst,
						     memory_order_relaxed))
		return SCMI_E_INVAL;
	err = agent->transport.ops->start(agent->transport.ctx, &scmi__sink, agent);
	if (err != SCMI_OK) {
		atomic_store_explicit(&agent->state, LINK_STOPPED, memory_order_seq_cst);
		return err;
	}
	state = LINK_STARTING;
	/* Not if the transport has said meanwhile that its peer is not there yet. */
	(void)atomic_compare_exchange_strong_explicit(&agent->state, &state, LINK_UP, memory_order_seq_cst,
						      memory_order_relaxed);
	return SCMI_OK;
}

static bool claim(struct slot *s, uint32_t w)
{
	return atomic_compare_exchange_strong_explicit(&s->word, &w, w | W_CLAIMED, memory_order_acq_rel,
						       memory_order_relaxed);
}

/* Somebody is at work on this slot and will leave it: all but a call that has ended and whose waiter is yet to come. */
static bool busy(uint32_t w)
{
	if ((w & (W_QUEUED | W_SENDING | W_HELD)) != 0)
		return true;
	return (w & W_CALL) != 0 && (w & (W_DONE | W_LOOSE)) != (W_DONE | W_LOOSE);
}

/* Ends the slot's call and waits until everybody has left it. */
static void clear_slot(struct scmi_agent *a, struct slot *s)
{
	for (;;) {
		/* seq_cst: against take, which marks the word and then looks at the state. */
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);

		if (word_claimable(w)) {
			if (claim(s, w))
				scmi__end(a, s, SCMI_E_CLOSED, 0);
			continue;
		}
		if (!busy(w))
			return;
		if (a->deferred && atomic_load_explicit(&a->put_off, memory_order_seq_cst) != 0)
			(void)scmi__run_put_off(a);
		else
			a->port->relax(a->port->ctx);
	}
}

int scmi_agent_stop(struct scmi_agent *agent)
{
	if (agent == NULL)
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	if (atomic_exchange_explicit(&agent->state, LINK_STOPPED, memory_order_seq_cst) == LINK_STOPPED)
		return SCMI_OK;
	for (uint32_t i = 0; i < agent->limit; i++)
		clear_slot(agent, &agent->slots[i]);
	agent->transport.ops->stop(agent->transport.ctx);
	for (uint32_t i = 0; i < agent->limit; i++)
		scmi__forgive(agent, &agent->slots[i]);
	while (!scmi__frames_empty(agent) || atomic_load_explicit(&agent->pollers, memory_order_seq_cst) != 0)
		agent->port->relax(agent->port->ctx);
	return SCMI_OK;
}

int scmi_agent_fini(struct scmi_agent *agent)
{
	int err = scmi_agent_stop(agent);

	if (err != SCMI_OK)
		return err;
	for (uint32_t i = 0; i < agent->waiter_count; i++)
		agent->port->event_fini(agent->port->ctx, waiter_event(agent, i));
	return SCMI_OK;
}

void scmi__link_ready(void *core)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint32_t state = LINK_DOWN;

	(void)atomic_compare_exchange_strong_explicit(&a->state, &state, LINK_UP, memory_order_seq_cst,
						      memory_order_relaxed);
}

void scmi__link_down(void *core, int err)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint32_t state = atomic_load_explicit(&a->state, memory_order_relaxed);

	do {
		if (state == LINK_STOPPED)
			return; /* stop ends the calls itself */
	} while (!atomic_compare_exchange_weak_explicit(&a->state, &state, LINK_DOWN, memory_order_seq_cst,
							memory_order_relaxed));
	for (uint32_t i = 0; i < a->limit; i++) {
		struct slot *s = &a->slots[i];
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);

		while (word_claimable(w)) {
			if (claim(s, w)) {
				scmi__end(a, s, err < 0 ? err : SCMI_E_LINK, 0);
				break;
			}
			w = atomic_load_explicit(&s->word, memory_order_seq_cst);
		}
		scmi__forgive(a, s);
	}
}
