/* SPDX-License-Identifier: BSD-3-Clause */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <scmi/port.h>

#include "served_transport.h"

static bool empty(const struct served_queue *q)
{
	return q->head == q->tail;
}

/* The agent has at most as many commands in flight as a queue has places. */
static void push(struct served_queue *q, const struct served_message *message)
{
	if (q->tail - q->head == SERVED_QUEUE)
		abort();
	q->messages[q->tail++ % SERVED_QUEUE] = *message;
}

static struct served_message pop(struct served_queue *q)
{
	return q->messages[q->head++ % SERVED_QUEUE];
}

static void deliver(struct served *s, const struct served_message *message)
{
	const struct scmi_rx rx = {
		.hdr = message->hdr,
		.len = SCMI_STATUS_BYTES + message->len,
		.data = message->bytes,
		.token = SCMI_TOKEN_ANY,
	};

	atomic_fetch_add(&s->messages, 1u);
	(void)s->sink_->rx(s->core_, &rx);
}

static void nap(unsigned us)
{
	const struct timespec t = {.tv_sec = (time_t)(us / 1000000u), .tv_nsec = (long)(us % 1000000u) * 1000};

	nanosleep(&t, NULL);
}

/* A command that is not held: the first one in the queue, or, past held ones, one behind them. */
static bool take_command(struct served *s, struct served_message *message)
{
	unsigned n = s->commands_.tail - s->commands_.head;

	while (n-- != 0) {
		*message = pop(&s->commands_);
		if (!atomic_load(&s->held) || scmi_hdr_message(message->hdr) != SERVED_HELD_MSG)
			return true;
		push(&s->commands_, message);
	}
	return false;
}

static void answer(struct served *s, const struct served_message *message)
{
	if ((s->transport.caps & SCMI_CAP_POLL) == 0) {
		deliver(s, message);
		return;
	}
	pthread_mutex_lock(&s->mutex_);
	push(&s->replies_, message);
	pthread_cond_broadcast(&s->to_poll_);
	pthread_mutex_unlock(&s->mutex_);
}

static void *serve(void *arg)
{
	struct served *s = arg;

	pthread_mutex_lock(&s->mutex_);
	while (s->running_) {
		struct served_message message;
		unsigned every;

		if (!take_command(s, &message)) {
			pthread_cond_wait(&s->to_serve_, &s->mutex_);
			continue;
		}
		pthread_mutex_unlock(&s->mutex_);
		every = atomic_load(&s->slow_every);
		if (atomic_fetch_add(&s->served, 1u) % (every != 0 ? every : 1u) == 0 && every != 0)
			nap(atomic_load(&s->slow_us));
		if (!atomic_load(&s->silent))
			answer(s, &message);
		pthread_mutex_lock(&s->mutex_);
	}
	pthread_mutex_unlock(&s->mutex_);
	return NULL;
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct served *s = ctx;

	s->sink_ = sink;
	s->core_ = core;
	s->running_ = true;
	s->woken_ = false;
	return pthread_create(&s->thread_, NULL, serve, s) == 0 ? 0 : SCMI_E_IO;
}

static void stop(void *ctx)
{
	struct served *s = ctx;

	pthread_mutex_lock(&s->mutex_);
	s->running_ = false;
	pthread_cond_broadcast(&s->to_serve_);
	pthread_cond_broadcast(&s->to_poll_);
	while (s->polling_ != 0)
		pthread_cond_wait(&s->to_poll_, &s->mutex_);
	pthread_mutex_unlock(&s->mutex_);
	pthread_join(s->thread_, NULL);
	s->commands_.head = s->commands_.tail;
	s->replies_.head = s->replies_.tail;
}

static int send_command(void *ctx, const struct scmi_tx *tx)
{
	struct served *s = ctx;
	struct served_message message = {.hdr = tx->hdr};

	message.len = tx->len < SERVED_VALUES ? tx->len : SERVED_VALUES;
	if (message.len != 0)
		memcpy(message.bytes + SCMI_STATUS_BYTES, tx->payload, message.len);
	pthread_mutex_lock(&s->mutex_);
	push(&s->commands_, &message);
	pthread_cond_signal(&s->to_serve_);
	pthread_mutex_unlock(&s->mutex_);
	return SCMI_OK;
}

static int poll(void *ctx, int max)
{
	struct served *s = ctx;
	int n = 0;

	pthread_mutex_lock(&s->mutex_);
	s->polling_++;
	while (n < max && s->running_ && !empty(&s->replies_)) {
		struct served_message message = pop(&s->replies_);

		pthread_mutex_unlock(&s->mutex_);
		deliver(s, &message);
		n++;
		pthread_mutex_lock(&s->mutex_);
	}
	if (--s->polling_ == 0 && !s->running_)
		pthread_cond_broadcast(&s->to_poll_);
	pthread_mutex_unlock(&s->mutex_);
	return n;
}

static void wait_for_any(void *ctx, uint64_t deadline_us)
{
	struct served *s = ctx;
	const struct timespec t = {
		.tv_sec = (time_t)(deadline_us / 1000000u),
		.tv_nsec = (long)(deadline_us % 1000000u) * 1000,
	};
	int err = 0;

	pthread_mutex_lock(&s->mutex_);
	while (empty(&s->replies_) && !s->woken_ && s->running_ && err == 0) {
		if (deadline_us == SCMI_NEVER)
			pthread_cond_wait(&s->to_poll_, &s->mutex_);
		else
			err = pthread_cond_timedwait(&s->to_poll_, &s->mutex_, &t);
	}
	s->woken_ = false;
	pthread_mutex_unlock(&s->mutex_);
}

static void wake(void *ctx)
{
	struct served *s = ctx;

	pthread_mutex_lock(&s->mutex_);
	s->woken_ = true;
	pthread_cond_broadcast(&s->to_poll_);
	pthread_mutex_unlock(&s->mutex_);
}

void served_let_go(struct served *s)
{
	atomic_store(&s->held, false);
	pthread_mutex_lock(&s->mutex_);
	pthread_cond_signal(&s->to_serve_);
	pthread_mutex_unlock(&s->mutex_);
}

void served_init(struct served *s, uint32_t caps)
{
	pthread_condattr_t attr;

	memset(s, 0, sizeof(*s));
	s->ops_ = (struct scmi_transport_ops){
		.version = SCMI_TRANSPORT_V1,
		.name = "served",
		.start = start,
		.stop = stop,
		.send = send_command,
		.poll = poll,
		.wait = wait_for_any,
		.wake = wake,
	};
	s->transport = (struct scmi_transport){
		.size = sizeof(s->transport),
		.caps = caps | SCMI_CAP_CONCURRENT,
		.ops = &s->ops_,
		.ctx = s,
		.max_payload = 64,
		.max_inflight = SERVED_QUEUE,
	};
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->mutex_, NULL);
	pthread_cond_init(&s->to_serve_, &attr);
	pthread_cond_init(&s->to_poll_, &attr);
	pthread_condattr_destroy(&attr);
}

void served_fini(struct served *s)
{
	pthread_cond_destroy(&s->to_poll_);
	pthread_cond_destroy(&s->to_serve_);
	pthread_mutex_destroy(&s->mutex_);
}
