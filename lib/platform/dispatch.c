/* SPDX-License-Identifier: BSD-3-Clause */
/* Finds the command of any request there can be and runs it, or refuses it with the right error. */
#include "internal.h"

/*
 * Entries ascend without repeating, so entry i holds message first + i at least: the place where a table without gaps
 * has it bounds the search from above.
 */
static const struct scmi_server_command *find_own(const struct scmi_server *server, uint32_t message)
{
	const struct scmi_server_command *c = server->commands;
	uint32_t i;

	if (message < c->message)
		return NULL;
	i = message - c->message;
	if (i >= server->commands_n)
		i = server->commands_n - 1u;
	for (c += i; c->message > message; c--)
		;
	return c->message == message ? c : NULL;
}

/* Flags of the commands that this agent is not offered, in the version that it speaks. */
static uint32_t absent_for(const struct channel *ch, uint32_t server)
{
	const struct scmi_server *s = ch->platform->servers[server];
	uint32_t absent = s->absent;

	if (s->versions != NULL)
		absent |= s->versions[read_count(&ch->rights[server]) & RIGHT_VERSION].absent;
	return absent;
}

/* The link is asked only where that matters: what it says may change with each peer. */
static bool is_offered(const struct channel *ch, uint32_t server, const struct scmi_server_command *c)
{
	if ((c->flags & absent_for(ch, server)) != 0)
		return false;
	return (c->flags & SCMI_COMMAND_P2A) == 0 || has_p2a(ch);
}

const struct scmi_server_command *scmi__platform_find(const struct channel *ch, uint32_t server, uint32_t message)
{
	const struct scmi_server *s = ch->platform->servers[server];
	const struct scmi_server_command *c = find_own(s, message);

	if (c == NULL)
		return scmi__common_find(s, message);
	return is_offered(ch, server, c) ? c : NULL;
}

static const struct scmi_server_command *refuse(struct channel *ch, const struct scmi_request *req, enum counter why)
{
	static const char *const names[] = {
		[C_BAD_TYPE] = "bad_type",       [C_BAD_PROTOCOL] = "bad_protocol", [C_DENIED] = "denied",
		[C_BAD_MESSAGE] = "bad_message", [C_BAD_LENGTH] = "bad_length",
	};

	count(&ch->platform->counters[why]);
	if (ch->platform->trace != NULL)
		scmi__platform_trace(ch, SCMI_TRACE_REFUSE, req->hdr, req->len, SCMI_E_PROTO, names[why]);
	return NULL;
}

const struct scmi_server_command *scmi__platform_dispatch(struct channel *ch, struct scmi_request *req, int32_t *status)
{
	uint32_t i = scmi__platform_server(ch->platform, scmi_hdr_protocol(req->hdr));
	const struct scmi_server_command *command;

	*status = SCMI_PROTOCOL_ERROR;
	if (scmi_hdr_type(req->hdr) != SCMI_MSG_COMMAND)
		return refuse(ch, req, C_BAD_TYPE);
	*status = SCMI_NOT_SUPPORTED;
	if (i == NO_SERVER)
		return refuse(ch, req, C_BAD_PROTOCOL);
	*status = SCMI_DENIED;
	if ((read_count(&ch->rights[i]) & RIGHT_DENIED) != 0)
		return refuse(ch, req, C_DENIED);
	*status = SCMI_NOT_SUPPORTED;
	command = scmi__platform_find(ch, i, scmi_hdr_message(req->hdr));
	if (command == NULL)
		return refuse(ch, req, C_BAD_MESSAGE);
	*status = SCMI_PROTOCOL_ERROR;
	if (req->len < command->params_min || (req->len > command->params_max && command->params_max != UINT16_MAX))
		return refuse(ch, req, C_BAD_LENGTH);
	req->server_ = (uint8_t)i;
	return command;
}
