/* SPDX-License-Identifier: BSD-3-Clause */
/* A place for one agent: what it is given, and what of that is used until it goes. */
#define _GNU_SOURCE

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "seat.h"

#define LINE      64u /* areas begin at a multiple of it: no cache line is both directions' */
#define RING_OPEN (UINT32_C(1) << 31)

/* ---- the doorbell: any context may ring while the connection goes ---- */

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct seat *s = ctx;
	bool rung = false;

	(void)signal;
	if ((atomic_fetch_add(&s->ringers, 1u) & RING_OPEN) != 0)
		rung = scmi__bell_ring(s->ring_fd);
	atomic_fetch_sub(&s->ringers, 1u);
	return rung ? SCMI_OK : SCMI_E_NOPEER;
}

static void wake(void *ctx)
{
	struct seat *s = ctx;

	atomic_store(&s->again, 1u);
	(void)scmi__event_raise(s->wake_fd);
}

/* To ring never waits: so this waits for a few instructions of others. */
static void stop_ringing(struct seat *s)
{
	atomic_fetch_and(&s->ringers, ~RING_OPEN);
	while (atomic_load(&s->ringers) != 0)
		sched_yield();
}

/* ---- for good ---- */

int scmi__seat_open(struct seat *s, uint32_t area, int wake_fd, const struct scmi_port *port)
{
	struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.max_payload = area - SCMI_SHMEM_PAYLOAD,
		.doorbell = &s->bell,
		.port = port,
	};
	size_t len;

	*s = (struct seat){.wake_fd = wake_fd, .ring_fd = -1, .sock = -1, .rung_fd = -1};
	s->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "unix", .ctx = s, .ring = ring, .wake = wake};
	len = scmi_mailbox_end_size(&config);
	s->end_mem = len != 0 ? malloc(len) : NULL;
	if (s->end_mem != NULL && scmi_mailbox_end_init(&s->end, s->end_mem, len, &config, &s->endpoint) == SCMI_OK)
		return SCMI_OK;
	free(s->end_mem);
	s->end_mem = NULL;
	return SCMI_E_IO;
}

void scmi__seat_close(struct seat *s)
{
	scmi__seat_leave(s);
	free(s->end_mem);
	s->end_mem = NULL;
}

/* ---- an agent comes ---- */

/* Sealed before anybody else sees it, so that no page of it can go under us. */
static int make_memory(struct seat *s, uint32_t bytes)
{
	int fd = memfd_create("scmi-mailbox", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *mem;

	if (fd < 0)
		return -1;
	if (scmi__fd_fill(fd, bytes) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
		mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (mem != MAP_FAILED) {
			s->mem = mem;
			s->bytes = bytes;
			return fd;
		}
	}
	close(fd);
	return -1;
}

/* *theirs: the agent's end of the pair. */
static bool make_bells(struct seat *s, int *theirs)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
		return false;
	(void)shutdown(ends[1], SHUT_RD); /* nothing can be sent to us there, descriptors least of all */
	*theirs = ends[0];
	s->ring_fd = ends[1];
	s->rung_fd = scmi__event_open();
	return s->rung_fd >= 0;
}

/* The socket is new and empty: one message always fits. An agent that has gone meanwhile is seen on the life line. */
static bool send_hello(int sock, const struct unix_hello *hello, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(UNIX_FDS * sizeof(int))];
	} control = {.bytes = {0}};
	struct unix_hello copy = *hello;
	struct iovec part = {.iov_base = &copy, .iov_len = sizeof(copy)};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	if (n != 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	}
	return sendmsg(sock, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(copy);
}

void scmi__seat_refuse(int sock, enum unix_verdict verdict)
{
	const struct unix_hello hello = {.magic = UNIX_MAGIC, .version = UNIX_VERSION, .verdict = verdict};

	(void)send_hello(sock, &hello, NULL, 0);
}

static void drop_gifts(struct seat *s)
{
	scmi__fd_close(&s->ring_fd);
	scmi__fd_close(&s->rung_fd);
	if (s->mem != NULL)
		munmap(s->mem, s->bytes);
	s->mem = NULL;
}

/* Areas in order, and the end attached to them. */
static int attach(struct seat *s, const struct unix_hello *hello)
{
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];
	int err = SCMI_OK;

	for (size_t i = 0; i < SCMI_MAILBOX_AREAS && err == SCMI_OK; i++) {
		areas[i] = (struct scmi_shmem){.mem = (unsigned char *)s->mem + hello->offset[i],
					       .len = hello->len[i],
					       .flags = SCMI_SHMEM_WIDE};
		err = scmi_shmem_reset(&areas[i]);
	}
	atomic_fetch_or(&s->ringers, RING_OPEN);
	return err == SCMI_OK ? scmi_mailbox_end_attach(s->end, areas) : err;
}

int scmi__seat_take(struct seat *s, int sock, uint32_t area)
{
	const uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	const uint32_t second = (area + LINE - 1u) / LINE * LINE;
	const struct unix_hello hello = {
		.magic = UNIX_MAGIC,
		.version = UNIX_VERSION,
		.verdict = UNIX_WELCOME,
		.bytes = (second + area + page - 1u) / page * page,
		.offset = {0, second},
		.len = {area, area},
	};
	int memory = make_memory(s, hello.bytes);
	int theirs = -1;
	bool taken = false;

	if (memory >= 0 && make_bells(s, &theirs) && attach(s, &hello) == SCMI_OK) {
		const int fds[UNIX_FDS] = {memory, s->rung_fd, theirs};

		taken = send_hello(sock, &hello, fds, UNIX_FDS);
		if (!taken)
			scmi_mailbox_end_detach(s->end);
	}
	scmi__fd_close(&memory);
	scmi__fd_close(&theirs);
	if (!taken) {
		stop_ringing(s);
		drop_gifts(s);
		return SCMI_E_IO;
	}
	s->sock = sock;
	return SCMI_OK;
}

void scmi__seat_leave(struct seat *s)
{
	if (s->sock < 0)
		return;
	scmi_mailbox_end_detach(s->end);
	stop_ringing(s);
	scmi__fd_close(&s->sock);
	drop_gifts(s);
}
