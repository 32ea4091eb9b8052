/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A transport that holds commands until it is told to answer one: what it costs itself does not depend on how many.
 * Or one of limited depth, that takes so many at once and says when there is room again: the others wait in the
 * agent's queue.
 */
#ifndef BENCH_HOLD_H
#define BENCH_HOLD_H

#include <stdint.h>

#include <scmi/transport.h>

#define HOLD_MAX 1024u

struct hold {
	const struct scmi_sink *sink;
	void *core;
	uint32_t headers[HOLD_MAX]; /* held: from first on, fifo; or in no order, random */
	uint32_t first;
	uint32_t count;
	uint32_t seed;  /* 0: fifo */
	uint32_t depth; /* HOLD_MAX: send() may run in several contexts at once, and is never refused */
	uint32_t owes_ready;
};

struct scmi_transport hold_init(struct hold *h, int random, uint32_t depth);

/* Answers the oldest, or any one. Returns what the core's rx returned. */
int hold_answer_one(struct hold *h);

/* The same where the depth is limited: calls ready() if a send was refused. */
int hold_answer_limited(struct hold *h);

#endif
