/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the polled mailbox joins the suite: the kinds of kind_mailbox.c, in a program that is linked with the small agent's
 * end in place of the other one. That end is for one context; the suite has many, so here they enter one after another,
 * and those that are inside may enter again.
 *
 *	kind        platform runs  beside that
 *	polled      polls          nobody rings
 *	polled_smc  in the call    a doorbell; address in registers
 */
#define _XOPEN_SOURCE 700

#include <stdlib.h>

#include "mailbox_form.h"

struct one_by_one {
	struct scmi_transport below;
	struct scmi_transport_ops ops;
	pthread_mutex_t turn;
};

static int start(void *ctx, const struct scmi_sink *sink, void *core)
{
	struct one_by_one *o = ctx;

	return o->below.ops->start(o->below.ctx, sink, core);
}

static void stop(void *ctx)
{
	struct one_by_one *o = ctx;

	o->below.ops->stop(o->below.ctx);
}

static int send(void *ctx, const struct scmi_tx *tx)
{
	struct one_by_one *o = ctx;
	int err;

	pthread_mutex_lock(&o->turn);
	err = o->below.ops->send(o->below.ctx, tx);
	pthread_mutex_unlock(&o->turn);
	return err;
}

static int fetch(void *ctx, const struct scmi_rx *rx, uint32_t offset, void *dst, uint32_t len)
{
	struct one_by_one *o = ctx;

	return o->below.ops->fetch(o->below.ctx, rx, offset, dst, len);
}

static int poll(void *ctx, int max)
{
	struct one_by_one *o = ctx;
	int n;

	pthread_mutex_lock(&o->turn);
	n = o->below.ops->poll(o->below.ctx, max);
	pthread_mutex_unlock(&o->turn);
	return n;
}

static int recover(void *ctx)
{
	struct one_by_one *o = ctx;

	return o->below.ops->recover(o->below.ctx);
}

static struct one_by_one *wrap(struct scmi_transport *t)
{
	struct one_by_one *o = calloc(1, sizeof(*o));
	pthread_mutexattr_t again;

	if (o == NULL)
		abort();
	pthread_mutexattr_init(&again);
	pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&o->turn, &again);
	pthread_mutexattr_destroy(&again);
	o->below = *t;
	o->ops = *t->ops;
	o->ops.start = start;
	o->ops.stop = stop;
	o->ops.send = send;
	o->ops.fetch = fetch;
	o->ops.poll = poll;
	o->ops.recover = recover;
	t->ops = &o->ops;
	t->ctx = o;
	return o;
}

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out)
{
	struct conf_link *link = conf_mailbox_methods.make(kind, port, peer, out);

	if (link != NULL)
		link->beside = wrap(out);
	return link;
}

static void destroy(struct conf_link *link)
{
	struct one_by_one *o = link->beside;

	conf_mailbox_methods.destroy(link);
	pthread_mutex_destroy(&o->turn);
	free(o);
}

static int peer_start(struct conf_link *link)
{
	return conf_mailbox_methods.peer_start(link);
}

static void peer_stop(struct conf_link *link)
{
	conf_mailbox_methods.peer_stop(link);
}

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	return conf_mailbox_methods.answer(link, ref, hdr, payload, len, in_place);
}

static uint32_t away(struct conf_link *link)
{
	return conf_mailbox_methods.away(link);
}

static const char *fault(struct conf_link *link)
{
	return conf_mailbox_methods.fault(link);
}

#define METHODS                                                                                                        \
	.make = make, .destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer,          \
	.away = away, .fault = fault, .empty = SCMI_E_COMMS

static const struct mailbox_form polled = {.serve = SERVE_POLL, .deliver = DELIVER_POLL};
static const struct mailbox_form polled_smc = {.smc = true, .smc_params = SCMI_SMC_PAGE};

static const struct conf_kind conf_polled = {
	.name = "polled",
	.own = &polled,
	.traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_STUBBORN | CONF_THREADED,
	.depth = 1,
	.max_payload = 100,
	METHODS,
};

static const struct conf_kind conf_polled_smc = {
	.name = "polled_smc",
	.own = &polled_smc,
	.traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_STUBBORN,
	.depth = 1,
	.max_payload = 100,
	METHODS,
};

const struct conf_entry conf_list[] = {
	{&conf_polled, CONF_PLAIN | CONF_TRAFFIC},
	{&conf_polled_smc, CONF_PLAIN | CONF_TRAFFIC},
	{NULL, 0},
};
