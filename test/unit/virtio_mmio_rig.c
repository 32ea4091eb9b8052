/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_mmio_rig.h"

#include <string.h>

void scmi_virtio_interrupt(struct scmi_virtio *driver)
{
	void (*hook)(void *arg) = driver->on_interrupt;

	driver->on_interrupt = NULL;
	if (hook != NULL)
		hook(driver->arg);
	driver->interrupts++;
}

void scmi_virtio_lost(struct scmi_virtio *driver, int err)
{
	driver->losses++;
	driver->err = err;
}

static void keep_line(void *arg, enum scmi_log_level level, const char *text)
{
	struct rig *r = arg;

	r->logs++;
	r->level = level;
	strncpy(r->log, text, sizeof(r->log) - 1u);
}

void rig_fill(struct rig *r, uint32_t flags)
{
	memset(r, 0, sizeof(*r));
	fake_port_init(&r->fake);
	r->fake.step_us = 10;
	mmio_model_init(&r->model);
	r->model.port = &r->fake;
	r->config = (struct scmi_virtio_mmio_config){
		.size = sizeof(r->config),
		.flags = flags,
		.timeout_us = TIMEOUT_US,
		.access = mmio_model_access(&r->model),
		.port = &r->fake.port,
		.log = keep_line,
		.log_arg = r,
	};
	r->setup = (struct scmi_virtio_setup){
		.features = SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_P2A_CHANNELS |
			    SCMI_VIRTIO_F_RING_RESET,
		.queue = {{.size = 32, .desc = 0x123456780, .avail = 0x2fffffff2, .used = 0xfedcba9876543214},
			  {.size = 16, .desc = 0x10, .avail = 0xfffffffe, .used = 0x100000000}},
	};
}

void rig_make(struct rig *r, uint32_t flags)
{
	rig_fill(r, flags);
	assert_int_equal(scmi_virtio_mmio_init(&r->mmio, r->mem, sizeof(r->mem), &r->config, &r->bus), SCMI_OK);
}

int rig_start(struct rig *r)
{
	return r->bus.start(r->bus.ctx, &r->setup, &r->driver);
}

void rig_stop(struct rig *r)
{
	r->bus.stop(r->bus.ctx);
}

void rig_make_started(struct rig *r, uint32_t flags)
{
	rig_make(r, flags);
	assert_int_equal(rig_start(r), SCMI_OK);
}

void rig_expect_queue(const struct mmio_queue *q, const struct scmi_virtio_queue *where)
{
	assert_int_equal(q->ready, 1);
	assert_int_equal(q->where.size, where->size);
	assert_true(q->where.desc == where->desc);
	assert_true(q->where.avail == where->avail);
	assert_true(q->where.used == where->used);
}

uint32_t rig_last_status(const struct rig *r)
{
	return r->model.statuses[r->model.statuses_n - 1u];
}

void rig_end(struct rig *r)
{
	scmi_virtio_mmio_fini(r->mmio);
	if (r->model.breach != NULL)
		fail_msg("register 0x%03x: %s", (unsigned)r->model.breach_offset, r->model.breach);
	assert_null(r->fake.fault);
	assert_int_equal(r->fake.events, 0);
}
