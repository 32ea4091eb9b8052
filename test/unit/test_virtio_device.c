/* SPDX-License-Identifier: BSD-3-Clause */
/* A command's way through the virtio device: taken in any form, answered in any order, in the room that there is. */
#include "virtio_device_rig.h"

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

static void device_answers_a_command(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	assert_int_equal(serve(r), 0);
	rig_command(r, 3, 5, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(r->hdr, rig_hdr(3));
	assert_int_equal(r->len, 5);
	assert_int_equal(r->cap, 36);
	assert_memory_equal(r->params, rig_request_of(r, 3) + 4, 5);
	rig_expect_used(r, CMDQ, 6, 12);
	rig_expect_none(r, CMDQ);
	rig_expect_reply(r, 3, 0, 8);
	assert_int_equal(r->calls[CMDQ], 1);
	assert_int_equal(serve(r), 0);
	assert_int_equal(rig_stats(r).taken, 1);
	rig_end(r);
}

/* More of them than the ring has entries, and than 16 bits count. */
static void device_goes_round_the_ring(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (uint32_t i = 0; i < 70000u; i++) {
		rig_command(r, i % 7u, i % 20u, 11u + i % 30u);
		r->answer = 4u + i % 4u;
		assert_int_equal(serve(r), 1);
		assert_int_equal(r->len, i % 20u);
		rig_expect_used(r, CMDQ, 2u * (i % 7u), 8u + i % 4u);
		rig_expect_reply(r, i % 7u, 0, r->answer);
	}
	rig_end(r);
}

/* Cuts n bytes from at on into pieces of these sizes, the last of them over and over. Returns the last descriptor. */
static uint32_t cut(struct rig *r, uint32_t first, uint32_t at, uint32_t n, const uint32_t *sizes, uint32_t flags)
{
	uint32_t i = first;

	while (n != 0) {
		const uint32_t size = *sizes < n ? *sizes : n;

		rig_desc(r, CMDQ, i, at, size, flags | RING_NEXT, i + 1u);
		at += size;
		n -= size;
		sizes += sizes[1] != 0;
		i++;
	}
	return i;
}

static void end_chain(struct rig *r, uint32_t last)
{
	struct ring_desc *d = &r->queue[CMDQ].at.desc[last];

	ring_store32(&d->flags_next, ring_load32(&d->flags_next) & ~RING_NEXT);
}

/* The reply's pieces lie apart, with bytes between them that are nobody's. */
static void scattered(struct rig *r, uint32_t first, const uint32_t *sizes, uint32_t room)
{
	uint32_t at = DATA + 0x4000u;

	while (room != 0) {
		const uint32_t size = *sizes < room ? *sizes : room;

		rig_desc(r, CMDQ, first, at, size, RING_WRITE | RING_NEXT, first + 1u);
		at += size + 1u;
		room -= size;
		sizes += sizes[1] != 0;
		first++;
	}
	end_chain(r, first - 1u);
}

static void expect_scattered(struct rig *r, const uint32_t *sizes, const unsigned char *bytes, uint32_t n)
{
	const unsigned char *at = r->guest + DATA + 0x4000u;

	while (n != 0) {
		const uint32_t size = *sizes < n ? *sizes : n;

		assert_memory_equal(at, bytes, size);
		if (size == *sizes)
			assert_int_equal(at[size], UNTOUCHED);
		at += size + 1u;
		bytes += size;
		n -= size;
		sizes += sizes[1] != 0;
	}
}

static const uint32_t cuts[][6] = {
	{1}, {2}, {3}, {5}, {64}, {4, 60}, {1, 64}, {3, 1, 60}, {2, 1, 1, 1, 20}, {1, 1, 1, 1, 30},
};

#define CUTS (sizeof(cuts) / sizeof(cuts[0]))

/* Header, status and all the rest cut anywhere, on both sides. */
static void device_takes_a_message_in_any_pieces(void **state)
{
	struct rig *r = &rig;
	unsigned char whole[20];
	uint32_t n;

	(void)state;
	rig_make_attached(r, 0);
	scmi_put_le32(whole, rig_hdr(0));
	scmi_put_le32(whole + 4, 0);
	for (uint32_t i = 8; i < sizeof(whole); i++)
		whole[i] = (unsigned char)(i - 4u);
	r->answer = 16;
	for (size_t out = 0; out < CUTS; out++) {
		for (size_t in = 0; in < CUTS; in++) {
			memset(r->guest + DATA, UNTOUCHED, GUEST_BYTES - DATA);
			scmi_put_le32(rig_request_of(r, 0), rig_hdr(0));
			memcpy(rig_request_of(r, 0) + 4, "0123456", 7);
			n = cut(r, 0, DATA, 11, cuts[out], 0);
			scattered(r, n, cuts[in], 20);
			rig_offer(r, CMDQ, 0);
			assert_int_equal(serve(r), 1);
			assert_int_equal(r->hdr, rig_hdr(0));
			assert_int_equal(r->len, 7);
			assert_memory_equal(r->params, "0123456", 7);
			rig_expect_used(r, CMDQ, 0, 20);
			expect_scattered(r, cuts[in], whole, 20);
		}
	}
	assert_int_equal(rig_stats(r).refused, 0);
	rig_end(r);
}

static void device_answers_later_and_out_of_order(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_command(r, slot, slot, 40);
	assert_int_equal(serve(r), 3);
	rig_expect_none(r, CMDQ);
	assert_int_equal(rig_stats(r).open, 3);
	r->calls[CMDQ] = 0;
	rig_answer(r, 1, 12);
	rig_expect_used(r, CMDQ, 2, 16);
	rig_expect_reply(r, 1, 0, 12);
	rig_answer(r, 1, 8);
	rig_expect_used(r, CMDQ, 4, 12);
	rig_answer(r, 0, 4);
	rig_expect_used(r, CMDQ, 0, 8);
	rig_expect_reply(r, 0, 0, 4);
	assert_int_equal(r->calls[CMDQ], 3);
	assert_int_equal(rig_stats(r).open, 0);
	assert_int_equal(r->works, 0);
	rig_end(r);
}

/* The request has been gathered: what the driver does to it meanwhile does not matter, nor where its reply lies. */
static void device_answers_from_memory_of_its_own(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	rig_command(r, 0, 4, 40);
	rig_desc(r, CMDQ, 1, DATA, 40, RING_WRITE, 0); /* over its own request */
	assert_int_equal(serve(r), 1);
	memset(rig_request_of(r, 0), 0xff, 40);
	rig_answer(r, 0, 36);
	rig_expect_used(r, CMDQ, 0, 40);
	assert_int_equal(scmi_get_le32(rig_request_of(r, 0)), rig_hdr(0));
	assert_int_equal(rig_request_of(r, 0)[39], 35);
	rig_end(r);
}

static void device_writes_what_there_is_room_for(void **state)
{
	static const uint32_t length[13] = {0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12};
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (uint32_t room = 0; room < 13; room++) {
		rig_command(r, 0, 0, room);
		r->answer = 8;
		assert_int_equal(serve(r), 1);
		rig_expect_used(r, CMDQ, 0, length[room]);
		assert_int_equal(r->cap, room < 4 ? 0 : room - 4);
		if (length[room] == 4)
			assert_int_equal(scmi_get_le32(rig_reply_of(r, 0)), rig_hdr(0));
		if (length[room] == 8)
			rig_expect_reply(r, 0, SCMI_COMMS_ERROR, 4);
		assert_true(rig_is_untouched(rig_reply_of(r, 0) + length[room], 20));
	}
	assert_int_equal(rig_stats(r).no_room, 12);
	r->none = true;
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	rig_expect_used(r, CMDQ, 0, 8);
	rig_expect_reply(r, 0, SCMI_COMMS_ERROR, 4);
	rig_end(r);
}

/* Later too; and the room is never more than the device carries. */
static void device_bounds_a_late_answer(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	rig_command(r, 0, 0, 10);
	rig_command(r, 1, 0, SLOT_BYTES - REPLY);
	assert_int_equal(serve(r), 2);
	assert_int_equal(r->cap, MAX_PAYLOAD);
	rig_answer(r, 0, 12);
	rig_expect_used(r, CMDQ, 0, 8);
	rig_expect_reply(r, 0, SCMI_COMMS_ERROR, 4);
	rig_answer(r, 0, MAX_PAYLOAD);
	rig_expect_used(r, CMDQ, 2, MESSAGE);
	rig_expect_reply(r, 1, 0, MAX_PAYLOAD);
	assert_int_equal(rig_stats(r).no_room, 1);
	rig_end(r);
}

static void device_returns_a_command_without_header(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (uint32_t len = 1; len < 4; len++) {
		rig_command(r, 0, 0, 40);
		rig_desc(r, CMDQ, 0, DATA, len, RING_NEXT, 1);
		rig_command(r, 1, 0, 40);
		assert_int_equal(serve(r), 2);
		rig_expect_used(r, CMDQ, 0, 0);
		rig_expect_used(r, CMDQ, 2, 12);
	}
	rig_desc(r, CMDQ, 0, DATA + REPLY, 40, RING_WRITE, 0); /* not a byte that can be read */
	rig_offer(r, CMDQ, 0);
	assert_int_equal(serve(r), 1);
	rig_expect_used(r, CMDQ, 0, 0);
	assert_true(rig_is_untouched(rig_reply_of(r, 0), 40));
	assert_int_equal(r->asked, 3);
	assert_int_equal(rig_stats(r).refused, 4);
	assert_int_equal(rig_stats(r).taken, 7);
	rig_end(r);
}

static void device_refuses_a_command_that_it_cannot_hold(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	rig_command(r, 0, MAX_PAYLOAD, 40);
	rig_command(r, 1, MAX_PAYLOAD + 1, 40);
	rig_command(r, 2, MAX_PAYLOAD + 1, 7);
	assert_int_equal(serve(r), 3);
	assert_int_equal(r->asked, 1);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_expect_used(r, CMDQ, 2, 8);
	rig_expect_reply(r, 1, SCMI_PROTOCOL_ERROR, 4);
	rig_expect_used(r, CMDQ, 4, 4);
	assert_int_equal(rig_stats(r).too_long, 2);
	rig_end(r);
}

/* All its requests are open: the rest waits in the ring, and who serves sleeps until one has been answered. */
static void device_leaves_in_the_ring_what_it_cannot_hold(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	for (uint32_t slot = 0; slot < REQUESTS + 2; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(serve(r), REQUESTS);
	assert_int_equal(serve(r), 0);
	assert_true(scmi_virtio_device_rest(r->device));
	assert_int_equal(r->works, 0);
	rig_answer(r, 2, 0);
	assert_int_equal(r->works, 1);
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 1); /* one is enough */
	assert_int_equal(serve(r), 2);
	assert_true(scmi_virtio_device_rest(r->device));
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 1); /* nobody waits */
	rig_end(r);
}

static void scatter_room(struct rig *r, uint32_t slot, uint32_t first)
{
	static const uint32_t ones[] = {1, 0};

	rig_command(r, slot, 0, 1);
	rig_desc(r, CMDQ, 2u * slot, DATA + slot * SLOT_BYTES, 4, RING_NEXT, first);
	scattered(r, first, ones, 12);
}

/* Rooms in many pieces share one memory for them. */
static void device_lends_its_pool_to_one_at_a_time(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->hold = true;
	scatter_room(r, 0, 6);
	scatter_room(r, 1, 19);
	rig_command(r, 2, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(serve(r), 0);
	assert_true(scmi_virtio_device_rest(r->device));
	rig_answer(r, 0, 0);
	assert_int_equal(r->works, 1);
	rig_expect_used(r, CMDQ, 0, 12);
	assert_int_equal(serve(r), 2);
	rig_answer(r, 0, 0);
	rig_expect_used(r, CMDQ, 2, 12);
	r->hold = false;
	for (unsigned i = 0; i < 3; i++) { /* and back at once, also without an answer */
		scatter_room(r, 0, 6);
		rig_desc(r, CMDQ, 0, DATA, 3u + i, RING_NEXT, 6);
		assert_int_equal(serve(r), 1);
		rig_expect_used(r, CMDQ, 0, i == 0 ? 0 : 12);
	}
	rig_end(r);
}

static void device_interrupts_once_for_a_batch(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (uint32_t slot = 0; slot < 3; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(scmi_virtio_device_serve(r->device, 2), 2);
	assert_int_equal(r->calls[CMDQ], 1);
	assert_int_equal(scmi_virtio_device_serve(r->device, 2), 1);
	assert_int_equal(r->calls[CMDQ], 2);
	ring_store16(&r->queue[CMDQ].at.avail->flags, RING_QUIET);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	assert_int_equal(r->calls[CMDQ], 2);
	assert_int_equal(r->calls[EVENTQ], 0);
	assert_int_equal(rig_stats(r).calls, 2);
	rig_end(r);
}

static void device_interrupts_where_it_was_asked_to(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, SCMI_VIRTIO_F_EVENT_IDX);
	ring_store16(ring_used_event(&r->queue[CMDQ].at), 2);
	ring_store16(&r->queue[CMDQ].at.avail->flags, RING_QUIET); /* means nothing here */
	for (uint32_t i = 0; i < 6; i++) {
		rig_command(r, i, 0, 40);
		assert_int_equal(serve(r), 1);
		assert_int_equal(r->calls[CMDQ], i >= 2 ? 1 : 0);
	}
	rig_end(r);
}

/* Published one by one: each answer can be seen before the next command runs. */
static void see_the_last(struct rig *r)
{
	assert_int_equal(ring_load16_acquire(&r->queue[CMDQ].at.used->idx), r->asked - 1u);
}

static void device_publishes_as_answers_come(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	r->on_request = see_the_last;
	for (uint32_t slot = 0; slot < 8; slot++)
		rig_command(r, slot, 0, 40);
	assert_int_equal(serve(r), 8);
	rig_end(r);
}

static bool is_armed(const struct rig *r, uint32_t queue, bool event_idx)
{
	const struct ring_parts *at = &r->queue[queue].at;

	if (event_idx)
		return ring_load16(ring_avail_event(at)) == r->queue[queue].offered;
	return (ring_load16(&at->used->flags) & RING_QUIET) == 0;
}

static void device_asks_for_doorbells_before_it_sleeps(void **state)
{
	struct rig *r = &rig;

	(void)state;
	for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
		rig_make_attached(r, event_idx != 0 ? SCMI_VIRTIO_F_EVENT_IDX : 0u);
		for (uint32_t i = 0; i < 5; i++) {
			rig_command(r, i, 0, 40);
			assert_false(scmi_virtio_device_rest(r->device)); /* it has come meanwhile */
			assert_int_equal(serve(r), 1);
			assert_false(is_armed(r, CMDQ, event_idx != 0));
			assert_true(scmi_virtio_device_rest(r->device));
			assert_true(is_armed(r, CMDQ, event_idx != 0));
		}
		rig_end(r);
	}
}

static void serve_inside(struct rig *r)
{
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	assert_true(scmi_virtio_device_rest(r->device));
}

static void device_serves_only_where_both_ends_are_there(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_fill(r);
	rig_init(r);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1, NULL), SCMI_OK);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	assert_true(scmi_virtio_device_rest(r->device));
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->works, 2); /* for what stands in the ring */
	r->on_request = serve_inside;
	assert_int_equal(serve(r), 1);
	r->on_request = NULL;
	scmi_virtio_device_detach(r->device, NULL);
	rig_command(r, 1, 0, 40);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	assert_true(scmi_virtio_device_rest(r->device));
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_answers_a_command),
		cmocka_unit_test(device_goes_round_the_ring),
		cmocka_unit_test(device_takes_a_message_in_any_pieces),
		cmocka_unit_test(device_answers_later_and_out_of_order),
		cmocka_unit_test(device_answers_from_memory_of_its_own),
		cmocka_unit_test(device_writes_what_there_is_room_for),
		cmocka_unit_test(device_bounds_a_late_answer),
		cmocka_unit_test(device_returns_a_command_without_header),
		cmocka_unit_test(device_refuses_a_command_that_it_cannot_hold),
		cmocka_unit_test(device_leaves_in_the_ring_what_it_cannot_hold),
		cmocka_unit_test(device_lends_its_pool_to_one_at_a_time),
		cmocka_unit_test(device_interrupts_once_for_a_batch),
		cmocka_unit_test(device_interrupts_where_it_was_asked_to),
		cmocka_unit_test(device_publishes_as_answers_come),
		cmocka_unit_test(device_asks_for_doorbells_before_it_sleeps),
		cmocka_unit_test(device_serves_only_where_both_ends_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
