/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent over a page, its calls and what is checked of them; for the modes in which the platform is the hostile end. */
#ifndef TEST_MAILBOX_AGENT_WORLD_H
#define TEST_MAILBOX_AGENT_WORLD_H

#include <scmi/agent.h>
#include <scmi/message.h>

#include "page.h"

#define WORLD_CALLS   8u
#define WORLD_PAYLOAD (4u * PAGE_WORDS)
#define WORLD_TIME_US 500u /* of a call */

struct world;

struct world_call {
	struct scmi_call call;
	struct world *w;
	int err;
	_Atomic bool live; /* submitted, not ended */
	unsigned char params[WORLD_PAYLOAD];
	unsigned char reply[WORLD_PAYLOAD + 16u];
};

struct world {
	struct page page;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_doorbell bell;
	struct scmi_transport transport;
	const struct scmi_port *port;
	struct scmi_agent *agent;
	void *mem;
	struct scmi_subscriber listener;
	_Atomic uint32_t heard;
	struct world_call calls[WORLD_CALLS];
	uint32_t submitted;
	_Atomic uint32_t ends;
};

/* The page is open, bell and port are set. Makes the agent and starts it. */
void world_open(struct world *w, uint64_t *random);
/* Submits a call that is not live; what it asks for comes from `random`. Returns as scmi_agent_submit(). */
int world_submit(struct world *w, struct world_call *c, uint64_t *random);
/*
 * The peer is honest from now on, and puts the page in order; whatever was live has timed out. Then the channel works
 * again, every call has ended once, and the counters add up.
 */
void world_close(struct world *w);

/* An honest answer to the command in the area, if there is one: a status and what it asked with. True: there was. */
bool world_answer(struct world *w);
/* An honest notification, if there is room. */
bool world_notify(struct world *w);

#define WORLD_PROTOCOL 0x80u
#define WORLD_ECHO     0x03u

#endif
