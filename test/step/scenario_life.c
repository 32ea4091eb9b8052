/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's and the link's life beside calls: stop, link loss and return, notifications. */
#include "bodies.h"

static void start(void)
{
	world_start(&(struct world_config){.watched = true});
}

static void then_submit_again(struct user *u)
{
	if (u->submits < 2)
		user_submit((unsigned)(u - world->user));
}

static void start_again(void)
{
	start();
	world->user[0].again = then_submit_again;
}

static void start_waiting(void)
{
	world_start(&(struct world_config){.watched = true, .waits = 1, .timeout_us = SCMI_FOREVER, .caps = INTERRUPT});
}

static void start_led(void)
{
	world_start(&(struct world_config){
		.watched = true, .waits = 3, .timeout_us = SCMI_FOREVER, .caps = LED, .slots = 2});
}

static void start_deferred(void)
{
	world_start(&(struct world_config){.watched = true, .flags = SCMI_AGENT_DEFERRED});
}

static void start_polled(void)
{
	world_start(&(struct world_config){.watched = true, .caps = SCMI_CAP_POLL | SCMI_CAP_CONCURRENT});
}

static void start_failing(void)
{
	start();
	world->send = send_fails;
}

static void submit_0_twice(void)
{
	if (user_submit(0) != SCMI_OK)
		return;
	await_ended(0);
	user_submit(0);
}

static void stop(void)
{
	stop_agent();
}

static void stop_inside_poll(void)
{
	await(&world->polled);
	stop_and_poison();
}

static void link_down(void)
{
	link_goes_down();
}

/* --- notifications --- */

static void start_notified(void)
{
	world_start(&(struct world_config){.event_buffers = 1, .watched = true});
}

static void notify_1(void)
{
	notify_one(1, false);
}

static void notify_2_held(void)
{
	notify_one(2, true);
}

static void notify_3_and_4(void)
{
	notify_one(3, true);
	notify_one(4, false);
}

const struct step_scenario scenarios_life[] = {
	{"stop", start, {submit_0, receive_one, stop}, "srx", 2, WORLD},
	{"stop-resubmit", start_again, {submit_0, receive_loop, stop}, "srx", 2, WORLD},
	{"stop-twice", start, {submit_0_twice, receive_loop, stop}, "srx", 3, WORLD},
	{"stop-held", start, {submit_0, hold_and_complete, stop}, "shx", 2, WORLD},
	{"stop-timeout", start, {submit_0, time_out, stop}, "stx", 0, WORLD},
	{"stop-cancel", start, {submit_0, cancel_0, stop}, "scx", 2, WORLD},
	{"stop-wait", start_waiting, {submit_wait_0, receive_loop, stop}, "wrx", 2, WORLD},
	{"stop-lead", start_led, {submit_wait_0, call_1, stop}, "wvx", 0, WORLD},
	{"stop-poll", start_polled, {submit_0, answer_loop, poll_once, stop}, "sapx", 2, WORLD},
	{"stop-poll-inside", start_polled, {poll_once, stop_inside_poll}, "px", 0, WORLD},
	{"stop-lead-cancel", start_led, {submit_wait_0, answer_loop, cancel_0, stop}, "wacx", 6, WORLD},
	{"stop-deferred", start_deferred, {submit_0, receive_one, poll_once, stop}, "srpx", 2, WORLD},
	{"stop-failing", start_failing, {submit_0, stop}, "sx", 0, WORLD},
	{"link-down", start, {submit_0, receive_one, link_down}, "srd", 2, WORLD},
	{"link-down-up", start, {submit_0_twice, receive_loop, link_down_and_up}, "srd", 3, WORLD},
	{"link-down-resubmit", start_again, {submit_0, receive_loop, link_down_and_up}, "srd", 2, WORLD},
	{"link-down-timeout", start, {submit_0, time_out, link_down_and_up}, "std", 0, WORLD},
	{"link-down-held", start, {submit_0, hold_and_complete, link_down}, "shd", 2, WORLD},
	{"link-down-wait", start_waiting, {submit_wait_0, receive_loop, link_down}, "wrd", 2, WORLD},
	{"link-down-failing", start_failing, {submit_0, link_down}, "sd", 0, WORLD},
	{"notify", start_notified, {notify_1, notify_2_held, notify_3_and_4}, "nhm", 0, WORLD},
	{"notify-stop", start_notified, {notify_1, notify_2_held, submit_0, receive_loop}, "nhsr", 8, WORLD},
	{0},
};
