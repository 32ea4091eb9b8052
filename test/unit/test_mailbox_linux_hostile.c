/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "unix=" with a platform that forges its greeting, from a seed: SEED=n tries another one, ROUNDS=n more of it.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/unix.h"
#include "../support/hang.h"
#include "fds.h"
#include "mailbox_linux_rig.h"

#define FDS_MOST 20u
#define SEALS    (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)

static uint64_t random_state;

static uint32_t rnd(uint32_t below)
{
	random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(random_state >> 33) % below;
}

static uint32_t setting(const char *name, uint32_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? (uint32_t)strtoul(text, NULL, 10) : otherwise;
}

static int group_start(void **state)
{
	(void)state;
	random_state = setting("SEED", 1);
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

/* ---- a forged greeting ---- */

struct forgery {
	unsigned char bytes[2u * sizeof(struct unix_hello)];
	size_t len;
	int fds[FDS_MOST];
	size_t n;
};

static int memory(uint32_t bytes, int seals)
{
	const int fd = memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	if (bytes >= 256 && rnd(4) != 0) /* the areas are free */
		assert_true(pwrite(fd, &(uint32_t){1}, 4, 4) == 4 && pwrite(fd, &(uint32_t){1}, 4, 132) == 4);
	if (seals != 0)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

static int pipe_end(int which, int flags)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | flags), 0);
	close(ends[1 - which]);
	return ends[which];
}

static int socket_end(int type)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends), 0);
	close(ends[1]);
	return ends[0];
}

static int some_fd(void)
{
	switch (rnd(14)) {
	case 0:
		return memory(4096, 0);
	case 1:
		return memory(4096, F_SEAL_GROW | F_SEAL_SEAL);
	case 2:
		return memory(rnd(300), SEALS);
	case 3:
		return memory(4096, SEALS | F_SEAL_WRITE);
	case 4:
		return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	case 5:
		return pipe_end((int)rnd(2), 0);
	case 6:
		return pipe_end((int)rnd(2), O_NONBLOCK);
	case 7:
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	case 8:
		return open("/", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
	case 9:
		return eventfd(0, EFD_CLOEXEC);
	case 11:
		return socket_end(SOCK_STREAM);
	case 12:
		return socket_end(SOCK_SEQPACKET);
	case 10:
		return open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	default:
		return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	}
}

/* What a platform sends. */
static void be_good(struct forgery *f)
{
	const struct unix_hello hello = {
		.magic = UNIX_MAGIC, .version = UNIX_VERSION, .bytes = 4096, .offset = {0, 128}, .len = {128, 128}};

	*f = (struct forgery){.len = sizeof(hello), .n = UNIX_FDS};
	memcpy(f->bytes, &hello, sizeof(hello));
	f->fds[UNIX_MEMORY] = memory(4096, SEALS);
	f->fds[UNIX_RING] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->fds[UNIX_RUNG] = socket_end(SOCK_STREAM);
}

static void spoil_word(struct forgery *f)
{
	static const uint32_t values[] = {0,   1,    3,    27,   35,    36,         127,
					  128, 4095, 4096, 4097, 65536, UINT32_MAX, UINT32_MAX - 127u};
	const uint32_t at = rnd(sizeof(struct unix_hello) / 4u) * 4u;

	memcpy(f->bytes + at, &values[rnd(sizeof(values) / sizeof(values[0]))], 4);
}

static void spoil(struct forgery *f)
{
	for (uint32_t n = rnd(3); n != 0 || f->len == 0; n -= n != 0) {
		switch (rnd(5)) {
		case 0:
			f->len = 1u + rnd(sizeof(f->bytes));
			break;
		case 1:
			if (f->n != 0)
				close(f->fds[--f->n]);
			break;
		case 2:
			while (f->n < FDS_MOST && rnd(4) != 0)
				f->fds[f->n++] = some_fd();
			break;
		case 3:
			if (f->n != 0) {
				const uint32_t i = rnd((uint32_t)f->n);

				close(f->fds[i]);
				f->fds[i] = some_fd();
			}
			break;
		default:
			spoil_word(f);
			break;
		}
	}
}

static void send_forgery(int sock, const struct forgery *f)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_MOST * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = (void *)(uintptr_t)f->bytes, .iov_len = f->len};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	memset(&control, 0, sizeof(control));
	if (f->n != 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(f->n * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(f->n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), f->fds, f->n * sizeof(int));
	}
	assert_int_equal(sendmsg(sock, &m, MSG_NOSIGNAL), (ssize_t)f->len);
}

/* ---- hostile platforms ---- */

struct platform {
	int sock;
	atomic_bool over;
	struct forgery forgery;
};

static void *forge(void *arg)
{
	struct platform *p = arg;
	int sock = -1;

	for (;;) {
		struct forgery f;

		assert_int_not_equal(scmi__fd_await(p->sock, POLLIN, scmi__now_us() + HANG_US), 0);
		scmi__fd_close(&sock); /* the one before was kept as long as its agent wanted it */
		sock = accept4(p->sock, NULL, NULL, SOCK_CLOEXEC);
		if (atomic_load(&p->over))
			return close(sock), NULL;
		assert_true(sock >= 0);
		f = p->forgery; /* as soon as it is sent there may be the next */
		send_forgery(sock, &f);
	}
}

/* A command into what was handed over, that nobody answers. */
static void use(const struct scmi_transport *transport, const struct scmi_port *port)
{
	static max_align_t mem[SCMI_AGENT_WORDS(64)];
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = transport, .port = port, .options.queue_timeout_us = 100};
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = SCMI_PROTOCOL_VERSION,
				 .timeout_us = 100};
	struct scmi_agent *agent;

	assert_int_equal(scmi_agent_init(&agent, mem, sizeof(mem), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(agent), SCMI_OK);
	assert_int_not_equal(scmi_agent_call(agent, &call), SCMI_OK);
	assert_int_equal(scmi_agent_fini(agent), SCMI_OK);
}

struct stage {
	struct platform p;
	struct scmi__name name;
	struct scmi_posix posix;
	struct scmi_port port;
	pthread_t thread;
	unsigned before;
};

static void begin(struct stage *s)
{
	*s = (struct stage){.p = {.sock = -1}};
	s->name.label = "unix=";
	s->name.type = SOCK_SEQPACKET;
	(void)snprintf(s->name.path, sizeof(s->name.path), "%s", rig_uri("") + strlen("unix="));
	assert_int_equal(scmi__name_take(&s->name, 0600, &s->p.sock, NULL), SCMI_OK);
	assert_int_equal(scmi_posix_init(&s->posix, &s->port), SCMI_OK);
	s->before = open_fds();
	assert_int_equal(pthread_create(&s->thread, NULL, forge, &s->p), 0);
}

/* Nothing is left open of all that was sent. */
static void end(struct stage *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const int last = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	atomic_store(&s->p.over, true);
	memcpy(a.sun_path, s->name.path, strlen(s->name.path));
	assert_int_equal(connect(last, (struct sockaddr *)&a, sizeof(a)), 0);
	pthread_join(s->thread, NULL);
	close(last);
	assert_int_equal(open_fds(), s->before);
	scmi__name_leave(&s->name);
	close(s->p.sock);
	scmi_posix_fini(&s->posix);
}

/* Opens a link to what stands in p.forgery, and uses it if it is taken. */
static bool is_taken(struct stage *s)
{
	const struct scmi_why why = {rig_why, sizeof(rig_why)};
	struct scmi_transport transport;
	void *link;

	rig_err = scmi_mailbox_scheme()->open(&link, rig_uri(""), &s->port, &transport, &why);
	for (size_t i = 0; i < s->p.forgery.n; i++) {
		(void)!ftruncate(s->p.forgery.fds[i], 0); /* whoever has mapped that dies */
		close(s->p.forgery.fds[i]);
	}
	if (rig_err == SCMI_OK) {
		use(&transport, &s->port);
		scmi_mailbox_scheme()->close(link);
		return true;
	}
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	assert_memory_equal(rig_why, "unix=", 5);
	return false;
}

static void forged_greetings_are_refused(void **state)
{
	const uint32_t rounds = setting("ROUNDS", 3000);
	unsigned good = 0;
	struct stage s;

	(void)state;
	begin(&s);
	for (uint32_t i = 0; i < rounds; i++) {
		be_good(&s.p.forgery);
		if (i != 0)
			spoil(&s.p.forgery);
		good += is_taken(&s);
		if (i == 0)
			assert_int_equal(good, 1); /* so the forger can tell a good greeting */
	}
	assert_true(good > 1 && good < rounds);
	end(&s);
}

static void put_fd(struct forgery *f, enum unix_fd which, int fd)
{
	close(f->fds[which]);
	f->fds[which] = fd;
}

static void put_word(struct forgery *f, size_t at, uint32_t value)
{
	memcpy(f->bytes + at, &value, sizeof(value));
}

#define WORD(member) offsetof(struct unix_hello, member)

/* One fault each. False: there is no such number. */
static bool make_fault(struct forgery *f, unsigned number, const char **says)
{
	*says = "memory is not sealed, or too small";
	switch (number) {
	case 0:
		put_fd(f, UNIX_MEMORY, memory(4096, F_SEAL_GROW | F_SEAL_SEAL));
		return true;
	case 1:
		put_fd(f, UNIX_MEMORY, memory(4095, SEALS));
		return true;
	case 2:
		put_fd(f, UNIX_MEMORY, open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
		return true;
	}
	*says = "what we should ring is no eventfd";
	switch (number) {
	case 3:
		put_fd(f, UNIX_RING, pipe_end(1, O_NONBLOCK)); /* a write would raise a signal */
		return true;
	case 4:
		put_fd(f, UNIX_RING, socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
		return true;
	case 5:
		put_fd(f, UNIX_RING, eventfd(0, EFD_CLOEXEC));
		return true;
	}
	*says = "what we should be rung by is no socket";
	switch (number) {
	case 6:
		put_fd(f, UNIX_RUNG, open("/proc/self/exe", O_RDONLY | O_CLOEXEC | O_NONBLOCK));
		return true;
	case 7:
		put_fd(f, UNIX_RUNG, socket_end(SOCK_DGRAM));
		return true;
	}
	*says = number == 8 ? "speaks another version" : number < 11 ? "not a platform's greeting" : "areas";
	put_word(f,
		 number == 8    ? WORD(version)
		 : number == 9  ? WORD(magic)
		 : number == 11 ? WORD(offset[0])
				: WORD(len[1]),
		 number == 11   ? 64
		 : number == 12 ? 3972
				: 99);
	f->len += number == 10 ? 4 : 0;
	return number < 13;
}

static void each_fault_has_its_sentence(void **state)
{
	const char *says;
	struct stage s;

	(void)state;
	begin(&s);
	be_good(&s.p.forgery);
	for (unsigned i = 0; make_fault(&s.p.forgery, i, &says); i++) {
		assert_false(is_taken(&s));
		if (strstr(rig_why, says) == NULL)
			fail_msg("fault %u: \"%s\"", i, rig_why);
		be_good(&s.p.forgery);
	}
	for (size_t i = 0; i < UNIX_FDS; i++)
		close(s.p.forgery.fds[i]);
	end(&s);
}

/* It listens, and that is all that it does. */
static void a_silent_platform_is_given_up(void **state)
{
	const unsigned before = open_fds();
	struct scmi__name name = {.label = "unix=", .type = SOCK_SEQPACKET};
	int sock;

	(void)state;
	(void)snprintf(name.path, sizeof(name.path), "%s", rig_uri("") + strlen("unix="));
	assert_int_equal(scmi__name_take(&name, 0600, &sock, NULL), SCMI_OK);
	assert_null(guest_open(rig_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	assert_non_null(strstr(rig_why, "does not answer"));
	scmi__name_leave(&name);
	close(sock);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_greetings_are_refused),
		cmocka_unit_test(each_fault_has_its_sentence),
		cmocka_unit_test(a_silent_platform_is_given_up),
	};

	return cmocka_run_group_tests_name("mailbox_linux_hostile", tests, group_start, group_end);
}
