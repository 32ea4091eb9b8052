/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of lib/hosted share. Each of the two halves below has one file a kind of system; the build picks it.
 */
#ifndef SCMI_HOSTED_INTERNAL_H
#define SCMI_HOSTED_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>

/*
 * A signal: a descriptor that is readable once it was raised, until it is lowered. Raising it again changes nothing.
 * signal_eventfd.c, signal_pipe.c. Context: raise and lower any, errno is kept.
 */
struct scmi__signal {
	int out; /* to sleep on */
	int in;  /* the same one where one is enough */
};

int scmi__signal_open(struct scmi__signal *s); /* SCMI_OK, SCMI_E_IO */
void scmi__signal_close(struct scmi__signal *s);
void scmi__signal_raise(const struct scmi__signal *s);
void scmi__signal_lower(const struct scmi__signal *s);

/*
 * What a reactor's thread sleeps on: descriptors, each with a flag that sleep() sets when it is readable, or broken.
 * reactor_epoll.c, reactor_poll.c. One context at a time; never stops the process for want of anything.
 */
struct scmi__sleeper;

struct scmi__sleeper_ops {
	const char *name;
	struct scmi__sleeper *(*open)(void); /* NULL: no memory or descriptor left */
	void (*close)(struct scmi__sleeper *s);

	/* Sleeps on fd from now on; again and again for one fd and flag is allowed, and finds one that was closed and
	 * opened anew under the same number. SCMI_OK, SCMI_E_IO. */
	int (*watch)(struct scmi__sleeper *s, int fd, bool *ready);

	/* No longer; what is not watched is left alone. The descriptor may have been closed before. */
	void (*unwatch)(struct scmi__sleeper *s, int fd, const bool *ready);

	/* Until a descriptor is readable or the time is over; -1: no limit. May return early. */
	void (*sleep)(struct scmi__sleeper *s, int timeout_ms);

	void (*name_thread)(const char *name); /* the calling one, where the system can; at most 15 characters */
};

extern const struct scmi__sleeper_ops scmi__sleeper_ops;

/* Starts a thread in which signals are blocked, but those that its own faults raise. SCMI_OK, SCMI_E_IO. thread.c. */
int scmi__thread_start(pthread_t *thread, void *(*run)(void *), void *arg);

#endif
