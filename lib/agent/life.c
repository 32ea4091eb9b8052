/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, and links that go down, come back, or are recovered. */
#include "internal.h"

/* A loop of the user's sleeps past something new, or on a descriptor that is another one now. */
static void wake_loop(const struct scmi_agent *a)
{
	if (a->wake != NULL)
		a->wake(a->wake_arg);
}

/* From one state to another, whatever else stands in the gate. */
static bool change(struct link *l, uint32_t *gate, uint32_t state) /* NOLINT(readability-non-const-parameter) */
{
	return atomic_compare_exchange_weak_explicit(&l->gate, gate, (*gate & ~GATE_STATE) | state,
						     memory_order_seq_cst, memory_order_seq_cst);
}

static void change_whatever(struct link *l, uint32_t state)
{
	uint32_t gate = load_gate(l);

	while (!change(l, &gate, state))
		;
}

/* What the transport said of its peer while it was being started or recovered decides what comes now. */
static int open_link(struct link *l)
{
	uint32_t gate = load_gate(l);
	bool up;

	do
		up = gate_state(gate) == LINK_STARTING || gate_state(gate) == LINK_RECOVERING ||
		     gate_state(gate) == LINK_RECOVERING_UP;
	while (!change(l, &gate, up ? LINK_UP : LINK_DOWN));
	if (!up)
		scmi__retry_later(l);
	return up ? SCMI_OK : SCMI_E_NOPEER;
}

/* What was left for later, by a link that is new now. */
static void forget(struct link *l)
{
	atomic_store_explicit(&l->retry, TICK_NONE, memory_order_seq_cst);
	atomic_store_explicit(&l->due, 0u, memory_order_relaxed);
	atomic_store_explicit(&l->refused, 0u, memory_order_relaxed);
}

static int start_link(struct link *l)
{
	int err;

	forget(l);
	atomic_store_explicit(&l->blocked, 0u, memory_order_relaxed);
	atomic_store_explicit(&l->room, 0u, memory_order_relaxed);
	fetch_and(&l->gate, ~GATE_QUIET, memory_order_seq_cst);
	/* Receive works, for upcalls may come before start has returned; submits are refused. */
	change_whatever(l, LINK_STARTING);
	err = l->transport.ops->start(l->transport.ctx, &scmi__sink, l);
	l->running = err == SCMI_OK;
	if (err != SCMI_OK)
		change_whatever(l, LINK_STOPPED);
	return err;
}

bool scmi__enter(struct link *l)
{
	uint32_t state;

	/* seq_cst: counted before the look at the state; stop stores the state before it looks at the count. */
	fetch_add(&l->visitors, 1u, memory_order_seq_cst);
	state = gate_state(load_gate(l));
	if (state == LINK_UP || state == LINK_DOWN)
		return true;
	scmi__leave(l);
	return false;
}

void scmi__leave(struct link *l)
{
	fetch_sub(&l->visitors, 1u, memory_order_seq_cst);
}

/* Lets others run whom we wait for. */
static void pause(struct scmi_agent *a)
{
	/* Where all frames are taken whoever is inside them must get its turn. */
	if (!a->deferred || !scmi__any_put_off(a) || scmi__run_put_off(a) < 0)
		relax(a);
}

/* The same, and does what an interrupt has left to a poll: nobody polls while the link is not open. */
static void pause_for(struct link *l)
{
	scmi__pump_if_due(l);
	pause(l->agent);
}

/* Ends the link's calls, and waits until whoever attends to one is through. A transport may hold some still. */
static void empty_link(struct link *l, int err)
{
	scmi__end_all(l, err);
	for (uint32_t i = 0; i < l->limit; i++) {
		for (;;) {
			/* seq_cst: against take, which marks the word and then looks at the gate. */
			uint32_t w = atomic_load_explicit(&l->slots[i].word, memory_order_seq_cst);

			if (word_claimable(w)) {
				if (scmi__claim(&l->slots[i], &w))
					scmi__end(l, &l->slots[i], err, 0);
			} else if (word_attended(w)) {
				pause_for(l);
			} else {
				break;
			}
		}
	}
	/* Pollers, slot waiters; and the pump, whose work has come to an end with the calls. */
	while (atomic_load_explicit(&l->visitors, memory_order_seq_cst) != 0 || (load_gate(l) & GATE_COUNT) != 0)
		pause_for(l);
}

/*
 * The transport has stopped: what it held has been released, and what the peer owed will not come; but a delayed
 * response where nothing can take that back.
 */
static void clear_link(struct link *l)
{
	const uint32_t debts = (l->transport.caps & SCMI_CAP_LATE_DELAYED) != 0 ? W_OWED_R : W_OWED;

	for (uint32_t i = 0; i < l->limit; i++) {
		while ((atomic_load_explicit(&l->slots[i].word, memory_order_seq_cst) & W_HELD) != 0)
			pause(l->agent);
		scmi__forgive(l, &l->slots[i], debts);
	}
}

/* false: it was stopped. */
static bool close_gate(struct link *l)
{
	uint32_t gate = load_gate(l);

	do {
		/* A poll is just recovering it, and will be through. */
		while (is_recovering(gate)) {
			pause(l->agent);
			gate = load_gate(l);
		}
		if (gate_state(gate) == LINK_STOPPED)
			return false;
	} while (!change(l, &gate, LINK_STOPPED));
	return true;
}

static void stop_links(struct scmi_agent *a, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		(void)close_gate(&a->links[i]);
	scmi__wake_all(a);
	for (uint32_t i = 0; i < n; i++)
		empty_link(&a->links[i], SCMI_E_CLOSED);
	while (atomic_load_explicit(&a->visitors, memory_order_seq_cst) != 0)
		pause(a);
	for (uint32_t i = 0; i < n; i++) {
		if (a->links[i].running)
			a->links[i].transport.ops->stop(a->links[i].transport.ctx);
		a->links[i].running = false;
	}
	for (uint32_t i = 0; i < n; i++)
		clear_link(&a->links[i]);
	/* In this order: who takes what was put off has entered a frame before. */
	while (scmi__any_put_off(a) || !scmi__frames_empty(a))
		pause(a);
}

int scmi_agent_start(struct scmi_agent *agent)
{
	if (agent == NULL)
		return SCMI_E_INVAL;
	for (uint32_t i = 0; i < agent->links_n; i++) {
		if (gate_state(load_gate(&agent->links[i])) != LINK_STOPPED)
			return SCMI_E_INVAL;
	}
	for (uint32_t i = 0; i < agent->links_n; i++) {
		int err = start_link(&agent->links[i]);

		if (err != SCMI_OK) {
			stop_links(agent, i);
			return err;
		}
	}
	for (uint32_t i = 0; i < agent->links_n; i++)
		(void)open_link(&agent->links[i]);
	wake_loop(agent);
	return SCMI_OK;
}

int scmi_agent_stop(struct scmi_agent *agent)
{
	if (agent == NULL)
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	if (gate_state(load_gate(&agent->links[0])) != LINK_STOPPED)
		stop_links(agent, agent->links_n);
	return SCMI_OK;
}

int scmi_agent_fini(struct scmi_agent *agent)
{
	int err = scmi_agent_stop(agent);

	if (err != SCMI_OK)
		return err;
	for (uint32_t i = 0; i < agent->waiter_count; i++)
		agent->port->event_fini(agent->port->ctx, waiter_event(agent, i));
	return SCMI_OK;
}

/* ---- recovery ---- */

/*
 * Sets when a poll will recover the link, if that is its policy. Not among the deadlines: a waiting caller cannot
 * recover the link that it waits on.
 */
void scmi__retry_later(struct link *l)
{
	if (l->reconnect_us == 0)
		return;
	atomic_store_explicit(&l->retry, scmi__tick_after(l->agent, l->reconnect_us, 0), memory_order_seq_cst);
	wake_loop(l->agent);
}

/*
 * A call has ended otherwise than by its reply, or there is no room: the link may be stuck for that. A poll looks in
 * time.
 */
void scmi__look_later(struct link *l)
{
	if (l->reconnect_us != 0 && atomic_load_explicit(&l->retry, memory_order_relaxed) == TICK_NONE)
		scmi__retry_later(l);
}

/* Nothing is in flight, and nothing can be sent for what is owed to calls that have ended. */
bool scmi__stuck(struct link *l)
{
	/*
	 * One that is set beside ready() is not believed for ever, then; and one that is lost so is set again by who
	 * goes on trying.
	 */
	bool refused = atomic_exchange_explicit(&l->refused, 0u, memory_order_relaxed) != 0;
	bool blocked = refused || atomic_load_explicit(&l->blocked, memory_order_relaxed) != 0;
	bool owed = false;

	for (uint32_t i = 0; i < l->limit; i++) {
		uint32_t w = atomic_load_explicit(&l->slots[i].word, memory_order_relaxed);

		if ((w & (W_SENDING | W_HELD)) != 0 || ((w & W_OWED) != 0 && (w & W_CLAIMED) == 0 && (w & W_CALL) != 0))
			return false;
		if ((w & W_LOW) == 0 && i < l->ordinary && !blocked)
			return false;
		owed = owed || (w & W_OWED) != 0;
	}
	return owed;
}

/* Has the transport forget all that was sent; one without a way of its own is stopped and started. */
static int reset(struct link *l)
{
	const struct scmi_transport_ops *ops = l->transport.ops;
	int err;

	if (ops->recover != NULL && l->running)
		return ops->recover(l->transport.ctx);
	if (l->running)
		ops->stop(l->transport.ctx);
	/* What was said of the peer until now is of the life that has ended. */
	change_whatever(l, LINK_RECOVERING);
	err = ops->start(l->transport.ctx, &scmi__sink, l);
	l->running = err == SCMI_OK;
	return err == SCMI_E_BUSY ? SCMI_E_IO : err;
}

/* recover() says that the link is down; unless the transport has said since that it is not. */
static void fall(struct link *l)
{
	uint32_t gate = load_gate(l);

	while (gate_state(gate) != LINK_RECOVERING_UP && !change(l, &gate, LINK_RECOVERING_DOWN))
		;
}

static void tell_up(const struct link *l)
{
	if (l->agent->up != NULL)
		l->agent->up(l->agent->up_arg, l->index);
}

/* All has been forgotten: what was said of the peer meanwhile decides what comes now. */
static int reopen(struct link *l, int err)
{
	clear_link(l);
	/* Nothing is in flight. Without a turn, which a broken link has none of, the bound would stay in the past. */
	atomic_store_explicit(&l->next_deadline, TICK_NONE, memory_order_seq_cst);
	forget(l);
	if (!l->running) {
		change_whatever(l, LINK_BROKEN);
		scmi__retry_later(l);
		return err;
	}
	if (err == SCMI_OK)
		count(l, C_RECOVERED);
	else
		fall(l);
	atomic_store_explicit(&l->room, 1u, memory_order_seq_cst);
	if (open_link(l) != SCMI_OK)
		return err != SCMI_OK ? err : SCMI_E_NOPEER;
	scmi__pump(l);
	tell_up(l);
	return SCMI_OK;
}

/* Nothing has been forgotten: the link is as it was before, but for what was said of the peer meanwhile. */
static void go_on(struct link *l, uint32_t before)
{
	uint32_t gate = load_gate(l);
	uint32_t state;
	bool back;

	do {
		back = gate_state(gate) == LINK_RECOVERING_UP;
		state = gate_state(gate) == LINK_RECOVERING ? before : LINK_DOWN;
		if (back)
			state = LINK_UP;
	} while (!change(l, &gate, state));
	if (state == LINK_UP)
		scmi__pump(l);
	if (back)
		tell_up(l);
}

static int recover_link(struct link *l)
{
	uint32_t gate = load_gate(l);
	uint32_t before;
	int err;

	atomic_store_explicit(&l->lost, SCMI_E_LINK, memory_order_relaxed);
	do {
		before = gate_state(gate);
		if (before != LINK_UP && before != LINK_DOWN && before != LINK_BROKEN)
			return before == LINK_STOPPED ? SCMI_E_CLOSED : SCMI_E_BUSY;
	} while (!change(l, &gate, LINK_RECOVERING));
	scmi__wake_all(l->agent);
	empty_link(l, SCMI_E_LINK);
	err = reset(l);
	if (err != SCMI_E_BUSY)
		err = reopen(l, err);
	else
		go_on(l, before);
	/* When the gate has changed: a loop that has asked for the descriptor meanwhile got none. */
	wake_loop(l->agent);
	return err;
}

int scmi_agent_recover(struct scmi_agent *agent, uint32_t link)
{
	int result = SCMI_OK;

	if (agent == NULL || (link >= agent->links_n && link != SCMI_ALL_LINKS))
		return SCMI_E_INVAL;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_CONTEXT;
	for (uint32_t i = 0; i < agent->links_n; i++) {
		int err = link == i || link == SCMI_ALL_LINKS ? recover_link(&agent->links[i]) : SCMI_OK;

		if (result == SCMI_OK)
			result = err;
	}
	return result;
}

void scmi__recover_if_due(struct link *l)
{
	uint32_t retry = atomic_load_explicit(&l->retry, memory_order_relaxed);

	if (!scmi__tick_passed(l->agent, retry) ||
	    !atomic_compare_exchange_strong_explicit(&l->retry, &retry, TICK_NONE, memory_order_seq_cst,
						     memory_order_relaxed))
		return;
	if (gate_state(load_gate(l)) == LINK_UP && !scmi__stuck(l))
		return;
	if (recover_link(l) == SCMI_E_BUSY)
		scmi__retry_later(l);
}

/* ---- what the transport says of its peer ---- */

/* Room again, or the peer is there (again). */
void scmi__link_ready(void *core)
{
	struct link *l = (struct link *)core;
	uint32_t gate = load_gate(l);
	uint32_t state;
	uint32_t next;

	do {
		state = gate_state(gate);
		switch (state) {
		case LINK_DOWN:
			next = LINK_UP;
			break;
		case LINK_STARTING_DOWN:
			next = LINK_STARTING;
			break;
		case LINK_RECOVERING:
		case LINK_RECOVERING_DOWN:
			next = LINK_RECOVERING_UP;
			break;
		default:
			next = state;
			break;
		}
	} while (next != state && !change(l, &gate, next));
	atomic_store_explicit(&l->refused, 0u, memory_order_relaxed);
	/* release: before the pump, which takes it. */
	atomic_store_explicit(&l->room, 1u, memory_order_release);
	if (next == LINK_UP)
		scmi__pump(l);
	if (next == LINK_UP && state != LINK_UP)
		tell_up(l);
}

static uint32_t without_peer(uint32_t state)
{
	switch (state) {
	case LINK_STARTING:
	case LINK_STARTING_DOWN:
		return LINK_STARTING_DOWN;
	case LINK_RECOVERING:
	case LINK_RECOVERING_DOWN:
	case LINK_RECOVERING_UP:
		return LINK_RECOVERING_DOWN;
	default:
		return LINK_DOWN;
	}
}

void scmi__link_down(void *core, int err)
{
	struct link *l = (struct link *)core;
	uint32_t gate = load_gate(l);

	err = link_error(err, SCMI_E_LINK);
	/* Before the gate, for the pump, which may see that first: then it ends what is queued. */
	atomic_store_explicit(&l->lost, err, memory_order_relaxed);
	do {
		if (gate_state(gate) == LINK_STOPPED)
			return; /* stop ends the calls itself */
	} while (!change(l, &gate, without_peer(gate_state(gate))));
	scmi__end_all(l, err);
	for (uint32_t i = 0; i < l->limit; i++)
		scmi__forgive(l, &l->slots[i], W_OWED);
	scmi__wake_all(l->agent);
	scmi__retry_later(l);
}
