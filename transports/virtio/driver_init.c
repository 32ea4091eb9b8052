/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction of the driver: what a configuration needs, and how its memory and the shared memory are laid out. */
#include <scmi/config.h>

#include "driver.h"

#include <stdalign.h>

#define LINE          64u
#define PAYLOAD_MIN   8u /* status and one word */
/* Those that may be there or not. */
#define FEATURES_FREE ((SCMI_VIRTIO_FEATURES_DEFAULT & ~SCMI_VIRTIO_F_VERSION_1) | SCMI_VIRTIO_F_INDIRECT_DESC)
#define RING_AT       60u /* of a line: the index, two bytes on, then has that line to itself and what stands before */
#define TIMEOUT_US    1000000u /* the device may be a process, or a guest's host, that has to get its turn first */

/* What a configuration comes to: where its memory and what it shares will end, and how it will stand there. */
struct plan {
	uintptr_t own;
	uintptr_t shared;
	struct scmi_virtio driver;
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The greatest power of two that is not above n; of 0 it is 0. */
static uint32_t power_below(uint32_t n)
{
	while ((n & (n - 1u)) != 0)
		n &= n - 1u;
	return n;
}

/* The smallest one that is not below n, which is not 0. */
static uint32_t power_above(uint32_t n)
{
	return power_below(2u * n - 1u);
}

/* ---- what is allowed ---- */

static const char *fault_of_bus(const struct scmi_virtio_bus *b)
{
	if (b == NULL)
		return SCMI_TEXT_("bus: NULL");
	if (b->version != SCMI_VIRTIO_BUS_V1)
		return SCMI_TEXT_("bus: not SCMI_VIRTIO_BUS_V1");
	if (b->features == NULL || b->queue_max == NULL || b->start == NULL || b->stop == NULL || b->kick == NULL)
		return SCMI_TEXT_("bus: features, queue_max, start, stop and kick are required");
	if ((b->caps & ~(SCMI_CAP_IRQ | SCMI_CAP_ATOMIC | SCMI_CAP_SYNC_SEND)) != 0)
		return SCMI_TEXT_("bus: caps may be IRQ, ATOMIC and SYNC_SEND");
	if ((b->wait == NULL) != (b->wake == NULL))
		return SCMI_TEXT_("bus: wait and wake go together");
	if ((b->fd == NULL) != (b->clear == NULL) || (b->fd == NULL) != (b->raise == NULL))
		return SCMI_TEXT_("bus: fd, clear and raise go together");
	if ((b->reset_queue == NULL) != (b->enable_queue == NULL))
		return SCMI_TEXT_("bus: reset_queue and enable_queue go together");
	return NULL;
}

static const char *fault_of(const struct scmi_virtio_config *c)
{
	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_virtio_config)");
	if (c->port == NULL || scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: NULL, or its table is not complete (see scmi_port_check)");
	if (c->max_payload != 0 && c->max_payload - PAYLOAD_MIN > SCMI_VIRTIO_PAYLOAD_MAX - PAYLOAD_MIN)
		return SCMI_TEXT_("max_payload: not 8 to SCMI_VIRTIO_PAYLOAD_MAX");
	if (c->events > SCMI_VIRTIO_EVENTS_MAX)
		return SCMI_TEXT_("events: more than SCMI_VIRTIO_EVENTS_MAX");
	if (c->features != 0 && ((c->features ^ SCMI_VIRTIO_F_VERSION_1) & ~FEATURES_FREE) != 0)
		return SCMI_TEXT_("features: unknown ones, or no VERSION_1");
	return fault_of_bus(c->bus);
}

static const char *fault_of_device(const struct scmi_virtio_bus *b)
{
	if ((b->features(b->ctx) & SCMI_VIRTIO_F_VERSION_1) == 0)
		return SCMI_TEXT_("bus: the device does not offer VERSION_1");
	if (b->queue_max(b->ctx, SCMI_VIRTIO_CMDQ) < 2u)
		return SCMI_TEXT_("bus: the device has no cmdq of two entries or more");
	return NULL;
}

static int check(const struct scmi_virtio_config *config, const char **why)
{
	int err = SCMI_E_INVAL;

	*why = fault_of(config);
	if (*why == NULL) {
		err = SCMI_E_NOTSUP;
		*why = fault_of_device(config->bus);
	}
	return *why == NULL ? SCMI_OK : err;
}

int scmi_virtio_check(const struct scmi_virtio_config *config, const char **why)
{
	const char *fault;
	const int err = check(config, &fault);

	if (why != NULL)
		*why = fault;
	return err;
}

/* ---- how much that is ---- */

/* A size that is not a power of two leaves the one below. */
static uint32_t queue_max(const struct scmi_virtio_bus *b, uint32_t queue)
{
	return power_below(least(b->queue_max(b->ctx, queue), RING_SIZE_MAX));
}

static uint32_t commands_wanted(const struct scmi_virtio_config *c)
{
	return or_default(c->max_inflight, SCMI_VIRTIO_INFLIGHT_DEFAULT);
}

static bool has(const struct plan *p, uint64_t feature)
{
	return (p->driver.setup.features & feature) != 0;
}

/* The next piece of a memory, which may not be there yet; the one after it begins at a multiple of step. */
static void *take(uintptr_t *at, size_t bytes, size_t step)
{
	const uintptr_t piece = *at;

	*at = (piece + bytes + step - 1u) & ~(uintptr_t)(step - 1u);
	return (void *)piece; /* NOLINT(performance-no-int-to-ptr): it is */
}

static void place_ring(struct plan *p, struct ring_parts *parts)
{
	parts->desc = take(&p->shared, sizeof(struct ring_desc) * parts->size, LINE);
	p->shared += RING_AT;
	parts->avail = take(&p->shared, RING_AVAIL_BYTES(parts->size), LINE);
	p->shared += RING_AT;
	parts->used = take(&p->shared, RING_USED_BYTES(parts->size), LINE);
}

static void make_queue(struct plan *p, uint32_t queue, uint32_t size, uint32_t slots)
{
	const bool commands = queue == SCMI_VIRTIO_CMDQ;
	struct scmi_virtio *const d = &p->driver;
	struct queue *const q = commands ? &d->cmd : &d->event;
	struct scmi_virtio_queue *const where = &d->setup.queue[queue];
	struct ring_parts parts = {.size = size};
	struct ring_desc *tables = NULL;

	if (size == 0)
		return;
	place_ring(p, &parts);
	if (commands && has(p, SCMI_VIRTIO_F_INDIRECT_DESC))
		tables = take(&p->shared, 2u * sizeof(*tables) * slots, LINE);
	scmi__ring_driver_init(&q->ring, &parts, take(&p->own, sizeof(uint32_t) * slots, 4u), (uint16_t)slots, commands,
			       tables, device_address(d, tables), has(p, SCMI_VIRTIO_F_EVENT_IDX));
	q->replies = take(&p->shared, (size_t)slots * d->stride, LINE);
	where->size = size;
	where->desc = device_address(d, parts.desc);
	where->avail = device_address(d, parts.avail);
	where->used = device_address(d, parts.used);
}

static void make_queues(struct plan *p, const struct scmi_virtio_config *c)
{
	struct scmi_virtio *const d = &p->driver;
	const uint32_t most = queue_max(c->bus, SCMI_VIRTIO_CMDQ);
	const uint32_t slots = least(least(commands_wanted(c), SCMI_VIRTIO_INFLIGHT_MAX),
				     has(p, SCMI_VIRTIO_F_INDIRECT_DESC) ? most : most / 2u);
	uint32_t events = queue_max(c->bus, SCMI_VIRTIO_EVENTQ);

	if (events == 0)
		d->setup.features &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
	else if (!has(p, SCMI_VIRTIO_F_P2A_CHANNELS))
		events = 0;
	events = least(power_above(or_default(c->events, SCMI_VIRTIO_EVENTS_DEFAULT)), events);
	make_queue(p, SCMI_VIRTIO_CMDQ, least(power_above(2u * slots), most), slots);
	make_queue(p, SCMI_VIRTIO_EVENTQ, events, events);
	d->requests = take(&p->shared, (size_t)slots * d->stride, LINE);
	d->token = take(&p->own, sizeof(*d->token) * slots, 1u);
}

/* What check() returns; *p is there if that is SCMI_OK. mem NULL: the ends are sizes. */
static int plan_or_fault(struct plan *p, const struct scmi_virtio_config *c, const void *mem, const char **why)
{
	struct scmi_virtio *const d = &p->driver;
	const int err = check(c, why);

	if (err != SCMI_OK)
		return err;
	memset(p, 0, sizeof(*p));
	p->own = (uintptr_t)mem + sizeof(*d); /* of what it has, words are the largest */
	p->shared = mem != NULL ? (uintptr_t)c->shared : 0;
	d->bus = c->bus;
	d->port = c->port;
	d->max_payload = or_default(c->max_payload, SCMI_VIRTIO_PAYLOAD_DEFAULT);
	d->stride = (SCMI_HDR_BYTES + d->max_payload + LINE - 1u) & ~(LINE - 1u);
	d->shared_offset = c->shared_addr - (uintptr_t)c->shared;
	d->setup.features =
		(c->features != 0 ? c->features : SCMI_VIRTIO_FEATURES_DEFAULT) & c->bus->features(c->bus->ctx);
	atomic_store_explicit(&d->signals, has_interrupts(d), memory_order_relaxed);
	make_queues(p, c);
	return SCMI_OK;
}

size_t scmi_virtio_size(const struct scmi_virtio_config *config)
{
	const char *why;
	struct plan p;

	return plan_or_fault(&p, config, NULL, &why) == SCMI_OK ? p.own : 0;
}

size_t scmi_virtio_shared_size(const struct scmi_virtio_config *config)
{
	const char *why;
	struct plan p;

	return plan_or_fault(&p, config, NULL, &why) == SCMI_OK ? p.shared : 0;
}

/* ---- made ---- */

static void fill_transport(struct scmi_virtio *d, struct scmi_transport *t)
{
	memset(t, 0, sizeof(*t));
	t->size = sizeof(*t);
	t->caps = SCMI_CAP_POLL | SCMI_CAP_CONCURRENT | SCMI_CAP_PEER_BUFS | d->bus->caps;
	if (d->bus->wait != NULL)
		t->caps |= SCMI_CAP_WAIT;
	if (has_events(d))
		t->caps |= SCMI_CAP_NOTIFY;
	t->ops = &scmi__virtio_driver_ops;
	t->ctx = d;
	t->max_payload = d->max_payload;
	t->max_inflight = d->cmd.ring.slots;
	t->timeout_us = TIMEOUT_US;
}

static void say(const struct scmi_virtio_config *c, enum scmi_log_level level, const char *text)
{
	if (c != NULL && c->size == sizeof(*c) && c->log != NULL)
		c->log(c->log_arg, level, text);
}

static int check_memory(const struct plan *p, const void *mem, size_t len, const struct scmi_virtio_config *c,
			const char **why)
{
	const uintptr_t own = (uintptr_t)mem;
	const uintptr_t shared = (uintptr_t)c->shared;

	if (shared == 0) {
		*why = SCMI_TEXT_("shared: NULL");
		return SCMI_E_INVAL;
	}
	*why = SCMI_TEXT_("mem, shared: misaligned or too short");
	if (own % alignof(max_align_t) != 0 || (shared | c->shared_addr) % LINE != 0 || p->own - own > len ||
	    p->shared - shared > c->shared_len)
		return SCMI_E_NOMEM;
	return SCMI_OK;
}

int scmi_virtio_init(struct scmi_virtio **driver, void *mem, size_t len, const struct scmi_virtio_config *config,
		     struct scmi_transport *transport)
{
	struct plan p;
	const char *why;
	int err;

	if (driver == NULL || mem == NULL || transport == NULL)
		return SCMI_E_INVAL;
	err = plan_or_fault(&p, config, mem, &why);
	if (err == SCMI_OK)
		err = check_memory(&p, mem, len, config, &why);
	if (err != SCMI_OK) {
		say(config, SCMI_LOG_ERROR, why);
		return err;
	}
	memset(config->shared, 0, p.shared - (uintptr_t)config->shared);
	*driver = mem;
	**driver = p.driver;
	if (p.driver.cmd.ring.slots != commands_wanted(config))
		say(config, SCMI_LOG_INFO,
		    SCMI_TEXT_("virtio: max_inflight: clamped to what the device's cmdq holds, 1024 at most"));
	fill_transport(*driver, transport);
	return SCMI_OK;
}

void scmi_virtio_fini(struct scmi_virtio *driver)
{
	(void)driver; /* the caller's memory holds all there is */
}

int scmi_virtio_region(struct scmi_virtio *driver, uint8_t id, struct scmi_virtio_region *region)
{
	if ((driver->setup.features & SCMI_VIRTIO_F_SHARED_MEMORY) == 0)
		return SCMI_E_NOTSUP;
	if (id == 0 || (id > SCMI_VIRTIO_REGION_SENSOR && id < SCMI_VIRTIO_REGION_VENDOR))
		return SCMI_E_NOTFOUND;
	if (!scmi__virtio_is_up(driver))
		return SCMI_E_NOPEER;
	return driver->bus->region != NULL ? driver->bus->region(driver->bus->ctx, id, region) : SCMI_E_NOTFOUND;
}

int scmi_virtio_stats(struct scmi_virtio *driver, struct scmi_virtio_stats *stats)
{
	if (stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	lock(driver);
	stats->kicks = driver->kicks;
	stats->reaped = driver->reaped;
	unlock(driver);
	stats->queue[SCMI_VIRTIO_CMDQ] = driver->setup.queue[SCMI_VIRTIO_CMDQ].size;
	stats->queue[SCMI_VIRTIO_EVENTQ] = driver->setup.queue[SCMI_VIRTIO_EVENTQ].size;
	stats->short_replies = atomic_load_explicit(&driver->short_replies, memory_order_relaxed);
	stats->long_replies = atomic_load_explicit(&driver->long_replies, memory_order_relaxed);
	stats->bad_events = atomic_load_explicit(&driver->bad_events, memory_order_relaxed);
	stats->broken = atomic_load_explicit(&driver->broken, memory_order_relaxed);
	return SCMI_OK;
}
