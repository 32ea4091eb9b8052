/* SPDX-License-Identifier: BSD-3-Clause */
/* Corners in which the core once went wrong, and corners that the headers tell of. */
#include <string.h>
#include "agent_rig.h"

struct listener {
	struct scmi_subscriber node;
	struct rig *r;
	unsigned heard;
	struct rig_call *c;
	unsigned n;
};

static void submit_in_notify(struct scmi_subscriber *self, uint32_t hdr, const void *p, uint32_t len)
{
	struct listener *l = self->arg;
	(void)hdr;
	(void)p;
	(void)len;
	l->heard++;
	assert_int_equal(rig_submit(l->c), SCMI_OK);
}
/* A synchronous transport ends the call inside the handler: its done runs when the handler has returned. */
static void notify_handler_that_submits_gets_its_done(void **state)
{
	struct rig *r = rig_new(RIG_SYNC | SCMI_CAP_NOTIFY, 4);
	struct listener l = {
		.node = {
			.size = sizeof(l.node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = submit_in_notify}};
	struct rig_call c;
	(void)state;
	r->config.event_buffers = 1;
	rig_init(r);
	l.node.arg = &l;
	l.r = r;
	l.c = &c;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_OK);
	rig_start(r);
	r->script.on_send = script_answer_at_once;
	rig_call_init(r, &c);
	assert_int_equal(script_rx(&r->script, scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1), SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static struct rig_call nested_call;
static void nest(struct scmi_subscriber *self, uint32_t hdr, const void *p, uint32_t len)
{
	struct listener *l = self->arg;
	uintptr_t was = l->r->fake.self;
	(void)hdr;
	(void)p;
	(void)len;
	l->n++;
	l->r->fake.self = 100 + l->n;
	if (l->n < 16)
		assert_int_equal(script_rx(&l->r->script, hdr, "x", 1), SCMI_OK);
	else
		assert_int_equal(script_reply(&l->r->script, script_last(&l->r->script), SCMI_SUCCESS, NULL, 0),
				 SCMI_OK);
	l->r->fake.self = was;
}
/* All frames are taken by handlers, and one more context ends a call. */
static void put_off_is_run_when_a_notification_leaves_its_frame(void **state)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 4);
	struct listener l = {
		.node = {.size = sizeof(l.node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = nest}};
	(void)state;
	r->config.event_buffers = 32;
	rig_init(r);
	l.node.arg = &l;
	l.r = r;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_OK);
	rig_start(r);
	rig_call_init(r, &nested_call);
	assert_int_equal(rig_submit(&nested_call), SCMI_OK);
	assert_int_equal(script_rx(&r->script, scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1), SCMI_OK);
	assert_ended(&nested_call, SCMI_OK);
	rig_end(r);
}

/* 48 slots and a wrong port: the line is about the port. */
static void log_of_another_fault_says_nothing_of_slots(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 48);
	static max_align_t mem[SCMI_AGENT_WORDS(64)];
	(void)state;
	r->config.port = NULL;
	assert_int_equal(scmi_agent_init(&r->agent, mem, sizeof(mem), &r->config), SCMI_E_INVAL);
	assert_false(rig_logged(r, "the next one"));
	rig_end(r);
}

/* A payload whose buffers would not be counted in 32 bits. */
static void event_bytes_near_4g_do_not_wrap(void **state)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 1);
	size_t size;
	(void)state;
	r->script.transport.max_payload = UINT32_MAX;
	r->config.event_buffers = 1;
	size = scmi_agent_size(&r->config);
	assert_int_equal(size, 0);
	rig_end(r);
}

/* A transport that does not run is left alone. */
static void stopped_transport_is_left_alone_submit(void **state)
{
	struct rig *r = rig_new(RIG_POLL, 4);
	struct rig_call c;
	(void)state;
	rig_init(r);
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_E_CLOSED);
	assert_int_equal(r->script.used_stopped, 0);
	rig_end(r);
}
static void stopped_transport_is_left_alone_poll(void **state)
{
	struct rig *r = rig_new(RIG_POLL, 4);
	(void)state;
	rig_init(r);
	(void)scmi_agent_poll(r->agent, 1);
	assert_int_equal(r->script.used_stopped, 0);
	rig_end(r);
}

/* A flood of messages does not keep a waiter from its time. */
static unsigned flood_left;
static void flood(struct script *s, void *arg)
{
	(void)arg;
	*s->clock_us += 10;
	if (flood_left != 0) {
		flood_left--;
		script_post(s, scmi_hdr(1, 2, SCMI_MSG_RESERVED, 3), "x", 1);
	}
}
static void wait_until_under_a_flood_returns_in_time(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call c;
	(void)state;
	flood_left = 100000;
	r->script.on_poll = flood;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait_until(&c, r->fake.now_us + 1000), SCMI_E_INPROGRESS);
	assert_true(flood_left != 0);
	script_reply(&r->script, script_last(&r->script), 0, NULL, 0);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	rig_end(r);
}
static void wait_until_under_a_flood_returns_in_time_poll(void **state)
{
	struct rig *r = rig_up(RIG_WAIT, 4);
	struct rig_call c;
	(void)state;
	flood_left = 100000;
	r->script.on_poll = flood;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	c.call.flags = SCMI_CALL_POLL | SCMI_CALL_NOWAIT;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait_until(&c, r->fake.now_us + 1000), SCMI_E_INPROGRESS);
	assert_true(flood_left != 0);
	script_reply(&r->script, script_last(&r->script), 0, NULL, 0);
	assert_int_equal(rig_wait(&c), SCMI_OK);
	rig_end(r);
}

/* The transport's own stop may be what releases what it holds. */
static struct scmi_xfer held;
static bool released;
static void release_in_stop(struct script *s, void *arg)
{
	(void)arg;
	if (!released) {
		released = true;
		script_release(s, &held);
	}
}
static void give_up(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;
	if (fake->calls.relax > 10000) {
		released = true;
		script_release(&r->script, &held);
		r->fake.on_relax = NULL;
		r->line_count = 999;
	}
}
static void stop_with_a_transfer_that_stop_releases(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c;
	(void)state;
	released = false;
	r->script.on_stop = release_in_stop;
	r->fake.on_relax = give_up;
	r->fake.arg = r;
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &held, NULL), SCMI_OK);
	assert_int_equal(scmi_agent_stop(r->agent), SCMI_OK);
	assert_ended(&c, SCMI_E_CLOSED);
	assert_int_not_equal(r->line_count, 999);
	r->script.on_stop = NULL;
	rig_end(r);
}

/* Nothing was ever sent: nothing is a duplicate. */
static void n1_first_stray(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	(void)state;
	for (unsigned t = 0; t < 1024; t++)
		(void)script_rx(&r->script, scmi_hdr(0, 0, SCMI_MSG_COMMAND, (uint16_t)t), "abcd", 4);
	assert_int_equal(rig_stats(r).stray_token, 1024);
	rig_end(r);
}

/* What was to follow a MORE fails: the doorbell is rung all the same. */
static void more_then_bad_submit(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 4);
	struct rig_call c[2];
	(void)state;
	rig_call_init(r, &c[0]);
	rig_call_init(r, &c[1]);
	c[0].call.flags = SCMI_CALL_MORE | SCMI_CALL_NOWAIT;
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	c[1].call.params_len = 4;
	assert_int_equal(rig_submit(&c[1]), SCMI_E_INVAL);
	assert_int_equal(r->script.flushes, 1);
	scmi_agent_cancel(r->agent, &c[0].call);
	rig_end(r);
}
static void more_then_failing_call(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c[2];
	(void)state;
	rig_call_init(r, &c[0]);
	rig_call_init(r, &c[1]);
	c[0].call.flags = SCMI_CALL_MORE | SCMI_CALL_NOWAIT;
	assert_int_equal(rig_submit(&c[0]), SCMI_OK);
	assert_int_equal(rig_do(&c[1]), SCMI_E_BUSY);
	assert_int_equal(r->script.flushes, 1);
	scmi_agent_cancel(r->agent, &c[0].call);
	rig_end(r);
}

/* Counters read between a reply and the return of its send. */
static struct scmi_agent_stats seen;
static void look(struct scmi_subscriber *self, uint32_t hdr, const void *p, uint32_t len)
{
	struct listener *l = self->arg;
	(void)hdr;
	(void)p;
	(void)len;
	seen = rig_stats(l->r);
}
static int reply_then_notify(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)arg;
	(void)script_reply(s, sent, 0, NULL, 0);
	(void)script_rx(s, scmi_hdr(0x15, 1, SCMI_MSG_NOTIFICATION, 0), "x", 1);
	return SCMI_OK;
}
static void stats_inside_send(void **state)
{
	struct rig *r = rig_new(RIG_SYNC | SCMI_CAP_NOTIFY, 4);
	struct listener l = {
		.node = {.size = sizeof(l.node), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = look}};
	struct rig_call c;
	(void)state;
	r->config.event_buffers = 1;
	rig_init(r);
	l.node.arg = &l;
	l.r = r;
	assert_int_equal(scmi_agent_subscribe(r->agent, &l.node), SCMI_OK);
	rig_start(r);
	r->script.on_send = reply_then_notify;
	rig_call_init(r, &c);
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(seen.received, 2);
	rig_end(r);
}

/* The end has come, done has yet to run. */
static void cancel_of_a_call_whose_done_is_put_off_is_in_progress(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct rig_call c;
	int err;
	(void)state;
	r->config.flags = SCMI_AGENT_DEFERRED;
	rig_start(r);
	rig_call_init(r, &c);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_reply(&r->script, script_last(&r->script), 0, NULL, 0), SCMI_OK);
	err = scmi_agent_cancel(r->agent, &c.call);
	(void)scmi_agent_poll(r->agent, 1);
	assert_int_equal(err, SCMI_E_INPROGRESS);
	rig_end(r);
}

/* One slot: done runs inside complete(), and the transport still holds it. */
static void again(struct rig_call *c)
{
	int *err = c->arg;
	c->then = NULL;
	*err = rig_submit(c);
}
static void submit_in_done_inside_complete_finds_the_slot_held(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct scmi_xfer x;
	struct script_area area = {.bytes = "\0\0\0\0", .len = 4};
	struct rig_call c;
	int err = 99;
	(void)state;
	rig_call_init(r, &c);
	c.then = again;
	c.arg = &err;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_int_equal(script_acquire(&r->script, script_last(&r->script)->hdr, &x, &area), SCMI_OK);
	assert_int_equal(script_complete(&r->script, &x, 4), SCMI_OK);
	script_release(&r->script, &x);
	assert_int_equal(err, SCMI_E_BUSY);
	assert_int_equal(rig_submit(&c), SCMI_OK);
	scmi_agent_cancel(r->agent, &c.call);
	rig_end(r);
}

/* The message that is being sent may have gone to the next peer, if there is one by now. */
static int down_ok(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)sent;
	(void)arg;
	s->sink->link_down(s->core, 0);
	return SCMI_OK;
}
static int down_and_up(struct script *s, const struct script_sent *sent, void *arg)
{
	(void)down_ok(s, sent, arg);
	s->sink->ready(s->core);
	return SCMI_OK;
}
static void link_down_inside_send_keeps_that_slot_if_it_is_up_again(void **state)
{
	struct rig *r = rig_up(RIG_IRQ, 1);
	struct rig_call c;
	(void)state;
	rig_call_init(r, &c);
	r->script.on_send = down_ok;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 0);
	r->script.sink->ready(r->script.core);
	r->script.on_send = down_and_up;
	c.ends = 0;
	assert_int_equal(rig_submit(&c), SCMI_OK);
	assert_ended(&c, SCMI_E_LINK);
	assert_int_equal(rig_stats(r).quarantined, 1);
	r->script.sink->link_down(r->script.core, 0);
	assert_int_equal(rig_stats(r).quarantined, 0);
	rig_end(r);
}

/* The peer is there, then start() fails: nobody may have sent or polled meanwhile, for nothing would end that call. */
static int early_err;
static void submit_and_poll_early(struct script *s, void *arg)
{
	struct rig_call *c = arg;
	s->sink->link_down(s->core, 0);
	(void)scmi_agent_poll(c->rig->agent, 1);
	s->sink->ready(s->core);
	early_err = rig_submit(c);
	(void)scmi_agent_poll(c->rig->agent, 1);
}
static void start_that_fails_after_ready_has_let_nobody_in(void **state)
{
	struct rig *r = rig_new(RIG_POLL, 4);
	struct rig_call c;
	(void)state;
	rig_init(r);
	rig_call_init(r, &c);
	r->script.on_start = submit_and_poll_early;
	r->script.arg = &c;
	r->script.start_err = SCMI_E_IO;
	assert_int_equal(scmi_agent_start(r->agent), SCMI_E_IO);
	assert_int_equal(early_err, SCMI_E_CLOSED);
	assert_int_equal(r->script.sends, 0);
	assert_int_equal(r->script.polls, 0);
	rig_end(r);
}

/* However long a waiter may spin: time-outs and its own limit are kept, to 16 turns. */
static void ten_us_pass(struct fake_port *fake, void *arg)
{
	(void)arg;
	fake->now_us += 10;
}
static void spin_turns_do_not_outlast_the_time(void **state)
{
	struct rig *r = rig_new(RIG_WAIT, 4);
	struct rig_call c;
	(void)state;
	r->config.spin_turns = 1000000;
	r->fake.on_relax = ten_us_pass;
	rig_start(r);
	rig_call_init(r, &c);
	c.call.timeout_us = 2000;
	assert_int_equal(rig_submit_loose(&c), SCMI_OK);
	assert_int_equal(rig_wait_until(&c, r->fake.now_us + 1000), SCMI_E_INPROGRESS);
	assert_in_range(r->fake.calls.relax, 90, 100 + 16);
	assert_int_equal(rig_wait(&c), SCMI_E_TIMEOUT);
	assert_in_range(r->fake.calls.relax, 190, 200 + 32);
	rig_end(r);
}

/* What does not come inside send() is found by poll alone. */
static void post_the_reply(struct fake_port *fake, void *arg)
{
	struct rig *r = arg;
	if (fake->calls.relax == 3)
		script_post_reply(&r->script, script_last(&r->script), SCMI_SUCCESS);
}
static void waiter_of_a_transport_that_answers_in_send_or_is_polled_polls(void **state)
{
	struct rig *r = rig_up(RIG_SYNC | SCMI_CAP_POLL, 4);
	struct rig_call c;
	(void)state;
	r->fake.on_relax = post_the_reply;
	r->fake.arg = r;
	rig_call_init(r, &c);
	c.call.timeout_us = SCMI_FOREVER;
	assert_int_equal(rig_do(&c), SCMI_OK);
	assert_int_equal(r->fake.calls.relax, 3);
	rig_end(r);
}

/* 65534 buffers of 16 MiB are not counted in the 32 bits of a small machine. */
static void event_buffers_of_more_than_a_gib_are_refused(void **state)
{
	struct rig *r = rig_new(RIG_IRQ | SCMI_CAP_NOTIFY, 1);
	(void)state;
	r->script.transport.max_payload = 1u << 24;
	r->config.event_buffers = 64;
	assert_true(scmi_agent_size(&r->config) > 1u << 30);
	r->config.event_buffers = 65;
	assert_int_equal(scmi_agent_size(&r->config), 0);
	r->config.event_buffers = 256;
	assert_int_equal(scmi_agent_size(&r->config), 0);
	r->config.event_bytes = 64;
	assert_true(scmi_agent_size(&r->config) > 256 * 64);
	rig_end(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start_that_fails_after_ready_has_let_nobody_in),
		cmocka_unit_test(spin_turns_do_not_outlast_the_time),
		cmocka_unit_test(waiter_of_a_transport_that_answers_in_send_or_is_polled_polls),
		cmocka_unit_test(event_buffers_of_more_than_a_gib_are_refused),
		cmocka_unit_test(notify_handler_that_submits_gets_its_done),
		cmocka_unit_test(put_off_is_run_when_a_notification_leaves_its_frame),
		cmocka_unit_test(log_of_another_fault_says_nothing_of_slots),
		cmocka_unit_test(event_bytes_near_4g_do_not_wrap),
		cmocka_unit_test(stopped_transport_is_left_alone_submit),
		cmocka_unit_test(stopped_transport_is_left_alone_poll),
		cmocka_unit_test(wait_until_under_a_flood_returns_in_time),
		cmocka_unit_test(wait_until_under_a_flood_returns_in_time_poll),
		cmocka_unit_test(stop_with_a_transfer_that_stop_releases),
		cmocka_unit_test(n1_first_stray),
		cmocka_unit_test(more_then_bad_submit),
		cmocka_unit_test(more_then_failing_call),
		cmocka_unit_test(stats_inside_send),
		cmocka_unit_test(cancel_of_a_call_whose_done_is_put_off_is_in_progress),
		cmocka_unit_test(submit_in_done_inside_complete_finds_the_slot_held),
		cmocka_unit_test(link_down_inside_send_keeps_that_slot_if_it_is_up_again),
	};

	return cmocka_run_group_tests_name("agent_corner", tests, NULL, NULL);
}
