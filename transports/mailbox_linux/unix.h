/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is said over the socket: one message, from the platform, when it has taken in or sent away an agent. Both are on
 * one machine: host order. With WELCOME come three descriptors: the memory of the areas, sealed; an eventfd that the
 * agent rings; one end of a pair of sockets, by which it is rung.
 *
 * A pair of sockets, because an agent could make the platform wait in anything that is one for both: O_NONBLOCK belongs
 * to the open file of an eventfd, and a pipe has a lock that its reader may hold as long as it likes. The platform's
 * end of the pair is its own, and to send takes no such lock. Of the eventfd the platform takes edges, and never reads
 * it.
 *
 * The agent trusts its platform that far: to ring it, or to read the doorbell, may wait for it.
 *
 * After that nobody sends anything. The socket stays open as the life line.
 */
#ifndef SCMI_MAILBOX_LINUX_UNIX_H
#define SCMI_MAILBOX_LINUX_UNIX_H

#include "internal.h"

#define UNIX_MAGIC   UINT32_C(0x53434d58)
#define UNIX_VERSION 1u

enum unix_verdict {
	UNIX_WELCOME = 0,
	UNIX_FULL = 1,
	UNIX_DENIED = 2,
	UNIX_FAILED = 3, /* no memory or descriptor left */
};

struct unix_hello {
	uint32_t magic;
	uint32_t version;
	uint32_t verdict; /* enum unix_verdict; without WELCOME the rest is 0 */
	uint32_t bytes;   /* of the memory */
	uint32_t offset[SCMI_MAILBOX_AREAS];
	uint32_t len[SCMI_MAILBOX_AREAS];
};

enum unix_fd { UNIX_MEMORY, UNIX_RING, UNIX_RUNG, UNIX_FDS };

/* What an agent has been given; fd -1: not there. */
struct unix_gift {
	struct unix_hello hello;
	int fd[UNIX_FDS];
	void *mem; /* hello.bytes, mapped */
};

/*
 * Connects to a platform and takes what it gives within that time, checked and mapped; *sock is the life line.
 * SCMI_OK; SCMI_E_NOPEER, SCMI_E_IO with nothing kept; each with a sentence. unix_gift_close() undoes it.
 */
int scmi__unix_connect(const char *path, uint32_t patience_us, int *sock, struct unix_gift *gift,
		       const struct scmi_why *why);
void scmi__unix_gift_close(struct unix_gift *gift);

/* Whether the other end of a life line has gone, or said something, which is against the rules. */
bool scmi__unix_is_over(int sock);

int scmi__unix_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
uint32_t scmi__unix_agents(const void *listener);
const struct scmi_endpoint *scmi__unix_endpoint(const void *listener, uint32_t i);
int scmi__unix_run(void *listener);
void scmi__unix_end(void *listener);
void scmi__unix_unlisten(void *listener);

#endif
