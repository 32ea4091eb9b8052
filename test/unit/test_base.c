/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed commands of the base protocol, one by one: layouts, bounds, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/base.h>

#include "told.h"

static void version_attributes_and_message_attributes_are_taken_from_their_words(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, OK, 1, 0, 2, 0),
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 2, 3, 0xff, 0xff),
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_BASE_NOTIFY_ERRORS, OK, 1, 2, 3, 4),
		PLAIN(SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION, OK, 0x03, 0x02, 0x01, 0x80),
	};
	struct fixture *f = *state;
	uint32_t a = 0;
	uint32_t b = 0;
	int32_t status = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_version(f->agent, &a, &status), SCMI_OK);
	assert_int_equal(a, SCMI_VERSION(2, 1));
	assert_int_equal(status, SCMI_SUCCESS);
	assert_int_equal(f->platform.protocol, SCMI_PROTOCOL_BASE);

	assert_int_equal(scmi_base_attributes(f->agent, &a, &b, NULL), SCMI_OK);
	assert_int_equal(a, 2);
	assert_int_equal(b, 3);

	assert_int_equal(scmi_base_message_attributes(f->agent, SCMI_BASE_NOTIFY_ERRORS, &a, NULL), SCMI_OK);
	assert_int_equal(a, 0x04030201);

	assert_int_equal(scmi_base_implementation_version(f->agent, &a, NULL), SCMI_OK);
	assert_int_equal(a, 0x80010203);
	assert_int_equal(f->platform.asked, 4);
}

static void common_commands_go_to_the_protocol_that_is_named(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 1, 0),
		/* Longer than one word, as many protocols have it. */
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 5, 0, 0, 0, WORD(1), WORD(2), WORD(3)),
		{SCMI_NEGOTIATE_PROTOCOL_VERSION, BYTES(0, 0, 1, 0), 4, BYTES(OK), 4},
	};
	struct fixture *f = *state;
	uint32_t word = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_protocol_version(f->agent, 0x80, &word, NULL), SCMI_OK);
	assert_int_equal(word, SCMI_VERSION(1, 0));
	assert_int_equal(f->platform.protocol, 0x80);
	assert_int_equal(scmi_protocol_attributes(f->agent, SCMI_PROTOCOL_SENSOR, &word, NULL), SCMI_OK);
	assert_int_equal(word, 5);
	assert_int_equal(f->platform.protocol, SCMI_PROTOCOL_SENSOR);
	assert_int_equal(scmi_protocol_negotiate(f->agent, SCMI_PROTOCOL_CLOCK, SCMI_VERSION(1, 0), NULL), SCMI_OK);
	assert_int_equal(f->platform.protocol, SCMI_PROTOCOL_CLOCK);
}

static void error_status_comes_back_beside_the_error_and_leaves_results_alone(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, 0xfd, 0xff, 0xff, 0xff),
		/* A careless platform sends values behind an error. */
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, 0x80, 0xff, 0xff, 0xff, WORD(9)),
	};
	struct fixture *f = *state;
	char name[SCMI_SHORT_NAME] = "as it was";
	uint32_t a = 77;
	uint32_t b = 78;
	int32_t status = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_version(f->agent, &a, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_DENIED);
	assert_int_equal(scmi_base_attributes(f->agent, &a, &b, &status), SCMI_E_REMOTE);
	assert_int_equal(status, -128);
	assert_int_equal(a, 77);
	assert_int_equal(b, 78);
	assert_int_equal(scmi_base_vendor(f->agent, name, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	assert_string_equal(name, "as it was");
	assert_int_equal(scmi_base_negotiate(f->agent, SCMI_BASE_VERSION, NULL), SCMI_E_REMOTE);
}

/* Every length from nothing to one word more than there should be, for a reply of one word. */
static void reply_of_any_length_is_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK, 0, 0, 2, 0, 0xee, 0xee, 0xee, 0xee};
	struct fixture *f = *state;

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_PROTOCOL_VERSION, NULL, 0, bytes, len};
		uint32_t version = 77;
		int32_t status = 77;

		serve(f, &row, 1);
		assert_int_equal(scmi_base_version(f->agent, &version, &status), len < 8 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(version, len < 8 ? 77 : SCMI_VERSION(2, 0));
		assert_int_equal(status, SCMI_SUCCESS);
	}
}

static void name_of_any_length_is_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK,  'a', 'c', 'm', 'e', 0,   'x', 'x', 'x', 'x', 'x',
					'x', 'x', 'x', 'x', 'x', 'x', 'y', 'y', 'y', 'y'};
	struct fixture *f = *state;

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_BASE_DISCOVER_VENDOR, NULL, 0, bytes, len};
		char name[SCMI_SHORT_NAME] = "as it was";

		serve(f, &row, 1);
		assert_int_equal(scmi_base_vendor(f->agent, name, NULL), len < 20 ? SCMI_E_PROTO : SCMI_OK);
		assert_string_equal(name, len < 20 ? "as it was" : "acme");
	}
}

static void name_without_nul_is_terminated_and_one_with_is_cleared_behind_it(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_BASE_DISCOVER_VENDOR, OK, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm',
		      'n', 'o', 'p'),
		PLAIN(SCMI_BASE_DISCOVER_SUB_VENDOR, OK, 'a', 0, 's', 'e', 'c', 'r', 'e', 't', 1, 1, 1, 1, 1, 1, 1, 1),
	};
	static const char cleared[SCMI_SHORT_NAME] = "a";
	struct fixture *f = *state;
	char name[SCMI_SHORT_NAME];

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_vendor(f->agent, name, NULL), SCMI_OK);
	assert_string_equal(name, "abcdefghijklmno");
	assert_int_equal(scmi_base_sub_vendor(f->agent, name, NULL), SCMI_OK);
	assert_memory_equal(name, cleared, sizeof(cleared));
}

static void discover_agent_takes_both_layouts(void **state)
{
	const struct row rows[] = {
		{SCMI_BASE_DISCOVER_AGENT, BYTES(0xff, 0xff, 0xff, 0xff), 4,
		 BYTES(OK, WORD(1), 'o', 's', 'p', 'm', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 24},
		/* version 1.0 */
		ASKED(SCMI_BASE_DISCOVER_AGENT, 0, OK, 'p', 'l', 'a', 't', 'f', 'o', 'r', 'm', 0, 0, 0, 0, 0, 0, 0, 0),
		ASKED(SCMI_BASE_DISCOVER_AGENT, 2, 0xfc, 0xff, 0xff, 0xff),
	};
	struct scmi_base_agent who = {.id = 77};
	struct fixture *f = *state;
	int32_t status = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_discover_agent(f->agent, SCMI_BASE_AGENT_SELF, &who, NULL), SCMI_OK);
	assert_int_equal(who.id, 1);
	assert_string_equal(who.name, "ospm");
	assert_int_equal(scmi_base_discover_agent(f->agent, 0, &who, NULL), SCMI_OK);
	assert_int_equal(who.id, 0);
	assert_string_equal(who.name, "platform");
	assert_int_equal(scmi_base_discover_agent(f->agent, 2, &who, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_FOUND);
	assert_string_equal(who.name, "platform");
}

static void discover_agent_of_any_length_is_one_of_the_layouts_or_malformed(void **state)
{
	static const uint8_t bytes[32] = {OK, WORD('a'), 'b'};
	struct fixture *f = *state;

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_BASE_DISCOVER_AGENT, BYTES(WORD(5)), 4, bytes, len};
		struct scmi_base_agent who = {.id = 77};
		int err;

		serve(f, &row, 1);
		err = scmi_base_discover_agent(f->agent, 5, &who, NULL);
		assert_int_equal(err, len == 20 || len >= 24 ? SCMI_OK : SCMI_E_PROTO);
		assert_int_equal(who.id, err != SCMI_OK ? 77 : (len == 20 ? 5 : 'a'));
		if (err == SCMI_OK)
			assert_string_equal(who.name, len == 20 ? "a" : "b");
	}
}

static void settings_send_the_words_of_the_specification(void **state)
{
	const struct row rows[] = {
		{SCMI_BASE_NOTIFY_ERRORS, BYTES(WORD(1)), 4, BYTES(OK), 4},
		{SCMI_BASE_NOTIFY_ERRORS, BYTES(WORD(0)), 4, BYTES(OK), 4},
		{SCMI_BASE_SET_DEVICE_PERMISSIONS, BYTES(WORD(2), 4, 3, 2, 1, WORD(1)), 12, BYTES(OK), 4},
		{SCMI_BASE_SET_DEVICE_PERMISSIONS, BYTES(WORD(2), 4, 3, 2, 1, WORD(0)), 12, BYTES(OK), 4},
		{SCMI_BASE_SET_PROTOCOL_PERMISSIONS, BYTES(WORD(2), WORD(7), WORD(0x14), WORD(1)), 16, BYTES(OK), 4},
		{SCMI_BASE_SET_PROTOCOL_PERMISSIONS, BYTES(WORD(2), WORD(7), WORD(0x14), WORD(0)), 16, BYTES(OK), 4},
		{SCMI_BASE_RESET_AGENT_CONFIGURATION, BYTES(WORD(2), WORD(1)), 8, BYTES(OK), 4},
		{SCMI_BASE_RESET_AGENT_CONFIGURATION, BYTES(WORD(2), WORD(0)), 8, BYTES(OK), 4},
		{SCMI_NEGOTIATE_PROTOCOL_VERSION, BYTES(1, 0, 2, 0), 4, BYTES(OK), 4},
	};
	struct fixture *f = *state;
	struct scmi_agent *a = f->agent;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_notify_errors(a, true, NULL), SCMI_OK);
	assert_int_equal(scmi_base_notify_errors(a, false, NULL), SCMI_OK);
	assert_int_equal(scmi_base_set_device_permissions(a, 2, 0x01020304, true, NULL), SCMI_OK);
	assert_int_equal(scmi_base_set_device_permissions(a, 2, 0x01020304, false, NULL), SCMI_OK);
	assert_int_equal(scmi_base_set_protocol_permissions(a, 2, 7, SCMI_PROTOCOL_CLOCK, true, NULL), SCMI_OK);
	assert_int_equal(scmi_base_set_protocol_permissions(a, 2, 7, SCMI_PROTOCOL_CLOCK, false, NULL), SCMI_OK);
	assert_int_equal(scmi_base_reset_agent_configuration(a, 2, true, NULL), SCMI_OK);
	assert_int_equal(scmi_base_reset_agent_configuration(a, 2, false, NULL), SCMI_OK);
	assert_int_equal(scmi_base_negotiate(a, SCMI_VERSION(2, 1), NULL), SCMI_OK);
	assert_int_equal(f->platform.asked, LENGTH(rows));
}

static void parameters_have_the_sizes_of_the_table(void **state)
{
	struct scmi_base_agent who;
	struct fixture *f = *state;
	struct scmi_agent *a = f->agent;
	char name[SCMI_SHORT_NAME];
	uint32_t word;

#define SENDS(call)                                                                                                    \
	do {                                                                                                           \
		const struct scmi_message_info *info;                                                                  \
                                                                                                                       \
		assert_int_equal(call, SCMI_E_REMOTE);                                                                 \
		info = scmi_message_find(f->platform.protocol, SCMI_MSG_COMMAND, f->platform.message);                 \
		assert_non_null(info);                                                                                 \
		assert_in_range(f->platform.params_len, info->params_min, info->params_max);                           \
	} while (0)
	SENDS(scmi_base_version(a, &word, NULL));
	SENDS(scmi_base_attributes(a, &word, &word, NULL));
	SENDS(scmi_base_message_attributes(a, 3, &word, NULL));
	SENDS(scmi_base_negotiate(a, 1, NULL));
	SENDS(scmi_base_vendor(a, name, NULL));
	SENDS(scmi_base_sub_vendor(a, name, NULL));
	SENDS(scmi_base_implementation_version(a, &word, NULL));
	SENDS(scmi_base_discover_agent(a, 0, &who, NULL));
	SENDS(scmi_base_notify_errors(a, true, NULL));
	SENDS(scmi_base_set_device_permissions(a, 1, 1, true, NULL));
	SENDS(scmi_base_set_protocol_permissions(a, 1, 1, 0x14, true, NULL));
	SENDS(scmi_base_reset_agent_configuration(a, 1, true, NULL));
#undef SENDS
	assert_int_equal(f->platform.asked, 12);
}

static void null_results_are_invalid_and_nothing_is_sent(void **state)
{
	struct fixture *f = *state;
	struct scmi_agent *a = f->agent;
	struct scmi_base_info info = {.size = sizeof(info) - 1};
	uint32_t word;

	assert_int_equal(scmi_base_version(a, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_message_attributes(a, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_protocol_attributes(a, 0x14, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_protocol_agree(a, 0x14, 1, NULL, &word, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_protocol_agree(a, 0x14, 1, &word, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_attributes(a, NULL, &word, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_attributes(a, &word, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_vendor(a, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_sub_vendor(a, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_implementation_version(a, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_list_protocols(a, NULL, 1, &word, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_list_protocols(a, NULL, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_discover_agent(a, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_discover(a, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_base_discover(a, &info), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, told_set_up, told_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(version_attributes_and_message_attributes_are_taken_from_their_words),
		TEST(common_commands_go_to_the_protocol_that_is_named),
		TEST(error_status_comes_back_beside_the_error_and_leaves_results_alone),
		TEST(reply_of_any_length_is_whole_or_malformed),
		TEST(name_of_any_length_is_whole_or_malformed),
		TEST(name_without_nul_is_terminated_and_one_with_is_cleared_behind_it),
		TEST(discover_agent_takes_both_layouts),
		TEST(discover_agent_of_any_length_is_one_of_the_layouts_or_malformed),
		TEST(settings_send_the_words_of_the_specification),
		TEST(parameters_have_the_sizes_of_the_table),
		TEST(null_results_are_invalid_and_nothing_is_sent),
	};

	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
