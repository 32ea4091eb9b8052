/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "unix=" with agents that do what they like with what they were given, from a seed: SEED=n tries another one, ROUNDS=n
 * more of it.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../transports/mailbox_linux/unix.h"
#include "../support/hang.h"
#include "fds.h"
#include "mailbox_linux_rig.h"

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
			assert_int_equal(scmi__unix_connect(rig_uri("") + strlen("unix="), WELCOME_US, &socks[at],
							    &gifts[at], NULL),
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

/* Asks, and waits until it has been served. */
static void command(struct unix_gift *g)
{
	uint32_t *a2p = (uint32_t *)((unsigned char *)g->mem + g->hello.offset[SCMI_MAILBOX_A2P]);
	_Atomic uint32_t *status = scmi__shared_word(a2p + SCMI_SHMEM_STATUS / 4u);
	struct hang hang = hang_watch();

	a2p[SCMI_SHMEM_FLAGS / 4u] = SCMI_SHMEM_INTR;
	a2p[SCMI_SHMEM_LENGTH / 4u] = 4;
	a2p[SCMI_SHMEM_HEADER / 4u] = 0x4000;
	atomic_store(status, 0u);
	assert_true(scmi__event_raise(g->fd[UNIX_RING]));
	while ((atomic_load(status) & SCMI_SHMEM_FREE) == 0)
		assert_false(hangs(&hang));
}

/* It takes what it is given, asks, and never reads a doorbell. */
static void an_agent_that_never_reads_does_not_block(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct unix_gift g;
	struct guest *good;
	int sock;

	(void)state;
	place_run(p);
	good = guest_open(rig_uri(""));
	assert_int_equal(scmi__unix_connect(rig_uri("") + strlen("unix="), WELCOME_US, &sock, &g, NULL), SCMI_OK);
	for (int i = 0; i < 20000; i++) /* more than a doorbell holds */
		command(&g);
	assert_int_equal(guest_ask(good), SCMI_OK);
	scmi__unix_gift_close(&g);
	scmi__fd_close(&sock);
	guest_close(good);
	place_close(p);
}

/* A page that nobody fills: who reads into it stays in the kernel until the descriptor is closed. -1: not allowed. */
static int trap_page(void **page)
{
	struct uffdio_api api = {.api = UFFD_API};
	struct uffdio_register area = {.range.len = (uint64_t)sysconf(_SC_PAGESIZE),
				       .mode = UFFDIO_REGISTER_MODE_MISSING};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -1;
	*page = mmap(NULL, (size_t)area.range.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(*page, MAP_FAILED);
	area.range.start = (uintptr_t)*page;
	if (ioctl(fd, UFFDIO_API, &api) != 0 || ioctl(fd, UFFDIO_REGISTER, &area) != 0)
		scmi__fd_close(&fd);
	return fd;
}

struct reader {
	int fd;
	void *page;
	atomic_bool begun;
};

static void *read_for_ever(void *arg)
{
	struct reader *r = arg;

	atomic_store(&r->begun, true);
	(void)!read(r->fd, r->page, 1);
	return NULL;
}

/* It never comes back from reading its doorbell: whatever the kernel locks meanwhile, the platform does not need it. */
static void an_agent_that_stays_in_a_read_does_not_block(void **state)
{
	struct place *p;
	struct reader r = {.fd = -1};
	struct guest *good;
	struct unix_gift g;
	pthread_t thread;
	int trap = trap_page(&r.page);
	int sock;
	bool served = true;

	(void)state;
	if (trap < 0)
		skip();
	p = place_open(rig_uri(""));
	place_run(p);
	good = guest_open(rig_uri(""));
	assert_int_equal(scmi__unix_connect(rig_uri("") + strlen("unix="), WELCOME_US, &sock, &g, NULL), SCMI_OK);
	command(&g); /* now there is something to be read */
	assert_true(fd_is_readable(g.fd[UNIX_RUNG], -1));
	r.fd = g.fd[UNIX_RUNG];
	assert_int_equal(pthread_create(&thread, NULL, read_for_ever, &r), 0);
	while (!atomic_load(&r.begun) || !fd_is_readable(trap, 0))
		sched_yield();
	for (int i = 0; i < 3; i++) {
		command(&g);
		served = served && guest_ask(good) == SCMI_OK;
	}
	close(trap);
	pthread_join(thread, NULL);
	assert_true(served);
	assert_int_equal(munmap(r.page, (size_t)sysconf(_SC_PAGESIZE)), 0);
	scmi__unix_gift_close(&g);
	scmi__fd_close(&sock);
	guest_close(good);
	place_close(p);
}

/* With a descriptor. 0, or errno. */
static int send_fd(int sock, int fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part = {.iov_base = &fd, .iov_len = 1};
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};

	memset(&control, 0, sizeof(control));
	*CMSG_FIRSTHDR(&m) =
		(struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(fd));
	return sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* Who closes one may wait for it: the platform takes none, before it has accepted the connection, or after. */
static void no_descriptor_can_be_sent_to_a_platform(void **state)
{
	struct place *p = place_open(rig_uri(""));
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = rig_uri("") + strlen("unix=");
	const bool known = setsockopt(sock, SOL_SOCKET, SO_PASSRIGHTS, &(int){1}, sizeof(int)) == 0;
	struct unix_gift g;

	(void)state;
	memcpy(a.sun_path, path, strlen(path));
	assert_int_equal(connect(sock, (struct sockaddr *)&a, sizeof(a)), 0);
	if (known)
		assert_int_equal(send_fd(sock, 0), EPERM);
	close(sock);
	place_run(p);
	assert_int_equal(scmi__unix_connect(path, WELCOME_US, &sock, &g, NULL), SCMI_OK);
	if (known)
		assert_int_equal(send_fd(sock, 0), EPERM);
	assert_int_equal(send_fd(g.fd[UNIX_RUNG], 0), EPIPE);
	scmi__unix_gift_close(&g);
	scmi__fd_close(&sock);
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

/* Who could not be let in for want of a descriptor is let in later, though others keep the platform busy. */
static void a_busy_platform_listens_again(void **state)
{
	struct place *p = place_open(rig_uri(""));
	const int late = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	const char *path = rig_uri("") + strlen("unix=");
	struct guest *busy;
	struct hang hang = hang_watch();
	static struct fd_hog hog;

	(void)state;
	memcpy(a.sun_path, path, strlen(path));
	place_run(p);
	busy = guest_open(rig_uri(""));
	assert_int_equal(guest_ask(busy), SCMI_OK); /* what it does to let somebody in is done */
	fd_hog_all_but(&hog, 0);
	assert_int_equal(connect(late, (struct sockaddr *)&a, sizeof(a)), 0);
	for (int i = 0; i < 50; i++) /* by then it has tried */
		assert_int_equal(guest_ask(busy), SCMI_OK);
	assert_false(fd_is_readable(late, 0));
	fd_hog_end(&hog);
	while (!fd_is_readable(late, 0)) {
		assert_int_equal(guest_ask(busy), SCMI_OK);
		assert_false(hangs(&hang));
	}
	close(late);
	guest_close(busy);
	place_close(p);
}

/* What it would send goes to nobody. */
static void a_platform_sees_that_its_agent_has_gone(void **state)
{
	char shm[60];

	(void)state;
	(void)snprintf(shm, sizeof(shm), "shm=/scmi-agents-%d", (int)getpid());
	for (int i = 0; i < 2; i++) {
		struct place *p = place_open(i == 0 ? rig_uri("") : shm);
		const struct scmi_endpoint *e = scmi_mailbox_scheme()->endpoint(p->listener, 0);
		struct hang hang = hang_watch();

		place_run(p);
		guest_close(guest_open(i == 0 ? rig_uri("") : shm));
		while (e->ops->send(e->ctx, 0, NULL, 0) != SCMI_E_NOPEER)
			assert_false(hangs(&hang));
		place_close(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_agents_hurt_themselves_only),
		cmocka_unit_test(an_agent_that_never_reads_does_not_block),
		cmocka_unit_test(an_agent_that_stays_in_a_read_does_not_block),
		cmocka_unit_test(no_descriptor_can_be_sent_to_a_platform),
		cmocka_unit_test(a_platform_sees_that_its_agent_has_gone),
		cmocka_unit_test(no_descriptor_left_is_survived),
		cmocka_unit_test(a_busy_platform_listens_again),
	};

	return cmocka_run_group_tests_name("mailbox_linux_agents", tests, group_start, group_end);
}
