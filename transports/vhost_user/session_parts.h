/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the session share. */
#ifndef SCMI_VHOST_USER_SESSION_PARTS_H
#define SCMI_VHOST_USER_SESSION_PARTS_H

#include "session.h"

#define CALLERS_OPEN (UINT32_C(1) << 31)
#define DRAIN_US     500000u

/* ---- session_bell.c: doorbells, both ways ---- */

/*
 * What it is. Asks no file system: that could make us wait. Memory is another thing: any regular file is taken, and
 * what is asked of it (what it is, its pages) is asked of its file system. See README.md.
 */
enum vu_bell scmi__vu_bell_kind(int fd);

/* Rings; it never waits. Context: any. */
void scmi__vu_bell_ring(const struct vu_session *s, int fd, enum vu_bell kind);

/* Takes what a pipe or a socket holds, so that who rings it finds room. An eventfd is left alone. */
void scmi__vu_bell_lower(int fd, enum vu_bell kind);

/*
 * For one that is only rung: nothing can be sent to it any more, and what lies in it is thrown away. A front end could
 * have put its own line there, and would not be seen to go.
 */
void scmi__vu_bell_deafen(int fd, enum vu_bell kind);

/* Replaces a call; fd -1: there is none. */
void scmi__vu_set_call(struct vu_session *s, uint32_t queue, int fd, enum vu_bell kind);

/* host->call() */
void scmi__vu_call(void *ctx, uint32_t queue);

/* ---- session_ring.c ---- */

/*
 * Brings the device to what the front end has said, in this memory. A ring that is to run and lies nowhere waits where
 * memory is partial, and is refused else. SCMI_OK; SCMI_E_INVAL, with s->why, and nothing has changed.
 */
int scmi__vu_settle(struct vu_session *s, const struct vu_memory_map *memory);

/* SCMI_OK: no command is open any more, or it has taken too long; SCMI_E_BUSY, to be asked again. */
int scmi__vu_drain(struct vu_session *s);

/* As nothing had been said of it; its call and err stay. */
void scmi__vu_ring_forget(struct vu_ring *r);

/* Both rings stop, and another driver comes next. */
void scmi__vu_renew(struct vu_session *s);

/* ---- what is asked for, one function for each request; its payload and descriptors are s->in ---- */

/*
 * SCMI_OK, done; SCMI_E_BUSY, to be called again; SCMI_E_INVAL, refused, s->why says why; SCMI_E_PROTO, and that is no
 * way to speak; SCMI_E_NOPEER.
 */
typedef int vu_request_fn(struct vu_session *s);

vu_request_fn scmi__vu_vring_num;
vu_request_fn scmi__vu_vring_addr;
vu_request_fn scmi__vu_vring_base;
vu_request_fn scmi__vu_vring_get_base;
vu_request_fn scmi__vu_vring_kick;
vu_request_fn scmi__vu_vring_call;
vu_request_fn scmi__vu_vring_err;
vu_request_fn scmi__vu_vring_enable;

/* session_memory.c */
vu_request_fn scmi__vu_mem_table;
vu_request_fn scmi__vu_mem_slots;
vu_request_fn scmi__vu_mem_add;
vu_request_fn scmi__vu_mem_remove;

/* session_inflight.c */
vu_request_fn scmi__vu_get_inflight;
vu_request_fn scmi__vu_set_inflight;

/* What is noted there is another driver's. */
void scmi__vu_inflight_wipe(struct vu_session *s);

/* Lets go of it; nobody is attached. */
void scmi__vu_inflight_drop(struct vu_session *s);

/* session_request.c: does the message that is whole. As above, but refusals are answered, or are SCMI_E_PROTO. */
int scmi__vu_request(struct vu_session *s);

/* Answers it. SCMI_OK, SCMI_E_NOPEER, SCMI_E_PROTO. */
int scmi__vu_reply(struct vu_session *s, const void *payload, uint32_t len);
int scmi__vu_reply_fd(struct vu_session *s, const void *payload, uint32_t len, int fd);
int scmi__vu_reply_u64(struct vu_session *s, uint64_t value);

static inline int vu_fault(struct vu_session *s, int err, const char *why)
{
	s->why = why;
	return err;
}

#endif
