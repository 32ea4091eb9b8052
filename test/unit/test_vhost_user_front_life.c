/* SPDX-License-Identifier: BSD-3-Clause */
/* The front end of vhost-user, with back ends that go, and come again; and what they have had then. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <scmi/transport/virtio.h>

#include "../support/hang.h"
#include "fds.h"
#include "vhost_back.h"
#include "vhost_front_rig.h"

#define N(array) (sizeof(array) / sizeof((array)[0]))
#define WAITERS  64u
#define INFLIGHT 31u /* what the driver sends at once */
#define NOTE     (UINT32_C(3) << 8 | 0x5u | UINT32_C(0x15) << 10)

static void it_comes_back_again_and_again(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, true);

	(void)state;
	assert_true(guest_comes_back(g));
	rig_mark();
	for (uint32_t i = 0; i < 50; i++) {
		back_drop(b);
		assert_true(guest_comes_back(g));
		assert_in_range(back_connections(b), i + 2u, i + 5u); /* more than one only if it is very slow */
	}
	assert_true(rig_is_clean());
	guest_close(g);
	back_close(b);
}

struct waiter {
	pthread_t thread;
	struct guest *guest;
	int err;
};

static void *wait_for_reply(void *arg)
{
	struct waiter *w = arg;

	w->err = guest_ask(w->guest);
	return NULL;
}

static void start_waiters(struct waiter *w, struct guest *g)
{
	for (size_t i = 0; i < WAITERS; i++) {
		w[i] = (struct waiter){.guest = g};
		assert_int_equal(pthread_create(&w[i].thread, NULL, wait_for_reply, &w[i]), 0);
	}
}

/* How many have ended with this error; the others with the other. */
static unsigned join_waiters(struct waiter *w, int err, int other)
{
	unsigned n = 0;

	for (size_t i = 0; i < WAITERS; i++) {
		assert_int_equal(pthread_join(w[i].thread, NULL), 0);
		n += w[i].err == err;
		if (w[i].err != err)
			assert_int_equal(w[i].err, other);
	}
	return n;
}

static void no_waiter_is_left(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	struct waiter w[WAITERS];

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct hang hang = hang_watch();

		back_hold(b, true);
		start_waiters(w, g);
		back_await_held(b, INFLIGHT);
		while (guest_stats(g).in_flight != INFLIGHT)
			assert_false(hangs(&hang));
		back_drop(b);
		assert_int_equal(join_waiters(w, SCMI_E_LINK, SCMI_E_NOPEER), INFLIGHT); /* the rest was not sent */
		back_hold(b, false);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
		start_waiters(w, g);
		assert_int_equal(join_waiters(w, SCMI_OK, SCMI_OK), WAITERS);
	}
	guest_close(g);
	back_close(b);
}

/* It goes while nobody sleeps and nobody calls: polls alone find out. */
static void who_polls_only_is_told(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, true);
	struct hang hang = hang_watch();

	(void)state;
	back_drop(b);
	while (guest_stats(g).recovered == 0) {
		assert_false(hangs(&hang));
		(void)scmi_agent_poll(g->agent, 1);
	}
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

static void who_sleeps_on_the_descriptor_is_told(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	const int fd = g->transport.ops->fd(g->transport.ctx);

	(void)state;
	for (int i = 0; i < 10; i++) {
		while (scmi_agent_poll(g->agent, 8) != 0 || fd_is_readable(fd, 0))
			;
		back_drop(b);
		assert_true(fd_is_readable(fd, HANG_US / 1000));
		(void)scmi_agent_poll(g->agent, 8);
		assert_int_equal(guest_ask(g), SCMI_E_NOPEER);
		assert_false(fd_is_readable(fd, 0)); /* the loss does not keep it from sleeping */
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
		assert_int_equal(g->transport.ops->fd(g->transport.ctx), fd);
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

/* A back end that lies is left, whatever it rings; and it learns of it. */
static void who_sleeps_on_the_descriptor_of_a_liar_sleeps(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	const int fd = g->transport.ops->fd(g->transport.ctx);
	struct hang hang = hang_watch();

	(void)state;
	for (int i = 0; i < 10; i++) {
		while (scmi_agent_poll(g->agent, 8) != 0 || fd_is_readable(fd, 0))
			;
		back_lie(b);
		assert_true(fd_is_readable(fd, HANG_US / 1000));
		(void)scmi_agent_poll(g->agent, 8);
		assert_int_equal(guest_ask(g), SCMI_E_NOPEER);
		while (back_is_connected(b))
			assert_false(hangs(&hang));
		assert_false(fd_is_readable(fd, 0));
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

static void never(struct scmi_call *call, int err)
{
	(void)call;
	(void)err;
	fail();
}

/* One sleep is enough: what is sent after it is refused. */
static void who_waits_is_told(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	struct scmi_call call = {
		.size = sizeof(call), .protocol = SCMI_PROTOCOL_BASE, .message = SCMI_PROTOCOL_VERSION, .done = never};

	(void)state;
	while (scmi_agent_poll(g->agent, 8) != 0)
		;
	back_drop(b);
	for (int i = 0; i < 3; i++) /* signals of before end a sleep, too */
		g->transport.ops->wait(g->transport.ctx, hang_now_us() + HANG_US);
	assert_int_equal(scmi_agent_submit(g->agent, &call), SCMI_E_NOPEER);
	guest_close(g);
	back_close(b);
}

static void who_speaks_unasked_is_left(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	struct hang hang = hang_watch();
	struct waiter w[WAITERS];

	(void)state;
	back_hold(b, true);
	start_waiters(w, g);
	back_await_held(b, INFLIGHT);
	back_speak(b);
	assert_int_equal(join_waiters(w, SCMI_E_IO, SCMI_E_NOPEER), INFLIGHT);
	while (back_is_connected(b))
		assert_false(hangs(&hang));
	back_hold(b, false);
	assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
	assert_int_equal(back_connections(b), 2);
	assert_int_equal(guest_ask(g), SCMI_OK);
	assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
	back_speak(b); /* while it is stopped */
	assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
	assert_int_equal(back_connections(b), 3);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

/* A child has all descriptors until it executes something else. */
static void a_child_does_not_keep_the_line(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	struct hang hang = hang_watch();
	const pid_t child = fork();

	(void)state;
	if (child == 0) {
		pause();
		_exit(0);
	}
	assert_true(child > 0);
	guest_close(g);
	while (back_is_connected(b) && !hangs(&hang))
		;
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_false(hangs(&hang));
	back_close(b);
}

static void a_first_connection_that_has_died_is_replaced(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_new(NULL, false);

	(void)state;
	back_drop(b);
	assert_int_equal(guest_start(g), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

/* The listener is gone while a connection is served, and some time longer: a start after a stop waits for it. */
static void one_connection_is_served_after_the_other(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g;

	(void)state;
	back_serve_alone(b);
	g = guest_open(NULL, false);
	for (uint32_t i = 2; i < 5; i++) {
		assert_int_equal(guest_ask(g), SCMI_OK);
		assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
		assert_int_equal(back_connections(b), i);
	}
	assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK); /* by a stop and a start of the device */
	assert_int_equal(guest_ask(g), SCMI_OK);
	assert_int_equal(back_connections(b), 5);
	guest_close(g);
	back_close(b);
}

static void nobody_is_there_for_a_while(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	back_close(b);
	for (int i = 0; i < 3; i++)
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_E_NOPEER);
	b = back_open(rig_path(), &back_offers_all);
	assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	back_close(b);
}

/* What was agreed on with the first, the next has to offer too; how it talks is its own affair. */
static void the_next_may_offer_too_little(void **state)
{
	static const struct back_offer rows[] = {
		{SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_VERSION_1, 0, 0},
		{SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1, 0, 0},
		{SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1 |
			 VU_F_PROTOCOL_FEATURES,
		 VU_PF_MQ, 1},
		{0, 0, 0},
	};
	static const struct back_offer enough = {
		SCMI_VIRTIO_F_P2A_CHANNELS | SCMI_VIRTIO_F_EVENT_IDX | SCMI_VIRTIO_F_VERSION_1, 0, 0};
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	for (size_t i = 0; i < N(rows); i++) {
		back_offer(b, &rows[i]);
		back_drop(b);
		(void)back_log(b);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_E_NOTSUP);
		assert_null(strstr(back_log(b), "SET_MEM_TABLE"));
		assert_int_equal(guest_ask(g), SCMI_E_NOPEER);
		back_offer(b, i % 2 == 0 ? &enough : &back_offers_all);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
		assert_int_equal(guest_ask(g), SCMI_OK);
		assert_true(back_notify(b, NOTE));
		while (g->notices != i + 1u)
			(void)scmi_agent_poll(g->agent, 1);
	}
	guest_close(g);
	back_close(b);
}

/* One that has been left without a word may write and signal wherever it has been: nobody looks, and nobody rings. */
static void a_late_back_end_writes_for_nobody(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);
	const int fd = g->transport.ops->fd(g->transport.ctx);

	(void)state;
	back_keep_memory(b);
	back_drop(b);
	assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
	for (int i = 0; i < 50; i++) {
		while (scmi_agent_poll(g->agent, 8) != 0 || fd_is_readable(fd, 0))
			;
		assert_false(back_scribble(b));
		assert_false(fd_is_readable(fd, 0));
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

/* Likewise one that was slow to give the rings back, and one whose start went wrong half way. */
static void a_slow_back_end_writes_for_nobody(void **state)
{
	static const uint32_t at[] = {VU_GET_VRING_BASE, VU_SET_VRING_ADDR};

	(void)state;
	for (size_t i = 0; i < N(at); i++) {
		struct back *b = back_open(rig_path(), &back_offers_all);
		struct guest *g = guest_open(NULL, false);

		back_keep_memory(b);
		back_trouble(b, at[i], BACK_SILENT);
		assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(g->agent), at[i] == VU_GET_VRING_BASE ? SCMI_OK : SCMI_E_IO);
		back_trouble(b, 0, BACK_GOOD);
		if (at[i] != VU_GET_VRING_BASE)
			assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
		assert_false(back_scribble(b));
		assert_int_equal(guest_ask(g), SCMI_OK);
		guest_close(g);
		back_close(b);
	}
}

/* ---- no descriptors left ---- */

static void an_open_that_fails_keeps_nothing(void **state)
{
	static struct fd_hog hog;
	struct back *b = back_open(rig_path(), &back_offers_all);
	unsigned left = 0;
	struct guest *g;

	(void)state;
	rig_mark();
	do {
		fd_hog_all_but(&hog, left);
		g = guest_open(NULL, false);
		fd_hog_end(&hog);
		if (g == NULL) {
			assert_true(rig_err == SCMI_E_IO || rig_err == SCMI_E_NOPEER);
			assert_true(rig_is_clean());
		}
		left++;
	} while (g == NULL);
	assert_in_range(left, 10, 20);
	assert_int_equal(guest_ask(g), SCMI_OK);
	guest_close(g);
	assert_true(rig_is_clean());
	back_close(b);
}

/* No descriptor at all from now on, also where one is closed. As many as poll() is given are allowed, and in use. */
static void allow_descriptors(bool allow)
{
	static rlim_t before;
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
	if (!allow)
		before = r.rlim_cur;
	r.rlim_cur = allow ? before : 5;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

/* Memory that cannot be replaced is not used again: the link stays down until it can. */
static void memory_that_cannot_be_replaced_is_not_used(void **state)
{
	struct back *b = back_open(rig_path(), &back_offers_all);
	struct guest *g = guest_open(NULL, false);

	(void)state;
	back_keep_memory(b);
	for (int i = 0; i < 4; i++) {
		back_drop(b);
		allow_descriptors(false);
		assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_E_IO);
		if (i % 2 != 0)
			assert_int_equal(scmi_agent_stop(g->agent), SCMI_OK);
		allow_descriptors(true);
		if (i % 2 == 0) {
			assert_int_equal(scmi_agent_recover(g->agent, 0), SCMI_OK);
		} else { /* what the driver has laid out lies in the old memory: the next start is the first that can be */
			assert_int_equal(scmi_agent_start(g->agent), SCMI_E_IO);
			assert_int_equal(scmi_agent_start(g->agent), SCMI_OK);
		}
		assert_false(back_scribble(b));
		assert_int_equal(guest_ask(g), SCMI_OK);
	}
	guest_close(g);
	back_close(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_comes_back_again_and_again),
		cmocka_unit_test(no_waiter_is_left),
		cmocka_unit_test(who_polls_only_is_told),
		cmocka_unit_test(who_sleeps_on_the_descriptor_is_told),
		cmocka_unit_test(who_sleeps_on_the_descriptor_of_a_liar_sleeps),
		cmocka_unit_test(who_waits_is_told),
		cmocka_unit_test(who_speaks_unasked_is_left),
		cmocka_unit_test(a_child_does_not_keep_the_line),
		cmocka_unit_test(a_first_connection_that_has_died_is_replaced),
		cmocka_unit_test(one_connection_is_served_after_the_other),
		cmocka_unit_test(nobody_is_there_for_a_while),
		cmocka_unit_test(the_next_may_offer_too_little),
		cmocka_unit_test(a_late_back_end_writes_for_nobody),
		cmocka_unit_test(a_slow_back_end_writes_for_nobody),
		cmocka_unit_test(an_open_that_fails_keeps_nothing),
		cmocka_unit_test(memory_that_cannot_be_replaced_is_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, rig_folder_end);
}
