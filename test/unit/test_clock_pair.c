/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol from end to end: typed commands against the server, over a loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/clock.h>
#include <scmi/transport/loopback.h>

#include "clock_device.h"
#include "fake_port.h"

#define SLOTS      4u
#define EVENTS     4u
#define EVENT_SIZE 32u
#define MANY       200u
#define RATES      500u
#define MHZ        1000000u

struct pair {
	struct fake_port fake;
	struct scmi_loopback *loopback;
	max_align_t loopback_memory[4096 / sizeof(max_align_t)];
	struct clock_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[1];
	struct scmi_endpoint endpoint;
	struct scmi_platform *platform;
	max_align_t platform_memory[SCMI_PLATFORM_WORDS(1, 1)];
	struct scmi_agent *agent;
	max_align_t agent_memory[SCMI_AGENT_WORDS_FOR(SLOTS, 1, SCMI_EVENT_BYTES_MAX, EVENTS, EVENT_SIZE)];
	struct scmi_clock_protocol p;

	/* what has been heard */
	struct scmi_subscriber ear;
	unsigned heard;
	struct scmi_clock_event event;
	unsigned ended;
	int err;
};

static struct pair pair;

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct pair *f = self->arg;

	f->heard++;
	assert_int_equal(scmi_clock_event_parse(hdr, payload, len, &f->event), SCMI_OK);
}

static void open_platform(struct pair *f)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f->servers,
		.servers_n = 1,
		.agents = f->agents,
		.agents_n = 1,
	};

	scmi_clock_server(&f->server, &f->device.model);
	f->servers[0] = &f->server;
	f->agents[0] = (struct scmi_platform_agent){.size = sizeof(f->agents[0]), .endpoint = &f->endpoint};
	assert_int_equal(scmi_platform_init(&f->platform, f->platform_memory, sizeof(f->platform_memory), &config),
			 SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

static void open_agent(struct pair *f, const struct scmi_transport *transport)
{
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = transport,
		.port = &f->fake.port,
		.options.slots = SLOTS,
		.max_waiters = 1,
		.event_buffers = EVENTS,
		.event_bytes = EVENT_SIZE,
	};

	assert_int_equal(scmi_agent_init(&f->agent, f->agent_memory, sizeof(f->agent_memory), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
	f->ear = (struct scmi_subscriber){
		.size = sizeof(f->ear), .protocol = SCMI_PROTOCOL_CLOCK, .message = SCMI_ANY, .notify = hear, .arg = f};
	assert_int_equal(scmi_agent_subscribe(f->agent, &f->ear), SCMI_OK);
}

/* The device has been filled in. */
static void open_pair(struct pair *f)
{
	const struct scmi_loopback_config config = {.size = sizeof(config), .max_inflight = SLOTS};
	struct scmi_transport transport;

	fake_port_init(&f->fake);
	assert_int_equal(scmi_loopback_init(&f->loopback, f->loopback_memory, sizeof(f->loopback_memory), &config,
					    &transport, &f->endpoint),
			 SCMI_OK);
	open_platform(f);
	open_agent(f, &transport);
	assert_int_equal(scmi_clock_open(f->agent, 0, &f->p, NULL), SCMI_OK);
}

static int set_up(void **state)
{
	memset(&pair, 0, sizeof(pair));
	clock_device_init(&pair.device, 0);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	struct pair *f = *state;

	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	scmi_loopback_fini(f->loopback);
	assert_null(f->fake.fault);
	return 0;
}

/* ---- what clocks are ---- */

static void expect_rates(struct pair *f, uint32_t clock)
{
	const struct scmi_clock_desc *d = &f->device.clocks[clock];
	struct scmi_clock_rates it;
	struct scmi_clock_rate rate;

	scmi_clock_rates_begin(&f->p, clock, &it);
	for (uint32_t i = 0; i < (d->range ? 1u : d->rates_n); i++) {
		assert_int_equal(scmi_clock_rates_next(&it, &rate, NULL), SCMI_OK);
		assert_true(rate.min == d->rates[i] && rate.max == d->rates[d->range ? 1 : i]);
		assert_true(rate.step == (d->range ? d->rates[2] : 0));
	}
	assert_int_equal(scmi_clock_rates_next(&it, &rate, NULL), SCMI_E_NOTFOUND);
}

static void expect_clock(struct pair *f, uint32_t clock, uint32_t version)
{
	struct scmi_clock_info info = {.size = sizeof(info)};
	const struct scmi_clock_desc *d = &f->device.clocks[clock];
	size_t len = version < SCMI_VERSION(2, 0) ? SCMI_SHORT_NAME - 1u : SCMI_LONG_NAME - 1u;
	uint64_t rate = 0;
	bool enabled = false;

	assert_int_equal(scmi_clock_info(&f->p, clock, &info, NULL), SCMI_OK);
	assert_int_equal(strncmp(info.name, d->name, len), 0);
	assert_int_equal(strlen(info.name), strlen(d->name) < len ? strlen(d->name) : len);
	assert_int_equal(info.enable_delay_us, version < SCMI_VERSION(2, 0) ? 0 : d->enable_delay_us);
	assert_int_equal((info.attributes & SCMI_CLOCK_HAS_PARENTS) != 0,
			 version >= SCMI_VERSION(3, 0) && d->parents_n != 0);
	expect_rates(f, clock);
	assert_int_equal(scmi_clock_rate_get(&f->p, clock, &rate, NULL), SCMI_OK);
	assert_true(rate == f->device.rates[clock]);
	assert_int_equal(scmi_clock_enabled(&f->p, clock, &enabled, NULL), SCMI_OK);
	assert_int_equal(enabled, f->device.enabled[clock]);
}

static void every_version_that_an_agent_knows_is_spoken(void **state)
{
	static const uint32_t newest[] = {SCMI_VERSION(1, 0), SCMI_VERSION(2, 0), SCMI_VERSION(3, 0)};
	struct pair *f = *state;

	open_pair(f);
	for (size_t i = 0; i < sizeof(newest) / sizeof(newest[0]); i++) {
		assert_int_equal(scmi_clock_open(f->agent, newest[i], &f->p, NULL), SCMI_OK);
		assert_int_equal(f->p.version, SCMI_CLOCK_VERSION);
		assert_int_equal(f->p.spoken, newest[i]);
		assert_int_equal(f->p.clocks, CLOCKS);
		assert_int_equal(f->p.async_max, PENDINGS);
		for (uint32_t clock = 0; clock < CLOCKS; clock++)
			expect_clock(f, clock, newest[i]);
		assert_int_equal(scmi_clock_enable(&f->p, PIXEL, true, NULL), SCMI_OK);
		assert_true(f->device.enabled[PIXEL]);
		assert_int_equal(scmi_clock_enable(&f->p, PIXEL, false, NULL), SCMI_OK);
		assert_false(f->device.enabled[PIXEL]);
		/* Back to the newest, for the next turn. */
		assert_int_equal(scmi_protocol_negotiate(f->agent, SCMI_PROTOCOL_CLOCK, SCMI_CLOCK_VERSION, NULL),
				 SCMI_OK);
	}
}

static void configuration_parents_and_permissions_go_there_and_back(void **state)
{
	struct scmi_clock_parents it;
	struct pair *f = *state;
	uint32_t word = 0;
	int32_t status = 0;
	bool on = true;

	open_pair(f);
	assert_int_equal(
		scmi_clock_config_set(&f->p, PIXEL, SCMI_CLOCK_STATE_UNCHANGED, SCMI_CLOCK_CONFIG_DUTY, 40, NULL),
		SCMI_OK);
	assert_int_equal(scmi_clock_config_get(&f->p, PIXEL, SCMI_CLOCK_CONFIG_DUTY, &on, &word, NULL), SCMI_OK);
	assert_false(on);
	assert_int_equal(word, 40);
	scmi_clock_parents_begin(&f->p, PIXEL, &it);
	assert_int_equal(scmi_clock_parents_next(&it, &word, NULL), SCMI_OK);
	assert_int_equal(word, UART);
	assert_int_equal(scmi_clock_parents_next(&it, &word, NULL), SCMI_OK);
	assert_int_equal(word, FIXED);
	assert_int_equal(scmi_clock_parents_next(&it, &word, NULL), SCMI_E_NOTFOUND);
	scmi_clock_parents_begin(&f->p, UART, &it);
	assert_int_equal(scmi_clock_parents_next(&it, &word, NULL), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_clock_parent_set(&f->p, PIXEL, FIXED, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_parent_get(&f->p, PIXEL, &word, NULL), SCMI_OK);
	assert_int_equal(word, FIXED);
	assert_int_equal(scmi_clock_permissions(&f->p, FIXED, &word, NULL), SCMI_OK);
	assert_int_equal(word, 0);
	assert_int_equal(scmi_clock_enable(&f->p, FIXED, false, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_DENIED);
}

/* ---- setting rates ---- */

static void asynchronous_rate_waits_for_its_delayed_response(void **state)
{
	struct pair *f = *state;
	uint64_t set = 0;

	open_pair(f);
	assert_int_equal(
		scmi_clock_rate_set(&f->p, UART, 47u * MHZ, SCMI_CLOCK_SET_ASYNC | SCMI_CLOCK_SET_ROUND_UP, &set, NULL),
		SCMI_OK);
	assert_int_equal(set, 48u * MHZ);
	f->device.later = true;
	f->device.early = true; /* before its response */
	assert_int_equal(scmi_clock_rate_set(&f->p, UART, 24u * MHZ, SCMI_CLOCK_SET_ASYNC, &set, NULL), SCMI_OK);
	assert_int_equal(set, 24u * MHZ);
}

static void on_done(struct scmi_call *call, int err)
{
	struct pair *f = call->arg;

	f->ended++;
	f->err = err;
}

static void rates_in_parts_end_by_callback_in_any_order(void **state)
{
	struct scmi_clock_rate_set ops[2];
	struct pair *f = *state;
	uint64_t set = 0;

	open_pair(f);
	f->device.later = true;
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(scmi_clock_rate_set_prepare(&f->p, i, (40u + i) * MHZ, SCMI_CLOCK_SET_ASYNC, &ops[i]),
				 SCMI_OK);
		ops[i].call.done = on_done;
		ops[i].call.arg = f;
		assert_int_equal(scmi_agent_submit(f->agent, &ops[i].call), SCMI_OK);
	}
	assert_int_equal(f->ended, 0);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[1], SCMI_SUCCESS, 41u * MHZ), SCMI_OK);
	assert_int_equal(f->ended, 1);
	assert_int_equal(scmi_clock_rate_set_result(&ops[1], f->err, &set), SCMI_OK);
	assert_int_equal(set, 41u * MHZ);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_HARDWARE_ERROR, 0), SCMI_OK);
	assert_int_equal(f->ended, 2);
	assert_int_equal(scmi_clock_rate_set_result(&ops[0], f->err, &set), SCMI_E_REMOTE);
	assert_int_equal(ops[0].call.status, SCMI_HARDWARE_ERROR);
}

static void notifications_reach_the_subscriber(void **state)
{
	struct pair *f = *state;

	open_pair(f);
	assert_int_equal(scmi_clock_rate_notify(&f->p, UART, true, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_set(&f->p, UART, 48u * MHZ, 0, NULL, NULL), SCMI_OK);
	assert_int_equal(f->heard, 1);
	assert_int_equal(f->event.notification, SCMI_CLOCK_RATE_CHANGED);
	assert_int_equal(f->event.agent_id, 1);
	assert_int_equal(f->event.clock, UART);
	assert_int_equal(f->event.rate, 48u * MHZ);
	assert_int_equal(scmi_clock_rate_change_requested_notify(&f->p, PIXEL, true, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_set(&f->p, PIXEL, 48u * MHZ + 1u, 0, NULL, NULL), SCMI_OK);
	assert_int_equal(f->heard, 2);
	assert_int_equal(f->event.notification, SCMI_CLOCK_RATE_CHANGE_REQUESTED);
	assert_int_equal(f->event.rate, 48u * MHZ + 1u);
	assert_int_equal(scmi_clock_rate_notify(&f->p, UART, false, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_set(&f->p, UART, 24u * MHZ, 0, NULL, NULL), SCMI_OK);
	assert_int_equal(f->heard, 2);
}

/* ---- many ---- */

static void two_hundred_clocks_of_many_rates_are_listed(void **state)
{
	static struct scmi_clock_desc clocks[MANY];
	static char names[MANY][20];
	static uint64_t rates[RATES];
	struct scmi_clock_info info = {.size = sizeof(info)};
	struct pair *f = *state;

	for (uint32_t i = 0; i < RATES; i++)
		rates[i] = (uint64_t)MHZ * (i + 1u);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "a_longer_clock_%u", (unsigned)i);
		clocks[i] = f->device.clocks[UART];
		clocks[i].name = names[i];
		clocks[i].rates = rates;
		clocks[i].rates_n = i + 1u;
	}
	clocks[MANY - 1u].rates_n = RATES;
	f->device.model.clocks = clocks;
	f->device.model.count = MANY;
	f->device.model.wants = NULL;
	f->device.ops.enabled = NULL;
	open_pair(f);
	assert_int_equal(f->p.clocks, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct scmi_clock_rates it;
		struct scmi_clock_rate rate;
		uint32_t n = 0;

		assert_int_equal(scmi_clock_info(&f->p, i, &info, NULL), SCMI_OK);
		assert_string_equal(info.name, names[i]);
		scmi_clock_rates_begin(&f->p, i, &it);
		while (scmi_clock_rates_next(&it, &rate, NULL) == SCMI_OK)
			assert_true(n < RATES && rate.min == rates[n++]);
		assert_int_equal(n, clocks[i].rates_n);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_version_that_an_agent_knows_is_spoken),
		TEST(configuration_parents_and_permissions_go_there_and_back),
		TEST(asynchronous_rate_waits_for_its_delayed_response),
		TEST(rates_in_parts_end_by_callback_in_any_order),
		TEST(notifications_reach_the_subscriber),
		TEST(two_hundred_clocks_of_many_rates_are_listed),
	};

	return cmocka_run_group_tests_name("clock_pair", tests, NULL, NULL);
}
