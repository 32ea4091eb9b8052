/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the driver share: its two queues, its gate, and where its buffers lie. */
#ifndef SCMI_VIRTIO_DRIVER_H
#define SCMI_VIRTIO_DRIVER_H

#include <scmi/message.h>
#include <scmi/transport/virtio.h>

#include "ring_driver.h"

/* No <string.h> where there is no C library; any compiler brings these functions all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);
void *memset(void *dst, int byte, size_t n);

/*
 * The gate counts the contexts that are taking messages, below the bits that say whether more may come in. Who finds
 * the count at 0 while TELL is set takes TELL away and tells the core that the link is down: so nobody has to wait for
 * the others, and scmi_virtio_lost() may be called in an interrupt on top of any of them.
 */
#define GATE_OPEN  (1u << 31) /* started, and the device is up */
#define GATE_TELL  (1u << 30) /* link_down() is owed */
#define GATE_COUNT (GATE_TELL - 1u)

/* A queue: its ring, and as many buffers of `stride` bytes as it has slots. A ring of no slots: there is no such queue. */
struct queue {
	struct ring_driver ring; /* under the port's lock */
	unsigned char *replies;  /* what the device writes */
};

/* What each message touches comes first: a small machine reaches only that with a short instruction. */
struct scmi_virtio {
	/* Its signals are wanted whenever all has been taken: the bus interrupts, or somebody has taken its descriptor. */
	_Atomic bool signals;
	_Atomic bool asleep; /* somebody is in wait(), and what wakes him may be cleared by a poll: likewise */
	_Atomic bool asked;  /* and they have been, since the last that was taken */
	bool started;        /* by the core */
	bool up;             /* messages may be sent; under the port's lock */
	bool told;           /* link_down() has been called since the last ready() */
	bool refused;        /* under the lock: a slot was sent that the device has still; ready() is owed */
	_Atomic uint32_t gate;
	const struct scmi_virtio_bus *bus;
	const struct scmi_port *port;
	const struct scmi_sink *sink;
	void *core;
	uint32_t max_payload;
	uint32_t stride;         /* from one buffer to the next */
	_Atomic uint16_t *token; /* one a slot of the cmdq: of the command that the device has; SCMI_TOKEN_ANY: none */
	unsigned char *requests; /* what the device reads, one a slot of the cmdq */
	uint32_t kicks;          /* under the port's lock */
	uint32_t reaped;
	struct queue cmd;
	struct queue event;
	_Atomic uint32_t moving; /* start, stop, recover and found: one at a time */
	_Atomic int32_t early;   /* the last loss since the bus was started, in time or not; SCMI_OK: none */
	_Atomic int32_t why;     /* for link_down() */
	_Atomic uint32_t short_replies;
	_Atomic uint32_t long_replies;
	_Atomic uint32_t bad_events;
	_Atomic uint32_t broken;
	uint64_t shared_offset;         /* from our address of what is shared to the device's, modulo 2^64 */
	struct scmi_virtio_setup setup; /* features, and where the queues are */
};

extern const struct scmi_transport_ops scmi__virtio_driver_ops;

/* driver_life.c */
int scmi__virtio_start(void *ctx, const struct scmi_sink *sink, void *core);
void scmi__virtio_stop(void *ctx);
int scmi__virtio_recover(void *ctx);
void scmi__virtio_wake(struct scmi_virtio *d);
bool scmi__virtio_enter(struct scmi_virtio *d);
void scmi__virtio_leave(struct scmi_virtio *d);

/* As scmi_virtio_lost(); whether it was up. */
bool scmi__virtio_lose(struct scmi_virtio *d, int err);

/* driver.c: gives the whole eventq to a device that does not look yet; and tells it when it does. */
void scmi__virtio_fill_events(struct scmi_virtio *d);
void scmi__virtio_offer_events(struct scmi_virtio *d);

/* driver.c: the first look at a device that has just been started. */
void scmi__virtio_look(struct scmi_virtio *d);

/* driver_signal.c: asks the device for a signal of what comes next; true: something has come already. */
bool scmi__virtio_ask(struct scmi_virtio *d);

/* The same for who has taken all: the bus's signal is cleared, and another asked for if there is none on its way. */
bool scmi__virtio_news_or_ask(struct scmi_virtio *d);

void scmi__virtio_wait(void *ctx, uint64_t deadline_us);
int scmi__virtio_fd(void *ctx);

static inline bool scmi__virtio_is_up(struct scmi_virtio *d)
{
	return (atomic_load_explicit(&d->gate, memory_order_relaxed) & GATE_OPEN) != 0;
}

static inline void lock(const struct scmi_virtio *d)
{
	d->port->lock(d->port->ctx);
}

static inline void unlock(const struct scmi_virtio *d)
{
	d->port->unlock(d->port->ctx);
}

/* Where the device finds what is ours at p. */
static inline uint64_t device_address(const struct scmi_virtio *d, const void *p)
{
	return d->shared_offset + (uintptr_t)p;
}

/* There is one where P2A_CHANNELS was agreed on. */
static inline bool has_events(const struct scmi_virtio *d)
{
	return d->event.ring.slots != 0;
}

/* Acquire is in the reap; this look only saves the lock where nothing has come. */
static inline bool has_news(const struct queue *q)
{
	return q->ring.slots != 0 && ring_driver_news(&q->ring);
}

static inline bool is_fd_taken(const struct scmi_virtio *d)
{
	return atomic_load_explicit(&d->signals, memory_order_relaxed);
}

/* An interrupt that has been asked for comes, whoever takes what it stands for. */
static inline bool has_interrupts(const struct scmi_virtio *d)
{
	return (d->bus->caps & SCMI_CAP_IRQ) != 0;
}

#endif
