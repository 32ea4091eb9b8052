/* SPDX-License-Identifier: BSD-3-Clause */
/* Readings: at once, and with a delayed response. */
#include "server_sensor.h"

/* Where a handler of the user's puts what it has read. */
struct scmi_sensor_readings {
	struct scmi_request *req;
	uint32_t n;      /* that have been put */
	uint32_t values; /* that go to the agent */
	bool stamped;
	bool with_stamp; /* the agent's version has room for one */
};

static bool has_stamps(const struct scmi_sensor_desc *d)
{
	return (d->flags & SCMI_SENSOR_HAS_TIMESTAMPS) != 0;
}

void scmi_sensor_put(struct scmi_sensor_readings *to, int64_t value, uint64_t timestamp)
{
	uint8_t bytes[SCMI_SENSOR_READING_BYTES];

	if (to->n++ >= to->values)
		return;
	scmi_put_le64(bytes, (uint64_t)value);
	scmi_put_le64(bytes + SCMI_SENSOR_VALUE_BYTES, to->stamped ? timestamp : 0u);
	scmi_request_put_bytes(to->req, bytes, to->with_stamp ? SCMI_SENSOR_READING_BYTES : SCMI_SENSOR_VALUE_BYTES);
}

uint32_t scmi__sensor_fill(uint8_t *to, const struct scmi_sensor_desc *d, uint32_t version,
			   const struct scmi_sensor_reading *readings)
{
	uint32_t each = since_2_0(version) ? SCMI_SENSOR_READING_BYTES : SCMI_SENSOR_VALUE_BYTES;
	uint32_t n = values_of(d, version);

	for (uint32_t i = 0; i < n; i++, to += each) {
		scmi_put_le64(to, (uint64_t)readings[i].value);
		if (each > SCMI_SENSOR_VALUE_BYTES)
			scmi_put_le64(to + SCMI_SENSOR_VALUE_BYTES, has_stamps(d) ? readings[i].timestamp : 0u);
	}
	return n * each;
}

static int32_t read_now(const struct scmi_sensor_model *m, const struct scmi_sensor_desc *d, struct scmi_request *req)
{
	uint32_t version = scmi_request_version(req);
	struct scmi_sensor_readings to = {
		.req = req,
		.values = values_of(d, version),
		.stamped = has_stamps(d),
		.with_stamp = since_2_0(version),
	};
	int32_t status = m->ops->read(m->arg, scmi_request_u32(req, 0), &to);

	if (status == SCMI_SUCCESS && to.n != (d->axes_n != 0 ? d->axes_n : 1u))
		return SCMI_GENERIC_ERROR;
	return status;
}

/* The node itself tells whether it is in use. */
static int32_t read_later(const struct scmi_sensor_model *m, struct scmi_request *req)
{
	struct scmi_sensor_pending *p = m->pending;
	int32_t status = SCMI_BUSY;
	uint32_t i;

	for (i = 0; i < m->pending_n && status == SCMI_BUSY; i++)
		status = scmi_request_delay(req, &m->pending[i].delayed_);
	if (status != SCMI_SUCCESS)
		return status;
	p += i - 1u;
	p->sensor = scmi_request_u32(req, 0);
	p->version_ = scmi_request_version(req);
	status = m->ops->read_async(m->arg, p->sensor, p);
	if (status != SCMI_SUCCESS)
		(void)scmi_delayed_cancel(&p->delayed_);
	return status;
}

static int32_t enabled(const struct scmi_sensor_model *m, uint32_t sensor)
{
	uint32_t config = SCMI_SENSOR_ENABLED;
	int32_t status = SCMI_SUCCESS;

	if (m->ops->config_get != NULL && since_2_0(scmi__sensor_version(m)))
		status = m->ops->config_get(m->arg, sensor, &config);
	if (status == SCMI_SUCCESS && (config & SCMI_SENSOR_ENABLED) == 0)
		return SCMI_PROTOCOL_ERROR;
	return status;
}

int32_t scmi__sensor_reading_get(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	uint32_t flags = scmi_request_u32(req, 1);
	const struct scmi_sensor_desc *d;
	int32_t status;

	d = scmi__sensor_used(m, req, &status);
	if (d == NULL)
		return status;
	if ((flags & ~SCMI_SENSOR_READ_ASYNC) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (flags != 0 && (d->flags & SCMI_SENSOR_READS_ASYNC) == 0)
		return SCMI_NOT_SUPPORTED;
	status = enabled(m, scmi_request_u32(req, 0));
	if (status != SCMI_SUCCESS)
		return status;
	return flags != 0 ? read_later(m, req) : read_now(m, d, req);
}

int scmi_sensor_read_done(struct scmi_sensor_pending *p, int32_t status, const struct scmi_sensor_reading *readings,
			  uint32_t n)
{
	const struct scmi_sensor_desc *d = &p->model_->sensors[p->sensor];
	uint8_t *values = (uint8_t *)p->buf + SCMI_STATUS_BYTES;
	uint32_t len = 0;
	int err;

	if (status == SCMI_SUCCESS) {
		if (readings == NULL || n != (d->axes_n != 0 ? d->axes_n : 1u))
			return SCMI_E_INVAL;
		scmi_put_le32(values, p->sensor);
		len = WORD_BYTES + scmi__sensor_fill(values + WORD_BYTES, d, p->version_, readings);
	}
	err = scmi_delayed_send(&p->delayed_, status, values, len);
	if (err != SCMI_E_TOOBIG)
		return err;
	err = scmi_delayed_send(&p->delayed_, SCMI_GENERIC_ERROR, NULL, 0);
	return err == SCMI_OK ? SCMI_E_TOOBIG : err;
}
