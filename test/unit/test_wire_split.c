/* SPDX-License-Identifier: BSD-3-Clause */
/* Splitting, of golden and of recorded messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "recording.h"
#include "wire_golden.h"

static void part_of_any_length_is_header_and_rest_or_malformed(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= 8; n++) {
		const void *payload = "unset";
		uint32_t payload_len = 77;
		uint32_t hdr = 77;
		int err = scmi_msg_part(golden_command, n, &hdr, &payload, &payload_len);

		if (n < 4) {
			assert_int_equal(err, SCMI_E_PROTO);
			assert_int_equal(hdr, 77);
			assert_int_equal(payload_len, 77);
			continue;
		}
		assert_int_equal(err, SCMI_OK);
		assert_int_equal(hdr, 0x00184006);
		assert_int_equal(payload_len, n - 4);
		assert_ptr_equal(payload, n == 4 ? NULL : golden_command + 4);
	}
}

static void split_reply_of_any_length_looks_at_the_status_first(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= 8; n++) {
		uint32_t values = 77;
		int32_t status = 77;

		/* Short of a status its bytes are not looked at: head may be NULL. */
		assert_int_equal(scmi_msg_split_reply(n < 4 ? NULL : golden_response + 4, n, &status, &values),
				 n < 4 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(status, n < 4 ? 77 : SCMI_SUCCESS);
		assert_int_equal(values, n < 4 ? 77 : n - 4);

		status = 77;
		values = 77;
		assert_int_equal(scmi_msg_split_reply(golden_error + 4, n, &status, &values),
				 n < 4 ? SCMI_E_PROTO : SCMI_E_REMOTE);
		assert_int_equal(status, n < 4 ? 77 : SCMI_INVALID_PARAMETERS);
		assert_int_equal(values, n < 4 ? 77 : 0);
	}
}

static void split_reply_gives_every_status_back(void **state)
{
	static const int32_t statuses[] = {-1,  -2,  -3,  -4,   -5,   -6,        -7, -8,       -9,
					   -10, -11, -12, -127, -128, INT32_MIN, 1,  INT32_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		uint8_t buf[12];
		uint32_t values = 77;
		uint32_t len = 0;
		int32_t status = 77;

		assert_int_equal(scmi_msg_build_reply(buf, sizeof(buf), statuses[i], NULL, 0, &len), SCMI_OK);
		assert_int_equal(scmi_msg_split_reply(buf, len, &status, &values), SCMI_E_REMOTE);
		assert_int_equal(status, statuses[i]);
		/* What a careless platform sends behind an error is ignored. */
		values = 77;
		assert_int_equal(scmi_msg_split_reply(buf, sizeof(buf), &status, &values), SCMI_E_REMOTE);
		assert_int_equal(values, 0);
	}
}

static void split_from_agent_takes_commands_only(void **state)
{
	struct scmi_msg msg;
	uint8_t buf[8];

	(void)state;
	assert_int_equal(scmi_msg_from_agent(golden_command, sizeof(golden_command), &msg), SCMI_OK);
	assert_int_equal(msg.hdr, 0x00184006);
	assert_int_equal(msg.status, SCMI_SUCCESS);
	assert_int_equal(msg.len, 4);
	assert_ptr_equal(msg.values, golden_command + 4);

	memcpy(buf, golden_command, sizeof(buf));
	for (unsigned type = 1; type <= 3; type++) {
		scmi_put_le32(buf, scmi_hdr_as(0x00184006, (enum scmi_msg_type)type));
		assert_int_equal(scmi_msg_from_agent(buf, sizeof(buf), &msg), SCMI_E_PROTO);
	}
	for (uint32_t n = 0; n < 4; n++)
		assert_int_equal(scmi_msg_from_agent(golden_command, n, &msg), SCMI_E_PROTO);
}

static void split_from_platform_goes_by_the_type(void **state)
{
	struct scmi_msg msg;
	uint8_t buf[12];

	(void)state;
	assert_int_equal(scmi_msg_from_platform(golden_response, sizeof(golden_response), &msg), SCMI_OK);
	assert_int_equal(msg.len, 8);
	assert_ptr_equal(msg.values, golden_response + 8);

	assert_int_equal(scmi_msg_from_platform(golden_error, sizeof(golden_error), &msg), SCMI_E_REMOTE);
	assert_int_equal(msg.hdr, 0x00184006);
	assert_int_equal(msg.status, SCMI_INVALID_PARAMETERS);
	assert_int_equal(msg.len, 0);
	assert_null(msg.values);

	assert_int_equal(scmi_msg_from_platform(golden_delayed, sizeof(golden_delayed), &msg), SCMI_OK);
	assert_int_equal(scmi_hdr_type(msg.hdr), SCMI_MSG_DELAYED);
	assert_int_equal(msg.len, 4);

	assert_int_equal(scmi_msg_from_platform(golden_event, sizeof(golden_event), &msg), SCMI_OK);
	assert_int_equal(scmi_hdr_type(msg.hdr), SCMI_MSG_NOTIFICATION);
	assert_int_equal(msg.status, SCMI_SUCCESS);
	assert_int_equal(msg.len, 8);
	assert_ptr_equal(msg.values, golden_event + 4);

	memcpy(buf, golden_delayed, sizeof(buf));
	scmi_put_le32(buf, scmi_hdr_as(scmi_get_le32(buf), SCMI_MSG_RESERVED));
	assert_int_equal(scmi_msg_from_platform(buf, sizeof(buf), &msg), SCMI_E_PROTO);
}

/* A reply needs a header and a status, a notification a header. */
static void split_from_platform_of_any_length_stays_inside(void **state)
{
	(void)state;
	for (uint32_t n = 0; n <= 8; n++) {
		struct scmi_msg msg = {.hdr = 77};

		assert_int_equal(scmi_msg_from_platform(golden_response, n, &msg), n < 8 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(msg.hdr, n < 8 ? 77 : 0x00184006);
		assert_int_equal(scmi_msg_from_platform(golden_delayed, n, &msg), n < 8 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(scmi_msg_from_platform(golden_event, n, &msg), n < 4 ? SCMI_E_PROTO : SCMI_OK);
		if (n >= 4) {
			assert_int_equal(msg.len, n - 4);
			assert_ptr_equal(msg.values, n == 4 ? NULL : golden_event + 4);
		}
	}
}

static void split_without_memory_is_invalid(void **state)
{
	const void *payload;
	struct scmi_msg msg;
	uint32_t word;
	int32_t status;

	(void)state;
	assert_int_equal(scmi_msg_part(NULL, 8, &word, &payload, &word), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_part(golden_command, 8, NULL, &payload, &word), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_part(golden_command, 8, &word, NULL, &word), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_part(golden_command, 8, &word, &payload, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_split_reply(NULL, 4, &status, &word), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_split_reply(golden_error + 4, 4, NULL, &word), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_split_reply(golden_error + 4, 4, &status, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_from_agent(NULL, 8, &msg), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_from_agent(golden_command, 8, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_from_platform(NULL, 8, &msg), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_from_platform(golden_error, 8, NULL), SCMI_E_INVAL);
}

static void rebuild_command(const struct recording_entry *e)
{
	struct scmi_msg msg;
	uint8_t buf[256];
	uint32_t len = 0;

	assert_int_equal(scmi_msg_from_agent(e->sent, e->sent_len, &msg), SCMI_OK);
	assert_int_equal(scmi_msg_build(buf, sizeof(buf), msg.hdr, msg.values, msg.len, &len), SCMI_OK);
	assert_int_equal(len, e->sent_len);
	assert_memory_equal(buf, e->sent, len);
}

static void rebuild_reply(const struct recording_entry *e)
{
	struct scmi_msg msg;
	uint8_t buf[256];
	uint32_t len = 0;
	int err = scmi_msg_from_platform(e->reply, e->reply_len, &msg);

	assert_int_equal(err, msg.status == SCMI_SUCCESS ? SCMI_OK : SCMI_E_REMOTE);
	/* The header of the command, whole, comes back. */
	assert_int_equal(msg.hdr, scmi_get_le32(e->sent));
	assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), msg.hdr, msg.status, msg.values, msg.len, &len),
			 SCMI_OK);
	assert_int_equal(len, e->reply_len);
	assert_memory_equal(buf, e->reply, len);
}

static void rebuild_event(const struct recording_entry *e)
{
	struct scmi_msg msg;
	uint8_t buf[256];
	uint32_t len = 0;

	assert_int_equal(scmi_msg_from_platform(e->sent, e->sent_len, &msg), SCMI_OK);
	if (scmi_hdr_type(msg.hdr) == SCMI_MSG_DELAYED)
		assert_int_equal(scmi_msg_build_delayed(buf, sizeof(buf), scmi_hdr_as(msg.hdr, SCMI_MSG_COMMAND),
							msg.status, msg.values, msg.len, &len),
				 SCMI_OK);
	else
		assert_int_equal(scmi_msg_build(buf, sizeof(buf), msg.hdr, msg.values, msg.len, &len), SCMI_OK);
	assert_int_equal(len, e->sent_len);
	assert_memory_equal(buf, e->sent, len);
}

static void recorded_messages_round_trip_byte_for_byte(void **state)
{
	static const char *const files[] = {RECORDINGS "/linux-6.12-virtio.txt", RECORDINGS "/linux-6.1-virtio.txt"};
	unsigned commands = 0;
	unsigned events = 0;

	(void)state;
	for (size_t f = 0; f < sizeof(files) / sizeof(files[0]); f++) {
		struct recording r;
		char error[200] = "";

		if (recording_load(&r, files[f], error, sizeof(error)) != 0)
			fail_msg("%s", error);
		for (size_t i = 0; i < r.count; i++) {
			if (r.entries[i].kind == RECORDING_COMMAND) {
				rebuild_command(&r.entries[i]);
				rebuild_reply(&r.entries[i]);
				commands++;
			} else {
				assert_int_equal(r.entries[i].kind, RECORDING_EVENT);
				rebuild_event(&r.entries[i]);
				events++;
			}
		}
		recording_free(&r);
	}
	/* As many as the two files have. */
	assert_int_equal(commands, 52);
	assert_int_equal(events, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(part_of_any_length_is_header_and_rest_or_malformed),
		cmocka_unit_test(split_reply_of_any_length_looks_at_the_status_first),
		cmocka_unit_test(split_reply_gives_every_status_back),
		cmocka_unit_test(split_from_agent_takes_commands_only),
		cmocka_unit_test(split_from_platform_goes_by_the_type),
		cmocka_unit_test(split_from_platform_of_any_length_stays_inside),
		cmocka_unit_test(split_without_memory_is_invalid),
		cmocka_unit_test(recorded_messages_round_trip_byte_for_byte),
	};

	return cmocka_run_group_tests_name("wire_split", tests, NULL, NULL);
}
