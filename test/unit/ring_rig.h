/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split ring in memory, whose one side is the code under test and whose other side is the test: it reads and writes
 * the bytes as the virtio text lays them out, little endian, without the library's own names for them.
 */
#ifndef RING_RIG_H
#define RING_RIG_H

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../transports/virtio/ring_device.h"
#include "../../transports/virtio/ring_driver.h"

#define RIG_SIZE_MAX 1024u
#define RIG_BASE     UINT64_C(0x1000080000000) /* where the driver's memory begins, as the driver addresses it */
#define RIG_BYTES    0x40000u

/* Flags of a descriptor, as the virtio text numbers them. */
#define NEXT     1u
#define WRITE    2u
#define INDIRECT 4u

/* What the ring is made with. */
#define RIG_EVENT    1u
#define RIG_INDIRECT 2u
#define RIG_REMEMBER 4u
#define RIG_SINGLES  8u /* a driver's slot is one descriptor */

struct rig {
	alignas(64) unsigned char mem[RIG_BYTES];
	uint32_t size;
	unsigned flags;
	struct ring_parts parts;
	/* offsets in mem */
	uint32_t desc;
	uint32_t avail;
	uint32_t used;
	uint32_t table; /* indirect descriptors */
	uint32_t data;  /* buffers; 64 bytes each */
	uint16_t offered;
	uint16_t returned;
	/* the driver's side */
	struct ring_driver driver;
	uint32_t limit[RIG_SIZE_MAX];
	/* the device's side */
	struct ring_device device;
	struct ring_map map[2];
	struct ring_maps maps;
	void *memory;
	unsigned char dirt; /* what is in it before */
	unsigned char out[256];
	struct ring_piece piece[8];
	struct ring_chain chain; /* as the last take left it */
};

/* Freed by rig_free(). The memory between the parts, and behind them, must stay as it was: rig_free() looks. */
struct rig *rig_new(uint32_t size, unsigned flags);
void rig_free(struct rig *r);

uint16_t rig_get16(const struct rig *r, uint32_t at);
uint32_t rig_get32(const struct rig *r, uint32_t at);
uint64_t rig_get64(const struct rig *r, uint32_t at);
void rig_put16(struct rig *r, uint32_t at, uint16_t v);
void rig_put32(struct rig *r, uint32_t at, uint32_t v);
void rig_put64(struct rig *r, uint32_t at, uint64_t v);

/* Where buffer i is, as the driver addresses it, and here. */
uint64_t rig_addr(const struct rig *r, uint32_t i);
unsigned char *rig_buffer(struct rig *r, uint32_t i);

/* ---- the test is the driver ---- */

/* Makes the device. */
void rig_device(struct rig *r, uint16_t first, uint16_t used);

/* Writes descriptor i of the table of the ring, or of the indirect one. */
void rig_desc(struct rig *r, uint32_t i, uint64_t addr, uint32_t len, unsigned flags, uint32_t next);
void rig_table(struct rig *r, uint32_t i, uint64_t addr, uint32_t len, unsigned flags, uint32_t next);

/* Makes head stand for the first n descriptors of the indirect table. */
void rig_head(struct rig *r, uint32_t head, uint32_t n);

/* A request of len bytes and a reply of 32 in buffers `buffer` and the next, in descriptors head and head + 1. */
void rig_pair(struct rig *r, uint32_t head, uint32_t buffer, uint32_t len);

/* Makes it available. */
void rig_offer(struct rig *r, uint16_t head);

/* Takes the next with all the room there is, or with little. */
enum ring_take rig_take(struct rig *r);
enum ring_take rig_take_with(struct rig *r, uint32_t pieces, uint32_t want);

/* Returns the head taken last, and checks that the driver can see that. */
void rig_return(struct rig *r, uint32_t len);

/* A pair in descriptors 0 and 1, for who wants to know that the ring still works: takes it and returns it. */
void rig_works(struct rig *r);

/* ---- the test is the device ---- */

/* Makes the driver: so many slots, with buffers 2i and 2i + 1 of 64 bytes (singles: 2i + 1). */
void rig_driver(struct rig *r, uint16_t slots);

/* Writes a used entry and makes it seen. */
void rig_use(struct rig *r, uint32_t id, uint32_t len);

/* Reaps one that must be there. */
struct ring_back rig_reap(struct rig *r);

#endif
