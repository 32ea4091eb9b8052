/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "unix=PATH", the agent's side: a mailbox that is fresh with each connection.
 *
 * The first connection is made when the link is opened, for only the platform knows how much an area carries; it is
 * kept for the first start. A platform that goes is seen by whoever sleeps, by a loop of the user's, and by polls,
 * which look when 50 ms have passed.
 */
#define _GNU_SOURCE

#include <stdlib.h>
#include <sys/epoll.h>

#include "unix.h"

enum { TAG_RUNG = 1, TAG_LINE = 2 };

struct link {
	const struct scmi__way *way;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_doorbell bell;
	char path[SCMI__NAME_ROOM];
	uint32_t capacity;        /* what the agent was promised, in bytes of an area */
	int sock;                 /* -1: not connected */
	struct unix_gift gift;    /* while connected */
	struct scmi__sleep sleep; /* of wait() */
	struct scmi__sleep watch; /* what a loop of the user's sleeps on: its wake-up is raise() */
	_Atomic uint32_t watched; /* somebody does */
	_Atomic uint32_t raised;
	_Atomic uint32_t lost;
	_Atomic uint32_t looked; /* at the line, when last, in milliseconds */
	uint32_t patience_us;    /* with a platform that does not take us in */
};

/* ---- connections ---- */

/* A descriptor that another process has, too, is not taken out by closing it: a platform may have kept ours. */
static void unlink_fds(struct link *l)
{
	scmi__sleep_remove(&l->sleep, l->sock);
	scmi__sleep_remove(&l->watch, l->sock);
	scmi__sleep_remove(&l->sleep, l->gift.fd[UNIX_RUNG]);
	scmi__sleep_remove(&l->watch, l->gift.fd[UNIX_RUNG]);
}

static void disconnect(struct link *l)
{
	if (l->sock < 0)
		return;
	unlink_fds(l);
	scmi__fd_close(&l->sock);
	scmi__unix_gift_close(&l->gift);
}

static int add_fds(struct link *l, struct scmi__sleep *s)
{
	const int err = scmi__sleep_add(s, l->gift.fd[UNIX_RUNG], EPOLLIN, TAG_RUNG);

	return err == SCMI_OK ? scmi__sleep_add(s, l->sock, EPOLLIN | EPOLLRDHUP, TAG_LINE) : err;
}

static int make_connection(struct link *l, const struct scmi_why *why)
{
	int err = scmi__unix_connect(l->path, l->patience_us, &l->sock, &l->gift, why);

	if (err != SCMI_OK)
		return err;
	if (l->gift.hello.len[SCMI_MAILBOX_A2P] < l->capacity)
		err = scmi__why(why, SCMI_E_NOPEER, "unix=%s: the platform has smaller areas than the one before",
				l->path);
	else if (add_fds(l, &l->sleep) != SCMI_OK || add_fds(l, &l->watch) != SCMI_OK)
		err = scmi__why(why, SCMI_E_IO, "unix=%s: the system cannot watch it", l->path);
	if (err != SCMI_OK)
		disconnect(l);
	return err;
}

/* ---- the doorbell ---- */

static int bell_start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct link *l = ctx;
	int err;

	(void)mailbox;
	if (l->sock >= 0 && scmi__unix_is_over(l->sock))
		disconnect(l);
	err = l->sock >= 0 ? SCMI_OK : make_connection(l, NULL);
	if (err != SCMI_OK)
		return err;
	for (size_t i = 0; i < SCMI_MAILBOX_AREAS; i++) {
		areas[i] = (struct scmi_shmem){
			.mem = (unsigned char *)l->gift.mem + l->gift.hello.offset[i],
			.len = l->gift.hello.len[i],
			.flags = SCMI_SHMEM_WIDE,
		};
	}
	atomic_store(&l->looked, scmi__tick_ms());
	atomic_store(&l->lost, 0u);
	l->patience_us = RETURN_US;
	return SCMI_OK;
}

static void bell_stop(void *ctx)
{
	disconnect(ctx);
}

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	const struct link *l = ctx;

	(void)signal;
	return scmi__event_raise(l->gift.fd[UNIX_RING]) ? SCMI_OK : SCMI_E_IO;
}

/* The first to see it tells. What stays readable from now on shall keep nobody from sleeping. */
static void lose(struct link *l)
{
	if (atomic_exchange(&l->lost, 1u) != 0)
		return;
	unlink_fds(l);
	scmi_mailbox_lost(&l->mailbox, SCMI_E_LINK);
}

static void look_at_line(struct link *l)
{
	if (scmi__unix_is_over(l->sock))
		lose(l);
}

/* A platform that keeps the line but closes the doorbell is no platform any more, either. */
static void lower(struct link *l)
{
	if (!scmi__bell_lower(l->gift.fd[UNIX_RUNG]))
		lose(l);
}

static void bell_wait(void *ctx, uint64_t deadline_us)
{
	struct link *l = ctx;
	const uint32_t ready = scmi__sleep(&l->sleep, deadline_us);

	if ((ready & 1u << TAG_RUNG) != 0)
		lower(l);
	if ((ready & 1u << TAG_LINE) != 0)
		look_at_line(l);
}

static void bell_wake(void *ctx)
{
	struct link *l = ctx;

	scmi__sleep_wake(&l->sleep);
}

static int bell_fd(void *ctx)
{
	struct link *l = ctx;

	atomic_store(&l->watched, 1u);
	return l->watch.epoll;
}

/* For who polls only: not with each poll, for it is a system call. */
static void look_in_time(struct link *l)
{
	const uint32_t now = scmi__tick_ms();

	if (now - atomic_load_explicit(&l->looked, memory_order_relaxed) < LOOK_AGAIN_US / 2u / 1000u)
		return;
	atomic_store_explicit(&l->looked, now, memory_order_relaxed);
	look_at_line(l);
}

static void clear(void *ctx)
{
	struct link *l = ctx;

	if (atomic_load_explicit(&l->watched, memory_order_relaxed) == 0) {
		look_in_time(l);
		return;
	}
	lower(l);
	if (atomic_exchange(&l->raised, 0u) != 0)
		scmi__event_lower(l->watch.wake);
	look_at_line(l);
}

static void bell_raise(void *ctx)
{
	struct link *l = ctx;

	/* Marked last: who takes the mark lowers what has been raised before it. */
	scmi__sleep_wake(&l->watch);
	atomic_store(&l->raised, 1u);
}

/* ---- opening and closing ---- */

static void free_link(struct link *l)
{
	disconnect(l);
	scmi__sleep_close(&l->watch);
	scmi__sleep_close(&l->sleep);
	free(l);
}

static int parse(struct link *l, const char *rest, const struct scmi_why *why)
{
	struct scmi__key key;
	int err = scmi__key_next(&rest, &key, why); /* unix=, as the scheme has seen */

	if (err == SCMI_OK)
		err = scmi__key_text(&key, l->path, sizeof(l->path), why);
	return err == SCMI_OK ? scmi__key_none(&rest, why) : err;
}

static int make(struct link *l, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		const struct scmi_why *why)
{
	struct scmi_mailbox_config config = {
		.size = sizeof(config), .flags = SCMI_MAILBOX_FRESH, .doorbell = &l->bell, .port = port};
	int err = parse(l, rest, why);

	if (err == SCMI_OK &&
	    (scmi__sleep_open(&l->sleep, true) != SCMI_OK || scmi__sleep_open(&l->watch, false) != SCMI_OK))
		err = scmi__why(why, SCMI_E_IO, "unix=%s: no descriptors left", l->path);
	if (err == SCMI_OK)
		err = make_connection(l, why);
	if (err != SCMI_OK)
		return err;
	l->capacity = l->gift.hello.len[SCMI_MAILBOX_A2P];
	config.max_payload = l->capacity - SCMI_SHMEM_PAYLOAD;
	config.areas[SCMI_MAILBOX_P2A].len = l->gift.hello.len[SCMI_MAILBOX_P2A];
	err = scmi_mailbox_init(&l->mailbox, &config, transport);
	transport->timeout_us = REPLY_US;
	return err == SCMI_OK ? err : scmi__why(why, err, "unix=%s: no mailbox can be made of it", l->path);
}

static int unix_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		     const struct scmi_why *why)
{
	struct link *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->way = &scmi__way_unix;
	l->sock = -1;
	l->patience_us = WELCOME_US;
	l->sleep = l->watch = SLEEP_NONE;
	l->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1,
		.name = "unix",
		.ctx = l,
		.start = bell_start,
		.stop = bell_stop,
		.ring = ring,
		.wait = bell_wait,
		.wake = bell_wake,
		.fd = bell_fd,
		.clear = clear,
		.raise = bell_raise,
	};
	err = make(l, rest, port, transport, why);
	if (err == SCMI_OK)
		*link = l;
	else
		free_link(l);
	return err;
}

static void unix_close(void *link)
{
	free_link(link);
}

const struct scmi__way scmi__way_unix = {
	.key = "unix",
	.open = unix_open,
	.close = unix_close,
	.listen = scmi__unix_listen,
	.agents = scmi__unix_agents,
	.endpoint = scmi__unix_endpoint,
	.run = scmi__unix_run,
	.end = scmi__unix_end,
	.unlisten = scmi__unix_unlisten,
};
