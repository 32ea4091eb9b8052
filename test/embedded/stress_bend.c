/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport around loopback that does what transports may do, and loopback does not. */
#include <stddef.h>
#include <string.h>

#include <scmi/message.h>
#include <scmi/transport/loopback.h>

#include "stress.h"

#define DEPTH 4u

static struct {
	struct scmi_transport below;
	const struct scmi_sink *above;
	void *core;
	_Atomic uint32_t full; /* it has said SCMI_E_BUSY */
} bend;

/* ---- upwards ---- */

static int deliver_in_parts(const struct scmi_rx *rx)
{
	struct scmi_xfer x;
	int err = bend.above->acquire(bend.core, rx->hdr, &x);

	if (err != SCMI_OK)
		return err;
	x.priv = (void *)(uintptr_t)rx;
	if (target_random(64) != 0)
		err = bend.above->complete(bend.core, &x, rx->len);
	bend.above->release(bend.core, &x);
	return err;
}

/* What no platform sends that is in order: refused, all of it. Where it came tells whose it is; that call ends with it. */
static void deliver_nonsense(const struct scmi_rx *rx)
{
	static const uint32_t wrong[] = {1u << 0, 1u << 10, 1u << 22, 1u << 21, 1u << 28, 2u << 8, 1u << 8};
	const uint32_t i = target_random(2u * sizeof(wrong) / sizeof(wrong[0]));
	struct scmi_rx bad = *rx;

	bad.hdr ^= wrong[i / 2u];
	/* Not what would be believed: a notification, the delayed response of a command that is owed one. */
	if (scmi_hdr_type(bad.hdr) == SCMI_MSG_NOTIFICATION || scmi_hdr_message(rx->hdr) == STRESS_DELAYED)
		return;
	if (i % 2u == 0)
		bad.token = SCMI_TOKEN_ANY;
	(void)bend.above->rx(bend.core, &bad);
}

static int on_rx(void *core, const struct scmi_rx *rx)
{
	struct scmi_rx plain = *rx;

	(void)core;
	if (target_random(16) == 0)
		deliver_nonsense(rx);
	switch (target_random(5)) {
	case 4:
		(void)bend.above->rx(bend.core, rx);
		return bend.above->rx(bend.core, rx); /* once more: late, or a duplicate */
	case 0:
		return bend.above->rx(bend.core, rx);
	case 1:
		plain.token = SCMI_TOKEN_ANY;
		plain.data = NULL;
		plain.cookie = (void *)(uintptr_t)rx;
		return bend.above->rx(bend.core, &plain);
	case 2:
		if (rx->token != SCMI_TOKEN_ANY && target_random(8) == 0)
			return bend.above->settle(bend.core, rx->token, SCMI_E_COMMS);
		return bend.above->rx(bend.core, rx);
	default:
		return deliver_in_parts(rx);
	}
}

static int on_settle(void *core, uint16_t token, int err)
{
	(void)core;
	return bend.above->settle(bend.core, token, err);
}

static void on_ready(void *core)
{
	(void)core;
	bend.above->ready(bend.core);
}

static void on_link_down(void *core, int err)
{
	(void)core;
	bend.above->link_down(bend.core, err);
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = on_rx,
	.settle = on_settle,
	.ready = on_ready,
	.link_down = on_link_down,
};

/* ---- downwards ---- */

static int start(void *ctx, const struct scmi_sink *above, void *core)
{
	(void)ctx;
	bend.above = above;
	bend.core = core;
	return bend.below.ops->start(bend.below.ctx, &sink, NULL);
}

static void stop(void *ctx)
{
	(void)ctx;
	bend.below.ops->stop(bend.below.ctx);
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	(void)ctx;
	switch (target_random(16)) {
	case 0:
		atomic_store(&bend.full, 1);
		return SCMI_E_BUSY;
	case 1:
		return SCMI_E_IO;
	default:
		return bend.below.ops->send(bend.below.ctx, tx);
	}
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct scmi_rx *whole = rx->cookie;

	(void)ctx;
	memcpy(dst, (const unsigned char *)whole->data + offset, len);
	return SCMI_OK;
}

void stress_bend_ready(void)
{
	if (atomic_exchange(&bend.full, 0) != 0)
		bend.above->ready(bend.core);
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "bent",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
};

void stress_bend(const struct scmi_port *port, struct scmi_transport *out, struct scmi_endpoint *endpoint)
{
	static max_align_t mem[512];
	struct scmi_loopback *lb;
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .port = port, .max_inflight = DEPTH, .max_payload = 16};

	stress_check(scmi_loopback_size(&config) <= sizeof(mem));
	stress_check(scmi_loopback_init(&lb, mem, sizeof(mem), &config, &bend.below, endpoint) == SCMI_OK);
	*out = bend.below;
	out->ops = &ops;
	out->caps &= ~SCMI_CAP_CONCURRENT;
}
