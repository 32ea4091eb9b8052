/* SPDX-License-Identifier: BSD-3-Clause */
/* When the device may sleep. */
#include <stdatomic.h>
#include <stdlib.h>

#include "rest.h"

#define AWAKE_US                                                                                                       \
	1000000u /* after what happened last; longer than SIM_LATER_US, and than from one reading to the next */

/* Whose tick runs on this thread: only there `before` may be looked at. */
static _Thread_local const struct sim_rest *ticking;

int sim_rest_open(struct sim_rest *rest, struct sim *sim, uint32_t agents_n, void (*wake)(void *arg), void *arg)
{
	*rest = (struct sim_rest){.sim = sim, .agents_n = agents_n, .wake = wake, .wake_arg = arg};
	rest->agents = calloc(agents_n, sizeof(*rest->agents));
	return rest->agents != NULL ? SCMI_OK : SCMI_E_NOMEM;
}

void sim_rest_close(struct sim_rest *rest)
{
	free(rest->agents);
	rest->agents = NULL;
}

/* In this order, both seq_cst, against sim_rest_end(): either it sees that something has happened, or it is woken. */
static void stir(struct sim_rest *rest)
{
	atomic_store(&rest->stirred, 1u);
	if (atomic_load(&rest->resting) != 0 && atomic_exchange(&rest->resting, 0u) != 0)
		rest->wake(rest->wake_arg);
}

/*
 * An answer counts, too: what its handler has left to be done later is done meanwhile. Who has gone and come again
 * within a tick has asked something since it began, and is not taken for gone.
 */
void sim_rest_trace(void *arg, const struct scmi_trace_event *event)
{
	struct sim_rest *rest = arg;
	struct sim_rest_agent *agent = &rest->agents[event->link - 1u];

	if (event->err == SCMI_E_NOPEER) {
		if (ticking == rest)
			agent->gone = rest->before;
		return;
	}
	if (event->kind == SCMI_TRACE_RECV)
		atomic_store(&agent->asked, atomic_fetch_add(&rest->requests, 1u) + 1u);
	stir(rest);
}

void sim_rest_begin(struct sim_rest *rest)
{
	rest->before = atomic_load(&rest->requests);
	ticking = rest;
}

static bool somebody_is_there(const struct sim_rest *rest)
{
	for (uint32_t i = 0; i < rest->agents_n; i++) {
		if ((int32_t)(atomic_load(&rest->agents[i].asked) - rest->agents[i].gone) > 0)
			return true;
	}
	return false;
}

bool sim_rest_end(struct sim_rest *rest, uint64_t now_us)
{
	ticking = NULL;
	if (rest->wake == NULL)
		return false;
	if (atomic_exchange(&rest->stirred, 0u) != 0)
		rest->until_us = now_us + AWAKE_US;
	if (now_us < rest->until_us || (sim_is_watched(rest->sim) && somebody_is_there(rest)))
		return false;
	atomic_store(&rest->resting, 1u);
	if (atomic_load(&rest->stirred) == 0)
		return true;
	atomic_store(&rest->resting, 0u);
	return false;
}
