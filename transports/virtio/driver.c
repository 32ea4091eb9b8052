/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The driver's way of messages: out through the cmdq, in from both queues.
 *
 * The port's lock is held over the few words of a ring, never over a copy or an upcall. A request is copied before,
 * into a buffer that is its slot's alone; what comes back is taken off the ring, and delivered then: from its buffer,
 * which is posted again only when its slot is sent anew, or when the last byte of an event has been read.
 */
#include "driver.h"
#include "ring_copy.h"

/* Published at the latest, where more is said to follow. */
#define PUBLISH 8u

/* Taken under one lock. Where that is a masked interrupt, and stacks are short, there is nothing to be saved by more. */
#define BATCH (sizeof(void *) > 4u ? 8u : 1u)

/* A message that has come off a ring; while it is delivered, its cookie. */
struct incoming {
	const unsigned char *payload;
	uint32_t left; /* bytes that the core has not asked for; the whole message's, header included, at first */
	uint16_t slot;
	uint16_t token; /* of the command on whose descriptor it came */
	bool too_long;
	bool event;  /* its buffer belongs to the eventq, */
	bool posted; /* and is the device's again */
};

/* With the lock held: is a doorbell due? */
static bool must_kick(struct scmi_virtio *d, struct queue *q)
{
	const bool due = ring_driver_must_kick(&q->ring);

	d->kicks += due;
	return due;
}

/* The doorbell rings without it. */
static void unlock_and_kick(struct scmi_virtio *d, uint32_t queue, bool due)
{
	unlock(d);
	if (due)
		d->bus->kick(d->bus->ctx, queue);
}

/* ---- out ---- */

/* With the lock held. */
static bool post_command(struct scmi_virtio *d, const struct scmi_tx *tx)
{
	struct ring_driver *r = &d->cmd.ring;

	ring_driver_post(r, tx->slot, SCMI_HDR_BYTES + tx->len, SCMI_HDR_BYTES + d->max_payload);
	if (tx->more != 0 && (uint16_t)(r->avail - r->published) < PUBLISH)
		return false;
	ring_driver_publish(r);
	return tx->more == 0 && must_kick(d, &d->cmd);
}

static bool is_home(const struct scmi_virtio *d, uint16_t slot)
{
	return atomic_load_explicit(&d->token[slot], memory_order_relaxed) == SCMI_TOKEN_ANY;
}

/*
 * A slot comes again while the device has it if somebody else has answered for it: a device that sends responses
 * through the eventq. It stays the device's until that returns it, and the core is told then. A function of its own, so
 * that send() keeps no register for what happens nearly never.
 */
static bool comes_home(struct scmi_virtio *d, uint16_t slot)
{
	bool home;

	lock(d);
	home = is_home(d, slot);
	d->refused = d->refused || !home;
	unlock(d);
	return home;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct scmi_virtio *d = ctx;
	unsigned char *request = d->requests + (size_t)tx->slot * d->stride;
	bool due = false;
	bool up;

	if (tx->len > d->max_payload)
		return SCMI_E_TOOBIG;
	/* While it is down the core has forgotten what is out, but until a reset the device may read those buffers. */
	if ((atomic_load_explicit(&d->gate, memory_order_acquire) & GATE_OPEN) == 0)
		return SCMI_E_NOPEER;
	if (!is_home(d, tx->slot) && !comes_home(d, tx->slot))
		return SCMI_E_BUSY;
	scmi_put_le32(request, tx->hdr);
	if (tx->len != 0)
		ring_copy(request + SCMI_HDR_BYTES, tx->payload, tx->len);
	lock(d);
	up = d->up;
	if (up) {
		atomic_store_explicit(&d->token[tx->slot], tx->token, memory_order_relaxed);
		due = post_command(d, tx);
	}
	unlock_and_kick(d, SCMI_VIRTIO_CMDQ, due);
	return up ? SCMI_OK : SCMI_E_NOPEER;
}

static void flush(void *ctx)
{
	struct scmi_virtio *d = ctx;
	bool due = false;

	lock(d);
	if (d->up) {
		if (d->cmd.ring.avail != d->cmd.ring.published)
			ring_driver_publish(&d->cmd.ring);
		due = must_kick(d, &d->cmd);
	}
	unlock_and_kick(d, SCMI_VIRTIO_CMDQ, due);
}

/* ---- in ---- */

static void post_event(struct scmi_virtio *d, uint16_t slot)
{
	ring_driver_post(&d->event.ring, slot, 0, SCMI_HDR_BYTES + d->max_payload);
}

static void return_event(struct scmi_virtio *d, uint16_t slot)
{
	lock(d);
	post_event(d, slot);
	ring_driver_publish(&d->event.ring);
	unlock_and_kick(d, SCMI_VIRTIO_EVENTQ, must_kick(d, &d->event));
}

void scmi__virtio_fill_events(struct scmi_virtio *d)
{
	for (uint16_t i = 0; i < d->event.ring.slots; i++)
		post_event(d, i);
	ring_driver_publish(&d->event.ring);
}

void scmi__virtio_offer_events(struct scmi_virtio *d)
{
	if (!has_events(d))
		return;
	lock(d);
	unlock_and_kick(d, SCMI_VIRTIO_EVENTQ, must_kick(d, &d->event));
}

/* The device gets an event's buffer back with the last byte: before the handler runs, which may take its time. */
static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct incoming *in = rx->cookie;

	ring_copy(dst, in->payload + offset, len);
	in->left -= len;
	if (in->event && in->left == 0) {
		in->posted = true;
		return_event(ctx, in->slot);
	}
	return SCMI_OK;
}

static RING_COLD void count(_Atomic uint32_t *counter)
{
	atomic_fetch_add_explicit(counter, 1u, memory_order_relaxed);
}

/* A reply was matched by its descriptor, so what is wrong with it ends its own call and no other's. */
static RING_COLD void refuse(struct scmi_virtio *d, const struct incoming *in)
{
	if (in->event) {
		count(&d->bad_events);
		return;
	}
	count(in->too_long ? &d->long_replies : &d->short_replies);
	(void)d->sink->settle(d->core, in->token, SCMI_E_PROTO);
}

/* The header is read once, and what the device says of the length has been bounded. */
static void hand_up(struct scmi_virtio *d, struct incoming *in)
{
	const unsigned char *const message = (in->event ? &d->event : &d->cmd)->replies + (size_t)in->slot * d->stride;
	struct scmi_rx rx;

	in->payload = message + SCMI_HDR_BYTES;
	in->left -= SCMI_HDR_BYTES;
	rx.hdr = scmi_get_le32(message);
	rx.len = in->left;
	rx.data = NULL;
	rx.cookie = in;
	rx.token = in->token;
	(void)d->sink->rx(d->core, &rx);
}

static bool is_whole(const struct incoming *in)
{
	return !in->too_long && in->left >= (in->event ? SCMI_HDR_BYTES : SCMI_HDR_BYTES + SCMI_STATUS_BYTES);
}

static RING_APART void deliver(struct scmi_virtio *d, struct incoming *in)
{
	if (is_whole(in))
		hand_up(d, in);
	else
		refuse(d, in);
	if (in->event && !in->posted)
		return_event(d, in->slot);
}

static bool wants_signals(const struct scmi_virtio *d)
{
	return is_fd_taken(d) || atomic_load_explicit(&d->asleep, memory_order_relaxed);
}

/*
 * What was asked for comes for what is taken now; then it has to be asked for anew. Said before anything is taken: an
 * interrupt that finds nothing left sees this, too, and asks. Pairs with the fence in scmi__virtio_news_or_ask().
 */
static void forget_asked(struct scmi_virtio *d)
{
	if (!atomic_load_explicit(&d->asked, memory_order_relaxed))
		return;
	atomic_store_explicit(&d->asked, false, memory_order_relaxed);
	if (has_interrupts(d))
		ring_fence();
}

/* What has come off a ring under one lock. */
struct batch {
	uint8_t n;
	bool tell; /* a command was refused for want of one of these */
	bool lied; /* the ring is broken */
	struct incoming in[BATCH];
};

/* With the lock held: the slot is ours again. Another send may come to it as soon as the core knows. */
static uint16_t take_token(struct scmi_virtio *d, const struct queue *q, uint16_t slot)
{
	uint16_t token;

	if (q != &d->cmd)
		return SCMI_TOKEN_ANY;
	token = atomic_load_explicit(&d->token[slot], memory_order_relaxed);
	atomic_store_explicit(&d->token[slot], SCMI_TOKEN_ANY, memory_order_relaxed);
	return token;
}

/* Still inside the gate: the bus is not stopped before it has been told. */
static void lose_liar(struct scmi_virtio *d)
{
	if (!scmi__virtio_lose(d, SCMI_E_LINK))
		return;
	count(&d->broken);
	if (d->bus->lost != NULL)
		d->bus->lost(d->bus->ctx);
}

static int reap_one(struct scmi_virtio *d, struct queue *q, struct incoming *in)
{
	struct ring_back back;
	const int got = scmi__ring_driver_reap(&q->ring, &back);

	if (got <= 0)
		return got;
	in->left = back.len;
	in->slot = back.slot;
	in->too_long = back.too_long;
	in->event = q == &d->event;
	in->posted = false;
	in->token = take_token(d, q, back.slot);
	return got;
}

/* Up to most of one queue. */
static RING_APART void reap(struct scmi_virtio *d, struct queue *q, uint32_t most, struct batch *b)
{
	int got = 1;

	b->n = 0;
	b->tell = false;
	lock(d);
	forget_asked(d);
	while (b->n < BATCH && b->n < most) {
		got = reap_one(d, q, &b->in[b->n]);
		if (got <= 0)
			break;
		b->n++;
	}
	d->reaped += b->n;
	if (b->n != 0 && q == &d->cmd) {
		b->tell = d->refused;
		d->refused = false;
	}
	unlock(d);
	b->lied = got < 0;
}

/* All of them are off the ring when the first is delivered. */
static uint32_t take(struct scmi_virtio *d, struct queue *q, uint32_t most)
{
	struct batch b;

	reap(d, q, most, &b);
	if (b.lied)
		lose_liar(d);
	for (uint32_t i = 0; i < BATCH && i < b.n; i++) /* no loop where that is 1 */
		deliver(d, &b.in[i]);
	if (b.tell)
		d->sink->ready(d->core);
	return b.n;
}

/* The next reply, for reading, beside the index that tells of it: behind the lock it would be a wait of its own. */
static void expect_reply(const struct scmi_virtio *d)
{
#if defined(__GNUC__) && !defined(__OPTIMIZE_SIZE__)
	__builtin_prefetch(d->cmd.replies + (size_t)ring_driver_guess(&d->cmd.ring) * d->stride);
#else
	(void)d;
#endif
}

/* In turn, until neither has anything: no flood of events nor one of replies keeps the other waiting. What is left of most. */
static uint32_t take_both(struct scmi_virtio *d, uint32_t most)
{
	struct queue *q = &d->cmd;
	uint32_t idle = 0; /* queues in a row that had nothing */

	expect_reply(d);
	while (most != 0 && idle < 2) {
		const uint32_t n = has_news(q) ? take(d, q, most) : 0;

		most -= n;
		idle = n != 0 ? 0 : idle + 1;
		q = q == &d->cmd ? &d->event : &d->cmd;
	}
	return most;
}

/*
 * A poll has taken as many as it may. What is left, or has come before it was asked for, has perhaps had no signal:
 * nobody would learn of it.
 */
static void leave_rest(struct scmi_virtio *d)
{
	if (!scmi__virtio_ask(d))
		return;
	if (!has_interrupts(d)) {
		d->bus->raise(d->bus->ctx);
		return;
	}
	do
		(void)take_both(d, UINT32_MAX); /* as the interrupt would */
	while (scmi__virtio_news_or_ask(d) && scmi__virtio_is_up(d));
}

/*
 * Nobody has taken the descriptor, and nobody sleeps: no signal is asked for. But the carrier gets its turn where nothing
 * has come. A signal for somebody who has just gone to wait() may be cleared by that, and stands for what a look finds.
 */
static uint32_t take_quietly(struct scmi_virtio *d, uint32_t most)
{
	if (d->bus->clear == NULL)
		return most;
	d->bus->clear(d->bus->ctx);
	return take_both(d, most);
}

/*
 * Inside the gate. Who stops at `most` leaves the rest to the interrupt that is on its way, unless he has asked for one
 * himself and not waited for it. A descriptor's signal may have been cleared by another poll. Whether signals are wanted
 * is looked at behind each take: who asks beside it, under the lock, is seen, or finds what is left.
 */
static uint32_t take_all(struct scmi_virtio *d, uint32_t most)
{
	bool unsure = !has_interrupts(d);
	uint32_t left = take_both(d, most);

	if (left == most && !wants_signals(d))
		left = take_quietly(d, most);
	while (left != 0 && wants_signals(d) && scmi__virtio_news_or_ask(d) && scmi__virtio_is_up(d)) {
		unsure = true;
		left = take_both(d, left);
	}
	if (left == 0 && unsure && wants_signals(d))
		leave_rest(d);
	return most - left;
}

static uint32_t take_inside(struct scmi_virtio *d, uint32_t most)
{
	uint32_t n;

	if (!scmi__virtio_enter(d))
		return 0;
	n = take_all(d, most);
	scmi__virtio_leave(d);
	return n;
}

void scmi_virtio_interrupt(struct scmi_virtio *driver)
{
	(void)take_inside(driver, UINT32_MAX);
}

/*
 * Without interrupts no more than can have come before: who starts it has other things to do than to serve a flood, and
 * what is left raises the descriptor. A device that interrupts is obeyed as by its interrupt, which may have come.
 */
void scmi__virtio_look(struct scmi_virtio *d)
{
	(void)take_inside(d, has_interrupts(d) ? UINT32_MAX : (uint32_t)d->cmd.ring.slots + d->event.ring.slots);
}

static int poll(void *ctx, int max)
{
	return max > 0 ? (int)take_inside(ctx, (uint32_t)max) : 0;
}

static void wake(void *ctx)
{
	scmi__virtio_wake(ctx);
}

const struct scmi_transport_ops scmi__virtio_driver_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "virtio",
	.start = scmi__virtio_start,
	.stop = scmi__virtio_stop,
	.send = send,
	.flush = flush,
	.fetch = fetch,
	.poll = poll,
	.wait = scmi__virtio_wait,
	.wake = wake,
	.recover = scmi__virtio_recover,
	.fd = scmi__virtio_fd,
};
