/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end of vhost-user, with back ends that answer wrongly, or not at all, at each step; and what is left then. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "../../transports/vhost_user/front.h"
#include "../../transports/vhost_user/message.h"
#include "../support/hang.h"
#include "vhost_back.h"
#include "vhost_front_rig.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* What is asked when the link is opened, and what when the agent starts. */
static const uint32_t at_open[] = {VU_GET_FEATURES, VU_GET_PROTOCOL_FEATURES, VU_GET_QUEUE_NUM};
static const uint32_t at_start[] = {VU_SET_FEATURES,   VU_SET_MEM_TABLE,  VU_SET_VRING_NUM,  VU_SET_VRING_BASE,
				    VU_SET_VRING_ADDR, VU_SET_VRING_CALL, VU_SET_VRING_KICK, VU_SET_VRING_ENABLE};
/* What is only told, where no acknowledgement was agreed on yet. */
static const uint32_t told[] = {VU_SET_OWNER, VU_SET_PROTOCOL_FEATURES};

static const enum back_trouble wrong[] = {BACK_OTHER, BACK_REQUEST, BACK_ASKS,  BACK_VERSION, BACK_FLAGS,
					  BACK_SHORT, BACK_LONG,    BACK_EMPTY, BACK_HUGE};
static const enum back_trouble gone[] = {BACK_DIES, BACK_DIES_BEFORE, BACK_HALF_DIES};

/* What is wrong at open comes with a sentence that names the request. */
static void wrong_replies_at_open(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);

	(void)state;
	rig_mark();
	for (size_t i = 0; i < N(at_open); i++) {
		for (size_t j = 0; j < N(wrong); j++) {
			back_trouble(b, at_open[i], wrong[j]);
			assert_null(guest_open(NULL, false));
			assert_int_equal(rig_err, SCMI_E_IO);
			assert_non_null(strstr(rig_why, "the back end answers "));
			assert_non_null(strstr(rig_why, scmi__vu_name(at_open[i])));
			assert_true(rig_is_clean());
		}
	}
	back_close(b);
}

/* One more than was asked for stands where the next reply should. */
static void a_reply_too_many_at_open(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);

	(void)state;
	for (size_t i = 0; i < N(at_open); i++) {
		back_trouble(b, at_open[i], BACK_TWICE);
		assert_null(guest_open(NULL, false));
		assert_true(rig_err == SCMI_E_IO || rig_err == SCMI_E_NOPEER);
	}
	back_close(b);
}

static void death_at_open(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);

	(void)state;
	rig_mark();
	for (size_t j = 0; j < N(gone); j++) {
		for (size_t i = 0; i < N(at_open); i++) {
			back_trouble(b, at_open[i], gone[j]);
			assert_null(guest_open(NULL, false));
			assert_int_equal(rig_err, SCMI_E_NOPEER);
			assert_non_null(strstr(rig_why, "the back end has gone at"));
			assert_true(rig_is_clean());
		}
		for (size_t i = 0; i < N(told) && gone[j] != BACK_HALF_DIES; i++) {
			back_trouble(b, told[i], gone[j]);
			assert_null(guest_open(NULL, false));
			assert_int_equal(rig_err, SCMI_E_NOPEER);
		}
	}
	back_close(b);
}

static void silence_at_open(void **state)
{
	static const enum back_trouble silent[] = {BACK_SILENT, BACK_HALF};
	struct back *b = back_open(rig_path(), &back_offers_all);

	(void)state;
	for (size_t i = 0; i < N(silent); i++) {
		back_trouble(b, at_open[i], silent[i]);
		assert_null(guest_open(NULL, false));
		assert_int_equal(rig_err, SCMI_E_NOPEER);
		assert_non_null(strstr(rig_why, "the back end does not answer GET_"));
	}
	back_close(b);
}

/* An agent whose start has failed starts when all is well again. */
static int start_with(struct back *b, uint32_t request, enum back_trouble trouble)
{
	struct guest *g = guest_new(NULL, false);
	int err;

	assert_non_null(g);
	back_trouble(b, request, trouble);
	err = guest_start(g);
	back_trouble(b, 0, BACK_GOOD);
	if (err != SCMI_OK) {
		assert_non_null(scmi__vu_front_reason(g->link));
		assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
		assert_int_equal(back_connections(b), 2);
	}
	assert_null(scmi__vu_front_reason(g->link));
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	return err;
}

static int fresh_start_with(uint32_t request, enum back_trouble trouble)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	const int err = start_with(b, request, trouble);

	back_close(b);
	return err;
}

static void wrong_replies_at_start(void **state)
{
	(void)state;
	rig_mark();
	for (size_t i = 0; i < N(at_start); i++) {
		for (size_t j = 0; j < N(wrong); j++)
			assert_int_equal(fresh_start_with(at_start[i], wrong[j]), SCMI_E_IO);
		assert_int_equal(fresh_start_with(at_start[i], BACK_REFUSES),
				 at_start[i] == VU_SET_FEATURES ? SCMI_E_NOTSUP : SCMI_E_IO);
	}
	assert_true(rig_is_clean());
}

/* What it refuses, or dies at, is told by its name. */
static void a_start_that_fails_has_a_reason(void **state)
{
	static const struct {
		enum back_trouble trouble;
		const char *says;
	} rows[] = {
		{BACK_REFUSES, ": the back end refuses SET_FEATURES"},
		{BACK_SHORT, ": the back end answers SET_FEATURES with a reply of another size"},
		{BACK_DIES, ": the back end has gone at SET_FEATURES"},
		{BACK_SILENT, ": the back end answers SET_FEATURES with the reply to something else"},
	};

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		struct back *b = back_open(rig_path(), &back_offers_all);
		struct guest *g = guest_new(NULL, false);

		assert_null(scmi__vu_front_reason(g->link));
		back_trouble(b, VU_SET_FEATURES, rows[i].trouble);
		assert_int_not_equal(guest_start(g), SCMI_OK);
		assert_non_null(strstr(scmi__vu_front_reason(g->link), rig_path()));
		assert_non_null(strstr(scmi__vu_front_reason(g->link), rows[i].says));
		guest_close(g);
		back_close(b);
	}
}

static void death_at_start(void **state)
{
	(void)state;
	rig_mark();
	for (size_t i = 0; i < N(at_start); i++) {
		for (size_t j = 0; j < N(gone); j++)
			assert_int_equal(fresh_start_with(at_start[i], gone[j]), SCMI_E_NOPEER);
	}
	assert_true(rig_is_clean());
}

/* Without acknowledgements: who has gone, or refused by going, is found out by the last question. */
static void death_at_start_without_acknowledgements(void **state)
{
	struct back_offer offer = back_offers_all;

	(void)state;
	offer.protocol &= ~VU_PF_REPLY_ACK;
	rig_mark();
	for (size_t i = 0; i < N(at_start); i++) {
		struct back *b = back_open(rig_path(), &offer);

		assert_int_equal(start_with(b, at_start[i], BACK_DIES), SCMI_E_NOPEER);
		back_close(b);
		b = back_open(rig_path(), &offer);
		assert_int_equal(start_with(b, VU_GET_FEATURES, wrong[i]), SCMI_E_IO);
		back_close(b);
	}
	assert_true(rig_is_clean());
}

/* The first time it waits for long; who has been there before has less time. */
static void silence_when_it_comes_back(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	for (size_t i = 0; i < N(at_open); i++) {
		back_drop(b);
		back_trouble(b, at_open[i], BACK_SILENT);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_E_NOPEER);
	}
	for (size_t i = 0; i < N(at_start); i++) {
		back_trouble(b, at_start[i], BACK_SILENT); /* what answers the next is not what is waited for */
		assert_int_equal(scmi_agent_recover(g->agent, 0), i + 1u == N(at_start) ? SCMI_E_NOPEER : SCMI_E_IO);
	}
	back_trouble(b, 0, BACK_GOOD);
	assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

static uint64_t time_of_start(struct guest *g)
{
	const uint64_t before = hang_now_us();

	assert_int_equal(scmi_agent_start(g->agent), SCMI_E_NOPEER);
	return hang_now_us() - before;
}

/* After a stop in good order it has long again, but once: an agent that polls may be trying again and again. */
static void silence_after_a_stop(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	uint64_t first;

	(void)state;
	assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
	back_trouble(b, VU_GET_FEATURES, BACK_SILENT);
	first = time_of_start(g);
	assert_true(time_of_start(g) < first / 2u);
	back_trouble(b, 0, BACK_GOOD);
	assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

/* Who does not give the rings back as he should is left, and met anew. (To refuse GET_VRING_BASE is to name ring 1.) */
static void trouble_at_stop(void **state)
{
	static const uint32_t at_stop[] = {VU_SET_VRING_ENABLE, VU_GET_VRING_BASE};
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	uint32_t n = 1;

	(void)state;
	for (size_t i = 0; i < N(at_stop); i++) {
		for (unsigned t = BACK_DIES; t < BACK_TROUBLES; t++) {
			back_trouble(b, at_stop[i], (enum back_trouble)t);
			assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
			back_trouble(b, 0, BACK_GOOD);
			assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
			assert_int_equal(back_connections(b), ++n);
			assert_int_equal(guest_ask(g), SCMI_OK);
		}
	}
	guest_close(g);
	back_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_replies_at_open),
		cmocka_unit_test(a_reply_too_many_at_open),
		cmocka_unit_test(death_at_open),
		cmocka_unit_test(silence_at_open),
		cmocka_unit_test(wrong_replies_at_start),
		cmocka_unit_test(a_start_that_fails_has_a_reason),
		cmocka_unit_test(death_at_start),
		cmocka_unit_test(death_at_start_without_acknowledgements),
		cmocka_unit_test(silence_when_it_comes_back),
		cmocka_unit_test(silence_after_a_stop),
		cmocka_unit_test(trouble_at_stop),
	};

	return cmocka_run_group_tests(tests, NULL, rig_folder_end);
}
