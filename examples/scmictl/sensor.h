/* SPDX-License-Identifier: BSD-3-Clause */
/* What the commands about sensors share. */
#ifndef SCMICTL_SENSOR_H
#define SCMICTL_SENSOR_H

#include <scmi/protocol/sensor.h>

#include "out.h"
#include "scmictl.h"

/* What one value of a sensor is. */
struct kind {
	char name[SCMI_LONG_NAME]; /* of the axis; "" without axes */
	uint8_t type;
	int8_t exponent;
	struct scmi_sensor_limits limits;
};

/* A sensor, and what its values are: one, or one for each axis. */
struct sensor {
	struct scmi_sensor_info info;
	struct kind kinds[SCMI_SENSOR_AXES_MAX];
	uint32_t n;
};

/* Values of a sensor, as many as it has. */
struct values {
	struct scmi_sensor_reading readings[SCMI_SENSOR_AXES_MAX];
	uint32_t n;
};

/* Tells by itself what went wrong. */
enum outcome sensor_open(struct session *s, struct scmi_sensor_protocol *p);

/* The sensor that a word names, by id or by name, with its axes. */
enum outcome sensor_find(struct session *s, const struct scmi_sensor_protocol *p, const char *word,
			 struct sensor *sensor);

/* Fills in kinds from info, which is there: asks for the axes. As the library's functions. */
int sensor_kinds(const struct scmi_sensor_protocol *p, struct sensor *sensor, int32_t *status);

/* Reads it. n of values is no more than the sensor has. */
int sensor_values(const struct scmi_sensor_protocol *p, const struct sensor *sensor, bool async, struct values *values,
		  int32_t *status);

/* Bytes of a value with its unit. */
#define VALUE_BYTES (DECIMAL_BYTES + 16u)

/* "42.500 degC". Returns text. */
const char *value_text(char text[VALUE_BYTES], const struct kind *kind, int64_t value);

/* All values in one line without end: "x 0.707 g, y 0.707 g". Returns how many columns that took. */
uint32_t values_show(const struct sensor *sensor, const struct values *values);

/* The member "readings". */
void json_readings(const struct sensor *sensor, const struct values *values);

/* Reads again and again, as --watch, --count and --for say. */
enum outcome sensor_watch(struct session *s, const struct scmi_sensor_protocol *p, const struct sensor *sensor);

#endif
