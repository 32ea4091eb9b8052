/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver and device in one address space: a bus and a host that call each other.
 *
 * Interrupts need no gate of their own: the device calls inside its own, so none is under way when it is detached. What
 * the platform's start and stop tell the driver passes ours.
 */
#include "device.h"

#define BURST 64 /* commands for one serve() */

struct pair {
	struct scmi_virtio_device *device;
	_Atomic(struct scmi_virtio *) driver; /* NULL: the bus is stopped */
	_Atomic uint32_t gate;                /* of lost(); open while the bus is started */
	_Atomic uint32_t kicks;               /* SERVES: those that have not been attended to */
	uint32_t flags;
	struct scmi_virtio_bell to_device;
	struct scmi_virtio_bell to_driver;
	struct scmi_virtio_sleeper sleeper;
	void *base;
	size_t len;
};

_Static_assert(sizeof(struct pair) <= sizeof(struct scmi_virtio_pair), "raise the pair's private_");
_Static_assert(alignof(struct pair) <= alignof(struct scmi_virtio_pair), "aligned as the pair");

static void ring(const struct scmi_virtio_bell *bell)
{
	if (bell->ring != NULL)
		bell->ring(bell->ctx);
}

/* ---- serving on the sender's stack ---- */

static void serve_until_rest(struct pair *p)
{
	do {
		while (scmi_virtio_device_serve(p->device, BURST) > 0)
			;
	} while (!scmi_virtio_device_rest(p->device));
}

/*
 * Of those who kick at once, and of a kick inside a handler or a done function, one context serves for all: who raises
 * the count from 0, until it has subtracted every kick that it has seen.
 */
static void serve(struct pair *p)
{
	uint32_t seen = 1u;

	if (atomic_fetch_add(&p->kicks, 1u) != 0)
		return;
	do {
		serve_until_rest(p);
		seen = atomic_fetch_sub(&p->kicks, seen) - seen;
	} while (seen != 0);
}

/* ---- the host ---- */

static void call(void *ctx, uint32_t queue)
{
	struct pair *p = ctx;

	(void)queue;
	if ((p->flags & SCMI_VIRTIO_PAIR_DELIVERS) != 0)
		scmi_virtio_interrupt(atomic_load_explicit(&p->driver, memory_order_acquire));
	else
		ring(&p->to_driver);
}

static void work(void *ctx)
{
	struct pair *p = ctx;

	if ((p->flags & SCMI_VIRTIO_PAIR_SERVES) != 0)
		serve(p);
	else
		ring(&p->to_device);
}

static void lose(struct pair *p, int err)
{
	if (!scmi__virtio_device_enter(&p->gate))
		return;
	scmi_virtio_lost(atomic_load(&p->driver), err);
	scmi__virtio_device_leave(&p->gate);
}

/* It stops and starts the bus. If that fails the driver is still one that wants to be told the next time. */
static void find(struct pair *p)
{
	struct scmi_virtio *driver = atomic_load(&p->driver);

	if (driver != NULL && scmi_virtio_found(driver) != SCMI_OK)
		atomic_store(&p->driver, driver);
}

static void event(void *ctx, enum scmi_virtio_event event)
{
	struct pair *p = ctx;

	if (event == SCMI_VIRTIO_UP)
		find(p);
	else
		lose(p, SCMI_E_LINK);
}

/* ---- the bus ---- */

static uint64_t features(void *ctx)
{
	const struct pair *p = ctx;

	return scmi_virtio_device_features(p->device);
}

static uint32_t queue_max(void *ctx, uint32_t queue)
{
	const struct pair *p = ctx;

	return scmi_virtio_device_queue_max(p->device, queue);
}

static void stop(void *ctx)
{
	struct pair *p = ctx;

	atomic_fetch_and(&p->gate, ~GATE_ON);
	while ((atomic_load(&p->gate) & GATE_COUNT) != 0)
		p->device->port->relax(p->device->port->ctx);
	scmi_virtio_device_detach(p->device, NULL);
	atomic_store(&p->driver, NULL);
}

/* The look at the platform comes last: if it stops after that it sees our gate open, and tells the driver. */
static int start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	struct pair *p = ctx;
	const struct scmi_virtio_map map = {.addr = 0, .len = p->len, .mem = p->base};

	atomic_store(&p->driver, driver);
	if (scmi_virtio_device_attach(p->device, setup, &map, 1u, NULL, NULL) != SCMI_OK) {
		atomic_store(&p->driver, NULL);
		return SCMI_E_NOTSUP;
	}
	atomic_fetch_or(&p->gate, GATE_ON);
	if ((atomic_load(&p->device->up) & GATE_ON) != 0)
		return SCMI_OK;
	stop(p);
	return SCMI_E_NOPEER;
}

static void kick(void *ctx, uint32_t queue)
{
	(void)queue;
	work(ctx);
}

static int reset_queue(void *ctx, uint32_t queue)
{
	const struct pair *p = ctx;

	return scmi_virtio_device_reset_queue(p->device, queue);
}

static int enable_queue(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where)
{
	const struct pair *p = ctx;

	return scmi_virtio_device_enable_queue(p->device, queue, where);
}

static void wait(void *ctx, uint64_t deadline_us)
{
	const struct pair *p = ctx;

	p->sleeper.wait(p->sleeper.ctx, deadline_us);
}

static void wake(void *ctx)
{
	const struct pair *p = ctx;

	p->sleeper.wake(p->sleeper.ctx);
}

static int fd(void *ctx)
{
	const struct pair *p = ctx;

	return p->sleeper.fd(p->sleeper.ctx);
}

static void clear(void *ctx)
{
	const struct pair *p = ctx;

	p->sleeper.clear(p->sleeper.ctx);
}

static void raise_fd(void *ctx)
{
	const struct pair *p = ctx;

	p->sleeper.raise(p->sleeper.ctx);
}

static int region(void *ctx, uint8_t id, struct scmi_virtio_region *found)
{
	const struct pair *p = ctx;

	return scmi_virtio_device_region(p->device, id, found);
}

/* ---- construction ---- */

static bool is_whole(const struct scmi_virtio_sleeper *s)
{
	return (s->wait == NULL) == (s->wake == NULL) && (s->fd == NULL) == (s->clear == NULL) &&
	       (s->fd == NULL) == (s->raise == NULL);
}

static bool is_allowed(const struct scmi_virtio_pair_config *c)
{
	const bool serves = (c->flags & SCMI_VIRTIO_PAIR_SERVES) != 0;
	const bool delivers = (c->flags & SCMI_VIRTIO_PAIR_DELIVERS) != 0;

	if (c->size != sizeof(*c) || (c->flags & ~(SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS)) != 0)
		return false;
	if ((serves && c->to_device.ring != NULL) || (delivers && c->to_driver.ring != NULL))
		return false;
	return is_whole(&c->sleeper) && c->base != NULL && c->len != 0 && c->len <= SIZE_MAX;
}

static void fill_bus(struct pair *p, struct scmi_virtio_bus *bus)
{
	const struct scmi_virtio_sleeper *s = &p->sleeper;

	*bus = (struct scmi_virtio_bus){
		.version = SCMI_VIRTIO_BUS_V1,
		.caps = SCMI_CAP_ATOMIC,
		.name = "virtio-pair",
		.ctx = p,
		.features = features,
		.queue_max = queue_max,
		.start = start,
		.stop = stop,
		.kick = kick,
		.reset_queue = reset_queue,
		.enable_queue = enable_queue,
		.wait = s->wait != NULL ? wait : NULL,
		.wake = s->wake != NULL ? wake : NULL,
		.fd = s->fd != NULL ? fd : NULL,
		.clear = s->clear != NULL ? clear : NULL,
		.raise = s->raise != NULL ? raise_fd : NULL,
		.region = region,
	};
	if ((p->flags & SCMI_VIRTIO_PAIR_SERVES) != 0)
		bus->caps |= SCMI_CAP_SYNC_SEND;
	if ((p->flags & SCMI_VIRTIO_PAIR_DELIVERS) != 0)
		bus->caps |= SCMI_CAP_IRQ;
}

int scmi_virtio_pair_init(struct scmi_virtio_pair *pair, const struct scmi_virtio_pair_config *config,
			  struct scmi_virtio_bus *bus, struct scmi_virtio_host *host)
{
	struct pair *p = (struct pair *)(void *)pair;

	if (pair == NULL || config == NULL || bus == NULL || host == NULL || !is_allowed(config))
		return SCMI_E_INVAL;
	*p = (struct pair){
		.flags = config->flags,
		.to_device = config->to_device,
		.to_driver = config->to_driver,
		.sleeper = config->sleeper,
		.base = config->base,
		.len = (size_t)config->len,
	};
	fill_bus(p, bus);
	*host = (struct scmi_virtio_host){.ctx = p, .call = call, .work = work, .event = event};
	return SCMI_OK;
}

void scmi_virtio_pair_join(struct scmi_virtio_pair *pair, struct scmi_virtio_device *device)
{
	((struct pair *)(void *)pair)->device = device;
}
