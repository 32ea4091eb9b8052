/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base_fixture.h"

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

static int32_t listen(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, 0, SCMI_NOTIFY_ENABLE);
}

static const struct scmi_server_command commands[] = {{.message = LISTEN, .handle = listen}};
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
						    .commands = commands,
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

int base_set_up(void **state)
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

int base_tear_down(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
	fake_request_free(&f->request);
	free(f);
	return 0;
}

void reopen(struct fixture *f, uint32_t version)
{
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	open_version(f, version);
}

int32_t ask0(struct fixture *f, unsigned agent, unsigned message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, BASE, message, 0);
}

int32_t ask1(struct fixture *f, unsigned agent, unsigned message, uint32_t a)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, BASE, message, 1, a);
}

int32_t set_device(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_SET_DEVICE_PERMISSIONS, 3, agent,
			device, flags);
}

int32_t set_protocol(struct fixture *f, unsigned caller, uint32_t agent, uint32_t device, uint32_t protocol,
		     uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS, 4, agent,
			device, protocol, flags);
}

int32_t reset(struct fixture *f, unsigned caller, uint32_t agent, uint32_t flags)
{
	return fake_ask(&f->endpoints[caller - 1u], &f->request, BASE, SCMI_BASE_RESET_AGENT_CONFIGURATION, 2, agent,
			flags);
}

int32_t use(struct fixture *f, unsigned agent, unsigned protocol)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, protocol, SCMI_PROTOCOL_VERSION, 0);
}

void expect_list(struct fixture *f, unsigned agent, uint32_t skip, const uint8_t *ids, uint32_t n)
{
	uint8_t padded[16] = {0};

	assert_int_equal(ask1(f, agent, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, skip), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), n);
	assert_int_equal(fake_values_len(&f->request), 4u + (n + 3u) / 4u * 4u);
	if (n != 0)
		memcpy(padded, ids, n);
	assert_memory_equal(f->request.reply + 8, padded, (n + 3u) / 4u * 4u);
}
