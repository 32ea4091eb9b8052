/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a reactor sleeps on, on Linux: epoll.
 *
 * A registration belongs to the open file, not to its number: it outlives a close() where somebody else holds the file
 * too (an eventfd that was handed to another process), and cannot be taken back then. So each registration carries a
 * stamp; one whose stamp nobody knows any more is got rid of with the whole epoll instance.
 */
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <scmi/errors.h>

#include "internal.h"

#define EVENTS 16 /* of one sleep; what is ready beyond comes with the next */
#define NAP_MS 10

struct watched {
	int fd;
	bool *ready;
	uint64_t stamp;
};

struct scmi__sleeper {
	int epoll;
	struct watched *watched;
	size_t n;
	size_t room;
	uint64_t stamps; /* given so far */
};

static struct scmi__sleeper *sleeper_open(void)
{
	struct scmi__sleeper *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll >= 0)
		return s;
	free(s);
	return NULL;
}

static void sleeper_close(struct scmi__sleeper *s)
{
	close(s->epoll);
	free(s->watched);
	free(s);
}

static int control(const struct scmi__sleeper *s, int operation, const struct watched *w)
{
	struct epoll_event event = {.events = EPOLLIN, .data.u64 = w->stamp};

	return epoll_ctl(s->epoll, operation, w->fd, &event);
}

static struct watched *find(struct scmi__sleeper *s, int fd, const bool *ready)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->watched[i].fd == fd && s->watched[i].ready == ready)
			return &s->watched[i];
	}
	return NULL;
}

static struct watched *append(struct scmi__sleeper *s, int fd, bool *ready)
{
	if (s->n == s->room) {
		const size_t room = 2u * s->room + 4u;
		struct watched *more = realloc(s->watched, room * sizeof(*more));

		if (more == NULL)
			return NULL;
		s->watched = more;
		s->room = room;
	}
	s->watched[s->n].fd = fd;
	s->watched[s->n].ready = ready;
	return &s->watched[s->n++];
}

static void drop(struct scmi__sleeper *s, struct watched *w)
{
	*w = s->watched[--s->n];
}

static int sleeper_watch(struct scmi__sleeper *s, int fd, bool *ready)
{
	struct watched *w = find(s, fd, ready);

	if (w != NULL && control(s, EPOLL_CTL_MOD, w) == 0)
		return SCMI_OK;
	if (w == NULL)
		w = append(s, fd, ready);
	if (w == NULL)
		return SCMI_E_IO;
	w->stamp = ++s->stamps; /* the number may have named another file before */
	if (control(s, EPOLL_CTL_ADD, w) == 0)
		return SCMI_OK;
	drop(s, w);
	return SCMI_E_IO;
}

static void sleeper_unwatch(struct scmi__sleeper *s, int fd, const bool *ready)
{
	struct watched *w = find(s, fd, ready);

	if (w == NULL)
		return;
	(void)control(s, EPOLL_CTL_DEL, w);
	drop(s, w);
}

/* A descriptor that has been closed meanwhile is left out: its owner will ask to watch another one. */
static void renew(struct scmi__sleeper *s)
{
	const int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (epoll < 0) {
		(void)poll(NULL, 0, NAP_MS); /* and again when the event comes again */
		return;
	}
	close(s->epoll);
	s->epoll = epoll;
	for (size_t i = 0; i < s->n; i++)
		(void)control(s, EPOLL_CTL_ADD, &s->watched[i]);
}

static bool mark(struct scmi__sleeper *s, uint64_t stamp)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->watched[i].stamp == stamp) {
			*s->watched[i].ready = true;
			return true;
		}
	}
	return false;
}

static void sleeper_sleep(struct scmi__sleeper *s, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	const int n = epoll_wait(s->epoll, events, EVENTS, timeout_ms); /* EINTR: early */
	bool stale = false;

	for (int i = 0; i < n; i++)
		stale |= !mark(s, events[i].data.u64);
	if (stale)
		renew(s);
}

static void name_thread(const char *name)
{
	(void)prctl(PR_SET_NAME, name);
}

const struct scmi__sleeper_ops scmi__sleeper_ops = {
	.name = "epoll",
	.open = sleeper_open,
	.close = sleeper_close,
	.watch = sleeper_watch,
	.unwatch = sleeper_unwatch,
	.sleep = sleeper_sleep,
	.name_thread = name_thread,
};
