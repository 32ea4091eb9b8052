/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol's rows of the table of messages, against the sizes of docs/wire.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message/clock.h>

#define COMMAND SCMI_MSG_COMMAND
#define DELAYED SCMI_MSG_DELAYED
#define EVENT   SCMI_MSG_NOTIFICATION
#define NONE    (-1)

/* Payload bytes behind the header, the status of replies counted. */
static const struct {
	uint8_t kind;
	uint8_t id;
	uint8_t mandatory;
	int8_t switches;
	uint16_t params_min;
	uint16_t params_max;
	uint16_t reply_min;
	uint16_t reply_max;
	uint32_t since;
	const char *name;
} rows[] = {
	{COMMAND, 0x0, 1, NONE, 0, 0, 8, 8, 0, "PROTOCOL_VERSION"},
	{COMMAND, 0x1, 1, NONE, 0, 0, 8, 8, 0x10000, "PROTOCOL_ATTRIBUTES"},
	{COMMAND, 0x2, 1, NONE, 4, 4, 8, 8, 0, "PROTOCOL_MESSAGE_ATTRIBUTES"},
	{COMMAND, 0x3, 1, NONE, 4, 4, 24, 28, 0x10000, "CLOCK_ATTRIBUTES"},
	{COMMAND, 0x4, 1, NONE, 8, 8, 8, 0xffff, 0x10000, "CLOCK_DESCRIBE_RATES"},
	{COMMAND, 0x5, 1, NONE, 16, 16, 4, 4, 0x10000, "CLOCK_RATE_SET"},
	{COMMAND, 0x6, 1, NONE, 4, 4, 12, 12, 0x10000, "CLOCK_RATE_GET"},
	{COMMAND, 0x7, 1, NONE, 8, 12, 4, 4, 0x10000, "CLOCK_CONFIG_SET"},
	{COMMAND, 0x8, 0, NONE, 4, 4, 72, 72, 0x20000, "CLOCK_NAME_GET"},
	{COMMAND, 0x9, 0, 0, 8, 8, 4, 4, 0x20000, "CLOCK_RATE_NOTIFY"},
	{COMMAND, 0xa, 0, 1, 8, 8, 4, 4, 0x20000, "CLOCK_RATE_CHANGE_REQUESTED_NOTIFY"},
	{COMMAND, 0xb, 1, NONE, 8, 8, 16, 16, 0x30000, "CLOCK_CONFIG_GET"},
	{COMMAND, 0xc, 0, NONE, 8, 8, 8, 8 + 4 * 255, 0x30000, "CLOCK_POSSIBLE_PARENTS_GET"},
	{COMMAND, 0xd, 0, NONE, 8, 8, 4, 4, 0x30000, "CLOCK_PARENT_SET"},
	{COMMAND, 0xe, 0, NONE, 4, 4, 8, 8, 0x30000, "CLOCK_PARENT_GET"},
	{COMMAND, 0xf, 0, NONE, 4, 4, 8, 8, 0x30000, "CLOCK_GET_PERMISSIONS"},
	{COMMAND, 0x10, 0, NONE, 4, 4, 4, 4, 0, "NEGOTIATE_PROTOCOL_VERSION"},
	{DELAYED, 0x5, 0, NONE, 0, 0, 16, 16, 0x10000, "CLOCK_RATE_SET_COMPLETE"},
	{EVENT, 0x0, 0, NONE, 0, 0, 16, 16, 0x20000, "CLOCK_RATE_CHANGED"},
	{EVENT, 0x1, 0, NONE, 0, 0, 16, 16, 0x20000, "CLOCK_RATE_CHANGE_REQUESTED"},
};

static void table_of_the_clock_protocol_has_the_sizes_of_the_specification(void **state)
{
	const struct scmi_message_info *row = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t status = rows[i].kind == EVENT ? 0 : SCMI_STATUS_BYTES;

		row = scmi_message_next(SCMI_PROTOCOL_CLOCK, row);
		assert_non_null(row);
		assert_string_equal(row->name, rows[i].name);
		assert_int_equal(row->kind, rows[i].kind);
		assert_int_equal(row->id, rows[i].id);
		assert_int_equal(row->mandatory, rows[i].mandatory);
		assert_int_equal(row->notification, rows[i].switches);
		assert_int_equal(row->params_min, rows[i].params_min);
		assert_int_equal(row->params_max, rows[i].params_max);
		assert_int_equal(row->values_min + status, rows[i].reply_min);
		if (rows[i].reply_max != 0xffff) /* as long as the link carries */
			assert_int_equal(row->values_max + status, rows[i].reply_max);
		assert_int_equal(row->since, rows[i].since);
	}
	assert_null(scmi_message_next(SCMI_PROTOCOL_CLOCK, row));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_the_clock_protocol_has_the_sizes_of_the_specification),
	};

	return cmocka_run_group_tests_name("clock_table", tests, NULL, NULL);
}
