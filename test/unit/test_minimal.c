/* SPDX-License-Identifier: BSD-3-Clause */
/* What the minimal agent makes of answers, good and hostile, and of none. */
#include "minimal_rig.h"

static void a_call_brings_its_values(void **state)
{
	uint8_t params[6] = {1, 2, 3, 4, 5, 6};
	uint8_t reply[4] = {0};
	struct scmi_call call = rig_call(reply, sizeof(reply));

	(void)state;
	rig_open();
	call.params = params;
	call.params_len = sizeof(params);
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	assert_int_equal(call.status, SCMI_SUCCESS);
	assert_int_equal(call.reply_len, 4);
	assert_int_equal(scmi_get_le32(reply), 0x04030201);
	assert_int_equal(rig.rung, 1);
	rig_close();
}

/* The platform sees the whole command, the last word filled up with zeros. */
static void look_at_command(struct minimal_rig *r)
{
	assert_int_equal(rig_get(SCMI_SHMEM_STATUS), 0);
	assert_int_equal(rig_get(SCMI_SHMEM_FLAGS), 0);
	assert_int_equal(rig_get(SCMI_SHMEM_LENGTH), 4 + 6);
	assert_int_equal(scmi_hdr_protocol(rig_get(SCMI_SHMEM_HEADER)), SCMI_PROTOCOL_CLOCK);
	assert_int_equal(scmi_hdr_message(rig_get(SCMI_SHMEM_HEADER)), 7);
	assert_int_equal(scmi_hdr_type(rig_get(SCMI_SHMEM_HEADER)), SCMI_MSG_COMMAND);
	assert_int_equal(rig_get(SCMI_SHMEM_PAYLOAD), 0x04030201);
	assert_int_equal(rig_get(SCMI_SHMEM_PAYLOAD + 4), 0x00000605);
	assert_int_equal(rig_get(SCMI_SHMEM_PAYLOAD + 8), 0xdddddddd);
	rig_answer(r);
}

static void a_command_stands_in_the_area_as_specified(void **state)
{
	uint8_t params[6] = {1, 2, 3, 4, 5, 6};
	struct scmi_call call = rig_call(NULL, 0);

	(void)state;
	rig_open();
	rig_put(SCMI_SHMEM_PAYLOAD + 4, 0xdddddddd);
	rig_put(SCMI_SHMEM_PAYLOAD + 8, 0xdddddddd);
	rig.platform = look_at_command;
	rig.length = 8;
	call.protocol = SCMI_PROTOCOL_CLOCK;
	call.message = 7;
	call.params = params;
	call.params_len = sizeof(params);
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	assert_int_equal(rig.rung, 1);
	rig_close();
}

static uint32_t last_hdr;

static void note_header(struct minimal_rig *r)
{
	last_hdr = rig_get(SCMI_SHMEM_HEADER);
	rig_answer(r);
}

static void each_call_has_a_token_of_its_own(void **state)
{
	(void)state;
	rig_open();
	rig.platform = note_header;
	for (uint32_t i = 1; i <= 2u * SCMI_TOKEN_COUNT; i++) {
		assert_int_equal(rig_ask(), SCMI_OK);
		assert_int_equal(scmi_hdr_token(last_hdr), i % SCMI_TOKEN_COUNT);
	}
	rig_close();
}

/* A header that is not the command's is no answer to it; and ends it, for no other can come. */
static void an_answer_to_something_else_is_refused(void **state)
{
	static const uint32_t bits[] = {1u, 1u << 9, 1u << 8, 1u << 10, 1u << 17, 1u << 18, 1u << 27};

	(void)state;
	rig_open();
	for (uint32_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		rig.hdr = bits[i];
		assert_int_equal(rig_ask(), SCMI_E_PROTO);
		rig.hdr = 0;
		assert_int_equal(rig_ask(), SCMI_OK);
	}
	rig.hdr = SCMI_HDR_RESERVED;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void a_length_that_cannot_be_is_refused(void **state)
{
	static const uint32_t lengths[] = {0, 3, 4, 7, 4 + RIG_PAYLOAD + 1, 0x80000000u, UINT32_MAX};
	uint8_t reply[RIG_PAYLOAD + 8];

	(void)state;
	rig_open();
	for (uint32_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct scmi_call call = rig_call(reply, sizeof(reply));

		memset(reply, 0xa5, sizeof(reply));
		rig.length = lengths[i];
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_PROTO);
		assert_int_equal(call.reply_len, 0);
		assert_int_equal(reply[0], 0xa5);
		rig.length = 12;
		assert_int_equal(rig_ask(), SCMI_OK);
	}
	rig_close();
}

static void the_longest_answer_fits(void **state)
{
	uint8_t reply[RIG_PAYLOAD] = {0};
	struct scmi_call call = rig_call(reply, sizeof(reply));

	(void)state;
	rig_open();
	rig_put(RIG_AREA - 4, 0x77665544);
	rig.length = 4 + RIG_PAYLOAD;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	assert_int_equal(call.reply_len, scmi_agent_max_values(rig.agent));
	assert_int_equal(scmi_get_le32(reply + RIG_PAYLOAD - 8), 0x77665544);
	call.params = reply;
	call.params_len = scmi_agent_max_params(rig.agent) + 1;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TOOBIG);
	call.params_len--;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	rig_close();
}

static void a_longer_answer_is_cut(void **state)
{
	uint8_t reply[8];
	struct scmi_call call = rig_call(reply, 3);

	(void)state;
	rig_open();
	memset(reply, 0xa5, sizeof(reply));
	rig.length = 20;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TRUNCATED);
	assert_int_equal(call.reply_len, 12);
	assert_memory_equal(reply, ((uint8_t[]){1, 2, 3, 0xa5, 0xa5}), 5);
	rig_close();
}

static void a_refusal_of_the_platforms_is_remote(void **state)
{
	uint32_t word = 0;
	struct scmi_call call = rig_call(&word, sizeof(word));

	(void)state;
	rig_open();
	rig.status = SCMI_DENIED;
	for (rig.length = 8; rig.length <= 12; rig.length += 4) {
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_REMOTE);
		assert_int_equal(call.status, SCMI_DENIED);
		assert_int_equal(call.reply_len, 0);
		assert_int_equal(word, 0);
	}
	rig_close();
}

static void give_back_in_error(struct minimal_rig *r)
{
	rig_answer(r);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
}

static void free_with_error_is_comms(void **state)
{
	(void)state;
	rig_open();
	rig.platform = give_back_in_error;
	assert_int_equal(rig_ask(), SCMI_E_COMMS);
	rig.platform = rig_answer;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void answer_now(struct fake_port *fake, void *arg)
{
	(void)fake;
	if (!rig_is_free())
		rig_answer(arg);
}

static void an_answer_is_polled_for(void **state)
{
	(void)state;
	rig_open();
	rig.platform = NULL;
	rig.fake.on_relax = answer_now;
	rig.fake.arg = &rig;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void without_a_doorbell_the_platform_polls(void **state)
{
	(void)state;
	rig_prepare();
	rig.mailbox_config.doorbell = NULL;
	rig.fake.on_relax = answer_now;
	rig.fake.arg = &rig;
	rig_start();
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(rig.rung, 0);
	rig_close();
}

/* At the very end of its time an answer that stands there counts. */
static void answer_at_the_end(struct fake_port *fake, void *arg)
{
	if (fake->now_us < *(uint64_t *)arg)
		fake->now_us = *(uint64_t *)arg;
	else if (!rig_is_free())
		rig_answer(&rig);
}

static void the_last_look_is_after_the_deadline(void **state)
{
	uint64_t end;

	(void)state;
	rig_open();
	rig.platform = NULL;
	rig.fake.step_us = 0;
	end = rig.fake.now_us + 1000;
	rig.fake.on_relax = answer_at_the_end;
	rig.fake.arg = &end;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_brings_its_values),
		cmocka_unit_test(a_command_stands_in_the_area_as_specified),
		cmocka_unit_test(each_call_has_a_token_of_its_own),
		cmocka_unit_test(an_answer_to_something_else_is_refused),
		cmocka_unit_test(a_length_that_cannot_be_is_refused),
		cmocka_unit_test(the_longest_answer_fits),
		cmocka_unit_test(a_longer_answer_is_cut),
		cmocka_unit_test(a_refusal_of_the_platforms_is_remote),
		cmocka_unit_test(free_with_error_is_comms),
		cmocka_unit_test(an_answer_is_polled_for),
		cmocka_unit_test(without_a_doorbell_the_platform_polls),
		cmocka_unit_test(the_last_look_is_after_the_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
