/* SPDX-License-Identifier: BSD-3-Clause */
#include "sensor_device.h"

#include <string.h>

#define GUARD 0xa5

const struct scmi_sensor_reading sensor_device_readings[SENSORS][AXES] = {
	[CPU] = {{42500, 0}},
	[BOARD] = {{31250, 0}},
	[VOLTAGE] = {{-1500000, 0x123456789}},
	[ACCEL] = {{1, 0}, {-2, 0}, {3, 0}},
};

static uint32_t values_of(const struct sensor_device *d, uint32_t sensor)
{
	return d->descs[sensor].axes_n != 0 ? d->descs[sensor].axes_n : 1u;
}

static int32_t read_sensor(void *arg, uint32_t sensor, struct scmi_sensor_readings *to)
{
	struct sensor_device *d = arg;
	uint32_t n = d->readings_n != 0 ? d->readings_n : values_of(d, sensor);

	for (uint32_t i = 0; i < n; i++)
		scmi_sensor_put(to, sensor_device_readings[sensor][i % AXES].value,
				sensor_device_readings[sensor][i % AXES].timestamp);
	return d->status;
}

static int32_t read_async(void *arg, uint32_t sensor, struct scmi_sensor_pending *pending)
{
	struct sensor_device *d = arg;

	if (d->status != SCMI_SUCCESS)
		return d->status;
	if (d->at_once)
		(void)scmi_sensor_read_done(pending, SCMI_SUCCESS, sensor_device_readings[sensor],
					    values_of(d, sensor));
	else
		d->kept = pending;
	return SCMI_SUCCESS;
}

static int32_t trip_config(void *arg, uint32_t sensor, uint8_t trip, enum scmi_sensor_trip when, int64_t value)
{
	struct sensor_device *d = arg;

	d->trip_sensor = sensor;
	d->trip_id = trip;
	d->trip_when = when;
	d->trip_value = value;
	return SCMI_SUCCESS;
}

static int32_t config_get(void *arg, uint32_t sensor, uint32_t *config)
{
	*config = ((struct sensor_device *)arg)->config[sensor];
	return SCMI_SUCCESS;
}

static int32_t config_set(void *arg, uint16_t agent, uint32_t sensor, uint32_t config)
{
	struct sensor_device *d = arg;

	d->set_agent = agent;
	d->set_sensor = sensor;
	d->set_config = config;
	return SCMI_SUCCESS;
}

static bool may_use(void *arg, uint16_t agent, uint32_t sensor)
{
	return sensor != VOLTAGE || agent != ((struct sensor_device *)arg)->denied_agent;
}

static void reset(void *arg, uint16_t agent)
{
	((struct sensor_device *)arg)->reset_agent = agent;
}

static const struct scmi_sensor_limits voltage_limits = {
	.min = -1000000, .max = 5000000, .resolution = 5, .resolution_exponent = -3};
static const struct scmi_sensor_limits axis_limits = {.min = -2000, .max = 2000, .resolution = 1};

static const struct scmi_sensor_axis_desc axes[AXES] = {
	{.size = sizeof(axes[0]), .name = "x", .type = SCMI_SENSOR_UNSPECIFIED, .exponent = -2},
	{.size = sizeof(axes[0]), .name = "y", .type = SCMI_SENSOR_UNSPECIFIED, .exponent = -2, .limits = &axis_limits},
	{.size = sizeof(axes[0]), .name = "the z axis points upwards", .type = SCMI_SENSOR_UNSPECIFIED, .exponent = -2},
};

static const uint32_t intervals[] = {SCMI_SENSOR_INTERVAL(1, -3), SCMI_SENSOR_INTERVAL(1, -2),
				     SCMI_SENSOR_INTERVAL(1, 0)};
static const uint32_t range[] = {SCMI_SENSOR_INTERVAL(1, -3), SCMI_SENSOR_INTERVAL(10, 0), SCMI_SENSOR_INTERVAL(1, -3)};

static const struct scmi_sensor_desc descs[SENSORS] = {
	[CPU] = {.size = sizeof(descs[0]),
		 .name = "cpu_temp",
		 .type = SCMI_SENSOR_CELSIUS,
		 .exponent = -3,
		 .trip_points = 1},
	[BOARD] = {.size = sizeof(descs[0]),
		   .name = "board_temp",
		   .type = SCMI_SENSOR_CELSIUS,
		   .exponent = -3,
		   .trip_points = 1},
	[VOLTAGE] = {.size = sizeof(descs[0]),
		     .flags = SCMI_SENSOR_READS_ASYNC | SCMI_SENSOR_TELLS_UPDATES | SCMI_SENSOR_HAS_TIMESTAMPS |
			      SCMI_SENSOR_HAS_LIMITS,
		     .name = "battery_voltage_of_the_main_board",
		     .type = SCMI_SENSOR_VOLTS,
		     .exponent = -6,
		     .stamp_exponent = -9,
		     .trip_points = 2,
		     .power = 7,
		     .old_interval = SCMI_SENSOR_INTERVAL(5, -1),
		     .limits = &voltage_limits,
		     .intervals_n = sizeof(intervals) / sizeof(intervals[0]),
		     .intervals = intervals},
	[ACCEL] = {.size = sizeof(descs[0]),
		   .flags = SCMI_SENSOR_READS_ASYNC | SCMI_SENSOR_TELLS_UPDATES | SCMI_SENSOR_HAS_LIMITS,
		   .name = "accelerometer",
		   .type = SCMI_SENSOR_UNSPECIFIED,
		   .exponent = -2,
		   .power = 12,
		   .axes = axes,
		   .axes_n = AXES,
		   .intervals_n = sizeof(range) / sizeof(range[0]),
		   .intervals = range,
		   .intervals_range = true},
};

void sensor_device_init(struct sensor_device *d, uint32_t version)
{
	memset(d, 0, sizeof(*d));
	memcpy(d->descs, descs, sizeof(descs));
	memset(d->wants, 0xff, sizeof(d->wants)); /* any content is allowed */
	memset(d->buffers, GUARD, sizeof(d->buffers));
	for (uint32_t i = 0; i < PENDING; i++) {
		d->pending[i].size = sizeof(d->pending[i]);
		d->pending[i].buf = d->buffers[i].bytes;
		d->pending[i].cap = sizeof(d->buffers[i].bytes);
	}
	for (uint32_t i = 0; i < SENSORS; i++)
		d->config[i] = SCMI_SENSOR_ENABLED | SCMI_SENSOR_TIMESTAMPED |
			       SCMI_SENSOR_INTERVAL(1, -2) << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	d->ops = (struct scmi_sensor_ops){
		.size = sizeof(d->ops),
		.read = read_sensor,
		.read_async = read_async,
		.trip_config = trip_config,
		.config_get = config_get,
		.config_set = config_set,
		.may_use = may_use,
		.reset = reset,
	};
	d->model = (struct scmi_sensor_model){
		.size = sizeof(d->model),
		.version = version,
		.sensors = d->descs,
		.ops = &d->ops,
		.arg = d,
		.count = SENSORS,
		.pending_n = PENDING,
		.pending = d->pending,
		.wants = d->wants,
		.want_words = SCMI_SENSOR_WANT_WORDS(SENSORS, AGENTS),
	};
}

static bool is_guard(const uint8_t *bytes)
{
	for (uint32_t i = 0; i < DEVICE_GUARD; i++) {
		if (bytes[i] != GUARD)
			return false;
	}
	return true;
}

bool sensor_device_guards_hold(const struct sensor_device *d)
{
	for (uint32_t i = 0; i < PENDING; i++) {
		if (!is_guard(d->buffers[i].before) || !is_guard(d->buffers[i].after))
			return false;
	}
	return true;
}
