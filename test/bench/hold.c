/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/errors.h>

#include "hold.h"

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct hold *h = ctx;

	h->sink = sink;
	h->core = core;
	return 0;
}

static void stop(void *ctx)
{
	(void)ctx;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct hold *h = ctx;

	h->headers[(h->first + h->count) % HOLD_MAX] = tx->hdr;
	h->count++;
	return 0;
}

static int send_limited(void *ctx, const struct scmi_tx *tx)
{
	struct hold *h = ctx;

	if (h->count < h->depth)
		return send(ctx, tx);
	h->owes_ready = 1;
	return SCMI_E_BUSY;
}

static const struct scmi_transport_ops hold_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "hold",
	.start = start,
	.stop = stop,
	.send = send,
};

static const struct scmi_transport_ops limited_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "limited",
	.start = start,
	.stop = stop,
	.send = send_limited,
};

struct scmi_transport hold_init(struct hold *h, int random, uint32_t depth)
{
	*h = (struct hold){.seed = random ? 1u : 0u, .depth = depth};
	return (struct scmi_transport){
		.size = sizeof(struct scmi_transport),
		.caps = SCMI_CAP_IRQ | (depth == HOLD_MAX ? SCMI_CAP_CONCURRENT : 0u),
		.ops = depth == HOLD_MAX ? &hold_ops : &limited_ops,
		.ctx = h,
		.max_payload = 132,
		.max_inflight = HOLD_MAX,
	};
}

/* The chosen one changes places with the oldest, so that both orders cost the same here. */
static uint32_t take_one(struct hold *h)
{
	uint32_t at = h->first;
	uint32_t chosen = at;
	uint32_t hdr;

	h->seed = h->seed * 1664525u + (h->seed != 0 ? 1013904223u : 0u);
	chosen = (at + (uint32_t)(((uint64_t)h->seed * h->count) >> 32)) % HOLD_MAX;
	hdr = h->headers[chosen];
	h->headers[chosen] = h->headers[at];
	h->first = (at + 1u) % HOLD_MAX;
	h->count--;
	return hdr;
}

int hold_answer_one(struct hold *h)
{
	static const uint8_t reply[8] = {0, 0, 0, 0, 0, 0, 2, 0};
	const struct scmi_rx rx = {.hdr = take_one(h), .len = sizeof(reply), .data = reply, .token = SCMI_TOKEN_ANY};

	return h->sink->rx(h->core, &rx);
}

int hold_answer_limited(struct hold *h)
{
	int err = hold_answer_one(h);

	if (h->owes_ready != 0 && h->count < h->depth) {
		h->owes_ready = 0;
		h->sink->ready(h->core);
	}
	return err;
}
