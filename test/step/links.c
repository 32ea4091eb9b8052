/* SPDX-License-Identifier: BSD-3-Clause */
#include "links.h"

#define PAYLOAD 8u /* of the longest message */
#define MARK    0x80000000u
#define ANSWER  0x5a0000u

struct link_world *links;

/* --- the port: one lock for each end --- */

static bool unlocked(const void *locked)
{
	return !*(const bool *)locked;
}

static void port_lock(void *ctx)
{
	bool *locked = ctx;

	step_point(locked);
	step_block(unlocked, locked);
	*locked = true;
	step_acquire(&links->lock_clock[locked - links->locked]);
}

static void port_unlock(void *ctx)
{
	bool *locked = ctx;

	step_point(locked);
	step_release(&links->lock_clock[locked - links->locked]);
	*locked = false;
}

static void port_relax(void *ctx)
{
	(void)ctx;
	step_relax();
}

static uint64_t port_now(void *ctx)
{
	(void)ctx;
	return 0;
}

static int no_event(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
	step_fail("a transport uses an event");
}

static void no_event_either(void *ctx, void *event)
{
	(void)no_event(ctx, event);
}

static int no_wait(void *ctx, void *event, uint64_t deadline_us)
{
	(void)deadline_us;
	return no_event(ctx, event);
}

static uintptr_t port_self(void *ctx)
{
	(void)ctx;
	return step_self() + 1u;
}

static void make_port(unsigned i)
{
	links->port[i] = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.ctx = &links->locked[i],
		.event_size = 8,
		.now_us = port_now,
		.lock = port_lock,
		.unlock = port_unlock,
		.event_init = no_event,
		.event_fini = no_event_either,
		.event_signal = no_event_either,
		.event_clear = no_event_either,
		.event_wait = no_wait,
		.relax = port_relax,
		.self = port_self,
	};
}

/* --- the core --- */

/* What the core knows of its slots is one object: each step of its own looks at all of it. */
static void core_step(void)
{
	step_point(links->slot);
	step_acquire(&links->core_clock);
	step_release(&links->core_clock);
}

static void end_slot(struct link_slot *s, int err)
{
	s->owed = NOT_OWED;
	s->err = err;
	s->ended = true;
}

/* Who polls and waits for this one is woken. */
static void wake_driven(const struct link_slot *s)
{
	if (s->driven != 0 && s->driven != step_self() + 1u)
		links->transport.ops->wake(links->transport.ctx);
}

static struct link_slot *slot_of(uint16_t token)
{
	struct link_slot *s = &links->slot[token & 15u];

	core_step();
	if (links->stopped)
		step_fail("something is delivered after stop");
	if ((token & 15u) >= LINK_SLOTS || s->number != token >> 4)
		step_fail("something is delivered for token %#x", token);
	if (s->owed == NOT_OWED)
		step_fail("the reply to message %u is delivered, which is not owed", s->number);
	return s;
}

static int fetch(const struct scmi_rx *rx, uint32_t *words, uint32_t bytes)
{
	if (rx->len != bytes || (rx->hdr & MARK) == 0)
		step_fail("a message of %u bytes is delivered", rx->len);
	return links->transport.ops->fetch(links->transport.ctx, rx, 0, words, bytes);
}

static void hear(const struct scmi_rx *rx)
{
	uint32_t number = 0;

	core_step();
	if (links->stopped)
		step_fail("an event is delivered after stop");
	fetch(rx, &number, 4);
	core_step();
	if (number == 0 || number > links->events || (links->heard >> number & 1u) != 0)
		step_fail("event %u is delivered, or for the second time", number);
	links->heard |= 1u << number;
}

static int sink_rx(void *core, const struct scmi_rx *rx)
{
	uint32_t words[2] = {0};
	struct link_slot *s;

	(void)core;
	if (rx->token == SCMI_TOKEN_ANY) {
		hear(rx);
		return SCMI_OK;
	}
	s = slot_of(rx->token);
	fetch(rx, words, 8);
	if (words[0] != 0 || words[1] != (s->number | ANSWER))
		step_fail("what is delivered is not the reply to message %u", s->number);
	core_step();
	if (s->owed == NOT_OWED)
		step_fail("the reply to message %u is delivered beside link_down() or twice", s->number);
	end_slot(s, SCMI_OK);
	step_note("message %u has ended", s->number);
	wake_driven(s);
	return SCMI_OK;
}

static int sink_settle(void *core, uint16_t token, int err)
{
	struct link_slot *s = slot_of(token);

	(void)core;
	end_slot(s, err);
	wake_driven(s);
	return SCMI_OK;
}

static void sink_ready(void *core)
{
	(void)core;
	core_step();
	step_note("the core is told that the link is ready");
	if (!links->down)
		step_fail("ready() without link_down()");
	links->down = false;
	links->readies++;
}

static void sink_down(void *core, int err)
{
	(void)core;
	core_step();
	step_note("the core is told that the link is down");
	if (links->stopped)
		step_fail("link_down() after stop");
	links->down = true;
	links->downs++;
	for (unsigned i = 0; i < LINK_SLOTS; i++) {
		struct link_slot *s = &links->slot[i];

		if (s->owed == OWED && s->sending)
			s->owed = LOST;
		else if (s->owed != NOT_OWED)
			end_slot(s, err);
		wake_driven(s);
	}
	core_step();
}

static int sink_acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	(void)core;
	(void)hdr;
	(void)x;
	step_fail("acquire() is not expected");
}

static int sink_complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	(void)len;
	return sink_acquire(core, 0, x);
}

static void sink_release(void *core, struct scmi_xfer *x)
{
	(void)sink_acquire(core, 0, x);
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = sink_rx,
	.acquire = sink_acquire,
	.complete = sink_complete,
	.release = sink_release,
	.settle = sink_settle,
	.ready = sink_ready,
	.link_down = sink_down,
};

/* --- the core's calls of the driver --- */

/* What a send has come to; one that succeeded beside link_down() is lost. */
static void sent(struct link_slot *s, int err, bool was_down, unsigned readies)
{
	core_step();
	s->sending = false;
	if (err == SCMI_OK && was_down && readies == links->readies)
		step_fail("a send succeeds while the link is down");
	if (err != SCMI_OK && s->owed == NOT_OWED && s->err == SCMI_OK)
		step_fail("message %u is answered, which was not sent", s->number);
	if (err != SCMI_OK)
		end_slot(s, err);
	else if (s->owed == LOST)
		s->ended = true;
}

int links_send(unsigned slot, bool more)
{
	struct link_slot *s = &links->slot[slot];
	uint32_t payload;
	struct scmi_tx tx;
	unsigned readies;
	bool was_down;
	int err;

	core_step();
	if (s->owed == OWED)
		step_fail("the scenario sends in a slot that is owed a reply");
	payload = ++links->sent;
	*s = (struct link_slot){.number = payload, .owed = OWED, .sending = true};
	was_down = links->down;
	readies = links->readies;
	tx = (struct scmi_tx){
		.hdr = MARK | payload,
		.token = (uint16_t)(payload << 4 | slot),
		.slot = (uint16_t)slot,
		.payload = &payload,
		.len = 4,
		.more = more,
	};
	step_note("sends message %u", payload);
	err = links->transport.ops->send(links->transport.ctx, &tx);
	sent(s, err, was_down, readies);
	return err;
}

void links_flush(void)
{
	links->transport.ops->flush(links->transport.ctx);
}

static bool has_ended(const void *slot)
{
	return ((const struct link_slot *)slot)->ended;
}

void links_await_any(unsigned slot)
{
	step_block(has_ended, &links->slot[slot]);
	core_step();
}

static void expect_ok(const struct link_slot *s)
{
	if (s->err != SCMI_OK)
		step_fail("message %u ends with %d", s->number, s->err);
}

void links_await(unsigned slot)
{
	links_await_any(slot);
	expect_ok(&links->slot[slot]);
}

void links_drive_any(unsigned slot)
{
	struct link_slot *s = &links->slot[slot];

	core_step();
	s->driven = step_self() + 1u;
	while (!s->ended) {
		if (links->transport.ops->poll(links->transport.ctx, 4) == 0)
			links->transport.ops->wait(links->transport.ctx, SCMI_NEVER);
		core_step();
	}
	s->driven = 0;
}

void links_drive(unsigned slot)
{
	links_drive_any(slot);
	expect_ok(&links->slot[slot]);
}

void links_poll(void)
{
	links->transport.ops->poll(links->transport.ctx, 4);
}

/* What is readable and stays so is looked at again when somebody else has gone on. */
void links_loop(void)
{
	(void)links->transport.ops->fd(links->transport.ctx);
	for (;;) {
		rings_hear(&links->to_loop);
		if (links->transport.ops->poll(links->transport.ctx, 1) == 0)
			step_relax();
	}
}

static void take_away_shared(void)
{
	step_own(links->region, STEP_USER);
	step_take_away(links->shared, (unsigned)links->shared_bytes);
}

void links_stop(void)
{
	links->transport.ops->stop(links->transport.ctx);
	core_step();
	links->stopped = true;
	take_away_shared();
	for (unsigned i = 0; i < LINK_SLOTS; i++)
		if (links->slot[i].owed != NOT_OWED)
			end_slot(&links->slot[i], SCMI_E_CLOSED);
}

void links_lose(void)
{
	scmi_virtio_lost(links->driver, SCMI_E_IO);
}

/* The core ends what is owed before, and sends nothing meanwhile. */
int links_recover(void)
{
	int err;

	core_step();
	for (unsigned i = 0; i < LINK_SLOTS; i++)
		if (links->slot[i].sending)
			step_fail("the scenario recovers beside a send");
	err = links->transport.ops->recover(links->transport.ctx);
	core_step();
	for (unsigned i = 0; i < LINK_SLOTS; i++)
		if (links->slot[i].owed != NOT_OWED)
			end_slot(&links->slot[i], SCMI_E_LINK);
	return err;
}

/* --- the carrier --- */

static void ring_device(void *ctx)
{
	(void)ctx;
	rings_ring(&links->to_device);
}

static void wake_driver(void *ctx)
{
	(void)ctx;
	rings_ring(&links->to_driver);
}

static void raise_fd(void *ctx)
{
	(void)ctx;
	rings_ring(&links->to_loop);
}

static void clear_fd(void *ctx)
{
	(void)ctx;
	rings_hush(&links->to_loop);
}

static int take_fd(void *ctx)
{
	(void)ctx;
	return 1;
}

/* Who sleeps in wait() sleeps on the descriptor, too. */
static void ring_driver(void *ctx)
{
	if (links->config.has_fd)
		raise_fd(ctx);
	else
		wake_driver(ctx);
}

static bool is_any_rung(const void *arg)
{
	(void)arg;
	return links->to_driver.rung || links->to_loop.rung;
}

/* What a poll has to clear is left. */
static void sleeper_wait(void *ctx, uint64_t deadline_us)
{
	(void)ctx;
	(void)deadline_us;
	if (!links->config.has_fd) {
		rings_sleep(&links->to_driver);
		return;
	}
	step_note("sleeps");
	step_block(is_any_rung, NULL);
	step_point(&links->to_loop);
	step_acquire(&links->to_loop.clock);
	rings_hush(&links->to_driver);
}

static bool no_interrupt(const void *arg)
{
	(void)arg;
	return !links->interrupting;
}

static int bus_start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	int err;

	step_point(&links->masked);
	links->masked = false;
	err = links->pair_bus.start(ctx, setup, driver);
	step_point(&links->masked);
	links->masked = err != SCMI_OK;
	return err;
}

static void bus_stop(void *ctx)
{
	step_point(&links->masked);
	links->masked = true;
	step_block(no_interrupt, NULL);
	step_point(&links->masked);
	step_acquire(&links->mask_clock);
	links->pair_bus.stop(ctx);
}

void links_interrupts(void)
{
	for (;;) {
		rings_sleep(&links->to_driver);
		step_point(&links->masked);
		if (links->masked)
			continue;
		links->interrupting = true;
		scmi_virtio_interrupt(links->driver);
		step_point(&links->masked);
		step_release(&links->mask_clock);
		links->interrupting = false;
	}
}

/* --- the platform --- */

static void platform_step(void)
{
	step_point(&links->seen);
	step_acquire(&links->platform_clock);
	step_release(&links->platform_clock);
}

static void write_reply(struct scmi_request *req, uint32_t number)
{
	uint32_t *reply = req->reply;

	step_user_write(reply, 8);
	reply[0] = 0;
	reply[1] = number | ANSWER;
}

static uint32_t number_of(const struct scmi_request *req)
{
	step_user_read(req->params, 4);
	return *(const uint32_t *)req->params;
}

static uint32_t sink_request(void *channel, struct scmi_request *req)
{
	const uint32_t number = number_of(req);

	(void)channel;
	platform_step();
	step_note("the platform gets message %u", number);
	if (links->closed)
		step_fail("a request is delivered after stop");
	if (req->len != 4 || req->reply_cap != 8 || req->hdr != (MARK | number) || number > links->sent)
		step_fail("the platform gets what was not sent");
	if ((links->seen >> number & 1u) != 0)
		step_fail("the platform gets message %u twice", number);
	links->seen |= 1u << number;
	if (links->config.later) {
		links->open[links->opened++] = req;
		return SCMI_REPLY_LATER;
	}
	write_reply(req, number);
	return 8;
}

static int send_event(uint32_t number)
{
	const int err = links->endpoint.ops->send(links->endpoint.ctx, MARK, &number, 4);

	platform_step();
	step_note("event %u: %d", number, err);
	if (err == SCMI_OK)
		links->event_sent |= 1u << number;
	return err;
}

static uint32_t next_event(void)
{
	platform_step();
	return ++links->events;
}

int links_event(void)
{
	return send_event(next_event());
}

static void sink_room(void *channel)
{
	(void)channel;
	platform_step();
	step_note("the platform is told that there is room");
	if (links->closed)
		step_fail("ready() of the platform after stop");
	links->room++;
	while (links->pending > 0 && links_event() == SCMI_OK)
		links->pending--;
}

static const struct scmi_platform_sink platform = {
	.version = SCMI_PLATFORM_SINK_V1, .request = sink_request, .ready = sink_room};

static bool is_open(const void *arg)
{
	(void)arg;
	return links->opened > links->answered;
}

void links_answer(void)
{
	struct scmi_request *req;

	step_block(is_open, NULL);
	platform_step();
	req = links->open[links->answered++];
	write_reply(req, number_of(req));
	step_note("the platform answers");
	links->endpoint.ops->reply(links->endpoint.ctx, req, 8);
}

void links_serve(void)
{
	for (;;) {
		if (scmi_virtio_device_serve(links->device, 4) > 0)
			continue;
		if (scmi_virtio_device_rest(links->device))
			rings_sleep(&links->to_device);
	}
}

static bool more_room(const void *seen)
{
	return links->room != *(const unsigned *)seen;
}

static int event_while_busy(void)
{
	const uint32_t number = next_event();

	for (;;) {
		unsigned seen;
		int err;

		platform_step();
		seen = links->room;
		err = send_event(number);
		if (err != SCMI_E_BUSY)
			return err;
		step_block(more_room, &seen);
	}
}

void links_event_patiently(void)
{
	const int err = event_while_busy();

	if (err != SCMI_OK)
		step_fail("an event cannot be sent: %d", err);
}

void links_event_to_the_end(void)
{
	(void)event_while_busy();
}

void links_detach(void)
{
	scmi_virtio_device_detach(links->device, NULL);
	take_away_shared();
}

void links_platform_stop(void)
{
	links->endpoint.ops->stop(links->endpoint.ctx);
	platform_step();
	links->closed = true;
}

void links_platform_start(void)
{
	platform_step();
	links->closed = false;
	if (links->endpoint.ops->start(links->endpoint.ctx, &platform, NULL) != SCMI_OK)
		step_fail("the endpoint does not start");
}

/* --- words between contexts --- */

void links_tell(unsigned flag)
{
	step_point(&links->flag[flag]);
	step_release(&links->clock);
	links->flag[flag] = true;
}

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void links_await_told(unsigned flag)
{
	step_block(told, &links->flag[flag]);
	step_point(&links->flag[flag]);
	step_acquire(&links->clock);
}

/* --- before and after --- */

static void make_device(const struct link_config *config)
{
	struct scmi_virtio_device_config c = {
		.size = sizeof(c),
		.max_payload = PAYLOAD,
		.requests = config->requests != 0 ? config->requests : 2,
		.queue_max = 4,
		.maps_max = 1,
		.port = &links->port[1],
		.host = &links->host,
	};
	const size_t bytes = scmi_virtio_device_size(&c);

	if (config->plain)
		c.features = SCMI_VIRTIO_OFFER_DEFAULT & ~SCMI_VIRTIO_F_EVENT_IDX;
	if (config->events == 0)
		c.features = (c.features != 0 ? c.features : SCMI_VIRTIO_OFFER_DEFAULT) & ~SCMI_VIRTIO_F_P2A_CHANNELS;
	if (scmi_virtio_device_init(&links->device, step_alloc(bytes), bytes, &c, &links->endpoint) != SCMI_OK)
		step_fail("no device");
}

static void make_driver(const struct link_config *config)
{
	struct scmi_virtio_config c = {
		.size = sizeof(c),
		.max_payload = PAYLOAD,
		.max_inflight = LINK_SLOTS,
		.events = config->events,
		.port = &links->port[0],
		.bus = &links->bus,
	};
	const size_t bytes = scmi_virtio_size(&c);

	links->shared_bytes = scmi_virtio_shared_size(&c);
	if (links->shared_bytes > 4096)
		step_fail("the shared memory is too large");
	c.shared = links->shared;
	c.shared_len = 4096;
	if (scmi_virtio_init(&links->driver, step_alloc(bytes), bytes, &c, &links->transport) != SCMI_OK)
		step_fail("no driver");
}

void links_start(const struct link_config *config)
{
	struct scmi_virtio_pair_config c = {.size = sizeof(c), .flags = config->flags, .len = 4096};

	links = step_alloc(sizeof(*links));
	links->config = *config;
	links->shared = step_alloc(4096);
	make_port(0);
	make_port(1);
	c.base = links->shared;
	if ((config->flags & SCMI_VIRTIO_PAIR_SERVES) == 0)
		c.to_device.ring = ring_device;
	if ((config->flags & SCMI_VIRTIO_PAIR_DELIVERS) == 0)
		c.to_driver.ring = ring_driver;
	c.sleeper.wait = sleeper_wait;
	c.sleeper.wake = wake_driver;
	if (config->has_fd) {
		c.sleeper.fd = take_fd;
		c.sleeper.clear = clear_fd;
		c.sleeper.raise = raise_fd;
	}
	if (scmi_virtio_pair_init(&links->pair, &c, &links->pair_bus, &links->host) != SCMI_OK)
		step_fail("no pair");
	links->bus = links->pair_bus;
	links->bus.start = bus_start;
	links->bus.stop = bus_stop;
	if (config->interrupts)
		links->bus.caps |= SCMI_CAP_IRQ;
	make_device(config);
	scmi_virtio_pair_join(&links->pair, links->device);
	make_driver(config);
	links->region = step_region("the shared memory", links->shared, 4096);
	step_own(links->region, STEP_LIBRARY);
	links_platform_start();
	if (links->transport.ops->start(links->transport.ctx, &sink, NULL) != SCMI_OK)
		step_fail("the driver does not start");
	links->pending = config->pending;
	while (links->pending > 0 && links_event() == SCMI_OK)
		links->pending--;
}

void links_check(void)
{
	const bool whole = links->downs == 0 && !links->stopped;

	if (!links->config.interrupts && !links->stopped)
		while (links->transport.ops->poll(links->transport.ctx, 4) > 0)
			;
	for (unsigned i = 0; i < LINK_SLOTS; i++)
		if (links->slot[i].owed == OWED)
			step_fail("at rest: the reply to message %u has not come", links->slot[i].number);
	if (whole && links->pending != 0)
		step_fail("at rest: %u events could not be sent", links->pending);
	if (whole && links->heard != links->event_sent)
		step_fail("at rest: events %#x were sent, %#x have come", links->event_sent, links->heard);
}
