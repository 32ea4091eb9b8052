/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent and the platform of the recordings, over virtio in one address space. */
#ifndef VIRTIO_PAIR_RIG_H
#define VIRTIO_PAIR_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>
#include <scmi/transport/virtio.h>
#include <scmi/transport/virtio_device.h>

#include "acme.h"

#define PAIR_SLOTS  4u
#define PAIR_EVENTS 2u

/* How the two are connected; zero is a good start. */
struct pair_form {
	const struct scmi_port *port;
	uint32_t flags;   /* SCMI_VIRTIO_PAIR_* */
	uint64_t offered; /* by the device; 0: the default */
	uint64_t wanted;  /* by the driver; 0: the default */
	struct scmi_virtio_bell to_device;
	struct scmi_virtio_bell to_driver;
	struct scmi_virtio_sleeper sleeper;
	uint32_t timeout_us;     /* of calls; 0: the default */
	uint32_t slots;          /* of the agent; 0: PAIR_SLOTS */
	void (*wake)(void *arg); /* of the agent's configuration */
	void *wake_arg;
};

struct pair_rig {
	struct scmi_virtio_pair pair;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_host host;
	struct scmi_virtio_device *device;
	struct scmi_virtio *driver;
	struct scmi_endpoint endpoint;
	struct scmi_transport transport;
	struct acme acme;
	struct scmi_agent *agent;
	struct scmi_agent_config config; /* what the agent was made with */
	struct scmi_subscriber ear;
	atomic_uint heard; /* trips */
	void *device_memory;
	void *driver_memory;
	void *agent_memory;
	void *shared;
	int (*start)(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver); /* the bus's own */
	struct scmi_virtio_queue cmdq; /* where the driver has put it */
};

/* Everything up to the started agent. */
void pair_rig_open(struct pair_rig *r, const struct pair_form *form);
void pair_rig_close(struct pair_rig *r);

/* The driver's available ring says more than there can be. */
void pair_rig_break(struct pair_rig *r);

/* A call and its answer: how many clocks there are. Returns what the call did. */
int pair_rig_ask(struct pair_rig *r);

#endif
