/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, restart; a peer that is not there, goes, and comes back. */
#include "agent_rig.h"

enum { CALLS = 6 };

static void link_down(struct rig *r, int err)
{
	r->script.sink->link_down(r->script.core, err);
}

static void ready(struct rig *r)
{
	r->script.sink->ready(r->script.core);
}

/* Puts all of it in flight: done functions and loose ones in turn. */
static void submit_all(struct rig *r, struct rig_call *c)
{
	for (unsigned i = 0; i < CALLS; i++) {
		rig_call_init(r, &c[i]);
		assert_int_equal(i % 2 == 0 ? rig_submit(&c[i]) : rig_submit_loose(&c[i]), SCMI_OK);
	}
}

static void assert_all_ended(struct rig_call *c, int expected)
{
	for (unsigned i = 0; i < CALLS; i++) {
		if (i % 2 != 0)
			assert_int_equal(rig_wait(&c[i]), expected);
		assert_ended(&c[i], expected);
	}
}

/* The agent works: one command there and back. */
static void assert_works(struct rig *r)
{
	struct rig_call c;

	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
}

static void assert_refuses(struct rig *r, int expected)
{
	unsigned sends = r->script.sends;
	struct rig_call c;

	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), expected);
	assert_int_equal(rig_submit_loose(&c), expected);
	assert_int_equal(rig_do(&c), expected);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
	assert_int_equal(r->script.sends, sends);
	assert_int_equal(c.ends, 0);
}

static void submit_before_start_is_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	rig_init(r);
	assert_refuses(r, SCMI_E_CLOSED);
	rig_start(r);
	assert_works(r);
	rig_end(r);
}

static void start_null_or_twice_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);

	(void)state;
	assert_int_equal(scmi_agent_start(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_E_INVAL);
	assert_int_equal(r->script.starts, 1);
	assert_works(r);
	rig_end(r);
}

static void start_that_fails_leaves_a_stopped_agent(void **state)
{
	static const int errors[] = {SCMI_E_NOPEER, SCMI_E_IO, SCMI_E_INVAL};
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	rig_init(r);
	for (int i = 0; i < 3; i++) {
		r->script.start_err = errors[i];
		assert_int_equal(scmi_agent_start(r->agent), errors[i]);
		assert_refuses(r, SCMI_E_CLOSED);
		/* There is nothing to stop. */
		assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		assert_int_equal(r->script.stops, 0);
	}
	r->script.start_err = SCMI_OK;
	rig_start(r);
	assert_works(r);
	rig_end(r);
}

static void stop_of_what_does_not_run_is_no_error(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	assert_int_equal(scmi_agent_stop(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_fini(NULL), SCMI_E_INVAL);
	rig_init(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	rig_start(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(r->script.stops, 1);
	rig_end(r);
}

static void stop_ends_every_call_and_wait_still_tells(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call c[CALLS];

	(void)state;
	submit_all(r, c);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_false(r->script.running);
	for (unsigned i = 0; i < CALLS; i += 2)
		assert_ended(&c[i], SCMI_E_CLOSED);
	assert_refuses(r, SCMI_E_CLOSED);
	assert_all_ended(c, SCMI_E_CLOSED);
	for (unsigned i = 1; i < CALLS; i += 2)
		assert_int_equal(rig_wait(&c[i]), SCMI_E_INVAL);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* A loose call that has ended before stop, and one that stop ends, are told after a restart too. */
static void restart_keeps_the_ends_that_nobody_has_heard(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call answered;
	struct rig_call closed;

	(void)state;
	rig_call_init(r, &answered);
	rig_call_init(r, &closed);
	assert_int_equal(rig_submit_loose(&answered), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(rig_submit_loose(&closed), SCMI_OK);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	rig_start(r);
	for (int i = 0; i < 100; i++)
		assert_works(r);
	assert_int_equal(rig_wait(&answered), SCMI_OK);
	assert_int_equal(rig_wait(&closed), SCMI_E_CLOSED);
	rig_end(r);
}

static void restart_forgives_what_was_owed_and_takes_no_old_reply(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct script_sent old[2];
	struct rig_call c[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_call_init(r, &c[i]);
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		old[i] = *script_last(&r->script);
	}
	assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_start(r);
	for (int i = 0; i < 2; i++)
		assert_int_equal(script_reply(&r->script, &old[i], SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	for (int i = 0; i < 10; i++)
		assert_works(r);
	rig_end(r);
}

static void answer_in_stop(struct script *s, void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < CALLS; i++)
		assert_int_equal(script_reply(s, script_sent(s, i), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
}

/* Upcalls may come until the transport's stop has returned: they are late. */
static void stop_takes_replies_that_still_come_as_late(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call c[CALLS];

	(void)state;
	r->script.on_stop = answer_in_stop;
	submit_all(r, c);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(rig_stats(r).late, CALLS);
	assert_all_ended(c, SCMI_E_CLOSED);
	r->script.on_stop = NULL;
	rig_end(r);
}

static void submit_in_done(struct rig_call *c)
{
	struct rig_call other;
	int *expected = c->arg;

	rig_call_init(c->rig, &other);
	assert_int_equal(rig_submit(&other), *expected);
	assert_int_equal(rig_submit(c), *expected);
}

static void stop_and_link_loss_refuse_submits_of_their_own_callbacks(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	int expected = SCMI_E_NOPEER;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.then = submit_in_done;
	c.arg = &expected;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	link_down(r, 0);
	assert_ended(&c, SCMI_E_LINK);
	ready(r);
	c.ends = 0;
	expected = SCMI_E_CLOSED;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_ended(&c, SCMI_E_CLOSED);
	rig_end(r);
}

static void link_down_ends_every_call_and_forgives_every_debt(void **state)
{
	static const struct {
		int err;
		int expected;
	} cases[] = {{0, SCMI_E_LINK}, {SCMI_E_LINK, SCMI_E_LINK}, {SCMI_E_IO, SCMI_E_IO}, {7, SCMI_E_LINK}};
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call c[CALLS];
	struct rig_call owed;

	(void)state;
	for (unsigned n = 0; n < 4; n++) {
		submit_all(r, c);
		rig_call_init(r, &owed);
		assert_int_equal(rig_submit(&owed), SCMI_OK);
		assert_int_equal(scmi_agent_cancel(r->agent, &owed.call), SCMI_OK);
		assert_int_equal(rig_stats(r).quarantined, 1);
		link_down(r, cases[n].err);
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_refuses(r, SCMI_E_NOPEER);
		assert_all_ended(c, cases[n].expected);
		assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
		/* A second time there is nothing left to end. */
		link_down(r, cases[n].err);
		ready(r);
		assert_works(r);
	}
	rig_end(r);
}

/* The pool is full of what is owed, and the peer gone: that is NOPEER, not BUSY. */
static void link_down_with_a_full_pool_says_nopeer(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	link_down(r, 0);
	assert_refuses(r, SCMI_E_NOPEER);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_refuses(r, SCMI_E_CLOSED);
	assert_int_equal(rig_stats(r).no_slot, 0);
	assert_int_equal(rig_wait(&c), SCMI_E_LINK);
	rig_end(r);
}

static void down_at_once(struct script *s, void *arg)
{
	(void)arg;
	s->sink->link_down(s->core, 0);
}

static void link_down_inside_start_waits_for_ready(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	r->script.on_start = down_at_once;
	rig_start(r);
	assert_refuses(r, SCMI_E_NOPEER);
	ready(r);
	assert_works(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	rig_start(r);
	assert_refuses(r, SCMI_E_NOPEER);
	rig_end(r);
}

static void down_and_up(struct script *s, void *arg)
{
	(void)arg;
	s->sink->link_down(s->core, 0);
	s->sink->ready(s->core);
}

static void link_that_comes_and_goes_inside_start_ends_as_it_last_was(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	r->script.on_start = down_and_up;
	rig_start(r);
	assert_works(r);
	rig_end(r);
}

/* Neither starts what is stopped. */
static void ready_and_link_down_do_not_open_a_stopped_agent(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);

	(void)state;
	ready(r);
	assert_works(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	ready(r);
	assert_refuses(r, SCMI_E_CLOSED);
	link_down(r, 0);
	ready(r);
	assert_refuses(r, SCMI_E_CLOSED);
	rig_start(r);
	assert_works(r);
	rig_end(r);
}

/* A start that fails after the peer has said a word is a failed start. */
static void start_that_fails_after_link_down_is_closed(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);

	(void)state;
	rig_init(r);
	r->script.on_start = down_at_once;
	r->script.start_err = SCMI_E_NOPEER;
	assert_int_equal(scmi_agent_start(r->agent), SCMI_E_NOPEER);
	assert_refuses(r, SCMI_E_CLOSED);
	rig_end(r);
}

/* Both queues, the urgent one too, whether the link goes or the agent is stopped. */
static void link_that_goes_empties_both_queues(void **state)
{
	static const char names[] = "ABC";

	(void)state;
	for (int stop = 0; stop < 2; stop++) {
		struct rig *r = rig_narrow(RIG_SERIAL, 4, 1);
		struct rig_call c[3];

		for (int i = 0; i < 3; i++) {
			rig_named(r, &c[i], names[i], i == 2 ? SCMI_CALL_URGENT : 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		script_assert_sent(&r->script, "A");
		assert_int_equal(rig_stats(r).queued, 2);
		if (stop)
			assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		else
			r->script.sink->link_down(r->script.core, SCMI_E_LINK);
		assert_int_equal(rig_stats(r).queued, 0);
		for (int i = 0; i < 3; i++)
			assert_ended(&c[i], stop ? SCMI_E_CLOSED : SCMI_E_LINK);
		if (stop)
			rig_start(r);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submit_before_start_is_refused),
		cmocka_unit_test(start_null_or_twice_is_refused),
		cmocka_unit_test(start_that_fails_leaves_a_stopped_agent),
		cmocka_unit_test(stop_of_what_does_not_run_is_no_error),
		cmocka_unit_test(stop_ends_every_call_and_wait_still_tells),
		cmocka_unit_test(restart_keeps_the_ends_that_nobody_has_heard),
		cmocka_unit_test(restart_forgives_what_was_owed_and_takes_no_old_reply),
		cmocka_unit_test(stop_takes_replies_that_still_come_as_late),
		cmocka_unit_test(stop_and_link_loss_refuse_submits_of_their_own_callbacks),
		cmocka_unit_test(link_down_ends_every_call_and_forgives_every_debt),
		cmocka_unit_test(link_down_with_a_full_pool_says_nopeer),
		cmocka_unit_test(link_down_inside_start_waits_for_ready),
		cmocka_unit_test(link_that_comes_and_goes_inside_start_ends_as_it_last_was),
		cmocka_unit_test(ready_and_link_down_do_not_open_a_stopped_agent),
		cmocka_unit_test(start_that_fails_after_link_down_is_closed),
		cmocka_unit_test(link_that_goes_empties_both_queues),
	};

	return cmocka_run_group_tests_name("agent_life", tests, NULL, NULL);
}
