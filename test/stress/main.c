/* SPDX-License-Identifier: BSD-3-Clause */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef STRESS_LINUX
#include <scmi/port/linux.h>
#endif

#include "stress.h"

static struct stress stress;

static void interrupted(int sig)
{
	(void)sig;
	atomic_store(&stress.over, true);
}

#ifdef STRESS_LINUX
static struct scmi_linux linux_port;

static bool make_port(struct stress *s)
{
	if (s->o.posix || (s->o.seed & 1u) != 0)
		return scmi_posix_init(&s->posix, &s->port) == SCMI_OK;
	return scmi_linux_init(&linux_port, &s->port) == SCMI_OK;
}
#else
static bool make_port(struct stress *s)
{
	return scmi_posix_init(&s->posix, &s->port) == SCMI_OK;
}
#endif

static bool make_workers(struct stress *s)
{
	const uint32_t n = s->o.threads;

	s->workers = calloc(n, sizeof(*s->workers));
	s->fillers = calloc(FILLERS, sizeof(*s->fillers));
	s->tallies = calloc(TALLIES, sizeof(*s->tallies));
	if (s->workers == NULL || s->fillers == NULL || s->tallies == NULL)
		return false;
	return true;
}

static void init_workers(struct stress *s)
{
	const uint32_t n = s->o.threads;

	for (uint32_t i = 0; i < n; i++) {
		struct worker *w = &s->workers[i];

		w->s = s;
		w->index = i;
		w->random = s->o.seed ^ 0xd1b54a32d192ed03u * (i + 1u);
		w->steps = 500;
		for (uint32_t k = 0; k < JOBS; k++)
			job_init(&w->jobs[k], s, i * JOBS + k);
		subscribers_init(w);
	}
	for (uint32_t i = 0; i < FILLERS; i++)
		job_init(&s->fillers[i], s, n * JOBS + i);
}

static bool make(struct stress *s)
{
	s->random = ~s->o.seed;
	pthread_mutex_init(&s->admin, NULL);
	pthread_barrier_init(&s->barrier, NULL, s->o.threads);
	if (!make_port(s) || !make_workers(s) || !later_start(&s->later, s) || !lanes_make(s))
		return false;
	init_workers(s);
	s->began_us = now_us(s);
	return driver_start(s) && agent_make(s) && watchdog_start(s);
}

static void unmake(struct stress *s)
{
	watchdog_stop(s);
	agent_unmake(s);
	driver_stop(s);
	later_stop(&s->later);
	summary(s);
	lanes_unmake(s);
	free(s->workers);
	free(s->fillers);
	free(s->tallies);
	pthread_barrier_destroy(&s->barrier);
	pthread_mutex_destroy(&s->admin);
}

int main(int argc, char **argv)
{
	struct stress *s = &stress;

	if (!options_read(&s->o, argc, argv))
		return 2;
	if (!make(s)) {
		fprintf(stderr, "stress: it cannot be set up\n");
		return 2;
	}
	signal(SIGINT, interrupted);
	for (uint32_t i = 0; i < s->o.threads; i++) {
		if (pthread_create(&s->workers[i].thread, NULL, worker_run, &s->workers[i]) != 0)
			abort();
	}
	for (uint32_t i = 0; i < s->o.threads; i++)
		pthread_join(s->workers[i].thread, NULL);
	unmake(s);
	return atomic_load(&s->faults) == 0 ? 0 : 1;
}
