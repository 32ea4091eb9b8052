/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "edge_fixture.h"

struct fixture *now;

static int32_t want_notifications(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, 0, 1u);
}

static int32_t answer_itself(void *model, struct scmi_request *req)
{
	(void)model;
	assert_int_equal(scmi_request_reply(req, SCMI_SUCCESS), SCMI_OK);
	return SCMI_SUCCESS;
}

static int32_t put_too_much(void *model, struct scmi_request *req)
{
	static const uint8_t much[FAKE_PAYLOAD];

	(void)model;
	scmi_request_put_bytes(req, much, sizeof(much));
	now->room = scmi_request_room(req);
	return SCMI_SUCCESS;
}

static int32_t keep(void *model, struct scmi_request *req)
{
	(void)model;
	now->kept = req;
	return SCMI_REQUEST_LATER;
}

int32_t edge_nothing(void *model, struct scmi_request *req)
{
	(void)model;
	(void)req;
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = NOTIFY, .handle = want_notifications, .flags = SCMI_COMMAND_P2A},
	{.message = ITSELF, .handle = answer_itself},
	{.message = OVERFLOWING, .handle = put_too_much},
	{.message = LATER, .handle = keep},
	{.message = LAST, .handle = edge_nothing, .attributes = 77},
};

static int count_init(void *model, struct scmi_platform *platform, const char **why)
{
	(void)platform;
	(void)why;
	(*(unsigned *)model)++;
	return SCMI_OK;
}

static void count_edge_reset(void *model, uint16_t agent)
{
	(void)model;
	now->resets[0][agent]++;
}

static void count_vendor_reset(void *model, uint16_t agent)
{
	(void)model;
	now->resets[1][agent]++;
}

static void fill(struct fixture *f)
{
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(f->agents[i]), .name = "agent", .endpoint = &f->endpoints[i].endpoint};
	}
	f->model = (struct scmi_base_model){.size = sizeof(f->model),
					    .vendor = "acme",
					    .devices = 1,
					    .permissions = f->permissions,
					    .permission_words = AGENTS};
	scmi_base_server(&f->base, &f->model);
	f->edge = (struct scmi_server){.size = sizeof(f->edge),
				       .protocol = EDGE,
				       .flags = SCMI_SERVER_NEGOTIATES,
				       .version = SCMI_VERSION(2, 3),
				       .commands = commands,
				       .commands_n = sizeof(commands) / sizeof(commands[0]),
				       .model = &f->inits[0],
				       .init = count_init,
				       .reset = count_edge_reset};
	f->vendor = f->edge;
	f->vendor.protocol = VENDOR;
	f->vendor.model = &f->inits[1];
	f->vendor.reset = count_vendor_reset;
	f->servers[0] = &f->base;
	f->servers[1] = &f->edge;
	f->servers[2] = &f->vendor;
	f->denied[0] = EDGE;
	f->denied[1] = VENDOR;
	f->config = (struct scmi_platform_config){.size = sizeof(f->config),
						  .servers = f->servers,
						  .servers_n = SERVERS,
						  .agents = f->agents,
						  .agents_n = AGENTS};
}

int edge_set_up(void **state)
{
	now = calloc(1, sizeof(*now));
	assert_non_null(now);
	fill(now);
	*state = now;
	return 0;
}

int edge_tear_down(void **state)
{
	struct fixture *f = *state;

	fake_request_free(&f->request);
	free(f);
	return 0;
}

void edge_init(struct fixture *f)
{
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_OK);
}

void edge_open(struct fixture *f)
{
	edge_init(f);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

int32_t edge_ask(struct fixture *f, unsigned agent, unsigned protocol, unsigned message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, protocol, message, 0);
}
