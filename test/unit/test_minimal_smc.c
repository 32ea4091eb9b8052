/* SPDX-License-Identifier: BSD-3-Clause */
/* The minimal agent over SMC without its interrupt: the polled mailbox stands behind that, too. */
#include <scmi/transport/smc.h>

#include "minimal_rig.h"

static struct scmi_smc smc;
static unsigned calls;
static uintptr_t refusal;

static uintptr_t conduit(void *ctx, const uintptr_t regs[8])
{
	(void)regs;
	calls++;
	if (refusal == 0)
		rig_answer(ctx);
	return refusal;
}

static void open_smc(void)
{
	const struct scmi_smc_config config = {.size = sizeof(config),
					       .function = 0x82000010u,
					       .area = rig.mailbox_config.areas[0],
					       .call = conduit,
					       .ctx = &rig};

	calls = 0;
	refusal = 0;
	assert_int_equal(scmi_smc_init(&smc, &config, &rig.transport), SCMI_OK);
	assert_int_equal(scmi_agent_init(&rig.agent, rig.memory, sizeof(rig.memory), &rig.config), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
}

static void calls_go_and_come(void **state)
{
	(void)state;
	rig_prepare();
	open_smc();
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(calls, 2);
	refusal = UINTPTR_MAX;
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	assert_true(rig_is_free());
	refusal = 0;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void with_its_interrupt_it_is_refused(void **state)
{
	struct scmi_smc_config config;

	(void)state;
	rig_prepare();
	config = (struct scmi_smc_config){.size = sizeof(config),
					  .flags = SCMI_SMC_INTERRUPT,
					  .area = rig.mailbox_config.areas[0],
					  .call = conduit};
	assert_int_equal(scmi_smc_init(&smc, &config, &rig.transport), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_go_and_come),
		cmocka_unit_test(with_its_interrupt_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
