/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A command's way through the device: taken, gathered into memory of our own, answered there, and copied out.
 *
 * The server takes without a lock. Whoever answers copies without one, and holds it to return the buffer, unless it is
 * the server and there is nobody else who could.
 */
#include "device.h"

/* ---- answering ---- */

/* How many bytes of the answer go out. What does not fit shrinks to a status, to a header, to nothing. */
static uint32_t seal(struct command *c, uint32_t len, bool *fits)
{
	*fits = len <= c->req.reply_cap && len != 0;
	if (*fits)
		return HEADER_BYTES + len;
	if (c->room < HEADER_BYTES)
		return 0;
	if (c->room < HEADER_BYTES + STATUS_BYTES)
		return HEADER_BYTES;
	scmi_put_le32(c->answer + HEADER_BYTES, (uint32_t)SCMI_COMMS_ERROR);
	return HEADER_BYTES + STATUS_BYTES;
}

/* Copies it where the driver wants it; the header is the request's, as the platform has left it. */
static uint32_t write_answer(struct command *c, uint32_t len, bool *fits)
{
	const uint32_t bytes = seal(c, len, fits);

	scmi_put_le32(c->answer, c->req.hdr);
	scatter(c->pieces, c->answer, bytes);
	return bytes;
}

/*
 * The command is nobody's any more, and its answer has been returned. Returns whether the server waits for it, or for
 * what it had borrowed. Release: the server may return the next one without the lock.
 */
static bool free_locked(struct scmi_virtio_device *dev, struct command *c)
{
	const uint32_t answered = atomic_load_explicit(&dev->answered, memory_order_relaxed);
	const bool wanted = dev->hungry;

	if (c->pieces == dev->pool)
		dev->pool_lent = false;
	c->next = dev->back;
	dev->back = c;
	dev->hungry = false;
	atomic_store_explicit(&dev->answered, answered + 1u, memory_order_release);
	return wanted;
}

/*
 * The server's lock on the returning side of the cmdq. While no command is open nobody else returns one, and it need
 * not be taken: the server itself has handed out every one that is. Acquire: pairs with the release of who answered
 * the last.
 */
static bool lock_returns(const struct scmi_virtio_device *dev)
{
	const uint32_t put_off = atomic_load_explicit(&dev->put_off, memory_order_relaxed);

	if (atomic_load_explicit(&dev->answered, memory_order_acquire) == put_off)
		return false;
	device_lock(dev);
	return true;
}

static void unlock_returns(const struct scmi_virtio_device *dev, bool locked)
{
	if (locked)
		device_unlock(dev);
}

void scmi__virtio_device_give_back(struct scmi_virtio_device *dev, uint16_t head, uint32_t len)
{
	if (dev->journal != NULL)
		scmi__virtio_journal_return(dev, head, len);
	else
		scmi__ring_device_return(&dev->ring[SCMI_VIRTIO_CMDQ], head, len);
}

/* The server's own answer: the interrupt is thought of at the end of serve(). */
static void answer_now(struct scmi_virtio_device *dev, struct command *c, uint32_t len)
{
	bool fits;
	const uint32_t bytes = write_answer(c, len, &fits);
	const bool locked = lock_returns(dev);

	scmi__virtio_device_give_back(dev, c->head, bytes);
	if (!fits)
		count(&dev->no_room, 1u);
	if (c->pieces == dev->pool)
		dev->pool_lent = false;
	unlock_returns(dev, locked);
	c->next = dev->free;
	dev->free = c;
}

/* What finishing a command leads to. */
#define DUE_CALL (1u << 0)
#define DUE_WORK (1u << 1)

static uint32_t answer_later(struct scmi_virtio_device *dev, struct command *c, uint32_t len)
{
	bool fits;
	const uint32_t bytes = write_answer(c, len, &fits);
	uint32_t due = 0;

	device_lock(dev);
	scmi__virtio_device_give_back(dev, c->head, bytes);
	if (must_call_locked(dev, SCMI_VIRTIO_CMDQ))
		due |= DUE_CALL;
	if (!fits)
		count(&dev->no_room, 1u);
	if (free_locked(dev, c))
		due |= DUE_WORK;
	device_unlock(dev);
	return due;
}

/* An answer to a driver that has gone, or to a queue that was reset, goes nowhere. */
static uint32_t drop_answer(struct scmi_virtio_device *dev, struct command *c)
{
	uint32_t due = 0;

	device_lock(dev);
	count(&dev->stale, 1u);
	if (free_locked(dev, c))
		due = DUE_WORK;
	device_unlock(dev);
	return due;
}

/* The call inside the gate: none is under way any more when detach returns. */
void scmi__virtio_device_reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	struct scmi_virtio_device *dev = ctx;
	_Atomic uint32_t *gate = &dev->gate[SCMI_VIRTIO_CMDQ];
	struct command *c = req->priv;
	const bool inside = scmi__virtio_device_enter(gate);
	uint32_t due;

	if (inside && c->life == dev->life && !has_lied(dev, SCMI_VIRTIO_CMDQ))
		due = answer_later(dev, c, len);
	else
		due = drop_answer(dev, c);
	if ((due & DUE_CALL) != 0)
		dev->host->call(dev->host->ctx, SCMI_VIRTIO_CMDQ);
	if (inside)
		scmi__virtio_device_leave(gate);
	if ((due & DUE_WORK) != 0)
		dev->host->work(dev->host->ctx);
}

/* ---- serving ---- */

/*
 * The server waits for a command to come back, or does not. It remembers at which answer it has found that, so that who
 * serves again and again does not take everybody's lock to find the same.
 */
static void wait_locked(struct scmi_virtio_device *dev, bool waits)
{
	dev->hungry = waits;
	dev->waits = waits;
	dev->waits_at = atomic_load_explicit(&dev->answered, memory_order_relaxed);
}

static bool waits_still(const struct scmi_virtio_device *dev)
{
	return dev->waits && atomic_load_explicit(&dev->answered, memory_order_relaxed) == dev->waits_at;
}

/*
 * A free command for the next chain, if there is one; it stays where it is until the chain has been taken. Where all
 * are out, host->work() will follow.
 */
static struct command *find_free(struct scmi_virtio_device *dev)
{
	if (dev->free != NULL || !ring_device_news(&dev->ring[SCMI_VIRTIO_CMDQ]))
		return dev->free;
	device_lock(dev);
	dev->free = dev->back;
	dev->back = NULL;
	wait_locked(dev, dev->free == NULL);
	device_unlock(dev);
	return dev->free;
}

/* The pool for a chain in many pieces; false: another command has it, host->work() will follow. */
static bool borrow_pool(struct scmi_virtio_device *dev)
{
	bool lent;

	device_lock(dev);
	lent = dev->pool_lent;
	dev->pool_lent = true;
	wait_locked(dev, lent);
	device_unlock(dev);
	return !lent;
}

static void return_pool(struct scmi_virtio_device *dev)
{
	device_lock(dev);
	dev->pool_lent = false;
	device_unlock(dev);
}

static enum ring_take take_pieces(struct scmi_virtio_device *dev, struct command *c, struct ring_chain *chain)
{
	enum ring_take took;

	chain->in = c->own;
	chain->in_cap = PIECES_OWN;
	took = scmi__ring_device_take(&dev->ring[SCMI_VIRTIO_CMDQ], chain);
	if (took != RING_FULL || !borrow_pool(dev))
		return took;
	chain->in = dev->pool;
	chain->in_cap = dev->pool_n;
	took = scmi__ring_device_take(&dev->ring[SCMI_VIRTIO_CMDQ], chain);
	if (took != RING_TAKEN)
		return_pool(dev); /* the driver has rewritten it meanwhile */
	return took;
}

/*
 * The next chain, for this command: its head is there even if it is refused. The chain itself is gone again before the
 * platform is asked, whose stack is deep.
 */
static RING_APART enum ring_take take(struct scmi_virtio_device *dev, struct command *c)
{
	struct ring_chain chain;
	enum ring_take took;

	chain.out = c->request;
	chain.out_cap = dev->message_max;
	chain.in_want = dev->message_max;
	chain.head = 0;
	took = take_pieces(dev, c, &chain);
	c->head = chain.head;
	if (took != RING_TAKEN)
		return took;
	c->pieces = chain.in;
	c->room = chain.in_len;
	c->life = dev->life;
	c->req.reply_cap = c->room > HEADER_BYTES ? c->room - HEADER_BYTES : 0u;
	c->req.len = chain.out_len; /* with the header, for now */
	return took;
}

static void refuse(struct scmi_virtio_device *dev, uint16_t head)
{
	const bool locked = lock_returns(dev);

	scmi__virtio_device_give_back(dev, head, 0u);
	unlock_returns(dev, locked);
	count(&dev->refused, 1u);
}

/* A command whose parameters we cannot hold; no command of any protocol has so many. */
static void refuse_long(struct scmi_virtio_device *dev, struct command *c)
{
	count(&dev->too_long, 1u);
	scmi_put_le32(c->answer + HEADER_BYTES, (uint32_t)SCMI_PROTOCOL_ERROR);
	answer_now(dev, c, STATUS_BYTES);
}

static void run(struct scmi_virtio_device *dev, struct command *c)
{
	uint32_t len;

	dev->free = c->next;
	c->req.hdr = scmi_get_le32(c->request);
	if (dev->journal != NULL)
		scmi__virtio_journal_take(dev, c->head);
	if (c->req.len > dev->message_max) {
		refuse_long(dev, c);
		return;
	}
	c->req.len -= HEADER_BYTES;
	len = dev->sink->request(dev->channel, &c->req);
	if (len == SCMI_REPLY_LATER) /* the command may be another one's already */
		count(&dev->put_off, 1u);
	else
		answer_now(dev, c, len);
}

/* The next command: false, there is none that can be taken. */
static bool serve_one(struct scmi_virtio_device *dev)
{
	struct command *c = find_free(dev);
	enum ring_take took;

	if (c == NULL)
		return false;
	took = take(dev, c);
	if (took == RING_TAKEN && c->req.len >= HEADER_BYTES) {
		run(dev, c);
		return true;
	}
	if (took == RING_TAKEN && c->pieces == dev->pool)
		return_pool(dev);
	if (took == RING_TAKEN || took == RING_REFUSED) {
		refuse(dev, c->head);
		return true;
	}
	if (took == RING_BROKEN) {
		device_lock(dev);
		scmi__virtio_device_broken_locked(dev, SCMI_VIRTIO_CMDQ);
		device_unlock(dev);
	}
	return false;
}

static bool may_go_on(const struct scmi_virtio_device *dev)
{
	return gate_is_open(&dev->up) && gate_is_open(&dev->gate[SCMI_VIRTIO_CMDQ]);
}

static void call_if_due(struct scmi_virtio_device *dev)
{
	const bool locked = lock_returns(dev);
	const bool due = must_call_locked(dev, SCMI_VIRTIO_CMDQ);

	unlock_returns(dev, locked);
	if (due)
		dev->host->call(dev->host->ctx, SCMI_VIRTIO_CMDQ);
}

static int serve_commands(struct scmi_virtio_device *dev, int max)
{
	struct ring_device *r = &dev->ring[SCMI_VIRTIO_CMDQ];
	int n = 0;

	if (max <= 0 || !may_go_on(dev))
		return 0;
	if (!ring_device_news(r)) {
		ring_device_guess(r);
		return 0;
	}
	if (waits_still(dev))
		return 0;
	if (dev->armed) {
		scmi__ring_device_disarm(r);
		dev->armed = false;
	}
	do {
		if (!serve_one(dev))
			break;
		n++;
	} while (n < max && may_go_on(dev) && ring_device_news(r));
	if (n != 0) {
		count(&dev->taken, (uint32_t)n);
		call_if_due(dev);
	}
	return n;
}

/* ---- the eventq, as far as it is the server's ---- */

/* Without the lock: nothing is behind the index at which the last look under it has left the ring. */
static bool is_silent(const struct scmi_virtio_device *dev)
{
	const struct ring_device *r = &dev->ring[SCMI_VIRTIO_EVENTQ];

	return atomic_load_explicit(&dev->silent, memory_order_relaxed) &&
	       ring_load16(&r->at.avail->idx) == dev->silent_at && !has_lied(dev, SCMI_VIRTIO_EVENTQ);
}

static bool events_have_come(struct scmi_virtio_device *dev)
{
	struct ring_device *r = &dev->ring[SCMI_VIRTIO_EVENTQ];
	bool news;

	if (!gate_is_open(&dev->gate[SCMI_VIRTIO_EVENTQ]) || is_silent(dev))
		return false;
	device_lock(dev);
	news = has_lied(dev, SCMI_VIRTIO_EVENTQ) || ring_device_news(r);
	if (news)
		scmi__ring_device_disarm(r);
	atomic_store_explicit(&dev->silent, true, memory_order_relaxed);
	dev->silent_at = r->avail;
	device_unlock(dev);
	return news;
}

/* The platform sends, before ready() returns, what it has; if there is not enough room a send() says so anew. */
static void look_at_events(struct scmi_virtio_device *dev)
{
	if (!events_have_come(dev))
		return;
	atomic_store(&dev->starved, 0u);
	dev->sink->ready(dev->channel);
}

/* ---- who serves ---- */

/* As a gate for one: the flag is set before the looks, and whoever shuts us out looks at it after he has. */
static bool begin(struct scmi_virtio_device *dev)
{
	if (!gate_is_open(&dev->up) || atomic_load_explicit(&dev->attached, memory_order_relaxed) != DRIVER_HERE)
		return false;
	if (atomic_exchange(&dev->serving, 1u) != 0)
		return false; /* against the rule: somebody serves already */
	if ((atomic_load(&dev->up) & GATE_ON) != 0 && atomic_load(&dev->attached) == DRIVER_HERE &&
	    atomic_load(&dev->strange) == 0)
		return true;
	atomic_store_explicit(&dev->serving, 0u, memory_order_release);
	return false;
}

static void end(struct scmi_virtio_device *dev)
{
	atomic_store_explicit(&dev->serving, 0u, memory_order_release);
}

/* A ring that lies is told once. What waits for the eventq fails then. */
static void tell_broken(struct scmi_virtio_device *dev, uint32_t lied)
{
	if (atomic_exchange(&dev->told, lied) == lied)
		return;
	if (dev->host->event != NULL)
		dev->host->event(dev->host->ctx, SCMI_VIRTIO_BROKEN);
}

int scmi_virtio_device_serve(struct scmi_virtio_device *dev, int max)
{
	uint32_t lied;
	int n = 0;

	if (!begin(dev))
		return SCMI_E_CLOSED;
	if (atomic_load_explicit(&dev->lied, memory_order_relaxed) == 0)
		n = serve_commands(dev, max);
	if (atomic_load_explicit(&dev->starved, memory_order_relaxed) != 0)
		look_at_events(dev);
	lied = atomic_load_explicit(&dev->lied, memory_order_relaxed);
	if (lied != 0)
		tell_broken(dev, lied);
	end(dev);
	return n == 0 && lied != 0 ? SCMI_E_LINK : n;
}

/* Where the server waits for a command to come back, what stands in the ring is no reason to stay awake. */
static bool commands_wait(struct scmi_virtio_device *dev)
{
	bool hungry;

	if (!gate_is_open(&dev->gate[SCMI_VIRTIO_CMDQ]))
		return false;
	device_lock(dev);
	hungry = dev->hungry;
	device_unlock(dev);
	if (hungry)
		return false;
	dev->armed = true;
	return scmi__ring_device_arm(&dev->ring[SCMI_VIRTIO_CMDQ]);
}

/* The sender has armed it, or has not been refused yet and will; here only what has come since is looked at. */
static bool events_wait(struct scmi_virtio_device *dev)
{
	bool wait;

	if (!gate_is_open(&dev->gate[SCMI_VIRTIO_EVENTQ]))
		return false;
	device_lock(dev);
	wait = atomic_load_explicit(&dev->starved, memory_order_relaxed) != 0 &&
	       scmi__ring_device_arm(&dev->ring[SCMI_VIRTIO_EVENTQ]);
	device_unlock(dev);
	if (wait)
		forget_silence(dev);
	return wait;
}

bool scmi_virtio_device_rest(struct scmi_virtio_device *dev)
{
	bool wait;

	if (!begin(dev))
		return true;
	wait = atomic_load_explicit(&dev->lied, memory_order_relaxed) == 0 && (commands_wait(dev) || events_wait(dev));
	end(dev);
	return !wait;
}

const struct scmi_endpoint_ops scmi__virtio_device_ops = {
	.version = SCMI_ENDPOINT_V2,
	.name = "virtio",
	.start = scmi__virtio_device_start,
	.stop = scmi__virtio_device_stop,
	.reply = scmi__virtio_device_reply,
	.send = scmi__virtio_device_send,
	.p2a = scmi__virtio_device_p2a,
	.send_to = scmi__virtio_device_send_to,
};
