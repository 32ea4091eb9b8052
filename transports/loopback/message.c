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

/* Why a command cannot be taken; the record may have come home meanwhile. */
int scmi__loopback_refuse(struct scmi_loopback *lb, const struct scmi_tx *tx)
{
	struct record *rec = record_at(lb, tx->slot);

	if (tx->len > lb->max_payload)
		return SCMI_E_TOOBIG;
	if ((atomic_load_explicit(&lb->agent, memory_order_acquire) & GATE_PEER) == 0)
		return SCMI_E_NOPEER;
	return atomic_load_explicit(&rec->busy, memory_order_acquire) != 0 && still_busy(lb, rec) ? SCMI_E_BUSY
												  : SCMI_OK;
}

/* A record that a send may have been refused for has come home. */
void scmi__loopback_ready(struct scmi_loopback *lb)
{
	if (atomic_exchange_explicit(&lb->starved, 0u, memory_order_acq_rel) == 0 || !scmi__loopback_enter(&lb->agent))
		return;
	lb->sink->ready(lb->core);
	scmi__loopback_leave(&lb->agent);
}
