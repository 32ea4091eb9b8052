/* SPDX-License-Identifier: BSD-3-Clause */
/* Transports of the three kinds of test/support, whose platform is a function. */
#include "../support/kind_one.h"
#include "../support/kind_priv.h"
#include "../support/kind_rx.h"
#include "stress.h"

#define QUEUED 16u /* commands accepted by a transport of depth one */

static int answer_with(struct lane *l, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	if (l->rx != NULL)
		return kind_rx_answer(l->rx, ref, hdr, payload, len);
	if (l->priv != NULL)
		return kind_priv_answer(l->priv, ref, hdr, payload, len);
	return kind_one_answer(l->one, hdr, payload, len);
}

static int push(struct lane *l, uint32_t hdr, const void *payload, uint32_t len)
{
	if (l->rx != NULL)
		return kind_rx_push(l->rx, hdr, payload, len);
	return l->priv != NULL ? kind_priv_push(l->priv, hdr, payload, len) : SCMI_E_NOTSUP;
}

static uint32_t build(unsigned char *reply, int32_t status, const void *values, uint32_t len)
{
	uint32_t n = 0;

	(void)scmi_msg_build_reply(reply, SCMI_STATUS_BYTES + BYTES_MAX, status, values, len, &n);
	return n;
}

static void respond(struct lane *l, void *ref, uint32_t hdr, int32_t status, const void *values, uint32_t len)
{
	unsigned char reply[SCMI_STATUS_BYTES + BYTES_MAX];
	const int err = answer_with(l, ref, hdr, reply, build(reply, status, values, len));

	if (err != SCMI_OK)
		fault(l->s, l, "an answer cannot go: %s", scmi_error_name(err));
}

static void respond_now(const struct asked *a, void *ref)
{
	unsigned char values[BYTES_MAX];

	if (a->act == ACT_SETTLE)
		(void)kind_one_answer(a->lane->one, 0, NULL, 0);
	else if (a->delay == DELAY_ERROR || (a->act == ACT_ERROR && a->delay == DELAY_NONE))
		respond(a->lane, ref, a->hdr, peer_status(a->nonce), NULL, 0);
	else
		respond(a->lane, ref, a->hdr, SCMI_SUCCESS, values, peer_values(a, values));
}

static bool respond_later(struct task *t)
{
	if (t->asked.act == ACT_HOLD && atomic_load(&t->asked.lane->holding))
		return false;
	respond_now(&t->asked, t->ref);
	return true;
}

/* A delayed response, which waits for room. */
static bool push_delayed(struct task *t)
{
	const struct asked *a = &t->asked;
	unsigned char reply[SCMI_STATUS_BYTES + BYTES_MAX];
	unsigned char values[BYTES_MAX];
	const int32_t status = a->act == ACT_ERROR ? peer_status(a->nonce) : SCMI_SUCCESS;
	const uint32_t len = build(reply, status, values, peer_values(a, values));

	return push(a->lane, scmi_hdr_as(a->hdr, SCMI_MSG_DELAYED), reply, len) != SCMI_E_BUSY;
}

bool kind_notify(struct lane *l)
{
	unsigned char payload[BYTES_MAX];
	const uint32_t len = peer_notification(l, payload);

	return push(l, scmi_hdr(l->protocol, 0, SCMI_MSG_NOTIFICATION, 0), payload, len) == SCMI_OK;
}

static void came(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct lane *l = arg;
	struct task t = {.ref = ref};

	if (!peer_understands(l, hdr, payload, len, &t.asked)) {
		respond(l, ref, hdr, SCMI_INVALID_PARAMETERS, NULL, 0);
		return;
	}
	if (t.asked.act == ACT_NOTIFY)
		(void)kind_notify(l);
	t.run = push_delayed;
	if (t.asked.delay == DELAY_AFTER || (t.asked.delay == DELAY_BEFORE && !push_delayed(&t)))
		later_add(&l->s->later, &t, t.asked.later_us);
	t.run = respond_later;
	if (t.asked.act == ACT_LATER || t.asked.act == ACT_HOLD)
		later_add(&l->s->later, &t, t.asked.later_us);
	else
		respond_now(&t.asked, ref);
}

static void came_one(void *arg, uint32_t hdr, const void *payload, uint32_t len)
{
	came(arg, NULL, hdr, payload, len);
}

bool kind_make(struct lane *l)
{
	switch (l->kind) {
	case KIND_RX:
		l->rx = kind_rx_create(came, l, &l->inner);
		return l->rx != NULL;
	case KIND_PRIV:
		l->priv = kind_priv_create(came, l, &l->inner);
		return l->priv != NULL;
	case KIND_ONE:
		l->one = kind_one_create(came_one, l, &l->inner);
		return l->one != NULL;
	default:
		l->one = kind_one_create_queued(came_one, l, QUEUED, &l->inner);
		return l->one != NULL;
	}
}

void kind_unmake(struct lane *l)
{
	if (l->rx != NULL)
		kind_rx_destroy(l->rx);
	if (l->priv != NULL)
		kind_priv_destroy(l->priv);
	if (l->one != NULL)
		kind_one_destroy(l->one);
}

/* Commands unanswered, messages undelivered. */
uint32_t kind_away(struct lane *l)
{
	if (l->rx != NULL)
		return kind_rx_away(l->rx);
	if (l->priv != NULL)
		return kind_priv_away(l->priv);
	return l->one != NULL ? kind_one_away(l->one) : 0;
}
