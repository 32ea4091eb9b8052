/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "fds.h"

unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n - 3u; /* ".", ".." and the folder itself */
}

bool fd_is_readable(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN) != 0;
}

static void set_limit(unsigned long limit)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	r.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

void fd_hog_all_but(struct fd_hog *hog, unsigned left)
{
	struct rlimit r;
	int fd;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	hog->limit = r.rlim_cur;
	hog->n = 0;
	set_limit(open_fds() + 16u);
	while (hog->n < FD_HOG_MAX && (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
		hog->fds[hog->n++] = fd;
	while (left-- != 0)
		close(hog->fds[--hog->n]);
}

void fd_hog_end(struct fd_hog *hog)
{
	while (hog->n != 0)
		close(hog->fds[--hog->n]);
	set_limit(hog->limit);
}
