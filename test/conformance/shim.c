/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport around a transport: counts what passes, makes sends fail, acts in the middle of start(). */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "suite.h"

static struct scmi_transport *below(void *ctx)
{
	return &((struct conf_shim *)ctx)->below;
}

/* ---- what goes up ---- */

#define STALL_TURNS 2000 /* long enough for a stop() that does not wait to return */

static void enter(struct conf_shim *shim)
{
	shim->inside++;
	shim->breaches += shim->stopped ? 1u : 0u;
}

static void stall(struct conf_shim *shim)
{
	if (!atomic_exchange(&shim->stall, false))
		return;
	while (!shim->stopping)
		sched_yield();
	for (int i = 0; i < STALL_TURNS; i++)
		sched_yield();
}

bool conf_shim_stalls(struct conf_shim *shim)
{
	return !shim->stall && shim->inside != 0;
}

static int rx(void *core, const struct scmi_rx *message)
{
	struct conf_shim *shim = core;
	int err;

	enter(shim);
	stall(shim);
	shim->came++;
	err = shim->above->rx(shim->core, message);
	shim->taken += err == SCMI_OK ? 1u : 0u;
	shim->inside--;
	return err;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct conf_shim *shim = core;
	int err;

	enter(shim);
	stall(shim);
	shim->came++;
	err = shim->above->acquire(shim->core, hdr, x);
	shim->holding += err == SCMI_OK ? 1u : 0u;
	shim->unfinished += err == SCMI_OK ? 1u : 0u;
	shim->inside--;
	return err;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct conf_shim *shim = core;
	int err;

	enter(shim);
	shim->unfinished--;
	err = shim->above->complete(shim->core, x, len);
	shim->taken += err == SCMI_OK ? 1u : 0u;
	shim->inside--;
	return err;
}

static void release(void *core, struct scmi_xfer *x)
{
	struct conf_shim *shim = core;

	enter(shim);
	shim->above->release(shim->core, x);
	shim->holding--;
	shim->inside--;
}

static int settle(void *core, uint16_t token, int err)
{
	struct conf_shim *shim = core;

	enter(shim);
	err = shim->above->settle(shim->core, token, err);
	shim->inside--;
	return err;
}

static void ready(void *core)
{
	struct conf_shim *shim = core;

	enter(shim);
	shim->above->ready(shim->core);
	shim->inside--;
}

static void link_down(void *core, int err)
{
	struct conf_shim *shim = core;

	shim->breaches += shim->inside != 0 ? 1u : 0u; /* of before, and not over */
	shim->lives++;
	enter(shim);
	shim->above->link_down(shim->core, err);
	shim->inside--;
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

	shim->stopping = false;
	shim->stopped = false;
	shim->lives++;
	shim->above = sink;
	shim->core = core;
	err = shim->below.ops->start(shim->below.ctx, &counting, shim);

	if (err == SCMI_OK && shim->on_start != NULL)
		shim->on_start(shim->arg);
	return err;
}

static void stop(void *ctx)
{
	struct conf_shim *shim = ctx;

	shim->stopping = true;
	shim->below.ops->stop(shim->below.ctx);
	shim->stopped = true;
	shim->breaches += shim->inside != 0 ? 1u : 0u;
}

static bool take_room(struct conf_shim *shim)
{
	uint32_t room = atomic_load(&shim->room);

	do {
		if (room == 0 || room == CONF_ROOM)
			return room != 0;
	} while (!atomic_compare_exchange_weak(&shim->room, &room, room - 1u));
	return true;
}

/* The second look and the one in conf_shim_room() order the two: either we see the room, or its maker sees us. */
static bool has_room(struct conf_shim *shim)
{
	if (take_room(shim))
		return true;
	atomic_store(&shim->refused, true);
	return take_room(shim);
}

void conf_shim_room(struct conf_shim *shim, uint32_t n)
{
	atomic_store(&shim->room, n);
	if (n == 0 || !atomic_exchange(&shim->refused, false))
		return;
	enter(shim);
	shim->above->ready(shim->core);
	shim->inside--;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct conf_shim *shim = ctx;
	int err = atomic_load(&shim->fail) != SCMI_OK ? atomic_exchange(&shim->fail, SCMI_OK) : SCMI_OK;

	shim->sends++;
	if (err == SCMI_OK && !has_room(shim))
		err = SCMI_E_BUSY;
	if (err == SCMI_OK)
		err = shim->below.ops->send(shim->below.ctx, tx);
	shim->sent += err == SCMI_OK ? 1u : 0u;
	return err;
}

static void flush(void *ctx)
{
	struct conf_shim *shim = ctx;

	shim->flushes++;
	shim->below.ops->flush(shim->below.ctx);
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
	struct conf_shim *shim = ctx;
	int err = shim->below.ops->recover(shim->below.ctx);

	shim->lives += err != SCMI_E_BUSY ? 1u : 0u;
	return err;
}

static int fd(void *ctx)
{
	return below(ctx)->ops->fd(below(ctx)->ctx);
}

/* Offers what the one below offers, and nothing more. */
void conf_shim_init(struct conf_shim *shim, const struct scmi_transport *transport, struct scmi_transport *out)
{
	const struct scmi_transport_ops *ops = transport->ops;

	memset(shim, 0, sizeof(*shim));
	shim->below = *transport;
	shim->room = CONF_ROOM;
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
		.fd = ops->fd != NULL ? fd : NULL,
	};
	*out = *transport;
	out->ops = &shim->ops;
	out->ctx = shim;
}
