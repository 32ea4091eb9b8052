/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core alone, with K commands in flight all the time: replies come in order or in random order, and each done
 * function submits the next. What a command costs must not grow with K.
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

void open_inflight(uint32_t in_flight, int random)
{
	struct scmi_transport transport = hold_init(&hold, random);

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
	for (long i = 0; i < n; i++)
		must(hold_answer_one(&hold), "answer");
}

/* Nanoseconds a command, in units of the machine's pace; 0 if that has changed. */
static double cost(uint32_t in_flight, int random)
{
	double pace_ns;
	double ns;

	open_inflight(in_flight, random);
	run_inflight(PHASE);
	ns = bracketed(run_inflight, PHASE, &pace_ns);
	close_rig();
	return ns / pace_ns;
}

static void time_growth(uint32_t in_flight, int random, int pairs)
{
	static struct samples ratio;
	char what[80];

	ratio = (struct samples){0};
	for (int i = 0; i < pairs; i++) {
		double one = cost(1, 0);
		double many = cost(in_flight, random);

		add_sample(&ratio, one > 0 ? many / one : 0);
	}
	snprintf(what, sizeof(what), "%u in flight against 1, replies in %s order", in_flight,
		 random ? "random" : "their");
	print_ratio(what, "", &ratio, &ratio, flat);
}

void time_inflight(int pairs)
{
	static const uint32_t in_flight[] = {64, 1023, 1024};

	for (size_t i = 0; i < sizeof(in_flight) / sizeof(in_flight[0]); i++) {
		time_growth(in_flight[i], 0, pairs);
		time_growth(in_flight[i], 1, pairs);
	}
}
