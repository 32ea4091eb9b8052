/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For tests under an emulator whose target has the other byte order. The kernel itself writes the owner into the futex
 * word of a mutex that inherits priority, in the host's byte order, so that a contended lock never ends. Here the
 * system says that it has no such mutexes.
 */
#include <errno.h>
#include <pthread.h>

int pthread_mutexattr_setprotocol(pthread_mutexattr_t *attr, int protocol)
{
	(void)attr;
	(void)protocol;
	return ENOTSUP;
}
