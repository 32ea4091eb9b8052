/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How often a synchronous call sleeps: over the threaded loopback, a thread that calls and a thread that serves the
 * platform, neither of which spins. Counted, not timed. Two are needed, one for each end; a third would be a thread
 * in between that receives for the caller. What is counted:
 *
 *   sleeps    voluntary context switches of both threads, by the kernel
 *   waits     returns of the port's event_wait(), by a port that counts; a signal that is there already returns at
 *             once, so there may be more of them than sleeps
 *   signals   calls of event_signal()
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <sys/resource.h>

#include "measure.h"
#include "modes.h"
#include "pair.h"
#include "rig.h"

#define LIMIT    2.0
#define ONLY_FEW 4 /* sleeps that are no call's: the threads' first and last */

struct counts {
	long sleeps;
	long waits;
	long signals;
};

static _Thread_local struct counts here;
static struct scmi_port counting;

static int counting_wait(void *ctx, void *event, uint64_t deadline_us)
{
	here.waits++;
	return rig.port.event_wait(ctx, event, deadline_us);
}

static void counting_signal(void *ctx, void *event)
{
	here.signals++;
	rig.port.event_signal(ctx, event);
}

static long sleeps_so_far(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

struct thread {
	pthread_t id;
	int processor;
	long calls;
	struct counts counts;
};

/* From its first request until the platform stops: a few more than the calls'. */
static void *serve_thread(void *arg)
{
	struct thread *t = arg;
	long before;
	int n = 0;

	run_on(t->processor);
	before = sleeps_so_far();
	while (n >= 0)
		n = scmi_loopback_serve(rig.loopback, SCMI_NEVER);
	t->counts = here;
	t->counts.sleeps = sleeps_so_far() - before;
	return NULL;
}

static void *call_thread(void *arg)
{
	struct thread *t = arg;
	uint8_t version[4];
	struct scmi_call call = version_call(version);
	long before;

	run_on(t->processor);
	call.timeout_us = SCMI_FOREVER;
	before = sleeps_so_far();
	for (long i = 0; i < t->calls; i++)
		must(scmi_agent_call(rig.agent, &call), "call");
	t->counts = here;
	t->counts.sleeps = sleeps_so_far() - before;
	return NULL;
}

static void start(struct thread *t, void *(*run)(void *))
{
	if (pthread_create(&t->id, NULL, run, t) != 0)
		fail(SCMI_E_IO, "thread");
}

static void print_counts(const char *what, long n, const struct counts *agent, const struct counts *platform)
{
	double sleeps = (double)(agent->sleeps + platform->sleeps) / (double)n;

	printf("%-58s %5.3f (agent %.3f, platform %.3f)   must %.0f: %s\n", what, sleeps,
	       (double)agent->sleeps / (double)n, (double)platform->sleeps / (double)n, LIMIT,
	       sleeps <= LIMIT * 1.005 + (double)ONLY_FEW / (double)n ? "met" : "NOT MET");
	printf("%-58s waits %.3f + %.3f, signals %.3f + %.3f, of %ld calls\n", "", (double)agent->waits / (double)n,
	       (double)platform->waits / (double)n, (double)agent->signals / (double)n,
	       (double)platform->signals / (double)n, n);
}

static void count_on(const char *what, int for_agent, int for_platform, long n)
{
	struct thread agent = {.processor = for_agent, .calls = n};
	struct thread platform = {.processor = for_platform};

	open_loopback(SCMI_LOOPBACK_THREADED, &counting);
	start(&platform, serve_thread);
	start(&agent, call_thread);
	pthread_join(agent.id, NULL);
	must(scmi_agent_stop(rig.agent), "stop");
	must(scmi_platform_stop(rig.platform), "stop");
	pthread_join(platform.id, NULL);
	close_rig();
	print_counts(what, n, &agent.counts, &platform.counts);
}

void count_wakeups(long n)
{
	int at[2];
	int found = processors(at);

	counting = rig.port;
	counting.event_wait = counting_wait;
	counting.event_signal = counting_signal;
	if (found == 2)
		count_on("wake-ups a synchronous call, two processors", at[0], at[1], n);
	count_on("wake-ups a synchronous call, one processor", at[0], at[0], n);
}
