/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A front end's memory, mapped. Where its file is cut short, or has no page to give, a fault there ends that memory and
 * no process: see scmi__vu_guard().
 */
#ifndef SCMI_VHOST_USER_MEMORY_H
#define SCMI_VHOST_USER_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <scmi/transport/virtio_device.h>

#include "wire.h"

struct vu_guarded;

struct vu_mapped {
	struct vu_region region;
	void *base; /* what has been mapped: from the start of the page where the region begins in its file */
	size_t len;
	unsigned char *mem; /* the region itself */
	struct vu_guarded *guard;
};

struct vu_memory_map {
	uint32_t n;
	uint32_t room; /* VU_REGIONS_MAX, or VU_SLOTS_MAX */
	uint64_t most; /* bytes of address space that it may take up; 0: any number */
	uint64_t used; /* of these */
	bool partial;  /* it is told region by region: more may follow. The owner's, until it is cleared */
	struct vu_mapped *mapped;
	_Atomic uint32_t *torn; /* the owner's; set, not cleared: what is mapped there now is not the front end's */
};

/* room entries, of no bound yet; torn is kept. SCMI_OK, SCMI_E_IO. */
int scmi__vu_memory_open(struct vu_memory_map *m, uint32_t room, _Atomic uint32_t *torn);
void scmi__vu_memory_close(struct vu_memory_map *m);

/*
 * Maps one region more; the descriptor stays the caller's. SCMI_OK; SCMI_E_INVAL with a sentence: empty, it wraps, it
 * overlaps another one in either space, more than the file has, not a file with a size, no room, more in all than may
 * be (whole pages count); SCMI_E_IO with one.
 */
int scmi__vu_memory_add(struct vu_memory_map *m, const struct vu_region *region, int fd, const char **why);

/* Whether that one is there: the same addresses, the same size. Its place, or -1. */
int scmi__vu_memory_find(const struct vu_memory_map *m, const struct vu_region *region);

/* That one is the last from now on; the others keep their memory, not their places. */
void scmi__vu_memory_put_last(struct vu_memory_map *m, uint32_t at);

/* Unmaps the last one. Nobody uses it any more. */
void scmi__vu_memory_remove_last(struct vu_memory_map *m);

/* Unmaps all. */
void scmi__vu_memory_clear(struct vu_memory_map *m);

/* A user address as the guest's, if len bytes from there lie in one region. */
bool scmi__vu_memory_guest(const struct vu_memory_map *m, uint64_t user, uint64_t len, uint64_t *guest);

/* For scmi_virtio_device_attach(): maps has room for m->room. How many. */
uint32_t scmi__vu_memory_maps(const struct vu_memory_map *m, struct scmi_virtio_map *maps);

/*
 * Guards this process against faults in mapped memory, once; kept until it ends. And lets this thread take the signal,
 * which a fault would end the process with where it is blocked: each thread that serves calls it. SCMI_OK, SCMI_E_IO.
 * The handler is async-signal-safe: it puts empty memory where the fault was, sets torn, and returns. Where the system
 * has none to promise that is a file in memory, which takes a descriptor for a moment. A fault elsewhere is the
 * handler's of before, and so is one where neither can be had.
 */
int scmi__vu_guard(void);

/* One range more; torn is set when it had to be replaced. NULL: no memory. */
struct vu_guarded *scmi__vu_guard_add(void *base, size_t len, _Atomic uint32_t *torn);

/* Before it is unmapped. NULL: nothing. */
void scmi__vu_guard_remove(struct vu_guarded *g);

#endif
