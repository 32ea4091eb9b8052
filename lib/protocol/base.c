/* SPDX-License-Identifier: BSD-3-Clause */
#include <scmi/protocol/base.h>

#include "words.h"

/* Protocol ids asked for at once: more than any platform has, little enough for a small stack. */
#define IDS_AT_ONCE 32u

/* PROTOCOL_ATTRIBUTES */
#define ATTR_PROTOCOLS    0xffu
#define ATTR_AGENTS_SHIFT 8
#define ATTR_AGENTS       0xffu

#define BASE(message, params) COMMAND(SCMI_PROTOCOL_BASE, message, params)

int scmi_base_version(struct scmi_agent *agent, uint32_t *version, int32_t *status)
{
	return scmi_protocol_version(agent, SCMI_PROTOCOL_BASE, version, status);
}

int scmi_base_message_attributes(struct scmi_agent *agent, uint8_t message, uint32_t *attributes, int32_t *status)
{
	return scmi_protocol_message_attributes(agent, SCMI_PROTOCOL_BASE, message, attributes, status);
}

int scmi_base_negotiate(struct scmi_agent *agent, uint32_t version, int32_t *status)
{
	return scmi_protocol_negotiate(agent, SCMI_PROTOCOL_BASE, version, status);
}

int scmi_base_attributes(struct scmi_agent *agent, uint32_t *protocols, uint32_t *agents, int32_t *status)
{
	uint32_t word;
	int err;

	if (protocols == NULL || agents == NULL)
		return SCMI_E_INVAL;
	err = scmi_protocol_attributes(agent, SCMI_PROTOCOL_BASE, &word, status);
	if (err == SCMI_OK) {
		*protocols = word & ATTR_PROTOCOLS;
		*agents = word >> ATTR_AGENTS_SHIFT & ATTR_AGENTS;
	}
	return err;
}

static int ask_name(struct scmi_agent *agent, uint8_t message, char name[SCMI_SHORT_NAME], int32_t *status)
{
	uint8_t field[SCMI_SHORT_NAME];
	uint32_t words[] = {BASE(message, 0)};
	uint32_t len = sizeof(field);
	int err;

	if (name == NULL)
		return SCMI_E_INVAL;
	err = scmi__ask(agent, words, field, &len, status);
	if (err == SCMI_OK)
		scmi__take_name(name, SCMI_SHORT_NAME, field, sizeof(field));
	return err;
}

int scmi_base_vendor(struct scmi_agent *agent, char name[SCMI_SHORT_NAME], int32_t *status)
{
	return ask_name(agent, SCMI_BASE_DISCOVER_VENDOR, name, status);
}

int scmi_base_sub_vendor(struct scmi_agent *agent, char name[SCMI_SHORT_NAME], int32_t *status)
{
	return ask_name(agent, SCMI_BASE_DISCOVER_SUB_VENDOR, name, status);
}

int scmi_base_implementation_version(struct scmi_agent *agent, uint32_t *version, int32_t *status)
{
	uint32_t words[] = {BASE(SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION, 0)};

	return version != NULL ? scmi__command(agent, words, version, status) : SCMI_E_INVAL;
}

/*
 * The ids of one reply, of which len bytes came: a count, then so many bytes. room is how many may follow at all. What
 * did not fit into the reply buffer is asked for again, with the next skip.
 */
static int take_ids(const uint8_t *reply, uint32_t len, uint32_t room, uint8_t *ids, uint32_t *count)
{
	uint32_t said = scmi_get_le32(reply);

	if (said > room || said > len - WORD_BYTES)
		return SCMI_E_PROTO;
	*count = said < IDS_AT_ONCE ? said : IDS_AT_ONCE;
	for (uint32_t i = 0; i < *count; i++)
		ids[i] = reply[WORD_BYTES + i];
	return SCMI_OK;
}

/* At most one command an announced protocol: each turn adds at least one, or is the last. */
static int list_announced(struct scmi_agent *agent, uint32_t announced, uint8_t *ids, uint32_t *count, int32_t *status)
{
	uint8_t reply[WORD_BYTES + IDS_AT_ONCE];
	uint32_t listed = 0;
	uint32_t more = 1;

	while (listed < announced && more != 0) {
		uint32_t words[] = {BASE(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 1), listed};
		uint32_t len = sizeof(reply);
		int err = scmi__ask(agent, words, reply, &len, status);

		if (err == SCMI_OK)
			err = take_ids(reply, len, announced - listed, ids + listed, &more);
		if (err != SCMI_OK)
			return err;
		listed += more;
	}
	*count = listed;
	return SCMI_OK;
}

int scmi_base_list_protocols(struct scmi_agent *agent, uint8_t *ids, uint32_t cap, uint32_t *count, int32_t *status)
{
	uint32_t announced;
	uint32_t agents;
	int err;

	if (count == NULL || (ids == NULL && cap != 0))
		return SCMI_E_INVAL;
	err = scmi_base_attributes(agent, &announced, &agents, status);
	if (err != SCMI_OK)
		return err;
	if (announced > cap) {
		*count = announced;
		return SCMI_E_TRUNCATED;
	}
	return list_announced(agent, announced, ids, count, status);
}

int scmi_base_discover_agent(struct scmi_agent *agent, uint32_t id, struct scmi_base_agent *who, int32_t *status)
{
	uint8_t reply[WORD_BYTES + SCMI_SHORT_NAME];
	uint32_t words[] = {BASE(SCMI_BASE_DISCOVER_AGENT, 1), id};
	uint32_t len = sizeof(reply);
	int err;

	if (who == NULL)
		return SCMI_E_INVAL;
	err = scmi__ask(agent, words, reply, &len, status);
	if (err != SCMI_OK)
		return err;
	if (len >= sizeof(reply)) {
		who->id = scmi_get_le32(reply);
		scmi__take_name(who->name, SCMI_SHORT_NAME, reply + WORD_BYTES, SCMI_SHORT_NAME);
	} else if (len == SCMI_SHORT_NAME) {
		/* Version 1.0: the name alone. */
		who->id = id;
		scmi__take_name(who->name, SCMI_SHORT_NAME, reply, SCMI_SHORT_NAME);
	} else {
		return SCMI_E_PROTO;
	}
	return SCMI_OK;
}

int scmi_base_notify_errors(struct scmi_agent *agent, bool enable, int32_t *status)
{
	uint32_t words[] = {BASE(SCMI_BASE_NOTIFY_ERRORS, 1), enable ? SCMI_NOTIFY_ENABLE : 0};

	return scmi__command(agent, words, NULL, status);
}

int scmi_base_set_device_permissions(struct scmi_agent *agent, uint32_t agent_id, uint32_t device_id, bool allow,
				     int32_t *status)
{
	uint32_t words[] = {BASE(SCMI_BASE_SET_DEVICE_PERMISSIONS, 3), agent_id, device_id,
			    allow ? SCMI_BASE_ALLOW : 0};

	return scmi__command(agent, words, NULL, status);
}

int scmi_base_set_protocol_permissions(struct scmi_agent *agent, uint32_t agent_id, uint32_t device_id,
				       uint8_t protocol, bool allow, int32_t *status)
{
	uint32_t words[] = {BASE(SCMI_BASE_SET_PROTOCOL_PERMISSIONS, 4), agent_id, device_id, protocol,
			    allow ? SCMI_BASE_ALLOW : 0};

	return scmi__command(agent, words, NULL, status);
}

int scmi_base_reset_agent_configuration(struct scmi_agent *agent, uint32_t agent_id, bool reset_permissions,
					int32_t *status)
{
	uint32_t words[] = {BASE(SCMI_BASE_RESET_AGENT_CONFIGURATION, 2), agent_id,
			    reset_permissions ? SCMI_BASE_RESET_PERMISSIONS : 0};

	return scmi__command(agent, words, NULL, status);
}

static int discover_names(struct scmi_agent *agent, struct scmi_base_info *info)
{
	int err = scmi__refused_is_ok(scmi_base_vendor(agent, info->vendor, &info->status), &info->status);

	if (err == SCMI_OK)
		err = scmi__refused_is_ok(scmi_base_sub_vendor(agent, info->sub_vendor, &info->status), &info->status);
	if (err == SCMI_OK)
		err = scmi__refused_is_ok(scmi_base_implementation_version(agent, &info->implementation, &info->status),
					  &info->status);
	return err;
}

/* "Who am I" came with version 2.0; a platform without agents does not know. */
static int discover_self(struct scmi_agent *agent, struct scmi_base_info *info)
{
	if (info->spoken < SCMI_VERSION(2, 0) || info->agent_count == 0)
		return SCMI_OK;
	return scmi__refused_is_ok(scmi_base_discover_agent(agent, SCMI_BASE_AGENT_SELF, &info->self, &info->status),
				   &info->status);
}

int scmi_base_discover(struct scmi_agent *agent, struct scmi_base_info *info)
{
	uint32_t announced;
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	*info = (struct scmi_base_info){.size = sizeof(*info), .self = {.id = SCMI_BASE_AGENT_SELF}};
	err = scmi_protocol_agree(agent, SCMI_PROTOCOL_BASE, SCMI_BASE_VERSION, &info->version, &info->spoken,
				  &info->status);
	if (err == SCMI_OK)
		err = scmi_base_attributes(agent, &announced, &info->agent_count, &info->status);
	if (err == SCMI_OK)
		err = discover_names(agent, info);
	if (err == SCMI_OK)
		err = list_announced(agent, announced, info->protocols, &info->protocol_count, &info->status);
	if (err == SCMI_OK)
		err = discover_self(agent, info);
	return err;
}
