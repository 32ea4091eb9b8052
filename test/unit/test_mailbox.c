/* SPDX-License-Identifier: BSD-3-Clause */
/* Both ends of a mailbox, against each other: agent and platform of the recordings. */
#include <string.h>

#include "mailbox_rig.h"

static struct mailbox_rig rig;

static const struct rig_form forms[] = {
	{.to_platform = RIG_POLLED, .to_agent = RIG_POLLED},
	{.to_platform = RIG_INLINE, .to_agent = RIG_POLLED},
	{.to_platform = RIG_INLINE, .to_agent = RIG_POLLED, .caps = SCMI_CAP_SYNC_SEND},
	{.to_platform = RIG_POLLED, .to_agent = RIG_INLINE},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .caps = SCMI_CAP_ATOMIC},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .caps = SCMI_CAP_SYNC_SEND | SCMI_CAP_ATOMIC},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .check = SCMI_SHMEM_CHECK_CRC32},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .flags = SCMI_MAILBOX_FRESH},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .area_flags = SCMI_SHMEM_WIDE},
	{.to_platform = RIG_INLINE, .to_agent = RIG_INLINE, .area_flags = SCMI_SHMEM_CACHED},
};

#define FORMS (sizeof(forms) / sizeof(forms[0]))

static void calls_go_and_come(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct scmi_mailbox_stats s;

		mailbox_rig_open(&rig, &forms[i]);
		for (unsigned n = 0; n < 10; n++)
			assert_int_equal(mailbox_rig_ask(&rig), SCMI_OK);
		s = rig_stats(&rig);
		assert_int_equal(s.commands, rig_end_stats(&rig).taken);
		assert_true(s.commands >= 20);
		assert_int_equal(s.errors + s.bad_length + s.bad_check + s.left, 0);
		assert_int_equal(s.rung, forms[i].to_platform == RIG_POLLED ? 0 : s.commands);
		mailbox_rig_close(&rig);
	}
}

/* A delayed response and notifications. */
static void the_platform_sends_unasked(void **state)
{
	struct scmi_sensor_protocol p;
	struct scmi_sensor_read op;
	struct scmi_sensor_reading reading;
	uint32_t n;

	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		mailbox_rig_open(&rig, &forms[i]);
		assert_int_equal(scmi_sensor_open(rig.agent, 0, &p, NULL), SCMI_OK);
		assert_int_equal(scmi_sensor_trip_notify(&p, 1, true, NULL), SCMI_OK);
		assert_int_equal(scmi_sensor_read_prepare(&p, 0, true, &op), SCMI_OK);
		assert_int_equal(scmi_agent_submit(rig.agent, &op.call), SCMI_OK);
		(void)scmi_mailbox_end_serve(rig.end, 1);
		assert_int_equal(acme_complete(&rig.acme), 1);
		assert_true(scmi_agent_poll(rig.agent, 16) >= 0);
		(void)scmi_mailbox_end_serve(rig.end, 1);
		for (unsigned k = 1; k < 10; k++) {
			assert_int_equal(acme_trip(&rig.acme, 1, 1), SCMI_OK);
			assert_true(scmi_agent_poll(rig.agent, 16) >= 0);
			assert_int_equal(rig.heard, k);
		}
		assert_int_equal(scmi_sensor_read_result(&op, scmi_agent_wait(rig.agent, &op.call), &reading, 1, &n),
				 SCMI_OK);
		assert_int_equal(rig_stats(&rig).events, 10);
		assert_int_equal(rig_end_stats(&rig).events, 10);
		mailbox_rig_close(&rig);
	}
}

/* A done function that submits the next: on the same stack, which does not grow. */
struct chain {
	struct scmi_call call;
	uint32_t version;
	unsigned left;
	uintptr_t lowest;
	uintptr_t highest;
};

static void next(struct scmi_call *call, int err)
{
	struct chain *c = call->arg;
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	assert_int_equal(err, SCMI_OK);
	c->lowest = here < c->lowest ? here : c->lowest;
	c->highest = here > c->highest ? here : c->highest;
	if (c->left-- > 0)
		assert_int_equal(scmi_agent_submit(rig.agent, call), SCMI_OK);
}

static void chained_calls_do_not_grow_the_stack(void **state)
{
	(void)state;
	for (size_t i = 0; i < FORMS; i++) {
		struct chain c = {.left = 500, .lowest = UINTPTR_MAX};

		mailbox_rig_open(&rig, &forms[i]);
		c.call = rig_call(SCMI_PROTOCOL_VERSION, &c.version, sizeof(c.version));
		c.call.done = next;
		c.call.arg = &c;
		assert_int_equal(scmi_agent_submit(rig.agent, &c.call), SCMI_OK);
		for (unsigned n = 0; n < 2000 && c.left != UINT32_MAX; n++) {
			(void)scmi_mailbox_end_serve(rig.end, 1);
			(void)scmi_agent_poll(rig.agent, 4);
		}
		assert_int_equal(c.left, UINT32_MAX);
		assert_true(c.highest - c.lowest < 4096);
		assert_int_equal(mailbox_rig_ask(&rig), SCMI_OK); /* no doorbell has been forgotten */
		mailbox_rig_close(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_go_and_come),
		cmocka_unit_test(the_platform_sends_unasked),
		cmocka_unit_test(chained_calls_do_not_grow_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
