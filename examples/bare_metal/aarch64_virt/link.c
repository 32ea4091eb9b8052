/* SPDX-License-Identifier: BSD-3-Clause */
#include <stddef.h>

#include "board.h"
#include "link.h"

#define EVENTS      8u        /* notifications that may be under way */
#define RESPONSE_US 10000000u /* the platform is a process on a machine that may be busy, or is being restarted */

static uint32_t read_register(void *registers, uint32_t offset)
{
	return board_read32((uintptr_t)registers + offset);
}

static void write_register(void *registers, uint32_t offset, uint32_t value)
{
	board_write32((uintptr_t)registers + offset, value);
}

struct scmi_virtio_mmio_access link_registers(uint32_t slot)
{
	return (struct scmi_virtio_mmio_access){
		.read32 = read_register, .write32 = write_register, .ctx = (void *)board_virtio_registers(slot)};
}

static void say(void *arg, enum scmi_log_level level, const char *text)
{
	(void)arg;
	if (level != SCMI_LOG_INFO)
		board_print("log: %s\n", text);
}

static struct scmi_virtio_mmio_config config_for(const struct link_place *place, uint32_t flags,
						 const struct scmi_port *port)
{
	return (struct scmi_virtio_mmio_config){
		.size = sizeof(struct scmi_virtio_mmio_config),
		.flags = flags,
		.access = place->registers,
		.port = port,
		.log = say,
	};
}

static int make_port(struct link *link, uint32_t flags)
{
	const struct scmi_aarch64_bare_config config = {
		.size = sizeof(config), .flags = flags, .interrupt = board_running};

	return scmi_aarch64_bare_init(&link->state, &config, &link->port);
}

bool link_find(link_registers_fn *registers, struct link_place *place)
{
	static struct link looking;
	bool found = false;

	if (make_port(&looking, 0) != SCMI_OK)
		return false;
	for (uint32_t slot = 0; slot < BOARD_VIRTIO_SLOTS; slot++) {
		const struct link_place here = {.slot = slot, .registers = registers(slot)};
		const struct scmi_virtio_mmio_config config = config_for(&here, 0, &looking.port);
		int err = scmi_virtio_mmio_probe(&config);

		if (err == SCMI_E_NOPEER) /* an empty one */
			continue;
		board_print("slot %u at %x: %s\n", slot, (uint32_t)board_virtio_registers(slot),
			    err == SCMI_OK ? "virtio-scmi" : scmi_strerror(err));
		if (err == SCMI_OK && !found) {
			*place = here;
			found = true;
		}
	}
	return found;
}

static void interrupt(void *arg)
{
	struct link *link = arg;

	link->interrupts++;
	(void)scmi_virtio_mmio_interrupt(link->mmio);
}

static int make_driver(struct link *link)
{
	static max_align_t mem[256];
	static _Alignas(64) unsigned char shared[32768]; /* rings and buffers; the device reaches all memory */
	const struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_inflight = LINK_SLOTS,
		.port = &link->port,
		.bus = &link->bus,
		.shared = shared,
		.shared_len = sizeof(shared),
		.shared_addr = (uintptr_t)shared,
		.log = say,
	};

	const int err = scmi_virtio_init(&link->driver, mem, sizeof(mem), &config, &link->transport);

	link->transport.timeout_us = RESPONSE_US;
	return err;
}

static int make_agent(struct link *link)
{
	static max_align_t mem[SCMI_AGENT_WORDS_FOR(LINK_SLOTS, SCMI_WAITERS_DEFAULT, SCMI_EVENT_BYTES_MAX, EVENTS,
						    SCMI_VIRTIO_PAYLOAD_DEFAULT)];
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &link->transport,
		.port = &link->port,
		.options = {.slots = LINK_SLOTS},
		.event_buffers = (link->transport.caps & SCMI_CAP_NOTIFY) != 0 ? EVENTS : 0,
		.log = say,
	};

	return scmi_agent_init(&link->agent, mem, sizeof(mem), &config);
}

int link_open(struct link *link, const struct link_place *place, const struct link_kind *kind)
{
	static max_align_t mem[SCMI_VIRTIO_MMIO_WORDS];
	const struct scmi_virtio_mmio_config config = config_for(place, kind->mmio, &link->port);
	int err;

	*link = (struct link){.slot = place->slot};
	if ((err = make_port(link, kind->port)) ||
	    (err = scmi_virtio_mmio_init(&link->mmio, mem, sizeof(mem), &config, &link->bus)) ||
	    (err = make_driver(link)) || (err = make_agent(link))) {
		board_print("FAILED: %s: %s\n", kind->name, scmi_strerror(err));
		return err;
	}
	if (kind->mmio != 0)
		board_enable(board_virtio_interrupt(link->slot), interrupt, link);
	err = scmi_agent_start(link->agent);
	if (err != SCMI_OK)
		board_print("FAILED: %s: start: %s\n", kind->name, scmi_strerror(err));
	return err;
}

void link_close(struct link *link)
{
	(void)scmi_agent_fini(link->agent);
	board_disable(board_virtio_interrupt(link->slot));
	scmi_virtio_fini(link->driver);
	scmi_virtio_mmio_fini(link->mmio);
}
