/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two threads on one agent, in units of the ping-pong (pair.h) that is measured right before and right after.
 *
 *   own calls    each thread makes synchronous calls with a call of its own, over loopback and its platform, or over a
 *                transport that answers inside send(): the core alone. Nothing has to go from one to the other; what it
 *                costs more than one thread alone is what they disturb each other. Given as the time that a transfer
 *                takes its thread, as for the limits; the agent as a whole gets twice as many done in it. Where in the
 *                pool a call begins to look for a slot hangs on its address: far from the other thread's; in the
 *                neighbouring group of slots (1 in 4 by chance, with 64 slots); in the same one (1 in 8).
 *   handed over  one thread submits, the other receives and runs done, with a queue between the two: the time of one
 *                of 64 in flight, and with 1 in flight there and back. The same queue without the agent tells what of
 *                it is the bench's own.
 *   polled       a synchronous POLL call over the threaded loopback, and a thread that serves the platform without
 *                sleep.
 *   limit        two threads on one word.
 */
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include "arrange.h"
#include "modes.h"
#include "rig.h"
#include "sides.h"

#define SECONDS_MOST 75

/* ---- polled, over the threaded loopback ---- */

static alignas(128) atomic_flag spinning = ATOMIC_FLAG_INIT;

static void spin_lock(void *ctx)
{
	(void)ctx;
	while (atomic_flag_test_and_set_explicit(&spinning, memory_order_acquire))
		;
}

static void spin_unlock(void *ctx)
{
	(void)ctx;
	atomic_flag_clear_explicit(&spinning, memory_order_release);
}

static void no_relax(void *ctx)
{
	(void)ctx;
}

/* On a port that never enters the kernel: its mutex and its yield would be all that is seen. */
static void open_polled(const void *arg)
{
	static struct scmi_port port;

	(void)arg;
	port = rig.port;
	port.lock = spin_lock;
	port.unlock = spin_unlock;
	port.relax = no_relax;
	open_loopback(SCMI_LOOPBACK_THREADED, &port);
	own_set_flags(SCMI_CALL_POLL);
}

static long serve_step(void *arg, long n)
{
	int did = scmi_loopback_serve(rig.loopback, 0);

	(void)arg;
	(void)n;
	if (did < 0)
		fail(did, "serve");
	return did;
}

/* ---- the limits ---- */

static alignas(128) _Atomic uint32_t shared;

static long add_step(void *arg, long n)
{
	(void)arg;
	for (long i = 0; i < n; i++)
		atomic_fetch_add_explicit(&shared, 1u, memory_order_relaxed);
	return n;
}

static long swap_step(void *arg, long n)
{
	(void)arg;
	for (long i = 0; i < n; i++) {
		uint32_t seen = atomic_load_explicit(&shared, memory_order_relaxed);

		while (!atomic_compare_exchange_weak_explicit(&shared, &seen, seen + 1u, memory_order_relaxed,
							      memory_order_relaxed))
			;
	}
	return n;
}

static long idle_step(void *arg, long n)
{
	(void)arg;
	return n;
}

/* ---- all of them ---- */

static void open_sync(const void *arg)
{
	(void)arg;
	open_loopback(0, &rig.port);
	own_set_flags(0);
}

static void open_core(const void *arg)
{
	(void)arg;
	open_instant(SCMI_CAP_CONCURRENT);
	own_set_flags(0);
}

static void open_handed(const void *arg)
{
	(void)arg;
	open_queue();
}

static uint32_t one = 1;
static uint32_t window = 64;

#define OWN(how, number, second)                                                                                       \
	.open = how, .close = close_rig, .n = number, .mine = {call_step, &own_first}, .other = {call_step, second},   \
	.limits = {1.0, 0.2}, .twice = true
#define FRESH(number, second)                                                                                          \
	.open = open_sync, .close = close_rig, .n = number, .mine = {fresh_step, &own_first},                          \
	.other = {fresh_step, second}, .limits = {1.0, 0.2}, .twice = true
#define ALONE(how)                                                                                                     \
	.open = how, .close = close_rig, .n = 1000, .mine = {call_step, &own_first}, .other = {idle_step, NULL}
#define HANDED(submit, receive, in_flight, number)                                                                     \
	.open = open_handed, .close = close_rig, .n = number, .mine = {submit, in_flight}, .other = {receive, NULL}

static struct arrangement all[] = {
	{"limit: two threads, fetch_add on one word", .mine = {add_step, NULL}, .other = {add_step, NULL}, .n = 2000},
	{"limit: two threads, compare-and-swap loop", .mine = {swap_step, NULL}, .other = {swap_step, NULL}, .n = 1000},
	{"own calls, loopback, one thread alone", ALONE(open_sync)},
	{"own calls, loopback", OWN(open_sync, 1000, &own_apart)},
	{"own calls, loopback, neighbouring groups of slots", OWN(open_sync, 1000, &own_next)},
	{"own calls, loopback, the same group of slots", OWN(open_sync, 300, &own_same)},
	{"own calls, loopback, the same, calls made anew each time", FRESH(300, &own_same)},
	{"own calls, core, one thread alone", ALONE(open_core)},
	{"own calls, core", OWN(open_core, 1000, &own_apart)},
	{"own calls, core, neighbouring groups of slots", OWN(open_core, 1000, &own_next)},
	{"own calls, core, the same group of slots", OWN(open_core, 300, &own_same)},
	{"handed over, 64 in flight", HANDED(submit_step, receive_step, &window, 300), .limits = {1.0, 0.2}},
	{"handed over, 64 in flight, the queue without the agent", HANDED(bare_put_step, bare_get_step, &window, 600)},
	{"handed over, 1 in flight, there and back", HANDED(submit_step, receive_step, &one, 200)},
	{"handed over, 1 in flight, the queue without the agent", HANDED(bare_put_step, bare_get_step, &one, 300)},
	{"polled, threaded loopback, there and back", .open = open_polled, .close = close_rig,
	 .mine = {call_step, &own_first}, .other = {serve_step, NULL}, .n = 100},
};

void time_threads(int samples)
{
	if (!own_choose() || !pair_open()) {
		printf("two threads on one agent: not measured, there are no two processors for us\n");
		return;
	}
	arrange_and_show(all, sizeof(all) / sizeof(all[0]), samples, SECONDS_MOST);
	pair_close();
}
