/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Four sensors, of every kind that there is, as a model for the platform: the two of the recordings; a voltage with all
 * attributes and a long name; and three axes. sensor_vectors.c has what is said about them.
 */
#ifndef SENSOR_DEVICE_H
#define SENSOR_DEVICE_H

#include <scmi/server/sensor.h>

#define CPU     0u
#define BOARD   1u
#define VOLTAGE 2u
#define ACCEL   3u
#define SENSORS 4u
#define AXES    3u
#define PENDING 2u
#define AGENTS  2u

#define DEVICE_GUARD 16u /* bytes around each buffer that the library is lent */

struct sensor_device {
	struct scmi_sensor_desc descs[SENSORS];
	struct scmi_sensor_ops ops;
	struct scmi_sensor_model model;
	struct scmi_sensor_pending pending[PENDING];
	struct {
		uint8_t before[DEVICE_GUARD];
		uint8_t bytes[SCMI_SENSOR_PENDING_BYTES(AXES)];
		uint8_t after[DEVICE_GUARD];
	} buffers[PENDING];
	uint32_t wants[SCMI_SENSOR_WANT_WORDS(SENSORS, AGENTS)];

	/* what the ops are to do */
	uint32_t config[SENSORS]; /* as config_get tells */
	int32_t status;           /* of read and read_async */
	uint32_t readings_n;      /* that read puts; 0: as many as there are */
	bool at_once;             /* read_async ends before it returns */
	uint32_t denied_agent;    /* may not use VOLTAGE; 0: none */

	/* what they were asked */
	struct scmi_sensor_pending *kept;
	uint32_t reset_agent;
	uint32_t set_sensor;
	uint32_t set_agent;
	uint32_t set_config;
	uint32_t trip_sensor;
	uint32_t trip_id;
	uint32_t trip_when;
	int64_t trip_value;
};

/* What they read. */
extern const struct scmi_sensor_reading sensor_device_readings[SENSORS][AXES];

void sensor_device_init(struct sensor_device *d, uint32_t version);

/* Whether nobody has written beside the buffers. */
bool sensor_device_guards_hold(const struct sensor_device *d);

#endif
