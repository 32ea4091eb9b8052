/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform with the sensors of sensor_device.c alone, and two agents on fake endpoints. */
#ifndef SENSOR_FIXTURE_H
#define SENSOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_endpoint.h"
#include "sensor_device.h"

#define SENSOR SCMI_PROTOCOL_SENSOR

struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct sensor_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 1)];
	struct scmi_platform *platform;
	char log[128]; /* the last line */
};

/* cmocka's set-up and tear-down: *state is the fixture of a started platform of version 3.1. */
int sensor_set_up(void **state);
int sensor_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, sensor_set_up, sensor_tear_down)

/* Ends the platform; makes endpoints and device anew, of this version; then the test may change them before start. */
void fixture_close(struct fixture *f);
void fixture_fill(struct fixture *f, uint32_t version);
int fixture_init(struct fixture *f);
void fixture_open(struct fixture *f);

/* All of these at once. */
void fixture_reopen(struct fixture *f, uint32_t version);

/* A command of agent 1 with n words of parameters; its status. */
#define ASK(f, message, n, ...) fake_ask(&(f)->endpoints[0], &(f)->request, SENSOR, (message), (n), __VA_ARGS__)

/* The same of any agent. */
#define ASK_BY(f, agent, message, n, ...)                                                                              \
	fake_ask(&(f)->endpoints[(agent)-1u], &(f)->request, SENSOR, (message), (n), __VA_ARGS__)

#endif
