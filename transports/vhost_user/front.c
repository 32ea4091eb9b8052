/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * "vhost-user:PATH", the agent's side: a bus for the driver, with a back end of vhost-user behind it.
 *
 * The first connection is made when the link is opened, for only the back end knows what it offers; it is kept for the
 * first start. A stop ends it: there are back ends that begin anew only with a new connection. A back end that goes is
 * seen by whoever sleeps, by a loop of the user's, and by polls, which look when 50 ms have passed. From then on it is
 * nobody's any more, though it may live: memory and doorbells are replaced.
 *
 * How far a back end is trusted: it sees the rings and buffers, nothing else of this process, and can say what it
 * likes there; the driver bounds and checks that. It can wake who sleeps here as often as it likes. And it shares the
 * open file of the doorbell that we ring, which it may make one that waits, and fill. So one whose first reply does
 * not come from our own user, who could stop this process as it is, is rung in a way that never waits; it costs some
 * microseconds.
 */
#define _GNU_SOURCE

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "front.h"
#include "front_parts.h"
#include "internal.h"

enum { TAG_CALL = 1, TAG_LINE = 2 };

#define QUEUE_MAX 256u /* entries: more than that not every back end takes, and none tells how many it does */
#define DEPTH_MAX QUEUE_MAX
#define LOOK_MS   50u /* who polls only looks at the line this often */
#define NAP_NS    5000000

#define REASON_BYTES 400u

/* There are back ends that pack a long list into one reply. 31 commands and 16 events take 320 KiB, 256 take 2 MiB. */
#define MAX_PAYLOAD 4096u

struct link {
	char path[SCMI__NAME_ROOM];
	struct vu_line line;
	struct vu_share share;
	struct scmi_virtio_bus bus;
	struct scmi_virtio *driver;
	uint64_t features;              /* as the driver was told at first */
	uint64_t allowed;               /* of them may be negotiated */
	uint32_t depth;                 /* commands in flight; 0: the driver's default */
	struct scmi_virtio_setup setup; /* while started */
	bool started;
	struct scmi__sleep sleep; /* of wait() */
	struct scmi__sleep watch; /* what a loop of the user's sleeps on: its wake-up is raise() */
	_Atomic uint32_t watched; /* somebody does */
	_Atomic uint32_t lost;
	_Atomic uint32_t careful;   /* the back end is somebody else's */
	struct scmi__ringer ringer; /* for it; opened with the first */
	_Atomic uint32_t looked;    /* at the line, when last, in milliseconds */
	uint32_t patience_us;
	bool been_up;
	char reason[REASON_BYTES]; /* of the last start that has failed; else "" */
	bool parted;               /* in good order, and not met since */
};

/* ---- what is slept on ---- */

static void unwatch(struct link *l)
{
	scmi__sleep_remove(&l->sleep, l->line.sock);
	scmi__sleep_remove(&l->watch, l->line.sock);
	scmi__sleep_remove(&l->sleep, l->share.call);
	scmi__sleep_remove(&l->watch, l->share.call);
}

/* Signals are edges: nobody has to read what a back end has a hand on. */
static int watch(struct link *l, struct scmi__sleep *s)
{
	const int err = scmi__sleep_add(s, l->share.call, EPOLLIN | EPOLLET, TAG_CALL);

	return err == SCMI_OK ? scmi__sleep_add(s, l->line.sock, EPOLLIN | EPOLLRDHUP, TAG_LINE) : err;
}

/* What was readable, and what becomes so, shall keep nobody from sleeping. False: that has been done already. */
static bool leave(struct link *l)
{
	if (atomic_exchange(&l->lost, 1u) != 0)
		return false;
	unwatch(l);
	scmi__vu_line_end(&l->line);
	(void)scmi__sleep(&l->watch, 0);
	return true;
}

/* The first to see it tells. */
static void lose(struct link *l, int err)
{
	if (leave(l))
		scmi_virtio_lost(l->driver, err);
}

static void bus_lost(void *ctx)
{
	(void)leave(ctx);
}

static void look_at_line(struct link *l)
{
	const int err = scmi__vu_line_look(&l->line);

	if (err != SCMI_OK)
		lose(l, err);
}

static void bus_wait(void *ctx, uint64_t deadline_us)
{
	struct link *l = ctx;

	if ((scmi__sleep(&l->sleep, deadline_us) & 1u << TAG_LINE) != 0)
		look_at_line(l);
}

static void bus_wake(void *ctx)
{
	struct link *l = ctx;

	scmi__sleep_wake(&l->sleep);
}

static int bus_fd(void *ctx)
{
	struct link *l = ctx;

	atomic_store(&l->watched, 1u);
	return l->watch.epoll;
}

/* For who polls only: not with each poll, for it is a system call. */
static void look_in_time(struct link *l)
{
	const uint32_t now = scmi__tick_ms();

	if (now - atomic_load_explicit(&l->looked, memory_order_relaxed) < LOOK_MS)
		return;
	atomic_store_explicit(&l->looked, now, memory_order_relaxed);
	look_at_line(l);
}

/* All that is ready is an edge, and taken by that: the line alone stays. */
static void bus_clear(void *ctx)
{
	struct link *l = ctx;

	if (atomic_load_explicit(&l->watched, memory_order_relaxed) == 0)
		look_in_time(l);
	else if ((scmi__sleep(&l->watch, 0) & 1u << TAG_LINE) != 0)
		look_at_line(l);
}

static void bus_raise(void *ctx)
{
	struct link *l = ctx;

	scmi__sleep_wake(&l->watch);
	if (atomic_load(&l->lost) != 0) /* while it was raised: either here or there it is taken */
		(void)scmi__sleep(&l->watch, 0);
}

/* ---- up and down ---- */

static uint64_t bus_features(void *ctx)
{
	const struct link *l = ctx;

	return l->features;
}

static uint32_t bus_queue_max(void *ctx, uint32_t queue)
{
	const struct link *l = ctx;

	if (queue == SCMI_VIRTIO_EVENTQ && (l->features & SCMI_VIRTIO_F_P2A_CHANNELS) == 0)
		return 0;
	return queue < SCMI_VIRTIO_QUEUES ? QUEUE_MAX : 0;
}

/* Where there is no word of the back end's that it is through, what it has had is nobody's from now on. */
static void drop(struct link *l)
{
	scmi__vu_line_close(&l->line);
	if (l->share.shown || atomic_load(&l->careful) != 0) /* the next may be rung without care */
		(void)scmi__vu_share_renew(&l->share);
}

/* Before it gets the doorbells. */
static int connect_to(struct link *l, uint64_t until_us, const struct scmi_why *why)
{
	int err = scmi__vu_line_open(&l->line, until_us, why);

	if (err == SCMI_OK && !l->line.ours && l->ringer.ready < 0)
		err = scmi__ringer_open(&l->ringer, l->path, why);
	if (err == SCMI_OK)
		atomic_store(&l->careful, l->line.ours ? 0u : 1u);
	else
		scmi__vu_line_close(&l->line);
	return err;
}

/* One that serves a single connection listens anew only when it has seen the last one go. */
static int meet(struct link *l, uint64_t until_us, const struct scmi_why *why)
{
	const struct timespec nap = {.tv_nsec = NAP_NS};
	int err;

	while ((err = connect_to(l, until_us, why)) == SCMI_E_NOPEER && l->parted && scmi__now_us() < until_us)
		(void)nanosleep(&nap, NULL);
	return err;
}

static int bring_up(struct link *l, const struct scmi_virtio_setup *setup)
{
	const uint64_t until_us = scmi__now_us() + l->patience_us;
	const struct scmi_why why = {l->reason, sizeof(l->reason)};
	int err = SCMI_OK;

	if (l->line.sock < 0)
		err = meet(l, until_us, &why);
	l->parted = false;
	if (err == SCMI_OK)
		err = scmi__vu_rings_give(&l->line, &l->share, setup, until_us, &why);
	if (err == SCMI_OK && (watch(l, &l->sleep) != SCMI_OK || watch(l, &l->watch) != SCMI_OK))
		err = scmi__why(&why, SCMI_E_IO, "%s: no memory left", l->path);
	return err;
}

static int bus_start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	struct link *l = ctx;
	int err;

	l->reason[0] = '\0';
	if (l->share.stale) {
		/* The rings that have just been made lie in memory that is not to be used: it is for the next time. */
		(void)scmi__vu_share_renew(&l->share);
		return SCMI_E_IO;
	}
	l->driver = driver;
	l->setup = *setup;
	if (l->line.sock >= 0 && scmi__vu_line_look(&l->line) != SCMI_OK)
		scmi__vu_line_close(&l->line); /* it has given back what it had, if anything */
	atomic_store(&l->looked, scmi__tick_ms());
	atomic_store(&l->lost, 0u);
	err = bring_up(l, setup);
	if (err != SCMI_OK) {
		unwatch(l);
		drop(l);
		if (l->been_up)
			l->patience_us = VU_RETURN_US;
		return err;
	}
	l->reason[0] = '\0'; /* of a try before the last */
	l->started = true;
	l->been_up = true;
	l->patience_us = VU_RETURN_US;
	return SCMI_OK;
}

static void bus_stop(void *ctx)
{
	struct link *l = ctx;

	if (l->started) {
		l->started = false;
		unwatch(l);
		l->parted =
			scmi__vu_rings_take(&l->line, &l->share, &l->setup, scmi__now_us() + VU_RETURN_US) == SCMI_OK;
		if (l->parted)
			l->patience_us = VU_WELCOME_US; /* it is there, and well */
		drop(l);
	}
	if (l->share.stale)
		(void)scmi__vu_share_renew(&l->share);
}

/* Ours, under a number that it keeps: also a late one finds it. */
static void bus_kick(void *ctx, uint32_t queue)
{
	const struct link *l = ctx;

	if (atomic_load_explicit(&l->careful, memory_order_relaxed) != 0)
		scmi__ringer_ring(&l->ringer, l->share.kick[queue]);
	else
		(void)scmi__event_raise(l->share.kick[queue]);
}

/* ---- opening and closing ---- */

static void free_link(struct link *l)
{
	scmi__vu_line_close(&l->line);
	scmi__vu_share_close(&l->share);
	scmi__ringer_close(&l->ringer);
	scmi__sleep_close(&l->watch);
	scmi__sleep_close(&l->sleep);
	free(l->driver);
	free(l);
}

static int parse_key(struct link *l, const struct scmi__key *key, uint32_t *had, const struct scmi_why *why)
{
	static const char *const names[] = {"features", "depth"};
	const uint64_t known = SCMI_VIRTIO_FEATURES_DEFAULT | SCMI_VIRTIO_F_INDIRECT_DESC;

	switch (scmi__key_of(key, names, sizeof(names) / sizeof(names[0]), had)) {
	case 0:
		return scmi__vu_key_features(key, known, &l->allowed, why);
	case 1:
		return scmi__key_number(key, 1, DEPTH_MAX, &l->depth, why);
	default:
		return scmi__key_unknown(key, why);
	}
}

/* Indirect descriptors cost, and are of use only where there are more commands than the ring has pairs. */
static void choose_features(struct link *l)
{
	if (l->allowed != 0)
		return; /* by the URI */
	l->allowed = SCMI_VIRTIO_FEATURES_DEFAULT;
	if (l->depth > QUEUE_MAX / 2u)
		l->allowed |= SCMI_VIRTIO_F_INDIRECT_DESC;
}

static int parse(struct link *l, const char *rest, const struct scmi_why *why)
{
	struct scmi__key key;
	uint32_t had = 0;
	int err = scmi__key_bare(&rest, "the path of a socket", &key, why);

	if (err == SCMI_OK)
		err = scmi__key_text(&key, l->path, sizeof(l->path), why);
	while (err == SCMI_OK && (err = scmi__key_next(&rest, &key, why)) == SCMI_OK)
		err = parse_key(l, &key, &had, why);
	if (err != SCMI_E_NOTFOUND)
		return err;
	choose_features(l);
	if (strncmp(l->path, "fd=", 3) == 0)
		return scmi__why(why, SCMI_E_INVAL, "%s: only a platform takes a socket that is there", l->path);
	return SCMI_OK;
}

/* What the driver gets to know of the back end; the driver wants VERSION_1 of every device. */
static void note_offer(struct link *l)
{
	l->features = (l->line.offered & VU_FRONT_FEATURES) | SCMI_VIRTIO_F_VERSION_1;
	if (l->line.queues <= SCMI_VIRTIO_EVENTQ)
		l->features &= ~SCMI_VIRTIO_F_P2A_CHANNELS;
}

static int make_driver(struct link *l, const struct scmi_port *port, struct scmi_transport *transport,
		       const struct scmi_why *why)
{
	struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_payload = MAX_PAYLOAD,
		.max_inflight = l->depth,
		.features = l->allowed,
		.port = port,
		.bus = &l->bus,
	};
	const size_t size = scmi_virtio_size(&config);
	void *mem = malloc(size);
	int err = SCMI_E_IO;

	if (mem != NULL)
		err = scmi__vu_share_open(&l->share, scmi_virtio_shared_size(&config));
	if (err != SCMI_OK) {
		free(mem);
		return scmi__why(why, err, "%s: no memory or descriptors left", l->path);
	}
	config.shared = l->share.mem;
	config.shared_len = l->share.len;
	config.shared_addr = VU_FRONT_GUEST;
	err = scmi_virtio_init(&l->driver, mem, size, &config, transport);
	if (err == SCMI_OK)
		return SCMI_OK;
	free(mem);
	return scmi__why(why, err, "%s: no driver can be made for it", l->path);
}

static int make(struct link *l, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
		const struct scmi_why *why)
{
	int err = parse(l, rest, why);

	if (err == SCMI_OK &&
	    (scmi__sleep_open(&l->sleep, true) != SCMI_OK || scmi__sleep_open(&l->watch, false) != SCMI_OK))
		err = scmi__why(why, SCMI_E_IO, "%s: no descriptors left", l->path);
	if (err == SCMI_OK)
		err = connect_to(l, scmi__now_us() + VU_WELCOME_US, why);
	if (err != SCMI_OK)
		return err;
	note_offer(l);
	return make_driver(l, port, transport, why);
}

static void fill_bus(struct link *l)
{
	l->bus = (struct scmi_virtio_bus){
		.version = SCMI_VIRTIO_BUS_V1,
		.name = "vhost-user",
		.ctx = l,
		.features = bus_features,
		.queue_max = bus_queue_max,
		.start = bus_start,
		.stop = bus_stop,
		.kick = bus_kick,
		.wait = bus_wait,
		.wake = bus_wake,
		.fd = bus_fd,
		.clear = bus_clear,
		.raise = bus_raise,
		.lost = bus_lost,
	};
}

int scmi__vu_front_open(void **link, const char *rest, const struct scmi_port *port, struct scmi_transport *transport,
			const struct scmi_why *why)
{
	struct link *l = calloc(1, sizeof(*l));
	int err;

	if (l == NULL)
		return scmi__why(why, SCMI_E_IO, "no memory left");
	l->line.path = l->path;
	l->line.sock = -1;
	l->ringer.ready = -1;
	l->patience_us = VU_WELCOME_US;
	l->sleep = l->watch = SLEEP_NONE;
	scmi__vu_share_init(&l->share);
	fill_bus(l);
	err = make(l, rest, port, transport, why);
	if (err == SCMI_OK)
		*link = l;
	else
		free_link(l);
	return err;
}

void scmi__vu_front_close(void *link)
{
	free_link(link);
}

const char *scmi__vu_front_reason(const void *link)
{
	const struct link *l = link;

	return l->reason[0] != '\0' ? l->reason : NULL;
}
