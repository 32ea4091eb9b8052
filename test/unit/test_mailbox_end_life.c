/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform's end of a mailbox: starts, stops, agents that come and go, beside what is under way. Where two contexts
 * are needed they wait for each other, so there is one order only.
 */
#include <pthread.h>
#include <sched.h>

#include "mailbox_end_hand.h"

static void start_end(void)
{
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
}

static void stop_end(void)
{
	rig.endpoint.ops->stop(rig.endpoint.ctx);
}

static void attach(void)
{
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
}

/* ---- beside a request ---- */

struct other {
	pthread_t thread;
	void (*act)(void);
	atomic_bool waits; /* it has called relax() */
	atomic_bool done;
};

static struct other other;

static void note_wait(struct fake_port *fake, void *arg)
{
	(void)fake;
	(void)arg;
	atomic_store(&other.waits, true);
	(void)sched_yield();
}

static void *act(void *arg)
{
	(void)arg;
	other.act();
	atomic_store(&other.done, true);
	return NULL;
}

/* Inside a request: another context stops or detaches. It has to wait for us. */
static void act_beside(void)
{
	platform.inside = NULL;
	assert_int_equal(rig_end_stats(&rig).open, 1);
	assert_int_equal(pthread_create(&other.thread, NULL, act, NULL), 0);
	while (!atomic_load(&other.waits) && !atomic_load(&other.done))
		(void)sched_yield();
	assert_false(atomic_load(&other.done));
	assert_int_equal(serve(), SCMI_E_CLOSED);
}

static void serve_beside(void (*what)(void))
{
	atomic_store(&other.waits, false);
	atomic_store(&other.done, false);
	other.act = what;
	rig.fake.on_relax = note_wait;
	platform.inside = act_beside;
	command(1, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(pthread_join(other.thread, NULL), 0);
	assert_true(atomic_load(&other.done));
}

static void detach(void)
{
	scmi_mailbox_end_detach(rig.end);
}

static void stop_and_detach_wait_for_a_request(void **state)
{
	(void)state;
	open_end(&silent);
	serve_beside(detach);
	attach();
	serve_beside(stop_end);
	start_end();
	command(2, 0);
	assert_int_equal(serve(), 1);
	close_end();
}

/* It is answered, and says that it will be, while a detach is under way: the next agent is served all the same. */
static void an_answer_beside_a_detach_leaves_nothing_open(void **state)
{
	(void)state;
	open_end(&silent);
	platform.answer_inside = true;
	serve_beside(detach);
	assert_int_equal(rig_end_stats(&rig).stale, 1);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	platform.answer_inside = false;
	(void)scmi_shmem_reset(&rig.areas[A2P]);
	attach();
	command(2, 0);
	assert_int_equal(serve(), 1);
	assert_int_equal(platform.requests, 2);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	close_end();
}

/* ---- the first start ---- */

static void not_free_yet(void)
{
	assert_false(rig_is_free(&rig, A2P));
	platform.resets += 100u; /* we have been here */
}

/* FREE is given once, and last: an agent that has waited for it may have written a command at once. */
static void the_first_start_gives_the_area_once(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.area_flags = SCMI_SHMEM_CACHED;
	memset(&platform, 0, sizeof(platform));
	mailbox_rig_make(&rig, &form);
	rig.between = not_free_yet;
	rig.between_at = 1;
	start_end();
	assert_int_equal(platform.resets, 100);
	assert_true(rig_is_free(&rig, A2P));
	close_end();
}

static void the_first_start_rings(void **state)
{
	(void)state;
	memset(&platform, 0, sizeof(platform));
	mailbox_rig_make(&rig, &silent);
	start_end();
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	stop_end();
	start_end();
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	close_end();
}

/* An agent that was first has found an area that is not FREE, and has nothing but its interrupt. */
static void an_agent_may_start_before_its_platform(void **state)
{
	const struct rig_form form = {.to_platform = RIG_INLINE, .to_agent = RIG_INLINE};
	uint32_t version;
	struct scmi_call call = rig_call(SCMI_PROTOCOL_VERSION, &version, sizeof(version));

	(void)state;
	mailbox_rig_make(&rig, &form);
	rig.fake.on_relax = NULL;
	rig.fake.on_wait = NULL;
	assert_int_equal(scmi_agent_start(rig.agent), SCMI_OK);
	assert_int_equal(scmi_agent_submit(rig.agent, &call), SCMI_OK);
	assert_int_equal(rig_stats(&rig).commands, 0);
	assert_int_equal(acme_open(&rig.acme, &rig.endpoint, NULL, NULL), SCMI_OK);
	assert_int_equal(scmi_agent_wait(rig.agent, &call), SCMI_OK);
	mailbox_rig_close(&rig);
}

static void a_start_leaves_a_detached_agents_areas_alone(void **state)
{
	(void)state;
	memset(&platform, 0, sizeof(platform));
	mailbox_rig_make(&rig, &silent);
	detach();
	start_end();
	assert_false(rig_is_free(&rig, A2P));
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 0);
	close_end();
}

/* ---- a command that nobody has looked at ---- */

static void a_start_serves_what_has_come_meanwhile(void **state)
{
	struct rig_form form = silent;

	(void)state;
	for (unsigned wakes = 0; wakes < 2; wakes++) {
		form.end_wakes = wakes != 0;
		open_end(&form);
		stop_end();
		command(7, 1);
		assert_int_equal(serve(), SCMI_E_CLOSED);
		rig.wakes = 0;
		start_end();
		assert_int_equal(platform.requests, 1u - wakes);
		assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1u - wakes);
		assert_int_equal(rig.wakes, wakes);
		assert_int_equal(serve(), (int)wakes);
		close_end();
	}
}

static void an_attach_serves_what_stands_there(void **state)
{
	struct rig_form form = silent;

	(void)state;
	for (unsigned wakes = 0; wakes < 2; wakes++) {
		form.end_wakes = wakes != 0;
		open_end(&form);
		detach();
		command(7, 1);
		assert_int_equal(serve(), SCMI_E_CLOSED);
		rig.wakes = 0;
		attach();
		assert_int_equal(platform.requests, 1u - wakes);
		assert_int_equal(rig.wakes, wakes);
		assert_int_equal(serve(), (int)wakes);
		close_end();
	}
}

/* The doorbell says nothing of that: the command stays there, and no other can come. */
static void a_restart_of_the_platform_is_survived(void **state)
{
	const struct rig_form form = {.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .timeout_us = 1000};
	uint32_t version;
	struct scmi_call call = rig_call(SCMI_PROTOCOL_VERSION, &version, sizeof(version));

	(void)state;
	mailbox_rig_open(&rig, &form);
	rig.fake.on_relax = NULL;
	rig.fake.on_wait = NULL;
	assert_int_equal(scmi_platform_stop(rig.acme.platform), SCMI_OK);
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_E_TIMEOUT);
	assert_int_equal(scmi_platform_start(rig.acme.platform), SCMI_OK);
	call = rig_call(SCMI_PROTOCOL_VERSION, &version, sizeof(version));
	assert_int_equal(scmi_agent_call(rig.agent, &call), SCMI_OK);
	assert_int_equal(rig_stats(&rig).left, 0);
	mailbox_rig_close(&rig);
}

/* ---- limits ---- */

/* Of an agent whose areas are larger than what the platform has room for. */
static void a_command_fits_the_platforms_memory(void **state)
{
	struct scmi_shmem larger[2];

	(void)state;
	open_end(&silent);
	detach();
	memcpy(larger, rig.areas, sizeof(larger));
	larger[A2P].len = sizeof(rig.memory[A2P]);
	(void)scmi_shmem_reset(&larger[A2P]);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, larger), SCMI_OK);
	for (uint32_t len = RIG_PAYLOAD - 1u; len <= sizeof(rig.memory[A2P]) - SCMI_SHMEM_PAYLOAD; len++) {
		const uint32_t bad = len > RIG_PAYLOAD ? len - RIG_PAYLOAD : 0;

		rig_write(&rig, A2P, len, NULL, 4u + len, 0, 0);
		assert_int_equal(serve(), 1);
		assert_int_equal(rig_end_stats(&rig).bad_length, bad);
		assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_STATUS),
				 SCMI_SHMEM_FREE | (bad != 0 ? SCMI_SHMEM_ERROR : 0u));
		assert_int_equal(platform.requests, bad != 0 ? 2 : len - RIG_PAYLOAD + 2u);
	}
	close_end();
}

static void next_at_reply(struct mailbox_rig *r, enum scmi_mailbox_signal signal)
{
	if (signal != SCMI_MAILBOX_TX_REPLY || platform.requests >= 5u)
		return;
	command(platform.requests, 1);
	assert_int_equal(serve(), 0);
	assert_int_equal(r->wakes, 0);
}

/* Beyond its max nobody serves for others where those can be woken. */
static void who_can_be_woken_serves_for_himself(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.end_wakes = true;
	for (int max = 1; max < 5; max++) {
		open_end(&form);
		rig.on_ring = next_at_reply;
		rig.wakes = 0;
		command(0, 1);
		assert_int_equal(scmi_mailbox_end_serve(rig.end, max), max);
		assert_int_equal(rig.wakes, 1);
		rig.wakes = 0;
		assert_int_equal(serve(), 5 - max);
		assert_int_equal(rig.wakes, 0);
		close_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_and_detach_wait_for_a_request),
		cmocka_unit_test(an_answer_beside_a_detach_leaves_nothing_open),
		cmocka_unit_test(the_first_start_gives_the_area_once),
		cmocka_unit_test(the_first_start_rings),
		cmocka_unit_test(an_agent_may_start_before_its_platform),
		cmocka_unit_test(a_start_leaves_a_detached_agents_areas_alone),
		cmocka_unit_test(a_start_serves_what_has_come_meanwhile),
		cmocka_unit_test(an_attach_serves_what_stands_there),
		cmocka_unit_test(a_restart_of_the_platform_is_survived),
		cmocka_unit_test(a_command_fits_the_platforms_memory),
		cmocka_unit_test(who_can_be_woken_serves_for_himself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
