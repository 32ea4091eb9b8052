/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's way of commands, into the area.
 *
 * The order of a send: the message, FREE cleared, SENT in the word, a look whether FREE stands already, the doorbell.
 * An interrupt that comes before SENT finds nothing to take; the look after SENT is there for its sake. Both, and the
 * platform's FREE before its doorbell, are sequentially consistent: one of the two sees the answer.
 */
#include "agent.h"
#include "short.h"

/* No room: ready() is owed. Where the platform has given the area back just now, nobody else may be there to see it. */
static int refuse(struct mailbox *m)
{
	(void)scmi__mailbox_take_reply(m);
	return SCMI_E_BUSY;
}

/* The area is ours, for the next number; *sent is what the word will be when the platform has the command. */
HOT int begin_command(struct mailbox *m, uint32_t *sent)
{
	uint32_t w = atomic_load_explicit(&m->a2p, memory_order_relaxed);

	for (;;) {
		if ((w & A2P_STATE) != A2P_IDLE) {
			if (atomic_compare_exchange_weak(&m->a2p, &w, w | A2P_WANTED))
				return refuse(m);
		} else if (atomic_compare_exchange_weak(&m->a2p, &w, w + A2P_NUMBER + A2P_WRITING)) {
			*sent = w + A2P_NUMBER + A2P_SENT; /* idle is 0, and nobody is wanted then */
			return SCMI_OK;
		}
	}
}

/* The platform has taken the area by itself, or never put it in order. */
static int refuse_taken(struct mailbox *m)
{
	atomic_fetch_or(&m->a2p, A2P_WANTED);
	atomic_fetch_xor(&m->a2p, A2P_WRITING ^ A2P_LEFT);
	return refuse(m);
}

/*
 * The doorbell has failed: the platform will not look. If the answer is there all the same, or has been taken by somebody
 * else, the command was sent; what stands there then may be another one's.
 */
static int take_back(struct mailbox *m, uint32_t sent, int err)
{
	uint32_t w = atomic_load(&m->a2p);

	if (scmi__mailbox_take_reply(m))
		return SCMI_OK;
	do {
		if ((w & ~A2P_WANTED) != sent)
			return SCMI_OK;
	} while (!atomic_compare_exchange_weak(&m->a2p, &w, (w & ~A2P_STATE) | A2P_WRITING));
	atomic_store_explicit(&m->commands, atomic_load_explicit(&m->commands, memory_order_relaxed) - 1u,
			      memory_order_relaxed);
	mailbox_count(&m->taken_back);
	scmi__shmem_give(&m->area[SCMI_MAILBOX_A2P], m->port, SCMI_SHMEM_FREE);
	scmi__mailbox_set_idle(m);
	return err == SCMI_E_IO || err == SCMI_E_LINK ? err : SCMI_E_NOPEER;
}

/*
 * Writes it and gives the area away, and asks for a doorbell even where the sender polls: the area is everybody's, and
 * he may have gone when it is free again. A platform that is rung may have been stopped when the doorbell came, and looks
 * when it starts: one of the two sees the command. One that polls looks again.
 */
HOT void give_command(const struct mailbox *m, const struct scmi_tx *tx)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];

	if (tx->len % 4u == 0 && short_command(tx->len, m->brief)) {
		short_write(area, tx->hdr, tx->payload, tx->len, m->flags);
		short_give(area, 0u, m->rings);
	} else {
		scmi__shmem_write(area, tx->hdr, tx->payload, tx->len, m->flags);
		scmi__shmem_give(area, m->port, 0u);
	}
}

/* SENT stands after FREE is cleared, so that what looks like an answer is one; the look at it comes after both. */
static int send_inside(struct mailbox *m, const struct scmi_tx *tx)
{
	uint32_t sent;
	int err = begin_command(m, &sent);

	if (err != SCMI_OK)
		return err;
	if (!mailbox_area_is_free(m, SCMI_MAILBOX_A2P))
		return refuse_taken(m);
	atomic_store_explicit(&m->token, tx->token, memory_order_relaxed);
	mailbox_count_own(&m->commands);
	give_command(m, tx);
	atomic_fetch_xor(&m->a2p, A2P_WRITING ^ A2P_SENT);
	if (m->looks && mailbox_area_is_free(m, SCMI_MAILBOX_A2P) && scmi__mailbox_take_reply(m)) {
		mailbox_count(&m->unrung);
		return SCMI_OK;
	}
	if (!m->rings)
		return SCMI_OK;
	err = m->bell->ring(m->bell->ctx, SCMI_MAILBOX_TX);
	if (err != SCMI_OK)
		return take_back(m, sent, err);
	if ((m->caps & SCMI_CAP_SYNC_SEND) != 0)
		(void)scmi__mailbox_take_reply(m);
	return SCMI_OK;
}

int scmi__mailbox_send(void *ctx, const struct scmi_tx *tx)
{
	struct mailbox *m = ctx;
	int err;

	if (tx->len > m->max_payload)
		return SCMI_E_TOOBIG;
	if (!mailbox_enter(m))
		return SCMI_E_NOPEER;
	err = send_inside(m, tx);
	mailbox_leave(m);
	return err;
}
