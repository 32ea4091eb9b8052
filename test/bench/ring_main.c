/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a message over the split ring costs, without what is above it: 32 bytes each way in two descriptors.
 *
 *   bench_ring count event|flags|indirect one|many N   N messages, or batches of 8, on one thread (for an instruction
 *                                     counter); only what the functions bench_... do is of interest
 *   bench_ring time [SAMPLES]         one thread: how it grows with the messages in flight
 *   bench_ring threads [SAMPLES]      driver and device polling, against the ping-pong of a cache line
 *   bench_ring sleep [SAMPLES]        in two processes that sleep, against a bare eventfd there and back
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "ring_modes.h"
#include "ring_world.h"

#define MANY  8    /* messages of a batch */
#define PHASE 2000 /* messages of one timed phase: 50 us or so */

static int usage(void)
{
	fprintf(stderr,
		"usage: bench_ring count event|flags|indirect one|many N | time [SAMPLES] | threads [SAMPLES] | "
		"sleep [SAMPLES]\n");
	return 2;
}

/* ---- for an instruction counter: copies and calls included, and with `many` a loop ---- */

#define COUNTED __attribute__((noinline)) void

static inline void send_some(struct ring_world *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		ring_send(w, (uint16_t)(w->driver.avail & (w->form.slots - 1u)));
	ring_driver_publish(&w->driver);
	if (ring_driver_must_kick(&w->driver))
		w->kicks++;
}

static inline void reap_some(struct ring_world *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (ring_reap(w) < 0)
			fail(SCMI_E_IO, "reap");
	}
}

static inline void serve_some(struct ring_world *w, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!ring_serve(w))
			fail(SCMI_E_IO, "serve");
	}
	ring_device_publish(&w->device);
	if (scmi__ring_device_must_call(&w->device))
		atomic_fetch_add_explicit(&w->calls, 1u, memory_order_relaxed);
}

COUNTED bench_send_one(struct ring_world *w)
{
	send_some(w, 1);
}

COUNTED bench_reap_one(struct ring_world *w)
{
	reap_some(w, 1);
}

COUNTED bench_serve_one(struct ring_world *w)
{
	serve_some(w, 1);
}

COUNTED bench_send_many(struct ring_world *w)
{
	send_some(w, MANY);
}

COUNTED bench_reap_many(struct ring_world *w)
{
	reap_some(w, MANY);
}

COUNTED bench_serve_many(struct ring_world *w)
{
	serve_some(w, MANY);
}

static int count(const char *layout, bool many, long n)
{
	struct ring_form form = {.size = 64, .slots = 32};

	form.indirect = strcmp(layout, "indirect") == 0;
	form.flags = strcmp(layout, "flags") == 0;
	ring_world_open(&form);
	for (long i = 0; i < n; i++) {
		if (many) {
			bench_send_many(ring_world);
			bench_serve_many(ring_world);
			bench_reap_many(ring_world);
		} else {
			bench_send_one(ring_world);
			bench_serve_one(ring_world);
			bench_reap_one(ring_world);
		}
	}
	return 0;
}

/* ---- one thread ---- */

static void run_alone(long n)
{
	(void)ring_alone_step(n);
}

/* Nanoseconds a message, in units of the machine's pace; 0 if that has changed. */
static double cost(uint32_t depth)
{
	const struct ring_form form = {.size = 2 * RING_SLOTS, .slots = RING_SLOTS, .depth = depth, .batch = 1};
	double pace_ns;
	double ns;

	ring_world_open(&form);
	run_alone(PHASE);
	ns = bracketed(run_alone, PHASE, &pace_ns);
	ring_world_close();
	return ns / pace_ns;
}

static void time_alone(int samples)
{
	static const uint32_t depths[] = {64, 256, 1024};
	static struct samples ratio;
	char line[80];

	for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
		ratio = (struct samples){0};
		for (int j = 0; j < samples; j++) {
			const double one = cost(1);
			const double many = cost(depths[i]);

			add_sample(&ratio, one > 0 ? many / one : 0);
		}
		snprintf(line, sizeof(line), "ring: %u in flight against 1, driver and device", depths[i]);
		print_ratio(line, "", &ratio, &ratio, (struct limits){1.5, 1.2});
	}
}

static int samples_of(int argc, char **argv, int otherwise)
{
	int n = argc == 3 ? atoi(argv[2]) : otherwise;

	return n < 1 ? 1 : n > SAMPLES_MAX ? SAMPLES_MAX : n;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 5 && strcmp(mode, "count") == 0)
		return count(argv[2], strcmp(argv[3], "many") == 0, atol(argv[4]));
	if (argc != 2 && argc != 3)
		return usage();
	if (strcmp(mode, "time") == 0)
		time_alone(samples_of(argc, argv, 300));
	else if (strcmp(mode, "threads") == 0)
		time_ring_threads(samples_of(argc, argv, SAMPLES_MAX));
	else if (strcmp(mode, "sleep") == 0)
		time_ring_sleep(samples_of(argc, argv, 200));
	else
		return usage();
	return 0;
}
