/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdlib.h>

#include "flow.h"

static struct narrow *narrow_of(void *served)
{
	return (struct narrow *)served; /* its first member */
}

static int on_rx(void *core, const struct scmi_rx *rx)
{
	struct narrow *n = core;
	bool refused;
	int err;

	pthread_mutex_lock(&n->mutex);
	n->out--;
	refused = n->refused;
	n->refused = false;
	pthread_mutex_unlock(&n->mutex);
	err = n->core_sink->rx(n->core, rx);
	if (refused)
		n->core_sink->ready(n->core);
	return err;
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct narrow *n = narrow_of(ctx);

	n->core_sink = sink;
	n->core = core;
	n->up = *sink;
	n->up.rx = on_rx;
	n->out = 0;
	n->refused = false;
	return n->start_below(ctx, &n->up, n);
}

static int send_one(void *ctx, const struct scmi_tx *tx)
{
	struct narrow *n = narrow_of(ctx);
	bool serial = (n->served.transport.caps & SCMI_CAP_CONCURRENT) == 0;
	int err = SCMI_OK;

	if (atomic_fetch_add(&n->sending, 1u) != 0 && serial)
		atomic_fetch_add(&n->wrong, 1u);
	pthread_mutex_lock(&n->mutex);
	if (scmi_hdr_message(tx->hdr) == FLOW_FENCE && n->out != 0)
		atomic_fetch_add(&n->wrong, 1u);
	n->refused = n->refused || (n->room != 0 && n->out == n->room);
	if (n->room != 0 && n->out == n->room)
		err = SCMI_E_BUSY;
	else
		n->out++;
	pthread_mutex_unlock(&n->mutex);
	if (err == SCMI_OK) {
		atomic_fetch_add(&n->sent, 1u);
		err = n->send_below(ctx, tx);
	}
	atomic_fetch_sub(&n->sending, 1u);
	return err;
}

struct flow *flow_new(uint32_t caps, uint32_t slots, unsigned room)
{
	struct flow *f = calloc(1, sizeof(*f));
	struct narrow *n;

	assert_non_null(f);
	n = &f->wire;
	served_init(&n->served, caps);
	n->ops = n->served.ops_;
	n->send_below = n->ops.send;
	n->start_below = n->ops.start;
	n->ops.send = send_one;
	n->ops.start = start;
	n->served.transport.ops = &n->ops;
	n->room = room;
	pthread_mutex_init(&n->mutex, NULL);
	assert_int_equal(scmi_posix_init(&f->posix, &f->port), SCMI_OK);
	f->config = (struct scmi_agent_config){
		.size = sizeof(f->config),
		.transport = &n->served.transport,
		.port = &f->port,
		.options.slots = slots,
		.options.queue_timeout_us = SCMI_FOREVER,
		.max_waiters = 4, /* fewer than callers */
	};
	return f;
}

void flow_start(struct flow *f)
{
	f->mem = malloc(scmi_agent_size(&f->config));
	assert_non_null(f->mem);
	assert_int_equal(scmi_agent_init(&f->agent, f->mem, scmi_agent_size(&f->config), &f->config), SCMI_OK);
	assert_int_equal(scmi_agent_start(f->agent), SCMI_OK);
}

struct scmi_agent_stats flow_stats(struct flow *f)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_agent_stats(f->agent, SCMI_ALL_LINKS, &s), SCMI_OK);
	return s;
}

unsigned flow_out(struct flow *f)
{
	unsigned out;

	pthread_mutex_lock(&f->wire.mutex);
	out = f->wire.out;
	pthread_mutex_unlock(&f->wire.mutex);
	return out;
}

void flow_check(struct flow *f)
{
	struct scmi_agent_stats s = flow_stats(f);

	assert_int_equal(atomic_load(&f->faults), 0);
	assert_int_equal(atomic_load(&f->wire.wrong), 0);
	assert_int_equal(s.submitted, atomic_load(&f->submitted));
	assert_int_equal(s.ok, atomic_load(&f->ends[0]));
	assert_int_equal(s.closed, atomic_load(&f->ends[-SCMI_E_CLOSED]));
	assert_int_equal(s.link_lost, atomic_load(&f->ends[-SCMI_E_LINK]));
	assert_int_equal(s.timed_out, atomic_load(&f->ends[-SCMI_E_TIMEOUT]));
	assert_int_equal(s.cancelled, atomic_load(&f->ends[-SCMI_E_CANCELLED]));
	assert_int_equal(s.submitted, s.ok + s.closed + s.link_lost + s.timed_out + s.cancelled + s.in_flight);
	assert_int_equal(s.in_flight, 0);
}

void flow_end(struct flow *f)
{
	assert_int_equal(scmi_agent_stop(f->agent), SCMI_OK);
	flow_check(f);
	assert_int_equal(flow_stats(f).quarantined, 0);
	assert_int_equal(scmi_agent_fini(f->agent), SCMI_OK);
	served_fini(&f->wire.served);
	pthread_mutex_destroy(&f->wire.mutex);
	scmi_posix_fini(&f->posix);
	free(f->mem);
	free(f);
}

/* One call, that waits for its slot and its turn. */
int flow_call(struct flow *f, uint64_t value, uint16_t flags, uint8_t message)
{
	unsigned char params[8];
	unsigned char reply[8];
	struct scmi_call call = {.size = sizeof(call),
				 .protocol = SCMI_PROTOCOL_CLOCK,
				 .message = message,
				 .flags = flags,
				 .params = params,
				 .params_len = sizeof(params),
				 .reply = reply,
				 .reply_cap = sizeof(reply),
				 .timeout_us = SCMI_FOREVER,
				 .status = 77};
	int err;

	scmi_put_le64(params, value);
	err = scmi_agent_call(f->agent, &call);
	if (call.status == 77) {
		atomic_fetch_add(&f->refused[-err & 31], 1u);
		return err;
	}
	atomic_fetch_add(&f->submitted, 1u);
	atomic_fetch_add(&f->ends[-err & 31], 1u);
	if (err == SCMI_OK && (call.reply_len != 8 || scmi_get_le64(reply) != value))
		atomic_fetch_add(&f->faults, 1u);
	return err;
}

void *flow_call_until_over(void *arg)
{
	struct flow *f = arg;
	uint64_t own = (uint64_t)(uintptr_t)&own << 20;

	while (!atomic_load(&f->over)) {
		if (flow_call(f, own++, 0, 7) != SCMI_OK)
			sched_yield();
	}
	return NULL;
}

void flow_threads(struct flow *f, pthread_t *threads, unsigned n, void *(*body)(void *))
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, f), 0);
}

void flow_join(pthread_t *threads, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}
