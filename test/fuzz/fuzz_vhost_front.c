/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The front end of vhost-user against a hostile back end. An input is a script: whenever the front end says something
 * its next bytes tell how that is answered (see answer()), and when it is up, what is done to the rings, the doorbell
 * and the connection, and what the agent does (see step()).
 *
 * What must hold whatever it says: nothing outside of what is shared is touched; each call ends once; the front end
 * never waits for a back end that has gone, and keeps neither descriptor nor memory when it is closed.
 *
 * The back end is a thread, but it only does something while the front end waits for it: so a script means the same
 * each time, but for one that ends a handshake half way. It never keeps silent: where it would it closes the connection,
 * for a silence only costs time.
 */
#define _GNU_SOURCE

#include "fuzz.h"

#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/transport/virtio.h>

#include "../../transports/vhost_user/front.h"
#include "../../transports/vhost_user/message.h"

#define CALLS    8u
#define STEPS    64u
#define FDS_MOST 128
#define SPOILED  65536u /* bytes of what the front end has shown */

static struct {
	pthread_mutex_t lock; /* of the input and of what the back end has */
	struct fuzz_input in;
	int listener;
	int sock;
	struct vu_message m;
	uint64_t protocol;
	struct vu_region region;
	unsigned char *mem;
	struct vu_vring_addr ring[SCMI_VIRTIO_QUEUES];
	uint32_t num[SCMI_VIRTIO_QUEUES];
	int call;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
} back = {.lock = PTHREAD_MUTEX_INITIALIZER, .listener = -1, .sock = -1, .call = -1};

static uint32_t byte(void)
{
	return fuzz_byte(&back.in);
}

static uint32_t half(void)
{
	const uint32_t low = byte();

	return low | byte() << 8;
}

static uint64_t wide(void)
{
	const uint64_t low = fuzz_word(&back.in);

	return low | (uint64_t)fuzz_word(&back.in) << 32;
}

/* ---- the back end ---- */

static void hang_up(void)
{
	if (back.mem != NULL)
		munmap(back.mem, (size_t)back.region.size);
	back.mem = NULL;
	memset(back.num, 0, sizeof(back.num));
	scmi__fd_close(&back.call);
	scmi__vu_message_done(&back.m);
	if (back.sock >= 0)
		(void)shutdown(back.sock, SHUT_RDWR); /* whoever else is in it */
	scmi__fd_close(&back.sock);
}

static void put(const void *bytes, size_t len)
{
	(void)send(back.sock, bytes, len, MSG_NOSIGNAL);
}

static void put_reply(struct vu_header h, uint64_t value, size_t len)
{
	unsigned char bytes[sizeof(h) + 64] = {0};

	memcpy(bytes, &h, sizeof(h));
	memcpy(bytes + sizeof(h), &value, sizeof(value));
	put(bytes, len < sizeof(bytes) ? len : sizeof(bytes));
}

/* What is asked for most often, by a byte. */
static uint64_t some_features(void)
{
	static const uint64_t bits[] = {SCMI_VIRTIO_F_P2A_CHANNELS, SCMI_VIRTIO_F_EVENT_IDX,
					VU_F_PROTOCOL_FEATURES,     SCMI_VIRTIO_F_VERSION_1,
					SCMI_VIRTIO_F_RING_RESET,   SCMI_VIRTIO_F_SHARED_MEMORY};
	const uint32_t without = byte();
	uint64_t features = 0;

	if (without == 0xffu)
		return wide();
	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		features |= (without >> i & 1u) != 0 ? 0 : bits[i];
	return features;
}

static uint64_t value_of(uint32_t request)
{
	switch (request) {
	case VU_GET_FEATURES:
		return some_features();
	case VU_GET_PROTOCOL_FEATURES:
		return ~(uint64_t)byte();
	case VU_GET_QUEUE_NUM:
		return 2u ^ (uint64_t)byte();
	case VU_GET_VRING_BASE:
		return back.m.u.u64 ^ (uint64_t)byte();
	default:
		return byte() < 0xf0u ? 0 : 1;
	}
}

/* A reply, or what is sent in its place; after that the connection is closed. Most of the time all is well. */
static void answer(uint32_t request)
{
	struct vu_header h = {.request = request, .flags = VU_VERSION | VU_REPLY, .size = 8};
	unsigned char bytes[64];
	const uint32_t how = byte();

	switch (how) {
	case 0xff:
		break;
	case 0xfe:
		put_reply(h, value_of(request), byte());
		break;
	case 0xfd:
		h.request ^= byte();
		h.flags ^= byte();
		h.size = half();
		put_reply(h, value_of(request), sizeof(h) + h.size);
		break;
	case 0xfc:
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (unsigned char)byte();
		put(bytes, byte() % (sizeof(bytes) + 1u));
		break;
	case 0xfb: {
		const int fds[2] = {back.listener, back.sock};

		(void)scmi__vu_send(back.sock, request, h.flags, fds, 8, fds, 1u + byte() % 2u, 0);
		break;
	}
	default:
		put_reply(h, value_of(request), sizeof(h) + 8u);
		if (how >= 0xf8u) /* and once more */
			put_reply(h, value_of(request), sizeof(h) + 8u);
		return;
	}
	hang_up();
}

static void set_memory(void)
{
	int fd = scmi__vu_take_fd(&back.m, 0);
	void *mem;

	MUST(fd >= 0 && back.m.h.size == 40 && back.m.u.memory.n == 1);
	if (back.mem != NULL)
		munmap(back.mem, (size_t)back.region.size);
	back.region = back.m.u.memory.region[0];
	mem = mmap(NULL, (size_t)back.region.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	MUST(mem != MAP_FAILED);
	back.mem = mem;
	close(fd);
}

static void obey(void)
{
	const struct vu_vring_state *s = &back.m.u.state;

	switch (back.m.h.request) {
	case VU_SET_PROTOCOL_FEATURES:
		MUST((back.m.u.u64 & ~(VU_PF_MQ | VU_PF_REPLY_ACK)) == 0);
		back.protocol = back.m.u.u64;
		break;
	case VU_SET_MEM_TABLE:
		set_memory();
		break;
	case VU_SET_VRING_NUM:
		MUST(s->index < SCMI_VIRTIO_QUEUES && s->num >= 2 && s->num <= 256);
		back.num[s->index] = s->num;
		break;
	case VU_SET_VRING_ADDR:
		MUST(back.m.u.addr.index < SCMI_VIRTIO_QUEUES);
		back.ring[back.m.u.addr.index] = back.m.u.addr;
		break;
	case VU_SET_VRING_CALL:
		scmi__fd_close(&back.call);
		back.call = scmi__vu_take_fd(&back.m, 0);
		break;
	default:
		break;
	}
}

static bool has_reply(uint32_t request)
{
	return request == VU_GET_FEATURES || request == VU_GET_PROTOCOL_FEATURES || request == VU_GET_QUEUE_NUM ||
	       request == VU_GET_VRING_BASE;
}

static void read_message(void)
{
	const char *why = "";
	const int err = scmi__vu_receive(back.sock, &back.m, &why);

	if (err == SCMI_E_BUSY)
		return;
	MUST(err != SCMI_E_PROTO);
	if (err != SCMI_OK) {
		hang_up();
		return;
	}
	MUST(back.m.h.flags == VU_VERSION || (back.protocol & VU_PF_REPLY_ACK) != 0);
	obey();
	if (has_reply(back.m.h.request) || (back.m.h.flags & VU_NEED_REPLY) != 0)
		answer(back.m.h.request);
	scmi__vu_message_done(&back.m);
}

static void take_in(void)
{
	hang_up();
	back.sock = accept4(back.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	MUST(back.sock >= 0);
	back.protocol = 0;
	scmi__vu_message_init(&back.m);
}

static void *serve(void *arg)
{
	for (;;) {
		struct pollfd p[] = {{.fd = back.listener, .events = POLLIN}, {.fd = -1, .events = POLLIN}};

		pthread_mutex_lock(&back.lock);
		p[1].fd = back.sock;
		pthread_mutex_unlock(&back.lock);
		(void)poll(p, 2, -1);
		pthread_mutex_lock(&back.lock);
		if (p[1].revents != 0 && p[1].fd == back.sock)
			read_message();
		if (p[0].revents != 0)
			take_in();
		pthread_mutex_unlock(&back.lock);
	}
	return arg;
}

/* Once in the life of the program. */
static void open_back(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	pthread_t thread;

	(void)snprintf(back.path, sizeof(back.path), "/tmp/fuzz-vhost-front-%d", (int)getpid());
	memcpy(address.sun_path, back.path, sizeof(back.path));
	(void)unlink(back.path);
	back.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(back.listener, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(back.listener, 4) == 0);
	MUST(pthread_create(&thread, NULL, serve, NULL) == 0 && pthread_detach(thread) == 0);
}

/* ---- what is done to the rings ---- */

/* Where a user address lies, with room for so many bytes; NULL: it is not shown. */
static unsigned char *place(uint64_t user, uint64_t len)
{
	if (back.mem == NULL || user < back.region.user || user - back.region.user > back.region.size ||
	    len > back.region.size - (user - back.region.user))
		return NULL;
	return back.mem + (user - back.region.user);
}

static void put16(unsigned char *at, uint32_t value)
{
	if (at != NULL)
		__atomic_store_n((uint16_t *)(void *)at, (uint16_t)value, __ATOMIC_SEQ_CST);
}

static uint16_t get16(const unsigned char *at)
{
	return at != NULL ? __atomic_load_n((const uint16_t *)(const void *)at, __ATOMIC_SEQ_CST) : (uint16_t)0;
}

/* Returns the entry that was made available last but so many, with a length; and, mostly, its header. */
static void give_back(uint32_t queue)
{
	const uint32_t num = back.num[queue];
	unsigned char *avail = place(back.ring[queue].avail, 6u + 2u * (uint64_t)num);
	unsigned char *used = place(back.ring[queue].used, 6u + 8u * (uint64_t)num);
	uint32_t element[2];
	uint16_t at;

	if (num == 0 || avail == NULL || used == NULL)
		return;
	at = (uint16_t)(get16(avail + 2) - 1u - byte() % 4u);
	element[0] = get16(avail + 4 + 2u * (at & (num - 1u)));
	element[0] ^= byte() >= 0xf0u ? fuzz_word(&back.in) : 0;
	element[1] = byte() >= 0xf0u ? fuzz_word(&back.in) : 8u + byte() % 128u;
	at = get16(used + 2);
	memcpy(used + 4 + 8u * (at & (num - 1u)), element, sizeof(element));
	put16(used + 2, at + 1u);
}

static void spoil(void)
{
	const uint32_t at = half();

	if (back.mem != NULL && at < SPOILED && at < back.region.size)
		back.mem[at] = (unsigned char)byte();
}

/* The request of each command as the beginning of its reply: what a back end does at least. */
static void copy_requests(void)
{
	const unsigned char *desc = place(back.ring[0].desc, 16u * (uint64_t)back.num[0]);

	for (uint32_t i = 0; desc != NULL && i + 1u < back.num[0]; i += 2) {
		uint64_t from;
		uint64_t to;
		unsigned char *reply;
		const unsigned char *request;

		memcpy(&from, desc + 16u * i, sizeof(from));
		memcpy(&to, desc + 16u * (i + 1u), sizeof(to));
		request = place(from - back.region.guest + back.region.user, 8);
		reply = place(to - back.region.guest + back.region.user, 8);
		if (request != NULL && reply != NULL && request != reply)
			memcpy(reply, request, 4);
	}
}

/* ---- the agent ---- */

struct one_call {
	struct scmi_call call;
	uint8_t reply[64];
	uint32_t open; /* not ended yet */
};

static struct {
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	struct one_call calls[CALLS];
} f;

static void on_done(struct scmi_call *call, int err)
{
	struct one_call *c = call->arg;

	(void)err;
	MUST(c->open == 1);
	c->open = 0;
}

static void submit(uint32_t i)
{
	struct one_call *c = &f.calls[i % CALLS];

	if (c->open != 0)
		return;
	c->call = (struct scmi_call){.size = sizeof(c->call),
				     .flags = SCMI_CALL_NOWAIT,
				     .protocol = SCMI_PROTOCOL_BASE,
				     .message = (uint8_t)(i >> 3 & 7u),
				     .reply = c->reply,
				     .reply_cap = sizeof(c->reply),
				     .timeout_us = 60000000,
				     .done = on_done,
				     .arg = c};
	c->open = 1;
	if (scmi_agent_submit(f.agent, &c->call) != SCMI_OK)
		c->open = 0;
}

static uint32_t locked_byte(void)
{
	uint32_t b;

	pthread_mutex_lock(&back.lock);
	b = byte();
	pthread_mutex_unlock(&back.lock);
	return b;
}

static void on_rings(uint32_t what)
{
	static const uint64_t nothing[2];

	pthread_mutex_lock(&back.lock);
	switch (what) {
	case 0:
		give_back(byte() % SCMI_VIRTIO_QUEUES);
		break;
	case 1:
		spoil();
		break;
	case 2:
		put16(place(back.ring[byte() % SCMI_VIRTIO_QUEUES].used + 2, 2), half());
		break;
	case 3:
		copy_requests();
		break;
	case 4:
		if (back.sock >= 0)
			put(nothing, 1u + byte() % sizeof(nothing));
		break;
	default:
		hang_up();
		break;
	}
	if (back.call >= 0)
		(void)scmi__event_raise(back.call);
	pthread_mutex_unlock(&back.lock);
}

static void step(void)
{
	const uint32_t what = locked_byte() % 16u;

	if (what < 6) {
		on_rings(what);
		return;
	}
	switch (what) {
	case 6:
	case 7:
	case 8:
		submit(locked_byte());
		break;
	case 9:
		f.transport.ops->wait(f.transport.ctx, 0);
		break;
	case 10:
		(void)f.transport.ops->fd(f.transport.ctx);
		break;
	case 11:
		if (locked_byte() % 4u == 0)
			(void)scmi_agent_recover(f.agent, 0);
		break;
	case 12:
		if (locked_byte() % 8u == 0) {
			(void)scmi_agent_stop(f.agent);
			(void)scmi_agent_start(f.agent);
		}
		break;
	default:
		(void)scmi_agent_poll(f.agent, 1 + (int)(locked_byte() % 8u));
		break;
	}
}

static bool input_left(void)
{
	bool left;

	pthread_mutex_lock(&back.lock);
	left = back.in.left != 0;
	pthread_mutex_unlock(&back.lock);
	return left;
}

static void run_agent(void)
{
	static max_align_t memory[4096];
	struct scmi_agent_config config = {.size = sizeof(config), .transport = &f.transport, .port = &f.port};

	if ((f.transport.caps & SCMI_CAP_NOTIFY) != 0)
		config.event_buffers = 4;
	MUST(scmi_agent_init(&f.agent, memory, sizeof(memory), &config) == SCMI_OK);
	if (scmi_agent_start(f.agent) == SCMI_OK) {
		for (unsigned i = 0; i < STEPS && input_left(); i++)
			step();
		(void)scmi_agent_stop(f.agent);
	}
	for (size_t i = 0; i < CALLS; i++)
		MUST(f.calls[i].open == 0);
	MUST(scmi_agent_fini(f.agent) == SCMI_OK);
}

/*
 * Descriptors below some number that an input stays below by far. Not pipes: the front end has none, but whoever prints
 * the names of functions for the fuzzer, a process of its own, is talked to by two.
 */
static unsigned open_fds(void)
{
	struct stat st;
	unsigned n = 0;

	pthread_mutex_lock(&back.lock);
	hang_up();
	back.in = (struct fuzz_input){NULL, 0};
	for (int fd = 0; fd < FDS_MOST; fd++)
		n += fstat(fd, &st) == 0 && !S_ISFIFO(st.st_mode);
	pthread_mutex_unlock(&back.lock);
	return n;
}

/* On a slow machine the front end gives up before its connection is taken in: that is let go of, too. */
static bool is_clean(unsigned fds)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	for (int i = 0; i < 5000; i++) {
		if (open_fds() == fds)
			return true;
		nanosleep(&nap, NULL);
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned fds;
	void *link;

	if (back.listener < 0) {
		open_back();
		MUST(scmi_posix_init(&f.posix, &f.port) == SCMI_OK);
		fds = open_fds();
	}
	pthread_mutex_lock(&back.lock);
	back.in = (struct fuzz_input){data, size};
	pthread_mutex_unlock(&back.lock);
	if (scmi__vu_front_open(&link, back.path, &f.port, &f.transport, NULL) == SCMI_OK) {
		run_agent();
		scmi__vu_front_close(link);
	}
	MUST(is_clean(fds));
	return 0;
}
