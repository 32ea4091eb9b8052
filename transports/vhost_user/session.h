/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One front end at our back end: what it has said, its memory, its two rings, and the device that they belong to. The
 * device stays; front ends come and go. Context: the listener's thread, but for what scmi_virtio_host has.
 */
#ifndef SCMI_VHOST_USER_SESSION_H
#define SCMI_VHOST_USER_SESSION_H

#include <stdatomic.h>

#include <scmi/transport/virtio_device.h>

#include "memory.h"
#include "message.h"

/* What all sessions of a listener have in common. */
struct vu_offer {
	uint64_t features;   /* of virtio */
	uint64_t protocol;   /* VU_PF_* */
	uint32_t queue_max;  /* entries */
	uint64_t memory_max; /* bytes that one front end may have mapped; 0: any number */
	/* For eventfds of other users' front ends: opened before they are expected, or when one comes all the same. */
	struct scmi__ringer *ringer;
};

/* What a descriptor that the front end gave for a doorbell is; others are not taken. */
enum vu_bell { VU_BELL_NONE = 0, VU_BELL_EVENTFD, VU_BELL_PIPE, VU_BELL_SOCKET };

struct vu_ring {
	uint32_t num; /* 0: not said */
	bool has_addr;
	struct vu_vring_addr addr;
	uint16_t base; /* next index to be taken; not while it runs */
	bool started;  /* there is a KICK, or it goes without; until GET_VRING_BASE */
	bool enabled;
	bool runs; /* the device has it */
	int kick;  /* -1: none; the listener watches it */
	int err;
	enum vu_bell kick_kind;
	enum vu_bell err_kind;
};

struct vu_session {
	/* constant */
	const struct vu_offer *offer;
	const struct scmi_port *port;
	struct scmi_virtio_device *device;
	void *device_mem;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_host host;
	int wake_fd; /* the listener's */

	_Atomic uint32_t again;   /* to be served, whether the guest rings or not */
	_Atomic uint32_t torn;    /* its memory is not the front end's any more */
	_Atomic uint32_t lied;    /* a ring is broken, and its ERR not told yet */
	_Atomic uint32_t callers; /* contexts that use call[], and a bit while they may */
	bool careful;             /* it is another user's, by its first message; set before there is a call */
	int call[SCMI_VIRTIO_QUEUES];
	enum vu_bell call_kind[SCMI_VIRTIO_QUEUES];

	/* the listener's thread */
	int sock; /* -1: nobody */
	struct vu_message in;
	bool known;             /* whose it is */
	bool whole;             /* it is, and waits to be done */
	uint64_t half_until_us; /* one has begun, and has to be whole by then; 0: none has */
	struct vu_memory_map memory;
	struct vu_memory_map journal; /* commands in flight: one region, or none */
	struct scmi_virtio_map *maps;
	uint64_t features;
	uint64_t protocol;
	bool attached;
	bool has_run; /* there was a driver before, on this line */
	struct vu_ring ring[SCMI_VIRTIO_QUEUES];
	uint16_t left; /* where the cmdq was left; a driver that goes on begins there */
	uint8_t status;
	uint32_t taken;          /* chains, when the last doorbell came */
	uint32_t empty_rings;    /* doorbells in a row without anything behind them */
	bool anew;               /* the listener watches them anew: the next one may have been rung before */
	bool polled;             /* by the listener, again and again: no doorbell is asked for */
	int backend_fd;          /* kept open, never used */
	uint64_t drain_until_us; /* a request waits for commands to end; 0: none does */
	const char *why;         /* why it has to go */
	char sentence[160];
};

/* SCMI_OK, SCMI_E_IO. */
int scmi__vu_session_open(struct vu_session *s, const struct vu_offer *offer, int wake_fd,
			  const struct scmi_port *port);
void scmi__vu_session_close(struct vu_session *s); /* nobody is there, the platform is stopped */

/* Takes a front end in: sock is the session's from now on. */
void scmi__vu_session_begin(struct vu_session *s, int sock);

/* Sends it away, lets go of all that was its. Nothing when nobody is there. */
void scmi__vu_session_end(struct vu_session *s);

/*
 * Reads what has come on the socket and does it, at most max messages. SCMI_OK: no more now; SCMI_E_BUSY: there may
 * be more, or a request waits for commands to end (drain_until_us): call it again, soon. SCMI_E_NOPEER: it has gone;
 * SCMI_E_PROTO: it has to go, s->why says why; so does one that has begun a message and not ended it in time, and one
 * of another user's when there is nothing left to ring it with. The kick descriptors may have changed with each.
 */
int scmi__vu_session_read(struct vu_session *s, int max);

/* For how long nobody has to read it, unless something comes, in milliseconds; -1: for ever. */
static inline int vu_session_ms(const struct vu_session *s)
{
	uint64_t now_us;

	if (s->half_until_us == 0)
		return -1;
	now_us = s->port->now_us(s->port->ctx);
	return now_us < s->half_until_us ? (int)((s->half_until_us - now_us + 999u) / 1000u) : 0;
}

/*
 * Serves at most max commands; rung: a doorbell has come since the last time. Returns how many, and sets again where
 * that was not all; SCMI_E_PROTO: it has to go (a ring that lies is stopped and its ERR told, that alone is no reason).
 */
int scmi__vu_session_serve(struct vu_session *s, int max, bool rung);

#endif
