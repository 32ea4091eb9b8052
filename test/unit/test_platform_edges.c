/* SPDX-License-Identifier: BSD-3-Clause */
/* First and last of everything in a platform: limits that still hold, the second of two, what happens inside a call-out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"

#define AGENTS  3u
#define SERVERS 3u
#define EDGE    0x20u /* the first protocol that is not found by its place */
#define VENDOR  0x90u

enum message { NOTIFY = 0x3, ITSELF = 0x4, OVERFLOWING = 0x5, LATER = 0x6, LAST = 0xff };

/* Base, EDGE and VENDOR; the last two have the same commands. */
struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct fake_request request;
	struct scmi_base_model model;
	uint32_t permissions[AGENTS];
	struct scmi_server base;
	struct scmi_server edge;
	struct scmi_server vendor;
	const struct scmi_server *servers[SERVERS];
	uint8_t denied[2];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform_config config;
	struct scmi_platform *platform;
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_request *kept;
	uint32_t room;                     /* after an overflow */
	unsigned inits[2];                 /* of EDGE and VENDOR */
	unsigned resets[2][AGENTS + 1u];   /* by agent */
	int inside;                        /* what a call returned inside a method of the endpoint */
	uint32_t open;                     /* requests, as counted inside it */
	struct scmi_trace_event traced[4]; /* the last ones, the newest first */
};

/* Methods of the endpoint have no other way to the test. */
static struct fixture *now;

static int32_t want_notifications(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, 0, 1u);
}

static int32_t answer_itself(void *model, struct scmi_request *req)
{
	(void)model;
	assert_int_equal(scmi_request_reply(req, SCMI_SUCCESS), SCMI_OK);
	return SCMI_SUCCESS;
}

static int32_t put_too_much(void *model, struct scmi_request *req)
{
	static const uint8_t much[FAKE_PAYLOAD];

	(void)model;
	scmi_request_put_bytes(req, much, sizeof(much));
	now->room = scmi_request_room(req);
	return SCMI_SUCCESS;
}

static int32_t keep(void *model, struct scmi_request *req)
{
	(void)model;
	now->kept = req;
	return SCMI_REQUEST_LATER;
}

static int32_t nothing(void *model, struct scmi_request *req)
{
	(void)model;
	(void)req;
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = NOTIFY, .handle = want_notifications, .flags = SCMI_COMMAND_P2A},
	{.message = ITSELF, .handle = answer_itself},
	{.message = OVERFLOWING, .handle = put_too_much},
	{.message = LATER, .handle = keep},
	{.message = LAST, .handle = nothing, .attributes = 77},
};

static int count_init(void *model, struct scmi_platform *platform, const char **why)
{
	(void)platform;
	(void)why;
	(*(unsigned *)model)++;
	return SCMI_OK;
}

static void count_edge_reset(void *model, uint16_t agent)
{
	(void)model;
	now->resets[0][agent]++;
}

static void count_vendor_reset(void *model, uint16_t agent)
{
	(void)model;
	now->resets[1][agent]++;
}

static void fill(struct fixture *f)
{
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(f->agents[i]), .name = "agent", .endpoint = &f->endpoints[i].endpoint};
	}
	f->model = (struct scmi_base_model){.size = sizeof(f->model),
					    .vendor = "acme",
					    .devices = 1,
					    .permissions = f->permissions,
					    .permission_words = AGENTS};
	scmi_base_server(&f->base, &f->model);
	f->edge = (struct scmi_server){.size = sizeof(f->edge),
				       .protocol = EDGE,
				       .flags = SCMI_SERVER_NEGOTIATES,
				       .version = SCMI_VERSION(2, 3),
				       .commands = commands,
				       .commands_n = sizeof(commands) / sizeof(commands[0]),
				       .model = &f->inits[0],
				       .init = count_init,
				       .reset = count_edge_reset};
	f->vendor = f->edge;
	f->vendor.protocol = VENDOR;
	f->vendor.model = &f->inits[1];
	f->vendor.reset = count_vendor_reset;
	f->servers[0] = &f->base;
	f->servers[1] = &f->edge;
	f->servers[2] = &f->vendor;
	f->denied[0] = EDGE;
	f->denied[1] = VENDOR;
	f->config = (struct scmi_platform_config){.size = sizeof(f->config),
						  .servers = f->servers,
						  .servers_n = SERVERS,
						  .agents = f->agents,
						  .agents_n = AGENTS};
}

static int set_up(void **state)
{
	now = calloc(1, sizeof(*now));
	assert_non_null(now);
	fill(now);
	*state = now;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	fake_request_free(&f->request);
	free(f);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static void init(struct fixture *f)
{
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_OK);
}

static void open(struct fixture *f)
{
	init(f);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

static int32_t ask(struct fixture *f, unsigned agent, unsigned protocol, unsigned message)
{
	return fake_ask(&f->endpoints[agent - 1u], &f->request, protocol, message, 0);
}

/* ---- configurations ---- */

static void configuration_at_its_limits_is_right(void **state)
{
	static struct scmi_server servers[SCMI_PLATFORM_SERVERS_MAX];
	static const struct scmi_server *pointers[SCMI_PLATFORM_SERVERS_MAX];
	static struct scmi_platform_agent agents[SCMI_PLATFORM_AGENTS_MAX];
	static struct fake_endpoint endpoints[SCMI_PLATFORM_AGENTS_MAX];
	struct fixture *f = *state;

	for (uint32_t i = 0; i < SCMI_PLATFORM_SERVERS_MAX; i++) {
		servers[i] = f->vendor;
		servers[i].protocol = (uint8_t)(0x80u + i);
		pointers[i] = &servers[i];
	}
	for (uint32_t i = 0; i < SCMI_PLATFORM_AGENTS_MAX; i++) {
		fake_endpoint_init(&endpoints[i]);
		agents[i] = f->agents[0];
		agents[i].endpoint = &endpoints[i].endpoint;
	}
	endpoints[0].endpoint.max_payload = 8;
	endpoints[1].endpoint.max_payload = 0x7fffffff;
	f->config.servers = pointers;
	f->config.servers_n = SCMI_PLATFORM_SERVERS_MAX;
	f->config.agents = agents;
	f->config.agents_n = SCMI_PLATFORM_AGENTS_MAX;
	assert_true(scmi_platform_size(&f->config) > 0);
}

static void fault_of_the_first_or_second_is_seen_too(void **state)
{
	struct scmi_server_command broken[2] = {{.message = 3, .handle = NULL}, {.message = 4, .handle = nothing}};
	struct fixture *f = *state;

	for (uint32_t i = 0; i < 2; i++) {
		f->vendor.reserved_[i] = 1;
		assert_int_equal(scmi_platform_size(&f->config), 0);
		f->vendor.reserved_[i] = 0;
	}
	f->vendor.commands = broken;
	f->vendor.commands_n = 2;
	assert_int_equal(scmi_platform_size(&f->config), 0);
	broken[0].handle = nothing;
	assert_true(scmi_platform_size(&f->config) > 0);

	f->agents[2].endpoint = f->agents[1].endpoint;
	assert_int_equal(scmi_platform_size(&f->config), 0);
	f->agents[2].endpoint = &f->endpoints[2].endpoint;
	f->agents[0].denied = f->denied;
	f->agents[0].denied_n = 2;
	assert_true(scmi_platform_size(&f->config) > 0);
	f->config.servers = f->servers + 1; /* the first server can be denied as any other */
	f->config.servers_n = 2;
	assert_true(scmi_platform_size(&f->config) > 0);
	f->denied[1] = VENDOR + 1u;
	assert_int_equal(scmi_platform_size(&f->config), 0);
}

static void empty_name_is_a_name(void **state)
{
	static const char empty[SCMI_SHORT_NAME] = {'\0', 'x', 'x', 'x', 'x', 'x', 'x', 'x',
						    'x',  'x', 'x', 'x', 'x', 'x', 'x', 'x'};
	struct fixture *f = *state;

	f->agents[0].name = empty;
	assert_true(scmi_platform_size(&f->config) > 0);
}

static void platform_name_is_looked_at_from_its_first_letter_on(void **state)
{
	struct fixture *f = *state;

	f->model.platform_name = "Platform";
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_E_INVAL);
	f->model.platform_name = "platform";
	init(f);
}

static void init_that_fails_leaves_no_platform(void **state)
{
	struct fixture *f = *state;

	f->platform = (struct scmi_platform *)f->memory;
	f->config.reserved_ = 1;
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &f->config), SCMI_E_INVAL);
	assert_null(f->platform);
}

/* ---- servers ---- */

static void every_server_is_initialised_once_and_reset_for_every_agent_by_start(void **state)
{
	struct fixture *f = *state;

	f->config.servers = f->servers + 1; /* without base: the first is one with a reset */
	f->config.servers_n = 2;
	init(f);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(f->inits[i], 1);
		for (uint32_t agent = 1; agent <= AGENTS; agent++)
			assert_int_equal(f->resets[i][agent], 0);
	}
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(f->inits[i], 1);
		for (uint32_t agent = 1; agent <= AGENTS; agent++)
			assert_int_equal(f->resets[i][agent], 1);
	}
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void protocol_beyond_the_standard_ones_is_found_even_as_the_first(void **state)
{
	struct fixture *f = *state;

	f->edge.version = SCMI_VERSION(1, 1);
	open(f);
	assert_int_equal(ask(f, 1, EDGE, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(1, 1));
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->config.servers = f->servers + 1;
	f->config.servers_n = 2;
	open(f);
	assert_int_equal(ask(f, 1, EDGE, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(1, 1));
	assert_int_equal(ask(f, 1, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), SCMI_VERSION(2, 3));
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void all_that_is_denied_is_denied(void **state)
{
	struct fixture *f = *state;

	f->agents[1].denied = f->denied;
	f->agents[1].denied_n = 2;
	for (uint32_t devices = 0; devices < 2; devices++) {
		f->model.devices = devices;
		scmi_base_server(&f->base, &f->model);
		open(f);
		assert_int_equal(ask(f, 1, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_SUCCESS);
		assert_int_equal(ask(f, 2, EDGE, SCMI_PROTOCOL_VERSION), SCMI_DENIED);
		assert_int_equal(ask(f, 2, VENDOR, SCMI_PROTOCOL_VERSION), SCMI_DENIED);
		assert_true(scmi_base_allowed(&f->model, 1, VENDOR, 0));
		assert_true(scmi_base_allowed(&f->model, 1, SCMI_PROTOCOL_BASE, 0));
		assert_true(scmi_base_allowed(&f->model, 2, SCMI_PROTOCOL_BASE, 0));
		assert_false(scmi_base_allowed(&f->model, 2, EDGE, 0));
		assert_false(scmi_base_allowed(&f->model, 2, VENDOR, 0));
		assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	}
}

static void permission_for_the_last_protocol_of_all_is_for_one_without_a_server(void **state)
{
	struct fixture *f = *state;

	open(f);
	assert_int_equal(fake_ask(&f->endpoints[0], &f->request, SCMI_PROTOCOL_BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS,
				  4, 1u, 0u, 0xffu, 0u),
			 SCMI_NOT_FOUND);
	assert_int_equal(fake_ask(&f->endpoints[0], &f->request, SCMI_PROTOCOL_BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS,
				  4, 1u, 0u, 0x100u, 0u),
			 SCMI_INVALID_PARAMETERS);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* ---- requests ---- */

static void last_message_of_all_has_attributes(void **state)
{
	struct fixture *f = *state;

	open(f);
	assert_int_equal(
		fake_ask(&f->endpoints[0], &f->request, VENDOR, SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, 1, (uint32_t)LAST),
		SCMI_SUCCESS);
	assert_int_equal(fake_value(&f->request, 0), 77);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void version_in_use_can_be_agreed_on_again(void **state)
{
	struct fixture *f = *state;

	open(f);
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

	open(f);
	assert_int_equal(ask(f, 1, VENDOR, ITSELF), SCMI_SUCCESS);
	assert_int_equal(f->request.in_place, 0);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.double_replies, 1);
	assert_int_equal(stats.ok, 1);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

static void room_after_an_overflow_is_none(void **state)
{
	struct fixture *f = *state;

	open(f);
	f->room = 1;
	assert_int_equal(ask(f, 1, VENDOR, OVERFLOWING), SCMI_COMMS_ERROR);
	assert_int_equal(f->room, 0);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

/* ---- notifications ---- */

static void busy_is_told_whichever_agent_it_was(void **state)
{
	struct fixture *f = *state;

	open(f);
	for (unsigned agent = 1; agent <= AGENTS; agent++)
		assert_int_equal(ask(f, agent, VENDOR, NOTIFY), SCMI_SUCCESS);
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

	open(f);
	assert_int_equal(ask(f, AGENTS, VENDOR, NOTIFY), SCMI_SUCCESS);
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
	open(f);
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
	open(f);
	assert_int_equal(ask(f, 1, VENDOR, NOTIFY), SCMI_SUCCESS);
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
	open(f);
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
	open(f);
	fake_deliver(&f->endpoints[0], &f->request, hdr, NULL, 0, SCMI_STATUS_BYTES - 1u);
	assert_int_equal(f->traced[1].kind, SCMI_TRACE_RECV);
	assert_int_equal(f->traced[0].kind, SCMI_TRACE_SEND);
	assert_int_equal(f->traced[0].len, 0);
	assert_int_equal(f->traced[0].err, SCMI_E_REMOTE);
	assert_int_equal(f->traced[0].hdr, hdr);
	assert_int_equal(ask(f, 1, VENDOR, 0x42), SCMI_NOT_SUPPORTED);
	assert_int_equal(f->traced[1].kind, SCMI_TRACE_REFUSE);
	assert_int_equal(f->traced[1].err, SCMI_E_PROTO);
	assert_string_equal(f->traced[1].why, "bad_message");
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(configuration_at_its_limits_is_right),
		TEST(fault_of_the_first_or_second_is_seen_too),
		TEST(empty_name_is_a_name),
		TEST(platform_name_is_looked_at_from_its_first_letter_on),
		TEST(init_that_fails_leaves_no_platform),
		TEST(every_server_is_initialised_once_and_reset_for_every_agent_by_start),
		TEST(protocol_beyond_the_standard_ones_is_found_even_as_the_first),
		TEST(all_that_is_denied_is_denied),
		TEST(permission_for_the_last_protocol_of_all_is_for_one_without_a_server),
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
