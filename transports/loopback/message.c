/* SPDX-License-Identifier: BSD-3-Clause */
/* The way of a command through its record, common to both modes. */
#include "internal.h"

/*
 * The record is still the platform's: a command of an earlier life of this slot has not been answered. The exchange and
 * the one in scmi__loopback_ready() order the two sides: either we see the record come home, or its bringer sees us.
 */
static bool still_busy(struct scmi_loopback *lb, struct record *rec)
{
	atomic_exchange_explicit(&lb->starved, 1u, memory_order_acq_rel);
	return atomic_load_explicit(&rec->busy, memory_order_acquire) != 0;
}

/* Takes the slot's record and copies the command into it. The acquire load sees what the platform end's start wrote. */
int scmi__loopback_take(struct scmi_loopback *lb, const struct scmi_tx *tx, struct record **taken)
{
	struct record *rec = record_at(lb, tx->slot);

	if (tx->len > lb->max_payload)
		return SCMI_E_TOOBIG;
	if ((atomic_load_explicit(&lb->agent, memory_order_acquire) & GATE_PEER) == 0)
		return SCMI_E_NOPEER;
	if (atomic_load_explicit(&rec->busy, memory_order_acquire) != 0 && still_busy(lb, rec))
		return SCMI_E_BUSY;

	atomic_store_explicit(&rec->busy, 1u, memory_order_relaxed); /* one send a slot at a time: no race here */
	rec->life = atomic_load_explicit(&lb->life, memory_order_relaxed);
	rec->token = tx->token;
	rec->req.hdr = tx->hdr;
	rec->req.len = tx->len;
	rec->req.in_place = 0;
	if (tx->len != 0)
		memcpy(rec->params, tx->payload, tx->len);
	*taken = rec;
	return SCMI_OK;
}

void scmi__loopback_home(struct scmi_loopback *lb, struct record *rec)
{
	(void)lb;
	atomic_store_explicit(&rec->busy, 0u, memory_order_release);
}

/*
 * Hands the reply to the agent; the caller is inside the agent's gate, or inside send(). The record goes home first: a
 * done function may submit, and the next command of this slot come here, before rx() returns. The reply's bytes are read
 * before that, because the core frees the slot only after it has copied them.
 */
void scmi__loopback_deliver(struct scmi_loopback *lb, struct record *rec, uint32_t len)
{
	const struct scmi_rx rx = {
		.hdr = rec->req.hdr,
		.len = len,
		.data = rec->req.reply,
		.token = rec->token,
	};

	scmi__loopback_home(lb, rec);
	if (len == 0 || len > lb->max_payload)
		lb->sink->settle(lb->core, rx.token, SCMI_E_PROTO);
	else
		lb->sink->rx(lb->core, &rx);
}

/* A record that a send may have been refused for has come home. */
void scmi__loopback_ready(struct scmi_loopback *lb)
{
	if (atomic_exchange_explicit(&lb->starved, 0u, memory_order_acq_rel) == 0 || !scmi__loopback_enter(&lb->agent))
		return;
	lb->sink->ready(lb->core);
	scmi__loopback_leave(&lb->agent);
}
