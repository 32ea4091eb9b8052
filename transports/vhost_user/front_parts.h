/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the front end is made of: a line to a back end, and memory that the back end sees. One context at a time uses
 * either, but for what says otherwise.
 */
#ifndef SCMI_VHOST_USER_FRONT_PARTS_H
#define SCMI_VHOST_USER_FRONT_PARTS_H

#include <scmi/transport/virtio.h>

#include "message.h"

/* How long a back end that is there may take: at first, and when it comes back, or gives the rings back, by a poll. */
#define VU_WELCOME_US 2000000u
#define VU_RETURN_US  150000u

/* What the front end can do. A ring is not reset alone, and there is no other memory to be seen. */
#define VU_FRONT_FEATURES                                                                                              \
	(SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_INDIRECT_DESC | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1)

/* ---- memory (front_memory.c) ---- */

/*
 * Where a back end finds it. Neither is an address of this process, and one is not the other: who takes one for the
 * other finds nothing. Above 4 GiB, so that who cuts them off finds nothing either.
 */
#define VU_FRONT_GUEST UINT64_C(0x0000000480000000)
#define VU_FRONT_USER  UINT64_C(0x00005ca100000000)

/*
 * The memory, and the doorbells. When a back end cannot be held to its word any more all of it is replaced, at the same
 * addresses and under the same numbers: it may go on to write and to ring, but what it has is nobody's.
 */
struct vu_share {
	int fd; /* the memory's */
	void *mem;
	size_t len;
	int kick[SCMI_VIRTIO_QUEUES];
	int call;   /* of all queues; never read: each signal is an edge */
	bool shown; /* a back end has it */
	bool stale; /* and has it still; there were no descriptors or no memory for another */
};

void scmi__vu_share_init(struct vu_share *s);

/* len bytes, zero, that nobody can take away or cut. SCMI_OK, SCMI_E_IO. */
int scmi__vu_share_open(struct vu_share *s, size_t len);
void scmi__vu_share_close(struct vu_share *s);

/* Replaces what a back end has had. Others may use the memory and ring meanwhile. On SCMI_E_IO it is stale. */
int scmi__vu_share_renew(struct vu_share *s);

/* ---- the line (front_line.c) ---- */

/* More than are told at a stretch. */
#define VU_OWED_MAX 32u

struct vu_line {
	const char *path;
	int sock;         /* -1: there is none */
	bool known;       /* who has sent the first reply */
	bool ours;        /* our own user */
	uint64_t offered; /* features, those of vhost-user too */
	uint64_t protocol;
	uint32_t queues;   /* at most SCMI_VIRTIO_QUEUES */
	uint64_t until_us; /* what is being said has to be answered by then */
	uint32_t owed_n;
	uint32_t owed[VU_OWED_MAX]; /* requests whose acknowledgements have not been read */
	struct vu_message in;
};

/*
 * Connects, and agrees on how to talk: all that can be before the driver's features are known; whether it is ours is
 * known then, by who has sent the first reply. The back end has until
 * then, by CLOCK_MONOTONIC. SCMI_OK; SCMI_E_NOPEER, SCMI_E_IO, SCMI_E_NOTSUP, and there is no line; each with a
 * sentence.
 */
int scmi__vu_line_open(struct vu_line *l, uint64_t until_us, const struct scmi_why *why);
void scmi__vu_line_close(struct vu_line *l);

/* Nothing goes over it any more, and the back end learns of it. Any context, until it is closed. */
void scmi__vu_line_end(const struct vu_line *l);

/*
 * Says something. Where the back end tells what has become of it, that is read later: so a whole handshake takes a few
 * turns of the processor, not one a message. Errors as above, but the line stays.
 */
int scmi__vu_line_tell(struct vu_line *l, uint32_t request, const void *payload, uint32_t len, const int *fd,
		       const struct scmi_why *why);

/* Hears that all has been done. SCMI_OK; SCMI_E_NOTSUP, it refuses the features; else as above. */
int scmi__vu_line_settle(struct vu_line *l, const struct scmi_why *why);

/* Asks for what has a reply of its own, of so many bytes: it is in l->in.u then. All that was told is settled, too. */
int scmi__vu_line_ask(struct vu_line *l, uint32_t request, const void *payload, uint32_t len, uint32_t reply_len,
		      const struct scmi_why *why);

/* Whether it can be used, while nothing is being said: SCMI_OK; SCMI_E_LINK, it is closed; SCMI_E_IO, it speaks. */
int scmi__vu_line_look(const struct vu_line *l);

/* ---- the rings (front_rings.c) ---- */

/*
 * Gives the back end the memory and the rings. SCMI_OK; SCMI_E_NOTSUP, it does not offer that much, or refuses;
 * SCMI_E_NOPEER, SCMI_E_IO; each with a sentence.
 */
int scmi__vu_rings_give(struct vu_line *l, struct vu_share *s, const struct scmi_virtio_setup *setup, uint64_t until_us,
			const struct scmi_why *why);

/* Takes them back: when it returns SCMI_OK the back end has said that it touches them no more. */
int scmi__vu_rings_take(struct vu_line *l, struct vu_share *s, const struct scmi_virtio_setup *setup,
			uint64_t until_us);

#endif
