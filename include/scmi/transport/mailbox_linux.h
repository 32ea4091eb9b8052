/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What Linux adds to a mailbox: doorbells (eventfd, futex, UIO), and channels between processes, by URI.
 *
 * Descriptors are close-on-exec. After fork() the child may only exec or exit.
 */
#ifndef SCMI_TRANSPORT_MAILBOX_LINUX_H
#define SCMI_TRANSPORT_MAILBOX_LINUX_H

#include <scmi/scheme.h>
#include <scmi/transport/mailbox.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- doorbells; each object is one end's, its *doorbell the table for that end, valid until it is destroyed ---- */

/*
 * Two eventfds, one each way: ring_fd is written, rung_fd is slept on; any number of ends may use them. Both stay the
 * caller's, open until destroy, and become non-blocking. The clock of wait() is the port's, which counts as
 * CLOCK_MONOTONIC does (posix.h and linux.h). Returns SCMI_OK; SCMI_E_INVAL; SCMI_E_IO, no memory or descriptor.
 * Context: thread.
 */
struct scmi_mailbox_eventfd;
int scmi_mailbox_eventfd_create(struct scmi_mailbox_eventfd **bell, int ring_fd, int rung_fd,
				struct scmi_mailbox_doorbell *doorbell);
void scmi_mailbox_eventfd_destroy(struct scmi_mailbox_eventfd *bell);

/*
 * Two words of shared memory, each in a cache line of its own, 0 at first: ring counts up *ring_word and wakes who
 * sleeps on it, wait sleeps on *rung_word. The peer may write anything there: it can only wake us early, or not at all.
 * No descriptor. Errors as above.
 */
struct scmi_mailbox_futex;
int scmi_mailbox_futex_create(struct scmi_mailbox_futex **bell, uint32_t *ring_word, uint32_t *rung_word,
			      struct scmi_mailbox_doorbell *doorbell);
void scmi_mailbox_futex_destroy(struct scmi_mailbox_futex *bell);

/* A place in what a UIO device maps: /sys/class/uio/uioN/maps/mapM. */
struct scmi_uio_place {
	uint32_t map;
	uint32_t offset; /* bytes */
	uint32_t len;    /* bytes; 0: not there */
};

/*
 * A mailbox unit that the kernel shows as /dev/uioN: a register that is written to ring, an interrupt that is counted.
 * Agent's end. The interrupt is switched on again after each, by a write, where the driver can do that. A peer that
 * dies is not seen: its commands time out.
 */
struct scmi_mailbox_uio_config {
	uint32_t size;    /* sizeof(struct scmi_mailbox_uio_config) */
	uint32_t value;   /* what is written to ring */
	const char *path; /* /dev/uio0 */
	struct scmi_uio_place areas[SCMI_MAILBOX_AREAS];
	struct scmi_uio_place bell; /* one word; len 4, or 0: none, the platform polls */
};

/*
 * Opens the device and maps it. areas[] gets the areas' addresses, for scmi_mailbox_config. Returns SCMI_OK;
 * SCMI_E_INVAL; SCMI_E_NOPEER, there is no such device; SCMI_E_IO; each with a sentence in *why (which may be NULL).
 * Context: thread.
 */
struct scmi_mailbox_uio;
int scmi_mailbox_uio_open(struct scmi_mailbox_uio **uio, const struct scmi_mailbox_uio_config *config,
			  struct scmi_mailbox_doorbell *doorbell, struct scmi_shmem areas[SCMI_MAILBOX_AREAS],
			  const struct scmi_why *why);
void scmi_mailbox_uio_close(struct scmi_mailbox_uio *uio);

/* ---- between processes ---- */

/*
 * "mailbox:", for scmi_open() and scmi_listen() (open.h), which know it. Keys for both sides:
 *
 *   unix=PATH     A socket. Each agent that connects gets areas of its own, in memory that neither side can shrink, an
 *                 eventfd to ring the platform, and a socket by which it is rung. The platform takes whoever the
 *                 socket's permissions let in and who runs as the same user or as root; uid=ID: as that user too. An
 *                 end that dies is seen at once, by an agent that only polls as below.
 *   shm=/NAME     POSIX shared memory for one agent, and a futex; only for processes that trust each other not to
 *                 shrink it. Each end holds a lock in it that dies with it: who sleeps sees within 200 ms that its peer
 *                 has died, who only polls with its first poll after 60; the name of a dead platform is taken
 *                 over. No descriptor.
 *   uio=DEVICE    Agents only: see above. a2p=MAP:OFFSET:LEN, p2a=MAP:OFFSET:LEN, bell=MAP:OFFSET, value=N.
 *
 * An agent looks for its platform when the link is opened, and again with each start and recovery; those that come
 * after the first start wait 150 ms at most for a platform that is there and does not answer. unix and shm: a reply is
 * waited for 1 s, if the agent's options say nothing else.
 *
 * unix and shm, platform's side: size=BYTES of an area, 128 by default; unix: agents=N, at once, 16 by default,
 * mode=OCTAL of the socket, 0600 by default. A platform that comes again is found by the agents' reconnect.
 */
const struct scmi_scheme *scmi_mailbox_scheme(void);

#ifdef __cplusplus
}
#endif

#endif
