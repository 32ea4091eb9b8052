/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether the device may sleep until somebody asks something: a platform without agents, or with agents that want to be
 * told nothing, has no reason to wake up by the clock.
 *
 * What goes on is seen by the platform's trace. An agent that went away is not told of to us; but what is sent to it
 * says so, and until it asks again nothing is done for it alone.
 */
#ifndef SIM_REST_H
#define SIM_REST_H

#include <scmi/platform.h>

#include "sim.h"

/* An agent, by the numbers of requests, which count on over all agents. */
struct sim_rest_agent {
	_Atomic uint32_t asked; /* its last one; 0: none yet */
	uint32_t gone;          /* the last one of all, when it was found to have gone */
};

struct sim_rest {
	struct sim *sim;
	struct sim_rest_agent *agents;
	uint32_t agents_n;
	void (*wake)(void *arg); /* ends the sleep; NULL: it never sleeps so long */
	void *wake_arg;
	_Atomic uint32_t requests;
	_Atomic uint32_t stirred;
	_Atomic uint32_t resting;
	uint64_t until_us; /* awake until then, for what happened last */
	uint32_t before;   /* requests, when the tick began */
};

/* Agents_n agents; SCMI_OK or SCMI_E_NOMEM, with nothing kept. close may come without an open of a zeroed one. */
int sim_rest_open(struct sim_rest *rest, struct sim *sim, uint32_t agents_n, void (*wake)(void *arg), void *arg);
void sim_rest_close(struct sim_rest *rest);

/* scmi_platform_config.trace, with the struct sim_rest in trace_arg. */
void sim_rest_trace(void *arg, const struct scmi_trace_event *event);

/* Around what is done by the clock: begin, then whether nothing is to be done any more until wake() is called. */
void sim_rest_begin(struct sim_rest *rest);
bool sim_rest_end(struct sim_rest *rest, uint64_t now_us);

#endif
