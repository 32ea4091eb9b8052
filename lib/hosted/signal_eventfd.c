/* SPDX-License-Identifier: BSD-3-Clause */
/* Signals on Linux: one eventfd. */
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <scmi/errors.h>

#include "internal.h"

int scmi__signal_open(struct scmi__signal *s)
{
	const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return SCMI_E_IO;
	s->out = fd;
	s->in = fd;
	return SCMI_OK;
}

void scmi__signal_close(struct scmi__signal *s)
{
	close(s->out);
}

void scmi__signal_raise(const struct scmi__signal *s)
{
	const int saved = errno;
	const uint64_t one = 1;

	/* Without blocking it fails only when the count would overflow: it is readable then. */
	while (write(s->in, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	errno = saved;
}

void scmi__signal_lower(const struct scmi__signal *s)
{
	const int saved = errno;
	uint64_t count;

	while (read(s->out, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	errno = saved;
}
