/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzzer of the back end stands on: a platform with two sessions, and at the other end of each socket a front
 * end that can do everything right: connect, hand over two pieces of memory and two rings, send a command, look for its
 * answer.
 */
#ifndef TEST_FUZZ_VHOST_BACK_RIG_H
#define TEST_FUZZ_VHOST_BACK_RIG_H

#include <stdbool.h>

#include <scmi/port/posix.h>
#include <scmi/server/base.h>

#include "fuzz.h"
#include "session.h"

#define RAMS       2u
#define RAM0_BYTES 0x4000u
#define RAM1_BYTES 0x1000u
#define RAM_GUEST  UINT64_C(0x140000000)
#define RAM_USER   UINT64_C(0x00007f1200000000)
#define RAM_STEP   UINT64_C(0x10000) /* from one to the next, in both spaces: the first ends before the second */
#define RING_SIZE  16u
#define RING_STEP  0x1000u /* of ram 0, from one queue to the next: descriptors, 0x400 available, 0x800 used */
#define DATA       (2u * RING_STEP)
#define SLOT_BYTES 0x100u /* a command, and its reply in the second half */
#define SLOTS      8u     /* the last four for commands that are answered later */
#define ECHO_BYTES 16u

#define RIG_PROTOCOL 0x80u
#define RIG_ECHO     3u
#define RIG_LATER    4u /* answered by rig_release() */
#define RIG_DELAYED  5u /* its delayed response, too */
#define RIG_NOTIFY   6u
#define RIG_TOLD     0u

struct ram {
	int fd;
	unsigned char *mem;
	uint32_t len;
	bool cut; /* not to be touched any more */
};

struct front {
	struct vu_session s;
	struct ram ram[RAMS];
	int sock; /* -1: not connected */
	int kick[SCMI_VIRTIO_QUEUES];
	int call;
	bool rung;      /* since it was served last */
	bool fresh;     /* nothing has been said on this connection */
	bool fair;      /* it has been set up as it should, and nothing has been done since that may not be done */
	uint32_t later; /* slots that wait for a late answer, a bit each */
	uint32_t given; /* event buffers, likewise */
	uint16_t idx[SCMI_VIRTIO_QUEUES];
};

#define BAD  0
#define GOOD 1

extern struct rig {
	struct vu_offer offer;
	struct scmi__ringer ringer;
	int wake_fd;
	struct scmi_posix posix;
	struct scmi_port port;
	struct front front[2];
	struct scmi_platform *platform;
	struct scmi_request *held[SLOTS];
	uint32_t held_n;
	struct scmi_delayed delayed;
	bool delays;
} rig;

/*
 * The whole, with the good one connected: made once, for it takes the kernel its time to unmake it. how chooses what is
 * offered.
 */
void rig_open(uint8_t how);
/* Ends the bad one's connection, and looks that nothing of it is left and that the good one is served. */
void rig_close(void);

/* What the platform has put off. */
void rig_release(void);
void rig_tell(void);

/* A new connection, with memory and doorbells of its own; ends the one of before. sealed: memory cannot shrink. */
void front_connect(struct front *f, bool sealed);
void front_leave(struct front *f);

/* Says all that has to be said. features: of virtio. */
void front_set_up(struct front *f, uint64_t features);

/* One message, whole; the descriptors stay the caller's. */
void front_say(struct front *f, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
	       uint32_t fds_n);

/* A piece of one. False: there is no room now, or nobody to hear it. */
bool front_send(struct front *f, const void *bytes, size_t len, const int *fds, uint32_t fds_n);

/* The session reads and serves what there is, as a listener has it do; replies are taken and looked at. */
void front_turn(struct front *f);

/* Sends a command; one that is echoed has to come back when the front end is fair. */
void front_echo(struct front *f, uint32_t slot);
void front_command(struct front *f, uint32_t slot, uint8_t message, uint32_t len);
void front_give_event_buffer(struct front *f, uint32_t i);
void front_kick(struct front *f, uint32_t queue);

struct vu_region front_region(uint32_t i);
struct vu_vring_addr front_ring(uint32_t queue);

#endif
