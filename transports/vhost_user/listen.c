/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The back end's thread: the socket, its connections, their doorbells.
 *
 * Of a doorbell it takes edges. Each turn every guest gets as much as the others; who has more waits for the next one.
 * Who is to go is told of in one line.
 *
 * With poll=US a guest that has just asked for something is not waited for asleep: its rings are looked at again and
 * again until it has been quiet for so long. It is asked for no doorbell meanwhile, but by then at the latest. Every
 * SOCKETS_US everything else gets its turn, by a system call: sockets, the doorbells of the others, the end.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

/* Linux 6.5 knows it, C libraries may not yet. */
#ifndef SO_PASSPIDFD
#define SO_PASSPIDFD 76
#endif

#define BATCH      16 /* commands of one guest in a turn */
#define MESSAGES   16 /* of its front end */
#define EVENTS     64
#define ACCEPTS    16      /* in a turn */
#define NO_ROOM_US 100000u /* until it is tried again to take somebody in, when the system has no descriptor left */
#define DRAIN_MS   1       /* between two looks whether the commands of a ring that is to stop have ended */

#define LOOKS        256u /* at rings, between two looks at the clock */
#define COMMAND_COST 16u  /* a command takes as long as so many of them, or longer */
#define SOCKETS_US   20u

#define LINE_BYTES    300u
#define LINES         10u /* a second */
#define LINES_FROM_US 1000000u

/* ---- a line on standard error ---- */

/* A guest that comes, breaks the rules and comes again shall not fill the log. */
static bool may_tell(struct listener *l)
{
	const uint64_t now_us = scmi__now_us();

	if (now_us - l->told_from_us >= LINES_FROM_US) {
		l->told_from_us = now_us;
		l->told = 0;
	}
	if (l->told < LINES) {
		l->told++;
		return true;
	}
	l->untold++;
	return false;
}

/* At one stroke, so that lines of several threads stay whole. */
__attribute__((format(printf, 2, 3))) static void tell_line(struct listener *l, const char *format, ...)
{
	char line[LINE_BYTES];
	va_list args;
	int len;

	if (!may_tell(l))
		return;
	len = snprintf(line, sizeof(line), "vhost-user:%s: ", l->name.path);
	va_start(args, format);
	/* The analyser takes va_start() for nothing. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
	len += vsnprintf(line + len, sizeof(line) - (size_t)len, format, args);
	va_end(args);
	if (l->untold != 0 && len < (int)sizeof(line))
		len += snprintf(line + len, sizeof(line) - (size_t)len, " (and %u lines before that)", l->untold);
	l->untold = 0;
	if (len > (int)sizeof(line) - 1)
		len = (int)sizeof(line) - 1;
	line[len] = '\n'; /* in the NUL's place */
	if (write(STDERR_FILENO, line, (size_t)len + 1u) < 0)
		return; /* nobody wants to know */
}

/* ---- what is watched ---- */

bool scmi__vu_watch(struct listener *l, int fd, uint32_t events, enum vu_event kind, uint32_t seat)
{
	struct epoll_event e = {.events = events, .data.u64 = (uint64_t)kind << 32 | seat};

	return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) == 0;
}

static uint32_t index_of(const struct listener *l, const struct seat *s)
{
	return (uint32_t)(s - l->seats);
}

/*
 * Before the session may close one: the guest has it, too, so that closing does not take it out, and afterwards it could
 * not be taken out any more.
 */
static void unwatch_kicks(struct listener *l, struct seat *s)
{
	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++) {
		if (s->watched[q] >= 0)
			(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->watched[q], NULL);
		s->watched[q] = -1;
	}
}

/* One that has been rung meanwhile is reported at once; so is one that was rung long ago, which is not its doing. */
static bool watch_kicks(struct listener *l, struct seat *s)
{
	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++) {
		const int fd = s->session.ring[q].kick;

		if (fd < 0)
			continue;
		if (!scmi__vu_watch(l, fd, EPOLLIN | EPOLLET, VU_EVENT_KICK, index_of(l, s)))
			return false;
		s->watched[q] = fd;
		s->session.anew = true;
	}
	return true;
}

/* ---- guests come and go ---- */

static void end_poll(struct listener *l, struct seat *s)
{
	if (s->poll_until_us != 0)
		l->polled_n--;
	s->poll_until_us = 0;
	s->session.polled = s->asks = false;
}

static void send_away(struct listener *l, struct seat *s)
{
	if (s->session.sock < 0)
		return;
	end_poll(l, s);
	unwatch_kicks(l, s);
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, s->session.sock, NULL);
	scmi__vu_session_end(&s->session);
	s->came = s->rung = false;
	l->deaf_until_us = 0; /* there is room again */
}

static void send_away_for(struct listener *l, struct seat *s, const char *why)
{
	tell_line(l, "guest %u sent away: %s", index_of(l, s) + 1u, why != NULL ? why : "it breaks the protocol");
	send_away(l, s);
}

static bool has_hung_up(int sock)
{
	struct pollfd p = {.fd = sock, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 1 && (p.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/* One that is free; who has gone without our having noticed makes room. */
static struct seat *free_seat(struct listener *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		if (l->seats[i].session.sock >= 0 && has_hung_up(l->seats[i].session.sock))
			send_away(l, &l->seats[i]);
		if (l->seats[i].session.sock < 0)
			return &l->seats[i];
	}
	return NULL;
}

/*
 * Whoever made the socket (systemd, say) may have asked for more than the user who has sent each message; an accepted
 * one inherits that. It would come among the descriptors, in their room, and one such thing is a descriptor itself.
 */
static void want_no_names(int sock)
{
	static const int options[] = {SO_PASSSEC, SO_PASSPIDFD};
	const int off = 0;

	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		(void)setsockopt(sock, SOL_SOCKET, options[i], &off, sizeof(off)); /* a kernel without it has it off */
}

static void let_in(struct listener *l, int sock)
{
	const bool may_come = scmi__name_lets_in(sock, l->has_uid, l->uid);
	struct seat *s = may_come ? free_seat(l) : NULL;

	if (s == NULL) {
		if (may_come)
			tell_line(l, "one guest too many sent away: there are %u", l->n);
		else
			tell_line(l, "a guest of another user's sent away: see uid=");
		(void)close(sock);
		return;
	}
	want_no_names(sock);
	s->came = s->rung = false;
	scmi__vu_session_begin(&s->session, sock);
	if (!scmi__vu_watch(l, sock, EPOLLIN | EPOLLRDHUP | EPOLLET, VU_EVENT_LINE, index_of(l, s)))
		send_away_for(l, s, "the system cannot watch one more");
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

static void listen_again(struct listener *l)
{
	const uint64_t now_us = l->deaf ? scmi__now_us() : 0;

	if (!l->deaf || now_us < l->deaf_until_us)
		return;
	l->deaf = !scmi__vu_watch(l, l->sock, EPOLLIN, VU_EVENT_LISTEN, 0);
	l->deaf_until_us = now_us + NO_ROOM_US;
}

/* ---- a turn ---- */

static bool drains(const struct seat *s)
{
	return s->session.drain_until_us != 0;
}

/* There will be no doorbell: somebody has to look again and again. */
static bool has_no_bell(const struct seat *s)
{
	const struct vu_ring *r = s->session.ring;

	for (uint32_t q = 0; q < SCMI_VIRTIO_QUEUES; q++) {
		if (r[q].runs && r[q].kick < 0)
			return true;
	}
	return false;
}

/* A ring that is to stop is not rung for: its doorbells count as new when they are watched again. */
static void read_socket(struct listener *l, struct seat *s)
{
	int err;

	unwatch_kicks(l, s);
	err = scmi__vu_session_read(&s->session, MESSAGES);
	s->came = err == SCMI_E_BUSY;
	if (err == SCMI_E_NOPEER)
		send_away(l, s);
	else if (err != SCMI_OK && err != SCMI_E_BUSY)
		send_away_for(l, s, s->session.why);
	else if (!drains(s) && !watch_kicks(l, s))
		send_away_for(l, s, "its doorbell cannot be watched");
}

/* How long follows from the next look at the clock. */
static void begin_poll(struct listener *l, struct seat *s)
{
	if (s->poll_until_us == 0) {
		l->polled_n++;
		s->poll_until_us = UINT64_MAX;
	}
	s->asks = true;
}

/* Who wants something will be polled, and is not asked for doorbells that would come then. */
static int serve_and_poll(struct listener *l, struct seat *s, bool rung)
{
	int n;

	s->session.polled = true;
	n = scmi__vu_session_serve(&s->session, BATCH, rung);
	if (n > 0)
		begin_poll(l, s);
	if (n != 0 || s->poll_until_us != 0)
		return n;
	s->session.polled = false;
	return scmi__vu_session_serve(&s->session, BATCH, false);
}

static void serve(struct listener *l, struct seat *s)
{
	const bool rung = s->rung;
	int n;

	s->rung = false;
	atomic_store(&s->session.again, 0u);
	n = l->poll_us != 0 ? serve_and_poll(l, s, rung) : scmi__vu_session_serve(&s->session, BATCH, rung);
	if (n < 0)
		send_away_for(l, s, s->session.why);
}

static bool is_marked(const struct seat *s)
{
	return s->rung || atomic_load_explicit(&s->session.again, memory_order_relaxed) != 0;
}

static void take_turn(struct listener *l)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct seat *s = &l->seats[i];

		if (s->session.sock >= 0 && (s->came || vu_session_ms(&s->session) == 0))
			read_socket(l, s);
		if (s->session.sock >= 0 && (is_marked(s) || has_no_bell(s)))
			serve(l, s);
	}
}

/* ---- without a doorbell ---- */

/* What is more than a command, serve() sees to. Returns how many commands. */
static uint32_t look_at_rings(struct listener *l, struct seat *s)
{
	int n;

	if (drains(s))
		return 0;
	n = scmi_virtio_device_serve(s->session.device, BATCH);
	if (n > 0)
		s->asks = true;
	if (n < 0 || atomic_load_explicit(&s->session.torn, memory_order_relaxed) != 0) {
		end_poll(l, s);
		atomic_store(&s->session.again, 1u);
	}
	return n > 0 ? (uint32_t)n : 0;
}

static uint32_t look_at_all(struct listener *l)
{
	uint32_t commands = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		if (l->seats[i].poll_until_us != 0)
			commands += look_at_rings(l, &l->seats[i]);
	}
	return commands;
}

/* Who has been quiet for long enough is asked for doorbells, and looked at once more. */
static void look_at_clock(struct listener *l, uint64_t now_us)
{
	for (uint32_t i = 0; i < l->n; i++) {
		struct seat *s = &l->seats[i];

		if (s->poll_until_us == 0)
			continue;
		if (s->asks) {
			s->asks = false;
			s->poll_until_us = now_us + l->poll_us;
		} else if (now_us >= s->poll_until_us) {
			end_poll(l, s);
			serve(l, s);
		}
	}
}

/* Until it is time for everything else. */
static void poll_rings(struct listener *l)
{
	uint64_t now_us = scmi__now_us();
	const uint64_t until_us = now_us + SOCKETS_US;

	look_at_clock(l, now_us);
	while (l->polled_n != 0 && now_us < until_us && atomic_load_explicit(&l->ended, memory_order_relaxed) == 0) {
		for (uint32_t looks = 0; looks < LOOKS; looks += 1u + l->n / COMMAND_COST)
			looks += look_at_all(l) * COMMAND_COST;
		now_us = scmi__now_us();
		look_at_clock(l, now_us);
	}
}

/* ---- what has come ---- */

static void take_event(struct listener *l, const struct epoll_event *e)
{
	struct seat *s = &l->seats[(uint32_t)e->data.u64 % l->n];

	/* Of the same turn, another guest may sit there by now: both are looked at once too often then. */
	switch ((enum vu_event)(e->data.u64 >> 32)) {
	case VU_EVENT_WAKE:
		scmi__event_lower(l->wake_fd);
		break;
	case VU_EVENT_LISTEN:
		accept_some(l);
		break;
	case VU_EVENT_LINE:
		s->came = true;
		break;
	case VU_EVENT_KICK:
	default:
		s->rung = true;
		break;
	}
}

/* How long a seat lets the next turn wait for events, in milliseconds; -1: as long as it may be. */
static int seat_ms(const struct seat *s)
{
	if (s->session.sock < 0)
		return -1;
	if (is_marked(s) || has_no_bell(s) || (s->came && !drains(s)))
		return 0;
	return drains(s) ? DRAIN_MS : vu_session_ms(&s->session);
}

static int turn_ms(const struct listener *l)
{
	int ms = l->polled_n != 0 ? 0 : -1;

	if (l->deaf && ms != 0) {
		const uint64_t now_us = scmi__now_us();

		ms = now_us < l->deaf_until_us ? (int)((l->deaf_until_us - now_us) / 1000u) + 1 : 0;
	}
	for (uint32_t i = 0; i < l->n && ms != 0; i++) {
		const int its = seat_ms(&l->seats[i]);

		if (its >= 0 && (ms < 0 || its < ms))
			ms = its;
	}
	return ms;
}

/* A fault in a guest's memory has to find its handler: in a thread that blocks it, it ends the process. */
static void unblock_faults(void)
{
	sigset_t faults;

	(void)sigemptyset(&faults);
	(void)sigaddset(&faults, SIGBUS);
	(void)pthread_sigmask(SIG_UNBLOCK, &faults, NULL);
}

int scmi__vu_run(void *listener)
{
	struct listener *l = listener;
	struct epoll_event events[EVENTS];
	bool works = true;

	unblock_faults();
	while (atomic_load(&l->ended) == 0 && works) {
		int n;

		if (l->polled_n != 0)
			poll_rings(l);
		n = epoll_wait(l->epoll, events, EVENTS, turn_ms(l));
		works = n >= 0 || errno == EINTR;
		listen_again(l);
		for (int i = 0; i < n; i++)
			take_event(l, &events[i]);
		take_turn(l);
	}
	for (uint32_t i = 0; i < l->n; i++)
		send_away(l, &l->seats[i]);
	return atomic_exchange(&l->ended, 0u) != 0 ? SCMI_OK : SCMI_E_IO;
}

void scmi__vu_end(void *listener)
{
	struct listener *l = listener;

	atomic_store(&l->ended, 1u);
	(void)scmi__event_raise(l->wake_fd);
}
