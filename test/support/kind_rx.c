/* SPDX-License-Identifier: BSD-3-Clause */
#include "kind_rx.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/errors.h>

struct message {
	uint32_t hdr;
	uint32_t len;
	unsigned char bytes[KIND_RX_PAYLOAD];
};

/* A command that the platform end has not answered: its ref. Apart from the slots, for it may outlive a stop. */
struct command {
	uint32_t life;
};

struct kind_rx {
	pthread_mutex_t lock;
	pthread_cond_t idle;
	kind_rx_command_fn fn;
	void *arg;
	const struct scmi_sink *sink;
	void *core;
	bool running;
	uint32_t life;    /* grows with each stop: what was sent before is not delivered after */
	uint32_t pollers; /* inside upcalls */
	uint32_t open;    /* commands */
	struct message queue[KIND_RX_MESSAGES];
	uint32_t head;
	uint32_t used;
};

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct kind_rx *t = ctx;

	pthread_mutex_lock(&t->lock);
	t->sink = sink;
	t->core = core;
	t->running = true;
	pthread_mutex_unlock(&t->lock);
	return SCMI_OK;
}

static void stop(void *ctx)
{
	struct kind_rx *t = ctx;

	pthread_mutex_lock(&t->lock);
	t->running = false;
	while (t->pollers != 0)
		pthread_cond_wait(&t->idle, &t->lock);
	t->used = 0;
	t->life++;
	pthread_mutex_unlock(&t->lock);
}

static struct command *open_command(struct kind_rx *t)
{
	struct command *c = malloc(sizeof(*c));

	pthread_mutex_lock(&t->lock);
	if (c != NULL) {
		c->life = t->life;
		t->open++;
	}
	pthread_mutex_unlock(&t->lock);
	return c;
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct kind_rx *t = ctx;
	struct command *c;

	if (tx->len > KIND_RX_PAYLOAD)
		return SCMI_E_TOOBIG;
	c = open_command(t);
	if (c == NULL)
		return SCMI_E_IO;
	t->fn(t->arg, c, tx->hdr, tx->payload, tx->len);
	return SCMI_OK;
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	const struct message *m = rx->cookie;

	(void)ctx;
	memcpy(dst, m->bytes + offset, len);
	return SCMI_OK;
}

/* Takes the oldest message out of the queue; the poller is inside then, until it has been delivered. */
static bool take(struct kind_rx *t, struct message *m)
{
	bool some;

	pthread_mutex_lock(&t->lock);
	some = t->running && t->used != 0;
	if (some) {
		*m = t->queue[t->head];
		t->head = (t->head + 1u) % KIND_RX_MESSAGES;
		t->used--;
		t->pollers++;
	}
	pthread_mutex_unlock(&t->lock);
	return some;
}

static void leave(struct kind_rx *t)
{
	pthread_mutex_lock(&t->lock);
	t->pollers--;
	pthread_cond_broadcast(&t->idle);
	pthread_mutex_unlock(&t->lock);
}

static int poll(void *ctx, int max)
{
	struct kind_rx *t = ctx;
	struct message m;
	int n = 0;

	while (n < max && take(t, &m)) {
		const struct scmi_rx rx = {.hdr = m.hdr, .len = m.len, .cookie = &m, .token = SCMI_TOKEN_ANY};

		t->sink->rx(t->core, &rx);
		leave(t);
		n++;
	}
	return n;
}

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "kind_rx",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
	.poll = poll,
};

struct kind_rx *kind_rx_create(kind_rx_command_fn fn, void *arg, struct scmi_transport *out)
{
	struct kind_rx *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->idle, NULL);
	t->fn = fn;
	t->arg = arg;
	*out = (struct scmi_transport){
		.size = sizeof(*out),
		.caps = SCMI_CAP_POLL | SCMI_CAP_NOTIFY | SCMI_CAP_CONCURRENT,
		.ops = &ops,
		.ctx = t,
		.max_payload = KIND_RX_PAYLOAD,
		.max_inflight = KIND_RX_DEPTH,
	};
	return t;
}

void kind_rx_destroy(struct kind_rx *t)
{
	pthread_cond_destroy(&t->idle);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void append(struct kind_rx *t, uint32_t hdr, const void *payload, uint32_t len)
{
	struct message *m = &t->queue[(t->head + t->used) % KIND_RX_MESSAGES];

	m->hdr = hdr;
	m->len = len;
	if (len != 0)
		memcpy(m->bytes, payload, len);
	t->used++;
}

int kind_rx_answer(struct kind_rx *t, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct command *c = ref;

	if (len > KIND_RX_PAYLOAD)
		return SCMI_E_TOOBIG;
	pthread_mutex_lock(&t->lock);
	if (t->running && c->life == t->life)
		append(t, hdr, payload, len);
	t->open--;
	pthread_mutex_unlock(&t->lock);
	free(c);
	return SCMI_OK;
}

/* Leaves room for the answers. */
int kind_rx_push(struct kind_rx *t, uint32_t hdr, const void *payload, uint32_t len)
{
	int err = SCMI_OK;

	if (len > KIND_RX_PAYLOAD)
		return SCMI_E_TOOBIG;
	pthread_mutex_lock(&t->lock);
	if (!t->running)
		err = SCMI_E_NOPEER;
	else if (t->used + KIND_RX_DEPTH >= KIND_RX_MESSAGES)
		err = SCMI_E_BUSY;
	else
		append(t, hdr, payload, len);
	pthread_mutex_unlock(&t->lock);
	return err;
}

uint32_t kind_rx_away(struct kind_rx *t)
{
	uint32_t n;

	pthread_mutex_lock(&t->lock);
	n = t->used + t->open;
	pthread_mutex_unlock(&t->lock);
	return n;
}
