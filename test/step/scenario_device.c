/* SPDX-License-Identifier: BSD-3-Clause */
/* A virtio device whose guest is paused, moved, changed or replaced while commands are answered and events sent. */
#include "guests.h"
#include "scenarios.h"

/* The platform has the first of two commands. */
static void start(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 2, .taken = 1});
}

static void start_one(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 1, .taken = 1});
}

static void start_armed(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 1, .taken = 1, .armed = true});
}

static void start_stopped(void)
{
	guests_start(&(struct guest_config){.stopped = true});
}

/* The second has to wait for the end of the first. */
static void start_narrow(void)
{
	guests_start(&(struct guest_config){.requests = 1, .held = 1, .sent = 2, .taken = 1});
}

static void start_served(void)
{
	guests_start(&(struct guest_config){.sent = 2});
}

static void start_events(void)
{
	guests_start(&(struct guest_config){.events = 3});
}

static void start_deaf(void)
{
	guests_start(&(struct guest_config){.events = 3, .deaf = true});
}

static void start_promise(void)
{
	start_events();
	guests_promise();
}

/* No buffer for events. */
static void start_full(void)
{
	guests_start(&(struct guest_config){.events = 1});
	(void)guests_event();
}

static void start_both(void)
{
	guests_start(&(struct guest_config){.events = 3, .held = 1, .sent = 1, .taken = 1});
}

static void start_journal(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 2, .taken = 1, .journal = true});
}

static void start_journal_one(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 1, .taken = 1, .journal = true});
}

static void start_crash(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 2, .taken = 1, .journal = true, .crash = true});
}

static void start_crash_early(void)
{
	guests_start(&(struct guest_config){.held = 1, .sent = 2, .journal = true, .crash = true});
}

/* --- the guest --- */

static void call_0(void)
{
	guests_post(0);
	guests_await(0);
}

static void call_1(void)
{
	guests_post(1);
	guests_await(1);
}

static void await_0(void)
{
	guests_await(0);
}

/* --- the carrier --- */

static void pause_and_go_on(void)
{
	guests_pause();
	guests_go_on();
}

static void pause_twice(void)
{
	pause_and_go_on();
	pause_and_go_on();
}

static void pause_and_leave(void)
{
	guests_pause();
	guests_leave();
}

static void pause_and_renew(void)
{
	guests_pause();
	guests_renew_only();
}

static void renew_and_call(void)
{
	guests_renew();
	call_0();
}

static void leave_and_come(void)
{
	guests_leave();
	guests_come();
	call_0();
}

static void replace(void)
{
	guests_leave();
	guests_come();
}

static void reset_and_call(void)
{
	guests_reset_commands();
	call_0();
}

static void reset_and_event(void)
{
	guests_reset_events();
	if (guests_event() != SCMI_OK)
		step_fail("an event cannot be sent");
}

static void listen(void)
{
	guests_listen(true);
}

static void turn_away(void)
{
	guests_listen(false);
	guests_listen(true);
}

/* --- the platform --- */

static void one_event(void)
{
	if (guests_event() != SCMI_OK)
		step_fail("an event cannot be sent");
}

static void two_events(void)
{
	one_event();
	one_event();
}

static void try_event(void)
{
	(void)guests_event();
}

static void keep(void)
{
	if (guests_keep() != SCMI_OK)
		step_fail("what was promised cannot be sent");
}

static void try_keep(void)
{
	(void)guests_keep();
}

static void stop_and_start(void)
{
	guests_stop();
	guests_platform_start();
}

static void check_forgotten(void)
{
	if (guests->forgotten != guests->renewed)
		step_fail("at rest: the platform was told to forget %u times, not %u", guests->forgotten,
			  guests->renewed);
	guests_check();
}

#define REST  NULL, guests_check
#define RENEW NULL, check_forgotten

const struct step_scenario scenarios_device[] = {
	{"device-pause-answer", start, {pause_and_go_on, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-pause-end", start, {guests_pause, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-pause-end-call", start_armed, {guests_pause, guests_answer}, "ca", 0, REST},
	{"device-pause-await", start_one, {pause_and_go_on, guests_answer, guests_serve, await_0}, "cavg", 4, REST},
	{"device-pause-post", start_one, {pause_and_go_on, call_1, guests_serve}, "cgv", 4, REST},
	{"device-pause-served", start_served, {pause_and_go_on, await_0, guests_serve}, "cgv", 4, REST},
	{"device-pause-twice", start_narrow, {pause_twice, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-pause-event", start_events, {pause_and_go_on, two_events, guests_serve}, "cev", 4, REST},
	{"device-pause-end-event", start_events, {guests_pause, try_event}, "ce", 2, REST},
	{"device-pause-full", start_full, {pause_and_leave, try_event, guests_serve}, "cev", 4, NULL, NULL},
	{"device-pause-renew", start_full, {pause_and_renew, try_event, guests_serve}, "cev", 4, NULL, NULL},
	{"device-pause-platform", start_served, {pause_and_go_on, stop_and_start, guests_serve}, "cpv", 4, REST},
	{"device-pause-promise", start_promise, {pause_and_go_on, keep, guests_serve}, "cev", 4, REST},
	{"device-change-answer", start, {guests_change_features, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-change-post", start_one, {guests_change_features, call_1, guests_serve}, "cgv", 4, REST},
	{"device-change-await",
	 start_one,
	 {guests_change_features, guests_answer, guests_serve, await_0},
	 "cavg",
	 4,
	 REST},
	{"device-move-answer", start, {guests_move, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-move-post", start_one, {guests_move, call_1, guests_serve}, "cgv", 4, REST},
	{"device-move-narrow", start_narrow, {guests_move, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-listen", start_deaf, {listen, try_event, guests_serve}, "cev", 4, REST},
	{"device-listen-again", start_events, {turn_away, two_events, guests_serve}, "cev", 4, REST},
	{"device-listen-answer", start_both, {turn_away, guests_answer, guests_serve, await_0}, "cavg", 4, REST},
	{"device-renew-answer", start, {renew_and_call, guests_answer, guests_serve}, "cav", 4, RENEW},
	{"device-renew-event", start_events, {renew_and_call, try_event, guests_serve}, "cev", 4, RENEW},
	{"device-renew-promise", start_promise, {guests_renew, try_keep, guests_serve}, "cev", 4, RENEW},
	{"device-renew-full", start_full, {guests_renew, try_event, guests_serve}, "cev", 4, RENEW},
	{"device-renew-platform", start_served, {guests_renew, stop_and_start, guests_serve}, "cpv", 4, RENEW},
	{"device-renew-start", start_stopped, {renew_and_call, guests_platform_start, guests_serve}, "cpv", 4, RENEW},
	{"device-leave-answer", start, {leave_and_come, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-leave-promise", start_promise, {replace, try_keep, guests_serve}, "cev", 4, REST},
	{"device-leave-event", start_events, {leave_and_come, try_event, guests_serve}, "cev", 4, REST},
	{"device-reset-answer", start, {reset_and_call, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-reset-narrow", start_narrow, {reset_and_call, guests_answer, guests_serve}, "cav", 4, REST},
	{"device-reset-event", start_events, {reset_and_event, one_event, guests_serve}, "cev", 4, REST},
	{"device-restart-answer", start_journal, {guests_restart, guests_answer, guests_serve}, "cav", 4, RENEW},
	{"device-restart-await",
	 start_journal_one,
	 {guests_restart, guests_answer, guests_serve, await_0},
	 "cavg",
	 4,
	 RENEW},
	{"device-restart-post", start_journal_one, {guests_restart, call_1, guests_serve}, "cgv", 4, RENEW},
	{"device-crash", start_crash, {guests_crash, guests_answer, guests_serve}, "xav", 4, REST},
	{"device-crash-early", start_crash_early, {guests_crash, guests_answer, guests_serve}, "xav", 4, REST},
	{0},
};
