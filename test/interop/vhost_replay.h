/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the replays of recorded front ends have in common: a platform that listens by vhost-user, and a socket over which
 * recorded requests are said to it. For cmocka tests: what goes wrong fails the test.
 */
#ifndef INTEROP_VHOST_REPLAY_H
#define INTEROP_VHOST_REPLAY_H

#include <stdint.h>

#include <scmi/open.h>
#include <scmi/port/posix.h>

#include "acme.h"
#include "recording.h"

/* Of vhost-user. */
#define GET_FEATURES          1u
#define SET_MEM_TABLE         5u
#define SET_VRING_NUM         8u
#define SET_VRING_ADDR        9u
#define SET_VRING_BASE        10u
#define GET_VRING_BASE        11u
#define SET_VRING_KICK        12u
#define SET_VRING_CALL        13u
#define SET_VRING_ERR         14u
#define GET_PROTOCOL_FEATURES 15u
#define GET_QUEUE_NUM         17u
#define SET_VRING_ENABLE      18u
#define SET_BACKEND_REQ_FD    21u
#define GET_STATUS            40u
#define REPLY                 5u /* flags: version 1, a reply */
#define NEED_REPLY            8u

#define NEXT  1u /* flags of a descriptor */
#define WRITE 2u

#define LIMIT_MS 20000 /* for what must come */

/* The platform, and where it listens. */
struct replay_host {
	char folder[32];
	char path[64];
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_listener *listener;
	struct acme acme;
};

/* keys: of the URI, behind agents=1. The end sees that no socket is left. */
void replay_host_open(struct replay_host *h, const char *keys);
void replay_host_close(struct replay_host *h);

void replay_load(struct recording *recording, const char *path);

/* A front end's socket, whose reads have an end. */
int replay_connect(const struct replay_host *h);

/* A request as it was recorded, with a descriptor or -1. Then the value of a reply to it. */
void replay_say(int sock, const struct recording_entry *e, int fd);
uint64_t replay_hear(int sock, uint32_t request);

void replay_put_desc(unsigned char *desc, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next);

#endif
