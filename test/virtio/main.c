/* SPDX-License-Identifier: BSD-3-Clause */
/* ring_traffic and ring_rewritten: the split ring against a reference, and under attack. */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "rewrite.h"

static const char usage[] = "usage: ring_traffic [--mode NAME] [--seed S] [--count N] [--run R]\n"
			    "  mode   all (the default), or one of those that are named in the report\n"
			    "  count  descriptors, of all modes together (100000)\n"
			    "  run    this one alone, of one mode\n";

/* A run that takes so long hangs. */
#define HANG_S 120u

#define RACE_RATE 20000.0

struct mode {
	const char *name;
	uint64_t (*run)(uint64_t seed);
	uint32_t share;
	bool threads;
};

/* The racing ones first: where they take too long on a busy machine, the others make up for it. */
static const struct mode modes[] = {
	{"racing-driver", run_racing_driver, 2, true},
	{"racing-device", run_racing_device, 2, true},
	{"our-driver", run_our_driver, 1, false},
	{"our-device", run_our_device, 2, false},
	{"both", run_both, 2, false},
	{"wide", run_wide, 1, false},
	{"bad-driver", run_bad_driver, 6, false},
	{"bad-device", run_bad_device, 2, false},
};

#define MODES (sizeof(modes) / sizeof(modes[0]))

struct options {
	const char *mode;
	uint64_t seed;
	uint64_t count;
	uint64_t run;
	bool one;
};

static void hangs(int sig)
{
	static const char text[] = "it hangs\n";

	(void)sig;
	if (write(STDERR_FILENO, text, sizeof(text) - 1u) < 0)
		_exit(4);
	fprintf(stderr, "again: --mode %s --seed 0x%llx --run %llu\n", rig_where.mode,
		(unsigned long long)rig_where.seed, (unsigned long long)rig_where.run);
	_exit(3);
}

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t seed_of(uint64_t seed, size_t mode, uint64_t run)
{
	uint64_t state = seed ^ (mode + 1u) * 0xd1b54a32d192ed03u;

	state = random_next(&state) ^ run;
	return random_next(&state);
}

/* Runs until so many descriptors have been seen; returns how many. Threads get a second for each RACE_RATE. */
static uint64_t go(const struct options *o, size_t mode, uint64_t count)
{
	const double began = now_s();
	const double most_s = modes[mode].threads ? 2.0 + (double)count / RACE_RATE : 1e9;
	uint64_t done = 0;
	uint64_t run = o->one ? o->run : 0;

	rig_where.mode = modes[mode].name;
	rig_where.seed = o->seed;
	do {
		rig_where.run = run;
		alarm(HANG_S);
		done += modes[mode].run(seed_of(o->seed, mode, run));
		run++;
	} while (!o->one && done < count && now_s() - began < most_s);
	alarm(0);
	printf("%-14s %12llu descriptors %9llu runs %8.2f s\n", modes[mode].name, (unsigned long long)done,
	       (unsigned long long)(o->one ? 1u : run), now_s() - began);
	fflush(stdout);
	return done;
}

static bool left_out(size_t mode)
{
#ifdef RIG_TSAN
	return modes[mode].threads;
#else
	return modes[mode].threads && rewrite_hooked();
#endif
}

/* Everything that can be wrong with a chain came up, or this tests less than it says. */
static bool complete(uint64_t judged)
{
	bool all = true;

	for (unsigned i = 0; i < REF_RULES; i++) {
		if (rig_rules[i] != 0)
			printf("  %-14s %12llu\n", ref_rule_name((enum ref_rule)i), (unsigned long long)rig_rules[i]);
		else if (i != REF_TOTAL || sizeof(void *) == 8u)
			all = false;
	}
	printf("  %-14s %12llu\n", "no room", (unsigned long long)rig_full);
	if (!all && judged >= 50000u)
		fprintf(stderr, "ring_traffic: a rule never came up\n");
	return all || judged < 50000u;
}

static int run_modes(const struct options *o)
{
	const bool all = strcmp(o->mode, "all") == 0;
	const double began = now_s();
	uint64_t done = 0;
	uint32_t shares = 0;
	bool any = false;

	for (size_t i = 0; i < MODES; i++)
		shares += left_out(i) ? 0 : modes[i].share;
	for (size_t i = 0; i < MODES; i++) {
		uint64_t count = o->count;

		if (left_out(i) || !(all || strcmp(o->mode, modes[i].name) == 0))
			continue;
		any = true;
		if (all)
			count = done < o->count ? (o->count - done) / shares * modes[i].share : 0;
		done += go(o, i, count);
		shares -= modes[i].share;
	}
	if (!any) {
		fputs(usage, stderr);
		return 2;
	}
	printf("%llu descriptors, seed 0x%llx: %.0f a second\n", (unsigned long long)done, (unsigned long long)o->seed,
	       (double)done / (now_s() - began));
	return complete(all && !o->one ? done : 0) ? 0 : 1;
}

static bool read_number(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 0);
	return errno == 0 && end != text && *end == '\0';
}

int main(int argc, char **argv)
{
	struct options o = {.mode = "all", .seed = 1, .count = 100000};

	for (int i = 1; i < argc; i += 2) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";
		bool ok;

		if (strcmp(argv[i], "--mode") == 0) {
			o.mode = value;
			ok = true;
		} else if (strcmp(argv[i], "--seed") == 0) {
			ok = read_number(value, &o.seed);
		} else if (strcmp(argv[i], "--count") == 0) {
			ok = read_number(value, &o.count);
		} else {
			ok = strcmp(argv[i], "--run") == 0 && read_number(value, &o.run);
			o.one = ok;
		}
		if (!ok) {
			fputs(usage, stderr);
			return 2;
		}
	}
	signal(SIGALRM, hangs);
	return run_modes(&o);
}
