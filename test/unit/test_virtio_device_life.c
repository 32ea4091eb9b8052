/* SPDX-License-Identifier: BSD-3-Clause */
/* How the virtio device's two ends come and go. */
#include "virtio_device_rig.h"

#define V1 SCMI_VIRTIO_F_VERSION_1

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

/* ---- attached ---- */

static void expect_refused(struct rig *r, uint64_t features, const char *sentence)
{
	assert_int_equal(rig_attach(r, features, NULL), SCMI_E_INVAL);
	assert_non_null(r->why);
	assert_memory_equal(r->why, sentence, strlen(sentence));
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	rig_clean(r);
}

static void device_attach_refuses_what_is_not_allowed(void **state)
{
	const uint64_t all = V1 | SCMI_VIRTIO_F_P2A_CHANNELS;
	struct rig *r = &rig;

	(void)state;
	rig_make(r);
	expect_refused(r, SCMI_VIRTIO_F_P2A_CHANNELS, "setup.features");
	expect_refused(r, V1 | SCMI_VIRTIO_F_SHARED_MEMORY, "setup.features");
	expect_refused(r, V1 | UINT64_C(1) << 34, "setup.features");
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		struct scmi_virtio_queue *q = &r->queue[queue].where;

		q->size = queue == CMDQ ? 0 : 3;
		expect_refused(r, all, "queue.size");
		q->size = 1;
		expect_refused(r, all, "queue.size");
		q->size = 2 * ENTRIES;
		expect_refused(r, all, "queue.size");
		q->size = 24;
		expect_refused(r, all, "queue.size");
		q->desc += 8;
		expect_refused(r, all, "queue.desc");
		q->desc = GUEST + GUEST_BYTES - 16u * ENTRIES + 16u;
		expect_refused(r, all, "queue.desc");
		q->desc = 0;
		expect_refused(r, all, "queue.desc");
		q->avail += 1;
		expect_refused(r, all, "queue.avail");
		q->avail = GUEST + GUEST_BYTES - 6u - 2u * ENTRIES + 2u;
		expect_refused(r, all, "queue.avail");
		q->avail = UINT64_MAX - 1u;
		expect_refused(r, all, "queue.avail");
		q->used += 2;
		expect_refused(r, all, "queue.used");
		q->used = GUEST - 4u;
		expect_refused(r, all, "queue.used");
	}
	assert_int_equal(rig_attach(r, all, NULL), SCMI_OK);
	assert_null(r->why);
	assert_int_equal(rig_attach(r, all, NULL), SCMI_E_INVAL);
	assert_string_equal(r->why, "device: attached already");
	rig_end(r);
}

static int attach_maps(struct rig *r, const struct scmi_virtio_map *maps, uint32_t n)
{
	const struct scmi_virtio_setup setup = {.features = V1, .queue[CMDQ] = r->queue[CMDQ].where};

	return scmi_virtio_device_attach(r->device, &setup, maps, n, NULL, &r->why);
}

static void device_attach_looks_at_maps(void **state)
{
	struct rig *r = &rig;
	struct scmi_virtio_map maps[3] = {
		{.addr = 0x1000, .len = 0x1000, .mem = r->guest},
		{.addr = GUEST, .len = GUEST_BYTES, .mem = r->guest},
		{.addr = UINT64_MAX - 15u, .len = 16, .mem = r->guest},
	};

	(void)state;
	rig_fill(r);
	r->config.maps_max = 3;
	rig_init(r);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(attach_maps(r, NULL, 1), SCMI_E_INVAL);
	assert_int_equal(attach_maps(r, maps, 0), SCMI_E_INVAL);
	assert_int_equal(attach_maps(r, maps, 4), SCMI_E_INVAL);
	assert_memory_equal(r->why, "maps", 4);
	maps[2].len = 17;
	assert_int_equal(attach_maps(r, maps, 3), SCMI_E_INVAL);
	maps[2].len = 0;
	assert_int_equal(attach_maps(r, maps, 3), SCMI_E_INVAL);
	maps[2].len = 16;
	maps[2].mem = NULL;
	assert_int_equal(attach_maps(r, maps, 3), SCMI_E_INVAL);
	maps[2].mem = r->guest;
	assert_int_equal(attach_maps(r, maps, 3), SCMI_OK);
	memset(maps, 0, sizeof(maps)); /* they have been copied */
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_end(r);
}

/* ---- detached ---- */

static void device_drops_answers_to_a_driver_that_is_gone(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(serve(r), 3);
	scmi_virtio_device_detach(r->device, NULL);
	memset(r->guest, UNTOUCHED, sizeof(r->guest));
	rig_answer(r, 0, 0);
	assert_int_equal(rig_stats(r).stale, 1);
	assert_true(rig_is_untouched(r->guest, sizeof(r->guest)));
	rig_clean(r);
	assert_int_equal(rig_attach(r, V1, NULL), SCMI_OK);
	rig_command(r, 0, 0, 40);
	rig_answer(r, 0, 0); /* of the life before: not for this one */
	rig_expect_none(r, CMDQ);
	assert_int_equal(rig_stats(r).stale, 2);
	assert_int_equal(serve(r), 1);
	rig_answer(r, 1, 0);
	rig_expect_used(r, CMDQ, 0, 12);
	assert_int_equal(rig_stats(r).open, 1);
	rig_end(r);
}

/* Requests that are still the platform's are missing until it has answered; the next driver's commands wait so long. */
static void device_waits_for_requests_of_before(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	for (uint32_t slot = 0; slot < REQUESTS; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(serve(r), REQUESTS);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	assert_int_equal(rig_attach(r, V1, NULL), SCMI_OK);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 0);
	r->works = 0;
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), 1);
	rig_end(r);
}

/* A driver goes on where it was, as when it has been moved to another machine. */
static void device_goes_on_from_an_index(void **state)
{
	uint16_t next[SCMI_VIRTIO_QUEUES] = {0x1111, 0x2222};
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, SCMI_VIRTIO_F_P2A_CHANNELS);
	for (uint32_t slot = 0; slot < 5; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 3), 3);
	rig_event(r, 0, 40);
	rig_event(r, 1, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	scmi_virtio_device_detach(r->device, next);
	assert_int_equal(next[CMDQ], 3);
	assert_int_equal(next[EVENTQ], 1);
	scmi_virtio_device_detach(r->device, next); /* it is gone already */
	assert_int_equal(next[CMDQ], 3);
	assert_int_equal(rig_attach(r, V1 | SCMI_VIRTIO_F_P2A_CHANNELS, next), SCMI_OK);
	assert_int_equal(serve(r), 2);
	for (uint32_t slot = 0; slot < 5; slot++)
		rig_expect_used(r, CMDQ, 2u * slot, 12);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, EVENTQ, 0, 8);
	rig_expect_used(r, EVENTQ, 1, 8);
	rig_end(r);
}

/* ---- one queue ---- */

static void device_lets_go_of_one_queue(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_RING_RESET);
	r->hold = true;
	rig_command(r, 0, 0, 40);
	rig_command(r, 1, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 1), 1);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_OK);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_E_INVAL);
	assert_int_equal(serve(r), 0);
	assert_true(scmi_virtio_device_rest(r->device));
	rig_answer(r, 0, 0);
	assert_int_equal(rig_stats(r).stale, 1);
	rig_expect_none(r, CMDQ);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK); /* the other one is as it was */
	rig_clean_queue(r, CMDQ);
	r->works = 0;
	rig_command(r, 2, 0, 40);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, CMDQ, &r->queue[CMDQ].where), SCMI_OK);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), 1);
	rig_answer(r, 0, 0);
	rig_expect_used(r, CMDQ, 4, 12);
	rig_end(r);
}

static void device_changes_a_queue_only_where_it_may(void **state)
{
	struct scmi_virtio_queue bad;
	struct rig *r = &rig;

	(void)state;
	rig_make(r);
	bad = r->queue[CMDQ].where;
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_E_INVAL);
	assert_int_equal(rig_attach(r, V1, NULL), SCMI_OK);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_E_INVAL);
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(rig_attach(r, V1 | SCMI_VIRTIO_F_RING_RESET, NULL), SCMI_OK);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, EVENTQ), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, 2), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, CMDQ, &bad), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_OK);
	bad.desc += 4;
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, CMDQ, &bad), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, EVENTQ, &r->queue[EVENTQ].where), SCMI_E_INVAL);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, CMDQ, &r->queue[CMDQ].where), SCMI_OK);
	rig_end(r);
}

/* ---- the platform's end ---- */

static void device_tells_of_its_platform(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	assert_int_equal(r->events[SCMI_VIRTIO_UP], 1);
	assert_int_equal(rig_start(r), SCMI_E_INVAL);
	rig_command(r, 0, 0, 40);
	rig_command(r, 1, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 1), 1);
	rig_stop(r);
	assert_int_equal(r->events[SCMI_VIRTIO_DOWN], 1);
	rig_stop(r);
	assert_int_equal(r->events[SCMI_VIRTIO_DOWN], 1);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	rig_answer(r, 0, 0); /* what was open may still be answered */
	rig_expect_used(r, CMDQ, 0, 12);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->events[SCMI_VIRTIO_UP], 2);
	assert_int_equal(serve(r), 1);
	rig_end(r);
	assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 0);
}

static void device_event_is_optional(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_fill(r);
	r->host.event = NULL;
	rig_init(r);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(rig_attach(r, V1, NULL), SCMI_OK);
	rig_offer(r, CMDQ, ENTRIES);
	assert_int_equal(serve(r), SCMI_E_LINK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_attach_refuses_what_is_not_allowed),
		cmocka_unit_test(device_attach_looks_at_maps),
		cmocka_unit_test(device_drops_answers_to_a_driver_that_is_gone),
		cmocka_unit_test(device_waits_for_requests_of_before),
		cmocka_unit_test(device_goes_on_from_an_index),
		cmocka_unit_test(device_lets_go_of_one_queue),
		cmocka_unit_test(device_changes_a_queue_only_where_it_may),
		cmocka_unit_test(device_tells_of_its_platform),
		cmocka_unit_test(device_event_is_optional),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
