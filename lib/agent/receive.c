/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a message to the end of a call. Takes no lock, never waits, and trusts nothing that the peer wrote: a reply gets
 * in only if token, epoch, protocol, message, type and state all agree, by one compare-and-swap on the slot's word.
 */
#include "internal.h"
#include "../wire/mem.h"

#define SHORT_REPLY 20u /* bytes of values; replies of fewer, whole words, are copied in place */

enum xfer_state { XFER_NONE, XFER_RESPONSE, XFER_COMPLETED, XFER_EVENT, XFER_EVENT_DONE };

/* Counts a message that is only to be dropped. */
int scmi__refuse(struct scmi_agent *a, uint32_t hdr, uint32_t len, enum counter which, int err, const char *why)
{
	count(a, which);
	trace(a, SCMI_TRACE_REFUSE, SLOT_NONE, hdr, len, err, why);
	return err;
}

/* Why a response does not belong to what the slot holds; NULL, or a slot that was never taken: it is none of ours. */
static int refuse_response(struct scmi_agent *a, uint32_t hdr, uint32_t len, struct slot *s)
{
	uint32_t stored = s != NULL ? atomic_load_explicit(&s->hdr, memory_order_relaxed) : 0u;

	if (s == NULL || atomic_load_explicit(&s->word, memory_order_relaxed) < W_EPOCH ||
	    scmi_hdr_token(hdr) != scmi_hdr_token(stored))
		return scmi__refuse(a, hdr, len, C_STRAY_TOKEN, SCMI_E_STRAY, "stray_token");
	if (scmi_hdr_protocol(hdr) != scmi_hdr_protocol(stored))
		return scmi__refuse(a, hdr, len, C_STRAY_PROTOCOL, SCMI_E_STRAY, "stray_protocol");
	if (scmi_hdr_message(hdr) != scmi_hdr_message(stored))
		return scmi__refuse(a, hdr, len, C_STRAY_MESSAGE, SCMI_E_STRAY, "stray_message");
	return scmi__refuse(a, hdr, len, C_DUPLICATE, SCMI_E_STRAY, "duplicate");
}

/* The reply to a call that has ended settles the debt: one step from owed to gone. */
static bool take_late(struct slot *s, uint32_t w)
{
	uint32_t n = w & ~W_OWED_R;

	if ((n & W_HOLDS) == 0)
		n &= ~W_LOW;
	return atomic_compare_exchange_strong_explicit(&s->word, &w, n, memory_order_acq_rel, memory_order_relaxed);
}

static inline struct slot *slot_of(struct scmi_agent *a, uint32_t hdr)
{
	uint32_t index = scmi_hdr_token(hdr) & (a->count - 1u);

	return index < a->limit ? &a->slots[index] : NULL;
}

/*
 * Matches a response to the slot of its token: from OWED_R to HELD_R, which is ours then, and with `claim` the call's end
 * too. *word is the word as we leave it, *room the call's. MATCH_LATE: its call had ended, the debt is settled.
 */
enum match { MATCHED, MATCH_LATE, MATCH_NOT };

HOT enum match match(struct slot *s, uint32_t hdr, uint32_t claim, uint32_t *word, uint32_t *room)
{
	for (;;) {
		/* acquire: pairs with publish, so that header and room are those of this word's life or a later one. */
		uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
		uint32_t stored = atomic_load_explicit(&s->hdr, memory_order_relaxed);
		uint32_t n = (w & ~W_OWED_R) | W_HELD_R | claim;

		if (((hdr ^ stored) & ~SCMI_HDR_RESERVED) != 0 || (w & W_OWED_R) == 0)
			return MATCH_NOT;
		if ((w & (W_CALL | W_CLAIMED)) != W_CALL) {
			if (take_late(s, w))
				return MATCH_LATE;
			continue;
		}
		if (room != NULL)
			*room = atomic_load_explicit(&s->room, memory_order_relaxed);
		if (atomic_compare_exchange_strong_explicit(&s->word, &w, n, memory_order_acq_rel,
							    memory_order_relaxed)) {
			*word = n;
			return MATCHED;
		}
	}
}

static int fetch(struct scmi_agent *a, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	if (a->transport.ops->fetch == NULL)
		return SCMI_E_PROTO;
	return a->transport.ops->fetch(a->transport.ctx, rx, offset, dst, len) == SCMI_OK ? SCMI_OK : SCMI_E_PROTO;
}

static int copy_values(struct scmi_agent *a, struct scmi_call *call, const struct scmi_rx *rx, uint32_t len)
{
	if (len == 0)
		return SCMI_OK;
	if (rx->data == NULL)
		return fetch(a, rx, SCMI_STATUS_BYTES, call->reply, len);
	memcpy(call->reply, (const unsigned char *)rx->data + SCMI_STATUS_BYTES, len);
	return SCMI_OK;
}

/* Writes the reply into the call: status first, for an error may be a status and nothing more. Returns the call's end. */
static int read_reply(struct scmi_agent *a, struct scmi_call *call, const struct scmi_rx *rx)
{
	unsigned char head[SCMI_STATUS_BYTES];
	uint32_t values;
	uint32_t len;
	int err;

	call->status = SCMI_SUCCESS;
	call->reply_len = 0;
	if (rx->data == NULL && rx->len >= SCMI_STATUS_BYTES && fetch(a, rx, 0, head, sizeof(head)) != SCMI_OK)
		return SCMI_E_PROTO;
	err = scmi_msg_split_reply(rx->data != NULL ? rx->data : head, rx->len, &call->status, &values);
	if (err != SCMI_OK)
		return err;
	len = values < call->reply_cap ? values : call->reply_cap;
	if (copy_values(a, call, rx, len) != SCMI_OK)
		return SCMI_E_PROTO;
	call->reply_len = values;
	return values > len ? SCMI_E_TRUNCATED : SCMI_OK;
}

static void count_end(struct scmi_agent *a, int err)
{
	if (err == SCMI_E_REMOTE)
		count(a, C_REMOTE);
	else if (err == SCMI_E_TRUNCATED)
		count(a, C_TRUNCATED);
	else
		count(a, C_MALFORMED);
}

/* The winner of the claim: one bounded copy straight into the caller's buffer, then the call is over. */
static int deliver(struct scmi_agent *a, struct slot *s, const struct scmi_rx *rx, uint32_t held)
{
	struct scmi_call *call = s->call;
	int err = read_reply(a, call, rx);

	call->err_ = err;
	if (err != SCMI_OK)
		count_end(a, err);
	trace(a, SCMI_TRACE_RECV, slot_index(a, s), rx->hdr, rx->len, err, NULL);
	scmi__finish(a, s, held);
	return SCMI_OK;
}

/* What was sent with this token came back, but not as its reply. */
static int settle(void *core, uint16_t token, int err)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint32_t index = token & (a->count - 1u);
	struct slot *s = &a->slots[index];
	uint32_t w;
	uint32_t n;

	if (index >= a->limit)
		return SCMI_E_STRAY;
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	do {
		uint32_t stored = atomic_load_explicit(&s->hdr, memory_order_relaxed);

		if (scmi_hdr_token(stored) != token || (w & W_OWED_R) == 0)
			return SCMI_E_STRAY;
		n = w & ~W_OWED_R;
		if ((w & (W_CALL | W_CLAIMED)) == W_CALL)
			n |= W_HELD_R | W_CLAIMED;
		else if ((n & W_HOLDS) == 0)
			n &= ~W_LOW;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, n, memory_order_acq_rel, memory_order_acquire));
	count(a, C_SETTLED);
	count(a, C_UNANSWERED);
	if ((n & W_HELD_R) != 0)
		scmi__end(a, s, link_error(err, SCMI_E_PROTO), W_HELD_R);
	return SCMI_OK;
}

/* A message that nothing waits for, on a descriptor of ours: no other reply can come there, so its debt ends. */
static int refused(struct scmi_agent *a, const struct scmi_rx *rx)
{
	if (rx->token != SCMI_TOKEN_ANY && settle(a, rx->token, SCMI_E_PROTO) == SCMI_OK)
		return SCMI_E_PROTO;
	return SCMI_E_STRAY;
}

static int receive_other(struct scmi_agent *a, const struct scmi_rx *rx)
{
	if (scmi_hdr_type(rx->hdr) == SCMI_MSG_NOTIFICATION && rx->token == SCMI_TOKEN_ANY)
		return scmi__notify_rx(a, rx);
	if (scmi_hdr_type(rx->hdr) == SCMI_MSG_COMMAND)
		(void)scmi__refuse(a, rx->hdr, rx->len, C_MISMATCHED, SCMI_E_PROTO, "mismatched");
	else
		(void)scmi__refuse(a, rx->hdr, rx->len, C_STRAY_TYPE, SCMI_E_STRAY, "stray_type");
	return refused(a, rx);
}

static int receive_unmatched(struct scmi_agent *a, const struct scmi_rx *rx, struct slot *s, enum match how)
{
	/* The debt is settled, and the slot may be in its next life already. */
	if (how == MATCH_LATE)
		return scmi__refuse(a, rx->hdr, rx->len, C_LATE, SCMI_E_STRAY, "late");
	(void)refuse_response(a, rx->hdr, rx->len, s);
	return refused(a, rx);
}

static int finish_received(struct scmi_agent *a, struct slot *s)
{
	scmi__finish(a, s, W_HELD_R);
	return SCMI_OK;
}

/*
 * What deliver() does, for the most frequent reply: private bytes, success, at most four words, and the sender still in
 * send(), so that all that is left is to tell it.
 */
HOT int deliver_short(struct scmi_agent *a, struct slot *s, const struct scmi_rx *rx, uint32_t w)
{
	const unsigned char *data = (const unsigned char *)rx->data;
	struct scmi_call *call = s->call;
	uint32_t values = rx->len - SCMI_STATUS_BYTES;
	unsigned char *reply = (unsigned char *)call->reply;

	if (data == NULL || (values & 3u) != 0 || values >= SHORT_REPLY || values > call->reply_cap ||
	    a->trace != NULL || scmi_get_le32(data) != SCMI_SUCCESS)
		return deliver(a, s, rx, W_HELD_R);
	for (uint32_t i = 0; i < values; i += 4u)
		scmi_put_le32(reply + i, scmi_get_le32(data + SCMI_STATUS_BYTES + i));
	call->status = SCMI_SUCCESS;
	call->reply_len = values;
	call->err_ = SCMI_OK;
	if ((w & W_SENDING) == 0 ||
	    !atomic_compare_exchange_strong_explicit(&s->word, &w, (w | W_DONE) & ~W_HELD_R, memory_order_seq_cst,
						     memory_order_relaxed))
		return finish_received(a, s);
	return SCMI_OK;
}

static int receive(void *core, const struct scmi_rx *rx)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint32_t hdr = rx->hdr;
	struct slot *s = slot_of(a, hdr);
	enum match how = MATCH_NOT;
	uint32_t w;

	if (scmi_hdr_type(hdr) != SCMI_MSG_COMMAND || (rx->token != SCMI_TOKEN_ANY && rx->token != scmi_hdr_token(hdr)))
		return receive_other(a, rx);
	if (s == NULL)
		return receive_unmatched(a, rx, s, how);
	how = match(s, hdr, W_CLAIMED, &w, NULL);
	if (how != MATCHED)
		return receive_unmatched(a, rx, s, how);
	return deliver_short(a, s, rx, w);
}

static int acquire_response(struct scmi_agent *a, uint32_t hdr, struct scmi_xfer *x)
{
	struct slot *s = slot_of(a, hdr);
	enum match how = MATCH_NOT;
	uint32_t w;

	if (s != NULL)
		how = match(s, hdr, 0, &w, &x->cap);
	if (how == MATCH_LATE)
		return scmi__refuse(a, hdr, 0, C_LATE, SCMI_E_STRAY, "late");
	if (how == MATCH_NOT)
		return refuse_response(a, hdr, 0, s);
	x->slot_ = (uint16_t)slot_index(a, s);
	x->poll = (atomic_load_explicit(&s->flags, memory_order_relaxed) & SCMI_CALL_POLL) != 0;
	x->state_ = XFER_RESPONSE;
	return SCMI_OK;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	int err;

	*x = (struct scmi_xfer){.hdr = hdr, .state_ = XFER_NONE};
	if (scmi_hdr_type(hdr) == SCMI_MSG_COMMAND)
		return acquire_response(a, hdr, x);
	if (scmi_hdr_type(hdr) != SCMI_MSG_NOTIFICATION)
		return scmi__refuse(a, hdr, 0, C_STRAY_TYPE, SCMI_E_STRAY, "stray_type");
	err = scmi__notify_acquire(a, hdr, x);
	if (err == SCMI_OK)
		x->state_ = XFER_EVENT;
	return err;
}

/* Claims the call of a slot that we hold; false: it has been ended meanwhile. */
static bool claim_held(struct slot *s)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if (!word_claimable(w))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w | W_CLAIMED, memory_order_acq_rel,
							memory_order_acquire));
	return true;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	struct scmi_rx message = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};

	if (x->state_ == XFER_EVENT) {
		x->state_ = XFER_EVENT_DONE;
		return scmi__notify_complete(a, x, len);
	}
	if (x->state_ != XFER_RESPONSE)
		return SCMI_E_GONE;
	x->state_ = XFER_COMPLETED;
	if (!claim_held(&a->slots[x->slot_])) {
		(void)scmi__refuse(a, x->hdr, len, C_LATE, SCMI_E_GONE, "late");
		return SCMI_E_GONE;
	}
	return deliver(a, &a->slots[x->slot_], &message, 0);
}

static void release(void *core, struct scmi_xfer *x)
{
	struct scmi_agent *a = (struct scmi_agent *)core;
	uint8_t state = x->state_;

	x->state_ = XFER_NONE;
	if (state == XFER_EVENT || state == XFER_EVENT_DONE) {
		scmi__notify_release(a, x, state == XFER_EVENT_DONE);
	} else if (state == XFER_RESPONSE || state == XFER_COMPLETED) {
		struct slot *s = &a->slots[x->slot_];

		if (state == XFER_RESPONSE && claim_held(s))
			scmi__end(a, s, SCMI_E_PROTO, 0);
		scmi__drop(a, s, W_HELD_R);
	}
}

const struct scmi_sink scmi__sink = {
	.version = SCMI_SINK_V1,
	.rx = receive,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = scmi__link_ready,
	.link_down = scmi__link_down,
};
