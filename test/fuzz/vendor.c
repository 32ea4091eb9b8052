/* SPDX-License-Identifier: BSD-3-Clause */
#include "vendor.h"

#include <stdbool.h>

#include "fuzz.h"

#define VERSION SCMI_VERSION(3, 2)

/* The parameters, byte for byte; they are read by words first. */
static int32_t echo(void *model, struct scmi_request *req)
{
	struct vendor *vendor = model;
	uint32_t words = req->len / 4u;

	for (uint32_t i = 0; i < words; i++)
		MUST(scmi_request_u32(req, i) == scmi_get_le32((const uint8_t *)req->params + 4u * i));
	MUST(scmi_request_u32(req, words) == 0 && scmi_request_u32(req, UINT32_MAX) == 0);
	if (scmi_request_room(req) < req->len)
		vendor->overflowed++;
	scmi_request_put_bytes(req, req->params, req->len);
	return SCMI_SUCCESS;
}

/* Words until there is no room for one, then bytes to the very end: it must be as much as the room said. */
static int32_t fill(void *model, struct scmi_request *req)
{
	static const uint8_t rest[3] = {0x11, 0x22, 0x33};
	uint32_t room = scmi_request_room(req);

	(void)model;
	MUST(room + SCMI_STATUS_BYTES == req->reply_cap);
	for (; scmi_request_room(req) >= sizeof(room); room -= (uint32_t)sizeof(room))
		scmi_request_put_u32(req, 0x5a5a5a5au);
	MUST(scmi_request_room(req) == room && room < sizeof(room));
	scmi_request_put_bytes(req, rest, room);
	MUST(scmi_request_room(req) == 0);
	return SCMI_SUCCESS;
}

/* Any status, with a value that goes with success only. */
static int32_t status(void *model, struct scmi_request *req)
{
	int32_t status = (int32_t)scmi_request_u32(req, 0);
	struct vendor *vendor = model;

	if (status == SCMI_SUCCESS && scmi_request_room(req) < SCMI_SHORT_NAME)
		vendor->overflowed++;
	if (status == SCMI_REQUEST_LATER)
		vendor->put_off++;
	scmi_request_put_name(req, "a name that is longer than its field");
	return status;
}

/* Who asked, and in which version. */
static int32_t who(void *model, struct scmi_request *req)
{
	struct vendor *vendor = model;

	MUST(scmi_request_agent(req) >= 1u && scmi_request_platform(req) != NULL);
	MUST(scmi_request_version(req) >> 16 == VERSION >> 16 && scmi_request_version(req) <= VERSION);
	if (scmi_request_room(req) < 8u)
		vendor->overflowed++;
	scmi_request_put_u32(req, scmi_request_agent(req));
	scmi_request_put_u32(req, scmi_request_version(req));
	return SCMI_SUCCESS;
}

static int32_t later(void *model, struct scmi_request *req)
{
	(void)req;
	((struct vendor *)model)->put_off++;
	return SCMI_REQUEST_LATER;
}

/* As if another context had been quicker than the handler. */
static int32_t at_once(void *model, struct scmi_request *req)
{
	((struct vendor *)model)->put_off++;
	MUST(scmi_request_reply(req, (int32_t)scmi_request_u32(req, 0)) == SCMI_OK);
	return SCMI_REQUEST_LATER;
}

/* A handler's fault: the second answer must not go out. */
static int32_t twice(void *model, struct scmi_request *req)
{
	struct vendor *vendor = model;

	MUST(scmi_request_reply(req, SCMI_BUSY) == SCMI_OK);
	vendor->put_off++;
	vendor->answered_twice++;
	return SCMI_SUCCESS;
}

static int32_t notify(void *model, struct scmi_request *req)
{
	uint32_t id = scmi_request_u32(req, 0);
	uint32_t enable = scmi_request_u32(req, 1);
	int32_t status = scmi_request_notify(req, id, enable);
	bool good = id < SCMI_PLATFORM_NOTIFICATIONS_MAX && enable <= 1u;

	(void)model;
	MUST(status == (good ? SCMI_SUCCESS : SCMI_INVALID_PARAMETERS));
	return status;
}

/* An event to all, from inside a request. */
static int32_t provoke(void *model, struct scmi_request *req)
{
	uint8_t id = (uint8_t)(scmi_request_u32(req, 0) % SCMI_PLATFORM_NOTIFICATIONS_MAX);

	(void)model;
	(void)scmi_platform_notify(scmi_request_platform(req), SCMI_ALL_AGENTS, scmi_hdr_protocol(req->hdr), id,
				   req->params, req->len);
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = 0x3, .handle = echo, .params_max = UINT16_MAX},
	{.message = 0x4, .handle = fill, .params_max = UINT16_MAX},
	{.message = 0x5, .handle = status, .params_min = 4, .params_max = 8},
	{.message = 0x6, .handle = who, .attributes = 0x80000001u},
	{.message = 0x7, .handle = later, .params_max = UINT16_MAX},
	{.message = 0x8, .handle = at_once, .params_max = 4},
	{.message = 0x9, .handle = twice},
	{.message = 0x20, .handle = notify, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
	{.message = 0xff, .handle = provoke, .params_min = 4, .params_max = 16},
};

static void reset(void *model, uint16_t agent)
{
	MUST(model != NULL && agent >= 1u);
}

void vendor_server(struct scmi_server *server, struct vendor *vendor, uint8_t protocol)
{
	*server = (struct scmi_server){
		.size = sizeof(*server),
		.protocol = protocol,
		.flags = SCMI_SERVER_NEGOTIATES,
		.version = VERSION,
		.attributes = 0x01020304u,
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = vendor,
		.reset = reset,
	};
}
