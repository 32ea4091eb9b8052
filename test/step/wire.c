/* SPDX-License-Identifier: BSD-3-Clause */
/* The transports of a scenario. */
#include "world.h"

#include <string.h>

/* Between start and stop, and not inside recover(). */
static void check_started(const struct wire *wire, const char *what)
{
	if (wire->halted)
		step_fail("%s of a transport that has stopped, or is being recovered", what);
	if (world->lock == step_self() + 1)
		step_fail("%s with the port's lock held", what);
}

static int transport_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct wire *wire = ctx;

	step_point(wire);
	wire->sink = sink;
	wire->core = core;
	wire->linked = true;
	wire->deaf = false;
	wire->halted = false;
	return SCMI_OK;
}

static bool no_upcalls(const void *wire)
{
	return ((const struct wire *)wire)->upcalls == 0;
}

/* Nothing more is delivered, nothing that is being delivered goes on, and what was sent will not be answered. */
void drain(struct wire *wire)
{
	step_point(wire);
	wire->deaf = true;
	step_block(no_upcalls, wire);
	step_point(wire);
	step_acquire(&world->clock);
	memset(wire->message, 0, sizeof(wire->message));
}

/* The core has ended all calls before: what ends one later has come too late. */
static void halt(struct wire *wire)
{
	if (wire->sending || wire->waiting)
		step_fail("stop or recover beside %s", wire->sending ? "send()" : "wait()");
	wire->halted = true;
	for (unsigned i = 0; i < USERS; i++) {
		struct user *u = &world->user[i];

		if (u->link == wire->link && u->in_flight && u->sent_us != NO_TIME)
			u->wiped_us = world->time_us;
	}
}

static void transport_stop(void *ctx)
{
	struct wire *wire = ctx;

	step_point(wire);
	halt(wire);
	drain(wire);
}

static int transport_recover(void *ctx)
{
	struct wire *wire = ctx;
	int err = SCMI_OK;

	step_point(wire);
	halt(wire);
	if (world->recover != NULL)
		err = world->recover(wire);
	if (err != SCMI_E_BUSY) {
		drain(wire);
		/* A link that is just being lost is recovered from that: one after the other. */
		step_block(no_upcalls, wire);
		wire->linked = err == SCMI_OK;
		say_room(wire);
		wire->deaf = false;
		wire->kicked = false;
	}
	step_point(wire);
	step_release(&world->clock);
	wire->halted = false;
	return err;
}

void add_message(struct wire *wire, const struct message *m)
{
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (wire->message[i].copies == 0) {
			wire->message[i] = *m;
			return;
		}
	}
	step_fail("the wire is full");
}

/* A delayed command is answered twice. */
static void add_replies(struct wire *wire, struct message *m, bool delayed)
{
	struct message second = *m;

	m->half = delayed;
	add_message(wire, m);
	if (!delayed || world->answers_once)
		return;
	second.hdr |= SCMI_MSG_DELAYED << 8;
	second.status = 0;
	add_message(wire, &second);
}

static int put_on_wire(struct wire *wire, struct message *m, struct user *u)
{
	int err = SCMI_OK;

	m->sent_us = world->time_us;
	if (!wire->linked)
		return SCMI_E_NOPEER;
	if (wire->room == 0) {
		wire->refused = true;
		wire->full = true;
		return SCMI_E_BUSY;
	}
	if (world->send != NULL)
		err = world->send(m);
	step_note("send %#x of %u: %d", m->hdr, m->ghost >> 8, err);
	if (err != SCMI_OK)
		return err;
	wire->room -= wire->room != NO_LIMIT;
	user_was_sent(u);
	step_release(&m->clock);
	step_release(&world->clock); /* who takes the link down later knows what was sent before */
	if (m->copies != 0)
		add_replies(wire, m, (u->call.flags & SCMI_CALL_DELAYED) != 0);
	return SCMI_OK;
}

/* Whoever sends next knows all that the last one did, and a transport that is full is asked again when it says so. */
static void check_serial(struct wire *wire, const struct user *u)
{
	if (wire->sending)
		step_fail("two sends at once on a link that takes one");
	if (u->refused && wire->full && !wire->told)
		step_fail("a call is sent again before a transport that was full is ready");
	if (u->refused && wire->full)
		wire->told = false;
	step_user_write(&wire->own, sizeof(wire->own));
}

static int transport_send(void *ctx, const struct scmi_tx *tx)
{
	struct wire *wire = ctx;
	struct message m = {.copies = 1, .hdr = tx->hdr, .token = tx->token, .wire = wire};
	struct user *u;
	int err;

	step_point(wire);
	check_started(wire, "send()");
	if (world->at_rest)
		step_fail("a call is sent by an agent that is quiet");
	step_library_read(tx->payload, tx->len, NULL);
	memcpy(&m.ghost, tx->payload, sizeof(m.ghost));
	u = user_of(m.ghost);
	if (wire->serial)
		check_serial(wire, u);
	if (m.ghost != u->ghost || !u->in_flight)
		step_fail("a dead call is sent");
	if (u->sent_us != NO_TIME)
		step_fail("a call is sent twice");
	if (wire->link != u->link)
		step_fail("a call is sent by another link");
	wire->sending++;
	err = put_on_wire(wire, &m, u);
	u->refused = err == SCMI_E_BUSY;
	if (wire->serial || world->watched)
		step_point(wire);
	wire->sending--;
	return err;
}

static int transport_fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct message *m = rx->cookie;
	uint32_t payload[2] = {(uint32_t)m->status, m->half ? ~m->ghost : m->ghost};

	(void)ctx;
	if (offset > sizeof(payload) || len > sizeof(payload) - offset)
		step_fail("fetch() beyond the message");
	step_library_write(dst, len, __builtin_return_address(0));
	memcpy(dst, (unsigned char *)payload + offset, len);
	return SCMI_OK;
}

enum kind { ANY, ANSWERED, RESPONSE, DELAYED };

/*
 * Can it be taken: by a poll (which finds what has been answered), or by whoever answers and delivers in one, of one
 * kind or any?
 */
static bool takable(const struct message *m, enum kind kind)
{
	bool delayed = scmi_hdr_type(m->hdr) == SCMI_MSG_DELAYED;

	if (m->copies == 0 || m->lost)
		return false;
	return kind == ANY || (kind == ANSWERED && m->answered) || (kind == RESPONSE && !delayed) ||
	       (kind == DELAYED && delayed);
}

static unsigned count_messages(const struct wire *wire, enum kind kind)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MESSAGES; i++)
		n += takable(&wire->message[i], kind);
	return n;
}

/* Takes one message off the wire, any of them; the upcall for it has begun. */
static struct message take_any(struct wire *wire, enum kind kind)
{
	unsigned which = step_choose(count_messages(wire, kind));
	struct message taken = {0};

	for (unsigned i = 0; i < MESSAGES; i++) {
		struct message *m = &wire->message[i];

		if (!takable(m, kind) || which--)
			continue;
		m->copies--;
		taken = *m;
		m->taken = true;
		wire->upcalls++;
		break;
	}
	if (user_of(taken.ghost)->ghost == taken.ghost)
		user_of(taken.ghost)->taken = true;
	step_acquire(&taken.clock);
	return taken;
}

void upcall_over(struct wire *wire)
{
	if (!world->watched) {
		wire->upcalls--;
		return;
	}
	step_point(wire);
	step_release(&world->clock);
	wire->upcalls--;
}

static int transport_poll(void *ctx, int max)
{
	struct wire *wire = ctx;
	int n = 0;

	if (world->watched && !world->polled)
		tell(&world->polled);
	while (n < max && !wire->mute) {
		struct message m;

		step_look(wire);
		check_started(wire, "poll()");
		if (wire->deaf || count_messages(wire, ANSWERED) == 0)
			break;
		step_touch(wire);
		m = take_any(wire, ANSWERED);
		deliver(&m);
		n++;
	}
	return n;
}

static bool something_came(const void *arg)
{
	const struct wire *wire = arg;

	return wire->kicked || wire->deaf || count_messages(wire, ANSWERED) != 0 ||
	       world->time_us >= world->sleeps[wire->waiting - 1];
}

static void transport_wait(void *ctx, uint64_t deadline_us)
{
	struct wire *wire = ctx;

	user_sleeps();
	step_point(wire);
	check_started(wire, "wait()");
	step_note("waits for the transport until %llu us", (unsigned long long)deadline_us);
	if (wire->waiting)
		step_fail("two wait for one transport");
	wire->waiting = step_self() + 1;
	world->sleeps[step_self()] = deadline_us;
	step_block(something_came, wire);
	world->sleeps[step_self()] = 0;
	step_point(wire);
	step_look(&world->time_us);
	step_acquire(&world->clock);
	wire->kicked = false;
	wire->waiting = 0;
}

static void transport_wake(void *ctx)
{
	struct wire *wire = ctx;

	step_point(wire);
	step_note("kicks");
	step_release(&world->clock);
	wire->kicked = true;
}

#define WORLD_OPS                                                                                                      \
	.version = SCMI_TRANSPORT_V1, .name = "world", .start = transport_start, .stop = transport_stop,               \
	.send = transport_send, .fetch = transport_fetch, .poll = transport_poll, .wait = transport_wait,              \
	.wake = transport_wake

const struct scmi_transport_ops world_ops = {WORLD_OPS};
const struct scmi_transport_ops world_ops_resettable = {WORLD_OPS, .recover = transport_recover};

/* --- taking what has come --- */

static bool any_message(const void *wire)
{
	return !((const struct wire *)wire)->deaf && count_messages(wire, ANY) != 0;
}

static bool any_half(const void *wire)
{
	return !((const struct wire *)wire)->deaf && count_messages(wire, RESPONSE) != 0;
}

static bool any_delayed(const void *wire)
{
	return !((const struct wire *)wire)->deaf && count_messages(wire, DELAYED) != 0;
}

static struct message take(struct wire *wire, bool (*any)(const void *wire), enum kind kind)
{
	do {
		step_block(any, wire);
		step_point(wire);
	} while (!any(wire));
	return take_any(wire, kind);
}

struct message take_message(void)
{
	return take(&world->wire[0], any_message, ANY);
}

struct message take_half(void)
{
	return take(&world->wire[0], any_half, RESPONSE);
}

struct message take_delayed(void)
{
	return take(&world->wire[0], any_delayed, DELAYED);
}

void receive_from(unsigned link)
{
	struct message m = take(&world->wire[link], any_message, ANY);

	deliver(&m);
}

void receive_one(void)
{
	receive_from(0);
}

void receive_loop(void)
{
	for (;;)
		receive_one();
}
