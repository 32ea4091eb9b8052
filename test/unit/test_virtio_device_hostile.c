/* SPDX-License-Identifier: BSD-3-Clause */
/* A driver that does not keep to the rules: it hurts itself, and nobody else. */
#include "virtio_device_rig.h"

#define V1 SCMI_VIRTIO_F_VERSION_1

static struct rig rig;

static int serve(struct rig *r)
{
	return scmi_virtio_device_serve(r->device, 16);
}

/* ---- chains that break a rule ---- */

static void index_outside(struct rig *r)
{
	rig_desc(r, CMDQ, 0, DATA, 8, RING_NEXT, ENTRIES);
}

static void loop(struct rig *r)
{
	rig_desc(r, CMDQ, 1, DATA + REPLY, 40, RING_WRITE | RING_NEXT, 1);
}

static void address_outside(struct rig *r)
{
	rig_desc(r, CMDQ, 1, GUEST_BYTES - 39u, 40, RING_WRITE, 0);
}

static void request_outside(struct rig *r)
{
	rig_desc(r, CMDQ, 0, UINT64_MAX - GUEST, 8, RING_NEXT, 1);
}

static void length_of_zero(struct rig *r)
{
	rig_desc(r, CMDQ, 0, DATA, 0, RING_NEXT, 1);
}

static void readable_behind_writable(struct rig *r)
{
	rig_desc(r, CMDQ, 1, DATA + REPLY, 40, RING_WRITE | RING_NEXT, 2);
	rig_desc(r, CMDQ, 2, DATA, 8, 0, 0);
}

static void writable_that_overlap(struct rig *r)
{
	rig_desc(r, CMDQ, 1, DATA + REPLY, 40, RING_WRITE | RING_NEXT, 2);
	rig_desc(r, CMDQ, 2, DATA + REPLY + 39u, 40, RING_WRITE, 0);
}

static void indirect_unasked(struct rig *r)
{
	rig_desc(r, CMDQ, 0, DATA, 32, RING_INDIRECT, 0);
}

static void header_not_whole(struct rig *r)
{
	rig_desc(r, CMDQ, 0, DATA, 3, RING_NEXT, 1);
}

static void (*const breaches[])(struct rig *r) = {
	index_outside,         loop,
	address_outside,       request_outside,
	length_of_zero,        readable_behind_writable,
	writable_that_overlap, indirect_unasked,
	header_not_whole,
};

#define BREACHES (sizeof(breaches) / sizeof(breaches[0]))

/* Each goes back with length 0, nothing of it is written, and the next command is served in the same turn. */
static void device_gives_bad_chains_back(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (size_t i = 0; i < BREACHES; i++) {
		rig_command(r, 0, 4, 40);
		breaches[i](r);
		rig_command(r, 4, 4, 40);
		assert_int_equal(serve(r), 2);
		rig_expect_used(r, CMDQ, 0, 0);
		rig_expect_used(r, CMDQ, 8, 12);
		rig_expect_none(r, CMDQ);
		assert_true(rig_is_untouched(rig_reply_of(r, 0), SLOT_BYTES - REPLY));
		assert_int_equal(r->asked, i + 1u);
		assert_int_equal(rig_stats(r).refused, i + 1u);
		assert_int_equal(r->calls[CMDQ], i + 1u);
	}
	assert_int_equal(rig_stats(r).broken, 0);
	rig_end(r);
}

/* The same chains, known from before as good ones. */
static void device_believes_no_chain_for_its_past(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	for (size_t i = 0; i < BREACHES; i++) {
		rig_command(r, 0, 4, 40);
		assert_int_equal(serve(r), 1);
		rig_expect_used(r, CMDQ, 0, 12);
		memset(rig_reply_of(r, 0), UNTOUCHED, SLOT_BYTES - REPLY);
		breaches[i](r);
		rig_offer(r, CMDQ, 0);
		assert_int_equal(serve(r), 1);
		rig_expect_used(r, CMDQ, 0, 0);
		assert_true(rig_is_untouched(rig_reply_of(r, 0), SLOT_BYTES - REPLY));
	}
	rig_end(r);
}

static void table_desc(struct rig *r, uint32_t i, uint64_t at, uint32_t len, uint32_t flags, uint32_t next)
{
	unsigned char *d = r->guest + 0x8000u + 16u * i;

	scmi_put_le64(d, GUEST + at);
	scmi_put_le32(d + 8, len);
	scmi_put_le32(d + 12, flags | next << 16);
}

static void device_takes_indirect_tables(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, SCMI_VIRTIO_F_INDIRECT_DESC);
	for (uint32_t i = 0; i < 3; i++) {
		rig_command(r, 1, 8, 40);
		table_desc(r, 0, DATA + SLOT_BYTES, 12, RING_NEXT, 1);
		table_desc(r, 1, DATA + SLOT_BYTES + REPLY, 40, RING_WRITE, 0);
		rig_desc(r, CMDQ, 2, 0x8000u, 32, RING_INDIRECT | RING_WRITE, 0); /* WRITE means nothing there */
		assert_int_equal(serve(r), 1);
		assert_int_equal(r->len, 8);
		rig_expect_used(r, CMDQ, 2, 12);
		rig_expect_reply(r, 1, 0, 8);
	}
	rig_command(r, 1, 8, 40);
	rig_desc(r, CMDQ, 2, 0x8000u, 33, RING_INDIRECT, 0);
	assert_int_equal(serve(r), 1);
	rig_expect_used(r, CMDQ, 2, 0);
	rig_end(r);
}

/* ---- rings that lie ---- */

static void too_many(struct rig *r)
{
	ring_store16_release(&r->queue[CMDQ].at.avail->idx, (uint16_t)(r->queue[CMDQ].offered + ENTRIES + 1u));
}

static void head_outside(struct rig *r)
{
	rig_offer(r, CMDQ, ENTRIES);
}

static void head_twice(struct rig *r)
{
	r->hold = true;
	rig_command(r, 0, 0, 40);
	rig_offer(r, CMDQ, 0);
}

static void (*const lies[])(struct rig *r) = {too_many, head_outside, head_twice};

#define LIES (sizeof(lies) / sizeof(lies[0]))

static void device_leaves_a_lying_ring_alone(void **state)
{
	static unsigned char before[QUEUE_BYTES];
	struct rig *r = &rig;

	(void)state;
	for (size_t i = 0; i < LIES; i++) {
		rig_make_attached(r, SCMI_VIRTIO_F_RING_RESET);
		rig_command(r, 5, 0, 40);
		assert_int_equal(serve(r), 1);
		lies[i](r);
		(void)serve(r);
		assert_int_equal(serve(r), SCMI_E_LINK);
		assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 1);
		rig_command(r, 6, 0, 40);
		memcpy(before, r->guest, sizeof(before));
		assert_int_equal(serve(r), SCMI_E_LINK);
		assert_true(scmi_virtio_device_rest(r->device));
		if (r->held_n != 0)
			rig_answer(r, 0, 0); /* that is no ring to give it back to */
		assert_memory_equal(before, r->guest, sizeof(before));
		assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 1);
		assert_int_equal(rig_stats(r).broken, 1);

		/* a reset heals it, */
		r->hold = false;
		assert_int_equal(scmi_virtio_device_reset_queue(r->device, CMDQ), SCMI_OK);
		rig_clean_queue(r, CMDQ);
		rig_command(r, 1, 0, 40);
		assert_int_equal(scmi_virtio_device_enable_queue(r->device, CMDQ, &r->queue[CMDQ].where), SCMI_OK);
		assert_int_equal(serve(r), 1);
		rig_expect_used(r, CMDQ, 2, 12);

		/* and after it the same lie is told anew */
		lies[i](r);
		(void)serve(r);
		assert_int_equal(serve(r), SCMI_E_LINK);
		assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 2);
		rig_end(r);
	}
}

/* What was taken before the lie in the same turn has been served. */
static void device_serves_up_to_the_lie(void **state)
{
	struct rig *r = &rig;

	(void)state;
	rig_make_attached(r, 0);
	rig_command(r, 0, 0, 40);
	rig_command(r, 1, 0, 40);
	rig_offer(r, CMDQ, ENTRIES);
	assert_int_equal(serve(r), 2);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_expect_used(r, CMDQ, 2, 12);
	assert_int_equal(r->calls[CMDQ], 1);
	assert_int_equal(r->events[SCMI_VIRTIO_BROKEN], 1);
	rig_end(r);
}

/* ---- anything at all ---- */

static uint32_t seed;
static bool away[2u * ENTRIES]; /* heads that the device has, the eventq's behind the cmdq's */
static bool wild; /* rings are written over too, by the driver or where a chain points at them: no account is kept */

static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

/* Mostly what could be meant, so that it gets far. */
static void spoil_desc(struct rig *r, uint32_t queue)
{
	const uint64_t far = wild && any(2) != 0 ? any(GUEST_BYTES) : GUEST_BYTES - 20u + any(UINT32_MAX / 2u);
	const uint64_t at = any(8) != 0 ? DATA + any(GUEST_BYTES - DATA) : far;
	const uint32_t len = any(8) != 0 ? any(100) : any(UINT32_MAX);
	const uint32_t flags = any(any(4) != 0 ? 4u : 8u);
	const uint32_t next = any(ENTRIES + 1u);

	rig_desc(r, queue, any(ENTRIES), at, len, flags, next);
}

static void spoil_byte(struct rig *r)
{
	const uint32_t at = wild && any(50) == 0 ? any(GUEST_BYTES) : DATA + any(GUEST_BYTES - DATA);

	r->guest[at] = (unsigned char)any(256);
}

static void spoil(struct rig *r)
{
	const uint32_t queue = any(2);

	switch (any(8)) {
	case 0:
		if (wild && any(50) == 0)
			ring_store16(&r->queue[queue].at.avail->idx, (uint16_t)any(65536));
		break;
	case 1:
		spoil_byte(r);
		break;
	case 2:
		ring_store16(&r->queue[queue].at.avail->flags, (uint16_t)any(2));
		break;
	default:
		spoil_desc(r, queue);
	}
}

/* As it should be, in any length. */
static void lay_out(struct rig *r, uint32_t queue, uint32_t head)
{
	const uint32_t at = DATA + head / 2u * SLOT_BYTES;
	const uint32_t next = (head + 1u) % ENTRIES;
	const uint32_t len = 1u + any(REPLY);

	if (queue == EVENTQ) {
		rig_desc(r, queue, head, EVENTS + head * SLOT_BYTES, len, RING_WRITE, 0);
		return;
	}
	rig_desc(r, queue, head, at, len, RING_NEXT, next);
	rig_desc(r, queue, next, at + REPLY, 1u + any(REPLY), RING_WRITE, 0);
}

/* Heads that it does not own are rare: they break the ring. */
static void offer(struct rig *r)
{
	const uint32_t queue = any(4) != 0 ? CMDQ : EVENTQ;
	const uint16_t head = (uint16_t)any(ENTRIES);

	if (away[queue * ENTRIES + head] && (!wild || any(100) != 0))
		return;
	if (any(4) != 0)
		lay_out(r, queue, head);
	away[queue * ENTRIES + head] = true;
	rig_offer(r, queue, head);
}

/* Each chain that comes back had been given, and comes once. */
static void reap(struct rig *r)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		struct rig_queue *q = &r->queue[queue];

		while (q->reaped != ring_load16_acquire(&q->at.used->idx)) {
			const uint32_t id = ring_load32(&q->at.used->ring[q->reaped % ENTRIES].id);

			assert_true(wild || (id < ENTRIES && away[queue * ENTRIES + id]));
			away[queue * ENTRIES + id % ENTRIES] = false;
			q->reaped++;
		}
	}
}

static void begin_anew(struct rig *r)
{
	const uint64_t features =
		scmi_virtio_device_features(r->device) & ~(any(2) != 0 ? SCMI_VIRTIO_F_EVENT_IDX : 0u);

	scmi_virtio_device_detach(r->device, NULL);
	rig_clean(r);
	memset(away, 0, sizeof(away));
	assert_int_equal(rig_attach(r, features, NULL), SCMI_OK);
}

static void one_step(struct rig *r)
{
	switch (any(10)) {
	case 0:
	case 1:
	case 2:
		spoil(r);
		break;
	case 3:
	case 4:
	case 5:
		offer(r);
		break;
	case 6:
		r->hold = any(3) == 0;
		r->answer = 4u + any(MAX_PAYLOAD);
		if (serve(r) == SCMI_E_LINK)
			begin_anew(r);
		break;
	case 7:
		(void)rig_send(r, any(MAX_PAYLOAD + 2u));
		break;
	case 8:
		if (r->held_n != 0)
			rig_answer(r, any(r->held_n), 0);
		break;
	default:
		reap(r);
		(void)scmi_virtio_device_rest(r->device);
	}
}

static void attack(struct rig *r, unsigned steps)
{
	rig_make(r);
	begin_anew(r);
	for (unsigned i = 0; i < steps; i++) {
		if (any(2000) == 0)
			begin_anew(r);
		one_step(r);
	}
	assert_true(r->asked > steps / 100u); /* it got far */
	assert_true(rig_stats(r).refused > steps / 100u);
	assert_true(rig_stats(r).stale > 10);
}

/* And serves the next driver as if nothing had been. */
static void expect_sound(struct rig *r)
{
	scmi_virtio_device_detach(r->device, NULL);
	while (r->held_n != 0)
		rig_answer(r, 0, 0);
	rig_clean(r);
	r->hold = false;
	r->answer = 0;
	assert_int_equal(rig_attach(r, V1, NULL), SCMI_OK);
	rig_command(r, 0, 0, 40);
	assert_int_equal(serve(r), 1);
	rig_expect_used(r, CMDQ, 0, 12);
	rig_end(r);
}

static void device_survives_anything(void **state)
{
	(void)state;
	seed = 12345;
	wild = true;
	attack(&rig, 300000);
	assert_true(rig_stats(&rig).broken > 10);
	expect_sound(&rig);
}

static void device_gives_every_chain_back_once(void **state)
{
	(void)state;
	seed = 54321;
	wild = false;
	attack(&rig, 300000);
	assert_int_equal(rig_stats(&rig).broken, 0);
	rig.hold = false;
	while (rig.held_n != 0)
		rig_answer(&rig, 0, 0);
	while (serve(&rig) > 0)
		;
	reap(&rig);
	for (uint32_t head = 0; head < ENTRIES; head++)
		assert_false(away[head]);
	expect_sound(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_gives_bad_chains_back),
		cmocka_unit_test(device_believes_no_chain_for_its_past),
		cmocka_unit_test(device_takes_indirect_tables),
		cmocka_unit_test(device_leaves_a_lying_ring_alone),
		cmocka_unit_test(device_serves_up_to_the_lie),
		cmocka_unit_test(device_survives_anything),
		cmocka_unit_test(device_gives_every_chain_back_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
