/* SPDX-License-Identifier: BSD-3-Clause */
/* Delayed responses from several threads at once, on a link with little room; meant for a thread sanitizer. */
#include <sched.h>

#include "p2a_rig.h"

static void every_delayed_response_goes_once_and_in_its_senders_order(void **state)
{
	struct fixture *f = *state;
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t senders[SENDERS];

	rig_start_senders(f, senders);
	rig_join(f, senders, drainer);
	for (uint32_t i = 0; i < SENDERS; i++) {
		assert_int_equal(atomic_load(&f->senders[i].ok), ROUNDS);
		assert_int_equal(f->senders[i].next, ROUNDS);
	}
	assert_int_equal(rig_stats(f).delayed_sent, SENDERS * ROUNDS);
	assert_int_equal(rig_stats(f).delayed, SENDERS * ROUNDS);
}

/* What goes, goes in the life in which its command came; the rest is closed, by its sender or the pump, once. */
static void stops_and_starts_beside_senders_end_each_once(void **state)
{
	struct fixture *f = *state;
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t senders[SENDERS];
	unsigned ends = 0;
	int err;

	f->ordered = false; /* what is closed leaves gaps */
	rig_start_senders(f, senders);
	for (unsigned n = 0; n < 100u; n++) {
		for (unsigned k = 0; k < 10u; k++)
			sched_yield();
		assert_int_equal(scmi_platform_stop(f->platform), SCMI_OK);
		do {
			err = scmi_platform_start(f->platform);
		} while (err == SCMI_E_BUSY);
		assert_int_equal(err, SCMI_OK);
	}
	rig_join(f, senders, drainer);
	for (uint32_t i = 0; i < SENDERS; i++) {
		const struct sender *s = &f->senders[i];

		ends += atomic_load(&s->ok) + atomic_load(&s->closed) + s->refused;
		assert_int_equal(atomic_load(&s->ok) + atomic_load(&s->closed) + s->refused, ROUNDS);
	}
	assert_int_equal(rig_stats(f).delayed, ends);
}

static void peer_that_goes_beside_senders_ends_each_once(void **state)
{
	struct fixture *f = *state;
	pthread_t drainer = rig_run(rig_drain, f);
	pthread_t senders[SENDERS];

	f->ordered = false;
	rig_start_senders(f, senders);
	for (unsigned n = 0; n < 400u; n++) {
		sched_yield();
		if (n == 200u) {
			atomic_store(&f->gone, 1);
			rig_ready(f); /* send() will say so */
		}
	}
	rig_join(f, senders, drainer);
	for (uint32_t i = 0; i < SENDERS; i++)
		assert_int_equal(atomic_load(&f->senders[i].ok) + atomic_load(&f->senders[i].closed), ROUNDS);
	assert_int_equal(rig_stats(f).delayed, SENDERS * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_delayed_response_goes_once_and_in_its_senders_order),
		TEST(stops_and_starts_beside_senders_end_each_once),
		TEST(peer_that_goes_beside_senders_ends_each_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
