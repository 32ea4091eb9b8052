/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a real Linux kernel (virtio_uml) said to a vhost-user back end is said to ours, request by request, over a socket
 * and with descriptors of the same kinds: each is answered as that kernel needs it. Then both rings run where it had
 * put them, and what the same kernel asked over them has the recorded answers.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <scmi/message.h>
#include <scmi/open.h>
#include <scmi/port/posix.h>
#include <scmi/transport/virtio.h>

#include "acme.h"
#include "recording.h"

/* Of vhost-user. */
#define GET_FEATURES          1u
#define SET_MEM_TABLE         5u
#define SET_VRING_NUM         8u
#define SET_VRING_ADDR        9u
#define SET_VRING_BASE        10u
#define SET_VRING_KICK        12u
#define SET_VRING_CALL        13u
#define GET_PROTOCOL_FEATURES 15u
#define SET_VRING_ENABLE      18u
#define SET_BACKEND_REQ_FD    21u
#define REPLY                 5u /* flags: version 1, a reply */
#define NEED_REPLY            8u
#define FEATURES              UINT64_C(0x150000001)
#define PROTOCOL_FEATURES     UINT64_C(0x28)

#define SETUP 19u /* requests until both rings are enabled */

#define LIMIT_MS    20000 /* for what must come */
#define ENTRIES     256u
#define EVENT_CAP   136u
#define PAYLOAD_MAX 72u

/* Where the buffers lie, from the region's start. */
#define REQUEST 0x100000u
#define ANSWER  0x101000u
#define EVENTS  0x110000u

#define SENSOR_TRIP_POINT_NOTIFY 4u

#define NEXT  1u
#define WRITE 2u

struct queue {
	unsigned char *desc;
	unsigned char *avail;
	unsigned char *used;
	uint16_t posted;
	uint16_t taken; /* used ones that have been looked at */
	int kick;
	int call[2];
};

struct kernel {
	int sock;
	int file;
	unsigned char *mem; /* of the file, from its start */
	size_t mem_len;
	uint64_t guest; /* the region's address, and its offset in the file */
	uint64_t offset;
	int backend[2];
	struct queue queue[SCMI_VIRTIO_QUEUES];
};

struct state {
	char folder[32];
	char path[64];
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_listener *listener;
	struct acme acme;
	struct recording said;  /* to the back end */
	struct recording asked; /* over the rings */
};

static void load(struct recording *recording, const char *path)
{
	char error[128];

	if (recording_load(recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
}

static int open_state(void **state)
{
	struct state *s = calloc(1, sizeof(*s));
	char uri[128];
	char why[256] = "";
	const struct scmi_open_config config = {.size = sizeof(config), .why = {.text = why, .len = sizeof(why)}};

	assert_non_null(s);
	strcpy(s->folder, "/tmp/scmi.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/socket", s->folder);
	snprintf(uri, sizeof(uri), "vhost-user:%s,agents=1,features=0x110000001", s->path);
	load(&s->said, RECORDINGS "/linux-6.12-vhost-user.txt");
	load(&s->asked, RECORDINGS "/linux-6.12-virtio.txt");
	assert_int_equal(scmi_posix_init(&s->posix, &s->port), SCMI_OK);
	if (scmi_listen(&s->listener, uri, &config, &s->port) != SCMI_OK)
		fail_msg("%s: %s", uri, why);
	assert_int_equal(acme_open(&s->acme, scmi_listener_endpoint(s->listener, 0), NULL, NULL), SCMI_OK);
	assert_int_equal(scmi_listener_start(s->listener), SCMI_OK);
	*state = s;
	return 0;
}

static int close_state(void **state)
{
	struct state *s = *state;

	assert_int_equal(scmi_listener_stop(s->listener), SCMI_OK);
	assert_int_equal(acme_close(&s->acme), SCMI_OK);
	assert_int_equal(scmi_listener_close(s->listener), SCMI_OK);
	scmi_posix_fini(&s->posix);
	assert_int_equal(rmdir(s->folder), 0); /* no socket is left */
	recording_free(&s->said);
	recording_free(&s->asked);
	free(s);
	return 0;
}

/* ---- the kernel's end ---- */

static struct kernel *boot(const struct state *s)
{
	struct kernel *k = calloc(1, sizeof(*k));
	const struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_non_null(k);
	k->file = -1;
	strcpy(address.sun_path, s->path);
	k->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(k->sock, errno);
	assert_return_code(connect(k->sock, (const struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(setsockopt(k->sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), errno);
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, k->backend),
			   errno); /* the kernel takes these for pipes */
	for (unsigned i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		k->queue[i].kick = eventfd(0, EFD_CLOEXEC);
		assert_return_code(k->queue[i].kick, errno);
		assert_return_code(socketpair(AF_UNIX, SOCK_STREAM, 0, k->queue[i].call), errno);
	}
	return k;
}

/* The back end has closed its end, too. */
static void await_end(const int pair[2])
{
	struct pollfd p = {.fd = pair[0]};

	close(pair[1]);
	assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
	assert_true((p.revents & POLLHUP) != 0);
	close(pair[0]);
}

/* Until the back end has let go of all that it was given: then the place is free again. */
static void power_off(struct kernel *k)
{
	close(k->sock);
	for (unsigned i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		await_end(k->queue[i].call);
		close(k->queue[i].kick);
	}
	await_end(k->backend);
	munmap(k->mem, k->mem_len);
	close(k->file);
	free(k);
}

/* An address of the recording's. */
static unsigned char *at(const struct kernel *k, uint64_t guest)
{
	assert_in_range(guest - k->guest + k->offset, 0, k->mem_len - 1u);
	return k->mem + (guest - k->guest + k->offset);
}

/* Memory as large as the kernel's, and as empty: a file with holes. */
static void make_memory(struct kernel *k, const uint8_t *table)
{
	k->guest = scmi_get_le64(table + 8);
	k->offset = scmi_get_le64(table + 32);
	k->mem_len = (size_t)(k->offset + scmi_get_le64(table + 16));
	assert_int_equal(scmi_get_le64(table + 24), k->guest);
	k->file = memfd_create("kernel", MFD_CLOEXEC);
	assert_return_code(k->file, errno);
	assert_return_code(ftruncate(k->file, (off_t)k->mem_len), errno);
	k->mem = mmap(NULL, k->mem_len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, k->file, 0);
	assert_ptr_not_equal(k->mem, MAP_FAILED);
}

/* What a request means to the kernel itself, before it is sent. Returns the descriptor that goes with it. */
static int prepare(struct kernel *k, const struct recording_entry *e)
{
	struct queue *q;

	if (e->request == SET_BACKEND_REQ_FD)
		return k->backend[1];
	if (e->request == SET_MEM_TABLE) {
		make_memory(k, e->sent);
		return k->file;
	}
	if (e->request < SET_VRING_NUM || e->request > SET_VRING_CALL)
		return -1;
	assert_in_range(e->sent[0], 0, SCMI_VIRTIO_QUEUES - 1u);
	q = &k->queue[e->sent[0]];
	if (e->request == SET_VRING_ADDR) {
		q->desc = at(k, scmi_get_le64(e->sent + 8));
		q->used = at(k, scmi_get_le64(e->sent + 16));
		q->avail = at(k, scmi_get_le64(e->sent + 24));
	}
	if (e->request == SET_VRING_NUM)
		assert_int_equal(scmi_get_le32(e->sent + 4), ENTRIES);
	return e->request == SET_VRING_KICK ? q->kick : e->request == SET_VRING_CALL ? q->call[1] : -1;
}

/* Requests with a payload that begins with two words of 32 bits; all else are of 64. */
static bool has_pair(uint32_t request)
{
	return request == SET_MEM_TABLE || request == SET_VRING_ENABLE ||
	       (request >= SET_VRING_NUM && request <= SET_VRING_BASE);
}

/* The recorder's host was little endian, this one may not be. */
static void to_host(const struct recording_entry *e, unsigned char *payload)
{
	unsigned char sent[PAYLOAD_MAX] = {0};

	memcpy(sent, e->sent, e->sent_len);
	for (uint32_t i = 0; i < e->size; i += 8u) {
		const uint32_t pair[2] = {scmi_get_le32(sent + i), scmi_get_le32(sent + i + 4u)};
		const uint64_t one = scmi_get_le64(sent + i);

		memcpy(payload + i, i == 0 && has_pair(e->request) ? (const void *)pair : &one, 8);
	}
}

static void send_request(struct kernel *k, const struct recording_entry *e, int fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	uint32_t message[3u + PAYLOAD_MAX / 4u] = {e->request, e->flags, e->size};
	struct iovec piece = {.iov_base = message, .iov_len = 12u + e->size};
	struct msghdr msg = {.msg_iov = &piece, .msg_iovlen = 1};

	assert_in_range(e->size, 0, PAYLOAD_MAX);
	to_host(e, (unsigned char *)&message[3]);
	if (fd >= 0) {
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
	}
	assert_int_equal(sendmsg(k->sock, &msg, MSG_NOSIGNAL), 12u + e->size);
}

static uint64_t take_reply(const struct kernel *k, uint32_t request)
{
	uint32_t reply[5] = {0};
	uint64_t value;

	assert_int_equal(recv(k->sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[0], request);
	assert_int_equal(reply[1], REPLY);
	assert_int_equal(reply[2], sizeof(value));
	memcpy(&value, &reply[3], sizeof(value));
	return value;
}

/* That one has no answer is known by the answer to the next. */
static void say(struct kernel *k, const struct recording_entry *e)
{
	const int fd = prepare(k, e);

	assert_int_equal(e->kind, RECORDING_VHOST);
	assert_int_equal(e->fds, fd >= 0);
	send_request(k, e, fd);
	if (e->request == GET_FEATURES)
		assert_int_equal(take_reply(k, e->request), FEATURES);
	else if (e->request == GET_PROTOCOL_FEATURES)
		assert_int_equal(take_reply(k, e->request) & PROTOCOL_FEATURES, PROTOCOL_FEATURES);
	else if ((e->flags & NEED_REPLY) != 0)
		assert_int_equal(take_reply(k, e->request), 0);
}

/* ---- its rings ---- */

static void put_desc(unsigned char *desc, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
	scmi_put_le64(desc, addr);
	scmi_put_le32(desc + 8, len);
	scmi_put_le16(desc + 12, (uint16_t)flags);
	scmi_put_le16(desc + 14, (uint16_t)next);
}

static void publish(struct queue *q, uint16_t head)
{
	uint16_t idx;

	scmi_put_le16(q->avail + 4u + 2u * (q->posted % ENTRIES), head);
	scmi_put_le16((unsigned char *)&idx, ++q->posted);
	__atomic_store_n((uint16_t *)(void *)(q->avail + 2), idx, __ATOMIC_RELEASE);
}

static uint16_t used(const struct queue *q)
{
	const uint16_t idx = __atomic_load_n((const uint16_t *)(const void *)(q->used + 2), __ATOMIC_ACQUIRE);

	return scmi_get_le16((const unsigned char *)&idx);
}

/* Waits for one more, by interrupts of 8 bytes each; returns its head. */
static uint32_t await_used(struct queue *q, uint32_t *len)
{
	struct pollfd p = {.fd = q->call[0], .events = POLLIN};
	const unsigned char *elem = q->used + 4u + 8u * (q->taken % ENTRIES);
	uint64_t n;

	while (used(q) == q->taken) {
		assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
		assert_int_equal(read(q->call[0], &n, sizeof(n)), sizeof(n));
	}
	assert_int_equal(used(q), ++q->taken);
	*len = scmi_get_le32(elem + 4);
	return scmi_get_le32(elem);
}

static void fill_eventq(struct kernel *k)
{
	struct queue *q = &k->queue[SCMI_VIRTIO_EVENTQ];

	for (uint16_t i = 0; i < ENTRIES; i++) {
		put_desc(q->desc + 16u * i, k->guest + EVENTS + EVENT_CAP * i, EVENT_CAP, WRITE, 0);
		publish(q, i);
	}
	assert_int_equal(eventfd_write(q->kick, 1), 0);
}

static void post(struct kernel *k, const struct recording_entry *e)
{
	struct queue *q = &k->queue[SCMI_VIRTIO_CMDQ];

	memcpy(at(k, k->guest + REQUEST), e->sent, e->sent_len);
	memset(at(k, k->guest + ANSWER), 0xa5, e->cap + 1u);
	put_desc(q->desc, k->guest + REQUEST, e->sent_len, NEXT, 1);
	put_desc(q->desc + 16, k->guest + ANSWER, e->cap, WRITE, 0);
	publish(q, 0);
	assert_int_equal(eventfd_write(q->kick, 1), 0);
}

static void is_answered_as_recorded(struct kernel *k, const struct recording_entry *e)
{
	const unsigned char *answer = at(k, k->guest + ANSWER);
	uint32_t len;

	assert_int_equal(await_used(&k->queue[SCMI_VIRTIO_CMDQ], &len), 0);
	assert_int_equal(len, e->reply_len);
	assert_memory_equal(answer, e->reply, e->reply_len);
	assert_int_equal(answer[e->reply_len], 0xa5);
}

static void ask(struct kernel *k, const struct recording_entry *e)
{
	post(k, e);
	is_answered_as_recorded(k, e);
}

/* The recorded platform told it unasked; this one wants to be asked. */
static void switch_trips_on(struct kernel *k)
{
	uint8_t sent[12] = {0};
	uint8_t reply[8] = {0};
	const struct recording_entry e = {.sent = sent, .sent_len = 12, .reply = reply, .reply_len = 8, .cap = 8};
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, SENSOR_TRIP_POINT_NOTIFY, SCMI_MSG_COMMAND, 0);

	scmi_put_le32(sent, hdr);
	scmi_put_le32(sent + 8, 1);
	scmi_put_le32(reply, hdr);
	ask(k, &e);
}

static void is_told_as_recorded(struct state *s, struct kernel *k, const struct recording_entry *e)
{
	uint32_t head;
	uint32_t len;

	if (scmi_hdr_type(scmi_get_le32(e->sent)) == SCMI_MSG_DELAYED) {
		assert_int_equal(acme_complete(&s->acme), 1);
	} else {
		switch_trips_on(k);
		assert_int_equal(acme_trip(&s->acme, 0, 1), SCMI_OK);
	}
	head = await_used(&k->queue[SCMI_VIRTIO_EVENTQ], &len);
	assert_in_range(head, 0, ENTRIES - 1u);
	assert_int_equal(len, e->sent_len);
	assert_memory_equal(at(k, k->guest + EVENTS + EVENT_CAP * head), e->sent, e->sent_len);
}

static void ask_all(struct state *s, struct kernel *k)
{
	fill_eventq(k);
	for (size_t i = 0; i < s->asked.count; i++) {
		const struct recording_entry *e = &s->asked.entries[i];

		if (e->kind == RECORDING_COMMAND)
			ask(k, e);
		else
			is_told_as_recorded(s, k, e);
	}
	assert_int_equal(k->queue[SCMI_VIRTIO_CMDQ].taken + k->queue[SCMI_VIRTIO_EVENTQ].taken, 35);
}

/* ---- all of it ---- */

static void say_some(struct state *s, struct kernel *k, size_t from, size_t to)
{
	assert_in_range(to, 1, s->said.count);
	for (size_t i = from; i < to; i++)
		say(k, &s->said.entries[i]);
}

static void linux_over_vhost_user_is_answered_as_recorded(void **state)
{
	struct state *s = *state;
	struct kernel *k = boot(s);

	say_some(s, k, 0, SETUP);
	ask_all(s, k);
	say_some(s, k, SETUP, s->said.count);
	power_off(k);
}

static void linux_that_boots_again_finds_all_as_before(void **state)
{
	struct state *s = *state;

	linux_over_vhost_user_is_answered_as_recorded(state);
	for (uint32_t i = 0; i < ACME_CLOCKS; i++)
		atomic_store(&s->acme.running[i], 1u); /* the kernel has stopped them */
	linux_over_vhost_user_is_answered_as_recorded(state);
}

/* Disabled rings: a command waits there, and its doorbell is not needed again when they are enabled. */
static void linux_that_disables_its_rings_loses_nothing(void **state)
{
	struct state *s = *state;
	struct kernel *k = boot(s);

	say_some(s, k, 0, s->said.count);
	post(k, &s->asked.entries[0]);
	for (int i = 0; i < 8; i++)
		say_some(s, k, s->said.count - 1u, s->said.count); /* it has had time to look */
	assert_int_equal(used(&k->queue[SCMI_VIRTIO_CMDQ]), 0);
	say_some(s, k, SETUP - 4u, SETUP);
	is_answered_as_recorded(k, &s->asked.entries[0]);
	power_off(k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(linux_over_vhost_user_is_answered_as_recorded, open_state, close_state),
		cmocka_unit_test_setup_teardown(linux_that_boots_again_finds_all_as_before, open_state, close_state),
		cmocka_unit_test_setup_teardown(linux_that_disables_its_rings_loses_nothing, open_state, close_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
