/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCMI_AGENT_DELIVER_H
#define SCMI_AGENT_DELIVER_H

#include "internal.h"

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
