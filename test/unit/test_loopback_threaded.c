/* SPDX-License-Identifier: BSD-3-Clause */
/* What is threaded loopback's own: serving, room and its return, order. */
#include "loopback_rig.h"

static void loopback_serve_says_where_it_stands(void **state)
{
	struct rig r;

	(void)state;
	rig_make(&r, 0);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_NOTSUP);
	rig_end(&r);
	rig_make(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_CLOSED);
	assert_int_equal(rig_start_platform(&r), SCMI_OK);
	assert_int_equal(rig_start_agent(&r), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 0);
	assert_int_equal(r.fake.calls.event_wait, 0);
	assert_int_equal(scmi_loopback_serve(r.lb, r.fake.now_us + 500), 0);
	assert_true(r.fake.calls.event_wait > 0);
	assert_int_equal(rig_send(&r, 2, 0), SCMI_OK);
	assert_int_equal(rig_send(&r, 0, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 2);
	assert_int_equal(scmi_hdr_token(r.held[0]->hdr), 2); /* in their order */
	assert_int_equal(scmi_hdr_token(r.held[1]->hdr), 0);
	rig_stop_platform(&r);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), SCMI_E_CLOSED);
	rig_end(&r);
}

static void send_one(struct fake_port *fake, void *arg)
{
	(void)fake;
	assert_int_equal(rig_send(arg, 0, 0), SCMI_OK);
}

static void loopback_send_wakes_serve(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_LOOPBACK_THREADED);
	r.fake.on_wait = send_one;
	r.fake.arg = &r;
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 1);
	r.fake.on_wait = NULL;
	rig_end(&r);
}

static void loopback_batch_rings_once(void **state)
{
	struct rig r;
	unsigned before;

	(void)state;
	rig_make_started(&r, SCMI_LOOPBACK_THREADED);
	before = r.fake.calls.event_signal;
	assert_int_equal(rig_send(&r, 0, 1), SCMI_OK);
	assert_int_equal(rig_send(&r, 1, 1), SCMI_OK);
	assert_int_equal(r.fake.calls.event_signal, before);
	assert_int_equal(rig_send(&r, 2, 0), SCMI_OK);
	assert_int_equal(r.fake.calls.event_signal, before + 1u);
	assert_int_equal(rig_send(&r, 3, 1), SCMI_OK);
	r.transport.ops->flush(r.transport.ctx);
	assert_int_equal(r.fake.calls.event_signal, before + 2u);
	assert_int_equal(scmi_loopback_serve(r.lb, SCMI_NEVER), 4);
	rig_end(&r);
}

static void loopback_full_event_queue_is_busy_then_ready(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(rig_push(&r, 17), SCMI_E_TOOBIG);
	assert_int_equal(rig_push(&r, 16), SCMI_OK);
	assert_int_equal(rig_push(&r, 0), SCMI_OK);
	assert_int_equal(rig_push(&r, 4), SCMI_E_BUSY);
	assert_int_equal(r.room_again, 0);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.room_again, 1);
	assert_int_equal(r.last.len, 16);
	assert_memory_equal(r.bytes, "notification", 12);
	assert_int_equal(r.last.token, SCMI_TOKEN_ANY);
	assert_int_equal(rig_poll(&r), 1);
	assert_int_equal(r.last.len, 0);
	assert_int_equal(r.room_again, 1);
	assert_int_equal(rig_push(&r, 4), SCMI_OK);
	assert_int_equal(rig_push(&r, 4), SCMI_OK);
	assert_int_equal(rig_push(&r, 4), SCMI_E_BUSY);
	rig_stop_agent(&r); /* forgets them */
	assert_int_equal(r.room_again, 2);
	assert_int_equal(rig_start_agent(&r), SCMI_OK);
	assert_int_equal(rig_poll(&r), 0);
	assert_int_equal(rig_push(&r, 4), SCMI_OK);
	assert_int_equal(rig_push(&r, 4), SCMI_OK);
	rig_end(&r);
}

static void loopback_order_is_kept_between_replies_and_events(void **state)
{
	struct rig r;

	(void)state;
	rig_make_started(&r, SCMI_LOOPBACK_THREADED);
	assert_int_equal(rig_send(&r, 1, 0), SCMI_OK);
	assert_int_equal(scmi_loopback_serve(r.lb, 0), 1);
	assert_int_equal(rig_push(&r, 5), SCMI_OK);
	rig_answer(&r, r.held[--r.held_n], 4);
	assert_int_equal(rig_push(&r, 6), SCMI_OK);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.last.len, 5);
	assert_int_equal(r.transport.ops->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.last.len, 4);
	r.transport.ops->wait(r.transport.ctx, SCMI_NEVER); /* one is left: no sleep */
	assert_int_equal(rig_poll(&r), 1);
	assert_int_equal(r.last.len, 6);
	rig_end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loopback_serve_says_where_it_stands),
		cmocka_unit_test(loopback_send_wakes_serve),
		cmocka_unit_test(loopback_batch_rings_once),
		cmocka_unit_test(loopback_full_event_queue_is_busy_then_ready),
		cmocka_unit_test(loopback_order_is_kept_between_replies_and_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
