/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Driver and device on two processors, both polling, in units of the ping-pong: a message there and back, and one of
 * many in flight. What counts is how many lines go from one processor to the other, so the same ring is shown in the
 * layouts that a driver may choose.
 */
#include <stdio.h>

#include "arrange.h"
#include "ring_modes.h"
#include "ring_world.h"

#define SECONDS_MOST 40

static void open_form(const void *form)
{
	ring_world_open(form);
}

static const struct ring_form plain = {.size = 64, .slots = 32, .depth = 1, .batch = 1};
static const struct ring_form wide = {.size = 256, .slots = 128, .depth = 1, .batch = 1};
static const struct ring_form guessed = {.size = 64, .slots = 32, .guess = true, .depth = 1, .batch = 1};
static const struct ring_form tables = {
	.size = 64, .slots = 32, .indirect = true, .guess = true, .depth = 1, .batch = 1};
static const struct ring_form flags = {.size = 64, .slots = 32, .flags = true, .guess = true, .depth = 1, .batch = 1};
static const struct ring_form hot = {.size = 64, .slots = 32, .hot = true, .depth = 1, .batch = 1};
static const struct ring_form flow8 = {.size = 64, .slots = 8, .depth = 8, .batch = 1};
static const struct ring_form flow64 = {.size = 128, .slots = 64, .depth = 64, .batch = 8};
static const struct ring_form flow256 = {.size = 512, .slots = 256, .depth = 256, .batch = 32};
static const struct ring_form flow1024 = {.size = 2048, .slots = 1024, .depth = 1024, .batch = 128};

#define RING(form, step, number)                                                                                       \
	.open = open_form, .arg = &(form), .close = ring_world_close, .mine = {step, NULL},                            \
	.other = {ring_serve_step, NULL}, .n = number

static struct arrangement all[] = {
	{"ring 64, there and back", RING(plain, ring_round_step, 200), .limits = {1.9, 1.2}},
	{"ring 64, there and back, who polls guesses", RING(guessed, ring_round_step, 200), .limits = {1.9, 1.2}},
	{"ring 64, there and back, a hot slot", RING(hot, ring_round_step, 200), .limits = {1.9, 1.2}},
	{"ring 64, there and back, guessed, indirect tables", RING(tables, ring_round_step, 200)},
	{"ring 64, there and back, guessed, without EVENT_IDX", RING(flags, ring_round_step, 200)},
	{"ring 256, there and back", RING(wide, ring_round_step, 200)},
	{"ring, 8 in flight, one of them", RING(flow8, ring_flow_step, 500)},
	{"ring, 64 in flight, one of them", RING(flow64, ring_flow_step, 2000)},
	{"ring, 256 in flight, one of them", RING(flow256, ring_flow_step, 2000)},
	{"ring, 1024 in flight, one of them", RING(flow1024, ring_flow_step, 2000)},
};

void time_ring_threads(int samples)
{
	if (!pair_open()) {
		printf("driver and device of a ring: not measured, there are no two processors for us\n");
		return;
	}
	arrange_and_show(all, sizeof(all) / sizeof(all[0]), samples, SECONDS_MOST);
	pair_close();
}
