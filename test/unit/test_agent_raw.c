/* SPDX-License-Identifier: BSD-3-Clause */
/* Calls with a header of the user's own: what goes out, which reply is theirs, what becomes of those without. */
#include "agent_rig.h"

#include <scmi/message.h>

#define TOKEN(t) ((uint32_t)(t) << 18)
#define NAMELESS 0x00005501u /* protocol 0x15, message 1, type 1 */

static struct rig *raw_rig(uint32_t caps, uint32_t slots)
{
	struct rig *r = rig_new(caps, slots);

	r->script.raw = true;
	rig_start(r);
	return r;
}

static void raw_init(struct rig *r, struct rig_call *c, uint32_t header)
{
	rig_call_init(r, c);
	c->call.flags |= SCMI_CALL_RAW;
	c->call.header = header;
	c->call.timeout_us = 1000;
}

static const struct script_sent *submit_raw(struct rig *r, struct rig_call *c, uint32_t header)
{
	raw_init(r, c, header);
	assert_int_equal(rig_submit(c), SCMI_OK);
	assert_int_equal(script_last(&r->script)->hdr, header);
	return script_last(&r->script);
}

static const unsigned char success[8] = {0, 0, 0, 0, 1, 2, 3, 4};

static const uint32_t anything[] = {0, UINT32_MAX, 0xf0000000, 0x0ffc0000, 0x00000300, NAMELESS, 0x12345678};
#define HEADERS (sizeof(anything) / sizeof(anything[0]))

static void header_goes_out_as_it_is(void **state)
{
	static const uint32_t kinds[] = {RIG_IRQ, RIG_SERIAL};
	static const unsigned char params[5] = {5, 4, 3, 2, 1};

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct rig *r = raw_rig(kinds[k], 8);
		struct rig_call c[HEADERS];

		for (size_t i = 0; i < HEADERS; i++) {
			raw_init(r, &c[i], anything[i]);
			c[i].call.params = params;
			c[i].call.params_len = sizeof(params);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
			assert_int_equal(script_last(&r->script)->hdr, anything[i]);
			assert_int_equal(script_last(&r->script)->len, sizeof(params));
			assert_memory_equal(script_last(&r->script)->params, params, sizeof(params));
		}
		assert_int_equal(scmi_agent_cancel_all(r->agent), HEADERS);
		rig_end(r);
	}
}

static void header_is_ignored_without_the_flag(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	c.call.header = UINT32_MAX;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_hdr_protocol(script_last(&r->script)->hdr), RIG_PROTOCOL);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	rig_end(r);
}

/* It waits in the queue as any other does, and its header with it. */
static void header_is_the_same_after_the_queue(void **state)
{
	struct rig *r = rig_narrow(RIG_SERIAL, 8, 0);
	struct rig_call c;

	(void)state;
	r->script.raw = true;
	raw_init(r, &c, 0x12345678);
	c.call.flags = SCMI_CALL_RAW;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	script_make_room(&r->script, 1);
	assert_int_equal(script_last(&r->script)->hdr, 0x12345678);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	rig_end(r);
}

/* Where the transport knows the place the token of the header means nothing. */
static void reply_on_its_place_is_taken(void **state)
{
	(void)state;
	for (uint32_t token = 0; token < 1024; token += 93) {
		struct rig *r = raw_rig(RIG_IRQ, 4);
		uint32_t header = TOKEN(token) | 0x5401u;
		struct rig_call c;
		const struct script_sent *sent = submit_raw(r, &c, header);

		assert_int_equal(script_rx_on(&r->script, sent->token, header, success, 8), SCMI_OK);
		assert_ended(&c, SCMI_OK);
		assert_memory_equal(rig_reply(&c), success + 4, 4);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

static void reply_on_its_place_is_checked(void **state)
{
	struct rig *r = raw_rig(RIG_IRQ, 4);
	struct rig_call c;
	const struct script_sent *sent = submit_raw(r, &c, TOKEN(77) | 0x5401u);

	(void)state;
	assert_int_equal(script_rx_on(&r->script, sent->token, sent->hdr ^ 1u, success, 8), SCMI_E_PROTO);
	assert_ended(&c, SCMI_E_PROTO);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* By the header alone, where its token happens to name the slot; then it is as good as any. */
static void reply_by_header_is_taken_where_its_token_names_the_slot(void **state)
{
	(void)state;
	for (uint32_t token = 0; token < 1024; token += 31) {
		struct rig *r = raw_rig(RIG_IRQ, 4);
		uint32_t header = TOKEN(token) | 0x5401u;
		struct rig_call c;
		const struct script_sent *sent = submit_raw(r, &c, header);
		bool named = token % 4 == sent->slot;

		assert_int_equal(script_rx(&r->script, header, success, 8), named ? SCMI_OK : SCMI_E_STRAY);
		assert_int_equal(c.ends, named);
		if (!named) {
			/* It ends in time, and its slot by its place, or with the link. */
			rig_pass(r, 1004);
			assert_ended(&c, SCMI_E_TIMEOUT);
			assert_int_equal(script_rx(&r->script, header, success, 8), SCMI_E_STRAY);
			assert_int_equal(rig_stats(r).quarantined, 1);
			assert_int_equal(script_settle(&r->script, sent->token, SCMI_E_PROTO), SCMI_OK);
		}
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

static void late_reply_by_header_settles_where_its_token_names_the_slot(void **state)
{
	struct rig *r = raw_rig(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	(void)submit_raw(r, &c, TOKEN(1023) | 0x5401u);
	rig_pass(r, 1004);
	assert_ended(&c, SCMI_E_TIMEOUT);
	assert_int_equal(script_rx(&r->script, TOKEN(1023) | 0x5401u, success, 8), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).late, 1);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* A type that no reply has: nothing can come for it but its end. */
static void message_that_is_no_command_gets_no_reply(void **state)
{
	struct rig *r = raw_rig(RIG_IRQ | SCMI_CAP_NOTIFY, 1);
	struct rig_call c;

	(void)state;
	for (int placed = 0; placed < 2; placed++) {
		uint32_t header = scmi_hdr(SCMI_PROTOCOL_SENSOR, 1, SCMI_MSG_NOTIFICATION, 0);
		const struct script_sent *sent = submit_raw(r, &c, header);

		if (placed) {
			assert_int_equal(script_rx_on(&r->script, sent->token, header, success, 8), SCMI_E_PROTO);
			assert_ended(&c, SCMI_E_PROTO);
		} else {
			assert_int_equal(script_rx(&r->script, header, success, 8), SCMI_E_STRAY);
			rig_pass(r, 1004);
			assert_ended(&c, SCMI_E_TIMEOUT);
			assert_int_equal(script_settle(&r->script, sent->token, SCMI_E_PROTO), SCMI_OK);
		}
		assert_int_equal(rig_stats(r).quarantined, 0);
	}
	rig_end(r);
}

/* Two with one header: what comes by that is one's, and the other one's by its place. */
static void two_with_one_header_are_two(void **state)
{
	struct rig *r = raw_rig(RIG_IRQ, 2);
	struct script_sent sent[2];
	struct rig_call c[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		sent[i] = *submit_raw(r, &c[i], TOKEN(1) | 0x5401u);
	assert_int_equal(script_rx(&r->script, sent[0].hdr, success, 8), SCMI_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(c[i].ends, sent[i].slot == 1);
	assert_int_equal(script_rx(&r->script, sent[0].hdr, success, 8), SCMI_E_STRAY);
	for (int i = 0; i < 2; i++) {
		if (sent[i].slot == 0)
			assert_int_equal(script_rx_on(&r->script, sent[i].token, sent[i].hdr, success, 8), SCMI_OK);
	}
	assert_ended(&c[0], SCMI_OK);
	assert_ended(&c[1], SCMI_OK);
	rig_end(r);
}

/* A forged token that is another call's does not end that. */
static void forged_token_of_another_call_is_no_harm(void **state)
{
	struct rig *r = raw_rig(RIG_IRQ, 8);
	struct script_sent good;
	struct rig_call c[2];

	(void)state;
	rig_call_init(r, &c[0]);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	good = *script_last(&r->script);
	(void)submit_raw(r, &c[1], (good.hdr & ~0xffu) | 0x33u);
	assert_int_equal(script_rx(&r->script, script_last(&r->script)->hdr, success, 8), SCMI_E_STRAY);
	assert_int_equal(c[0].ends, 0);
	assert_int_equal(script_rx(&r->script, good.hdr, success, 8), SCMI_OK);
	assert_ended(&c[0], SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c[1].call), SCMI_OK);
	rig_end(r);
}

/* The call's protocol, not the header's, says which way it goes, and where its time is counted. */
static void link_is_that_of_the_calls_protocol(void **state)
{
	struct scmi_latency latency[3] = {{.size = sizeof(latency[0]), .protocol = SCMI_PROTOCOL_POWER},
					  {.size = sizeof(latency[0]), .protocol = RIG_PROTOCOL},
					  {.size = sizeof(latency[0]), .protocol = SCMI_ANY}};
	struct rig *r = rig_new(RIG_IRQ, 2);
	struct script *second = rig_link(r, SCMI_PROTOCOL_POWER, RIG_IRQ, 1);
	uint32_t counted[3] = {0};
	struct rig_call c;

	(void)state;
	second->raw = true;
	r->config.latency = latency;
	r->config.latency_n = 3;
	rig_start(r);
	raw_init(r, &c, scmi_hdr(SCMI_PROTOCOL_PERF, 3, SCMI_MSG_COMMAND, 9));
	c.call.protocol = SCMI_PROTOCOL_POWER;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(second->went_out, 1);
	assert_int_equal(script_rx(second, c.call.header, success, 8), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	for (int i = 0; i < 3; i++) {
		for (uint32_t b = 0; b < SCMI_LATENCY_BUCKETS; b++)
			counted[i] += latency[i].count[b];
	}
	assert_int_equal(counted[0], 1);
	assert_int_equal(counted[1] + counted[2], 0);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_goes_out_as_it_is),
		cmocka_unit_test(header_is_ignored_without_the_flag),
		cmocka_unit_test(header_is_the_same_after_the_queue),
		cmocka_unit_test(reply_on_its_place_is_taken),
		cmocka_unit_test(reply_on_its_place_is_checked),
		cmocka_unit_test(reply_by_header_is_taken_where_its_token_names_the_slot),
		cmocka_unit_test(late_reply_by_header_settles_where_its_token_names_the_slot),
		cmocka_unit_test(message_that_is_no_command_gets_no_reply),
		cmocka_unit_test(two_with_one_header_are_two),
		cmocka_unit_test(forged_token_of_another_call_is_no_harm),
		cmocka_unit_test(link_is_that_of_the_calls_protocol),
	};

	return cmocka_run_group_tests_name("agent_raw", tests, NULL, NULL);
}
