/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands that every protocol has. */
#include "internal.h"

static const struct scmi_server *server_of(const struct scmi_request *req)
{
	const struct channel *ch = req->channel_;

	return ch->platform->servers[req->server_];
}

int32_t scmi__common_version(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_u32(req, server_of(req)->version);
	return SCMI_SUCCESS;
}

static int32_t attributes(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_u32(req, server_of(req)->attributes);
	return SCMI_SUCCESS;
}

int32_t scmi__common_message_attributes(void *model, struct scmi_request *req)
{
	uint32_t message = scmi_request_u32(req, 0);
	const struct scmi_server_command *command = NULL;

	(void)model;
	if (message <= UINT8_MAX)
		command = scmi__platform_find(server_of(req), req->channel_, message);
	if (command == NULL)
		return SCMI_NOT_FOUND;
	scmi_request_put_u32(req, command->attributes);
	return SCMI_SUCCESS;
}

/* Any version of the same major that is not newer than the server's own. */
static int32_t negotiate(void *model, struct scmi_request *req)
{
	const struct channel *ch = req->channel_;
	_Atomic uint32_t *rights = &ch->rights[req->server_];
	uint32_t version = scmi_request_u32(req, 0);
	uint32_t own = server_of(req)->version;
	uint32_t old = read_count(rights);

	(void)model;
	if (version >> 16 != own >> 16 || version > own)
		return SCMI_NOT_SUPPORTED;
	while (!atomic_compare_exchange_weak_explicit(rights, &old, (old & ~RIGHT_MINOR) | (version & RIGHT_MINOR),
						      memory_order_relaxed, memory_order_relaxed))
		;
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = SCMI_PROTOCOL_VERSION, .handle = scmi__common_version},
	{.message = SCMI_PROTOCOL_ATTRIBUTES, .handle = attributes},
	{.message = SCMI_PROTOCOL_MESSAGE_ATTRIBUTES,
	 .handle = scmi__common_message_attributes,
	 .params_min = 4,
	 .params_max = 4},
	{.message = SCMI_NEGOTIATE_PROTOCOL_VERSION, .handle = negotiate, .params_min = 4, .params_max = 4},
};

const struct scmi_server_command *scmi__common_find(const struct scmi_server *server, uint32_t message)
{
	if (message <= SCMI_PROTOCOL_MESSAGE_ATTRIBUTES)
		return &commands[message];
	if (message == SCMI_NEGOTIATE_PROTOCOL_VERSION && (server->flags & SCMI_SERVER_NEGOTIATES) != 0)
		return &commands[SCMI_PROTOCOL_MESSAGE_ATTRIBUTES + 1u];
	return NULL;
}
