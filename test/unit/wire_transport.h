/* SPDX-License-Identifier: BSD-3-Clause */
/* A transport of which a test decides what its descriptor does. */
#ifndef WIRE_TRANSPORT_H
#define WIRE_TRANSPORT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include <scmi/hosted.h>

#define WIRE_QUEUE 256u

/*
 * A transport that answers each command at once, but only poll() brings the answer. Its descriptor is another one after
 * each stop and start, as its traits say.
 */
enum wire_traits {
	WIRE_KEEPS = 1,    /* the same descriptor for ever */
	WIRE_MOVES = 2,    /* the old number is taken: another one */
	WIRE_OUTLIVES = 4, /* somebody else holds the old file */
};

struct wire {
	struct scmi_transport_ops ops;
	struct scmi_transport transport;
	const struct scmi_sink *sink;
	void *core;
	unsigned traits;
	pthread_mutex_t mutex;
	uint32_t replies[WIRE_QUEUE];
	unsigned head;
	unsigned tail;
	struct scmi_doorbell *bell;
	_Atomic int fd;
	int other; /* what takes the old number, or holds the old file; -1: nothing */
	bool moved;
	atomic_bool stuck; /* poll finds nothing, and leaves the descriptor readable */
	bool quiet;        /* sends do not ring */
	pthread_t poller;  /* once polls is not 0: the reactor, for nobody else polls */
	atomic_uint polls;
	atomic_uint starts;
	atomic_uint looks; /* at the descriptor's number */
};

/* caps: POLL, IRQ. end: the agent is stopped. */
void wire_init(struct wire *w, uint32_t caps, unsigned traits);
void wire_end(struct wire *w);

/* Makes the old file readable; of a pipe that is not possible, and no matter. */
bool wire_touch_other(struct wire *w);

#endif
