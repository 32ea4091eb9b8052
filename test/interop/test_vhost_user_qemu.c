/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What QEMU said to a vhost-user back end is said to ours, request by request: as it came up, as its guest reset the device
 * and started it again, and as it found the next back end, to which it repeats nothing of what it had agreed on with
 * the one before. After each start a command is answered on the ring where QEMU had put it.
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
#define GET_VRING_BASE        11u
#define SET_VRING_KICK        12u
#define SET_VRING_CALL        13u
#define SET_VRING_ERR         14u
#define GET_PROTOCOL_FEATURES 15u
#define GET_QUEUE_NUM         17u
#define SET_VRING_ENABLE      18u
#define SET_BACKEND_REQ_FD    21u
#define GET_STATUS            40u
#define REPLY                 5u /* flags: version 1, a reply */
#define NEED_REPLY            8u
#define FEATURES              UINT64_C(0x10170000001)
#define PROTOCOL_FEATURES     UINT64_C(0x12029)

/* Where the parts of the recordings end: the device runs; it has been stopped; it runs again. */
#define RUNS       28u
#define STOPPED    34u
#define RUNS_AGAIN 52u
#define AGAIN_RUNS 18u /* in the other one */

#define LIMIT_MS    20000 /* for what must come */
#define PAYLOAD_MAX 40u
#define REQUEST     0x1000u /* where the buffers lie, from the start of the memory */
#define ANSWER      0x2000u
#define NEXT        1u
#define WRITE       2u

struct queue {
	unsigned char *desc;
	unsigned char *avail;
	unsigned char *used;
	uint32_t entries;
	uint16_t at; /* the next one */
	int kick;
	int call; /* the last one that was told */
};

struct qemu {
	int sock;
	int file;
	unsigned char *mem;
	size_t len;
	uint64_t guest; /* its addresses: the guest's, and QEMU's own */
	uint64_t user;
	struct queue queue[SCMI_VIRTIO_QUEUES];
};

struct state {
	char folder[32];
	char path[64];
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_listener *listener;
	struct acme acme;
	struct recording first;
	struct recording again;
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
	const struct scmi_open_config config = {.size = sizeof(config)};

	assert_non_null(s);
	strcpy(s->folder, "/tmp/scmi.XXXXXX");
	assert_non_null(mkdtemp(s->folder));
	snprintf(s->path, sizeof(s->path), "%s/socket", s->folder);
	snprintf(uri, sizeof(uri), "vhost-user:%s,agents=1", s->path);
	load(&s->first, RECORDINGS "/qemu-10.0-vhost-user.txt");
	load(&s->again, RECORDINGS "/qemu-10.0-vhost-user-again.txt");
	assert_int_equal(scmi_posix_init(&s->posix, &s->port), SCMI_OK);
	assert_int_equal(scmi_listen(&s->listener, uri, &config, &s->port), SCMI_OK);
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
	assert_int_equal(rmdir(s->folder), 0);
	recording_free(&s->first);
	recording_free(&s->again);
	free(s);
	return 0;
}

/* ---- QEMU's end ---- */

static struct qemu *boot(const struct state *s)
{
	struct qemu *q = calloc(1, sizeof(*q));
	const struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	assert_non_null(q);
	q->file = -1;
	strcpy(address.sun_path, s->path);
	q->sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_return_code(q->sock, errno);
	assert_return_code(connect(q->sock, (const struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(setsockopt(q->sock, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), errno);
	for (unsigned i = 0; i < SCMI_VIRTIO_QUEUES; i++)
		q->queue[i].kick = q->queue[i].call = -1;
	return q;
}

static void power_off(struct qemu *q)
{
	for (unsigned i = 0; i < SCMI_VIRTIO_QUEUES; i++) {
		close(q->queue[i].kick);
		close(q->queue[i].call);
	}
	close(q->sock);
	munmap(q->mem, q->len);
	close(q->file);
	free(q);
}

/* QEMU tells its memory again at each start; it is the same. */
static int memory(struct qemu *q, const uint8_t *table)
{
	assert_int_equal(scmi_get_le32(table), 1);
	if (q->file >= 0)
		return q->file;
	q->guest = scmi_get_le64(table + 8);
	q->len = (size_t)scmi_get_le64(table + 16);
	q->user = scmi_get_le64(table + 24);
	q->file = memfd_create("guest", MFD_CLOEXEC);
	assert_return_code(q->file, errno);
	assert_return_code(ftruncate(q->file, (off_t)q->len), errno);
	q->mem = mmap(NULL, q->len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, q->file, 0);
	assert_ptr_not_equal(q->mem, MAP_FAILED);
	return q->file;
}

static unsigned char *at(const struct qemu *q, uint64_t user)
{
	assert_in_range(user - q->user, 0, q->len - 1u);
	return q->mem + (user - q->user);
}

static int fresh(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_return_code(*fd, errno);
	return *fd;
}

/* What a request means to QEMU itself, before it is sent. Returns a descriptor that goes with it; *own: and is closed. */
static int prepare(struct qemu *q, const struct recording_entry *e, bool *own)
{
	struct queue *queue = &q->queue[e->sent_len > 0 ? e->sent[0] % SCMI_VIRTIO_QUEUES : 0];
	int fd = -1;

	*own = e->request == SET_BACKEND_REQ_FD || e->request == SET_VRING_ERR;
	if (*own)
		return fresh(&fd);
	switch (e->request) {
	case SET_MEM_TABLE:
		return memory(q, e->sent);
	case SET_VRING_NUM:
		queue->entries = scmi_get_le32(e->sent + 4);
		return -1;
	case SET_VRING_BASE:
		queue->at = (uint16_t)scmi_get_le32(e->sent + 4);
		return -1;
	case SET_VRING_ADDR:
		queue->desc = at(q, scmi_get_le64(e->sent + 8));
		queue->used = at(q, scmi_get_le64(e->sent + 16));
		queue->avail = at(q, scmi_get_le64(e->sent + 24));
		scmi_put_le16(queue->avail + 2, queue->at); /* as the guest has left it */
		scmi_put_le16(queue->used + 2, queue->at);
		return -1;
	case SET_VRING_KICK:
		return fresh(&queue->kick);
	case SET_VRING_CALL:
		return fresh(&queue->call);
	default:
		return -1;
	}
}

/* The recorder's host was little endian, this one may not be. Pairs of words, else words of 64 bits. */
static void to_host(const struct recording_entry *e, unsigned char *payload)
{
	const bool pair_first = e->request == SET_MEM_TABLE || e->request == SET_VRING_ENABLE ||
				(e->request >= SET_VRING_NUM && e->request <= GET_VRING_BASE);

	for (uint32_t i = 0; i < e->size; i += 8u) {
		const uint32_t pair[2] = {scmi_get_le32(e->sent + i), scmi_get_le32(e->sent + i + 4u)};
		const uint64_t one = scmi_get_le64(e->sent + i);

		memcpy(payload + i, i == 0 && pair_first ? (const void *)pair : &one, 8);
	}
}

static void send_request(struct qemu *q, const struct recording_entry *e, int fd)
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
	assert_int_equal(sendmsg(q->sock, &msg, MSG_NOSIGNAL), 12u + e->size);
}

static uint64_t take_reply(const struct qemu *q, uint32_t request)
{
	uint32_t reply[5] = {0};
	uint64_t value;

	assert_int_equal(recv(q->sock, reply, sizeof(reply), MSG_WAITALL), sizeof(reply));
	assert_int_equal(reply[0], request);
	assert_int_equal(reply[1], REPLY);
	assert_int_equal(reply[2], sizeof(value));
	memcpy(&value, &reply[3], sizeof(value));
	return value;
}

/* What the back end has to answer to this request, where it does. */
static uint64_t expected(const struct qemu *q, const struct recording_entry *e)
{
	uint32_t pair[2] = {e->sent_len > 0 ? e->sent[0] : 0, 0};
	uint64_t state;

	switch (e->request) {
	case GET_FEATURES:
		return FEATURES;
	case GET_PROTOCOL_FEATURES:
		return PROTOCOL_FEATURES;
	case GET_QUEUE_NUM:
		return SCMI_VIRTIO_QUEUES;
	case GET_VRING_BASE:
		pair[1] = q->queue[pair[0]].at;
		memcpy(&state, pair, sizeof(state));
		return state;
	default:
		return 0; /* GET_STATUS: of a device that was reset; and done well */
	}
}

/* That one has no answer is known by the answer to the next. */
static void say(struct qemu *q, const struct recording *said, size_t from, size_t to)
{
	assert_in_range(to, from, said->count);
	for (size_t i = from; i < to; i++) {
		const struct recording_entry *e = &said->entries[i];
		bool own;
		const int fd = prepare(q, e, &own);
		const bool asks = e->request == GET_FEATURES || e->request == GET_PROTOCOL_FEATURES ||
				  e->request == GET_QUEUE_NUM || e->request == GET_VRING_BASE ||
				  e->request == GET_STATUS;

		assert_int_equal(e->fds, fd >= 0);
		send_request(q, e, fd);
		if (own)
			close(fd);
		if (!asks && (e->flags & NEED_REPLY) == 0)
			continue;
		/* what has been agreed on is GET_STATUS's to tell, once there has been a SET_STATUS */
		if (e->request == GET_STATUS)
			assert_int_equal(take_reply(q, e->request) & ~UINT64_C(8), 0);
		else
			assert_int_equal(take_reply(q, e->request), expected(q, e));
	}
}

/* ---- its guest ---- */

static void put_desc(unsigned char *desc, uint64_t addr, uint32_t len, uint32_t flags, uint32_t next)
{
	scmi_put_le64(desc, addr);
	scmi_put_le32(desc + 8, len);
	scmi_put_le16(desc + 12, (uint16_t)flags);
	scmi_put_le16(desc + 14, (uint16_t)next);
}

/* Its driver asks for EVENT_IDX's sake: interrupt at the next one. */
static void post(struct qemu *q)
{
	struct queue *queue = &q->queue[SCMI_VIRTIO_CMDQ];
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION, SCMI_MSG_COMMAND, 5);
	uint16_t idx;

	scmi_put_le32(q->mem + REQUEST, hdr);
	memset(q->mem + ANSWER, 0xa5, 16);
	put_desc(queue->desc, q->guest + REQUEST, 4, NEXT, 1);
	put_desc(queue->desc + 16, q->guest + ANSWER, 16, WRITE, 0);
	scmi_put_le16(queue->avail + 4u + 2u * (queue->at % queue->entries), 0);
	scmi_put_le16(queue->avail + 4u + 2u * queue->entries, queue->at);
	scmi_put_le16((unsigned char *)&idx, (uint16_t)(queue->at + 1u));
	__atomic_store_n((uint16_t *)(void *)(queue->avail + 2), idx, __ATOMIC_RELEASE);
}

static uint16_t used(const struct queue *queue)
{
	const uint16_t idx = __atomic_load_n((const uint16_t *)(const void *)(queue->used + 2), __ATOMIC_ACQUIRE);

	return scmi_get_le16((const unsigned char *)&idx);
}

/* A doorbell that was just told may ring for nothing. */
static void await_interrupt(struct queue *queue)
{
	struct pollfd p = {.fd = queue->call, .events = POLLIN};
	eventfd_t rung;

	do {
		assert_int_equal(poll(&p, 1, LIMIT_MS), 1);
		assert_int_equal(eventfd_read(queue->call, &rung), 0);
	} while (used(queue) == queue->at);
	assert_int_equal(used(queue), (uint16_t)(queue->at + 1u));
}

static void is_answered(struct qemu *q)
{
	struct queue *queue = &q->queue[SCMI_VIRTIO_CMDQ];
	const unsigned char *elem = queue->used + 4u + 8u * (queue->at % queue->entries);

	await_interrupt(queue);
	assert_int_equal(scmi_get_le32(elem), 0);
	assert_int_equal(scmi_get_le32(elem + 4), 12);
	assert_int_equal(scmi_get_le32(q->mem + ANSWER), scmi_get_le32(q->mem + REQUEST));
	assert_int_equal(scmi_get_le32(q->mem + ANSWER + 4), 0);
	assert_int_equal(scmi_get_le32(q->mem + ANSWER + 8), SCMI_VERSION(2, 0));
	queue->at++;
}

static void ask(struct qemu *q)
{
	post(q);
	assert_int_equal(eventfd_write(q->queue[SCMI_VIRTIO_CMDQ].kick, 1), 0);
	is_answered(q);
}

/* ---- all of it ---- */

static void qemu_comes_up_and_its_guest_resets_the_device(void **state)
{
	struct state *s = *state;
	struct qemu *q = boot(s);

	say(q, &s->first, 0, RUNS);
	ask(q);
	ask(q);
	say(q, &s->first, RUNS, STOPPED); /* told where the rings stand */
	say(q, &s->first, STOPPED, RUNS_AGAIN);
	ask(q);
	power_off(q);
}

static void qemu_that_finds_another_back_end_agrees_on_nothing_again(void **state)
{
	struct state *s = *state;
	struct qemu *q = boot(s);

	say(q, &s->again, 0, AGAIN_RUNS);
	ask(q);
	say(q, &s->again, AGAIN_RUNS, s->again.count);
	power_off(q);
}

/* It was on its way when the one before died. Nobody rings for it. */
static void qemu_offers_what_was_not_answered_again(void **state)
{
	struct state *s = *state;
	struct qemu *q = boot(s);

	/* The doorbell of the cmdq is the tenth: rings and memory are known, nothing runs. */
	say(q, &s->again, 0, 9);
	post(q);
	say(q, &s->again, 9, AGAIN_RUNS);
	is_answered(q);
	ask(q);
	power_off(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(qemu_comes_up_and_its_guest_resets_the_device, open_state, close_state),
		cmocka_unit_test_setup_teardown(qemu_that_finds_another_back_end_agrees_on_nothing_again, open_state,
						close_state),
		cmocka_unit_test_setup_teardown(qemu_offers_what_was_not_answered_again, open_state, close_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
