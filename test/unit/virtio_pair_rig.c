/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "virtio_pair_rig.h"

#define TRIP_POINT_EVENT 0u

static void *allocate(size_t size)
{
	void *mem;

	assert_true(size != 0);
	mem = aligned_alloc(64, (size + 63u) / 64u * 64u);
	assert_non_null(mem);
	return mem;
}

static void open_pair(struct pair_rig *r, const struct pair_form *form, size_t shared_len)
{
	const struct scmi_virtio_pair_config config = {
		.size = sizeof(config),
		.flags = form->flags,
		.to_device = form->to_device,
		.to_driver = form->to_driver,
		.sleeper = form->sleeper,
		.base = r->shared,
		.len = shared_len,
	};

	assert_int_equal(scmi_virtio_pair_init(&r->pair, &config, &r->bus, &r->host), SCMI_OK);
}

static struct pair_rig *started;

static int start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	started->cmdq = setup->queue[SCMI_VIRTIO_CMDQ];
	return started->start(ctx, setup, driver);
}

/* Notes on the way where the driver has put its ring. */
static void wrap_bus(struct pair_rig *r)
{
	started = r;
	r->start = r->bus.start;
	r->bus.start = start;
}

void pair_rig_break(struct pair_rig *r)
{
	unsigned char *idx = (unsigned char *)r->shared + r->cmdq.avail + 2u;

	scmi_put_le16(idx, (uint16_t)(scmi_get_le16(idx) + r->cmdq.size + 1u));
}

static void open_device(struct pair_rig *r, const struct pair_form *form)
{
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config),
		.queue_max = 16,
		.features = form->offered,
		.port = form->port,
		.host = &r->host,
	};
	const size_t size = scmi_virtio_device_size(&config);

	r->device_memory = allocate(size);
	assert_int_equal(scmi_virtio_device_init(&r->device, r->device_memory, size, &config, &r->endpoint), SCMI_OK);
	scmi_virtio_pair_join(&r->pair, r->device);
}

static struct scmi_virtio_config driver_config(const struct pair_rig *r, const struct pair_form *form)
{
	return (struct scmi_virtio_config){
		.size = sizeof(struct scmi_virtio_config),
		.max_inflight = PAIR_SLOTS,
		.events = PAIR_EVENTS,
		.features = form->wanted,
		.port = form->port,
		.bus = &r->bus,
	};
}

static void open_driver(struct pair_rig *r, const struct pair_form *form)
{
	struct scmi_virtio_config config = driver_config(r, form);
	const size_t size = scmi_virtio_size(&config);

	config.shared = r->shared;
	config.shared_len = scmi_virtio_shared_size(&config);
	r->driver_memory = allocate(size);
	assert_int_equal(scmi_virtio_init(&r->driver, r->driver_memory, size, &config, &r->transport), SCMI_OK);
}

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct pair_rig *r = self->arg;
	struct scmi_sensor_event event = {0};

	assert_int_equal(scmi_sensor_event_parse(hdr, payload, len, &event), SCMI_OK);
	atomic_fetch_add(&r->heard, 1u);
}

static void open_agent(struct pair_rig *r, const struct pair_form *form)
{
	const bool events = (r->transport.caps & SCMI_CAP_NOTIFY) != 0;
	size_t size;

	r->transport.timeout_us = form->timeout_us;
	r->transport.delayed_timeout_us = form->timeout_us;
	r->config = (struct scmi_agent_config){
		.size = sizeof(r->config),
		.transport = &r->transport,
		.port = form->port,
		.options.slots = form->slots != 0 ? form->slots : PAIR_SLOTS,
		.event_buffers = events ? 4u : 0u,
		.event_bytes = events ? 32u : 0u,
		.wake = form->wake,
		.wake_arg = form->wake_arg,
	};
	size = scmi_agent_size(&r->config);
	r->agent_memory = allocate(size);
	assert_int_equal(scmi_agent_init(&r->agent, r->agent_memory, size, &r->config), SCMI_OK);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
	r->ear = (struct scmi_subscriber){
		.size = sizeof(r->ear),
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = TRIP_POINT_EVENT,
		.notify = hear,
		.arg = r,
	};
	if (events)
		assert_int_equal(scmi_agent_subscribe(r->agent, &r->ear), SCMI_OK);
}

/* The shared memory's size is asked for with the bus, which wants its device: so a pair over nothing comes first. */
void pair_rig_open(struct pair_rig *r, const struct pair_form *form)
{
	struct scmi_virtio_config config;
	size_t len;

	memset(r, 0, sizeof(*r));
	r->shared = &r->pair;
	open_pair(r, form, sizeof(r->pair));
	open_device(r, form);
	config = driver_config(r, form);
	len = scmi_virtio_shared_size(&config);
	r->shared = allocate(len);
	open_pair(r, form, len);
	wrap_bus(r);
	scmi_virtio_pair_join(&r->pair, r->device);
	open_driver(r, form);
	assert_int_equal(acme_open(&r->acme, &r->endpoint, NULL, NULL), SCMI_OK);
	open_agent(r, form);
}

void pair_rig_close(struct pair_rig *r)
{
	assert_int_equal(scmi_agent_fini(r->agent), SCMI_OK);
	scmi_virtio_fini(r->driver);
	memset(r->driver_memory, 0xee, sizeof(max_align_t)); /* nobody tells it anything any more: */
	free(r->driver_memory);
	free(r->agent_memory);
	assert_int_equal(scmi_platform_stop(r->acme.platform), SCMI_OK);
	assert_int_equal(scmi_platform_start(r->acme.platform), SCMI_OK);
	assert_int_equal(acme_close(&r->acme), SCMI_OK);
	scmi_virtio_device_fini(r->device);
	free(r->device_memory);
	free(r->shared);
}

int pair_rig_ask(struct pair_rig *r)
{
	struct scmi_clock_protocol p;
	const int err = scmi_clock_open(r->agent, 0, &p, NULL);

	if (err == SCMI_OK)
		assert_int_equal(p.clocks, ACME_CLOCKS);
	return err;
}
