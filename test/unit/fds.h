/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests want to know of descriptors. For the main thread. */
#ifndef FDS_H
#define FDS_H

#include <stdbool.h>

#define FD_HOG_MAX 4096u

/* Open descriptors of this process. */
unsigned open_fds(void);

/* Whether fd is readable within timeout_ms (-1: no limit). */
bool fd_is_readable(int fd, int timeout_ms);

/* Takes all descriptors that the process may have but so many, until the end. */
struct fd_hog {
	unsigned n;
	int fds[FD_HOG_MAX];
	unsigned long limit;
};

void fd_hog_all_but(struct fd_hog *hog, unsigned left);
void fd_hog_end(struct fd_hog *hog);

#endif
