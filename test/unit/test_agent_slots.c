/* SPDX-License-Identifier: BSD-3-Clause */
/* Waiting for a slot: until one is free by whatever way, until there will be none, or until the time is over. */
#include "agent_rig.h"

#include <scmi/message.h>

#define QUEUE_US 50000u
#define LATE_US  5000u
#define FIRST_US 1000u

/* How a waiter sleeps: on its event, in the transport, or not at all. */
static const uint32_t sleeps[] = {RIG_IRQ, RIG_WAIT, RIG_POLL, RIG_SERIAL};
#define SLEEPS (sizeof(sleeps) / sizeof(sleeps[0]))

typedef void (*way_fn)(struct rig *r, struct rig_call *holder);

/* What another context does when the submit under test first sleeps. */
struct meanwhile {
	struct rig *r;
	struct rig_call *holder;
	way_fn way;
	unsigned runs;
};

static void act(struct meanwhile *m)
{
	if (m->runs++ == 0)
		m->way(m->r, m->holder);
}

static void on_port(struct fake_port *fake, void *arg)
{
	(void)fake;
	act(arg);
}

static void on_transport(struct script *s, void *arg)
{
	(void)s;
	act(arg);
}

/* A pool of one slot that `holder` has, and what happens meanwhile. */
static struct rig *full_rig(struct meanwhile *m, uint32_t caps, uint32_t lateness_us, struct rig_call *holder,
			    way_fn way)
{
	struct rig *r = rig_new(caps, 1);

	*m = (struct meanwhile){.r = r, .holder = holder, .way = way};
	r->config.options.queue_timeout_us = QUEUE_US;
	r->config.options.lateness_us = lateness_us;
	r->fake.on_wait = on_port;
	r->fake.on_relax = on_port;
	r->fake.arg = m;
	r->fake.step_us = 1; /* who polls would look for ever else */
	r->script.on_wait = on_transport;
	r->script.arg = m;
	rig_start(r);
	rig_named(r, holder, 'A', 0);
	holder->call.timeout_us = FIRST_US;
	assert_int_equal(rig_submit(holder), SCMI_OK);
	return r;
}

/* ---- ways for a slot to come back ---- */

static void by_reply(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	script_answer(&r->script, 'A');
}

static void by_settle(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	assert_int_equal(script_settle(&r->script, script_named(&r->script, 'A')->token, SCMI_E_LINK), SCMI_OK);
}

static void by_late_reply(struct rig *r, struct rig_call *holder)
{
	const struct script_sent *sent = script_named(&r->script, 'A');

	assert_int_equal(scmi_agent_cancel(r->agent, &holder->call), SCMI_OK);
	assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
}

static void by_late_settle(struct rig *r, struct rig_call *holder)
{
	assert_int_equal(scmi_agent_cancel(r->agent, &holder->call), SCMI_OK);
	by_settle(r, holder);
}

static void by_release(struct rig *r, struct rig_call *holder)
{
	struct script_area area = {.bytes = "\0\0\0\0", .len = 4};
	struct scmi_xfer x;

	(void)holder;
	assert_int_equal(script_acquire(&r->script, script_named(&r->script, 'A')->hdr, &x, &area), SCMI_OK);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_OK);
	script_release(&r->script, &x);
}

static void by_going_and_coming(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	r->script.sink->ready(r->script.core);
}

static void slot_is_waited_for_and_taken(void **state)
{
	const way_fn ways[] = {by_reply, by_settle, by_late_reply, by_late_settle, by_release, by_going_and_coming};

	(void)state;
	for (unsigned i = 0; i < SLEEPS * sizeof(ways) / sizeof(ways[0]); i++) {
		for (int poll = 0; poll < 2; poll++) {
			struct rig_call c[2];
			struct meanwhile m;
			struct rig *r = full_rig(&m, sleeps[i % SLEEPS], 0, &c[0], ways[i / SLEEPS]);
			uint64_t begin = r->fake.now_us;

			rig_named(r, &c[1], 'B', poll ? SCMI_CALL_POLL : 0);
			assert_int_equal(rig_submit(&c[1]), SCMI_OK);
			assert_in_range(m.runs, 1, 3);
			assert_in_range(r->fake.now_us - begin, 0, FIRST_US);
			assert_int_equal(c[0].ends, 1);
			script_assert_sent(&r->script, "AB");
			assert_int_equal(rig_stats(r).no_slot, 0);
			script_answer(&r->script, 'B');
			rig_end(r);
		}
	}
}

static void answer_b(struct script *s, void *arg)
{
	(void)arg;
	if (s->went_out == 2 && scmi_hdr_message(script_last(s)->hdr) == 'B')
		script_post_reply(s, script_last(s), SCMI_SUCCESS);
}

static void synchronous_call_waits_for_its_slot_and_then_for_its_reply(void **state)
{
	struct rig_call c[2];
	struct meanwhile m;
	struct rig *r = full_rig(&m, RIG_POLL, 0, &c[0], by_reply);

	(void)state;
	r->script.on_ring = answer_b;
	rig_named(r, &c[1], 'B', 0);
	assert_int_equal(rig_do(&c[1]), SCMI_OK);
	assert_ended(&c[0], SCMI_OK);
	rig_end(r);
}

static void nothing(struct rig *r, struct rig_call *holder)
{
	(void)r;
	(void)holder;
}

/* The holder's time is over, then that of its quarantine: the waiter itself sees to both. */
static void slot_that_expires_is_taken(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SLEEPS; k++) {
		struct rig_call c[2];
		struct meanwhile m;
		struct rig *r = full_rig(&m, sleeps[k], LATE_US, &c[0], nothing);
		uint64_t begin = r->fake.now_us;

		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_ended(&c[0], SCMI_E_TIMEOUT);
		assert_in_range(r->fake.now_us - begin, FIRST_US + LATE_US - 100, FIRST_US + LATE_US + 100);
		assert_int_equal(rig_stats(r).expired, 1);
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void by_cancel(struct rig *r, struct rig_call *holder)
{
	assert_int_equal(scmi_agent_cancel(r->agent, &holder->call), SCMI_OK);
}

/* It stands in the queue of a link that takes nothing: cancelled there, or its time over, it owes nothing. */
static void slot_of_a_queued_call_is_taken(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2 * SLEEPS; i++) {
		struct rig *r = rig_new(sleeps[i / 2], 1);
		struct rig_call c[2];
		struct meanwhile m = {.r = r, .holder = &c[0], .way = i % 2 == 0 ? by_cancel : nothing};

		r->script.narrow = true;
		r->fake.on_wait = on_port;
		r->fake.on_relax = on_port;
		r->fake.arg = &m;
		r->fake.step_us = 1;
		r->script.on_wait = on_transport;
		r->script.arg = &m;
		rig_start(r);
		rig_named(r, &c[0], 'A', 0);
		c[0].call.deadline_us = r->fake.now_us + FIRST_US;
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_ended(&c[0], i % 2 == 0 ? SCMI_E_CANCELLED : SCMI_E_TIMEOUT);
		script_make_room(&r->script, 1);
		script_assert_sent(&r->script, "B");
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

/* ---- ways for none to come ---- */

static void by_link_down(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
}

static void by_quiesce(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	assert_int_equal(scmi_agent_quiesce(r->agent, 0), SCMI_E_INPROGRESS);
}

static void wait_for_a_slot_that_will_not_come(void **state)
{
	static const struct {
		way_fn way;
		int err;
	} cases[] = {{by_link_down, SCMI_E_NOPEER}, {by_quiesce, SCMI_E_CLOSED}, {nothing, SCMI_E_TIMEOUT}};

	(void)state;
	for (unsigned i = 0; i < SLEEPS * 3; i++) {
		for (int sync = 0; sync < 2; sync++) {
			struct rig_call c[2];
			struct meanwhile m;
			struct rig *r = full_rig(&m, sleeps[i % SLEEPS], 0, &c[0], cases[i / SLEEPS].way);
			uint64_t begin = r->fake.now_us;
			uint64_t least = cases[i / SLEEPS].err == SCMI_E_TIMEOUT ? QUEUE_US : 0;

			rig_named(r, &c[1], 'B', 0);
			assert_int_equal(sync ? rig_do(&c[1]) : rig_submit(&c[1]), cases[i / SLEEPS].err);
			assert_in_range(r->fake.now_us - begin, least, least + FIRST_US);
			script_assert_sent(&r->script, "A");
			assert_int_equal(rig_stats(r).no_slot, 1);
			assert_int_equal(rig_stats(r).refused, 0);
			(void)scmi_agent_resume(r->agent);
			rig_end(r);
		}
	}
}

static void wait_for_a_slot_is_bounded(void **state)
{
	static const struct {
		uint32_t timeout_us;
		uint32_t deadline_us;
		uint32_t expected_us;
	} cases[] = {{0, 0, SCMI_QUEUE_TIMEOUT_DEFAULT_US},
		     {7000, 0, 7000},
		     {7000, 5000, 5000},
		     {5000, 7000, 5000},
		     {SCMI_FOREVER, 7000, 7000}};

	(void)state;
	for (unsigned i = 0; i < SLEEPS * 5; i++) {
		uint32_t expected_us = cases[i / SLEEPS].expected_us;
		struct rig *r = rig_new(sleeps[i % SLEEPS], 1);
		uint64_t begin = r->fake.now_us;
		struct rig_call c[2];

		r->fake.step_us = 1;
		r->config.options.queue_timeout_us = cases[i / SLEEPS].timeout_us;
		rig_start(r);
		for (int j = 0; j < 2; j++)
			rig_named(r, &c[j], (char)('A' + j), 0);
		c[0].call.timeout_us = SCMI_FOREVER;
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		c[1].call.deadline_us = cases[i / SLEEPS].deadline_us != 0 ? begin + cases[i / SLEEPS].deadline_us : 0;
		assert_int_equal(rig_submit(&c[1]), SCMI_E_TIMEOUT);
		assert_in_range(r->fake.now_us - begin, expected_us, expected_us + 100);
		assert_int_equal(c[0].ends, 0);
		script_answer(&r->script, 'A');
		rig_end(r);
	}
}

/* The holder's reply lies in the transport: nobody but the waiter fetches it. */
static void waiter_for_a_slot_drives_receive(void **state)
{
	static const uint32_t polled[] = {RIG_POLL, RIG_WAIT, SCMI_CAP_POLL};

	(void)state;
	for (int k = 0; k < 3; k++) {
		struct rig_call c[3];
		struct meanwhile m;
		struct rig *r = full_rig(&m, polled[k], 0, &c[0], nothing);

		script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_submit(&c[1]), SCMI_OK);
		assert_ended(&c[0], SCMI_OK);
		assert_int_equal(m.runs, 0);
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

static void poll_for_the_waiter(struct rig *r, struct rig_call *holder)
{
	(void)holder;
	script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
}

/* Somebody else drives receive: the waiter only sleeps. */
static void waiter_of_a_passive_agent_sleeps(void **state)
{
	struct rig *r = rig_new(RIG_POLL, 1);
	struct rig_call c[2];
	struct meanwhile m = {.r = r, .holder = &c[0], .way = poll_for_the_waiter};

	(void)state;
	r->config.flags = SCMI_AGENT_PASSIVE;
	r->fake.on_wait = on_port;
	r->fake.arg = &m;
	rig_start(r);
	rig_named(r, &c[0], 'A', 0);
	rig_named(r, &c[1], 'B', 0);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	assert_int_equal(m.runs, 1);
	assert_int_equal(r->script.polls, 1);
	script_answer(&r->script, 'B');
	rig_end(r);
}

/* The event is given back each time, with a slot or without: else they would run out, and waiters poll. */
static void waiters_give_their_events_back(void **state)
{
	struct rig_call c[2];
	struct rig_call *next = &c[1];
	struct meanwhile m;
	struct rig *r = full_rig(&m, RIG_IRQ, 0, &c[0], by_reply);

	(void)state;
	for (unsigned i = 0; i < 2 * SCMI_WAITERS_MAX; i++) {
		unsigned before = r->fake.calls.event_wait;

		rig_named(r, next, 'A', 0);
		next->call.timeout_us = SCMI_FOREVER;
		m.runs = i % 2; /* the reply to who holds the slot comes, or does not */
		assert_int_equal(rig_submit(next), i % 2 == 0 ? SCMI_OK : SCMI_E_TIMEOUT);
		assert_in_range(r->fake.calls.event_wait - before, 1, 100);
		assert_int_equal(r->fake.calls.relax, 0);
		if (i % 2 == 0)
			next = next == &c[1] ? &c[0] : &c[1];
	}
	rig_end(r);
}

static void wait_inside(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;
	unsigned before = fake->calls.event_wait;

	assert_int_equal(rig_wait_until(c, fake->now_us + 10), SCMI_E_INPROGRESS);
	assert_int_equal(fake->calls.event_wait, before + 1);
	script_answer(&c->rig->script, 'B');
}

/* The second one's too, who comes while the first sleeps. */
static void second_waiter_gives_its_event_back(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct rig_call c[2];

	(void)state;
	r->fake.on_wait = wait_inside;
	r->fake.arg = &c[0];
	for (unsigned i = 0; i < 2 * SCMI_WAITERS_MAX; i++) {
		rig_named(r, &c[0], 'A', 0);
		assert_int_equal(rig_submit_loose(&c[0]), SCMI_OK);
		rig_named(r, &c[1], 'B', 0);
		assert_int_equal(rig_do(&c[1]), SCMI_OK);
		script_answer(&r->script, 'A');
		assert_int_equal(rig_wait(&c[0]), SCMI_OK);
	}
	rig_end(r);
}

static void passive_caller_that_spins_takes_no_messages(void **state)
{
	struct rig *r = rig_new(RIG_POLL, 1);
	struct rig_call c;

	(void)state;
	r->config.flags = SCMI_AGENT_PASSIVE;
	r->config.spin_turns = 100;
	r->fake.step_us = 1;
	rig_start(r);
	rig_named(r, &c, 'A', 0);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	assert_int_equal(rig_wait_until(&c, r->fake.now_us + 500), SCMI_E_INPROGRESS);
	assert_int_equal(r->script.polls, 0);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	rig_end(r);
}

static void come_second(struct fake_port *fake, void *arg)
{
	struct rig_call *c = arg;
	struct script *s = &c->rig->script;

	(void)fake;
	script_post_reply(s, script_named(s, 'A'), SCMI_SUCCESS);
	assert_int_equal(rig_submit(c), SCMI_OK);
	assert_int_equal(c->rig->fake.calls.event_wait, 1);
	script_answer(s, 'C');
}

/* Each sleeper has an event of its own; who finds none left polls. */
static void waiter_without_an_event_polls(void **state)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_POLL, 1);
	struct rig_call c[3];

	(void)state;
	r->config.max_waiters = 1;
	r->fake.on_wait = come_second;
	r->fake.arg = &c[2];
	rig_start(r);
	for (int i = 0; i < 3; i++)
		rig_named(r, &c[i], (char)('A' + i), 0);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	script_assert_sent(&r->script, "ACB");
	script_answer(&r->script, 'B');
	rig_end(r);
}

static void submit_without_waiting(struct rig_call *c)
{
	struct rig_call *more = c->arg;

	assert_int_equal(rig_submit(&more[0]), SCMI_OK); /* the slot that c had */
	assert_int_equal(rig_submit(&more[1]), SCMI_E_BUSY);
}

static void callback_does_not_wait_for_a_slot(void **state)
{
	(void)state;
	for (unsigned k = 0; k < SLEEPS; k++) {
		struct rig *r = rig_up(sleeps[k], 1);
		struct rig_call c[3];

		for (int i = 0; i < 3; i++)
			rig_named(r, &c[i], (char)('A' + i), 0);
		c[0].then = submit_without_waiting;
		c[0].arg = &c[1];
		assert_int_equal(rig_submit(&c[0]), SCMI_OK);
		script_answer(&r->script, 'A');
		assert_int_equal(rig_stats(r).no_slot, 1);
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slot_is_waited_for_and_taken),
		cmocka_unit_test(synchronous_call_waits_for_its_slot_and_then_for_its_reply),
		cmocka_unit_test(slot_that_expires_is_taken),
		cmocka_unit_test(slot_of_a_queued_call_is_taken),
		cmocka_unit_test(wait_for_a_slot_that_will_not_come),
		cmocka_unit_test(wait_for_a_slot_is_bounded),
		cmocka_unit_test(waiter_for_a_slot_drives_receive),
		cmocka_unit_test(waiter_of_a_passive_agent_sleeps),
		cmocka_unit_test(waiters_give_their_events_back),
		cmocka_unit_test(second_waiter_gives_its_event_back),
		cmocka_unit_test(passive_caller_that_spins_takes_no_messages),
		cmocka_unit_test(waiter_without_an_event_polls),
		cmocka_unit_test(callback_does_not_wait_for_a_slot),
	};

	return cmocka_run_group_tests_name("agent_slots", tests, NULL, NULL);
}
