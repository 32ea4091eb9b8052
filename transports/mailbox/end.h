/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the platform's end share: its gate, and its memory. */
#ifndef SCMI_MAILBOX_END_H
#define SCMI_MAILBOX_END_H

#include <stdalign.h>

#include <scmi/message.h>
#include <scmi/transport/mailbox.h>

#include "../shmem/area.h"
#include "gate.h"
#include "short.h"

/*
 * The gate. Whoever finds SERVING set leaves AGAIN, and what he came for to the one who serves; all else that touches
 * the agent's areas, or calls the platform, is counted. Stop and detach take a bit away and wait for both.
 */
#define GATE_ON      (1u << 31) /* the platform is started */
#define GATE_HERE    (1u << 30) /* an agent is attached */
#define GATE_SERVING (1u << 29)
#define GATE_AGAIN   (1u << 28)
#define GATE_COUNT   (GATE_AGAIN - 1u)
#define GATE_INSIDE  (GATE_SERVING | GATE_COUNT)

/* The request: whose it is. The status in the area is the agent's to write, and says nothing of it. */
#define REQUEST_OURS     0u
#define REQUEST_OPEN     1u /* the platform's */
#define REQUEST_ANSWERED 2u /* whoever serves has to put the answer into the area */

/* The P2A area: whether somebody writes there; WANTED: ready() is owed. */
#define P2A_WRITING 1u
#define P2A_WANTED  2u

struct scmi_mailbox_end {
	alignas(max_align_t) struct scmi_request req;
	_Atomic uint32_t gate;
	_Atomic uint32_t request;
	_Atomic uint32_t p2a;
	_Atomic int peer;         /* a number above 0, if it has a P2A area */
	_Atomic uint32_t strange; /* 1: another agent than the one that the platform knows */
	const struct scmi_platform_sink *sink;
	void *channel;
	const struct scmi_mailbox_doorbell *bell;
	const struct scmi_port *port;
	struct scmi_shmem area[SCMI_MAILBOX_AREAS];
	unsigned char *params; /* as req.params, to be written */
	uint32_t max_payload;
	uint32_t brief;         /* of A2P: short_limit() */
	uint32_t life;          /* grows with each agent */
	uint32_t req_life;      /* when the request came */
	uint32_t reply_len;     /* once it is answered */
	uint32_t intr;          /* its sender wants to be rung */
	bool in_order;          /* the areas, or they are not ours to put in order */
	_Atomic uint32_t taken; /* this one and the next four: by who serves */
	_Atomic uint32_t rung;  /* for answers */
	_Atomic uint32_t bad_status;
	_Atomic uint32_t bad_length;
	_Atomic uint32_t bad_check;
	_Atomic uint32_t stale;  /* by anybody */
	_Atomic uint32_t events; /* by who writes there; each is rung for */
};

static inline bool end_area_is_free(const struct scmi_mailbox_end *e, uint32_t which)
{
	return (scmi__shmem_status(&e->area[which], e->port) & SCMI_SHMEM_FREE) != 0;
}

static inline void end_count(_Atomic uint32_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1u, memory_order_relaxed);
}

static inline void end_leave(struct scmi_mailbox_end *e)
{
	atomic_fetch_sub(&e->gate, 1u);
}

static inline bool end_can_wake(const struct scmi_mailbox_end *e)
{
	return e->bell != NULL && e->bell->wake != NULL;
}

static inline void end_wake(const struct scmi_mailbox_end *e)
{
	if (end_can_wake(e))
		e->bell->wake(e->bell->ctx);
}

static inline bool end_can_ring(const struct scmi_mailbox_end *e)
{
	return e->bell != NULL && e->bell->ring != NULL;
}

/* An agent's areas, while nobody looks at them. */
static inline void end_take_up(struct scmi_mailbox_end *e, const struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	(void)memcpy(e->area, areas, sizeof(e->area));
	e->brief = short_limit(&e->area[SCMI_MAILBOX_A2P], e->max_payload);
	e->life = e->life % INT32_MAX + 1u;
	atomic_store(&e->peer, areas[SCMI_MAILBOX_P2A].mem != NULL ? (int)e->life : 0);
}

/* Nobody looks at what it returns. */
static inline void end_ring(const struct scmi_mailbox_end *e, enum scmi_mailbox_signal signal)
{
	(void)e->bell->ring(e->bell->ctx, signal);
}

/* end.c */
void scmi__mailbox_end_reply(void *ctx, struct scmi_request *req, uint32_t len);

/* end_event.c */
int scmi__mailbox_end_send(void *ctx, uint32_t hdr, const void *payload, uint32_t len);
int scmi__mailbox_end_send_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len);
int scmi__mailbox_end_p2a(void *ctx);

/* The agent has perhaps taken what stood in P2A: whoever was refused hears of it. */
void scmi__mailbox_end_tell_room(struct scmi_mailbox_end *e);

/* end_life.c */
int scmi__mailbox_end_start(void *ctx, const struct scmi_platform_sink *sink, void *channel);
void scmi__mailbox_end_stop(void *ctx);

/* The platform forgets what the last agent has set up, if this one is another. */
void scmi__mailbox_end_meet(struct scmi_mailbox_end *e);

#endif
