/* SPDX-License-Identifier: BSD-3-Clause */
/* "vhost-user:" for platforms: its keys, its name, a socket of somebody else's, users; and who holds a seat in vain. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../transports/carrier/carrier.h"
#include "fds.h"
#include "no_aio.h"
#include "vhost_listen_rig.h"

#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

#define NOBODY 65534u

static int test_begin(void **state)
{
	(void)state;
	lines_begin();
	return 0;
}

static int test_end(void **state)
{
	(void)state;
	lines_end();
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

/* ---- a socket of somebody else's ---- */

static int listening(int type)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(a.sun_path, rig_path(), strlen(rig_path()));
	assert_int_equal(bind(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	if (type != SOCK_DGRAM)
		assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static const char *uri_of_fd(int fd, const char *keys)
{
	static char uri[100];

	(void)snprintf(uri, sizeof(uri), "fd=%d%s", fd, keys);
	return uri;
}

/* Whether a message with as many descriptors as may be is answered. */
static bool takes_eight(struct front *f)
{
	struct vu_memory m = {.n = VU_REGIONS_MAX};
	int fds[VU_REGIONS_MAX];
	uint64_t ack;

	for (uint32_t i = 0; i < VU_REGIONS_MAX; i++) {
		m.region[i] = (struct vu_region){.guest = FRONT_GUEST + i * UINT64_C(0x10000000),
						 .size = FRONT_BYTES,
						 .user = FRONT_USER + i * UINT64_C(0x10000000)};
		fds[i] = f->memory;
	}
	front_send(f, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &m, sizeof(m), fds, VU_REGIONS_MAX);
	return front_reply(f, VU_SET_MEM_TABLE, &ack, sizeof(ack)) && ack == 0;
}

/* Who makes the socket may ask for each sender's name: that is to take no descriptor's room, nor to leave one open. */
static void a_socket_that_passes_names_is_taken(void **state)
{
	static const int options[] = {SO_PASSCRED, SO_PASSPIDFD};
	const int fd = listening(SOCK_STREAM);
	const unsigned before = open_fds();
	const int on = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		struct place *p;
		struct front f;

		(void)setsockopt(fd, SOL_SOCKET, options[i], &on, sizeof(on)); /* or an older kernel */
		p = place_running(uri_of_fd(fd, ",agents=1"));
		assert_true(front_connect(&f));
		front_up(&f);
		assert_true(front_ask(&f) && takes_eight(&f));
		place_close(p);
		front_leave(&f);
		assert_int_equal(open_fds(), before);
	}
	assert_int_equal(unlink(rig_path()), 0);
	close(fd);
}

/* Memory comes as descriptors. */
static void a_socket_that_lets_no_descriptors_through_is_taken(void **state)
{
	const int fd = listening(SOCK_STREAM);
	struct place *p;
	struct front f;

	(void)state;
	scmi__want_descriptors(fd, false);
	p = place_running(uri_of_fd(fd, ",agents=1"));
	assert_true(front_connect(&f));
	front_up(&f);
	assert_true(front_ask(&f));
	front_leave(&f);
	place_close(p);
	assert_int_equal(unlink(rig_path()), 0);
	close(fd);
}

static void a_socket_that_is_there_is_taken(void **state)
{
	const int fd = listening(SOCK_STREAM);
	const unsigned before = open_fds();

	(void)state;
	for (unsigned i = 0; i < 2; i++) { /* the socket outlives who has it */
		struct place *p = place_open(uri_of_fd(fd, ",agents=1"));
		struct front f;

		assert_non_null(p);
		place_run(p);
		assert_true(front_connect(&f));
		front_up(&f);
		assert_true(front_ask(&f));
		place_close(p);
		assert_true(front_is_cut(&f));
		front_leave(&f);
		assert_int_equal(open_fds(), before);
	}
	assert_int_equal(unlink(rig_path()), 0); /* it is still there */
	close(fd);
}

static void refuse(const char *rest, int err, const char *sentence)
{
	if (place_open(rest) != NULL)
		fail_msg("%s: taken", rest);
	assert_int_equal(rig_err, err);
	if (strstr(rig_why, sentence) == NULL)
		fail_msg("%s: \"%s\", not \"%s\"", rest, rig_why, sentence);
}

static void what_is_no_such_socket_is_refused(void **state)
{
	static const char sentence[] = "a Unix stream socket that is listened at is wanted";
	const unsigned before = open_fds();
	int ends[2];
	int fd;

	(void)state;
	for (int type = SOCK_DGRAM; type <= SOCK_SEQPACKET; type += SOCK_SEQPACKET - SOCK_DGRAM) {
		fd = listening(type);
		refuse(uri_of_fd(fd, ""), SCMI_E_INVAL, sentence);
		close(fd);
		assert_int_equal(unlink(rig_path()), 0);
	}
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	refuse(uri_of_fd(ends[0], ""), SCMI_E_INVAL, sentence);
	close(ends[0]);
	close(ends[1]);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	refuse(uri_of_fd(fd, ""), SCMI_E_INVAL, sentence);
	close(fd);
	refuse(uri_of_fd(fd, ""), SCMI_E_INVAL, sentence);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && listen(fd, 1) == 0)
		refuse(uri_of_fd(fd, ""), SCMI_E_INVAL, sentence);
	if (fd >= 0)
		close(fd);
	assert_int_equal(open_fds(), before);
}

/* ---- the URI, the name ---- */

static void keys_are_checked(void **state)
{
	const unsigned before = open_fds();

	(void)state;
	refuse("", SCMI_E_INVAL, "PATH or fd=N is wanted");
	refuse(",agents=2", SCMI_E_INVAL, "PATH or fd=N is wanted");
	refuse(rig_uri(",agents=0"), SCMI_E_INVAL, "agents=0: a number from 1 to 254 is wanted");
	refuse(rig_uri(",agents=255"), SCMI_E_INVAL, "agents=255: a number from 1 to 254 is wanted");
	refuse(rig_uri(",agents=2,agents=2"), SCMI_E_INVAL, "agents: no such key here, or it stands there twice");
	refuse(rig_uri(",agent=2"), SCMI_E_INVAL, "agent: no such key");
	refuse(rig_uri(",mode=1000"), SCMI_E_INVAL, "mode=1000: an octal number up to 777 is wanted");
	refuse(rig_uri(",uid=root"), SCMI_E_INVAL, "uid=root: a number from 0 to 4294967294 is wanted");
	refuse(rig_uri(",features=1"), SCMI_E_INVAL, "features=1: bit 32, VERSION_1, is needed");
	refuse(rig_uri(",features=0x100000002"), SCMI_E_INVAL,
	       "features=0x100000002: bits of 0x10130000001 are wanted");
	refuse(rig_uri(",features=0x10000000000000000"), SCMI_E_INVAL, ": bits of 0x");
	refuse(rig_uri(",features="), SCMI_E_INVAL, ": bits of 0x");
	refuse(rig_uri(",slots=2"), SCMI_E_INVAL, "slots=2: a number from 0 to 1 is wanted");
	refuse(rig_uri(",inflight=yes"), SCMI_E_INVAL, "inflight=yes: a number from 0 to 1 is wanted");
	refuse(rig_uri(",memory=0"), SCMI_E_INVAL, "memory=0: a number from 1 to 65536 is wanted");
	refuse(rig_uri(",memory=65537"), SCMI_E_INVAL, "memory=65537: a number from 1 to 65536 is wanted");
	refuse(rig_uri(",poll=1000001"), SCMI_E_INVAL, "poll=1000001: a number from 0 to 1000000 is wanted");
	refuse(rig_uri(",poll=-1"), SCMI_E_INVAL, "poll=-1: a number from 0 to 1000000 is wanted");
	refuse(rig_uri(",agents"), SCMI_E_INVAL, "key=value is wanted");
	refuse("fd=x", SCMI_E_INVAL, "fd=x: a number from 0 to 2147483647 is wanted");
	refuse("fd=2147483648", SCMI_E_INVAL, "fd=2147483648: a number from");
	refuse("fd=0,mode=600", SCMI_E_INVAL, "mode=600: who has made the socket has decided that");
	refuse("/no/such/folder/s", SCMI_E_IO, "/no/such/folder/s: the socket cannot be made");
	assert_int_equal(open_fds(), before);
}

static void keys_are_obeyed(void **state)
{
	struct place *p = place_running(rig_uri(",agents=1,mode=640,features=0x100000000,slots=1,inflight=1"));
	struct front f;
	struct stat st;

	(void)state;
	assert_int_equal(scmi_vhost_user_scheme()->agents(p->listener), 1);
	assert_int_equal(stat(rig_path(), &st), 0);
	assert_int_equal(st.st_mode & 0777u, 0640);
	assert_true(front_connect(&f));
	assert_int_equal(front_get(&f, VU_GET_FEATURES), SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES);
	assert_int_equal(front_get(&f, VU_GET_PROTOCOL_FEATURES) & (VU_PF_MEM_SLOTS | VU_PF_INFLIGHT_SHMFD),
			 VU_PF_MEM_SLOTS | VU_PF_INFLIGHT_SHMFD);
	front_leave(&f);
	place_close(p);
	p = place_running(rig_uri(",slots=0"));
	assert_int_equal(scmi_vhost_user_scheme()->agents(p->listener), 16);
	assert_int_equal(stat(rig_path(), &st), 0);
	assert_int_equal(st.st_mode & 0777u, 0600);
	assert_true(front_connect(&f));
	assert_int_equal(front_get(&f, VU_GET_FEATURES), SCMI_VIRTIO_OFFER_DEFAULT | VU_F_PROTOCOL_FEATURES);
	assert_int_equal(front_get(&f, VU_GET_PROTOCOL_FEATURES),
			 VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_STATUS);
	front_leave(&f);
	place_close(p);
}

/* A file with holes may be as large as one likes. */
static int ask_sparse(struct front *f, uint64_t bytes)
{
	const int fd = memfd_create("sparse", MFD_CLOEXEC);
	struct vu_memory t = {.n = 1, .region = {{.guest = 0, .size = bytes, .user = 0, .offset = 0}}};
	uint64_t ack = 2;

	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	front_send(f, VU_SET_MEM_TABLE, VU_VERSION | VU_NEED_REPLY, &t, 40, &fd, 1);
	assert_true(front_reply(f, VU_SET_MEM_TABLE, &ack, sizeof(ack)));
	close(fd);
	return (int)ack;
}

static bool opens(const char *keys)
{
	struct place *p = place_open(rig_uri(keys));

	if (p != NULL)
		place_close(p);
	return p != NULL;
}

/* Which is the case for what nobody has said, however many guests there may be. */
static void all_memory_has_to_fit(void **state)
{
	const bool wide = SIZE_MAX > UINT32_MAX;

	(void)state;
	assert_true(opens(",agents=16"));
	assert_true(opens(wide ? ",agents=1,memory=65536" : ",agents=1,memory=3"));
	assert_true(opens(wide ? ",agents=16,memory=8191" : ",memory=1,agents=3"));
	refuse(rig_uri(wide ? ",agents=16,memory=8192" : ",memory=1,agents=4"), SCMI_E_INVAL,
	       wide ? "agents=16 times memory=8192 does not fit in the 131071 GiB"
		    : "agents=4 times memory=1 does not fit in the 3 GiB");
	refuse(rig_uri(",memory=65536"), SCMI_E_INVAL, "agents=16 times memory=65536 does not fit"); /* the default */
	refuse(rig_uri(",memory=65536,agents=2"), SCMI_E_INVAL, "agents=2 times memory=65536 does not fit");
}

/* Not beside the thread sanitizer, which has most of the addresses for itself. */
static bool has_room_for(uint64_t bytes)
{
	void *at = mmap(NULL, (size_t)bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (at == MAP_FAILED)
		return false;
	munmap(at, (size_t)bytes);
	return true;
}

static void memory_is_bounded(void **state)
{
	const uint64_t gib = UINT64_C(1) << 30;
	struct place *p = place_running(rig_uri(",agents=1"));
	struct front f;

	(void)state;
	if (sizeof(void *) > 4) {
		assert_true(front_connect(&f));
		assert_int_equal(ask_sparse(&f, 1024u * gib + 1u), 1);
		if (has_room_for(1024u * gib))
			assert_int_equal(ask_sparse(&f, 1024u * gib), 0);
		front_leave(&f);
	}
	place_close(p);
	p = place_running(rig_uri(",agents=1,memory=1"));
	assert_true(front_connect(&f));
	assert_int_equal(ask_sparse(&f, gib + 1u), 1);
	front_leave(&f);
	place_close(p);
}

static void a_name_is_one_platforms(void **state)
{
	struct place *p = place_open(rig_uri(""));
	int fd;

	(void)state;
	refuse(rig_uri(""), SCMI_E_BUSY, "somebody listens there already");
	place_close(p);
	fd = listening(SOCK_STREAM);
	close(fd); /* a dead one's */
	p = place_running(rig_uri(""));
	place_close(p);
	assert_int_equal(access(rig_path(), F_OK), -1);
}

/* ---- users ---- */

enum { LET_IN = 10, SENT_AWAY, OTHERWISE };

static int visit(int go)
{
	struct front f;
	char byte;

	if (read(go, &byte, 1) != 1 || setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return OTHERWISE;
	if (!front_connect(&f))
		return OTHERWISE;
	return front_lives(&f) ? LET_IN : SENT_AWAY;
}

static int outcome(const char *keys)
{
	struct place *p = place_open(rig_uri(keys));
	int ends[2];
	int status;
	pid_t pid;

	assert_non_null(p);
	assert_int_equal(pipe(ends), 0);
	pid = fork(); /* no thread is there yet */
	if (pid == 0)
		_exit(visit(ends[0]));
	place_run(p);
	assert_int_equal(write(ends[1], "g", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ends[0]);
	close(ends[1]);
	place_close(p);
	return WEXITSTATUS(status);
}

static void strangers_are_sent_away(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(rig_folder(), 0711), 0);
	assert_int_equal(outcome(",mode=666"), SENT_AWAY);
	assert_int_equal(lines_with("a guest of another user's sent away: see uid="), 1);
	assert_int_equal(outcome(",mode=666,uid=1"), SENT_AWAY);
	assert_int_equal(outcome(",mode=666,uid=65534"), LET_IN);
	assert_int_equal(outcome(",uid=65534"), OTHERWISE); /* the socket's mode is another thing */
}

enum { LISTENS = 20, REFUSES };

/* With AIO that is not to be had. */
static int listen_for(const char *keys)
{
	struct place *p = place_open(rig_uri(keys));

	if (p != NULL) {
		place_close(p);
		return LISTENS;
	}
	return rig_err == SCMI_E_IO && strstr(rig_why, "fs.aio-max-nr") != NULL ? REFUSES : OTHERWISE;
}

static int listen_for_a_stranger(void)
{
	return listen_for(",uid=1");
}

static int listen_for_its_own(void)
{
	return listen_for("");
}

/* Where it could not even make a socket: but that comes later. */
static int listen_as_nobody(void)
{
	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return OTHERWISE;
	return listen_for("");
}

static void expect(int error, int (*body)(void), int result)
{
	const int is = without_aio(SYS_io_setup, error, body);

	if (is == NO_AIO_SKIP)
		skip();
	assert_int_equal(is, result);
}

/*
 * A stranger could use up what it takes to ring him, and make us wait: so it is had before he comes, or nobody
 * listens.
 */
static void what_it_takes_to_ring_strangers_is_had_first(void **state)
{
	(void)state;
	expect(EAGAIN, listen_for_a_stranger, REFUSES);
	expect(ENOSYS, listen_for_a_stranger, LISTENS);
	expect(EAGAIN, listen_as_nobody, REFUSES); /* root may come */
	if (geteuid() == 0)
		expect(EAGAIN, listen_for_its_own, LISTENS);
}

/* The first look at the clock is nearly ten seconds back. */
static _Atomic uint32_t looks;

static uint64_t leaping_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &t), 0);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u +
	       (atomic_fetch_add(&looks, 1u) == 0 ? 0 : 9980000u);
}

/* Nobody else comes, and nothing does: it is the time alone. */
static void half_a_message_holds_no_seat_for_ever(void **state)
{
	struct place *p = place_open(rig_uri(",agents=1"));
	struct front a;
	struct front b;

	(void)state;
	p->port.now_us = leaping_us;
	place_run(p);
	assert_true(front_connect(&a) && front_lives(&a));
	atomic_store(&looks, 0u);
	assert_int_equal(write(a.sock, "\2\0\0\0\1", 5), 5);
	assert_true(front_is_cut(&a));
	assert_true(front_connect(&b) && front_lives(&b));
	front_leave(&a);
	front_leave(&b);
	place_close(p);
	assert_int_equal(lines_with("guest 1 sent away: it has begun a message"), 1);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_socket_that_is_there_is_taken),
		CASE(a_socket_that_passes_names_is_taken),
		CASE(a_socket_that_lets_no_descriptors_through_is_taken),
		CASE(what_is_no_such_socket_is_refused),
		CASE(keys_are_checked),
		CASE(keys_are_obeyed),
		CASE(all_memory_has_to_fit),
		CASE(memory_is_bounded),
		CASE(a_name_is_one_platforms),
		CASE(strangers_are_sent_away),
		CASE(what_it_takes_to_ring_strangers_is_had_first),
		CASE(half_a_message_holds_no_seat_for_ever),
	};

	return cmocka_run_group_tests_name("vhost_user_uri", tests, NULL, group_end);
}
