/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A platform on a fake endpoint, with one agent and three servers: a vendor's, whose messages answer in every way that
 * there is; the same again, denied to the agent; and a standard one with ADD alone.
 */
#ifndef PLATFORM_FIXTURE_H
#define PLATFORM_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_endpoint.h"

#define VENDOR    0x80u /* the protocol of the server under test */
#define DENIED    0x81u
#define ABSENT    0x82u
#define VERSION   SCMI_VERSION(2, 3)
#define IF_HIDDEN (1u << 7) /* a flag of the server's own */

enum message {
	ADD = 0x3,
	FILL = 0x4,
	FAIL = 0x5,
	LATER = 0x6,
	ANY_LENGTH = 0x8,
	TELL = 0x9,
	HIDDEN = 0xa,
	DELAY = 0xb,
	TWICE = 0xfe
};

/* Second parameter of DELAY; the first is the node. */
enum delay_how { DELAY_OPEN, DELAY_AT_ONCE, DELAY_LATER };

#define NODES      6u
#define NODE_BYTES 24u
#define TOLD_MAX   64u

struct fixture {
	struct fake_endpoint endpoint;
	struct fake_request request;
	struct scmi_platform *platform;
	struct scmi_request *kept; /* by LATER */
	uint32_t seen_version;
	uint32_t seen_agent;
	unsigned runs; /* of handlers */

	struct scmi_delayed delayed[NODES]; /* for DELAY */
	uint8_t payloads[NODES][NODE_BYTES];
	struct {
		unsigned node;
		int err;
	} told[TOLD_MAX]; /* by sent(), in their order */
	unsigned told_n;
	void (*on_sent)(struct fixture *f, struct scmi_delayed *d); /* runs in sent(); NULL: nothing */
};

/* Servers and memory live in a block of their own, which the platform's end frees. */
struct parts {
	struct scmi_server vendor;
	struct scmi_server denied;
	struct scmi_server clock; /* a standard one, with ADD alone */
	const struct scmi_server *servers[3];
	struct scmi_platform_agent agent;
	max_align_t memory[SCMI_PLATFORM_WORDS(1, 3)];
	struct fixture fixture;
};

/* cmocka's set-up and tear-down: *state is the struct parts of a started platform, whose vendor's server negotiates. */
int platform_set_up(void **state);
int platform_tear_down(void **state);

#define TEST(f) cmocka_unit_test_setup_teardown(f, platform_set_up, platform_tear_down)

/* Initialises and starts the platform; flags are those of the vendor's server. Fails the test on an error. */
void open_platform(struct parts *p, uint8_t flags);

/* The fixture of a test's state. */
struct fixture *of(void **state);

/* The platform's counters, held against each other and against the endpoint's own count. */
struct scmi_platform_stats stats_of(struct fixture *f);

/* DELAY for a node, at once; its status. */
int32_t ask_delay(struct fixture *f, uint32_t node, enum delay_how how);

/* Opens the first n nodes. Sends one with its number as value, or some, which succeeds. */
void open_nodes(struct fixture *f, uint32_t n);
int send_node(struct fixture *f, uint32_t node);
void send_nodes(struct fixture *f, uint32_t first, uint32_t last);

/* Node i was the i-th of n to be sent and the i-th whose end was told. */
void assert_in_order(struct fixture *f, uint32_t n);

/* The ends of n nodes were told, each by err. */
void assert_told(struct fixture *f, uint32_t n, int err);

#endif
