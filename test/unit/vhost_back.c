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
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <scmi/transport/virtio.h>

#include "../../transports/vhost_user/message.h"
#include "../support/hang.h"
#include "vhost_back.h"
#include "vhost_back_ring.h"

#define LOG_BYTES 4096u

/* On the back end's thread there is nobody to catch what cmocka throws. */
#define MUST(x)                                                                                                        \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: the front end: %s\n", __FILE__, __LINE__, #x);                         \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

const struct back_offer back_offers_all = {
	.features = SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_SHARED_MEMORY | SCMI_VIRTIO_F_INDIRECT_DESC |
		    SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1 | SCMI_VIRTIO_F_RING_RESET |
		    VU_F_PROTOCOL_FEATURES | UINT64_C(1) << 26,
	.protocol = VU_PF_MQ | VU_PF_REPLY_ACK | VU_PF_BACKEND_REQ | VU_PF_RESET_DEVICE | VU_PF_MEM_SLOTS |
		    VU_PF_STATUS | VU_PF_INFLIGHT_SHMFD,
	.queues = 2,
};

/* What the test tells the thread to do, one at a time. */
enum order { ORDER_NONE, ORDER_END, ORDER_DROP, ORDER_SPEAK, ORDER_NOTIFY, ORDER_RING, ORDER_RELEASE, ORDER_SCRIBBLE };

struct back {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	pthread_t thread;
	pthread_mutex_t lock; /* of all that follows */
	pthread_cond_t changed;
	int listener;
	int control;
	int spare; /* descriptor, for when there is none */
	enum order order;
	uint32_t argument;
	bool result;
	struct back_offer offer;
	uint32_t trouble_at;
	enum back_trouble trouble;
	char log[LOG_BYTES];
	char told[LOG_BYTES];
	uint32_t connections;
	int sock;
	struct back_offer offered; /* to this connection */
	uint64_t features;
	uint64_t protocol;
	bool owned;
	struct vu_message in;
	struct back_memory memory;
	struct back_memory kept;
	bool keeps;
	struct back_ring ring[SCMI_VIRTIO_QUEUES];
};

/* ---- the connection ---- */

static void forget_connection(struct back *b)
{
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		back_ring_close(&b->ring[i]);
	if (!b->keeps)
		back_memory_close(&b->memory);
	else if (b->memory.mem != NULL && b->kept.mem == NULL)
		b->kept = b->memory;
	b->memory = (struct back_memory){.mem = NULL};
	scmi__vu_message_done(&b->in);
	scmi__fd_close(&b->sock);
}

static void take_in(struct back *b)
{
	int sock = accept4(b->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	forget_connection(b);
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
}

/* ---- replies, and trouble in their place ---- */

static void put(struct back *b, const void *bytes, size_t len)
{
	(void)send(b->sock, bytes, len, MSG_NOSIGNAL); /* it may have gone already */
}

static void put_message(struct back *b, uint32_t request, uint32_t flags, const void *payload, uint32_t len,
			uint32_t sent)
{
	const struct vu_header h = {.request = request, .flags = flags, .size = len};
	unsigned char bytes[sizeof(h) + 8192] = {0};

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), payload, len < 8 ? len : 8);
	put(b, bytes, sent);
}

/* len 8, whatever it is. */
static void reply(struct back *b, uint32_t request, const void *payload)
{
	const enum back_trouble trouble = b->trouble_at == request ? b->trouble : BACK_GOOD;
	const uint32_t flags = VU_VERSION | VU_REPLY;
	const uint64_t no = 1;

	switch (trouble) {
	case BACK_DIES:
	case BACK_DIES_BEFORE:
		forget_connection(b);
		return;
	case BACK_SILENT:
		return;
	case BACK_HALF:
	case BACK_HALF_DIES:
		put_message(b, request, flags, payload, 8, 15);
		if (trouble == BACK_HALF_DIES)
			forget_connection(b);
		return;
	case BACK_OTHER:
		put_message(b, request + 1u, flags, payload, 8, 20);
		return;
	case BACK_REQUEST:
		put_message(b, request, VU_VERSION, payload, 8, 20);
		return;
	case BACK_ASKS:
		put_message(b, request, flags | VU_NEED_REPLY, payload, 8, 20);
		return;
	case BACK_VERSION:
		put_message(b, request, 2u | VU_REPLY, payload, 8, 20);
		return;
	case BACK_FLAGS:
		put_message(b, request, flags | 0x20u, payload, 8, 20);
		return;
	case BACK_SHORT:
		put_message(b, request, flags, payload, 4, 16);
		return;
	case BACK_LONG:
		put_message(b, request, flags, payload, 16, 28);
		return;
	case BACK_EMPTY:
		put_message(b, request, flags, payload, 0, 12);
		return;
	case BACK_HUGE:
		put_message(b, request, flags, payload, VU_PAYLOAD_MAX + 1u, 12u + VU_PAYLOAD_MAX + 1u);
		return;
	case BACK_REFUSES:
		put_message(b, request, flags, &no, 8, 20);
		return;
	case BACK_TWICE:
		put_message(b, request, flags, payload, 8, 20);
		break;
	default:
		break;
	}
	put_message(b, request, flags, payload, 8, 20);
}

static void reply_u64(struct back *b, uint64_t value)
{
	reply(b, b->in.h.request, &value);
}

/* ---- requests ---- */

static void set_memory(struct back *b)
{
	const struct vu_memory *m = &b->in.u.memory;
	const long page = sysconf(_SC_PAGESIZE);
	int fd = scmi__vu_take_fd(&b->in, 0);
	struct stat st;

	MUST(b->in.h.size == 40 && m->n == 1 && m->padding == 0 && fd >= 0);
	MUST(m->region[0].guest != 0 && m->region[0].guest % (uint64_t)page == 0);
	MUST(m->region[0].user != 0 && m->region[0].user % (uint64_t)page == 0);
	MUST(m->region[0].user != m->region[0].guest && m->region[0].offset == 0 && m->region[0].size != 0);
	MUST(fstat(fd, &st) == 0 && st.st_size >= 0 && (uint64_t)st.st_size == m->region[0].size);
	MUST((fcntl(fd, F_GET_SEALS) & (F_SEAL_SHRINK | F_SEAL_GROW)) == (F_SEAL_SHRINK | F_SEAL_GROW));
	if (b->memory.mem != NULL) {
		MUST(b->memory.inode == st.st_ino);
		back_memory_close(&b->memory);
	}
	MUST(back_memory_open(&b->memory, &m->region[0], fd, st.st_ino));
	close(fd);
}

static struct back_ring *ring_of(struct back *b, uint64_t index)
{
	MUST(index < SCMI_VIRTIO_QUEUES && index < ((b->protocol & VU_PF_MQ) != 0 ? b->offered.queues : 2u));
	MUST(index == 0 || (b->features & SCMI_VIRTIO_F_P2A_CHANNELS) != 0);
	return &b->ring[index];
}

static void set_features(struct back *b)
{
	MUST(b->in.h.size == 8 && (b->in.u.u64 & ~b->offered.features) == 0);
	b->features = b->in.u.u64;
	for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		b->ring[i].event_idx = (b->features & SCMI_VIRTIO_F_EVENT_IDX) != 0;
		b->ring[i].enabled = (b->features & VU_F_PROTOCOL_FEATURES) == 0;
	}
}

static void set_state(struct back *b)
{
	const struct vu_vring_state *s = &b->in.u.state;
	struct back_ring *r = ring_of(b, s->index);

	MUST(b->in.h.size == 8);
	switch (b->in.h.request) {
	case VU_SET_VRING_NUM:
		MUST(s->num != 0 && s->num <= 256 && (s->num & (s->num - 1)) == 0 && r->kick < 0);
		r->num = s->num;
		break;
	case VU_SET_VRING_BASE:
		MUST(s->num == 0 && r->kick < 0);
		r->next = 0;
		break;
	default:
		MUST((b->features & VU_F_PROTOCOL_FEATURES) != 0 && s->num <= 1);
		r->enabled = s->num == 1;
		break;
	}
}

static void set_event(struct back *b)
{
	struct back_ring *r = ring_of(b, b->in.u.u64); /* the NOFD bit would be no index */
	int fd = scmi__vu_take_fd(&b->in, 0);
	int *at = b->in.h.request == VU_SET_VRING_CALL ? &r->call : &r->kick;

	MUST(b->in.h.size == 8 && fd >= 0);
	scmi__fd_close(at);
	*at = fd;
}

static void get_base(struct back *b)
{
	struct back_ring *r = ring_of(b, b->in.u.state.index);
	const struct vu_vring_state state = {.index = b->in.u.state.index, .num = r->next};

	MUST(b->in.h.size == 8 && b->in.u.state.num == 0);
	back_ring_close(r);
	reply(b, VU_GET_VRING_BASE, &state);
}

/* True: it has no reply of its own. */
static bool obey(struct back *b)
{
	const uint64_t bit30 = b->offered.features & VU_F_PROTOCOL_FEATURES;

	switch (b->in.h.request) {
	case VU_GET_FEATURES:
		return reply_u64(b, b->offered.features), false;
	case VU_GET_PROTOCOL_FEATURES:
		MUST(bit30 != 0);
		return reply_u64(b, b->offered.protocol), false;
	case VU_GET_QUEUE_NUM:
		MUST((b->protocol & VU_PF_MQ) != 0);
		return reply_u64(b, b->offered.queues), false;
	case VU_GET_VRING_BASE:
		return get_base(b), false;
	case VU_SET_OWNER:
		MUST(!b->owned && b->in.h.size == 0);
		b->owned = true;
		return true;
	case VU_SET_PROTOCOL_FEATURES:
		MUST(bit30 != 0 && (b->in.u.u64 & ~b->offered.protocol) == 0);
		MUST((b->in.u.u64 & ~(VU_PF_MQ | VU_PF_REPLY_ACK)) == 0); /* the rest it does not use */
		b->protocol = b->in.u.u64;
		return true;
	case VU_SET_FEATURES:
		return set_features(b), true;
	case VU_SET_MEM_TABLE:
		return set_memory(b), true;
	case VU_SET_VRING_NUM:
	case VU_SET_VRING_BASE:
	case VU_SET_VRING_ENABLE:
		return set_state(b), true;
	case VU_SET_VRING_ADDR:
		MUST(b->in.h.size == 40 && b->in.u.addr.flags == 0);
		MUST(back_ring_place(ring_of(b, b->in.u.addr.index), &b->memory, &b->in.u.addr));
		return true;
	case VU_SET_VRING_CALL:
	case VU_SET_VRING_KICK:
		return set_event(b), true;
	default:
		MUST(!"a request that a front end does not need");
		return true;
	}
}

static void do_message(struct back *b)
{
	const uint32_t request = b->in.h.request;
	const uint32_t flags = b->in.h.flags;
	const bool acks = (b->protocol & VU_PF_REPLY_ACK) != 0; /* before it takes effect */
	const bool has_fd = request == VU_SET_MEM_TABLE || request == VU_SET_VRING_CALL || request == VU_SET_VRING_KICK;
	const size_t len = strlen(b->log);

	(void)snprintf(b->log + len, sizeof(b->log) - len, "%s%s", len != 0 ? " " : "", scmi__vu_name(request));
	MUST(b->in.fds_n == (has_fd ? 1u : 0u));
	MUST(flags == VU_VERSION || (acks && flags == (VU_VERSION | VU_NEED_REPLY)));
	if (b->trouble_at == request && b->trouble == BACK_DIES_BEFORE) {
		forget_connection(b);
		return;
	}
	if (obey(b)) {
		MUST(acks == ((flags & VU_NEED_REPLY) != 0)); /* where it can know, it wants to */
		if (acks)
			reply_u64(b, 0);
		else if (b->trouble_at == request && b->trouble == BACK_DIES)
			forget_connection(b);
	}
}

static void read_messages(struct back *b)
{
	const char *why = "";
	int err;

	while (b->sock >= 0 && (err = scmi__vu_receive(b->sock, &b->in, &why)) != SCMI_E_BUSY) {
		MUST(err != SCMI_E_PROTO || strcmp(why, "descriptors that could not be taken in") == 0);
		if (err != SCMI_OK) {
			forget_connection(b);
			return;
		}
		do_message(b);
		scmi__vu_message_done(&b->in);
	}
}

/* ---- orders ---- */

static void speak(struct back *b)
{
	const uint64_t nothing = 0;

	if (b->sock >= 0)
		put_message(b, VU_GET_FEATURES, VU_VERSION | VU_REPLY, &nothing, 8, 20);
}

static bool scribble(struct back *b)
{
	MUST(b->kept.mem != NULL);
	memset(b->kept.mem, 0xa5, (size_t)b->kept.region.size);
	return b->memory.mem != NULL && b->memory.inode == b->kept.inode;
}

static bool carry_out(struct back *b)
{
	switch (b->order) {
	case ORDER_DROP:
		return forget_connection(b), true;
	case ORDER_SPEAK:
		return speak(b), true;
	case ORDER_NOTIFY:
		return back_ring_notify(&b->ring[SCMI_VIRTIO_EVENTQ], &b->memory, b->argument);
	case ORDER_RING:
		for (uint32_t i = 0; i < b->argument; i++)
			back_ring_signal(&b->ring[SCMI_VIRTIO_CMDQ]);
		return true;
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
			{.fd = b->control, .events = POLLIN},      {.fd = b->listener, .events = POLLIN},
			{.fd = b->sock, .events = POLLIN},         {.fd = b->ring[0].kick, .events = POLLIN},
			{.fd = b->ring[1].kick, .events = POLLIN},
		};

		MUST(poll(p, 5, HANG_US / 1000) >= 0 || errno == EINTR);
		pthread_mutex_lock(&b->lock);
		on = serve_orders(b);
		if (p[2].revents != 0 && b->sock == p[2].fd)
			read_messages(b);
		if (p[1].revents != 0)
			take_in(b);
		for (size_t i = 0; i < SCMI_VIRTIO_QUEUES; i++)
			back_ring_look(&b->ring[i], &b->memory, i == SCMI_VIRTIO_CMDQ);
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
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct back *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	(void)snprintf(b->path, sizeof(b->path), "%s", path);
	memcpy(address.sun_path, b->path, sizeof(b->path));
	b->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	b->control = scmi__event_open();
	b->spare = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)unlink(path); /* of a test that has failed */
	assert_int_equal(bind(b->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(b->listener, 8), 0);
	b->sock = -1;
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
	forget_connection(b);
	back_memory_close(&b->kept);
	scmi__fd_close(&b->listener);
	scmi__fd_close(&b->control);
	scmi__fd_close(&b->spare);
	assert_int_equal(unlink(b->path), 0);
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
