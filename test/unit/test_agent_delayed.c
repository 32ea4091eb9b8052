/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed commands: two messages come for one call, in any order, late, doubled, or not at all. */
#include "agent_rig.h"

#include <scmi/message.h>

#define CAPS       (RIG_IRQ | SCMI_CAP_NOTIFY)
#define SECOND_US  500000u
#define FIRST_US   1000u
#define VALUE      0x12345678u
#define DELAYED(s) scmi_hdr_as((s)->hdr, SCMI_MSG_DELAYED)

static void delayed_call(struct rig *r, struct rig_call *c)
{
	rig_call_init(r, c);
	c->call.flags |= SCMI_CALL_DELAYED;
	c->call.timeout_us = FIRST_US;
	c->call.delayed_timeout_us = SECOND_US;
}

static int respond(struct rig *r, int32_t status)
{
	return script_reply(&r->script, script_last(&r->script), status, NULL, 0);
}

static int delay_respond(struct rig *r, int32_t status, uint32_t value)
{
	unsigned char bytes[8];

	scmi_put_le32(bytes, (uint32_t)status);
	scmi_put_le32(bytes + 4, value);
	return script_rx(&r->script, DELAYED(script_last(&r->script)), bytes, status == SCMI_SUCCESS ? 8 : 4);
}

static void assert_value(struct rig_call *c)
{
	assert_ended(c, SCMI_OK);
	assert_int_equal(c->call.reply_len, 4);
	assert_int_equal(scmi_get_le32(rig_reply(c)), VALUE);
}

static void pass(struct rig *r, uint64_t us)
{
	r->fake.now_us += us;
	(void)scmi_agent_poll(r->agent, 1);
}

static void delayed_after_its_response(void **state)
{
	struct rig *r = rig_up(CAPS, 4);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(c.ends, 0);
	assert_int_equal(rig_stats(r).in_flight, 1);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_OK);
	assert_value(&c);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_before_its_response_completes_and_the_response_settles(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_OK);
	assert_value(&c);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(rig_stats(r).late, 1);
	rig_end(r);
}

/*
 * An error in the response is the end: no delayed response will come, and one that comes all the same is a duplicate.
 */
static void delayed_response_with_an_error_ends_the_call(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_DENIED), SCMI_OK);
	assert_ended(&c, SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_DENIED);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).duplicate, 1);
	rig_end(r);
}

static void delayed_with_an_error_ends_the_call(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(delay_respond(r, SCMI_HARDWARE_ERROR, 0), SCMI_OK);
	assert_ended(&c, SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_HARDWARE_ERROR);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_messages_that_come_twice_are_duplicates(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_E_STRAY);
	assert_int_equal(c.ends, 0);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_OK);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, ~VALUE), SCMI_E_STRAY);
	assert_value(&c);
	assert_int_equal(rig_stats(r).duplicate, 2);
	rig_end(r);
}

/* Two clocks: the response's runs from the wire, the other one from the response. */
static void delayed_clocks_run_one_after_the_other(void **state)
{
	struct rig *r = rig_up(CAPS, 4);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_in_range(scmi_agent_next_deadline(r->agent) - r->fake.now_us, FIRST_US, FIRST_US + 4);
	pass(r, FIRST_US - 10);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	pass(r, 1000); /* the first clock's end has passed: it counts no more */
	assert_int_equal(c.ends, 0);
	assert_in_range(scmi_agent_next_deadline(r->agent) - r->fake.now_us, SECOND_US - 1010, SECOND_US - 990);
	pass(r, SECOND_US - 1010);
	assert_int_equal(c.ends, 0);
	pass(r, 20);
	assert_ended(&c, SCMI_E_TIMEOUT);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).late, 1);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_without_a_response_times_out_by_the_first_clock(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	pass(r, FIRST_US + 4);
	assert_ended(&c, SCMI_E_TIMEOUT);
	/* Two messages are owed, and both have to come. */
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_deadline_bounds_both_clocks(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	c.call.delayed_timeout_us = SCMI_FOREVER;
	c.call.deadline_us = r->fake.now_us + 5000;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	pass(r, 4990);
	assert_int_equal(c.ends, 0);
	pass(r, 20);
	assert_ended(&c, SCMI_E_TIMEOUT);
	rig_end(r);
}

static int answer_both(struct script *s, const struct script_sent *sent, void *arg)
{
	bool inverted = *(bool *)arg;
	unsigned char bytes[8] = {0};

	scmi_put_le32(bytes + 4, VALUE);
	if (!inverted)
		assert_int_equal(script_reply(s, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(script_rx(s, DELAYED(sent), bytes, 8), SCMI_OK);
	if (inverted)
		assert_int_equal(script_reply(s, sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	return SCMI_OK;
}

/* Inside send(), as synchronous calls and as submits. */
static void delayed_both_inside_send(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;
	bool inverted;

	(void)state;
	r->script.on_send = answer_both;
	r->script.arg = &inverted;
	for (int i = 0; i < 4; i++) {
		inverted = i % 2 != 0;
		delayed_call(r, &c);
		assert_int_equal(i / 2 == 0 ? rig_submit(&c) : rig_do(&c), SCMI_OK);
		assert_value(&c);
		assert_int_equal(rig_stats(r).quarantined, 0);
	}
	rig_end(r);
}

static int answer_first(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	assert_int_equal(script_reply(s, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	return SCMI_OK;
}

/* The response came before the sender could stamp its clock: it is the second one that he starts. */
static void delayed_response_inside_send_starts_the_second_clock(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	r->script.on_send = answer_first;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	pass(r, SECOND_US - 10);
	assert_int_equal(c.ends, 0);
	pass(r, 20);
	assert_ended(&c, SCMI_E_TIMEOUT);
	rig_end(r);
}

static void delayed_is_polled_for(void **state)
{
	struct rig *r = rig_up(RIG_POLL | SCMI_CAP_NOTIFY, 1);
	struct rig_call c;
	unsigned char bytes[8] = {0};

	(void)state;
	scmi_put_le32(bytes + 4, VALUE);
	delayed_call(r, &c);
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	script_post(&r->script, DELAYED(script_last(&r->script)), bytes, 8);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	assert_value(&c);
	rig_end(r);
}

static void delayed_acquired_both_at_once(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct script_area first = {.bytes = "\0\0\0\0", .len = 4};
	struct script_area second = {.bytes = "\0\0\0\0\x78\x56\x34\x12", .len = 8};
	struct scmi_xfer x[3];
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x[0], &first), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, DELAYED(script_last(&r->script)), &x[1], &second), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, DELAYED(script_last(&r->script)), &x[2], NULL), SCMI_E_STRAY);
	assert_int_equal(script_complete(&r->script, &x[0], 4), SCMI_OK);
	assert_int_equal(c.ends, 0);
	script_release(&r->script, &x[0]);
	assert_int_equal(script_complete(&r->script, &x[1], 8), SCMI_OK);
	assert_value(&c);
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	script_release(&r->script, &x[1]);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_acquired_response_of_an_ended_call_is_gone(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct script_area first = {.bytes = "\0\0\0\0", .len = 4};
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &first), SCMI_OK);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_OK);
	assert_value(&c);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_E_GONE);
	script_release(&r->script, &x);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* Late, with an error: no delayed response will come, so nothing is owed any more. By rx, and in two steps. */
static void delayed_late_response_with_an_error_ends_both_debts(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct script_area refusal = {.bytes = "\xfd\xff\xff\xff", .len = 4};
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	for (int how = 0; how < 3; how++) {
		delayed_call(r, &c);
		refusal.fetched = 0;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		if (how == 2)
			assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &refusal),
					 SCMI_OK);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
		assert_int_equal(rig_stats(r).quarantined, how != 2);
		if (how == 0) {
			assert_int_equal(respond(r, SCMI_DENIED), SCMI_E_STRAY);
		} else {
			if (how == 1)
				assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &refusal),
						 SCMI_OK);
			assert_int_equal(script_complete(&r->script, &x, 4), SCMI_E_GONE);
			script_release(&r->script, &x);
		}
		assert_int_equal(rig_stats(r).quarantined, 0);
		assert_int_equal(rig_stats(r).late, how + 1);
	}
	rig_end(r);
}

static void delayed_released_without_complete_ends_the_call(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	for (int second = 0; second < 2; second++) {
		delayed_call(r, &c);
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(
			script_acquire(&r->script,
				       second ? DELAYED(script_last(&r->script)) : script_last(&r->script)->hdr, &x,
				       NULL),
			SCMI_OK);
		script_release(&r->script, &x);
		assert_ended(&c, SCMI_E_PROTO);
		assert_int_equal(second ? respond(r, SCMI_SUCCESS) : delay_respond(r, SCMI_SUCCESS, 0), SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).quarantined, 0);
	}
	rig_end(r);
}

/* Settled is the response; the delayed one is still owed. */
static void delayed_settled_keeps_the_second_debt(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_settle(&r->script, script_last(&r->script)->token, SCMI_E_PROTO), SCMI_OK);
	assert_ended(&c, SCMI_E_PROTO);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_cancelled_and_lost_are_forgiven_by_link_down(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_ended(&c, SCMI_E_CANCELLED);
	assert_int_equal(rig_stats(r).quarantined, 1);
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void delayed_malformed_response_ends_the_call(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_rx(&r->script, script_last(&r->script)->hdr, "\0\0", 2), SCMI_OK);
	assert_ended(&c, SCMI_E_PROTO);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	rig_end(r);
}

static void delayed_needs_a_channel_from_the_platform(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_E_NOTSUP);
	assert_int_equal(r->script.sends, 0);
	rig_end(r);
}

static void delayed_that_nobody_asked_for_is_a_stray(void **state)
{
	struct rig *r = rig_up(CAPS, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(delay_respond(r, SCMI_SUCCESS, VALUE), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).stray_type, 1);
	assert_int_equal(respond(r, SCMI_SUCCESS), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_after_its_response),
		cmocka_unit_test(delayed_before_its_response_completes_and_the_response_settles),
		cmocka_unit_test(delayed_response_with_an_error_ends_the_call),
		cmocka_unit_test(delayed_with_an_error_ends_the_call),
		cmocka_unit_test(delayed_messages_that_come_twice_are_duplicates),
		cmocka_unit_test(delayed_clocks_run_one_after_the_other),
		cmocka_unit_test(delayed_without_a_response_times_out_by_the_first_clock),
		cmocka_unit_test(delayed_deadline_bounds_both_clocks),
		cmocka_unit_test(delayed_both_inside_send),
		cmocka_unit_test(delayed_response_inside_send_starts_the_second_clock),
		cmocka_unit_test(delayed_is_polled_for),
		cmocka_unit_test(delayed_acquired_both_at_once),
		cmocka_unit_test(delayed_acquired_response_of_an_ended_call_is_gone),
		cmocka_unit_test(delayed_late_response_with_an_error_ends_both_debts),
		cmocka_unit_test(delayed_released_without_complete_ends_the_call),
		cmocka_unit_test(delayed_settled_keeps_the_second_debt),
		cmocka_unit_test(delayed_cancelled_and_lost_are_forgiven_by_link_down),
		cmocka_unit_test(delayed_malformed_response_ends_the_call),
		cmocka_unit_test(delayed_needs_a_channel_from_the_platform),
		cmocka_unit_test(delayed_that_nobody_asked_for_is_a_stray),
	};

	return cmocka_run_group_tests_name("agent_delayed", tests, NULL, NULL);
}
