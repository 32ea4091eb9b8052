/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers that are taken off in one thread while others bring messages: then they do not run, and the node is free. */
#define _POSIX_C_SOURCE 200809L

#include <sched.h>
#include <stdlib.h>

#include "flow.h"

struct ear {
	struct scmi_subscriber node;
	struct flow *f;
	atomic_bool added; /* its handler may run */
	atomic_uint heard;
};

static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct ear *e = self->arg;

	(void)hdr;
	if (!atomic_load(&e->added) || len != 4 || scmi_get_le32(payload) != 0x01020304u)
		atomic_fetch_add(&e->f->faults, 1u);
	atomic_fetch_add(&e->heard, 1u);
	if (!atomic_load(&e->added))
		atomic_fetch_add(&e->f->faults, 1u);
}

static void *notify_until_over(void *arg)
{
	struct flow *f = arg;
	unsigned char payload[4];
	const struct scmi_rx rx = {
		.hdr = scmi_hdr(SCMI_PROTOCOL_SENSOR, 1, SCMI_MSG_NOTIFICATION, 0),
		.len = sizeof(payload),
		.data = payload,
		.token = SCMI_TOKEN_ANY,
	};

	scmi_put_le32(payload, 0x01020304u);
	while (!atomic_load(&f->over)) {
		(void)f->wire.core_sink->rx(f->wire.core, &rx);
		sched_yield();
	}
	return NULL;
}

static void *poll_until_over(void *arg)
{
	struct flow *f = arg;

	while (!atomic_load(&f->over)) {
		(void)scmi_agent_poll(f->agent, 4);
		sched_yield();
	}
	return NULL;
}

static void *come_and_go(void *arg)
{
	struct flow *f = arg;
	struct ear *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->f = f;
	e->node = (struct scmi_subscriber){
		.size = sizeof(e->node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = on_notify, .arg = e};
	while (!atomic_load(&f->over)) {
		unsigned before = atomic_load(&e->heard);

		atomic_store(&e->added, true);
		if (scmi_agent_subscribe(f->agent, &e->node) != SCMI_OK)
			atomic_fetch_add(&f->faults, 1u);
		while (atomic_load(&e->heard) == before && !atomic_load(&f->over))
			sched_yield();
		if (scmi_agent_unsubscribe(f->agent, &e->node) != SCMI_OK)
			atomic_fetch_add(&f->faults, 1u);
		/* From here on the node is ours, whatever is under way. */
		atomic_store(&e->added, false);
		atomic_fetch_add(&f->submitted, 1u);
	}
	free(e);
	return NULL;
}

static void handler_that_was_taken_off_does_not_run(void **state)
{
	(void)state;
	for (int deferred = 0; deferred < 2; deferred++) {
		struct flow *f = flow_new(FLOW_DELIVERED | SCMI_CAP_NOTIFY, 4, 0);
		pthread_t threads[5];

		f->config.event_buffers = 8;
		f->config.flags = deferred ? SCMI_AGENT_DEFERRED : 0;
		flow_start(f);
		flow_threads(f, threads, 2, notify_until_over);
		flow_threads(f, threads + 2, 2, come_and_go);
		flow_threads(f, threads + 4, 1, poll_until_over);
		while (atomic_load(&f->submitted) < 2000)
			sched_yield();
		atomic_store(&f->over, true);
		flow_join(threads, 5);
		atomic_store(&f->submitted, 0u); /* were rounds */
		flow_end(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handler_that_was_taken_off_does_not_run),
	};

	return cmocka_run_group_tests_name("agent_unsubscribe_threads", tests, NULL, NULL);
}
