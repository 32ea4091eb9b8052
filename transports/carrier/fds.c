/* SPDX-License-Identifier: BSD-3-Clause */
/* Descriptors, sleeping on them, and the sentences about what goes wrong. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "carrier.h"

#define DRAINS 16 /* reads of one look at a doorbell */
#define TAGS   4  /* events of one sleep; what is ready beyond comes with the next */

int scmi__why(const struct scmi_why *why, int err, const char *format, ...)
{
	va_list args;

	if (why == NULL || why->text == NULL || why->len == 0)
		return err;
	va_start(args, format);
	/* The analyser takes va_start() for nothing. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	(void)vsnprintf(why->text, why->len, format, args);
	va_end(args);
	return err;
}

void scmi__fd_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int scmi__event_open(void)
{
	return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

bool scmi__event_raise(int fd)
{
	const int saved = errno;
	const uint64_t one = 1;
	ssize_t n;
	bool raised;

	while ((n = write(fd, &one, sizeof(one))) < 0 && errno == EINTR)
		;
	raised = n == (ssize_t)sizeof(one) || (n < 0 && errno == EAGAIN); /* full: it is readable */
	errno = saved;
	return raised;
}

void scmi__event_lower(int fd)
{
	const int saved = errno;
	uint64_t count;

	while (read(fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	errno = saved;
}

bool scmi__bell_ring(int sock)
{
	const int saved = errno;
	const char byte = 0;
	ssize_t n;
	bool rung;

	while ((n = send(sock, &byte, 1, MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 && errno == EINTR)
		;
	rung = n == 1 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)); /* full: it is readable */
	errno = saved;
	return rung;
}

bool scmi__bell_lower(int sock)
{
	const int saved = errno;
	char drain[4096];
	ssize_t n;
	bool there;
	int left = DRAINS;

	do
		n = recv(sock, drain, sizeof(drain), MSG_DONTWAIT);
	while ((n == (ssize_t)sizeof(drain) || (n < 0 && errno == EINTR)) && --left != 0);
	there = n > 0 || (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
	errno = saved;
	return there;
}

bool scmi__fd_fill(int fd, uint32_t bytes)
{
	int err;

	do
		err = posix_fallocate(fd, 0, (off_t)bytes);
	while (err == EINTR);
	return err == 0;
}

uint64_t scmi__now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

uint32_t scmi__tick_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return (uint32_t)((uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u);
}

/* How long from now to the deadline. */
static struct timespec time_left(uint64_t deadline_us)
{
	const uint64_t now = scmi__now_us();
	const uint64_t left = deadline_us > now ? deadline_us - now : 0;

	return (struct timespec){.tv_sec = (time_t)(left / 1000000u), .tv_nsec = (long)(left % 1000000u) * 1000};
}

short scmi__fd_await(int fd, short events, uint64_t deadline_us)
{
	struct pollfd p = {.fd = fd, .events = events};
	int n;

	do {
		const struct timespec left = time_left(deadline_us);

		n = ppoll(&p, 1, &left, NULL);
	} while (n < 0 && errno == EINTR);
	return (short)(n > 0 ? p.revents : 0);
}

int scmi__sleep_open(struct scmi__sleep *s)
{
	s->wake = scmi__event_open();
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	/* Edges: a wake-up is taken by the sleep that it ends, without a read. */
	if (s->wake >= 0 && s->epoll >= 0 && scmi__sleep_add(s, s->wake, EPOLLIN | EPOLLET, SLEEP_WAKE) == SCMI_OK)
		return SCMI_OK;
	scmi__sleep_close(s);
	return SCMI_E_IO;
}

void scmi__sleep_close(struct scmi__sleep *s)
{
	scmi__fd_close(&s->epoll);
	scmi__fd_close(&s->wake);
}

int scmi__sleep_add(struct scmi__sleep *s, int fd, uint32_t events, uint32_t tag)
{
	struct epoll_event e = {.events = events, .data.u32 = tag};

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &e) == 0 ? SCMI_OK : SCMI_E_IO;
}

void scmi__sleep_remove(struct scmi__sleep *s, int fd)
{
	(void)epoll_ctl(s->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* In milliseconds, rounded up, for kernels that have no finer sleep. */
static int coarse_wait(int epoll, struct epoll_event *events, const struct timespec *left)
{
	const int64_t most = 1000000;
	int64_t ms = left == NULL ? -1 : (int64_t)left->tv_sec * 1000 + (left->tv_nsec + 999999) / 1000000;

	return epoll_wait(epoll, events, TAGS, (int)(ms < most ? ms : most));
}

static int fine_wait(int epoll, struct epoll_event *events, const struct timespec *left)
{
#ifdef SYS_epoll_pwait2
	const struct {
		int64_t sec;
		int64_t nsec;
	} span = {left != NULL ? left->tv_sec : 0, left != NULL ? left->tv_nsec : 0};
	const long n = syscall(SYS_epoll_pwait2, epoll, events, TAGS, left != NULL ? &span : NULL, NULL, 0);

	if (n >= 0 || (errno != ENOSYS && errno != EPERM))
		return (int)n;
#endif
	return coarse_wait(epoll, events, left);
}

uint32_t scmi__sleep(struct scmi__sleep *s, uint64_t deadline_us)
{
	struct epoll_event events[TAGS];
	struct timespec left;
	uint32_t ready = 0;
	int n;

	if (deadline_us == SCMI_NEVER) {
		n = fine_wait(s->epoll, events, NULL);
	} else {
		left = time_left(deadline_us);
		n = fine_wait(s->epoll, events, &left);
	}
	for (int i = 0; i < n; i++)
		ready |= UINT32_C(1) << (events[i].data.u32 & 31u);
	return ready;
}

void scmi__sleep_wake(struct scmi__sleep *s)
{
	(void)scmi__event_raise(s->wake);
}
