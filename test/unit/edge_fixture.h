/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A platform with base, with the first protocol that is not found by its place, and with a vendor's; not yet
 * initialised.
 */
#ifndef EDGE_FIXTURE_H
#define EDGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"

#define AGENTS  3u
#define SERVERS 3u
#define EDGE    0x20u /* the first protocol that is not found by its place */
#define VENDOR  0x90u

enum message { NOTIFY = 0x3, ITSELF = 0x4, OVERFLOWING = 0x5, LATER = 0x6, LAST = 0xff };

/* Base, EDGE and VENDOR; the last two have the same commands. */
struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct scmi_base_model model;
	uint32_t permissions[AGENTS];
	struct scmi_server base;
	struct scmi_server edge;
	struct scmi_server vendor;
	const struct scmi_server *servers[SERVERS];
	uint8_t denied[2];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform_config config;
	struct scmi_platform *platform;
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_request *kept;
	uint32_t room;                     /* after an overflow */
	unsigned inits[2];                 /* of EDGE and VENDOR */
	unsigned resets[2][AGENTS + 1u];   /* by agent */
	int inside;                        /* what a call returned inside a method of the endpoint */
	uint32_t open;                     /* requests, as counted inside it */
	struct scmi_trace_event traced[4]; /* the last ones, the newest first */
};

/* Methods of the endpoint have no other way to the test. */
extern struct fixture *now;

/* cmocka's set-up and tear-down: *state is a fixture whose configuration is filled in. */
int edge_set_up(void **state);
int edge_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, edge_set_up, edge_tear_down)

/* The platform of the configuration as it is: initialised, or started too. */
void edge_init(struct fixture *f);
void edge_open(struct fixture *f);

/* A command without parameters; returns its status. */
int32_t edge_ask(struct fixture *f, unsigned agent, unsigned protocol, unsigned message);

/* The handler that does nothing. */
int32_t edge_nothing(void *model, struct scmi_request *req);

#endif
