/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends of a mailbox: senders and who is refused, answers at once and later, events, and the ends of either side. */
#include "boxes.h"
#include "scenarios.h"

static void start(void)
{
	boxes_start(&(struct box_config){.interrupts = true});
}

static void start_waits(void)
{
	boxes_start(&(struct box_config){0});
}

static void start_wakes(void)
{
	boxes_start(&(struct box_config){.interrupts = true, .wakes = true});
}

static void start_direct(void)
{
	boxes_start(&(struct box_config){.interrupts = true, .direct_tx = true, .direct_rx = true});
}

static void start_later(void)
{
	boxes_start(&(struct box_config){.interrupts = true, .later = true});
}

static void start_later_wakes(void)
{
	boxes_start(&(struct box_config){.interrupts = true, .later = true, .wakes = true});
}

static void start_later_direct(void)
{
	boxes_start(&(struct box_config){.interrupts = true, .later = true, .direct_tx = true, .direct_rx = true});
}

/* With one that goes its command goes, too, although more might be served. */
static void start_goes(void)
{
	start_later_direct();
	boxes->config.most = 2;
}

/* One stands in P2A, and its doorbell is on its way. */
static void start_event(void)
{
	start();
	boxes_event();
}

static void start_event_waits(void)
{
	start_waits();
	boxes_event();
}

static void start_event_direct(void)
{
	start_direct();
	boxes->config.direct_rx = false;
	boxes_event();
	boxes->config.direct_rx = true;
}

/* Something is promised to this agent, and another one is about to come. */
static void start_promise(void)
{
	start();
	for (unsigned i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		boxes->next[i] = boxes->areas[i];
		boxes->next[i].mem = step_alloc(boxes->areas[i].len);
		((uint32_t *)boxes->next[i].mem)[SCMI_SHMEM_STATUS / 4u] = SCMI_SHMEM_FREE;
	}
	boxes->peer = boxes->endpoint.ops->p2a(boxes->endpoint.ctx);
}

/* --- the agent --- */

static void call_0(void)
{
	boxes_submit(0);
	boxes_await(0);
}

static void call_1(void)
{
	boxes_submit(1);
	boxes_await(1);
}

static void call_0_twice(void)
{
	call_0();
	call_0();
}

static void drive_0(void)
{
	boxes_submit(0);
	boxes_drive(0);
}

static void drive_0_twice(void)
{
	drive_0();
	drive_0();
}

static void drive_0_and_listen(void)
{
	drive_0();
	boxes_listen(2);
}

static void poll_one(void)
{
	(void)boxes->transport.ops->poll(boxes->transport.ctx, 1);
}

static void interrupt_once(void)
{
	scmi_mailbox_interrupt(boxes->mailbox);
}

/* --- the platform --- */

static void answer_twice(void)
{
	boxes_answer();
	boxes_answer();
}

static void event_twice(void)
{
	boxes_event();
	boxes_event();
}

static void restart(void)
{
	boxes_platform_stop();
	boxes_platform_start();
}

static void send_one(void)
{
	(void)boxes_send(0);
}

static void replace(void)
{
	boxes_detach();
	boxes_attach(boxes->next);
}

/* As lib/platform/delayed.c does. */
static void keep(void)
{
	const struct scmi_endpoint_ops *ops = boxes->endpoint.ops;
	void *ctx = boxes->endpoint.ctx;

	if (ops->p2a(ctx) == boxes->peer)
		(void)ops->send_to(ctx, boxes->peer, 0, NULL, 0);
}

/* The answer goes nowhere, or was there before. The area, if it is not free, goes with the agent. */
static void detach(void)
{
	boxes_detach();
	boxes_tell();
}

static void answer_late(void)
{
	boxes_answer();
}

/* Whatever has become of the first command: the end is not stuck, nor is a request open. */
static void check_end(void)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	(void)scmi_mailbox_end_stats(boxes->end, &s);
	if (s.open != 0)
		step_fail("at rest: a request is open");
}

static void check_next(void)
{
	if (((const uint32_t *)boxes->next[SCMI_MAILBOX_P2A].mem)[SCMI_SHMEM_STATUS / 4u] != SCMI_SHMEM_FREE)
		step_fail("at rest: the next agent has what was promised to the last one");
}

const struct step_scenario scenarios_mailbox[] = {
	{.name = "mailbox-call",
	 .setup = start,
	 .body = {call_0_twice, boxes_interrupts, boxes_serve},
	 .letters = "AIP",
	 .daemons = 6,
	 .check = boxes_check},
	{.name = "mailbox-two",
	 .setup = start,
	 .body = {call_0, call_1, boxes_interrupts, boxes_serve},
	 .letters = "ABIP",
	 .daemons = 12,
	 .check = boxes_check},
	{.name = "mailbox-waits",
	 .setup = start_waits,
	 .body = {drive_0_twice, boxes_serve},
	 .letters = "AP",
	 .daemons = 2,
	 .check = boxes_check},
	{.name = "mailbox-wakes",
	 .setup = start_wakes,
	 .body = {call_0, call_1, boxes_interrupts, boxes_serve},
	 .letters = "ABIP",
	 .daemons = 12,
	 .check = boxes_check},
	{.name = "mailbox-direct",
	 .setup = start_direct,
	 .body = {call_0, call_1, interrupt_once},
	 .letters = "ABI",
	 .check = boxes_check},
	{.name = "mailbox-later",
	 .setup = start_later,
	 .body = {call_0_twice, boxes_interrupts, boxes_serve, answer_twice},
	 .letters = "AIPR",
	 .daemons = 6,
	 .check = boxes_check},
	{.name = "mailbox-later-wakes",
	 .setup = start_later_wakes,
	 .body = {call_0_twice, boxes_interrupts, boxes_serve, answer_twice},
	 .letters = "AIPR",
	 .daemons = 6,
	 .check = boxes_check},
	{.name = "mailbox-later-direct",
	 .setup = start_later_direct,
	 .body = {call_0, call_1, answer_twice},
	 .letters = "ABR",
	 .check = boxes_check},
	{.name = "mailbox-events",
	 .setup = start,
	 .body = {event_twice, boxes_interrupts, boxes_serve},
	 .letters = "EIP",
	 .daemons = 6,
	 .check = boxes_check},
	{.name = "mailbox-events-two",
	 .setup = start_event,
	 .body = {boxes_event, boxes_event, boxes_interrupts, boxes_serve},
	 .letters = "EFIP",
	 .daemons = 12,
	 .check = boxes_check},
	{.name = "mailbox-events-direct",
	 .setup = start_event_direct,
	 .body = {boxes_event, interrupt_once, poll_one},
	 .letters = "EIQ",
	 .check = boxes_check},
	{.name = "mailbox-events-waits",
	 .setup = start_event_waits,
	 .body = {drive_0_and_listen, boxes_event, boxes_serve},
	 .letters = "AEP",
	 .daemons = 4,
	 .check = boxes_check},
	{.name = "mailbox-restart",
	 .setup = start_direct,
	 .body = {call_0, restart},
	 .letters = "AS",
	 .check = boxes_check},
	{.name = "mailbox-detach",
	 .setup = start_goes,
	 .body = {send_one, answer_late, detach},
	 .letters = "ARD",
	 .daemons = 2,
	 .check = check_end},
	{.name = "mailbox-promise",
	 .setup = start_promise,
	 .body = {replace, keep, boxes_serve},
	 .letters = "DEP",
	 .daemons = 4,
	 .check = check_next},
	{.name = NULL},
};
