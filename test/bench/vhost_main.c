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
#include <time.h>
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
#define POLL_US        500 /* that the platform looks for more, before it sleeps */
#define TRIPS          100 /* asleep */
#define DEPTH          256u
#define FDS            64   /* that may be open */
#define FLOW           4000 /* for each sample */
#define PP_LEAST       115.0
#define PP_MOST        140.0

static void *front;
static long depth; /* commands in flight, where there are to be many: as many as the front end takes */

static void open_agent(uint32_t slots)
{
	char text[200] = "";
	char rest[100];
	const struct scmi_why why = {text, sizeof(text)};
	struct scmi_transport transport;

	(void)snprintf(rest, sizeof(rest), slots == DEPTH ? "%s,depth=%u" : "%s", vhost_child.path, DEPTH);
	if (scmi_vhost_user_scheme()->open(&front, rest, &rig.port, &transport, &why) != SCMI_OK) {
		fprintf(stderr, "bench: %s\n", text);
		exit(1);
	}
	depth = transport.max_inflight < DEPTH ? (long)transport.max_inflight : (long)DEPTH;
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

/* The listener sleeps by then, and leaves the processor to the ping-pong. */
static double ping_phase(void)
{
	double start;

	(void)usleep(2 * POLL_US);
	vhost_child_mode(VHOST_PING);
	vhost_ping(2);
	start = now_ns();
	vhost_ping(PINGS);
	return (now_ns() - start) / PINGS;
}

static double polled_phase(void)
{
	double start;

	vhost_child_mode(VHOST_REST);
	run_calls(2, SCMI_CALL_POLL); /* wakes the listener */
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
	vhost_child_start(at[1], POLL_US);
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
	vhost_child_mode(VHOST_REST);
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

struct event {
	long id; /* the same in whichever process; -1: it is none */
	double count;
};

/* A descriptor of a process as an eventfd. */
static struct event event_of(pid_t pid, int fd)
{
	struct event e = {.id = -1};
	char line[128];
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/fdinfo/%d", (long)pid, fd);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strncmp(line, "eventfd-count:", 14) == 0)
			e.count = (double)strtoull(line + 14, NULL, 16);
		else if (strncmp(line, "eventfd-id:", 11) == 0)
			e.id = strtol(line + 11, NULL, 10);
	}
	if (f != NULL)
		(void)fclose(f);
	return e;
}

static bool child_has(long id)
{
	bool has = false;

	for (int fd = 0; fd < FDS && !has; fd++)
		has = event_of(vhost_child.pid, fd).id == id;
	return has;
}

/*
 * What the eventfds count that both have: they are never read, so it is how often they were rung. (But for the bare
 * ones, which nobody rings meanwhile.) Those that wake one's own sleeper are nobody else's.
 */
static double rings(void)
{
	double sum = 0;

	for (int fd = 0; fd < FDS; fd++) {
		const struct event e = event_of(getpid(), fd);

		if (e.id >= 0 && child_has(e.id))
			sum += e.count;
	}
	return sum;
}

/* Nanoseconds of processor time. */
static double used_ns(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
		fail(SCMI_E_IO, "processor time");
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct cost {
	double ns;
	double rings;
	double sleeps[2]; /* here, there */
	double used_ns[2];
};

static struct cost cost_now(void)
{
	return (struct cost){
		.ns = now_ns(),
		.rings = rings(),
		.sleeps = {(double)sleeps_here(), (double)vhost_child_sleeps()},
		.used_ns = {used_ns(0), used_ns(vhost_child.pid)},
	};
}

static void time_flow(const char *where, long n)
{
	const struct cost before = cost_now();
	const double calls = (double)n;
	struct cost after;

	run_flow(n);
	after = cost_now();
	printf("vhost-user, %ld in flight, asleep when there is nothing, %s: %.2f million a second\n", depth, where,
	       calls / (after.ns - before.ns) * 1e3);
	printf("%-58s %.4f doorbells both ways, sleeps: agent %.4f, platform %.4f; processor: agent %.0f ns, platform "
	       "%.0f ns\n",
	       "  a call", (after.rings - before.rings) / calls, (after.sleeps[0] - before.sleeps[0]) / calls,
	       (after.sleeps[1] - before.sleeps[1]) / calls, (after.used_ns[0] - before.used_ns[0]) / calls,
	       (after.used_ns[1] - before.used_ns[1]) / calls);
}

static void measure_flow(const char *where, int for_agent, int for_platform, long n)
{
	run_on(for_agent);
	vhost_child_start(for_platform, 0);
	open_agent(DEPTH);
	run_flow(FLOW);
	time_flow(where, n);
	close_agent();
	vhost_child_end();
}

static void measure_sleep(const char *where, int for_agent, int for_platform, int samples)
{
	static struct samples ratio;
	char line[80];

	ratio = (struct samples){0};
	run_on(for_agent);
	vhost_child_start(for_platform, 0);
	open_agent(0);
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
	close_agent();
	vhost_child_end();
	measure_flow(where, for_agent, for_platform, samples * (long)FLOW);
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
