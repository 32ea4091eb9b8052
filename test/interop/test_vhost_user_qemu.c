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

#include "vhost_replay.h"

#define FEATURES          UINT64_C(0x10170000001)
#define PROTOCOL_FEATURES UINT64_C(0x12029)

/* Where the parts of the recordings end: the device runs; it has been stopped; it runs again. */
#define RUNS       28u
#define STOPPED    34u
#define RUNS_AGAIN 52u
#define AGAIN_RUNS 18u /* in the other one */

#define REQUEST 0x1000u /* where the buffers lie, from the start of the memory */
#define ANSWER  0x2000u

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
	struct replay_host host;
	struct recording first;
	struct recording again;
};

static int open_state(void **state)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	replay_load(&s->first, RECORDINGS "/qemu-10.0-vhost-user.txt");
	replay_load(&s->again, RECORDINGS "/qemu-10.0-vhost-user-again.txt");
	replay_host_open(&s->host, "");
	*state = s;
	return 0;
}

static int close_state(void **state)
{
	struct state *s = *state;

	replay_host_close(&s->host);
	recording_free(&s->first);
	recording_free(&s->again);
	free(s);
	return 0;
}

/* ---- QEMU's end ---- */

static struct qemu *boot(const struct state *s)
{
	struct qemu *q = calloc(1, sizeof(*q));

	assert_non_null(q);
	q->file = -1;
	q->sock = replay_connect(&s->host);
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
		replay_say(q->sock, e, fd);
		if (own)
			close(fd);
		if (!asks && (e->flags & NEED_REPLY) == 0)
			continue;
		/* what has been agreed on is GET_STATUS's to tell, once there has been a SET_STATUS */
		if (e->request == GET_STATUS)
			assert_int_equal(replay_hear(q->sock, e->request) & ~UINT64_C(8), 0);
		else
			assert_int_equal(replay_hear(q->sock, e->request), expected(q, e));
	}
}

/* ---- its guest ---- */

/* Its driver asks for EVENT_IDX's sake: interrupt at the next one. */
static void post(struct qemu *q)
{
	struct queue *queue = &q->queue[SCMI_VIRTIO_CMDQ];
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION, SCMI_MSG_COMMAND, 5);
	uint16_t idx;

	scmi_put_le32(q->mem + REQUEST, hdr);
	memset(q->mem + ANSWER, 0xa5, 16);
	replay_put_desc(queue->desc, q->guest + REQUEST, 4, NEXT, 1);
	replay_put_desc(queue->desc + 16, q->guest + ANSWER, 16, WRITE, 0);
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
