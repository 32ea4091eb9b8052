/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-scmi device between the test's two hands: a driver that writes its rings by hand, and a platform that
 * answers or keeps what it is asked.
 */
#ifndef VIRTIO_DEVICE_RIG_H
#define VIRTIO_DEVICE_RIG_H

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/transport/virtio_device.h>

#include "../../transports/virtio/ring.h"
#include "fake_port.h"

#define CMDQ   SCMI_VIRTIO_CMDQ
#define EVENTQ SCMI_VIRTIO_EVENTQ

#define GUEST       UINT64_C(0x180000000) /* where the driver's memory begins, as it addresses it */
#define GUEST_BYTES 0x10000u
#define QUEUE_BYTES 0x2000u /* from one queue to the next */
#define DATA        (2u * QUEUE_BYTES)
#define SLOT_BYTES  0x100u /* each slot's request and reply; as much for an event */
#define REPLY       0x80u  /* of a slot, where its reply goes */
#define EVENTS      0xa000u
#define ENTRIES     64u /* of a queue */

#define MAX_PAYLOAD 64u
#define MESSAGE     (4u + MAX_PAYLOAD)
#define REQUESTS    4u
#define HELD_MAX    32u

#define UNTOUCHED 0xa5u

/* A ring as its driver sees it. */
struct rig_queue {
	struct ring_parts at;
	struct scmi_virtio_queue where;
	uint16_t offered; /* entries so far */
	uint16_t reaped;
};

struct rig {
	alignas(64) unsigned char guest[GUEST_BYTES];
	struct rig_queue queue[SCMI_VIRTIO_QUEUES];
	struct fake_port fake;
	struct scmi_virtio_host host;
	struct scmi_virtio_device_config config;
	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	void *memory;
	const char *why; /* of the last attach */

	/* the platform: how it answers, and what it was asked */
	bool hold;       /* later, by rig_answer() */
	uint32_t answer; /* else with so many bytes: a status and a pattern; 0: 8 */
	bool none;       /* as one that has no room for a status */
	unsigned asked;  /* requests so far; the last: */
	uint32_t hdr;
	uint32_t len;
	uint32_t cap;
	unsigned char params[MAX_PAYLOAD];
	struct scmi_request *held[HELD_MAX];
	unsigned held_n;
	unsigned readied;
	unsigned forgotten; /* resets */
	void (*on_request)(struct rig *r);
	void (*on_ready)(struct rig *r);
	void (*on_call)(struct rig *r, uint32_t queue);

	/* the carrier */
	unsigned calls[SCMI_VIRTIO_QUEUES];
	unsigned works;
	unsigned events[3];
};

/* Fills in what a device is made from; the same and made, platform started; the same and a driver attached. */
void rig_fill(struct rig *r);
void rig_make(struct rig *r);
void rig_make_attached(struct rig *r, uint64_t features);

/* With r->config as it is. */
void rig_init(struct rig *r);
int rig_start(struct rig *r);
void rig_stop(struct rig *r);
int rig_attach(struct rig *r, uint64_t features, const uint16_t *first);

/* What is still open is answered. Nobody may have found a fault. */
void rig_end(struct rig *r);

/* ---- the driver ---- */

/* Forgets all rings, as after a reset. */
void rig_clean(struct rig *r);
void rig_clean_queue(struct rig *r, uint32_t queue);

/* Writes descriptor i of a queue; at: where in the guest's memory. */
void rig_desc(struct rig *r, uint32_t queue, uint32_t i, uint64_t at, uint32_t len, uint32_t flags, uint32_t next);

/* Makes a chain available, and says so. */
void rig_offer(struct rig *r, uint32_t queue, uint16_t head);

/*
 * A command in slot: descriptors 2 * slot and the next, len bytes of parameters (a pattern) and room for a reply of so
 * many bytes, header included. Slot's request and reply are filled in before.
 */
void rig_command(struct rig *r, uint32_t slot, uint32_t len, uint32_t room);
uint32_t rig_hdr(uint32_t slot);

/* A buffer of so many bytes for an event, in descriptor slot. */
void rig_event(struct rig *r, uint32_t slot, uint32_t len);

unsigned char *rig_request_of(struct rig *r, uint32_t slot);
unsigned char *rig_reply_of(struct rig *r, uint32_t slot);
unsigned char *rig_event_of(struct rig *r, uint32_t slot);

/* The next that came back must be this one; none must be there. */
void rig_expect_used(struct rig *r, uint32_t queue, uint32_t id, uint32_t len);
void rig_expect_none(struct rig *r, uint32_t queue);

/* Slot's reply must be its header, this status and so many bytes of the pattern, and nothing behind. */
void rig_expect_reply(struct rig *r, uint32_t slot, int32_t status, uint32_t len);

/* All of it is as it was. */
bool rig_is_untouched(const unsigned char *bytes, size_t len);

/* ---- the platform ---- */

/* Answers the i-th of those held, which is then out; len as rig.answer. */
void rig_answer(struct rig *r, unsigned i, uint32_t len);
int rig_send(struct rig *r, uint32_t len);

struct scmi_virtio_device_stats rig_stats(struct rig *r);

#endif
