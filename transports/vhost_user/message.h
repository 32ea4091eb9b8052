/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole messages, with their descriptors, over a stream socket; for both ends. */
#ifndef SCMI_VHOST_USER_MESSAGE_H
#define SCMI_VHOST_USER_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "../carrier/carrier.h"
#include "wire.h"

/* One that comes in, piece by piece. */
struct vu_message {
	struct vu_header h;
	unsigned fds_n;
	int fd[VU_FDS_MAX]; /* -1 where one has been taken */
	uint32_t got;       /* bytes that are there, the header's included */
	uint32_t sender; /* of the first of them, where the socket says it (scmi__want_senders()); else SCMI__NO_USER */
	union {
		uint64_t u64;
		struct vu_vring_state state;
		struct vu_vring_addr addr;
		struct vu_memory memory;
		struct vu_one_region one;
		struct vu_inflight inflight;
		unsigned char bytes[VU_PAYLOAD_MAX];
	} u; /* h.size bytes; 0 behind them when a message is whole */
};

/* Empty: nothing has come. */
void scmi__vu_message_init(struct vu_message *m);

/*
 * Reads on from a socket that does not block. SCMI_OK: it is whole; SCMI_E_BUSY: more has to come; SCMI_E_NOPEER, the
 * peer has gone; SCMI_E_PROTO, with a sentence: it breaks the rules of any message (version, flags that are not known,
 * a payload above VU_PAYLOAD_MAX, more than VU_FDS_MAX descriptors, descriptors behind the header). However it ends,
 * what has been read is m's until scmi__vu_message_done(). Reads nothing beyond this message.
 */
int scmi__vu_receive(int sock, struct vu_message *m, const char **why);

/* Takes descriptor i out of it: the caller's now; -1: it has none. */
int scmi__vu_take_fd(struct vu_message *m, unsigned i);

/* Closes what descriptors are left, and is empty again. */
void scmi__vu_message_done(struct vu_message *m);

/*
 * Sends one; the descriptors stay the caller's. Waits until the deadline (CLOCK_MONOTONIC, us) for room; 0: does not
 * wait, and a peer that does not read its replies is one that has gone. SCMI_OK or SCMI_E_NOPEER. Never raises SIGPIPE.
 */
int scmi__vu_send(int sock, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
		  unsigned fds_n, uint64_t deadline_us);

/* A name for sentences: "SET_MEM_TABLE"; "a request that is not known". */
const char *scmi__vu_name(uint32_t request);

#endif
