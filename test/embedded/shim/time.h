/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SHIM_TIME_H
#define SHIM_TIME_H

#include <stdint.h>

struct timespec {
	int64_t tv_sec;
	long tv_nsec;
};

#define CLOCK_MONOTONIC 1

int clock_gettime(int clock, struct timespec *now);
int nanosleep(const struct timespec *time, struct timespec *left);

#endif
