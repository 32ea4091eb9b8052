/* SPDX-License-Identifier: BSD-3-Clause */
/* A loopback of which the test plays both ends. */
#ifndef LOOPBACK_RIG_H
#define LOOPBACK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/transport/loopback.h>

#include "fake_port.h"

#define HELD_MAX 8u
#define GUARD    0x5au

/* Both ends played by the test; everything on one thread. */
struct rig {
	struct fake_port fake;
	struct scmi_loopback_config config;
	struct scmi_loopback *lb;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	unsigned char *mem;
	size_t size;

	/* the agent */
	uint32_t came;
	struct scmi_rx last;
	unsigned char bytes[64];
	uint32_t settled;
	uint16_t settled_token;
	uint32_t readied;
	uint32_t downs;

	/* the platform */
	bool answer_in_place;
	uint32_t held_n;
	struct scmi_request *held[HELD_MAX];
	uint32_t room_again;
};

/* Initialised by these flags, with 16 bytes of payload and four slots; the same, and both ends started. */
void rig_make(struct rig *r, uint32_t flags);
void rig_make_started(struct rig *r, uint32_t flags);

/* Stops both ends, answers what is held, ends the loopback; nothing may be open then, nor the port be at fault. */
void rig_end(struct rig *r);

/* What the ends' own methods do and return. */
int rig_start_platform(struct rig *r);
int rig_start_agent(struct rig *r);
void rig_stop_agent(struct rig *r);
void rig_stop_platform(struct rig *r);
int rig_poll(struct rig *r);

/* The agent sends "abc" by this slot, which is its token too. */
int rig_send(struct rig *r, uint16_t slot, uint8_t more);

/* The platform answers a request that it held; sends a notification. */
void rig_answer(struct rig *r, struct scmi_request *req, uint32_t len);
int rig_push(struct rig *r, uint32_t len);

#endif
