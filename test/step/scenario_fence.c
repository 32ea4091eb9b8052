/* SPDX-License-Identifier: BSD-3-Clause */
/* Fences and urgent calls. */
#include "bodies.h"

#define FENCED(...) world_start(&(struct world_config){.slots = 4, .patient = 15, .ordered = true, __VA_ARGS__})

/* User 1's calls are fences. */
static void start(void)
{
	FENCED(.fence = 2);
}

static void start_serial(void)
{
	FENCED(.fence = 2, .caps = SERIAL);
}

static void start_forever(void)
{
	FENCED(.fence = 2, .timeout_us = SCMI_FOREVER, .queue_us = SCMI_FOREVER);
}

/* Nothing but the time in the queue ends the fence. */
static void start_unanswered(void)
{
	FENCED(.fence = 2);
	world->user[0].call.timeout_us = SCMI_FOREVER;
}

static void start_urgent(void)
{
	FENCED(.fence = 2, .urgent = 4);
}

static void start_waiting(void)
{
	FENCED(.fence = 2, .waits = 3, .timeout_us = SCMI_FOREVER, .queue_us = SCMI_FOREVER);
}

static void start_watched(void)
{
	FENCED(.fence = 2, .watched = true);
}

static void start_two_fences(void)
{
	FENCED(.fence = 6);
}

static int fail_user_0(struct message *m)
{
	step_point(m->wire);
	return m->ghost >> 8 == 1 ? SCMI_E_IO : SCMI_OK;
}

static void start_failing(void)
{
	FENCED(.fence = 2);
	world->send = fail_user_0;
}

static void start_impatient_full(void)
{
	world_start(&(struct world_config){.slots = 4, .fence = 2, .patient = 14, .caps = SERIAL, .ordered = true});
	world->wire[0].room = 0;
}

static void start_chained(void)
{
	FENCED(.fence = 2);
	world->user[0].again = then_submit_1;
}

static void submit_0_1_2(void)
{
	user_submit(0);
	user_submit(1);
	user_submit(2);
}

static void submit_1_and_2(void)
{
	user_submit(1);
	user_submit(2);
}

static void call_0_and_1(void)
{
	user_call(0);
	user_call(1);
}

static void time_out_both(void)
{
	await_submitted(0);
	time_out();
	time_out();
}

const struct step_scenario scenarios_fence[] = {
	{"fence", start, {submit_0_and_1, receive_two}, "sr", 2, WORLD},
	{"fence-other", start, {submit_0, submit_1, receive_two}, "sfr", 4, WORLD},
	{"fence-serial", start_serial, {submit_0, submit_1, receive_two}, "sfr", 4, WORLD},
	{"fence-behind", start, {submit_0_1_2, receive_loop}, "sr", 2, WORLD},
	{"fence-behind-other", start, {submit_0, submit_1_and_2, receive_loop}, "sfr", 4, WORLD},
	{"fence-two", start_two_fences, {submit_0_1_2, receive_loop}, "sr", 2, WORLD},
	{"fence-cancel-earlier", start, {submit_0_and_1, cancel_0, receive_loop}, "scr", 4, WORLD},
	{"fence-cancelled", start, {submit_0_1_2, cancel_1, receive_loop}, "scr", 4, WORLD},
	{"fence-timeout", start, {submit_0_and_1, time_out_both, receive_one}, "str", 4, WORLD},
	{"fence-unanswered", start_unanswered, {submit_0_and_1, poll_once}, "sp", 0, WORLD},
	{"fence-urgent", start_urgent, {submit_0_and_1, submit_2, receive_loop}, "sur", 4, WORLD},
	{"fence-failing", start_failing, {submit_0, submit_1}, "sf", 0, WORLD},
	{"fence-refused", start_impatient_full, {submit_0, submit_1, make_room}, "sfm", 0, WORLD},
	{"fence-settled", start_forever, {submit_0_and_1, settle_one}, "sf", 0, WORLD},
	{"fence-held", start_forever, {submit_0_and_1, hold_and_complete, receive_loop}, "shr", 6, WORLD},
	{"fence-call", start_waiting, {call_0, call_1, receive_loop}, "wvr", 4, WORLD},
	{"fence-calls", start_waiting, {call_0_and_1, receive_loop}, "wr", 2, WORLD},
	{"fence-loose", start_waiting, {submit_0_and_1, receive_loop}, "sr", 2, WORLD},
	{"fence-chained", start_chained, {submit_0, submit_2, receive_two}, "sur", 4, WORLD},
	{"fence-stop", start_watched, {submit_0_and_1, receive_one, stop_agent}, "srx", 2, WORLD},
	{"fence-link-down", start_watched, {submit_0_and_1, receive_one, link_down_and_up}, "srd", 2, WORLD},
	{0},
};
