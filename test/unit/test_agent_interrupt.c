/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens in an interrupt: nothing sleeps there, and where the transport may not send there, what is to be sent is
 * left to the next poll, or to whoever drives receive.
 */
#include "agent_rig.h"

#include <scmi/message.h>

#define PLAIN  RIG_SERIAL
#define ATOMIC (RIG_SERIAL | SCMI_CAP_ATOMIC)

static bool interrupted;
static unsigned wakes;

static int in_interrupt(void *ctx)
{
	(void)ctx;
	return interrupted;
}

static void wake(void *arg)
{
	unsigned *n = arg;

	(*n)++;
}

/* A wait for what nobody does is a failure, not a loop. */
static void give_up(struct fake_port *fake, void *arg)
{
	(void)arg;
	if (fake->calls.relax > 1000)
		fail_msg("deadlock: somebody relaxes, and nobody is there");
}

static struct rig *interrupt_rig(uint32_t caps, uint32_t slots, unsigned room)
{
	struct rig *r = rig_new(caps, slots);

	interrupted = false;
	wakes = 0;
	r->fake.port.in_interrupt = in_interrupt;
	r->fake.on_relax = give_up;
	r->config.wake = wake;
	r->config.wake_arg = &wakes;
	r->script.narrow = true;
	r->script.room = room;
	rig_start(r);
	return r;
}

/* In an interrupt: room for n more. */
static void ready_in_interrupt(struct rig *r, unsigned n)
{
	interrupted = true;
	script_make_room(&r->script, n);
	interrupted = false;
}

static void submit_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_named(r, c, name, flags);
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static void submit_in_an_interrupt_does_not_wait_for_a_slot(void **state)
{
	struct rig *r = interrupt_rig(ATOMIC, 1, 1);
	struct rig_call c[2];

	(void)state;
	submit_named(r, &c[0], 'A', 0);
	rig_named(r, &c[1], 'B', 0);
	interrupted = true;
	assert_int_equal(rig_submit(&c[1]), SCMI_E_BUSY);
	interrupted = false;
	assert_int_equal(r->fake.calls.event_wait, 0);
	assert_int_equal(r->fake.calls.relax, 0);
	assert_int_equal(rig_stats(r).no_slot, 1);
	script_answer(&r->script, 'A');
	rig_end(r);
}

static void atomic_transport_sends_in_an_interrupt(void **state)
{
	struct rig *r = interrupt_rig(ATOMIC, 4, 1);
	struct rig_call c[4];

	(void)state;
	interrupted = true;
	submit_named(r, &c[0], 'A', 0);
	script_assert_sent(&r->script, "A");
	interrupted = false;
	submit_named(r, &c[1], 'B', 0);
	submit_named(r, &c[2], 'C', 0);
	submit_named(r, &c[3], 'D', SCMI_CALL_FENCE);
	ready_in_interrupt(r, 9);
	script_assert_sent(&r->script, "ABC");
	interrupted = true;
	script_answer(&r->script, 'A');
	assert_int_equal(scmi_agent_cancel(r->agent, &c[1].call), SCMI_OK);
	script_answer(&r->script, 'C');
	interrupted = false;
	script_assert_sent(&r->script, "ABCD");
	script_answer(&r->script, 'D');
	rig_end(r);
}

static void room_in_an_interrupt_is_used_by_the_next_poll(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 4, 1);
	struct rig_call c[3];
	unsigned before;

	(void)state;
	for (int i = 0; i < 3; i++)
		submit_named(r, &c[i], (char)('A' + i), 0);
	before = wakes;
	ready_in_interrupt(r, 2);
	script_assert_sent(&r->script, "A");
	assert_int_equal(wakes, before + 1);
	assert_int_equal(scmi_agent_next_deadline(r->agent), 0);
	(void)scmi_agent_poll(r->agent, 1);
	script_assert_sent(&r->script, "ABC");
	assert_int_not_equal(scmi_agent_next_deadline(r->agent), 0);
	assert_int_equal(scmi_agent_cancel_all(r->agent), 3);
	rig_end(r);
}

/* Or by any thread that comes to the queue first. */
static void room_in_an_interrupt_is_used_by_the_next_submit(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 4, 1);
	struct rig_call c[3];

	(void)state;
	submit_named(r, &c[0], 'A', 0);
	submit_named(r, &c[1], 'B', 0);
	ready_in_interrupt(r, 2);
	submit_named(r, &c[2], 'C', 0);
	script_assert_sent(&r->script, "ABC");
	assert_int_equal(scmi_agent_cancel_all(r->agent), 3);
	rig_end(r);
}

static void ready_and_answer(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;

	(void)fake;
	interrupted = true;
	if (r->script.went_out == 0)
		script_make_room(&r->script, 1);
	else
		script_answer(&r->script, 'A');
	interrupted = false;
}

/* Who waits for a queued call drives receive, and so the queue. */
static void room_in_an_interrupt_wakes_the_waiter(void **state)
{
	static const uint32_t caps[] = {PLAIN, RIG_SERIAL | SCMI_CAP_POLL};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = interrupt_rig(caps[i], 4, 0);
		uint64_t begin = r->fake.now_us;
		struct rig_call c;

		r->fake.on_wait = ready_and_answer;
		r->fake.arg = r;
		rig_named(r, &c, 'A', 0);
		assert_int_equal(rig_do(&c), SCMI_OK);
		assert_int_equal(r->fake.now_us, begin);
		rig_end(r);
	}
}

static void answer_and_make_room(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;

	(void)fake;
	interrupted = true;
	script_make_room(&r->script, 1);
	script_answer(&r->script, 'A');
	interrupted = false;
}

/* One interrupt answers who drives receive and makes room: he sends what waits before he goes. */
static void room_that_comes_with_the_waiters_answer_is_used(void **state)
{
	static const uint32_t caps[] = {PLAIN, RIG_SERIAL | SCMI_CAP_POLL, RIG_IRQ, RIG_IRQ | SCMI_CAP_POLL};

	(void)state;
	for (size_t i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
		struct rig *r = interrupt_rig(caps[i], 4, 1);
		struct rig_call c[2];

		rig_named(r, &c[0], 'A', 0);
		assert_int_equal(rig_submit_loose(&c[0]), SCMI_OK);
		submit_named(r, &c[1], 'B', 0);
		script_assert_sent(&r->script, "A");
		r->fake.on_wait = answer_and_make_room;
		r->fake.arg = r;
		assert_int_equal(rig_wait(&c[0]), SCMI_OK);
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'B');
		assert_ended(&c[1], SCMI_OK);
		rig_end(r);
	}
}

static void fence_that_is_free_in_an_interrupt_goes_with_the_next_poll(void **state)
{
	static const uint32_t caps[] = {PLAIN, RIG_IRQ};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *r = interrupt_rig(caps[i], 4, 9);
		struct rig_call c[2];

		submit_named(r, &c[0], 'A', 0);
		submit_named(r, &c[1], 'B', SCMI_CALL_FENCE);
		wakes = 0;
		interrupted = true;
		script_answer(&r->script, 'A');
		interrupted = false;
		assert_ended(&c[0], SCMI_OK);
		script_assert_sent(&r->script, "A");
		assert_int_not_equal(wakes, 0);
		(void)scmi_agent_poll(r->agent, 1);
		script_assert_sent(&r->script, "AB");
		script_answer(&r->script, 'B');
		rig_end(r);
	}
}

/* The call ends at once; its slot comes back when somebody may look after the queue. */
static void cancel_of_a_queued_call_in_an_interrupt(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 1, 0);
	struct rig_call c[2];

	(void)state;
	submit_named(r, &c[0], 'A', 0);
	interrupted = true;
	assert_int_equal(scmi_agent_cancel(r->agent, &c[0].call), SCMI_OK);
	interrupted = false;
	assert_ended(&c[0], SCMI_E_CANCELLED);
	assert_int_equal(r->script.sends, 1);
	rig_check(r);
	(void)scmi_agent_poll(r->agent, 1);
	assert_int_equal(rig_stats(r).queued, 0);
	submit_named(r, &c[1], 'B', 0);
	assert_int_equal(scmi_agent_cancel(r->agent, &c[1].call), SCMI_OK);
	rig_end(r);
}

/* Nobody has polled since. */
static void stop_after_a_cancel_in_an_interrupt(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 2, 0);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	interrupted = true;
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	interrupted = false;
	rig_end(r);
}

static void recover_after_a_cancel_in_an_interrupt(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 2, 0);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	interrupted = true;
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	interrupted = false;
	assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
	assert_int_equal(rig_stats(r).queued, 0);
	rig_end(r);
}

static void quiesce_after_a_cancel_in_an_interrupt(void **state)
{
	struct rig *r = interrupt_rig(PLAIN, 2, 0);
	struct rig_call c;

	(void)state;
	submit_named(r, &c, 'A', 0);
	interrupted = true;
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	interrupted = false;
	assert_int_equal(scmi_agent_quiesce(r->agent, SCMI_NEVER), SCMI_OK);
	rig_end(r);
}

/* All calls end; what was queued is cleared away when somebody polls, or when the link is back, or by stop. */
static void link_down_in_an_interrupt_ends_the_queue(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct rig *r = interrupt_rig(PLAIN, 4, 1);
		struct rig_call c[3];

		for (int j = 0; j < 3; j++)
			submit_named(r, &c[j], (char)('A' + j), 0);
		interrupted = true;
		r->script.sink->link_down(r->script.core, SCMI_E_NOPEER);
		interrupted = false;
		for (int j = 0; j < 3; j++)
			assert_ended(&c[j], SCMI_E_NOPEER);
		rig_check(r);
		if (i == 1)
			(void)scmi_agent_poll(r->agent, 1);
		if (i >= 1) {
			ready_in_interrupt(r, 2);
			submit_named(r, &c[0], 'D', 0);
			(void)scmi_agent_poll(r->agent, 1);
			script_assert_sent(&r->script, "AD");
			assert_int_equal(rig_stats(r).queued, 0);
			script_answer(&r->script, 'D');
		}
		rig_end(r);
	}
}

static void deferred_end_in_an_interrupt_wakes_the_loop(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	interrupted = false;
	wakes = 0;
	r->fake.port.in_interrupt = in_interrupt;
	r->config.flags = SCMI_AGENT_DEFERRED;
	r->config.wake = wake;
	r->config.wake_arg = &wakes;
	rig_start(r);
	submit_named(r, &c, 'A', 0);
	wakes = 0;
	interrupted = true;
	script_answer(&r->script, 'A');
	interrupted = false;
	assert_int_equal(wakes, 1);
	assert_int_equal(c.ends, 0);
	assert_int_equal(scmi_agent_next_deadline(r->agent), 0);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(submit_in_an_interrupt_does_not_wait_for_a_slot),
		cmocka_unit_test(atomic_transport_sends_in_an_interrupt),
		cmocka_unit_test(room_in_an_interrupt_is_used_by_the_next_poll),
		cmocka_unit_test(room_in_an_interrupt_is_used_by_the_next_submit),
		cmocka_unit_test(room_in_an_interrupt_wakes_the_waiter),
		cmocka_unit_test(room_that_comes_with_the_waiters_answer_is_used),
		cmocka_unit_test(fence_that_is_free_in_an_interrupt_goes_with_the_next_poll),
		cmocka_unit_test(cancel_of_a_queued_call_in_an_interrupt),
		cmocka_unit_test(stop_after_a_cancel_in_an_interrupt),
		cmocka_unit_test(recover_after_a_cancel_in_an_interrupt),
		cmocka_unit_test(quiesce_after_a_cancel_in_an_interrupt),
		cmocka_unit_test(link_down_in_an_interrupt_ends_the_queue),
		cmocka_unit_test(deferred_end_in_an_interrupt_wakes_the_loop),
	};

	return cmocka_run_group_tests_name("agent_interrupt", tests, NULL, NULL);
}
