/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A doorbell: a signal and a flag that says whether it is raised. Both change together under a mutex: otherwise a ring
 * that is slow to raise the signal could do so after a clear that saw only the flag, and the descriptor would stay
 * readable for ever.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <scmi/hosted.h>

#include "internal.h"

struct scmi_doorbell {
	pthread_mutex_t mutex;
	struct scmi__signal signal;
	_Atomic bool rung; /* written with the mutex held */
};

/* Between priorities the mutex should inherit; a system that cannot takes an ordinary one. */
static int mutex_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err != 0)
		return SCMI_E_IO;
	err = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (err == 0)
		err = pthread_mutex_init(mutex, &attr);
	if (err != 0)
		err = pthread_mutex_init(mutex, NULL);
	pthread_mutexattr_destroy(&attr);
	return err == 0 ? SCMI_OK : SCMI_E_IO;
}

int scmi_doorbell_create(struct scmi_doorbell **doorbell)
{
	struct scmi_doorbell *d;

	if (doorbell == NULL)
		return SCMI_E_INVAL;
	d = malloc(sizeof(*d));
	if (d == NULL)
		return SCMI_E_IO;
	atomic_init(&d->rung, false);
	if (mutex_init(&d->mutex) != SCMI_OK) {
		free(d);
		return SCMI_E_IO;
	}
	if (scmi__signal_open(&d->signal) != SCMI_OK) {
		pthread_mutex_destroy(&d->mutex);
		free(d);
		return SCMI_E_IO;
	}
	*doorbell = d;
	return SCMI_OK;
}

void scmi_doorbell_destroy(struct scmi_doorbell *doorbell)
{
	if (doorbell == NULL)
		return;
	scmi__signal_close(&doorbell->signal);
	pthread_mutex_destroy(&doorbell->mutex);
	free(doorbell);
}

/* Takes the mutex also where it is rung already: who clears it just now must see what this ring stands for. */
void scmi_doorbell_ring(void *doorbell)
{
	struct scmi_doorbell *d = doorbell;

	pthread_mutex_lock(&d->mutex);
	if (!atomic_load_explicit(&d->rung, memory_order_relaxed)) {
		/* First the flag: who finds the descriptor readable must not miss it, and waits for us at the mutex. */
		atomic_store_explicit(&d->rung, true, memory_order_relaxed);
		scmi__signal_raise(&d->signal);
	}
	pthread_mutex_unlock(&d->mutex);
}

/*
 * The look beforehand keeps polls that find nothing cheap. A ring that it does not see yet leaves the descriptor
 * readable, so whoever sleeps on that comes back here, and sees it.
 */
void scmi_doorbell_clear(void *doorbell)
{
	struct scmi_doorbell *d = doorbell;

	if (!atomic_load_explicit(&d->rung, memory_order_relaxed))
		return;
	pthread_mutex_lock(&d->mutex);
	if (atomic_load_explicit(&d->rung, memory_order_relaxed)) {
		scmi__signal_lower(&d->signal);
		atomic_store_explicit(&d->rung, false, memory_order_relaxed);
	}
	pthread_mutex_unlock(&d->mutex);
}

int scmi_doorbell_fd(const struct scmi_doorbell *doorbell)
{
	return doorbell->signal.out;
}
