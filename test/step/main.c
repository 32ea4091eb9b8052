/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * step                          every scenario, breadth first: p0, p1, s1 whole, p1 + s1 and p2 to 5,000 schedules
 * step -n SCHEDULES             ... all levels to this number each; 0: all of them whole
 * step -t SECONDS               ... no such bound, then deeper levels until the time is over
 * step NAME P S                 one scenario at one level
 * step -q ...                   without the schedules of failures, which take longer to print than to find
 * step -o PREFIX ...            only the scenarios whose names begin so; after -q
 * step --replay NAME SCHEDULE   one schedule, printed
 * step --list
 *
 * As many processes at a time as there are processors. STEP_VERBOSE: a line for each scenario and level.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenarios.h"

#define SCENARIOS      512
#define SCHEDULES_MOST 5000u

struct level {
	unsigned p;
	unsigned s;
	enum { WHOLE, BOUNDED, OPTIONAL } kind; /* WHOLE: all schedules, if nobody says how many */
};

/* Breadth first: most faults are found early, and cheaply. */
static const struct level levels[] = {
	{0, 0, WHOLE},    {1, 0, WHOLE},    {0, 1, WHOLE},    {1, 1, BOUNDED},  {2, 0, BOUNDED},  {2, 1, OPTIONAL},
	{1, 2, OPTIONAL}, {3, 0, OPTIONAL}, {3, 1, OPTIONAL}, {2, 2, OPTIONAL}, {4, 0, OPTIONAL},
};

/* What the processes tell: shared memory. */
struct totals {
	uint64_t schedules;
	uint64_t level_schedules;
	unsigned complete;
	unsigned failures;
};

static const struct step_scenario *all[SCENARIOS];
static uint64_t most_of[SCENARIOS]; /* schedules of a level that the everyday run looks at; 0: as many as of others */
static unsigned count;
static struct totals *totals;
static bool quiet;
static const char *only = "";
static bool everyday; /* nobody has said how far to go */

static void collect(const struct step_scenario *table, uint64_t most)
{
	for (; table->name != NULL; table++) {
		if (strncmp(table->name, only, strlen(only)) != 0)
			continue;
		if (count == SCENARIOS) {
			fprintf(stderr, "step: more than %u scenarios\n", count);
			exit(2);
		}
		most_of[count] = most;
		all[count++] = table;
	}
}

static const struct step_scenario *find(const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	fprintf(stderr, "step: no scenario %s\n", name);
	exit(2);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool run(const struct step_scenario *s, const struct step_bounds *b, bool print)
{
	struct step_result r;

	step_explore(s, b, &r);
	__atomic_add_fetch(&totals->level_schedules, r.schedules, __ATOMIC_RELAXED);
	__atomic_add_fetch(&totals->complete, r.complete, __ATOMIC_RELAXED);
	if (print || r.failure[0])
		printf("%-24s p%u s%u %10llu schedules %8.2f s %8.0f/s%s\n", s->name, b->p, b->s,
		       (unsigned long long)r.schedules, r.seconds, r.seconds > 0 ? (double)r.schedules / r.seconds : 0,
		       r.complete || r.failure[0] ? "" : " (not all)");
	if (r.failure[0]) {
		printf("%s: %s (p%u s%u)\n", s->name, r.failure, r.preemptions, r.stale);
		if (!quiet)
			step_replay(s, r.replay);
		printf("again: step --replay %s %s\n", s->name, r.replay[0] ? r.replay : "-");
	}
	fflush(stdout);
	return !r.failure[0];
}

/* --- several processes --- */

static unsigned children;

static void wait_child(void)
{
	int status;

	if (wait(&status) < 0)
		return;
	children--;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		totals->failures++;
}

/* A process of its own for this scenario; what it prints stays together. */
static void start_child(const struct step_scenario *s, const struct step_bounds *b, unsigned most)
{
	static char buffer[1u << 20];

	while (children >= most)
		wait_child();
	fflush(stdout);
	children++;
	switch (fork()) {
	case 0:
		setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
		_exit(run(s, b, getenv("STEP_VERBOSE") != NULL) ? 0 : 1);
	case -1:
		perror("step: fork");
		exit(2);
	default:
		break;
	}
}

/* One level of all scenarios; `seconds`: of all processors together, 0: no limit. false: not all were begun. */
static bool run_level(const struct level *level, uint64_t schedules, double seconds)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned most = processors > 0 ? (unsigned)processors : 1;
	double began = now();
	unsigned i;

	totals->level_schedules = 0;
	totals->complete = 0;
	for (i = 0; i < count && totals->failures == 0; i++) {
		struct step_bounds b = {.p = level->p, .s = level->s, .schedules = schedules};

		if (seconds > 0) {
			double left = seconds - (now() - began) * most;

			if (left <= 0)
				break;
			b.seconds = left / (count - i) + 0.01;
		} else if (everyday && most_of[i] != 0) {
			b.schedules = most_of[i];
		}
		start_child(all[i], &b, most);
	}
	while (children != 0)
		wait_child();
	totals->schedules += totals->level_schedules;
	printf("p%u s%u: %u of %u scenarios whole, %llu schedules, %.1f s\n", level->p, level->s, totals->complete,
	       count, (unsigned long long)totals->level_schedules, now() - began);
	fflush(stdout);
	return i == count;
}

static int run_all(uint64_t schedules, double seconds)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double start = now();

	for (unsigned l = 0; l < sizeof(levels) / sizeof(levels[0]) && totals->failures == 0; l++) {
		const struct level *level = &levels[l];
		double left = level->kind == OPTIONAL ? seconds - (now() - start) : 0;

		if (level->kind == OPTIONAL && left <= 0)
			break;
		if (!run_level(level, level->kind == WHOLE && schedules == SCHEDULES_MOST ? 0 : schedules,
			       left * (double)(processors > 0 ? processors : 1)))
			break;
	}
	printf("step: %u scenarios, %llu schedules, %.1f minutes, %s\n", count, (unsigned long long)totals->schedules,
	       (now() - start) / 60, totals->failures ? "FAILED" : "no failure");
	return totals->failures != 0;
}

static int run_one(const char *name, const char *p, const char *s)
{
	const struct step_bounds b = {.p = (unsigned)atoi(p), .s = (unsigned)atoi(s)};

	return !run(find(name), &b, true);
}

int main(int argc, char **argv)
{
	quiet = argc > 1 && strcmp(argv[1], "-q") == 0;
	argc -= quiet;
	argv += quiet;
	if (argc > 2 && strcmp(argv[1], "-o") == 0) {
		only = argv[2];
		argc -= 2;
		argv += 2;
	}
	totals = mmap(NULL, sizeof(*totals), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (totals == MAP_FAILED)
		return 2;
	for (unsigned i = 0; scenarios[i].table != NULL; i++)
		collect(scenarios[i].table, scenarios[i].most);
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
		return run_one(argv[1], argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "-t") == 0)
		return run_all(0, atof(argv[2]));
	if (argc == 3 && strcmp(argv[1], "-n") == 0)
		return run_all(strtoull(argv[2], NULL, 10), 0);
	everyday = argc == 1;
	if (everyday)
		return run_all(SCHEDULES_MOST, 0);
	fprintf(stderr, "step: see main.c\n");
	return 2;
}
