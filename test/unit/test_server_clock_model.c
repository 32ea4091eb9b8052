/* SPDX-License-Identifier: BSD-3-Clause */
/* Models of clocks that are not allowed: each fault is found when the platform is made, and named. */
#include "clock_fixture.h"

#include <string.h>

static const uint64_t falling[] = {2, 1, 1};
static const uint64_t twice[] = {1, 1};
static const uint32_t no_clock[] = {UART, CLOCKS};
static char too_long[SCMI_LONG_NAME + 1u];

/* Each makes one member wrong. */
#define SPOIL(name, what)                                                                                              \
	static void name(struct clock_device *d)                                                                       \
	{                                                                                                              \
		what;                                                                                                  \
	}

SPOIL(model_size, d->model.size--)
SPOIL(version_2_1, d->model.version = SCMI_VERSION(2, 1))
SPOIL(version_3_1, d->model.version = SCMI_VERSION(3, 1))
SPOIL(ops_size, d->ops.size++)
SPOIL(rate_get, d->ops.rate_get = NULL)
SPOIL(clocks, d->model.clocks = NULL)
SPOIL(count, d->model.count = 0x10000)
SPOIL(pending, d->model.pending = NULL)
SPOIL(pending_n, d->model.pending_n = 256)
SPOIL(pending_size, d->pending[1].size--)
SPOIL(pending_first, d->pending[0].size--)
SPOIL(desc_size, d->clocks[1].size--)
SPOIL(flags, d->clocks[0].flags = SCMI_CLOCK_ENABLED)
SPOIL(config_get, d->ops.config_get = NULL)
SPOIL(name_null, d->clocks[2].name = NULL)
SPOIL(name_empty, d->clocks[2].name = "")
SPOIL(name_long, d->clocks[2].name = too_long)
SPOIL(rates, d->clocks[0].rates = NULL)
SPOIL(rates_none, d->clocks[0].rates_n = 0)
SPOIL(rates_many, d->clocks[0].rates_n = 0x10000)
SPOIL(rates_twice, d->clocks[0].rates = twice)
SPOIL(rates_fall, d->clocks[0].rates = falling)
SPOIL(range_n, d->clocks[1].rates_n = 2)
SPOIL(range_falls, d->clocks[1].rates = falling)
SPOIL(parents, d->clocks[1].parents = NULL)
SPOIL(parents_none, d->clocks[1].parents_n = 0)
SPOIL(parents_many, d->clocks[1].parents_n = 256)
SPOIL(parents_unknown, (d->clocks[1].parents = no_clock, d->clocks[1].parents_n = 2))
SPOIL(parent_get, d->ops.parent_get = NULL)
SPOIL(want_words, d->model.want_words--)

static const struct {
	void (*spoil)(struct clock_device *d);
	const char *member;
	int err;
} faults[] = {
	{model_size, "scmi_clock_model.size", SCMI_E_INVAL},
	{version_2_1, "scmi_clock_model.version", SCMI_E_INVAL},
	{version_3_1, "scmi_clock_model.version", SCMI_E_INVAL},
	{ops_size, "scmi_clock_ops.size", SCMI_E_INVAL},
	{rate_get, "scmi_clock_ops.rate_get", SCMI_E_INVAL},
	{clocks, "scmi_clock_model.clocks", SCMI_E_INVAL},
	{count, "scmi_clock_model.clocks", SCMI_E_INVAL},
	{pending, "scmi_clock_model.pending", SCMI_E_INVAL},
	{pending_n, "scmi_clock_model.pending", SCMI_E_INVAL},
	{pending_size, "scmi_clock_pending.size", SCMI_E_INVAL},
	{pending_first, "scmi_clock_pending.size", SCMI_E_INVAL},
	{desc_size, "scmi_clock_desc.size", SCMI_E_INVAL},
	{flags, "scmi_clock_desc.flags", SCMI_E_INVAL},
	{config_get, "scmi_clock_ops.config_get", SCMI_E_INVAL},
	{name_null, "scmi_clock_desc.name", SCMI_E_INVAL},
	{name_empty, "scmi_clock_desc.name", SCMI_E_INVAL},
	{name_long, "scmi_clock_desc.name", SCMI_E_INVAL},
	{rates, "scmi_clock_desc.rates is NULL", SCMI_E_INVAL},
	{rates_none, "scmi_clock_desc.rates is NULL", SCMI_E_INVAL},
	{rates_many, "scmi_clock_desc.rates is NULL", SCMI_E_INVAL},
	{rates_twice, "scmi_clock_desc.rates does not ascend", SCMI_E_INVAL},
	{rates_fall, "scmi_clock_desc.rates does not ascend", SCMI_E_INVAL},
	{range_n, "scmi_clock_desc.rates_n of a range", SCMI_E_INVAL},
	{range_falls, "scmi_clock_desc.rates of a range", SCMI_E_INVAL},
	{parents, "scmi_clock_desc.parents does not go", SCMI_E_INVAL},
	{parents_none, "scmi_clock_desc.parents does not go", SCMI_E_INVAL},
	{parents_many, "scmi_clock_desc.parents does not go", SCMI_E_INVAL},
	{parents_unknown, "scmi_clock_desc.parents names", SCMI_E_INVAL},
	{parent_get, "scmi_clock_ops.parent_get", SCMI_E_INVAL},
	{want_words, "scmi_clock_model.want_words", SCMI_E_NOMEM},
};

static void fault_of_a_model_is_named_by_its_member(void **state)
{
	struct fixture *f = *state;

	memset(too_long, 'x', SCMI_LONG_NAME);
	for (unsigned i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		fixture_close(f);
		fixture_fill(f, 0);
		faults[i].spoil(&f->device);
		assert_int_equal(fixture_init(f), faults[i].err);
		if (strstr(f->log, faults[i].member) == NULL)
			fail_msg("\"%s\" does not name %s", f->log, faults[i].member);
		fixture_fill(f, 0);
		fixture_open(f);
	}
}

static void model_at_its_limits_is_allowed(void **state)
{
	static const uint64_t one[] = {7, 7, 0};
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	too_long[SCMI_LONG_NAME - 1u] = '\0';
	f->device.clocks[UART].name = too_long;
	f->device.clocks[UART].rates = one;
	f->device.clocks[UART].rates_n = 3;
	f->device.clocks[UART].range = true;
	fixture_open(f);
	fixture_close(f);
	/* A platform without clocks. */
	fixture_fill(f, 0);
	f->device.model.count = 0;
	f->device.model.clocks = NULL;
	f->device.model.want_words = 0;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_CLOCK_ATTRIBUTES, 1, 0u), SCMI_NOT_FOUND);
}

#define CLOCKS_MAX 65535u
#define RATES_MAX  65535u
#define OTHERS_MAX 255u

static void model_of_all_that_the_messages_carry_is_allowed(void **state)
{
	static struct scmi_clock_desc clocks[CLOCKS_MAX];
	static uint64_t rates[RATES_MAX];
	static uint32_t parents[OTHERS_MAX];
	static struct scmi_clock_pending pending[OTHERS_MAX];
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	for (uint32_t i = 0; i < RATES_MAX; i++)
		rates[i] = i;
	for (uint32_t i = 0; i < CLOCKS_MAX; i++)
		clocks[i] = f->device.clocks[UART];
	clocks[UART].rates = rates;
	clocks[UART].rates_n = RATES_MAX;
	clocks[UART].parents = parents;
	clocks[UART].parents_n = OTHERS_MAX;
	for (uint32_t i = 0; i < OTHERS_MAX; i++)
		pending[i].size = sizeof(pending[i]);
	f->device.model.clocks = clocks;
	f->device.model.count = CLOCKS_MAX;
	f->device.model.pending = pending;
	f->device.model.pending_n = OTHERS_MAX;
	f->device.model.wants = NULL;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x00ffffff);
	assert_int_equal(ASK(f, SCMI_CLOCK_DESCRIBE_RATES, 2, UART, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 15u | (RATES_MAX - 15u) << 16);
	assert_int_equal(ASK(f, SCMI_CLOCK_POSSIBLE_PARENTS_GET, 2, UART, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 30u | (OTHERS_MAX - 30u) << 24);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(fault_of_a_model_is_named_by_its_member),
		TEST(model_at_its_limits_is_allowed),
		TEST(model_of_all_that_the_messages_carry_is_allowed),
	};

	return cmocka_run_group_tests_name("server_clock_model", tests, NULL, NULL);
}
