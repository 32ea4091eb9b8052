/* SPDX-License-Identifier: BSD-3-Clause */
/* The port, the transport and the platform of a scenario. */
#include "world.h"

#include <string.h>

struct world *world;

/* --- the port --- */

struct event {
	bool signalled;
	uint32_t waiter;      /* plain memory that only the waiter touches: one at a time */
	uint64_t deadline_us; /* of its one waiter */
	struct step_clock clock;
};

static uint64_t port_now(void *ctx)
{
	(void)ctx;
	step_look(&world->time_us);
	return world->time_us;
}

static bool unlocked(const void *arg)
{
	(void)arg;
	return world->lock == 0;
}

static void port_lock(void *ctx)
{
	(void)ctx;
	step_point(&world->lock);
	step_block(unlocked, NULL);
	world->lock = step_self() + 1;
	step_acquire(&world->clock);
}

static void port_unlock(void *ctx)
{
	(void)ctx;
	step_point(&world->lock);
	step_release(&world->clock);
	world->lock = 0;
}

static int event_init(void *ctx, void *event)
{
	(void)ctx;
	memset(event, 0, sizeof(struct event));
	return SCMI_OK;
}

static void event_fini(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
}

static void event_signal(void *ctx, void *event)
{
	struct event *e = event;

	(void)ctx;
	step_point(e);
	step_note("signals");
	step_release(&e->clock);
	e->signalled = true;
}

static void event_clear(void *ctx, void *event)
{
	(void)ctx;
	step_point(event);
	step_user_write(&((struct event *)event)->waiter, 4);
	((struct event *)event)->signalled = false;
}

static bool awake(const void *event)
{
	return ((const struct event *)event)->signalled || world->time_us >= ((const struct event *)event)->deadline_us;
}

static int event_wait(void *ctx, void *event, uint64_t deadline_us)
{
	struct event *e = event;
	bool signalled;

	(void)ctx;
	step_point(e);
	step_note("sleeps");
	step_user_write(&e->waiter, sizeof(e->waiter));
	e->deadline_us = deadline_us;
	world->sleeps[step_self()] = deadline_us;
	step_block(awake, e);
	world->sleeps[step_self()] = 0;
	step_point(e);
	step_look(&world->time_us);
	signalled = e->signalled;
	step_note(signalled ? "wakes" : "wakes: it is time");
	step_acquire(&e->clock);
	e->signalled = false;
	return signalled ? SCMI_OK : SCMI_E_TIMEOUT;
}

static void port_relax(void *ctx)
{
	(void)ctx;
	step_relax();
}

static uintptr_t port_self(void *ctx)
{
	(void)ctx;
	return step_self() + 1u;
}

const struct scmi_port world_port = {
	.version = SCMI_PORT_V1,
	.event_size = sizeof(struct event),
	.now_us = port_now,
	.lock = port_lock,
	.unlock = port_unlock,
	.event_init = event_init,
	.event_fini = event_fini,
	.event_signal = event_signal,
	.event_clear = event_clear,
	.event_wait = event_wait,
	.relax = port_relax,
	.self = port_self,
};

/* --- the transport --- */

static int transport_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	world->sink = sink;
	world->core = core;
	world->linked = true;
	world->deaf = false;
	world->halted = false;
	return SCMI_OK;
}

/* Between start and stop only. */
static void check_started(const char *what)
{
	if (world->halted)
		step_fail("%s of a transport that has stopped", what);
}

static bool no_upcalls(const void *arg)
{
	(void)arg;
	return world->upcalls == 0;
}

/* Nothing more is delivered, and nothing that is being delivered goes on. */
static void go_deaf(void)
{
	step_point(&world->wire);
	world->deaf = true;
	step_block(no_upcalls, NULL);
	step_point(&world->wire);
	step_acquire(&world->clock);
}

static void transport_stop(void *ctx)
{
	(void)ctx;
	go_deaf();
	memset(world->wire, 0, sizeof(world->wire));
	world->halted = true;
}

struct user *user_of(uint32_t ghost)
{
	if (ghost >> 8 == 0 || ghost >> 8 > USERS)
		step_fail("a message with parameters of nobody");
	return &world->user[(ghost >> 8) - 1];
}

static int transport_send(void *ctx, const struct scmi_tx *tx)
{
	struct message m = {.copies = 1, .hdr = tx->hdr, .token = tx->token};
	struct user *u;
	int err;

	(void)ctx;
	step_point(&world->wire);
	check_started("send()");
	if (world->lock == step_self() + 1)
		step_fail("send() with the port's lock held");
	step_library_read(tx->payload, tx->len, NULL);
	memcpy(&m.ghost, tx->payload, sizeof(m.ghost));
	u = user_of(m.ghost);
	if (m.ghost != u->ghost || !u->in_flight)
		step_fail("a dead call is sent");
	m.sent_us = world->time_us;
	if (!world->linked)
		return SCMI_E_NOPEER;
	err = world->send != NULL ? world->send(&m) : SCMI_OK;
	step_note("send %#x of %u: %d", m.hdr, m.ghost >> 8, err);
	if (err != SCMI_OK)
		return err;
	u->sent_us = world->time_us;
	step_release(&m.clock);
	step_release(&world->clock); /* who takes the link down later knows what was sent before */
	for (unsigned i = 0; i < MESSAGES; i++) {
		if (world->wire[i].copies == 0) {
			world->wire[i] = m;
			return SCMI_OK;
		}
	}
	step_fail("the wire is full");
}

static int transport_fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct message *m = rx->cookie;
	uint32_t payload[2] = {(uint32_t)m->status, m->ghost};

	(void)ctx;
	if (offset > sizeof(payload) || len > sizeof(payload) - offset)
		step_fail("fetch() beyond the message");
	step_library_write(dst, len, __builtin_return_address(0));
	memcpy(dst, (unsigned char *)payload + offset, len);
	return SCMI_OK;
}

/* Can it be taken: by a poll (which finds what has been answered), or by whoever answers and delivers in one? */
static bool takable(const struct message *m, bool polled)
{
	return m->copies != 0 && !m->lost && (!polled || m->answered);
}

static unsigned count_messages(bool polled)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MESSAGES; i++)
		n += takable(&world->wire[i], polled);
	return n;
}

/* Takes one message off the wire, any of them; the upcall for it has begun. */
static struct message take_any(bool polled)
{
	unsigned which = step_choose(count_messages(polled));
	struct message taken = {0};

	for (unsigned i = 0; i < MESSAGES; i++) {
		struct message *m = &world->wire[i];

		if (!takable(m, polled) || which--)
			continue;
		m->copies--;
		taken = *m;
		world->upcalls++;
		break;
	}
	step_acquire(&taken.clock);
	return taken;
}

static void upcall_over(void)
{
	if (!world->watched) {
		world->upcalls--;
		return;
	}
	step_point(&world->wire);
	step_release(&world->clock);
	world->upcalls--;
}

static int transport_poll(void *ctx, int max)
{
	int n = 0;

	(void)ctx;
	if (world->lock == step_self() + 1)
		step_fail("poll() with the port's lock held");
	while (n < max && !world->mute) {
		struct message m;

		step_look(&world->wire);
		check_started("poll()");
		if (world->deaf || count_messages(true) == 0)
			break;
		step_touch(&world->wire);
		m = take_any(true);
		deliver(&m);
		n++;
	}
	return n;
}

static bool something_came(const void *context)
{
	return world->kicked || world->deaf || count_messages(true) != 0 ||
	       world->time_us >= *(const uint64_t *)context;
}

static void transport_wait(void *ctx, uint64_t deadline_us)
{
	uint64_t *mine = &world->sleeps[step_self()];

	(void)ctx;
	step_point(&world->wire);
	check_started("wait()");
	step_note("waits for the transport");
	*mine = deadline_us;
	step_block(something_came, mine);
	*mine = 0;
	step_point(&world->wire);
	step_look(&world->time_us);
	step_acquire(&world->clock);
	world->kicked = false;
}

static void transport_wake(void *ctx)
{
	(void)ctx;
	step_point(&world->wire);
	step_note("kicks");
	step_release(&world->clock);
	world->kicked = true;
}

const struct scmi_transport_ops world_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "world",
	.start = transport_start,
	.stop = transport_stop,
	.send = transport_send,
	.fetch = transport_fetch,
	.poll = transport_poll,
	.wait = transport_wait,
	.wake = transport_wake,
};

/* --- what the platform does --- */

static bool any_message(const void *arg)
{
	(void)arg;
	return !world->deaf && count_messages(false) != 0;
}

struct message take_message(void)
{
	do {
		step_block(any_message, NULL);
		step_point(&world->wire);
	} while (!any_message(NULL));
	return take_any(false);
}

static bool unanswered(const void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < MESSAGES; i++)
		if (world->wire[i].copies && !world->wire[i].answered && !world->wire[i].lost)
			return !world->slow;
	return false;
}

void answer_loop(void)
{
	for (;;) {
		step_block(unanswered, NULL);
		step_point(&world->wire);
		for (unsigned i = 0; i < MESSAGES; i++) {
			struct message *m = &world->wire[i];

			if (m->copies == 0 || m->answered || m->lost)
				continue;
			m->answered = true;
			step_acquire(&m->clock);
			step_release(&m->clock);
			step_note("answers %#x", m->hdr);
			break;
		}
	}
}

static void received(const struct message *m, int err)
{
	world->received++;
	if (err == SCMI_OK) {
		world->accepted++;
		user_of(m->ghost)->decided = world->jumps + 1;
	} else if (err != SCMI_E_STRAY && err != SCMI_E_GONE && err != SCMI_E_BUSY) {
		step_fail("reply %#x: the sink returns %d", m->hdr, err);
	}
	step_note("delivered %#x: %d", m->hdr, err);
}

bool deliver(const struct message *m)
{
	const uint32_t payload[2] = {(uint32_t)m->status, m->ghost};
	const struct scmi_rx rx = {
		.hdr = m->hdr,
		.len = m->status != 0 ? 4 : 8,
		.data = world->fetched ? NULL : payload,
		.cookie = (void *)(uintptr_t)m,
		.token = SCMI_TOKEN_ANY,
	};
	int err;

	err = world->sink->rx(world->core, &rx);
	received(m, err);
	upcall_over();
	return err == SCMI_OK;
}

bool deliver_held(const struct message *m, bool complete)
{
	struct scmi_xfer x;
	int err;

	err = world->sink->acquire(world->core, m->hdr, &x);
	if (err == SCMI_OK) {
		x.priv = (void *)(uintptr_t)m;
		if (complete)
			err = world->sink->complete(world->core, &x, m->status != 0 ? 4 : 8);
		world->sink->release(world->core, &x);
	}
	received(m, err);
	upcall_over();
	return err == SCMI_OK;
}

void receive_one(void)
{
	struct message m = take_message();

	deliver(&m);
}

void receive_loop(void)
{
	for (;;)
		receive_one();
}

void settle_one(void)
{
	struct message m = take_message();

	if (world->sink->settle(world->core, m.token, SCMI_E_IO) == SCMI_OK)
		world->settles++;
	upcall_over();
}

void link_goes_down(void)
{
	step_point(&world->wire);
	world->linked = false;
	world->downed = true;
	go_deaf();
	memset(world->wire, 0, sizeof(world->wire));
	world->sink->link_down(world->core, 0);
}

void link_comes_back(void)
{
	step_point(&world->wire);
	world->linked = true;
	world->deaf = false;
	world->sink->ready(world->core);
}
