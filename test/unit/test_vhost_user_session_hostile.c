/* SPDX-License-Identifier: BSD-3-Clause */
/* Front ends that harm: memory that goes, doorbells that never stop or that nobody could ring without waiting. */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include "../../transports/vhost_user/session_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "fds.h"
#include "no_aio.h"

static struct vu_rig rig;
static struct vu_rig other;

static int serve(struct vu_rig *r)
{
	return scmi__vu_session_serve(&r->s, 16, true);
}

static void expect_served(struct vu_rig *r, uint32_t slot)
{
	vr_command(r, slot);
	assert_int_equal(serve(r), 1);
	vr_expect_used(r, CMDQ, 2u * slot, 8);
}

/* ---- memory that goes ---- */

static void expect_torn(struct vu_rig *r)
{
	assert_int_equal(r->s.torn, 1);
	assert_non_null(strstr(r->s.why, "cut short"));
	vr_leave(r);
	assert_int_equal(ftruncate(r->memory, OFFSET + MEM_BYTES), 0); /* for the test's own mapping */
}

static void session_survives_memory_that_is_cut_short(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	vr_open_running(&other, PROTOCOL);
	expect_served(r, 0);
	vr_command(r, 1);
	assert_int_equal(ftruncate(r->memory, 0), 0);
	assert_int_equal(serve(r), SCMI_E_PROTO);
	expect_torn(r);
	expect_served(&other, 0);
	vr_begin(r); /* it may come again */
	assert_int_equal(r->s.torn, 0);
	vr_close(r);
	vr_close(&other);
}

/* The command has been taken, its answer comes when there is nothing left to write to. */
static void session_survives_memory_that_goes_under_an_answer(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	r->hold = true;
	vr_command(r, 0);
	assert_int_equal(serve(r), 1);
	assert_int_equal(ftruncate(r->memory, 0), 0);
	scmi__event_lower(r->wake);
	atomic_store(&r->s.again, 0u);
	vr_answer(r, 0);
	assert_int_equal(r->s.torn, 1);
	assert_int_equal(vr_read(r), SCMI_E_PROTO);
	expect_torn(r);
	vr_close(r);
}

/* Only what is touched goes: the half with the rings is still there. */
static void session_survives_half_of_its_memory(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open_running(r, PROTOCOL);
	vr_event(r, 0);
	assert_int_equal(ftruncate(r->memory, OFFSET + HALF), 0);
	expect_served(r, 0);
	assert_int_equal(r->s.torn, 0);
	(void)vr_send(r);
	assert_int_equal(serve(r), SCMI_E_PROTO);
	expect_torn(r);
	vr_close(r);
}

/* ---- rings ---- */

static void session_tells_of_a_ring_that_lies(void **state)
{
	struct vu_rig *r = &rig;
	struct ring_avail *avail;

	(void)state;
	vr_open_running(r, PROTOCOL);
	avail = (struct ring_avail *)(void *)(r->mem + 0x1000u);
	assert_false(fd_is_readable(r->err[CMDQ], 0));
	ring_store16_release(&avail->idx, ENTRIES + 1u);
	assert_int_equal(serve(r), 0);
	assert_true(fd_is_readable(r->err[CMDQ], 0));
	assert_int_equal(serve(r), 0);
	assert_int_equal(vr_stop(r, CMDQ), 0);
	assert_int_equal(vr_stop(r, EVENTQ), 0);
	vr_clean(r);
	vr_describe(r, CMDQ, 0);
	vr_give_bells(r, CMDQ);
	expect_served(r, 0);
	vr_close(r);
}

static void session_ends_one_that_rings_for_ever(void **state)
{
	struct vu_rig *r = &rig;
	unsigned rings = 0;

	(void)state;
	vr_open_running(r, PROTOCOL);
	for (unsigned i = 0; i < 40000; i++)
		assert_int_equal(serve(r), 0);
	expect_served(r, 0); /* as if nothing had been */
	for (unsigned i = 0; i < 40000; i++)
		assert_int_equal(serve(r), 0);
	vr_event(r, 0);
	assert_int_equal(vr_send(r), SCMI_OK); /* a doorbell for events has something behind it, too */
	for (unsigned i = 0; i < 100000; i++)
		assert_int_equal(scmi__vu_session_serve(&r->s, 16, false), 0); /* these are not its doing */
	while (serve(r) == 0)
		rings++;
	assert_int_equal(rings, 65536);
	assert_non_null(strstr(r->s.why, "without end"));
	vr_close(r);
}

/* ---- doorbells that could make us wait ---- */

static uint64_t give(struct vu_rig *r, uint32_t request, int fd)
{
	return vr_ask(r, request, &(uint64_t){CMDQ}, 8, &fd, 1);
}

/* Only root can be somebody else. */
static void open_strangers(struct vu_rig *r)
{
	if (geteuid() != 0)
		skip();
	vr_open(r, PROTOCOL);
	r->uid = 1;
	vr_run(r);
	assert_true(r->s.careful && r->ringer.ready >= 0);
}

static void fill(int bell)
{
	const uint64_t full = UINT64_MAX - 1u;
	uint64_t n = 0;

	assert_int_equal(read(bell, &n, sizeof(n)), sizeof(n)); /* it has been rung when it was given */
	assert_int_equal(write(bell, &full, sizeof(full)), sizeof(full));
}

/* Full, and to wait in: a plain write would never return. */
static void session_rings_a_strangers_eventfd_that_is_full(void **state)
{
	struct vu_rig *r = &rig;
	const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	(void)state;
	open_strangers(r);
	assert_int_equal(give(r, VU_SET_VRING_CALL, bell), 0);
	fill(bell);
	assert_int_equal(fcntl(bell, F_SETFL, 0), 0);
	expect_served(r, 0);
	expect_served(r, 1);
	close(bell);
	vr_close(r);
}

/* Our own user's gets no such care: there is nothing to open for it. How it reads is left to it. */
static void session_rings_its_own_users_eventfd_by_a_write(void **state)
{
	struct vu_rig *r = &rig;
	const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	const int blocks = eventfd(0, EFD_CLOEXEC);

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_true(!r->s.careful && r->ringer.ready < 0);
	assert_int_equal(give(r, VU_SET_VRING_CALL, bell), 0);
	fill(bell);
	expect_served(r, 0);
	expect_served(r, 1);
	assert_int_equal(give(r, VU_SET_VRING_CALL, blocks), 0);
	expect_served(r, 2);
	assert_int_equal(fcntl(blocks, F_GETFL) & O_NONBLOCK, 0);
	close(blocks);
	close(bell);
	vr_close(r);
}

static void expect_rings(struct vu_rig *r)
{
	const int bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	uint64_t n = 0;

	assert_int_equal(give(r, VU_SET_VRING_CALL, bell), 0);
	for (unsigned i = 1; i < 5000; i++) /* the first one is for what may have been before */
		scmi__vu_call(&r->s, CMDQ);
	assert_int_equal(read(bell, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 5000);
	close(bell);
	vr_close(r);
}

static void session_rings_an_eventfd_as_often_as_it_has_to(void **state)
{
	(void)state;
	vr_open_running(&rig, PROTOCOL);
	expect_rings(&rig);
}

static void session_rings_a_strangers_eventfd_as_often_as_it_has_to(void **state)
{
	(void)state;
	open_strangers(&rig);
	expect_rings(&rig);
}

/* A seat is sat in by one, then by another. */
static void session_looks_whose_each_front_end_is(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	open_strangers(r);
	vr_leave(r);
	r->uid = geteuid();
	vr_begin(r);
	(void)vr_get(r, VU_GET_FEATURES);
	assert_false(r->s.careful);
	vr_leave(r);
	r->uid = 1;
	vr_begin(r);
	(void)vr_get(r, VU_GET_FEATURES);
	assert_true(r->s.careful);
	vr_close(r);
}

/*
 * Whoever has made the line: who speaks first counts, and to the end. One who spoke before it was asked might be
 * anybody.
 */
static void session_looks_who_speaks_first(void **state)
{
	static const unsigned char owner[12] = {VU_SET_OWNER, 0, 0, 0, VU_VERSION};
	struct vu_rig *r = &rig;
	int ends[2];

	(void)state;
	vr_open(r, PROTOCOL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	r->peer = ends[0];
	assert_int_equal(write(r->peer, owner, 1), 1);
	scmi__vu_session_begin(&r->s, ends[1]);
	assert_int_equal(write(r->peer, owner + 1, sizeof(owner) - 1u), sizeof(owner) - 1u); /* that comes too late */
	(void)vr_get(r, VU_GET_FEATURES);
	assert_true(r->s.careful);
	vr_leave(r);
	vr_begin(r);
	assert_int_equal(write(r->peer, "\1", 1), 1); /* a byte is enough */
	assert_int_equal(vr_read(r), SCMI_OK);
	assert_false(r->s.careful);
	vr_leave(r);
	if (geteuid() == 0) {
		vr_begin(r);
		(void)vr_get(r, VU_GET_FEATURES);
		r->uid = 1;
		(void)vr_get(r, VU_GET_FEATURES);
		assert_false(r->s.careful);
		r->uid = 0;
	}
	vr_close(r);
}

/* Names take no descriptor's room: the first message may have as many as any. */
static void session_takes_a_first_message_with_descriptors(void **state)
{
	struct vu_rig *r = &rig;

	(void)state;
	vr_open(r, PROTOCOL);
	vr_begin(r);
	assert_int_equal(vr_give_memory(r), 0);
	assert_false(r->s.careful);
	vr_close(r);
}

enum { SENT_AWAY = 10, STAYS };

/* One whom nobody has expected, when there is nothing left to ring him with. */
static int be_a_stranger(void)
{
	struct vu_rig *r = &rig;
	int err;

	vr_open(r, PROTOCOL);
	r->uid = 1;
	vr_begin(r);
	vr_say(r, VU_SET_OWNER, VU_VERSION, NULL, 0, NULL, 0);
	err = vr_read(r);
	if (err == SCMI_E_PROTO && strstr(r->s.why, "fs.aio-max-nr") != NULL)
		return SENT_AWAY;
	return err == SCMI_OK && r->s.careful ? STAYS : 0;
}

static void session_ends_a_stranger_that_it_could_not_ring(void **state)
{
	const int is = geteuid() == 0 ? without_aio(SYS_io_setup, EAGAIN, be_a_stranger) : NO_AIO_SKIP;

	(void)state;
	if (is == NO_AIO_SKIP)
		skip();
	assert_int_equal(is, SENT_AWAY);
	assert_int_equal(without_aio(SYS_io_setup, ENOSYS, be_a_stranger), STAYS);
}

/* The same where the kernel has nothing better. */
static void session_rings_by_a_write_where_it_must(void **state)
{
	const uint64_t full = UINT64_MAX - 1u;
	struct vu_rig *r = &rig;
	const int bell = eventfd(0, EFD_CLOEXEC);
	uint64_t n = 0;

	(void)state;
	open_strangers(r);
	scmi__ringer_close(&r->ringer);
	assert_int_equal(give(r, VU_SET_VRING_CALL, bell), 0);
	scmi__vu_call(&r->s, CMDQ);
	assert_int_equal(read(bell, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 2);
	assert_int_equal(write(bell, &full, sizeof(full)), sizeof(full));
	assert_int_equal(fcntl(bell, F_SETFL, 0), 0);
	scmi__vu_call(&r->s, CMDQ);
	close(bell);
	vr_close(r);
}

/* Eight bytes a call, as UML reads them; and when there is no more room, none. */
static void session_rings_a_pipe(void **state)
{
	struct vu_rig *r = &rig;
	unsigned char bytes[8192];
	int ends[2];

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	assert_int_equal(give(r, VU_SET_VRING_CALL, ends[1]), 0);
	assert_int_equal(read(r->call[CMDQ], bytes, 8), -1); /* replaced */
	expect_served(r, 0);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 16); /* when it was given, and for that */
	assert_int_equal(bytes[0] | bytes[7], 1);
	for (unsigned i = 0; i < 70000; i++)
		scmi__vu_call(&r->s, CMDQ);
	close(ends[0]);
	scmi__vu_call(&r->s, CMDQ); /* and nobody dies of it */
	scmi__vu_call(&r->s, CMDQ);
	close(ends[1]);
	vr_close(r);
}

/* A guest's doorbell that nobody reads would fill up. */
static void session_empties_a_pipe_that_rings_it(void **state)
{
	static const unsigned char bytes[4096];
	struct vu_rig *r = &rig;
	int ends[2];

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 4096);
	assert_int_equal(give(r, VU_SET_VRING_KICK, ends[0]), 0);
	close(ends[0]);
	for (unsigned i = 0; i < 3; i++) {
		struct pollfd p = {.fd = ends[1], .events = POLLOUT};

		assert_int_equal(poll(&p, 1, 0), 1);
		assert_int_equal(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
		expect_served(r, i);
	}
	expect_served(r, 3); /* to find it empty does not make it wait */
	close(ends[1]);
	vr_close(r);
}

/* What Linux as a guest calls a pipe. */
static void session_rings_a_pair_of_sockets(void **state)
{
	struct vu_rig *r = &rig;
	unsigned char bytes[4096] = {0};
	int ends[2];
	int kick[2];

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, kick), 0);
	assert_int_equal(write(ends[0], bytes, sizeof(bytes)), sizeof(bytes)); /* nobody will read that */
	assert_int_equal(give(r, VU_SET_VRING_CALL, ends[1]), 0);
	assert_int_equal(recv(ends[1], bytes, 1, MSG_DONTWAIT), 0);
	assert_int_equal(send(ends[0], bytes, 1, MSG_DONTWAIT | MSG_NOSIGNAL), -1); /* nor anything more */
	assert_int_equal(give(r, VU_SET_VRING_KICK, kick[1]), 0);
	assert_int_equal(write(kick[0], bytes, sizeof(bytes)), sizeof(bytes));
	expect_served(r, 0);
	assert_int_equal(read(ends[0], bytes, sizeof(bytes)), 16); /* when it was given, and for that */
	assert_int_equal(bytes[0] | bytes[7], 1);
	assert_int_equal(recv(kick[1], bytes, 1, MSG_DONTWAIT), -1); /* it was emptied */
	close(kick[0]);
	close(kick[1]);
	for (unsigned i = 0; i < 70000; i++)
		scmi__vu_call(&r->s, CMDQ);
	close(ends[0]);
	scmi__vu_call(&r->s, CMDQ);
	close(ends[1]);
	vr_close(r);
}

/* As a front end's end of its line is: a socket that leads to a name. The caller's. */
static int dial_a_name(void)
{
	const struct sockaddr_un any = {.sun_family = AF_UNIX};
	struct sockaddr_un name = any;
	socklen_t len = sizeof(name);
	const int at = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int line = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(at, (const struct sockaddr *)&any, sizeof(any.sun_family)), 0); /* the kernel finds one */
	assert_int_equal(listen(at, 1), 0);
	assert_int_equal(getsockname(at, (struct sockaddr *)&name, &len), 0);
	assert_int_equal(connect(line, (const struct sockaddr *)&name, len), 0);
	close(at);
	return line;
}

/* To ring or to empty a pipe that has a name cannot be done without the danger of a wait. The caller's. */
static int open_fifo(void)
{
	char folder[] = "/tmp/scmi-unit-XXXXXX";
	char path[sizeof(folder) + 2];
	int fifo;

	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/f", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	fifo = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fifo >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
	return fifo;
}

static void session_takes_no_pipe_with_a_name(void **state)
{
	struct vu_rig *r = &rig;
	const int fifo = open_fifo();

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(give(r, VU_SET_VRING_KICK, fifo), 1);
	assert_int_equal(give(r, VU_SET_VRING_CALL, fifo), 1);
	assert_int_equal(give(r, VU_SET_VRING_ERR, fifo), 1);
	assert_int_equal(vr_ask(r, VU_SET_BACKEND_REQ_FD, NULL, 0, &fifo, 1), 1);
	close(fifo);
	vr_close(r);
}

static void session_takes_nothing_else_for_a_bell(void **state)
{
	struct vu_rig *r = &rig;
	const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	const int line = dial_a_name();

	(void)state;
	vr_open_running(r, PROTOCOL);
	assert_int_equal(give(r, VU_SET_VRING_KICK, null), 1);
	assert_int_equal(give(r, VU_SET_VRING_KICK, r->memory), 1);
	assert_int_equal(give(r, VU_SET_VRING_CALL, line), 1); /* it would keep its own line open */
	assert_int_equal(vr_ask(r, VU_SET_BACKEND_REQ_FD, NULL, 0, &line, 1), 1);
	assert_int_equal(give(r, VU_SET_VRING_KICK, r->kick[CMDQ]), 0);
	close(null);
	close(line);
	vr_close(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(session_survives_memory_that_is_cut_short),
		cmocka_unit_test(session_survives_memory_that_goes_under_an_answer),
		cmocka_unit_test(session_survives_half_of_its_memory),
		cmocka_unit_test(session_tells_of_a_ring_that_lies),
		cmocka_unit_test(session_ends_one_that_rings_for_ever),
		cmocka_unit_test(session_rings_a_strangers_eventfd_that_is_full),
		cmocka_unit_test(session_rings_its_own_users_eventfd_by_a_write),
		cmocka_unit_test(session_rings_an_eventfd_as_often_as_it_has_to),
		cmocka_unit_test(session_rings_a_strangers_eventfd_as_often_as_it_has_to),
		cmocka_unit_test(session_looks_whose_each_front_end_is),
		cmocka_unit_test(session_looks_who_speaks_first),
		cmocka_unit_test(session_takes_a_first_message_with_descriptors),
		cmocka_unit_test(session_ends_a_stranger_that_it_could_not_ring),
		cmocka_unit_test(session_rings_by_a_write_where_it_must),
		cmocka_unit_test(session_rings_a_pipe),
		cmocka_unit_test(session_empties_a_pipe_that_rings_it),
		cmocka_unit_test(session_rings_a_pair_of_sockets),
		cmocka_unit_test(session_takes_no_pipe_with_a_name),
		cmocka_unit_test(session_takes_nothing_else_for_a_bell),
	};

	vr_note_guard();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
