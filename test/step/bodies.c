/* SPDX-License-Identifier: BSD-3-Clause */
/* What contexts do in more than one file of scenarios. */
#include "bodies.h"

void submit_0(void)
{
	user_submit(0);
}

void submit_1(void)
{
	user_submit(1);
}

void submit_2(void)
{
	user_submit(2);
}

void submit_0_and_1(void)
{
	user_submit(0);
	user_submit(1);
}

void call_0(void)
{
	user_call(0);
}

void call_1(void)
{
	user_call(1);
}

void submit_wait_0(void)
{
	if (user_submit(0) == SCMI_OK)
		user_wait(0);
}

void submit_wait_1(void)
{
	if (user_submit(1) == SCMI_OK)
		user_wait(1);
}

void cancel_0(void)
{
	await_submitted(0);
	user_cancel(0);
}

void cancel_1(void)
{
	await_submitted(1);
	user_cancel(1);
}

void receive_two(void)
{
	receive_one();
	receive_one();
}

void hold_and_complete(void)
{
	struct message m = take_message();

	deliver_held(&m, true);
}

void hold_and_release(void)
{
	struct message m = take_message();

	deliver_held(&m, false);
}

void poll_once(void)
{
	scmi_agent_poll(world->agent, 1);
}

void poll_twice(void)
{
	scmi_agent_poll(world->agent, 4);
	scmi_agent_poll(world->agent, 4);
}

void time_out(void)
{
	pass_time_and_poll(TIMEOUT_US + 8);
}

void time_out_0(void)
{
	await_submitted(0);
	time_out();
}

void link_down_and_up(void)
{
	link_goes_down();
	link_comes_back();
}

void recover(void)
{
	recover_agent();
}

int send_doubled(struct message *m)
{
	m->copies = 2;
	return SCMI_OK;
}

int send_fails(struct message *m)
{
	step_point(m->wire);
	return SCMI_E_IO;
}

int send_answered(struct message *m)
{
	struct message now = *m;

	world->user[(m->ghost >> 8) - 1].sent_us = world->time_us;
	m->wire->upcalls++;
	deliver(&now);
	m->copies = 0;
	return SCMI_OK;
}

void then_submit_1(struct user *u)
{
	(void)u;
	user_submit(1);
}
