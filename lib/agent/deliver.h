/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCMI_AGENT_DELIVER_H
#define SCMI_AGENT_DELIVER_H

#include "internal.h"

/*
 * The call's results stand: let its owner have it. held are holds of this context's own that go with it. Returns
 * what is left for scmi__let_go().
 *
 * Who carries on is decided by the value that DONE replaces: while SENDING stands the sender does, when it clears it;
 * else this context runs the done function or wakes the waiter. The waiter's event is read before DONE is set, for
 * afterwards the call may be gone; it lies in a pool that outlives its waiters, so a late signal hurts nobody.
 */
HOT_SHARED uint32_t scmi__finish(struct link *l, struct slot *s, uint32_t held)
{
	uint32_t w = atomic_load_explicit(&s->word, memory_order_acquire);
	uint32_t waiter;

	if ((w & (W_CALLBACK | W_SENDING)) == W_CALLBACK)
		return W_CALL | held;
	do
		waiter = scmi__registered(s->call, w);
	while (!scmi__swap(s, &w, (w | W_DONE) & ~held));
	if ((w & W_SENDING) != 0)
		return 0;
	if ((w & W_CALLBACK) != 0)
		return W_CALL;
	if (waiter != WAITER_NONE)
		scmi__wake(l, waiter);
	return LEFT_TELL;
}

/*
 * The winner of the claim: one bounded copy straight into the caller's buffer, then the call is over. held: holds of
 * this context's own that go with it. Returns what scmi__finish() does.
 */
uint32_t scmi__deliver(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t held);

/*
 * The response of a delayed command, of which `held` is ours: an error ends the call, unless it has been ended, and
 * what is no response at all; a success only means that a second message follows. Returns what scmi__finish() does; where
 * the call is not ended here held, which has yet to be dropped.
 */
uint32_t scmi__deliver_half(struct link *l, struct slot *s, const struct scmi_rx *rx, uint32_t held);

/* The same, of a call that had ended: an error of the platform's says that no delayed response will come. */
void scmi__deliver_late(struct link *l, struct slot *s, const struct scmi_rx *rx);

#endif
