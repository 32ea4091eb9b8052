/* SPDX-License-Identifier: BSD-3-Clause */
/* Slots in reserve: urgent calls only get them, at once or when they have waited. */
#include "agent_rig.h"

/* One send at a time, and all at once. */
static const uint32_t kinds[] = {RIG_SERIAL, RIG_IRQ};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void reserve(uint32_t caps, uint32_t slots, uint32_t limit, uint32_t reserved)
{
	uint32_t accepted = slots < limit ? slots : limit;
	struct rig *r = rig_new(caps, slots);
	struct rig_call c[16];

	r->script.transport.max_inflight = limit;
	r->config.options.reserved = reserved;
	rig_start(r);
	for (uint32_t i = 0; i < 16; i++) {
		bool urgent = i >= accepted - reserved;

		rig_named(r, &c[i], (char)('A' + i), SCMI_CALL_NOWAIT);
		if (urgent && i < accepted) {
			assert_int_equal(rig_submit(&c[i]), SCMI_E_BUSY);
			c[i].call.flags |= SCMI_CALL_URGENT;
		}
		assert_int_equal(rig_submit(&c[i]), i < accepted ? SCMI_OK : SCMI_E_BUSY);
	}
	assert_int_equal(rig_stats(r).no_slot, 16 - accepted + reserved);
	/* One of the reserved slots comes back: it is so again. */
	script_answer(&r->script, (char)('A' + accepted - 1));
	rig_named(r, &c[accepted - 1], 'Z', SCMI_CALL_NOWAIT);
	assert_int_equal(rig_submit(&c[accepted - 1]), SCMI_E_BUSY);
	c[accepted - 1].call.flags |= SCMI_CALL_URGENT;
	assert_int_equal(rig_submit(&c[accepted - 1]), SCMI_OK);
	/* An urgent call takes another one as long as there is one. */
	script_answer(&r->script, 'A');
	rig_named(r, &c[0], 'Y', SCMI_CALL_NOWAIT | SCMI_CALL_URGENT);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	script_answer(&r->script, 'Y');
	rig_named(r, &c[0], 'X', SCMI_CALL_NOWAIT);
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(scmi_agent_cancel_all(r->agent), accepted);
	rig_end(r);
}

static void reserved_slots_are_for_urgent_calls(void **state)
{
	(void)state;
	for (unsigned k = 0; k < KINDS; k++) {
		reserve(kinds[k], 4, 1024, 1);
		reserve(kinds[k], 4, 1024, 3);
		reserve(kinds[k], 2, 1024, 1);
		reserve(kinds[k], 8, 1024, 5);
		reserve(kinds[k], 8, 5, 2);
		reserve(kinds[k], 16, 11, 1);
		reserve(kinds[k], 16, 11, 10);
	}
}

/* ---- two who wait: the second comes while the first sleeps ---- */

struct two {
	struct fake_port *fake;
	struct rig_call *second;
	char freed;        /* whose reply comes while both sleep */
	unsigned depth;    /* who sleeps */
	void *events[2];   /* of the first, of the second */
	unsigned woken[2]; /* signals by that reply */
	bool answering;
	int (*wait)(void *ctx, void *event, uint64_t deadline_us);
	void (*signal)(void *ctx, void *event);
} two;

static void two_signal(void *ctx, void *event)
{
	for (int i = 0; i < 2; i++)
		two.woken[i] += two.answering && two.events[i] == event;
	two.signal(ctx, event);
}

static int two_wait(void *ctx, void *event, uint64_t deadline_us)
{
	if (two.depth == 0) {
		two.events[two.depth++] = event;
		two.fake->self = FAKE_OTHER;
		(void)rig_submit(two.second);
		two.fake->self = FAKE_THREAD;
	} else if (two.depth == 1) {
		two.events[two.depth++] = event;
		two.answering = true;
		script_answer(&two.second->rig->script, two.freed);
		two.answering = false;
	}
	return two.wait(ctx, event, deadline_us);
}

/* A pool of one slot and a reserved one, both taken; then two wait, with these flags, and this one's slot is freed. */
static struct rig *two_rig(struct rig_call c[4], uint16_t first, uint16_t second, char freed)
{
	struct rig *r = rig_new(RIG_IRQ, 2);

	r->config.options.reserved = 1;
	rig_start(r);
	for (int i = 0; i < 4; i++)
		rig_named(r, &c[i], (char)('A' + i), 0);
	c[1].call.flags = SCMI_CALL_URGENT;
	c[2].call.flags = first;
	c[3].call.flags = second;
	for (int i = 0; i < 2; i++)
		assert_int_equal(rig_submit(&c[i]), SCMI_OK);
	two = (struct two){.fake = &r->fake,
			   .second = &c[3],
			   .freed = freed,
			   .wait = r->fake.port.event_wait,
			   .signal = r->fake.port.event_signal};
	r->fake.port.event_wait = two_wait;
	r->fake.port.event_signal = two_signal;
	return r;
}

static void slot_goes_to_one_who_can_use_it(void **state)
{
	static const struct {
		uint16_t first;
		uint16_t second;
		char freed;
		unsigned woken;
	} cases[] = {
		{0, SCMI_CALL_URGENT, 'B', 1}, /* the reserved one: the urgent call, though it came later */
		{SCMI_CALL_URGENT, 0, 'B', 0}, /* ... or earlier */
		{SCMI_CALL_URGENT, SCMI_CALL_URGENT, 'B', 0}, /* of two the older one */
		{0, 0, 'A', 0},
	};

	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rig_call c[4];
		struct rig *r = two_rig(c, cases[i].first, cases[i].second, cases[i].freed);

		(void)rig_submit(&c[2]);
		assert_int_equal(two.depth, 2);
		assert_int_equal(two.woken[cases[i].woken], 1);
		assert_int_equal(two.woken[1 - cases[i].woken], 0);
		assert_int_equal(r->script.went_out, 3);
		(void)scmi_agent_cancel_all(r->agent);
		rig_end(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reserved_slots_are_for_urgent_calls),
		cmocka_unit_test(slot_goes_to_one_who_can_use_it),
	};

	return cmocka_run_group_tests_name("agent_reserve", tests, NULL, NULL);
}
