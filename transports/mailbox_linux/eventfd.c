/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A doorbell of two eventfds.
 *
 * Who sleeps takes edges and reads nothing: one system call a wake-up. The count is read only for a loop of the user's,
 * which sleeps on the descriptor itself; before it has asked for that, a poll costs no system call.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "internal.h"

#define TAG_RUNG 1u

struct scmi_mailbox_eventfd {
	struct scmi__sleep sleep;
	int ring_fd;
	int rung_fd;
	_Atomic uint32_t watched; /* somebody sleeps on rung_fd itself */
};

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct scmi_mailbox_eventfd *b = ctx;

	(void)signal;
	return scmi__event_raise(b->ring_fd) ? SCMI_OK : SCMI_E_IO;
}

static void bell_wait(void *ctx, uint64_t deadline_us)
{
	struct scmi_mailbox_eventfd *b = ctx;

	(void)scmi__sleep(&b->sleep, deadline_us);
}

static void bell_wake(void *ctx)
{
	struct scmi_mailbox_eventfd *b = ctx;

	scmi__sleep_wake(&b->sleep);
}

static int bell_fd(void *ctx)
{
	struct scmi_mailbox_eventfd *b = ctx;

	/* seq_cst, before the first sleep there: a poll after that clears. */
	atomic_store(&b->watched, 1u);
	return b->rung_fd;
}

static void clear(void *ctx)
{
	struct scmi_mailbox_eventfd *b = ctx;

	if (atomic_load_explicit(&b->watched, memory_order_relaxed) != 0)
		scmi__event_lower(b->rung_fd);
}

static void bell_raise(void *ctx)
{
	struct scmi_mailbox_eventfd *b = ctx;

	(void)scmi__event_raise(b->rung_fd);
}

/* Neither end may block on it: one that does not read would hold up the other. */
static int make_nonblocking(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && ((flags & O_NONBLOCK) != 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0) ? SCMI_OK
													: SCMI_E_INVAL;
}

int scmi_mailbox_eventfd_create(struct scmi_mailbox_eventfd **bell, int ring_fd, int rung_fd,
				struct scmi_mailbox_doorbell *doorbell)
{
	struct scmi_mailbox_eventfd *b;

	if (bell == NULL || doorbell == NULL || make_nonblocking(ring_fd) != SCMI_OK ||
	    make_nonblocking(rung_fd) != SCMI_OK)
		return SCMI_E_INVAL;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return SCMI_E_IO;
	b->ring_fd = ring_fd;
	b->rung_fd = rung_fd;
	if (scmi__sleep_open(&b->sleep, true) != SCMI_OK) {
		free(b);
		return SCMI_E_IO;
	}
	if (scmi__sleep_add(&b->sleep, rung_fd, EPOLLIN | EPOLLET, TAG_RUNG) != SCMI_OK) {
		scmi__sleep_close(&b->sleep);
		free(b);
		return SCMI_E_IO;
	}
	*doorbell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "eventfd",
		.ctx = b,
		.ring = ring,
		.wait = bell_wait,
		.wake = bell_wake,
		.fd = bell_fd,
		.clear = clear,
		.raise = bell_raise,
	};
	*bell = b;
	return SCMI_OK;
}

void scmi_mailbox_eventfd_destroy(struct scmi_mailbox_eventfd *bell)
{
	if (bell == NULL)
		return;
	scmi__sleep_close(&bell->sleep);
	free(bell);
}
