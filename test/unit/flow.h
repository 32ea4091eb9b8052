/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent on the POSIX port over a wire of limited room, and what several threads count together that call over it. */
#ifndef FLOW_H
#define FLOW_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <scmi/agent.h>
#include <scmi/port/posix.h>

#include "served_transport.h"

#define FLOW_POLLED    (SCMI_CAP_POLL | SCMI_CAP_WAIT)
#define FLOW_DELIVERED SCMI_CAP_IRQ
#define FLOW_FENCE     0x77u /* message id of fences: none is to be sent while another command is out */

/* A served transport that knows how many commands are out, and has room for `room` of them. */
struct narrow {
	struct served served;
	struct scmi_transport_ops ops;
	struct scmi_sink up;
	const struct scmi_sink *core_sink;
	void *core;
	int (*send_below)(void *ctx, const struct scmi_tx *tx);
	int (*start_below)(void *ctx, const struct scmi_sink *sink, void *core);
	pthread_mutex_t mutex;
	unsigned room; /* 0: as much as wanted */
	unsigned out;
	bool refused;
	atomic_uint sent;    /* commands that went out */
	atomic_uint sending; /* contexts inside send() */
	atomic_uint wrong;   /* fences sent beside others; sends beside sends */
};

/* What the threads share. */
struct flow {
	struct narrow wire;
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent_config config;
	struct scmi_agent *agent;
	void *mem;
	atomic_uint submitted;
	atomic_uint ends[32];
	atomic_uint refused[32]; /* nothing was sent */
	atomic_uint faults;
	atomic_bool over; /* come to an end */
};

/* A configuration to change before flow_start(); end stops, checks and frees. room: 0 is as much as wanted. */
struct flow *flow_new(uint32_t caps, uint32_t slots, unsigned room);
void flow_start(struct flow *f);
void flow_end(struct flow *f);

/* At rest: the agent's figures are those of the threads, and nothing was wrong. */
struct scmi_agent_stats flow_stats(struct flow *f);
unsigned flow_out(struct flow *f); /* commands that are out now */
void flow_check(struct flow *f);

/* One synchronous call, that waits for its slot and its turn; such calls one after the other until it is over. */
int flow_call(struct flow *f, uint64_t value, uint16_t flags, uint8_t message);
void *flow_call_until_over(void *flow);

void flow_threads(struct flow *f, pthread_t *threads, unsigned n, void *(*body)(void *));
void flow_join(pthread_t *threads, unsigned n);

#endif
