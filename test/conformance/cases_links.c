/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One agent with two links of the kind: each has its pool, its queue and its peer, and neither touches the other's
 * calls.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

#define ROUNDS 40u

static struct scmi_agent_stats stats_of(struct conf_env *env, uint32_t link)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_agent_stats(env->agent, link, &s), SCMI_OK);
	return s;
}

/* Submits an echo on one of the links, whose peer holds it. */
static void submit_on(struct conf_env *env, struct conf_env *side, struct conf_call *c, uint32_t number)
{
	unsigned char params[4];

	conf_peer_hold(&side->peer, true);
	scmi_put_le32(params, number);
	conf_call_init(c, env, CONF_ECHO, params, sizeof(params));
	c->call.protocol = side == env ? CONF_PROTOCOL : CONF_BESIDE;
	conf_submit(c);
	conf_peer_wait(&side->peer, 1);
}

static void answer_on(struct conf_env *side)
{
	const struct conf_request req = conf_peer_take(&side->peer, 0);

	conf_peer_play(&side->peer, &req, false);
}

static void works(struct conf_env *env, struct conf_env *side)
{
	struct conf_call c;

	submit_on(env, side, &c, 77);
	answer_on(side);
	conf_check_number(&c, 77);
}

static void links_carry_their_own_protocols(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);
	struct conf_call mine;
	struct conf_call theirs;

	conf_start(env);
	assert_int_equal(scmi_agent_link(env->agent, CONF_PROTOCOL), 0);
	assert_int_equal(scmi_agent_link(env->agent, CONF_BESIDE), 1);
	for (uint32_t i = 0; i < ROUNDS; i++) {
		submit_on(env, env, &mine, i);
		submit_on(env, other, &theirs, ~i);
		answer_on(i % 2u != 0 ? env : other);
		conf_check_number(i % 2u != 0 ? &mine : &theirs, i % 2u != 0 ? i : ~i);
		assert_int_equal(conf_call_ended(i % 2u != 0 ? &theirs : &mine), 0);
		answer_on(i % 2u != 0 ? other : env);
		conf_check_number(i % 2u != 0 ? &theirs : &mine, i % 2u != 0 ? ~i : i);
	}
	assert_int_equal(stats_of(env, 0).ok, ROUNDS);
	assert_int_equal(stats_of(env, 1).ok, ROUNDS);
}

/* Header and all: what comes by the wrong link is a stray there. */
static void reply_by_the_other_link_is_a_stray(struct conf_env *env)
{
	const unsigned char success[8] = {0};
	struct conf_env *other = conf_open_beside(env);
	struct conf_call mine;
	struct conf_call theirs;
	struct scmi_agent_stats s;

	conf_start(env);
	submit_on(env, env, &mine, 1);
	submit_on(env, other, &theirs, 2);
	for (uint32_t i = 0; i < 2; i++) {
		struct conf_env *from = i == 0 ? env : other;
		struct conf_env *to = i == 0 ? other : env;
		const uint32_t hdr = from->peer.held[0].hdr;

		assert_int_equal(env->kind->push(to->link, hdr, success, sizeof(success)), SCMI_OK);
		conf_receive(env, i + 1u);
		s = stats_of(env, 1u - i);
		assert_int_equal(s.received, 1);
		assert_int_equal(s.accepted, 0);
		conf_check_equations(&s);
	}
	assert_int_equal(conf_call_ended(&mine), 0);
	assert_int_equal(conf_call_ended(&theirs), 0);
	answer_on(env);
	answer_on(other);
	conf_check_number(&mine, 1);
	conf_check_number(&theirs, 2);
}

static void full_link_does_not_hold_up_the_other(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);
	struct conf_call c;

	conf_start(env);
	conf_shim_room(&env->shim, 0);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	c.call.flags = 0;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	works(env, other);
	assert_int_equal(conf_call_ended(&c), 0);
	assert_int_equal(stats_of(env, 0).queued, 1);
	assert_int_equal(stats_of(env, 1).queued, 0);
	conf_shim_room(&env->shim, CONF_ROOM);
	assert_int_equal(conf_finish(&c), SCMI_OK);
}

static void recover_touches_one_link_only(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);
	struct conf_call mine;
	struct conf_call theirs;

	conf_start(env);
	submit_on(env, env, &mine, 1);
	submit_on(env, other, &theirs, 2);
	if ((env->kind->traits & CONF_STUBBORN) != 0)
		answer_on(other);
	assert_int_equal(scmi_agent_recover(env->agent, 1), SCMI_OK);
	assert_int_equal(conf_call_ended(&theirs), 1);
	assert_int_equal(theirs.err, conf_at_once(other) ? SCMI_OK : SCMI_E_LINK);
	assert_int_equal(conf_call_ended(&mine), 0);
	assert_int_equal(stats_of(env, 0).recovered, 0);
	assert_int_equal(stats_of(env, 1).recovered, 1);
	answer_on(env);
	conf_check_number(&mine, 1);
	conf_answer_all(other);
	works(env, other);
}

static void lost_peer_touches_one_link_only(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);
	struct conf_call mine;
	struct conf_call theirs;

	conf_start(env);
	submit_on(env, env, &mine, 1);
	submit_on(env, other, &theirs, 2);
	env->kind->peer_stop(other->link);
	assert_int_equal(conf_finish(&theirs), SCMI_E_LINK);
	assert_int_equal(conf_call_ended(&mine), 0);
	assert_int_equal(scmi_agent_submit(env->agent, &theirs.call), SCMI_E_NOPEER);
	answer_on(env);
	conf_check_number(&mine, 1);
	conf_answer_all(other);
	assert_int_equal(env->kind->peer_start(other->link), SCMI_OK);
	works(env, other);
}

/* All links, or none. */
static void start_without_one_peer_undoes_the_other(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);

	conf_make_agent(env);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_E_NOPEER);
	assert_true(env->shim.stopped);
	assert_int_equal(env->kind->peer_start(other->link), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	works(env, env);
	works(env, other);
}

static void stop_ends_the_calls_of_both(struct conf_env *env)
{
	struct conf_env *other = conf_open_beside(env);

	conf_start(env);
	for (uint32_t i = 0; i < 10; i++) {
		struct conf_call mine;
		struct conf_call theirs;

		submit_on(env, env, &mine, 1);
		submit_on(env, other, &theirs, 2);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		assert_int_equal(mine.err, SCMI_E_CLOSED);
		assert_int_equal(theirs.err, SCMI_E_CLOSED);
		answer_on(env);
		answer_on(other);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	}
	works(env, env);
	works(env, other);
}

/* Both bring them, one list of subscribers takes them; counted where they came. */
static void notifications_come_by_both(struct conf_env *env)
{
	const uint32_t hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0);
	struct conf_env *other = conf_open_beside(env);
	struct conf_heard h;

	conf_start(env);
	conf_subscribe(env, &h, CONF_PROTOCOL, 1);
	assert_int_equal(env->kind->push(env->link, hdr, "a", 1), SCMI_OK);
	conf_receive(env, 1);
	for (uint32_t i = 0; i < 2; i++) {
		assert_int_equal(env->kind->push(other->link, hdr, "b", 1), SCMI_OK);
		conf_receive(env, i + 2u);
	}
	assert_int_equal(h.n, 3);
	assert_int_equal(stats_of(env, 0).accepted, 1);
	assert_int_equal(stats_of(env, 1).accepted, 2);
}

#define NO_LOSS "its peer is always there"

const struct conf_case conf_link_cases[] = {
	{"links_carry_their_own_protocols", links_carry_their_own_protocols, 0, 0, 1, NULL},
	{"reply_by_the_other_link_is_a_stray", reply_by_the_other_link_is_a_stray, 0, CONF_UNASKED, 1,
	 "carries no message that answers no command"},
	{"full_link_does_not_hold_up_the_other", full_link_does_not_hold_up_the_other, 0, 0, 1, NULL},
	{"recover_touches_one_link_only", recover_touches_one_link_only, 0, 0, 1, NULL},
	{"lost_peer_touches_one_link_only", lost_peer_touches_one_link_only, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"start_without_one_peer_undoes_the_other", start_without_one_peer_undoes_the_other, 0, CONF_PEER_GOES, 1,
	 NO_LOSS},
	{"stop_ends_the_calls_of_both", stop_ends_the_calls_of_both, 0, 0, 1, NULL},
	{"notifications_come_by_both", notifications_come_by_both, SCMI_CAP_NOTIFY, CONF_UNASKED, 1,
	 "carries no platform-to-agent messages"},
	{NULL, NULL, 0, 0, 0, NULL},
};
