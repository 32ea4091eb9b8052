/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor server's answers, byte for byte, in every version: by configuration and by negotiation. */
#include <string.h>

#include <scmi/message/sensor.h>

#include "sensor_fixture.h"
#include "sensor_vectors.h"

static const uint8_t all_versions[] = {V1_0, V2_0, V3_0, V3_1};
#define VERSIONS sizeof(all_versions)

/* Status 0 and nothing else, which any command can have; the rest must be as the vector says. */
static void check_answer(struct fixture *f, const struct sensor_vector *v, size_t number)
{
	uint8_t params[VECTOR_BYTES];
	uint8_t reply[VECTOR_BYTES];
	uint32_t params_len = vector_bytes(params, v->params);
	uint32_t reply_len = vector_bytes(reply, v->reply);
	uint32_t hdr = scmi_hdr(SENSOR, v->id, SCMI_MSG_COMMAND, 0x2a5);

	fake_deliver(&f->endpoints[0], &f->request, hdr, params, params_len, FAKE_PAYLOAD);
	assert_int_equal(atomic_load(&f->request.replies), 1);
	if (f->request.reply_len != reply_len || memcmp(f->request.reply, reply, reply_len) != 0)
		fail_msg("vector %zu (message 0x%x): not answered as written", number, v->id);
	if (f->device.kept != NULL)
		assert_int_equal(scmi_sensor_read_done(f->device.kept, SCMI_GENERIC_ERROR, NULL, 0), SCMI_OK);
	f->device.kept = NULL;
}

static unsigned check_version(struct fixture *f, uint8_t version)
{
	unsigned checked = 0;

	for (size_t i = 0; i < sensor_vectors_n; i++) {
		const struct sensor_vector *v = &sensor_vectors[i];

		if (v->kind != SCMI_MSG_COMMAND || (v->versions & version) == 0)
			continue;
		check_answer(f, v, i);
		checked++;
	}
	return checked;
}

static void configured_version_answers_as_written(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < VERSIONS; i++) {
		fixture_reopen(f, vector_version(all_versions[i]));
		assert_true(check_version(f, all_versions[i]) > 30);
	}
}

/* What does not change with negotiation, or ends it. */
static bool is_of_the_platform(const struct sensor_vector *v)
{
	return v->id == SCMI_PROTOCOL_VERSION || v->id == SCMI_NEGOTIATE_PROTOCOL_VERSION ||
	       (v->id == SCMI_PROTOCOL_MESSAGE_ATTRIBUTES && strcmp(v->params, "10000000") == 0);
}

static void negotiated_version_answers_as_written(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < VERSIONS; i++) {
		unsigned checked = 0;

		assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, vector_version(all_versions[i])),
				 SCMI_SUCCESS);
		for (size_t j = 0; j < sensor_vectors_n; j++) {
			const struct sensor_vector *v = &sensor_vectors[j];

			if (v->kind != SCMI_MSG_COMMAND || (v->versions & all_versions[i]) == 0 ||
			    is_of_the_platform(v))
				continue;
			check_answer(f, v, j);
			checked++;
		}
		assert_true(checked > 30);
		assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_NAME_GET, 1, VOLTAGE), SCMI_SUCCESS);
	}
}

/* Every message that the table knows has a vector in each version that has it. */
static void every_message_of_the_table_has_vectors(void **state)
{
	const struct scmi_message_info *row = NULL;

	(void)state;
	while ((row = scmi_message_next(SENSOR, row)) != NULL) {
		uint8_t seen = 0;

		for (size_t i = 0; i < sensor_vectors_n; i++) {
			if (sensor_vectors[i].kind == row->kind && sensor_vectors[i].id == row->id)
				seen |= sensor_vectors[i].versions;
		}
		for (size_t i = 0; i < VERSIONS; i++) {
			if (vector_version(all_versions[i]) >= row->since && (seen & all_versions[i]) == 0)
				fail_msg("no vector of %s for version 0x%x", row->name,
					 vector_version(all_versions[i]));
		}
	}
}

/* Of each command, every whole number of words from none to one more than there should be, and a byte too few. */
static void parameters_of_any_other_length_are_a_protocol_error(void **state)
{
	static const uint8_t zeros[24];
	const struct scmi_message_info *row = NULL;
	struct fixture *f = *state;

	while ((row = scmi_message_next(SENSOR, row)) != NULL) {
		if (row->kind != SCMI_MSG_COMMAND)
			continue;
		for (uint32_t len = 0; len <= row->params_max + 4u; len++) {
			bool right = len >= row->params_min && len <= row->params_max;

			fake_deliver(&f->endpoints[0], &f->request, scmi_hdr(SENSOR, row->id, SCMI_MSG_COMMAND, 1),
				     zeros, len, FAKE_PAYLOAD);
			if (right)
				assert_int_not_equal(fake_status(&f->request), SCMI_PROTOCOL_ERROR);
			else
				assert_int_equal(fake_status(&f->request), SCMI_PROTOCOL_ERROR);
		}
	}
}

static void handlers_got_what_was_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_CONFIG, 4, VOLTAGE, 0x13u, 0xfffffffbu, 0xffffffffu),
			 SCMI_SUCCESS);
	assert_int_equal(f->device.trip_sensor, VOLTAGE);
	assert_int_equal(f->device.trip_id, 1);
	assert_int_equal(f->device.trip_when, SCMI_SENSOR_TRIP_BOTH);
	assert_true(f->device.trip_value == -5);
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_CONFIG_SET, 2, VOLTAGE, 0x1ee03u), SCMI_SUCCESS);
	assert_int_equal(f->device.set_agent, 2);
	assert_int_equal(f->device.set_sensor, VOLTAGE);
	assert_int_equal(f->device.set_config, 0x1ee03);
}

static void sensor_that_is_off_is_a_protocol_error(void **state)
{
	struct fixture *f = *state;

	f->device.config[CPU] = 0;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_PROTOCOL_ERROR);
	f->device.config[VOLTAGE] = SCMI_SENSOR_TIMESTAMPED;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_PROTOCOL_ERROR);
	f->device.config[CPU] = SCMI_SENSOR_ENABLED;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_SUCCESS);
}

static void sensor_that_is_off_is_on_in_version_1_0(void **state)
{
	struct fixture *f = *state;

	fixture_reopen(f, SCMI_VERSION(1, 0));
	f->device.config[CPU] = 0;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_SUCCESS);
}

static void error_of_the_sensor_is_the_answer(void **state)
{
	struct fixture *f = *state;

	f->device.status = SCMI_HARDWARE_ERROR;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_HARDWARE_ERROR);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_HARDWARE_ERROR);
	f->device.status = SCMI_SUCCESS;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_SUCCESS); /* nothing stayed pending */
	assert_int_equal(scmi_sensor_read_done(f->device.kept, SCMI_HARDWARE_ERROR, NULL, 0), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 4);
	assert_int_equal((int32_t)fake_message_u32(fake_last(&f->endpoints[0]), 0), SCMI_HARDWARE_ERROR);
}

static void wrong_number_of_values_is_a_generic_error(void **state)
{
	struct fixture *f = *state;

	f->device.readings_n = 2;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_GENERIC_ERROR);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, ACCEL, 0u), SCMI_GENERIC_ERROR);
	f->device.readings_n = AXES;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, ACCEL, 0u), SCMI_SUCCESS);
}

static void time_stamp_of_a_sensor_without_is_zero(void **state)
{
	struct fixture *f = *state;

	f->device.descs[VOLTAGE].flags &= ~SCMI_SENSOR_HAS_TIMESTAMPS;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 0u), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 16);
	assert_int_equal(fake_value(&f->request, 2), 0);
	assert_int_equal(fake_value(&f->request, 3), 0);
}

static void agent_without_permission_is_denied(void **state)
{
	static const struct {
		unsigned message;
		unsigned n;
		uint32_t params[4];
	} denied[] = {
		{SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, {VOLTAGE, 1}},
		{SCMI_SENSOR_TRIP_POINT_CONFIG, 4, {VOLTAGE, 3, 0, 0}},
		{SCMI_SENSOR_READING_GET, 2, {VOLTAGE, 0}},
		{SCMI_SENSOR_READING_GET, 2, {VOLTAGE, 1}},
		{SCMI_SENSOR_CONFIG_GET, 1, {VOLTAGE}},
		{SCMI_SENSOR_CONFIG_SET, 2, {VOLTAGE, 1}},
		{SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, {VOLTAGE, 1}},
	};
	struct fixture *f = *state;

	f->device.denied_agent = 2;
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++) {
		const uint32_t *p = denied[i].params;

		assert_int_equal(ASK_BY(f, 2, denied[i].message, denied[i].n, p[0], p[1], p[2], p[3]), SCMI_DENIED);
	}
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_NAME_GET, 1, VOLTAGE), SCMI_SUCCESS);
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_SUCCESS);
	assert_int_equal(ASK_BY(f, 1, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 0u), SCMI_SUCCESS);
}

static void region_of_memory_is_told(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.model.region = 0x1122334455667788u;
	f->device.model.region_len = 0x1000;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 1), 0x55667788);
	assert_int_equal(fake_value(&f->request, 2), 0x11223344);
	assert_int_equal(fake_value(&f->request, 3), 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(configured_version_answers_as_written),
		TEST(negotiated_version_answers_as_written),
		TEST(every_message_of_the_table_has_vectors),
		TEST(parameters_of_any_other_length_are_a_protocol_error),
		TEST(handlers_got_what_was_written),
		TEST(sensor_that_is_off_is_a_protocol_error),
		TEST(sensor_that_is_off_is_on_in_version_1_0),
		TEST(error_of_the_sensor_is_the_answer),
		TEST(wrong_number_of_values_is_a_generic_error),
		TEST(time_stamp_of_a_sensor_without_is_zero),
		TEST(agent_without_permission_is_denied),
		TEST(region_of_memory_is_told),
	};

	return cmocka_run_group_tests_name("server_sensor", tests, NULL, NULL);
}
