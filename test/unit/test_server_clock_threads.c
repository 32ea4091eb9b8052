/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rates that are set by two agents at once and end in a third thread, before or after the handler has returned: every
 * command is answered once, every delayed response comes once, and at the end nothing is pending.
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "clock_fixture.h"

#define ROUNDS 3000u

/* Where rate_set() leaves what is pending, for the thread that ends it. */
static _Atomic(struct scmi_clock_pending *) kept[PENDINGS];
static atomic_uint running;
static atomic_uint ended;

static int32_t set_later(void *arg, uint16_t agent, uint32_t clock, uint64_t rate, struct scmi_clock_pending *pending)
{
	(void)arg;
	(void)agent;
	(void)clock;
	if (rate == 24000000u)
		return SCMI_SUCCESS;
	for (unsigned i = 0;; i = (i + 1u) % PENDINGS) {
		struct scmi_clock_pending *none = NULL;

		if (atomic_compare_exchange_strong(&kept[i], &none, pending))
			return SCMI_CLOCK_LATER;
	}
}

static void *end_them(void *arg)
{
	unsigned left;

	(void)arg;
	do {
		left = atomic_load(&running);
		for (unsigned i = 0; i < PENDINGS; i++) {
			struct scmi_clock_pending *p = atomic_exchange(&kept[i], NULL);

			if (p != NULL && scmi_clock_rate_set_done(p, SCMI_SUCCESS, p->rate) == SCMI_OK)
				atomic_fetch_add(&ended, 1);
		}
		sched_yield();
	} while (left != 0);
	return NULL;
}

struct asker {
	struct fixture *f;
	unsigned agent; /* from 0 */
	unsigned later;
	unsigned delayed;
	unsigned wrong;
};

static int32_t ask(struct fake_endpoint *e, struct fake_request *r, uint32_t flags, uint32_t rate)
{
	uint8_t params[16] = {0};

	scmi_put_le32(params, flags);
	scmi_put_le32(params + 8, rate);
	fake_deliver(e, r, scmi_hdr(CLOCK, SCMI_CLOCK_RATE_SET, SCMI_MSG_COMMAND, 7), params, sizeof(params),
		     FAKE_PAYLOAD);
	while (atomic_load(&r->replies) == 0)
		sched_yield();
	return fake_status(r);
}

static void *ask_them(void *arg)
{
	static const uint32_t ways[] = {0, SCMI_CLOCK_SET_ASYNC, SCMI_CLOCK_SET_ASYNC | SCMI_CLOCK_SET_NO_DELAYED};
	struct asker *a = arg;
	struct fake_request r = {0};

	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t flags = ways[i % 3u];
		bool at_once = i / 3u % 4u == 0;
		int32_t status;

		/* Busy: as many are pending as may be, until the third thread has ended one. */
		do {
			status = ask(&a->f->endpoints[a->agent], &r, flags, at_once ? 24000000u : 48000000u);
			if (status == SCMI_BUSY)
				sched_yield();
		} while (status == SCMI_BUSY);
		a->wrong += status != SCMI_SUCCESS;
		a->later += !at_once;
		a->delayed += flags == SCMI_CLOCK_SET_ASYNC;
	}
	fake_request_free(&r);
	atomic_fetch_sub(&running, 1);
	return NULL;
}

static void every_setting_ends_once(void **state)
{
	struct fixture *f = *state;
	struct asker askers[AGENTS];
	pthread_t threads[AGENTS];
	pthread_t ender;
	unsigned later = 0;

	f->device.ops.rate_set = set_later;
	atomic_store(&running, AGENTS);
	assert_int_equal(pthread_create(&ender, NULL, end_them, NULL), 0);
	for (unsigned i = 0; i < AGENTS; i++) {
		askers[i] = (struct asker){.f = f, .agent = i};
		assert_int_equal(pthread_create(&threads[i], NULL, ask_them, &askers[i]), 0);
	}
	for (unsigned i = 0; i < AGENTS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(pthread_join(ender, NULL), 0);
	for (unsigned i = 0; i < AGENTS; i++) {
		assert_int_equal(askers[i].wrong, 0);
		assert_int_equal(atomic_load(&f->endpoints[i].taken), askers[i].delayed);
		later += askers[i].later;
	}
	assert_int_equal(atomic_load(&ended), later);
	for (unsigned i = 0; i < PENDINGS; i++)
		assert_null(atomic_load(&kept[i]));
	/* All that may be pending is free. */
	f->device.ops.rate_set = set_later;
	for (unsigned i = 0; i < PENDINGS; i++)
		assert_int_equal(ASK(f, SCMI_CLOCK_RATE_SET, 4, SCMI_CLOCK_SET_ASYNC, 0u, 48000000u, 0u), SCMI_SUCCESS);
	(void)end_them(NULL);
	assert_int_equal(atomic_load(&ended), later + PENDINGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_setting_ends_once),
	};

	return cmocka_run_group_tests_name("server_clock_threads", tests, NULL, NULL);
}
