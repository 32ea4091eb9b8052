/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stands between a transport and the core, passes everything on, and counts breaches of the transport's contract that
 * only show between threads. For any number of threads.
 */
#ifndef CONTRACT_WATCH_H
#define CONTRACT_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/transport.h>

struct watch {
	struct scmi_transport below;
	struct scmi_transport_ops ops;
	const struct scmi_sink *above;
	void *core;
	atomic_uint inside;   /* upcalls, of all threads */
	atomic_uint acquired; /* and not released */
	atomic_uint downs;    /* link_down() has returned that often */
	atomic_bool down;     /* and no ready() has begun since */
	atomic_bool stopped;  /* stop() has returned */

	/* what was seen of it */
	atomic_uint late_upcalls; /* begun, or still running, after stop() has returned */
	atomic_uint kept;         /* transfers not released when stop() has returned */
	atomic_uint beside_down;  /* a link_down() beside another thread's upcall */
	atomic_uint sent_down;    /* sends that went well on a link that was down */
};

void watch_init(struct watch *w, const struct scmi_transport *below, struct scmi_transport *out);
unsigned watch_breaches(struct watch *w);

#endif
