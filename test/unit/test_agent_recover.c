/* SPDX-License-Identifier: BSD-3-Clause */
/* Recovery: the transport forgets all that was sent, by its own way or by a stop and a start; the debts go with it. */
#include "agent_rig.h"

#include <scmi/message.h>

enum way { BY_ITSELF, BY_RESTART, WAYS };

static struct rig *recover_rig(enum way way, uint32_t slots)
{
	struct rig *r = rig_new(RIG_IRQ, slots);

	if (way == BY_ITSELF)
		script_recovers(&r->script);
	rig_start(r);
	return r;
}

static void submit_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_named(r, c, name, flags);
	assert_int_equal(rig_submit(c), SCMI_OK);
}

/* The link takes a call and brings its reply. */
static void assert_works(struct rig *r)
{
	struct rig_call c;

	submit_named(r, &c, 'W', SCMI_CALL_NOWAIT);
	script_answer(&r->script, 'W');
	assert_ended(&c, SCMI_OK);
}

static void assert_nopeer(struct rig *r)
{
	struct rig_call c;

	rig_named(r, &c, 'N', 0);
	assert_int_equal(rig_submit(&c), SCMI_E_NOPEER);
	assert_int_equal(rig_do(&c), SCMI_E_NOPEER);
}

static int recover(struct rig *r)
{
	return scmi_agent_recover(r->agent, 0);
}

static void recover_ends_calls_and_forgives_debts(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = recover_rig(way, 4);
		struct script_sent old[4];
		struct rig_call c[4];

		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(i < 3 ? rig_submit(&c[i]) : rig_submit_loose(&c[i]), SCMI_OK);
			old[i] = *script_last(&r->script);
		}
		assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
		assert_int_equal(recover(r), SCMI_OK);
		assert_int_equal(r->script.recovers, way == BY_ITSELF);
		assert_int_equal(r->script.starts, way == BY_ITSELF ? 1 : 2);
		assert_int_equal(r->script.stops, way == BY_ITSELF ? 0 : 1);
		assert_ended(&c[1], SCMI_E_LINK);
		assert_ended(&c[2], SCMI_E_LINK);
		assert_int_equal(rig_wait(&c[3]), SCMI_E_LINK);
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).recovered, 1);
		/* A transport that breaks its word is no danger. */
		for (int i = 0; i < 4; i++)
			assert_int_equal(script_reply(&r->script, &old[i], SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
		for (int i = 0; i < 4; i++) {
			submit_named(r, &c[i], (char)('E' + i), SCMI_CALL_NOWAIT);
			assert_int_equal(script_reply(&r->script, &old[i], SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
		}
		for (int i = 0; i < 4; i++)
			script_answer(&r->script, (char)('E' + i));
		rig_end(r);
	}
}

static void recover_of_an_idle_link(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = recover_rig(way, 2);

		for (uint32_t i = 1; i < 4; i++) {
			assert_int_equal(recover(r), SCMI_OK);
			assert_int_equal(rig_stats(r).recovered, i);
			assert_works(r);
		}
		rig_end(r);
	}
}

/* A link that was to be recovered by a poll, and has been by its user: there is nothing left to come for. */
static void recover_by_hand_is_not_repeated_by_a_poll(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = rig_new(RIG_IRQ, 2);

		if (way == BY_ITSELF)
			script_recovers(&r->script);
		r->config.options.reconnect_us = 1000;
		rig_start(r);
		r->script.sink->link_down(r->script.core, SCMI_E_LINK);
		assert_true(scmi_agent_next_deadline(r->agent) != SCMI_NEVER);
		assert_int_equal(recover(r), SCMI_OK);
		assert_true(scmi_agent_next_deadline(r->agent) == SCMI_NEVER);
		assert_works(r);
		rig_end(r);
	}
}

static void recover_wrong_arguments_are_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 2);

	(void)state;
	script_recovers(&r->script);
	rig_init(r);
	assert_int_equal(scmi_agent_recover(NULL, 0), SCMI_E_INVAL);
	assert_int_equal(recover(r), SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_recover(r->agent, SCMI_ALL_LINKS), SCMI_E_CLOSED);
	rig_start(r);
	assert_int_equal(scmi_agent_recover(r->agent, 1), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_recover(r->agent, SCMI_ALL_LINKS - 1), SCMI_E_INVAL);
	assert_int_equal(r->script.recovers, 0);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(recover(r), SCMI_E_CLOSED);
	assert_int_equal(rig_stats(r).recovered, 0);
	rig_end(r);
}

static void recover_inside(struct rig_call *c)
{
	assert_int_equal(scmi_agent_recover(c->rig->agent, 0), SCMI_E_CONTEXT);
}

static void recover_from_a_callback_is_refused(void **state)
{
	struct rig *r = recover_rig(BY_ITSELF, 2);
	struct rig_call c;

	(void)state;
	rig_named(r, &c, 'A', 0);
	c.then = recover_inside;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	script_answer(&r->script, 'A');
	assert_int_equal(r->script.recovers, 0);
	rig_end(r);
}

static void submit_again(struct rig_call *c)
{
	assert_int_equal(rig_submit(c->arg), SCMI_E_NOPEER);
}

static void submits_meanwhile_get_nopeer(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = recover_rig(way, 4);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', 0);
		rig_named(r, &c[1], 'B', 0);
		c[0].then = submit_again;
		c[0].arg = &c[1];
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		assert_int_equal(recover(r), SCMI_OK);
		assert_ended(&c[0], SCMI_E_LINK);
		assert_works(r);
		rig_end(r);
	}
}

static void deferred_done_functions_run_while_it_waits(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	script_recovers(&r->script);
	r->config.flags = SCMI_AGENT_DEFERRED;
	rig_start(r);
	submit_named(r, &c[0], 'A', 0);
	submit_named(r, &c[1], 'B', 0);
	script_answer(&r->script, 'A');
	assert_int_equal(c[0].ends, 0);
	assert_int_equal(recover(r), SCMI_OK);
	assert_ended(&c[0], SCMI_OK);
	assert_ended(&c[1], SCMI_E_LINK);
	rig_end(r);
}

static void wake(void *arg)
{
	unsigned *n = arg;

	(*n)++;
}

/* Its descriptor may be another one. */
static void loop_is_woken_by_start_and_recovery(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = rig_new(RIG_IRQ, 4);
		unsigned wakes = 0;

		if (way == BY_ITSELF)
			script_recovers(&r->script);
		r->config.wake = wake;
		r->config.wake_arg = &wakes;
		rig_start(r);
		assert_int_not_equal(wakes, 0);
		wakes = 0;
		assert_int_equal(recover(r), SCMI_OK);
		assert_int_not_equal(wakes, 0);
		wakes = 0;
		assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		rig_start(r);
		assert_int_not_equal(wakes, 0);
		rig_end(r);
	}
}

/* ---- the transport says no ---- */

static void busy_leaves_the_debts_and_the_link(void **state)
{
	struct rig *r = recover_rig(BY_ITSELF, 2);
	const struct script_sent *sent;
	struct rig_call c;

	(void)state;
	r->script.recover_err = SCMI_E_BUSY;
	submit_named(r, &c, 'A', 0);
	sent = script_last(&r->script);
	assert_int_equal(recover(r), SCMI_E_BUSY);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(rig_stats(r).recovered, 0);
	assert_works(r);
	assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).late, 1);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void busy_of_a_link_that_is_down_leaves_it_down(void **state)
{
	struct rig *r = recover_rig(BY_ITSELF, 2);

	(void)state;
	r->script.recover_err = SCMI_E_BUSY;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(recover(r), SCMI_E_BUSY);
	assert_nopeer(r);
	r->script.sink->ready(r->script.core);
	assert_works(r);
	rig_end(r);
}

static void error_leaves_the_link_down_until_ready_or_the_next_recover(void **state)
{
	static const int errs[] = {SCMI_E_IO, SCMI_E_NOPEER, SCMI_E_LINK};

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct rig *r = recover_rig(BY_ITSELF, 2);
		struct rig_call c;

		submit_named(r, &c, 'A', 0);
		r->script.recover_err = errs[i / 2];
		assert_int_equal(recover(r), errs[i / 2]);
		assert_ended(&c, SCMI_E_LINK);
		assert_nopeer(r);
		assert_int_equal(rig_stats(r).recovered, 0);
		if (i % 2 == 0) {
			r->script.sink->ready(r->script.core);
		} else {
			r->script.recover_err = SCMI_OK;
			assert_int_equal(recover(r), SCMI_OK);
			assert_int_equal(rig_stats(r).recovered, 1);
		}
		assert_works(r);
		rig_end(r);
	}
}

/* Stopped, and not started again: the link is dead until a recover works; stop then leaves the transport alone. */
static void start_that_fails_breaks_the_link(void **state)
{
	static const int errs[][2] = {{SCMI_E_IO, SCMI_E_IO}, {SCMI_E_NOPEER, SCMI_E_NOPEER}, {SCMI_E_BUSY, SCMI_E_IO}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = recover_rig(BY_RESTART, 2);
		struct rig_call c;

		submit_named(r, &c, 'A', 0);
		r->script.start_err = errs[i][0];
		for (unsigned n = 1; n < 4; n++) {
			assert_int_equal(recover(r), errs[i][1]);
			assert_int_equal(r->script.starts, n + 1);
			assert_int_equal(r->script.stops, 1);
			assert_nopeer(r);
			assert_int_equal(scmi_agent_poll(r->agent, 1), 0);
			assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
			assert_int_equal(scmi_agent_resume(r->agent), SCMI_OK);
		}
		assert_ended(&c, SCMI_E_LINK);
		assert_int_equal(rig_stats(r).recovered, 0);
		/* Nobody is there who could say so. */
		r->script.sink->ready(r->script.core);
		assert_nopeer(r);
		r->script.start_err = SCMI_OK;
		assert_int_equal(recover(r), SCMI_OK);
		assert_int_equal(rig_stats(r).recovered, 1);
		assert_works(r);
		rig_end(r);
	}
}

static void stop_after_a_failed_recovery_does_not_stop_twice(void **state)
{
	struct rig *r = recover_rig(BY_RESTART, 2);

	(void)state;
	r->script.start_err = SCMI_E_NOPEER;
	assert_int_equal(recover(r), SCMI_E_NOPEER);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(r->script.stops, 1);
	r->script.start_err = SCMI_OK;
	rig_start(r);
	assert_works(r);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(r->script.stops, 2);
	rig_end(r);
}

/* ---- what the transport says of its peer meanwhile ---- */

static void say(struct script *s, void *arg)
{
	for (const char *what = arg; *what != '\0'; what++) {
		if (*what == 'd')
			s->sink->link_down(s->core, SCMI_E_NOPEER);
		else
			s->sink->ready(s->core);
	}
}

static void peer_comes_and_goes_inside_recover(void **state)
{
	static const struct {
		const char *said; /* r: ready(), d: link_down() */
		int err;          /* what recover() returns */
		bool down;        /* before */
		int result;
		bool works; /* afterwards */
	} cases[] = {
		{"", SCMI_OK, false, SCMI_OK, true},           {"", SCMI_OK, true, SCMI_OK, true},
		{"r", SCMI_OK, false, SCMI_OK, true},          {"r", SCMI_OK, true, SCMI_OK, true},
		{"d", SCMI_OK, false, SCMI_E_NOPEER, false},   {"d", SCMI_OK, true, SCMI_E_NOPEER, false},
		{"dr", SCMI_OK, false, SCMI_OK, true},         {"rd", SCMI_OK, false, SCMI_E_NOPEER, false},
		{"", SCMI_E_BUSY, false, SCMI_E_BUSY, true},   {"r", SCMI_E_BUSY, false, SCMI_E_BUSY, true},
		{"d", SCMI_E_BUSY, false, SCMI_E_BUSY, false}, {"dr", SCMI_E_BUSY, false, SCMI_E_BUSY, true},
		{"", SCMI_E_BUSY, true, SCMI_E_BUSY, false},   {"r", SCMI_E_BUSY, true, SCMI_E_BUSY, true},
		{"d", SCMI_E_BUSY, true, SCMI_E_BUSY, false},  {"rd", SCMI_E_BUSY, true, SCMI_E_BUSY, false},
		{"dr", SCMI_E_BUSY, true, SCMI_E_BUSY, true},  {"d", SCMI_E_IO, false, SCMI_E_IO, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = recover_rig(BY_ITSELF, 2);

		if (cases[i].down)
			r->script.sink->link_down(r->script.core, SCMI_E_LINK);
		r->script.on_recover = say;
		r->script.arg = (void *)(uintptr_t)cases[i].said;
		r->script.recover_err = cases[i].err;
		if (recover(r) != cases[i].result)
			fail_msg("case %zu: another result", i);
		r->script.recover_err = SCMI_OK;
		if (cases[i].works) {
			assert_works(r);
		} else {
			assert_nopeer(r);
			r->script.sink->ready(r->script.core);
			assert_works(r);
		}
		rig_end(r);
	}
}

static void peer_comes_and_goes_inside_the_new_start(void **state)
{
	static const char *const said[] = {"", "r", "dr", "d", "rd"};

	(void)state;
	for (int i = 0; i < 5; i++) {
		struct rig *r = recover_rig(BY_RESTART, 2);

		r->script.on_start = say;
		r->script.arg = (void *)(uintptr_t)said[i];
		assert_int_equal(recover(r), i < 3 ? SCMI_OK : SCMI_E_NOPEER);
		if (i >= 3) {
			assert_nopeer(r);
			r->script.sink->ready(r->script.core);
		}
		assert_works(r);
		rig_end(r);
	}
}

/* That is of the life before, which has ended: the new one begins with its start. */
static void peer_goes_beside_the_stop_of_a_recovery(void **state)
{
	static const char *const said[] = {"d", "rd", "dr", "r"};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig *r = recover_rig(BY_RESTART, 2);

		r->script.on_stop = say;
		r->script.arg = (void *)(uintptr_t)said[i];
		assert_int_equal(recover(r), SCMI_OK);
		r->script.on_stop = NULL;
		assert_works(r);
		rig_end(r);
	}
}

static void recover_of_all_links_tells_the_first_error(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 2);
	struct script *s[3] = {&r->script};

	(void)state;
	s[1] = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 2);
	s[2] = rig_link(r, SCMI_PROTOCOL_PERF, RIG_IRQ, 2);
	for (int i = 0; i < 3; i++)
		script_recovers(s[i]);
	rig_start(r);
	assert_int_equal(scmi_agent_recover(r->agent, SCMI_ALL_LINKS), SCMI_OK);
	s[1]->recover_err = SCMI_E_IO;
	s[2]->recover_err = SCMI_E_BUSY;
	assert_int_equal(scmi_agent_recover(r->agent, SCMI_ALL_LINKS), SCMI_E_IO);
	assert_int_equal(scmi_agent_recover(r->agent, 2), SCMI_E_BUSY);
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
	assert_int_equal(s[0]->recovers, 3);
	assert_int_equal(s[1]->recovers, 2);
	assert_int_equal(s[2]->recovers, 3);
	assert_works(r);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recover_ends_calls_and_forgives_debts),
		cmocka_unit_test(recover_of_an_idle_link),
		cmocka_unit_test(recover_by_hand_is_not_repeated_by_a_poll),
		cmocka_unit_test(recover_wrong_arguments_are_refused),
		cmocka_unit_test(recover_from_a_callback_is_refused),
		cmocka_unit_test(submits_meanwhile_get_nopeer),
		cmocka_unit_test(deferred_done_functions_run_while_it_waits),
		cmocka_unit_test(loop_is_woken_by_start_and_recovery),
		cmocka_unit_test(busy_leaves_the_debts_and_the_link),
		cmocka_unit_test(busy_of_a_link_that_is_down_leaves_it_down),
		cmocka_unit_test(error_leaves_the_link_down_until_ready_or_the_next_recover),
		cmocka_unit_test(start_that_fails_breaks_the_link),
		cmocka_unit_test(stop_after_a_failed_recovery_does_not_stop_twice),
		cmocka_unit_test(peer_comes_and_goes_inside_recover),
		cmocka_unit_test(peer_comes_and_goes_inside_the_new_start),
		cmocka_unit_test(peer_goes_beside_the_stop_of_a_recovery),
		cmocka_unit_test(recover_of_all_links_tells_the_first_error),
	};

	return cmocka_run_group_tests_name("agent_recover", tests, NULL, NULL);
}
