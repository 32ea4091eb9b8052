/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver and device in two processes, with an eventfd each way. The other process does what the mode says:
 *
 *   bare     answers an eventfd by the other, and looks at no ring: the limit
 *   sleep    serves the ring; sleeps when there is nothing
 *   poll     serves the ring, never sleeps
 *   spin     serves the ring; polls for a while before it sleeps
 *
 * and this one, the driver, likewise. Each phase stands between two phases of what it is compared with.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"
#include "pair.h"
#include "ring_modes.h"
#include "ring_world.h"

#define TRIPS   100
#define ROUNDS  2000 /* of polling */
#define SPIN_NS 50000.0
#define FLOW    20000
#define LOOKS   64 /* between two looks at the clock */

enum mode { MODE_BARE, MODE_SLEEP, MODE_POLL, MODE_SPIN, MODE_OVER };

/* What the two processes share besides the ring: what the device's is to do, and what it knows of that. */
struct board {
	_Atomic int mode;
	_Atomic int seen;
};

static struct board *board;

static int to_device = -1;
static int to_driver = -1;
static enum mode mine; /* what the driver's process does */

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

static bool device_news(void)
{
	return ring_device_news(&ring_world->device);
}

static bool driver_news(void)
{
	return ring_driver_news(&ring_world->driver);
}

/* Polls for a while; false: nothing has come. */
static bool spin(bool (*news)(void))
{
	const double start = now_ns();

	do {
		for (int i = 0; i < LOOKS; i++) {
			if (news())
				return true;
		}
	} while (now_ns() - start < SPIN_NS);
	return false;
}

/* ---- the device ---- */

static bool serve_all(struct ring_world *w, uint32_t batch)
{
	uint32_t pending = 0;
	bool any = false;

	for (;;) {
		const bool served = ring_serve(w);

		pending += served;
		any |= served;
		if (pending > 0 && (!served || pending >= batch)) {
			pending = 0;
			ring_device_publish(&w->device);
			if (scmi__ring_device_must_call(&w->device)) {
				atomic_fetch_add_explicit(&w->calls, 1u, memory_order_relaxed);
				ring_bell(to_driver);
			}
		}
		if (!served)
			return any;
	}
}

static _Noreturn void device_process(int processor)
{
	struct ring_world *w = ring_world;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	run_on(processor);
	for (;;) {
		const int mode = atomic_load_explicit(&board->mode, memory_order_acquire);

		atomic_store_explicit(&board->seen, mode, memory_order_release);
		if (mode == MODE_OVER)
			_exit(0);
		if (mode == MODE_BARE) {
			sleep_on(to_device);
			if (atomic_load_explicit(&board->mode, memory_order_acquire) == MODE_BARE)
				ring_bell(to_driver);
			continue;
		}
		if (serve_all(w, w->form.batch) || mode == MODE_POLL || (mode == MODE_SPIN && spin(device_news)))
			continue;
		if (!scmi__ring_device_arm(&w->device))
			sleep_on(to_device);
	}
}

/* ---- the driver ---- */

static void publish(struct ring_world *w)
{
	ring_driver_publish(&w->driver);
	if (ring_driver_must_kick(&w->driver)) {
		w->kicks++;
		ring_bell(to_device);
	}
}

/* Until something is there, as the mode says. */
static void wait_back(struct ring_world *w)
{
	while (!driver_news()) {
		if (mine == MODE_POLL || (mine == MODE_SPIN && spin(driver_news)))
			continue;
		if (!scmi__ring_driver_arm(&w->driver))
			sleep_on(to_driver);
	}
}

static void run_trips(long n)
{
	struct ring_world *w = ring_world;

	for (long i = 0; i < n; i++) {
		w->next = (uint16_t)(w->next + 1u == w->form.slots ? 0 : w->next + 1u);
		ring_send(w, w->next);
		publish(w);
		wait_back(w);
		if (ring_reap(w) < 0)
			fail(SCMI_E_IO, "reap");
	}
}

static void run_bare(long n)
{
	for (long i = 0; i < n; i++) {
		ring_bell(to_device);
		sleep_on(to_driver);
	}
}

/* Changes what both do, and leaves no signal behind that the next phase would count as its own. */
static void set_mode(enum mode mode)
{
	struct pollfd rung = {.fd = to_driver, .events = POLLIN};

	mine = mode;
	atomic_store_explicit(&board->mode, mode, memory_order_release);
	ring_bell(to_device);
	while (atomic_load_explicit(&board->seen, memory_order_acquire) != (int)mode)
		(void)usleep(50);
	(void)usleep(200); /* to answer the bell, or to fall asleep */
	if (poll(&rung, 1, 0) == 1)
		sleep_on(to_driver);
}

static double phase(enum mode mode, long n)
{
	double start;

	set_mode(mode);
	if (mode == MODE_BARE)
		run_bare(2);
	else
		run_trips(2);
	start = now_ns();
	if (mode == MODE_BARE)
		run_bare(n);
	else
		run_trips(n);
	return (now_ns() - start) / (double)n;
}

static void measure(const char *what, enum mode mode, enum mode against, long n, struct limits limits, int samples)
{
	static struct samples ratio;

	ratio = (struct samples){0};
	for (int i = 0; i < samples; i++) {
		const double before = phase(against, n);
		const double ns = phase(mode, n);
		const double after = phase(against, n);

		add_sample(&ratio, agree(before, after) ? 2 * ns / (before + after) : 0);
	}
	print_ratio(what, "", &ratio, &ratio, limits);
}

static pid_t start_device(const struct ring_form *form, int processor)
{
	pid_t child;

	ring_world_open(form);
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	to_device = eventfd(0, EFD_CLOEXEC);
	to_driver = eventfd(0, EFD_CLOEXEC);
	if (board == MAP_FAILED || to_device < 0 || to_driver < 0)
		fail(SCMI_E_IO, "eventfd");
	child = fork();
	if (child < 0)
		fail(SCMI_E_IO, "fork");
	if (child == 0)
		device_process(processor);
	return child;
}

static void end_device(pid_t child)
{
	set_mode(MODE_OVER);
	(void)waitpid(child, NULL, 0);
	(void)close(to_device);
	(void)close(to_driver);
	(void)munmap(board, sizeof(*board));
	ring_world_close();
}

static uint64_t calls_so_far(void)
{
	return atomic_load_explicit(&ring_world->calls, memory_order_relaxed);
}

static void print_signals(const char *what, long n, uint64_t kicks, uint64_t calls, double must_be)
{
	const double kicks_each = (double)kicks / (double)n;
	const double calls_each = (double)calls / (double)n;
	const bool met = kicks_each <= must_be && calls_each <= must_be;

	printf("%-58s %.4f doorbells, %.4f calls a message   must %g each: %s\n", what, kicks_each, calls_each, must_be,
	       met ? "met" : "NOT MET");
}

/* Of so many messages in mode `sleep`. */
static void count_signals(const char *what, long n)
{
	struct ring_world *w = ring_world;
	uint64_t kicks;
	uint64_t calls;

	set_mode(MODE_SLEEP);
	run_trips(2);
	kicks = w->kicks;
	calls = calls_so_far();
	run_trips(n);
	print_signals(what, n, w->kicks - kicks, calls_so_far() - calls, 1);
}

static void measure_trips(const char *where, int for_driver, int for_device, int samples)
{
	static const struct ring_form form = {.size = 64, .slots = 32, .depth = 1, .batch = 1};
	char line[80];
	pid_t child;

	run_on(for_driver);
	child = start_device(&form, for_device);
	snprintf(line, sizeof(line), "ring by eventfd against a bare eventfd, %s", where);
	measure(line, MODE_SLEEP, MODE_BARE, TRIPS, (struct limits){1.05, 0}, samples);
	snprintf(line, sizeof(line), "ring by eventfd, %s", where);
	count_signals(line, samples * (long)TRIPS);
	if (for_driver != for_device) {
		measure("ring, polling 50 us before it sleeps, against polling", MODE_SPIN, MODE_POLL, ROUNDS,
			(struct limits){1.2, 1.1}, samples);
	}
	end_device(child);
}

/* ---- many in flight, asleep when there is nothing ---- */

static void run_flow(long n)
{
	struct ring_world *w = ring_world;
	uint32_t pending = 0;

	for (long did = 0; did < n;) {
		const int slot = ring_reap(w);

		if (slot >= 0) {
			ring_send(w, (uint16_t)slot);
			pending++;
			did++;
		}
		if (pending >= w->form.batch || (pending > 0 && slot < 0)) {
			publish(w);
			pending = 0;
		}
		if (slot < 0)
			wait_back(w);
	}
	publish(w);
}

static void measure_flow(enum mode mode, const char *what, int for_driver, int for_device, long n)
{
	static const struct ring_form form = {.size = 512, .slots = 256, .depth = 256, .batch = 32};
	struct ring_world *w;
	double start;
	double ns;
	pid_t child;

	run_on(for_driver);
	child = start_device(&form, for_device);
	w = ring_world;
	set_mode(mode);
	while (ring_driver_away(&w->driver) < form.depth)
		ring_send(w, ring_driver_away(&w->driver));
	publish(w);
	start = now_ns();
	run_flow(n);
	ns = now_ns() - start;
	print_signals(what, n, w->kicks, calls_so_far(), 0.03);
	printf("%-58s %.1f million a second\n", "", (double)n / ns * 1e3);
	end_device(child);
}

void time_ring_sleep(int samples)
{
	int at[2];
	const int found = processors(at);
	const long n = (long)FLOW * samples;

	if (found == 2) {
		measure_trips("two processors", at[0], at[1], samples);
		measure_flow(MODE_SLEEP, "ring, 256 in flight, asleep when there is nothing", at[0], at[1], n);
		measure_flow(MODE_SPIN, "ring, 256 in flight, polling 50 us before it sleeps", at[0], at[1], n);
	}
	measure_trips("one processor", at[0], at[0], samples);
}
