/* SPDX-License-Identifier: BSD-3-Clause */
#include "boxes.h"

#define AREA    64u
#define PAYLOAD (AREA - SCMI_SHMEM_PAYLOAD)
#define MARK    0x80000000u
#define ANSWER  0x5a0000u

struct box_world *boxes;

/* --- the port --- */

static void port_relax(void *ctx)
{
	(void)ctx;
	step_relax();
}

/* --- the core --- */

static void core_step(void)
{
	step_point(boxes->slot);
	step_acquire(&boxes->core_clock);
	step_release(&boxes->core_clock);
}

static struct box_slot *slot_of(uint16_t token)
{
	struct box_slot *s = &boxes->slot[token & 15u];

	core_step();
	if ((token & 15u) >= BOX_SLOTS || s->number != token >> 4 || !s->owed)
		step_fail("something is delivered for token %#x, which is not owed", token);
	return s;
}

static void end_slot(struct box_slot *s, int err)
{
	core_step();
	s->owed = false;
	s->err = err;
	s->ended = true;
	step_note("message %u has ended", s->number);
}

static void hear(const struct scmi_rx *rx)
{
	const uint32_t number = rx->hdr & ~MARK;

	core_step();
	if (number == 0 || number > boxes->events || (boxes->heard >> number & 1u) != 0)
		step_fail("event %u is delivered, or for the second time", number);
	boxes->heard |= 1u << number;
}

static int sink_rx(void *core, const struct scmi_rx *rx)
{
	const uint32_t *words = rx->data;
	struct box_slot *s;

	(void)core;
	if (rx->token == SCMI_TOKEN_ANY) {
		hear(rx);
		return SCMI_OK;
	}
	s = slot_of(rx->token);
	if (rx->len != 8u || words == NULL || words[1] != (s->number | ANSWER) || rx->hdr != (s->number | MARK))
		step_fail("what is delivered is not the reply to message %u", s->number);
	end_slot(s, SCMI_OK);
	return SCMI_OK;
}

static int sink_settle(void *core, uint16_t token, int err)
{
	(void)core;
	end_slot(slot_of(token), err);
	return SCMI_OK;
}

static void sink_ready(void *core)
{
	(void)core;
	core_step();
	boxes->readies++;
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1, .rx = sink_rx, .settle = sink_settle, .ready = sink_ready};

int boxes_send(unsigned slot)
{
	struct box_slot *s = &boxes->slot[slot];
	struct scmi_tx tx;
	uint32_t number;
	int err;

	core_step();
	number = ++boxes->sent;
	*s = (struct box_slot){.number = number, .owed = true};
	tx = (struct scmi_tx){.hdr = MARK | number,
			      .token = (uint16_t)(number << 4 | slot),
			      .slot = (uint16_t)slot,
			      .payload = &number,
			      .len = 4};
	step_note("sends message %u", number);
	err = boxes->transport.ops->send(boxes->transport.ctx, &tx);
	core_step();
	if (err != SCMI_OK && s->ended)
		step_fail("message %u is answered, which was not sent", number);
	if (err != SCMI_OK)
		s->owed = false;
	return err;
}

struct refused {
	unsigned readies;
};

static bool is_ready(const void *arg)
{
	return boxes->readies != ((const struct refused *)arg)->readies;
}

void boxes_submit(unsigned slot)
{
	for (;;) {
		struct refused r;
		int err;

		core_step();
		r.readies = boxes->readies;
		err = boxes_send(slot);
		if (err == SCMI_OK)
			return;
		if (err != SCMI_E_BUSY)
			step_fail("send() says %d", err);
		step_block(is_ready, &r);
		core_step();
	}
}

static bool has_ended(const void *slot)
{
	return ((const struct box_slot *)slot)->ended;
}

static void expect_ok(const struct box_slot *s)
{
	core_step();
	if (s->err != SCMI_OK)
		step_fail("message %u ends with %d", s->number, s->err);
}

void boxes_await(unsigned slot)
{
	step_block(has_ended, &boxes->slot[slot]);
	expect_ok(&boxes->slot[slot]);
}

void boxes_drive(unsigned slot)
{
	core_step();
	while (!boxes->slot[slot].ended) {
		if (boxes->transport.ops->poll(boxes->transport.ctx, 1) == 0)
			boxes->transport.ops->wait(boxes->transport.ctx, SCMI_NEVER);
		core_step();
	}
	expect_ok(&boxes->slot[slot]);
}

void boxes_listen(uint32_t events)
{
	core_step();
	while (boxes->heard >> events == 0) {
		if (boxes->transport.ops->poll(boxes->transport.ctx, 1) == 0)
			boxes->transport.ops->wait(boxes->transport.ctx, SCMI_NEVER);
		core_step();
	}
}

void boxes_interrupts(void)
{
	for (;;) {
		rings_sleep(&boxes->to_agent);
		scmi_mailbox_interrupt(boxes->mailbox);
	}
}

/* --- the platform --- */

static void platform_step(void)
{
	step_point(&boxes->seen);
	step_acquire(&boxes->platform_clock);
	step_release(&boxes->platform_clock);
}

static void write_reply(struct scmi_request *req)
{
	uint32_t *words = req->reply;

	step_user_read(req->params, 4);
	step_user_write(req->reply, 8);
	words[0] = 0;
	words[1] = *(const uint32_t *)req->params | ANSWER;
}

static uint32_t request(void *channel, struct scmi_request *req)
{
	uint32_t number;

	(void)channel;
	step_user_read(req->params, 4);
	number = *(const uint32_t *)req->params;
	platform_step();
	if (req->len != 4u || req->hdr != (number | MARK) || number > boxes->sent)
		step_fail("a command comes that was not sent");
	if ((boxes->seen >> number & 1u) != 0)
		step_fail("command %u is run twice", number);
	boxes->seen |= 1u << number;
	if (boxes->config.later) {
		if (boxes->open != NULL)
			step_fail("command %u comes although another is open", number);
		boxes->open = req;
		return SCMI_REPLY_LATER;
	}
	write_reply(req);
	return 8;
}

static void room(void *channel)
{
	(void)channel;
	platform_step();
	boxes->room++;
}

static void reset(void *channel)
{
	(void)channel;
}

static const struct scmi_platform_sink platform_sink = {SCMI_PLATFORM_SINK_V1, request, room, reset};

void boxes_serve(void)
{
	for (;;) {
		while (scmi_mailbox_end_serve(boxes->end, 1) > 0)
			;
		rings_sleep(&boxes->to_end);
	}
}

static bool is_open(const void *arg)
{
	(void)arg;
	return boxes->open != NULL;
}

void boxes_answer(void)
{
	struct scmi_request *req;

	step_block(is_open, NULL);
	platform_step();
	req = boxes->open;
	boxes->open = NULL;
	write_reply(req);
	boxes->endpoint.ops->reply(boxes->endpoint.ctx, req, 8);
}

static bool has_room(const void *arg)
{
	return boxes->room != *(const unsigned *)arg;
}

void boxes_event(void)
{
	uint32_t number;

	platform_step();
	number = ++boxes->events;
	for (;;) {
		unsigned before;
		int err;

		platform_step();
		before = boxes->room;
		err = boxes->endpoint.ops->send(boxes->endpoint.ctx, MARK | number, &number, 4);
		if (err == SCMI_OK)
			return;
		if (err != SCMI_E_BUSY)
			step_fail("send() of event %u says %d", number, err);
		step_block(has_room, &before);
	}
}

void boxes_detach(void)
{
	scmi_mailbox_end_detach(boxes->end);
}

void boxes_attach(const struct scmi_shmem *areas)
{
	if (scmi_mailbox_end_attach(boxes->end, areas) != SCMI_OK)
		step_fail("attach() refuses");
}

void boxes_platform_stop(void)
{
	boxes->endpoint.ops->stop(boxes->endpoint.ctx);
}

void boxes_platform_start(void)
{
	if (boxes->endpoint.ops->start(boxes->endpoint.ctx, &platform_sink, NULL) != SCMI_OK)
		step_fail("start() refuses");
}

/* --- doorbells --- */

static int ring_end(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	if (boxes->config.direct_tx)
		(void)scmi_mailbox_end_serve(boxes->end, boxes->config.most != 0 ? boxes->config.most : 1);
	else
		rings_ring(&boxes->to_end);
	return SCMI_OK;
}

static int ring_agent(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	if (boxes->config.direct_rx)
		scmi_mailbox_interrupt(boxes->mailbox);
	else
		rings_ring(&boxes->to_agent);
	return SCMI_OK;
}

static void wait_agent(void *ctx, uint64_t deadline_us)
{
	(void)ctx;
	(void)deadline_us;
	rings_sleep(&boxes->to_agent);
}

static void wake_agent(void *ctx)
{
	(void)ctx;
	rings_ring(&boxes->to_agent);
}

static void wake_end(void *ctx)
{
	(void)ctx;
	rings_ring(&boxes->to_end);
}

/* --- before and after --- */

void boxes_tell(void)
{
	step_point(&boxes->flag);
	step_release(&boxes->flag_clock);
	boxes->flag = true;
}

static bool told(const void *flag)
{
	return *(const bool *)flag;
}

void boxes_await_told(void)
{
	step_block(told, &boxes->flag);
	step_point(&boxes->flag);
	step_acquire(&boxes->flag_clock);
}

static int no_event(void *ctx, void *event)
{
	(void)ctx;
	(void)event;
	step_fail("a mailbox uses an event, or the lock");
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

static void no_lock(void *ctx)
{
	(void)no_event(ctx, NULL);
}

static uint64_t no_time(void *ctx)
{
	(void)ctx;
	return 0;
}

static uintptr_t port_self(void *ctx)
{
	(void)ctx;
	return step_self() + 1u;
}

static void make_bells(void)
{
	const struct box_config *c = &boxes->config;

	boxes->agent_bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "step", .caps = c->interrupts ? SCMI_CAP_IRQ : 0u};
	boxes->agent_bell.ring = ring_end;
	boxes->agent_bell.wait = c->interrupts ? NULL : wait_agent;
	boxes->agent_bell.wake = c->interrupts ? NULL : wake_agent;
	boxes->end_bell =
		(struct scmi_mailbox_doorbell){.version = SCMI_MAILBOX_DOORBELL_V1, .name = "step", .ring = ring_agent};
	boxes->end_bell.wake = c->wakes ? wake_end : NULL;
	boxes->port = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = 8,
		.now_us = no_time,
		.lock = no_lock,
		.unlock = no_lock,
		.event_init = no_event,
		.event_fini = no_event_either,
		.event_signal = no_event_either,
		.event_clear = no_event_either,
		.event_wait = no_wait,
		.relax = port_relax,
		.self = port_self,
	};
}

void boxes_start(const struct box_config *config)
{
	struct scmi_mailbox_config agent = {.size = sizeof(agent)};
	struct scmi_mailbox_end_config end = {.size = sizeof(end)};
	size_t size;

	boxes = step_alloc(sizeof(*boxes));
	boxes->config = *config;
	boxes->mailbox = step_alloc(sizeof(*boxes->mailbox));
	for (unsigned i = 0; i < SCMI_MAILBOX_AREAS; i++)
		boxes->areas[i] = (struct scmi_shmem){.mem = step_alloc(AREA), .len = AREA};
	make_bells();
	agent.areas[0] = end.areas[0] = boxes->areas[0];
	agent.areas[1] = end.areas[1] = boxes->areas[1];
	agent.doorbell = &boxes->agent_bell;
	agent.port = end.port = &boxes->port;
	end.doorbell = &boxes->end_bell;
	size = scmi_mailbox_end_size(&end);
	if (size == 0 ||
	    scmi_mailbox_end_init(&boxes->end, step_alloc(size), size, &end, &boxes->endpoint) != SCMI_OK ||
	    scmi_mailbox_init(boxes->mailbox, &agent, &boxes->transport) != SCMI_OK)
		step_fail("the ends cannot be made");
	boxes_platform_start();
	if (boxes->transport.ops->start(boxes->transport.ctx, &sink, NULL) != SCMI_OK)
		step_fail("the agent's end does not start");
	boxes->to_agent.rung = boxes->to_end.rung = false; /* only what is rung for from here on is */
}

void boxes_check(void)
{
	for (unsigned i = 0; i < BOX_SLOTS; i++)
		if (boxes->slot[i].owed)
			step_fail("at rest: message %u has not ended", boxes->slot[i].number);
	for (uint32_t n = 1; n <= boxes->events; n++)
		if ((boxes->heard >> n & 1u) == 0)
			step_fail("at rest: event %u was not delivered", n);
}
