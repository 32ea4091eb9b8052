/* SPDX-License-Identifier: BSD-3-Clause */
/* A doorbell of descriptors does not come to life here. */
#ifndef SHIM_UNISTD_H
#define SHIM_UNISTD_H

#include <stddef.h>

typedef long ssize_t;

static inline int pipe(int fds[2])
{
	(void)fds;
	return -1;
}

static inline int close(int fd)
{
	(void)fd;
	return -1;
}

static inline ssize_t read(int fd, void *to, size_t len)
{
	(void)fd;
	(void)to;
	(void)len;
	return -1;
}

static inline ssize_t write(int fd, const void *from, size_t len)
{
	(void)fd;
	(void)from;
	(void)len;
	return -1;
}

#endif
