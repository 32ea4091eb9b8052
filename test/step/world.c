/* SPDX-License-Identifier: BSD-3-Clause */
#include "world.h"

#include <stddef.h>
#include <string.h>

#define PROTOCOL 0x80

struct world *world;

_Static_assert(sizeof(struct scmi_call) % 8 == 0, "regions are whole granules");

/* --- the port --- */

struct event {
	bool signalled;
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

static const struct scmi_port port = {
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
	return SCMI_OK;
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
}

static struct user *user_of(uint32_t ghost)
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

static const struct scmi_transport_ops ops = {
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

/* --- users --- */

static bool is_end(int err)
{
	switch (err) {
	case SCMI_OK:
	case SCMI_E_REMOTE:
	case SCMI_E_TIMEOUT:
	case SCMI_E_CANCELLED:
	case SCMI_E_CLOSED:
	case SCMI_E_LINK:
	case SCMI_E_PROTO:
	case SCMI_E_IO:
		return true;
	default:
		return false;
	}
}

/* No end without its cause, nor before its time. */
static void check_cause(const struct user *u, int err)
{
	unsigned i = (unsigned)(u - world->user);

	if (err == SCMI_OK && (u->call.reply_len != 4 || u->reply[0] != u->ghost))
		step_fail("user %u: wrong match: the reply of submission %#x for %#x", i, u->reply[0], u->ghost);
	if ((err == SCMI_OK || err == SCMI_E_REMOTE) && u->sent_us == NO_TIME && !world->hostile)
		step_fail("user %u: an answer to what was not sent", i);
	if (err == SCMI_E_TIMEOUT && (u->sent_us == NO_TIME || world->time_us < u->sent_us + u->call.timeout_us))
		step_fail("user %u: timed out before its time", i);
	if (err == SCMI_E_CLOSED && !world->stopping)
		step_fail("user %u: closed without a stop", i);
	if (err == SCMI_E_LINK && !world->downed)
		step_fail("user %u: link lost, but it was not", i);
}

/* The call is its user's again. */
static void user_ends(struct user *u, int err)
{
	unsigned i = (unsigned)(u - world->user);

	step_note("user %u ends: %d", i, err);
	if (!u->in_flight)
		step_fail("user %u: completed twice, or without a submit", i);
	if (world->stopped && !u->waits)
		step_fail("user %u: a callback after stop has returned", i);
	if (!is_end(err))
		step_fail("user %u: ends with %d", i, err);
	for (unsigned r = 0; r < 3; r++)
		step_own(u->region[r], STEP_USER);
	step_user_read(&u->call, offsetof(struct scmi_call, err_));
	step_user_read(u->reply, sizeof(u->reply));
	check_cause(u, err);
	u->in_flight = false;
	u->ends++;
	u->ended[-err & 31]++;
}

static void on_done(struct scmi_call *call, int err)
{
	struct user *u = (struct user *)(void *)call;

	if (world->watched)
		step_point(&world->callbacks);
	world->callbacks++;
	user_ends(u, err);
	if (u->again != NULL)
		u->again(u);
	step_point(&u->told_end);
	step_release(&world->user_clock);
	u->told_end = true;
	if (world->watched)
		step_point(&world->callbacks);
	world->callbacks--;
}

/* Fills the call in and hands it over. */
static void user_begins(struct user *u)
{
	unsigned i = (unsigned)(u - world->user);

	if (u->in_flight)
		step_fail("user %u: the scenario submits a call that is in flight", i);
	u->ghost = (i + 1) << 8 | (++u->submits & 0xff);
	u->in_flight = true;
	u->sent_us = NO_TIME;
	u->decided = 0;
	step_user_write(&u->call, offsetof(struct scmi_call, err_));
	step_user_write(u->params, sizeof(u->params));
	step_user_write(u->reply, sizeof(u->reply));
	u->params[0] = u->ghost;
	u->reply[0] = 0;
	step_own(u->region[0], STEP_LIBRARY);
	step_own(u->region[1], STEP_LENT);
	step_own(u->region[2], STEP_LIBRARY);
}

/* Nothing was sent: the call is the user's, and no end may follow or have come. */
static void user_refused(struct user *u, unsigned ends, int err)
{
	step_note("user %u is refused: %d", (unsigned)(u - world->user), err);
	if (u->ends != ends || !u->in_flight)
		step_fail("user %u: submit fails with %d although its call has ended", (unsigned)(u - world->user), err);
	if ((err == SCMI_E_CLOSED && !world->stopping) || (err == SCMI_E_NOPEER && !world->downed))
		step_fail("user %u: refused with %d without a cause", (unsigned)(u - world->user), err);
	u->in_flight = false;
	u->submits--;
	for (unsigned r = 0; r < 3; r++)
		step_own(u->region[r], STEP_USER);
}

int user_submit(unsigned i)
{
	struct user *u = &world->user[i];
	unsigned ends = u->ends;
	int err;

	user_begins(u);
	err = scmi_agent_submit(world->agent, &u->call);
	if (err != SCMI_OK)
		user_refused(u, ends, err);
	step_point(&u->told_submit);
	step_release(&world->user_clock);
	u->told_submit = err == SCMI_OK;
	return err;
}

static int user_waited(struct user *u, int err)
{
	world->waiting--;
	if (u->decided && world->jumps >= u->decided)
		step_fail("user %u slept past its end", (unsigned)(u - world->user));
	if (err != SCMI_E_INPROGRESS)
		user_ends(u, err);
	return err;
}

int user_call(unsigned i)
{
	struct user *u = &world->user[i];
	unsigned ends = u->ends;
	int err;

	user_begins(u);
	world->waiting++;
	err = scmi_agent_call(world->agent, &u->call);
	/* An error of send and an end by another context before it was sent look the same to the caller. */
	if (!is_end(err) || (u->sent_us == NO_TIME && err != SCMI_E_LINK)) {
		world->waiting--;
		world->unsure = is_end(err);
		user_refused(u, ends, err);
		return err;
	}
	return user_waited(u, err);
}

int user_wait_until(unsigned i, uint64_t until_us)
{
	struct user *u = &world->user[i];
	int err;

	world->waiting++;
	err = scmi_agent_wait_until(world->agent, &u->call, until_us);
	if (err == SCMI_E_INPROGRESS && world->time_us < until_us)
		step_fail("user %u: its wait is over before its time", i);
	return user_waited(u, err);
}

int user_wait(unsigned i)
{
	return user_wait_until(i, SCMI_NEVER);
}

int user_cancel(unsigned i)
{
	struct user *u = &world->user[i];
	int err;

	step_grant(u->region[0]);
	err = scmi_agent_cancel(world->agent, &u->call);
	step_grant(0);
	step_note("cancel of user %u: %d", i, err);
	if (err == SCMI_OK) {
		u->cancels++;
		u->decided = world->jumps + 1;
	} else if (err != SCMI_E_INPROGRESS && err != SCMI_E_NOTFOUND) {
		step_fail("cancel returns %d", err);
	}
	return err;
}

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void await_submitted(unsigned i)
{
	step_block(told, &world->user[i].told_submit);
	step_point(&world->user[i].told_submit);
	step_acquire(&world->user_clock);
}

void await_ended(unsigned i)
{
	step_block(told, &world->user[i].told_end);
	step_point(&world->user[i].told_end);
	step_acquire(&world->user_clock);
}

/* --- time, start, rest --- */

void pass_time(uint64_t us)
{
	step_point(&world->time_us);
	world->time_us += us;
	step_note("time passes: %llu us", (unsigned long long)world->time_us);
}

void pass_time_and_poll(uint64_t us)
{
	pass_time(us);
	scmi_agent_poll(world->agent, 1);
}

bool world_idle(void)
{
	uint64_t next = SCMI_NEVER;

	if (world->waiting == 0)
		return false;
	for (unsigned i = 0; i < STEP_CONTEXTS; i++)
		if (world->sleeps[i] > world->time_us && world->sleeps[i] < next)
			next = world->sleeps[i];
	if (next == SCMI_NEVER)
		return false;
	world->time_us = next;
	world->jumps++;
	step_note("time jumps to %llu us", (unsigned long long)next);
	return true;
}

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
	if (world->callbacks || world->upcalls)
		step_fail("stop returns while %u callbacks and %u upcalls run", world->callbacks, world->upcalls);
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	step_user_read(payload, len);
	if (len != 8 || ((const uint32_t *)payload)[1] != (hdr & 0xff))
		step_fail("a notification carries another one's values");
	world->notified++;
}

void notify_one(unsigned event, bool hold)
{
	const struct message m = {.hdr = scmi_hdr(PROTOCOL, (uint8_t)event, SCMI_MSG_NOTIFICATION, 0), .ghost = event};
	const struct scmi_rx rx = {.hdr = m.hdr, .len = 8, .cookie = (void *)(uintptr_t)&m, .token = SCMI_TOKEN_ANY};
	struct scmi_xfer x;
	int err;

	if (hold) {
		err = world->sink->acquire(world->core, m.hdr, &x);
		if (err == SCMI_OK) {
			x.priv = (void *)(uintptr_t)&m;
			err = world->sink->complete(world->core, &x, 8);
			world->sink->release(world->core, &x);
		}
	} else {
		err = world->sink->rx(world->core, &rx);
	}
	if (err != SCMI_OK && err != SCMI_E_BUSY)
		step_fail("a notification: the sink returns %d", err);
	world->received++;
	world->accepted += err == SCMI_OK;
}

/* --- the start --- */

static struct scmi_transport transport_of(const struct world_config *c)
{
	return (struct scmi_transport){
		.size = sizeof(struct scmi_transport),
		.caps = (c->caps ? c->caps : SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT) | (c->event_buffers ? SCMI_CAP_NOTIFY : 0),
		.ops = &ops,
		.max_payload = 64,
		.max_inflight = c->inflight ? c->inflight : c->slots ? c->slots : 1,
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
		.port = &port,
		.slots = c->slots ? c->slots : 1,
		.max_waiters = c->waiters ? c->waiters : 2,
		.lateness_us = c->lateness_us,
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
		if (next > world->time_us)
			world->time_us = next;
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
	unsigned cancels = 0;

	scmi_agent_stats(world->agent, &s);
	for (unsigned i = 0; i < USERS; i++) {
		const struct user *u = &world->user[i];

		submits += u->submits;
		cancels += u->cancels;
		if (u->ends != u->submits)
			step_fail("at rest: user %u has %u ends of %u submits", i, u->ends, u->submits);
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
	expect("cancels", cancels, total(SCMI_E_CANCELLED));
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
	scmi_agent_stats(world->agent, &s);
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
	while (scmi_agent_poll(world->agent, 1) > 0)
		;
	for (unsigned i = 0; i < USERS; i++)
		if (world->user[i].in_flight && world->user[i].waits)
			user_wait(i);
	check_counters();
	check_slots();
}
