/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Agent and platform in two processes, each asleep on an eventfd when there is nothing to do, against two bare eventfds
 * there and back. What is compared takes turns: a phase of the mailbox stands between two bare ones.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <scmi/transport/mailbox_linux.h>

#include "mailbox_world.h"
#include "measure.h"
#include "pair.h"
#include "rig.h"

#define TRIPS 100

enum mode { MODE_BARE, MODE_MAILBOX, MODE_OVER };

struct board {
	_Atomic int mode; /* of the other process */
	_Atomic int seen; /* by it */
};

static struct board *board;
static int bare[2];  /* to the platform, to the agent */
static int bells[2]; /* the same, of the mailbox */
static struct scmi_mailbox_doorbell agents, platforms;

static void ring_bell(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
		fail(SCMI_E_IO, "eventfd");
}

static void sleep_on(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) != (ssize_t)sizeof(n))
		fail(SCMI_E_IO, "eventfd");
}

/* ---- the platform ---- */

static void turn(int mode)
{
	if (mode == MODE_BARE) {
		sleep_on(bare[0]);
		if (atomic_load(&board->mode) == MODE_BARE)
			ring_bell(bare[1]);
	} else if (scmi_mailbox_end_serve(mailbox_world.end, 1) == 0) {
		platforms.wait(platforms.ctx, SCMI_NEVER);
	}
}

static _Noreturn void platform_process(int processor)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(processor);
	for (;;) {
		const int mode = atomic_load(&board->mode);

		atomic_store(&board->seen, mode);
		if (mode == MODE_OVER)
			_exit(0);
		turn(mode);
	}
}

/* ---- the agent ---- */

static void set_mode(enum mode mode)
{
	atomic_store(&board->mode, mode);
	ring_bell(bare[0]);
	ring_bell(bells[0]);
	while (atomic_load(&board->seen) != (int)mode)
		(void)usleep(50);
	(void)usleep(200); /* to fall asleep */
}

static void run(enum mode mode, long n)
{
	for (long i = 0; i < n; i++) {
		if (mode == MODE_MAILBOX) {
			mailbox_call();
		} else {
			ring_bell(bare[0]);
			sleep_on(bare[1]);
		}
	}
}

static double phase(enum mode mode)
{
	double start;

	set_mode(mode);
	if (mode == MODE_BARE) { /* what set_mode() has left is answered once */
		ring_bell(bare[0]);
		sleep_on(bare[1]);
		(void)usleep(200);
	}
	run(mode, 2);
	start = now_ns();
	run(mode, TRIPS);
	return (now_ns() - start) / TRIPS;
}

static void make_bells(void)
{
	static struct scmi_mailbox_eventfd *agent, *platform;

	for (int i = 0; i < 2; i++) {
		bare[i] = eventfd(0, EFD_CLOEXEC);
		bells[i] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		if (bare[i] < 0 || bells[i] < 0)
			fail(SCMI_E_IO, "eventfd");
	}
	must(scmi_mailbox_eventfd_create(&agent, bells[0], bells[1], &agents), "doorbell");
	must(scmi_mailbox_eventfd_create(&platform, bells[1], bells[0], &platforms), "doorbell");
}

static void measure(const char *where, int for_agent, int for_platform, int samples)
{
	static struct samples ratio;
	char line[80];
	pid_t child;

	ratio = (struct samples){0};
	run_on(for_agent);
	atomic_store(&board->mode, MODE_BARE);
	atomic_store(&board->seen, MODE_OVER);
	child = fork();
	if (child < 0)
		fail(SCMI_E_IO, "fork");
	if (child == 0)
		platform_process(for_platform);
	for (int i = 0; i < samples; i++) {
		const double before = phase(MODE_BARE);
		const double ns = phase(MODE_MAILBOX);
		const double after = phase(MODE_BARE);

		add_sample(&ratio, agree(before, after) ? 2 * ns / (before + after) : 0);
	}
	set_mode(MODE_OVER);
	(void)waitpid(child, NULL, 0);
	snprintf(line, sizeof(line), "mailbox by eventfd against a bare eventfd, %s", where);
	print_ratio(line, "", &ratio, &ratio, (struct limits){1.05, 0});
}

/* Of the agent's; the platform rings for each answer that asks for it. */
static void print_signals(void)
{
	struct scmi_mailbox_stats s = {.size = sizeof(s)};
	double each;

	must(scmi_mailbox_stats(&mailbox_world.mailbox, &s), "stats");
	each = (double)s.rung / (double)s.commands;
	printf("%-58s %.4f doorbells a call   must 1: %s\n", "mailbox by eventfd", each, each <= 1 ? "met" : "NOT MET");
}

void time_mailbox_sleep(int samples)
{
	int at[2];
	const int found = processors(at);

	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		fail(SCMI_E_NOMEM, "board");
	make_bells();
	mailbox_open_platform(&platforms);
	mailbox_open_agent(&agents);
	if (found == 2)
		measure("two processors", at[0], at[1], samples);
	measure("one processor", at[0], at[0], samples);
	print_signals();
}
