/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol, agent side: all but lists and the setting of rates. */
#include <scmi/protocol/clock.h>

#include "clock.h"

int scmi__clock_ask(const struct scmi_clock_protocol *p, uint8_t message, const uint32_t *words, uint32_t n,
		    void *reply, uint32_t cap, uint32_t *len, int32_t *status)
{
	uint8_t sent[WORDS_MAX * WORD_BYTES];
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = SCMI_PROTOCOL_CLOCK,
		.message = message,
		.params = sent,
		.params_len = n * WORD_BYTES,
		.reply = reply,
		.reply_cap = cap,
	};
	int err;

	for (uint32_t i = 0; i < n; i++)
		scmi_put_le32(sent + i * WORD_BYTES, words[i]);
	err = scmi_protocol_call(p->agent, &call);
	if (status != NULL)
		*status = call.status;
	if (len != NULL)
		*len = call.reply_len;
	return err;
}

/* No values, or one word. */
static int command(const struct scmi_clock_protocol *p, uint8_t message, const uint32_t *words, uint32_t n,
		   uint32_t *value, int32_t *status)
{
	return scmi__command(p->agent, SCMI_PROTOCOL_CLOCK, message, words, n, value, status);
}

int scmi_clock_open(struct scmi_agent *agent, uint32_t newest, struct scmi_clock_protocol *p, int32_t *status)
{
	struct scmi_clock_protocol opened = {.size = sizeof(opened), .agent = agent};
	uint32_t word;
	int err;

	if (newest == 0)
		newest = SCMI_CLOCK_VERSION;
	if (p == NULL || newest > SCMI_CLOCK_VERSION || newest < SCMI_VERSION(1, 0))
		return SCMI_E_INVAL;
	err = scmi_protocol_agree(agent, SCMI_PROTOCOL_CLOCK, newest, &opened.version, &opened.spoken, status);
	if (err == SCMI_OK)
		err = scmi_protocol_attributes(agent, SCMI_PROTOCOL_CLOCK, &word, status);
	if (err != SCMI_OK)
		return err;
	opened.clocks = word & SCMI_CLOCK_COUNT_MAX;
	opened.async_max = word >> SCMI_CLOCK_ASYNC_SHIFT & SCMI_CLOCK_ASYNC_MAX;
	*p = opened;
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

/* The delay is a word that some platforms of version 2.0 do not send: then *info keeps its own. */
static int ask_attributes(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_info *info,
			  int32_t *status)
{
	uint8_t reply[2u * WORD_BYTES + SCMI_SHORT_NAME];
	uint32_t len;
	int err = scmi__clock_ask(p, SCMI_CLOCK_ATTRIBUTES, &clock, 1, reply, sizeof(reply), &len, status);

	if (err != SCMI_OK)
		return err;
	info->attributes = known_attributes(p->spoken, scmi_get_le32(reply));
	if (p->spoken >= SCMI_VERSION(2, 0) && len >= sizeof(reply))
		info->enable_delay_us = scmi_get_le32(reply + WORD_BYTES + SCMI_SHORT_NAME);
	scmi__take_name(info->name, sizeof(info->name), reply + WORD_BYTES, SCMI_SHORT_NAME - 1u);
	return SCMI_OK;
}

int scmi_clock_name(const struct scmi_clock_protocol *p, uint32_t clock, char name[SCMI_LONG_NAME], int32_t *status)
{
	if (name == NULL)
		return SCMI_E_INVAL;
	if (p->spoken < SCMI_VERSION(2, 0))
		return SCMI_E_NOTSUP;
	return scmi_protocol_long_name(p->agent, SCMI_PROTOCOL_CLOCK, SCMI_CLOCK_NAME_GET, clock, name, status);
}

int scmi_clock_info(const struct scmi_clock_protocol *p, uint32_t clock, struct scmi_clock_info *info, int32_t *status)
{
	struct scmi_clock_info told = {.size = sizeof(told)};
	int err;

	if (info == NULL || info->size != sizeof(*info))
		return SCMI_E_INVAL;
	err = ask_attributes(p, clock, &told, status);
	if (err == SCMI_OK && (told.attributes & SCMI_CLOCK_HAS_LONG_NAME) != 0)
		err = scmi__unnamed_is_ok(scmi_clock_name(p, clock, told.name, status), status);
	if (err == SCMI_OK)
		*info = told;
	return err;
}

int scmi_clock_rate_get(const struct scmi_clock_protocol *p, uint32_t clock, uint64_t *rate, int32_t *status)
{
	uint8_t reply[SCMI_CLOCK_RATE_BYTES];
	int err;

	if (rate == NULL)
		return SCMI_E_INVAL;
	err = scmi__clock_ask(p, SCMI_CLOCK_RATE_GET, &clock, 1, reply, sizeof(reply), NULL, status);
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
	const uint32_t words[] = {clock, attributes, value};

	return command(p, SCMI_CLOCK_CONFIG_SET, words, p->spoken > SCMI_VERSION(2, 0) ? 3 : 2, NULL, status);
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
	const uint32_t words[] = {clock, type};
	uint8_t reply[3u * WORD_BYTES];
	int err;

	if (p->spoken < SCMI_VERSION(3, 0))
		return SCMI_E_NOTSUP;
	err = scmi__clock_ask(p, SCMI_CLOCK_CONFIG_GET, words, 2, reply, sizeof(reply), NULL, status);
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
	struct scmi_clock_info info = {.size = sizeof(info)};
	int err;

	if (enabled == NULL)
		return SCMI_E_INVAL;
	if (p->spoken >= SCMI_VERSION(3, 0))
		return scmi_clock_config_get(p, clock, 0, enabled, NULL, status);
	err = ask_attributes(p, clock, &info, status);
	if (err == SCMI_OK)
		*enabled = (info.attributes & SCMI_CLOCK_ENABLED) != 0;
	return err;
}

/* ---- parents and permissions ---- */

static int since_3_0(const struct scmi_clock_protocol *p, uint8_t message, const uint32_t *words, uint32_t n,
		     uint32_t *value, int32_t *status)
{
	return p->spoken >= SCMI_VERSION(3, 0) ? command(p, message, words, n, value, status) : SCMI_E_NOTSUP;
}

int scmi_clock_parent_get(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *parent, int32_t *status)
{
	return parent != NULL ? since_3_0(p, SCMI_CLOCK_PARENT_GET, &clock, 1, parent, status) : SCMI_E_INVAL;
}

int scmi_clock_parent_set(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t parent, int32_t *status)
{
	const uint32_t words[] = {clock, parent};

	return since_3_0(p, SCMI_CLOCK_PARENT_SET, words, 2, NULL, status);
}

int scmi_clock_permissions(const struct scmi_clock_protocol *p, uint32_t clock, uint32_t *permissions, int32_t *status)
{
	return permissions != NULL ? since_3_0(p, SCMI_CLOCK_GET_PERMISSIONS, &clock, 1, permissions, status)
				   : SCMI_E_INVAL;
}

/* ---- notifications ---- */

static int notify(const struct scmi_clock_protocol *p, uint8_t message, uint32_t clock, bool enable, int32_t *status)
{
	const uint32_t words[] = {clock, enable ? SCMI_NOTIFY_ENABLE : 0};

	return p->spoken >= SCMI_VERSION(2, 0) ? command(p, message, words, 2, NULL, status) : SCMI_E_NOTSUP;
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
