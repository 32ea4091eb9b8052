/* SPDX-License-Identifier: BSD-3-Clause */
/* A bus over the model of a virtio-mmio device, of which the test plays the driver. */
#ifndef VIRTIO_MMIO_RIG_H
#define VIRTIO_MMIO_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/transport/virtio_mmio.h>

#include "fake_port.h"
#include "mmio_model.h"

#define TIMEOUT_US 5000u

/* The driver's upcalls, scmi_virtio_interrupt() and scmi_virtio_lost(), are the test's: this program links no other. */
struct scmi_virtio {
	unsigned interrupts;
	unsigned losses;
	int err;
	void (*on_interrupt)(void *arg); /* once: just before it has looked at the rings */
	void *arg;
};

struct rig {
	struct fake_port fake;
	struct mmio_model model;
	struct scmi_virtio_mmio_config config;
	struct scmi_virtio_mmio *mmio;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_setup setup;
	struct scmi_virtio driver;
	max_align_t mem[SCMI_VIRTIO_MMIO_WORDS];

	unsigned logs;
	enum scmi_log_level level; /* of the last line */
	char log[120];
};

/* Model and configuration, nothing is made yet; the same and initialised; the same and started. */
void rig_fill(struct rig *r, uint32_t flags);
void rig_make(struct rig *r, uint32_t flags);
void rig_make_started(struct rig *r, uint32_t flags);

int rig_start(struct rig *r);
void rig_stop(struct rig *r);

/* Ends the bus. Neither the model nor the port may have found a fault. */
void rig_end(struct rig *r);

/* The device has this queue, there. */
void rig_expect_queue(const struct mmio_queue *q, const struct scmi_virtio_queue *where);

/* What was written to Status last. */
uint32_t rig_last_status(const struct rig *r);

#endif
