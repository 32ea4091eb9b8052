/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The virtio driver alone: over a bus whose device is the test's own hand on the rings, under a sink that notes what it
 * is told. No agent, no device of the library.
 */
#ifndef VIRTIO_RIG_H
#define VIRTIO_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/transport/virtio.h>

#include "fake_port.h"

#define RIG_PAYLOAD 32u
#define RIG_NOTES   64u
#define RIG_BASE    UINT64_C(0x123400000) /* where the device finds the shared memory: above 4 GiB */
#define RIG_ALL     (SCMI_VIRTIO_FEATURES_DEFAULT | SCMI_VIRTIO_F_INDIRECT_DESC)

/* Something that the sink was told: a message with what was fetched of it, or a settlement. */
struct rig_note {
	uint32_t hdr;
	uint32_t len;
	uint16_t token;
	int settled; /* SCMI_OK: it is a message */
	unsigned char payload[RIG_PAYLOAD];
};

struct rig {
	/* settings, before rig_up() */
	uint64_t offer;
	uint32_t queue_max[2];
	struct scmi_virtio_config config;
	int start_err;    /* of the bus, from the next start on */
	bool can_reset;   /* a queue alone */
	uint32_t refused; /* enable_queue() says no */

	struct fake_port fake;
	struct scmi_virtio_bus bus;
	struct scmi_transport transport;
	struct scmi_virtio *driver;
	unsigned char *mem;
	unsigned char *shared;
	size_t shared_len;

	/* the device */
	struct scmi_virtio_setup setup; /* as start() or enable_queue() got it; size 0: it must not be touched */
	uint16_t taken[2];
	uint16_t returned[2];
	unsigned starts;
	unsigned stops;
	unsigned kicks[2];
	unsigned resets;
	unsigned sleeps;
	unsigned wakes;
	unsigned losses; /* that the bus was told of */
	void (*on_sleep)(struct rig *r);
	void (*on_start)(struct rig *r); /* the device runs, start() has not returned yet */

	/* the core */
	struct rig_note notes[RIG_NOTES];
	unsigned notes_n;
	unsigned downs;
	unsigned readies;
	int down_err;
	int sent_in_ready;            /* what send() said inside ready() */
	uint32_t fetch_most;          /* no more of a message than this is asked for */
	void (*in_rx)(struct rig *r); /* after the fetch, inside the upcall */
	char line[160];               /* the last one that was logged */
};

/* A buffer as the device has taken it. */
struct rig_buffer {
	uint16_t head;
	unsigned char *out; /* NULL: nothing to read */
	uint32_t out_len;
	unsigned char *in;
	uint32_t in_len;
};

/* Defaults: all features but INDIRECT, queues of 16 and 8, payload RIG_PAYLOAD, an interrupt. */
void rig_plan(struct rig *r);
void rig_make(struct rig *r); /* init */
void rig_start(struct rig *r);
void rig_up(struct rig *r);   /* both */
void rig_down(struct rig *r); /* stop, fini; checks that no buffer overran and the port was used well */

int rig_send(struct rig *r, uint16_t slot, uint16_t token, const void *payload, uint32_t len, bool more);

/* The device's moves. */
bool rig_take(struct rig *r, uint32_t queue, struct rig_buffer *b);
void rig_give(struct rig *r, uint32_t queue, uint16_t head, uint32_t len);
void rig_reply(struct rig *r, const struct rig_buffer *b, uint32_t hdr, const void *payload, uint32_t len);
void rig_interrupt(struct rig *r);
uint16_t rig_offered(struct rig *r, uint32_t queue); /* buffers that the device could take now */

struct scmi_virtio_stats rig_stats(struct rig *r);

#endif
