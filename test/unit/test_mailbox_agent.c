/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's end of a mailbox against an area that the test writes: a platform that may do anything. */
#include <string.h>

#include "mailbox_rig.h"

#define A2P SCMI_MAILBOX_A2P
#define P2A SCMI_MAILBOX_P2A

static struct mailbox_rig rig;
static unsigned char reply[RIG_PAYLOAD];

static const struct rig_form silent = {
	.hostile = 1, .to_platform = RIG_SILENT, .to_agent = RIG_SILENT, .timeout_us = 1000};

static void open_silent(void)
{
	mailbox_rig_open(&rig, &silent);
}

static void interrupt(void)
{
	scmi_mailbox_interrupt(&rig.mailbox);
}

static struct scmi_call submitted(uint32_t flags)
{
	struct scmi_call call = rig_call(SCMI_PROTOCOL_VERSION, reply, sizeof(reply));

	call.flags = (uint16_t)flags;
	return call;
}

/* Sends one, which now stands in the area. */
static void send_one(struct scmi_call *call)
{
	assert_int_equal(scmi_agent_submit(rig.agent, call), SCMI_OK);
	assert_false(rig_is_free(&rig, A2P));
}

static int result(struct scmi_call *call)
{
	return scmi_agent_wait(rig.agent, call);
}

static bool is_live(struct scmi_call *call)
{
	return scmi_agent_wait_until(rig.agent, call, 0) == SCMI_E_INPROGRESS;
}

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

/* Who polls, and who cannot be rung, does not ask for a doorbell. */
static void a_polled_call_asks_for_no_doorbell(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(SCMI_CALL_POLL);

	(void)state;
	open_silent();
	send_one(&call);
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_FLAGS), 0);
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

/* ---- lateness, and doorbells at any time ---- */

static void a_late_answer_completes_no_later_call(void **state)
{
	struct scmi_call early = submitted(0);
	struct scmi_call later = submitted(0);

	(void)state;
	open_silent();
	send_one(&early);
	assert_int_equal(result(&early), SCMI_E_TIMEOUT);
	later.timeout_us = SCMI_FOREVER;
	assert_int_equal(scmi_agent_submit(rig.agent, &later), SCMI_OK); /* waits for the area */
	assert_int_equal(rig_stats(&rig).commands, 1);
	rig_answer(&rig, 8);
	interrupt();
	assert_true(is_live(&later));
	assert_int_equal(rig_stats(&rig).commands, 2); /* now it stands there */
	assert_false(rig_is_free(&rig, A2P));
	interrupt();
	assert_true(is_live(&later));
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&later), SCMI_OK);
	assert_int_equal(later.reply_len, 4);
	mailbox_rig_close(&rig);
}

static void spurious_doorbells_do_nothing(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	mailbox_rig_make(&rig, &silent);
	interrupt(); /* before the start */
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	(void)scmi_shmem_reset(&rig.areas[P2A]);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	interrupt(); /* idle */
	send_one(&call);
	interrupt(); /* sent */
	assert_int_equal(scmi_agent_poll(rig.agent, 8), 0);
	assert_true(is_live(&call));
	assert_int_equal(result(&call), SCMI_E_TIMEOUT);
	interrupt(); /* timed out */
	rig_answer(&rig, 4);
	interrupt();
	interrupt();
	assert_int_equal(scmi_agent_poll(rig.agent, 8), 0);
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, 0);
	interrupt(); /* stopped: nothing is taken */
	assert_false(rig_is_free(&rig, P2A));
	mailbox_rig_close(&rig);
}

/* An answer is taken once, however many look: inside its own done function, too. */
static void look_again(struct scmi_call *call, int err)
{
	unsigned *done = call->arg;

	assert_int_equal(err, SCMI_OK);
	(*done)++;
	interrupt();
	assert_int_equal(scmi_agent_poll(rig.agent, 8), 0);
}

static void a_doorbell_inside_a_done_function_finds_nothing(void **state)
{
	struct scmi_call call = submitted(0);
	unsigned done = 0;

	(void)state;
	open_silent();
	call.done = look_again;
	call.arg = &done;
	send_one(&call);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(done, 1);
	assert_int_equal(rig_stats(&rig).left, 0);
	mailbox_rig_close(&rig);
}

/* With a short reply buffer the core does not read everything; the area is ours all the same. */
static void a_reply_that_is_cut_frees_the_area(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_silent();
	for (unsigned i = 0; i < 3; i++) {
		call = submitted(0);
		call.reply_cap = 4;
		send_one(&call);
		rig_answer(&rig, 12);
		interrupt();
		assert_int_equal(result(&call), SCMI_E_TRUNCATED);
		assert_int_equal(call.reply_len, 12);
	}
	mailbox_rig_close(&rig);
}

/* ---- an area that is not ours ---- */

static void calls_wait_for_an_area_that_is_taken(void **state)
{
	struct rig_form form = silent;

	(void)state;
	for (unsigned how = 0; how < 3; how++) {
		struct scmi_call call = submitted(0);

		mailbox_rig_make(&rig, &form);
		(void)scmi_shmem_reset(&rig.areas[P2A]);
		assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK); /* A2P is not FREE */
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
		interrupt();
		assert_int_equal(rig_stats(&rig).commands, 0);
		(void)scmi_shmem_reset(&rig.areas[A2P]);
		if (how == 0)
			interrupt();
		else if (how == 1)
			assert_int_equal(scmi_agent_poll(rig.agent, 4), 0);
		assert_int_equal(rig_stats(&rig).commands, how == 2 ? 0 : 1);
		if (how == 2) {
			struct scmi_call other = submitted(SCMI_CALL_NOWAIT);

			(void)scmi_agent_poll(rig.agent, 1);
			assert_int_equal(scmi_agent_submit(rig.agent, &other), SCMI_E_BUSY);
		}
		assert_int_equal(rig_stats(&rig).commands, 1);
		rig_answer(&rig, 4);
		interrupt();
		assert_int_equal(result(&call), SCMI_OK);
		mailbox_rig_close(&rig);
	}
}

/* Idle, and the platform takes the area by itself. */
static void an_area_that_is_taken_from_us_comes_back(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_silent();
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, 0);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(rig_stats(&rig).commands, 0);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 0);
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	interrupt();
	assert_int_equal(rig_stats(&rig).commands, 1);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

static void queued_calls_have_a_bound_of_their_own(void **state)
{
	struct scmi_call stuck = submitted(0);
	struct scmi_call queued = submitted(0);
	struct scmi_call next = submitted(0);

	(void)state;
	open_silent();
	send_one(&stuck);
	queued.deadline_us = rig.fake.now_us + 5000u;
	next.deadline_us = rig.fake.now_us + 9000u;
	assert_int_equal(scmi_agent_submit(rig.agent, &queued), SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, &next), SCMI_OK);
	assert_int_equal(result(&stuck), SCMI_E_TIMEOUT);
	assert_true(is_live(&queued));
	assert_int_equal(result(&queued), SCMI_E_TIMEOUT);
	assert_true(is_live(&next));
	assert_int_equal(rig_stats(&rig).commands, 1);
	rig_answer(&rig, 4);
	interrupt();
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&next), SCMI_OK);
	assert_int_equal(rig_stats(&rig).commands, 2);
	mailbox_rig_close(&rig);
}

/* ---- the doorbell ---- */

static void a_doorbell_that_fails_takes_the_command_back(void **state)
{
	static const int errors[][2] = {{SCMI_E_NOPEER, SCMI_E_NOPEER},
					{SCMI_E_IO, SCMI_E_IO},
					{SCMI_E_LINK, SCMI_E_LINK},
					{SCMI_E_INVAL, SCMI_E_NOPEER},
					{SCMI_E_BUSY, SCMI_E_NOPEER}};

	(void)state;
	open_silent();
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct scmi_call call = submitted(0);

		rig.ring_error = errors[i][0];
		assert_int_equal(scmi_agent_submit(rig.agent, &call), errors[i][1]);
		assert_true(rig_is_free(&rig, A2P));
		interrupt();
		rig.ring_error = SCMI_OK;
		send_one(&call);
		rig_answer(&rig, 4);
		interrupt();
		assert_int_equal(result(&call), SCMI_OK);
	}
	assert_int_equal(rig_stats(&rig).left, 0);
	mailbox_rig_close(&rig);
}

static void answer_in_doorbell(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	if (signal == SCMI_MAILBOX_TX)
		rig_answer(r, 4);
}

/* It says that it has failed, and the answer is there: then the command was sent. */
static void an_answer_counts_more_than_a_doorbell(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_silent();
	rig.answer_and_fail = SCMI_E_IO;
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

static void resubmit(struct scmi_call *call, int err)
{
	unsigned *left = call->arg;

	assert_int_equal(err, SCMI_OK);
	if ((*left)-- != 0)
		assert_int_equal(scmi_agent_submit(rig.agent, call), SCMI_OK);
}

/* Without any interrupt: the answer stands there when the doorbell returns. */
static void an_answer_inside_the_doorbell_is_taken_by_the_sender(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = submitted(0);
	unsigned left = 100;

	(void)state;
	form.to_agent = RIG_POLLED;
	form.caps = SCMI_CAP_SYNC_SEND;
	mailbox_rig_open(&rig, &form);
	rig.on_ring = answer_in_doorbell;
	call.done = resubmit;
	call.arg = &left;
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(left, UINT32_MAX);
	assert_int_equal(rig_stats(&rig).commands, 101);
	mailbox_rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_written_as_specified),
		cmocka_unit_test(a_polled_call_asks_for_no_doorbell),
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
		cmocka_unit_test(a_late_answer_completes_no_later_call),
		cmocka_unit_test(spurious_doorbells_do_nothing),
		cmocka_unit_test(a_doorbell_inside_a_done_function_finds_nothing),
		cmocka_unit_test(a_reply_that_is_cut_frees_the_area),
		cmocka_unit_test(calls_wait_for_an_area_that_is_taken),
		cmocka_unit_test(an_area_that_is_taken_from_us_comes_back),
		cmocka_unit_test(queued_calls_have_a_bound_of_their_own),
		cmocka_unit_test(a_doorbell_that_fails_takes_the_command_back),
		cmocka_unit_test(an_answer_counts_more_than_a_doorbell),
		cmocka_unit_test(an_answer_inside_the_doorbell_is_taken_by_the_sender),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
