/* SPDX-License-Identifier: BSD-3-Clause */
/* scmi_listen(), over a scheme of the test's own: its life, its thread, and what fails. */
#define _POSIX_C_SOURCE 200809L

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>

#include <cmocka.h>

#include <scmi/open.h>

#include "fake_port.h"

/* The scheme: run() tells that it runs, and waits for end(), which counts even where it comes first. */
static struct {
	char rest[64];
	int listen_err;
	int run_err;      /* and run() returns it at once */
	bool stop_inside; /* run() stops and closes its own listener */
	int stop_err;     /* what these said */
	int close_err;
	struct scmi_listener *listener;    /* for that */
	const struct scmi_endpoint *given; /* endpoints */
	sem_t running;
	sem_t end;
	atomic_uint runs;
	atomic_uint ends;
	unsigned unlistened;
	atomic_uint failures; /* that were told, by failed() */
	int failure;
	sem_t failed;
	atomic_bool blocked; /* SIGTERM, and not SIGSEGV, in the thread */
} fake;

static struct scmi_endpoint endpoints[2];

static int fake_listen(void **listener, const char *rest, const struct scmi_port *port, const struct scmi_why *why)
{
	assert_int_equal(scmi_port_check(port), SCMI_OK);
	snprintf(fake.rest, sizeof(fake.rest), "%s", rest);
	if (fake.listen_err != SCMI_OK) {
		snprintf(why->text, why->len, "%s: taken", rest);
		return fake.listen_err;
	}
	*listener = &fake;
	return SCMI_OK;
}

static uint32_t fake_agents(const void *listener)
{
	return listener == &fake ? 2u : 0u;
}

static const struct scmi_endpoint *fake_endpoint(const void *listener, uint32_t i)
{
	return listener == &fake ? &endpoints[i] : NULL;
}

static int fake_run(void *listener)
{
	sigset_t now;

	(void)listener;
	pthread_sigmask(SIG_BLOCK, NULL, &now);
	atomic_store(&fake.blocked, sigismember(&now, SIGTERM) == 1 && sigismember(&now, SIGSEGV) == 0);
	if (fake.stop_inside) {
		fake.stop_err = scmi_listener_stop(fake.listener);
		fake.close_err = scmi_listener_close(fake.listener);
	}
	atomic_fetch_add(&fake.runs, 1);
	sem_post(&fake.running);
	if (fake.run_err != SCMI_OK)
		return fake.run_err;
	while (sem_wait(&fake.end) != 0)
		;
	return SCMI_OK;
}

static void fake_end(void *listener)
{
	(void)listener;
	atomic_fetch_add(&fake.ends, 1);
	sem_post(&fake.end);
}

static void fake_unlisten(void *listener)
{
	assert_ptr_equal(listener, &fake);
	fake.unlistened++;
}

#define LISTENS                                                                                                        \
	.version = SCMI_SCHEME_V1, .help = "anything", .listen = fake_listen, .agents = fake_agents,                   \
	.endpoint = fake_endpoint, .run = fake_run, .end = fake_end

static const struct scmi_scheme scheme = {LISTENS, .name = "fake", .unlisten = fake_unlisten};
static const struct scmi_scheme half = {LISTENS, .name = "half"};
static const struct scmi_scheme *const schemes[] = {&scheme};
static const struct scmi_scheme *const halves[] = {&half};

static char sentence[160];

static void take_failure(void *arg, int err)
{
	assert_ptr_equal(arg, &fake);
	fake.failure = err;
	atomic_fetch_add(&fake.failures, 1);
	sem_post(&fake.failed);
}

static int listen_at(struct scmi_listener **listener, const char *uri)
{
	const struct scmi_open_config config = {.size = sizeof(config),
						.schemes = schemes,
						.schemes_n = 1,
						.why = {.text = sentence, .len = sizeof(sentence)},
						.failed = take_failure,
						.failed_arg = &fake};
	static struct fake_port port;

	fake_port_init(&port);
	return scmi_listen(listener, uri, &config, &port.port);
}

static int setup(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	strcpy(sentence, "as it was");
	sem_init(&fake.running, 0, 0);
	sem_init(&fake.end, 0, 0);
	sem_init(&fake.failed, 0, 0);
	return 0;
}

static void wait_for(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

static void a_listener_serves_until_it_is_stopped(void **state)
{
	struct scmi_listener *l = NULL;

	(void)state;
	assert_int_equal(listen_at(&l, "fake:unix=/a,b"), SCMI_OK);
	assert_string_equal(fake.rest, "unix=/a,b");
	assert_string_equal(sentence, "as it was");
	assert_int_equal(scmi_listener_agents(l), 2);
	assert_ptr_equal(scmi_listener_endpoint(l, 1), &endpoints[1]);
	assert_int_equal(scmi_listener_stop(l), SCMI_OK); /* does not run: nothing */
	assert_int_equal(atomic_load(&fake.ends), 0);
	for (unsigned i = 1; i <= 3; i++) {
		assert_int_equal(scmi_listener_start(l), SCMI_OK);
		wait_for(&fake.running);
		assert_true(atomic_load(&fake.blocked));
		assert_int_equal(scmi_listener_start(l), SCMI_E_INVAL);
		assert_int_equal(scmi_listener_stop(l), SCMI_OK);
		assert_int_equal(scmi_listener_stop(l), SCMI_OK);
		assert_int_equal(atomic_load(&fake.ends), i);
	}
	assert_int_equal(fake.unlistened, 0);
	assert_int_equal(scmi_listener_close(l), SCMI_OK);
	assert_int_equal(fake.unlistened, 1);
	assert_int_equal(atomic_load(&fake.failures), 0);
	assert_int_equal(scmi_listener_close(NULL), SCMI_OK);
	assert_int_equal(scmi_listener_stop(NULL), SCMI_OK);
	assert_int_equal(scmi_listener_start(NULL), SCMI_E_INVAL);
}

static void close_stops(void **state)
{
	struct scmi_listener *l = NULL;

	(void)state;
	assert_int_equal(listen_at(&l, "fake:"), SCMI_OK);
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.running);
	(void)scmi_listener_close(l);
	assert_int_equal(atomic_load(&fake.ends), 1);
	assert_int_equal(fake.unlistened, 1);
}

/* Told at once, on its thread, and again by who stops it; the next run is another affair. */
static void a_thread_that_cannot_go_on_tells(void **state)
{
	struct scmi_listener *l = NULL;

	(void)state;
	assert_int_equal(listen_at(&l, "fake:"), SCMI_OK);
	fake.run_err = SCMI_E_IO;
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.failed);
	assert_int_equal(fake.failure, SCMI_E_IO);
	assert_int_equal(scmi_listener_start(l), SCMI_E_INVAL); /* it has not been stopped yet */
	assert_int_equal(scmi_listener_stop(l), SCMI_E_IO);
	assert_int_equal(scmi_listener_stop(l), SCMI_OK);
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.failed);
	assert_int_equal(scmi_listener_close(l), SCMI_OK);
	assert_int_equal(atomic_load(&fake.failures), 2);
	assert_int_equal(fake.unlistened, 1);
}

/* One that cannot go on ends by itself; the end() for it must not end the next run. */
static void a_late_end_does_not_end_the_next_run(void **state)
{
	struct scmi_listener *l = NULL;

	(void)state;
	assert_int_equal(listen_at(&l, "fake:"), SCMI_OK);
	fake.run_err = SCMI_E_IO;
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.running);
	assert_int_equal(scmi_listener_stop(l), SCMI_E_IO);
	fake.run_err = SCMI_OK;
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.running); /* this one finds the end of before */
	wait_for(&fake.running);
	assert_int_equal(atomic_load(&fake.runs), 3);
	(void)scmi_listener_close(l);
}

static void a_listener_can_neither_stop_nor_close_itself(void **state)
{
	struct scmi_listener *l = NULL;

	(void)state;
	assert_int_equal(listen_at(&l, "fake:"), SCMI_OK);
	fake.listener = l;
	fake.stop_inside = true;
	assert_int_equal(scmi_listener_start(l), SCMI_OK);
	wait_for(&fake.running);
	assert_int_equal(atomic_load(&fake.ends), 0);
	assert_int_equal(fake.unlistened, 0);
	assert_int_equal(fake.stop_err, SCMI_E_CONTEXT);
	assert_int_equal(fake.close_err, SCMI_E_CONTEXT);
	assert_int_equal(scmi_listener_close(l), SCMI_OK);
	assert_int_equal(atomic_load(&fake.ends), 1);
	assert_int_equal(fake.unlistened, 1);
}

static void what_cannot_be_is_refused(void **state)
{
	struct scmi_open_config config = {.size = sizeof(config), .schemes = schemes, .schemes_n = 1};
	struct scmi_listener *l = NULL;
	struct scmi_agent *agent;
	struct fake_port port;

	(void)state;
	fake_port_init(&port);
	assert_int_equal(scmi_listen(NULL, "fake:", &config, &port.port), SCMI_E_INVAL);
	assert_int_equal(scmi_listen(&l, NULL, &config, &port.port), SCMI_E_INVAL);
	assert_int_equal(scmi_listen(&l, "fake:", &config, NULL), SCMI_E_INVAL);
	assert_int_equal(scmi_listen(&l, "fake:", NULL, &port.port), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_open(&agent, "fake:", &config), SCMI_E_NOTSUP);
	config.schemes = halves;
	assert_int_equal(scmi_listen(&l, "half:", &config, &port.port), SCMI_E_INVAL);
	config.size++;
	assert_int_equal(scmi_listen(&l, "half:", &config, &port.port), SCMI_E_INVAL);

	assert_int_equal(listen_at(&l, "fake:x,wait=3"), SCMI_E_INVAL);
	assert_string_equal(sentence, "wait=3: is for agents only");
	assert_int_equal(listen_at(&l, "fake"), SCMI_E_INVAL);
	fake.listen_err = SCMI_E_BUSY;
	assert_int_equal(listen_at(&l, "fake:x"), SCMI_E_BUSY);
	assert_string_equal(sentence, "x: taken");
	assert_null(l);
	assert_int_equal(fake.unlistened, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_listener_serves_until_it_is_stopped, setup),
		cmocka_unit_test_setup(close_stops, setup),
		cmocka_unit_test_setup(a_thread_that_cannot_go_on_tells, setup),
		cmocka_unit_test_setup(a_late_end_does_not_end_the_next_run, setup),
		cmocka_unit_test_setup(a_listener_can_neither_stop_nor_close_itself, setup),
		cmocka_unit_test_setup(what_cannot_be_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
