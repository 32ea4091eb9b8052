/* SPDX-License-Identifier: BSD-3-Clause */
/* The port to POSIX threads. What each function must do: scmi/port.h. */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdalign.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <scmi/errors.h>
#include <scmi/port/posix.h>

#include "pause.h"

struct event {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool signalled;
};

_Static_assert(sizeof(struct event) <= SCMI_EVENT_BYTES_MAX, "this system's events do not fit");
_Static_assert(alignof(struct event) <= alignof(max_align_t), "this system's events are aligned too strictly");

static uint64_t now_us(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static int mutex_init(pthread_mutex_t *mutex)
{
	pthread_mutexattr_t attr;
	int err = pthread_mutexattr_init(&attr);

	if (err != 0)
		return SCMI_E_IO;
	/*
	 * A holder of low priority that is preempted would keep a waiter of high priority for as long as anybody
	 * between them runs: let it inherit. A system that cannot says so here or in init; an ordinary mutex then.
	 */
	err = pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	if (err == 0)
		err = pthread_mutex_init(mutex, &attr);
	if (err != 0)
		err = pthread_mutex_init(mutex, NULL);
	pthread_mutexattr_destroy(&attr);
	return err == 0 ? SCMI_OK : SCMI_E_IO;
}

static void lock(void *ctx)
{
	struct scmi_posix *posix = ctx;

	pthread_mutex_lock(&posix->lock_);
}

static void unlock(void *ctx)
{
	struct scmi_posix *posix = ctx;

	pthread_mutex_unlock(&posix->lock_);
}

static int cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;
	int err;

	memset(&attr, 0, sizeof(attr)); /* some systems take what lies there for one that has been made */
	err = pthread_condattr_init(&attr);
	if (err != 0)
		return SCMI_E_IO;
	err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (err == 0)
		err = pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
	return err == 0 ? SCMI_OK : SCMI_E_IO;
}

static int event_init(void *ctx, void *storage)
{
	struct event *event = storage;
	int err = mutex_init(&event->mutex);

	(void)ctx;
	if (err != SCMI_OK)
		return err;
	event->signalled = false;
	err = cond_init(&event->cond);
	if (err != SCMI_OK)
		pthread_mutex_destroy(&event->mutex);
	return err;
}

static void event_fini(void *ctx, void *storage)
{
	struct event *event = storage;

	(void)ctx;
	pthread_cond_destroy(&event->cond);
	pthread_mutex_destroy(&event->mutex);
}

static void event_signal(void *ctx, void *storage)
{
	struct event *event = storage;

	(void)ctx;
	pthread_mutex_lock(&event->mutex);
	event->signalled = true;
	/*
	 * Inside the mutex, although that costs a sleeper a second wake-up: once it is unlocked the waiter may return
	 * and destroy the event. The unlock itself is safe: POSIX lets a mutex be destroyed right after it.
	 */
	pthread_cond_signal(&event->cond);
	pthread_mutex_unlock(&event->mutex);
}

static void event_clear(void *ctx, void *storage)
{
	struct event *event = storage;

	(void)ctx;
	pthread_mutex_lock(&event->mutex);
	event->signalled = false;
	pthread_mutex_unlock(&event->mutex);
}

/* May return early: the caller looks again. */
static void sleep_until(struct event *event, uint64_t deadline_us)
{
	uint64_t seconds = deadline_us / 1000000u;
	struct timespec t;

	if (deadline_us == SCMI_NEVER) {
		pthread_cond_wait(&event->cond, &event->mutex);
		return;
	}
	/* time_t may have 32 bits: a deadline that does not fit is approached in steps of 68 years. */
	t.tv_sec = (time_t)(seconds < INT32_MAX ? seconds : INT32_MAX);
	t.tv_nsec = (long)(deadline_us % 1000000u) * 1000;
	pthread_cond_timedwait(&event->cond, &event->mutex, &t);
}

static int event_wait(void *ctx, void *storage, uint64_t deadline_us)
{
	struct event *event = storage;
	int err;

	pthread_mutex_lock(&event->mutex);
	while (!event->signalled && (deadline_us == SCMI_NEVER || now_us(ctx) < deadline_us))
		sleep_until(event, deadline_us);
	err = event->signalled ? SCMI_OK : SCMI_E_TIMEOUT;
	event->signalled = false;
	pthread_mutex_unlock(&event->mutex);
	return err;
}

static void let_run(void *ctx)
{
	const struct timespec nap = {.tv_nsec = 50000};
	struct sched_param param;
	int policy;

	(void)ctx;
	/* Under a fixed priority a yield never lets a thread of lower priority run, and that may be the awaited one. */
	if (pthread_getschedparam(pthread_self(), &policy, &param) == 0 && policy == SCHED_OTHER)
		sched_yield();
	else
		nanosleep(&nap, NULL);
}

static void relax(void *ctx)
{
	if (!pause_first())
		let_run(ctx);
}

static uintptr_t self(void *ctx)
{
	(void)ctx;
	return (uintptr_t)pthread_self();
}

int scmi_posix_init(struct scmi_posix *posix, struct scmi_port *out)
{
	int err;

	if (posix == NULL || out == NULL)
		return SCMI_E_INVAL;
	err = mutex_init(&posix->lock_);
	if (err != SCMI_OK)
		return err;
	*out = (struct scmi_port){
		.version = SCMI_PORT_V1,
		.event_size = sizeof(struct event),
		.ctx = posix,
		.now_us = now_us,
		.lock = lock,
		.unlock = unlock,
		.event_init = event_init,
		.event_fini = event_fini,
		.event_signal = event_signal,
		.event_clear = event_clear,
		.event_wait = event_wait,
		.relax = runs_alone() ? let_run : relax,
		.self = self,
	};
	return SCMI_OK;
}

void scmi_posix_fini(struct scmi_posix *posix)
{
	pthread_mutex_destroy(&posix->lock_);
}
