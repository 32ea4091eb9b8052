/* SPDX-License-Identifier: BSD-3-Clause */
/* Fences: sent when every earlier call of the link has ended, however that is; later ones queue behind. */
#include "agent_rig.h"

#include <scmi/message.h>

/* One send at a time, and all at once: a fence holds both. */
static const uint32_t kinds[] = {RIG_SERIAL, RIG_IRQ};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void submit_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_named(r, c, name, flags);
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static void fence_of_an_idle_link_goes_at_once(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[2];

		submit_named(r, &c[0], 'A', SCMI_CALL_FENCE);
		script_assert_sent(&r->script, "A");
		/* It holds up nobody once it is out. */
		submit_named(r, &c[1], 'B', SCMI_CALL_NOWAIT);
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'A');
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void fence_waits_for_all_earlier_ones_and_later_ones_for_it(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct rig_call c[7];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', 0);
		submit_named(r, &c[2], 'C', SCMI_CALL_FENCE);
		submit_named(r, &c[3], 'D', 0);
		submit_named(r, &c[4], 'E', 0);
		rig_named(r, &c[5], 'F', SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[5]), SCMI_E_BUSY);
		assert_int_equal(rig_stats(r).queued, 3);
		script_answer(&r->script, 'B');
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'A');
		script_assert_sent(&r->script, "ABCDE");
		/* The link is open again. */
		assert_int_equal(rig_submit(&c[5]), SCMI_OK);
		script_assert_sent(&r->script, "ABCDEF");
		for (const char *name = "FEDC"; *name != '\0'; name++)
			script_answer(&r->script, *name);
		rig_end(r);
	}
}

static void fences_in_a_row_go_one_by_one(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct rig_call c[4];

		for (int i = 0; i < 4; i++)
			submit_named(r, &c[i], (char)('A' + i), SCMI_CALL_FENCE);
		script_assert_sent(&r->script, "A");
		script_answer(&r->script, 'A');
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'B');
		script_assert_sent(&r->script, "ABC");
		script_answer(&r->script, 'C');
		script_answer(&r->script, 'D');
		rig_end(r);
	}
}

/* ---- each way in which the earlier one may end ---- */

static void by_reply(struct rig *r, struct rig_call *c)
{
	(void)c;
	script_answer(&r->script, 'A');
}

static void by_remote_error(struct rig *r, struct rig_call *c)
{
	(void)c;
	assert_int_equal(script_reply(&r->script, script_named(&r->script, 'A'), SCMI_DENIED, NULL, 0), SCMI_OK);
}

static void by_malformed_reply(struct rig *r, struct rig_call *c)
{
	(void)c;
	assert_int_equal(script_rx(&r->script, script_named(&r->script, 'A')->hdr, "\0", 1), SCMI_OK);
}

static void by_settle(struct rig *r, struct rig_call *c)
{
	(void)c;
	assert_int_equal(script_settle(&r->script, script_named(&r->script, 'A')->token, SCMI_E_PROTO), SCMI_OK);
}

static void by_cancel(struct rig *r, struct rig_call *c)
{
	assert_int_equal(scmi_agent_cancel(r->agent, &c->call), SCMI_OK);
}

static void by_timeout(struct rig *r, struct rig_call *c)
{
	(void)c;
	rig_pass(r, SCMI_TIMEOUT_DEFAULT_US + 4);
}

static void by_complete(struct rig *r, struct rig_call *c)
{
	struct script_area area = {.bytes = "\0\0\0\0", .len = 4};
	struct scmi_xfer x;

	(void)c;
	assert_int_equal(script_acquire(&r->script, script_named(&r->script, 'A')->hdr, &x, &area), SCMI_OK);
	script_assert_sent(&r->script, "A");
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_OK);
	script_release(&r->script, &x);
}

static void by_release(struct rig *r, struct rig_call *c)
{
	struct scmi_xfer x;

	(void)c;
	assert_int_equal(script_acquire(&r->script, script_named(&r->script, 'A')->hdr, &x, NULL), SCMI_OK);
	script_release(&r->script, &x);
}

static void fence_is_free_however_the_earlier_one_ends(void **state)
{
	void (*const ways[])(struct rig *, struct rig_call *) = {by_reply,    by_remote_error, by_malformed_reply,
								 by_settle,   by_cancel,       by_timeout,
								 by_complete, by_release};

	(void)state;
	for (unsigned i = 0; i < 2 * KINDS * sizeof(ways) / sizeof(ways[0]); i++) {
		struct rig *r = rig_up(kinds[i % KINDS], 4);
		bool loose = i / KINDS % 2 != 0;
		struct rig_call c[3];

		rig_named(r, &c[0], 'A', 0);
		assert_int_equal(loose ? rig_submit_loose(&c[0]) : rig_submit(&c[0]), SCMI_OK);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		submit_named(r, &c[2], 'C', 0);
		script_assert_sent(&r->script, "A");
		ways[i / KINDS / 2](r, &c[0]);
		script_assert_sent(&r->script, "ABC");
		/* Also where nobody has asked for its end, and where its reply is still owed. */
		if (loose)
			(void)rig_wait(&c[0]);
		assert_int_equal(c[0].ends, 1);
		script_answer(&r->script, 'C');
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void fence_does_not_wait_for_what_is_owed(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[2];

		submit_named(r, &c[0], 'A', 0);
		by_cancel(r, &c[0]);
		assert_int_equal(rig_stats(r).quarantined, 1);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void fence_waits_for_both_messages_of_a_delayed_command(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k] | SCMI_CAP_NOTIFY, 4);
		struct rig_call c[2];

		submit_named(r, &c[0], 'A', SCMI_CALL_DELAYED);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		script_answer(&r->script, 'A');
		script_assert_sent(&r->script, "A");
		assert_int_equal(script_rx(&r->script,
					   scmi_hdr_as(script_named(&r->script, 'A')->hdr, SCMI_MSG_DELAYED),
					   "\0\0\0\0", 4),
				 SCMI_OK);
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void submit_fence_then_answer(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;

	(void)fake;
	assert_int_equal(rig_submit(c), SCMI_OK);
	script_assert_sent(&c->rig->script, "A");
	script_answer(&c->rig->script, 'A');
	script_assert_sent(&c->rig->script, "AB");
	script_answer(&c->rig->script, 'B');
}

static void fence_waits_for_a_synchronous_call(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', 0);
		rig_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		r->fake.on_wait = submit_fence_then_answer;
		r->fake.arg = &c[1];
		assert_int_equal(rig_do(&c[0]), SCMI_OK);
		assert_ended(&c[1], SCMI_OK);
		rig_end(r);
	}
}

static void answer_both(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;

	(void)fake;
	script_assert_sent(&r->script, "A");
	script_answer(&r->script, 'A');
	script_answer(&r->script, 'B');
}

static void synchronous_fence_waits_its_turn(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[2];

		r->fake.on_wait = answer_both;
		r->fake.arg = r;
		submit_named(r, &c[0], 'A', 0);
		rig_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		assert_int_equal(rig_do(&c[1]), SCMI_OK);
		script_assert_sent(&r->script, "AB");
		rig_end(r);
	}
}

static void fence_over_a_link_that_answers_at_once(void **state)
{
	static const uint32_t sync[] = {RIG_SYNC, SCMI_CAP_SYNC_SEND};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig *r = rig_up(sync[k], 2);
		struct rig_call c[4];

		r->script.on_send = script_answer_at_once;
		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('A' + i), i % 2 != 0 ? SCMI_CALL_FENCE : 0);
			assert_int_equal(i < 2 ? rig_submit(&c[i]) : rig_do(&c[i]), SCMI_OK);
			assert_ended(&c[i], SCMI_OK);
		}
		script_assert_sent(&r->script, "ABCD");
		rig_end(r);
	}
}

/* ---- a fence that ends before it was sent ---- */

static void fence_that_is_cancelled_lets_the_others_go(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct rig_call c[4];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		submit_named(r, &c[2], 'C', 0);
		script_assert_sent(&r->script, "A");
		by_cancel(r, &c[1]);
		script_assert_sent(&r->script, "AC");
		submit_named(r, &c[3], 'D', SCMI_CALL_NOWAIT);
		assert_int_equal(scmi_agent_cancel_all(r->agent), 3);
		rig_end(r);
	}
}

static void fence_has_the_queues_bound(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct rig_call c[3];

		rig_named(r, &c[0], 'A', 0);
		c[0].call.timeout_us = SCMI_FOREVER;
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		rig_pass(r, SCMI_QUEUE_TIMEOUT_DEFAULT_US - 10);
		submit_named(r, &c[2], 'C', 0);
		rig_pass(r, 20);
		assert_ended(&c[1], SCMI_E_TIMEOUT);
		script_assert_sent(&r->script, "AC");
		script_answer(&r->script, 'A');
		script_answer(&r->script, 'C');
		rig_end(r);
	}
}

static void fence_of_a_lost_link_holds_nobody_afterwards(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 3 * KINDS; i++) {
		struct rig *r = rig_up(kinds[i % KINDS], 4);
		struct rig_call c[2];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		if (i / KINDS == 0) {
			r->script.sink->link_down(r->script.core, SCMI_E_LINK);
			r->script.sink->ready(r->script.core);
		} else if (i / KINDS == 1) {
			assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
		} else {
			assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
			rig_start(r);
		}
		assert_ended(&c[1], i / KINDS < 2 ? SCMI_E_LINK : SCMI_E_CLOSED);
		submit_named(r, &c[0], 'C', SCMI_CALL_NOWAIT);
		submit_named(r, &c[1], 'D', SCMI_CALL_NOWAIT);
		script_assert_sent(&r->script, "ACD");
		script_answer(&r->script, 'C');
		script_answer(&r->script, 'D');
		rig_end(r);
	}
}

/* ---- with other flags ---- */

static void fence_with_urgent_or_nowait_is_refused(void **state)
{
	static const uint16_t flags[] = {SCMI_CALL_URGENT, SCMI_CALL_NOWAIT, SCMI_CALL_URGENT | SCMI_CALL_NOWAIT};
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	for (int i = 0; i < 3; i++) {
		rig_named(r, &c, 'A', SCMI_CALL_FENCE | flags[i]);
		assert_int_equal(rig_submit(&c), SCMI_E_INVAL);
		assert_int_equal(rig_do(&c), SCMI_E_INVAL);
	}
	assert_int_equal(r->script.sends, 0);
	rig_end(r);
}

static void urgent_overtakes_a_fence(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct rig_call c[4];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		submit_named(r, &c[2], 'C', 0);
		submit_named(r, &c[3], 'D', SCMI_CALL_URGENT);
		script_assert_sent(&r->script, "AD");
		script_answer(&r->script, 'D');
		script_answer(&r->script, 'A');
		script_assert_sent(&r->script, "ADBC");
		script_answer(&r->script, 'B');
		script_answer(&r->script, 'C');
		rig_end(r);
	}
}

/* Before all that wait, behind the urgent ones that came before; an urgent one that found no room stays first. */
static void urgent_overtakes_the_queue(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 16, 0);
		struct rig_call c[6];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		submit_named(r, &c[2], 'C', SCMI_CALL_URGENT);
		submit_named(r, &c[3], 'D', SCMI_CALL_URGENT);
		submit_named(r, &c[4], 'E', 0);
		script_make_room(&r->script, 1);
		script_assert_sent(&r->script, "C");
		submit_named(r, &c[5], 'F', SCMI_CALL_URGENT);
		script_make_room(&r->script, 3);
		script_assert_sent(&r->script, "CDFA");
		for (const char *name = "ADCF"; *name != '\0'; name++)
			script_answer(&r->script, *name);
		script_make_room(&r->script, 2);
		script_assert_sent(&r->script, "CDFABE");
		script_answer(&r->script, 'B');
		script_answer(&r->script, 'E');
		rig_end(r);
	}
}

static void urgent_in_the_queue_may_end_there(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 0);
		struct rig_call c[3];

		submit_named(r, &c[0], 'A', SCMI_CALL_URGENT);
		submit_named(r, &c[1], 'B', 0);
		submit_named(r, &c[2], 'C', SCMI_CALL_URGENT);
		by_cancel(r, &c[0]);
		assert_int_equal(rig_stats(r).queued, 2);
		rig_pass(r, SCMI_QUEUE_TIMEOUT_DEFAULT_US + 4);
		assert_ended(&c[2], SCMI_E_TIMEOUT);
		assert_int_equal(rig_stats(r).queued, 0);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fence_of_an_idle_link_goes_at_once),
		cmocka_unit_test(fence_waits_for_all_earlier_ones_and_later_ones_for_it),
		cmocka_unit_test(fences_in_a_row_go_one_by_one),
		cmocka_unit_test(fence_is_free_however_the_earlier_one_ends),
		cmocka_unit_test(fence_does_not_wait_for_what_is_owed),
		cmocka_unit_test(fence_waits_for_both_messages_of_a_delayed_command),
		cmocka_unit_test(fence_waits_for_a_synchronous_call),
		cmocka_unit_test(synchronous_fence_waits_its_turn),
		cmocka_unit_test(fence_over_a_link_that_answers_at_once),
		cmocka_unit_test(fence_that_is_cancelled_lets_the_others_go),
		cmocka_unit_test(fence_has_the_queues_bound),
		cmocka_unit_test(fence_of_a_lost_link_holds_nobody_afterwards),
		cmocka_unit_test(fence_with_urgent_or_nowait_is_refused),
		cmocka_unit_test(urgent_overtakes_a_fence),
		cmocka_unit_test(urgent_overtakes_the_queue),
		cmocka_unit_test(urgent_in_the_queue_may_end_there),
	};

	return cmocka_run_group_tests_name("agent_fence", tests, NULL, NULL);
}
