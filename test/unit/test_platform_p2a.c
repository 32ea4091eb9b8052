/* SPDX-License-Identifier: BSD-3-Clause */
/* A link where each peer decides anew whether there is a platform-to-agent channel, and how much it has room for. */
#include <limits.h>

#include "platform_fixture.h"

static int channel_is_there;

static int p2a(void *ctx)
{
	(void)ctx;
	return channel_is_there;
}

static void open_changing(struct parts *p)
{
	struct fixture *f = &p->fixture;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->endpoint.ops.p2a = p2a;
	open_platform(p, 0);
}

static int32_t attributes_of(struct fixture *f, uint32_t message)
{
	return fake_ask(&f->endpoint, &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, message);
}

static void commands_come_and_go_with_the_channel(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	open_changing(p);
	for (unsigned i = 0; i < 4; i++) {
		channel_is_there = i % 2u;
		assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 0u, 1u),
				 i % 2u != 0 ? SCMI_SUCCESS : SCMI_NOT_SUPPORTED);
		assert_int_equal(attributes_of(f, TELL), i % 2u != 0 ? SCMI_SUCCESS : SCMI_NOT_FOUND);
		assert_int_equal(attributes_of(f, ADD), SCMI_SUCCESS);
		assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, ADD, 2, 1u, 2u), SCMI_SUCCESS);
		assert_int_equal(ask_delay(f, 0, DELAY_AT_ONCE), i % 2u != 0 ? SCMI_SUCCESS : SCMI_NOT_SUPPORTED);
	}
	assert_int_equal(stats_of(f).delayed, 2);
}

static int32_t delay_anyhow(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	return scmi_request_delay(req, &f->delayed[0]);
}

/* A command without the flag, which finds out by itself. */
static void delay_is_refused_without_the_channel(void **state)
{
	static const struct scmi_server_command command = {.message = 3, .handle = delay_anyhow};
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	open_changing(p);
	p->vendor.commands = &command;
	p->vendor.commands_n = 1;
	channel_is_there = 0;
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, 3, 0), SCMI_NOT_SUPPORTED);
	channel_is_there = 1;
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, 3, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[0]), SCMI_OK);
}

/* What a peer has switched on is not for the next one, if that cannot take it. */
static void notifications_need_the_channel_when_they_go(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;
	struct scmi_notice notice = {
		.size = sizeof(notice), .agent = 1, .protocol = VENDOR, .buf = f->payloads[0], .cap = 8};

	open_changing(p);
	channel_is_there = 1;
	assert_int_equal(scmi_notice_init(f->platform, &notice), SCMI_OK);
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, TELL, 2, 0u, 1u), SCMI_SUCCESS);
	for (unsigned i = 0; i < 4; i++) {
		channel_is_there = i % 2u;
		assert_int_equal(scmi_platform_notify(f->platform, 1, VENDOR, 0, "abcd", 4), SCMI_OK);
		assert_int_equal(scmi_notice_post(&notice, "abcd", 4), SCMI_OK);
		assert_int_equal(atomic_load(&f->endpoint.sends), (i + 1u) / 2u * 2u);
	}
	assert_int_equal(stats_of(f).notified, 4);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* The next peer has not asked for it, and a command of its own may have the same token. */
static void delayed_response_ends_with_the_peer_it_was_promised_to(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	open_changing(p);
	channel_is_there = 1;
	open_nodes(f, 2);
	channel_is_there = 2;
	send_nodes(f, 0, 0);
	assert_int_equal(atomic_load(&f->endpoint.sends), 0);
	assert_told(f, 1, SCMI_E_NOPEER);
	channel_is_there = 0;
	send_nodes(f, 1, 1);
	assert_int_equal(atomic_load(&f->endpoint.sends), 0);
	assert_told(f, 2, SCMI_E_NOPEER);
	assert_int_equal(stats_of(f).delayed_failed, 2);
	channel_is_there = 2;
	open_nodes(f, 1);
	send_nodes(f, 0, 0);
	assert_int_equal(atomic_load(&f->endpoint.taken), 1);
}

/* ---- an endpoint that looks at the peer itself ---- */

static unsigned addressed; /* sends that named a peer */
static bool another_comes; /* during each of them, when the platform has looked already */

static int send_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len)
{
	const struct fake_endpoint *e = ctx;

	addressed++;
	if (another_comes)
		channel_is_there++;
	return peer == channel_is_there ? e->ops.send(ctx, hdr, payload, len) : SCMI_E_NOPEER;
}

static void open_addressed(struct parts *p, uint32_t version)
{
	p->fixture.endpoint.ops.version = version;
	p->fixture.endpoint.ops.send_to = send_to;
	open_changing(p);
	channel_is_there = 1;
	addressed = 0;
	another_comes = false;
}

static void delayed_response_names_the_peer_it_was_promised_to(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	open_addressed(p, SCMI_ENDPOINT_V2);
	open_nodes(f, 2);
	send_nodes(f, 0, 0);
	assert_told(f, 1, SCMI_OK);
	another_comes = true;
	send_nodes(f, 1, 1);
	assert_int_equal(addressed, 2);
	assert_int_equal(f->told_n, 2);
	assert_int_equal(f->told[1].err, SCMI_E_NOPEER);
	assert_int_equal(atomic_load(&f->endpoint.taken), 1);
	assert_int_equal(stats_of(f).delayed_failed, 1);
}

/* What stands behind the members of an older version is not looked at; and where nobody is told apart it means nothing. */
static void endpoint_of_one_peer_or_older_is_not_told_whom(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	for (int one = 0; one < 2; one++) {
		open_addressed(p, one ? SCMI_ENDPOINT_V2 : SCMI_ENDPOINT_V1);
		if (one)
			f->endpoint.ops.p2a = NULL;
		open_nodes(f, 1);
		send_nodes(f, 0, 0);
		assert_told(f, (unsigned)one + 1u, SCMI_OK);
		assert_int_equal(addressed, 0);
		assert_int_equal(atomic_load(&f->endpoint.taken), one + 1);
	}
}

/* ---- too little room ---- */

/* So many sends are too big. */
static void refuse(struct fake_endpoint *e, void *arg)
{
	unsigned *left = arg;

	atomic_store(&e->send_result, *left != 0 ? SCMI_E_TOOBIG : SCMI_OK);
	*left -= *left != 0;
}

static void delayed_response_without_room_becomes_a_status(void **state)
{
	struct fixture *f = of(state);
	unsigned left = 1;

	open_nodes(f, 2);
	f->endpoint.on_send = refuse;
	f->endpoint.arg = &left;
	send_nodes(f, 0, 1);
	assert_int_equal(atomic_load(&f->endpoint.sends), 3);
	assert_int_equal(atomic_load(&f->endpoint.taken), 2);
	assert_int_equal(f->endpoint.log[0].len, 4);
	assert_int_equal((int32_t)fake_message_u32(&f->endpoint.log[0], 0), SCMI_COMMS_ERROR);
	assert_int_equal(scmi_hdr_type(f->endpoint.log[0].hdr), SCMI_MSG_DELAYED);
	assert_int_equal(f->endpoint.log[1].len, 8); /* the next one is whole */
	assert_told(f, 2, SCMI_OK);
	assert_int_equal(stats_of(f).delayed_sent, 2);
}

static int too_big_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)ctx;
	(void)hdr;
	(void)payload;
	addressed += peer == channel_is_there;
	channel_is_there += len > SCMI_STATUS_BYTES;
	return len > SCMI_STATUS_BYTES ? SCMI_E_TOOBIG : SCMI_OK;
}

/* Another has come, too, before the status alone was tried. */
static void delayed_status_without_room_is_not_for_the_next_peer(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;

	open_addressed(p, SCMI_ENDPOINT_V2);
	f->endpoint.ops.send_to = too_big_to;
	open_nodes(f, 1);
	send_nodes(f, 0, 0);
	assert_int_equal(addressed, 1);
	assert_told(f, 1, SCMI_E_NOPEER);
}

static void delayed_status_without_room_is_not_tried_again(void **state)
{
	struct fixture *f = of(state);
	unsigned left = UINT_MAX;

	open_nodes(f, 2);
	f->endpoint.on_send = refuse;
	f->endpoint.arg = &left;
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_BUSY, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&f->endpoint.sends), 1);
	send_nodes(f, 1, 1);
	assert_int_equal(atomic_load(&f->endpoint.sends), 3);
	assert_told(f, 2, SCMI_E_TOOBIG);
	assert_int_equal(stats_of(f).delayed_failed, 2);
}

/* The endpoint has no room for the status either, now: it waits, as a status. */
static void refuse_then_wait(struct fake_endpoint *e, void *arg)
{
	refuse(e, arg);
	if (atomic_load(&e->send_result) == SCMI_OK) {
		e->on_send = NULL;
		atomic_store(&e->refusals, UINT_MAX);
	}
}

static void delayed_response_that_has_shrunk_may_wait(void **state)
{
	struct fixture *f = of(state);
	unsigned left = 1;

	open_nodes(f, 1);
	f->endpoint.on_send = refuse_then_wait;
	f->endpoint.arg = &left;
	send_nodes(f, 0, 0);
	assert_int_equal(f->told_n, 0);
	assert_int_equal(stats_of(f).delayed_queued, 1);
	fake_make_room(&f->endpoint);
	assert_told(f, 1, SCMI_OK);
	assert_int_equal(f->endpoint.log[0].len, 4);
	assert_int_equal((int32_t)fake_message_u32(&f->endpoint.log[0], 0), SCMI_COMMS_ERROR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(commands_come_and_go_with_the_channel),
		TEST(delay_is_refused_without_the_channel),
		TEST(notifications_need_the_channel_when_they_go),
		TEST(delayed_response_ends_with_the_peer_it_was_promised_to),
		TEST(delayed_response_names_the_peer_it_was_promised_to),
		TEST(endpoint_of_one_peer_or_older_is_not_told_whom),
		TEST(delayed_response_without_room_becomes_a_status),
		TEST(delayed_status_without_room_is_not_for_the_next_peer),
		TEST(delayed_status_without_room_is_not_tried_again),
		TEST(delayed_response_that_has_shrunk_may_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
