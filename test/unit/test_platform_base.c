/* SPDX-License-Identifier: BSD-3-Clause */
/* The base protocol's server: three versions, discovery, permissions, error events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"

#define AGENTS  3u
#define DEVICES 2u
#define SERVERS 6u
#define BASE    SCMI_PROTOCOL_BASE
#define POWER   SCMI_PROTOCOL_POWER
#define CLOCK   SCMI_PROTOCOL_CLOCK
#define SENSOR  SCMI_PROTOCOL_SENSOR
#define RESET   SCMI_PROTOCOL_RESET
#define VENDOR  0x90u
#define SELF    0xffffffffu

/* Agent 1 manages 1 and 2; agent 2 nobody; agent 3 has no name. Sensors are denied to agent 2 to begin with. */
struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct scmi_base_model model;
	struct scmi_server base;
	struct scmi_server others[SERVERS - 1u];
	const struct scmi_server *servers[SERVERS];
	struct scmi_platform_agent agents[AGENTS];
	uint32_t permissions[AGENTS * DEVICES];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_platform *platform;
	unsigned resets; /* of the vendor's server */
	uint16_t reset_agent;
};

static bool may_manage(void *arg, uint16_t caller, uint16_t agent)
{
	assert_non_null(arg);
	return caller == 1 && agent <= 2;
}

static void on_reset(void *model, uint16_t agent)
{
	struct fixture *f = model;

	f->resets++;
	f->reset_agent = agent;
}

static int32_t do_nothing(void *model, struct scmi_request *req)
{
	(void)model;
	(void)req;
	return SCMI_SUCCESS;
}

static const struct scmi_server_command nothing[] = {{.message = 3, .handle = do_nothing}};
static const uint8_t no_sensors[] = {SENSOR};

static void open_version(struct fixture *f, uint32_t version)
{
	static const uint8_t protocols[] = {POWER, CLOCK, SENSOR, RESET, VENDOR};
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f->servers,
		.servers_n = SERVERS,
		.agents = f->agents,
		.agents_n = AGENTS,
	};

	f->model.version = version;
	scmi_base_server(&f->base, &f->model);
	f->servers[0] = &f->base;
	for (uint32_t i = 0; i < SERVERS - 1u; i++) {
		f->others[i] = (struct scmi_server){.size = sizeof(f->others[i]),
						    .protocol = protocols[i],
						    .version = SCMI_VERSION(1, 0),
						    .commands = nothing,
						    .commands_n = 1,
						    .model = f};
		f->servers[i + 1u] = &f->others[i];
	}
	f->others[SERVERS - 2u].reset = on_reset;
	for (uint32_t i = 0; i < AGENTS; i++)
		f->agents[i] = (struct scmi_platform_agent){.size = sizeof(f->agents[i]),
							    .endpoint = &f->endpoints[i].endpoint};
	f->agents[0].name = "manager";
	f->agents[1].name = "guest-of-15-cha";
	f->agents[1].denied = no_sensors;
	f->agents[1].denied_n = 1;
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	f->resets = 0;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	for (uint32_t i = 0; i < AGENTS; i++)
		fake_endpoint_init(&f->endpoints[i]);
	memset(f->permissions, 0xff, sizeof(f->permissions)); /* any content is allowed */
	f->model = (struct scmi_base_model){
		.size = sizeof(f->model),
		.vendor = "a vendor of 15c",
		.sub_vendor = "sub",
		.implementation_version = 0xfedcba98u,
		.devices = DEVICES,
		.permissions = f->permissions,
		.permission_words = AGENTS * DEVICES,
		.may_manage = may_manage,
		.arg = f,
	};
	open_version(f, 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
	fake_request_free(&f->request);
	free(f);
	return 0;
}

static void reopen(struct fixture *f, uint32_t version)
{
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	open_version(f, version);
}

static int32_t ask0(struct fixture *f, unsigned agent, unsigned message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, BASE, message, 0);
}

static int32_t ask1(struct fixture *f, unsigned agent, unsigned message, uint32_t a)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, BASE, message, 1, a);
}

static int32_t set_device(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_SET_DEVICE_PERMISSIONS, 3, agent,
			device, flags);
}

static int32_t set_protocol(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t protocol,
			    uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS, 4, agent,
			device, protocol, flags);
}

static int32_t reset(struct fixture *f, unsigned caller, uint32_t agent, uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_RESET_AGENT_CONFIGURATION, 2, agent,
			flags);
}

static int32_t use(struct fixture *f, unsigned agent, unsigned protocol)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, protocol, SCMI_PROTOCOL_VERSION, 0);
}

/* The reply's list of protocols is exactly the given one, zero padded. */
static void expect_list(struct fixture *f, unsigned agent, uint32_t skip, const uint8_t *ids, uint32_t n)
{
	uint8_t padded[16] = {0};

	assert_int_equal(ask1(f, agent, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, skip), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), n);
	assert_int_equal(fake_values_len(&f->request), 4u + (n + 3u) / 4u * 4u);
	if (n != 0)
		memcpy(padded, ids, n);
	assert_memory_equal(f->request.reply + 8, padded, (n + 3u) / 4u * 4u);
}

/* ---- discovery ---- */

static void attributes_count_what_the_agent_may_see(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_ATTRIBUTES), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 4);
	assert_int_equal(fake_value(&f->request, 0), 5u | 3u << 8);
	assert_int_equal(ask0(f, 2, SCMI_PROTOCOL_ATTRIBUTES), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 4u | 3u << 8);
}

static void identity_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_VENDOR), SCMI_SUCCESS);
	assert_memory_equal(f->request.reply + 4, "a vendor of 15c", 16);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_SUCCESS);
	assert_memory_equal(f->request.reply + 4, "sub\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(fake_values_len(&f->request), 16);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0xfedcba98u);
}

static void absent_sub_vendor_is_not_offered(void **state)
{
	struct fixture *f = *state;

	f->model.sub_vendor = NULL;
	reopen(f, 0);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_NOT_SUPPORTED);
	assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_BASE_DISCOVER_SUB_VENDOR), SCMI_NOT_FOUND);
	assert_int_equal(ask0(f, 1, SCMI_BASE_DISCOVER_VENDOR), SCMI_SUCCESS);
}

static void list_holds_what_the_agent_may_use_in_ascending_order(void **state)
{
	static const uint8_t all[] = {POWER, CLOCK, SENSOR, RESET, VENDOR};
	static const uint8_t guest[] = {POWER, CLOCK, RESET, VENDOR};
	struct fixture *f = *state;

	for (uint32_t skip = 0; skip <= sizeof(all); skip++)
		expect_list(f, 1, skip, all + skip, (uint32_t)sizeof(all) - skip);
	for (uint32_t skip = 0; skip <= sizeof(guest); skip++)
		expect_list(f, 2, skip, guest + skip, (uint32_t)sizeof(guest) - skip);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, sizeof(all) + 1u), SCMI_INVALID_PARAMETERS);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, UINT32_MAX), SCMI_INVALID_PARAMETERS);
}

static void list_holds_as_many_as_fit(void **state)
{
	static const uint32_t fit[] = {0, 0, 0, 4, 5, 5}; /* by words of values */
	struct fixture *f = *state;
	uint8_t skip[4] = {0};

	for (uint32_t cap = 4; cap < 24u; cap++) {
		uint32_t n = fit[(cap - 4u) / 4u + 1u];

		fake_deliver(&f->endpoints[0], &f->request,
			     scmi_hdr(BASE, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, SCMI_MSG_COMMAND, 0), skip, 4, cap);
		assert_int_equal(fake_status(&f->request), n == 0 ? SCMI_COMMS_ERROR : SCMI_SUCCESS);
		if (n != 0)
			assert_int_equal(fake_value(&f->request, 0), n);
	}
}

static void agents_are_told_by_id_and_by_self(void **state)
{
	static const struct {
		unsigned asker;
		uint32_t id;
		int32_t status;
		uint32_t told;
		const char *name;
	} cases[] = {
		{1, 0, SCMI_SUCCESS, 0, "platform\0\0\0\0\0\0\0"},
		{2, 1, SCMI_SUCCESS, 1, "manager\0\0\0\0\0\0\0\0"},
		{1, 2, SCMI_SUCCESS, 2, "guest-of-15-cha"},
		{1, SELF, SCMI_SUCCESS, 1, "manager\0\0\0\0\0\0\0\0"},
		{2, SELF, SCMI_SUCCESS, 2, "guest-of-15-cha"},
		{3, SELF, SCMI_SUCCESS, 3, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
		{3, 3, SCMI_NOT_FOUND, 0, NULL}, /* it has no name */
		{1, 4, SCMI_NOT_FOUND, 0, NULL},
		{1, SELF - 1u, SCMI_NOT_FOUND, 0, NULL},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ask1(f, cases[i].asker, SCMI_BASE_DISCOVER_AGENT, cases[i].id), cases[i].status);
		if (cases[i].status != SCMI_SUCCESS)
			continue;
		assert_int_equal(fake_values_len(&f->request), 20);
		assert_int_equal(fake_value(&f->request, 0), cases[i].told);
		assert_memory_equal(f->request.reply + 8, cases[i].name, 16);
	}
}

/* ---- versions ---- */

static void version_1_0_has_neither_ids_nor_permissions(void **state)
{
	struct fixture *f = *state;

	reopen(f, SCMI_VERSION(1, 0));
	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x10000);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_AGENT, 1), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 16);
	assert_memory_equal(f->request.reply + 4, "manager\0\0\0\0\0\0\0\0", 16);
	assert_int_equal(ask1(f, 1, SCMI_BASE_DISCOVER_AGENT, SELF), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_NOT_SUPPORTED);
	for (uint32_t id = SCMI_BASE_SET_DEVICE_PERMISSIONS; id <= SCMI_NEGOTIATE_PROTOCOL_VERSION; id++)
		assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, id), SCMI_NOT_FOUND);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(1, 0)), SCMI_NOT_SUPPORTED);
}

static void version_2_0_does_not_negotiate(void **state)
{
	struct fixture *f = *state;

	reopen(f, SCMI_VERSION(2, 0));
	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x20000);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(2, 0)), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_SUCCESS);
}

static void version_2_1_is_the_default_and_negotiates(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask0(f, 1, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x20001);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	assert_int_equal(ask1(f, 1, SCMI_NEGOTIATE_PROTOCOL_VERSION, SCMI_VERSION(1, 0)), SCMI_NOT_SUPPORTED);
}

/* What the library's table of messages says of a command is what the server does with it. */
static void every_command_of_the_message_table_has_its_size(void **state)
{
	const struct scmi_message_info *info = NULL;
	struct fixture *f = *state;
	uint8_t params[32];
	unsigned commands = 0;

	memset(params, 0xff, sizeof(params));
	while ((info = scmi_message_next(BASE, info)) != NULL) {
		uint32_t hdr = scmi_hdr(BASE, info->id, SCMI_MSG_COMMAND, 0);

		if (info->kind != SCMI_MSG_COMMAND)
			continue;
		commands++;
		assert_int_equal(ask1(f, 1, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, info->id), SCMI_SUCCESS);
		assert_int_equal(info->params_min, info->params_max);
		for (uint32_t len = 0; len <= sizeof(params); len++) {
			fake_deliver(&f->endpoints[0], &f->request, hdr, params, len, FAKE_PAYLOAD);
			assert_int_equal(fake_status(&f->request) != SCMI_PROTOCOL_ERROR, len == info->params_min);
		}
	}
	assert_int_equal(commands, 13);
}

/* ---- permissions ---- */

static void protocol_denied_on_every_device_is_denied_as_a_whole(void **state)
{
	static const uint8_t left[] = {POWER, RESET, VENDOR};
	static const uint8_t before[] = {POWER, CLOCK, RESET, VENDOR};
	struct fixture *f = *state;

	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 1));
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, 0));
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	expect_list(f, 2, 0, before, sizeof(before));
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_DENIED);
	assert_int_equal(use(f, 1, CLOCK), SCMI_SUCCESS);
	expect_list(f, 2, 0, left, sizeof(left));
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 2, CLOCK, 1));
}

static void protocol_denied_to_begin_with_can_be_allowed(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_int_equal(set_protocol(f, 1, 2, 1, SENSOR, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_true(scmi_base_allowed(&f->model, 2, SENSOR, 1));
}

static void device_denied_hides_all_but_base_on_it(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, POWER, 0));
	assert_true(scmi_base_allowed(&f->model, 2, POWER, 1));
	assert_int_equal(use(f, 2, POWER), SCMI_SUCCESS);
	assert_int_equal(set_device(f, 1, 2, 1, 0), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, POWER), SCMI_DENIED);
	assert_int_equal(use(f, 2, VENDOR), SCMI_DENIED);
	assert_int_equal(use(f, 2, BASE), SCMI_SUCCESS);
	expect_list(f, 2, 0, NULL, 0);
	assert_int_equal(set_device(f, 1, 2, 1, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, POWER), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED); /* its own permission stays */
}

static void allowed_asks_for_what_exists(void **state)
{
	struct fixture *f = *state;

	assert_false(scmi_base_allowed(&f->model, 0, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, AGENTS + 1u, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 1, 0x7f, 0));
	assert_false(scmi_base_allowed(&f->model, 1, CLOCK, DEVICES));
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, DEVICES - 1u));
}

static void permission_commands_name_what_is_wrong(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 4, 0, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 0x10002u, 0, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, DEVICES, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_device(f, 1, 2, UINT32_MAX, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 4, 0, CLOCK, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, DEVICES, CLOCK, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, 0, 0x7f, 0), SCMI_NOT_FOUND);
	assert_int_equal(set_protocol(f, 1, 2, 0, 0x100u | CLOCK, 0), SCMI_INVALID_PARAMETERS);
	assert_int_equal(set_protocol(f, 1, 2, 0, BASE, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 4, 0), SCMI_NOT_FOUND);
	assert_int_equal(reset(f, 1, SELF, 0), SCMI_NOT_FOUND);
	for (unsigned bit = 1; bit < 32u; bit++) {
		assert_int_equal(set_device(f, 1, 2, 0, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(reset(f, 1, 2, 1u << bit), SCMI_INVALID_PARAMETERS);
		assert_int_equal(reset(f, 2, 2, 1u << bit), SCMI_INVALID_PARAMETERS);
	}
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
}

static void agent_that_may_not_manage_is_denied(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 2, 1, 0, 0), SCMI_DENIED);
	assert_int_equal(set_device(f, 2, 2, 0, 1), SCMI_DENIED); /* not even itself */
	assert_int_equal(set_device(f, 1, 3, 0, 0), SCMI_DENIED);
	assert_int_equal(set_device(f, 1, 0, 0, 0), SCMI_DENIED); /* nobody manages the platform */
	assert_int_equal(set_protocol(f, 3, 2, 0, CLOCK, 0), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 1, 0), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 2, 1), SCMI_DENIED); /* it would give itself sensors */
	assert_int_equal(reset(f, 1, 0, 0), SCMI_DENIED);
	assert_true(scmi_base_allowed(&f->model, 1, CLOCK, 0));
	f->model.may_manage = NULL;
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_DENIED);
}

static void platform_without_devices_offers_no_permission_commands(void **state)
{
	struct fixture *f = *state;

	f->model.devices = 0;
	f->model.permissions = NULL;
	reopen(f, 0);
	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(reset(f, 1, 2, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 0));
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 77));
}

/* ---- reset of an agent's configuration ---- */

static void reset_forgets_notifications_and_negotiation_but_not_permissions(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 2, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 0, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 1, CLOCK, 0), SCMI_SUCCESS);
	assert_int_equal(reset(f, 1, 2, 0), SCMI_SUCCESS);
	assert_int_equal(f->resets, 1);
	assert_int_equal(f->reset_agent, 2);
	assert_int_equal(scmi_base_error_event(f->platform, 2, 0, false, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[1].sends), 0);
	assert_int_equal(use(f, 2, CLOCK), SCMI_DENIED);
	assert_int_equal(reset(f, 2, 2, 0), SCMI_SUCCESS); /* its own it may always */
	assert_int_equal(f->resets, 2);
}

static void reset_with_the_flag_gives_the_first_permissions_back(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(set_device(f, 1, 2, 0, 0), SCMI_SUCCESS);
	assert_int_equal(set_device(f, 1, 2, 1, 0), SCMI_SUCCESS);
	assert_int_equal(set_protocol(f, 1, 2, 1, SENSOR, 1), SCMI_SUCCESS);
	assert_int_equal(reset(f, 1, 2, 1), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, CLOCK), SCMI_SUCCESS);
	assert_int_equal(use(f, 2, SENSOR), SCMI_DENIED);
	assert_true(scmi_base_allowed(&f->model, 2, CLOCK, 0));
	assert_false(scmi_base_allowed(&f->model, 2, SENSOR, 1));
}

/* ---- error events ---- */

static void error_event_reaches_who_asked_with_its_reports(void **state)
{
	static const uint64_t reports[] = {0xfffffff600015003u, 0x0123456789abcdefu};
	static const uint8_t expected[] = {2,    0,    0,    0,    2,    0,    0,    0x80, 0x03, 0x50, 0x01, 0x00,
					   0xf6, 0xff, 0xff, 0xff, 0xef, 0xcd, 0xab, 0x89, 0x67, 0x45, 0x23, 0x01};
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, SCMI_ALL_AGENTS, 2, true, reports, 2), SCMI_OK);
	assert_int_equal(f->endpoints[0].sent_hdr, scmi_hdr(BASE, SCMI_BASE_ERROR_EVENT, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(f->endpoints[0].sent_len, sizeof(expected));
	assert_memory_equal(f->endpoints[0].sent, expected, sizeof(expected));
	assert_int_equal(atomic_load(&f->endpoints[1].sends), 0);
	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 2, true, reports, 2), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[0].sends), 1);
	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 2), SCMI_INVALID_PARAMETERS);
}

static void error_event_has_a_bound(void **state)
{
	uint64_t reports[SCMI_BASE_REPORTS_MAX + 1u] = {0};
	struct fixture *f = *state;

	assert_int_equal(ask1(f, 1, SCMI_BASE_NOTIFY_ERRORS, 1), SCMI_SUCCESS);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, reports, SCMI_BASE_REPORTS_MAX), SCMI_OK);
	assert_int_equal(f->endpoints[0].sent_len, 8u + 8u * SCMI_BASE_REPORTS_MAX);
	assert_int_equal(scmi_get_le32(f->endpoints[0].sent + 4), SCMI_BASE_REPORTS_MAX);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, reports, SCMI_BASE_REPORTS_MAX + 1u),
			 SCMI_E_INVAL);
	assert_int_equal(scmi_base_error_event(f->platform, 1, 0, false, NULL, 1), SCMI_E_INVAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(attributes_count_what_the_agent_may_see),
		TEST(identity_is_told),
		TEST(absent_sub_vendor_is_not_offered),
		TEST(list_holds_what_the_agent_may_use_in_ascending_order),
		TEST(list_holds_as_many_as_fit),
		TEST(agents_are_told_by_id_and_by_self),
		TEST(version_1_0_has_neither_ids_nor_permissions),
		TEST(version_2_0_does_not_negotiate),
		TEST(version_2_1_is_the_default_and_negotiates),
		TEST(every_command_of_the_message_table_has_its_size),
		TEST(protocol_denied_on_every_device_is_denied_as_a_whole),
		TEST(protocol_denied_to_begin_with_can_be_allowed),
		TEST(device_denied_hides_all_but_base_on_it),
		TEST(allowed_asks_for_what_exists),
		TEST(permission_commands_name_what_is_wrong),
		TEST(agent_that_may_not_manage_is_denied),
		TEST(platform_without_devices_offers_no_permission_commands),
		TEST(reset_forgets_notifications_and_negotiation_but_not_permissions),
		TEST(reset_with_the_flag_gives_the_first_permissions_back),
		TEST(error_event_reaches_who_asked_with_its_reports),
		TEST(error_event_has_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
