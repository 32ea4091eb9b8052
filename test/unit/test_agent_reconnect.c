/* SPDX-License-Identifier: BSD-3-Clause */
/* Recovery by policy: scmi_agent_poll() recovers a link that is down, or on which nothing can be sent any more. */
#include "reconnect_rig.h"

#include <scmi/message.h>

static void lose(struct rig *r)
{
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
}

static void link_that_is_down_is_recovered_in_time(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = reconnect_rig(way, RIG_IRQ, 2);

		rig_start(r);
		lose(r);
		assert_in_range(scmi_agent_next_deadline(r->agent), r->fake.now_us,
				r->fake.now_us + AGAIN_US + SLACK_US);
		rig_pass(r, AGAIN_US - 1);
		assert_int_equal(tries(r), 0);
		rig_pass(r, SLACK_US);
		assert_int_equal(tries(r), 1);
		assert_int_equal(rig_stats(r).recovered, 1);
		assert_works(r);
		/* It is up: nothing more. */
		for (int i = 0; i < 5; i++)
			rig_pass(r, AGAIN_US);
		assert_int_equal(tries(r), 1);
		rig_end(r);
	}
}

static void be_down(struct script *s, void *arg)
{
	(void)arg;
	if (s->starts == 1)
		s->sink->link_down(s->core, SCMI_E_NOPEER);
}

static void link_that_starts_down_is_recovered(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = reconnect_rig(way, RIG_IRQ, 2);

		r->script.on_start = be_down;
		rig_start(r);
		sleep_by_deadlines(r, AGAIN_US + SLACK_US);
		assert_int_equal(rig_stats(r).recovered, 1);
		assert_works(r);
		rig_end(r);
	}
}

static void without_the_policy_nothing_is_recovered(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	script_recovers(&r->script);
	rig_start(r);
	submit_named(r, &c, 'A', 0);
	rig_pass(r, WIRE_US + SLACK_US);
	for (int i = 0; i < 5; i++)
		rig_pass(r, UINT64_C(1000000000));
	lose(r);
	for (int i = 0; i < 5; i++)
		rig_pass(r, UINT64_C(1000000000));
	assert_int_equal(tries(r), 0);
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	rig_end(r);
}

/* Busy, no peer, an error, or a start that fails: tried again after as long each time, and no loop spins meanwhile. */
static void recovery_that_fails_is_tried_again(void **state)
{
	static const int errs[] = {SCMI_E_BUSY, SCMI_E_NOPEER, SCMI_E_IO};

	(void)state;
	for (int i = 0; i < 6; i++) {
		enum way way = i < 3 ? BY_ITSELF : BY_RESTART;
		struct rig *r = reconnect_rig(way, RIG_IRQ, 2);

		rig_start(r);
		if (way == BY_ITSELF)
			r->script.recover_err = errs[i % 3];
		else
			r->script.start_err = errs[i % 3];
		lose(r);
		for (unsigned n = 1; n < 6; n++) {
			sleep_by_deadlines(r, AGAIN_US + SLACK_US);
			assert_int_equal(tries(r), n);
		}
		assert_int_equal(rig_stats(r).recovered, 0);
		r->script.recover_err = SCMI_OK;
		r->script.start_err = SCMI_OK;
		sleep_by_deadlines(r, AGAIN_US + SLACK_US);
		assert_int_equal(tries(r), 6);
		assert_int_equal(rig_stats(r).recovered, 1);
		assert_works(r);
		sleep_by_deadlines(r, 5 * AGAIN_US);
		assert_int_equal(tries(r), 6);
		rig_end(r);
	}
}

static void peer_that_comes_back_by_itself_is_left_alone(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = reconnect_rig(way, RIG_IRQ, 2);

		rig_start(r);
		lose(r);
		rig_pass(r, AGAIN_US / 2);
		r->script.sink->ready(r->script.core);
		assert_works(r);
		sleep_by_deadlines(r, 3 * AGAIN_US);
		assert_int_equal(tries(r), 0);
		/* Lost again: its time begins anew. */
		lose(r);
		rig_pass(r, AGAIN_US - 1);
		assert_int_equal(tries(r), 0);
		rig_pass(r, SLACK_US);
		assert_int_equal(tries(r), 1);
		rig_end(r);
	}
}

/* ---- stuck ---- */

/* Every slot is owed a reply that does not come. */
static void pool_that_is_owed_is_recovered(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = reconnect_rig(way, RIG_IRQ, 4);
		struct rig_call c[4];

		rig_start(r);
		for (int i = 0; i < 4; i++)
			submit_named(r, &c[i], (char)('A' + i), 0);
		sleep_by_deadlines(r, WIRE_US + SLACK_US);
		for (int i = 0; i < 4; i++)
			assert_ended(&c[i], SCMI_E_TIMEOUT);
		rig_named(r, &c[0], 'E', SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_BUSY);
		sleep_by_deadlines(r, AGAIN_US - 2 * SLACK_US);
		assert_int_equal(tries(r), 0);
		sleep_by_deadlines(r, 3 * SLACK_US);
		assert_int_equal(tries(r), 1);
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_works(r);
		rig_end(r);
	}
}

/* By cancel, of calls whose time never ends: there is no other reason to look. */
static void pool_that_was_cancelled_is_recovered(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 2);
	struct rig_call c[2];

	(void)state;
	rig_start(r);
	for (int i = 0; i < 2; i++) {
		rig_named(r, &c[i], (char)('A' + i), 0);
		c[i].call.timeout_us = SCMI_FOREVER;
		assert_int_equal(i == 0 ? rig_submit(&c[i]) : rig_submit_loose(&c[i]), SCMI_OK);
	}
	assert_int_equal(scmi_agent_cancel_all(r->agent), 2);
	assert_int_equal(rig_wait(&c[1]), SCMI_E_CANCELLED);
	sleep_by_deadlines(r, AGAIN_US - SLACK_US);
	assert_int_equal(tries(r), 0);
	sleep_by_deadlines(r, AGAIN_US + 3 * SLACK_US);
	assert_int_equal(tries(r), 1);
	assert_works(r);
	rig_end(r);
}

static void pool_with_a_free_slot_is_not_stuck(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 4);
	struct rig_call c[3];

	(void)state;
	rig_start(r);
	for (int i = 0; i < 3; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	sleep_by_deadlines(r, 3 * AGAIN_US);
	assert_int_equal(tries(r), 0);
	assert_int_equal(rig_stats(r).quarantined, 3);
	rig_end(r);
}

/* Three are owed; of the fourth a reply may come, until its time is over, too. */
static void pool_with_a_call_in_flight_is_not_stuck(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 4);
	struct rig_call c[4];

	(void)state;
	rig_start(r);
	rig_named(r, &c[3], 'D', 0);
	c[3].call.timeout_us = 3 * AGAIN_US;
	assert_int_equal(rig_submit(&c[3]), SCMI_OK);
	for (int i = 0; i < 3; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	sleep_by_deadlines(r, 3 * AGAIN_US - SLACK_US);
	assert_int_equal(tries(r), 0);
	sleep_by_deadlines(r, AGAIN_US + 4 * SLACK_US);
	assert_ended(&c[3], SCMI_E_TIMEOUT);
	assert_int_equal(tries(r), 1);
	rig_end(r);
}

/* One is owed, the other one is in the transport's hands: it will come back. */
static void pool_with_an_acquired_transfer_is_not_stuck(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 2);
	struct rig_call c[2];
	struct scmi_xfer x;

	(void)state;
	rig_start(r);
	for (int i = 0; i < 2; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	assert_int_equal(script_acquire(&r->script, script_named(&r->script, 'B')->hdr, &x, NULL), SCMI_OK);
	sleep_by_deadlines(r, 3 * AGAIN_US);
	assert_ended(&c[1], SCMI_E_TIMEOUT);
	assert_int_equal(tries(r), 0);
	script_release(&r->script, &x);
	assert_works(r);
	rig_end(r);
}

/* Free slots for urgent calls are no help to the others. */
static void pool_with_a_free_reserved_slot_is_stuck(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 4);
	struct rig_call c[3];

	(void)state;
	r->config.options.reserved = 1;
	rig_start(r);
	for (int i = 0; i < 3; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	sleep_by_deadlines(r, WIRE_US + AGAIN_US + 3 * SLACK_US);
	assert_int_equal(tries(r), 1);
	assert_works(r);
	rig_end(r);
}

static void late_reply_before_its_time_makes_it_needless(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_start(r);
	submit_named(r, &c, 'A', 0);
	sleep_by_deadlines(r, WIRE_US + AGAIN_US / 2);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	sleep_by_deadlines(r, 3 * AGAIN_US);
	assert_int_equal(tries(r), 0);
	rig_end(r);
}

/* ---- with others ---- */

static void each_link_is_recovered_by_its_own_policy(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 2);
	struct script *second = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 2);
	struct script *third = rig_link(r, SCMI_PROTOCOL_PERF, RIG_IRQ, 2);

	(void)state;
	script_recovers(second);
	script_recovers(third);
	r->links[1].options.reconnect_us = 3 * AGAIN_US;
	rig_start(r);
	lose(r);
	second->sink->link_down(second->core, SCMI_E_LINK);
	third->sink->link_down(third->core, SCMI_E_LINK);
	sleep_by_deadlines(r, AGAIN_US + SLACK_US);
	assert_int_equal(r->script.recovers, 1);
	assert_int_equal(third->recovers, 0);
	sleep_by_deadlines(r, 2 * AGAIN_US + SLACK_US);
	assert_int_equal(third->recovers, 1);
	sleep_by_deadlines(r, 3 * AGAIN_US);
	assert_int_equal(r->script.recovers, 1);
	assert_int_equal(second->recovers, 0);
	assert_int_equal(third->recovers, 1);
	assert_int_equal(rig_link_stats(r, 0).recovered, 1);
	assert_int_equal(rig_link_stats(r, 1).recovered, 0);
	assert_int_equal(rig_link_stats(r, 2).recovered, 1);
	rig_end(r);
}

static void start_forgets_what_was_to_be_recovered(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 2);

	(void)state;
	rig_start(r);
	lose(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	rig_pass(r, AGAIN_US + SLACK_US);
	rig_start(r);
	rig_pass(r, AGAIN_US + SLACK_US);
	assert_int_equal(r->script.recovers, 0);
	assert_works(r);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_that_is_down_is_recovered_in_time),
		cmocka_unit_test(link_that_starts_down_is_recovered),
		cmocka_unit_test(without_the_policy_nothing_is_recovered),
		cmocka_unit_test(recovery_that_fails_is_tried_again),
		cmocka_unit_test(peer_that_comes_back_by_itself_is_left_alone),
		cmocka_unit_test(pool_that_is_owed_is_recovered),
		cmocka_unit_test(pool_that_was_cancelled_is_recovered),
		cmocka_unit_test(pool_with_a_free_slot_is_not_stuck),
		cmocka_unit_test(pool_with_a_call_in_flight_is_not_stuck),
		cmocka_unit_test(pool_with_an_acquired_transfer_is_not_stuck),
		cmocka_unit_test(pool_with_a_free_reserved_slot_is_stuck),
		cmocka_unit_test(late_reply_before_its_time_makes_it_needless),
		cmocka_unit_test(each_link_is_recovered_by_its_own_policy),
		cmocka_unit_test(start_forgets_what_was_to_be_recovered),
	};

	return cmocka_run_group_tests_name("agent_reconnect", tests, NULL, NULL);
}
