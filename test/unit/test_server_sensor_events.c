/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the sensor server sends by itself: delayed responses and notifications; and replies for which there is little
 * room.
 */
#include <limits.h>
#include <string.h>

#include "sensor_fixture.h"
#include "sensor_vectors.h"

static void assert_last(struct fixture *f, unsigned agent, uint8_t kind, uint8_t id, uint8_t version)
{
	const struct fake_message *m = fake_last(&f->endpoints[agent - 1u]);
	uint8_t bytes[VECTOR_BYTES];

	assert_int_equal(scmi_hdr_protocol(m->hdr), SENSOR);
	assert_int_equal(scmi_hdr_type(m->hdr), kind);
	assert_int_equal(scmi_hdr_message(m->hdr), id);
	for (size_t i = 0; i < sensor_vectors_n; i++) {
		const struct sensor_vector *v = &sensor_vectors[i];

		if (v->kind != kind || v->id != id || (v->versions & version) == 0)
			continue;
		assert_int_equal(m->len, vector_bytes(bytes, v->reply));
		assert_memory_equal(m->bytes, bytes, m->len);
		return;
	}
	fail_msg("no vector of message 0x%x", id);
}

static unsigned taken(struct fixture *f, unsigned agent)
{
	return atomic_load(&f->endpoints[agent - 1u].taken);
}

static int done(struct fixture *f, uint32_t sensor, uint32_t n)
{
	return scmi_sensor_read_done(f->device.kept, SCMI_SUCCESS, sensor_device_readings[sensor], n);
}

/* ---- delayed responses ---- */

static void delayed_response_is_as_written_in_every_version(void **state)
{
	static const uint8_t versions[] = {V1_0, V2_0, V3_0, V3_1};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(versions); i++) {
		assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, vector_version(versions[i])), SCMI_SUCCESS);
		assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_SUCCESS);
		assert_int_equal(fake_values_len(&f->request), 0);
		assert_int_equal(f->device.kept->sensor, VOLTAGE);
		assert_int_equal(taken(f, 1), i);
		assert_int_equal(done(f, VOLTAGE, 1), SCMI_OK);
		assert_last(f, 1, SCMI_MSG_DELAYED, SCMI_SENSOR_READING_GET, versions[i]);
		assert_int_equal(scmi_hdr_token(fake_last(&f->endpoints[0])->hdr), 0x155);
	}
}

/* The version at the time of the command counts, for the agent may have agreed on another one since. */
static void delayed_response_follows_the_version_of_its_command(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(done(f, VOLTAGE, 1), SCMI_OK);
	assert_last(f, 1, SCMI_MSG_DELAYED, SCMI_SENSOR_READING_GET, V3_1);
}

static void delayed_response_may_come_first(void **state)
{
	struct fixture *f = *state;

	f->device.at_once = true;
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, ACCEL, 1u), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 8 + 3 * 16);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoints[0]), 1), ACCEL);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoints[0]), 2), 1);
}

static void as_many_as_pending_are_open_at_once(void **state)
{
	struct scmi_sensor_pending *kept[PENDING];
	struct fixture *f = *state;

	for (uint32_t i = 0; i < PENDING; i++) {
		assert_int_equal(ASK_BY(f, i + 1u, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_SUCCESS);
		kept[i] = f->device.kept;
	}
	assert_ptr_not_equal(kept[0], kept[1]);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_BUSY);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	f->device.kept = kept[1];
	assert_int_equal(done(f, VOLTAGE, 1), SCMI_E_CLOSED);
	f->device.kept = kept[0];
	assert_int_equal(done(f, VOLTAGE, 1), SCMI_E_CLOSED);
	assert_int_equal(done(f, VOLTAGE, 1), SCMI_E_GONE);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(done(f, VOLTAGE, 2), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_read_done(f->device.kept, SCMI_SUCCESS, NULL, 1), SCMI_E_INVAL);
	assert_int_equal(done(f, VOLTAGE, 1), SCMI_OK);
}

static void delayed_response_that_the_link_cannot_carry_is_an_error(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->endpoints[0].endpoint.max_payload = 32;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, ACCEL, 1u), SCMI_SUCCESS);
	assert_int_equal(done(f, ACCEL, AXES), SCMI_E_TOOBIG);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 4);
	assert_int_equal((int32_t)fake_message_u32(fake_last(&f->endpoints[0]), 0), SCMI_GENERIC_ERROR);
}

/* An agent that nothing can be sent to by itself is not offered it either. */
static void link_without_p2a_channel_offers_none_of_it(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->endpoints[0].ops.send = NULL;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SENSORS);
	assert_int_equal(ASK(f, SCMI_SENSOR_DESCRIPTION_GET, 1, VOLTAGE), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 2), 0x20005f02);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, VOLTAGE, 1u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY),
			 SCMI_NOT_FOUND);
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_DESCRIPTION_GET, 1, VOLTAGE), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 2), 0xe0005f02);
}

/* ---- notifications ---- */

static int update(struct fixture *f, uint32_t sensor, uint32_t n)
{
	return scmi_sensor_updated(&f->device.model, sensor, sensor_device_readings[sensor], n);
}

static void notifications_are_as_written(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	assert_int_equal(scmi_sensor_tripped(&f->device.model, CPU, 0, true), SCMI_OK);
	assert_last(f, 1, SCMI_MSG_NOTIFICATION, SCMI_SENSOR_TRIP_POINT_EVENT, V3_1);
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(update(f, VOLTAGE, 1), SCMI_OK);
	assert_last(f, 2, SCMI_MSG_NOTIFICATION, SCMI_SENSOR_UPDATE, V3_1);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(taken(f, 2), 1);
}

/* Also of a sensor with more axes than have room in a small frame. */
static void update_has_the_values_of_all_axes(void **state)
{
	static const uint32_t axes[] = {6, 7};
	struct fixture *f = *state;
	struct scmi_sensor_reading readings[7];

	assert_int_equal(ASK(f, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	for (uint32_t i = 0; i < 7; i++)
		readings[i] = (struct scmi_sensor_reading){.value = 1000 + i};
	for (size_t a = 0; a < sizeof(axes) / sizeof(axes[0]); a++) {
		const struct fake_message *m;

		f->device.descs[VOLTAGE].axes_n = axes[a];
		assert_int_equal(scmi_sensor_updated(&f->device.model, VOLTAGE, readings, axes[a]), SCMI_OK);
		m = fake_last(&f->endpoints[0]);
		assert_int_equal(m->len, 8 + 16 * axes[a]);
		assert_int_equal(scmi_get_le32(m->bytes + 4), VOLTAGE);
		for (uint32_t i = 0; 8 + 16 * (i + 1) <= sizeof(m->bytes); i++)
			assert_int_equal(scmi_get_le64(m->bytes + 8 + (size_t)16 * i), 1000 + i);
	}
}

static void each_agent_chooses_sensor_and_notification_by_itself(void **state)
{
	struct fixture *f = *state;
	const struct scmi_sensor_model *m = &f->device.model;

	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_true(scmi_sensor_wanted(m, VOLTAGE, SCMI_SENSOR_TRIP_POINT_EVENT));
	assert_false(scmi_sensor_wanted(m, VOLTAGE, SCMI_SENSOR_UPDATE));
	assert_false(scmi_sensor_wanted(m, CPU, SCMI_SENSOR_TRIP_POINT_EVENT));
	assert_false(scmi_sensor_wanted(m, SENSORS, SCMI_SENSOR_TRIP_POINT_EVENT));
	assert_int_equal(scmi_sensor_tripped(m, CPU, 0, false), SCMI_OK);
	assert_int_equal(update(f, VOLTAGE, 1), SCMI_OK);
	assert_int_equal(taken(f, 1) + taken(f, 2), 0);
	assert_int_equal(scmi_sensor_tripped(m, VOLTAGE, 1, false), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(taken(f, 2), 0);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoints[0]), 2), 1);

	/* Another sensor's does not switch it off. */
	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 0u), SCMI_SUCCESS);
	assert_int_equal(scmi_sensor_tripped(m, CPU, 0, true), SCMI_OK);
	assert_int_equal(scmi_sensor_tripped(m, VOLTAGE, 1, false), SCMI_OK);
	assert_int_equal(taken(f, 1), 2);
	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, VOLTAGE, 0u), SCMI_SUCCESS);
	assert_int_equal(scmi_sensor_tripped(m, VOLTAGE, 1, false), SCMI_OK);
	assert_int_equal(taken(f, 1), 2);
}

#define MANY 40u

static void each_of_many_sensors_has_switches_of_its_own(void **state)
{
	static struct {
		uint32_t before[4]; /* stays 0, as what is behind */
		uint32_t words[SCMI_SENSOR_WANT_WORDS(MANY, AGENTS)];
		uint32_t after[4];
	} wants;
	static struct scmi_sensor_desc descs[MANY];
	struct fixture *f = *state;
	const struct scmi_sensor_model *m = &f->device.model;

	fixture_close(f);
	fixture_fill(f, 0);
	for (uint32_t i = 0; i < MANY; i++)
		descs[i] = f->device.descs[VOLTAGE];
	f->device.ops.config_get = NULL;
	f->device.model.sensors = descs;
	f->device.model.count = MANY;
	f->device.model.wants = wants.words;
	f->device.model.want_words = SCMI_SENSOR_WANT_WORDS(MANY, AGENTS);
	fixture_open(f);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t message = i % 2u != 0 ? SCMI_SENSOR_TRIP_POINT_NOTIFY : SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY;
		static const uint32_t zeros[4];

		assert_int_equal(ASK_BY(f, 1u + i / 2u % 2u, message, 2, i, 1u), SCMI_SUCCESS);
		assert_memory_equal(wants.before, zeros, sizeof(zeros));
		assert_memory_equal(wants.after, zeros, sizeof(zeros));
		for (uint32_t j = 0; j < MANY; j++) {
			assert_int_equal(scmi_sensor_wanted(m, j, SCMI_SENSOR_TRIP_POINT_EVENT), j == i && i % 2u != 0);
			assert_int_equal(scmi_sensor_wanted(m, j, SCMI_SENSOR_UPDATE), j == i && i % 2u == 0);
		}
		assert_int_equal(ASK_BY(f, 1u + i / 2u % 2u, message, 2, i, 0u), SCMI_SUCCESS);
		assert_false(scmi_sensor_wanted(m, i, SCMI_SENSOR_TRIP_POINT_EVENT));
		assert_false(scmi_sensor_wanted(m, i, SCMI_SENSOR_UPDATE));
	}
}

/* Whatever stood in the memory that was lent. */
static void nothing_is_wanted_to_begin_with(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	assert_int_equal(fixture_init(f), SCMI_OK);
	for (uint32_t i = 0; i < SENSORS; i++)
		assert_false(scmi_sensor_wanted(&f->device.model, i, SCMI_SENSOR_TRIP_POINT_EVENT));
	assert_int_equal(scmi_sensor_tripped(&f->device.model, CPU, 0, true), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_false(scmi_sensor_wanted(&f->device.model, CPU, SCMI_SENSOR_UPDATE));
}

static void reset_agent_is_told_nothing(void **state)
{
	struct fixture *f = *state;

	for (unsigned agent = 1; agent <= AGENTS; agent++)
		assert_int_equal(ASK_BY(f, agent, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, ACCEL, 1u), SCMI_SUCCESS);
	f->device.reset_agent = 0;
	assert_int_equal(scmi_platform_reset_agent(f->platform, 2), SCMI_OK);
	assert_int_equal(f->device.reset_agent, 2);
	/* Switched on for another sensor, its old wish does not come back. */
	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(update(f, ACCEL, AXES), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 8 + 3 * 16);
	assert_int_equal(taken(f, 2), 0);
}

static void agent_of_an_old_version_is_not_told_of_updates(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK(f, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(update(f, VOLTAGE, 1), SCMI_OK);
	assert_int_equal(taken(f, 1), 0);
	assert_false(scmi_sensor_wanted(&f->device.model, VOLTAGE, SCMI_SENSOR_UPDATE));
	assert_int_equal(scmi_sensor_tripped(&f->device.model, VOLTAGE, 0, true), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
}

static void agent_that_is_denied_later_is_not_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK_BY(f, 2, SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY, 2, VOLTAGE, 1u), SCMI_SUCCESS);
	f->device.denied_agent = 2;
	assert_int_equal(update(f, VOLTAGE, 1), SCMI_OK);
	assert_int_equal(taken(f, 2), 0);
}

static void event_of_what_is_not_there_is_refused(void **state)
{
	struct fixture *f = *state;
	const struct scmi_sensor_model *m = &f->device.model;

	assert_int_equal(scmi_sensor_tripped(m, SENSORS, 0, true), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_sensor_tripped(m, CPU, 1, true), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_tripped(m, ACCEL, 0, true), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_updated(m, SENSORS, sensor_device_readings[0], 1), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_sensor_updated(m, CPU, sensor_device_readings[0], 1), SCMI_E_INVAL);
	assert_int_equal(scmi_sensor_updated(m, VOLTAGE, NULL, 1), SCMI_E_INVAL);
	assert_int_equal(update(f, VOLTAGE, 2), SCMI_E_INVAL);
	assert_int_equal(update(f, ACCEL, 1), SCMI_E_INVAL);
}

static void notification_without_room_is_dropped_for_that_agent(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;

	for (unsigned agent = 1; agent <= AGENTS; agent++)
		assert_int_equal(ASK_BY(f, agent, SCMI_SENSOR_TRIP_POINT_NOTIFY, 2, CPU, 1u), SCMI_SUCCESS);
	atomic_store(&f->endpoints[0].refusals, UINT_MAX);
	assert_int_equal(scmi_sensor_tripped(&f->device.model, CPU, 0, true), SCMI_E_BUSY);
	assert_int_equal(taken(f, 1), 0);
	assert_int_equal(taken(f, 2), 1);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.dropped, 1);
	atomic_store(&f->endpoints[1].send_result, SCMI_E_NOPEER);
	assert_int_equal(scmi_sensor_tripped(&f->device.model, CPU, 0, true), SCMI_E_NOPEER);
	fake_make_room(&f->endpoints[0]);
	assert_int_equal(taken(f, 1), 0); /* not kept */
}

/* ---- room ---- */

static int32_t ask_with_room(struct fixture *f, uint8_t message, uint32_t sensor, uint32_t index, uint32_t cap)
{
	uint8_t params[8];

	scmi_put_le32(params, message == SCMI_SENSOR_DESCRIPTION_GET ? index : sensor);
	scmi_put_le32(params + 4, index);
	fake_deliver(&f->endpoints[0], &f->request, scmi_hdr(SENSOR, message, SCMI_MSG_COMMAND, 1), params,
		     message == SCMI_SENSOR_DESCRIPTION_GET ? 4 : 8, cap);
	return fake_status(&f->request);
}

/* With any room, the parts of a list are as many elements as it takes, whole ones, or a communication error. */
static void check_parts(struct fixture *f, uint8_t message, uint32_t sensor, uint32_t total, uint32_t mask,
			uint32_t shift)
{
	for (uint32_t cap = 4; cap <= 256; cap++) {
		uint32_t index = 0;

		while (index < total) {
			int32_t status = ask_with_room(f, message, sensor, index, cap);
			uint32_t word = fake_value(&f->request, 0);

			if (status == SCMI_COMMS_ERROR)
				break;
			assert_int_equal(status, SCMI_SUCCESS);
			assert_true((word & mask) != 0);
			assert_int_equal(word >> shift, total - index - (word & mask));
			assert_int_equal(fake_value(&f->request, 1), message == SCMI_SENSOR_LIST_UPDATE_INTERVALS
									     ? fake_value(&f->request, 1)
									     : index);
			index += word & mask;
		}
		assert_true(index == total || cap < 8 + 68);
		if (cap < 8 + 4)
			assert_int_equal(index, 0);
	}
}

static void list_goes_in_parts_by_the_room_there_is(void **state)
{
	struct fixture *f = *state;

	check_parts(f, SCMI_SENSOR_DESCRIPTION_GET, 0, SENSORS, 0xfff, 16);
	check_parts(f, SCMI_SENSOR_AXIS_DESCRIPTION_GET, ACCEL, AXES, 0x3f, 26);
	check_parts(f, SCMI_SENSOR_AXIS_NAME_GET, ACCEL, AXES, 0x3f, 26);
	check_parts(f, SCMI_SENSOR_LIST_UPDATE_INTERVALS, VOLTAGE, 3, 0xfff, 16);
}

static void range_goes_whole_or_not_at_all(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask_with_room(f, SCMI_SENSOR_LIST_UPDATE_INTERVALS, ACCEL, 0, 8 + 11), SCMI_COMMS_ERROR);
	assert_int_equal(ask_with_room(f, SCMI_SENSOR_LIST_UPDATE_INTERVALS, ACCEL, 0, 8 + 12), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 0x1003);
}

static void reading_without_room_is_a_communication_error(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask_with_room(f, SCMI_SENSOR_READING_GET, ACCEL, 0, 4 + 47), SCMI_COMMS_ERROR);
	assert_int_equal(ask_with_room(f, SCMI_SENSOR_READING_GET, ACCEL, 0, 4 + 48), SCMI_SUCCESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(delayed_response_is_as_written_in_every_version),
		TEST(delayed_response_follows_the_version_of_its_command),
		TEST(delayed_response_may_come_first),
		TEST(as_many_as_pending_are_open_at_once),
		TEST(delayed_response_that_the_link_cannot_carry_is_an_error),
		TEST(link_without_p2a_channel_offers_none_of_it),
		TEST(notifications_are_as_written),
		TEST(update_has_the_values_of_all_axes),
		TEST(each_agent_chooses_sensor_and_notification_by_itself),
		TEST(each_of_many_sensors_has_switches_of_its_own),
		TEST(nothing_is_wanted_to_begin_with),
		TEST(reset_agent_is_told_nothing),
		TEST(agent_of_an_old_version_is_not_told_of_updates),
		TEST(agent_that_is_denied_later_is_not_told),
		TEST(event_of_what_is_not_there_is_refused),
		TEST(notification_without_room_is_dropped_for_that_agent),
		TEST(list_goes_in_parts_by_the_room_there_is),
		TEST(range_goes_whole_or_not_at_all),
		TEST(reading_without_room_is_a_communication_error),
	};

	return cmocka_run_group_tests_name("server_sensor_events", tests, NULL, NULL);
}
