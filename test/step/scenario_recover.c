/* SPDX-License-Identifier: BSD-3-Clause */
/* Recovery: nothing earlier gets in afterwards, nobody hangs, and what the transport says meanwhile counts. */
#include "bodies.h"

#define RECOVERED(...) world_start(&(struct world_config){.watched = true, .resettable = true, __VA_ARGS__})

static void start(void)
{
	RECOVERED(.slots = 2);
}

/* By stop() and start(). */
static void start_restarted(void)
{
	world_start(&(struct world_config){.watched = true, .slots = 2});
}

static void then_submit_again(struct user *u)
{
	if (u->submits < 2)
		user_submit((unsigned)(u - world->user));
}

static void start_again(void)
{
	RECOVERED(.slots = 1);
	world->user[0].again = then_submit_again;
}

static void start_polled(void)
{
	RECOVERED(.caps = POLLED);
}

static void start_led(void)
{
	RECOVERED(.caps = LED, .waits = 1, .timeout_us = SCMI_FOREVER);
}

static void start_waiting(void)
{
	RECOVERED(.waits = 1, .timeout_us = SCMI_FOREVER);
}

static void start_serial(void)
{
	RECOVERED(.slots = 2, .caps = SERIAL, .patient = 15, .ordered = true);
}

static void start_full(void)
{
	start_serial();
	world->wire[0].room = 0;
}

static int busy(struct wire *wire)
{
	step_point(wire);
	return SCMI_E_BUSY;
}

static void start_busy(void)
{
	RECOVERED(.slots = 2);
	world->recover = busy;
}

static int fail(struct wire *wire)
{
	step_point(wire);
	return SCMI_E_IO;
}

static void start_failing(void)
{
	RECOVERED(.slots = 2);
	world->recover = fail;
}

/* The peer goes, and perhaps comes back, while recover() runs. */
static int lose_peer(struct wire *wire)
{
	int err = step_choose(2) ? SCMI_OK : SCMI_E_BUSY;

	world->downed = true;
	wire->linked = false;
	drain(wire);
	wire->sink->link_down(wire->core, 0);
	if (step_choose(2)) {
		wire->linked = true;
		wire->deaf = false;
		say_room(wire);
		wire->sink->ready(wire->core);
	}
	return err;
}

static void start_losing(void)
{
	RECOVERED(.slots = 2);
	world->recover = lose_peer;
}

/* A poll recovers the link when it has been stuck, or down, for a while. */
static void start_reconnecting(void)
{
	RECOVERED(.reconnect_us = 5000);
}

static int take_all(struct wire *wire)
{
	step_point(wire);
	wire->room = NO_LIMIT;
	return SCMI_OK;
}

/* There is a slot, and no room. */
static void start_reconnecting_narrow(void)
{
	RECOVERED(.slots = 2, .reconnect_us = 5000);
	world->wire[0].room = 1;
	world->recover = take_all;
}

static void submit_0_twice(void)
{
	if (user_submit(0) != SCMI_OK)
		return;
	await_ended(0);
	user_submit(0);
}

static void recover_then_submit_1(void)
{
	recover_agent();
	user_submit(1);
}

static void time_out_then_poll(void)
{
	await_submitted(0);
	world->recovering = true;
	time_out();
	pass_time_and_poll(5000 + 8);
}

static void time_out_and_recover(void)
{
	time_out_then_poll();
	user_submit(1);
}

/* Who may not wait is refused, before what keeps the room has timed out or after. */
static void be_refused(void)
{
	await_submitted(0);
	user_submit(1);
}

static void time_out_and_be_recovered(void)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	be_refused();
	time_out_then_poll();
	if (scmi_agent_stats(world->agent, 0, &stats) != SCMI_OK || stats.recovered != 1)
		step_fail("a link that takes nothing more is not recovered");
	user_submit(1);
}

static void link_down_then_poll(void)
{
	world->recovering = true;
	link_goes_down();
	pass_time_and_poll(5000 + 8);
}

static void link_down(void)
{
	link_goes_down();
}

static void fail_then_ready(void)
{
	recover_agent();
	link_comes_back();
	user_submit(1);
}

const struct step_scenario scenarios_recover[] = {
	{"recover", start, {submit_0, receive_one, recover_then_submit_1}, "srR", 2, WORLD},
	{"recover-restarted", start_restarted, {submit_0, receive_one, recover_then_submit_1}, "srR", 2, WORLD},
	{"recover-two", start, {submit_0_and_1, receive_loop, recover}, "srR", 2, WORLD},
	{"recover-twice", start, {submit_0_twice, receive_loop, recover}, "srR", 3, WORLD},
	{"recover-again", start_again, {submit_0, receive_loop, recover}, "srR", 2, WORLD},
	{"recover-timeout", start, {submit_0, time_out, recover}, "stR", 0, WORLD},
	{"recover-cancel", start, {submit_0, cancel_0, recover}, "scR", 2, WORLD},
	{"recover-held", start, {submit_0, hold_and_complete, recover}, "shR", 2, WORLD},
	{"recover-poll", start_polled, {submit_0, answer_loop, poll_once, recover}, "sapR", 2, WORLD},
	{"recover-lead", start_led, {call_0, answer_loop, recover}, "waR", 2, WORLD},
	{"recover-wait", start_waiting, {call_0, receive_loop, recover}, "wrR", 2, WORLD},
	{"recover-serial", start_serial, {submit_0, submit_1, recover}, "suR", 0, WORLD},
	{"recover-full", start_full, {submit_0, make_room, recover}, "smR", 0, WORLD},
	{"recover-busy", start_busy, {submit_0, receive_one, recover_then_submit_1}, "srR", 2, WORLD},
	{"recover-fails", start_failing, {submit_0, receive_one, fail_then_ready}, "srR", 2, WORLD},
	{"recover-losing", start_losing, {submit_0, recover_then_submit_1}, "sR", 0, WORLD},
	{"recover-link-down", start, {submit_0, recover, link_down_and_up}, "sRd", 0, WORLD},
	{"recover-due", start_reconnecting, {submit_0, receive_one, time_out_and_recover}, "srR", 2, WORLD},
	{"recover-due-down", start_reconnecting, {submit_0, link_down_then_poll}, "sR", 0, WORLD},
	{"recover-due-stop", start_reconnecting, {submit_0, link_down_then_poll, stop_agent}, "sRx", 0, WORLD},
	{"recover-due-stuck-stop", start_reconnecting, {submit_0, time_out_and_recover, stop_agent}, "sRx", 2, WORLD},
	{"recover-due-refused", start_reconnecting_narrow, {submit_0, time_out_and_be_recovered}, "sR", 0, WORLD},
	{"recover-due-refused-ready",
	 start_reconnecting_narrow,
	 {submit_0, time_out_then_poll, be_refused, make_room},
	 "sRum",
	 0,
	 WORLD},
	{"recover-down-due", start_reconnecting, {submit_0, time_out_and_recover, link_down}, "sRd", 2, WORLD},
	{0},
};
