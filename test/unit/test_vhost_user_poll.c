/* SPDX-License-Identifier: BSD-3-Clause */
/* The listener of "vhost-user:" with poll=: who is looked at without a doorbell, for how long, and what of the rest. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "../support/hang.h"
#include "vhost_listen_rig.h"

#define LONG ",poll=1000000"

static int test_begin(void **state)
{
	(void)state;
	lines_begin();
	return 0;
}

static int test_end(void **state)
{
	(void)state;
	lines_end();
	return 0;
}

static int group_end(void **state)
{
	(void)state;
	rig_folder_end();
	return 0;
}

static uint64_t used_us(struct place *p)
{
	struct timespec t;
	clockid_t clock;

	assert_int_equal(pthread_getcpuclockid(p->thread, &clock), 0);
	assert_int_equal(clock_gettime(clock, &t), 0);
	return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

/* Waits until it has stopped to turn round and round. */
static void await_sleep(struct place *p)
{
	struct hang hang = hang_watch();
	uint64_t before;

	do {
		assert_false(hangs(&hang));
		before = used_us(p);
		usleep(50000);
	} while (used_us(p) - before > 5000);
}

static void come_with(struct front *f, bool event_idx)
{
	assert_true(front_connect(f));
	f->event_idx = event_idx;
	front_up(f);
	assert_true(front_ask(f));
}

static void come(struct front *f)
{
	come_with(f, false);
}

/* Never by a doorbell. */
static void ask_quietly(struct front *f)
{
	front_offer(f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
	assert_int_equal(front_status(f), SCMI_SUCCESS);
}

static void need_not_ring(bool event_idx)
{
	struct place *p = place_running(rig_uri(LONG));
	struct front f;

	come_with(&f, event_idx);
	for (unsigned i = 0; i < 100; i++) {
		assert_false(front_is_asked(&f));
		ask_quietly(&f);
	}
	front_leave(&f);
	place_close(p);
	assert_int_equal(lines_with(""), 0);
}

static void who_has_asked_need_not_ring(void **state)
{
	(void)state;
	need_not_ring(false);
	need_not_ring(true);
}

static void await_asked(struct front *f)
{
	struct hang hang = hang_watch();

	while (!front_is_asked(f))
		assert_false(hangs(&hang));
}

static void is_asked_to_ring(bool event_idx)
{
	struct place *p = place_running(rig_uri(",poll=1"));
	struct front f;

	come_with(&f, event_idx);
	for (unsigned i = 0; i < 20; i++) {
		await_asked(&f);
		assert_true(front_ask(&f));
	}
	await_sleep(p);
	assert_true(front_is_asked(&f));
	front_leave(&f);
	place_close(p);
}

static void who_is_quiet_is_asked_to_ring(void **state)
{
	(void)state;
	is_asked_to_ring(false);
	is_asked_to_ring(true);
}

/* ---- the edge: it goes to sleep when a command comes ---- */

static struct {
	void (*lock)(void *ctx);
	struct front *front;
	_Atomic bool wanted;
	_Atomic bool done;
} edge;

/* The lock is the last that it takes before it asks for a doorbell: it has looked, and nothing was there. */
static void lock_and_offer(void *ctx)
{
	edge.lock(ctx);
	if (!atomic_exchange(&edge.wanted, false))
		return;
	front_offer(edge.front, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
	atomic_store(&edge.done, true);
}

/* That a doorbell for nothing comes before makes no difference where it is awake, and else has it go to sleep anew. */
static void offer_inside(struct front *f)
{
	struct hang hang = hang_watch();

	atomic_store(&edge.done, false);
	atomic_store(&edge.wanted, true);
	front_kick(f);
	while (!atomic_load(&edge.done))
		assert_false(hangs(&hang));
	assert_int_equal(front_status(f), SCMI_SUCCESS);
}

/* Nobody rings for it: no doorbell had been asked for when it was published. */
static void is_found_before_the_sleep(bool event_idx)
{
	struct place *p = place_open(rig_uri(",poll=1"));
	struct front f;

	assert_non_null(p);
	edge.lock = p->port.lock;
	edge.front = &f;
	p->port.lock = lock_and_offer;
	place_run(p);
	come_with(&f, event_idx);
	for (unsigned i = 0; i < 20; i++) {
		if (i % 2 != 0)
			await_asked(&f);
		offer_inside(&f);
	}
	front_leave(&f);
	place_close(p);
}

static void what_comes_on_the_edge_is_found(void **state)
{
	(void)state;
	is_found_before_the_sleep(false);
	is_found_before_the_sleep(true);
}

static void is_not_lost(bool event_idx)
{
	struct place *p = place_running(rig_uri(",poll=20"));
	struct front f;

	come_with(&f, event_idx);
	for (unsigned i = 0; i < 2000; i++) {
		for (volatile unsigned spin = 0; spin < i * 4u; spin = spin + 1u)
			;
		front_offer(&f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
		if (front_must_kick(&f))
			front_kick(&f);
		assert_int_equal(front_status(&f), SCMI_SUCCESS);
	}
	front_leave(&f);
	place_close(p);
}

/* A command that comes just when it goes to sleep is rung for, or seen. */
static void nothing_is_lost_on_the_edge(void **state)
{
	(void)state;
	is_not_lost(false);
	is_not_lost(true);
}

/* ---- the others ---- */

static void the_others_get_their_turns(void **state)
{
	struct place *p = place_running(rig_uri(",agents=3" LONG));
	struct front loud;
	struct front calm;
	struct front late;

	(void)state;
	come(&loud);
	come(&calm);
	for (unsigned i = 0; i < 20; i++) {
		ask_quietly(&loud);
		assert_true(front_lives(&calm));
		come(&late);
		ask_quietly(&loud);
		ask_quietly(&calm);
		front_leave(&late);
	}
	front_leave(&calm);
	ask_quietly(&loud);
	front_leave(&loud);
	place_close(p);
}

/* The end comes while somebody is looked at. */
static void it_ends_while_it_polls(void **state)
{
	struct place *p = place_running(rig_uri(LONG));
	struct front f;

	(void)state;
	come(&f);
	place_halt(p);
	assert_true(front_is_cut(&f));
	front_leave(&f);
	place_close(p);
}

static void who_has_gone_is_not_polled(void **state)
{
	struct place *p = place_running(rig_uri(LONG));
	struct front f;

	(void)state;
	come(&f);
	front_leave(&f);
	await_sleep(p);
	come(&f);
	ask_quietly(&f);
	front_leave(&f);
	place_close(p);
}

static void a_ring_that_is_polled_can_stop(void **state)
{
	const struct vu_vring_state cmdq = {.index = SCMI_VIRTIO_CMDQ};
	struct vu_vring_state base;
	struct place *p = place_running(rig_uri(LONG));
	struct front f;

	(void)state;
	come(&f);
	front_offer(&f, RIG_PROTOCOL, RIG_HOLD);
	place_await_held(p);
	front_send(&f, VU_GET_VRING_BASE, VU_VERSION, &cmdq, sizeof(cmdq), NULL, 0);
	place_release(p);
	assert_true(front_reply(&f, VU_GET_VRING_BASE, &base, sizeof(base)));
	assert_int_equal(base.num, 2);
	assert_int_equal(front_status(&f), SCMI_SUCCESS);
	await_sleep(p);
	front_leave(&f);
	place_close(p);
}

/* Until the other side has read all that was said. */
static void await_heard(struct front *f)
{
	struct hang hang = hang_watch();
	int unheard;

	do {
		assert_false(hangs(&hang));
		assert_int_equal(ioctl(f->sock, SIOCOUTQ, &unheard), 0);
	} while (unheard != 0);
}

/* What comes while it drains stays where it is, though it is looked for: the other's answers prove that. */
static void a_ring_that_drains_is_left_alone(void **state)
{
	const struct vu_vring_state cmdq = {.index = SCMI_VIRTIO_CMDQ};
	struct vu_vring_state base;
	struct place *p = place_running(rig_uri(",agents=2" LONG));
	struct front f;
	struct front other;

	(void)state;
	come(&f);
	come(&other);
	front_offer(&f, RIG_PROTOCOL, RIG_HOLD);
	place_await_held(p);
	front_send(&f, VU_GET_VRING_BASE, VU_VERSION, &cmdq, sizeof(cmdq), NULL, 0);
	await_heard(&f);
	front_offer(&f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
	for (unsigned i = 0; i < 10; i++)
		ask_quietly(&other);
	place_release(p);
	assert_true(front_reply(&f, VU_GET_VRING_BASE, &base, sizeof(base)));
	assert_int_equal(base.num, 2);
	assert_int_equal(front_status(&f), SCMI_SUCCESS);
	front_leave(&f);
	front_leave(&other);
	place_close(p);
}

static void memory_may_go_while_it_polls(void **state)
{
	struct place *p = place_running(rig_uri(LONG));
	struct front f;

	(void)state;
	come(&f);
	assert_int_equal(ftruncate(f.memory, 0), 0);
	assert_true(front_is_cut(&f));
	front_leave(&f);
	place_close(p);
	assert_int_equal(lines_with("its memory was cut short"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* The first: the test framework takes the signal to itself with each that follows. */
		cmocka_unit_test_setup_teardown(memory_may_go_while_it_polls, test_begin, test_end),
		cmocka_unit_test_setup_teardown(who_has_asked_need_not_ring, test_begin, test_end),
		cmocka_unit_test_setup_teardown(who_is_quiet_is_asked_to_ring, test_begin, test_end),
		cmocka_unit_test_setup_teardown(what_comes_on_the_edge_is_found, test_begin, test_end),
		cmocka_unit_test_setup_teardown(nothing_is_lost_on_the_edge, test_begin, test_end),
		cmocka_unit_test_setup_teardown(the_others_get_their_turns, test_begin, test_end),
		cmocka_unit_test_setup_teardown(it_ends_while_it_polls, test_begin, test_end),
		cmocka_unit_test_setup_teardown(who_has_gone_is_not_polled, test_begin, test_end),
		cmocka_unit_test_setup_teardown(a_ring_that_is_polled_can_stop, test_begin, test_end),
		cmocka_unit_test_setup_teardown(a_ring_that_drains_is_left_alone, test_begin, test_end),
	};

	return cmocka_run_group_tests(tests, NULL, group_end);
}
