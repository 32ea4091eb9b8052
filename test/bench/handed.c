/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One thread submits, the other receives and runs done; a queue of headers lies between the two. The same queue and
 * flags without an agent show what of it is the bench's own.
 */
#include <stdalign.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "measure.h"
#include "rig.h"
#include "sides.h"

#define WINDOW_MAX 64
#define QUEUE      128u
#define FULL       (1u << 31) /* no header has it */

struct handed {
	alignas(128) struct scmi_call call;
	uint8_t reply[4];
	_Atomic uint32_t busy; /* the caller's own way to hear of the end */
};

static struct handed handed[WINDOW_MAX];

static struct {
	alignas(128) _Atomic uint32_t at[QUEUE]; /* 0: empty */
	alignas(128) const struct scmi_sink *sink;
	void *core;
	alignas(128) uint32_t head; /* the receiver's */
	alignas(128) uint32_t tail; /* the sender's */
	uint32_t next;              /* call to be submitted */
} queue;

static int queue_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	(void)ctx;
	queue.sink = sink;
	queue.core = core;
	return SCMI_OK;
}

static void queue_stop(void *ctx)
{
	(void)ctx;
}

static void put(uint32_t word)
{
	_Atomic uint32_t *at = &queue.at[queue.tail++ % QUEUE];

	while (atomic_load_explicit(at, memory_order_acquire) != 0)
		;
	atomic_store_explicit(at, word | FULL, memory_order_release);
}

static uint32_t get(void)
{
	_Atomic uint32_t *at = &queue.at[queue.head % QUEUE];
	uint32_t word = atomic_load_explicit(at, memory_order_acquire);

	if (word != 0) {
		atomic_store_explicit(at, 0u, memory_order_release);
		queue.head++;
	}
	return word & ~FULL;
}

static int queue_send(void *ctx, const struct scmi_tx *tx)
{
	(void)ctx;
	put(tx->hdr);
	return SCMI_OK;
}

static const struct scmi_transport_ops queue_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "queue",
	.start = queue_start,
	.stop = queue_stop,
	.send = queue_send,
};

static void note_end(struct scmi_call *call, int err)
{
	struct handed *h = call->arg;

	if (err != SCMI_E_CLOSED)
		must(err, "done");
	atomic_store_explicit(&h->busy, 0u, memory_order_release);
}

void open_queue(void)
{
	const struct scmi_transport transport = {
		.size = sizeof(transport),
		.caps = SCMI_CAP_IRQ | SCMI_CAP_CONCURRENT,
		.ops = &queue_ops,
		.max_payload = 132,
		.max_inflight = 4u * WINDOW_MAX,
	};

	memset(&queue, 0, sizeof(queue));
	open_transport(&transport, 4u * WINDOW_MAX);
	for (int i = 0; i < WINDOW_MAX; i++) {
		handed[i].call = version_call(handed[i].reply);
		handed[i].call.timeout_us = SCMI_FOREVER;
		handed[i].call.done = note_end;
		handed[i].call.arg = &handed[i];
		atomic_init(&handed[i].busy, 0u);
	}
}

/* The next call of a window of *arg, as soon as it is free. */
static struct handed *next_free(const void *arg)
{
	struct handed *h = &handed[queue.next++ % *(const uint32_t *)arg];

	while (atomic_load_explicit(&h->busy, memory_order_acquire) != 0)
		;
	atomic_store_explicit(&h->busy, 1u, memory_order_relaxed);
	return h;
}

long submit_step(void *arg, long n)
{
	for (long i = 0; i < n; i++)
		must(scmi_agent_submit(rig.agent, &next_free(arg)->call), "submit");
	return n;
}

long receive_step(void *arg, long n)
{
	static const uint8_t reply[8] = {0, 0, 0, 0, 0, 0, 2, 0};
	uint32_t hdr;
	long did = 0;

	(void)arg;
	while (did < n && (hdr = get()) != 0) {
		const struct scmi_rx rx = {.hdr = hdr, .len = sizeof(reply), .data = reply, .token = SCMI_TOKEN_ANY};

		must(queue.sink->rx(queue.core, &rx), "rx");
		did++;
	}
	return did;
}

/* The same queue and flags, but no agent: the word is the call's number, from 1. */
long bare_put_step(void *arg, long n)
{
	for (long i = 0; i < n; i++)
		put((uint32_t)(next_free(arg) - handed) + 1u);
	return n;
}

long bare_get_step(void *arg, long n)
{
	uint32_t number;
	long did = 0;

	(void)arg;
	while (did < n && (number = get()) != 0) {
		atomic_store_explicit(&handed[number - 1u].busy, 0u, memory_order_release);
		did++;
	}
	return did;
}
