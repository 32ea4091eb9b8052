/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction of the driver: what a configuration needs, and how its memory and the shared memory are laid out. */
#include <scmi/config.h>

#include "driver.h"

#include <stdalign.h>

#define LINE        64u
#define PAYLOAD_MIN 8u  /* status and one word */
#define RING_AT     60u /* of a line: the index, two bytes on, then has that line to itself and what stands before */
#define TIMEOUT_US  1000000u /* the device may be a process, or a guest's host, that has to get its turn first */

/* The configuration with its defaults filled in, and what the device has to say to it. */
struct plan {
	uint64_t features;
	uint32_t max_payload;
	uint32_t commands;
	uint32_t events;
	uint32_t asked_commands;
	uint32_t cmd_size;
	uint32_t event_size;
	uint32_t stride;
};

/* Where things lie, in bytes from the start: of the driver's own memory, and of the shared. */
struct own_layout {
	size_t limits;
	size_t event_limits;
	size_t tokens;
	size_t end;
};

struct ring_layout {
	size_t desc;
	size_t avail;
	size_t used;
};

struct shared_layout {
	struct ring_layout cmd;
	struct ring_layout event;
	size_t tables;
	size_t requests;
	size_t replies;
	size_t events;
	size_t end;
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static size_t up_to(size_t n, size_t step)
{
	return (n + step - 1u) / step * step;
}

/* The smallest power of two that is not below n. */
static uint32_t power_of_two(uint32_t n)
{
	uint32_t power = 1;

	while (power < n)
		power *= 2u;
	return power;
}

static bool is_power_of_two(uint32_t n)
{
	return n != 0 && (n & (n - 1u)) == 0;
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
	uint32_t max_payload;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_virtio_config)");
	if (c->port == NULL || scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: NULL, or its table is not complete (see scmi_port_check)");
	max_payload = or_default(c->max_payload, SCMI_VIRTIO_PAYLOAD_DEFAULT);
	if (max_payload < PAYLOAD_MIN)
		return SCMI_TEXT_("max_payload: less than a status and one word");
	if (max_payload > SCMI_VIRTIO_PAYLOAD_MAX)
		return SCMI_TEXT_("max_payload: more than SCMI_VIRTIO_PAYLOAD_MAX");
	if (c->events > SCMI_VIRTIO_EVENTS_MAX)
		return SCMI_TEXT_("events: more than SCMI_VIRTIO_EVENTS_MAX");
	if ((c->features & ~(SCMI_VIRTIO_FEATURES_DEFAULT | SCMI_VIRTIO_F_INDIRECT_DESC)) != 0)
		return SCMI_TEXT_("features: one that this driver does not know");
	if (c->features != 0 && (c->features & SCMI_VIRTIO_F_VERSION_1) == 0)
		return SCMI_TEXT_("features: VERSION_1 is required");
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
	const uint32_t most = least(b->queue_max(b->ctx, queue), RING_SIZE_MAX);

	return is_power_of_two(most) || most == 0 ? most : power_of_two(most) / 2u;
}

static void plan_for(const struct scmi_virtio_config *c, struct plan *p)
{
	const uint64_t wanted = c->features != 0 ? c->features : SCMI_VIRTIO_FEATURES_DEFAULT;
	const uint32_t cmd_max = queue_max(c->bus, SCMI_VIRTIO_CMDQ);
	const uint32_t event_max = queue_max(c->bus, SCMI_VIRTIO_EVENTQ);
	uint32_t entries; /* a command takes */

	p->features = wanted & c->bus->features(c->bus->ctx);
	if (event_max == 0)
		p->features &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
	p->max_payload = or_default(c->max_payload, SCMI_VIRTIO_PAYLOAD_DEFAULT);
	p->asked_commands = or_default(c->max_inflight, SCMI_VIRTIO_INFLIGHT_DEFAULT);
	p->commands = least(p->asked_commands, SCMI_VIRTIO_INFLIGHT_MAX);
	entries = (p->features & SCMI_VIRTIO_F_INDIRECT_DESC) != 0 ? 1u : 2u;
	p->commands = least(p->commands, cmd_max / entries);
	p->cmd_size = least(power_of_two(2u * p->commands), cmd_max);
	p->events = 0;
	p->event_size = 0;
	if ((p->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0) {
		p->event_size = least(power_of_two(or_default(c->events, SCMI_VIRTIO_EVENTS_DEFAULT)), event_max);
		p->events = p->event_size;
	}
	p->stride = (uint32_t)up_to(SCMI_HDR_BYTES + p->max_payload, LINE);
}

static void lay_out_own(const struct plan *p, struct own_layout *at)
{
	at->limits = up_to(sizeof(struct scmi_virtio), alignof(max_align_t));
	at->event_limits = at->limits + p->commands * sizeof(uint32_t);
	at->tokens = at->event_limits + p->events * sizeof(uint32_t);
	at->end = at->tokens + p->commands * sizeof(uint16_t);
}

static size_t lay_out_ring(size_t at, uint32_t size, struct ring_layout *ring)
{
	ring->desc = at;
	ring->avail = up_to(ring->desc + 16u * size, LINE) + RING_AT;
	ring->used = up_to(ring->avail + RING_AVAIL_BYTES(size), LINE) + RING_AT;
	return size != 0 ? up_to(ring->used + RING_USED_BYTES(size), LINE) : at;
}

static void lay_out_shared(const struct plan *p, struct shared_layout *at)
{
	const bool indirect = (p->features & SCMI_VIRTIO_F_INDIRECT_DESC) != 0;

	at->tables = lay_out_ring(lay_out_ring(0, p->cmd_size, &at->cmd), p->event_size, &at->event);
	at->requests = at->tables + (indirect ? up_to(32u * (size_t)p->commands, LINE) : 0);
	at->replies = at->requests + (size_t)p->commands * p->stride;
	at->events = at->replies + (size_t)p->commands * p->stride;
	at->end = at->events + (size_t)p->events * p->stride;
}

size_t scmi_virtio_size(const struct scmi_virtio_config *config)
{
	struct own_layout at;
	struct plan p;

	if (scmi_virtio_check(config, NULL) != SCMI_OK)
		return 0;
	plan_for(config, &p);
	lay_out_own(&p, &at);
	return at.end;
}

size_t scmi_virtio_shared_size(const struct scmi_virtio_config *config)
{
	struct shared_layout at;
	struct plan p;

	if (scmi_virtio_check(config, NULL) != SCMI_OK)
		return 0;
	plan_for(config, &p);
	lay_out_shared(&p, &at);
	return at.end;
}

/* ---- made ---- */

static void make_queue(struct queue *q, const struct scmi_virtio_config *c, uint32_t size, uint32_t slots,
		       const struct ring_layout *at, size_t replies)
{
	unsigned char *const shared = c->shared;

	if (size == 0)
		return;
	q->parts = (struct ring_parts){
		.desc = (struct ring_desc *)(void *)(shared + at->desc),
		.avail = (struct ring_avail *)(void *)(shared + at->avail),
		.used = (struct ring_used *)(void *)(shared + at->used),
		.size = size,
	};
	q->where = (struct scmi_virtio_queue){
		.size = size,
		.desc = c->shared_addr + at->desc,
		.avail = c->shared_addr + at->avail,
		.used = c->shared_addr + at->used,
	};
	q->slots = (uint16_t)slots;
	q->replies = shared + replies;
	q->replies_addr = c->shared_addr + replies;
}

static void place_shared(struct scmi_virtio *d, const struct scmi_virtio_config *c, const struct plan *p)
{
	unsigned char *const shared = c->shared;
	struct shared_layout at;

	lay_out_shared(p, &at);
	memset(shared, 0, at.end);
	make_queue(&d->cmd, c, p->cmd_size, p->commands, &at.cmd, at.replies);
	make_queue(&d->event, c, p->event_size, p->events, &at.event, at.events);
	d->requests = shared + at.requests;
	d->requests_addr = c->shared_addr + at.requests;
	if ((p->features & SCMI_VIRTIO_F_INDIRECT_DESC) != 0) {
		d->tables = (struct ring_desc *)(void *)(shared + at.tables);
		d->tables_addr = c->shared_addr + at.tables;
	}
}

static void fill_transport(struct scmi_virtio *d, struct scmi_transport *t)
{
	*t = (struct scmi_transport){
		.size = sizeof(*t),
		.caps = SCMI_CAP_POLL | SCMI_CAP_CONCURRENT | SCMI_CAP_PEER_BUFS | d->bus->caps,
		.ops = &scmi__virtio_driver_ops,
		.ctx = d,
		.max_payload = d->max_payload,
		.max_inflight = d->cmd.slots,
		.timeout_us = TIMEOUT_US,
	};
	if (d->bus->wait != NULL)
		t->caps |= SCMI_CAP_WAIT;
	if (d->event.slots != 0)
		t->caps |= SCMI_CAP_NOTIFY;
}

static void say(const struct scmi_virtio_config *c, enum scmi_log_level level, const char *text)
{
	if (c != NULL && c->size == sizeof(*c) && c->log != NULL)
		c->log(c->log_arg, level, text);
}

static void say_if_clamped(const struct scmi_virtio_config *c, const struct plan *p)
{
	if (p->commands != p->asked_commands)
		say(c, SCMI_LOG_INFO,
		    SCMI_TEXT_("virtio: max_inflight: clamped to what the device's cmdq holds, 1024 at most"));
}

static int check_memory(const void *mem, size_t len, const struct scmi_virtio_config *c)
{
	if (c->shared == NULL)
		return SCMI_E_INVAL;
	if (len < scmi_virtio_size(c) || (uintptr_t)mem % alignof(max_align_t) != 0 ||
	    c->shared_len < scmi_virtio_shared_size(c) || (uintptr_t)c->shared % LINE != 0 ||
	    c->shared_addr % LINE != 0)
		return SCMI_E_NOMEM;
	return SCMI_OK;
}

static void make(struct scmi_virtio *d, const struct scmi_virtio_config *c, const struct plan *p)
{
	unsigned char *const base = (unsigned char *)d;
	struct own_layout at;

	lay_out_own(p, &at);
	*d = (struct scmi_virtio){
		.bus = c->bus,
		.port = c->port,
		.features = p->features,
		.max_payload = p->max_payload,
		.stride = p->stride,
		.signals = (c->bus->caps & SCMI_CAP_IRQ) != 0,
		.token = (_Atomic uint16_t *)(void *)(base + at.tokens),
	};
	place_shared(d, c, p);
	d->cmd.limit = (uint32_t *)(void *)(base + at.limits);
	d->event.limit = (uint32_t *)(void *)(base + at.event_limits);
}

int scmi_virtio_init(struct scmi_virtio **driver, void *mem, size_t len, const struct scmi_virtio_config *config,
		     struct scmi_transport *transport)
{
	struct plan p;
	const char *why;
	int err;

	if (driver == NULL || mem == NULL || transport == NULL)
		return SCMI_E_INVAL;
	err = check(config, &why);
	if (err == SCMI_OK) {
		err = check_memory(mem, len, config);
		why = err == SCMI_E_INVAL ? SCMI_TEXT_("shared: NULL")
					  : SCMI_TEXT_("mem, shared: misaligned or too short");
	}
	if (err != SCMI_OK) {
		say(config, SCMI_LOG_ERROR, why);
		return err;
	}
	plan_for(config, &p);
	make(mem, config, &p);
	say_if_clamped(config, &p);
	fill_transport(mem, transport);
	*driver = mem;
	return SCMI_OK;
}

void scmi_virtio_fini(struct scmi_virtio *driver)
{
	(void)driver; /* the caller's memory holds all there is */
}

int scmi_virtio_region(struct scmi_virtio *driver, uint8_t id, struct scmi_virtio_region *region)
{
	if ((driver->features & SCMI_VIRTIO_F_SHARED_MEMORY) == 0)
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
	stats->queue[SCMI_VIRTIO_CMDQ] = driver->cmd.parts.size;
	stats->queue[SCMI_VIRTIO_EVENTQ] = driver->event.parts.size;
	stats->short_replies = atomic_load_explicit(&driver->short_replies, memory_order_relaxed);
	stats->long_replies = atomic_load_explicit(&driver->long_replies, memory_order_relaxed);
	stats->bad_events = atomic_load_explicit(&driver->bad_events, memory_order_relaxed);
	stats->broken = atomic_load_explicit(&driver->broken, memory_order_relaxed);
	return SCMI_OK;
}
