/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Quarantine: a slot whose reply is still owed stays out of use until the reply has come, or its lateness has run out.
 */
#include "agent_rig.h"

enum { SLOTS = 4 };

/* Fills the pool, lets all of it time out, and leaves every slot owed. */
static void fill_and_time_out(struct rig *r, struct rig_call *c)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		rig_call_init(r, &c[i]);
		c[i].call.timeout_us = 1000;
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	r->fake.now_us += 1000;
	(void)scmi_agent_poll(r->agent, 1);
	for (unsigned i = 0; i < SLOTS; i++)
		assert_ended(&c[i], SCMI_E_TIMEOUT);
}

static void quarantine_holds_a_slot_until_its_late_reply(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, SLOTS);
	struct rig_call c[SLOTS];
	struct rig_call more;

	(void)state;
	fill_and_time_out(r, c);
	rig_call_init(r, &more);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_int_equal(rig_stats(r).quarantined, SLOTS - i);
		assert_int_equal(rig_submit(&more), i == 0 ? SCMI_E_BUSY : SCMI_OK);
		if (i != 0) {
			/* The slot that came back is the one whose reply came, in a new epoch. */
			assert_int_equal(script_last(&r->script)->slot,
					 script_sent(&r->script, i == 1 ? 0 : i - 1)->slot);
			assert_int_not_equal(script_last(&r->script)->token, script_sent(&r->script, i - 1)->token);
			assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0),
					 SCMI_OK);
		}
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).late, i + 1);
	}
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(rig_stats(r).no_slot, 1);
	assert_int_equal(more.ends, SLOTS - 1);
	for (unsigned i = 0; i < SLOTS; i++)
		assert_ended(&c[i], SCMI_E_TIMEOUT);
	rig_end(r);
}

static void quarantine_of_the_whole_pool_ends_with_the_late_replies(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, SLOTS);
	struct rig_call c[SLOTS];

	(void)state;
	for (unsigned round = 0; round < 50; round++) {
		fill_and_time_out(r, c);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_BUSY);
		for (unsigned i = SLOTS; i != 0; i--)
			assert_int_equal(script_reply(&r->script, script_sent(&r->script, round * SLOTS + i - 1),
						      SCMI_SUCCESS, NULL, 0),
					 SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).quarantined, 0);
	}
	rig_end(r);
}

/* A second late reply is not a second debt: it must not free the slot under its next life. */
static void quarantine_is_settled_once(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct script_sent first;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	first = *script_last(&r->script);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_ended(&c, SCMI_E_CANCELLED);
	assert_int_equal(script_reply(&r->script, &first, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(script_reply(&r->script, &first, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).late, 1);
	assert_int_equal(rig_stats(r).duplicate, 1);
	c.ends = 0;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, &first, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).in_flight, 1);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void quarantine_is_ended_by_settle(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, SLOTS);
	struct rig_call c[SLOTS];

	(void)state;
	fill_and_time_out(r, c);
	for (unsigned i = 0; i < SLOTS; i++) {
		assert_int_equal(script_settle(&r->script, script_sent(&r->script, i)->token, SCMI_E_IO), SCMI_OK);
		assert_int_equal(rig_stats(r).quarantined, SLOTS - i - 1);
		assert_ended(&c[i], SCMI_E_TIMEOUT);
	}
	assert_int_equal(rig_stats(r).settled, SLOTS);
	assert_int_equal(rig_stats(r).late, 0);
	rig_end(r);
}

/* Without the promise time alone ends nothing. */
static void quarantine_without_lateness_never_ends_by_time(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, SLOTS);
	struct rig_call c[SLOTS];

	(void)state;
	fill_and_time_out(r, c);
	for (int i = 0; i < 100; i++) {
		r->fake.now_us += UINT64_C(3600000000);
		(void)scmi_agent_poll(r->agent, 1);
	}
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	assert_int_equal(rig_stats(r).quarantined, SLOTS);
	assert_int_equal(rig_stats(r).expired, 0);
	rig_end(r);
}

static struct rig *lateness_rig(uint32_t lateness_us, uint32_t slots)
{
	struct rig *r = rig_new(RIG_IRQ, slots);

	r->config.options.lateness_us = lateness_us;
	rig_start(r);
	return r;
}

/* An agent that is polled when next_deadline says so: returns when the quarantine has ended. */
static uint64_t poll_to_the_end(struct rig *r, uint64_t limit_us)
{
	for (;;) {
		uint64_t next_us = scmi_agent_next_deadline(r->agent);

		if (next_us == SCMI_NEVER || rig_stats(r).quarantined == 0)
			return r->fake.now_us;
		assert_true(next_us <= limit_us);
		if (r->fake.now_us < next_us)
			r->fake.now_us = next_us;
		(void)scmi_agent_poll(r->agent, 1);
	}
}

static void lateness_frees_after_it_has_run_out_and_not_before(void **state)
{
	static const uint32_t times[] = {1, 3, 4, 5, 1000, 999999, 3600000000u};

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct rig *r = lateness_rig(times[i], SLOTS);
		struct rig_call c[SLOTS];
		uint64_t ended_us;

		fill_and_time_out(r, c);
		ended_us = r->fake.now_us;
		(void)scmi_agent_poll(r->agent, 1);
		r->fake.now_us = ended_us + times[i] - 1;
		(void)scmi_agent_poll(r->agent, 1);
		assert_int_equal(rig_stats(r).quarantined, SLOTS);
		assert_int_equal(rig_stats(r).expired, 0);
		assert_true(poll_to_the_end(r, ended_us + times[i] + 12) >= ended_us + times[i]);
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).expired, SLOTS);
		rig_check(r);
		/* Later than promised: it finds nobody, whether the slot is in use again or not. */
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, 0), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
		rig_end(r);
	}
}

static void lateness_that_runs_brings_the_slots_back(void **state)
{
	struct rig *r = lateness_rig(500, SLOTS);
	struct rig_call c[SLOTS];

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		fill_and_time_out(r, c);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_BUSY);
		(void)poll_to_the_end(r, r->fake.now_us + 512);
		assert_int_equal(rig_stats(r).expired, (round + 1) * SLOTS);
	}
	rig_end(r);
}

static void lateness_ends_early_with_the_late_reply(void **state)
{
	struct rig *r = lateness_rig(500, SLOTS);
	struct rig_call c[SLOTS];

	(void)state;
	fill_and_time_out(r, c);
	(void)scmi_agent_poll(r->agent, 1);
	for (unsigned i = 0; i < SLOTS; i++)
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(rig_stats(r).late, SLOTS);
	r->fake.now_us += 10000;
	(void)scmi_agent_poll(r->agent, 1);
	(void)scmi_agent_poll(r->agent, 1);
	assert_int_equal(rig_stats(r).expired, 0);
	/* What was stamped for the old life is not the deadline of the next one. */
	c[0].ends = 0;
	c[0].call.timeout_us = 100000;
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	r->fake.now_us += 99999;
	(void)scmi_agent_poll(r->agent, 1);
	assert_int_equal(c[0].ends, 0);
	r->fake.now_us += 1;
	(void)scmi_agent_poll(r->agent, 1);
	assert_ended(&c[0], SCMI_E_TIMEOUT);
	rig_end(r);
}

/* A cancelled call's slot is promised back too, counted from the cancel. */
static void lateness_counts_from_the_cancel(void **state)
{
	struct rig *r = lateness_rig(500, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	r->fake.now_us += 300;
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_true(scmi_agent_next_deadline(r->agent) <= r->fake.now_us + 500);
	assert_true(poll_to_the_end(r, 1000300 + 512) >= 1000300 + 500);
	assert_int_equal(rig_stats(r).expired, 1);
	rig_end(r);
}

/* Ticks are 32 bits of 4 us, and 0 is none of them: a quarantine that ends where they go round ends all the same. */
static void lateness_ends_where_ticks_go_round(void **state)
{
	const uint64_t round_us = UINT64_C(4) << 32;

	(void)state;
	for (uint64_t before_us = 480; before_us <= 520; before_us++) {
		struct rig *r = lateness_rig(500, 1);
		uint64_t ended_us = round_us - before_us;
		struct rig_call c;

		rig_call_init(r, &c);
		c.call.timeout_us = SCMI_FOREVER;
		r->fake.now_us = ended_us;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
		(void)scmi_agent_poll(r->agent, 1);
		assert_true(poll_to_the_end(r, ended_us + 516) >= ended_us + 500);
		assert_int_equal(rig_stats(r).expired, 1);
		rig_end(r);
	}
}

/* A call whose end nobody has heard yet keeps its slot, whatever its lateness. */
static void lateness_does_not_free_a_slot_that_is_to_be_waited_for(void **state)
{
	struct rig *r = lateness_rig(500, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = 100;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	for (int i = 0; i < 10; i++) {
		r->fake.now_us += 10000;
		(void)scmi_agent_poll(r->agent, 1);
	}
	assert_int_equal(rig_stats(r).expired, 0);
	assert_int_equal(rig_wait(&c), SCMI_E_TIMEOUT);
	assert_int_equal(rig_stats(r).quarantined, 1);
	(void)poll_to_the_end(r, r->fake.now_us + 512);
	assert_int_equal(rig_stats(r).expired, 1);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quarantine_holds_a_slot_until_its_late_reply),
		cmocka_unit_test(quarantine_of_the_whole_pool_ends_with_the_late_replies),
		cmocka_unit_test(quarantine_is_settled_once),
		cmocka_unit_test(quarantine_is_ended_by_settle),
		cmocka_unit_test(quarantine_without_lateness_never_ends_by_time),
		cmocka_unit_test(lateness_frees_after_it_has_run_out_and_not_before),
		cmocka_unit_test(lateness_that_runs_brings_the_slots_back),
		cmocka_unit_test(lateness_ends_early_with_the_late_reply),
		cmocka_unit_test(lateness_counts_from_the_cancel),
		cmocka_unit_test(lateness_ends_where_ticks_go_round),
		cmocka_unit_test(lateness_does_not_free_a_slot_that_is_to_be_waited_for),
	};

	return cmocka_run_group_tests_name("agent_late", tests, NULL, NULL);
}
