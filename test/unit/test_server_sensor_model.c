/* SPDX-License-Identifier: BSD-3-Clause */
/* Models of sensors that are allowed, and those that are not; and what the recorded kernel was answered. */
#include <string.h>

#include "recording.h"
#include "sensor_fixture.h"

static struct scmi_sensor_limits limits;
static struct scmi_sensor_axis_desc axis;
static uint32_t interval;

/* Each spoils one member of a model that is right. */
#define SPOIL(name, ...)                                                                                               \
	static void name(struct sensor_device *d)                                                                      \
	{                                                                                                              \
		__VA_ARGS__;                                                                                           \
	}

#define SPOIL_AXIS(name, ...)                                                                                          \
	static void name(struct sensor_device *d)                                                                      \
	{                                                                                                              \
		axis = d->descs[ACCEL].axes[0];                                                                        \
		d->descs[CPU].axes = &axis;                                                                            \
		d->descs[CPU].axes_n = 1;                                                                              \
		__VA_ARGS__;                                                                                           \
	}

#define NAME_OF_64 "0123456789012345678901234567890123456789012345678901234567890123"

SPOIL(model_size, d->model.size--)
SPOIL(version, d->model.version = SCMI_VERSION(2, 1))
SPOIL(newer_version, d->model.version = SCMI_VERSION(3, 2))
SPOIL(ops_size, d->ops.size++)
SPOIL(read_null, d->ops.read = NULL)
SPOIL(sensors_null, d->model.sensors = NULL)
SPOIL(many_sensors, d->model.count = 0x10000)
SPOIL(pending_null, d->model.pending = NULL)
SPOIL(many_pending, d->model.pending_n = 256)
SPOIL(pending_size, d->pending[1].size = 0)
SPOIL(pending_buf, d->pending[1].buf = NULL)
SPOIL(pending_cap, d->pending[1].cap--)
SPOIL(no_pending, d->model.pending_n = 0)
SPOIL(no_read_async, d->ops.read_async = NULL)
SPOIL(no_wants, d->model.wants = NULL)
SPOIL(want_words, d->model.want_words--)
SPOIL(desc_size, d->descs[BOARD].size--)
SPOIL(desc_flags, d->descs[BOARD].flags = 1)
SPOIL(desc_long_name_flag, d->descs[BOARD].flags = SCMI_SENSOR_HAS_LONG_NAME)
SPOIL(name_null, d->descs[BOARD].name = NULL)
SPOIL(name_empty, d->descs[BOARD].name = "")
SPOIL(name_long, d->descs[BOARD].name = NAME_OF_64)
SPOIL(exponent_low, d->descs[BOARD].exponent = -17)
SPOIL(exponent_high, d->descs[BOARD].exponent = 16)
SPOIL(stamp_exponent, d->descs[BOARD].stamp_exponent = 16)
SPOIL(limits_null, d->descs[VOLTAGE].limits = NULL)
SPOIL(limits_order, limits = *d->descs[VOLTAGE].limits; d->descs[VOLTAGE].limits = &limits; limits.max = limits.min - 1)
SPOIL(resolution, limits = *d->descs[VOLTAGE].limits; d->descs[VOLTAGE].limits = &limits; limits.resolution = 1u << 27)
SPOIL(resolution_exponent, limits = *d->descs[VOLTAGE].limits; d->descs[VOLTAGE].limits = &limits;
      limits.resolution_exponent = -17)
SPOIL(many_axes, d->descs[ACCEL].axes_n = 64)
SPOIL(axes_null, d->descs[ACCEL].axes = NULL)
SPOIL(axes_none, d->descs[ACCEL].axes_n = 0; d->descs[ACCEL].flags = 0)
SPOIL_AXIS(axis_size, axis.size = 0)
SPOIL_AXIS(axis_name, axis.name = NULL)
SPOIL_AXIS(axis_exponent, axis.exponent = 16)
SPOIL_AXIS(axis_limits, axis.limits = &limits; limits.min = 1; limits.max = 0)
SPOIL(intervals_null, d->descs[VOLTAGE].intervals = NULL)
SPOIL(intervals_none, d->descs[VOLTAGE].intervals_n = 0)
SPOIL(range, d->descs[ACCEL].intervals_n = 2)
SPOIL(interval_bits, interval = 1u << 21; d->descs[CPU].intervals = &interval; d->descs[CPU].intervals_n = 1)
SPOIL(old_interval, d->descs[CPU].old_interval = SCMI_SENSOR_INTERVAL(32, 0))

static const struct {
	void (*spoil)(struct sensor_device *d);
	const char *named;
	int err;
} spoilings[] = {
	{model_size, "scmi_sensor_model is NULL or its size", SCMI_E_INVAL},
	{version, "scmi_sensor_model.version", SCMI_E_INVAL},
	{newer_version, "scmi_sensor_model.version", SCMI_E_INVAL},
	{ops_size, "scmi_sensor_ops.size", SCMI_E_INVAL},
	{read_null, "scmi_sensor_ops.read is NULL", SCMI_E_INVAL},
	{sensors_null, "scmi_sensor_model.sensors", SCMI_E_INVAL},
	{many_sensors, "scmi_sensor_model.sensors", SCMI_E_INVAL},
	{pending_null, "scmi_sensor_model.pending", SCMI_E_INVAL},
	{many_pending, "scmi_sensor_model.pending", SCMI_E_INVAL},
	{pending_size, "scmi_sensor_pending.size", SCMI_E_INVAL},
	{pending_buf, "scmi_sensor_pending.buf", SCMI_E_INVAL},
	{pending_cap, "scmi_sensor_pending.cap", SCMI_E_NOMEM},
	{no_pending, "scmi_sensor_ops.read_async is NULL or there is no pending", SCMI_E_INVAL},
	{no_read_async, "scmi_sensor_ops.read_async", SCMI_E_INVAL},
	{no_wants, "scmi_sensor_model.wants is NULL", SCMI_E_INVAL},
	{want_words, "scmi_sensor_model.wants has not", SCMI_E_NOMEM},
	{desc_size, "scmi_sensor_desc.size", SCMI_E_INVAL},
	{desc_flags, "scmi_sensor_desc.flags", SCMI_E_INVAL},
	{desc_long_name_flag, "scmi_sensor_desc.flags", SCMI_E_INVAL},
	{name_null, "scmi_sensor_desc.name", SCMI_E_INVAL},
	{name_empty, "scmi_sensor_desc.name", SCMI_E_INVAL},
	{name_long, "scmi_sensor_desc.name", SCMI_E_INVAL},
	{exponent_low, "scmi_sensor_desc.exponent", SCMI_E_INVAL},
	{exponent_high, "scmi_sensor_desc.exponent", SCMI_E_INVAL},
	{stamp_exponent, "scmi_sensor_desc.exponent or stamp_exponent", SCMI_E_INVAL},
	{limits_null, "scmi_sensor_desc.limits is NULL", SCMI_E_INVAL},
	{limits_order, "scmi_sensor_desc.limits is not allowed", SCMI_E_INVAL},
	{resolution, "scmi_sensor_desc.limits is not allowed", SCMI_E_INVAL},
	{resolution_exponent, "scmi_sensor_desc.limits is not allowed", SCMI_E_INVAL},
	{many_axes, "scmi_sensor_desc.axes_n", SCMI_E_INVAL},
	{axes_null, "scmi_sensor_desc.axes does not go", SCMI_E_INVAL},
	{axes_none, "scmi_sensor_desc.axes does not go", SCMI_E_INVAL},
	{axis_size, "scmi_sensor_axis_desc.size", SCMI_E_INVAL},
	{axis_name, "scmi_sensor_axis_desc.name", SCMI_E_INVAL},
	{axis_exponent, "scmi_sensor_axis_desc.exponent", SCMI_E_INVAL},
	{axis_limits, "scmi_sensor_axis_desc.limits", SCMI_E_INVAL},
	{intervals_null, "scmi_sensor_desc.intervals does not go", SCMI_E_INVAL},
	{intervals_none, "scmi_sensor_desc.intervals does not go", SCMI_E_INVAL},
	{range, "scmi_sensor_desc.intervals_n of a range", SCMI_E_INVAL},
	{interval_bits, "scmi_sensor_desc.intervals has bits", SCMI_E_INVAL},
	{old_interval, "scmi_sensor_desc.old_interval", SCMI_E_INVAL},
};

static void wrong_model_is_named_and_refused(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	for (size_t i = 0; i < sizeof(spoilings) / sizeof(spoilings[0]); i++) {
		fixture_fill(f, 0);
		spoilings[i].spoil(&f->device);
		if (fixture_init(f) != spoilings[i].err || strstr(f->log, spoilings[i].named) == NULL)
			fail_msg("%zu: \"%s\" is not in \"%s\"", i, spoilings[i].named, f->log);
	}
	fixture_fill(f, 0);
	fixture_open(f);
}

static void exponents_of_five_bits_are_allowed(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.descs[CPU].exponent = SCMI_SENSOR_EXPONENT_MAX;
	f->device.descs[CPU].stamp_exponent = SCMI_SENSOR_EXPONENT_MIN;
	f->device.descs[CPU].flags = SCMI_SENSOR_HAS_TIMESTAMPS;
	f->device.descs[CPU].old_interval = SCMI_SENSOR_INTERVAL(31, -16);
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_SENSOR_DESCRIPTION_GET, 1, CPU), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 2), 0x201u | 0x10u << 10);
	assert_int_equal(fake_value(&f->request, 3), 0x02u | 0x0fu << 11);
	assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_SENSOR_DESCRIPTION_GET, 1, CPU), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 3), 0x02u | 0x0fu << 11 | 0x10u << 22 | 31u << 27);
}

/* A byte of a name more than any version carries is not there; 63 characters are. */
static void longest_name_is_carried(void **state)
{
	static const char name[] = "012345678901234567890123456789012345678901234567890123456789012";
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.descs[CPU].name = name;
	fixture_open(f);
	assert_int_equal(ASK(f, SCMI_SENSOR_NAME_GET, 1, CPU), SCMI_SUCCESS);
	assert_memory_equal(f->request.reply + 8, name, sizeof(name));
	assert_int_equal(sizeof(name), 64);
}

/* What a model does not have is not offered, and its bits are clear. */
static void bare_model_offers_no_more_than_it_has(void **state)
{
	static const uint8_t offered[] = {0,
					  1,
					  2,
					  SCMI_SENSOR_DESCRIPTION_GET,
					  SCMI_SENSOR_READING_GET,
					  SCMI_SENSOR_AXIS_DESCRIPTION_GET,
					  SCMI_SENSOR_LIST_UPDATE_INTERVALS,
					  SCMI_SENSOR_NAME_GET,
					  SCMI_SENSOR_AXIS_NAME_GET,
					  SCMI_NEGOTIATE_PROTOCOL_VERSION};
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.ops = (struct scmi_sensor_ops){.size = sizeof(f->device.ops), .read = f->device.ops.read};
	f->device.model.pending_n = 0;
	f->device.model.wants = NULL;
	f->device.model.count = 2;
	fixture_open(f);
	for (uint32_t id = 0; id <= 0xff; id++)
		assert_int_equal(ASK(f, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, id),
				 id <= 0x10 && memchr(offered, (int)id, sizeof(offered)) != NULL ? SCMI_SUCCESS
												 : SCMI_NOT_FOUND);
	assert_int_equal(ASK(f, SCMI_PROTOCOL_ATTRIBUTES, 0, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 2);
	assert_int_equal(ASK(f, SCMI_SENSOR_READING_GET, 2, CPU, 0u), SCMI_SUCCESS);
	assert_int_equal(scmi_sensor_tripped(&f->device.model, CPU, 0, true), SCMI_E_INVAL);
	assert_false(scmi_sensor_wanted(&f->device.model, CPU, SCMI_SENSOR_TRIP_POINT_EVENT));
	assert_int_equal(scmi_platform_reset_agent(f->platform, 1), SCMI_OK);
}

/* ---- the recordings ---- */

/* The recorded platform read a sensor asynchronously that does not say that it can: no server does. */
static bool breaks_the_rules(const struct recording_entry *e)
{
	return scmi_hdr_message(scmi_get_le32(e->sent)) == SCMI_SENSOR_READING_GET && e->sent_len == 12 &&
	       scmi_get_le32(e->sent + 8) != 0;
}

static unsigned replay(struct fixture *f, const char *path)
{
	struct recording recording = {0};
	unsigned same = 0;
	char error[128];

	if (recording_load(&recording, path, error, sizeof(error)) != 0)
		fail_msg("%s", error);
	for (size_t i = 0; i < recording.count; i++) {
		const struct recording_entry *e = &recording.entries[i];

		if (e->kind != RECORDING_COMMAND || scmi_hdr_protocol(scmi_get_le32(e->sent)) != SENSOR ||
		    breaks_the_rules(e))
			continue;
		fake_deliver(&f->endpoints[0], &f->request, scmi_get_le32(e->sent), e->sent + SCMI_HDR_BYTES,
			     e->sent_len - SCMI_HDR_BYTES, e->cap - SCMI_HDR_BYTES);
		assert_int_equal(f->request.req.hdr, scmi_get_le32(e->reply));
		if (f->request.reply_len != e->reply_len - SCMI_HDR_BYTES ||
		    memcmp(f->request.reply, e->reply + SCMI_HDR_BYTES, f->request.reply_len) != 0)
			fail_msg("%s:%u is not as recorded", path, e->line);
		same++;
	}
	recording_free(&recording);
	return same;
}

static void recorded_kernels_are_answered_as_they_were(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, SCMI_VERSION(1, 0));
	f->device.model.count = 2;
	f->device.model.pending_n = 0;
	fixture_open(f);
	assert_int_equal(replay(f, RECORDINGS "/linux-6.12-virtio.txt"), 8);
	assert_int_equal(replay(f, RECORDINGS "/linux-6.1-virtio.txt"), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(wrong_model_is_named_and_refused),
		TEST(exponents_of_five_bits_are_allowed),
		TEST(longest_name_is_carried),
		TEST(bare_model_offers_no_more_than_it_has),
		TEST(recorded_kernels_are_answered_as_they_were),
	};

	return cmocka_run_group_tests_name("server_sensor_model", tests, NULL, NULL);
}
