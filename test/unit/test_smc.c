/* SPDX-License-Identifier: BSD-3-Clause */
/* An area and a call: what stands in the registers, who refuses, whose the area is then, replies that come later. */
#include <scmi/agent.h>
#include <scmi/transport/smc.h>

#include "acme.h"
#include "fake_port.h"
#include "shmem_rig.h"

#define FUNCTION 0x82000010u /* in the range of silicon partners */
#define BYTES    128u
#define VERSION  0x00020001u

struct bed {
	struct fake_port fake;
	struct scmi_smc smc;
	struct scmi_smc_config config;
	struct scmi_transport transport;
	struct scmi_agent *agent;
	_Alignas(64) unsigned char memory[BYTES];
	max_align_t agent_memory[SCMI_AGENT_WORDS(8)];

	/* the platform, played by the conduit */
	unsigned calls;
	uintptr_t regs[8];
	uintptr_t refusal;            /* 0: none */
	bool later;                   /* the reply is not there when the call returns */
	uint32_t flags;               /* of the command's channel */
	struct scmi_mailbox_end *end; /* or a real one */
};

static struct bed bed;

static void answer(struct bed *b)
{
	const struct scmi_shmem *a = &b->config.area;

	assert_int_equal(area_get(a, SCMI_SHMEM_STATUS), 0);
	area_put(a, SCMI_SHMEM_LENGTH, 12);
	area_put(a, SCMI_SHMEM_PAYLOAD, 0);
	area_put(a, SCMI_SHMEM_PAYLOAD + 4, VERSION);
	area_put(a, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
}

static uintptr_t conduit(void *ctx, const uintptr_t regs[8])
{
	struct bed *b = ctx;

	b->calls++;
	memcpy(b->regs, regs, sizeof(b->regs));
	b->flags = area_get(&b->config.area, SCMI_SHMEM_FLAGS);
	if (b->end != NULL)
		return scmi_smc_serve(b->end);
	if (b->refusal != 0)
		return b->refusal;
	if (!b->later)
		answer(b);
	return 0;
}

static struct bed *bed_new(uint32_t params, uint32_t flags)
{
	struct bed *b = &bed;

	memset(b, 0, sizeof(*b));
	memset(b->memory, OLD, sizeof(b->memory));
	fake_port_init(&b->fake);
	b->fake.step_us = 1;
	b->fake.arg = b;
	b->config = (struct scmi_smc_config){
		.size = sizeof(b->config),
		.flags = flags,
		.function = FUNCTION,
		.params = params,
		.area = {.mem = b->memory, .len = BYTES},
		.call = conduit,
		.ctx = b,
		.port = &b->fake.port,
	};
	assert_int_equal(scmi_shmem_reset(&b->config.area), SCMI_OK);
	return b;
}

static void bed_start(struct bed *b)
{
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &b->transport, .port = &b->fake.port, .options.slots = 8};

	assert_int_equal(scmi_smc_init(&b->smc, &b->config, &b->transport), SCMI_OK);
	assert_int_equal(scmi_agent_init(&b->agent, b->agent_memory, sizeof(b->agent_memory), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
}

static struct bed *bed_up(uint32_t params, uint32_t flags)
{
	struct bed *b = bed_new(params, flags);

	bed_start(b);
	return b;
}

static void bed_down(struct bed *b)
{
	assert_int_equal(scmi_agent_fini(b->agent), SCMI_OK);
	assert_null(b->fake.fault);
}

/* The base protocol's version. */
static int ask(struct bed *b, uint32_t *version)
{
	unsigned char reply[4] = {0};
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = 0,
				 .reply = reply,
				 .reply_cap = sizeof(reply)};
	int err = scmi_agent_call(b->agent, &call);

	*version = scmi_get_le32(reply);
	return err;
}

static void assert_answered(struct bed *b)
{
	uint32_t version;

	assert_int_equal(ask(b, &version), SCMI_OK);
	assert_int_equal(version, VERSION);
	assert_int_equal(area_get(&b->config.area, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
}

/* ---- registers ---- */

static void assert_registers(const struct bed *b, uintptr_t first, uintptr_t second)
{
	assert_true(b->regs[0] == FUNCTION);
	assert_true(b->regs[1] == first);
	assert_true(b->regs[2] == second);
	for (unsigned i = 3; i < 8; i++)
		assert_true(b->regs[i] == 0);
}

static void plain_call_has_the_function_alone(void **state)
{
	struct bed *b = bed_up(SCMI_SMC_PLAIN, 0);

	(void)state;
	assert_answered(b);
	assert_int_equal(b->calls, 1);
	assert_registers(b, 0, 0);
	bed_down(b);
}

static void page_and_offset_of_the_area_are_told(void **state)
{
	static const struct {
		uint64_t address;
		uintptr_t page, offset;
	} cases[] = {{0, 0, 0}, {0xffc, 0, 0xffc}, {0x1000, 1, 0}, {UINT64_C(0xfedcba98764), 0xfedcba98, 0x764}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bed *b = bed_new(SCMI_SMC_PAGE, 0);

		b->config.address = cases[i].address;
		bed_start(b);
		assert_answered(b);
		assert_registers(b, cases[i].page, cases[i].offset);
		bed_down(b);
	}
}

/* The id is little endian, as all of the area, and read by each start. */
static void capability_is_read_from_the_end_of_the_area(void **state)
{
	static const unsigned char id[8] = {0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11};
	struct bed *b = bed_new(SCMI_SMC_CAPABILITY, 0);

	(void)state;
	memcpy(b->memory + BYTES - 8, id, sizeof(id));
	bed_start(b);
	assert_answered(b);
	assert_registers(b, (uintptr_t)UINT64_C(0x1122334455667788), 0);
	b->memory[BYTES - 8] = 0x99;
	assert_answered(b);
	assert_registers(b, (uintptr_t)UINT64_C(0x1122334455667788), 0);
	assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
	assert_answered(b);
	assert_registers(b, (uintptr_t)UINT64_C(0x1122334455667799), 0);
	bed_down(b);
}

static int send_params(struct bed *b, uint32_t len)
{
	unsigned char params[BYTES];
	unsigned char reply[4];
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = 0,
				 .params = params,
				 .params_len = len,
				 .reply = reply,
				 .reply_cap = sizeof(reply)};

	memset(params, 0x5a, sizeof(params));
	return scmi_agent_call(b->agent, &call);
}

static void longest_command_stays_before_the_capability(void **state)
{
	(void)state;
	for (uint32_t params = SCMI_SMC_PLAIN; params <= SCMI_SMC_CAPABILITY; params++) {
		struct bed *b = bed_up(params, 0);
		uint32_t most = params == SCMI_SMC_CAPABILITY ? BYTES - 28 - 8 : BYTES - 28;

		assert_int_equal(b->transport.max_payload, most);
		assert_int_equal(send_params(b, most + 1), SCMI_E_TOOBIG);
		assert_int_equal(b->calls, 0);
		assert_int_equal(send_params(b, most), SCMI_OK);
		assert_int_equal(b->memory[28 + most - 1], 0x5a);
		for (uint32_t i = 28 + most; i < BYTES; i++)
			assert_int_equal(b->memory[i], OLD);
		bed_down(b);
	}
}

/* ---- refusals ---- */

static void refused_call_leaves_the_area_ours(void **state)
{
	static const uintptr_t refusals[] = {SCMI_SMC_NOT_SUPPORTED, 1, (uintptr_t)1 << (sizeof(uintptr_t) * 8 - 1)};

	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_SMC_INTERRUPT; flags++) {
		struct bed *b = bed_up(SCMI_SMC_PLAIN, flags);
		uint32_t version;

		b->later = false;
		for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
			b->refusal = refusals[i];
			assert_int_equal(ask(b, &version), SCMI_E_NOPEER);
			assert_int_equal(b->calls, i + 1);
			assert_int_equal(area_get(&b->config.area, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
		}
		b->refusal = 0;
		assert_answered(b);
		bed_down(b);
	}
}

/* ---- later ---- */

static void answers(struct fake_port *fake, void *arg)
{
	struct bed *b = arg;

	(void)fake;
	if (area_get(&b->config.area, SCMI_SHMEM_STATUS) == 0)
		answer(b);
}

static void answers_and_interrupts(struct fake_port *fake, void *arg)
{
	struct bed *b = arg;

	answers(fake, arg);
	scmi_smc_interrupt(&b->smc);
}

static void interrupt_is_asked_for_only_where_there_is_one(void **state)
{
	(void)state;
	for (uint32_t flags = 0; flags <= SCMI_SMC_INTERRUPT; flags++) {
		struct bed *b = bed_up(SCMI_SMC_PLAIN, flags);
		uint32_t same = SCMI_CAP_POLL | SCMI_CAP_ATOMIC | SCMI_CAP_CONCURRENT;

		assert_int_equal(b->transport.caps, same | (flags != 0 ? SCMI_CAP_IRQ : SCMI_CAP_SYNC_SEND));
		b->later = flags != 0;
		b->fake.on_wait = b->fake.on_relax = answers_and_interrupts;
		assert_answered(b);
		assert_int_equal(b->flags, flags != 0 ? SCMI_SHMEM_INTR : 0);
		bed_down(b);
	}
}

static void reply_that_is_late_is_polled_for(void **state)
{
	struct bed *b = bed_up(SCMI_SMC_PLAIN, 0);

	(void)state;
	b->later = true;
	b->fake.on_relax = answers;
	assert_answered(b);
	assert_answered(b);
	assert_int_equal(b->calls, 2);
	bed_down(b);
}

static void note_end(struct scmi_call *call, int err)
{
	*(int *)call->arg = err;
}

static void reply_announced_by_the_interrupt_needs_no_poll(void **state)
{
	struct bed *b = bed_up(SCMI_SMC_PLAIN, SCMI_SMC_INTERRUPT);
	struct scmi_mailbox_stats stats = {.size = sizeof(stats)};
	unsigned char reply[4] = {0};
	int ended = 1;
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_BASE,
				 .message = 0,
				 .reply = reply,
				 .reply_cap = sizeof(reply),
				 .done = note_end,
				 .arg = &ended};

	(void)state;
	b->later = true;
	assert_int_equal(scmi_agent_submit(b->agent, &call), SCMI_OK);
	scmi_smc_interrupt(&b->smc); /* somebody else's: the area is not FREE */
	answer(b);
	assert_int_equal(ended, 1);
	scmi_smc_interrupt(&b->smc);
	assert_int_equal(ended, SCMI_OK);
	scmi_smc_interrupt(&b->smc); /* once too many */
	assert_int_equal(scmi_get_le32(reply), VERSION);
	assert_int_equal(scmi_mailbox_stats(&b->smc.mailbox_, &stats), SCMI_OK);
	assert_int_equal(stats.commands, 1);
	assert_int_equal(stats.rung, 1);
	bed_down(b);
}

static void reply_after_the_time_is_over_is_dropped(void **state)
{
	struct bed *b = bed_up(SCMI_SMC_PLAIN, 0);
	uint32_t version;

	(void)state;
	b->later = true;
	b->fake.step_us = 1000;
	assert_int_equal(ask(b, &version), SCMI_E_TIMEOUT);
	assert_int_equal(area_get(&b->config.area, SCMI_SHMEM_STATUS), 0); /* still the platform's */
	answer(b);
	b->fake.step_us = 1;
	b->later = false;
	assert_answered(b);
	bed_down(b);
}

/* ---- the platform's end ---- */

static max_align_t end_memory[SCMI_MAILBOX_END_WORDS(BYTES - 28)];

static void end_make(struct bed *b, struct scmi_endpoint *endpoint)
{
	const struct scmi_mailbox_end_config config = {
		.size = sizeof(config), .areas = {b->config.area}, .port = &b->fake.port};

	assert_int_equal(scmi_mailbox_end_init(&b->end, end_memory, sizeof(end_memory), &config, endpoint), SCMI_OK);
}

static void real_platform_serves_inside_the_call(void **state)
{
	static struct acme acme;
	struct bed *b = bed_new(SCMI_SMC_PLAIN, 0);
	struct scmi_mailbox_end_stats stats = {.size = sizeof(stats)};
	struct scmi_endpoint endpoint;
	uint32_t version;

	(void)state;
	end_make(b, &endpoint);
	assert_int_equal(acme_open(&acme, &endpoint, NULL, NULL), SCMI_OK);
	bed_start(b);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(ask(b, &version), SCMI_OK);
		assert_int_equal(version, 0x00020000);
	}
	assert_int_equal(b->calls, 3);
	assert_true(scmi_smc_serve(b->end) == 0); /* called for nothing */
	assert_int_equal(scmi_mailbox_end_stats(b->end, &stats), SCMI_OK);
	assert_int_equal(stats.taken, 3);
	assert_int_equal(stats.open, 0);
	scmi_platform_stop(acme.platform);
	assert_int_equal(ask(b, &version), SCMI_E_NOPEER);
	bed_down(b);
	assert_int_equal(acme_close(&acme), SCMI_OK);
}

static void nobody_to_serve_is_told(void **state)
{
	struct bed *b = bed_new(SCMI_SMC_PLAIN, 0);
	struct scmi_endpoint endpoint;
	uint32_t version;

	(void)state;
	end_make(b, &endpoint);
	assert_true(scmi_smc_serve(b->end) == SCMI_SMC_NOT_SUPPORTED);
	bed_start(b);
	assert_int_equal(ask(b, &version), SCMI_E_NOPEER);
	assert_int_equal(area_get(&b->config.area, SCMI_SHMEM_STATUS), SCMI_SHMEM_FREE);
	bed_down(b);
}

/* ---- configuration ---- */

static void expect_refused(const struct scmi_smc_config *config, const char *member)
{
	struct scmi_transport transport = {0};
	const char *why = NULL;

	assert_int_equal(scmi_smc_check(config, &why), SCMI_E_INVAL);
	assert_non_null(why);
	assert_memory_equal(why, member, strlen(member));
	assert_int_equal(scmi_smc_check(config, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_smc_init(&bed.smc, config, &transport), SCMI_E_INVAL);
	assert_null(transport.ops);
}

#define REFUSED(member, change)                                                                                        \
	do {                                                                                                           \
		struct scmi_smc_config c = good;                                                                       \
                                                                                                                       \
		change;                                                                                                \
		expect_refused(&c, member);                                                                            \
	} while (0)

static void each_fault_alone_is_named(void **state)
{
	struct bed *b = bed_new(SCMI_SMC_PAGE, 0);
	const struct scmi_smc_config good = b->config;
	const char *why = "";

	(void)state;
	assert_int_equal(scmi_smc_check(&good, &why), SCMI_OK);
	assert_null(why);
	expect_refused(NULL, "config:");
	REFUSED("size:", c.size--);
	REFUSED("flags:", c.flags = 2);
	REFUSED("reserved_:", c.reserved_ = 1);
	REFUSED("call:", c.call = NULL);
	REFUSED("params:", c.params = 3);
	REFUSED("address:", c.address = UINT64_C(1) << 44);
	REFUSED("address:", c.address = 2);
	REFUSED("max_inflight:", c.max_inflight = SCMI_MAILBOX_INFLIGHT_MAX + 1);
	REFUSED("mem:", c.area.mem = NULL);
	REFUSED("len:", c.area.len = 32);
	REFUSED("flags:", c.area.flags = SCMI_SHMEM_CACHED);
	REFUSED("area:", (c.params = SCMI_SMC_CAPABILITY, c.area.len = 40));
	REFUSED("area:", (c.params = SCMI_SMC_CAPABILITY, c.area.len = 4));
	REFUSED("params:", (c.params = SCMI_SMC_CAPABILITY, c.area.flags = SCMI_SHMEM_CACHED));
	assert_int_equal(scmi_smc_init(NULL, &good, &b->transport), SCMI_E_INVAL);
	assert_int_equal(scmi_smc_init(&b->smc, &good, NULL), SCMI_E_INVAL);
}

static void limits_themselves_are_allowed(void **state)
{
	struct bed *b = bed_new(SCMI_SMC_PAGE, 0);

	(void)state;
	b->config.address = (UINT64_C(1) << 44) - 4;
	assert_int_equal(scmi_smc_check(&b->config, NULL), SCMI_OK);
	b->config.params = SCMI_SMC_PLAIN;
	b->config.address = UINT64_MAX; /* not looked at */
	assert_int_equal(scmi_smc_check(&b->config, NULL), SCMI_OK);
	b->config.params = SCMI_SMC_CAPABILITY;
	b->config.area.len = SCMI_SHMEM_BYTES_MIN + 8;
	assert_int_equal(scmi_smc_check(&b->config, NULL), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_call_has_the_function_alone),
		cmocka_unit_test(page_and_offset_of_the_area_are_told),
		cmocka_unit_test(capability_is_read_from_the_end_of_the_area),
		cmocka_unit_test(longest_command_stays_before_the_capability),
		cmocka_unit_test(refused_call_leaves_the_area_ours),
		cmocka_unit_test(interrupt_is_asked_for_only_where_there_is_one),
		cmocka_unit_test(reply_that_is_late_is_polled_for),
		cmocka_unit_test(reply_announced_by_the_interrupt_needs_no_poll),
		cmocka_unit_test(reply_after_the_time_is_over_is_dropped),
		cmocka_unit_test(real_platform_serves_inside_the_call),
		cmocka_unit_test(nobody_to_serve_is_told),
		cmocka_unit_test(each_fault_alone_is_named),
		cmocka_unit_test(limits_themselves_are_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
