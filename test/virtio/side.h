/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device for legal traffic: the reference, or ours with the reference looking on, which says before each step what
 * must come of it and reads afterwards what is in memory.
 */
#ifndef TEST_VIRTIO_SIDE_H
#define TEST_VIRTIO_SIDE_H

#include "rig.h"

/* What a device has of the driver, and in which order it was given back. */
struct side {
	struct rig *g;
	bool ours;
	struct ring_device dev;
	struct ref_device ref;
	bool armed;          /* and nothing was there: the next doorbell must not be left out */
	unsigned char *kept; /* descriptors and available ring, as they were: not the device's to write */
	uint32_t taken_n;
	uint16_t taken[REF_SIZE_MAX];
	uint32_t limit[REF_SIZE_MAX]; /* bytes that were written, of each head */
	uint16_t back_first, back_next;
	struct {
		uint16_t head;
		uint32_t len;
	} back[REF_SIZE_MAX];
};

void side_open(struct side *s, struct rig *g, bool ours);
void side_close(struct side *s);

/* Takes a chain, which is legal, and writes a reply; false: nothing is there, or it was left for later. */
bool side_take(struct side *s, struct ref_chain *c);

/* Gives one back, any; false: it has none. Not seen before side_publish() */
bool side_return(struct side *s);
void side_publish(struct side *s);

/* What the driver must see next; false: nothing. */
bool side_back(struct side *s, uint16_t *head, uint32_t *len);

bool side_must_call(struct side *s);
void side_arm(struct side *s);
void side_disarm(struct side *s);

/* The driver has published, and has rung or not. */
void side_told(struct side *s, bool news, bool kick);

#endif
