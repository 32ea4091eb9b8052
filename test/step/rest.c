/* SPDX-License-Identifier: BSD-3-Clause */
/* What must be true once everything is at rest. */
#include "world.h"

/* next_deadline is a lower bound: no deadline lies before it (rounding up apart). */
static void check_bound(uint64_t next)
{
	for (unsigned i = 0; i < USERS; i++) {
		const struct user *u = &world->user[i];
		bool patient = (u->call.flags & SCMI_CALL_NOWAIT) == 0;
		uint64_t from_us = patient ? world->rest_us : u->submitted_us;
		uint32_t timeout_us = u->call.timeout_us;

		if (u->sent_us == NO_TIME)
			timeout_us = world->queue_us;
		if (u->halved_us != NO_TIME)
			timeout_us = u->call.delayed_timeout_us;
		if (u->halved_us != NO_TIME && u->halved_by_us > from_us)
			from_us = u->halved_by_us;
		if (u->in_flight && timeout_us != SCMI_FOREVER && from_us + timeout_us + 8 < next)
			step_fail("at rest: next_deadline lies behind the deadline of user %u", i);
	}
}

static void set_mute(bool mute)
{
	for (unsigned i = 0; i < LINKS; i++)
		world->wire[i].mute = mute;
}

/* Time alone passes, no reply comes: every deadline must fire. */
static void let_time_pass(void)
{
	set_mute(true);
	for (unsigned turns = 0;; turns++) {
		uint64_t next = scmi_agent_next_deadline(world->agent);

		if (next == SCMI_NEVER)
			break;
		if (turns == 20)
			step_fail("at rest: next_deadline does not move on");
		if (next > world->time_us) {
			check_bound(next);
			world->time_us = next;
		}
		scmi_agent_poll(world->agent, 1);
	}
	scmi_agent_poll(world->agent, 1);
	set_mute(false);
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && !world->user[i].waits && world->user[i].call.timeout_us != SCMI_FOREVER)
			step_fail("at rest: user %u lost its deadline", i);
}

static uint32_t count_late(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	scmi_agent_stats(world->agent, SCMI_ALL_LINKS, &s);
	return s.late;
}

/* What has never come is still owed: it ends its call, or is known for the late reply of one that has ended. */
static void deliver_late(const struct message *m)
{
	bool plain = !m->half && scmi_hdr_type(m->hdr) != SCMI_MSG_DELAYED && !world->hostile;
	uint32_t late = count_late();

	if (!deliver(m) && plain && !m->taken && count_late() == late)
		step_fail("at rest: the reply of submission %#x, which has not come yet, is not expected", m->ghost);
}

static void let_late_replies_come(struct wire *wire, bool too_late)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		while (wire->message[i].copies) {
			struct message m = wire->message[i];

			wire->message[i].copies--;
			if (too_late)
				continue;
			wire->upcalls++;
			deliver_late(&m);
			wire->message[i].taken = true;
		}
	}
}

static unsigned total(int err)
{
	unsigned n = 0;

	for (unsigned i = 0; i < USERS; i++)
		n += world->user[i].ended[-err & 31];
	return n;
}

static void expect(const char *what, uint32_t is, uint32_t should)
{
	if (is != should)
		step_fail("at rest: %s is %u, should be %u", what, is, should);
}

static unsigned check_users(void)
{
	unsigned submits = 0;
	unsigned cancels = 0;

	for (unsigned i = 0; i < USERS; i++) {
		const struct user *u = &world->user[i];

		submits += u->submits;
		cancels += u->cancels;
		if (u->ends != u->submits)
			step_fail("at rest: user %u has %u ends of %u submits", i, u->ends, u->submits);
	}
	expect("cancels that succeeded", cancels + world->cancelled, total(SCMI_E_CANCELLED));
	return submits;
}

static void check_counters(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	unsigned submits = check_users();

	scmi_agent_stats(world->agent, SCMI_ALL_LINKS, &s);
	expect("in_flight", s.in_flight, 0);
	expect("queued", s.queued, 0);
	expect("quarantined", s.quarantined, 0);
	if (!world->unsure) {
		expect("submitted", s.submitted, submits);
		expect("closed", s.closed, total(SCMI_E_CLOSED));
		expect("link_lost", s.link_lost, total(SCMI_E_LINK) + total(SCMI_E_IO) + total(SCMI_E_NOPEER));
		expect("timed_out", s.timed_out, total(SCMI_E_TIMEOUT));
		expect("cancelled", s.cancelled, total(SCMI_E_CANCELLED));
	}
	expect("ok", s.ok, total(SCMI_OK));
	expect("remote", s.remote, total(SCMI_E_REMOTE));
	expect("malformed", s.malformed, total(SCMI_E_PROTO));
	expect("settled", s.settled, world->settles);
	expect("received", s.received, world->received);
	expect("accepted", s.accepted, world->accepted);
}

/* Takes all slots of a link. Returns how many there are. */
static unsigned fill_link(unsigned link)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	unsigned n;

	scmi_agent_stats(world->agent, link, &s);
	for (n = 0; n < s.max_inflight; n++) {
		struct user *u = &world->user[link * 2u + n];

		u->again = NULL;
		u->waits = false;
		u->link = link;
		u->call.protocol = (uint8_t)(PROTOCOL + link);
		u->call.done = on_done;
		u->call.timeout_us = SCMI_FOREVER;
		u->call.deadline_us = 0;
		u->call.flags =
			n < s.max_inflight - world->reserved ? SCMI_CALL_NOWAIT : SCMI_CALL_NOWAIT | SCMI_CALL_URGENT;
		if (user_submit((unsigned)(u - world->user)) != SCMI_OK)
			step_fail("at rest: a slot of link %u is lost", link);
	}
	return n;
}

/* Every slot must be free: all of them can be taken, and stop ends what was. */
static void check_slots(void)
{
	unsigned closed = total(SCMI_E_CLOSED);
	unsigned slots = 0;

	if (world->stopping && scmi_agent_start(world->agent) != SCMI_OK)
		step_fail("at rest: the agent does not start again");
	if (world->downed || !world->wire[0].linked)
		link_comes_back();
	world->at_rest = false;
	if (world->quiet)
		scmi_agent_resume(world->agent);
	world->stopped = false;
	world->send = NULL;
	for (unsigned i = 0; i < world->links; i++) {
		world->wire[i].room = NO_LIMIT;
		slots += fill_link(i);
	}
	stop_agent();
	expect("closed by stop", total(SCMI_E_CLOSED) - closed, slots);
}

static void check_listeners(void)
{
	unsigned accepted = world->accepted;
	bool listed = false;

	if (!world->listeners || world->stopping)
		return;
	for (unsigned i = 0; i < LISTENERS; i++)
		listed = listed || (world->listener[i].listed && !world->listener[i].leaving);
	notify_one(9, false);
	expect("accepted for a free buffer", world->accepted - accepted, listed);
}

/* Without time: a link that is down has ended its calls, and is owed nothing. */
static void check_down(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	if (world->wire[0].linked)
		return;
	scmi_agent_stats(world->agent, 0, &s);
	expect("in_flight of a link that is down", s.in_flight, 0);
	expect("queued of a link that is down", s.queued, 0);
	expect("quarantined of a link that is down", s.quarantined, 0);
}

void world_check(void)
{
	world->poisoned = false;
	step_own(world->agent_region, STEP_LIBRARY);
	world->rest_us = world->time_us;
	while (scmi_agent_poll(world->agent, (int)MESSAGES) > 0)
		;
	check_down();
	let_time_pass();
	for (unsigned i = 0; i < LINKS; i++)
		let_late_replies_come(&world->wire[i], world->keeps_time);
	/* What was just being sent when the link went down is owed until it does so again. */
	world->downed = world->downed || world->forgiven;
	if (world->downed)
		world->wire[0].sink->link_down(world->wire[0].core, 0);
	while (scmi_agent_poll(world->agent, 1) > 0)
		;
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && world->user[i].waits)
			user_wait(i);
	check_counters();
	check_listeners();
	check_slots();
}
