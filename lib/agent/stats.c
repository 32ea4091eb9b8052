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

/* Members that follow each other as their counters do are added in a row. */
#define ROW(first, last, from, to)                                                                                     \
	_Static_assert(offsetof(struct scmi_agent_stats, last) - offsetof(struct scmi_agent_stats, first) ==           \
			       ((to) - (from)) * sizeof(uint32_t),                                                     \
		       "in one order: " #first " to " #last)

ROW(remote, timed_out, C_REMOTE, C_TIMED_OUT);
ROW(remote, link_lost, C_REMOTE, C_LINK_LOST);
ROW(late, stray_header, C_LATE, C_STRAY_HEADER);
ROW(late, dropped, C_LATE, C_DROPPED);
ROW(refused, no_slot, C_REFUSED, C_NO_SLOT);
ROW(settled, expired, C_SETTLED, C_EXPIRED);

/* Adds the counters of a row, whose first member stands at this offset. Returns their sum. */
static uint32_t add_row(const struct link *l, struct scmi_agent_stats *s, size_t at, enum counter from, enum counter to)
{
	uint32_t *member = (uint32_t *)(void *)((unsigned char *)s + at);
	uint32_t sum = 0;

	for (enum counter which = from; which <= to; which++) {
		uint32_t n = counted(l, which);

		*member++ += n;
		sum += n;
	}
	return sum;
}

static void add_link(const struct link *l, struct scmi_agent_stats *s)
{
	struct census c = look_at_slots(l);
	uint32_t takes = c.takes + counted(l, C_WRAPPED) * ((UINT32_MAX / W_EPOCH) + 1u);
	uint32_t submitted = takes - counted(l, C_REFUSED);
	/* Each take makes a debt, a delayed command one more: what did not end without a message was matched to one. */
	uint32_t replies = takes + counted(l, C_DELAYED) - counted(l, C_UNANSWERED) - c.owed;
	uint32_t accepted = replies - counted(l, C_LATE) + counted(l, C_NOTIFIED);

	s->submitted += submitted;
	s->ok += submitted - c.in_flight -
		 add_row(l, s, offsetof(struct scmi_agent_stats, remote), C_REMOTE, C_LINK_LOST);
	s->in_flight += c.in_flight;
	s->accepted += accepted;
	s->received += accepted + add_row(l, s, offsetof(struct scmi_agent_stats, late), C_LATE, C_DROPPED);
	(void)add_row(l, s, offsetof(struct scmi_agent_stats, refused), C_REFUSED, C_NO_SLOT);
	(void)add_row(l, s, offsetof(struct scmi_agent_stats, settled), C_SETTLED, C_EXPIRED);
	s->recovered += counted(l, C_RECOVERED);
	s->queued += c.queued;
	s->quarantined += c.quarantined;
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
