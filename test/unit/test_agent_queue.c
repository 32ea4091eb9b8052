/* SPDX-License-Identifier: BSD-3-Clause */
/* The queue of a link: what cannot be sent at once is sent in order, once there is room, or ends in time. */
#include "agent_rig.h"

#include <scmi/message.h>

#define DEFAULT_US SCMI_QUEUE_TIMEOUT_DEFAULT_US

/* Both kinds: one send at a time, and one that has promised room but says BUSY all the same. */
static const uint32_t kinds[] = {RIG_SERIAL, RIG_IRQ};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void queue_leaves_in_the_order_of_submit(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 8, 1);
		struct rig_call c[5];

		for (int i = 0; i < 5; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
			assert_int_equal(rig_stats(r).queued, i);
			assert_int_equal(rig_stats(r).in_flight, i + 1);
		}
		script_assert_sent(&r->script, "A");
		script_answer(&r->script, 'A');
		script_make_room(&r->script, 1);
		script_assert_sent(&r->script, "AB");
		assert_int_equal(rig_stats(r).queued, 3);
		script_make_room(&r->script, 3);
		script_assert_sent(&r->script, "ABCDE");
		assert_int_equal(rig_stats(r).queued, 0);
		for (int i = 1; i < 5; i++)
			script_answer(&r->script, (char)('A' + i));
		for (int i = 0; i < 5; i++)
			assert_ended(&c[i], SCMI_OK);
		rig_end(r);
	}
}

/* What has been queued goes first; behind it the link is open again. */
static void queue_that_is_empty_again_lets_calls_out_at_once(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 8, 0);
		struct rig_call c[3];

		for (int i = 0; i < 2; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		script_make_room(&r->script, 3);
		rig_named(r, &c[2], 'C', SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[2]), SCMI_OK);
		script_assert_sent(&r->script, "ABC");
		for (int i = 0; i < 3; i++)
			script_answer(&r->script, (char)('A' + i));
		rig_end(r);
	}
}

static int busy_but_ready(struct script *s, const struct script_sent *sent, void *arg)
{
	unsigned *times = arg;

	(void)sent;
	if (*times == 0)
		return SCMI_OK;
	(*times)--;
	s->sink->ready(s->core);
	return SCMI_E_BUSY;
}

/* There is room again before send() has returned that there is none. */
static void ready_inside_a_busy_send_is_not_lost(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		for (unsigned n = 1; n < 4; n++) {
			struct rig *r = rig_up(kinds[k], 4);
			unsigned times = n;
			struct rig_call c;

			r->script.on_send = busy_but_ready;
			r->script.arg = &times;
			rig_named(r, &c, 'A', 0);
			assert_int_equal(rig_submit(&c), SCMI_OK);
			script_assert_sent(&r->script, "A");
			assert_int_equal(rig_stats(r).queued, 0);
			script_answer(&r->script, 'A');
			assert_ended(&c, SCMI_OK);
			rig_end(r);
		}
	}
}

/* It may cost one try, not a loop, and a later ready() still counts. */
static void ready_without_busy_does_no_harm(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 0);
		struct rig_call c;

		for (int i = 0; i < 3; i++)
			r->script.sink->ready(r->script.core);
		rig_named(r, &c, 'A', 0);
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_in_range(r->script.sends, 1, 3);
		assert_int_equal(rig_stats(r).queued, 1);
		script_make_room(&r->script, 1);
		script_assert_sent(&r->script, "A");
		script_answer(&r->script, 'A');
		rig_end(r);
	}
}

/* Nobody asks a link again that has said BUSY and not ready(), however many queue. */
static void queue_of_a_stuck_link_does_not_try_again(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 16, 0);
		unsigned tries = 0;
		struct rig_call c[10];

		for (int i = 0; i < 10; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
			(void)scmi_agent_poll(r->agent, 1);
			tries = i == 0 ? r->script.sends : tries;
		}
		assert_int_equal(r->script.sends, tries);
		assert_int_equal(scmi_agent_cancel_all(r->agent), 10);
		assert_int_equal(r->script.sends, tries);
		rig_end(r);
	}
}

/* A peer that guesses: what has not been sent has no reply, whatever the header is. */
static void reply_to_a_queued_call_is_a_stray(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 4, 0);
	struct rig_call c[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		rig_named(r, &c[i], 'A', 0);
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	for (uint16_t token = 0; token < SCMI_TOKEN_COUNT; token++) {
		uint32_t hdr = scmi_hdr(RIG_PROTOCOL, 'A', SCMI_MSG_COMMAND, token);

		assert_int_equal(script_rx(&r->script, hdr, "\0\0\0\0", 4), SCMI_E_STRAY);
		assert_int_equal(script_rx(&r->script, scmi_hdr(0, 0, SCMI_MSG_COMMAND, token), "\0\0\0\0", 4),
				 SCMI_E_STRAY);
		assert_int_equal(script_settle(&r->script, token, SCMI_E_PROTO), SCMI_E_STRAY);
	}
	assert_int_equal(rig_stats(r).stray_token, 2 * SCMI_TOKEN_COUNT);
	assert_int_equal(rig_stats(r).in_flight, 4);
	assert_int_equal(scmi_agent_cancel_all(r->agent), 4);
	rig_end(r);
}

static void queue_bound(uint32_t caps, uint32_t timeout_us, uint32_t deadline_us, uint32_t expected_us)
{
	struct rig *r = rig_new(caps, 1);
	struct rig_call c;

	r->script.narrow = true;
	r->config.options.queue_timeout_us = timeout_us;
	rig_start(r);
	for (int i = 0; i < 2; i++) {
		rig_named(r, &c, 'A', 0);
		c.call.timeout_us = SCMI_FOREVER;
		c.call.deadline_us = deadline_us != 0 ? r->fake.now_us + deadline_us : 0;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_in_range(scmi_agent_next_deadline(r->agent), r->fake.now_us, r->fake.now_us + expected_us + 4);
		rig_pass(r, expected_us - 1);
		assert_int_equal(c.ends, 0);
		rig_pass(r, 5);
		assert_ended(&c, SCMI_E_TIMEOUT);
		/* The link is as stuck as before, but the slot is there again. */
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).queued, 0);
	}
	script_assert_sent(&r->script, "");
	rig_end(r);
}

static void queue_has_a_bound_of_its_own(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		queue_bound(kinds[k], 0, 0, DEFAULT_US);
		queue_bound(kinds[k], 5000, 0, 5000);
		queue_bound(kinds[k], SCMI_FOREVER, 7000, 7000);
		queue_bound(kinds[k], 0, 7000, 7000);
		queue_bound(kinds[k], 5000, 7000, 5000);
	}
}

static void queue_timeout_forever_never_fires(void **state)
{
	struct rig *r = rig_new(RIG_SERIAL, 4);
	struct rig_call c;

	(void)state;
	r->script.narrow = true;
	r->config.options.queue_timeout_us = SCMI_FOREVER;
	rig_start(r);
	rig_named(r, &c, 'A', 0);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	for (int i = 0; i < 10; i++)
		rig_pass(r, UINT64_C(1000000000));
	assert_int_equal(c.ends, 0);
	script_make_room(&r->script, 1);
	script_answer(&r->script, 'A');
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void queue_bound_of_a_synchronous_call(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 4, 0);
	uint64_t begin = r->fake.now_us;
	struct rig_call c;

	(void)state;
	rig_named(r, &c, 'A', 0);
	assert_int_equal(rig_do(&c), SCMI_E_TIMEOUT);
	assert_in_range(r->fake.now_us - begin, DEFAULT_US, DEFAULT_US + 4);
	assert_int_equal(rig_stats(r).queued, 0);
	rig_end(r);
}

/* However long it stood in the queue, its time for the reply is whole; its deadline is not. */
static void reply_clock_starts_on_the_wire(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 0);
		struct rig_call c[2];

		for (int i = 0; i < 2; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			c[i].call.timeout_us = 1000;
		}
		c[1].call.deadline_us = r->fake.now_us + 100400;
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		rig_pass(r, 100000);
		script_make_room(&r->script, 2);
		rig_pass(r, 399);
		assert_int_equal(c[1].ends, 0);
		rig_pass(r, 5);
		assert_ended(&c[1], SCMI_E_TIMEOUT);
		rig_pass(r, 595);
		assert_int_equal(c[0].ends, 0);
		rig_pass(r, 5);
		assert_ended(&c[0], SCMI_E_TIMEOUT);
		assert_int_equal(rig_stats(r).quarantined, 2);
		rig_end(r);
	}
}

/* Head, middle and tail of a queue on a stuck link; the slot is back at once. */
static void cancel_of_a_queued_call_gives_its_slot_back(void **state)
{
	static const char *const left[] = {"BCD", "ACD", "ABD", "ABC"};

	(void)state;
	for (unsigned i = 0; i < 2 * KINDS * 2; i++) {
		struct rig *r = rig_narrow(kinds[i % KINDS], 4, 0);
		struct rig_call c[4];
		unsigned victim = i / 2;

		for (int j = 0; j < 4; j++) {
			rig_named(r, &c[j], (char)('A' + j), 0);
			assert_int_equal(rig_submit(&c[j]), SCMI_OK);
		}
		assert_int_equal(scmi_agent_cancel(r->agent, &c[victim].call), SCMI_OK);
		assert_ended(&c[victim], SCMI_E_CANCELLED);
		assert_int_equal(scmi_agent_cancel(r->agent, &c[victim].call), SCMI_E_NOTFOUND);
		assert_int_equal(rig_stats(r).queued, 3);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_named(r, &c[victim], 'E', 0);
		assert_int_equal(rig_submit(&c[victim]), SCMI_OK);
		assert_int_equal(scmi_agent_cancel(r->agent, &c[victim].call), SCMI_OK);
		script_make_room(&r->script, 9);
		script_assert_sent(&r->script, left[victim]);
		assert_int_equal(scmi_agent_cancel_all(r->agent), 3);
		rig_end(r);
	}
}

struct inside {
	struct rig_call *c;
	int err;
};

static int cancel_then(struct script *s, const struct script_sent *sent, void *arg)
{
	struct inside *in = arg;

	(void)s;
	(void)sent;
	assert_int_equal(scmi_agent_cancel(in->c->rig->agent, &in->c->call), SCMI_OK);
	return in->err;
}

/* No room after all, and the call is over: it does not go back to the queue, and the link counts as full. */
static void cancel_inside_a_busy_send_ends_the_call(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k % KINDS], 4, 0);
		struct rig_call c;
		struct inside in = {.c = &c, .err = SCMI_E_BUSY};

		rig_named(r, &c, 'A', 0);
		r->script.arg = &in;
		r->script.on_send = cancel_then;
		r->script.narrow = k < KINDS; /* from the queue, or directly */
		assert_int_equal(rig_submit(&c), SCMI_OK);
		script_make_room(&r->script, 1);
		assert_ended(&c, SCMI_E_CANCELLED);
		script_assert_sent(&r->script, "");
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).queued, 0);
		rig_end(r);
	}
}

static int answer_then_busy(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	(void)script_answer_at_once(s, sent, NULL);
	return SCMI_E_BUSY;
}

/* A peer that answers what was not sent: one end, and not a second try. */
static void reply_inside_a_busy_send_ends_the_call(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k % KINDS], 4, 0);
		struct rig_call c;

		rig_named(r, &c, 'A', 0);
		r->script.on_send = answer_then_busy;
		r->script.narrow = k < KINDS;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		script_make_room(&r->script, 1);
		assert_ended(&c, SCMI_OK);
		assert_int_equal(r->script.sends, k < KINDS ? 2 + (kinds[k] == RIG_IRQ) : 1);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

static void nowait_is_not_queued(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 2, 0);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', SCMI_CALL_NOWAIT);
		rig_named(r, &c[1], 'B', 0);
		for (int i = 0; i < 3; i++) {
			assert_int_equal(rig_submit(&c[0]), SCMI_E_BUSY);
			assert_int_equal(rig_do(&c[0]), SCMI_E_BUSY);
		}
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_BUSY);
		assert_int_equal(rig_stats(r).refused, 7);
		assert_int_equal(rig_stats(r).no_slot, 0);
		assert_int_equal(rig_stats(r).in_flight, 1);
		script_make_room(&r->script, 2);
		script_assert_sent(&r->script, "B");
		script_answer(&r->script, 'B');
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		script_answer(&r->script, 'A');
		rig_end(r);
	}
}

static void serve_both(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;

	(void)fake;
	for (const char *name = "AB"; *name != '\0'; name++) {
		script_make_room(&r->script, 1);
		script_answer(&r->script, *name);
	}
}

static void synchronous_call_waits_its_turn_behind_others(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 4, 0);
	struct rig_call c[2];

	(void)state;
	r->fake.on_wait = serve_both;
	r->fake.arg = r;
	rig_named(r, &c[0], 'A', 0);
	rig_named(r, &c[1], 'B', 0);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_do(&c[1]), SCMI_OK);
	assert_ended(&c[0], SCMI_OK);
	script_assert_sent(&r->script, "AB");
	rig_end(r);
}

static void queued_call_is_waited_for(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 4, 0);
	struct rig_call c;

	(void)state;
	rig_named(r, &c, 'A', 0);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INPROGRESS);
	script_make_room(&r->script, 1);
	assert_int_equal(rig_wait_until(&c, 0), SCMI_E_INPROGRESS);
	script_answer(&r->script, 'A');
	assert_int_equal(rig_wait(&c), SCMI_OK);
	rig_end(r);
}

/* The last life had no room when it ended, and nobody will say ready() for that. */
static void start_forgets_that_there_was_no_room(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * KINDS; i++) {
		struct rig *r = rig_narrow(kinds[i % KINDS], 4, 0);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		r->script.narrow = false;
		if (i < KINDS) {
			assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
			rig_start(r);
		} else {
			assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
		}
		rig_named(r, &c[0], 'B', 0);
		rig_named(r, &c[1], 'C', SCMI_CALL_FENCE);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		script_answer(&r->script, 'B');
		script_answer(&r->script, 'C');
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_leaves_in_the_order_of_submit),
		cmocka_unit_test(queue_that_is_empty_again_lets_calls_out_at_once),
		cmocka_unit_test(ready_inside_a_busy_send_is_not_lost),
		cmocka_unit_test(ready_without_busy_does_no_harm),
		cmocka_unit_test(queue_of_a_stuck_link_does_not_try_again),
		cmocka_unit_test(reply_to_a_queued_call_is_a_stray),
		cmocka_unit_test(queue_has_a_bound_of_its_own),
		cmocka_unit_test(queue_timeout_forever_never_fires),
		cmocka_unit_test(queue_bound_of_a_synchronous_call),
		cmocka_unit_test(reply_clock_starts_on_the_wire),
		cmocka_unit_test(cancel_of_a_queued_call_gives_its_slot_back),
		cmocka_unit_test(cancel_inside_a_busy_send_ends_the_call),
		cmocka_unit_test(reply_inside_a_busy_send_ends_the_call),
		cmocka_unit_test(nowait_is_not_queued),
		cmocka_unit_test(synchronous_call_waits_its_turn_behind_others),
		cmocka_unit_test(queued_call_is_waited_for),
		cmocka_unit_test(start_forgets_that_there_was_no_room),
	};

	return cmocka_run_group_tests_name("agent_queue", tests, NULL, NULL);
}
