/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent that is to be quiet, for a suspend. */
#include "internal.h"

/* A call is under way, or a reply is owed; not a call that has ended and nobody waits for. */
static bool is_busy(struct link *l)
{
	for (uint32_t i = 0; i < l->limit; i++) {
		uint32_t w = atomic_load_explicit(&l->slots[i].word, memory_order_seq_cst);

		if ((w & (W_HOLDS & ~W_CALL)) != 0 || word_attended(w))
			return true;
	}
	return false;
}

static bool any_busy(struct scmi_agent *a)
{
	for (uint32_t i = 0; i < a->links_n; i++) {
		if (is_busy(&a->links[i]))
			return true;
	}
	return !scmi__frames_empty(a) || scmi__any_put_off(a);
}

static bool change_quiet(struct scmi_agent *a, bool quiet)
{
	bool changed = false;

	for (uint32_t i = 0; i < a->links_n; i++) {
		_Atomic uint32_t *gate = &a->links[i].gate;
		uint32_t old = quiet ? fetch_or(gate, GATE_QUIET, memory_order_seq_cst)
				     : fetch_and(gate, ~GATE_QUIET, memory_order_seq_cst);

		changed = changed || ((old & GATE_QUIET) != 0) != quiet;
	}
	return changed;
}

int scmi_agent_quiesce(struct scmi_agent *agent, uint64_t until_us)
{
	if (agent == NULL)
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	if (gate_state(load_gate(&agent->links[0])) == LINK_STOPPED)
		return SCMI_E_CLOSED;
	(void)change_quiet(agent, true);
	scmi__wake_all(agent); /* who waits for a slot gets none */
	while (any_busy(agent)) {
		if (until_us != SCMI_NEVER && now_us(agent) >= until_us)
			return SCMI_E_INPROGRESS;
		if (scmi_agent_poll(agent, POLL_BATCH) == 0)
			relax(agent);
	}
	return SCMI_OK;
}

int scmi_agent_resume(struct scmi_agent *agent)
{
	return agent != NULL && change_quiet(agent, false) ? SCMI_OK : SCMI_E_INVAL;
}
