/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol, agent side: all but lists and readings. */
#include "sensor.h"

#define EVENT_HEAD (2u * WORD_BYTES)

static NOINLINE int ask_attributes(struct scmi_sensor_protocol *p, struct scmi_agent *agent, int32_t *status)
{
	uint8_t reply[4u * WORD_BYTES];
	uint32_t words[] = {SENSOR(SCMI_PROTOCOL_ATTRIBUTES, 0)};
	uint32_t len = sizeof(reply);
	int err = scmi__ask(agent, words, reply, &len, status);
	uint32_t word;

	if (err != SCMI_OK)
		return err;
	word = scmi_get_le32(reply);
	p->size = sizeof(*p);
	p->agent = agent;
	p->sensors = word & SCMI_SENSOR_COUNT_MAX;
	p->async_max = word >> SCMI_SENSOR_ASYNC_SHIFT & SCMI_SENSOR_ASYNC_MAX;
	p->region_len = scmi_get_le32(reply + 3u * WORD_BYTES);
	p->region = p->region_len != 0 ? scmi_get_le64(reply + WORD_BYTES) : 0u;
	return SCMI_OK;
}

int scmi_sensor_open(struct scmi_agent *agent, uint32_t newest, struct scmi_sensor_protocol *p, int32_t *status)
{
	uint32_t version;
	uint32_t spoken;
	int err;

	if (newest == 0)
		newest = SCMI_SENSOR_VERSION;
	if (p == NULL || newest > SCMI_SENSOR_VERSION || newest < SCMI_VERSION(1, 0))
		return SCMI_E_INVAL;
	err = scmi_protocol_agree(agent, SCMI_PROTOCOL_SENSOR, newest, &version, &spoken, status);
	if (err == SCMI_OK)
		err = ask_attributes(p, agent, status);
	if (err != SCMI_OK)
		return err;
	p->version = version;
	p->spoken = spoken;
	return SCMI_OK;
}

/* A command of words; since is the version that brought it. */
static int command(const struct scmi_sensor_protocol *p, uint32_t since, uint32_t *words, uint32_t *value,
		   int32_t *status)
{
	if (p->spoken < since)
		return SCMI_E_NOTSUP;
	return scmi__command(p->agent, words, value, status);
}

int scmi_sensor_name(const struct scmi_sensor_protocol *p, uint32_t sensor, char name[SCMI_LONG_NAME], int32_t *status)
{
	uint32_t words[] = {SENSOR(SCMI_SENSOR_NAME_GET, 1), sensor};

	if (name == NULL)
		return SCMI_E_INVAL;
	return since_3_0(p->spoken) ? scmi__long_name(p->agent, words, name, status) : SCMI_E_NOTSUP;
}

int scmi_sensor_config_get(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t *config, int32_t *status)
{
	uint32_t words[] = {SENSOR(SCMI_SENSOR_CONFIG_GET, 1), sensor};

	return config != NULL ? command(p, SCMI_VERSION(2, 0), words, config, status) : SCMI_E_INVAL;
}

int scmi_sensor_config_set(const struct scmi_sensor_protocol *p, uint32_t sensor, uint32_t config, int32_t *status)
{
	uint32_t words[] = {SENSOR(SCMI_SENSOR_CONFIG_SET, 2), sensor, config};

	return command(p, SCMI_VERSION(2, 0), words, NULL, status);
}

int scmi_sensor_trip_config(const struct scmi_sensor_protocol *p, uint32_t sensor, uint8_t trip,
			    enum scmi_sensor_trip when, int64_t value, int32_t *status)
{
	uint32_t words[] = {
		SENSOR(SCMI_SENSOR_TRIP_POINT_CONFIG, 4),
		sensor,
		((uint32_t)when & SCMI_SENSOR_TRIP_BOTH) | (uint32_t)trip << SCMI_SENSOR_TRIP_ID_SHIFT,
		(uint32_t)(uint64_t)value,
		(uint32_t)((uint64_t)value >> 32),
	};

	return command(p, SCMI_VERSION(1, 0), words, NULL, status);
}

int scmi_sensor_trip_notify(const struct scmi_sensor_protocol *p, uint32_t sensor, bool enable, int32_t *status)
{
	uint32_t words[] = {SENSOR(SCMI_SENSOR_TRIP_POINT_NOTIFY, 2), sensor, enable ? SCMI_NOTIFY_ENABLE : 0};

	return command(p, SCMI_VERSION(1, 0), words, NULL, status);
}

int scmi_sensor_update_notify(const struct scmi_sensor_protocol *p, uint32_t sensor, bool enable, int32_t *status)
{
	uint32_t words[] = {SENSOR(SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2), sensor, enable ? SCMI_NOTIFY_ENABLE : 0};

	return command(p, SCMI_VERSION(2, 0), words, NULL, status);
}

/* ---- notifications ---- */

static void take_event(const uint8_t *bytes, uint32_t len, struct scmi_sensor_event *event)
{
	uint32_t word;

	event->agent_id = scmi_get_le32(bytes);
	event->sensor = scmi_get_le32(bytes + WORD_BYTES);
	if (event->notification == SCMI_SENSOR_UPDATE) {
		event->values = (len - EVENT_HEAD) / SCMI_SENSOR_READING_BYTES;
		if (event->values > SCMI_SENSOR_AXES_MAX)
			event->values = SCMI_SENSOR_AXES_MAX;
		event->readings_ = bytes + EVENT_HEAD;
		return;
	}
	word = scmi_get_le32(bytes + EVENT_HEAD);
	event->trip = (uint8_t)(word & SCMI_SENSOR_TRIP_ID);
	event->upwards = (word & SCMI_SENSOR_TRIPPED_UP) != 0;
}

int scmi_sensor_event_parse(uint32_t hdr, const void *payload, uint32_t len, struct scmi_sensor_event *event)
{
	const struct scmi_message_info *info =
		scmi_message_find(SCMI_PROTOCOL_SENSOR, SCMI_MSG_NOTIFICATION, scmi_hdr_message(hdr));

	if (event == NULL || (payload == NULL && len != 0))
		return SCMI_E_INVAL;
	if (scmi_hdr_protocol(hdr) != SCMI_PROTOCOL_SENSOR || scmi_hdr_type(hdr) != SCMI_MSG_NOTIFICATION ||
	    info == NULL)
		return SCMI_E_NOTFOUND;
	if (payload == NULL || len < info->values_min)
		return SCMI_E_PROTO;
	*event = (struct scmi_sensor_event){.notification = scmi_hdr_message(hdr)};
	take_event(payload, len, event);
	return SCMI_OK;
}

struct scmi_sensor_reading scmi_sensor_event_reading(const struct scmi_sensor_event *event, uint32_t i)
{
	if (i >= event->values)
		return (struct scmi_sensor_reading){.value = 0};
	return take_reading(event->readings_ + (size_t)i * SCMI_SENSOR_READING_BYTES);
}
