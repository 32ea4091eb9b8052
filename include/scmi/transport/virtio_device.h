/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCMI over virtio, platform side: a virtio-scmi device, one for each agent.
 *
 * The device takes commands from the cmdq of a driver, any driver, hands them to the platform as an endpoint, and
 * returns their buffers in whatever order the answers come; notifications and delayed responses go out through the
 * eventq. It knows nothing of how the driver's memory is mapped, its registers trapped, or its doorbells rung: a
 * carrier (a hypervisor's back end) does that, tells it what the driver has set up, and has it served.
 *
 * The driver's memory is hostile: each descriptor is read once, bounded, and copied before use. A chain that breaks
 * the rules (an index or address outside, a loop, more descriptors than the queue has entries, a length of 0, a
 * readable descriptor behind a writable one, writable ones that overlap, a header that is not whole) is counted and
 * given back with length 0, and the next one served. A ring that lies about itself (more entries available than it
 * has, a head outside, or one that has not been given back) is broken: nothing of it is touched, and no command
 * served, until the driver or that queue is attached anew. A request may overlap its own reply.
 *
 * A reply that does not fit its room is a status alone, SCMI_COMMS_ERROR; where less than that fits the command is not
 * run, and what is given back is the header, or nothing. A command longer than max_payload gets SCMI_PROTOCOL_ERROR.
 */
#ifndef SCMI_TRANSPORT_VIRTIO_DEVICE_H
#define SCMI_TRANSPORT_VIRTIO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/platform.h>
#include <scmi/port.h>
#include <scmi/transport/virtio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct scmi_virtio_device;

/* What happens to the device, for its carrier. */
enum scmi_virtio_event {
	SCMI_VIRTIO_UP = 0,     /* the platform has started */
	SCMI_VIRTIO_DOWN = 1,   /* it has stopped: requests are not served any more */
	SCMI_VIRTIO_BROKEN = 2, /* a ring lies: DEVICE_NEEDS_RESET */
};

/* What a carrier does for its device. Kept, not copied. All get ctx. Never called with a lock held. */
struct scmi_virtio_host {
	void *ctx;

	/*
	 * Interrupts the driver: buffers of this queue have been returned. Not called any more when detach has
	 * returned. Context: any, several at once.
	 */
	void (*call)(void *ctx, uint32_t queue);

	/*
	 * scmi_virtio_device_serve() is due, as after a doorbell. May serve in it where nobody is serving: that is not
	 * so inside serve(), rest() or a handler. Context: any, serve() and the functions below included.
	 */
	void (*work)(void *ctx);

	/*
	 * DOWN is told when nothing is being served any more, BROKEN once for a ring. Optional. Context: the platform's
	 * start and stop; BROKEN: serve().
	 */
	void (*event)(void *ctx, enum scmi_virtio_event event);
};

#define SCMI_VIRTIO_REQUESTS_DEFAULT 32u
#define SCMI_VIRTIO_REQUESTS_MAX     1024u
#define SCMI_VIRTIO_QUEUE_MAX        2048u
#define SCMI_VIRTIO_MAPS_DEFAULT     8u
#define SCMI_VIRTIO_MAPS_MAX         512u

/* What a device offers unless its configuration says otherwise. */
#define SCMI_VIRTIO_OFFER_DEFAULT                                                                                      \
	(SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_INDIRECT_DESC | SCMI_VIRTIO_F_EVENT_IDX |                          \
	 SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET)

/* A region of shared memory, for SHARED_MEMORY. */
struct scmi_virtio_shared {
	uint8_t id; /* SCMI_VIRTIO_REGION_* */
	struct scmi_virtio_region region;
};

/* Zero is a good default for every member but size, port and host. Not kept after init, but for what it points to. */
struct scmi_virtio_device_config {
	uint32_t size;        /* sizeof(struct scmi_virtio_device_config) */
	uint32_t max_payload; /* bytes after the header, status included; 8 at least; 0: SCMI_VIRTIO_PAYLOAD_DEFAULT */
	uint32_t requests;    /* commands that are open at once, the others wait in the ring; 0: the default */
	uint32_t
		queue_max; /* entries of the largest queue that is accepted: a power of two; 0: SCMI_VIRTIO_QUEUE_MAX */
	uint32_t maps_max; /* maps that scmi_virtio_device_attach() may be given; 0: SCMI_VIRTIO_MAPS_DEFAULT */
	uint32_t shared_n;
	uint64_t features; /* what is offered; 0: SCMI_VIRTIO_OFFER_DEFAULT, SHARED_MEMORY too if there are regions */
	const struct scmi_port *port;            /* must outlive the device */
	const struct scmi_virtio_host *host;     /* must outlive the device */
	const struct scmi_virtio_shared *shared; /* kept, shared_n of them; NULL: none */
};

/* Checks a configuration: SCMI_OK, or SCMI_E_INVAL with *why as scmi_virtio_check(). Context: any. */
int scmi_virtio_device_check(const struct scmi_virtio_device_config *config, const char **why);

/* Bytes of memory that this configuration needs, exactly; 0 if it is not allowed. Context: any. */
size_t scmi_virtio_device_size(const struct scmi_virtio_device_config *config);

/*
 * Makes a device in mem: len bytes, aligned as max_align_t, which stay its own until scmi_virtio_device_fini(), and
 * fills in *endpoint for the platform. Returns SCMI_OK; SCMI_E_INVAL; SCMI_E_NOMEM, misaligned or a byte too short. On
 * an error nothing is kept. Context: thread.
 */
int scmi_virtio_device_init(struct scmi_virtio_device **device, void *mem, size_t len,
			    const struct scmi_virtio_device_config *config, struct scmi_endpoint *endpoint);

/* Gives the memory back; it is detached, the platform is stopped, and no request is open. Context: thread. */
void scmi_virtio_device_fini(struct scmi_virtio_device *device);

/* ---- for the carrier ---- */

/* What is offered, and how many entries a queue may have. Context: any. */
uint64_t scmi_virtio_device_features(const struct scmi_virtio_device *device);
uint32_t scmi_virtio_device_queue_max(const struct scmi_virtio_device *device, uint32_t queue);

/* A region that is offered: SCMI_OK, or SCMI_E_NOTFOUND. Context: any. */
int scmi_virtio_device_region(const struct scmi_virtio_device *device, uint8_t id, struct scmi_virtio_region *region);

/* A stretch of the driver's address space that the carrier has mapped. */
struct scmi_virtio_map {
	uint64_t addr; /* as the driver gives it */
	uint64_t len;
	void *mem;
};

/*
 * The driver is ready (DRIVER_OK): its rings may be used from here on. maps: all that it may name, not overlapping,
 * each mapped until detach; the table itself is copied. first: for each queue the index to go on from, what
 * scmi_virtio_device_detach() gave; NULL: 0, for a driver that begins. There is a platform-to-agent channel if
 * P2A_CHANNELS is negotiated and the eventq has a size. Calls host->work(). Returns SCMI_OK; SCMI_E_INVAL, with *why
 * as above: a feature that was not offered, no VERSION_1, no cmdq, a size or an alignment that is not allowed, more
 * than maps_max maps, a ring outside of them, or it is attached. Context: thread, as detach, renew, change, reset and
 * enable, of which one runs at a time.
 *
 * It is another driver than the last one for the platform, which ends delayed responses that it promised that one,
 * unless first is given and the last one paused, see detach; or renew() has said so already.
 */
int scmi_virtio_device_attach(struct scmi_virtio_device *device, const struct scmi_virtio_setup *setup,
			      const struct scmi_virtio_map *maps, uint32_t maps_n,
			      const uint16_t first[SCMI_VIRTIO_QUEUES], const char **why);

/*
 * When it returns none of the driver's memory is touched any more. Open requests stay the platform's, their answers go
 * nowhere: to go on later without a loss, stop serving first and wait until no request is open. What is open when a
 * driver pauses is given back with SCMI_GENERIC_ERROR, so that none waits for ever. Context: thread, not inside a
 * request.
 *
 * next NULL: the driver is gone or has reset the device. A delayed response that waits for the eventq ends with
 * SCMI_E_NOPEER.
 *
 * next: a pause, the same driver goes on; gets for each queue the index of the next entry that was not taken, 0 for one
 * that was not set up. What the platform sends meanwhile waits for attach with first, and may wait on there, with
 * P2A_CHANNELS negotiated, until change() brings the eventq. Where none is attached: nothing, also to next.
 */
void scmi_virtio_device_detach(struct scmi_virtio_device *device, uint16_t next[SCMI_VIRTIO_QUEUES]);

/*
 * Another driver comes next: detaches, as for one that is gone; a delayed response promised to the last one ends with
 * SCMI_E_NOPEER, and the platform forgets what that one has set up (sink->reset(), when it has started if it has not).
 * Context: thread, not inside a request.
 */
void scmi_virtio_device_renew(struct scmi_virtio_device *device);

/*
 * Of the driver that is attached something changes: its memory, where a ring lies, the features, or the eventq comes or
 * goes. What changes is let go and taken up again where it was, all of it with other memory or features; what does not
 * goes on undisturbed. Requests that are open when the cmdq is let go are given back as by a pause, see detach. setup and
 * maps: all of them, as for attach; the old memory is not touched any more when it returns. index: for a queue that
 * comes, where to go on from; for one that goes it gets what detach's next would. Without its eventq the platform's
 * messages wait for it to come back. Calls host->work(). Returns SCMI_OK; SCMI_E_INVAL with *why as attach: nothing
 * has changed; it is not attached. Context: thread, not inside a request.
 */
int scmi_virtio_device_change(struct scmi_virtio_device *device, const struct scmi_virtio_setup *setup,
			      const struct scmi_virtio_map *maps, uint32_t maps_n, uint16_t index[SCMI_VIRTIO_QUEUES],
			      const char **why);

/*
 * A journal of the cmdq's commands on their way, in memory that outlives this device: laid out as the split queue's
 * region of vhost-user's INFLIGHT_SHMFD, in host order, all 0 when it is new. attach then goes on behind what the
 * journal says is owed, whatever first says, and answers that with SCMI_GENERIC_ERROR: a command of a device that has
 * ended is never run twice. Attach fails where it is of another size than the
 * queue. Kept until the next call, NULL: none; checked as what the driver's memory holds, and may lie there. SCMI_OK;
 * SCMI_E_INVAL: it is attached, or mem is not 8-byte aligned. Context: as attach.
 *
 * scmi_virtio_journal_size(): the bytes for a queue of so many entries.
 */
int scmi_virtio_device_journal(struct scmi_virtio_device *device, void *mem, size_t len);
size_t scmi_virtio_journal_size(uint32_t entries);

/*
 * RING_RESET: reset lets one queue go like detach; enable takes it up again as attach does, from index 0. What the
 * platform sends while the eventq is reset waits for it. SCMI_OK, or SCMI_E_INVAL: no such queue, or the driver has not
 * set it up; RING_RESET not negotiated; not attached, or already so; a place that attach would not take; enable: a cmdq
 * with a journal, which attach alone takes up. Context:
 * thread, not inside a request.
 */
int scmi_virtio_device_reset_queue(struct scmi_virtio_device *device, uint32_t queue);
int scmi_virtio_device_enable_queue(struct scmi_virtio_device *device, uint32_t queue,
				    const struct scmi_virtio_queue *where);

/*
 * Takes up to max commands and serves them, on the caller's stack; and tells the platform where the eventq has room
 * again that lacked. Due after each doorbell and after host->work(). One context at a time. Returns how many it took:
 * 0 is none left, or no request of the device's is free, or the room for a reply in very many pieces is lent
 * (host->work() will follow then); SCMI_E_CLOSED: not attached, or the platform has not started; SCMI_E_LINK: a ring
 * is broken. Answers given inside are published one by one; one interrupt at the end stands for all. Context: any
 * from which the platform may be entered.
 */
int scmi_virtio_device_serve(struct scmi_virtio_device *device, int max);

/*
 * Before the one who serves sleeps: asks the driver for doorbells and looks once more. true: sleep, a doorbell or
 * host->work() will come; false: serve again. Until it has been called since the last serve(), doorbells may be left
 * out. Context: as serve().
 */
bool scmi_virtio_device_rest(struct scmi_virtio_device *device);

/* What the driver has done wrong, and what was spent, since init, modulo 2^32. */
struct scmi_virtio_device_stats {
	uint32_t size;     /* sizeof(struct scmi_virtio_device_stats), set by the caller */
	uint32_t taken;    /* chains that were taken, both queues */
	uint32_t refused;  /* of these, those that break the rules: given back with length 0 */
	uint32_t too_long; /* of these, commands longer than max_payload: answered with SCMI_PROTOCOL_ERROR */
	uint32_t calls;    /* interrupts */
	uint32_t no_room;  /* commands without room for a status: not run; a header, or nothing, was written */
	uint32_t dropped;  /* notifications and delayed responses that no buffer of the eventq could hold */
	uint32_t stale;    /* answers that came after detach, a reset of the queue, or its ring's lie */
	uint32_t broken;   /* rings that lied */
	uint32_t open;     /* requests that the platform holds, now */
};

/* Reads the counters. SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know). Context: any. */
int scmi_virtio_device_stats(struct scmi_virtio_device *device, struct scmi_virtio_device_stats *stats);

/* ---- driver and device in one address space ---- */

/*
 * A doorbell from one end to the other. ring: any context, several at once, never with a lock held. NULL: none, the
 * other end polls.
 */
struct scmi_virtio_bell {
	void (*ring)(void *ctx);
	void *ctx;
};

/*
 * The driver's end of a pair can sleep: until to_driver was rung since the last wait. wait and wake; fd, clear and
 * raise as in struct scmi_virtio_bus: each time all of them, or none.
 */
struct scmi_virtio_sleeper {
	void (*wait)(void *ctx, uint64_t deadline_us);
	void (*wake)(void *ctx);
	int (*fd)(void *ctx);
	void (*clear)(void *ctx);
	void (*raise)(void *ctx);
	void *ctx;
};

/*
 * scmi_virtio_pair_config.flags: who runs the other end's code. SERVES: a kick serves the device, on the sender's
 * stack, and so does host->work(); of several senders at once one serves for all; no to_device then. DELIVERS: an
 * interrupt delivers to the agent, on the replier's stack; no to_driver then.
 */
#define SCMI_VIRTIO_PAIR_SERVES   (1u << 0)
#define SCMI_VIRTIO_PAIR_DELIVERS (1u << 1)

struct scmi_virtio_pair_config {
	uint32_t size;  /* sizeof(struct scmi_virtio_pair_config) */
	uint32_t flags; /* SCMI_VIRTIO_PAIR_* */

	struct scmi_virtio_bell to_device; /* kicks, and work: scmi_virtio_device_serve() is due */
	struct scmi_virtio_bell to_driver; /* interrupts */
	struct scmi_virtio_sleeper sleeper;

	void *base; /* the memory that both share: addresses on the ring are offsets from here */
	uint64_t len;
};

/*
 * Memory of a pair; the caller's, until both ends are stopped and gone. Opaque.
 */
struct scmi_virtio_pair {
	void *private_[24];
};

/*
 * Makes a bus and a host that connect one driver with one device in the same address space, in this order: init of the
 * pair; of the device, with host; join; of the driver, with bus and base. Returns SCMI_OK; SCMI_E_INVAL: NULL, or a
 * member that is not allowed. Context: thread.
 *
 * The agent starts only while the platform runs, else with SCMI_E_NOPEER. When the platform stops the link is down, and
 * up again when it starts; when the driver breaks a ring the link is down until the agent recovers it. A recovery that
 * fails, because the platform is just stopping, is to be repeated. The platform is neither started nor stopped while
 * the agent is being given back.
 */
int scmi_virtio_pair_init(struct scmi_virtio_pair *pair, const struct scmi_virtio_pair_config *config,
			  struct scmi_virtio_bus *bus, struct scmi_virtio_host *host);
void scmi_virtio_pair_join(struct scmi_virtio_pair *pair, struct scmi_virtio_device *device);

#ifdef __cplusplus
}
#endif

#endif
