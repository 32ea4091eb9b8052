/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGINT and SIGTERM, by a thread that waits for them: a signal handler could not call the library. While there is no
 * agent yet, as when a link waits for its platform, the first one ends the program at once: nothing has been sent nor
 * shown. Later a second one does, in case the first one did not.
 */
#include <signal.h>
#include <unistd.h>

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

/* Under the lock, so that nobody begins with the agent meanwhile. */
static void end_opening(struct session *s, int sig)
{
	pthread_mutex_lock(&s->lock);
	if (!s->opened)
		_exit(SIGNALLED + sig);
	atomic_store(&s->signal, sig);
	pthread_mutex_unlock(&s->lock);
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
	end_opening(s, sig);
	sigdelset(&set, END);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, END);
	do
		end_calls(s);
	while (sigtimedwait(&set, NULL, &again) != END);
	return NULL;
}

int interrupt_begin(struct session *s)
{
	sigset_t set;

	if (pthread_mutex_init(&s->lock, NULL) != 0)
		return SCMI_E_IO;
	watched_signals(&set);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL); /* fails for another `how` only */
	s->watched = pthread_create(&s->watcher, NULL, watch, s) == 0;
	if (s->watched)
		return SCMI_OK;
	pthread_mutex_destroy(&s->lock);
	return SCMI_E_IO;
}

void interrupt_opened(struct session *s)
{
	pthread_mutex_lock(&s->lock);
	s->opened = true;
	pthread_mutex_unlock(&s->lock);
}

void interrupt_end(struct session *s)
{
	if (!s->watched)
		return;
	(void)pthread_kill(s->watcher, END);
	(void)pthread_join(s->watcher, NULL);
	pthread_mutex_destroy(&s->lock);
}

bool session_interrupted(const struct session *s)
{
	return atomic_load(&s->signal) != 0;
}
