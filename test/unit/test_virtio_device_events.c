/* SPDX-License-Identifier: BSD-3-Clause */
/* What the platform sends by itself, through the eventq of the virtio device. */
#include "virtio_device_rig.h"

#define P2A SCMI_VIRTIO_F_P2A_CHANNELS

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

static void expect_event(struct rig *r, uint32_t slot, uint32_t len)
{
	const unsigned char *bytes = rig_event_of(r, slot);

	rig_expect_used(r, EVENTQ, slot, 4u + len);
	assert_int_equal(scmi_get_le32(bytes), scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0));
	for (uint32_t i = 4; i < 4u + len; i++)
		assert_int_equal(bytes[i], (unsigned char)i);
	assert_true(rig_is_untouched(bytes + 4u + len, SLOT_BYTES - 4u - len));
}

static void device_sends_in_the_order_of_the_buffers(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	rig_event(r, 3, 40);
	rig_event(r, 1, 4u + MAX_PAYLOAD);
	rig_event(r, 0, 4);
	assert_int_equal(rig_send(r, 12), SCMI_OK);
	expect_event(r, 3, 12);
	rig_expect_none(r, EVENTQ); /* the others are not given back unused */
	assert_int_equal(rig_send(r, MAX_PAYLOAD), SCMI_OK);
	expect_event(r, 1, MAX_PAYLOAD);
	assert_int_equal(rig_send(r, 0), SCMI_OK);
	expect_event(r, 0, 0);
	assert_int_equal(r->calls[EVENTQ], 3);
	assert_int_equal(r->calls[CMDQ], 0);
	assert_int_equal(rig_send(r, MAX_PAYLOAD + 1), SCMI_E_TOOBIG);
	assert_int_equal(rig_stats(r).taken, 3);
	assert_int_equal(r->works, 0);
	rig_end(r);
}

/* A buffer of n bytes in pieces of `size`, apart from each other. */
static void scattered(struct rig *r, uint32_t n, uint32_t size)
{
	uint32_t i = 0;

	memset(rig_event_of(r, 0), UNTOUCHED, 0x400);
	for (uint32_t at = 0; n != 0; i++) {
		const uint32_t len = size < n ? size : n;

		n -= len;
		rig_desc(r, EVENTQ, i, EVENTS + at, len, RING_WRITE | (n != 0 ? RING_NEXT : 0u), i + 1u);
		at += size + 3u;
	}
	rig_offer(r, EVENTQ, 0);
}

static void expect_scattered(struct rig *r, uint32_t len, uint32_t size)
{
	const uint32_t hdr = scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0);
	const unsigned char *bytes = rig_event_of(r, 0);

	rig_expect_used(r, EVENTQ, 0, 4u + len);
	for (uint32_t i = 0; i < 4u + len; i++) {
		const unsigned char want = (unsigned char)(i < 4 ? hdr >> (8u * i) : i);

		assert_int_equal(bytes[i / size * (size + 3u) + i % size], want);
	}
	for (uint32_t i = 0; i < (4u + len) / size; i++)
		assert_true(rig_is_untouched(bytes + i * (size + 3u) + size, 3));
}

static void device_sends_in_any_pieces(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	for (uint32_t size = 1; size < 30; size++) {
		for (uint32_t len = 0; len < 25; len++) {
			scattered(r, 4u + len + size % 3u, size);
			assert_int_equal(rig_send(r, len), SCMI_OK);
			expect_scattered(r, len, size);
		}
	}
	rig_end(r);
}

static void device_says_when_there_is_room_again(void **state)
{
	struct rig *r = &rig;

	(void)state;
	for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
		const struct ring_parts *at = &r->queue[EVENTQ].at;

		rig_make_attached(r, event_idx != 0 ? P2A | SCMI_VIRTIO_F_EVENT_IDX : P2A);
		assert_true(event_idx != 0 || ring_load16(&at->used->flags) == RING_QUIET);
		rig_event(r, 0, 40);
		assert_int_equal(rig_send(r, 4), SCMI_OK);
		assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
		assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
		/* the doorbell is asked for at once: nobody need rest in between */
		assert_true(event_idx != 0 ? ring_load16(ring_avail_event(at)) == 1
					   : ring_load16(&at->used->flags) == 0);
		assert_int_equal(serve(r), 0);
		assert_int_equal(r->readied, 0);
		assert_true(scmi_virtio_device_rest(r->device));
		rig_event(r, 1, 40);
		assert_false(scmi_virtio_device_rest(r->device));
		assert_int_equal(serve(r), 0);
		assert_int_equal(r->readied, 1);
		assert_true(event_idx != 0 || ring_load16(&at->used->flags) == RING_QUIET);
		assert_int_equal(serve(r), 0);
		assert_int_equal(r->readied, 1);
		assert_int_equal(rig_send(r, 4), SCMI_OK);
		rig_expect_used(r, EVENTQ, 0, 8);
		rig_expect_used(r, EVENTQ, 1, 8);
		rig_end(r);
	}
}

/* A doorbell of the eventq is as good as one of the cmdq, also where no command has come. */
static void send_again(struct rig *r)
{
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY); /* ready() will come again */
}

static void device_lets_the_platform_send_in_ready(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	r->on_ready = send_again;
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	for (uint32_t i = 0; i < 5; i++) {
		rig_event(r, i, 40);
		assert_int_equal(serve(r), 0);
		assert_int_equal(r->readied, i + 1u);
		rig_expect_used(r, EVENTQ, i, 8);
	}
	r->on_ready = NULL;
	rig_end(r);
}

static void device_keeps_a_buffer_that_is_too_small(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	rig_event(r, 0, 11);
	assert_int_equal(rig_send(r, 8), SCMI_E_TOOBIG);
	assert_int_equal(rig_send(r, 8), SCMI_E_TOOBIG);
	rig_expect_none(r, EVENTQ);
	assert_int_equal(rig_stats(r).dropped, 2);
	assert_int_equal(rig_stats(r).taken, 0);
	assert_int_equal(rig_send(r, 7), SCMI_OK);
	expect_event(r, 0, 7);
	assert_int_equal(rig_send(r, 0), SCMI_E_BUSY);
	assert_int_equal(rig_stats(r).dropped, 2);
	rig_end(r);
}

/* A chain that breaks a rule goes back with length 0, and the next one is taken. */
static void device_passes_over_bad_buffers(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	rig_desc(r, EVENTQ, 5, EVENTS, 0, RING_WRITE, 0);
	rig_offer(r, EVENTQ, 5);
	rig_desc(r, EVENTQ, 6, GUEST_BYTES - 8u, 40, RING_WRITE, 0);
	rig_offer(r, EVENTQ, 6);
	rig_event(r, 0, 40);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_expect_used(r, EVENTQ, 5, 0);
	rig_expect_used(r, EVENTQ, 6, 0);
	expect_event(r, 0, 4);
	assert_true(r->calls[EVENTQ] >= 1);
	rig_desc(r, EVENTQ, 7, EVENTS, 40, 0, 0); /* nothing in it can be written */
	rig_offer(r, EVENTQ, 7);
	assert_int_equal(rig_send(r, 4), SCMI_E_TOOBIG);
	assert_int_equal(rig_stats(r).refused, 2);
	assert_int_equal(rig_stats(r).taken, 3);
	rig_end(r);
}

/* A driver that puts a new bad buffer wherever one has been refused. */
static void lock_and_offer(void *ctx)
{
	(void)ctx;
	rig_desc(&rig, EVENTQ, 5, EVENTS, 0, RING_WRITE, 0);
	rig_offer(&rig, EVENTQ, 5);
}

static void unlock(void *ctx)
{
	(void)ctx;
}

/* The sender does not look for ever, and the message is as one for which there is no buffer. */
static void device_gives_up_on_a_flood_of_bad_buffers(void **state)
{
	struct rig *r = &rig;
	const struct scmi_port port = (rig_fill(r), r->fake.port);

	(void)state;
	rig_make_attached(r, P2A);
	r->fake.port.lock = lock_and_offer;
	r->fake.port.unlock = unlock;
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	assert_int_equal(rig_stats(r).refused, 8);
	assert_int_equal(r->works, 1);
	r->fake.port = port;
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_end(r);
}

static void device_without_channel_says_so(void **state)
{
	struct rig *r = &rig;
	const struct scmi_endpoint_ops *ops;
	int first;

	(void)state;
	rig_make(r);
	ops = r->endpoint.ops;
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1, NULL), SCMI_OK);
	rig_event(r, 0, 40); /* a queue that was not agreed on */
	assert_int_equal(rig_send(r, 4), SCMI_E_NOTSUP);
	assert_int_equal(ops->p2a(r->endpoint.ctx), 0);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1 | P2A, NULL), SCMI_OK);
	first = ops->p2a(r->endpoint.ctx);
	assert_true(first > 0);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	r->queue[EVENTQ].where.size = 0;
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1 | P2A, NULL), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOTSUP);
	assert_int_equal(ops->p2a(r->endpoint.ctx), 0);
	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	rig_event(r, 0, 40);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1 | P2A, NULL), SCMI_OK);
	assert_true(ops->p2a(r->endpoint.ctx) > first); /* another peer */
	rig_end(r);
}

static void find_no_peer(struct rig *r)
{
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
}

/* What waits for a buffer is not for the next driver. */
static void device_tells_who_waits_that_the_driver_is_gone(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	r->on_ready = find_no_peer;
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(r->readied, 1);
	rig_clean(r);
	rig_event(r, 0, 40);
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1 | P2A, NULL), SCMI_OK);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	rig_expect_none(r, EVENTQ);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_end(r);
}

static void device_keeps_ready_to_itself_when_stopped(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_stop(r);
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), SCMI_E_CLOSED);
	scmi_virtio_device_detach(r->device, NULL);
	assert_int_equal(r->readied, 0);
	assert_int_equal(rig_start(r), SCMI_OK);
	assert_int_equal(r->readied, 0);

	rig_clean(r); /* what waited has ended with the platform, also where the driver stays */
	assert_int_equal(rig_attach(r, SCMI_VIRTIO_F_VERSION_1 | P2A, NULL), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_stop(r);
	assert_int_equal(rig_start(r), SCMI_OK);
	rig_event(r, 0, 40);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 0);
	rig_end(r);
}

/* A message of before a reset of the eventq is still to be sent after it. */
static void device_lets_messages_wait_for_a_reset_eventq(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A | SCMI_VIRTIO_F_RING_RESET);
	rig_event(r, 0, 40);
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, EVENTQ), SCMI_OK);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1); /* the other queue is none the worse */
	assert_true(scmi_virtio_device_rest(r->device));
	rig_clean_queue(r, EVENTQ);
	r->works = 0;
	rig_event(r, 1, 40);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, EVENTQ, &r->queue[EVENTQ].where), SCMI_OK);
	assert_int_equal(r->works, 1);
	assert_int_equal(serve(r), 0);
	assert_int_equal(r->readied, 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	expect_event(r, 1, 4);
	rig_end(r);
}

static void device_sends_nothing_through_a_ring_that_lies(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, P2A | SCMI_VIRTIO_F_RING_RESET);
	assert_int_equal(rig_send(r, 4), SCMI_E_BUSY);
	rig_event(r, 0, 40);
	rig_offer(r, EVENTQ, ENTRIES); /* a head outside */
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	r->works = 0;
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	assert_int_equal(rig_send(r, 4), SCMI_E_NOPEER);
	assert_int_equal(r->works, 1); /* the server has to be told once */
	assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 0);
	r->on_ready = find_no_peer;
	ring_store16_release(&r->queue[EVENTQ].at.avail->idx, 1); /* as if nothing had been */
	assert_int_equal(serve(r), SCMI_E_LINK);
	assert_int_equal(r->readied, 1); /* the first was refused for want of a buffer */
	assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 1);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), SCMI_E_LINK);
	assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 1);
	assert_int_equal(rig_stats(r).broken, 1);
	r->on_ready = NULL;
	assert_int_equal(scmi_virtio_device_reset_queue(r->device, EVENTQ), SCMI_OK);
	rig_clean_queue(r, EVENTQ);
	rig_event(r, 0, 40);
	assert_int_equal(scmi_virtio_device_enable_queue(r->device, EVENTQ, &r->queue[EVENTQ].where), SCMI_OK);
	assert_int_equal(serve(r), 1);
	assert_int_equal(rig_send(r, 4), SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_sends_in_the_order_of_the_buffers),
		cmocka_unit_test(device_sends_in_any_pieces),
		cmocka_unit_test(device_says_when_there_is_room_again),
		cmocka_unit_test(device_lets_the_platform_send_in_ready),
		cmocka_unit_test(device_keeps_a_buffer_that_is_too_small),
		cmocka_unit_test(device_passes_over_bad_buffers),
		cmocka_unit_test(device_gives_up_on_a_flood_of_bad_buffers),
		cmocka_unit_test(device_without_channel_says_so),
		cmocka_unit_test(device_tells_who_waits_that_the_driver_is_gone),
		cmocka_unit_test(device_keeps_ready_to_itself_when_stopped),
		cmocka_unit_test(device_lets_messages_wait_for_a_reset_eventq),
		cmocka_unit_test(device_sends_nothing_through_a_ring_that_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
