/* SPDX-License-Identifier: BSD-3-Clause */
/* Synchronous mode: the request runs on the sender's stack, the reply on the stack of whoever gives it. */
#include "internal.h"

/*
 * Each record is one sender's at a time, so that counting takes no locked instruction; only a reader may be beside it.
 */
static void note_request(struct record *rec)
{
	const uint32_t n = atomic_load_explicit(&rec->requests, memory_order_relaxed);

	atomic_store_explicit(&rec->requests, n + 1u, memory_order_relaxed);
}

/*
 * The answer at once needs no gate and no look at the life: the agent is not stopped while it is inside send(). The
 * slot is in use until the reply has been delivered, so that nobody is refused for the record meanwhile.
 */
static int send_now(void *ctx, const struct scmi_tx *tx)
{
	struct scmi_loopback *lb = ctx;
	struct record *rec;
	const int err = take(lb, tx, &rec);
	uint32_t len;

	if (err != SCMI_OK)
		return err;
	note_request(rec);
	len = lb->up->request(lb->channel, &rec->req);
	if (len != SCMI_REPLY_LATER) /* else the record may be the next command's already */
		deliver(lb, rec, len);
	return SCMI_OK;
}

static uint32_t delivered(void *ctx)
{
	const struct scmi_loopback *lb = ctx;
	uint32_t n = 0;

	for (uint32_t i = 0; i < lb->max_inflight; i++)
		n += atomic_load_explicit(&record_at(lb, i)->requests, memory_order_relaxed);
	return n;
}

/* A reply of an earlier life is dropped. Life changes only while nobody is inside the gate, nor inside send(). */
static void deliver_or_drop(struct scmi_loopback *lb, struct record *rec, uint32_t len)
{
	if (rec->life == atomic_load_explicit(&lb->life, memory_order_relaxed))
		deliver(lb, rec, len);
	else
		home(rec);
}

static void reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct scmi_loopback *lb = ctx;
	struct record *rec = (struct record *)(void *)req;

	if (scmi__loopback_enter(&lb->agent)) {
		deliver_or_drop(lb, rec, len);
		scmi__loopback_leave(&lb->agent);
	} else {
		home(rec);
	}
	scmi__loopback_ready(lb);
}

/* The platform lends the payload until we return, which is all that rx() wants. */
static int send_up(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_loopback *lb = ctx;
	const struct scmi_rx rx = {
		.hdr = hdr,
		.len = len,
		.data = len != 0 ? payload : &rx,
		.token = SCMI_TOKEN_ANY,
	};

	if (len > lb->max_payload)
		return SCMI_E_TOOBIG;
	if (!scmi__loopback_enter(&lb->agent))
		return SCMI_E_NOPEER;
	lb->sink->rx(lb->core, &rx);
	scmi__loopback_leave(&lb->agent);
	return SCMI_OK;
}

const struct scmi_transport_ops scmi__loopback_sync = {
	.version = SCMI_TRANSPORT_V1,
	.name = "loopback",
	.start = scmi__loopback_start,
	.stop = scmi__loopback_stop,
	.send = send_now,
};

const struct scmi_endpoint_ops scmi__loopback_sync_end = {
	.version = SCMI_ENDPOINT_V1,
	.name = "loopback",
	.start = scmi__loopback_end_start,
	.stop = scmi__loopback_end_stop,
	.reply = reply,
	.send = send_up,
	.delivered = delivered,
};
