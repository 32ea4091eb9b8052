/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A daemon with as many agents as a platform has at most, nearly all of them idle: the processor time that it takes when
 * nobody asks, the memory of an agent, and what the idle ones cost those that are busy. PROTOCOL_ATTRIBUTES counts
 * agents in eight bits, the platform among them: 254 are the most that a platform can have, 16 busy ones and 238 idle.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <scmi/open.h>
#include <scmi/platform.h>

#include "measure.h"
#include "vhost_modes.h"

#define AGENTS  SCMI_PLATFORM_AGENTS_MAX
#define BUSY    16u
#define REST_S  3u /* after the last call: the simulated device goes to rest after one second */
#define IDLE_MS 100u

extern char **environ;

static struct {
	char folder[40];
	char uri[80];
	pid_t pid;
	struct scmi_agent *agents[AGENTS];
	uint32_t n;
	_Atomic uint32_t over;
	_Atomic long calls;
} d;

/* ---- the daemon ---- */

static void start(const char *scmid, uint32_t agents)
{
	char listen[100];
	char *argv[] = {(char *)(uintptr_t)scmid, (char *)(uintptr_t) "--listen", listen, NULL};

	(void)snprintf(d.folder, sizeof(d.folder), "/tmp/scmi-bench-XXXXXX");
	if (mkdtemp(d.folder) == NULL)
		fail(SCMI_E_IO, "folder");
	(void)snprintf(d.uri, sizeof(d.uri), "vhost-user:%s/s", d.folder);
	(void)snprintf(listen, sizeof(listen), "%s,agents=%u", d.uri, agents);
	if (posix_spawn(&d.pid, scmid, NULL, NULL, argv, environ) != 0)
		fail(SCMI_E_IO, scmid);
}

static void come(uint32_t n)
{
	char uri[100];

	(void)snprintf(uri, sizeof(uri), "%s,wait=10", d.uri);
	while (d.n < n) {
		must(scmi_open(&d.agents[d.n], uri, NULL), "agent");
		d.n++;
	}
}

static void end(void)
{
	while (d.n != 0)
		must(scmi_close(d.agents[--d.n]), "agent");
	(void)kill(d.pid, SIGTERM);
	(void)waitpid(d.pid, NULL, 0);
	(void)rmdir(d.folder);
}

/* In memory, KiB: what is its own, and what it shares with its agents. */
struct resident {
	double own;
	double shared;
};

static struct resident resident(void)
{
	struct resident r = {0, 0};
	char line[128];
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)d.pid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			r.own = strtod(line + 8, NULL);
		if (strncmp(line, "RssShmem:", 9) == 0)
			r.shared = strtod(line + 9, NULL);
	}
	if (f != NULL)
		(void)fclose(f);
	return r;
}

/* Nanoseconds of processor time. */
static double used_ns(void)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(d.pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		fail(SCMI_E_IO, "processor time");
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- figures ---- */

static void call(struct scmi_agent *agent)
{
	uint8_t version[4];
	struct scmi_call c = {.size = sizeof(c),
			      .protocol = SCMI_PROTOCOL_BASE,
			      .message = SCMI_PROTOCOL_VERSION,
			      .reply = version,
			      .reply_cap = sizeof(version)};

	must(scmi_agent_call(agent, &c), "call");
}

static void measure_rest(int samples)
{
	double used;
	double passed;

	for (uint32_t i = 0; i < d.n; i++)
		call(d.agents[i]);
	(void)sleep(REST_S);
	used = used_ns();
	passed = now_ns();
	for (int i = 0; i < samples; i++)
		(void)usleep(IDLE_MS * 1000u);
	used = used_ns() - used;
	passed = now_ns() - passed;
	printf("scmid, %-4u agents, nobody asks %27s %.4f %% of a processor   must 0: %s\n", d.n, "",
	       used / passed * 100, used == 0 ? "met" : "NOT MET");
}

static void *be_busy(void *agent)
{
	while (atomic_load_explicit(&d.over, memory_order_relaxed) == 0) {
		for (int i = 0; i < 16; i++)
			call(agent);
		atomic_fetch_add(&d.calls, 16);
	}
	return NULL;
}

/* Calls a second of those that are busy, and the daemon's processor time for each. */
static void measure_busy(int samples)
{
	pthread_t threads[BUSY];
	const double used = used_ns();
	const double start_ns = now_ns();
	double calls;

	atomic_store(&d.over, 0u);
	atomic_store(&d.calls, 0);
	for (uint32_t i = 0; i < BUSY; i++) {
		if (pthread_create(&threads[i], NULL, be_busy, d.agents[i]) != 0)
			fail(SCMI_E_IO, "thread");
	}
	for (int i = 0; i < samples; i++)
		(void)usleep(IDLE_MS * 1000u);
	atomic_store(&d.over, 1u);
	for (uint32_t i = 0; i < BUSY; i++)
		pthread_join(threads[i], NULL);
	calls = (double)atomic_load(&d.calls);
	printf("scmid, %u busy agents, %3u idle ones %24s %.0f calls a second, %.0f ns of the daemon's for each\n",
	       BUSY, d.n - BUSY, "", calls / (now_ns() - start_ns) * 1e9, (used_ns() - used) / calls);
}

static void measure_memory(const char *scmid)
{
	struct resident one;
	struct resident empty;
	struct resident full;

	start(scmid, 1);
	come(1);
	one = resident();
	end();
	start(scmid, AGENTS);
	come(1);
	empty = resident();
	come(AGENTS);
	for (uint32_t i = 0; i < d.n; i++)
		call(d.agents[i]);
	full = resident();
	printf("%-58s %.1f KiB where one may come, %.1f more where it is, and %.1f of its own memory\n",
	       "scmid, memory of an agent", (empty.own - one.own) / (AGENTS - 1u),
	       (full.own - empty.own) / (AGENTS - 1u), (full.shared - empty.shared) / (AGENTS - 1u));
}

void measure_daemon(const char *scmid, int samples)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	printf("scmid, the most agents that SCMI can count, which is 255 with the platform: %u idle and %u busy\n",
	       AGENTS - BUSY, BUSY);
	measure_memory(scmid);
	measure_rest(samples);
	measure_busy(samples);
	end();
	start(scmid, AGENTS);
	come(BUSY);
	measure_busy(samples);
	end();
}
