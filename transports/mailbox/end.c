/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform's end, its way of commands: out of the area, to the platform, and the answer back.
 *
 * One context at a time serves, and it alone touches the A2P area. Who comes meanwhile, with a doorbell or with an
 * answer, leaves that to it. Header and parameters are copied before anybody looks at them; the reply is made in
 * private memory and written in one go.
 */
#include "end.h"
#include "short.h"

/*
 * Started, and somebody is attached: with the agent goes its command, whose answer may have been dropped by now, and
 * which must not run a second time.
 */
static bool is_open(const struct scmi_mailbox_end *e)
{
	return (~atomic_load(&e->gate) & (GATE_ON | GATE_HERE)) == 0;
}

/* ---- the answer ---- */

/* ERROR: none can be given, the command could not be taken, or a length that is a lie. */
static void answer(struct scmi_mailbox_end *e, uint32_t len)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	uint32_t status = SCMI_SHMEM_FREE;

	if (len - 1u < e->max_payload)
		short_write(area, e->req.hdr, e->req.reply, len, 0u);
	else
		status |= SCMI_SHMEM_ERROR;
	scmi__shmem_give(area, e->port, status);
	if (e->intr != 0 && end_can_ring(e)) {
		end_count(&e->rung);
		end_ring(e, SCMI_MAILBOX_TX_REPLY);
	}
}

/* The answer is ours, and the request; false: another context was first. */
static bool take_back(struct scmi_mailbox_end *e)
{
	uint32_t answered = REQUEST_ANSWERED;

	return atomic_compare_exchange_strong(&e->request, &answered, REQUEST_OURS);
}

/* Of an agent that has gone. */
static void drop_answer(struct scmi_mailbox_end *e)
{
	atomic_fetch_add_explicit(&e->stale, 1u, memory_order_relaxed);
	end_wake(e);
}

/* What is to be given, or SCMI_REPLY_LATER: nothing. */
static uint32_t late_answer(struct scmi_mailbox_end *e)
{
	if (!take_back(e))
		return SCMI_REPLY_LATER;
	if (e->req_life == e->life)
		return e->reply_len;
	drop_answer(e);
	return SCMI_REPLY_LATER;
}

/* ---- the command ---- */

/* Copies the command; NULL: it is good, else the counter of what is wrong with it. */
static _Atomic uint32_t *copy_command(struct scmi_mailbox_end *e, uint32_t status, struct shmem_message *msg)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	const enum shmem_verdict verdict = scmi__shmem_peek(area, msg);

	if ((status & SCMI_SHMEM_ERROR) != 0)
		return &e->bad_status;
	if (verdict != SHMEM_GOOD || msg->len > e->max_payload)
		return &e->bad_length;
	if (msg->len <= SHORT_BYTES)
		short_read(area, (uint32_t *)(void *)e->params, msg->len);
	else
		scmi__shmem_read(area, 0, e->params, msg->len);
	return scmi__shmem_intact(area, msg, e->params) ? NULL : &e->bad_check;
}

/*
 * Open before the platform has it: its answer may be there, and dropped, before request() returns. What it says then of
 * an answer that is still to come changes nothing here.
 */
static uint32_t run(struct scmi_mailbox_end *e, const struct shmem_message *msg)
{
	uint32_t len;

	e->req.hdr = msg->hdr;
	e->req.len = msg->len;
	e->req_life = e->life;
	end_count(&e->taken);
	atomic_store_explicit(&e->request, REQUEST_OPEN, memory_order_relaxed);
	len = e->sink->request(e->channel, &e->req);
	if (len != SCMI_REPLY_LATER)
		atomic_store_explicit(&e->request, REQUEST_OURS, memory_order_relaxed);
	return len;
}

/* The next command, and what is to be given for it as above; false: there is none. */
static bool next_command(struct scmi_mailbox_end *e, uint32_t *len)
{
	const uint32_t status = scmi__shmem_status(&e->area[SCMI_MAILBOX_A2P], e->port);
	struct shmem_message msg;
	_Atomic uint32_t *fault;

	if ((status & SCMI_SHMEM_FREE) != 0)
		return false;
	if (atomic_load_explicit(&e->strange, memory_order_relaxed) != 0)
		scmi__mailbox_end_meet(e);
	fault = copy_command(e, status, &msg);
	e->intr = msg.flags;
	*len = SCMI_REPLY_NONE;
	if (fault == NULL)
		*len = run(e, &msg);
	else
		end_count(fault);
	return true;
}

/* ---- who serves ---- */

static int turn(struct scmi_mailbox_end *e, int max)
{
	int n = 0;

	for (;;) {
		/* Acquire: the reply, and that nobody uses the request any more. */
		const uint32_t request = atomic_load_explicit(&e->request, memory_order_acquire);
		uint32_t len;

		if (request == REQUEST_ANSWERED)
			len = late_answer(e);
		else if (n < max && request == REQUEST_OURS && is_open(e) && next_command(e, &len))
			n++;
		else
			break;
		if (len != SCMI_REPLY_LATER)
			answer(e, len);
	}
	if ((atomic_load(&e->p2a) & P2A_WANTED) != 0)
		scmi__mailbox_end_tell_room(e);
	return n;
}

/* False: somebody has come meanwhile, and left his part to us. */
static bool end_serving(struct scmi_mailbox_end *e)
{
	uint32_t gate = atomic_load_explicit(&e->gate, memory_order_relaxed);

	do {
		if ((gate & GATE_AGAIN) != 0) {
			atomic_fetch_and(&e->gate, ~GATE_AGAIN);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&e->gate, &gate, gate & ~GATE_SERVING));
	return true;
}

/*
 * SCMI_E_CLOSED: one of the bits of `need` is missing. Never more than max where somebody can be woken for what others
 * have left to us; else one for each of them, who has rung, or answered, and is not asked again.
 */
static int serve(struct scmi_mailbox_end *e, uint32_t need, int max)
{
	uint32_t gate = atomic_load(&e->gate); /* seq_cst, as in gate_enter() */
	bool left = false;
	int n = 0;

	do {
		if ((gate & need) != need)
			return SCMI_E_CLOSED;
	} while (!atomic_compare_exchange_weak(&e->gate, &gate,
					       gate | ((gate & GATE_SERVING) != 0 ? GATE_AGAIN : GATE_SERVING)));
	if ((gate & GATE_SERVING) != 0)
		return 0;
	for (;;) {
		n += turn(e, max - n);
		if (end_serving(e))
			break;
		if (n < max)
			continue;
		left = end_can_wake(e);
		if (!left)
			max = n + 1;
	}
	if (left)
		end_wake(e);
	return n;
}

int scmi_mailbox_end_serve(struct scmi_mailbox_end *end, int max)
{
	return serve(end, GATE_ON | GATE_HERE, max);
}

/*
 * A command that has been kept waiting is served here where nobody can be woken for it. Nobody attached: dropped; the
 * second serve() is for the agent that came just then.
 */
void scmi__mailbox_end_reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct scmi_mailbox_end *e = ctx;
	const int max = end_can_wake(e) ? 0 : 1;

	(void)req;
	e->reply_len = len;
	atomic_store(&e->request, REQUEST_ANSWERED);
	if (serve(e, GATE_HERE, max) != SCMI_E_CLOSED)
		return;
	if (take_back(e))
		drop_answer(e);
	(void)serve(e, GATE_HERE, max);
}
