/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread, agent and platform over loopback, where the reply comes inside send(): a synchronous call; a submit whose
 * done function runs before submit returns; a chain, in which each done function submits the next command.
 *
 * A chain must run in constant stack. That is looked at on a thread whose stack was painted before: how far down the
 * paint is gone after a short chain, and after a long one.
 */
#define _POSIX_C_SOURCE 200809L
#include <limits.h>
#include <pthread.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "modes.h"
#include "rig.h"
#include "sides.h"

#define PHASE       2000 /* commands of one timed phase: 100 us or so */
#define STACK_BYTES (256u * 1024u)
#define PAINT       0xa5
#define SHORT_CHAIN 10
#define LONG_CHAIN  100000

static uint8_t version[4];
static long to_submit;

void run_call(long n)
{
	struct scmi_call call = version_call(version);

	for (long i = 0; i < n; i++)
		must(scmi_agent_call(rig.agent, &call), "call");
}

static void note_done(struct scmi_call *call, int err)
{
	(void)call;
	must(err, "done");
	to_submit--;
}

void run_done(long n)
{
	struct scmi_call call = version_call(version);

	call.done = note_done;
	to_submit = n;
	while (to_submit > 0)
		must(scmi_agent_submit(rig.agent, &call), "submit");
}

static void submit_next(struct scmi_call *call, int err)
{
	must(err, "done");
	if (--to_submit > 0)
		must(scmi_agent_submit(rig.agent, call), "submit");
}

void run_chain(long n)
{
	struct scmi_call call = version_call(version);

	call.done = submit_next;
	to_submit = n;
	must(scmi_agent_submit(rig.agent, &call), "submit");
	if (to_submit != 0)
		fail(SCMI_E_BUSY, "a chain that has not come to its end");
}

static void time_one(const char *what, void (*run)(long), int pairs)
{
	static struct samples ns;

	ns = (struct samples){0};
	run(PHASE);
	for (int i = 0; i < pairs; i++)
		add_sample(&ns, bracketed(run, PHASE, NULL));
	print_ns(what, &ns);
}

void time_single(int pairs)
{
	open_loopback(0, &rig.port);
	time_one("synchronous call over loopback", run_call, pairs);
	time_one("submit + done, the same", run_done, pairs);
	time_one("chained: done submits the next, the same", run_chain, pairs);
	close_rig();
}

/* ---- stack ---- */

static alignas(4096) unsigned char stack[STACK_BYTES];

static void *chain_thread(void *arg)
{
	run_chain(*(const long *)arg);
	return NULL;
}

/* Bytes of the stack that a thread has used, its own start included. */
static size_t used_by_chain(long n)
{
	pthread_attr_t attr;
	pthread_t thread;
	size_t clean = 0;

	memset(stack, PAINT, sizeof(stack));
	if (pthread_attr_init(&attr) != 0 || pthread_attr_setstack(&attr, stack, sizeof(stack)) != 0 ||
	    pthread_create(&thread, &attr, chain_thread, &n) != 0 || pthread_join(thread, NULL) != 0)
		fail(SCMI_E_IO, "thread");
	pthread_attr_destroy(&attr);
	while (clean < sizeof(stack) && stack[clean] == PAINT)
		clean++;
	return sizeof(stack) - clean;
}

static void measure_chain(const char *what)
{
	size_t few;
	size_t many;

	(void)used_by_chain(SHORT_CHAIN); /* whatever the first use of a function needs once */
	few = used_by_chain(SHORT_CHAIN);
	many = used_by_chain(LONG_CHAIN);
	printf("%-58s %zu bytes after %d, %zu after %d: %s\n", what, few, SHORT_CHAIN, many, LONG_CHAIN,
	       many <= few ? "constant" : "NOT CONSTANT");
	close_rig();
}

void measure_stack(void)
{
	open_loopback(0, &rig.port);
	measure_chain("stack of a chain, the thread's own included, loopback");
	open_instant(0);
	measure_chain("stack of a chain, the core alone, a link with a queue");
}
