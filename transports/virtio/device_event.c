/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the platform sends by itself: notifications and delayed responses, through the eventq.
 *
 * A buffer is taken and returned under the lock, and written between the two without it. One that is in more pieces
 * than fit on the stack is written under the lock, with the pieces in memory that all senders share.
 */
#include "device.h"

void scmi__virtio_device_broken_locked(struct scmi_virtio_device *dev, uint32_t queue)
{
	if ((atomic_fetch_or(&dev->lied, 1u << queue) & (1u << queue)) == 0)
		count(&dev->broken, 1u);
}

int scmi__virtio_device_p2a(void *ctx)
{
	const struct scmi_virtio_device *dev = ctx;

	return atomic_load_explicit(&dev->p2a, memory_order_relaxed);
}

#define LOOKS_MOST 8u

/* Pieces of a buffer that fit on the sender's stack; one with more of them is written under the lock. */
#define PIECES_EVENT (sizeof(void *) > 4u ? 8u : 2u)

/* A message on its way. */
struct event {
	struct ring_chain chain;
	struct ring_piece pieces[PIECES_EVENT];
	unsigned char header[HEADER_BYTES];
	const unsigned char *payload;
	uint32_t len; /* of the payload */
	bool due;     /* an interrupt */
	bool work;    /* the server has something to tell */
};

static uint32_t bytes_of(const struct event *e)
{
	return HEADER_BYTES + e->len;
}

/* The header may be cut anywhere. */
static void write_event(const struct event *e)
{
	const struct ring_piece *piece = e->chain.in;
	uint32_t at = 0; /* in this piece */

	for (uint32_t i = 0; i < HEADER_BYTES; i++) {
		piece->mem[at++] = e->header[i];
		if (at == piece->len) {
			piece++;
			at = 0;
		}
	}
	if (at != 0) {
		const uint32_t rest = piece->len - at;
		const uint32_t n = rest < e->len ? rest : e->len;

		if (n != 0)
			memcpy(piece->mem + at, e->payload, n);
		scatter(piece + 1, e->payload + n, e->len - n);
	} else {
		scatter(piece, e->payload, e->len);
	}
}

static void return_locked(struct scmi_virtio_device *dev, struct event *e, uint32_t len)
{
	scmi__ring_device_return(&dev->ring[SCMI_VIRTIO_EVENTQ], e->chain.head, len);
	e->due = must_call_locked(dev, SCMI_VIRTIO_EVENTQ) || e->due;
}

static enum ring_take take_locked(struct scmi_virtio_device *dev, struct event *e)
{
	struct ring_device *r = &dev->ring[SCMI_VIRTIO_EVENTQ];
	enum ring_take took;

	e->chain = (struct ring_chain){.in = e->pieces, .in_cap = PIECES_EVENT, .in_want = bytes_of(e)};
	took = scmi__ring_device_take(r, &e->chain);
	if (took != RING_FULL)
		return took;
	e->chain.in = dev->event_pool;
	e->chain.in_cap = dev->pool_n;
	return scmi__ring_device_take(r, &e->chain);
}

/*
 * Nothing is there. The platform is owed a ready() before we ask for the doorbell, so that who answers the doorbell
 * sees that. Something may have come meanwhile: SCMI_E_INPROGRESS, look again.
 */
static int starve_locked(struct scmi_virtio_device *dev)
{
	atomic_store(&dev->starved, 1u);
	return scmi__ring_device_arm(&dev->ring[SCMI_VIRTIO_EVENTQ]) ? SCMI_E_INPROGRESS : SCMI_E_BUSY;
}

static int lie_locked(struct scmi_virtio_device *dev, struct event *e)
{
	scmi__virtio_device_broken_locked(dev, SCMI_VIRTIO_EVENTQ);
	e->work = true;
	return SCMI_E_NOPEER;
}

/* A buffer is there: SCMI_OK, it is to be written and returned; SCMI_E_GONE, both has been done. */
static int fit_locked(struct scmi_virtio_device *dev, struct event *e)
{
	if (e->chain.in_len < bytes_of(e)) {
		scmi__ring_device_untake(&dev->ring[SCMI_VIRTIO_EVENTQ], e->chain.head);
		count(&dev->dropped, 1u);
		return SCMI_E_TOOBIG;
	}
	count(&dev->events_taken, 1u);
	if (e->chain.in != dev->event_pool)
		return SCMI_OK;
	write_event(e);
	return_locked(dev, e, bytes_of(e));
	return SCMI_E_GONE;
}

static int try_locked(struct scmi_virtio_device *dev, struct event *e)
{
	if (has_lied(dev, SCMI_VIRTIO_EVENTQ))
		return SCMI_E_NOPEER;
	switch (take_locked(dev, e)) {
	case RING_TAKEN:
		return fit_locked(dev, e);
	case RING_REFUSED:
		count(&dev->events_taken, 1u);
		count(&dev->events_refused, 1u);
		return_locked(dev, e, 0u);
		return SCMI_E_INPROGRESS;
	case RING_NONE:
		return starve_locked(dev);
	default:
		return lie_locked(dev, e);
	}
}

/*
 * A few bad chains are passed over. A driver with more of them has to wait for its message: all that is there counts as
 * nothing, and the server looks again.
 */
static int find_buffer(struct scmi_virtio_device *dev, struct event *e)
{
	int err = SCMI_E_INPROGRESS;

	for (uint32_t looks = 0; err == SCMI_E_INPROGRESS && looks < LOOKS_MOST; looks++) {
		device_lock(dev);
		err = try_locked(dev, e);
		device_unlock(dev);
	}
	if (err != SCMI_E_INPROGRESS)
		return err;
	atomic_store(&dev->starved, 1u);
	e->work = true;
	return SCMI_E_BUSY;
}

static int send_inside(struct scmi_virtio_device *dev, struct event *e)
{
	int err = find_buffer(dev, e);

	if (err == SCMI_OK) {
		write_event(e);
		device_lock(dev);
		return_locked(dev, e, bytes_of(e));
		device_unlock(dev);
	}
	if (e->due)
		dev->host->call(dev->host->ctx, SCMI_VIRTIO_EVENTQ);
	return err == SCMI_E_GONE ? SCMI_OK : err;
}

/*
 * The eventq is let go for a while, or there is none: the driver's choice, or it has gone and the next one is not here
 * yet. A driver's number is there before it counts as here.
 */
static int why_shut(struct scmi_virtio_device *dev)
{
	if (atomic_load(&dev->attached) == DRIVER_GONE)
		return SCMI_E_NOPEER;
	if (scmi__virtio_device_p2a(dev) != 0)
		return SCMI_E_BUSY;
	if (atomic_load(&dev->attached) != DRIVER_HERE)
		return SCMI_E_NOPEER;
	return scmi__virtio_device_p2a(dev) != 0 ? SCMI_E_BUSY : SCMI_E_NOTSUP;
}

/*
 * While the eventq is let go the message waits for it to come back. The gate is looked at again when ready() is owed,
 * because it may have been opened, or the driver have gone, just before that was said. All sequentially consistent.
 */
static int enter_or_wait(struct scmi_virtio_device *dev)
{
	_Atomic uint32_t *gate = &dev->gate[SCMI_VIRTIO_EVENTQ];
	int err;

	if (scmi__virtio_device_enter(gate))
		return SCMI_OK;
	err = why_shut(dev);
	if (err != SCMI_E_BUSY)
		return err;
	atomic_store(&dev->starved, 1u);
	return scmi__virtio_device_enter(gate) ? SCMI_OK : why_shut(dev);
}

int scmi__virtio_device_send(void *ctx, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_virtio_device *dev = ctx;
	struct event e = {.payload = payload, .len = len};
	int err;

	if (len > dev->message_max - HEADER_BYTES)
		return SCMI_E_TOOBIG;
	err = enter_or_wait(dev);
	if (err != SCMI_OK)
		return err;
	scmi_put_le32(e.header, hdr);
	err = send_inside(dev, &e);
	scmi__virtio_device_leave(&dev->gate[SCMI_VIRTIO_EVENTQ]);
	if (e.work)
		dev->host->work(dev->host->ctx);
	return err;
}

/* Inside the gate the driver stays: its number was there before its eventq, and who takes it away waits for us. */
int scmi__virtio_device_send_to(void *ctx, int peer, uint32_t hdr, const void *payload, uint32_t len)
{
	struct scmi_virtio_device *dev = ctx;
	int err = enter_or_wait(dev);

	if (err != SCMI_OK)
		return err;
	err = scmi__virtio_device_p2a(dev) == peer ? scmi__virtio_device_send(dev, hdr, payload, len) : SCMI_E_NOPEER;
	scmi__virtio_device_leave(&dev->gate[SCMI_VIRTIO_EVENTQ]);
	return err;
}
