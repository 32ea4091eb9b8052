/* SPDX-License-Identifier: BSD-3-Clause */
/* Tokens: where they lie in the token space, how soon one comes back, and what happens when an epoch goes round. */
#include <stdlib.h>

#include "agent_rig.h"

#define TOKENS SCMI_TOKEN_COUNT

/* token = (epoch * N + slot) modulo 1024: with N slots, 1024 / N epochs can be told apart. */
static void token_names_slot_and_epoch(void **state)
{
	(void)state;
	for (uint32_t slots = 1; slots <= SCMI_SLOTS_MAX; slots *= 2) {
		struct rig *r = rig_up(RIG_SYNC, slots);
		unsigned lives[SCMI_SLOTS_MAX] = {0};
		struct rig_call c;

		r->script.on_send = script_answer_at_once;
		rig_call_init(r, &c);
		for (unsigned i = 0; i < 3 * TOKENS; i++) {
			const struct script_sent *sent;

			assert_int_equal(rig_do(&c), SCMI_OK);
			sent = script_last(&r->script);
			assert_in_range(sent->slot, 0, slots - 1);
			assert_int_equal(sent->token % slots, sent->slot);
			/* The epoch grows by one with each life of its slot. */
			lives[sent->slot]++;
			assert_int_equal(sent->token, (lives[sent->slot] * slots + sent->slot) % TOKENS);
		}
		rig_end(r);
	}
}

/* One caller, one command after the other: the distance that keeps a doubled reply from matching a new command. */
static void token_of_one_caller_comes_back_after_8_times_its_epochs(void **state)
{
	(void)state;
	for (uint32_t slots = 1; slots <= SCMI_SLOTS_MAX; slots *= 2) {
		uint32_t distance = (slots < 8 ? slots : 8) * (TOKENS / slots);
		struct rig *r = rig_up(RIG_SYNC, slots);
		unsigned last[TOKENS] = {0};
		struct rig_call c;

		r->script.on_send = script_answer_at_once;
		rig_call_init(r, &c);
		for (unsigned i = 1; i <= 4 * TOKENS; i++) {
			unsigned token;

			assert_int_equal(rig_do(&c), SCMI_OK);
			token = script_last(&r->script)->token;
			if (last[token] != 0)
				assert_true(i - last[token] >= distance);
			last[token] = i;
		}
		rig_end(r);
	}
}

/* A reply that is doubled and held back as long as that finds nobody, at any time. */
static void token_distance_keeps_a_doubled_reply_out(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 64);
	struct script_sent first;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	first = *script_last(&r->script);
	assert_int_equal(script_reply(&r->script, &first, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	for (unsigned i = 1; i < 128; i++) {
		c.ends = 0;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(script_reply(&r->script, &first, SCMI_DENIED, NULL, 0), SCMI_E_STRAY);
		assert_int_equal(c.ends, 0);
		assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
		assert_ended(&c, SCMI_OK);
	}
	rig_end(r);
}

/* Different callers start in different places: not all of them in one group. */
static void token_homes_are_spread_over_the_pool(void **state)
{
	enum { N = 64 };
	struct rig *r = rig_up(RIG_SYNC, 64);
	struct rig_call *c = calloc(N, sizeof(*c));
	unsigned groups[8] = {0};
	unsigned used = 0;

	(void)state;
	assert_non_null(c);
	r->script.on_send = script_answer_at_once;
	for (unsigned i = 0; i < N; i++) {
		rig_call_init(r, &c[i]);
		assert_int_equal(rig_do(&c[i]), SCMI_OK);
		groups[script_last(&r->script)->slot / 8]++;
	}
	for (unsigned g = 0; g < 8; g++)
		used += groups[g] != 0;
	assert_true(used >= 4);
	rig_end(r);
	free(c);
}

/*
 * A pool that is full but for one slot: that one is found, by every caller. max_inflight that is no power of two leaves
 * odd groups at the end.
 */
static void token_of_the_last_free_slot_is_found(void **state)
{
	static const uint32_t limits[] = {1, 7, 8, 9, 17, 63, 64};

	(void)state;
	for (size_t n = 0; n < sizeof(limits) / sizeof(limits[0]); n++) {
		struct rig *r = rig_new(RIG_IRQ, 64);
		struct rig_call *c = calloc(limits[n] + 1, sizeof(*c));

		assert_non_null(c);
		r->script.transport.max_inflight = limits[n];
		rig_start(r);
		for (unsigned i = 0; i <= limits[n]; i++) {
			rig_call_init(r, &c[i]);
			assert_int_equal(rig_submit(&c[i]), i < limits[n] ? SCMI_OK : SCMI_E_BUSY);
		}
		for (unsigned i = 0; i < limits[n]; i++) {
			uint16_t slot = script_sent(&r->script, i)->slot;

			assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0),
					 SCMI_OK);
			assert_ended(&c[i], SCMI_OK);
			c[i].ends = 0;
			assert_int_equal(rig_submit(&c[limits[n]]), SCMI_OK);
			assert_int_equal(script_last(&r->script)->slot, slot);
			assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0),
					 SCMI_OK);
			assert_int_equal(rig_submit(&c[i]), SCMI_OK);
		}
		for (unsigned i = 0; i < limits[n]; i++)
			(void)scmi_agent_cancel(r->agent, &c[i].call);
		rig_end(r);
		free(c);
	}
}

#define LIVES (1u << 20) /* of one slot, until its epoch is the same again */

static void live_on(struct rig_call *c, uint32_t lives)
{
	c->rig->script.on_send = script_answer_at_once;
	for (uint32_t i = 0; i < lives; i++) {
		if (rig_do(c) != SCMI_OK)
			fail_msg("command %u of %u", i, lives);
	}
	c->rig->script.on_send = NULL;
}

/* The epoch goes round, and neither tokens, tickets nor counters notice. */
static void epoch_that_wraps_loses_no_count_and_no_call(void **state)
{
	struct rig *r = rig_up(RIG_SYNC, 1);
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	live_on(&c, LIVES - 4);
	for (uint32_t life = LIVES - 3; life <= LIVES + 3; life++) {
		const struct script_sent *sent;

		c.ends = 0;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		sent = script_last(&r->script);
		assert_int_equal(sent->token, life % TOKENS);
		rig_check(r);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
		assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_E_NOTFOUND);
		assert_ended(&c, SCMI_E_CANCELLED);
		assert_int_equal(script_reply(&r->script, sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
		rig_check(r);
	}
	assert_int_equal(rig_stats(r).submitted, LIVES + 3);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(token_names_slot_and_epoch),
		cmocka_unit_test(token_of_one_caller_comes_back_after_8_times_its_epochs),
		cmocka_unit_test(token_distance_keeps_a_doubled_reply_out),
		cmocka_unit_test(token_homes_are_spread_over_the_pool),
		cmocka_unit_test(token_of_the_last_free_slot_is_found),
		cmocka_unit_test(epoch_that_wraps_loses_no_count_and_no_call),
	};

	return cmocka_run_group_tests_name("agent_token", tests, NULL, NULL);
}
