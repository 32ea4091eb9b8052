/* SPDX-License-Identifier: BSD-3-Clause */
/* First and last of what a platform is made of: configurations at their limits, the second of two servers. */
#include "edge_fixture.h"

/* ---- configurations ---- */

static void configuration_at_its_limits_is_right(void **state)
{
	static struct scmi_server servers[SCMI_PLATFORM_SERVERS_MAX];
	static const struct scmi_server *pointers[SCMI_PLATFORM_SERVERS_MAX];
	static struct scmi_platform_agent agents[SCMI_PLATFORM_AGENTS_MAX];
	static struct fake_endpoint endpoints[SCMI_PLATFORM_AGENTS_MAX];
	struct fixture *f = *state;

	for (uint32_t i = 0; i < SCMI_PLATFORM_SERVERS_MAX; i++) {
		servers[i] = f->vendor;
		servers[i].protocol = (uint8_t)(0x80u + i);
		pointers[i] = &servers[i];
	}
	for (uint32_t i = 0; i < SCMI_PLATFORM_AGENTS_MAX; i++) {
		fake_endpoint_init(&endpoints[i]);
		agents[i] = f->agents[0];
		agents[i].endpoint = &endpoints[i].endpoint;
	}
	endpoints[0].endpoint.max_payload = 8;
	endpoints[1].endpoint.max_payload = 0x7fffffff;
	f->config.servers = pointers;
	f->config.servers_n = SCMI_PLATFORM_SERVERS_MAX;
	f->config.agents = agents;
	f->config.agents_n = SCMI_PLATFORM_AGENTS_MAX;
	assert_true(scmi_platform_size(&f->config) > 0);
}

static void fault_of_the_first_or_second_is_seen_too(void **state)
{
	struct scmi_server_command broken[2] = {{.message = 3, .handle = NULL}, {.message = 4, .handle = edge_nothing}};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 2; i++) {
		f->vendor.reserved_[i] = 1;
		assert_int_equal(scmi_platform_size(&f->config), 0);
		f->vendor.reserved_[i] = 0;
	}
	f->vendor.commands = broken;
	f->vendor.commands_n = 2;
	assert_int_equal(scmi_platform_size(&f->config), 0);
	broken[0].handle = edge_nothing;
	assert_true(scmi_platform_size(&f->config) > 0);

	f->agents[2].endpoint = f->agents[1].endpoint;
	assert_int_equal(scmi_platform_size(&f->config), 0);
	f->agents[2].endpoint = &f->endpoints[2].endpoint;
	f->agents[0].denied = f->denied;
	f->agents[0].denied_n = 2;
	assert_true(scmi_platform_size(&f->config) > 0);
	f->config.servers = f->servers + 1; /* the first server can be denied as any other */
	f->config.servers_n = 2;
	assert_true(scmi_platform_size(&f->config) > 0);
	f->denied[1] = VENDOR + 1u;
	assert_int_equal(scmi_platform_size(&f->config), 0);
}

static void empty_name_is_a_name(void **state)
{
	static const char empty[SCMI_SHORT_NAME] = {'\0', 'x', 'x', 'x', 'x', 'x', 'x', 'x',
						    'x',  'x', 'x', 'x', 'x', 'x', 'x', 'x'};
	struct fixture *f = *state;

	f->agents[0].name = empty;
	assert_true(scmi_platform_size(&f->config) > 0);
}

static void platform_name_is_looked_at_from_its_first_letter_on(void **state)
{
	struct fixture *f = *state;

	f->model.platform_name = "Platform";
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_E_INVAL);
	f->model.platform_name = "platform";
	edge_init(f);
}

static void init_that_fails_leaves_no_platform(void **state)
{
	struct fixture *f = *state;

	f->platform = (struct scmi_platform *)f->memory;
	f->config.reserved_ = 1;
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_E_INVAL);
	assert_null(f->platform);
}

/* ---- servers ---- */

static void every_server_is_initialised_once_and_reset_for_every_agent_by_start(void **state)
{
	struct fixture *f = *state;

	f->config.servers = f->servers + 1; /* without base: the first is one with a reset */
	f->config.servers_n = 2;
	edge_init(f);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(f->inits[i], 1);
		for (uint32_t agent = 1; agent <= AGENTS; agent++)
			assert_int_equal(f->resets[i][agent], 0);
	}
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(f->inits[i], 1);
		for (uint32_t agent = 1; agent <= AGENTS; agent++)
			assert_int_equal(f->resets[i][agent], 1);
	}
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void protocol_beyond_the_standard_ones_is_found_even_as_the_first(void **state)
{
	struct fixture *f = *state;

	f->edge.version = SCMI_VERSION(1, 1);
	edge_open(f);
	assert_int_equal(edge_ask(f, 1, EDGE, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(1, 1));
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->config.servers = f->servers + 1;
	f->config.servers_n = 2;
	edge_open(f);
	assert_int_equal(edge_ask(f, 1, EDGE, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(1, 1));
	assert_int_equal(edge_ask(f, 1, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(2, 3));
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void all_that_is_denied_is_denied(void **state)
{
	struct fixture *f = *state;

	f->agents[1].denied = f->denied;
	f->agents[1].denied_n = 2;
	for (uint32_t devices = 0; devices < 2; devices++) {
		f->model.devices = devices;
		scmi_base_server(&f->base, &f->model);
		edge_open(f);
		assert_int_equal(edge_ask(f, 1, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
		assert_int_equal(edge_ask(f, 2, EDGE, SCMI_PROTOCOL_VERSION), SCMI_DENIED);
		assert_int_equal(edge_ask(f, 2, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_DENIED);
		assert_true(scmi_base_allowed(&f->model, 1, VENDOR, 0));
		assert_true(scmi_base_allowed(&f->model, 1, SCMI_PROTOCOL_BASE, 0));
		assert_true(scmi_base_allowed(&f->model, 2, SCMI_PROTOCOL_BASE, 0));
		assert_false(scmi_base_allowed(&f->model, 2, EDGE, 0));
		assert_false(scmi_base_allowed(&f->model, 2, VENDOR, 0));
		assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	}
}

static void permission_for_the_last_protocol_of_all_is_for_one_without_a_server(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	assert_int_equal(fake_ask(&f->endpoints[0], &f->request, SCMI_PROTOCOL_BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS,
				  4, 1u, 0u, 0xffu, 0u),
			 SCMI_NOT_FOUND);
	assert_int_equal(fake_ask(&f->endpoints[0], &f->request, SCMI_PROTOCOL_BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS,
				  4, 1u, 0u, 0x100u, 0u),
			 SCMI_INVALID_PARAMETERS);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(configuration_at_its_limits_is_right),
		TEST(fault_of_the_first_or_second_is_seen_too),
		TEST(empty_name_is_a_name),
		TEST(platform_name_is_looked_at_from_its_first_letter_on),
		TEST(init_that_fails_leaves_no_platform),
		TEST(every_server_is_initialised_once_and_reset_for_every_agent_by_start),
		TEST(protocol_beyond_the_standard_ones_is_found_even_as_the_first),
		TEST(all_that_is_denied_is_denied),
		TEST(permission_for_the_last_protocol_of_all_is_for_one_without_a_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
