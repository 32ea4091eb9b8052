/* SPDX-License-Identifier: BSD-3-Clause */
/* The ring's functions, those of its headers too, from an instrumented file: the scenarios' own files are none. */
#include "calls.h"

void driver_init(struct ring_driver *r, const struct ring_parts *at, uint32_t *limit, uint16_t slots, bool pairs,
		 struct ring_desc *indirect, uint64_t indirect_addr, bool event_idx)
{
	scmi__ring_driver_init(r, at, limit, slots, pairs, indirect, indirect_addr, event_idx);
	scmi__ring_driver_reset(r);
}

void driver_slot(struct ring_driver *r, uint16_t slot, const struct ring_buffers *b)
{
	scmi__ring_driver_slot(r, slot, b);
}

void driver_post(struct ring_driver *r, uint16_t slot, uint32_t out_len, uint32_t in_len)
{
	ring_driver_post(r, slot, out_len, in_len);
}

void driver_publish(struct ring_driver *r)
{
	ring_driver_publish(r);
}

bool driver_must_kick(struct ring_driver *r)
{
	return ring_driver_must_kick(r);
}

int driver_reap(struct ring_driver *r, struct ring_back *back)
{
	return scmi__ring_driver_reap(r, back);
}

bool driver_arm(struct ring_driver *r)
{
	return scmi__ring_driver_arm(r);
}

void driver_disarm(struct ring_driver *r)
{
	scmi__ring_driver_disarm(r);
}

bool driver_news(const struct ring_driver *r)
{
	return ring_driver_news(r);
}

bool driver_has(const struct ring_driver *r, uint16_t slot)
{
	return ring_driver_has(r, slot);
}

uint16_t driver_away(const struct ring_driver *r)
{
	return ring_driver_away(r);
}

void device_init(struct ring_device *r, const struct ring_parts *at, const struct ring_maps *maps, void *memory,
		 bool remember, uint16_t first, uint16_t used, bool event_idx, bool indirect)
{
	scmi__ring_device_init(r, at, maps, memory, remember, first, used, event_idx, indirect);
}

enum ring_take device_take(struct ring_device *r, struct ring_chain *c)
{
	return scmi__ring_device_take(r, c);
}

void device_untake(struct ring_device *r, uint16_t head)
{
	scmi__ring_device_untake(r, head);
}

void device_put(struct ring_device *r, uint16_t head, uint32_t len)
{
	ring_device_put(r, head, len);
}

void device_publish(struct ring_device *r)
{
	ring_device_publish(r);
}

void device_return(struct ring_device *r, uint16_t head, uint32_t len)
{
	scmi__ring_device_return(r, head, len);
}

bool device_must_call(struct ring_device *r)
{
	return scmi__ring_device_must_call(r);
}

bool device_arm(struct ring_device *r)
{
	return scmi__ring_device_arm(r);
}

void device_disarm(struct ring_device *r)
{
	scmi__ring_device_disarm(r);
}

bool device_news(const struct ring_device *r)
{
	return ring_device_news(r);
}
