/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters. Only exceptions are counted as they happen. What goes well is told by the slots: each take makes an epoch
 * and a debt, so what is neither an exception nor still there went well. All is modulo 2^32.
 */
#include "internal.h"

void scmi__count(struct link *l, enum counter which)
{
	add_one(l, which);
}

void scmi__count_debts(struct link *l, uint32_t w)
{
	add_debts(l, w);
}

struct census {
	uint32_t takes;
	uint32_t in_flight;
	uint32_t owed;
	uint32_t queued;
	uint32_t quarantined;
};

static struct census look_at_slots(const struct link *l)
{
	struct census c = {.takes = 0};

	for (uint32_t i = 0; i < l->limit; i++) {
		uint32_t w = atomic_load_explicit(&l->slots[i].word, memory_order_acquire);

		c.takes += w / W_EPOCH;
		if ((w & (W_CALL | W_CLAIMED)) == W_CALL)
			c.in_flight++;
		/* What has yet to be sent will be owed. */
		if ((w & (W_OWED_R | W_QUEUED)) != 0 || (w & (W_HOLDS | W_CLAIMED)) == (W_CALL | W_SENDING))
			c.owed++;
		if ((w & W_OWED_D) != 0)
			c.owed++;
		if ((w & W_QUEUED) != 0)
			c.queued++;
		if (word_quarantined(w))
			c.quarantined++;
	}
	return c;
}

static uint32_t counted(const struct link *l, enum counter which)
{
	return atomic_load_explicit(&l->counts[which], memory_order_relaxed);
}

static void add_calls(const struct link *l, const struct census *c, uint32_t takes, struct scmi_agent_stats *s)
{
	uint32_t submitted = takes - counted(l, C_REFUSED);
	uint32_t ended_otherwise = counted(l, C_REMOTE) + counted(l, C_TRUNCATED) + counted(l, C_MALFORMED) +
				   counted(l, C_TIMED_OUT) + counted(l, C_CANCELLED) + counted(l, C_CLOSED) +
				   counted(l, C_LINK_LOST);

	s->submitted += submitted;
	s->ok += submitted - ended_otherwise - c->in_flight;
	s->remote += counted(l, C_REMOTE);
	s->truncated += counted(l, C_TRUNCATED);
	s->malformed += counted(l, C_MALFORMED);
	s->timed_out += counted(l, C_TIMED_OUT);
	s->cancelled += counted(l, C_CANCELLED);
	s->closed += counted(l, C_CLOSED);
	s->link_lost += counted(l, C_LINK_LOST);
	s->in_flight += c->in_flight;
}

static void add_messages(const struct link *l, uint32_t replies, struct scmi_agent_stats *s)
{
	uint32_t accepted = replies - counted(l, C_LATE) + counted(l, C_NOTIFIED);
	uint32_t stray = counted(l, C_STRAY_TOKEN) + counted(l, C_STRAY_PROTOCOL) + counted(l, C_STRAY_MESSAGE) +
			 counted(l, C_STRAY_TYPE) + counted(l, C_STRAY_HEADER);

	s->received += accepted + counted(l, C_LATE) + stray + counted(l, C_DUPLICATE) + counted(l, C_MISMATCHED) +
		       counted(l, C_UNCLAIMED) + counted(l, C_DROPPED);
	s->accepted += accepted;
	s->late += counted(l, C_LATE);
	s->stray_token += counted(l, C_STRAY_TOKEN);
	s->stray_protocol += counted(l, C_STRAY_PROTOCOL);
	s->stray_message += counted(l, C_STRAY_MESSAGE);
	s->stray_type += counted(l, C_STRAY_TYPE);
	s->stray_header += counted(l, C_STRAY_HEADER);
	s->duplicate += counted(l, C_DUPLICATE);
	s->mismatched += counted(l, C_MISMATCHED);
	s->unclaimed += counted(l, C_UNCLAIMED);
	s->dropped += counted(l, C_DROPPED);
}

static void add_link(const struct link *l, struct scmi_agent_stats *s)
{
	struct census c = look_at_slots(l);
	uint32_t takes = c.takes + counted(l, C_WRAPPED) * ((UINT32_MAX / W_EPOCH) + 1u);

	add_calls(l, &c, takes, s);
	/* Each take makes a debt, a delayed command one more: what did not end without a message was matched to one. */
	add_messages(l, takes + counted(l, C_DELAYED) - counted(l, C_UNANSWERED) - c.owed, s);
	s->refused += counted(l, C_REFUSED);
	s->no_slot += counted(l, C_NO_SLOT);
	s->queued += c.queued;
	s->settled += counted(l, C_SETTLED);
	s->expired += counted(l, C_EXPIRED);
	s->quarantined += c.quarantined;
	s->recovered += counted(l, C_RECOVERED);
	s->slots += l->count;
	s->max_inflight += l->limit;
}

int scmi_agent_stats(struct scmi_agent *agent, uint32_t link, struct scmi_agent_stats *stats)
{
	if (agent == NULL || stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	if (link >= agent->links_n && link != SCMI_ALL_LINKS)
		return SCMI_E_INVAL;
	*stats = (struct scmi_agent_stats){.size = sizeof(*stats)};
	for (uint32_t i = 0; i < agent->links_n; i++) {
		if (link == i || link == SCMI_ALL_LINKS)
			add_link(&agent->links[i], stats);
	}
	return SCMI_OK;
}
