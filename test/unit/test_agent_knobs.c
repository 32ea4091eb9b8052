/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent that was compiled without something (scmi/config.h): it says so, it counts what comes nevertheless, and all the rest
 * works. Compiled with the knobs of the agent that it is linked with.
 */
#include <scmi/config.h>

#include "agent_rig.h"

#define NOTIFIES (RIG_IRQ | SCMI_CAP_NOTIFY)
#define EVENT    scmi_hdr(SCMI_PROTOCOL_SENSOR, 0x1, SCMI_MSG_NOTIFICATION, 0)

static void calls_work(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct rig_call a;
	struct rig_call b;

	(void)state;
	rig_call_init(r, &a);
	rig_call_init(r, &b);
	assert_int_equal(rig_submit(&a), SCMI_OK);
	assert_int_equal(rig_submit_loose(&b), SCMI_OK);
	script_reply(&r->script, script_sent(&r->script, 1), SCMI_SUCCESS, "four", 4);
	script_reply(&r->script, script_sent(&r->script, 0), SCMI_DENIED, NULL, 0);
	assert_ended(&a, SCMI_E_REMOTE);
	assert_int_equal(rig_wait(&b), SCMI_OK);
	assert_memory_equal(rig_reply(&b), "four", 4);
	rig_end(r);
}

#if !SCMI_CONFIG_NOTIFICATIONS
static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	(void)hdr;
	(void)payload;
	(void)len;
	fail();
}

static void notifications_are_refused(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct scmi_subscriber node = {.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = hear};

	(void)state;
	assert_int_equal(scmi_agent_subscribe(r->agent, &node), SCMI_E_NOTSUP);
	assert_int_equal(scmi_agent_unsubscribe(r->agent, &node), SCMI_E_NOTFOUND);
	rig_end(r);
}

static void event_buffers_are_refused(void **state)
{
	struct rig *r = rig_new(NOTIFIES, 4);
	struct scmi_agent_config wrong = r->config;

	(void)state;
	wrong.event_buffers = 1;
	assert_int_equal(scmi_agent_size(&wrong), 0);
	rig_init(r);
	rig_start(r);
	rig_end(r);
}

static void notifications_are_unclaimed(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct scmi_xfer x;

	(void)state;
	assert_int_equal(script_rx(&r->script, EVENT, "1234", 4), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, EVENT, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).unclaimed, 2);
	rig_end(r);
}
#endif

#if !SCMI_CONFIG_DELAYED
static void delayed_commands_are_refused(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.flags |= SCMI_CALL_DELAYED;
	assert_int_equal(rig_submit(&c), SCMI_E_NOTSUP);
	assert_int_equal(r->script.sends, 0);
	rig_end(r);
}

static void delayed_responses_are_stray(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct rig_call c;
	struct scmi_xfer x;
	uint32_t hdr;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	hdr = script_last(&r->script)->hdr | SCMI_MSG_DELAYED << 8;
	assert_int_equal(script_rx(&r->script, hdr, "\0\0\0\0", 4), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, hdr, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).stray_type, 2);
	assert_int_equal(c.ends, 0);
	script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}
#endif

#if !SCMI_CONFIG_QUEUE
static void flags_of_the_queue_are_refused(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.flags = SCMI_CALL_URGENT;
	assert_int_equal(rig_submit(&c), SCMI_E_NOTSUP);
	c.call.flags = SCMI_CALL_FENCE;
	assert_int_equal(rig_submit(&c), SCMI_E_NOTSUP);
	rig_end(r);
}

static void full_pool_refuses_at_once(void **state)
{
	struct rig *r = rig_up(NOTIFIES, 2);
	struct rig_call c[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		rig_call_init(r, &c[i]);
		c[i].call.flags = 0;
	}
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	assert_int_equal(rig_submit(&c[2]), SCMI_E_BUSY);
	assert_int_equal(rig_do(&c[2]), SCMI_E_BUSY);
	assert_int_equal(r->fake.calls.event_wait, 0);
	script_reply(&r->script, script_sent(&r->script, 0), SCMI_SUCCESS, NULL, 0);
	assert_int_equal(rig_submit(&c[2]), SCMI_OK);
	script_reply(&r->script, script_sent(&r->script, 1), SCMI_SUCCESS, NULL, 0);
	script_reply(&r->script, script_sent(&r->script, 2), SCMI_SUCCESS, NULL, 0);
	assert_ended(&c[2], SCMI_OK);
	rig_end(r);
}

/* The transport has no room: nobody waits for some. */
static void busy_transport_refuses(uint32_t caps)
{
	struct rig *r = rig_narrow(caps, 4, 1);
	struct rig_call a;
	struct rig_call b;

	rig_call_init(r, &a);
	rig_call_init(r, &b);
	b.call.flags = 0;
	assert_int_equal(rig_submit(&a), SCMI_OK);
	assert_int_equal(rig_submit(&b), SCMI_E_BUSY);
	assert_int_equal(rig_do(&b), SCMI_E_BUSY);
	assert_int_equal(rig_stats(r).queued, 0);
	script_reply(&r->script, script_sent(&r->script, 0), SCMI_SUCCESS, NULL, 0);
	script_make_room(&r->script, 1);
	assert_int_equal(rig_submit(&b), SCMI_OK);
	script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0);
	assert_ended(&b, SCMI_OK);
	rig_end(r);
}

static void transport_without_room_refuses(void **state)
{
	(void)state;
	busy_transport_refuses(RIG_IRQ);
	busy_transport_refuses(RIG_SERIAL);
}

struct inner {
	struct rig_call call;
	int err;
};

static int submit_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	struct inner *inner = arg;

	(void)sent;
	s->on_send = NULL;
	inner->err = rig_submit(&inner->call);
	return SCMI_OK;
}

/* What may be sent by one context at a time: a second one does not wait for the first. */
static void serial_link_that_sends_refuses(void **state)
{
	struct rig *r = rig_up(RIG_SERIAL, 4);
	struct inner inner;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	rig_call_init(r, &inner.call);
	inner.call.call.flags = 0;
	r->script.on_send = submit_inside;
	r->script.arg = &inner;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(inner.err, SCMI_E_BUSY);
	assert_int_equal(rig_submit(&inner.call), SCMI_OK);
	script_reply(&r->script, script_sent(&r->script, 0), SCMI_SUCCESS, NULL, 0);
	script_reply(&r->script, script_sent(&r->script, 1), SCMI_SUCCESS, NULL, 0);
	assert_ended(&c, SCMI_OK);
	assert_ended(&inner.call, SCMI_OK);
	rig_end(r);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_work),
#if !SCMI_CONFIG_NOTIFICATIONS
		cmocka_unit_test(notifications_are_refused),
		cmocka_unit_test(event_buffers_are_refused),
		cmocka_unit_test(notifications_are_unclaimed),
#endif
#if !SCMI_CONFIG_DELAYED
		cmocka_unit_test(delayed_commands_are_refused),
		cmocka_unit_test(delayed_responses_are_stray),
#endif
#if !SCMI_CONFIG_QUEUE
		cmocka_unit_test(flags_of_the_queue_are_refused),
		cmocka_unit_test(full_pool_refuses_at_once),
		cmocka_unit_test(transport_without_room_refuses),
		cmocka_unit_test(serial_link_that_sends_refuses),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
