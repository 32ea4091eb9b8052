/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of notifications that come and go at any time: from threads, from callbacks, from themselves. */
#include <string.h>

#include "ears.h"

/* ---- from a thread ---- */

static void the_last_one_added_runs_first(void **state)
{
	struct ear e[3];
	struct rig *r = ears_up(e, 3, 0);

	(void)state;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_heard("C1B1A1");
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	assert_int_equal(ear_add(&e[0]), SCMI_OK);
	assert_int_equal(ears_notify(r, '2'), SCMI_OK);
	assert_heard("A2C2B2");
	assert_int_equal(rig_stats(r).accepted, 2);
	rig_end(r);
}

/* First, middle, last, until none is left, in every order. */
static void any_of_several_is_taken_off(void **state)
{
	(void)state;
	for (unsigned order = 0; order < 24; order++) {
		struct ear e[4];
		struct rig *r = ears_up(e, 4, 0);
		unsigned left = 0xf;
		unsigned code = order;

		for (unsigned n = 4; n != 0; n--) {
			unsigned k = code % n;
			unsigned i = 0;
			char expected[9] = "";

			code /= n;
			while ((left & 1u << i) == 0 || k-- != 0)
				i++;
			assert_int_equal(ear_take_off(&e[i]), SCMI_OK);
			left &= ~(1u << i);
			for (unsigned j = 4, at = 0; j-- != 0;) {
				if ((left & 1u << j) != 0) {
					expected[at++] = (char)('A' + j);
					expected[at++] = '1';
				}
			}
			assert_int_equal(ears_notify(r, '1'), left != 0 ? SCMI_OK : SCMI_E_STRAY);
			assert_heard(expected);
		}
		assert_int_equal(rig_stats(r).unclaimed, 1);
		rig_end(r);
	}
}

static void what_was_not_added_is_not_found(void **state)
{
	struct ear e[2];
	struct rig *r = ears_up(e, 1, 0);

	(void)state;
	ear_init(r, &e[1], 'B');
	assert_int_equal(scmi_agent_unsubscribe(NULL, &e[0].node), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_unsubscribe(r->agent, NULL), SCMI_E_INVAL);
	assert_int_equal(ear_take_off(&e[1]), SCMI_E_NOTFOUND);
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	assert_int_equal(ear_take_off(&e[0]), SCMI_E_NOTFOUND);
	assert_int_equal(ear_add(&e[0]), SCMI_OK);
	assert_int_equal(ear_add(&e[0]), SCMI_E_INVAL);
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_heard("A1");
	/* A stopped agent too. */
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	assert_int_equal(ear_add(&e[1]), SCMI_OK);
	rig_start(r);
	assert_int_equal(ears_notify(r, '2'), SCMI_OK);
	assert_heard("B2");
	rig_end(r);
}

/* ---- from a callback ---- */

static void take_itself_off(struct ear *e)
{
	assert_int_equal(ear_take_off(e), SCMI_E_INPROGRESS);
	assert_int_equal(ear_take_off(e), SCMI_E_INPROGRESS);
	assert_int_equal(ear_add(e), SCMI_E_INVAL);
}

static void handler_takes_itself_off(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		static const char *const later[] = {"C2B2", "C2A2", "B2A2"};
		struct ear e[3];
		struct rig *r = ears_up(e, 3, 0);

		e[which].then = take_itself_off;
		assert_int_equal(ears_notify(r, '1'), SCMI_OK);
		assert_heard("C1B1A1"); /* the others all the same */
		assert_int_equal(ears_notify(r, '2'), SCMI_OK);
		assert_heard(later[which]);
		/* Its node is the library's until a thread has asked. */
		assert_int_equal(ear_add(&e[which]), SCMI_E_INVAL);
		assert_int_equal(ear_take_off(&e[which]), SCMI_OK);
		assert_int_equal(ear_take_off(&e[which]), SCMI_E_NOTFOUND);
		e[which].then = NULL;
		assert_int_equal(ear_add(&e[which]), SCMI_OK);
		assert_int_equal(ears_notify(r, '3'), SCMI_OK);
		assert_int_equal(strlen(ears_heard), 6);
		rig_end(r);
	}
}

static void take_other_off(struct ear *e)
{
	assert_int_equal(ear_take_off(e->other), SCMI_E_INPROGRESS);
	e->then = NULL;
}

/* One that has run already for this message, or has yet to. */
static void handler_takes_another_off(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		static const int pairs[][2] = {{0, 1}, {0, 2}, {1, 0}, {1, 2}, {2, 0}, {2, 1}};
		struct ear e[3];
		struct rig *r = ears_up(e, 3, 0);
		struct ear *victim = &e[pairs[i][1]];
		unsigned before;

		e[pairs[i][0]].then = take_other_off;
		e[pairs[i][0]].other = victim;
		assert_int_equal(ears_notify(r, '1'), SCMI_OK);
		before = victim->heard;
		assert_in_range(before, pairs[i][1] > pairs[i][0], 1);
		assert_int_equal(ears_notify(r, '2'), SCMI_OK);
		assert_int_equal(victim->heard, before);
		assert_int_equal(e[pairs[i][0]].heard, 2);
		assert_int_equal(e[3 - pairs[i][0] - pairs[i][1]].heard, 2);
		assert_int_equal(ear_take_off(victim), SCMI_OK);
		rig_end(r);
	}
}

static void take_all_off(struct ear *e)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(ear_take_off(&e->other[i]), SCMI_E_INPROGRESS);
}

static void handler_takes_all_off(void **state)
{
	(void)state;
	for (int which = 0; which < 3; which++) {
		struct ear e[3];
		struct rig *r = ears_up(e, 3, 0);

		e[which].then = take_all_off;
		e[which].other = e;
		assert_int_equal(ears_notify(r, '1'), SCMI_OK);
		ears_heard[0] = '\0';
		assert_int_equal(ears_notify(r, '2'), SCMI_E_STRAY);
		assert_heard("");
		for (int i = 0; i < 3; i++)
			assert_int_equal(ear_take_off(&e[i]), SCMI_OK);
		rig_end(r);
	}
}

static void add_other(struct ear *e)
{
	e->then = NULL;
	assert_int_equal(ear_add(e->other), SCMI_OK);
}

static void handler_adds_another(void **state)
{
	struct ear e[3];
	struct rig *r = ears_up(e, 2, 0);

	(void)state;
	ear_init(r, &e[2], 'C');
	e[0].then = add_other;
	e[0].other = &e[2];
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_heard("B1A1");
	assert_int_equal(ears_notify(r, '2'), SCMI_OK);
	assert_heard("C2B2A2");
	rig_end(r);
}

static void take_off_in_done(struct rig_call *c)
{
	assert_int_equal(ear_take_off(c->arg), SCMI_E_INPROGRESS);
}

static void done_function_takes_a_handler_off(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, 0);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.then = take_off_in_done;
	c.arg = &e[0];
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(ears_notify(r, '1'), SCMI_E_STRAY);
	assert_heard("");
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	rig_end(r);
}

/* Taken off in a callback, and the agent ended: the node is the caller's, too. */
static void fini_ends_a_removal(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, 0);

	(void)state;
	e[0].then = take_itself_off;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_one_added_runs_first),
		cmocka_unit_test(any_of_several_is_taken_off),
		cmocka_unit_test(what_was_not_added_is_not_found),
		cmocka_unit_test(handler_takes_itself_off),
		cmocka_unit_test(handler_takes_another_off),
		cmocka_unit_test(handler_takes_all_off),
		cmocka_unit_test(handler_adds_another),
		cmocka_unit_test(done_function_takes_a_handler_off),
		cmocka_unit_test(fini_ends_a_removal),
	};

	return cmocka_run_group_tests_name("agent_unsubscribe", tests, NULL, NULL);
}
