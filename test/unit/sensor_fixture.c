/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "sensor_fixture.h"

static struct fixture fixture;

static void keep_log(void *arg, enum scmi_log_level level, const char *text)
{
	struct fixture *f = arg;

	(void)level;
	strncpy(f->log, text, sizeof(f->log) - 1);
}

void fixture_close(struct fixture *f)
{
	assert_non_null(f->platform);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->platform = NULL;
	assert_true(sensor_device_guards_hold(&f->device));
	for (uint32_t i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
	fake_request_free(&f->request);
}

void fixture_fill(struct fixture *f, uint32_t version)
{
	memset(f, 0, sizeof(*f));
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){.size = sizeof(f->agents[i]),
							    .endpoint = &f->endpoints[i].endpoint};
	}
	sensor_device_init(&f->device, version);
}

int fixture_init(struct fixture *f)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f->servers,
		.servers_n = 1,
		.agents = f->agents,
		.agents_n = AGENTS,
		.log = keep_log,
		.log_arg = f,
	};

	scmi_sensor_server(&f->server, &f->device.model);
	f->servers[0] = &f->server;
	return scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config);
}

void fixture_open(struct fixture *f)
{
	assert_int_equal(fixture_init(f), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

void fixture_reopen(struct fixture *f, uint32_t version)
{
	fixture_close(f);
	fixture_fill(f, version);
	fixture_open(f);
}

int sensor_set_up(void **state)
{
	struct fixture *f = &fixture;

	fixture_fill(f, 0);
	fixture_open(f);
	*state = f;
	return 0;
}

int sensor_tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}
