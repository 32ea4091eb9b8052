/* SPDX-License-Identifier: BSD-3-Clause */
#include "mmio_model.h"

#include <stddef.h>
#include <string.h>

#define ACKNOWLEDGE 1u
#define DRIVER      2u
#define DRIVER_OK   4u
#define FEATURES_OK 8u
#define NEEDS_RESET 64u
#define FAILED      128u

#define USED      1u
#define CONFIG    2u
#define STORM     100u /* calls of a handler that does not quiet the line */
#define ALL_SEVEN 0x7fu

/* Registers by their offset; a letter says what may be done to each. */
static const struct {
	uint32_t offset;
	bool read;
	bool write;
} registers[] = {
	{0x000, true, false}, {0x004, true, false}, {0x008, true, false}, {0x00c, true, false}, {0x010, true, false},
	{0x014, false, true}, {0x020, false, true}, {0x024, false, true}, {0x030, false, true}, {0x034, true, false},
	{0x038, false, true}, {0x044, true, true},  {0x050, false, true}, {0x060, true, false}, {0x064, false, true},
	{0x070, true, true},  {0x080, false, true}, {0x084, false, true}, {0x090, false, true}, {0x094, false, true},
	{0x0a0, false, true}, {0x0a4, false, true}, {0x0ac, false, true}, {0x0b0, true, false}, {0x0b4, true, false},
	{0x0b8, true, false}, {0x0bc, true, false}, {0x0c0, true, true},  {0x0fc, true, false},
};

static void breach(struct mmio_model *m, uint32_t offset, const char *text)
{
	if (m->breach != NULL)
		return;
	m->breach = text;
	m->breach_offset = offset;
}

static void check(struct mmio_model *m, uint32_t offset, bool right, const char *text)
{
	if (!right)
		breach(m, offset, text);
}

/* What holds for every access. */
static void check_access(struct mmio_model *m, uint32_t offset, bool write)
{
	const bool named = offset <= 0x008;
	bool allowed = false;

	m->accesses++;
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		if (registers[i].offset == offset)
			allowed = write ? registers[i].write : registers[i].read;
	}
	check(m, offset, allowed, "no such register, misaligned, or the wrong way");
	check(m, offset, m->port == NULL || !m->port->locked_, "an access with the port's lock held");
	check(m, offset, named || (m->magic == 0x74726976u && m->version == 2u && m->device_id == 32u),
	      "a device that is to be left alone was touched");
	check(m, offset, m->resetting_ == 0 || named || offset == 0x060 || offset == 0x064 || offset == 0x070,
	      "a register was touched while the device is being reset");
}

static bool negotiated(const struct mmio_model *m, uint64_t feature)
{
	return (m->status & FEATURES_OK) != 0 && (m->acked & feature) != 0;
}

/* ---- queues ---- */

static struct mmio_queue *selected(struct mmio_model *m)
{
	static struct mmio_queue none;

	if (m->queue_sel_ < SCMI_VIRTIO_QUEUES)
		return &m->queues[m->queue_sel_];
	none = (struct mmio_queue){0};
	return &none;
}

static void check_setting(struct mmio_model *m, uint32_t offset)
{
	check(m, offset, (m->status & FEATURES_OK) != 0, "a queue was set up before FEATURES_OK");
	check(m, offset, selected(m)->ready == 0, "a register of a queue was written while it is ready");
	check(m, offset, (m->status & DRIVER_OK) == 0 || negotiated(m, SCMI_VIRTIO_F_RING_RESET),
	      "a queue was set up after DRIVER_OK");
}

static void write_size(struct mmio_model *m, uint32_t value)
{
	const uint32_t max = m->queue_sel_ < SCMI_VIRTIO_QUEUES ? m->queue_max[m->queue_sel_] : 0;

	check_setting(m, 0x038);
	check(m, 0x038, value != 0 && (value & (value - 1u)) == 0 && value <= max, "a size that is not allowed");
	selected(m)->where.size = value;
	selected(m)->written |= 1u;
}

static void write_address(struct mmio_model *m, uint32_t offset, uint32_t value)
{
	struct mmio_queue *q = selected(m);
	const uint32_t which = (offset - 0x080u) / 16u;
	uint64_t *const addresses[] = {&q->where.desc, &q->where.avail, &q->where.used};
	const bool high = offset % 16u != 0;
	uint64_t *address = addresses[which];

	check_setting(m, offset);
	*address = high ? (*address & UINT32_MAX) | (uint64_t)value << 32 : (*address & ~(uint64_t)UINT32_MAX) | value;
	q->written |= 1u << (1u + 2u * which + (high ? 1u : 0u));
}

static void write_ready(struct mmio_model *m, uint32_t value)
{
	struct mmio_queue *q = selected(m);

	check_setting(m, 0x044);
	check(m, 0x044, value == 1u, "a queue is only made ready here");
	check(m, 0x044, q->written == ALL_SEVEN, "a queue was made ready before all was told of it");
	check(m, 0x044, q->where.desc % 16u == 0 && q->where.avail % 2u == 0 && q->where.used % 4u == 0,
	      "a part of a queue is misaligned");
	if (m->refuses_queue)
		return;
	q->ready = 1;
	if (m->live_ && m->backend.enable_queue != NULL)
		(void)m->backend.enable_queue(m->backend.ctx, m->queue_sel_, &q->where);
}

static void end_queue_reset(struct mmio_model *m, struct mmio_queue *q)
{
	if (m->live_ && m->backend.reset_queue != NULL)
		(void)m->backend.reset_queue(m->backend.ctx, m->queue_sel_);
	*q = (struct mmio_queue){0};
}

static void write_queue_reset(struct mmio_model *m, uint32_t value)
{
	struct mmio_queue *q = selected(m);

	check(m, 0x0c0, value == 1u && negotiated(m, SCMI_VIRTIO_F_RING_RESET), "QueueReset is not to be written so");
	check(m, 0x0c0, (m->status & DRIVER_OK) != 0 && q->ready != 0, "a queue was reset that is not ready");
	if (m->ignores_queue_reset)
		return;
	q->resetting = m->queue_reset_reads;
	if (q->resetting == 0)
		end_queue_reset(m, q);
}

static uint32_t read_queue_reset(struct mmio_model *m)
{
	struct mmio_queue *q = selected(m);

	check(m, 0x0c0, negotiated(m, SCMI_VIRTIO_F_RING_RESET), "QueueReset was read without RING_RESET");
	if (q->resetting == 0)
		return 0;
	if (q->resetting == MMIO_NEVER || --q->resetting != 0)
		return 1;
	end_queue_reset(m, q);
	return 0;
}

static void write_notify(struct mmio_model *m, uint32_t value)
{
	check(m, 0x050, (m->status & DRIVER_OK) != 0, "a doorbell before DRIVER_OK");
	check(m, 0x050, value < SCMI_VIRTIO_QUEUES && m->queues[value].ready != 0,
	      "a doorbell of a queue that is not ready");
	if (value >= SCMI_VIRTIO_QUEUES)
		return;
	m->notifies[value]++;
	if (m->live_ && m->backend.notify != NULL)
		m->backend.notify(m->backend.ctx, value);
}

/* ---- status ---- */

static void end_reset(struct mmio_model *m)
{
	m->status = 0;
	m->interrupts = 0;
	m->acked = 0;
	m->driver_sel_ = -1;
	m->fresh_ = true;
	memset(m->queues, 0, sizeof(m->queues));
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES && m->queues_stay; i++)
		m->queues[i].ready = 1;
}

static void begin_reset(struct mmio_model *m)
{
	m->resets++;
	m->resetting_ = m->reset_reads;
	/* From here on it touches nothing, unless it never comes so far. */
	if (m->live_ && m->resetting_ != MMIO_NEVER) {
		m->live_ = false;
		if (m->backend.detach != NULL)
			m->backend.detach(m->backend.ctx);
	}
	if (m->resetting_ == 0)
		end_reset(m);
	else if (m->status == 0)
		m->status = DRIVER_OK; /* what it was, for as long as it lasts */
}

static void attach(struct mmio_model *m)
{
	struct scmi_virtio_setup setup = {.features = m->acked};
	int err = SCMI_OK;

	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		if (m->queues[i].ready != 0)
			setup.queue[i] = m->queues[i].where;
	}
	m->live_ = true;
	m->fresh_ = false;
	if (m->backend.attach != NULL)
		err = m->backend.attach(m->backend.ctx, &setup);
	if (err != SCMI_OK || m->fails_at_start)
		mmio_model_needs_reset(m);
}

static void check_status(struct mmio_model *m, uint32_t value)
{
	const uint32_t added = value & ~m->status;
	/* What must stand there already for each bit that is new. */
	static const struct {
		uint32_t bit;
		uint32_t needs;
	} order[] = {
		{DRIVER, ACKNOWLEDGE},
		{FEATURES_OK, ACKNOWLEDGE | DRIVER},
		{DRIVER_OK, ACKNOWLEDGE | DRIVER | FEATURES_OK},
	};

	check(m, 0x070, m->resetting_ == 0, "Status was written while the device is being reset");
	check(m, 0x070, m->fresh_ || added == FAILED, "the device was not reset first");
	check(m, 0x070, (m->status & ~value) == 0, "a bit of Status was taken back");
	check(m, 0x070, (m->status & FAILED) == 0, "the driver goes on after FAILED");
	check(m, 0x070, (added & ~(ACKNOWLEDGE | DRIVER | DRIVER_OK | FEATURES_OK | FAILED)) == 0,
	      "not the driver's bit");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		check(m, 0x070, (added & order[i].bit) == 0 || (m->status & order[i].needs) == order[i].needs,
		      "a bit of Status came too early");
}

static void write_status(struct mmio_model *m, uint32_t value)
{
	if (m->statuses_n < MMIO_STATUSES)
		m->statuses[m->statuses_n++] = value;
	if (value == 0) {
		check(m, 0x070, m->resetting_ == 0 || m->resetting_ == MMIO_NEVER, "a second reset within the first");
		begin_reset(m);
		return;
	}
	check_status(m, value);
	if ((value & FEATURES_OK) != 0 && (m->refuses_features || (m->acked & ~m->offered) != 0))
		value &= ~FEATURES_OK;
	if ((value & ~m->status & DRIVER_OK) != 0) {
		m->status = value;
		attach(m);
	} else {
		m->status = value;
	}
}

static uint32_t read_status(struct mmio_model *m)
{
	const uint32_t before = m->status;

	if (m->fails_after_start && m->resetting_ == 0 && (m->status & DRIVER_OK) != 0) {
		m->fails_after_start = false;
		mmio_model_needs_reset(m);
		return before;
	}
	if (m->resetting_ != 0 && m->resetting_ != MMIO_NEVER && --m->resetting_ == 0)
		end_reset(m);
	return m->status;
}

/* ---- interrupts ---- */

static void pull_line(struct mmio_model *m)
{
	unsigned calls = 0;

	if (m->irq == NULL || m->in_irq_)
		return;
	m->in_irq_ = true;
	while (m->interrupts != 0 && calls++ < STORM)
		m->irq(m->irq_arg);
	m->in_irq_ = false;
	check(m, 0x064, calls <= STORM, "the line stays up: nobody acknowledges");
}

void mmio_model_raise(struct mmio_model *m, uint32_t bits)
{
	m->interrupts |= bits;
	pull_line(m);
}

void mmio_model_needs_reset(struct mmio_model *m)
{
	m->status |= NEEDS_RESET;
	if ((m->status & DRIVER_OK) != 0)
		mmio_model_raise(m, CONFIG);
}

static void write_ack(struct mmio_model *m, uint32_t value)
{
	check(m, 0x064, (value & ~(USED | CONFIG)) == 0, "an interrupt was acknowledged that does not exist");
	check(m, 0x064, (value & ~m->interrupts) == 0, "an interrupt was acknowledged that is not there");
	m->interrupts &= ~value;
}

/* ---- features and regions ---- */

static void write_driver_features(struct mmio_model *m, uint32_t value)
{
	check(m, 0x020, m->driver_sel_ >= 0, "DriverFeatures before DriverFeaturesSel");
	check(m, 0x020, (m->status & DRIVER) != 0 && (m->status & FEATURES_OK) == 0, "features at the wrong time");
	if (m->driver_sel_ == 0)
		m->acked = (m->acked & ~(uint64_t)UINT32_MAX) | value;
	else
		m->acked = (m->acked & UINT32_MAX) | (uint64_t)value << 32;
}

static int selection(struct mmio_model *m, uint32_t offset, uint32_t value)
{
	check(m, offset, value <= 1u, "there are two words of features");
	return value == 0 ? 0 : 1;
}

static uint32_t read_region(struct mmio_model *m, uint32_t offset)
{
	const struct mmio_region *found = NULL;
	uint64_t word = UINT64_MAX;

	check(m, offset, m->shm_sel_ >= 0 && (m->offered & SCMI_VIRTIO_F_SHARED_MEMORY) != 0,
	      "registers of shared memory, which is not there, or none selected");
	for (uint32_t i = 0; i < MMIO_REGIONS; i++) {
		if (m->regions[i].id != 0 && m->regions[i].id == m->shm_sel_)
			found = &m->regions[i];
	}
	if (found != NULL)
		word = offset < 0x0b8 ? found->len : found->base;
	return (uint32_t)(offset % 8u == 0 ? word : word >> 32);
}

/* ---- the bus ---- */

static uint32_t read32(void *ctx, uint32_t offset)
{
	struct mmio_model *m = ctx;

	check_access(m, offset, false);
	switch (offset) {
	case 0x000:
		return m->magic;
	case 0x004:
		return m->version;
	case 0x008:
		return m->device_id;
	case 0x010:
		check(m, offset, m->device_sel_ >= 0, "DeviceFeatures before DeviceFeaturesSel");
		return (uint32_t)(m->offered >> (m->device_sel_ == 1 ? 32 : 0));
	case 0x034:
		return m->queue_sel_ < SCMI_VIRTIO_QUEUES ? m->queue_max[m->queue_sel_] : 0;
	case 0x044:
		return selected(m)->ready;
	case 0x060:
		return m->interrupts | m->strange_bits;
	case 0x070:
		return read_status(m);
	case 0x0b0:
	case 0x0b4:
	case 0x0b8:
	case 0x0bc:
		return read_region(m, offset);
	case 0x0c0:
		return read_queue_reset(m);
	default:
		return 0;
	}
}

static void write32(void *ctx, uint32_t offset, uint32_t value)
{
	struct mmio_model *m = ctx;

	check_access(m, offset, true);
	switch (offset) {
	case 0x014:
		m->device_sel_ = selection(m, offset, value);
		break;
	case 0x020:
		write_driver_features(m, value);
		break;
	case 0x024:
		m->driver_sel_ = selection(m, offset, value);
		break;
	case 0x030:
		m->queue_sel_ = value;
		break;
	case 0x038:
		write_size(m, value);
		break;
	case 0x044:
		write_ready(m, value);
		break;
	case 0x050:
		write_notify(m, value);
		break;
	case 0x064:
		write_ack(m, value);
		break;
	case 0x070:
		write_status(m, value);
		break;
	case 0x0ac:
		m->shm_sel_ = (int)value;
		break;
	case 0x0c0:
		write_queue_reset(m, value);
		break;
	default:
		if (offset >= 0x080 && offset <= 0x0a4)
			write_address(m, offset, value);
		break;
	}
}

void mmio_model_init(struct mmio_model *model)
{
	*model = (struct mmio_model){
		.magic = 0x74726976u,
		.version = 2,
		.device_id = 32,
		.offered = SCMI_VIRTIO_FEATURES_DEFAULT,
		.queue_max = {64, 16},
		.status = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK,
		.device_sel_ = -1,
		.driver_sel_ = -1,
		.shm_sel_ = -1,
	};
}

struct scmi_virtio_mmio_access mmio_model_access(struct mmio_model *model)
{
	return (struct scmi_virtio_mmio_access){.read32 = read32, .write32 = write32, .ctx = model};
}
