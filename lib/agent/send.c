/* SPDX-License-Identifier: BSD-3-Clause */
/* From a call to a message on the wire. */
#include "internal.h"

/* As far ahead as a deadline may lie: what a tick can tell, less than half of its range. */
#define HORIZON_US UINT64_C(7200000000)

/* The flags are handed to the transport as they are. */
_Static_assert(SCMI_CALL_POLL == SCMI_TX_POLL, "one set of flags");

HOT int check_call(const struct scmi_agent *a, const struct scmi_call *call)
{
	if (a == NULL || call == NULL || call->size != sizeof(*call))
		return SCMI_E_INVAL;
	if ((call->flags & ~(SCMI_CALL_POLL | SCMI_CALL_MORE)) != 0)
		return SCMI_E_NOTSUP;
	if (call->params_len != 0) {
		if (call->params == NULL)
			return SCMI_E_INVAL;
		if (call->params_len > a->transport.max_payload)
			return SCMI_E_TOOBIG;
	}
	if (call->reply == NULL && call->reply_cap != 0)
		return SCMI_E_INVAL;
	if (call->deadline_us != 0 && call->deadline_us > a->port->now_us(a->port->ctx) + HORIZON_US)
		return SCMI_E_INVAL;
	return SCMI_OK;
}

/*
 * Threads stay apart: a caller starts in the group of 8 slots that its call's address hashes to, and rotates in it, so
 * that a token comes back no sooner than after 8 * (1024 / slots) commands of one call.
 *
 *   group      0               1               2 ...
 *          |.......X|.......*|..X.....|    X taken or owed, * where the group's next take starts
 */
HOT uint32_t take(struct scmi_agent *a, const struct scmi_call *call, uint32_t *life)
{
	uint32_t hash = (uint32_t)((uintptr_t)call >> 4) * 0x9e3779b1u;
	uint32_t home = hash >> 20 & a->group_mask;
	_Atomic uint8_t *cursor = &a->slots[home * GROUP].cursor;
	uint32_t k = atomic_load_explicit(cursor, memory_order_relaxed);
	uint32_t index = home * GROUP + k;

	if (!try_slot(a, &a->slots[index], life))
		return scmi__take_elsewhere(a, home, life);
	atomic_store_explicit(cursor, (uint8_t)((k + 1u) & a->cursor_mask), memory_order_relaxed);
	return index;
}

static int closed(uint32_t state)
{
	return state == LINK_DOWN ? SCMI_E_NOPEER : SCMI_E_CLOSED;
}

static int no_slot(struct scmi_agent *a)
{
	uint32_t state = atomic_load_explicit(&a->state, memory_order_relaxed);

	if (state != LINK_UP)
		return closed(state);
	count(a, C_NO_SLOT);
	return SCMI_E_BUSY;
}

/* The link does not take calls: the slot, which nobody has seen, goes back. */
static int untake(struct scmi_agent *a, struct slot *s, uint32_t state)
{
	count(a, C_REFUSED);
	count(a, C_UNANSWERED);
	scmi__drop(a, s, W_CALL | W_SENDING);
	return closed(state);
}

/*
 * Fills the slot and the message, and publishes: from here on the call may end at any time, and is alive only while we
 * hold SENDING.
 */
HOT void publish(struct scmi_agent *a, uint32_t index, struct scmi_call *call, uint32_t life, uint32_t bits,
		 struct scmi_tx *tx)
{
	struct slot *s = &a->slots[index];
	uint32_t token = (life >> a->token_shift | index) & (SCMI_TOKEN_COUNT - 1u);
	uint32_t room = call->reply_cap < UINT16_MAX ? call->reply_cap : UINT16_MAX;

	tx->hdr = scmi_hdr(call->protocol, call->message, SCMI_MSG_COMMAND, (uint16_t)token);
	tx->token = (uint16_t)token;
	tx->slot = (uint16_t)index;
	tx->payload = call->params;
	tx->len = call->params_len;
	tx->reply_cap = call->reply_cap;
	tx->flags = (uint8_t)call->flags;
	tx->more = (uint8_t)(call->flags & SCMI_CALL_MORE);
	s->call = call;
	atomic_store_explicit(&s->hdr, tx->hdr, memory_order_relaxed);
	atomic_store_explicit(&s->room, (uint16_t)room, memory_order_relaxed);
	atomic_store_explicit(&s->flags, (uint8_t)call->flags, memory_order_relaxed);
	atomic_store_explicit(call_ticket(call), slot_ticket(index, life), memory_order_relaxed);
	/* release: the slot's fields come before a receiver's acquire of a word that owes. */
	atomic_store_explicit(&s->word, life | W_CALL | W_SENDING | W_OWED_R | bits, memory_order_release);
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
		uint64_t now_us =
			call->timeout_us == SCMI_FOREVER && call->deadline_us == 0 ? 0 : a->port->now_us(a->port->ctx);

		tick = scmi__tick_after(now_us, call, a->transport.timeout_us);
		atomic_store_explicit(&s->deadline, tick, memory_order_relaxed);
	}
	do {
		if ((w & (W_DONE | W_CALLBACK)) == (W_DONE | W_CALLBACK)) {
			scmi__run_done(a, s, W_CALL | W_SENDING);
			return;
		}
		waiter = registered(call, w);
		/* seq_cst: before the bound is lowered, against the scan's store of it and its look at the words. */
	} while (!atomic_compare_exchange_weak_explicit(&s->word, &w, w & ~W_SENDING, memory_order_seq_cst,
							memory_order_acquire));
	if ((w & W_DONE) == 0)
		scmi__lower(a, tick);
	else if (waiter != WAITER_NONE)
		scmi__wake(a, waiter);
}

/*
 * Takes a slot, publishes, sends. *out is the slot, with SENDING ours, and what send() returned is the result; NULL: no
 * slot, and the result is why.
 */
HOT int launch(struct scmi_agent *a, struct scmi_call *call, uint32_t bits, struct slot **out)
{
	struct scmi_tx tx;
	uint32_t state;
	uint32_t life;
	uint32_t index = take(a, call, &life);
	int err;

	*out = NULL;
	if (index == SLOT_NONE)
		return no_slot(a);
	/* seq_cst: against stop, which stores the state and then looks at the words; one sees the other. */
	state = atomic_load_explicit(&a->state, memory_order_seq_cst);
	if (state != LINK_UP)
		return untake(a, &a->slots[index], state);
	*out = &a->slots[index];
	publish(a, index, call, life, bits, &tx);
	trace(a, SCMI_TRACE_SEND, index, tx.hdr, tx.len, SCMI_OK, NULL);
	err = a->transport.ops->send(a->transport.ctx, &tx);
	if (err != SCMI_OK)
		trace(a, SCMI_TRACE_END, index, tx.hdr, tx.len, err, NULL);
	return err;
}

/* Nothing was sent: earlier submits may have said that something follows, and left the doorbell to it. */
static int give_up(struct scmi_agent *a, int err)
{
	if (a != NULL && a->transport.ops->flush != NULL && scmi__enter(a)) {
		a->transport.ops->flush(a->transport.ctx);
		scmi__leave(a);
	}
	return err;
}

int scmi_agent_submit(struct scmi_agent *agent, struct scmi_call *call)
{
	struct slot *s;
	int err = check_call(agent, call);

	if (err != SCMI_OK)
		return give_up(agent, err);
	err = launch(agent, call, call->done != NULL ? W_CALLBACK : W_LOOSE, &s);
	if (s == NULL || (err != SCMI_OK && unsend(agent, s)))
		return give_up(agent, err);
	leave_sending(agent, s, call);
	return SCMI_OK;
}

/* No reply yet. Returns the holds that are left to us. */
static uint32_t wait_for_reply(struct scmi_agent *a, struct slot *s, struct scmi_call *call)
{
	if ((call->flags & SCMI_CALL_MORE) != 0 && a->transport.ops->flush != NULL)
		a->transport.ops->flush(a->transport.ctx);
	/* A reply that is there already saves the clock, the stamp and the sleep. */
	if ((a->transport.caps & SCMI_CAP_POLL) != 0)
		(void)a->transport.ops->poll(a->transport.ctx, 1);
	if ((atomic_load_explicit(&s->word, memory_order_acquire) & W_DONE) != 0)
		return W_CALL | W_SENDING;
	leave_sending(a, s, call);
	(void)scmi__await(a, s, call, SCMI_NEVER);
	return W_CALL;
}

/* All but the straight way: a failed send, a reply that has yet to come, somebody else who holds the slot. */
static int finish_call(struct scmi_agent *a, struct slot *s, struct scmi_call *call, int err)
{
	uint32_t holds = W_CALL | W_SENDING;

	if (err != SCMI_OK && unsend(a, s))
		return give_up(a, err);
	if ((atomic_load_explicit(&s->word, memory_order_acquire) & W_DONE) == 0)
		holds = wait_for_reply(a, s, call);
	err = call->err_;
	scmi__drop(a, s, holds);
	return err;
}

int scmi_agent_call(struct scmi_agent *agent, struct scmi_call *call)
{
	struct slot *s;
	uint32_t w;
	int err = check_call(agent, call);

	if (err != SCMI_OK)
		return give_up(agent, err);
	if (call->done != NULL)
		return give_up(agent, SCMI_E_INVAL);
	if (scmi__frame_here(agent) != NULL)
		return give_up(agent, SCMI_E_CONTEXT);
	err = launch(agent, call, 0, &s);
	if (s == NULL)
		return give_up(agent, err);
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	if ((w & W_LOW) != (W_CALL | W_SENDING | W_CLAIMED | W_DONE) || err != SCMI_OK)
		return finish_call(agent, s, call, err);
	/* The reply came inside send(), and nobody else holds the slot. */
	err = call->err_;
	scmi__free(agent, s, w);
	return err;
}

/* Makes the call's waiter us: LOOSE is taken by one. */
static struct slot *take_loose(struct scmi_agent *a, struct scmi_call *call)
{
	uint32_t ticket;
	struct slot *s = slot_of_call(a, call, &ticket);
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if ((ticket & TICKET_VALID) == 0 || slot_ticket(slot_index(a, s), w & ~W_LOW) != ticket ||
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
