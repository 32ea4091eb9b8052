/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals on any POSIX system: a pipe with at most a few bytes in it. */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <scmi/errors.h>

#include "internal.h"

static bool prepare(int fd)
{
	const int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

int scmi__signal_open(struct scmi__signal *s)
{
	int fds[2];

	if (pipe(fds) != 0)
		return SCMI_E_IO;
	s->out = fds[0];
	s->in = fds[1];
	if (prepare(s->out) && prepare(s->in))
		return SCMI_OK;
	scmi__signal_close(s);
	return SCMI_E_IO;
}

void scmi__signal_close(struct scmi__signal *s)
{
	close(s->out);
	close(s->in);
}

void scmi__signal_raise(const struct scmi__signal *s)
{
	const int saved = errno;

	/* Without blocking it fails only when the pipe is full: it is readable then. */
	while (write(s->in, "", 1) < 0 && errno == EINTR)
		;
	errno = saved;
}

void scmi__signal_lower(const struct scmi__signal *s)
{
	const int saved = errno;
	char bytes[64]; /* more are not there: each of these was a context that raised it just then */

	while (read(s->out, bytes, sizeof(bytes)) < 0 && errno == EINTR)
		;
	errno = saved;
}
