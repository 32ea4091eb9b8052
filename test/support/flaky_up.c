/* SPDX-License-Identifier: BSD-3-Clause */
/* What the inner transport calls. */
#include <limits.h>
#include <string.h>

#include "flaky_internal.h"

#define FLAKY_COPIES (FLAKY_PAYLOAD | FLAKY_BIT(FLAKY_DOUBLE) | FLAKY_HOLDS)

/*
 * Takes a message in. False: it is dropped. *copy is ours to fill in, where the payload is to be changed, held or
 * doubled; without it the header alone may be.
 */
static bool take_in(struct flaky *f, struct plan *plan, bool *held, struct message **copy)
{
	const uint64_t now_us = flaky__now(f);

	flaky__lock(f);
	f->counts.came[FLAKY_P2A]++;
	*plan = flaky__draw(f, FLAKY_P2A, now_us);
	*held = flaky__is_held(f, FLAKY_P2A, plan, now_us);
	*copy = NULL;
	if ((plan->faults & FLAKY_BIT(FLAKY_DROP)) != 0) {
		f->counts.fault[FLAKY_P2A][FLAKY_DROP]++;
		flaky__unlock(f);
		return false;
	}
	if (*held || (plan->faults & FLAKY_COPIES) != 0)
		*copy = flaky__take(f, FLAKY_P2A, plan);
	if (*copy == NULL)
		plan->faults &= ~FLAKY_COPIES;
	flaky__unlock(f);
	return true;
}

static void count_passed(struct flaky *f, const struct plan *plan)
{
	flaky__lock(f);
	flaky__passed(f, FLAKY_P2A, plan);
	flaky__unlock(f);
}

static void let_go(struct flaky *f, struct message *m)
{
	flaky__lock(f);
	flaky__free(f, m);
	flaky__unlock(f);
}

/* A leader may sleep past the new message's time. */
static void hold(struct flaky *f, struct message *m)
{
	const uint64_t now_us = flaky__now(f);

	flaky__lock(f);
	flaky__hold(f, m, now_us);
	flaky__unlock(f);
	flaky__wake(f);
}

/* The second time it comes on nobody's descriptor, and suffers nothing more. */
static void hold_second(struct flaky *f, struct message *m)
{
	flaky__lock(f);
	f->counts.fault[FLAKY_P2A][FLAKY_DOUBLE]++;
	m->plan.faults = 0;
	m->acquired = false;
	m->token = SCMI_TOKEN_ANY;
	flaky__hold(f, m, 0);
	flaky__unlock(f);
}

/* ---- messages that come whole ---- */

static bool copy_bytes(struct flaky *f, struct message *m, const struct scmi_rx *rx)
{
	if (rx->len > f->inner.max_payload)
		return false;
	if (rx->len == 0)
		return true;
	if (rx->data != NULL) {
		memcpy(m->bytes, rx->data, rx->len);
		return true;
	}
	return f->inner.ops->fetch != NULL && f->inner.ops->fetch(f->inner.ctx, rx, 0, m->bytes, rx->len) == SCMI_OK;
}

static bool copy_message(struct flaky *f, struct message *m, const struct scmi_rx *rx)
{
	if (!copy_bytes(f, m, rx)) {
		let_go(f, m);
		return false;
	}
	m->token = rx->token;
	m->hdr = flaky__bend_header(&m->plan, rx->hdr);
	m->len = flaky__bend_payload(&m->plan, m->bytes, rx->len, f->inner.max_payload);
	return true;
}

static int deliver_copy(struct flaky *f, struct message *m)
{
	const struct scmi_rx rx = {.hdr = m->hdr, .len = m->len, .data = m->bytes, .token = m->token};
	const int err = f->sink->rx(f->core, &rx);

	count_passed(f, &m->plan);
	if ((m->plan.faults & FLAKY_BIT(FLAKY_DOUBLE)) != 0)
		hold_second(f, m);
	else
		let_go(f, m);
	return err;
}

static int deliver(struct flaky *f, const struct scmi_rx *rx, struct plan *plan)
{
	struct scmi_rx bent = *rx;
	int err;

	bent.hdr = flaky__bend_header(plan, rx->hdr);
	err = f->sink->rx(f->core, &bent);
	count_passed(f, plan);
	return err;
}

static int rx(void *ctx, const struct scmi_rx *message)
{
	struct flaky *f = ctx;
	struct message *m;
	struct plan plan;
	bool held;
	int err = SCMI_OK;

	if (!take_in(f, &plan, &held, &m))
		return SCMI_E_STRAY;
	if (m == NULL || !copy_message(f, m, message)) {
		plan.faults &= ~FLAKY_COPIES;
		err = deliver(f, message, &plan);
	} else if (held) {
		hold(f, m);
	} else {
		err = deliver_copy(f, m);
	}
	(void)flaky__run(f, false, INT_MAX);
	return err;
}

/* ---- messages that are acquired ---- */

static struct message *find(struct flaky *f, const struct scmi_xfer *x)
{
	struct message *m = NULL;

	flaky__lock(f);
	for (uint32_t i = 0; i < f->config.messages && f->acquired != 0 && m == NULL; i++) {
		if (f->messages[i].state == MESSAGE_ACQUIRED && f->messages[i].below == x)
			m = &f->messages[i];
	}
	flaky__unlock(f);
	return m;
}

/* The reference is ours, for it may have to outlive the inner transport's. */
static int acquire_own(struct flaky *f, struct message *m, uint32_t hdr, struct scmi_xfer *x)
{
	const int err = f->sink->acquire(f->core, hdr, &m->xfer);

	if (err != SCMI_OK) {
		count_passed(f, &m->plan);
		let_go(f, m);
		return err;
	}
	*x = (struct scmi_xfer){.hdr = m->xfer.hdr, .cap = m->xfer.cap, .poll = m->xfer.poll};
	m->xfer.priv = m;
	m->hdr = hdr;
	m->acquired = true;
	m->below = x;
	flaky__lock(f);
	m->state = MESSAGE_ACQUIRED;
	f->acquired++;
	flaky__unlock(f);
	return SCMI_OK;
}

static int acquire(void *ctx, uint32_t hdr, struct scmi_xfer *x)
{
	struct flaky *f = ctx;
	struct message *m;
	struct plan plan;
	bool held;
	int err;

	if (!take_in(f, &plan, &held, &m))
		return SCMI_E_STRAY;
	if (m != NULL) {
		m->hold = held;
		hdr = flaky__bend_header(&m->plan, hdr);
		return acquire_own(f, m, hdr, x);
	}
	hdr = flaky__bend_header(&plan, hdr);
	err = f->sink->acquire(f->core, hdr, x);
	count_passed(f, &plan);
	return err;
}

static int complete_own(struct flaky *f, struct message *m, struct scmi_xfer *x, uint32_t len)
{
	const struct scmi_rx rx = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};

	m->completed = true;
	m->unreadable = !copy_bytes(f, m, &rx);
	m->len = m->unreadable ? len : flaky__bend_payload(&m->plan, m->bytes, len, f->inner.max_payload);
	if (m->hold)
		return SCMI_OK;
	flaky__lock(f);
	m->counted = true;
	flaky__passed(f, FLAKY_P2A, &m->plan);
	flaky__unlock(f);
	return f->sink->complete(f->core, &m->xfer, m->len);
}

static int complete(void *ctx, struct scmi_xfer *x, uint32_t len)
{
	struct flaky *f = ctx;
	struct message *m = find(f, x);

	return m != NULL ? complete_own(f, m, x, len) : f->sink->complete(f->core, x, len);
}

static void release_own(struct flaky *f, struct message *m)
{
	const bool second = m->completed && !m->unreadable && (m->plan.faults & FLAKY_BIT(FLAKY_DOUBLE)) != 0;

	flaky__lock(f);
	f->acquired--;
	m->below = NULL;
	m->state = MESSAGE_TAKEN;
	flaky__unlock(f);
	if (m->hold && m->completed) {
		hold(f, m);
		return;
	}
	f->sink->release(f->core, &m->xfer);
	if (!m->counted) { /* without complete(): its payload was nobody's */
		m->plan.faults &= ~FLAKY_PAYLOAD;
		count_passed(f, &m->plan);
	}
	if (second)
		hold_second(f, m);
	else
		let_go(f, m);
}

static void release(void *ctx, struct scmi_xfer *x)
{
	struct flaky *f = ctx;
	struct message *m = find(f, x);

	if (m != NULL)
		release_own(f, m);
	else
		f->sink->release(f->core, x);
	(void)flaky__run(f, false, INT_MAX);
}

/* ---- what is no message ---- */

static int settle(void *ctx, uint16_t token, int err)
{
	struct flaky *f = ctx;

	return f->sink->settle(f->core, token, err);
}

static void ready(void *ctx)
{
	struct flaky *f = ctx;

	flaky__lock(f);
	f->inner_down = false;
	flaky__unblock(f);
	flaky__unlock(f);
	f->sink->ready(f->core);
}

/* What we hold was sent before; and none of it is being delivered when the core is told. */
static void link_down(void *ctx, int err)
{
	struct flaky *f = ctx;

	flaky__lock(f);
	f->hushed++;
	f->inner_down = true;
	f->ready_owed = false;
	flaky__wait_others(f);
	flaky__unlock(f);
	f->sink->link_down(f->core, err);
	flaky__discard(f);
	flaky__lock(f);
	f->hushed--;
	flaky__unlock(f);
}

const struct scmi_sink flaky__sink = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};
