/* SPDX-License-Identifier: BSD-3-Clause */
/* The agent's way of messages: answers out of the area, and what the platform sends unasked. */
#include "agent.h"
#include "short.h"

/* In one go. */
#define MESSAGES_MOST 32u

#define HEADER_BYTES 4u

/*
 * A message that has come, and while it is delivered its cookie. A short one is copied: its area is the next one's
 * before anybody is told of it.
 */
struct incoming {
	struct shmem_message msg;
	struct mailbox *m;
	uint32_t left; /* bytes that the core has not asked for */
	uint32_t word; /* A2P, TAKING: of the area, unless somebody is refused */
	uint32_t copy[SHORT_BYTES / 4u];
	uint8_t which;
	bool home; /* the area has gone back; A2P: it is IDLE */
};

/* ---- a message ---- */

static bool is_short(const struct incoming *in)
{
	return in->msg.len <= SHORT_BYTES;
}

/* Reads it, or of a long one all but the payload; its length has been read. Changes nothing. */
static enum shmem_verdict read_message(const struct mailbox *m, struct incoming *in, uint32_t len)
{
	const struct scmi_shmem *area = &m->area[in->which];
	const enum shmem_verdict verdict = scmi__shmem_peek_rest(area, &in->msg, len);
	bool whole = true;

	if (verdict != SHMEM_GOOD)
		return verdict;
	if (is_short(in))
		short_read(area, in->copy, in->msg.len);
	if (area->check != SCMI_SHMEM_CHECK_NONE)
		whole = is_short(in) ? scmi__shmem_copy_whole(area, &in->msg, in->copy)
				     : scmi__shmem_whole(area, &in->msg);
	return whole ? SHMEM_GOOD : SHMEM_DAMAGED;
}

static void deliver(struct mailbox *m, struct incoming *in, uint16_t token)
{
	const struct scmi_rx rx = {
		.hdr = in->msg.hdr,
		.len = in->msg.len,
		.data = is_short(in) ? in->copy : NULL,
		.cookie = in,
		.token = token,
	};

	(void)m->sink->rx(m->core, &rx);
}

/* What is wrong with the message; SCMI_OK: nothing. */
static int judge(struct mailbox *m, enum shmem_verdict verdict)
{
	if (verdict == SHMEM_GOOD)
		return SCMI_OK;
	mailbox_count(verdict == SHMEM_DAMAGED ? &m->bad_check : &m->bad_length);
	return verdict == SHMEM_DAMAGED ? SCMI_E_COMMS : SCMI_E_PROTO;
}

/* ---- the answer to a command ---- */

/* After the word has told that it is ours. */
static void deliver_reply(struct mailbox *m, struct incoming *in, enum shmem_verdict verdict, uint16_t token)
{
	const int err = judge(m, verdict);

	if (err == SCMI_OK)
		deliver(m, in, token);
	else
		(void)m->sink->settle(m->core, token, err);
}

static void settle_error(struct mailbox *m, uint16_t token)
{
	mailbox_count(&m->errors);
	(void)m->sink->settle(m->core, token, SCMI_E_COMMS);
}

static void tell_wanted(struct mailbox *m, uint32_t word)
{
	if ((word & A2P_WANTED) != 0)
		m->sink->ready(m->core);
}

void scmi__mailbox_set_idle(struct mailbox *m)
{
	tell_wanted(m, atomic_fetch_and(&m->a2p, ~(A2P_STATE | A2P_WANTED)));
}

/* A long one keeps the area until its last byte has been read. The word to be. */
static uint32_t begin_taking(struct incoming *in, uint32_t w)
{
	in->home = false;
	in->left = in->msg.len;
	in->word = (w & ~(A2P_STATE | A2P_WANTED)) | A2P_TAKING;
	return in->word | (w & A2P_WANTED);
}

/* Whether it has, under that word. */
HOT bool has_come_back(const struct mailbox *m, uint32_t w, uint32_t *status)
{
	if ((w & A2P_GIVEN) == 0)
		return false;
	*status = scmi__shmem_status(&m->area[SCMI_MAILBOX_A2P], m->port);
	return (*status & SCMI_SHMEM_FREE) != 0;
}

enum took {
	TOOK_NOTHING,
	TOOK_ANSWER,
	TOOK_LATE, /* somebody else has changed the word meanwhile: *w is what it is now */
};

/* All but the usual answer. The claim writes *w. NOLINTNEXTLINE(readability-non-const-parameter) */
static enum took take_closely(struct mailbox *m, uint32_t *w, uint32_t status, uint32_t len)
{
	enum shmem_verdict verdict = SHMEM_GOOD;
	const uint32_t before = *w;
	uint32_t next = before & ~(A2P_STATE | A2P_WANTED);
	struct incoming in;
	uint16_t token;

	in.m = m;
	in.which = SCMI_MAILBOX_A2P;
	in.home = false;
	token = (uint16_t)atomic_load_explicit(&m->token, memory_order_relaxed);
	if ((before & A2P_STATE) == A2P_SENT && (status & SCMI_SHMEM_ERROR) == 0) {
		verdict = read_message(m, &in, len);
		if (verdict == SHMEM_GOOD && in.msg.len < SCMI_STATUS_BYTES)
			verdict = SHMEM_SHORT;
		if (verdict == SHMEM_GOOD && !is_short(&in))
			next = begin_taking(&in, before);
	}
	if (!atomic_compare_exchange_strong(&m->a2p, w, next))
		return TOOK_LATE;
	if ((before & A2P_STATE) == A2P_LEFT)
		mailbox_count(&m->left);
	else if ((status & SCMI_SHMEM_ERROR) != 0)
		settle_error(m, token);
	else
		deliver_reply(m, &in, verdict, token);
	if ((next & A2P_STATE) != A2P_TAKING)
		tell_wanted(m, before);
	else if (!in.home)
		scmi__mailbox_set_idle(m);
	return (before & A2P_STATE) == A2P_SENT ? TOOK_ANSWER : TOOK_NOTHING;
}

/* One that is short, whole and no error, if it is nobody else's yet. NOLINTNEXTLINE(readability-non-const-parameter) */
HOT bool take_usual(struct mailbox *m, uint32_t *w, uint32_t len)
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
	if (!atomic_compare_exchange_strong(&m->a2p, w, before & ~(A2P_STATE | A2P_WANTED)))
		return false;
	(void)m->sink->rx(m->core, &rx);
	tell_wanted(m, before);
	return true;
}

/* The area is FREE again under w: status is what it said. */
static bool take_there(struct mailbox *m, uint32_t w, uint32_t status)
{
	const struct scmi_shmem *area = &m->area[SCMI_MAILBOX_A2P];

	for (;;) {
		const bool good = (w & A2P_STATE) == A2P_SENT && (status & SCMI_SHMEM_ERROR) == 0;
		const uint32_t len = good ? shmem_load(area, SCMI_SHMEM_LENGTH) : 0u;
		enum took took = TOOK_LATE;

		if (!short_answer(len - HEADER_BYTES, m->brief))
			took = take_closely(m, &w, status, len);
		else if (take_usual(m, &w, len - HEADER_BYTES))
			took = TOOK_ANSWER;
		if (took != TOOK_LATE)
			return took == TOOK_ANSWER;
		if (!has_come_back(m, w, &status))
			return false;
	}
}

/*
 * Takes what has come back in the area; true: an answer was delivered. Word, then status, then message, then the word
 * again, by compare-and-swap: while that has not changed nobody can have written there since FREE, so what was read is
 * this word's answer. Only a long one has to be read later, and keeps the area until then.
 */
bool scmi__mailbox_take_reply(struct mailbox *m)
{
	const uint32_t w = atomic_load(&m->a2p);
	uint32_t status;

	return has_come_back(m, w, &status) && take_there(m, w, status);
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
	if (in->msg.flags == 0 || !m->rings)
		return;
	mailbox_count_own(&m->rung_back);
	(void)m->bell->ring(m->bell->ctx, SCMI_MAILBOX_RX_REPLY);
}

static void deliver_event(struct mailbox *m)
{
	struct incoming in;
	int err;

	in.m = m;
	in.which = SCMI_MAILBOX_P2A;
	in.home = false;
	err = judge(m, read_message(m, &in, shmem_load(&m->area[in.which], SCMI_SHMEM_LENGTH)));
	mailbox_count_own(&m->events);
	in.left = in.msg.len;
	if (err != SCMI_OK || is_short(&in))
		give_back(&in);
	if (err == SCMI_OK)
		deliver(m, &in, SCMI_TOKEN_ANY);
	if (!in.home)
		give_back(&in);
}

/* False: another context is at it; it sees that one more has come. */
static bool begin_events(struct mailbox *m)
{
	uint32_t w = 0;

	while (!atomic_compare_exchange_weak(&m->p2a, &w, w == 0 ? P2A_TAKING : P2A_AGAIN))
		;
	return w == 0;
}

/* For what is left: the descriptor is readable again, and who has fallen asleep beside us looks. */
static void hand_over(struct mailbox *m)
{
	if (m->bell != NULL && m->bell->raise != NULL)
		m->bell->raise(m->bell->ctx);
	scmi__mailbox_wake(m);
}

/*
 * One context takes, and looks again when it has said that it does not any more: a doorbell that found it taking was
 * sent away. The store and the look are sequentially consistent, as are the platform's FREE cleared and its doorbell's
 * exchange here.
 *
 * Up to `most`, or a platform that writes as fast as we read would keep us here. What stands there at the limit was
 * written after our last FREE, and rung for after that. If its doorbell has not been sent away it will take it, or has
 * made the descriptor readable. If it has, in the last turn, that turn saw it: with interrupts we take that message in
 * its stead, one for each that was rung for; without them somebody polls, and is told to.
 */
static uint32_t take_events(struct mailbox *m, uint32_t most)
{
	uint32_t limit = most;
	uint32_t turns = 0;
	uint32_t n = 0;

	while (event_is_there(m)) {
		if (turns == limit) {
			hand_over(m);
			break;
		}
		if (!begin_events(m))
			break;
		if (event_is_there(m)) {
			deliver_event(m);
			n++;
		}
		turns++;
		if (atomic_exchange(&m->p2a, 0u) == P2A_AGAIN && turns == limit && (m->caps & SCMI_CAP_IRQ) != 0)
			limit++;
	}
	return n < most ? n : most;
}

/* ---- both ---- */

/*
 * Of a long one. With its last byte the area goes back, P2A's before the handler runs, which may take its time, A2P's
 * before the done function does. Somebody who was refused that one is told later, when it is safe to.
 */
static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct incoming *in = rx->cookie;

	(void)ctx;
	scmi__shmem_read(&in->m->area[in->which], offset, dst, len);
	in->left -= len;
	if (in->left != 0 || in->home)
		return SCMI_OK;
	if (in->which == SCMI_MAILBOX_P2A)
		give_back(in);
	else
		in->home = atomic_compare_exchange_strong(&in->m->a2p, &in->word, in->word & ~A2P_STATE);
	return SCMI_OK;
}

HOT bool answer_is_there(const struct mailbox *m)
{
	uint32_t status;

	return has_come_back(m, atomic_load(&m->a2p), &status);
}

/* Inside the gate. */
static uint32_t take_all(struct mailbox *m, uint32_t most)
{
	const uint32_t n = scmi__mailbox_take_reply(m) ? 1u : 0u;

	return n + take_events(m, most - n);
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
	uint32_t n = 0;

	if (max <= 0 || !mailbox_enter(m))
		return 0;
	if (m->bell != NULL && m->bell->clear != NULL)
		m->bell->clear(m->bell->ctx);
	if (answer_is_there(m) || event_is_there(m))
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
	if (!answer_is_there(m) && (atomic_load(&m->p2a) != 0 || !event_is_there(m)))
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
	.send = scmi__mailbox_send,
	.fetch = fetch,
	.poll = poll,
	.wait = wait,
	.wake = scmi__mailbox_wake,
	.recover = scmi__mailbox_recover,
	.fd = fd,
};
