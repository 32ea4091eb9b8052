/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGINT and SIGTERM, by a thread that waits for them: a signal handler could not call the library. A second signal
 * ends the program at once, in case the first one did not.
 */
#include <signal.h>

#include "scmictl.h"

#define AGAIN_US 10000u /* between two looks for calls that have begun beside the first */

#define END SIGUSR1 /* sent to the thread itself */

static void watched_signals(sigset_t *set)
{
	struct sigaction old;

	sigemptyset(set);
	sigaddset(set, END);
	sigaddset(set, SIGTERM);
	/* Who starts us in the background of a script has SIGINT ignored, and means it. */
	if (sigaction(SIGINT, NULL, &old) == 0 && old.sa_handler != SIG_IGN)
		sigaddset(set, SIGINT);
}

/* Refuses what is new, ends what there is; again, for calls that were about to begin. */
static void end_calls(struct session *s)
{
	(void)scmi_agent_quiesce(s->agent, 0);
	(void)scmi_agent_cancel_all(s->agent);
	s->port.event_signal(s->port.ctx, s->alarm);
}

static void *watch(void *arg)
{
	struct session *s = arg;
	const struct timespec again = {.tv_nsec = AGAIN_US * 1000L};
	sigset_t set;
	int sig;

	watched_signals(&set);
	if (sigwait(&set, &sig) != 0 || sig == END)
		return NULL;
	atomic_store(&s->signal, sig);
	sigdelset(&set, END);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, END);
	do
		end_calls(s);
	while (sigtimedwait(&set, NULL, &again) != END);
	return NULL;
}

void interrupt_begin(void)
{
	sigset_t set;

	watched_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* fails for another `how` only */
}

int interrupt_watch(struct session *s)
{
	s->watched = pthread_create(&s->watcher, NULL, watch, s) == 0;
	return s->watched ? SCMI_OK : SCMI_E_IO;
}

void interrupt_end(struct session *s)
{
	if (!s->watched)
		return;
	(void)pthread_kill(s->watcher, END);
	(void)pthread_join(s->watcher, NULL);
}

bool session_interrupted(const struct session *s)
{
	return atomic_load(&s->signal) != 0;
}
