/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Cases with several threads at once. Only the main thread asserts: the others count. What would be a lost signal
 * hangs, and the time limit of the test program ends it.
 */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>
#include <scmi/errors.h>

#include "port_threads.h"

static const struct port_fixture *fixture;
static struct scmi_port port;

static int make_port(void **state)
{
	(void)state;
	return fixture->make(&port);
}

static int drop_port(void **state)
{
	(void)state;
	fixture->drop();
	return 0;
}

/* Of exactly the size that the port asked for, so that ASan sees what goes beyond. */
static void *new_event(void)
{
	void *event = malloc(port.event_size);

	assert_non_null(event);
	assert_int_equal(port.event_init(port.ctx, event), SCMI_OK);
	return event;
}

static void free_event(void *event)
{
	port.event_fini(port.ctx, event);
	free(event);
}

static pthread_t start(void *(*run)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
	return thread;
}

static void finish(pthread_t thread)
{
	assert_int_equal(pthread_join(thread, NULL), 0);
}

#define ROUNDS 10000

struct player {
	void *mine;
	void *theirs;
	uint32_t *ball; /* plain: only the one whose turn it is touches it */
	uint32_t failed;
};

static void *play(void *arg)
{
	struct player *player = arg;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		if (port.event_wait(port.ctx, player->mine, SCMI_NEVER) != SCMI_OK)
			player->failed++;
		++*player->ball;
		port.event_signal(port.ctx, player->theirs);
	}
	return NULL;
}

static void event_ping_pong_loses_no_signal(void **state)
{
	uint32_t ball = 0;
	struct player a = {.mine = new_event(), .theirs = new_event(), .ball = &ball};
	struct player b = {.mine = a.theirs, .theirs = a.mine, .ball = &ball};
	pthread_t thread = start(play, &b);

	(void)state;
	port.event_signal(port.ctx, a.mine);
	play(&a);
	finish(thread);
	assert_int_equal(ball, 2 * ROUNDS);
	assert_int_equal(a.failed + b.failed, 0);
	free_event(a.mine);
	free_event(a.theirs);
}

struct duel {
	void *event;
	atomic_uint round; /* the waiter is about to wait for this one */
};

#define DUELS 5000u

/* Below 100 us, scattered from round to round, and for each factor in another way. */
static uint64_t scattered_us(uint32_t round, uint32_t factor)
{
	return (uint64_t)(round * factor >> 16) * 100 >> 16;
}

static void *aim(void *arg)
{
	struct duel *duel = arg;
	uint32_t round;

	for (round = 1; round <= DUELS; round++) {
		uint64_t when;

		while (atomic_load(&duel->round) != round)
			port.relax(port.ctx);
		when = port.now_us(port.ctx) + 2 * scattered_us(round, 2654435761u); /* sleeps end late */
		while (port.now_us(port.ctx) < when)
			;
		port.event_signal(port.ctx, duel->event);
	}
	return NULL;
}

/* One signal against one deadline at about the same moment: it ends that wait, or it is there for the next. */
static void event_signalled_at_its_deadline_is_not_lost(void **state)
{
	struct duel duel = {.event = new_event()};
	pthread_t thread = start(aim, &duel);
	uint32_t timeouts = 0;
	uint32_t round;

	(void)state;
	for (round = 1; round <= DUELS; round++) {
		uint64_t deadline = port.now_us(port.ctx) + scattered_us(round, 2246822519u);

		atomic_store(&duel.round, round);
		if (port.event_wait(port.ctx, duel.event, deadline) == SCMI_OK)
			continue;
		timeouts++;
		assert_int_equal(port.event_wait(port.ctx, duel.event, SCMI_NEVER), SCMI_OK);
	}
	finish(thread);
	print_message("%u of %u deadlines came first\n", timeouts, DUELS);
	free_event(duel.event);
}

static void nap_ms(long ms)
{
	const struct timespec t = {.tv_nsec = ms * 1000000};

	nanosleep(&t, NULL);
}

static void *signal_late(void *arg)
{
	nap_ms(5);
	port.event_signal(port.ctx, arg);
	return NULL;
}

/* How often this thread has given up the processor because it had nothing to do. */
static long times_slept(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

/* A wait that spins returns the same; only the scheduler can tell. On a busy machine the signal may come first. */
static bool sleeps_until(void *event, uint64_t deadline_us)
{
	int tries;

	for (tries = 0; tries < 100; tries++) {
		pthread_t thread = start(signal_late, event);
		long before = times_slept();
		long after;

		assert_int_equal(port.event_wait(port.ctx, event, deadline_us), SCMI_OK);
		after = times_slept();
		finish(thread);
		if (after != before)
			return true;
	}
	return false;
}

static void event_wait_sleeps_and_does_not_spin(void **state)
{
	void *event = new_event();

	(void)state;
	assert_int_equal(port.event_wait(port.ctx, event, port.now_us(port.ctx) + 100), SCMI_E_TIMEOUT);
	assert_true(sleeps_until(event, SCMI_NEVER));
	assert_true(sleeps_until(event, SCMI_NEVER - 1));
	assert_true(sleeps_until(event, ((1ull << 31) + 5) * 1000000));
	assert_true(sleeps_until(event, port.now_us(port.ctx) + 3600ull * 1000000));
	free_event(event);
}

struct sleeper {
	void *event;
	atomic_int result;
};

static void *sleep_once(void *arg)
{
	struct sleeper *sleeper = arg;

	atomic_store(&sleeper->result, port.event_wait(port.ctx, sleeper->event, SCMI_NEVER));
	return NULL;
}

static void do_nothing(int number)
{
	(void)number;
}

static void event_wait_survives_a_signal_handler(void **state)
{
	const struct sigaction interrupt = {.sa_handler = do_nothing};
	struct sleeper sleeper = {.event = new_event()};
	struct sigaction before;
	pthread_t thread;
	int i;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &interrupt, &before), 0);
	atomic_store(&sleeper.result, 1);
	thread = start(sleep_once, &sleeper);
	for (i = 0; i < 20; i++) {
		nap_ms(1);
		assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
	}
	assert_int_equal(atomic_load(&sleeper.result), 1);
	port.event_signal(port.ctx, sleeper.event);
	finish(thread);
	assert_int_equal(atomic_load(&sleeper.result), SCMI_OK);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	free_event(sleeper.event);
}

struct mail {
	atomic_uintptr_t event; /* 0: none */
	uint32_t rounds;
};

static void *deliver(void *arg)
{
	struct mail *mail = arg;
	uint32_t i;

	for (i = 0; i < mail->rounds; i++) {
		uintptr_t event;

		while ((event = atomic_exchange(&mail->event, 0)) == 0)
			port.relax(port.ctx);
		port.event_signal(port.ctx, (void *)event);
	}
	return NULL;
}

/* The waiter gives the memory back as soon as it has returned, while the signaller is still on its way out. */
static void event_freed_after_wait_is_not_touched_by_the_signaller(void **state)
{
	struct mail mail = {.rounds = 2000};
	pthread_t thread = start(deliver, &mail);
	uint32_t i;

	(void)state;
	for (i = 0; i < mail.rounds; i++) {
		void *event = new_event();

		atomic_store(&mail.event, (uintptr_t)event);
		/* These ports never return without a signal; else this would have to be a loop on the mail. */
		assert_int_equal(port.event_wait(port.ctx, event, SCMI_NEVER), SCMI_OK);
		port.event_fini(port.ctx, event);
		memset(event, 0xdd, port.event_size);
		free(event);
	}
	finish(thread);
}

static void *count_locked(void *arg)
{
	uint32_t *plain = arg;
	int i;

	for (i = 0; i < 5 * ROUNDS; i++) {
		port.lock(port.ctx);
		++*plain;
		port.unlock(port.ctx);
	}
	return NULL;
}

static void lock_excludes_other_threads(void **state)
{
	uint32_t plain = 0;
	pthread_t first = start(count_locked, &plain);
	pthread_t second = start(count_locked, &plain);

	(void)state;
	count_locked(&plain);
	finish(first);
	finish(second);
	assert_int_equal(plain, 15 * ROUNDS);
}

#define CROWD 8

struct crowd {
	pthread_barrier_t all_alive;
	atomic_uint next;
	uintptr_t self[CROWD];
};

static void *join_crowd(void *arg)
{
	struct crowd *crowd = arg;

	crowd->self[atomic_fetch_add(&crowd->next, 1)] = port.self(port.ctx);
	pthread_barrier_wait(&crowd->all_alive);
	return NULL;
}

static void self_differs_between_all_living_threads(void **state)
{
	static struct crowd crowd;
	pthread_t threads[CROWD];
	size_t i;
	size_t k;

	(void)state;
	atomic_store(&crowd.next, 0);
	assert_int_equal(pthread_barrier_init(&crowd.all_alive, NULL, CROWD + 1), 0);
	for (i = 0; i < CROWD; i++)
		threads[i] = start(join_crowd, &crowd);
	pthread_barrier_wait(&crowd.all_alive);
	for (i = 0; i < CROWD; i++)
		finish(threads[i]);
	pthread_barrier_destroy(&crowd.all_alive);
	for (i = 0; i < CROWD; i++) {
		assert_true(crowd.self[i] != 0);
		assert_true(crowd.self[i] != port.self(port.ctx));
		for (k = 0; k < i; k++)
			assert_true(crowd.self[i] != crowd.self[k]);
	}
}

/*
 * A thread of high fixed priority that relaxes until one of lower priority, on the same processor, has run. With a
 * relax that only yields, the turns run out within a tenth of a second; with one that sleeps there are a few.
 */
#define TURNS 100000u

struct ranks {
	atomic_uint turns; /* since there is one of lower priority; before that a busy machine may take its time */
	atomic_bool high_runs;
	atomic_bool low_exists;
	atomic_bool low_has_run;
};

static void *run_high(void *arg)
{
	struct ranks *ranks = arg;

	atomic_store(&ranks->high_runs, true);
	while (!atomic_load(&ranks->low_has_run) && atomic_load(&ranks->turns) < TURNS) {
		if (atomic_load(&ranks->low_exists))
			atomic_fetch_add(&ranks->turns, 1);
		port.relax(port.ctx);
	}
	return NULL;
}

static void *run_low(void *arg)
{
	struct ranks *ranks = arg;

	atomic_store(&ranks->low_has_run, true);
	return NULL;
}

/* On the first processor that this process may use. Returns what pthread_create() said. */
static int start_fifo(pthread_t *thread, int priority, void *(*run)(void *), void *arg)
{
	struct sched_param param = {.sched_priority = priority};
	pthread_attr_t attr;
	cpu_set_t allowed;
	cpu_set_t one;
	size_t cpu = 0;
	int err;

	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	while (!CPU_ISSET(cpu, &allowed))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	assert_int_equal(pthread_attr_init(&attr), 0);
	assert_int_equal(pthread_attr_setaffinity_np(&attr, sizeof(one), &one), 0);
	assert_int_equal(pthread_attr_setinheritsched(&attr, PTHREAD_EXPLICIT_SCHED), 0);
	assert_int_equal(pthread_attr_setschedpolicy(&attr, SCHED_FIFO), 0);
	assert_int_equal(pthread_attr_setschedparam(&attr, &param), 0);
	err = pthread_create(thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	return err;
}

/*
 * The thread sanitizer lets a new thread spin until its creator has run on, and a thread of fixed priority that spins
 * can keep its creator from that for ever.
 */
#if defined(__SANITIZE_THREAD__)
#define THREADS_SPIN_AT_BIRTH 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREADS_SPIN_AT_BIRTH 1
#endif
#endif

static void relax_lets_a_lower_priority_run(void **state)
{
	static struct ranks ranks;
	pthread_t high;
	pthread_t low;

	(void)state;
#ifdef THREADS_SPIN_AT_BIRTH
	print_message("not under the thread sanitizer\n");
	skip();
#endif
	atomic_store(&ranks.turns, 0);
	atomic_store(&ranks.high_runs, false);
	atomic_store(&ranks.low_exists, false);
	atomic_store(&ranks.low_has_run, false);
	if (start_fifo(&high, 2, run_high, &ranks) != 0) {
		print_message("no right to fixed priorities here\n");
		skip();
	}
	while (!atomic_load(&ranks.high_runs))
		sched_yield();
	assert_int_equal(start_fifo(&low, 1, run_low, &ranks), 0);
	atomic_store(&ranks.low_exists, true);
	finish(high);
	finish(low);
	assert_true(atomic_load(&ranks.turns) < TURNS);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, make_port, drop_port)

int port_threads(const struct port_fixture *which)
{
	const struct CMUnitTest tests[] = {
		CASE(event_ping_pong_loses_no_signal),
		CASE(event_signalled_at_its_deadline_is_not_lost),
		CASE(event_wait_sleeps_and_does_not_spin),
		CASE(event_wait_survives_a_signal_handler),
		CASE(event_freed_after_wait_is_not_touched_by_the_signaller),
		CASE(lock_excludes_other_threads),
		CASE(self_differs_between_all_living_threads),
		CASE(relax_lets_a_lower_priority_run),
	};

	fixture = which;
	return cmocka_run_group_tests_name(which->name, tests, NULL, NULL);
}
