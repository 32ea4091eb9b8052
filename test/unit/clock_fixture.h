/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform with the clocks of clock_device.c alone, and two agents on fake endpoints. */
#ifndef CLOCK_FIXTURE_H
#define CLOCK_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock_device.h"
#include "fake_endpoint.h"

#define CLOCK SCMI_PROTOCOL_CLOCK

struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct clock_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 1)];
	struct scmi_platform *platform;
	char log[160]; /* the last line */
};

/* cmocka's set-up and tear-down: *state is the fixture of a started platform of version 3.0. */
int clock_set_up(void **state);
int clock_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, clock_set_up, clock_tear_down)

/* Ends the platform; makes endpoints and device anew, of this version; then the test may change them before init. */
void fixture_close(struct fixture *f);
void fixture_fill(struct fixture *f, uint32_t version);
int fixture_init(struct fixture *f);
void fixture_open(struct fixture *f);

/* All of these at once. */
void fixture_reopen(struct fixture *f, uint32_t version);

/* A command of agent 1 with n words of parameters; its status. */
#define ASK(f, message, n, ...) fake_ask(&(f)->endpoints[0], &(f)->request, CLOCK, (message), (n), __VA_ARGS__)

/* The same of any agent. */
#define ASK_BY(f, agent, message, n, ...)                                                                              \
	fake_ask(&(f)->endpoints[(agent)-1u], &(f)->request, CLOCK, (message), (n), __VA_ARGS__)

#endif
