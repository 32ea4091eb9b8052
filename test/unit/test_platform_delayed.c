/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed responses: what they say, and that each is sent, in order. */
#include <limits.h>

#include "platform_fixture.h"

#define TOKEN 0x155u /* of fake_ask() */

/* ---- the message ---- */

static void delayed_response_has_the_commands_header_status_and_values(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_SUCCESS);
	assert_int_equal(stats_of(f).delayed_open, 1);
	assert_int_equal(stats_of(f).delayed_queued, 0);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, "12345", 5), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoint)->hdr, scmi_hdr(VENDOR, DELAY, SCMI_MSG_DELAYED, TOKEN));
	assert_int_equal(fake_last(&f->endpoint)->len, 9);
	assert_memory_equal(fake_last(&f->endpoint)->bytes, "\0\0\0\00012345", 9);
	assert_told(f, 1, SCMI_OK);
	assert_int_equal(stats_of(f).delayed_sent, 1);
	assert_int_equal(stats_of(f).delayed_open, 0);
}

static void delayed_response_may_stand_in_its_buffer_already(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_SUCCESS);
	scmi_put_le32(f->payloads[0] + 4, 0xabcd1234u);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, f->payloads[0] + 4, 4), SCMI_OK);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoint), 1), 0xabcd1234u);
}

static void delayed_error_goes_without_values(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 2);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_HARDWARE_ERROR, "12345", 5), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoint)->len, 4);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoint), 0), (uint32_t)SCMI_HARDWARE_ERROR);
	assert_int_equal(scmi_delayed_send(&f->delayed[1], 7, "12345", 5), SCMI_OK);
	assert_int_equal(fake_message_u32(fake_last(&f->endpoint), 0), (uint32_t)SCMI_GENERIC_ERROR);
}

static void delayed_response_has_no_reserved_header_bits(void **state)
{
	struct fixture *f = of(state);
	const uint8_t params[8] = {0};

	fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, DELAY, SCMI_MSG_COMMAND, 3) | SCMI_HDR_RESERVED,
		     params, sizeof(params), 8);
	send_nodes(f, 0, 0);
	assert_int_equal(fake_last(&f->endpoint)->hdr, scmi_hdr(VENDOR, DELAY, SCMI_MSG_DELAYED, 3));
}

static void delayed_response_may_go_before_its_response(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(ask_delay(f, 0, DELAY_AT_ONCE), SCMI_SUCCESS);
	assert_told(f, 1, SCMI_OK);
	assert_memory_equal(fake_last(&f->endpoint)->bytes + 4, "early bird", 10);
	fake_deliver(&f->endpoint, &f->request, scmi_hdr(VENDOR, DELAY, SCMI_MSG_COMMAND, 9), "\0\0\0\0\2\0\0\0", 8, 8);
	assert_int_equal(send_node(f, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->request.replies), 0);
	assert_told(f, 2, SCMI_OK);
	assert_int_equal(scmi_request_reply(f->kept, SCMI_SUCCESS), SCMI_OK);
	assert_int_equal(fake_status(&f->request), SCMI_SUCCESS);
}

/* ---- no room ---- */

static void delayed_responses_without_room_wait_and_go_in_order(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, NODES);
	atomic_store(&f->endpoint.refusals, UINT_MAX);
	send_nodes(f, 0, 3);
	assert_int_equal(f->told_n, 0);
	assert_int_equal(stats_of(f).delayed_open, NODES);
	assert_int_equal(stats_of(f).delayed_queued, 4);
	fake_make_room(&f->endpoint);
	assert_int_equal(stats_of(f).delayed_queued, 0);
	send_nodes(f, 4, NODES - 1u);
	assert_in_order(f, NODES);
}

static void room_for_some_keeps_the_order_of_the_rest(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;

	open_nodes(f, NODES);
	atomic_store(&e->refusals, 3);
	send_nodes(f, 0, 2); /* each asks once more */
	assert_int_equal(atomic_load(&e->sends), 3);
	assert_int_equal(f->told_n, 0);
	atomic_store(&e->refusals, 1);
	e->sink->ready(e->channel); /* there was room, and somebody else has taken it */
	assert_int_equal(f->told_n, 0);
	send_nodes(f, 3, 3);
	assert_in_order(f, 4);
	atomic_store(&e->refusals, 1);
	send_nodes(f, 4, 5);
	assert_in_order(f, 6);
}

static void ready_inside_send_is_heard(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 2);
	f->endpoint.ready_inside = true;
	atomic_store(&f->endpoint.refusals, 1);
	send_nodes(f, 0, 1);
	assert_in_order(f, 2);
	assert_int_equal(atomic_load(&f->endpoint.sends), 3);
}

static void ready_for_nothing_does_nothing(void **state)
{
	struct fixture *f = of(state);

	fake_make_room(&f->endpoint);
	fake_make_room(&f->endpoint);
	assert_int_equal(atomic_load(&f->endpoint.sends), 0);
}

/* Room for the first only: a notification that is dropped anyway must not take it again and again. */
static void notification_does_not_overtake_a_delayed_response_that_waits(void **state)
{
	struct fixture *f = of(state);
	struct fake_endpoint *e = &f->endpoint;

	assert_int_equal(fake_ask(e, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_SUCCESS);
	open_nodes(f, 1);
	atomic_store(&e->refusals, 1);
	send_nodes(f, 0, 0);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_E_BUSY);
	assert_int_equal(atomic_load(&e->taken), 0);
	e->sink->ready(e->channel);
	assert_in_order(f, 1);
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_OK);
	assert_int_equal(stats_of(f).dropped, 1);
	assert_int_equal(stats_of(f).sent, 1);
}

static void notify_inside(struct fake_endpoint *e, void *arg)
{
	struct fixture *f = arg;

	e->on_send = NULL;
	assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_OK);
}

static void notification_beside_a_delayed_response_is_not_dropped(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_SUCCESS);
	open_nodes(f, 1);
	f->endpoint.on_send = notify_inside;
	f->endpoint.arg = f;
	send_nodes(f, 0, 0);
	assert_int_equal(stats_of(f).sent, 1);
	assert_told(f, 1, SCMI_OK);
}

static void send_beside(struct fake_endpoint *e, void *arg)
{
	e->on_send = NULL;
	send_nodes(arg, 1, 4);
}

/* As if other contexts sent while this one is inside send(): their nodes are taken together. */
static void sends_beside_a_send_go_in_their_order(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, NODES);
	f->endpoint.on_send = send_beside;
	f->endpoint.arg = f;
	send_nodes(f, 0, 0);
	send_nodes(f, 5, 5);
	assert_in_order(f, NODES);
}

/* ---- chains ---- */

struct depth {
	struct fixture *f;
	unsigned now;
	unsigned most;
};

static void send_next(struct fixture *f, struct scmi_delayed *d)
{
	struct depth *depth = f->endpoint.arg;
	unsigned next = (unsigned)(d - f->delayed) + 1u;

	if (++depth->now > depth->most)
		depth->most = depth->now;
	if (next < NODES)
		assert_int_equal(send_node(f, next), SCMI_OK);
	depth->now--;
}

static void sends_chained_in_sent_need_no_stack(void **state)
{
	struct fixture *f = of(state);
	struct depth depth = {.f = f};

	f->endpoint.arg = &depth;
	f->on_sent = send_next;
	open_nodes(f, NODES);
	send_nodes(f, 0, 0);
	assert_in_order(f, NODES);
	assert_int_equal(depth.most, 1);
}

static void ask_again(struct fixture *f, struct scmi_delayed *d)
{
	struct fake_request r = {0};

	if (f->told_n < 40u)
		assert_int_equal(fake_ask(&f->endpoint, &r, VENDOR, DELAY, 2, (uint32_t)(d - f->delayed),
					  (uint32_t)DELAY_AT_ONCE),
				 SCMI_SUCCESS);
	fake_request_free(&r);
}

/* The node is out of use when sent() runs. */
static void node_is_used_anew_inside_sent(void **state)
{
	struct fixture *f = of(state);

	f->on_sent = ask_again;
	assert_int_equal(ask_delay(f, 1, DELAY_AT_ONCE), SCMI_SUCCESS);
	assert_told(f, 40, SCMI_OK);
	assert_int_equal(stats_of(f).delayed_sent, 40);
}

static void node_without_sent_tells_by_its_use(void **state)
{
	struct fixture *f = of(state);

	f->delayed[0].sent = NULL;
	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_SUCCESS);
	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_BUSY);
	atomic_store(&f->endpoint.refusals, UINT_MAX);
	send_nodes(f, 0, 0);
	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_BUSY);
	fake_make_room(&f->endpoint);
	assert_int_equal(ask_delay(f, 0, DELAY_AT_ONCE), SCMI_SUCCESS);
	assert_int_equal(stats_of(f).delayed, 2);
}

/* ---- refusals ---- */

static void send_that_is_refused_leaves_the_node_open(void **state)
{
	static const uint8_t bytes[FAKE_PAYLOAD] = {0};
	struct fixture *f = of(state);

	open_nodes(f, 1);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, NULL, 1), SCMI_E_INVAL);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, bytes, NODE_BYTES - 3u), SCMI_E_TOOBIG);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, bytes, NODE_BYTES - 4u), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoint)->len, NODE_BYTES);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, bytes, 1), SCMI_E_GONE);
	assert_int_equal(stats_of(f).delayed, 1);
}

static void more_than_the_link_carries_is_too_big(void **state)
{
	static uint8_t room[FAKE_PAYLOAD + 8u];
	static const uint8_t bytes[FAKE_PAYLOAD] = {0};
	struct fixture *f = of(state);

	f->delayed[0].buf = room;
	f->delayed[0].cap = sizeof(room);
	open_nodes(f, 1);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, bytes, FAKE_PAYLOAD - 3u), SCMI_E_TOOBIG);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, bytes, FAKE_PAYLOAD - 4u), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoint)->len, FAKE_PAYLOAD);
}

static void bad_node_is_the_servers_fault(void **state)
{
	struct fixture *f = of(state);

	f->delayed[0].size--;
	f->delayed[1].buf = NULL;
	f->delayed[2].cap = 3;
	for (uint32_t i = 0; i < 3u; i++)
		assert_int_equal(ask_delay(f, i, DELAY_OPEN), SCMI_GENERIC_ERROR);
	assert_int_equal(stats_of(f).delayed, 0);
}

static int32_t delay_anyhow(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	return scmi_request_delay(req, &f->delayed[0]);
}

static void link_without_p2a_channel_delays_nothing(void **state)
{
	static const struct scmi_server_command command = {.message = 3, .handle = delay_anyhow};
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->endpoint.ops.send = NULL;
	open_platform(p, 0);
	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_NOT_SUPPORTED);
	assert_int_equal(f->runs, 0);
	p->vendor.commands = &command;
	p->vendor.commands_n = 1;
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, 3, 0), SCMI_NOT_SUPPORTED);
	assert_int_equal(stats_of(f).delayed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(delayed_response_has_the_commands_header_status_and_values),
		TEST(delayed_response_may_stand_in_its_buffer_already),
		TEST(delayed_error_goes_without_values),
		TEST(delayed_response_has_no_reserved_header_bits),
		TEST(delayed_response_may_go_before_its_response),
		TEST(delayed_responses_without_room_wait_and_go_in_order),
		TEST(room_for_some_keeps_the_order_of_the_rest),
		TEST(ready_inside_send_is_heard),
		TEST(ready_for_nothing_does_nothing),
		TEST(notification_does_not_overtake_a_delayed_response_that_waits),
		TEST(notification_beside_a_delayed_response_is_not_dropped),
		TEST(sends_beside_a_send_go_in_their_order),
		TEST(sends_chained_in_sent_need_no_stack),
		TEST(node_is_used_anew_inside_sent),
		TEST(node_without_sent_tells_by_its_use),
		TEST(send_that_is_refused_leaves_the_node_open),
		TEST(more_than_the_link_carries_is_too_big),
		TEST(bad_node_is_the_servers_fault),
		TEST(link_without_p2a_channel_delays_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
