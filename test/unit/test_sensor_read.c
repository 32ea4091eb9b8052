/* SPDX-License-Identifier: BSD-3-Clause */
/* Readings, notifications and numbers of the sensor protocol, agent side. */
#include "sensor_told.h"

#define MANY 20u

static void reading_is_taken_in_every_version(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0, V3_0, V3_1};
	struct scmi_sensor_reading readings[4];
	struct scmi_sensor_protocol p;
	struct fixture *f = *state;
	int32_t status = 77;
	uint32_t n;

	for (size_t i = 0; i < LENGTH(versions); i++) {
		bool old = versions[i] == V1_0;

		serve_vectors(f, versions[i], &p);
		memset(readings, 0xff, sizeof(readings));
		assert_int_equal(scmi_sensor_read(&p, CPU, false, readings, 4, &n, &status), SCMI_OK);
		assert_int_equal(status, SCMI_SUCCESS);
		assert_int_equal(n, 1);
		assert_true(readings[0].value == 42500 && readings[0].timestamp == 0);
		assert_true(readings[1].value == -1);
		assert_int_equal(scmi_sensor_read(&p, BOARD, false, readings, 1, NULL, NULL),
				 old ? SCMI_OK : SCMI_E_REMOTE);
		assert_int_equal(scmi_sensor_read(&p, VOLTAGE, false, readings, 1, NULL, NULL), SCMI_OK);
		assert_true(readings[0].value == -1500000);
		assert_true(readings[0].timestamp == (old ? 0 : 0x123456789u));
		assert_int_equal(scmi_sensor_read(&p, ACCEL, false, readings, 2, &n, NULL), SCMI_OK);
		assert_int_equal(n, old ? 1 : 3);
		assert_true(readings[0].value == 1 && (old || readings[1].value == -2));
		assert_true(readings[2].value == -1); /* cap */
		assert_int_equal(scmi_sensor_read(&p, ACCEL, false, NULL, 0, &n, NULL), SCMI_OK);
		assert_int_equal(n, old ? 1 : 3);
	}
}

static void reading_of_any_length_is_whole_or_malformed(void **state)
{
	uint8_t reply[4u + 40u] = {OK, 1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct row row = {SCMI_SENSOR_READING_GET, BYTES(WORD(0), WORD(0)), 8, reply, 0};
	struct scmi_sensor_reading readings[2];
	uint32_t n;

	for (row.reply_len = 0; row.reply_len <= sizeof(reply); row.reply_len++) {
		uint32_t values = row.reply_len < 4 ? 0 : row.reply_len - 4u;

		for (uint32_t version = 1; version <= 2; version++) {
			struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(version, 0));
			uint32_t each = version == 1 ? 8 : 16;

			serve(*state, &row, 1);
			n = 77;
			assert_int_equal(scmi_sensor_read(&p, 0, false, readings, 2, &n, NULL),
					 values < each ? SCMI_E_PROTO : SCMI_OK);
			assert_int_equal(n, values < each ? 77 : version == 1 ? 1 : values / 16);
			if (values >= each)
				assert_true(readings[0].value == 0x0807060504030201);
		}
	}
}

/* More than the structure of a reading has room for: turned in place. */
static void reading_of_many_axes_fills_the_array(void **state)
{
	uint8_t reply[4u + MANY * 16u] = {OK};
	const struct row row = {SCMI_SENSOR_READING_GET, BYTES(WORD(7), WORD(0)), 8, reply, sizeof(reply)};
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(3, 0));
	struct scmi_sensor_reading readings[MANY + 1u];
	uint32_t n;

	for (uint32_t i = 0; i < MANY; i++) {
		scmi_put_le64(reply + 4u + i * 16u, 0u - (uint64_t)i);
		scmi_put_le64(reply + 12u + i * 16u, (uint64_t)i << 40);
	}
	serve(*state, &row, 1);
	for (uint32_t cap = 0; cap <= MANY; cap++) {
		memset(readings, 0x55, sizeof(readings));
		assert_int_equal(scmi_sensor_read(&p, 7, false, readings, cap, &n, NULL), SCMI_OK);
		assert_int_equal(n, MANY);
		/* At most as many as there is room for, the rest untouched. */
		for (uint32_t i = 0; i < cap && (cap > SCMI_SENSOR_READ_VALUES || i < SCMI_SENSOR_READ_VALUES); i++) {
			assert_true(readings[i].value == -(int64_t)i);
			assert_true(readings[i].timestamp == (uint64_t)i << 40);
		}
		assert_true(readings[cap].value == 0x5555555555555555);
	}
}

/* ---- asynchronous readings, from the call's end on ---- */

/* As if the call had ended so: the values are a delayed response's, without the status. */
static int end(struct scmi_sensor_read *op, uint8_t version, uint32_t len, struct scmi_sensor_reading *reading)
{
	uint8_t bytes[VECTOR_BYTES];
	uint32_t whole = reply_of(bytes, version, SCMI_MSG_DELAYED, SCMI_SENSOR_READING_GET, NULL) - 4u;

	assert_true(len <= whole);
	memset(op->reply_, 0xee, sizeof(op->reply_));
	memcpy(op->reply_, bytes + 4, len);
	op->call.reply_len = len;
	return scmi_sensor_read_result(op, SCMI_OK, reading, 1, NULL);
}

static void delayed_reading_of_any_length_is_whole_or_malformed(void **state)
{
	struct scmi_sensor_reading reading;
	struct scmi_sensor_read op;

	for (uint32_t version = 1; version <= 2; version++) {
		struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(version, 0));
		uint32_t whole = version == 1 ? 12 : 20;

		for (uint32_t len = 0; len <= whole; len++) {
			assert_int_equal(scmi_sensor_read_prepare(&p, VOLTAGE, true, &op), SCMI_OK);
			assert_int_equal(op.call.flags, SCMI_CALL_DELAYED);
			assert_memory_equal(op.call.params, BYTES(WORD(VOLTAGE), WORD(1)), 8);
			assert_int_equal(op.call.params_len, 8);
			assert_int_equal(end(&op, version == 1 ? V1_0 : V2_0, len, &reading),
					 len < whole ? SCMI_E_PROTO : SCMI_OK);
		}
		assert_true(reading.value == -1500000);
		assert_true(reading.timestamp == (version == 1 ? 0 : 0x123456789u));
	}
}

static void delayed_reading_of_another_sensor_is_malformed(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_reading reading = {77, 78};
	struct scmi_sensor_read op;

	assert_int_equal(scmi_sensor_read_prepare(&p, CPU, true, &op), SCMI_OK);
	assert_int_equal(end(&op, V2_0, 20, &reading), SCMI_E_PROTO);
	assert_true(reading.value == 77);
}

/* The recorded agent's last message: version 1.0, sensor 0, 31250. */
static void recorded_delayed_reading_is_taken(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(1, 0));
	struct scmi_sensor_reading reading;
	struct scmi_sensor_read op;

	assert_int_equal(scmi_sensor_read_prepare(&p, 0, true, &op), SCMI_OK);
	memcpy(op.reply_, BYTES(WORD(0), 0x12, 0x7a, 0, 0, WORD(0)), 12);
	op.call.reply_len = 12;
	assert_int_equal(scmi_sensor_read_result(&op, SCMI_OK, &reading, 1, NULL), SCMI_OK);
	assert_true(reading.value == 31250);
}

static void error_of_the_call_is_the_result(void **state)
{
	struct scmi_sensor_protocol p = as_opened(*state, SCMI_VERSION(2, 0));
	struct scmi_sensor_read op;
	uint32_t n = 77;

	assert_int_equal(scmi_sensor_read_prepare(&p, CPU, false, &op), SCMI_OK);
	assert_int_equal(op.call.flags, 0);
	op.call.reply_len = 16;
	assert_int_equal(scmi_sensor_read_result(&op, SCMI_E_TIMEOUT, NULL, 0, &n), SCMI_E_TIMEOUT);
	assert_int_equal(scmi_sensor_read_result(&op, SCMI_OK, NULL, 1, &n), SCMI_E_INVAL);
	op.call.reply = NULL;
	assert_int_equal(scmi_sensor_read_result(&op, SCMI_OK, NULL, 0, &n), SCMI_E_INVAL);
	assert_int_equal(n, 77);
}

/* ---- notifications ---- */

#define TRIPPED scmi_hdr(SCMI_PROTOCOL_SENSOR, SCMI_SENSOR_TRIP_POINT_EVENT, SCMI_MSG_NOTIFICATION, 5)
#define UPDATED scmi_hdr(SCMI_PROTOCOL_SENSOR, SCMI_SENSOR_UPDATE, SCMI_MSG_NOTIFICATION, 0)

static void trip_event_is_taken_apart(void **state)
{
	/*
	 * As recorded, by agent 1, in linux-6.12-virtio.txt; and the other way round, another trip point, a word more.
	 */
	static const uint8_t recorded[] = {WORD(1), WORD(0), 0, 0, 1, 0};
	static const uint8_t other[] = {WORD(0), WORD(3), 0xab, 0xff, 0xfe, 0xff, WORD(9)};
	struct scmi_sensor_event event;

	(void)state;
	assert_int_equal(scmi_sensor_event_parse(TRIPPED, recorded, sizeof(recorded), &event), SCMI_OK);
	assert_int_equal(event.notification, SCMI_SENSOR_TRIP_POINT_EVENT);
	assert_int_equal(event.agent_id, 1);
	assert_int_equal(event.sensor, 0);
	assert_int_equal(event.trip, 0);
	assert_true(event.upwards);
	assert_int_equal(event.values, 0);
	assert_true(scmi_sensor_event_reading(&event, 0).value == 0);
	assert_int_equal(scmi_sensor_event_parse(TRIPPED, other, sizeof(other), &event), SCMI_OK);
	assert_int_equal(event.sensor, 3);
	assert_int_equal(event.trip, 0xab);
	assert_false(event.upwards);
	for (uint32_t len = 0; len < 12; len++)
		assert_int_equal(scmi_sensor_event_parse(TRIPPED, recorded, len, &event), SCMI_E_PROTO);
}

static void update_is_taken_apart(void **state)
{
	uint8_t bytes[VECTOR_BYTES + 16u] = {0};
	uint32_t len = reply_of(bytes, V2_0, SCMI_MSG_NOTIFICATION, SCMI_SENSOR_UPDATE, NULL);
	struct scmi_sensor_event event;

	(void)state;
	assert_int_equal(len, 24);
	assert_int_equal(scmi_sensor_event_parse(UPDATED, bytes, len, &event), SCMI_OK);
	assert_int_equal(event.notification, SCMI_SENSOR_UPDATE);
	assert_int_equal(event.sensor, VOLTAGE);
	assert_int_equal(event.values, 1);
	assert_true(scmi_sensor_event_reading(&event, 0).value == -1500000);
	assert_true(scmi_sensor_event_reading(&event, 0).timestamp == 0x123456789u);
	assert_true(scmi_sensor_event_reading(&event, 1).value == 0);
	assert_int_equal(scmi_sensor_event_parse(UPDATED, bytes, len + 16u, &event), SCMI_OK);
	assert_int_equal(event.values, 2);
	for (uint32_t n = 0; n < len; n++)
		assert_int_equal(scmi_sensor_event_parse(UPDATED, bytes, n, &event), SCMI_E_PROTO);
}

static void other_message_is_no_event(void **state)
{
	static const uint8_t bytes[32];
	const uint32_t others[] = {
		scmi_hdr(SCMI_PROTOCOL_SENSOR, 2, SCMI_MSG_NOTIFICATION, 0),
		scmi_hdr(SCMI_PROTOCOL_SENSOR, SCMI_SENSOR_READING_GET, SCMI_MSG_NOTIFICATION, 0),
		scmi_hdr(SCMI_PROTOCOL_SENSOR, 0, SCMI_MSG_DELAYED, 0),
		scmi_hdr(SCMI_PROTOCOL_CLOCK, 0, SCMI_MSG_NOTIFICATION, 0),
	};
	struct scmi_sensor_event event;

	(void)state;
	for (size_t i = 0; i < LENGTH(others); i++)
		assert_int_equal(scmi_sensor_event_parse(others[i], bytes, sizeof(bytes), &event), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_sensor_event_parse(TRIPPED, NULL, 12, &event), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_event_parse(TRIPPED, bytes, 12, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_event_parse(TRIPPED, NULL, 0, &event), SCMI_E_PROTO);
}

/* ---- numbers ---- */

static void value_is_scaled_by_its_exponent(void **state)
{
	static const struct {
		int64_t value;
		int32_t exponent;
		int32_t to;
		int64_t scaled;
		int err;
	} cases[] = {
		{42500, -3, -3, 42500, SCMI_OK},
		{42500, -3, 0, 42, SCMI_OK},
		{-42500, -3, 0, -42, SCMI_OK},
		{42, 0, -3, 42000, SCMI_OK},
		{-5, 2, -2, -50000, SCMI_OK},
		{9, -40, 0, 0, SCMI_OK},
		{0, INT32_MAX, INT32_MIN, 0, SCMI_OK},
		{7, INT32_MIN, INT32_MAX, 0, SCMI_OK},
		{INT64_MAX / 10, 1, 0, INT64_MAX / 10 * 10, SCMI_OK},
		{INT64_MAX / 10 + 1, 1, 0, 77, SCMI_E_TOOBIG},
		{INT64_MIN, 0, -1, 77, SCMI_E_TOOBIG},
		{INT64_MIN, 0, 1, INT64_MIN / 10, SCMI_OK},
		{1, INT32_MAX, INT32_MIN, 77, SCMI_E_TOOBIG},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		int64_t scaled = 77;

		assert_int_equal(scmi_sensor_scale(cases[i].value, cases[i].exponent, cases[i].to, &scaled),
				 cases[i].err);
		assert_true(scaled == cases[i].scaled);
	}
	assert_int_equal(scmi_sensor_scale(1, 0, 0, NULL), SCMI_E_INVAL);
}

static void interval_is_told_in_nanoseconds(void **state)
{
	(void)state;
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(5, -1)) == 500000000u);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(0, 15)) == 0);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(0xffff, 0)) == 65535000000000u);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(19, -10)) == 1);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(1, 10)) == UINT64_MAX);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(1, 15)) == UINT64_MAX);
	assert_true(scmi_sensor_interval_ns(SCMI_SENSOR_INTERVAL(1, -16)) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reading_is_taken_in_every_version),
		TEST(reading_of_any_length_is_whole_or_malformed),
		TEST(reading_of_many_axes_fills_the_array),
		TEST(delayed_reading_of_any_length_is_whole_or_malformed),
		TEST(delayed_reading_of_another_sensor_is_malformed),
		TEST(recorded_delayed_reading_is_taken),
		TEST(error_of_the_call_is_the_result),
		cmocka_unit_test(trip_event_is_taken_apart),
		cmocka_unit_test(update_is_taken_apart),
		cmocka_unit_test(other_message_is_no_event),
		cmocka_unit_test(value_is_scaled_by_its_exponent),
		cmocka_unit_test(interval_is_told_in_nanoseconds),
	};

	return cmocka_run_group_tests_name("sensor_read", tests, NULL, NULL);
}
