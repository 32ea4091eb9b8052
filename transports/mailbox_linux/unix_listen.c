/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "unix=PATH", the platform's side: one thread for the socket, its connections and their doorbells.
 *
 * Of an agent's doorbell it takes edges, without a read; of its life line everything is an end. Whoever is served and
 * has more to be served is served again after the others.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "seat.h"

#define AGENTS_DEFAULT 16u
#define AGENTS_MAX     254u
#define BATCH          16 /* commands of one agent in a turn */
#define EVENTS         16
#define ACCEPTS        16      /* in a turn */
#define NO_ROOM_US     100000u /* until it is tried again to take somebody in, when the system has no descriptor left */

/* What an event is about: a kind, and which seat. */
enum kind { KIND_WAKE, KIND_LISTEN, KIND_LINE, KIND_BELL };

struct listener {
	const struct scmi__way *way;
	struct scmi__name name;
	uint32_t mode;
	uint32_t area;
	uint32_t uid; /* that is let in, too */
	bool has_uid;
	int sock;
	int epoll;
	int wake_fd;
	_Atomic uint32_t ended;
	bool deaf; /* the socket is not watched for a while */
	uint64_t deaf_until_us;
	uint32_t n;
	struct seat *seats;
};

/* ---- events ---- */

static bool watch(struct listener *l, int fd, uint32_t events, enum kind kind, uint32_t seat)
{
	struct epoll_event e = {.events = events, .data.u64 = (uint64_t)kind << 32 | seat};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

/* The eventfd is the agent's, too, so closing it does not take it out. */
static void send_away(struct listener *l, struct seat *s)
{
	if (s->sock < 0)
		return;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->sock, NULL);
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->rung_fd, NULL);
	scmi__seat_leave(s);
	l->deaf_until_us = 0; /* there is room again */
}

static bool may_come(const struct listener *l, int sock)
{
	return scmi__name_lets_in(sock, l->has_uid, l->uid);
}

/* One that is free; who has gone without our having noticed makes room. */
static struct seat *free_seat(struct listener *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->seats[i].sock < 0)
			return &l->seats[i];
	}
	for (uint32_t i = 0; i < l->n; i++) {
		if (scmi__unix_is_over(l->seats[i].sock)) {
			send_away(l, &l->seats[i]);
			return &l->seats[i];
		}
	}
	return NULL;
}

/* The verdict is said before the connection is closed: what was sent can be read all the same. */
static void let_in(struct listener *l, int sock)
{
	struct seat *s = may_come(l, sock) ? free_seat(l) : NULL;
	uint32_t i;

	if (s == NULL) {
		scmi__seat_refuse(sock, may_come(l, sock) ? UNIX_FULL : UNIX_DENIED);
		close(sock);
		return;
	}
	i = (uint32_t)(s - l->seats);
	if (scmi__seat_take(s, sock, l->area) != SCMI_OK) {
		scmi__seat_refuse(sock, UNIX_FAILED);
		close(sock);
		return;
	}
	if (!watch(l, s->sock, EPOLLIN | EPOLLRDHUP, KIND_LINE, i) ||
	    !watch(l, s->rung_fd, EPOLLIN | EPOLLET, KIND_BELL, i))
		send_away(l, s);
}

/* Where there is no descriptor left the socket would be ready for ever: it is left alone for a while. */
static void accept_some(struct listener *l)
{
	for (int i = 0; i < ACCEPTS; i++) {
		const int sock = accept4(l->sock, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (sock >= 0) {
			let_in(l, sock);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->sock, NULL);
			l->deaf = true;
			l->deaf_until_us = scmi__now_us() + NO_ROOM_US;
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

/* ---- a turn ---- */

static void serve_marked(struct listener *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct seat *s = &l->seats[i];

		if (atomic_load_explicit(&s->again, memory_order_relaxed) == 0)
			continue;
		atomic_store(&s->again, 0u);
		if (s->sock >= 0 && scmi_mailbox_end_serve(s->end, BATCH) == BATCH)
			atomic_store(&s->again, 2u); /* in the next turn, without a wake-up */
	}
}

static bool has_more(const struct listener *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (atomic_load_explicit(&l->seats[i].again, memory_order_relaxed) != 0)
			return true;
	}
	return false;
}

static void take_event(struct listener *l, const struct epoll_event *e)
{
	struct seat *s = &l->seats[(uint32_t)e->data.u64 % l->n];

	switch ((enum kind)(e->data.u64 >> 32)) {
	case KIND_WAKE:
		scmi__event_lower(l->wake_fd);
		break;
	case KIND_LISTEN:
		accept_some(l);
		break;
	case KIND_LINE:
		/* Of the same turn, another agent may sit there by now. */
		if (s->sock >= 0 && scmi__unix_is_over(s->sock))
			send_away(l, s);
		break;
	case KIND_BELL:
	default:
		atomic_store_explicit(&s->again, 2u, memory_order_relaxed);
		break;
	}
}

static void listen_again(struct listener *l)
{
	const uint64_t now_us = l->deaf ? scmi__now_us() : 0;

	if (!l->deaf || now_us < l->deaf_until_us)
		return;
	l->deaf = !watch(l, l->sock, EPOLLIN, KIND_LISTEN, 0);
	l->deaf_until_us = now_us + NO_ROOM_US;
}

/* How long the next turn may wait for events, in milliseconds. */
static int turn_ms(const struct listener *l)
{
	uint64_t now_us;

	if (has_more(l))
		return 0;
	if (!l->deaf)
		return -1;
	now_us = scmi__now_us();
	return now_us < l->deaf_until_us ? (int)((l->deaf_until_us - now_us) / 1000u) + 1 : 0;
}

int scmi__unix_run(void *listener)
{
	struct listener *l = listener;
	struct epoll_event events[EVENTS];
	bool works = true;

	while (atomic_load(&l->ended) == 0 && works) {
		const int n = epoll_wait(l->epoll, events, EVENTS, turn_ms(l));

		works = n >= 0 || errno == EINTR;
		listen_again(l);
		for (int i = 0; i < n; i++)
			take_event(l, &events[i]);
		serve_marked(l);
	}
	for (uint32_t i = 0; i < l->n; i++)
		send_away(l, &l->seats[i]);
	return atomic_exchange(&l->ended, 0u) != 0 ? SCMI_OK : SCMI_E_IO;
}

void scmi__unix_end(void *listener)
{
	struct listener *l = listener;

	atomic_store(&l->ended, 1u);
	(void)scmi__event_raise(l->wake_fd);
}

/* ---- made and unmade ---- */

static int parse_key(struct listener *l, const struct scmi__key *key, uint32_t *had, const struct scmi_why *why)
{
	static const char *const names[] = {"size", "agents", "mode", "uid"};

	switch (scmi__key_of(key, names, sizeof(names) / sizeof(names[0]), had)) {
	case 0:
		return scmi__key_area(key, &l->area, why);
	case 1:
		return scmi__key_number(key, 1, AGENTS_MAX, &l->n, why);
	case 2:
		return scmi__key_octal(key, 0777, &l->mode, why);
	case 3:
		l->has_uid = true;
		return scmi__key_number(key, 0, UINT32_MAX - 1u, &l->uid, why);
	default:
		return scmi__key_unknown(key, why);
	}
}

static int parse(struct listener *l, const char *rest, const struct scmi_why *why)
{
	struct scmi__key key;
	uint32_t had = 0;
	int err = scmi__key_next(&rest, &key, why); /* unix=, as the scheme has seen */

	if (err == SCMI_OK)
		err = scmi__key_text(&key, l->name.path, sizeof(l->name.path), why);
	while (err == SCMI_OK && (err = scmi__key_next(&rest, &key, why)) == SCMI_OK)
		err = parse_key(l, &key, &had, why);
	return err == SCMI_E_NOTFOUND ? SCMI_OK : err;
}

static int open_seats(struct listener *l, const struct scmi_port *port, const struct scmi_why *why)
{
	l->seats = calloc(l->n, sizeof(*l->seats));
	if (l->seats == NULL)
		return scmi__why(why, SCMI_E_IO, "unix=%s: no memory left", l->name.path);
	for (uint32_t i = 0; i < l->n; i++)
		l->seats[i].sock = -1;
	for (uint32_t i = 0; i < l->n; i++) {
		if (scmi__seat_open(&l->seats[i], l->area, l->wake_fd, port) != SCMI_OK)
			return scmi__why(why, SCMI_E_IO, "unix=%s: no memory left for %u agents", l->name.path, l->n);
	}
	return SCMI_OK;
}

static int make(struct listener *l, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	int err = parse(l, rest, why);

	if (err != SCMI_OK)
		return err;
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake_fd = scmi__event_open();
	if (l->epoll < 0 || l->wake_fd < 0 || !watch(l, l->wake_fd, EPOLLIN, KIND_WAKE, 0))
		return scmi__why(why, SCMI_E_IO, "unix=%s: no descriptors left", l->name.path);
	err = open_seats(l, port, why);
	if (err == SCMI_OK)
		err = scmi__name_take(&l->name, l->mode, &l->sock, why);
	if (err == SCMI_OK && !watch(l, l->sock, EPOLLIN, KIND_LISTEN, 0))
		err = scmi__why(why, SCMI_E_IO, "unix=%s: the system cannot watch it", l->name.path);
	return err;
}

static void free_listener(struct listener *l)
{
	for (uint32_t i = 0; l->seats != NULL && i < l->n; i++)
		scmi__seat_close(&l->seats[i]);
	free(l->seats);
	if (l->sock >= 0)
		scmi__name_leave(&l->name);
	scmi__fd_close(&l->sock);
	scmi__fd_close(&l->wake_fd);
	scmi__fd_close(&l->epoll);
	free(l);
}

int scmi__unix_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	struct listener *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->way = &scmi__way_unix;
	l->sock = l->epoll = l->wake_fd = -1;
	l->name.label = "unix=";
	l->name.type = SOCK_SEQPACKET;
	l->mode = 0600;
	l->area = SCMI_SHMEM_BYTES_DEFAULT;
	l->n = AGENTS_DEFAULT;
	err = make(l, rest, port, why);
	if (err == SCMI_OK)
		*listener = l;
	else
		free_listener(l);
	return err;
}

void scmi__unix_unlisten(void *listener)
{
	free_listener(listener);
}

uint32_t scmi__unix_agents(const void *listener)
{
	return ((const struct listener *)listener)->n;
}

const struct scmi_endpoint *scmi__unix_endpoint(const void *listener, uint32_t i)
{
	return &((const struct listener *)listener)->seats[i].endpoint;
}
