/* SPDX-License-Identifier: BSD-3-Clause */
#include "kind_one.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/errors.h>
#include <scmi/message.h>

#define AREA_BYTES (SCMI_HDR_BYTES + KIND_ONE_PAYLOAD)

/* Who has the area. The agent writes only while it is FREE, the platform only while it is BUSY. */
enum area_state { AREA_FREE, AREA_FREE_ERROR, AREA_BUSY };

/*
 * What the agent's end knows of it, in the low bits of a word whose rest grows with each command: who has seen an
 * answer in the area takes it by the very word that he looked at before, else it may be the next command that stands
 * there. TAKING: the answer is being delivered out of the area. ABANDONED: stopped before the answer came, the platform
 * still has the area.
 */
enum sent_state { IDLE, SENT, TAKING, ABANDONED };
#define SENT_STATE 3u
#define SENT_NEXT  4u

struct kind_one {
	kind_one_command_fn fn;
	void *arg;
	const struct scmi_sink *sink;
	void *core;
	_Atomic uint32_t pollers;
	_Atomic bool running;
	_Atomic bool refused; /* a send found the area not free: ready() is owed */
	_Atomic uint32_t sent;
	bool queued; /* another command may be sent before the core has read the answer to this one */
	uint16_t token;

	/* the area */
	_Atomic enum area_state state;
	uint32_t length; /* header included, as the platform says */
	unsigned char bytes[AREA_BYTES];
};

static enum sent_state state_of(uint32_t sent)
{
	return (enum sent_state)(sent & SENT_STATE);
}

static bool change(struct kind_one *t, uint32_t sent, enum sent_state state)
{
	return atomic_compare_exchange_strong(&t->sent, &sent, (sent & ~SENT_STATE) | state);
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct kind_one *t = ctx;

	t->sink = sink;
	t->core = core;
	atomic_store(&t->running, true);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct kind_one *t = ctx;
	uint32_t sent;

	atomic_store(&t->running, false);
	while (atomic_load(&t->pollers) != 0)
		sched_yield();
	sent = atomic_load(&t->sent);
	if (state_of(sent) == SENT)
		(void)change(t, sent, ABANDONED);
}

/* The area of an abandoned command is ours again once the platform has given it back. */
static bool take_back(struct kind_one *t)
{
	const uint32_t sent = atomic_load(&t->sent);

	return state_of(sent) == ABANDONED && atomic_load(&t->state) != AREA_BUSY && change(t, sent, IDLE);
}

static bool area_is_free(struct kind_one *t)
{
	(void)take_back(t);
	return state_of(atomic_load(&t->sent)) == IDLE;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct kind_one *t = ctx;
	unsigned char copy[KIND_ONE_PAYLOAD];
	uint32_t len;

	if (tx->len > KIND_ONE_PAYLOAD)
		return SCMI_E_TOOBIG;
	if (!area_is_free(t)) {
		atomic_store(&t->refused, true);
		if (!area_is_free(t))
			return SCMI_E_BUSY;
	}
	if (scmi_msg_build(t->bytes, sizeof(t->bytes), tx->hdr, tx->payload, tx->len, &len) != SCMI_OK)
		return SCMI_E_TOOBIG;
	t->length = len;
	t->token = tx->token;
	memcpy(copy, t->bytes + SCMI_HDR_BYTES, tx->len);
	/* BUSY before SENT: a poll between the two must not take the command for its answer. */
	atomic_store(&t->state, AREA_BUSY);
	atomic_store(&t->sent, ((atomic_load(&t->sent) & ~SENT_STATE) + SENT_NEXT) | SENT);
	t->fn(t->arg, tx->hdr, copy, tx->len);
	return SCMI_OK;
}

/* The area is foreign memory: the core copies out of it, once, what it wants. */
static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct kind_one *t = ctx;

	(void)rx;
	memcpy(dst, t->bytes + SCMI_HDR_BYTES + offset, len);
	return SCMI_OK;
}

/* Length and header are read once, and bounded by what the area really is. */
static void deliver(struct kind_one *t)
{
	const uint32_t length = t->length;
	const bool error = atomic_load(&t->state) == AREA_FREE_ERROR;
	struct scmi_rx rx = {.token = t->token};

	if (error || length < SCMI_HDR_BYTES || length > AREA_BYTES) {
		t->sink->settle(t->core, rx.token, SCMI_E_PROTO);
		return;
	}
	rx.hdr = scmi_get_le32(t->bytes);
	rx.len = length - SCMI_HDR_BYTES;
	t->sink->rx(t->core, &rx);
}

/* The area has become free: whoever was refused for it may come again. */
static void tell_room(struct kind_one *t)
{
	if (atomic_exchange(&t->refused, false))
		t->sink->ready(t->core);
}

/*
 * One poller wins the answer. With one command in flight IDLE comes before the upcall, in which the next one may be
 * sent, for the core has read the answer by then. With more of them it comes after it: any thread may send.
 */
static int take_answer(struct kind_one *t)
{
	uint32_t sent;

	if (area_is_free(t))
		tell_room(t);
	sent = atomic_load(&t->sent);
	if (state_of(sent) != SENT || atomic_load(&t->state) == AREA_BUSY ||
	    !change(t, sent, t->queued ? TAKING : IDLE))
		return 0;
	deliver(t);
	if (t->queued) {
		(void)change(t, (sent & ~SENT_STATE) | TAKING, IDLE);
		tell_room(t);
	}
	return 1;
}

static int poll(void *ctx, int max)
{
	struct kind_one *t = ctx;
	int n = 0;

	atomic_fetch_add(&t->pollers, 1u);
	if (max > 0 && atomic_load(&t->running))
		n = take_answer(t);
	atomic_fetch_sub(&t->pollers, 1u);
	return n;
}

/* The peer cannot be reset: while it has the area nothing can be promised. An answer that waits there is forgotten. */
static int recover(void *ctx)
{
	struct kind_one *t = ctx;

	if (atomic_load(&t->state) == AREA_BUSY)
		return SCMI_E_BUSY;
	atomic_store(&t->refused, false);
	atomic_fetch_and(&t->sent, ~SENT_STATE);
	return SCMI_OK;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "kind_one",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
	.poll = poll,
	.recover = recover,
};

struct kind_one *kind_one_create(kind_one_command_fn fn, void *arg, struct scmi_transport *out)
{
	struct kind_one *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fn = fn;
	t->arg = arg;
	*out = (struct scmi_transport){
		.size = sizeof(*out),
		.caps = SCMI_CAP_POLL,
		.ops = &ops,
		.ctx = t,
		.max_payload = KIND_ONE_PAYLOAD,
		.max_inflight = 1,
	};
	return t;
}

struct kind_one *kind_one_create_queued(kind_one_command_fn fn, void *arg, uint32_t accepted,
					struct scmi_transport *out)
{
	struct kind_one *t = kind_one_create(fn, arg, out);

	if (t == NULL)
		return NULL;
	t->queued = true;
	out->max_inflight = accepted;
	return t;
}

void kind_one_destroy(struct kind_one *t)
{
	free(t);
}

int kind_one_answer(struct kind_one *t, uint32_t hdr, const void *payload, uint32_t len)
{
	uint32_t length = 0;

	if (len != 0 && scmi_msg_build(t->bytes, sizeof(t->bytes), hdr, payload, len, &length) != SCMI_OK)
		return SCMI_E_TOOBIG;
	t->length = length;
	atomic_store(&t->state, len != 0 ? AREA_FREE : AREA_FREE_ERROR);
	return SCMI_OK;
}

uint32_t kind_one_away(struct kind_one *t)
{
	(void)take_back(t);
	return state_of(atomic_load(&t->sent)) != IDLE || atomic_load(&t->state) == AREA_BUSY ? 1u : 0u;
}
