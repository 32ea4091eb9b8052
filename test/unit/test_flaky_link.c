/* SPDX-License-Identifier: BSD-3-Clause */
/* The flaky transport: links that are lost, by its own doing or the inner transport's, and who waits for whom. */
#include "flaky_rig.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <scmi/errors.h>

/* ---- the link ---- */

static void link_is_lost_in_a_poll_and_comes_back(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_LINK);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->downs, 0); /* not inside a send: the inner stop() is not for there */
	r->script.polls = 0;
	(void)rig_poll(r);
	assert_int_equal(r->script.stops, 1);
	assert_int_equal(r->script.polls, 0);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->down_err, SCMI_E_LINK);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	(void)rig_poll(r);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->ready, 0);
	r->fake.now_us += 1000;
	r->script.start_err = SCMI_E_NOPEER; /* not there yet: it will be tried again */
	(void)rig_poll(r);
	assert_int_equal(r->script.starts, 2);
	assert_int_equal(r->ready, 0);
	r->script.start_err = SCMI_OK;
	r->script.starts--; /* that one has failed */
	r->fake.now_us += 1000;
	(void)rig_poll(r);
	(void)rig_poll(r);
	assert_int_equal(r->script.starts, 2);
	assert_int_equal(r->ready, 1);
	flaky_calm(r->flaky);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(rig_faults(r, FLAKY_A2P, FLAKY_LINK), 1);
	rig_down(r);
}

static void sleeper_without_link_wakes_for_its_return(void **state)
{
	struct rig *r = rig_with(RIG_WAIT, FLAKY_A2P, FLAKY_LINK);
	uint64_t start_us;

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER); /* at once: there is a link to lose */
	assert_int_equal(r->script.waits, 0);
	(void)rig_poll(r);
	start_us = r->fake.now_us;
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	r->transport.ops->wait(r->transport.ctx, SCMI_NEVER);
	assert_int_equal(r->script.waits, 0); /* what is stopped cannot be waited on */
	assert_in_range(r->fake.now_us, start_us + 1u, start_us + 1000u);
	(void)rig_poll(r);
	assert_int_equal(r->ready, 1);
	rig_down(r);
}

static void cut_link_takes_along_what_is_held(void **state)
{
	struct rig *r = rig_held(RIG_IRQ);

	(void)state;
	flaky_cut(r->flaky);
	assert_int_equal(r->downs, 1);
	assert_int_equal(rig_counts(r).lost[FLAKY_A2P], 1);
	assert_int_equal(rig_counts(r).lost[FLAKY_P2A], 1);
	assert_int_equal(rig_send(r, rig_hdr(3), 4), SCMI_E_NOPEER);
	r->fake.now_us += 5000;
	flaky_turn(r->flaky);
	assert_int_equal(r->ready, 1);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->seen_n, 0);
	rig_down(r);
}

static int cut_inside(struct script *s, const struct script_sent *sent, void *arg)
{
	struct rig *r = arg;

	(void)sent;
	flaky_cut(r->flaky);
	flaky_turn(r->flaky);
	assert_int_equal(s->stops, 0);
	return SCMI_OK;
}

static void link_is_not_lost_while_somebody_is_inside(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.cuts = 1;
	rig_up(r);
	r->script.on_send = cut_inside;
	r->script.arg = r;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->downs, 0);
	flaky_turn(r->flaky);
	assert_int_equal(r->downs, 1);
	rig_down(r);
}

static void no_peer_in_start(struct script *s, void *arg)
{
	(void)arg;
	s->sink->link_down(s->core, SCMI_E_LINK);
}

/* The inner transport starts, but says that its peer has yet to come: then it is the one to call ready(). */
static void link_that_comes_back_without_peer_is_not_ready(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	r->config.cuts = 1;
	rig_up(r);
	r->script.on_start = no_peer_in_start;
	flaky_cut(r->flaky);
	r->fake.now_us += 1000;
	flaky_turn(r->flaky);
	assert_int_equal(r->script.starts, 2);
	assert_int_equal(r->ready, 0);
	r->script.sink->ready(r->script.core);
	assert_int_equal(r->ready, 1);
	rig_down(r);
}

static void calm_brings_a_lost_link_back(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_LINK);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	flaky_calm(r->flaky);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->ready, 1);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	rig_down(r);
}

static void stop_while_the_link_is_lost_stops_once(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_LINK);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	(void)rig_poll(r);
	rig_down(r); /* the script complains of a second stop */
	r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_LINK);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	rig_down(r); /* about to be lost: the script has not been stopped yet */
}

static void inner_link_down_takes_along_what_is_held(void **state)
{
	struct rig *r = rig_held(RIG_IRQ);

	(void)state;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(r->downs, 1);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P] + rig_counts(r).held[FLAKY_P2A], 0);
	r->script.sink->ready(r->script.core);
	r->fake.now_us += 5000;
	(void)rig_poll(r);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->seen_n, 0);
	assert_int_equal(r->ready, 1);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK); /* and on it goes */
	assert_int_equal(rig_counts(r).held[FLAKY_A2P], 1);
	rig_down(r);
}

static void turn_in_down(struct rig *r)
{
	r->fake.now_us += 5000;
	flaky_turn(r->flaky);
}

static void nothing_held_is_delivered_beside_link_down(void **state)
{
	struct rig *r = rig_held(RIG_IRQ);

	(void)state;
	r->on_down = turn_in_down;
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->seen_n, 0);
	rig_down(r);
}

static void stall_ends_without_ready_where_the_link_went(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_A2P, FLAKY_STALL);

	(void)state;
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_BUSY);
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	r->fake.now_us += 1000;
	flaky_turn(r->flaky);
	assert_int_equal(r->ready, 0); /* it would bring back a link that is down */
	r->script.sink->ready(r->script.core);
	assert_int_equal(r->ready, 1);
	rig_down(r);
}

/* ---- recovery ---- */

static unsigned recoveries;
static int recover_err;

static int recover(void *ctx)
{
	const struct script *s = ctx;

	assert_true(s->running);
	recoveries++;
	return recover_err;
}

static struct rig *rig_recovering(int err)
{
	struct rig *r = rig_new(RIG_IRQ);

	recoveries = 0;
	recover_err = err;
	r->script.ops.recover = recover;
	r->config.rate[FLAKY_A2P][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->config.rate[FLAKY_P2A][FLAKY_DELAY] = FLAKY_ALWAYS;
	r->config.cuts = 1;
	rig_up(r);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(rig_deliver(r, rig_hdr(2), 4), SCMI_OK);
	return r;
}

static int recover_rig(struct rig *r)
{
	return r->transport.ops->recover(r->transport.ctx);
}

static void recovery_takes_along_what_is_held(void **state)
{
	static const int errors[] = {SCMI_OK, SCMI_E_NOPEER};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct rig *r = rig_recovering(errors[i]);

		assert_int_equal(recover_rig(r), errors[i]);
		assert_int_equal(rig_counts(r).lost[FLAKY_A2P] + rig_counts(r).lost[FLAKY_P2A], 2);
		flaky_calm(r->flaky);
		assert_int_equal(r->script.sends + r->seen_n, 0);
		assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK); /* what comes of it is the inner one's word */
		assert_int_equal(r->script.sends, 1);
		assert_int_equal(r->downs + r->ready, 0);
		rig_down(r);
	}
}

static void recovery_that_cannot_be_now_changes_nothing(void **state)
{
	struct rig *r = rig_recovering(SCMI_E_BUSY);

	(void)state;
	assert_int_equal(recover_rig(r), SCMI_E_BUSY);
	assert_int_equal(rig_counts(r).held[FLAKY_A2P] + rig_counts(r).held[FLAKY_P2A], 2);
	flaky_calm(r->flaky);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(r->seen_n, 1);
	rig_down(r);
}

/* What is stopped is not recovered but started. */
static void recovery_brings_a_lost_link_back(void **state)
{
	struct rig *r = rig_recovering(SCMI_E_IO);

	(void)state;
	flaky_cut(r->flaky);
	r->script.start_err = SCMI_E_NOPEER;
	assert_int_equal(recover_rig(r), SCMI_E_NOPEER);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	r->script.start_err = SCMI_OK;
	r->script.starts--; /* that one has failed */
	assert_int_equal(recover_rig(r), SCMI_OK);
	assert_int_equal(recoveries, 0);
	flaky_calm(r->flaky);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->script.sends, 1);
	assert_int_equal(r->downs, 1);
	assert_int_equal(r->ready, 1); /* it had been told that the link is down */
	rig_down(r);
}

static void recovery_of_a_link_about_to_be_lost_saves_it(void **state)
{
	struct rig *r = rig_new(RIG_IRQ);

	(void)state;
	recoveries = 0;
	r->script.ops.recover = recover;
	r->config.rate[FLAKY_A2P][FLAKY_LINK] = FLAKY_ALWAYS;
	rig_up(r);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_E_NOPEER);
	assert_int_equal(recover_rig(r), SCMI_OK);
	assert_int_equal(r->script.stops, 1);
	flaky_calm(r->flaky);
	assert_int_equal(rig_send(r, rig_hdr(1), 4), SCMI_OK);
	assert_int_equal(r->downs + r->ready + recoveries, 0);
	rig_down(r);
}

/* ---- a delivery of ours in one thread, the end of all in another ---- */

static atomic_bool in_upcall;
static atomic_bool let_go;
static atomic_bool over;

static void linger(struct rig *r)
{
	(void)r;
	atomic_store(&in_upcall, true);
	while (!atomic_load(&let_go))
		sched_yield();
}

static void *poll_once(void *arg)
{
	(void)rig_poll(arg);
	return NULL;
}

static void *stop_it(void *arg)
{
	struct rig *r = arg;

	r->transport.ops->stop(r->transport.ctx);
	atomic_store(&over, true);
	return NULL;
}

static void *lose_it(void *arg)
{
	struct rig *r = arg;

	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	atomic_store(&over, true);
	return NULL;
}

static void check_waits(struct rig *r, void *(*end)(void *arg))
{
	pthread_t polling;
	pthread_t ending;

	atomic_store(&in_upcall, false);
	atomic_store(&let_go, false);
	atomic_store(&over, false);
	r->on_rx = linger;
	r->fake.now_us += 1000;
	assert_int_equal(pthread_create(&polling, NULL, poll_once, r), 0);
	while (!atomic_load(&in_upcall))
		sched_yield();
	assert_int_equal(pthread_create(&ending, NULL, end, r), 0);
	for (int i = 0; i < 2000; i++)
		sched_yield(); /* long enough for one who does not wait */
	assert_false(atomic_load(&over));
	atomic_store(&let_go, true);
	pthread_join(polling, NULL);
	pthread_join(ending, NULL);
}

static void stop_waits_for_our_own_delivery(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_OK);
	check_waits(r, stop_it);
	flaky_destroy(r->flaky);
	free(r);
}

static void link_down_waits_for_our_own_delivery(void **state)
{
	struct rig *r = rig_with(RIG_IRQ, FLAKY_P2A, FLAKY_DELAY);

	(void)state;
	assert_int_equal(rig_deliver(r, rig_hdr(1), 4), SCMI_OK);
	check_waits(r, lose_it);
	rig_down(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(link_is_lost_in_a_poll_and_comes_back),
		cmocka_unit_test(sleeper_without_link_wakes_for_its_return),
		cmocka_unit_test(cut_link_takes_along_what_is_held),
		cmocka_unit_test(link_is_not_lost_while_somebody_is_inside),
		cmocka_unit_test(link_that_comes_back_without_peer_is_not_ready),
		cmocka_unit_test(calm_brings_a_lost_link_back),
		cmocka_unit_test(stop_while_the_link_is_lost_stops_once),
		cmocka_unit_test(inner_link_down_takes_along_what_is_held),
		cmocka_unit_test(nothing_held_is_delivered_beside_link_down),
		cmocka_unit_test(stall_ends_without_ready_where_the_link_went),
		cmocka_unit_test(recovery_takes_along_what_is_held),
		cmocka_unit_test(recovery_that_cannot_be_now_changes_nothing),
		cmocka_unit_test(recovery_brings_a_lost_link_back),
		cmocka_unit_test(recovery_of_a_link_about_to_be_lost_saves_it),
		cmocka_unit_test(stop_waits_for_our_own_delivery),
		cmocka_unit_test(link_down_waits_for_our_own_delivery),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
