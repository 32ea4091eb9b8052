/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of notifications: added and removed beside delivery, inside themselves, and by two at once. */
#include "bodies.h"

static void start(void)
{
	world_start(&(struct world_config){.event_buffers = 2, .watched = true});
}

static void start_two(void)
{
	start();
	add_listener(1);
}

static void start_deferred(void)
{
	world_start(&(struct world_config){.event_buffers = 2, .watched = true, .flags = SCMI_AGENT_DEFERRED});
}

/* The handler removes itself; a thread makes sure of it. */
static void remove_self(struct listener *l)
{
	if (l->listed && !l->leaving)
		remove_listener(0);
}

static void start_self(void)
{
	start_two();
	world->listener[0].hears = remove_self;
}

/* The handler of one removes the other one. */
static void remove_0(struct listener *l)
{
	(void)l;
	remove_listener(0);
}

static void start_other(void)
{
	start_two();
	world->listener[1].hears = remove_0;
}

/* A handler submits, and a done function of the same context runs after it. */
static void submit_there(struct listener *l)
{
	(void)l;
	if (world->user[0].submits == 0)
		user_submit(0);
}

static void start_submitting(void)
{
	start();
	world->listener[0].hears = submit_there;
}

static void notify_1(void)
{
	notify_one(1, false);
}

static void notify_2(void)
{
	notify_one(2, true);
}

static void notify_1_and_2(void)
{
	notify_one(1, false);
	notify_one(2, false);
}

static void notify_3(void)
{
	notify_one(3, false);
}

static void remove_listener_0(void)
{
	remove_listener(0);
}

static void remove_listener_1(void)
{
	remove_listener(1);
}

static void add_listener_1(void)
{
	add_listener(1);
}

static void remove_and_add(void)
{
	remove_listener(0);
	add_listener(0);
}

static void remove_when_it_has(void)
{
	while (remove_listener(0) != SCMI_OK)
		step_relax();
}

const struct step_scenario scenarios_events[] = {
	{"unsubscribe", start, {notify_1, notify_2, remove_listener_0}, "nmu", 0, WORLD},
	{"unsubscribe-two", start_two, {notify_1, remove_listener_0, remove_listener_1}, "nuv", 0, WORLD},
	{"unsubscribe-two-more", start_two, {notify_1_and_2, remove_listener_0, remove_listener_1}, "nuv", 0, WORLD},
	{"unsubscribe-subscribe", start, {notify_1_and_2, remove_listener_0, add_listener_1}, "nus", 0, WORLD},
	{"unsubscribe-and-back", start_two, {notify_1_and_2, remove_and_add, notify_3}, "nbm", 0, WORLD},
	{"unsubscribe-both", start_two, {notify_1, remove_and_add, remove_listener_1}, "nbu", 0, WORLD},
	{"unsubscribe-self", start_self, {notify_1, notify_2}, "nm", 0, WORLD},
	{"unsubscribe-self-again", start_self, {notify_1, notify_2, remove_when_it_has}, "nmu", 0, WORLD},
	{"unsubscribe-other", start_other, {notify_1, notify_2, notify_3}, "nmo", 0, WORLD},
	{"unsubscribe-deferred", start_deferred, {notify_1, poll_once, remove_listener_0}, "npu", 0, WORLD},
	{"notify-deferred-stop", start_deferred, {notify_1, poll_once, stop_agent}, "npx", 0, WORLD},
	{"notify-remove-stop", start, {notify_1, remove_listener_0, stop_agent}, "nux", 0, WORLD},
	{"notify-submits", start_submitting, {notify_1, receive_one, notify_2}, "nrm", 2, WORLD},
	{0},
};
