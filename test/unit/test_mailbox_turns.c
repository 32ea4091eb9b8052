/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's end of a mailbox: whose turn it is. Late answers, doorbells at any time, an area that is not ours. */
#include <string.h>

#include "mailbox_hand.h"

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
	assert_int_equal(rig_stats(&rig).left, 1);
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
		assert_int_equal(rig_stats(&rig).commands, i); /* it was not sent */
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

/* ---- who was refused ---- */

/* The second call finds the area taken, and goes with the answer to the first: a short one and a long one. */
static void a_refused_call_goes_when_the_answer_has_come(void **state)
{
	(void)state;
	open_silent();
	for (uint32_t values = 0; values <= RIG_PAYLOAD - 4u; values += 4u) {
		struct scmi_call first = submitted(0);
		struct scmi_call second = submitted(0);
		struct scmi_call third = submitted(0);

		send_one(&first);
		assert_int_equal(scmi_agent_submit(rig.agent, &second), SCMI_OK);
		assert_int_equal(scmi_agent_submit(rig.agent, &third), SCMI_OK);
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(result(&first), SCMI_OK);
		assert_false(rig_is_free(&rig, A2P));
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(result(&second), SCMI_OK);
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(result(&third), SCMI_OK);
		assert_int_equal(third.reply_len, values);
	}
	mailbox_rig_close(&rig);
}

/* A wrong answer makes room for the next as well. */
static void a_refused_call_goes_after_a_wrong_answer(void **state)
{
	(void)state;
	open_silent();
	for (unsigned how = 0; how < 3; how++) {
		struct scmi_call first = submitted(0);
		struct scmi_call second = submitted(0);

		send_one(&first);
		assert_int_equal(scmi_agent_submit(rig.agent, &second), SCMI_OK);
		rig_write(&rig, A2P, 0, NULL, how == 0 ? 3 : RIG_PAYLOAD + 4u, 0,
			  SCMI_SHMEM_FREE | (how == 2u ? SCMI_SHMEM_ERROR : 0));
		interrupt();
		assert_int_equal(result(&first), how == 2u ? SCMI_E_COMMS : SCMI_E_PROTO);
		assert_false(rig_is_free(&rig, A2P));
		rig_answer(&rig, 4);
		interrupt();
		assert_int_equal(result(&second), SCMI_OK);
	}
	mailbox_rig_close(&rig);
}

static void see_the_area(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)self;
	(void)hdr;
	(void)payload;
	assert_true(len > 0);
	assert_true(rig_is_free(&rig, P2A)); /* before the handler runs, which may take its time */
	rig.heard++;
}

static void p2a_goes_back_before_the_handler_runs(void **state)
{
	(void)state;
	open_silent();
	rig.ear.notify = see_the_area;
	for (uint32_t len = 1; len <= RIG_PAYLOAD; len++) {
		rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 4u + len, SCMI_SHMEM_INTR, 0);
		interrupt();
		assert_int_equal(rig.heard, len);
		assert_int_equal(rig.rung[SCMI_MAILBOX_RX_REPLY], len);
	}
	mailbox_rig_close(&rig);
}

static void platform_gives_it_back(void)
{
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	interrupt(); /* a send is at work: it finds nothing */
}

static void platform_answers(void)
{
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 0);
}

static void open_cached(void (*between)(void), unsigned at)
{
	struct rig_form form = silent;

	form.area_flags = SCMI_SHMEM_CACHED;
	mailbox_rig_open(&rig, &form);
	rig.between = between;
	rig.between_at = at;
}

/* The area comes back when a send has just seen that it is not there: with the second look at the cache. */
static void an_area_that_comes_back_beside_a_refusal_is_seen(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_cached(platform_gives_it_back, 0);
	rig_put(&rig, A2P, SCMI_SHMEM_STATUS, 0);
	rig.between_at = 2;
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(rig_stats(&rig).commands, 1);
	rig_answer(&rig, 4);
	interrupt();
	assert_int_equal(result(&call), SCMI_OK);
	mailbox_rig_close(&rig);
}

/* The platform polls, and answers before the sender has said that it is sent. */
static void an_answer_that_is_faster_than_its_sender_is_seen(void **state)
{
	struct scmi_call call = submitted(0);

	(void)state;
	open_cached(platform_answers, 0);
	rig.between_at = 4; /* two of the look, one before FREE is cleared, and the one after that */
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(result(&call), SCMI_OK);
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX], 0);
	mailbox_rig_close(&rig);
}

/* ---- at the contract itself: what a transport is asked, without an agent ---- */

struct core {
	unsigned rx;
	unsigned readies;
	int sent_inside; /* what a send inside rx() returned */
	bool copied;     /* the answer, before rx() */
	unsigned char bytes[RIG_PAYLOAD];
};

static int send_plain(void)
{
	static const unsigned char other[RIG_PAYLOAD] = {0xee, 0xee, 0xee, 0xee, [RIG_PAYLOAD - 1u] = 0xee};
	const struct scmi_tx tx = {.hdr = 0x40000, .token = 1, .payload = other, .len = sizeof(other)};

	return rig.transport.ops->send(rig.transport.ctx, &tx);
}

/* As if another context sent while we read. */
static int take_core(void *core, const struct scmi_rx *rx)
{
	struct core *c = core;

	c->rx++;
	c->sent_inside = send_plain();
	c->copied = rx->data != NULL;
	if (c->copied)
		memcpy(c->bytes, rx->data, rx->len);
	else
		assert_int_equal(rig.transport.ops->fetch(rig.transport.ctx, rx, 0, c->bytes, rx->len), SCMI_OK);
	return SCMI_OK;
}

static void take_ready(void *core)
{
	struct core *c = core;

	c->readies++;
	assert_int_equal(send_plain(), SCMI_OK);
}

/* Short answers are copied, where speed is asked for. */
static bool is_to_be_copied(uint32_t values)
{
#ifdef __OPTIMIZE_SIZE__
	(void)values;
	return false;
#else
	return values + 4u <= 32u;
#endif
}

/* The area of a copied answer is the next one's at once; another's when it has been read, and ready() tells then. */
static void an_answer_is_whole_whatever_is_sent_meanwhile(void **state)
{
	const struct scmi_sink sink = {.version = SCMI_SINK_V1, .rx = take_core, .ready = take_ready};

	(void)state;
	for (uint32_t values = 0; values <= RIG_PAYLOAD - 4u; values++) {
		struct core core = {0};

		mailbox_rig_make(&rig, &silent);
		(void)scmi_shmem_reset(&rig.areas[A2P]);
		(void)scmi_shmem_reset(&rig.areas[P2A]);
		assert_int_equal(rig.transport.ops->start(rig.transport.ctx, &sink, &core), SCMI_OK);
		assert_int_equal(send_plain(), SCMI_OK);
		rig_answer(&rig, values);
		interrupt();
		assert_int_equal(core.rx, 1);
		assert_int_equal(core.copied, is_to_be_copied(values));
		assert_int_equal(core.sent_inside, core.copied ? SCMI_OK : SCMI_E_BUSY);
		assert_int_equal(core.readies, core.copied ? 0 : 1);
		for (uint32_t i = 0; i < values; i++)
			assert_int_equal(core.bytes[4u + i], i);
		assert_false(rig_is_free(&rig, A2P));
		rig.transport.ops->stop(rig.transport.ctx);
		mailbox_rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
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
		cmocka_unit_test(a_refused_call_goes_when_the_answer_has_come),
		cmocka_unit_test(a_refused_call_goes_after_a_wrong_answer),
		cmocka_unit_test(p2a_goes_back_before_the_handler_runs),
		cmocka_unit_test(an_area_that_comes_back_beside_a_refusal_is_seen),
		cmocka_unit_test(an_answer_that_is_faster_than_its_sender_is_seen),
		cmocka_unit_test(an_answer_is_whole_whatever_is_sent_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
