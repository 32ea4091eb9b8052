/* SPDX-License-Identifier: BSD-3-Clause */
/* The flaky transport: stalls, starts, stops, the contract with the inner transport, and the seed. */
#include "flaky_rig.h"

#include <stdlib.h>

#include <scmi/errors.h>

/* ---- stall ---- */

static void stalled_send_is_busy_until_one_ready(void **state)
{
	struct rig *r = rig_new(RIG_WAIT);
	const uint64_t start_us = r->fake.now_us;

	(void)state;
	r->config.rate[FLAKY_A2P][FLAKY_STALL] = FLAKY_ALWAYS;
	rig_up(r);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_BUSY);
	assert_int_equal(rig_send(r, rig_hdr(2), 4), SCMI_E_BUSY);
	assert_int_equal(r->script.sends, 0);
	(void)rig_poll(r);
	assert_int_equal(r->ready, 0);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	assert_in_range(r->fake.now_us, start_us + 1u, start_us + 1000u);
	(void)rig_poll(r);
	(void)rig_poll(r);
	assert_int_equal(r->ready, 1);
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_OK); /* the other direction was not concerned */
	assert_int_equal(r->seen_n, 1);
	assert_int_equal(rig_counts(r).refused[FLAKY_A2P], 2);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_STALL), 1);
	rig_down(r);
}

static void stalled_messages_come_together_and_in_order(void **state)
{
	struct rig *r = rig_with(RIG_WAIT, FLAKY_P2A, FLAKY_STALL);

	(void)state;
	for (uint16_t i = 0; i < 10; i++)
		assert_int_equal(rig_deliver(r, rig_hdr(i), i), SCMI_OK);
	assert_int_equal(rig_poll(r), 0);
	flaky_calm(r->flaky);
	assert_int_equal(r->seen_n, 10);
	for (uint16_t i = 0; i < 10; i++) {
		assert_int_equal(r->seen[i].token, i);
		assert_int_equal(r->seen[i].len, i);
		assert_int_equal(rig_changed(r->seen[i].bytes, i), 0);
	}
	assert_int_equal(r->ready, 0);
	rig_down(r);
}

/* ---- stop ---- */

static void stop_drops_what_is_held_for_ever(void **state)
{
	struct rig *r = rig_held(RIG_IRQ);
	const struct scmi_transport *t = &r->transport;
	struct flaky_counts counts;

	(void)state;
	t->ops->stop(t->ctx);
	counts = rig_counts(r);
	assert_int_equal(counts.held[FLAKY_A2P] + counts.held[FLAKY_P2A], 0);
	assert_int_equal(counts.lost[FLAKY_A2P] + counts.lost[FLAKY_P2A], 2);
	r->fake.now_us += 5000;
	flaky_calm(r->flaky);
	flaky_turn(r->flaky);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->seen_n, 0);
	assert_int_equal(rig_poll(r), 0);
	assert_int_equal(r->script.used_stopped, 0);
	t->ops->wake(t->ctx);
	t->ops->wait(t->ctx, SCMI_NEVER);
	flaky_destroy(r->flaky);
	free(r);
}

static void deliver_in_stop(struct script *s, void *arg)
{
	struct rig *r = arg;

	(void)s;
	assert_int_equal(rig_deliver(r, rig_hdr(9), 4), SCMI_OK);
}

static void turn_in_stop(struct script *s, void *arg)
{
	struct rig *r = arg;

	(void)s;
	r->fake.now_us += 5000;
	flaky_turn(r->flaky);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->seen_n, 0);
}

static void nothing_held_goes_out_beside_a_stop(void **state)
{
	struct rig *r = rig_held(RIG_IRQ);

	(void)state;
	r->script.on_stop = turn_in_stop;
	r->script.arg = r;
	rig_down(r);
}

static void message_of_the_last_moment_is_not_kept(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	r->script.on_stop = deliver_in_stop;
	r->script.arg = r;
	rig_down(r);
}

static void deliver_in_start(struct script *s, void *arg)
{
	deliver_in_stop(s, arg);
}

static void message_before_start_has_returned_is_kept(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.rate[FLAKY_P2A][FLAKY_STALL] = FLAKY_ALWAYS;
	r->script.on_start = deliver_in_start;
	r->script.arg = r;
	rig_up(r);
	assert_int_equal(r->seen_n, 0);
	flaky_calm(r->flaky);
	assert_int_equal(r->seen_n, 1);
	rig_down(r);
}

static void failed_start_leaves_nothing(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);
	const struct scmi_transport *t = &r->transport;

	(void)state;
	t->ops->stop(t->ctx);
	r->script.on_start = deliver_in_start;
	r->script.arg = r;
	r->script.start_err = SCMI_E_NOPEER;
	assert_int_equal(t->ops->start(t->ctx, r->script.sink, r->script.core), SCMI_E_NOPEER);
	assert_int_equal(rig_counts(r).held[FLAKY_P2A], 0);
	flaky_destroy(r->flaky);
	free(r);
}

/* ---- the contract below ---- */

static int refuse(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)s;
	(void)sent;
	return *(int *)arg;
}

static void held_command_that_finds_no_room_is_tried_again(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DELAY);
	int err = SCMI_E_BUSY;

	(void)state;
	r->script.on_send = refuse;
	r->script.arg = &err;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	r->fake.now_us += 1000;
	(void)rig_poll(r);
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P], 1);
	flaky_calm(r->flaky);
	assert_int_equal(r->script.sends, 1); /* calm does not make room */
	flaky_rough(r->flaky);
	err = SCMI_OK;
	r->script.sink->ready(r->script.core);
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 2);
	assert_int_equal(rig_counts(r).passed[FLAKY_A2P], 1);
	err = SCMI_E_LINK;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	flaky_calm(r->flaky);
	assert_int_equal(rig_counts(r).lost[FLAKY_A2P], 1);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_LINK);
	rig_down(r);
}

static void new_command_of_a_slot_replaces_the_held_one(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(rig_send(r, rig_hdr(2), 4), SCMI_OK);
	assert_int_equal(rig_send(r, rig_hdr(1), 8), SCMI_OK);
	flaky_calm(r->flaky);
	assert_int_equal(r->script.sends, 2);
	assert_int_equal(script_sent(&r->script, 0)->len, 4);
	assert_int_equal(script_sent(&r->script, 0)->hdr, rig_hdr(2));
	assert_int_equal(script_sent(&r->script, 1)->len, 8);
	assert_int_equal(rig_counts(r).lost[FLAKY_A2P], 1);
	rig_down(r);
}

static int send_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig *r = arg;

	s->on_send = NULL;
	assert_int_equal(sent->token, 1);
	assert_int_equal(rig_send(r, rig_hdr(2), 4), SCMI_E_BUSY);
	assert_int_equal(r->ready, 0);
	return SCMI_OK;
}

/* Where the inner send() takes one at a time, the core's comes back BUSY beside one of ours. */
static void sends_do_not_overlap_where_they_must_not(void **state)
{
	struct rig *r = rig_with(SCMI_CAP_POLL, FLAKY_A2P, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	r->script.on_send = send_inside;
	r->script.arg = r;
	r->fake.now_us += 1000;
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(r->ready, 1);
	rig_down(r);
}

static int send_same_slot(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig *r = arg;

	s->on_send = NULL;
	assert_int_equal(sent->slot, 1);
	assert_int_equal(rig_send(r, rig_hdr(1), 8), SCMI_E_BUSY);
	return SCMI_OK;
}

/* Two of one slot at once are not for the inner send(). */
static void command_whose_slot_is_just_sent_is_busy(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	r->script.on_send = send_same_slot;
	r->script.arg = r;
	r->fake.now_us += 1000;
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(r->ready, 1);
	rig_down(r);
}

/* An upcall of the inner transport's may come where a send() of its own would be too deep. */
static void held_commands_do_not_go_out_in_upcalls(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	r->fake.now_us += 1000;
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 0);
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 1);
	rig_down(r);
}

static void full_queue_lets_messages_through(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.messages = 2;
	flaky_rates(&r->config, FLAKY_ALWAYS);
	for (unsigned d = 0; d < 2; d++) {
		r->config.rate[d][FLAKY_DROP] = 0;
		r->config.rate[d][FLAKY_STALL] = 0;
		r->config.rate[d][FLAKY_REORDER] = 0; /* goes out when the next one has passed */
		r->config.rate[d][FLAKY_MISDIRECT] = 0;
		r->config.rate[d][FLAKY_HEADER] = 0;
	}
	rig_up(r);
	for (uint16_t i = 0; i < 2; i++)
		assert_int_equal(rig_deliver(r, rig_hdr(i), 4), SCMI_OK);
	assert_int_equal(r->seen_n, 0);
	assert_int_equal(rig_deliver(r, rig_hdr(7), 4), SCMI_OK);
	assert_int_equal(rig_send(r, rig_hdr(8), 4), SCMI_OK);
	assert_int_equal(r->seen[0].token, 7);
	assert_int_equal(r->seen[0].len, 4);
	assert_int_equal(rig_changed(r->seen[0].bytes, 4), 0);
	assert_int_equal(script_last(&r->script)->token, 8);
	rig_down(r);
}

/* ---- the seed ---- */

/* Everything at once, for a good while; returns a sum over all that was seen at both ends. */
static uint64_t run_all(uint64_t seed)
{
	struct rig *r = rig_new(RIG_WAIT);
	uint64_t sum = 0;

	r->config.seed = seed;
	flaky_rates(&r->config, FLAKY_ALWAYS / 10u);
	r->config.rate[FLAKY_A2P][FLAKY_LINK] = FLAKY_ALWAYS / 100u;
	rig_up(r);
	for (uint16_t i = 0; i < 1000; i++) {
		(void)rig_send(r, rig_hdr(i), i % 30u);
		if (r->script.running) /* a lost link brings nothing */
			(void)rig_deliver(r, rig_hdr(i), i % 40u);
		(void)rig_poll(r);
		r->fake.now_us += 50;
		sum = sum * 31u + r->script.sends * 3u + r->seen_n * 5u + r->ready + r->downs;
		if (r->seen_n != 0)
			sum += r->seen[(r->seen_n - 1u) % RIG_SEEN].hdr + r->seen[(r->seen_n - 1u) % RIG_SEEN].bytes[3];
	}
	for (unsigned d = 0; d < 2; d++) {
		for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++)
			assert_true(r->config.rate[d][fault] == 0 || rig_counts(r).fault[d][fault] != 0);
	}
	flaky_calm(r->flaky);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P] + rig_counts(r).held[FLAKY_P2A], 0);
	flaky_print(r->flaky);
	r->script.fault = NULL;
	rig_down(r);
	return sum;
}

static void run_follows_from_its_seed(void **state)
{
	const uint64_t sum = run_all(42);

	(void)state;
	assert_true(run_all(42) == sum);
	assert_true(run_all(43) != sum);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stalled_send_is_busy_until_one_ready),
		cmocka_unit_test(stalled_messages_come_together_and_in_order),
		cmocka_unit_test(stop_drops_what_is_held_for_ever),
		cmocka_unit_test(nothing_held_goes_out_beside_a_stop),
		cmocka_unit_test(message_of_the_last_moment_is_not_kept),
		cmocka_unit_test(message_before_start_has_returned_is_kept),
		cmocka_unit_test(failed_start_leaves_nothing),
		cmocka_unit_test(held_command_that_finds_no_room_is_tried_again),
		cmocka_unit_test(new_command_of_a_slot_replaces_the_held_one),
		cmocka_unit_test(sends_do_not_overlap_where_they_must_not),
		cmocka_unit_test(command_whose_slot_is_just_sent_is_busy),
		cmocka_unit_test(held_commands_do_not_go_out_in_upcalls),
		cmocka_unit_test(full_queue_lets_messages_through),
		cmocka_unit_test(run_follows_from_its_seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
