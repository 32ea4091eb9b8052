/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtio-mmio device, version 2, as its registers: what a driver may do when, and what it reads. Each access is
 * checked against the specification; the first that breaks it is kept as a sentence. What the device does with its
 * queues is somebody else's (struct mmio_backend). For one thread only, but the interrupt comes on top of it.
 *
 *	struct mmio_model model;
 *
 *	mmio_model_init(&model);
 *	model.reset_reads = 3;                         (what goes wrong, and what it offers: set before it is used)
 *	config.access = mmio_model_access(&model);
 *	... run the driver ...
 *	assert_null(model.breach);
 */
#ifndef MMIO_MODEL_H
#define MMIO_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <scmi/transport/virtio_mmio.h>

#include "fake_port.h"

#define MMIO_NEVER    UINT32_MAX /* of a number of reads: it never comes to an end */
#define MMIO_STATUSES 16u
#define MMIO_REGIONS  2u

/* What is behind the registers. All optional. */
struct mmio_backend {
	int (*attach)(void *ctx, const struct scmi_virtio_setup *setup); /* DRIVER_OK; an error: NEEDS_RESET */
	void (*detach)(void *ctx);                                       /* reset */
	int (*reset_queue)(void *ctx, uint32_t queue);
	int (*enable_queue)(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where);
	void (*notify)(void *ctx, uint32_t queue);
	void *ctx;
};

struct mmio_region {
	uint8_t id; /* 0: none */
	uint64_t base;
	uint64_t len;
};

/* A queue's registers. */
struct mmio_queue {
	struct scmi_virtio_queue where;
	uint32_t written; /* bit n: the n-th of size and six address words */
	uint32_t ready;
	uint32_t resetting; /* reads of QueueReset until it is over */
};

struct mmio_model {
	/* What it is. */
	uint32_t magic;
	uint32_t version;
	uint32_t device_id;
	uint64_t offered;
	uint32_t queue_max[SCMI_VIRTIO_QUEUES];
	struct mmio_region regions[MMIO_REGIONS];
	struct mmio_backend backend;

	/* What goes wrong. */
	bool refuses_features;      /* FEATURES_OK does not stay */
	bool refuses_queue;         /* QueueReady stays 0 */
	bool queues_stay;           /* QueueReady is 1 after a reset */
	bool ignores_queue_reset;   /* QueueReset reads 0 at once, QueueReady stays 1 */
	bool fails_at_start;        /* NEEDS_RESET with DRIVER_OK */
	bool fails_after_start;     /* once: just after Status was read with DRIVER_OK in it */
	uint32_t reset_reads;       /* a reset is over when Status has been read so often */
	uint32_t queue_reset_reads; /* a queue's, by QueueReset */
	uint32_t strange_bits;      /* always in InterruptStatus */

	/* The interrupt line: called whenever it goes up, and again as long as it stays up, as a level does. */
	void (*irq)(void *arg);
	void *irq_arg;
	const struct fake_port *port; /* if set: no access with its lock held */

	/* What was seen. */
	const char *breach; /* the first access that breaks the rules; NULL: none */
	uint32_t breach_offset;
	uint32_t accesses;
	uint32_t notifies[SCMI_VIRTIO_QUEUES];
	uint32_t resets;
	uint32_t statuses[MMIO_STATUSES]; /* the last values written to Status, the first in [0] */
	uint32_t statuses_n;
	uint64_t acked; /* DriverFeatures */

	uint32_t status;
	uint32_t interrupts;
	struct mmio_queue queues[SCMI_VIRTIO_QUEUES];
	uint32_t resetting_; /* reads of Status until the reset is over */
	uint32_t queue_sel_;
	int device_sel_; /* -1: not written yet */
	int driver_sel_;
	int shm_sel_;
	bool fresh_; /* reset since it was used last */
	bool live_;  /* attached */
	bool in_irq_;
};

/*
 * A virtio-scmi device that offers what this library knows, with queues of 64 and 16 entries, which somebody has used
 * before: it must be reset.
 */
void mmio_model_init(struct mmio_model *model);

/* Its registers, without map. */
struct scmi_virtio_mmio_access mmio_model_access(struct mmio_model *model);

/* The device raises bits of InterruptStatus. It must have been told DRIVER_OK. */
void mmio_model_raise(struct mmio_model *model, uint32_t bits);

/* The device wants to be reset: Status and, once it runs, an interrupt. */
void mmio_model_needs_reset(struct mmio_model *model);

#endif
