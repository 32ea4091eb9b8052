/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From a message to the end of a call. Takes no lock, never waits, and trusts nothing that the peer wrote: a reply gets
 * in only if token, epoch, protocol, message, type and state all agree, by one compare-and-swap on the slot's word.
 *
 * Of a delayed command two messages come, in any order. The response is final only where it tells an error; else it
 * starts the second clock. The delayed response is final always.
 */
#include "internal.h"
#include "deliver.h"
#include "../wire/mem.h"

#define SHORT_REPLY 20u /* bytes of values; replies of fewer, whole words, are copied in place */

enum xfer_state { XFER_NONE, XFER_FINAL, XFER_HALF, XFER_LATE, XFER_COMPLETED, XFER_EVENT };

/* Why a reply does not belong to what the slot holds; NULL, or a slot that was never taken: it is none of ours. */
static int refuse_reply(struct link *l, uint32_t hdr, uint32_t len, struct slot *s)
{
	uint32_t stored = s != NULL ? atomic_load_explicit(&s->hdr, memory_order_relaxed) : 0u;
	uint32_t w = s != NULL ? atomic_load_explicit(&s->word, memory_order_relaxed) : 0u;

	enum counter which = C_DUPLICATE;

	if (((hdr & SCMI_HDR_RESERVED) & atomic_load_explicit(&l->hdr_mask, memory_order_relaxed)) != 0)
		which = C_STRAY_HEADER;
	else if (w < W_EPOCH || ((hdr ^ stored) & HDR_TOKEN) != 0)
		which = C_STRAY_TOKEN;
	else if (((hdr ^ stored) & HDR_PROTOCOL) != 0)
		which = C_STRAY_PROTOCOL;
	else if (((hdr ^ stored) & HDR_MESSAGE) != 0)
		which = C_STRAY_MESSAGE;
	else if (scmi_hdr_type(hdr) == SCMI_MSG_DELAYED &&
		 (atomic_load_explicit(&s->flags, memory_order_relaxed) & SLOT_DELAYED) == 0)
		which = C_STRAY_TYPE;
	return scmi__refuse(l, hdr, len, which, SCMI_E_STRAY);
}

static inline struct slot *slot_of(struct link *l, uint32_t token)
{
	uint32_t index = token & (l->count - 1u);

	return index < l->limit ? &l->slots[index] : NULL;
}

/* The reply to a call that has ended settles the debt: one step from owed to gone. */
static bool take_late(struct slot *s, uint32_t w, uint32_t owed)
{
	uint32_t n = w & ~owed;

	if ((n & W_HOLDS) == 0)
		n &= ~W_LOW;
	/* Before scmi__tell(), against a context that waits for a slot. */
	return scmi__swap(s, &w, n);
}

/*
 * Matches a reply to a slot: from OWED to HELD, which is ours then. `claim`: a final one gets the call's end too, and
 * one that is not, MATCH_HALF, gets SENDING if it is free, for its owner alone may write the deadline. *word is the
 * word as we found it. MATCH_LATE: its call had ended, the debt is settled, scmi__tell() follows. MATCH_LATE_HALF: its call had ended, but
 * what it says decides whether another one is owed: HELD is ours.
 */
enum match { MATCH_NOT, MATCH_FINAL, MATCH_HALF, MATCH_LATE, MATCH_LATE_HALF, MATCH_SETTLED };

/* What a message was found to be for. It is read when the frames of who has found that are gone from the stack. */
struct found {
	struct slot *s;
	enum match how;
	uint32_t held; /* what is ours now: HELD, and SENDING beside a response that is not final */
};

static enum match match(struct link *l, struct slot *s, uint32_t hdr, bool claim, uint32_t *word, uint32_t *room)
{
	uint32_t mask = atomic_load_explicit(&l->hdr_mask, memory_order_relaxed);
	bool delayed = WITH_DELAYED && scmi_hdr_type(hdr) == SCMI_MSG_DELAYED;
	uint32_t owed = delayed ? W_OWED_D : W_OWED_R;
	uint32_t held = delayed ? W_HELD_D : W_HELD_R;

	/* A raw command may look like a delayed response itself. */
	if (!WITH_DELAYED && scmi_hdr_type(hdr) == SCMI_MSG_DELAYED)
		return MATCH_NOT;
	for (;;) {
		/* acquire: pairs with publish, so that header and room are those of this word's life or a later one. */
		uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
		uint32_t stored = atomic_load_explicit(&s->hdr, memory_order_relaxed);
		bool half = WITH_DELAYED && !delayed && (w & (W_OWED_D | W_HELD_D)) != 0;
		bool late = (w & (W_CALL | W_CLAIMED)) != W_CALL;
		uint32_t n = (w & ~owed) | held;

		if (delayed)
			stored |= SCMI_MSG_DELAYED << HDR_TYPE_SHIFT;
		if (((hdr ^ stored) & mask) != 0 || (w & owed) == 0)
			return MATCH_NOT;
		if (late && !half) {
			if (take_late(s, w, owed))
				return MATCH_LATE;
			continue;
		}
		if (claim && !late)
			n |= half ? W_SENDING : W_CLAIMED;
		*room = atomic_load_explicit(&s->room, memory_order_relaxed);
		if (scmi__swap(s, &w, n)) {
			*word = w;
			if (late)
				return MATCH_LATE_HALF;
			return half ? MATCH_HALF : MATCH_FINAL;
		}
	}
}

/* What was sent with this token came back, but not as its reply. */
static bool settle_token(struct link *l, uint32_t token, struct found *f)
{
	struct slot *s = slot_of(l, token);
	uint32_t w;
	uint32_t n;

	if (s == NULL)
		return false;
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	do {
		if (slot_token(l, slot_index(l, s), w) != token || (w & W_OWED_R) == 0)
			return false;
		n = w & ~W_OWED_R;
		if ((w & (W_CALL | W_CLAIMED)) == W_CALL)
			n |= W_HELD_R | W_CLAIMED;
		else if ((n & W_HOLDS) == 0)
			n &= ~W_LOW;
	} while (!scmi__swap(s, &w, n));
	count(l, C_SETTLED);
	count(l, C_UNANSWERED);
	f->s = s;
	f->how = MATCH_SETTLED;
	f->held = n & W_HELD_R;
	return true;
}

/* Ends the call, if it was one. */
static void end_settled(struct link *l, const struct found *f, int err)
{
	uint32_t left = LEFT_TELL;

	if (f->held != 0)
		left = scmi__finish_with(l, f->s, link_error(err, SCMI_E_PROTO), f->held);
	scmi__let_go(l, f->s, left);
}

static int settle(void *core, uint16_t token, int err)
{
	struct link *l = (struct link *)core;
	struct found f;

	if (!settle_token(l, token, &f))
		return SCMI_E_STRAY;
	end_settled(l, &f, err);
	return SCMI_OK;
}

/* The header of a message on a place that tells its command, as it should be where the checks are tolerant. */
static uint32_t tolerated(struct link *l, const struct scmi_rx *rx, struct slot *s)
{
	uint32_t checks = atomic_load_explicit(&l->agent->checks, memory_order_relaxed);
	uint32_t stored = atomic_load_explicit(&s->hdr, memory_order_relaxed);
	uint32_t mask = 0;

	if ((checks & SCMI_CHECK_TOKEN) == 0)
		mask |= HDR_TOKEN;
	if ((checks & SCMI_CHECK_MESSAGE) == 0)
		mask |= HDR_PROTOCOL | HDR_MESSAGE | HDR_TYPE;
	return (rx->hdr & ~mask) | (stored & mask);
}

static bool match_at(struct link *l, struct slot *s, uint32_t hdr, struct found *f)
{
	uint32_t room;
	uint32_t w;

	f->s = s;
	f->held = scmi_hdr_type(hdr) == SCMI_MSG_DELAYED ? W_HELD_D : W_HELD_R;
	f->how = match(l, s, hdr, true, &w, &room);
	if (f->how == MATCH_HALF) /* if nobody had it */
		f->held |= ~w & W_SENDING;
	return f->how != MATCH_NOT;
}

/* It came where only the reply to one command can come. Returns why it does not belong there, if it does not. */
static int find_placed(struct link *l, const struct scmi_rx *rx, struct found *f)
{
	struct slot *s = slot_of(l, rx->token);
	uint32_t hdr;

	if (s != NULL &&
	    slot_token(l, slot_index(l, s), atomic_load_explicit(&s->word, memory_order_relaxed)) == rx->token) {
		hdr = tolerated(l, rx, s);
		if (scmi_hdr_type(hdr) != SCMI_MSG_NOTIFICATION && scmi_hdr_type(hdr) != SCMI_MSG_DELAYED &&
		    match_at(l, s, hdr, f))
			return SCMI_OK;
	}
	if (scmi_hdr_type(rx->hdr) == SCMI_MSG_COMMAND && scmi_hdr_token(rx->hdr) != rx->token)
		(void)scmi__refuse(l, rx->hdr, rx->len, C_MISMATCHED, SCMI_E_PROTO);
	else if (scmi_hdr_type(rx->hdr) == SCMI_MSG_COMMAND)
		(void)refuse_reply(l, rx->hdr, rx->len, s);
	else
		(void)scmi__refuse(l, rx->hdr, rx->len, C_STRAY_TYPE, SCMI_E_STRAY);
	/* Nothing waits for it, but no other reply can come there: the debt ends. */
	return settle_token(l, rx->token, f) ? SCMI_E_PROTO : SCMI_E_STRAY;
}

/* The same for a message that came anywhere. */
OWN_FRAME static int find(struct link *l, const struct scmi_rx *rx, struct found *f)
{
	uint32_t type = scmi_hdr_type(rx->hdr);
	struct slot *s = slot_of(l, scmi_hdr_token(rx->hdr));

	f->how = MATCH_NOT;
	if (rx->token != SCMI_TOKEN_ANY)
		return find_placed(l, rx, f);
	if (!WITH_NOTIFICATIONS && type == SCMI_MSG_NOTIFICATION)
		return scmi__refuse(l, rx->hdr, rx->len, C_UNCLAIMED, SCMI_E_STRAY);
	if (type != SCMI_MSG_COMMAND && type != SCMI_MSG_DELAYED)
		return scmi__refuse(l, rx->hdr, rx->len, C_STRAY_TYPE, SCMI_E_STRAY);
	return s != NULL && match_at(l, s, rx->hdr, f) ? SCMI_OK : refuse_reply(l, rx->hdr, rx->len, s);
}

/* Returns what is left for scmi__let_go(). */
static uint32_t read_found(struct link *l, const struct scmi_rx *rx, const struct found *f)
{
	switch (f->how) {
	case MATCH_FINAL:
		return scmi__deliver(l, f->s, rx, f->held);
	case MATCH_HALF:
		return WITH_DELAYED ? scmi__deliver_half(l, f->s, rx, W_HELD_R) | (f->held & W_SENDING) : 0u;
	case MATCH_LATE_HALF:
		if (WITH_DELAYED)
			scmi__deliver_late(l, f->s, rx);
		return W_HELD_R;
	default:
		/* The debt is settled, and the slot may be in its next life already. */
		return LEFT_TELL;
	}
}

static int receive_slowly(struct link *l, const struct scmi_rx *rx)
{
	struct found f;
	int err;

	if (WITH_NOTIFICATIONS && rx->token == SCMI_TOKEN_ANY && scmi_hdr_type(rx->hdr) == SCMI_MSG_NOTIFICATION)
		return scmi__notify_rx(l, rx);
	err = find(l, rx, &f);
	if (f.how == MATCH_NOT)
		return err;
	if (f.how == MATCH_SETTLED) {
		end_settled(l, &f, SCMI_E_PROTO);
		return err;
	}
	if (f.how == MATCH_LATE || f.how == MATCH_LATE_HALF)
		err = scmi__refuse(l, rx->hdr, rx->len, C_LATE, SCMI_E_STRAY);
	scmi__let_go(l, f.s, read_found(l, rx, &f));
	return err;
}

/* A call has ended by its reply: what finish leaves is to tell who waits, or its done function. */
static int run_received(struct link *l, struct slot *s, uint32_t left)
{
	if (left == LEFT_TELL)
		scmi__tell(l);
	else if (left != 0)
		scmi__run_done(l, s, left);
	return SCMI_OK;
}

/*
 * What deliver() does, for the most frequent reply: private bytes, success, at most four words, and the sender still in
 * send(), so that all that is left is to tell it.
 */
HOT int deliver_short(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t w)
{
	const unsigned char *data = (const unsigned char *)rx->data;
	struct scmi_call *call = s->call;
	uint32_t values = rx->len - SCMI_STATUS_BYTES;
	unsigned char *reply = (unsigned char *)call->reply;

	if (data == NULL || (values & 3u) != 0 || values >= SHORT_REPLY || values > call->reply_cap ||
	    atomic_load_explicit(&l->careful, memory_order_relaxed) != 0 || scmi_get_le32(data) != SCMI_SUCCESS)
		return run_received(l, s, scmi__deliver(l, s, rx, W_HELD_R));
	for (uint32_t i = 0; i < values; i += 4u)
		scmi_put_le32(reply + i, scmi_get_le32(data + SCMI_STATUS_BYTES + i));
	call->status = SCMI_SUCCESS;
	call->reply_len = values;
	call->err_ = SCMI_OK;
	if ((w & W_SENDING) == 0 ||
	    !atomic_compare_exchange_strong_explicit(&s->word, &w, (w | W_DONE) & ~W_HELD_R, memory_order_seq_cst,
						     memory_order_relaxed))
		return run_received(l, s, scmi__finish(l, s, W_HELD_R));
	return SCMI_OK;
}

/* The usual reply, to a live call that is owed nothing else, in one step; all others start anew above. */
static int receive(void *core, const struct scmi_rx *rx)
{
	struct link *l = (struct link *)core;
	uint32_t hdr = rx->hdr;
	uint32_t token = scmi_hdr_token(hdr);
	uint32_t index = token & (l->count - 1u);
	struct slot *s = &l->slots[index];
	uint32_t w;
	uint32_t n;

	if ((hdr & HDR_TYPE) != 0 || (rx->token != SCMI_TOKEN_ANY && rx->token != token) || index >= l->limit)
		return receive_slowly(l, rx);
	/* acquire: as in match(). */
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	n = (w & ~W_OWED_R) | W_HELD_R | W_CLAIMED;
	if (((hdr ^ atomic_load_explicit(&s->hdr, memory_order_relaxed)) &
	     atomic_load_explicit(&l->hdr_mask, memory_order_relaxed)) != 0 ||
	    (w & (W_CALL | W_CLAIMED | W_OWED | W_HELD)) != (W_CALL | W_OWED_R) ||
	    !atomic_compare_exchange_strong_explicit(&s->word, &w, n, memory_order_seq_cst, memory_order_relaxed))
		return receive_slowly(l, rx);
	return deliver_short(l, s, rx, n);
}

static int acquire_reply(struct link *l, uint32_t hdr, struct scmi_xfer *x)
{
	struct slot *s = slot_of(l, scmi_hdr_token(hdr));
	enum match how = MATCH_NOT;
	uint32_t w;

	if (s != NULL)
		how = match(l, s, hdr, false, &w, &x->cap);
	if (how == MATCH_LATE) {
		scmi__tell(l);
		return scmi__refuse(l, hdr, 0, C_LATE, SCMI_E_STRAY);
	}
	if (how == MATCH_NOT)
		return refuse_reply(l, hdr, 0, s);
	x->slot_ = (uint16_t)slot_index(l, s);
	x->poll = (atomic_load_explicit(&s->flags, memory_order_relaxed) & SCMI_CALL_POLL) != 0;
	x->state_ = how == MATCH_HALF ? XFER_HALF : how == MATCH_LATE_HALF ? XFER_LATE : XFER_FINAL;
	return SCMI_OK;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct link *l = (struct link *)core;
	int err;

	*x = (struct scmi_xfer){.hdr = hdr, .state_ = XFER_NONE};
	if (scmi_hdr_type(hdr) == SCMI_MSG_COMMAND || scmi_hdr_type(hdr) == SCMI_MSG_DELAYED)
		return acquire_reply(l, hdr, x);
	if (scmi_hdr_type(hdr) != SCMI_MSG_NOTIFICATION)
		return scmi__refuse(l, hdr, 0, C_STRAY_TYPE, SCMI_E_STRAY);
	if (!WITH_NOTIFICATIONS)
		return scmi__refuse(l, hdr, 0, C_UNCLAIMED, SCMI_E_STRAY);
	err = scmi__notify_acquire(l, hdr, x);
	if (err == SCMI_OK)
		x->state_ = XFER_EVENT;
	return err;
}

/*
 * SENDING of a live call, for its owner alone may start the second clock. false: the call has ended, or its sender is
 * still in send() and will start it.
 */
static bool borrow_sending(struct slot *s)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if (!word_claimable(w) || (w & W_SENDING) != 0)
			return false;
	} while (!scmi__swap(s, &w, w | W_SENDING));
	return true;
}

/* Its call has ended, but an error says that no delayed response will come. */
static int complete_late(struct link *l, struct slot *s, const struct scmi_rx *rx)
{
	scmi__deliver_late(l, s, rx);
	return scmi__refuse(l, rx->hdr, rx->len, C_LATE, SCMI_E_GONE);
}

static int complete_half(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t *left)
{
	bool sending = borrow_sending(s);

	if (!sending && !word_claimable(atomic_load_explicit(&s->word, memory_order_acquire)))
		return complete_late(l, s, rx);
	*left = scmi__deliver_half(l, s, rx, 0) | (sending ? W_SENDING : 0u);
	return SCMI_OK;
}

/* *left: what is left for scmi__let_go(). */
OWN_FRAME static int complete_reply(struct link *l, struct scmi_xfer *x, uint32_t len, uint32_t *left)
{
	const struct scmi_rx message = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};
	struct slot *s = &l->slots[x->slot_];
	/* Read where the knob is on. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores) */
	uint8_t state = x->state_;

	x->state_ = XFER_COMPLETED;
	if (WITH_DELAYED && state == XFER_LATE)
		return complete_late(l, s, &message);
	if (WITH_DELAYED && state == XFER_HALF)
		return complete_half(l, s, &message, left);
	if (!scmi__claim_live(s))
		return scmi__refuse(l, x->hdr, len, C_LATE, SCMI_E_GONE);
	*left = scmi__deliver(l, s, &message, 0);
	return SCMI_OK;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct link *l = (struct link *)core;
	uint8_t state = x->state_;
	uint32_t left = 0;
	int err;

	if (WITH_NOTIFICATIONS && state == XFER_EVENT) {
		x->state_ = XFER_NONE; /* its buffer is the handlers' from now on */
		return scmi__notify_complete(l, x, len);
	}
	if (state != XFER_FINAL && state != XFER_HALF && state != XFER_LATE)
		return SCMI_E_GONE;
	err = complete_reply(l, x, len, &left);
	scmi__let_go(l, &l->slots[x->slot_], left);
	return err;
}

static void release(void *core, struct scmi_xfer *x)
{
	struct link *l = (struct link *)core;
	uint8_t state = x->state_;

	x->state_ = XFER_NONE;
	if (WITH_NOTIFICATIONS && state == XFER_EVENT) {
		scmi__notify_drop(l, x);
	} else if (state != XFER_NONE) {
		struct slot *s = &l->slots[x->slot_];

		if (state == XFER_LATE)
			(void)scmi__refuse(l, x->hdr, 0, C_LATE, SCMI_E_GONE);
		else if (state != XFER_COMPLETED && scmi__claim_live(s))
			scmi__end(l, s, SCMI_E_PROTO, 0);
		scmi__drop(l, s, scmi_hdr_type(x->hdr) == SCMI_MSG_DELAYED ? W_HELD_D : W_HELD_R);
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
