/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's end for one who only polls, and needs it small: one A2P area, one command in it, one context. The same
 * functions as the other end's, linked in their place (scmi::mailbox_polled); what it does not do it refuses. See
 * include/scmi/minimal.h.
 *
 * The area is written only while it is FREE, and read only when it is FREE again after a command of ours. Order as
 * area.h says: the message, then the status; the status, then the message.
 */
#include <scmi/config.h>
#include <scmi/errors.h>
#include <scmi/transport.h>
#include <scmi/transport/mailbox.h>

#include "../shmem/area.h"

struct polled {
	struct scmi_shmem area;
	const struct scmi_mailbox_doorbell *bell; /* NULL: the platform polls */
	const struct scmi_sink *sink;
	void *core;
	uint16_t token;
	bool sent;    /* a command of ours is there, or its answer */
	bool refused; /* ready() is owed */
};

_Static_assert(sizeof(struct polled) <= sizeof(struct scmi_mailbox), "it is in there");

static uint32_t status_of(const struct polled *p)
{
	return shmem_le32(atomic_load_explicit(shmem_word(&p->area, SCMI_SHMEM_STATUS), memory_order_acquire));
}

/* What a doorbell does afterwards is not ordered by this: a ring() that writes a register has the barrier: mailbox.h. */
static void give(const struct polled *p, uint32_t status)
{
	atomic_store_explicit(shmem_word(&p->area, SCMI_SHMEM_STATUS), shmem_le32(status), memory_order_seq_cst);
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct polled *p = ctx;

	p->sink = sink;
	p->core = core;
	p->sent = false;
	p->refused = false;
	return SCMI_OK;
}

/* What comes for a command of before is dropped: after the next start nobody looks for it. */
static void stop(void *ctx)
{
	(void)ctx;
}

/* A doorbell that fails has told nobody: the command is taken back. */
static int ring(const struct polled *p)
{
	int err = SCMI_OK;

	if (p->bell != NULL && p->bell->ring != NULL)
		err = p->bell->ring(p->bell->ctx, SCMI_MAILBOX_TX);
	if (err == SCMI_OK)
		return SCMI_OK;
	give(p, SCMI_SHMEM_FREE);
	return err == SCMI_E_IO || err == SCMI_E_LINK ? err : SCMI_E_NOPEER;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct polled *p = ctx;
	int err;

	if (tx->len > shmem_capacity(&p->area))
		return SCMI_E_TOOBIG;
	if ((status_of(p) & SCMI_SHMEM_FREE) == 0) {
		p->refused = true;
		return SCMI_E_BUSY;
	}
	shmem_write_small(&p->area, tx->payload, tx->len);
	shmem_put(&p->area, tx->hdr, tx->len, 0);
	p->token = tx->token;
	give(p, 0);
	err = ring(p);
	p->sent = err == SCMI_OK;
	return err;
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct polled *p = ctx;

	(void)rx;
	shmem_read_small(&p->area, offset, dst, len);
	return SCMI_OK;
}

/* A length that cannot be becomes 0, which is no reply either. */
static void take(struct polled *p, uint32_t status)
{
	struct scmi_rx rx = {.token = p->token};

	p->sent = false;
	if ((status & SCMI_SHMEM_ERROR) != 0) {
		(void)p->sink->settle(p->core, p->token, SCMI_E_COMMS);
		return;
	}
	rx.hdr = shmem_load(&p->area, SCMI_SHMEM_HEADER);
	rx.len = shmem_load(&p->area, SCMI_SHMEM_LENGTH) - 4u; /* less than 4 becomes more than any area holds */
	if (rx.len > shmem_capacity(&p->area))
		rx.len = 0;
	(void)p->sink->rx(p->core, &rx);
}

static int poll(void *ctx, int max)
{
	struct polled *p = ctx;
	const uint32_t status = status_of(p);
	int taken = 0;

	(void)max;
	if ((status & SCMI_SHMEM_FREE) == 0)
		return 0;
	if (p->sent) {
		take(p, status);
		taken = 1;
	}
	if (p->refused) {
		p->refused = false;
		p->sink->ready(p->core);
	}
	return taken;
}

/* Nobody can take a command back from the platform. */
static int recover(void *ctx)
{
	struct polled *p = ctx;

	if ((status_of(p) & SCMI_SHMEM_FREE) == 0)
		return SCMI_E_BUSY;
	p->sent = false;
	return SCMI_OK;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "mailbox",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
	.poll = poll,
	.recover = recover,
};

static bool fits(const struct scmi_shmem *a)
{
	return a->mem != NULL && ((uintptr_t)a->mem | a->len) % 4u == 0 && a->len >= SCMI_SHMEM_BYTES_MIN &&
	       a->len <= SCMI_SHMEM_BYTES_MAX;
}

/* Nothing is asked for that is not here. */
static bool is_plain(const struct scmi_mailbox_config *c)
{
	const struct scmi_shmem *a2p = &c->areas[SCMI_MAILBOX_A2P];
	const struct scmi_shmem *p2a = &c->areas[SCMI_MAILBOX_P2A];

	return (c->flags | c->max_payload | (c->max_inflight & ~1u) | a2p->check | a2p->reserved_ |
		(a2p->flags & ~SCMI_SHMEM_WIDE) | p2a->len) == 0 &&
	       p2a->mem == NULL;
}

static bool only_rings(const struct scmi_mailbox_doorbell *b)
{
	return b->version == SCMI_MAILBOX_DOORBELL_V1 && (b->caps & SCMI_CAP_IRQ) == 0 && b->start == NULL &&
	       b->wait == NULL && b->fd == NULL && b->clear == NULL;
}

static bool is_allowed(const struct scmi_mailbox_config *c)
{
	return c != NULL && c->size == sizeof(*c) && is_plain(c) && fits(&c->areas[SCMI_MAILBOX_A2P]) &&
	       (c->doorbell == NULL || only_rings(c->doorbell));
}

int scmi_mailbox_check(const struct scmi_mailbox_config *config, const char **why)
{
	const bool allowed = is_allowed(config);

	if (why != NULL)
		*why = allowed ? NULL : SCMI_TEXT_("config: not what the polled mailbox takes");
	return allowed ? SCMI_OK : SCMI_E_INVAL;
}

int scmi_mailbox_init(struct scmi_mailbox *mailbox, const struct scmi_mailbox_config *config,
		      struct scmi_transport *transport)
{
	struct polled *p = (struct polled *)(void *)mailbox;

	if (mailbox == NULL || transport == NULL || !is_allowed(config))
		return SCMI_E_INVAL;
	p->area = config->areas[SCMI_MAILBOX_A2P]; /* the rest is start's */
	p->bell = config->doorbell;
	*transport = (struct scmi_transport){
		.size = sizeof(*transport),
		.caps = SCMI_CAP_POLL,
		.ops = &ops,
		.ctx = p,
		.max_payload = shmem_capacity(&p->area),
		.max_inflight = 1,
	};
	return SCMI_OK;
}

/* ---- what the other end has, and this one does not do ---- */

void scmi_mailbox_interrupt(struct scmi_mailbox *mailbox)
{
	(void)mailbox;
}

void scmi_mailbox_lost(struct scmi_mailbox *mailbox, int err)
{
	(void)mailbox;
	(void)err;
}

int scmi_mailbox_found(struct scmi_mailbox *mailbox)
{
	(void)mailbox;
	return SCMI_E_NOTSUP;
}

int scmi_mailbox_stats(struct scmi_mailbox *mailbox, struct scmi_mailbox_stats *stats)
{
	(void)mailbox;
	(void)stats;
	return SCMI_E_NOTSUP;
}
