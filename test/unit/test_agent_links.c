/* SPDX-License-Identifier: BSD-3-Clause */
/* Several links: each protocol's commands go its own way, and what happens on one link does not touch another. */
#include "agent_rig.h"

#include <scmi/message.h>

#define POWER SCMI_PROTOCOL_POWER
#define PERF  SCMI_PROTOCOL_PERF

/* The default link, which has RIG_PROTOCOL, and one for POWER. */
struct pair {
	struct rig *r;
	struct script *s[2];
};

static struct pair pair_new(uint32_t caps, uint32_t slots)
{
	struct pair p = {.r = rig_new(caps, slots)};

	p.s[0] = &p.r->script;
	p.s[1] = rig_link(p.r, POWER, caps, slots);
	return p;
}

static struct pair pair_up(uint32_t caps, uint32_t slots)
{
	struct pair p = pair_new(caps, slots);

	rig_start(p.r);
	return p;
}

/* A call for this link. */
static void name_on(struct pair *p, struct rig_call *c, int link, char name, uint16_t flags)
{
	rig_named(p->r, c, name, flags);
	c->call.protocol = link == 0 ? RIG_PROTOCOL : POWER;
}

static void submit_on(struct pair *p, struct rig_call *c, int link, char name, uint16_t flags)
{
	name_on(p, c, link, name, flags);
	assert_int_equal(rig_submit(c), SCMI_OK);
}

static void protocols_go_their_own_ways(void **state)
{
	static const uint8_t protocols[] = {SCMI_PROTOCOL_BASE, POWER, PERF, SCMI_PROTOCOL_CLOCK, 0xff, 0x00};
	static const uint32_t links[] = {0, 1, 2, 0, 3, 0};
	struct rig *r = rig_new(RIG_IRQ, 8);
	struct script *s[4] = {&r->script};
	struct rig_call c;

	(void)state;
	s[1] = rig_link(r, POWER, RIG_IRQ, 8);
	s[2] = rig_link(r, PERF, RIG_IRQ, 8);
	s[3] = rig_link(r, 0xff, RIG_IRQ, 8);
	rig_start(r);
	for (int i = 0; i < 6; i++) {
		struct script *way = s[links[i]];
		unsigned before = way->went_out;

		assert_int_equal(scmi_agent_link(r->agent, protocols[i]), links[i]);
		rig_call_init(r, &c);
		c.call.protocol = protocols[i];
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(way->went_out, before + 1);
		assert_int_equal(scmi_hdr_protocol(script_last(way)->hdr), protocols[i]);
		assert_int_equal(script_reply(way, script_last(way), SCMI_SUCCESS, NULL, 0), SCMI_OK);
		assert_ended(&c, SCMI_OK);
	}
	rig_end(r);
}

static void slots_and_limits_are_a_links_own(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 2);
	struct pair p = {.r = r, .s = {&r->script, rig_link(r, POWER, RIG_IRQ, 8)}};
	struct rig_call c[8];

	(void)state;
	p.s[1]->transport.max_inflight = 5;
	rig_start(r);
	for (int i = 0; i < 5; i++)
		submit_on(&p, &c[i], 1, (char)('A' + i), SCMI_CALL_NOWAIT);
	name_on(&p, &c[7], 1, 'X', SCMI_CALL_NOWAIT);
	assert_int_equal(rig_submit(&c[7]), SCMI_E_BUSY);
	/* One link is full, the other one is not. */
	submit_on(&p, &c[5], 0, 'Y', SCMI_CALL_NOWAIT);
	submit_on(&p, &c[6], 0, 'Z', SCMI_CALL_NOWAIT);
	name_on(&p, &c[7], 0, 'X', SCMI_CALL_NOWAIT);
	assert_int_equal(rig_submit(&c[7]), SCMI_E_BUSY);
	assert_int_equal(rig_link_stats(r, 0).slots, 2);
	assert_int_equal(rig_link_stats(r, 0).max_inflight, 2);
	assert_int_equal(rig_link_stats(r, 1).slots, 8);
	assert_int_equal(rig_link_stats(r, 1).max_inflight, 5);
	assert_int_equal(rig_stats(r).slots, 10);
	assert_int_equal(rig_stats(r).max_inflight, 7);
	assert_int_equal(scmi_agent_cancel_all(r->agent), 7);
	rig_end(r);
}

static void counters_are_a_links_own(void **state)
{
	struct pair p = pair_up(RIG_IRQ, 4);
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	struct rig_call c[5];

	(void)state;
	submit_on(&p, &c[0], 0, 'A', 0);
	submit_on(&p, &c[1], 1, 'B', 0);
	submit_on(&p, &c[2], 1, 'C', 0);
	submit_on(&p, &c[3], 1, 'D', SCMI_CALL_FENCE);
	script_answer(p.s[0], 'A');
	assert_int_equal(scmi_agent_cancel(p.r->agent, &c[1].call), SCMI_OK);
	assert_int_equal(script_rx(p.s[0], 0x12345678, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(rig_link_stats(p.r, 0).submitted, 1);
	assert_int_equal(rig_link_stats(p.r, 0).ok, 1);
	assert_int_equal(rig_link_stats(p.r, 0).received, 2);
	assert_int_equal(rig_link_stats(p.r, 0).quarantined, 0);
	assert_int_equal(rig_link_stats(p.r, 1).submitted, 3);
	assert_int_equal(rig_link_stats(p.r, 1).cancelled, 1);
	assert_int_equal(rig_link_stats(p.r, 1).in_flight, 2);
	assert_int_equal(rig_link_stats(p.r, 1).queued, 1);
	assert_int_equal(rig_link_stats(p.r, 1).quarantined, 1);
	assert_int_equal(rig_link_stats(p.r, 1).received, 0);
	assert_int_equal(rig_stats(p.r).submitted, 4);
	assert_int_equal(scmi_agent_stats(p.r->agent, 2, &stats), SCMI_E_INVAL);
	script_answer(p.s[1], 'C');
	script_answer(p.s[1], 'D');
	rig_end(p.r);
}

/* The same token is alive on both at once; each takes its own reply only. */
static void reply_on_the_wrong_link_is_a_stray(void **state)
{
	struct pair p = pair_up(RIG_IRQ, 1);
	struct rig_call c[2];

	(void)state;
	for (int round = 0; round < 5; round++) {
		submit_on(&p, &c[0], 0, 'A', 0);
		submit_on(&p, &c[1], 1, 'A', 0);
		assert_int_equal(script_last(p.s[0])->token, script_last(p.s[1])->token);
		assert_int_equal(script_reply(p.s[1], script_last(p.s[0]), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
		assert_int_equal(script_reply(p.s[0], script_last(p.s[1]), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
		assert_int_equal(c[0].ends + c[1].ends, 0);
		script_answer(p.s[1], 'A');
		assert_ended(&c[1], SCMI_OK);
		assert_int_equal(c[0].ends, 0);
		script_answer(p.s[0], 'A');
		assert_ended(&c[0], SCMI_OK);
	}
	assert_int_equal(rig_link_stats(p.r, 0).stray_protocol, 5);
	assert_int_equal(rig_link_stats(p.r, 1).stray_protocol, 5);
	rig_end(p.r);
}

static void late_reply_on_the_wrong_link_settles_nothing(void **state)
{
	struct pair p = pair_up(RIG_IRQ, 1);
	struct rig_call c;

	(void)state;
	submit_on(&p, &c, 1, 'A', 0);
	assert_int_equal(scmi_agent_cancel(p.r->agent, &c.call), SCMI_OK);
	assert_int_equal(script_reply(p.s[0], script_last(p.s[1]), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(script_settle(p.s[0], script_last(p.s[1])->token, SCMI_E_PROTO), SCMI_E_STRAY);
	assert_int_equal(rig_link_stats(p.r, 1).quarantined, 1);
	assert_int_equal(script_reply(p.s[1], script_last(p.s[1]), SCMI_SUCCESS, NULL, 0), SCMI_E_STRAY);
	assert_int_equal(rig_link_stats(p.r, 1).late, 1);
	assert_int_equal(rig_link_stats(p.r, 1).quarantined, 0);
	rig_end(p.r);
}

/* ---- links that are not there ---- */

static void one_link_works_while_the_other_is_down(void **state)
{
	(void)state;
	for (int lost = 0; lost < 2; lost++) {
		struct pair p = pair_up(RIG_IRQ, 4);
		int other = 1 - lost;
		struct rig_call c[3];

		submit_on(&p, &c[0], lost, 'A', 0);
		submit_on(&p, &c[1], other, 'B', 0);
		p.s[lost]->sink->link_down(p.s[lost]->core, SCMI_E_LINK);
		assert_ended(&c[0], SCMI_E_LINK);
		assert_int_equal(c[1].ends, 0);
		assert_int_equal(rig_submit(&c[0]), SCMI_E_NOPEER);
		script_answer(p.s[other], 'B');
		submit_on(&p, &c[2], other, 'C', 0);
		script_answer(p.s[other], 'C');
		p.s[lost]->sink->ready(p.s[lost]->core);
		submit_on(&p, &c[0], lost, 'D', 0);
		script_answer(p.s[lost], 'D');
		rig_end(p.r);
	}
}

static void be_down(struct script *s, void *arg)
{
	(void)arg;
	s->sink->link_down(s->core, SCMI_E_NOPEER);
}

static void link_that_starts_down_comes_later(void **state)
{
	(void)state;
	for (int down = 0; down < 2; down++) {
		struct pair p = pair_new(RIG_IRQ, 4);
		struct rig_call c;

		p.s[down]->on_start = be_down;
		rig_start(p.r);
		name_on(&p, &c, down, 'A', 0);
		assert_int_equal(rig_submit(&c), SCMI_E_NOPEER);
		submit_on(&p, &c, 1 - down, 'B', 0);
		script_answer(p.s[1 - down], 'B');
		p.s[down]->sink->ready(p.s[down]->core);
		submit_on(&p, &c, down, 'C', 0);
		script_answer(p.s[down], 'C');
		rig_end(p.r);
	}
}

/* The third link of four does not start: the first two are stopped again, the fourth is never started. */
static void start_that_fails_undoes_those_before(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct script *s[4] = {&r->script};
	struct rig_call c;

	(void)state;
	for (int i = 1; i < 4; i++)
		s[i] = rig_link(r, (uint8_t)(0x80 + i), RIG_IRQ, 4);
	s[1]->on_start = be_down;
	s[2]->start_err = SCMI_E_IO;
	rig_init(r);
	for (unsigned round = 1; round < 3; round++) {
		assert_int_equal(scmi_agent_start(r->agent), SCMI_E_IO);
		for (int i = 0; i < 4; i++) {
			assert_int_equal(s[i]->starts, i < 3 ? round : 0);
			assert_int_equal(s[i]->stops, i < 2 ? round : 0);
		}
		for (int i = 0; i < 4; i++) {
			rig_call_init(r, &c);
			c.call.protocol = i == 0 ? RIG_PROTOCOL : (uint8_t)(0x80 + i);
			assert_int_equal(rig_submit(&c), SCMI_E_CLOSED);
		}
		assert_int_equal(scmi_agent_poll(r->agent, 1), 0);
	}
	s[2]->start_err = SCMI_OK;
	s[1]->on_start = NULL;
	rig_start(r);
	for (int i = 0; i < 4; i++) {
		rig_call_init(r, &c);
		c.call.protocol = i == 0 ? RIG_PROTOCOL : (uint8_t)(0x80 + i);
		assert_int_equal(rig_submit(&c), SCMI_OK);
		assert_int_equal(script_reply(s[i], script_last(s[i]), SCMI_SUCCESS, NULL, 0), SCMI_OK);
	}
	rig_end(r);
}

static void stop_ends_the_calls_of_all_links(void **state)
{
	struct pair p = pair_up(RIG_IRQ, 4);
	struct rig_call c[2];

	(void)state;
	submit_on(&p, &c[0], 0, 'A', 0);
	submit_on(&p, &c[1], 1, 'B', 0);
	assert_int_equal(scmi_agent_stop(p.r->agent), SCMI_OK);
	assert_ended(&c[0], SCMI_E_CLOSED);
	assert_ended(&c[1], SCMI_E_CLOSED);
	assert_int_equal(p.s[0]->stops, 1);
	assert_int_equal(p.s[1]->stops, 1);
	rig_end(p.r);
}

/* ---- calls, across the links ---- */

/* A call tells by its ticket alone which link it is on. */
static void cancel_and_wait_find_the_right_link(void **state)
{
	struct pair p = pair_up(RIG_IRQ, 1);
	struct rig_call c[2];

	(void)state;
	for (int first = 0; first < 2; first++) {
		submit_on(&p, &c[0], 0, 'A', 0);
		submit_on(&p, &c[1], 1, 'A', 0);
		assert_int_equal(scmi_agent_cancel(p.r->agent, &c[first].call), SCMI_OK);
		assert_ended(&c[first], SCMI_E_CANCELLED);
		assert_int_equal(c[1 - first].ends, 0);
		assert_int_equal(scmi_agent_cancel(p.r->agent, &c[first].call), SCMI_E_NOTFOUND);
		script_answer(p.s[1 - first], 'A');
		assert_int_equal(script_reply(p.s[first], script_last(p.s[first]), SCMI_SUCCESS, NULL, 0),
				 SCMI_E_STRAY);
		for (int i = 0; i < 2; i++) {
			name_on(&p, &c[i], i, 'B', 0);
			assert_int_equal(rig_submit_loose(&c[i]), SCMI_OK);
		}
		assert_int_equal(script_reply(p.s[first], script_last(p.s[first]), SCMI_DENIED, NULL, 0), SCMI_OK);
		assert_int_equal(rig_wait_until(&c[1 - first], 0), SCMI_E_INPROGRESS);
		assert_int_equal(rig_wait(&c[first]), SCMI_E_REMOTE);
		script_answer(p.s[1 - first], 'B');
		assert_int_equal(rig_wait(&c[1 - first]), SCMI_OK);
	}
	rig_end(p.r);
}

static void time_is_a_links_own(void **state)
{
	struct pair p = pair_new(RIG_IRQ, 4);
	uint64_t begin = p.r->fake.now_us;
	struct rig_call c[2];

	(void)state;
	p.s[0]->transport.timeout_us = 4000;
	p.s[1]->transport.timeout_us = 1000;
	rig_start(p.r);
	submit_on(&p, &c[0], 0, 'A', 0);
	submit_on(&p, &c[1], 1, 'B', 0);
	assert_in_range(scmi_agent_next_deadline(p.r->agent), begin, begin + 1004);
	rig_pass(p.r, 1004);
	assert_ended(&c[1], SCMI_E_TIMEOUT);
	assert_int_equal(c[0].ends, 0);
	assert_in_range(scmi_agent_next_deadline(p.r->agent), begin + 1004, begin + 4004);
	rig_pass(p.r, 3000);
	assert_ended(&c[0], SCMI_E_TIMEOUT);
	rig_end(p.r);
}

static void delayed_commands_go_where_there_is_a_channel_for_them(void **state)
{
	struct rig *r = rig_new(RIG_IRQ, 4);
	struct pair p = {.r = r, .s = {&r->script, rig_link(r, POWER, RIG_IRQ | SCMI_CAP_NOTIFY, 4)}};
	struct rig_call c;

	(void)state;
	rig_start(r);
	name_on(&p, &c, 0, 'A', SCMI_CALL_DELAYED);
	assert_int_equal(rig_submit(&c), SCMI_E_NOTSUP);
	submit_on(&p, &c, 1, 'B', SCMI_CALL_DELAYED);
	script_answer(p.s[1], 'B');
	assert_int_equal(script_rx(p.s[1], scmi_hdr_as(script_last(p.s[1])->hdr, SCMI_MSG_DELAYED), "\0\0\0\0", 4),
			 SCMI_OK);
	assert_ended(&c, SCMI_OK);
	rig_end(r);
}

static void payload_is_bounded_by_the_calls_own_link(void **state)
{
	static const unsigned char params[128];
	struct pair p = pair_new(RIG_IRQ, 4);
	struct rig_call c;

	(void)state;
	p.s[1]->transport.max_payload = 16;
	rig_start(p.r);
	for (int link = 0; link < 2; link++) {
		uint32_t max = link == 0 ? SCRIPT_PAYLOAD : 16;

		name_on(&p, &c, link, 'A', 0);
		c.call.params = params;
		c.call.params_len = max + 1;
		assert_int_equal(rig_submit(&c), SCMI_E_TOOBIG);
		c.call.params_len = max;
		assert_int_equal(rig_submit(&c), SCMI_OK);
		script_answer(p.s[link], 'A');
	}
	assert_int_equal(scmi_agent_max_params(p.r->agent), SCRIPT_PAYLOAD);
	rig_end(p.r);
}

/* What the messages of each are polled for, to max of each; a wait drives its own link only. */
static void poll_takes_of_each_link(void **state)
{
	struct pair p = pair_up(RIG_POLL, 4);
	struct rig_call c[4];

	(void)state;
	for (int i = 0; i < 4; i++) {
		submit_on(&p, &c[i], i % 2, (char)('A' + i), 0);
		script_post_reply(p.s[i % 2], script_last(p.s[i % 2]), SCMI_SUCCESS);
	}
	assert_int_equal(scmi_agent_poll(p.r->agent, 1), 2);
	assert_int_equal(c[0].ends + c[1].ends, 2);
	assert_int_equal(scmi_agent_poll(p.r->agent, 9), 2);
	for (int i = 0; i < 4; i++)
		assert_ended(&c[i], SCMI_OK);
	rig_end(p.r);
}

static void wait_drives_its_own_link(void **state)
{
	(void)state;
	for (int link = 0; link < 2; link++) {
		struct pair p = pair_up(RIG_WAIT, 4);
		struct rig_call c;

		name_on(&p, &c, link, 'A', 0);
		assert_int_equal(rig_submit_loose(&c), SCMI_OK);
		script_post_reply(p.s[link], script_last(p.s[link]), SCMI_SUCCESS);
		assert_int_equal(rig_wait(&c), SCMI_OK);
		assert_int_equal(p.s[1 - link]->polls, 0);
		assert_int_equal(p.s[1 - link]->waits, 0);
		rig_end(p.r);
	}
}

static void fence_and_queue_hold_their_own_link_only(void **state)
{
	struct pair p = pair_up(RIG_SERIAL, 4);
	struct rig_call c[5];

	(void)state;
	submit_on(&p, &c[0], 1, 'A', 0);
	submit_on(&p, &c[1], 0, 'B', SCMI_CALL_FENCE);
	script_assert_sent(p.s[0], "B");
	submit_on(&p, &c[2], 1, 'C', SCMI_CALL_FENCE);
	submit_on(&p, &c[3], 0, 'D', SCMI_CALL_NOWAIT);
	script_assert_sent(p.s[0], "BD");
	script_answer(p.s[0], 'B');
	script_answer(p.s[0], 'D');
	script_assert_sent(p.s[1], "A");
	script_answer(p.s[1], 'A');
	script_answer(p.s[1], 'C');
	rig_end(p.r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(protocols_go_their_own_ways),
		cmocka_unit_test(slots_and_limits_are_a_links_own),
		cmocka_unit_test(counters_are_a_links_own),
		cmocka_unit_test(reply_on_the_wrong_link_is_a_stray),
		cmocka_unit_test(late_reply_on_the_wrong_link_settles_nothing),
		cmocka_unit_test(one_link_works_while_the_other_is_down),
		cmocka_unit_test(link_that_starts_down_comes_later),
		cmocka_unit_test(start_that_fails_undoes_those_before),
		cmocka_unit_test(stop_ends_the_calls_of_all_links),
		cmocka_unit_test(cancel_and_wait_find_the_right_link),
		cmocka_unit_test(time_is_a_links_own),
		cmocka_unit_test(delayed_commands_go_where_there_is_a_channel_for_them),
		cmocka_unit_test(payload_is_bounded_by_the_calls_own_link),
		cmocka_unit_test(poll_takes_of_each_link),
		cmocka_unit_test(wait_drives_its_own_link),
		cmocka_unit_test(fence_and_queue_hold_their_own_link_only),
	};

	return cmocka_run_group_tests_name("agent_links", tests, NULL, NULL);
}
