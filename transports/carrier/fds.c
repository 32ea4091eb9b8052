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
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "carrier.h"

#define DRAINS 16 /* reads of one look at a doorbell */

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

/* ---- sleeping ----
 *
 * A deadline is nearly never reached, and to set a timer and take it back for each sleep costs as much as a tenth of a
 * signal there and back. So one timer, among the descriptors, is left to run: it is set anew only for a deadline that
 * comes before it, or when it has rung. It rings too early then, once for as long as a deadline is away; who sleeps just
 * then sleeps on, and nobody else is woken by it.
 */

#define TAGS    4                    /* events of one sleep; what is ready beyond comes with the next */
#define TIMER   31u                  /* its tag */
#define MOST_US UINT64_C(1000000000) /* of one sleep, in one piece: a time that any time_t holds */

/* All are edges: taken by the sleep that they end, without a read. */
int scmi__sleep_open(struct scmi__sleep *s, bool waits)
{
	const uint32_t events = EPOLLIN | EPOLLET;

	*s = SLEEP_NONE;
	s->wake = scmi__event_open();
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (waits)
		s->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (s->wake >= 0 && s->epoll >= 0 && scmi__sleep_add(s, s->wake, events, SLEEP_WAKE) == SCMI_OK &&
	    (!waits || (s->timer >= 0 && scmi__sleep_add(s, s->timer, events, TIMER) == SCMI_OK)))
		return SCMI_OK;
	scmi__sleep_close(s);
	return SCMI_E_IO;
}

void scmi__sleep_close(struct scmi__sleep *s)
{
	scmi__fd_close(&s->timer);
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

/* It rings by the deadline, or before. False: it cannot be set. */
static bool set_timer(struct scmi__sleep *s, uint64_t now_us, uint64_t deadline_us)
{
	const uint64_t most_us = now_us + MOST_US;
	const uint64_t at_us = deadline_us < most_us ? deadline_us : most_us;
	struct itimerspec at = {.it_interval = {0}};

	if (s->rings_us > now_us && s->rings_us <= deadline_us)
		return true;
	at.it_value.tv_sec = (time_t)(at_us / 1000000u);
	at.it_value.tv_nsec = (long)(at_us % 1000000u) * 1000;
	if (timerfd_settime(s->timer, TFD_TIMER_ABSTIME, &at, NULL) != 0)
		return false;
	s->rings_us = at_us;
	return true;
}

/* For epoll_wait(): to look, to sleep, or to sleep for a moment where there is no timer to end it. */
static int look_or_sleep(struct scmi__sleep *s, uint64_t deadline_us)
{
	uint64_t now_us;

	if (deadline_us == 0)
		return 0;
	if (deadline_us == SCMI_NEVER)
		return -1;
	now_us = scmi__now_us();
	if (deadline_us <= now_us)
		return 0;
	return set_timer(s, now_us, deadline_us) ? -1 : 1;
}

uint32_t scmi__sleep(struct scmi__sleep *s, uint64_t deadline_us)
{
	struct epoll_event events[TAGS];
	uint32_t ready;
	bool again;

	do {
		const int ms = look_or_sleep(s, deadline_us);
		const int n = epoll_wait(s->epoll, events, TAGS, ms);

		ready = 0;
		for (int i = 0; i < n; i++)
			ready |= UINT32_C(1) << (events[i].data.u32 & 31u);
		again = ready == UINT32_C(1) << TIMER || (n == 0 && ms > 0);
	} while (again); /* whether that was the deadline is looked at anew */
	return ready & ~(UINT32_C(1) << TIMER);
}

void scmi__sleep_wake(struct scmi__sleep *s)
{
	(void)scmi__event_raise(s->wake);
}
