/* SPDX-License-Identifier: BSD-3-Clause */
/* One call: what is refused before it goes out, what goes out, and what each shape of reply makes of it. */
#include <string.h>

#include "agent_rig.h"

static const unsigned char values[SCRIPT_PAYLOAD] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/* Refused by submit and by call, and nothing has been sent. */
static void refuse(struct rig_call *c, int expected)
{
	unsigned sends = c->rig->script.sends;

	assert_int_equal(rig_submit(c), expected);
	assert_int_equal(rig_submit_loose(c), expected);
	assert_int_equal(rig_do(c), expected);
	assert_int_equal(c->rig->script.sends, sends);
	assert_int_equal(c->ends, 0);
	rig_check(c->rig);
}

static void call_wrong_size_or_null_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	assert_int_equal(scmi_agent_submit(r->agent, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_call(r->agent, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_wait(r->agent, NULL), SCMI_E_INVAL);
	rig_call_init(r, &c);
	assert_int_equal(scmi_agent_submit(NULL, &c.call), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_call(NULL, &c.call), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_wait(NULL, &c.call), SCMI_E_INVAL);
	c.call.size = 0;
	refuse(&c, SCMI_E_INVAL);
	c.call.size = sizeof(c.call) - 1;
	refuse(&c, SCMI_E_INVAL);
	c.call.size = sizeof(c.call) + 1;
	refuse(&c, SCMI_E_INVAL);
	rig_end(r);
}

static void call_null_with_a_length_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.params_len = 1;
	refuse(&c, SCMI_E_INVAL);
	rig_call_init(r, &c);
	c.call.reply = NULL;
	refuse(&c, SCMI_E_INVAL);
	rig_end(r);
}

static void call_with_done_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	/* done still stands in it. */
	assert_int_equal(scmi_agent_call(r->agent, &c.call), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_wait(r->agent, &c.call), SCMI_E_INVAL);
	assert_int_equal(r->script.sends, 1);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void call_unknown_flag_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (unsigned bit = 7; bit < 16; bit++) {
		c.call.flags = (uint16_t)(1u << bit);
		refuse(&c, SCMI_E_NOTSUP);
	}
	c.call.flags = UINT16_MAX;
	refuse(&c, SCMI_E_NOTSUP);
	rig_end(r);
}

static void call_params_of_max_go_out_and_one_byte_more_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_SYNC, 4);
	unsigned char params[SCRIPT_PAYLOAD + 1] = {1, 2, 3, 4};
	struct rig_call c;

	(void)state;
	r->script.on_send = script_answer_at_once;
	rig_call_init(r, &c);
	c.call.params = params;
	c.call.params_len = scmi_agent_max_params(r->agent);
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(script_last(&r->script)->len, SCRIPT_PAYLOAD);
	assert_memory_equal(rig_reply(&c), params, 4);
	rig_call_init(r, &c);
	c.call.params = params;
	c.call.params_len = scmi_agent_max_params(r->agent) + 1;
	refuse(&c, SCMI_E_TOOBIG);
	c.call.params_len = UINT32_MAX;
	refuse(&c, SCMI_E_TOOBIG);
	rig_end(r);
}

static void call_deadline_more_than_two_hours_ahead_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.deadline_us = r->fake.now_us + UINT64_C(7200000000) + 1;
	refuse(&c, SCMI_E_INVAL);
	c.call.deadline_us = UINT64_MAX;
	refuse(&c, SCMI_E_INVAL);
	c.call.deadline_us = r->fake.now_us + UINT64_C(7200000000);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void call_goes_out_as_it_was_filled_in(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	const unsigned char params[] = {0xde, 0xad, 0xbe, 0xef, 0x01};
	const struct script_sent *sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.protocol = 0xfe;
	c.call.message = 0xfd;
	c.call.params = params;
	c.call.params_len = sizeof(params);
	c.call.flags = SCMI_CALL_POLL | SCMI_CALL_MORE | SCMI_CALL_NOWAIT;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	sent = script_last(&r->script);
	assert_int_equal(sent->hdr, scmi_hdr(0xfe, 0xfd, SCMI_MSG_COMMAND, sent->token));
	assert_int_equal(sent->len, sizeof(params));
	assert_memory_equal(sent->params, params, sizeof(params));
	assert_int_equal(sent->reply_cap, c.call.reply_cap);
	assert_true((sent->flags & SCMI_TX_POLL) != 0);
	assert_true(sent->more != 0);
	assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	c.ends = 0;
	c.call.flags = 0;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	sent = script_last(&r->script);
	assert_true((sent->flags & SCMI_TX_POLL) == 0);
	assert_true(sent->more == 0);
	assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

/* Submits, delivers a payload of len bytes that starts with the status, checks how it ends; as data and by fetch. */
static void deliver(struct rig_call *c, int32_t status, uint32_t len, int expected)
{
	struct rig *r = c->rig;
	unsigned char payload[SCMI_STATUS_BYTES + sizeof(values)];

	scmi_put_le32(payload, (uint32_t)status);
	memcpy(payload + SCMI_STATUS_BYTES, values, sizeof(values));
	for (int by_fetch = 0; by_fetch < 2; by_fetch++) {
		r->script.by_fetch = by_fetch;
		c->ends = 0;
		assert_int_equal(rig_submit(c), SCMI_OK);
		assert_int_equal(script_rx(&r->script, script_last(&r->script)->hdr, payload, len), SCMI_OK);
		assert_ended(c, expected);
		rig_check(r);
	}
}

static void reply_that_fits_is_copied(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (uint32_t len = 0; len <= c.call.reply_cap; len++) {
		deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES + len, SCMI_OK);
		assert_int_equal(c.call.reply_len, len);
		assert_memory_equal(rig_reply(&c), values, len);
	}
	rig_end(r);
}

/* The buffer stays whole (the rig looks at every byte beside it) and the full length is told. */
static void reply_longer_than_the_buffer_is_truncated(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (c.call.reply_cap = 1; c.call.reply_cap < 20; c.call.reply_cap++) {
		deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES + c.call.reply_cap + 1, SCMI_E_TRUNCATED);
		assert_int_equal(c.call.reply_len, c.call.reply_cap + 1);
		assert_int_equal(c.call.status, SCMI_SUCCESS);
		assert_memory_equal(rig_reply(&c), values, c.call.reply_cap);
		deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES + sizeof(values), SCMI_E_TRUNCATED);
		assert_int_equal(c.call.reply_len, sizeof(values));
	}
	rig_end(r);
}

static void reply_without_room_tells_only_its_length(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.reply_cap = 0;
	deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES, SCMI_OK);
	assert_int_equal(c.call.reply_len, 0);
	deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES + 1, SCMI_E_TRUNCATED);
	assert_int_equal(c.call.reply_len, 1);
	c.call.reply = NULL;
	deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES + 12, SCMI_E_TRUNCATED);
	assert_int_equal(c.call.reply_len, 12);
	deliver(&c, SCMI_SUCCESS, SCMI_STATUS_BYTES, SCMI_OK);
	rig_end(r);
}

static void reply_shorter_than_its_status_is_malformed(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (uint32_t len = 0; len < SCMI_STATUS_BYTES; len++)
		deliver(&c, SCMI_SUCCESS, len, SCMI_E_PROTO);
	assert_int_equal(rig_stats(r).malformed, 2 * SCMI_STATUS_BYTES);
	rig_end(r);
}

static void reply_with_an_error_status_ends_with_remote(void **state)
{
	static const int32_t statuses[] = {SCMI_NOT_SUPPORTED, SCMI_IN_USE, -128, INT32_MIN, 1, INT32_MAX};
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		deliver(&c, statuses[i], SCMI_STATUS_BYTES, SCMI_E_REMOTE);
		assert_int_equal(c.call.status, statuses[i]);
		assert_int_equal(c.call.reply_len, 0);
	}
	/* What follows an error is nobody's business; the rig sees that the buffer is untouched. */
	deliver(&c, SCMI_DENIED, SCMI_STATUS_BYTES + 40, SCMI_E_REMOTE);
	assert_int_equal(c.call.status, SCMI_DENIED);
	c.call.reply_cap = 1;
	deliver(&c, SCMI_DENIED, SCMI_STATUS_BYTES + 40, SCMI_E_REMOTE);
	rig_end(r);
}

static void reply_whose_fetch_fails_is_malformed(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	unsigned char payload[12] = {0};
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	r->script.by_fetch = true;
	r->script.fetch_err = SCMI_E_IO;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_rx(&r->script, script_last(&r->script)->hdr, payload, sizeof(payload)), SCMI_OK);
	assert_ended(&c, SCMI_E_PROTO);
	rig_end(r);
}

/* Every rx of this transport carries data; one that does not is its own fault, and must not be a jump to nowhere. */
static void reply_without_data_and_without_fetch_is_malformed(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	unsigned char payload[12] = {0};
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	r->script.ops.fetch = NULL;
	r->script.by_fetch = true;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_rx(&r->script, script_last(&r->script)->hdr, payload, sizeof(payload)), SCMI_OK);
	assert_ended(&c, SCMI_E_PROTO);
	rig_end(r);
}

static void call_is_the_callers_own_again_and_can_be_used_anew(void **state)
{
	struct rig *r = rig_up(RIG_SYNC, 1);
	struct rig_call c;

	(void)state;
	r->script.on_send = script_answer_at_once;
	rig_call_init(r, &c);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(c.ends, 5000);
	/* The reply was there when send() returned: nobody looked at a clock, slept or signalled. */
	assert_int_equal(r->fake.calls.now_us, 0);
	assert_int_equal(r->fake.calls.event_wait, 0);
	assert_int_equal(r->fake.calls.event_signal, 0);
	assert_int_equal(r->fake.calls.lock, 0);
	rig_end(r);
}

/* A batch: the submit that finds no slot rings the doorbell for those before it. */
static void call_that_fails_after_more_flushes(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct rig_call c[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		rig_call_init(r, &c[i]);
		c[i].call.flags = SCMI_CALL_MORE | SCMI_CALL_NOWAIT;
	}
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_submit(&c[1]), SCMI_OK);
	assert_int_equal(r->script.flushes, 0);
	assert_int_equal(rig_submit(&c[2]), SCMI_E_BUSY);
	assert_int_equal(r->script.flushes, 1);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	rig_end(r);
}

static void stats_wrong_size_is_refused(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 2);
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	(void)state;
	assert_int_equal(scmi_agent_stats(NULL, SCMI_ALL_LINKS, &stats), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_stats(r->agent, SCMI_ALL_LINKS, NULL), SCMI_E_INVAL);
	stats.size = sizeof(stats) - 1;
	assert_int_equal(scmi_agent_stats(r->agent, SCMI_ALL_LINKS, &stats), SCMI_E_INVAL);
	stats.size = 0;
	assert_int_equal(scmi_agent_stats(r->agent, SCMI_ALL_LINKS, &stats), SCMI_E_INVAL);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(call_wrong_size_or_null_is_refused),
		cmocka_unit_test(call_null_with_a_length_is_refused),
		cmocka_unit_test(call_with_done_is_refused),
		cmocka_unit_test(call_unknown_flag_is_refused),
		cmocka_unit_test(call_params_of_max_go_out_and_one_byte_more_is_refused),
		cmocka_unit_test(call_deadline_more_than_two_hours_ahead_is_refused),
		cmocka_unit_test(call_goes_out_as_it_was_filled_in),
		cmocka_unit_test(reply_that_fits_is_copied),
		cmocka_unit_test(reply_longer_than_the_buffer_is_truncated),
		cmocka_unit_test(reply_without_room_tells_only_its_length),
		cmocka_unit_test(reply_shorter_than_its_status_is_malformed),
		cmocka_unit_test(reply_with_an_error_status_ends_with_remote),
		cmocka_unit_test(reply_whose_fetch_fails_is_malformed),
		cmocka_unit_test(reply_without_data_and_without_fetch_is_malformed),
		cmocka_unit_test(call_is_the_callers_own_again_and_can_be_used_anew),
		cmocka_unit_test(call_that_fails_after_more_flushes),
		cmocka_unit_test(stats_wrong_size_is_refused),
	};

	return cmocka_run_group_tests_name("agent_call", tests, NULL, NULL);
}
