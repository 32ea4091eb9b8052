/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SCMI over virtio, agent side: the driver of a virtio-scmi device (virtio 1.2 and later, device 32).
 *
 * The driver lays out its two queues in memory that it shares with the device, and talks to the device through a bus: a
 * table of functions that a carrier fills in. Carriers: transport/virtio_mmio.h for bare metal,
 * scmi_virtio_pair_init() in transport/virtio_device.h for a device in the same address space. The rings, the buffers
 * and the messages are the driver's own affair; the bus only brings the device up and down, and rings.
 *
 * A command is two descriptors: a request, readable, and room for a reply, writable, both in buffers of the driver's
 * own. So a call that has timed out takes nothing away from the device, which keeps those buffers until it returns
 * them. What the device returns is bounded and matched by its descriptor before its header is looked at; it is read
 * once. Neither IN_ORDER nor packed rings are used: measured, they gain nothing here.
 */
#ifndef SCMI_TRANSPORT_VIRTIO_H
#define SCMI_TRANSPORT_VIRTIO_H

#include <stddef.h>
#include <stdint.h>

#include <scmi/errors.h>
#include <scmi/port.h>
#include <scmi/trace.h>
#include <scmi/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SCMI_VIRTIO_DEVICE_ID 32u

/* Feature bits that this library knows. */
#define SCMI_VIRTIO_F_P2A_CHANNELS  (UINT64_C(1) << 0)  /* notifications and delayed responses: there is an eventq */
#define SCMI_VIRTIO_F_SHARED_MEMORY (UINT64_C(1) << 1)  /* statistics or sensor values in shared memory */
#define SCMI_VIRTIO_F_INDIRECT_DESC (UINT64_C(1) << 28) /* a descriptor may stand for a table of them */
#define SCMI_VIRTIO_F_EVENT_IDX     (UINT64_C(1) << 29) /* doorbells are asked for by index */
#define SCMI_VIRTIO_F_VERSION_1     (UINT64_C(1) << 32) /* required */
#define SCMI_VIRTIO_F_RING_RESET    (UINT64_C(1) << 40) /* a queue can be reset alone */

/* Queues, by their index on the device. */
#define SCMI_VIRTIO_CMDQ   0u
#define SCMI_VIRTIO_EVENTQ 1u
#define SCMI_VIRTIO_QUEUES 2u

/* Regions of shared memory, by id: 1 to 3 and 0x80 to 0xff. */
#define SCMI_VIRTIO_REGION_POWER       1u
#define SCMI_VIRTIO_REGION_PERFORMANCE 2u
#define SCMI_VIRTIO_REGION_SENSOR      3u
#define SCMI_VIRTIO_REGION_VENDOR      0x80u

/* Where a queue's parts lie, as the device addresses them. size 0: the queue is not used. */
struct scmi_virtio_queue {
	uint32_t size;  /* entries: a power of two, 2 to 32768 */
	uint64_t desc;  /* descriptor table, 16-byte aligned */
	uint64_t avail; /* available ring, 2-byte aligned */
	uint64_t used;  /* used ring, 4-byte aligned */
};

/* What driver and device have agreed on. */
struct scmi_virtio_setup {
	uint64_t features; /* SCMI_VIRTIO_F_*, a subset of what the device offers */
	struct scmi_virtio_queue queue[SCMI_VIRTIO_QUEUES];
};

/* A piece of memory that the device shows. */
struct scmi_virtio_region {
	void *mem;
	uint64_t len; /* bytes */
};

struct scmi_virtio;

/* ---- the bus: how a carrier connects the driver to its device ---- */

#define SCMI_VIRTIO_BUS_V1 1u

/*
 * A carrier's table. Kept, not copied: it must outlive the driver. All functions get ctx; a context is said where it
 * is not a thread's. start, stop, reset_queue and enable_queue are called one at a time.
 */
struct scmi_virtio_bus {
	uint32_t version; /* SCMI_VIRTIO_BUS_V1; members are only ever appended */
	/*
	 * What the carrier does: SCMI_CAP_IRQ, it calls scmi_virtio_interrupt() by itself; SCMI_CAP_ATOMIC, kick() may
	 * be called from an interrupt; SCMI_CAP_SYNC_SEND, as a rule the reply has come when kick() returns.
	 */
	uint32_t caps;
	const char *name; /* for log lines and errors: "virtio-mmio" */
	void *ctx;

	/* What the device offers; the same at every call. Also before start(). */
	uint64_t (*features)(void *ctx);

	/* Entries that this queue may have: a power of two; 0: there is no such queue. Also before start(). */
	uint32_t (*queue_max)(void *ctx, uint32_t queue);

	/*
	 * Resets the device, negotiates setup->features, hands over the queues and says DRIVER_OK. From then on the
	 * carrier may call scmi_virtio_interrupt() and the like on this driver. SCMI_OK; SCMI_E_NOPEER, there is no
	 * device; SCMI_E_NOTSUP, it refuses the features; SCMI_E_IO. On an error the device touches no memory.
	 */
	int (*start)(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver);

	/*
	 * Resets the device: when it returns the device touches none of the queues nor buffers any more, and no call of
	 * scmi_virtio_interrupt() and the like is under way or will come. Where it is not up it does nothing.
	 */
	void (*stop)(void *ctx);

	/*
	 * The doorbell: there is something new in this queue. One that comes late, after stop() or a loss, does
	 * nothing. Context: as send() of the transport; several at once.
	 */
	void (*kick)(void *ctx, uint32_t queue);

	/*
	 * With RING_RESET. reset_queue: when it returns SCMI_OK the device has let go of the queue and all its buffers.
	 * enable_queue: gives it back, with these addresses. Another return: not done, the driver resets the device.
	 * Both, or neither.
	 */
	int (*reset_queue)(void *ctx, uint32_t queue);
	int (*enable_queue)(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where);

	/*
	 * wait: sleeps until the device has signalled since the last wait, wake() was called, or the port's clock
	 * has reached deadline_us (SCMI_NEVER: no limit). May return early. One context at a time. wake: makes the
	 * present or the next wait return; any context, any time. Both, or neither: then nobody sleeps on this link.
	 */
	void (*wait)(void *ctx, uint64_t deadline_us);
	void (*wake)(void *ctx);

	/*
	 * fd: a descriptor that is readable once the device has signalled, until clear(); constant from start() to
	 * stop(). Asked for by the transport's fd(): from then on the device is asked for signals, before only while
	 * somebody is in wait(). clear is called by poll() when it has taken all, before it asks for the next signal and
	 * looks again; where fd() has not been called, by a poll() that has found nothing, which looks again then. It
	 * must not take away what wake() does. raise makes fd readable as the device does: poll() calls it when it has
	 * taken as many as it may and something is left, and the transport's first fd() for what has come before.
	 * Several contexts at once. All three, or none.
	 */
	int (*fd)(void *ctx);
	void (*clear)(void *ctx);
	void (*raise)(void *ctx);

	/*
	 * Finds a region of shared memory. SCMI_OK and *region; SCMI_E_NOTFOUND. Optional: without it there is none.
	 */
	int (*region)(void *ctx, uint8_t id, struct scmi_virtio_region *region);

	/*
	 * The driver has found by itself that the device lies, as by an index that cannot be: what scmi_virtio_lost()
	 * does is done already, and the bus need look at this device no more until stop(). Once from start() to stop()
	 * at most. Context: as poll() and wait() of the transport, or scmi_virtio_interrupt(). Optional.
	 */
	void (*lost)(void *ctx);
};

/* ---- upcalls of a carrier ---- */

/*
 * The device has signalled: takes what it has returned, on both queues, and delivers it. Several contexts may call it
 * at once, and beside a poll of the agent's; nothing is delivered twice. Asks for the next signal before it returns.
 * Context: any, interrupts included; between start() and stop() of the bus.
 */
void scmi_virtio_interrupt(struct scmi_virtio *driver);

/*
 * The device is gone or wants to be reset: no message is taken from it any more, none goes to it, and as soon as those
 * are through that are being delivered, in whatever context, every call ends with err (SCMI_E_LINK, SCMI_E_NOPEER or
 * SCMI_E_IO). The link is down until the agent recovers it, by its reconnect policy or by hand, or scmi_virtio_found()
 * does. Never waits. Context: any, interrupts and upcalls included; between start() and stop() of the bus.
 */
void scmi_virtio_lost(struct scmi_virtio *driver, int err);

/*
 * The device is there again after scmi_virtio_lost(): brings it up by stop() and start() of the bus, and takes new
 * messages if that goes well. Not after a recovery of the agent's that has failed: that is to be repeated. Returns
 * SCMI_OK or the bus's error. Context: thread, not inside an upcall.
 */
int scmi_virtio_found(struct scmi_virtio *driver);

/* ---- the driver ---- */

#define SCMI_VIRTIO_PAYLOAD_DEFAULT  132u /* status and 128 bytes of values */
#define SCMI_VIRTIO_PAYLOAD_MAX      65536u
#define SCMI_VIRTIO_INFLIGHT_DEFAULT 31u
#define SCMI_VIRTIO_INFLIGHT_MAX     1024u
#define SCMI_VIRTIO_EVENTS_DEFAULT   16u
#define SCMI_VIRTIO_EVENTS_MAX       1024u

/* What is negotiated, where offered, unless the configuration says otherwise: all but INDIRECT_DESC, which costs. */
#define SCMI_VIRTIO_FEATURES_DEFAULT                                                                                   \
	(SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_SHARED_MEMORY | SCMI_VIRTIO_F_EVENT_IDX |                          \
	 SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET)

/* Zero is a good default for every member but size, port, bus and the shared memory. Not kept after init. */
struct scmi_virtio_config {
	uint32_t size;         /* sizeof(struct scmi_virtio_config) */
	uint32_t max_payload;  /* bytes after the header, status included; 8 at least, 0: the default */
	uint32_t max_inflight; /* commands that may be open at once; 0: the default. Clamped, see init */
	uint32_t events;       /* buffers for what the platform sends unasked; 0: the default. Clamped to its queue */
	uint64_t features;     /* those that may be negotiated; 0: SCMI_VIRTIO_FEATURES_DEFAULT */
	const struct scmi_port *port;      /* must outlive the driver */
	const struct scmi_virtio_bus *bus; /* must outlive the driver */

	/*
	 * Memory that the device can reach, coherent for both: rings and buffers, scmi_virtio_shared_size() bytes,
	 * 64-byte aligned on both sides; the driver's until scmi_virtio_fini(). shared_addr is where the device finds
	 * it.
	 */
	void *shared;
	size_t shared_len;
	uint64_t shared_addr;

	scmi_log_fn log; /* NULL: no log lines */
	void *log_arg;
};

/*
 * Checks a configuration, asking the bus for the sizes of its queues. Returns SCMI_OK or SCMI_E_INVAL; SCMI_E_NOTSUP:
 * the device has no cmdq or not VERSION_1. *why, if why is not NULL, is then a constant sentence that begins with the
 * name of the member at fault, else NULL. Context: thread.
 */
int scmi_virtio_check(const struct scmi_virtio_config *config, const char **why);

/*
 * Bytes that this configuration needs, exactly: the driver's own memory, and memory shared with the device (shared,
 * shared_len and shared_addr need not be set yet). 0 if the rest is not allowed. Context: thread.
 */
size_t scmi_virtio_size(const struct scmi_virtio_config *config);
size_t scmi_virtio_shared_size(const struct scmi_virtio_config *config);

/*
 * Makes a driver in mem: len bytes, aligned as max_align_t, which stay its own until scmi_virtio_fini(), and fills in
 * *transport for scmi_agent_config. transport->max_inflight is what is left of max_inflight: the least of it, 1024, and
 * half the entries of the device's cmdq, or with INDIRECT_DESC all of them; a log line says so where that is less than
 * was asked for. SCMI_CAP_NOTIFY is among the capabilities if P2A_CHANNELS can be negotiated. The device is not touched
 * before the agent starts. Returns SCMI_OK; SCMI_E_INVAL and SCMI_E_NOTSUP as scmi_virtio_check(), with a log line;
 * SCMI_E_NOMEM, mem or shared misaligned or a byte too short. On an error nothing is kept. Context: thread.
 *
 * The agent's start fails with the bus's error. Recovery: by a reset of the cmdq alone where RING_RESET but not
 * P2A_CHANNELS was negotiated, else of the whole device: a delayed response of before might still come.
 */
int scmi_virtio_init(struct scmi_virtio **driver, void *mem, size_t len, const struct scmi_virtio_config *config,
		     struct scmi_transport *transport);

/* Gives the memory back; the agent is stopped; driver not NULL. Context: thread. */
void scmi_virtio_fini(struct scmi_virtio *driver);

/*
 * Finds a region of the device's shared memory, between start and stop. Returns SCMI_OK and *region; SCMI_E_NOTSUP,
 * SHARED_MEMORY was not negotiated; SCMI_E_NOTFOUND; SCMI_E_NOPEER, not started. Context: thread.
 */
int scmi_virtio_region(struct scmi_virtio *driver, uint8_t id, struct scmi_virtio_region *region);

/* What the device has done wrong, and what was spent, since init, modulo 2^32. */
struct scmi_virtio_stats {
	uint32_t size;                      /* sizeof(struct scmi_virtio_stats), set by the caller */
	uint32_t queue[SCMI_VIRTIO_QUEUES]; /* entries of each; 0: not used */
	uint32_t kicks;                     /* doorbells */
	uint32_t reaped;                    /* buffers that came back, both queues */
	uint32_t short_replies;             /* used length 0 to 7: that call ended with SCMI_E_PROTO */
	uint32_t long_replies;              /* used length above the buffer's: likewise */
	uint32_t bad_events;                /* eventq: used length below 4 or above the buffer's; posted anew */
	uint32_t broken; /* a used index or id that cannot be: the link went down until the device was reset */
};

/* Reads the counters. SCMI_OK, or SCMI_E_INVAL (NULL, a size this version does not know). Context: any. */
int scmi_virtio_stats(struct scmi_virtio *driver, struct scmi_virtio_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
