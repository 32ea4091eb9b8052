/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command costs over vhost-user: an agent over the front end here, a platform behind the back end in another
 * process, which answers at once.
 *
 *   bench_vhost polled [SAMPLES]   both poll, on two processors, against the ping-pong of a line
 *   bench_vhost sleep [SAMPLES]    both sleep, against a bare eventfd there and back; many in flight
 *   bench_vhost daemon SCMID [SAMPLES]   what idle agents cost a daemon, beside busy ones
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <scmi/transport/vhost_user.h>

#include "measure.h"
#include "pair.h"
#include "rig.h"
#include "vhost_child.h"
#include "vhost_modes.h"

#define POLLED_SAMPLES 600
#define SLEEP_SAMPLES  200
#define DAEMON_SAMPLES 20
#define PINGS          200
#define CALLS          200 /* polled: 50 us or so */
#define TRIPS          100 /* asleep */
#define DEPTH          256
#define FLOW           4000 /* for each sample */
#define PP_LEAST       115.0
#define PP_MOST        140.0

static void *front;
static long depth; /* commands in flight, where there are to be many: as many as the front end takes */

static void open_agent(uint32_t slots)
{
	char text[200] = "";
	const struct scmi_why why = {text, sizeof(text)};
	struct scmi_transport transport;

	if (scmi_vhost_user_scheme()->open(&front, vhost_child.path, &rig.port, &transport, &why) != SCMI_OK) {
		fprintf(stderr, "bench: %s\n", text);
		exit(1);
	}
	depth = transport.max_inflight < DEPTH ? (long)transport.max_inflight : DEPTH;
	open_transport(&transport, slots);
}

static void close_agent(void)
{
	close_rig();
	scmi_vhost_user_scheme()->close(front);
}

static void run_calls(long n, uint16_t flags)
{
	static uint8_t version[4];

	for (long i = 0; i < n; i++) {
		struct scmi_call call = version_call(version);

		call.flags = flags;
		must(scmi_agent_call(rig.agent, &call), "call");
	}
}

/* ---- polled ---- */

static double ping_phase(void)
{
	double start;

	vhost_child_mode(VHOST_PING);
	vhost_ping(2);
	start = now_ns();
	vhost_ping(PINGS);
	return (now_ns() - start) / PINGS;
}

static double polled_phase(void)
{
	double start;

	vhost_child_mode(VHOST_POLL);
	run_calls(2, SCMI_CALL_POLL);
	start = now_ns();
	run_calls(CALLS, SCMI_CALL_POLL);
	return (now_ns() - start) / CALLS;
}

static void time_polled(int samples)
{
	static struct samples pp, ratio, in_range;
	const struct limits limits = {1.9, 1.2};
	const char *what = "vhost-user, a call there and back, both poll";
	int at[2];

	if (processors(at) < 2) {
		printf("%s: not measured, there are no two processors for us\n", what);
		return;
	}
	run_on(at[0]);
	vhost_child_start(at[1], 1);
	open_agent(0);
	for (int i = 0; i < samples; i++) {
		const double before = ping_phase();
		const double ns = polled_phase();
		const double after = ping_phase();
		const double one = (before + after) / 2;
		const bool good = agree(before, after);

		add_sample(&pp, one);
		add_sample(&ratio, good ? ns / one : 0);
		add_sample(&in_range, good && one >= PP_LEAST && one <= PP_MOST ? ns / one : 0);
	}
	print_ns("ping-pong (pp) of the two processes", &pp);
	print_ratio(what, in_range.n >= MIN_SAMPLES ? " x pp" : " x any pp",
		    in_range.n >= MIN_SAMPLES ? &in_range : &ratio, &in_range, limits);
	vhost_child_mode(VHOST_POLL);
	close_agent();
	vhost_child_end();
}

/* ---- asleep ---- */

static double bare_phase(void)
{
	const double start = now_ns();

	for (int i = 0; i < TRIPS; i++)
		vhost_bare();
	return (now_ns() - start) / TRIPS;
}

static double call_phase(void)
{
	double start;

	run_calls(2, 0);
	start = now_ns();
	run_calls(TRIPS, 0);
	return (now_ns() - start) / TRIPS;
}

static long sleeps_here(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw;
}

/* Each end sleeps once for each call: a third sleep would be one too many. */
static void count_sleeps(const char *where, long n)
{
	const long here = sleeps_here();
	const long there = vhost_child_sleeps();
	double ours;
	double theirs;

	run_calls(n, 0);
	ours = (double)(sleeps_here() - here) / (double)n;
	theirs = (double)(vhost_child_sleeps() - there) / (double)n;
	printf("vhost-user, wake-ups a call, %-29s %5.3f (agent %.3f, platform %.3f)   must 2: %s\n", where,
	       ours + theirs, ours, theirs, ours + theirs <= 2 * 1.005 + 4 / (double)n ? "met" : "NOT MET");
}

/* ---- many in flight ---- */

static struct {
	struct scmi_call calls[DEPTH];
	uint8_t came[DEPTH][4];
	long left; /* to be submitted */
	long ended;
} flow;

static void again(struct scmi_call *call, int err)
{
	must(err, "call in flight");
	flow.ended++;
	if (flow.left-- > 0)
		must(scmi_agent_submit(rig.agent, call), "submit");
}

/* All but one by submits of their own; that one is waited for, which drives the others. */
static void run_flow(long n)
{
	flow.left = n - (depth - 1);
	flow.ended = 0;
	for (long i = 0; i < depth - 1; i++) {
		flow.calls[i] = version_call(flow.came[i]);
		flow.calls[i].done = again;
		must(scmi_agent_submit(rig.agent, &flow.calls[i]), "submit");
	}
	while (flow.ended < n)
		run_calls(1, 0);
}

static void time_flow(long n)
{
	const long here = sleeps_here();
	const long there = vhost_child_sleeps();
	const double start = now_ns();
	double ns;

	run_flow(n);
	ns = now_ns() - start;
	printf("vhost-user, %3ld in flight, asleep when there is nothing %6s %.2f million a second; sleeps a call: "
	       "agent %.4f, "
	       "platform %.4f\n",
	       depth, "", (double)n / ns * 1e3, (double)(sleeps_here() - here) / (double)n,
	       (double)(vhost_child_sleeps() - there) / (double)n);
}

static void measure_sleep(const char *where, int for_agent, int for_platform, int samples)
{
	static struct samples ratio;
	char line[80];

	ratio = (struct samples){0};
	run_on(for_agent);
	vhost_child_start(for_platform, 0);
	open_agent(DEPTH);
	(void)usleep(1000);
	for (int i = 0; i < samples; i++) {
		const double before = bare_phase();
		const double ns = call_phase();
		const double after = bare_phase();

		add_sample(&ratio, agree(before, after) ? 2 * ns / (before + after) : 0);
	}
	snprintf(line, sizeof(line), "vhost-user by eventfd against a bare eventfd, %s", where);
	print_ratio(line, "", &ratio, &ratio, (struct limits){1.05, 0});
	count_sleeps(where, samples * (long)TRIPS);
	if (for_agent != for_platform)
		time_flow(samples * (long)FLOW);
	close_agent();
	vhost_child_end();
}

static void time_sleep(int samples)
{
	int at[2];

	if (processors(at) == 2)
		measure_sleep("two processors", at[0], at[1], samples);
	measure_sleep("one processor", at[0], at[0], samples);
}

static int samples_of(int argc, char **argv, int which, int otherwise)
{
	const int n = argc > which ? atoi(argv[which]) : otherwise;

	return n < 1 ? 1 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_port();
	if (strcmp(mode, "polled") == 0) {
		time_polled(samples_of(argc, argv, 2, POLLED_SAMPLES));
	} else if (strcmp(mode, "sleep") == 0) {
		time_sleep(samples_of(argc, argv, 2, SLEEP_SAMPLES));
	} else if (strcmp(mode, "daemon") == 0 && argc > 2) {
		measure_daemon(argv[2], samples_of(argc, argv, 3, DAEMON_SAMPLES));
	} else {
		fprintf(stderr, "usage: bench_vhost polled|sleep [SAMPLES] | daemon SCMID [SAMPLES]\n");
		return 2;
	}
	return 0;
}
