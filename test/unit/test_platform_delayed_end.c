/* SPDX-License-Identifier: BSD-3-Clause */
/* How delayed responses end that are not sent: by the endpoint, by stop, by cancel; and what keeps the platform. */
#include <limits.h>

#include "platform_fixture.h"

static void errors_of_the_endpoint_end_what_waits(void **state)
{
	static const int errors[] = {SCMI_E_NOPEER, SCMI_E_TOOBIG, SCMI_E_NOTSUP};
	struct fixture *f = of(state);

	for (unsigned n = 0; n < 3u; n++) {
		f->told_n = 0;
		open_nodes(f, 3);
		atomic_store(&f->endpoint.refusals, UINT_MAX);
		atomic_store(&f->endpoint.send_result, errors[n]);
		send_nodes(f, 0, 2);
		assert_int_equal(f->told_n, 0);
		fake_make_room(&f->endpoint);
		assert_told(f, 3, errors[n]);
	}
	assert_int_equal(stats_of(f).delayed_failed, 9);
	assert_int_equal(atomic_load(&f->endpoint.taken), 0);
}

static void stop_ends_what_waits_once_and_what_is_sent_later(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 3);
	atomic_store(&f->endpoint.refusals, UINT_MAX);
	send_nodes(f, 0, 1);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_told(f, 2, SCMI_E_CLOSED);
	assert_int_equal(send_node(f, 2), SCMI_E_CLOSED);
	assert_int_equal(send_node(f, 2), SCMI_E_GONE);
	assert_int_equal(f->told_n, 2);
	assert_int_equal(stats_of(f).delayed_failed, 3);
}

static void command_of_an_earlier_start_gets_nothing(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 1);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
	assert_int_equal(send_node(f, 0), SCMI_E_CLOSED);
	assert_int_equal(atomic_load(&f->endpoint.sends), 0);
	assert_int_equal(ask_delay(f, 0, DELAY_AT_ONCE), SCMI_SUCCESS);
	assert_int_equal(atomic_load(&f->endpoint.taken), 1);
}

static void restart_inside(struct fake_endpoint *e, void *arg)
{
	struct fixture *f = arg;

	e->on_send = NULL;
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
}

/* As if another context stopped while this one is inside send(). */
static void stop_beside_send_leaves_the_rest_to_the_sender(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 3);
	atomic_store(&f->endpoint.refusals, 3);
	send_nodes(f, 0, 2);
	f->endpoint.on_send = restart_inside;
	f->endpoint.arg = f;
	f->endpoint.sink->ready(f->endpoint.channel);
	assert_int_equal(f->told_n, 3);
	assert_int_equal(f->told[0].err, SCMI_OK);
	assert_int_equal(f->told[1].err, SCMI_E_CLOSED);
	assert_int_equal(f->told[2].err, SCMI_E_CLOSED);
	assert_int_equal(scmi_platform_start(f->platform), SCMI_OK);
}

static void fini_inside(struct fixture *f, struct scmi_delayed *d)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};

	(void)d;
	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.delayed_open, 1);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
}

static void open_delayed_response_keeps_the_platform(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 2);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(send_node(f, 0), SCMI_E_CLOSED);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[1]), SCMI_OK);
	/* the tear-down finds that it goes now */
}

static void platform_stays_while_sent_runs(void **state)
{
	struct fixture *f = of(state);

	f->on_sent = fini_inside;
	assert_int_equal(ask_delay(f, 0, DELAY_AT_ONCE), SCMI_SUCCESS);
	assert_told(f, 1, SCMI_OK);
}

static void cancel_ends_what_has_not_been_sent(void **state)
{
	struct fixture *f = of(state);

	assert_int_equal(scmi_delayed_cancel(&f->delayed[0]), SCMI_E_GONE);
	open_nodes(f, 2);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[0]), SCMI_OK);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[0]), SCMI_E_GONE);
	assert_int_equal(send_node(f, 0), SCMI_E_GONE);
	atomic_store(&f->endpoint.refusals, UINT_MAX);
	send_nodes(f, 1, 1);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[1]), SCMI_E_INPROGRESS);
	fake_make_room(&f->endpoint);
	assert_told(f, 1, SCMI_OK);
	assert_int_equal(scmi_delayed_cancel(&f->delayed[1]), SCMI_E_GONE);
	assert_int_equal(stats_of(f).delayed_failed, 1);
}

static void reset_of_the_agent_leaves_delayed_responses_owed(void **state)
{
	struct fixture *f = of(state);

	open_nodes(f, 1);
	atomic_store(&f->endpoint.refusals, 1);
	send_nodes(f, 0, 0);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 1), SCMI_OK);
	fake_make_room(&f->endpoint);
	assert_in_order(f, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(errors_of_the_endpoint_end_what_waits),    TEST(stop_ends_what_waits_once_and_what_is_sent_later),
		TEST(command_of_an_earlier_start_gets_nothing), TEST(stop_beside_send_leaves_the_rest_to_the_sender),
		TEST(open_delayed_response_keeps_the_platform), TEST(platform_stays_while_sent_runs),
		TEST(cancel_ends_what_has_not_been_sent),       TEST(reset_of_the_agent_leaves_delayed_responses_owed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
