/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, and a link that goes down and comes back. */
#include "internal.h"

/* What the transport said of its peer decides what comes after the start. */
static void open_link(struct scmi_agent *a)
{
	uint32_t state = atomic_load_explicit(&a->state, memory_order_relaxed);

	while (!atomic_compare_exchange_weak_explicit(&a->state, &state, state == LINK_STARTING ? LINK_UP : LINK_DOWN,
						      memory_order_seq_cst, memory_order_relaxed))
		;
}

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
	open_link(agent);
	return SCMI_OK;
}

static bool claim(struct slot *s, uint32_t w)
{
	return atomic_compare_exchange_strong_explicit(&s->word, &w, w | W_CLAIMED, memory_order_acq_rel,
						       memory_order_relaxed);
}

bool scmi__enter(struct scmi_agent *a)
{
	uint32_t state;

	/* seq_cst: counted before the look at the state; stop stores the state before it looks at the count. */
	atomic_fetch_add_explicit(&a->visitors, 1u, memory_order_seq_cst);
	state = atomic_load_explicit(&a->state, memory_order_seq_cst);
	if (state == LINK_UP || state == LINK_DOWN)
		return true;
	scmi__leave(a);
	return false;
}

void scmi__leave(struct scmi_agent *a)
{
	atomic_fetch_sub_explicit(&a->visitors, 1u, memory_order_seq_cst);
}

/* A caller or a sender is at work on this slot, or a done function is due: not a call that nobody waits for yet. */
static bool attended(uint32_t w)
{
	if ((w & (W_QUEUED | W_SENDING)) != 0)
		return true;
	return (w & W_CALL) != 0 && (w & (W_DONE | W_LOOSE)) != (W_DONE | W_LOOSE);
}

static void pause(struct scmi_agent *a)
{
	/* Where all frames are taken whoever is inside them must get its turn. */
	if (!a->deferred || atomic_load_explicit(&a->put_off, memory_order_seq_cst) == 0 || scmi__run_put_off(a) < 0)
		a->port->relax(a->port->ctx);
}

/* Ends the slot's call, and waits until whoever attends to it is through. A transport may hold it still. */
static void close_slot(struct scmi_agent *a, struct slot *s)
{
	for (;;) {
		/* seq_cst: against take, which marks the word and then looks at the state. */
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);

		if (word_claimable(w)) {
			if (claim(s, w))
				scmi__end(a, s, SCMI_E_CLOSED, 0);
		} else if (attended(w)) {
			pause(a);
		} else {
			return;
		}
	}
}

/* The transport has stopped: what it held has been released, and what the peer owed will not come. */
static void clear_slot(struct scmi_agent *a, struct slot *s)
{
	while ((atomic_load_explicit(&s->word, memory_order_seq_cst) & W_HELD) != 0)
		pause(a);
	scmi__forgive(a, s);
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
		close_slot(agent, &agent->slots[i]);
	while (atomic_load_explicit(&agent->visitors, memory_order_seq_cst) != 0)
		pause(agent);
	agent->transport.ops->stop(agent->transport.ctx);
	for (uint32_t i = 0; i < agent->limit; i++)
		clear_slot(agent, &agent->slots[i]);
	while (!scmi__frames_empty(agent))
		pause(agent);
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
	uint32_t state = atomic_load_explicit(&a->state, memory_order_relaxed);

	do {
		if (state != LINK_DOWN && state != LINK_STARTING_DOWN)
			return;
	} while (!atomic_compare_exchange_weak_explicit(&a->state, &state, state == LINK_DOWN ? LINK_UP : LINK_STARTING,
							memory_order_seq_cst, memory_order_relaxed));
}

static uint32_t without_peer(uint32_t state)
{
	return state == LINK_UP || state == LINK_DOWN ? LINK_DOWN : LINK_STARTING_DOWN;
}

void scmi__link_down(void *core, int err)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint32_t state = atomic_load_explicit(&a->state, memory_order_relaxed);

	do {
		if (state == LINK_STOPPED)
			return; /* stop ends the calls itself */
	} while (!atomic_compare_exchange_weak_explicit(&a->state, &state, without_peer(state), memory_order_seq_cst,
							memory_order_relaxed));
	for (uint32_t i = 0; i < a->limit; i++) {
		struct slot *s = &a->slots[i];
		uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);

		while (word_claimable(w)) {
			if (claim(s, w)) {
				scmi__end(a, s, link_error(err, SCMI_E_LINK), 0);
				break;
			}
			w = atomic_load_explicit(&s->word, memory_order_seq_cst);
		}
		scmi__forgive(a, s);
	}
}
