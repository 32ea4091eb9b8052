/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a scenario, and what must be true once everything is at rest. */
#include "world.h"

_Static_assert(sizeof(struct scmi_call) % 8 == 0, "regions are whole granules");

static struct scmi_transport transport_of(const struct world_config *c)
{
	return (struct scmi_transport){
		.size = sizeof(struct scmi_transport),
		.caps = (c->caps ? c->caps : SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT) |
			(c->event_buffers ? SCMI_CAP_NOTIFY : 0),
		.ops = &world_ops,
		.max_payload = 64,
		.max_inflight = c->inflight ? c->inflight
				: c->slots  ? c->slots
					    : 1,
	};
}

static void make_user(unsigned i, const struct world_config *c)
{
	static const char *const names[USERS][4] = {
		{"call 0", "params 0", "reply 0", "guard 0"},
		{"call 1", "params 1", "reply 1", "guard 1"},
		{"call 2", "params 2", "reply 2", "guard 2"},
		{"call 3", "params 3", "reply 3", "guard 3"},
	};
	struct user *u = &world->user[i];

	u->waits = c->waits >> i & 1;
	u->call = (struct scmi_call){
		.size = sizeof(u->call),
		.flags = SCMI_CALL_NOWAIT,
		.protocol = PROTOCOL,
		.message = 3,
		.params = u->params,
		.params_len = sizeof(u->params),
		.reply = u->reply,
		.reply_cap = sizeof(u->reply),
		.done = u->waits ? NULL : on_done,
		.timeout_us = c->timeout_us ? c->timeout_us : TIMEOUT_US,
	};
	u->region[0] = step_region(names[i][0], &u->call, sizeof(u->call));
	u->region[1] = step_region(names[i][1], u->params, sizeof(u->params));
	u->region[2] = step_region(names[i][2], u->reply, sizeof(u->reply));
	u->region[3] = step_region(names[i][3], u->guard, sizeof(u->guard));
}

void world_start(const struct world_config *c)
{
	struct scmi_transport transport = transport_of(c);
	struct scmi_agent_config config = {
		.size = sizeof(config),
		.flags = c->flags,
		.transport = &transport,
		.port = &world_port,
		.options.slots = c->slots ? c->slots : 1,
		.max_waiters = c->waiters ? c->waiters : 2,
		.options.lateness_us = c->lateness_us,
		.event_buffers = c->event_buffers,
	};
	size_t size;

	world = step_alloc(sizeof(*world));
	world->time_us = 1000000;
	world->watched = c->watched;
	world->fetched = c->fetched;
	world->keeps_time = c->lateness_us != 0;
	for (unsigned i = 0; i < USERS; i++)
		make_user(i, c);
	size = scmi_agent_size(&config);
	if (size == 0 || scmi_agent_init(&world->agent, step_alloc(size), size, &config) != SCMI_OK)
		step_fail("the scenario's configuration is not allowed");
	if (c->event_buffers) {
		world->subscriber = (struct scmi_subscriber){
			.size = sizeof(world->subscriber),
			.protocol = SCMI_ANY,
			.message = SCMI_ANY,
			.notify = on_notify,
		};
		scmi_agent_subscribe(world->agent, &world->subscriber);
	}
	if (scmi_agent_start(world->agent) != SCMI_OK)
		step_fail("start fails");
}

/* --- at rest --- */

/* next_deadline is a lower bound: no deadline lies before it (rounding up apart). */
static void check_bound(uint64_t next)
{
	for (unsigned i = 0; i < USERS; i++) {
		const struct user *u = &world->user[i];

		if (u->in_flight && u->call.timeout_us != SCMI_FOREVER &&
		    u->submitted_us + u->call.timeout_us + 8 < next)
			step_fail("at rest: next_deadline lies behind the deadline of user %u", i);
	}
}

/* Time alone passes, no reply comes: every deadline must fire. */
static void let_time_pass(void)
{
	world->mute = true;
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
	world->mute = false;
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && !world->user[i].waits && world->user[i].call.timeout_us != SCMI_FOREVER)
			step_fail("at rest: user %u lost its deadline", i);
}

static void let_late_replies_come(bool too_late)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		while (world->wire[i].copies) {
			struct message m = world->wire[i];

			world->wire[i].copies--;
			world->upcalls++;
			if (!too_late)
				deliver(&m);
			else
				world->upcalls--;
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

static void check_counters(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	unsigned submits = 0;

	scmi_agent_stats(world->agent, SCMI_ALL_LINKS, &s);
	for (unsigned i = 0; i < USERS; i++) {
		const struct user *u = &world->user[i];

		submits += u->submits;
		if (u->ends != u->submits)
			step_fail("at rest: user %u has %u ends of %u submits", i, u->ends, u->submits);
		if (u->cancels != u->ended[-SCMI_E_CANCELLED])
			step_fail("at rest: user %u was cancelled %u times, ended so %u times", i, u->cancels,
				  u->ended[-SCMI_E_CANCELLED]);
	}
	expect("in_flight", s.in_flight, 0);
	expect("quarantined", s.quarantined, 0);
	if (!world->unsure) {
		expect("submitted", s.submitted, submits);
		expect("closed", s.closed, total(SCMI_E_CLOSED));
		expect("link_lost", s.link_lost, total(SCMI_E_LINK) + total(SCMI_E_IO));
	}
	expect("ok", s.ok, total(SCMI_OK));
	expect("remote", s.remote, total(SCMI_E_REMOTE));
	expect("malformed", s.malformed, total(SCMI_E_PROTO));
	expect("timed_out", s.timed_out, total(SCMI_E_TIMEOUT));
	expect("cancelled", s.cancelled, total(SCMI_E_CANCELLED));
	expect("settled", s.settled, world->settles);
	expect("received", s.received, world->received);
	expect("accepted", s.accepted, world->accepted);
}

/* Every slot must be free: all of them can be taken, and stop ends what was. */
static void check_slots(void)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	unsigned closed = total(SCMI_E_CLOSED);

	if (world->stopping && scmi_agent_start(world->agent) != SCMI_OK)
		step_fail("at rest: the agent does not start again");
	if (world->downed)
		link_comes_back();
	world->stopped = false;
	world->send = NULL;
	scmi_agent_stats(world->agent, SCMI_ALL_LINKS, &s);
	for (unsigned i = 0; i < s.max_inflight && i < USERS; i++) {
		struct user *u = &world->user[i];

		u->again = NULL;
		u->waits = false;
		u->call.done = on_done;
		u->call.timeout_us = SCMI_FOREVER;
		if (user_submit(i) != SCMI_OK)
			step_fail("at rest: a slot is lost");
	}
	stop_agent();
	expect("closed by stop", total(SCMI_E_CLOSED) - closed, s.max_inflight < USERS ? s.max_inflight : USERS);
}

void world_check(void)
{
	bool too_late = world->keeps_time;

	while (scmi_agent_poll(world->agent, (int)MESSAGES) > 0)
		;
	let_time_pass();
	let_late_replies_come(too_late);
	if (world->downed) /* what was just being sent when the link went down is owed until it does so again */
		world->sink->link_down(world->core, 0);
	while (scmi_agent_poll(world->agent, 1) > 0)
		;
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && world->user[i].waits)
			user_wait(i);
	check_counters();
	if (world->subscriber.notify != NULL) {
		unsigned accepted = world->accepted;

		notify_one(9, false);
		expect("accepted for a free buffer", world->accepted - accepted, 1);
	}
	check_slots();
}
