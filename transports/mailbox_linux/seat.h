/* SPDX-License-Identifier: BSD-3-Clause */
/* A place for one agent at a platform's socket: an end of a mailbox that stays, a connection that comes and goes. */
#ifndef SCMI_MAILBOX_LINUX_SEAT_H
#define SCMI_MAILBOX_LINUX_SEAT_H

#include "unix.h"

struct seat {
	struct scmi_mailbox_end *end;
	void *end_mem;
	struct scmi_endpoint endpoint;
	struct scmi_mailbox_doorbell bell;
	int wake_fd;              /* the listener's, to wake it */
	_Atomic uint32_t again;   /* to be served, whether the agent rings or not */
	_Atomic uint32_t ringers; /* contexts that use what follows, and a bit while it may be used */
	int ring_fd;              /* our end of a pair of sockets */

	/* the serving thread's */
	int sock; /* -1: free */
	int rung_fd;
	void *mem;
	uint32_t bytes;
};

/* area: bytes of each. SCMI_OK, SCMI_E_IO. */
int scmi__seat_open(struct seat *s, uint32_t area, int wake_fd, const struct scmi_port *port);
void scmi__seat_close(struct seat *s);

/*
 * Takes in an agent: makes memory and doorbells, attaches the end, and hands them over. On SCMI_OK the connection is
 * the seat's, and rung_fd is to be watched; else sock is still the caller's, and nothing is kept.
 */
int scmi__seat_take(struct seat *s, int sock, uint32_t area);

/* Sends it away. Nothing of it is used afterwards. */
void scmi__seat_leave(struct seat *s);

/* A greeting without gifts. */
void scmi__seat_refuse(int sock, enum unix_verdict verdict);

#endif
