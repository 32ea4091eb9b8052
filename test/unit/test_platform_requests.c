/* SPDX-License-Identifier: BSD-3-Clause */
/* The request path: what is asked, what is answered, and what hostile requests get. */
#include <stdbool.h>
#include <string.h>

#include "platform_fixture.h"

static int32_t ask_raw(struct fixture *f, uint32_t hdr, const void *params, uint32_t len)
{
	fake_deliver(&f->endpoint, &f->request, hdr, params, len, FAKE_PAYLOAD);
	return fake_status(&f->request);
}

/* ---- answers ---- */

static void request_of_a_server_is_answered_in_place(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, ADD, 2, 40u, 2u), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&f->request), 4);
	assert_int_equal(fake_value(&f->request, 0), 42);
	assert_int_equal(f->request.in_place, 1);
	assert_int_equal(f->seen_agent, 1);
	assert_int_equal(f->seen_version, VERSION);
	assert_int_equal(stats_of(f).ok, 1);
}

static void common_commands_are_answered_from_the_table(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;
	struct fake_request *r = &f->request;

	assert_int_equal(fake_ask(e, r, VENDOR, SCMI_PROTOCOL_VERSION, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(r, 0), VERSION);
	assert_int_equal(fake_ask(e, r, VENDOR, SCMI_PROTOCOL_ATTRIBUTES, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(r, 0), 0x00c0ffeeu);
	assert_int_equal(fake_ask(e, r, SCMI_PROTOCOL_CLOCK, SCMI_PROTOCOL_VERSION, 0), SCMI_SUCCESS);
	assert_int_equal(fake_value(r, 0), SCMI_VERSION(1, 0));
	assert_int_equal(f->runs, 0);
}

static void message_attributes_knows_exactly_what_is_offered(void **state)
{
	struct fixture *f = of(state);

	for (uint32_t id = 0; id < 0x101u; id++) {
		bool offered = id <= 2u || id == SCMI_NEGOTIATE_PROTOCOL_VERSION || (id >= ADD && id <= LATER) ||
			       id == ANY_LENGTH || id == TELL || id == DELAY || id == TWICE;
		int32_t status = fake_ask(&f->endpoint, &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, id);

		assert_int_equal(status, offered ? SCMI_SUCCESS : SCMI_NOT_FOUND);
		if (offered)
			assert_int_equal(fake_value(&f->request, 0), id == ADD ? 0x80000001u : 0u);
	}
	/* Vendor's messages reach to 0xff, the word further: its upper bits are not lost. */
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, 0x100u + ADD),
			 SCMI_NOT_FOUND);
}

static void message_attributes_without_negotiation_does_not_know_it(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;

	assert_int_equal(fake_ask(e, &f->request, SCMI_PROTOCOL_CLOCK, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1,
				  (uint32_t)SCMI_NEGOTIATE_PROTOCOL_VERSION),
			 SCMI_NOT_FOUND);
	assert_int_equal(
		fake_ask(e, &f->request, SCMI_PROTOCOL_CLOCK, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(1, 0)),
		SCMI_NOT_SUPPORTED);
}

static void negotiation_accepts_the_same_major_and_no_newer_minor(void **state)
{
	static const struct {
		uint32_t version;
		int32_t status;
		uint32_t then;
	} cases[] = {
		{SCMI_VERSION(2, 1), SCMI_SUCCESS, SCMI_VERSION(2, 1)},
		{SCMI_VERSION(2, 4), SCMI_NOT_SUPPORTED, SCMI_VERSION(2, 1)},
		{SCMI_VERSION(1, 0), SCMI_NOT_SUPPORTED, SCMI_VERSION(2, 1)},
		{SCMI_VERSION(3, 0), SCMI_NOT_SUPPORTED, SCMI_VERSION(2, 1)},
		{SCMI_VERSION(2, 0), SCMI_SUCCESS, SCMI_VERSION(2, 0)},
		{SCMI_VERSION(2, 3), SCMI_SUCCESS, SCMI_VERSION(2, 3)},
	};
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;
	struct fake_request *r = &f->request;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fake_ask(e, r, VENDOR, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, cases[i].version),
				 cases[i].status);
		assert_int_equal(fake_ask(e, r, VENDOR, ADD, 2, 1u, 1u), SCMI_SUCCESS);
		assert_int_equal(f->seen_version, cases[i].then);
		assert_int_equal(fake_ask(e, r, VENDOR, SCMI_PROTOCOL_VERSION, 0), SCMI_SUCCESS);
		assert_int_equal(fake_value(r, 0), VERSION);
	}
}

/* ---- refusals ---- */

static void unknown_protocol_is_not_supported(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, ABSENT, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, 0x00, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, 0x15, 0, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(stats_of(f).bad_protocol, 3);
}

static void forbidden_protocol_is_denied(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, DENIED, ADD, 2, 1u, 2u), SCMI_DENIED);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, DENIED, SCMI_PROTOCOL_VERSION, 0), SCMI_DENIED);
	assert_int_equal(f->runs, 0);
	assert_int_equal(stats_of(f).denied, 2);
}

static void unknown_message_is_not_supported(void **state)
{
	static const uint8_t unknown[] = {0x7, HIDDEN, 0xc, 0x11, 0xfd, 0xff};
	struct fixture *f = of(state);

	for (size_t i = 0; i < sizeof(unknown); i++)
		assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, unknown[i], 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, SCMI_PROTOCOL_CLOCK, 4, 1, 0u), SCMI_NOT_SUPPORTED);
	assert_int_equal(f->runs, 0);
	assert_int_equal(stats_of(f).bad_message, 7);
}

static void wrong_length_is_a_protocol_error(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[12] = {0};

	for (uint32_t len = 0; len <= sizeof(params); len++) {
		uint32_t hdr = scmi_hdr(VENDOR, ADD, SCMI_MSG_COMMAND, 0);

		assert_int_equal(ask_raw(f, hdr, params, len), len == 8u ? SCMI_SUCCESS : SCMI_PROTOCOL_ERROR);
	}
	assert_int_equal(f->runs, 1);
	assert_int_equal(stats_of(f).bad_length, 12);
}

static void wrong_length_of_a_common_command_is_a_protocol_error(void **state)
{
	static const struct {
		uint8_t message;
		uint32_t right;
	} cases[] = {{0x0, 0}, {0x1, 0}, {0x2, 4}, {0x10, 4}};
	struct fixture *f = of(state);
	const uint8_t params[8] = {0, 0, 2, 0}; /* as a version 2.0, as a message 0x20000 */

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint32_t hdr = scmi_hdr(VENDOR, cases[i].message, SCMI_MSG_COMMAND, 0);

		for (uint32_t len = 0; len <= sizeof(params); len++) {
			if (len == cases[i].right)
				assert_int_not_equal(ask_raw(f, hdr, params, len), SCMI_PROTOCOL_ERROR);
			else
				assert_int_equal(ask_raw(f, hdr, params, len), SCMI_PROTOCOL_ERROR);
		}
	}
}

static void open_ended_command_reads_nothing_beyond_its_parameters(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[64];

	memset(params, 0xff, sizeof(params));
	for (uint32_t len = 3; len <= sizeof(params); len++) {
		uint32_t hdr = scmi_hdr(VENDOR, ANY_LENGTH, SCMI_MSG_COMMAND, 0);

		assert_int_equal(ask_raw(f, hdr, params, len), SCMI_SUCCESS);
		assert_int_equal(fake_value(&f->request, 0), len);
		assert_int_equal(fake_value(&f->request, 1), 0);
		assert_int_equal(fake_value(&f->request, 2), 0);
	}
}

static void other_type_than_command_is_a_protocol_error(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[8] = {0};

	for (unsigned type = 1; type <= 3; type++) {
		uint32_t hdr = scmi_hdr(VENDOR, ADD, (enum scmi_msg_type)type, 9);

		assert_int_equal(ask_raw(f, hdr, params, sizeof(params)), SCMI_PROTOCOL_ERROR);
	}
	assert_int_equal(f->runs, 0);
	assert_int_equal(stats_of(f).bad_type, 3);
}

static void reserved_header_bits_are_ignored_and_kept(void **state)
{
	struct fixture *f = of(state);
	uint32_t hdr = scmi_hdr(VENDOR, SCMI_PROTOCOL_VERSION, SCMI_MSG_COMMAND, 1023) | SCMI_HDR_RESERVED;

	assert_int_equal(ask_raw(f, hdr, NULL, 0), SCMI_SUCCESS);
	assert_int_equal(f->request.req.hdr, hdr);
}

/* ---- hostile ---- */

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Any header, any length, little room; half of them near enough to what is right to get far. */
static void hostile_requests_get_one_reply_within_its_room(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[FAKE_PAYLOAD];
	uint32_t seed = 0x5c3115c3u;

	for (uint32_t i = 0; i < 200000u; i++) {
		uint32_t hdr = next_random(&seed);
		uint32_t len = next_random(&seed) % (FAKE_PAYLOAD + 1u);
		uint32_t cap = next_random(&seed) % 9u;

		if (i % 2u != 0)
			hdr = (hdr & 0xfffc030fu) | VENDOR << 10; /* else few would reach a server */
		if (i % 4u == 3u)
			len %= 9u;
		for (uint32_t b = 0; b < len; b++)
			params[b] = (uint8_t)next_random(&seed);
		if (len >= 4u && i % 3u == 0)
			scmi_put_le32(params, next_random(&seed) % 8u);
		f->kept = NULL;
		fake_deliver(&f->endpoint, &f->request, hdr, params, len, cap);
		if (f->kept != NULL)
			assert_int_equal(scmi_request_reply(f->kept, (int32_t)next_random(&seed)), SCMI_OK);
		for (unsigned node = 0; node < NODES; node++)
			(void)scmi_delayed_cancel(&f->delayed[node]);
		f->told_n = 0;
		assert_int_equal(atomic_load(&f->request.replies), 1);
		if (cap >= 4u)
			assert_int_not_equal(fake_status(&f->request), INT32_MIN);
		else
			assert_int_equal(f->request.reply_len, 0);
	}
	assert_int_equal(stats_of(f).open, 0);
	assert_true(f->runs > 500u);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(request_of_a_server_is_answered_in_place),
		TEST(common_commands_are_answered_from_the_table),
		TEST(message_attributes_knows_exactly_what_is_offered),
		TEST(message_attributes_without_negotiation_does_not_know_it),
		TEST(negotiation_accepts_the_same_major_and_no_newer_minor),
		TEST(unknown_protocol_is_not_supported),
		TEST(forbidden_protocol_is_denied),
		TEST(unknown_message_is_not_supported),
		TEST(wrong_length_is_a_protocol_error),
		TEST(wrong_length_of_a_common_command_is_a_protocol_error),
		TEST(open_ended_command_reads_nothing_beyond_its_parameters),
		TEST(other_type_than_command_is_a_protocol_error),
		TEST(reserved_header_bits_are_ignored_and_kept),
		TEST(hostile_requests_get_one_reply_within_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
