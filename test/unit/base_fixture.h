/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform with the base protocol's server, five more of which a permission can be taken, and three agents. */
#ifndef BASE_FIXTURE_H
#define BASE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"

#define AGENTS  3u
#define DEVICES 2u
#define SERVERS 6u
#define BASE    SCMI_PROTOCOL_BASE
#define POWER   SCMI_PROTOCOL_POWER
#define CLOCK   SCMI_PROTOCOL_CLOCK
#define SENSOR  SCMI_PROTOCOL_SENSOR
#define RESET   SCMI_PROTOCOL_RESET
#define VENDOR  0x90u
#define LISTEN  0x3u /* the one message of all but base: switches notification 0 on */
#define SELF    0xffffffffu

/* Agent 1 manages 1 and 2; agent 2 nobody; agent 3 has no name. Sensors are denied to agent 2 to begin with. */
struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server others[SERVERS - 1u];
	const struct scmi_server *servers[SERVERS];
	struct scmi_platform_agent agents[AGENTS];
	uint32_t permissions[AGENTS * DEVICES];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_platform *platform;
	unsigned resets; /* of the vendor's server */
	uint16_t reset_agent;
};

/* cmocka's set-up and tear-down: *state is the fixture of a started platform of the default version. */
int base_set_up(void **state);
int base_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, base_set_up, base_tear_down)

/* The platform anew, of this version of the protocol (0: the default) and by what the test has changed in the model. */
void reopen(struct fixture *f, uint32_t version);

/* A command of the base protocol by an agent, with no parameter or one; returns its status. */
int32_t ask0(struct fixture *f, unsigned agent, unsigned message);
int32_t ask1(struct fixture *f, unsigned agent, unsigned message, uint32_t a);

/* The three commands about permissions, by the caller about an agent; return their status. */
int32_t set_device(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t flags);
int32_t set_protocol(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t protocol,
		     uint32_t flags);
int32_t reset(struct fixture *f, unsigned caller, uint32_t agent, uint32_t flags);

/* What the agent gets when it asks any protocol for its version. */
int32_t use(struct fixture *f, unsigned agent, unsigned protocol);

/* The reply's list of protocols is exactly the given one, zero padded. */
void expect_list(struct fixture *f, unsigned agent, uint32_t skip, const uint8_t *ids, uint32_t n);

#endif
