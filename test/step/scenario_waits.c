/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with a waiter: sleeping beside every wake-up, leading and handing over the lead. */
#include "bodies.h"

/* No deadline: a wake-up that is lost is lost for ever. */
static void start_interrupt(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = INTERRUPT, .waits = 3, .timeout_us = SCMI_FOREVER});
}

static void start_polled(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = POLLED, .waits = 3, .timeout_us = SCMI_FOREVER});
}

static void start_led(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = LED, .waits = 3, .timeout_us = SCMI_FOREVER});
}

/* Both waiters, and one event between them. */
static void start_crowded(void)
{
	world_start(
		&(struct world_config){.slots = 2, .caps = LED, .waits = 3, .timeout_us = SCMI_FOREVER, .waiters = 1});
}

static void start_led_timed(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = LED, .waits = 3});
}

static void start_interrupt_timed(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = INTERRUPT, .waits = 3});
}

static void call_0_twice(void)
{
	user_call(0);
	user_call(0);
}

/* Waits for a while, then for good. */
static void submit_look_wait_0(void)
{
	if (user_submit(0) != SCMI_OK)
		return;
	if (user_wait_until(0, 0) == SCMI_E_INPROGRESS && user_wait_until(0, 1000000 + 100) == SCMI_E_INPROGRESS)
		user_wait(0);
}

/* Waits for a while, then for good, by another event: user 1 has got the first one meanwhile. */
static void submit_look_wait_0_beside_1(void)
{
	if (user_submit(0) != SCMI_OK)
		return;
	if (user_wait_until(0, 1000000 + 100) != SCMI_E_INPROGRESS)
		return;
	tell(&world->user[0].told_end);
	await_inside(1);
	user_wait(0);
}

static void call_1_beside_0(void)
{
	await_ended(0);
	user_call(1);
}

static void pass_a_while(void)
{
	pass_time(200);
}

/*
 * User 1's call has a done function and a deadline; its reply never comes. User 0 leads without a deadline of its own:
 * whoever lowers the bound must wake it, or user 1 waits for ever.
 */
static int lose_user_1(struct message *m)
{
	if (m->ghost >> 8 == 2)
		m->lost = true;
	return SCMI_OK;
}

static void start_deadline_of_other(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = LED, .waits = 1});
	world->user[0].call.timeout_us = SCMI_FOREVER;
	world->wire[0].slow = true;
	world->send = lose_user_1;
}

static void start_deadline_of_other_interrupt(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = INTERRUPT, .waits = 1});
	world->user[0].call.timeout_us = SCMI_FOREVER;
	world->wire[0].slow = true;
	world->send = lose_user_1;
}

static void answer_when_1_has_ended(void)
{
	await_ended(1);
	step_point(&world->wire[0]);
	world->wire[0].slow = false;
	answer_loop();
}

static void receive_when_1_has_ended(void)
{
	await_ended(1);
	receive_loop();
}

static void start_interrupt_doubled(void)
{
	start_interrupt();
	world->send = send_doubled;
}

static void start_sync(void)
{
	world_start(&(struct world_config){.slots = 2, .caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_CONCURRENT, .waits = 3});
	world->send = send_answered;
}

static void settle_loop(void)
{
	for (;;)
		settle_one();
}

static void hold_loop(void)
{
	for (;;) {
		struct message m = take_message();

		deliver_held(&m, true);
	}
}

/* The waiter comes while the submit of another context is still inside send(). */
static int send_seen(struct message *m)
{
	step_point(&world->user[0].told_submit);
	step_release(&world->user_clock);
	world->user[(m->ghost >> 8) - 1].told_submit = true;
	return SCMI_OK;
}

static void start_seen(void)
{
	start_interrupt();
	world->send = send_seen;
}

static void wait_0_when_sent(void)
{
	await_submitted(0);
	user_wait(0);
}

const struct step_scenario scenarios_waits[] = {
	{"wait-reply", start_interrupt, {submit_wait_0, receive_loop}, "wr", 2, WORLD},
	{"wait-beside-submit", start_seen, {submit_0, wait_0_when_sent, receive_loop}, "swr", 4, WORLD},
	{"call-reply", start_interrupt, {call_0, receive_loop}, "wr", 2, WORLD},
	{"call-twice", start_interrupt_doubled, {call_0_twice, receive_loop, receive_loop}, "wrq", 6, WORLD},
	{"call-cancel", start_interrupt, {submit_wait_0, receive_loop, cancel_0}, "wrc", 2, WORLD},
	{"call-settle", start_interrupt, {call_0, settle_loop}, "wf", 2, WORLD},
	{"call-cancel-early", start_seen, {call_0, cancel_0, receive_loop}, "wcr", 4, WORLD},
	{"call-held", start_interrupt, {submit_wait_0, hold_loop, cancel_0}, "whc", 2, WORLD},
	{"call-timeout", start_interrupt_timed, {call_0, receive_loop, time_out_0}, "wrt", 6, WORLD},
	{"wait-until", start_interrupt_timed, {submit_look_wait_0, receive_loop, pass_a_while}, "wrt", 2, WORLD},
	{"wait-until-again",
	 start_interrupt_timed,
	 {submit_look_wait_0_beside_1, call_1_beside_0, receive_loop, pass_a_while},
	 "wvrt",
	 6,
	 WORLD},
	{"call-no-reply", start_interrupt_timed, {call_0, call_1}, "wv", 0, WORLD},
	{"two-calls", start_interrupt, {call_0, call_1, receive_loop}, "wvr", 4, WORLD},
	{"sync-call", start_sync, {call_0_twice, call_1}, "wv", 0, WORLD},
	{"polled", start_polled, {call_0, answer_loop, poll_once}, "wap", 2, WORLD},
	{"polled-two", start_polled, {call_0, call_1, answer_loop}, "wva", 4, WORLD},
	{"lead", start_led, {call_0, answer_loop, poll_once}, "wap", 2, WORLD},
	{"lead-two", start_led, {call_0, call_1, answer_loop}, "wva", 4, WORLD},
	{"lead-two-poller", start_led, {submit_wait_0, submit_wait_1, answer_loop, poll_once}, "wvap", 4, WORLD},
	{"lead-cancel", start_led, {submit_wait_0, submit_wait_1, answer_loop, cancel_0}, "wvac", 4, WORLD},
	{"lead-crowded", start_crowded, {call_0, call_1, answer_loop}, "wva", 4, WORLD},
	{"lead-no-reply", start_led_timed, {call_0, call_1}, "wv", 0, WORLD},
	{"lead-until", start_led_timed, {submit_look_wait_0, call_1, answer_loop, pass_a_while}, "wvat", 4, WORLD},
	{"lead-deadline", start_deadline_of_other, {submit_wait_0, submit_1, answer_when_1_has_ended}, "wsa", 4, WORLD},
	{"wait-deadline",
	 start_deadline_of_other_interrupt,
	 {submit_wait_0, submit_1, receive_when_1_has_ended},
	 "wsr",
	 4,
	 WORLD},
	{0},
};
