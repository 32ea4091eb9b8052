/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's end, its life: who may deliver, losing the platform and finding it again, whose the area is meanwhile.
 *
 * The core is told first that the link is there, then the gate is opened: what it sends inside ready() fails and goes a
 * moment later.
 */
#include "agent.h"
#include "check.h"
#include "short.h"

/* Whoever finds nobody inside and something to tell becomes the only one inside, and tells. */
void scmi__mailbox_tell(struct mailbox *m)
{
	uint32_t owed = GATE_TELL;

	if (!atomic_compare_exchange_strong(&m->gate, &owed, 1u))
		return;
	m->told = true;
	m->sink->link_down(m->core, (int)atomic_load_explicit(&m->why, memory_order_relaxed));
	mailbox_leave(m);
}

void scmi__mailbox_wake(void *ctx)
{
	const struct mailbox *m = ctx;

	if (m->bell != NULL && m->bell->wake != NULL)
		m->bell->wake(m->bell->ctx);
}

void scmi_mailbox_lost(struct scmi_mailbox *mailbox, int err)
{
	struct mailbox *m = mailbox_of(mailbox);
	uint32_t gate;

	if (err == SCMI_OK)
		err = SCMI_E_LINK;
	/* Noted before the look at the gate; open_up() opens it before it looks here: one of the two sees it. */
	atomic_store(&m->early, err);
	gate = atomic_load(&m->gate);
	do {
		if ((gate & GATE_OPEN) == 0)
			return;
		atomic_store_explicit(&m->why, err, memory_order_relaxed);
	} while (!atomic_compare_exchange_weak(&m->gate, &gate, (gate & ~GATE_OPEN) | GATE_TELL));
	scmi__mailbox_wake(m); /* who sleeps is inside, and may be the one to tell */
	scmi__mailbox_tell(m);
}

/* ---- one at a time ---- */

static void begin_move(struct mailbox *m)
{
	while (atomic_exchange_explicit(&m->moving, 1u, memory_order_acquire) != 0) {
		if (m->port != NULL)
			m->port->relax(m->port->ctx);
	}
}

static void end_move(struct mailbox *m)
{
	atomic_store_explicit(&m->moving, 0u, memory_order_release);
}

/* Nobody comes in any more, and nobody is inside; what is owed to be told has been. Whether it was open. */
static bool shut(struct mailbox *m)
{
	const bool open = (atomic_fetch_and(&m->gate, ~GATE_OPEN) & GATE_OPEN) != 0;

	scmi__mailbox_wake(m);
	gate_await(&m->gate, GATE_TELL | GATE_COUNT, m->port);
	return open;
}

/* ---- up and down; nobody is inside ---- */

static void stop_bell(struct mailbox *m)
{
	if (m->belled && m->bell != NULL && m->bell->stop != NULL)
		m->bell->stop(m->bell->ctx);
	m->belled = false;
}

/* What the doorbell found keeps what was promised to the core. There is no P2A area without memory. */
static bool fits(struct mailbox *m)
{
	struct scmi_shmem *p2a = &m->area[SCMI_MAILBOX_P2A];

	if (p2a->mem == NULL)
		p2a->len = 0;
	return scmi__mailbox_areas_fault(m->area, m->port) == NULL &&
	       shmem_capacity(&m->area[SCMI_MAILBOX_A2P]) >= m->max_payload;
}

static int start_bell(struct mailbox *m)
{
	int err = SCMI_OK;

	memcpy(m->area, m->given, sizeof(m->area));
	/* Relaxed: the doorbell is stopped, nobody loses the platform before its start. */
	atomic_store_explicit(&m->early, SCMI_OK, memory_order_relaxed);
	if (m->bell != NULL && m->bell->start != NULL)
		err = m->bell->start(m->bell->ctx, handle_of(m), m->area);
	if (err != SCMI_OK)
		return err != SCMI_E_BUSY ? err : SCMI_E_IO; /* to the core BUSY says that all is as it was */
	m->belled = true;
	if (fits(m)) {
		m->brief = short_limit(&m->area[SCMI_MAILBOX_A2P], shmem_capacity(&m->area[SCMI_MAILBOX_A2P]));
		return SCMI_OK;
	}
	stop_bell(m);
	return SCMI_E_INVAL;
}

/* Whose the area is. What stands in it is nobody's answer any more. Relaxed: opening the gate makes it known. */
static void settle_area(struct mailbox *m, uint32_t state)
{
	const uint32_t w = atomic_load_explicit(&m->a2p, memory_order_relaxed);

	if ((w & A2P_GIVEN) != 0 && state == A2P_IDLE && !m->fresh)
		scmi__mailbox_count(&m->left);
	atomic_store_explicit(&m->a2p, (w & ~(A2P_STATE | A2P_WANTED)) | state, memory_order_relaxed);
}

static int bring_up(struct mailbox *m)
{
	const int err = start_bell(m);

	if (err == SCMI_OK)
		settle_area(m, m->fresh || mailbox_area_is_free(m, SCMI_MAILBOX_A2P) ? A2P_IDLE : A2P_LEFT);
	return err;
}

/* What came before the gate was open is looked for. */
static void open_up(struct mailbox *m)
{
	int early;

	if (m->told) {
		m->told = false;
		m->sink->ready(m->core);
	}
	atomic_fetch_or(&m->gate, GATE_OPEN);
	early = (int)atomic_load(&m->early);
	if (early != SCMI_OK)
		scmi_mailbox_lost(handle_of(m), early); /* as soon as it was started */
	else if ((m->caps & SCMI_CAP_IRQ) != 0)
		scmi_mailbox_interrupt(handle_of(m));
	else if (m->bell != NULL && m->bell->raise != NULL)
		m->bell->raise(m->bell->ctx);
}

int scmi__mailbox_start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct mailbox *m = ctx;
	int err;

	begin_move(m);
	m->sink = sink;
	m->core = core;
	m->told = false;
	err = bring_up(m);
	if (err == SCMI_OK) {
		m->started = true;
		open_up(m);
	}
	end_move(m);
	return err;
}

void scmi__mailbox_stop(void *ctx)
{
	struct mailbox *m = ctx;

	begin_move(m);
	if (m->started) {
		m->started = false;
		(void)shut(m);
		stop_bell(m);
	}
	end_move(m);
}

static int renew(struct mailbox *m)
{
	stop_bell(m);
	return bring_up(m);
}

/* The same platform, with all that it has: only an area that it has given back is ours. */
static int reclaim(struct mailbox *m, bool open)
{
	if (!mailbox_area_is_free(m, SCMI_MAILBOX_A2P))
		return SCMI_E_BUSY;
	settle_area(m, A2P_IDLE);
	if (!open)
		atomic_store(&m->early, SCMI_OK); /* else a loss that is noted there is a new one */
	return SCMI_OK;
}

int scmi__mailbox_recover(void *ctx)
{
	struct mailbox *m = ctx;
	bool open;
	int err;

	begin_move(m);
	open = shut(m);
	err = m->fresh || !m->belled ? renew(m) : reclaim(m, open);
	if (err != SCMI_OK && err != SCMI_E_BUSY)
		m->told = true; /* the core takes it for down until ready() */
	else if (err == SCMI_OK || open)
		open_up(m);
	end_move(m);
	return err;
}

/* While it is up there is nothing to find; while it is being stopped nobody wants it any more. */
int scmi_mailbox_found(struct scmi_mailbox *mailbox)
{
	struct mailbox *m = mailbox_of(mailbox);
	int err = SCMI_OK;

	begin_move(m);
	if (m->started && (atomic_load(&m->gate) & GATE_OPEN) == 0) {
		(void)shut(m);
		err = renew(m);
		if (err == SCMI_OK)
			open_up(m);
	}
	end_move(m);
	return err;
}
