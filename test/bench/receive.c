/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The receive path alone: from the transport's call of rx() to its return, for a response. A batch of commands is
 * sent and held, then all are answered inside bench_feed(); only that is counted or timed. The same with an rx() that
 * does nothing tells what the feeding itself costs; the difference is the core's.
 */
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>

#include "hold.h"
#include "measure.h"
#include "modes.h"
#include "rig.h"

#define BATCH 1000

static struct hold hold;
static enum receive_kind kind;

static struct {
	alignas(128) struct scmi_call call;
	uint8_t reply[4];
} held[BATCH];

static int rx_nothing(void *core, const struct scmi_rx *rx)
{
	(void)core;
	(void)rx;
	return SCMI_OK;
}

static const struct scmi_sink no_sink = {.version = SCMI_SINK_V1, .rx = rx_nothing};

static void on_done(struct scmi_call *call, int err)
{
	(void)call;
	(void)err;
}

void open_receive(enum receive_kind which)
{
	struct scmi_transport transport = hold_init(&hold, 0, HOLD_MAX);

	kind = which;
	open_transport(&transport, SCMI_SLOTS_MAX);
	for (uint32_t i = 0; i < BATCH; i++) {
		held[i].call = version_call(held[i].reply);
		held[i].call.timeout_us = SCMI_FOREVER;
		held[i].call.done = kind == RECEIVE_WAIT ? NULL : on_done;
	}
}

static void send_batch(void)
{
	for (uint32_t i = 0; i < BATCH; i++)
		must(scmi_agent_submit(rig.agent, &held[i].call), "submit");
}

/* So that each call is the caller's again. */
static void end_batch(void)
{
	for (uint32_t i = 0; kind == RECEIVE_WAIT && i < BATCH; i++)
		must(scmi_agent_wait(rig.agent, &held[i].call), "wait");
}

/* Not static and not inlined: an instruction counter is told to count in here only. */
__attribute__((noinline)) void bench_feed(struct hold *from, long n);
__attribute__((noinline)) void bench_feed(struct hold *from, long n)
{
	for (long i = 0; i < n; i++)
		must(hold_answer_one(from), "answer");
}

/* The headers are kept, to be fed once more. */
static void feed_nothing(void)
{
	struct hold copy;

	copy = hold;
	copy.sink = &no_sink;
	bench_feed(&copy, BATCH);
}

void run_receive(long n)
{
	for (long i = 0; i < n; i += BATCH) {
		send_batch();
		if (kind == RECEIVE_NOTHING) {
			feed_nothing();
			while (hold.count > 0)
				must(hold_answer_one(&hold), "answer");
		} else {
			bench_feed(&hold, BATCH);
		}
		end_batch();
	}
}

static struct hold feed_from;

static void feed_timed(long n)
{
	bench_feed(&feed_from, n);
}

/* Of one batch: nanoseconds a reply, those of the feeding taken off. */
static double receive_ns(void)
{
	double nothing;
	double all;

	send_batch();
	feed_from = hold;
	feed_from.sink = &no_sink;
	nothing = bracketed(feed_timed, BATCH, NULL);
	feed_from = hold;
	all = bracketed(feed_timed, BATCH, NULL);
	hold.count = 0;
	end_batch();
	return nothing > 0 && all > 0 ? all - nothing : 0;
}

static void time_kind(const char *what, enum receive_kind which, int pairs)
{
	static struct samples ns;

	ns = (struct samples){0};
	open_receive(which);
	for (int i = 0; i < pairs; i++)
		add_sample(&ns, receive_ns());
	print_ns(what, &ns);
	close_rig();
}

void time_receive(int pairs)
{
	time_kind("receive alone, the core's rx(): a call with done", RECEIVE_DONE, pairs);
	time_kind("receive alone, the core's rx(): a call to be waited for", RECEIVE_WAIT, pairs);
}
