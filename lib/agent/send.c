/* SPDX-License-Identifier: BSD-3-Clause */
/* From a call to a message on the wire. */
#include "internal.h"

/* As far ahead as a deadline may lie: what a tick can tell, less than half of its range. */
#define HORIZON_US UINT64_C(7200000000)

/* Flags that change nothing for a call that finds a slot and an open gate, and those that do. */
#define FLAGS_PLAIN   (SCMI_CALL_POLL | SCMI_CALL_MORE | SCMI_CALL_NOWAIT)
#define FLAGS_CAREFUL (SCMI_CALL_URGENT | SCMI_CALL_FENCE | SCMI_CALL_DELAYED | SCMI_CALL_RAW)

/* The flags are handed to the transport as they are. */
_Static_assert(SCMI_CALL_POLL == SCMI_TX_POLL, "one set of flags");

static int check_flags(const struct link *l, uint32_t flags)
{
	if ((flags & ~(FLAGS_PLAIN | FLAGS_CAREFUL)) != 0)
		return SCMI_E_NOTSUP;
	if ((flags & SCMI_CALL_DELAYED) != 0 && (!WITH_DELAYED || (l->transport.caps & SCMI_CAP_NOTIFY) == 0))
		return SCMI_E_NOTSUP;
	if (!WITH_QUEUE && (flags & (SCMI_CALL_URGENT | SCMI_CALL_FENCE)) != 0)
		return SCMI_E_NOTSUP;
	/* A fence may have to wait in the queue: behind it, and for as long as it takes. */
	if ((flags & SCMI_CALL_FENCE) != 0 && (flags & (SCMI_CALL_URGENT | SCMI_CALL_NOWAIT)) != 0)
		return SCMI_E_INVAL;
	return SCMI_OK;
}

static int check_deadline(const struct scmi_agent *a, uint64_t deadline_us)
{
	uint64_t now = now_us(a);

	if (deadline_us > now + HORIZON_US)
		return SCMI_E_INVAL;
	return deadline_us <= now ? SCMI_E_TIMEOUT : SCMI_OK;
}

static inline struct link *route(const struct scmi_agent *a, uint32_t protocol)
{
	for (uint32_t i = a->links_n - 1u; i != 0; i--) {
		if (a->links[i].protocol == protocol)
			return &a->links[i];
	}
	return &a->links[0];
}

static inline bool is_call(const struct scmi_agent *a, const struct scmi_call *call)
{
	return a != NULL && call != NULL && call->size == sizeof(*call);
}

HOT int check_call(const struct link *l, const struct scmi_call *call)
{
	int err = SCMI_OK;

	if (call->params_len != 0) {
		if (call->params == NULL)
			return SCMI_E_INVAL;
		if (call->params_len > l->transport.max_payload)
			return SCMI_E_TOOBIG;
	}
	if (call->reply == NULL && call->reply_cap != 0)
		return SCMI_E_INVAL;
	if ((call->flags & ~FLAGS_PLAIN) != 0)
		err = check_flags(l, call->flags);
	if (call->deadline_us != 0 && err == SCMI_OK)
		err = check_deadline(l->agent, call->deadline_us);
	return err;
}

/* Why a link whose gate looks like this takes no call. */
int scmi__closed(uint32_t gate)
{
	switch (gate_state(gate)) {
	case LINK_DOWN:
	case LINK_RECOVERING:
	case LINK_RECOVERING_DOWN:
	case LINK_RECOVERING_UP:
	case LINK_BROKEN:
		return SCMI_E_NOPEER;
	default:
		return SCMI_E_CLOSED;
	}
}

/*
 * Rings what earlier sends have left to one that does not come. The mark is set after the send and taken off before the
 * doorbell, so whoever takes it off rings for what was sent before.
 */
void scmi__ring_link(struct link *l)
{
	if (take_all(&l->unrung, memory_order_acq_rel) != 0 && l->transport.ops->flush != NULL)
		l->transport.ops->flush(l->transport.ctx);
}

void scmi__ring(struct scmi_agent *a)
{
	for (uint32_t i = 0; i < a->links_n; i++) {
		struct link *l = &a->links[i];

		if (atomic_load_explicit(&l->unrung, memory_order_relaxed) != 0 && scmi__may_send(l) &&
		    scmi__enter(l)) {
			scmi__ring_link(l);
			scmi__leave(l);
		}
	}
}

/* Nothing was sent: earlier submits may have said that something follows, and left the doorbell to it. */
static int give_up(struct scmi_agent *a, int err)
{
	if (a != NULL)
		scmi__ring(a);
	return err;
}

static bool may_sleep(struct scmi_agent *a, const struct scmi_call *call)
{
	if ((call->flags & SCMI_CALL_NOWAIT) != 0 || scmi__frame_here(a) != NULL)
		return false;
	return a->port->in_interrupt == NULL || a->port->in_interrupt(a->port->ctx) == 0;
}

/* All slots that the call may take at once are taken. */
static OWN_FRAME int find_slot(struct link *l, const struct scmi_call *call)
{
	uint32_t index;
	uint32_t gate;

	if (WITH_QUEUE && (call->flags & SCMI_CALL_URGENT) != 0) {
		index = scmi__take_reserved(l);
		if (index != SLOT_NONE)
			return (int)index;
	}
	gate = atomic_load_explicit(&l->gate, memory_order_relaxed);
	if (gate_state(gate) != LINK_UP || (gate & GATE_QUIET) != 0)
		return give_up(l->agent, scmi__closed(gate));
	if (WITH_QUEUE && may_sleep(l->agent, call)) {
		scmi__ring(l->agent); /* the slots may be held by what was left unrung */
		return scmi__await_slot(l, call);
	}
	count(l, C_NO_SLOT);
	return give_up(l->agent, SCMI_E_BUSY);
}

/*
 * Nothing was sent, so nothing is owed; the failure ends the call unless somebody has ended it meanwhile (a cancel, a
 * peer that answers what it was not sent). Returns whether it does: then the slot is given back. One that was not even
 * published is claimed, too, though nobody else may: see word_will_tell(), and the fence, which looks for calls that are
 * not; and it owes nothing, but each take counts as a debt.
 */
bool scmi__unsend(struct link *l, struct slot *s)
{
	uint32_t w = fetch_and(&s->word, ~W_OWED, memory_order_acq_rel);

	count_debts(l, (w & (W_HOLDS | W_CLAIMED)) == (W_CALL | W_SENDING) ? W_OWED_R : w);
	w &= ~W_OWED;
	do {
		if ((w & W_CLAIMED) != 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w | W_CLAIMED, memory_order_seq_cst,
							memory_order_acquire));
	count(l, C_REFUSED);
	scmi__ring(l->agent);
	scmi__drop(l, s, W_CALL | W_SENDING);
	return true;
}

/* The end of the call's time on the wire: the response's, or, when that has come, the delayed response's. */
static uint32_t wire_deadline(struct link *l, const struct scmi_call *call, uint32_t w)
{
	bool delayed = WITH_DELAYED && (w & (W_OWED_R | W_OWED_D)) == W_OWED_D;
	uint32_t timeout_us = delayed ? call->delayed_timeout_us : call->timeout_us;

	if (timeout_us == 0)
		timeout_us = delayed ? l->transport.delayed_timeout_us : l->transport.timeout_us;
	if (FAST && timeout_us == SCMI_FOREVER && call->deadline_us == 0)
		return TICK_NONE; /* as that would say */
	return scmi__tick_after(l->agent, timeout_us, call->deadline_us);
}

/*
 * The link was lost while we were in send(). If it is still down nothing of what was sent comes back, for no send()
 * succeeds before ready() has made it up. If it is up again, our message may have gone out on the new one: then the
 * debt stays.
 */
static uint32_t forgive_lost(struct link *l, struct slot *s, uint32_t w)
{
	if (gate_state(atomic_load_explicit(&l->gate, memory_order_seq_cst)) != LINK_DOWN)
		return w;
	w = fetch_and(&s->word, ~W_OWED, memory_order_acq_rel);
	count_debts(l, w);
	return w & ~W_OWED;
}

/*
 * Leaves SENDING. While it stands only its owner stamps the deadline, after send(), for the reply clock starts on the
 * wire; not at all once the call has ended; anew when the response of a delayed command has come meanwhile. Whoever
 * clears SENDING after DONE runs the completion or wakes the waiter.
 */
void scmi__leave_sending(struct link *l, struct slot *s, struct scmi_call *call)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t waiter = WAITER_NONE;
	uint32_t tick = TICK_NONE;
	uint32_t stamped = ~w;

	do {
		/* Each time: the link may go while we are here, and leaves a slot in send() to its sender. */
		if ((w & W_CLAIMED) != 0 && (w & W_OWED) != 0)
			w = forgive_lost(l, s, w);
		if ((w & (W_DONE | W_CALLBACK)) == (W_DONE | W_CALLBACK)) {
			scmi__run_done(l, s, W_CALL | W_SENDING);
			return;
		}
		if ((w & W_DONE) == 0 && ((w ^ stamped) & W_OWED_R) != 0) {
			stamped = w;
			tick = wire_deadline(l, call, w);
			atomic_store_explicit(&s->deadline, tick, memory_order_relaxed);
		}
		waiter = scmi__registered(call, w);
		/* seq_cst: before the bound is lowered, against the scan's store of it and its look at the words. */
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w & ~W_SENDING, memory_order_seq_cst,
							memory_order_acquire));
	if ((w & W_DONE) == 0) {
		scmi__lower(l, tick);
		return;
	}
	if (waiter != WAITER_NONE)
		scmi__wake(l, waiter);
	scmi__tell(l);
}

/* What send() said is not what it may say, or is no success. */
int scmi__send_failed(struct link *l, struct slot *s, const struct scmi_tx *tx, int err)
{
	if (err > 0)
		err = SCMI_E_IO;
	trace(l, SCMI_TRACE_END, slot_index(l, s), tx->hdr, tx->len, err);
	return err;
}

/* Sends, for whoever wants to know of it. */
int scmi__transmit(struct link *l, struct slot *s, const struct scmi_tx *tx)
{
	int err;

	trace(l, SCMI_TRACE_SEND, tx->slot, tx->hdr, tx->len, SCMI_OK);
	err = l->transport.ops->send(l->transport.ctx, tx);
	if (tx->more != 0)
		atomic_store_explicit(&l->unrung, 1u, memory_order_release);
	return err == SCMI_OK ? SCMI_OK : scmi__send_failed(l, s, tx, err);
}

/* Takes a slot for the call. Returns its index, or the error that says why it has none. */
HOT int get_slot(struct link *l, const struct scmi_call *call)
{
	uint32_t index = scmi__take(l, call);

	return index != SLOT_NONE ? (int)index : find_slot(l, call);
}

/* The gate is open, and the call asks for nothing else. Its frame is its own, for the message. */
HOT_FRAME int send_plain(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	uint32_t index = slot_index(l, s);
	uint32_t life = life_of(s);
	uint32_t token = slot_token(l, index, life);
	struct scmi_tx tx;
	int err;

	fill(s, index, call, scmi_hdr(call->protocol, call->message, SCMI_MSG_COMMAND, (uint16_t)token), token,
	     (call->flags & SCMI_CALL_MORE) | (bits & SEND_MORE), &tx);
	atomic_store_explicit(slot_call(s), call, memory_order_relaxed);
	atomic_store_explicit(&s->flags, (uint8_t)((call->flags & SCMI_CALL_POLL) | l->index << SLOT_LINK_SHIFT),
			      memory_order_relaxed);
	atomic_store_explicit(call_ticket(call), slot_ticket(l->first + index, life), memory_order_relaxed);
	/*
	 * Published: from here on the call may end at any time, and is alive only while we hold SENDING. release: the
	 * slot's fields come before a receiver's acquire of a word that owes.
	 */
	atomic_store_explicit(&s->word, life | W_CALL | W_SENDING | W_OWED_R | (bits & W_LOW), memory_order_release);
	err = l->transport.ops->send(l->transport.ctx, &tx);
	if (tx.more != 0)
		atomic_store_explicit(&l->unrung, 1u, memory_order_release);
	if (err == SCMI_OK)
		return SCMI_OK;
	err = scmi__send_failed(l, s, &tx, err);
	return err == SCMI_E_BUSY ? scmi__queue_again(l, s, call) : err;
}

/*
 * Publishes and sends what has got a slot. SEND_QUEUED: somebody will send it; else SENDING is ours, and what send()
 * returned, or why it was not asked, is the result.
 */
HOT int launch(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	/* seq_cst: against stop, which stores the gate and then looks at the words; one sees the other. */
	if (atomic_load_explicit(&l->gate, memory_order_seq_cst) != GATE_OPEN || (call->flags & FLAGS_CAREFUL) != 0)
		return scmi__send_careful(l, s, call, bits);
	return send_plain(l, s, call, bits);
}

HOT int submit(struct scmi_agent *a, struct scmi_call *call, uint32_t more)
{
	struct link *l;
	struct slot *s;
	int index;
	int err;

	if (!is_call(a, call))
		return give_up(a, SCMI_E_INVAL);
	l = route(a, call->protocol);
	err = check_call(l, call);
	if (err != SCMI_OK)
		return give_up(a, err);
	index = get_slot(l, call);
	if (index < 0)
		return index;
	s = &l->slots[index];
	err = launch(l, s, call, (call->done != NULL ? W_CALLBACK : W_LOOSE) | more);
	if (err == SEND_QUEUED)
		return SCMI_OK;
	if (err != SCMI_OK && scmi__unsend(l, s))
		return err;
	scmi__leave_sending(l, s, call);
	return SCMI_OK;
}

int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call)
{
	return submit(agent, call, 0);
}

int scmi_agent_submit_many(struct scmi_agent *agent, struct scmi_call *const *calls, uint32_t n, uint32_t *submitted)
{
	int err = agent == NULL || (calls == NULL && n != 0) ? SCMI_E_INVAL : SCMI_OK;
	uint32_t i;

	for (i = 0; i < n && err == SCMI_OK; i++)
		err = submit(agent, calls[i], SEND_MORE);
	if (submitted != NULL)
		*submitted = err == SCMI_OK || i == 0 ? i : i - 1u;
	return give_up(agent, err);
}

/* No reply yet. Returns the holds that are left to us. */
static uint32_t wait_for_reply(struct link *l, struct slot *s, struct scmi_call *call)
{
	if ((call->flags & SCMI_CALL_MORE) != 0)
		scmi__ring_link(l);
	/* A reply that is there already saves the clock, the stamp and the sleep. */
	if ((l->transport.caps & SCMI_CAP_POLL) != 0 && !l->agent->passive)
		(void)l->transport.ops->poll(l->transport.ctx, 1);
	if ((atomic_load_explicit(&s->word, memory_order_acquire) & W_DONE) != 0)
		return W_CALL | W_SENDING;
	scmi__leave_sending(l, s, call);
	(void)scmi__await(l, s, SCMI_NEVER);
	return W_CALL;
}

/* All but the straight way: a failed send, a reply that has yet to come, somebody else who holds the slot. */
static OWN_FRAME int finish_call(struct link *l, struct slot *s, struct scmi_call *call, int err)
{
	uint32_t holds = W_CALL | W_SENDING;

	if (WITH_QUEUE && err == SEND_QUEUED) {
		if ((call->flags & SCMI_CALL_MORE) != 0) /* it may have been sent already */
			scmi__ring_link(l);
		(void)scmi__await(l, s, SCMI_NEVER);
		holds = W_CALL;
	} else if (err != SCMI_OK && scmi__unsend(l, s)) {
		return err;
	} else if ((atomic_load_explicit(&s->word, memory_order_acquire) & W_DONE) == 0) {
		holds = wait_for_reply(l, s, call);
	}
	err = call->err_;
	scmi__drop(l, s, holds);
	return err;
}

int scmi_agent_call(struct scmi_agent *agent, struct scmi_call *call)
{
	struct link *l;
	struct slot *s;
	uint32_t w;
	int index;
	int err;

	if (!is_call(agent, call))
		return give_up(agent, SCMI_E_INVAL);
	l = route(agent, call->protocol);
	err = check_call(l, call);
	if (err != SCMI_OK)
		return give_up(agent, err);
	if (call->done != NULL)
		return give_up(agent, SCMI_E_INVAL);
	if (scmi__frame_here(agent) != NULL)
		return give_up(agent, SCMI_E_CONTEXT);
	index = get_slot(l, call);
	if (index < 0)
		return index;
	s = &l->slots[index];
	err = launch(l, s, call, 0);
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	if ((w & W_LOW) != (W_CALL | W_SENDING | W_CLAIMED | W_DONE) || err != SCMI_OK)
		return finish_call(l, s, call, err);
	/* The reply came inside send(), and nobody else holds the slot. */
	err = call->err_;
	scmi__free(l, s, w);
	return err;
}
