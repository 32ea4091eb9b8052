/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A shared memory object for one agent: a head, two futex words, two areas. Both ends are on one machine: host order.
 *
 * Byte 0 of the object is locked by the platform, byte 1 by the agent, each through its own open file: such a lock goes
 * with the process. A platform makes a new object each time, and never works in an old one: what an agent of the last
 * platform still has mapped is nobody's any more.
 *
 * An agent that has its lock takes a ticket; the platform puts the areas in order, attaches, and writes down whom it
 * serves. Another number there means to an agent that it has been sent away.
 */
#ifndef SCMI_MAILBOX_LINUX_SHM_H
#define SCMI_MAILBOX_LINUX_SHM_H

#include "internal.h"

#define SHM_MAGIC   UINT32_C(0x53434d53)
#define SHM_VERSION 1u
#define SHM_NAME    256u /* with its NUL */

#define SHM_BYTES_MAX (UINT32_C(1) << 18) /* of an object: the room that an agent keeps for it */

#define SHM_PLATFORM 0 /* whose lock */
#define SHM_AGENT    1

struct shm_head {
	uint32_t magic;
	uint32_t version;
	uint32_t bytes; /* of the object */
	uint32_t offset[SCMI_MAILBOX_AREAS];
	uint32_t len[SCMI_MAILBOX_AREAS];
	uint32_t pad_[9];
	_Atomic uint32_t ready;  /* 1: the platform has made it all */
	_Atomic uint32_t ticket; /* of the last agent that came */
	_Atomic uint32_t served; /* of the agent that is served; 0: none */
	uint32_t pad2_[13];
	_Atomic uint32_t to_platform; /* futex words, in lines of their own */
	uint32_t pad3_[15];
	_Atomic uint32_t to_agent;
	uint32_t pad4_[15];
};

_Static_assert(SHM_BYTES_MAX > 2u * SCMI_SHMEM_BYTES_MAX + sizeof(struct shm_head) + 65536u, "an object fits");
_Static_assert(sizeof(struct shm_head) == 256, "the futex words are in cache lines of their own");

/* What the head of an object says, if it is one. Needs no mapping. */
bool scmi__shm_read_head(int fd, struct shm_head *head);

/* A sentence's end about a head that cannot be, or NULL. size: of the object. */
const char *scmi__shm_fault(const struct shm_head *head, uint64_t size);

/* Takes a lock. False: somebody else has it. */
bool scmi__shm_lock(int fd, int whose);
void scmi__shm_unlock(int fd, int whose);

/* Whether somebody else has it. */
bool scmi__shm_is_locked(int fd, int whose);

/* Whether the name still leads to this object. */
bool scmi__shm_is_named(int fd, const char *name);

/* The name as the key says it, checked. SCMI_OK, or SCMI_E_INVAL with a sentence. */
int scmi__shm_name(const struct scmi__key *key, char name[SHM_NAME], const struct scmi_why *why);

/* The areas of a mapped object. */
void scmi__shm_areas(const struct shm_head *said, void *mem, struct scmi_shmem areas[SCMI_MAILBOX_AREAS]);

/* The platform's object: made, named, locked, mapped. SCMI_OK; SCMI_E_BUSY, SCMI_E_IO; each with a sentence. */
int scmi__shm_create(const char *name, uint32_t area, int *fd, struct shm_head **head, const struct scmi_why *why);

int scmi__shm_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
uint32_t scmi__shm_agents(const void *listener);
const struct scmi_endpoint *scmi__shm_endpoint(const void *listener, uint32_t i);
int scmi__shm_run(void *listener);
void scmi__shm_end(void *listener);
void scmi__shm_unlisten(void *listener);

#endif
