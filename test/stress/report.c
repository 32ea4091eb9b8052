/* SPDX-License-Identifier: BSD-3-Clause */
/* Counting, what is wrong, what hangs, and the line at the end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stress.h"

#define FAULTS_TOLD  20u
#define DAWDLE_EVERY 50u

/* ---- counting ---- */

static _Thread_local struct tally *mine;

struct tally *tally_here(struct stress *s)
{
	if (mine == NULL) {
		const unsigned i = atomic_fetch_add(&s->tallies_n, 1u);

		if (i >= TALLIES)
			abort();
		mine = &s->tallies[i];
	}
	return mine;
}

/* One writer. */
void tally_add(atomic_uint *counter, uint32_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

void dawdle(struct stress *s)
{
	struct tally *t = tally_here(s);

	if (++t->turn % DAWDLE_EVERY == 0)
		s->port.relax(s->port.ctx);
}

static uint32_t load(atomic_uint *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

struct totals totals_of(struct stress *s, const struct lane *lane)
{
	const unsigned n = atomic_load(&s->tallies_n);
	struct totals sum = {.steps = 0};

	for (unsigned i = 0; i < n; i++) {
		struct tally *t = &s->tallies[i];

		for (uint32_t k = 0; k < s->lanes_n; k++) {
			if (lane != NULL && lane->index != k)
				continue;
			for (uint32_t e = 0; e < ERRORS; e++) {
				sum.ended[e] += load(&t->lane[k].ended[e]);
				sum.refused[e] += load(&t->lane[k].refused[e]);
			}
		}
		sum.cancelled += load(&t->cancelled);
		sum.mangled += load(&t->mangled);
		sum.stale += load(&t->stale);
		sum.steps += load(&t->steps);
	}
	return sum;
}

static uint64_t sum_of(const uint64_t *counts)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ERRORS; i++)
		sum += counts[i];
	return sum;
}

uint64_t totals_calls(const struct totals *t)
{
	return sum_of(t->ended);
}

/* ---- faults ---- */

static void tell_how_to_repeat(const struct stress *s)
{
	fprintf(stderr, "stress: seed %#llx; again:", (unsigned long long)s->o.seed);
	for (int i = 0; i < s->o.argc; i++)
		fprintf(stderr, " %s", s->o.argv[i]);
	fprintf(stderr, "\n");
}

void fault(struct stress *s, const struct lane *l, const char *format, ...)
{
	const unsigned before = atomic_fetch_add(&s->faults, 1u);
	va_list args;
	char text[256];

	atomic_store(&s->over, true);
	if (before >= FAULTS_TOLD)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fprintf(stderr, "stress: FAULT on %s: %s\n", l != NULL ? l->name : "all", text);
	if (before == 0)
		tell_how_to_repeat(s);
	if (s->o.abort)
		abort();
}

/* ---- hangs ---- */

static void print_job(struct job *j)
{
	const char *const states[] = {"idle", "live", "ended"};
	const unsigned state = atomic_load(&j->state);

	if (state != JOB_IDLE)
		fprintf(stderr, "    call %#llx %s on %s: act %u delay %u flags %#x timeout %u deadline %llu%s\n",
			(unsigned long long)j->nonce, states[state % 3u], j->lane->name, (unsigned)j->act,
			(unsigned)j->delay, (unsigned)j->call.flags, (unsigned)j->call.timeout_us,
			(unsigned long long)j->call.deadline_us, j->call.done != NULL ? " done" : "");
}

static void print_lane(struct lane *l)
{
	struct scmi_agent_stats x = {.size = sizeof(x)};

	if (l->s->agent == NULL || scmi_agent_stats(l->s->agent, l->index, &x) != SCMI_OK)
		return;
	fprintf(stderr,
		"  %-18s submitted %u in flight %u queued %u owed %u limit %u ok %u late %u stray %u dup %u recovered "
		"%u\n",
		l->name, (unsigned)x.submitted, (unsigned)x.in_flight, (unsigned)x.queued, (unsigned)x.quarantined,
		(unsigned)x.max_inflight, (unsigned)x.ok, (unsigned)x.late,
		(unsigned)(x.stray_token + x.stray_protocol + x.stray_message + x.stray_type + x.stray_header),
		(unsigned)x.duplicate, (unsigned)x.recovered);
	if (l->flaky != NULL)
		flaky_print(l->flaky);
}

/* Reads what others write: what it prints need not be of one moment. */
static void print_state(struct stress *s)
{
	const char *at_rest = atomic_load(&s->resting);

	fprintf(stderr, "stress: generation %u, flags %#x, pace %u us, %s\n", (unsigned)s->generation,
		(unsigned)s->config.flags, (unsigned)atomic_load(&s->pace_us), at_rest != NULL ? at_rest : "running");
	for (uint32_t i = 0; i < s->o.threads; i++) {
		const char *what = atomic_load(&s->workers[i].doing);

		fprintf(stderr, "  worker %u: %s, %u steps left\n", (unsigned)i, what != NULL ? what : "nothing",
			(unsigned)s->workers[i].steps);
		for (uint32_t k = 0; k < JOBS; k++)
			print_job(&s->workers[i].jobs[k]);
	}
	for (uint32_t i = 0; i < FILLERS; i++)
		print_job(&s->fillers[i]);
	for (uint32_t i = 0; i < s->lanes_n; i++)
		print_lane(&s->lanes[i]);
	fprintf(stderr, "  answers to come: %u\n", (unsigned)s->later.open);
}

static void nap(unsigned ms)
{
	const struct timespec t = {.tv_nsec = (long)ms * 1000000};

	nanosleep(&t, NULL);
}

static uint64_t moved(struct stress *s)
{
	const struct totals t = totals_of(s, NULL);

	return sum_of(t.ended) + sum_of(t.refused) + t.steps;
}

static void report(struct stress *s, uint64_t us)
{
	const struct totals t = totals_of(s, NULL);
	const uint64_t calls = totals_calls(&t);

	fprintf(stderr, "stress: %llu calls in %llu s, %llu a second, %u faults\n", (unsigned long long)calls,
		(unsigned long long)(us / 1000000u), (unsigned long long)(calls * 1000000u / (us != 0 ? us : 1u)),
		atomic_load(&s->faults));
}

static void *watch(void *arg)
{
	struct stress *s = arg;
	uint64_t since_us = now_us(s);
	uint64_t told_us = since_us;
	uint64_t seen = 0;

	while (!atomic_load(&s->done)) {
		const uint64_t now = now_us(s);
		const uint64_t moves = moved(s);

		if (moves != seen)
			since_us = now;
		seen = moves;
		if (now - since_us > s->o.hang_s * UINT64_C(1000000)) {
			fprintf(stderr, "stress: FAULT: nothing has moved for %u s\n", (unsigned)s->o.hang_s);
			tell_how_to_repeat(s);
			print_state(s);
			abort();
		}
		if (s->o.report_s != 0 && now - told_us >= s->o.report_s * UINT64_C(1000000)) {
			report(s, now - s->began_us);
			told_us = now;
		}
		nap(100);
	}
	return NULL;
}

bool watchdog_start(struct stress *s)
{
	return pthread_create(&s->watchdog, NULL, watch, s) == 0;
}

void watchdog_stop(struct stress *s)
{
	pthread_join(s->watchdog, NULL);
}

/* ---- the end ---- */

static void print_counts(const char *what, const uint64_t *counts)
{
	printf("%s", what);
	for (int i = 0; i < (int)ERRORS; i++) {
		if (counts[i] != 0)
			printf(" %s %llu", scmi_error_name(-i), (unsigned long long)counts[i]);
	}
}

static void print_faults(struct stress *s)
{
	static const char *const names[FLAKY_FAULTS] = {
		"drop",     "delay",    "reorder",   "double", "corrupt", "header",
		"truncate", "lengthen", "misdirect", "stall",  "link",
	};
	uint64_t sum[FLAKY_FAULTS] = {0};

	for (uint32_t i = 0; i < s->lanes_n; i++) {
		struct flaky_counts c;

		if (s->lanes[i].flaky == NULL)
			continue;
		c = flaky_counts(s->lanes[i].flaky);
		for (unsigned k = 0; k < FLAKY_FAULTS; k++)
			sum[k] += c.fault[FLAKY_A2P][k] + c.fault[FLAKY_P2A][k];
	}
	printf("; injected:");
	for (unsigned k = 0; k < FLAKY_FAULTS; k++) {
		if (sum[k] != 0)
			printf(" %s %llu", names[k], (unsigned long long)sum[k]);
	}
}

void summary(struct stress *s)
{
	const uint64_t us = now_us(s) - s->began_us;
	const struct totals t = totals_of(s, NULL);
	const uint64_t calls = totals_calls(&t);
	const unsigned faults = atomic_load(&s->faults);

	printf("stress: seed %#llx: %llu calls in %llu.%03llu s, %llu a second, %u agents;",
	       (unsigned long long)s->o.seed, (unsigned long long)calls, (unsigned long long)(us / 1000000u),
	       (unsigned long long)(us / 1000u % 1000u), (unsigned long long)(calls * 1000000u / (us != 0 ? us : 1u)),
	       (unsigned)s->generation);
	print_counts(" ended:", t.ended);
	print_counts("; refused:", t.refused);
	print_faults(s);
	printf("; mangled %llu, stale %llu: %s\n", (unsigned long long)t.mangled, (unsigned long long)t.stale,
	       faults == 0 ? "passed" : "FAILED");
	if (faults != 0)
		fprintf(stderr, "stress: %u faults\n", faults);
}
