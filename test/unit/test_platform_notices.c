/* SPDX-License-Identifier: BSD-3-Clause */
/* Notices: of each the newest word arrives, once there is room, if it is still wanted. */
#define _DEFAULT_SOURCE /* mmap() */

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "platform_fixture.h"

#define NOTICES 3u
#define BYTES   8u

/* In order of id: notifications 0, 1 and 2 of the vendor's protocol. */
struct notices {
	struct fixture *f;
	struct scmi_notice notice[NOTICES];
	uint8_t payloads[NOTICES][2u * BYTES];
};

static void switch_one(struct fixture *f, uint32_t id, uint32_t on)
{
	struct fake_request r = {0};

	assert_int_equal(fake_ask(&f->endpoint, &r, VENDOR, TELL, 2, id, on), SCMI_SUCCESS);
	fake_request_free(&r);
}

static void init(struct notices *n, void **state)
{
	memset(n, 0, sizeof(*n));
	n->f = of(state);
	for (uint32_t i = 0; i < NOTICES; i++) {
		n->notice[i] = (struct scmi_notice){.size = sizeof(n->notice[i]),
						    .agent = 1,
						    .protocol = VENDOR,
						    .notification = (uint8_t)i,
						    .buf = n->payloads[i],
						    .cap = BYTES};
		assert_int_equal(scmi_notice_init(n->f->platform, &n->notice[i]), SCMI_OK);
		switch_one(n->f, i, 1);
	}
}

static int post(struct notices *n, uint32_t i, uint32_t value)
{
	uint8_t payload[4];

	scmi_put_le32(payload, value);
	return scmi_notice_post(&n->notice[i], payload, sizeof(payload));
}

static void no_room(struct notices *n)
{
	atomic_store(&n->f->endpoint.refusals, UINT_MAX);
}

static void assert_message(const struct notices *n, unsigned i, uint32_t id, uint32_t value)
{
	assert_true(i < atomic_load(&n->f->endpoint.taken));
	assert_int_equal(n->f->endpoint.log[i].hdr, scmi_hdr(VENDOR, (uint8_t)id, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(n->f->endpoint.log[i].len, 4);
	assert_int_equal(fake_message_u32(&n->f->endpoint.log[i], 0), value);
}

static unsigned taken(struct notices *n)
{
	return atomic_load(&n->f->endpoint.taken);
}

/* ---- with room and without ---- */

static void notice_goes_at_once_where_there_is_room(void **state)
{
	static struct notices n; /* the platform's until the tear-down */

	init(&n, state);
	assert_int_equal(post(&n, 1, 7), SCMI_OK);
	assert_message(&n, 0, 1, 7);
	assert_int_equal(scmi_notice_post(&n.notice[1], NULL, 0), SCMI_OK);
	assert_int_equal(fake_last(&n.f->endpoint)->len, 0);
	switch_one(n.f, 1, 0);
	assert_int_equal(post(&n, 1, 7), SCMI_OK);
	assert_int_equal(taken(&n), 2);
	assert_int_equal(stats_of(n.f).notified, 2);
	assert_int_equal(stats_of(n.f).sent, 2);
}

static void newest_word_waits_and_older_ones_are_merged(void **state)
{
	static struct notices n;

	init(&n, state);
	no_room(&n);
	for (uint32_t i = 1; i <= 5u; i++)
		assert_int_equal(post(&n, 0, i), SCMI_OK);
	assert_int_equal(stats_of(n.f).waiting, 1);
	assert_int_equal(stats_of(n.f).merged, 4);
	fake_make_room(&n.f->endpoint);
	assert_message(&n, 0, 0, 5);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 1);
	assert_int_equal(post(&n, 0, 6), SCMI_OK);
	assert_message(&n, 1, 0, 6);
	assert_int_equal(stats_of(n.f).waiting, 0);
	assert_int_equal(stats_of(n.f).notified, 6);
}

static void notices_go_after_delayed_responses(void **state)
{
	static struct notices n;
	struct fixture *f;

	init(&n, state);
	f = n.f;
	assert_int_equal(fake_ask(&f->endpoint, &f->request, VENDOR, DELAY, 2, 0u, (uint32_t)DELAY_OPEN), SCMI_SUCCESS);
	no_room(&n);
	assert_int_equal(post(&n, 2, 1), SCMI_OK);
	assert_int_equal(scmi_delayed_send(&f->delayed[0], SCMI_SUCCESS, NULL, 0), SCMI_OK);
	atomic_store(&f->endpoint.refusals, 1);
	f->endpoint.sink->ready(f->endpoint.channel);
	assert_int_equal(taken(&n), 0);
	f->endpoint.sink->ready(f->endpoint.channel);
	assert_int_equal(taken(&n), 2);
	assert_int_equal(scmi_hdr_type(f->endpoint.log[0].hdr), SCMI_MSG_DELAYED);
	assert_message(&n, 1, 2, 1);
}

/* The endpoint has room for one message, and none after it. */
static void take_one(struct fake_endpoint *e, void *arg)
{
	(void)arg;
	atomic_store(&e->refusals, e->sends % 2u == 0 ? 0u : UINT_MAX);
}

static void notice_that_is_posted_most_does_not_starve_the_others(void **state)
{
	unsigned came[NOTICES] = {0};
	static struct notices n;

	init(&n, state);
	no_room(&n);
	for (uint32_t i = 0; i < NOTICES; i++)
		assert_int_equal(post(&n, i, i), SCMI_OK);
	n.f->endpoint.on_send = take_one;
	for (unsigned round = 0; round < 12u; round++) {
		atomic_store(&n.f->endpoint.sends, 0);
		n.f->endpoint.sink->ready(n.f->endpoint.channel); /* takes one, refuses the next */
		n.f->endpoint.on_send = NULL;
		no_room(&n);
		assert_int_equal(post(&n, 2, round), SCMI_OK); /* the first of the list */
		n.f->endpoint.on_send = take_one;
	}
	for (unsigned i = 0; i < taken(&n); i++)
		came[scmi_hdr_message(n.f->endpoint.log[i].hdr)]++;
	assert_int_equal(came[0], 1);
	assert_int_equal(came[1], 1);
	assert_true(came[2] >= 2u);
}

/* ---- not wanted any more ---- */

static void notice_of_an_agent_that_switched_it_off_does_not_come(void **state)
{
	static struct notices n;

	init(&n, state);
	no_room(&n);
	assert_int_equal(post(&n, 0, 1), SCMI_OK);
	assert_int_equal(post(&n, 1, 2), SCMI_OK);
	switch_one(n.f, 0, 0);
	assert_int_equal(stats_of(n.f).withdrawn, 1);
	switch_one(n.f, 0, 1); /* and on again: what was posted before is stale all the same */
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 1);
	assert_message(&n, 0, 1, 2);
	assert_int_equal(post(&n, 0, 3), SCMI_OK);
	assert_message(&n, 1, 0, 3);
}

static void reset_withdraws_all_notices_of_the_agent(void **state)
{
	static struct notices n;

	init(&n, state);
	no_room(&n);
	for (uint32_t i = 0; i < NOTICES; i++)
		assert_int_equal(post(&n, i, i), SCMI_OK);
	assert_int_equal(scmi_platform_reset_agent(n.f->platform, 1), SCMI_OK);
	assert_int_equal(stats_of(n.f).withdrawn, NOTICES);
	for (uint32_t i = 0; i < NOTICES; i++)
		switch_one(n.f, i, 1);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
}

static void stop_withdraws_notices_and_takes_no_more(void **state)
{
	static struct notices n;

	init(&n, state);
	no_room(&n);
	assert_int_equal(post(&n, 0, 1), SCMI_OK);
	assert_int_equal(post(&n, 2, 1), SCMI_OK);
	assert_int_equal(scmi_platform_stop(n.f->platform), SCMI_OK);
	assert_int_equal(stats_of(n.f).withdrawn, 2);
	assert_int_equal(post(&n, 0, 2), SCMI_E_CLOSED);
	assert_int_equal(scmi_platform_start(n.f->platform), SCMI_OK);
	for (uint32_t i = 0; i < NOTICES; i++)
		switch_one(n.f, i, 1);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
	assert_int_equal(post(&n, 0, 3), SCMI_OK);
	assert_message(&n, 0, 0, 3);
}

/* ---- beside its sending ---- */

/* Another context's part, played inside send(): what is on its way there is the payload 1 of notice 0. */
struct beside {
	struct notices *n;
	unsigned posts;
	bool off;
	bool on;
};

static void act_beside(struct fake_endpoint *e, void *arg)
{
	struct beside *b = arg;

	e->on_send = NULL;
	for (unsigned i = 0; i < b->posts; i++)
		assert_int_equal(post(b->n, 0, 2u + i), SCMI_OK);
	if (b->off)
		switch_one(b->n->f, 0, 0);
	if (b->on)
		switch_one(b->n->f, 0, 1);
}

static void post_beside(struct beside *b, struct notices *n, void **state)
{
	init(n, state);
	b->n = n;
	n->f->endpoint.arg = b;
	n->f->endpoint.on_send = act_beside;
	assert_int_equal(post(n, 0, 1), SCMI_OK);
}

static void word_that_comes_while_the_older_is_sent_follows_it(void **state)
{
	struct beside b = {.posts = 2};
	static struct notices n;

	post_beside(&b, &n, state);
	assert_int_equal(taken(&n), 2);
	assert_message(&n, 0, 0, 1);
	assert_message(&n, 1, 0, 3);
	assert_int_equal(stats_of(n.f).merged, 1);
}

static void refuse_first(struct fake_endpoint *e, void *arg)
{
	atomic_store(&e->refusals, UINT_MAX);
	act_beside(e, arg);
}

static void post_beside_refusal(struct beside *b, struct notices *n, void **state)
{
	init(n, state);
	b->n = n;
	n->f->endpoint.arg = b;
	n->f->endpoint.on_send = refuse_first;
	assert_int_equal(post(n, 0, 1), SCMI_OK);
	assert_int_equal(taken(n), 0);
}

static void word_that_comes_while_the_older_is_refused_replaces_it(void **state)
{
	struct beside b = {.posts = 1};
	static struct notices n;

	post_beside_refusal(&b, &n, state);
	assert_int_equal(stats_of(n.f).merged, 1);
	assert_int_equal(stats_of(n.f).waiting, 1);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 1);
	assert_message(&n, 0, 0, 2);
}

static void word_that_is_refused_while_it_is_switched_off_is_withdrawn(void **state)
{
	struct beside b = {.off = true, .on = true};
	static struct notices n;

	post_beside_refusal(&b, &n, state);
	assert_int_equal(stats_of(n.f).withdrawn, 1);
	assert_int_equal(stats_of(n.f).waiting, 0);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
	assert_int_equal(post(&n, 0, 9), SCMI_OK);
	assert_message(&n, 0, 0, 9);
}

static void both_words_are_withdrawn_when_it_is_switched_off_beside(void **state)
{
	struct beside b = {.posts = 1, .off = true};
	static struct notices n;

	post_beside_refusal(&b, &n, state);
	assert_int_equal(stats_of(n.f).withdrawn, 2);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
}

/* ---- beside its posting ---- */

/*
 * An interrupt in the middle of a post: the payload lies in a page that cannot be read, and what the first look at it
 * runs into is the interrupt's handler, which acts and then lets it be read.
 */
static struct {
	struct notices *n;
	uint8_t *page;
	size_t bytes;
	struct sigaction old;
	bool reset;
	bool post;
	int result; /* of that post */
} interrupt;

static void on_interrupt(int signal)
{
	(void)signal;
	if (mprotect(interrupt.page, interrupt.bytes, PROT_READ | PROT_WRITE) != 0)
		abort();
	if (interrupt.post)
		interrupt.result = post(interrupt.n, 0, 2);
	if (interrupt.reset)
		assert_int_equal(scmi_platform_reset_agent(interrupt.n->f->platform, 1), SCMI_OK);
}

static void post_interrupted(struct notices *n)
{
	const struct sigaction action = {.sa_handler = on_interrupt};

	interrupt.n = n;
	interrupt.bytes = (size_t)sysconf(_SC_PAGESIZE);
	interrupt.page = mmap(NULL, interrupt.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(interrupt.page != MAP_FAILED);
	scmi_put_le32(interrupt.page, 1);
	assert_int_equal(mprotect(interrupt.page, interrupt.bytes, PROT_NONE), 0);
	assert_int_equal(sigaction(SIGSEGV, &action, &interrupt.old), 0);
	assert_int_equal(scmi_notice_post(&n->notice[0], interrupt.page, 4), SCMI_OK);
	assert_int_equal(sigaction(SIGSEGV, &interrupt.old, NULL), 0);
	assert_int_equal(munmap(interrupt.page, interrupt.bytes), 0);
}

static void post_that_is_not_wanted_at_its_end_is_withdrawn(void **state)
{
	static struct notices n;

	init(&n, state);
	interrupt.reset = true;
	interrupt.post = false;
	no_room(&n);
	post_interrupted(&n);
	assert_int_equal(stats_of(n.f).withdrawn, 1);
	switch_one(n.f, 0, 1);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
}

static void post_inside_a_post_is_refused(void **state)
{
	static struct notices n;

	init(&n, state);
	interrupt.reset = false;
	interrupt.post = true;
	post_interrupted(&n);
	assert_int_equal(interrupt.result, SCMI_E_BUSY);
	assert_int_equal(stats_of(n.f).dropped, 1);
	assert_int_equal(taken(&n), 1);
	assert_message(&n, 0, 0, 1);
}

/* ---- errors ---- */

static void error_of_the_endpoint_is_counted_and_ends_it(void **state)
{
	static struct notices n;

	init(&n, state);
	atomic_store(&n.f->endpoint.send_result, SCMI_E_NOPEER);
	assert_int_equal(post(&n, 0, 1), SCMI_OK);
	assert_int_equal(stats_of(n.f).failed, 1);
	atomic_store(&n.f->endpoint.send_result, SCMI_OK);
	fake_make_room(&n.f->endpoint);
	assert_int_equal(taken(&n), 0);
}

static void bad_posts_are_refused(void **state)
{
	static const uint8_t bytes[BYTES + 1u] = {0};
	static struct notices n;

	init(&n, state);
	assert_int_equal(scmi_notice_post(&n.notice[0], bytes, BYTES + 1u), SCMI_E_TOOBIG);
	assert_int_equal(scmi_notice_post(&n.notice[0], NULL, 1), SCMI_E_INVAL);
	assert_int_equal(scmi_notice_post(&n.notice[0], bytes, BYTES), SCMI_OK);
	assert_int_equal(fake_last(&n.f->endpoint)->len, BYTES);
	assert_int_equal(stats_of(n.f).notified, 1);
}

static void bad_notices_are_refused(void **state)
{
	static uint8_t buf[2];
	static struct scmi_notice bad[8];
	static struct scmi_notice empty;
	const struct scmi_notice good = {.size = sizeof(good), .agent = 1, .protocol = VENDOR, .buf = buf, .cap = 1};
	struct scmi_platform *platform = of(state)->platform;

	empty = good;
	for (unsigned i = 0; i < 8u; i++)
		bad[i] = good;
	bad[0].size--;
	bad[1].notification = SCMI_PLATFORM_NOTIFICATIONS_MAX;
	bad[2].buf = NULL;
	bad[3].agent = 2;
	bad[4].agent = SCMI_ALL_AGENTS;
	bad[5].protocol = ABSENT;
	bad[6].cap = FAKE_PAYLOAD + 1u;
	for (unsigned i = 0; i < 3u; i++)
		assert_int_equal(scmi_notice_init(platform, &bad[i]), SCMI_E_INVAL);
	for (unsigned i = 3; i < 6u; i++)
		assert_int_equal(scmi_notice_init(platform, &bad[i]), SCMI_E_NOTFOUND);
	assert_int_equal(scmi_notice_init(platform, &bad[6]), SCMI_E_TOOBIG);
	assert_int_equal(scmi_notice_init(platform, &bad[7]), SCMI_OK);
	assert_int_equal(scmi_notice_init(platform, &bad[7]), SCMI_E_INVAL); /* twice */
	empty.buf = NULL;
	empty.cap = 0;
	assert_int_equal(scmi_notice_init(platform, &empty), SCMI_OK);
	switch_one(of(state), 0, 1);
	assert_int_equal(scmi_notice_post(&empty, NULL, 0), SCMI_OK);
	assert_int_equal(atomic_load(&of(state)->endpoint.taken), 1);
}

static void link_without_p2a_channel_takes_no_notice(void **state)
{
	struct parts *p = *state;
	struct fixture *f = &p->fixture;
	struct scmi_notice notice = {
		.size = sizeof(notice), .agent = 1, .protocol = VENDOR, .buf = f->payloads[0], .cap = 8};

	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
	f->endpoint.ops.send = NULL;
	open_platform(p, 0);
	assert_int_equal(scmi_notice_init(f->platform, &notice), SCMI_OK);
	assert_int_equal(scmi_notice_post(&notice, "abcd", 4), SCMI_OK);
	assert_int_equal(stats_of(f).notified, 0);
	assert_int_equal(scmi_platform_fini(f->platform), SCMI_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(notice_goes_at_once_where_there_is_room),
		TEST(newest_word_waits_and_older_ones_are_merged),
		TEST(notices_go_after_delayed_responses),
		TEST(notice_that_is_posted_most_does_not_starve_the_others),
		TEST(notice_of_an_agent_that_switched_it_off_does_not_come),
		TEST(reset_withdraws_all_notices_of_the_agent),
		TEST(stop_withdraws_notices_and_takes_no_more),
		TEST(word_that_comes_while_the_older_is_sent_follows_it),
		TEST(word_that_comes_while_the_older_is_refused_replaces_it),
		TEST(word_that_is_refused_while_it_is_switched_off_is_withdrawn),
		TEST(both_words_are_withdrawn_when_it_is_switched_off_beside),
		TEST(post_that_is_not_wanted_at_its_end_is_withdrawn),
		TEST(post_inside_a_post_is_refused),
		TEST(error_of_the_endpoint_is_counted_and_ends_it),
		TEST(bad_posts_are_refused),
		TEST(bad_notices_are_refused),
		TEST(link_without_p2a_channel_takes_no_notice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
