/* SPDX-License-Identifier: BSD-3-Clause */
/* What a driver that lies writes. */
#ifndef TEST_VIRTIO_ATTACK_H
#define TEST_VIRTIO_ATTACK_H

#include "rig.h"

struct attack {
	struct rig *g;
	uint16_t idx;           /* how far its available ring has come */
	struct ref_shape shape; /* the last chain, as it was before it was spoiled */
	uint16_t desc[REF_SIZE_MAX];
	bool slots;              /* he looks like a driver of slots, as ours is: the device will remember his chains */
	bool good[REF_SIZE_MAX]; /* of a slot: its descriptors are in order */
};

void attack_init(struct attack *a, struct rig *g, bool slots);

/* Writes a chain that begins at this head, or leaves what stands there; spoils it, perhaps; and makes it available. */
void attack_offer(struct attack *a, uint16_t head);

/* Spoils something of the last chain. */
void attack_spoil(struct attack *a);

/* Spoils a descriptor of the ring or of a table, any. */
void attack_anywhere(struct attack *a);

/* Spoils the available ring: an index that jumps, a head that cannot be. */
void attack_ring(struct attack *a);

#endif
