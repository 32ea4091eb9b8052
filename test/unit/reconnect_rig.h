/* SPDX-License-Identifier: BSD-3-Clause */
/* A rig whose link a poll recovers. */
#ifndef RECONNECT_RIG_H
#define RECONNECT_RIG_H

#include "agent_rig.h"

#define AGAIN_US 100000u
#define WIRE_US  1000u
#define SLACK_US 8u /* two ticks */

enum way { BY_ITSELF, BY_RESTART, WAYS };

static inline struct rig *reconnect_rig(enum way way, uint32_t caps, uint32_t slots)
{
	struct rig *r = rig_new(caps, slots);

	if (way == BY_ITSELF)
		script_recovers(&r->script);
	r->config.options.reconnect_us = AGAIN_US;
	return r;
}

static inline unsigned tries(const struct rig *r)
{
	return r->script.recovers + r->script.starts - 1;
}

static inline void submit_named(struct rig *r, struct rig_call *c, char name, uint16_t flags)
{
	rig_named(r, c, name, flags);
	c->call.timeout_us = WIRE_US;
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static inline void assert_works(struct rig *r)
{
	struct rig_call c;

	submit_named(r, &c, 'W', SCMI_CALL_NOWAIT);
	script_answer(&r->script, 'W');
	assert_ended(&c, SCMI_OK);
}

/* A loop that sleeps until the next deadline: it comes in time, and finds nothing to do in vain but once or twice. */
static inline void sleep_by_deadlines(struct rig *r, uint64_t us)
{
	uint64_t end = r->fake.now_us + us;
	unsigned turns = 0;

	while (r->fake.now_us < end) {
		uint64_t next = scmi_agent_next_deadline(r->agent);

		if (next > end)
			next = end;
		if (next > r->fake.now_us)
			r->fake.now_us = next;
		(void)scmi_agent_poll(r->agent, 1);
		if (++turns > 4 + 4 * us / AGAIN_US)
			fail_msg("the loop spins");
	}
}

#endif
