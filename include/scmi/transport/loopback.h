/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loopback: an agent and a platform in one address space. The reference transport; see transports/loopback/README.md.
 *
 * Two modes. Synchronous: send() hands the request to the platform on the sender's own stack, and a reply that the
 * platform gives in place has been delivered when send() returns; a later reply is delivered by whoever gives it. No
 * lock, no clock, no port. Threaded: messages are queued both ways; a thread of the user's serves the platform by
 * scmi_loopback_serve(), the agent drives the way back by poll and wait.
 *
 * Each message is copied once on its way. What the platform still holds when the agent or the platform is stopped is
 * never delivered any more, but its record is free again only when the platform has replied: until then a send in the
 * same slot gets SCMI_E_BUSY.
 */
#ifndef SCMI_TRANSPORT_LOOPBACK_H
#define SCMI_TRANSPORT_LOOPBACK_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/platform.h>
#include <scmi/port.h>
#include <scmi/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scmi_loopback;

/* scmi_loopback_config.flags */
#define SCMI_LOOPBACK_THREADED (1u << 0)

#define SCMI_LOOPBACK_PAYLOAD_DEFAULT  132u /* status and 128 bytes of values */
#define SCMI_LOOPBACK_PAYLOAD_MAX      65536u
#define SCMI_LOOPBACK_INFLIGHT_DEFAULT 64u
#define SCMI_LOOPBACK_INFLIGHT_MAX     1024u
#define SCMI_LOOPBACK_EVENTS_DEFAULT   16u
#define SCMI_LOOPBACK_EVENTS_MAX       1024u

/*
 * Lets a loop sleep until poll() would find something: a descriptor, and how to make it readable and unreadable. Its
 * own, no other loopback's; scmi/hosted.h has one (scmi_doorbell_create()). All members are required; never grows.
 */
struct scmi_loopback_doorbell {
	/*
	 * ring: from any context, several at once; never with a lock held. clear: by poll(), before it looks at the
	 * queue, and when the agent has stopped. Neither may call the library.
	 */
	void (*ring)(void *ctx);
	void (*clear)(void *ctx);
	void *ctx; /* must outlive the loopback */
	int fd;    /* what the transport's fd() tells */
};

/* Zero is a good default for every member but size, and port where the mode is threaded. */
struct scmi_loopback_config {
	uint32_t size;         /* sizeof(struct scmi_loopback_config) */
	uint32_t flags;        /* SCMI_LOOPBACK_* */
	uint32_t max_payload;  /* bytes after the header, status included; 8 at least, 0: the default */
	uint32_t max_inflight; /* commands that may be open at once; 0: the default */
	uint32_t events;       /* threaded: platform-to-agent messages that may be queued at once; 0: the default */
	/*
	 * Must outlive the loopback. Threaded: required, for a lock and two events. Synchronous: optional; a stop()
	 * that waits for an upcall in another thread calls its relax(), and spins without one.
	 */
	const struct scmi_port *port;
	const struct scmi_loopback_doorbell *doorbell; /* threaded; copied. NULL: none */
};

/*
 * Checks a configuration. Returns SCMI_OK or SCMI_E_INVAL; *why, if why is not NULL, is then a constant sentence that
 * begins with the name of the member at fault, else NULL. Context: any.
 */
int scmi_loopback_check(const struct scmi_loopback_config *config, const char **why);

/*
 * Bytes of memory that this configuration needs, exactly; 0 if it is not allowed:
 * scmi_loopback_check() tells why. Context: any.
 */
size_t scmi_loopback_size(const struct scmi_loopback_config *config);

/*
 * Makes a loopback in mem: len bytes, aligned as max_align_t, which stay its own until scmi_loopback_fini(). Fills in
 * both ends: *transport for scmi_agent_config, *endpoint for the platform; the structures themselves may then go.
 * Returns SCMI_OK; SCMI_E_INVAL for a NULL argument or a configuration that is not allowed (scmi_loopback_check()
 * tells why); SCMI_E_NOMEM if mem is misaligned or a byte too short; SCMI_E_IO from
 * the port. On an error nothing is kept. Context: thread.
 *
 * The platform end starts first: the agent's start returns SCMI_E_NOPEER until it has. When the platform end stops,
 * the agent is told by link_down(), when it starts again by ready(). Either end's stop waits for the upcalls to the
 * other that are under way, so it must not be called from inside one. In synchronous mode the platform end must not
 * be stopped while another thread is inside a submit or a call of the agent's: requests run on that thread's stack.
 */
int scmi_loopback_init(struct scmi_loopback **out, void *mem, size_t len, const struct scmi_loopback_config *config,
		       struct scmi_transport *transport, struct scmi_endpoint *endpoint);

/* Gives the memory back; both ends must be stopped, and no request open any more; lb not NULL. Context: thread. */
void scmi_loopback_fini(struct scmi_loopback *lb);

/*
 * Threaded mode: hands to the platform the requests that have come, in their order; sleeps until one comes, or the
 * port's clock reaches deadline_us (0: never sleeps; SCMI_NEVER: no limit). Handlers run on the calling thread. One
 * thread at a time. Returns how many requests that were, max_inflight at most, 0 at the deadline; SCMI_E_CLOSED: the
 * platform end is not started, or was stopped meanwhile; SCMI_E_NOTSUP in synchronous mode. Context: thread, not
 * inside a handler.
 */
int scmi_loopback_serve(struct scmi_loopback *lb, uint64_t deadline_us);

/* Requests that the platform holds, or that are queued for it or back; 0 at rest. Context: any. */
uint32_t scmi_loopback_open(const struct scmi_loopback *lb);

#ifdef __cplusplus
}
#endif

#endif
