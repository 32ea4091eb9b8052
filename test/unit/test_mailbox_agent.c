/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's end of a mailbox against an area that the test writes: a platform that may do anything. */
#include <string.h>

#include "mailbox_hand.h"

/* ---- what stands in the area ---- */

static void a_command_is_written_as_specified(void **state)
{
	static const unsigned char params[] = {1, 2, 3, 4, 5};
	struct scmi_call call = submitted(0);
	const unsigned char *payload = (const unsigned char *)rig.memory[A2P] + SCMI_SHMEM_PAYLOAD;

	(void)state;
	open_silent();
	call.params = params;
	call.params_len = sizeof(params);
	send_one(&call);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), 0);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_FLAGS), SCMI_SHMEM_INTR);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_LENGTH), 4u + sizeof(params));
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER) & 0x3ffffu, SCMI_PROTOCOL_BASE << 10);
	assert_memory_equal(payload, params, sizeof(params));
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 1);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* Its sender polls, but others may wait for the room: only who cannot be rung does not ask for a doorbell. */
static void a_polled_call_asks_for_a_doorbell_where_there_is_one(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(SCMI_CALL_POLL);

	(void)state;
	open_silent();
	send_one(&call);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_FLAGS), SCMI_SHMEM_INTR);
	rig_answer(&rig, 4);
	assert_int_equal(result(&call), SCMI_OK); /* polls, by itself */
	mailbox_rig_close(&rig);

	form.to_agent = RIG_POLLED;
	call = submitted(0);
	mailbox_rig_open(&rig, &form);
	send_one(&call);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_FLAGS), 0);
	rig_answer(&rig, 4);
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* Its caller has gone, and does not poll any more; who waits behind it is sent all the same when the area is free. */
static void what_waits_behind_a_polled_call_is_sent(void **state)
{
	struct scmi_call polled = submitted(SCMI_CALL_POLL);
	struct scmi_call waits = submitted(0);
	bool asked;

	(void)state;
	open_silent();
	send_one(&polled);
	asked = rig_get(&rig, A2P, SCMI_SHMEM_FLAGS) == SCMI_SHMEM_INTR;
	assert_int_equal(scmi_agent_submit(rig.agent, &waits), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(rig.agent, &polled), SCMI_OK);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 1);
	rig_answer(&rig, 4);
	if (asked)
		interrupt();
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 2);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&waits), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* ---- lengths ---- */

static void try_length(uint32_t length, uint32_t *bad)
{
	struct scmi_call call = submitted(0);
	const bool good = length >= 8u && length <= 4u + RIG_PAYLOAD;

	send_one(&call);
	rig_write(&rig, A2P, rig_get(&rig, A2P, SCMI_SHMEM_HEADER), NULL, length, 0, SCMI_SHMEM_FREE);
	interrupt();
	assert_int_equal(result(&call), good ? SCMI_OK : SCMI_E_PROTO);
	if (good)
		assert_int_equal(call.reply_len, length - 8u);
	*bad += !good;
	assert_int_equal(rig_stats(&rig).bad_length, *bad);
	assert_true(rig_is_free(&rig, A2P));
}

static void an_answer_may_have_any_length(void **state)
{
	static const uint32_t far[] = {128, 0x7fffffffu, 0x80000000u, 0xfffffffcu, 0xffffffffu};
	uint32_t bad = 0;

	(void)state;
	open_silent();
	for (uint32_t length = 0; length < RIG_AREA + 8u; length++)
		try_length(length, &bad);
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		try_length(far[i], &bad);
	assert_true(bad > 8);
	mailbox_rig_close(&rig);
}

static void an_error_ends_its_call(void **state)
{
	struct scmi_call call;

	(void)state;
	open_silent();
	for (uint32_t i = 1; i < 4; i++) {
		call = submitted(0);
		send_one(&call);
		rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_ERROR); /* not ours yet */
		interrupt();
		assert_true(is_live(&call));
		rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_ERROR | SCMI_SHMEM_FREE);
		interrupt();
		assert_int_equal(result(&call), SCMI_E_COMMS);
		assert_int_equal(rig_stats(&rig).errors, i);
	}
	call = submitted(0);
	send_one(&call); /* the error is gone with the next command */
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS), 0);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

static void a_damaged_answer_ends_its_call(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);

	(void)state;
	form.check = SCMI_SHMEM_CHECK_CRC32;
	mailbox_rig_open(&rig, &form);
	send_one(&call);
	rig_answer(&rig, 4); /* without a check value */
	interrupt();
	assert_int_equal(result(&call), SCMI_E_COMMS);
	assert_int_equal(rig_stats(&rig).bad_check, 1);
	rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 4, 0, 0);
	interrupt();
	assert_int_equal(rig_stats(&rig).bad_check, 2);
	assert_true(rig_is_free(&rig, P2A));
	assert_int_equal(rig.heard, 0);
	mailbox_rig_close(&rig);
}

static void another_header_ends_the_call(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_silent();
	send_one(&call);
	rig_put(&rig, A2P, SCMI_SHMEM_HEADER, rig_get(&rig, A2P, SCMI_SHMEM_HEADER) ^ (1u << 20));
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_E_PROTO);
	call = submitted(0);
	send_one(&call);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* ---- at the limit ---- */

static void a_command_goes_whole_or_not_at_all(void **state)
{
	static const unsigned char params[RIG_PAYLOAD + 1u] = {[RIG_PAYLOAD - 1u] = 0x5a};
	struct scmi_call call = submitted(0);

	(void)state;
	open_silent();
	assert_int_equal(rig.transport.max_payload, RIG_PAYLOAD);
	call.params = params;
	call.params_len = sizeof(params);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_TOOBIG);
	assert_true(rig_is_free(&rig, A2P));
	call.params_len = RIG_PAYLOAD;
	send_one(&call);
	assert_memory_equal((unsigned char *)rig.memory[A2P] + SCMI_SHMEM_PAYLOAD, params, RIG_PAYLOAD);
	rig_answer(&rig, RIG_PAYLOAD - 4u);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	assert_int_equal(call.reply_len, RIG_PAYLOAD - 4u);
	assert_int_equal(reply[RIG_PAYLOAD - 5u], RIG_PAYLOAD - 5u);
	mailbox_rig_close(&rig);
}

static void send_event(uint32_t length, uint32_t flags)
{
	rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, length, flags, 0);
	interrupt();
}

static void a_notification_may_have_any_length(void **state)
{
	uint32_t heard = 0;

	(void)state;
	open_silent();
	for (uint32_t length = 0; length < RIG_AREA + 8u; length++) {
		heard += length >= 4u && length <= 4u + RIG_PAYLOAD;
		send_event(length, length % 2u);
		assert_int_equal(rig.heard, heard);
		assert_true(rig_is_free(&rig, P2A));
		assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], (length + 1u) / 2u);
		assert_int_equal(rig_stats(&rig).bad_length, length + 1u - heard);
	}
	assert_int_equal(heard, 1u + RIG_PAYLOAD);
	mailbox_rig_close(&rig);
}

static void a_delayed_response_at_the_limit(void **state)
{
	struct scmi_call call = submitted(SCMI_CALL_DELAYED);
	uint32_t hdr;

	(void)state;
	open_silent();
	send_one(&call);
	hdr = rig_get(&rig, A2P, SCMI_SHMEM_HEADER) | 2u << 8;
	rig_answer(&rig, 0);
	interrupt();
	rig_write(&rig, P2A, hdr, NULL, 5u + RIG_PAYLOAD, SCMI_SHMEM_INTR, 0); /* a byte too much: nothing of it */
	interrupt();
	assert_true(is_live(&call));
	rig_write(&rig, P2A, hdr, NULL, 4u + RIG_PAYLOAD, SCMI_SHMEM_INTR, 0);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	assert_int_equal(call.reply_len, RIG_PAYLOAD - 4u);
	assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], 2);
	mailbox_rig_close(&rig);
}

/* ---- P2A goes back on every path ---- */

static void p2a_goes_back_whatever_stands_there(void **state)
{
	static const uint32_t headers[] = {
		1u << 8 | SCMI_PROTOCOL_SENSOR << 10,              /* a type that there is not */
		0u << 8 | SCMI_PROTOCOL_SENSOR << 10,              /* a response */
		2u << 8 | SCMI_PROTOCOL_SENSOR << 10,              /* a delayed one that nobody waits for */
		3u << 8 | SCMI_PROTOCOL_SENSOR << 10 | 9u,         /* nobody has subscribed to that */
		3u << 8 | SCMI_PROTOCOL_SENSOR << 10 | 0xf0000000, /* reserved bits */
	};
	uint32_t asked = 0;

	(void)state;
	open_silent();
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		for (uint32_t flags = 0; flags < 4; flags++) {
			rig_write(&rig, P2A, headers[i], NULL, 12, flags, flags > 1u ? SCMI_SHMEM_ERROR : 0);
			interrupt();
			asked += flags & 1u;
			assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
			assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], asked);
		}
	}
	mailbox_rig_close(&rig);
}

static void next_in_handler(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	unsigned *left = r->arg;

	if (signal != SCMI_MAILBOX_RX_REPLY || (*left)-- == 0)
		return;
	send_event(8, SCMI_SHMEM_INTR); /* at once, inside the doorbell, and its doorbell finds us taking */
}

static void a_platform_may_answer_inside_the_doorbell(void **state)
{
	unsigned left = 50;

	(void)state;
	open_silent();
	rig.arg = &left;
	rig.on_ring = next_in_handler;
	send_event(8, SCMI_SHMEM_INTR);
	assert_int_equal(rig.heard, 51);
	assert_int_equal(rig_stats(&rig).events, 51);
	assert_true(rig_is_free(&rig, P2A));
	mailbox_rig_close(&rig);
}

static void no_buffer_for_an_event_but_its_area_goes_back(void **state)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};
	struct rig_form form = silent;

	(void)state;
	form.no_events = true;
	mailbox_rig_open(&rig, &form);
	for (unsigned i = 0; i < 5; i++) {
		send_event(8, SCMI_SHMEM_INTR);
		assert_true(rig_is_free(&rig, P2A));
	}
	assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], 5);
	assert_int_equal(scmi_agent_stats(rig.agent, 0, &s), SCMI_OK);
	assert_int_equal(s.received, 5);
	mailbox_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_written_as_specified),
		cmocka_unit_test(a_polled_call_asks_for_a_doorbell_where_there_is_one),
		cmocka_unit_test(what_waits_behind_a_polled_call_is_sent),
		cmocka_unit_test(an_answer_may_have_any_length),
		cmocka_unit_test(an_error_ends_its_call),
		cmocka_unit_test(a_damaged_answer_ends_its_call),
		cmocka_unit_test(another_header_ends_the_call),
		cmocka_unit_test(a_command_goes_whole_or_not_at_all),
		cmocka_unit_test(a_notification_may_have_any_length),
		cmocka_unit_test(a_delayed_response_at_the_limit),
		cmocka_unit_test(p2a_goes_back_whatever_stands_there),
		cmocka_unit_test(a_platform_may_answer_inside_the_doorbell),
		cmocka_unit_test(no_buffer_for_an_event_but_its_area_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
