/* SPDX-License-Identifier: BSD-3-Clause */
/* What the driver asks the device for: signals, for who sleeps and who has taken the descriptor. */
#include "driver.h"

/* Asks the device for a signal of what comes next; true: something has come already. */
bool scmi__virtio_ask(struct scmi_virtio *d)
{
	bool news = false;

	lock(d);
	if (d->up) {
		news = scmi__ring_driver_arm(&d->cmd.ring);
		if (has_events(d))
			news = scmi__ring_driver_arm(&d->event.ring) || news;
	}
	atomic_store_explicit(&d->asked, !news, memory_order_relaxed);
	unlock(d);
	return news;
}

/*
 * Where it has been asked for already, no signal is lost: one that was cleared just now was given after what it stands
 * for, which a look finds.
 */
bool scmi__virtio_news_or_ask(struct scmi_virtio *d)
{
	if (d->bus->clear != NULL)
		d->bus->clear(d->bus->ctx);
	if (atomic_load_explicit(&d->asked, memory_order_relaxed)) {
		if (has_news(&d->cmd) || has_news(&d->event))
			return true;
		if (!has_interrupts(d))
			return false;
		ring_fence(); /* what was there may be taken by a poll that does not ask: pairs with forget_asked() */
		if (atomic_load_explicit(&d->asked, memory_order_relaxed))
			return false;
	}
	return scmi__virtio_ask(d);
}

/* ---- sleep ---- */

/* Without EVENT_IDX signals come until they are switched off. Under the lock: the descriptor may be taken beside us. */
static void ask_no_more(struct scmi_virtio *d)
{
	if ((d->setup.features & SCMI_VIRTIO_F_EVENT_IDX) != 0 || is_fd_taken(d))
		return;
	lock(d);
	if (!is_fd_taken(d)) {
		scmi__ring_driver_disarm(&d->cmd.ring);
		if (has_events(d))
			scmi__ring_driver_disarm(&d->event.ring);
	}
	unlock(d);
}

void scmi__virtio_wait(void *ctx, uint64_t deadline_us)
{
	struct scmi_virtio *d = ctx;

	if (!scmi__virtio_enter(d)) {
		d->port->relax(d->port->ctx); /* whoever stops or recovers must get its turn */
		return;
	}
	/* Before the lock that is in scmi__virtio_ask(): who takes something behind it asks for the next. */
	atomic_store_explicit(&d->asleep, d->bus->clear != NULL, memory_order_relaxed);
	if (!scmi__virtio_ask(d))
		d->bus->wait(d->bus->ctx, deadline_us);
	atomic_store_explicit(&d->asleep, false, memory_order_relaxed);
	ask_no_more(d);
	scmi__virtio_leave(d);
}

/* ---- the descriptor ---- */

/*
 * From now on signals are wanted, and the first is asked for here: what has come before shows on the descriptor at once.
 * Where the gate is shut, whoever opens it looks after us: the flag is set before the look at the gate, and he opens it
 * before he looks at the flag, all seq_cst.
 */
static void want_signals(struct scmi_virtio *d)
{
	atomic_store(&d->signals, true);
	if ((atomic_load(&d->gate) & GATE_OPEN) == 0 || !scmi__virtio_enter(d))
		return;
	if (scmi__virtio_ask(d))
		d->bus->raise(d->bus->ctx);
	scmi__virtio_leave(d);
}

int scmi__virtio_fd(void *ctx)
{
	struct scmi_virtio *d = ctx;
	int fd;

	if (d->bus->fd == NULL)
		return -1;
	fd = d->bus->fd(d->bus->ctx);
	if (!is_fd_taken(d))
		want_signals(d);
	return fd;
}
