/* SPDX-License-Identifier: BSD-3-Clause */
/* Requests, answers and permissions from several threads at once; meant to run under a thread sanitizer too. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <scmi/server/base.h>

#include "fake_endpoint.h"

#define AGENTS 2u
#define ROUNDS 2000u
#define VENDOR 0x80u
#define LATER  0x3u
#define ECHO   0x4u

/* A box for one request, from the handler to whoever answers it. */
struct box {
	_Atomic(struct scmi_request *) full;
	atomic_uint wins; /* answers that were taken */
};

struct fixture {
	struct fake_endpoint endpoints[AGENTS];
	struct scmi_base_model model;
	uint32_t permissions[AGENTS * 2u];
	struct scmi_server base;
	struct scmi_server vendor;
	const struct scmi_server *servers[2];
	struct scmi_platform_agent agents[AGENTS];
	max_align_t memory[SCMI_PLATFORM_WORDS(AGENTS, 2)];
	struct scmi_platform *platform;
	struct box box;
	atomic_uint stop;
};

static int32_t later(void *model, struct scmi_request *req)
{
	struct fixture *f = model;

	atomic_store(&f->box.full, req);
	return SCMI_REQUEST_LATER;
}

static int32_t echo(void *model, struct scmi_request *req)
{
	(void)model;
	scmi_request_put_u32(req, scmi_request_u32(req, 0));
	return SCMI_SUCCESS;
}

static const struct scmi_server_command commands[] = {
	{.message = LATER, .handle = later},
	{.message = ECHO, .handle = echo, .params_min = 4, .params_max = 4},
};

static bool everybody(void *arg, uint16_t caller, uint16_t agent)
{
	(void)arg;
	(void)caller;
	(void)agent;
	return true;
}

static uint32_t count_delivered(void *ctx)
{
	return atomic_load(&((struct fake_endpoint *)ctx)->delivered);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct scmi_platform_config config = {.size = sizeof(config)};

	assert_non_null(f);
	f->model = (struct scmi_base_model){.size = sizeof(f->model),
					    .vendor = "acme",
					    .devices = 2,
					    .permissions = f->permissions,
					    .permission_words = AGENTS * 2u,
					    .may_manage = everybody};
	scmi_base_server(&f->base, &f->model);
	f->vendor = (struct scmi_server){.size = sizeof(f->vendor),
					 .protocol = VENDOR,
					 .version = 1,
					 .commands = commands,
					 .commands_n = 2,
					 .model = f};
	f->servers[0] = &f->base;
	f->servers[1] = &f->vendor;
	for (uint32_t i = 0; i < AGENTS; i++) {
		fake_endpoint_init(&f->endpoints[i]);
		f->endpoints[i].ops.delivered = count_delivered;
		f->agents[i] = (struct scmi_platform_agent){.size = sizeof(f->agents[i]),
							    .endpoint = &f->endpoints[i].endpoint};
	}
	config.servers = f->servers;
	config.servers_n = 2;
	config.agents = f->agents;
	config.agents_n = AGENTS;
	assert_int_equal(scmi_platform_init(&f->platform, f->memory, sizeof(f->memory), &config), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	for (uint32_t i = 0; i < AGENTS; i++)
		assert_null(f->endpoints[i].fault);
	free(f);
	return 0;
}

static pthread_t run(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

/* ---- later answers ---- */

static void *answer(void *arg)
{
	struct fixture *f = arg;

	for (unsigned n = 0; n < ROUNDS;) {
		struct scmi_request *req = atomic_exchange(&f->box.full, NULL);

		if (req == NULL) {
			sched_yield();
			continue;
		}
		scmi_request_put_u32(req, n++);
		if (scmi_request_reply(req, SCMI_SUCCESS) == SCMI_OK)
			atomic_fetch_add(&f->box.wins, 1);
	}
	return NULL;
}

static void later_answers_come_from_another_thread(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;
	struct fake_request r = {0};
	pthread_t thread = run(answer, f);

	for (unsigned n = 0; n < ROUNDS; n++) {
		fake_deliver(&f->endpoints[0], &r, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 0), NULL, 0, 16);
		while (atomic_load(&r.replies) == 0)
			sched_yield();
		assert_int_equal(fake_status(&r), SCMI_SUCCESS);
		assert_int_equal(fake_value(&r, 0), n);
	}
	pthread_join(thread, NULL);
	assert_int_equal(atomic_load(&f->box.wins), ROUNDS);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.ok, ROUNDS);
	assert_int_equal(stats.open, 0);
	fake_request_free(&r);
}

/* Both answer the same request, as no program should. The fake's memory stays, so the second can be told. */
static void *answer_too(void *arg)
{
	struct fixture *f = arg;
	struct scmi_request *req;

	while ((req = atomic_load(&f->box.full)) == NULL)
		sched_yield();
	if (scmi_request_reply(req, SCMI_SUCCESS) == SCMI_OK)
		atomic_fetch_add(&f->box.wins, 1);
	return NULL;
}

static void of_two_answers_at_once_one_is_taken(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;
	struct fake_request r = {0};

	for (unsigned n = 0; n < 200u; n++) {
		pthread_t a = run(answer_too, f);
		pthread_t b = run(answer_too, f);

		fake_deliver(&f->endpoints[0], &r, scmi_hdr(VENDOR, LATER, SCMI_MSG_COMMAND, 0), NULL, 0, 16);
		pthread_join(a, NULL);
		pthread_join(b, NULL);
		assert_int_equal(fake_status(&r), SCMI_SUCCESS);
		atomic_store(&f->box.full, NULL);
	}
	assert_int_equal(atomic_load(&f->box.wins), 200);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.double_replies, 200);
	fake_request_free(&r);
}

/* ---- requests ---- */

struct asker {
	struct fixture *f;
	struct fake_endpoint *endpoint;
	unsigned wrong;
	unsigned denied;
};

static void *ask(void *arg)
{
	struct asker *a = arg;
	struct fake_request r = {0};

	for (uint32_t n = 0; n < ROUNDS; n++) {
		int32_t status = fake_ask(a->endpoint, &r, VENDOR, ECHO, 1, n);

		if (status == SCMI_DENIED)
			a->denied++;
		else if (status != SCMI_SUCCESS || fake_value(&r, 0) != n)
			a->wrong++;
	}
	fake_request_free(&r);
	return NULL;
}

static void requests_of_one_agent_in_two_threads_are_all_answered_and_counted(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;
	struct asker one = {.f = f, .endpoint = &f->endpoints[0]};
	struct asker two = one;
	pthread_t a = run(ask, &one);
	pthread_t b = run(ask, &two);

	pthread_join(a, NULL);
	pthread_join(b, NULL);
	assert_int_equal(one.wrong + two.wrong, 0);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.requests, 2u * ROUNDS);
	assert_int_equal(stats.ok, 2u * ROUNDS);
}

/* ---- permissions ---- */

/* Denies and allows the vendor's protocol to agent 2 on one device, from one agent. */
struct manager {
	struct fixture *f;
	struct fake_endpoint *endpoint;
	uint32_t device;
	uint32_t seed; /* of what it sets */
	uint32_t last; /* flags of the last command */
	unsigned wrong;
};

static void *manage(void *arg)
{
	struct manager *m = arg;
	struct fake_request r = {0};

	for (uint32_t n = 0; n < ROUNDS; n++) {
		m->last = (n + m->seed) * 2654435761u >> 31;
		if (fake_ask(m->endpoint, &r, SCMI_PROTOCOL_BASE, SCMI_BASE_SET_PROTOCOL_PERMISSIONS, 4, 2u, m->device,
			     VENDOR, m->last) != SCMI_SUCCESS)
			m->wrong++;
	}
	fake_request_free(&r);
	return NULL;
}

static void permissions_set_by_two_managers_at_once_agree_in_the_end(void **state)
{
	struct fixture *f = *state;
	struct asker guest = {.f = f, .endpoint = &f->endpoints[1]};
	struct fake_request r = {0};

	for (unsigned round = 0; round < 4u; round++) {
		struct manager one = {.f = f, .endpoint = &f->endpoints[0], .device = 0, .seed = round};
		struct manager two = {.f = f, .endpoint = &f->endpoints[0], .device = 1, .seed = 3u * round};
		pthread_t a = run(manage, &one);
		pthread_t b = run(manage, &two);
		pthread_t c = run(ask, &guest);
		int32_t expected;

		pthread_join(a, NULL);
		pthread_join(b, NULL);
		pthread_join(c, NULL);
		assert_int_equal(one.wrong + two.wrong + guest.wrong, 0);
		expected = one.last == 0 && two.last == 0 ? SCMI_DENIED : SCMI_SUCCESS;
		assert_int_equal(fake_ask(&f->endpoints[1], &r, VENDOR, ECHO, 1, 5u), expected);
	}
	fake_request_free(&r);
}

/* ---- notifications ---- */

static void *notify(void *arg)
{
	struct fixture *f = arg;

	while (atomic_load(&f->stop) == 0)
		(void)scmi_base_error_event(f->platform, 1, 0, false, NULL, 0);
	return NULL;
}

static void notifications_beside_switching_stop_and_start_add_up(void **state)
{
	struct scmi_platform_stats stats = {.size = sizeof(stats)};
	struct fixture *f = *state;
	struct fake_request r = {0};
	pthread_t thread = run(notify, f);

	for (uint32_t n = 0; n < 200u; n++) {
		assert_int_equal(
			fake_ask(&f->endpoints[0], &r, SCMI_PROTOCOL_BASE, SCMI_BASE_NOTIFY_ERRORS, 1, ~n & 1u),
			SCMI_SUCCESS);
		sched_yield();
		if (n % 8u == 7u) {
			assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
			assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
		}
	}
	atomic_store(&f->stop, 1);
	pthread_join(thread, NULL);
	assert_int_equal(scmi_platform_stats(f->platform, &stats), SCMI_OK);
	assert_int_equal(stats.notified, atomic_load(&f->endpoints[0].sends));
	assert_int_equal(stats.notified, stats.sent);
	assert_int_equal(stats.ok, 200);
	fake_request_free(&r);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(later_answers_come_from_another_thread),
		TEST(of_two_answers_at_once_one_is_taken),
		TEST(requests_of_one_agent_in_two_threads_are_all_answered_and_counted),
		TEST(permissions_set_by_two_managers_at_once_agree_in_the_end),
		TEST(notifications_beside_switching_stop_and_start_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
