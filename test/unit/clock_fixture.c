/* SPDX-License-Identifier: BSD-3-Clause */
#include "clock_fixture.h"

#include <stdlib.h>
#include <string.h>

static void keep_line(void *arg, enum scmi_log_level level, const char *text)
{
	struct fixture *f = arg;

	(void)level;
	strncpy(f->log, text, sizeof(f->log) - 1u);
}

void fixture_fill(struct fixture *f, uint32_t version)
{
	clock_device_init(&f->device, version);
	f->log[0] = '\0';
	f->servers[0] = &f->server;
	for (unsigned i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){.size = sizeof(f->agents[i]),
							    .endpoint = &f->endpoints[i].endpoint};
	}
}

int fixture_init(struct fixture *f)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f->servers,
		.servers_n = 1,
		.agents = f->agents,
		.agents_n = AGENTS,
		.log = keep_line,
		.log_arg = f,
	};

	scmi_clock_server(&f->server, &f->device.model);
	return scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config);
}

void fixture_open(struct fixture *f)
{
	assert_int_equal(fixture_init(f), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

void fixture_close(struct fixture *f)
{
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (unsigned i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
}

void fixture_reopen(struct fixture *f, uint32_t version)
{
	fixture_close(f);
	fixture_fill(f, version);
	fixture_open(f);
}

int clock_set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	fixture_fill(f, SCMI_VERSION(3, 0));
	fixture_open(f);
	*state = f;
	return 0;
}

int clock_tear_down(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fake_request_free(&f->request);
	free(f);
	return 0;
}
