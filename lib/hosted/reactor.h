/* SPDX-License-Identifier: BSD-3-Clause */
/* A reactor: what its thread (turn.c) and those who talk to it (reactor.c) share. */
#ifndef SCMI_HOSTED_REACTOR_H
#define SCMI_HOSTED_REACTOR_H

#include <pthread.h>
#include <stdatomic.h>

#include <scmi/hosted.h>

#include "internal.h"

/* An agent that has been added. The thread's alone from the request on. */
struct scmi__entry {
	struct scmi__entry *next;
	struct scmi_agent *agent;
	const struct scmi_port *port;
	uint64_t deadline_us; /* by the port's clock, as of the last sleep */
	uint32_t links;
	int fds[SCMI_LINKS_MAX]; /* watched for its links; -1: none */
	bool ready;              /* a descriptor is readable, or a look is due for another reason */

	/* A descriptor may stay readable, or a deadline due, while the agent does not run: no reason to spin. */
	uint32_t idle;  /* turns in a row for which it was due and brought nothing */
	uint32_t moved; /* what progress() said at the last doubt */
	uint32_t rest_ms;
	uint64_t rest_until_us; /* by our clock; 0: does not rest */
};

/* What others want of the thread; carried out between two turns. */
enum scmi__wish { WISH_ADD, WISH_REMOVE, WISH_QUIT };

struct scmi__request {
	enum scmi__wish wish;
	struct scmi_agent *agent;
	struct scmi__entry *entry; /* to be added */
	int err;
	bool done;
};

struct scmi_reactor {
	/* shared */
	_Atomic bool woken;
	struct scmi__request *request; /* with the mutex held; NULL: none */
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread;
	struct scmi__signal signal;

	/* the thread's */
	struct scmi__sleeper *sleeper;
	struct scmi__entry *entries;
	bool signalled;
	bool quit;
};

/* The thread; arg: the reactor. */
void *scmi__reactor_run(void *arg);

#endif
