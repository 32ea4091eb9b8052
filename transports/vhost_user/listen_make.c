/* SPDX-License-Identifier: BSD-3-Clause */
/* "vhost-user:PATH" and "vhost-user:fd=N" on the platform's side: the keys, and what a listener is made of. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "listen.h"

#define AGENTS_DEFAULT 16u
#define AGENTS_MAX     254u
#define MODE_DEFAULT   0600u
#define MEMORY_MAX     65536u /* GiB, of one guest */
#define MEMORY_DEFAULT (SIZE_MAX > UINT32_MAX ? 1024u : 1u)
#define GIB            (UINT64_C(1) << 30)
#define SPACE          ((SIZE_MAX > UINT32_MAX ? 131072u : 4u) - 1u) /* GiB of addresses, less one for ourselves */
#define POLL_US_MAX    1000000u

#define PROTOCOL (VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_STATUS)

/* What the URI says of the socket. */
struct wish {
	uint32_t mode;
	int fd;          /* that somebody else listens at; -1: one of our own */
	uint32_t memory; /* GiB; 0: not said */
};

/* ---- keys ---- */

static int parse_switch(const struct scmi__key *key, uint64_t bit, uint64_t *protocol, const struct scmi_why *why)
{
	uint32_t on = 0;
	int err = scmi__key_number(key, 0, 1, &on, why);

	if (err == SCMI_OK && on != 0)
		*protocol |= bit;
	return err;
}

static int parse_mode(const struct scmi__key *key, struct wish *wish, const struct scmi_why *why)
{
	if (wish->fd >= 0)
		return scmi__key_bad(key, why, "who has made the socket has decided that");
	return scmi__key_octal(key, 0777, &wish->mode, why);
}

static int parse_key(struct listener *l, struct wish *wish, const struct scmi__key *key, uint32_t *had,
		     const struct scmi_why *why)
{
	static const char *const names[] = {"agents", "mode", "uid", "features", "slots", "inflight", "memory", "poll"};

	switch (scmi__key_of(key, names, sizeof(names) / sizeof(names[0]), had)) {
	case 0:
		return scmi__key_number(key, 1, AGENTS_MAX, &l->n, why);
	case 1:
		return parse_mode(key, wish, why);
	case 2:
		l->has_uid = true;
		return scmi__key_number(key, 0, UINT32_MAX - 1u, &l->uid, why);
	case 3:
		return scmi__vu_key_features(key, SCMI_VIRTIO_OFFER_DEFAULT, &l->offer.features, why);
	case 4:
		return parse_switch(key, VU_PF_MEM_SLOTS, &l->offer.protocol, why);
	case 5:
		return parse_switch(key, VU_PF_INFLIGHT_SHMFD, &l->offer.protocol, why);
	case 6:
		return scmi__key_number(key, 1, MEMORY_MAX, &wish->memory, why);
	case 7:
		return scmi__key_number(key, 0, POLL_US_MAX, &l->poll_us, why);
	default:
		return scmi__key_unknown(key, why);
	}
}

/* A path is what does not begin like a key: "./fd=3" is one. */
static int parse_place(struct listener *l, struct wish *wish, const char **rest, const struct scmi_why *why)
{
	const bool is_fd = *rest != NULL && strncmp(*rest, "fd=", 3) == 0;
	struct scmi__key key = {0};
	uint32_t number = 0;
	int err = is_fd ? scmi__key_next(rest, &key, why) : scmi__key_bare(rest, "PATH or fd=N", &key, why);

	if (err == SCMI_OK && is_fd)
		err = scmi__key_number(&key, 0, INT_MAX, &number, why);
	if (err != SCMI_OK)
		return err;
	if (!is_fd)
		return scmi__key_text(&key, l->name.path, sizeof(l->name.path), why);
	wish->fd = (int)number;
	(void)snprintf(l->name.path, sizeof(l->name.path), "fd=%d", wish->fd);
	return SCMI_OK;
}

/*
 * What was not said is what fits, at least one: on a 32-bit machine that is a bound for one guest, and not all of them
 * may have it.
 */
static int bound_memory(struct listener *l, uint32_t gib, const struct scmi_why *why)
{
	const uint32_t each = SPACE / l->n;

	if (gib > each)
		return scmi__why(why, SCMI_E_INVAL,
				 "agents=%u times memory=%u does not fit in the %u GiB of addresses that a process has "
				 "as a rule",
				 l->n, gib, SPACE);
	if (gib == 0)
		gib = each == 0 ? 1u : each < MEMORY_DEFAULT ? each : MEMORY_DEFAULT;
	l->offer.memory_max = gib * GIB;
	return SCMI_OK;
}

static int parse(struct listener *l, struct wish *wish, const char *rest, const struct scmi_why *why)
{
	struct scmi__key key;
	uint32_t had = 0;
	int err = parse_place(l, wish, &rest, why);

	while (err == SCMI_OK && (err = scmi__key_next(&rest, &key, why)) == SCMI_OK)
		err = parse_key(l, wish, &key, &had, why);
	return err == SCMI_E_NOTFOUND ? bound_memory(l, wish->memory, why) : err;
}

/* ---- the socket ---- */

static int option_of(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, option, &value, &len) == 0 ? value : -1;
}

/* The number stays as it is; what we close at the end is a copy. */
static int take_given(struct listener *l, int fd, const struct scmi_why *why)
{
	int flags;

	if (option_of(fd, SO_DOMAIN) != AF_UNIX || option_of(fd, SO_TYPE) != SOCK_STREAM ||
	    option_of(fd, SO_ACCEPTCONN) != 1)
		return scmi__why(why, SCMI_E_INVAL, "fd=%d: a Unix stream socket that is listened at is wanted", fd);
	flags = fcntl(fd, F_GETFL);
	l->sock = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (l->sock < 0 || flags < 0 || fcntl(l->sock, F_SETFL, flags | O_NONBLOCK) != 0)
		return scmi__why(why, SCMI_E_IO, "fd=%d: %s", fd, strerror(errno));
	scmi__want_descriptors(l->sock, true);
	return SCMI_OK;
}

static int take_name(struct listener *l, uint32_t mode, const struct scmi_why *why)
{
	int err = scmi__name_take(&l->name, mode, &l->sock, why);

	l->has_name = err == SCMI_OK;
	return err;
}

/*
 * Whom we would have to ring so that it cannot make us wait: root, and whoever may come. For those who are expected
 * what that takes is had before they can use it up. A front end may still turn out to be another user's than the one
 * who has connected: then it is the session's to see.
 */
static int expect_strangers(struct listener *l, const struct scmi_why *why)
{
	const uid_t self = geteuid();

	if (self == 0 && (!l->has_uid || l->uid == self))
		return SCMI_OK;
	return scmi__ringer_open(&l->ringer, l->name.path, why);
}

/* ---- made and unmade ---- */

static int open_seats(struct listener *l, const struct scmi_port *port, const struct scmi_why *why)
{
	l->seats = calloc(l->n, sizeof(*l->seats));
	if (l->seats == NULL)
		return scmi__why(why, SCMI_E_IO, "%s: no memory left", l->name.path);
	for (uint32_t i = 0; i < l->n; i++) {
		struct seat *s = &l->seats[i];

		s->watched[SCMI_VIRTIO_CMDQ] = s->watched[SCMI_VIRTIO_EVENTQ] = -1;
		if (scmi__vu_session_open(&s->session, &l->offer, l->wake_fd, port) != SCMI_OK)
			return scmi__why(why, SCMI_E_IO, "%s: no memory left for %u agents", l->name.path, l->n);
		s->is_open = true;
	}
	return SCMI_OK;
}

static int make(struct listener *l, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	struct wish wish = {.mode = MODE_DEFAULT, .fd = -1};
	int err = parse(l, &wish, rest, why);

	if (err != SCMI_OK)
		return err;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = scmi__event_open();
	if (l->epoll < 0 || l->wake_fd < 0 || !scmi__vu_watch(l, l->wake_fd, EPOLLIN, VU_EVENT_WAKE, 0))
		return scmi__why(why, SCMI_E_IO, "%s: no descriptors left", l->name.path);
	if (scmi__vu_guard() != SCMI_OK)
		return scmi__why(why, SCMI_E_IO, "%s: no handler for SIGBUS: %s", l->name.path, strerror(errno));
	err = open_seats(l, port, why);
	if (err == SCMI_OK)
		err = expect_strangers(l, why);
	if (err == SCMI_OK)
		err = wish.fd >= 0 ? take_given(l, wish.fd, why) : take_name(l, wish.mode, why);
	if (err == SCMI_OK)
		scmi__want_senders(l->sock, true); /* inherited: nothing is sent before it is so */
	if (err == SCMI_OK && !scmi__vu_watch(l, l->sock, EPOLLIN, VU_EVENT_LISTEN, 0))
		err = scmi__why(why, SCMI_E_IO, "%s: the system cannot watch it", l->name.path);
	return err;
}

void scmi__vu_unlisten(void *listener)
{
	struct listener *l = listener;

	for (uint32_t i = 0; l->seats != NULL && i < l->n && l->seats[i].is_open; i++)
		scmi__vu_session_close(&l->seats[i].session);
	free(l->seats);
	scmi__ringer_close(&l->ringer);
	if (l->has_name)
		scmi__name_leave(&l->name);
	scmi__fd_close(&l->sock);
	scmi__fd_close(&l->wake_fd);
	scmi__fd_close(&l->epoll);
	free(l);
}

int scmi__vu_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	struct listener *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->sock = l->epoll = l->wake_fd = l->ringer.ready = -1;
	l->name = (struct scmi__name){.label = "", .type = SOCK_STREAM, .takes_fds = true};
	l->offer = (struct vu_offer){.features = SCMI_VIRTIO_OFFER_DEFAULT,
				     .protocol = PROTOCOL,
				     .queue_max = SCMI_VIRTIO_QUEUE_MAX,
				     .ringer = &l->ringer};
	l->n = AGENTS_DEFAULT;
	err = make(l, rest, port, why);
	if (err == SCMI_OK)
		*listener = l;
	else
		scmi__vu_unlisten(l);
	return err;
}

uint32_t scmi__vu_agents(const void *listener)
{
	return ((const struct listener *)listener)->n;
}

const struct scmi_endpoint *scmi__vu_endpoint(const void *listener, uint32_t i)
{
	return &((const struct listener *)listener)->seats[i].session.endpoint;
}
