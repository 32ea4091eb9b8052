/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "unix=" with an attacker at the other end of the socket, from a seed: platforms whose greetings are forged, and agents
 * that do what they like with what they were given. SEED=n tries another one, ROUNDS=n more of it.
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

static int some_fd(void)
{
	switch (rnd(12)) {
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
	f->fds[UNIX_RUNG] = pipe_end(0, O_NONBLOCK);
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
	for (size_t i = 0; i < f->n; i++) {
		(void)!ftruncate(f->fds[i], 0); /* whoever has mapped that dies */
		close(f->fds[i]);
	}
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

static void forged_greetings_are_refused(void **state)
{
	const uint32_t rounds = setting("ROUNDS", 3000);
	const struct scmi_why why = {rig_why, sizeof(rig_why)};
	struct platform p = {.sock = -1};
	struct unix_name name;
	struct scmi_posix posix;
	struct scmi_port port;
	unsigned before;
	unsigned good = 0;
	pthread_t thread;
	int last;

	(void)state;
	(void)snprintf(name.path, sizeof(name.path), "%s", rig_uri("") + strlen("unix="));
	assert_int_equal(scmi__unix_bind(&name, 0600, &p.sock, NULL), SCMI_OK);
	assert_int_equal(scmi_posix_init(&posix, &port), SCMI_OK);
	before = open_fds();
	assert_int_equal(pthread_create(&thread, NULL, forge, &p), 0);
	for (uint32_t i = 0; i < rounds; i++) {
		struct scmi_transport transport;
		void *link;

		be_good(&p.forgery);
		if (i != 0)
			spoil(&p.forgery);
		rig_err = scmi_mailbox_scheme.open(&link, rig_uri(""), &port, &transport, &why);
		if (rig_err == SCMI_OK) { /* whole in spite of all */
			good++;
			use(&transport, &port);
			scmi_mailbox_scheme.close(link);
		} else {
			assert_int_equal(rig_err, SCMI_E_NOPEER);
			assert_memory_equal(rig_why, "unix=", 5);
		}
		if (i == 0)
			assert_int_equal(good, 1); /* so the forger can tell a good greeting */
	}
	atomic_store(&p.over, true);
	last = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	{
		struct sockaddr_un a = {.sun_family = AF_UNIX};

		memcpy(a.sun_path, name.path, strlen(name.path));
		assert_int_equal(connect(last, (struct sockaddr *)&a, sizeof(a)), 0);
	}
	pthread_join(thread, NULL);
	close(last);
	assert_int_equal(open_fds(), before);
	assert_true(good > 1 && good < rounds);
	scmi__unix_unbind(&name);
	close(p.sock);
	scmi_posix_fini(&posix);
}

/* It listens, and that is all that it does. */
static void a_silent_platform_is_given_up(void **state)
{
	const unsigned before = open_fds();
	struct unix_name name;
	int sock;

	(void)state;
	(void)snprintf(name.path, sizeof(name.path), "%s", rig_uri("") + strlen("unix="));
	assert_int_equal(scmi__unix_bind(&name, 0600, &sock, NULL), SCMI_OK);
	assert_null(guest_open(rig_uri("")));
	assert_int_equal(rig_err, SCMI_E_NOPEER);
	assert_non_null(strstr(rig_why, "does not answer"));
	scmi__unix_unbind(&name);
	close(sock);
	assert_int_equal(open_fds(), before);
}

/* ---- hostile agents ---- */

/* What one of them does, before it goes or stays for a while. */
static void misbehave(int sock, struct unix_gift *g)
{
	static const unsigned char garbage[300] = {1, 2, 3};
	const uint64_t full = UINT64_MAX - 1u;
	uint32_t *words = g->mem;

	(void)fcntl(g->fd[UNIX_RING], F_SETFL, O_RDWR | O_NONBLOCK); /* we ourselves do not block */
	switch (rnd(8)) {
	case 0:
		(void)!send(sock, garbage, 1u + rnd(sizeof(garbage)), MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 2:
		(void)!write(g->fd[UNIX_RING], &full, sizeof(full));
		break;
	case 3:
		for (int i = 0; i < 50; i++)
			(void)scmi__event_raise(g->fd[UNIX_RING]);
		break;
	case 4:
		shutdown(sock, (int)rnd(3));
		break;
	default:
		break;
	}
	for (uint32_t n = rnd(40); n != 0; n--) {
		words[rnd(g->hello.bytes / 4u)] = rnd(3) != 0 ? rnd(64) : UINT32_MAX - rnd(2);
		words[1] = rnd(4);
		(void)scmi__event_raise(g->fd[UNIX_RING]);
	}
	if (rnd(2) != 0) { /* who uses these open files would block now */
		(void)fcntl(g->fd[UNIX_RING], F_SETFL, O_RDWR);
		(void)fcntl(g->fd[UNIX_RUNG], F_SETFL, O_RDONLY);
	}
}

static void hostile_agents_hurt_themselves_only(void **state)
{
	const uint32_t rounds = setting("ROUNDS", 3000);
	const unsigned before = open_fds();
	struct place *p = place_open(rig_uri(",agents=5"));
	struct guest *good;
	int socks[3] = {-1, -1, -1};
	struct unix_gift gifts[3];

	(void)state;
	place_run(p);
	good = guest_open(rig_uri(""));
	assert_non_null(good);
	for (uint32_t i = 0; i < rounds; i++) {
		const uint32_t at = rnd(3);

		if (socks[at] < 0) {
			assert_int_equal(
				scmi__unix_connect(rig_uri("") + strlen("unix="), &socks[at], &gifts[at], NULL),
				SCMI_OK);
		} else if (rnd(3) != 0) {
			misbehave(socks[at], &gifts[at]);
		} else {
			scmi__unix_gift_close(&gifts[at]);
			scmi__fd_close(&socks[at]);
		}
		if (i % 8u == 0)
			assert_int_equal(guest_ask(good), SCMI_OK);
	}
	for (int i = 0; i < 3; i++) {
		if (socks[i] >= 0)
			scmi__unix_gift_close(&gifts[i]);
		scmi__fd_close(&socks[i]);
	}
	assert_int_equal(guest_ask(good), SCMI_OK);
	guest_close(good);
	place_close(p);
	assert_int_equal(open_fds(), before);
}

/* It takes what it is given, asks, and never reads a doorbell. */
static void an_agent_that_never_reads_does_not_block(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct unix_gift g;
	struct hang hang = hang_watch();
	struct guest *good;
	uint32_t *a2p;
	int sock;

	(void)state;
	place_run(p);
	good = guest_open(rig_uri(""));
	assert_int_equal(scmi__unix_connect(rig_uri("") + strlen("unix="), &sock, &g, NULL), SCMI_OK);
	a2p = (uint32_t *)((unsigned char *)g.mem + g.hello.offset[SCMI_MAILBOX_A2P]);
	for (int i = 0; i < 20000; i++) { /* more than a pipe holds */
		_Atomic uint32_t *status = scmi__shared_word(a2p + SCMI_SHMEM_STATUS / 4u);

		a2p[SCMI_SHMEM_FLAGS / 4u] = SCMI_SHMEM_INTR;
		a2p[SCMI_SHMEM_LENGTH / 4u] = 4;
		a2p[SCMI_SHMEM_HEADER / 4u] = 0x4000;
		atomic_store(status, 0u);
		assert_true(scmi__event_raise(g.fd[UNIX_RING]));
		while ((atomic_load(status) & SCMI_SHMEM_FREE) == 0)
			assert_false(hangs(&hang));
	}
	assert_int_equal(guest_ask(good), SCMI_OK);
	scmi__unix_gift_close(&g);
	scmi__fd_close(&sock);
	guest_close(good);
	place_close(p);
}

/* While the system has no descriptor left nobody can be let in; those inside are served, and later all is well. */
static void no_descriptor_left_is_survived(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct guest *good;
	struct guest *late;
	struct hang hang = hang_watch();
	static struct fd_hog hog;

	(void)state;
	place_run(p);
	good = guest_open(rig_uri(""));
	for (unsigned left = 0; left < 14; left++) {
		fd_hog_all_but(&hog, left);
		late = guest_open(rig_uri(""));
		assert_int_equal(guest_ask(good), SCMI_OK);
		fd_hog_end(&hog);
		if (late != NULL)
			guest_close(late);
	}
	while ((late = guest_open(rig_uri(""))) == NULL)
		assert_false(hangs(&hang));
	guest_close(late);
	guest_close(good);
	place_close(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forged_greetings_are_refused),
		cmocka_unit_test(a_silent_platform_is_given_up),
		cmocka_unit_test(hostile_agents_hurt_themselves_only),
		cmocka_unit_test(an_agent_that_never_reads_does_not_block),
		cmocka_unit_test(no_descriptor_left_is_survived),
	};

	return cmocka_run_group_tests_name("mailbox_linux_hostile", tests, group_start, group_end);
}
