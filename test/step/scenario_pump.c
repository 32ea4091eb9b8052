/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue and its pump: links that send one at a time, transports without room. */
#include "bodies.h"

#define QUEUED(...)    world_start(&(struct world_config){.caps = SERIAL, .patient = 15, .ordered = true, __VA_ARGS__})
/* The same without these. */
#define OTHERWISE(...) world_start(&(struct world_config){.ordered = true, __VA_ARGS__})

static void start_two(void)
{
	QUEUED(.slots = 2);
}

static void start_four(void)
{
	QUEUED(.slots = 4);
}

static void start_impatient(void)
{
	OTHERWISE(.slots = 2, .caps = SERIAL);
}

static void no_room(void)
{
	world->wire[0].room = 0;
}

static void start_full(void)
{
	QUEUED(.slots = 2);
	no_room();
}

static void start_full_four(void)
{
	QUEUED(.slots = 4);
	no_room();
}

static void start_full_one(void)
{
	QUEUED(.slots = 1);
	no_room();
}

static void start_full_urgent(void)
{
	QUEUED(.slots = 1, .urgent = 1);
	no_room();
}

/* Who may not wait for room is told so. */
static void start_full_impatient(void)
{
	OTHERWISE(.slots = 1, .caps = SERIAL);
	no_room();
}

static void start_full_impatient_concurrent(void)
{
	OTHERWISE(.slots = 1, .caps = INTERRUPT);
	no_room();
}

static void start_full_watched(void)
{
	QUEUED(.slots = 2, .watched = true);
	no_room();
}

static void start_watched(void)
{
	QUEUED(.slots = 2, .watched = true);
}

static void start_full_waiting(void)
{
	QUEUED(.slots = 2, .waits = 1, .timeout_us = SCMI_FOREVER, .queue_us = SCMI_FOREVER);
	no_room();
}

static void start_waiting(void)
{
	QUEUED(.slots = 2, .waits = 1, .timeout_us = SCMI_FOREVER);
}

/* Sends are concurrent, but there is no room for all. */
static void start_full_concurrent(void)
{
	OTHERWISE(.slots = 4, .caps = INTERRUPT, .patient = 15);
	no_room();
}

static void start_urgent(void)
{
	QUEUED(.slots = 4, .urgent = 2);
	no_room();
}

/* ready() comes while send() is about to say BUSY, at its first time. */
static int say_ready_then_busy(struct message *m)
{
	if (world->script++)
		return SCMI_OK;
	m->wire->upcalls++;
	say_room(m->wire);
	m->wire->sink->ready(m->wire->core);
	m->wire->upcalls--;
	return SCMI_E_BUSY;
}

static void start_ready_inside(void)
{
	QUEUED(.slots = 2);
	world->send = say_ready_then_busy;
}

/* The first one gets no room for long, so that much can happen inside. */
static int busy_slowly(struct message *m)
{
	if (world->script++ >= 2)
		return SCMI_OK;
	step_point(m->wire);
	m->wire->refused = true;
	return SCMI_E_BUSY;
}

static void start_busy_slowly(void)
{
	QUEUED(.slots = 2);
	world->send = busy_slowly;
}

static int fail_first(struct message *m)
{
	if (world->script++)
		return SCMI_OK;
	step_point(m->wire);
	return SCMI_E_IO;
}

static void start_fails(void)
{
	QUEUED(.slots = 2);
	world->send = fail_first;
}

static int busy_then_fail(struct message *m)
{
	m->wire->refused = true;
	return world->script++ ? SCMI_E_IO : SCMI_E_BUSY;
}

static void start_fails_queued(void)
{
	QUEUED(.slots = 2);
	world->send = busy_then_fail;
}

/* A callback submits, from inside send(), from the pump, or in the receiver. */
static void start_sync(void)
{
	OTHERWISE(.slots = 2, .caps = SCMI_CAP_IRQ | SCMI_CAP_SYNC_SEND, .patient = 15);
	world->send = send_answered;
	world->user[0].again = then_submit_1;
}

static void start_chained(void)
{
	QUEUED(.slots = 2);
	world->user[0].again = then_submit_1;
}

/* The slot's last life has left a deadline that is long over. */
static void start_old_deadline(void)
{
	QUEUED(.slots = 1);
}

static void start_old_deadline_behind(void)
{
	QUEUED(.slots = 2);
}

static void submit_0_then_2_and_1_full(void)
{
	user_submit(0);
	await_ended(0);
	step_point(&world->wire[0]);
	world->wire[0].room = 0;
	user_submit(2);
	user_submit(1);
}

static void submit_0_then_1_full(void)
{
	user_submit(0);
	await_ended(0);
	step_point(&world->wire[0]);
	world->wire[0].room = 0;
	user_submit(1);
}

static void pass_time_1(void)
{
	await_ended(0);
	pass_time_and_poll(TIMEOUT_US + 8);
	scmi_agent_poll(world->agent, 1);
}

static void make_room_twice(void)
{
	make_room();
	make_room();
}

static void make_room_for_0(void)
{
	await_submitted(0);
	make_room();
}

/* Says so although nobody has asked. */
static void say_ready(void)
{
	struct wire *wire = &world->wire[0];

	step_point(wire);
	wire->upcalls++;
	say_room(wire);
	wire->sink->ready(wire->core);
	upcall_over(wire);
}

static void wait_in_queue(void)
{
	await_submitted(0);
	pass_time_and_poll(QUEUE_US + 8);
}

static void receive_from_two(void)
{
	receive_two();
}

const struct step_scenario scenarios_pump[] = {
	{"pump", start_two, {submit_0, submit_1, receive_two}, "sur", 4, WORLD},
	{"pump-order", start_four, {submit_0_and_1, submit_2}, "su", 0, WORLD},
	{"pump-chained", start_chained, {submit_0, submit_2, receive_from_two}, "sur", 4, WORLD},
	{"pump-sync", start_sync, {submit_0, submit_2}, "su", 0, WORLD},
	{"pump-impatient", start_impatient, {submit_0, submit_1, receive_two}, "sur", 4, WORLD},
	{"pump-call", start_waiting, {call_0, submit_1, receive_loop}, "wur", 4, WORLD},
	{"busy", start_full, {submit_0, make_room, receive_one}, "smr", 4, WORLD},
	{"busy-two", start_full, {submit_0, submit_1, make_room_twice}, "sum", 0, WORLD},
	{"busy-order", start_full_four, {submit_0_and_1, submit_2, make_room_twice}, "sum", 0, WORLD},
	{"busy-ready-inside", start_ready_inside, {submit_0, submit_1}, "su", 0, WORLD},
	{"busy-ready-early", start_full, {submit_0, say_ready, make_room}, "sym", 0, WORLD},
	{"busy-call", start_full_waiting, {call_0, make_room, receive_loop}, "wmr", 4, WORLD},
	{"busy-call-cancel", start_full_waiting, {submit_wait_0, make_room, receive_loop, cancel_0}, "wmrc", 4, WORLD},
	{"busy-cancel", start_full_one, {submit_0, make_room, cancel_0}, "smc", 0, WORLD},
	{"busy-cancel-slowly", start_busy_slowly, {submit_0, make_room_for_0, cancel_0}, "smc", 0, WORLD},
	{"busy-stuck", start_full_one, {submit_0, cancel_0}, "sc", 0, WORLD},
	{"busy-stuck-other", start_full, {submit_0, submit_1, cancel_0, make_room}, "sucm", 8, WORLD},
	{"busy-timeout", start_full_one, {submit_0, wait_in_queue, make_room}, "stm", 0, WORLD},
	{"busy-timeout-reply", start_full_one, {submit_0, wait_in_queue, make_room, receive_one}, "stmr", 10, WORLD},
	{"busy-old-deadline", start_old_deadline, {submit_0_then_1_full, receive_one, pass_time_1}, "srt", 7, WORLD},
	{"busy-old-deadline-behind",
	 start_old_deadline_behind,
	 {submit_0_then_2_and_1_full, receive_one, pass_time_1},
	 "srt",
	 7,
	 WORLD},
	{"busy-timeout-two", start_full, {submit_0, submit_1, wait_in_queue}, "sut", 0, WORLD},
	{"busy-stuck-urgent", start_full_urgent, {submit_0, cancel_0}, "sc", 0, WORLD},
	{"busy-impatient", start_full_impatient, {submit_0, make_room}, "sm", 0, WORLD},
	{"busy-impatient-concurrent", start_full_impatient_concurrent, {submit_0, make_room}, "sm", 0, WORLD},
	{"busy-concurrent", start_full_concurrent, {submit_0_and_1, submit_2, make_room_twice}, "sum", 0, WORLD},
	{"busy-concurrent-reply", start_full_concurrent, {submit_0_and_1, make_room, receive_one}, "smr", 4, WORLD},
	{"busy-urgent", start_urgent, {submit_0, submit_1, make_room_twice}, "sum", 0, WORLD},
	{"pump-fails", start_fails, {submit_0, submit_1}, "su", 0, WORLD},
	{"pump-fails-queued", start_fails_queued, {submit_0, submit_1, make_room}, "sum", 0, WORLD},
	{"pump-stop", start_watched, {submit_0, submit_1, stop_agent}, "sux", 0, WORLD},
	{"busy-stop", start_full_watched, {submit_0, make_room, stop_agent}, "smx", 0, WORLD},
	{"busy-stop-two", start_full_watched, {submit_0, submit_1, stop_agent}, "sux", 0, WORLD},
	{"busy-link-lost", start_full_watched, {submit_0, submit_1, link_goes_down}, "sud", 0, WORLD},
	{"busy-link-down", start_full_watched, {submit_0, submit_1, link_down_and_up}, "sud", 0, WORLD},
	{0},
};
