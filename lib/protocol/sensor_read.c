/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol, agent side: readings, and what they mean. */
#include "sensor.h"

#define NS_EXPONENT (-9)

int scmi_sensor_read_prepare(const struct scmi_sensor_protocol *p, uint32_t sensor, bool async,
			     struct scmi_sensor_read *op)
{
	if (op == NULL)
		return SCMI_E_INVAL;
	*op = (struct scmi_sensor_read){
		.call = {.size = sizeof(op->call),
			 .protocol = SCMI_PROTOCOL_SENSOR,
			 .message = SCMI_SENSOR_READING_GET,
			 .flags = async ? SCMI_CALL_DELAYED : 0u,
			 .params = op->params_,
			 .params_len = sizeof(op->params_),
			 .reply = op->reply_,
			 .reply_cap = sizeof(op->reply_)},
		.spoken_ = p->spoken,
	};
	scmi_put_le32(op->params_, sensor);
	scmi_put_le32(op->params_ + WORD_BYTES, async ? SCMI_SENSOR_READ_ASYNC : 0u);
	return SCMI_OK;
}

/* Of len bytes that came, of which room are there: how many values, and the first cap of them. */
static int take_values(uint32_t spoken, const uint8_t *at, uint32_t len, uint32_t room,
		       struct scmi_sensor_reading *readings, uint32_t cap, uint32_t *n)
{
	uint32_t each = since_2_0(spoken) ? SCMI_SENSOR_READING_BYTES : SCMI_SENSOR_VALUE_BYTES;
	uint32_t came = since_2_0(spoken) ? len / each : 1u;

	if (len < each)
		return SCMI_E_PROTO;
	if (came > SCMI_SENSOR_AXES_MAX)
		came = SCMI_SENSOR_AXES_MAX;
	for (uint32_t i = 0; i < came && i < cap && i < room / each; i++) {
		if (each == SCMI_SENSOR_READING_BYTES)
			readings[i] = take_reading(at + (size_t)i * each);
		else
			readings[i] = (struct scmi_sensor_reading){.value = (int64_t)scmi_get_le64(at)};
	}
	if (n != NULL)
		*n = came;
	return SCMI_OK;
}

int scmi_sensor_read_result(const struct scmi_sensor_read *op, int err, struct scmi_sensor_reading *readings,
			    uint32_t cap, uint32_t *n)
{
	const uint8_t *at = op->call.reply;
	uint32_t len = op->call.reply_len;
	uint32_t room = len < op->call.reply_cap ? len : op->call.reply_cap;

	if (err != SCMI_OK && err != SCMI_E_TRUNCATED)
		return err;
	if (at == NULL || (readings == NULL && cap != 0))
		return SCMI_E_INVAL;
	if ((op->call.flags & SCMI_CALL_DELAYED) != 0) {
		if (room < WORD_BYTES || scmi_get_le32(at) != scmi_get_le32(op->params_))
			return SCMI_E_PROTO;
		at += WORD_BYTES;
		len -= WORD_BYTES;
		room -= WORD_BYTES;
	}
	return take_values(op->spoken_, at, len, room, readings, cap, n);
}

int scmi_sensor_read(const struct scmi_sensor_protocol *p, uint32_t sensor, bool async,
		     struct scmi_sensor_reading *readings, uint32_t cap, uint32_t *n, int32_t *status)
{
	struct scmi_sensor_read op;
	int err;

	if (readings == NULL && cap != 0)
		return SCMI_E_INVAL;
	(void)scmi_sensor_read_prepare(p, sensor, async, &op);
	/* A value takes as much on the wire as in the array, so many of them are put there and turned in place. */
	if (!async && cap > SCMI_SENSOR_READ_VALUES) {
		op.call.reply = readings;
		op.call.reply_cap =
			SCMI_SENSOR_READING_BYTES * (cap < SCMI_SENSOR_AXES_MAX ? cap : SCMI_SENSOR_AXES_MAX);
	}
	err = scmi_agent_call(p->agent, &op.call);
	if (status != NULL)
		*status = op.call.status;
	return scmi_sensor_read_result(&op, err, readings, cap, n);
}

/* ---- numbers ---- */

int scmi_sensor_scale(int64_t value, int32_t exponent, int32_t to, int64_t *scaled)
{
	int64_t steps = (int64_t)exponent - to;

	if (scaled == NULL)
		return SCMI_E_INVAL;
	for (; steps > 0 && value != 0; steps--) {
		if (value > INT64_MAX / 10 || value < INT64_MIN / 10)
			return SCMI_E_TOOBIG;
		value *= 10;
	}
	for (; steps < 0 && value != 0; steps++)
		value /= 10;
	*scaled = value;
	return SCMI_OK;
}

uint64_t scmi_sensor_interval_ns(uint32_t interval)
{
	uint32_t bits = interval & 0x1fu;
	int32_t exponent = bits < 16u ? (int32_t)bits : (int32_t)bits - 32;
	int64_t ns;

	if (scmi_sensor_scale((int64_t)(interval >> SCMI_SENSOR_INTERVAL_SECONDS_SHIFT & 0xffffu), exponent,
			      NS_EXPONENT, &ns) != SCMI_OK)
		return UINT64_MAX;
	return (uint64_t)ns;
}
