/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform's end of a mailbox: what it sends unasked, and agents that come and go. */
#include "mailbox_end_hand.h"

/* ---- what the platform sends ---- */

static void p2a_is_one_message_at_a_time(void **state)
{
	(void)state;
	open_end(&silent);
	assert_int_equal(send_event(RIG_PAYLOAD + 1u), SCMI_E_TOOBIG);
	assert_int_equal(send_event(RIG_PAYLOAD), SCMI_OK);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_STATUS), 0);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_FLAGS), SCMI_SHMEM_INTR);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_LENGTH), 4u + RIG_PAYLOAD);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_HEADER), 0x1234);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_PAYLOAD), 0x00030201);
	assert_int_equal(rig.rung[SCMI_MAILBOX_RX], 1);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 0); /* it is not free yet */
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(send_event(0), SCMI_OK);
	assert_int_equal(rig_get(&rig, P2A, SCMI_SHMEM_LENGTH), 4);
	assert_int_equal(rig_end_stats(&rig).events, 2);
	close_end();
}

static void agent_takes_it(void)
{
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 0); /* who sends just now is not told that there is room */
}

/* The agent gives P2A back when a send has just seen that it is busy: with the second look at the cache. */
static void room_that_comes_beside_a_refusal_is_told(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.area_flags = SCMI_SHMEM_CACHED;
	open_end(&form);
	assert_int_equal(send_event(4), SCMI_OK);
	rig.between = agent_takes_it;
	rig.between_at = 2;
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(send_event(4), SCMI_OK);
	close_end();
}

static void another_sends_and_agent_takes_it(void)
{
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	agent_takes_it();
}

/* One that is refused because another one writes there hears of it, even if the agent is faster than that one. */
static void who_is_refused_beside_a_send_is_told(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.area_flags = SCMI_SHMEM_CACHED;
	open_end(&form);
	rig.between = another_sends_and_agent_takes_it;
	rig.between_at = 4; /* two of the look, one before FREE is cleared, and the one after that */
	assert_int_equal(send_event(4), SCMI_OK);
	assert_int_equal(platform.readies, 1);
	close_end();
}

static void without_p2a_nothing_is_sent(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.p2a = 1;
	open_end(&form);
	assert_int_equal(rig.endpoint.ops->p2a(rig.endpoint.ctx), 0);
	assert_int_equal(send_event(4), SCMI_E_NOTSUP);
	close_end();
	open_end(&silent);
	assert_true(rig.endpoint.ops->p2a(rig.endpoint.ctx) > 0);
	close_end();
}

/* ---- agents come and go ---- */

static void the_next_agents_command_waits_for_the_last_ones_answer(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_E_INVAL);
	scmi_mailbox_end_detach(rig.end);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(serve(), SCMI_E_CLOSED);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_int_equal(platform.resets, 1);
	command(2, 1);
	assert_int_equal(serve(), 0);
	platform.reply = 8;
	answer_open(8);
	assert_int_equal(rig_end_stats(&rig).stale, 1);
	assert_int_equal(platform.requests, 2); /* nobody to wake: served at once */
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 2);
	assert_true(rig_is_free(&rig, A2P));
	assert_int_equal(rig.rung[SCMI_MAILBOX_TX_REPLY], 1);
	close_end();
}

static void a_stopped_platform_is_asked_nothing(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	command(2, 1);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	answer_open(8);
	assert_int_equal(platform.requests, 1);
	assert_false(rig_is_free(&rig, A2P));
	platform.reply = 8;
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	assert_int_equal(platform.requests, 2); /* nobody else would look */
	assert_int_equal(serve(), 0);
	close_end();
}

static void who_waits_to_serve_is_woken(void **state)
{
	struct rig_form form = silent;

	(void)state;
	form.end_wakes = true;
	open_end(&form);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	command(2, 1);
	rig.wakes = 0;
	answer_open(8);
	assert_int_equal(rig.wakes, 1);
	assert_int_equal(platform.requests, 1);
	assert_int_equal(serve(), 1);
	answer_open(8);
	close_end();
}

static void an_answer_without_an_agent_is_dropped(void **state)
{
	(void)state;
	open_end(&silent);
	platform.reply = SCMI_REPLY_LATER;
	command(1, 1);
	assert_int_equal(serve(), 1);
	scmi_mailbox_end_detach(rig.end);
	rig_put(&rig, A2P, SCMI_SHMEM_HEADER, 0x77);
	answer_open(8);
	assert_false(rig_is_free(&rig, A2P)); /* nobody has touched it */
	assert_int_equal(rig_get(&rig, A2P, SCMI_SHMEM_HEADER), 0x77);
	assert_int_equal(rig_end_stats(&rig).stale, 1);
	assert_int_equal(rig_end_stats(&rig).open, 0);
	close_end();
}

static void who_waits_for_p2a_hears_of_a_detach(void **state)
{
	int peer;

	(void)state;
	open_end(&silent);
	peer = rig.endpoint.ops->p2a(rig.endpoint.ctx);
	assert_int_equal(send_event(4), SCMI_OK);
	assert_int_equal(send_event(4), SCMI_E_BUSY);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(platform.readies, 1);
	assert_int_equal(send_event(4), SCMI_E_NOPEER);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_true(rig.endpoint.ops->p2a(rig.endpoint.ctx) != peer);
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(serve(), 0);
	assert_int_equal(platform.readies, 1); /* that was the last agent's */
	assert_int_equal(send_event(4), SCMI_OK);
	close_end();
}

static int send_to(int peer)
{
	return rig.endpoint.ops->send_to(rig.endpoint.ctx, peer, 0x1234, "abcd", 4);
}

static void a_message_for_the_last_agent_is_not_for_the_next(void **state)
{
	int peer;

	(void)state;
	open_end(&silent);
	peer = rig.endpoint.ops->p2a(rig.endpoint.ctx);
	assert_int_equal(send_to(peer), SCMI_OK);
	assert_int_equal(send_to(peer), SCMI_E_BUSY);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(send_to(peer), SCMI_E_NOPEER);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	rig_put(&rig, P2A, SCMI_SHMEM_STATUS, SCMI_SHMEM_FREE);
	assert_int_equal(send_to(peer), SCMI_E_NOPEER);
	assert_true(rig_is_free(&rig, P2A));
	assert_int_equal(send_to(rig.endpoint.ops->p2a(rig.endpoint.ctx)), SCMI_OK);
	assert_false(rig_is_free(&rig, P2A));
	close_end();
}

/* One that comes while the platform is stopped is met when that starts: before its first request. */
static void a_new_agent_is_met_before_its_first_request(void **state)
{
	(void)state;
	open_end(&silent);
	command(1, 0);
	assert_int_equal(serve(), 1);
	rig.endpoint.ops->stop(rig.endpoint.ctx);
	scmi_mailbox_end_detach(rig.end);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, rig.areas), SCMI_OK);
	assert_int_equal(platform.resets, 0);
	command(2, 0);
	assert_int_equal(rig.endpoint.ops->start(rig.endpoint.ctx, &sink, &platform), SCMI_OK);
	assert_int_equal(platform.resets, 1);
	assert_int_equal(platform.requests, 2);
	assert_int_equal(platform.reset_before, 1);
	close_end();
}

static void attach_refuses_areas_that_do_not_do(void **state)
{
	struct scmi_shmem areas[2];

	(void)state;
	open_end(&silent);
	scmi_mailbox_end_detach(rig.end);
	memcpy(areas, rig.areas, sizeof(areas));
	areas[0].len -= 4u; /* carries less than was promised to the platform */
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_E_INVAL);
	memcpy(areas, rig.areas, sizeof(areas));
	areas[1].mem = areas[0].mem;
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_E_INVAL);
	areas[1].mem = (unsigned char *)areas[0].mem + 32u;
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_E_INVAL);
	areas[1] = (struct scmi_shmem){0};
	assert_int_equal(scmi_mailbox_end_attach(NULL, areas), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_mailbox_end_attach(rig.end, areas), SCMI_OK);
	assert_int_equal(rig.endpoint.ops->p2a(rig.endpoint.ctx), 0);
	assert_int_equal(send_event(4), SCMI_E_NOTSUP);
	close_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p2a_is_one_message_at_a_time),
		cmocka_unit_test(room_that_comes_beside_a_refusal_is_told),
		cmocka_unit_test(who_is_refused_beside_a_send_is_told),
		cmocka_unit_test(without_p2a_nothing_is_sent),
		cmocka_unit_test(the_next_agents_command_waits_for_the_last_ones_answer),
		cmocka_unit_test(a_stopped_platform_is_asked_nothing),
		cmocka_unit_test(who_waits_to_serve_is_woken),
		cmocka_unit_test(an_answer_without_an_agent_is_dropped),
		cmocka_unit_test(who_waits_for_p2a_hears_of_a_detach),
		cmocka_unit_test(a_message_for_the_last_agent_is_not_for_the_next),
		cmocka_unit_test(a_new_agent_is_met_before_its_first_request),
		cmocka_unit_test(attach_refuses_areas_that_do_not_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
