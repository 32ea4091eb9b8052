/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio device alone, between a guest and a platform that are the harness's, and a carrier that pauses it, changes
 * what it stands on, gives it to another driver. Every command and event carries its number. A command runs once; its
 * chain comes back once, with the platform's answer or, if it was open when something was let go, with our own; while
 * the guest's memory is away nobody touches it.
 */
#ifndef STEP_GUESTS_H
#define STEP_GUESTS_H

#include <scmi/transport/virtio_device.h>

#include "rings.h"

#define GUEST_ENTRIES 4u
#define GUEST_SLOTS   2u
#define GUEST_OPEN    8u
#define GUEST_EVENTS  8u

/* What the device sees: both rings, and what their descriptors point to. */
struct guest_rings {
	_Alignas(64) struct ring_desc desc[SCMI_VIRTIO_QUEUES][GUEST_ENTRIES];
	_Alignas(64) unsigned char avail[SCMI_VIRTIO_QUEUES][64];
	_Alignas(64) unsigned char used[SCMI_VIRTIO_QUEUES][64];
};

struct guest_data {
	uint32_t request[GUEST_SLOTS][2];
	uint32_t reply[GUEST_SLOTS][4];
	uint32_t event[GUEST_ENTRIES][2];
};

/* Zero is the default: no eventq, two requests, everything answered at once, nothing sent, no journal. */
struct guest_config {
	unsigned events;   /* buffers of the eventq */
	unsigned requests; /* of the device */
	unsigned held;     /* commands that the platform puts off, the first ones */
	unsigned sent;     /* commands that the guest has sent, */
	unsigned taken;    /* and the device has taken, when it begins */
	bool deaf;         /* the eventq is not set up yet */
	bool armed;        /* the guest wants to be interrupted */
	bool stopped;      /* the platform has not started */
	bool journal;
	bool crash; /* guests_crash() may be called */
};

struct guest_copy;

struct guest_world {
	struct guest_config config;
	struct scmi_virtio_device *device;
	struct scmi_endpoint endpoint;
	struct scmi_virtio_host host;
	struct scmi_port port;
	bool port_locked;
	struct step_clock port_clock;
	struct bell to_device;
	struct bell to_guest;

	/* memory, and whose it is */
	struct guest_rings *rings;
	struct guest_data *data[2]; /* where it lies, and where it goes */
	unsigned place;
	void *journal;
	size_t journal_bytes;
	unsigned region[4];
	struct guest_copy *copy; /* guests_crash.c */

	/* the guest's, under its lock */
	bool locked;
	struct step_clock lock_clock;
	bool away;
	struct ring_driver driver[SCMI_VIRTIO_QUEUES];
	uint32_t limit[SCMI_VIRTIO_QUEUES][GUEST_ENTRIES];
	uint32_t number[GUEST_SLOTS]; /* of the command that the slot carries; 0: none */
	uint32_t sent;
	uint32_t before;     /* commands up to this one were another driver's */
	uint32_t answered;   /* by number, a bit each: with the platform's answer, */
	uint32_t given_back; /* with one of the device's */
	uint32_t heard;

	/* the carrier's */
	uint64_t features;
	bool deaf;
	uint16_t next[SCMI_VIRTIO_QUEUES];
	unsigned moves;   /* begun */
	bool cuts;        /* what is open is being given back */
	uint32_t cut_off; /* commands up to this one may have been */
	unsigned lives;   /* of the eventq, so far */
	unsigned drivers; /* so far */
	unsigned renewed;

	/* the platform's */
	uint32_t seen;    /* commands that have been run, by number */
	uint32_t replied; /* ... whose answer has been begun */
	uint32_t sure;    /* ... and had been given before the carrier did anything */
	struct scmi_request *open[GUEST_OPEN];
	unsigned opened;
	unsigned closed;
	uint32_t events;
	unsigned event_life
		[GUEST_EVENTS]; /* by number: it was begun and sent in this life of the eventq; 0: it was not */
	int peer;               /* what was promised to, and which driver that was; 0: nothing was */
	unsigned promised;
	uint32_t promise; /* the number of the event that keeps it */
	uint32_t room;
	unsigned forgotten;
	bool stopped;
	struct step_clock platform_clock;
};

extern struct guest_world *guests;

/* In setup(): the platform runs, the driver is attached. */
void guests_start(const struct guest_config *config);

/* The guest. */
void guests_post(unsigned slot);
void guests_await(unsigned slot); /* however it ends */

/* The carrier; guests_carrier.c. Each gives the guest's memory away as soon as it may. */
void guests_pause(void);
void guests_go_on(void);
void guests_leave(void);      /* the driver goes for good */
void guests_come(void);       /* ... and another comes */
void guests_renew(void);      /* another driver, with rings of its own, comes */
void guests_renew_only(void); /* ... later */
void guests_reset_commands(void);
void guests_reset_events(void);
void guests_change_features(void);
void guests_move(void);          /* what descriptors point to is in other memory now */
void guests_listen(bool listen); /* the eventq comes or goes */
void guests_restart(void);       /* a back end after this one goes by the journal */

/* The platform; guests_platform.c. */
void guests_serve(void); /* for ever */
void guests_answer(void);
int guests_event(void); /* until it is sent, or cannot be: what send() said */
void guests_promise(void);
int guests_keep(
	void); /* an event for that driver alone: as guests_event(), and as the platform sends what is promised */
void guests_stop(void);
void guests_platform_start(void);

/* All commands of this driver are back and all its events heard; or, where its memory is away: no more than was taken. */
void guests_check(void);

/* guests_crash.c: the back end ends now; what a second one makes of it is looked at. */
void guests_crash(void);

/* Parts of the above, for each other. */
#define GUEST_RINGS UINT64_C(0x40000) /* where the device finds both parts of its memory */
#define GUEST_DATA  UINT64_C(0x80000)

enum { REGION_RINGS, REGION_DATA, REGION_OTHER, REGION_JOURNAL };

#define GUEST_MARK   0x80000000u
#define GUEST_ANSWER 0x5a0000u

void guests_lock(void); /* the guest's, which does not run while its memory is away */
void guests_lock_away(void);
void guests_unlock(void);
struct guest_data *guests_data(void);
void guests_init_commands(void); /* its rings, empty */
void guests_init_events(void);
void guests_make_port(void);
void guests_make_device(struct scmi_virtio_device **device, struct scmi_endpoint *endpoint,
			const struct scmi_port *port, const struct scmi_virtio_host *host);
void guests_make_copy(void);
void guests_attach(struct scmi_virtio_device *device, struct guest_rings *at, struct guest_data *at_data,
		   const uint16_t *first);

#endif
