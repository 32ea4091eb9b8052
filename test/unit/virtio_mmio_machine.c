/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_mmio_machine.h"

#include <stdlib.h>
#include <string.h>

#include <scmi/protocol/base.h>

#define USED       1u
#define SHARED_LEN 65536u

/* ---- the device ---- */

void machine_run(struct machine *m)
{
	if (m->serving)
		return;
	m->serving = true;
	while (m->due) {
		m->due = false;
		do {
			while (scmi_virtio_device_serve(m->device, 4) > 0)
				;
		} while (!scmi_virtio_device_rest(m->device));
	}
	m->serving = false;
}

static void work(void *ctx)
{
	struct machine *m = ctx;

	m->due = true;
	if (!m->lazy)
		machine_run(m);
}

static void notify(void *ctx, uint32_t queue)
{
	(void)queue;
	work(ctx);
}

static void run_others(struct fake_port *fake, void *arg)
{
	struct machine *m = arg;

	(void)fake;
	m->fake.now_us += 10;
	if (!m->asleep)
		machine_run(m);
}

static void call(void *ctx, uint32_t queue)
{
	struct machine *m = ctx;

	(void)queue;
	mmio_model_raise(&m->model, USED);
}

static void event(void *ctx, enum scmi_virtio_event event)
{
	struct machine *m = ctx;

	if (event == SCMI_VIRTIO_BROKEN)
		mmio_model_needs_reset(&m->model);
}

static int attach(void *ctx, const struct scmi_virtio_setup *setup)
{
	struct machine *m = ctx;
	const struct scmi_virtio_map map = {.addr = SHARED_ADDR, .len = SHARED_LEN, .mem = m->shared};

	return scmi_virtio_device_attach(m->device, setup, &map, 1, NULL, NULL);
}

static void detach(void *ctx)
{
	struct machine *m = ctx;

	scmi_virtio_device_detach(m->device, NULL);
}

static int reset_queue(void *ctx, uint32_t queue)
{
	struct machine *m = ctx;

	return scmi_virtio_device_reset_queue(m->device, queue);
}

static int enable_queue(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where)
{
	struct machine *m = ctx;

	return scmi_virtio_device_enable_queue(m->device, queue, where);
}

static void make_device(struct machine *m)
{
	const struct scmi_virtio_device_config config = {
		.size = sizeof(config),
		.requests = SLOTS,
		.queue_max = 64,
		.port = &m->fake.port,
		.host = &m->host,
		.shared = &m->sensors,
		.shared_n = m->sensors.id != 0 ? 1u : 0u,
	};
	size_t size;

	m->host = (struct scmi_virtio_host){.ctx = m, .call = call, .work = work, .event = event};
	size = scmi_virtio_device_size(&config);
	m->device_mem = malloc(size);
	assert_non_null(m->device_mem);
	assert_int_equal(scmi_virtio_device_init(&m->device, m->device_mem, size, &config, &m->endpoint), SCMI_OK);
	m->model.offered = scmi_virtio_device_features(m->device);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		m->model.queue_max[i] = scmi_virtio_device_queue_max(m->device, i);
	m->model.backend = (struct mmio_backend){.attach = attach,
						 .detach = detach,
						 .reset_queue = reset_queue,
						 .enable_queue = enable_queue,
						 .notify = notify,
						 .ctx = m};
	m->model.regions[0].id = m->sensors.id;
	m->model.regions[0].base = 0x8000000000u;
	m->model.regions[0].len = m->sensors.region.len;
	assert_int_equal(acme_open(&m->acme, &m->endpoint, NULL, NULL), SCMI_OK);
}

/* ---- the agent ---- */

static void count_error(void *arg, enum scmi_log_level level, const char *text)
{
	struct machine *m = arg;

	(void)text;
	m->errors += level == SCMI_LOG_ERROR ? 1u : 0u;
}

static void vector(void *arg)
{
	struct machine *m = arg;

	assert_true(scmi_virtio_mmio_interrupt(m->mmio));
}

/* What the device shows at its address is in this program's memory. */
static void *map(void *ctx, uint64_t addr, uint64_t len)
{
	struct machine *m = (struct machine *)(void *)((char *)ctx - offsetof(struct machine, model));

	return addr == 0x8000000000u && len == m->sensors.region.len ? m->sensors.region.mem : NULL;
}

static void make_bus(struct machine *m)
{
	struct scmi_virtio_mmio_config config = {
		.size = sizeof(config),
		.flags = m->flags,
		.timeout_us = 5000,
		.access = mmio_model_access(&m->model),
		.port = &m->fake.port,
		.log = count_error,
		.log_arg = m,
	};

	config.access.map = map;
	assert_int_equal(scmi_virtio_mmio_init(&m->mmio, m->mmio_mem, sizeof(m->mmio_mem), &config, &m->bus), SCMI_OK);
	if (m->flags != 0) {
		m->model.irq = vector;
		m->model.irq_arg = m;
	}
}

static void make_driver(struct machine *m)
{
	struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_inflight = SLOTS,
		.events = 4,
		.features = m->features,
		.port = &m->fake.port,
		.bus = &m->bus,
		.shared = m->shared,
		.shared_len = SHARED_LEN,
		.shared_addr = SHARED_ADDR,
	};
	const size_t size = scmi_virtio_size(&config);

	assert_in_range(scmi_virtio_shared_size(&config), 1, SHARED_LEN);
	m->driver_mem = malloc(size);
	assert_non_null(m->driver_mem);
	assert_int_equal(scmi_virtio_init(&m->driver, m->driver_mem, size, &config, &m->transport), SCMI_OK);
}

static void make_agent(struct machine *m)
{
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &m->transport,
		.port = &m->fake.port,
		.options = {.slots = SLOTS, .reconnect_us = m->reconnect_us},
		.event_buffers = (m->transport.caps & SCMI_CAP_NOTIFY) != 0 ? 4u : 0u,
	};
	const size_t size = scmi_agent_size(&config);

	m->agent_mem = malloc(size);
	assert_non_null(m->agent_mem);
	assert_int_equal(scmi_agent_init(&m->agent, m->agent_mem, size, &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(m->agent), SCMI_OK);
}

/* ---- both ---- */

void machine_make(struct machine *m)
{
	fake_port_init(&m->fake);
	m->fake.on_wait = run_others;
	m->fake.on_relax = run_others;
	m->fake.arg = m;
	mmio_model_init(&m->model);
	m->model.port = &m->fake;
	m->shared = aligned_alloc(64, SHARED_LEN);
	assert_non_null(m->shared);
	make_device(m);
	make_bus(m);
	make_driver(m);
	make_agent(m);
}

void machine_end(struct machine *m)
{
	assert_int_equal(scmi_agent_fini(m->agent), SCMI_OK);
	scmi_virtio_fini(m->driver);
	assert_false(scmi_virtio_mmio_in_use(m->mmio));
	scmi_virtio_mmio_fini(m->mmio);
	assert_int_equal(acme_close(&m->acme), SCMI_OK);
	scmi_virtio_device_fini(m->device);
	if (m->model.breach != NULL)
		fail_msg("register 0x%03x: %s", (unsigned)m->model.breach_offset, m->model.breach);
	assert_null(m->fake.fault);
	assert_int_equal(m->fake.events, 0);
	free(m->agent_mem);
	free(m->driver_mem);
	free(m->device_mem);
	free(m->shared);
}

int machine_discover(struct machine *m)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	const int err = scmi_base_discover(m->agent, &info);

	if (err == SCMI_OK) {
		assert_string_equal(info.vendor, "acme");
		assert_string_equal(info.sub_vendor, "interop");
	}
	return err;
}
