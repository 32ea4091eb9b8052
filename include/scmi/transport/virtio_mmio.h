/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A bus for the virtio driver: a device behind virtio-mmio registers, version 2, as bare metal and small hypervisors
 * have it.
 *
 * The registers are reached through two functions of the user's, which alone know where they lie. Nothing else is
 * asked of the board but a port, and the interrupt where there is one. Three ways to take what the device returns:
 *
 *	flags 0                      nobody need listen to the interrupt: the agent polls
 *	SCMI_VIRTIO_MMIO_DELIVERS    scmi_virtio_mmio_interrupt() delivers, in the interrupt
 *	SCMI_VIRTIO_MMIO_SIGNALS     it only wakes the caller that waits, who then delivers; the device interrupts only
 *	                             while somebody waits
 *
 * A device that asks to be reset (DEVICE_NEEDS_RESET) raises its interrupt too: the driver is told by
 * scmi_virtio_lost(), every call ends with SCMI_E_LINK, and the link stays down until it is recovered, which resets the
 * device and starts it anew: by a poll, if the agent has options.reconnect_us, or by scmi_agent_recover(), or
 * scmi_virtio_found().
 */
#ifndef SCMI_TRANSPORT_VIRTIO_MMIO_H
#define SCMI_TRANSPORT_VIRTIO_MMIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/port.h>
#include <scmi/trace.h>
#include <scmi/transport/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How long a device may take for a reset, its own or a queue's. */
#define SCMI_VIRTIO_MMIO_TIMEOUT_DEFAULT_US 1000000u

/* scmi_virtio_mmio_config.flags: what scmi_virtio_mmio_interrupt() does; one of them, or none: see above. */
#define SCMI_VIRTIO_MMIO_DELIVERS (1u << 0)
#define SCMI_VIRTIO_MMIO_SIGNALS  (1u << 1)

/*
 * How the registers are reached. Offsets are multiples of 4 from the device's first register; values in host order, in
 * the registers they are little endian; each call is one access of 32 bits, made when it is called. Memory and
 * registers keep their order: what was written to memory before write32() is there for the device when it sees the
 * write, and nothing that is read after read32() is older than its result. From any context that the agent is used in,
 * the interrupt included; several at once. Must not sleep nor call the library. Never grows.
 */
struct scmi_virtio_mmio_access {
	uint32_t (*read32)(void *ctx, uint32_t offset);
	void (*write32)(void *ctx, uint32_t offset, uint32_t value);

	/*
	 * Where the program finds len bytes of the device's shared memory at this physical address: constant for as
	 * long as the driver is used; NULL: it cannot. Both come from the device: check them. Context: thread.
	 * Optional: without it there are no regions.
	 */
	void *(*map)(void *ctx, uint64_t addr, uint64_t len);

	void *ctx;
};

struct scmi_virtio_mmio;

/* Zero is a good default for every member but size, access and port. Not kept after init. */
struct scmi_virtio_mmio_config {
	uint32_t size;                         /* sizeof(struct scmi_virtio_mmio_config) */
	uint32_t flags;                        /* SCMI_VIRTIO_MMIO_*; 0: polled */
	uint32_t timeout_us;                   /* for a reset; 0: the default */
	struct scmi_virtio_mmio_access access; /* copied */
	const struct scmi_port *port;          /* must outlive the bus */
	scmi_log_fn log;                       /* NULL: no log lines */
	void *log_arg;
};

/*
 * Checks a configuration, without touching the device. Returns SCMI_OK or SCMI_E_INVAL; *why, if why is not NULL, is
 * then a constant sentence that begins with the name of the member at fault, else NULL. Context: any.
 */
int scmi_virtio_mmio_check(const struct scmi_virtio_mmio_config *config, const char **why);

/*
 * Looks whether there is a virtio-scmi device, by its first three registers alone. SCMI_OK; SCMI_E_NOPEER: not a
 * virtio-mmio device, or a place without one (DeviceID 0); SCMI_E_NOTSUP: a legacy device (Version 1) or a later one,
 * or a virtio device of another kind; SCMI_E_INVAL. A log line tells which, but none for DeviceID 0, so that all places
 * of a board can be tried. Context: thread.
 */
int scmi_virtio_mmio_probe(const struct scmi_virtio_mmio_config *config);

/*
 * Bytes of memory that this configuration needs, exactly; 0 if it is not allowed. SCMI_VIRTIO_MMIO_WORDS: words of
 * max_align_t that do for any configuration, for static memory. Context: any.
 */
size_t scmi_virtio_mmio_size(const struct scmi_virtio_mmio_config *config);
#define SCMI_VIRTIO_MMIO_BYTES 192u
#define SCMI_VIRTIO_MMIO_WORDS                                                                                         \
	((SCMI_VIRTIO_MMIO_BYTES + SCMI_EVENT_BYTES_MAX + sizeof(max_align_t) - 1u) / sizeof(max_align_t))

/*
 * Makes a bus in mem: len bytes, aligned as max_align_t, which stay its own until scmi_virtio_mmio_fini(), and fills in
 * *bus for scmi_virtio_config; *bus is the caller's and must outlive the driver. Looks at the device as
 * scmi_virtio_mmio_probe() does, then at what it offers, but leaves it as it is. Returns SCMI_OK; what
 * scmi_virtio_mmio_probe() does; SCMI_E_NOMEM, misaligned or a byte too short; SCMI_E_IO from the port. On an error
 * nothing is kept. Context: thread.
 *
 * The bus's start() then resets the device and sets it up; where that fails it sets FAILED in Status and the device
 * touches no memory: SCMI_E_NOPEER or SCMI_E_NOTSUP as above, SCMI_E_NOTSUP also if the device refuses the features,
 * SCMI_E_IO if a reset does not end, a queue is not to be had, or the device wants a reset at once. A log line tells.
 */
int scmi_virtio_mmio_init(struct scmi_virtio_mmio **mmio, void *mem, size_t len,
			  const struct scmi_virtio_mmio_config *config, struct scmi_virtio_bus *bus);

/* Gives the memory back; the driver is gone, and no interrupt is handled any more; mmio not NULL. Context: thread. */
void scmi_virtio_mmio_fini(struct scmi_virtio_mmio *mmio);

/*
 * The device's interrupt handler, between init and fini. Acknowledges what it understands, also while the driver is
 * stopped, and does what flags say for buffers that were returned. true: it was this device's interrupt; for lines that
 * are shared. Several at once are allowed. Where there is no interrupt it may be called at any time, as after a
 * time-out: then it looks whether the device wants to be reset. Context: any.
 */
bool scmi_virtio_mmio_interrupt(struct scmi_virtio_mmio *mmio);

/*
 * Whether the device may touch memory that it was given: from start until a reset has ended. Still true when the agent
 * has stopped: the device has not ended its reset in time (a log line has told), so rings and buffers must not be used
 * for anything else until a later start or stop of the agent gets through with the reset. Context: any.
 */
bool scmi_virtio_mmio_in_use(const struct scmi_virtio_mmio *mmio);

#ifdef __cplusplus
}
#endif

#endif
