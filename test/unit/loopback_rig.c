/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "loopback_rig.h"

static int on_rx(void *core, const struct scmi_rx *rx)
{
	struct rig *r = core;

	r->came++;
	r->last = *rx;
	memcpy(r->bytes, rx->data, rx->len < sizeof(r->bytes) ? rx->len : sizeof(r->bytes));
	return SCMI_OK;
}

static int on_settle(void *core, uint16_t token, int err)
{
	struct rig *r = core;

	assert_int_equal(err, SCMI_E_PROTO);
	r->settled++;
	r->settled_token = token;
	return SCMI_OK;
}

static void on_ready(void *core)
{
	((struct rig *)core)->readied++;
}

/* Until the agent has been told, a peer that goes can send nothing more: it would come after the promise. */
static void on_link_down(void *core, int err)
{
	struct rig *r = core;

	assert_int_equal(err, SCMI_OK);
	assert_int_equal(rig_push(r, 4), SCMI_E_NOPEER);
	r->downs++;
}

static const struct scmi_sink agent_sink = {
	.version = SCMI_SINK_V1,
	.rx = on_rx,
	.settle = on_settle,
	.ready = on_ready,
	.link_down = on_link_down,
};

void rig_answer(struct rig *r, struct scmi_request *req, uint32_t len)
{
	r->endpoint.ops->reply(r->endpoint.ctx, req, len);
}

static uint32_t on_request(void *channel, struct scmi_request *req)
{
	struct rig *r = channel;

	if (r->answer_in_place) {
		memcpy(req->reply, "yes!", 4);
		return 4;
	}
	assert_true(r->held_n < HELD_MAX);
	r->held[r->held_n++] = req;
	return SCMI_REPLY_LATER;
}

static void on_room(void *channel)
{
	((struct rig *)channel)->room_again++;
}

static const struct scmi_platform_sink platform_sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = on_request,
	.ready = on_room,
};

void rig_make(struct rig *r, uint32_t flags)
{
	memset(r, 0, sizeof(*r));
	fake_port_init(&r->fake);
	r->config = (struct scmi_loopback_config){
		.size = sizeof(r->config),
		.flags = flags,
		.max_payload = 16,
		.max_inflight = 4,
		.events = (flags & SCMI_LOOPBACK_THREADED) != 0 ? 2 : 0,
		.port = &r->fake.port,
	};
	r->size = scmi_loopback_size(&r->config);
	assert_true(r->size != 0);
	r->mem = malloc(r->size);
	assert_non_null(r->mem);
	memset(r->mem, GUARD, r->size); /* whatever memory holds, all that counts is set */
	assert_int_equal(scmi_loopback_init(&r->lb, r->mem, r->size, &r->config, &r->transport, &r->endpoint), SCMI_OK);
}

int rig_start_platform(struct rig *r)
{
	return r->endpoint.ops->start(r->endpoint.ctx, &platform_sink, r);
}

int rig_start_agent(struct rig *r)
{
	return r->transport.ops->start(r->transport.ctx, &agent_sink, r);
}

void rig_stop_agent(struct rig *r)
{
	r->transport.ops->stop(r->transport.ctx);
}

void rig_stop_platform(struct rig *r)
{
	r->endpoint.ops->stop(r->endpoint.ctx);
}

void rig_make_started(struct rig *r, uint32_t flags)
{
	rig_make(r, flags);
	assert_int_equal(rig_start_platform(r), SCMI_OK);
	assert_int_equal(rig_start_agent(r), SCMI_OK);
}

void rig_end(struct rig *r)
{
	rig_stop_agent(r);
	rig_stop_platform(r);
	while (r->held_n != 0)
		rig_answer(r, r->held[--r->held_n], 4);
	assert_int_equal(scmi_loopback_open(r->lb), 0);
	scmi_loopback_fini(r->lb);
	assert_null(r->fake.fault);
	assert_int_equal(r->fake.events, 0);
	free(r->mem);
}

int rig_send(struct rig *r, uint16_t slot, uint8_t more)
{
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_BASE, 1, SCMI_MSG_COMMAND, slot),
		.len = 3,
		.payload = "abc",
		.token = slot,
		.slot = slot,
		.more = more,
	};

	return r->transport.ops->send(r->transport.ctx, &tx);
}

int rig_push(struct rig *r, uint32_t len)
{
	static const unsigned char bytes[32] = "notification";

	return r->endpoint.ops->send(r->endpoint.ctx, scmi_hdr(0x11, 0, SCMI_MSG_NOTIFICATION, 0), bytes, len);
}

int rig_poll(struct rig *r)
{
	return r->transport.ops->poll(r->transport.ctx, 16);
}
