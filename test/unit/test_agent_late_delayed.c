/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A peer that cannot be reset: what it has promised to send later survives a recovery and a restart, and keeps its slot
 * until it comes, so that no later call can be given it.
 */
#include "agent_rig.h"

#include <scmi/message.h>

#define CAPS (RIG_IRQ | SCMI_CAP_NOTIFY)

static void delayed_call(struct rig *r, struct rig_call *c)
{
	rig_call_init(r, c);
	c->call.flags |= SCMI_CALL_DELAYED | SCMI_CALL_NOWAIT;
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static int delay_respond(struct rig *r, const struct script_sent *sent)
{
	return script_rx(&r->script, scmi_hdr_as(sent->hdr, SCMI_MSG_DELAYED), "\0\0\0\0\1\2\3\4", 8);
}

enum way { BY_RECOVERY, BY_RESTART, WAYS };

static void begin_anew(struct rig *r, enum way way)
{
	if (way == BY_RECOVERY) {
		assert_int_equal(scmi_agent_recover(r->agent, 0), SCMI_OK);
		return;
	}
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(r->agent), SCMI_OK);
}

/* One slot: if it was free it would be the next call's. */
static void delayed_response_of_before_keeps_its_slot_until_it_comes(void **state)
{
	(void)state;
	for (int responded = 0; responded < 2; responded++) {
		for (enum way way = 0; way < WAYS; way++) {
			struct rig *r = rig_up(CAPS | SCMI_CAP_LATE_DELAYED, 1);
			struct rig_call old, next;
			struct script_sent sent;

			delayed_call(r, &old);
			sent = *script_last(&r->script);
			if (responded)
				assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
			begin_anew(r, way);
			assert_ended(&old, way == BY_RECOVERY ? SCMI_E_LINK : SCMI_E_CLOSED);
			assert_int_equal(rig_stats(r).quarantined, 1);
			rig_call_init(r, &next);
			next.call.flags |= SCMI_CALL_NOWAIT;
			assert_int_equal(rig_submit(&next), SCMI_E_BUSY);
			/* The response is forgiven: the area, or whatever it was, is ours again. */
			assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
			assert_int_equal(rig_stats(r).quarantined, 1);
			assert_int_equal(delay_respond(r, &sent), SCMI_E_STRAY);
			assert_int_equal(rig_stats(r).late, 1);
			assert_int_equal(rig_stats(r).quarantined, 0);
			delayed_call(r, &next);
			sent = *script_last(&r->script);
			assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
			assert_int_equal(delay_respond(r, &sent), SCMI_OK);
			assert_ended(&next, SCMI_OK);
			rig_end(r);
		}
	}
}

static void peer_that_is_gone_owes_nothing(void **state)
{
	struct rig *r = rig_up(CAPS | SCMI_CAP_LATE_DELAYED, 1);
	struct rig_call c;

	(void)state;
	delayed_call(r, &c);
	r->script.sink->link_down(r->script.core, SCMI_E_LINK);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

static void without_the_capability_nothing_is_kept(void **state)
{
	(void)state;
	for (enum way way = 0; way < WAYS; way++) {
		struct rig *r = rig_up(CAPS, 1);
		struct rig_call c;

		delayed_call(r, &c);
		begin_anew(r, way);
		assert_int_equal(rig_stats(r).quarantined, 0);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(delayed_response_of_before_keeps_its_slot_until_it_comes),
		cmocka_unit_test(peer_that_is_gone_owes_nothing),
		cmocka_unit_test(without_the_capability_nothing_is_kept),
	};

	return cmocka_run_group_tests_name("agent_late_delayed", tests, NULL, NULL);
}
