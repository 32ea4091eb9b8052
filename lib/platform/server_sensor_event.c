/* SPDX-License-Identifier: BSD-3-Clause */
/* Trip points, and what agents are told of. */
#include "server_sensor.h"

/* Two bits for each sensor and agent, in the order of enum scmi_sensor_notification; sixteen sensors a word. */
#define SENSORS_A_WORD 16u
#define EVENT_HEAD     (2u * WORD_BYTES) /* the agent that caused it, the sensor */
#define PLATFORM       0u

_Static_assert(SCMI_SENSOR_TRIP_POINT_EVENT == 0 && SCMI_SENSOR_UPDATE == 1, "the order of the bits");
_Static_assert(SCMI_SENSOR_WANT_WORDS(SENSORS_A_WORD + 1u, 1u) == 2u, "sixteen sensors a word");

static _Atomic uint32_t *word_of(const struct scmi_sensor_model *m, uint16_t agent, uint32_t sensor)
{
	return atomic_word(&m->wants[(size_t)(agent - 1u) * m->row_ + sensor / SENSORS_A_WORD]);
}

static uint32_t bit_of(uint32_t sensor, enum scmi_sensor_notification notification)
{
	return 1u << (2u * (sensor % SENSORS_A_WORD) + (uint32_t)notification);
}

static bool wants(const struct scmi_sensor_model *m, uint16_t agent, uint32_t sensor,
		  enum scmi_sensor_notification notification)
{
	return (atomic_load(word_of(m, agent, sensor)) & bit_of(sensor, notification)) != 0;
}

void scmi__sensor_forget(const struct scmi_sensor_model *m, uint16_t agent)
{
	for (uint32_t i = 0; m->wants != NULL && i < m->row_; i++)
		atomic_store(word_of(m, agent, i * SENSORS_A_WORD), 0u);
}

/*
 * The core knows one switch for each notification and agent. It is switched on with the first sensor and stays so: the
 * bits here decide.
 */
static int32_t switch_events(const struct scmi_sensor_model *m, struct scmi_request *req,
			     enum scmi_sensor_notification notification, bool has_any)
{
	uint32_t sensor = scmi_request_u32(req, 0);
	uint32_t enable = scmi_request_u32(req, 1);
	_Atomic uint32_t *word = word_of(m, scmi_request_agent(req), sensor);
	uint32_t bit = bit_of(sensor, notification);

	if ((enable & ~SCMI_NOTIFY_ENABLE) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (!has_any)
		return SCMI_NOT_SUPPORTED;
	if (enable == 0) {
		atomic_fetch_and(word, ~bit);
		return SCMI_SUCCESS;
	}
	atomic_fetch_or(word, bit);
	return scmi_request_notify(req, notification, enable);
}

int32_t scmi__sensor_trip_point_notify(void *model, struct scmi_request *req)
{
	int32_t status;
	const struct scmi_sensor_desc *d = scmi__sensor_used(model, req, &status);

	if (d == NULL)
		return status;
	return switch_events(model, req, SCMI_SENSOR_TRIP_POINT_EVENT, d->trip_points != 0);
}

int32_t scmi__sensor_continuous_update_notify(void *model, struct scmi_request *req)
{
	int32_t status;
	const struct scmi_sensor_desc *d = scmi__sensor_used(model, req, &status);

	if (d == NULL)
		return status;
	return switch_events(model, req, SCMI_SENSOR_UPDATE, (d->flags & SCMI_SENSOR_TELLS_UPDATES) != 0);
}

int32_t scmi__sensor_trip_point_config(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	uint32_t control = scmi_request_u32(req, 1);
	uint64_t value = (uint64_t)scmi_request_u32(req, 3) << 32 | scmi_request_u32(req, 2);
	uint32_t trip = control >> SCMI_SENSOR_TRIP_ID_SHIFT;
	const struct scmi_sensor_desc *d;
	int32_t status;

	d = scmi__sensor_used(m, req, &status);
	if (d == NULL)
		return status;
	if ((control & ~SCMI_SENSOR_TRIP_BITS) != 0 || trip >= d->trip_points)
		return SCMI_INVALID_PARAMETERS;
	return m->ops->trip_config(m->arg, scmi_request_u32(req, 0), (uint8_t)trip,
				   (enum scmi_sensor_trip)(control & SCMI_SENSOR_TRIP_BOTH), (int64_t)value);
}

/* ---- what is sent ---- */

/* An agent that has gone back to a version without the notification is not told. */
static bool is_to_be_told(const struct scmi_sensor_model *m, const struct channel *ch, uint32_t sensor,
			  enum scmi_sensor_notification notification)
{
	uint32_t server = scmi__platform_server(m->platform_, SCMI_PROTOCOL_SENSOR);

	if (!wants(m, ch->id, sensor, notification))
		return false;
	if (notification == SCMI_SENSOR_UPDATE && !since_2_0(scmi__platform_spoken(ch, server)))
		return false;
	return m->ops->may_use == NULL || m->ops->may_use(m->arg, ch->id, sensor);
}

/* To all who want it. The first error is told, but a drop only where there is no other. */
static int tell(const struct scmi_sensor_model *m, enum scmi_sensor_notification notification, const uint8_t *payload,
		uint32_t len)
{
	const uint32_t hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, (uint8_t)notification, SCMI_MSG_NOTIFICATION, 0);
	uint32_t sensor = scmi_get_le32(payload + WORD_BYTES);
	int result = SCMI_OK;

	for (uint32_t i = 0; i < m->platform_->agents_n; i++) {
		struct channel *ch = &m->platform_->channels[i];
		int err;

		if (!is_to_be_told(m, ch, sensor, notification))
			continue;
		err = scmi__platform_notify(ch, hdr, payload, len);
		if (err != SCMI_OK && (result == SCMI_OK || result == SCMI_E_BUSY))
			result = err;
	}
	return result;
}

int scmi_sensor_tripped(const struct scmi_sensor_model *m, uint32_t sensor, uint8_t trip, bool upwards)
{
	uint8_t event[SCMI_SENSOR_TRIP_BYTES];

	if (sensor >= m->count)
		return SCMI_E_NOTFOUND;
	if (m->wants == NULL || trip >= m->sensors[sensor].trip_points)
		return SCMI_E_INVAL;
	scmi_put_le32(event, PLATFORM);
	scmi_put_le32(event + WORD_BYTES, sensor);
	scmi_put_le32(event + EVENT_HEAD, trip | (upwards ? SCMI_SENSOR_TRIPPED_UP : 0u));
	return tell(m, SCMI_SENSOR_TRIP_POINT_EVENT, event, sizeof(event));
}

/* What has room in a small frame; sensors measure along three axes or six, as a rule. */
#define FEW_VALUES 6u

/* event has room for all of them. */
static int tell_values(const struct scmi_sensor_model *m, uint32_t sensor, const struct scmi_sensor_reading *readings,
		       uint8_t *event)
{
	uint32_t len =
		EVENT_HEAD + scmi__sensor_fill(event + EVENT_HEAD, &m->sensors[sensor], SCMI_SENSOR_VERSION, readings);

	scmi_put_le32(event, PLATFORM);
	scmi_put_le32(event + WORD_BYTES, sensor);
	return tell(m, SCMI_SENSOR_UPDATE, event, len);
}

static NOINLINE int tell_few(const struct scmi_sensor_model *m, uint32_t sensor,
			     const struct scmi_sensor_reading *readings)
{
	uint8_t event[EVENT_HEAD + FEW_VALUES * SCMI_SENSOR_READING_BYTES];

	return tell_values(m, sensor, readings, event);
}

static NOINLINE int tell_many(const struct scmi_sensor_model *m, uint32_t sensor,
			      const struct scmi_sensor_reading *readings)
{
	uint8_t event[EVENT_HEAD + SCMI_SENSOR_AXES_MAX * SCMI_SENSOR_READING_BYTES];

	return tell_values(m, sensor, readings, event);
}

int scmi_sensor_updated(const struct scmi_sensor_model *m, uint32_t sensor, const struct scmi_sensor_reading *readings,
			uint32_t n)
{
	const struct scmi_sensor_desc *d;

	if (sensor >= m->count)
		return SCMI_E_NOTFOUND;
	d = &m->sensors[sensor];
	if ((d->flags & SCMI_SENSOR_TELLS_UPDATES) == 0 || readings == NULL || n != values_of(d, SCMI_SENSOR_VERSION))
		return SCMI_E_INVAL;
	return n <= FEW_VALUES ? tell_few(m, sensor, readings) : tell_many(m, sensor, readings);
}

bool scmi_sensor_wanted(const struct scmi_sensor_model *m, uint32_t sensor, enum scmi_sensor_notification notification)
{
	if (sensor >= m->count || m->wants == NULL)
		return false;
	for (uint32_t i = 0; i < m->platform_->agents_n; i++) {
		if (is_to_be_told(m, &m->platform_->channels[i], sensor, notification))
			return true;
	}
	return false;
}
