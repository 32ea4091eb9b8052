/* SPDX-License-Identifier: BSD-3-Clause */
/* The request path: what is asked, what is answered, and what hostile requests get. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_endpoint.h"

#define VENDOR    0x80u /* the protocol of the server under test */
#define DENIED    0x81u
#define ABSENT    0x82u
#define VERSION   SCMI_VERSION(2, 3)
#define IF_HIDDEN (1u << 7) /* a flag of the server's own */

enum message {
	ADD = 0x3,
	FILL = 0x4,
	FAIL = 0x5,
	LATER = 0x6,
	ANY_LENGTH = 0x8,
	TELL = 0x9,
	HIDDEN = 0xa,
	TWICE = 0xfe
};

struct fixture {
	struct fake_endpoint endpoint;
	struct fake_request request;
	struct scmi_platform *platform;
	struct scmi_request *kept; /* by LATER */
	uint32_t seen_version;
	uint32_t seen_agent;
	unsigned runs; /* of handlers */
};

static int32_t add(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	f->seen_version = scmi_request_version(req);
	f->seen_agent = scmi_request_agent(req);
	assert_ptr_equal(scmi_request_platform(req), f->platform);
	scmi_request_put_u32(req, scmi_request_u32(req, 0) + scmi_request_u32(req, 1));
	return SCMI_SUCCESS;
}

/* As many words as asked for, which may be more than fit. */
static int32_t fill(void *model, struct scmi_request *req)
{
	struct fixture *f = model;
	uint32_t words = scmi_request_u32(req, 0) % 64u;

	f->runs++;
	for (uint32_t i = 0; i < words; i++)
		scmi_request_put_u32(req, 0x01020304u + i);
	return SCMI_SUCCESS;
}

static int32_t give_status(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	scmi_request_put_u32(req, 0xffffffffu);
	return (int32_t)scmi_request_u32(req, 0);
}

static int32_t later(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	f->runs++;
	f->kept = req;
	return SCMI_REQUEST_LATER;
}

static int32_t any_length(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	scmi_request_put_u32(req, req->len);
	scmi_request_put_u32(req, scmi_request_u32(req, UINT32_MAX));
	scmi_request_put_u32(req, scmi_request_u32(req, req->len / 4u));
	return SCMI_SUCCESS;
}

static int32_t tell(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	return scmi_request_notify(req, scmi_request_u32(req, 0), scmi_request_u32(req, 1));
}

/* A handler with a bug: it answers by itself and then returns a status too. */
static int32_t twice(void *model, struct scmi_request *req)
{
	((struct fixture *)model)->runs++;
	assert_int_equal(scmi_request_reply(req, SCMI_SUCCESS), SCMI_OK);
	return SCMI_BUSY;
}

static const struct scmi_server_command commands[] = {
	{.message = ADD, .handle = add, .params_min = 8, .params_max = 8, .attributes = 0x80000001u},
	{.message = FILL, .handle = fill, .params_min = 4, .params_max = 4},
	{.message = FAIL, .handle = give_status, .params_min = 4, .params_max = 4},
	{.message = LATER, .handle = later},
	{.message = ANY_LENGTH, .handle = any_length, .params_min = 3, .params_max = UINT16_MAX},
	{.message = TELL, .handle = tell, .params_min = 8, .params_max = 8, .flags = SCMI_COMMAND_P2A},
	{.message = HIDDEN, .handle = add, .params_min = 8, .params_max = 8, .flags = IF_HIDDEN},
	{.message = TWICE, .handle = twice},
};

static const uint8_t denied[] = {DENIED};

/* Servers and memory live in a block of their own, which the platform's end frees. */
struct parts {
	struct scmi_server vendor;
	struct scmi_server denied;
	struct scmi_server clock; /* a standard one, with ADD alone */
	const struct scmi_server *servers[3];
	struct scmi_platform_agent agent;
	max_align_t memory[SCMI_PLATFORM_WORDS(1, 3)];
	struct fixture fixture;
};

static void open_platform(struct parts *p, uint8_t flags)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = p->servers,
		.servers_n = 3,
		.agents = &p->agent,
		.agents_n = 1,
	};
	struct fixture *f = &p->fixture;

	p->vendor = (struct scmi_server){
		.size = sizeof(p->vendor),
		.protocol = VENDOR,
		.flags = flags,
		.version = VERSION,
		.attributes = 0x00c0ffeeu,
		.absent = IF_HIDDEN,
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = f,
	};
	p->denied = p->vendor;
	p->denied.protocol = DENIED;
	p->clock = (struct scmi_server){.size = sizeof(p->clock),
					.protocol = SCMI_PROTOCOL_CLOCK,
					.version = SCMI_VERSION(1, 0),
					.commands = commands,
					.commands_n = 1,
					.model = f};
	p->servers[0] = &p->clock;
	p->servers[1] = &p->vendor;
	p->servers[2] = &p->denied;
	p->agent = (struct scmi_platform_agent){
		.size = sizeof(p->agent), .endpoint = &f->endpoint.endpoint, .denied = denied, .denied_n = 1};
	assert_int_equal(scmi_platform_init(&f->platform, p->memory, sizeof(p->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

static int setup(void **state)
{
	struct parts *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	fake_endpoint_init(&p->fixture.endpoint);
	open_platform(p, SCMI_SERVER_NEGOTIATES);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	assert_null(f->endpoint.fault);
	fake_request_free(&f->request);
	free(p);
	return 0;
}

static struct fixture *of(void **state)
{
	return &((struct parts *)*state)->fixture;
}

static struct scmi_platform_stats stats_of(struct fixture *f)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.requests, atomic_load(&f->endpoint.delivered));
	assert_int_equal(s.requests - s.open, atomic_load(&f->endpoint.replied));
	assert_int_equal(s.requests, s.ok + s.errors + s.no_room + s.open);
	assert_int_equal(s.notified, s.sent + s.dropped + s.failed);
	assert_int_equal(s.notified, atomic_load(&f->endpoint.sends));
	return s;
}

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
			       id == ANY_LENGTH || id == TELL || id == TWICE;
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
	static const uint8_t unknown[] = {0x7, HIDDEN, 0xb, 0x11, 0xfd, 0xff};
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

/* ---- replies ---- */

static void error_reply_has_its_status_alone(void **state)
{
	static const int32_t statuses[] = {SCMI_NOT_SUPPORTED, SCMI_IN_USE, -100, SCMI_STATUS_VENDOR_MAX,
					   INT32_MIN + 1};
	struct fixture *f = of(state);

	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, FAIL, 1, (uint32_t)statuses[i]),
				 statuses[i]);
		assert_int_equal(f->request.reply_len, 4);
	}
	assert_int_equal(stats_of(f).errors, 5);
}

static void status_above_zero_is_the_servers_fault(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, FAIL, 1, 1u), SCMI_GENERIC_ERROR);
	assert_int_equal(f->request.reply_len, 4);
}

static void values_that_just_fit_are_sent_and_one_word_more_is_a_comms_error(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[4];

	for (uint32_t cap = 4; cap <= 40u; cap++) {
		for (uint32_t words = 0; words <= 10u; words++) {
			bool fits = 4u + 4u * words <= cap;

			scmi_put_le32(params, words);
			fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, FILL, SCMI_MSG_COMMAND, 1), params,
				     sizeof(params), cap);
			assert_int_equal(fake_status(&f->request), fits ? SCMI_SUCCESS : SCMI_COMMS_ERROR);
			assert_int_equal(f->request.reply_len, fits ? 4u + 4u * words : 4u);
		}
	}
	assert_int_equal(stats_of(f).overflowed, stats_of(f).errors);
	assert_true(stats_of(f).overflowed > 0);
}

static void request_without_room_for_a_status_goes_back_unanswered_and_is_not_run(void **state)
{
	struct fixture *f = of(state);
	uint8_t params[8] = {0};

	for (uint32_t cap = 0; cap < 4u; cap++) {
		fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, ADD, SCMI_MSG_COMMAND, 1), params,
			     sizeof(params), cap);
		assert_int_equal(atomic_load(&f->request.replies), 1);
		assert_int_equal(f->request.reply_len, 0);
		assert_int_equal(fake_status(&f->request), INT32_MIN); /* not overwritten, but no reply either */
		assert_string_equal(f->endpoint.fault, "a reply without room for its status, or longer than its room");
		f->endpoint.fault = NULL;
	}
	assert_int_equal(f->runs, 0);
	assert_int_equal(stats_of(f).no_room, 4);
}

/* ---- later ---- */

static void later_answer_ends_the_request_once(void **state)
{
	struct fixture *f = of(state);
	struct fake_request *r = &f->request;

	fake_deliver(&f->endpoint, r, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 7), NULL, 0, 16);
	assert_int_equal(atomic_load(&r->replies), 0);
	assert_int_equal(stats_of(f).open, 1);
	scmi_request_put_bytes(f->kept, "abcdefgh", 8);
	assert_int_equal(scmi_request_room(f->kept), 4);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(fake_status(r), SCMI_SUCCESS);
	assert_int_equal(r->in_place, 0);
	assert_memory_equal(r->reply + 4, "abcdefgh", 8);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_BUSY), SCMI_E_GONE);
	assert_int_equal(fake_status(r), SCMI_SUCCESS);
	assert_int_equal(stats_of(f).open, 0);
	assert_int_equal(stats_of(f).ok, 1);
	assert_int_equal(stats_of(f).double_replies, 1);
}

static void later_error_has_its_status_alone(void **state)
{
	struct fixture *f = of(state);

	fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 7), NULL, 0, 16);
	scmi_request_put_u32(f->kept, 5);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_HARDWARE_ERROR), SCMI_OK);
	assert_int_equal(fake_status(&f->request), SCMI_HARDWARE_ERROR);
	assert_int_equal(stats_of(f).errors, 1);
}

static void answered_request_that_is_never_open_cannot_be_answered_again(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, ADD, 2, 1u, 2u), SCMI_SUCCESS);
	assert_int_equal(scmi_request_reply(&f->request.req, SCMI_SUCCESS), SCMI_E_GONE);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
	assert_int_equal(stats_of(f).double_replies, 1);
}

static void handler_that_answers_twice_is_heard_once(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TWICE, 0), SCMI_SUCCESS);
	assert_int_equal(stats_of(f).double_replies, 1);
	assert_int_equal(stats_of(f).ok, 1);
}

static void open_request_keeps_the_platform_and_outlives_stop(void **state)
{
	struct fixture *f = of(state);

	fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 7), NULL, 0, 16);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
	/* teardown() finds that it goes now */
}

/* ---- names ---- */

static void name_is_cut_and_padded(void **state)
{
	struct fixture *f = of(state);
	struct fake_request *r = &f->request;

	fake_deliver(&f->endpoint, r, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 7), NULL, 0, 36);
	scmi_request_put_name(f->kept, "0123456789abcdefXYZ");
	scmi_request_put_name(f->kept, "ab");
	assert_int_equal(scmi_request_room(f->kept), 0);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(fake_status(r), SCMI_SUCCESS);
	assert_memory_equal(r->reply + 4, "0123456789abcde\0ab\0\0\0\0\0\0\0\0\0\0\0\0\0", 32);
}

/* ---- notifications ---- */

static void notification_goes_to_who_asked_and_nobody_else(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;
	const uint8_t payload[5] = {1, 2, 3, 4, 5};

	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 3, payload, 5), SCMI_OK);
	assert_int_equal(atomic_load(&e->sends), 0);
	assert_int_equal(fake_ask(e, &f->request, VENDOR, TELL, 2, 3u, 1u), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_notify(f->platform, SCMI_ALL_AGENTS, VENDOR, 3, payload, 5), SCMI_OK);
	assert_int_equal(e->sent_hdr, scmi_hdr(VENDOR, 3, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(e->sent_len, 5);
	assert_memory_equal(e->sent, payload, 5);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 2, payload, 5), SCMI_OK);
	assert_int_equal(scmi_platform_notify(f->platform, 1, SCMI_PROTOCOL_CLOCK, 3, payload, 5), SCMI_OK);
	assert_int_equal(fake_ask(e, &f->request, VENDOR, TELL, 2, 3u, 0u), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 3, payload, 5), SCMI_OK);
	assert_int_equal(atomic_load(&e->sends), 1);
	assert_int_equal(stats_of(f).sent, 1);
}

static void notify_command_with_reserved_bits_is_refused(void **state)
{
	struct fixture *f = of(state);

	for (unsigned bit = 1; bit < 32; bit++)
		assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 0u, 1u | 1u << bit),
				 SCMI_INVALID_PARAMETERS);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 15u, 1u), SCMI_INVALID_PARAMETERS);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 14u, 1u), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoint.sends), 0);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 14, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoint.sends), 1);
}

static void notification_without_room_is_dropped_and_counted(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;

	assert_int_equal(fake_ask(e, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_SUCCESS);
	e->send_result = SCMI_E_BUSY;
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_E_BUSY);
	e->send_result = SCMI_E_NOPEER;
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_E_NOPEER);
	e->send_result = SCMI_OK;
	e->sink->ready(e->channel);
	assert_int_equal(atomic_load(&e->sends), 2); /* what was dropped does not come later */
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_OK);
	assert_int_equal(stats_of(f).dropped, 1);
	assert_int_equal(stats_of(f).failed, 1);
	assert_int_equal(stats_of(f).sent, 1);
}

static void notification_with_bad_arguments_is_refused(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(scmi_platform_notify(f->platform, 2, VENDOR, 0, NULL, 0), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_platform_notify(f->platform, 0, VENDOR, 0, NULL, 0), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_platform_notify(f->platform, 1, ABSENT, 0, NULL, 0), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 15, NULL, 0), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, NULL, 1), SCMI_E_INVAL);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, NULL, 0), SCMI_E_CLOSED);
}

static void reset_agent_turns_notifications_off_and_forgets_negotiation(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;

	assert_int_equal(fake_ask(e, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_SUCCESS);
	assert_int_equal(fake_ask(e, &f->request, VENDOR, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(2, 0)),
			 SCMI_SUCCESS);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 1), SCMI_OK);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&e->sends), 0);
	assert_int_equal(fake_ask(e, &f->request, VENDOR, ADD, 2, 1u, 1u), SCMI_SUCCESS);
	assert_int_equal(f->seen_version, VERSION);
	assert_int_equal(fake_ask(e, &f->request, DENIED, 0, 0), SCMI_DENIED);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 0), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 2), SCMI_E_NOTFOUND);
}

static void link_without_p2a_channel_offers_no_notifications(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->endpoint.ops.send = NULL;
	open_platform(p, 0);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_NOT_SUPPORTED);
	assert_int_equal(
		fake_ask(&f->endpoint, &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, (uint32_t)TELL),
		SCMI_NOT_FOUND);
	assert_int_equal(scmi_platform_notify(f->platform, SCMI_ALL_AGENTS, VENDOR, 0, NULL, 0), SCMI_OK);
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
		assert_int_equal(atomic_load(&f->request.replies), 1);
		if (cap >= 4u)
			assert_int_not_equal(fake_status(&f->request), INT32_MIN);
		else
			assert_int_equal(f->request.reply_len, 0);
	}
	assert_int_equal(stats_of(f).open, 0);
	assert_true(f->runs > 500u);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

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
		TEST(error_reply_has_its_status_alone),
		TEST(status_above_zero_is_the_servers_fault),
		TEST(values_that_just_fit_are_sent_and_one_word_more_is_a_comms_error),
		TEST(request_without_room_for_a_status_goes_back_unanswered_and_is_not_run),
		TEST(later_answer_ends_the_request_once),
		TEST(later_error_has_its_status_alone),
		TEST(answered_request_that_is_never_open_cannot_be_answered_again),
		TEST(handler_that_answers_twice_is_heard_once),
		TEST(open_request_keeps_the_platform_and_outlives_stop),
		TEST(name_is_cut_and_padded),
		TEST(notification_goes_to_who_asked_and_nobody_else),
		TEST(notify_command_with_reserved_bits_is_refused),
		TEST(notification_without_room_is_dropped_and_counted),
		TEST(notification_with_bad_arguments_is_refused),
		TEST(reset_agent_turns_notifications_off_and_forgets_negotiation),
		TEST(link_without_p2a_channel_offers_no_notifications),
		TEST(hostile_requests_get_one_reply_within_its_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
