/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the register driver share: the registers, and what it keeps. */
#ifndef SCMI_VIRTIO_MMIO_INTERNAL_H
#define SCMI_VIRTIO_MMIO_INTERNAL_H

#include <stdatomic.h>

#include <scmi/transport/virtio_mmio.h>

#define MAGIC  0x74726976u /* "virt" */
#define LEGACY 1u
#define MODERN 2u

#define RING_MAX 32768u /* entries of a split ring */

enum {
	REG_MAGIC = 0x000,
	REG_VERSION = 0x004,
	REG_DEVICE_ID = 0x008,
	REG_DEVICE_FEATURES = 0x010,
	REG_DEVICE_FEATURES_SEL = 0x014,
	REG_DRIVER_FEATURES = 0x020,
	REG_DRIVER_FEATURES_SEL = 0x024,
	REG_QUEUE_SEL = 0x030,
	REG_QUEUE_SIZE_MAX = 0x034,
	REG_QUEUE_SIZE = 0x038,
	REG_QUEUE_READY = 0x044,
	REG_QUEUE_NOTIFY = 0x050,
	REG_INTERRUPT_STATUS = 0x060,
	REG_INTERRUPT_ACK = 0x064,
	REG_STATUS = 0x070,
	REG_QUEUE_DESC = 0x080, /* low word; the high one follows each */
	REG_QUEUE_DRIVER = 0x090,
	REG_QUEUE_DEVICE = 0x0a0,
	REG_SHM_SEL = 0x0ac,
	REG_SHM_LEN = 0x0b0,
	REG_SHM_BASE = 0x0b8,
	REG_QUEUE_RESET = 0x0c0
};

#define INTERRUPT_USED   (1u << 0)
#define INTERRUPT_CONFIG (1u << 1)

#define STATUS_ACKNOWLEDGE (1u << 0)
#define STATUS_DRIVER      (1u << 1)
#define STATUS_DRIVER_OK   (1u << 2)
#define STATUS_FEATURES_OK (1u << 3)
#define STATUS_NEEDS_RESET (1u << 6)
#define STATUS_FAILED      (1u << 7)

/* The gate counts interrupts that are at the driver, and doorbells, below the bit that says whether more may come in. */
#define GATE_OPEN  (1u << 31)
#define GATE_COUNT (GATE_OPEN - 1u)

struct scmi_virtio_mmio {
	struct scmi_virtio_mmio_access access;
	const struct scmi_port *port;
	scmi_log_fn log;
	void *log_arg;
	uint64_t offered;                       /* by the device, when it was looked at */
	uint64_t features;                      /* agreed on by the last start */
	uint32_t queue_max[SCMI_VIRTIO_QUEUES]; /* likewise */
	uint32_t timeout_us;
	uint32_t flags;
	void *event;                /* SIGNALS: the device has signalled; else NULL */
	struct scmi_virtio *driver; /* written before the gate opens */
	_Atomic uint32_t gate;
	_Atomic uint32_t in_use;    /* DRIVER_OK was said, and no reset has ended since */
	_Atomic uint32_t selecting; /* SHMSel is somebody's */
};

static inline uint32_t read_reg(const struct scmi_virtio_mmio *m, uint32_t reg)
{
	return m->access.read32(m->access.ctx, reg);
}

static inline void write_reg(const struct scmi_virtio_mmio *m, uint32_t reg, uint32_t value)
{
	m->access.write32(m->access.ctx, reg, value);
}

static inline void say(const struct scmi_virtio_mmio *m, enum scmi_log_level level, const char *text)
{
	if (m->log != NULL)
		m->log(m->log_arg, level, text);
}

/* config.c: what stands behind the first registers; *why: what to say of it, NULL: nothing */
int scmi__virtio_mmio_look(const struct scmi_virtio_mmio_access *access, const char **why);

/* mmio.c */
uint64_t scmi__virtio_mmio_offered(const struct scmi_virtio_mmio *m);
uint32_t scmi__virtio_mmio_queue_max(const struct scmi_virtio_mmio *m, uint32_t queue);
void scmi__virtio_mmio_fill_bus(struct scmi_virtio_mmio *m, struct scmi_virtio_bus *bus);

#endif
