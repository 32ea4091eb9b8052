/* SPDX-License-Identifier: BSD-3-Clause */
/* Many calls by one submit: in order, up to the first that is refused, with one doorbell a link. */
#include "agent_rig.h"

#include <scmi/message.h>

#define N 6u

/* N calls, A to F, that are submitted together. */
struct many {
	struct rig *r;
	struct rig_call c[N];
	struct scmi_call *calls[N];
};

static void on_done(struct scmi_call *call, int err)
{
	struct rig_call *c = call->arg;

	c->ends++;
	c->err = err;
	c->rig->ends[-err]++;
}

static void many_init(struct many *m, struct rig *r, uint16_t flags)
{
	m->r = r;
	for (unsigned i = 0; i < N; i++) {
		rig_named(r, &m->c[i], (char)('A' + i), flags);
		m->c[i].call.done = on_done;
		m->c[i].call.arg = &m->c[i];
		m->calls[i] = &m->c[i].call;
	}
}

/* Counts before: done may run inside. */
static int many_submit(struct many *m, uint32_t n, uint32_t expected)
{
	uint32_t submitted = 99;
	int err;

	m->r->submitted += expected;
	err = scmi_agent_submit_many(m->r->agent, m->calls, n, &submitted);
	assert_int_equal(submitted, expected);
	return err;
}

static void answer_all(struct rig *r, const char *names)
{
	for (; *names != '\0'; names++)
		script_answer(&r->script, *names);
}

static void many_go_in_order_with_one_doorbell(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_SERIAL};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig *r = rig_up(kinds[k], 8);
		struct many m;

		many_init(&m, r, 0);
		assert_int_equal(many_submit(&m, N, N), SCMI_OK);
		script_assert_sent(&r->script, "ABCDEF");
		assert_int_equal(r->script.rings, 1);
		answer_all(r, "FBADCE");
		for (unsigned i = 0; i < N; i++)
			assert_ended(&m.c[i], SCMI_OK);
		rig_end(r);
	}
}

static void none_is_none(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	uint32_t submitted = 99;

	(void)state;
	assert_int_equal(scmi_agent_submit_many(r->agent, NULL, 0, &submitted), SCMI_OK);
	assert_int_equal(submitted, 0);
	assert_int_equal(r->script.sends, 0);
	rig_end(r);
}

static void wrong_arguments_are_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	uint32_t submitted = 99;
	struct many m;

	(void)state;
	many_init(&m, r, 0);
	assert_int_equal(scmi_agent_submit_many(NULL, m.calls, N, &submitted), SCMI_E_INVAL);
	assert_int_equal(submitted, 0);
	submitted = 99;
	assert_int_equal(scmi_agent_submit_many(r->agent, NULL, N, &submitted), SCMI_E_INVAL);
	assert_int_equal(submitted, 0);
	assert_int_equal(scmi_agent_submit_many(r->agent, NULL, N, NULL), SCMI_E_INVAL);
	m.calls[0] = NULL;
	assert_int_equal(many_submit(&m, N, 0), SCMI_E_INVAL);
	assert_int_equal(r->script.sends, 0);
	rig_end(r);
}

/* The first that is refused stops it, wherever it stands; what went before is rung for. */
static void the_first_error_ends_it(void **state)
{
	(void)state;
	for (uint32_t bad = 0; bad < N; bad++) {
		struct rig *r = rig_up(RIG_IRQ, 8);
		struct many m;

		many_init(&m, r, 0);
		m.c[bad].call.params_len = SCRIPT_PAYLOAD + 1u;
		m.c[bad].call.params = &m;
		m.c[N - 1].call.size--;
		assert_int_equal(many_submit(&m, N, bad), bad < N - 1u ? SCMI_E_TOOBIG : SCMI_E_INVAL);
		assert_int_equal(r->script.went_out, bad);
		assert_int_equal(r->script.rings, bad != 0);
		assert_int_equal(r->script.unrung, 0);
		m.c[N - 1].call.size++;
		for (uint32_t i = bad; i < N; i++)
			assert_int_equal(scmi_agent_cancel(r->agent, m.calls[i]), SCMI_E_NOTFOUND);
		answer_all(r, &"FEDCBA"[N - bad]);
		rig_end(r);
	}
}

static int fail_third(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	(void)sent;
	return s->sends == 3 ? SCMI_E_IO : SCMI_OK;
}

static void a_send_that_fails_ends_it(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct many m;

	(void)state;
	r->script.on_send = fail_third;
	many_init(&m, r, 0);
	assert_int_equal(many_submit(&m, N, 2), SCMI_E_IO);
	script_assert_sent(&r->script, "AB");
	assert_int_equal(r->script.unrung, 0);
	answer_all(r, "AB");
	rig_end(r);
}

static void nowait_stops_where_the_pool_ends(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct many m;

	(void)state;
	many_init(&m, r, SCMI_CALL_NOWAIT);
	assert_int_equal(many_submit(&m, N, 4), SCMI_E_BUSY);
	assert_int_equal(rig_stats(r).no_slot, 1);
	assert_int_equal(r->script.rings, 1);
	answer_all(r, "DCBA");
	rig_end(r);
}

static void what_has_no_room_is_queued_and_counts_as_submitted(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 8, 2);
	struct many m;

	(void)state;
	many_init(&m, r, 0);
	assert_int_equal(many_submit(&m, N, N), SCMI_OK);
	assert_int_equal(r->script.unrung, 0);
	assert_int_equal(rig_stats(r).queued, N - 2u);
	script_make_room(&r->script, 4);
	assert_int_equal(r->script.rings, 2);
	script_assert_sent(&r->script, "ABCDEF");
	answer_all(r, "ABCDEF");
	rig_end(r);
}

static void each_link_is_rung_for_once(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct script *second = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 8);
	struct many m;

	(void)state;
	rig_start(r);
	many_init(&m, r, 0);
	for (unsigned i = 1; i < N; i += 2)
		m.c[i].call.protocol = SCMI_PROTOCOL_POWER;
	assert_int_equal(many_submit(&m, N, N), SCMI_OK);
	script_assert_sent(&r->script, "ACE");
	script_assert_sent(second, "BDF");
	assert_int_equal(r->script.rings, 1);
	assert_int_equal(second->rings, 1);
	assert_int_equal(scmi_agent_cancel_all(r->agent), N);
	rig_end(r);
}

/* The peer answers no message before the doorbell of it has rung. */
static void answer_what_was_rung_for(struct script *s, void *arg)
{
	unsigned *answered = arg;

	while (*answered < s->sends)
		script_post_reply(s, script_sent(s, (*answered)++), SCMI_SUCCESS);
}

/* More than there are slots: who waits for one must have rung for those that hold them. */
static void more_than_there_are_slots(void **state)
{
	static const uint32_t kinds[] = {RIG_POLL, RIG_WAIT, SCMI_CAP_POLL};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct rig *r = rig_up(kinds[k], 2);
		unsigned answered = 0;
		struct many m;

		r->script.on_ring = answer_what_was_rung_for;
		r->script.arg = &answered;
		r->fake.step_us = 1; /* else a wait for nothing would never end */
		many_init(&m, r, 0);
		assert_int_equal(many_submit(&m, N, N), SCMI_OK);
		(void)scmi_agent_poll(r->agent, (int)N);
		for (unsigned i = 0; i < N; i++)
			assert_ended(&m.c[i], SCMI_OK);
		assert_int_equal(rig_stats(r).no_slot, 0);
		rig_end(r);
	}
}

static void more_by_flag_than_there_are_slots(void **state)
{
	struct rig *r = rig_up(RIG_POLL, 2);
	unsigned answered = 0;
	struct rig_call c[3];

	(void)state;
	r->script.on_ring = answer_what_was_rung_for;
	r->script.arg = &answered;
	r->fake.step_us = 1;
	for (int i = 0; i < 3; i++) {
		rig_named(r, &c[i], (char)('A' + i), i < 2 ? SCMI_CALL_MORE : 0);
		assert_int_equal(i < 2 ? rig_submit(&c[i]) : rig_do(&c[i]), SCMI_OK);
	}
	for (int i = 0; i < 2; i++) /* perhaps delivered already */
		(void)scmi_agent_poll(r->agent, 1);
	for (int i = 0; i < 3; i++)
		assert_ended(&c[i], SCMI_OK);
	rig_end(r);
}

static int ready_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)sent;
	(void)arg;
	s->sink->ready(s->core);
	return SCMI_OK;
}

/* The pump has found nothing to do: what was left unrung is left to the submit that was announced. */
static void room_rings_for_nothing_that_is_not_queued(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_SERIAL};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig *r = rig_up(kinds[k], 4);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', SCMI_CALL_MORE);
		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		r->script.sink->ready(r->script.core);
		assert_int_equal(r->script.rings, 0);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_int_equal(r->script.rings, 1);
		answer_all(r, "AB");
		rig_end(r);
	}
}

static int submit_and_cancel(struct script *script, const struct script_sent *sent, void *arg)
{
	struct rig_call *c = arg;

	(void)sent;
	script->on_send = NULL;
	assert_int_equal(rig_submit(c), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(c->rig->agent, &c->call), SCMI_OK);
	return SCMI_OK;
}

/* A doorbell was left to a call that was to follow; that stood in the queue when it was cancelled, and is not sent. */
static void call_that_ends_in_the_queue_is_rung_for(void **state)
{
	struct rig *r = rig_up(RIG_SERIAL, 4);
	struct rig_call c[2];

	(void)state;
	rig_named(r, &c[0], 'A', SCMI_CALL_MORE);
	rig_named(r, &c[1], 'B', 0);
	r->script.on_send = submit_and_cancel;
	r->script.arg = &c[1];
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_ended(&c[1], SCMI_E_CANCELLED);
	script_assert_sent(&r->script, "A");
	assert_int_equal(r->script.rings, 1);
	answer_all(r, "A");
	rig_end(r);
}

/* It says that another follows, but waits itself: it has to ring, whoever comes to the link meanwhile. */
static void synchronous_call_with_more_is_rung_for(void **state)
{
	static const uint32_t kinds[] = {RIG_POLL, SCMI_CAP_POLL};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig *r = rig_up(kinds[i % 2], 2);
		unsigned answered = 0;
		struct rig_call c;

		r->script.on_ring = answer_what_was_rung_for;
		r->script.arg = &answered;
		r->script.on_send = i < 2 ? NULL : ready_inside;
		r->fake.step_us = 1;
		rig_named(r, &c, 'A', SCMI_CALL_MORE);
		assert_int_equal(rig_do(&c), SCMI_OK);
		rig_end(r);
	}
}

static void many_on_a_link_that_answers_at_once(void **state)
{
	static const uint32_t kinds[] = {RIG_SYNC, SCMI_CAP_SYNC_SEND};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig *r = rig_up(kinds[k], 1);
		struct many m;

		r->script.on_send = script_answer_at_once;
		many_init(&m, r, SCMI_CALL_NOWAIT);
		assert_int_equal(many_submit(&m, N, N), SCMI_OK);
		for (unsigned i = 0; i < N; i++)
			assert_ended(&m.c[i], SCMI_OK);
		script_assert_sent(&r->script, "ABCDEF");
		rig_end(r);
	}
}

static void many_while_the_agent_is_stopped(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct many m;

	(void)state;
	rig_init(r);
	many_init(&m, r, 0);
	assert_int_equal(many_submit(&m, N, 0), SCMI_E_CLOSED);
	assert_int_equal(r->script.used_stopped, 0);
	rig_end(r);
}

static void submit_the_rest(struct rig_call *c)
{
	struct many *m = c->arg;

	assert_int_equal(many_submit(m, N, N), SCMI_OK);
}

static void many_from_a_done_function(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call first;
	struct many m;

	(void)state;
	many_init(&m, r, 0);
	rig_named(r, &first, 'Z', 0);
	first.then = submit_the_rest;
	first.arg = &m;
	assert_int_equal(rig_submit(&first), SCMI_OK);
	script_answer(&r->script, 'Z');
	script_assert_sent(&r->script, "ZABCDEF");
	assert_int_equal(r->script.rings, 2);
	answer_all(r, "ABCDEF");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_go_in_order_with_one_doorbell),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(wrong_arguments_are_refused),
		cmocka_unit_test(the_first_error_ends_it),
		cmocka_unit_test(a_send_that_fails_ends_it),
		cmocka_unit_test(nowait_stops_where_the_pool_ends),
		cmocka_unit_test(what_has_no_room_is_queued_and_counts_as_submitted),
		cmocka_unit_test(each_link_is_rung_for_once),
		cmocka_unit_test(more_than_there_are_slots),
		cmocka_unit_test(more_by_flag_than_there_are_slots),
		cmocka_unit_test(room_rings_for_nothing_that_is_not_queued),
		cmocka_unit_test(call_that_ends_in_the_queue_is_rung_for),
		cmocka_unit_test(synchronous_call_with_more_is_rung_for),
		cmocka_unit_test(many_on_a_link_that_answers_at_once),
		cmocka_unit_test(many_while_the_agent_is_stopped),
		cmocka_unit_test(many_from_a_done_function),
	};

	return cmocka_run_group_tests_name("agent_many", tests, NULL, NULL);
}
