/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A front end's memory, mapped. Where its file can still be cut short, a fault there ends that memory and no process:
 * see scmi__vu_guard().
 */
#ifndef SCMI_VHOST_USER_MEMORY_H
#define SCMI_VHOST_USER_MEMORY_H

#include <stdatomic.h>

#include <scmi/transport/virtio_device.h>

#include "wire.h"

struct vu_mapped {
	struct vu_region region;
	void *base; /* what has been mapped, from the file's start or the page before the offset */
	size_t len;
	unsigned char *mem; /* the region itself */
	int guard;          /* its place among the guarded; -1: it cannot shrink */
};

struct vu_memory_map {
	uint32_t n;
	uint32_t room; /* VU_REGIONS_MAX, or VU_SLOTS_MAX */
	struct vu_mapped *mapped;
	_Atomic uint32_t torn; /* a file was cut short: what is mapped there now is not the front end's */
};

/* room entries. SCMI_OK, SCMI_E_IO. */
int scmi__vu_memory_open(struct vu_memory_map *m, uint32_t room);
void scmi__vu_memory_close(struct vu_memory_map *m);

/*
 * Maps one region more; the descriptor stays the caller's. SCMI_OK; SCMI_E_INVAL with a sentence: empty, it wraps, it
 * overlaps another one in either space, more than the file has, no room; SCMI_E_IO with one.
 */
int scmi__vu_memory_add(struct vu_memory_map *m, const struct vu_region *region, int fd, const char **why);

/* Unmaps that one: found by both addresses and its size. SCMI_OK or SCMI_E_INVAL. */
int scmi__vu_memory_remove(struct vu_memory_map *m, const struct vu_region *region);

/* Unmaps all. */
void scmi__vu_memory_clear(struct vu_memory_map *m);

/* A user address as the guest's, if len bytes from there lie in one region. */
bool scmi__vu_memory_guest(const struct vu_memory_map *m, uint64_t user, uint64_t len, uint64_t *guest);

/* For scmi_virtio_device_attach(): maps has room for m->room; returns how many. */
uint32_t scmi__vu_memory_maps(const struct vu_memory_map *m, struct scmi_virtio_map *maps);

/*
 * Guards this process against faults in mapped memory, once; kept until it ends. SCMI_OK, SCMI_E_IO. The handler is
 * async-signal-safe: it puts empty memory where the fault was, sets torn, and returns.
 */
int scmi__vu_guard(void);

#endif
