/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed commands: a response and a delayed response, in any order, beside all that can end the call. */
#include "bodies.h"

#define DELAYED(...) world_start(&(struct world_config){.delayed = 1, __VA_ARGS__})

static void start(void)
{
	DELAYED(.slots = 1);
}

static void start_fetched(void)
{
	DELAYED(.fetched = true);
}

static void start_traced(void)
{
	DELAYED(.traced = true);
}

static void start_watched(void)
{
	DELAYED(.watched = true);
}

/* User 1 takes the slot for a plain command as soon as user 0's call has ended. */
static void start_chained(void)
{
	DELAYED(.slots = 1);
	world->user[0].again = then_submit_1;
}

static void then_submit_again(struct user *u)
{
	if (u->submits < 2)
		user_submit((unsigned)(u - world->user));
}

static void start_again(void)
{
	DELAYED(.slots = 1);
	world->user[0].again = then_submit_again;
}

static void start_doubled(void)
{
	DELAYED(.slots = 1);
	world->send = send_doubled;
}

static void start_once(void)
{
	DELAYED(.slots = 1);
	world->answers_once = true;
	world->forgiven = true;
}

static int refuse(struct message *m)
{
	m->status = SCMI_NOT_SUPPORTED;
	return SCMI_OK;
}

static void start_refused(void)
{
	DELAYED(.slots = 1);
	world->send = refuse;
}

/* As it should be: no delayed response after an error. */
static void start_refused_once(void)
{
	start_refused();
	world->answers_once = true;
	world->user[0].again = then_submit_1;
}

/* The response, or the delayed one, comes inside send(). */
static int send_half_answered(struct message *m)
{
	struct message now = *m;

	world->user[0].sent_us = world->time_us;
	now.half = true;
	if (step_choose(2)) {
		now.half = false;
		now.hdr |= SCMI_MSG_DELAYED << 8;
	}
	m->wire->upcalls++;
	deliver(&now);
	return SCMI_OK;
}

static void start_half_answered(void)
{
	DELAYED(.slots = 1);
	world->send = send_half_answered;
}

static void start_waiting(void)
{
	DELAYED(.waits = 1, .timeout_us = SCMI_FOREVER);
	world->user[0].call.delayed_timeout_us = SCMI_FOREVER;
}

static void start_waiting_once(void)
{
	DELAYED(.waits = 1);
	world->answers_once = true;
	world->forgiven = true;
}

static void start_lateness(void)
{
	DELAYED(.lateness_us = LATENESS_US);
}

static void receive_half(void)
{
	struct message m = take_half();

	deliver(&m);
}

static void receive_delayed(void)
{
	struct message m = take_delayed();

	deliver(&m);
}

static void receive_halves(void)
{
	receive_half();
	receive_half();
}

static void receive_delayeds(void)
{
	receive_delayed();
	receive_delayed();
}

static void hold_half(void)
{
	struct message m = take_half();

	deliver_held(&m, true);
}

static void release_half(void)
{
	struct message m = take_half();

	deliver_held(&m, false);
}

static void hold_delayed(void)
{
	struct message m = take_delayed();

	deliver_held(&m, true);
}

static void release_delayed(void)
{
	struct message m = take_delayed();

	deliver_held(&m, false);
}

/* Both clocks run out, one after the other. */
static void time_out_twice(void)
{
	time_out_0();
	pass_time_and_poll(DELAYED_US + 8);
}

/* The first clock's time, counted from the response: too early for the second one. */
static void time_out_late(void)
{
	await_submitted(0);
	pass_time_and_poll(TIMEOUT_US - 100);
	pass_time_and_poll(TIMEOUT_US);
}

/* The replies come in time, or not at all. */
static void receive_in_time(void)
{
	for (unsigned i = 0; i < 2; i++) {
		step_point(&world->wire[0]);
		step_look(&world->time_us);
		if (world->time_us < 1000000 + LATENESS_US)
			receive_one();
	}
}

static void time_out_and_expire(void)
{
	time_out_0();
	scmi_agent_poll(world->agent, 1);
	pass_time_and_poll(LATENESS_US + 16);
}

const struct step_scenario scenarios_delayed[] = {
	{"delayed", start, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-fetched", start_fetched, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-traced", start_traced, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-chained", start_chained, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-again", start_again, {submit_0, receive_halves, receive_delayeds}, "srd", 6, WORLD},
	{"delayed-in-send", start_half_answered, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-doubled", start_doubled, {submit_0, receive_halves, receive_delayeds}, "srd", 6, WORLD},
	{"delayed-cancel", start_chained, {submit_0, receive_half, receive_delayed, cancel_0}, "srdc", 6, WORLD},
	{"delayed-timeout", start, {submit_0, receive_two, time_out_0}, "srt", 2, WORLD},
	{"delayed-timeouts", start_chained, {submit_0, receive_two, time_out_twice}, "srt", 2, WORLD},
	{"delayed-too-early", start, {submit_0, receive_half, time_out_late}, "srt", 2, WORLD},
	{"delayed-missing", start_once, {submit_0, receive_half, time_out_twice}, "srt", 2, WORLD},
	{"delayed-none", start, {submit_0, time_out_twice, cancel_0}, "stc", 0, WORLD},
	{"delayed-refused", start_refused, {submit_0, receive_half, receive_delayed}, "srd", 6, WORLD},
	{"delayed-refused-cancel",
	 start_refused,
	 {submit_0, receive_half, receive_delayed, cancel_0},
	 "srdc",
	 6,
	 WORLD},
	{"delayed-refused-once", start_refused_once, {submit_0, receive_half, cancel_0}, "src", 2, WORLD},
	{"delayed-refused-held", start_refused, {submit_0, hold_half, receive_delayed, cancel_0}, "shdc", 6, WORLD},
	{"delayed-refused-timeout", start_refused_once, {submit_0, receive_half, time_out_0}, "srt", 2, WORLD},
	{"delayed-held", start_chained, {submit_0, hold_half, hold_delayed}, "shg", 6, WORLD},
	{"delayed-held-cancel", start_chained, {submit_0, hold_half, hold_delayed, cancel_0}, "shgc", 6, WORLD},
	{"delayed-held-timeout", start, {submit_0, hold_half, receive_delayed, time_out_twice}, "shdt", 6, WORLD},
	{"delayed-held-missing", start_once, {submit_0, hold_half, time_out_twice}, "sht", 2, WORLD},
	{"delayed-released", start, {submit_0, release_half}, "sh", 0, WORLD},
	{"delayed-released-other", start, {submit_0, receive_half, release_delayed}, "srg", 6, WORLD},
	{"delayed-settled", start_chained, {submit_0, settle_one, receive_delayed}, "sfd", 6, WORLD},
	{"delayed-settled-cancel", start, {submit_0, settle_one, receive_delayed, cancel_0}, "sfdc", 6, WORLD},
	{"delayed-wait", start_waiting, {call_0, receive_half, receive_delayed}, "wrd", 6, WORLD},
	{"delayed-wait-missing", start_waiting_once, {call_0, receive_loop}, "wr", 2, WORLD},
	{"delayed-expiry", start_lateness, {submit_0, receive_in_time, time_out_and_expire}, "srt", 2, WORLD},
	{"delayed-stop", start_watched, {submit_0, receive_two, stop_agent}, "srx", 2, WORLD},
	{"delayed-link-down", start_watched, {submit_0, receive_two, link_down_and_up}, "srd", 2, WORLD},
	{0},
};
