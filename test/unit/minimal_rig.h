/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The minimal agent over the polled mailbox. The platform is the test's own hand, in the doorbell or while the agent
 * relaxes: the area is raw memory to it, and it may do there what it likes.
 */
#ifndef MINIMAL_RIG_H
#define MINIMAL_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>
#include <scmi/minimal.h>
#include <scmi/transport/mailbox.h>

#include "fake_port.h"

#define RIG_AREA    64u
#define RIG_PAYLOAD (RIG_AREA - SCMI_SHMEM_PAYLOAD)

struct minimal_rig {
	_Atomic uint32_t area[RIG_AREA / 4u];
	struct fake_port fake;
	struct scmi_mailbox_doorbell bell;
	struct scmi_mailbox mailbox;
	struct scmi_mailbox_config mailbox_config;
	struct scmi_transport transport;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	max_align_t memory[SCMI_MINIMAL_WORDS];

	void (*platform)(struct minimal_rig *r); /* inside ring(); NULL: it does not answer */
	int ring_error;
	unsigned rung;
	uint32_t hdr; /* what platform() is to answer with, in place of the command's: xor */
	uint32_t length;
	int32_t status;
	uint32_t word;
};

static struct minimal_rig rig;

static inline uint32_t rig_get(uint32_t offset)
{
	const uint32_t word = atomic_load(&rig.area[offset / 4u]);

	return scmi_get_le32(&word);
}

static inline void rig_put(uint32_t offset, uint32_t value)
{
	uint32_t word;

	scmi_put_le32(&word, value);
	atomic_store(&rig.area[offset / 4u], word);
}

static inline bool rig_is_free(void)
{
	return (rig_get(SCMI_SHMEM_STATUS) & SCMI_SHMEM_FREE) != 0;
}

/* Answers what stands there: as the rig's hdr, length, status and word say. */
static inline void rig_answer(struct minimal_rig *r)
{
	rig_put(SCMI_SHMEM_HEADER, rig_get(SCMI_SHMEM_HEADER) ^ r->hdr);
	rig_put(SCMI_SHMEM_LENGTH, r->length);
	rig_put(SCMI_SHMEM_PAYLOAD, (uint32_t)r->status);
	rig_put(SCMI_SHMEM_PAYLOAD + 4u, r->word);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
}

static inline int rig_ring(void *ctx, enum scmi_mailbox_signal signal)
{
	assert_ptr_equal(ctx, &rig);
	assert_int_equal(signal, SCMI_MAILBOX_TX);
	assert_false(rig_is_free());
	rig.rung++;
	if (rig.platform != NULL)
		rig.platform(&rig);
	return rig.ring_error;
}

/* Everything up to the configurations, for an answer of one word. */
static inline void rig_prepare(void)
{
	memset(&rig, 0, sizeof(rig));
	fake_port_init(&rig.fake);
	rig.fake.step_us = 10;
	rig.platform = rig_answer;
	rig.length = 12;
	rig.word = 0x04030201;
	rig.bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "test", .ctx = &rig, .ring = rig_ring};
	rig.mailbox_config = (struct scmi_mailbox_config){.size = sizeof(rig.mailbox_config),
							  .areas = {{.mem = rig.area, .len = RIG_AREA}},
							  .doorbell = &rig.bell};
	rig.config = (struct scmi_agent_config){
		.size = sizeof(rig.config), .transport = &rig.transport, .port = &rig.fake.port};
	assert_int_equal(scmi_shmem_reset(&rig.mailbox_config.areas[0]), SCMI_OK);
}

static inline void rig_start(void)
{
	assert_int_equal(scmi_mailbox_init(&rig.mailbox, &rig.mailbox_config, &rig.transport), SCMI_OK);
	assert_int_equal(scmi_agent_init(&rig.agent, rig.memory, sizeof(rig.memory), &rig.config), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
}

static inline void rig_open(void)
{
	rig_prepare();
	rig_start();
}

static inline void rig_close(void)
{
	assert_int_equal(scmi_agent_fini(rig.agent), SCMI_OK);
	assert_null(rig.fake.fault);
}

static inline struct scmi_call rig_call(void *reply, uint32_t cap)
{
	return (struct scmi_call){
		.size = sizeof(struct scmi_call),
		.protocol = SCMI_PROTOCOL_BASE,
		.message = SCMI_PROTOCOL_VERSION,
		.reply = reply,
		.reply_cap = cap,
		.timeout_us = 1000,
	};
}

/* One call, answered or not. */
static inline int rig_ask(void)
{
	uint32_t word = 0;
	struct scmi_call call = rig_call(&word, sizeof(word));
	int err = scmi_agent_call(rig.agent, &call);

	if (err == SCMI_OK)
		assert_int_equal(scmi_get_le32(&word), rig.word);
	return err;
}

#endif
