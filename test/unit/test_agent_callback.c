/* SPDX-License-Identifier: BSD-3-Clause */
/* What a done function may do, in how much stack, in which context; deferred agents; many contexts inside at once. */
#include <stdlib.h>

#include "agent_rig.h"

#define CHAIN 10000u
#define STACK 4096u /* bytes between the deepest and the highest done function; a frame of recursion is more than 100 */

/* What the done functions of one test share. */
struct chain {
	struct rig *r;
	struct rig_call *calls;
	unsigned count;
	unsigned runs;
	unsigned inside;
	unsigned deepest;
	uintptr_t low;
	uintptr_t high;
};

static void note_stack(struct chain *chain)
{
	volatile char here = 0;
	uintptr_t at = (uintptr_t)&here;

	if (chain->low == 0 || at < chain->low)
		chain->low = at;
	if (at > chain->high)
		chain->high = at;
}

static void enter(struct chain *chain)
{
	note_stack(chain);
	chain->runs++;
	if (++chain->inside > chain->deepest)
		chain->deepest = chain->inside;
}

static void submit_again(struct rig_call *c)
{
	struct chain *chain = c->arg;

	enter(chain);
	if (chain->runs < CHAIN)
		assert_int_equal(rig_submit(c), SCMI_OK);
	chain->inside--;
}

static struct chain *chain_new(uint32_t caps, uint32_t slots, unsigned calls, void (*then)(struct rig_call *c))
{
	struct chain *chain = calloc(1, sizeof(*chain));

	assert_non_null(chain);
	chain->calls = calloc(calls, sizeof(*chain->calls));
	assert_non_null(chain->calls);
	chain->count = calls;
	chain->r = rig_up(caps, slots);
	for (unsigned i = 0; i < calls; i++) {
		rig_call_init(chain->r, &chain->calls[i]);
		chain->calls[i].then = then;
		chain->calls[i].arg = chain;
	}
	return chain;
}

static void chain_end(struct chain *chain)
{
	rig_end(chain->r);
	free(chain->calls);
	free(chain);
}

static void done_that_submits_runs_in_constant_stack_on_a_synchronous_transport(void **state)
{
	static const uint32_t slots[] = {1, 64};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct chain *chain = chain_new(RIG_SYNC, slots[i], 1, submit_again);

		chain->r->script.on_send = script_answer_at_once;
		assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
		assert_int_equal(chain->runs, CHAIN);
		assert_int_equal(chain->calls[0].ends, CHAIN);
		assert_int_equal(chain->deepest, 1);
		assert_in_range(chain->high - chain->low, 0, STACK);
		chain_end(chain);
	}
}

/* The first of many fans out, then each of them goes on: the ended ones queue up and none runs inside another. */
static void submit_all_others(struct rig_call *c)
{
	struct chain *chain = c->arg;
	bool first = chain->runs == 0;

	enter(chain);
	for (unsigned i = 1; first && i < chain->count; i++)
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
	if (chain->runs + chain->count <= CHAIN)
		assert_int_equal(rig_submit(c), SCMI_OK);
	chain->inside--;
}

static void done_that_fans_out_runs_in_constant_stack(void **state)
{
	struct chain *chain = chain_new(RIG_SYNC, 64, 64, submit_all_others);

	(void)state;
	chain->r->script.on_send = script_answer_at_once;
	assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
	assert_in_range(chain->runs, CHAIN - 64, CHAIN + 64);
	assert_int_equal(chain->deepest, 1);
	assert_in_range(chain->high - chain->low, 0, STACK);
	assert_int_equal(rig_stats(chain->r).in_flight, 0);
	chain_end(chain);
}

/* The reply to what a done function submits is delivered before that function has returned. */
static void submit_and_answer(struct rig_call *c)
{
	struct chain *chain = c->arg;
	struct script *s = &chain->r->script;

	enter(chain);
	if (chain->runs < CHAIN) {
		assert_int_equal(rig_submit(c), SCMI_OK);
		assert_int_equal(script_reply(s, script_last(s), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	}
	chain->inside--;
}

static void done_whose_next_reply_comes_inside_it_runs_in_constant_stack(void **state)
{
	struct chain *chain = chain_new(RIG_IRQ, 1, 1, submit_and_answer);
	struct script *s = &chain->r->script;

	(void)state;
	assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
	assert_int_equal(script_reply(s, script_last(s), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(chain->runs, CHAIN);
	assert_int_equal(chain->deepest, 1);
	assert_in_range(chain->high - chain->low, 0, STACK);
	chain_end(chain);
}

static void cancel_the_others(struct rig_call *c)
{
	struct chain *chain = c->arg;

	enter(chain);
	for (unsigned i = 0; i < chain->count; i++) {
		int err = scmi_agent_cancel(chain->r->agent, &chain->calls[i].call);

		assert_int_equal(err, chain->runs == 1 && &chain->calls[i] != c ? SCMI_OK : SCMI_E_NOTFOUND);
	}
	chain->inside--;
}

static void done_may_cancel_others(void **state)
{
	struct chain *chain = chain_new(RIG_IRQ, 2, 2, cancel_the_others);
	struct script *s = &chain->r->script;

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
	assert_int_equal(script_reply(s, script_sent(s, 0), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&chain->calls[0], SCMI_OK);
	assert_ended(&chain->calls[1], SCMI_E_CANCELLED);
	assert_int_equal(chain->deepest, 1);
	chain_end(chain);
}

/* What may sleep is refused, and does nothing; a poll has nothing to do. */
static void sleep_in_done(struct rig_call *c)
{
	struct chain *chain = c->arg;
	struct rig *r = chain->r;
	struct rig_call other;
	unsigned sends = r->script.sends;

	enter(chain);
	rig_call_init(r, &other);
	assert_int_equal(rig_do(&other), SCMI_E_CONTEXT);
	assert_int_equal(rig_wait(&other), SCMI_E_CONTEXT);
	assert_int_equal(rig_wait_until(&other, 0), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_fini(r->agent), SCMI_E_CONTEXT);
	assert_int_equal(scmi_agent_poll(r->agent, 8), 0);
	assert_int_equal(r->script.sends, sends);
	assert_true(r->script.running);
	chain->inside--;
}

static void done_may_not_call_wait_or_stop_and_polls_nothing(void **state)
{
	struct chain *chain = chain_new(RIG_POLL, 2, 2, sleep_in_done);
	struct script *s = &chain->r->script;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
		script_post_reply(s, script_last(s), SCMI_SUCCESS);
	}
	assert_int_equal(scmi_agent_poll(chain->r->agent, 1), 1);
	assert_int_equal(chain->runs, 1);
	assert_int_equal(scmi_agent_poll(chain->r->agent, 1), 1);
	assert_int_equal(chain->runs, 2);
	chain_end(chain);
}

static void sleep_as_another(struct rig_call *c)
{
	struct chain *chain = c->arg;
	struct rig *r = chain->r;
	struct rig_call other;

	enter(chain);
	rig_call_init(r, &other);
	r->script.on_send = script_answer_at_once;
	r->fake.self = FAKE_OTHER;
	assert_int_equal(rig_do(&other), SCMI_OK);
	assert_int_equal(rig_submit_loose(&other), SCMI_OK);
	assert_int_equal(rig_wait(&other), SCMI_OK);
	r->fake.self = FAKE_THREAD;
	r->script.on_send = NULL;
	chain->inside--;
}

static void done_of_one_context_does_not_keep_another_from_waiting(void **state)
{
	struct chain *chain = chain_new(RIG_IRQ, 2, 1, sleep_as_another);
	struct script *s = &chain->r->script;

	(void)state;
	assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
	assert_int_equal(script_reply(s, script_last(s), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(chain->runs, 1);
	chain_end(chain);
}

/* Each done function is interrupted by another context that ends the next call: more of them than there are frames. */
static void end_the_next_as_another(struct rig_call *c)
{
	struct chain *chain = c->arg;
	struct rig *r = chain->r;
	unsigned next = (unsigned)(c - chain->calls) + 1;
	uintptr_t self = r->fake.self;

	enter(chain);
	if (next < chain->count) {
		r->fake.self = 100 + next;
		assert_int_equal(script_reply(&r->script, script_sent(&r->script, next), SCMI_SUCCESS, NULL, 0),
				 SCMI_OK);
		r->fake.self = self;
	}
	chain->inside--;
}

static void done_in_more_contexts_than_frames_still_runs(void **state)
{
	static const unsigned contexts[] = {15, 16, 17, 40, 64};

	(void)state;
	for (size_t n = 0; n < sizeof(contexts) / sizeof(contexts[0]); n++) {
		struct chain *chain = chain_new(RIG_IRQ, 64, contexts[n], end_the_next_as_another);
		struct script *s = &chain->r->script;

		for (unsigned i = 0; i < contexts[n]; i++)
			assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
		assert_int_equal(script_reply(s, script_sent(s, 0), SCMI_SUCCESS, NULL, 0), SCMI_OK);
		for (unsigned i = 0; i < contexts[n]; i++)
			assert_ended(&chain->calls[i], SCMI_OK);
		chain_end(chain);
	}
}

static struct chain *deferred_chain(uint32_t caps, unsigned calls, void (*then)(struct rig_call *c))
{
	struct chain *chain = chain_new(caps, 64, calls, then);

	rig_end(chain->r);
	chain->r = rig_new(caps, 64);
	chain->r->config.flags = SCMI_AGENT_DEFERRED;
	rig_start(chain->r);
	for (unsigned i = 0; i < calls; i++)
		chain->calls[i].rig = chain->r;
	return chain;
}

static void just_run(struct rig_call *c)
{
	enter(c->arg);
	((struct chain *)c->arg)->inside--;
}

static void deferred_done_runs_in_poll_only(void **state)
{
	struct chain *chain = deferred_chain(RIG_IRQ, 6, just_run);
	struct rig *r = chain->r;

	(void)state;
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
		if (i < 3)
			assert_int_equal(script_reply(&r->script, script_sent(&r->script, i), SCMI_SUCCESS, NULL, 0),
					 SCMI_OK);
	}
	assert_int_equal(scmi_agent_cancel(r->agent, &chain->calls[3].call), SCMI_OK);
	assert_int_equal(chain->runs, 0);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 4);
	for (int i = 0; i < 3; i++)
		assert_ended(&chain->calls[i], SCMI_OK);
	assert_ended(&chain->calls[3], SCMI_E_CANCELLED);
	/* A time-out is found by a poll, and so its done function runs in that poll. */
	r->fake.now_us += SCMI_TIMEOUT_DEFAULT_US;
	assert_int_equal(scmi_agent_poll(r->agent, 1), 2 + 2);
	assert_ended(&chain->calls[4], SCMI_E_TIMEOUT);
	assert_ended(&chain->calls[5], SCMI_E_TIMEOUT);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 0);
	chain_end(chain);
}

/* A done function that submits what ends at once does not keep poll for ever: what it starts is the next poll's. */
static void deferred_done_that_submits_is_bounded_by_the_poll(void **state)
{
	struct chain *chain = deferred_chain(RIG_SYNC, 1, submit_again);

	(void)state;
	chain->r->script.on_send = script_answer_at_once;
	assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
	for (unsigned i = 1; i <= CHAIN; i++) {
		assert_int_equal(chain->runs, i - 1);
		assert_int_equal(scmi_agent_poll(chain->r->agent, 1), 1);
	}
	assert_int_equal(scmi_agent_poll(chain->r->agent, 1), 0);
	assert_int_equal(chain->runs, CHAIN);
	assert_in_range(chain->high - chain->low, 0, STACK);
	chain_end(chain);
}

/* In the order in which the calls ended. */
static void note_order(struct rig_call *c)
{
	struct chain *chain = c->arg;

	assert_int_equal((unsigned)(c - chain->calls), 5 - chain->runs);
	enter(chain);
	chain->inside--;
}

static void deferred_done_functions_run_in_the_order_of_the_ends(void **state)
{
	struct chain *chain = deferred_chain(RIG_IRQ, 6, note_order);
	struct script *s = &chain->r->script;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
	for (unsigned i = 6; i != 0; i--)
		assert_int_equal(script_reply(s, script_sent(s, i - 1), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(scmi_agent_poll(chain->r->agent, 1), 6);
	assert_int_equal(chain->runs, 6);
	chain_end(chain);
}

static void deferred_done_runs_in_stop_at_the_latest(void **state)
{
	struct chain *chain = deferred_chain(RIG_IRQ, 6, just_run);
	struct script *s = &chain->r->script;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(rig_submit(&chain->calls[i]), SCMI_OK);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(script_reply(s, script_sent(s, i), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_int_equal(chain->runs, 0);
	assert_int_equal(scmi_agent_stop(chain->r->agent), SCMI_OK);
	for (int i = 0; i < 6; i++)
		assert_ended(&chain->calls[i], i < 3 ? SCMI_OK : SCMI_E_CLOSED);
	chain_end(chain);
}

/* The waiting caller of a deferred agent runs nobody's done function. */
static void deferred_done_does_not_run_in_a_waiting_caller(void **state)
{
	struct chain *chain = deferred_chain(RIG_WAIT, 1, just_run);
	struct rig *r = chain->r;
	struct rig_call own;

	(void)state;
	assert_int_equal(rig_submit(&chain->calls[0]), SCMI_OK);
	script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
	rig_call_init(r, &own);
	own.call.timeout_us = 100;
	assert_int_equal(rig_do(&own), SCMI_E_TIMEOUT);
	assert_int_equal(chain->runs, 0);
	assert_int_equal(scmi_agent_poll(r->agent, 1), 1);
	assert_int_equal(chain->runs, 1);
	chain_end(chain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(done_that_submits_runs_in_constant_stack_on_a_synchronous_transport),
		cmocka_unit_test(done_that_fans_out_runs_in_constant_stack),
		cmocka_unit_test(done_whose_next_reply_comes_inside_it_runs_in_constant_stack),
		cmocka_unit_test(done_may_cancel_others),
		cmocka_unit_test(done_may_not_call_wait_or_stop_and_polls_nothing),
		cmocka_unit_test(done_of_one_context_does_not_keep_another_from_waiting),
		cmocka_unit_test(done_in_more_contexts_than_frames_still_runs),
		cmocka_unit_test(deferred_done_runs_in_poll_only),
		cmocka_unit_test(deferred_done_that_submits_is_bounded_by_the_poll),
		cmocka_unit_test(deferred_done_functions_run_in_the_order_of_the_ends),
		cmocka_unit_test(deferred_done_runs_in_stop_at_the_latest),
		cmocka_unit_test(deferred_done_does_not_run_in_a_waiting_caller),
	};

	return cmocka_run_group_tests_name("agent_callback", tests, NULL, NULL);
}
