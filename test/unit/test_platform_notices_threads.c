/* SPDX-License-Identifier: BSD-3-Clause */
/* Notices in threads, beside delayed responses, on a link with little room; meant for a thread sanitizer. */
#include <sched.h>

#include "p2a_rig.h"

struct poster {
	struct fixture *f;
	uint32_t notice;
	uint32_t value; /* post_too()'s */
};

static int post(struct fixture *f, uint32_t notice, uint32_t value)
{
	uint8_t payload[4u * sizeof(uint32_t)];

	for (uint32_t i = 0; i < 4u; i++)
		scmi_put_le32(payload + i * sizeof(uint32_t), value);
	return scmi_notice_post(&f->notices[notice], payload, sizeof(payload));
}

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (uint32_t n = 1; n <= ROUNDS; n++) {
		rig_check(p->f, post(p->f, p->notice, n) == SCMI_OK);
		if (n % 16u == 0)
			sched_yield();
	}
	return NULL;
}

static void switch_notices(struct fixture *f, uint32_t on)
{
	struct fake_request r = {0};

	for (uint32_t i = 0; i < NOTICES; i++)
		assert_int_equal(rig_ask(f, &r, TELL, i, on), SCMI_SUCCESS);
	fake_request_free(&r);
}

/* Whole, never older than one that came before, and the last one comes. */
static void newest_word_of_each_notice_comes_whole(void **state)
{
	struct fixture *f = *state;
	struct poster posters[NOTICES] = {{.f = f, .notice = 0}, {.f = f, .notice = 1}};
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t senders[SENDERS];
	pthread_t threads[NOTICES];
	struct scmi_platform_stats s;

	switch_notices(f, 1);
	rig_start_senders(f, senders);
	for (uint32_t i = 0; i < NOTICES; i++)
		threads[i] = rig_run(post_many, &posters[i]);
	for (uint32_t i = 0; i < NOTICES; i++)
		pthread_join(threads[i], NULL);
	rig_join(f, senders, drainer);
	while (rig_stats(f).waiting != 0)
		rig_make_room(f);
	s = rig_stats(f);
	assert_int_equal(s.notified, NOTICES * ROUNDS);
	assert_int_equal(s.sent, atomic_load(&f->came[0]) + atomic_load(&f->came[1]));
	assert_int_equal(s.sent + s.merged, NOTICES * ROUNDS);
	for (uint32_t i = 0; i < NOTICES; i++)
		assert_int_equal(f->newest[i], ROUNDS);
	assert_int_equal(s.delayed_sent, SENDERS * ROUNDS);
}

/* Two post the same notice, as no program should: one of them is told, and no payload is mixed of two. */
static void *post_too(void *arg)
{
	struct poster *p = arg;

	for (uint32_t n = 0; n < ROUNDS; n++) {
		int err = post(p->f, 0, p->value);

		rig_check(p->f, err == SCMI_OK || err == SCMI_E_BUSY);
	}
	return NULL;
}

static void notices_switched_beside_posts_add_up_and_are_not_stale(void **state)
{
	struct fixture *f = *state;
	struct poster poster = {.f = f, .notice = 1};
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t thread = rig_run(post_many, &poster);
	unsigned came;

	for (unsigned n = 0; n < 200u; n++) {
		switch_notices(f, ~n & 1u);
		sched_yield();
	}
	pthread_join(thread, NULL);
	came = atomic_load(&f->came[1]);
	for (unsigned n = 0; n < 20u; n++)
		rig_make_room(f);
	assert_int_equal(atomic_load(&f->came[1]), came); /* switched off: nothing is left */
	switch_notices(f, 1);
	assert_int_equal(rig_stats(f).waiting, 0);
	atomic_store(&f->stop, 1);
	pthread_join(drainer, NULL);
	assert_int_equal(rig_stats(f).sent, came);
}

static void two_posts_of_one_notice_do_not_mix(void **state)
{
	struct fixture *f = *state;
	struct poster one = {.f = f, .value = 0x11111111u};
	struct poster two = {.f = f, .value = 0x22222222u};
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t a;
	pthread_t b;

	f->ordered = false;
	switch_notices(f, 1);
	a = rig_run(post_too, &one);
	b = rig_run(post_too, &two);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	while (rig_stats(f).waiting != 0)
		sched_yield();
	atomic_store(&f->stop, 1);
	pthread_join(drainer, NULL);
	assert_int_equal(rig_stats(f).notified, 2u * ROUNDS);
	assert_int_equal(rig_stats(f).sent, atomic_load(&f->came[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(newest_word_of_each_notice_comes_whole),
		TEST(notices_switched_beside_posts_add_up_and_are_not_stale),
		TEST(two_posts_of_one_notice_do_not_mix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
