/* SPDX-License-Identifier: BSD-3-Clause */
/* The listener of "vhost-user:": who is let in and who is sent away, doorbells, fair turns, descriptors. */
#define _GNU_SOURCE

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../support/hang.h"
#include "fds.h"
#include "vhost_listen_rig.h"

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

/* Less than a tenth of the time at work: it waits for something to happen. Who turns round and round has all of it. */
static bool sleeps(struct place *p)
{
	struct timespec before;
	struct timespec after;
	clockid_t clock;

	assert_int_equal(pthread_getcpuclockid(p->thread, &clock), 0);
	assert_int_equal(clock_gettime(clock, &before), 0);
	usleep(200000);
	assert_int_equal(clock_gettime(clock, &after), 0);
	return (after.tv_sec - before.tv_sec) * 1000000 + (after.tv_nsec - before.tv_nsec) / 1000 < 20000;
}

/* ---- guests come and go ---- */

static void guests_are_served(void **state)
{
	struct place *p = place_running(rig_uri(""));
	struct front f[RIG_AGENTS];

	(void)state;
	for (unsigned i = 0; i < RIG_AGENTS; i++) {
		assert_true(front_connect(&f[i]));
		front_up(&f[i]);
	}
	for (unsigned n = 0; n < 20; n++) {
		for (unsigned i = 0; i < RIG_AGENTS; i++)
			assert_true(front_ask(&f[i]));
	}
	assert_true(sleeps(p));
	for (unsigned i = 0; i < RIG_AGENTS; i++)
		front_leave(&f[i]);
	place_close(p);
	assert_int_equal(lines_with(""), 0); /* to go is no fault */
}

static void one_too_many_is_sent_away(void **state)
{
	struct place *p = place_running(rig_uri(",agents=2"));
	struct front f[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_true(front_connect(&f[i]));
	assert_true(front_lives(&f[0]) && front_lives(&f[1]));
	assert_true(front_is_cut(&f[2]));
	assert_int_equal(lines_with("vhost-user:"), 1);
	assert_int_equal(lines_with(rig_path()), 1);
	assert_int_equal(lines_with("one guest too many sent away: there are 2"), 1);
	front_leave(&f[2]);
	front_leave(&f[0]);
	assert_true(front_connect(&f[2]));
	assert_true(front_lives(&f[2])); /* in the place that has become free */
	assert_true(front_lives(&f[1]));
	front_leave(&f[1]);
	front_leave(&f[2]);
	place_close(p);
}

/* The old connection and the new one are found at once: the old one is gone, and its place is free. */
static void a_guest_that_starts_anew_finds_its_place(void **state)
{
	struct place *p = place_open(rig_uri(",agents=1"));
	struct front old;
	struct front new;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		assert_true(front_connect(&old));
		if (i % 2 != 0)
			front_send(&old, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
		front_leave(&old);
		assert_true(front_connect(&new));
		place_run(p);
		front_up(&new);
		assert_true(front_ask(&new));
		front_leave(&new);
		assert_true(front_connect(&new)); /* and while it runs */
		assert_true(front_lives(&new));
		front_leave(&new);
		place_halt(p);
	}
	place_close(p);
	assert_int_equal(lines_with(""), 0);
}

static void ended_is_everybody_sent_away(void **state)
{
	struct place *p = place_open(rig_uri(""));
	struct front f;

	(void)state;
	assert_true(front_connect(&f));
	scmi_vhost_user_scheme()->end(p->listener);
	assert_int_equal(scmi_vhost_user_scheme()->run(p->listener), SCMI_OK);
	place_run(p); /* and may run again */
	front_up(&f);
	assert_true(front_ask(&f));
	place_halt(p);
	assert_true(front_is_cut(&f));
	front_leave(&f);
	place_close(p);
	assert_false(front_connect(&f)); /* the name is gone */
}

/* ---- who breaks the rules ---- */

static void send_bytes(struct front *f, uint64_t *seed)
{
	unsigned char bytes[600];

	for (size_t i = 0; i < sizeof(bytes); i++) {
		*seed = *seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
		bytes[i] = (unsigned char)(*seed >> 56);
	}
	if (*seed >> 63 != 0) { /* a header that could be one */
		const struct vu_header h = {.request = bytes[0] % VU_REQUESTS, .flags = VU_VERSION, .size = bytes[1]};

		memcpy(bytes, &h, sizeof(h));
	}
	(void)send(f->sock, bytes, 12u + (size_t)(*seed >> 40) % 588u, MSG_NOSIGNAL);
}

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

/* Noise from a seed (SEED=n ROUNDS=n), and descriptors with it: the guest beside it is served, nothing is left open. */
static void noise_hurts_nobody_else(void **state)
{
	const uint64_t rounds = from_environment("ROUNDS", 300);
	uint64_t seed = from_environment("SEED", 1);
	struct place *p = place_running(rig_uri(",agents=3"));
	struct front good;
	struct front f;
	unsigned before;

	(void)state;
	assert_true(front_connect(&good));
	front_up(&good);
	assert_true(front_ask(&good));
	before = open_fds();
	for (uint64_t i = 0; i < rounds; i++) {
		assert_true(front_connect(&f));
		if (i % 4 == 0) {
			const int fds[3] = {f.sock, STDIN_FILENO, p->runs ? f.sock : -1};

			front_send(&f, VU_SET_MEM_TABLE, VU_VERSION, &seed, sizeof(seed), fds, 3);
		}
		send_bytes(&f, &seed);
		front_leave(&f);
		assert_true(front_ask(&good));
	}
	assert_true(front_connect(&f) && front_lives(&f)); /* those before it have gone, then */
	front_leave(&f);
	assert_true(front_lives(&good) && front_ask(&good));
	place_halt(p);
	front_leave(&good);
	assert_true(open_fds() <= before);
	place_close(p);
}

static void who_is_sent_away_is_told_of(void **state)
{
	static const struct vu_header wrong = {.request = VU_GET_FEATURES, .flags = 2};
	struct place *p = place_running(rig_uri(""));
	struct front good;
	struct front bad;

	(void)state;
	assert_true(front_connect(&good));
	front_up(&good);
	assert_true(front_connect(&bad) && front_lives(&bad));
	assert_int_equal(send(bad.sock, &wrong, sizeof(wrong), 0), sizeof(wrong));
	assert_true(front_is_cut(&bad));
	assert_int_equal(lines_with("guest 2 sent away: "), 1);
	assert_int_equal(lines_with(""), 1);
	assert_true(front_ask(&good));
	front_leave(&bad);
	front_leave(&good);
	place_close(p);
}

/* Ten lines a second, and the next one tells how many there were. */
static void the_log_is_not_filled(void **state)
{
	static const struct vu_header wrong = {.request = VU_GET_FEATURES, .flags = 2};
	const uint64_t began_us = hang_now_us();
	struct place *p = place_running(rig_uri(""));
	uint64_t seconds;
	struct front f;

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		assert_true(front_connect(&f));
		(void)send(f.sock, &wrong, sizeof(wrong), MSG_NOSIGNAL);
		assert_true(front_is_cut(&f));
		front_leave(&f);
	}
	seconds = (hang_now_us() - began_us) / 1000000u;
	assert_in_range(lines_with("sent away"), 10, (seconds + 1u) * 10u);
	place_close(p);
}

/* A place that must not be: fds[] of a message that is refused, in each count. */
static void refused_messages_leave_no_descriptor(void **state)
{
	struct place *p = place_running(rig_uri(",agents=1"));
	struct front f;
	unsigned before;

	(void)state;
	assert_true(front_connect(&f) && front_lives(&f));
	front_leave(&f);
	assert_true(front_connect(&f) && front_lives(&f));
	before = open_fds();
	front_leave(&f);
	for (uint32_t request = 0; request < VU_REQUESTS + 3u; request++) {
		for (unsigned n = 0; n < 10; n++) {
			const uint64_t payload = 0;
			const int fds[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};

			assert_true(front_connect(&f));
			front_send(&f, request, VU_VERSION | VU_NEED_REPLY, &payload, n % 2u * sizeof(payload), fds, n);
			(void)shutdown(f.sock, SHUT_WR);
			assert_true(front_is_cut(&f));
			front_leave(&f);
		}
	}
	assert_true(front_connect(&f) && front_lives(&f));
	assert_int_equal(open_fds(), before);
	front_leave(&f);
	place_close(p);
}

/* ---- doorbells ---- */

/* Another doorbell, with the same number at the other end: the old one is not watched any more, the new one is. */
static void a_doorbell_is_replaced(void **state)
{
	struct place *p = place_running(rig_uri(""));
	struct front f;

	(void)state;
	assert_true(front_connect(&f));
	front_up(&f);
	for (unsigned i = 0; i < 50; i++) {
		const int old = f.kick[0];

		assert_true(front_ask(&f));
		f.kick[0] = eventfd(0, EFD_CLOEXEC);
		assert_true(f.kick[0] >= 0);
		front_set_kick(&f, SCMI_VIRTIO_CMDQ, f.kick[0]);
		assert_true(front_lives(&f)); /* and has read that, then */
		close(old);
	}
	assert_true(front_ask(&f));
	front_leave(&f);
	place_close(p);
}

/* Rung before it was handed over. */
static void a_doorbell_that_has_been_rung_counts(void **state)
{
	const struct vu_vring_state on = {.index = SCMI_VIRTIO_CMDQ, .num = 1};
	struct place *p = place_running(rig_uri(""));
	struct front f;

	(void)state;
	assert_true(front_connect(&f));
	front_set_up(&f);
	f.kick[0] = eventfd(0, EFD_CLOEXEC);
	front_offer(&f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
	front_kick(&f);
	front_set_kick(&f, SCMI_VIRTIO_CMDQ, f.kick[0]);
	front_send(&f, VU_SET_VRING_ENABLE, VU_VERSION, &on, sizeof(on), NULL, 0);
	assert_int_equal(front_status(&f), SCMI_SUCCESS);
	front_leave(&f);
	place_close(p);
}

/* Each message has the doorbells watched anew: one that was rung once does not count again and again. */
static void who_talks_much_does_not_ring(void **state)
{
	struct place *p = place_running(rig_uri(",agents=1"));
	struct front f;

	(void)state;
	assert_true(front_connect(&f));
	front_up(&f);
	assert_true(front_ask(&f));
	for (unsigned i = 0; i < 2u * 66000u; i++) /* two may be read in one turn */
		assert_true(front_lives(&f));
	assert_true(front_ask(&f));
	front_leave(&f);
	place_close(p);
	assert_int_equal(lines_with(""), 0);
}

static void a_ring_without_doorbell_is_polled(void **state)
{
	const struct vu_vring_state on = {.index = SCMI_VIRTIO_CMDQ, .num = 1};
	const struct vu_vring_state off = {.index = SCMI_VIRTIO_CMDQ};
	struct place *p = place_running(rig_uri(""));
	struct front f;

	(void)state;
	assert_true(front_connect(&f));
	front_set_up(&f);
	front_set_kick(&f, SCMI_VIRTIO_CMDQ, -1);
	assert_true(front_lives(&f) && sleeps(p));
	front_send(&f, VU_SET_VRING_ENABLE, VU_VERSION, &on, sizeof(on), NULL, 0);
	assert_true(front_lives(&f));
	for (unsigned i = 0; i < 20; i++) {
		front_offer(&f, SCMI_PROTOCOL_BASE, SCMI_PROTOCOL_VERSION);
		assert_int_equal(front_status(&f), SCMI_SUCCESS);
	}
	front_send(&f, VU_SET_VRING_ENABLE, VU_VERSION, &off, sizeof(off), NULL, 0);
	assert_true(front_lives(&f) && sleeps(p));
	front_leave(&f);
	place_close(p);
}

/* ---- one guest beside another ---- */

static atomic_bool ringing;

static void *ring_without_end(void *arg)
{
	struct front *f = arg;

	while (atomic_load(&ringing))
		front_kick(f);
	return NULL;
}

/* It may be sent away or not: the other one is served. */
static void who_rings_without_end_does_not_starve_others(void **state)
{
	struct place *p = place_running(rig_uri(""));
	struct front loud;
	struct front calm;
	pthread_t thread;

	(void)state;
	assert_true(front_connect(&loud) && front_connect(&calm));
	front_up(&loud);
	front_up(&calm);
	assert_true(front_ask(&loud));
	atomic_store(&ringing, true);
	assert_int_equal(pthread_create(&thread, NULL, ring_without_end, &loud), 0);
	for (unsigned i = 0; i < 200; i++)
		assert_true(front_ask(&calm));
	atomic_store(&ringing, false);
	assert_int_equal(pthread_join(thread, NULL), 0);
	front_leave(&loud);
	front_leave(&calm);
	place_close(p);
}

/* To stop a ring waits for what is open in it: meanwhile the others are served, and the wait has an end. */
static void who_waits_for_his_ring_to_stop_holds_up_nobody(void **state)
{
	const struct vu_vring_state cmdq = {.index = SCMI_VIRTIO_CMDQ};
	struct vu_vring_state base;
	struct place *p = place_running(rig_uri(""));
	struct front slow;
	struct front calm;

	(void)state;
	assert_true(front_connect(&slow) && front_connect(&calm));
	front_up(&slow);
	front_up(&calm);
	front_offer(&slow, RIG_PROTOCOL, RIG_HOLD);
	front_kick(&slow);
	place_await_held(p);
	front_send(&slow, VU_GET_VRING_BASE, VU_VERSION, &cmdq, sizeof(cmdq), NULL, 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(front_ask(&calm));
	place_release(p);
	assert_true(front_reply(&slow, VU_GET_VRING_BASE, &base, sizeof(base)));
	assert_int_equal(base.num, 1);
	assert_int_equal(front_status(&slow), SCMI_SUCCESS); /* it was returned before */
	assert_true(front_ask(&calm));
	front_leave(&slow);
	front_leave(&calm);
	place_close(p);
}

/* ---- the system has no descriptor left ---- */

static void without_descriptors_it_waits(void **state)
{
	struct place *p = place_running(rig_uri(""));
	struct front first;
	struct front f;
	struct fd_hog hog;

	(void)state;
	assert_true(front_connect(&first));
	front_up(&first);
	assert_true(front_ask(&first));
	fd_hog_all_but(&hog, 1);
	assert_true(front_connect(&f)); /* that one */
	front_send(&f, VU_GET_FEATURES, VU_VERSION, NULL, 0, NULL, 0);
	for (unsigned i = 0; i < 20; i++)
		assert_true(front_ask(&first));
	assert_true(sleeps(p));
	fd_hog_end(&hog);
	assert_true(front_reply(&f, VU_GET_FEATURES, &(uint64_t){0}, sizeof(uint64_t)));
	front_leave(&f);
	front_leave(&first);
	place_close(p);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(guests_are_served),
		CASE(one_too_many_is_sent_away),
		CASE(a_guest_that_starts_anew_finds_its_place),
		CASE(ended_is_everybody_sent_away),
		CASE(noise_hurts_nobody_else),
		CASE(who_is_sent_away_is_told_of),
		CASE(the_log_is_not_filled),
		CASE(refused_messages_leave_no_descriptor),
		CASE(a_doorbell_is_replaced),
		CASE(a_doorbell_that_has_been_rung_counts),
		CASE(who_talks_much_does_not_ring),
		CASE(a_ring_without_doorbell_is_polled),
		CASE(who_rings_without_end_does_not_starve_others),
		CASE(who_waits_for_his_ring_to_stop_holds_up_nobody),
		CASE(without_descriptors_it_waits),
	};

	return cmocka_run_group_tests_name("vhost_user_listen", tests, NULL, group_end);
}
