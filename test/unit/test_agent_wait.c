/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a call that was submitted without a done function, and who sleeps where meanwhile. */
#include "agent_rig.h"

static void answer_last(struct rig *r)
{
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
}

static void answer_from_another_context(struct fake_port *fake, void *arg)
{
	(void)fake;
	answer_last(arg);
}

static void answer_from_the_peer(struct script *s, void *arg)
{
	(void)arg;
	script_post_reply(s, script_last(s), SCMI_SUCCESS);
}

static void wait_returns_what_came_before(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	answer_last(r);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_int_equal(r->fake.calls.event_wait, 0);
	rig_end(r);
}

static void wait_sleeps_on_an_event_where_the_transport_delivers_by_itself(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	r->fake.on_wait = answer_from_another_context;
	r->fake.arg = r;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_int_equal(r->fake.calls.event_wait, 1);
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(r->fake.calls.event_wait, 2);
	assert_int_equal(r->fake.now_us, 1000000);
	assert_int_equal(c.ends, 2);
	rig_end(r);
}

static void wait_sleeps_in_a_transport_that_can_wait(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call c;

	(void)state;
	r->script.on_wait = answer_from_the_peer;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_int_equal(r->script.waits, 1);
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(r->script.waits, 2);
	assert_int_equal(r->fake.calls.event_wait, 0);
	assert_int_equal(c.ends, 2);
	rig_end(r);
}

/* An ender from another context must get the leader out of the transport. */
static void cancel_in_wait(struct script *s, void *arg)
{
	struct rig_call *c = arg;

	(void)s;
	assert_int_equal(scmi_agent_cancel(c->rig->agent, &c->call), SCMI_OK);
}

static void wait_in_the_transport_is_woken_by_a_cancel(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	r->script.on_wait = cancel_in_wait;
	r->script.arg = &c;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_E_CANCELLED);
	assert_int_equal(r->script.wakes, 1);
	assert_ended(&c, SCMI_E_CANCELLED);
	rig_end(r);
}

static void wait_until_zero_looks_once(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_WAIT, RIG_POLL};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_up(kinds[i], 4);
		struct rig_call c;

		rig_call_init(r, &c);
		assert_int_equal(rig_submit_loose(&c), SCMI_OK);
		assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INPROGRESS);
		assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INPROGRESS);
		assert_int_equal(r->fake.now_us, 1000000);
		assert_int_equal(r->fake.calls.event_wait + r->script.waits + r->fake.calls.relax, 0);
		if ((kinds[i] & SCMI_CAP_POLL) != 0)
			script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
		else
			answer_last(r);
		assert_int_equal(rig_wait_until(&c, 0), SCMI_OK);
		rig_end(r);
	}
}

static void wait_until_sleeps_no_longer_and_leaves_the_call_live(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_WAIT, RIG_SYNC};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_up(kinds[i], 4);
		struct rig_call c;

		rig_call_init(r, &c);
		c.call.timeout_us = 5000;
		assert_int_equal(rig_submit_loose(&c), SCMI_OK);
		assert_int_equal(rig_wait_until(&c, 1002001), SCMI_E_INPROGRESS);
		assert_int_equal(r->fake.now_us, 1002001);
		assert_int_equal(rig_wait_until(&c, 1002001), SCMI_E_INPROGRESS);
		assert_int_equal(rig_wait_until(&c, 1009000), SCMI_E_TIMEOUT);
		assert_int_equal(r->fake.now_us, 1005000);
		assert_ended(&c, SCMI_E_TIMEOUT);
		rig_end(r);
	}
}

static void wait_until_then_cancel_then_wait(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait_until(&c, 1000001), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(rig_wait(&c), SCMI_E_CANCELLED);
	assert_ended(&c, SCMI_E_CANCELLED);
	rig_end(r);
}

static void wait_for_what_was_never_submitted_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_wait(&c), SCMI_E_INVAL);
	assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INVAL);
	/* Nor for one whose submit failed. */
	c.call.params_len = SCRIPT_PAYLOAD + 1;
	c.call.params = &c;
	assert_int_equal(rig_submit_loose(&c), SCMI_E_TOOBIG);
	assert_int_equal(rig_wait(&c), SCMI_E_INVAL);
	rig_end(r);
}

static void wait_after_the_end_was_told_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	answer_last(r);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_E_INVAL);
	assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INVAL);
	r->fake.on_wait = answer_from_another_context;
	r->fake.arg = r;
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_E_INVAL);
	assert_int_equal(c.ends, 2);
	rig_end(r);
}

static void wait_a_second_time(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;

	(void)fake;
	assert_int_equal(rig_wait(c), SCMI_E_INVAL);
	assert_int_equal(rig_wait_until(c, 0), SCMI_E_INVAL);
	answer_last(c->rig);
}

static void wait_beside_another_waiter_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	r->fake.on_wait = wait_a_second_time;
	r->fake.arg = &c;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void wait_with_spin_turns_polls_that_often_before_it_sleeps(void **state)
{
	struct rig *r = rig_new(RIG_WAIT, 4);
	struct rig_call c;

	(void)state;
	r->config.spin_turns = 25;
	rig_start(r);
	r->script.on_wait = answer_from_the_peer;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_int_equal(r->fake.calls.relax, 25);
	assert_int_equal(r->script.waits, 1);
	/* A reply that comes while it spins saves the sleep. */
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_int_equal(r->script.waits, 1);
	assert_int_equal(c.ends, 2);
	rig_end(r);
}

/* More contexts wait than there are events: the rest poll with relax(), and end like all others. */
static void wait_as_one_too_many(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;
	unsigned relaxed = fake->calls.relax;

	if (c->ends != 0)
		return;
	fake->step_us = 10;
	assert_int_equal(rig_do(c), SCMI_E_TIMEOUT);
	assert_true(fake->calls.relax > relaxed);
	fake->step_us = 0;
}

static void wait_without_a_free_event_polls(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct rig_call outer;
	struct rig_call inner;

	(void)state;
	r->config.max_waiters = 1;
	rig_start(r);
	rig_call_init(r, &outer);
	rig_call_init(r, &inner);
	outer.call.timeout_us = 500;
	inner.call.timeout_us = 300;
	r->fake.on_wait = wait_as_one_too_many;
	r->fake.arg = &inner;
	assert_int_equal(rig_do(&outer), SCMI_E_TIMEOUT);
	assert_ended(&outer, SCMI_E_TIMEOUT);
	assert_ended(&inner, SCMI_E_TIMEOUT);
	assert_int_equal(r->fake.calls.event_init, 1);
	rig_end(r);
}

/* The leader runs strangers' done functions while it waits. */
static void answer_both(struct script *s, void *arg)
{
	(void)arg;
	script_post_reply(s, script_sent(s, 0), SCMI_SUCCESS);
	script_post_reply(s, script_sent(s, 1), SCMI_SUCCESS);
}

static void wait_delivers_what_comes_for_others(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call stranger;
	struct rig_call own;

	(void)state;
	rig_call_init(r, &stranger);
	rig_call_init(r, &own);
	r->script.on_wait = answer_both;
	assert_int_equal(rig_submit(&stranger), SCMI_OK);
	assert_int_equal(rig_do(&own), SCMI_OK);
	assert_ended(&stranger, SCMI_OK);
	assert_ended(&own, SCMI_OK);
	rig_end(r);
}

/* And it ends at their time the calls of others that have no answer. */
static void wait_times_out_others(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call stranger;
	struct rig_call own;

	(void)state;
	rig_call_init(r, &stranger);
	rig_call_init(r, &own);
	stranger.call.timeout_us = 100;
	own.call.timeout_us = 200;
	assert_int_equal(rig_submit(&stranger), SCMI_OK);
	assert_int_equal(rig_do(&own), SCMI_E_TIMEOUT);
	assert_ended(&stranger, SCMI_E_TIMEOUT);
	assert_int_equal(r->fake.now_us, 1000200);
	rig_end(r);
}

/* While the leader sleeps another context submits what times out earlier: the leader must look again. */
static void submit_shorter_in_wait(struct script *s, void *arg)
{
	struct rig_call *c = arg;

	if (s->waits == 1)
		assert_int_equal(rig_submit(c), SCMI_OK);
}

static void submit_shorter_on_event(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;

	if (fake->calls.event_wait == 1)
		assert_int_equal(rig_submit(c), SCMI_OK);
}

static void assert_in_time(struct rig_call *c)
{
	assert_int_equal(c->rig->fake.now_us, 1000100);
}

static void wait_is_woken_by_an_earlier_deadline(void **state)
{
	static const uint32_t kinds[] = {RIG_WAIT, RIG_IRQ};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = rig_up(kinds[i], 4);
		struct rig_call shorter;
		struct rig_call own;

		rig_call_init(r, &shorter);
		rig_call_init(r, &own);
		shorter.call.timeout_us = 100;
		shorter.then = assert_in_time;
		own.call.timeout_us = 10000;
		r->script.on_wait = submit_shorter_in_wait;
		r->script.arg = &shorter;
		r->fake.on_wait = submit_shorter_on_event;
		r->fake.arg = &shorter;
		assert_int_equal(rig_submit_loose(&own), SCMI_OK);
		assert_int_equal(rig_wait_until(&own, 1000200), SCMI_E_INPROGRESS);
		assert_ended(&shorter, SCMI_E_TIMEOUT);
		assert_int_equal(scmi_agent_cancel(r->agent, &own.call), SCMI_OK);
		assert_int_equal(rig_wait(&own), SCMI_E_CANCELLED);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wait_returns_what_came_before),
		cmocka_unit_test(wait_sleeps_on_an_event_where_the_transport_delivers_by_itself),
		cmocka_unit_test(wait_sleeps_in_a_transport_that_can_wait),
		cmocka_unit_test(wait_in_the_transport_is_woken_by_a_cancel),
		cmocka_unit_test(wait_until_zero_looks_once),
		cmocka_unit_test(wait_until_sleeps_no_longer_and_leaves_the_call_live),
		cmocka_unit_test(wait_until_then_cancel_then_wait),
		cmocka_unit_test(wait_for_what_was_never_submitted_is_refused),
		cmocka_unit_test(wait_after_the_end_was_told_is_refused),
		cmocka_unit_test(wait_beside_another_waiter_is_refused),
		cmocka_unit_test(wait_with_spin_turns_polls_that_often_before_it_sleeps),
		cmocka_unit_test(wait_without_a_free_event_polls),
		cmocka_unit_test(wait_delivers_what_comes_for_others),
		cmocka_unit_test(wait_times_out_others),
		cmocka_unit_test(wait_is_woken_by_an_earlier_deadline),
	};

	return cmocka_run_group_tests_name("agent_wait", tests, NULL, NULL);
}
