/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_device_rig.h"

#define GUARD 0x5cu

/* ---- the platform ---- */

static uint32_t fill_answer(struct scmi_request *req, uint32_t len)
{
	unsigned char *reply = req->reply;

	if (len == 0)
		len = 8;
	scmi_put_le32(reply, 0u);
	for (uint32_t i = 4; i < len && i < req->reply_cap; i++)
		reply[i] = (unsigned char)i;
	return len;
}

static uint32_t on_request(void *channel, struct scmi_request *req)
{
	struct rig *r = channel;

	r->asked++;
	r->hdr = req->hdr;
	r->len = req->len;
	r->cap = req->reply_cap;
	assert_true(req->len <= MAX_PAYLOAD && req->reply_cap <= MAX_PAYLOAD);
	memcpy(r->params, req->params, req->len);
	if (r->on_request != NULL)
		r->on_request(r);
	if (r->none || req->reply_cap < 4u)
		return SCMI_REPLY_NONE;
	if (!r->hold)
		return fill_answer(req, r->answer);
	assert_true(r->held_n < HELD_MAX);
	r->held[r->held_n++] = req;
	return SCMI_REPLY_LATER;
}

static void on_ready(void *channel)
{
	struct rig *r = channel;

	r->readied++;
	if (r->on_ready != NULL)
		r->on_ready(r);
}

static void on_reset(void *channel)
{
	struct rig *r = channel;

	r->forgotten++;
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = on_request,
	.ready = on_ready,
	.reset = on_reset,
};

int rig_start(struct rig *r)
{
	return r->endpoint.ops->start(r->endpoint.ctx, &sink, r);
}

void rig_stop(struct rig *r)
{
	r->endpoint.ops->stop(r->endpoint.ctx);
}

void rig_answer(struct rig *r, unsigned i, uint32_t len)
{
	struct scmi_request *req = r->held[i];

	assert_true(i < r->held_n);
	r->held_n--;
	memmove(&r->held[i], &r->held[i + 1], (r->held_n - i) * sizeof(r->held[0]));
	r->endpoint.ops->reply(r->endpoint.ctx, req, fill_answer(req, len));
}

int rig_send(struct rig *r, uint32_t len)
{
	unsigned char payload[MAX_PAYLOAD + 1];

	assert_true(len <= sizeof(payload));
	for (uint32_t i = 0; i < len; i++)
		payload[i] = (unsigned char)(i + 4u);
	return r->endpoint.ops->send(r->endpoint.ctx, scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0), payload, len);
}

/* ---- the carrier ---- */

static void call(void *ctx, uint32_t queue)
{
	struct rig *r = ctx;

	assert_false(r->fake.locked_);
	assert_true(queue < SCMI_VIRTIO_QUEUES);
	r->calls[queue]++;
	if (r->on_call != NULL)
		r->on_call(r, queue);
}

static void work(void *ctx)
{
	struct rig *r = ctx;

	assert_false(r->fake.locked_);
	r->works++;
}

static void event(void *ctx, enum scmi_virtio_event what)
{
	struct rig *r = ctx;

	assert_false(r->fake.locked_);
	r->events[what]++;
}

/* ---- life ---- */

void rig_fill(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	fake_port_init(&r->fake);
	r->host = (struct scmi_virtio_host){.ctx = r, .call = call, .work = work, .event = event};
	r->config = (struct scmi_virtio_device_config){
		.size = sizeof(r->config),
		.max_payload = MAX_PAYLOAD,
		.requests = REQUESTS,
		.queue_max = ENTRIES,
		.port = &r->fake.port,
		.host = &r->host,
	};
	rig_clean(r);
}

void rig_init(struct rig *r)
{
	const size_t size = scmi_virtio_device_size(&r->config);

	assert_true(size != 0);
	r->memory = malloc(size);
	assert_non_null(r->memory);
	memset(r->memory, GUARD, size); /* whatever memory holds, all that counts is set */
	assert_int_equal(scmi_virtio_device_init(&r->device, r->memory, size, &r->config, &r->endpoint), SCMI_OK);
}

void rig_make(struct rig *r)
{
	rig_fill(r);
	rig_init(r);
	assert_int_equal(rig_start(r), SCMI_OK);
}

int rig_attach(struct rig *r, uint64_t features, const uint16_t *first)
{
	const struct scmi_virtio_map map = {.addr = GUEST, .len = GUEST_BYTES, .mem = r->guest};
	const struct scmi_virtio_setup setup = {
		.features = features,
		.queue = {r->queue[CMDQ].where, r->queue[EVENTQ].where},
	};

	return scmi_virtio_device_attach(r->device, &setup, &map, 1, first, &r->why);
}

void rig_make_attached(struct rig *r, uint64_t features)
{
	rig_make(r);
	assert_int_equal(rig_attach(r, features | SCMI_VIRTIO_F_VERSION_1, NULL), SCMI_OK);
	r->works = 0;
}

void rig_end(struct rig *r)
{
	scmi_virtio_device_detach(r->device, NULL);
	rig_stop(r);
	while (r->held_n != 0)
		rig_answer(r, 0, 0);
	assert_int_equal(rig_stats(r).open, 0);
	scmi_virtio_device_fini(r->device);
	assert_null(r->fake.fault);
	free(r->memory);
}

/* ---- the driver ---- */

void rig_clean_queue(struct rig *r, uint32_t queue)
{
	struct rig_queue *q = &r->queue[queue];
	const uint32_t at = queue * QUEUE_BYTES;

	memset(r->guest + at, 0, QUEUE_BYTES);
	*q = (struct rig_queue){
		.at = {.desc = (struct ring_desc *)(void *)(r->guest + at),
		       .avail = (struct ring_avail *)(void *)(r->guest + at + 0x1000u),
		       .used = (struct ring_used *)(void *)(r->guest + at + 0x1800u),
		       .size = ENTRIES},
		.where = {.size = ENTRIES,
			  .desc = GUEST + at,
			  .avail = GUEST + at + 0x1000u,
			  .used = GUEST + at + 0x1800u},
	};
}

void rig_clean(struct rig *r)
{
	for (uint32_t queue = 0; queue < SCMI_VIRTIO_QUEUES; queue++)
		rig_clean_queue(r, queue);
	memset(r->guest + DATA, UNTOUCHED, GUEST_BYTES - DATA);
}

void rig_desc(struct rig *r, uint32_t queue, uint32_t i, uint64_t at, uint32_t len, uint32_t flags, uint32_t next)
{
	struct ring_desc *d = &r->queue[queue].at.desc[i];
	const uint64_t addr = GUEST + at;

	ring_store32(&d->addr_lo, (uint32_t)addr);
	ring_store32(&d->addr_hi, (uint32_t)(addr >> 32));
	ring_store32(&d->len, len);
	ring_store32(&d->flags_next, flags | next << 16);
}

void rig_offer(struct rig *r, uint32_t queue, uint16_t head)
{
	struct rig_queue *q = &r->queue[queue];

	ring_store16(&q->at.avail->ring[q->offered % ENTRIES], head);
	q->offered++;
	ring_store16_release(&q->at.avail->idx, q->offered);
}

unsigned char *rig_request_of(struct rig *r, uint32_t slot)
{
	return r->guest + DATA + slot * SLOT_BYTES;
}

unsigned char *rig_reply_of(struct rig *r, uint32_t slot)
{
	return rig_request_of(r, slot) + REPLY;
}

unsigned char *rig_event_of(struct rig *r, uint32_t slot)
{
	return r->guest + EVENTS + slot * SLOT_BYTES;
}

uint32_t rig_hdr(uint32_t slot)
{
	return scmi_hdr(0x14, 7, SCMI_MSG_COMMAND, (uint16_t)slot);
}

static void fill_slot(struct rig *r, uint32_t slot, uint32_t len)
{
	unsigned char *request = rig_request_of(r, slot);

	scmi_put_le32(request, rig_hdr(slot));
	for (uint32_t i = 0; i < len && i < REPLY - 4u; i++)
		request[4u + i] = (unsigned char)(slot + i);
	memset(rig_reply_of(r, slot), UNTOUCHED, SLOT_BYTES - REPLY);
}

void rig_command(struct rig *r, uint32_t slot, uint32_t len, uint32_t room)
{
	const uint32_t at = DATA + slot * SLOT_BYTES;

	fill_slot(r, slot, len);
	rig_desc(r, CMDQ, 2u * slot, at, 4u + len, room != 0 ? RING_NEXT : 0u, 2u * slot + 1u);
	rig_desc(r, CMDQ, 2u * slot + 1u, at + REPLY, room, RING_WRITE, 0);
	rig_offer(r, CMDQ, (uint16_t)(2u * slot));
}

void rig_event(struct rig *r, uint32_t slot, uint32_t len)
{
	memset(rig_event_of(r, slot), UNTOUCHED, SLOT_BYTES);
	rig_desc(r, EVENTQ, slot, EVENTS + slot * SLOT_BYTES, len, RING_WRITE, 0);
	rig_offer(r, EVENTQ, (uint16_t)slot);
}

void rig_expect_used(struct rig *r, uint32_t queue, uint32_t id, uint32_t len)
{
	struct rig_queue *q = &r->queue[queue];
	struct ring_elem *e = &q->at.used->ring[q->reaped % ENTRIES];

	assert_int_not_equal(ring_load16_acquire(&q->at.used->idx), q->reaped);
	assert_int_equal(ring_load32(&e->id), id);
	assert_int_equal(ring_load32(&e->len), len);
	q->reaped++;
}

void rig_expect_none(struct rig *r, uint32_t queue)
{
	assert_int_equal(ring_load16_acquire(&r->queue[queue].at.used->idx), r->queue[queue].reaped);
}

bool rig_is_untouched(const unsigned char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != UNTOUCHED)
			return false;
	}
	return true;
}

void rig_expect_reply(struct rig *r, uint32_t slot, int32_t status, uint32_t len)
{
	const unsigned char *reply = rig_reply_of(r, slot);

	assert_int_equal(scmi_get_le32(reply), rig_hdr(slot));
	assert_int_equal((int32_t)scmi_get_le32(reply + 4), status);
	for (uint32_t i = 4; i < len; i++)
		assert_int_equal(reply[4u + i], (unsigned char)i);
	assert_true(rig_is_untouched(reply + 4 + len, SLOT_BYTES - REPLY - 4u - len));
}

struct scmi_virtio_device_stats rig_stats(struct rig *r)
{
	struct scmi_virtio_device_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_virtio_device_stats(r->device, &s), SCMI_OK);
	return s;
}
