/* SPDX-License-Identifier: BSD-3-Clause */
/* Which message belongs to which call; every reason to refuse one, by its counter; what settles a debt. */
#include <string.h>

#include "agent_rig.h"

static const unsigned char success[SCMI_STATUS_BYTES];

static struct script_sent sent_call(struct rig_call *c)
{
	assert_int_equal(rig_submit(c), SCMI_OK);
	return *script_last(&c->rig->script);
}

static uint32_t hdr_with_token(uint32_t hdr, uint32_t token)
{
	return (hdr & ~(0x3ffu << 18)) | (token & 0x3ffu) << 18;
}

/* The message is refused under this name, the call lives on and takes its real reply. */
static void refuse_then_end(struct rig_call *c, const struct script_sent *sent, uint32_t hdr, const char *counter)
{
	struct rig *r = c->rig;
	struct scmi_agent_stats before = rig_stats(r);
	struct scmi_agent_stats after;
	struct {
		const char *name;
		uint32_t grown;
	} counters[5];

	assert_int_equal(script_rx(&r->script, hdr, success, sizeof(success)), SCMI_E_STRAY);
	assert_int_equal(c->ends, 0);
	after = rig_stats(r);
	counters[0].name = "stray_token";
	counters[0].grown = after.stray_token - before.stray_token;
	counters[1].name = "stray_protocol";
	counters[1].grown = after.stray_protocol - before.stray_protocol;
	counters[2].name = "stray_message";
	counters[2].grown = after.stray_message - before.stray_message;
	counters[3].name = "stray_type";
	counters[3].grown = after.stray_type - before.stray_type;
	counters[4].name = "duplicate";
	counters[4].grown = after.duplicate - before.duplicate;
	for (int i = 0; i < 5; i++)
		assert_int_equal(counters[i].grown, strcmp(counters[i].name, counter) == 0);
	assert_int_equal(after.in_flight, 1);
	assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(c, SCMI_OK);
	c->ends = 0;
	rig_check(r);
}

static void message_with_an_unknown_token_is_a_stray(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	sent = sent_call(&c);
	for (uint32_t other = 1; other < SCMI_TOKEN_COUNT; other++) {
		assert_int_equal(script_rx(&r->script, hdr_with_token(sent.hdr, sent.token + other), success, 4),
				 SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).stray_token, other);
	}
	refuse_then_end(&c, &sent, hdr_with_token(sent.hdr, sent.token + 1u), "stray_token");
	rig_end(r);
}

/* A slot that no command was ever sent from, and one beyond what the transport allows. */
static void message_before_any_command_is_a_stray(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 64);

	(void)state;
	r->script.transport.max_inflight = 5;
	rig_start(r);
	for (uint32_t token = 0; token < SCMI_TOKEN_COUNT; token++) {
		assert_int_equal(script_rx(&r->script, scmi_hdr(0, 0, SCMI_MSG_COMMAND, (uint16_t)token), success, 4),
				 SCMI_E_STRAY);
		assert_int_equal(script_settle(&r->script, (uint16_t)token, SCMI_E_IO), SCMI_E_STRAY);
	}
	assert_int_equal(rig_stats(r).stray_token, SCMI_TOKEN_COUNT);
	assert_int_equal(rig_stats(r).settled, 0);
	rig_end(r);
}

static void message_of_an_earlier_epoch_is_a_stray(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct script_sent first;
	struct script_sent second;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	first = sent_call(&c);
	assert_int_equal(script_reply(&r->script, &first, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	c.ends = 0;
	second = sent_call(&c);
	assert_int_equal(second.slot, first.slot);
	refuse_then_end(&c, &second, first.hdr, "stray_token");
	rig_end(r);
}

static void message_with_the_wrong_protocol_message_or_type_is_a_stray(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (unsigned bit = 0; bit < 8; bit++) {
		sent = sent_call(&c);
		refuse_then_end(&c, &sent, sent.hdr ^ 1u << bit, "stray_message");
		sent = sent_call(&c);
		refuse_then_end(&c, &sent, sent.hdr ^ 1u << (10 + bit), "stray_protocol");
	}
	sent = sent_call(&c);
	refuse_then_end(&c, &sent, scmi_hdr_as(sent.hdr, SCMI_MSG_RESERVED), "stray_type");
	sent = sent_call(&c);
	refuse_then_end(&c, &sent, scmi_hdr_as(sent.hdr, SCMI_MSG_DELAYED), "stray_type");
	rig_end(r);
}

static void message_with_reserved_header_bits_is_taken(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (unsigned bit = 28; bit < 32; bit++) {
		c.ends = 0;
		sent = sent_call(&c);
		assert_int_equal(script_rx(&r->script, sent.hdr | 1u << bit, success, sizeof(success)), SCMI_OK);
		assert_ended(&c, SCMI_OK);
	}
	rig_end(r);
}

static void message_that_comes_twice_is_a_duplicate(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	sent = sent_call(&c);
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	for (uint32_t i = 1; i <= 3; i++) {
		assert_int_equal(script_reply(&r->script, &sent, SCMI_DENIED, NULL, 0), SCMI_E_STRAY);
		assert_int_equal(rig_stats(r).duplicate, i);
	}
	assert_ended(&c, SCMI_OK);
	assert_int_equal(c.call.status, SCMI_SUCCESS);
	rig_end(r);
}

/* Many in flight, answered in another order: each reply finds its own call. */
static void messages_in_any_order_find_their_calls(void **state)
{
	enum { N = 256 };
	static struct rig_call c[N];
	static unsigned char params[N][4];
	struct rig *r = rig_up(RIG_IRQ, N);

	(void)state;
	for (uint32_t i = 0; i < N; i++) {
		scmi_put_le32(params[i], 0xabcd0000u + i);
		rig_call_init(r, &c[i]);
		c[i].call.params = params[i];
		c[i].call.params_len = 4;
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	}
	assert_int_equal(rig_stats(r).in_flight, N);
	for (uint32_t i = 0; i < N; i++) {
		const struct script_sent *sent = script_sent(&r->script, i * 77u % N);

		assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, sent->params, 4), SCMI_OK);
	}
	for (uint32_t i = 0; i < N; i++) {
		assert_ended(&c[i], SCMI_OK);
		assert_int_equal(scmi_get_le32(rig_reply(&c[i])), 0xabcd0000u + i);
	}
	rig_end(r);
}

/* It came on the descriptor of one command with the header of another: the first ends, the other lives. */
static void message_on_the_descriptor_of_another_is_mismatched(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent[2];
	struct rig_call c[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		rig_call_init(r, &c[i]);
		sent[i] = sent_call(&c[i]);
	}
	assert_int_equal(script_rx_on(&r->script, sent[0].token, sent[1].hdr, success, 4), SCMI_E_PROTO);
	assert_ended(&c[0], SCMI_E_PROTO);
	assert_int_equal(c[1].ends, 0);
	assert_int_equal(rig_stats(r).mismatched, 1);
	assert_int_equal(rig_stats(r).settled, 1);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(script_rx_on(&r->script, sent[1].token, sent[1].hdr, success, 4), SCMI_OK);
	assert_ended(&c[1], SCMI_OK);
	rig_end(r);
}

/* Right descriptor, but not its reply: nothing else can come there, so call and debt end. */
static void message_on_its_descriptor_with_a_wrong_header_ends_its_call(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (int i = 0; i < 5; i++) {
		uint32_t wrong[5];

		c.ends = 0;
		sent = sent_call(&c);
		wrong[0] = sent.hdr ^ 1u;
		wrong[1] = sent.hdr ^ 1u << 10;
		wrong[2] = scmi_hdr_as(sent.hdr, SCMI_MSG_RESERVED);
		wrong[3] = scmi_hdr_as(sent.hdr, SCMI_MSG_DELAYED);
		wrong[4] = scmi_hdr_as(sent.hdr, SCMI_MSG_NOTIFICATION);
		assert_int_equal(script_rx_on(&r->script, sent.token, wrong[i], success, 4), SCMI_E_PROTO);
		assert_ended(&c, SCMI_E_PROTO);
		assert_int_equal(rig_stats(r).quarantined, 0);
	}
	assert_int_equal(rig_stats(r).stray_message, 1);
	assert_int_equal(rig_stats(r).stray_protocol, 1);
	assert_int_equal(rig_stats(r).stray_type, 3);
	assert_int_equal(rig_stats(r).settled, 5);
	/* Its real reply is a stranger now. */
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	rig_end(r);
}

static void settle_ends_call_and_debt(void **state)
{
	static const struct {
		int err;
		int expected;
	} cases[] = {{SCMI_E_IO, SCMI_E_IO}, {SCMI_E_PROTO, SCMI_E_PROTO}, {SCMI_OK, SCMI_E_PROTO},
		     {5, SCMI_E_PROTO},      {SCMI_E_COMMS, SCMI_E_COMMS}, {SCMI_E_LINK, SCMI_E_LINK}};
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		c.ends = 0;
		sent = sent_call(&c);
		assert_int_equal(script_settle(&r->script, sent.token, cases[i].err), SCMI_OK);
		assert_ended(&c, cases[i].expected);
		assert_int_equal(rig_stats(r).settled, i + 1);
		assert_int_equal(rig_stats(r).quarantined, 0);
		/* Twice, it settles nothing; and the reply that comes all the same finds nobody. */
		assert_int_equal(script_settle(&r->script, sent.token, cases[i].err), SCMI_E_STRAY);
		assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	}
	rig_end(r);
}

static void settle_of_an_unknown_token_settles_nothing(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 8);
	struct script_sent sent;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	sent = sent_call(&c);
	for (uint32_t other = 1; other < SCMI_TOKEN_COUNT; other++)
		assert_int_equal(script_settle(&r->script, (uint16_t)((sent.token + other) & 0x3ffu), SCMI_E_IO),
				 SCMI_E_STRAY);
	/* Beyond the token space, too. */
	assert_int_equal(script_settle(&r->script, (uint16_t)(sent.token | 0x400u), SCMI_E_IO), SCMI_E_STRAY);
	assert_int_equal(script_settle(&r->script, SCMI_TOKEN_ANY, SCMI_E_IO), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).settled, 0);
	assert_int_equal(c.ends, 0);
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_with_an_unknown_token_is_a_stray),
		cmocka_unit_test(message_before_any_command_is_a_stray),
		cmocka_unit_test(message_of_an_earlier_epoch_is_a_stray),
		cmocka_unit_test(message_with_the_wrong_protocol_message_or_type_is_a_stray),
		cmocka_unit_test(message_with_reserved_header_bits_is_taken),
		cmocka_unit_test(message_that_comes_twice_is_a_duplicate),
		cmocka_unit_test(messages_in_any_order_find_their_calls),
		cmocka_unit_test(message_on_the_descriptor_of_another_is_mismatched),
		cmocka_unit_test(message_on_its_descriptor_with_a_wrong_header_ends_its_call),
		cmocka_unit_test(settle_ends_call_and_debt),
		cmocka_unit_test(settle_of_an_unknown_token_settles_nothing),
	};

	return cmocka_run_group_tests_name("agent_match", tests, NULL, NULL);
}
