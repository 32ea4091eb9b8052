/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's way of what the platform sends unasked. */
#include "agent.h"

#define EVENT_HERE 2u /* in incoming.has; SCMI_SHMEM_INTR: and the platform wants to be rung */

void scmi__mailbox_give_back(struct mailbox *m, struct incoming *in)
{
	const bool asks = (in->has & SCMI_SHMEM_INTR) != 0;

	in->has = 0;
	scmi__shmem_give(&m->area[SCMI_MAILBOX_P2A], m->port, SCMI_SHMEM_FREE);
	if (!asks || !m->rings)
		return;
	mailbox_count_own(&m->rung_back);
	(void)m->bell->ring(m->bell->ctx, SCMI_MAILBOX_RX_REPLY);
}

static void deliver_event(struct mailbox *m)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_P2A];
	struct incoming in;
	struct scmi_rx rx;
	_Atomic uint32_t *fault;

	in.has = EVENT_HERE | (shmem_load(area, SCMI_SHMEM_FLAGS) & SCMI_SHMEM_INTR);
	fault = scmi__mailbox_fault_of(m, area, &rx, shmem_load(area, SCMI_SHMEM_LENGTH));
	mailbox_count_own(&m->events);
	if (fault != NULL) {
		scmi__mailbox_count(fault);
	} else {
		in.left = rx.len;
		rx.data = NULL;
		rx.cookie = &in;
		rx.token = SCMI_TOKEN_ANY;
		if (rx.len == 0)
			scmi__mailbox_give_back(m, &in);
		(void)m->sink->rx(m->core, &rx);
	}
	if (in.has != 0)
		scmi__mailbox_give_back(m, &in);
}

/* False: another context is at it; it sees that one more has come. */
static bool begin_events(struct mailbox *m)
{
	uint32_t w = 0;

	while (!atomic_compare_exchange_weak(&m->p2a, &w, w == 0 ? P2A_TAKING : P2A_AGAIN))
		;
	return w == 0;
}

/* For what is left: the descriptor is readable again, and who has fallen asleep beside us looks. */
static void hand_over(struct mailbox *m)
{
	if (m->bell != NULL && m->bell->raise != NULL)
		m->bell->raise(m->bell->ctx);
	scmi__mailbox_wake(m);
}

/*
 * One context takes, and looks again when it has said that it does not any more: a doorbell that found it taking was
 * sent away. The store and the look are sequentially consistent, as are the platform's FREE cleared and its doorbell's
 * exchange here.
 *
 * Up to `most`, or a platform that writes as fast as we read would keep us here. What stands there at the limit was
 * written after our last FREE, and rung for after that. If its doorbell has not been sent away it will take it, or has
 * made the descriptor readable. If it has, in the last turn, that turn saw it: with interrupts we take that message in
 * its stead, one for each that was rung for; without them somebody polls, and is told to.
 */
uint32_t scmi__mailbox_take_events(struct mailbox *m, uint32_t most)
{
	uint32_t limit = most;
	uint32_t turns = 0;
	uint32_t n = 0;

	while (mailbox_event_is_there(m)) {
		if (turns == limit) {
			hand_over(m);
			break;
		}
		if (!begin_events(m))
			break;
		if (mailbox_event_is_there(m)) {
			deliver_event(m);
			n++;
		}
		turns++;
		if (atomic_exchange(&m->p2a, 0u) == P2A_AGAIN && turns == limit && (m->caps & SCMI_CAP_IRQ) != 0)
			limit++;
	}
	return n < most ? n : most;
}
