/* SPDX-License-Identifier: BSD-3-Clause */
/* What is loopback's own: configuration, memory, the ends' life, records. The contract is conformance's. */
#include <stdlib.h>
#include <string.h>

#include "loopback_rig.h"

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
	assert_int_equal(rig_start_platform(r), SCMI_OK);
	assert_int_equal(rig_start_agent(r), SCMI_OK);
	for (uint16_t slot = 0; slot < 4; slot++)
		assert_int_equal(rig_send(r, slot, 0), SCMI_OK);
	(void)scmi_loopback_serve(r->lb, 0);
	while (r->held_n != 0) {
		struct scmi_request *req = r->held[--r->held_n];

		memset(req->reply, 0xff, req->reply_cap);
		rig_answer(r, req, req->reply_cap);
	}
	while (rig_push(r, 16) == SCMI_OK && r->came < 20)
		;
	rig_stop_agent(r);
	rig_stop_platform(r);
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

			rig_make(&r, flags);
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

		rig_make(&r, SCMI_LOOPBACK_THREADED);
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
	rig_make(&r, 0);
	assert_int_equal(rig_start_agent(&r), SCMI_E_NOPEER);
	assert_int_equal(rig_start_platform(&r), SCMI_OK);
	assert_int_equal(rig_start_platform(&r), SCMI_E_INVAL);
	assert_int_equal(rig_start_agent(&r), SCMI_OK);
	assert_int_equal(rig_start_agent(&r), SCMI_E_INVAL);
	rig_end(&r);
}

static void loopback_peer_change_is_told_once(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		rig_make_started(&r, flags);
		assert_int_equal(r.readied, 0);
		rig_stop_platform(&r);
		rig_stop_platform(&r);
		assert_int_equal(r.downs, 1);
		assert_int_equal(rig_send(&r, 0, 0), SCMI_E_NOPEER);
		assert_int_equal(rig_start_platform(&r), SCMI_OK);
		assert_int_equal(r.readied, 1);
		assert_int_equal(rig_send(&r, 0, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		rig_end(&r);
	}
}

static void loopback_stopped_agent_gets_nothing(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		rig_make_started(&r, flags);
		assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		rig_stop_agent(&r);
		assert_int_equal(rig_push(&r, 4), SCMI_E_NOPEER);
		rig_answer(&r, r.held[--r.held_n], 4);
		assert_int_equal(scmi_loopback_open(r.lb), 0);
		rig_stop_platform(&r);
		assert_int_equal(r.came + r.settled + r.downs, 0);
		rig_end(&r);
	}
}

/* ---- records ---- */

static void loopback_open_record_refuses_its_slot_until_home(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		rig_make_started(&r, flags);
		assert_int_equal(rig_send(&r, 2, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		rig_stop_agent(&r);
		assert_int_equal(rig_start_agent(&r), SCMI_OK);
		assert_int_equal(rig_send(&r, 2, 0), SCMI_E_BUSY);
		assert_int_equal(rig_send(&r, 3, 0), SCMI_OK);
		assert_int_equal(r.readied, 0);
		rig_answer(&r, r.held[0], 4);
		assert_int_equal(r.readied, 1);
		assert_int_equal(r.came, 0); /* it answers a command of before the stop */
		r.held_n--;
		r.held[0] = r.held[1];
		assert_int_equal(rig_send(&r, 2, 0), SCMI_OK);
		(void)scmi_loopback_serve(r.lb, 0);
		rig_end(&r);
		assert_int_equal(r.readied, 1);
	}
}

static void loopback_reply_in_place_is_there_when_send_returns(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	r.answer_in_place = true;
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(r.came, 1);
	assert_int_equal(r.last.hdr, scmi_hdr(SCMI_PROTOCOL_BASE, 1, SCMI_MSG_COMMAND, 1));
	assert_int_equal(r.last.token, 1);
	assert_int_equal(r.last.len, 4);
	assert_memory_equal(r.bytes, "yes!", 4);
	assert_int_equal(r.fake.calls.lock, 0); /* no lock, no clock, nobody asked who is calling */
	assert_int_equal(r.fake.calls.now_us, 0);
	assert_int_equal(r.fake.calls.self, 0);
	rig_end(&r);
}

static void loopback_later_reply_is_delivered_by_who_gives_it(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(rig_send(&r, 2, 0), SCMI_OK);
	assert_int_equal(r.came, 0);
	assert_int_equal(scmi_loopback_open(r.lb), 2);
	assert_memory_equal(r.held[0]->params, "abc", 3); /* private: the sender's own may be gone */
	rig_answer(&r, r.held[1], 4);
	assert_int_equal(r.last.token, 2);
	rig_answer(&r, r.held[0], 4);
	assert_int_equal(r.last.token, 1);
	r.held_n = 0;
	rig_end(&r);
}

static void loopback_unusable_reply_settles(void **state)
{
	static const uint32_t lengths[] = {0, 17};

	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_LOOPBACK_THREADED; flags++) {
		struct rig r;

		rig_make_started(&r, flags);
		for (uint32_t i = 0; i < 2; i++) {
			assert_int_equal(rig_send(&r, 3, 0), SCMI_OK);
			(void)scmi_loopback_serve(r.lb, 0);
			rig_answer(&r, r.held[--r.held_n], lengths[i]);
			if (flags != 0)
				assert_int_equal(rig_poll(&r), 1);
			assert_int_equal(r.settled, i + 1u);
			assert_int_equal(r.settled_token, 3);
		}
		assert_int_equal(r.came, 0);
		rig_end(&r);
	}
}

static void loopback_counts_what_it_delivers(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, 0);
	assert_int_equal(r.endpoint.ops->delivered(r.endpoint.ctx), 0);
	r.answer_in_place = true;
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(rig_send(&r, 3, 0), SCMI_OK);
	rig_stop_platform(&r);
	assert_int_equal(rig_send(&r, 0, 0), SCMI_E_NOPEER);
	assert_int_equal(r.endpoint.ops->delivered(r.endpoint.ctx), 3);
	rig_end(&r);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
