/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is told of clocks: by agent, clock and notification; and who is not. */
#include "clock_set.h"

static void notify(struct fixture *f, unsigned agent, uint32_t clock, uint32_t enable)
{
	assert_int_equal(ASK_BY(f, agent, SCMI_CLOCK_RATE_NOTIFY, 2, clock, enable), SCMI_SUCCESS);
}

static void change_is_told_to_those_who_asked_for_this_clock(void **state)
{
	struct fixture *f = *state;

	notify(f, 1, UART, 1);
	notify(f, 2, PIXEL, 1);
	assert_int_equal(set_by(f, 2, 0, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 1);
	assert_event(fake_last(&f->endpoints[0]), SCMI_CLOCK_RATE_CHANGED, 2, UART, 48u * MHZ);
	assert_int_equal(taken(f, 2), 0);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, PIXEL, 5, 0), SCMI_OK);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGED, 0, PIXEL, 5);
	assert_int_equal(taken(f, 1), 1);
	notify(f, 1, UART, 0);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
}

static void change_that_comes_later_is_told_when_it_has_come(void **state)
{
	struct fixture *f = *state;

	notify(f, 2, UART, 1);
	f->device.later = true;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 2), 0);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_OK);
	assert_int_equal(taken(f, 2), 1);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGED, 1, UART, 48u * MHZ);
	/* One that failed is none. */
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[1], SCMI_BUSY, 0), SCMI_OK);
	assert_int_equal(taken(f, 2), 1);
}

static void request_is_told_even_if_the_model_then_refuses(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK_BY(f, 2, SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY, 2, UART, 1u), SCMI_SUCCESS);
	notify(f, 2, UART, 1);
	f->device.result = SCMI_DENIED;
	assert_int_equal(set(f, 0, UART, 47u * MHZ), SCMI_DENIED);
	assert_int_equal(taken(f, 2), 1);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGE_REQUESTED, 1, UART, 47u * MHZ);
	assert_int_equal(scmi_clock_rate_change_requested(&f->device.model, UART, 9, 0), SCMI_OK);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGE_REQUESTED, 0, UART, 9);
	/* What the server refuses by itself was no request. */
	assert_int_equal(set(f, 0, UART, 49u * MHZ), SCMI_INVALID_PARAMETERS);
	assert_int_equal(taken(f, 2), 2);
}

static void nobody_is_told_who_is_denied_reset_or_gone_back_to_an_old_version(void **state)
{
	struct fixture *f = *state;

	notify(f, 1, UART, 1);
	f->device.denied = 1;
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
	assert_int_equal(taken(f, 1), 0);
	f->device.denied = 0;
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(1, 0)), SCMI_SUCCESS);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
	assert_int_equal(ASK(f, SCMI_NEGOTIATE_PROTOCOL_VERSION, 1, SCMI_VERSION(2, 0)), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(scmi_platform_reset_agent(f->platform, 1), SCMI_OK);
	assert_int_equal(f->device.was_reset, 1);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_NOTIFY, 2, PIXEL, 1u), SCMI_SUCCESS);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
}

static void event_without_room_is_dropped_and_the_others_are_told(void **state)
{
	struct fixture *f = *state;

	notify(f, 1, UART, 1);
	notify(f, 2, UART, 1);
	atomic_store(&f->endpoints[0].refusals, 1);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_E_BUSY);
	assert_int_equal(taken(f, 1), 0);
	assert_int_equal(taken(f, 2), 1);
	atomic_store(&f->endpoints[0].refusals, 1);
	atomic_store(&f->endpoints[1].send_result, SCMI_E_NOPEER);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_E_NOPEER);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, CLOCKS, 5, 0), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_clock_rate_change_requested(&f->device.model, CLOCKS, 5, 0), SCMI_E_NOTFOUND);
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_SUCCESS);
}

/* Not even an agent that has not been started: the words may hold anything before. */
static void nobody_has_asked_before_the_start(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	for (unsigned i = 0; i < f->device.model.want_words; i++)
		f->device.wants[i] = UINT32_MAX;
	assert_int_equal(fixture_init(f), SCMI_OK);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_OK);
}

static void model_without_wants_tells_nobody(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.model.wants = NULL;
	fixture_open(f);
	assert_int_equal(scmi_clock_rate_changed(&f->device.model, UART, 5, 0), SCMI_E_INVAL);
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_NOTIFY, 2, UART, 1u), SCMI_NOT_SUPPORTED);
}

/* ---- many clocks ---- */

#define MANY 40u

/* All that there is to tell is told: only this reaches anybody. */
static void expect_told(struct fixture *f, unsigned agent, uint8_t notification, uint32_t clock)
{
	for (unsigned i = 0; i < AGENTS; i++)
		atomic_store(&f->endpoints[i].taken, 0); /* the log begins anew */
	for (uint32_t i = 0; i < MANY; i++) {
		assert_int_equal(scmi_clock_rate_changed(&f->device.model, i, 5, 0), SCMI_OK);
		assert_int_equal(scmi_clock_rate_change_requested(&f->device.model, i, 5, 0), SCMI_OK);
	}
	assert_int_equal(taken(f, agent), 1);
	assert_int_equal(taken(f, AGENTS + 1u - agent), 0);
	assert_event(fake_last(&f->endpoints[agent - 1u]), notification, 0, clock, 5);
}

static void each_clock_and_notification_of_each_agent_is_switched_alone(void **state)
{
	static struct scmi_clock_desc clocks[MANY];
	static uint32_t wants[SCMI_CLOCK_WANT_WORDS(MANY, AGENTS)];
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	for (unsigned i = 0; i < MANY; i++)
		clocks[i] = f->device.clocks[UART];
	f->device.model.clocks = clocks;
	f->device.model.count = MANY;
	f->device.model.wants = wants;
	f->device.model.want_words = sizeof(wants) / sizeof(wants[0]);
	for (unsigned i = 0; i < sizeof(wants) / sizeof(wants[0]); i++)
		wants[i] = UINT32_MAX; /* any content */
	fixture_open(f);
	for (uint32_t i = 0; i < MANY * AGENTS * 2u; i++) {
		uint8_t command = i % 2u == 0 ? SCMI_CLOCK_RATE_NOTIFY : SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY;
		unsigned agent = 1u + i / 2u % AGENTS;
		uint32_t clock = i / 2u / AGENTS;

		assert_int_equal(ASK_BY(f, agent, command, 2, clock, 1u), SCMI_SUCCESS);
		expect_told(f, agent, i % 2u, clock);
		if (clock % 2u != 0)
			assert_int_equal(scmi_platform_reset_agent(f->platform, (uint16_t)agent), SCMI_OK);
		else
			assert_int_equal(ASK_BY(f, agent, command, 2, clock, 0u), SCMI_SUCCESS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(change_is_told_to_those_who_asked_for_this_clock),
		TEST(change_that_comes_later_is_told_when_it_has_come),
		TEST(request_is_told_even_if_the_model_then_refuses),
		TEST(nobody_is_told_who_is_denied_reset_or_gone_back_to_an_old_version),
		TEST(event_without_room_is_dropped_and_the_others_are_told),
		TEST(nobody_has_asked_before_the_start),
		TEST(model_without_wants_tells_nobody),
		TEST(each_clock_and_notification_of_each_agent_is_switched_alone),
	};

	return cmocka_run_group_tests_name("server_clock_events", tests, NULL, NULL);
}
