/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with done functions: submit beside every way in which a call can end. */
#include "bodies.h"

static void start(void)
{
	world_start(&(struct world_config){0});
}

static void start_fetched(void)
{
	world_start(&(struct world_config){.fetched = true});
}

/* --- another life of the slot: user 1 goes on where user 0's call has ended --- */

static void then_submit_again(struct user *u)
{
	unsigned others = world->user[1].submits;
	int err = u->submits < 2 ? user_submit((unsigned)(u - world->user)) : SCMI_OK;

	/* Where the reply has come nobody holds the slot any more, so there is one, unless somebody else took it. */
	if (err == SCMI_E_BUSY && u->last == SCMI_OK && others == 0 && world->user[1].submits == 0)
		step_fail("in its own callback a call's slot is not free");
}

static void start_chained(void)
{
	world_start(&(struct world_config){0});
	world->user[0].again = then_submit_1;
}

static void start_again(void)
{
	world_start(&(struct world_config){0});
	world->user[0].again = then_submit_again;
}

static void submit_0_then_1(void)
{
	user_submit(0);
	await_ended(0);
	user_submit(1);
}

static void time_out_twice(void)
{
	time_out_0();
	time_out();
}

/* --- replies that come twice --- */

static void start_doubled(void)
{
	world_start(&(struct world_config){0});
	world->send = send_doubled;
}

static void start_doubled_again(void)
{
	start_again();
	world->send = send_doubled;
}

/* --- a transport that holds what it has acquired --- */

/* --- send() that fails, and a peer that answers nonetheless --- */

static int send_fails_somehow(struct message *m)
{
	(void)m;
	return step_choose(2) ? SCMI_E_IO : SCMI_E_BUSY;
}

static void start_failing(void)
{
	world_start(&(struct world_config){0});
	world->send = send_fails_somehow;
}

/* The reply is there before send() has returned, whatever send() says. */
static int send_forged(struct message *m)
{
	m->wire->message[MESSAGES - 1] = *m;
	step_release(&m->wire->message[MESSAGES - 1].clock);
	m->copies = 0;
	step_point(&world->wire[0]);
	return step_choose(2) ? SCMI_E_IO : SCMI_OK;
}

static void start_forged(void)
{
	world_start(&(struct world_config){0});
	world->send = send_forged;
	world->hostile = true;
}

static void start_forged_chained(void)
{
	start_forged();
	world->user[0].again = then_submit_1;
}

/* A doubled reply, the first inside send(). */
static int send_answered_twice(struct message *m)
{
	struct message now = *m;

	world->user[(m->ghost >> 8) - 1].sent_us = world->time_us;
	m->wire->upcalls++;
	m->taken = true;
	deliver(&now);
	return SCMI_OK;
}

static void start_sync(void)
{
	world_start(&(struct world_config){.caps = SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND | SCMI_CAP_CONCURRENT});
	world->send = send_answered_twice;
	world->user[0].again = then_submit_again;
}

/* --- two callers --- */

static void start_two(void)
{
	world_start(&(struct world_config){.slots = 2});
}

/* The bound must be the earlier deadline, whoever sends first. */
static void start_unequal(void)
{
	start_two();
	world->user[1].call.timeout_us = 3 * TIMEOUT_US;
}

static void submit_1_then_2(void)
{
	user_submit(1);
	user_submit(2);
}

static void submit_2_then_3(void)
{
	user_submit(2);
	user_submit(3);
}

/* --- debts that are written off --- */

static void start_lateness(void)
{
	world_start(&(struct world_config){.slots = 1, .lateness_us = LATENESS_US});
}

/* The reply comes in time, or not at all. */
static void receive_in_time(void)
{
	step_point(&world->wire[0]);
	step_look(&world->time_us);
	if (world->time_us < 1000000 + LATENESS_US)
		receive_one();
}

static void time_out_and_expire(void)
{
	time_out_0();
	scmi_agent_poll(world->agent, 1);
	pass_time_and_poll(LATENESS_US + 16);
}

static void check_nothing_expired(void)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	scmi_agent_stats(world->agent, SCMI_ALL_LINKS, &stats);
	if (stats.expired != 0 && world->time_us < 1000000 + LATENESS_US)
		step_fail("a debt is written off before its time");
}

/* User 1's deadline makes the scan look at user 0's quarantine before that is over. */
static void start_two_expiries(void)
{
	world_start(&(struct world_config){.slots = 2, .lateness_us = LATENESS_US});
	world->user[1].call.timeout_us = 2 * TIMEOUT_US;
}

static void time_out_both(void)
{
	time_out_0();
	scmi_agent_poll(world->agent, 1);
	time_out();
	check_nothing_expired();
}

static void expire_then_submit_1(void)
{
	time_out_and_expire();
	user_submit(1);
}

static void expire(void)
{
	pass_time_and_poll(LATENESS_US + 16);
}

/* --- deferred done functions --- */

static void start_deferred(void)
{
	world_start(&(struct world_config){.slots = 2, .flags = SCMI_AGENT_DEFERRED});
}

const struct step_scenario scenarios_calls[] = {
	{"reply-timeout", start, {submit_0, receive_one, time_out}, "srt", 2, WORLD},
	{"reply-timeout-out", start, {submit_0, receive_one, time_out_0}, "srt", 2, WORLD},
	{"fetched-timeout", start_fetched, {submit_0, receive_one, time_out_0}, "srt", 2, WORLD},
	{"fetched-cancel", start_fetched, {submit_0, receive_one, cancel_0}, "src", 2, WORLD},
	{"reply-cancel", start, {submit_0, receive_one, cancel_0}, "src", 2, WORLD},
	{"cancel-timeout", start, {submit_0, cancel_0, time_out_0}, "sct", 0, WORLD},
	{"cancel-timeout-reply", start, {submit_0, cancel_0, time_out_0, receive_one}, "sctr", 8, WORLD},
	{"cancel-cancel", start_chained, {submit_0, cancel_0, cancel_0, receive_one}, "scdr", 8, WORLD},
	{"resubmit-timeout", start_again, {submit_0, receive_two, time_out}, "srt", 2, WORLD},
	{"resubmit-timeouts", start_again, {submit_0, receive_two, time_out_twice}, "srt", 2, WORLD},
	{"resubmit-doubled", start_doubled_again, {submit_0, receive_two, receive_two}, "srq", 6, WORLD},
	{"chained-cancel", start_chained, {submit_0, receive_two, cancel_0}, "src", 2, WORLD},
	{"chained-timeout", start_chained, {submit_0, receive_two, time_out_0}, "srt", 2, WORLD},
	{"doubled", start_doubled, {submit_0, receive_one, receive_one}, "srq", 6, WORLD},
	{"doubled-timeout", start_doubled, {submit_0, receive_one, receive_one, time_out_0}, "srqt", 6, WORLD},
	{"next-life", start, {submit_0_then_1, receive_two, time_out_twice}, "srt", 2, WORLD},
	{"held-timeout", start, {submit_0, hold_and_complete, time_out_0}, "sht", 2, WORLD},
	{"held-cancel", start, {submit_0, hold_and_complete, cancel_0}, "shc", 2, WORLD},
	{"held-other", start, {submit_0, hold_and_complete, cancel_0, submit_1}, "shcu", 6, WORLD},
	{"held-next-life", start, {submit_0_then_1, hold_and_complete, time_out_0}, "sht", 2, WORLD},
	{"held-chained", start_chained, {submit_0, hold_and_complete, time_out_0, receive_one}, "shtr", 10, WORLD},
	{"released", start, {submit_0, hold_and_release, time_out_0}, "sht", 2, WORLD},
	{"released-cancel", start_chained, {submit_0, hold_and_release, cancel_0}, "shc", 2, WORLD},
	{"doubled-held", start_doubled, {submit_0, hold_and_complete, hold_and_release}, "shg", 6, WORLD},
	{"settle-timeout", start, {submit_0, settle_one, time_out_0}, "sft", 2, WORLD},
	{"settle-cancel", start_chained, {submit_0, settle_one, cancel_0}, "sfc", 2, WORLD},
	{"settle-reply", start_doubled, {submit_0, settle_one, receive_one}, "sfr", 6, WORLD},
	{"send-fails", start_failing, {submit_0, time_out, submit_1}, "stu", 0, WORLD},
	{"forged", start_forged, {submit_0, receive_one, time_out}, "srt", 2, WORLD},
	{"forged-chained", start_forged_chained, {submit_0, receive_two, submit_2_then_3}, "sru", 2, WORLD},
	{"forged-held", start_forged, {submit_0, hold_and_complete, time_out}, "sht", 2, WORLD},
	{"forged-settle", start_forged, {submit_0, settle_one, time_out}, "sft", 2, WORLD},
	{"sync-send", start_sync, {submit_0, submit_1, time_out}, "sut", 0, WORLD},
	{"two-submitters", start_two, {submit_0, submit_1_then_2, receive_two}, "sur", 4, WORLD},
	{"one-slot", start, {submit_0, submit_1, receive_two}, "sur", 4, WORLD},
	{"two-timeouts", start_two, {submit_0, submit_1, time_out, time_out}, "sutv", 0, WORLD},
	{"two-deadlines", start_unequal, {submit_0, submit_1, time_out}, "sut", 0, WORLD},
	{"late-expiry", start_lateness, {submit_0, receive_in_time, time_out_and_expire}, "srt", 2, WORLD},
	{"late-expiry-next", start_lateness, {submit_0, receive_in_time, expire_then_submit_1}, "srt", 2, WORLD},
	{"late-expiry-other",
	 start_lateness,
	 {submit_0, receive_in_time, time_out_and_expire, submit_1},
	 "srtu",
	 6,
	 WORLD},
	{"two-expiries", start_two_expiries, {submit_0_and_1, receive_in_time, time_out_both}, "srt", 2, WORLD},
	{"expiry-expiry", start_lateness, {submit_0, time_out_and_expire, expire, receive_in_time}, "steR", 8, WORLD},
	{"deferred", start_deferred, {submit_0, receive_one, poll_once, poll_once}, "srpq", 2, WORLD},
	{"deferred-two", start_deferred, {submit_0, submit_1, receive_two, poll_twice}, "surp", 4, WORLD},
	{"deferred-timeout", start_deferred, {submit_0, receive_one, time_out, poll_once}, "srtp", 2, WORLD},
	{0},
};
