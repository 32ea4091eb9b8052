/* SPDX-License-Identifier: BSD-3-Clause */
#include "kind_priv.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/errors.h>

struct message {
	struct message *next;
	struct scmi_xfer xfer; /* the core's reference, from acquire() to release() */
	uint32_t hdr;
	uint32_t len;
	unsigned char bytes[KIND_PRIV_PAYLOAD];
};

struct list {
	struct message *head;
	struct message **tail;
	uint32_t n;
};

/* A command that the platform end has not answered: its ref. Apart from the slots, for it may outlive a stop. */
struct command {
	uint32_t life;
};

struct kind_priv {
	pthread_mutex_t lock;
	pthread_cond_t news; /* any change that somebody may wait for */
	pthread_t receiver;
	pthread_t completer;
	kind_priv_command_fn fn;
	void *arg;
	const struct scmi_sink *sink;
	void *core;
	bool running;
	bool paused;
	bool ending;
	uint32_t life;   /* grows with each stop */
	uint32_t inside; /* threads inside upcalls */
	uint32_t open;   /* commands */
	struct list spare;
	struct list arrived;  /* for the receiver */
	struct list acquired; /* for the completer */
	struct message messages[KIND_PRIV_MESSAGES];
};

static void list_init(struct list *l)
{
	l->head = NULL;
	l->tail = &l->head;
	l->n = 0;
}

static void push(struct list *l, struct message *m)
{
	m->next = NULL;
	*l->tail = m;
	l->tail = &m->next;
	l->n++;
}

static struct message *pop(struct list *l)
{
	struct message *m = l->head;

	if (m == NULL)
		return NULL;
	l->head = m->next;
	if (l->head == NULL)
		l->tail = &l->head;
	l->n--;
	return m;
}

/* Leaves an upcall, and moves the message on. */
static void leave(struct kind_priv *t, struct list *to, struct message *m)
{
	pthread_mutex_lock(&t->lock);
	push(to, m);
	t->inside--;
	pthread_cond_broadcast(&t->news);
	pthread_mutex_unlock(&t->lock);
}

static struct message *take_arrived(struct kind_priv *t)
{
	struct message *m = NULL;

	pthread_mutex_lock(&t->lock);
	while (!t->ending && (m = t->running ? pop(&t->arrived) : NULL) == NULL)
		pthread_cond_wait(&t->news, &t->lock);
	if (m != NULL)
		t->inside++;
	pthread_mutex_unlock(&t->lock);
	return m;
}

/* While stopping as well: what is acquired has to be released. */
static struct message *take_acquired(struct kind_priv *t)
{
	struct message *m = NULL;

	pthread_mutex_lock(&t->lock);
	while (!t->ending && (m = t->paused && t->running ? NULL : pop(&t->acquired)) == NULL)
		pthread_cond_wait(&t->news, &t->lock);
	if (m != NULL)
		t->inside++;
	pthread_mutex_unlock(&t->lock);
	return m;
}

static void *receive(void *arg)
{
	struct kind_priv *t = arg;
	struct message *m;

	while ((m = take_arrived(t)) != NULL) {
		if (t->sink->acquire(t->core, m->hdr, &m->xfer) == SCMI_OK) {
			m->xfer.priv = m;
			leave(t, &t->acquired, m);
		} else {
			leave(t, &t->spare, m);
		}
	}
	return NULL;
}

static void *complete(void *arg)
{
	struct kind_priv *t = arg;
	struct message *m;

	while ((m = take_acquired(t)) != NULL) {
		t->sink->complete(t->core, &m->xfer, m->len);
		t->sink->release(t->core, &m->xfer);
		leave(t, &t->spare, m);
	}
	return NULL;
}

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct kind_priv *t = ctx;

	pthread_mutex_lock(&t->lock);
	t->sink = sink;
	t->core = core;
	t->running = true;
	pthread_mutex_unlock(&t->lock);
	return SCMI_OK;
}

/* With the lock held: nothing that was sent before comes any more, and what is acquired has been released. */
static void forget(struct kind_priv *t)
{
	struct message *m;

	t->running = false;
	t->life++;
	while ((m = pop(&t->arrived)) != NULL)
		push(&t->spare, m);
	pthread_cond_broadcast(&t->news);
	while (t->inside != 0 || t->acquired.n != 0)
		pthread_cond_wait(&t->news, &t->lock);
}

static void stop(void *ctx)
{
	struct kind_priv *t = ctx;

	pthread_mutex_lock(&t->lock);
	forget(t);
	pthread_mutex_unlock(&t->lock);
}

static int recover(void *ctx)
{
	struct kind_priv *t = ctx;

	pthread_mutex_lock(&t->lock);
	forget(t);
	t->running = true;
	pthread_cond_broadcast(&t->news);
	pthread_mutex_unlock(&t->lock);
	return SCMI_OK;
}

static struct command *open_command(struct kind_priv *t)
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
	struct kind_priv *t = ctx;
	struct command *c;

	if (tx->len > KIND_PRIV_PAYLOAD)
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

static const struct scmi_transport_ops ops = {
	.version = SCMI_TRANSPORT_V1,
	.name = "kind_priv",
	.start = start,
	.stop = stop,
	.send = send,
	.fetch = fetch,
	.recover = recover,
};

static void join(struct kind_priv *t, pthread_t thread)
{
	pthread_mutex_lock(&t->lock);
	t->ending = true;
	pthread_cond_broadcast(&t->news);
	pthread_mutex_unlock(&t->lock);
	pthread_join(thread, NULL);
}

static bool start_threads(struct kind_priv *t)
{
	if (pthread_create(&t->receiver, NULL, receive, t) != 0)
		return false;
	if (pthread_create(&t->completer, NULL, complete, t) == 0)
		return true;
	join(t, t->receiver);
	return false;
}

struct kind_priv *kind_priv_create(kind_priv_command_fn fn, void *arg, struct scmi_transport *out)
{
	struct kind_priv *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->news, NULL);
	t->fn = fn;
	t->arg = arg;
	list_init(&t->spare);
	list_init(&t->arrived);
	list_init(&t->acquired);
	for (uint32_t i = 0; i < KIND_PRIV_MESSAGES; i++)
		push(&t->spare, &t->messages[i]);
	if (!start_threads(t)) {
		free(t);
		return NULL;
	}
	*out = (struct scmi_transport){
		.size = sizeof(*out),
		.caps = SCMI_CAP_IRQ | SCMI_CAP_NOTIFY | SCMI_CAP_CONCURRENT,
		.ops = &ops,
		.ctx = t,
		.max_payload = KIND_PRIV_PAYLOAD,
		.max_inflight = KIND_PRIV_DEPTH,
	};
	return t;
}

void kind_priv_destroy(struct kind_priv *t)
{
	join(t, t->receiver);
	join(t, t->completer);
	pthread_cond_destroy(&t->news);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void arrive(struct kind_priv *t, struct message *m, uint32_t hdr, const void *payload, uint32_t len)
{
	m->hdr = hdr;
	m->len = len;
	if (len != 0)
		memcpy(m->bytes, payload, len);
	push(&t->arrived, m);
	pthread_cond_broadcast(&t->news);
}

int kind_priv_answer(struct kind_priv *t, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct command *c = ref;

	if (len > KIND_PRIV_PAYLOAD)
		return SCMI_E_TOOBIG;
	pthread_mutex_lock(&t->lock);
	if (t->running && c->life == t->life)
		arrive(t, pop(&t->spare), hdr, payload, len);
	t->open--;
	pthread_mutex_unlock(&t->lock);
	free(c);
	return SCMI_OK;
}

/* Leaves room for the answers, each of which may be held up until its slot's next one is. */
int kind_priv_push(struct kind_priv *t, uint32_t hdr, const void *payload, uint32_t len)
{
	int err = SCMI_OK;

	if (len > KIND_PRIV_PAYLOAD)
		return SCMI_E_TOOBIG;
	pthread_mutex_lock(&t->lock);
	if (!t->running)
		err = SCMI_E_NOPEER;
	else if (t->spare.n <= 2u * KIND_PRIV_DEPTH)
		err = SCMI_E_BUSY;
	else
		arrive(t, pop(&t->spare), hdr, payload, len);
	pthread_mutex_unlock(&t->lock);
	return err;
}

void kind_priv_pause(struct kind_priv *t, bool paused)
{
	pthread_mutex_lock(&t->lock);
	t->paused = paused;
	pthread_cond_broadcast(&t->news);
	pthread_mutex_unlock(&t->lock);
}

uint32_t kind_priv_acquired(struct kind_priv *t)
{
	uint32_t n;

	pthread_mutex_lock(&t->lock);
	n = t->acquired.n;
	pthread_mutex_unlock(&t->lock);
	return n;
}

uint32_t kind_priv_away(struct kind_priv *t)
{
	uint32_t n;

	pthread_mutex_lock(&t->lock);
	n = KIND_PRIV_MESSAGES - t->spare.n + t->open;
	pthread_mutex_unlock(&t->lock);
	return n;
}
