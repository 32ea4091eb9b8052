/* SPDX-License-Identifier: BSD-3-Clause */
/* Discovery: the list of protocols, the agreement on a version, the whole sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/protocol/base.h>

#include "recording.h"
#include "told.h"

static void list_of_protocols_in_several_replies_is_put_together(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(6)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(4), 0x11, 0x13, 0x14, 0x15),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 4, OK, WORD(1), 0x16, 0, 0, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 5, OK, WORD(1), 0x80, 0, 0, 0),
	};
	static const uint8_t expected[] = {0x11, 0x13, 0x14, 0x15, 0x16, 0x80, 0xee};
	struct fixture *f = *state;
	uint8_t ids[7];
	uint32_t count = 0;

	memset(ids, 0xee, sizeof(ids));
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 6, &count, NULL), SCMI_OK);
	assert_int_equal(count, 6);
	assert_memory_equal(ids, expected, sizeof(expected));
	assert_int_equal(f->platform.asked, 4);
}

/* More in one reply than the library takes at once: the rest is asked for again. */
static void list_of_all_possible_protocols_is_whole(void **state)
{
	enum { AT_ONCE = 32, REPLIES = 8 };
	static uint8_t replies[REPLIES][4 + 4 + 256];
	static uint8_t skips[REPLIES][4];
	struct row rows[1 + REPLIES] = {PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(255))};
	struct fixture *f = *state;
	uint8_t ids[SCMI_BASE_PROTOCOLS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < REPLIES; i++) {
		uint32_t skip = AT_ONCE * i;

		scmi_put_le32(skips[i], skip);
		scmi_put_le32(replies[i], 0);
		scmi_put_le32(replies[i] + 4, 255 - skip);
		for (uint32_t n = skip; n < 255; n++)
			replies[i][8 + n - skip] = (uint8_t)(n + 1);
		rows[i + 1] = (struct row){SCMI_BASE_DISCOVER_LIST_PROTOCOLS, skips[i], 4, replies[i],
					   8 + (255 - skip + 3) / 4 * 4};
	}
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, sizeof(ids), &count, NULL), SCMI_OK);
	assert_int_equal(count, 255);
	for (uint32_t n = 0; n < 255; n++)
		assert_int_equal(ids[n], n + 1);
}

static void list_that_ends_early_is_as_long_as_it_is(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(3)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(1), 0x14, 0, 0, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 1, OK, WORD(0)),
	};
	struct fixture *f = *state;
	uint8_t ids[3] = {0};
	uint32_t count = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 3, &count, NULL), SCMI_OK);
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], 0x14);
	assert_int_equal(f->platform.asked, 3);
}

static void list_of_nothing_asks_for_nothing(void **state)
{
	const struct row rows[] = {PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(0))};
	struct fixture *f = *state;
	uint32_t count = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, NULL, 0, &count, NULL), SCMI_OK);
	assert_int_equal(count, 0);
	assert_int_equal(f->platform.asked, 1);
}

/* Firmware that always has one more to tell: as many commands as it announced, and no more. */
static void list_from_bad_firmware_cannot_loop(void **state)
{
	static const uint8_t one_more[] = {OK, WORD(1), 0x14, 0, 0, 0};
	static uint8_t skips[5][4];
	struct row rows[6] = {PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(5))};
	struct fixture *f = *state;
	uint8_t ids[6];
	uint32_t count = 0;

	for (uint32_t i = 0; i < 5; i++) {
		scmi_put_le32(skips[i], i);
		rows[i + 1] = (struct row){SCMI_BASE_DISCOVER_LIST_PROTOCOLS, skips[i], 4, one_more, sizeof(one_more)};
	}
	memset(ids, 0xee, sizeof(ids));
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 5, &count, NULL), SCMI_OK);
	assert_int_equal(count, 5);
	assert_int_equal(f->platform.asked, 6);
	assert_int_equal(ids[5], 0xee);
}

static void list_that_contradicts_itself_is_malformed(void **state)
{
	const struct row list[] = {
		/* more than announced */
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(3), 0x13, 0x14, 0x15, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, 0xff, 0xff, 0xff, 0xff, 0x13, 0x14, 0x15, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, 0, 0, 0, 0x80),
		/* fewer bytes than it says */
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(2), 0x13),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(1)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, 1, 0, 0),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK),
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < LENGTH(list); i++) {
		const struct row rows[] = {PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(2)), list[i]};
		uint8_t ids[4] = {0xee, 0xee, 0xee, 0xee};
		uint32_t count = 77;

		serve(f, rows, LENGTH(rows));
		assert_int_equal(scmi_base_list_protocols(f->agent, ids, 4, &count, NULL), SCMI_E_PROTO);
		assert_int_equal(count, 77);
		assert_int_equal(f->platform.asked, 2);
		for (size_t n = 0; n < sizeof(ids); n++)
			assert_int_equal(ids[n], 0xee);
	}
}

/* Out of spec but common: words of padding behind the list. */
static void list_with_too_much_padding_is_taken(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(1)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(1), 0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	};
	struct fixture *f = *state;
	uint8_t ids[1] = {0};
	uint32_t count = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 1, &count, NULL), SCMI_OK);
	assert_int_equal(count, 1);
	assert_int_equal(ids[0], 0x14);
}

static void list_that_does_not_fit_says_how_much_room_it_needs(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(3)),
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(3), 0x13, 0x14, 0x15, 0),
	};
	struct fixture *f = *state;
	uint8_t ids[2] = {0xee, 0xee};
	uint32_t count = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_list_protocols(f->agent, ids, 2, &count, NULL), SCMI_E_TRUNCATED);
	assert_int_equal(count, 3);
	assert_int_equal(ids[0], 0xee);
	assert_int_equal(f->platform.asked, 1);
}

/* Version 3.0 of anything is newer than what is known here. */
#define NEWER PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 3, 0)

static void agree_with_a_platform_that_is_not_newer_asks_nothing_more(void **state)
{
	const struct row rows[] = {PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 2, 0)};
	struct fixture *f = *state;
	uint32_t version = 0;
	uint32_t spoken = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_protocol_agree(f->agent, 0x14, SCMI_VERSION(2, 0), &version, &spoken, NULL), SCMI_OK);
	assert_int_equal(version, SCMI_VERSION(2, 0));
	assert_int_equal(spoken, SCMI_VERSION(2, 0));
	assert_int_equal(f->platform.asked, 1);
}

static void agree_with_a_newer_platform_negotiates_down(void **state)
{
	const struct row rows[] = {
		NEWER,
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_NEGOTIATE_PROTOCOL_VERSION, OK, WORD(0)),
		{SCMI_NEGOTIATE_PROTOCOL_VERSION, BYTES(1, 0, 2, 0), 4, BYTES(OK), 4},
	};
	struct fixture *f = *state;
	uint32_t version = 0;
	uint32_t spoken = 0;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_protocol_agree(f->agent, 0x14, SCMI_VERSION(2, 1), &version, &spoken, NULL), SCMI_OK);
	assert_int_equal(version, SCMI_VERSION(3, 0));
	assert_int_equal(spoken, SCMI_VERSION(2, 1));
	assert_int_equal(f->platform.asked, 3);
}

static void agree_that_is_refused_stays_with_the_platform_s_version(void **state)
{
	const struct row rows[] = {
		NEWER,
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_NEGOTIATE_PROTOCOL_VERSION, OK, WORD(0)),
	};
	struct fixture *f = *state;

	/* First the platform has not got the message at all, then it refuses the version. */
	for (size_t n = 1; n <= LENGTH(rows); n++) {
		uint32_t version = 0;
		uint32_t spoken = 0;
		int32_t status = 77;

		serve(f, rows, n);
		assert_int_equal(scmi_protocol_agree(f->agent, 0x14, SCMI_VERSION(2, 1), &version, &spoken, &status),
				 SCMI_OK);
		assert_int_equal(version, SCMI_VERSION(3, 0));
		assert_int_equal(spoken, SCMI_VERSION(3, 0));
		assert_int_equal(status, SCMI_SUCCESS);
		assert_int_equal(f->platform.asked, n + 1);
	}
}

static void agree_with_a_malformed_answer_fails(void **state)
{
	const struct row rows[] = {
		NEWER,
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_NEGOTIATE_PROTOCOL_VERSION, OK),
	};
	struct fixture *f = *state;
	uint32_t version = 77;
	uint32_t spoken = 78;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_protocol_agree(f->agent, 0x14, 1, &version, &spoken, NULL), SCMI_E_PROTO);
	assert_int_equal(version, 77);
	assert_int_equal(spoken, 78);
}

/* The least that a platform must answer. */
#define LEAST                                                                                                          \
	PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 2, 0), PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 1, 2, 0, 0),                 \
		ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, OK, WORD(1), 0x14, 0, 0, 0)

static void discover_of_the_least_platform_leaves_the_rest_untold(void **state)
{
	const struct row rows[] = {LEAST};
	struct scmi_base_info info;
	struct fixture *f = *state;

	memset(&info, 0xee, sizeof(info));
	info.size = sizeof(info);
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_OK);
	assert_int_equal(info.status, SCMI_SUCCESS);
	assert_int_equal(info.version, SCMI_VERSION(2, 0));
	assert_int_equal(info.spoken, SCMI_VERSION(2, 0));
	assert_int_equal(info.implementation, 0);
	assert_int_equal(info.agent_count, 2);
	assert_int_equal(info.protocol_count, 1);
	assert_int_equal(info.protocols[0], 0x14);
	assert_int_equal(info.self.id, SCMI_BASE_AGENT_SELF);
	assert_string_equal(info.self.name, "");
	assert_string_equal(info.vendor, "");
	assert_string_equal(info.sub_vendor, "");
}

static void discover_learns_who_we_are(void **state)
{
	const struct row rows[] = {
		LEAST,
		{SCMI_BASE_DISCOVER_AGENT, BYTES(0xff, 0xff, 0xff, 0xff), 4,
		 BYTES(OK, WORD(1), 'o', 's', 'p', 'm', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 24},
	};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_OK);
	assert_int_equal(info.self.id, 1);
	assert_string_equal(info.self.name, "ospm");
}

/* "Who am I" is not asked where it has no meaning. */
static void discover_of_an_old_or_agentless_platform_does_not_ask_who_we_are(void **state)
{
	const struct row old[] = {PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 1, 0), LEAST};
	const struct row agentless[] = {PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 1, 0, 0, 0), LEAST};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct fixture *f = *state;

	serve(f, old, LENGTH(old));
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_OK);
	assert_int_equal(info.version, SCMI_VERSION(1, 0));
	assert_int_equal(f->platform.message, SCMI_BASE_DISCOVER_LIST_PROTOCOLS);

	serve(f, agentless, LENGTH(agentless));
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_OK);
	assert_int_equal(info.agent_count, 0);
	assert_int_equal(f->platform.message, SCMI_BASE_DISCOVER_LIST_PROTOCOLS);
}

static void discover_without_what_is_required_fails_with_the_platform_s_word(void **state)
{
	const struct row no_list[] = {PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 2, 0),
				      PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 1, 0, 0, 0),
				      ASKED(SCMI_BASE_DISCOVER_LIST_PROTOCOLS, 0, 0xfd, 0xff, 0xff, 0xff)};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct fixture *f = *state;

	serve(f, no_list, 0);
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_E_REMOTE);
	assert_int_equal(info.status, SCMI_NOT_SUPPORTED);
	assert_int_equal(f->platform.asked, 1);
	serve(f, no_list, 1);
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_E_REMOTE);
	assert_int_equal(f->platform.asked, 2);
	serve(f, no_list, 3);
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_E_REMOTE);
	assert_int_equal(info.status, SCMI_DENIED);
	assert_int_equal(info.version, SCMI_VERSION(2, 0));
}

static void discover_with_a_malformed_name_fails(void **state)
{
	const struct row rows[] = {LEAST, PLAIN(SCMI_BASE_DISCOVER_VENDOR, OK, 'a')};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_E_PROTO);
	assert_string_equal(info.vendor, "");
}

static void commands_of_a_stopped_agent_are_refused(void **state)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	struct fixture *f = *state;
	uint32_t version = 77;

	assert_int_equal(scmi_agent_stop(f->agent), SCMI_OK);
	assert_int_equal(scmi_base_version(f->agent, &version, NULL), SCMI_E_CLOSED);
	assert_int_equal(version, 77);
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_E_CLOSED);
	assert_int_equal(f->platform.asked, 0);
}

/* What the platform of the recordings answered to a real kernel, answered to us. */
static void discover_from_recorded_replies(struct fixture *f, const struct recording *r)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_base_agent who;
	struct row rows[64];
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		const struct recording_entry *e = &r->entries[i];
		uint32_t hdr = scmi_get_le32(e->sent);

		if (e->kind != RECORDING_COMMAND || scmi_hdr_protocol(hdr) != SCMI_PROTOCOL_BASE)
			continue;
		assert_true(n < LENGTH(rows));
		rows[n++] = (struct row){scmi_hdr_message(hdr), e->sent + SCMI_HDR_BYTES, e->sent_len - SCMI_HDR_BYTES,
					 e->reply + SCMI_HDR_BYTES, e->reply_len - SCMI_HDR_BYTES};
	}
	serve(f, rows, n);
	assert_int_equal(scmi_base_discover(f->agent, &info), SCMI_OK);
	assert_int_equal(info.version, SCMI_VERSION(2, 0));
	assert_int_equal(info.spoken, SCMI_VERSION(2, 0));
	assert_string_equal(info.vendor, "acme");
	assert_string_equal(info.sub_vendor, "interop");
	assert_int_equal(info.implementation, 0x00010203);
	assert_int_equal(info.agent_count, 1);
	assert_int_equal(info.protocol_count, 2);
	assert_int_equal(info.protocols[0], SCMI_PROTOCOL_CLOCK);
	assert_int_equal(info.protocols[1], SCMI_PROTOCOL_SENSOR);

	assert_int_equal(scmi_base_discover_agent(f->agent, SCMI_BASE_PLATFORM_ID, &who, NULL), SCMI_OK);
	assert_int_equal(who.id, SCMI_BASE_PLATFORM_ID);
	assert_string_equal(who.name, "platform");
}

static void recorded_platform_is_discovered(void **state)
{
	static const char *const files[] = {RECORDINGS "/linux-6.12-virtio.txt", RECORDINGS "/linux-6.1-virtio.txt"};

	for (size_t i = 0; i < LENGTH(files); i++) {
		struct recording r;
		char error[200] = "";

		if (recording_load(&r, files[i], error, sizeof(error)) != 0)
			fail_msg("%s", error);
		discover_from_recorded_replies(*state, &r);
		recording_free(&r);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, told_set_up, told_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(list_of_protocols_in_several_replies_is_put_together),
		TEST(list_of_all_possible_protocols_is_whole),
		TEST(list_that_ends_early_is_as_long_as_it_is),
		TEST(list_of_nothing_asks_for_nothing),
		TEST(list_from_bad_firmware_cannot_loop),
		TEST(list_that_contradicts_itself_is_malformed),
		TEST(list_with_too_much_padding_is_taken),
		TEST(list_that_does_not_fit_says_how_much_room_it_needs),
		TEST(agree_with_a_platform_that_is_not_newer_asks_nothing_more),
		TEST(agree_with_a_newer_platform_negotiates_down),
		TEST(agree_that_is_refused_stays_with_the_platform_s_version),
		TEST(agree_with_a_malformed_answer_fails),
		TEST(discover_of_the_least_platform_leaves_the_rest_untold),
		TEST(discover_learns_who_we_are),
		TEST(discover_of_an_old_or_agentless_platform_does_not_ask_who_we_are),
		TEST(discover_without_what_is_required_fails_with_the_platform_s_word),
		TEST(discover_with_a_malformed_name_fails),
		TEST(commands_of_a_stopped_agent_are_refused),
		TEST(recorded_platform_is_discovered),
	};

	return cmocka_run_group_tests_name("base_discover", tests, NULL, NULL);
}
