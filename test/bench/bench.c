/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command costs.
 *
 *   bench call N             N synchronous calls over loopback, agent and platform (for an instruction counter)
 *   bench submit N           the same, submitted with a done function that submits the next
 *   bench hold K ORDER N     N commands with K in flight all the time, replies in ORDER fifo or random, core alone
 *   bench time               nanoseconds, and how they grow with the commands in flight, with verdicts
 */
#define _POSIX_C_SOURCE 200809L
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/server/base.h>
#include <scmi/transport/loopback.h>

#include "hold.h"

#define HELD_MAX   SCMI_SLOTS_MAX
#define PAIRS      200
#define MIN_PAIRS  30
#define PHASE      2000 /* transfers of one timed phase: 100 us or so */
#define FLAT_LIMIT 1.5

static max_align_t link_mem[8192];
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
static max_align_t agent_mem[SCMI_AGENT_WORDS(SCMI_SLOTS_MAX)];

static struct scmi_posix posix;
static struct scmi_port port;
static struct scmi_agent *agent;

static void must(int err, const char *what)
{
	if (err != SCMI_OK) {
		fprintf(stderr, "bench: %s: %s\n", what, scmi_strerror(err));
		exit(1);
	}
}

/* ---- over loopback, the real platform at the other end ---- */

static void open_loopback(void)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[] = {&base};
	static struct scmi_endpoint endpoint;
	static struct scmi_platform_agent who = {.size = sizeof(who), .name = "bench", .endpoint = &endpoint};
	struct scmi_loopback_config link = {.size = sizeof(link)};
	struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_transport transport;
	struct scmi_agent_config agent_config = {.size = sizeof(agent_config), .transport = &transport, .port = &port};
	struct scmi_loopback *loopback;
	struct scmi_platform *platform;

	scmi_base_server(&base, &model);
	must(scmi_posix_init(&posix, &port), "port");
	must(scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &link, &transport, &endpoint), "loopback");
	must(scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &config), "platform");
	must(scmi_platform_start(platform), "platform");
	must(scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &agent_config), "agent");
	must(scmi_agent_start(agent), "agent");
}

static uint8_t version[4];
static struct scmi_call version_call = {
	.size = sizeof(version_call),
	.protocol = SCMI_PROTOCOL_BASE,
	.message = SCMI_PROTOCOL_VERSION,
	.reply = version,
	.reply_cap = sizeof(version),
};

static void run_calls(long n)
{
	for (long i = 0; i < n; i++)
		must(scmi_agent_call(agent, &version_call), "call");
}

static long to_submit;

static void submit_next(struct scmi_call *call, int err)
{
	must(err, "done");
	if (--to_submit > 0)
		must(scmi_agent_submit(agent, call), "submit");
}

static void run_submits(long n)
{
	version_call.done = submit_next;
	to_submit = n;
	must(scmi_agent_submit(agent, &version_call), "submit");
	version_call.done = NULL;
}

/* ---- the core alone, many in flight ---- */

static struct hold hold;

/* A call with its buffer, as a user would have them: together. */
static struct {
	alignas(128) struct scmi_call call;
	uint8_t reply[4];
} held[HELD_MAX];

static void resubmit(struct scmi_call *call, int err)
{
	if (err == SCMI_E_CLOSED)
		return; /* the end of a timed run */
	must(err, "done");
	must(scmi_agent_submit(agent, call), "submit");
}

static void open_hold(uint32_t in_flight, int random)
{
	struct scmi_transport transport = hold_init(&hold, random);
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = &port, .slots = SCMI_SLOTS_MAX};

	must(scmi_posix_init(&posix, &port), "port");
	must(scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config), "agent");
	must(scmi_agent_start(agent), "agent");
	for (uint32_t i = 0; i < in_flight; i++) {
		held[i].call = version_call;
		held[i].call.reply = held[i].reply;
		held[i].call.timeout_us = SCMI_FOREVER;
		held[i].call.done = resubmit;
		must(scmi_agent_submit(agent, &held[i].call), "submit");
	}
}

/* Each answer submits again, so that the number in flight stays. */
static void run_hold(long n)
{
	for (long i = 0; i < n; i++)
		must(hold_answer_one(&hold), "answer");
}

/* ---- time ---- */

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double phase(void (*run)(long))
{
	double start = now_ns();

	run(PHASE);
	return (now_ns() - start) / PHASE;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

static double quantile(const double *sorted, int n, double q)
{
	return sorted[(int)(q * (n - 1) + 0.5)];
}

static void time_call(void)
{
	double ns[PAIRS];

	open_loopback();
	run_calls(PHASE);
	for (int i = 0; i < PAIRS; i++)
		ns[i] = phase(run_calls);
	qsort(ns, PAIRS, sizeof(ns[0]), by_value);
	printf("synchronous loopback call        min %.0f ns, median %.0f ns (%d phases of %d)\n", ns[0],
	       quantile(ns, PAIRS, 0.5), PAIRS, PHASE);
	must(scmi_agent_stop(agent), "stop");
}

/* The machine's own pace in this moment: work that does not change. */
static double pace(void)
{
	volatile unsigned sink = 0;
	double start = now_ns();

	for (unsigned i = 0; i < 40000; i++)
		sink = sink * 1664525u + i;
	return now_ns() - start;
}

/* One phase between two looks at the machine's pace; 0 if the looks differ by more than 20 %. */
static double bracketed(uint32_t in_flight, int random)
{
	double before;
	double after;
	double ns;

	open_hold(in_flight, random);
	run_hold(PHASE);
	before = pace();
	ns = phase(run_hold);
	after = pace();
	must(scmi_agent_stop(agent), "stop");
	return after < before * 1.2 && before < after * 1.2 ? ns * 2 / (before + after) : 0;
}

static const char *verdict(const double *sorted, int n, double limit)
{
	if (n < MIN_PAIRS)
		return "not resolvable";
	if (quantile(sorted, n, 0.75) <= limit)
		return "met";
	return quantile(sorted, n, 0.25) > limit ? "not met" : "not resolvable";
}

static void time_flatness(uint32_t in_flight, int random)
{
	double ratio[PAIRS];
	int n = 0;

	for (int i = 0; i < PAIRS; i++) {
		double one = bracketed(1, 0);
		double many = bracketed(in_flight, random);

		if (one > 0 && many > 0)
			ratio[n++] = many / one;
	}
	qsort(ratio, (size_t)n, sizeof(ratio[0]), by_value);
	if (n > 0)
		printf("%4u in flight / 1, %s replies   %.2f (quartiles %.2f .. %.2f, %d of %d pairs), limit %.1f: "
		       "%s\n",
		       in_flight, random ? "random " : "ordered", quantile(ratio, n, 0.5), quantile(ratio, n, 0.25),
		       quantile(ratio, n, 0.75), n, PAIRS, FLAT_LIMIT, verdict(ratio, n, FLAT_LIMIT));
}

static int run_time(void)
{
	static const uint32_t in_flight[] = {64, 1023, 1024};

	time_call();
	for (size_t i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++) {
		time_flatness(in_flight[i], 0);
		time_flatness(in_flight[i], 1);
	}
	return 0;
}

static int usage(void)
{
	fprintf(stderr, "usage: bench call N | submit N | hold K fifo|random N | time\n");
	return 2;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "time") == 0)
		return run_time();
	if (argc == 3 && strcmp(argv[1], "call") == 0) {
		open_loopback();
		run_calls(atol(argv[2]));
		return 0;
	}
	if (argc == 3 && strcmp(argv[1], "submit") == 0) {
		open_loopback();
		run_submits(atol(argv[2]));
		return 0;
	}
	if (argc == 5 && strcmp(argv[1], "hold") == 0) {
		long in_flight = atol(argv[2]);

		if (in_flight < 1 || in_flight > (long)HELD_MAX)
			return usage();
		open_hold((uint32_t)in_flight, strcmp(argv[3], "random") == 0);
		run_hold(atol(argv[4]));
		return 0;
	}
	return usage();
}
