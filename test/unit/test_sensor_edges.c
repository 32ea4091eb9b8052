/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed commands of the sensor protocol against platforms that are careless, or mean. */
#include "sensor_told.h"

#define DESC(id)  WORD(id), WORD(0), WORD(2), 's', 0, 0, 0, WORD(0), WORD(0), WORD(0)
#define ASK_AT(n) BYTES(WORD(n)), 4

/* A row of SENSOR_DESCRIPTION_GET for the list from n on. */
#define LISTED(n, ...)                                                                                                 \
	{                                                                                                              \
		SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(n), BYTES(OK, __VA_ARGS__), sizeof(BYTES(OK, __VA_ARGS__))         \
	}

/* Reads the list to its end; how many sensors there were. */
static int list_all(const struct scmi_sensor_protocol *p, uint32_t *n)
{
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;
	int err;

	*n = 0;
	scmi_sensors_begin(p, &it);
	while ((err = scmi_sensors_next(&it, &info, NULL)) == SCMI_OK)
		(*n)++;
	return err;
}

/* ---- lists ---- */

static void list_that_never_ends_ends(void **state)
{
	const struct row none_and_more[] = {LISTED(0, 0, 0, 1, 0)};
	const struct row not_fewer[] = {LISTED(0, 1, 0, 2, 0, DESC(0)), LISTED(1, 1, 0, 2, 0, DESC(1))};
	const struct row too_many[] = {LISTED(0, 1, 0, 0xff, 0xff, DESC(0))};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(1, 0));
	struct fixture *f = *state;
	uint32_t n;

	serve(f, none_and_more, 1);
	assert_int_equal(list_all(&p, &n), SCMI_E_PROTO);
	assert_int_equal(n, 0);
	serve(f, not_fewer, 2);
	assert_int_equal(list_all(&p, &n), SCMI_E_PROTO);
	assert_int_equal(n, 1);
	serve(f, too_many, 1);
	assert_int_equal(list_all(&p, &n), SCMI_E_PROTO);
	assert_int_equal(n, 0);
}

static void list_without_sensors_is_empty(void **state)
{
	const struct row rows[] = {LISTED(0, 0, 0, 0, 0)};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 0));
	uint32_t n;

	serve(*state, rows, 1);
	assert_int_equal(list_all(&p, &n), SCMI_E_NOTFOUND);
	assert_int_equal(n, 0);
	/* One that has announced none would refuse the first place, so it is not asked. */
	p.sensors = 0;
	assert_int_equal(list_all(&p, &n), SCMI_E_NOTFOUND);
	assert_int_equal(n, 0);
}

/* Every length of a reply with three descriptors of 28, 28 and 52 bytes. */
static void description_of_any_length_is_whole_or_malformed(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	uint8_t reply[VECTOR_BYTES + 8u];
	uint32_t whole = reply_of(reply, V2_0, SCMI_MSG_COMMAND, SCMI_SENSOR_DESCRIPTION_GET, "00000000");
	struct row row = {SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(0), reply, 0};
	struct fixture *f = *state;
	uint32_t n;

	assert_int_equal(whole, 8 + 28 + 28 + 52);
	scmi_put_le32(reply + 4, 3); /* none remain */
	memset(reply + whole, 0xee, 8);
	for (row.reply_len = 0; row.reply_len <= whole + 8u; row.reply_len++) {
		uint32_t len = row.reply_len;

		serve(f, &row, 1);
		assert_int_equal(list_all(&p, &n), len < whole ? SCMI_E_PROTO : SCMI_E_NOTFOUND);
		assert_int_equal(n, len < 8 + 28 ? 0 : len < 8 + 56 ? 1 : len < whole ? 2 : 3);
	}
}

/* Two of 52 bytes, of which bit 8 says 28. */
static void firmware_that_always_sends_the_longest_is_understood(void **state)
{
	uint8_t reply[8u + 2u * 52u] = {OK, 2};
	const struct row row = {SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(0), reply, sizeof(reply)};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;

	memset(reply + 8, 0xee, sizeof(reply) - 8u);
	for (uint8_t i = 0; i < 2; i++)
		memcpy(reply + 8u + i * 52u, BYTES(DESC(i)), 28);
	serve(*state, &row, 1);
	scmi_sensors_begin(&p, &it);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
		assert_int_equal(info.id, i);
		assert_int_equal(info.power, 0); /* it does not say that this is one */
		assert_string_equal(info.name, "s");
	}
	assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_E_NOTFOUND);
}

#define MANY      30u
#define MANY_EACH 28u

static uint8_t many_replies[MANY][8u + MANY * MANY_EACH];
static uint8_t many_params[MANY][4];
static struct row many_rows[MANY];

/* From each place on, all that there are, in a reply that is longer than the iterator's buffer. */
static void fill_many(void)
{
	for (uint32_t first = 0; first < MANY; first++) {
		struct row *row = &many_rows[first];

		memset(many_replies[first], 0, sizeof(many_replies[first]));
		scmi_put_le32(many_replies[first] + 4, MANY - first);
		for (uint32_t i = first; i < MANY; i++)
			memcpy(many_replies[first] + 8u + (i - first) * MANY_EACH, BYTES(DESC((uint8_t)i)), MANY_EACH);
		scmi_put_le32(many_params[first], first);
		*row = (struct row){SCMI_SENSOR_DESCRIPTION_GET, many_params[first], 4, many_replies[first],
				    8u + (MANY - first) * MANY_EACH};
	}
}

static void reply_that_is_longer_than_the_buffer_is_read_in_parts(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct fixture *f = *state;
	struct scmi_sensors it;

	fill_many();
	serve(f, many_rows, MANY);
	scmi_sensors_begin(&p, &it);
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
		assert_int_equal(info.id, i);
	}
	assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_E_NOTFOUND);
	assert_int_equal(f->platform.asked, 2);
}

static void long_name_that_is_refused_leaves_the_short_one(void **state)
{
	uint8_t reply[VECTOR_BYTES];
	const struct row rows[] = {
		{SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(0), reply, 8 + 28 + 28 + 52},
		ASKED(SCMI_SENSOR_NAME_GET, VOLTAGE, OK, 0, 0, 0),
	};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensors it;
	int32_t status = 77;

	(void)reply_of(reply, V3_0, SCMI_MSG_COMMAND, SCMI_SENSOR_DESCRIPTION_GET, "00000000");
	serve(*state, rows, 1);
	scmi_sensors_begin(&p, &it);
	for (uint32_t i = 0; i <= VOLTAGE; i++)
		assert_int_equal(scmi_sensors_next(&it, &info, &status), SCMI_OK);
	assert_string_equal(info.name, "battery_voltage");
	assert_int_equal(status, SCMI_SUCCESS);

	/* A malformed one is as good as none, and keeps nobody from the rest of the list. */
	serve(*state, rows, 2);
	scmi_sensors_begin(&p, &it);
	for (uint32_t i = 0; i < VOLTAGE; i++)
		assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
	assert_int_equal(scmi_sensors_next(&it, &info, NULL), SCMI_OK);
	assert_int_equal(info.id, VOLTAGE);
	assert_string_equal(info.name, "battery_voltage");
}

/* Bits that came with a later version. */
static void reserved_bits_mean_nothing(void **state)
{
	const struct row rows[] = {LISTED(0, 1, 0, 0, 0, WORD(0), 1, 0xff, 0xff, 0x7f, 2, 0xe9, 0x07, 0, 's', 0, 0, 0,
					  WORD(0), WORD(0), WORD(0))};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(1, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};

	serve(*state, rows, 1);
	assert_int_equal(scmi_sensor_info(&p, 0, &info, NULL), SCMI_OK);
	assert_int_equal(info.attributes, 0);
	assert_int_equal(info.axes, 0);
	assert_int_equal(info.stamp_exponent, 0);
	assert_true(info.limits.max == INT64_MAX);
}

static void name_without_end_has_fifteen_characters(void **state)
{
	uint8_t sensor[8u + 28u] = {OK, WORD(1)};
	uint8_t axis_reply[8u + 28u] = {OK, WORD(1)};
	const struct row rows[] = {
		{SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(0), sensor, sizeof(sensor)},
		{SCMI_SENSOR_AXIS_DESCRIPTION_GET, BYTES(WORD(0), WORD(0)), 8, axis_reply, sizeof(axis_reply)},
	};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_axes it;

	memset(sensor + 20, 'x', 16);
	memset(axis_reply + 20, 'x', 16);
	serve(*state, rows, LENGTH(rows));
	assert_int_equal(scmi_sensor_info(&p, 0, &info, NULL), SCMI_OK);
	assert_string_equal(info.name, "xxxxxxxxxxxxxxx");
	scmi_sensor_axes_begin(&p, 0, &it);
	assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
	assert_string_equal(axis.name, "xxxxxxxxxxxxxxx");
}

/* Five bits: -16 to 15. Exponent, exponent of the time stamps; before 2.0 that of the update interval. */
static void exponent_is_signed(void **state)
{
	static const struct {
		uint32_t bits;
		int32_t value;
	} cases[] = {{0, 0}, {1, 1}, {15, 15}, {16, -16}, {17, -15}, {31, -1}};
	uint8_t reply[] = {OK, WORD(1), WORD(0), 0, 2, 0, 0, WORD(0), 's', 0, 0, 0, WORD(0), WORD(0), WORD(0)};
	const struct row row = {SCMI_SENSOR_DESCRIPTION_GET, ASK_AT(0), reply, sizeof(reply)};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_info info = {.size = sizeof(info)};

	serve(*state, &row, 1);
	for (size_t i = 0; i < LENGTH(cases); i++) {
		scmi_put_le32(reply + 12, SCMI_SENSOR_HAS_TIMESTAMPS | cases[i].bits << 10);
		scmi_put_le32(reply + 16, cases[i].bits << 11 | cases[i].bits << 22 | 9u << 27);
		p.spoken = SCMI_VERSION(2, 0);
		assert_int_equal(scmi_sensor_info(&p, 0, &info, NULL), SCMI_OK);
		assert_int_equal(info.exponent, cases[i].value);
		assert_int_equal(info.stamp_exponent, cases[i].value);
		scmi_put_le32(reply + 12, cases[i].bits << 10); /* without time stamps */
		assert_int_equal(scmi_sensor_info(&p, 0, &info, NULL), SCMI_OK);
		assert_int_equal(info.stamp_exponent, 0);
		p.spoken = SCMI_VERSION(1, 0);
		assert_int_equal(scmi_sensor_info(&p, 0, &info, NULL), SCMI_OK);
		assert_int_equal(info.stamp_exponent, 0);
		assert_int_equal(info.old_interval, SCMI_SENSOR_INTERVAL(9, cases[i].value));
	}
}

static void axis_of_any_length_is_whole_or_malformed(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	uint8_t reply[VECTOR_BYTES];
	uint32_t whole = reply_of(reply, V2_0, SCMI_MSG_COMMAND, SCMI_SENSOR_AXIS_DESCRIPTION_GET, "03000000 00000000");
	struct row row = {SCMI_SENSOR_AXIS_DESCRIPTION_GET, BYTES(WORD(ACCEL), WORD(0)), 8, reply, 0};
	struct scmi_sensor_axes it;

	assert_int_equal(whole, 8 + 28 + 48 + 28);
	for (row.reply_len = 0; row.reply_len <= whole; row.reply_len++) {
		uint32_t n = 0;
		int err;

		serve(*state, &row, 1);
		scmi_sensor_axes_begin(&p, ACCEL, &it);
		while ((err = scmi_sensor_axes_next(&it, &axis, NULL)) == SCMI_OK)
			n++;
		assert_int_equal(err, row.reply_len < whole ? SCMI_E_PROTO : SCMI_E_NOTFOUND);
		assert_int_equal(n, row.reply_len < 36 ? 0 : row.reply_len < 84 ? 1 : row.reply_len < whole ? 2 : 3);
	}
}

static void axis_whose_long_name_is_not_listed_keeps_the_short_one(void **state)
{
	uint8_t reply[VECTOR_BYTES];
	struct row rows[] = {
		{SCMI_SENSOR_AXIS_DESCRIPTION_GET, BYTES(WORD(ACCEL), WORD(0)), 8, reply, 0},
		{SCMI_SENSOR_AXIS_NAME_GET, BYTES(WORD(ACCEL), WORD(0)), 8, BYTES(OK, WORD(0)), 8},
	};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 0));
	struct scmi_sensor_axis axis = {.size = sizeof(axis)};
	struct scmi_sensor_axes it;
	int32_t status = 77;

	rows[0].reply_len =
		reply_of(reply, V3_0, SCMI_MSG_COMMAND, SCMI_SENSOR_AXIS_DESCRIPTION_GET, "03000000 00000000");
	serve(*state, rows, LENGTH(rows));
	scmi_sensor_axes_begin(&p, ACCEL, &it);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, &status), SCMI_OK);
	assert_int_equal(status, SCMI_SUCCESS);
	assert_string_equal(axis.name, "the z axis poin");
	/* A malformed list of names is as good as none. */
	rows[1].reply_len = 7;
	scmi_sensor_axes_begin(&p, ACCEL, &it);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
	assert_int_equal(scmi_sensor_axes_next(&it, &axis, NULL), SCMI_OK);
	assert_int_equal(axis.id, 2);
	assert_string_equal(axis.name, "the z axis poin");
}

static void range_that_is_not_of_three_is_malformed(void **state)
{
	const struct row ranges[] = {
		{SCMI_SENSOR_LIST_UPDATE_INTERVALS, BYTES(WORD(0), WORD(0)), 8,
		 BYTES(OK, 2, 0x10, 0, 0, WORD(1), WORD(2)), 16},
		{SCMI_SENSOR_LIST_UPDATE_INTERVALS, BYTES(WORD(1), WORD(0)), 8,
		 BYTES(OK, 3, 0x10, 1, 0, WORD(1), WORD(2), WORD(3)), 20},
		{SCMI_SENSOR_LIST_UPDATE_INTERVALS, BYTES(WORD(2), WORD(0)), 8,
		 BYTES(OK, 3, 0x10, 0, 0, WORD(1), WORD(2)), 16},
	};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_interval interval = {77, 78, 79};
	struct scmi_sensor_intervals it;

	serve(*state, ranges, LENGTH(ranges));
	for (uint32_t sensor = 0; sensor < LENGTH(ranges); sensor++) {
		scmi_sensor_intervals_begin(&p, sensor, &it);
		assert_int_equal(scmi_sensor_intervals_next(&it, &interval, NULL), SCMI_E_PROTO);
		assert_int_equal(interval.min, 77);
	}
}

/* ---- commands of words ---- */

static void short_word_is_malformed(void **state)
{
	const struct row rows[] = {
		ASKED(SCMI_SENSOR_CONFIG_GET, 0, OK, 1, 2, 3),
		ASKED(SCMI_SENSOR_CONFIG_GET, 1, OK, 1, 0, 0, 0, 9),
		ASKED(SCMI_SENSOR_NAME_GET, 0, OK, WORD(0), 'n', 0),
	};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 1));
	char name[SCMI_LONG_NAME] = "as it was";
	uint32_t config = 77;

	serve(*state, rows, LENGTH(rows));
	assert_int_equal(scmi_sensor_config_get(&p, 0, &config, NULL), SCMI_E_PROTO);
	assert_int_equal(config, 77);
	assert_int_equal(scmi_sensor_config_get(&p, 1, &config, NULL), SCMI_OK);
	assert_int_equal(config, 1);
	assert_int_equal(scmi_sensor_name(&p, 0, name, NULL), SCMI_E_PROTO);
	assert_string_equal(name, "as it was");
}

static void error_of_the_platform_is_told(void **state)
{
	struct scmi_sensor_protocol p;
	struct scmi_sensor_reading reading = {77, 78};
	int32_t status = 0;

	serve_vectors(*state, V3_1, &p);
	assert_int_equal(scmi_sensor_trip_notify(&p, ACCEL, true, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	assert_int_equal(scmi_sensor_config_set(&p, VOLTAGE, 5, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_INVALID_PARAMETERS);
	assert_int_equal(scmi_sensor_read(&p, 4, false, &reading, 1, NULL, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_FOUND);
	assert_true(reading.value == 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_that_never_ends_ends),
		TEST(list_without_sensors_is_empty),
		TEST(description_of_any_length_is_whole_or_malformed),
		TEST(firmware_that_always_sends_the_longest_is_understood),
		TEST(reply_that_is_longer_than_the_buffer_is_read_in_parts),
		TEST(long_name_that_is_refused_leaves_the_short_one),
		TEST(reserved_bits_mean_nothing),
		TEST(name_without_end_has_fifteen_characters),
		TEST(exponent_is_signed),
		TEST(axis_of_any_length_is_whole_or_malformed),
		TEST(axis_whose_long_name_is_not_listed_keeps_the_short_one),
		TEST(range_that_is_not_of_three_is_malformed),
		TEST(short_word_is_malformed),
		TEST(error_of_the_platform_is_told),
	};

	return cmocka_run_group_tests_name("sensor_edges", tests, NULL, NULL);
}
