/* SPDX-License-Identifier: BSD-3-Clause */
/* Who waits for a slot: how long it sleeps, and that it hears of what comes. */
#include "agent_rig.h"

#define QUEUE_US 10000u

/*
 * Who waits for a slot looks again and again only where one may have been freed that it did not hear of: not for the
 * sake of a slot that it must not take, but for each that it may.
 */
static void waiter_for_a_slot_sleeps_through_unless_one_may_come_unheard(void **state)
{
	(void)state;
	for (uint32_t unheard = 0; unheard < 4; unheard++) {
		struct rig *r = rig_new(RIG_IRQ, 4);
		struct rig_call c[4];

		r->config.flags = SCMI_AGENT_DEFERRED;
		r->config.options.reserved = 1;
		r->config.options.queue_timeout_us = QUEUE_US;
		rig_start(r);
		for (uint32_t i = 0; i < 3; i++) {
			rig_named(r, &c[i], (char)('A' + i), SCMI_CALL_NOWAIT);
			c[i].call.timeout_us = SCMI_FOREVER;
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		/* It has ended, and who lets its done function run is about to give the slot back. */
		if (unheard < 3)
			script_answer(&r->script, (char)('A' + unheard));
		rig_named(r, &c[3], 'D', 0);
		assert_int_equal(rig_do(&c[3]), SCMI_E_TIMEOUT);
		if (unheard < 3)
			assert_in_range(r->fake.calls.event_wait, 5, 100);
		else
			assert_int_equal(r->fake.calls.event_wait, 1);
		(void)scmi_agent_cancel_all(r->agent);
		(void)scmi_agent_poll(r->agent, 1);
		rig_end(r);
	}
}

/* ---- beside a fence ---- */

struct beside {
	struct rig *r;
	struct rig_call *first;
	unsigned turns;
};

/* What others do while the waiter sleeps: each time one thing. */
static void act(struct fake_port *fake, void *arg)
{
	struct beside *b = arg;

	(void)fake;
	switch (b->turns++) {
	case 0: /* the fence goes out, and no slot is free: the first call's is owed a reply */
		assert_int_equal(scmi_agent_cancel(b->r->agent, &b->first->call), SCMI_OK);
		script_assert_sent(&b->r->script, "AF");
		break;
	case 1:
		script_answer(&b->r->script, 'F');
		break;
	default:
		script_answer(&b->r->script, 'W');
		break;
	}
}

/* It is told of a slot also when the fence that stood in the queue has gone. */
static void waiter_for_a_slot_is_told_when_a_fence_has_passed(void **state)
{
	struct rig *r = rig_up(RIG_SERIAL, 2);
	struct rig_call first;
	struct rig_call fence;
	struct rig_call waits;
	struct beside b = {.r = r, .first = &first};
	uint64_t began_us = r->fake.now_us;

	(void)state;
	rig_named(r, &first, 'A', 0);
	rig_named(r, &fence, 'F', SCMI_CALL_FENCE);
	rig_named(r, &waits, 'W', 0);
	first.call.timeout_us = SCMI_FOREVER;
	assert_int_equal(rig_submit(&first), SCMI_OK);
	assert_int_equal(rig_submit(&fence), SCMI_OK);
	r->fake.on_wait = act;
	r->fake.arg = &b;
	assert_int_equal(rig_do(&waits), SCMI_OK);
	assert_true(r->fake.now_us == began_us);
	assert_int_equal(b.turns, 3);
	assert_ended(&first, SCMI_E_CANCELLED);
	assert_ended(&fence, SCMI_OK);
	r->fake.on_wait = NULL;
	assert_int_equal(script_reply(&r->script, script_named(&r->script, 'A'), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiter_for_a_slot_sleeps_through_unless_one_may_come_unheard),
		cmocka_unit_test(waiter_for_a_slot_is_told_when_a_fence_has_passed),
	};

	return cmocka_run_group_tests_name("agent_hungry", tests, NULL, NULL);
}
