/* SPDX-License-Identifier: BSD-3-Clause */
/* Typed commands of the clock protocol: opening, what a clock is, its rates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock_told.h"

/* ---- opening ---- */

static void open_takes_version_count_and_pending_rates(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 2, 0),
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, 2, 1, 5, 0xff),
	};
	struct scmi_clock_protocol p;
	struct fixture *f = *state;
	int32_t status = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_open(f->agent, 0, &p, &status), SCMI_OK);
	assert_int_equal(status, SCMI_SUCCESS);
	assert_int_equal(f->platform.protocol, SCMI_PROTOCOL_CLOCK);
	assert_int_equal(f->platform.asked, 2);
	assert_int_equal(p.size, sizeof(p));
	assert_int_equal(p.version, SCMI_VERSION(2, 0));
	assert_int_equal(p.spoken, SCMI_VERSION(2, 0));
	assert_int_equal(p.clocks, 0x102);
	assert_int_equal(p.async_max, 5);
	assert_ptr_equal(p.agent, f->agent);
}

static void open_goes_down_to_the_version_that_is_wished(void **state)
{
	const struct row rows[] = {
		PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 3, 0),
		PLAIN(SCMI_PROTOCOL_ATTRIBUTES, OK, WORD(1)),
		ASKED(SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, SCMI_NEGOTIATE_PROTOCOL_VERSION, OK, WORD(0)),
		SENT(SCMI_NEGOTIATE_PROTOCOL_VERSION, (0, 0, 2, 0), OK),
	};
	struct scmi_clock_protocol p;
	struct fixture *f = *state;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_open(f->agent, SCMI_VERSION(2, 0), &p, NULL), SCMI_OK);
	assert_int_equal(p.version, SCMI_VERSION(3, 0));
	assert_int_equal(p.spoken, SCMI_VERSION(2, 0));
	/* One that does not go down is spoken as it is. */
	serve(f, rows, 2);
	assert_int_equal(scmi_clock_open(f->agent, SCMI_VERSION(2, 0), &p, NULL), SCMI_OK);
	assert_int_equal(p.spoken, SCMI_VERSION(3, 0));
}

static void open_that_fails_leaves_the_result_alone(void **state)
{
	const struct row rows[] = {PLAIN(SCMI_PROTOCOL_VERSION, OK, 0, 0, 3, 0)};
	struct scmi_clock_protocol p = {.size = 77};
	struct fixture *f = *state;
	int32_t status = 0;

	serve(f, rows, 0);
	assert_int_equal(scmi_clock_open(f->agent, 0, &p, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
	serve(f, rows, 1);
	assert_int_equal(scmi_clock_open(f->agent, 0, &p, &status), SCMI_E_REMOTE);
	assert_int_equal(p.size, 77);
	serve(f, rows, 1);
	assert_int_equal(scmi_clock_open(f->agent, SCMI_CLOCK_VERSION + 1u, &p, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_open(f->agent, 0xffffu, &p, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_open(f->agent, 0, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 0);
}

/* ---- what a clock is ---- */

/* From 24 bytes on whole, whatever the version; the delay only where it came and the version has it. */
static void attributes_of_any_length_are_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK, 0x03, 0, 0, 0xd8, UART, 0x88, 0x13, 0, 0, 0xee, 0xee, 0xee, 0xee};
	static const uint32_t known[] = {0x00000001, 0xc0000001, 0xc0000001, 0xd8000003};
	struct fixture *f = *state;

	for (unsigned v = 0; v < LENGTH(versions); v++) {
		struct scmi_clock_protocol p = spoken(f, versions[v]);

		for (uint32_t len = 0; len <= sizeof(bytes); len++) {
			const struct row row = {SCMI_CLOCK_ATTRIBUTES, BYTES(WORD(2)), 4, bytes, len};
			struct scmi_clock_info info = {.size = sizeof(info), .attributes = 77};

			serve(f, &row, 1);
			if (len < 24) {
				assert_int_equal(scmi_clock_info(&p, 2, &info, NULL), SCMI_E_PROTO);
				assert_int_equal(info.attributes, 77);
				continue;
			}
			assert_int_equal(scmi_clock_info(&p, 2, &info, NULL), SCMI_OK);
			assert_int_equal(info.attributes, known[v]);
			assert_int_equal(info.enable_delay_us, v > 0 && len >= 28 ? 5000 : 0);
			assert_string_equal(info.name, "uart");
		}
	}
}

static void long_name_is_asked_for_where_the_platform_says_so(void **state)
{
	static uint8_t name[4 + 4 + SCMI_LONG_NAME];
	const struct row rows[] = {
		ASKED(SCMI_CLOCK_ATTRIBUTES, 1, OK, 0, 0, 0, 0x20, FIFTEEN, 0, WORD(0)),
		{SCMI_CLOCK_NAME_GET, BYTES(WORD(1)), 4, name, sizeof(name)},
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(2, 0));
	struct scmi_clock_info info = {.size = sizeof(info)};

	memset(name + 8, 'x', SCMI_LONG_NAME);
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_info(&p, 1, &info, NULL), SCMI_OK);
	assert_int_equal(strlen(info.name), SCMI_LONG_NAME - 1u);
	assert_int_equal(info.name[0], 'x');
	/* Before 2.0 the bit means nothing. */
	p.spoken = SCMI_VERSION(1, 0);
	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_info(&p, 1, &info, NULL), SCMI_OK);
	assert_string_equal(info.name, "abcdefghijklmno");
	assert_int_equal(f->platform.asked, 1);
}

static void name_that_is_refused_leaves_the_short_one(void **state)
{
	const struct row rows[] = {
		ASKED(SCMI_CLOCK_ATTRIBUTES, 1, OK, 0, 0, 0, 0x20, FIFTEEN, 'p', WORD(0)),
		/* Too short for its name. */
		ASKED(SCMI_CLOCK_NAME_GET, 1, OK, WORD(0), 'x', 'y', 'z', 0),
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	struct scmi_clock_info info = {.size = sizeof(info)};
	int32_t status = 77;

	serve(f, rows, 1);
	assert_int_equal(scmi_clock_info(&p, 1, &info, &status), SCMI_OK);
	assert_int_equal(status, SCMI_SUCCESS);
	assert_int_equal(f->platform.asked, 2);
	assert_string_equal(info.name, "abcdefghijklmno");
	info.name[0] = 'z';
	serve(f, rows, 2);
	assert_int_equal(scmi_clock_info(&p, 1, &info, NULL), SCMI_OK);
	assert_string_equal(info.name, "abcdefghijklmno");
}

static void name_of_any_length_is_whole_or_malformed(void **state)
{
	static uint8_t bytes[4 + 4 + SCMI_LONG_NAME + 4];
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(2, 0));
	char name[SCMI_LONG_NAME] = "as it was";

	memcpy(bytes + 8, "pll\0hidden", 10);
	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		static const char cleared[SCMI_LONG_NAME] = "pll";
		const struct row row = {SCMI_CLOCK_NAME_GET, BYTES(WORD(1)), 4, bytes, len};

		serve(f, &row, 1);
		assert_int_equal(scmi_clock_name(&p, 1, name, NULL), len < 72 ? SCMI_E_PROTO : SCMI_OK);
		if (len < 72)
			assert_string_equal(name, "as it was");
		else
			assert_memory_equal(name, cleared, sizeof(cleared));
	}
}

/* Of a protocol that the table does not know. */
static void long_name_of_any_protocol_is_whole_or_malformed(void **state)
{
	static uint8_t bytes[4 + 4 + SCMI_LONG_NAME] = {OK, WORD(0), 'v', 'd', 'd'};
	struct fixture *f = *state;
	char name[SCMI_LONG_NAME] = "as it was";

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {0x9, BYTES(WORD(3)), 4, bytes, len};
		int wanted = len < sizeof(bytes) ? SCMI_E_PROTO : SCMI_OK;

		serve(f, &row, 1);
		assert_int_equal(scmi_protocol_long_name(f->agent, SCMI_PROTOCOL_VOLTAGE, 0x9, 3, name, NULL), wanted);
		assert_string_equal(name, wanted == SCMI_OK ? "vdd" : "as it was");
	}
	assert_int_equal(scmi_protocol_long_name(f->agent, SCMI_PROTOCOL_VOLTAGE, 0x9, 3, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 1);
}

/* ---- rates ---- */

static void rate_get_takes_two_words_low_one_first(void **state)
{
	static const uint8_t bytes[] = {OK, 0x08, 0x07, 0x06, 0x05, 0x04, 0x03, 0x02, 0x01, 0xee};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(1, 0));

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		const struct row row = {SCMI_CLOCK_RATE_GET, BYTES(4, 3, 2, 1), 4, bytes, len};
		uint64_t rate = 77;

		serve(f, &row, 1);
		assert_int_equal(scmi_clock_rate_get(&p, 0x01020304, &rate, NULL), len < 12 ? SCMI_E_PROTO : SCMI_OK);
		assert_true(rate == (len < 12 ? 77u : 0x0102030405060708u));
	}
}

static void rate_set_sends_its_flags_first(void **state)
{
	const struct row rows[] = {
		SENT(SCMI_CLOCK_RATE_SET, (WORD(0x0c), WORD(2), 8, 7, 6, 5, 4, 3, 2, 1), OK),
		SENT(SCMI_CLOCK_RATE_SET, (WORD(3), WORD(2), DWORD(9)), OK),
	};
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(1, 0));
	uint64_t set = 77;

	serve(f, rows, LENGTH(rows));
	assert_int_equal(scmi_clock_rate_set(&p, 2, 0x0102030405060708u,
					     SCMI_CLOCK_SET_ROUND_AUTO | SCMI_CLOCK_SET_ROUND_UP, &set, NULL),
			 SCMI_OK);
	assert_true(set == 0);
	/* Without its delayed response an asynchronous command ends with the response. */
	set = 77;
	assert_int_equal(scmi_clock_rate_set(&p, 2, 9, SCMI_CLOCK_SET_ASYNC | SCMI_CLOCK_SET_NO_DELAYED, &set, NULL),
			 SCMI_OK);
	assert_true(set == 0);
	assert_int_equal(f->platform.asked, 2);
	for (uint32_t bit = 4; bit < 32; bit++)
		assert_int_equal(scmi_clock_rate_set(&p, 2, 9, 1u << bit, NULL, NULL), SCMI_E_INVAL);
	assert_int_equal(f->platform.asked, 2);
}

static void asynchronous_rate_of_any_length_is_whole_or_malformed(void **state)
{
	static const uint8_t bytes[] = {OK, WORD(2), 8, 7, 6, 5, 4, 3, 2, 1, 0xee, 0xee, 0xee};
	const struct row row = SENT(SCMI_CLOCK_RATE_SET, (WORD(1), WORD(2), DWORD(9)), OK);
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));

	for (uint32_t len = 0; len <= sizeof(bytes); len++) {
		int32_t status = 77;
		uint64_t set = 77;

		serve(f, &row, 1);
		f->platform.delayed = bytes;
		f->platform.delayed_len = len;
		assert_int_equal(scmi_clock_rate_set(&p, 2, 9, SCMI_CLOCK_SET_ASYNC, &set, &status),
				 len < 16 ? SCMI_E_PROTO : SCMI_OK);
		assert_int_equal(status, SCMI_SUCCESS);
		assert_true(set == (len < 16 ? 77u : 0x0102030405060708u));
	}
}

static void delayed_rate_that_is_an_error_or_of_another_clock_is_no_success(void **state)
{
	const struct row row = SENT(SCMI_CLOCK_RATE_SET, (WORD(1), WORD(2), DWORD(9)), OK);
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	int32_t status = 77;

	serve(f, &row, 1);
	f->platform.delayed = BYTES(0xf7, 0xff, 0xff, 0xff);
	f->platform.delayed_len = 4;
	assert_int_equal(scmi_clock_rate_set(&p, 2, 9, SCMI_CLOCK_SET_ASYNC, NULL, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_HARDWARE_ERROR);
	f->platform.delayed = BYTES(OK, WORD(1), DWORD(9));
	f->platform.delayed_len = 16;
	assert_int_equal(scmi_clock_rate_set(&p, 2, 9, SCMI_CLOCK_SET_ASYNC, NULL, &status), SCMI_E_PROTO);
	assert_int_equal(status, SCMI_SUCCESS);
	/* The response itself is a refusal: no delayed one is waited for. */
	serve(f, &row, 0);
	assert_int_equal(scmi_clock_rate_set(&p, 2, 9, SCMI_CLOCK_SET_ASYNC, NULL, &status), SCMI_E_REMOTE);
	assert_int_equal(status, SCMI_NOT_SUPPORTED);
}

static void on_done(struct scmi_call *call, int err)
{
	*(int *)call->arg = err;
}

static void rate_set_in_parts_is_submitted_by_the_caller(void **state)
{
	const struct row row = SENT(SCMI_CLOCK_RATE_SET, (WORD(1), WORD(2), DWORD(9)), OK);
	struct scmi_clock_rate_set op;
	struct fixture *f = *state;
	struct scmi_clock_protocol p = spoken(f, SCMI_VERSION(3, 0));
	uint64_t set = 0;
	int err = 77;

	serve(f, &row, 1);
	f->platform.delayed = BYTES(OK, WORD(2), DWORD(8), WORD(0));
	f->platform.delayed_len = 20;
	assert_int_equal(scmi_clock_rate_set_prepare(&p, 2, 9, SCMI_CLOCK_SET_ASYNC, &op), SCMI_OK);
	op.call.done = on_done;
	op.call.arg = &err;
	assert_int_equal(scmi_agent_submit(f->agent, &op.call), SCMI_OK);
	assert_int_equal(err, SCMI_E_TRUNCATED); /* longer than what is known of it */
	assert_int_equal(scmi_clock_rate_set_result(&op, err, &set), SCMI_OK);
	assert_int_equal(set, 8);
	assert_int_equal(scmi_clock_rate_set_result(&op, err, NULL), SCMI_OK);
	assert_int_equal(scmi_clock_rate_set_result(&op, SCMI_E_TIMEOUT, &set), SCMI_E_TIMEOUT);
	assert_int_equal(scmi_clock_rate_set_prepare(&p, 2, 9, 0x10, &op), SCMI_E_INVAL);
	assert_int_equal(scmi_clock_rate_set_prepare(&p, 2, 9, 0, NULL), SCMI_E_INVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_takes_version_count_and_pending_rates),
		TEST(open_goes_down_to_the_version_that_is_wished),
		TEST(open_that_fails_leaves_the_result_alone),
		TEST(attributes_of_any_length_are_whole_or_malformed),
		TEST(long_name_is_asked_for_where_the_platform_says_so),
		TEST(name_that_is_refused_leaves_the_short_one),
		TEST(name_of_any_length_is_whole_or_malformed),
		TEST(long_name_of_any_protocol_is_whole_or_malformed),
		TEST(rate_get_takes_two_words_low_one_first),
		TEST(rate_set_sends_its_flags_first),
		TEST(asynchronous_rate_of_any_length_is_whole_or_malformed),
		TEST(delayed_rate_that_is_an_error_or_of_another_clock_is_no_success),
		TEST(rate_set_in_parts_is_submitted_by_the_caller),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
