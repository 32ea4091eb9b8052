/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end of a mailbox against an area that the test writes: an agent that may do anything. */
#include "mailbox_end_hand.h"

/* ---- commands ---- */

static void areas_are_in_order_after_the_first_start(void **state)
{
	(void)state;
	open_end(&silent);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_E_INVAL);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	command(7, 0);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	assert_int_equal(platform.hdr, 7); /* the second start leaves them alone, and serves what stands there */
	assert_true(rig_is_free(&rig, A2P));
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.resets, 0);
	close_end();
}

static void a_command_is_answered_in_its_area(void **state)
{
	(void)state;
	open_end(&silent);
	for (uint32_t intr = 0; intr < 2; intr++) {
		command(0xabcd, intr);
		assert_int_equal(serve(), 1);
		assert_int_equal(platform.hdr, 0xabcd);
		assert_int_equal(platform.len, 4);
		assert_memory_equal(platform.params, "abcd", 4);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0xabcd);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_LENGTH), 12);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_PAYLOAD + 4u), 0x33333333);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], intr);
		assert_int_equal(serve(), 0); /* a spurious doorbell leaves what stands there */
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0xabcd);
	}
	assert_int_equal(rig_end_stats(&rig).rung, 1);
	assert_int_equal(rig_end_stats(&rig).taken, 2);
	close_end();
}

static void a_command_may_have_any_length(void **state)
{
	static const uint32_t far[] = {128, 0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu};
	uint32_t bad = 0;

	(void)state;
	open_end(&silent);
	for (uint32_t i = 0; i < RIG_AREA + 8u + sizeof(far) / sizeof(far[0]); i++) {
		const uint32_t length = i < RIG_AREA + 8u ? i : far[i - RIG_AREA - 8u];
		const bool good = length >= 4u && length <= 4u + RIG_PAYLOAD;

		rig_write(&rig, A2P, i, NULL, length, SCMI_SHMEM_INTR, 0);
		assert_int_equal(serve(), 1);
		bad += !good;
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS),
				 SCMI_SHMEM_FREE | (good ? 0u : SCMI_SHMEM_ERROR));
		assert_int_equal(rig_end_stats(&rig).bad_length, bad);
		assert_int_equal(platform.requests, i + 1u - bad);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], i + 1u);
		if (good)
			assert_int_equal(platform.len, length - 4u);
	}
	close_end();
}

static void a_command_with_error_is_given_back(void **state)
{
	(void)state;
	open_end(&silent);
	rig_write(&rig, A2P, 1, "abcd", 8, 0, SCMI_SHMEM_ERROR | 0xfff0u);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	assert_int_equal(rig_end_stats(&rig).bad_status, 1);
	assert_int_equal(platform.requests, 0);
	command(2, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	close_end();
}

static void a_damaged_command_is_given_back(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.check = SCMI_SHMEM_CHECK_XOR;
	open_end(&form);
	command(1, 0);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_KIND, SCMI_SHMEM_CHECK_XOR);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_VALUE, 1u ^ 0x64636261u);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	command(1, 0);
	rig_put(&rig, A2P, SCMI_SHMEM_CHECK_VALUE, 0u ^ 0x64636261u);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 1);
	assert_int_equal(rig_end_stats(&rig).bad_check, 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	close_end();
}

static void an_answer_that_cannot_be_is_an_error(void **state)
{
	static const uint32_t lengths[] = {SCMI_REPLY_NONE, RIG_PAYLOAD + 1u};

	(void)state;
	open_end(&silent);
	for (size_t i = 0; i < 2; i++) {
		platform.reply = lengths[i];
		command(1, 0);
		assert_int_equal(serve(), 1);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	}
	platform.reply = RIG_PAYLOAD;
	command(1, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_LENGTH), 4u + RIG_PAYLOAD);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	close_end();
}

/* The agent rewrites the area while its command is being served: what was copied counts. */
static void rewrite(void)
{
	rig_write(&rig, A2P, 0xffffffffu, NULL, 0xffffffffu, 1, 0);
}

static void nothing_is_read_twice(void **state)
{
	(void)state;
	open_end(&silent);
	platform.inside = rewrite;
	command(5, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 5);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 0);
	close_end();
}

/* ---- answers that come later ---- */

static void a_later_answer_goes_to_its_area(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	for (uint32_t i = 1; i < 4; i++) {
		command(i, 1);
		assert_int_equal(serve(), 1);
		assert_int_equal(rig_end_stats(&rig).open, 1);
		assert_int_equal(serve(), 0); /* it is not taken twice */
		assert_false(rig_is_free(&rig, A2P));
		answer_open(8);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), i);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], i);
		assert_int_equal(rig_end_stats(&rig).open, 0);
	}
	assert_int_equal(platform.requests, 3);
	close_end();
}

static void an_answer_may_come_inside_the_request(void **state)
{
	(void)state;
	open_end(&silent);
	platform.answer_inside = true;
	command(4, 1);
	assert_int_equal(serve(), 1);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	close_end();
}

/* An agent that takes back its area and writes the next command, while the platform has the last one. */
static void a_command_over_an_open_one_waits(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 0);
	assert_int_equal(serve(), 1);
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	command(2, 0);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.requests, 1);
	answer_open(8);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 1);
	close_end();
}

static void an_answer_after_a_stop_still_frees_the_area(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	answer_open(8);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	command(2, 1);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(platform.requests, 1);
	mailbox_rig_close(&rig);
}

/* A doorbell that comes while another context serves is not lost. */
static void write_next(void)
{
	platform.inside = NULL;
	assert_int_equal(serve(), 0); /* we serve already */
}

static void next_at_reply(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	(void)r;
	if (signal == SCMI_MAILBOX_TX_REPLY && platform.requests < 5) {
		command(platform.requests, 1);
		assert_int_equal(serve(), 0);
	}
}

static void who_serves_serves_for_all(void **state)
{
	(void)state;
	open_end(&silent);
	rig.on_ring = next_at_reply;
	platform.inside = write_next;
	command(0, 1);
	assert_int_equal(scmi_mailbox_end_serve(rig.end, 1), 5);
	assert_int_equal(platform.requests, 5);
	assert_true(rig_is_free(&rig, A2P));
	assert_int_equal(scmi_mailbox_end_serve(rig.end, 0), 0);
	close_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(areas_are_in_order_after_the_first_start),
		cmocka_unit_test(a_command_is_answered_in_its_area),
		cmocka_unit_test(a_command_may_have_any_length),
		cmocka_unit_test(a_command_with_error_is_given_back),
		cmocka_unit_test(a_damaged_command_is_given_back),
		cmocka_unit_test(an_answer_that_cannot_be_is_an_error),
		cmocka_unit_test(nothing_is_read_twice),
		cmocka_unit_test(a_later_answer_goes_to_its_area),
		cmocka_unit_test(an_answer_may_come_inside_the_request),
		cmocka_unit_test(a_command_over_an_open_one_waits),
		cmocka_unit_test(an_answer_after_a_stop_still_frees_the_area),
		cmocka_unit_test(who_serves_serves_for_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
