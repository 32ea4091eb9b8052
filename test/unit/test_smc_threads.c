/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callers at once, over one conduit: served inside the call, where the next call may come before the last one is back;
 * and by a thread that takes its time and interrupts.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>
#include <scmi/transport/smc.h>

#include "acme.h"
#include "hang.h"
#include "shmem_rig.h"

#define CALLERS 4u
#define CALLS   500u
#define BYTES   128u

struct bed {
	struct scmi_posix posix;
	struct scmi_port port;
	_Alignas(64) unsigned char memory[BYTES];
	struct scmi_smc smc;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	max_align_t agent_memory[SCMI_AGENT_WORDS(8)];
	struct scmi_mailbox_doorbell bell; /* of the platform */
	struct scmi_mailbox_end *end;
	max_align_t end_memory[SCMI_MAILBOX_END_WORDS(BYTES - SCMI_SHMEM_PAYLOAD)];
	struct acme acme;
	pthread_t server;
	atomic_bool over;
	atomic_uint called;
	atomic_uint ok;
	atomic_uint interrupts;
};

static struct bed bed;

static uintptr_t serve_at_once(void *ctx, const uintptr_t regs[8])
{
	struct bed *b = ctx;

	(void)regs;
	atomic_fetch_add(&b->called, 1u);
	return scmi_smc_serve(b->end);
}

/* The thread does. */
static uintptr_t take_note(void *ctx, const uintptr_t regs[8])
{
	struct bed *b = ctx;

	(void)regs;
	atomic_fetch_add(&b->called, 1u);
	return 0;
}

static int interrupt(void *ctx, enum scmi_mailbox_signal signal)
{
	struct bed *b = ctx;

	assert_int_equal(signal, SCMI_MAILBOX_TX_REPLY);
	atomic_fetch_add(&b->interrupts, 1u);
	scmi_smc_interrupt(&b->smc);
	return SCMI_OK;
}

static void *serve(void *arg)
{
	struct bed *b = arg;

	while (!atomic_load(&b->over))
		if (scmi_mailbox_end_serve(b->end, 1) <= 0)
			b->port.relax(b->port.ctx);
	return NULL;
}

static void open_platform(struct bed *b, const struct scmi_shmem *area, bool interrupts)
{
	struct scmi_mailbox_end_config config = {.size = sizeof(config), .areas = {*area}, .port = &b->port};
	struct scmi_endpoint endpoint;

	b->bell = (struct scmi_mailbox_doorbell){
		.version = SCMI_MAILBOX_DOORBELL_V1, .name = "a2p", .ctx = b, .ring = interrupt};
	if (interrupts)
		config.doorbell = &b->bell;
	assert_int_equal(scmi_mailbox_end_init(&b->end, b->end_memory, sizeof(b->end_memory), &config, &endpoint),
			 SCMI_OK);
	assert_int_equal(acme_open(&b->acme, &endpoint, NULL, NULL), SCMI_OK);
}

static void open_agent(struct bed *b, const struct scmi_shmem *area, bool interrupts)
{
	const struct scmi_smc_config config = {
		.size = sizeof(config),
		.flags = interrupts ? SCMI_SMC_INTERRUPT : 0,
		.function = 1,
		.area = *area,
		.call = interrupts ? take_note : serve_at_once,
		.ctx = b,
		.port = &b->port,
	};
	const struct scmi_agent_config agent = {
		.size = sizeof(agent), .transport = &b->transport, .port = &b->port, .options.slots = 8};

	assert_int_equal(scmi_smc_init(&b->smc, &config, &b->transport), SCMI_OK);
	b->transport.timeout_us = HANG_US;
	assert_int_equal(scmi_agent_init(&b->agent, b->agent_memory, sizeof(b->agent_memory), &agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
}

static void *call(void *arg)
{
	struct bed *b = arg;

	for (unsigned i = 0; i < CALLS; i++) {
		uint8_t reply[4] = {0};
		struct scmi_call c = {
			.size = sizeof(c),
			.protocol = i % 2u != 0 ? SCMI_PROTOCOL_CLOCK : SCMI_PROTOCOL_BASE,
			.message = 0,
			.reply = reply,
			.reply_cap = sizeof(reply),
		};

		if (scmi_agent_call(b->agent, &c) == SCMI_OK &&
		    scmi_get_le32(reply) == (i % 2u != 0 ? 0x00010000u : 0x00020000u))
			atomic_fetch_add(&b->ok, 1u);
	}
	return NULL;
}

static void call_from_all(struct bed *b)
{
	pthread_t threads[CALLERS];

	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call, b), 0);
	for (unsigned i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void run(bool interrupts)
{
	struct bed *b = &bed;
	const struct scmi_shmem area = {.mem = b->memory, .len = BYTES};
	struct scmi_mailbox_end_stats stats = {.size = sizeof(stats)};

	memset(b, 0, sizeof(*b));
	assert_int_equal(scmi_posix_init(&b->posix, &b->port), SCMI_OK);
	open_platform(b, &area, interrupts);
	open_agent(b, &area, interrupts);
	if (interrupts)
		assert_int_equal(pthread_create(&b->server, NULL, serve, b), 0);
	call_from_all(b);
	if (interrupts) {
		atomic_store(&b->over, true);
		assert_int_equal(pthread_join(b->server, NULL), 0);
	}
	assert_int_equal(scmi_mailbox_end_stats(b->end, &stats), SCMI_OK);
	assert_int_equal(b->ok, CALLERS * CALLS);
	assert_int_equal(stats.taken, CALLERS * CALLS);
	assert_int_equal(stats.open, 0);
	assert_true(atomic_load(&b->called) <= CALLERS * CALLS);
	assert_int_equal(scmi_agent_fini(b->agent), SCMI_OK);
	assert_int_equal(acme_close(&b->acme), SCMI_OK);
	scmi_posix_fini(&b->posix);
}

/* Each command by its own call, or by the one that was still serving. */
static void callers_at_once_are_all_served(void **state)
{
	(void)state;
	run(false);
	assert_int_equal(bed.called, CALLERS * CALLS);
	assert_int_equal(bed.interrupts, 0);
}

/* None for a caller that polls; of a command that the thread has seen and answered before the call, none is made. */
static void replies_come_by_interrupt_while_callers_sleep(void **state)
{
	(void)state;
	run(true);
	assert_true(bed.interrupts <= CALLERS * CALLS + 1u); /* and one for the area that is in order */
	assert_true(bed.interrupts > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_at_once_are_all_served),
		cmocka_unit_test(replies_come_by_interrupt_while_callers_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
