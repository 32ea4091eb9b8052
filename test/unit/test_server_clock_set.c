/* SPDX-License-Identifier: BSD-3-Clause */
/* The setting of rates: rounding, at once or later, in all the ways of answering. */
#include <limits.h>

#include "clock_set.h"

#define SILENT  (SCMI_CLOCK_SET_ASYNC | SCMI_CLOCK_SET_NO_DELAYED)
#define UP      SCMI_CLOCK_SET_ROUND_UP
#define NEAREST SCMI_CLOCK_SET_ROUND_AUTO

/* A request that is answered later: 1, and it is in r until then. */
static bool set_open(struct fixture *f, struct fake_request *r, uint32_t flags, uint32_t clock, uint32_t rate)
{
	uint8_t params[16] = {0};

	scmi_put_le32(params, flags);
	scmi_put_le32(params + 4, clock);
	scmi_put_le32(params + 8, rate);
	fake_deliver(&f->endpoints[0], r, scmi_hdr(CLOCK, SCMI_CLOCK_RATE_SET, SCMI_MSG_COMMAND, 7), params,
		     sizeof(params), FAKE_PAYLOAD);
	return atomic_load(&r->replies) == 0;
}

static void assert_delayed(const struct fake_message *m, uint32_t clock, uint32_t rate)
{
	assert_int_equal(scmi_hdr_type(m->hdr), SCMI_MSG_DELAYED);
	assert_int_equal(scmi_hdr_message(m->hdr), SCMI_CLOCK_RATE_SET);
	assert_int_equal(m->len, 16);
	assert_int_equal(fake_message_u32(m, 0), 0);
	assert_int_equal(fake_message_u32(m, 1), clock);
	assert_int_equal(fake_message_u32(m, 2), rate);
	assert_int_equal(fake_message_u32(m, 3), 0);
}

/* ---- rounding ---- */

static void rate_is_rounded_as_the_agent_says(void **state)
{
	static const uint64_t odd_range[] = {9, 24, 4}; /* 9, 13, 17, 21; and 24, which is not a whole step away */
	static const uint64_t any_range[] = {10, 25, 0};
	static const uint64_t list[] = {10, 20, 27};
	static const struct {
		const uint64_t *rates;
		bool range;
		uint32_t rate;
		uint32_t down;
		uint32_t up;
		uint32_t nearest;
	} cases[] = {
		{list, false, 10, 10, 10, 10},     {list, false, 11, 10, 20, 10},     {list, false, 15, 10, 20, 10},
		{list, false, 16, 10, 20, 20},     {list, false, 20, 20, 20, 20},     {list, false, 26, 20, 27, 27},
		{list, false, 27, 27, 27, 27},     {odd_range, true, 9, 9, 9, 9},     {odd_range, true, 10, 9, 13, 9},
		{odd_range, true, 12, 9, 13, 13},  {odd_range, true, 13, 13, 13, 13}, {odd_range, true, 22, 21, 24, 21},
		{odd_range, true, 23, 21, 24, 24}, {odd_range, true, 24, 24, 24, 24}, {any_range, true, 11, 11, 11, 11},
	};
	struct fixture *f = *state;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		f->device.clocks[UART].rates = cases[i].rates;
		f->device.clocks[UART].rates_n = 3;
		f->device.clocks[UART].range = cases[i].range;
		assert_int_equal(set(f, 0, UART, cases[i].rate), SCMI_SUCCESS);
		assert_int_equal(f->device.rates[UART], cases[i].down);
		assert_int_equal(set(f, UP, UART, cases[i].rate), SCMI_SUCCESS);
		assert_int_equal(f->device.rates[UART], cases[i].up);
		assert_int_equal(set(f, NEAREST, UART, cases[i].rate), SCMI_SUCCESS);
		assert_int_equal(f->device.rates[UART], cases[i].nearest);
		assert_int_equal(set(f, NEAREST | UP, UART, cases[i].rate), SCMI_SUCCESS);
		assert_int_equal(f->device.rates[UART], cases[i].nearest);
	}
}

static void rate_outside_all_that_there_is_never_reaches_the_model(void **state)
{
	static const uint64_t all[] = {1, UINT64_MAX, 2};
	struct fixture *f = *state;

	for (uint32_t flags = 0; flags <= SCMI_CLOCK_SET_FLAGS; flags++) {
		assert_int_equal(set(f, flags, UART, 24u * MHZ - 1u), SCMI_INVALID_PARAMETERS);
		assert_int_equal(set(f, flags, UART, 48u * MHZ + 1u), SCMI_INVALID_PARAMETERS);
		assert_int_equal(set(f, flags, PIXEL, 10u * MHZ - 1u), SCMI_INVALID_PARAMETERS);
		assert_int_equal(set(f, flags, PIXEL, 100u * MHZ + 1u), SCMI_INVALID_PARAMETERS);
		/* In the high word, too. */
		assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, flags, UART, 24u * MHZ, 1u), SCMI_INVALID_PARAMETERS);
	}
	for (uint32_t bit = 4; bit < 32; bit++)
		assert_int_equal(set(f, 1u << bit, UART, 24u * MHZ), SCMI_INVALID_PARAMETERS);
	assert_int_equal(f->device.sets, 0);
	/* Nothing overflows at the end of all numbers. */
	f->device.clocks[UART].rates = all;
	f->device.clocks[UART].rates_n = 3;
	f->device.clocks[UART].range = true;
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, UP, UART, UINT32_MAX - 1u, UINT32_MAX), SCMI_SUCCESS);
	assert_true(f->device.rates[UART] == UINT64_MAX);
}

/* ---- at once or later ---- */

static void command_that_ends_later_is_answered_when_it_has(void **state)
{
	struct fixture *f = *state;
	struct fake_request r = {0};

	f->device.later = true;
	assert_true(set_open(f, &r, 0, UART, 48u * MHZ));
	assert_int_equal(f->device.kept_n, 1);
	assert_int_equal(f->device.kept[0]->clock, UART);
	assert_int_equal(f->device.kept[0]->rate, 48u * MHZ);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_OK);
	assert_int_equal(fake_status(&r), SCMI_SUCCESS);
	assert_int_equal(fake_values_len(&r), 0);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_E_GONE);
	fake_request_free(&r);
}

/* Answered, and nothing will be told: the platform stays until the clock is done all the same. */
static void silent_command_keeps_the_platform_until_it_is_done(void **state)
{
	struct fixture *f = *state;

	f->device.later = true;
	assert_int_equal(set(f, SILENT, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(f->device.kept_n, 1);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_E_BUSY);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_OK);
	assert_int_equal(taken(f, 1), 0);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_E_GONE);
}

static void command_that_fails_later_tells_its_status(void **state)
{
	struct fixture *f = *state;
	struct fake_request r = {0};

	f->device.later = true;
	assert_true(set_open(f, &r, 0, UART, 48u * MHZ));
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_HARDWARE_ERROR, 0), SCMI_OK);
	assert_int_equal(fake_status(&r), SCMI_HARDWARE_ERROR);
	fake_request_free(&r);

	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[1], SCMI_HARDWARE_ERROR, 7), SCMI_OK);
	assert_int_equal(taken(f, 1), 1);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 4);
	assert_int_equal((int32_t)fake_message_u32(fake_last(&f->endpoints[0]), 0), SCMI_HARDWARE_ERROR);
}

static void asynchronous_command_is_answered_at_once_and_told_later(void **state)
{
	struct fixture *f = *state;

	f->device.later = true;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(set(f, ASYNC, PIXEL, 50u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 0);
	/* The other one first, and at a rate that it made of it. */
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[1], SCMI_SUCCESS, 49u * MHZ), SCMI_OK);
	assert_delayed(fake_last(&f->endpoints[0]), PIXEL, 49u * MHZ);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_OK);
	assert_delayed(fake_last(&f->endpoints[0]), UART, 48u * MHZ);
	assert_int_equal(taken(f, 1), 2);
}

static void asynchronous_command_without_its_delayed_response_ends_in_silence(void **state)
{
	struct fixture *f = *state;

	f->device.later = true;
	assert_int_equal(set(f, SILENT, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 48u * MHZ), SCMI_OK);
	assert_int_equal(taken(f, 1), 0);
	f->device.later = false;
	assert_int_equal(set(f, SILENT, UART, 24u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 0);
	assert_int_equal(f->device.rates[UART], 24u * MHZ);
}

static void sent_after_its_response(struct fake_endpoint *e, void *arg)
{
	(void)e;
	assert_int_equal(atomic_load(&((struct fixture *)arg)->request.replies), 1);
}

static void delayed_response_of_what_is_done_at_once_follows_the_response(void **state)
{
	struct scmi_platform_stats s = {.size = sizeof(s)};
	struct fixture *f = *state;

	f->endpoints[0].on_send = sent_after_its_response;
	f->endpoints[0].arg = f;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 1);
	assert_delayed(fake_last(&f->endpoints[0]), UART, 48u * MHZ);
	assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
	assert_int_equal(s.double_replies, 0);
}

static void rate_that_is_told_is_the_one_that_the_clock_has(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ASK_BY(f, 2, SCMI_CLOCK_RATE_NOTIFY, 2, UART, 1u), SCMI_SUCCESS);
	f->device.drift = 3;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_delayed(fake_last(&f->endpoints[0]), UART, 48u * MHZ + 3u);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGED, 1, UART, 48u * MHZ + 3u);
	/* Where it cannot say so, the one that was set. */
	f->device.get_result = SCMI_HARDWARE_ERROR;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_delayed(fake_last(&f->endpoints[0]), UART, 48u * MHZ);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGED, 1, UART, 48u * MHZ);
	assert_int_equal(ASK(f, SCMI_CLOCK_RATE_GET, 1, UART), SCMI_HARDWARE_ERROR);
}

static void done_before_the_handler_has_returned_is_done(void **state)
{
	struct fixture *f = *state;

	f->device.later = true;
	f->device.early = true;
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_SUCCESS);
	f->device.result = SCMI_BUSY;
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_BUSY);
	f->device.result = SCMI_SUCCESS;
	assert_int_equal(taken(f, 1), 0);
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_delayed(fake_last(&f->endpoints[0]), UART, 48u * MHZ);
	assert_int_equal(set(f, SILENT, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 1);
}

static void refusal_of_the_model_is_the_response_and_nothing_follows(void **state)
{
	static const uint32_t ways[] = {0, ASYNC, SILENT};
	struct scmi_platform_stats s = {.size = sizeof(s)};
	struct fixture *f = *state;

	f->device.result = SCMI_HARDWARE_ERROR;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(set(f, ways[i], UART, 48u * MHZ), SCMI_HARDWARE_ERROR);
		assert_int_equal(scmi_platform_stats(f->platform, &s), SCMI_OK);
		assert_int_equal(s.delayed_open, 0);
	}
	assert_int_equal(taken(f, 1), 0);
	f->device.result = SCMI_SUCCESS;
	for (unsigned i = 0; i < 2 * PENDINGS; i++)
		assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
}

static void more_than_may_be_pending_is_busy(void **state)
{
	static const uint32_t ways[] = {0, ASYNC, SILENT};
	struct fake_request r[PENDINGS] = {0};
	struct fixture *f = *state;

	f->device.later = true;
	for (unsigned i = 0; i < PENDINGS; i++)
		assert_true(set_open(f, &r[i], 0, UART, 48u * MHZ));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(set(f, ways[i], UART, 48u * MHZ), SCMI_BUSY);
	assert_int_equal(f->device.sets, PENDINGS);
	for (unsigned i = 0; i < PENDINGS; i++) {
		assert_int_equal(scmi_clock_rate_set_done(f->device.kept[i], SCMI_SUCCESS, 1), SCMI_OK);
		assert_int_equal(fake_status(&r[i]), SCMI_SUCCESS);
		fake_request_free(&r[i]);
	}
	f->device.later = false;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
}

/*
 * Delayed responses that wait for room keep their pending ones in use; a command that needs none takes them all the
 * same.
 */
static void pending_one_is_free_when_its_delayed_response_has_left(void **state)
{
	struct fixture *f = *state;

	atomic_store(&f->endpoints[0].refusals, UINT_MAX);
	for (unsigned i = 0; i < PENDINGS; i++)
		assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_BUSY);
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(taken(f, 1), 0);
	fake_make_room(&f->endpoints[0]);
	assert_int_equal(taken(f, 1), PENDINGS);
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
}

static void link_too_narrow_for_the_values_gets_a_status(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->endpoints[0].endpoint.max_payload = 12;
	fixture_open(f);
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(fake_last(&f->endpoints[0])->len, 4);
	assert_int_equal((int32_t)fake_message_u32(fake_last(&f->endpoints[0]), 0), SCMI_GENERIC_ERROR);
}

static void model_without_pending_ones_sets_at_once(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	fixture_fill(f, 0);
	f->device.model.pending_n = 0;
	f->device.model.pending = NULL;
	fixture_open(f);
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_NOT_SUPPORTED);
	assert_int_equal(set(f, SILENT, UART, 48u * MHZ), SCMI_NOT_SUPPORTED);
	assert_int_equal(ASK_BY(f, 2, SCMI_CLOCK_RATE_NOTIFY, 2, UART, 1u), SCMI_SUCCESS);
	f->device.drift = 3;
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(f->device.rates[UART], 48u * MHZ + 3u);
	assert_event(fake_last(&f->endpoints[1]), SCMI_CLOCK_RATE_CHANGED, 1, UART, 48u * MHZ + 3u);
	f->device.result = SCMI_BUSY;
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_BUSY);
	assert_int_equal(taken(f, 2), 1);
	/* A model that says "later" with nothing to tell it by. */
	f->device.later = true;
	assert_int_equal(set(f, 0, UART, 48u * MHZ), SCMI_GENERIC_ERROR);
	assert_null(f->device.kept[0]);
}

static void end_after_the_platform_has_stopped_is_closed(void **state)
{
	struct fixture *f = *state;

	f->device.later = true;
	assert_int_equal(set(f, ASYNC, UART, 48u * MHZ), SCMI_SUCCESS);
	assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 1), SCMI_E_CLOSED);
	assert_int_equal(scmi_clock_rate_set_done(f->device.kept[0], SCMI_SUCCESS, 1), SCMI_E_GONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rate_is_rounded_as_the_agent_says),
		TEST(rate_outside_all_that_there_is_never_reaches_the_model),
		TEST(command_that_ends_later_is_answered_when_it_has),
		TEST(silent_command_keeps_the_platform_until_it_is_done),
		TEST(command_that_fails_later_tells_its_status),
		TEST(asynchronous_command_is_answered_at_once_and_told_later),
		TEST(asynchronous_command_without_its_delayed_response_ends_in_silence),
		TEST(delayed_response_of_what_is_done_at_once_follows_the_response),
		TEST(rate_that_is_told_is_the_one_that_the_clock_has),
		TEST(done_before_the_handler_has_returned_is_done),
		TEST(refusal_of_the_model_is_the_response_and_nothing_follows),
		TEST(more_than_may_be_pending_is_busy),
		TEST(pending_one_is_free_when_its_delayed_response_has_left),
		TEST(link_too_narrow_for_the_values_gets_a_status),
		TEST(model_without_pending_ones_sets_at_once),
		TEST(end_after_the_platform_has_stopped_is_closed),
	};

	return cmocka_run_group_tests_name("server_clock_set", tests, NULL, NULL);
}
