/* SPDX-License-Identifier: BSD-3-Clause */
/* The start of a scenario, and the life of its agent. */
#include "world.h"

_Static_assert(sizeof(struct scmi_call) % 8 == 0, "regions are whole granules");

struct world *world;

static struct scmi_transport transport_of(const struct world_config *c, unsigned link)
{
	return (struct scmi_transport){
		.size = sizeof(struct scmi_transport),
		.caps = (c->caps ? c->caps : SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT) |
			(c->event_buffers || c->delayed ? SCMI_CAP_NOTIFY : 0),
		.ops = c->resettable ? &world_ops_resettable : &world_ops,
		.ctx = &world->wire[link],
		.max_payload = 64,
		.max_inflight = c->inflight ? c->inflight
				: c->slots  ? c->slots
					    : 1,
	};
}

static uint16_t call_flags(unsigned i, const struct world_config *c)
{
	unsigned flags = 0;

	if (!(c->patient >> i & 1))
		flags |= SCMI_CALL_NOWAIT;
	if (c->delayed >> i & 1)
		flags |= SCMI_CALL_DELAYED;
	if (c->fence >> i & 1)
		flags |= SCMI_CALL_FENCE;
	if (c->urgent >> i & 1)
		flags |= SCMI_CALL_URGENT;
	return (uint16_t)flags;
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
	u->link = c->second >> i & 1;
	u->call = (struct scmi_call){
		.size = sizeof(u->call),
		.flags = call_flags(i, c),
		.protocol = (uint8_t)(PROTOCOL + u->link),
		.message = 3,
		.params = u->params,
		.params_len = sizeof(u->params),
		.reply = u->reply,
		.reply_cap = sizeof(u->reply),
		.done = u->waits ? NULL : on_done,
		.timeout_us = c->timeout_us ? c->timeout_us : TIMEOUT_US,
		.delayed_timeout_us = DELAYED_US,
	};
	u->region[0] = step_region(names[i][0], &u->call, sizeof(u->call));
	u->region[1] = step_region(names[i][1], u->params, sizeof(u->params));
	u->region[2] = step_region(names[i][2], u->reply, sizeof(u->reply));
	u->region[3] = step_region(names[i][3], u->guard, sizeof(u->guard));
}

static void make_world(const struct world_config *c)
{
	world = step_alloc(sizeof(*world));
	world->time_us = 1000000;
	world->watched = c->watched;
	world->fetched = c->fetched;
	world->ordered = c->ordered;
	world->keeps_time = c->lateness_us != 0;
	world->queue_us = c->queue_us ? c->queue_us : QUEUE_US;
	world->reserved = c->reserved;
	world->links = c->links ? c->links : 1;
	for (unsigned i = 0; i < LINKS; i++) {
		world->wire[i].link = i;
		world->wire[i].room = NO_LIMIT;
		world->wire[i].serial = c->caps != 0 && (c->caps & SCMI_CAP_CONCURRENT) == 0;
	}
	for (unsigned i = 0; i < USERS; i++)
		make_user(i, c);
}

static void no_trace(void *arg, const struct scmi_trace_event *e)
{
	(void)arg;
	step_note("trace: kind %u, slot %u: %d", e->kind, e->slot, e->err);
}

static void make_agent(const struct world_config *c)
{
	const struct scmi_transport first = transport_of(c, 0);
	const struct scmi_transport second = transport_of(c, 1);
	const struct scmi_link_options options = {
		.slots = c->slots ? c->slots : 1,
		.reserved = c->reserved,
		.queue_timeout_us = world->queue_us,
		.lateness_us = c->lateness_us,
		.reconnect_us = c->reconnect_us,
	};
	const struct scmi_link link = {
		.size = sizeof(link), .protocol = PROTOCOL + 1, .transport = &second, .options = options};
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.flags = c->flags,
		.transport = &first,
		.port = &world_port,
		.options = options,
		.links = &link,
		.links_n = world->links - 1,
		.max_waiters = c->waiters ? c->waiters : 2,
		.event_buffers = c->event_buffers,
		.trace = c->traced ? no_trace : NULL,
	};
	size_t size = (scmi_agent_size(&config) + 7u) / 8u * 8u;
	void *mem = step_alloc(size);

	if (size == 0 || scmi_agent_init(&world->agent, mem, size, &config) != SCMI_OK)
		step_fail("the scenario's configuration is not allowed");
	world->agent_memory = mem;
	world->agent_bytes = (unsigned)size;
	world->agent_region = step_region("the agent", mem, size);
	step_own(world->agent_region, STEP_LIBRARY);
}

void world_start(const struct world_config *c)
{
	make_world(c);
	make_agent(c);
	if (c->event_buffers)
		make_listeners();
	if (scmi_agent_start(world->agent) != SCMI_OK)
		step_fail("start fails");
}

/* --- the end of it --- */

void stop_agent(void)
{
	int err;

	step_point(&world->callbacks);
	world->stopping = true;
	err = scmi_agent_stop(world->agent);
	if (err != SCMI_OK)
		step_fail("stop returns %d", err);
	step_point(&world->callbacks);
	world->stopped = true;
	step_user_read(world->diary, sizeof(world->diary));
	if (world->callbacks || world->wire[0].upcalls || world->wire[1].upcalls)
		step_fail("stop returns while callbacks or upcalls run");
}

void stop_and_poison(void)
{
	stop_agent();
	step_own(world->agent_region, STEP_USER);
	step_take_away(world->agent_memory, world->agent_bytes);
	world->poisoned = true;
}

int recover_agent(void)
{
	int err;

	step_point(&world->recovering);
	world->recovering = true;
	err = scmi_agent_recover(world->agent, 0);
	step_note("recover: %d", err);
	return err;
}

/* Nothing is under way, nothing is owed, and nothing is sent any more. */
static void check_quiet(void)
{
	step_point(&world->wire[0]);
	world->at_rest = true;
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && !world->user[i].waits && world->user[i].sent_us != NO_TIME)
			step_fail("quiesce returns while user %u's call is under way", i);
	for (unsigned i = 0; i < MESSAGES; i++)
		if (world->wire[0].message[i].copies || world->wire[1].message[i].copies)
			step_fail("quiesce returns while a reply is owed");
}

void quiesce_agent(uint64_t until_us)
{
	unsigned me = step_self();
	int err;

	step_point(&world->quiet);
	world->quiet = true;
	world->waiting++;
	world->polls = true;
	world->sleeps[me] = until_us;
	err = scmi_agent_quiesce(world->agent, until_us);
	world->sleeps[me] = 0;
	world->waiting--;
	step_note("quiesce: %d", err);
	if (err == SCMI_E_INPROGRESS && world->time_us < until_us)
		step_fail("quiesce gives up before its time");
	if (err != SCMI_OK && err != SCMI_E_INPROGRESS && err != SCMI_E_CLOSED)
		step_fail("quiesce returns %d", err);
	if (err == SCMI_OK)
		check_quiet();
}
