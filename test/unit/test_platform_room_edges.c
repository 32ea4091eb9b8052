/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages of the platform's own at their limits, after each other, and of a second agent. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "platform_fixture.h"

static void shortest_delayed_response_is_a_status(void **state)
{
	struct fixture *f = of(state);

	f->delayed[0].cap = SCMI_STATUS_BYTES;
	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_SUCCESS);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(fake_last(&f->endpoint)->len, SCMI_STATUS_BYTES);
}

/* A status above 0 is none. */
static void smallest_status_that_is_none_becomes_an_error(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(ask_delay(f, 0, DELAY_OPEN), SCMI_SUCCESS);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], 1, NULL, 0), SCMI_OK);
	assert_int_equal((int32_t)fake_message_u32(fake_last(&f->endpoint), 0), SCMI_GENERIC_ERROR);
}

static void switch_notification(struct fixture *f, uint32_t on)
{
	struct fake_request r = {0};

	assert_int_equal(fake_ask(&f->endpoint, &r, VENDOR, TELL, 2, 0u, on), SCMI_SUCCESS);
	fake_request_free(&r);
}

/* Two payloads of all that the link carries, between guards. */
#define GUARD 0x5a
static uint8_t guarded[4u * FAKE_PAYLOAD];
static struct scmi_notice notice;

static void init_notice(struct fixture *f)
{
	memset(guarded, GUARD, sizeof(guarded));
	notice = (struct scmi_notice){.size = sizeof(notice),
				      .agent = 1,
				      .protocol = VENDOR,
				      .buf = guarded + FAKE_PAYLOAD,
				      .cap = FAKE_PAYLOAD};
	assert_int_equal(scmi_notice_init(f->platform, &notice), SCMI_OK);
	switch_notification(f, 1);
}

static void longest_notice_is_what_the_link_carries(void **state)
{
	struct scmi_notice longer = {
		.size = sizeof(longer), .agent = 1, .protocol = VENDOR, .buf = guarded, .cap = FAKE_PAYLOAD + 1u};
	static uint8_t payload[FAKE_PAYLOAD];
	struct fixture *f = of(state);

	init_notice(f);
	for (unsigned i = 0; i < 3u; i++) {
		memset(payload, (int)i, sizeof(payload));
		assert_int_equal(scmi_notice_post(&notice, payload, sizeof(payload)), SCMI_OK);
		assert_int_equal(fake_message_u32(fake_last(&f->endpoint), 0), 0x01010101u * i);
	}
	for (unsigned i = 0; i < FAKE_PAYLOAD; i++) {
		assert_int_equal(guarded[i], GUARD);
		assert_int_equal(guarded[3u * FAKE_PAYLOAD + i], GUARD);
	}
	assert_int_equal(scmi_notice_init(f->platform, &longer), SCMI_E_TOOBIG);
}

/* What a notice went through before must not cost it a later word. */
static void notice_waits_again_whatever_it_went_through_before(void **state)
{
	static const uint8_t word[4] = {1};
	struct fixture *f = of(state);

	init_notice(f);
	assert_int_equal(scmi_notice_post(&notice, word, sizeof(word)), SCMI_OK);
	for (unsigned i = 0; i < 3u; i++) {
		switch_notification(f, 0);
		assert_int_equal(stats_of(f).waiting, 0);
		switch_notification(f, 1);
		atomic_store(&f->endpoint.refusals, UINT_MAX);
		assert_int_equal(scmi_notice_post(&notice, word, sizeof(word)), SCMI_OK);
		assert_int_equal(stats_of(f).waiting, 1);
	}
	fake_make_room(&f->endpoint);
	assert_int_equal(atomic_load(&f->endpoint.taken), 2);
	assert_int_equal(stats_of(f).waiting, 0);
}

/* ---- two agents ---- */

struct two {
	struct fake_endpoint endpoints[2];
	struct fake_request request;
	struct scmi_server server;
	const struct scmi_server *servers[1];
	struct scmi_platform_agent agents[2];
	struct scmi_platform_config config;
	struct scmi_platform *platform;
	struct scmi_delayed delayed;
	uint8_t payload[NODE_BYTES];
	unsigned told;
	int err; /* that sent() was told */
	int inside;
	int (*start)(void *ctx, const struct scmi_platform_sink *sink, void *channel); /* the first endpoint's own */
	max_align_t memory[SCMI_PLATFORM_WORDS(2, 1)];
};

static struct two *now;

static void tell(struct scmi_delayed *d, int err)
{
	(void)d;
	now->told++;
	now->err = err;
}

static int32_t promise(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_delay(req, &now->delayed);
}

static const struct scmi_server_command commands[] = {{.message = DELAY, .handle = promise}};

static int two_set_up(void **state)
{
	struct two *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	now = t;
	for (unsigned i = 0; i < 2u; i++) {
		fake_endpoint_init(&t->endpoints[i]);
		t->agents[i] = (struct scmi_platform_agent){.size = sizeof(t->agents[i]),
							    .endpoint = &t->endpoints[i].endpoint};
	}
	t->server = (struct scmi_server){.size = sizeof(t->server),
					 .protocol = VENDOR,
					 .version = VERSION,
					 .commands = commands,
					 .commands_n = 1};
	t->servers[0] = &t->server;
	t->config = (struct scmi_platform_config){
		.size = sizeof(t->config), .servers = t->servers, .servers_n = 1, .agents = t->agents, .agents_n = 2};
	t->delayed = (struct scmi_delayed){
		.size = sizeof(t->delayed), .buf = t->payload, .cap = sizeof(t->payload), .sent = tell};
	assert_int_equal(scmi_platform_init(&t->platform, t->memory, sizeof(t->memory), &t->config), SCMI_OK);
	*state = t;
	return 0;
}

static int two_tear_down(void **state)
{
	struct two *t = *state;

	assert_int_equal(scmi_platform_fini(t->platform), SCMI_OK);
	fake_request_free(&t->request);
	free(t);
	return 0;
}

#define TEST_TWO(f) cmocka_unit_test_setup_teardown(f, two_set_up, two_tear_down)

/* A response for an agent whose link has no room. */
static void leave_waiting(struct two *t, unsigned i)
{
	atomic_store(&t->endpoints[i].refusals, UINT_MAX);
	assert_int_equal(fake_ask(&t->endpoints[i], &t->request, VENDOR, DELAY, 0), SCMI_SUCCESS);
	assert_int_equal(scmi_delayed_send(&t->delayed, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(t->told, 0);
}

static void stop_ends_what_waits_for_the_second_agent(void **state)
{
	struct two *t = *state;

	assert_int_equal(scmi_platform_start(t->platform), SCMI_OK);
	leave_waiting(t, 1);
	assert_int_equal(scmi_platform_stop(t->platform), SCMI_OK);
	assert_int_equal(t->told, 1);
	assert_int_equal(t->err, SCMI_E_CLOSED);
}

static int start_and_leave_waiting(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	int err = now->start(ctx, sink, channel);

	leave_waiting(now, 0);
	return err;
}

static void start_that_fails_ends_what_waits_already(void **state)
{
	struct two *t = *state;

	t->start = t->endpoints[0].ops.start;
	t->endpoints[0].ops.start = start_and_leave_waiting;
	t->endpoints[1].start_result = SCMI_E_IO;
	assert_int_equal(scmi_platform_start(t->platform), SCMI_E_IO);
	assert_int_equal(t->told, 1);
	assert_int_equal(t->err, SCMI_E_CLOSED);
}

static void restart_inside(struct fake_endpoint *e, void *arg)
{
	struct two *t = arg;

	e->on_send = NULL;
	assert_int_equal(scmi_platform_stop(t->platform), SCMI_OK);
	t->inside = scmi_platform_start(t->platform);
}

static void start_beside_a_send_to_the_second_agent_is_busy(void **state)
{
	struct two *t = *state;

	assert_int_equal(scmi_platform_start(t->platform), SCMI_OK);
	leave_waiting(t, 1);
	t->endpoints[1].on_send = restart_inside;
	t->endpoints[1].arg = t;
	fake_make_room(&t->endpoints[1]);
	assert_int_equal(t->inside, SCMI_E_BUSY);
	assert_int_equal(t->told, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(shortest_delayed_response_is_a_status),
		TEST(smallest_status_that_is_none_becomes_an_error),
		TEST(longest_notice_is_what_the_link_carries),
		TEST(notice_waits_again_whatever_it_went_through_before),
		TEST_TWO(stop_ends_what_waits_for_the_second_agent),
		TEST_TWO(start_that_fails_ends_what_waits_already),
		TEST_TWO(start_beside_a_send_to_the_second_agent_is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
