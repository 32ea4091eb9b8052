/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link's queue and its pump: whatever cannot be sent at once, in order.
 *
 * A context that has something for the pump adds 1 to the gate's count. Whoever makes it 1 works, until it leaves with
 * the very count that it has seen; the others leave at once, for their work is done by it. So a callback that submits,
 * a reply that makes room and an interrupt never recurse, and nobody waits. New entries are pushed on a stack that the
 * pump takes whole. Who ends a call that is QUEUED comes to the pump, so that a dead entry on a stuck link gives its
 * slot back.
 */
#include "internal.h"
#include "queue.h"

static uint32_t flags_of(struct slot *s)
{
	return atomic_load_explicit(&s->flags, memory_order_relaxed);
}

/* An entry whose call has ended. */
OWN_FRAME static void drop_dead(struct link *l, struct slot *s)
{
	count(l, C_UNANSWERED);
	scmi__drop(l, s, W_QUEUED);
}

OWN_FRAME static void append_live(struct link *l, struct queue *q, struct slot *s)
{
	if (word_claimable(atomic_load_explicit(&s->word, memory_order_acquire)))
		append(l, q, s);
	else
		drop_dead(l, s);
}

/* Takes the stack whole: the oldest entry first. Returns whether there was one. */
OWN_FRAME static bool collect(struct link *l)
{
	uint32_t next = take_all(&l->stack, memory_order_acquire);
	uint32_t turned = 0;

	if (next == 0)
		return false;
	while (next != 0) {
		struct slot *s = &l->slots[next - 1u];
		uint32_t after = next_of(s);

		set_next(l, s, turned);
		turned = next;
		next = after;
	}
	while (turned != 0) {
		struct slot *s = &l->slots[turned - 1u];

		turned = next_of(s);
		append_live(l, (flags_of(s) & SLOT_URGENT) != 0 ? &l->urgent : &l->queue, s);
	}
	return true;
}

OWN_FRAME static void sweep(struct link *l, struct queue *q)
{
	struct queue live = {SLOT_NONE, SLOT_NONE};

	while (q->head != SLOT_NONE) {
		struct slot *s = pop(l, q);

		append_live(l, &live, s);
	}
	*q = live;
}

/* Gets the call for sending: SENDING is ours then. false: it has ended. */
static bool begin(struct slot *s, uint32_t *w)
{
	*w = atomic_load_explicit(&s->word, memory_order_acquire);
	do {
		if (!word_claimable(*w))
			return false;
	} while (!scmi__swap(s, w, *w | W_SENDING));
	return true;
}

/* From QUEUED to OWED. false: the call has been ended while the message was made. */
static bool owe(struct link *l, struct slot *s, uint32_t debts)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);

	do {
		if ((w & W_CLAIMED) != 0)
			return false;
		/* release: the slot's fields come before a receiver's acquire of a word that owes. */
	} while (!scmi__swap(s, &w, (w & ~W_QUEUED) | debts));
	if ((debts & W_OWED_D) != 0)
		count(l, C_DELAYED);
	return true;
}

static uint32_t debts_of(const struct scmi_call *call)
{
	return WITH_DELAYED && (call->flags & SCMI_CALL_DELAYED) != 0 ? W_OWED_R | W_OWED_D : W_OWED_R;
}

uint32_t scmi__call_header(const struct link *l, struct slot *s, const struct scmi_call *call, uint32_t w)
{
	if ((call->flags & SCMI_CALL_RAW) != 0)
		return call->header;
	return scmi_hdr(call->protocol, call->message, SCMI_MSG_COMMAND, (uint16_t)slot_token(l, slot_index(l, s), w));
}

static void prepare(struct link *l, struct slot *s, struct scmi_call *call, uint32_t w, uint32_t more,
		    struct scmi_tx *tx)
{
	uint32_t index = slot_index(l, s);

	fill(s, index, call, scmi__call_header(l, s, call, w), slot_token(l, index, w), more, tx);
	if (l->agent->latency_n != 0)
		call->sent_ = (uint32_t)now_us(l->agent);
}

/*
 * The transport has no room: back to the queue, unless the call has been ended or answered meanwhile. While SENDING was
 * ours the deadline has stayed the queue's.
 */
static bool requeue(struct link *l, struct slot *s)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t deadline = atomic_load_explicit(&s->deadline, memory_order_relaxed);
	uint32_t n;

	set_next(l, s, 0);
	do {
		if ((w & (W_CLAIMED | W_HELD)) != 0 || (w & W_OWED_R) == 0)
			return false;
		n = (w & ~(W_OWED | W_SENDING)) | W_QUEUED;
	} while (!scmi__swap(s, &w, n));
	count_debts(l, w & W_OWED_D);
	scmi__lower(l, deadline);
	return true;
}

static uint32_t queue_deadline(struct link *l, const struct scmi_call *call)
{
	return scmi__tick_after(l->agent, l->queue_timeout_us, call->deadline_us);
}

/* Nothing was sent: what was a call in the queue ends with that, for its submit has long returned. */
static void fail(struct link *l, struct slot *s, int err)
{
	uint32_t w = fetch_and(&s->word, ~W_OWED, memory_order_acq_rel);

	count_debts(l, w);
	w &= ~W_OWED;
	do {
		if ((w & W_CLAIMED) != 0)
			return;
	} while (!scmi__claim(s, &w));
	scmi__end(l, s, link_error(err, SCMI_E_IO), 0);
}

static void set_blocked(struct link *l)
{
	atomic_store_explicit(&l->blocked, 1u, memory_order_relaxed);
	scmi__look_later(l);
}

/* The first of the queue becomes a message that is owed an answer. false: its call has ended, and it is dropped. */
OWN_FRAME static bool make_first(struct link *l, struct slot *s, struct scmi_tx *tx)
{
	struct scmi_call *call;
	uint32_t w;

	if (!begin(s, &w)) {
		drop_dead(l, s);
		return false;
	}
	call = s->call;
	prepare(l, s, call, w, l->urgent.head != SLOT_NONE || l->queue.head != SLOT_NONE, tx);
	if (owe(l, s, debts_of(call)))
		return true;
	count(l, C_UNANSWERED);
	fetch_and(&s->word, ~W_QUEUED, memory_order_acq_rel);
	scmi__leave_sending(l, s, call);
	return false;
}

/* What comes of a send from the queue. Returns false where the link takes nothing more for now. */
OWN_FRAME static bool first_sent(struct link *l, struct queue *q, struct slot *s, int err)
{
	if (err == SCMI_E_BUSY && requeue(l, s)) {
		prepend(l, q, s);
		set_blocked(l);
		return false;
	}
	if (err != SCMI_OK)
		fail(l, s, err);
	scmi__leave_sending(l, s, s->call);
	return true;
}

/* SEND_QUEUED: nothing was sent. */
OWN_FRAME static int transmit_first(struct link *l, struct slot *s)
{
	struct scmi_tx tx;

	return make_first(l, s, &tx) ? scmi__transmit(l, s, &tx) : SEND_QUEUED;
}

/* Sends the first of the queue. Returns false where the link takes nothing more for now. */
static bool send_first(struct link *l, struct queue *q)
{
	struct slot *s = pop(l, q);
	int err = transmit_first(l, s);

	return err == SEND_QUEUED || first_sent(l, q, s, err);
}

/* A call that was sent before the fence has not ended. What stands behind it in the queue does not count. */
OWN_FRAME static bool any_earlier(struct link *l)
{
	for (uint32_t i = 0; i < l->limit; i++) {
		/* seq_cst: after the store of attention, against the claim and then the look at it. */
		uint32_t w = atomic_load_explicit(&l->slots[i].word, memory_order_seq_cst);

		if ((w & (W_CALL | W_CLAIMED | W_QUEUED)) == W_CALL)
			return true;
	}
	return false;
}

OWN_FRAME static void set_fenced(struct link *l, bool fenced)
{
	if (fenced == l->fenced)
		return;
	l->fenced = fenced;
	if (fenced)
		fetch_or(&l->attention, ATTEND_FENCE, memory_order_seq_cst);
	else
		fetch_and(&l->attention, ~ATTEND_FENCE, memory_order_seq_cst);
}

/* The queue whose first entry may be sent now; NULL: none. */
OWN_FRAME static struct queue *ready_queue(struct link *l)
{
	if (l->urgent.head != SLOT_NONE)
		return &l->urgent;
	if (l->queue.head == SLOT_NONE || (flags_of(&l->slots[l->queue.head]) & SLOT_FENCE) == 0) {
		set_fenced(l, false);
		return l->queue.head != SLOT_NONE ? &l->queue : NULL;
	}
	set_fenced(l, true);
	if (any_earlier(l))
		return NULL;
	set_fenced(l, false);
	return &l->queue;
}

OWN_FRAME static bool has_room(struct link *l)
{
	if (atomic_load_explicit(&l->blocked, memory_order_relaxed) == 0)
		return true;
	if (atomic_exchange_explicit(&l->room, 0u, memory_order_acquire) == 0)
		return false;
	atomic_store_explicit(&l->blocked, 0u, memory_order_relaxed);
	return true;
}

/* The link has gone: who queued a call just then has not been seen by what ended the others. */
OWN_FRAME static void refuse_all(struct link *l, struct queue *q, int err)
{
	while (q->head != SLOT_NONE) {
		struct slot *s = pop(l, q);

		if (scmi__claim_live(s))
			scmi__end(l, s, err, 0);
		drop_dead(l, s);
	}
}

static void refuse(struct link *l, uint32_t gate)
{
	int lost = atomic_load_explicit(&l->lost, memory_order_relaxed);
	int err = gate_state(gate) == LINK_STOPPED ? SCMI_E_CLOSED : lost;

	refuse_all(l, &l->urgent, err);
	refuse_all(l, &l->queue, err);
	set_fenced(l, false);
}

OWN_FRAME static void work(struct link *l)
{
	uint32_t gate = atomic_load_explicit(&l->gate, memory_order_seq_cst);
	/* Without an entry nobody has left a doorbell to us: a direct sender rings by itself when nothing follows. */
	bool any = collect(l) || l->urgent.head != SLOT_NONE || l->queue.head != SLOT_NONE;
	struct queue *q;

	if (gate_state(gate) != LINK_UP) {
		refuse(l, gate);
		return;
	}
	if (take_all(&l->dead, memory_order_acquire) != 0) {
		sweep(l, &l->urgent);
		sweep(l, &l->queue);
	}
	while (has_room(l) && (q = ready_queue(l)) != NULL && send_first(l, q))
		;
	if (any)
		scmi__ring_link(l);
}

/* The pump is ours: works until nobody has come since we looked. Who has is taken off before his work is done. */
static void leave_pump(struct link *l)
{
	for (;;) {
		/* acquire: what was pushed before the count was raised is there to be collected. */
		uint32_t gate = atomic_load_explicit(&l->gate, memory_order_acquire);
		uint32_t others = (gate & GATE_COUNT) - 1u;

		if (others != 0)
			fetch_sub(&l->gate, others, memory_order_acquire);
		work(l);
		gate = atomic_load_explicit(&l->gate, memory_order_relaxed);
		while ((gate & GATE_COUNT) == 1u) {
			bool empty = l->urgent.head == SLOT_NONE && l->queue.head == SLOT_NONE;
			uint32_t n = (gate & ~(GATE_COUNT | GATE_QUEUE)) | (empty ? 0 : GATE_QUEUE);

			if (atomic_compare_exchange_weak_explicit(&l->gate, &gate, n, memory_order_seq_cst,
								  memory_order_relaxed))
				return;
		}
	}
}

/* From an interrupt only a transport that says ATOMIC sends. */
bool scmi__may_send(const struct link *l)
{
	const struct scmi_port *port = l->agent->port;

	return (l->transport.caps & SCMI_CAP_ATOMIC) != 0 || port->in_interrupt == NULL ||
	       port->in_interrupt(port->ctx) == 0;
}

/* There is something to do: a new entry, a dead one, room, a call before a fence that has ended. */
void scmi__pump(struct link *l)
{
	if (!WITH_QUEUE)
		return;
	if (!scmi__may_send(l)) {
		atomic_store_explicit(&l->due, 1u, memory_order_seq_cst);
		scmi__kick(l);
		return;
	}
	if ((fetch_add(&l->gate, 1u, memory_order_seq_cst) & GATE_COUNT) == 0)
		leave_pump(l);
}

void scmi__pump_if_due(struct link *l)
{
	if (WITH_QUEUE && take_all(&l->due, memory_order_seq_cst) != 0)
		scmi__pump(l);
}

/* A new entry: its bound stands before the word says QUEUED; from then on the call may end at any time. */
static int enqueue(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	uint32_t life = life_of(s);
	uint32_t tick = queue_deadline(l, call);

	atomic_store_explicit(&s->deadline, tick, memory_order_relaxed);
	set_next(l, s, 0);
	atomic_store_explicit(&s->word, life | W_CALL | W_QUEUED | bits, memory_order_seq_cst);
	/* Before the push: while the entry is ours stop waits for us. */
	scmi__lower(l, tick);
	push(l, s);
	scmi__pump(l);
	return SEND_QUEUED;
}

/* A direct send has found no room. Returns SEND_QUEUED, or SCMI_E_BUSY where it is not to be queued. */
int scmi__queue_again(struct link *l, struct slot *s, struct scmi_call *call)
{
	if (!WITH_QUEUE || (call->flags & SCMI_CALL_NOWAIT) != 0) {
		/* Not `blocked`, which is the pump's: it would wait for a ready() that may have come already. */
		atomic_store_explicit(&l->refused, 1u, memory_order_relaxed);
		scmi__look_later(l);
		return SCMI_E_BUSY;
	}
	atomic_store_explicit(&s->deadline, queue_deadline(l, call), memory_order_relaxed);
	if (!requeue(l, s))
		return SCMI_E_BUSY;
	push(l, s);
	scmi__pump(l);
	return SEND_QUEUED;
}

/* The pump, if nobody is in it and the queue is empty. */
static bool take_pump(struct link *l)
{
	uint32_t gate = atomic_load_explicit(&l->gate, memory_order_relaxed);

	do {
		if (!gate_idle(gate))
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&l->gate, &gate, gate + 1u, memory_order_seq_cst,
							memory_order_relaxed));
	return true;
}

static int send_direct(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	uint32_t life = life_of(s);
	uint32_t more = (call->flags & SCMI_CALL_MORE) | (bits & SEND_MORE);
	uint32_t debts = debts_of(call);
	struct scmi_tx tx;
	int err;

	prepare(l, s, call, life, more, &tx);
	if ((debts & W_OWED_D) != 0)
		count(l, C_DELAYED);
	/* release: as in send_plain(). */
	atomic_store_explicit(&s->word, life | W_CALL | W_SENDING | debts | (bits & W_LOW), memory_order_release);
	err = scmi__transmit(l, s, &tx);
	return err == SCMI_E_BUSY ? scmi__queue_again(l, s, call) : err;
}

/* One send at a time: ours if the pump is, and then whatever has been queued meanwhile. */
static OWN_FRAME int send_serial(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	int err = send_direct(l, s, call, bits);
	uint32_t alone = atomic_load_explicit(&l->gate, memory_order_relaxed);

	if (!WITH_QUEUE) {
		fetch_sub(&l->gate, 1u, memory_order_seq_cst);
		return err;
	}
	if (err == SEND_QUEUED || err == SCMI_E_BUSY)
		set_blocked(l);
	while ((alone & GATE_COUNT) == 1u) {
		if (atomic_compare_exchange_weak_explicit(&l->gate, &alone, alone - 1u, memory_order_seq_cst,
							  memory_order_relaxed))
			return err;
	}
	/* Others have come. Our own clock starts before theirs are sent, and what is done is done. */
	if (err == SCMI_OK) {
		scmi__leave_sending(l, s, call);
		err = SEND_QUEUED;
	}
	leave_pump(l);
	return err;
}

/*
 * The gate is not plainly open, or the call asks for more than to be sent. The same results as launch(). Here the slot
 * is taken but not published: nobody else may write its word.
 */
int scmi__send_careful(struct link *l, struct slot *s, struct scmi_call *call, uint32_t bits)
{
	uint32_t life = life_of(s);
	/* seq_cst: as in launch(). */
	uint32_t gate = atomic_load_explicit(&l->gate, memory_order_seq_cst);
	bool fence = WITH_QUEUE && (call->flags & SCMI_CALL_FENCE) != 0;

	if (gate_state(gate) != LINK_UP || (gate & GATE_QUIET) != 0)
		return scmi__closed(gate);
	atomic_store_explicit(slot_call(s), call, memory_order_relaxed);
	slot_flags(l, s, call);
	atomic_store_explicit(call_ticket(call), slot_ticket(l->first + slot_index(l, s), life), memory_order_relaxed);
	if (!fence && !l->serial && gate_idle(gate))
		return send_direct(l, s, call, bits);
	if (!fence && l->serial && take_pump(l))
		return send_serial(l, s, call, bits);
	if (!WITH_QUEUE || (call->flags & SCMI_CALL_NOWAIT) != 0)
		return SCMI_E_BUSY;
	return enqueue(l, s, call, bits & W_LOW);
}
