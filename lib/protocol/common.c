/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/protocol/common.h>

#include "words.h"

/* What a call came to that ended so. */
int scmi__checked(const struct scmi_call *call, int err)
{
	const struct scmi_message_info *info;

	if (err != SCMI_OK && err != SCMI_E_TRUNCATED)
		return err;
	info = scmi_message_find(call->protocol, SCMI_MSG_COMMAND, call->message);
	if (info != NULL && call->reply_len < info->values_min)
		return SCMI_E_PROTO;
	return SCMI_OK;
}

int scmi_protocol_call(struct scmi_agent *agent, struct scmi_call *call)
{
	return scmi__checked(call, scmi_agent_call(agent, call));
}

void scmi__prepare(struct scmi_call *call, uint32_t *words, void *reply, uint32_t reply_cap)
{
	uint32_t n = words[0] & 0xffu;

	*call = (struct scmi_call){
		.size = sizeof(*call),
		.protocol = (uint8_t)(words[0] >> 16),
		.message = (uint8_t)(words[0] >> 8),
		.params = words + 1,
		.params_len = n * WORD_BYTES,
		.reply = reply,
		.reply_cap = reply_cap,
	};
	for (uint32_t i = 1; i <= n; i++)
		/* As many as COMMAND() says. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
		scmi_put_le32(&words[i], words[i]);
}

int scmi__ask(struct scmi_agent *agent, uint32_t *words, void *reply, uint32_t *len, int32_t *status)
{
	struct scmi_call call;
	int err;

	scmi__prepare(&call, words, reply, *len);
	err = scmi_agent_call(agent, &call);
	if (status != NULL)
		*status = call.status;
	*len = call.reply_len;
	return scmi__checked(&call, err);
}

int scmi__command(struct scmi_agent *agent, uint32_t *words, uint32_t *value, int32_t *status)
{
	struct scmi_call call;
	int err;

	scmi__prepare(&call, words, words, value != NULL ? WORD_BYTES : 0);
	err = scmi_agent_call(agent, &call);
	if (status != NULL)
		*status = call.status;
	err = scmi__checked(&call, err);
	if (err == SCMI_OK && value != NULL)
		*value = scmi_get_le32(call.reply);
	return err;
}

int scmi__refused_is_ok(int err, int32_t *status)
{
	if (err != SCMI_E_REMOTE)
		return err;
	if (status != NULL)
		*status = SCMI_SUCCESS;
	return SCMI_OK;
}

int scmi__unnamed_is_ok(int err, int32_t *status)
{
	return err == SCMI_E_PROTO ? SCMI_OK : scmi__refused_is_ok(err, status);
}

int scmi_protocol_version(struct scmi_agent *agent, uint8_t protocol, uint32_t *version, int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_PROTOCOL_VERSION, 0)};

	return version != NULL ? scmi__command(agent, words, version, status) : SCMI_E_INVAL;
}

int scmi_protocol_attributes(struct scmi_agent *agent, uint8_t protocol, uint32_t *attributes, int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_PROTOCOL_ATTRIBUTES, 0)};

	return attributes != NULL ? scmi__command(agent, words, attributes, status) : SCMI_E_INVAL;
}

int scmi_protocol_message_attributes(struct scmi_agent *agent, uint8_t protocol, uint8_t message, uint32_t *attributes,
				     int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1), message};

	return attributes != NULL ? scmi__command(agent, words, attributes, status) : SCMI_E_INVAL;
}

int scmi_protocol_negotiate(struct scmi_agent *agent, uint8_t protocol, uint32_t version, int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1), version};

	return scmi__command(agent, words, NULL, status);
}

/* Asks before it negotiates: platforms older than that message may answer anything to it. */
static int negotiate_down(struct scmi_agent *agent, uint8_t protocol, uint32_t newest, int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1), SCMI_NEGOTIATE_PROTOCOL_VERSION};
	uint32_t attributes;
	int err = scmi__command(agent, words, &attributes, status);

	if (err != SCMI_OK)
		return err;
	words[0] = COMMAND(protocol, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1);
	words[1] = newest;
	return scmi__command(agent, words, NULL, status);
}

int scmi_protocol_agree(struct scmi_agent *agent, uint8_t protocol, uint32_t newest, uint32_t *version,
			uint32_t *spoken, int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, SCMI_PROTOCOL_VERSION, 0)};
	uint32_t offered;
	uint32_t agreed;
	int err;

	if (version == NULL || spoken == NULL)
		return SCMI_E_INVAL;
	err = scmi__command(agent, words, &offered, status);
	if (err != SCMI_OK)
		return err;
	agreed = offered;
	if (offered > newest) {
		err = negotiate_down(agent, protocol, newest, status);
		if (err == SCMI_OK)
			agreed = newest;
		else
			err = scmi__refused_is_ok(err, status);
	}
	if (err != SCMI_OK)
		return err;
	*version = offered;
	*spoken = agreed;
	return SCMI_OK;
}
