/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The doorbell of lib/hosted by itself. Only the main thread asserts; what would be a lost ring hangs until the time
 * limit.
 */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <cmocka.h>

#include <scmi/hosted.h>

#include "fds.h"

#define RINGERS 3u
#define ROUNDS  20000u

static bool readable(const struct scmi_doorbell *d)
{
	return fd_is_readable(scmi_doorbell_fd(d), 0);
}

static void doorbell_is_readable_from_ring_to_clear(void **state)
{
	struct scmi_doorbell *d = NULL;

	(void)state;
	assert_int_equal(scmi_doorbell_create(NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_doorbell_create(&d), SCMI_OK);
	assert_false(readable(d));
	scmi_doorbell_clear(d);
	assert_false(readable(d));
	for (int i = 0; i < 3; i++) {
		errno = EDOM;
		scmi_doorbell_ring(d);
		scmi_doorbell_ring(d);
		assert_true(readable(d));
		scmi_doorbell_clear(d);
		assert_int_equal(errno, EDOM);
		assert_false(readable(d));
	}
	scmi_doorbell_ring(d);
	scmi_doorbell_destroy(d);
	scmi_doorbell_destroy(NULL);
}

static void doorbell_descriptor_is_not_inherited_and_never_blocks(void **state)
{
	struct scmi_doorbell *d;
	int fd;

	(void)state;
	assert_int_equal(scmi_doorbell_create(&d), SCMI_OK);
	fd = scmi_doorbell_fd(d);
	assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	scmi_doorbell_destroy(d);
}

static void doorbell_leaves_no_descriptor_behind(void **state)
{
	const unsigned before = open_fds();
	struct scmi_doorbell *d;

	(void)state;
	for (int i = 0; i < 50; i++) {
		assert_int_equal(scmi_doorbell_create(&d), SCMI_OK);
		assert_true(open_fds() > before);
		scmi_doorbell_destroy(d);
	}
	assert_int_equal(open_fds(), before);
}

static void doorbell_without_a_descriptor_is_told(void **state)
{
	struct scmi_doorbell *d = NULL;
	const unsigned before = open_fds();
	struct fd_hog hog;

	(void)state;
	for (unsigned left = 0; left < 2; left++) { /* a pipe takes two */
		int err;

		fd_hog_all_but(&hog, left);
		err = scmi_doorbell_create(&d);
		fd_hog_end(&hog);
		if (err == SCMI_OK)
			scmi_doorbell_destroy(d);
		else
			assert_int_equal(err, SCMI_E_IO);
		assert_true(err != SCMI_OK || left != 0);
		assert_int_equal(open_fds(), before);
	}
}

/* ---- threads: each ring stands for something to be taken, and the last clear leaves the descriptor unreadable ---- */

struct traffic {
	struct scmi_doorbell *bell;
	atomic_uint waiting; /* rung for, not yet taken */
	atomic_uint taken;
	atomic_bool over;
};

static void *ring_often(void *arg)
{
	struct traffic *t = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		atomic_fetch_add(&t->waiting, 1u);
		scmi_doorbell_ring(t->bell);
	}
	return NULL;
}

static void take(struct traffic *t)
{
	scmi_doorbell_clear(t->bell);
	atomic_fetch_add(&t->taken, atomic_exchange(&t->waiting, 0u));
}

static void *take_beside(void *arg)
{
	struct traffic *t = arg;

	while (!atomic_load(&t->over)) {
		take(t);
		sched_yield();
	}
	return NULL;
}

static void run_traffic(bool beside)
{
	struct traffic t = {.waiting = 0};
	pthread_t threads[RINGERS];
	pthread_t other;

	assert_int_equal(scmi_doorbell_create(&t.bell), SCMI_OK);
	if (beside)
		assert_int_equal(pthread_create(&other, NULL, take_beside, &t), 0);
	for (unsigned i = 0; i < RINGERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ring_often, &t), 0);
	while (atomic_load(&t.taken) < RINGERS * ROUNDS) {
		/* Alone, nothing but a ring ends the sleep; beside another taker, the last ring may have been its. */
		(void)fd_is_readable(scmi_doorbell_fd(t.bell), beside ? 1 : -1);
		take(&t);
	}
	for (unsigned i = 0; i < RINGERS; i++)
		pthread_join(threads[i], NULL);
	atomic_store(&t.over, true);
	if (beside)
		pthread_join(other, NULL);
	take(&t);
	assert_false(readable(t.bell));
	assert_int_equal(atomic_load(&t.taken), RINGERS * ROUNDS);
	scmi_doorbell_destroy(t.bell);
}

static void doorbell_loses_no_ring(void **state)
{
	(void)state;
	run_traffic(false);
}

static void doorbell_loses_no_ring_between_two_who_take(void **state)
{
	(void)state;
	run_traffic(true);
}

/* Rounds of one ring and one clear in each of two threads, and a look when both are through. */
struct duel {
	struct scmi_doorbell *bell;
	pthread_barrier_t gate;
};

static void *ring_and_clear(void *arg)
{
	struct duel *d = arg;

	for (unsigned i = 0; i < ROUNDS / 2u; i++) {
		pthread_barrier_wait(&d->gate);
		scmi_doorbell_ring(d->bell);
		scmi_doorbell_clear(d->bell);
		pthread_barrier_wait(&d->gate);
	}
	return NULL;
}

static void doorbell_is_never_stuck(void **state)
{
	struct duel d;
	pthread_t other;

	(void)state;
	assert_int_equal(scmi_doorbell_create(&d.bell), SCMI_OK);
	pthread_barrier_init(&d.gate, NULL, 2);
	assert_int_equal(pthread_create(&other, NULL, ring_and_clear, &d), 0);
	for (unsigned i = 0; i < ROUNDS / 2u; i++) {
		pthread_barrier_wait(&d.gate);
		scmi_doorbell_clear(d.bell);
		scmi_doorbell_ring(d.bell);
		scmi_doorbell_clear(d.bell);
		pthread_barrier_wait(&d.gate);
		scmi_doorbell_clear(d.bell);
		assert_false(readable(d.bell));
	}
	pthread_join(other, NULL);
	pthread_barrier_destroy(&d.gate);
	scmi_doorbell_destroy(d.bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(doorbell_is_readable_from_ring_to_clear),
		cmocka_unit_test(doorbell_descriptor_is_not_inherited_and_never_blocks),
		cmocka_unit_test(doorbell_leaves_no_descriptor_behind),
		cmocka_unit_test(doorbell_without_a_descriptor_is_told),
		cmocka_unit_test(doorbell_loses_no_ring),
		cmocka_unit_test(doorbell_loses_no_ring_between_two_who_take),
		cmocka_unit_test(doorbell_is_never_stuck),
	};

	return cmocka_run_group_tests_name("reactor_doorbell", tests, NULL, NULL);
}
