/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol, agent side: all but lists and the setting of rates. */
#include <scmi/protocol/clock.h>

#include "clock.h"

/* Values of more than a word. */
static int ask(const struct scmi_clock_protocol *p, uint32_t *words, void *reply, uint32_t len, int32_t *status)
{
	return scmi__ask(p->agent, words, reply, &len, status);
}

int scmi_clock_open(struct scmi_agent *agent, uint32_t newest, struct scmi_clock_protocol *p, int32_t *status)
{
	uint32_t version;
	uint32_t spoken;
	uint32_t word;
	int err;

	if (newest == 0)
		newest = SCMI_CLOCK_VERSION;
	if (p == NULL || newest > SCMI_CLOCK_VERSION || newest < SCMI_VERSION(1, 0))
		return SCMI_E_INVAL;
	err = scmi_protocol_agree(agent, SCMI_PROTOCOL_CLOCK, newest, &version, &spoken, status);
	if (err == SCMI_OK)
		err = scmi_protocol_attributes(agent, SCMI_PROTOCOL_CLOCK, &word, status);
	if (err != SCMI_OK)
		return err;
	*p = (struct scmi_clock_protocol){
		.size = sizeof(*p),
		.version = version,
		.spoken = spoken,
		.clocks = word & SCMI_CLOCK_COUNT_MAX,
		.async_max = word >> SCMI_CLOCK_ASYNC_SHIFT & SCMI_CLOCK_ASYNC_MAX,
		.agent = agent,
	};
	return SCMI_OK;
}

/* ---- what a clock is ---- */

/* Bits that are reserved in the version that is spoken mean nothing, whatever the platform sends. */
static uint32_t known_attributes(uint32_t spoken, uint32_t word)
{
	uint32_t known = SCMI_CLOCK_ATTRIBUTES_SINCE_1_0;

	if (spoken >= SCMI_VERSION(2, 0))
		known |= SCMI_CLOCK_ATTRIBUTES_SINCE_2_0;
	if (spoken >= SCMI_VERSION(3, 0))
		known |= SCMI_CLOCK_ATTRIBUTES_SINCE_3_0;
	return word & known;
}

/* CLOCK_ATTRIBUTES, as it stands on the wire: a word, a name, and a word that some platforms of 2.0 do not send. */
#define TOLD_NAME  WORD_BYTES
#define TOLD_DELAY (TOLD_NAME + SCMI_SHORT_NAME)
#define TOLD_BYTES (TOLD_DELAY + WORD_BYTES)

int scmi_clock_name(const struct scmi_clock_protocol *p, uint32_t clock, char name[SCMI_LONG_NAME], int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_NAME_GET, 1), clock};

	if (name == NULL)
		return SCMI_E_INVAL;
	return p->spoken >= SCMI_VERSION(2, 0) ? scmi__long_name(p->agent, words, name, status) : SCMI_E_NOTSUP;
}

/* The long name first, for that may fail: then *info is left alone. told is so many bytes long. */
static int take_named(const struct scmi_clock_protocol *p, uint32_t clock, const uint8_t *told, uint32_t len,
		      struct scmi_clock_info *info, int32_t *status)
{
	uint32_t attributes = known_attributes(p->spoken, scmi_get_le32(told));
	uint32_t words[] = {CLOCK(SCMI_CLOCK_NAME_GET, 1), clock};
	int named = SCMI_E_REMOTE;
	int err;

	if ((attributes & SCMI_CLOCK_HAS_LONG_NAME) != 0) {
		named = scmi__long_name(p->agent, words, info->name, status);
		err = scmi__unnamed_is_ok(named, status);
		if (err != SCMI_OK)
			return err;
	}
	if (named != SCMI_OK)
		scmi__take_name(info->name, sizeof(info->name), told + TOLD_NAME, SCMI_SHORT_NAME - 1u);
	info->attributes = attributes;
	info->enable_delay_us = 0;
	if (p->spoken >= SCMI_VERSION(2, 0) && len >= TOLD_BYTES)
		info->enable_delay_us = scmi_get_le32(told + TOLD_DELAY);
	return SCMI_OK;
}

int scmi_clock_info(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_info *info, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_ATTRIBUTES, 1), clock};
	uint8_t told[TOLD_BYTES];
	uint32_t len = sizeof(told);
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	err = scmi__ask(p->agent, words, told, &len, status);
	return err == SCMI_OK ? take_named(p, clock, told, len, info, status) : err;
}

int scmi_clock_rate_get(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t *rate, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_RATE_GET, 1), clock};
	uint8_t reply[SCMI_CLOCK_RATE_BYTES];
	int err;

	if (rate == NULL)
		return SCMI_E_INVAL;
	err = ask(p, words, reply, sizeof(reply), status);
	if (err == SCMI_OK)
		*rate = scmi_get_le64(reply);
	return err;
}

/* ---- state ---- */

/*
 * The third word came with 3.0; agents and platforms that say 2.1, which no release of the specification has, use it
 * already.
 */
static int set_config(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t attributes, uint32_t value,
		      int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_CONFIG_SET, p->spoken > SCMI_VERSION(2, 0) ? 3 : 2), clock, attributes,
			    value};

	return scmi__command(p->agent, words, NULL, status);
}

int scmi_clock_enable(const struct scmi_clock_protocol *p, uint32_t clock, bool enable, int32_t *status)
{
	return set_config(p, clock, enable ? SCMI_CLOCK_STATE_ON : SCMI_CLOCK_STATE_OFF, 0, status);
}

int scmi_clock_config_set(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t state, uint8_t type,
			  uint32_t value, int32_t *status)
{
	bool known = state == SCMI_CLOCK_STATE_OFF || state == SCMI_CLOCK_STATE_ON ||
		     (state == SCMI_CLOCK_STATE_UNCHANGED && type != 0);

	if (!known)
		return SCMI_E_INVAL;
	if (p->spoken < SCMI_VERSION(3, 0))
		return SCMI_E_NOTSUP;
	return set_config(p, clock, state | (uint32_t)type << SCMI_CLOCK_CONFIG_TYPE_SHIFT, value, status);
}

int scmi_clock_config_get(const struct scmi_clock_protocol *p, uint32_t clock, uint8_t type, bool *enabled,
			  uint32_t *value, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_CONFIG_GET, 2), clock, type};
	uint8_t reply[3u * WORD_BYTES];
	int err;

	if (p->spoken < SCMI_VERSION(3, 0))
		return SCMI_E_NOTSUP;
	err = ask(p, words, reply, sizeof(reply), status);
	if (err != SCMI_OK)
		return err;
	if (enabled != NULL)
		*enabled = (scmi_get_le32(reply + WORD_BYTES) & SCMI_CLOCK_CONFIG_ENABLED) != 0;
	if (value != NULL)
		*value = scmi_get_le32(reply + 2u * WORD_BYTES);
	return SCMI_OK;
}

int scmi_clock_enabled(const struct scmi_clock_protocol *p, uint32_t clock, bool *enabled, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_ATTRIBUTES, 1), clock};
	uint8_t reply[TOLD_BYTES]; /* all of it: a part would count as truncated */
	uint32_t len = sizeof(reply);
	int err;

	if (enabled == NULL)
		return SCMI_E_INVAL;
	if (p->spoken >= SCMI_VERSION(3, 0))
		return scmi_clock_config_get(p, clock, 0, enabled, NULL, status);
	err = scmi__ask(p->agent, words, reply, &len, status);
	if (err == SCMI_OK)
		*enabled = (known_attributes(p->spoken, scmi_get_le32(reply)) & SCMI_CLOCK_ENABLED) != 0;
	return err;
}

/* ---- parents and permissions ---- */

static int since_3_0(const struct scmi_clock_protocol *p, uint32_t *words, uint32_t *value, int32_t *status)
{
	return p->spoken >= SCMI_VERSION(3, 0) ? scmi__command(p->agent, words, value, status) : SCMI_E_NOTSUP;
}

int scmi_clock_parent_get(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *parent, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_PARENT_GET, 1), clock};

	return parent != NULL ? since_3_0(p, words, parent, status) : SCMI_E_INVAL;
}

int scmi_clock_parent_set(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t parent, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_PARENT_SET, 2), clock, parent};

	return since_3_0(p, words, NULL, status);
}

int scmi_clock_permissions(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *permissions, int32_t *status)
{
	uint32_t words[] = {CLOCK(SCMI_CLOCK_GET_PERMISSIONS, 1), clock};

	return permissions != NULL ? since_3_0(p, words, permissions, status) : SCMI_E_INVAL;
}

/* ---- notifications ---- */

static int notify(const struct scmi_clock_protocol *p, uint8_t message, uint32_t clock, bool enable, int32_t *status)
{
	uint32_t words[] = {CLOCK(message, 2), clock, enable ? SCMI_NOTIFY_ENABLE : 0};

	return p->spoken >= SCMI_VERSION(2, 0) ? scmi__command(p->agent, words, NULL, status) : SCMI_E_NOTSUP;
}

int scmi_clock_rate_notify(const struct scmi_clock_protocol *p, uint32_t clock, bool enable, int32_t *status)
{
	return notify(p, SCMI_CLOCK_RATE_NOTIFY, clock, enable, status);
}

int scmi_clock_rate_change_requested_notify(const struct scmi_clock_protocol *p, uint32_t clock, bool enable,
					    int32_t *status)
{
	return notify(p, SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY, clock, enable, status);
}

int scmi_clock_event_parse(uint32_t hdr, const void *payload, uint32_t len, struct scmi_clock_event *event)
{
	const struct scmi_message_info *info =
		scmi_message_find(SCMI_PROTOCOL_CLOCK, SCMI_MSG_NOTIFICATION, scmi_hdr_message(hdr));
	const uint8_t *bytes = payload;

	if (event == NULL || (payload == NULL && len != 0))
		return SCMI_E_INVAL;
	if (scmi_hdr_protocol(hdr) != SCMI_PROTOCOL_CLOCK || scmi_hdr_type(hdr) != SCMI_MSG_NOTIFICATION ||
	    info == NULL)
		return SCMI_E_NOTFOUND;
	if (bytes == NULL || len < info->values_min)
		return SCMI_E_PROTO;
	event->notification = scmi_hdr_message(hdr);
	event->agent_id = scmi_get_le32(bytes);
	event->clock = scmi_get_le32(bytes + WORD_BYTES);
	event->rate = scmi_get_le64(bytes + 2u * WORD_BYTES);
	return SCMI_OK;
}
