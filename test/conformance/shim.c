/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport around a transport: makes sends fail and acts in the middle of start(). */
#include <string.h>

#include "suite.h"

static struct scmi_transport *below(void *ctx)
{
	return &((struct conf_shim *)ctx)->below;
}

/* ---- what goes up ---- */

static int rx(void *core, const struct scmi_rx *message)
{
	struct conf_shim *shim = core;
	int err;

	shim->came++;
	err = shim->above->rx(shim->core, message);
	shim->taken += err == SCMI_OK ? 1u : 0u;
	return err;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct conf_shim *shim = core;
	int err;

	shim->came++;
	err = shim->above->acquire(shim->core, hdr, x);
	shim->holding += err == SCMI_OK ? 1u : 0u;
	return err;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct conf_shim *shim = core;
	const int err = shim->above->complete(shim->core, x, len);

	shim->taken += err == SCMI_OK ? 1u : 0u;
	return err;
}

static void release(void *core, struct scmi_xfer *x)
{
	struct conf_shim *shim = core;

	shim->above->release(shim->core, x);
	shim->holding--;
}

static int settle(void *core, uint16_t token, int err)
{
	struct conf_shim *shim = core;

	return shim->above->settle(shim->core, token, err);
}

static void ready(void *core)
{
	struct conf_shim *shim = core;

	shim->above->ready(shim->core);
}

static void link_down(void *core, int err)
{
	struct conf_shim *shim = core;

	shim->above->link_down(shim->core, err);
}

static const struct scmi_sink counting = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};

/* ---- what goes down ---- */

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct conf_shim *shim = ctx;
	int err;

	shim->above = sink;
	shim->core = core;
	err = shim->below.ops->start(shim->below.ctx, &counting, shim);

	if (err == SCMI_OK && shim->on_start != NULL)
		shim->on_start(shim->arg);
	return err;
}

static void stop(void *ctx)
{
	below(ctx)->ops->stop(below(ctx)->ctx);
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct conf_shim *shim = ctx;
	int err = shim->fail;

	shim->sends++;
	if (err == SCMI_OK)
		err = shim->below.ops->send(shim->below.ctx, tx);
	else
		shim->fail = SCMI_OK;
	shim->sent += err == SCMI_OK ? 1u : 0u;
	return err;
}

static void flush(void *ctx)
{
	below(ctx)->ops->flush(below(ctx)->ctx);
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	return below(ctx)->ops->fetch(below(ctx)->ctx, rx, offset, dst, len);
}

static int poll(void *ctx, int max)
{
	return below(ctx)->ops->poll(below(ctx)->ctx, max);
}

static void wait(void *ctx, uint64_t deadline_us)
{
	below(ctx)->ops->wait(below(ctx)->ctx, deadline_us);
}

static void wake(void *ctx)
{
	below(ctx)->ops->wake(below(ctx)->ctx);
}

static int recover(void *ctx)
{
	return below(ctx)->ops->recover(below(ctx)->ctx);
}

/* Offers what the one below offers, and nothing more. */
void conf_shim_init(struct conf_shim *shim, const struct scmi_transport *transport, struct scmi_transport *out)
{
	const struct scmi_transport_ops *ops = transport->ops;

	memset(shim, 0, sizeof(*shim));
	shim->below = *transport;
	shim->ops = (struct scmi_transport_ops){
		.version = SCMI_TRANSPORT_V1,
		.name = ops->name,
		.start = start,
		.stop = stop,
		.send = send,
		.flush = ops->flush != NULL ? flush : NULL,
		.fetch = ops->fetch != NULL ? fetch : NULL,
		.poll = ops->poll != NULL ? poll : NULL,
		.wait = ops->wait != NULL ? wait : NULL,
		.wake = ops->wake != NULL ? wake : NULL,
		.recover = ops->recover != NULL ? recover : NULL,
	};
	*out = *transport;
	out->ops = &shim->ops;
	out->ctx = shim;
}
