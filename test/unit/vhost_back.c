/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../support/hang.h"
#include "vhost_back_parts.h"

const struct back_offer back_offers_all = {
	.features = SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_SHARED_MEMORY | SCMI_VIRTIO_F_INDIRECT_DESC |
		    SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET |
		    VU_F_PROTOCOL_FEATURES | UINT64_C(1) << 26,
	.protocol = VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_MEM_SLOTS |
		    VU_PF_STATUS | VU_PF_INFLIGHT_SHMFD,
	.queues = 2,
};

static int listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(address.sun_path, path, strlen(path));
	(void)unlink(path); /* of a test that has failed */
	MUST(bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(listener, 8) == 0);
	return listener;
}

static void listen_no_more(struct back *b)
{
	scmi__fd_close(&b->listener);
	MUST(unlink(b->path) == 0);
}

/* As a back end does that is started anew for each connection. */
static void listen_again(struct back *b)
{
	const struct timespec while_it_starts = {.tv_nsec = 20000000};

	if (b->listener >= 0 || b->sock >= 0)
		return;
	nanosleep(&while_it_starts, NULL);
	b->listener = listen_at(b->path);
}

static void take_in(struct back *b)
{
	int sock = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	back_forget(b);
	if (sock < 0) { /* no descriptors: sent away */
		scmi__fd_close(&b->spare);
		sock = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC);
		MUST(sock >= 0);
		close(sock);
		b->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
		return;
	}
	b->sock = sock;
	b->connections++;
	b->offered = b->offer;
	b->features = 0;
	b->protocol = 0;
	b->owned = false;
	scmi__vu_message_init(&b->in);
	if (b->alone)
		listen_no_more(b);
}

/* ---- orders ---- */

static void speak(struct back *b)
{
	const uint64_t nothing = 0;

	if (b->sock >= 0)
		back_put(b, VU_GET_FEATURES, VU_VERSION | VU_REPLY, &nothing, 8, 20);
}

/* Whether what is rung on one is heard on the other. */
static bool is_same_bell(int fd, int other)
{
	struct pollfd p = {.fd = other, .events = POLLIN};
	bool same;

	if (fd < 0 || other < 0)
		return false;
	scmi__event_lower(other);
	MUST(scmi__event_raise(fd));
	same = poll(&p, 1, 0) == 1;
	scmi__event_lower(fd);
	MUST(scmi__event_raise(other)); /* what was taken away */
	return same;
}

static bool scribble(struct back *b)
{
	MUST(b->kept.mem != NULL);
	memset(b->kept.mem, 0xa5, (size_t)b->kept.region.size);
	if (b->kept_call >= 0)
		MUST(scmi__event_raise(b->kept_call));
	return (b->memory.mem != NULL && b->memory.inode == b->kept.inode) ||
	       is_same_bell(b->kept_kick, b->ring[SCMI_VIRTIO_CMDQ].kick);
}

static void stop_up(struct back *b, bool on)
{
	const int kick = b->ring[SCMI_VIRTIO_CMDQ].kick;
	const uint64_t full = UINT64_MAX - 1u;

	b->deaf = on;
	scmi__event_lower(kick);
	MUST(!on || write(kick, &full, sizeof(full)) == (ssize_t)sizeof(full));
	MUST(fcntl(kick, F_SETFL, on ? 0 : O_NONBLOCK) == 0);
}

static bool carry_out(struct back *b)
{
	switch (b->order) {
	case ORDER_DROP:
		return back_forget(b), true;
	case ORDER_SPEAK:
		return speak(b), true;
	case ORDER_NOTIFY:
		return back_ring_notify(&b->ring[SCMI_VIRTIO_EVENTQ], &b->memory, b->argument);
	case ORDER_RING:
		for (uint32_t i = 0; i < b->argument; i++)
			back_ring_signal(&b->ring[SCMI_VIRTIO_CMDQ]);
		return true;
	case ORDER_LIE:
		return back_ring_lie(&b->ring[SCMI_VIRTIO_CMDQ]), true;
	case ORDER_STOP_UP:
		return stop_up(b, b->argument != 0), true;
	case ORDER_RELEASE:
		return back_ring_release(&b->ring[SCMI_VIRTIO_CMDQ], &b->memory), true;
	case ORDER_SCRIBBLE:
		return scribble(b);
	default:
		return true;
	}
}

/* ---- the thread ---- */

static bool serve_orders(struct back *b)
{
	const bool end = b->order == ORDER_END;

	if (b->order != ORDER_NONE) {
		scmi__event_lower(b->control);
		b->result = carry_out(b);
		b->order = ORDER_NONE;
	}
	return !end;
}

static void *run(void *arg)
{
	struct back *b = arg;
	bool on = true;

	while (on) {
		struct pollfd p[] = {
			{.fd = b->control, .events = POLLIN},
			{.fd = b->listener, .events = POLLIN},
			{.fd = b->sock, .events = POLLIN},
			{.fd = b->deaf ? -1 : b->ring[0].kick, .events = POLLIN},
			{.fd = b->deaf ? -1 : b->ring[1].kick, .events = POLLIN},
		};

		MUST(poll(p, 5, HANG_US / 1000) >= 0 || errno == EINTR);
		pthread_mutex_lock(&b->lock);
		on = serve_orders(b);
		if (p[2].revents != 0 && b->sock == p[2].fd)
			back_read(b);
		if (p[1].revents != 0)
			take_in(b);
		for (size_t i = 0; i < SCMI_VIRTIO_QUEUES && !b->deaf; i++)
			back_ring_look(&b->ring[i], &b->memory, i == SCMI_VIRTIO_CMDQ);
		listen_again(b);
		pthread_cond_broadcast(&b->changed);
		pthread_mutex_unlock(&b->lock);
	}
	return NULL;
}

/* ---- for the test ---- */

static bool give_order(struct back *b, enum order order, uint32_t argument)
{
	bool result;

	pthread_mutex_lock(&b->lock);
	b->order = order;
	b->argument = argument;
	assert_true(scmi__event_raise(b->control));
	while (b->order != ORDER_NONE)
		pthread_cond_wait(&b->changed, &b->lock);
	result = b->result;
	pthread_mutex_unlock(&b->lock);
	return result;
}

struct back *back_open(const char *path, const struct back_offer *offer)
{
	struct back *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	(void)snprintf(b->path, sizeof(b->path), "%s", path);
	b->listener = listen_at(b->path);
	b->control = scmi__event_open();
	b->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	b->sock = b->kept_kick = b->kept_call = -1;
	b->uid = getuid();
	scmi__vu_message_init(&b->in);
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		back_ring_init(&b->ring[i]);
	b->offer = *offer;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	assert_int_equal(pthread_create(&b->thread, NULL, run, b), 0);
	return b;
}

void back_close(struct back *b)
{
	(void)give_order(b, ORDER_END, 0);
	pthread_join(b->thread, NULL);
	b->keeps = false;
	back_forget(b);
	back_memory_close(&b->kept);
	scmi__fd_close(&b->kept_kick);
	scmi__fd_close(&b->kept_call);
	if (b->listener >= 0)
		listen_no_more(b);
	scmi__fd_close(&b->control);
	scmi__fd_close(&b->spare);
	pthread_mutex_destroy(&b->lock);
	pthread_cond_destroy(&b->changed);
	free(b);
}

void back_offer(struct back *b, const struct back_offer *offer)
{
	pthread_mutex_lock(&b->lock);
	b->offer = *offer;
	pthread_mutex_unlock(&b->lock);
}

void back_serve_alone(struct back *b)
{
	pthread_mutex_lock(&b->lock);
	b->alone = true;
	pthread_mutex_unlock(&b->lock);
}

void back_trouble(struct back *b, uint32_t request, enum back_trouble trouble)
{
	pthread_mutex_lock(&b->lock);
	b->trouble_at = request;
	b->trouble = trouble;
	pthread_mutex_unlock(&b->lock);
}

void back_hold(struct back *b, bool holds)
{
	pthread_mutex_lock(&b->lock);
	b->ring[SCMI_VIRTIO_CMDQ].holds = holds;
	pthread_mutex_unlock(&b->lock);
	if (!holds)
		(void)give_order(b, ORDER_RELEASE, 0);
}

void back_await_held(struct back *b, uint32_t n)
{
	pthread_mutex_lock(&b->lock);
	while (b->ring[SCMI_VIRTIO_CMDQ].held_n < n)
		pthread_cond_wait(&b->changed, &b->lock);
	pthread_mutex_unlock(&b->lock);
}

void back_drop(struct back *b)
{
	(void)give_order(b, ORDER_DROP, 0);
}

void back_speak(struct back *b)
{
	(void)give_order(b, ORDER_SPEAK, 0);
}

bool back_notify(struct back *b, uint32_t hdr)
{
	return give_order(b, ORDER_NOTIFY, hdr);
}

void back_ring(struct back *b, uint32_t n)
{
	(void)give_order(b, ORDER_RING, n);
}

void back_become(struct back *b, uid_t uid)
{
	pthread_mutex_lock(&b->lock);
	b->uid = uid;
	pthread_mutex_unlock(&b->lock);
}

void back_stop_up(struct back *b, bool on)
{
	(void)give_order(b, ORDER_STOP_UP, on ? 1u : 0u);
}

void back_lie(struct back *b)
{
	(void)give_order(b, ORDER_LIE, 0);
}

void back_keep_memory(struct back *b)
{
	pthread_mutex_lock(&b->lock);
	b->keeps = true;
	pthread_mutex_unlock(&b->lock);
}

bool back_scribble(struct back *b)
{
	return give_order(b, ORDER_SCRIBBLE, 0);
}

const char *back_log(struct back *b)
{
	pthread_mutex_lock(&b->lock);
	memcpy(b->told, b->log, sizeof(b->told));
	b->log[0] = '\0';
	pthread_mutex_unlock(&b->lock);
	return b->told;
}

uint32_t back_connections(struct back *b)
{
	uint32_t n;

	pthread_mutex_lock(&b->lock);
	n = b->connections;
	pthread_mutex_unlock(&b->lock);
	return n;
}

uint32_t back_signals(struct back *b)
{
	uint32_t n;

	pthread_mutex_lock(&b->lock);
	n = b->ring[0].signals + b->ring[1].signals;
	pthread_mutex_unlock(&b->lock);
	return n;
}

uint64_t back_features(struct back *b)
{
	uint64_t features;

	pthread_mutex_lock(&b->lock);
	features = b->features;
	pthread_mutex_unlock(&b->lock);
	return features;
}

bool back_is_connected(struct back *b)
{
	bool is;

	pthread_mutex_lock(&b->lock);
	is = b->sock >= 0;
	pthread_mutex_unlock(&b->lock);
	return is;
}
