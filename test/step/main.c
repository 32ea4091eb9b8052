/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step                          every scenario at p0, p1, p2, p2+s1 ..., breadth first; p3 while time is left
 * step -t SECONDS               ... in that time (default 150); p2 and p1+s1 are run whatever it takes
 * step NAME P S                 one scenario at one level
 * step --replay NAME SCHEDULE    one schedule, printed
 * step --list
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scenarios.h"

#define SCENARIOS 128

struct level {
	unsigned p;
	unsigned s;
	bool required;
};

/* Breadth first: most faults are found early, and cheaply. */
static const struct level levels[] = {
	{0, 0, true},  {1, 0, true},  {0, 1, true},  {1, 1, true},  {2, 0, true},  {2, 1, false},
	{1, 2, false}, {3, 0, false}, {3, 1, false}, {2, 2, false}, {4, 0, false},
};

static const struct step_scenario *all[SCENARIOS];
static unsigned count;
static uint64_t schedules;

static void collect(const struct step_scenario *table)
{
	for (; table->name != NULL; table++)
		all[count++] = table;
}

static const struct step_scenario *find(const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	fprintf(stderr, "step: no scenario %s\n", name);
	exit(2);
}

static bool run(const struct step_scenario *s, unsigned p, unsigned stale, double limit, bool print)
{
	struct step_result r;

	step_explore(s, p, stale, limit, true, &r);
	schedules += r.schedules;
	if (print || r.failure[0])
		printf("%-24s p%u s%u %10llu schedules %8.2f s %8.0f/s%s\n", s->name, p, stale,
		       (unsigned long long)r.schedules, r.seconds, r.seconds > 0 ? (double)r.schedules / r.seconds : 0,
		       r.complete || r.failure[0] ? "" : " (not all)");
	if (r.failure[0]) {
		printf("%s: %s (p%u s%u)\n", s->name, r.failure, r.preemptions, r.stale);
		step_replay(s, r.replay);
		printf("again: step --replay %s %s\n", s->name, r.replay[0] ? r.replay : "-");
	}
	fflush(stdout);
	return !r.failure[0];
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int run_all(double seconds)
{
	double start = now();

	for (unsigned l = 0; l < sizeof(levels) / sizeof(levels[0]); l++) {
		const struct level *level = &levels[l];
		double began = now();
		uint64_t before = schedules;
		unsigned complete = 0;

		for (unsigned i = 0; i < count; i++) {
			double left = seconds - (now() - start);
			double share = level->required ? 0 : left / (count - i);

			if (!level->required && left <= 0)
				break;
			if (!run(all[i], level->p, level->s, share, getenv("STEP_VERBOSE") != NULL))
				return 1;
			complete++;
		}
		if (complete == 0)
			break;
		printf("p%u s%u: %u of %u scenarios, %llu schedules, %.1f s\n", level->p, level->s, complete, count,
		       (unsigned long long)(schedules - before), now() - began);
		fflush(stdout);
	}
	printf("step: %u scenarios, %llu schedules, %.1f minutes, no failure\n", count, (unsigned long long)schedules,
	       (now() - start) / 60);
	return 0;
}

int main(int argc, char **argv)
{
	collect(scenarios_calls);
	collect(scenarios_waits);
	collect(scenarios_life);
	if (argc == 2 && strcmp(argv[1], "--list") == 0) {
		for (unsigned i = 0; i < count; i++)
			puts(all[i]->name);
		return 0;
	}
	if (argc == 4 && strcmp(argv[1], "--replay") == 0) {
		step_replay(find(argv[2]), argv[3]);
		return 0;
	}
	if (argc == 4 && argv[1][0] != '-')
		return !run(find(argv[1]), (unsigned)atoi(argv[2]), (unsigned)atoi(argv[3]), 0, true);
	return run_all(argc == 3 && strcmp(argv[1], "-t") == 0 ? atof(argv[2]) : 150);
}
