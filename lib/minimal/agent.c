/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The minimal agent: one command at a time, in one context. The same contract with the transport as the full one, the
 * same rules for what a reply is, and nothing else: see include/scmi/minimal.h.
 *
 * A command is owed an answer until one has come, the transport has settled it, or its link was lost, stopped or
 * recovered. Nothing is sent while one is owed, so no late reply can meet a command that it does not answer.
 */
#include <stdbool.h>

#include <scmi/minimal.h>

#include "../wire/mem.h"

#define LOOK_MAX 8 /* messages a look: strays do not keep it for ever */

/* As far ahead as a deadline may lie: the full agent's limit. */
#define HORIZON_US UINT64_C(7200000000)

struct scmi_agent {
	bool running;
	bool owed;
	bool down;              /* the transport has said so */
	uint32_t hdr;           /* of the last command */
	struct scmi_call *call; /* whose reply is waited for; NULL: none */
	int ended;              /* how the last one has */
	uint32_t queue_us;
	const struct scmi_port *port; /* NULL: there is no clock */
	uint64_t looks;               /* the clock of who has none */
	uint64_t until;               /* the end of what is waited for */
	struct scmi_transport transport;
};

_Static_assert(sizeof(struct scmi_agent) <= SCMI_MINIMAL_WORDS * sizeof(max_align_t), "the promise of minimal.h");

static uint64_t now(struct scmi_agent *a)
{
	return a->port != NULL ? a->port->now_us(a->port->ctx) : a->looks++;
}

static void end(struct scmi_agent *a, int err)
{
	a->owed = false;
	a->call = NULL;
	a->ended = err;
}

/* ---- what comes back ---- */

static int fetch(const struct scmi_agent *a, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	if (len == 0)
		return SCMI_OK;
	if (rx->data == NULL)
		return a->transport.ops->fetch(a->transport.ctx, rx, offset, dst, len);
	memcpy(dst, (const unsigned char *)rx->data + offset, len);
	return SCMI_OK;
}

/* The status first, for an error may be a status and nothing more. Returns the call's end. */
static int read_reply(struct scmi_agent *a, struct scmi_call *call, const struct scmi_rx *rx)
{
	const uint32_t values = rx->len - SCMI_STATUS_BYTES;
	const uint32_t len = values < call->reply_cap ? values : call->reply_cap;
	unsigned char head[SCMI_STATUS_BYTES];

	if (rx->len < sizeof(head) || fetch(a, rx, 0, head, sizeof(head)) != SCMI_OK)
		return SCMI_E_PROTO;
	call->status = (int32_t)scmi_get_le32(head);
	if (call->status != SCMI_SUCCESS)
		return SCMI_E_REMOTE;
	if (fetch(a, rx, SCMI_STATUS_BYTES, call->reply, len) != SCMI_OK)
		return SCMI_E_PROTO;
	call->reply_len = values;
	return values > len ? SCMI_E_TRUNCATED : SCMI_OK;
}

static int rx(void *core, const struct scmi_rx *rx)
{
	struct scmi_agent *a = core;
	struct scmi_call *call = a->call;
	const bool ours = ((rx->hdr ^ a->hdr) & ~SCMI_HDR_RESERVED) == 0;

	if (!a->owed || (!ours && rx->token != scmi_hdr_token(a->hdr)))
		return SCMI_E_STRAY;
	end(a, SCMI_E_PROTO);
	if (!ours)
		return SCMI_E_PROTO;
	if (call == NULL)
		return SCMI_E_STRAY;
	a->ended = read_reply(a, call, rx);
	return SCMI_OK;
}

static int settle(void *core, uint16_t token, int err)
{
	struct scmi_agent *a = core;

	if (!a->owed || token != scmi_hdr_token(a->hdr))
		return SCMI_E_STRAY;
	end(a, err);
	return SCMI_OK;
}

static void ready(void *core)
{
	struct scmi_agent *a = core;

	a->down = false;
}

static void link_down(void *core, int err)
{
	struct scmi_agent *a = core;

	a->down = true;
	end(a, err);
}

static int acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	(void)core;
	(void)hdr;
	(void)x;
	return SCMI_E_NOTSUP;
}

static int complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	(void)len;
	return acquire(core, 0, x);
}

static void release(void *core, struct scmi_xfer *x)
{
	(void)core;
	(void)x;
}

static const struct scmi_sink sink = {
	.version = SCMI_SINK_V1,
	.rx = rx,
	.acquire = acquire,
	.complete = complete,
	.release = release,
	.settle = settle,
	.ready = ready,
	.link_down = link_down,
};

/* ---- a call ---- */

/* From now on so long, and no longer than the call allows. Returns what is wrong with its deadline. */
static int set_timer(struct scmi_agent *a, const struct scmi_call *call, uint32_t timeout_us)
{
	const uint64_t at = now(a);

	a->until = timeout_us != SCMI_FOREVER ? at + timeout_us : SCMI_NEVER;
	if (call->deadline_us == 0)
		return SCMI_OK;
	if (call->deadline_us < a->until)
		a->until = call->deadline_us;
	if (call->deadline_us <= at)
		return SCMI_E_TIMEOUT;
	return call->deadline_us - at > HORIZON_US ? SCMI_E_INVAL : SCMI_OK;
}

/* One look at the transport. False: the time was over before it. */
static bool look(struct scmi_agent *a)
{
	const bool in_time = now(a) < a->until;

	if (a->port != NULL)
		a->port->relax(a->port->ctx);
	(void)a->transport.ops->poll(a->transport.ctx, LOOK_MAX);
	return in_time;
}

/* Each try has a token of its own. The call may have ended when this returns SCMI_OK. */
static int send(struct scmi_agent *a, struct scmi_call *call)
{
	const uint16_t token = (uint16_t)((scmi_hdr_token(a->hdr) + 1u) & (SCMI_TOKEN_COUNT - 1u));
	const struct scmi_tx tx = {
		.hdr = scmi_hdr(call->protocol, call->message, SCMI_MSG_COMMAND, token),
		.token = token,
		.slot = 0,
		.payload = call->params,
		.len = call->params_len,
		.reply_cap = call->reply_cap,
		.flags = SCMI_TX_POLL,
		.more = 0,
	};
	int err;

	if (a->down) /* nobody else polls, and the peer may have come */
		(void)look(a);
	if (a->down)
		return SCMI_E_NOPEER;
	if (a->owed)
		return SCMI_E_BUSY;
	a->hdr = tx.hdr;
	a->owed = true;
	a->call = call;
	call->status = SCMI_SUCCESS;
	call->reply_len = 0;
	err = a->transport.ops->send(a->transport.ctx, &tx);
	if (err == SCMI_OK || a->call == NULL)
		return SCMI_OK;
	a->owed = false;
	a->call = NULL;
	return err;
}

static int send_when_free(struct scmi_agent *a, struct scmi_call *call)
{
	const bool nowait = (call->flags & SCMI_CALL_NOWAIT) != 0;
	int err = set_timer(a, call, nowait ? 0 : a->queue_us);

	if (err != SCMI_OK)
		return err;
	for (;;) {
		err = send(a, call);
		if (err != SCMI_E_BUSY)
			return err;
		if (!look(a))
			return nowait ? SCMI_E_BUSY : SCMI_E_TIMEOUT;
	}
}

/* After the time is over there is one look more. */
static int await(struct scmi_agent *a, struct scmi_call *call)
{
	(void)set_timer(a, call, call->timeout_us != 0 ? call->timeout_us : a->transport.timeout_us);
	while (a->call != NULL && look(a))
		;
	if (a->call == NULL)
		return a->ended;
	a->call = NULL;
	return SCMI_E_TIMEOUT;
}

/* Whether it is too long is the transport's to say. */
static int check_call(const struct scmi_agent *a, const struct scmi_call *call)
{
	if (a == NULL || call == NULL || call->size != sizeof(*call) || call->done != NULL)
		return SCMI_E_INVAL;
	if ((call->params == NULL && call->params_len != 0) || (call->reply == NULL && call->reply_cap != 0))
		return SCMI_E_INVAL;
	if (a->port == NULL && call->deadline_us != 0)
		return SCMI_E_INVAL;
	if ((call->flags & ~(SCMI_CALL_POLL | SCMI_CALL_NOWAIT)) != 0)
		return SCMI_E_NOTSUP;
	if (!a->running)
		return SCMI_E_CLOSED;
	return a->call == NULL ? SCMI_OK : SCMI_E_CONTEXT;
}

int scmi_agent_call(struct scmi_agent *a, struct scmi_call *call)
{
	int err = check_call(a, call);

	if (err != SCMI_OK)
		return err;
	err = send_when_free(a, call);
	return err == SCMI_OK ? await(a, call) : err;
}

/* ---- life ---- */

/* It is polled, by one context alone. */
static bool transport_fits(const struct scmi_transport *t)
{
	const struct scmi_transport_ops *ops;

	if (t == NULL || t->size != sizeof(*t) || t->ops == NULL || t->max_payload < SCMI_STATUS_BYTES)
		return false;
	ops = t->ops;
	return ops->version == SCMI_TRANSPORT_V1 && ops->start != NULL && ops->stop != NULL && ops->send != NULL &&
	       ops->poll != NULL && (t->caps & (SCMI_CAP_POLL | SCMI_CAP_IRQ)) == SCMI_CAP_POLL;
}

/* Nothing is asked for that is not here. */
static bool is_plain(const struct scmi_agent_config *c)
{
	const struct scmi_link_options *o = &c->options;

	return (c->flags | (o->slots & ~1u) | o->reserved | o->lateness_us | o->reconnect_us | c->links_n | c->strict |
		c->tolerate | c->event_buffers | c->event_bytes | c->latency_n) == 0 &&
	       c->wake == NULL && c->up == NULL && c->log == NULL && c->trace == NULL;
}

static bool is_allowed(const struct scmi_agent_config *c)
{
	const struct scmi_port *port;

	if (c == NULL || c->size != sizeof(*c) || !is_plain(c) || !transport_fits(c->transport))
		return false;
	port = c->port;
	return port == NULL || (port->version == SCMI_PORT_V1 && port->now_us != NULL && port->relax != NULL);
}

size_t scmi_agent_size(const struct scmi_agent_config *config)
{
	return is_allowed(config) ? sizeof(struct scmi_agent) : 0;
}

int scmi_agent_init(struct scmi_agent **agent, void *mem, size_t len, const struct scmi_agent_config *config)
{
	struct scmi_agent *a = mem;

	if (agent == NULL || !is_allowed(config))
		return SCMI_E_INVAL;
	if (mem == NULL || len < sizeof(*a) || (uintptr_t)mem % _Alignof(max_align_t) != 0)
		return SCMI_E_NOMEM;
	memset(a, 0, sizeof(*a));
	a->transport = *config->transport;
	a->port = config->port;
	a->queue_us = config->options.queue_timeout_us;
	if (a->queue_us == 0)
		a->queue_us = SCMI_QUEUE_TIMEOUT_DEFAULT_US;
	if (a->transport.timeout_us == 0)
		a->transport.timeout_us = SCMI_TIMEOUT_DEFAULT_US;
	*agent = a;
	return SCMI_OK;
}

/* It may say that the link is down, and succeed. */
static int start(struct scmi_agent *a)
{
	a->down = false;
	return a->transport.ops->start(a->transport.ctx, &sink, a);
}

int scmi_agent_start(struct scmi_agent *a)
{
	int err;

	if (a == NULL || a->running)
		return SCMI_E_INVAL;
	err = start(a);
	a->running = err == SCMI_OK;
	return err;
}

/* Nothing that was sent before a stop is delivered afterwards: that is the transport's promise. */
int scmi_agent_stop(struct scmi_agent *a)
{
	if (a == NULL)
		return SCMI_E_INVAL;
	if (a->call != NULL)
		return SCMI_E_CONTEXT;
	if (a->running)
		a->transport.ops->stop(a->transport.ctx);
	a->running = false;
	a->owed = false;
	return SCMI_OK;
}

int scmi_agent_fini(struct scmi_agent *a)
{
	return scmi_agent_stop(a);
}

static int reset(struct scmi_agent *a)
{
	const struct scmi_transport_ops *ops = a->transport.ops;
	int err;

	if (ops->recover == NULL) {
		ops->stop(a->transport.ctx);
		return start(a);
	}
	err = ops->recover(a->transport.ctx);
	if (err == SCMI_OK)
		a->down = false;
	return err;
}

int scmi_agent_recover(struct scmi_agent *a, uint32_t link)
{
	int err;

	if (a == NULL || (link != 0 && link != SCMI_ALL_LINKS))
		return SCMI_E_INVAL;
	if (a->call != NULL)
		return SCMI_E_CONTEXT;
	if (!a->running)
		return SCMI_E_CLOSED;
	err = reset(a);
	if (err != SCMI_E_BUSY) {
		a->owed = false;
		if (err != SCMI_OK)
			a->down = true;
	}
	return err;
}

uint32_t scmi_agent_max_params(const struct scmi_agent *a)
{
	return a->transport.max_payload;
}

uint32_t scmi_agent_max_values(const struct scmi_agent *a)
{
	return a->transport.max_payload - SCMI_STATUS_BYTES;
}
