/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the benches measure on a machine whose pace changes within seconds: each phase of the thing measured stands
 * between two phases of work that does not change, and counts only if those two agree within 20 %. What is compared
 * is a ratio of one run; a verdict needs 30 samples, and both quartiles on one side of the limit.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/errors.h>

#define SAMPLES_MAX 4000
#define MIN_SAMPLES 30 /* for a verdict */

struct samples {
	double at[SAMPLES_MAX];
	int n;
	int tried; /* those that did not count included */
};

/* A limit of 0: none. */
struct limits {
	double must;
	double goal;
};

/* Ends the program. */
_Noreturn void fail(int err, const char *what);

/* Ends the program unless err is SCMI_OK. Inline: it stands in loops whose instructions are counted. */
static inline void must(int err, const char *what)
{
	if (err != SCMI_OK)
		fail(err, what);
}

double now_ns(void);

/* The machine's own pace in this moment: nanoseconds of work that does not change. */
double pace(void);

/* Whether the brackets of a phase agree. */
bool agree(double before, double after);

/* A phase of `n` runs between two looks at the pace: nanoseconds a run, and the pace; 0 if the looks do not agree. */
double bracketed(void (*run)(long n), long n, double *pace_ns);

/* A sample of 0 was tried and does not count. */
void add_sample(struct samples *s, double value);

/* Of samples in any order; sorts them. */
double quantile(struct samples *s, double q);

/* "met", "not met" or "not resolvable". */
const char *verdict(struct samples *s, double limit);

/* One line: median and quartiles of a ratio, and what `judged`, as a rule the same samples, say of the limits. */
void print_ratio(const char *what, const char *unit, struct samples *shown, struct samples *judged,
		 struct limits limits);

/* One line: minimum, median and quartiles of nanoseconds, which are no verdict on anything but this machine. */
void print_ns(const char *what, struct samples *s);

#endif
