/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "measure.h"

void fail(int err, const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, scmi_strerror(err));
	exit(1);
}

double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double pace(void)
{
	volatile unsigned sink = 0;
	double start = now_ns();

	for (unsigned i = 0; i < 40000; i++)
		sink = sink * 1664525u + i;
	return now_ns() - start;
}

bool agree(double before, double after)
{
	return after < before * 1.2 && before < after * 1.2;
}

double bracketed(void (*run)(long n), long n, double *pace_ns)
{
	double before = pace();
	double start = now_ns();
	double ns;
	double after;

	run(n);
	ns = (now_ns() - start) / (double)n;
	after = pace();
	if (pace_ns != NULL)
		*pace_ns = (before + after) / 2;
	return agree(before, after) ? ns : 0;
}

void add_sample(struct samples *s, double value)
{
	s->tried++;
	if (value > 0 && s->n < SAMPLES_MAX)
		s->at[s->n++] = value;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

double quantile(struct samples *s, double q)
{
	if (s->n == 0)
		return 0;
	qsort(s->at, (size_t)s->n, sizeof(s->at[0]), by_value);
	return s->at[(int)(q * (s->n - 1) + 0.5)];
}

const char *verdict(struct samples *s, double limit)
{
	if (s->n < MIN_SAMPLES)
		return "not resolvable";
	if (quantile(s, 0.75) <= limit)
		return "met";
	return quantile(s, 0.25) > limit ? "not met" : "not resolvable";
}

void print_ratio(const char *what, const char *unit, struct samples *shown, struct samples *judged,
		 struct limits limits)
{
	printf("%-58s %5.2f%s (%.2f .. %.2f, %d of %d)", what, quantile(shown, 0.5), unit, quantile(shown, 0.25),
	       quantile(shown, 0.75), shown->n, shown->tried);
	if (limits.must > 0)
		printf("   must %.3g: %s", limits.must, verdict(judged, limits.must));
	if (limits.goal > 0)
		printf("; goal %.3g: %s", limits.goal, verdict(judged, limits.goal));
	printf("\n");
}

void print_ns(const char *what, struct samples *s)
{
	printf("%-58s min %.0f ns, median %.0f ns (%.0f .. %.0f, %d of %d)\n", what, quantile(s, 0), quantile(s, 0.5),
	       quantile(s, 0.25), quantile(s, 0.75), s->n, s->tried);
}
