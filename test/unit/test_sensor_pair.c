/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol from end to end: typed commands against the server, over a loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/sensor.h>
#include <scmi/transport/loopback.h>

#include "fake_port.h"
#include "sensor_device.h"

#define SLOTS      4u
#define EVENTS     4u
#define EVENT_SIZE 64u
#define HEARD_MAX  8u
#define MANY       1000u

struct pair {
	struct fake_port fake;
	struct scmi_loopback *loopback;
	max_align_t loopback_memory[4096 / sizeof(max_align_t)];
	struct sensor_device device;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[1];
	struct scmi_endpoint endpoint;
	struct scmi_platform *platform;
	max_align_t platform_memory[SCMI_PLATFORM_WORDS(1, 1)];
	struct scmi_agent *agent;
	max_align_t agent_memory[SCMI_AGENT_WORDS_FOR(SLOTS, 1, SCMI_EVENT_BYTES_MAX, EVENTS, EVENT_SIZE)];
	struct scmi_sensor_protocol p;

	/* what has been heard */
	struct scmi_subscriber ear;
	unsigned heard;
	struct scmi_sensor_event event;
	struct scmi_sensor_reading readings[AXES];
	unsigned ended;
	int err;
};

static struct pair pair;

static void hear(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct pair *f = self->arg;

	f->heard++;
	assert_int_equal(scmi_sensor_event_parse(hdr, payload, len, &f->event), SCMI_OK);
	for (uint32_t i = 0; i < f->event.values && i < AXES; i++)
		f->readings[i] = scmi_sensor_event_reading(&f->event, i);
}

static void open_platform(struct pair *f)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = f->servers,
		.servers_n = 1,
		.agents = f->agents,
		.agents_n = 1,
	};

	scmi_sensor_server(&f->server, &f->device.model);
	f->servers[0] = &f->server;
	f->agents[0] = (struct scmi_platform_agent){.size = sizeof(f->agents[0]), .endpoint = &f->endpoint};
	assert_int_equal(scmi_platform_init(&f->platform, f->platform_memory, sizeof(f->platform_memory), &config),
			 SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

static void open_agent(struct pair *f, const struct scmi_transport *transport)
{
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = transport,
		.port = &f->fake.port,
		.options.slots = SLOTS,
		.max_waiters = 1,
		.event_buffers = EVENTS,
		.event_bytes = EVENT_SIZE,
	};

	assert_int_equal(scmi_agent_init(&f->agent, f->agent_memory, sizeof(f->agent_memory), &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
	f->ear = (struct scmi_subscriber){.size = sizeof(f->ear),
					  .protocol = SCMI_PROTOCOL_SENSOR,
					  .message = SCMI_ANY,
					  .notify = hear,
					  .arg = f};
	assert_int_equal(scmi_agent_subscribe(f->agent, &f->ear), SCMI_OK);
}

/* The device has been filled in. */
static void open_pair(struct pair *f)
{
	const struct scmi_loopback_config config = {.size = sizeof(config), .max_inflight = SLOTS};
	struct scmi_transport transport;

	fake_port_init(&f->fake);
	assert_int_equal(scmi_loopback_init(&f->loopback, f->loopback_memory, sizeof(f->loopback_memory), &config,
					    &transport, &f->endpoint),
			 SCMI_OK);
	open_platform(f);
	open_agent(f, &transport);
}

static void close_pair(struct pair *f)
{
	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	scmi_loopback_fini(f->loopback);
	assert_null(f->fake.fault);
	assert_true(sensor_device_guards_hold(&f->device));
	memset(f, 0, sizeof(*f));
}

static int set_up(void **state)
{
	memset(&pair, 0, sizeof(pair));
	sensor_device_init(&pair.device, 0);
	open_pair(&pair);
	assert_int_equal(scmi_sensor_open(pair.agent, 0, &pair.p, NULL), SCMI_OK);
	*state = &pair;
	return 0;
}

static int tear_down(void **state)
{
	close_pair(*state);
	return 0;
}

/* ---- descriptions ---- */

static void assert_described(const struct scmi_sensor_info *info, const struct scmi_sensor_desc *d, uint32_t version)
{
	bool old = version < SCMI_VERSION(2, 0);
	size_t len = version < SCMI_VERSION(3, 0) ? SCMI_SHORT_NAME - 1u : SCMI_LONG_NAME - 1u;

	assert_int_equal(info->type, d->type);
	assert_int_equal(info->exponent, d->exponent);
	assert_int_equal(info->trip_points, d->trip_points);
	assert_int_equal(info->axes, old ? 0 : d->axes_n);
	assert_int_equal(info->stamp_exponent, old ? 0 : d->stamp_exponent);
	assert_int_equal(info->old_interval, old ? d->old_interval : 0);
	assert_int_equal(info->power, old ? 0 : d->power);
	assert_int_equal(info->attributes & SCMI_SENSOR_READS_ASYNC, d->flags & SCMI_SENSOR_READS_ASYNC);
	assert_int_equal(strncmp(info->name, d->name, len), 0);
	assert_int_equal(strlen(info->name), strlen(d->name) < len ? strlen(d->name) : len);
	if (old || d->limits == NULL)
		assert_true(info->limits.min == INT64_MIN && info->limits.max == INT64_MAX);
	else
		assert_memory_equal(&info->limits, d->limits, sizeof(info->limits));
}

static void every_version_that_an_agent_knows_is_spoken(void **state)
{
	static const uint32_t newest[] = {SCMI_VERSION(1, 0), SCMI_VERSION(2, 0), SCMI_VERSION(3, 0),
					  SCMI_VERSION(3, 1)};
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_reading readings[AXES];
	struct scmi_sensors it;
	struct pair *f = *state;
	uint32_t n;

	for (size_t i = 0; i < sizeof(newest) / sizeof(newest[0]); i++) {
		assert_int_equal(scmi_sensor_open(f->agent, newest[i], &f->p, NULL), SCMI_OK);
		assert_int_equal(f->p.version, SCMI_SENSOR_VERSION);
		assert_int_equal(f->p.spoken, newest[i]);
		assert_int_equal(f->p.sensors, SENSORS);
		scmi_sensors_begin(&f->p, &it);
		for (uint32_t sensor = 0; sensor < SENSORS; sensor++) {
			assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
			assert_int_equal(info.id, sensor);
			assert_described(&info, &f->device.descs[sensor], newest[i]);
			assert_int_equal(scmi_sensor_read(&f->p, sensor, false, readings, AXES, &n, NULL), SCMI_OK);
			assert_int_equal(n, info.axes != 0 ? info.axes : 1);
			assert_true(readings[0].value == sensor_device_readings[sensor][0].value);
		}
		assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_E_NOTFOUND);
		/* Back to the newest, for the next turn. */
		assert_int_equal(scmi_protocol_negotiate(f->agent, SCMI_PROTOCOL_SENSOR, SCMI_SENSOR_VERSION, NULL),
				 SCMI_OK);
	}
}

static void axes_come_with_their_long_names(void **state)
{
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_axes it;
	struct pair *f = *state;

	scmi_sensor_axes_begin(&f->p, ACCEL, &it);
	for (uint32_t i = 0; i < AXES; i++) {
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
		assert_int_equal(axis.id, i);
		assert_string_equal(axis.name, f->device.descs[ACCEL].axes[i].name);
	}
	assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_E_NOTFOUND);
}

/* ---- readings ---- */

static void asynchronous_reading_waits_for_its_delayed_response(void **state)
{
	struct scmi_sensor_reading readings[AXES];
	struct pair *f = *state;
	int32_t status = 0;
	uint32_t n;

	f->device.at_once = true;
	assert_int_equal(scmi_sensor_read(&f->p, VOLTAGE, true, readings, AXES, &n, NULL), SCMI_OK);
	assert_int_equal(n, 1);
	assert_true(readings[0].value == -1500000 && readings[0].timestamp == 0x123456789u);
	assert_int_equal(scmi_sensor_read(&f->p, ACCEL, true, readings, AXES, &n, NULL), SCMI_OK);
	assert_int_equal(n, AXES);
	for (uint32_t i = 0; i < AXES; i++)
		assert_true(readings[i].value == sensor_device_readings[ACCEL][i].value);
	assert_int_equal(scmi_sensor_read(&f->p, CPU, true, readings, AXES, &n, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
}

static void on_done(struct scmi_call *call, int err)
{
	struct pair *f = call->arg;

	f->ended++;
	f->err = err;
}

static void asynchronous_reading_in_parts_ends_by_callback(void **state)
{
	struct scmi_sensor_reading reading = {0, 0};
	struct scmi_sensor_read op;
	struct pair *f = *state;

	assert_int_equal(scmi_sensor_read_prepare(&f->p, VOLTAGE, true, &op), SCMI_OK);
	op.call.done = on_done;
	op.call.arg = f;
	assert_int_equal(scmi_agent_submit(f->agent, &op.call), SCMI_OK);
	assert_int_equal(f->ended, 0);
	assert_int_equal(scmi_sensor_read_done(f->device.kept, SCMI_SUCCESS, sensor_device_readings[VOLTAGE], 1),
			 SCMI_OK);
	assert_int_equal(f->ended, 1);
	assert_int_equal(scmi_sensor_read_result(&op, f->err, &reading, 1, NULL), SCMI_OK);
	assert_true(reading.value == -1500000);

	assert_int_equal(scmi_sensor_read_prepare(&f->p, VOLTAGE, true, &op), SCMI_OK);
	op.call.done = on_done;
	op.call.arg = f;
	assert_int_equal(scmi_agent_submit(f->agent, &op.call), SCMI_OK);
	assert_int_equal(scmi_sensor_read_done(f->device.kept, SCMI_HARDWARE_ERROR, NULL, 0), SCMI_OK);
	assert_int_equal(scmi_sensor_read_result(&op, f->err, &reading, 1, NULL), SCMI_E_REMOTE);
	assert_int_equal(op.call.status, SCMI_HARDWARE_ERROR);
}

static void sensor_that_is_off_is_the_platforms_error(void **state)
{
	struct scmi_sensor_reading reading;
	struct pair *f = *state;
	int32_t status = 0;

	f->device.config[CPU] = 0;
	assert_int_equal(scmi_sensor_read(&f->p, CPU, false, &reading, 1, NULL, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_PROTOCOL_ERROR);
}

/* ---- notifications ---- */

static void notifications_reach_the_subscriber(void **state)
{
	struct pair *f = *state;

	assert_int_equal(scmi_sensor_trip_config(&f->p, VOLTAGE, 1, SCMI_SENSOR_TRIP_DOWN, -7, NULL), SCMI_OK);
	assert_true(f->device.trip_value == -7 && f->device.trip_when == SCMI_SENSOR_TRIP_DOWN);
	assert_int_equal(scmi_sensor_trip_notify(&f->p, VOLTAGE, true, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_tripped(&f->device.model, VOLTAGE, 1, false), SCMI_OK);
	assert_int_equal(f->heard, 1);
	assert_int_equal(f->event.notification, SCMI_SENSOR_TRIP_POINT_EVENT);
	assert_int_equal(f->event.sensor, VOLTAGE);
	assert_int_equal(f->event.trip, 1);
	assert_false(f->event.upwards);

	assert_int_equal(scmi_sensor_update_notify(&f->p, ACCEL, true, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_updated(&f->device.model, ACCEL, sensor_device_readings[ACCEL], AXES), SCMI_OK);
	assert_int_equal(f->heard, 2);
	assert_int_equal(f->event.notification, SCMI_SENSOR_UPDATE);
	assert_int_equal(f->event.values, AXES);
	assert_memory_equal(f->readings, sensor_device_readings[ACCEL], sizeof(f->readings));
	assert_int_equal(scmi_sensor_update_notify(&f->p, ACCEL, false, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_updated(&f->device.model, ACCEL, sensor_device_readings[ACCEL], AXES), SCMI_OK);
	assert_int_equal(f->heard, 2);
}

/* ---- many ---- */

static void thousand_sensors_are_listed(void **state)
{
	static struct scmi_sensor_desc descs[MANY];
	static char names[MANY][16];
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;
	struct pair *f = &pair;

	(void)state;
	memset(f, 0, sizeof(*f));
	sensor_device_init(&f->device, 0);
	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "sensor%u", (unsigned)i);
		descs[i] = f->device.descs[CPU];
		descs[i].name = names[i];
	}
	f->device.model.sensors = descs;
	f->device.model.count = MANY;
	f->device.model.wants = NULL;
	open_pair(f);
	assert_int_equal(scmi_sensor_open(f->agent, 0, &f->p, NULL), SCMI_OK);
	assert_int_equal(f->p.sensors, MANY);
	scmi_sensors_begin(&f->p, &it);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
		assert_int_equal(info.id, i);
		assert_string_equal(info.name, names[i]);
	}
	assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_E_NOTFOUND);
	/* Version, attributes, and as many parts as it takes with four in each. */
	assert_int_equal(scmi_agent_stats(f->agent, SCMI_ALL_LINKS, &stats), SCMI_OK);
	assert_int_equal(stats.submitted, 2 + MANY / 4);
	close_pair(f);
}

#define PAIRED(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIRED(every_version_that_an_agent_knows_is_spoken),
		PAIRED(axes_come_with_their_long_names),
		PAIRED(asynchronous_reading_waits_for_its_delayed_response),
		PAIRED(asynchronous_reading_in_parts_ends_by_callback),
		PAIRED(sensor_that_is_off_is_the_platforms_error),
		PAIRED(notifications_reach_the_subscriber),
		cmocka_unit_test(thousand_sensors_are_listed),
	};

	return cmocka_run_group_tests_name("sensor_pair", tests, NULL, NULL);
}
