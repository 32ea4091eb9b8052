/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent and a platform over a mailbox in one address space. The platform is the one of the recordings, or the test
 * itself: then the area is raw memory, and the test its hostile other end.
 */
#ifndef MAILBOX_RIG_H
#define MAILBOX_RIG_H

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/message.h>
#include <scmi/protocol/base.h>
#include <scmi/protocol/clock.h>
#include <scmi/protocol/sensor.h>
#include <scmi/transport/mailbox.h>

#include "acme.h"
#include "fake_port.h"

#define RIG_SLOTS   8u
#define RIG_AREA    64u /* bytes; a payload of 36 */
#define RIG_PAYLOAD (RIG_AREA - SCMI_SHMEM_PAYLOAD)

/* How a doorbell goes through. */
enum rig_bell {
	RIG_POLLED, /* there is none */
	RIG_SILENT, /* it is counted, and nothing happens */
	RIG_INLINE, /* the other end acts at once, on the ringer's stack */
};

/* How the two are made; zero is a good start. */
struct rig_form {
	enum rig_bell to_platform;
	enum rig_bell to_agent;
	uint32_t caps;    /* of the agent's doorbell, beside IRQ where to_agent is not POLLED */
	uint32_t flags;   /* SCMI_MAILBOX_* */
	unsigned hostile; /* 1: no platform's end, the test plays it; 2: no agent, the test plays that */
	uint32_t a2p;     /* bytes of that area; 0: RIG_AREA */
	uint32_t p2a;     /* bytes of that area; 0: RIG_AREA, 1: none */
	uint32_t inflight;
	bool agent_fd;     /* its doorbell has a descriptor */
	bool agent_sleeps; /* and it can be slept on */
	bool end_wakes;    /* a thread serves, and can be woken */
	bool no_events;    /* the agent has no buffers for any */
	uint8_t check;
	uint8_t area_flags;
	uint32_t timeout_us;
	const struct scmi_port *port; /* NULL: the fake one */
};

struct mailbox_rig {
	alignas(64) uint32_t memory[2][SCMI_SHMEM_BYTES_DEFAULT / 4u];
	struct rig_form form;
	struct fake_port fake;
	const struct scmi_port *port;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	struct scmi_mailbox_doorbell agent_bell;
	struct scmi_mailbox_doorbell end_bell;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_end *end;
	struct scmi_endpoint endpoint;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	struct scmi_agent_config config;
	struct acme acme;
	void *end_memory;
	void *agent_memory;

	atomic_uint rung[4];                                                     /* by signal */
	int ring_error;                                                          /* what TX returns */
	int answer_and_fail;                                                     /* TX is answered, and returns this */
	void (*on_ring)(struct mailbox_rig *r, enum scmi_mailbox_signal signal); /* NULL: as the form says */
	unsigned starts;                                                         /* of the agent's doorbell */
	unsigned stops;
	int start_error;
	int lose_in_start; /* what the platform is lost with as soon as the doorbell is started; SCMI_OK: it is not */
	bool lose_with_0;  /* or with 0, that is SCMI_OK */
	/* CACHED areas: counts down in each call for the cache's sake; at 0 `between` runs, as another context would */
	unsigned between_at;
	void (*between)(void);
	unsigned shift;  /* 1: the areas lie elsewhere: see rig_place() */
	uint32_t shrink; /* bytes that A2P is shorter by when the agent's doorbell starts */
	unsigned sleeps; /* wait() that really slept */
	unsigned wakes;  /* of either end */
	unsigned raised;
	void *arg;
	struct scmi_subscriber ear;
	atomic_uint heard;
};

/* Everything up to the started agent and platform. */
void mailbox_rig_open(struct mailbox_rig *r, const struct rig_form *form);

/* Makes all, starts nothing. */
void mailbox_rig_make(struct mailbox_rig *r, const struct rig_form *form);
void mailbox_rig_close(struct mailbox_rig *r);

/* A call and its answer: how many clocks there are. Returns what the call did. */
int mailbox_rig_ask(struct mailbox_rig *r);

/* Puts the areas where `shift` says; the next start() of a FRESH doorbell finds them there. */
void rig_place(struct mailbox_rig *r);

/* The words of an area, as they are for a little endian machine. */
uint32_t rig_get(const struct mailbox_rig *r, uint32_t area, uint32_t offset);
void rig_put(struct mailbox_rig *r, uint32_t area, uint32_t offset, uint32_t value);

/* Plays the other end: a message, and the status last. length: as the word says, header included. */
void rig_write(struct mailbox_rig *r, uint32_t area, uint32_t hdr, const void *payload, uint32_t length, uint32_t flags,
	       uint32_t status);

/* A platform's answer to what stands in A2P: its header, status 0, and so many bytes of values (the index of each). */
void rig_answer(struct mailbox_rig *r, uint32_t values);

static inline bool rig_is_free(const struct mailbox_rig *r, uint32_t area)
{
	return (rig_get(r, area, SCMI_SHMEM_STATUS) & SCMI_SHMEM_FREE) != 0;
}

/* A call without parameters: base, so many bytes of reply. */
struct scmi_call rig_call(uint32_t message, void *reply, uint32_t cap);

struct scmi_mailbox_stats rig_stats(struct mailbox_rig *r);
struct scmi_mailbox_end_stats rig_end_stats(struct mailbox_rig *r);

#endif
