/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "platform_fixture.h"

static int32_t add(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	f->seen_version = scmi_request_version(req);
	f->seen_agent = scmi_request_agent(req);
	assert_ptr_equal(scmi_request_platform(req), f->platform);
	scmi_request_put_u32(req, scmi_request_u32(req, 0) + scmi_request_u32(req, 1));
	return SCMI_SUCCESS;
}

/* As many words as asked for, which may be more than fit. */
static int32_t fill(void *model, struct scmi_request *req)
{
	struct fixture *f = model;
	uint32_t words = scmi_request_u32(req, 0) % 64u;

	f->runs++;
	for (uint32_t i = 0; i < words; i++)
		scmi_request_put_u32(req, 0x01020304u + i);
	return SCMI_SUCCESS;
}

static int32_t give_status(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	scmi_request_put_u32(req, 0xffffffffu);
	return (int32_t)scmi_request_u32(req, 0);
}

static int32_t later(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	f->kept = req;
	return SCMI_REQUEST_LATER;
}

static int32_t any_length(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	scmi_request_put_u32(req, req->len);
	scmi_request_put_u32(req, scmi_request_u32(req, UINT32_MAX));
	scmi_request_put_u32(req, scmi_request_u32(req, req->len / 4u));
	return SCMI_SUCCESS;
}

static int32_t tell(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	return scmi_request_notify(req, scmi_request_u32(req, 0), scmi_request_u32(req, 1));
}

/* A handler with a bug: it answers by itself and then returns a status too. */
static int32_t twice(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	assert_int_equal(scmi_request_reply(req, SCMI_SUCCESS), SCMI_OK);
	return SCMI_BUSY;
}

static const struct scmi_server_command commands[] = {
	{.message = ADD, .handle = add, .params_min = 8, .params_max = 8, .attributes = 0x80000001u},
	{.message = FILL, .handle = fill, .params_min = 4, .params_max = 4},
	{.message = FAIL, .handle = give_status, .params_min = 4, .params_max = 4},
	{.message = LATER, .handle = later},
	{.message = ANY_LENGTH, .handle = any_length, .params_min = 3, .params_max = UINT16_MAX},
	{.message = TELL, .handle = tell, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
	{.message = HIDDEN, .handle = add, .params_min = 8, .params_max = 8, .flags = IF_HIDDEN},
	{.message = TWICE, .handle = twice},
};

static const uint8_t denied[] = {DENIED};

void open_platform(struct parts *p, uint8_t flags)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = p->servers,
		.servers_n = 3,
		.agents = &p->agent,
		.agents_n = 1,
	};
	struct fixture *f = &p->fixture;

	p->vendor = (struct scmi_server){
		.size = sizeof(p->vendor),
		.protocol = VENDOR,
		.flags = flags,
		.version = VERSION,
		.attributes = 0x00c0ffeeu,
		.absent = IF_HIDDEN,
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = f,
	};
	p->denied = p->vendor;
	p->denied.protocol = DENIED;
	p->clock = (struct scmi_server){.size = sizeof(p->clock),
					.protocol = SCMI_PROTOCOL_CLOCK,
					.version = SCMI_VERSION(1, 0),
					.commands = commands,
					.commands_n = 1,
					.model = f};
	p->servers[0] = &p->clock;
	p->servers[1] = &p->vendor;
	p->servers[2] = &p->denied;
	p->agent = (struct scmi_platform_agent){
		.size = sizeof(p->agent), .endpoint = &f->endpoint.endpoint, .denied = denied, .denied_n = 1};
	assert_int_equal(scmi_platform_init(&f->platform, p->memory, sizeof(p->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

int platform_set_up(void **state)
{
	struct parts *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	fake_endpoint_init(&p->fixture.endpoint);
	open_platform(p, SCMI_SERVER_NEGOTIATES);
	*state = p;
	return 0;
}

int platform_tear_down(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	assert_null(f->endpoint.fault);
	fake_request_free(&f->request);
	free(p);
	return 0;
}

struct fixture *of(void **state)
{
	return &((struct parts *)*state)->fixture;
}

struct scmi_platform_stats stats_of(struct fixture *f)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.requests, atomic_load(&f->endpoint.delivered));
	assert_int_equal(s.requests - s.open, atomic_load(&f->endpoint.replied));
	assert_int_equal(s.requests, s.ok + s.errors + s.no_room + s.open);
	assert_int_equal(s.notified, s.sent + s.dropped + s.failed);
	assert_int_equal(s.notified, atomic_load(&f->endpoint.sends));
	return s;
}
