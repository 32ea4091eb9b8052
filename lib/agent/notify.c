/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Notifications: a fresh buffer for each, then the subscribers.
 *
 * Receivers walk the list without a lock, and say so in a count. It is kept twice: who removes a node takes it off the
 * list, changes the parity, so that new walks are counted elsewhere, and waits until the old count is 0: then nobody
 * who may have seen the node is on his way. The list itself is changed under the port's lock.
 */
#include "internal.h"
#include "../wire/mem.h"

/* scmi_subscriber.state_ */
enum { NODE_NONE, NODE_LISTED, NODE_REMOVED };

static void *buffer_payload(struct scmi_agent *a, uint32_t i)
{
	return (unsigned char *)scmi__buffer(a, i) + sizeof(struct buffer);
}

/* The user's node holds no _Atomic, for C++; the library's accesses are atomic all the same. */
static _Atomic(struct scmi_subscriber *) *next_of(struct scmi_subscriber *n)
{
	_Static_assert(sizeof(_Atomic(struct scmi_subscriber *)) == sizeof(void *), "an atomic pointer is a pointer");
	return (_Atomic(struct scmi_subscriber *) *)&n->next_;
}

/*
 * seq_cst: counted, then the parity is looked at again, then the list; who removes changes the list, then the parity.
 */
static uint32_t walk_begin(struct scmi_agent *a)
{
	uint32_t parity = atomic_load_explicit(&a->parity, memory_order_seq_cst);

	for (;;) {
		uint32_t now;

		fetch_add(&a->walks[parity & 1u], 1u, memory_order_seq_cst);
		now = atomic_load_explicit(&a->parity, memory_order_seq_cst);
		if (now == parity)
			return parity;
		fetch_sub(&a->walks[parity & 1u], 1u, memory_order_seq_cst);
		parity = now;
	}
}

static void walk_end(struct scmi_agent *a, uint32_t parity)
{
	/* release: what the handlers did comes before unsubscribe returns. */
	fetch_sub(&a->walks[parity & 1u], 1u, memory_order_seq_cst);
}

static struct scmi_subscriber *first(struct scmi_agent *a)
{
	return atomic_load_explicit(&a->subscribers, memory_order_seq_cst);
}

static struct scmi_subscriber *after(struct scmi_subscriber *n)
{
	return atomic_load_explicit(next_of(n), memory_order_acquire);
}

static bool wanted(const struct scmi_subscriber *n, uint32_t hdr)
{
	return (n->protocol == SCMI_ANY || n->protocol == scmi_hdr_protocol(hdr)) &&
	       (n->message == SCMI_ANY || n->message == scmi_hdr_message(hdr));
}

static bool anybody(struct scmi_agent *a, uint32_t hdr)
{
	uint32_t walk = walk_begin(a);
	struct scmi_subscriber *n = first(a);

	while (n != NULL && !wanted(n, hdr))
		n = after(n);
	walk_end(a, walk);
	return n != NULL;
}

/* ---- buffers ---- */

static void free_buffer(struct scmi_agent *a, uint32_t i)
{
	atomic_store_explicit(&scmi__buffer(a, i)->busy, 0u, memory_order_release);
}

/* A flood of one protocol leaves room for the others: it takes at most half of two or more. */
static bool has_its_share(struct scmi_agent *a, uint32_t mark)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < a->buffer_count; i++)
		n += atomic_load_explicit(&scmi__buffer(a, i)->busy, memory_order_relaxed) == mark;
	return n >= (a->buffer_count + 1u) / 2u;
}

static uint32_t take_buffer(struct scmi_agent *a, uint32_t mark)
{
	if (has_its_share(a, mark))
		return a->buffer_count;
	for (uint32_t i = 0; i < a->buffer_count; i++) {
		uint32_t idle = 0;

		/* acquire: what the last user read comes before what we write; pairs with the release of busy. */
		if (atomic_compare_exchange_strong_explicit(&scmi__buffer(a, i)->busy, &idle, mark,
							    memory_order_acquire, memory_order_relaxed))
			return i;
	}
	return a->buffer_count;
}

/* A buffer for a notification that somebody wants: its index, or an error. */
static int reserve(struct link *l, uint32_t hdr)
{
	struct scmi_agent *a = l->agent;
	uint32_t i;

	if ((hdr & SCMI_HDR_RESERVED & atomic_load_explicit(&l->hdr_mask, memory_order_relaxed)) != 0)
		return scmi__refuse(l, hdr, 0, C_STRAY_HEADER, SCMI_E_STRAY);
	if (!anybody(a, hdr))
		return scmi__refuse(l, hdr, 0, C_UNCLAIMED, SCMI_E_STRAY);
	i = take_buffer(a, BUFFER_BUSY | scmi_hdr_protocol(hdr));
	if (i == a->buffer_count)
		return scmi__refuse(l, hdr, 0, C_DROPPED, SCMI_E_BUSY);
	return (int)i;
}

int scmi__notify_acquire(struct link *l, uint32_t hdr, struct scmi_xfer *x)
{
	int i = reserve(l, hdr);

	if (i < 0)
		return i;
	x->slot_ = (uint16_t)i;
	x->cap = l->agent->buffer_bytes;
	return SCMI_OK;
}

/* ---- delivery ---- */

static int read_payload(struct link *l, const struct scmi_rx *rx, void *dst)
{
	if (rx->len > l->agent->buffer_bytes)
		return SCMI_E_TOOBIG;
	if (rx->len == 0)
		return SCMI_OK;
	if (rx->data != NULL) {
		memcpy(dst, rx->data, rx->len);
		return SCMI_OK;
	}
	if (l->transport.ops->fetch == NULL)
		return SCMI_E_PROTO;
	return l->transport.ops->fetch(l->transport.ctx, rx, 0, dst, rx->len);
}

/* Runs the handlers of what stands in the buffer, and gives it back. Inside a frame of this context. */
void scmi__notify_run(struct scmi_agent *a, uint32_t i)
{
	struct buffer *b = scmi__buffer(a, i);
	uint32_t walk = walk_begin(a);
	bool told = false;

	for (struct scmi_subscriber *n = first(a); n != NULL; n = after(n)) {
		if (!wanted(n, b->hdr))
			continue;
		if (!told)
			count(b->link, C_NOTIFIED);
		told = true;
		n->notify(n, b->hdr, buffer_payload(a, i), b->len);
	}
	walk_end(a, walk);
	/* The last one that wanted it may have gone since it came. */
	if (!told)
		(void)scmi__refuse(b->link, b->hdr, b->len, C_UNCLAIMED, SCMI_E_STRAY);
	free_buffer(a, i);
}

/* Inside a callback of this context when that has returned; where no frame is free, or in a deferred agent, later. */
static void dispatch(struct scmi_agent *a, uint32_t i)
{
	struct frame *inside = a->deferred ? NULL : scmi__frame_here(a);
	struct frame *f = inside != NULL || a->deferred ? NULL : scmi__frame_enter(a);

	if (inside != NULL) {
		scmi__frame_event(a, inside, i);
	} else if (f != NULL) {
		scmi__notify_run(a, i);
		scmi__frame_leave(a, f);
	} else {
		scmi__put_off_event(a, i);
	}
}

/* From here on the buffer is its handlers'. */
OWN_FRAME static int store(struct link *l, uint32_t i, const struct scmi_rx *rx)
{
	struct scmi_agent *a = l->agent;
	struct buffer *b = scmi__buffer(a, i);

	if (read_payload(l, rx, buffer_payload(a, i)) != SCMI_OK) {
		free_buffer(a, i);
		return scmi__refuse(l, rx->hdr, rx->len, C_DROPPED, SCMI_E_PROTO);
	}
	b->hdr = rx->hdr;
	b->len = rx->len;
	b->link = l;
	trace(l, SCMI_TRACE_RECV, SLOT_NONE, rx->hdr, rx->len, SCMI_OK);
	return SCMI_OK;
}

/* The handlers run when all that has been looked at to get here has gone from the stack. */
static int deliver(struct link *l, uint32_t i, const struct scmi_rx *rx)
{
	int err = store(l, i, rx);

	if (err == SCMI_OK)
		dispatch(l->agent, i);
	return err;
}

int scmi__notify_complete(struct link *l, struct scmi_xfer *x, uint32_t len)
{
	const struct scmi_rx rx = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};

	return deliver(l, x->slot_, &rx);
}

/* Released without having been completed. */
void scmi__notify_drop(struct link *l, struct scmi_xfer *x)
{
	(void)scmi__refuse(l, x->hdr, 0, C_DROPPED, SCMI_E_PROTO);
	free_buffer(l->agent, x->slot_);
}

int scmi__notify_rx(struct link *l, const struct scmi_rx *rx)
{
	int i = reserve(l, rx->hdr);

	return i < 0 ? i : deliver(l, (uint32_t)i, rx);
}

/* ---- the list ---- */

static bool can_notify(const struct scmi_agent *a)
{
	for (uint32_t i = 0; i < a->links_n; i++) {
		if ((a->links[i].transport.caps & SCMI_CAP_NOTIFY) != 0)
			return true;
	}
	return false;
}

static void lock(struct scmi_agent *a)
{
	a->port->lock(a->port->ctx);
}

static void unlock(struct scmi_agent *a)
{
	a->port->unlock(a->port->ctx);
}

static bool is_listed(struct scmi_agent *a, const struct scmi_subscriber *node)
{
	for (struct scmi_subscriber *n = first(a); n != NULL; n = after(n)) {
		if (n == node)
			return true;
	}
	return false;
}

int scmi_agent_subscribe(struct scmi_agent *agent, struct scmi_subscriber *node)
{
	int err = SCMI_E_INVAL;

	if (agent == NULL || node == NULL || node->size != sizeof(*node) || node->notify == NULL)
		return SCMI_E_INVAL;
	if (!WITH_NOTIFICATIONS || !can_notify(agent))
		return SCMI_E_NOTSUP;
	if (agent->buffer_count == 0)
		return SCMI_E_INVAL;
	lock(agent);
	if (node->state_ != NODE_REMOVED && !is_listed(agent, node)) {
		node->state_ = NODE_LISTED;
		atomic_store_explicit(next_of(node), first(agent), memory_order_relaxed);
		/* release: the node stands before a walk can see it. */
		atomic_store_explicit(&agent->subscribers, node, memory_order_seq_cst);
		err = SCMI_OK;
	}
	unlock(agent);
	return err;
}

/* Under the lock. The node's own link stays, for who stands on it. */
static bool unlink(struct scmi_agent *a, struct scmi_subscriber *node)
{
	_Atomic(struct scmi_subscriber *) *at = &a->subscribers;

	for (;;) {
		struct scmi_subscriber *n = atomic_load_explicit(at, memory_order_relaxed);

		if (n == NULL)
			return false;
		if (n == node) {
			atomic_store_explicit(at, after(node), memory_order_seq_cst);
			return true;
		}
		at = next_of(n);
	}
}

/* Waits until every walk that began before has ended. */
static void wait_for_walks(struct scmi_agent *a)
{
	uint32_t nobody = 0;
	uint32_t old;

	/* One at a time, so that a parity is used again only when its last walks have ended. */
	while (!atomic_compare_exchange_weak_explicit(&a->removing, &nobody, 1u, memory_order_acquire,
						      memory_order_relaxed)) {
		nobody = 0;
		relax(a);
	}
	old = fetch_add(&a->parity, 1u, memory_order_seq_cst);
	while (atomic_load_explicit(&a->walks[old & 1u], memory_order_seq_cst) != 0)
		relax(a);
	atomic_store_explicit(&a->removing, 0u, memory_order_release);
}

int scmi_agent_unsubscribe(struct scmi_agent *agent, struct scmi_subscriber *node)
{
	bool removed;

	if (agent == NULL || node == NULL)
		return SCMI_E_INVAL;
	if (!WITH_NOTIFICATIONS)
		return SCMI_E_NOTFOUND;
	lock(agent);
	removed = unlink(agent, node);
	if (removed)
		node->state_ = NODE_REMOVED;
	else
		removed = node->state_ == NODE_REMOVED;
	unlock(agent);
	if (!removed)
		return SCMI_E_NOTFOUND;
	if (scmi__frame_here(agent) != NULL)
		return SCMI_E_INPROGRESS;
	wait_for_walks(agent);
	node->state_ = NODE_NONE;
	return SCMI_OK;
}
