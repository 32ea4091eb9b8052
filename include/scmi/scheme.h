/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The contract of a scheme: what "mailbox:" or "loopback:" in front of a URI stands for, on a system with processes.
 *
 * A scheme opens links for agents, listens for agents on behalf of a platform, or both. What follows its name is its
 * own affair: keys with values, separated by commas, as in "mailbox:unix=/run/scmi.sock". scmi_open() and scmi_listen()
 * (open.h) take the keys away that mean the same everywhere.
 */
#ifndef SCMI_SCHEME_H
#define SCMI_SCHEME_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/endpoint.h>
#include <scmi/errors.h>
#include <scmi/port.h>
#include <scmi/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_SCHEME_V1 1u

/*
 * Where a sentence goes that tells what is wrong and where ("unix=/run/x.sock: connection refused"), without a newline,
 * cut to len bytes with its NUL. NULL, or len 0: nowhere. On success it is left alone.
 */
struct scmi_why {
	char *text;
	size_t len;
};

/* One scheme, in a constant table. Context of all: thread, where nothing else is said. */
struct scmi_scheme {
	uint32_t version; /* SCMI_SCHEME_V1; members are only ever appended */
	const char *name; /* without the colon */
	const char *help; /* what may follow, a line for people each: "unix=PATH  a socket of scmid" */

	/*
	 * The agent's side, both or neither. open: makes a link and fills in *transport; the port outlives it. Whether
	 * the peer is there shows here or when the agent starts. SCMI_OK; SCMI_E_INVAL, what follows the name cannot be;
	 * SCMI_E_NOPEER, SCMI_E_IO, SCMI_E_NOTSUP; each with a sentence. close: its agent is stopped.
	 */
	int (*open)(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		    const struct scmi_why *why);
	void (*close)(void *link);

	/*
	 * The platform's side, all or none. listen: takes the name that agents will look for, and makes an endpoint for
	 * each agent that can be there at once. SCMI_OK, or an error as open(); SCMI_E_BUSY, somebody else has that name.
	 * endpoint: of number i, below what agents() says. run: takes in agents and serves them, on the calling thread,
	 * until end(), which may come before: then all are sent away. SCMI_OK; SCMI_E_IO, it cannot go on. The platform is
	 * started by then. end: any context, a signal handler too. unlisten: gives the name back; the platform is stopped,
	 * no request is open.
	 */
	int (*listen)(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
	uint32_t (*agents)(const void *listener);
	const struct scmi_endpoint *(*endpoint)(const void *listener, uint32_t i);
	int (*run)(void *listener);
	void (*end)(void *listener);
	void (*unlisten)(void *listener);

	/*
	 * The agent's side again, optional: a sentence, as of open(), on the last start of the link's transport if that
	 * failed, else NULL. Valid until the next start or close().
	 */
	const char *(*reason)(const void *link);
};

#ifdef __cplusplus
}
#endif

#endif
