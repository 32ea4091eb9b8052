/* SPDX-License-Identifier: BSD-3-Clause */
/* The device that guests have, its port, its carrier's doorbells, and the platform behind it. */
#include "guests.h"

#define PAYLOAD 8u

/* --- the port --- */

static bool unlocked(const void *arg)
{
	(void)arg;
	return !guests->port_locked;
}

static void port_lock(void *ctx)
{
	(void)ctx;
	step_point(&guests->port_locked);
	step_block(unlocked, NULL);
	guests->port_locked = true;
	step_acquire(&guests->port_clock);
}

static void port_unlock(void *ctx)
{
	(void)ctx;
	step_point(&guests->port_locked);
	step_release(&guests->port_clock);
	guests->port_locked = false;
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
	step_fail("a device uses an event");
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

/* --- the doorbells --- */

static void call(void *ctx, uint32_t queue)
{
	(void)ctx;
	(void)queue;
	step_look(&guests->away);
	if (guests->away)
		step_fail("the guest is interrupted while it is away");
	rings_ring(&guests->to_guest);
}

static void work(void *ctx)
{
	(void)ctx;
	rings_ring(&guests->to_device);
}

static void event(void *ctx, enum scmi_virtio_event what)
{
	(void)ctx;
	if (what == SCMI_VIRTIO_BROKEN)
		step_fail("the device finds a ring broken");
}

void guests_make_port(void)
{
	guests->host = (struct scmi_virtio_host){.call = call, .work = work, .event = event};
	guests->port = (struct scmi_port){
		.version = SCMI_PORT_V1,
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

void guests_serve(void)
{
	for (;;) {
		if (scmi_virtio_device_serve(guests->device, 4) > 0)
			continue;
		if (scmi_virtio_device_rest(guests->device))
			rings_sleep(&guests->to_device);
	}
}

/* --- the platform --- */

static void platform_step(void)
{
	step_point(&guests->seen);
	step_acquire(&guests->platform_clock);
	step_release(&guests->platform_clock);
}

static void write_reply(struct scmi_request *req, uint32_t number)
{
	uint32_t *reply = req->reply;

	step_user_write(reply, 8);
	reply[0] = 0;
	reply[1] = number | GUEST_ANSWER;
	guests->replied |= 1u << number;
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
	step_note("the platform gets command %u", number);
	if (guests->forgotten < guests->renewed)
		step_fail("command %u runs before the last driver is forgotten", number);
	if (guests->stopped)
		step_fail("a request is delivered after stop");
	if (req->len != 4 || req->reply_cap != 8 || req->hdr != (GUEST_MARK | number) || number > guests->sent)
		step_fail("the platform gets what was not sent");
	if ((guests->seen >> number & 1u) != 0)
		step_fail("command %u runs twice", number);
	guests->seen |= 1u << number;
	if (guests->opened < guests->config.held) {
		guests->open[guests->opened++] = req;
		return SCMI_REPLY_LATER;
	}
	write_reply(req, number);
	return 8;
}

static void sink_room(void *channel)
{
	(void)channel;
	platform_step();
	step_note("the platform is told that there is room");
	if (guests->stopped)
		step_fail("ready() of the platform after stop");
	guests->room++;
}

static void sink_reset(void *channel)
{
	(void)channel;
	platform_step();
	step_note("the platform is told to forget");
	if (guests->stopped)
		step_fail("reset() of the platform after stop");
	guests->forgotten++;
}

static const struct scmi_platform_sink platform = {
	.version = SCMI_PLATFORM_SINK_V1, .request = sink_request, .ready = sink_room, .reset = sink_reset};

static bool is_open(const void *arg)
{
	(void)arg;
	return guests->opened > guests->closed;
}

/* The carrier has not begun anything when the answer has been given: it cannot get lost any more. */
void guests_answer(void)
{
	struct scmi_request *req;
	uint32_t number;

	step_block(is_open, NULL);
	platform_step();
	req = guests->open[guests->closed++];
	number = number_of(req);
	write_reply(req, number);
	step_note("the platform answers command %u", number);
	guests->endpoint.ops->reply(guests->endpoint.ctx, req, 8);
	step_look(&guests->moves);
	if (guests->moves == 0)
		guests->sure |= 1u << number;
}

static bool more_room(const void *seen)
{
	return guests->room != *(const uint32_t *)seen;
}

static unsigned life(void)
{
	step_look(&guests->lives);
	return guests->lives;
}

void guests_promise(void)
{
	guests->peer = guests->endpoint.ops->p2a(guests->endpoint.ctx);
	guests->promised = guests->drivers;
}

/* A promise is kept as by lib/platform/delayed.c. */
static int send_as(uint32_t number)
{
	const struct scmi_endpoint_ops *ops = guests->endpoint.ops;
	void *ctx = guests->endpoint.ctx;

	if (guests->promise != number)
		return ops->send(ctx, GUEST_MARK, &number, 4);
	if (ops->p2a(ctx) != guests->peer)
		return SCMI_E_NOPEER;
	return ops->send_to(ctx, guests->peer, GUEST_MARK, &number, 4);
}

static int send_event(uint32_t number)
{
	const unsigned before = life();
	const int err = send_as(number);

	step_note("event %u: %d", number, err);
	if (err == SCMI_OK && life() == before)
		guests->event_life[number] = before;
	return err;
}

static int send_in_time(uint32_t number)
{
	for (;;) {
		uint32_t seen;
		int err;

		platform_step();
		seen = guests->room;
		err = send_event(number);
		if (err != SCMI_E_BUSY)
			return err;
		step_block(more_room, &seen);
	}
}

int guests_event(void)
{
	platform_step();
	return send_in_time(++guests->events);
}

int guests_keep(void)
{
	platform_step();
	guests->promise = ++guests->events;
	return send_in_time(guests->promise);
}

void guests_stop(void)
{
	guests->endpoint.ops->stop(guests->endpoint.ctx);
	platform_step();
	guests->stopped = true;
}

void guests_platform_start(void)
{
	platform_step();
	guests->stopped = false;
	if (guests->endpoint.ops->start(guests->endpoint.ctx, &platform, NULL) != SCMI_OK)
		step_fail("the endpoint does not start");
}

/* --- before --- */

void guests_make_device(struct scmi_virtio_device **device, struct scmi_endpoint *endpoint,
			const struct scmi_port *port, const struct scmi_virtio_host *host)
{
	const struct scmi_virtio_device_config c = {
		.size = sizeof(c),
		.max_payload = PAYLOAD,
		.requests = guests->config.requests != 0 ? guests->config.requests : 2,
		.queue_max = GUEST_ENTRIES,
		.maps_max = 2,
		.port = port,
		.host = host,
	};
	const size_t bytes = scmi_virtio_device_size(&c);

	if (scmi_virtio_device_init(device, step_alloc(bytes), bytes, &c, endpoint) != SCMI_OK)
		step_fail("no device");
}
