/* SPDX-License-Identifier: BSD-3-Clause */
/* The calls: what each asks for, and whether its end can be true. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "traffic.h"

#define POISON 0x5au

/* Made anew from a number that no other call has. */
static void choose(struct traffic_call *c, uint64_t *random)
{
	struct traffic *t = c->t;
	const uint32_t most = t->env.kind->max_payload - SCMI_STATUS_BYTES;

	c->nonce = ++t->nonce;
	c->want = TRAFFIC_MIN + traffic_pick(random, most - TRAFFIC_MIN + 1u);
	c->how = traffic_chance(random, 15) ? TRAFFIC_ERROR : 0;
	c->how |= traffic_chance(random, 40) ? TRAFFIC_LATER : 0;
	c->how |= traffic_chance(random, 3) ? TRAFFIC_MALFORMED : 0;
	if ((t->env.transport.caps & SCMI_CAP_NOTIFY) == 0 || !traffic_chance(random, 25))
		return;
	c->how = (c->how | TRAFFIC_DELAYED) & ~(uint32_t)TRAFFIC_MALFORMED;
	c->how |= traffic_chance(random, 30) ? TRAFFIC_DELAYED_FIRST : 0;
	c->how |= traffic_chance(random, 15) ? TRAFFIC_DELAYED_ERROR : 0;
}

static void guard(struct traffic_call *c)
{
	memset(c->guard0, CONF_GUARD, sizeof(c->guard0));
	memset(c->guard1, CONF_GUARD, sizeof(c->guard1));
	memset(c->guard2, CONF_GUARD, sizeof(c->guard2));
	memset(c->reply, CONF_GUARD, sizeof(c->reply));
}

static bool is_all(const unsigned char *bytes, uint32_t len, unsigned char value)
{
	for (uint32_t i = 0; i < len; i++) {
		if (bytes[i] != value)
			return false;
	}
	return true;
}

static void on_done(struct scmi_call *call, int err);

static void make(struct traffic_call *c, uint64_t *random, uint32_t flags)
{
	const uint32_t len = TRAFFIC_MIN + traffic_pick(random, c->t->env.kind->max_payload - TRAFFIC_MIN + 1u);
	const uint8_t protocol = (uint8_t)(CONF_PROTOCOL + traffic_pick(random, 3));
	const uint8_t message = (uint8_t)(3u + traffic_pick(random, 4));

	guard(c);
	c->cancelled = false;
	c->won = false;
	traffic_fill(c->params, len, c->nonce, c->want | c->how << 16,
		     traffic_salt(scmi_hdr(protocol, message, SCMI_MSG_COMMAND, 0)));
	c->call = (struct scmi_call){
		.size = sizeof(c->call),
		.protocol = protocol,
		.message = message,
		.flags = (uint16_t)(flags | ((c->how & TRAFFIC_DELAYED) != 0 ? SCMI_CALL_DELAYED : 0)),
		.params = c->params,
		.params_len = len,
		.reply = c->reply,
		.reply_cap = sizeof(c->reply),
		.done = on_done,
		.arg = c,
		.timeout_us = SCMI_FOREVER,
		.delayed_timeout_us = SCMI_FOREVER,
	};
}

void traffic_call_make(struct traffic_call *c, uint64_t *random, uint32_t flags)
{
	choose(c, random);
	make(c, random, flags);
	c->call.timeout_us = 300u + traffic_pick(random, 1500);
	c->call.delayed_timeout_us = 300u + traffic_pick(random, 1500);
	if (traffic_chance(random, 15))
		c->call.reply_cap = traffic_pick(random, c->want);
}

void traffic_call_plain(struct traffic_call *c, uint32_t flags)
{
	uint64_t random = ++c->t->nonce;

	c->nonce = (uint32_t)random;
	c->want = TRAFFIC_MIN;
	c->how = 0;
	make(c, &random, flags);
}

/* ---- ends ---- */

/* An end that no fault is needed for. */
static int expected(const struct traffic_call *c)
{
	if ((c->how & TRAFFIC_MALFORMED) != 0)
		return SCMI_E_PROTO;
	if ((c->how & (TRAFFIC_ERROR | TRAFFIC_DELAYED_ERROR)) != 0)
		return SCMI_E_REMOTE;
	return c->call.reply_cap < c->want ? SCMI_E_TRUNCATED : SCMI_OK;
}

static bool may_end(const struct traffic_call *c, int err)
{
	const struct traffic *t = c->t;

	switch (err) {
	case SCMI_OK:
	case SCMI_E_REMOTE:
	case SCMI_E_TRUNCATED:
	case SCMI_E_PROTO:
		return err == expected(c) || t->bent[FLAKY_A2P] || t->bent[FLAKY_P2A];
	case SCMI_E_CANCELLED:
		return c->cancelled || t->cancels;
	case SCMI_E_CLOSED:
		return t->stops;
	default:
		return err == SCMI_E_TIMEOUT || err == SCMI_E_LINK || err == SCMI_E_NOPEER;
	}
}

/* Nobody has written outside of the buffers, nor into this one where no reply came. */
static const char *look_at_buffers(const struct traffic_call *c, int err)
{
	const bool brought = err == SCMI_OK || err == SCMI_E_TRUNCATED;
	const uint32_t len = brought ? c->call.reply_len : 0;
	const uint32_t seen = len < c->call.reply_cap ? len : c->call.reply_cap;

	if (!is_all(c->guard0, TRAFFIC_GUARD, CONF_GUARD) || !is_all(c->guard1, TRAFFIC_GUARD, CONF_GUARD) ||
	    !is_all(c->guard2, TRAFFIC_GUARD, CONF_GUARD))
		return "a write outside of a call's buffers";
	if (err != SCMI_E_PROTO && !is_all(c->reply + seen, (uint32_t)sizeof(c->reply) - seen, CONF_GUARD))
		return "a write beyond what came";
	if (!brought && c->call.reply_len != 0)
		return "a length without a reply";
	return NULL;
}

static const char *look_at_status(const struct traffic_call *c, int err)
{
	const int32_t status = c->call.status;
	const bool bent = c->t->bent[FLAKY_A2P] || c->t->bent[FLAKY_P2A];

	if (err != SCMI_E_REMOTE)
		return status == SCMI_SUCCESS ? NULL : "a status without a remote error";
	if (status == SCMI_SUCCESS)
		return "a remote error without a status";
	if (bent || status == ((c->how & TRAFFIC_ERROR) != 0 ? SCMI_DENIED : SCMI_HARDWARE_ERROR))
		return NULL;
	return "a status that the platform has not sent";
}

static const char *look(const struct traffic_call *c, int err)
{
	const char *why;

	if (!may_end(c, err))
		return "an end that nothing explains";
	why = look_at_buffers(c, err);
	if (why == NULL)
		why = look_at_status(c, err);
	if (why == NULL && (err == SCMI_OK || err == SCMI_E_TRUNCATED))
		why = traffic_look(c->t, c, c->call.reply_len);
	return why;
}

/* Once for each submit. From here on the buffers are ours: whoever writes there later leaves traces. */
static void end(struct traffic_call *c, int err, enum traffic_state state)
{
	const char *why = look(c, err);

	if (why != NULL)
		traffic_fail(c->t, why, err);
	c->err = err;
	conf_count(&c->t->env, err);
	memset(c->reply, POISON, sizeof(c->reply));
	if (atomic_exchange(&c->state, state) != CALL_LIVE)
		traffic_fail(c->t, "a second end of one call", err);
}

void traffic_end(struct traffic_call *c, int err)
{
	end(c, err, CALL_ENDED);
}

/* Whose it is then. */
static void reap(struct traffic_call *c, enum traffic_state state)
{
	if (!is_all(c->reply, sizeof(c->reply), POISON))
		traffic_fail(c->t, "a write after the end of a call", c->err);
	if (c->won && c->err != SCMI_E_CANCELLED)
		traffic_fail(c->t, "another end of a call that was cancelled", c->err);
	atomic_store(&c->state, state);
}

/* Some go on from their own end, until that is no success. */
static void on_done(struct scmi_call *call, int err)
{
	struct traffic_call *c = call->arg;
	uint64_t random = c->nonce;

	if (!c->chains) {
		end(c, err, CALL_ENDED);
		return;
	}
	end(c, err, CALL_BETWEEN);
	if (err != SCMI_OK || c->t->over) {
		reap(c, CALL_FREE);
		return;
	}
	reap(c, CALL_BETWEEN);
	traffic_call_make(c, &random, SCMI_CALL_NOWAIT);
	(void)traffic_submit(c);
}

/* ---- submits ---- */

static bool may_be_refused(const struct traffic_call *c, int err)
{
	switch (err) {
	case SCMI_E_BUSY:
		return (c->call.flags & SCMI_CALL_NOWAIT) != 0;
	case SCMI_E_CLOSED:
		return c->t->stops;
	default:
		return err == SCMI_E_TIMEOUT || err == SCMI_E_NOPEER;
	}
}

bool traffic_submitted(struct traffic_call *c, int err)
{
	if (err == SCMI_OK) {
		c->t->submitted++;
		return true;
	}
	if (!may_be_refused(c, err))
		traffic_fail(c->t, "a refusal that nothing explains", err);
	if (atomic_exchange(&c->state, CALL_FREE) != CALL_LIVE)
		traffic_fail(c->t, "an end of a call that was refused", err);
	return false;
}

bool traffic_submit(struct traffic_call *c)
{
	atomic_store(&c->state, CALL_LIVE);
	return traffic_submitted(c, scmi_agent_submit(c->t->env.agent, &c->call));
}

struct traffic_call *traffic_take(struct traffic *t)
{
	for (uint32_t i = 0; i < TRAFFIC_CALLS; i++) {
		struct traffic_call *c = &t->calls[i];

		if (c->state == CALL_ENDED)
			reap(c, CALL_FREE);
		if (c->state == CALL_FREE)
			return c;
	}
	return NULL;
}

/* ---- callers beside the generator ---- */

/* What a call ended with may be why it was refused. */
static bool is_unsure(int err)
{
	return err == SCMI_E_TIMEOUT || err == SCMI_E_NOPEER || err == SCMI_E_CLOSED;
}

void traffic_call_and_end(struct traffic_call *c)
{
	int err;

	c->call.done = NULL;
	atomic_store(&c->state, CALL_LIVE);
	err = scmi_agent_call(c->t->env.agent, &c->call);
	if (err == SCMI_E_BUSY) {
		(void)traffic_submitted(c, err);
		return;
	}
	c->t->env.unsure += is_unsure(err) ? 1u : 0u;
	c->t->submitted += is_unsure(err) ? 0u : 1u;
	/* Where nothing was sent the results are as they were: 0. */
	traffic_end(c, err);
	reap(c, CALL_FREE);
}

void *traffic_caller(void *thread)
{
	struct conf_thread *me = thread;
	struct traffic_caller *caller = me->arg;

	while (!me->over) {
		traffic_call_make(&caller->c, &caller->random,
				  traffic_chance(&caller->random, 20) ? SCMI_CALL_POLL : 0);
		traffic_call_and_end(&caller->c);
		sched_yield();
	}
	caller->gone = true;
	return NULL;
}
