/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include <scmi/errors.h>

#include "contract_watch.h"

static _Thread_local unsigned here; /* upcalls that this thread is inside: a callback may send */

static void enter(struct watch *w)
{
	here++;
	atomic_fetch_add(&w->inside, 1u);
	if (atomic_load(&w->stopped))
		atomic_fetch_add(&w->late_upcalls, 1u);
}

static void leave(struct watch *w)
{
	atomic_fetch_sub(&w->inside, 1u);
	here--;
}

static int rx(void *core, const struct scmi_rx *message)
{
	struct watch *w = core;
	int err;

	enter(w);
	err = w->above->rx(w->core, message);
	leave(w);
	return err;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct watch *w = core;
	int err;

	enter(w);
	err = w->above->acquire(w->core, hdr, x);
	if (err == SCMI_OK)
		atomic_fetch_add(&w->acquired, 1u);
	leave(w);
	return err;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct watch *w = core;
	int err;

	enter(w);
	err = w->above->complete(w->core, x, len);
	leave(w);
	return err;
}

static void release(void *core, struct scmi_xfer *x)
{
	struct watch *w = core;

	enter(w);
	w->above->release(w->core, x);
	atomic_fetch_sub(&w->acquired, 1u);
	leave(w);
}

static int settle(void *core, uint16_t token, int err)
{
	struct watch *w = core;

	enter(w);
	err = w->above->settle(w->core, token, err);
	leave(w);
	return err;
}

static void ready(void *core)
{
	struct watch *w = core;

	enter(w);
	atomic_store(&w->down, false);
	w->above->ready(w->core);
	leave(w);
}

static void link_down(void *core, int err)
{
	struct watch *w = core;

	if (atomic_load(&w->inside) != here)
		atomic_fetch_add(&w->beside_down, 1u);
	enter(w);
	w->above->link_down(w->core, err);
	atomic_fetch_add(&w->downs, 1u);
	atomic_store(&w->down, true);
	leave(w);
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};

static int start(void *ctx, const struct scmi_sink *above, void *core)
{
	struct watch *w = ctx;

	w->above = above;
	w->core = core;
	atomic_store(&w->down, false);
	atomic_store(&w->stopped, false);
	return w->below.ops->start(w->below.ctx, &sink, w);
}

static void stop(void *ctx)
{
	struct watch *w = ctx;

	w->below.ops->stop(w->below.ctx);
	atomic_store(&w->stopped, true);
	atomic_fetch_add(&w->late_upcalls, atomic_load(&w->inside));
	atomic_fetch_add(&w->kept, atomic_load(&w->acquired));
}

/* Only what began and ended while the link was down, the same time all along, is a breach. */
static int send(void *ctx, const struct scmi_tx *tx)
{
	struct watch *w = ctx;
	const unsigned downs = atomic_load(&w->downs);
	const bool down = atomic_load(&w->down);
	const int err = w->below.ops->send(w->below.ctx, tx);

	if (err == SCMI_OK && down && atomic_load(&w->down) && downs == atomic_load(&w->downs))
		atomic_fetch_add(&w->sent_down, 1u);
	return err;
}

static void flush(void *ctx)
{
	const struct watch *w = ctx;

	w->below.ops->flush(w->below.ctx);
}

static int fetch(void *ctx, const struct scmi_rx *message, uint32_t offset, void *dst, uint32_t len)
{
	const struct watch *w = ctx;

	return w->below.ops->fetch(w->below.ctx, message, offset, dst, len);
}

static int poll(void *ctx, int max)
{
	const struct watch *w = ctx;

	return w->below.ops->poll(w->below.ctx, max);
}

static void wait(void *ctx, uint64_t deadline_us)
{
	const struct watch *w = ctx;

	w->below.ops->wait(w->below.ctx, deadline_us);
}

static void wake(void *ctx)
{
	const struct watch *w = ctx;

	w->below.ops->wake(w->below.ctx);
}

void watch_init(struct watch *w, const struct scmi_transport *below, struct scmi_transport *out)
{
	const struct scmi_transport_ops *ops = below->ops;

	memset(w, 0, sizeof(*w));
	w->below = *below;
	w->ops = (struct scmi_transport_ops){
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
	};
	*out = *below;
	out->ops = &w->ops;
	out->ctx = w;
}

unsigned watch_breaches(struct watch *w)
{
	return atomic_load(&w->late_upcalls) + atomic_load(&w->kept) + atomic_load(&w->beside_down) +
	       atomic_load(&w->sent_down);
}
