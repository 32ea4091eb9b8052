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

static bool is_on(const struct scmi_mailbox_end *e)
{
	return (atomic_load(&e->gate) & GATE_ON) != 0;
}

/* ---- the answer ---- */

static void give(struct scmi_mailbox_end *e, uint32_t status, uint32_t intr)
{
	scmi__shmem_give(&e->area[SCMI_MAILBOX_A2P], e->port, status);
	if (intr == 0)
		return;
	end_count(&e->rung);
	end_ring(e, SCMI_MAILBOX_TX_REPLY);
}

/* After this the area, and the request, are free for the next. */
static void answer(struct scmi_mailbox_end *e, uint32_t len)
{
	uint32_t status = SCMI_SHMEM_FREE;

	if (len - 1u < e->max_payload)
		short_write(&e->area[SCMI_MAILBOX_A2P], e->req.hdr, e->req.reply, len, 0u);
	else /* none can be given, or a lie */
		status |= SCMI_SHMEM_ERROR;
	atomic_store_explicit(&e->request, REQUEST_OURS, memory_order_relaxed);
	give(e, status, e->intr);
}

/* Of an agent that has gone. */
static void drop_answer(struct scmi_mailbox_end *e)
{
	uint32_t answered = REQUEST_ANSWERED;

	if (!atomic_compare_exchange_strong(&e->request, &answered, REQUEST_OURS))
		return;
	atomic_fetch_add_explicit(&e->stale, 1u, memory_order_relaxed);
	end_wake(e);
}

/* ---- the command ---- */

static void refuse(struct scmi_mailbox_end *e, _Atomic uint32_t *why, uint32_t intr)
{
	end_count(why);
	give(e, SCMI_SHMEM_ERROR | SCMI_SHMEM_FREE, intr);
}

/* Copies the command; NULL: it is good, else the counter of what is wrong with it. */
static _Atomic uint32_t *copy_command(struct scmi_mailbox_end *e, uint32_t status, struct shmem_message *msg)
{
	const struct scmi_shmem *area = &e->area[SCMI_MAILBOX_A2P];
	const enum shmem_verdict verdict = scmi__shmem_peek(area, msg);

	if ((status & SCMI_SHMEM_ERROR) != 0)
		return &e->bad_status;
	if (verdict != SHMEM_GOOD || msg->len > e->max_payload)
		return &e->bad_length;
	if (msg->len != 0)
		scmi__shmem_read(area, 0, e->params, msg->len);
	return scmi__shmem_intact(area, msg, e->params) ? NULL : &e->bad_check;
}

static void run(struct scmi_mailbox_end *e, const struct shmem_message *msg)
{
	uint32_t len;

	e->req.hdr = msg->hdr;
	e->req.len = msg->len;
	e->intr = msg->flags;
	e->req_life = e->life;
	atomic_store_explicit(&e->request, REQUEST_OPEN, memory_order_relaxed);
	end_count(&e->taken);
	len = e->sink->request(e->channel, &e->req);
	if (len != SCMI_REPLY_LATER) /* else it may be answered already */
		answer(e, len);
}

/* The next command; false: there is none, or the last one is still the platform's. */
static bool serve_one(struct scmi_mailbox_end *e)
{
	struct shmem_message msg;
	_Atomic uint32_t *fault;
	uint32_t status;

	if (atomic_load_explicit(&e->request, memory_order_relaxed) != REQUEST_OURS || !is_on(e))
		return false;
	status = scmi__shmem_status(&e->area[SCMI_MAILBOX_A2P], e->port);
	if ((status & SCMI_SHMEM_FREE) != 0)
		return false;
	if (atomic_load_explicit(&e->strange, memory_order_relaxed) != 0)
		scmi__mailbox_end_meet(e);
	fault = copy_command(e, status, &msg);
	if (fault == NULL)
		run(e, &msg);
	else
		refuse(e, fault, msg.flags);
	return true;
}

/* ---- who serves ---- */

static void put_answer(struct scmi_mailbox_end *e)
{
	if (e->req_life == e->life)
		answer(e, e->reply_len);
	else
		drop_answer(e);
}

static int turn(struct scmi_mailbox_end *e, int max)
{
	int n = 0;

	/* Acquire: the reply, and that nobody uses the request any more. */
	if (atomic_load_explicit(&e->request, memory_order_acquire) == REQUEST_ANSWERED)
		put_answer(e);
	while (n < max && serve_one(e))
		n++;
	if ((atomic_load(&e->p2a) & P2A_WANTED) != 0)
		scmi__mailbox_end_tell_room(e);
	return n;
}

/* False: somebody has come meanwhile, and left his part to us. */
static bool end_serving(struct scmi_mailbox_end *e)
{
	const uint32_t was = atomic_load_explicit(&e->gate, memory_order_relaxed);
	uint32_t gate = was;

	if ((gate & GATE_AGAIN) != 0) {
		atomic_fetch_and(&e->gate, ~GATE_AGAIN);
		return false;
	}
	return atomic_compare_exchange_strong(&e->gate, &gate, was & ~GATE_SERVING);
}

/* SCMI_E_CLOSED: one of the bits of `need` is missing. */
static int serve(struct scmi_mailbox_end *e, uint32_t need, int max)
{
	uint32_t gate = atomic_load_explicit(&e->gate, memory_order_relaxed);
	int n;

	do {
		if ((gate & need) != need)
			return SCMI_E_CLOSED;
	} while (!atomic_compare_exchange_weak(&e->gate, &gate,
					       gate | ((gate & GATE_SERVING) != 0 ? GATE_AGAIN : GATE_SERVING)));
	if ((gate & GATE_SERVING) != 0)
		return 0;
	n = turn(e, max);
	while (!end_serving(e))
		n += turn(e, 1);
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
	const int max = e->bell != NULL && e->bell->wake != NULL ? 0 : 1;

	(void)req;
	e->reply_len = len;
	atomic_store(&e->request, REQUEST_ANSWERED);
	if (serve(e, GATE_HERE, max) != SCMI_E_CLOSED)
		return;
	drop_answer(e);
	(void)serve(e, GATE_HERE, max);
}
