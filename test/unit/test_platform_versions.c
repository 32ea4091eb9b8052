/* SPDX-License-Identifier: BSD-3-Clause */
/* A server that speaks several versions: what an agent may negotiate, and what it is offered then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_endpoint.h"

#define PROTOCOL  0x90u
#define FIRST     0x3u
#define SECOND    0x4u
#define THIRD     0x5u
#define SINCE_2_0 (1u << 1)
#define SINCE_3_1 (1u << 2)
#define AGENTS    2u

struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct scmi_server server;
	struct scmi_server_version versions[3];
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform_config config;
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 1)];
	struct scmi_platform *platform;
	char log[128];
};

static struct fixture fixture;

static void keep_log(void *arg, enum scmi_log_level level, const char *text)
{
	struct fixture *f = arg;

	(void)level;
	strncpy(f->log, text, sizeof(f->log) - 1);
}

static int32_t tell_version(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_u32(req, scmi_request_version(req));
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = FIRST, .handle = tell_version},
	{.message = SECOND, .handle = tell_version, .flags = SINCE_2_0},
	{.message = THIRD, .handle = tell_version, .flags = SINCE_3_1},
};

static void fill(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	f->versions[0].version = SCMI_VERSION(3, 1);
	f->versions[1] = (struct scmi_server_version){.version = SCMI_VERSION(2, 0), .absent = SINCE_3_1};
	f->versions[2] = (struct scmi_server_version){.version = SCMI_VERSION(1, 0), .absent = SINCE_2_0 | SINCE_3_1};
	f->server = (struct scmi_server){
		.size = sizeof(f->server),
		.protocol = PROTOCOL,
		.flags = SCMI_SERVER_NEGOTIATES,
		.version = SCMI_VERSION(3, 1),
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.versions = f->versions,
		.versions_n = 3,
	};
	f->servers[0] = &f->server;
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){.size = sizeof(f->agents[i]),
							    .endpoint = &f->endpoints[i].endpoint};
	}
	f->config = (struct scmi_platform_config){
		.size = sizeof(f->config),
		.servers = f->servers,
		.servers_n = 1,
		.agents = f->agents,
		.agents_n = AGENTS,
		.log = keep_log,
		.log_arg = f,
	};
}

static int init(struct fixture *f)
{
	return scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config);
}

static int set_up(void **state)
{
	struct fixture *f = &fixture;

	fill(f);
	assert_int_equal(init(f), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
	fake_request_free(&f->request);
	return 0;
}

static int32_t ask(struct fixture *f, unsigned agent, unsigned message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, PROTOCOL, message, 0);
}

static int32_t negotiate(struct fixture *f, unsigned agent, uint32_t version)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, PROTOCOL, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, version);
}

static int32_t attributes(struct fixture *f, unsigned agent, uint32_t message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, PROTOCOL, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, message);
}

/* The agent speaks that version, and is offered the commands up to that one. */
static void expect(struct fixture *f, unsigned agent, uint32_t version, unsigned last)
{
	for (unsigned message = FIRST; message <= THIRD; message++) {
		bool offered = message <= last;

		assert_int_equal(ask(f, agent, message), offered ? SCMI_SUCCESS : SCMI_NOT_SUPPORTED);
		if (offered)
			assert_int_equal(fake_value(&f->request, 0), version);
		assert_int_equal(attributes(f, agent, message), offered ? SCMI_SUCCESS : SCMI_NOT_FOUND);
	}
	assert_int_equal(ask(f, agent, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(3, 1));
}

static void agent_begins_with_the_newest(void **state)
{
	expect(*state, 1, SCMI_VERSION(3, 1), THIRD);
}

static void older_major_can_be_negotiated_by_one_agent_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(negotiate(f, 1, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	expect(f, 1, SCMI_VERSION(2, 0), SECOND);
	expect(f, 2, SCMI_VERSION(3, 1), THIRD);
	assert_int_equal(negotiate(f, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	expect(f, 1, SCMI_VERSION(1, 0), FIRST);
	assert_int_equal(negotiate(f, 1, SCMI_VERSION(3, 1)), SCMI_SUCCESS);
	expect(f, 1, SCMI_VERSION(3, 1), THIRD);
}

static void version_that_is_not_listed_is_refused_and_changes_nothing(void **state)
{
	static const uint32_t others[] = {0, SCMI_VERSION(3, 0), SCMI_VERSION(3, 2), SCMI_VERSION(2, 1), 1,
					  2, UINT32_MAX};
	struct fixture *f = *state;

	assert_int_equal(negotiate(f, 1, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(negotiate(f, 1, others[i]), SCMI_NOT_SUPPORTED);
	expect(f, 1, SCMI_VERSION(2, 0), SECOND);
}

static void reset_agent_speaks_the_newest_again(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(negotiate(f, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 1), SCMI_OK);
	expect(f, 1, SCMI_VERSION(3, 1), THIRD);
}

/* The endpoint has found another peer: what the last one negotiated is not the next one's. */
static void endpoint_that_finds_another_peer_resets_its_agent_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(negotiate(f, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(negotiate(f, 2, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	f->endpoints[0].sink->reset(f->endpoints[0].channel);
	expect(f, 1, SCMI_VERSION(3, 1), THIRD);
	expect(f, 2, SCMI_VERSION(2, 0), SECOND);
}

/* ---- configurations that are refused ---- */

static void expect_fault(struct fixture *f, const char *named)
{
	assert_int_equal(init(f), SCMI_E_INVAL);
	if (strstr(f->log, named) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", named, f->log);
	fill(f);
}

static void wrong_table_is_named_and_refused(void **state)
{
	struct fixture *f = &fixture;

	(void)state;
	fill(f);
	f->server.versions = NULL;
	expect_fault(f, "scmi_server.versions is NULL");
	f->server.versions_n = 0;
	expect_fault(f, "scmi_server.versions_n");
	f->server.versions_n = 257;
	expect_fault(f, "scmi_server.versions_n");
	f->server.version = SCMI_VERSION(3, 0);
	expect_fault(f, "scmi_server.versions does not begin");
	f->versions[2].version = SCMI_VERSION(2, 0);
	expect_fault(f, "scmi_server.versions is not in descending");
	f->versions[2].version = 0;
	expect_fault(f, "scmi_server.versions is not in descending");
	f->versions[1].reserved_[1] = 1;
	expect_fault(f, "scmi_server_version.reserved_");
	assert_int_equal(init(f), SCMI_OK);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(agent_begins_with_the_newest),
		TEST(older_major_can_be_negotiated_by_one_agent_alone),
		TEST(version_that_is_not_listed_is_refused_and_changes_nothing),
		TEST(reset_agent_speaks_the_newest_again),
		TEST(endpoint_that_finds_another_peer_resets_its_agent_alone),
		cmocka_unit_test(wrong_table_is_named_and_refused),
	};

	return cmocka_run_group_tests_name("platform_versions", tests, NULL, NULL);
}
