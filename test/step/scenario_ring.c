/* SPDX-License-Identifier: BSD-3-Clause */
/* The split ring: a driver and a device, each may sleep. */
#include "rings.h"
#include "scenarios.h"

static void start(void)
{
	rings_start(&(struct ring_world_config){0});
}

static void start_sent(void)
{
	start();
	rings_send(2);
}

static void start_flags(void)
{
	rings_start(&(struct ring_world_config){.flags = true});
}

static void start_wraps(void)
{
	rings_start(&(struct ring_world_config){.wraps = true});
}

static void start_remember(void)
{
	rings_start(&(struct ring_world_config){.remember = true});
}

static void start_one(void)
{
	rings_start(&(struct ring_world_config){.size = 2});
}

static void start_one_flags(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .flags = true});
}

static void start_one_wraps(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .wraps = true, .remember = true});
}

static void start_events(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .single = true});
}

static void start_events_flags(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .single = true, .flags = true});
}

static void start_events_wraps(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .single = true, .wraps = true});
}

static void start_indirect(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .indirect = true});
}

static void start_indirect_wraps(void)
{
	rings_start(&(struct ring_world_config){.size = 2, .indirect = true, .wraps = true, .remember = true});
}

/* --- the driver --- */

static void call_twice(void)
{
	for (unsigned i = 0; i < 2; i++) {
		rings_send(1);
		rings_await(1);
	}
}

static void call_three_times(void)
{
	call_twice();
	rings_send(1);
	rings_await(1);
}

static void call_twice_polling(void)
{
	for (unsigned i = 0; i < 2; i++) {
		rings_send(1);
		rings_poll(1);
	}
}

static void send_one(void)
{
	rings_send(1);
}

static void send_two(void)
{
	rings_send(1);
	rings_send(1);
}

static void send_three(void)
{
	send_two();
	rings_send(1);
}

static void await_two(void)
{
	rings_await(2);
}

static void await_three(void)
{
	rings_await(3);
}

/* Looks without the lock, beside another who does. */
static void poll_one_unlocked(void)
{
	while (!driver_news(&rings->driver) || !rings_reap())
		step_relax();
}

/* Two at once. */
static void batch(void)
{
	rings_send(2);
	rings_await(2);
}

/* Two, published one by one, and one look at what the device wants. */
static void batch_published_singly(void)
{
	rings_post(1);
	rings_publish();
	rings_post(1);
	rings_publish();
	rings_kick();
	rings_await(2);
}

/* One is awaited while another is sent. */
static void overlap(void)
{
	rings_send(1);
	rings_send(1);
	rings_await(1);
	rings_send(1);
	rings_await(2);
}

/* An interrupt is wanted, and not, and wanted again. */
static void rearm(void)
{
	rings_send(1);
	if (!rings_driver_arm())
		rings_driver_disarm();
	rings_poll(1);
	rings_send(1);
	rings_await(1);
	rings_driver_disarm();
	rings_send(1);
	rings_await(1);
}

/* What has been asked for once is wanted no more. */
static void call_disarmed(void)
{
	rings_await_told(1);
	rings_driver_arm();
	rings_driver_disarm();
	rings_tell(0);
	rings_send(1);
	rings_poll(1);
}

/* Both buffers are there for events all the time. */
static void hear_three(void)
{
	rings_send(2);
	for (unsigned i = 0; i < 3; i++) {
		rings_await(1);
		rings_send(1);
	}
}

/* Everything is at rest when the ring begins anew; the device is told. */
static void reset_between(void)
{
	call_twice();
	rings_tell(0);
	rings_await_told(1);
	rings_reset();
	rings_tell(2);
	call_twice();
}

/* --- the device --- */

static void serve_polling(void)
{
	for (;;) {
		struct ring_held h;

		if (device_news(&rings->device) && rings_take(&h)) {
			rings_return(&h);
			rings_call();
		} else {
			step_relax();
		}
	}
}

/* All that is there, and one look at what the driver wants; the last one first. */
static void serve_batches(void)
{
	struct ring_held h[RING_SLOTS];
	unsigned n = 0;

	for (;;) {
		if (rings_take(&h[n])) {
			n++;
		} else if (n > 0) {
			while (n > 0)
				rings_put(&h[--n]);
			device_publish(&rings->device);
			rings_call();
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
		}
	}
}

/* Doorbells are wanted, and not, and wanted again. */
static void serve_rearming(void)
{
	for (;;) {
		struct ring_held h;

		if (rings_take(&h)) {
			device_disarm(&rings->device);
			rings_return(&h);
			rings_call();
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
			device_disarm(&rings->device);
		}
	}
}

static void serve_disarmed(void)
{
	rings_device_arm();
	device_disarm(&rings->device);
	rings_tell(1);
	rings_await_told(0);
	serve_polling();
}

/* Each is put back once. */
static void serve_hesitating(void)
{
	for (;;) {
		struct ring_held h;

		if (rings_take(&h)) {
			rings_untake(&h);
			if (!rings_take(&h))
				step_fail("what was put back is not there");
			rings_return(&h);
			rings_call();
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
		}
	}
}

/* Takes one that it puts back, and sleeps: what is there already is news. */
static void serve_after_hesitating(void)
{
	struct ring_held h;

	while (!rings_take(&h))
		if (!rings_device_arm())
			rings_sleep(&rings->kick);
	rings_untake(&h);
	rings_serve();
}

/* Another context returns what this one takes, without a lock between them. */
static void take_only(void)
{
	unsigned n = 0;

	for (;;) {
		if (rings_take(&rings->held[n])) {
			rings_tell(n++);
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
		}
	}
}

static void return_only(void)
{
	for (unsigned n = 0; n < 2; n++) {
		rings_await_told(n);
		rings_return(&rings->held[n]);
		rings_call();
	}
}

/* The driver gives away what the device has already, or has just given back. */
static void post_twice(void)
{
	rings_post(1);
	driver_post(&rings->driver, 0, 8, 8);
	rings_publish();
}

static void take_twice(void)
{
	struct ring_chain c = {.out = (unsigned char *)rings->held[1].out,
			       .out_cap = 8,
			       .in = rings->held[1].in,
			       .in_cap = 2,
			       .in_want = 8};

	while (!rings_take(&rings->held[0]))
		step_relax();
	rings_tell(0);
	step_look(&rings->flag[1]);
	if (device_take(&rings->device, &c) == RING_NONE)
		step_fail("what was posted twice is there once");
}

static void return_one(void)
{
	rings_await_told(0);
	rings_return(&rings->held[0]);
	rings_tell(1);
}

static void send_event(void)
{
	struct ring_held h;

	while (!rings_take(&h))
		if (!rings_device_arm())
			rings_sleep(&rings->kick);
	rings_return(&h);
	rings_call();
}

static void send_three_events(void)
{
	for (unsigned i = 0; i < 3; i++)
		send_event();
}

static void serve_until_reset(void)
{
	struct ring_held h;

	while (rings->taken < 2) {
		if (rings_take(&h)) {
			rings_return(&h);
			rings_call();
		} else if (!rings_device_arm()) {
			rings_sleep(&rings->kick);
		}
	}
	device_disarm(&rings->device);
	rings_await_told(0);
	rings_tell(1);
	rings_await_told(2);
}

static void serve_reset(void)
{
	serve_until_reset();
	rings_serve();
}

/* The first doorbell comes unasked. */
static void serve_reset_when_kicked(void)
{
	serve_until_reset();
	rings_sleep(&rings->kick);
	rings_serve();
}

#define REST NULL, rings_check

const struct step_scenario scenarios_ring[] = {
	{"ring-poll", start, {call_twice_polling, serve_polling}, "dv", 2, NULL, rings_check_uncalled},
	{"ring-poll-flags", start_flags, {call_twice_polling, serve_polling}, "dv", 2, NULL, rings_check_uncalled},
	{"ring-disarmed", start_flags, {call_disarmed, serve_disarmed}, "dv", 2, NULL, rings_check_quiet},
	{"ring-poll-one", start_one, {call_twice_polling, serve_polling}, "dv", 2, REST},
	{"ring-poll-one-wraps", start_one_wraps, {call_twice_polling, serve_polling}, "dv", 2, REST},
	{"ring-sleep", start, {call_twice, rings_serve}, "dv", 2, REST},
	{"ring-sleep-flags", start_flags, {call_twice, rings_serve}, "dv", 2, REST},
	{"ring-sleep-wraps", start_wraps, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-sleep-remember", start_remember, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-sleep-one", start_one, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-sleep-one-flags", start_one_flags, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-sleep-one-wraps", start_one_wraps, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-indirect", start_indirect, {batch, rings_serve}, "dv", 2, REST},
	{"ring-indirect-wraps", start_indirect_wraps, {call_three_times, rings_serve}, "dv", 2, REST},
	{"ring-batch", start, {batch, serve_batches}, "dv", 2, REST},
	{"ring-batch-flags", start_flags, {batch, serve_batches}, "dv", 2, REST},
	{"ring-batch-wraps", start_wraps, {batch, serve_batches}, "dv", 2, REST},
	{"ring-batch-singly", start, {batch_published_singly, rings_serve}, "dv", 2, REST},
	{"ring-overlap", start, {overlap, rings_serve}, "dv", 2, REST},
	{"ring-overlap-flags", start_flags, {overlap, rings_serve}, "dv", 2, REST},
	{"ring-overlap-batches", start_wraps, {overlap, serve_batches}, "dv", 2, REST},
	{"ring-rearm", start, {rearm, serve_rearming}, "dv", 2, REST},
	{"ring-rearm-flags", start_flags, {rearm, serve_rearming}, "dv", 2, REST},
	{"ring-untake", start, {batch, serve_hesitating}, "dv", 2, REST},
	{"ring-untake-sleep", start, {batch, serve_after_hesitating}, "dv", 2, REST},
	{"ring-untake-wraps", start_indirect_wraps, {call_twice, serve_hesitating}, "dv", 2, REST},
	{"ring-events", start_events, {hear_three, send_three_events}, "dv", 0, REST},
	{"ring-events-flags", start_events_flags, {hear_three, send_three_events}, "dv", 0, REST},
	{"ring-events-wraps", start_events_wraps, {hear_three, send_three_events}, "dv", 0, REST},
	{"ring-reset", start, {reset_between, serve_reset}, "dv", 2, REST},
	{"ring-reset-kick", start, {reset_between, serve_reset_when_kicked}, "dv", 2, REST},
	{"ring-reset-flags", start_flags, {reset_between, serve_reset_when_kicked}, "dv", 2, REST},
	{"ring-interrupt", start, {send_two, await_two, rings_serve}, "div", 4, REST},
	{"ring-interrupt-flags", start_flags, {send_two, await_two, rings_serve}, "div", 4, REST},
	{"ring-interrupt-reuse", start_one, {send_three, await_three, rings_serve}, "div", 4, REST},
	{"ring-senders", start, {send_one, send_one, await_two, rings_serve}, "dDiv", 8, REST},
	{"ring-pollers", start_sent, {poll_one_unlocked, poll_one_unlocked, rings_serve}, "pPv", 4, REST},
	{"ring-repliers", start, {batch, take_only, return_only}, "dvr", 2, REST},
	{"ring-repliers-reuse", start_one, {call_twice, take_only, return_only}, "dvr", 2, REST},
	{"ring-repliers-hostile", start, {post_twice, take_twice, return_one}, "dvr", 0, NULL, NULL},
	{"ring-repliers-flags", start_flags, {batch, take_only, return_only}, "dvr", 2, REST},
	{0},
};
