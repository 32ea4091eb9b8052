/* SPDX-License-Identifier: BSD-3-Clause */
/* Answers that come late or never, what the platform has meanwhile, and how the minimal agent gets on. */
#include "minimal_rig.h"

/* A call that nobody answers; the area is the platform's afterwards. */
static void open_owed(void)
{
	rig_open();
	rig.platform = NULL;
	assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
	assert_false(rig_is_free());
}

/* Nothing of the area is written while the platform has it, whatever is tried. */
static void expect_untouched(int expected, uint16_t flags)
{
	uint32_t before[RIG_AREA / 4u];
	uint32_t params = 0xffffffff;
	struct scmi_call call = rig_call(NULL, 0);

	memcpy(before, (void *)rig.area, sizeof(before));
	call.params = &params;
	call.params_len = sizeof(params);
	call.flags = flags;
	assert_int_equal(scmi_agent_call(rig.agent, &call), expected);
	assert_memory_equal(before, (void *)rig.area, sizeof(before));
}

static void after_a_timeout_the_area_is_not_written(void **state)
{
	uint64_t from;

	(void)state;
	open_owed();
	from = rig.fake.now_us;
	expect_untouched(SCMI_E_TIMEOUT, 0);
	assert_true(rig.fake.now_us - from >= SCMI_QUEUE_TIMEOUT_DEFAULT_US);
	from = rig.fake.now_us;
	expect_untouched(SCMI_E_BUSY, SCMI_CALL_NOWAIT);
	assert_true(rig.fake.now_us - from < 1000);
	assert_int_equal(rig.rung, 1);
	rig_close();
}

static void a_late_answer_is_dropped(void **state)
{
	(void)state;
	open_owed();
	rig.word = 1;
	rig_answer(&rig);
	rig.platform = rig_answer;
	rig.word = 2;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

/* The platform stays late by one: each answer stands there when the next call looks. */
static void late_answers_are_never_taken_for_the_next(void **state)
{
	(void)state;
	open_owed();
	for (uint32_t i = 0; i < 5; i++) {
		rig.word = i;
		rig_answer(&rig);
		rig.word = 100;
		assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
		assert_int_equal(rig.rung, i + 2u);
	}
	rig_close();
}

static void nowait_drops_a_late_answer_and_the_next_goes_out(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);

	(void)state;
	open_owed();
	rig_answer(&rig);
	rig.platform = rig_answer;
	call.flags = SCMI_CALL_NOWAIT;
	rig.length = 8;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_BUSY);
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	rig_close();
}

/* It is free, and what stands there is another's answer, or none: the debt is over all the same. */
static void a_late_answer_that_is_none_ends_the_debt(void **state)
{
	static const uint32_t lengths[] = {0, 0xffffffff, 12};

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		open_owed();
		rig.length = lengths[i];
		rig.hdr = i == 2 ? 1u << 18 : 0;
		rig_answer(&rig);
		rig.length = 12;
		rig.hdr = 0;
		rig.platform = rig_answer;
		assert_int_equal(rig_ask(), SCMI_OK);
		rig_close();
	}
}

static void recover_waits_for_free(void **state)
{
	(void)state;
	open_owed();
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_BUSY);
	expect_untouched(SCMI_E_BUSY, SCMI_CALL_NOWAIT);
	rig_answer(&rig);
	assert_int_equal(scmi_agent_recover(rig.agent, SCMI_ALL_LINKS), SCMI_OK);
	rig.platform = rig_answer;
	rig.word = 5;
	assert_int_equal(rig_ask(), SCMI_OK);
	assert_int_equal(scmi_agent_recover(rig.agent, 1), SCMI_E_INVAL);
	assert_int_equal(scmi_agent_recover(NULL, 0), SCMI_E_INVAL);
	rig_close();
	assert_int_equal(scmi_agent_recover(rig.agent, 0), SCMI_E_CLOSED);
}

static void after_a_stop_the_area_is_still_the_platforms(void **state)
{
	(void)state;
	open_owed();
	assert_int_equal(scmi_agent_stop(rig.agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	expect_untouched(SCMI_E_TIMEOUT, 0);
	rig.word = 1;
	rig_answer(&rig);
	rig.platform = rig_answer;
	rig.word = 2;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void an_area_that_is_busy_from_the_beginning_is_waited_for(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);
	uint64_t from;

	(void)state;
	rig_prepare();
	rig.config.options.queue_timeout_us = 500;
	rig_start();
	rig_put(SCMI_SHMEM_STATUS, 0);
	from = rig.fake.now_us;
	expect_untouched(SCMI_E_TIMEOUT, 0);
	assert_in_range(rig.fake.now_us - from, 500, 600);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_ERROR);
	expect_untouched(SCMI_E_TIMEOUT, 0);
	call.deadline_us = rig.fake.now_us + 100;
	from = rig.fake.now_us;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
	assert_in_range(rig.fake.now_us - from, 100, 200);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE | SCMI_SHMEM_ERROR);
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

static void timeouts_are_what_was_asked_for(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);
	uint64_t from;

	(void)state;
	rig_open();
	rig.platform = NULL;
	from = rig.fake.now_us;
	assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
	assert_in_range(rig.fake.now_us - from, 1000, 1100);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	call.timeout_us = 0;
	from = rig.fake.now_us;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
	assert_in_range(rig.fake.now_us - from, SCMI_TIMEOUT_DEFAULT_US, SCMI_TIMEOUT_DEFAULT_US + 100u);
	rig_put(SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	call.timeout_us = SCMI_FOREVER;
	call.deadline_us = rig.fake.now_us + 70000;
	from = rig.fake.now_us;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
	assert_in_range(rig.fake.now_us - from, 70000, 70100);
	rig_close();
}

#define HORIZON_US UINT64_C(7200000000)

static void a_deadline_that_cannot_be_sends_nothing(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);

	(void)state;
	rig_open();
	rig.fake.step_us = 0;
	rig.length = 8;
	for (uint16_t flags = 0; flags <= SCMI_CALL_NOWAIT; flags += SCMI_CALL_NOWAIT) {
		call.flags = flags;
		rig.rung = 0;
		for (uint64_t ago = 0; ago < 2; ago++) {
			call.deadline_us = rig.fake.now_us - ago;
			assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
		}
		call.deadline_us = rig.fake.now_us + HORIZON_US + 1u;
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_INVAL);
		assert_int_equal(rig.rung, 0);
		call.deadline_us--;
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
		call.deadline_us = rig.fake.now_us + 1u;
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
		assert_int_equal(rig.rung, 2);
	}
	rig_close();
}

static void answer_far_too_late(struct fake_port *fake, void *arg)
{
	if (fake->now_us > *(uint64_t *)arg + UINT64_C(10000000000) && !rig_is_free())
		rig_answer(&rig);
}

/* Neither a deadline that 32 bits do not hold nor a time-out that nearly fills them is for ever. */
static void what_is_long_has_an_end(void **state)
{
	static const uint32_t timeouts[] = {SCMI_FOREVER, SCMI_FOREVER - 1000u, SCMI_FOREVER - 1u};
	uint32_t word;
	struct scmi_call call = rig_call(&word, sizeof(word));

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		const uint64_t most = i == 0 ? UINT64_C(5000000000) : timeouts[i];
		uint64_t from;

		rig_open();
		rig.platform = NULL;
		rig.fake.step_us = 10000000;
		from = rig.fake.now_us;
		rig.fake.on_relax = answer_far_too_late;
		rig.fake.arg = &from;
		call.timeout_us = timeouts[i];
		call.deadline_us = i == 0 ? from + most : 0;
		assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
		assert_int_equal(rig.rung, 1);
		assert_true(rig.fake.now_us - from >= most);
		assert_true(rig.fake.now_us - from < most + 5u * rig.fake.step_us);
		rig_close();
	}
}

static uint32_t looks;

static void answer_much_later(struct fake_port *fake, void *arg)
{
	(void)arg;
	fake->now_us += looks == 0 ? SCMI_FOREVER : 1000000000; /* 32 bits of it come around many times */
	if (++looks == 50)
		rig_answer(&rig);
}

static void forever_is_for_ever(void **state)
{
	uint32_t word;
	struct scmi_call call = rig_call(&word, sizeof(word));

	(void)state;
	rig_open();
	rig.platform = NULL;
	rig.fake.step_us = 0;
	rig.fake.on_relax = answer_much_later;
	call.timeout_us = SCMI_FOREVER;
	looks = 0;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	assert_int_equal(looks, 50);
	rig_close();
}

/* A time-out that the low 32 bits of the clock overflow in. */
static void the_clock_may_overflow_its_low_word(void **state)
{
	uint64_t from;

	(void)state;
	rig_open();
	rig.platform = NULL;
	from = rig.fake.now_us = UINT32_MAX - UINT64_C(500);
	assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
	assert_in_range(rig.fake.now_us - from, 1000, 1100);
	rig_close();
}

static void without_a_clock_looks_are_counted(void **state)
{
	struct scmi_call call = rig_call(NULL, 0);

	(void)state;
	rig_prepare();
	rig.config.port = NULL;
	rig_start();
	assert_int_equal(rig_ask(), SCMI_OK);
	rig.platform = NULL;
	assert_int_equal(rig_ask(), SCMI_E_TIMEOUT);
	expect_untouched(SCMI_E_TIMEOUT, 0);
	call.deadline_us = 1;
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_INVAL);
	rig_close();
	assert_int_equal(rig.fake.calls.now_us, 0);
}

static void a_doorbell_that_fails_has_sent_nothing(void **state)
{
	(void)state;
	rig_open();
	rig.platform = NULL;
	rig.ring_error = SCMI_E_BUSY; /* a doorbell's own: it must not look like an area that is taken */
	assert_int_equal(rig_ask(), SCMI_E_NOPEER);
	assert_int_equal(rig.rung, 1);
	assert_true(rig_is_free());
	rig.ring_error = SCMI_OK;
	rig.platform = rig_answer;
	assert_int_equal(rig_ask(), SCMI_OK);
	rig_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_timeout_the_area_is_not_written),
		cmocka_unit_test(a_late_answer_is_dropped),
		cmocka_unit_test(late_answers_are_never_taken_for_the_next),
		cmocka_unit_test(nowait_drops_a_late_answer_and_the_next_goes_out),
		cmocka_unit_test(a_late_answer_that_is_none_ends_the_debt),
		cmocka_unit_test(recover_waits_for_free),
		cmocka_unit_test(after_a_stop_the_area_is_still_the_platforms),
		cmocka_unit_test(an_area_that_is_busy_from_the_beginning_is_waited_for),
		cmocka_unit_test(timeouts_are_what_was_asked_for),
		cmocka_unit_test(a_deadline_that_cannot_be_sends_nothing),
		cmocka_unit_test(what_is_long_has_an_end),
		cmocka_unit_test(forever_is_for_ever),
		cmocka_unit_test(the_clock_may_overflow_its_low_word),
		cmocka_unit_test(without_a_clock_looks_are_counted),
		cmocka_unit_test(a_doorbell_that_fails_has_sent_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
