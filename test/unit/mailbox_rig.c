/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "mailbox_rig.h"

static void *allocate(size_t size)
{
	void *mem;

	assert_true(size != 0);
	mem = malloc(size);
	assert_non_null(mem);
	return mem;
}

/* ---- doorbells ---- */

static int ring(void *ctx, enum scmi_mailbox_signal signal)
{
	struct mailbox_rig *r = ctx;
	const bool up = signal == SCMI_MAILBOX_TX || signal == SCMI_MAILBOX_RX_REPLY;

	atomic_fetch_add(&r->rung[signal], 1u);
	if (signal == SCMI_MAILBOX_TX && r->ring_error != SCMI_OK)
		return r->ring_error;
	if (signal == SCMI_MAILBOX_TX && r->answer_and_fail != SCMI_OK) {
		rig_answer(r, 4);
		return r->answer_and_fail;
	}
	if (r->on_ring != NULL)
		r->on_ring(r, signal);
	else if (up && r->form.to_platform == RIG_INLINE)
		(void)scmi_mailbox_end_serve(r->end, 1);
	else if (!up && r->form.to_agent == RIG_INLINE)
		scmi_mailbox_interrupt(&r->mailbox);
	return SCMI_OK;
}

static int start(void *ctx, struct scmi_mailbox *mailbox, struct scmi_shmem areas[SCMI_MAILBOX_AREAS])
{
	struct mailbox_rig *r = ctx;

	assert_ptr_equal(mailbox, &r->mailbox);
	assert_int_equal(r->starts, r->stops);
	if (r->start_error != SCMI_OK)
		return r->start_error;
	r->starts++;
	if (r->lose_in_start != SCMI_OK || r->lose_with_0)
		scmi_mailbox_lost(mailbox, r->lose_in_start);
	if ((r->form.flags & SCMI_MAILBOX_FRESH) != 0) {
		assert_int_equal(areas[0].len, r->areas[0].len);
		areas[0] = r->areas[0];
		areas[0].len -= r->shrink;
		areas[1] = r->areas[1];
	}
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct mailbox_rig *r = ctx;

	r->stops++;
	assert_int_equal(r->starts, r->stops);
}

static void wake(void *ctx)
{
	struct mailbox_rig *r = ctx;

	r->wakes++;
}

static void wait(void *ctx, uint64_t deadline_us)
{
	struct mailbox_rig *r = ctx;

	(void)deadline_us;
	r->sleeps++;
}

static int fd(void *ctx)
{
	(void)ctx;
	return 99;
}

static void clear(void *ctx)
{
	(void)ctx;
}

static void raise_fd(void *ctx)
{
	struct mailbox_rig *r = ctx;

	r->raised++;
}

static void make_bells(struct mailbox_rig *r)
{
	const struct scmi_mailbox_doorbell plain = {
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "rig", .ctx = r, .ring = ring};

	r->agent_bell = plain;
	r->agent_bell.caps = r->form.caps;
	if (r->form.to_agent != RIG_POLLED)
		r->agent_bell.caps |= SCMI_CAP_IRQ;
	if (r->form.to_platform == RIG_POLLED)
		r->agent_bell.ring = NULL;
	r->agent_bell.start = start;
	r->agent_bell.stop = stop;
	if (r->form.agent_fd) {
		r->agent_bell.fd = fd;
		r->agent_bell.clear = clear;
		r->agent_bell.raise = raise_fd;
	}
	if (r->form.agent_sleeps) {
		r->agent_bell.wait = wait;
		r->agent_bell.wake = wake;
	}
	r->end_bell = plain;
	if (r->form.end_wakes) {
		r->end_bell.wait = wait;
		r->end_bell.wake = wake;
	}
	if (r->form.to_agent == RIG_POLLED)
		r->end_bell.ring = NULL;
}

/* ---- memory that is not coherent ---- */

static void care(void *ctx, void *mem, size_t len)
{
	struct fake_port *fake = ctx;
	struct mailbox_rig *r = fake->arg;

	assert_int_equal((uintptr_t)mem % 64u + len % 64u, 0);
	if (r->between_at != 0 && --r->between_at == 0)
		r->between();
}

/* ---- parts ---- */

void rig_place(struct mailbox_rig *r)
{
	for (uint32_t i = 0; i < 2u; i++)
		r->areas[i].mem = (unsigned char *)r->memory[i] + r->shift * RIG_AREA;
}

static void make_areas(struct mailbox_rig *r)
{
	const uint32_t p2a = r->form.p2a == 0 ? RIG_AREA : r->form.p2a;

	for (uint32_t i = 0; i < 2u; i++)
		r->areas[i] = (struct scmi_shmem){
			.mem = r->memory[i], .len = RIG_AREA, .flags = r->form.area_flags, .check = r->form.check};
	if (r->form.a2p != 0)
		r->areas[0].len = r->form.a2p;
	r->areas[1].len = p2a;
	if (p2a == 1u)
		r->areas[1] = (struct scmi_shmem){0};
}

static void make_end(struct mailbox_rig *r)
{
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config),
		.areas = {r->areas[0], r->areas[1]},
		.doorbell = r->form.to_agent == RIG_POLLED ? NULL : &r->end_bell,
		.port = r->port,
	};
	const size_t size = scmi_mailbox_end_size(&config);

	r->end_memory = allocate(size);
	assert_int_equal(scmi_mailbox_end_init(&r->end, r->end_memory, size, &config, &r->endpoint), SCMI_OK);
}

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct mailbox_rig *r = self->arg;

	(void)hdr;
	(void)payload;
	(void)len;
	atomic_fetch_add(&r->heard, 1u);
}

static void make_agent(struct mailbox_rig *r)
{
	const bool polled = r->form.to_agent == RIG_POLLED && r->form.to_platform == RIG_POLLED && r->form.caps == 0;
	const struct scmi_mailbox_config config = {
		.size = sizeof(config),
		.flags = r->form.flags,
		.max_inflight = r->form.inflight != 0 ? r->form.inflight : RIG_SLOTS,
		.areas = {r->areas[0], r->areas[1]},
		.doorbell = polled && r->form.flags == 0 ? NULL : &r->agent_bell,
		.port = r->port,
	};
	size_t size;

	assert_int_equal(scmi_mailbox_init(&r->mailbox, &config, &r->transport), SCMI_OK);
	r->transport.timeout_us = r->form.timeout_us;
	r->config = (struct scmi_agent_config){
		.size = sizeof(r->config),
		.transport = &r->transport,
		.port = r->port,
		.options.slots = RIG_SLOTS,
		.event_buffers = (r->transport.caps & SCMI_CAP_NOTIFY) != 0 && !r->form.no_events ? 2u : 0u,
		.event_bytes = RIG_PAYLOAD,
	};
	size = scmi_agent_size(&r->config);
	r->agent_memory = allocate(size);
	assert_int_equal(scmi_agent_init(&r->agent, r->agent_memory, size, &r->config), SCMI_OK);
	r->ear = (struct scmi_subscriber){
		.size = sizeof(r->ear),
		.protocol = SCMI_PROTOCOL_SENSOR,
		.message = 0,
		.notify = hear,
		.arg = r,
	};
	if (r->config.event_buffers != 0)
		assert_int_equal(scmi_agent_subscribe(r->agent, &r->ear), SCMI_OK);
}

/* What another context does while the agent waits. */
static void serve(struct fake_port *fake, void *arg)
{
	struct mailbox_rig *r = arg;

	(void)fake;
	if (r->end != NULL)
		(void)scmi_mailbox_end_serve(r->end, 16);
}

void mailbox_rig_make(struct mailbox_rig *r, const struct rig_form *form)
{
	memset(r, 0, sizeof(*r));
	r->form = *form;
	fake_port_init(&r->fake);
	r->fake.on_relax = serve;
	r->fake.on_wait = serve;
	r->fake.arg = r;
	r->fake.step_us = 1;
	r->port = form->port != NULL ? form->port : &r->fake.port;
	if ((form->area_flags & SCMI_SHMEM_CACHED) != 0) {
		r->fake.port.cache_clean = care;
		r->fake.port.cache_invalidate = care;
	}
	make_areas(r);
	make_bells(r);
	if (form->hostile != 1u)
		make_end(r);
	if (form->hostile != 2u)
		make_agent(r);
}

void mailbox_rig_open(struct mailbox_rig *r, const struct rig_form *form)
{
	mailbox_rig_make(r, form);
	if (r->end != NULL)
		assert_int_equal(acme_open(&r->acme, &r->endpoint, NULL, NULL), SCMI_OK);
	else
		for (uint32_t i = 0; i < 2u; i++)
			(void)scmi_shmem_reset(&r->areas[i]);
	if (r->agent != NULL)
		assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
}

void mailbox_rig_close(struct mailbox_rig *r)
{
	if (r->agent != NULL)
		assert_int_equal(scmi_agent_fini(r->agent), SCMI_OK);
	assert_int_equal(r->starts, r->stops);
	if (r->acme.platform != NULL)
		assert_int_equal(acme_close(&r->acme), SCMI_OK);
	assert_null(r->fake.fault);
	free(r->agent_memory);
	free(r->end_memory);
}

int mailbox_rig_ask(struct mailbox_rig *r)
{
	struct scmi_clock_protocol p;
	const int err = scmi_clock_open(r->agent, 0, &p, NULL);

	if (err == SCMI_OK)
		assert_int_equal(p.clocks, ACME_CLOCKS);
	return err;
}

/* ---- the raw area ---- */

uint32_t rig_get(const struct mailbox_rig *r, uint32_t area, uint32_t offset)
{
	return scmi_get_le32((const unsigned char *)r->areas[area].mem + offset);
}

void rig_put(struct mailbox_rig *r, uint32_t area, uint32_t offset, uint32_t value)
{
	scmi_put_le32((unsigned char *)r->areas[area].mem + offset, value);
}

void rig_write(struct mailbox_rig *r, uint32_t area, uint32_t hdr, const void *payload, uint32_t length, uint32_t flags,
	       uint32_t status)
{
	if (payload != NULL)
		memcpy((unsigned char *)r->areas[area].mem + SCMI_SHMEM_PAYLOAD, payload, length - SCMI_HDR_BYTES);
	rig_put(r, area, SCMI_SHMEM_LENGTH, length);
	rig_put(r, area, SCMI_SHMEM_HEADER, hdr);
	rig_put(r, area, SCMI_SHMEM_FLAGS, flags);
	rig_put(r, area, SCMI_SHMEM_STATUS, status);
}

void rig_answer(struct mailbox_rig *r, uint32_t values)
{
	unsigned char payload[RIG_PAYLOAD] = {0};

	for (uint32_t i = 0; i < values; i++)
		payload[4u + i] = (unsigned char)i;
	rig_write(r, SCMI_MAILBOX_A2P, rig_get(r, SCMI_MAILBOX_A2P, SCMI_SHMEM_HEADER), payload, 8u + values, 0,
		  SCMI_SHMEM_FREE);
}

struct scmi_call rig_call(uint32_t message, void *reply, uint32_t cap)
{
	return (struct scmi_call){
		.size = sizeof(struct scmi_call),
		.protocol = SCMI_PROTOCOL_BASE,
		.message = (uint8_t)message,
		.reply = reply,
		.reply_cap = cap,
	};
}

struct scmi_mailbox_stats rig_stats(struct mailbox_rig *r)
{
	struct scmi_mailbox_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_mailbox_stats(&r->mailbox, &s), SCMI_OK);
	return s;
}

struct scmi_mailbox_end_stats rig_end_stats(struct mailbox_rig *r)
{
	struct scmi_mailbox_end_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_mailbox_end_stats(r->end, &s), SCMI_OK);
	return s;
}
