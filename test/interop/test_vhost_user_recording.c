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

#include "vhost_replay.h"

#define FEATURES          UINT64_C(0x150000001)
#define PROTOCOL_FEATURES UINT64_C(0x28)

#define SETUP 19u /* requests until both rings are enabled */

#define ENTRIES   256u
#define EVENT_CAP 136u

/* Where the buffers lie, from the region's start. */
#define REQUEST 0x100000u
#define ANSWER  0x101000u
#define EVENTS  0x110000u

#define SENSOR_TRIP_POINT_NOTIFY 4u

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
	struct replay_host host;
	struct recording said;  /* to the back end */
	struct recording asked; /* over the rings */
};

static int open_state(void **state)
{
	struct state *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	replay_load(&s->said, RECORDINGS "/linux-6.12-vhost-user.txt");
	replay_load(&s->asked, RECORDINGS "/linux-6.12-virtio.txt");
	replay_host_open(&s->host, ",features=0x110000001");
	*state = s;
	return 0;
}

static int close_state(void **state)
{
	struct state *s = *state;

	replay_host_close(&s->host);
	recording_free(&s->said);
	recording_free(&s->asked);
	free(s);
	return 0;
}

/* ---- the kernel's end ---- */

static struct kernel *boot(const struct state *s)
{
	struct kernel *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->file = -1;
	k->sock = replay_connect(&s->host);
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

/* That one has no answer is known by the answer to the next. */
static void say(struct kernel *k, const struct recording_entry *e)
{
	const int fd = prepare(k, e);

	assert_int_equal(e->kind, RECORDING_VHOST);
	assert_int_equal(e->fds, fd >= 0);
	replay_say(k->sock, e, fd);
	if (e->request == GET_FEATURES)
		assert_int_equal(replay_hear(k->sock, e->request), FEATURES);
	else if (e->request == GET_PROTOCOL_FEATURES)
		assert_int_equal(replay_hear(k->sock, e->request) & PROTOCOL_FEATURES, PROTOCOL_FEATURES);
	else if ((e->flags & NEED_REPLY) != 0)
		assert_int_equal(replay_hear(k->sock, e->request), 0);
}

/* ---- its rings ---- */

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
		replay_put_desc(q->desc + 16u * i, k->guest + EVENTS + EVENT_CAP * i, EVENT_CAP, WRITE, 0);
		publish(q, i);
	}
	assert_int_equal(eventfd_write(q->kick, 1), 0);
}

static void post(struct kernel *k, const struct recording_entry *e)
{
	struct queue *q = &k->queue[SCMI_VIRTIO_CMDQ];

	memcpy(at(k, k->guest + REQUEST), e->sent, e->sent_len);
	memset(at(k, k->guest + ANSWER), 0xa5, e->cap + 1u);
	replay_put_desc(q->desc, k->guest + REQUEST, e->sent_len, NEXT, 1);
	replay_put_desc(q->desc + 16, k->guest + ANSWER, e->cap, WRITE, 0);
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
		assert_int_equal(acme_complete(&s->host.acme), 1);
	} else {
		switch_trips_on(k);
		assert_int_equal(acme_trip(&s->host.acme, 0, 1), SCMI_OK);
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
		atomic_store(&s->host.acme.running[i], 1u); /* the kernel has stopped them */
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
