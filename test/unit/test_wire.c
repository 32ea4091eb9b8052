/* SPDX-License-Identifier: BSD-3-Clause */
/* Header word, little-endian access, building, texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/message.h>

#include "wire_golden.h"

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
	assert_string_equal(scmi_strerror(-1000), "unknown error");
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
		cmocka_unit_test(strerror_has_a_sentence_for_each_error_and_one_for_the_rest),
		cmocka_unit_test(status_text_tells_known_reserved_and_vendor_apart),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
