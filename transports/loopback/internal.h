/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the loopback share: its memory, its gates, and the record that carries a command there and back. */
#ifndef SCMI_LOOPBACK_INTERNAL_H
#define SCMI_LOOPBACK_INTERNAL_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <scmi/transport/loopback.h>

/* No <string.h> where there is no C library; any compiler brings this function all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);

/*
 * A gate lets upcalls to one end through and lets stop() wait for them: a count of those inside, below the bits that
 * say whether more may come in. PEER stands in the agent's gate, so that a send learns all in one load.
 */
#define GATE_ON    (1u << 31) /* this end is started */
#define GATE_HELD  (1u << 30) /* agent's gate: shut for a moment, while the platform end stops */
#define GATE_PEER  (1u << 29) /* agent's gate: the platform end is started */
#define GATE_COUNT (GATE_PEER - 1u)

/*
 * What one slot's command needs. The slot's parameters and then its reply's payload follow, each in `stride` bytes. The
 * request comes first: its address is the record's.
 */
struct record {
	alignas(max_align_t) struct scmi_request req;
	_Atomic uint32_t busy;     /* from send until the reply is about to be delivered, or is dropped */
	uint32_t life;             /* of the loopback when it was sent: a reply of an earlier life is dropped */
	unsigned char *params;     /* as req.params, to be written */
	uint32_t len;              /* threaded: of the reply, while that is queued */
	_Atomic uint32_t requests; /* synchronous: handed to the platform so far; one writer at a time */
	uint16_t token;
	uint16_t slot;
};

/* A queued message of the platform's own; `stride` bytes of payload follow. */
struct event {
	alignas(max_align_t) uint32_t hdr;
	uint32_t len;
};

/* A queue of indices that never runs over: each index is in it once at most. Guarded by the port's lock. */
struct ring {
	uint16_t *at;
	uint32_t size;
	uint32_t head;
	uint32_t used;
};

struct scmi_loopback {
	_Atomic uint32_t agent;    /* gate of the upcalls to the agent */
	_Atomic uint32_t platform; /* threaded: gate of serve(); synchronous: only its ON */
	_Atomic uint32_t life;     /* grows when either end stops: nothing from before is delivered after */
	_Atomic uint32_t starved;  /* a send was refused for a busy record: ready() is owed */
	const struct scmi_sink *sink;
	void *core;
	const struct scmi_platform_sink *up;
	void *channel;
	unsigned char *records;
	size_t record_bytes; /* from one record to the next */
	uint32_t stride;
	uint32_t max_payload;
	uint32_t max_inflight;
	uint32_t events;
	const struct scmi_port *port;

	/* threaded only */
	unsigned char *event_mem;
	size_t event_bytes;
	void *work;           /* event: requests have come */
	void *news;           /* event: something has come for the agent */
	struct ring requests; /* slots */
	struct ring replies;  /* below max_inflight slots, above events */
	uint16_t *spare;      /* stack of free events */
	uint32_t spares;
	bool event_refused;                     /* the platform is owed a ready() */
	struct scmi_loopback_doorbell doorbell; /* ring NULL: none */
};

static inline struct record *record_at(const struct scmi_loopback *lb, uint32_t slot)
{
	return (struct record *)(void *)(lb->records + slot * lb->record_bytes);
}

static inline struct event *event_at(const struct scmi_loopback *lb, uint32_t i)
{
	return (struct event *)(void *)(lb->event_mem + i * lb->event_bytes);
}

static inline bool threaded(const struct scmi_loopback *lb)
{
	return lb->work != NULL;
}

static inline void lock(const struct scmi_loopback *lb)
{
	if (threaded(lb))
		lb->port->lock(lb->port->ctx);
}

static inline void unlock(const struct scmi_loopback *lb)
{
	if (threaded(lb))
		lb->port->unlock(lb->port->ctx);
}

extern const struct scmi_transport_ops scmi__loopback_sync;
extern const struct scmi_transport_ops scmi__loopback_threaded;
extern const struct scmi_endpoint_ops scmi__loopback_sync_end;
extern const struct scmi_endpoint_ops scmi__loopback_threaded_end;

/* gate.c: life cycle of the two ends */
bool scmi__loopback_enter(_Atomic uint32_t *gate);
void scmi__loopback_leave(_Atomic uint32_t *gate);
int scmi__loopback_start(void *ctx, const struct scmi_sink *sink, void *core);
void scmi__loopback_stop(void *ctx);
int scmi__loopback_end_start(void *ctx, const struct scmi_platform_sink *sink, void *channel);
void scmi__loopback_end_stop(void *ctx);

/* message.c: where a record's way is not the straight one */
int scmi__loopback_refuse(struct scmi_loopback *lb, const struct scmi_tx *tx);
void scmi__loopback_ready(struct scmi_loopback *lb);

static inline void home(struct record *rec)
{
	atomic_store_explicit(&rec->busy, 0u, memory_order_release);
}

/* Takes the slot's record and copies the command into it. The acquire load sees what the platform end's start wrote. */
static inline int take(struct scmi_loopback *lb, const struct scmi_tx *tx, struct record **taken)
{
	struct record *rec = record_at(lb, tx->slot);

	if (tx->len > lb->max_payload || (atomic_load_explicit(&lb->agent, memory_order_acquire) & GATE_PEER) == 0 ||
	    atomic_load_explicit(&rec->busy, memory_order_acquire) != 0) {
		const int err = scmi__loopback_refuse(lb, tx);

		if (err != SCMI_OK)
			return err;
	}
	atomic_store_explicit(&rec->busy, 1u, memory_order_relaxed); /* one send a slot at a time: no race here */
	rec->life = atomic_load_explicit(&lb->life, memory_order_relaxed);
	rec->token = tx->token;
	rec->req.hdr = tx->hdr;
	rec->req.len = tx->len;
	if (tx->len != 0)
		memcpy(rec->params, tx->payload, tx->len);
	*taken = rec;
	return SCMI_OK;
}

/*
 * Hands the reply to the agent; the caller is inside the agent's gate, or inside send(). The record goes home first: a
 * done function may submit, and the next command of this slot come here, before rx() returns. The reply's bytes are
 * read before that, because the core frees the slot only after it has copied them.
 */
static inline void deliver(struct scmi_loopback *lb, struct record *rec, uint32_t len)
{
	const struct scmi_rx rx = {
		.hdr = rec->req.hdr,
		.len = len,
		.data = rec->req.reply,
		.token = rec->token,
	};

	home(rec);
	if (len - 1u < lb->max_payload)
		lb->sink->rx(lb->core, &rx);
	else /* nothing, SCMI_REPLY_NONE, or a lie */
		lb->sink->settle(lb->core, rx.token, SCMI_E_PROTO);
}

static inline void clear_doorbell(const struct scmi_loopback *lb)
{
	if (lb->doorbell.clear != NULL)
		lb->doorbell.clear(lb->doorbell.ctx);
}

/* threaded.c */
void scmi__loopback_forget(struct scmi_loopback *lb);
void scmi__loopback_ring_init(struct ring *r, uint16_t *at, uint32_t size);

#endif
