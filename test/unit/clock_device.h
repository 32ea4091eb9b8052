/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Three clocks: a plain one with two rates; one with all there is, whose rates are a range; a fixed one that no agent
 * may change. What is set is so at once, or when the test says so.
 */
#ifndef CLOCK_DEVICE_H
#define CLOCK_DEVICE_H

#include <stdint.h>

#include <scmi/server/clock.h>

enum { UART, PIXEL, FIXED, CLOCKS };

#define AGENTS   2u
#define PENDINGS 2u

struct clock_device {
	struct scmi_clock_desc clocks[CLOCKS];
	struct scmi_clock_ops ops;
	struct scmi_clock_model model;
	struct scmi_clock_pending pending[PENDINGS + 1u]; /* the last one is not the model's */
	uint32_t wants[SCMI_CLOCK_WANT_WORDS(CLOCKS, AGENTS)];

	uint64_t rates[CLOCKS];
	bool enabled[CLOCKS];
	uint32_t duty;
	uint32_t parent;
	uint16_t denied; /* this agent may not use any clock; 0: none */

	/* of rate_set() */
	bool later; /* says so, and keeps the pending one */
	bool early; /* with later: has ended it before it says so */
	int32_t result;
	uint32_t drift;     /* what the clock does beside what it is told */
	int32_t get_result; /* of rate_get() */
	struct scmi_clock_pending *kept[PENDINGS + 1u];
	unsigned kept_n;
	unsigned sets;

	uint16_t was_reset; /* the agent of the last reset() */
	uint16_t set_by;
};

/* As at first, for this version. */
void clock_device_init(struct clock_device *d, uint32_t version);

#endif
