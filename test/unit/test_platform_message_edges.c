/* SPDX-License-Identifier: BSD-3-Clause */
/* First and last of what a platform does: messages at the end of a table, what happens inside a call-out, the trace. */
#include <string.h>

#include "edge_fixture.h"

/* ---- requests ---- */

static void last_message_of_all_has_attributes(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	assert_int_equal(
		fake_ask(&f->endpoints[0], &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, (uint32_t)LAST),
		SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 77);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void version_in_use_can_be_agreed_on_again(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(fake_ask(&f->endpoints[0], &f->request, VENDOR, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1,
					  SCMI_VERSION(2, 3)),
				 SCMI_SUCCESS);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void handler_that_answers_itself_and_returns_success_is_heard_once(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;

	edge_open(f);
	assert_int_equal(edge_ask(f, 1, VENDOR, ITSELF), SCMI_SUCCESS);
	assert_int_equal(f->request.in_place, 0);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.double_replies, 1);
	assert_int_equal(stats.ok, 1);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void room_after_an_overflow_is_none(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	f->room = 1;
	assert_int_equal(edge_ask(f, 1, VENDOR, OVERFLOWING), SCMI_COMMS_ERROR);
	assert_int_equal(f->room, 0);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* ---- notifications ---- */

static void busy_is_told_whichever_agent_it_was(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	for (unsigned agent = 1; agent <= AGENTS; agent++)
		assert_int_equal(edge_ask(f, agent, VENDOR, NOTIFY), SCMI_SUCCESS);
	f->endpoints[0].send_result = SCMI_E_NOPEER;
	assert_int_equal(scmi_platform_notify(f->platform, SCMI_ALL_AGENTS, VENDOR, 0, NULL, 0), SCMI_E_NOPEER);
	f->endpoints[1].send_result = SCMI_E_BUSY;
	assert_int_equal(scmi_platform_notify(f->platform, SCMI_ALL_AGENTS, VENDOR, 0, NULL, 0), SCMI_E_BUSY);
	assert_int_equal(atomic_load(&f->endpoints[2].sends), 2);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void notifications_are_off_after_another_start(void **state)
{
	struct fixture *f = *state;

	edge_open(f);
	assert_int_equal(edge_ask(f, AGENTS, VENDOR, NOTIFY), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_notify(f->platform, SCMI_ALL_AGENTS, VENDOR, 0, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoints[AGENTS - 1u].sends), 0);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* ---- inside a method of the endpoint ---- */

static int start_and_notify(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	(void)ctx;
	(void)sink;
	(void)channel;
	now->inside = scmi_platform_notify(now->platform, SCMI_ALL_AGENTS, VENDOR, 0, NULL, 0);
	return SCMI_OK;
}

static void stop_nothing(void *ctx)
{
	(void)ctx;
}

static void notification_is_possible_inside_start(void **state)
{
	struct fixture *f = *state;

	f->endpoints[1].ops.start = start_and_notify;
	f->endpoints[1].ops.stop = stop_nothing;
	f->inside = 1;
	edge_open(f);
	assert_int_equal(f->inside, SCMI_OK);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static int send_and_end(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)ctx;
	(void)hdr;
	(void)payload;
	(void)len;
	now->inside = scmi_platform_fini(now->platform);
	return SCMI_OK;
}

static void fini_beside_a_notification_is_busy(void **state)
{
	struct fixture *f = *state;

	f->endpoints[0].ops.send = send_and_end;
	edge_open(f);
	assert_int_equal(edge_ask(f, 1, VENDOR, NOTIFY), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, NULL, 0), SCMI_OK);
	assert_int_equal(f->inside, SCMI_E_BUSY);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void reply_and_end(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};

	(void)ctx;
	(void)req;
	(void)len;
	assert_int_equal(scmi_platform_stats(now->platform, &stats), SCMI_OK);
	now->open = stats.open;
	now->inside = scmi_platform_fini(now->platform);
}

static void fini_beside_a_reply_is_busy(void **state)
{
	static const uint32_t hdr = VENDOR << 10 | LATER;
	struct fixture *f = *state;

	f->endpoints[0].ops.reply = reply_and_end;
	edge_open(f);
	fake_deliver(&f->endpoints[0], &f->request, hdr, NULL, 0, FAKE_PAYLOAD);
	assert_non_null(f->kept);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(f->inside, SCMI_E_BUSY);
	assert_int_equal(f->open, 1);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* ---- the trace ---- */

static void keep_event(void *arg, const struct scmi_trace_event *event)
{
	struct fixture *f = arg;

	memmove(&f->traced[1], &f->traced[0], 3u * sizeof(f->traced[0]));
	f->traced[0] = *event;
}

static void trace_tells_of_refusals_and_of_requests_without_room(void **state)
{
	static const uint32_t hdr = VENDOR << 10 | LAST;
	struct fixture *f = *state;

	f->config.trace = keep_event;
	f->config.trace_arg = f;
	edge_open(f);
	fake_deliver(&f->endpoints[0], &f->request, hdr, NULL, 0, SCMI_STATUS_BYTES - 1u);
	assert_int_equal(f->traced[1].kind, SCMI_TRACE_RECV);
	assert_int_equal(f->traced[0].kind, SCMI_TRACE_SEND);
	assert_int_equal(f->traced[0].len, 0);
	assert_int_equal(f->traced[0].err, SCMI_E_REMOTE);
	assert_int_equal(f->traced[0].hdr, hdr);
	assert_int_equal(edge_ask(f, 1, VENDOR, 0x42), SCMI_NOT_SUPPORTED);
	assert_int_equal(f->traced[1].kind, SCMI_TRACE_REFUSE);
	assert_int_equal(f->traced[1].err, SCMI_E_PROTO);
	assert_string_equal(f->traced[1].why, "bad_message");
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_message_of_all_has_attributes),
		TEST(version_in_use_can_be_agreed_on_again),
		TEST(handler_that_answers_itself_and_returns_success_is_heard_once),
		TEST(room_after_an_overflow_is_none),
		TEST(busy_is_told_whichever_agent_it_was),
		TEST(notifications_are_off_after_another_start),
		TEST(notification_is_possible_inside_start),
		TEST(fini_beside_a_notification_is_busy),
		TEST(fini_beside_a_reply_is_busy),
		TEST(trace_tells_of_refusals_and_of_requests_without_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
