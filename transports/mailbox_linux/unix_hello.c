/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent meets a platform that it does not trust: everything that comes is checked before it is used, and what is
 * not used is closed. Memory that could shrink under us, or be of a kind whose pages may be missing, is not mapped.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "unix.h"

#define FDS_SEEN  16 /* what a message may bring before it is cut */
#define SEALS     (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define BYTES_MAX (4u * SCMI_SHMEM_BYTES_MAX)

bool scmi__unix_is_over(int sock)
{
	const int saved = errno;
	char byte;
	ssize_t n;
	bool over;

	while ((n = recv(sock, &byte, 1, MSG_DONTWAIT)) < 0 && errno == EINTR)
		;
	over = n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
	errno = saved;
	return over;
}

static void nap(void)
{
	const struct timespec t = {.tv_nsec = 5000000};

	nanosleep(&t, NULL);
}

static int connect_socket(const char *path, uint64_t until_us, int *sock, const struct scmi_why *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const size_t len = strlen(path);
	int r;

	if (len >= sizeof(address.sun_path))
		return scmi__why(why, SCMI_E_INVAL, "unix=%s: too long for a socket's address", path);
	memcpy(address.sun_path, path, len);
	*sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*sock < 0)
		return scmi__why(why, SCMI_E_IO, "unix=%s: no socket: %s", path, strerror(errno));
	/* EAGAIN: more are waiting to be let in than it has room for. */
	while ((r = connect(*sock, (struct sockaddr *)&address, sizeof(address))) < 0 &&
	       (errno == EINTR || errno == EAGAIN) && scmi__now_us() < until_us)
		nap();
	if (r == 0)
		return SCMI_OK;
	r = errno;
	scmi__fd_close(sock);
	return scmi__why(why, r == EACCES || r == EPROTOTYPE ? SCMI_E_IO : SCMI_E_NOPEER, "unix=%s: %s", path,
			 r == ENOENT || r == ECONNREFUSED ? "nobody listens there"
			 : r == EACCES                    ? "no permission"
			 : r == EAGAIN                    ? "too many wait to be let in"
							  : "not a socket of a platform");
}

/* ---- what comes ---- */

static void close_some(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

/* Every descriptor that the message has brought, in fds[]; how many. *odd: it has brought something else, too. */
static size_t collect(struct msghdr *m, int fds[FDS_SEEN], bool *odd)
{
	size_t n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		const size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			*odd = true;
			continue;
		}
		for (size_t i = 0; i < count && n < FDS_SEEN; i++)
			memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return n;
}

/* Receives a hello and its descriptors, as they are. A sentence's end, or NULL. */
static const char *receive(int sock, struct unix_gift *gift)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(FDS_SEEN * sizeof(int))];
	} control;
	struct iovec part = {.iov_base = &gift->hello, .iov_len = sizeof(gift->hello)};
	struct msghdr m = {
		.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	int fds[FDS_SEEN];
	bool odd = false;
	ssize_t len;
	size_t n;
	size_t wanted;

	while ((len = recvmsg(sock, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR)
		;
	if (len < 0)
		return "the connection failed";
	n = collect(&m, fds, &odd);
	wanted = gift->hello.verdict == UNIX_WELCOME ? UNIX_FDS : 0;
	if (len != (ssize_t)sizeof(gift->hello) || n != wanted || odd ||
	    (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		close_some(fds, n);
		return len == 0 ? "the platform has gone" : "not a platform's greeting";
	}
	memcpy(gift->fd, fds, n * sizeof(int));
	return NULL;
}

/* ---- whether it can be used ---- */

/* Trying again would not help. */
static const char stranger[] = "the platform does not let this user in";

static const char *check_hello(const struct unix_hello *h)
{
	if (h->magic != UNIX_MAGIC)
		return "not a platform's greeting";
	if (h->version != UNIX_VERSION)
		return "the platform speaks another version";
	if (h->verdict != UNIX_WELCOME)
		return h->verdict == UNIX_FULL     ? "the platform has as many agents as it takes"
		       : h->verdict == UNIX_DENIED ? stranger
						   : "the platform could not take us in";
	if (h->bytes > BYTES_MAX)
		return "the platform's memory is too large";
	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		if (h->len[i] < SCMI_SHMEM_BYTES_MIN || h->len[i] > SCMI_SHMEM_BYTES_MAX || h->len[i] % 4u != 0 ||
		    h->offset[i] % 4u != 0 || h->offset[i] > h->bytes || h->len[i] > h->bytes - h->offset[i])
			return "the platform's areas cannot be";
	}
	if (h->offset[0] < h->offset[1] + h->len[1] && h->offset[1] < h->offset[0] + h->len[0])
		return "the platform's areas overlap";
	return NULL;
}

/* Only a memfd has these seals, and only plain memory can give a page whenever it is touched. */
static const char *check_memory(int fd, uint32_t bytes)
{
	struct statfs fs;
	struct stat st;
	const int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & SEALS) != SEALS || fstatfs(fd, &fs) != 0 || fs.f_type != TMPFS_MAGIC ||
	    fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || (uint64_t)st.st_size < bytes || bytes == 0)
		return "the platform's memory is not sealed, or too small";
	return NULL;
}

static bool socket_is(int fd, int option, int value)
{
	int is = -1;
	socklen_t len = sizeof(is);

	return getsockopt(fd, SOL_SOCKET, option, &is, &len) == 0 && is == value;
}

/*
 * An eventfd's inode has no type, and nothing of that kind raises a signal when it is written; the other one is a
 * stream socket of this machine.
 */
static const char *check_bells(const struct unix_gift *g)
{
	const int ring = fcntl(g->fd[UNIX_RING], F_GETFL);
	struct stat st;

	if (fstat(g->fd[UNIX_RING], &st) != 0 || (st.st_mode & S_IFMT) != 0 || (ring & O_ACCMODE) != O_RDWR ||
	    (ring & O_NONBLOCK) == 0)
		return "what we should ring is no eventfd";
	if (!socket_is(g->fd[UNIX_RUNG], SO_DOMAIN, AF_UNIX) || !socket_is(g->fd[UNIX_RUNG], SO_TYPE, SOCK_STREAM))
		return "what we should be rung by is no socket";
	return NULL;
}

static const char *take_gift(int sock, struct unix_gift *g)
{
	const char *fault = receive(sock, g);
	void *mem;

	if (fault == NULL)
		fault = check_hello(&g->hello);
	if (fault == NULL)
		fault = check_memory(g->fd[UNIX_MEMORY], g->hello.bytes);
	if (fault == NULL)
		fault = check_bells(g);
	if (fault != NULL)
		return fault;
	mem = mmap(NULL, g->hello.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, g->fd[UNIX_MEMORY], 0);
	if (mem == MAP_FAILED)
		return "the platform's memory cannot be mapped";
	g->mem = mem;
	scmi__fd_close(&g->fd[UNIX_MEMORY]);
	return NULL;
}

int scmi__unix_connect(const char *path, uint32_t patience_us, int *sock, struct unix_gift *gift,
		       const struct scmi_why *why)
{
	const uint64_t until_us = scmi__now_us() + patience_us;
	const char *fault;
	int err;

	*gift = (struct unix_gift){.fd = {-1, -1, -1}};
	err = connect_socket(path, until_us, sock, why);
	if (err != SCMI_OK)
		return err;
	if (scmi__fd_await(*sock, POLLIN, until_us) == 0)
		fault = "the platform does not answer";
	else
		fault = take_gift(*sock, gift);
	if (fault == NULL)
		return SCMI_OK;
	scmi__unix_gift_close(gift);
	scmi__fd_close(sock);
	return scmi__why(why, fault == stranger ? SCMI_E_IO : SCMI_E_NOPEER, "unix=%s: %s", path, fault);
}

void scmi__unix_gift_close(struct unix_gift *gift)
{
	for (size_t i = 0; i < UNIX_FDS; i++)
		scmi__fd_close(&gift->fd[i]);
	if (gift->mem != NULL)
		munmap(gift->mem, gift->hello.bytes);
	gift->mem = NULL;
}
