/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The flaky transport between an agent and each kind of inner transport, with threads that call, one that polls, and
 * links that are lost: the transport's contract holds, every call ends, what is delivered is right, and in the end all
 * is at rest.
 */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

#include "../support/flaky.h"
#include "../support/hang.h"
#include "../support/kind_one.h"
#include "../support/kind_priv.h"
#include "../support/kind_rx.h"
#include "../support/served_transport.h"
#include "contract_watch.h"

#define THREADS     3
#define ROUNDS      300u
#define TIMEOUT_US  2000u
#define DEADLINE_US 20000u
#define CUT_EVERY   1000u
#define VALUES      8u

struct bench {
	struct scmi_posix posix;
	struct scmi_port port;
	struct served served;
	struct kind_priv *priv;
	struct kind_rx *rx;
	struct kind_one *one;
	struct scmi_transport inner;
	struct scmi_transport transport;
	struct flaky_config config;
	struct flaky *flaky;
	struct watch watch;
	struct scmi_agent *agent;
	void *mem;
	bool exact; /* no fault is at work that changes what a message says */
	atomic_uint running;
	atomic_bool over;
	atomic_uint ended[32];
	atomic_uint wrong; /* threads do not assert */
	atomic_uint next;
};

/* ---- inner transports, whose peer echoes ---- */

static uint32_t echo(unsigned char *reply, const void *payload, uint32_t len)
{
	const uint32_t n = len < VALUES ? len : VALUES;

	scmi_put_le32(reply, (uint32_t)SCMI_SUCCESS);
	if (n != 0)
		memcpy(reply + SCMI_STATUS_BYTES, payload, n);
	return SCMI_STATUS_BYTES + n;
}

static void priv_came(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct bench *b = arg;
	unsigned char reply[SCMI_STATUS_BYTES + VALUES];

	(void)kind_priv_answer(b->priv, ref, hdr, reply, echo(reply, payload, len));
}

static void rx_came(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct bench *b = arg;
	unsigned char reply[SCMI_STATUS_BYTES + VALUES];

	(void)kind_rx_answer(b->rx, ref, hdr, reply, echo(reply, payload, len));
}

static void one_came(void *arg, uint32_t hdr, const void *payload, uint32_t len)
{
	struct bench *b = arg;
	unsigned char reply[SCMI_STATUS_BYTES + VALUES];

	(void)kind_one_answer(b->one, hdr, reply, echo(reply, payload, len));
}

static void make_priv(struct bench *b)
{
	b->priv = kind_priv_create(priv_came, b, &b->inner);
	assert_non_null(b->priv);
}

static void make_rx(struct bench *b)
{
	b->rx = kind_rx_create(rx_came, b, &b->inner);
	assert_non_null(b->rx);
}

static void make_one(struct bench *b)
{
	b->one = kind_one_create(one_came, b, &b->inner);
	assert_non_null(b->one);
}

static void make_polled(struct bench *b)
{
	served_init(&b->served, SCMI_CAP_POLL | SCMI_CAP_WAIT);
	b->inner = b->served.transport;
}

static void make_delivered(struct bench *b)
{
	served_init(&b->served, SCMI_CAP_IRQ);
	b->inner = b->served.transport;
}

static void unmake(struct bench *b)
{
	if (b->priv != NULL)
		kind_priv_destroy(b->priv);
	else if (b->rx != NULL)
		kind_rx_destroy(b->rx);
	else if (b->one != NULL)
		kind_one_destroy(b->one);
	else
		served_fini(&b->served);
}

/* ---- callers ---- */

static bool is_right(const struct bench *b, int err)
{
	if (err == SCMI_E_PROTO || err == SCMI_E_REMOTE || err == SCMI_E_TRUNCATED)
		return !b->exact;
	return err == SCMI_OK || err == SCMI_E_TIMEOUT || err == SCMI_E_BUSY || err == SCMI_E_LINK ||
	       err == SCMI_E_NOPEER || err == SCMI_E_CLOSED;
}

/* A number that no other call ever sends. */
static int call_once(struct bench *b)
{
	const unsigned number = atomic_fetch_add(&b->next, 1u);
	unsigned char params[VALUES];
	unsigned char reply[VALUES] = {0};
	struct scmi_call call = {
		.size = sizeof(call),
		.protocol = SCMI_PROTOCOL_CLOCK,
		.message = 7,
		.params = params,
		.params_len = sizeof(params),
		.reply = reply,
		.reply_cap = sizeof(reply),
		.timeout_us = TIMEOUT_US,
		.deadline_us = b->port.now_us(b->port.ctx) + DEADLINE_US,
	};
	int err;

	scmi_put_le32(params, number);
	scmi_put_le32(params + 4, ~number);
	err = scmi_agent_call(b->agent, &call);
	if (!is_right(b, err) || (b->exact && err == SCMI_OK && memcmp(params, reply, sizeof(reply)) != 0))
		atomic_fetch_add(&b->wrong, 1u);
	atomic_fetch_add(&b->ended[-err & 31], 1u);
	return err;
}

static bool went_out(int err)
{
	return err != SCMI_E_BUSY && err != SCMI_E_NOPEER && err != SCMI_E_CLOSED;
}

static void *call_on(void *arg)
{
	struct bench *b = arg;

	for (unsigned i = 0; i < ROUNDS && !atomic_load(&b->over);) {
		if (went_out(call_once(b)))
			i++;
		else
			sched_yield();
	}
	atomic_fetch_sub(&b->running, 1u);
	return NULL;
}

/* ---- the bench ---- */

static void bench_up(struct bench *b, void (*make)(struct bench *b), uint64_t seed, bool exact)
{
	struct scmi_agent_config config = {.size = sizeof(config), .transport = &b->transport, .port = &b->port};
	size_t size;

	memset(b, 0, sizeof(*b));
	assert_int_equal(scmi_posix_init(&b->posix, &b->port), SCMI_OK);
	make(b);
	b->exact = exact;
	b->config = (struct flaky_config){
		.size = sizeof(b->config), .seed = seed, .port = &b->port, .delay_us_max = 500, .stall_us_max = 500};
	flaky_rates(&b->config, FLAKY_ALWAYS / 50u);
	b->config.rate[FLAKY_A2P][FLAKY_LINK] = FLAKY_ALWAYS / 200u;
	for (unsigned d = 0; d < 2 && exact; d++) {
		for (unsigned fault = FLAKY_CORRUPT; fault <= FLAKY_MISDIRECT; fault++)
			b->config.rate[d][fault] = 0;
	}
	b->flaky = flaky_create(&b->inner, &b->config, &b->transport);
	assert_non_null(b->flaky);
	watch_init(&b->watch, &b->transport, &b->transport);
	size = scmi_agent_size(&config);
	b->mem = malloc(size);
	assert_non_null(b->mem);
	assert_int_equal(scmi_agent_init(&b->agent, b->mem, size, &config), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
}

static void check_counts(struct bench *b)
{
	const struct flaky_counts c = flaky_counts(b->flaky);

	for (unsigned d = 0; d < 2; d++) {
		assert_int_equal(c.held[d], 0);
		assert_int_equal(c.came[d] + c.fault[d][FLAKY_DOUBLE],
				 c.passed[d] + c.fault[d][FLAKY_DROP] + c.refused[d] + c.lost[d]);
		assert_true(c.fault[d][FLAKY_DROP] != 0);
		assert_true(c.fault[d][FLAKY_DELAY] != 0);
	}
	assert_true(c.fault[FLAKY_A2P][FLAKY_LINK] != 0);
	assert_true(atomic_load(&b->ended[0]) != 0);
}

static void bench_down(struct bench *b)
{
	flaky_print(b->flaky);
	assert_int_equal(scmi_agent_fini(b->agent), SCMI_OK);
	assert_int_equal(atomic_load(&b->wrong), 0);
	assert_int_equal(watch_breaches(&b->watch), 0);
	check_counts(b);
	flaky_destroy(b->flaky);
	unmake(b);
	free(b->mem);
	scmi_posix_fini(&b->posix);
}

static void run_callers(struct bench *b, void (*meanwhile)(struct bench *b, unsigned turn))
{
	pthread_t threads[THREADS];
	struct hang watch = hang_watch();
	unsigned turn = 0;

	atomic_store(&b->running, THREADS);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_on, b), 0);
	while (atomic_load(&b->running) != 0) {
		meanwhile(b, ++turn);
		if (hangs(&watch) && !atomic_exchange(&b->over, true))
			atomic_fetch_add(&b->wrong, 1u);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Losing the link forgives what dropped messages owe. */
static void poll_and_cut(struct bench *b, unsigned turn)
{
	if (scmi_agent_poll(b->agent, 16) == 0)
		sched_yield();
	if (turn % CUT_EVERY == 0)
		flaky_cut(b->flaky);
}

static void stop_and_start(struct bench *b, unsigned turn)
{
	if (turn % 100u != 0) {
		(void)scmi_agent_poll(b->agent, 16);
		sched_yield();
		return;
	}
	assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
}

/* Calm, and a fresh link: nothing is owed any more, so each call goes well from here on. */
static void check_calm(struct bench *b)
{
	struct hang watch = hang_watch();

	flaky_calm(b->flaky);
	flaky_cut(b->flaky);
	flaky_turn(b->flaky);
	b->exact = true;
	for (unsigned ok = 0; ok < 100u;) {
		ok += call_once(b) == SCMI_OK ? 1u : 0u; /* a busy machine may be late */
		if (hangs(&watch))
			fail_msg("no call goes well");
	}
}

static void run(void (*make)(struct bench *b), uint64_t seed)
{
	static struct bench b;

	for (unsigned exact = 0; exact < 2; exact++) {
		bench_up(&b, make, seed, exact != 0);
		run_callers(&b, poll_and_cut);
		check_calm(&b);
		bench_down(&b);
		bench_up(&b, make, seed + 1u, exact != 0);
		run_callers(&b, stop_and_start);
		check_calm(&b);
		bench_down(&b);
	}
}

static void over_one_that_delegates(void **state)
{
	(void)state;
	run(make_priv, 100);
}

static void over_one_that_is_polled(void **state)
{
	(void)state;
	run(make_rx, 200);
}

static void over_one_of_depth_one(void **state)
{
	(void)state;
	run(make_one, 300);
}

static void over_one_that_is_waited_for(void **state)
{
	(void)state;
	run(make_polled, 400);
}

static void over_one_that_delivers_itself(void **state)
{
	(void)state;
	run(make_delivered, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(over_one_that_delegates),       cmocka_unit_test(over_one_that_is_polled),
		cmocka_unit_test(over_one_of_depth_one),         cmocka_unit_test(over_one_that_is_waited_for),
		cmocka_unit_test(over_one_that_delivers_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
