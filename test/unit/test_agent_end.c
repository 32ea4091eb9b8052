/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls that end without a reply: cancelled, or never sent; and what may happen inside send(). */
#include <string.h>

#include "agent_rig.h"

static void cancel_ends_a_call_in_flight(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_ended(&c, SCMI_E_CANCELLED);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	c.ends = 0;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(rig_wait(&c), SCMI_E_CANCELLED);
	assert_ended(&c, SCMI_E_CANCELLED);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	rig_end(r);
}

static void cancel_of_what_is_not_in_flight_finds_nothing(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;
	struct rig_call other;

	(void)state;
	rig_call_init(r, &c);
	rig_call_init(r, &other);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	/* The slot is another call's now. */
	assert_int_equal(rig_submit(&other), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(other.ends, 0);
	/* And a submit that failed has put nothing in flight. */
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_agent_cancel(r->agent, &other.call), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_ended(&other, SCMI_E_CANCELLED);
	rig_end(r);
}

/* Two agents that are alike: the same slot, in the same life. */
static void call_of_another_agent_is_not_found(void **state)
{
	struct rig *mine = rig_up(RIG_IRQ, 1);
	struct rig *strange = rig_up(RIG_IRQ, 1);
	struct rig_call c;
	struct rig_call other;

	(void)state;
	rig_call_init(mine, &c);
	rig_call_init(strange, &other);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_submit_loose(&other), SCMI_OK);
	assert_int_equal(other.call.ticket_, c.call.ticket_);
	assert_int_equal(scmi_agent_cancel(mine->agent, &other.call), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_agent_wait_until(mine->agent, &other.call, 0), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_cancel(mine->agent, &c.call), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_E_CANCELLED);
	assert_int_equal(script_reply(&strange->script, script_last(&strange->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(rig_wait(&other), SCMI_OK);
	rig_end(strange);
	rig_end(mine);
}

static struct rig_call *in_window;

/* Another context acts in the middle of the copy. */
static int fetch_and_cancel(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct script_area *area = rx->cookie;

	(void)ctx;
	assert_int_equal(scmi_agent_cancel(in_window->rig->agent, &in_window->call), SCMI_E_INPROGRESS);
	assert_int_equal(in_window->ends, 0);
	memcpy(dst, (const unsigned char *)area->bytes + offset, len);
	return SCMI_OK;
}

static void cancel_in_the_delivery_window_loses(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	r->script.by_fetch = true;
	r->script.ops.fetch = fetch_and_cancel;
	rig_call_init(r, &c);
	in_window = &c;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, "abcd", 4), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_memory_equal(rig_reply(&c), "abcd", 4);
	rig_end(r);
}

static void cancel_sleeping(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;

	(void)fake;
	assert_int_equal(scmi_agent_cancel(c->rig->agent, &c->call), SCMI_OK);
}

static void cancel_wakes_the_waiter(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	r->fake.on_wait = cancel_sleeping;
	r->fake.arg = &c;
	assert_int_equal(rig_do(&c), SCMI_E_CANCELLED);
	assert_int_equal(r->fake.calls.event_signal, 1);
	rig_end(r);
}

static int send_err;

static int fail_to_send(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)s;
	(void)sent;
	(void)arg;
	return send_err;
}

static void send_error_is_returned_and_nothing_is_left(void **state)
{
	static const int errors[] = {SCMI_E_BUSY, SCMI_E_TOOBIG, SCMI_E_NOPEER, SCMI_E_LINK, SCMI_E_IO, SCMI_E_NOTSUP};
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (uint32_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		send_err = errors[i];
		r->script.on_send = fail_to_send;
		assert_int_equal(rig_submit(&c), send_err);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
		assert_int_equal(rig_submit_loose(&c), send_err);
		assert_int_equal(rig_wait(&c), SCMI_E_INVAL);
		assert_int_equal(rig_do(&c), send_err);
		assert_int_equal(c.ends, 0);
		assert_int_equal(rig_stats(r).refused, 3 * (i + 1));
		assert_int_equal(rig_stats(r).quarantined, 0);
		/* No reply is owed, so one that comes is a stranger. */
		assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
		rig_check(r);
	}
	r->script.on_send = script_answer_at_once;
	assert_int_equal(rig_do(&c), SCMI_OK);
	rig_end(r);
}

static int cancel_and_return(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig_call *c = arg;

	(void)s;
	(void)sent;
	assert_int_equal(scmi_agent_cancel(c->rig->agent, &c->call), SCMI_OK);
	/* Not while the sender reads the call: whoever leaves send() runs it. */
	assert_int_equal(c->ends, 0);
	return send_err;
}

/* A cancel has won before send() fails: submit must say 0, or "an error means done never runs" breaks. */
static void cancel_inside_send_wins_whatever_send_returns(void **state)
{
	static const int errors[] = {SCMI_OK, SCMI_E_IO, SCMI_E_BUSY};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_up(RIG_IRQ, 4);
		struct rig_call c;
		uint32_t owed = errors[i] == SCMI_OK ? 1 : 0;

		send_err = errors[i];
		rig_call_init(r, &c);
		r->script.on_send = cancel_and_return;
		r->script.arg = &c;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_ended(&c, SCMI_E_CANCELLED);
		assert_int_equal(rig_stats(r).quarantined, owed);
		assert_int_equal(rig_stats(r).refused, 0);
		c.ends = 0;
		assert_int_equal(rig_submit_loose(&c), SCMI_OK);
		assert_int_equal(rig_wait(&c), SCMI_E_CANCELLED);
		c.ends = 0;
		assert_int_equal(rig_do(&c), SCMI_E_CANCELLED);
		assert_ended(&c, SCMI_E_CANCELLED);
		assert_int_equal(rig_stats(r).quarantined, 3 * owed);
		rig_end(r);
	}
}

static int answer_and_fail(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig_call *c = arg;

	assert_int_equal(script_reply(s, sent, SCMI_SUCCESS, "evil", 4), SCMI_OK);
	assert_int_equal(c->ends, 0);
	return SCMI_E_IO;
}

/* A peer that answers what it was not sent has ended the call: it ends once, with what came. */
static void reply_inside_a_failing_send_ends_the_call_once(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	r->script.on_send = answer_and_fail;
	r->script.arg = &c;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_memory_equal(rig_reply(&c), "evil", 4);
	c.ends = 0;
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(rig_stats(r).refused, 0);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static int lose_link(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig_call *c = arg;

	(void)sent;
	s->sink->link_down(s->core, 0);
	assert_int_equal(c->ends, 0);
	return SCMI_E_LINK;
}

static void link_down_inside_a_failing_send_ends_the_call_once(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	r->script.on_send = lose_link;
	r->script.arg = &c;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(rig_submit(&c), SCMI_E_NOPEER);
	assert_ended(&c, SCMI_E_LINK);
	rig_end(r);
}

/* Time passes inside send(): the reply clock has not started, so nothing times out. */
static int poll_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig_call *c = arg;

	(void)sent;
	*s->clock_us += 10 * UINT64_C(1000000);
	(void)scmi_agent_poll(c->rig->agent, 4);
	assert_int_equal(c->ends, 0);
	return SCMI_OK;
}

static void timeout_does_not_fire_inside_send(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct rig_call first;
	struct rig_call c;

	(void)state;
	/* The slot has had a life with a deadline, which is no deadline of the next. */
	rig_call_init(r, &first);
	first.call.timeout_us = 10;
	assert_int_equal(rig_submit(&first), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	rig_call_init(r, &c);
	r->script.on_send = poll_inside;
	r->script.arg = &c;
	for (int i = 0; i < 4; i++) {
		c.ends = 0;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(c.ends, 0);
		assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
		assert_ended(&c, SCMI_OK);
	}
	rig_end(r);
}

/* Submits inside send(), by the transport or an interrupt that preempts it: each is its own. */
static int submit_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig_call *inner = arg;

	(void)sent;
	s->on_send = NULL;
	assert_int_equal(rig_submit(inner), SCMI_OK);
	return SCMI_OK;
}

static void submit_inside_send_of_another_call_works(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct rig_call outer;
	struct rig_call inner;

	(void)state;
	rig_call_init(r, &outer);
	rig_call_init(r, &inner);
	r->script.on_send = submit_inside;
	r->script.arg = &inner;
	assert_int_equal(rig_submit(&outer), SCMI_OK);
	assert_int_not_equal(script_sent(&r->script, 0)->slot, script_sent(&r->script, 1)->slot);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&outer, SCMI_OK);
	assert_ended(&inner, SCMI_OK);
	rig_end(r);
}

/* The reply came inside send(), and done waits for a poll: the call is not the user's yet. */
static void cancel_of_a_deferred_call_that_was_answered_inside_send_is_in_progress(void **state)
{
	struct rig *r = rig_new(RIG_SYNC, 4);
	struct rig_call c;

	(void)state;
	r->config.flags = SCMI_AGENT_DEFERRED;
	rig_start(r);
	r->script.on_send = script_answer_at_once;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_ended(&c, SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cancel_ends_a_call_in_flight),
		cmocka_unit_test(cancel_of_what_is_not_in_flight_finds_nothing),
		cmocka_unit_test(call_of_another_agent_is_not_found),
		cmocka_unit_test(cancel_of_a_deferred_call_that_was_answered_inside_send_is_in_progress),
		cmocka_unit_test(cancel_in_the_delivery_window_loses),
		cmocka_unit_test(cancel_wakes_the_waiter),
		cmocka_unit_test(send_error_is_returned_and_nothing_is_left),
		cmocka_unit_test(cancel_inside_send_wins_whatever_send_returns),
		cmocka_unit_test(reply_inside_a_failing_send_ends_the_call_once),
		cmocka_unit_test(link_down_inside_a_failing_send_ends_the_call_once),
		cmocka_unit_test(timeout_does_not_fire_inside_send),
		cmocka_unit_test(submit_inside_send_of_another_call_works),
	};

	return cmocka_run_group_tests_name("agent_end", tests, NULL, NULL);
}
