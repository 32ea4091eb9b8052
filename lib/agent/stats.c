/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters. Only exceptions are counted as they happen. What goes well is told by the slots: each take makes an epoch
 * and a debt, so what is neither an exception nor still there went well. All is modulo 2^32.
 */
#include "internal.h"

struct census {
	uint32_t takes;
	uint32_t in_flight;
	uint32_t owed;
	uint32_t quarantined;
};

static struct census look_at_slots(struct scmi_agent *a)
{
	struct census c = {.takes = 0};

	for (uint32_t i = 0; i < a->limit; i++) {
		uint32_t w = atomic_load_explicit(&a->slots[i].word, memory_order_acquire);

		c.takes += w / W_EPOCH;
		if ((w & (W_CALL | W_CLAIMED)) == W_CALL)
			c.in_flight++;
		if ((w & W_OWED_R) != 0 || (w & (W_HOLDS | W_CLAIMED)) == (W_CALL | W_SENDING))
			c.owed++;
		if (word_quarantined(w))
			c.quarantined++;
	}
	return c;
}

static uint32_t counted(struct scmi_agent *a, enum counter which)
{
	return atomic_load_explicit(&a->counts[which], memory_order_relaxed);
}

int scmi_agent_stats(struct scmi_agent *agent, struct scmi_agent_stats *stats)
{
	struct census c;
	uint32_t takes;
	uint32_t replies;

	if (agent == NULL || stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	c = look_at_slots(agent);
	takes = c.takes + counted(agent, C_WRAPPED) * ((UINT32_MAX / W_EPOCH) + 1u);
	replies = takes - counted(agent, C_UNANSWERED) - c.owed; /* responses that were matched, late ones included */
	*stats = (struct scmi_agent_stats){
		.size = sizeof(*stats),
		.submitted = takes - counted(agent, C_REFUSED),
		.remote = counted(agent, C_REMOTE),
		.truncated = counted(agent, C_TRUNCATED),
		.malformed = counted(agent, C_MALFORMED),
		.timed_out = counted(agent, C_TIMED_OUT),
		.cancelled = counted(agent, C_CANCELLED),
		.closed = counted(agent, C_CLOSED),
		.link_lost = counted(agent, C_LINK_LOST),
		.in_flight = c.in_flight,
		.late = counted(agent, C_LATE),
		.stray_token = counted(agent, C_STRAY_TOKEN),
		.stray_protocol = counted(agent, C_STRAY_PROTOCOL),
		.stray_message = counted(agent, C_STRAY_MESSAGE),
		.stray_type = counted(agent, C_STRAY_TYPE),
		.duplicate = counted(agent, C_DUPLICATE),
		.mismatched = counted(agent, C_MISMATCHED),
		.unclaimed = counted(agent, C_UNCLAIMED),
		.dropped = counted(agent, C_DROPPED),
		.refused = counted(agent, C_REFUSED),
		.no_slot = counted(agent, C_NO_SLOT),
		.settled = counted(agent, C_SETTLED),
		.expired = counted(agent, C_EXPIRED),
		.quarantined = c.quarantined,
		.slots = agent->count,
		.max_inflight = agent->limit,
	};
	stats->ok = stats->submitted - stats->remote - stats->truncated - stats->malformed - stats->timed_out -
		    stats->cancelled - stats->closed - stats->link_lost - stats->in_flight;
	stats->accepted = replies - stats->late + counted(agent, C_NOTIFIED);
	stats->received = stats->accepted + stats->late + stats->stray_token + stats->stray_protocol +
			  stats->stray_message + stats->stray_type + stats->duplicate + stats->mismatched +
			  stats->unclaimed + stats->dropped;
	return SCMI_OK;
}
