/* SPDX-License-Identifier: BSD-3-Clause */
/* What many cases do. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <cmocka.h>

#include "suite.h"

void conf_echo_works(struct conf_env *env)
{
	struct conf_call c;

	conf_peer_hold(&env->peer, false);
	conf_call_init(&c, env, CONF_ECHO, "ping", 4);
	conf_submit(&c); /* whoever delivered the last one may hold its slot for a moment */
	assert_int_equal(conf_finish(&c), SCMI_OK);
	assert_memory_equal(c.reply, "ping", 4);
	conf_check_guard(&c, 4);
}

void conf_hold(struct conf_env *env, struct conf_call *c, uint32_t number)
{
	unsigned char params[4];

	conf_peer_hold(&env->peer, true);
	scmi_put_le32(params, number);
	conf_call_init(c, env, CONF_ECHO, params, sizeof(params));
	conf_submit(c);
}

void conf_hold_many(struct conf_env *env, struct conf_call *calls, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		conf_hold(env, &calls[i], i);
	conf_peer_wait(&env->peer, n);
}

void conf_check_number(struct conf_call *c, uint32_t number)
{
	assert_int_equal(conf_finish(c), SCMI_OK);
	assert_int_equal(c->call.reply_len, 4);
	assert_int_equal(scmi_get_le32(c->reply), number);
	conf_check_guard(c, 4);
}

void conf_answer(struct conf_env *env)
{
	struct conf_request req;

	conf_peer_wait(&env->peer, 1);
	req = conf_peer_take(&env->peer, 0);
	conf_peer_play(&env->peer, &req, false);
}

void conf_answer_all(struct conf_env *env)
{
	while (conf_peer_held(&env->peer) != 0)
		conf_answer(env);
}

void conf_queue(struct conf_env *env, struct conf_call *c, uint32_t number, uint16_t flags)
{
	unsigned char params[4];

	conf_peer_hold(&env->peer, true);
	scmi_put_le32(params, number);
	conf_call_init(c, env, CONF_ECHO, params, sizeof(params));
	c->call.flags = flags;
	assert_int_equal(scmi_agent_submit(env->agent, &c->call), SCMI_OK);
}

static bool some_held(void *arg)
{
	return conf_peer_held(arg) != 0;
}

void conf_next_is(struct conf_env *env, struct conf_call *c, uint32_t number)
{
	struct conf_request req;

	conf_until(env, some_held, &env->peer);
	req = conf_peer_take(&env->peer, 0);
	assert_int_equal(scmi_get_le32(req.params), number);
	conf_peer_play(&env->peer, &req, false);
	conf_check_number(c, number);
}

struct target {
	struct conf_env *env;
	uint32_t received;
};

static bool has_received(void *arg)
{
	const struct target *t = arg;

	return conf_stats(t->env).received >= t->received && t->env->shim.holding == 0;
}

void conf_receive(struct conf_env *env, uint32_t received)
{
	struct target t = {env, received};

	conf_until(env, has_received, &t);
	assert_int_equal(conf_stats(env).received, received);
}

bool conf_forgets(const struct conf_env *env)
{
	return (env->kind->traits & (CONF_UNASKED | CONF_STANDS)) == CONF_UNASKED;
}

bool conf_at_once(const struct conf_env *env)
{
	return (env->kind->traits & CONF_STUBBORN) != 0 && (env->transport.caps & SCMI_CAP_IRQ) != 0;
}

int conf_empty(const struct conf_env *env)
{
	return env->kind->empty != 0 ? env->kind->empty : SCMI_E_PROTO;
}

static bool all_home(void *arg)
{
	struct conf_env *env = arg;

	return env->kind->away(env->link) == 0;
}

void conf_all_home(struct conf_env *env)
{
	conf_until(env, all_home, env);
}

void conf_push(struct conf_env *env, uint32_t hdr, const void *payload, uint32_t len)
{
	int err;

	while ((err = env->kind->push(env->link, hdr, payload, len)) == SCMI_E_BUSY) {
		if (scmi_agent_poll(env->agent, 16) == 0)
			sched_yield();
	}
	assert_int_equal(err, SCMI_OK);
}

/* Two contexts may deliver at once. */
static void on_notify(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	struct conf_heard *h = self->arg;

	while (atomic_exchange(&h->writing, true))
		sched_yield();
	h->hdr = hdr;
	h->len = len;
	memcpy(h->bytes, payload, len);
	h->n++;
	atomic_store(&h->writing, false);
}

void conf_subscribe(struct conf_env *env, struct conf_heard *h, uint16_t protocol, uint16_t message)
{
	memset(h, 0, sizeof(*h));
	h->node = (struct scmi_subscriber){
		.size = sizeof(h->node),
		.protocol = protocol,
		.message = message,
		.notify = on_notify,
		.arg = h,
	};
	assert_int_equal(scmi_agent_subscribe(env->agent, &h->node), SCMI_OK);
}

static _Thread_local struct conf_thread *me;

static void *run_thread(void *arg)
{
	me = arg;
	return me->run(me);
}

void conf_thread_start(struct conf_thread *t, struct conf_env *env, void *(*run)(void *t), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->env = env;
	t->run = run;
	t->arg = arg;
	assert_int_equal(pthread_create(&t->thread, NULL, run_thread, t), 0);
}

void conf_thread_pauses(void)
{
	if (me != NULL)
		me->slept = true;
}

void conf_thread_sleeps(struct conf_thread *t)
{
	while (!t->slept)
		sched_yield();
}

void conf_thread_end(struct conf_thread *t)
{
	atomic_store(&t->over, true);
	pthread_join(t->thread, NULL);
	assert_int_equal(t->wrong, 0);
}
