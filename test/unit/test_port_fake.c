/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <scmi/errors.h>

#include "fake_port.h"
#include "port_suite.h"

static struct fake_port fake;
static max_align_t event;

static int make(struct scmi_port *out)
{
	fake_port_init(&fake);
	fake.step_us = 1;
	*out = fake.port;
	return SCMI_OK;
}

static void drop(void)
{
	assert_null(fake.fault);
	assert_int_equal(fake.events, 0);
}

static void (*other_act)(void *arg);

static void act_once(struct fake_port *f, void *arg)
{
	f->on_wait = NULL;
	f->on_relax = NULL;
	other_act(arg);
}

static void other(void (*act)(void *arg), void *arg)
{
	other_act = act;
	fake.arg = arg;
	fake.on_wait = act_once;
	fake.on_relax = act_once;
}

static void join(void)
{
	assert_null(fake.on_wait);
}

static int make_with_event(void **state)
{
	(void)state;
	fake_port_init(&fake);
	return fake.port.event_init(&fake, &event);
}

static void fake_clock_moves_only_by_its_settings(void **state)
{
	(void)state;
	assert_int_equal(fake.port.now_us(&fake), 1000000);
	assert_int_equal(fake.port.now_us(&fake), 1000000);
	fake.step_us = 3;
	assert_int_equal(fake.port.now_us(&fake), 1000000);
	assert_int_equal(fake.port.now_us(&fake), 1000003);
	fake.now_us = 5;
	assert_int_equal(fake.port.now_us(&fake), 5);
}

static void fake_wait_moves_the_clock_to_its_deadline(void **state)
{
	(void)state;
	assert_int_equal(fake.port.event_wait(&fake, &event, 1234567), SCMI_E_TIMEOUT);
	assert_int_equal(fake.now_us, 1234567);
	assert_int_equal(fake.port.event_wait(&fake, &event, 7), SCMI_E_TIMEOUT);
	assert_int_equal(fake.now_us, 1234567);
}

static void signal_after_a_while(struct fake_port *f, void *arg)
{
	f->now_us += 10;
	assert_int_equal(f->port.self(f), FAKE_OTHER);
	f->port.event_signal(f, arg);
}

static void fake_wait_is_ended_by_its_hook_before_the_deadline(void **state)
{
	(void)state;
	fake.on_wait = signal_after_a_while;
	fake.arg = &event;
	assert_int_equal(fake.port.event_wait(&fake, &event, 2000000), SCMI_OK);
	assert_int_equal(fake.now_us, 1000010);
	assert_int_equal(fake.port.self(&fake), FAKE_THREAD);
	assert_int_equal(fake.calls.event_signal, 1);
}

static void count_and_nest(struct fake_port *f, void *arg)
{
	++*(unsigned *)arg;
	f->port.relax(f);
	assert_int_equal(f->port.event_wait(f, &event, f->now_us), SCMI_E_TIMEOUT);
}

static void fake_hook_is_not_run_inside_a_hook(void **state)
{
	unsigned runs = 0;

	(void)state;
	fake.on_relax = count_and_nest;
	fake.on_wait = count_and_nest;
	fake.arg = &runs;
	fake.port.relax(&fake);
	fake.port.relax(&fake);
	assert_int_equal(runs, 2);
	assert_int_equal(fake.calls.relax, 4);
	assert_int_equal(fake.calls.event_wait, 2);
}

static void fake_event_init_fails_at_the_chosen_one_only(void **state)
{
	max_align_t more[3];

	(void)state;
	fake.fail_event_init = 2;
	assert_int_equal(fake.port.event_init(&fake, &more[0]), SCMI_OK);
	assert_int_equal(fake.port.event_init(&fake, &more[1]), SCMI_E_IO);
	assert_int_equal(fake.port.event_init(&fake, &more[2]), SCMI_OK);
	assert_int_equal(fake.events, 3);
	fake.port.event_fini(&fake, &more[0]);
	fake.port.event_fini(&fake, &more[2]);
	assert_int_equal(fake.events, 1);
	assert_null(fake.fault);
}

static void lock_twice(void)
{
	fake.port.lock(&fake);
	fake.port.lock(&fake);
}

static void unlock_free(void)
{
	fake.port.unlock(&fake);
}

static void signal_locked(void)
{
	fake.port.lock(&fake);
	fake.port.event_signal(&fake, &event);
}

static void init_locked(void)
{
	fake.port.lock(&fake);
	(void)fake.port.event_init(&fake, &event);
}

static void relax_locked(void)
{
	fake.port.lock(&fake);
	fake.port.relax(&fake);
}

static void fini_twice(void)
{
	fake.port.event_fini(&fake, &event);
	fake.port.event_fini(&fake, &event);
}

static void signal_after_fini(void)
{
	fake.port.event_fini(&fake, &event);
	fake.port.event_signal(&fake, &event);
}

static void misalign(void)
{
	assert_int_equal(fake.port.event_init(&fake, (unsigned char *)&event + 1), SCMI_E_IO);
}

static void fake_misuse_is_noted(void **state)
{
	static void (*const misuses[])(void) = {
		lock_twice,   unlock_free, signal_locked,     init_locked,
		relax_locked, fini_twice,  signal_after_fini, misalign,
	};
	size_t i;

	for (i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
		assert_int_equal(make_with_event(state), SCMI_OK);
		assert_null(fake.fault);
		misuses[i]();
		assert_non_null(fake.fault);
	}
}

static void fake_deadlock_aborts(void **state)
{
	int status;
	pid_t child = fork();

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		close(STDERR_FILENO);
		(void)fake.port.event_wait(&fake, &event, SCMI_NEVER);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

#define CASE(function) cmocka_unit_test_setup(function, make_with_event)

int main(void)
{
	const struct port_fixture fixture = {
		.name = "port fake",
		.make = make,
		.drop = drop,
		.other = other,
		.join = join,
	};
	const struct CMUnitTest tests[] = {
		CASE(fake_clock_moves_only_by_its_settings),
		CASE(fake_wait_moves_the_clock_to_its_deadline),
		CASE(fake_wait_is_ended_by_its_hook_before_the_deadline),
		CASE(fake_hook_is_not_run_inside_a_hook),
		CASE(fake_event_init_fails_at_the_chosen_one_only),
		CASE(fake_misuse_is_noted),
		CASE(fake_deadlock_aborts),
	};

	return port_suite(&fixture) + cmocka_run_group_tests(tests, NULL, NULL);
}
