/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threaded mode: a queue each way, under the port's lock, with a sticky event for whoever drives its end.
 *
 * The queues hold indices only, and have a place for every index there is, so pushing never fails. Nothing but a few
 * words is touched with the lock held: payloads are copied before, upcalls are made after.
 */
#include "internal.h"

void scmi__loopback_ring_init(struct ring *r, uint16_t *at, uint32_t size)
{
	r->at = at;
	r->size = size;
	r->head = 0;
	r->used = 0;
}

static void push(struct ring *r, uint32_t index)
{
	uint32_t tail = r->head + r->used;

	if (tail >= r->size)
		tail -= r->size;
	r->at[tail] = (uint16_t)index;
	r->used++;
}

static bool pop_locked(struct ring *r, uint32_t *index)
{
	if (r->used == 0)
		return false;
	*index = r->at[r->head];
	r->head = r->head + 1u == r->size ? 0 : r->head + 1u;
	r->used--;
	return true;
}

static bool pop(struct scmi_loopback *lb, struct ring *r, uint32_t *index)
{
	bool found;

	lock(lb);
	found = pop_locked(r, index);
	unlock(lb);
	return found;
}

static bool is_on(_Atomic uint32_t *gate)
{
	return (atomic_load_explicit(gate, memory_order_acquire) & (GATE_ON | GATE_HELD)) == GATE_ON;
}

/* The record's way through a queue ends where a stop has forgotten all that was under way. */
static bool push_record(struct scmi_loopback *lb, struct ring *r, struct record *rec, uint32_t must_be)
{
	bool pushed;

	lock(lb);
	pushed = rec->life == atomic_load_explicit(&lb->life, memory_order_relaxed) &&
		 (atomic_load_explicit(&lb->agent, memory_order_relaxed) & must_be) != 0;
	if (pushed)
		push(r, rec->slot);
	unlock(lb);
	return pushed;
}

/* ---- agent end ---- */

static void ring_doorbell(void *ctx)
{
	struct scmi_loopback *lb = ctx;

	lb->port->event_signal(lb->port->ctx, lb->work);
}

static int send_queued(void *ctx, const struct scmi_tx *tx)
{
	struct scmi_loopback *lb = ctx;
	struct record *rec;
	const int err = take(lb, tx, &rec);

	if (err != SCMI_OK)
		return err;
	if (!push_record(lb, &lb->requests, rec, GATE_PEER)) {
		home(rec);
		return SCMI_E_NOPEER;
	}
	if (tx->more == 0)
		ring_doorbell(lb);
	return SCMI_OK;
}

/* A buffer goes back; a platform that found none is told. */
static void event_home(struct scmi_loopback *lb, uint32_t i)
{
	bool tell;

	lock(lb);
	lb->spare[lb->spares++] = (uint16_t)i;
	tell = lb->event_refused;
	lb->event_refused = false;
	unlock(lb);
	if (tell && scmi__loopback_enter(&lb->platform)) {
		lb->up->ready(lb->channel);
		scmi__loopback_leave(&lb->platform);
	}
}

static void deliver_event(struct scmi_loopback *lb, uint32_t i)
{
	const struct event *e = event_at(lb, i);
	const struct scmi_rx rx = {
		.hdr = e->hdr,
		.len = e->len,
		.data = e + 1,
		.token = SCMI_TOKEN_ANY,
	};

	lb->sink->rx(lb->core, &rx);
	event_home(lb, i);
}

static void deliver_index(struct scmi_loopback *lb, uint32_t index)
{
	if (index < lb->max_inflight) {
		struct record *rec = record_at(lb, index);

		deliver(lb, rec, rec->len);
		scmi__loopback_ready(lb);
	} else {
		deliver_event(lb, index - lb->max_inflight);
	}
}

static bool news_waiting(struct scmi_loopback *lb)
{
	bool some;

	lock(lb);
	some = lb->replies.used != 0;
	unlock(lb);
	return some;
}

/* The doorbell is cleared before the look at the queue: what comes after the look rings it again. */
static int poll_news(void *ctx, int max)
{
	struct scmi_loopback *lb = ctx;
	uint32_t index;
	int n = 0;

	if (!scmi__loopback_enter(&lb->agent))
		return 0;
	clear_doorbell(lb);
	while (n < max && is_on(&lb->agent) && pop(lb, &lb->replies, &index)) {
		deliver_index(lb, index);
		n++;
	}
	if (lb->doorbell.ring != NULL && n >= max && news_waiting(lb)) /* what is left over has rung before */
		lb->doorbell.ring(lb->doorbell.ctx);
	scmi__loopback_leave(&lb->agent);
	return n;
}

/* One signal may stand for several messages, and a poll may have left some: so look at the queue before sleeping. */
static void wait_news(void *ctx, uint64_t deadline_us)
{
	struct scmi_loopback *lb = ctx;

	if (!scmi__loopback_enter(&lb->agent)) {
		lb->port->relax(lb->port->ctx); /* whoever stops an end must get its turn */
		return;
	}
	if (!news_waiting(lb))
		lb->port->event_wait(lb->port->ctx, lb->news, deadline_us);
	scmi__loopback_leave(&lb->agent);
}

static void wake(void *ctx)
{
	struct scmi_loopback *lb = ctx;

	lb->port->event_signal(lb->port->ctx, lb->news);
}

/*
 * Something is queued for the agent. It rings inside the gate, so that a stop waits for that, and then clears it for
 * good; where the gate is shut, what is queued is about to be forgotten.
 */
static void announce(struct scmi_loopback *lb)
{
	wake(lb);
	if (lb->doorbell.ring != NULL && scmi__loopback_enter(&lb->agent)) {
		lb->doorbell.ring(lb->doorbell.ctx);
		scmi__loopback_leave(&lb->agent);
	}
}

static int doorbell_fd(void *ctx)
{
	const struct scmi_loopback *lb = ctx;

	return lb->doorbell.ring != NULL ? lb->doorbell.fd : -1;
}

/* Called by a stop, when nobody is inside the agent's gate and nothing of this life can be queued any more. */
void scmi__loopback_forget(struct scmi_loopback *lb)
{
	uint32_t index;

	while (pop(lb, &lb->requests, &index))
		home(record_at(lb, index));
	while (pop(lb, &lb->replies, &index)) {
		if (index < lb->max_inflight)
			home(record_at(lb, index));
		else
			event_home(lb, index - lb->max_inflight);
	}
}

/* ---- platform end ---- */

static void reply_queued(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct scmi_loopback *lb = ctx;
	struct record *rec = (struct record *)(void *)req;

	rec->len = len;
	if (push_record(lb, &lb->replies, rec, GATE_ON)) {
		announce(lb);
	} else {
		home(rec);
		scmi__loopback_ready(lb);
	}
}

static void serve_one(struct scmi_loopback *lb, struct record *rec)
{
	const uint32_t len = lb->up->request(lb->channel, &rec->req);

	if (len != SCMI_REPLY_LATER)
		reply_queued(lb, &rec->req, len);
}

static int serve_queued(struct scmi_loopback *lb)
{
	const int most = (int)lb->max_inflight;
	uint32_t slot;
	int n = 0;

	while (n < most && is_on(&lb->platform) && pop(lb, &lb->requests, &slot)) {
		serve_one(lb, record_at(lb, slot));
		n++;
	}
	return n;
}

/* After the deadline the queue is looked at once more: what came in time is served. */
static int serve_until(struct scmi_loopback *lb, uint64_t deadline_us)
{
	int n = serve_queued(lb);
	int err = SCMI_OK;

	while (n == 0 && err == SCMI_OK && deadline_us != 0 && is_on(&lb->platform)) {
		err = lb->port->event_wait(lb->port->ctx, lb->work, deadline_us);
		n = serve_queued(lb);
	}
	return n != 0 || is_on(&lb->platform) ? n : SCMI_E_CLOSED;
}

int scmi_loopback_serve(struct scmi_loopback *lb, uint64_t deadline_us)
{
	int n;

	if (!threaded(lb))
		return SCMI_E_NOTSUP;
	if (!scmi__loopback_enter(&lb->platform))
		return SCMI_E_CLOSED;
	n = serve_until(lb, deadline_us);
	scmi__loopback_leave(&lb->platform);
	return n;
}

static int take_spare(struct scmi_loopback *lb, uint32_t *i)
{
	int err = SCMI_OK;

	lock(lb);
	if (lb->spares != 0)
		*i = lb->spare[--lb->spares];
	else
		err = SCMI_E_BUSY;
	lb->event_refused = lb->event_refused || err != SCMI_OK;
	unlock(lb);
	return err;
}

static int queue_event(struct scmi_loopback *lb, uint32_t hdr, const void *payload, uint32_t len)
{
	struct event *e;
	uint32_t i;

	if (take_spare(lb, &i) != SCMI_OK)
		return SCMI_E_BUSY;
	e = event_at(lb, i);
	e->hdr = hdr;
	e->len = len;
	if (len != 0)
		memcpy(e + 1, payload, len);
	lock(lb);
	push(&lb->replies, lb->max_inflight + i);
	unlock(lb);
	announce(lb);
	return SCMI_OK;
}

/* Inside the agent's gate, so that a stop waits for the push and then forgets it. */
static int send_up(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_loopback *lb = ctx;
	int err;

	if (len > lb->max_payload)
		return SCMI_E_TOOBIG;
	if (!scmi__loopback_enter(&lb->agent))
		return SCMI_E_NOPEER;
	err = queue_event(lb, hdr, payload, len);
	scmi__loopback_leave(&lb->agent);
	return err;
}

const struct scmi_transport_ops scmi__loopback_threaded = {
	.version = SCMI_TRANSPORT_V1,
	.name = "loopback",
	.start = scmi__loopback_start,
	.stop = scmi__loopback_stop,
	.send = send_queued,
	.flush = ring_doorbell,
	.poll = poll_news,
	.wait = wait_news,
	.wake = wake,
	.fd = doorbell_fd,
};

const struct scmi_endpoint_ops scmi__loopback_threaded_end = {
	.version = SCMI_ENDPOINT_V1,
	.name = "loopback",
	.start = scmi__loopback_end_start,
	.stop = scmi__loopback_end_stop,
	.reply = reply_queued,
	.send = send_up,
};
