/* SPDX-License-Identifier: BSD-3-Clause */
/* Recovery by policy of a link on which there are slots, and the transport has no room. */
#include "reconnect_rig.h"

/* The transport has no room, for that is owed to a command that timed out; there are slots, and calls that wait. */
static void room_that_is_owed_is_recovered(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool queued = i % 2 != 0;
		struct rig *r = reconnect_rig(BY_ITSELF, i < 2 ? RIG_SERIAL : RIG_IRQ, 8);
		struct rig_call c[2];

		r->script.narrow = true;
		r->script.room = 1;
		r->config.options.queue_timeout_us = SCMI_FOREVER;
		rig_start(r);
		submit_named(r, &c[0], 'A', 0);
		if (queued) {
			submit_named(r, &c[1], 'B', 0);
		} else {
			rig_named(r, &c[1], 'B', SCMI_CALL_NOWAIT);
			assert_int_equal(rig_submit(&c[1]), SCMI_E_BUSY);
		}
		sleep_by_deadlines(r, WIRE_US + AGAIN_US / 2);
		assert_ended(&c[0], SCMI_E_TIMEOUT);
		assert_int_equal(tries(r), 0);
		r->script.room = 9; /* it will have, then */
		sleep_by_deadlines(r, AGAIN_US);
		assert_int_equal(tries(r), 1);
		if (queued)
			assert_ended(&c[1], SCMI_E_LINK);
		assert_works(r);
		rig_end(r);
	}
}

/* It was owed first, and then somebody found no room. */
static void room_that_was_owed_before_is_recovered(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool queued = i % 2 != 0;
		struct rig *r = reconnect_rig(BY_ITSELF, i < 2 ? RIG_SERIAL : RIG_IRQ, 8);
		struct rig_call c[2];

		r->script.narrow = true;
		r->script.room = 1;
		r->config.options.queue_timeout_us = SCMI_FOREVER;
		rig_start(r);
		submit_named(r, &c[0], 'A', 0);
		sleep_by_deadlines(r, WIRE_US + 3 * AGAIN_US);
		assert_ended(&c[0], SCMI_E_TIMEOUT);
		assert_int_equal(tries(r), 0);
		rig_named(r, &c[1], 'B', queued ? 0 : SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[1]), queued ? SCMI_OK : SCMI_E_BUSY);
		r->script.room = 9;
		sleep_by_deadlines(r, AGAIN_US - SLACK_US);
		assert_int_equal(tries(r), 0);
		sleep_by_deadlines(r, AGAIN_US + 3 * SLACK_US);
		assert_int_equal(tries(r), 1);
		assert_works(r);
		rig_end(r);
	}
}

/* Full, but a reply is on its way; or nothing is owed at all: the transport will say when there is room. */
static void room_that_may_come_is_waited_for(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		const bool answered = i % 2 != 0;
		struct rig *r = reconnect_rig(BY_ITSELF, i < 2 ? RIG_SERIAL : RIG_IRQ, 8);
		struct rig_call c[2];

		r->script.narrow = true;
		r->script.room = 1;
		r->config.options.queue_timeout_us = SCMI_FOREVER;
		rig_start(r);
		rig_named(r, &c[0], 'A', 0);
		c[0].call.timeout_us = 4 * AGAIN_US;
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		submit_named(r, &c[1], 'B', 0);
		if (answered)
			script_answer(&r->script, 'A');
		sleep_by_deadlines(r, 3 * AGAIN_US);
		assert_int_equal(tries(r), 0);
		if (!answered)
			script_answer(&r->script, 'A');
		script_make_room(&r->script, 1);
		script_answer(&r->script, 'B');
		assert_ended(&c[1], SCMI_OK);
		rig_end(r);
	}
}

enum since { ROOM_CAME, WAS_RECOVERED, WAS_RESTARTED, SINCES };

static void pass_since(struct rig *r, enum since since)
{
	switch (since) {
	case ROOM_CAME:
		script_answer(&r->script, 'A');
		script_make_room(&r->script, 1);
		break;
	case WAS_RECOVERED:
		r->script.room = 1;
		assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
		break;
	default:
		r->script.room = 1;
		assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		rig_start(r);
		break;
	}
}

/* One was refused, and then there was room, or all was forgotten. A call that is owed something since is no reason. */
static void room_that_has_come_is_not_looked_for(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2u * SINCES; i++) {
		struct rig *r = reconnect_rig(BY_ITSELF, i < SINCES ? RIG_SERIAL : RIG_IRQ, 8);
		struct rig_call c[3];
		unsigned before;

		r->script.narrow = true;
		r->script.room = 1;
		rig_start(r);
		submit_named(r, &c[0], 'A', 0);
		rig_named(r, &c[1], 'B', SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[1]), SCMI_E_BUSY);
		pass_since(r, (enum since)(i % SINCES));
		before = tries(r);
		submit_named(r, &c[2], 'C', 0);
		sleep_by_deadlines(r, 3 * AGAIN_US);
		assert_ended(&c[2], SCMI_E_TIMEOUT);
		assert_int_equal(tries(r), before);
		rig_end(r);
	}
}

static int refuse_and_make_room(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)sent;
	(void)arg;
	s->on_send = NULL;
	s->sink->ready(s->core);
	return SCMI_E_BUSY;
}

/* ready() comes before send() has returned: the next look finds no reason, and then it is forgotten. */
static void room_that_comes_beside_a_refusal_is_there(void **state)
{
	struct rig *r = reconnect_rig(BY_ITSELF, RIG_IRQ, 8);
	struct rig_call c;

	(void)state;
	rig_start(r);
	r->script.on_send = refuse_and_make_room;
	rig_named(r, &c, 'A', SCMI_CALL_NOWAIT);
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	sleep_by_deadlines(r, 2 * AGAIN_US);
	submit_named(r, &c, 'B', 0);
	sleep_by_deadlines(r, 3 * AGAIN_US);
	assert_ended(&c, SCMI_E_TIMEOUT);
	assert_int_equal(tries(r), 0);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(room_that_is_owed_is_recovered),
		cmocka_unit_test(room_that_was_owed_before_is_recovered),
		cmocka_unit_test(room_that_may_come_is_waited_for),
		cmocka_unit_test(room_that_has_come_is_not_looked_for),
		cmocka_unit_test(room_that_comes_beside_a_refusal_is_there),
	};

	return cmocka_run_group_tests_name("agent_reconnect_room", tests, NULL, NULL);
}
