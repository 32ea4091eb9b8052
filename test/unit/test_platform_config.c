/* SPDX-License-Identifier: BSD-3-Clause */
/* A platform's life: memory, wrong configurations, each by its name, start and stop; two platforms in one process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "acme.h"
#include "fake_endpoint.h"

#define AGENTS  2u
#define SERVERS 2u
#define GUARD   0x5a

static int32_t handle(void *model, struct scmi_request *req)
{
	(void)model;
	(void)req;
	return SCMI_SUCCESS;
}

/* A configuration that is right, in parts that a test may spoil. */
struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct scmi_endpoint_ops ops; /* of the second one */
	struct scmi_base_model model;
	uint32_t permissions[AGENTS];
	struct scmi_server_command commands[2];
	struct scmi_server base;
	struct scmi_server vendor;
	const struct scmi_server *servers[SERVERS];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform_config config;
	uint8_t denied[1];
	char log[128]; /* the last line */
	unsigned logged;
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_platform *platform;
};

static void log_line(void *arg, enum scmi_log_level level, const char *text)
{
	struct fixture *f = arg;

	assert_int_equal(level, SCMI_LOG_ERROR);
	assert_true(strlen(text) < sizeof(f->log));
	strcpy(f->log, text);
	f->logged++;
}

static void fill(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(f->agents[i]), .name = "agent", .endpoint = &f->endpoints[i].endpoint};
	}
	f->denied[0] = 0x80;
	f->agents[1].denied = f->denied;
	f->agents[1].denied_n = 1;
	f->commands[0] = (struct scmi_server_command){.message = 3, .handle = handle};
	f->commands[1] = (struct scmi_server_command){.message = 4, .handle = handle};
	f->model = (struct scmi_base_model){.size = sizeof(f->model),
					    .vendor = "acme",
					    .devices = 1,
					    .permissions = f->permissions,
					    .permission_words = AGENTS};
	scmi_base_server(&f->base, &f->model);
	f->vendor = (struct scmi_server){
		.size = sizeof(f->vendor), .protocol = 0x80, .version = 1, .commands = f->commands, .commands_n = 2};
	f->servers[0] = &f->base;
	f->servers[1] = &f->vendor;
	f->config = (struct scmi_platform_config){.size = sizeof(f->config),
						  .servers = f->servers,
						  .servers_n = SERVERS,
						  .agents = f->agents,
						  .agents_n = AGENTS,
						  .log = log_line,
						  .log_arg = f};
}

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));

	assert_non_null(f);
	fill(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static int init(struct fixture *f)
{
	return scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config);
}

/* ---- memory ---- */

static void size_is_exact_and_within_the_static_bound(void **state)
{
	struct fixture *f = *state;
	size_t size = scmi_platform_size(&f->config);
	unsigned char *block = malloc(size + 64u);
	unsigned char *mem = block;

	assert_non_null(block);
	assert_true(size > 0 && size <= sizeof(f->memory));
	memset(block, GUARD, size + 64u);
	assert_int_equal(scmi_platform_init(&f->platform, mem, size - 1u, &f->config), SCMI_E_NOMEM);
	assert_null(f->platform);
	assert_int_equal(mem[0], GUARD);
	assert_int_equal(scmi_platform_init(&f->platform, mem, size, &f->config), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (size_t i = size; i < size + 64u; i++)
		assert_int_equal(block[i], GUARD);
	free(block);
}

static void misaligned_or_missing_memory_is_refused(void **state)
{
	struct fixture *f = *state;

	f->config.agents_n = 1; /* leaves room to move */
	assert_int_equal(
		scmi_platform_init(&f->platform, (char *)f->memory + 4, scmi_platform_size(&f->config), &f->config),
		SCMI_E_NOMEM);
	assert_non_null(strstr(f->log, "memory"));
	assert_int_equal(scmi_platform_init(&f->platform, NULL, 100000, &f->config), SCMI_E_NOMEM);
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_init(NULL, f->memory, sizeof(f->memory), &f->config), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_size(NULL), 0);
}

static void size_grows_by_what_an_agent_and_a_server_cost(void **state)
{
	struct fixture *f = *state;
	size_t both = scmi_platform_size(&f->config);
	size_t fewer;

	f->config.agents_n = 1;
	fewer = scmi_platform_size(&f->config);
	assert_true(both - fewer <= SCMI_PLATFORM_AGENT_BYTES + SERVERS * sizeof(uint32_t));
	f->agents[1].denied_n = 0;
	f->config.servers_n = 1;
	assert_int_equal(fewer - scmi_platform_size(&f->config), sizeof(uint32_t));
}

/* ---- configuration ---- */

struct spoiling {
	void (*spoil)(struct fixture *f);
	const char *named; /* must stand in the log line */
	int err;
};

#define SPOIL(name, statement)                                                                                         \
	static void name(struct fixture *f)                                                                            \
	{                                                                                                              \
		statement;                                                                                             \
	}

SPOIL(reserved, f->config.reserved_ = 1)
SPOIL(servers_null, f->config.servers = NULL)
SPOIL(servers_none, f->config.servers_n = 0)
SPOIL(servers_many, f->config.servers_n = SCMI_PLATFORM_SERVERS_MAX + 1u)
SPOIL(server_null, f->servers[1] = NULL)
SPOIL(server_size, f->vendor.size--)
SPOIL(server_protocol, f->base.protocol = 0xf)
SPOIL(server_flags, f->vendor.flags = 0x80)
SPOIL(server_version, f->vendor.version = 0)
SPOIL(server_commands, f->vendor.commands = NULL)
SPOIL(server_empty, f->vendor.commands_n = 0)
SPOIL(server_order, f->servers[0] = &f->vendor; f->servers[1] = &f->base)
SPOIL(server_twice, f->servers[0] = &f->vendor)
SPOIL(command_order, f->commands[1].message = 3)
SPOIL(command_handle, f->commands[1].handle = NULL)
SPOIL(command_params, f->commands[1].params_min = 1)
SPOIL(server_reserved, f->vendor.reserved_[2] = 1)
SPOIL(agents_null, f->config.agents = NULL)
SPOIL(agents_none, f->config.agents_n = 0)
SPOIL(agents_many, f->config.agents_n = SCMI_PLATFORM_AGENTS_MAX + 1u)
SPOIL(agent_size, f->agents[1].size++)
SPOIL(agent_name, f->agents[1].name = "0123456789abcdef")
SPOIL(agent_unnamed, f->agents[0].name = NULL)
SPOIL(agent_denied_null, f->agents[0].denied_n = 1)
SPOIL(agent_denied_base, f->denied[0] = SCMI_PROTOCOL_BASE)
SPOIL(agent_denied_unknown, f->denied[0] = 0x81)
SPOIL(endpoint_null, f->agents[1].endpoint = NULL)
SPOIL(endpoint_twice, f->agents[1].endpoint = f->agents[0].endpoint)
SPOIL(endpoint_size, f->endpoints[1].endpoint.size = 0)
SPOIL(endpoint_small, f->endpoints[1].endpoint.max_payload = 7)
SPOIL(endpoint_large, f->endpoints[1].endpoint.max_payload = 0x80000000u)
SPOIL(endpoint_ops, f->endpoints[1].endpoint.ops = NULL)
SPOIL(ops_version, f->endpoints[1].ops.version = 0)
SPOIL(ops_start, f->endpoints[1].ops.start = NULL)
SPOIL(ops_stop, f->endpoints[1].ops.stop = NULL)
SPOIL(ops_reply, f->endpoints[1].ops.reply = NULL)
SPOIL(model_null, f->base.model = NULL)
SPOIL(model_size, f->model.size = 1)
SPOIL(model_version, f->model.version = SCMI_VERSION(3, 0))
SPOIL(vendor_null, f->model.vendor = NULL)
SPOIL(vendor_long, f->model.vendor = "0123456789abcdef")
SPOIL(sub_vendor_long, f->model.sub_vendor = "0123456789abcdef")
SPOIL(platform_name, f->model.platform_name = "plat")
SPOIL(platform_name_long, f->model.platform_name = "platform90123456")
SPOIL(permissions_null, f->model.permissions = NULL)
SPOIL(permissions_short, f->model.permission_words--)

static const struct spoiling spoilings[] = {
	{reserved, "scmi_platform_config.reserved_", SCMI_E_INVAL},
	{servers_null, "scmi_platform_config.servers ", SCMI_E_INVAL},
	{servers_none, "scmi_platform_config.servers_n", SCMI_E_INVAL},
	{servers_many, "scmi_platform_config.servers_n", SCMI_E_INVAL},
	{server_null, "scmi_platform_config.servers has a NULL", SCMI_E_INVAL},
	{server_size, "scmi_server.size", SCMI_E_INVAL},
	{server_protocol, "scmi_server.protocol", SCMI_E_INVAL},
	{server_flags, "scmi_server.flags", SCMI_E_INVAL},
	{server_version, "scmi_server.version", SCMI_E_INVAL},
	{server_commands, "scmi_server.commands is NULL", SCMI_E_INVAL},
	{server_empty, "scmi_server.commands is NULL or empty", SCMI_E_INVAL},
	{server_order, "scmi_platform_config.servers is not in ascending", SCMI_E_INVAL},
	{server_twice, "scmi_platform_config.servers is not in ascending", SCMI_E_INVAL},
	{command_order, "scmi_server.commands is not in ascending", SCMI_E_INVAL},
	{command_handle, "scmi_server_command.handle", SCMI_E_INVAL},
	{command_params, "scmi_server_command.params_min", SCMI_E_INVAL},
	{server_reserved, "scmi_server.reserved_", SCMI_E_INVAL},
	{agents_null, "scmi_platform_config.agents ", SCMI_E_INVAL},
	{agents_none, "scmi_platform_config.agents_n", SCMI_E_INVAL},
	{agents_many, "scmi_platform_config.agents_n", SCMI_E_INVAL},
	{agent_size, "scmi_platform_agent.size", SCMI_E_INVAL},
	{agent_name, "scmi_platform_agent.name is longer", SCMI_E_INVAL},
	{agent_unnamed, "scmi_platform_agent.name follows", SCMI_E_INVAL},
	{agent_denied_null, "scmi_platform_agent.denied is NULL", SCMI_E_INVAL},
	{agent_denied_base, "scmi_platform_agent.denied names the base", SCMI_E_INVAL},
	{agent_denied_unknown, "scmi_platform_agent.denied names a protocol without", SCMI_E_INVAL},
	{endpoint_null, "scmi_platform_agent.endpoint is NULL", SCMI_E_INVAL},
	{endpoint_twice, "scmi_platform_agent.endpoint stands twice", SCMI_E_INVAL},
	{endpoint_size, "scmi_endpoint.size", SCMI_E_INVAL},
	{endpoint_small, "scmi_endpoint.max_payload", SCMI_E_INVAL},
	{endpoint_large, "scmi_endpoint.max_payload", SCMI_E_INVAL},
	{endpoint_ops, "scmi_endpoint.ops", SCMI_E_INVAL},
	{ops_version, "scmi_endpoint_ops.version", SCMI_E_INVAL},
	{ops_start, "scmi_endpoint_ops.start", SCMI_E_INVAL},
	{ops_stop, "scmi_endpoint_ops.stop", SCMI_E_INVAL},
	{ops_reply, "scmi_endpoint_ops.reply", SCMI_E_INVAL},
	{model_null, "scmi_base_model is NULL", SCMI_E_INVAL},
	{model_size, "scmi_base_model is NULL or its size", SCMI_E_INVAL},
	{model_version, "scmi_base_model.version", SCMI_E_INVAL},
	{vendor_null, "scmi_base_model.vendor", SCMI_E_INVAL},
	{vendor_long, "scmi_base_model.vendor", SCMI_E_INVAL},
	{sub_vendor_long, "scmi_base_model.sub_vendor", SCMI_E_INVAL},
	{platform_name, "scmi_base_model.platform_name does not start", SCMI_E_INVAL},
	{platform_name_long, "scmi_base_model.platform_name is longer", SCMI_E_INVAL},
	{permissions_null, "scmi_base_model.permissions", SCMI_E_NOMEM},
	{permissions_short, "scmi_base_model.permissions", SCMI_E_NOMEM},
};

static void wrong_configuration_is_named_and_refused(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(spoilings) / sizeof(spoilings[0]); i++) {
		fill(f);
		spoilings[i].spoil(f);
		assert_int_equal(init(f), spoilings[i].err);
		assert_null(f->platform);
		assert_int_equal(f->logged, 1);
		if (strstr(f->log, spoilings[i].named) == NULL)
			fail_msg("\"%s\" is not in \"%s\"", spoilings[i].named, f->log);
	}
	fill(f);
	assert_int_equal(init(f), SCMI_OK);
	assert_int_equal(f->logged, 0);
}

static void wrong_configuration_has_no_size(void **state)
{
	struct fixture *f = *state;

	f->config.agents_n = 0;
	assert_int_equal(scmi_platform_size(&f->config), 0);
}

/* With another size nothing in it can be trusted, the log function neither. */
static void configuration_of_another_size_is_refused_in_silence(void **state)
{
	struct fixture *f = *state;

	f->config.size--;
	assert_int_equal(init(f), SCMI_E_INVAL);
	assert_int_equal(f->logged, 0);
}

static void wrong_configuration_without_log_is_refused(void **state)
{
	struct fixture *f = *state;

	f->config.log = NULL;
	f->config.agents_n = 0;
	assert_int_equal(init(f), SCMI_E_INVAL);
	fill(f);
	f->config.log = NULL;
	f->model.vendor = NULL;
	assert_int_equal(init(f), SCMI_E_INVAL);
}

/* ---- start and stop ---- */

static void start_that_fails_undoes_what_was_started(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(init(f), SCMI_OK);
	f->endpoints[1].start_result = SCMI_E_IO;
	assert_int_equal(scmi_platform_start(f->platform), SCMI_E_IO);
	assert_int_equal(f->endpoints[0].starts, 1);
	assert_int_equal(f->endpoints[0].stops, 1);
	assert_int_equal(f->endpoints[1].stops, 0);
	assert_int_equal(f->logged, 1);
	f->endpoints[1].start_result = SCMI_OK;
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(f->endpoints[0].stops, 2);
	assert_int_equal(f->endpoints[1].stops, 1);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	assert_int_equal(f->endpoints[1].stops, 2);
	assert_null(f->endpoints[0].fault);
	assert_null(f->endpoints[1].fault);
}

static void stats_of_another_size_are_refused(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats) - 4u};
	struct fixture *f = *state;

	assert_int_equal(init(f), SCMI_OK);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_stats(f->platform, NULL), SCMI_E_INVAL);
	stats.size = sizeof(stats);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.requests, 0);
}

static void two_platforms_do_not_know_of_each_other(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	static struct acme first;
	static struct acme second;
	struct fixture *f = *state;
	struct fake_request r = {0};

	assert_int_equal(acme_open(&first, &f->endpoints[0].endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(acme_open(&second, &f->endpoints[1].endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(fake_ask(&f->endpoints[0], &r, SCMI_PROTOCOL_CLOCK, 0x7, 2, 0u, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_ask(&f->endpoints[0], &r, SCMI_PROTOCOL_BASE, SCMI_BASE_NOTIFY_ERRORS, 1, 1u),
			 SCMI_SUCCESS);
	assert_int_equal(fake_ask(&f->endpoints[1], &r, SCMI_PROTOCOL_CLOCK, 0x3, 1, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_value(&r, 0), 1); /* the other's clock still runs */
	assert_int_equal(scmi_base_error_event(second.platform, SCMI_ALL_AGENTS, 0, false, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[0].sends) + atomic_load(&f->endpoints[1].sends), 0);
	assert_int_equal(acme_close(&first), SCMI_OK);
	assert_int_equal(scmi_platform_stats(second.platform, &stats), SCMI_OK);
	assert_int_equal(stats.requests, 1);
	assert_int_equal(acme_close(&second), SCMI_OK);
	fake_request_free(&r);
}

/* ---- trace ---- */

struct traced {
	struct scmi_trace_event events[8];
	unsigned n;
};

static void trace(void *arg, const struct scmi_trace_event *event)
{
	struct traced *t = arg;

	assert_true(t->n < 8u);
	t->events[t->n++] = *event;
}

static void trace_tells_request_refusal_and_reply(void **state)
{
	struct fixture *f = *state;
	struct fake_request r = {0};
	struct traced t = {.n = 0};

	f->config.trace = trace;
	f->config.trace_arg = &t;
	assert_int_equal(init(f), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(fake_ask(&f->endpoints[1], &r, SCMI_PROTOCOL_BASE, SCMI_BASE_DISCOVER_VENDOR, 0),
			 SCMI_SUCCESS);
	assert_int_equal(fake_ask(&f->endpoints[0], &r, 0x99, 0, 1, 0u), SCMI_NOT_SUPPORTED);
	assert_int_equal(t.n, 5);
	assert_int_equal(t.events[0].kind, SCMI_TRACE_RECV);
	assert_int_equal(t.events[0].link, 2);
	assert_int_equal(scmi_hdr_message(t.events[0].hdr), SCMI_BASE_DISCOVER_VENDOR);
	assert_int_equal(t.events[1].kind, SCMI_TRACE_SEND);
	assert_int_equal(t.events[1].len, 20);
	assert_int_equal(t.events[1].err, SCMI_OK);
	assert_int_equal(t.events[3].kind, SCMI_TRACE_REFUSE);
	assert_string_equal(t.events[3].why, "bad_protocol");
	assert_int_equal(t.events[3].len, 4);
	assert_int_equal(t.events[4].err, SCMI_E_REMOTE);
	assert_int_equal(fake_ask(&f->endpoints[0], &r, SCMI_PROTOCOL_BASE, SCMI_BASE_NOTIFY_ERRORS, 1, 1u),
			 SCMI_SUCCESS);
	t.n = 0;
	f->endpoints[0].send_result = SCMI_E_BUSY;
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, true, NULL, 0), SCMI_E_BUSY);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.events[0].err, SCMI_E_BUSY);
	assert_int_equal(scmi_hdr_type(t.events[0].hdr), SCMI_MSG_NOTIFICATION);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	fake_request_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(size_is_exact_and_within_the_static_bound),
		TEST(misaligned_or_missing_memory_is_refused),
		TEST(size_grows_by_what_an_agent_and_a_server_cost),
		TEST(wrong_configuration_is_named_and_refused),
		TEST(wrong_configuration_has_no_size),
		TEST(configuration_of_another_size_is_refused_in_silence),
		TEST(wrong_configuration_without_log_is_refused),
		TEST(start_that_fails_undoes_what_was_started),
		TEST(stats_of_another_size_are_refused),
		TEST(two_platforms_do_not_know_of_each_other),
		TEST(trace_tells_request_refusal_and_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
