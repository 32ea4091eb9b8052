/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed responses: promised by a handler, sent from any context, kept until there is room. */
#include "internal.h"

/* scmi_delayed.state_. Its owner: nobody; who will send or cancel; the pump. */
#define DELAYED_FREE 0u
#define DELAYED_OPEN 1u
#define DELAYED_SENT 2u

int32_t scmi_request_delay(struct scmi_request *req, struct scmi_delayed *d)
{
	struct channel *ch = req->channel_;
	uint32_t state = DELAYED_FREE;
	const int peer = p2a_peer(ch);

	if (peer == 0)
		return SCMI_NOT_SUPPORTED;
	if (d->size != sizeof(*d) || d->buf == NULL || d->cap < SCMI_STATUS_BYTES)
		return SCMI_GENERIC_ERROR;
	/* Acquire: pairs with the release that freed it; without it the last use could still read what we write. */
	if (!atomic_compare_exchange_strong_explicit(atomic_word(&d->state_), &state, DELAYED_OPEN,
						     memory_order_acquire, memory_order_relaxed))
		return SCMI_BUSY;
	d->peer_ = peer;
	d->channel_ = ch;
	d->hdr_ = scmi_hdr_as(req->hdr & ~SCMI_HDR_RESERVED, SCMI_MSG_DELAYED);
	d->life_ = atomic_load(&ch->platform->running) | RUNNING_ON; /* a handler may run beside the stop */
	count(&ch->platform->counters[C_DELAYED]);
	return SCMI_SUCCESS;
}

static void set_free(struct scmi_delayed *d)
{
	atomic_store_explicit(atomic_word(&d->state_), DELAYED_FREE, memory_order_release);
}

/* The last touch of the platform by who ends one: fini takes what is counted for gone. Release: pairs there. */
static void count_end(struct scmi_platform *p, int err)
{
	atomic_fetch_add_explicit(&p->counters[err == SCMI_OK ? C_DELAYED_SENT : C_DELAYED_FAILED], 1u,
				  memory_order_release);
}

static bool is_of_this_life(const struct scmi_delayed *d, const struct scmi_platform *p)
{
	return atomic_load(&p->running) == d->life_;
}

/*
 * To the peer it was promised to. If that has started anew, or another has come, nobody waits for this any more. One
 * that comes after the look is kept from it only by an endpoint that looks, too.
 */
static int send_promised(const struct channel *ch, const struct scmi_delayed *d)
{
	const struct scmi_endpoint_ops *ops = ch->ops;

	if (p2a_peer(ch) != d->peer_)
		return SCMI_E_NOPEER;
	if (ops->p2a != NULL && ops->version >= SCMI_ENDPOINT_V2 && ops->send_to != NULL)
		return ops->send_to(ch->ctx, d->peer_, d->hdr_, d->buf, d->len_);
	return ops->send(ch->ctx, d->hdr_, d->buf, d->len_);
}

/* To a status alone. */
static NOINLINE void shrink(struct scmi_delayed *d)
{
	scmi_put_le32(d->buf, (uint32_t)SCMI_COMMS_ERROR);
	d->len_ = SCMI_STATUS_BYTES;
}

/*
 * A peer may offer less room than the link carries. It waits for this message, so it is told at least that it cannot
 * have it; shrunk once, for if that does not fit either there is nothing left to be said.
 */
static int send_or_shrink(const struct channel *ch, struct scmi_delayed *d)
{
	for (;;) {
		const int err = send_promised(ch, d);

		if (err != SCMI_E_TOOBIG || d->len_ <= SCMI_STATUS_BYTES)
			return err;
		shrink(d);
	}
}

/* It has gone, or will not: it may be used anew at once. */
static NOINLINE int end(struct channel *ch, struct scmi_delayed *d, int err)
{
	void (*sent)(struct scmi_delayed *, int) = d->sent;

	scmi__platform_trace_send(ch, d->hdr_, d->len_, err);
	atomic_fetch_sub_explicit(&ch->queued, 1u, memory_order_relaxed);
	set_free(d);
	if (sent != NULL)
		sent(d, err);
	count_end(ch->platform, err);
	return err == SCMI_OK ? SCMI_OK : SCMI_E_GONE;
}

int scmi__delayed_try(struct channel *ch, struct scmi_delayed *d)
{
	int err = is_of_this_life(d, ch->platform) ? send_or_shrink(ch, d) : SCMI_E_CLOSED;

	return err == SCMI_E_BUSY ? err : end(ch, d, err);
}

static void push(struct channel *ch, struct scmi_delayed *d)
{
	struct scmi_delayed *head = atomic_load_explicit(&ch->pushed, memory_order_relaxed);

	do {
		d->next_ = head;
	} while (!atomic_compare_exchange_weak_explicit(&ch->pushed, &head, d, memory_order_release,
							memory_order_relaxed));
}

/* The payload; at most what the link carries. */
static int fill(const struct channel *ch, struct scmi_delayed *d, int32_t status, const void *values, uint32_t len)
{
	uint32_t cap = d->cap < ch->max_payload ? d->cap : ch->max_payload;

	return scmi_msg_build_reply(d->buf, cap, status > 0 ? SCMI_GENERIC_ERROR : status, values, len, &d->len_);
}

/* Counted as a sender, for after the push the node may be gone, and with it what keeps the platform. */
static int send_open(struct channel *ch, struct scmi_delayed *d)
{
	struct scmi_platform *p = ch->platform;

	if (!is_of_this_life(d, p)) {
		set_free(d);
		count_end(p, SCMI_E_CLOSED);
		return SCMI_E_CLOSED;
	}
	atomic_fetch_add(&p->senders, 1u);
	atomic_fetch_add_explicit(&ch->queued, 1u, memory_order_relaxed);
	push(ch, d);
	scmi__platform_pump(ch);
	atomic_fetch_sub(&p->senders, 1u);
	return SCMI_OK;
}

static int claim(struct scmi_delayed *d, uint32_t to)
{
	uint32_t state = DELAYED_OPEN;

	if (atomic_compare_exchange_strong_explicit(atomic_word(&d->state_), &state, to, memory_order_acq_rel,
						    memory_order_relaxed))
		return SCMI_OK;
	return state == DELAYED_SENT ? SCMI_E_INPROGRESS : SCMI_E_GONE;
}

int scmi_delayed_send(struct scmi_delayed *d, int32_t status, const void *values, uint32_t len)
{
	struct channel *ch;
	int err;

	if (claim(d, DELAYED_SENT) != SCMI_OK)
		return SCMI_E_GONE;
	ch = d->channel_;
	err = fill(ch, d, status, values, len);
	if (err == SCMI_OK)
		return send_open(ch, d);
	atomic_store_explicit(atomic_word(&d->state_), DELAYED_OPEN, memory_order_release);
	return err;
}

int scmi_delayed_cancel(struct scmi_delayed *d)
{
	struct scmi_platform *p;
	int err = claim(d, DELAYED_SENT);

	if (err != SCMI_OK)
		return err;
	p = ((const struct channel *)d->channel_)->platform;
	set_free(d);
	count_end(p, SCMI_E_CANCELLED);
	return SCMI_OK;
}
