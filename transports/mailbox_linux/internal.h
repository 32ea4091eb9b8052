/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of this folder share: a futex word, the size of an area, the ways between processes. */
#ifndef SCMI_MAILBOX_LINUX_INTERNAL_H
#define SCMI_MAILBOX_LINUX_INTERNAL_H

#include <stdatomic.h>

#include <scmi/transport/mailbox_linux.h>

#include "../carrier/carrier.h"

/* ---- a futex word in shared memory: bit 0 says that somebody sleeps on it, the rest counts ---- */

static inline _Atomic uint32_t *scmi__shared_word(uint32_t *word)
{
	return (_Atomic uint32_t *)(void *)word;
}

/* Counts, and wakes who sleeps. */
void scmi__futex_ring(_Atomic uint32_t *word);

/* The count, as futex_wait() wants it. */
uint32_t scmi__futex_count(_Atomic uint32_t *word);

/*
 * Sleeps while the count is *seen and *woken is 0, until the deadline. Returns whether it has counted; *seen is what it
 * is now. Who sets *woken rings the word then.
 */
bool scmi__futex_wait(_Atomic uint32_t *word, uint32_t *seen, _Atomic uint32_t *woken, uint64_t deadline_us);

/* ---- keys of a URI ---- */

/* The size of an area, for the platform's side. Likewise. */
int scmi__key_area(const struct scmi__key *key, uint32_t *out, const struct scmi_why *why);

/* ---- the ways between processes ---- */

/* What every link and every listener begins with. */
struct scmi__way {
	const char *key; /* "unix" */
	int (*open)(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		    const struct scmi_why *why);
	void (*close)(void *link);
	/* NULL: agents only */
	int (*listen)(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why);
	uint32_t (*agents)(const void *listener);
	const struct scmi_endpoint *(*endpoint)(const void *listener, uint32_t i);
	int (*run)(void *listener);
	void (*end)(void *listener);
	void (*unlisten)(void *listener);
};

extern const struct scmi__way scmi__way_unix;
extern const struct scmi__way scmi__way_shm;
extern const struct scmi__way scmi__way_uio;

/* How long an agent waits for a platform that is there to take it in: at first, and when it comes back by a poll. */
#define WELCOME_US 2000000u
#define RETURN_US  150000u

/* How long between processes a reply is waited for, if the agent says nothing else. */
#define REPLY_US 1000000u

/* An end that sleeps looks this often whether the other one lives, where nothing else tells. */
#define LOOK_AGAIN_US 100000u

#endif
