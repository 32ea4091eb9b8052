/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The platform's end, its way of commands: out of the area, to the platform, and the answer back.
 *
 * One context at a time serves, and it alone touches the A2P area. Who comes meanwhile, with a doorbell or with an
 * answer, leaves that to it. Header and parameters are copied before anybody looks at them; the reply is made in
 * private memory and written in one go.
 */
#include "end.h"

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
RARE void give_closely(struct scmi_mailbox_end *e, uint32_t len)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	uint32_t status = SCMI_SHMEM_FREE;

	if (len - 1u < e->max_payload)
		scmi__shmem_write(area, e->req.hdr, e->req.reply, len, 0u);
	else
		status |= SCMI_SHMEM_ERROR;
	scmi__shmem_give(area, e->port, status);
}

/* An agent that does not want to be rung polls, and finds it. */
HOT void answer(struct scmi_mailbox_end *e, uint32_t len)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	const bool rings = e->intr != 0;

	if (len % 4u == 0 && short_answer(len, e->brief)) {
		short_write(area, e->req.hdr, e->req.reply, len, 0u);
		short_give(area, SCMI_SHMEM_FREE, rings);
	} else {
		give_closely(e, len);
	}
	if (rings && end_can_ring(e)) {
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
RARE uint32_t late_answer(struct scmi_mailbox_end *e)
{
	if (!take_back(e))
		return SCMI_REPLY_LATER;
	if (e->req_life == e->life)
		return e->reply_len;
	drop_answer(e);
	return SCMI_REPLY_LATER;
}

/* ---- the command ---- */

/* Of one that is not short. false: what is wrong with it is counted under its name. */
APART bool copy_closely(struct scmi_mailbox_end *e, uint32_t status)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	const struct shmem_message msg = {.hdr = e->req.hdr, .len = e->req.len};
	_Atomic uint32_t *fault = NULL;

	if ((status & SCMI_SHMEM_ERROR) != 0) {
		fault = &e->bad_status;
	} else if (msg.len > e->max_payload) {
		fault = &e->bad_length;
	} else {
		scmi__shmem_read(area, 0, e->params, msg.len);
		if (!scmi__shmem_intact(area, &msg, e->params))
			fault = &e->bad_check;
	}
	if (fault != NULL)
		end_count(fault);
	return fault == NULL;
}

/* Copies the command: length, flags and header are read once. The area has room for max_payload bytes. */
HOT bool copy_command(struct scmi_mailbox_end *e, uint32_t status)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	const uint32_t len =
		shmem_load(area, SCMI_SHMEM_LENGTH) - 4u; /* less than 4 becomes more than any area holds */

	e->intr = shmem_load(area, SCMI_SHMEM_FLAGS) & SCMI_SHMEM_INTR;
	e->req.hdr = shmem_load(area, SCMI_SHMEM_HEADER);
	e->req.len = len;
	if (!short_command(len, e->brief) || (status & SCMI_SHMEM_ERROR) != 0)
		return copy_closely(e, status);
	short_read(area, (uint32_t *)(void *)e->params, len);
	return true;
}

/*
 * Open before the platform has it: its answer may be there, and dropped, before request() returns. What it says then of
 * an answer that is still to come changes nothing here.
 */
HOT uint32_t run(struct scmi_mailbox_end *e)
{
	uint32_t len;

	e->req_life = e->life;
	end_count(&e->taken);
	atomic_store_explicit(&e->request, REQUEST_OPEN, memory_order_relaxed);
	len = e->sink->request(e->channel, &e->req);
	if (len != SCMI_REPLY_LATER)
		atomic_store_explicit(&e->request, REQUEST_OURS, memory_order_relaxed);
	return len;
}

/* Serves the next command; false: there is none, or none may be served now. */
HOT bool serve_one(struct scmi_mailbox_end *e)
{
	uint32_t status;
	uint32_t len;

	/* Acquire: nobody uses the request any more. */
	if (atomic_load_explicit(&e->request, memory_order_acquire) != REQUEST_OURS || !is_open(e))
		return false;
	status = scmi__shmem_status(&e->area[SCMI_MAILBOX_A2P], e->port);
	if ((status & SCMI_SHMEM_FREE) != 0)
		return false;
	if (atomic_load_explicit(&e->strange, memory_order_relaxed) != 0)
		scmi__mailbox_end_meet(e);
	len = copy_command(e, status) ? run(e) : SCMI_REPLY_NONE;
	if (len != SCMI_REPLY_LATER)
		answer(e, len);
	return true;
}

/* ---- who serves ---- */

/* Answers that came later, and commands. */
APART int turn(struct scmi_mailbox_end *e, int max)
{
	int n = 0;

	for (;;) {
		/* Acquire: the reply. */
		if (atomic_load_explicit(&e->request, memory_order_acquire) == REQUEST_ANSWERED) {
			const uint32_t len = late_answer(e);

			if (len != SCMI_REPLY_LATER)
				answer(e, len);
		} else if (n < max && serve_one(e)) {
			n++;
		} else {
			return n;
		}
	}
}

/* False: another context serves, and knows that we were here. *err: one of the bits of `need` is missing. */
HOT bool begin_serving(struct scmi_mailbox_end *e, uint32_t need, int *err)
{
	uint32_t gate = atomic_load(&e->gate); /* seq_cst, as in gate_enter() */

	for (;;) {
		*err = SCMI_E_CLOSED;
		if ((gate & need) != need)
			return false;
		*err = 0;
		if ((gate & GATE_SERVING) != 0) {
			if (atomic_compare_exchange_weak(&e->gate, &gate, gate | GATE_AGAIN))
				return false;
		} else if (atomic_compare_exchange_weak(&e->gate, &gate, gate | GATE_SERVING)) {
			return true;
		}
	}
}

/* Whoever waits for P2A hears of it. False: somebody has come meanwhile, and left his part to us. */
HOT bool end_serving(struct scmi_mailbox_end *e)
{
	uint32_t gate;

	if ((atomic_load(&e->p2a) & P2A_WANTED) != 0)
		scmi__mailbox_end_tell_room(e);
	gate = atomic_load_explicit(&e->gate, memory_order_relaxed);
	do {
		if ((gate & GATE_AGAIN) != 0) {
			atomic_fetch_and(&e->gate, ~GATE_AGAIN);
			return false;
		}
	} while (!atomic_compare_exchange_weak(&e->gate, &gate, gate & ~GATE_SERVING));
	return true;
}

/*
 * What others have left to us, after n commands. Never more than max where somebody can be woken for it; else one for
 * each of them, who has rung, or answered, and is not asked again.
 */
RARE int serve_on(struct scmi_mailbox_end *e, int max, int n)
{
	bool left = false;

	do {
		if (n >= max) {
			left = end_can_wake(e);
			if (!left)
				max = n + 1;
		}
		n += turn(e, max - n);
	} while (!end_serving(e));
	if (left)
		end_wake(e);
	return n;
}

/* After a first command, or none. */
HOT bool goes_on(const struct scmi_mailbox_end *e, int max, int n)
{
	if (n != 0)
		return n < max;
	return !SHORT_WAY || atomic_load_explicit(&e->request, memory_order_relaxed) == REQUEST_ANSWERED;
}

/* SCMI_E_CLOSED: one of the bits of `need` is missing. */
static int serve(struct scmi_mailbox_end *e, uint32_t need, int max)
{
	int n;

	if (!begin_serving(e, need, &n))
		return n;
	if (SHORT_WAY && max > 0 && serve_one(e))
		n = 1;
	if (goes_on(e, max, n))
		n += turn(e, max - n);
	return end_serving(e) ? n : serve_on(e, max, n);
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
