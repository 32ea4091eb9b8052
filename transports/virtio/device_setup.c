/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver has set up: all of it is checked, and looked up, before anything of the device changes. */
#include <scmi/config.h>

#include "device.h"

static bool is_aligned(const void *mem, uint64_t addr, size_t to)
{
	return addr % to == 0 && (uintptr_t)mem % to == 0;
}

bool scmi__virtio_locate(const struct scmi_virtio_device *dev, const struct ring_maps *maps,
			 const struct scmi_virtio_queue *q, struct ring_parts *at, const char **why)
{
	void *desc;
	void *avail;
	void *used;

	if (q->size < 2u || q->size > dev->queue_max || (q->size & (q->size - 1u)) != 0)
		return fault(why, SCMI_TEXT_("queue.size: not a power of two from 2 to queue_max"));
	desc = scmi__ring_translate(maps, q->desc, (uint64_t)q->size * sizeof(struct ring_desc));
	avail = scmi__ring_translate(maps, q->avail, RING_AVAIL_BYTES(q->size));
	used = scmi__ring_translate(maps, q->used, RING_USED_BYTES(q->size));
	if (desc == NULL || !is_aligned(desc, q->desc, 16u))
		return fault(why, SCMI_TEXT_("queue.desc: not inside one map, or not 16-byte aligned"));
	if (avail == NULL || !is_aligned(avail, q->avail, 2u))
		return fault(why, SCMI_TEXT_("queue.avail: not inside one map, or not 2-byte aligned"));
	if (used == NULL || !is_aligned(used, q->used, 4u))
		return fault(why, SCMI_TEXT_("queue.used: not inside one map, or not 4-byte aligned"));
	*at = (struct ring_parts){.desc = desc, .avail = avail, .used = used, .size = q->size};
	return true;
}

/* Into the table that is not in use. */
static bool take_maps(const struct scmi_virtio_device *dev, const struct scmi_virtio_map *maps, uint32_t n,
		      struct ring_maps *out, const char **why)
{
	struct ring_map *map = dev->maps.map == dev->map ? dev->map + dev->maps_max : dev->map;

	if (maps == NULL || n == 0 || n > dev->maps_max)
		return fault(why, SCMI_TEXT_("maps: none, or more than maps_max"));
	for (uint32_t i = 0; i < n; i++) {
		const struct scmi_virtio_map *m = &maps[i];

		if (m->mem == NULL || m->len == 0 || m->len - 1u > UINT64_MAX - m->addr)
			return fault(why, SCMI_TEXT_("maps: one is empty, without memory, or wraps"));
		map[i] = (struct ring_map){.addr = m->addr, .len = m->len, .mem = m->mem};
	}
	*out = (struct ring_maps){.map = map, .n = n};
	return true;
}

static bool check_features(const struct scmi_virtio_device *dev, uint64_t features, const char **why)
{
	if ((features & ~dev->features) != 0)
		return fault(why, SCMI_TEXT_("setup.features: a feature that was not offered"));
	if ((features & SCMI_VIRTIO_F_VERSION_1) == 0)
		return fault(why, SCMI_TEXT_("setup.features: no VERSION_1"));
	return true;
}

static bool has_events(const struct scmi_virtio_setup *setup)
{
	return (setup->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0 && setup->queue[SCMI_VIRTIO_EVENTQ].size != 0;
}

bool scmi__virtio_look_up(const struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			  const struct scmi_virtio_map *maps, uint32_t maps_n, struct setting *s, const char **why)
{
	*s = (struct setting){.features = setup->features, .wanted = {true, has_events(setup)}};
	if (!check_features(dev, setup->features, why) || !take_maps(dev, maps, maps_n, &s->maps, why))
		return false;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		if (s->wanted[queue] && !scmi__virtio_locate(dev, &s->maps, &setup->queue[queue], &s->at[queue], why))
			return false;
	}
	if (dev->journal != NULL && dev->journal_len < scmi_virtio_journal_size(s->at[SCMI_VIRTIO_CMDQ].size))
		return fault(why, SCMI_TEXT_("journal: too short for this queue"));
	return true;
}
