/* SPDX-License-Identifier: BSD-3-Clause */
/* A flaky transport between a scripted one and a core that only writes down what reaches it. For one thread. */
#ifndef FLAKY_RIG_H
#define FLAKY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../support/fake_port.h"
#include "../support/flaky.h"
#include "../support/script_transport.h"

#define RIG_SEEN 256u
#define RIG_POLL (SCMI_CAP_POLL | SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY)
#define RIG_IRQ  (SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT | SCMI_CAP_NOTIFY)
#define RIG_WAIT (RIG_POLL | SCMI_CAP_WAIT)

/* A message as it reached the core. */
struct rig_seen {
	uint32_t hdr;
	uint32_t len;
	uint16_t token;
	const void *data; /* as it came; not to be read */
	unsigned char bytes[SCRIPT_PAYLOAD];
};

struct rig {
	struct fake_port fake;
	struct script script;
	struct flaky_config config;
	struct flaky *flaky;
	struct scmi_transport transport;

	/* the core */
	unsigned seen_n;
	unsigned acquired;
	unsigned completed;
	unsigned released;
	unsigned settled;
	unsigned ready;
	unsigned downs;
	int down_err;
	int refuse;    /* what rx and acquire return */
	int fetch_err; /* of the last message that was fetched */
	void (*on_down)(struct rig *r);
	void (*on_rx)(struct rig *r);
	struct rig_seen seen[RIG_SEEN];
};

/* Nothing made yet: the test sets rates. Then rig_up() makes and starts. rig_down() checks, stops and frees. */
struct rig *rig_new(uint32_t caps);
void rig_up(struct rig *r);
struct rig *rig_with(uint32_t caps, enum flaky_direction direction, enum flaky_fault fault);
/* One that delays everything and may be cut, with a command and a message held. */
struct rig *rig_held(uint32_t caps);
void rig_down(struct rig *r);

/* Sends a command of n bytes, rig_byte() each. The slot is the token's. */
int rig_send(struct rig *r, uint32_t hdr, uint32_t n);
/* Delivers n such bytes. */
int rig_deliver(struct rig *r, uint32_t hdr, uint32_t n);
int rig_poll(struct rig *r);
unsigned char rig_byte(uint32_t i);
/* How many of n bytes are not rig_byte(). */
uint32_t rig_changed(const unsigned char *bytes, uint32_t n);
uint32_t rig_hdr(uint16_t token);

/* The flaky transport's figures, whose equation is checked; and one of them. */
struct flaky_counts rig_counts(struct rig *r);
uint32_t rig_faults(struct rig *r, enum flaky_direction direction, enum flaky_fault fault);

#endif
