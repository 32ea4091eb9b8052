/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Our driver and our device, which a thread serves. Both sleep until they are rung: a doorbell that is lost is a hang.
 * What the rings can do differs from one such link to the next.
 */
#include <stdlib.h>

#include <scmi/transport/virtio_device.h>

#include "stress.h"

#ifdef STRESS_HOSTED
#include <scmi/hosted.h>
#endif

#define INFLIGHT   64u
#define SHARED_MAX (1u << 20)
#define ALIGN      64u

#define PLAIN (SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_P2A_CHANNELS)

static const uint64_t features[] = {
	PLAIN | SCMI_VIRTIO_F_EVENT_IDX,
	PLAIN | SCMI_VIRTIO_F_INDIRECT_DESC,
	PLAIN,
	PLAIN | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_INDIRECT_DESC,
};

#define FEATURES (sizeof(features) / sizeof(features[0]))

struct virtio {
	const struct scmi_port *port;
	struct scmi_virtio *driver;
	struct scmi_virtio_device *device;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_host host;
	struct scmi_virtio_pair pair;
	void *driver_mem;
	void *device_mem;
	unsigned char *shared;
	void *to_driver; /* events of the port's */
	void *to_device;
	void *bell; /* the lane's, for a reactor */
	pthread_t server;
	bool serving;
	atomic_bool over;
};

/* ---- doorbells ---- */

static void ring_driver(void *ctx)
{
	struct virtio *v = ctx;

	v->port->event_signal(v->port->ctx, v->to_driver);
}

static void ring_device(void *ctx)
{
	struct virtio *v = ctx;

	v->port->event_signal(v->port->ctx, v->to_device);
}

static void wait_driver(void *ctx, uint64_t deadline_us)
{
	struct virtio *v = ctx;

	(void)v->port->event_wait(v->port->ctx, v->to_driver, deadline_us);
}

static void *make_event(struct virtio *v)
{
	void *event = malloc(v->port->event_size);

	if (event == NULL || v->port->event_init(v->port->ctx, event) != SCMI_OK)
		abort();
	return event;
}

static void free_event(struct virtio *v, void *event)
{
	v->port->event_fini(v->port->ctx, event);
	free(event);
}

#ifdef STRESS_HOSTED
/* Who waits for its own call sleeps on the event, a reactor on the descriptor: a clear() must not take a wake(). */
static void ring_both(void *ctx)
{
	struct lane *l = ctx;

	ring_driver(l->virtio);
	scmi_doorbell_ring(l->doorbell);
}

static int bell_fd(void *ctx)
{
	const struct virtio *v = ctx;

	return scmi_doorbell_fd(v->bell);
}

static void bell_clear(void *ctx)
{
	const struct virtio *v = ctx;

	scmi_doorbell_clear(v->bell);
}

static void bell_raise(void *ctx)
{
	const struct virtio *v = ctx;

	scmi_doorbell_ring(v->bell);
}

static bool make_bell(struct lane *l, struct scmi_virtio_pair_config *config)
{
	struct scmi_doorbell *bell;

	if (scmi_doorbell_create(&bell) != SCMI_OK)
		return false;
	l->doorbell = bell;
	l->virtio->bell = bell;
	config->to_driver = (struct scmi_virtio_bell){ring_both, l};
	config->sleeper.fd = bell_fd;
	config->sleeper.clear = bell_clear;
	config->sleeper.raise = bell_raise;
	return true;
}
#else
static bool make_bell(struct lane *l, struct scmi_virtio_pair_config *config)
{
	(void)l;
	(void)config;
	return false;
}
#endif

/* ---- make ---- */

static bool make_pair(struct lane *l, struct virtio *v)
{
	struct scmi_virtio_pair_config config = {
		.size = sizeof(config),
		.to_device = {ring_device, v},
		.to_driver = {ring_driver, v},
		.sleeper = {.wait = wait_driver, .wake = ring_driver, .ctx = v},
		.base = v->shared,
		.len = SHARED_MAX,
	};

	if (l->s->o.reactor && !make_bell(l, &config))
		return false;
	return scmi_virtio_pair_init(&v->pair, &config, &v->bus, &v->host) == SCMI_OK;
}

static bool make_device(struct lane *l, struct virtio *v)
{
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config),
		.max_payload = SCMI_STATUS_BYTES + BYTES_MAX,
		.requests = INFLIGHT * 3u / 2u, /* what an agent left behind at its end may still be open */
		.port = v->port,
		.host = &v->host,
	};
	const size_t size = scmi_virtio_device_size(&config);

	v->device_mem = malloc(size);
	if (size == 0 || v->device_mem == NULL ||
	    scmi_virtio_device_init(&v->device, v->device_mem, size, &config, &l->endpoint) != SCMI_OK)
		return false;
	scmi_virtio_pair_join(&v->pair, v->device);
	return true;
}

static bool make_driver(struct lane *l, struct virtio *v)
{
	struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_payload = SCMI_STATUS_BYTES + BYTES_MAX,
		.max_inflight = INFLIGHT,
		.features = features[l->index % FEATURES],
		.port = v->port,
		.bus = &v->bus,
		.shared = v->shared + ALIGN,
		.shared_len = SHARED_MAX - ALIGN,
		.shared_addr = ALIGN,
	};
	const size_t size = scmi_virtio_size(&config);

	v->driver_mem = malloc(size);
	return size != 0 && v->driver_mem != NULL &&
	       scmi_virtio_init(&v->driver, v->driver_mem, size, &config, &l->inner) == SCMI_OK;
}

bool virtio_make(struct lane *l)
{
	struct virtio *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return false;
	l->virtio = v;
	v->port = &l->s->port;
	v->shared = aligned_alloc(ALIGN, SHARED_MAX);
	v->to_driver = make_event(v);
	v->to_device = make_event(v);
	return v->shared != NULL && make_pair(l, v) && make_device(l, v) && make_driver(l, v);
}

void virtio_unmake(struct lane *l)
{
	struct virtio *v = l->virtio;

	scmi_virtio_fini(v->driver);
	scmi_virtio_device_fini(v->device);
	free_event(v, v->to_driver);
	free_event(v, v->to_device);
	free(v->driver_mem);
	free(v->device_mem);
	free(v->shared);
	free(v);
}

/* ---- the server ---- */

static void *serve(void *arg)
{
	struct virtio *v = arg;

	while (!atomic_load(&v->over)) {
		while (scmi_virtio_device_serve(v->device, 8) > 0)
			;
		if (scmi_virtio_device_rest(v->device))
			(void)v->port->event_wait(v->port->ctx, v->to_device, SCMI_NEVER);
	}
	return NULL;
}

bool virtio_start(struct lane *l)
{
	struct virtio *v = l->virtio;

	v->serving = pthread_create(&v->server, NULL, serve, v) == 0;
	return v->serving;
}

void virtio_stop(struct lane *l)
{
	struct virtio *v = l->virtio;

	if (!v->serving)
		return;
	atomic_store(&v->over, true);
	ring_device(v);
	pthread_join(v->server, NULL);
}

uint32_t virtio_away(struct lane *l)
{
	struct scmi_virtio_device_stats stats = {.size = sizeof(stats)};
	struct scmi_virtio_stats driver = {.size = sizeof(driver)};

	if (scmi_virtio_device_stats(l->virtio->device, &stats) != SCMI_OK ||
	    scmi_virtio_stats(l->virtio->driver, &driver) != SCMI_OK)
		fault(l->s, l, "no figures of virtio");
	if (stats.refused != 0 || stats.broken != 0 || driver.broken != 0 || driver.long_replies != 0 ||
	    driver.bad_events != 0)
		fault(l->s, l, "driver and device do not understand each other");
	return stats.open;
}
