/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A split ring with its driver and its device, and a doorbell each way. Every message carries its number: the device
 * must find the bytes that belong to it, and what comes back must be what was made of them.
 */
#ifndef STEP_RINGS_H
#define STEP_RINGS_H

#include "step.h"
#include "virtio/calls.h"

#define RING_SLOTS 4u

/* What one side signals and the other sleeps on. */
struct bell {
	bool rung;
	unsigned rings;
	unsigned asked; /* how often the sleeper has said that it wants to be told */
	struct step_clock clock;
};

/* What both sides see. */
struct ring_memory {
	_Alignas(64) struct ring_desc desc[RING_SLOTS];
	_Alignas(64) struct ring_desc table[2 * RING_SLOTS];
	_Alignas(64) unsigned char avail[64];
	_Alignas(64) unsigned char used[64];
	uint32_t request[RING_SLOTS][2];
	uint32_t reply[RING_SLOTS][2];
};

/* Zero is the default: four entries, which are two slots, and EVENT_IDX. */
struct ring_world_config {
	uint32_t size;
	bool single;   /* a slot is one descriptor, writable: events */
	bool indirect; /* a slot is a table */
	bool flags;    /* without EVENT_IDX */
	bool wraps;    /* the indices begin just below 2^16 */
	bool remember; /* the device keeps what it knows of a head */
};

/* A chain that the device holds. */
struct ring_held {
	struct ring_chain chain;
	uint32_t out[2];
	struct ring_piece in[2];
};

struct ring_world {
	struct ring_world_config config;
	struct ring_memory *shared;
	struct ring_map map;
	void *device_memory;
	uint32_t limit[RING_SLOTS];
	struct ring_driver driver;
	struct ring_device device;
	struct bell kick; /* to the device */
	struct bell call; /* to the driver */

	/* the driver's, under its lock */
	bool locked;
	struct step_clock lock_clock;
	unsigned slots;
	unsigned free;               /* bit i: nobody uses slot i */
	uint32_t number[RING_SLOTS]; /* the message that slot i carries */
	uint32_t sent;               /* messages, or buffers for events */
	uint32_t reaped;
	uint32_t heard; /* events: bit i: number i */

	/* the device's */
	uint32_t taken;
	uint32_t events; /* sent */
	struct ring_held held[3];

	/* between the contexts of a scenario */
	bool flag[4];
	struct step_clock clock;
};

extern struct ring_world *rings;

/* In setup(). */
void rings_start(const struct ring_world_config *config);

/* Both ends anew, on the same memory, while nobody is at work. */
void rings_reset(void);

/* The driver. */
void rings_post(unsigned n); /* fills in n slots and posts them; waits for free ones */
void rings_publish(void);    /* and asks not whether to kick */
void rings_kick(void);       /* asks, and kicks */
void rings_send(unsigned n); /* all of it, at once */
bool rings_reap(void);       /* takes what has come back, if anything has */
bool rings_driver_arm(void);
void rings_driver_disarm(void);
void rings_await(unsigned n); /* reaps n, sleeping */
void rings_poll(unsigned n);  /* reaps n, looking */

/* The device. */
bool rings_take(struct ring_held *h);
void rings_untake(const struct ring_held *h);
void rings_put(const struct ring_held *h); /* the driver does not see it yet */
void rings_return(const struct ring_held *h);
void rings_call(void); /* asks whether to, and does */
bool rings_device_arm(void);
void rings_serve(void); /* for ever: one at a time, sleeping */

void rings_ring(struct bell *b);
void rings_sleep(struct bell *b);
void rings_hear(struct bell *b); /* the same, but it stays rung */
void rings_hush(struct bell *b);
void rings_tell(unsigned flag);
void rings_await_told(unsigned flag);

/* For struct step_scenario: all that was sent has been answered, and came back. */
void rings_check(void);
void rings_check_uncalled(void); /* ... and the driver was never interrupted */
void rings_check_quiet(void);    /* ... nor the device */

#endif
