/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A reactor drives receive; once on epoll and an eventfd, once on poll() and a pipe (two programs). Nobody else does
 * anything, so what would be a lost wake-up hangs until the test's time limit.
 */
#define _POSIX_C_SOURCE 200809L

#include "reactor_rig.h"

#include <sched.h>
#include <time.h>

/* ---- traffic ---- */

static void traffic(uint32_t flags, unsigned links)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct rig *rig = &r;

	rig_open_on(&r, reactor, flags, links);
	rig_traffic(&rig, 1, 2);
	assert_int_equal(atomic_load(&r.ok), 4u * r.rounds);
	rig_close_on(&r, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

static void reactor_completes_the_calls_of_other_threads(void **state)
{
	(void)state;
	traffic(SCMI_AGENT_PASSIVE, 1);
	traffic(SCMI_AGENT_PASSIVE, 2);
}

static void reactor_shares_the_work_with_waiters_that_drive(void **state)
{
	(void)state;
	traffic(0, 1);
	traffic(0, 2);
}

static void reactor_runs_what_a_deferred_agent_puts_off(void **state)
{
	(void)state;
	traffic(SCMI_AGENT_DEFERRED, 1);
	traffic(SCMI_AGENT_DEFERRED | SCMI_AGENT_PASSIVE, 1);
}

static void reactor_drives_two_agents(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig a;
	struct rig b;
	struct rig *rigs[] = {&a, &b};

	(void)state;
	rig_open_on(&a, reactor, SCMI_AGENT_PASSIVE, 1);
	rig_open_on(&b, reactor, 0, 1);
	rig_traffic(rigs, 2, 2);
	assert_int_equal(atomic_load(&a.ok), 4u * a.rounds);
	assert_int_equal(atomic_load(&b.ok), 4u * b.rounds);
	rig_close_on(&a, reactor);
	rig_traffic(&rigs[1], 1, 1); /* the other one goes on */
	assert_int_equal(atomic_load(&b.ok), 6u * b.rounds);
	rig_close_on(&b, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

/* ---- time ---- */

static void submit_held(struct rig *r, struct echo *e, uint32_t timeout_us, sem_t *ended)
{
	echo_fill(e, r, 0x14, 1, ended);
	e->call.message = HELD_MSG;
	e->call.timeout_us = timeout_us;
	e->call.done = echo_done;
	assert_int_equal(scmi_agent_submit(r->agent, &e->call), SCMI_OK);
}

static void *wake_often(void *arg)
{
	for (unsigned i = 0; i < 20000; i++)
		scmi_reactor_wake(arg);
	return NULL;
}

/* After a storm of them one must still do: to fire a time-out, nothing else wakes it. */
static void reactor_loses_no_wake(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct echo e;
	sem_t ended;

	(void)state;
	sem_init(&ended, 0, 0);
	rig_open_on(&r, reactor, SCMI_AGENT_PASSIVE, 1);
	for (unsigned round = 0; round < 8; round++) {
		pthread_t threads[3];

		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, wake_often, reactor), 0);
		for (unsigned i = 0; i < 3; i++)
			pthread_join(threads[i], NULL);
		submit_held(&r, &e, 1000, &ended);
		sem_take(&ended);
		assert_int_equal(e.err, SCMI_E_TIMEOUT);
		far_end_let_go(&r.far[0]);
	}
	rig_close_on(&r, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	sem_destroy(&ended);
}

static void fire_timeouts(uint32_t flags)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct echo far;
	struct echo near;
	sem_t ended;

	sem_init(&ended, 0, 0);
	rig_open_on(&r, reactor, flags, 1);
	for (unsigned round = 0; round < 3; round++) {
		submit_held(&r, &near, 5000, &ended);
		sem_take(&ended);
		assert_int_equal(near.err, SCMI_E_TIMEOUT);
	}
	submit_held(&r, &far, 1000000000, &ended); /* it sleeps for long now */
	submit_held(&r, &near, 5000, &ended);
	sem_take(&ended);
	assert_int_equal(near.err, SCMI_E_TIMEOUT);
	while (far_end_held(&r.far[0]) < 5) /* a far end that is late has nothing to let go yet */
		sched_yield();
	far_end_let_go(&r.far[0]);
	sem_take(&ended);
	assert_int_equal(far.err, SCMI_OK);
	echo_fill(&near, &r, 0x14, 1, NULL);
	near.call.message = HELD_MSG;
	near.call.timeout_us = 5000;
	assert_int_equal(scmi_agent_call(r.agent, &near.call), SCMI_E_TIMEOUT);
	rig_close_on(&r, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	sem_destroy(&ended);
}

static void reactor_fires_timeouts(void **state)
{
	(void)state;
	fire_timeouts(SCMI_AGENT_PASSIVE);
	fire_timeouts(SCMI_AGENT_PASSIVE | SCMI_AGENT_DEFERRED);
}

/* ---- notifications ---- */

#define NOTICES 200u

struct listener {
	struct scmi_subscriber node;
	struct rig *rig;
	uint32_t next;
	sem_t all;
};

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct listener *l = self->arg;

	(void)hdr;
	rig_fault_unless(l->rig, len == 4 && scmi_get_le32(payload) == l->next);
	if (++l->next == NOTICES)
		sem_post(&l->all);
}

static void reactor_hands_out_notifications(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct listener l = {.rig = &r};

	(void)state;
	rig_open_on(&r, reactor, 0, 1);
	sem_init(&l.all, 0, 0);
	l.node = (struct scmi_subscriber){
		.size = sizeof(l.node),
		.protocol = 0x14,
		.message = SCMI_ANY,
		.notify = on_notify,
		.arg = &l,
	};
	assert_int_equal(scmi_agent_subscribe(r.agent, &l.node), SCMI_OK);
	for (uint32_t i = 0; i < NOTICES; i++)
		far_end_notify(&r.far[0], i);
	sem_take(&l.all);
	assert_int_equal(scmi_agent_unsubscribe(r.agent, &l.node), SCMI_OK);
	rig_close_on(&r, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	sem_destroy(&l.all);
}

/* ---- beside traffic ---- */

/* Asleep in between: who spins takes the processor from those that it waits for. */
static void let_it_run(struct rig *r, unsigned calls)
{
	const struct timespec nap = {.tv_nsec = 50000};
	const unsigned before = atomic_load(&r->ok);

	while (atomic_load(&r->ok) - before < calls)
		nanosleep(&nap, NULL);
}

/*
 * What comes while it is off is taken when it is on again; while it is off no done function runs but those that a
 * submit finds to have ended within it.
 */
static void reactor_lets_agents_come_and_go_beside_traffic(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig steady;
	struct rig r;
	pthread_t threads[3];

	(void)state;
	rig_open_on(&steady, reactor, SCMI_AGENT_PASSIVE, 1);
	rig_open_on(&r, reactor, SCMI_AGENT_PASSIVE, 1);
	steady.rounds = UINT32_MAX;
	r.rounds = UINT32_MAX;
	assert_int_equal(pthread_create(&threads[0], NULL, rig_call_many, &steady), 0);
	assert_int_equal(pthread_create(&threads[1], NULL, rig_submit_many, &r), 0);
	assert_int_equal(pthread_create(&threads[2], NULL, rig_submit_many, &r), 0);
	for (unsigned i = 0; i < 200; i++) {
		unsigned off;

		let_it_run(&r, 20);
		assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_OK);
		off = atomic_load(&r.dones);
		let_it_run(&steady, 5);
		assert_int_equal(atomic_load(&r.dones), off);
		assert_int_equal(scmi_reactor_add(reactor, r.agent, &r.config), SCMI_OK);
	}
	atomic_store(&r.over, true);
	atomic_store(&steady.over, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	rig_close_on(&r, reactor);
	rig_close_on(&steady, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

static void stop_beside_traffic(uint32_t flags, bool added)
{
	for (unsigned i = 0; i < 50; i++) {
		struct scmi_reactor *reactor = reactor_new();
		struct rig r;
		pthread_t threads[2];

		rig_open_on(&r, reactor, flags, 1 + i % 2u);
		r.rounds = UINT32_MAX;
		assert_int_equal(pthread_create(&threads[0], NULL, rig_call_many, &r), 0);
		assert_int_equal(pthread_create(&threads[1], NULL, rig_submit_many, &r), 0);
		let_it_run(&r, 20);
		if (!added)
			assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_OK);
		atomic_store(&r.over, true);
		assert_int_equal(scmi_agent_stop(r.agent), SCMI_OK);
		for (unsigned t = 0; t < 2; t++)
			pthread_join(threads[t], NULL);
		if (added)
			assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_OK);
		rig_close(&r);
		assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	}
}

static void reactor_does_not_mind_a_stop_beside_it(void **state)
{
	(void)state;
	stop_beside_traffic(SCMI_AGENT_PASSIVE, true);
	stop_beside_traffic(0, true);
	stop_beside_traffic(SCMI_AGENT_PASSIVE | SCMI_AGENT_DEFERRED, true);
	stop_beside_traffic(SCMI_AGENT_PASSIVE, false);
}

static void reactor_goes_on_with_an_agent_that_was_stopped_and_started(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct rig *rig = &r;

	(void)state;
	rig_open_on(&r, reactor, SCMI_AGENT_PASSIVE, 2);
	r.rounds = 50;
	for (unsigned i = 1; i < 20; i++) {
		rig_traffic(&rig, 1, 1);
		assert_int_equal(atomic_load(&r.ok), i * 2u * r.rounds);
		assert_int_equal(scmi_agent_stop(r.agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(r.agent), SCMI_OK);
	}
	rig_close_on(&r, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reactor_completes_the_calls_of_other_threads),
		cmocka_unit_test(reactor_shares_the_work_with_waiters_that_drive),
		cmocka_unit_test(reactor_runs_what_a_deferred_agent_puts_off),
		cmocka_unit_test(reactor_drives_two_agents),
		cmocka_unit_test(reactor_loses_no_wake),
		cmocka_unit_test(reactor_fires_timeouts),
		cmocka_unit_test(reactor_hands_out_notifications),
		cmocka_unit_test(reactor_lets_agents_come_and_go_beside_traffic),
		cmocka_unit_test(reactor_does_not_mind_a_stop_beside_it),
		cmocka_unit_test(reactor_goes_on_with_an_agent_that_was_stopped_and_started),
	};

	return cmocka_run_group_tests_name("reactor", tests, NULL, NULL);
}
