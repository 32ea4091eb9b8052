/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole messages over a stream that cuts them anywhere, with the descriptors that belong to them. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../transports/vhost_user/message.h"
#include "fds.h"

#define VALUE UINT64_C(0x1122334455667788)

struct line {
	int ours;
	int theirs;
	int pushed;   /* the last descriptor that push() sends; -1: as the others */
	unsigned fds; /* open when it was made */
	struct vu_message m;
	const char *why;
};

static struct line line;

static void open_line(struct line *l)
{
	int ends[2];

	memset(l, 0xa5, sizeof(*l));
	l->fds = open_fds();
	l->why = NULL;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	l->ours = ends[0];
	l->theirs = ends[1];
	l->pushed = -1;
	scmi__vu_message_init(&l->m);
}

/* Nothing is left open. */
static void close_line(struct line *l)
{
	scmi__vu_message_done(&l->m);
	scmi__fd_close(&l->ours);
	scmi__fd_close(&l->theirs);
	assert_int_equal(open_fds(), l->fds);
}

static int receive(struct line *l)
{
	return scmi__vu_receive(l->ours, &l->m, &l->why);
}

static int say(struct line *l, const void *bytes, uint32_t len, const int *fds, unsigned n)
{
	return scmi__vu_send(l->theirs, VU_SET_FEATURES, VU_VERSION | VU_NEED_REPLY, bytes, len, fds, n, 0);
}

/* Raw bytes, with descriptors if any. */
static void push(struct line *l, const void *bytes, size_t len, unsigned fds_n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};
	int fds[16];

	for (unsigned i = 0; i < fds_n; i++)
		fds[i] = l->pushed >= 0 && i + 1u == fds_n ? l->pushed : l->theirs;
	memset(&control, 0, sizeof(control));
	if (fds_n != 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(fds_n * sizeof(int));
		control.align = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(fds_n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.align), fds, fds_n * sizeof(int));
	}
	assert_int_equal(sendmsg(l->theirs, &m, 0), (ssize_t)len);
}

static void push_header(struct line *l, uint32_t flags, uint32_t size, unsigned fds_n)
{
	const struct vu_header h = {.request = VU_SET_FEATURES, .flags = flags, .size = size};

	push(l, &h, sizeof(h), fds_n);
}

/* ---- what comes ---- */

static void message_comes_whole(void **state)
{
	const uint64_t value = VALUE;
	struct line *l = &line;

	(void)state;
	open_line(l);
	assert_int_equal(receive(l), SCMI_E_BUSY);
	assert_int_equal(say(l, &value, sizeof(value), NULL, 0), SCMI_OK);
	assert_int_equal(say(l, NULL, 0, NULL, 0), SCMI_OK);
	assert_int_equal(receive(l), SCMI_OK);
	assert_int_equal(l->m.h.request, VU_SET_FEATURES);
	assert_int_equal(l->m.h.flags, 9);
	assert_int_equal(l->m.h.size, 8);
	assert_true(l->m.u.u64 == VALUE && l->m.fds_n == 0);
	scmi__vu_message_done(&l->m);
	assert_int_equal(receive(l), SCMI_OK);
	assert_int_equal(l->m.h.size, 0);
	assert_true(l->m.u.u64 == 0); /* nothing of the one before */
	scmi__vu_message_done(&l->m);
	assert_int_equal(receive(l), SCMI_E_BUSY);
	close_line(l);
}

static void message_comes_byte_by_byte(void **state)
{
	unsigned char bytes[20] = {0};
	struct line *l = &line;

	(void)state;
	open_line(l);
	memcpy(bytes, &(struct vu_header){VU_SET_FEATURES, VU_VERSION, 8}, 12);
	memcpy(bytes + 12, &(uint64_t){VALUE}, 8);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(receive(l), SCMI_E_BUSY);
		push(l, &bytes[i], 1, i == 0 ? 2 : 0);
	}
	assert_int_equal(receive(l), SCMI_OK);
	assert_true(l->m.u.u64 == VALUE);
	assert_int_equal(l->m.fds_n, 2);
	close_line(l);
}

static void message_brings_descriptors(void **state)
{
	struct line *l = &line;
	int fds[VU_FDS_MAX];
	int fd;

	(void)state;
	open_line(l);
	for (unsigned i = 0; i < VU_FDS_MAX; i++)
		fds[i] = l->theirs;
	assert_int_equal(say(l, NULL, 0, fds, VU_FDS_MAX), SCMI_OK);
	assert_int_equal(say(l, NULL, 0, fds, 1), SCMI_OK); /* not of the first */
	assert_int_equal(receive(l), SCMI_OK);
	assert_int_equal(l->m.fds_n, VU_FDS_MAX);
	fd = scmi__vu_take_fd(&l->m, 3);
	assert_true(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
	assert_int_equal(scmi__vu_take_fd(&l->m, 3), -1);
	assert_int_equal(scmi__vu_take_fd(&l->m, VU_FDS_MAX), -1);
	scmi__vu_message_done(&l->m);
	assert_int_not_equal(fcntl(fd, F_GETFD), -1); /* the taker's */
	close(fd);
	assert_int_equal(receive(l), SCMI_OK);
	assert_int_equal(l->m.fds_n, 1);
	close_line(l);
}

static void message_of_the_largest_size_comes(void **state)
{
	unsigned char bytes[VU_PAYLOAD_MAX];
	struct line *l = &line;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7u);
	open_line(l);
	assert_int_equal(say(l, bytes, sizeof(bytes), NULL, 0), SCMI_OK);
	assert_int_equal(receive(l), SCMI_OK);
	assert_memory_equal(l->m.u.bytes, bytes, sizeof(bytes));
	close_line(l);
}

/* ---- what breaks the rules ---- */

static void expect_fault(struct line *l, const char *words)
{
	assert_int_equal(receive(l), SCMI_E_PROTO);
	assert_non_null(l->why);
	assert_non_null(strstr(l->why, words));
	close_line(l);
}

static void message_breaks_rules(void **state)
{
	struct line *l = &line;

	(void)state;
	for (uint32_t version = 0; version < 4; version++) {
		open_line(l);
		push_header(l, version, 0, 3);
		if (version != 1) {
			expect_fault(l, "version");
			continue;
		}
		assert_int_equal(receive(l), SCMI_OK);
		close_line(l);
	}
	for (uint32_t bit = 4; bit < 32; bit++) {
		open_line(l);
		push_header(l, VU_VERSION | UINT32_C(1) << bit, 0, 0);
		expect_fault(l, "flags");
	}
	open_line(l);
	push_header(l, VU_VERSION, VU_PAYLOAD_MAX + 1u, 0);
	expect_fault(l, "4096");
	open_line(l);
	push_header(l, VU_VERSION, UINT32_MAX, 0);
	expect_fault(l, "4096");
}

static void message_with_too_many_descriptors_is_refused(void **state)
{
	const struct vu_header h = {.request = VU_SET_FEATURES, .flags = VU_VERSION};
	struct line *l = &line;

	(void)state;
	open_line(l);
	push_header(l, VU_VERSION, 0, 9);
	expect_fault(l, "more than 8 descriptors");
	open_line(l);
	push_header(l, VU_VERSION, 0, 16);
	expect_fault(l, "more than 8 descriptors");
	open_line(l);
	push(l, &h, 4, 8); /* two of them, the header cut */
	push(l, (const char *)&h + 4, 8, 1);
	expect_fault(l, "more than 8 descriptors");
}

/* One that waits when it is closed would hold up who closes it: the one that is kept, and one that is too many. */
static void message_closes_what_would_linger(void **state)
{
	const struct linger on = {.l_onoff = 1, .l_linger = 20};
	struct line *l = &line;

	(void)state;
	for (unsigned n = 1; n <= 16; n += 15) {
		struct linger now = on;
		socklen_t len = sizeof(now);

		open_line(l);
		l->pushed = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(setsockopt(l->pushed, SOL_SOCKET, SO_LINGER, &on, sizeof(on)), 0);
		push_header(l, VU_VERSION, 0, n);
		assert_int_equal(receive(l), n == 1 ? SCMI_OK : SCMI_E_PROTO);
		scmi__vu_message_done(&l->m);
		assert_int_equal(getsockopt(l->pushed, SOL_SOCKET, SO_LINGER, &now, &len), 0);
		assert_int_equal(now.l_onoff, 0);
		scmi__fd_close(&l->pushed);
		close_line(l);
	}
}

static void message_with_descriptors_behind_its_header_is_refused(void **state)
{
	struct line *l = &line;

	(void)state;
	open_line(l);
	push_header(l, VU_VERSION, 8, 0);
	push(l, "12345678", 8, 1);
	expect_fault(l, "behind");
}

static void message_with_descriptors_that_have_no_room_is_refused(void **state)
{
	static struct fd_hog hog;
	struct line *l = &line;

	(void)state;
	open_line(l);
	push_header(l, VU_VERSION, 0, 3);
	fd_hog_all_but(&hog, 1);
	assert_int_equal(receive(l), SCMI_E_PROTO);
	fd_hog_end(&hog);
	assert_non_null(strstr(l->why, "descriptors"));
	close_line(l);
}

static void message_that_never_ends_is_of_one_who_has_gone(void **state)
{
	struct line *l = &line;

	(void)state;
	open_line(l);
	scmi__fd_close(&l->theirs);
	assert_int_equal(receive(l), SCMI_E_NOPEER);
	close_line(l);
	open_line(l);
	push_header(l, VU_VERSION, 8, 0);
	push(l, "1234567", 7, 0);
	scmi__fd_close(&l->theirs);
	assert_int_equal(receive(l), SCMI_E_NOPEER);
	close_line(l);
}

/* ---- sending ---- */

static void message_is_not_sent_where_nobody_reads(void **state)
{
	unsigned char bytes[VU_PAYLOAD_MAX] = {0};
	struct line *l = &line;
	int err = SCMI_OK;

	(void)state;
	open_line(l);
	for (unsigned i = 0; i < 10000 && err == SCMI_OK; i++)
		err = say(l, bytes, sizeof(bytes), NULL, 0);
	assert_int_equal(err, SCMI_E_NOPEER);
	assert_int_equal(scmi__vu_send(l->theirs, 1, 1, bytes, sizeof(bytes), NULL, 0, scmi__now_us() + 2000u),
			 SCMI_E_NOPEER);
	close_line(l);
	open_line(l);
	scmi__fd_close(&l->ours);
	assert_int_equal(say(l, bytes, 8, NULL, 0), SCMI_E_NOPEER); /* and no signal */
	close_line(l);
}

static void message_too_large_is_not_sent(void **state)
{
	static const unsigned char bytes[VU_PAYLOAD_MAX + 1u];
	const int fds[9] = {0};
	struct line *l = &line;

	(void)state;
	open_line(l);
	assert_int_equal(say(l, bytes, sizeof(bytes), NULL, 0), SCMI_E_NOPEER);
	assert_int_equal(say(l, NULL, 0, fds, 9), SCMI_E_NOPEER);
	assert_int_equal(receive(l), SCMI_E_BUSY);
	close_line(l);
}

static void message_has_a_name(void **state)
{
	(void)state;
	assert_string_equal(scmi__vu_name(VU_SET_MEM_TABLE), "SET_MEM_TABLE");
	assert_string_equal(scmi__vu_name(VU_GET_STATUS), "GET_STATUS");
	assert_string_equal(scmi__vu_name(0), "a request that is not known");
	assert_string_equal(scmi__vu_name(19), "a request that is not known");
	assert_string_equal(scmi__vu_name(VU_REQUESTS), "a request that is not known");
	assert_string_equal(scmi__vu_name(UINT32_MAX), "a request that is not known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_comes_whole),
		cmocka_unit_test(message_comes_byte_by_byte),
		cmocka_unit_test(message_brings_descriptors),
		cmocka_unit_test(message_of_the_largest_size_comes),
		cmocka_unit_test(message_breaks_rules),
		cmocka_unit_test(message_with_too_many_descriptors_is_refused),
		cmocka_unit_test(message_closes_what_would_linger),
		cmocka_unit_test(message_with_descriptors_behind_its_header_is_refused),
		cmocka_unit_test(message_with_descriptors_that_have_no_room_is_refused),
		cmocka_unit_test(message_that_never_ends_is_of_one_who_has_gone),
		cmocka_unit_test(message_is_not_sent_where_nobody_reads),
		cmocka_unit_test(message_too_large_is_not_sent),
		cmocka_unit_test(message_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
