/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The order of lib/hosted's steps. Its sources are linked with a signal of the test's own, which lets another context
 * act inside raise() and lower(): between two instructions, where threads would be met once in a thousand hours.
 */
#define _POSIX_C_SOURCE 200809L

#include "reactor_rig.h"

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include "../../lib/hosted/internal.h"
#include "fds.h"

/* ---- the signal: a pipe, and two hooks that are run once ---- */

typedef void (*hook_fn)(void);
static _Atomic hook_fn on_raise; /* before the descriptor becomes readable */
static _Atomic hook_fn on_lower; /* before it becomes unreadable */
static atomic_uint raised;

static void run_once(_Atomic hook_fn *hook)
{
	const hook_fn todo = atomic_exchange(hook, NULL);

	if (todo != NULL)
		todo();
}

int scmi__signal_open(struct scmi__signal *s)
{
	int fds[2];

	if (pipe(fds) != 0)
		return SCMI_E_IO;
	s->out = fds[0];
	s->in = fds[1];
	return SCMI_OK;
}

void scmi__signal_close(struct scmi__signal *s)
{
	close(s->out);
	close(s->in);
}

void scmi__signal_raise(const struct scmi__signal *s)
{
	run_once(&on_raise);
	if (write(s->in, "", 1) == 1)
		atomic_fetch_add(&raised, 1u);
}

void scmi__signal_lower(const struct scmi__signal *s)
{
	char byte;

	run_once(&on_lower);
	while (fd_is_readable(s->out, 0)) {
		if (read(s->out, &byte, 1) < 0)
			return;
	}
}

/* ---- reactor ---- */

static struct scmi_reactor *reactor;
static struct rig rig;

static void set_up(uint32_t flags)
{
	reactor = reactor_new();
	rig_open_on(&rig, reactor, flags, 1);
}

static void tear_down(void)
{
	rig_close_on(&rig, reactor);
	assert_int_equal(scmi_reactor_destroy(reactor), SCMI_OK);
}

/* A deadline that only wake tells of. */
static void timeout_fires(void)
{
	struct echo e;
	sem_t ended;

	sem_init(&ended, 0, 0);
	echo_fill(&e, &rig, 0x14, 1, &ended);
	e.call.message = HELD_MSG;
	e.call.timeout_us = 1000;
	e.call.done = echo_done;
	assert_int_equal(scmi_agent_submit(rig.agent, &e.call), SCMI_OK);
	sem_take(&ended);
	assert_int_equal(e.err, SCMI_E_TIMEOUT);
	sem_destroy(&ended);
}

static void wake_it(void)
{
	scmi_reactor_wake(reactor);
}

/* Would the flag be down by then, this wake would raise what is lowered next, and no later one raise it again. */
static void reactor_keeps_a_wake_that_comes_while_it_lowers_the_signal(void **state)
{
	(void)state;
	set_up(SCMI_AGENT_PASSIVE);
	for (int i = 0; i < 5; i++) {
		atomic_store(&on_lower, wake_it);
		scmi_reactor_wake(reactor);
		while (atomic_load(&on_lower) != NULL)
			sched_yield();
		timeout_fires();
	}
	tear_down();
}

/* The flag is up and the signal is not yet: whoever comes now relies on the first one. */
static void reactor_is_woken_once_for_many(void **state)
{
	unsigned before;

	(void)state;
	set_up(SCMI_AGENT_PASSIVE);
	for (int i = 0; i < 5; i++) {
		before = atomic_load(&raised);
		atomic_store(&on_raise, wake_it);
		scmi_reactor_wake(reactor);
		assert_int_equal(atomic_load(&raised), before + 1u);
		timeout_fires();
	}
	tear_down();
}

/* ---- doorbell ---- */

static struct scmi_doorbell *bell;
static sem_t go;
static atomic_bool cleared;

static void *clear_it(void *arg)
{
	(void)arg;
	sem_take(&go);
	scmi_doorbell_clear(bell);
	atomic_store(&cleared, true);
	return NULL;
}

/* As long as another context may need; that one must not get through, so there is no end to wait for. */
static void let_it_clear(void)
{
	const struct timespec nap = {.tv_nsec = 1000000};

	sem_post(&go);
	for (int i = 0; i < 20 && !atomic_load(&cleared); i++)
		nanosleep(&nap, NULL);
}

/* A clear that got ahead of the raise would leave the descriptor readable, with nobody to see why. */
static void doorbell_cannot_be_cleared_while_it_is_being_rung(void **state)
{
	pthread_t thread;

	(void)state;
	assert_int_equal(scmi_doorbell_create(&bell), SCMI_OK);
	sem_init(&go, 0, 0);
	assert_int_equal(pthread_create(&thread, NULL, clear_it, NULL), 0);
	atomic_store(&on_raise, let_it_clear);
	scmi_doorbell_ring(bell);
	pthread_join(thread, NULL);
	scmi_doorbell_clear(bell);
	assert_false(fd_is_readable(scmi_doorbell_fd(bell), 0));
	sem_destroy(&go);
	scmi_doorbell_destroy(bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reactor_keeps_a_wake_that_comes_while_it_lowers_the_signal),
		cmocka_unit_test(reactor_is_woken_once_for_many),
		cmocka_unit_test(doorbell_cannot_be_cleared_while_it_is_being_rung),
	};

	return cmocka_run_group_tests_name("reactor_order", tests, NULL, NULL);
}
