/* SPDX-License-Identifier: BSD-3-Clause */
/* mailbox_pages and mailbox_rewritten: both ends of a mailbox against a peer that writes what it likes. */
#include <errno.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "page.h"

static const char usage[] = "usage: mailbox_pages [--mode NAME] [--seed S] [--count N] [--run R]\n"
			    "  mode   all (the default), or one of those that are named in the report\n"
			    "  count  words that the peer writes, in all modes together (100000)\n"
			    "  run    this one alone, of one mode\n";

/* A run that takes so long hangs. */
#define HANG_S 120u

#define RACE_RATE 200000.0

struct mode {
	const char *name;
	uint64_t (*run)(uint64_t seed);
	uint32_t share;
	bool threads;
};

/* The racing ones last: their counts are met by a run or two. */
static const struct mode modes[] = {
	{"bad-platform", run_bad_platform, 2, false},
	{"bad-agent", run_bad_agent, 2, false},
	{"racing-platform", run_racing_platform, 1, true},
	{"racing-agent", run_racing_agent, 1, true},
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
	fprintf(stderr, "again: --mode %s --seed 0x%llx --run %llu\n", page_where.mode,
		(unsigned long long)page_where.seed, (unsigned long long)page_where.run);
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

/* Runs until so many words have been written; returns how many. Threads get a second for each RACE_RATE. */
static uint64_t go(const struct options *o, size_t mode, uint64_t count)
{
	const double began = now_s();
	const double most_s = modes[mode].threads ? 2.0 + (double)count / RACE_RATE : 1e9;
	uint64_t done = 0;
	uint64_t run = o->one ? o->run : 0;

	page_where.mode = modes[mode].name;
	page_where.seed = o->seed;
	do {
		page_where.run = run;
		alarm(HANG_S);
		done += modes[mode].run(seed_of(o->seed, mode, run));
		run++;
	} while (!o->one && done < count && now_s() - began < most_s);
	alarm(0);
	printf("%-16s %12llu words %9llu runs %8.2f s\n", modes[mode].name, (unsigned long long)done,
	       (unsigned long long)(o->one ? 1u : run), now_s() - began);
	fflush(stdout);
	return done;
}

static int run_modes(const struct options *o)
{
	const bool all = strcmp(o->mode, "all") == 0;
	const double began = now_s();
	uint64_t done = 0;
	uint32_t shares = 0;
	bool any = false;

	for (size_t i = 0; i < MODES; i++)
		shares += modes[i].threads && page_hooked() ? 0 : modes[i].share;
	for (size_t i = 0; i < MODES; i++) {
		uint64_t count = o->count;

		if ((modes[i].threads && page_hooked()) || !(all || strcmp(o->mode, modes[i].name) == 0))
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
	printf("%llu words written by the peer, seed 0x%llx: %.0f a second\n", (unsigned long long)done,
	       (unsigned long long)o->seed, (double)done / (now_s() - began));
	return 0;
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
