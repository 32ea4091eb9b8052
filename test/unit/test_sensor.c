/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed commands of the sensor protocol against the vectors of each version. */
#include "sensor_told.h"

#define LONG_NAME "battery_voltage_of_the_main_board"
#define Z_NAME    "the z axis points upwards"

static const uint8_t versions[] = {V1_0, V2_0, V3_0, V3_1};

static void open_takes_version_and_attributes(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < LENGTH(versions); i++) {
		struct scmi_sensor_protocol p;

		serve_vectors(f, versions[i], &p);
		assert_int_equal(p.size, sizeof(p));
		assert_int_equal(p.version, vector_version(versions[i]));
		assert_int_equal(p.spoken, vector_version(versions[i]));
		assert_int_equal(p.sensors, 4);
		assert_int_equal(p.async_max, 2);
		assert_int_equal(p.region_len, 0);
		assert_true(p.region == 0);
		assert_ptr_equal(p.agent, f->agent);
	}
}

static void open_with_an_older_version_negotiates_it(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, OK, 1, 0, 3, 0),
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_NEGOTIATE_PROTOCOL_VERSION, OK, WORD(0)),
		{SCMI_NEGOTIATE_PROTOCOL_VERSION, BYTES(0, 0, 2, 0), 4, BYTES(OK), 4},
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 0x34, 0x12, 7, 0xff, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		      0, 1, 0, 0, 0xee, 0xee),
	};
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_sensor_open(f->agent, SCMI_VERSION(2, 0), &p, NULL), SCMI_OK);
	assert_int_equal(p.version, SCMI_VERSION(3, 1));
	assert_int_equal(p.spoken, SCMI_VERSION(2, 0));
	assert_int_equal(p.sensors, 0x1234);
	assert_int_equal(p.async_max, 7);
	assert_true(p.region == 0x8877665544332211u);
	assert_int_equal(p.region_len, 256);
}

static void open_that_fails_leaves_the_result_alone(void **state)
{
	const struct row short_one[] = {PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 3, 0),
					PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(1), WORD(2), WORD(3), 0, 0, 0)};
	struct scmi_sensor_protocol p = {.size = 77};
	struct fixture *f = *state;
	int32_t status = 0;

	serve(f, short_one, 1);
	assert_int_equal(scmi_sensor_open(f->agent, 0, &p, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	serve(f, short_one, 2);
	assert_int_equal(scmi_sensor_open(f->agent, 0, &p, &status), SCMI_E_PROTO);
	assert_int_equal(p.size, 77);
	serve(f, NULL, 0);
	assert_int_equal(scmi_sensor_open(f->agent, SCMI_VERSION(3, 2), &p, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_open(f->agent, 1, &p, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_open(f->agent, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 0);
}

/* ---- descriptions ---- */

static void assert_temperature(const struct scmi_sensor_info *info, uint32_t id, const char *name)
{
	assert_int_equal(info->id, id);
	assert_int_equal(info->attributes, 0);
	assert_int_equal(info->type, SCMI_SENSOR_CELSIUS);
	assert_int_equal(info->exponent, -3);
	assert_int_equal(info->trip_points, 1);
	assert_int_equal(info->axes, 0);
	assert_int_equal(info->power, 0);
	assert_int_equal(info->stamp_exponent, 0);
	assert_true(info->limits.min == INT64_MIN && info->limits.max == INT64_MAX);
	assert_string_equal(info->name, name);
}

static void assert_voltage(const struct scmi_sensor_info *info, uint32_t version)
{
	bool old = version < SCMI_VERSION(2, 0);
	uint32_t attributes = SCMI_SENSOR_READS_ASYNC;

	if (!old)
		attributes |= SCMI_SENSOR_ATTRIBUTES_SINCE_2_0;
	if (version >= SCMI_VERSION(3, 0))
		attributes |= SCMI_SENSOR_HAS_LONG_NAME;
	assert_int_equal(info->id, VOLTAGE);
	assert_int_equal(info->attributes, attributes);
	assert_int_equal(info->type, SCMI_SENSOR_VOLTS);
	assert_int_equal(info->exponent, -6);
	assert_int_equal(info->trip_points, 2);
	assert_int_equal(info->stamp_exponent, old ? 0 : -9);
	assert_int_equal(info->power, old ? 0 : 7);
	assert_int_equal(info->old_interval, old ? SCMI_SENSOR_INTERVAL(5, -1) : 0);
	assert_true(info->limits.min == (old ? INT64_MIN : -1000000));
	assert_true(info->limits.max == (old ? INT64_MAX : 5000000));
	assert_int_equal(info->limits.resolution, old ? 0 : 5);
	assert_int_equal(info->limits.resolution_exponent, old ? 0 : -3);
	assert_string_equal(info->name, version >= SCMI_VERSION(3, 0) ? LONG_NAME : "battery_voltage");
}

static void assert_accel(const struct scmi_sensor_info *info, uint32_t version)
{
	bool old = version < SCMI_VERSION(2, 0);

	assert_int_equal(info->id, ACCEL);
	assert_int_equal(info->attributes,
			 old ? SCMI_SENSOR_READS_ASYNC
			     : SCMI_SENSOR_READS_ASYNC | SCMI_SENSOR_TELLS_UPDATES | SCMI_SENSOR_HAS_LIMITS);
	assert_int_equal(info->type, SCMI_SENSOR_UNSPECIFIED);
	assert_int_equal(info->exponent, -2);
	assert_int_equal(info->axes, old ? 0 : 3);
	assert_int_equal(info->power, old ? 0 : 12);
	assert_true(info->limits.min == INT64_MIN && info->limits.max == INT64_MAX);
	assert_string_equal(info->name, "accelerometer");
}

static void sensors_are_listed_in_every_version(void **state)
{
	static const unsigned commands[] = {1, 2, 3, 3}; /* two parts from 2.0 on, a long name from 3.0 on */
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	struct scmi_sensors it;
	int32_t status = 77;

	for (size_t i = 0; i < LENGTH(versions); i++) {
		serve_vectors(f, versions[i], &p);
		scmi_sensors_begin(&p, &it);
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_OK);
		assert_temperature(&info, CPU, "cpu_temp");
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_OK);
		assert_temperature(&info, BOARD, "board_temp");
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_OK);
		assert_voltage(&info, p.spoken);
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_OK);
		assert_accel(&info, p.spoken);
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_E_NOTFOUND);
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_E_NOTFOUND);
		assert_int_equal(status, SCMI_SUCCESS);
		assert_int_equal(f->platform.asked, commands[i]);
	}
}

static void one_sensor_is_found_by_its_place(void **state)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	int32_t status = 0;

	serve_vectors(f, V3_1, &p);
	assert_int_equal(scmi_sensor_info(&p, ACCEL, &info, NULL), SCMI_OK);
	assert_accel(&info, p.spoken);
	assert_int_equal(scmi_sensor_info(&p, 4, &info, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_INVALID_PARAMETERS);
	assert_int_equal(info.id, ACCEL);
}

static void axes_are_listed_with_limits_and_long_names(void **state)
{
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_protocol p;
	struct scmi_sensor_axes it;
	struct fixture *f = *state;

	for (size_t i = 1; i < LENGTH(versions); i++) {
		serve_vectors(f, versions[i], &p);
		scmi_sensor_axes_begin(&p, ACCEL, &it);
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
		assert_int_equal(axis.id, 0);
		assert_int_equal(axis.attributes, 0);
		assert_int_equal(axis.type, SCMI_SENSOR_UNSPECIFIED);
		assert_int_equal(axis.exponent, -2);
		assert_true(axis.limits.min == INT64_MIN && axis.limits.max == INT64_MAX);
		assert_string_equal(axis.name, "x");
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
		assert_int_equal(axis.id, 1);
		assert_int_equal(axis.attributes, SCMI_SENSOR_AXIS_HAS_LIMITS);
		assert_true(axis.limits.min == -2000 && axis.limits.max == 2000);
		assert_int_equal(axis.limits.resolution, 1);
		assert_int_equal(axis.limits.resolution_exponent, 0);
		assert_string_equal(axis.name, "y");
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
		assert_int_equal(axis.id, 2);
		assert_string_equal(axis.name, versions[i] == V2_0 ? "the z axis poin" : Z_NAME);
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_E_NOTFOUND);
	}
}

static void axis_name_is_found_by_its_id_in_a_list_of_some(void **state)
{
	uint8_t reply[VECTOR_BYTES];
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 0));
	struct row row = {SCMI_SENSOR_AXIS_NAME_GET, BYTES(WORD(ACCEL), WORD(0)), 8, reply, 0};
	char name[SCMI_LONG_NAME] = "as it was";
	struct fixture *f = *state;

	/* The list has axis 2 alone, at index 0. */
	row.reply_len = reply_of(reply, V3_0, SCMI_MSG_COMMAND, SCMI_SENSOR_AXIS_NAME_GET, "03000000 02000000");
	serve(f, &row, 1);
	assert_int_equal(scmi_sensor_axis_name(&p, ACCEL, 1, name, NULL), SCMI_E_NOTFOUND);
	assert_string_equal(name, "as it was");
	assert_int_equal(scmi_sensor_axis_name(&p, ACCEL, 2, name, NULL), SCMI_OK);
	assert_string_equal(name, Z_NAME);
}

static void intervals_are_listed_one_by_one_or_as_a_range(void **state)
{
	static const uint32_t words[] = {SCMI_SENSOR_INTERVAL(1, -3), SCMI_SENSOR_INTERVAL(1, -2),
					 SCMI_SENSOR_INTERVAL(1, 0)};
	struct scmi_sensor_interval interval;
	struct scmi_sensor_intervals it;
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	int32_t status = 0;

	serve_vectors(f, V2_0, &p);
	scmi_sensor_intervals_begin(&p, VOLTAGE, &it);
	for (size_t i = 0; i < LENGTH(words); i++) {
		assert_int_equal(scmi_sensor_intervals_next(&it, &interval, NULL), SCMI_OK);
		assert_int_equal(interval.min, words[i]);
		assert_int_equal(interval.max, words[i]);
		assert_int_equal(interval.step, 0);
	}
	assert_int_equal(scmi_sensor_intervals_next(&it, &interval, NULL), SCMI_E_NOTFOUND);
	scmi_sensor_intervals_begin(&p, ACCEL, &it);
	assert_int_equal(scmi_sensor_intervals_next(&it, &interval, NULL), SCMI_OK);
	assert_int_equal(interval.min, SCMI_SENSOR_INTERVAL(1, -3));
	assert_int_equal(interval.max, SCMI_SENSOR_INTERVAL(10, 0));
	assert_int_equal(interval.step, SCMI_SENSOR_INTERVAL(1, -3));
	assert_int_equal(scmi_sensor_intervals_next(&it, &interval, NULL), SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 2);
	scmi_sensor_intervals_begin(&p, CPU, &it);
	assert_int_equal(scmi_sensor_intervals_next(&it, &interval, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
}

/* ---- the rest ---- */

static void configuration_trip_points_and_names_go_as_written(void **state)
{
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	char name[SCMI_LONG_NAME];
	uint32_t config = 0;

	serve_vectors(f, V3_1, &p);
	assert_int_equal(scmi_sensor_name(&p, VOLTAGE, name, NULL), SCMI_OK);
	assert_string_equal(name, LONG_NAME);
	assert_int_equal(scmi_sensor_config_get(&p, VOLTAGE, &config, NULL), SCMI_OK);
	assert_int_equal(config, SCMI_SENSOR_ENABLED | SCMI_SENSOR_TIMESTAMPED |
					 SCMI_SENSOR_INTERVAL(1, -2) << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT);
	config = SCMI_SENSOR_ENABLED | SCMI_SENSOR_TIMESTAMPED | SCMI_SENSOR_ROUND_UP |
		 SCMI_SENSOR_INTERVAL(1, -3) << SCMI_SENSOR_CONFIG_INTERVAL_SHIFT;
	assert_int_equal(scmi_sensor_config_set(&p, VOLTAGE, config, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_config(&p, VOLTAGE, 1, SCMI_SENSOR_TRIP_BOTH, -5, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, CPU, true, NULL), SCMI_OK);
	assert_int_equal(f->platform.params[4], 1);
	assert_int_equal(scmi_sensor_trip_notify(&p, CPU, false, NULL), SCMI_OK);
	assert_int_equal(f->platform.params[4], 0);
	assert_int_equal(scmi_sensor_update_notify(&p, VOLTAGE, true, NULL), SCMI_OK);
	assert_int_equal(f->platform.message, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY);
	assert_int_equal(scmi_sensor_update_notify(&p, VOLTAGE, false, NULL), SCMI_OK);
	assert_int_equal(f->platform.asked, 8);
}

static void command_that_the_version_does_not_have_is_not_sent(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(1, 0));
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_interval interval;
	struct scmi_sensor_intervals intervals;
	struct scmi_sensor_axes axes;
	struct fixture *f = *state;
	char name[SCMI_LONG_NAME];
	uint32_t config;

	scmi_sensor_axes_begin(&p, 0, &axes);
	scmi_sensor_intervals_begin(&p, 0, &intervals);
	assert_int_equal(scmi_sensor_axes_next(&axes, &axis, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_sensor_intervals_next(&intervals, &interval, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_sensor_config_get(&p, 0, &config, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_sensor_config_set(&p, 0, 1, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_sensor_update_notify(&p, 0, true, NULL), SCMI_E_NOTSUP);
	p.spoken = SCMI_VERSION(2, 0);
	assert_int_equal(scmi_sensor_name(&p, 0, name, NULL), SCMI_E_NOTSUP);
	assert_int_equal(scmi_sensor_axis_name(&p, 0, 0, name, NULL), SCMI_E_NOTSUP);
	assert_int_equal(f->platform.asked, 0);
}

static void version_1_0_has_trip_points_already(void **state)
{
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;

	serve_vectors(f, V1_0, &p);
	assert_int_equal(scmi_sensor_trip_config(&p, VOLTAGE, 1, SCMI_SENSOR_TRIP_BOTH, -5, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_trip_notify(&p, CPU, true, NULL), SCMI_OK);
	assert_int_equal(f->platform.asked, 2);
}

static void version_2_0_has_configurations_and_updates(void **state)
{
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	uint32_t config;

	serve_vectors(f, V2_0, &p);
	assert_int_equal(scmi_sensor_config_get(&p, VOLTAGE, &config, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_config_set(&p, VOLTAGE, 0x1ea03, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_update_notify(&p, VOLTAGE, true, NULL), SCMI_OK);
	assert_int_equal(f->platform.asked, 3);
}

static void result_that_is_null_or_of_another_size_is_refused(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 1));
	struct scmi_sensor_info info = {.size = 1};
	struct scmi_sensor_axis axis = {.size = 1};
	struct scmi_sensor_intervals intervals;
	struct scmi_sensor_axes axes;
	struct fixture *f = *state;
	struct scmi_sensors it;

	scmi_sensors_begin(&p, &it);
	scmi_sensor_axes_begin(&p, 0, &axes);
	scmi_sensor_intervals_begin(&p, 0, &intervals);
	assert_int_equal(scmi_sensors_next(&it, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_info(&p, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_axes_next(&axes, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_axes_next(&axes, &axis, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_intervals_next(&intervals, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_name(&p, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_axis_name(&p, 0, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_config_get(&p, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_read(&p, 0, false, NULL, 1, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_read_prepare(&p, 0, false, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 0);
}

static void unit_of_every_type_is_a_constant_text(void **state)
{
	(void)state;
	assert_string_equal(scmi_sensor_unit_text(SCMI_SENSOR_NONE), "");
	assert_string_equal(scmi_sensor_unit_text(SCMI_SENSOR_CELSIUS), "degC");
	assert_string_equal(scmi_sensor_unit_text(SCMI_SENSOR_RPM), "rpm");
	assert_string_equal(scmi_sensor_unit_text(0x3b), "K");
	assert_string_equal(scmi_sensor_unit_text(SCMI_SENSOR_PERCENT), "%");
	assert_string_equal(scmi_sensor_unit_text(0x42), "Pa");
	assert_string_equal(scmi_sensor_unit_text(0x59), "m/s2");
	assert_string_equal(scmi_sensor_unit_text(0x5d), "rad/s2");
	assert_string_equal(scmi_sensor_unit_text(0x5e), "?");
	assert_string_equal(scmi_sensor_unit_text(0xff), "?");
	for (unsigned type = 0x5e; type <= 0xff; type++)
		assert_string_equal(scmi_sensor_unit_text((uint8_t)type), "?");
#define HAS_TEXT(name, number, unit) assert_string_equal(scmi_sensor_unit_text(number), unit);
	SCMI_SENSOR_TYPE_MAP(HAS_TEXT)
#undef HAS_TEXT
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_takes_version_and_attributes),
		TEST(open_with_an_older_version_negotiates_it),
		TEST(open_that_fails_leaves_the_result_alone),
		TEST(sensors_are_listed_in_every_version),
		TEST(one_sensor_is_found_by_its_place),
		TEST(axes_are_listed_with_limits_and_long_names),
		TEST(axis_name_is_found_by_its_id_in_a_list_of_some),
		TEST(intervals_are_listed_one_by_one_or_as_a_range),
		TEST(configuration_trip_points_and_names_go_as_written),
		TEST(command_that_the_version_does_not_have_is_not_sent),
		TEST(version_1_0_has_trip_points_already),
		TEST(version_2_0_has_configurations_and_updates),
		TEST(result_that_is_null_or_of_another_size_is_refused),
		TEST(unit_of_every_type_is_a_constant_text),
	};

	return cmocka_run_group_tests_name("sensor", tests, NULL, NULL);
}
