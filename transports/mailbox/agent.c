/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's way of messages: a command into the area and its answer out of it, and what the platform sends unasked.
 *
 * The order of a send: the message, FREE cleared, SENT in the word, a look whether FREE stands already, the doorbell.
 * An interrupt that comes before SENT finds nothing to take; the look after SENT is there for its sake. Both, and the
 * platform's FREE before its doorbell, are sequentially consistent: one of the two sees the answer.
 */
#include "agent.h"

/* A message that is being delivered: its cookie. */
struct incoming {
	struct mailbox *m;
	uint32_t left;  /* bytes that the core has not asked for */
	uint32_t word;  /* A2P: as it was when we began to take */
	uint32_t flags; /* P2A: the platform's */
	uint8_t which;
	bool home; /* the area may be used again */
};

/* Where one context at a time counts. */
static void count_own(_Atomic uint32_t *counter)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1u, memory_order_relaxed);
}

static int ring(struct mailbox *m, enum scmi_mailbox_signal signal, _Atomic uint32_t *counter)
{
	if (m->bell == NULL || m->bell->ring == NULL)
		return SCMI_OK;
	count_own(counter);
	return m->bell->ring(m->bell->ctx, signal);
}

/* ---- the answer to a command ---- */

/* With the last byte read the next command may come, before the done function runs; but not while we owe ready(). */
static void free_early(struct incoming *in)
{
	uint32_t w = in->word;

	in->home =
		(w & A2P_WANTED) == 0 && atomic_compare_exchange_strong(&in->m->a2p, &w, (w & ~A2P_STATE) | A2P_IDLE);
}

/* In any case. */
static void set_idle(struct mailbox *m)
{
	if ((atomic_fetch_and(&m->a2p, ~(A2P_STATE | A2P_WANTED)) & A2P_WANTED) != 0)
		m->sink->ready(m->core);
}

/* What is wrong with the message; SCMI_OK: nothing. */
static int judge(struct mailbox *m, enum shmem_verdict verdict)
{
	if (verdict == SHMEM_GOOD)
		return SCMI_OK;
	if (verdict == SHMEM_DAMAGED) {
		mailbox_count(&m->bad_check);
		return SCMI_E_COMMS;
	}
	mailbox_count(&m->bad_length);
	return SCMI_E_PROTO;
}

static int read_reply(struct mailbox *m, uint32_t status, struct shmem_message *msg)
{
	enum shmem_verdict verdict;

	if ((status & SCMI_SHMEM_ERROR) != 0) {
		mailbox_count(&m->errors);
		return SCMI_E_COMMS;
	}
	verdict = scmi__shmem_take(&m->area[SCMI_MAILBOX_A2P], msg);
	if (verdict == SHMEM_GOOD && msg->len < SCMI_STATUS_BYTES)
		verdict = SHMEM_SHORT;
	return judge(m, verdict);
}

static void deliver_reply(struct mailbox *m, uint32_t status, uint32_t word)
{
	struct incoming in = {.m = m, .word = word, .which = SCMI_MAILBOX_A2P};
	struct shmem_message msg;
	struct scmi_rx rx = {.cookie = &in, .token = m->token};
	int err = read_reply(m, status, &msg);

	if (err == SCMI_OK) {
		rx.hdr = msg.hdr;
		rx.len = in.left = msg.len;
		(void)m->sink->rx(m->core, &rx);
	} else {
		free_early(&in);
		(void)m->sink->settle(m->core, rx.token, err);
	}
	if (!in.home)
		set_idle(m);
}

/* What comes back of a command that is nobody's any more. */
static void drop_left(struct mailbox *m, uint32_t word)
{
	mailbox_count(&m->left);
	if ((word & A2P_WANTED) != 0)
		m->sink->ready(m->core);
}

/*
 * Takes what has come back in the area; true: an answer was delivered. Word before status: FREE that is seen then is
 * that of this word's command, or of none, if the word has changed since.
 */
static bool take_reply(struct mailbox *m)
{
	uint32_t w = atomic_load(&m->a2p);
	uint32_t status;
	uint32_t next;

	do {
		if ((w & A2P_GIVEN) == 0)
			return false;
		status = scmi__shmem_status(&m->area[SCMI_MAILBOX_A2P], m->port);
		if ((status & SCMI_SHMEM_FREE) == 0)
			return false;
		next = (w & ~A2P_STATE) | A2P_TAKING;
		if ((w & A2P_STATE) == A2P_LEFT)
			next = w & ~(A2P_STATE | A2P_WANTED);
	} while (!atomic_compare_exchange_weak(&m->a2p, &w, next));
	if ((w & A2P_STATE) == A2P_LEFT) {
		drop_left(m, w);
		return false;
	}
	deliver_reply(m, status, next);
	return true;
}

/* ---- a command ---- */

/* The area is ours, for the next number; false: ready() is owed. */
static bool begin_command(struct mailbox *m)
{
	uint32_t w = atomic_load_explicit(&m->a2p, memory_order_relaxed);
	bool idle;

	do {
		idle = (w & A2P_STATE) == A2P_IDLE;
	} while (!atomic_compare_exchange_weak(&m->a2p, &w, idle ? w + A2P_NUMBER + A2P_WRITING : w | A2P_WANTED));
	return idle;
}

/* No room. Where the platform has given the area back just now, nobody else may be there to see it. */
static int refuse(struct mailbox *m)
{
	(void)take_reply(m);
	return SCMI_E_BUSY;
}

/* The platform has taken the area by itself, or never put it in order. */
static int refuse_taken(struct mailbox *m)
{
	atomic_fetch_or(&m->a2p, A2P_WANTED);
	atomic_fetch_xor(&m->a2p, A2P_WRITING ^ A2P_LEFT);
	return refuse(m);
}

/* The doorbell has failed: the platform will not look. If the answer is there all the same the command was sent. */
static int take_back(struct mailbox *m, int err)
{
	uint32_t w = atomic_load(&m->a2p);

	if (take_reply(m))
		return SCMI_OK;
	do {
		if ((w & A2P_STATE) != A2P_SENT)
			return SCMI_OK;
	} while (!atomic_compare_exchange_weak(&m->a2p, &w, (w & ~A2P_STATE) | A2P_WRITING));
	scmi__shmem_give(&m->area[SCMI_MAILBOX_A2P], m->port, SCMI_SHMEM_FREE);
	set_idle(m);
	return err == SCMI_E_IO || err == SCMI_E_LINK ? err : SCMI_E_NOPEER;
}

static int ring_command(struct mailbox *m)
{
	const int err = ring(m, SCMI_MAILBOX_TX, &m->rung);

	if (err != SCMI_OK)
		return take_back(m, err);
	if ((m->caps & SCMI_CAP_SYNC_SEND) != 0)
		(void)take_reply(m);
	return SCMI_OK;
}

static int send_inside(struct mailbox *m, const struct scmi_tx *tx)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];

	if ((atomic_load_explicit(&m->a2p, memory_order_relaxed) & A2P_STATE) == A2P_LEFT)
		(void)take_reply(m);
	if (!begin_command(m))
		return refuse(m);
	if (!mailbox_area_is_free(m, SCMI_MAILBOX_A2P))
		return refuse_taken(m);
	m->token = tx->token;
	count_own(&m->commands);
	scmi__shmem_write(area, tx->hdr, tx->payload, tx->len, (tx->flags & SCMI_TX_POLL) != 0 ? 0u : m->flags);
	scmi__shmem_give(area, m->port, 0u);
	atomic_fetch_xor(&m->a2p, A2P_WRITING ^ A2P_SENT);
	return take_reply(m) ? SCMI_OK : ring_command(m);
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct mailbox *m = ctx;
	int err;

	if (tx->len > m->max_payload)
		return SCMI_E_TOOBIG;
	if (!mailbox_enter(m))
		return SCMI_E_NOPEER;
	err = send_inside(m, tx);
	scmi__mailbox_leave(m);
	return err;
}

/* ---- what the platform sends unasked ---- */

static bool event_is_there(const struct mailbox *m)
{
	return m->area[SCMI_MAILBOX_P2A].mem != NULL && !mailbox_area_is_free(m, SCMI_MAILBOX_P2A);
}

static void give_back(struct incoming *in)
{
	struct mailbox *m = in->m;

	in->home = true;
	scmi__shmem_give(&m->area[SCMI_MAILBOX_P2A], m->port, SCMI_SHMEM_FREE);
	if ((in->flags & SCMI_SHMEM_INTR) != 0)
		(void)ring(m, SCMI_MAILBOX_RX_REPLY, &m->rung_back);
}

static void deliver_event(struct mailbox *m)
{
	struct incoming in = {.m = m, .which = SCMI_MAILBOX_P2A};
	struct shmem_message msg;
	struct scmi_rx rx = {.cookie = &in, .token = SCMI_TOKEN_ANY};
	enum shmem_verdict verdict;

	verdict = scmi__shmem_take(&m->area[SCMI_MAILBOX_P2A], &msg);
	in.flags = msg.flags;
	count_own(&m->events);
	if (judge(m, verdict) == SCMI_OK) {
		rx.hdr = msg.hdr;
		rx.len = in.left = msg.len;
		(void)m->sink->rx(m->core, &rx);
	}
	if (!in.home)
		give_back(&in);
}

/*
 * One context takes, and looks again when it has said that it does not any more: a doorbell that found it taking was
 * ignored. The store and the look are sequentially consistent, as are the platform's FREE cleared and its doorbell's
 * exchange here.
 */
static uint32_t take_events(struct mailbox *m, uint32_t most)
{
	uint32_t n = 0;

	while (n < most && event_is_there(m)) {
		if (atomic_exchange(&m->p2a, 1u) != 0)
			break;
		if (event_is_there(m)) {
			deliver_event(m);
			n++;
		}
		atomic_store(&m->p2a, 0u);
	}
	return n;
}

/* ---- both ---- */

/* A reply's area is the next command's, and an event's is the platform's, as soon as the last byte has been read. */
static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct incoming *in = rx->cookie;

	(void)ctx;
	scmi__shmem_read(&in->m->area[in->which], offset, dst, len);
	in->left -= len;
	if (in->left != 0 || in->home)
		return SCMI_OK;
	if (in->which == SCMI_MAILBOX_A2P)
		free_early(in);
	else
		give_back(in);
	return SCMI_OK;
}

/* That nobody takes already. */
static bool something_is_there(struct mailbox *m)
{
	return ((atomic_load(&m->a2p) & A2P_GIVEN) != 0 && mailbox_area_is_free(m, SCMI_MAILBOX_A2P)) ||
	       (atomic_load(&m->p2a) == 0 && event_is_there(m));
}

/*
 * Inside the gate. Who stops at `most` may have cleared a signal for more, or sent away an interrupt that came for it,
 * or let somebody fall asleep: he makes the descriptor readable again, or goes on as that interrupt would, or wakes.
 */
static uint32_t take_all(struct mailbox *m, uint32_t most)
{
	uint32_t n = take_reply(m) ? 1u : 0u;

	n += take_events(m, most - n);
	if (n < most || m->bell == NULL || !something_is_there(m))
		return n;
	if ((m->caps & SCMI_CAP_IRQ) != 0)
		(void)take_all(m, UINT32_MAX);
	else if (m->bell->raise != NULL)
		m->bell->raise(m->bell->ctx);
	scmi__mailbox_wake(m);
	return n;
}

void scmi_mailbox_interrupt(struct scmi_mailbox *mailbox)
{
	struct mailbox *m = mailbox_of(mailbox);

	if (!mailbox_enter(m))
		return;
	(void)take_all(m, UINT32_MAX);
	scmi__mailbox_leave(m);
}

static int poll(void *ctx, int max)
{
	struct mailbox *m = ctx;
	uint32_t n;

	if (max <= 0 || !mailbox_enter(m))
		return 0;
	if (m->bell != NULL && m->bell->clear != NULL)
		m->bell->clear(m->bell->ctx);
	n = take_all(m, (uint32_t)max);
	scmi__mailbox_leave(m);
	return (int)n;
}

static void wait(void *ctx, uint64_t deadline_us)
{
	struct mailbox *m = ctx;

	if (!mailbox_enter(m)) {
		if (m->port != NULL)
			m->port->relax(m->port->ctx); /* whoever stops or recovers must get its turn */
		return;
	}
	if (!something_is_there(m))
		m->bell->wait(m->bell->ctx, deadline_us);
	scmi__mailbox_leave(m);
}

static int fd(void *ctx)
{
	const struct mailbox *m = ctx;

	return m->bell != NULL && m->bell->fd != NULL ? m->bell->fd(m->bell->ctx) : -1;
}

const struct scmi_transport_ops scmi__mailbox_ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "mailbox",
	.start = scmi__mailbox_start,
	.stop = scmi__mailbox_stop,
	.send = send,
	.fetch = fetch,
	.poll = poll,
	.wait = wait,
	.wake = scmi__mailbox_wake,
	.recover = scmi__mailbox_recover,
	.fd = fd,
};
