/* SPDX-License-Identifier: BSD-3-Clause */
/* What the kinds of mailbox and smc differ in, and what their links consist of. */
#ifndef CONFORMANCE_MAILBOX_FORM_H
#define CONFORMANCE_MAILBOX_FORM_H

#include <scmi/transport/mailbox_linux.h>
#include <scmi/transport/smc.h>

#include "suite.h"

/* Who runs the platform's end: the sender, in ring(); a thread that polls; a thread that sleeps on this. */
enum mailbox_serve { SERVE_RING, SERVE_POLL, SERVE_FD, SERVE_FUTEX };

/* Who runs the agent's end: who answers, in ring(); who polls, without sleep; who sleeps on this. */
enum mailbox_deliver { DELIVER_RING, DELIVER_POLL, DELIVER_FD, DELIVER_FUTEX };

struct mailbox_form {
	enum mailbox_serve serve;
	enum mailbox_deliver deliver;
	uint8_t flags; /* SCMI_SHMEM_* of the areas */
	uint8_t check; /* enum scmi_shmem_check */
	bool p2a;
	bool fresh;    /* each start of the agent's doorbell finds a platform that knows nothing of it */
	bool defaults; /* the configuration leaves to the agent's end what it can */
	bool smc;      /* the agent's end is that of smc, with these: */
	uint32_t smc_flags;
	uint32_t smc_params;
};

/* The words of two futexes, each in a line of its own. */
struct mailbox_words {
	_Alignas(64) uint32_t to_end;
	_Alignas(64) uint32_t to_agent;
};

struct conf_link {
	const struct mailbox_form *form;
	struct scmi_port port;
	struct conf_peer *peer;
	struct scmi_mailbox mailbox;
	struct scmi_smc smc;
	struct scmi_mailbox_end *end;
	struct scmi_endpoint endpoint;
	void *end_mem;
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];     /* as the agent sees them */
	struct scmi_shmem end_areas[SCMI_MAILBOX_AREAS]; /* as the platform does: the same, unless there are caches */
	void *memory[SCMI_MAILBOX_AREAS];                /* behind those */
	void *known[2][SCMI_MAILBOX_AREAS];              /* what the cache of each knows of that */

	/* what each end is given, and what that stands on */
	struct scmi_mailbox_doorbell bell, end_bell;
	struct scmi_mailbox_doorbell low, end_low;
	struct scmi_mailbox_eventfd *fd, *end_fd;
	struct scmi_mailbox_futex *futex, *end_futex;
	struct mailbox_words *words;
	int to_end, to_agent; /* eventfds */
	_Atomic uint32_t
		callers; /* inside scmi_mailbox_interrupt() or _lost(), twice their number; 1: these may come */

	pthread_t server;
	_Atomic bool serving; /* it is there */
	_Atomic bool over;
	_Atomic bool up;    /* the peer */
	bool lost;          /* and the agent has been told that it is not */
	bool wrong_regs;    /* a call of smc's */
	uint32_t *answered; /* where request() looks for an answer in place */
	void *beside;       /* kind_polled.c's own */
};

/* Areas, of so many bytes, and the doorbells, as the form wants them. */
void mailbox_areas_make(struct conf_link *link, uint32_t bytes);
void mailbox_areas_free(struct conf_link *link);
void mailbox_bells_make(struct conf_link *link);
void mailbox_bells_free(struct conf_link *link);

/* The platform's end looks for commands, here and now. */
void mailbox_serve(struct conf_link *link);

/* What is done in between ends before the agent's doorbell is stopped. False: it is not started. */
bool mailbox_enter(struct conf_link *link);
void mailbox_leave(struct conf_link *link);

/* The thread that serves the platform's end, where there is one. */
void mailbox_server_start(struct conf_link *link);
void mailbox_server_stop(struct conf_link *link);

/* What all of these kinds do; kind_polled.c's do more. */
extern const struct conf_kind conf_mailbox_methods;

extern const struct conf_kind conf_mailbox_ring;
extern const struct conf_kind conf_mailbox_served;
extern const struct conf_kind conf_mailbox_none;
extern const struct conf_kind conf_mailbox_one;
extern const struct conf_kind conf_mailbox_interrupt;
extern const struct conf_kind conf_mailbox_eventfd;
extern const struct conf_kind conf_mailbox_futex;
extern const struct conf_kind conf_mailbox_fresh;
extern const struct conf_kind conf_mailbox_cached;
extern const struct conf_kind conf_smc;
extern const struct conf_kind conf_smc_interrupt;

#endif
