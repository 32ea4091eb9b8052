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

static void on_sent(struct scmi_delayed *d, int err)
{
	struct fixture *f = d->arg;

	assert_true(f->told_n < TOLD_MAX);
	f->told[f->told_n].node = (unsigned)(d - f->delayed);
	f->told[f->told_n++].err = err;
	if (f->on_sent != NULL)
		f->on_sent(f, d);
}

/* By node params[0], as params[1] says. */
static int32_t delay(void *model, struct scmi_request *req)
{
	struct fixture *f = model;
	uint32_t node = scmi_request_u32(req, 0) % NODES;
	int32_t status = scmi_request_delay(req, &f->delayed[node]);

	f->runs++;
	if (status != SCMI_SUCCESS)
		return status;
	if (scmi_request_u32(req, 1) == DELAY_AT_ONCE)
		assert_int_equal(scmi_delayed_send(&f->delayed[node], SCMI_SUCCESS, "early bird", 10), SCMI_OK);
	if (scmi_request_u32(req, 1) != DELAY_LATER)
		return SCMI_SUCCESS;
	f->kept = req;
	return SCMI_REQUEST_LATER;
}

static const struct scmi_server_command commands[] = {
	{.message = ADD, .handle = add, .params_min = 8, .params_max = 8, .attributes = 0x80000001u},
	{.message = FILL, .handle = fill, .params_min = 4, .params_max = 4},
	{.message = FAIL, .handle = give_status, .params_min = 4, .params_max = 4},
	{.message = LATER, .handle = later},
	{.message = ANY_LENGTH, .handle = any_length, .params_min = 3, .params_max = UINT16_MAX},
	{.message = TELL, .handle = tell, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
	{.message = HIDDEN, .handle = add, .params_min = 8, .params_max = 8, .flags = IF_HIDDEN},
	{.message = DELAY, .handle = delay, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
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
	for (unsigned i = 0; i < NODES; i++)
		p->fixture.delayed[i] = (struct scmi_delayed){.size = sizeof(struct scmi_delayed),
							      .buf = p->fixture.payloads[i],
							      .cap = NODE_BYTES,
							      .sent = on_sent,
							      .arg = &p->fixture};
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
	assert_int_equal(s.notified, s.sent + s.dropped + s.failed + s.merged + s.withdrawn + s.waiting);
	assert_int_equal(s.delayed, s.delayed_sent + s.delayed_failed + s.delayed_open);
	assert_int_equal(s.sent + s.delayed_sent, atomic_load(&f->endpoint.taken));
	return s;
}

/* ---- delayed responses ---- */

int32_t ask_delay(struct fixture *f, uint32_t node, enum delay_how how)
{
	return fake_ask(&f->endpoint, &f->request, VENDOR, DELAY, 2, node, (uint32_t)how);
}

void open_nodes(struct fixture *f, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(ask_delay(f, i, DELAY_OPEN), SCMI_SUCCESS);
}

int send_node(struct fixture *f, uint32_t i)
{
	uint8_t value[4];

	scmi_put_le32(value, i);
	return scmi_delayed_send(&f->delayed[i], SCMI_SUCCESS, value, sizeof(value));
}

void send_nodes(struct fixture *f, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		assert_int_equal(send_node(f, i), SCMI_OK);
}

void assert_in_order(struct fixture *f, uint32_t n)
{
	assert_int_equal(atomic_load(&f->endpoint.taken), n);
	assert_int_equal(f->told_n, n);
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(fake_message_u32(&f->endpoint.log[i], 1), i);
		assert_int_equal(f->told[i].node, i);
		assert_int_equal(f->told[i].err, SCMI_OK);
	}
}

void assert_told(struct fixture *f, uint32_t n, int err)
{
	assert_int_equal(f->told_n, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(f->told[i].err, err);
}
