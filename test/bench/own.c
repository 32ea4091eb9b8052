/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two threads that each make synchronous calls with a call of their own: over a transport that answers inside send(),
 * or over loopback and its platform (opened elsewhere). The call's address tells in which group of slots the agent
 * begins to look for one; two threads meet in one group by chance, 1 in 8 with 64 slots.
 */
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>

#include "measure.h"
#include "rig.h"
#include "sides.h"

#define SLOTS      64u
#define GROUP      8u
#define CANDIDATES 64

static struct own {
	alignas(128) struct scmi_call call;
	uint8_t reply[4];
	uint32_t group; /* of slots, in which it begins */
} own[CANDIDATES];

struct own *own_first;
struct own *own_apart;
struct own *own_next;
struct own *own_same;

long call_step(void *arg, long n)
{
	struct own *me = *(struct own *const *)arg;

	for (long i = 0; i < n; i++)
		must(scmi_agent_call(rig.agent, &me->call), "call");
	return n;
}

/* A call made anew each time, as a function has it on its stack: the library finds nothing in it of the last time. */
long fresh_step(void *arg, long n)
{
	struct own *me = *(struct own *const *)arg;

	for (long i = 0; i < n; i++) {
		me->call = version_call(me->reply);
		me->call.timeout_us = SCMI_FOREVER;
		must(scmi_agent_call(rig.agent, &me->call), "call");
	}
	return n;
}

/* ---- a transport that answers inside send() ---- */

static const struct scmi_sink *instant_sink;
static void *instant_core;
static uint32_t last_slot;
static bool note_slot;

static int instant_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	instant_sink = sink;
	instant_core = core;
	return SCMI_OK;
}

static void instant_stop(void *ctx)
{
	(void)ctx;
}

static int instant_send(void *ctx, const struct scmi_tx *tx)
{
	static const uint8_t reply[8] = {0, 0, 0, 0, 0, 0, 2, 0};
	const struct scmi_rx rx = {.hdr = tx->hdr, .len = sizeof(reply), .data = reply, .token = tx->token};

	(void)ctx;
	if (note_slot)
		last_slot = tx->slot;
	return instant_sink->rx(instant_core, &rx);
}

static const struct scmi_transport_ops instant_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "instant",
	.start = instant_start,
	.stop = instant_stop,
	.send = instant_send,
};

void open_instant(uint32_t caps)
{
	const struct scmi_transport transport = {
		.size = sizeof(transport),
		.caps = SCMI_CAP_SYNC_SEND | caps,
		.ops = &instant_ops,
		.max_payload = 132,
		.max_inflight = SLOTS,
	};

	open_transport(&transport, SLOTS);
}

/* The transport sees the slot. The same calls do for any agent with as many slots. */
bool own_choose(void)
{
	open_instant(SCMI_CAP_CONCURRENT);
	note_slot = true;
	for (int i = 0; i < CANDIDATES; i++) {
		own[i].call = version_call(own[i].reply);
		own[i].call.timeout_us = SCMI_FOREVER;
		must(scmi_agent_call(rig.agent, &own[i].call), "call");
		own[i].group = last_slot / GROUP;
	}
	note_slot = false;
	close_rig();
	own_first = &own[0];
	for (int i = 1; i < CANDIDATES; i++) {
		uint32_t distance = own[i].group > own_first->group ? own[i].group - own_first->group
								    : own_first->group - own[i].group;

		if (distance == 0)
			own_same = &own[i];
		else if (distance == 1)
			own_next = &own[i];
		else
			own_apart = &own[i];
	}
	return own_apart != NULL && own_next != NULL && own_same != NULL;
}

void own_set_flags(uint16_t flags)
{
	for (int i = 0; i < CANDIDATES; i++)
		own[i].call.flags = flags;
}
