/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "shm=/NAME", the agent's side: a mailbox that is fresh with each ticket.
 *
 * The object is mapped at a place of our own that lasts as long as the link, and plain memory lies there while it is
 * not: so wake(), which may come at any time, always finds its word. The first ticket is taken when the link is opened,
 * and kept for the first start.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shm.h"

struct link {
	const struct scmi__way *way;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_doorbell bell;
	char name[SHM_NAME];
	uint32_t capacity; /* what the agent was promised, in bytes of an area */
	int fd;            /* -1: not connected */
	uint32_t ticket;
	struct shm_head said;  /* what the object said, read once */
	struct shm_head *head; /* the place */
	uint32_t seen;         /* the sleeper's */
	_Atomic uint32_t woken;
	_Atomic uint32_t lost;
	_Atomic uint32_t looked; /* when we last looked for the platform, in milliseconds */
	uint32_t patience_us;    /* with a platform that does not take us in */
};

/* ---- connections ---- */

static bool fill_place(struct link *l, int fd, size_t len)
{
	const int kind = fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;

	return mmap(l->head, len, PROT_READ | PROT_WRITE, kind | MAP_FIXED, fd, 0) != MAP_FAILED;
}

static void disconnect(struct link *l)
{
	if (l->fd < 0)
		return;
	scmi__shm_unlock(l->fd, SHM_AGENT);
	scmi__futex_ring(&l->head->to_platform); /* so that it looks whether we are there */
	(void)fill_place(l, -1, SHM_BYTES_MAX);
	scmi__fd_close(&l->fd);
}

static bool is_served(struct link *l)
{
	return atomic_load(&l->head->served) == l->ticket;
}

/* Asks to be served anew. False: the platform does not answer, or dies. */
static bool take_ticket(struct link *l)
{
	const uint64_t until_us = scmi__now_us() + l->patience_us;
	_Atomic uint32_t never = 0;

	l->seen = scmi__futex_count(&l->head->to_agent);
	l->ticket = atomic_load(&l->head->ticket) + 1u;
	l->ticket += l->ticket == 0;
	atomic_store(&l->head->ticket, l->ticket);
	scmi__futex_ring(&l->head->to_platform);
	while (!is_served(l) && scmi__shm_is_locked(l->fd, SHM_PLATFORM) && scmi__now_us() < until_us) {
		const uint64_t look_us = scmi__now_us() + LOOK_AGAIN_US;

		(void)scmi__futex_wait(&l->head->to_agent, &l->seen, &never, look_us < until_us ? look_us : until_us);
	}
	return is_served(l);
}

/* An object that a living platform has made, and nobody uses. */
static const char *claim(struct link *l)
{
	struct stat st;
	const char *fault;

	if (!scmi__shm_is_locked(l->fd, SHM_PLATFORM) || !scmi__shm_read_head(l->fd, &l->said) ||
	    atomic_load(&l->said.ready) == 0)
		return "its platform is dead, or not ready yet";
	fault = fstat(l->fd, &st) == 0 ? scmi__shm_fault(&l->said, (uint64_t)st.st_size) : "cannot be looked at";
	if (fault != NULL)
		return fault;
	if (l->said.len[SCMI_MAILBOX_A2P] < l->capacity)
		return "the platform has smaller areas than the one before";
	return scmi__shm_lock(l->fd, SHM_AGENT) ? NULL : "another agent is there";
}

static int make_connection(struct link *l, const struct scmi_why *why)
{
	const char *fault;

	l->fd = shm_open(l->name, O_RDWR | O_CLOEXEC, 0);
	if (l->fd < 0)
		return scmi__why(why, errno == ENOENT ? SCMI_E_NOPEER : SCMI_E_IO,
				 errno == ENOENT ? "shm=%s: no platform is there" : "shm=%s: cannot be opened",
				 l->name);
	fault = claim(l);
	if (fault != NULL) {
		scmi__fd_close(&l->fd);
		return scmi__why(why, SCMI_E_NOPEER, "shm=%s: %s", l->name, fault);
	}
	if (!fill_place(l, l->fd, l->said.bytes)) {
		scmi__fd_close(&l->fd);
		return scmi__why(why, SCMI_E_IO, "shm=%s: cannot be mapped", l->name);
	}
	if (take_ticket(l))
		return SCMI_OK;
	disconnect(l);
	return scmi__why(why, SCMI_E_NOPEER, "shm=%s: the platform does not answer", l->name);
}

/* ---- the doorbell ---- */

static bool platform_lives(struct link *l)
{
	return is_served(l) && scmi__shm_is_locked(l->fd, SHM_PLATFORM);
}

static int bell_start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct link *l = ctx;
	int err;

	(void)mailbox;
	if (l->fd >= 0 && !platform_lives(l))
		disconnect(l);
	err = l->fd >= 0 ? SCMI_OK : make_connection(l, NULL);
	if (err != SCMI_OK)
		return err;
	scmi__shm_areas(&l->said, l->head, areas);
	l->seen = scmi__futex_count(&l->head->to_agent);
	atomic_store(&l->looked, scmi__tick_ms());
	atomic_store(&l->lost, 0u);
	l->patience_us = RETURN_US;
	return SCMI_OK;
}

static void bell_stop(void *ctx)
{
	disconnect(ctx);
}

/* Not at every turn: a lock costs a system call, a look whom the platform serves nothing. The first to see it tells. */
static void look_for_platform(struct link *l)
{
	const uint32_t now = scmi__tick_ms();

	if (is_served(l) && now - atomic_load_explicit(&l->looked, memory_order_relaxed) < LOOK_AGAIN_US / 2u / 1000u)
		return;
	atomic_store_explicit(&l->looked, now, memory_order_relaxed);
	if (!platform_lives(l) && atomic_exchange(&l->lost, 1u) == 0)
		scmi_mailbox_lost(&l->mailbox, SCMI_E_LINK);
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct link *l = ctx;

	if (signal == SCMI_MAILBOX_TX) {
		look_for_platform(l);
		if (atomic_load_explicit(&l->lost, memory_order_relaxed) != 0)
			return SCMI_E_NOPEER;
	}
	scmi__futex_ring(&l->head->to_platform);
	return SCMI_OK;
}

static void bell_wait(void *ctx, uint64_t deadline_us)
{
	struct link *l = ctx;
	bool rung = false;

	while (!rung && atomic_load(&l->woken) == 0 && atomic_load(&l->lost) == 0) {
		const uint64_t now_us = scmi__now_us();
		const uint64_t nap_us = now_us + LOOK_AGAIN_US;

		rung = scmi__futex_wait(&l->head->to_agent, &l->seen, &l->woken,
					deadline_us < nap_us ? deadline_us : nap_us);
		look_for_platform(l);
		if (now_us >= deadline_us)
			break;
	}
	atomic_store(&l->woken, 0u);
}

static void bell_wake(void *ctx)
{
	struct link *l = ctx;

	atomic_store(&l->woken, 1u);
	scmi__futex_ring(&l->head->to_agent);
}

/* There is no descriptor; but so who polls only learns that the platform is dead. */
static void clear(void *ctx)
{
	look_for_platform(ctx);
}

/* ---- opening and closing ---- */

static void free_link(struct link *l)
{
	disconnect(l);
	if (l->head != NULL)
		munmap(l->head, SHM_BYTES_MAX);
	free(l);
}

static int parse(struct link *l, const char *rest, const struct scmi_why *why)
{
	struct scmi__key key;
	int err = scmi__key_next(&rest, &key, why); /* shm=, as the scheme has seen */

	if (err == SCMI_OK)
		err = scmi__shm_name(&key, l->name, why);
	return err == SCMI_OK ? scmi__key_none(&rest, why) : err;
}

static int make(struct link *l, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		const struct scmi_why *why)
{
	struct scmi_mailbox_config config = {
		.size = sizeof(config), .flags = SCMI_MAILBOX_FRESH, .doorbell = &l->bell, .port = port};
	int err = parse(l, rest, why);
	void *place;

	if (err != SCMI_OK)
		return err;
	place = mmap(NULL, SHM_BYTES_MAX, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (place == MAP_FAILED)
		return scmi__why(why, SCMI_E_IO, "shm=%s: no memory left", l->name);
	l->head = place;
	err = make_connection(l, why);
	if (err != SCMI_OK)
		return err;
	l->capacity = l->said.len[SCMI_MAILBOX_A2P];
	config.max_payload = l->capacity - SCMI_SHMEM_PAYLOAD;
	config.areas[SCMI_MAILBOX_P2A].len = l->said.len[SCMI_MAILBOX_P2A];
	err = scmi_mailbox_init(&l->mailbox, &config, transport);
	transport->timeout_us = REPLY_US;
	return err == SCMI_OK ? err : scmi__why(why, err, "shm=%s: no mailbox can be made of it", l->name);
}

static int shm_open_link(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
			 const struct scmi_why *why)
{
	struct link *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->way = &scmi__way_shm;
	l->fd = -1;
	l->patience_us = WELCOME_US;
	l->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "shm",
		.ctx = l,
		.start = bell_start,
		.stop = bell_stop,
		.ring = ring,
		.wait = bell_wait,
		.wake = bell_wake,
		.clear = clear,
	};
	err = make(l, rest, port, transport, why);
	if (err == SCMI_OK)
		*link = l;
	else
		free_link(l);
	return err;
}

static void shm_close(void *link)
{
	free_link(link);
}

const struct scmi__way scmi__way_shm = {
	.key = "shm",
	.open = shm_open_link,
	.close = shm_close,
	.listen = scmi__shm_listen,
	.agents = scmi__shm_agents,
	.endpoint = scmi__shm_endpoint,
	.run = scmi__shm_run,
	.end = scmi__shm_end,
	.unlisten = scmi__shm_unlisten,
};
