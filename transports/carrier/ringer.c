/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * To ring an eventfd that somebody else has, too, without ever waiting for him: O_NONBLOCK belongs to the open file,
 * and he may take it away at any time. So the kernel rings it by itself, as what is to be told of an I/O operation
 * that ends at once: that adds to its count, or leaves it where it is full.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "carrier.h"

#define EVENTS 32 /* operations whose ends have not been taken */
#define TRIES  4

/* What has ended is taken only when there is no room for more. */
static bool take_ends(aio_context_t aio)
{
	struct io_event ends[EVENTS];

	return errno == EAGAIN && syscall(SYS_io_getevents, aio, 0L, (long)EVENTS, ends, NULL) >= 0;
}

/* Asks for what is true already: it ends inside the call. */
static bool ring(const struct scmi__ringer *r, int fd)
{
	struct iocb io = {
		.aio_lio_opcode = IOCB_CMD_POLL,
		.aio_fildes = (uint32_t)r->ready,
		.aio_buf = POLLIN,
		.aio_flags = IOCB_FLAG_RESFD,
		.aio_resfd = (uint32_t)fd,
	};
	struct iocb *list[1] = {&io};

	for (int i = 0; i < TRIES; i++) {
		if (syscall(SYS_io_submit, (aio_context_t)r->aio, 1L, list) == 1)
			return true;
		if (!take_ends((aio_context_t)r->aio))
			return false;
	}
	return false;
}

void scmi__write_if_room(int fd)
{
	const uint64_t one = 1;
	struct pollfd p = {.fd = fd, .events = POLLOUT};

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	if (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0 && write(fd, &one, sizeof(one)) < 0)
		return; /* full: whoever reads it has enough to read */
}

/* What others may have used up, and give back; anything else is how this kernel is, or who set it up. */
static bool is_want(int e)
{
	return e == EAGAIN || e == ENOMEM || e == EMFILE || e == ENFILE;
}

/* Tried once with one of our own: older kernels cannot poll so. 0, or errno. */
static int open_aio(struct scmi__ringer *r)
{
	aio_context_t aio = 0;
	int err;

	if (syscall(SYS_io_setup, EVENTS, &aio) != 0)
		return errno;
	r->aio = (unsigned long)aio;
	if (ring(r, r->ready))
		return 0;
	err = errno;
	(void)syscall(SYS_io_destroy, aio);
	r->aio = 0;
	return err;
}

int scmi__ringer_open(struct scmi__ringer *r, const char *path, const struct scmi_why *why)
{
	int err;

	r->aio = 0;
	r->ready = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	err = r->ready < 0 ? errno : open_aio(r);
	if (r->ready >= 0 && !is_want(err))
		return SCMI_OK;
	scmi__fd_close(&r->ready);
	return scmi__why(why, SCMI_E_IO, "%s: nothing left to ring other users with (%s; fs.aio-max-nr bounds it)",
			 path, strerror(err));
}

void scmi__ringer_close(struct scmi__ringer *r)
{
	if (r->aio != 0)
		(void)syscall(SYS_io_destroy, (aio_context_t)r->aio);
	r->aio = 0;
	scmi__fd_close(&r->ready);
}

void scmi__ringer_ring(const struct scmi__ringer *r, int fd)
{
	const int saved = errno;

	if (r->aio != 0)
		(void)ring(r, fd);
	else
		scmi__write_if_room(fd);
	errno = saved;
}
