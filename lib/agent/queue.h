/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The links of the queue. An entry's slot says QUEUED; its hdr is the next one's index, for the header is not needed
 * before it is sent. Who is in the pump owns both queues; the stack of new entries is everybody's.
 */
#ifndef SCMI_AGENT_QUEUE_H
#define SCMI_AGENT_QUEUE_H

#include "internal.h"

#define NEXT_MASK 0x7ffu /* of hdr: the next entry's index + 1 */

static inline uint32_t next_of(struct slot *s)
{
	return atomic_load_explicit(&s->hdr, memory_order_relaxed) & NEXT_MASK;
}

/* The token field is one that no message with this slot's token has: nothing matches, whatever the word says. */
static inline void set_next(struct link *l, struct slot *s, uint32_t next)
{
	uint32_t hdr = scmi_hdr(0, 0, SCMI_MSG_COMMAND, (uint16_t)(~slot_index(l, s) & (SCMI_TOKEN_COUNT - 1u)));

	atomic_store_explicit(&s->hdr, hdr | next, memory_order_relaxed);
}

static inline void append(struct link *l, struct queue *q, struct slot *s)
{
	uint32_t index = slot_index(l, s);

	set_next(l, s, 0);
	if (q->head == SLOT_NONE)
		q->head = (uint16_t)index;
	else
		set_next(l, &l->slots[q->tail], index + 1u);
	q->tail = (uint16_t)index;
}

static inline void prepend(struct link *l, struct queue *q, struct slot *s)
{
	uint32_t index = slot_index(l, s);

	set_next(l, s, q->head == SLOT_NONE ? 0 : q->head + 1u);
	if (q->head == SLOT_NONE)
		q->tail = (uint16_t)index;
	q->head = (uint16_t)index;
}

static inline struct slot *pop(struct link *l, struct queue *q)
{
	struct slot *s = &l->slots[q->head];

	q->head = (uint16_t)(next_of(s) - 1u);
	return s;
}

static inline void push(struct link *l, struct slot *s)
{
	uint32_t old = atomic_load_explicit(&l->stack, memory_order_relaxed);

	do
		set_next(l, s, old);
	while (!atomic_compare_exchange_weak_explicit(&l->stack, &old, slot_index(l, s) + 1u, memory_order_release,
						      memory_order_relaxed));
}

#endif
