/* SPDX-License-Identifier: BSD-3-Clause */
/* From a call to a message on the wire. */
#include "internal.h"

/* As far ahead as a deadline may lie: what a tick can tell, less than half of its range. */
#define HORIZON_US UINT64_C(7200000000)

static int check_call(const struct scmi_agent *a, const struct scmi_call *call)
{
	if (a == NULL || call == NULL || call->size != sizeof(*call))
		return SCMI_E_INVAL;
	if ((call->params == NULL && call->params_len != 0) || (call->reply == NULL && call->reply_cap != 0))
		return SCMI_E_INVAL;
	if ((call->flags & ~(SCMI_CALL_POLL | SCMI_CALL_MORE)) != 0)
		return SCMI_E_NOTSUP;
	if (call->params_len > a->transport.max_payload)
		return SCMI_E_TOOBIG;
	if (call->deadline_us != 0 && call->deadline_us > a->port->now_us(a->port->ctx) + HORIZON_US)
		return SCMI_E_INVAL;
	return SCMI_OK;
}

/* Takes a slot while the link takes calls; the slot is unpublished, its word in *w. */
static int take_open(struct scmi_agent *a, const struct scmi_call *call, struct slot **out, uint32_t *w)
{
	struct slot *s = scmi__take(a, call, w);
	uint32_t state;

	if (s == NULL) {
		state = atomic_load_explicit(&a->state, memory_order_relaxed);
		if (state == LINK_UP)
			count(a, C_NO_SLOT);
		return state == LINK_UP ? SCMI_E_BUSY : state == LINK_DOWN ? SCMI_E_NOPEER : SCMI_E_CLOSED;
	}
	/* seq_cst: against stop, which stores the state and then looks at the words; one sees the other. */
	state = atomic_load_explicit(&a->state, memory_order_seq_cst);
	if (state != LINK_UP) {
		count(a, C_REFUSED);
		count(a, C_UNANSWERED);
		scmi__drop(a, s, W_CALL | W_SENDING);
		return state == LINK_DOWN ? SCMI_E_NOPEER : SCMI_E_CLOSED;
	}
	*out = s;
	return SCMI_OK;
}

/* Fills the slot and publishes it: from here on the call may end at any time, and is alive only while we hold SENDING. */
static void publish(struct scmi_agent *a, struct slot *s, struct scmi_call *call, uint32_t w, uint32_t bits)
{
	uint32_t room = call->reply_cap < UINT16_MAX ? call->reply_cap : UINT16_MAX;
	uint32_t hdr = scmi_hdr(call->protocol, call->message, SCMI_MSG_COMMAND, slot_token(a, slot_index(a, s), w));

	s->call = call;
	atomic_store_explicit(&s->hdr, hdr, memory_order_relaxed);
	atomic_store_explicit(&s->room, (uint16_t)room, memory_order_relaxed);
	atomic_store_explicit(&s->poll, (call->flags & SCMI_CALL_POLL) != 0, memory_order_relaxed);
	atomic_store_explicit(call_ticket(call), slot_ticket(a, s, w), memory_order_relaxed);
	/* release: the slot's fields come before a receiver's acquire of a word that owes. */
	atomic_store_explicit(&s->word, w | W_OWED_R | bits, memory_order_release);
}

static int transmit(struct scmi_agent *a, struct slot *s, const struct scmi_call *call)
{
	uint32_t max_reply = a->transport.max_payload;
	struct scmi_tx tx = {
		.hdr = atomic_load_explicit(&s->hdr, memory_order_relaxed),
		.len = call->params_len,
		.payload = call->params,
		.slot = (uint16_t)slot_index(a, s),
		.flags = (call->flags & SCMI_CALL_POLL) != 0 ? SCMI_TX_POLL : 0,
		.more = (call->flags & SCMI_CALL_MORE) != 0,
	};
	int err;

	tx.reply_len = call->reply_cap < max_reply - SCMI_STATUS_BYTES ? call->reply_cap + SCMI_STATUS_BYTES : max_reply;
	tx.token = scmi_hdr_token(tx.hdr);
	err = a->transport.ops->send(a->transport.ctx, &tx);
	trace(a, SCMI_TRACE_SEND, tx.slot, tx.hdr, tx.len, err, NULL);
	return err;
}

/*
 * Nothing was sent, so nothing is owed; the failure ends the call unless somebody has ended it meanwhile (a cancel, a
 * peer that answers what it was not sent). Returns whether it does: then the slot is given back.
 */
static bool unsend(struct scmi_agent *a, struct slot *s)
{
	uint32_t w = atomic_fetch_and_explicit(&s->word, ~W_OWED, memory_order_acq_rel);

	if ((w & W_OWED_R) != 0)
		count(a, C_UNANSWERED);
	w &= ~W_OWED;
	do {
		if ((w & W_CLAIMED) != 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w | W_CLAIMED, memory_order_acq_rel,
							memory_order_acquire));
	count(a, C_REFUSED);
	scmi__drop(a, s, W_CALL | W_SENDING);
	return true;
}

/*
 * Leaves SENDING. While it stands only the sender stamps the deadline, after send(), for the reply clock starts on the
 * wire; not at all once the call is claimed. Whoever clears SENDING after DONE runs the completion or wakes the waiter.
 */
static void leave_sending(struct scmi_agent *a, struct slot *s, struct scmi_call *call)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t waiter = WAITER_NONE;
	uint32_t tick = TICK_NONE;

	if ((w & W_DONE) == 0) {
		uint64_t now_us = call->timeout_us == SCMI_FOREVER && call->deadline_us == 0
					  ? 0
					  : a->port->now_us(a->port->ctx);

		tick = scmi__tick_after(now_us, call, a->transport.timeout_us);
		atomic_store_explicit(&s->deadline, tick, memory_order_relaxed);
	}
	do {
		if ((w & (W_DONE | W_CALLBACK)) == (W_DONE | W_CALLBACK)) {
			scmi__run_done(a, s, W_CALL | W_SENDING);
			return;
		}
		waiter = (w & W_WAITER) != 0 ? call->waiter_ : WAITER_NONE;
		/* seq_cst: before the bound is lowered, against the scan's store of it and its look at the words. */
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w & ~W_SENDING, memory_order_seq_cst,
							memory_order_acquire));
	if ((w & W_DONE) == 0)
		scmi__lower(a, tick);
	else if (waiter != WAITER_NONE)
		scmi__wake(a, waiter);
}

/* Takes a slot, publishes, sends. SCMI_OK: sent, or ended meanwhile; SENDING is ours. Else nothing was sent. */
static int launch(struct scmi_agent *a, struct scmi_call *call, uint32_t bits, struct slot **out)
{
	struct slot *s;
	uint32_t w;
	int err = take_open(a, call, &s, &w);

	if (err != SCMI_OK)
		return err;
	publish(a, s, call, w, bits);
	err = transmit(a, s, call);
	if (err != SCMI_OK && unsend(a, s))
		return err;
	*out = s;
	return SCMI_OK;
}

static void flush(struct scmi_agent *a)
{
	if (a->transport.ops->flush != NULL)
		a->transport.ops->flush(a->transport.ctx);
}

int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call)
{
	struct slot *s;
	int err = check_call(agent, call);

	if (err == SCMI_OK)
		err = launch(agent, call, call->done != NULL ? W_CALLBACK : W_LOOSE, &s);
	if (err == SCMI_OK)
		leave_sending(agent, s, call);
	else if (agent != NULL)
		flush(agent); /* earlier submits may have said that this one follows */
	return err;
}

static bool answered(struct slot *s)
{
	return (atomic_load_explicit(&s->word, memory_order_acquire) & W_DONE) != 0;
}

int scmi_agent_call(struct scmi_agent *agent, struct scmi_call *call)
{
	uint32_t holds = W_CALL | W_SENDING;
	struct slot *s;
	int err = check_call(agent, call);

	if (err == SCMI_OK && call->done != NULL)
		err = SCMI_E_INVAL;
	if (err == SCMI_OK && scmi__frame_here(agent) != NULL)
		err = SCMI_E_CONTEXT;
	if (err == SCMI_OK)
		err = launch(agent, call, 0, &s);
	if (err != SCMI_OK)
		return err;
	if ((call->flags & SCMI_CALL_MORE) != 0)
		flush(agent);
	/* A reply that is there already saves the clock, the stamp and the sleep. */
	if (!answered(s) && (agent->transport.caps & SCMI_CAP_POLL) != 0)
		(void)agent->transport.ops->poll(agent->transport.ctx, 1);
	if (!answered(s)) {
		leave_sending(agent, s, call);
		(void)scmi__await(agent, s, call, SCMI_NEVER);
		holds = W_CALL;
	}
	err = call->err_;
	scmi__drop(agent, s, holds);
	return err;
}

/* Makes the call's waiter us: LOOSE is taken by one. */
static struct slot *take_loose(struct scmi_agent *a, struct scmi_call *call)
{
	uint32_t ticket = atomic_load_explicit(call_ticket(call), memory_order_relaxed);
	struct slot *s = &a->slots[ticket & TICKET_SLOT & (a->count - 1u)];
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if ((ticket & TICKET_VALID) == 0 || slot_ticket(a, s, w) != ticket ||
		    (w & (W_CALL | W_LOOSE)) != (W_CALL | W_LOOSE))
			return NULL;
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w & ~W_LOOSE, memory_order_acq_rel,
							memory_order_acquire));
	return s;
}

int scmi_agent_wait_until(struct scmi_agent *agent, struct scmi_call *call, uint64_t until_us)
{
	struct slot *s;
	int err;

	if (agent == NULL || call == NULL || call->size != sizeof(*call) || call->done != NULL)
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	s = take_loose(agent, call);
	if (s == NULL)
		return SCMI_E_INVAL;
	if (!scmi__await(agent, s, call, until_us)) {
		atomic_fetch_or_explicit(&s->word, W_LOOSE, memory_order_release);
		return SCMI_E_INPROGRESS;
	}
	err = call->err_;
	scmi__drop(agent, s, W_CALL);
	return err;
}

int scmi_agent_wait(struct scmi_agent *agent, struct scmi_call *call)
{
	return scmi_agent_wait_until(agent, call, SCMI_NEVER);
}
