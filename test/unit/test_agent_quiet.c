/* SPDX-License-Identifier: BSD-3-Clause */
/* Quiesce and resume: what is under way ends, nothing new is taken. And cancelling all that is in flight. */
#include "agent_rig.h"

#include <scmi/message.h>

static void submit_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_named(r, c, name, flags);
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static int quiesce(struct rig *r)
{
	return scmi_agent_quiesce(r->agent, SCMI_NEVER);
}

static void assert_closed(struct rig *r)
{
	struct rig_call c;

	rig_named(r, &c, 'N', 0);
	assert_int_equal(rig_submit(&c), SCMI_E_CLOSED);
	assert_int_equal(rig_submit_loose(&c), SCMI_E_CLOSED);
	assert_int_equal(rig_do(&c), SCMI_E_CLOSED);
	c.call.flags = SCMI_CALL_URGENT;
	assert_int_equal(rig_submit(&c), SCMI_E_CLOSED);
}

static void resume_works(struct rig *r)
{
	struct rig_call c;

	assert_int_equal(scmi_agent_resume(r->agent), SCMI_OK);
	submit_named(r, &c, 'W', SCMI_CALL_NOWAIT);
	script_answer(&r->script, 'W');
	assert_ended(&c, SCMI_OK);
}

static void idle_agent_is_quiet_at_once(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_SERIAL, RIG_POLL};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct rig *r = rig_up(kinds[k], 4);

		for (int i = 0; i < 2; i++) {
			assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
			assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
			assert_closed(r);
			resume_works(r);
			assert_int_equal(scmi_agent_resume(r->agent), SCMI_E_INVAL);
		}
		rig_end(r);
	}
}

static void wrong_uses_are_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);

	(void)state;
	rig_init(r);
	assert_int_equal(scmi_agent_quiesce(NULL, 0), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_resume(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_resume(r->agent), SCMI_E_INVAL);
	rig_start(r);
	assert_int_equal(scmi_agent_resume(r->agent), SCMI_E_INVAL);
	rig_end(r);
}

static void quiesce_inside(struct rig_call *c)
{
	assert_int_equal(scmi_agent_quiesce(c->rig->agent, 0), SCMI_E_CONTEXT);
}

static void quiesce_from_a_callback_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	rig_named(r, &c[0], 'A', 0);
	c[0].then = quiesce_inside;
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	script_answer(&r->script, 'A');
	/* It has closed nothing. */
	submit_named(r, &c[1], 'B', 0);
	script_answer(&r->script, 'B');
	rig_end(r);
}

/* What another context does while quiesce waits: one reply a turn. */
static void answer_next(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;
	static const char names[] = "DCBA";
	unsigned n = fake->calls.relax - 1;

	assert_in_range(n, 0, 3);
	script_answer(&r->script, names[n]);
}

static void quiesce_waits_for_what_is_in_flight(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	r->fake.on_relax = answer_next;
	r->fake.arg = r;
	assert_int_equal(quiesce(r), SCMI_OK);
	for (int i = 0; i < 4; i++)
		assert_ended(&c[i], SCMI_OK);
	resume_works(r);
	rig_end(r);
}

static void quiesce_drives_receive(void **state)
{
	static const uint32_t kinds[] = {RIG_POLL, RIG_WAIT, SCMI_CAP_POLL};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[4];

		for (int i = 0; i < 4; i++) {
			submit_named(r, &c[i], (char)('A' + i), 0);
			script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
		}
		assert_int_equal(quiesce(r), SCMI_OK);
		for (int i = 0; i < 4; i++)
			assert_ended(&c[i], SCMI_OK);
		resume_works(r);
		rig_end(r);
	}
}

/* Calls that time out end, but their replies are owed still; then these come. */
static void quiesce_waits_for_what_is_owed(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	submit_named(r, &c[0], 'A', 0);
	submit_named(r, &c[1], 'B', 0);
	assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
	r->fake.step_us = 100;
	assert_int_equal(scmi_agent_quiesce(r->agent, r->fake.now_us + 2 * SCMI_TIMEOUT_DEFAULT_US), SCMI_E_INPROGRESS);
	assert_ended(&c[1], SCMI_E_TIMEOUT);
	assert_closed(r);
	assert_int_equal(script_reply(&r->script, script_named(&r->script, 'A'), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(script_reply(&r->script, script_named(&r->script, 'B'), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	resume_works(r);
	rig_end(r);
}

static void quiesce_waits_for_both_messages_of_a_delayed_command(void **state)
{
	struct rig *r = rig_up(RIG_IRQ | SCMI_CAP_NOTIFY, 4);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', SCMI_CALL_DELAYED);
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(
		script_rx(&r->script, scmi_hdr_as(script_last(&r->script)->hdr, SCMI_MSG_DELAYED), "\0\0\0\0", 4),
		SCMI_E_STRAY);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	rig_end(r);
}

static void quiesce_waits_for_an_acquired_transfer(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct script_area area = {.bytes = "\0\0\0\0", .len = 4};
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &area), SCMI_OK);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	script_release(&r->script, &x);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	rig_end(r);
}

/* A queue is under way too: it still goes out. */
static void quiesce_lets_the_queue_out(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 8, 1);
	struct rig_call c[4];

	(void)state;
	submit_named(r, &c[0], 'A', 0);
	submit_named(r, &c[1], 'B', 0);
	submit_named(r, &c[2], 'C', SCMI_CALL_FENCE);
	submit_named(r, &c[3], 'D', 0);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_closed(r);
	script_make_room(&r->script, 9);
	script_assert_sent(&r->script, "AB");
	script_answer(&r->script, 'A');
	script_answer(&r->script, 'B');
	script_assert_sent(&r->script, "ABCD");
	script_answer(&r->script, 'C');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	script_answer(&r->script, 'D');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	resume_works(r);
	rig_end(r);
}

/* Nobody has asked for its end yet; that is no reason to wait. */
static void call_that_nobody_waits_for_is_quiet_when_it_has_ended(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_named(r, &c, 'A', 0);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	resume_works(r);
	rig_end(r);
}

static void quiesce_runs_what_was_deferred(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	r->config.flags = SCMI_AGENT_DEFERRED;
	rig_start(r);
	submit_named(r, &c, 'A', 0);
	script_answer(&r->script, 'A');
	assert_int_equal(c.ends, 0);
	assert_int_equal(quiesce(r), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void count_notification(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	unsigned *n = self->arg;

	(void)hdr;
	(void)payload;
	(void)len;
	(*n)++;
}

static void quiesce_runs_handlers_that_were_deferred(void **state)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 4);
	unsigned heard = 0;
	struct scmi_subscriber node = {.size = sizeof(node),
				       .protocol = SCMI_ANY,
				       .message = SCMI_ANY,
				       .notify = count_notification,
				       .arg = &heard};

	(void)state;
	r->config.flags = SCMI_AGENT_DEFERRED;
	r->config.event_buffers = 2;
	rig_start(r);
	assert_int_equal(scmi_agent_subscribe(r->agent, &node), SCMI_OK);
	assert_int_equal(script_rx(&r->script, scmi_hdr(0x15, 0, SCMI_MSG_NOTIFICATION, 0), NULL, 0), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(heard, 0);
	assert_int_equal(quiesce(r), SCMI_OK);
	assert_int_equal(heard, 1);
	rig_end(r);
}

static void quiesce_waits_for_every_link(void **state)
{
	(void)state;
	for (int busy = 0; busy < 3; busy++) {
		struct rig *r = rig_new(RIG_IRQ, 4);
		struct script *s[3] = {&r->script};
		struct rig_call c;

		s[1] = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 4);
		s[2] = rig_link(r, SCMI_PROTOCOL_PERF, RIG_IRQ, 4);
		rig_start(r);
		rig_named(r, &c, 'A', 0);
		if (busy != 0)
			c.call.protocol = busy == 1 ? SCMI_PROTOCOL_POWER : SCMI_PROTOCOL_PERF;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(scmi_agent_quiesce(r->agent, r->fake.now_us), SCMI_E_INPROGRESS);
		assert_int_equal(r->fake.calls.relax, 0);
		script_answer(s[busy], 'A');
		assert_int_equal(scmi_agent_quiesce(r->agent, r->fake.now_us), SCMI_OK);
		rig_end(r);
	}
}

static void resubmit(struct rig_call *c)
{
	assert_int_equal(rig_submit(c->arg), SCMI_E_CLOSED);
}

static void done_function_that_submits_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	rig_named(r, &c[0], 'A', 0);
	rig_named(r, &c[1], 'B', 0);
	c[0].then = resubmit;
	c[0].arg = &c[1];
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	rig_end(r);
}

static void link_that_is_down_is_quiet(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct script *second = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	rig_start(r);
	submit_named(r, &c[0], 'A', 0);
	rig_named(r, &c[1], 'B', 0);
	c[1].call.protocol = SCMI_PROTOCOL_POWER;
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	second->sink->link_down(second->core, SCMI_E_LINK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	/* It comes back while all is quiet: nothing is taken until resume. */
	second->sink->ready(second->core);
	assert_int_equal(rig_submit(&c[1]), SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_resume(r->agent), SCMI_OK);
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	script_answer(second, 'B');
	rig_end(r);
}

static void recovery_does_not_end_the_quiet(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_OK);
	assert_closed(r);
	resume_works(r);
	rig_end(r);
}

static void stop_and_start_end_the_quiet(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_ended(&c, SCMI_E_CLOSED);
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_CLOSED);
	rig_start(r);
	submit_named(r, &c, 'B', 0);
	script_answer(&r->script, 'B');
	assert_int_equal(scmi_agent_resume(r->agent), SCMI_E_INVAL);
	rig_end(r);
}

/* ---- cancel_all ---- */

static void cancel_all_ends_what_is_in_flight_on_every_link(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct script *second = rig_link(r, SCMI_PROTOCOL_POWER, RIG_SERIAL, 4);
	struct rig_call c[6];

	(void)state;
	second->narrow = true;
	second->room = 1;
	rig_start(r);
	assert_int_equal(scmi_agent_cancel_all(r->agent), 0);
	for (int i = 0; i < 6; i++) {
		rig_named(r, &c[i], (char)('A' + i), 0);
		if (i >= 3)
			c[i].call.protocol = SCMI_PROTOCOL_POWER;
		assert_int_equal(i != 2 ? rig_submit(&c[i]) : rig_submit_loose(&c[i]), SCMI_OK);
	}
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_cancel_all(r->agent), 5);
	assert_int_equal(scmi_agent_cancel_all(r->agent), 0);
	assert_int_equal(rig_wait(&c[2]), SCMI_E_CANCELLED);
	for (int i = 1; i < 6; i++)
		assert_ended(&c[i], SCMI_E_CANCELLED);
	assert_int_equal(rig_stats(r).quarantined, 3); /* what had been sent */
	assert_int_equal(rig_stats(r).queued, 0);
	rig_end(r);
}

static void submit_its_arg(struct rig_call *c)
{
	assert_int_equal(rig_submit(c->arg), SCMI_OK);
}

/* Those that are submitted meanwhile may be ended or not, but it comes to an end. */
static void cancel_all_whose_done_functions_submit(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 16);
	struct rig_call c[8];
	uint32_t n;

	(void)state;
	for (int i = 0; i < 8; i++)
		rig_named(r, &c[i], (char)('A' + i), 0);
	for (int i = 0; i < 4; i++) {
		c[i].then = submit_its_arg;
		c[i].arg = &c[i + 4];
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	n = scmi_agent_cancel_all(r->agent);
	assert_in_range(n, 4, 8);
	assert_int_equal(rig_stats(r).in_flight, 8 - n);
	n += scmi_agent_cancel_all(r->agent);
	assert_int_equal(n, 8);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_agent_is_quiet_at_once),
		cmocka_unit_test(wrong_uses_are_refused),
		cmocka_unit_test(quiesce_from_a_callback_is_refused),
		cmocka_unit_test(quiesce_waits_for_what_is_in_flight),
		cmocka_unit_test(quiesce_drives_receive),
		cmocka_unit_test(quiesce_waits_for_what_is_owed),
		cmocka_unit_test(quiesce_waits_for_both_messages_of_a_delayed_command),
		cmocka_unit_test(quiesce_waits_for_an_acquired_transfer),
		cmocka_unit_test(quiesce_lets_the_queue_out),
		cmocka_unit_test(call_that_nobody_waits_for_is_quiet_when_it_has_ended),
		cmocka_unit_test(quiesce_runs_what_was_deferred),
		cmocka_unit_test(quiesce_runs_handlers_that_were_deferred),
		cmocka_unit_test(quiesce_waits_for_every_link),
		cmocka_unit_test(done_function_that_submits_is_refused),
		cmocka_unit_test(link_that_is_down_is_quiet),
		cmocka_unit_test(recovery_does_not_end_the_quiet),
		cmocka_unit_test(stop_and_start_end_the_quiet),
		cmocka_unit_test(cancel_all_ends_what_is_in_flight_on_every_link),
		cmocka_unit_test(cancel_all_whose_done_functions_submit),
	};

	return cmocka_run_group_tests_name("agent_quiet", tests, NULL, NULL);
}
