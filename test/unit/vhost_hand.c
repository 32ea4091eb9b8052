/* SPDX-License-Identifier: BSD-3-Clause */
/* A front end by hand. Its memory: descriptors at 0, what is offered at 0x1000, what is used at 0x2000, buffers. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <scmi/message.h>

#include "../support/hang.h"
#include "../../transports/virtio/ring.h"
#include "vhost_listen_rig.h"

#define AVAIL   0x1000u
#define USED    0x2000u
#define REQUEST 0x3000u /* each 64 bytes */
#define REPLY   0x4000u

#define WANTED (SCMI_VIRTIO_F_VERSION_1 | VU_F_PROTOCOL_FEATURES)

/* ---- the socket ---- */

bool front_connect(struct front *f)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	*f = (struct front){.sock = -1, .memory = -1, .kick = {-1, -1}, .call = {-1, -1}};
	memcpy(a.sun_path, rig_path(), strlen(rig_path()));
	f->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(f->sock >= 0);
	if (connect(f->sock, (const struct sockaddr *)&a, sizeof(a)) == 0)
		return true;
	close(f->sock);
	f->sock = -1;
	return false;
}

void front_leave(struct front *f)
{
	for (int i = 0; i < 2; i++) {
		if (f->kick[i] >= 0)
			close(f->kick[i]);
		if (f->call[i] >= 0)
			close(f->call[i]);
	}
	if (f->mem != NULL)
		munmap(f->mem, FRONT_BYTES);
	if (f->memory >= 0)
		close(f->memory);
	if (f->sock >= 0)
		close(f->sock);
	*f = (struct front){.sock = -1, .memory = -1, .kick = {-1, -1}, .call = {-1, -1}};
}

void front_send(struct front *f, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
		unsigned n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = {.bytes = {0}};
	struct vu_header h = {.request = request, .flags = flags, .size = len};
	struct iovec parts[2] = {{.iov_base = &h, .iov_len = sizeof(h)},
				 {.iov_base = (void *)(uintptr_t)payload, .iov_len = len}};
	struct msghdr m = {.msg_iov = parts, .msg_iovlen = len != 0 ? 2 : 1};

	if (n != 0) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		*CMSG_FIRSTHDR(&m) = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(n * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), fds, n * sizeof(int));
	}
	/* Who has been sent away meanwhile will see it at the next reply. */
	assert_true(sendmsg(f->sock, &m, MSG_NOSIGNAL) == (ssize_t)(sizeof(h) + len) || errno == EPIPE ||
		    errno == ECONNRESET);
}

static bool read_all(int sock, void *to, size_t len)
{
	for (size_t at = 0; at < len;) {
		const ssize_t n = recv(sock, (char *)to + at, len - at, 0);

		if (n <= 0)
			return false;
		at += (size_t)n;
	}
	return true;
}

bool front_reply(struct front *f, uint32_t request, void *payload, uint32_t len)
{
	struct vu_header h;

	if (!read_all(f->sock, &h, sizeof(h)))
		return false;
	assert_int_equal(h.request, request);
	assert_int_equal(h.flags, VU_VERSION | VU_REPLY);
	assert_int_equal(h.size, len);
	return read_all(f->sock, payload, len);
}

uint64_t front_get(struct front *f, uint32_t request)
{
	uint64_t value = 0;

	front_send(f, request, VU_VERSION, NULL, 0, NULL, 0);
	assert_true(front_reply(f, request, &value, sizeof(value)));
	return value;
}

bool front_is_cut(struct front *f)
{
	char byte;
	ssize_t n;

	while ((n = recv(f->sock, &byte, 1, 0)) > 0) /* what has been said before */
		;
	return n == 0 || errno == ECONNRESET;
}

bool front_lives(struct front *f)
{
	uint64_t value;

	front_send(f, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	return front_reply(f, VU_GET_FEATURES, &value, sizeof(value));
}

/* ---- the device ---- */

static void set(struct front *f, uint32_t request, const void *payload, uint32_t len, int fd)
{
	front_send(f, request, VU_VERSION, payload, len, &fd, fd >= 0 ? 1 : 0);
}

static void set_state(struct front *f, uint32_t request, uint32_t ring, uint32_t num)
{
	const struct vu_vring_state s = {.index = ring, .num = num};

	set(f, request, &s, sizeof(s), -1);
}

static void set_memory(struct front *f)
{
	const struct vu_memory m = {.n = 1,
				    .region = {{.guest = FRONT_GUEST, .size = FRONT_BYTES, .user = FRONT_USER}}};

	f->memory = memfd_create("front", MFD_CLOEXEC);
	assert_true(f->memory >= 0 && ftruncate(f->memory, FRONT_BYTES) == 0);
	f->mem = mmap(NULL, FRONT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, f->memory, 0);
	assert_true(f->mem != MAP_FAILED);
	set(f, VU_SET_MEM_TABLE, &m, 8 + sizeof(m.region[0]), f->memory);
}

void front_set_kick(struct front *f, uint32_t ring, int kick)
{
	const uint64_t which = ring | (kick < 0 ? VU_RING_NOFD : 0);

	set(f, VU_SET_VRING_KICK, &which, sizeof(which), kick);
}

void front_set_up(struct front *f)
{
	const uint64_t features = WANTED | (f->event_idx ? SCMI_VIRTIO_F_EVENT_IDX : 0u);
	const uint64_t protocol = VU_PF_REPLY_ACK;
	const uint64_t cmdq = SCMI_VIRTIO_CMDQ;
	const struct vu_vring_addr addr = {
		.index = SCMI_VIRTIO_CMDQ, .desc = FRONT_USER, .avail = FRONT_USER + AVAIL, .used = FRONT_USER + USED};

	assert_int_equal(front_get(f, VU_GET_FEATURES) & features, features);
	assert_int_equal(front_get(f, VU_GET_PROTOCOL_FEATURES) & protocol, protocol);
	set(f, VU_SET_PROTOCOL_FEATURES, &protocol, sizeof(protocol), -1);
	set(f, VU_SET_OWNER, NULL, 0, -1);
	set(f, VU_SET_FEATURES, &features, sizeof(features), -1);
	set_memory(f);
	set_state(f, VU_SET_VRING_NUM, SCMI_VIRTIO_CMDQ, FRONT_SIZE);
	set_state(f, VU_SET_VRING_BASE, SCMI_VIRTIO_CMDQ, 0);
	set(f, VU_SET_VRING_ADDR, &addr, sizeof(addr), -1);
	f->call[0] = eventfd(0, EFD_CLOEXEC);
	assert_true(f->call[0] >= 0);
	set(f, VU_SET_VRING_CALL, &cmdq, sizeof(cmdq), f->call[0]);
}

void front_up(struct front *f)
{
	front_set_up(f);
	f->kick[0] = eventfd(0, EFD_CLOEXEC);
	assert_true(f->kick[0] >= 0);
	front_set_kick(f, SCMI_VIRTIO_CMDQ, f->kick[0]);
	set_state(f, VU_SET_VRING_ENABLE, SCMI_VIRTIO_CMDQ, 1);
}

/* ---- commands: the n-th uses descriptors 2n and 2n + 1 ---- */

static struct ring_parts parts_of(const struct front *f)
{
	return (struct ring_parts){.desc = (struct ring_desc *)(void *)f->mem,
				   .avail = (struct ring_avail *)(void *)(f->mem + AVAIL),
				   .used = (struct ring_used *)(void *)(f->mem + USED),
				   .size = FRONT_SIZE};
}

static void describe(struct front *f, uint32_t i, uint64_t at, uint32_t len, uint32_t flags)
{
	struct ring_desc *d = (struct ring_desc *)(void *)f->mem + i;

	ring_store32(&d->addr_lo, (uint32_t)(FRONT_GUEST + at));
	ring_store32(&d->addr_hi, (uint32_t)((FRONT_GUEST + at) >> 32));
	ring_store32(&d->len, len);
	ring_store32(&d->flags_next, flags);
}

void front_offer(struct front *f, uint8_t protocol, uint8_t message)
{
	const uint32_t n = f->avail % (FRONT_SIZE / 2u);
	const struct ring_parts at = parts_of(f);

	scmi_put_le32(f->mem + REQUEST + n * 64u, scmi_hdr(protocol, message, SCMI_MSG_COMMAND, f->avail & 0x3ffu));
	memset(f->mem + REPLY + n * 64u, 0xff, 64);
	describe(f, 2 * n, REQUEST + n * 64u, 4, RING_NEXT | (2 * n + 1) << 16);
	describe(f, 2 * n + 1, REPLY + n * 64u, 64, RING_WRITE);
	ring_store16(ring_used_event(&at), f->seen);
	ring_store16(&at.avail->ring[f->avail % FRONT_SIZE], (uint16_t)(2 * n));
	ring_store16_release(&at.avail->idx, ++f->avail);
}

void front_kick(struct front *f)
{
	const uint64_t one = 1;

	assert_int_equal(write(f->kick[0], &one, sizeof(one)), sizeof(one));
}

static bool is_asked(const struct front *f, uint16_t index)
{
	const struct ring_parts at = parts_of(f);

	return f->event_idx ? ring_load16(ring_avail_event(&at)) == index
			    : (ring_load16(&at.used->flags) & RING_QUIET) == 0;
}

bool front_is_asked(struct front *f)
{
	return is_asked(f, f->avail);
}

bool front_must_kick(struct front *f)
{
	atomic_thread_fence(memory_order_seq_cst);
	return is_asked(f, (uint16_t)(f->avail - 1u));
}

int32_t front_status(struct front *f)
{
	struct ring_used *u = (struct ring_used *)(void *)(f->mem + USED);
	struct hang hang = hang_watch();
	struct pollfd p = {.fd = f->call[0], .events = POLLIN};
	const uint32_t n = f->seen % (FRONT_SIZE / 2u);
	uint64_t count;

	while (ring_load16_acquire(&u->idx) == f->seen) {
		assert_false(hangs(&hang));
		if (poll(&p, 1, 1000) == 1)
			assert_int_equal(read(f->call[0], &count, sizeof(count)), sizeof(count));
	}
	f->seen++;
	return (int32_t)scmi_get_le32(f->mem + REPLY + n * 64u + 4u);
}

bool front_ask(struct front *f)
{
	front_offer(f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
	front_kick(f);
	return front_status(f) == SCMI_SUCCESS;
}
