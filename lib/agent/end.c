/* SPDX-License-Identifier: BSD-3-Clause */
/* Ending calls: what the one winner of a claim does, and cancel. */
#include "deliver.h"

extern inline uint32_t scmi__finish(struct link *l, struct slot *s, uint32_t held);

/* Claims the call in the slot, if there is one that nobody has claimed. */
bool scmi__claim_live(struct slot *s)
{
	/* seq_cst: against take, which marks the word and then looks at the gate. */
	uint32_t w = atomic_load_explicit(&s->word, memory_order_seq_cst);

	do {
		if (!word_claimable(w))
			return false;
	} while (!scmi__claim(s, &w));
	return true;
}

void scmi__let_go(struct link *l, struct slot *s, uint32_t left)
{
	if ((left & W_CALL) != 0) {
		scmi__run_done(l, s, left);
		return;
	}
	if ((left & W_HELD) != 0)
		scmi__drop(l, s, left & W_HELD);
	if ((left & LEFT_TELL) != 0)
		scmi__tell(l);
	if ((left & W_SENDING) != 0)
		scmi__leave_sending(l, s, s->call);
}

static enum counter counter_of(int err)
{
	switch (err) {
	case SCMI_E_TIMEOUT:
		return C_TIMED_OUT;
	case SCMI_E_CANCELLED:
		return C_CANCELLED;
	case SCMI_E_CLOSED:
		return C_CLOSED;
	case SCMI_E_PROTO:
	case SCMI_E_COMMS:
		return C_MALFORMED;
	default:
		return C_LINK_LOST;
	}
}

/* The same, for the winner of the claim of a call that ends without a reply. */
uint32_t scmi__finish_with(struct link *l, struct slot *s, int err, uint32_t held)
{
	struct scmi_call *call = s->call;
	uint32_t w = atomic_load_explicit(&s->word, memory_order_relaxed);

	call->status = 0;
	call->reply_len = 0;
	call->err_ = err;
	count(l, counter_of(err));
	trace(l, SCMI_TRACE_END, slot_index(l, s), scmi__call_header(l, s, call, w), 0, err);
	scmi__look_later(l);
	return scmi__finish(l, s, held);
}

/* The same to the end, and for a call in the queue, too. */
void scmi__end(struct link *l, struct slot *s, int err, uint32_t held)
{
	/* Read where the knob is on. NOLINTNEXTLINE(clang-analyzer-deadcode.DeadStores) */
	uint32_t w = atomic_load_explicit(&s->word, memory_order_relaxed);

	scmi__let_go(l, s, scmi__finish_with(l, s, err, held));
	/* QUEUED then, or since gone: the pump has seen the claim itself. */
	if (WITH_QUEUE && (w & W_QUEUED) != 0) {
		atomic_store_explicit(&l->dead, 1u, memory_order_release);
		scmi__pump(l);
	}
}

/* Ends every call of the link that can be ended. */
void scmi__end_all(struct link *l, int err)
{
	for (uint32_t i = 0; i < l->limit; i++) {
		if (scmi__claim_live(&l->slots[i]))
			scmi__end(l, &l->slots[i], err, 0);
	}
}

/*
 * What the peer owed will not come: these debts, W_OWED or a part of it. A slot in send() keeps its debt, for its
 * message may go out on the next link; it costs that slot until its reply, the next loss, a recovery, a stop or its
 * lateness.
 */
void scmi__forgive(struct link *l, struct slot *s, uint32_t debts)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t n;

	do {
		/* A live call is of a link that has come back already. */
		if ((w & debts) == 0 || (w & W_SENDING) != 0 || (w & (W_CALL | W_CLAIMED)) == W_CALL)
			return;
		n = w & ~debts;
		if ((n & W_HOLDS) == 0)
			n &= ~W_LOW;
	} while (!scmi__swap(s, &w, n));
	count_debts(l, w & debts);
	scmi__tell(l);
}

int scmi_agent_cancel(struct scmi_agent *agent, struct scmi_call *call)
{
	uint32_t ticket;
	struct slot *s;
	uint32_t w;

	if (agent == NULL || call == NULL || call->size != sizeof(*call))
		return SCMI_E_INVAL;
	s = slot_of_call(agent, call, &ticket);
	if (s == NULL)
		return SCMI_E_NOTFOUND;
	w = atomic_load_explicit(&s->word, memory_order_acquire);
	do {
		if (!holds_call(s, w, call, ticket))
			return SCMI_E_NOTFOUND;
		if ((w & W_DONE) != 0) /* a done function that has yet to run owns the call still */
			return (w & W_CALLBACK) != 0 ? SCMI_E_INPROGRESS : SCMI_E_NOTFOUND;
		if (!word_claimable(w))
			return SCMI_E_INPROGRESS;
	} while (!scmi__claim(s, &w));
	scmi__end(link_of(agent, s), s, SCMI_E_CANCELLED, 0);
	return SCMI_OK;
}

uint32_t scmi_agent_cancel_all(struct scmi_agent *agent)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < agent->slots_n; i++) {
		struct slot *s = &agent->slots[i];

		if (scmi__claim_live(s)) {
			scmi__end(link_of(agent, s), s, SCMI_E_CANCELLED, 0);
			n++;
		}
	}
	return n;
}
