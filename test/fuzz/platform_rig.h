/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzzer of the platform stands on: a platform with two agents, the base protocol with devices and
 * permissions, the clocks and sensors of the recordings, a vendor's protocol under two ids, and a protocol whose one
 * command is not offered; two endpoints that check every reply and count along.
 */
#ifndef TEST_FUZZ_PLATFORM_RIG_H
#define TEST_FUZZ_PLATFORM_RIG_H

#include <stdbool.h>

#include <scmi/server/base.h>

#include "acme.h"
#include "fake_endpoint.h"
#include "fuzz.h"
#include "vendor.h"

#define AGENTS  2u
#define SLOTS   3u
#define SERVERS 6u
#define DEVICES 3u
#define PAYLOAD 132u /* the room of the recorded commands */
#define GUARD   16u

/* What rig_open() takes: the configuration. */
#define SETUP_VERSION   3u /* of the base protocol: default, 2.1, 2.0, 1.0 */
#define SETUP_DEVICES   (1u << 2)
#define SETUP_NO_SEND   (1u << 3)
#define SETUP_DELIVERED (1u << 4)
#define SETUP_TRACE     (1u << 5)
#define SETUP_NAMELESS  (1u << 6)
#define SETUP_DENIALS   (1u << 7)

struct agent;

/* The endpoint's memory for one request. */
struct slot {
	struct scmi_request req;
	struct agent *agent;
	bool used;
	bool open;
	uint32_t hdr;
	uint32_t len;
	uint32_t cap;
	int32_t expected;
	uint8_t sent[PAYLOAD];
	uint8_t *params; /* the same bytes, in memory of exactly their length */
	uint8_t room[GUARD + PAYLOAD + GUARD];
};

struct agent {
	struct scmi_endpoint endpoint;
	struct scmi_endpoint_ops ops;
	const struct scmi_platform_sink *sink;
	void *channel;
	uint32_t delivered;
	uint16_t id;
	bool running;
	bool wants_errors;
	bool blocked; /* the last delayed response was refused for want of room */
	struct slot slots[SLOTS];
};

/* The one in use; zero is closed. */
extern struct rig {
	uint8_t fill; /* what replies are filled with before they are written */
	struct scmi_platform *platform;
	void *memory;
	struct agent agents[AGENTS];
	struct scmi_platform_agent table[AGENTS];
	struct scmi_base_model model;
	struct scmi_server base_server;
	struct vendor vendor;
	struct scmi_server vendor_server[2];
	struct scmi_server bare_server;
	struct acme acme; /* lends its clocks and sensors */
	struct fake_endpoint acme_endpoint;
	const struct scmi_server *servers[SERVERS];
	int send_result;
	bool was_blocked;                 /* notifications may have been dropped that we never saw */
	bool too_big;                     /* the last delayed response did not fit; it comes again as a status */
	uint64_t digest;                  /* of all that was sent */
	struct scmi_platform_stats count; /* our own */
	uint32_t traced_requests;
	uint32_t traced_refusals;
} rig;

/* Sets a platform up and starts it. fill is what stands in reply buffers before they are written. */
void rig_open(uint8_t setup, uint8_t fill);

/* Delivers what the slot's hdr, len, cap and sent say. Its agent must run, and it must not be open. */
void rig_deliver(struct slot *s);

/* Whether a protocol has a server. */
bool rig_serves(uint8_t protocol);

/* The counters' equations, and that they agree with our own counts. At rest only. */
void rig_check_counters(void);

/* Answers what is still open, ends the platform and returns a digest of all that was sent. */
uint64_t rig_close(void);

#endif
