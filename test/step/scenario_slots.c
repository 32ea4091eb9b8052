/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a slot, beside every way in which one becomes free. User 0 has the only one when it begins. */
#include "bodies.h"

/* Nobody must sleep beside a free slot. */
static void start(const struct world_config *config)
{
	world_start(config);
	world->starves = true;
}

/* As if a thread of its own had done it before the others began. */
static void submit_before(unsigned i)
{
	if (user_submit(i) != SCMI_OK)
		step_fail("the scenario's first submit fails");
}

static void start_taken(void)
{
	start(&(struct world_config){.patient = 14});
	submit_before(0);
}

static void lose(unsigned i)
{
	world->wire[0].message[i].lost = true;
}

static int lose_user_0(struct message *m)
{
	m->lost = m->ghost >> 8 == 1;
	return SCMI_OK;
}

/* Its reply does not come, and who waits knows that it will be told. */
static void start_unanswered(void)
{
	start_taken();
	lose(0);
}

static void start_unanswered_reserved(void)
{
	start(&(struct world_config){.slots = 2, .reserved = 1, .patient = 14});
	submit_before(0);
	lose(0);
}

/* The slots for all and the one for urgent calls are taken; the latter's call, user 3's, is answered. */
static void start_reserved_taken(void)
{
	start(&(struct world_config){.slots = 2, .reserved = 1, .patient = 14, .urgent = 12});
	world->send = lose_user_0;
	submit_before(0);
	submit_before(3);
}

/* The call has ended, the slot is owed to it for good. */
static void cancel_before(unsigned i)
{
	user_cancel(i);
	lose(0);
}

static void start_owed(void)
{
	start_taken();
	cancel_before(0);
}

static void start_owed_forever(void)
{
	start(&(struct world_config){
		.patient = 14, .watched = true, .queue_us = SCMI_FOREVER, .timeout_us = SCMI_FOREVER});
	submit_before(0);
	cancel_before(0);
}

static void start_watched(void)
{
	start(&(struct world_config){.patient = 14, .watched = true});
	submit_before(0);
}

static void start_resettable(void)
{
	start(&(struct world_config){.patient = 14, .watched = true, .resettable = true});
	submit_before(0);
}

static void start_free(void)
{
	start(&(struct world_config){.patient = 15});
}

static void start_free_waiting(void)
{
	start(&(struct world_config){.patient = 15, .waits = 1, .timeout_us = SCMI_FOREVER});
}

static void start_sync(void)
{
	start(&(struct world_config){
		.patient = 15, .waits = 3, .caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT});
	world->send = send_answered;
}

static int fail_user_0(struct message *m)
{
	step_point(m->wire);
	return m->ghost >> 8 == 1 ? SCMI_E_IO : SCMI_OK;
}

static void start_failing(void)
{
	start(&(struct world_config){.patient = 14});
	world->send = fail_user_0;
}

static void start_lateness(void)
{
	start(&(struct world_config){.patient = 14, .lateness_us = LATENESS_US, .queue_us = SCMI_FOREVER});
	submit_before(0);
}

/* User 1 gives up long before user 2. */
static void start_impatient(void)
{
	start_taken();
	world->user[1].call.deadline_us = world->time_us + 500;
}

static void start_crowded(void)
{
	start(&(struct world_config){.patient = 14, .waiters = 1});
	submit_before(0);
}

/* One of them waits without an event, and polls. */
static void start_crowded_watched(void)
{
	start(&(struct world_config){.patient = 14, .waiters = 1, .caps = LED, .watched = true});
	submit_before(0);
}

static void start_passive(void)
{
	start(&(struct world_config){.patient = 14, .flags = SCMI_AGENT_PASSIVE});
	submit_before(0);
}

static void start_led(void)
{
	start(&(struct world_config){.patient = 14, .caps = LED});
	submit_before(0);
}

static void start_led_watched(void)
{
	start(&(struct world_config){.patient = 14, .caps = LED, .watched = true});
	submit_before(0);
}

static void start_led_calls(void)
{
	start(&(struct world_config){.patient = 15, .caps = LED, .waits = 3, .timeout_us = SCMI_FOREVER});
}

/* Of two slots one is for urgent calls, user 2's. */
static void start_reserved(void)
{
	start(&(struct world_config){.slots = 2, .reserved = 1, .patient = 14, .urgent = 4});
	submit_before(0);
}

/* A second call is taken and given back: the link sends one at a time, and user 0 does not wait. */
static void start_serial(void)
{
	start(&(struct world_config){.slots = 2, .caps = SERIAL, .patient = 14});
	submit_before(3);
}

static void start_loose(void)
{
	start(&(struct world_config){.patient = 14, .waits = 1, .timeout_us = SCMI_FOREVER});
	submit_before(0);
}

static void cancel_now(void)
{
	user_cancel(0);
}

static void submit_1_deadline(void)
{
	user_submit(1);
}

static void pass_half_a_while(void)
{
	pass_time(600);
}

static void time_out_and_expire(void)
{
	time_out();
	scmi_agent_poll(world->agent, 1);
	pass_time_and_poll(LATENESS_US + 16);
}

static void wait_now(void)
{
	user_wait(0);
}

static void up_then_submit_1(void)
{
	link_goes_down();
	link_comes_back();
	user_submit(1);
}

static void stop_inside_1(void)
{
	await_inside(1);
	stop_and_poison();
}

static void quiesce(void)
{
	await_inside(1);
	quiesce_agent(world->time_us + 20000);
}

/* Who has been let in after all is beyond what stop waits for: only who got no slot may be on its way out. */
static void stop_1(void)
{
	stop_agent();
}

const struct step_scenario scenarios_slots[] = {
	{"slot", start_free, {submit_0, submit_1, receive_loop}, "sur", 4, WORLD},
	{"slot-reply", start_taken, {submit_1, receive_loop}, "ur", 2, WORLD},
	{"slot-two", start_taken, {submit_1, submit_2, receive_loop}, "uvr", 4, WORLD},
	{"slot-call", start_free_waiting, {call_0, submit_1, receive_loop}, "wur", 4, WORLD},
	{"slot-wait", start_loose, {submit_1, wait_now, receive_loop}, "uwr", 4, WORLD},
	{"slot-sync", start_sync, {call_0, call_1}, "wv", 0, WORLD},
	{"slot-failing", start_failing, {submit_0, submit_1, receive_loop}, "sur", 4, WORLD},
	{"slot-late", start_taken, {submit_1, cancel_now, receive_loop}, "ucr", 4, WORLD},
	{"slot-timeout", start_taken, {submit_1, time_out, receive_loop}, "utr", 4, WORLD},
	{"slot-held", start_taken, {submit_1, hold_and_complete, cancel_now, receive_loop}, "uhcr", 10, WORLD},
	{"slot-released", start_taken, {submit_1, hold_and_release, receive_loop}, "uhr", 6, WORLD},
	{"slot-settled", start_taken, {submit_1, settle_one, receive_loop}, "ufr", 6, WORLD},
	{"slot-settled-late", start_taken, {submit_1, cancel_now, settle_one}, "ucf", 4, WORLD},
	{"slot-expired", start_lateness, {submit_1, time_out_and_expire}, "ut", 0, WORLD},
	{"slot-expired-late", start_lateness, {submit_1, time_out_and_expire, receive_one}, "utr", 4, WORLD},
	{"slot-untaken", start_serial, {submit_0, submit_1, submit_2, receive_loop}, "suvr", 8, WORLD},
	{"slot-impatient",
	 start_impatient,
	 {submit_1_deadline, submit_2, pass_half_a_while, receive_loop},
	 "uvtr",
	 8,
	 WORLD},
	{"slot-crowded", start_crowded, {submit_1, submit_2, receive_loop}, "uvr", 4, WORLD},
	{"slot-passive", start_passive, {submit_1, submit_2, receive_loop}, "uvr", 4, WORLD},
	{"slot-led", start_led, {submit_1, answer_loop}, "ua", 2, WORLD},
	{"slot-led-two", start_led, {submit_1, submit_2, answer_loop}, "uva", 4, WORLD},
	{"slot-led-calls", start_led_calls, {call_0, call_1, answer_loop}, "wva", 4, WORLD},
	{"slot-led-poll", start_led, {submit_1, answer_loop, poll_once}, "uap", 2, WORLD},
	{"slot-unanswered", start_unanswered, {submit_1, poll_once}, "up", 0, WORLD},
	{"slot-unanswered-reserved", start_unanswered_reserved, {submit_1, poll_once}, "up", 0, WORLD},
	{"slot-owed", start_owed, {submit_1, poll_once}, "up", 0, WORLD},
	{"slot-owed-stop", start_owed_forever, {submit_1, stop_inside_1}, "ux", 0, WORLD},
	{"slot-owed-quiesce", start_owed_forever, {submit_1, quiesce}, "uq", 0, WORLD},
	{"slot-crowded-stop", start_crowded_watched, {submit_1, submit_2, stop_1}, "uvx", 0, WORLD},
	{"slot-urgent-reserved", start_reserved_taken, {submit_2, receive_one}, "ur", 2, WORLD},
	{"slot-urgent", start_reserved, {submit_1, submit_2, receive_loop}, "uvr", 4, WORLD},
	{"slot-stop", start_watched, {submit_1, stop_1, receive_loop}, "uxr", 4, WORLD},
	{"slot-stop-inside", start_watched, {submit_1, stop_inside_1}, "ux", 0, WORLD},
	{"slot-stop-led", start_led_watched, {submit_1, stop_inside_1}, "ux", 0, WORLD},
	{"slot-link-down", start_watched, {submit_1, link_down_and_up, receive_loop}, "udr", 4, WORLD},
	{"slot-link-up", start_watched, {submit_2, up_then_submit_1, receive_loop}, "udr", 4, WORLD},
	{"slot-recover", start_watched, {submit_1, recover, receive_loop}, "uRr", 4, WORLD},
	{"slot-recover-alone", start_watched, {submit_1, recover}, "uR", 0, WORLD},
	{"slot-recover-reset", start_resettable, {submit_1, recover, receive_loop}, "uRr", 4, WORLD},
	{0},
};
