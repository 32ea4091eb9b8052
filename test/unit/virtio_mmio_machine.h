/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole machine on one thread: the platform acme behind a virtio-scmi device, that behind the model of its registers,
 * and an agent that reaches it through them. Driver memory lies above 4 GiB for the device.
 */
#ifndef VIRTIO_MMIO_MACHINE_H
#define VIRTIO_MMIO_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/transport/virtio_device.h>
#include <scmi/transport/virtio_mmio.h>

#include "acme.h"
#include "fake_port.h"
#include "mmio_model.h"

#define SHARED_ADDR 0x6180000000u
#define SLOTS       8u

struct machine {
	struct fake_port fake;
	struct mmio_model model;

	/* the device's side */
	struct acme acme;
	struct scmi_virtio_host host;
	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_shared sensors; /* a region */
	void *device_mem;
	bool lazy;   /* a doorbell is only noted; who lets others run lets the device run, too */
	bool asleep; /* not then either */
	bool due;
	bool serving;

	/* the driver's side */
	uint32_t flags; /* SCMI_VIRTIO_MMIO_* */
	uint64_t features;
	uint32_t reconnect_us;
	struct scmi_virtio_mmio *mmio;
	struct scmi_virtio_bus bus;
	struct scmi_virtio *driver;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	void *driver_mem;
	void *agent_mem;
	unsigned char *shared;
	max_align_t mmio_mem[SCMI_VIRTIO_MMIO_WORDS];
	unsigned errors; /* log lines that tell one */
};

/* Everything is made and started; flags, features, reconnect_us and lazy may be set before, the rest is 0. */
void machine_make(struct machine *m);

/* Everything is stopped and gone; neither model nor port may have found a fault. */
void machine_end(struct machine *m);

/* The device serves what is due. */
void machine_run(struct machine *m);

/* Whether the platform can be discovered: SCMI_OK and it is acme. */
int machine_discover(struct machine *m);

#endif
