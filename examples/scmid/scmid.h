/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * scmid: the platform around the simulated device, as a daemon that agents find by URI.
 *
 * main.c reads the command line and waits for the end, serve.c is what happens between the two, notify.c tells the
 * system's service manager.
 */
#ifndef SCMID_H
#define SCMID_H

#include <signal.h>
#include <stdint.h>

/* Exit statuses. All functions that return an outcome have told the reason on stderr. */
enum outcome {
	GOOD = 0,
	FAILED = 1, /* the system said no: a name is taken, a folder cannot be written, a link cannot go on */
	MISUSED = 2 /* the command line is wrong; nothing has been served */
};

#define LISTENERS_MAX 32u

struct options {
	const char *uris[LISTENERS_MAX];
	uint32_t uris_n;
	const char *set;
};

#define WAKE SIGUSR1 /* sent to the thread that waits for signals: there is something to do */

/* Serves until one of these signals comes, WAKE excepted, which are blocked in all threads. */
enum outcome serve(const struct options *options, const sigset_t *signals);

/* Tells the service manager, if there is one ($NOTIFY_SOCKET), a state such as "READY=1". */
void notify_manager(const char *state);

#endif
