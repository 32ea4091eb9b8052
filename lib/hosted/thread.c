/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread of the library's own. */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <signal.h>

#include <scmi/errors.h>

#include "internal.h"

int scmi__thread_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
	sigset_t all;
	sigset_t before;
	int err;

	sigfillset(&all);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err == 0 ? SCMI_OK : SCMI_E_IO;
}
