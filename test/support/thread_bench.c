/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdlib.h>

#include "thread_bench.h"

struct bench *bench_new(uint32_t caps, uint32_t slots, uint32_t waiters, uint32_t flags)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(scmi_posix_init(&b->posix, &b->port), SCMI_OK);
	served_init(&b->served, caps);
	b->config = (struct scmi_agent_config){
		.size = sizeof(b->config),
		.flags = flags,
		.transport = &b->served.transport,
		.port = &b->port,
		.options.slots = slots,
		.max_waiters = waiters,
	};
	b->timeout_us = SCMI_FOREVER;
	b->mem = malloc(scmi_agent_size(&b->config));
	assert_non_null(b->mem);
	assert_int_equal(scmi_agent_init(&b->agent, b->mem, scmi_agent_size(&b->config), &b->config), SCMI_OK);
	assert_int_equal(scmi_agent_start(b->agent), SCMI_OK);
	return b;
}

struct scmi_agent_stats bench_stats(struct bench *b)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	assert_int_equal(scmi_agent_stats(b->agent, SCMI_ALL_LINKS, &stats), SCMI_OK);
	return stats;
}

void bench_check(struct bench *b)
{
	struct scmi_agent_stats s = bench_stats(b);

	assert_int_equal(atomic_load(&b->faults), 0);
	assert_int_equal(s.submitted, atomic_load(&b->submitted));
	assert_int_equal(s.ok, atomic_load(&b->ends[0]));
	assert_int_equal(s.timed_out, atomic_load(&b->ends[-SCMI_E_TIMEOUT]));
	assert_int_equal(s.cancelled, atomic_load(&b->ends[-SCMI_E_CANCELLED]));
	assert_int_equal(s.closed, atomic_load(&b->ends[-SCMI_E_CLOSED]));
	assert_int_equal(s.remote + s.truncated + s.malformed + s.link_lost + s.in_flight, 0);
	assert_int_equal(s.submitted, s.ok + s.timed_out + s.cancelled + s.closed);
	assert_int_equal(s.no_slot, atomic_load(&b->busy));
	assert_int_equal(s.received, atomic_load(&b->served.messages));
	assert_int_equal(s.received, s.accepted + s.late + s.duplicate + s.stray_token);
}

void bench_end(struct bench *b)
{
	assert_int_equal(scmi_agent_stop(b->agent), SCMI_OK);
	bench_check(b);
	assert_int_equal(bench_stats(b).quarantined, 0);
	assert_int_equal(scmi_agent_fini(b->agent), SCMI_OK);
	served_fini(&b->served);
	scmi_posix_fini(&b->posix);
	free(b->mem);
	free(b);
}

void run_threads(struct bench *b, unsigned n, void *(*body)(void *arg))
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, b), 0);
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

void fault_unless(struct bench *b, bool good)
{
	if (!good)
		atomic_fetch_add(&b->faults, 1u);
}

void count_end(struct bench *b, int err)
{
	fault_unless(b, err <= 0 && err > -32);
	atomic_fetch_add(&b->ends[-err & 31], 1u);
}

void fill_call(const struct bench *b, struct scmi_call *call, unsigned char *params, unsigned char *reply,
	       uint64_t value)
{
	scmi_put_le64(params, value);
	*call = (struct scmi_call){
		.size = sizeof(*call),
		.protocol = SCMI_PROTOCOL_CLOCK,
		.message = 7,
		.flags = b->flags | SCMI_CALL_NOWAIT,
		.params = params,
		.params_len = 8,
		.reply = reply,
		.reply_cap = 8,
		.timeout_us = b->timeout_us,
	};
}

int call_once(struct bench *b, uint64_t value)
{
	unsigned char params[8];
	unsigned char reply[8];
	struct scmi_call call;
	int err;

	for (;;) {
		fill_call(b, &call, params, reply, value);
		err = scmi_agent_call(b->agent, &call);
		if (err != SCMI_E_BUSY)
			break;
		atomic_fetch_add(&b->busy, 1u);
		(void)scmi_agent_poll(b->agent, 4);
		sched_yield();
	}
	atomic_fetch_add(&b->submitted, 1u);
	count_end(b, err);
	if (err == SCMI_OK)
		fault_unless(b, call.reply_len == 8 && scmi_get_le64(reply) == value);
	return err;
}
