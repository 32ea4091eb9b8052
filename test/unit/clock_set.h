/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the clock server's settings and notifications share. */
#ifndef CLOCK_SET_H
#define CLOCK_SET_H

#include "clock_fixture.h"

#define MHZ   1000000u
#define ASYNC SCMI_CLOCK_SET_ASYNC

/* CLOCK_RATE_SET by an agent, by the first one; its status. */
static inline int32_t set_by(struct fixture *f, unsigned agent, uint32_t flags, uint32_t clock, uint32_t rate)
{
	return ASK_BY(f, agent, SCMI_CLOCK_RATE_SET, 4, flags, clock, rate, 0u);
}

static inline int32_t set(struct fixture *f, uint32_t flags, uint32_t clock, uint32_t rate)
{
	return set_by(f, 1, flags, clock, rate);
}

/* Messages that the agent's endpoint has taken. */
static inline unsigned taken(struct fixture *f, unsigned agent)
{
	return atomic_load(&f->endpoints[agent - 1u].taken);
}

static inline void assert_event(const struct fake_message *m, uint8_t id, uint32_t cause, uint32_t clock, uint32_t rate)
{
	assert_int_equal(m->hdr, scmi_hdr(CLOCK, id, SCMI_MSG_NOTIFICATION, 0));
	assert_int_equal(m->len, 16);
	assert_int_equal(fake_message_u32(m, 0), cause);
	assert_int_equal(fake_message_u32(m, 1), clock);
	assert_int_equal(fake_message_u32(m, 2), rate);
	assert_int_equal(fake_message_u32(m, 3), 0);
}

#endif
