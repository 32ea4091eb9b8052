/* SPDX-License-Identifier: BSD-3-Clause */
/* What the platform answers, and what a transport says of its peer. */
#include "world.h"

#include <string.h>

static bool unanswered(const void *arg)
{
	const struct wire *wire = arg;

	for (unsigned i = 0; i < MESSAGES; i++)
		if (wire->message[i].copies && !wire->message[i].answered && !wire->message[i].lost)
			return !wire->slow;
	return false;
}

static void answer_one(struct wire *wire)
{
	step_point(wire);
	for (unsigned i = 0; i < MESSAGES; i++) {
		struct message *m = &wire->message[i];

		if (m->copies == 0 || m->answered || m->lost)
			continue;
		m->answered = true;
		step_acquire(&m->clock);
		step_release(&m->clock);
		step_note("answers %#x", m->hdr);
		break;
	}
}

void answer_loop(void)
{
	for (;;) {
		step_block(unanswered, &world->wire[0]);
		answer_one(&world->wire[0]);
	}
}

static bool any_unanswered(const void *arg)
{
	(void)arg;
	return unanswered(&world->wire[0]) || unanswered(&world->wire[1]);
}

void answer_both(void)
{
	for (;;) {
		step_block(any_unanswered, NULL);
		answer_one(&world->wire[unanswered(&world->wire[0]) ? 0 : 1]);
	}
}

/* --- upcalls with a message --- */

/* Only what its submission is still in flight for may be accepted. */
struct before {
	uint64_t time_us;
	bool current;
};

static struct before look_before(const struct message *m)
{
	const struct user *u = user_of(m->ghost);

	return (struct before){world->time_us, u->in_flight && u->ghost == m->ghost};
}

static void accepted(const struct message *m, const struct before *before)
{
	struct user *u = user_of(m->ghost);

	if (!before->current)
		step_fail("reply %#x of an earlier submission is accepted", m->hdr);
	world->accepted++;
	if (u->ghost != m->ghost)
		return; /* it has ended, and is in flight again */
	if (!m->half || m->status != 0) {
		u->decided = world->jumps + 1;
	} else {
		u->halved_us = before->time_us;
		u->halved_by_us = world->time_us;
	}
}

static void received(const struct message *m, const struct before *before, int err)
{
	world->received++;
	if (err == SCMI_OK)
		accepted(m, before);
	else if (err != SCMI_E_STRAY && err != SCMI_E_GONE && err != SCMI_E_BUSY)
		step_fail("reply %#x: the sink returns %d", m->hdr, err);
	step_note("delivered %#x: %d", m->hdr, err);
	upcall_over(m->wire);
}

/* An error is a status alone. The values of a delayed command's response are nobody's. */
bool deliver(const struct message *m)
{
	const uint32_t payload[2] = {(uint32_t)m->status, m->half ? ~m->ghost : m->ghost};
	const struct before before = look_before(m);
	const struct scmi_rx rx = {
		.hdr = m->hdr,
		.len = m->status != 0 ? 4 : 8,
		.data = world->fetched ? NULL : payload,
		.cookie = (void *)(uintptr_t)m,
		.token = SCMI_TOKEN_ANY,
	};
	int err = m->wire->sink->rx(m->wire->core, &rx);

	received(m, &before, err);
	return err == SCMI_OK;
}

bool deliver_held(const struct message *m, bool complete)
{
	const struct before before = look_before(m);
	const struct wire *wire = m->wire;
	struct scmi_xfer x;
	int err;

	err = wire->sink->acquire(wire->core, m->hdr, &x);
	if (err == SCMI_OK) {
		x.priv = (void *)(uintptr_t)m;
		if (complete)
			err = wire->sink->complete(wire->core, &x, m->status != 0 ? 4 : 8);
		wire->sink->release(wire->core, &x);
	}
	received(m, &before, err);
	return err == SCMI_OK;
}

void settle_one(void)
{
	struct message m = take_half();

	if (m.wire->sink->settle(m.wire->core, m.token, SCMI_E_IO) == SCMI_OK)
		world->settles++;
	upcall_over(m.wire);
}

/* --- upcalls about the link --- */

void say_room(struct wire *wire)
{
	wire->full = false;
	wire->told = true;
}

void make_room(void)
{
	struct wire *wire = &world->wire[0];

	step_point(wire);
	if (wire->deaf)
		return;
	wire->room++;
	if (!wire->refused)
		return;
	wire->refused = false;
	say_room(wire);
	wire->upcalls++;
	wire->asked = next_in_order();
	wire->asker = step_self() + 1;
	step_note("ready");
	wire->sink->ready(wire->core);
	wire->asker = 0;
	upcall_over(wire);
}

void link_goes_down(void)
{
	struct wire *wire = &world->wire[0];

	step_point(wire);
	wire->linked = false;
	world->downed = true;
	drain(wire);
	if (wire->halted && world->stopping)
		return;
	/* Somebody may have recovered it meanwhile: then that is what goes now. */
	wire->linked = false;
	wire->deaf = true;
	memset(wire->message, 0, sizeof(wire->message));
	wire->upcalls++;
	wire->sink->link_down(wire->core, 0);
	upcall_over(wire);
}

void link_comes_back(void)
{
	struct wire *wire = &world->wire[0];

	step_point(wire);
	say_room(wire);
	wire->upcalls++;
	wire->sink->ready(wire->core);
	upcall_over(wire);
	step_point(wire);
	wire->linked = true;
	wire->deaf = false;
}
