/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's life: bringing the device up and down, losing it, and who may deliver meanwhile.
 *
 * enter() counts itself before it looks at the gate, who shuts the gate looks at the count after that; both are
 * sequentially consistent, so one of them sees the other. send() does not pass the gate: `up`, under the lock, tells it
 * whether the ring may be used. The core is told first that the link is there, then `up` is set: what it sends inside
 * ready() fails and goes a moment later.
 */
#include "driver.h"

bool scmi__virtio_enter(struct scmi_virtio *d)
{
	/* The look beforehand keeps those who try in vain from holding up the one who waits for the count. */
	if (!scmi__virtio_is_up(d))
		return false;
	if ((atomic_fetch_add(&d->gate, 1u) & GATE_OPEN) != 0)
		return true;
	scmi__virtio_leave(d);
	return false;
}

/* Whoever finds nobody inside and something to tell becomes the only one inside, and tells. */
static void tell(struct scmi_virtio *d)
{
	uint32_t owed = GATE_TELL;

	if (!atomic_compare_exchange_strong(&d->gate, &owed, 1u))
		return;
	d->told = true;
	d->sink->link_down(d->core, (int)atomic_load_explicit(&d->why, memory_order_relaxed));
	scmi__virtio_leave(d);
}

void scmi__virtio_leave(struct scmi_virtio *d)
{
	if (atomic_fetch_sub(&d->gate, 1u) == (GATE_TELL | 1u))
		tell(d);
}

static void set_up(struct scmi_virtio *d, bool up)
{
	lock(d);
	d->up = up;
	unlock(d);
}

void scmi__virtio_wake(struct scmi_virtio *d)
{
	if (d->bus->wake != NULL)
		d->bus->wake(d->bus->ctx);
}

bool scmi__virtio_lose(struct scmi_virtio *d, int err)
{
	uint32_t gate;

	/* Noted before the look at the gate; open_up() opens it before it looks here: one of the two sees it. */
	atomic_store(&d->early, err);
	gate = atomic_load(&d->gate);
	do {
		if ((gate & GATE_OPEN) == 0)
			return false;
		atomic_store_explicit(&d->why, err, memory_order_relaxed);
	} while (!atomic_compare_exchange_weak(&d->gate, &gate, (gate & ~GATE_OPEN) | GATE_TELL));
	set_up(d, false);
	scmi__virtio_wake(d); /* who sleeps is inside, and may be the one to tell */
	tell(d);
	return true;
}

void scmi_virtio_lost(struct scmi_virtio *driver, int err)
{
	(void)scmi__virtio_lose(driver, err);
}

/* ---- one at a time ---- */

static void begin_move(struct scmi_virtio *d)
{
	while (atomic_exchange_explicit(&d->moving, 1u, memory_order_acquire) != 0)
		d->port->relax(d->port->ctx);
}

static void end_move(struct scmi_virtio *d)
{
	atomic_store_explicit(&d->moving, 0u, memory_order_release);
}

/* Nobody comes in any more, and nobody is inside; what is owed to be told has been. */
static void shut(struct scmi_virtio *d)
{
	set_up(d, false);
	atomic_fetch_and(&d->gate, ~GATE_OPEN);
	scmi__virtio_wake(d);
	while (atomic_load(&d->gate) != 0)
		d->port->relax(d->port->ctx);
}

/* ---- up and down ---- */

static void empty_queue(struct scmi_virtio *d, struct queue *q)
{
	scmi__ring_driver_reset(&q->ring);
	for (uint16_t i = 0; i < q->ring.slots; i++) {
		const size_t at = (size_t)i * d->stride;
		const struct ring_buffers buffers = {
			.out = device_address(d, d->requests + at),
			.in = device_address(d, q->replies + at),
			.in_len = SCMI_HDR_BYTES + d->max_payload,
		};

		scmi__ring_driver_slot(&q->ring, i, &buffers);
	}
}

/* Nobody is inside, and the device has nothing. */
static void empty_commands(struct scmi_virtio *d)
{
	empty_queue(d, &d->cmd);
	for (uint16_t i = 0; i < d->cmd.ring.slots; i++)
		atomic_store_explicit(&d->token[i], SCMI_TOKEN_ANY, memory_order_relaxed);
	d->refused = false;
}

static int bring_up(struct scmi_virtio *d)
{
	empty_commands(d);
	if (has_events(d)) {
		empty_queue(d, &d->event);
		scmi__virtio_fill_events(d);
	}
	atomic_store(&d->early, SCMI_OK); /* the bus is stopped: nobody loses the device now */
	return d->bus->start(d->bus->ctx, &d->setup, d);
}

/* The core learns first that the link is there; what came meanwhile is looked for when the gate is open. */
static void open_up(struct scmi_virtio *d)
{
	int early;

	if (d->told) {
		d->told = false;
		d->sink->ready(d->core);
	}
	atomic_store_explicit(&d->asked, false, memory_order_relaxed);
	set_up(d, true);
	atomic_fetch_or(&d->gate, GATE_OPEN);
	early = (int)atomic_load(&d->early);
	if (early != SCMI_OK) { /* lost as soon as it was started */
		(void)scmi__virtio_lose(d, early);
		return;
	}
	scmi__virtio_offer_events(d);
	if (atomic_load(&d->signals)) /* after the gate: see want_signals() */
		scmi__virtio_look(d);
}

int scmi__virtio_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct scmi_virtio *d = ctx;
	int err;

	begin_move(d);
	d->sink = sink;
	d->core = core;
	d->told = false;
	err = bring_up(d);
	if (err == SCMI_OK) {
		d->started = true;
		open_up(d);
	}
	end_move(d);
	return err;
}

void scmi__virtio_stop(void *ctx)
{
	struct scmi_virtio *d = ctx;

	begin_move(d);
	if (d->started) {
		d->started = false;
		shut(d);
		d->bus->stop(d->bus->ctx);
	}
	end_move(d);
}

/* Only without eventq: what the platform has promised to send later survives a reset of the cmdq. */
static int reset_cmdq(struct scmi_virtio *d)
{
	const struct scmi_virtio_bus *bus = d->bus;

	if ((d->setup.features & SCMI_VIRTIO_F_RING_RESET) == 0 || bus->reset_queue == NULL || has_events(d) ||
	    d->told || bus->reset_queue(bus->ctx, SCMI_VIRTIO_CMDQ) != SCMI_OK)
		return SCMI_E_NOTSUP;
	empty_commands(d);
	return bus->enable_queue(bus->ctx, SCMI_VIRTIO_CMDQ, &d->setup.queue[SCMI_VIRTIO_CMDQ]);
}

static int reset_device(struct scmi_virtio *d)
{
	d->bus->stop(d->bus->ctx);
	return bring_up(d);
}

int scmi__virtio_recover(void *ctx)
{
	struct scmi_virtio *d = ctx;
	int err;

	begin_move(d);
	shut(d);
	err = reset_cmdq(d);
	if (err != SCMI_OK)
		err = reset_device(d);
	if (err == SCMI_OK)
		open_up(d);
	end_move(d);
	return err;
}

/* While it is up there is nothing to find; while it is being stopped nobody wants it any more. */
int scmi_virtio_found(struct scmi_virtio *driver)
{
	int err = SCMI_OK;

	begin_move(driver);
	if (driver->started && !scmi__virtio_is_up(driver)) {
		shut(driver);
		err = reset_device(driver);
		if (err == SCMI_OK)
			open_up(driver);
	}
	end_move(driver);
	return err;
}
