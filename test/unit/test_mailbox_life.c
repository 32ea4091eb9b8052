/* SPDX-License-Identifier: BSD-3-Clause */
/* A mailbox's life: start, stop, recovery, loss. */
#include <string.h>

#include "mailbox_rig.h"

#define A2P SCMI_MAILBOX_A2P
#define P2A SCMI_MAILBOX_P2A

static struct mailbox_rig rig;
static unsigned char reply[RIG_PAYLOAD];

static const struct rig_form silent = {
	.hostile = 1, .to_platform = RIG_SILENT, .to_agent = RIG_SILENT, .timeout_us = 1000};

static struct scmi_call sent(void)
{
	return rig_call(SCMI_PROTOCOL_VERSION, reply, sizeof(reply));
}

static void answer_and_check(struct scmi_call *call)
{
	rig_answer(&rig, 4);
	scmi_mailbox_interrupt(&rig.mailbox);
	assert_int_equal(scmi_agent_wait(rig.agent, call), SCMI_OK);
}

static void call_and_check(void)
{
	struct scmi_call call = sent();

	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_false(rig_is_free(&rig, A2P));
	answer_and_check(&call);
}

/* ---- without FRESH ---- */

static void recovery_waits_for_the_area(void **state)
{
	struct scmi_call call = sent();

	(void)state;
	mailbox_rig_open(&rig, &silent);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_LINK);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	assert_int_equal(rig.starts, 1); /* nothing has been touched */
	rig_answer(&rig, 4);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(rig_stats(&rig).left, 1);
	scmi_mailbox_interrupt(&rig.mailbox);
	call_and_check();
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(rig_stats(&rig).left, 1);
	call_and_check();
	mailbox_rig_close(&rig);
}

/* What comes while a recovery is refused is not overlooked. */
static void a_refused_recovery_changes_nothing(void **state)
{
	struct scmi_call call = sent();
	struct scmi_call later = sent();

	(void)state;
	mailbox_rig_open(&rig, &silent);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_TIMEOUT);
	rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 8, 0, 0);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	assert_int_equal(rig.heard, 1);
	assert_int_equal(scmi_agent_submit(rig.agent, &later), SCMI_OK);
	rig_answer(&rig, 0);
	scmi_mailbox_interrupt(&rig.mailbox);
	answer_and_check(&later);
	mailbox_rig_close(&rig);
}

static void a_command_outlives_a_stop(void **state)
{
	struct scmi_call call = sent();
	struct scmi_call later = sent();

	(void)state;
	for (unsigned answered = 0; answered < 2; answered++) {
		mailbox_rig_open(&rig, &silent);
		call = sent();
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
		assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
		if (answered != 0)
			rig_answer(&rig, 4);
		assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
		assert_int_equal(rig_stats(&rig).left, answered);
		later = sent();
		assert_int_equal(scmi_agent_submit(rig.agent, &later), SCMI_OK);
		if (answered == 0) {
			assert_int_equal(rig_stats(&rig).commands, 1);
			rig_answer(&rig, 12);
			scmi_mailbox_interrupt(&rig.mailbox);
		}
		assert_int_equal(rig_stats(&rig).commands, 2);
		assert_int_equal(rig_stats(&rig).left, 1);
		answer_and_check(&later);
		assert_int_equal(later.reply_len, 4);
		mailbox_rig_close(&rig);
	}
}

/* A message of the platform's that stands there from before is delivered. */
static void an_event_from_before_the_start_is_delivered(void **state)
{
	(void)state;
	mailbox_rig_make(&rig, &silent);
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 8, SCMI_SHMEM_INTR, 0);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(rig.heard, 1);
	assert_true(rig_is_free(&rig, P2A));
	mailbox_rig_close(&rig);
}

static void a_doorbell_that_does_not_start_undoes_all(void **state)
{
	(void)state;
	mailbox_rig_make(&rig, &silent);
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	(void)scmi_shmem_reset(&rig.areas[P2A]);
	rig.start_error = SCMI_E_NOPEER;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_E_NOPEER);
	assert_int_equal(rig.starts, 0);
	rig.start_error = SCMI_OK;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	call_and_check();
	mailbox_rig_close(&rig);
}

/* ---- FRESH ---- */

static void open_fresh(void)
{
	struct rig_form form = silent;

	form.flags = SCMI_MAILBOX_FRESH;
	mailbox_rig_open(&rig, &form);
}

/* The next start finds other memory. */
static void move_areas(void)
{
	memset(rig.memory, 0x77, sizeof(rig.memory)); /* the old ones are not looked at any more */
	rig.shift = rig.shift == 0 ? 1u : 0u;
	rig_place(&rig);
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	(void)scmi_shmem_reset(&rig.areas[P2A]);
}

static void a_lost_platform_is_found_with_other_areas(void **state)
{
	(void)state;
	open_fresh();
	for (unsigned i = 0; i < 4; i++) {
		struct scmi_call call = sent();

		call_and_check();
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
		scmi_mailbox_lost(&rig.mailbox, SCMI_E_LINK);
		assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_LINK);
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
		scmi_mailbox_lost(&rig.mailbox, SCMI_E_LINK); /* known already */
		move_areas();
		if (i % 2u == 0)
			assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK);
		else
			assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
		assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK); /* nothing to be found */
		assert_int_equal(rig.starts, i + 2u);
	}
	call_and_check();
	assert_int_equal(rig_stats(&rig).left, 0);
	mailbox_rig_close(&rig);
}

static void recovery_of_a_fresh_end_waits_for_nobody(void **state)
{
	struct scmi_call call = sent();

	(void)state;
	open_fresh();
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	move_areas();
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_LINK);
	call_and_check();
	mailbox_rig_close(&rig);
}

static void a_platform_that_is_not_found_can_be_found_later(void **state)
{
	struct scmi_call call = sent();

	(void)state;
	open_fresh();
	for (unsigned how = 0; how < 3; how++) {
		rig.start_error = SCMI_E_NOPEER;
		if (how != 2u)
			scmi_mailbox_lost(&rig.mailbox, SCMI_E_NOPEER);
		assert_int_equal(how != 0 ? scmi_agent_recover(rig.agent, 0) : scmi_mailbox_found(&rig.mailbox),
				 SCMI_E_NOPEER);
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
		rig.start_error = SCMI_OK;
		move_areas();
		assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK);
		call_and_check();
	}
	mailbox_rig_close(&rig);
}

static void areas_that_carry_less_are_refused(void **state)
{
	(void)state;
	open_fresh();
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_LINK);
	move_areas();
	rig.shrink = 4;
	assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_E_INVAL);
	assert_int_equal(rig.starts, rig.stops);
	rig.shrink = 0;
	assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK);
	call_and_check();
	mailbox_rig_close(&rig);
}

/* The loss comes while a message is being delivered: nothing is told before that is through. */
static void lose_it(struct scmi_call *call, int err)
{
	struct scmi_call *other = call->arg;

	assert_int_equal(err, SCMI_OK);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_IO);
	assert_int_equal(scmi_agent_wait_until(rig.agent, other, 0), SCMI_E_CONTEXT);
}

static void a_loss_inside_an_upcall_is_told_when_that_is_through(void **state)
{
	struct scmi_call other = sent();
	struct scmi_call call = sent();

	(void)state;
	open_fresh();
	call.done = lose_it;
	call.arg = &other;
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, &other), SCMI_OK);
	rig_answer(&rig, 4);
	scmi_mailbox_interrupt(&rig.mailbox);
	assert_int_equal(scmi_agent_wait(rig.agent, &other), SCMI_E_NOPEER); /* it was never sent */
	move_areas();
	assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK);
	call_and_check();
	mailbox_rig_close(&rig);
}

/* The loss is noted before anybody is let in. */
static void a_platform_may_be_lost_inside_start(void **state)
{
	struct rig_form form = silent;
	struct scmi_call call = sent();

	(void)state;
	form.flags = SCMI_MAILBOX_FRESH;
	mailbox_rig_make(&rig, &form);
	move_areas();
	rig.lose_in_start = SCMI_E_LINK;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
	rig.lose_in_start = SCMI_OK;
	move_areas();
	assert_int_equal(scmi_mailbox_found(&rig.mailbox), SCMI_OK);
	call_and_check();
	mailbox_rig_close(&rig);
}

/* Without FRESH, too: as soon as the area is free again the link can be had back. */
static void a_loss_without_fresh_ends_with_a_recovery(void **state)
{
	struct scmi_call call = sent();

	(void)state;
	mailbox_rig_open(&rig, &silent);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_IO);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_E_IO);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_E_NOPEER);
	rig_answer(&rig, 4);
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_OK);
	call_and_check();
	mailbox_rig_close(&rig);
}

static void count_down(void *core, int err)
{
	unsigned *downs = core;

	assert_int_equal(err, SCMI_E_IO);
	(*downs)++;
}

/* At the contract itself, without an agent: a loss is told once, and not at all once it is stopped. */
static void a_loss_is_told_once(void **state)
{
	const struct scmi_sink sink = {.version = SCMI_SINK_V1, .link_down = count_down};
	unsigned downs = 0;

	(void)state;
	mailbox_rig_make(&rig, &silent);
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	(void)scmi_shmem_reset(&rig.areas[P2A]);
	assert_int_equal(rig.transport.ops->start(rig.transport.ctx, &sink, &downs), SCMI_OK);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_IO);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_IO);
	assert_int_equal(downs, 1);
	rig.transport.ops->stop(rig.transport.ctx);
	rig.transport.ops->stop(rig.transport.ctx);
	scmi_mailbox_lost(&rig.mailbox, SCMI_E_IO);
	assert_int_equal(downs, 1);
	mailbox_rig_close(&rig);
}

/* ---- both ends of the recordings ---- */

static const struct rig_form pair = {.to_platform = RIG_INLINE, .to_agent = RIG_INLINE};

static void an_agent_goes_and_comes_to_a_platform(void **state)
{
	(void)state;
	mailbox_rig_open(&rig, &pair);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(mailbox_rig_ask(&rig), SCMI_OK);
		scmi_mailbox_end_detach(rig.end);
		assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
		assert_int_equal(mailbox_rig_ask(&rig), SCMI_OK);
		assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	}
	mailbox_rig_close(&rig);
}

/* Notifications that the last agent has asked for do not go to the next one. */
static void the_next_agent_hears_nothing_that_it_has_not_asked_for(void **state)
{
	struct scmi_sensor_protocol p;

	(void)state;
	mailbox_rig_open(&rig, &pair);
	assert_int_equal(scmi_sensor_open(rig.agent, 0, &p, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
	assert_int_equal(acme_trip(&rig.acme, 1, 1), SCMI_OK);
	assert_int_equal(rig.heard, 1);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	(void)acme_trip(&rig.acme, 1, 1);
	assert_int_equal(rig.heard, 1);
	mailbox_rig_close(&rig);
}

/* P2A busy: a delayed response is kept and goes when there is room, notifications are counted. */
static void a_delayed_response_is_kept_while_p2a_is_busy(void **state)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};
	const struct rig_form polled = {.to_platform = RIG_INLINE, .to_agent = RIG_POLLED};
	struct scmi_sensor_protocol p;
	struct scmi_sensor_read op;
	struct scmi_sensor_reading reading;
	uint32_t n;

	(void)state;
	mailbox_rig_open(&rig, &polled);
	assert_int_equal(scmi_sensor_open(rig.agent, 0, &p, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_read_prepare(&p, 0, true, &op), SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, &op.call), SCMI_OK);
	assert_int_equal(acme_trip(&rig.acme, 1, 1), SCMI_OK);
	assert_int_equal(acme_trip(&rig.acme, 1, 1), SCMI_E_BUSY);
	assert_int_equal(acme_complete(&rig.acme), 1);
	assert_int_equal(rig_end_stats(&rig).events, 1);
	assert_true(scmi_agent_poll(rig.agent, 1) > 0); /* the response */
	assert_true(scmi_agent_poll(rig.agent, 1) > 0); /* the notification: its area is free, and the next one there */
	assert_int_equal(rig_end_stats(&rig).events, 2);
	assert_int_equal(scmi_sensor_read_result(&op, scmi_agent_wait(rig.agent, &op.call), &reading, 1, &n), SCMI_OK);
	assert_int_equal(rig.heard, 1);
	assert_int_equal(scmi_platform_stats(rig.acme.platform, &s), SCMI_OK);
	assert_int_equal(s.dropped, 1);
	mailbox_rig_close(&rig);
}

/* ---- polls that stop at their limit ---- */

static void a_poll_leaves_nothing_unseen(void **state)
{
	struct scmi_call call = sent();

	(void)state;
	for (unsigned fd = 0; fd < 2; fd++) {
		struct rig_form form = silent;

		form.agent_fd = fd != 0;
		form.to_agent = fd != 0 ? RIG_POLLED : RIG_SILENT;
		call = sent();
		mailbox_rig_open(&rig, &form);
		assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
		rig_write(&rig, P2A, 3u << 8 | SCMI_PROTOCOL_SENSOR << 10, NULL, 8, 0, 0);
		rig_answer(&rig, 4);
		rig.raised = 0;
		assert_int_equal(rig.transport.ops->poll(rig.transport.ctx, 0), 0);
		assert_int_equal(rig.transport.ops->poll(rig.transport.ctx, 1), 1);
		assert_int_equal(rig.raised, fd);
		assert_int_equal(rig.heard, 0); /* without a descriptor: its doorbell is on its way */
		assert_int_equal(rig.transport.ops->poll(rig.transport.ctx, 1), 1);
		assert_int_equal(rig.raised, fd);
		assert_int_equal(rig.heard, 1);
		assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_OK);
		mailbox_rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recovery_waits_for_the_area),
		cmocka_unit_test(a_refused_recovery_changes_nothing),
		cmocka_unit_test(a_command_outlives_a_stop),
		cmocka_unit_test(an_event_from_before_the_start_is_delivered),
		cmocka_unit_test(a_doorbell_that_does_not_start_undoes_all),
		cmocka_unit_test(a_lost_platform_is_found_with_other_areas),
		cmocka_unit_test(recovery_of_a_fresh_end_waits_for_nobody),
		cmocka_unit_test(a_platform_that_is_not_found_can_be_found_later),
		cmocka_unit_test(areas_that_carry_less_are_refused),
		cmocka_unit_test(a_loss_inside_an_upcall_is_told_when_that_is_through),
		cmocka_unit_test(a_loss_is_told_once),
		cmocka_unit_test(a_platform_may_be_lost_inside_start),
		cmocka_unit_test(a_loss_without_fresh_ends_with_a_recovery),
		cmocka_unit_test(an_agent_goes_and_comes_to_a_platform),
		cmocka_unit_test(the_next_agent_hears_nothing_that_it_has_not_asked_for),
		cmocka_unit_test(a_delayed_response_is_kept_while_p2a_is_busy),
		cmocka_unit_test(a_poll_leaves_nothing_unseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
