/* SPDX-License-Identifier: BSD-3-Clause */
#include "virtio_rig.h"

#include <stdlib.h>
#include <string.h>

#include "../../transports/virtio/ring.h"

#define GUARD 64u
#define FILL  0xa5

/* ---- the bus ---- */

static uint64_t features(void *ctx)
{
	struct rig *r = ctx;

	return r->offer;
}

static uint32_t queue_max(void *ctx, uint32_t queue)
{
	struct rig *r = ctx;

	return r->queue_max[queue];
}

static void forget(struct rig *r, uint32_t queue)
{
	r->taken[queue] = 0;
	r->returned[queue] = 0;
}

static int start(void *ctx, const struct scmi_virtio_setup *setup, struct scmi_virtio *driver)
{
	struct rig *r = ctx;

	assert_ptr_equal(driver, r->driver);
	assert_int_equal(setup->features & ~r->offer, 0);
	r->starts++;
	if (r->start_err != SCMI_OK)
		return r->start_err;
	r->setup = *setup;
	forget(r, SCMI_VIRTIO_CMDQ);
	forget(r, SCMI_VIRTIO_EVENTQ);
	if (r->on_start != NULL)
		r->on_start(r);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct rig *r = ctx;

	r->stops++;
	memset(&r->setup, 0, sizeof(r->setup));
}

static void kick(void *ctx, uint32_t queue)
{
	struct rig *r = ctx;

	assert_true(r->setup.queue[queue].size != 0);
	r->kicks[queue]++;
}

static int reset_queue(void *ctx, uint32_t queue)
{
	struct rig *r = ctx;

	if (!r->can_reset)
		return SCMI_E_NOTSUP;
	r->resets++;
	r->setup.queue[queue].size = 0;
	forget(r, queue);
	return SCMI_OK;
}

static int enable_queue(void *ctx, uint32_t queue, const struct scmi_virtio_queue *where)
{
	struct rig *r = ctx;

	if (r->refused != 0)
		return SCMI_E_IO;
	r->setup.queue[queue] = *where;
	return SCMI_OK;
}

static void sleep_until(void *ctx, uint64_t deadline_us)
{
	struct rig *r = ctx;

	(void)deadline_us;
	r->sleeps++;
	if (r->on_sleep != NULL)
		r->on_sleep(r);
}

static void wake(void *ctx)
{
	struct rig *r = ctx;

	r->wakes++;
}

static int region(void *ctx, uint8_t id, struct scmi_virtio_region *out)
{
	struct rig *r = ctx;

	if (id != SCMI_VIRTIO_REGION_SENSOR)
		return SCMI_E_NOTFOUND;
	*out = (struct scmi_virtio_region){.mem = r->line, .len = sizeof(r->line)};
	return SCMI_OK;
}

static void lost(void *ctx)
{
	struct rig *r = ctx;

	assert_true(r->setup.queue[SCMI_VIRTIO_CMDQ].size != 0);
	r->losses++;
}

/* ---- the sink ---- */

static struct rig_note *note(struct rig *r)
{
	assert_true(r->notes_n < RIG_NOTES);
	return &r->notes[r->notes_n++];
}

static int rx(void *core, const struct scmi_rx *m)
{
	struct rig *r = core;
	struct rig_note *n = note(r);
	uint32_t len = m->len < r->fetch_most ? m->len : r->fetch_most;

	*n = (struct rig_note){.hdr = m->hdr, .len = m->len, .token = m->token};
	assert_null(m->data);
	for (uint32_t at = 0; at < len;) { /* as a core does: the status, then the rest */
		const uint32_t part = at == 0 && len > SCMI_STATUS_BYTES ? SCMI_STATUS_BYTES : len - at;

		assert_int_equal(r->transport.ops->fetch(r->transport.ctx, m, at, n->payload + at, part), SCMI_OK);
		at += part;
	}
	if (r->in_rx != NULL)
		r->in_rx(r);
	return SCMI_OK;
}

static int settle(void *core, uint16_t token, int err)
{
	*note(core) = (struct rig_note){.token = token, .settled = err};
	return SCMI_OK;
}

static void ready(void *core)
{
	struct rig *r = core;

	r->readies++;
	r->sent_in_ready = rig_send(r, 0, 0, NULL, 0, false);
}

static void link_down(void *core, int err)
{
	struct rig *r = core;

	r->downs++;
	r->down_err = err;
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};

static void log_line(void *arg, enum scmi_log_level level, const char *text)
{
	struct rig *r = arg;

	(void)level;
	strncpy(r->line, text, sizeof(r->line) - 1u);
}

/* ---- up and down ---- */

void rig_plan(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	fake_port_init(&r->fake);
	r->offer = SCMI_VIRTIO_FEATURES_DEFAULT;
	r->queue_max[SCMI_VIRTIO_CMDQ] = 16;
	r->queue_max[SCMI_VIRTIO_EVENTQ] = 8;
	r->fetch_most = UINT32_MAX;
	r->sent_in_ready = SCMI_E_INVAL;
	r->bus = (struct scmi_virtio_bus){
		.version = SCMI_VIRTIO_BUS_V1,
		.caps = SCMI_CAP_IRQ,
		.name = "rig",
		.ctx = r,
		.features = features,
		.queue_max = queue_max,
		.start = start,
		.stop = stop,
		.kick = kick,
		.reset_queue = reset_queue,
		.enable_queue = enable_queue,
		.wait = sleep_until,
		.wake = wake,
		.region = region,
		.lost = lost,
	};
	r->config = (struct scmi_virtio_config){
		.size = sizeof(r->config),
		.max_payload = RIG_PAYLOAD,
		.max_inflight = 8,
		.events = 8,
		.port = &r->fake.port,
		.bus = &r->bus,
		.shared_addr = RIG_BASE,
		.log = log_line,
		.log_arg = r,
	};
}

void rig_make(struct rig *r)
{
	const size_t size = scmi_virtio_size(&r->config);

	r->shared_len = scmi_virtio_shared_size(&r->config);
	assert_true(size != 0 && r->shared_len != 0);
	r->mem = malloc(size + GUARD);
	r->shared = aligned_alloc(64, (r->shared_len + GUARD + 63u) / 64u * 64u);
	assert_true(r->mem != NULL && r->shared != NULL);
	memset(r->mem, FILL, size + GUARD);
	memset(r->shared, FILL, r->shared_len + GUARD);
	r->config.shared = r->shared;
	r->config.shared_len = r->shared_len;
	assert_int_equal(scmi_virtio_init(&r->driver, r->mem, size, &r->config, &r->transport), SCMI_OK);
	assert_int_equal(scmi_transport_check(&r->transport, NULL), SCMI_OK);
}

void rig_start(struct rig *r)
{
	assert_int_equal(r->transport.ops->start(r->transport.ctx, &sink, r), SCMI_OK);
}

void rig_up(struct rig *r)
{
	rig_make(r);
	rig_start(r);
}

void rig_down(struct rig *r)
{
	r->transport.ops->stop(r->transport.ctx);
	assert_int_equal(r->setup.queue[SCMI_VIRTIO_CMDQ].size, 0); /* the device was told */
	scmi_virtio_fini(r->driver);
	for (size_t i = 0; i < GUARD; i++) {
		assert_int_equal(r->mem[scmi_virtio_size(&r->config) + i], FILL);
		assert_int_equal(r->shared[r->shared_len + i], FILL);
	}
	assert_null(r->fake.fault);
	free(r->mem);
	free(r->shared);
}

int rig_send(struct rig *r, uint16_t slot, uint16_t token, const void *payload, uint32_t len, bool more)
{
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_CLOCK, 7, SCMI_MSG_COMMAND, token),
		.token = token,
		.slot = slot,
		.payload = payload,
		.len = len,
		.more = more,
	};

	return r->transport.ops->send(r->transport.ctx, &tx);
}

/* ---- the device's hand ---- */

static void *at(struct rig *r, uint64_t addr, uint64_t len)
{
	assert_true(addr >= RIG_BASE && len <= r->shared_len && addr - RIG_BASE <= r->shared_len - len);
	return r->shared + (addr - RIG_BASE);
}

static struct ring_parts parts_of(struct rig *r, uint32_t queue)
{
	const struct scmi_virtio_queue *q = &r->setup.queue[queue];

	assert_true(q->size != 0);
	assert_int_equal(q->desc % 16u, 0);
	assert_int_equal(q->avail % 2u, 0);
	assert_int_equal(q->used % 4u, 0);
	return (struct ring_parts){
		.desc = at(r, q->desc, 16u * (uint64_t)q->size),
		.avail = at(r, q->avail, RING_AVAIL_BYTES(q->size)),
		.used = at(r, q->used, RING_USED_BYTES(q->size)),
		.size = q->size,
	};
}

uint16_t rig_offered(struct rig *r, uint32_t queue)
{
	const struct ring_parts p = parts_of(r, queue);

	return (uint16_t)(ring_load16(&p.avail->idx) - r->taken[queue]);
}

static unsigned char *piece(struct rig *r, struct ring_desc *d, uint32_t *len)
{
	*len = ring_load32(&d->len);
	return at(r, ring_load32(&d->addr_lo) | (uint64_t)ring_load32(&d->addr_hi) << 32, *len);
}

bool rig_take(struct rig *r, uint32_t queue, struct rig_buffer *b)
{
	const struct ring_parts p = parts_of(r, queue);
	struct ring_desc *d;

	if (rig_offered(r, queue) == 0)
		return false;
	*b = (struct rig_buffer){.head = ring_load16(&p.avail->ring[r->taken[queue]++ & (p.size - 1u)])};
	assert_true(b->head < p.size);
	d = &p.desc[b->head];
	if ((ring_load32(&d->flags_next) & RING_INDIRECT) != 0) {
		uint32_t len;

		d = (struct ring_desc *)(void *)piece(r, d, &len);
		assert_int_equal(len, 32);
		b->out = piece(r, &d[0], &b->out_len);
		assert_int_equal(ring_load32(&d[0].flags_next), RING_NEXT | 1u << 16);
		d = &d[1];
	} else if ((ring_load32(&d->flags_next) & RING_NEXT) != 0) {
		b->out = piece(r, d, &b->out_len);
		assert_int_equal(ring_load32(&d->flags_next) & 0xffffu, RING_NEXT);
		d = &p.desc[ring_load32(&d->flags_next) >> 16];
	}
	assert_int_equal(ring_load32(&d->flags_next) & 0xffffu, RING_WRITE);
	b->in = piece(r, d, &b->in_len);
	return true;
}

void rig_give(struct rig *r, uint32_t queue, uint16_t head, uint32_t len)
{
	const struct ring_parts p = parts_of(r, queue);
	struct ring_elem *e = &p.used->ring[r->returned[queue]++ & (p.size - 1u)];

	ring_store32(&e->id, head);
	ring_store32(&e->len, len);
	ring_store16_release(&p.used->idx, r->returned[queue]);
}

void rig_reply(struct rig *r, const struct rig_buffer *b, uint32_t hdr, const void *payload, uint32_t len)
{
	assert_true(b->in_len >= SCMI_HDR_BYTES + len);
	scmi_put_le32(b->in, hdr);
	memcpy(b->in + SCMI_HDR_BYTES, payload, len);
	rig_give(r, b->out != NULL ? SCMI_VIRTIO_CMDQ : SCMI_VIRTIO_EVENTQ, b->head, SCMI_HDR_BYTES + len);
}

void rig_interrupt(struct rig *r)
{
	scmi_virtio_interrupt(r->driver);
}

struct scmi_virtio_stats rig_stats(struct rig *r)
{
	struct scmi_virtio_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_virtio_stats(r->driver, &s), SCMI_OK);
	return s;
}
