/* SPDX-License-Identifier: BSD-3-Clause */
/* What a reactor sleeps on, on any POSIX system: poll(). */
#define _POSIX_C_SOURCE 200809L

#include <poll.h>
#include <stddef.h>
#include <stdlib.h>

#include <scmi/errors.h>

#include "internal.h"

struct scmi__sleeper {
	struct pollfd *fds;
	bool **ready; /* beside fds */
	nfds_t n;
	nfds_t room;
};

static struct scmi__sleeper *sleeper_open(void)
{
	return calloc(1, sizeof(struct scmi__sleeper));
}

static void sleeper_close(struct scmi__sleeper *s)
{
	free(s->fds);
	free(s->ready);
	free(s);
}

/* Where it is; n if nowhere. */
static nfds_t find(const struct scmi__sleeper *s, int fd, const bool *ready)
{
	nfds_t i = 0;

	while (i < s->n && (s->fds[i].fd != fd || s->ready[i] != ready))
		i++;
	return i;
}

static bool grow(struct scmi__sleeper *s)
{
	const nfds_t room = 2u * s->room + 4u;
	struct pollfd *fds = realloc(s->fds, room * sizeof(*fds));
	bool **ready;

	if (fds == NULL)
		return false;
	s->fds = fds;
	ready = realloc(s->ready, room * sizeof(*ready));
	if (ready == NULL)
		return false;
	s->ready = ready;
	s->room = room;
	return true;
}

static int sleeper_watch(struct scmi__sleeper *s, int fd, bool *ready)
{
	if (find(s, fd, ready) != s->n)
		return SCMI_OK;
	if (s->n == s->room && !grow(s))
		return SCMI_E_IO;
	s->fds[s->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	s->ready[s->n] = ready;
	s->n++;
	return SCMI_OK;
}

static void sleeper_unwatch(struct scmi__sleeper *s, int fd, const bool *ready)
{
	const nfds_t i = find(s, fd, ready);

	if (i == s->n)
		return;
	s->n--;
	s->fds[i] = s->fds[s->n];
	s->ready[i] = s->ready[s->n];
}

static void sleeper_sleep(struct scmi__sleeper *s, int timeout_ms)
{
	if (poll(s->fds, s->n, timeout_ms) <= 0) /* EINTR: early */
		return;
	for (nfds_t i = 0; i < s->n; i++) {
		if (s->fds[i].revents != 0)
			*s->ready[i] = true;
	}
}

/* POSIX has no function for that. */
static void name_thread(const char *name)
{
	(void)name;
}

const struct scmi__sleeper_ops scmi__sleeper_ops = {
	.name = "poll",
	.open = sleeper_open,
	.close = sleeper_close,
	.watch = sleeper_watch,
	.unwatch = sleeper_unwatch,
	.sleep = sleeper_sleep,
	.name_thread = name_thread,
};
