/* SPDX-License-Identifier: BSD-3-Clause */
/* Time-outs by a clock that the test sets: when they fire, never early, and what a reply that is there in time does. */
#include "agent_rig.h"

#define TICK_US 4u /* a time-out fires at the first multiple of this that is not before its time */

static uint64_t tick_up(uint64_t us)
{
	return (us + TICK_US - 1) / TICK_US * TICK_US;
}

/* Nothing ends a microsecond before at_us, and c does at it. */
static void assert_times_out_at(struct rig_call *c, uint64_t at_us)
{
	struct rig *r = c->rig;

	assert_true(scmi_agent_next_deadline(r->agent) <= at_us);
	r->fake.now_us = at_us - 1;
	assert_int_equal(scmi_agent_poll(r->agent, 1), 0);
	assert_int_equal(c->ends, 0);
	assert_int_equal(scmi_agent_next_deadline(r->agent), at_us);
	r->fake.now_us = at_us;
	(void)scmi_agent_poll(r->agent, 1);
	assert_ended(c, SCMI_E_TIMEOUT);
}

static void timeout_fires_at_its_tick_and_not_a_microsecond_before(void **state)
{
	(void)state;
	for (uint32_t timeout_us = 1; timeout_us <= 33; timeout_us++) {
		for (uint64_t from = 1000000; from < 1000000 + TICK_US; from++) {
			struct rig *r = rig_up(RIG_IRQ, 1);
			struct rig_call c;

			r->fake.now_us = from;
			rig_call_init(r, &c);
			c.call.timeout_us = timeout_us;
			assert_int_equal(rig_submit(&c), SCMI_OK);
			assert_times_out_at(&c, tick_up(from + timeout_us));
			rig_end(r);
		}
	}
}

static void timeout_of_zero_is_the_transports_or_30_ms(void **state)
{
	static const uint32_t defaults[] = {0, 5000};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = rig_new(RIG_IRQ, 1);
		struct rig_call c;

		r->script.transport.timeout_us = defaults[i];
		rig_start(r);
		rig_call_init(r, &c);
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_times_out_at(&c, 1000000 + (defaults[i] != 0 ? defaults[i] : SCMI_TIMEOUT_DEFAULT_US));
		rig_end(r);
	}
}

static void timeout_forever_never_fires(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	for (int i = 0; i < 100; i++) {
		r->fake.now_us += UINT64_C(3600000000);
		(void)scmi_agent_poll(r->agent, 1);
	}
	assert_int_equal(c.ends, 0);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void timeout_of_over_an_hour_fires(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER - 1;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_times_out_at(&c, tick_up(UINT64_C(1000000) + SCMI_FOREVER - 1));
	rig_end(r);
}

static void deadline_bounds_the_timeout_and_forever(void **state)
{
	static const uint32_t timeouts[] = {0, 5000, SCMI_FOREVER};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_up(RIG_IRQ, 1);
		struct rig_call c;

		rig_call_init(r, &c);
		c.call.timeout_us = timeouts[i];
		c.call.deadline_us = 1000000 + 3001;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_times_out_at(&c, 1000000 + 3004);
		rig_end(r);
	}
}

static void deadline_after_the_timeout_does_not_stretch_it(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = 500;
	c.call.deadline_us = r->fake.now_us + UINT64_C(7200000000);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_times_out_at(&c, 1000500);
	rig_end(r);
}

static void deadline_two_hours_ahead_fires(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	c.call.deadline_us = r->fake.now_us + UINT64_C(7200000000);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_times_out_at(&c, c.call.deadline_us);
	rig_end(r);
}

/* Nothing is sent whose time is over. */
static void deadline_in_the_past_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.deadline_us = 1;
	assert_int_equal(rig_submit(&c), SCMI_E_TIMEOUT);
	assert_int_equal(r->script.sends, 0);
	c.call.deadline_us = r->fake.now_us;
	assert_int_equal(rig_submit(&c), SCMI_E_TIMEOUT);
	c.call.deadline_us++;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(c.ends, 0);
	r->fake.now_us += 5;
	(void)scmi_agent_poll(r->agent, 1);
	assert_ended(&c, SCMI_E_TIMEOUT);
	rig_end(r);
}

static int slow_send(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)sent;
	(void)arg;
	*s->clock_us += 700;
	return SCMI_OK;
}

static void timeout_counts_from_the_wire_and_not_from_submit(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	r->script.on_send = slow_send;
	rig_call_init(r, &c);
	c.call.timeout_us = 400;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_times_out_at(&c, 1000000 + 700 + 400);
	rig_end(r);
}

static void timeouts_fire_each_in_its_turn(void **state)
{
	static const uint32_t order[] = {5, 1, 7, 0, 3, 6, 2, 4};
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call c[8];

	(void)state;
	for (uint32_t i = 0; i < 8; i++) {
		rig_call_init(r, &c[i]);
		c[i].call.timeout_us = 1000 * (i + 1);
	}
	for (uint32_t i = 0; i < 8; i++)
		assert_int_equal(rig_submit(&c[order[i]]), SCMI_OK);
	for (uint32_t i = 0; i < 8; i++)
		assert_times_out_at(&c[i], 1000000 + 1000 * (i + 1));
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	rig_end(r);
}

/* The clock of the slots has 32 bits: it goes round, once onto the value that means none. */
static void timeouts_hold_where_the_tick_wraps(void **state)
{
	static const uint64_t rounds[] = {1, 2, 1000};

	(void)state;
	for (int i = 0; i < 3; i++) {
		for (uint32_t timeout_us = 40; timeout_us <= 160; timeout_us += 4) {
			struct rig *r = rig_up(RIG_IRQ, 1);
			uint64_t wrap = rounds[i] << 34;
			uint64_t at;
			struct rig_call c;

			r->fake.now_us = wrap - 100;
			rig_call_init(r, &c);
			c.call.timeout_us = timeout_us;
			assert_int_equal(rig_submit(&c), SCMI_OK);
			at = wrap - 100 + timeout_us;
			assert_times_out_at(&c, at == wrap ? at + TICK_US : at);
			rig_end(r);
		}
	}
}

/* The earlier of two deadlines is the bound, also where its tick is the greater number. */
static void next_deadline_is_the_earlier_one_across_the_wrap(void **state)
{
	const uint64_t wrap = UINT64_C(1) << 34;

	(void)state;
	for (int later_first = 0; later_first < 2; later_first++) {
		struct rig *r = rig_up(RIG_IRQ, 2);
		struct rig_call c[2];

		r->fake.now_us = wrap - 1000;
		for (int i = 0; i < 2; i++) {
			rig_call_init(r, &c[i]);
			c[i].call.timeout_us = (i == 0) == later_first ? 2000 : 400;
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		assert_int_equal(scmi_agent_next_deadline(r->agent), wrap - 600);
		assert_times_out_at(&c[later_first], wrap - 600);
		assert_times_out_at(&c[1 - later_first], wrap + 1000);
		rig_end(r);
	}
}

static void reply_that_is_there_when_the_time_is_over_is_taken(void **state)
{
	struct rig *r = rig_up(RIG_POLL, 8);
	struct rig_call c[5];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		rig_call_init(r, &c[i]);
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	for (unsigned i = 0; i < 4; i++)
		script_post_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS);
	r->fake.now_us += 10 * SCMI_TIMEOUT_DEFAULT_US;
	/* Room for one message only: before anybody is timed out, all that can be there are looked at. */
	assert_int_equal(scmi_agent_poll(r->agent, 1), 4 + 1);
	for (unsigned i = 0; i < 4; i++)
		assert_ended(&c[i], SCMI_OK);
	assert_ended(&c[4], SCMI_E_TIMEOUT);
	rig_end(r);
}

static void poll_takes_no_more_messages_than_max(void **state)
{
	struct rig *r = rig_up(RIG_POLL, 8);
	struct rig_call c[5];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		rig_call_init(r, &c[i]);
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	}
	assert_int_equal(scmi_agent_poll(r->agent, 0), 0);
	assert_int_equal(scmi_agent_poll(r->agent, -1), 0);
	assert_int_equal(r->script.polls, 0);
	assert_int_equal(scmi_agent_poll(r->agent, 2), 2);
	assert_int_equal(scmi_agent_poll(r->agent, 2), 2);
	assert_int_equal(scmi_agent_poll(r->agent, 2), 1);
	assert_int_equal(scmi_agent_poll(r->agent, 2), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_ended(&c[i], SCMI_OK);
	rig_end(r);
}

/* A caller that waits ends at its tick on every kind of transport: asleep in it, on an event, or polling. */
static void call_times_out_at_its_tick_however_it_waits(void **state)
{
	static const uint32_t kinds[] = {RIG_WAIT, RIG_IRQ, RIG_SYNC, RIG_POLL | SCMI_CAP_IRQ};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig *r = rig_up(kinds[i], 4);
		struct rig_call c;

		rig_call_init(r, &c);
		c.call.timeout_us = 1234;
		assert_int_equal(rig_do(&c), SCMI_E_TIMEOUT);
		assert_int_equal(r->fake.now_us, tick_up(1000000 + 1234));
		assert_int_equal(rig_stats(r).quarantined, 1);
		rig_end(r);
	}
}

static void tick_on(struct fake_port *fake, void *arg)
{
	(void)arg;
	fake->now_us += 1;
}

static void call_that_polls_times_out_and_never_sleeps(void **state)
{
	static const uint32_t kinds[] = {RIG_POLL, RIG_WAIT, RIG_IRQ};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = rig_up(kinds[i], 4);
		struct rig_call c;

		r->fake.on_relax = tick_on;
		rig_call_init(r, &c);
		c.call.flags = SCMI_CALL_POLL | SCMI_CALL_NOWAIT;
		c.call.timeout_us = 50;
		assert_int_equal(rig_do(&c), SCMI_E_TIMEOUT);
		assert_int_equal(r->fake.now_us, tick_up(1000000 + 50));
		assert_int_equal(r->script.waits, 0);
		assert_int_equal(r->fake.calls.event_wait, 0);
		rig_end(r);
	}
}

/* A transport that neither wakes nor sleeps is polled, with a pause between. */
static void call_on_a_polled_transport_relaxes_between_looks(void **state)
{
	struct rig *r = rig_up(RIG_POLL, 4);
	struct rig_call c;

	(void)state;
	r->fake.on_relax = tick_on;
	rig_call_init(r, &c);
	c.call.timeout_us = 40;
	assert_int_equal(rig_do(&c), SCMI_E_TIMEOUT);
	assert_int_equal(r->fake.calls.relax, 40);
	assert_int_equal(r->fake.calls.event_wait, 0);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timeout_fires_at_its_tick_and_not_a_microsecond_before),
		cmocka_unit_test(timeout_of_zero_is_the_transports_or_30_ms),
		cmocka_unit_test(timeout_forever_never_fires),
		cmocka_unit_test(timeout_of_over_an_hour_fires),
		cmocka_unit_test(deadline_bounds_the_timeout_and_forever),
		cmocka_unit_test(deadline_after_the_timeout_does_not_stretch_it),
		cmocka_unit_test(deadline_two_hours_ahead_fires),
		cmocka_unit_test(deadline_in_the_past_is_refused),
		cmocka_unit_test(timeout_counts_from_the_wire_and_not_from_submit),
		cmocka_unit_test(timeouts_fire_each_in_its_turn),
		cmocka_unit_test(timeouts_hold_where_the_tick_wraps),
		cmocka_unit_test(next_deadline_is_the_earlier_one_across_the_wrap),
		cmocka_unit_test(reply_that_is_there_when_the_time_is_over_is_taken),
		cmocka_unit_test(poll_takes_no_more_messages_than_max),
		cmocka_unit_test(call_times_out_at_its_tick_however_it_waits),
		cmocka_unit_test(call_that_polls_times_out_and_never_sleeps),
		cmocka_unit_test(call_on_a_polled_transport_relaxes_between_looks),
	};

	return cmocka_run_group_tests_name("agent_time", tests, NULL, NULL);
}
