/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core alone, with K commands in flight all the time: replies come in order or in random order, and each done
 * function submits the next. What a command costs must not grow with K. The same on a link of depth one, where all but
 * one wait in the agent's queue; against 2 there, for a lone command needs no queue.
 */
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>

#include "hold.h"
#include "measure.h"
#include "modes.h"
#include "rig.h"

#define PHASE 2000

static const struct limits flat = {.must = 1.5, .goal = 1.2};

static struct hold hold;

/* A call with its buffer, as a user would have them: together. */
static struct {
	alignas(128) struct scmi_call call;
	uint8_t reply[4];
} held[SCMI_SLOTS_MAX];

static void resubmit(struct scmi_call *call, int err)
{
	if (err == SCMI_E_CLOSED)
		return; /* the end of a run */
	must(err, "done");
	must(scmi_agent_submit(rig.agent, call), "submit");
}

void open_inflight(uint32_t in_flight, int random, uint32_t depth)
{
	struct scmi_transport transport = hold_init(&hold, random, depth);

	open_transport(&transport, SCMI_SLOTS_MAX);
	for (uint32_t i = 0; i < in_flight; i++) {
		held[i].call = version_call(held[i].reply);
		held[i].call.timeout_us = SCMI_FOREVER;
		held[i].call.done = resubmit;
		must(scmi_agent_submit(rig.agent, &held[i].call), "submit");
	}
}

/* Each answer submits again, so that the number in flight stays. */
void run_inflight(long n)
{
	if (hold.depth == HOLD_MAX) {
		for (long i = 0; i < n; i++)
			must(hold_answer_one(&hold), "answer");
	} else {
		for (long i = 0; i < n; i++)
			must(hold_answer_limited(&hold), "answer");
	}
}

/* Nanoseconds a command, in units of the machine's pace; 0 if that has changed. */
static double cost(uint32_t in_flight, int random, uint32_t depth)
{
	double pace_ns;
	double ns;

	open_inflight(in_flight, random, depth);
	run_inflight(PHASE);
	ns = bracketed(run_inflight, PHASE, &pace_ns);
	close_rig();
	return ns / pace_ns;
}

static void time_growth(const char *what, uint32_t few, uint32_t many, int random, uint32_t depth, int pairs)
{
	static struct samples ratio;
	char line[80];

	ratio = (struct samples){0};
	for (int i = 0; i < pairs; i++) {
		double cost_few = cost(few, 0, depth);
		double cost_many = cost(many, random, depth);

		add_sample(&ratio, cost_few > 0 ? cost_many / cost_few : 0);
	}
	snprintf(line, sizeof(line), "%u %s", many, what);
	print_ratio(line, "", &ratio, &ratio, flat);
}

void time_inflight(int pairs)
{
	static const uint32_t in_flight[] = {64, 1023, 1024};

	for (size_t i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++) {
		time_growth("in flight against 1, replies in order", 1, in_flight[i], 0, HOLD_MAX, pairs);
		time_growth("in flight against 1, replies in random order", 1, in_flight[i], 1, HOLD_MAX, pairs);
	}
	for (size_t i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++)
		time_growth("queued for a link of depth 1, against 2", 2, in_flight[i], 0, 1, pairs);
}
