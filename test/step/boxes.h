/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Both ends of a mailbox between a core and a platform that are the harness's. Every command and every event carries its
 * number: nothing is run or delivered twice, and nobody waits for what nobody will tell.
 */
#ifndef STEP_BOXES_H
#define STEP_BOXES_H

#include <scmi/transport/mailbox.h>

#include "rings.h"

#define BOX_SLOTS 2u

/* Zero is the default: both ends sleep until they are rung. */
struct box_config {
	bool direct_tx;  /* who rings the platform serves, on its stack */
	bool direct_rx;  /* who rings the agent is its interrupt */
	bool interrupts; /* the agent's doorbell says IRQ */
	bool wakes;      /* the platform's end can be woken */
	bool later;      /* the platform puts commands off */
	int most;        /* commands that who is direct serves in one go; 0: 1 */
};

struct box_slot {
	uint32_t number;
	bool owed;
	bool ended;
	int err;
};

struct box_world {
	struct box_config config;
	struct scmi_mailbox *mailbox;
	struct scmi_mailbox_end *end;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	struct scmi_shmem next[SCMI_MAILBOX_AREAS]; /* of the agent after this one; none in most scenarios */
	struct scmi_mailbox_doorbell agent_bell;
	struct scmi_mailbox_doorbell end_bell;
	struct scmi_port port;
	struct bell to_agent;
	struct bell to_end;

	/* the core's */
	struct box_slot slot[BOX_SLOTS];
	uint32_t sent;
	unsigned readies;
	uint32_t heard; /* events, by number */
	struct step_clock core_clock;

	/* the platform's */
	uint32_t seen; /* commands, by number */
	struct scmi_request *open;
	unsigned room; /* calls of ready() */
	uint32_t events;
	int peer; /* what was promised to */
	struct step_clock platform_clock;

	bool flag;
	struct step_clock flag_clock;
};

extern struct box_world *boxes;

/* In setup(): both are started. */
void boxes_start(const struct box_config *config);

/* The agent's end. */
int boxes_send(unsigned slot);    /* what send() said */
void boxes_submit(unsigned slot); /* until there is room */
void boxes_await(unsigned slot);
void boxes_drive(unsigned slot);    /* by poll() and wait() */
void boxes_listen(uint32_t events); /* the same, until so many have come in all */
void boxes_interrupts(void);        /* for ever */

/* The platform's end. */
void boxes_serve(void);  /* for ever */
void boxes_answer(void); /* one that was put off */
void boxes_event(void);  /* until it is sent */
void boxes_detach(void);
void boxes_attach(const struct scmi_shmem *areas);
void boxes_platform_stop(void);
void boxes_platform_start(void);

void boxes_tell(void);
void boxes_await_told(void);

/* For struct step_scenario: whatever was sent has been taken. */
void boxes_check(void);

#endif
