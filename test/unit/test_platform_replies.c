/* SPDX-License-Identifier: BSD-3-Clause */
/* What a platform sends: replies, at once and later, and notifications. */
#include <stdbool.h>

#include "platform_fixture.h"

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
	assert_int_equal(fake_last(e)->hdr, scmi_hdr(VENDOR, 3, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(fake_last(e)->len, 5);
	assert_memory_equal(fake_last(e)->bytes, payload, 5);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
