/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent over the device of one slot: port, registers, driver and agent, all in memory that is set aside once. */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>

#include <scmi/agent.h>
#include <scmi/port/aarch64_bare.h>
#include <scmi/transport/virtio_mmio.h>

#define LINK_SLOTS 32u

/* How it is driven. */
struct link_kind {
	const char *name;
	uint32_t mmio; /* SCMI_VIRTIO_MMIO_*; 0: no interrupt, who waits polls */
	uint32_t port; /* SCMI_AARCH64_BARE_* */
};

/* How the registers of a slot's transport are reached. */
typedef struct scmi_virtio_mmio_access link_registers_fn(uint32_t slot);

/* Where the device was found. */
struct link_place {
	uint32_t slot;
	struct scmi_virtio_mmio_access registers;
};

struct link {
	uint32_t slot;
	struct scmi_aarch64_bare state;
	struct scmi_port port;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_mmio *mmio;
	struct scmi_virtio *driver;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	uint32_t interrupts;
};

/* The machine's own, where it has them. */
link_registers_fn link_registers;

/* Looks into all slots, and prints what is there. false: none has an SCMI device; else *place is the first one. */
bool link_find(link_registers_fn *registers, struct link_place *place);

/* Brings up all of it; one at a time. Returns SCMI_OK, or what went wrong, which has been printed. */
int link_open(struct link *link, const struct link_place *place, const struct link_kind *kind);
void link_close(struct link *link);

#endif
