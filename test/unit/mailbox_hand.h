/* SPDX-License-Identifier: BSD-3-Clause */
/* A started agent whose platform is the test's own hand: for one file of tests. */
#ifndef MAILBOX_HAND_H
#define MAILBOX_HAND_H

#include "mailbox_rig.h"

#define A2P SCMI_MAILBOX_A2P
#define P2A SCMI_MAILBOX_P2A

static struct mailbox_rig rig;
static unsigned char reply[RIG_PAYLOAD];

static const struct rig_form silent = {
	.hostile = 1, .to_platform = RIG_SILENT, .to_agent = RIG_SILENT, .timeout_us = 1000};

static inline void open_silent(void)
{
	mailbox_rig_open(&rig, &silent);
}

static inline void interrupt(void)
{
	scmi_mailbox_interrupt(&rig.mailbox);
}

static inline struct scmi_call submitted(uint32_t flags)
{
	struct scmi_call call = rig_call(SCMI_PROTOCOL_VERSION, reply, sizeof(reply));

	call.flags = (uint16_t)flags;
	return call;
}

/* Sends one, which now stands in the area. */
static inline void send_one(struct scmi_call *call)
{
	assert_int_equal(scmi_agent_submit(rig.agent, call), SCMI_OK);
	assert_false(rig_is_free(&rig, A2P));
}

static inline int result(struct scmi_call *call)
{
	return scmi_agent_wait(rig.agent, call);
}

static inline bool is_live(struct scmi_call *call)
{
	return scmi_agent_wait_until(rig.agent, call, 0) == SCMI_E_INPROGRESS;
}

#endif
