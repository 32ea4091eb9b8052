/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Links, agents and platforms by URI, on a system with processes. The heap is used, and the port is the system's own.
 *
 *   loopback:                    only where a program brings it (scmictl does): a platform inside it
 *   mailbox:unix=PATH            shared memory and doorbells handed over a socket
 *   mailbox:shm=/NAME            POSIX shared memory and a futex
 *   mailbox:uio=/dev/uioN,...    a mailbox unit of the hardware's
 *   vhost-user:PATH              virtio with a vhost-user back end; for platforms, with virtual machines
 *   vhost-user:fd=N              the same at a socket that is there already, for platforms
 *
 * Keys that any link takes, behind commas: wait=SECONDS, how long to look for a peer that is not there yet;
 * reconnect=MS, from a loss of the peer to the next try, again and again; timeout=MS, for a response. A value ends at
 * the next comma.
 *
 * A peer that has come back knows nothing of the notifications that were asked for: up() of scmi_agent_config tells that
 * it is there, and who wants them asks again.
 */
#ifndef SCMI_OPEN_H
#define SCMI_OPEN_H

#include <scmi/agent.h>
#include <scmi/scheme.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Zero is a good default for every member but size. Nothing is kept but schemes and what agent points to. */
struct scmi_open_config {
	uint32_t size;                            /* sizeof(struct scmi_open_config) */
	uint32_t schemes_n;                       /* entries of schemes */
	const struct scmi_scheme *const *schemes; /* of the caller's, looked at before the library's own */
	struct scmi_why why;                      /* what has gone wrong */
	/*
	 * scmi_open(): what the agent is made with; transport and port are not looked at, event_buffers 0 is 8 where
	 * the link carries notifications. NULL: defaults.
	 */
	const struct scmi_agent_config *agent;
	/*
	 * scmi_listen(): the listener's thread has ended because it cannot go on, with err, such as SCMI_E_IO. Its
	 * agents have been sent away. Runs on that thread, once for each scmi_listener_start() at most; must not stop
	 * nor close it: that is somebody else's to do. NULL: scmi_listener_stop() tells all the same.
	 */
	void (*failed)(void *arg, int err);
	void *failed_arg;
};

/*
 * Opens a link by its URI, makes an agent for it and starts it. config may be NULL. Returns SCMI_OK and *agent, to be
 * given to scmi_close(); SCMI_E_INVAL, a URI that cannot be, or a configuration; SCMI_E_NOTFOUND, an unknown scheme;
 * SCMI_E_NOPEER, the peer is not there (within wait= seconds); SCMI_E_NOTSUP, SCMI_E_NOMEM, SCMI_E_IO. On an error
 * nothing is kept. Context: thread.
 */
int scmi_open(struct scmi_agent **agent, const char *uri, const struct scmi_open_config *config);

/*
 * Stops an agent of scmi_open()'s, ends its calls with SCMI_E_CLOSED, closes its link and frees all. NULL: nothing.
 * Returns SCMI_OK; SCMI_E_CONTEXT from a callback, where nothing is done; SCMI_E_INVAL: it is not of scmi_open()'s (a
 * safeguard: what stands in front of the agent is looked at). Context: thread.
 */
int scmi_close(struct scmi_agent *agent);

/* A link without agent, for who configures his own: several links, say. Opaque. */
struct scmi_hosted_link;

/*
 * Opens it. *transport gets time-outs as timeout= says; *reconnect_us, if not NULL, gets what reconnect= says, 0 if
 * nothing, for scmi_agent_options. port outlives the link; config->agent is not looked at. The peer is looked for when
 * the agent starts; with wait= here already, that long, by a start and a stop of the transport. Returns as scmi_open().
 * Context: thread.
 */
int scmi_link_open(struct scmi_hosted_link **link, const char *uri, const struct scmi_open_config *config,
		   const struct scmi_port *port, struct scmi_transport *transport, uint32_t *reconnect_us);

/*
 * A sentence on the last start of the agent (or of the transport) if that has failed and the scheme knows one, else NULL;
 * valid until the next start or scmi_link_close(). Context: thread.
 */
const char *scmi_link_reason(const struct scmi_hosted_link *link);

/* Closes it; its agent is stopped. NULL: nothing. Context: thread. */
void scmi_link_close(struct scmi_hosted_link *link);

/* ---- the platform's side ---- */

/* Where a platform is found: the endpoints that go with a URI, and a thread that serves them. */
struct scmi_listener;

/*
 * Takes the name that the URI tells. config may be NULL. Returns SCMI_OK and *listener, to be given to
 * scmi_listener_close(); errors as scmi_open(), and SCMI_E_BUSY: somebody else has that name. port: outlives it.
 * Context: thread.
 */
int scmi_listen(struct scmi_listener **listener, const char *uri, const struct scmi_open_config *config,
		const struct scmi_port *port);

/* How many agents can be there at once, and the endpoint of each, for scmi_platform_config.agents. Context: any. */
uint32_t scmi_listener_agents(const struct scmi_listener *listener);
const struct scmi_endpoint *scmi_listener_endpoint(const struct scmi_listener *listener, uint32_t i);

/*
 * Starts a thread that takes in agents and serves them; handlers run on it. The platform has been started. Returns
 * SCMI_OK; SCMI_E_IO, no thread left; SCMI_E_INVAL, it runs already. Context: thread, as stop and close.
 */
int scmi_listener_start(struct scmi_listener *listener);

/*
 * Sends all agents away and ends the thread; nothing is being served when it returns. Returns SCMI_OK, also where it
 * did not run or was NULL; SCMI_E_CONTEXT: on that thread itself, in a handler, where nothing is done; else the error
 * with which the thread had ended by itself, such as SCMI_E_IO.
 */
int scmi_listener_stop(struct scmi_listener *listener);

/*
 * Stops, gives the name back and frees it; the platform has been stopped, and no request is open. NULL: nothing.
 * Returns SCMI_OK; SCMI_E_CONTEXT: on the listener's own thread, in a handler, where nothing is done.
 */
int scmi_listener_close(struct scmi_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
