/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef STEP_VIRTIO_CALLS_H
#define STEP_VIRTIO_CALLS_H

#include "ring_device.h"
#include "ring_driver.h"

void driver_init(struct ring_driver *r, const struct ring_parts *at, uint32_t *limit, uint16_t slots, bool pairs,
		 struct ring_desc *indirect, uint64_t indirect_addr, bool event_idx);
void driver_slot(struct ring_driver *r, uint16_t slot, const struct ring_buffers *b);
void driver_post(struct ring_driver *r, uint16_t slot, uint32_t out_len, uint32_t in_len);
void driver_publish(struct ring_driver *r);
bool driver_must_kick(struct ring_driver *r);
int driver_reap(struct ring_driver *r, struct ring_back *back);
bool driver_arm(struct ring_driver *r);
void driver_disarm(struct ring_driver *r);
bool driver_news(const struct ring_driver *r);
bool driver_has(const struct ring_driver *r, uint16_t slot);
uint16_t driver_away(const struct ring_driver *r);
void device_init(struct ring_device *r, const struct ring_parts *at, const struct ring_maps *maps, void *memory,
		 bool remember, uint16_t first, uint16_t used, bool event_idx, bool indirect);
enum ring_take device_take(struct ring_device *r, struct ring_chain *c);
void device_untake(struct ring_device *r, uint16_t head);
void device_put(struct ring_device *r, uint16_t head, uint32_t len);
void device_publish(struct ring_device *r);
void device_return(struct ring_device *r, uint16_t head, uint32_t len);
bool device_must_call(struct ring_device *r);
bool device_arm(struct ring_device *r);
void device_disarm(struct ring_device *r);
bool device_news(const struct ring_device *r);

#endif
