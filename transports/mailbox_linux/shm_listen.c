/* SPDX-License-Identifier: BSD-3-Clause */
/* "shm=/NAME", the platform's side: one thread that sleeps on its futex word and, now and then, looks for the agent. */
#define _GNU_SOURCE

#include <stdlib.h>
#include <sys/mman.h>

#include "shm.h"

#define BATCH 16

struct listener {
	const struct scmi__way *way;
	struct scmi_mailbox_end *end;
	void *end_mem;
	struct scmi_endpoint endpoint;
	struct scmi_mailbox_doorbell bell;
	char name[SHM_NAME];
	uint32_t area;
	int fd;
	uint32_t bytes;
	struct shm_head *head;
	struct shm_head said; /* what we have written there: nobody else is asked */
	_Atomic uint32_t ended;
	_Atomic uint32_t woken;

	/* the serving thread's */
	uint32_t seen;
	uint32_t served; /* ticket of the agent that is attached; 0: none */
	uint32_t gone;   /* of the one that was sent away last: it has to take another */
	uint64_t looked_us;
};

/* ---- the doorbell ---- */

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct listener *l = ctx;

	(void)signal;
	scmi__futex_ring(&l->head->to_agent);
	return SCMI_OK;
}

static void wake(void *ctx)
{
	struct listener *l = ctx;

	atomic_store(&l->woken, 1u);
	scmi__futex_ring(&l->head->to_platform);
}

/* ---- agents ---- */

static void send_away(struct listener *l)
{
	if (l->served == 0)
		return;
	scmi_mailbox_end_detach(l->end);
	l->gone = l->served;
	l->served = 0;
	atomic_store(&l->head->served, 0u);
	scmi__futex_ring(&l->head->to_agent);
}

static void take_in(struct listener *l, uint32_t ticket)
{
	struct scmi_shmem areas[SCMI_MAILBOX_AREAS];

	scmi__shm_areas(&l->said, l->head, areas);
	(void)scmi_shmem_reset(&areas[SCMI_MAILBOX_A2P]);
	(void)scmi_shmem_reset(&areas[SCMI_MAILBOX_P2A]);
	if (scmi_mailbox_end_attach(l->end, areas) != SCMI_OK)
		return;
	l->served = ticket;
	/* What stands in the areas before it: pairs with the agent's look. */
	atomic_store(&l->head->served, ticket);
	scmi__futex_ring(&l->head->to_agent);
}

/* A new ticket counts only while its owner has the lock: without it he is dead already. */
static void look_for_agent(struct listener *l)
{
	const uint32_t ticket = atomic_load(&l->head->ticket);
	const uint64_t now_us = scmi__now_us();

	if (ticket == l->served && now_us - l->looked_us < LOOK_AGAIN_US / 2u)
		return;
	l->looked_us = now_us;
	if (!scmi__shm_is_locked(l->fd, SHM_AGENT)) {
		send_away(l);
		return;
	}
	if (ticket == l->served || ticket == l->gone || ticket == 0)
		return;
	send_away(l);
	take_in(l, ticket);
}

int scmi__shm_run(void *listener)
{
	struct listener *l = listener;

	while (atomic_load(&l->ended) == 0) {
		int n;

		look_for_agent(l);
		atomic_store(&l->woken, 0u);
		n = scmi_mailbox_end_serve(l->end, BATCH);
		if (n < BATCH)
			(void)scmi__futex_wait(&l->head->to_platform, &l->seen, &l->woken,
					       scmi__now_us() + LOOK_AGAIN_US);
	}
	send_away(l);
	atomic_store(&l->ended, 0u);
	return SCMI_OK;
}

void scmi__shm_end(void *listener)
{
	struct listener *l = listener;

	atomic_store(&l->ended, 1u);
	wake(l);
}

/* ---- made and unmade ---- */

static int parse(struct listener *l, const char *rest, const struct scmi_why *why)
{
	static const char *const names[] = {"size"};
	struct scmi__key key;
	uint32_t had = 0;
	int err = scmi__key_next(&rest, &key, why); /* shm=, as the scheme has seen */

	if (err == SCMI_OK)
		err = scmi__shm_name(&key, l->name, why);
	while (err == SCMI_OK && (err = scmi__key_next(&rest, &key, why)) == SCMI_OK)
		err = scmi__key_of(&key, names, 1, &had) == 0 ? scmi__key_area(&key, &l->area, why)
							      : scmi__key_unknown(&key, why);
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int make_end(struct listener *l, const struct scmi_port *port)
{
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.max_payload = l->area - SCMI_SHMEM_PAYLOAD,
		.doorbell = &l->bell,
		.port = port,
	};
	size_t len;

	l->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "shm", .ctx = l, .ring = ring, .wake = wake};
	len = scmi_mailbox_end_size(&config); /* looks at the doorbell */
	l->end_mem = malloc(len);
	return l->end_mem != NULL ? scmi_mailbox_end_init(&l->end, l->end_mem, len, &config, &l->endpoint) : SCMI_E_IO;
}

static void free_listener(struct listener *l)
{
	if (l->fd >= 0 && scmi__shm_is_named(l->fd, l->name))
		(void)shm_unlink(l->name);
	if (l->head != NULL)
		munmap(l->head, l->bytes);
	scmi__fd_close(&l->fd);
	free(l->end_mem);
	free(l);
}

static int make(struct listener *l, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	int err = parse(l, rest, why);

	if (err != SCMI_OK)
		return err;
	if (make_end(l, port) != SCMI_OK)
		return scmi__why(why, SCMI_E_IO, "shm=%s: no memory left", l->name);
	err = scmi__shm_create(l->name, l->area, &l->fd, &l->head, why);
	if (err != SCMI_OK)
		return err;
	l->bytes = l->head->bytes;
	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		l->said.offset[i] = l->head->offset[i];
		l->said.len[i] = l->head->len[i];
	}
	return SCMI_OK;
}

int scmi__shm_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	struct listener *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->way = &scmi__way_shm;
	l->area = SCMI_SHMEM_BYTES_DEFAULT;
	l->fd = -1;
	err = make(l, rest, port, why);
	if (err == SCMI_OK)
		*listener = l;
	else
		free_listener(l);
	return err;
}

void scmi__shm_unlisten(void *listener)
{
	free_listener(listener);
}

uint32_t scmi__shm_agents(const void *listener)
{
	(void)listener;
	return 1;
}

const struct scmi_endpoint *scmi__shm_endpoint(const void *listener, uint32_t i)
{
	(void)i;
	return &((const struct listener *)listener)->endpoint;
}
