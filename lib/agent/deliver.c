/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in a reply, and what comes of it for the call. */
#include "deliver.h"
#include "latency.h"
#include "../wire/mem.h"

static int fetch(struct link *l, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	if (l->transport.ops->fetch == NULL)
		return SCMI_E_PROTO;
	return l->transport.ops->fetch(l->transport.ctx, rx, offset, dst, len) == SCMI_OK ? SCMI_OK : SCMI_E_PROTO;
}

static int copy_values(struct link *l, struct scmi_call *call, const struct scmi_rx *rx, uint32_t len)
{
	if (len == 0)
		return SCMI_OK;
	if (rx->data == NULL)
		return fetch(l, rx, SCMI_STATUS_BYTES, call->reply, len);
	memcpy(call->reply, (const unsigned char *)rx->data + SCMI_STATUS_BYTES, len);
	return SCMI_OK;
}

static bool is_known(int32_t status)
{
	return status <= SCMI_STATUS_VENDOR_MAX || (status <= SCMI_SUCCESS && status >= SCMI_IN_USE);
}

/* The checks that somebody has asked for. */
static int check_strictly(const struct scmi_agent *a, uint32_t len, int32_t status)
{
	uint32_t checks = atomic_load_explicit(&a->checks, memory_order_relaxed);

	if ((checks & SCMI_CHECK_ALIGNED) != 0 && len % sizeof(uint32_t) != 0)
		return SCMI_E_PROTO;
	if ((checks & SCMI_CHECK_STATUS) != 0 && !is_known(status))
		return SCMI_E_PROTO;
	if ((checks & SCMI_CHECK_VALUES) != 0 && status != SCMI_SUCCESS && len != SCMI_STATUS_BYTES)
		return SCMI_E_PROTO;
	return SCMI_OK;
}

/* The status first, for an error may be a status and nothing more. */
static int read_status(struct link *l, const struct scmi_rx *rx, int32_t *status, uint32_t *values)
{
	unsigned char head[SCMI_STATUS_BYTES];
	int err;

	if (rx->data == NULL && rx->len >= SCMI_STATUS_BYTES && fetch(l, rx, 0, head, sizeof(head)) != SCMI_OK)
		return SCMI_E_PROTO;
	err = scmi_msg_split_reply(rx->data != NULL ? rx->data : head, rx->len, status, values);
	if (err != SCMI_E_PROTO && check_strictly(l->agent, rx->len, *status) != SCMI_OK)
		err = SCMI_E_PROTO;
	/* The word of a reply that is not taken for one means nothing. */
	if (err == SCMI_E_PROTO)
		*status = SCMI_SUCCESS;
	return err;
}

/* Writes the reply into the call. Returns the call's end. */
static int read_reply(struct link *l, struct scmi_call *call, const struct scmi_rx *rx)
{
	uint32_t values;
	uint32_t len;
	int err;

	call->status = SCMI_SUCCESS;
	call->reply_len = 0;
	err = read_status(l, rx, &call->status, &values);
	if (err != SCMI_OK)
		return err;
	len = values < call->reply_cap ? values : call->reply_cap;
	if (copy_values(l, call, rx, len) != SCMI_OK)
		return SCMI_E_PROTO;
	call->reply_len = values;
	return values > len ? SCMI_E_TRUNCATED : SCMI_OK;
}

static void count_end(struct link *l, int err)
{
	enum counter which = C_MALFORMED;

	if (err == SCMI_E_REMOTE)
		which = C_REMOTE;
	else if (err == SCMI_E_TRUNCATED)
		which = C_TRUNCATED;
	count(l, which);
}

/* Single words that anybody may read; the type must not change the layout for that. */
static _Atomic uint32_t *bucket_at(struct scmi_latency *h, uint32_t i)
{
	return (_Atomic uint32_t *)&h->count[i];
}

OWN_FRAME static void note_latency(struct scmi_agent *a, const struct scmi_call *call)
{
	uint32_t us = (uint32_t)now_us(a) - call->sent_;

	for (uint32_t i = 0; i < a->latency_n; i++) {
		struct scmi_latency *h = &a->latency[i];

		if (h->protocol == call->protocol || h->protocol == SCMI_ANY) {
			atomic_fetch_add_explicit(bucket_at(h, scmi__latency_bucket(us)), 1u, memory_order_relaxed);
			return;
		}
	}
}

uint32_t scmi__deliver(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t held)
{
	struct scmi_call *call = s->call;
	int err = read_reply(l, call, rx);

	call->err_ = err;
	if (err != SCMI_OK)
		count_end(l, err);
	if (l->agent->latency_n != 0)
		note_latency(l->agent, call);
	trace(l, SCMI_TRACE_RECV, slot_index(l, s), rx->hdr, rx->len, err);
	return scmi__finish(l, s, held);
}

/* The platform has said that it will not do it: no delayed response will come. HELD_R is ours. */
static void forgive_delayed(struct link *l, struct slot *s)
{
	count_debts(l, fetch_and(&s->word, ~W_OWED_D, memory_order_acq_rel) & W_OWED_D);
}

/* Ends the call by its response: with an error of the platform's no delayed response will come. */
static bool claim_half(struct link *l, struct slot *s, int err)
{
	uint32_t gone = err == SCMI_E_REMOTE ? W_OWED_D : 0u;
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if (!word_claimable(w))
			return false;
	} while (!scmi__swap(s, &w, (w | W_CLAIMED) & ~gone));
	count_debts(l, w & gone);
	return true;
}

uint32_t scmi__deliver_half(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t held)
{
	int32_t status = SCMI_SUCCESS;
	uint32_t values;
	int err = read_status(l, rx, &status, &values);

	trace(l, SCMI_TRACE_RECV, slot_index(l, s), rx->hdr, rx->len, err);
	if (err == SCMI_OK || !claim_half(l, s, err)) {
		if (err == SCMI_E_REMOTE)
			forgive_delayed(l, s);
		return held;
	}
	s->call->status = status;
	s->call->reply_len = 0;
	s->call->err_ = err;
	count_end(l, err);
	return scmi__finish(l, s, held);
}

void scmi__deliver_late(struct link *l, struct slot *s, const struct scmi_rx *rx)
{
	int32_t status = SCMI_SUCCESS;
	uint32_t values;

	if (read_status(l, rx, &status, &values) == SCMI_E_REMOTE)
		forgive_delayed(l, s);
}
