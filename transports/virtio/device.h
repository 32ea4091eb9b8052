/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the device share: its memory, the gates to it, and a command on its way.
 *
 * One context at a time serves: it takes from the cmdq, and owns what it needs for that. Everybody may return buffers
 * and send: that is under the port's lock, but for the copying. A queue is let go by closing its gate and waiting for
 * those inside, the server included.
 */
#ifndef SCMI_VIRTIO_DEVICE_H
#define SCMI_VIRTIO_DEVICE_H

#include <stdalign.h>
#include <stdatomic.h>

#include <scmi/transport/virtio_device.h>

#include "ring_device.h"

/* No <string.h> where there is no C library; any compiler brings this function all the same. */
void *memcpy(void *restrict dst, const void *restrict src, size_t n);

#define HEADER_BYTES 4u
#define STATUS_BYTES 4u

/* Pieces of a reply's room that are noted beside the command; a chain with more of them borrows the shared pool. */
#define PIECES_OWN 4u

/* A gate: whether it is open, and a count of those inside. */
#define GATE_ON    (1u << 31)
#define GATE_COUNT (GATE_ON - 1u)

/* Who is at the other end. Away: it goes on later, where it has stopped. */
#define DRIVER_GONE 0u
#define DRIVER_HERE 1u
#define DRIVER_AWAY 2u

/* Of what the last driver has set up: not told yet, or somebody is telling. */
#define STRANGE_UNTOLD  1u
#define STRANGE_TELLING 2u

struct journal;

/* A command, from the time when it is taken until it has been answered. */
struct command {
	alignas(max_align_t) struct scmi_request req;
	struct command *next;      /* among the free ones */
	unsigned char *request;    /* header and parameters, gathered */
	unsigned char *answer;     /* header and reply, until they are scattered */
	struct ring_piece *pieces; /* own, or the device's pool */
	uint32_t room;             /* bytes in them */
	uint32_t life;             /* of the cmdq, when it was taken */
	uint16_t head;
	struct ring_piece own[PIECES_OWN];
};

struct scmi_virtio_device {
	/* constant */
	const struct scmi_port *port;
	const struct scmi_virtio_host *host;
	const struct scmi_virtio_shared *shared;
	uint64_t features;
	uint32_t shared_n;
	uint32_t queue_max;
	uint32_t message_max; /* bytes, header included */
	uint32_t pool_n;
	uint32_t maps_max;
	struct ring_piece *pool;       /* one command's at a time */
	struct ring_piece *event_pool; /* used under the lock */
	struct ring_map *map;          /* two tables of maps_max; the one in use is in maps */
	void *ring_memory[SCMI_VIRTIO_QUEUES];

	/* the life of both ends */
	_Atomic uint32_t up;       /* gate of ready(); open while the platform is started */
	_Atomic uint32_t attached; /* DRIVER_* */
	_Atomic int p2a;           /* it has an eventq, or will have it again: its number, above 0 */
	int peers;                 /* the last number; the carrier's */
	bool numbered;             /* it is the next driver's; the carrier's */
	_Atomic uint32_t strange;  /* the platform is to forget what the last driver set up: 0, no; or STRANGE_* */
	_Atomic uint32_t serving;  /* 1: somebody does */
	_Atomic uint32_t gate[SCMI_VIRTIO_QUEUES];
	_Atomic uint32_t lied;             /* by queue, a bit each: its ring is broken */
	_Atomic uint32_t told;             /* of these, those that host->event() knows of */
	uint32_t used[SCMI_VIRTIO_QUEUES]; /* 1: the driver has set this queue up; the carrier's */
	uint32_t life;                     /* of the cmdq; changes only while nobody is inside */
	uint64_t agreed;                   /* features, of the present driver */
	const struct scmi_platform_sink *sink;
	void *channel;

	struct ring_device ring[SCMI_VIRTIO_QUEUES];
	struct ring_maps maps;
	struct journal *journal; /* of the cmdq; NULL: there is none. Changes only while nobody is attached */
	size_t journal_len;
	uint64_t journal_counter; /* the server's */

	/* the server's */
	struct command *free;
	bool armed; /* doorbells of the cmdq may be on */
	bool waits; /* hungry, since so many had been answered: */
	uint32_t waits_at;
	/* There was nothing in the eventq while the driver's index was silent_at. Each end forgets it when it comes. */
	_Atomic bool silent;
	uint16_t silent_at;
	_Atomic uint32_t taken;
	_Atomic uint32_t refused;
	_Atomic uint32_t too_long;
	_Atomic uint32_t put_off; /* commands that are answered later */

	/* under the lock */
	struct command *back; /* free ones that the server has not got yet */
	bool pool_lent;
	bool hungry;               /* the server wants a command, or the pool */
	_Atomic uint32_t starved;  /* a send found no buffer: ready() is owed. Set under the lock, looked at anywhere */
	_Atomic uint32_t answered; /* of those put off */
	_Atomic uint32_t events_taken;
	_Atomic uint32_t events_refused;
	_Atomic uint32_t calls[SCMI_VIRTIO_QUEUES];
	_Atomic uint32_t no_room;
	_Atomic uint32_t dropped;
	_Atomic uint32_t stale;
	_Atomic uint32_t broken;
};

static inline void device_lock(const struct scmi_virtio_device *dev)
{
	dev->port->lock(dev->port->ctx);
}

static inline void device_unlock(const struct scmi_virtio_device *dev)
{
	dev->port->unlock(dev->port->ctx);
}

/* One context at a time counts: the server, or who holds the lock. */
static inline void count(_Atomic uint32_t *counter, uint32_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n, memory_order_relaxed);
}

/* Sequentially consistent: the server says that it serves, then looks; who closes looks after that whether it does. */
static inline bool gate_is_open(const _Atomic uint32_t *gate)
{
	return (atomic_load(gate) & GATE_ON) != 0;
}

/* Into a piece's memory, and so on; len is at most what they hold. */
static inline void scatter(const struct ring_piece *piece, const unsigned char *from, uint32_t len)
{
	while (len != 0) {
		const uint32_t n = piece->len < len ? piece->len : len;

		memcpy(piece->mem, from, n);
		from += n;
		len -= n;
		piece++;
	}
}

static inline bool has_lied(const struct scmi_virtio_device *dev, uint32_t queue)
{
	return (atomic_load_explicit(&dev->lied, memory_order_relaxed) & (1u << queue)) != 0;
}

/* With the queue's gate closed. What the server waited for was the last driver's; doorbells may be on. */
static inline void begin_commands(struct scmi_virtio_device *dev)
{
	device_lock(dev);
	dev->hungry = false;
	dev->waits = false;
	device_unlock(dev);
	dev->armed = true;
}

static inline void forget_silence(struct scmi_virtio_device *dev)
{
	atomic_store_explicit(&dev->silent, false, memory_order_relaxed);
}

/* Likewise. No doorbells until a send finds it empty. */
static inline void begin_events(struct scmi_virtio_device *dev)
{
	forget_silence(dev);
	scmi__ring_device_disarm(&dev->ring[SCMI_VIRTIO_EVENTQ]);
}

static inline bool fault(const char **why, const char *sentence)
{
	if (why != NULL)
		*why = sentence;
	return false;
}

/* What a driver has set up, looked up. */
struct setting {
	uint64_t features;
	struct ring_maps maps;
	bool wanted[SCMI_VIRTIO_QUEUES];
	struct ring_parts at[SCMI_VIRTIO_QUEUES];
};

/* device_setup.c: whether it may be, and where it is for us; else *why, if why is not NULL. Nothing of the device changes. */
bool scmi__virtio_look_up(const struct scmi_virtio_device *dev, const struct scmi_virtio_setup *setup,
			  const struct scmi_virtio_map *maps, uint32_t maps_n, struct setting *s, const char **why);

/* The same of one queue, in these maps. */
bool scmi__virtio_locate(const struct scmi_virtio_device *dev, const struct ring_maps *maps,
			 const struct scmi_virtio_queue *q, struct ring_parts *at, const char **why);

/* device_life.c */
bool scmi__virtio_device_enter(_Atomic uint32_t *gate);
void scmi__virtio_device_leave(_Atomic uint32_t *gate);
int scmi__virtio_device_start(void *ctx, const struct scmi_platform_sink *sink, void *channel);
void scmi__virtio_device_stop(void *ctx);

/* device_event.c */
int scmi__virtio_device_send(void *ctx, uint32_t hdr, const void *payload, uint32_t len);
int scmi__virtio_device_send_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len);
int scmi__virtio_device_p2a(void *ctx);

/* Under the lock, once for each queue: its ring is broken. */
void scmi__virtio_device_broken_locked(struct scmi_virtio_device *dev, uint32_t queue);

/* Asked under the lock after buffers of this queue were returned: true, host->call() is due, outside of it. */
static inline bool must_call_locked(struct scmi_virtio_device *dev, uint32_t queue)
{
	const bool due = scmi__ring_device_must_call(&dev->ring[queue]);

	if (due)
		count(&dev->calls[queue], 1u);
	return due;
}

/* device_journal.c. open: NULL and where to go on from, or what is wrong; settle: answers what is owed. */
void scmi__virtio_journal_take(struct scmi_virtio_device *dev, uint16_t head);
void scmi__virtio_journal_return(struct scmi_virtio_device *dev, uint16_t head, uint32_t len);
const char *scmi__virtio_journal_open(struct scmi_virtio_device *dev, const struct ring_parts *at, uint16_t *first);
void scmi__virtio_journal_settle(struct scmi_virtio_device *dev);

/* The cmdq has been let go and its driver goes on: answers what is open in it, with SCMI_GENERIC_ERROR. */
void scmi__virtio_device_give_up(struct scmi_virtio_device *dev);

/* device.c: a chain of the cmdq, to its driver; with its journal, where there is one. Who may return it has the lock. */
void scmi__virtio_device_give_back(struct scmi_virtio_device *dev, uint16_t head, uint32_t len);

void scmi__virtio_device_reply(void *ctx, struct scmi_request *req, uint32_t len);

extern const struct scmi_endpoint_ops scmi__virtio_device_ops;

#endif
