/* SPDX-License-Identifier: BSD-3-Clause */
/* What goes on while the queue is being sent: callbacks that submit, sends that fail, doorbells, and links that go. */
#include "agent_rig.h"

#include <scmi/message.h>

#define CHAIN 10000u
#define STACK 4096u /* bytes between the deepest and the shallowest done function */

/* Both kinds: one send at a time, and one that has promised room but says BUSY all the same. */
static const uint32_t kinds[] = {RIG_SERIAL, RIG_IRQ};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void link_down_ends_the_queue(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 1);
		struct rig_call c[4];

		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		r->script.sink->link_down(r->script.core, SCMI_E_NOPEER);
		for (int i = 0; i < 4; i++)
			assert_ended(&c[i], SCMI_E_NOPEER);
		assert_int_equal(rig_stats(r).queued, 0);
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_NOPEER);
		/* Back again: it takes calls, though it had said BUSY before it went. */
		script_make_room(&r->script, 4);
		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('E' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		script_assert_sent(&r->script, "AEFGH");
		rig_check(r);
		assert_int_equal(scmi_agent_cancel_all(r->agent), 4);
		rig_end(r);
	}
}

static void stop_ends_the_queue(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 1);
		struct rig_call c[4];

		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(i < 3 ? rig_submit(&c[i]) : rig_submit_loose(&c[i]), SCMI_OK);
		}
		assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
		for (int i = 0; i < 3; i++)
			assert_ended(&c[i], SCMI_E_CLOSED);
		assert_int_equal(rig_wait(&c[3]), SCMI_E_CLOSED);
		assert_int_equal(rig_stats(r).queued, 0);
		/* A new life owes nothing to the room of the last one. */
		r->script.room = 2;
		rig_start(r);
		rig_named(r, &c[0], 'E', SCMI_CALL_NOWAIT);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		script_answer(&r->script, 'E');
		rig_end(r);
	}
}

/* What is not sent owes nothing, of two messages neither. */
static void queued_delayed_command_owes_nothing_yet(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k] | SCMI_CAP_NOTIFY, 2, 0);
		struct rig_call c[2];

		for (int i = 0; i < 2; i++) {
			rig_named(r, &c[i], (char)('A' + i), SCMI_CALL_DELAYED);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		rig_check(r);
		assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_check(r);
		script_make_room(&r->script, 1);
		script_answer(&r->script, 'B');
		assert_int_equal(c[1].ends, 0);
		assert_int_equal(script_rx(&r->script,
					   scmi_hdr_as(script_named(&r->script, 'B')->hdr, SCMI_MSG_DELAYED),
					   "\0\0\0\0", 4),
				 SCMI_OK);
		assert_ended(&c[1], SCMI_OK);
		rig_end(r);
	}
}

/* ---- callbacks ---- */

struct chain {
	unsigned runs;
	unsigned inside;
	unsigned deepest;
	uintptr_t low;
	uintptr_t high;
};

static void submit_again(struct rig_call *c)
{
	struct chain *chain = c->arg;
	volatile char here = 0;
	uintptr_t at = (uintptr_t)&here;

	chain->runs++;
	if (++chain->inside > chain->deepest)
		chain->deepest = chain->inside;
	if (chain->low == 0 || at < chain->low)
		chain->low = at;
	if (at > chain->high)
		chain->high = at;
	if (chain->runs < CHAIN)
		assert_int_equal(rig_submit(c), SCMI_OK);
	chain->inside--;
}

static void chain_over(uint32_t caps, uint32_t slots, bool queued)
{
	struct rig *r = rig_narrow(caps, slots, 0);
	struct chain chain = {.runs = 0};
	struct rig_call c;

	r->script.on_send = script_answer_at_once;
	r->script.narrow = queued;
	rig_named(r, &c, 'A', 0);
	c.then = submit_again;
	c.arg = &chain;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	if (queued)
		script_make_room(&r->script, CHAIN);
	assert_int_equal(chain.runs, CHAIN);
	assert_int_equal(chain.deepest, 1);
	assert_in_range(chain.high - chain.low, 0, STACK);
	assert_int_equal(rig_stats(r).in_flight, 0);
	rig_end(r);
}

/* One send at a time and the reply inside: neither the pump nor the done functions nest. */
static void done_that_submits_runs_in_constant_stack(void **state)
{
	static const uint32_t slots[] = {1, 64};

	(void)state;
	for (int i = 0; i < 2; i++) {
		chain_over(SCMI_CAP_SYNC_SEND, slots[i], false);
		chain_over(SCMI_CAP_SYNC_SEND, slots[i], true);
		chain_over(RIG_SYNC, slots[i], true);
	}
}

static void submit_its_arg(struct rig_call *c)
{
	assert_int_equal(rig_submit(c->arg), SCMI_OK);
}

/* What is submitted while the queue is being sent goes behind it. */
static void done_inside_the_pump_submits_in_order(void **state)
{
	static const char names[] = "ABCDEF";

	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 8, 0);
		struct rig_call c[6];

		r->script.on_send = script_answer_at_once;
		for (int i = 0; i < 6; i++)
			rig_named(r, &c[i], names[i], 0);
		for (int i = 0; i < 3; i++) {
			c[i].then = submit_its_arg;
			c[i].arg = &c[i + 3];
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		script_make_room(&r->script, 6);
		script_assert_sent(&r->script, names);
		for (int i = 0; i < 6; i++)
			assert_ended(&c[i], SCMI_OK);
		rig_end(r);
	}
}

static void cancel_its_arg(struct rig_call *c)
{
	struct rig_call *other = c->arg;

	assert_int_equal(scmi_agent_cancel(c->rig->agent, &other->call), SCMI_OK);
}

/* The pump finds entries dead that it has yet to come to. */
static void done_inside_the_pump_cancels_the_next(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 8, 0);
		struct rig_call c[4];

		r->script.on_send = script_answer_at_once;
		for (int i = 0; i < 4; i++) {
			rig_named(r, &c[i], (char)('A' + i), 0);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		c[0].then = cancel_its_arg;
		c[0].arg = &c[1];
		c[2].then = cancel_its_arg;
		c[2].arg = &c[3];
		script_make_room(&r->script, 4);
		script_assert_sent(&r->script, "AC");
		assert_int_equal(rig_stats(r).in_flight, 0);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

/* ---- calls that end while they are being sent ---- */

static struct making {
	struct rig_call *c;
	uint64_t (*now_us)(void *ctx);
	unsigned looks; /* at the clock, until it is cancelled */
} making;

static uint64_t cancel_at_a_look(void *ctx)
{
	if (making.looks != 0 && --making.looks == 0)
		(void)scmi_agent_cancel(making.c->rig->agent, &making.c->call);
	return making.now_us(ctx);
}

/* Another context cancels at each look at the clock that the pump makes: one is made with the message. */
static void cancel_while_the_message_is_made(void **state)
{
	struct scmi_latency latency = {.size = sizeof(latency), .protocol = SCMI_ANY};

	(void)state;
	for (unsigned i = 0; i < 8 * KINDS; i++) {
		struct rig *r = rig_new(kinds[i % KINDS], 2);
		struct rig_call c[2];

		r->config.latency = &latency;
		r->config.latency_n = 1;
		r->script.narrow = true;
		rig_start(r);
		for (int j = 0; j < 2; j++) {
			rig_named(r, &c[j], (char)('A' + j), 0);
			assert_int_equal(rig_submit(&c[j]), SCMI_OK);
		}
		making = (struct making){.c = &c[0], .now_us = r->fake.port.now_us, .looks = 1 + i / KINDS};
		r->fake.port.now_us = cancel_at_a_look;
		script_make_room(&r->script, 2);
		making.looks = 0;
		if (c[0].ends == 0)
			assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
		assert_ended(&c[0], SCMI_E_CANCELLED);
		assert_int_equal(rig_stats(r).quarantined, r->script.went_out - 1u);
		script_answer(&r->script, 'B');
		assert_ended(&c[1], SCMI_OK);
		rig_end(r);
	}
}

static int respond_then_busy(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	assert_int_equal(script_reply(s, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	return SCMI_E_BUSY;
}

/* The response of a delayed command that was not sent, says its transport: one end, and nothing is owed. */
static void response_inside_a_busy_send_of_a_delayed_command(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k % KINDS] | SCMI_CAP_NOTIFY, 2, 0);
		bool queued = k < KINDS;
		struct rig_call c;
		int err;

		r->script.on_send = respond_then_busy;
		r->script.narrow = queued;
		rig_named(r, &c, 'A', SCMI_CALL_DELAYED);
		err = rig_submit(&c);
		assert_int_equal(err, queued ? SCMI_OK : SCMI_E_BUSY);
		if (queued) {
			script_make_room(&r->script, 1);
			assert_ended(&c, SCMI_E_IO);
		}
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).queued, 0);
		rig_end(r);
	}
}

/* ---- sends that fail ---- */

struct failing {
	char name;
	int err;
};

static int fail_one(struct script *s, const struct script_sent *sent, void *arg)
{
	const struct failing *f = arg;

	(void)s;
	return scmi_hdr_message(sent->hdr) == (uint8_t)f->name ? f->err : SCMI_OK;
}

/* Its submit has long returned, so the call ends with that; the others go on. */
static void send_error_of_a_queued_call_is_its_end(void **state)
{
	static const int errs[][2] = {{SCMI_E_LINK, SCMI_E_LINK},
				      {SCMI_E_NOPEER, SCMI_E_NOPEER},
				      {SCMI_E_IO, SCMI_E_IO},
				      {SCMI_E_TOOBIG, SCMI_E_IO}, /* no end of a call */
				      {1, SCMI_E_IO}};

	(void)state;
	for (unsigned i = 0; i < 5 * KINDS; i++) {
		struct rig *r = rig_narrow(kinds[i % KINDS], 4, 0);
		struct failing f = {.name = (char)('A' + i % 3), .err = errs[i / KINDS][0]};
		struct rig_call c[3];

		r->script.on_send = fail_one;
		r->script.arg = &f;
		for (unsigned j = 0; j < 3; j++) {
			rig_named(r, &c[j], (char)('A' + j), 0);
			assert_int_equal(j != 1 ? rig_submit(&c[j]) : rig_submit_loose(&c[j]), SCMI_OK);
		}
		script_make_room(&r->script, 4);
		script_assert_sent(&r->script, i % 3 == 0 ? "BC" : i % 3 == 1 ? "AC" : "AB");
		for (unsigned j = 0; j < 3; j++) {
			int expected = j == i % 3 ? errs[i / KINDS][1] : SCMI_OK;

			if (expected == SCMI_OK)
				script_answer(&r->script, (char)('A' + j));
			if (j == 1)
				assert_int_equal(rig_wait(&c[j]), expected);
			assert_ended(&c[j], expected);
		}
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

static void make_room(struct fake_port *fake, void *arg)
{
	(void)fake;
	script_make_room(arg, 1);
}

static void synchronous_call_that_is_queued_gets_the_send_error(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 4, 0);
		struct failing f = {.name = 'A', .err = SCMI_E_NOPEER};
		struct rig_call c;

		r->script.on_send = fail_one;
		r->script.arg = &f;
		r->fake.on_wait = make_room;
		r->fake.arg = &r->script;
		rig_named(r, &c, 'A', 0);
		assert_int_equal(rig_do(&c), SCMI_E_NOPEER);
		assert_ended(&c, SCMI_E_NOPEER);
		assert_int_equal(rig_stats(r).refused, 0);
		rig_end(r);
	}
}

/* ---- doorbells ---- */

/* What the pump sends in a row is rung for once, also where something stops it in the middle. */
static void pump_rings_once_for_a_row(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * KINDS; k++) {
		for (unsigned room = 1; room <= 4; room++) {
			struct rig *r = rig_narrow(kinds[k % KINDS], 8, 0);
			uint16_t flags = k < KINDS ? 0 : SCMI_CALL_URGENT;
			struct rig_call c[4];

			for (int i = 0; i < 4; i++) {
				rig_named(r, &c[i], (char)('A' + i), i == 2 ? SCMI_CALL_MORE | flags : flags);
				assert_int_equal(rig_submit(&c[i]), SCMI_OK);
			}
			assert_int_equal(r->script.rings, 0);
			script_make_room(&r->script, room);
			assert_int_equal(r->script.rings, 1);
			assert_int_equal(r->script.unrung, 0);
			assert_int_equal(r->script.went_out, room);
			script_make_room(&r->script, 4);
			assert_int_equal(r->script.rings, room < 4 ? 2 : 1);
			assert_int_equal(r->script.unrung, 0);
			assert_int_equal(scmi_agent_cancel_all(r->agent), 4);
			rig_end(r);
		}
	}
}

/* The next one in the queue is dead, or may not go yet: nothing follows after all. */
static void pump_rings_where_nothing_follows_after_all(void **state)
{
	(void)state;
	for (unsigned k = 0; k < 2 * KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k % KINDS], 8, 0);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', 0);
		rig_named(r, &c[1], 'B', k < KINDS ? SCMI_CALL_FENCE : 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		if (k >= KINDS) {
			r->script.on_send = script_answer_at_once;
			c[0].then = cancel_its_arg;
			c[0].arg = &c[1];
		}
		script_make_room(&r->script, 2);
		script_assert_sent(&r->script, "A");
		assert_int_equal(r->script.rings, 1);
		assert_int_equal(r->script.unrung, 0);
		(void)scmi_agent_cancel_all(r->agent);
		rig_end(r);
	}
}

/* An earlier one went out and said that another follows; that one is queued. */
static void queued_call_rings_for_the_one_before(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		struct rig *r = rig_narrow(kinds[k], 8, 1);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', SCMI_CALL_MORE);
		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_int_equal(r->script.unrung, 0);
		assert_int_equal(r->script.rings, 1);
		assert_int_equal(scmi_agent_cancel_all(r->agent), 2);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_down_ends_the_queue),
		cmocka_unit_test(stop_ends_the_queue),
		cmocka_unit_test(queued_delayed_command_owes_nothing_yet),
		cmocka_unit_test(done_that_submits_runs_in_constant_stack),
		cmocka_unit_test(done_inside_the_pump_submits_in_order),
		cmocka_unit_test(done_inside_the_pump_cancels_the_next),
		cmocka_unit_test(cancel_while_the_message_is_made),
		cmocka_unit_test(response_inside_a_busy_send_of_a_delayed_command),
		cmocka_unit_test(send_error_of_a_queued_call_is_its_end),
		cmocka_unit_test(synchronous_call_that_is_queued_gets_the_send_error),
		cmocka_unit_test(pump_rings_once_for_a_row),
		cmocka_unit_test(pump_rings_where_nothing_follows_after_all),
		cmocka_unit_test(queued_call_rings_for_the_one_before),
	};

	return cmocka_run_group_tests_name("agent_pump", tests, NULL, NULL);
}
