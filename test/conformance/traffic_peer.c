/* SPDX-License-Identifier: BSD-3-Clause */
/* The platform: does what each command asks for, at once or later and then in any order. */
#include <string.h>

#include "traffic.h"

static const unsigned char malformed[2] = {0, 0};

static struct traffic_pending reply_to(const struct conf_request *req, int32_t status, uint32_t word, uint32_t want)
{
	struct traffic_pending p = {.ref = req->ref, .hdr = req->hdr, .len = SCMI_STATUS_BYTES};

	scmi_put_le32(p.payload, (uint32_t)status);
	if (status != SCMI_SUCCESS || want == 0)
		return p;
	traffic_fill(p.payload + SCMI_STATUS_BYTES, want, scmi_get_le32(req->params), word, 0);
	p.len += want;
	return p;
}

static void say(struct traffic *t, const struct traffic_pending *p, bool in_place)
{
	struct conf_env *env = &t->env;
	const int err = env->kind->answer(env->link, p->ref, p->hdr, p->payload, p->len, in_place);

	if (err != SCMI_OK)
		traffic_fail(t, "an answer that the transport does not take", err);
}

/* Returns false where there is no room for it now. What a peer of before was asked is nobody's any more. */
static bool push(struct traffic *t, const struct traffic_pending *p)
{
	struct conf_env *env = &t->env;
	int err;

	if (p->life != env->shim.lives)
		return true;
	err = env->kind->push(env->link, p->hdr, p->payload, p->len);
	if (err != SCMI_OK && err != SCMI_E_BUSY && err != SCMI_E_NOPEER)
		traffic_fail(t, "a message of the platform's own that the transport does not take", err);
	return err != SCMI_E_BUSY;
}

/* false: there is no place to keep it. */
static bool keep(struct traffic *t, const struct traffic_pending *p)
{
	bool kept;

	pthread_mutex_lock(&t->lock);
	kept = t->pending_n < TRAFFIC_PENDING;
	if (kept)
		t->pending[t->pending_n++] = *p;
	pthread_mutex_unlock(&t->lock);
	return kept;
}

static bool wants_now(struct traffic *t, uint32_t how)
{
	bool now;

	pthread_mutex_lock(&t->lock);
	now = !t->quiet && (how & TRAFFIC_LATER) == 0 && traffic_chance(&t->platform_random, 60);
	pthread_mutex_unlock(&t->lock);
	return now;
}

static void delay(struct traffic *t, const struct conf_request *req, uint32_t how, uint32_t want)
{
	const int32_t status = (how & TRAFFIC_DELAYED_ERROR) != 0 ? SCMI_HARDWARE_ERROR : SCMI_SUCCESS;
	struct traffic_pending p = reply_to(req, status, TRAFFIC_DELAYED_VALUES, want);

	p.hdr = scmi_hdr_as(req->hdr, SCMI_MSG_DELAYED);
	p.pushed = true;
	p.life = t->env.shim.lives;
	if ((how & TRAFFIC_DELAYED_FIRST) == 0 || !push(t, &p))
		(void)keep(t, &p); /* where not, it is lost, as on a bad wire */
}

static void answer(struct traffic *t, const struct traffic_pending *p, uint32_t how)
{
	if (wants_now(t, how) || !keep(t, p))
		say(t, p, true);
}

static void came(void *arg, const struct conf_request *req)
{
	struct traffic *t = arg;
	const bool whole = scmi_hdr_type(req->hdr) == SCMI_MSG_COMMAND &&
			   traffic_is_whole(req->params, req->len, traffic_salt(req->hdr));
	const uint32_t word = whole ? scmi_get_le32(req->params + 4) : 0;
	const uint32_t how = word >> 16;
	const uint32_t want = word & 0xffffu;
	struct traffic_pending p;

	if (!whole) {
		t->bent_requests++;
		if (!t->bent[FLAKY_A2P])
			traffic_fail(t, "a command that is not whole, and no fault that changes commands", 0);
		p = reply_to(req, SCMI_PROTOCOL_ERROR, 0, 0);
		answer(t, &p, 0);
		return;
	}
	if ((how & (TRAFFIC_DELAYED | TRAFFIC_ERROR)) == TRAFFIC_DELAYED)
		delay(t, req, how, want);
	p = reply_to(req, (how & TRAFFIC_ERROR) != 0 ? SCMI_DENIED : SCMI_SUCCESS, TRAFFIC_VALUES, want);
	if ((how & TRAFFIC_MALFORMED) != 0) {
		memcpy(p.payload, malformed, sizeof(malformed));
		p.len = sizeof(malformed);
	}
	answer(t, &p, how);
}

static bool take(struct traffic *t, struct traffic_pending *p)
{
	bool some;

	pthread_mutex_lock(&t->lock);
	some = t->pending_n != 0 && !t->quiet;
	if (some) {
		const uint32_t i = traffic_pick(&t->platform_random, t->pending_n);

		*p = t->pending[i];
		t->pending[i] = t->pending[--t->pending_n];
	}
	pthread_mutex_unlock(&t->lock);
	return some;
}

uint32_t traffic_platform_turn(struct traffic *t, uint32_t n)
{
	struct traffic_pending p;
	uint32_t said = 0;

	while (said < n && take(t, &p)) {
		if (!p.pushed) {
			say(t, &p, false);
		} else if (!push(t, &p)) {
			(void)keep(t, &p);
			break;
		}
		said++;
	}
	return said;
}

void traffic_platform_quiet(struct traffic *t, bool quiet)
{
	pthread_mutex_lock(&t->lock);
	t->quiet = quiet;
	pthread_mutex_unlock(&t->lock);
}

uint32_t traffic_platform_owes(struct traffic *t)
{
	uint32_t n;

	pthread_mutex_lock(&t->lock);
	n = t->pending_n;
	pthread_mutex_unlock(&t->lock);
	return n;
}

void traffic_notify(struct traffic *t)
{
	struct traffic_pending p = {
		.hdr = scmi_hdr(CONF_PROTOCOL, 1, SCMI_MSG_NOTIFICATION, 0),
		.life = t->env.shim.lives,
	};
	const uint32_t nonce = ++t->nonce;

	if ((t->env.kind->traits & CONF_UNASKED) == 0 || (t->env.transport.caps & SCMI_CAP_NOTIFY) == 0)
		return;
	p.len = TRAFFIC_MIN + nonce % (t->env.kind->max_payload - TRAFFIC_MIN + 1u);
	traffic_fill(p.payload, p.len, nonce, TRAFFIC_NOTE, 0);
	(void)push(t, &p);
}

void traffic_platform_init(struct traffic *t)
{
	pthread_mutex_init(&t->lock, NULL);
	t->platform_random = ~t->plan.faults.seed;
	t->env.peer.came = came;
	t->env.peer.arg = t;
}
