/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Generated traffic over every kind, with no fault, with each fault alone, and with all of them.
 *
 *	test_conformance_flaky [KIND [FAULT [SEED]]]      "any" for KIND or FAULT: all of them
 *
 * With a seed it runs that one alone; else as many as the environment says: CONF_SEEDS (2) from CONF_SEED (1) on, of
 * CONF_STEPS (1000) steps each. CONF_MINUTES repeats all of it with further seeds until that time is over. CONF_VERBOSE
 * prints figures.
 */
#define _POSIX_C_SOURCE 200809L

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../support/hang.h"
#include "traffic.h"

#define RATE_ONE   (FLAKY_ALWAYS / 20u) /* of a fault that is alone */
#define RATE_ALL   (FLAKY_ALWAYS / 50u) /* of each, where all are */
#define RATE_LINK  (FLAKY_ALWAYS / 200u)
#define TIME_US    300u /* delays and stalls, at most */
#define SEEDS      2u
#define STEPS      1000u
#define NAME_BYTES 64
#define FAULTS     (FLAKY_FAULTS + 2u)
#define FAULT_NONE FLAKY_FAULTS
#define FAULT_ALL  (FLAKY_FAULTS + 1u)

#define KINDS_MAX 16u

static const char *const faults[FAULTS] = {
	"drop",     "delay",     "reorder", "double", "corrupt", "header", "truncate",
	"lengthen", "misdirect", "stall",   "link",   "none",    "all",
};

struct job {
	struct traffic_plan plan;
	uint64_t seeds;
	uint64_t seed;
	bool passed;
	char name[NAME_BYTES];
};

static uint64_t number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void set_rates(struct flaky_config *c, uint32_t fault)
{
	*c = (struct flaky_config){
		.size = sizeof(*c), .delay_us_max = TIME_US, .stall_us_max = TIME_US, .link_us_max = TIME_US};
	if (fault == FAULT_ALL) {
		flaky_rates(c, RATE_ALL);
		c->rate[FLAKY_A2P][FLAKY_LINK] = RATE_LINK;
	} else if (fault == FLAKY_LINK) {
		c->rate[FLAKY_A2P][FLAKY_LINK] = RATE_LINK;
	} else if (fault < FLAKY_FAULTS) {
		c->rate[FLAKY_A2P][fault] = fault != FLAKY_DOUBLE ? RATE_ONE : 0;
		c->rate[FLAKY_P2A][fault] = RATE_ONE;
	}
}

static void run(void **state)
{
	struct job *job = *state;

	job->passed = false;
	for (uint64_t i = 0; i < job->seeds; i++) {
		job->plan.faults.seed = job->seed + i;
		/* The odd ones have callers beside the generator. */
		job->plan.threads = (job->plan.faults.seed & 1u) != 0 ? TRAFFIC_THREADS : 0;
		traffic_run(&job->plan);
	}
	job->passed = true;
}

/* After a failure too. */
static int tell(void **state)
{
	const struct job *job = *state;

	if (!job->passed)
		print_error("again: test_conformance_flaky %s 0x%" PRIx64 " (with CONF_STEPS=%" PRIu32 ")\n", job->name,
			    job->plan.faults.seed, job->plan.steps);
	return 0;
}

static bool wanted(const char *name, int argc, char **argv, int i)
{
	return argc <= i || strcmp(argv[i], "any") == 0 || strcmp(argv[i], name) == 0;
}

static void add(struct job *job, struct CMUnitTest *test, const struct conf_kind *kind, uint32_t fault)
{
	job->plan = (struct traffic_plan){
		.kind = kind,
		.threaded = (kind->traits & CONF_THREADED) != 0,
		.steps = (uint32_t)number("CONF_STEPS", STEPS),
		.verbose = getenv("CONF_VERBOSE") != NULL,
	};
	set_rates(&job->plan.faults, fault);
	snprintf(job->name, sizeof(job->name), "%s %s", kind->name, faults[fault]);
	*test = (struct CMUnitTest){job->name, run, NULL, tell, job};
}

static int run_all(int argc, char **argv, uint64_t seed)
{
	static struct job jobs[KINDS_MAX * FAULTS];
	static struct CMUnitTest tests[KINDS_MAX * FAULTS];
	const uint64_t seeds = argc > 3 ? 1u : number("CONF_SEEDS", SEEDS);
	size_t n = 0;

	memset(tests, 0, sizeof(tests));
	for (const struct conf_entry *e = conf_list; e->kind != NULL; e++) {
		if ((e->how & CONF_TRAFFIC) == 0 || !wanted(e->kind->name, argc, argv, 1))
			continue;
		for (uint32_t f = 0; f < FAULTS; f++) {
			if (!wanted(faults[f], argc, argv, 2))
				continue;
			assert_true(n < KINDS_MAX * FAULTS);
			jobs[n] = (struct job){.seed = seed, .seeds = seeds};
			add(&jobs[n], &tests[n], e->kind, f);
			n++;
		}
	}
	if (n == 0)
		print_error("no such kind or fault\n");
	return n != 0 ? _cmocka_run_group_tests("flaky", tests, n, NULL, NULL) : 1;
}

int main(int argc, char **argv)
{
	const uint64_t end_us = hang_now_us() + number("CONF_MINUTES", 0) * 60000000u;
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : number("CONF_SEED", 1);
	int failed;

	do {
		failed = run_all(argc, argv, seed);
		seed += number("CONF_SEEDS", SEEDS);
	} while (failed == 0 && argc <= 3 && hang_now_us() < end_us);
	return failed != 0;
}
