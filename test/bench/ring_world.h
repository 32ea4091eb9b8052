/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split ring with its driver and its device, as the benches of it use them: messages of 32 bytes each way, in two
 * descriptors. What the device's side does is echo.
 */
#ifndef BENCH_RING_WORLD_H
#define BENCH_RING_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../transports/virtio/ring_copy.h"
#include "../../transports/virtio/ring_device.h"
#include "../../transports/virtio/ring_driver.h"

#define MESSAGE      32u
#define RING_SLOTS   1024u /* most */
#define RING_ENTRIES 2048u /* most */

/* How a ring is laid out and used. */
struct ring_form {
	uint32_t size;
	uint16_t slots;
	bool indirect;
	bool flags; /* instead of EVENT_IDX */
	/*
	 * The available ring begins 4 bytes before the end of a line, so that its index is in it, and the request of
	 * slot 0 before; likewise the used ring and the reply of slot 0. Slot 0 is used whenever it is free.
	 */
	bool hot;
	bool guess;     /* who polls fetches what will probably come */
	uint32_t depth; /* messages in flight; 1: there and back, one by one */
	uint32_t batch; /* published together */
};

/* Driver, device and what they share in memory of its own; what one side alone writes is on lines of its own. */
struct ring_world {
	_Alignas(128) struct ring_form form;
	unsigned char *request[RING_SLOTS];
	unsigned char *reply[RING_SLOTS];
	_Alignas(128) struct ring_driver driver;
	uint32_t limit[RING_SLOTS];
	unsigned char got[MESSAGE];
	uint16_t next; /* slot */
	uint64_t kicks;
	_Alignas(128) struct ring_device device;
	struct ring_map map;
	struct ring_maps maps;
	unsigned char taken[MESSAGE];
	_Atomic uint64_t calls;
	_Alignas(128) unsigned char known[RING_ENTRIES * 96];
	_Alignas(4096) unsigned char shared[1u << 19];
};

extern struct ring_world *ring_world; /* the one there is; shared with child processes */

void ring_world_open(const struct ring_form *form);
void ring_world_close(void);

/* ---- the driver ---- */

/* Copies a message into a slot that is free, and posts it. */
static inline void ring_send(struct ring_world *w, uint16_t slot)
{
	static const unsigned char message[MESSAGE] = "a command and what it has to say";

	ring_copy(w->request[slot], message, MESSAGE);
	ring_driver_post(&w->driver, slot, MESSAGE, 60);
}

/* Takes one that has come back, and copies it out: its slot, or -1. */
static inline int ring_reap(struct ring_world *w)
{
	struct ring_back back;

	if (scmi__ring_driver_reap(&w->driver, &back) <= 0)
		return -1;
	ring_copy(w->got, w->reply[back.slot], back.len);
	return back.slot;
}

/* ---- the device ---- */

/* Takes one, and puts it back with a message; not yet published. */
static inline bool ring_serve(struct ring_world *w)
{
	struct ring_piece in;
	struct ring_chain c;

	c.out = w->taken;
	c.out_cap = MESSAGE;
	c.in = &in;
	c.in_cap = 1;
	c.in_want = 60;
	if (scmi__ring_device_take(&w->device, &c) != RING_TAKEN)
		return false;
	ring_copy(in.mem, w->taken, MESSAGE);
	ring_device_put(&w->device, c.head, MESSAGE);
	return true;
}

/* ---- both, polling; arg: not used ---- */

long ring_round_step(void *arg, long n); /* the driver: n there and back */
long ring_flow_step(void *arg, long n);  /* the driver: n of many in flight */
long ring_serve_step(void *arg, long n); /* the device: as many as there are in n looks */
long ring_alone_step(long n);            /* both, one after the other, with `depth` in flight all the time */

#endif
