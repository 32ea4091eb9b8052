/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the agent's end share: its gate, the word of its A2P area, and its memory. */
#ifndef SCMI_MAILBOX_AGENT_H
#define SCMI_MAILBOX_AGENT_H

#include <scmi/message.h>
#include <scmi/transport/mailbox.h>

#include "../shmem/area.h"
#include "gate.h"

/*
 * Who finds nobody else inside while TELL is set takes TELL away and tells the core that the link is down: so nobody
 * has to wait for the others, and scmi_mailbox_lost() may be called in an interrupt on top of any of them.
 */
#define GATE_OPEN  (1u << 31) /* started, and the platform is there */
#define GATE_TELL  (1u << 30) /* link_down() is owed */
#define GATE_COUNT (GATE_TELL - 1u)

/*
 * Who has the A2P area, in the low bits of a word whose rest grows with each command: who has seen an answer in the
 * area takes it by the very word that he looked at before, else it may be the next command that stands there. Only the
 * owner of WRITING and TAKING changes those; anybody may set WANTED beside them.
 */
#define A2P_STATE   7u
#define A2P_IDLE    0u
#define A2P_WRITING 1u /* a send() does */
#define A2P_TAKING  3u /* an answer is being read */
#define A2P_SENT    4u /* the platform has it, and owes us an answer */
#define A2P_LEFT    5u /* the platform has it, and its answer is nobody's */
#define A2P_GIVEN   4u /* in the last two: it may come back */
#define A2P_WANTED  8u /* a send() was refused: ready() is owed */
#define A2P_NUMBER  16u

struct mailbox {
	_Atomic uint32_t a2p;
	_Atomic uint32_t gate;
	_Atomic uint32_t moving; /* start, stop, recover and found: one at a time */
	_Atomic int32_t early;   /* the last loss since the doorbell was started, in time or not; SCMI_OK: none */
	_Atomic int32_t why;     /* for link_down() */
	_Atomic uint32_t token;  /* of the command there */
	_Atomic uint32_t p2a;    /* 0, or: */
#define P2A_TAKING 1u            /* messages are being taken there */
#define P2A_AGAIN  3u            /* and somebody who came for that was sent away */
	const struct scmi_sink *sink;
	void *core;
	const struct scmi_mailbox_doorbell *bell;
	const struct scmi_port *port;
	struct scmi_shmem area[SCMI_MAILBOX_AREAS];
	struct scmi_shmem given[SCMI_MAILBOX_AREAS]; /* in the configuration */
	uint32_t max_payload;
	uint32_t brief; /* of A2P: short_limit() */
	uint8_t flags;  /* of a message that wants a doorbell: SCMI_SHMEM_INTR, or 0 where we cannot be rung */
	bool rings;     /* the platform is rung; else it polls */
	bool looks;     /* who has sent looks for the answer before he rings: nobody else might */
	bool fresh;
	bool started; /* by the core */
	bool belled;  /* the doorbell is */
	bool told;    /* link_down() has been called since the last ready() */
	uint32_t caps;
	_Atomic uint32_t commands; /* given to the platform, by who has A2P; all are rung for but: */
	_Atomic uint32_t events;   /* by who has P2A; and the next */
	_Atomic uint32_t rung_back;
	_Atomic uint32_t unrung;     /* commands whose answer was there before; by anybody, and so on */
	_Atomic uint32_t taken_back; /* rung for, but not sent */
	_Atomic uint32_t errors;
	_Atomic uint32_t bad_length;
	_Atomic uint32_t bad_check;
	_Atomic uint32_t left;
};

_Static_assert(sizeof(struct mailbox) <= sizeof(struct scmi_mailbox), "it is in there");

static inline struct mailbox *mailbox_of(struct scmi_mailbox *mailbox)
{
	return (struct mailbox *)(void *)mailbox;
}

static inline struct scmi_mailbox *handle_of(struct mailbox *m)
{
	return (struct scmi_mailbox *)(void *)m;
}

static inline bool mailbox_area_is_free(const struct mailbox *m, uint32_t which)
{
	return (scmi__shmem_status(&m->area[which], m->port) & SCMI_SHMEM_FREE) != 0;
}

/* agent_init.c: by anybody. */
void scmi__mailbox_count(_Atomic uint32_t *counter);

/* Where one context at a time counts. */
static inline void mailbox_count_own(_Atomic uint32_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1u, memory_order_relaxed);
}

/* Before a message's payload, in its length. */
#define HEADER_BYTES 4u

/* A message that the core reads in the area, by fetch(), whose cookie it is. */
struct incoming {
	uint32_t left; /* bytes that the core has not asked for */
	uint32_t has;  /* A2P: the word, TAKING, unless somebody is refused; P2A: not 0. The area has gone back: 0 */
};

static inline bool mailbox_event_is_there(const struct mailbox *m)
{
	return m->area[SCMI_MAILBOX_P2A].mem != NULL && !mailbox_area_is_free(m, SCMI_MAILBOX_P2A);
}

/*
 * agent.c: reads header and length, which has been loaded, into *rx; what is wrong with the message: its counter, or
 * NULL. Changes nothing.
 */
_Atomic uint32_t *scmi__mailbox_fault_of(struct mailbox *m, const struct scmi_shmem *area, struct scmi_rx *rx,
					 uint32_t len);
extern const struct scmi_transport_ops scmi__mailbox_ops;

/* agent_event.c */
void scmi__mailbox_give_back(struct mailbox *m, struct incoming *in);
uint32_t scmi__mailbox_take_events(struct mailbox *m, uint32_t most);

/* agent_life.c */
int scmi__mailbox_start(void *ctx, const struct scmi_sink *sink, void *core);
void scmi__mailbox_stop(void *ctx);
int scmi__mailbox_recover(void *ctx);
void scmi__mailbox_wake(void *ctx);
void scmi__mailbox_tell(struct mailbox *m);

static inline bool mailbox_enter(struct mailbox *m)
{
	return gate_enter(&m->gate, GATE_OPEN);
}

static inline void mailbox_leave(struct mailbox *m)
{
	if (atomic_fetch_sub(&m->gate, 1u) == (GATE_TELL | 1u))
		scmi__mailbox_tell(m);
}

#endif
