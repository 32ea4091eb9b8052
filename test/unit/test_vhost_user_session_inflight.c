/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands in flight when a back end ends: the next one answers them, and runs none a second time. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fds.h"

#define ALL   (PROTOCOL | VU_PF_INFLIGHT_SHMFD)
#define BYTES 1088u /* of a queue of 64: 16 and 64 times 16, up to a multiple of 64 */

static struct vu_rig rig;
static unsigned char *area;
static int file;

/* As on the wire, in the area. */
#define USED_IDX    14u
#define LAST        12u
#define VERSION     8u
#define ENTRY(head) (16u + 16u * (head))

static int serve(struct vu_rig *r)
{
	return scmi__vu_session_serve(&r->s, 16, true);
}

static void get_area(struct vu_rig *r)
{
	const struct vu_inflight in = {.queues = 2, .queue_size = ENTRIES};
	static struct vu_message m;
	const char *why;

	vr_say(r, VU_GET_INFLIGHT_FD, VU_VERSION, &in, sizeof(in), NULL, 0);
	assert_int_equal(vr_read(r), SCMI_OK);
	scmi__vu_message_init(&m);
	assert_int_equal(scmi__vu_receive(r->peer, &m, &why), SCMI_OK);
	assert_true(m.h.request == VU_GET_INFLIGHT_FD && m.h.flags == 5 && m.h.size == sizeof(in) && m.fds_n == 1);
	assert_true(m.u.inflight.mmap_size == 2 * BYTES && m.u.inflight.mmap_offset == 0);
	assert_true(m.u.inflight.queues == 2 && m.u.inflight.queue_size == ENTRIES);
	file = scmi__vu_take_fd(&m, 0);
	scmi__vu_message_done(&m);
	area = mmap(NULL, 2 * BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	assert_ptr_not_equal(area, MAP_FAILED);
}

static uint64_t give_area(struct vu_rig *r, uint16_t queues, uint16_t size, uint64_t bytes, uint64_t offset)
{
	const struct vu_inflight in = {.queues = queues, .queue_size = size, .mmap_size = bytes, .mmap_offset = offset};

	return vr_ask(r, VU_SET_INFLIGHT_FD, &in, sizeof(in), &file, 1);
}

static void run(struct vu_rig *r, uint16_t base)
{
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES, 0), 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, base);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
}

static void open_with_area(struct vu_rig *r)
{
	vr_open(r, ALL);
	vr_begin(r);
	get_area(r);
	run(r, 0);
	r->keep = true;
}

static void close_with_area(struct vu_rig *r)
{
	munmap(area, 2 * BYTES);
	close(file);
	vr_close(r);
}

/* For the front end it is the same: the line breaks, and later somebody is there again. */
static void die_and_come_again(struct vu_rig *r, uint16_t used)
{
	vr_leave(r);
	while (r->held_n != 0)
		vr_answer(r, 0); /* to nobody */
	r->hold = false;
	vr_begin(r);
	run(r, used);
}

static uint16_t word(uint32_t at)
{
	uint16_t w;

	memcpy(&w, area + at, sizeof(w));
	return w;
}

/* ---- what becomes of it ---- */

static void inflight_is_given_out_and_taken_back(void **state)
{
	struct vu_rig *r = &rig;
	struct stat st;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	get_area(r);
	assert_int_equal(fstat(file, &st), 0);
	assert_int_equal(st.st_size, 2 * BYTES);
	assert_int_equal(fcntl(file, F_GET_SEALS) & F_SEAL_SHRINK, F_SEAL_SHRINK);
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES, 0), 0);
	assert_int_equal(give_area(r, 1, ENTRIES, BYTES, BYTES), 0);
	assert_int_equal(give_area(r, 0, ENTRIES, 2 * BYTES, 0), 1);
	assert_int_equal(give_area(r, 3, ENTRIES, 3 * BYTES, 0), 1);
	assert_int_equal(give_area(r, 2, 48, 2 * BYTES, 0), 1);
	assert_int_equal(give_area(r, 2, 512, 2 * BYTES, 0), 1);
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES - 1u, 0), 1);
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES, 8), 1); /* more than the file has */
	assert_int_equal(give_area(r, 1, ENTRIES, BYTES, 4), 1);
	assert_int_equal(give_area(r, 2, ENTRIES, UINT64_MAX, UINT64_MAX), 1);
	vr_leave(r);
	vr_begin(r);
	vr_say(r, VU_GET_INFLIGHT_FD, VU_VERSION, &(struct vu_inflight){.queues = 3, .queue_size = 64}, 24, NULL, 0);
	vr_expect_end(r, "GET_INFLIGHT_FD (31): queues");
	close_with_area(r);
}

static void inflight_notes_what_is_on_its_way(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES, 0), 1); /* it runs */
	r->hold = true;
	vr_command(r, 0);
	vr_command(r, 3);
	assert_int_equal(serve(r), 2);
	assert_int_equal(word(VERSION), 1);
	assert_int_equal(word(VERSION + 2u), ENTRIES);
	assert_true(area[ENTRY(0)] == 1 && area[ENTRY(6)] == 1 && area[ENTRY(2)] == 0);
	assert_true(area[ENTRY(0) + 8u] == 1 && area[ENTRY(6) + 8u] == 2); /* in which order */
	vr_answer(r, 1);
	assert_true(area[ENTRY(0)] == 1 && area[ENTRY(6)] == 0);
	assert_int_equal(word(USED_IDX), 1);
	assert_int_equal(word(LAST), 6);
	close_with_area(r);
}

static void inflight_is_answered_by_the_next(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	r->hold = true;
	for (uint32_t slot = 0; slot < 3; slot++)
		vr_command(r, slot);
	assert_int_equal(serve(r), 3);
	vr_answer(r, 1); /* out of order */
	vr_expect_used(r, CMDQ, 2, 8);
	vr_command(r, 3); /* not taken yet */
	die_and_come_again(r, 1);
	assert_int_equal(r->asked, 3);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_expect_used(r, CMDQ, 4, 8);
	assert_int_equal(vr_status(r, 0), SCMI_GENERIC_ERROR);
	assert_int_equal(vr_status(r, 1), 0);
	assert_int_equal(vr_status(r, 2), SCMI_GENERIC_ERROR);
	assert_int_equal(scmi_get_le32(r->mem + DATA + 2 * SLOT_BYTES + REPLY), scmi_hdr(0x10, 0, 0, 2));
	assert_true(fd_is_readable(r->call[CMDQ], 0));
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 6, 8);
	assert_int_equal(r->asked, 4);
	die_and_come_again(r, 4); /* nothing is owed */
	assert_false(vr_has_used(r, CMDQ));
	close_with_area(r);
}

/* The buffer was back, and we ended before that was noted. */
static void inflight_answers_nothing_twice(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	vr_command(r, 0);
	vr_command(r, 1);
	assert_int_equal(serve(r), 2);
	vr_expect_used(r, CMDQ, 0, 8);
	vr_expect_used(r, CMDQ, 2, 8);
	area[ENTRY(2)] = 1;
	memcpy(area + USED_IDX, &(uint16_t){1}, 2);
	die_and_come_again(r, 2);
	assert_false(vr_has_used(r, CMDQ));
	assert_int_equal(area[ENTRY(2)], 0);
	vr_command(r, 2);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 4, 8);
	close_with_area(r);
}

/* What was left open by a stop is answered with it, and not once more when the ring goes on. */
static void inflight_answers_after_a_stop(void **state)
{
	struct vu_vring_state base = {.index = CMDQ};
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	r->hold = true;
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	vr_say(r, VU_GET_VRING_BASE, VU_VERSION, &base, sizeof(base), NULL, 0);
	while (scmi__vu_session_read(&r->s, 9) == SCMI_E_BUSY)
		(void)usleep(10000);
	vr_expect(r, VU_GET_VRING_BASE, &base, sizeof(base));
	vr_expect_used(r, CMDQ, 0, 8);
	assert_int_equal(vr_status(r, 0), SCMI_GENERIC_ERROR);
	assert_int_equal(area[ENTRY(0)], 0);
	vr_answer(r, 0);
	vr_describe(r, CMDQ, (uint16_t)base.num);
	vr_give_bells(r, CMDQ);
	assert_false(vr_has_used(r, CMDQ));
	close_with_area(r);
}

/* A driver that begins anew is not told of what the last one wanted. */
static void inflight_of_another_driver_is_wiped(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	area[ENTRY(8)] = 1;
	assert_int_equal(vr_ask(r, VU_RESET_DEVICE, NULL, 0, NULL, 0), 0);
	assert_int_equal(area[ENTRY(8)], 0);
	vr_clean(r);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, CMDQ, 1), 0);
	assert_false(vr_has_used(r, CMDQ));
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	close_with_area(r);
}

static void inflight_of_another_size_is_refused(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_with_area(r);
	vr_leave(r);
	area[VERSION] = 2;
	vr_begin(r);
	assert_int_equal(give_area(r, 2, ENTRIES, 2 * BYTES, 0), 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_say(r, VU_SET_VRING_KICK, VU_VERSION, &(uint64_t){VU_RING_NOFD}, 8, NULL, 0);
	vr_expect_end(r, "journal");
	vr_begin(r);
	assert_int_equal(give_area(r, 1, 32, BYTES, 0), 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	vr_describe(r, CMDQ, 0);
	vr_say(r, VU_SET_VRING_KICK, VU_VERSION, &(uint64_t){VU_RING_NOFD}, 8, NULL, 0);
	vr_expect_end(r, "journal: too short");
	close_with_area(r);
}

/* What stands there is the front end's: anything may. */
static void inflight_may_hold_anything(void **state)
{
	struct vu_rig *r = &rig;
	uint32_t random = 1;

	(void)state;
	open_with_area(r);
	for (unsigned round = 0; round < 300; round++) {
		for (uint32_t i = 0; i < BYTES; i++) {
			random = random * 1664525u + 1013904223u;
			area[i] = (unsigned char)(random >> 24);
		}
		memcpy(area + VERSION, &(uint16_t[2]){1, ENTRIES}, 4);
		vr_leave(r);
		vr_clean(r);
		vr_begin(r);
		run(r, 0);
		(void)serve(r);
	}
	assert_int_equal(r->s.torn, 0);
	close_with_area(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inflight_is_given_out_and_taken_back),
		cmocka_unit_test(inflight_notes_what_is_on_its_way),
		cmocka_unit_test(inflight_is_answered_by_the_next),
		cmocka_unit_test(inflight_answers_nothing_twice),
		cmocka_unit_test(inflight_answers_after_a_stop),
		cmocka_unit_test(inflight_of_another_driver_is_wiped),
		cmocka_unit_test(inflight_of_another_size_is_refused),
		cmocka_unit_test(inflight_may_hold_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
