/* SPDX-License-Identifier: BSD-3-Clause */
/* A thread that does what is to be done later. */
#include <stdlib.h>
#include <time.h>

#include "stress.h"

#define AGAIN_US 100u

/* With the lock held: in the order of time. */
static void insert(struct later *l, struct task *t)
{
	struct task **at = &l->first;

	while (*at != NULL && (*at)->due_us <= t->due_us)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	if (at == &l->first)
		pthread_cond_signal(&l->news);
}

static void sleep_until(struct later *l, uint64_t us)
{
	const struct timespec t = {.tv_sec = (time_t)(us / 1000000u), .tv_nsec = (long)(us % 1000000u) * 1000};

	(void)pthread_cond_timedwait(&l->news, &l->lock, &t);
}

/* With the lock held, which is given up meanwhile. */
static void run_first(struct later *l)
{
	struct task *t = l->first;
	bool ended;

	l->first = t->next;
	pthread_mutex_unlock(&l->lock);
	ended = t->run(t);
	pthread_mutex_lock(&l->lock);
	if (ended) {
		free(t);
		l->open--;
	} else {
		t->due_us = now_us(l->s) + AGAIN_US;
		insert(l, t);
	}
}

static void *run(void *arg)
{
	struct later *l = arg;

	pthread_mutex_lock(&l->lock);
	while (!l->over || l->first != NULL) {
		if (l->first == NULL)
			pthread_cond_wait(&l->news, &l->lock);
		else if (l->first->due_us > now_us(l->s))
			sleep_until(l, l->first->due_us);
		else
			run_first(l);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

bool later_start(struct later *l, struct stress *s)
{
	pthread_condattr_t attr;

	l->s = s;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->news, &attr);
	pthread_condattr_destroy(&attr);
	return pthread_create(&l->thread, NULL, run, l) == 0;
}

void later_stop(struct later *l)
{
	pthread_mutex_lock(&l->lock);
	l->over = true;
	pthread_cond_signal(&l->news);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	pthread_cond_destroy(&l->news);
	pthread_mutex_destroy(&l->lock);
}

void later_add(struct later *l, const struct task *t, uint32_t in_us)
{
	struct task *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		abort();
	*copy = *t;
	copy->due_us = now_us(l->s) + in_us;
	pthread_mutex_lock(&l->lock);
	l->open++;
	insert(l, copy);
	pthread_mutex_unlock(&l->lock);
}

uint32_t later_open(struct later *l)
{
	uint32_t open;

	pthread_mutex_lock(&l->lock);
	open = l->open;
	pthread_mutex_unlock(&l->lock);
	return open;
}
