/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doorbells: what the front end has given us to ring it by, and what it rings us by.
 *
 * We must not wait for a guest, whatever it does with them. O_NONBLOCK belongs to the open file, and the front end
 * may take it away at any time; a look before a write comes too early. An eventfd is rung by the kernel itself, as
 * what is to be told of an I/O operation that ends at once: that adds to its count, or leaves it where it is full.
 * That costs some microseconds; a front end whose first message our own user has sent could stop this process anyway,
 * and gets a plain write. O_NONBLOCK is left as it is there: who reads it may wait in read(), and nobody fills it by
 * ringing. A pipe gets a write that asks for no waiting, where the kernel knows that (Linux 6.5). Only who reads that
 * pipe into memory whose pages it serves itself, and does not, could still make us wait: for the pipe's lock. An
 * older kernel has the look and the write: a front end that fills the pipe between the two, and takes O_NONBLOCK
 * away, makes us wait. The same would be so with a pipe that has a name (a FIFO), on any kernel: none is taken. A
 * socket, which is what Linux as a guest (virtio_uml) is called by, gets a send. It has to be one of a pair, without
 * a name: one that leads to our own name is a front end's line, and would keep that line open when the front end has
 * gone.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "session_parts.h"

#ifndef RWF_NOWAIT
#define RWF_NOWAIT 8
#endif

#define DRAINS 1024 /* reads of one look: more than a socket holds messages, as systems are set up */

/* ---- what it is ---- */

/* Its link in /proc begins so. One that has a name in a file system has that there. */
static bool is_called(int fd, const char *begin)
{
	char path[32] = "/proc/self/fd/";
	char link[32];
	char digits[12];
	size_t n = 0;
	size_t at = strlen(path);
	ssize_t len;

	do
		digits[n++] = (char)('0' + fd % 10);
	while ((fd /= 10) != 0);
	while (n != 0)
		path[at++] = digits[--n];
	len = readlink(path, link, sizeof(link));
	/* Where there is no /proc it has to be believed. */
	return len < 0 ? errno == ENOENT : (size_t)len >= strlen(begin) && memcmp(link, begin, strlen(begin)) == 0;
}

/* One end of a pair, as socketpair() makes them. */
static bool is_pair(int fd)
{
	struct sockaddr_un name = {.sun_family = AF_UNSPEC};
	socklen_t len = sizeof(name);
	int type = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &(socklen_t){sizeof(type)}) != 0 || type != SOCK_STREAM ||
	    getpeername(fd, (struct sockaddr *)&name, &len) != 0)
		return false;
	return name.sun_family == AF_UNIX && len == sizeof(name.sun_family);
}

enum vu_bell scmi__vu_bell_kind(int fd)
{
	if (fd < 0)
		return VU_BELL_NONE;
	if (fcntl(fd, F_GETPIPE_SZ) >= 0)
		return is_called(fd, "pipe:[") ? VU_BELL_PIPE : VU_BELL_NONE; /* to write to a FIFO can always wait */
	if (is_pair(fd))
		return VU_BELL_SOCKET;
	return is_called(fd, "anon_inode:[eventfd]") ? VU_BELL_EVENTFD : VU_BELL_NONE;
}

/* ---- ringing ---- */

static void write_pipe(int fd)
{
	uint64_t one = 1;
	const struct iovec part = {.iov_base = &one, .iov_len = sizeof(one)};

	if (syscall(SYS_pwritev2, fd, &part, 1L, -1L, -1L, RWF_NOWAIT) < 0 && (errno == EOPNOTSUPP || errno == ENOSYS))
		scmi__write_if_room(fd);
}

/* One whose reader is gone raises SIGPIPE: whoever rings is not to die by it, nor to find it later. */
static void ring_pipe(int fd)
{
	const struct timespec at_once = {0};
	sigset_t broken;
	sigset_t before;
	sigset_t pending;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	if (sigpending(&pending) != 0 || pthread_sigmask(SIG_BLOCK, &broken, &before) != 0)
		return;
	write_pipe(fd);
	if (sigismember(&pending, SIGPIPE) == 0)
		(void)sigtimedwait(&broken, NULL, &at_once);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Waits only where it is full, which takes 2^64 - 2 signals or who wants us to wait, and O_NONBLOCK is off. */
static void ring_event(const struct vu_session *s, int fd)
{
	if (!s->careful)
		(void)scmi__event_raise(fd);
	else
		scmi__ringer_ring(s->offer->ringer, fd);
}

void scmi__vu_bell_ring(const struct vu_session *s, int fd, enum vu_bell kind)
{
	const uint64_t one = 1;
	const int saved = errno;

	if (kind == VU_BELL_EVENTFD)
		ring_event(s, fd);
	else if (kind == VU_BELL_PIPE)
		ring_pipe(fd);
	else if (kind == VU_BELL_SOCKET)
		(void)send(fd, &one, sizeof(one), MSG_DONTWAIT | MSG_NOSIGNAL);
	errno = saved;
}

/* ---- being rung ---- */

static ssize_t read_pipe(int fd, void *dst, size_t len)
{
	const struct iovec part = {.iov_base = dst, .iov_len = len};
	struct pollfd p = {.fd = fd, .events = POLLIN};
	ssize_t n = syscall(SYS_preadv2, fd, &part, 1L, -1L, -1L, RWF_NOWAIT);

	if (n >= 0 || (errno != EOPNOTSUPP && errno != ENOSYS))
		return n;
	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	return poll(&p, 1, 0) == 1 && (p.revents & POLLIN) != 0 ? read(fd, dst, len) : -1;
}

void scmi__vu_bell_lower(int fd, enum vu_bell kind)
{
	const int saved = errno;
	char drain[4096];
	ssize_t n = sizeof(drain);

	for (int i = 0; i < DRAINS && n > 0; i++) {
		n = 0;
		if (kind == VU_BELL_PIPE)
			n = read_pipe(fd, drain, sizeof(drain));
		else if (kind == VU_BELL_SOCKET)
			n = recv(fd, drain, sizeof(drain), MSG_DONTWAIT);
	}
	errno = saved;
}

void scmi__vu_bell_deafen(int fd, enum vu_bell kind)
{
	if (kind != VU_BELL_SOCKET)
		return;
	(void)shutdown(fd, SHUT_RD);
	scmi__vu_bell_lower(fd, kind);
}

/* ---- the calls: any context may ring while they are replaced ---- */

void scmi__vu_call(void *ctx, uint32_t queue)
{
	struct vu_session *s = ctx;

	if ((atomic_fetch_add(&s->callers, 1u) & CALLERS_OPEN) != 0 && s->call[queue] >= 0)
		scmi__vu_bell_ring(s, s->call[queue], s->call_kind[queue]);
	atomic_fetch_sub(&s->callers, 1u);
	/* Whoever has touched memory that is not there any more rings, as a rule. The server looks. */
	if (atomic_load_explicit(&s->torn, memory_order_relaxed) != 0)
		s->host.work(s);
}

/* To ring never waits: so this waits for a few instructions of others. */
void scmi__vu_set_call(struct vu_session *s, uint32_t queue, int fd, enum vu_bell kind)
{
	scmi__vu_bell_deafen(fd, kind);
	atomic_fetch_and(&s->callers, ~CALLERS_OPEN);
	while (atomic_load(&s->callers) != 0)
		sched_yield();
	scmi__fd_close(&s->call[queue]);
	s->call[queue] = fd;
	s->call_kind[queue] = kind;
	atomic_fetch_or(&s->callers, CALLERS_OPEN);
}
