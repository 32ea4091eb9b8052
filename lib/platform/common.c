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
		command = scmi__platform_find(req->channel_, req->server_, message);
	if (command == NULL)
		return SCMI_NOT_FOUND;
	scmi_request_put_u32(req, command->attributes);
	return SCMI_SUCCESS;
}

uint32_t scmi__platform_newest(const struct scmi_server *server)
{
	return server->versions != NULL ? 0u : server->version & RIGHT_VERSION;
}

uint32_t scmi__platform_spoken(const struct channel *ch, uint32_t server)
{
	const struct scmi_server *s = ch->platform->servers[server];
	uint32_t place = read_count(&ch->rights[server]) & RIGHT_VERSION;

	return s->versions != NULL ? s->versions[place].version : (s->version & ~RIGHT_VERSION) | place;
}

/* What stands in the rights' low bits for that version; above RIGHT_VERSION if the server does not speak it. */
static uint32_t place_of(const struct scmi_server *server, uint32_t version)
{
	if (server->versions == NULL) {
		bool spoken = version >> 16 == server->version >> 16 && version <= server->version;

		return spoken ? version & RIGHT_VERSION : UINT32_MAX;
	}
	for (uint32_t i = 0; i < server->versions_n; i++) {
		if (server->versions[i].version == version)
			return i;
	}
	return UINT32_MAX;
}

static int32_t negotiate(void *model, struct scmi_request *req)
{
	const struct channel *ch = req->channel_;
	_Atomic uint32_t *rights = &ch->rights[req->server_];
	uint32_t place = place_of(server_of(req), scmi_request_u32(req, 0));
	uint32_t old = read_count(rights);

	(void)model;
	if (place > RIGHT_VERSION)
		return SCMI_NOT_SUPPORTED;
	while (!atomic_compare_exchange_weak_explicit(rights, &old, (old & ~RIGHT_VERSION) | place,
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
