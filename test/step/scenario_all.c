/* SPDX-License-Identifier: BSD-3-Clause */
/* What concerns all calls: cancel_all, quiesce and resume, and agents with two links. */
#include "bodies.h"

#define QUIET_US 20000u

static void start(void)
{
	world_start(&(struct world_config){.slots = 2});
}

static void start_polled(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = POLLED});
}

static void start_patient(void)
{
	world_start(&(struct world_config){.slots = 1, .patient = 15, .caps = POLLED});
}

static void start_serial(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = SERIAL, .patient = 15});
	world->wire[0].room = 0;
}

static void start_waiting(void)
{
	world_start(&(struct world_config){.slots = 2, .waits = 1, .timeout_us = SCMI_FOREVER});
}

static void start_deferred(void)
{
	world_start(&(struct world_config){.slots = 2, .flags = SCMI_AGENT_DEFERRED});
}

static void quiesce(void)
{
	quiesce_agent(1000000 + QUIET_US);
}

static void quiesce_and_resume(void)
{
	quiesce();
	step_point(&world->wire[0]);
	world->at_rest = false;
	scmi_agent_resume(world->agent);
	user_submit(2);
}

static void make_room_twice(void)
{
	make_room();
	make_room();
}

/* --- two links: user 0 by the first, user 1 by the second --- */

static void start_links(void)
{
	world_start(&(struct world_config){.links = 2, .second = 2});
}

static void start_links_chained(void)
{
	start_links();
	world->user[0].again = then_submit_1;
}

static void start_links_deferred(void)
{
	world_start(&(struct world_config){.links = 2, .second = 2, .flags = SCMI_AGENT_DEFERRED, .slots = 2});
}

static void start_links_led(void)
{
	world_start(
		&(struct world_config){.links = 2, .second = 2, .waits = 3, .caps = LED, .timeout_us = SCMI_FOREVER});
}

/* Only the second link's call is answered in time. */
static void start_links_unequal(void)
{
	world_start(&(struct world_config){.links = 2, .second = 2, .caps = LED, .waits = 2});
	world->user[1].call.timeout_us = 3 * TIMEOUT_US;
}

static void start_links_watched(void)
{
	world_start(&(struct world_config){.links = 2, .second = 2, .watched = true});
}

static void start_links_hungry(void)
{
	world_start(&(struct world_config){.links = 2, .second = 10, .patient = 12});
	world->starves = true;
	user_submit(0);
	user_submit(1);
}

static void receive_second(void)
{
	receive_from(1);
}

static void receive_second_loop(void)
{
	for (;;)
		receive_from(1);
}

static void receive_both(void)
{
	receive_from(0);
	receive_from(1);
}

static void submit_3(void)
{
	user_submit(3);
}

const struct step_scenario scenarios_all[] = {
	{"cancel-all", start, {submit_0_and_1, cancel_all, receive_loop}, "scr", 4, WORLD},
	{"cancel-all-two", start, {submit_0, submit_1, cancel_all}, "suc", 0, WORLD},
	{"cancel-all-both", start, {submit_0, cancel_all, cancel_all}, "scd", 0, WORLD},
	{"cancel-all-serial", start_serial, {submit_0, submit_1, cancel_all, make_room_twice}, "sucm", 0, WORLD},
	{"cancel-all-wait", start_waiting, {submit_wait_0, cancel_all, receive_loop}, "wcr", 4, WORLD},
	{"quiesce", start_polled, {submit_0, submit_1, quiesce, answer_loop}, "suqa", 8, WORLD},
	{"quiesce-interrupt", start, {submit_0, quiesce, receive_loop}, "sqr", 4, WORLD},
	{"quiesce-resume", start, {submit_0, quiesce_and_resume, receive_loop}, "sqr", 4, WORLD},
	{"quiesce-hungry", start_patient, {submit_0, submit_1, quiesce, answer_loop}, "suqa", 8, WORLD},
	{"quiesce-queue", start_serial, {submit_0, quiesce, make_room, receive_loop}, "sqmr", 8, WORLD},
	{"quiesce-wait", start_waiting, {submit_wait_0, quiesce, receive_loop}, "wqr", 4, WORLD},
	{"quiesce-deferred", start_deferred, {submit_0, quiesce, receive_loop}, "sqr", 4, WORLD},
	{"links", start_links, {submit_0, submit_1, receive_both}, "sur", 4, WORLD},
	{"links-chained", start_links_chained, {submit_0, receive_one, receive_second}, "srq", 6, WORLD},
	{"links-timeout", start_links, {submit_0, submit_1, time_out, receive_both}, "sutr", 8, WORLD},
	{"links-deferred",
	 start_links_deferred,
	 {submit_0_and_1, receive_one, receive_second, poll_twice},
	 "srqp",
	 6,
	 WORLD},
	{"links-led", start_links_led, {call_0, call_1, answer_both}, "wva", 4, WORLD},
	{"links-unequal", start_links_unequal, {submit_0, call_1, answer_both}, "swa", 4, WORLD},
	{"links-hungry",
	 start_links_hungry,
	 {submit_2, submit_3, receive_loop, receive_second_loop},
	 "uvrq",
	 12,
	 WORLD},
	{"links-stop", start_links_watched, {submit_0_and_1, receive_one, stop_agent}, "srx", 2, WORLD},
	{"links-stop-second", start_links_watched, {submit_1, receive_second, stop_agent}, "srx", 2, WORLD},
	{"links-down", start_links_watched, {submit_0_and_1, link_down_and_up, receive_second}, "sdr", 4, WORLD},
	{"links-recover", start_links_watched, {submit_0_and_1, recover, receive_second}, "sRr", 4, WORLD},
	{0},
};
