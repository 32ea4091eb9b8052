/* SPDX-License-Identifier: BSD-3-Clause */
/* Construction: what a configuration needs, and how the device's memory is laid out; what is offered and counted. */
#include <scmi/config.h>

#include "device.h"

#define ALIGN          alignof(max_align_t) /* of mem, and no more */
#define LINE           64u                  /* rings' own memory begins at a cache line */
#define PAYLOAD_MIN    8u                   /* status and one word */
#define FEATURES_KNOWN (SCMI_VIRTIO_OFFER_DEFAULT | SCMI_VIRTIO_F_SHARED_MEMORY)

static size_t align_up(size_t n, size_t to)
{
	return (n + to - 1u) / to * to;
}

/* ---- what is allowed ---- */

/* The configuration with its defaults filled in. */
struct plan {
	uint64_t features;
	uint32_t message_max;
	uint32_t requests;
	uint32_t queue_max;
	uint32_t maps_max;
	uint32_t pool_n;
};

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

/*
 * A reply needs no more pieces than it has bytes, nor than a chain has descriptors; the shared pool holds any.
 */
static void make_plan(const struct scmi_virtio_device_config *c, struct plan *p)
{
	p->features = c->features;
	if (p->features == 0)
		p->features = SCMI_VIRTIO_OFFER_DEFAULT | (c->shared_n != 0 ? SCMI_VIRTIO_F_SHARED_MEMORY : 0u);
	p->message_max = HEADER_BYTES + or_default(c->max_payload, SCMI_VIRTIO_PAYLOAD_DEFAULT);
	p->requests = or_default(c->requests, SCMI_VIRTIO_REQUESTS_DEFAULT);
	p->queue_max = or_default(c->queue_max, SCMI_VIRTIO_QUEUE_MAX);
	p->maps_max = or_default(c->maps_max, SCMI_VIRTIO_MAPS_DEFAULT);
	p->pool_n = p->message_max < p->queue_max ? p->message_max : p->queue_max;
}

static const char *fault_of_region(const struct scmi_virtio_shared *all, uint32_t i)
{
	const struct scmi_virtio_shared *s = &all[i];

	if (s->id == 0 || (s->id > SCMI_VIRTIO_REGION_SENSOR && s->id < SCMI_VIRTIO_REGION_VENDOR))
		return SCMI_TEXT_("shared: an id that is not 1 to 3 or 0x80 to 0xff");
	if (s->region.mem == NULL || s->region.len == 0)
		return SCMI_TEXT_("shared: a region without memory");
	for (uint32_t other = 0; other < i; other++) {
		if (all[other].id == s->id)
			return SCMI_TEXT_("shared: an id stands twice");
	}
	return NULL;
}

static const char *fault_of_shared(const struct scmi_virtio_device_config *c)
{
	const char *why = NULL;

	if (c->shared == NULL && c->shared_n != 0)
		return SCMI_TEXT_("shared: NULL, shared_n is not 0");
	for (uint32_t i = 0; why == NULL && i < c->shared_n; i++)
		why = fault_of_region(c->shared, i);
	return why;
}

static const char *fault_of_features(const struct plan *p, uint32_t regions)
{
	if ((p->features & ~FEATURES_KNOWN) != 0)
		return SCMI_TEXT_("features: unknown bits");
	if ((p->features & SCMI_VIRTIO_F_VERSION_1) == 0)
		return SCMI_TEXT_("features: VERSION_1 is required");
	if (((p->features & SCMI_VIRTIO_F_SHARED_MEMORY) != 0) != (regions != 0))
		return SCMI_TEXT_("features: SHARED_MEMORY goes with regions");
	return NULL;
}

static const char *fault_of_host(const struct scmi_virtio_host *h)
{
	if (h == NULL)
		return SCMI_TEXT_("host: NULL");
	if (h->call == NULL)
		return SCMI_TEXT_("host: call is NULL");
	if (h->work == NULL)
		return SCMI_TEXT_("host: work is NULL");
	return NULL;
}

static const char *fault_of_limits(const struct plan *p)
{
	if (p->message_max < HEADER_BYTES + PAYLOAD_MIN)
		return SCMI_TEXT_("max_payload: less than a status and one word");
	if (p->requests > SCMI_VIRTIO_REQUESTS_MAX)
		return SCMI_TEXT_("requests: more than SCMI_VIRTIO_REQUESTS_MAX");
	if (p->queue_max < 2u || p->queue_max > SCMI_VIRTIO_QUEUE_MAX || (p->queue_max & (p->queue_max - 1u)) != 0)
		return SCMI_TEXT_("queue_max: not a power of two from 2 to SCMI_VIRTIO_QUEUE_MAX");
	if (p->maps_max > SCMI_VIRTIO_MAPS_MAX)
		return SCMI_TEXT_("maps_max: more than SCMI_VIRTIO_MAPS_MAX");
	return NULL;
}

/* What is wrong with a configuration, beginning with the member's name; NULL: nothing, and the plan is made. */
static const char *plan_or_fault(const struct scmi_virtio_device_config *c, struct plan *p)
{
	const char *why;

	if (c == NULL)
		return SCMI_TEXT_("config: NULL");
	if (c->size != sizeof(*c))
		return SCMI_TEXT_("size: not sizeof(struct scmi_virtio_device_config)");
	if (c->max_payload > SCMI_VIRTIO_PAYLOAD_MAX) /* before anything is added to it */
		return SCMI_TEXT_("max_payload: more than SCMI_VIRTIO_PAYLOAD_MAX");
	make_plan(c, p);
	why = fault_of_limits(p);
	if (why == NULL)
		why = fault_of_features(p, c->shared_n);
	if (why != NULL)
		return why;
	if (scmi_port_check(c->port) != SCMI_OK)
		return SCMI_TEXT_("port: NULL, or its table is not complete (see scmi_port_check)");
	why = fault_of_host(c->host);
	return why != NULL ? why : fault_of_shared(c);
}

int scmi_virtio_device_check(const struct scmi_virtio_device_config *config, const char **why)
{
	struct plan p;
	const char *fault = plan_or_fault(config, &p);

	if (why != NULL)
		*why = fault;
	return fault == NULL ? SCMI_OK : SCMI_E_INVAL;
}

/* ---- memory ---- */

/* Where each part lies, in bytes from the start; what needs most alignment first. */
struct layout {
	size_t ring[SCMI_VIRTIO_QUEUES];
	size_t commands;
	size_t buffers;
	size_t pool;
	size_t event_pool;
	size_t map;
	size_t end;
};

static size_t buffer_bytes(const struct plan *p)
{
	return align_up(p->message_max, ALIGN);
}

static bool has_eventq(uint64_t features)
{
	return (features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0;
}

/* The rings' memory is moved up to a line of its own, so room for that is counted. */
static void lay_out(const struct plan *p, struct layout *at)
{
	const size_t events = has_eventq(p->features) ? scmi__ring_device_memory(p->queue_max, false) : 0u;
	const size_t event_pieces = has_eventq(p->features) ? p->pool_n : 0u;

	at->ring[SCMI_VIRTIO_CMDQ] = align_up(sizeof(struct scmi_virtio_device), ALIGN);
	at->ring[SCMI_VIRTIO_EVENTQ] =
		at->ring[SCMI_VIRTIO_CMDQ] + align_up(scmi__ring_device_memory(p->queue_max, true), LINE);
	at->commands = at->ring[SCMI_VIRTIO_EVENTQ] + align_up(events, ALIGN) + (LINE - ALIGN);
	at->buffers = at->commands + p->requests * sizeof(struct command);
	at->pool = at->buffers + 2u * p->requests * buffer_bytes(p);
	at->event_pool = at->pool + p->pool_n * sizeof(struct ring_piece);
	at->map = at->event_pool + event_pieces * sizeof(struct ring_piece);
	at->end = at->map + 2u * p->maps_max * sizeof(struct ring_map);
}

_Static_assert(alignof(struct ring_map) <= alignof(max_align_t) && sizeof(struct ring_piece) % alignof(uint64_t) == 0,
	       "maps follow pieces");

size_t scmi_virtio_device_size(const struct scmi_virtio_device_config *config)
{
	struct plan p;
	struct layout at;

	if (plan_or_fault(config, &p) != NULL)
		return 0;
	lay_out(&p, &at);
	return at.end;
}

static void init_commands(struct scmi_virtio_device *dev, unsigned char *base, const struct layout *at,
			  const struct plan *p)
{
	struct command *commands = (struct command *)(void *)(base + at->commands);
	unsigned char *buffer = base + at->buffers;

	for (uint32_t i = p->requests; i-- > 0;) {
		struct command *c = &commands[i];

		*c = (struct command){
			.next = dev->free,
			.request = buffer + 2u * i * buffer_bytes(p),
			.answer = buffer + (2u * i + 1u) * buffer_bytes(p),
		};
		c->req.params = c->request + HEADER_BYTES;
		c->req.reply = c->answer + HEADER_BYTES;
		c->req.priv = c;
		dev->free = c;
	}
}

static void init_memory(struct scmi_virtio_device *dev, unsigned char *base, const struct layout *at)
{
	const size_t up = align_up((uintptr_t)base + at->ring[0], LINE) - ((uintptr_t)base + at->ring[0]);

	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		dev->ring_memory[queue] = base + at->ring[queue] + up;
	dev->pool = (struct ring_piece *)(void *)(base + at->pool);
	dev->event_pool = (struct ring_piece *)(void *)(base + at->event_pool);
	dev->map = (struct ring_map *)(void *)(base + at->map);
}

static void fill_endpoint(struct scmi_virtio_device *dev, struct scmi_endpoint *endpoint)
{
	*endpoint = (struct scmi_endpoint){
		.size = sizeof(*endpoint),
		.max_payload = dev->message_max - HEADER_BYTES,
		.ops = &scmi__virtio_device_ops,
		.ctx = dev,
	};
}

int scmi_virtio_device_init(struct scmi_virtio_device **device, void *mem, size_t len,
			    const struct scmi_virtio_device_config *config, struct scmi_endpoint *endpoint)
{
	struct scmi_virtio_device *dev = mem;
	struct layout at;
	struct plan p;

	if (device == NULL || mem == NULL || endpoint == NULL || plan_or_fault(config, &p) != NULL)
		return SCMI_E_INVAL;
	lay_out(&p, &at);
	if (len < at.end || (uintptr_t)mem % alignof(max_align_t) != 0)
		return SCMI_E_NOMEM;
	*dev = (struct scmi_virtio_device){
		.port = config->port,
		.host = config->host,
		.shared = config->shared,
		.shared_n = config->shared_n,
		.features = p.features,
		.queue_max = p.queue_max,
		.message_max = p.message_max,
		.pool_n = p.pool_n,
		.maps_max = p.maps_max,
	};
	init_memory(dev, mem, &at);
	init_commands(dev, mem, &at, &p);
	fill_endpoint(dev, endpoint);
	*device = dev;
	return SCMI_OK;
}

void scmi_virtio_device_fini(struct scmi_virtio_device *device)
{
	(void)device;
}

/* ---- what is offered, what has happened ---- */

uint64_t scmi_virtio_device_features(const struct scmi_virtio_device *device)
{
	return device->features;
}

uint32_t scmi_virtio_device_queue_max(const struct scmi_virtio_device *device, uint32_t queue)
{
	if (queue == SCMI_VIRTIO_CMDQ || (queue == SCMI_VIRTIO_EVENTQ && has_eventq(device->features)))
		return device->queue_max;
	return 0;
}

int scmi_virtio_device_region(const struct scmi_virtio_device *device, uint8_t id, struct scmi_virtio_region *region)
{
	for (uint32_t i = 0; i < device->shared_n; i++) {
		if (device->shared[i].id == id) {
			*region = device->shared[i].region;
			return SCMI_OK;
		}
	}
	return SCMI_E_NOTFOUND;
}

static uint32_t read_count(const _Atomic uint32_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* An answer may be given, and counted, before the server has counted its command as put off. */
static uint32_t count_open(const struct scmi_virtio_device *dev)
{
	const uint32_t answered = read_count(&dev->answered);
	const uint32_t open = read_count(&dev->put_off) - answered;

	return open <= SCMI_VIRTIO_REQUESTS_MAX ? open : 0u;
}

int scmi_virtio_device_stats(struct scmi_virtio_device *device, struct scmi_virtio_device_stats *stats)
{
	if (stats == NULL || stats->size != sizeof(*stats))
		return SCMI_E_INVAL;
	*stats = (struct scmi_virtio_device_stats){
		.size = sizeof(*stats),
		.taken = read_count(&device->taken) + read_count(&device->events_taken),
		.refused = read_count(&device->refused) + read_count(&device->events_refused),
		.too_long = read_count(&device->too_long),
		.calls = read_count(&device->calls[SCMI_VIRTIO_CMDQ]) + read_count(&device->calls[SCMI_VIRTIO_EVENTQ]),
		.no_room = read_count(&device->no_room),
		.dropped = read_count(&device->dropped),
		.stale = read_count(&device->stale),
		.broken = read_count(&device->broken),
		.open = count_open(device),
	};
	return SCMI_OK;
}
