/* SPDX-License-Identifier: BSD-3-Clause */
/* What a front end may say, one request after the other: right, and wrong in each field. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "fds.h"

#define ALL (PROTOCOL | VU_PF_MEM_SLOTS)

static struct vu_rig rig;

/* Without an answer wanted it is one of the session's last words. */
static void expect_end_after(struct vu_rig *r, uint32_t request, const void *payload, uint32_t len, const char *words)
{
	vr_begin(r);
	vr_say(r, request, VU_VERSION, payload, len, NULL, 0);
	vr_expect_end(r, words);
}

/* ---- questions ---- */

static void session_answers_what_it_offers(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	assert_int_equal(vr_get(r, VU_GET_FEATURES), FEATURES | VU_F_PROTOCOL_FEATURES);
	assert_int_equal(vr_get(r, VU_GET_PROTOCOL_FEATURES), ALL);
	assert_int_equal(vr_get(r, VU_GET_QUEUE_NUM), 2);
	assert_int_equal(vr_get(r, VU_GET_MAX_MEM_SLOTS), VU_SLOTS_MAX);
	assert_int_equal(vr_get(r, VU_GET_STATUS), 0);
	vr_say(r, VU_GET_FEATURES, VU_VERSION | VU_NEED_REPLY, NULL, 0, NULL, 0);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_expect(r, VU_GET_FEATURES, &(uint64_t){0}, 8); /* one reply, not two */
	vr_expect_silence(r);
	vr_close(r);
}

static void session_says_no_to_what_it_does_not_offer(void **state)
{
	static const uint32_t requests[] = {0,
					    6,
					    VU_GET_QUEUE_NUM,
					    19,
					    20,
					    22,
					    23,
					    24,
					    25,
					    VU_SET_BACKEND_REQ_FD,
					    VU_RESET_DEVICE,
					    35,
					    VU_ADD_MEM_REG,
					    40,
					    VU_GET_MAX_MEM_SLOTS,
					    VU_GET_INFLIGHT_FD,
					    44,
					    0xffffffff};
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, 0);
	vr_begin(r);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		assert_int_equal(vr_ask(r, requests[i], "123456789", 9, NULL, 0), 1);
	vr_leave(r);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		expect_end_after(r, requests[i], NULL, 0, "not offered");
	vr_close(r);
}

static void session_does_not_reply_unasked(void **state)
{
	const uint64_t features = FEATURES;
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	vr_say(r, VU_SET_OWNER, VU_VERSION, NULL, 0, NULL, 0);
	vr_say(r, VU_SET_FEATURES, VU_VERSION, &features, 8, NULL, 0);
	vr_say(r, VU_SET_PROTOCOL_FEATURES, VU_VERSION, &(uint64_t){VU_PF_MQ}, 8, NULL, 0);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_expect_silence(r);
	assert_int_equal(r->s.features, FEATURES);
	assert_int_equal(r->s.protocol, VU_PF_MQ);
	vr_close(r);
}

/* ---- form ---- */

static const struct {
	uint32_t request;
	uint32_t size;
	bool more; /* may be longer */
	unsigned fds;
} form[] = {
	{VU_GET_FEATURES, 0, false, 0},
	{VU_SET_FEATURES, 8, false, 0},
	{VU_SET_OWNER, 0, false, 0},
	{VU_RESET_OWNER, 0, false, 0},
	{VU_SET_MEM_TABLE, 8, true, 8},
	{VU_SET_VRING_NUM, 8, false, 0},
	{VU_SET_VRING_ADDR, 40, false, 0},
	{VU_SET_VRING_BASE, 8, false, 0},
	{VU_GET_VRING_BASE, 8, false, 0},
	{VU_SET_VRING_KICK, 8, false, 1},
	{VU_SET_VRING_CALL, 8, false, 1},
	{VU_SET_VRING_ERR, 8, false, 1},
	{VU_GET_PROTOCOL_FEATURES, 0, false, 0},
	{VU_SET_PROTOCOL_FEATURES, 8, false, 0},
	{VU_GET_QUEUE_NUM, 0, false, 0},
	{VU_SET_VRING_ENABLE, 8, false, 0},
	{VU_SET_BACKEND_REQ_FD, 0, false, 1},
	{VU_RESET_DEVICE, 0, false, 0},
	{VU_GET_MAX_MEM_SLOTS, 0, false, 0},
	{VU_ADD_MEM_REG, 40, false, 1},
	{VU_REM_MEM_REG, 40, false, 1},
	{VU_SET_STATUS, 8, false, 0},
	{VU_GET_STATUS, 0, false, 0},
};

/* Each request with its payload's size, and one byte less or more; with fds that do not belong to it. */
static void session_refuses_a_wrong_form(void **state)
{
	static const unsigned char payload[64];
	struct vu_rig *r = &rig;
	unsigned before;
	int fds[8];

	(void)state;
	vr_open(r, ALL);
	for (size_t i = 0; i < 8; i++)
		fds[i] = r->memory;
	before = open_fds();
	for (size_t i = 0; i < sizeof(form) / sizeof(form[0]); i++) {
		const uint32_t request = form[i].request;
		const uint32_t size = form[i].size;

		if (size != 0)
			expect_end_after(r, request, payload, size - 1u, "wrong size");
		if (!form[i].more)
			expect_end_after(r, request, payload, size + 1u, "wrong size");
		if (form[i].fds < 8) {
			vr_begin(r);
			vr_say(r, request, VU_VERSION | VU_NEED_REPLY, payload, size, fds, form[i].fds + 1u);
			vr_expect_end(r, "a descriptor where none was to come");
		}
		vr_begin(r);
		vr_say(r, request, VU_VERSION | VU_REPLY, payload, size, NULL, 0);
		vr_expect_end(r, "a reply, to nothing");
	}
	for (uint32_t request = VU_SET_BACKEND_REQ_FD; request != 0;
	     request = request == VU_ADD_MEM_REG ? 0 : VU_ADD_MEM_REG)
		expect_end_after(r, request, payload, request == VU_ADD_MEM_REG ? 40 : 0, "no descriptor");
	assert_int_equal(open_fds(), before);
	vr_close(r);
}

static void session_takes_a_message_byte_by_byte(void **state)
{
	const struct {
		struct vu_header h;
		uint64_t value;
	} __attribute__((packed)) m = {{VU_SET_FEATURES, VU_VERSION | VU_NEED_REPLY, 8}, FEATURES};
	struct vu_rig *r = &rig;
	uint64_t ack = 77;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	for (size_t i = 0; i < sizeof(m); i++) {
		vr_expect_silence(r);
		assert_int_equal(write(r->peer, (const char *)&m + i, 1), 1);
		assert_int_equal(vr_read(r), SCMI_OK);
	}
	vr_expect(r, VU_SET_FEATURES, &ack, 8);
	assert_int_equal(ack, 0);
	assert_int_equal(r->s.features, FEATURES);
	vr_close(r);
}

/* It holds a seat that another waits for. The clock begins with the first byte, and who says nothing has all the time. */
static void session_waits_so_long_for_the_rest_of_a_message(void **state)
{
	const struct vu_header h = {VU_GET_FEATURES, VU_VERSION, 0};
	const uint64_t most_us = 10000000u;
	struct vu_rig *r = &rig;
	uint64_t features;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(vr_read(r), SCMI_OK);
		assert_int_equal(vu_session_ms(&r->s), -1);
		r->fake.now_us += 1000u * most_us;
		assert_int_equal(vr_read(r), SCMI_OK);
		assert_int_equal(write(r->peer, &h, 5), 5);
		assert_int_equal(vr_read(r), SCMI_OK);
		assert_int_equal(vu_session_ms(&r->s), 10000);
		r->fake.now_us += most_us - 1u;
		assert_int_equal(vu_session_ms(&r->s), 1);
		assert_int_equal(write(r->peer, (const char *)&h + 5, 7), 7);
		assert_int_equal(vr_read(r), SCMI_OK);
		vr_expect(r, VU_GET_FEATURES, &features, sizeof(features));
	}
	for (size_t i = 0; i < 10; i++) {
		assert_int_equal(write(r->peer, (const char *)&h + i, 1), 1);
		assert_int_equal(vr_read(r), SCMI_OK);
		r->fake.now_us += most_us / 10u;
	}
	assert_int_equal(vu_session_ms(&r->s), 0);
	assert_int_equal(vr_read(r), SCMI_E_PROTO);
	assert_string_equal(r->s.why, "it has begun a message, and not ended it within 10 seconds");
	vr_leave(r);
	vr_begin(r);
	assert_int_equal(vu_session_ms(&r->s), -1);
	vr_close(r);
}

static void session_sees_that_its_peer_has_gone(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	assert_int_equal(vr_read(r), SCMI_OK);
	assert_int_equal(write(r->peer, "1234567", 7), 7);
	assert_int_equal(vr_read(r), SCMI_OK);
	scmi__fd_close(&r->peer);
	assert_int_equal(vr_read(r), SCMI_E_NOPEER);
	vr_leave(r);
	vr_begin(r);
	vr_say(r, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	scmi__fd_close(&r->peer); /* before it has its answer */
	assert_int_equal(vr_read(r), SCMI_E_NOPEER);
	vr_close(r);
}

static void session_ends_one_that_does_not_read(void **state)
{
	struct vu_rig *r = &rig;
	int err = SCMI_OK;

	(void)state;
	vr_open(r, ALL);
	vr_begin(r);
	for (int i = 0; i < 100000 && err == SCMI_OK; i++) {
		vr_say(r, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
		err = vr_read(r);
	}
	assert_int_equal(err, SCMI_E_PROTO);
	assert_non_null(strstr(r->s.why, "does not read"));
	vr_close(r);
}

/* ---- what is agreed ---- */

static void session_checks_features(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | UINT64_C(1) << 34), 1);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES & ~SCMI_VIRTIO_F_VERSION_1), 1);
	assert_int_equal(r->s.features, 0);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES), 0);
	assert_false(r->s.ring[CMDQ].enabled);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, SCMI_VIRTIO_F_VERSION_1), 0);
	assert_true(r->s.ring[CMDQ].enabled && r->s.ring[EVENTQ].enabled);
	assert_int_equal(vr_ask_u64(r, VU_SET_PROTOCOL_FEATURES, VU_PF_MEM_SLOTS), 1);
	assert_int_equal(vr_ask_u64(r, VU_SET_PROTOCOL_FEATURES, UINT64_C(1) << 14), 1); /* INBAND */
	assert_int_equal(vr_ask_u64(r, VU_SET_PROTOCOL_FEATURES, PROTOCOL), 0);
	vr_leave(r);
	expect_end_after(r, VU_SET_FEATURES, &(uint64_t){1}, 8, "SET_FEATURES (2): no VERSION_1");
	expect_end_after(r, VU_SET_PROTOCOL_FEATURES, &(uint64_t){2}, 8, "not offered");
	vr_close(r);
}

static void session_keeps_a_status(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(vr_ask_u64(r, VU_SET_STATUS, 11), 0);
	assert_int_equal(vr_get(r, VU_GET_STATUS), 11);
	assert_int_equal(vr_ask_u64(r, VU_SET_STATUS, 256), 1);
	assert_true(r->s.attached);
	assert_int_equal(vr_ask_u64(r, VU_SET_STATUS, 0), 0);
	assert_int_equal(vr_get(r, VU_GET_STATUS), 0);
	assert_false(r->s.attached);
	vr_close(r);
}

static void session_keeps_the_channel_to_its_front_end_open(void **state)
{
	struct vu_rig *r = &rig;
	int ends[2];

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
		assert_int_equal(vr_ask(r, VU_SET_BACKEND_REQ_FD, NULL, 0, &ends[1], 1), 0);
		close(ends[1]);
		assert_int_equal(read(ends[0], &(char){0}, 1), -1);
		if (i == 0)
			close(ends[0]);
	}
	vr_leave(r);
	assert_int_equal(read(ends[0], &(char){0}, 1), 0);
	close(ends[0]);
	vr_close(r);
}

/* ---- rings ---- */

static void session_checks_what_is_said_of_rings(void **state)
{
	struct vu_rig *r = &rig;
	struct vu_vring_addr addr = vr_addr(CMDQ);

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	for (uint32_t queue = 0; queue < 2; queue++) {
		assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, queue, 2), 0);
		assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, queue, 256), 0);
		assert_int_equal(vr_ask_state(r, VU_SET_VRING_BASE, queue, 65535), 0);
	}
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, 2, 64), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, 0, 0), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, 0, 1), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, 0, 48), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, 0, 512), 1);
	assert_int_equal(r->s.ring[0].num, 256);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_BASE, 0, 65536), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_BASE, 2, 0), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, 2, 0), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, 0, 2), 1);
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0);
	addr.index = 2;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	addr = vr_addr(0);
	addr.flags = 1;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	addr = vr_addr(0);
	addr.desc += 8;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	addr = vr_addr(0);
	addr.avail += 1;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	addr = vr_addr(0);
	addr.used += 2;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	vr_leave(r);
	expect_end_after(r, VU_GET_VRING_BASE, &(struct vu_vring_state){.index = 2}, 8, "does not have");
	vr_close(r);
}

static void session_checks_bells(void **state)
{
	static const uint32_t requests[] = {VU_SET_VRING_KICK, VU_SET_VRING_CALL, VU_SET_VRING_ERR};
	struct vu_rig *r = &rig;
	unsigned before;
	int bell;

	(void)state;
	vr_open(r, PROTOCOL);
	bell = eventfd(0, EFD_CLOEXEC);
	before = open_fds();
	for (size_t i = 0; i < 3; i++) {
		vr_begin(r);
		assert_int_equal(vr_ask(r, requests[i], &(uint64_t){1}, 8, &bell, 1), 0);
		assert_int_equal(vr_ask(r, requests[i], &(uint64_t){1}, 8, &bell, 1), 0);
		assert_int_equal(vr_ask_u64(r, requests[i], 1 | VU_RING_NOFD), 0);
		assert_int_equal(vr_ask(r, requests[i], &(uint64_t){2}, 8, &bell, 1), 1);
		assert_int_equal(vr_ask(r, requests[i], &(uint64_t){0}, 8, &r->memory, 1), 1);
		vr_leave(r);
		expect_end_after(r, requests[i], &(uint64_t){0}, 8, "no descriptor");
		expect_end_after(r, requests[i], &(uint64_t){3 | VU_RING_NOFD}, 8, "does not have");
		vr_begin(r);
		vr_say(r, requests[i], VU_VERSION, &(uint64_t){VU_RING_NOFD}, 8, &bell, 1);
		vr_expect_end(r, "where none was to come");
		vr_begin(r);
		vr_say(r, requests[i], VU_VERSION, &(uint64_t){0x200}, 8, &bell, 1);
		vr_expect_end(r, "not known");
	}
	assert_int_equal(open_fds(), before);
	close(bell);
	vr_close(r);
}

static void session_lets_nobody_change_a_ring_that_runs(void **state)
{
	struct vu_vring_addr addr = vr_addr(CMDQ);
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, CMDQ, 32), 1);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_BASE, CMDQ, 0), 1);
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 0); /* where it is */
	addr.desc += 16;
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, 40, NULL, 0), 1);
	vr_close(r);
}

/* ---- and in the end ---- */

static void session_leaves_no_descriptor(void **state)
{
	struct vu_rig *r = &rig;
	const unsigned before = open_fds();

	(void)state;
	vr_open_running(r, ALL);
	vr_say(r, VU_SET_BACKEND_REQ_FD, VU_VERSION, NULL, 0, &r->kick[CMDQ], 1);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_say(r, VU_ADD_MEM_REG, VU_VERSION, NULL, 0, &r->memory, 1); /* not read */
	vr_close(r);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_answers_what_it_offers),
		cmocka_unit_test(session_says_no_to_what_it_does_not_offer),
		cmocka_unit_test(session_does_not_reply_unasked),
		cmocka_unit_test(session_refuses_a_wrong_form),
		cmocka_unit_test(session_takes_a_message_byte_by_byte),
		cmocka_unit_test(session_waits_so_long_for_the_rest_of_a_message),
		cmocka_unit_test(session_sees_that_its_peer_has_gone),
		cmocka_unit_test(session_ends_one_that_does_not_read),
		cmocka_unit_test(session_checks_features),
		cmocka_unit_test(session_keeps_a_status),
		cmocka_unit_test(session_keeps_the_channel_to_its_front_end_open),
		cmocka_unit_test(session_checks_what_is_said_of_rings),
		cmocka_unit_test(session_checks_bells),
		cmocka_unit_test(session_lets_nobody_change_a_ring_that_runs),
		cmocka_unit_test(session_leaves_no_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
