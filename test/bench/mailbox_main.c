/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a command costs over a mailbox: the whole agent, the area, the whole platform, which answers at once.
 *
 *   bench_mailbox count N            N calls on one thread, the platform in the doorbell (for an instruction counter);
 *                                    its side alone is what bench_platform() does
 *   bench_mailbox threads [SAMPLES]  agent and platform polling on two processors, against the ping-pong of a line
 *   bench_mailbox sleep [SAMPLES]    in two processes that sleep, against a bare eventfd there and back
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrange.h"
#include "mailbox_world.h"
#include "rig.h"

#define SECONDS_MOST  20
#define SLEEP_SAMPLES 200

int bench_platform(void *ctx, enum scmi_mailbox_signal signal);

/* Counted: all that the platform's side does for a command. */
__attribute__((noinline)) int bench_platform(void *ctx, enum scmi_mailbox_signal signal)
{
	(void)ctx;
	(void)signal;
	return scmi_mailbox_end_serve(mailbox_world.end, 1) >= 0 ? SCMI_OK : SCMI_E_NOPEER;
}

static const struct scmi_mailbox_doorbell in_the_ring = {
	.version = SCMI_MAILBOX_DOORBELL_V1, .caps = SCMI_CAP_SYNC_SEND, .name = "bench", .ring = bench_platform};

/* bell: const struct scmi_mailbox_doorbell *; NULL: both poll. */
static void open_world(const void *bell)
{
	mailbox_open_platform(NULL);
	mailbox_open_agent(bell);
}

static void close_world(void)
{
	close_rig();
	mailbox_close_platform();
}

/* ---- one thread ---- */

static int count(long n)
{
	open_world(&in_the_ring);
	for (long i = 0; i < n; i++)
		mailbox_call();
	close_world();
	return 0;
}

/* ---- two processors ---- */

static long call_step(void *arg, long n)
{
	(void)arg;
	for (long i = 0; i < n; i++)
		mailbox_call();
	return n;
}

static long serve_step(void *arg, long n)
{
	long did = 0;

	(void)arg;
	for (long i = 0; i < n; i++)
		did += scmi_mailbox_end_serve(mailbox_world.end, 1);
	return did;
}

static struct arrangement all[] = {
	{"mailbox, a call there and back, agent and platform", .open = open_world, .close = close_world,
	 .mine = {call_step, NULL}, .other = {serve_step, NULL}, .n = 200, .limits = {2.0, 1.3}},
};

static void time_threads(int samples)
{
	if (!pair_open()) {
		printf("agent and platform over a mailbox: not measured, there are no two processors for us\n");
		return;
	}
	arrange_and_show(all, sizeof(all) / sizeof(all[0]), samples, SECONDS_MOST);
	pair_close();
}

static int samples_of(int argc, char **argv, int otherwise)
{
	const int n = argc == 3 ? atoi(argv[2]) : otherwise;

	return n < 1 ? 1 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
}

int main(int argc, char **argv)
{
	const char *mode = argc == 2 || argc == 3 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	open_port();
	if (argc == 3 && strcmp(mode, "count") == 0)
		return count(atol(argv[2]));
	if (strcmp(mode, "threads") == 0) {
		time_threads(samples_of(argc, argv, SAMPLES_MAX));
	} else if (strcmp(mode, "sleep") == 0) {
		time_mailbox_sleep(samples_of(argc, argv, SLEEP_SAMPLES));
	} else {
		fprintf(stderr, "usage: bench_mailbox count N | threads [SAMPLES] | sleep [SAMPLES]\n");
		return 2;
	}
	return 0;
}
