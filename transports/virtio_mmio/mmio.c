/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bus: what the driver asks for, done by registers.
 *
 * A device that does not do as the specification says costs time, never a hang: each wait is bounded by the port's
 * clock. Nothing is believed of it but whether it has reset itself.
 */
#include <scmi/config.h>

#include "internal.h"

/* ---- words and waits ---- */

static uint64_t read_pair(const struct scmi_virtio_mmio *m, uint32_t reg)
{
	const uint64_t low = read_reg(m, reg);

	return low | (uint64_t)read_reg(m, reg + 4u) << 32;
}

static void write_pair(const struct scmi_virtio_mmio *m, uint32_t reg, uint64_t value)
{
	write_reg(m, reg, (uint32_t)value);
	write_reg(m, reg + 4u, (uint32_t)(value >> 32));
}

/* Waits until a register reads 0. The time is taken before each look: the last one comes after the deadline. */
static bool falls_to_zero(const struct scmi_virtio_mmio *m, uint32_t reg)
{
	const struct scmi_port *port = m->port;
	const uint64_t deadline = port->now_us(port->ctx) + m->timeout_us;

	for (;;) {
		const bool late = port->now_us(port->ctx) >= deadline;

		if (read_reg(m, reg) == 0)
			return true;
		if (late)
			return false;
		port->relax(port->ctx);
	}
}

/* No bit of Status may be taken back, the device's own neither. */
static void add_status(const struct scmi_virtio_mmio *m, uint32_t bits)
{
	write_reg(m, REG_STATUS, read_reg(m, REG_STATUS) | bits);
}

static int fail(const struct scmi_virtio_mmio *m, int err, const char *text)
{
	say(m, SCMI_LOG_ERROR, text);
	return err;
}

/* ---- what the device offers ---- */

uint64_t scmi__virtio_mmio_offered(const struct scmi_virtio_mmio *m)
{
	uint64_t features;

	write_reg(m, REG_DEVICE_FEATURES_SEL, 0);
	features = read_reg(m, REG_DEVICE_FEATURES);
	write_reg(m, REG_DEVICE_FEATURES_SEL, 1);
	return features | (uint64_t)read_reg(m, REG_DEVICE_FEATURES) << 32;
}

uint32_t scmi__virtio_mmio_queue_max(const struct scmi_virtio_mmio *m, uint32_t queue)
{
	write_reg(m, REG_QUEUE_SEL, queue);
	return read_reg(m, REG_QUEUE_SIZE_MAX);
}

/* What a split ring can have of it: only a packed one may have another size than a power of two. */
static uint32_t round_down(uint32_t max)
{
	uint32_t size = RING_MAX;

	while (size > max)
		size /= 2u;
	return size;
}

/* As it was at init: the driver is promised the same at every call. start() looks again. */
static uint64_t features(void *ctx)
{
	const struct scmi_virtio_mmio *m = ctx;

	return m->offered;
}

static uint32_t queue_max(void *ctx, uint32_t queue)
{
	const struct scmi_virtio_mmio *m = ctx;

	return queue < SCMI_VIRTIO_QUEUES ? round_down(m->queue_max[queue]) : 0;
}

/* ---- the gate: who is at the driver, or rings the doorbell ---- */

static bool enter(struct scmi_virtio_mmio *m)
{
	/* acquire: pairs with open_gate(); without it m->driver may be the one of an earlier start. */
	if ((atomic_fetch_add_explicit(&m->gate, 1u, memory_order_acquire) & GATE_OPEN) != 0)
		return true;
	atomic_fetch_sub_explicit(&m->gate, 1u, memory_order_relaxed);
	return false;
}

static void leave(struct scmi_virtio_mmio *m)
{
	/* release: pairs with close_gate(); without it what was done inside may come after stop(). */
	atomic_fetch_sub_explicit(&m->gate, 1u, memory_order_release);
}

static void open_gate(struct scmi_virtio_mmio *m)
{
	atomic_fetch_or_explicit(&m->gate, GATE_OPEN, memory_order_release);
}

static void close_gate(struct scmi_virtio_mmio *m)
{
	atomic_fetch_and_explicit(&m->gate, ~GATE_OPEN, memory_order_relaxed);
	while ((atomic_load_explicit(&m->gate, memory_order_acquire) & GATE_COUNT) != 0)
		m->port->relax(m->port->ctx);
}

/* ---- start and stop ---- */

static bool reset(struct scmi_virtio_mmio *m)
{
	write_reg(m, REG_STATUS, 0);
	if (!falls_to_zero(m, REG_STATUS))
		return false;
	atomic_store_explicit(&m->in_use, 0u, memory_order_release);
	return true;
}

static void reset_or_tell(struct scmi_virtio_mmio *m)
{
	if (!reset(m))
		say(m, SCMI_LOG_ERROR,
		    SCMI_TEXT_("virtio-mmio: the device does not end its reset, it may still write to its rings and "
			       "buffers"));
}

static int negotiate(struct scmi_virtio_mmio *m, uint64_t wanted)
{
	if ((wanted & ~scmi__virtio_mmio_offered(m)) != 0)
		return fail(m, SCMI_E_NOTSUP,
			    SCMI_TEXT_("virtio-mmio: the device does not offer a feature that it did before"));
	write_reg(m, REG_DRIVER_FEATURES_SEL, 0);
	write_reg(m, REG_DRIVER_FEATURES, (uint32_t)wanted);
	write_reg(m, REG_DRIVER_FEATURES_SEL, 1);
	write_reg(m, REG_DRIVER_FEATURES, (uint32_t)(wanted >> 32));
	add_status(m, STATUS_FEATURES_OK);
	if ((read_reg(m, REG_STATUS) & STATUS_FEATURES_OK) == 0)
		return fail(m, SCMI_E_NOTSUP, SCMI_TEXT_("virtio-mmio: the device refuses the features (FEATURES_OK)"));
	m->features = wanted;
	return SCMI_OK;
}

static int set_up_queue(struct scmi_virtio_mmio *m, uint32_t queue, const struct scmi_virtio_queue *where)
{
	const uint32_t max = scmi__virtio_mmio_queue_max(m, queue); /* selects it */

	if (read_reg(m, REG_QUEUE_READY) != 0)
		return fail(m, SCMI_E_IO, SCMI_TEXT_("virtio-mmio: a queue is in use after a reset (QueueReady)"));
	if (where->size > max)
		return fail(m, SCMI_E_IO,
			    SCMI_TEXT_("virtio-mmio: a queue is not there, or smaller than it was (QueueSizeMax)"));
	write_reg(m, REG_QUEUE_SIZE, where->size);
	write_pair(m, REG_QUEUE_DESC, where->desc);
	write_pair(m, REG_QUEUE_DRIVER, where->avail);
	write_pair(m, REG_QUEUE_DEVICE, where->used);
	write_reg(m, REG_QUEUE_READY, 1);
	if (read_reg(m, REG_QUEUE_READY) != 1u)
		return fail(m, SCMI_E_IO, SCMI_TEXT_("virtio-mmio: the device does not take a queue (QueueReady)"));
	return SCMI_OK;
}

/* The gate first: an interrupt that comes with DRIVER_OK is acknowledged, and would not come again. */
static int go(struct scmi_virtio_mmio *m)
{
	atomic_store_explicit(&m->in_use, 1u, memory_order_relaxed);
	open_gate(m);
	add_status(m, STATUS_DRIVER_OK);
	if ((read_reg(m, REG_STATUS) & STATUS_NEEDS_RESET) == 0)
		return SCMI_OK;
	close_gate(m);
	return fail(m, SCMI_E_IO, SCMI_TEXT_("virtio-mmio: the device wants a reset as soon as it is started"));
}

static int bring_up(struct scmi_virtio_mmio *m, const struct scmi_virtio_setup *setup)
{
	int err;

	add_status(m, STATUS_ACKNOWLEDGE);
	add_status(m, STATUS_DRIVER);
	err = negotiate(m, setup->features);
	for (uint32_t i = 0; i < SCMI_VIRTIO_QUEUES && err == SCMI_OK; i++) {
		if (setup->queue[i].size != 0)
			err = set_up_queue(m, i, &setup->queue[i]);
	}
	return err == SCMI_OK ? go(m) : err;
}

/* Without DRIVER_OK the device touches nothing, so FAILED may stand there for whoever looks from the other side. */
static void give_up(struct scmi_virtio_mmio *m)
{
	add_status(m, STATUS_FAILED);
	if (scmi_virtio_mmio_in_use(m))
		reset_or_tell(m);
}

static int start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	struct scmi_virtio_mmio *m = ctx;
	const char *why;
	int err = scmi__virtio_mmio_look(&m->access, &why);

	if (err != SCMI_OK) {
		if (why != NULL)
			say(m, SCMI_LOG_ERROR, why);
		return err;
	}
	if (!reset(m)) /* nothing but 0 may be written to Status meanwhile, FAILED neither */
		return fail(m, SCMI_E_IO,
			    SCMI_TEXT_("virtio-mmio: the device does not end its reset, it is not started"));
	m->driver = driver;
	err = bring_up(m, setup);
	if (err != SCMI_OK)
		give_up(m);
	return err;
}

static void stop(void *ctx)
{
	struct scmi_virtio_mmio *m = ctx;

	close_gate(m);
	if (scmi_virtio_mmio_in_use(m))
		reset_or_tell(m);
}

bool scmi_virtio_mmio_in_use(const struct scmi_virtio_mmio *mmio)
{
	return atomic_load_explicit(&mmio->in_use, memory_order_acquire) != 0;
}

/* ---- while it runs ---- */

/* One that is late must not reach a device that has been reset: stop() waits for those under way. */
static void kick(void *ctx, uint32_t queue)
{
	struct scmi_virtio_mmio *m = ctx;

	if (!enter(m))
		return;
	write_reg(m, REG_QUEUE_NOTIFY, queue);
	leave(m);
}

static int reset_queue(void *ctx, uint32_t queue)
{
	struct scmi_virtio_mmio *m = ctx;

	if (queue >= SCMI_VIRTIO_QUEUES || (m->features & SCMI_VIRTIO_F_RING_RESET) == 0)
		return SCMI_E_NOTSUP;
	write_reg(m, REG_QUEUE_SEL, queue);
	write_reg(m, REG_QUEUE_RESET, 1);
	if (!falls_to_zero(m, REG_QUEUE_RESET) || read_reg(m, REG_QUEUE_READY) != 0)
		return fail(m, SCMI_E_IO, SCMI_TEXT_("virtio-mmio: the device does not reset a queue (QueueReset)"));
	return SCMI_OK;
}

static int enable_queue(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where)
{
	struct scmi_virtio_mmio *m = ctx;

	if (queue >= SCMI_VIRTIO_QUEUES || (m->features & SCMI_VIRTIO_F_RING_RESET) == 0)
		return SCMI_E_NOTSUP;
	return set_up_queue(m, queue, where);
}

/* Any thread may ask for a region, but there is one register to say which. */
static void select_region(struct scmi_virtio_mmio *m, uint8_t id)
{
	while (atomic_exchange_explicit(&m->selecting, 1u, memory_order_acquire) != 0)
		m->port->relax(m->port->ctx);
	write_reg(m, REG_SHM_SEL, id);
}

static int find_region(void *ctx, uint8_t id, struct scmi_virtio_region *region)
{
	struct scmi_virtio_mmio *m = ctx;
	uint64_t base;
	uint64_t len;
	void *mem;

	select_region(m, id);
	len = read_pair(m, REG_SHM_LEN);
	base = read_pair(m, REG_SHM_BASE);
	atomic_store_explicit(&m->selecting, 0u, memory_order_release);
	/* All ones: not there. Nor is what runs over the end of all addresses. */
	if (len == 0 || len == UINT64_MAX || base > UINT64_MAX - len)
		return SCMI_E_NOTFOUND;
	mem = m->access.map(m->access.ctx, base, len);
	if (mem == NULL)
		return SCMI_E_NOTFOUND;
	*region = (struct scmi_virtio_region){.mem = mem, .len = len};
	return SCMI_OK;
}

/* ---- interrupts ---- */

/* Without interrupts, or for who only signals, the driver looks by itself. */
static void used_buffers(struct scmi_virtio_mmio *m)
{
	if ((m->flags & SCMI_VIRTIO_MMIO_DELIVERS) != 0)
		scmi_virtio_interrupt(m->driver);
	else if (m->event != NULL)
		m->port->event_signal(m->port->ctx, m->event);
}

/*
 * Acknowledged before the rings are looked at: what is returned after that look raises the interrupt anew, and would be
 * acknowledged unseen otherwise. And acknowledged whether or not the gate is open: a line that stays up would keep the
 * handler running on top of the thread that is to reset the device. There is no configuration space, so a change of it
 * means a look at Status; one that polls has missed the interrupt perhaps, and always looks.
 */
bool scmi_virtio_mmio_interrupt(struct scmi_virtio_mmio *mmio)
{
	const uint32_t known = read_reg(mmio, REG_INTERRUPT_STATUS) & (INTERRUPT_USED | INTERRUPT_CONFIG);

	if (known != 0)
		write_reg(mmio, REG_INTERRUPT_ACK, known);
	if (!enter(mmio))
		return known != 0;
	if ((known & INTERRUPT_USED) != 0)
		used_buffers(mmio);
	if (((known & INTERRUPT_CONFIG) != 0 || mmio->flags == 0) &&
	    (read_reg(mmio, REG_STATUS) & STATUS_NEEDS_RESET) != 0)
		scmi_virtio_lost(mmio->driver, SCMI_E_LINK);
	leave(mmio);
	return known != 0;
}

static void wait(void *ctx, uint64_t deadline_us)
{
	struct scmi_virtio_mmio *m = ctx;

	(void)m->port->event_wait(m->port->ctx, m->event, deadline_us);
}

static void wake(void *ctx)
{
	struct scmi_virtio_mmio *m = ctx;

	m->port->event_signal(m->port->ctx, m->event);
}

void scmi__virtio_mmio_fill_bus(struct scmi_virtio_mmio *m, struct scmi_virtio_bus *bus)
{
	const bool delivers = (m->flags & SCMI_VIRTIO_MMIO_DELIVERS) != 0;
	const bool signals = m->event != NULL;

	*bus = (struct scmi_virtio_bus){
		.version = SCMI_VIRTIO_BUS_V1,
		.caps = SCMI_CAP_ATOMIC | (delivers ? SCMI_CAP_IRQ : 0u),
		.name = "virtio-mmio",
		.ctx = m,
		.features = features,
		.queue_max = queue_max,
		.start = start,
		.stop = stop,
		.kick = kick,
		.reset_queue = reset_queue,
		.enable_queue = enable_queue,
		.wait = signals ? wait : NULL,
		.wake = signals ? wake : NULL,
		.region = m->access.map != NULL ? find_region : NULL,
	};
}
