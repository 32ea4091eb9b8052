/* SPDX-License-Identifier: BSD-3-Clause */
/* What is loopback's own: configuration, memory, serving, room and its return. The contract is conformance's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/transport/loopback.h>

#include "fake_port.h"

#define HELD_MAX 8u
#define GUARD    0x5au

/* Both ends played by the test; everything on one thread. */
struct rig {
	struct fake_port fake;
	struct scmi_loopback_config config;
	struct scmi_loopback *lb;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	unsigned char *mem;
	size_t size;

	/* the agent */
	uint32_t came;
	struct scmi_rx last;
	unsigned char bytes[64];
	uint32_t settled;
	uint16_t settled_token;
	uint32_t readied;
	uint32_t downs;

	/* the platform */
	bool answer_in_place;
	uint32_t held_n;
	struct scmi_request *held[HELD_MAX];
	uint32_t room_again;
};

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

static int push(struct rig *r, uint32_t len);

/* Until the agent has been told, a peer that goes can send nothing more: it would come after the promise. */
static void on_link_down(void *core, int err)
{
	struct rig *r = core;

	assert_int_equal(err, SCMI_OK);
	assert_int_equal(push(r, 4), SCMI_E_NOPEER);
	r->downs++;
}

static const struct scmi_sink agent_sink = {
	.version = SCMI_SINK_V1,
	.rx = on_rx,
	.settle = on_settle,
	.ready = on_ready,
	.link_down = on_link_down,
};

static void answer(struct rig *r, struct scmi_request *req, uint32_t len)
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

static void make(struct rig *r, uint32_t flags)
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

static int start_platform(struct rig *r)
{
	return r->endpoint.ops->start(r->endpoint.ctx, &platform_sink, r);
}

static int start_agent(struct rig *r)
{
	return r->transport.ops->start(r->transport.ctx, &agent_sink, r);
}

static void stop_agent(struct rig *r)
{
	r->transport.ops->stop(r->transport.ctx);
}

static void stop_platform(struct rig *r)
{
	r->endpoint.ops->stop(r->endpoint.ctx);
}

static void make_started(struct rig *r, uint32_t flags)
{
	make(r, flags);
	assert_int_equal(start_platform(r), SCMI_OK);
	assert_int_equal(start_agent(r), SCMI_OK);
}

static void end(struct rig *r)
{
	stop_agent(r);
	stop_platform(r);
	while (r->held_n != 0)
		answer(r, r->held[--r->held_n], 4);
	assert_int_equal(scmi_loopback_open(r->lb), 0);
	scmi_loopback_fini(r->lb);
	assert_null(r->fake.fault);
	assert_int_equal(r->fake.events, 0);
	free(r->mem);
}

static int send_slot(struct rig *r, uint16_t slot, uint8_t more)
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

static int push(struct rig *r, uint32_t len)
{
	static const unsigned char bytes[32] = "notification";

	return r->endpoint.ops->send(r->endpoint.ctx, scmi_hdr(0x11, 0, SCMI_MSG_NOTIFICATION, 0), bytes, len);
}

static int poll(struct rig *r)
{
	return r->transport.ops->poll(r->transport.ctx, 16);
}

/* ---- configuration and memory ---- */

static void expect_refused(const struct scmi_loopback_config *config, const char *member)
{
	const char *why = NULL;

	max_align_t mem[64];
	struct scmi_loopback *lb;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;

	assert_int_equal(scmi_loopback_check(config, &why), SCMI_E_INVAL);
	assert_memory_equal(why, member, strlen(member));
	assert_int_equal(scmi_loopback_size(config), 0);
	assert_int_equal(scmi_loopback_init(&lb, mem, sizeof(mem), config, &transport, &endpoint), SCMI_E_INVAL);
}

static void loopback_bad_configuration_is_refused(void **state)
{
	struct fake_port fake;
	struct scmi_port incomplete;
	const struct scmi_loopback_config good = {.size = sizeof(good)};
	struct scmi_loopback_config c;

	(void)state;
	fake_port_init(&fake);
	incomplete = fake.port;
	incomplete.relax = NULL;
	assert_true(scmi_loopback_size(&good) != 0);
	expect_refused(NULL, "config:");
	assert_int_equal(scmi_loopback_check(&good, NULL), SCMI_OK);
	c = good, c.size--, expect_refused(&c, "size:");
	c = good, c.flags = 2, expect_refused(&c, "flags:");
	c = good, c.max_payload = 7, expect_refused(&c, "max_payload:");
	c = good, c.max_payload = SCMI_LOOPBACK_PAYLOAD_MAX + 1u, expect_refused(&c, "max_payload:");
	c = good, c.max_inflight = SCMI_LOOPBACK_INFLIGHT_MAX + 1u, expect_refused(&c, "max_inflight:");
	c = good, c.events = SCMI_LOOPBACK_EVENTS_MAX + 1u, expect_refused(&c, "events:");
	c = good, c.flags = SCMI_LOOPBACK_THREADED, expect_refused(&c, "port:"); /* without a port */
	c = good, c.port = &incomplete, expect_refused(&c, "port:");
}

static void loopback_limits_themselves_are_allowed(void **state)
{
	struct fake_port fake;
	struct scmi_loopback_config c = {
		.size = sizeof(c),
		.flags = SCMI_LOOPBACK_THREADED,
		.max_payload = SCMI_LOOPBACK_PAYLOAD_MAX,
		.max_inflight = SCMI_LOOPBACK_INFLIGHT_MAX,
		.events = SCMI_LOOPBACK_EVENTS_MAX,
		.port = &fake.port,
	};

	(void)state;
	fake_port_init(&fake);
	assert_true(scmi_loopback_size(&c) > (size_t)2 * SCMI_LOOPBACK_PAYLOAD_MAX * SCMI_LOOPBACK_INFLIGHT_MAX);
	c.max_payload = 8;
	c.max_inflight = 1;
	c.events = 1;
	assert_true(scmi_loopback_size(&c) != 0);
}

static void loopback_null_arguments_are_refused(void **state)
{
	static max_align_t mem[4096];
	const struct scmi_loopback_config c = {.size = sizeof(c), .max_inflight = 1};
	struct scmi_loopback *lb;
	struct scmi_transport t;
	struct scmi_endpoint e;

	(void)state;
	assert_int_equal(scmi_loopback_init(NULL, mem, sizeof(mem), &c, &t, &e), SCMI_E_INVAL);
	assert_int_equal(scmi_loopback_init(&lb, NULL, sizeof(mem), &c, &t, &e), SCMI_E_INVAL);
	assert_int_equal(scmi_loopback_init(&lb, mem, sizeof(mem), &c, NULL, &e), SCMI_E_INVAL);
	assert_int_equal(scmi_loopback_init(&lb, mem, sizeof(mem), &c, &t, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_loopback_init(&lb, mem, sizeof(mem), &c, &t, &e), SCMI_OK);
}

/* Uses exactly the bytes that it asks for: all of them filled in both directions, guards around. */
static void use_all(struct rig *r)
{
	unsigned char *mem = malloc(r->size + 64u);

	assert_non_null(mem);
	memset(mem, GUARD, r->size + 64u);
	assert_int_equal(scmi_loopback_init(&r->lb, mem + 32u, r->size - 1u, &r->config, &r->transport, &r->endpoint),
			 SCMI_E_NOMEM);
	assert_int_equal(scmi_loopback_init(&r->lb, mem + 33u, r->size, &r->config, &r->transport, &r->endpoint),
			 SCMI_E_NOMEM);
	assert_int_equal(scmi_loopback_init(&r->lb, mem + 32u, r->size, &r->config, &r->transport, &r->endpoint),
			 SCMI_OK);
	assert_int_equal(start_platform(r), SCMI_OK);
	assert_int_equal(start_agent(r), SCMI_OK);
	for (uint16_t slot = 0; slot < 4; slot++)
		assert_int_equal(send_slot(r, slot, 0), SCMI_OK);
	(void)scmi_loopback_serve(r->lb, 0);
	while (r->held_n != 0) {
		struct scmi_request *req = r->held[--r->held_n];

		memset(req->reply, 0xff, req->reply_cap);
		answer(r, req, req->reply_cap);
	}
	while (push(r, 16) == SCMI_OK && r->came < 20)
		;
	stop_agent(r);
	stop_platform(r);
	scmi_loopback_fini(r->lb);
	for (size_t i = 0; i < 32; i++) {
		assert_int_equal(mem[i], GUARD);
		assert_int_equal(mem[32u + r->size + i], GUARD);
	}
	free(mem);
}

static void loopback_memory_is_exact(void **state)
{
	static const uint32_t payloads[] = {16, 17, 100};

	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
			struct rig r;

			make(&r, flags);
			scmi_loopback_fini(r.lb);
			free(r.mem);
			r.config.max_payload = payloads[i];
			r.size = scmi_loopback_size(&r.config);
			use_all(&r);
		}
	}
}

static void loopback_failing_event_is_undone(void **state)
{
	(void)state;
	for (unsigned n = 1; n <= 2; n++) {
		struct rig r;

		make(&r, SCMI_LOOPBACK_THREADED);
		scmi_loopback_fini(r.lb);
		r.fake.fail_event_init = n;
		assert_int_equal(scmi_loopback_init(&r.lb, r.mem, r.size, &r.config, &r.transport, &r.endpoint),
				 SCMI_E_IO);
		assert_int_equal(r.fake.events, 0);
		assert_null(r.fake.fault);
		free(r.mem);
	}
}

/* ---- the life of both ends ---- */

static void loopback_second_start_is_refused(void **state)
{
	struct rig r;

	(void)state;
	make(&r, 0);
	assert_int_equal(start_agent(&r), SCMI_E_NOPEER);
	assert_int_equal(start_platform(&r), SCMI_OK);
	assert_int_equal(start_platform(&r), SCMI_E_INVAL);
	assert_int_equal(start_agent(&r), SCMI_OK);
	assert_int_equal(start_agent(&r), SCMI_E_INVAL);
	end(&r);
}

static void loopback_peer_change_is_told_once(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		make_started(&r, flags);
		assert_int_equal(r.readied, 0);
		stop_platform(&r);
		stop_platform(&r);
		assert_int_equal(r.downs, 1);
		assert_int_equal(send_slot(&r, 0, 0), SCMI_E_NOPEER);
		assert_int_equal(start_platform(&r), SCMI_OK);
		assert_int_equal(r.readied, 1);
		assert_int_equal(send_slot(&r, 0, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		end(&r);
	}
}

static void loopback_stopped_agent_gets_nothing(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		make_started(&r, flags);
		assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		stop_agent(&r);
		assert_int_equal(push(&r, 4), SCMI_E_NOPEER);
		answer(&r, r.held[--r.held_n], 4);
		assert_int_equal(scmi_loopback_open(r.lb), 0);
		stop_platform(&r);
		assert_int_equal(r.came + r.settled + r.downs, 0);
		end(&r);
	}
}

/* ---- records ---- */

static void loopback_open_record_refuses_its_slot_until_home(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		make_started(&r, flags);
		assert_int_equal(send_slot(&r, 2, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		stop_agent(&r);
		assert_int_equal(start_agent(&r), SCMI_OK);
		assert_int_equal(send_slot(&r, 2, 0), SCMI_E_BUSY);
		assert_int_equal(send_slot(&r, 3, 0), SCMI_OK);
		assert_int_equal(r.readied, 0);
		answer(&r, r.held[0], 4);
		assert_int_equal(r.readied, 1);
		assert_int_equal(r.came, 0); /* it answers a command of before the stop */
		r.held_n--;
		r.held[0] = r.held[1];
		assert_int_equal(send_slot(&r, 2, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		end(&r);
		assert_int_equal(r.readied, 1);
	}
}

static void loopback_reply_in_place_is_there_when_send_returns(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, 0);
	r.answer_in_place = true;
	assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
	assert_int_equal(r.came, 1);
	assert_int_equal(r.last.hdr, scmi_hdr(SCMI_PROTOCOL_BASE, 1, SCMI_MSG_COMMAND, 1));
	assert_int_equal(r.last.token, 1);
	assert_int_equal(r.last.len, 4);
	assert_memory_equal(r.bytes, "yes!", 4);
	assert_int_equal(r.fake.calls.lock, 0); /* no lock, no clock, nobody asked who is calling */
	assert_int_equal(r.fake.calls.now_us, 0);
	assert_int_equal(r.fake.calls.self, 0);
	end(&r);
}

static void loopback_later_reply_is_delivered_by_who_gives_it(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, 0);
	assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
	assert_int_equal(send_slot(&r, 2, 0), SCMI_OK);
	assert_int_equal(r.came, 0);
	assert_int_equal(scmi_loopback_open(r.lb), 2);
	assert_memory_equal(r.held[0]->params, "abc", 3); /* private: the sender's own may be gone */
	answer(&r, r.held[1], 4);
	assert_int_equal(r.last.token, 2);
	answer(&r, r.held[0], 4);
	assert_int_equal(r.last.token, 1);
	r.held_n = 0;
	end(&r);
}

static void loopback_unusable_reply_settles(void **state)
{
	static const uint32_t lengths[] = {0, 17};

	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		make_started(&r, flags);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(send_slot(&r, 3, 0), SCMI_OK);
			(void)scmi_loopback_serve(r.lb, 0);
			answer(&r, r.held[--r.held_n], lengths[i]);
			if (flags != 0)
				assert_int_equal(poll(&r), 1);
			assert_int_equal(r.settled, i + 1u);
			assert_int_equal(r.settled_token, 3);
		}
		assert_int_equal(r.came, 0);
		end(&r);
	}
}

static void loopback_counts_what_it_delivers(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, 0);
	assert_int_equal(r.endpoint.ops->delivered(r.endpoint.ctx), 0);
	r.answer_in_place = true;
	assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
	assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
	assert_int_equal(send_slot(&r, 3, 0), SCMI_OK);
	stop_platform(&r);
	assert_int_equal(send_slot(&r, 0, 0), SCMI_E_NOPEER);
	assert_int_equal(r.endpoint.ops->delivered(r.endpoint.ctx), 3);
	end(&r);
}

/* ---- threaded ---- */

static void loopback_serve_says_where_it_stands(void **state)
{
	struct rig r;

	(void)state;
	make(&r, 0);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_NOTSUP);
	end(&r);
	make(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_CLOSED);
	assert_int_equal(start_platform(&r), SCMI_OK);
	assert_int_equal(start_agent(&r), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 0);
	assert_int_equal(r.fake.calls.event_wait, 0);
	assert_int_equal(scmi_loopback_serve(r.lb, r.fake.now_us + 500), 0);
	assert_true(r.fake.calls.event_wait > 0);
	assert_int_equal(send_slot(&r, 2, 0), SCMI_OK);
	assert_int_equal(send_slot(&r, 0, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 2);
	assert_int_equal(scmi_hdr_token(r.held[0]->hdr), 2); /* in their order */
	assert_int_equal(scmi_hdr_token(r.held[1]->hdr), 0);
	stop_platform(&r);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_CLOSED);
	end(&r);
}

static void send_one(struct fake_port *fake, void *arg)
{
	(void)fake;
	assert_int_equal(send_slot(arg, 0, 0), SCMI_OK);
}

static void loopback_send_wakes_serve(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, SCMI_LOOPBACK_THREADED);
	r.fake.on_wait = send_one;
	r.fake.arg = &r;
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 1);
	r.fake.on_wait = NULL;
	end(&r);
}

static void loopback_batch_rings_once(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	make_started(&r, SCMI_LOOPBACK_THREADED);
	before = r.fake.calls.event_signal;
	assert_int_equal(send_slot(&r, 0, 1), SCMI_OK);
	assert_int_equal(send_slot(&r, 1, 1), SCMI_OK);
	assert_int_equal(r.fake.calls.event_signal, before);
	assert_int_equal(send_slot(&r, 2, 0), SCMI_OK);
	assert_int_equal(r.fake.calls.event_signal, before + 1u);
	assert_int_equal(send_slot(&r, 3, 1), SCMI_OK);
	r.transport.ops->flush(r.transport.ctx);
	assert_int_equal(r.fake.calls.event_signal, before + 2u);
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 4);
	end(&r);
}

static void loopback_full_event_queue_is_busy_then_ready(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(push(&r, 17), SCMI_E_TOOBIG);
	assert_int_equal(push(&r, 16), SCMI_OK);
	assert_int_equal(push(&r, 0), SCMI_OK);
	assert_int_equal(push(&r, 4), SCMI_E_BUSY);
	assert_int_equal(r.room_again, 0);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.room_again, 1);
	assert_int_equal(r.last.len, 16);
	assert_memory_equal(r.bytes, "notification", 12);
	assert_int_equal(r.last.token, SCMI_TOKEN_ANY);
	assert_int_equal(poll(&r), 1);
	assert_int_equal(r.last.len, 0);
	assert_int_equal(r.room_again, 1);
	assert_int_equal(push(&r, 4), SCMI_OK);
	assert_int_equal(push(&r, 4), SCMI_OK);
	assert_int_equal(push(&r, 4), SCMI_E_BUSY);
	stop_agent(&r); /* forgets them */
	assert_int_equal(r.room_again, 2);
	assert_int_equal(start_agent(&r), SCMI_OK);
	assert_int_equal(poll(&r), 0);
	assert_int_equal(push(&r, 4), SCMI_OK);
	assert_int_equal(push(&r, 4), SCMI_OK);
	end(&r);
}

static void loopback_order_is_kept_between_replies_and_events(void **state)
{
	struct rig r;

	(void)state;
	make_started(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(send_slot(&r, 1, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 1);
	assert_int_equal(push(&r, 5), SCMI_OK);
	answer(&r, r.held[--r.held_n], 4);
	assert_int_equal(push(&r, 6), SCMI_OK);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.last.len, 5);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.last.len, 4);
	r.transport.ops->wait(r.transport.ctx, SCMI_NEVER); /* one is left: no sleep */
	assert_int_equal(poll(&r), 1);
	assert_int_equal(r.last.len, 6);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_bad_configuration_is_refused),
		cmocka_unit_test(loopback_limits_themselves_are_allowed),
		cmocka_unit_test(loopback_null_arguments_are_refused),
		cmocka_unit_test(loopback_memory_is_exact),
		cmocka_unit_test(loopback_failing_event_is_undone),
		cmocka_unit_test(loopback_second_start_is_refused),
		cmocka_unit_test(loopback_peer_change_is_told_once),
		cmocka_unit_test(loopback_stopped_agent_gets_nothing),
		cmocka_unit_test(loopback_open_record_refuses_its_slot_until_home),
		cmocka_unit_test(loopback_reply_in_place_is_there_when_send_returns),
		cmocka_unit_test(loopback_later_reply_is_delivered_by_who_gives_it),
		cmocka_unit_test(loopback_unusable_reply_settles),
		cmocka_unit_test(loopback_counts_what_it_delivers),
		cmocka_unit_test(loopback_serve_says_where_it_stands),
		cmocka_unit_test(loopback_send_wakes_serve),
		cmocka_unit_test(loopback_batch_rings_once),
		cmocka_unit_test(loopback_full_event_queue_is_busy_then_ready),
		cmocka_unit_test(loopback_order_is_kept_between_replies_and_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
