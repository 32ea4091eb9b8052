/* SPDX-License-Identifier: BSD-3-Clause */
/* The virtio driver's life: doorbells, polling beside interrupts, loss and recovery, several of them. */
#include "virtio_rig.h"

#include <string.h>

static struct rig r;

static const struct scmi_transport_ops *ops(void)
{
	return r.transport.ops;
}

static void send_ok(uint16_t slot, bool more)
{
	assert_int_equal(rig_send(&r, slot, (uint16_t)(50u + slot), NULL, 0, more), SCMI_OK);
}

static void answer_next(void)
{
	struct rig_buffer b;

	assert_true(rig_take(&r, SCMI_VIRTIO_CMDQ, &b));
	rig_reply(&r, &b, scmi_get_le32(b.out), "\0\0\0\0", 4);
}

/* ---- doorbells ---- */

static void one_doorbell_for_a_batch(void **state)
{
	(void)state;
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_EVENT_IDX; /* this device wants every doorbell that it can get */
	rig_up(&r);
	for (uint16_t i = 0; i < 7; i++)
		send_ok(i, true);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 0);
	send_ok(7, false);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 1);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 8);
	for (uint16_t i = 0; i < 8; i++)
		answer_next();
	rig_interrupt(&r);
	for (uint16_t i = 0; i < 3; i++)
		send_ok(i, true);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 1);
	ops()->flush(r.transport.ctx);
	ops()->flush(r.transport.ctx); /* nothing new: no doorbell */
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 3);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 2);
	rig_down(&r);
}

/* What is said to be followed is shown to a device that polls, in portions, and not rung for. */
static void a_long_batch_is_shown_in_portions(void **state)
{
	(void)state;
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_EVENT_IDX;
	r.config.max_inflight = 32;
	r.queue_max[SCMI_VIRTIO_CMDQ] = 64;
	rig_up(&r);
	for (uint16_t i = 0; i < 20; i++)
		send_ok(i, true);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 16);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 0);
	ops()->flush(r.transport.ctx);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 20);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 1);
	rig_down(&r);
}

/* With EVENT_IDX a device that has not asked again gets one doorbell only. */
static void a_device_that_does_not_ask_is_not_rung(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	send_ok(0, false);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 1);
	for (uint16_t i = 1; i < 8; i++)
		send_ok(i, false);
	assert_int_equal(r.kicks[SCMI_VIRTIO_CMDQ], 1);
	assert_int_equal(rig_stats(&r).kicks, 1u + r.kicks[SCMI_VIRTIO_EVENTQ]);
	rig_down(&r);
}

/* ---- polling ---- */

static void a_poll_takes_no_more_than_it_was_told(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (uint16_t i = 0; i < 8; i++)
		send_ok(i, false);
	for (unsigned i = 0; i < 8; i++)
		answer_next();
	assert_int_equal(ops()->poll(r.transport.ctx, 0), 0);
	assert_int_equal(ops()->poll(r.transport.ctx, 3), 3);
	assert_int_equal(r.notes_n, 3);
	rig_interrupt(&r); /* beside it: the rest, and nothing twice */
	assert_int_equal(r.notes_n, 8);
	assert_int_equal(ops()->poll(r.transport.ctx, 100), 0);
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 8);
	rig_down(&r);
}

/* As it would if a device had answered for it through the eventq: the core believes that it is free. */
static void a_slot_that_the_device_has_is_not_sent_again(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	send_ok(0, false);
	send_ok(1, false);
	assert_int_equal(rig_send(&r, 0, 60, NULL, 0, false), SCMI_E_BUSY);
	answer_next();
	assert_int_equal(r.sent_in_ready, SCMI_E_INVAL);
	assert_int_equal(ops()->poll(r.transport.ctx, 8), 1);
	assert_int_equal(r.notes[0].token, 50);
	assert_int_equal(r.sent_in_ready, SCMI_OK); /* the slot is back, and the core was told */
	answer_next();
	answer_next();
	assert_int_equal(ops()->poll(r.transport.ctx, 8), 2);
	assert_int_equal(rig_stats(&r).broken, 0);
	rig_down(&r);
}

static void events_do_not_keep_replies_waiting(void **state)
{
	struct rig_buffer b;

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	for (unsigned i = 0; i < 8; i++) {
		assert_true(rig_take(&r, SCMI_VIRTIO_EVENTQ, &b));
		rig_reply(&r, &b, 1, "e", 1);
	}
	send_ok(0, false);
	answer_next();
	assert_int_equal(ops()->poll(r.transport.ctx, 1), 1);
	assert_int_equal(r.notes[0].token, 50);
	assert_int_equal(ops()->poll(r.transport.ctx, 100), 8);
	rig_down(&r);
}

static void answer_in_sleep(struct rig *rig)
{
	struct rig_buffer b;

	assert_true(rig_take(rig, SCMI_VIRTIO_CMDQ, &b));
	rig_reply(rig, &b, scmi_get_le32(b.out), "\0\0\0\0", 4);
}

static void a_wait_sleeps_only_when_nothing_has_come(void **state)
{
	(void)state;
	rig_plan(&r);
	r.bus.caps = 0;
	rig_up(&r);
	assert_true((r.transport.caps & SCMI_CAP_WAIT) != 0);
	assert_int_equal(r.transport.caps & SCMI_CAP_IRQ, 0);
	send_ok(0, false);
	r.on_sleep = answer_in_sleep;
	ops()->wait(r.transport.ctx, SCMI_NEVER);
	assert_int_equal(r.sleeps, 1);
	ops()->wait(r.transport.ctx, SCMI_NEVER); /* it is still there */
	assert_int_equal(r.sleeps, 1);
	assert_int_equal(ops()->poll(r.transport.ctx, 1), 1);
	r.on_sleep = NULL;
	ops()->wait(r.transport.ctx, SCMI_NEVER);
	assert_int_equal(r.sleeps, 2);
	ops()->wake(r.transport.ctx);
	assert_int_equal(r.wakes, 1);
	rig_down(&r);
}

/* ---- loss ---- */

static void a_lost_device_takes_and_gives_nothing(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	send_ok(0, false);
	answer_next();
	scmi_virtio_lost(r.driver, SCMI_E_IO);
	scmi_virtio_lost(r.driver, SCMI_E_NOPEER); /* it is gone already */
	assert_int_equal(r.losses, 0);             /* who tells is not told */
	assert_int_equal(r.downs, 1);
	assert_int_equal(r.down_err, SCMI_E_IO);
	rig_interrupt(&r);
	assert_int_equal(ops()->poll(r.transport.ctx, 10), 0);
	assert_int_equal(r.notes_n, 0);
	assert_int_equal(rig_send(&r, 1, 1, NULL, 0, false), SCMI_E_NOPEER);
	ops()->flush(r.transport.ctx);
	ops()->wait(r.transport.ctx, 0);
	assert_int_equal(r.sleeps, 0);
	rig_down(&r);
}

static void a_found_device_starts_afresh(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	assert_int_equal(scmi_virtio_found(r.driver), SCMI_OK); /* it was never gone */
	assert_int_equal(r.starts, 1);
	send_ok(0, false);
	scmi_virtio_lost(r.driver, SCMI_E_LINK);
	r.start_err = SCMI_E_NOPEER;
	assert_int_equal(scmi_virtio_found(r.driver), SCMI_E_NOPEER);
	assert_int_equal(r.readies, 0);
	assert_int_equal(rig_send(&r, 0, 1, NULL, 0, false), SCMI_E_NOPEER);
	r.start_err = SCMI_OK;
	assert_int_equal(scmi_virtio_found(r.driver), SCMI_OK);
	assert_int_equal(r.readies, 1);
	assert_int_equal(r.sent_in_ready, SCMI_E_NOPEER); /* first told, then open */
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_CMDQ), 0);
	assert_int_equal(rig_offered(&r, SCMI_VIRTIO_EVENTQ), 8);
	send_ok(0, false);
	answer_next();
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 1);
	rig_down(&r);
}

static void lose_it(struct rig *rig)
{
	scmi_virtio_lost(rig->driver, SCMI_E_LINK);
	assert_int_equal(rig->downs, 0); /* a message is being delivered: not yet */
}

/* In an interrupt on top of a delivery nobody can wait for its end. */
static void lost_inside_an_upcall_is_told_after_it(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	send_ok(0, false);
	answer_next();
	r.in_rx = lose_it;
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 1);
	assert_int_equal(r.downs, 1);
	r.in_rx = NULL;
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.readies, 1);
	rig_down(&r);
}

/* ---- recovery ---- */

static void recovery_resets_the_device(void **state)
{
	(void)state;
	rig_plan(&r);
	r.can_reset = true;
	rig_up(&r);
	for (uint16_t i = 0; i < 8; i++)
		send_ok(i, false);
	answer_next();
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.resets, 0); /* with an eventq a delayed response might still come */
	assert_int_equal(r.starts, 2);
	assert_int_equal(r.stops, 1);
	assert_int_equal(r.readies, 0); /* it had not said that the link is down */
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 0);
	for (uint16_t i = 0; i < 8; i++)
		send_ok(i, false);
	for (uint16_t i = 0; i < 8; i++)
		answer_next();
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 8);
	rig_down(&r);
}

static void recovery_without_events_resets_the_queue_alone(void **state)
{
	(void)state;
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
	r.can_reset = true;
	rig_up(&r);
	send_ok(0, false);
	answer_next();
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.resets, 1);
	assert_int_equal(r.starts, 1);
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 0);
	send_ok(0, false);
	answer_next();
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 1);
	r.refused = 1; /* it lets go of the queue, and does not take it up again */
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.starts, 2);
	r.can_reset = false;
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.starts, 3);
	rig_down(&r);
}

static void a_lost_device_is_reset_whole(void **state)
{
	(void)state;
	rig_plan(&r);
	r.offer &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
	r.can_reset = true;
	rig_up(&r);
	scmi_virtio_lost(r.driver, SCMI_E_LINK);
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.resets, 0);
	assert_int_equal(r.starts, 2);
	assert_int_equal(r.readies, 1);
	rig_down(&r);
}

static void send_event_at_once(struct rig *rig)
{
	struct rig_buffer b;

	assert_true(rig_take(rig, SCMI_VIRTIO_EVENTQ, &b));
	rig_reply(rig, &b, 1, "early", 5);
	rig_interrupt(rig);
}

static void an_event_before_start_has_returned_is_not_lost(void **state)
{
	(void)state;
	rig_plan(&r);
	r.on_start = send_event_at_once;
	rig_up(&r);
	assert_int_equal(r.notes_n, 1);
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	assert_int_equal(r.notes_n, 2);
	rig_down(&r);
}

static unsigned raises;

static int fd_of_nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

static void clear_nothing(void *ctx)
{
	(void)ctx;
}

static void note_raise(void *ctx)
{
	(void)ctx;
	raises++;
}

/* As fast as its buffers come back. */
static void flood(struct rig *rig)
{
	struct rig_buffer b;

	if (rig->notes_n == 40)
		return;
	assert_true(rig_take(rig, SCMI_VIRTIO_EVENTQ, &b));
	rig_reply(rig, &b, 1, "event", 5);
}

/* Only what can have come before is taken by who starts the device: a poll takes the rest, when the descriptor says so. */
static void a_flood_does_not_hold_a_start(void **state)
{
	(void)state;
	rig_plan(&r);
	r.bus.caps = 0;
	r.bus.fd = fd_of_nothing;
	r.bus.clear = clear_nothing;
	r.bus.raise = note_raise;
	r.on_start = flood;
	r.in_rx = flood;
	raises = 0;
	rig_make(&r);
	assert_int_equal(ops()->fd(r.transport.ctx), 0);
	rig_start(&r);
	assert_int_equal(r.notes_n, 8 + 8);
	assert_int_equal(raises, 1);
	assert_int_equal(ops()->poll(r.transport.ctx, 100), 40 - 16);
	assert_int_equal(raises, 1);
	rig_down(&r);
}

static void a_recovery_that_fails_can_be_tried_again(void **state)
{
	(void)state;
	rig_plan(&r);
	rig_up(&r);
	r.start_err = SCMI_E_IO;
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_E_IO);
	assert_int_equal(rig_send(&r, 0, 1, NULL, 0, false), SCMI_E_NOPEER);
	rig_interrupt(&r);
	r.start_err = SCMI_OK;
	assert_int_equal(ops()->recover(r.transport.ctx), SCMI_OK);
	send_ok(0, false);
	rig_down(&r);
}

static void a_start_that_fails_leaves_it_stopped(void **state)
{
	const int errors[] = {SCMI_E_NOPEER, SCMI_E_NOTSUP, SCMI_E_IO};

	(void)state;
	rig_plan(&r);
	rig_up(&r);
	ops()->stop(r.transport.ctx);
	for (unsigned i = 0; i < 3; i++) {
		r.start_err = errors[i];
		assert_int_equal(ops()->start(r.transport.ctx, NULL, NULL), errors[i]);
		rig_interrupt(&r);
		ops()->stop(r.transport.ctx);
	}
	assert_int_equal(r.stops, 1);
	rig_down(&r);
}

static void several_drivers_know_nothing_of_one_another(void **state)
{
	static struct rig other;

	(void)state;
	rig_plan(&r);
	rig_plan(&other);
	rig_up(&r);
	rig_up(&other);
	send_ok(0, false);
	assert_int_equal(rig_send(&other, 0, 99, NULL, 0, false), SCMI_OK);
	scmi_virtio_lost(other.driver, SCMI_E_LINK);
	answer_next();
	rig_interrupt(&r);
	assert_int_equal(r.notes_n, 1);
	assert_int_equal(r.downs, 0);
	assert_int_equal(other.notes_n, 0);
	assert_int_equal(other.downs, 1);
	rig_down(&other);
	rig_down(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_doorbell_for_a_batch),
		cmocka_unit_test(a_long_batch_is_shown_in_portions),
		cmocka_unit_test(a_device_that_does_not_ask_is_not_rung),
		cmocka_unit_test(a_poll_takes_no_more_than_it_was_told),
		cmocka_unit_test(a_slot_that_the_device_has_is_not_sent_again),
		cmocka_unit_test(events_do_not_keep_replies_waiting),
		cmocka_unit_test(a_wait_sleeps_only_when_nothing_has_come),
		cmocka_unit_test(a_lost_device_takes_and_gives_nothing),
		cmocka_unit_test(a_found_device_starts_afresh),
		cmocka_unit_test(lost_inside_an_upcall_is_told_after_it),
		cmocka_unit_test(recovery_resets_the_device),
		cmocka_unit_test(recovery_without_events_resets_the_queue_alone),
		cmocka_unit_test(a_lost_device_is_reset_whole),
		cmocka_unit_test(an_event_before_start_has_returned_is_not_lost),
		cmocka_unit_test(a_flood_does_not_hold_a_start),
		cmocka_unit_test(a_recovery_that_fails_can_be_tried_again),
		cmocka_unit_test(a_start_that_fails_leaves_it_stopped),
		cmocka_unit_test(several_drivers_know_nothing_of_one_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
