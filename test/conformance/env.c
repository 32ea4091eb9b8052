/* SPDX-License-Identifier: BSD-3-Clause */
/* A case's surroundings: the agent over the kind's transport, calls with guards, and the checks at the end of each. */
#define _POSIX_C_SOURCE 200809L

#include <assert.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../support/hang.h"
#include "suite.h"

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
	conf_open_around(env, kind, NULL, NULL);
}

void conf_open_around(struct conf_env *env, const struct conf_kind *kind, conf_wrap_fn wrap, void *arg)
{
	struct scmi_transport inner;

	memset(env, 0, sizeof(*env));
	env->kind = kind;
	conf_clock_init(&env->clock);
	conf_peer_init(&env->peer, kind);
	env->link = kind->make(kind, &env->clock.port, &env->peer, &inner);
	assert_non_null(env->link);
	env->peer.link = env->link;
	if (wrap != NULL) {
		const struct scmi_transport wrapped = inner;

		wrap(arg, &wrapped, env, &inner);
	}
	conf_shim_init(&env->shim, &inner, &env->transport);
	env->config = (struct scmi_agent_config){
		.size = sizeof(env->config),
		.transport = &env->transport,
		.port = &env->clock.port,
		.event_buffers = (inner.caps & SCMI_CAP_NOTIFY) != 0 ? 4u : 0u,
	};
}

struct conf_env *conf_open_beside(struct conf_env *env)
{
	struct conf_env *other = calloc(1, sizeof(*other));

	assert_non_null(other);
	conf_open(other, env->kind);
	env->beside = other;
	env->link2 = (struct scmi_link){
		.size = sizeof(env->link2),
		.protocol = CONF_BESIDE,
		.transport = &other->transport,
	};
	env->config.links = &env->link2;
	env->config.links_n = 1;
	return other;
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
	if (env->beside != NULL)
		assert_int_equal(env->kind->peer_start(env->beside->link), SCMI_OK);
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
					      s->stray_type + s->stray_header + s->duplicate + s->mismatched +
					      s->unclaimed + s->dropped);
}

void conf_count(struct conf_env *env, int err)
{
	assert(err <= 0 && err > -32);
	env->ended[-err]++;
}

struct passed {
	uint32_t sent;
	uint32_t came;
	uint32_t taken;
	uint32_t unfinished;
};

static struct passed what_passed(const struct conf_env *env)
{
	struct passed p = {env->shim.sent, env->shim.came, env->shim.taken, env->shim.unfinished};

	if (env->beside != NULL) {
		p.sent += env->beside->shim.sent;
		p.came += env->beside->shim.came;
		p.taken += env->beside->shim.taken;
		p.unfinished += env->beside->shim.unfinished;
	}
	return p;
}

/* The counters beside what was seen: the agent derives some of them, and could be consistently wrong. */
static void check_counters(struct conf_env *env)
{
	const struct scmi_agent_stats s = conf_stats(env);
	const struct passed passed = what_passed(env);
	_Atomic uint32_t *ended = env->ended;

	conf_check_equations(&s);
	assert_int_equal(s.ok, ended[-SCMI_OK]);
	assert_int_equal(s.remote, ended[-SCMI_E_REMOTE]);
	assert_int_equal(s.truncated, ended[-SCMI_E_TRUNCATED]);
	assert_int_equal(s.malformed, ended[-SCMI_E_PROTO] + ended[-SCMI_E_COMMS]);
	assert_in_range(ended[-SCMI_E_TIMEOUT], s.timed_out, s.timed_out + env->unsure);
	assert_int_equal(s.cancelled, ended[-SCMI_E_CANCELLED]);
	/* A call may also have been refused with these. */
	assert_true(s.closed <= ended[-SCMI_E_CLOSED]);
	assert_true(s.link_lost >= ended[-SCMI_E_LINK]);
	assert_true(s.link_lost <= ended[-SCMI_E_LINK] + ended[-SCMI_E_NOPEER] + ended[-SCMI_E_IO]);
	assert_int_equal(s.received, passed.came);
	/*
	 * A subscriber may have gone while his notification was on its way to him; and a reply that was released
	 * without having been completed has been matched all the same.
	 */
	assert_true(passed.taken <= s.accepted + s.unclaimed && s.accepted <= passed.taken + passed.unfinished);
	assert_true(s.submitted >= passed.sent);
	assert_int_equal(s.in_flight, 0);
	assert_int_equal(s.quarantined, 0);
	assert_int_equal(s.queued, 0);
}

static void check_side(struct conf_env *env)
{
	env->kind->peer_stop(env->link);
	/* Requests that the case has left unanswered get their answer now: after the stops nobody may see it. */
	conf_answer_all(env);
	assert_int_equal(env->shim.holding, 0);
	assert_int_equal(env->shim.breaches, 0);
	assert_int_equal(env->kind->away(env->link), 0);
	if (env->kind->fault != NULL && env->kind->fault(env->link) != NULL)
		fail_msg("%s", env->kind->fault(env->link));
}

static void free_side(struct conf_env *env)
{
	env->kind->destroy(env->link);
	conf_peer_fini(&env->peer);
	conf_clock_fini(&env->clock);
}

void conf_close(struct conf_env *env)
{
	assert_int_equal(scmi_agent_stop(env->agent), SCMI_OK);
	check_side(env);
	if (env->beside != NULL)
		check_side(env->beside);
	check_counters(env);
	assert_int_equal(scmi_agent_fini(env->agent), SCMI_OK);
	free(env->mem);
	free_side(env);
	if (env->beside != NULL) {
		free_side(env->beside);
		free(env->beside);
	}
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
	struct hang watch = hang_watch();

	while (!fn(arg)) {
		if (scmi_agent_poll(env->agent, 16) == 0)
			sched_yield();
		if (hangs(&watch))
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
