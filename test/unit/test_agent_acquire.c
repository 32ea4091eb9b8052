/* SPDX-License-Identifier: BSD-3-Clause */
/* Delegation: a transfer that a transport has acquired stays its own until released, whatever happens to the call. */
#include <string.h>

#include "agent_rig.h"

static const unsigned char answer[] = {0, 0, 0, 0, 0x11, 0x22, 0x33, 0x44, 0x55};

struct delegated {
	struct rig *r;
	struct rig_call c;
	struct script_sent sent;
	struct script_area area;
	struct scmi_xfer x;
};

/* A call of which the reply has been acquired, on an agent of one slot. */
static void acquire_one(struct delegated *d, uint32_t caps)
{
	d->r = rig_up(caps, 1);
	d->area = (struct script_area){.bytes = answer, .len = sizeof(answer)};
	rig_call_init(d->r, &d->c);
	d->c.call.timeout_us = 1000;
	assert_int_equal(rig_submit(&d->c), SCMI_OK);
	d->sent = *script_last(&d->r->script);
	assert_int_equal(script_acquire(&d->r->script, d->sent.hdr, &d->x, &d->area), SCMI_OK);
	assert_int_equal(d->c.ends, 0);
}

/* The slot is not used again while it is held, and is after the release. */
static void release_and_see_the_slot_back(struct delegated *d)
{
	struct rig_call next;

	rig_call_init(d->r, &next);
	assert_int_equal(rig_submit(&next), SCMI_E_BUSY);
	script_release(&d->r->script, &d->x);
	assert_int_equal(rig_stats(d->r).quarantined, 0);
	assert_int_equal(rig_submit(&next), SCMI_OK);
	assert_int_equal(script_reply(&d->r->script, script_last(&d->r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&next, SCMI_OK);
	rig_end(d->r);
}

static void acquire_gives_header_room_and_poll(void **state)
{
	static const uint32_t rooms[] = {0, 1, 64, RIG_ROOM};
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	for (uint32_t i = 0; i < 4; i++) {
		const struct script_sent *sent;

		rig_call_init(r, &c);
		c.call.reply_cap = rooms[i];
		c.call.flags = SCMI_CALL_NOWAIT | (i % 2 != 0 ? SCMI_CALL_POLL : 0);
		assert_int_equal(rig_submit(&c), SCMI_OK);
		sent = script_last(&r->script);
		assert_int_equal(script_acquire(&r->script, sent->hdr, &x, NULL), SCMI_OK);
		assert_int_equal(x.hdr, sent->hdr);
		assert_int_equal(x.cap, rooms[i]);
		assert_int_equal(x.poll, i % 2);
		script_release(&r->script, &x);
		assert_ended(&c, SCMI_E_PROTO);
	}
	rig_end(r);
}

static void complete_fetches_once_from_priv_into_the_callers_buffer(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_OK);
	assert_ended(&d.c, SCMI_OK);
	assert_int_equal(d.c.call.reply_len, 5);
	assert_memory_equal(rig_reply(&d.c), answer + 4, 5);
	assert_int_equal(d.area.fetched, sizeof(answer));
	/* At most once: the second finds nothing to complete. */
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_E_GONE);
	assert_int_equal(d.c.ends, 1);
	release_and_see_the_slot_back(&d);
}

static void acquired_transfer_outlives_a_timeout(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	d.r->fake.now_us += 1000;
	(void)scmi_agent_poll(d.r->agent, 1);
	assert_ended(&d.c, SCMI_E_TIMEOUT);
	/* The caller's buffer is the caller's again: nothing is written, nothing even fetched. */
	memset(d.c.room_, 0x77, sizeof(d.c.room_));
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_E_GONE);
	for (size_t i = 0; i < sizeof(d.c.room_); i++)
		assert_int_equal(d.c.room_[i], 0x77);
	assert_int_equal(d.r->script.fetches, 0);
	assert_int_equal(d.c.call.reply_len, 0);
	assert_int_equal(rig_stats(d.r).late, 1);
	release_and_see_the_slot_back(&d);
}

static void acquired_transfer_outlives_a_cancel(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	assert_int_equal(scmi_agent_cancel(d.r->agent, &d.c.call), SCMI_OK);
	assert_ended(&d.c, SCMI_E_CANCELLED);
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_E_GONE);
	assert_int_equal(d.r->script.fetches, 0);
	release_and_see_the_slot_back(&d);
}

static void acquired_transfer_outlives_link_loss(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	d.r->script.sink->link_down(d.r->script.core, 0);
	assert_ended(&d.c, SCMI_E_LINK);
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_E_GONE);
	assert_int_equal(d.r->script.fetches, 0);
	d.r->script.sink->ready(d.r->script.core);
	release_and_see_the_slot_back(&d);
}

static void release_without_complete_ends_the_call(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	script_release(&d.r->script, &d.x);
	assert_ended(&d.c, SCMI_E_PROTO);
	assert_int_equal(d.r->script.fetches, 0);
	rig_end(d.r);
}

static void release_without_complete_after_a_timeout_ends_nothing_twice(void **state)
{
	struct delegated d;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	d.r->fake.now_us += 1000;
	(void)scmi_agent_poll(d.r->agent, 1);
	script_release(&d.r->script, &d.x);
	assert_ended(&d.c, SCMI_E_TIMEOUT);
	rig_end(d.r);
}

static void acquire_a_second_time_is_a_stray(void **state)
{
	struct delegated d;
	struct scmi_xfer second;

	(void)state;
	acquire_one(&d, RIG_IRQ);
	assert_int_equal(script_acquire(&d.r->script, d.sent.hdr, &second, NULL), SCMI_E_STRAY);
	assert_int_equal(script_rx(&d.r->script, d.sent.hdr, answer, sizeof(answer)), SCMI_E_STRAY);
	assert_int_equal(script_settle(&d.r->script, d.sent.token, SCMI_E_IO), SCMI_E_STRAY);
	assert_int_equal(rig_stats(d.r).duplicate, 2);
	assert_int_equal(script_complete(&d.r->script, &d.x, sizeof(answer)), SCMI_OK);
	assert_ended(&d.c, SCMI_OK);
	release_and_see_the_slot_back(&d);
}

/* What was refused holds nothing, and completing or releasing it by mistake does nothing. */
static void acquire_of_a_stray_holds_nothing(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct script_sent sent;
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	sent = *script_last(&r->script);
	assert_int_equal(script_acquire(&r->script, sent.hdr ^ 1u << 18, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, sent.hdr ^ 1u << 10, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, sent.hdr ^ 1u, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, scmi_hdr_as(sent.hdr, SCMI_MSG_DELAYED), &x, NULL), SCMI_E_STRAY);
	assert_int_equal(script_acquire(&r->script, scmi_hdr_as(sent.hdr, SCMI_MSG_RESERVED), &x, NULL), SCMI_E_STRAY);
	assert_int_equal(script_complete(&r->script, &x, sizeof(answer)), SCMI_E_GONE);
	script_release(&r->script, &x);
	assert_int_equal(c.ends, 0);
	assert_int_equal(script_reply(&r->script, &sent, SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void acquire_of_an_ended_call_settles_its_debt(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(scmi_agent_cancel(r->agent, &c.call), SCMI_OK);
	assert_int_equal(rig_stats(r).quarantined, 1);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, NULL), SCMI_E_STRAY);
	assert_int_equal(rig_stats(r).quarantined, 0);
	assert_int_equal(rig_stats(r).late, 1);
	rig_end(r);
}

static void complete_bounds_what_came_as_rx_does(void **state)
{
	static const struct {
		uint32_t len;
		uint32_t cap;
		int expected;
	} cases[] = {{0, 64, SCMI_E_PROTO}, {3, 64, SCMI_E_PROTO},    {4, 64, SCMI_OK},
		     {9, 5, SCMI_OK},       {9, 4, SCMI_E_TRUNCATED}, {9, 0, SCMI_E_TRUNCATED}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rig *r = rig_up(RIG_IRQ, 1);
		struct script_area area = {.bytes = answer, .len = cases[i].len};
		struct scmi_xfer x;
		struct rig_call c;

		rig_call_init(r, &c);
		c.call.reply_cap = cases[i].cap;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &area), SCMI_OK);
		assert_int_equal(script_complete(&r->script, &x, cases[i].len), SCMI_OK);
		assert_ended(&c, cases[i].expected);
		script_release(&r->script, &x);
		rig_end(r);
	}
}

/* One context matches the message, another completes it while the caller sleeps between the two. */
static void complete_later(struct fake_port *fake, void *arg)
{
	struct delegated *d = arg;

	if (fake->calls.event_wait == 1) {
		assert_int_equal(script_acquire(&d->r->script, script_last(&d->r->script)->hdr, &d->x, &d->area),
				 SCMI_OK);
		return;
	}
	assert_int_equal(script_complete(&d->r->script, &d->x, sizeof(answer)), SCMI_OK);
	script_release(&d->r->script, &d->x);
}

static void complete_from_another_context_wakes_the_waiter(void **state)
{
	struct delegated d;

	(void)state;
	d.r = rig_up(RIG_IRQ, 1);
	d.area = (struct script_area){.bytes = answer, .len = sizeof(answer)};
	rig_call_init(d.r, &d.c);
	d.r->fake.on_wait = complete_later;
	d.r->fake.arg = &d;
	assert_int_equal(rig_submit_loose(&d.c), SCMI_OK);
	assert_int_equal(rig_wait_until(&d.c, d.r->fake.now_us + 10), SCMI_E_INPROGRESS);
	assert_int_equal(rig_wait(&d.c), SCMI_OK);
	assert_int_equal(d.r->fake.calls.event_wait, 2);
	assert_memory_equal(rig_reply(&d.c), answer + 4, 5);
	rig_end(d.r);
}

/* Matched inside a send that then fails: nothing was sent, says submit, and the transfer is still the transport's. */
static int acquire_and_fail(struct script *s, const struct script_sent *sent, void *arg)
{
	struct scmi_xfer *x = arg;

	assert_int_equal(script_acquire(s, sent->hdr, x, NULL), SCMI_OK);
	return SCMI_E_IO;
}

static void acquired_transfer_outlives_a_failing_send(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct scmi_xfer x;
	struct rig_call c;

	(void)state;
	r->script.on_send = acquire_and_fail;
	r->script.arg = &x;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_E_IO);
	r->script.on_send = NULL;
	assert_int_equal(rig_submit(&c), SCMI_E_BUSY);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_E_GONE);
	script_release(&r->script, &x);
	assert_int_equal(c.ends, 0);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acquire_gives_header_room_and_poll),
		cmocka_unit_test(complete_fetches_once_from_priv_into_the_callers_buffer),
		cmocka_unit_test(acquired_transfer_outlives_a_timeout),
		cmocka_unit_test(acquired_transfer_outlives_a_cancel),
		cmocka_unit_test(acquired_transfer_outlives_link_loss),
		cmocka_unit_test(release_without_complete_ends_the_call),
		cmocka_unit_test(release_without_complete_after_a_timeout_ends_nothing_twice),
		cmocka_unit_test(acquire_a_second_time_is_a_stray),
		cmocka_unit_test(acquire_of_a_stray_holds_nothing),
		cmocka_unit_test(acquire_of_an_ended_call_settles_its_debt),
		cmocka_unit_test(complete_bounds_what_came_as_rx_does),
		cmocka_unit_test(complete_from_another_context_wakes_the_waiter),
		cmocka_unit_test(acquired_transfer_outlives_a_failing_send),
	};

	return cmocka_run_group_tests_name("agent_acquire", tests, NULL, NULL);
}
