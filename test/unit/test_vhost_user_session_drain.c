/* SPDX-License-Identifier: BSD-3-Clause */
/* A ring that is to stop while commands are open: who is waited for, for how long, and what may come meanwhile. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include <sys/mman.h>
#include <unistd.h>

#include "fds.h"

#define ALL   (PROTOCOL | VU_PF_INFLIGHT_SHMFD)
#define MANY  12u
#define BYTES 1088u /* of a journal for 64 entries */

#define ENTRY(slot) (16u + 32u * (slot))

static struct vu_rig rig;
static unsigned char *area;
static int file;

static int serve(struct vu_rig *r)
{
	return scmi__vu_session_serve(&r->s, 16, true);
}

static int again(struct vu_rig *r)
{
	return scmi__vu_session_read(&r->s, 9);
}

/* So many commands are open. */
static void hold(struct vu_rig *r, unsigned n)
{
	r->hold = true;
	for (uint32_t slot = 0; slot < n; slot++)
		vr_command(r, slot);
	if (n != 0)
		assert_int_equal(serve(r), n);
	assert_int_equal(r->held_n, n);
}

static void ask_base(struct vu_rig *r, uint32_t queue)
{
	const struct vu_vring_state state = {.index = queue};

	vr_say(r, VU_GET_VRING_BASE, VU_VERSION, &state, sizeof(state), NULL, 0);
}

static void expect_base(struct vu_rig *r, uint32_t queue, uint32_t num)
{
	struct vu_vring_state state = {.index = 77};

	vr_expect(r, VU_GET_VRING_BASE, &state, sizeof(state));
	assert_int_equal(state.index, queue);
	assert_int_equal(state.num, num);
}

/* It waits, and goes on waiting. */
static void expect_drain(struct vu_rig *r)
{
	uint64_t until_us;

	assert_int_equal(vr_read(r), SCMI_E_BUSY);
	until_us = r->s.drain_until_us;
	assert_int_not_equal(until_us, 0);
	assert_int_equal(again(r), SCMI_E_BUSY);
	assert_int_equal(r->s.drain_until_us, until_us);
	vr_expect_silence(r);
}

/* The time that it may take is over. */
static void pass_deadline(struct vu_rig *r)
{
	assert_int_not_equal(r->s.drain_until_us, 0);
	r->s.drain_until_us = 1;
}

static void expect_ack(struct vu_rig *r, uint32_t request)
{
	uint64_t ack = 77;

	vr_expect(r, request, &ack, sizeof(ack));
	assert_int_equal(ack, 0);
}

/* ---- GET_VRING_BASE ---- */

static void drain_of_nothing_takes_no_time(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(vr_stop(r, CMDQ), 0);
	assert_int_equal(r->s.drain_until_us, 0);
	vr_close(r);
}

/* Answers come in any order while it waits; the last one ends it. What has not been taken is not taken. */
static void drain_waits_for_the_last_answer(void **state)
{
	static const unsigned sizes[] = {1, 2, MANY};
	struct vu_rig *r = &rig;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		const unsigned n = sizes[i];

		vr_open_running(r, PROTOCOL);
		hold(r, n);
		vr_command(r, n);
		ask_base(r, CMDQ);
		while (r->held_n != 0) {
			const unsigned last = r->held_n - 1u;

			expect_drain(r);
			assert_int_equal(serve(r), 0);
			vr_answer(r, last);
			vr_expect_used(r, CMDQ, 2u * last, 8);
			assert_int_equal(vr_status(r, last), 0);
		}
		assert_int_equal(again(r), SCMI_OK);
		expect_base(r, CMDQ, n);
		assert_int_equal(r->s.drain_until_us, 0);
		assert_int_equal(r->asked, n);
		assert_false(vr_has_used(r, CMDQ));
		vr_close(r);
	}
}

/* What is open then comes back with an answer of ours, and is not answered twice. */
static void drain_gives_back_what_is_late(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 3);
	ask_base(r, CMDQ);
	expect_drain(r);
	vr_answer(r, 1);
	expect_drain(r);
	pass_deadline(r);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 3);
	vr_expect_used(r, CMDQ, 2, 8);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_expect_used(r, CMDQ, 4, 8);
	assert_int_equal(vr_status(r, 0), SCMI_GENERIC_ERROR);
	assert_int_equal(vr_status(r, 1), 0);
	assert_int_equal(vr_status(r, 2), SCMI_GENERIC_ERROR);
	memset(r->mem + DATA, 0x5a, 3u * SLOT_BYTES);
	vr_answer(r, 1);
	vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	assert_int_equal(vr_status(r, 0), 0x5a5a5a5a);
	assert_int_equal(vr_status(r, 2), 0x5a5a5a5a);
	vr_close(r);
}

/* And the ring goes on behind it; a new wait has its whole time. */
static void drain_is_over_when_the_ring_goes_on(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 1);
	ask_base(r, CMDQ);
	expect_drain(r);
	pass_deadline(r);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 1);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_describe(r, CMDQ, 1);
	vr_give_bells(r, CMDQ);
	assert_int_equal(r->forgotten, 1);
	vr_command(r, 1);
	assert_int_equal(serve(r), 1);
	ask_base(r, CMDQ);
	expect_drain(r);
	assert_true(r->s.drain_until_us > 1);
	vr_answer(r, 1);
	vr_expect_used(r, CMDQ, 2, 8);
	assert_int_equal(again(r), SCMI_E_BUSY); /* the platform has the first one still */
	vr_answer(r, 0);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 2);
	vr_close(r);
}

static void drain_is_of_the_cmdq(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	vr_event(r, 0);
	vr_event(r, 1);
	hold(r, 1);
	ask_base(r, CMDQ);
	expect_drain(r);
	assert_int_equal(vr_send(r), SCMI_OK); /* meanwhile */
	vr_expect_used(r, EVENTQ, 0, 8);
	vr_answer(r, 0);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 1);
	vr_close(r);
	vr_open_running(r, PROTOCOL);
	hold(r, 1);
	assert_int_equal(vr_stop(r, EVENTQ), 0); /* nobody waits for that */
	vr_answer(r, 0);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_close(r);
}

/* What is said meanwhile is done afterwards, in order. */
static void drain_lets_the_rest_wait(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 1);
	ask_base(r, CMDQ);
	ask_base(r, CMDQ);
	ask_base(r, EVENTQ);
	vr_say(r, VU_RESET_OWNER, VU_VERSION | VU_NEED_REPLY, NULL, 0, NULL, 0);
	vr_say(r, VU_SET_STATUS, VU_VERSION | VU_NEED_REPLY, &(uint64_t){0}, 8, NULL, 0);
	vr_say(r, VU_RESET_DEVICE, VU_VERSION | VU_NEED_REPLY, NULL, 0, NULL, 0);
	expect_drain(r);
	assert_int_equal(r->forgotten, 1);
	vr_answer(r, 0);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 1);
	expect_base(r, CMDQ, 1);
	expect_base(r, EVENTQ, 0);
	expect_ack(r, VU_RESET_OWNER);
	expect_ack(r, VU_SET_STATUS);
	expect_ack(r, VU_RESET_DEVICE);
	assert_int_equal(r->forgotten, 3);
	vr_close(r);
}

/* ---- others that wait ---- */

static void reset_drains(struct vu_rig *r, uint32_t request, bool late)
{
	const uint64_t zero = 0;

	vr_open_running(r, PROTOCOL);
	hold(r, 2);
	vr_say(r, request, VU_VERSION | VU_NEED_REPLY, &zero, request == VU_SET_STATUS ? 8 : 0, NULL, 0);
	expect_drain(r);
	assert_int_equal(r->forgotten, 1);
	vr_answer(r, 0);
	expect_drain(r);
	if (late)
		pass_deadline(r);
	else
		vr_answer(r, 0);
	assert_int_equal(again(r), SCMI_OK);
	expect_ack(r, request);
	assert_int_equal(r->forgotten, 2);
	vr_expect_used(r, CMDQ, 0, 8);
	if (!late)
		vr_expect_used(r, CMDQ, 2, 8);
	assert_false(vr_has_used(r, CMDQ)); /* who resets does not wait for anything */
	if (late)
		vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	vr_close(r);
}

static void drain_before_a_reset(void **state)
{
	(void)state;
	reset_drains(&rig, VU_RESET_DEVICE, false);
	reset_drains(&rig, VU_RESET_DEVICE, true);
	reset_drains(&rig, VU_SET_STATUS, false);
	reset_drains(&rig, VU_SET_STATUS, true);
}

static void drain_before_a_ring_is_disabled(void **state)
{
	const struct vu_vring_state off = {.index = CMDQ};
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0); /* it is, already */
	vr_say(r, VU_SET_VRING_ENABLE, VU_VERSION | VU_NEED_REPLY, &off, sizeof(off), NULL, 0);
	expect_drain(r);
	vr_answer(r, 0);
	vr_expect_used(r, CMDQ, 0, 8);
	assert_int_equal(again(r), SCMI_OK);
	expect_ack(r, VU_SET_VRING_ENABLE);
	vr_close(r);
}

/* ---- the line breaks meanwhile ---- */

static void drain_ends_with_the_line(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 2);
	ask_base(r, CMDQ);
	expect_drain(r);
	vr_leave(r);
	assert_int_equal(r->s.drain_until_us, 0);
	vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	r->hold = false;
	vr_command(r, 5);
	assert_int_equal(serve(r), 1); /* the platform has one of the last still */
	vr_expect_used(r, CMDQ, 10, 8);
	vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	vr_close(r);
}

/* It has gone, and we see that when we answer. */
static void drain_for_one_who_has_gone(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	hold(r, 1);
	ask_base(r, CMDQ);
	expect_drain(r);
	close(r->peer);
	r->peer = -1;
	assert_int_equal(again(r), SCMI_E_BUSY);
	pass_deadline(r);
	assert_int_equal(again(r), SCMI_E_NOPEER);
	vr_close(r);
}

/* ---- with a journal ---- */

static void give_area(struct vu_rig *r)
{
	const struct vu_inflight in = {.queues = 1, .queue_size = ENTRIES, .mmap_size = BYTES};

	assert_int_equal(vr_ask(r, VU_SET_INFLIGHT_FD, &in, sizeof(in), &file, 1), 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
}

static void run(struct vu_rig *r, uint16_t base)
{
	vr_describe(r, CMDQ, base);
	vr_give_bells(r, CMDQ);
}

static void open_with_area(struct vu_rig *r)
{
	file = memfd_create("inflight", MFD_CLOEXEC);
	assert_int_equal(ftruncate(file, BYTES), 0);
	area = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
	vr_open(r, ALL);
	vr_begin(r);
	give_area(r);
	run(r, 0);
	r->keep = true;
}

static void close_with_area(struct vu_rig *r)
{
	munmap(area, BYTES);
	close(file);
	vr_close(r);
}

static void drain_strikes_out_what_it_gives_back(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	hold(r, 3);
	ask_base(r, CMDQ);
	expect_drain(r);
	assert_true(area[ENTRY(0)] == 1 && area[ENTRY(1)] == 1 && area[ENTRY(2)] == 1);
	vr_answer(r, 2);
	assert_int_equal(area[ENTRY(2)], 0);
	pass_deadline(r);
	assert_int_equal(again(r), SCMI_OK);
	expect_base(r, CMDQ, 3);
	assert_true(area[ENTRY(0)] == 0 && area[ENTRY(1)] == 0 && area[ENTRY(2)] == 0);
	vr_expect_used(r, CMDQ, 4, 8);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_expect_used(r, CMDQ, 2, 8);
	run(r, 3);
	vr_answer(r, 0);
	vr_answer(r, 0);
	assert_false(vr_has_used(r, CMDQ));
	close_with_area(r);
}

/* The next one answers what was open when the line broke, and nothing else. */
static void drain_that_is_broken_off_is_in_the_journal(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	hold(r, 2);
	vr_command(r, 2); /* not taken */
	ask_base(r, CMDQ);
	expect_drain(r);
	vr_answer(r, 0);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_leave(r);
	assert_true(area[ENTRY(0)] == 0 && area[ENTRY(1)] == 1);
	r->hold = false;
	vr_begin(r);
	give_area(r);
	run(r, 1);
	vr_expect_used(r, CMDQ, 2, 8);
	assert_int_equal(vr_status(r, 1), SCMI_GENERIC_ERROR);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 4, 8);
	vr_answer(r, 0); /* of the last one's */
	assert_false(vr_has_used(r, CMDQ));
	assert_int_equal(r->asked, 3);
	close_with_area(r);
}

/* A driver that begins anew is not told of what the last one wanted, nor does its journal know of it. */
static void drain_before_a_reset_leaves_no_journal(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	hold(r, 1);
	vr_say(r, VU_RESET_DEVICE, VU_VERSION | VU_NEED_REPLY, NULL, 0, NULL, 0);
	expect_drain(r);
	pass_deadline(r);
	assert_int_equal(again(r), SCMI_OK);
	expect_ack(r, VU_RESET_DEVICE);
	assert_int_equal(area[ENTRY(0)], 0);
	vr_answer(r, 0);
	assert_int_equal(area[ENTRY(0)], 0);
	assert_false(vr_has_used(r, CMDQ));
	close_with_area(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drain_of_nothing_takes_no_time),
		cmocka_unit_test(drain_waits_for_the_last_answer),
		cmocka_unit_test(drain_gives_back_what_is_late),
		cmocka_unit_test(drain_is_over_when_the_ring_goes_on),
		cmocka_unit_test(drain_is_of_the_cmdq),
		cmocka_unit_test(drain_lets_the_rest_wait),
		cmocka_unit_test(drain_before_a_reset),
		cmocka_unit_test(drain_before_a_ring_is_disabled),
		cmocka_unit_test(drain_ends_with_the_line),
		cmocka_unit_test(drain_for_one_who_has_gone),
		cmocka_unit_test(drain_strikes_out_what_it_gives_back),
		cmocka_unit_test(drain_that_is_broken_off_is_in_the_journal),
		cmocka_unit_test(drain_before_a_reset_leaves_no_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
