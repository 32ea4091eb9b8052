/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent on the POSIX port over a served transport, and what the threads of a test count together. No test asserts in
 * a thread: what is wrong there is counted as a fault, and bench_check() asserts that there is none.
 */
#ifndef THREAD_BENCH_H
#define THREAD_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

#include "served_transport.h"

#define POLLED    (SCMI_CAP_POLL | SCMI_CAP_WAIT)
#define DELIVERED SCMI_CAP_IRQ
#define THREADS   6u /* at most, in run_threads() */

struct bench {
	struct scmi_posix posix;
	struct scmi_port port;
	struct served served;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	void *mem;

	/* Counted by the threads. */
	atomic_uint submitted;
	atomic_uint ends[32]; /* by -err */
	atomic_uint busy;     /* SCMI_E_BUSY */
	atomic_uint faults;

	/* What the threads are told. */
	atomic_bool over;    /* come to an end */
	atomic_bool halted;  /* stop has returned: no callback runs or will run */
	unsigned rounds;     /* for each thread */
	uint16_t flags;      /* of the calls */
	uint32_t timeout_us; /* of the calls; SCMI_FOREVER unless changed */
};

/* Started, with capabilities POLLED or DELIVERED. end: nothing runs any more; stops, checks and frees it. */
struct bench *bench_new(uint32_t caps, uint32_t slots, uint32_t waiters, uint32_t flags);
void bench_end(struct bench *b);

struct scmi_agent_stats bench_stats(struct bench *b);

/* At rest: the agent's figures are those of the threads and of the transport, and nothing was wrong. */
void bench_check(struct bench *b);

/* Runs n threads and waits for them. */
void run_threads(struct bench *b, unsigned n, void *(*body)(void *arg));

/* For the threads. */
void fault_unless(struct bench *b, bool good);
void count_end(struct bench *b, int err);
void fill_call(const struct bench *b, struct scmi_call *call, unsigned char *params, unsigned char *reply,
	       uint64_t value);

/* One synchronous call with a value that no other thread sends at the time; tried again while no slot is free. */
int call_once(struct bench *b, uint64_t value);

#endif
