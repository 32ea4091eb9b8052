/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include <scmi/errors.h>

#include "measure.h"
#include "pair.h"

#define LINE        128 /* two lines: neighbours are fetched in pairs */
#define ROUND_TRIPS 200 /* 25 us or so */
#define STEP        16

static alignas(LINE) _Atomic uint32_t ping;
static alignas(LINE) _Atomic uint32_t pong;
static alignas(LINE) _Atomic uint32_t go;   /* counts the helper's jobs */
static alignas(LINE) _Atomic uint32_t over; /* those it has finished */
static alignas(LINE) _Atomic uint32_t stop;
static alignas(LINE) _Atomic long count; /* the helper's operations, and 1 */
static alignas(LINE) struct side job;    /* no step: the end */

static pthread_t helper;

int processors(int at[2])
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		fail(SCMI_E_IO, "affinity");
	for (int i = 0; i < CPU_SETSIZE && n < 2; i++) {
		if (CPU_ISSET((size_t)i, &set))
			at[n++] = i;
	}
	if (n == 1)
		at[1] = at[0];
	return n;
}

void run_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)processor, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof(set), &set) != 0)
		fail(SCMI_E_IO, "affinity");
}

static long answer_pings(void *arg, long n)
{
	uint32_t seen = atomic_load_explicit(&pong, memory_order_relaxed);

	(void)arg;
	for (long i = 0; i < n; i++) {
		seen++;
		while (atomic_load_explicit(&ping, memory_order_acquire) != seen)
			;
		atomic_store_explicit(&pong, seen, memory_order_release);
	}
	return n;
}

static void work(void)
{
	long n = 0;

	while (atomic_load_explicit(&stop, memory_order_relaxed) == 0) {
		atomic_store_explicit(&count, n + 1, memory_order_release);
		n += job.step(job.arg, STEP);
	}
}

static void *helper_thread(void *arg)
{
	uint32_t jobs = 0;

	run_on(*(const int *)arg);
	for (;;) {
		jobs++;
		while (atomic_load_explicit(&go, memory_order_acquire) != jobs)
			;
		if (job.step == NULL)
			return NULL;
		if (job.step == answer_pings)
			(void)answer_pings(NULL, ROUND_TRIPS);
		else
			work();
		atomic_store_explicit(&over, jobs, memory_order_release);
	}
}

static void start_job(const struct side *side)
{
	job = *side;
	atomic_store_explicit(&stop, 0u, memory_order_relaxed);
	atomic_store_explicit(&count, 0, memory_order_relaxed);
	atomic_fetch_add_explicit(&go, 1u, memory_order_release);
}

static void end_job(void)
{
	atomic_store_explicit(&stop, 1u, memory_order_relaxed);
	while (atomic_load_explicit(&over, memory_order_acquire) != atomic_load_explicit(&go, memory_order_relaxed))
		;
}

bool pair_open(void)
{
	static int at[2];

	if (processors(at) < 2 || pthread_create(&helper, NULL, helper_thread, &at[1]) != 0)
		return false;
	run_on(at[0]);
	return true;
}

void pair_close(void)
{
	static const struct side none;

	start_job(&none);
	pthread_join(helper, NULL);
}

double pair_pingpong(void)
{
	static const struct side answering = {.step = answer_pings};
	uint32_t sent = atomic_load_explicit(&ping, memory_order_relaxed);
	double start = 0;
	double ns;

	start_job(&answering);
	/* The first does not count: the helper has to wake up to its job. */
	for (int i = 0; i < ROUND_TRIPS; i++) {
		if (i == 1)
			start = now_ns();
		sent++;
		atomic_store_explicit(&ping, sent, memory_order_release);
		while (atomic_load_explicit(&pong, memory_order_acquire) != sent)
			;
	}
	ns = (now_ns() - start) / (ROUND_TRIPS - 1);
	end_job();
	return ns;
}

double pair_run(const struct side *mine, const struct side *other, long n, double *share)
{
	double start;
	double ns;
	long before;
	long did = 0;

	start_job(other);
	while (atomic_load_explicit(&count, memory_order_acquire) == 0)
		;
	before = atomic_load_explicit(&count, memory_order_relaxed);
	start = now_ns();
	while (did < n)
		did += mine->step(mine->arg, n - did);
	ns = (now_ns() - start) / (double)did;
	*share = (double)(atomic_load_explicit(&count, memory_order_acquire) - before) / (double)did;
	end_job();
	return ns;
}
