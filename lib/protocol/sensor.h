/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the sensor protocol share. */
#ifndef SCMI_PROTOCOL_SENSOR_INTERNAL_H
#define SCMI_PROTOCOL_SENSOR_INTERNAL_H

#include <scmi/protocol/sensor.h>

#include "words.h"

#define SENSOR(message, params) COMMAND(SCMI_PROTOCOL_SENSOR, message, params)

static inline bool since_2_0(uint32_t spoken)
{
	return spoken >= SCMI_VERSION(2, 0);
}

static inline bool since_3_0(uint32_t spoken)
{
	return spoken >= SCMI_VERSION(3, 0);
}

/* A reading with a time stamp, as it stands on the wire. */
static inline struct scmi_sensor_reading take_reading(const uint8_t *at)
{
	struct scmi_sensor_reading r = {
		.value = (int64_t)scmi_get_le64(at),
		.timestamp = scmi_get_le64(at + SCMI_SENSOR_VALUE_BYTES),
	};

	return r;
}

#endif
