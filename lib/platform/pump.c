/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of the platform's own that wait for room.
 *
 * Of the contexts that have something to send or are told of room, one works for all: who raises `pump` from 0 pumps
 * until it has subtracted every entry that it has seen, the rest only leave their entry. So nobody waits for anybody,
 * and neither a ready() inside send() nor a send in a call back recurses. Whatever an entry stands for has been put
 * where the pump looks before the entry is made.
 */
#include "internal.h"

/* Takes what has been pushed, and puts it behind the queue in the order in which it was pushed. */
static NOINLINE void take_pushed(struct channel *ch)
{
	struct scmi_delayed *d = atomic_exchange_explicit(&ch->pushed, NULL, memory_order_acquire);
	struct scmi_delayed *last = d;
	struct scmi_delayed *batch = NULL;

	if (d == NULL)
		return;
	while (d != NULL) {
		struct scmi_delayed *next = d->next_;

		d->next_ = batch;
		batch = d;
		d = next;
	}
	if (ch->first == NULL)
		ch->first = batch;
	else
		ch->last->next_ = batch;
	ch->last = last;
}

/* In order; what does not go stays for ready(). */
static int send_delayed(struct channel *ch)
{
	int err = SCMI_OK;

	take_pushed(ch);
	while (ch->first != NULL && err != SCMI_E_BUSY) {
		struct scmi_delayed *next = ch->first->next_; /* what ends may be used anew at once */

		err = scmi__delayed_try(ch, ch->first);
		if (err != SCMI_E_BUSY)
			ch->first = next;
	}
	atomic_store_explicit(&ch->blocked, ch->first != NULL ? 1u : 0u, memory_order_relaxed);
	return err;
}

static void send_notices(struct channel *ch)
{
	if (atomic_exchange_explicit(&ch->waiting, 0u, memory_order_relaxed) != 0 &&
	    scmi__notices_try(ch) == SCMI_E_BUSY)
		atomic_store_explicit(&ch->waiting, 1u, memory_order_relaxed);
}

/* How many entries have come beyond those that were seen. */
static NOINLINE uint32_t attended(struct channel *ch, uint32_t seen)
{
	return atomic_fetch_sub(&ch->pump, seen) - seen;
}

/* For one context at a time, so that there is one of these on a stack. */
static NOINLINE void pump(struct channel *ch)
{
	uint32_t seen = 1u;

	do {
		if (send_delayed(ch) != SCMI_E_BUSY)
			send_notices(ch);
		seen = attended(ch, seen);
	} while (seen != 0);
}

/*
 * The first entry and the last subtraction hand the queue on from one context to the next (acquire and release).
 * seq_cst: start() may then conclude from 0 that whoever comes in later sees what it stores.
 */
void scmi__platform_pump(struct channel *ch)
{
	if (atomic_fetch_add(&ch->pump, 1u) == 0)
		pump(ch);
}
