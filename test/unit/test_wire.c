/* SPDX-License-Identifier: BSD-3-Clause */
/* Header word, little-endian access, building and splitting. Golden bytes are worked out by hand from docs/wire.md. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "recording.h"

#define GUARD 0xa5u

static void header_fields_stand_where_the_specification_says(void **state)
{
	(void)state;
	/* id 0x06, type 3, protocol 0x15, token 0x155: 0x06 | 3 << 8 | 0x15 << 10 | 0x155 << 18 */
	assert_int_equal(scmi_hdr(0x15, 0x06, SCMI_MSG_NOTIFICATION, 0x155), 0x05545706);
	/* all bits of each field alone */
	assert_int_equal(scmi_hdr(0, 0xff, SCMI_MSG_COMMAND, 0), 0x000000ff);
	assert_int_equal(scmi_hdr(0, 0, SCMI_MSG_NOTIFICATION, 0), 0x00000300);
	assert_int_equal(scmi_hdr(0xff, 0, SCMI_MSG_COMMAND, 0), 0x0003fc00);
	assert_int_equal(scmi_hdr(0, 0, SCMI_MSG_COMMAND, 0x3ff), 0x0ffc0000);
}

static void header_token_beyond_ten_bits_never_reaches_the_reserved_bits(void **state)
{
	(void)state;
	assert_int_equal(scmi_hdr(0, 0, SCMI_MSG_COMMAND, 0xffff) & SCMI_HDR_RESERVED, 0);
	assert_int_equal(scmi_hdr(0, 0, SCMI_MSG_COMMAND, 0x400), 0);
}

static void header_taken_apart_gives_back_each_field_and_ignores_reserved_bits(void **state)
{
	uint32_t hdr = 0x05545706u | SCMI_HDR_RESERVED;

	(void)state;
	assert_int_equal(scmi_hdr_message(hdr), 0x06);
	assert_int_equal(scmi_hdr_type(hdr), SCMI_MSG_NOTIFICATION);
	assert_int_equal(scmi_hdr_protocol(hdr), 0x15);
	assert_int_equal(scmi_hdr_token(hdr), 0x155);
}

static void header_as_another_type_changes_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(scmi_hdr_as(0xffffffff, SCMI_MSG_COMMAND), 0xfffffcff);
	assert_int_equal(scmi_hdr_as(0x00005406, SCMI_MSG_DELAYED), 0x00005606);
	assert_int_equal(scmi_hdr_as(0x00005606, SCMI_MSG_NOTIFICATION), 0x00005706);
}

static void little_endian_access_works_at_every_alignment(void **state)
{
	uint8_t bytes[16];

	(void)state;
	for (unsigned at = 0; at < 4; at++) {
		memset(bytes, GUARD, sizeof(bytes));
		scmi_put_le64(bytes + at, 0x8877665544332211u);
		for (unsigned i = 0; i < 8; i++)
			assert_int_equal(bytes[at + i], 0x11 * (i + 1));
		assert_int_equal(bytes[at + 8], GUARD);
		assert_int_equal(scmi_get_le16(bytes + at), 0x2211);
		assert_int_equal(scmi_get_le32(bytes + at), 0x44332211);
		assert_true(scmi_get_le64(bytes + at) == 0x8877665544332211u);

		scmi_put_le16(bytes + at, 0xfedc);
		assert_int_equal(bytes[at], 0xdc);
		assert_int_equal(bytes[at + 1], 0xfe);
		assert_int_equal(bytes[at + 2], 0x33);
	}
}

/* BASE_DISCOVER_LIST_PROTOCOLS with skip 2 and token 6. */
static const uint8_t golden_command[] = {0x06, 0x40, 0x18, 0x00, 0x02, 0x00, 0x00, 0x00};
/* Its reply: two protocols, 0x14 and 0x15. */
static const uint8_t golden_response[] = {0x06, 0x40, 0x18, 0x00, 0x00, 0x00, 0x00, 0x00,
					  0x02, 0x00, 0x00, 0x00, 0x14, 0x15, 0x00, 0x00};
/* Its refusal: INVALID_PARAMETERS. */
static const uint8_t golden_error[] = {0x06, 0x40, 0x18, 0x00, 0xfe, 0xff, 0xff, 0xff};
/* Delayed response of sensor 0x15, message 6, token 0: status 0, one word. */
static const uint8_t golden_delayed[] = {0x06, 0x56, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00};
/* BASE_ERROR_EVENT, token 5, from agent 1, fatal, no reports. */
static const uint8_t golden_event[] = {0x00, 0x43, 0x14, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x80};

static void build_each_kind_gives_the_golden_bytes(void **state)
{
	const uint32_t command = scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_BASE_DISCOVER_LIST_PROTOCOLS, SCMI_MSG_COMMAND, 6);
	uint8_t buf[32];
	uint32_t len = 0;

	(void)state;
	assert_int_equal(scmi_msg_build(buf, sizeof(buf), command, golden_command + 4, 4, &len), SCMI_OK);
	assert_int_equal(len, sizeof(golden_command));
	assert_memory_equal(buf, golden_command, len);

	assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), command, SCMI_SUCCESS, golden_response + 8, 8, &len),
			 SCMI_OK);
	assert_int_equal(len, sizeof(golden_response));
	assert_memory_equal(buf, golden_response, len);

	assert_int_equal(scmi_msg_build_delayed(buf, sizeof(buf), scmi_hdr(0x15, 6, SCMI_MSG_COMMAND, 0), SCMI_SUCCESS,
						golden_delayed + 8, 4, &len),
			 SCMI_OK);
	assert_int_equal(len, sizeof(golden_delayed));
	assert_memory_equal(buf, golden_delayed, len);

	assert_int_equal(scmi_msg_build(buf, sizeof(buf),
					scmi_hdr(SCMI_PROTOCOL_BASE, SCMI_BASE_ERROR_EVENT, SCMI_MSG_NOTIFICATION, 5),
					golden_event + 4, 8, &len),
			 SCMI_OK);
	assert_int_equal(len, sizeof(golden_event));
	assert_memory_equal(buf, golden_event, len);

	assert_int_equal(scmi_msg_build_reply(buf, sizeof(buf), SCMI_SUCCESS, golden_response + 8, 8, &len), SCMI_OK);
	assert_int_equal(len, 12);
	assert_memory_equal(buf, golden_response + 4, len);
}

static void build_reply_with_an_error_leaves_the_values_out(void **state)
{
	uint8_t buf[32];
	uint32_t len = 0;

	(void)state;
	memset(buf, GUARD, sizeof(buf));
	assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), 0x00184006, SCMI_INVALID_PARAMETERS, golden_response,
						 16, &len),
			 SCMI_OK);
	assert_int_equal(len, sizeof(golden_error));
	assert_memory_equal(buf, golden_error, len);
	assert_int_equal(buf[8], GUARD);

	/* So an error fits where its values would not. */
	assert_int_equal(scmi_msg_build_delayed(buf, 8, 0x00184006, SCMI_BUSY, golden_response, 16, &len), SCMI_OK);
	assert_int_equal(len, 8);
	assert_int_equal(scmi_get_le32(buf), 0x00184206);
	assert_int_equal(scmi_get_le32(buf + 4), 0xfffffffa);
}

static void build_echoes_the_reserved_header_bits_of_a_command(void **state)
{
	uint8_t buf[8];
	uint32_t len = 0;

	(void)state;
	assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), 0xf0184006, SCMI_SUCCESS, NULL, 0, &len), SCMI_OK);
	assert_int_equal(len, 8);
	assert_int_equal(scmi_get_le32(buf), 0xf0184006);
}

/* Every room from 0 to one byte too much: whole or refused, and then no byte is written. */
static void build_with_any_room_is_whole_or_too_big(void **state)
{
	static const uint8_t payload[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	uint8_t buf[24];

	(void)state;
	for (uint32_t cap = 0; cap <= 17; cap++) {
		for (uint32_t n = 0; n <= 8; n++) {
			uint32_t len = 77;
			int err;

			memset(buf, GUARD, sizeof(buf));
			err = scmi_msg_build(buf, cap, 0x4006, payload, n, &len);
			assert_int_equal(err, cap >= 4 + n ? SCMI_OK : SCMI_E_TOOBIG);
			assert_int_equal(len, err == SCMI_OK ? 4 + n : 77);
			assert_int_equal(buf[err == SCMI_OK ? len : 0], GUARD);

			memset(buf, GUARD, sizeof(buf));
			len = 77;
			err = scmi_msg_build_response(buf, cap, 0x4006, SCMI_SUCCESS, payload, n, &len);
			assert_int_equal(err, cap >= 8 + n ? SCMI_OK : SCMI_E_TOOBIG);
			assert_int_equal(len, err == SCMI_OK ? 8 + n : 77);
			assert_int_equal(buf[err == SCMI_OK ? len : 0], GUARD);

			memset(buf, GUARD, sizeof(buf));
			len = 77;
			err = scmi_msg_build_reply(buf, cap, SCMI_SUCCESS, payload, n, &len);
			assert_int_equal(err, cap >= 4 + n ? SCMI_OK : SCMI_E_TOOBIG);
			assert_int_equal(len, err == SCMI_OK ? 4 + n : 77);
			assert_int_equal(buf[err == SCMI_OK ? len : 0], GUARD);
		}
	}
}

static void build_with_lengths_near_the_end_of_32_bits_does_not_wrap(void **state)
{
	uint8_t buf[16] = {0};
	uint32_t len = 0;

	(void)state;
	for (uint32_t n = UINT32_MAX - 8; n != 0; n++) {
		assert_int_equal(scmi_msg_build(buf, sizeof(buf), 0, buf, n, &len), SCMI_E_TOOBIG);
		assert_int_equal(scmi_msg_build_reply(buf, sizeof(buf), SCMI_SUCCESS, buf, n, &len), SCMI_E_TOOBIG);
		assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), 0, SCMI_SUCCESS, buf, n, &len),
				 SCMI_E_TOOBIG);
	}
}

static void build_from_bytes_that_stand_in_place_keeps_them(void **state)
{
	uint8_t buf[16];
	uint32_t len = 0;

	(void)state;
	memcpy(buf, golden_response, sizeof(buf));
	memset(buf, 0, 8);
	assert_int_equal(scmi_msg_build_response(buf, sizeof(buf), 0x00184006, SCMI_SUCCESS, buf + 8, 8, &len),
			 SCMI_OK);
	assert_memory_equal(buf, golden_response, sizeof(buf));
	assert_int_equal(len, sizeof(golden_response));
}

static void build_without_memory_is_invalid(void **state)
{
	uint8_t buf[16] = {0};
	uint32_t len = 0;

	(void)state;
	assert_int_equal(scmi_msg_build(NULL, 16, 0, buf, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build(buf, 16, 0, NULL, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build(buf, 16, 0, buf + 4, 4, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build(buf, 16, 0, NULL, 0, &len), SCMI_OK);
	assert_int_equal(scmi_msg_build_reply(NULL, 16, 0, buf, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build_reply(buf, 16, 0, NULL, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build_response(NULL, 16, 0, 0, buf, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build_response(buf, 16, 0, 0, NULL, 4, &len), SCMI_E_INVAL);
	assert_int_equal(scmi_msg_build_delayed(buf, 16, 0, 0, NULL, 0, NULL), SCMI_E_INVAL);
}

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

static void strerror_has_a_sentence_for_each_error_and_one_for_the_rest(void **state)
{
	(void)state;
#define CHECK(name, value, sentence)                                                                                   \
	assert_string_equal(scmi_strerror(value), sentence);                                                           \
	assert_string_equal(scmi_error_name(value), #name);
	SCMI_ERROR_MAP(CHECK)
#undef CHECK
	assert_string_equal(scmi_error_name(-5), "SCMI_E_TIMEOUT");
	assert_string_equal(scmi_strerror(1), "unknown error");
	assert_string_equal(scmi_strerror(-20), "unknown error");
	assert_string_equal(scmi_error_name(INT32_MIN), "unknown error");
}

static void status_text_tells_known_reserved_and_vendor_apart(void **state)
{
	(void)state;
#define CHECK(name, value, text) assert_string_equal(scmi_status_text(value), text);
	SCMI_STATUS_MAP(CHECK)
#undef CHECK
	assert_string_equal(scmi_status_text(-3), "denied");
	assert_string_equal(scmi_status_text(-12), "reserved status");
	assert_string_equal(scmi_status_text(-127), "reserved status");
	assert_string_equal(scmi_status_text(1), "reserved status");
	assert_string_equal(scmi_status_text(-128), "vendor status");
	assert_string_equal(scmi_status_text(INT32_MIN), "vendor status");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_fields_stand_where_the_specification_says),
		cmocka_unit_test(header_token_beyond_ten_bits_never_reaches_the_reserved_bits),
		cmocka_unit_test(header_taken_apart_gives_back_each_field_and_ignores_reserved_bits),
		cmocka_unit_test(header_as_another_type_changes_nothing_else),
		cmocka_unit_test(little_endian_access_works_at_every_alignment),
		cmocka_unit_test(build_each_kind_gives_the_golden_bytes),
		cmocka_unit_test(build_reply_with_an_error_leaves_the_values_out),
		cmocka_unit_test(build_echoes_the_reserved_header_bits_of_a_command),
		cmocka_unit_test(build_with_any_room_is_whole_or_too_big),
		cmocka_unit_test(build_with_lengths_near_the_end_of_32_bits_does_not_wrap),
		cmocka_unit_test(build_from_bytes_that_stand_in_place_keeps_them),
		cmocka_unit_test(build_without_memory_is_invalid),
		cmocka_unit_test(part_of_any_length_is_header_and_rest_or_malformed),
		cmocka_unit_test(split_reply_of_any_length_looks_at_the_status_first),
		cmocka_unit_test(split_reply_gives_every_status_back),
		cmocka_unit_test(split_from_agent_takes_commands_only),
		cmocka_unit_test(split_from_platform_goes_by_the_type),
		cmocka_unit_test(split_from_platform_of_any_length_stays_inside),
		cmocka_unit_test(split_without_memory_is_invalid),
		cmocka_unit_test(recorded_messages_round_trip_byte_for_byte),
		cmocka_unit_test(strerror_has_a_sentence_for_each_error_and_one_for_the_rest),
		cmocka_unit_test(status_text_tells_known_reserved_and_vendor_apart),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
