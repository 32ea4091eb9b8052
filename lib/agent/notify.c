/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications: a fresh buffer for each, then the subscribers. */
#include "internal.h"
#include "../wire/mem.h"

static struct buffer *buffer_at(struct scmi_agent *a, uint32_t i)
{
	return (struct buffer *)(void *)(a->buffers + (size_t)i * a->buffer_stride);
}

static void *buffer_payload(struct scmi_agent *a, uint32_t i)
{
	return a->buffers + (size_t)i * a->buffer_stride + sizeof(struct buffer);
}

static bool wanted(const struct scmi_subscriber *n, uint32_t hdr)
{
	return (n->protocol == SCMI_ANY || n->protocol == scmi_hdr_protocol(hdr)) &&
	       (n->message == SCMI_ANY || n->message == scmi_hdr_message(hdr));
}

static bool anybody(const struct scmi_agent *a, uint32_t hdr)
{
	for (const struct scmi_subscriber *n = a->subscribers; n != NULL; n = n->next_) {
		if (wanted(n, hdr))
			return true;
	}
	return false;
}

/*
 * Runs the subscribers. They are callbacks, so the context needs a frame; one that is in a callback already (a transport
 * that delivers inside send()) keeps its own.
 */
static int publish(struct scmi_agent *a, uint32_t hdr, const void *payload, uint32_t len)
{
	struct frame *inside = scmi__frame_here(a);
	struct frame *f = inside != NULL ? inside : scmi__frame_enter(a);

	if (f == NULL)
		return scmi__refuse(a, hdr, len, C_DROPPED, SCMI_E_BUSY, "dropped");
	count(a, C_NOTIFIED);
	trace(a, SCMI_TRACE_RECV, SLOT_NONE, hdr, len, SCMI_OK, NULL);
	for (struct scmi_subscriber *n = a->subscribers; n != NULL; n = n->next_) {
		if (wanted(n, hdr))
			n->notify(n, hdr, payload, len);
	}
	if (inside == NULL)
		scmi__frame_leave(a, f);
	return SCMI_OK;
}

/* A buffer for a notification that somebody wants. */
int scmi__notify_acquire(struct scmi_agent *a, uint32_t hdr, struct scmi_xfer *x)
{
	if (!anybody(a, hdr))
		return scmi__refuse(a, hdr, 0, C_UNCLAIMED, SCMI_E_STRAY, "unclaimed");
	for (uint32_t i = 0; i < a->buffer_count; i++) {
		uint32_t idle = 0;

		/* acquire: what the last user read comes before what we write; pairs with the release of busy. */
		if (atomic_compare_exchange_strong_explicit(&buffer_at(a, i)->busy, &idle, 1u, memory_order_acquire,
							    memory_order_relaxed)) {
			x->slot_ = (uint16_t)i;
			x->cap = a->buffer_bytes;
			return SCMI_OK;
		}
	}
	return scmi__refuse(a, hdr, 0, C_DROPPED, SCMI_E_BUSY, "dropped");
}

static void free_buffer(struct scmi_agent *a, uint32_t i)
{
	atomic_store_explicit(&buffer_at(a, i)->busy, 0u, memory_order_release);
}

static int read_payload(struct scmi_agent *a, const struct scmi_rx *rx, void *dst)
{
	if (rx->len > a->buffer_bytes)
		return SCMI_E_TOOBIG;
	if (rx->len == 0)
		return SCMI_OK;
	if (rx->data != NULL) {
		memcpy(dst, rx->data, rx->len);
		return SCMI_OK;
	}
	if (a->transport.ops->fetch == NULL)
		return SCMI_E_PROTO;
	return a->transport.ops->fetch(a->transport.ctx, rx, 0, dst, rx->len);
}

static int deliver(struct scmi_agent *a, uint32_t buffer, const struct scmi_rx *rx)
{
	void *payload = buffer_payload(a, buffer);

	if (read_payload(a, rx, payload) != SCMI_OK)
		return scmi__refuse(a, rx->hdr, rx->len, C_DROPPED, SCMI_E_PROTO, "dropped");
	return publish(a, rx->hdr, payload, rx->len);
}

int scmi__notify_complete(struct scmi_agent *a, struct scmi_xfer *x, uint32_t len)
{
	const struct scmi_rx rx = {.hdr = x->hdr, .len = len, .cookie = x->priv, .token = SCMI_TOKEN_ANY};

	return deliver(a, x->slot_, &rx);
}

void scmi__notify_release(struct scmi_agent *a, struct scmi_xfer *x, bool completed)
{
	if (!completed)
		(void)scmi__refuse(a, x->hdr, 0, C_DROPPED, SCMI_E_PROTO, "dropped");
	free_buffer(a, x->slot_);
}

int scmi__notify_rx(struct scmi_agent *a, const struct scmi_rx *rx)
{
	struct scmi_xfer x = {.hdr = rx->hdr};
	int err = scmi__notify_acquire(a, rx->hdr, &x);

	if (err != SCMI_OK)
		return err;
	err = deliver(a, x.slot_, rx);
	free_buffer(a, x.slot_);
	return err;
}

int scmi_agent_subscribe(struct scmi_agent *agent, struct scmi_subscriber *node)
{
	if (agent == NULL || node == NULL || node->size != sizeof(*node) || node->notify == NULL)
		return SCMI_E_INVAL;
	if ((agent->transport.caps & SCMI_CAP_NOTIFY) == 0)
		return SCMI_E_NOTSUP;
	if (agent->buffer_count == 0)
		return SCMI_E_INVAL;
	if (atomic_load_explicit(&agent->state, memory_order_acquire) != LINK_STOPPED)
		return SCMI_E_BUSY;
	for (struct scmi_subscriber *n = agent->subscribers; n != NULL; n = n->next_) {
		if (n == node)
			return SCMI_E_INVAL;
	}
	node->next_ = agent->subscribers;
	agent->subscribers = node;
	return SCMI_OK;
}
