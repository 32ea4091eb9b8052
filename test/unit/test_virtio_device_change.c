/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that pauses, one that is followed by another, and one whose memory or eventq changes under way. */
#include "virtio_device_rig.h"

#define V1  SCMI_VIRTIO_F_VERSION_1
#define P2A SCMI_VIRTIO_F_P2A_CHANNELS

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

static int number(struct rig *r)
{
	return r->endpoint.ops->p2a(r->endpoint.ctx);
}

/* A message for one driver alone. */
static int send_to(struct rig *r, int peer)
{
	return r->endpoint.ops->send_to(r->endpoint.ctx, peer, rig_hdr(0), "abcd", 4);
}

/* ---- a pause ---- */

static void device_keeps_what_is_sent_while_its_driver_pauses(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	rig_event(r, 0, 40);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(number(r), was);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	assert_int_equal(r->readied, 0);
	assert_int_equal(rig_attach(r, V1 | P2A, next), SCMI_OK);
	assert_int_equal(number(r), was);
	rig_command(r, 1, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_expect_used(r, CMDQ, 2, 12);
	assert_int_equal(r->forgotten, 0);
	rig_end(r);
}

/* So that nobody waits for what the platform does not answer in time, whether the memory is there later or not. */
static void device_gives_back_what_is_open_in_a_pause(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	r->hold = true;
	rig_command(r, 0, 0, 40);
	rig_command(r, 1, 0, 40);
	rig_command(r, 2, 0, 40);
	assert_int_equal(serve(r), 3);
	rig_answer(r, 2, 0);
	rig_expect_used(r, CMDQ, 4, 12);
	r->calls[CMDQ] = 0;
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(next[CMDQ], 3);
	assert_int_equal(r->calls[CMDQ], 1);
	rig_expect_used(r, CMDQ, 0, 8);
	rig_expect_reply(r, 0, SCMI_GENERIC_ERROR, 4);
	rig_expect_used(r, CMDQ, 2, 8);
	assert_int_equal(rig_attach(r, V1 | P2A, next), SCMI_OK);
	rig_answer(r, 0, 0);
	rig_answer(r, 0, 0);
	rig_expect_none(r, CMDQ); /* none is answered twice */
	assert_int_equal(rig_stats(r).stale, 2);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	rig_answer(r, 0, 0);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_end(r);
}

/* Its cmdq is back first, as where rings are enabled one by one. */
static void device_waits_for_the_eventq_of_one_that_goes_on(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	r->queue[EVENTQ].where.size = 0;
	assert_int_equal(rig_attach(r, V1 | P2A, next), SCMI_OK);
	assert_int_equal(number(r), was);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	assert_int_equal(r->readied, 0);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(rig_attach(r, V1, next), SCMI_OK); /* it does without from now on */
	assert_int_equal(number(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOTSUP);
	rig_end(r);
}

static void device_ends_a_pause_whose_driver_is_gone(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES] = {7, 7};
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	next[CMDQ] = 7;
	scmi_virtio_device_detach(r->device, next); /* nothing */
	assert_int_equal(next[CMDQ], 7);
	assert_int_equal(r->readied, 0);
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	assert_int_equal(rig_attach(r, V1 | P2A, next), SCMI_OK); /* one that goes on, but not from here */
	assert_int_not_equal(number(r), was);
	rig_end(r);
}

static void device_takes_one_that_begins_for_another(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	scmi_virtio_device_detach(r->device, next);
	rig_clean(r);
	assert_int_equal(rig_attach(r, V1 | P2A, NULL), SCMI_OK);
	assert_int_not_equal(number(r), was);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	r->queue[EVENTQ].where.size = 0;
	assert_int_equal(rig_attach(r, V1 | P2A, NULL), SCMI_OK);
	assert_int_equal(number(r), 0); /* nothing is left of the one before */
	rig_end(r);
}

/* ---- another driver ---- */

static void device_renewed_is_another_peers(void **state)
{
	static const uint16_t from[SCMI_VIRTIO_QUEUES] = {0, 0};
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	scmi_virtio_device_renew(r->device);
	assert_int_equal(number(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(r->forgotten, 1);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	rig_clean(r);
	r->queue[EVENTQ].where.size = 0;
	assert_int_equal(rig_attach(r, V1 | P2A, from), SCMI_OK);
	assert_int_equal(number(r), 0);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOTSUP);
	scmi_virtio_device_renew(r->device);
	rig_clean(r);
	assert_int_equal(rig_attach(r, V1 | P2A, from), SCMI_OK);
	assert_true(number(r) > 0 && number(r) != was);
	assert_int_equal(r->forgotten, 2);
	rig_end(r);
}

static void device_sends_to_the_driver_that_is_meant(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES];
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	rig_event(r, 0, 40);
	rig_event(r, 1, 40);
	assert_int_equal(send_to(r, was), SCMI_OK);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(send_to(r, was), SCMI_E_BUSY);
	assert_int_equal(rig_attach(r, V1 | P2A, next), SCMI_OK);
	assert_int_equal(send_to(r, was), SCMI_OK); /* it goes on */
	assert_int_equal(send_to(r, was), SCMI_E_BUSY);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_expect_used(r, EVENTQ, 1, 8);
	for (int renewed = 0; renewed < 2; renewed++) {
		if (renewed)
			scmi_virtio_device_renew(r->device);
		else
			scmi_virtio_device_detach(r->device, NULL);
		assert_int_equal(send_to(r, was), SCMI_E_NOPEER);
		rig_clean(r);
		assert_int_equal(rig_attach(r, V1 | P2A, NULL), SCMI_OK);
		assert_int_equal(send_to(r, was), SCMI_E_NOPEER); /* with a buffer, and without */
		rig_event(r, 0, 40);
		assert_int_equal(send_to(r, was), SCMI_E_NOPEER);
		rig_expect_none(r, EVENTQ);
		was = number(r);
		assert_int_equal(send_to(r, was), SCMI_OK);
		rig_expect_used(r, EVENTQ, 0, 8);
	}
	rig_end(r);
}

static void device_renewed_without_a_platform_tells_the_next(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_fill(r);
	rig_init(r);
	scmi_virtio_device_renew(r->device);
	scmi_virtio_device_renew(r->device);
	assert_int_equal(r->forgotten, 0);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->forgotten, 1);
	rig_stop(r);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->forgotten, 1);
	rig_end(r);
}

/* ---- a change ---- */

static uint16_t at[SCMI_VIRTIO_QUEUES];

/* The driver's memory in two maps: they are cut at this place; eventq: it has one. */
static int change(struct rig *r, unsigned char *mem, uint32_t cut, uint64_t features, bool eventq)
{
	const struct scmi_virtio_map maps[2] = {
		{.addr = GUEST, .len = cut, .mem = mem},
		{.addr = GUEST + cut, .len = GUEST_BYTES - cut, .mem = mem + cut},
	};
	struct scmi_virtio_setup setup = {.features = V1 | features, .queue[CMDQ] = r->queue[CMDQ].where};

	if (eventq)
		setup.queue[EVENTQ] = r->queue[EVENTQ].where;
	return scmi_virtio_device_change(r->device, &setup, maps, cut == GUEST_BYTES ? 1 : 2, at, &r->why);
}

static void device_goes_on_in_other_memory(void **state)
{
	static alignas(64) unsigned char copy[GUEST_BYTES];
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make_attached(r, P2A);
	was = number(r);
	at[CMDQ] = at[EVENTQ] = 77; /* not for queues that stay */
	rig_event(r, 0, 40);
	rig_event(r, 1, 40);
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 2), 2);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	memcpy(copy, r->guest, sizeof(copy));
	memset(r->guest, UNTOUCHED, sizeof(r->guest));
	r->works = 0;
	assert_int_equal(change(r, copy, DATA, P2A, true), SCMI_OK);
	assert_null(r->why);
	assert_int_equal(r->works, 1);
	assert_int_equal(number(r), was);
	assert_int_equal(serve(r), 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	assert_true(rig_is_untouched(r->guest, sizeof(r->guest)));
	memcpy(r->guest, copy, sizeof(copy));
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_expect_used(r, CMDQ, 2 * slot, 12);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_expect_used(r, EVENTQ, 1, 8);
	assert_int_equal(at[CMDQ], 77);
	rig_end(r);
}

/* What is open belongs to the memory of before, and is answered there. */
static void device_drops_answers_for_memory_of_before(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	rig_command(r, 0, 0, 40);
	rig_command(r, 1, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 1), 1);
	r->calls[CMDQ] = 0;
	assert_int_equal(change(r, r->guest, DATA, 0, false), SCMI_OK);
	assert_int_equal(r->calls[CMDQ], 1);
	rig_expect_used(r, CMDQ, 0, 8);
	rig_expect_reply(r, 0, SCMI_GENERIC_ERROR, 4);
	rig_answer(r, 0, 0);
	assert_int_equal(rig_stats(r).stale, 1);
	rig_expect_none(r, CMDQ);
	assert_int_equal(serve(r), 1);
	rig_answer(r, 0, 0);
	rig_expect_used(r, CMDQ, 2, 12);
	rig_end(r);
}

/* The cmdq with what is open in it is left alone. */
static void device_lets_its_eventq_come_and_go(void **state)
{
	struct rig *r = &rig;
	int was;

	(void)state;
	rig_make(r);
	r->queue[EVENTQ].where.size = 0;
	assert_int_equal(rig_attach(r, V1 | P2A, NULL), SCMI_OK);
	rig_clean_queue(r, EVENTQ);
	r->hold = true;
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(number(r), 0);
	at[CMDQ] = 77;
	at[EVENTQ] = 0;
	assert_int_equal(change(r, r->guest, GUEST_BYTES, P2A, true), SCMI_OK);
	was = number(r);
	assert_true(was > 0);
	rig_event(r, 0, 40);
	rig_event(r, 1, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	assert_int_equal(change(r, r->guest, GUEST_BYTES, P2A, false), SCMI_OK);
	assert_int_equal(at[EVENTQ], 1);
	assert_int_equal(number(r), was);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	assert_int_equal(change(r, r->guest, GUEST_BYTES, P2A, true), SCMI_OK);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_expect_used(r, EVENTQ, 1, 8);
	rig_answer(r, 0, 0);
	rig_expect_used(r, CMDQ, 0, 12);
	assert_int_equal(at[CMDQ], 77);
	assert_int_equal(rig_stats(r).stale, 0);
	rig_end(r);
}

static void device_changes_without_p2a_ends_what_waits(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	assert_int_equal(change(r, r->guest, GUEST_BYTES, 0, true), SCMI_OK);
	assert_int_equal(r->readied, 1);
	assert_int_equal(number(r), 0);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOTSUP);
	rig_end(r);
}

/* One that the driver has reset stays so until it takes it up itself. */
static void device_changes_around_a_queue_that_is_reset(void **state)
{
	const uint64_t features = P2A | SCMI_VIRTIO_F_RING_RESET;
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, features);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, EVENTQ), SCMI_OK);
	assert_int_equal(change(r, r->guest, DATA, features, true), SCMI_OK);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_clean_queue(r, EVENTQ);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, EVENTQ, &r->queue[EVENTQ].where), SCMI_OK);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_end(r);
}

static void device_refuses_a_change_and_goes_on(void **state)
{
	struct scmi_virtio_queue keep;
	struct rig *r = &rig;

	(void)state;
	rig_make(r);
	assert_int_equal(change(r, r->guest, DATA, P2A, true), SCMI_E_INVAL);
	assert_string_equal(r->why, "device: not attached");
	assert_int_equal(rig_attach(r, V1 | P2A, NULL), SCMI_OK);
	assert_int_equal(change(r, r->guest, GUEST_BYTES, UINT64_C(1) << 34, true), SCMI_E_INVAL);
	assert_int_equal(change(r, r->guest, QUEUE_BYTES / 4, P2A, true), SCMI_OK);
	assert_int_equal(change(r, r->guest, 16, P2A, true), SCMI_E_INVAL); /* through the table */
	assert_memory_equal(r->why, "queue.desc", 10);
	keep = r->queue[EVENTQ].where;
	r->queue[EVENTQ].where.used = GUEST + GUEST_BYTES;
	assert_int_equal(change(r, r->guest, DATA, P2A, true), SCMI_E_INVAL);
	r->queue[EVENTQ].where = keep;
	rig_command(r, 0, 0, 40);
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_keeps_what_is_sent_while_its_driver_pauses),
		cmocka_unit_test(device_gives_back_what_is_open_in_a_pause),
		cmocka_unit_test(device_waits_for_the_eventq_of_one_that_goes_on),
		cmocka_unit_test(device_ends_a_pause_whose_driver_is_gone),
		cmocka_unit_test(device_takes_one_that_begins_for_another),
		cmocka_unit_test(device_renewed_is_another_peers),
		cmocka_unit_test(device_sends_to_the_driver_that_is_meant),
		cmocka_unit_test(device_renewed_without_a_platform_tells_the_next),
		cmocka_unit_test(device_goes_on_in_other_memory),
		cmocka_unit_test(device_drops_answers_for_memory_of_before),
		cmocka_unit_test(device_lets_its_eventq_come_and_go),
		cmocka_unit_test(device_changes_without_p2a_ends_what_waits),
		cmocka_unit_test(device_changes_around_a_queue_that_is_reset),
		cmocka_unit_test(device_refuses_a_change_and_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
