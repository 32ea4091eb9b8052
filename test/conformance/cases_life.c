/* SPDX-License-Identifier: BSD-3-Clause */
/* Start, stop, failing sends, a peer that comes and goes, and calls from callbacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "suite.h"

#define CHAIN 10000

static void start_and_stop_again_and_again(struct conf_env *env)
{
	struct conf_call c;

	conf_make_agent(env);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	for (int i = 0; i < 50; i++) {
		conf_call_init(&c, env, CONF_ECHO, NULL, 0);
		assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_CLOSED);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
		assert_int_equal(scmi_agent_start(env->agent), SCMI_E_INVAL);
		conf_echo_works(env);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
		assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	}
}

static void stop_ends_what_is_in_flight(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;
	struct scmi_agent_stats before;
	struct scmi_agent_stats after;

	conf_start(env);
	conf_hold(env, &c, 0);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	assert_int_equal(conf_call_ended(&c), 1); /* before stop has returned */
	assert_int_equal(c.err, SCMI_E_CLOSED);
	before = conf_stats(env);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	after = conf_stats(env);
	assert_int_equal(after.received, before.received); /* nothing comes up any more */
	assert_int_equal(conf_call_ended(&c), 1);
	conf_check_guard(&c, 0);
}

/*
 * The answer to a command of before the stop comes after the next start: the transport has promised that it does not.
 */
static void answer_from_before_a_stop_is_dropped(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_hold(env, &c, 0);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	(void)scmi_agent_poll(env->agent, 16);
	conf_echo_works(env);
	assert_int_equal(conf_stats(env).received, 1);
	assert_int_equal(conf_call_ended(&c), 1);
}

/* The platform still has what was sent before the stop: it costs that slot at most, and only until it answers. */
static void unanswered_command_survives_a_restart(struct conf_env *env)
{
	struct conf_call c[2];
	struct conf_request req;
	int err;

	conf_start(env);
	conf_hold(env, &c[0], 0);
	conf_peer_wait(&env->peer, 1);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	conf_peer_hold(&env->peer, false);
	conf_call_init(&c[1], env, CONF_ECHO, NULL, 0);
	err = scmi_agent_submit(env->agent, &c[1].call);
	assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
	if (err == SCMI_OK && (env->kind->traits & CONF_WIDE) != 0)
		assert_int_equal(conf_finish(&c[1]), SCMI_OK);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	if (err == SCMI_OK)
		assert_int_equal(conf_finish(&c[1]), SCMI_OK);
	(void)scmi_agent_poll(env->agent, 16); /* a link of one area is seen to be free again */
	for (int i = 0; i < 16; i++)           /* every slot of a group */
		conf_echo_works(env);
}

struct pushed {
	struct conf_env *env;
	uint32_t n; /* there may be room for one only */
};

static void push_something(void *arg)
{
	struct pushed *p = arg;
	struct conf_env *env = p->env;
	const unsigned char payload[8] = {0};

	p->n += env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0), payload, 8) == SCMI_OK;
	p->n += env->kind->push(env->link, scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_COMMAND, 1), payload, 8) == SCMI_OK;
}

static bool all_came(void *arg)
{
	const struct pushed *p = arg;

	return conf_stats(p->env).received == p->n;
}

static void message_before_start_has_returned_is_counted(struct conf_env *env)
{
	struct pushed pushed = {.env = env};
	struct scmi_agent_stats s;

	env->shim.on_start = push_something;
	env->shim.arg = &pushed;
	conf_start(env);
	assert_in_range(pushed.n, (env->kind->traits & CONF_EIGHT) != 0 ? 2 : 1, 2);
	conf_until(env, all_came, &pushed);
	s = conf_stats(env);
	assert_int_equal(s.unclaimed, 1);
	assert_int_equal(s.stray_token, pushed.n - 1u);
	conf_check_equations(&s);
	conf_echo_works(env);
}

/* A wake that nobody has taken must cost one look at the most. */
static void stale_wake_does_no_harm(struct conf_env *env)
{
	const struct scmi_transport *t = &env->shim.below;
	unsigned char version[4];

	t->ops->wake(t->ctx);
	conf_start(env);
	for (int i = 0; i < 20; i++) {
		struct scmi_call call = {
			.size = sizeof(call),
			.protocol = CONF_PROTOCOL,
			.reply = version,
			.reply_cap = sizeof(version),
		};

		t->ops->wake(t->ctx);
		assert_int_equal(scmi_agent_call(env->agent, &call), SCMI_OK);
		conf_count(env, SCMI_OK);
	}
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	t->ops->wake(t->ctx);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	conf_echo_works(env);
}

/* With a message there, or a wake, wait() returns although its deadline never comes; and with a deadline passed. */
static void wait_returns_for_news_wake_and_deadline(struct conf_env *env)
{
	const struct scmi_transport *t = &env->shim.below;
	struct conf_request req;
	struct conf_call c;

	conf_start(env);
	t->ops->wake(t->ctx);
	t->ops->wait(t->ctx, SCMI_NEVER);
	conf_hold(env, &c, 0);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	if ((t->caps & SCMI_CAP_IRQ) == 0) { /* else it has been delivered already */
		t->ops->wait(t->ctx, SCMI_NEVER);
		t->ops->wait(t->ctx, SCMI_NEVER); /* nobody has polled: the message is still there */
	}
	assert_int_equal(conf_finish(&c), SCMI_OK);
	t->ops->wait(t->ctx, 1);
}

static void failed_send_is_returned_and_owes_nothing(struct conf_env *env)
{
	static const int errors[] = {SCMI_E_BUSY, SCMI_E_TOOBIG, SCMI_E_NOPEER, SCMI_E_LINK, SCMI_E_IO};

	conf_start(env);
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct conf_call c;

		conf_call_init(&c, env, CONF_ECHO, NULL, 0);
		env->shim.fail = errors[i];
		assert_int_equal(scmi_agent_submit(env->agent, &c.call), errors[i]);
		assert_int_equal(conf_call_ended(&c), 0);
		assert_int_equal(conf_stats(env).quarantined, 0);
		conf_echo_works(env);
	}
	assert_int_equal(conf_stats(env).refused, 5);
	assert_int_equal(conf_stats(env).submitted, 5); /* the echoes */
}

static void absent_peer_is_nopeer(struct conf_env *env)
{
	struct conf_call c;

	conf_make_agent(env);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_E_NOPEER);
	conf_call_init(&c, env, CONF_ECHO, NULL, 0);
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_E_CLOSED);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	conf_echo_works(env);
}

static void peer_lost_ends_calls_and_back_takes_new_ones(struct conf_env *env)
{
	conf_start(env);
	for (uint32_t i = 1; i <= 10; i++) {
		struct conf_request req;
		struct conf_call c;
		struct conf_call refused;
		struct scmi_agent_stats s;

		conf_hold(env, &c, 0);
		conf_peer_wait(&env->peer, 1);
		env->kind->peer_stop(env->link);
		assert_int_equal(conf_call_ended(&c), 1);
		assert_int_equal(c.err, SCMI_E_LINK);
		conf_call_init(&refused, env, CONF_ECHO, NULL, 0);
		assert_int_equal(scmi_agent_submit(env->agent, &refused.call), SCMI_E_NOPEER);
		req = conf_peer_take(&env->peer, 0);
		conf_peer_play(&env->peer, &req, false);
		s = conf_stats(env);
		assert_int_equal(s.link_lost, i);
		assert_int_equal(s.quarantined, 0);
		assert_int_equal(s.received, i - 1u); /* the late answer is not among them */
		assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
		conf_echo_works(env);
	}
}

/* Both in a row, nobody polling between: what waits on its way to the agent is of the lost peer, too. */
static void reply_on_its_way_is_lost_with_its_peer(struct conf_env *env)
{
	struct conf_request req;
	struct conf_call c;

	conf_start(env);
	conf_hold(env, &c, 0);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	env->kind->peer_stop(env->link);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(conf_call_ended(&c), 1);
	assert_true(c.err == SCMI_OK ||
		    c.err == SCMI_E_LINK); /* delivered before, where the transport delivers itself */
	conf_echo_works(env);
	assert_int_equal(conf_stats(env).late + conf_stats(env).duplicate, 0);
}

/* A stopped agent does not hear of the peer, and finds it again. */
static void peer_goes_while_the_agent_is_stopped(struct conf_env *env)
{
	conf_start(env);
	conf_echo_works(env);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	env->kind->peer_stop(env->link);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_E_NOPEER);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
	conf_echo_works(env);
}

static void two_instances_do_not_know_of_each_other(struct conf_env *env)
{
	struct conf_env *other = calloc(1, sizeof(*other));
	struct conf_call mine;
	struct conf_call theirs;
	struct conf_request req;

	assert_non_null(other);
	conf_open(other, env->kind);
	conf_start(env);
	conf_start(other);
	conf_hold(env, &mine, 0);
	conf_hold(other, &theirs, 0);
	conf_peer_wait(&env->peer, 1);
	conf_peer_wait(&other->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	assert_int_equal(conf_finish(&mine), SCMI_OK);
	assert_int_equal(conf_call_ended(&theirs), 0);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	req = conf_peer_take(&other->peer, 0);
	conf_peer_play(&other->peer, &req, false);
	assert_int_equal(conf_finish(&theirs), SCMI_OK);
	conf_echo_works(other);
	conf_close(other);
	free(other);
}

struct chain {
	struct conf_call c;
	_Atomic int left;
	_Atomic int failed;
	_Atomic int deepest;
};

static _Thread_local int chain_depth; /* of this thread's stack; another may be in on_link() before we have left it */

static void on_link(struct scmi_call *call, int err)
{
	struct chain *ch = call->arg;
	const int left = ch->left - 1;

	conf_count(ch->c.env, err);
	chain_depth++;
	if (chain_depth > ch->deepest)
		ch->deepest = chain_depth;
	if (err != SCMI_OK)
		ch->failed++;
	ch->left = left; /* before the submit: from there on the call, and all of this, is the next link's */
	if (left > 0 && scmi_agent_submit(ch->c.env->agent, call) != SCMI_OK) {
		ch->failed++;
		ch->left = 0;
	}
	chain_depth--;
}

static bool chain_over(void *arg)
{
	return ((struct chain *)arg)->left <= 0;
}

static void submits_from_done_chain_in_constant_stack(struct conf_env *env)
{
	struct chain ch = {.left = CHAIN};

	conf_start(env);
	conf_call_init(&ch.c, env, CONF_ECHO, "x", 1);
	ch.c.call.flags = 0; /* a wire that holds one has the last one still, while its done function runs */
	ch.c.call.done = on_link;
	ch.c.call.arg = &ch;
	assert_int_equal(scmi_agent_submit(env->agent, &ch.c.call), SCMI_OK);
	conf_until(env, chain_over, &ch);
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK); /* the last one may not have returned */
	assert_int_equal(ch.failed, 0);
	assert_int_equal(ch.deepest, 1);
	assert_int_equal(conf_peer_seen(&env->peer), CHAIN);
}

static void deferred_done_runs_in_poll_only(struct conf_env *env)
{
	struct conf_call c;

	env->config.flags = SCMI_AGENT_DEFERRED;
	conf_start(env);
	conf_call_init(&c, env, CONF_ECHO, "ping", 4);
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(conf_call_ended(&c), 0);
	assert_int_equal(conf_finish(&c), SCMI_OK);
}

static void wait_until_leaves_the_call_live(struct conf_env *env)
{
	struct conf_call c;
	struct conf_request req;

	conf_start(env);
	conf_peer_hold(&env->peer, true);
	conf_call_init(&c, env, CONF_ECHO, "ping", 4);
	c.call.done = NULL;
	assert_int_equal(scmi_agent_submit(env->agent, &c.call), SCMI_OK);
	assert_int_equal(scmi_agent_wait_until(env->agent, &c.call, 0), SCMI_E_INPROGRESS);
	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
	assert_int_equal(scmi_agent_wait(env->agent, &c.call), SCMI_OK);
	conf_count(env, SCMI_OK);
	assert_memory_equal(c.reply, "ping", 4);
}

#define NO_LOSS    "its peer is always there"
#define NO_UNASKED "carries no message that answers no command"
#define NO_WAIT    "has no wait"

const struct conf_case conf_life_cases[] = {
	{"start_and_stop_again_and_again", start_and_stop_again_and_again, 0, 0, 1, NULL},
	{"stop_ends_what_is_in_flight", stop_ends_what_is_in_flight, 0, 0, 1, NULL},
	{"answer_from_before_a_stop_is_dropped", answer_from_before_a_stop_is_dropped, 0, 0, 1, NULL},
	{"unanswered_command_survives_a_restart", unanswered_command_survives_a_restart, 0, 0, 1, NULL},
	{"message_before_start_has_returned_is_counted", message_before_start_has_returned_is_counted, SCMI_CAP_NOTIFY,
	 CONF_UNASKED, 1, NO_UNASKED},
	{"stale_wake_does_no_harm", stale_wake_does_no_harm, SCMI_CAP_WAIT, 0, 1, NO_WAIT},
	{"wait_returns_for_news_wake_and_deadline", wait_returns_for_news_wake_and_deadline, SCMI_CAP_WAIT, 0, 1,
	 NO_WAIT},
	{"failed_send_is_returned_and_owes_nothing", failed_send_is_returned_and_owes_nothing, 0, 0, 1, NULL},
	{"absent_peer_is_nopeer", absent_peer_is_nopeer, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"peer_lost_ends_calls_and_back_takes_new_ones", peer_lost_ends_calls_and_back_takes_new_ones, 0,
	 CONF_PEER_GOES, 1, NO_LOSS},
	{"reply_on_its_way_is_lost_with_its_peer", reply_on_its_way_is_lost_with_its_peer, 0, CONF_PEER_GOES, 1,
	 NO_LOSS},
	{"peer_goes_while_the_agent_is_stopped", peer_goes_while_the_agent_is_stopped, 0, CONF_PEER_GOES, 1, NO_LOSS},
	{"two_instances_do_not_know_of_each_other", two_instances_do_not_know_of_each_other, 0, 0, 1, NULL},
	{"submits_from_done_chain_in_constant_stack", submits_from_done_chain_in_constant_stack, 0, 0, 1, NULL},
	{"deferred_done_runs_in_poll_only", deferred_done_runs_in_poll_only, 0, 0, 1, NULL},
	{"wait_until_leaves_the_call_live", wait_until_leaves_the_call_live, 0, 0, 1, NULL},
	{NULL, NULL, 0, 0, 0, NULL},
};
