/* SPDX-License-Identifier: BSD-3-Clause */
/* A reactor's life, and what its thread is like; twice, as test_reactor.c. */
#define _GNU_SOURCE

#include "reactor_rig.h"

#include <sched.h>
#include <signal.h>
#include <string.h>

#include "fds.h"

/* ---- life ---- */

static void reactor_arguments_are_checked(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct scmi_reactor *other = reactor_new();
	struct scmi_agent_config config;
	struct rig r;

	(void)state;
	rig_open(&r, 0, 1, scmi_reactor_wake, reactor);
	config = r.config;
	assert_int_equal(scmi_reactor_create(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_add(NULL, r.agent, &config), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_add(reactor, NULL, &config), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_add(reactor, r.agent, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_add(other, r.agent, &config), SCMI_E_INVAL);
	config.size--;
	assert_int_equal(scmi_reactor_add(reactor, r.agent, &config), SCMI_E_INVAL);
	config.size++;
	config.wake = NULL;
	assert_int_equal(scmi_reactor_add(reactor, r.agent, &config), SCMI_E_INVAL);
	config.wake = scmi_reactor_wake;
	config.links_n = SCMI_LINKS_MAX;
	assert_int_equal(scmi_reactor_add(reactor, r.agent, &config), SCMI_E_INVAL);
	config.links_n = 0;
	assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_reactor_remove(NULL, r.agent), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_remove(reactor, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_destroy(NULL), SCMI_E_INVAL);

	assert_int_equal(scmi_reactor_add(reactor, r.agent, &config), SCMI_OK);
	assert_int_equal(scmi_reactor_add(reactor, r.agent, &config), SCMI_E_INVAL);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_E_BUSY);
	assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_OK);
	assert_int_equal(scmi_reactor_remove(reactor, r.agent), SCMI_E_NOTFOUND);
	rig_close(&r);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	assert_int_equal(scmi_reactor_destroy(other), SCMI_OK);
}

static void reactor_leaves_no_descriptor_behind(void **state)
{
	const unsigned before = open_fds();

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct scmi_reactor *reactor = reactor_new();
		struct rig r;

		assert_true(open_fds() > before);
		rig_open_on(&r, reactor, 0, 2);
		rig_close_on(&r, reactor);
		assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
	}
	assert_int_equal(open_fds(), before);
}

static void reactor_without_a_descriptor_is_told(void **state)
{
	const unsigned before = open_fds();
	struct fd_hog hog;

	(void)state;
	for (unsigned left = 0; left < 3; left++) {
		struct scmi_reactor *reactor = NULL;
		int err;

		fd_hog_all_but(&hog, left);
		err = scmi_reactor_create(&reactor);
		fd_hog_end(&hog);
		assert_true(err == SCMI_OK ? left != 0 : err == SCMI_E_IO);
		if (err == SCMI_OK)
			assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
		assert_int_equal(open_fds(), before);
	}
}

/* ---- its thread ---- */

struct inside {
	struct scmi_reactor *reactor;
	struct rig *rig;
	struct rig *other;
	sigset_t blocked;
	char name[16];
	pthread_t thread;
	int add;
	int remove;
	int remove_other;
	int destroy;
	sem_t ended;
};

static void look_around(struct scmi_call *call, int err)
{
	struct echo *e = call->arg;
	struct inside *in = e->owner;

	rig_fault_unless(e->rig, err == SCMI_OK);
	atomic_fetch_add(&e->rig->ok, 1u);
	in->thread = pthread_self();
	pthread_sigmask(SIG_BLOCK, NULL, &in->blocked);
	pthread_getname_np(pthread_self(), in->name, sizeof(in->name));
	in->add = scmi_reactor_add(in->reactor, in->other->agent, &in->other->config);
	in->remove = scmi_reactor_remove(in->reactor, in->rig->agent);
	in->remove_other = scmi_reactor_remove(in->reactor, in->other->agent);
	in->destroy = scmi_reactor_destroy(in->reactor);
	sem_post(&in->ended);
}

static void look_inside(struct inside *in)
{
	struct echo e;

	sem_init(&in->ended, 0, 0);
	echo_fill(&e, in->rig, 0x14, 5, in);
	e.call.message = HELD_MSG; /* else the submit itself may find it answered */
	e.call.done = look_around;
	assert_int_equal(scmi_agent_submit(in->rig->agent, &e.call), SCMI_OK);
	while (far_end_held(&in->rig->far[0]) == 0)
		sched_yield();
	far_end_let_go(&in->rig->far[0]);
	sem_take(&in->ended);
	sem_destroy(&in->ended);
}

static void reactor_runs_callbacks_on_a_thread_of_its_own_without_signals(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct rig other;
	struct inside in = {.reactor = reactor, .rig = &r, .other = &other};

	(void)state;
	rig_open_on(&r, reactor, SCMI_AGENT_PASSIVE, 1);
	rig_open(&other, 0, 1, scmi_reactor_wake, reactor);
	look_inside(&in);
	assert_false(pthread_equal(in.thread, pthread_self()));
	assert_int_equal(sigismember(&in.blocked, SIGTERM), 1);
	assert_int_equal(sigismember(&in.blocked, SIGUSR1), 1);
	assert_int_equal(sigismember(&in.blocked, SIGSEGV), 0);
	pthread_sigmask(SIG_BLOCK, NULL, &in.blocked); /* and ours is as it was */
	assert_int_equal(sigismember(&in.blocked, SIGTERM), 0);
#ifdef REACTOR_EPOLL
	assert_string_equal(in.name, "scmi-reactor");
#endif
	rig_close_on(&r, reactor);
	rig_close(&other);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

/* Waiting for itself would be a deadlock: nothing is done, and it goes on as before. */
static void reactor_refuses_what_its_own_callback_cannot_wait_for(void **state)
{
	struct scmi_reactor *reactor = reactor_new();
	struct rig r;
	struct rig other;
	struct inside in = {.reactor = reactor, .rig = &r, .other = &other};

	(void)state;
	rig_open_on(&r, reactor, SCMI_AGENT_PASSIVE, 1);
	rig_open(&other, 0, 1, scmi_reactor_wake, reactor);
	look_inside(&in);
	assert_int_equal(in.add, SCMI_E_CONTEXT);
	assert_int_equal(in.remove, SCMI_E_CONTEXT);
	assert_int_equal(in.remove_other, SCMI_E_CONTEXT);
	assert_int_equal(in.destroy, SCMI_E_CONTEXT);
	look_inside(&in);
	rig_close_on(&r, reactor);
	rig_close(&other);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reactor_arguments_are_checked),
		cmocka_unit_test(reactor_leaves_no_descriptor_behind),
		cmocka_unit_test(reactor_without_a_descriptor_is_told),
		cmocka_unit_test(reactor_runs_callbacks_on_a_thread_of_its_own_without_signals),
		cmocka_unit_test(reactor_refuses_what_its_own_callback_cannot_wait_for),
	};

	return cmocka_run_group_tests_name("reactor_life", tests, NULL, NULL);
}
