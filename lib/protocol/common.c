/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/protocol/common.h>

#include "words.h"

int scmi_protocol_call(struct scmi_agent *agent, struct scmi_call *call)
{
	const struct scmi_message_info *info;
	int err = scmi_agent_call(agent, call);

	if (err != SCMI_OK && err != SCMI_E_TRUNCATED)
		return err;
	info = scmi_message_find(call->protocol, SCMI_MSG_COMMAND, call->message);
	if (info != NULL && call->reply_len < info->values_min)
		return SCMI_E_PROTO;
	return SCMI_OK;
}

int scmi__command(struct scmi_agent *agent, uint8_t protocol, uint8_t message, const uint32_t *params,
		  uint32_t n_params, uint32_t *value, int32_t *status)
{
	uint8_t sent[WORDS_MAX * WORD_BYTES];
	uint8_t got[WORD_BYTES] = {0};
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = protocol,
		.message = message,
		.params = sent,
		.params_len = n_params * WORD_BYTES,
		.reply = got,
		.reply_cap = value != NULL ? sizeof(got) : 0,
	};
	int err;

	for (uint32_t i = 0; i < n_params; i++)
		scmi_put_le32(sent + i * WORD_BYTES, params[i]);
	err = scmi_protocol_call(agent, &call);
	if (status != NULL)
		*status = call.status;
	if (err == SCMI_OK && value != NULL)
		*value = scmi_get_le32(got);
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
	if (version == NULL)
		return SCMI_E_INVAL;
	return scmi__command(agent, protocol, SCMI_PROTOCOL_VERSION, NULL, 0, version, status);
}

int scmi_protocol_attributes(struct scmi_agent *agent, uint8_t protocol, uint32_t *attributes, int32_t *status)
{
	if (attributes == NULL)
		return SCMI_E_INVAL;
	return scmi__command(agent, protocol, SCMI_PROTOCOL_ATTRIBUTES, NULL, 0, attributes, status);
}

int scmi_protocol_message_attributes(struct scmi_agent *agent, uint8_t protocol, uint8_t message, uint32_t *attributes,
				     int32_t *status)
{
	const uint32_t params[] = {message};

	if (attributes == NULL)
		return SCMI_E_INVAL;
	return scmi__command(agent, protocol, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, params, 1, attributes, status);
}

int scmi_protocol_negotiate(struct scmi_agent *agent, uint8_t protocol, uint32_t version, int32_t *status)
{
	const uint32_t params[] = {version};

	return scmi__command(agent, protocol, SCMI_NEGOTIATE_PROTOCOL_VERSION, params, 1, NULL, status);
}

/* Asks before it negotiates: platforms older than that message may answer anything to it. */
static int negotiate_down(struct scmi_agent *agent, uint8_t protocol, uint32_t newest, int32_t *status)
{
	uint32_t attributes;
	int err =
		scmi_protocol_message_attributes(agent, protocol, SCMI_NEGOTIATE_PROTOCOL_VERSION, &attributes, status);

	return err == SCMI_OK ? scmi_protocol_negotiate(agent, protocol, newest, status) : err;
}

int scmi_protocol_agree(struct scmi_agent *agent, uint8_t protocol, uint32_t newest, uint32_t *version,
			uint32_t *spoken, int32_t *status)
{
	uint32_t offered;
	uint32_t agreed;
	int err;

	if (version == NULL || spoken == NULL)
		return SCMI_E_INVAL;
	err = scmi_protocol_version(agent, protocol, &offered, status);
	if (err != SCMI_OK)
		return err;
	agreed = offered;
	if (offered > newest) {
		err = negotiate_down(agent, protocol, newest, status);
		if (err == SCMI_OK)
			agreed = newest;
		else if (err != SCMI_E_REMOTE)
			return err;
		else if (status != NULL)
			*status = SCMI_SUCCESS;
	}
	*version = offered;
	*spoken = agreed;
	return SCMI_OK;
}
