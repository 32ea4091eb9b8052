/* SPDX-License-Identifier: BSD-3-Clause */
/* A case's surroundings: the agent over the kind's transport, calls with guards, and the checks at the end of each. */
#include <assert.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "suite.h"

#define HANG_SECONDS 60 /* only a hang is that slow */

static void on_trace(void *arg, const struct scmi_trace_event *event)
{
	struct conf_env *env = arg;

	if (event->kind == SCMI_TRACE_REFUSE) {
		env->last_len = event->len;
		env->last_why = event->why;
	}
}

void conf_open(struct conf_env *env, const struct conf_kind *kind)
{
	struct scmi_transport inner;

	memset(env, 0, sizeof(*env));
	env->kind = kind;
	conf_clock_init(&env->clock);
	conf_peer_init(&env->peer, kind);
	env->link = kind->make(&env->clock.port, &env->peer, &inner);
	assert_non_null(env->link);
	env->peer.link = env->link;
	conf_shim_init(&env->shim, &inner, &env->transport);
	env->config = (struct scmi_agent_config){
		.size = sizeof(env->config),
		.transport = &env->transport,
		.port = &env->clock.port,
		.event_buffers = (inner.caps & SCMI_CAP_NOTIFY) != 0 ? 4u : 0u,
	};
}

void conf_trace(struct conf_env *env)
{
	env->config.trace = on_trace;
	env->config.trace_arg = env;
}

void conf_make_agent(struct conf_env *env)
{
	const size_t size = scmi_agent_size(&env->config);

	assert_true(size != 0);
	env->mem = malloc(size);
	assert_non_null(env->mem);
	assert_int_equal(scmi_agent_init(&env->agent, env->mem, size, &env->config), SCMI_OK);
}

void conf_start(struct conf_env *env)
{
	if (env->agent == NULL)
		conf_make_agent(env);
	assert_int_equal(env->kind->peer_start(env->link), SCMI_OK);
	assert_int_equal(scmi_agent_start(env->agent), SCMI_OK);
}

struct scmi_agent_stats conf_stats(struct conf_env *env)
{
	struct scmi_agent_stats s = {.size = sizeof(s)};

	assert_int_equal(scmi_agent_stats(env->agent, SCMI_ALL_LINKS, &s), SCMI_OK);
	return s;
}

void conf_check_equations(const struct scmi_agent_stats *s)
{
	assert_int_equal(s->submitted, s->ok + s->remote + s->truncated + s->malformed + s->timed_out + s->cancelled +
					       s->closed + s->link_lost + s->in_flight);
	assert_int_equal(s->received, s->accepted + s->late + s->stray_token + s->stray_protocol + s->stray_message +
					      s->stray_type + s->duplicate + s->mismatched + s->unclaimed + s->dropped);
}

void conf_count(struct conf_env *env, int err)
{
	assert(err <= 0 && err > -32);
	env->ended[-err]++;
}

/* The counters beside what was seen: the agent derives some of them, and could be consistently wrong. */
static void check_counters(struct conf_env *env)
{
	const struct scmi_agent_stats s = conf_stats(env);
	_Atomic uint32_t *ended = env->ended;

	conf_check_equations(&s);
	assert_int_equal(s.ok, ended[-SCMI_OK]);
	assert_int_equal(s.remote, ended[-SCMI_E_REMOTE]);
	assert_int_equal(s.truncated, ended[-SCMI_E_TRUNCATED]);
	assert_int_equal(s.malformed, ended[-SCMI_E_PROTO]);
	assert_int_equal(s.timed_out, ended[-SCMI_E_TIMEOUT]);
	assert_int_equal(s.cancelled, ended[-SCMI_E_CANCELLED]);
	assert_int_equal(s.link_lost, ended[-SCMI_E_LINK]);
	assert_true(s.closed <= ended[-SCMI_E_CLOSED]); /* a call may also have been refused with it */
	assert_int_equal(s.received, env->shim.came);
	assert_int_equal(s.accepted, env->shim.taken);
	assert_true(s.submitted >= env->shim.sent && s.submitted <= env->shim.sends);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(s.quarantined, 0);
}

/* Requests that the case has left unanswered get their answer now: after the stops nobody may see it. */
static void answer_the_rest(struct conf_env *env)
{
	while (env->peer.held_n != 0) {
		const struct conf_request req = conf_peer_take(&env->peer, 0);

		conf_peer_play(&env->peer, &req, false);
	}
}

void conf_close(struct conf_env *env)
{
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	env->kind->peer_stop(env->link);
	answer_the_rest(env);
	check_counters(env);
	assert_int_equal(env->shim.holding, 0);
	assert_int_equal(env->shim.breaches, 0);
	assert_int_equal(env->kind->away(env->link), 0);
	assert_int_equal(scmi_agent_fini(env->agent), SCMI_OK);
	free(env->mem);
	env->kind->destroy(env->link);
	conf_peer_fini(&env->peer);
	conf_clock_fini(&env->clock);
}

static void on_done(struct scmi_call *call, int err)
{
	struct conf_call *c = call->arg;

	conf_count(c->env, err);
	c->err = err;
	atomic_fetch_add(&c->ended, 1);
}

void conf_call_init(struct conf_call *c, struct conf_env *env, uint8_t message, const void *params, uint32_t len)
{
	memset(c, 0, sizeof(*c));
	memset(c->reply, CONF_GUARD, sizeof(c->reply));
	if (len != 0)
		memcpy(c->params, params, len);
	c->env = env;
	c->call = (struct scmi_call){
		.size = sizeof(c->call),
		.flags = SCMI_CALL_NOWAIT,
		.protocol = CONF_PROTOCOL,
		.message = message,
		.params = c->params,
		.params_len = len,
		.reply = c->reply,
		.reply_cap = CONF_PAYLOAD,
		.done = on_done,
		.arg = c,
		.timeout_us = SCMI_FOREVER,
	};
}

int conf_call_ended(struct conf_call *c)
{
	return atomic_load(&c->ended);
}

void conf_until(struct conf_env *env, bool (*fn)(void *arg), void *arg)
{
	const time_t start = time(NULL);

	while (!fn(arg)) {
		if (scmi_agent_poll(env->agent, 16) == 0)
			sched_yield();
		if (time(NULL) - start > HANG_SECONDS)
			fail_msg("what the case waits for does not happen");
	}
}

static bool is_submitted(void *arg)
{
	struct conf_call *c = arg;
	const int err = scmi_agent_submit(c->env->agent, &c->call);

	assert_true(err == SCMI_OK || err == SCMI_E_BUSY);
	return err == SCMI_OK;
}

void conf_submit(struct conf_call *c)
{
	conf_until(c->env, is_submitted, c);
}

static bool has_ended(void *arg)
{
	return conf_call_ended(arg) != 0;
}

int conf_finish(struct conf_call *c)
{
	conf_until(c->env, has_ended, c);
	assert_int_equal(conf_call_ended(c), 1);
	return c->err;
}

void conf_check_guard(const struct conf_call *c, uint32_t len)
{
	for (uint32_t i = len; i < sizeof(c->reply); i++)
		assert_int_equal(c->reply[i], CONF_GUARD);
}
