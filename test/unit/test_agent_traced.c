/* SPDX-License-Identifier: BSD-3-Clause */
/* What the agent's trace tells of each event, member by member. */
#include <string.h>

#include "agent_rig.h"

#define RIG_NOTIFY (RIG_IRQ | SCMI_CAP_NOTIFY)
#define NO_SLOT    0xffffu
#define KEPT       8u
#define OTHER      (RIG_PROTOCOL + 1u) /* the second link's */
#define WIRE_US    1000u

static const unsigned char zeros[SCRIPT_PAYLOAD];

struct tape {
	struct rig *rig;
	struct scmi_trace_event events[KEPT];
	unsigned head; /* the next one to be looked at */
	unsigned tail;
	bool full; /* the test is over */
};

static void keep(void *arg, const struct scmi_trace_event *event)
{
	struct tape *t = arg;

	if (t->full)
		return;
	assert_in_range(t->tail - t->head, 0, KEPT - 1u);
	t->events[t->tail++ % KEPT] = *event;
}

/* Two links; two buffers of 8 bytes for notifications. */
static struct rig *traced_rig(struct tape *t, uint32_t caps)
{
	struct rig *r = rig_new(caps, 4);

	*t = (struct tape){.rig = r};
	(void)rig_link(r, OTHER, caps, 4);
	r->config.trace = keep;
	r->config.trace_arg = t;
	r->config.event_buffers = (caps & SCMI_CAP_NOTIFY) != 0 ? 2 : 0;
	r->config.event_bytes = (caps & SCMI_CAP_NOTIFY) != 0 ? 8 : 0;
	rig_start(r);
	return r;
}

/* The rig's own books are kept by the trace that this test has taken away. */
static void end(struct tape *t)
{
	assert_int_equal(t->head, t->tail);
	t->full = true;
	t->rig->config.trace = NULL;
	rig_end(t->rig);
}

/* The oldest event that has not been looked at is this one. */
static void expect(struct tape *t, enum scmi_trace_kind kind, uint32_t slot, uint32_t hdr, uint32_t len, int err,
		   const char *why)
{
	const struct scmi_trace_event *e = &t->events[t->head % KEPT];

	assert_true(t->head != t->tail);
	t->head++;
	assert_int_equal(e->kind, kind);
	assert_int_equal(e->link, 0);
	assert_int_equal(e->slot, slot);
	assert_int_equal(e->hdr, hdr);
	assert_int_equal(e->len, len);
	assert_int_equal(e->err, err);
	if (why == NULL)
		assert_null(e->why);
	else
		assert_string_equal(e->why, why);
}

/* A call with 12 bytes of parameters; its SEND has been looked at. */
static struct script_sent send_call(struct tape *t, struct rig_call *c, uint16_t flags)
{
	struct script_sent sent;

	rig_call_init(t->rig, c);
	c->call.params = zeros;
	c->call.params_len = 12;
	c->call.flags = flags;
	c->call.timeout_us = WIRE_US;
	c->call.delayed_timeout_us = WIRE_US;
	assert_int_equal(rig_submit(c), SCMI_OK);
	sent = *script_last(&t->rig->script);
	expect(t, SCMI_TRACE_SEND, sent.token % 4u, sent.hdr, 12, SCMI_OK, NULL);
	return sent;
}

static void sends_and_replies_are_told(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_IRQ);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	for (int i = 0; i < 5; i++) {
		sent = send_call(&t, &c, 0);
		assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, zeros, 8), SCMI_OK);
		expect(&t, SCMI_TRACE_RECV, sent.token % 4u, sent.hdr, 12, SCMI_OK, NULL);
		assert_ended(&c, SCMI_OK);
	}
	sent = send_call(&t, &c, 0);
	assert_int_equal(script_reply(&r->script, &sent, SCMI_DENIED, NULL, 0), SCMI_OK);
	expect(&t, SCMI_TRACE_RECV, sent.token % 4u, sent.hdr, 4, SCMI_E_REMOTE, NULL);
	end(&t);
}

static void link_is_told(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_IRQ);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.protocol = OTHER;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(t.events[0].link, 1);
	assert_int_equal(script_reply(r->extra[0], script_last(r->extra[0]), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(t.events[1].link, 1);
	t.head = t.tail;
	end(&t);
}

static int fail_to_send(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)s;
	(void)sent;
	return *(int *)arg;
}

static void ends_without_a_message_are_told(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_IRQ);
	struct script_sent sent;
	struct rig_call c;
	int err;

	(void)state;
	sent = send_call(&t, &c, 0);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 0, SCMI_E_CANCELLED, NULL);
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, zeros, 4), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr, 8, SCMI_E_STRAY, "late");
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, zeros, 4), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr, 8, SCMI_E_STRAY, "duplicate");

	r->script.on_send = fail_to_send;
	r->script.arg = &err;
	for (err = SCMI_E_NOPEER; err != 1; err = err == SCMI_E_NOPEER ? 7 : 1) {
		int told = err > 0 ? SCMI_E_IO : err;

		rig_call_init(r, &c);
		c.call.params = zeros;
		c.call.params_len = 8;
		assert_int_equal(rig_submit(&c), told);
		sent = *script_last(&r->script);
		expect(&t, SCMI_TRACE_SEND, sent.token % 4u, sent.hdr, 8, SCMI_OK, NULL);
		expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 8, told, NULL);
	}
	end(&t);
}

static void refused_transfers_are_told_without_a_length(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_IRQ);
	struct script_sent sent;
	struct rig_call c;
	struct scmi_xfer x;

	(void)state;
	sent = send_call(&t, &c, 0);
	assert_int_equal(script_acquire(&r->script, sent.hdr ^ 1u, &x, NULL), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr ^ 1u, 0, SCMI_E_STRAY, "stray_message");
	script_release(&r->script, &x);
	assert_int_equal(script_acquire(&r->script, sent.hdr | 1u << 8, &x, NULL), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr | 1u << 8, 0, SCMI_E_STRAY, "stray_type");
	script_release(&r->script, &x);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 0, SCMI_E_CANCELLED, NULL);
	assert_int_equal(script_acquire(&r->script, sent.hdr, &x, NULL), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr, 0, SCMI_E_STRAY, "late");
	script_release(&r->script, &x);
	end(&t);
}

/* Acquired in time, and completed when the call had ended; then released without having been completed. */
static void transfers_whose_call_has_ended_are_told(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_IRQ);
	struct script_area area = {.bytes = zeros, .len = 8};
	struct script_sent sent;
	struct rig_call c;
	struct scmi_xfer x;

	(void)state;
	sent = send_call(&t, &c, 0);
	assert_int_equal(script_acquire(&r->script, sent.hdr, &x, &area), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 0, SCMI_E_CANCELLED, NULL);
	assert_int_equal(script_complete(&r->script, &x, 8), SCMI_E_GONE);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr, 8, SCMI_E_GONE, "late");
	script_release(&r->script, &x);

	sent = send_call(&t, &c, 0);
	assert_int_equal(script_acquire(&r->script, sent.hdr, &x, NULL), SCMI_OK);
	script_release(&r->script, &x);
	expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 0, SCMI_E_PROTO, NULL);
	assert_ended(&c, SCMI_E_PROTO);
	end(&t);
}

/* The response of a delayed command that was cancelled: completed, and released without that. */
static void late_responses_of_delayed_commands_are_told(void **state)
{
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_NOTIFY);
	struct script_area area = {.bytes = zeros, .len = 4};

	(void)state;
	for (int completed = 0; completed < 2; completed++) {
		struct script_sent sent;
		struct rig_call c;
		struct scmi_xfer x;

		sent = send_call(&t, &c, SCMI_CALL_DELAYED);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
		expect(&t, SCMI_TRACE_END, sent.token % 4u, sent.hdr, 0, SCMI_E_CANCELLED, NULL);
		assert_int_equal(script_acquire(&r->script, sent.hdr, &x, &area), SCMI_OK);
		if (completed)
			assert_int_equal(script_complete(&r->script, &x, 4), SCMI_E_GONE);
		script_release(&r->script, &x);
		expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, sent.hdr, completed ? 4 : 0, SCMI_E_GONE, "late");
	}
	end(&t);
}

static void heard(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	(void)hdr;
	(void)payload;
	(void)len;
}

static void notifications_are_told(void **state)
{
	static const uint32_t hdr = RIG_PROTOCOL << 10 | SCMI_MSG_NOTIFICATION << 8 | 1u;
	struct scmi_subscriber node = {
		.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = heard};
	struct tape t;
	struct rig *r = traced_rig(&t, RIG_NOTIFY);
	struct script_area area = {.bytes = zeros, .len = 8};
	struct scmi_xfer x;

	(void)state;
	assert_int_equal(script_rx(&r->script, hdr, zeros, 8), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, hdr, 0, SCMI_E_STRAY, "unclaimed");
	assert_int_equal(scmi_agent_subscribe(r->agent, &node), SCMI_OK);
	assert_int_equal(script_rx(&r->script, hdr, zeros, 8), SCMI_OK);
	expect(&t, SCMI_TRACE_RECV, NO_SLOT, hdr, 8, SCMI_OK, NULL);
	assert_int_equal(script_rx(&r->script, hdr, zeros, 9), SCMI_E_PROTO);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, hdr, 9, SCMI_E_PROTO, "dropped");

	assert_int_equal(script_acquire(&r->script, hdr, &x, &area), SCMI_OK);
	assert_int_equal(script_rx(&r->script, hdr, zeros, 8), SCMI_E_BUSY); /* half of two are one protocol's */
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, hdr, 0, SCMI_E_BUSY, "dropped");
	script_release(&r->script, &x);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, hdr, 0, SCMI_E_PROTO, "dropped");

	assert_int_equal(scmi_agent_checks(r->agent, SCMI_CHECK_RESERVED, 0), SCMI_OK);
	assert_int_equal(script_rx(&r->script, hdr | 1u << 28, zeros, 8), SCMI_E_STRAY);
	expect(&t, SCMI_TRACE_REFUSE, NO_SLOT, hdr | 1u << 28, 0, SCMI_E_STRAY, "stray_header");
	assert_int_equal(scmi_agent_unsubscribe(r->agent, &node), SCMI_OK);
	end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_and_replies_are_told),
		cmocka_unit_test(link_is_told),
		cmocka_unit_test(ends_without_a_message_are_told),
		cmocka_unit_test(refused_transfers_are_told_without_a_length),
		cmocka_unit_test(transfers_whose_call_has_ended_are_told),
		cmocka_unit_test(late_responses_of_delayed_commands_are_told),
		cmocka_unit_test(notifications_are_told),
	};

	return cmocka_run_group_tests_name("agent_traced", tests, NULL, NULL);
}
