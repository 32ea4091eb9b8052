/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/protocol/common.h>

#include "words.h"

void scmi__take_name(char *name, uint32_t size, const uint8_t *field, uint32_t len)
{
	uint32_t i = 0;

	while (i < len && i < size - 1u && field[i] != 0) {
		name[i] = (char)field[i];
		i++;
	}
	while (i < size)
		name[i++] = '\0';
}

int scmi__long_name(struct scmi_agent *agent, uint32_t *words, char name[SCMI_LONG_NAME], int32_t *status)
{
	uint8_t reply[WORD_BYTES + SCMI_LONG_NAME]; /* a word of flags, of which none is known, goes before it */
	struct scmi_call call;
	int err;

	scmi__prepare(&call, words, reply, sizeof(reply));
	err = scmi__checked(&call, scmi_agent_call(agent, &call));
	if (status != NULL)
		*status = call.status;
	if (err != SCMI_OK)
		return err;
	if (call.reply_len < sizeof(reply))
		return SCMI_E_PROTO;
	scmi__take_name(name, SCMI_LONG_NAME, reply + WORD_BYTES, SCMI_LONG_NAME);
	return SCMI_OK;
}

int scmi_protocol_long_name(struct scmi_agent *agent, uint8_t protocol, uint8_t message, uint32_t id,
			    char name[SCMI_LONG_NAME], int32_t *status)
{
	uint32_t words[] = {COMMAND(protocol, message, 1), id};

	return name != NULL ? scmi__long_name(agent, words, name, status) : SCMI_E_INVAL;
}
