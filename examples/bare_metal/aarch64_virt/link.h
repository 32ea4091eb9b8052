/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent over the device of one slot: port, registers, driver and agent, all in memory that is set aside once. */
#ifndef LINK_H
#define LINK_H

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

struct link {
	struct scmi_aarch64_bare state;
	struct scmi_port port;
	struct scmi_virtio_bus bus;
	struct scmi_virtio_mmio *mmio;
	struct scmi_virtio *driver;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	uint32_t interrupts;
};

/* Looks into all slots, and prints what is there. Returns the first with an SCMI device, or BOARD_VIRTIO_SLOTS. */
uint32_t link_find(void);

/* Brings up all of it; one at a time. Returns SCMI_OK, or what went wrong, which has been printed. */
int link_open(struct link *link, uint32_t slot, const struct link_kind *kind);
void link_close(struct link *link);

#endif
