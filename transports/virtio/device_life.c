/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The life of the device's two ends: the platform, which starts and stops, and the driver, whose queues come and go.
 *
 * Who wants in counts himself before he looks at the gate, who closes it clears the bit before he looks at the count;
 * all sequentially consistent, so one of them sees the other. The server, one context, is a flag in place of a count.
 */
#include "device.h"

bool scmi__virtio_device_enter(_Atomic uint32_t *gate)
{
	/* The look beforehand keeps those who try in vain from holding up the one who waits for the count. */
	if ((atomic_load_explicit(gate, memory_order_relaxed) & GATE_ON) == 0)
		return false;
	if ((atomic_fetch_add(gate, 1u) & GATE_ON) != 0)
		return true;
	scmi__virtio_device_leave(gate);
	return false;
}

/* Release: what was done inside is seen by the one who waits. */
void scmi__virtio_device_leave(_Atomic uint32_t *gate)
{
	atomic_fetch_sub_explicit(gate, 1u, memory_order_release);
}

static void open_gate(_Atomic uint32_t *gate)
{
	atomic_fetch_or(gate, GATE_ON);
}

static void close_gate(_Atomic uint32_t *gate)
{
	atomic_fetch_and(gate, ~GATE_ON);
}

/* Until nobody is inside, and nobody serves. */
static void wait_for(const struct scmi_virtio_device *dev, const _Atomic uint32_t *gate)
{
	while ((atomic_load(gate) & GATE_COUNT) != 0 || atomic_load(&dev->serving) != 0)
		dev->port->relax(dev->port->ctx);
}

static void tell(const struct scmi_virtio_device *dev, enum scmi_virtio_event event)
{
	if (dev->host->event != NULL)
		dev->host->event(dev->host->ctx, event);
}

/* What stands in the rings may have come while nobody looked. */
static void ask_for_service(const struct scmi_virtio_device *dev)
{
	dev->host->work(dev->host->ctx);
}

/* ---- the platform's end ---- */

int scmi__virtio_device_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	struct scmi_virtio_device *dev = ctx;

	if (gate_is_open(&dev->up))
		return SCMI_E_INVAL;
	dev->sink = sink;
	dev->channel = channel;
	atomic_store(&dev->starved, 0u); /* what waited has ended with the platform */
	open_gate(&dev->up);
	tell(dev, SCMI_VIRTIO_UP);
	ask_for_service(dev);
	return SCMI_OK;
}

void scmi__virtio_device_stop(void *ctx)
{
	struct scmi_virtio_device *dev = ctx;

	if (!gate_is_open(&dev->up))
		return;
	close_gate(&dev->up);
	wait_for(dev, &dev->up);
	tell(dev, SCMI_VIRTIO_DOWN);
}

/* ---- a queue ---- */

static bool fault(const char **why, const char *sentence)
{
	if (why != NULL)
		*why = sentence;
	return false;
}

static bool is_aligned(const void *mem, uint64_t addr, size_t to)
{
	return addr % to == 0 && (uintptr_t)mem % to == 0;
}

/* Where a queue's parts lie for us. */
static bool locate(const struct scmi_virtio_device *dev, const struct scmi_virtio_queue *q, struct ring_parts *at,
		   const char **why)
{
	void *desc;
	void *avail;
	void *used;

	if (q->size < 2u || q->size > dev->queue_max || (q->size & (q->size - 1u)) != 0)
		return fault(why, "queue.size: not a power of two from 2 to queue_max");
	desc = scmi__ring_translate(&dev->maps, q->desc, (uint64_t)q->size * sizeof(struct ring_desc));
	avail = scmi__ring_translate(&dev->maps, q->avail, RING_AVAIL_BYTES(q->size));
	used = scmi__ring_translate(&dev->maps, q->used, RING_USED_BYTES(q->size));
	if (desc == NULL || !is_aligned(desc, q->desc, 16u))
		return fault(why, "queue.desc: not inside one map, or not 16-byte aligned");
	if (avail == NULL || !is_aligned(avail, q->avail, 2u))
		return fault(why, "queue.avail: not inside one map, or not 2-byte aligned");
	if (used == NULL || !is_aligned(used, q->used, 4u))
		return fault(why, "queue.used: not inside one map, or not 4-byte aligned");
	*at = (struct ring_parts){.desc = desc, .avail = avail, .used = used, .size = q->size};
	return true;
}

/*
 * Takes up a queue whose gate is closed. A used index that goes on from before is where the driver has seen it last;
 * if that is a lie it only misleads the driver. No doorbells of the eventq until a send finds it empty.
 */
static void take_up(struct scmi_virtio_device *dev, uint32_t queue, const struct ring_parts *at, const uint16_t *first)
{
	struct ring_device *r = &dev->ring[queue];
	const bool cmdq = queue == SCMI_VIRTIO_CMDQ;

	scmi__ring_device_init(r, at, &dev->maps, dev->ring_memory[queue], cmdq, first != NULL ? first[queue] : 0u,
			       first != NULL ? ring_load16(&at->used->idx) : 0u,
			       (dev->agreed & SCMI_VIRTIO_F_EVENT_IDX) != 0,
			       (dev->agreed & SCMI_VIRTIO_F_INDIRECT_DESC) != 0);
	atomic_fetch_and(&dev->lied, ~(1u << queue));
	atomic_fetch_and(&dev->told, ~(1u << queue));
	if (cmdq)
		dev->armed = true;
	else
		scmi__ring_device_disarm(r);
	dev->used[queue] = 1u;
	open_gate(&dev->gate[queue]);
}

static void let_go(struct scmi_virtio_device *dev, uint32_t queue)
{
	close_gate(&dev->gate[queue]);
	wait_for(dev, &dev->gate[queue]);
	if (queue == SCMI_VIRTIO_CMDQ)
		dev->life++;
}

/* ---- the driver's end ---- */

static bool take_maps(struct scmi_virtio_device *dev, const struct scmi_virtio_map *maps, uint32_t n, const char **why)
{
	if (maps == NULL || n == 0 || n > dev->maps_max)
		return fault(why, "maps: none, or more than maps_max");
	for (uint32_t i = 0; i < n; i++) {
		const struct scmi_virtio_map *m = &maps[i];

		if (m->mem == NULL || m->len == 0 || m->len - 1u > UINT64_MAX - m->addr)
			return fault(why, "maps: one is empty, without memory, or wraps");
		dev->map[i] = (struct ring_map){.addr = m->addr, .len = m->len, .mem = m->mem};
	}
	dev->maps = (struct ring_maps){.map = dev->map, .n = n};
	return true;
}

static bool check_features(const struct scmi_virtio_device *dev, uint64_t features, const char **why)
{
	if ((features & ~dev->features) != 0)
		return fault(why, "setup.features: a feature that was not offered");
	if ((features & SCMI_VIRTIO_F_VERSION_1) == 0)
		return fault(why, "setup.features: no VERSION_1");
	return true;
}

static bool find_queues(const struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup, bool events,
			struct ring_parts at[SCMI_VIRTIO_QUEUES], const char **why)
{
	return locate(dev, &setup->queue[SCMI_VIRTIO_CMDQ], &at[SCMI_VIRTIO_CMDQ], why) &&
	       (!events || locate(dev, &setup->queue[SCMI_VIRTIO_EVENTQ], &at[SCMI_VIRTIO_EVENTQ], why));
}

static bool has_events(const struct scmi_virtio_setup *setup)
{
	return (setup->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0 && setup->queue[SCMI_VIRTIO_EVENTQ].size != 0;
}

int scmi_virtio_device_attach(struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			      const struct scmi_virtio_map *maps, uint32_t maps_n,
			      const uint16_t first[SCMI_VIRTIO_QUEUES], const char **why)
{
	struct ring_parts at[SCMI_VIRTIO_QUEUES];
	bool events;

	(void)fault(why, NULL);
	if (atomic_load(&dev->attached) != 0) {
		(void)fault(why, "device: attached already");
		return SCMI_E_INVAL;
	}
	events = has_events(setup);
	if (!check_features(dev, setup->features, why) || !take_maps(dev, maps, maps_n, why) ||
	    !find_queues(dev, setup, events, at, why))
		return SCMI_E_INVAL;
	dev->agreed = setup->features;
	take_up(dev, SCMI_VIRTIO_CMDQ, &at[SCMI_VIRTIO_CMDQ], first);
	if (events)
		take_up(dev, SCMI_VIRTIO_EVENTQ, &at[SCMI_VIRTIO_EVENTQ], first);
	dev->peers = dev->peers < INT32_MAX ? dev->peers + 1 : 1;
	atomic_store(&dev->p2a, events ? dev->peers : 0);
	atomic_store(&dev->attached, 1u);
	ask_for_service(dev);
	return SCMI_OK;
}

/* Whoever waits for a buffer of the driver that was is told, so that it does not get to the next one. */
static void wake_starved(struct scmi_virtio_device *dev)
{
	if (atomic_exchange(&dev->starved, 0u) == 0 || !scmi__virtio_device_enter(&dev->up))
		return;
	dev->sink->ready(dev->channel);
	scmi__virtio_device_leave(&dev->up);
}

void scmi_virtio_device_detach(struct scmi_virtio_device *dev, uint16_t next[SCMI_VIRTIO_QUEUES])
{
	if (atomic_exchange(&dev->attached, 0u) == 0)
		return;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		let_go(dev, queue);
		if (next != NULL)
			next[queue] = dev->used[queue] != 0 ? dev->ring[queue].avail : 0u;
		dev->used[queue] = 0;
	}
	wake_starved(dev);
}

/* Whether the driver has set it up, and it is, or is not, let go now. */
static bool may_change(const struct scmi_virtio_device *dev, uint32_t queue, bool open)
{
	return queue < SCMI_VIRTIO_QUEUES && atomic_load(&dev->attached) != 0 && dev->used[queue] != 0 &&
	       (dev->agreed & SCMI_VIRTIO_F_RING_RESET) != 0 && gate_is_open(&dev->gate[queue]) == open;
}

int scmi_virtio_device_reset_queue(struct scmi_virtio_device *dev, uint32_t queue)
{
	if (!may_change(dev, queue, true))
		return SCMI_E_INVAL;
	let_go(dev, queue);
	return SCMI_OK;
}

int scmi_virtio_device_enable_queue(struct scmi_virtio_device *dev, uint32_t queue,
				    const struct scmi_virtio_queue *where)
{
	struct ring_parts at;

	if (!may_change(dev, queue, false) || !locate(dev, where, &at, NULL))
		return SCMI_E_INVAL;
	take_up(dev, queue, &at, NULL);
	ask_for_service(dev);
	return SCMI_OK;
}
