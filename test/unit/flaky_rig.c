/* SPDX-License-Identifier: BSD-3-Clause */
#include "flaky_rig.h"

#include <stdlib.h>

unsigned char rig_byte(uint32_t i)
{
	return (unsigned char)(i * 11u + 5u);
}

static void fill(unsigned char *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bytes[i] = rig_byte(i);
}

uint32_t rig_changed(const unsigned char *bytes, uint32_t n)
{
	uint32_t changed = 0;

	for (uint32_t i = 0; i < n; i++)
		changed += bytes[i] != rig_byte(i) ? 1u : 0u;
	return changed;
}

uint32_t rig_hdr(uint16_t token)
{
	return scmi_hdr(SCMI_PROTOCOL_CLOCK, 7, SCMI_MSG_COMMAND, token);
}

/* ---- the core ---- */

static void note(struct rig *r, const struct scmi_rx *rx)
{
	struct rig_seen *s = &r->seen[r->seen_n++ % RIG_SEEN];
	const struct scmi_transport *t = &r->transport;

	*s = (struct rig_seen){.hdr = rx->hdr, .len = rx->len, .token = rx->token, .data = rx->data};
	assert_in_range(rx->len, 0, sizeof(s->bytes));
	if (rx->len == 0)
		return;
	if (rx->data != NULL)
		memcpy(s->bytes, rx->data, rx->len);
	else
		r->fetch_err = t->ops->fetch(t->ctx, rx, 0, s->bytes, rx->len);
}

static int rx(void *core, const struct scmi_rx *message)
{
	struct rig *r = core;

	note(r, message);
	if (r->on_rx != NULL)
		r->on_rx(r);
	return r->refuse;
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	struct rig *r = core;

	r->acquired++;
	if (r->refuse == SCMI_OK)
		*x = (struct scmi_xfer){.hdr = hdr, .cap = 99, .poll = 1, .state_ = 7, .slot_ = 3};
	return r->refuse;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	struct rig *r = core;
	const struct scmi_rx message = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};

	assert_int_equal(x->state_, 7);
	assert_int_equal(x->slot_, 3);
	r->completed++;
	note(r, &message);
	return SCMI_OK;
}

static void release(void *core, struct scmi_xfer *x)
{
	struct rig *r = core;

	assert_int_equal(x->state_, 7);
	r->released++;
}

static int settle(void *core, uint16_t token, int err)
{
	struct rig *r = core;

	r->settled++;
	return token == 1 ? err : SCMI_OK;
}

static void ready(void *core)
{
	((struct rig *)core)->ready++;
}

static void link_down(void *core, int err)
{
	struct rig *r = core;

	r->downs++;
	if (r->on_down != NULL)
		r->on_down(r);
	r->down_err = err;
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};

/* ---- the rig ---- */

struct rig *rig_new(uint32_t caps)
{
	struct rig *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	fake_port_init(&r->fake);
	script_init(&r->script, caps);
	r->script.clock_us = &r->fake.now_us;
	r->config = (struct flaky_config){.size = sizeof(r->config), .seed = 1, .port = &r->fake.port};
	return r;
}

void rig_up(struct rig *r)
{
	r->flaky = flaky_create(&r->script.transport, &r->config, &r->transport);
	assert_non_null(r->flaky);
	assert_int_equal(scmi_transport_check(&r->transport, NULL), SCMI_OK);
	assert_int_equal(r->transport.ops->start(r->transport.ctx, &sink, r), SCMI_OK);
}

struct rig *rig_with(uint32_t caps, enum flaky_direction direction, enum flaky_fault fault)
{
	struct rig *r = rig_new(caps);

	r->config.rate[direction][fault] = FLAKY_ALWAYS;
	rig_up(r);
	return r;
}

struct rig *rig_held(uint32_t caps)
{
	struct rig *r = rig_new(caps);

	r->config.rate[FLAKY_A2P][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->config.cuts = 1;
	rig_up(r);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(rig_deliver(r, rig_hdr(2), 4), SCMI_OK);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P], 1);
	assert_int_equal(rig_counts(r).held[FLAKY_P2A], 1);
	return r;
}

void rig_down(struct rig *r)
{
	(void)rig_counts(r);
	r->transport.ops->stop(r->transport.ctx);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P] + rig_counts(r).held[FLAKY_P2A], 0);
	assert_int_equal(r->script.starts, r->script.stops);
	assert_null(r->script.fault);
	assert_null(r->fake.fault);
	flaky_destroy(r->flaky);
	assert_int_equal(r->fake.events, 0);
	free(r);
}

int rig_send(struct rig *r, uint32_t hdr, uint32_t n)
{
	unsigned char bytes[SCRIPT_PAYLOAD] = {0};
	const struct scmi_tx tx = {
		.hdr = hdr,
		.token = scmi_hdr_token(hdr),
		.slot = scmi_hdr_token(hdr),
		.payload = bytes,
		.len = n,
	};
	int err;

	fill(bytes, n);
	err = r->transport.ops->send(r->transport.ctx, &tx);
	assert_int_equal(rig_changed(bytes, n), 0); /* the caller's own are never touched */
	return err;
}

int rig_deliver(struct rig *r, uint32_t hdr, uint32_t n)
{
	unsigned char bytes[SCRIPT_PAYLOAD] = {0};
	int err;

	fill(bytes, n);
	err = script_rx_on(&r->script, scmi_hdr_token(hdr), hdr, bytes, n);
	assert_int_equal(rig_changed(bytes, n), 0);
	memset(bytes, 0, sizeof(bytes)); /* ours again */
	return err;
}

int rig_poll(struct rig *r)
{
	return r->transport.ops->poll(r->transport.ctx, 64);
}

struct flaky_counts rig_counts(struct rig *r)
{
	const struct flaky_counts c = flaky_counts(r->flaky);

	for (unsigned d = 0; d < 2; d++)
		assert_int_equal(c.came[d] + c.fault[d][FLAKY_DOUBLE],
				 c.passed[d] + c.fault[d][FLAKY_DROP] + c.refused[d] + c.lost[d] + c.held[d]);
	return c;
}

uint32_t rig_faults(struct rig *r, enum flaky_direction direction, enum flaky_fault fault)
{
	return rig_counts(r).fault[direction][fault];
}
