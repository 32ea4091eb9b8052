/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE

#include "vhost_user_rig.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fds.h"

/* ---- the platform ---- */

static uint32_t fill_answer(struct scmi_request *req)
{
	scmi_put_le32(req->reply, 0u);
	return 4u;
}

static uint32_t on_request(void *channel, struct scmi_request *req)
{
	struct vu_rig *r = channel;

	r->asked++;
	if (!r->hold)
		return fill_answer(req);
	assert_true(r->held_n < HELD_MAX);
	r->held[r->held_n++] = req;
	return SCMI_REPLY_LATER;
}

static void on_ready(void *channel)
{
	struct vu_rig *r = channel;

	r->readied++;
}

static void on_reset(void *channel)
{
	struct vu_rig *r = channel;

	r->forgotten++;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = on_request,
	.ready = on_ready,
	.reset = on_reset,
};

void vr_answer(struct vu_rig *r, unsigned i)
{
	struct scmi_request *req = r->held[i];

	assert_true(i < r->held_n);
	r->held_n--;
	memmove(&r->held[i], &r->held[i + 1u], (r->held_n - i) * sizeof(r->held[0]));
	r->s.endpoint.ops->reply(r->s.endpoint.ctx, req, fill_answer(req));
}

int vr_send(struct vu_rig *r)
{
	const unsigned char payload[4] = {1, 2, 3, 4};

	return r->s.endpoint.ops->send(r->s.endpoint.ctx, scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0), payload,
				       sizeof(payload));
}

/* ---- life ---- */

static struct sigaction guard;

void vr_note_guard(void)
{
	if (scmi__vu_guard() != SCMI_OK || sigaction(SIGBUS, NULL, &guard) != 0)
		abort();
}

void vr_open(struct vu_rig *r, uint64_t protocol)
{
	if (guard.sa_sigaction != NULL)
		assert_int_equal(sigaction(SIGBUS, &guard, NULL), 0);
	memset(r, 0, sizeof(*r));
	fake_port_init(&r->fake);
	r->offer =
		(struct vu_offer){.features = FEATURES, .protocol = protocol, .queue_max = 256, .ringer = &r->ringer};
	r->ringer.ready = -1;
	r->uid = getuid();
	r->wake = scmi__event_open();
	r->peer = -1;
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		r->kick[queue] = r->call[queue] = r->err[queue] = -1;
	r->memory = memfd_create("guest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	assert_true(r->wake >= 0 && r->memory >= 0);
	assert_int_equal(ftruncate(r->memory, OFFSET + MEM_BYTES), 0);
	r->mem = mmap(NULL, MEM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r->memory, OFFSET);
	assert_ptr_not_equal(r->mem, MAP_FAILED);
	assert_int_equal(scmi__vu_session_open(&r->s, &r->offer, r->wake, &r->fake.port), SCMI_OK);
	assert_int_equal(r->s.endpoint.ops->start(r->s.endpoint.ctx, &sink, r), SCMI_OK);
}

void vr_begin(struct vu_rig *r)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	r->peer = ends[0];
	if (!r->keep)
		vr_clean(r);
	scmi__vu_session_begin(&r->s, ends[1]);
}

static void close_bells(struct vu_rig *r)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		scmi__fd_close(&r->kick[queue]);
		scmi__fd_close(&r->call[queue]);
		scmi__fd_close(&r->err[queue]);
	}
}

void vr_leave(struct vu_rig *r)
{
	scmi__fd_close(&r->peer);
	close_bells(r);
	scmi__vu_session_end(&r->s);
}

void vr_close(struct vu_rig *r)
{
	vr_leave(r);
	r->s.endpoint.ops->stop(r->s.endpoint.ctx);
	while (r->held_n != 0)
		vr_answer(r, 0);
	scmi__vu_session_close(&r->s);
	scmi__ringer_close(&r->ringer);
	munmap(r->mem, MEM_BYTES);
	scmi__fd_close(&r->memory);
	scmi__fd_close(&r->wake);
	assert_null(r->fake.fault);
}

/* ---- the line ---- */

/* As another user, while it effectively stays what it is. */
void vr_say(struct vu_rig *r, uint32_t request, uint32_t flags, const void *payload, uint32_t len, const int *fds,
	    unsigned n)
{
	const uid_t self = getuid();

	if (r->uid != self)
		assert_int_equal(setresuid(r->uid, (uid_t)-1, (uid_t)-1), 0);
	assert_int_equal(scmi__vu_send(r->peer, request, flags, payload, len, fds, n, 0), SCMI_OK);
	if (r->uid != self)
		assert_int_equal(setresuid(self, (uid_t)-1, (uid_t)-1), 0);
}

int vr_read(struct vu_rig *r)
{
	int err = SCMI_E_BUSY;

	while (err == SCMI_E_BUSY && r->s.drain_until_us == 0)
		err = scmi__vu_session_read(&r->s, 3);
	return err;
}

void vr_expect(struct vu_rig *r, uint32_t request, void *payload, uint32_t len)
{
	static struct vu_message m;
	const char *why = NULL;

	scmi__vu_message_init(&m);
	assert_int_equal(scmi__vu_receive(r->peer, &m, &why), SCMI_OK);
	assert_int_equal(m.h.request, request);
	assert_int_equal(m.h.flags, 5);
	assert_int_equal(m.h.size, len);
	assert_int_equal(m.fds_n, 0);
	memcpy(payload, m.u.bytes, len);
	scmi__vu_message_done(&m);
}

void vr_expect_silence(struct vu_rig *r)
{
	assert_false(fd_is_readable(r->peer, 0));
}

uint64_t vr_ask(struct vu_rig *r, uint32_t request, const void *payload, uint32_t len, const int *fds, unsigned n)
{
	uint64_t ack = 77;

	vr_say(r, request, VU_VERSION | VU_NEED_REPLY, payload, len, fds, n);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_expect(r, request, &ack, sizeof(ack));
	vr_expect_silence(r);
	return ack;
}

uint64_t vr_ask_u64(struct vu_rig *r, uint32_t request, uint64_t value)
{
	return vr_ask(r, request, &value, sizeof(value), NULL, 0);
}

uint64_t vr_ask_state(struct vu_rig *r, uint32_t request, uint32_t index, uint32_t num)
{
	const struct vu_vring_state state = {.index = index, .num = num};

	return vr_ask(r, request, &state, sizeof(state), NULL, 0);
}

void vr_expect_end(struct vu_rig *r, const char *words)
{
	assert_int_equal(vr_read(r), SCMI_E_PROTO);
	assert_non_null(r->s.why);
	if (strstr(r->s.why, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", r->s.why, words);
	vr_leave(r);
}

uint64_t vr_get(struct vu_rig *r, uint32_t request)
{
	uint64_t value = 0;

	vr_say(r, request, VU_VERSION, NULL, 0, NULL, 0);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_expect(r, request, &value, sizeof(value));
	return value;
}

/* ---- steps of the usual order ---- */

void vr_memory(struct vu_rig *r, struct vu_memory *table)
{
	(void)r;
	*table = (struct vu_memory){
		.n = 2,
		.region =
			{
				{.guest = GUEST, .size = HALF, .user = USER, .offset = OFFSET},
				{.guest = GUEST + HALF + HOLE,
				 .size = MEM_BYTES - HALF,
				 .user = USER + HALF,
				 .offset = OFFSET + HALF},
			},
	};
}

uint64_t vr_give_memory(struct vu_rig *r)
{
	const int fds[2] = {r->memory, r->memory};
	struct vu_memory table;

	vr_memory(r, &table);
	return vr_ask(r, VU_SET_MEM_TABLE, &table, 8u + 32u * table.n, fds, table.n);
}

struct vu_vring_addr vr_addr(uint32_t queue)
{
	const uint64_t at = USER + queue * QUEUE_BYTES;

	return (struct vu_vring_addr){
		.index = queue, .desc = at, .avail = at + 0x1000u, .used = at + 0x1800u, .log = UINT64_MAX};
}

void vr_describe(struct vu_rig *r, uint32_t queue, uint16_t base)
{
	const struct vu_vring_addr addr = vr_addr(queue);

	assert_int_equal(vr_ask_state(r, VU_SET_VRING_NUM, queue, ENTRIES), 0);
	assert_int_equal(vr_ask_state(r, VU_SET_VRING_BASE, queue, base), 0);
	assert_int_equal(vr_ask(r, VU_SET_VRING_ADDR, &addr, sizeof(addr), NULL, 0), 0);
}

static void give(struct vu_rig *r, uint32_t request, uint32_t queue, int *fd)
{
	const uint64_t value = queue;

	if (*fd < 0)
		*fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_int_equal(vr_ask(r, request, &value, sizeof(value), fd, 1), 0);
}

void vr_give_bells(struct vu_rig *r, uint32_t queue)
{
	give(r, VU_SET_VRING_CALL, queue, &r->call[queue]);
	give(r, VU_SET_VRING_ERR, queue, &r->err[queue]);
	give(r, VU_SET_VRING_KICK, queue, &r->kick[queue]);
}

void vr_open_running(struct vu_rig *r, uint64_t protocol)
{
	vr_open(r, protocol);
	vr_run(r);
}

void vr_run(struct vu_rig *r)
{
	vr_begin(r);
	assert_int_equal(vr_ask_u64(r, VU_SET_FEATURES, FEATURES | VU_F_PROTOCOL_FEATURES), 0);
	assert_int_equal(vr_give_memory(r), 0);
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++) {
		vr_describe(r, queue, 0);
		vr_give_bells(r, queue);
		assert_int_equal(vr_ask_state(r, VU_SET_VRING_ENABLE, queue, 1), 0);
	}
	assert_true(r->s.attached && r->s.ring[CMDQ].runs && r->s.ring[EVENTQ].runs);
}

uint16_t vr_stop(struct vu_rig *r, uint32_t queue)
{
	struct vu_vring_state state = {.index = queue};

	vr_say(r, VU_GET_VRING_BASE, VU_VERSION, &state, sizeof(state), NULL, 0);
	assert_int_equal(vr_read(r), SCMI_OK);
	vr_expect(r, VU_GET_VRING_BASE, &state, sizeof(state));
	assert_int_equal(state.index, queue);
	assert_in_range(state.num, 0, UINT16_MAX);
	return (uint16_t)state.num;
}

/* ---- the driver ---- */

static struct ring_avail *avail_of(struct vu_rig *r, uint32_t queue)
{
	return (struct ring_avail *)(void *)(r->mem + queue * QUEUE_BYTES + 0x1000u);
}

static struct ring_used *used_of(struct vu_rig *r, uint32_t queue)
{
	return (struct ring_used *)(void *)(r->mem + queue * QUEUE_BYTES + 0x1800u);
}

void vr_clean(struct vu_rig *r)
{
	memset(r->mem, 0, MEM_BYTES);
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		r->offered[queue] = r->reaped[queue] = 0;
}

static uint64_t guest_of(uint32_t at)
{
	return GUEST + at + (at >= HALF ? HOLE : 0);
}

static void set_desc(struct vu_rig *r, uint32_t queue, uint32_t i, uint32_t at, uint32_t len, uint32_t flags)
{
	struct ring_desc *d = (struct ring_desc *)(void *)(r->mem + queue * QUEUE_BYTES) + i;

	ring_store32(&d->addr_lo, (uint32_t)guest_of(at));
	ring_store32(&d->addr_hi, (uint32_t)(guest_of(at) >> 32));
	ring_store32(&d->len, len);
	ring_store32(&d->flags_next, flags | (i + 1u) << 16);
}

static void offer(struct vu_rig *r, uint32_t queue, uint32_t head)
{
	struct ring_avail *avail = avail_of(r, queue);

	ring_store16(&avail->ring[r->offered[queue] % ENTRIES], (uint16_t)head);
	ring_store16_release(&avail->idx, ++r->offered[queue]);
}

void vr_command(struct vu_rig *r, uint32_t slot)
{
	const uint32_t at = DATA + slot * SLOT_BYTES;

	memset(r->mem + at, 0xa5, SLOT_BYTES);
	scmi_put_le32(r->mem + at, scmi_hdr(0x10, 0, SCMI_MSG_COMMAND, (uint16_t)slot));
	set_desc(r, CMDQ, 2u * slot, at, 4, RING_NEXT);
	set_desc(r, CMDQ, 2u * slot + 1u, at + REPLY, 64, RING_WRITE);
	offer(r, CMDQ, 2u * slot);
}

void vr_event(struct vu_rig *r, uint32_t slot)
{
	set_desc(r, EVENTQ, slot, HALF + slot * SLOT_BYTES, 64, RING_WRITE);
	offer(r, EVENTQ, slot);
}

bool vr_has_used(struct vu_rig *r, uint32_t queue)
{
	return ring_load16_acquire(&used_of(r, queue)->idx) != r->reaped[queue];
}

void vr_expect_used(struct vu_rig *r, uint32_t queue, uint32_t id, uint32_t len)
{
	struct ring_elem *e = &used_of(r, queue)->ring[r->reaped[queue] % ENTRIES];

	assert_true(vr_has_used(r, queue));
	assert_int_equal(ring_load32(&e->id), id);
	assert_int_equal(ring_load32(&e->len), len);
	r->reaped[queue]++;
}

int32_t vr_status(struct vu_rig *r, uint32_t slot)
{
	return (int32_t)scmi_get_le32(r->mem + DATA + slot * SLOT_BYTES + REPLY + 4u);
}
