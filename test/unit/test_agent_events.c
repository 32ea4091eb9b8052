/* SPDX-License-Identifier: BSD-3-Clause */
/* When handlers run: after the callback they come in, in a poll where that is wanted; and whose the buffers are. */
#include <string.h>

#include "ears.h"

#define SENSOR SCMI_PROTOCOL_SENSOR
#define POWER  SCMI_PROTOCOL_POWER

/* ---- inside a callback of the same context ---- */

static void notify_three(struct rig_call *c)
{
	ears_note('(');
	for (char m = '1'; m <= '3'; m++)
		assert_int_equal(ears_notify(c->rig, m), SCMI_OK);
	ears_note(')');
}

static void what_comes_inside_a_done_function_runs_after_it(void **state)
{
	struct ear e[2];
	struct rig *r = ears_up(e, 2, 0);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.then = notify_three;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_heard("()B1A1B2A2B3A3");
	rig_end(r);
}

static void notify_more(struct ear *e)
{
	ears_note('(');
	if (e->heard < 4)
		assert_int_equal(ears_notify(e->r, (char)('0' + e->heard)), SCMI_OK);
	ears_note(')');
}

/* Also when all handlers of the first one have run. */
static void what_comes_inside_a_handler_runs_after_all_of_them(void **state)
{
	struct ear e[2];
	struct rig *r = ears_up(e, 2, 0);

	(void)state;
	e[1].then = notify_more;
	assert_int_equal(ears_notify(r, '0'), SCMI_OK);
	assert_heard("B0()A0B1()A1B2()A2B3()A3");
	rig_end(r);
}

static void end_and_notify(struct ear *e)
{
	struct rig_call *c = e->arg;

	e->then = NULL;
	assert_int_equal(script_reply(&e->r->script, script_last(&e->r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(c->ends, 0);
	assert_int_equal(ears_notify(e->r, '1'), SCMI_OK);
	ears_note(')');
}

static void note_end(struct rig_call *c)
{
	(void)c;
	ears_note('d');
}

/* A call that ends inside a handler, and a notification beside: both run, after it. */
static void ends_and_events_inside_a_handler_both_run_after_it(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, 0);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.then = note_end;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	e[0].then = end_and_notify;
	e[0].arg = &c;
	assert_int_equal(ears_notify(r, '0'), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	assert_int_equal(e[0].heard, 2);
	assert_memory_equal(ears_heard, "A0)", 3);
	rig_end(r);
}

static void notify_as_another(struct ear *e)
{
	e->then = NULL;
	e->r->fake.self = FAKE_OTHER;
	assert_int_equal(ears_notify(e->r, '1'), SCMI_OK);
	e->r->fake.self = FAKE_THREAD;
	ears_note(')');
}

/* Another context does not wait for this one. */
static void what_comes_in_another_context_runs_at_once(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, 0);

	(void)state;
	e[0].then = notify_as_another;
	assert_int_equal(ears_notify(r, '0'), SCMI_OK);
	assert_heard("A0A1)");
	rig_end(r);
}

/* ---- a deferred agent ---- */

static void wake(void *arg)
{
	unsigned *n = arg;

	(*n)++;
}

static void deferred_handlers_run_in_poll_in_order(void **state)
{
	struct ear e[2];
	struct rig *r = ears_up(e, 2, SCMI_AGENT_DEFERRED);

	(void)state;
	for (char m = '1'; m <= '3'; m++)
		assert_int_equal(ears_notify(r, m), SCMI_OK);
	assert_heard("");
	assert_int_equal(scmi_agent_next_deadline(r->agent), 0);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 3);
	assert_heard("B1A1B2A2B3A3");
	assert_int_equal(scmi_agent_next_deadline(r->agent), SCMI_NEVER);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 0);
	rig_end(r);
}

static void deferred_handlers_run_in_stop_at_the_latest(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, SCMI_AGENT_DEFERRED);

	(void)state;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_heard("A1");
	rig_end(r);
}

static void deferred_handlers_wake_the_loop(void **state)
{
	struct rig *r = rig_new(EARS_CAPS, 4);
	unsigned wakes = 0;
	struct ear e;

	(void)state;
	r->config.flags = SCMI_AGENT_DEFERRED;
	r->config.event_buffers = 4;
	r->config.wake = wake;
	r->config.wake_arg = &wakes;
	rig_start(r);
	ear_init(r, &e, 'A');
	assert_int_equal(ear_add(&e), SCMI_OK);
	wakes = 0;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_int_equal(wakes, 1);
	(void)scmi_agent_poll(r->agent, 1);
	rig_end(r);
}

static void notify_once(struct ear *e)
{
	e->then = NULL;
	assert_int_equal(ears_notify(e->r, '9'), SCMI_OK);
	assert_int_equal(scmi_agent_poll(e->r->agent, 1), 0);
}

/* One that comes while they run is for the next poll: else a flood would not let this one return. */
static void deferred_event_inside_a_handler_is_for_the_next_poll(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, SCMI_AGENT_DEFERRED);

	(void)state;
	e[0].then = notify_once;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_int_equal(ears_notify(r, '2'), SCMI_OK);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 2);
	assert_heard("A1A2");
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_heard("A9");
	rig_end(r);
}

/* Its handler neither runs nor will run: what was received before has lost its reader. */
static void handler_that_is_taken_off_before_the_poll_does_not_run(void **state)
{
	struct ear e[2];
	struct rig *r = ears_up(e, 2, SCMI_AGENT_DEFERRED);

	(void)state;
	assert_int_equal(ears_notify(r, '1'), SCMI_OK);
	assert_int_equal(ear_take_off(&e[1]), SCMI_OK);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_heard("A1");
	assert_int_equal(ears_notify(r, '2'), SCMI_OK);
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	(void)scmi_agent_poll(r->agent, 1);
	assert_heard("");
	assert_int_equal(rig_stats(r).accepted, 1);
	assert_int_equal(rig_stats(r).unclaimed, 1);
	rig_end(r);
}

/* Their buffers are in use until then; afterwards all are there again. */
static void deferred_events_hold_their_buffers(void **state)
{
	struct ear e[1];
	struct rig *r = ears_up(e, 1, SCMI_AGENT_DEFERRED);

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (unsigned i = 0; i < EARS_BUFFERS / 2; i++)
			assert_int_equal(ears_notify(r, '1'), SCMI_OK);
		assert_int_equal(ears_notify(r, '1'), SCMI_E_BUSY);
		assert_int_equal(scmi_agent_poll(r->agent, 1), EARS_BUFFERS / 2);
		ears_heard[0] = '\0';
	}
	assert_int_equal(rig_stats(r).dropped, 3);
	rig_end(r);
}

/* ---- whose the buffers are ---- */

/* A flood of one protocol: what is left for another one, and for a third. */
static void share(uint32_t buffers)
{
	uint32_t most = (buffers + 1) / 2;
	struct rig *r = rig_new(EARS_CAPS, 4);
	struct ear e;

	ears_heard[0] = '\0';
	r->config.flags = SCMI_AGENT_DEFERRED;
	r->config.event_buffers = buffers;
	rig_start(r);
	ear_init(r, &e, 'A');
	assert_int_equal(ear_add(&e), SCMI_OK);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < buffers + 2; i++)
			assert_int_equal(ears_notify_of(&r->script, SENSOR, 's'), i < most ? SCMI_OK : SCMI_E_BUSY);
		for (uint32_t i = 0; i < buffers + 2; i++)
			assert_int_equal(ears_notify_of(&r->script, POWER, 'p'),
					 i < buffers - most ? SCMI_OK : SCMI_E_BUSY);
		assert_int_equal(ears_notify_of(&r->script, SCMI_PROTOCOL_PERF, 'f'), SCMI_E_BUSY);
		assert_int_equal(scmi_agent_poll(r->agent, 1), buffers);
		assert_int_equal(strlen(ears_heard), 2 * buffers);
		ears_heard[0] = '\0';
	}
	rig_end(r);
}

static void flood_of_one_protocol_leaves_room_for_another(void **state)
{
	(void)state;
	for (uint32_t buffers = 1; buffers < 10; buffers++)
		share(buffers);
}

static void message_that_is_not_taken_says_why(void **state)
{
	static const unsigned char payload[SCRIPT_PAYLOAD + 1];
	uint32_t hdr = scmi_hdr(SENSOR, 1, SCMI_MSG_NOTIFICATION, 0);
	struct ear e[1];
	struct rig *r = ears_up(e, 1, 0);
	struct script_area area = {.bytes = payload, .len = 4};
	struct scmi_xfer x;

	(void)state;
	assert_int_equal(script_rx(&r->script, hdr, payload, SCRIPT_PAYLOAD + 1), SCMI_E_PROTO);
	r->script.by_fetch = true;
	r->script.fetch_err = SCMI_E_IO;
	assert_int_equal(script_rx(&r->script, hdr, payload, 4), SCMI_E_PROTO);
	assert_int_equal(script_acquire(&r->script, hdr, &x, &area), SCMI_OK);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_E_PROTO);
	script_release(&r->script, &x);
	assert_int_equal(rig_stats(r).dropped, 3);
	assert_int_equal(ear_take_off(&e[0]), SCMI_OK);
	assert_int_equal(script_rx(&r->script, hdr, payload, 4), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).unclaimed, 1);
	rig_end(r);
}

/* ---- links ---- */

static void each_link_brings_its_own(void **state)
{
	struct rig *r = rig_new(EARS_CAPS, 4);
	struct script *second = rig_link(r, POWER, EARS_CAPS, 4);
	struct ear e;

	(void)state;
	ears_heard[0] = '\0';
	r->config.event_buffers = 4;
	rig_start(r);
	ear_init(r, &e, 'A');
	e.node.protocol = POWER;
	assert_int_equal(ear_add(&e), SCMI_OK);
	/* Whoever brings it: it is the handler that has asked for a protocol. */
	assert_int_equal(ears_notify_of(second, POWER, '1'), SCMI_OK);
	assert_int_equal(ears_notify_of(&r->script, POWER, '2'), SCMI_OK);
	assert_int_equal(ears_notify_of(second, SENSOR, '3'), SCMI_E_STRAY);
	assert_heard("A1A2");
	assert_int_equal(rig_link_stats(r, 0).accepted, 1);
	assert_int_equal(rig_link_stats(r, 1).accepted, 1);
	assert_int_equal(rig_link_stats(r, 0).unclaimed, 0);
	assert_int_equal(rig_link_stats(r, 1).unclaimed, 1);
	rig_end(r);
}

/* The default link has no channel for them, another one has. */
static void one_link_with_a_channel_is_enough(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct script *second = rig_link(r, POWER, EARS_CAPS, 4);
	struct ear e;

	(void)state;
	ears_heard[0] = '\0';
	r->config.event_buffers = 1;
	rig_start(r);
	ear_init(r, &e, 'A');
	assert_int_equal(ear_add(&e), SCMI_OK);
	assert_int_equal(ears_notify_of(second, POWER, '1'), SCMI_OK);
	assert_heard("A1");
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_inside_a_done_function_runs_after_it),
		cmocka_unit_test(what_comes_inside_a_handler_runs_after_all_of_them),
		cmocka_unit_test(ends_and_events_inside_a_handler_both_run_after_it),
		cmocka_unit_test(what_comes_in_another_context_runs_at_once),
		cmocka_unit_test(deferred_handlers_run_in_poll_in_order),
		cmocka_unit_test(deferred_handlers_run_in_stop_at_the_latest),
		cmocka_unit_test(deferred_handlers_wake_the_loop),
		cmocka_unit_test(deferred_event_inside_a_handler_is_for_the_next_poll),
		cmocka_unit_test(handler_that_is_taken_off_before_the_poll_does_not_run),
		cmocka_unit_test(deferred_events_hold_their_buffers),
		cmocka_unit_test(flood_of_one_protocol_leaves_room_for_another),
		cmocka_unit_test(message_that_is_not_taken_says_why),
		cmocka_unit_test(each_link_brings_its_own),
		cmocka_unit_test(one_link_with_a_channel_is_enough),
	};

	return cmocka_run_group_tests_name("agent_events", tests, NULL, NULL);
}
