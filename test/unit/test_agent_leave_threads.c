/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A callback that runs in one thread holds up stop and unsubscribe in another one. It stays until the other is seen to
 * wait, so who does not wait leaves before it: no luck is needed to notice that.
 */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>

#include "flow.h"

#define TURNS 100u /* of the other thread, at which it is known to wait */

struct callback {
	struct flow *f;
	struct scmi_call call;
	struct scmi_subscriber node;
	unsigned char bytes[8];
	atomic_bool inside;
	atomic_bool left;
	atomic_bool returned; /* whom it is to hold up */
};

static atomic_uint turns;
static _Thread_local bool counted;
static void (*relax_below)(void *ctx);

static void relax(void *ctx)
{
	if (counted)
		atomic_fetch_add(&turns, 1u);
	relax_below(ctx);
}

static void stay(struct callback *c)
{
	atomic_store(&c->inside, true);
	while (atomic_load(&turns) < TURNS && !atomic_load(&c->returned))
		sched_yield();
	atomic_store(&c->left, true);
}

static void on_done(struct scmi_call *call, int err)
{
	struct callback *c = call->arg;

	atomic_fetch_add(&c->f->ends[-err & 31], 1u);
	stay(c);
}

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	(void)hdr;
	(void)payload;
	(void)len;
	stay(self->arg);
}

static void open_callback(struct callback *c)
{
	*c = (struct callback){.f = flow_new(FLOW_DELIVERED | SCMI_CAP_NOTIFY, 4, 0)};
	atomic_store(&turns, 0u);
	relax_below = c->f->port.relax;
	c->f->port.relax = relax;
	c->f->config.event_buffers = 2;
	flow_start(c->f);
}

static void await_inside(const struct callback *c)
{
	while (!atomic_load(&c->inside))
		sched_yield();
	counted = true;
}

/* Returns whether the callback had left when the other returned. */
static bool end_callback(struct callback *c, pthread_t thread)
{
	const bool left = atomic_load(&c->left);

	counted = false;
	atomic_store(&c->returned, true);
	pthread_join(thread, NULL);
	return left;
}

/* The call ends in here, and so does its done function run. */
static void *cancel(void *arg)
{
	struct callback *c = arg;

	if (scmi_agent_cancel(c->f->agent, &c->call) != SCMI_OK)
		atomic_fetch_add(&c->f->faults, 1u);
	return NULL;
}

static void stop_waits_for_a_done_function_of_another_thread(void **state)
{
	struct callback c;
	pthread_t thread;
	int err;

	(void)state;
	open_callback(&c);
	atomic_store(&c.f->wire.served.silent, true);
	c.call = (struct scmi_call){
		.size = sizeof(c.call),
		.protocol = SCMI_PROTOCOL_CLOCK,
		.message = 7,
		.params = c.bytes,
		.params_len = sizeof(c.bytes),
		.done = on_done,
		.arg = &c,
		.timeout_us = SCMI_FOREVER,
	};
	assert_int_equal(scmi_agent_submit(c.f->agent, &c.call), SCMI_OK);
	atomic_fetch_add(&c.f->submitted, 1u);
	assert_int_equal(pthread_create(&thread, NULL, cancel, &c), 0);
	await_inside(&c);
	err = scmi_agent_stop(c.f->agent);
	assert_true(end_callback(&c, thread));
	assert_int_equal(err, SCMI_OK);
	assert_int_equal(atomic_load(&c.f->ends[-SCMI_E_CANCELLED]), 1);
	assert_int_equal(flow_stats(c.f).cancelled, 1);
	flow_end(c.f);
}

static void *notify(void *arg)
{
	struct callback *c = arg;
	const struct scmi_rx rx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, 1, SCMI_MSG_NOTIFICATION, 0),
		.len = sizeof(c->bytes),
		.data = c->bytes,
		.token = SCMI_TOKEN_ANY,
	};

	(void)c->f->wire.core_sink->rx(c->f->wire.core, &rx);
	return NULL;
}

static void unsubscribe_waits_for_a_handler_of_another_thread(void **state)
{
	struct callback c;
	pthread_t thread;
	int err;

	(void)state;
	open_callback(&c);
	c.node = (struct scmi_subscriber){
		.size = sizeof(c.node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify, .arg = &c};
	assert_int_equal(scmi_agent_subscribe(c.f->agent, &c.node), SCMI_OK);
	assert_int_equal(pthread_create(&thread, NULL, notify, &c), 0);
	await_inside(&c);
	err = scmi_agent_unsubscribe(c.f->agent, &c.node);
	assert_true(end_callback(&c, thread));
	assert_int_equal(err, SCMI_OK);
	flow_end(c.f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stop_waits_for_a_done_function_of_another_thread),
		cmocka_unit_test(unsubscribe_waits_for_a_handler_of_another_thread),
	};

	return cmocka_run_group_tests_name("agent_leave_threads", tests, NULL, NULL);
}
