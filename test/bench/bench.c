/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command costs. Each file tells what it measures.
 *
 *   bench call|done|chain N          N commands over loopback, agent and platform (for an instruction counter)
 *   bench hold K fifo|random N       N commands with K in flight all the time, the core alone
 *   bench queue K N                  the same, of which the link takes one at a time
 *   bench receive nothing|done|wait N   N responses, the core alone; only what bench_feed() does is of interest
 *   bench sensors|clocks N           N enumerations of 1000 sensors, of 200 clocks, over loopback
 *   bench lists [SAMPLES]            the same: messages, milliseconds
 *   bench stack                      of a chain of submits
 *   bench wakeups N                  of a synchronous call
 *   bench time [SAMPLES]             one thread: nanoseconds, and how they grow with the commands in flight
 *   bench threads [SAMPLES]          two threads on one agent, against the ping-pong of a cache line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hold.h"
#include "measure.h"
#include "modes.h"
#include "rig.h"

#define TIME_SAMPLES   600
#define THREAD_SAMPLES SAMPLES_MAX

static int usage(void)
{
	fprintf(stderr, "usage: bench call|done|chain N | hold K fifo|random N | queue K N | receive nothing|done|wait "
			"N | stack | "
			"wakeups N | time [SAMPLES] | threads [SAMPLES] | sensors|clocks N | lists [SAMPLES]\n");
	return 2;
}

static int do_loopback(void (*run)(long), const char *n)
{
	open_loopback(0, &rig.port);
	run(atol(n));
	return 0;
}

static int do_list(void (*run)(long), const char *n)
{
	run(atol(n));
	return 0;
}

static int do_hold(const char *k, const char *order, uint32_t depth, const char *n)
{
	long in_flight = atol(k);

	if (in_flight < 1 || in_flight > (long)SCMI_SLOTS_MAX)
		return usage();
	open_inflight((uint32_t)in_flight, strcmp(order, "random") == 0, depth);
	run_inflight(atol(n));
	return 0;
}

static int do_receive(char **argv)
{
	static const char *const names[] = {
		[RECEIVE_NOTHING] = "nothing", [RECEIVE_DONE] = "done", [RECEIVE_WAIT] = "wait"};

	for (int i = RECEIVE_NOTHING; i <= RECEIVE_WAIT; i++) {
		if (strcmp(argv[0], names[i]) == 0) {
			open_receive((enum receive_kind)i);
			run_receive(atol(argv[1]));
			return 0;
		}
	}
	return usage();
}

static int samples_of(int argc, char **argv, int otherwise)
{
	int n = argc == 3 ? atoi(argv[2]) : otherwise;

	return n < 1 ? 1 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
}

static int do_time(int samples)
{
	time_single(samples);
	time_receive(samples);
	time_inflight(samples);
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_port();
	if (argc == 3 && strcmp(mode, "call") == 0)
		return do_loopback(run_call, argv[2]);
	if (argc == 3 && strcmp(mode, "done") == 0)
		return do_loopback(run_done, argv[2]);
	if (argc == 3 && strcmp(mode, "chain") == 0)
		return do_loopback(run_chain, argv[2]);
	if (argc == 3 && strcmp(mode, "sensors") == 0)
		return do_list(run_sensors, argv[2]);
	if (argc == 3 && strcmp(mode, "clocks") == 0)
		return do_list(run_clocks, argv[2]);
	if (argc == 5 && strcmp(mode, "hold") == 0)
		return do_hold(argv[2], argv[3], HOLD_MAX, argv[4]);
	if (argc == 4 && strcmp(mode, "queue") == 0)
		return do_hold(argv[2], "fifo", 1, argv[3]);
	if (argc == 4 && strcmp(mode, "receive") == 0)
		return do_receive(argv + 2);
	if ((argc == 2 || argc == 3) && strcmp(mode, "time") == 0)
		return do_time(samples_of(argc, argv, TIME_SAMPLES));
	if ((argc == 2 || argc == 3) && strcmp(mode, "threads") == 0)
		time_threads(samples_of(argc, argv, THREAD_SAMPLES));
	else if ((argc == 2 || argc == 3) && strcmp(mode, "lists") == 0)
		time_lists(samples_of(argc, argv, TIME_SAMPLES));
	else if (argc == 2 && strcmp(mode, "stack") == 0)
		measure_stack();
	else if (argc == 3 && strcmp(mode, "wakeups") == 0)
		count_wakeups(atol(argv[2]));
	else
		return usage();
	return 0;
}
