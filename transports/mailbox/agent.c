/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's way of commands, into the area, and of their answers, out of it.
 *
 * The order of a send: the message, FREE cleared, SENT in the word, a look whether FREE stands already, the doorbell.
 * An interrupt that comes before SENT finds nothing to take; the look after SENT is there for its sake. Both, and the
 * platform's FREE before its doorbell, are sequentially consistent: one of the two sees the answer.
 *
 * ready() may send the next command and take its answer: it is called where no message stands on the stack any more.
 */
#include "agent.h"
#include "short.h"

/* In one go. */
#define MESSAGES_MOST 32u

/* ---- the word ---- */

/* From *w, or *w is what it is. NOLINTNEXTLINE(readability-non-const-parameter) */
HOT bool change(struct mailbox *m, uint32_t *w, uint32_t next)
{
	return atomic_compare_exchange_strong(&m->a2p, w, next);
}

/* By who owns the state. */
HOT void flip(struct mailbox *m, uint32_t bits)
{
	atomic_fetch_xor(&m->a2p, bits);
}

/* Returns what is owed. */
static uint32_t set_idle(struct mailbox *m)
{
	return atomic_fetch_and(&m->a2p, ~(A2P_STATE | A2P_WANTED)) & A2P_WANTED;
}

/* ---- a message ---- */

_Atomic uint32_t *scmi__mailbox_fault_of(struct mailbox *m, const struct scmi_shmem *area, struct scmi_rx *rx,
					 uint32_t len)
{
	rx->hdr = shmem_load(area, SCMI_SHMEM_HEADER);
	rx->len = len - HEADER_BYTES; /* less than 4 becomes more than any area holds */
	if (rx->len > shmem_capacity(area))
		return &m->bad_length;
	if (area->check != SCMI_SHMEM_CHECK_NONE && !scmi__shmem_whole(area, rx->hdr, NULL, rx->len))
		return &m->bad_check;
	return area == &m->area[SCMI_MAILBOX_A2P] && rx->len < SCMI_STATUS_BYTES ? &m->bad_length : NULL;
}

/*
 * With its last byte the area goes back, P2A's before the handler runs, which may take its time, A2P's before the done
 * function does. Somebody who was refused that one is told later, when it is safe to.
 */
static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const bool event = rx->token == SCMI_TOKEN_ANY;
	struct incoming *in = rx->cookie;
	struct mailbox *m = ctx;

	if (len == 0)
		return SCMI_OK;
	scmi__shmem_read(event ? &m->area[SCMI_MAILBOX_P2A] : &m->area[SCMI_MAILBOX_A2P], offset, dst, len);
	in->left -= len;
	if (in->left != 0 || in->has == 0)
		return SCMI_OK;
	if (event)
		scmi__mailbox_give_back(m, in);
	else if (change(m, &in->has, in->has & ~A2P_STATE))
		in->has = 0;
	return SCMI_OK;
}

/* ---- the answer to a command ---- */

#define TOOK_NOTHING 0u
#define TOOK_ANSWER  1u
#define TOOK_LATE    2u         /* somebody else has changed the word meanwhile: *w is what it is now */
#define TOOK_WANTED  A2P_WANTED /* ready() is owed, too */

static void tell_wanted(struct mailbox *m, uint32_t took)
{
	if ((took & TOOK_WANTED) != 0)
		m->sink->ready(m->core);
}

/* Whether it has, under that word. */
HOT bool has_come_back(const struct mailbox *m, uint32_t w, uint32_t *status)
{
	if ((w & A2P_GIVEN) == 0)
		return false;
	*status = scmi__shmem_status(&m->area[SCMI_MAILBOX_A2P], m->port);
	return (*status & SCMI_SHMEM_FREE) != 0;
}

/* What is wrong with the answer under w: its counter, or NULL. Changes nothing. */
static _Atomic uint32_t *fault_of_answer(struct mailbox *m, uint32_t w, uint32_t status, struct scmi_rx *rx,
					 uint32_t len)
{
	if ((w & A2P_STATE) == A2P_LEFT)
		return &m->left;
	if ((status & SCMI_SHMEM_ERROR) != 0)
		return &m->errors;
	return scmi__mailbox_fault_of(m, &m->area[SCMI_MAILBOX_A2P], rx, len);
}

/* After the word has told that it is ours. */
static uint32_t drop_answer(struct mailbox *m, _Atomic uint32_t *fault, uint16_t token)
{
	scmi__mailbox_count(fault);
	if (fault == &m->left)
		return TOOK_NOTHING;
	(void)m->sink->settle(m->core, token, fault == &m->bad_length ? SCMI_E_PROTO : SCMI_E_COMMS);
	return TOOK_ANSWER;
}

/*
 * All but the usual answer. The core reads it in the area, which it keeps until its last byte has been read. The claim
 * writes *w. NOLINTNEXTLINE(readability-non-const-parameter)
 */
RARE uint32_t take_closely(struct mailbox *m, uint32_t *w, uint32_t status, uint32_t len)
{
	const uint32_t before = *w;
	uint32_t next = before & ~(A2P_STATE | A2P_WANTED);
	struct incoming in;
	struct scmi_rx rx;
	_Atomic uint32_t *fault;

	rx.token = (uint16_t)atomic_load_explicit(&m->token, memory_order_relaxed);
	fault = fault_of_answer(m, before, status, &rx, len);
	if (fault == NULL)
		next |= A2P_TAKING | (before & A2P_WANTED);
	if (!change(m, w, next))
		return TOOK_LATE;
	if (fault != NULL)
		return drop_answer(m, fault, rx.token) | (before & A2P_WANTED);
	in.left = rx.len;
	in.has = next & ~A2P_WANTED;
	rx.data = NULL;
	rx.cookie = &in;
	(void)m->sink->rx(m->core, &rx);
	return in.has == 0 ? TOOK_ANSWER : TOOK_ANSWER | set_idle(m);
}

/*
 * One that is short, whole and no error, if it is nobody else's yet. It is copied: the area is the next one's before
 * anybody is told of it. NOLINTNEXTLINE(readability-non-const-parameter)
 */
HOT uint32_t take_usual(struct mailbox *m, uint32_t *w, uint32_t len)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];
	const uint32_t before = *w;
	uint32_t words[SHORT_BYTES / 4u];
	struct scmi_rx rx; /* all of it is written, but not twice */

	rx.hdr = shmem_load(area, SCMI_SHMEM_HEADER);
	rx.len = len;
	rx.data = words;
	rx.cookie = NULL;
	rx.token = (uint16_t)atomic_load_explicit(&m->token, memory_order_relaxed);
	short_read(area, words, len);
	if (!change(m, w, before & ~(A2P_STATE | A2P_WANTED)))
		return TOOK_LATE;
	(void)m->sink->rx(m->core, &rx);
	return TOOK_ANSWER | (before & A2P_WANTED);
}

/*
 * Takes what has come back in the area. Word, then status, then message, then the word again, by compare-and-swap:
 * while that has not changed nobody can have written there since FREE, so what was read is this word's answer. Only one
 * that is not copied has to be read later, and keeps the area until then.
 */
APART uint32_t take_reply(struct mailbox *m)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];
	uint32_t w = atomic_load(&m->a2p);
	uint32_t status;

	while (has_come_back(m, w, &status)) {
		const bool good = (w & A2P_STATE) == A2P_SENT && (status & SCMI_SHMEM_ERROR) == 0;
		const uint32_t len = good ? shmem_load(area, SCMI_SHMEM_LENGTH) : 0u;
		uint32_t took;

		if (short_answer(len - HEADER_BYTES, m->brief))
			took = take_usual(m, &w, len - HEADER_BYTES);
		else
			took = take_closely(m, &w, status, len);
		if (took != TOOK_LATE)
			return took;
	}
	return TOOK_NOTHING;
}

/* Whether an answer was delivered; who was refused is told. */
static bool take_and_tell(struct mailbox *m)
{
	const uint32_t took = take_reply(m);

	tell_wanted(m, took);
	return (took & TOOK_ANSWER) != 0;
}

/* ---- a command ---- */

/*
 * The area is ours, for the next number: what the word will be when the platform has the command. 0: no room, and ready()
 * is owed.
 */
HOT uint32_t begin_command(struct mailbox *m)
{
	uint32_t w = atomic_load_explicit(&m->a2p, memory_order_relaxed);

	for (;;) {
		if ((w & A2P_STATE) != A2P_IDLE) {
			if (change(m, &w, w | A2P_WANTED))
				return 0;
		} else if (change(m, &w, w + A2P_NUMBER + A2P_WRITING)) {
			return w + A2P_NUMBER + A2P_SENT; /* idle is 0, and nobody is wanted then */
		}
	}
}

/*
 * Writes it and gives the area away, and asks for a doorbell even where the sender polls: the area is everybody's, and
 * he may have gone when it is free again. A platform that is rung may have been stopped when the doorbell came, and looks
 * when it starts: one of the two sees the command. One that polls looks again.
 */
HOT void give_command(const struct mailbox *m, const struct scmi_tx *tx)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];

	if (tx->len % 4u == 0 && short_command(tx->len, m->brief)) {
		short_write(area, tx->hdr, tx->payload, tx->len, m->flags);
		short_give(area, 0u, m->rings);
	} else {
		scmi__shmem_write(area, tx->hdr, tx->payload, tx->len, m->flags);
		scmi__shmem_give(area, m->port, 0u);
	}
}

/*
 * As begin_command(), and the platform has it. SENT stands after FREE is cleared, so that what looks like an answer is
 * one. An area that the platform has taken by itself, or never put in order, is left to it; then there is no room,
 * unless it comes back this moment.
 */
APART uint32_t put_command(struct mailbox *m, const struct scmi_tx *tx)
{
	uint32_t sent;

	for (;;) {
		sent = begin_command(m);
		if (sent == 0)
			return 0;
		if (mailbox_area_is_free(m, SCMI_MAILBOX_A2P))
			break;
		flip(m, A2P_WRITING ^ A2P_LEFT);
	}
	atomic_store_explicit(&m->token, tx->token, memory_order_relaxed);
	mailbox_count_own(&m->commands);
	give_command(m, tx);
	flip(m, A2P_WRITING ^ A2P_SENT);
	return sent;
}

/*
 * The doorbell has failed: the platform will not look. If the answer is there all the same, or has been taken by somebody
 * else, the command was sent; what stands there then may be another one's.
 */
RARE int take_back(struct mailbox *m, uint32_t sent, int err)
{
	uint32_t w;

	if (take_and_tell(m))
		return SCMI_OK;
	w = atomic_load_explicit(&m->a2p, memory_order_relaxed); /* not older than what we have made it */
	do {
		if ((w & ~A2P_WANTED) != sent)
			return SCMI_OK;
	} while (!change(m, &w, w ^ A2P_SENT ^ A2P_WRITING));
	scmi__mailbox_count(&m->taken_back);
	scmi__shmem_give(&m->area[SCMI_MAILBOX_A2P], m->port, SCMI_SHMEM_FREE);
	tell_wanted(m, set_idle(m));
	return err == SCMI_E_IO || err == SCMI_E_LINK ? err : SCMI_E_NOPEER;
}

/* Where the platform has given the area back just now, nobody else may be there to see it: who is refused looks, too. */
static int send_inside(struct mailbox *m, const struct scmi_tx *tx)
{
	const uint32_t sent = put_command(m, tx);
	int err;

	if (sent == 0) {
		(void)take_and_tell(m);
		return SCMI_E_BUSY;
	}
	/* After SENT. */
	if (m->looks && mailbox_area_is_free(m, SCMI_MAILBOX_A2P) && take_and_tell(m)) {
		scmi__mailbox_count(&m->unrung);
		return SCMI_OK;
	}
	if (!m->rings)
		return SCMI_OK;
	err = m->bell->ring(m->bell->ctx, SCMI_MAILBOX_TX);
	if (err != SCMI_OK)
		return take_back(m, sent, err);
	if ((m->caps & SCMI_CAP_SYNC_SEND) != 0)
		(void)take_and_tell(m);
	return SCMI_OK;
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
	mailbox_leave(m);
	return err;
}

/* ---- both ways ---- */

HOT bool answer_is_there(const struct mailbox *m)
{
	uint32_t status;

	return has_come_back(m, atomic_load(&m->a2p), &status);
}

/* Inside the gate. */
static uint32_t take_all(struct mailbox *m, uint32_t most)
{
	const uint32_t took = take_reply(m);
	const uint32_t n = took & TOOK_ANSWER;

	tell_wanted(m, took);
	return n + scmi__mailbox_take_events(m, most - n);
}

void scmi_mailbox_interrupt(struct scmi_mailbox *mailbox)
{
	struct mailbox *m = mailbox_of(mailbox);

	if (!mailbox_enter(m))
		return;
	(void)take_all(m, MESSAGES_MOST);
	mailbox_leave(m);
}

static int poll(void *ctx, int max)
{
	struct mailbox *m = ctx;
	uint32_t n;

	if (max <= 0 || !mailbox_enter(m))
		return 0;
	if (m->bell != NULL && m->bell->clear != NULL)
		m->bell->clear(m->bell->ctx);
	n = take_all(m, max < (int)MESSAGES_MOST ? (uint32_t)max : MESSAGES_MOST);
	mailbox_leave(m);
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
	/* An event that somebody takes already is his. */
	if (!answer_is_there(m) && (atomic_load(&m->p2a) != 0 || !mailbox_event_is_there(m)))
		m->bell->wait(m->bell->ctx, deadline_us);
	mailbox_leave(m);
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
