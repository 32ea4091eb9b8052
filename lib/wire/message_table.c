/* SPDX-License-Identifier: BSD-3-Clause */
/* The one table of messages: both ends, the trace and the tests look here and nowhere else. */
#include "message_rows.h"

#define PROTOCOL SCMI_PROTOCOL_COMMON
static const struct scmi_message_info common[] = {
	COMMAND("PROTOCOL_VERSION", SCMI_PROTOCOL_VERSION, 1, 0, 0, 0, 4, 4),
	/* One word in most protocols; telemetry has most, eight. */
	COMMAND("PROTOCOL_ATTRIBUTES", SCMI_PROTOCOL_ATTRIBUTES, 1, 0, 0, 0, 4, 32),
	COMMAND("PROTOCOL_MESSAGE_ATTRIBUTES", SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, 0, 4, 4, 4, 4),
	COMMAND("NEGOTIATE_PROTOCOL_VERSION", SCMI_NEGOTIATE_PROTOCOL_VERSION, 0, 0, 4, 4, 0, 0),
};
#undef PROTOCOL

#define PROTOCOL SCMI_PROTOCOL_BASE
static const struct scmi_message_info base[] = {
	COMMAND("PROTOCOL_ATTRIBUTES", SCMI_PROTOCOL_ATTRIBUTES, 1, V1_0, 0, 0, 4, 4),
	COMMAND("BASE_DISCOVER_VENDOR", SCMI_BASE_DISCOVER_VENDOR, 1, V1_0, 0, 0, SCMI_SHORT_NAME, SCMI_SHORT_NAME),
	COMMAND("BASE_DISCOVER_SUB_VENDOR", SCMI_BASE_DISCOVER_SUB_VENDOR, 0, V1_0, 0, 0, SCMI_SHORT_NAME,
		SCMI_SHORT_NAME),
	COMMAND("BASE_DISCOVER_IMPLEMENTATION_VERSION", SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION, 1, V1_0, 0, 0, 4, 4),
	/* A count, then up to 255 ids of one byte in whole words. */
	COMMAND("BASE_DISCOVER_LIST_PROTOCOLS", SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 1, V1_0, 4, 4, 4, 4 + 256),
	/* Version 1.0 has the name alone, 2.0 the agent's id before it. */
	COMMAND("BASE_DISCOVER_AGENT", SCMI_BASE_DISCOVER_AGENT, 0, V1_0, 4, 4, SCMI_SHORT_NAME, 4 + SCMI_SHORT_NAME),
	SWITCH("BASE_NOTIFY_ERRORS", SCMI_BASE_NOTIFY_ERRORS, 0, V1_0, 4, SCMI_BASE_ERROR_EVENT),
	COMMAND("BASE_SET_DEVICE_PERMISSIONS", SCMI_BASE_SET_DEVICE_PERMISSIONS, 0, V2_0, 12, 12, 0, 0),
	COMMAND("BASE_SET_PROTOCOL_PERMISSIONS", SCMI_BASE_SET_PROTOCOL_PERMISSIONS, 0, V2_0, 16, 16, 0, 0),
	COMMAND("BASE_RESET_AGENT_CONFIGURATION", SCMI_BASE_RESET_AGENT_CONFIGURATION, 0, V2_0, 8, 8, 0, 0),
	/* Agent id, status word, then 0 to 1023 reports of 8 bytes. */
	EVENT("BASE_ERROR_EVENT", SCMI_BASE_ERROR_EVENT, V1_0, 8, 8 + 8 * SCMI_BASE_ERROR_COUNT),
};
#undef PROTOCOL

static const struct message_rows common_table = MESSAGE_ROWS(common);

/* The protocol's own rows; none for one that this library does not know message by message. */
static struct message_rows own_table(uint8_t protocol)
{
	switch (protocol) {
	case SCMI_PROTOCOL_BASE:
		return (struct message_rows)MESSAGE_ROWS(base);
	case SCMI_PROTOCOL_CLOCK:
		return scmi__clock_rows;
	case SCMI_PROTOCOL_SENSOR:
		return scmi__sensor_rows;
	default:
		return (struct message_rows){NULL, 0};
	}
}

/* The order of each table, and of a walk. */
static int order(const struct scmi_message_info *row)
{
	return row->kind << 8 | row->id;
}

static const struct scmi_message_info *find_in(struct message_rows table, int key)
{
	for (size_t i = 0; i < table.count; i++) {
		if (order(&table.rows[i]) == key)
			return &table.rows[i];
	}
	return NULL;
}

/* The first row that comes after key. */
static const struct scmi_message_info *next_in(struct message_rows table, int key)
{
	for (size_t i = 0; i < table.count; i++) {
		if (order(&table.rows[i]) > key)
			return &table.rows[i];
	}
	return NULL;
}

const struct scmi_message_info *scmi_message_find(uint8_t protocol, enum scmi_msg_type kind, uint8_t id)
{
	int key = (int)kind << 8 | id;
	const struct scmi_message_info *row = find_in(own_table(protocol), key);

	return row != NULL ? row : find_in(common_table, key);
}

const struct scmi_message_info *scmi_message_next(uint8_t protocol, const struct scmi_message_info *prev)
{
	int after = prev != NULL ? order(prev) : -1;
	const struct scmi_message_info *own = next_in(own_table(protocol), after);
	const struct scmi_message_info *shared = next_in(common_table, after);

	if (own == NULL || shared == NULL)
		return own != NULL ? own : shared;
	/* Where both have the message, the protocol's own row hides the common one. */
	return order(own) <= order(shared) ? own : shared;
}

const char *scmi_message_name(uint8_t protocol, enum scmi_msg_type kind, uint8_t id)
{
	const struct scmi_message_info *row = scmi_message_find(protocol, kind, id);

	return row != NULL ? row->name : SCMI_TEXT_("unknown message");
}
