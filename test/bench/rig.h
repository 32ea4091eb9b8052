/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent with the real platform at the other end of a loopback, or with any transport; one at a time. */
#ifndef BENCH_RIG_H
#define BENCH_RIG_H

#include <stdint.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/transport/loopback.h>

struct rig {
	struct scmi_port port;
	struct scmi_agent *agent;
	struct scmi_platform *platform; /* NULL where the transport is a bench's own */
	struct scmi_loopback *loopback;
};

extern struct rig rig;

/* A call that the platform's base protocol answers with one word. */
struct scmi_call version_call(void *reply4);

/* Fills rig.port: the port to Linux. */
void open_port(void);

/* Starts an agent over loopback with a platform; flags: SCMI_LOOPBACK_THREADED. port must stay. */
void open_loopback(uint32_t flags, const struct scmi_port *port);

/* The same with servers of the bench's own, which must stay, as must what they serve; two at most. */
void open_servers(uint32_t flags, const struct scmi_port *port, const struct scmi_server *const *servers, uint32_t n);

/* Starts an agent on a transport of the bench's own, with rig.port. */
void open_transport(const struct scmi_transport *transport, uint32_t slots);

/* Ends whichever of the two it is. The port stays. */
void close_rig(void);

#endif
