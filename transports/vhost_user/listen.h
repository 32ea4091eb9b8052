/* SPDX-License-Identifier: BSD-3-Clause */
/* A listener: listen_make.c makes it of a URI, listen.c is its thread. */
#ifndef SCMI_VHOST_USER_LISTEN_H
#define SCMI_VHOST_USER_LISTEN_H

#include "internal.h"
#include "session.h"

/* A place for one guest. */
struct seat {
	struct vu_session session;
	bool is_open;                    /* the session is */
	bool came;                       /* on its socket; not read to the end */
	bool rung;                       /* a doorbell that nobody has looked after */
	bool asks;                       /* it has wanted something since the last look at the clock, or has begun to */
	uint64_t poll_until_us;          /* its rings are looked at without a doorbell; 0: they are not */
	int watched[SCMI_VIRTIO_QUEUES]; /* its doorbells; -1: none */
};

struct listener {
	/* constant while it runs */
	struct scmi__name name;
	bool has_name; /* which is ours to take away */
	bool has_uid;
	uint32_t uid;     /* that is let in, too */
	uint32_t poll_us; /* a guest's rings are looked at without a doorbell, after its last command */
	struct vu_offer offer;
	struct scmi__ringer ringer; /* of strangers' eventfds; the thread opens it where none was expected */
	int sock;
	int epoll;
	int wake_fd;
	uint32_t n;
	struct seat *seats;

	_Atomic uint32_t ended;

	/* the thread's */
	uint32_t polled_n; /* seats that are */
	bool deaf;         /* the socket is not watched for a while */
	uint64_t deaf_until_us;
	uint64_t told_from_us; /* lines: so many have been written since, so many not */
	uint32_t told;
	uint32_t untold;
};

/* What an event is about: a kind, and which seat. */
enum vu_event { VU_EVENT_WAKE, VU_EVENT_LISTEN, VU_EVENT_LINE, VU_EVENT_KICK };

/* events as epoll's. False: the system has no room for one more. */
bool scmi__vu_watch(struct listener *l, int fd, uint32_t events, enum vu_event kind, uint32_t seat);

#endif
