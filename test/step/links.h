/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio driver and a virtio device, joined by a pair, between a core and a platform that are the harness's: who
 * calls what when is the scenario's affair. Every command and event carries its number: nothing is done twice, nothing
 * is delivered that is not owed, nothing is lost while the link is up.
 */
#ifndef STEP_LINKS_H
#define STEP_LINKS_H

#include <scmi/transport/virtio.h>
#include <scmi/transport/virtio_device.h>

#include "rings.h"

#define LINK_SLOTS 2u
#define LINK_OPEN  4u

enum link_owed {
	NOT_OWED,
	OWED, /* sent, or about to be */
	LOST, /* link_down() came beside its send(): it is not delivered, unless it went to the next peer */
};

/* A slot of the driver's, as the core sees it. */
struct link_slot {
	uint32_t number;
	enum link_owed owed;
	bool sending;
	bool ended;
	int err;
	unsigned driven; /* 1 + the context that polls and waits for its end */
};

/* Zero is the default: no eventq, EVENT_IDX, a driver that polls and waits, a platform that answers at once. */
struct link_config {
	uint32_t events;   /* buffers of the eventq */
	uint32_t requests; /* of the device; 0: 2 */
	uint32_t flags;    /* SCMI_VIRTIO_PAIR_* */
	bool plain;        /* without EVENT_IDX */
	bool interrupts;   /* the device's calls are interrupts */
	bool has_fd;       /* the bus has a descriptor */
	bool later;        /* the platform puts commands off */
	unsigned pending;  /* events that it sends as soon as there is room, inside ready() */
};

struct link_world {
	struct link_config config;
	struct scmi_virtio *driver;
	struct scmi_virtio_device *device;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_pair pair;
	struct scmi_virtio_bus pair_bus;
	struct scmi_virtio_bus bus; /* the same, but for interrupts */
	struct scmi_virtio_host host;
	struct scmi_port port[2]; /* the driver's, the device's */
	bool locked[2];
	struct step_clock lock_clock[2];
	void *shared;
	size_t shared_bytes;
	unsigned region;
	struct bell to_device;
	struct bell to_driver; /* rung by wake() too */
	struct bell to_loop;   /* the descriptor */
	bool masked;           /* no interrupts: the bus is stopped */
	bool interrupting;
	struct step_clock mask_clock;

	/* the core's */
	struct link_slot slot[LINK_SLOTS];
	uint32_t sent;
	bool down; /* link_down() has been called, not ready() since */
	bool stopped;
	unsigned downs;
	unsigned readies;
	uint32_t heard; /* events, by number */
	struct step_clock core_clock;

	/* the platform's */
	uint32_t seen; /* commands, by number */
	struct scmi_request *open[LINK_OPEN];
	unsigned opened;
	unsigned answered;
	uint32_t events;     /* numbers given out */
	uint32_t event_sent; /* by number: send() has returned SCMI_OK */
	unsigned room;       /* calls of ready() */
	unsigned pending;
	bool closed; /* the endpoint is stopped */
	struct step_clock platform_clock;

	bool flag[4];
	struct step_clock clock;
};

extern struct link_world *links;

/* In setup(): the platform runs, the driver is started. */
void links_start(const struct link_config *config);

/* The driver's end. */
int links_send(unsigned slot, bool more); /* what send() said */
void links_flush(void);
void links_await(unsigned slot);     /* somebody else takes what comes. Fails if it ends with an error */
void links_await_any(unsigned slot); /* ... however it ends */
void links_drive(unsigned slot);     /* the same, by poll() and wait() */
void links_drive_any(unsigned slot);
void links_poll(void);
void links_loop(void);       /* of a user's: takes the descriptor, then sleeps on it and polls, for ever */
void links_interrupts(void); /* for ever */
void links_stop(void);       /* and nobody touches the shared memory any more */
void links_lose(void);
int links_recover(void);

/* The device's end. */
void links_serve(void);            /* for ever */
void links_answer(void);           /* one command that was put off */
int links_event(void);             /* tries to send one */
void links_event_patiently(void);  /* ... until it is sent */
void links_event_to_the_end(void); /* ... or cannot be */
void links_detach(void);           /* and nobody touches the shared memory any more */
void links_platform_stop(void);
void links_platform_start(void);

void links_tell(unsigned flag);
void links_await_told(unsigned flag);

/* All that was sent has been answered, all events heard; if the link was lost or stopped: has been answered or lost. */
void links_check(void);

#endif
