/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of messages: consistent in itself, and true to the sizes of docs/wire.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

static int order(const struct scmi_message_info *row)
{
	return row->kind << 8 | row->id;
}

static void check_sizes(const struct scmi_message_info *row)
{
	assert_int_equal(row->params_min % 4, 0);
	assert_int_equal(row->params_max % 4, 0);
	assert_int_equal(row->values_min % 4, 0);
	assert_int_equal(row->values_max % 4, 0);
	assert_true(row->params_min <= row->params_max);
	assert_true(row->values_min <= row->values_max);
	if (row->kind != SCMI_MSG_COMMAND)
		assert_int_equal(row->params_max, 0);
	/* Every notification names the agent that caused it. */
	if (row->kind == SCMI_MSG_NOTIFICATION)
		assert_true(row->values_min >= 4);
}

static void check_notification(uint8_t protocol, const struct scmi_message_info *row)
{
	size_t len = strlen(row->name);

	if (row->notification == SCMI_NO_NOTIFICATION)
		return;
	assert_int_equal(row->kind, SCMI_MSG_COMMAND);
	assert_in_range(row->notification, 0, 255);
	assert_true(len > 0 && strstr(row->name, "NOTIFY") != NULL);
	assert_non_null(scmi_message_find(protocol, SCMI_MSG_NOTIFICATION, (uint8_t)row->notification));
}

/* Every notification can be switched on by a command. */
static void check_switch(uint8_t protocol, const struct scmi_message_info *event)
{
	const struct scmi_message_info *row = NULL;
	unsigned switches = 0;

	if (event->kind != SCMI_MSG_NOTIFICATION)
		return;
	while ((row = scmi_message_next(protocol, row)) != NULL)
		switches += row->notification == event->id;
	assert_int_equal(switches, 1);
}

static void table_walk_of_every_protocol_is_sorted_unique_and_found_again(void **state)
{
	(void)state;
	for (unsigned protocol = 0; protocol <= 0xff; protocol++) {
		const struct scmi_message_info *row = NULL;
		int last = -1;

		while ((row = scmi_message_next((uint8_t)protocol, row)) != NULL) {
			assert_true(order(row) > last);
			last = order(row);
			assert_ptr_equal(scmi_message_find((uint8_t)protocol, (enum scmi_msg_type)row->kind, row->id),
					 row);
			assert_true(row->protocol == protocol || row->protocol == SCMI_PROTOCOL_COMMON);
			assert_non_null(row->name);
			assert_string_equal(
				scmi_message_name((uint8_t)protocol, (enum scmi_msg_type)row->kind, row->id),
				row->name);
			check_sizes(row);
			check_notification((uint8_t)protocol, row);
			check_switch((uint8_t)protocol, row);
		}
	}
}

static void table_gives_each_protocol_the_common_messages(void **state)
{
	static const uint8_t mandatory[] = {SCMI_PROTOCOL_VERSION, SCMI_PROTOCOL_ATTRIBUTES,
					    SCMI_PROTOCOL_MESSAGE_ATTRIBUTES};

	(void)state;
	for (unsigned protocol = 0; protocol <= 0xff; protocol++) {
		const struct scmi_message_info *row;

		for (size_t i = 0; i < sizeof(mandatory); i++) {
			row = scmi_message_find((uint8_t)protocol, SCMI_MSG_COMMAND, mandatory[i]);
			assert_non_null(row);
			assert_int_equal(row->mandatory, 1);
		}
		row = scmi_message_find((uint8_t)protocol, SCMI_MSG_COMMAND, SCMI_NEGOTIATE_PROTOCOL_VERSION);
		assert_non_null(row);
		assert_int_equal(row->mandatory, 0);
		assert_int_equal(row->params_min, 4);
		assert_int_equal(row->values_max, 0);
	}
}

/* Payload bytes behind the header, the status counted, as docs/wire.md has them for version 2. */
static const struct {
	uint8_t id;
	uint8_t mandatory;
	uint16_t params;
	uint16_t reply_min;
	uint16_t reply_max;
	uint32_t since;
	const char *name;
} base_commands[] = {
	{0x0, 1, 0, 8, 8, 0, "PROTOCOL_VERSION"},
	{0x1, 1, 0, 8, 8, 0x10000, "PROTOCOL_ATTRIBUTES"},
	{0x2, 1, 4, 8, 8, 0, "PROTOCOL_MESSAGE_ATTRIBUTES"},
	{0x3, 1, 0, 20, 20, 0x10000, "BASE_DISCOVER_VENDOR"},
	{0x4, 0, 0, 20, 20, 0x10000, "BASE_DISCOVER_SUB_VENDOR"},
	{0x5, 1, 0, 8, 8, 0x10000, "BASE_DISCOVER_IMPLEMENTATION_VERSION"},
	{0x6, 1, 4, 8, 8 + 256, 0x10000, "BASE_DISCOVER_LIST_PROTOCOLS"},
	{0x7, 0, 4, 20, 24, 0x10000, "BASE_DISCOVER_AGENT"},
	{0x8, 0, 4, 4, 4, 0x10000, "BASE_NOTIFY_ERRORS"},
	{0x9, 0, 12, 4, 4, 0x20000, "BASE_SET_DEVICE_PERMISSIONS"},
	{0xa, 0, 16, 4, 4, 0x20000, "BASE_SET_PROTOCOL_PERMISSIONS"},
	{0xb, 0, 8, 4, 4, 0x20000, "BASE_RESET_AGENT_CONFIGURATION"},
	{0x10, 0, 4, 4, 4, 0, "NEGOTIATE_PROTOCOL_VERSION"},
};

#define BASE_COMMANDS (sizeof(base_commands) / sizeof(base_commands[0]))

static void table_of_the_base_protocol_has_the_sizes_of_the_specification(void **state)
{
	const struct scmi_message_info *row = NULL;

	(void)state;
	for (size_t i = 0; i < BASE_COMMANDS; i++) {
		row = scmi_message_next(SCMI_PROTOCOL_BASE, row);
		assert_non_null(row);
		assert_int_equal(row->kind, SCMI_MSG_COMMAND);
		assert_int_equal(row->id, base_commands[i].id);
		assert_string_equal(row->name, base_commands[i].name);
		assert_int_equal(row->mandatory, base_commands[i].mandatory);
		assert_int_equal(row->params_min, base_commands[i].params);
		assert_int_equal(row->params_max, base_commands[i].params);
		assert_int_equal(row->values_min + SCMI_STATUS_BYTES, base_commands[i].reply_min);
		assert_int_equal(row->values_max + SCMI_STATUS_BYTES, base_commands[i].reply_max);
		assert_int_equal(row->since, base_commands[i].since);
	}
	row = scmi_message_next(SCMI_PROTOCOL_BASE, row);
	assert_non_null(row);
	assert_int_equal(row->kind, SCMI_MSG_NOTIFICATION);
	assert_string_equal(row->name, "BASE_ERROR_EVENT");
	assert_int_equal(row->values_min, 8);
	assert_int_equal(row->values_max, 8 + 8 * 1023);
	assert_null(scmi_message_next(SCMI_PROTOCOL_BASE, row));
}

/* The same of the sensor protocol, its delayed response and its notifications (all of the payload) included. */
static const struct {
	uint8_t kind;
	uint8_t id;
	uint8_t mandatory;
	uint16_t params;
	uint32_t payload_min;
	uint32_t payload_max;
	uint32_t since;
	const char *name;
} sensor_messages[] = {
	{0, 0x0, 1, 0, 8, 8, 0, "PROTOCOL_VERSION"},
	{0, 0x1, 1, 0, 20, 20, 0x10000, "PROTOCOL_ATTRIBUTES"},
	{0, 0x2, 1, 4, 8, 8, 0, "PROTOCOL_MESSAGE_ATTRIBUTES"},
	{0, 0x3, 1, 4, 8, 0xfffc + 4, 0x10000, "SENSOR_DESCRIPTION_GET"},
	{0, 0x4, 0, 8, 4, 4, 0x10000, "SENSOR_TRIP_POINT_NOTIFY"},
	{0, 0x5, 0, 16, 4, 4, 0x10000, "SENSOR_TRIP_POINT_CONFIG"},
	{0, 0x6, 1, 8, 4, 4 + 63 * 16, 0x10000, "SENSOR_READING_GET"},
	{0, 0x7, 0, 8, 8, 8 + 63 * 48, 0x20000, "SENSOR_AXIS_DESCRIPTION_GET"},
	{0, 0x8, 0, 8, 8, 8 + 4095 * 4, 0x20000, "SENSOR_LIST_UPDATE_INTERVALS"},
	{0, 0x9, 0, 4, 8, 8, 0x20000, "SENSOR_CONFIG_GET"},
	{0, 0xa, 0, 8, 4, 4, 0x20000, "SENSOR_CONFIG_SET"},
	{0, 0xb, 0, 8, 4, 4, 0x20000, "SENSOR_CONTINUOUS_UPDATE_NOTIFY"},
	{0, 0xc, 0, 4, 72, 72, 0x30000, "SENSOR_NAME_GET"},
	{0, 0xd, 0, 8, 8, 8 + 63 * 68, 0x30000, "SENSOR_AXIS_NAME_GET"},
	{0, 0x10, 0, 4, 4, 4, 0, "NEGOTIATE_PROTOCOL_VERSION"},
	{2, 0x6, 0, 0, 16, 8 + 63 * 16, 0x10000, "SENSOR_READING_COMPLETE"},
	{3, 0x0, 0, 0, 12, 12, 0x10000, "SENSOR_TRIP_POINT_EVENT"},
	{3, 0x1, 0, 0, 24, 8 + 63 * 16, 0x20000, "SENSOR_UPDATE"},
};

#define SENSOR_MESSAGES (sizeof(sensor_messages) / sizeof(sensor_messages[0]))

static void table_of_the_sensor_protocol_has_the_sizes_of_the_specification(void **state)
{
	const struct scmi_message_info *row = NULL;

	(void)state;
	for (size_t i = 0; i < SENSOR_MESSAGES; i++) {
		uint32_t status = sensor_messages[i].kind == SCMI_MSG_NOTIFICATION ? 0u : SCMI_STATUS_BYTES;

		row = scmi_message_next(SCMI_PROTOCOL_SENSOR, row);
		assert_non_null(row);
		assert_string_equal(row->name, sensor_messages[i].name);
		assert_int_equal(row->kind, sensor_messages[i].kind);
		assert_int_equal(row->id, sensor_messages[i].id);
		assert_int_equal(row->mandatory, sensor_messages[i].mandatory);
		assert_int_equal(row->params_min, sensor_messages[i].params);
		assert_int_equal(row->params_max, sensor_messages[i].params);
		assert_int_equal(row->values_min + status, sensor_messages[i].payload_min);
		assert_int_equal(row->values_max + status, sensor_messages[i].payload_max);
		assert_int_equal(row->since, sensor_messages[i].since);
	}
	assert_null(scmi_message_next(SCMI_PROTOCOL_SENSOR, row));
}

static void table_own_row_goes_before_the_common_one(void **state)
{
	const struct scmi_message_info *own =
		scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_COMMAND, SCMI_PROTOCOL_ATTRIBUTES);
	const struct scmi_message_info *common = scmi_message_find(0x80, SCMI_MSG_COMMAND, SCMI_PROTOCOL_ATTRIBUTES);

	(void)state;
	assert_int_equal(own->protocol, SCMI_PROTOCOL_BASE);
	assert_int_equal(own->values_max, 4);
	assert_int_equal(common->protocol, SCMI_PROTOCOL_COMMON);
	assert_int_equal(common->values_max, 32);
}

static void table_knows_which_notification_a_command_switches(void **state)
{
	const struct scmi_message_info *row =
		scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_COMMAND, SCMI_BASE_NOTIFY_ERRORS);

	(void)state;
	assert_int_equal(row->notification, SCMI_BASE_ERROR_EVENT);
	row = scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_COMMAND, SCMI_BASE_DISCOVER_AGENT);
	assert_int_equal(row->notification, SCMI_NO_NOTIFICATION);
}

static void table_without_a_row_says_so(void **state)
{
	(void)state;
	assert_null(scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_COMMAND, 0x0c));
	assert_null(scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_DELAYED, SCMI_BASE_DISCOVER_VENDOR));
	assert_null(scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_RESERVED, 0));
	assert_null(scmi_message_find(SCMI_PROTOCOL_BASE, SCMI_MSG_NOTIFICATION, 1));
	assert_null(scmi_message_find(0x80, SCMI_MSG_NOTIFICATION, 0));
	assert_string_equal(scmi_message_name(SCMI_PROTOCOL_BASE, SCMI_MSG_COMMAND, 0xff), "unknown message");
}

static void protocol_name_of_every_id_is_known_vendor_or_unknown(void **state)
{
	static const char *const names[] = {
		"base",     "power",   "system",           "perf",     "clock", "sensor", "reset", "voltage",
		"powercap", "pinctrl", "unknown protocol", "telemetry"};

	(void)state;
	for (unsigned id = 0; id <= 0xff; id++) {
		const char *expected = id >= 0x80 ? "vendor protocol" : "unknown protocol";

		if (id >= 0x10 && id <= 0x1b)
			expected = names[id - 0x10];
		assert_string_equal(scmi_protocol_name((uint8_t)id), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_walk_of_every_protocol_is_sorted_unique_and_found_again),
		cmocka_unit_test(table_gives_each_protocol_the_common_messages),
		cmocka_unit_test(table_of_the_base_protocol_has_the_sizes_of_the_specification),
		cmocka_unit_test(table_of_the_sensor_protocol_has_the_sizes_of_the_specification),
		cmocka_unit_test(table_own_row_goes_before_the_common_one),
		cmocka_unit_test(table_knows_which_notification_a_command_switches),
		cmocka_unit_test(table_without_a_row_says_so),
		cmocka_unit_test(protocol_name_of_every_id_is_known_vendor_or_unknown),
	};

	return cmocka_run_group_tests_name("message_table", tests, NULL, NULL);
}
