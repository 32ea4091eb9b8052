/* SPDX-License-Identifier: BSD-3-Clause */
/* What the core calls. */
#include <limits.h>
#include <string.h>

#include "flaky_internal.h"

/* The inner transport's functions are entered only while the link is up; whoever loses it waits for those inside. */
static bool enter(struct flaky *f)
{
	bool in;

	flaky__lock(f);
	in = f->open && f->link == LINK_UP;
	f->inside += in ? 1u : 0u;
	flaky__unlock(f);
	return in;
}

static void leave(struct flaky *f)
{
	flaky__lock(f);
	f->inside--;
	flaky__unlock(f);
}

static void flush(void *ctx)
{
	struct flaky *f = ctx;

	if (f->inner.ops->flush == NULL || !enter(f))
		return;
	f->inner.ops->flush(f->inner.ctx);
	leave(f);
}

/* ---- send ---- */

/* What becomes of a command: LATER and GONE are SCMI_OK to the core. */
enum fate { FATE_NOW, FATE_LATER, FATE_GONE, FATE_BUSY, FATE_NOPEER };

static struct message *copy_command(struct flaky *f, struct plan *plan, const struct scmi_tx *tx)
{
	struct message *m = flaky__take(f, FLAKY_A2P, plan);

	if (m == NULL)
		return NULL;
	m->tx = *tx;
	m->tx.payload = m->bytes;
	if (tx->len != 0)
		memcpy(m->bytes, tx->payload, tx->len);
	m->tx.hdr = flaky__bend_header(&m->plan, tx->hdr);
	m->tx.len = flaky__bend_payload(&m->plan, m->bytes, tx->len, f->inner.max_payload);
	return m;
}

static bool must_wait(struct flaky *f, const struct scmi_tx *tx, uint64_t now_us)
{
	const bool one_at_a_time = (f->inner.caps & SCMI_CAP_CONCURRENT) == 0 && f->own_sends != 0;

	if (f->stall_us[FLAKY_A2P] <= now_us && !one_at_a_time && !flaky__slot_is_busy(f, tx->slot))
		return false;
	f->ready_owed = true;
	return true;
}

static void remember(struct flaky *f, uint32_t hdr)
{
	f->recent[f->recent_n++ % FLAKY_RECENT] = hdr;
	if (f->recent_n == 2u * FLAKY_RECENT)
		f->recent_n = FLAKY_RECENT;
}

/* With the lock held. *copy is what to send in its place, if anything is to be changed. */
static enum fate decide(struct flaky *f, const struct scmi_tx *tx, uint64_t now_us, struct message **copy)
{
	struct plan plan;

	if (f->inner_down || tx->len > f->inner.max_payload) /* it fails below, and has to */
		return FATE_NOW;
	plan = flaky__draw(f, FLAKY_A2P, now_us);
	if ((plan.faults & FLAKY_BIT(FLAKY_LINK)) != 0) {
		flaky__cut(f);
		return FATE_NOPEER;
	}
	if (must_wait(f, tx, now_us))
		return FATE_BUSY;
	remember(f, tx->hdr);
	if ((plan.faults & FLAKY_BIT(FLAKY_DROP)) != 0) {
		f->counts.fault[FLAKY_A2P][FLAKY_DROP]++;
		return FATE_GONE;
	}
	if ((plan.faults & (FLAKY_CONTENT | FLAKY_HOLDS)) != 0)
		*copy = copy_command(f, &plan, tx);
	if (*copy == NULL || !flaky__is_held(f, FLAKY_A2P, &plan, now_us))
		return FATE_NOW;
	(*copy)->tx.more = 0;
	flaky__hold(f, *copy, now_us);
	return FATE_LATER;
}

static int result_of(enum fate fate)
{
	if (fate == FATE_BUSY)
		return SCMI_E_BUSY;
	return fate == FATE_NOPEER ? SCMI_E_NOPEER : SCMI_OK;
}

/* Takes the command in: counted, decided, and if it goes now we are inside. */
static enum fate take_in(struct flaky *f, const struct scmi_tx *tx, struct message **copy)
{
	const uint64_t now_us = flaky__now(f);
	enum fate fate = FATE_NOPEER;

	flaky__lock(f);
	f->counts.came[FLAKY_A2P]++;
	if (f->open && f->link == LINK_UP)
		fate = decide(f, tx, now_us, copy);
	if (result_of(fate) != SCMI_OK)
		f->counts.refused[FLAKY_A2P]++;
	if (fate == FATE_NOW) {
		f->inside++;
		f->sends++;
	}
	flaky__unlock(f);
	return fate;
}

static int send_now(struct flaky *f, const struct scmi_tx *tx, struct message *copy)
{
	const struct plan none = {0};
	const int err = f->inner.ops->send(f->inner.ctx, copy != NULL ? &copy->tx : tx);

	flaky__lock(f);
	f->inside--;
	f->sends--;
	if (err == SCMI_OK)
		flaky__passed(f, FLAKY_A2P, copy != NULL ? &copy->plan : &none);
	else
		f->counts.refused[FLAKY_A2P]++;
	if (copy != NULL)
		flaky__free(f, copy);
	flaky__unlock(f);
	return err;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct flaky *f = ctx;
	struct message *copy = NULL;
	const enum fate fate = take_in(f, tx, &copy);
	int err = result_of(fate);

	if (fate == FATE_NOW)
		err = send_now(f, tx, copy);
	else if (tx->more == 0)
		flush(f); /* earlier ones have left the doorbell to this one */
	if (fate != FATE_NOW && fate != FATE_GONE)
		flaky__wake(f); /* a leader sleeps by what was known before */
	(void)flaky__run(f, true, INT_MAX);
	return err;
}

/* ---- receive ---- */

static int poll(void *ctx, int max)
{
	struct flaky *f = ctx;
	int n;

	if (max <= 0)
		return 0;
	flaky__turn(f);
	n = flaky__run(f, true, max);
	if (n < max && f->inner.ops->poll != NULL && enter(f)) {
		n += f->inner.ops->poll(f->inner.ctx, max - n);
		leave(f);
	}
	return n;
}

static uint64_t limit_of(struct flaky *f, uint64_t deadline_us)
{
	uint64_t next_us;

	flaky__lock(f);
	next_us = f->open ? flaky__next_us(f) : 0;
	flaky__unlock(f);
	return next_us < deadline_us ? next_us : deadline_us;
}

/* Where the link is lost, or the inner transport has no wait(), it is our own event that is slept on. */
static void wait(void *ctx, uint64_t deadline_us)
{
	struct flaky *f = ctx;
	const struct scmi_port *port = f->config.port;
	uint64_t limit_us;

	if (!f->holds) {
		f->inner.ops->wait(f->inner.ctx, deadline_us);
		return;
	}
	limit_us = limit_of(f, deadline_us);
	if (limit_us <= port->now_us(port->ctx)) {
		port->relax(port->ctx); /* what is due may be another's to deliver: let it */
	} else if ((f->inner.caps & SCMI_CAP_WAIT) != 0 && enter(f)) {
		f->inner.ops->wait(f->inner.ctx, limit_us);
		leave(f);
	} else {
		(void)port->event_wait(port->ctx, f->event, limit_us);
	}
}

/* A message of ours that was acquired has its bytes with us. */
static const struct message *own_message(const struct flaky *f, const void *cookie)
{
	const uintptr_t offset = (uintptr_t)cookie - (uintptr_t)f->messages;

	return offset < f->config.messages * sizeof(*f->messages) ? cookie : NULL;
}

int flaky__fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct flaky *f = ctx;
	const struct message *m = own_message(f, rx->cookie);

	if (m == NULL)
		return f->inner.ops->fetch(f->inner.ctx, rx, offset, dst, len);
	if (m->unreadable || offset > m->len || len > m->len - offset)
		return SCMI_E_IO;
	memcpy(dst, m->bytes + offset, len);
	return SCMI_OK;
}

static int fd(void *ctx)
{
	const struct flaky *f = ctx;

	return f->inner.ops->fd(f->inner.ctx);
}

/* Offers what the inner one offers, and with `holds` what it takes to let go of what is held. */
void flaky__ops(struct flaky *f)
{
	const struct scmi_transport_ops *ops = f->inner.ops;
	const bool waits = (f->inner.caps & SCMI_CAP_WAIT) != 0 || f->event != NULL;

	f->ops = (struct scmi_transport_ops){
		.version = SCMI_TRANSPORT_V1,
		.name = ops->name,
		.start = flaky__start,
		.stop = flaky__stop,
		.send = send,
		.flush = ops->flush != NULL ? flush : NULL,
		.fetch = ops->fetch != NULL ? flaky__fetch : NULL,
		.poll = ops->poll != NULL || f->holds ? poll : NULL,
		.wait = waits ? wait : NULL,
		.wake = waits ? flaky__wake : NULL,
		.recover = ops->recover != NULL ? flaky__recover : NULL,
		.fd = ops->fd != NULL && !f->holds ? fd : NULL,
	};
}
