/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The base protocol's client where it ends: the last byte of a name, the last reply of a list, the flag that is not
 * set.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/base.h>
#include <scmi/protocol/quirk.h>

#include "told.h"

static void second_reply_with_more_than_is_left_is_malformed(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(3)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(2), 0x11, 0x13, 0, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 2, OK, WORD(2), 0x14, 0x15, 0, 0),
	};
	struct fixture *f = *state;
	uint8_t ids[4] = {0xee, 0xee, 0xee, 0xee};
	uint32_t count = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 4, &count, NULL), SCMI_E_PROTO);
	assert_int_equal(count, 77);
	assert_int_equal(ids[2], 0xee);
}

static void name_ends_with_its_field(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_BASE_DISCOVER_VENDOR, OK, 'a', 'b', 0, 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x',
		      'x', 'x'),
	};
	struct fixture *f = *state;
	char name[SCMI_SHORT_NAME + 1];

	memset(name, '?', sizeof(name));
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_vendor(f->agent, name, NULL), SCMI_OK);
	assert_string_equal(name, "ab");
	assert_int_equal(name[SCMI_SHORT_NAME - 1], '\0');
	assert_int_equal(name[SCMI_SHORT_NAME], '?');
}

static void flag_that_is_not_asked_for_is_zero(void **state)
{
	struct fixture *f = *state;

	(void)scmi_base_set_device_permissions(f->agent, 1, 2, false, NULL);
	assert_int_equal(scmi_get_le32(f->platform.params + 8), 0);
	(void)scmi_base_set_protocol_permissions(f->agent, 1, 2, 0x14, false, NULL);
	assert_int_equal(scmi_get_le32(f->platform.params + 12), 0);
	(void)scmi_base_reset_agent_configuration(f->agent, 1, false, NULL);
	assert_int_equal(scmi_get_le32(f->platform.params + 4), 0);
	(void)scmi_base_notify_errors(f->agent, false, NULL);
	assert_int_equal(scmi_get_le32(f->platform.params), 0);
}

/* Messages that every protocol has are as old as the oldest of them. */
static void common_messages_are_there_since_ever(void **state)
{
	static const uint8_t unknown = 0x7f;

	(void)state;
	for (uint8_t id = SCMI_PROTOCOL_VERSION; id <= SCMI_PROTOCOL_MESSAGE_ATTRIBUTES; id++)
		assert_int_equal(scmi_message_find(unknown, SCMI_MSG_COMMAND, id)->since, 0);
}

static void version_that_is_not_told_is_0(void **state)
{
	const struct scmi_quirk from_1 = {.version_from = 1, .strict = SCMI_CHECK_STATUS};
	struct fixture *f = *state;
	uint32_t matched = 77;

	assert_int_equal(scmi_quirks_apply(f->agent, &from_1, 1, 0, 0, &matched), SCMI_OK);
	assert_int_equal(matched, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(second_reply_with_more_than_is_left_is_malformed, told_set_up,
						told_tear_down),
		cmocka_unit_test_setup_teardown(name_ends_with_its_field, told_set_up, told_tear_down),
		cmocka_unit_test_setup_teardown(flag_that_is_not_asked_for_is_zero, told_set_up, told_tear_down),
		cmocka_unit_test(common_messages_are_there_since_ever),
		cmocka_unit_test_setup_teardown(version_that_is_not_told_is_0, told_set_up, told_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
