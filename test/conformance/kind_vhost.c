/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How vhost-user joins the suite: both ends as the scheme makes them, over a real socket, in one process. The back end's
 * endpoint is played by the script; its listener has a thread, which runs while the peer is there. Beside a name that
 * does not listen nobody waits for an answer: the socket's is another one while the peer is away.
 *
 *	kind      agent runs          EVENT_IDX INDIRECT P2A
 *	vhost     sleeps, an eventfd  yes       yes      yes
 *	plain     sleeps, an eventfd  no        no       yes
 *	polled    who polls           yes       yes      yes
 *	a2p       sleeps, an eventfd  yes       yes      no
 */
#define _POSIX_C_SOURCE 200809L

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <scmi/transport/virtio_device.h>

#include "vhost_form.h"

#define PATH_BYTES 64u
#define TRIES      20  /* until a peer that is there is found */
#define LINKS      16u /* at once */

struct conf_link {
	const struct vhost_form *form;
	const struct scmi_port *port;
	struct conf_peer *peer;
	void *listener;
	const struct scmi_endpoint *endpoint;
	void *front;
	struct scmi_transport below; /* the front end's */
	struct scmi_transport_ops ops;
	pthread_t server;
	_Atomic bool up;      /* the peer */
	_Atomic bool started; /* the agent's end */
	bool lost;            /* since then, its peer */
	_Atomic uint32_t open;
	uint32_t *answered; /* where request() looks for an answer in place; the listener's thread */
	char folder[PATH_BYTES];
	char path[PATH_BYTES + 8u];
	char aside[PATH_BYTES + 8u];
};

/* ---- the platform ---- */

static uint32_t request(void *channel, struct scmi_request *req)
{
	struct conf_link *link = channel;
	uint32_t answered = SCMI_REPLY_LATER;

	atomic_fetch_add(&link->open, 1u);
	link->answered = &answered;
	conf_peer_came(link->peer, req, req->hdr, req->params, req->len);
	return answered;
}

static void room_again(void *channel)
{
	(void)channel; /* the script does not keep what found no room */
}

static void reset(void *channel)
{
	(void)channel; /* nor what an agent has set up */
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = request,
	.ready = room_again,
	.reset = reset,
};

static void *serve(void *arg)
{
	const struct conf_link *link = arg;

	if (scmi_vhost_user_scheme()->run(link->listener) != SCMI_OK)
		abort();
	return NULL;
}

static void server_start(struct conf_link *link)
{
	if (pthread_create(&link->server, NULL, serve, link) != 0)
		abort();
}

static void server_stop(struct conf_link *link)
{
	if (rename(link->path, link->aside) != 0)
		abort();
	scmi_vhost_user_scheme()->end(link->listener);
	pthread_join(link->server, NULL);
}

/*
 * As a reconnect by the agent's policy does: again and again, for on a busy machine a peer may take its time. It has
 * little where it still waits for commands to end when it is to give back the rings.
 */
static int recover_below(const struct conf_link *link)
{
	int err = SCMI_E_NOPEER;

	for (int i = 0; i < TRIES && err == SCMI_E_NOPEER && (i == 0 || atomic_load(&link->up)); i++)
		err = link->below.ops->recover(link->below.ctx);
	return err;
}

static int peer_start(struct conf_link *link)
{
	const int err = link->endpoint->ops->start(link->endpoint->ctx, &sink, link);

	if (err != SCMI_OK)
		return err;
	if (rename(link->aside, link->path) != 0)
		abort();
	server_start(link);
	link->up = true;
	if (!link->lost || !atomic_load(&link->started))
		return SCMI_OK;
	link->lost = false;
	return recover_below(link);
}

/* Who sleeps sees it, but not while something is there to be taken. */
static void see_loss(const struct conf_link *link)
{
	const struct scmi_transport *t = &link->below;

	while (t->ops->poll(t->ctx, CONF_HELD) > 0)
		;
	t->ops->wait(t->ctx, 0);
}

static void peer_stop(struct conf_link *link)
{
	if (!link->up)
		return;
	server_stop(link);
	link->endpoint->ops->stop(link->endpoint->ctx);
	link->up = false;
	link->lost = atomic_load(&link->started);
	if (link->lost)
		see_loss(link);
}

/* ---- the agent sleeps while the clock stands still ---- */

static struct conf_link *links[LINKS];
static pthread_mutex_t links_lock = PTHREAD_MUTEX_INITIALIZER;

static struct conf_link *link_of(const void *ctx)
{
	struct conf_link *link = NULL;

	pthread_mutex_lock(&links_lock);
	for (uint32_t i = 0; i < LINKS; i++) {
		if (links[i] != NULL && links[i]->below.ctx == ctx)
			link = links[i];
	}
	pthread_mutex_unlock(&links_lock);
	return link;
}

static void put_link(const struct conf_link *from, struct conf_link *to)
{
	uint32_t i = 0;

	pthread_mutex_lock(&links_lock);
	while (i < LINKS && links[i] != from)
		i++;
	if (i == LINKS)
		abort();
	links[i] = to;
	pthread_mutex_unlock(&links_lock);
}

/* Who waits for the clock sleeps a slice. Who does not has to be woken: if he is not, the case hangs. */
static void wait_in_slices(void *ctx, uint64_t deadline_us)
{
	const struct conf_link *link = link_of(ctx);
	const struct conf_clock *clock = link->port->ctx;
	const struct scmi_transport_ops *below = link->below.ops;

	if (deadline_us == SCMI_NEVER && clock->step_us == 0) {
		conf_thread_pauses();
		below->wait(ctx, SCMI_NEVER);
	} else if (link->port->now_us(link->port->ctx) >= deadline_us) {
		below->wait(ctx, 0);
	} else {
		below->wait(ctx, clock->real.now_us(clock->real.ctx) + clock->slice_us);
		link->port->relax(link->port->ctx);
	}
}

static int start(void *ctx, const struct scmi_sink *core_sink, void *core)
{
	struct conf_link *link = link_of(ctx);
	int err = SCMI_E_NOPEER;

	for (int i = 0; i < TRIES && err == SCMI_E_NOPEER && (i == 0 || atomic_load(&link->up)); i++)
		err = link->below.ops->start(ctx, core_sink, core);
	link->lost = false;
	atomic_store(&link->started, err == SCMI_OK);
	return err;
}

static int recover(void *ctx)
{
	return recover_below(link_of(ctx));
}

static void stop(void *ctx)
{
	struct conf_link *link = link_of(ctx);

	atomic_store(&link->started, false);
	link->below.ops->stop(ctx);
}

/* The front end has room for more than our own back end takes; the suite knows one limit of both. */
static int send_within(void *ctx, const struct scmi_tx *tx)
{
	return tx->len <= SCMI_VIRTIO_PAYLOAD_DEFAULT ? link_of(ctx)->below.ops->send(ctx, tx) : SCMI_E_TOOBIG;
}

static void wrap(struct conf_link *link, struct scmi_transport *out)
{
	link->ops = *link->below.ops;
	link->ops.send = send_within;
	link->ops.start = start;
	link->ops.stop = stop;
	link->ops.recover = recover;
	link->ops.wait = wait_in_slices;
	*out = link->below;
	out->ops = &link->ops;
	out->max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT;
	if (!link->form->polls)
		return;
	link->ops.wait = NULL;
	link->ops.wake = NULL;
	link->ops.fd = NULL;
	out->caps &= ~SCMI_CAP_WAIT;
}

/* ---- make ---- */

static bool listens(struct conf_link *link, const struct scmi_why *why)
{
	char rest[2u * PATH_BYTES];

	(void)snprintf(link->folder, sizeof(link->folder), "/tmp/scmi-conformance-XXXXXX");
	if (mkdtemp(link->folder) == NULL)
		abort();
	(void)snprintf(link->path, sizeof(link->path), "%s/there", link->folder);
	(void)snprintf(link->aside, sizeof(link->aside), "%s/away", link->folder);
	(void)snprintf(rest, sizeof(rest), "%s,agents=1%s", link->path, link->form->platforms);
	if (scmi_vhost_user_scheme()->listen(&link->listener, rest, link->port, why) != SCMI_OK)
		return false;
	link->endpoint = scmi_vhost_user_scheme()->endpoint(link->listener, 0);
	return true;
}

/* The back end has to be there for that; from then on it comes and goes. */
static bool opens(struct conf_link *link, const struct scmi_why *why)
{
	char rest[2u * PATH_BYTES];
	int err;

	(void)snprintf(rest, sizeof(rest), "%s%s", link->path, link->form->agents);
	server_start(link);
	err = scmi_vhost_user_scheme()->open(&link->front, rest, link->port, &link->below, why);
	server_stop(link);
	return err == SCMI_OK;
}

/* It takes away its name, if it finds it. */
static void free_link(struct conf_link *link)
{
	(void)rename(link->aside, link->path);
	if (link->listener != NULL)
		scmi_vhost_user_scheme()->unlisten(link->listener);
	if (rmdir(link->folder) != 0)
		abort();
	free(link);
}

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out)
{
	char text[200] = "";
	const struct scmi_why why = {text, sizeof(text)};
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->form = kind->own;
	link->port = port;
	link->peer = peer;
	if (listens(link, &why) && opens(link, &why)) {
		put_link(NULL, link);
		wrap(link, out);
		return link;
	}
	(void)fprintf(stderr, "%s: %s\n", kind->name, text);
	free_link(link);
	return NULL;
}

static void destroy(struct conf_link *link)
{
	put_link(link, NULL);
	scmi_vhost_user_scheme()->close(link->front);
	free_link(link);
}

/* ---- what the script sends ---- */

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	struct scmi_request *req = ref;
	const uint32_t n = len != 0 ? len : SCMI_REPLY_NONE;

	if (len > req->reply_cap)
		return SCMI_E_TOOBIG;
	req->hdr = hdr;
	if (len != 0)
		memcpy(req->reply, payload, len);
	atomic_fetch_sub(&link->open, 1u);
	if (in_place)
		*link->answered = n;
	else
		link->endpoint->ops->reply(link->endpoint->ctx, req, n);
	return SCMI_OK;
}

static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return link->endpoint->ops->send(link->endpoint->ctx, hdr, payload, len);
}

static uint32_t away(struct conf_link *link)
{
	return atomic_load(&link->open);
}

/* ---- kinds ---- */

#define METHODS                                                                                                        \
	.make = make, .destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer,          \
	.away = away
#define TRAITS (CONF_KNOWS_TOKEN | CONF_PEER_GOES | CONF_WIDE | CONF_LOST_LATER | CONF_THREADED)

static const struct vhost_form by_fd = {"", "", false};
static const struct vhost_form plain = {"", ",features=0x100000001", false};
static const struct vhost_form polled = {"", "", true};
static const struct vhost_form a2p = {",features=0x130000000", "", false};

const struct conf_kind conf_vhost_user = {
	.name = "vhost_user",
	.own = &by_fd,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_FD,
	.depth = SCMI_VIRTIO_INFLIGHT_DEFAULT,
	.max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT,
	.push = push,
	METHODS,
};

const struct conf_kind conf_vhost_user_plain = {
	.name = "vhost_user_plain",
	.own = &plain,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT | CONF_FD,
	.depth = SCMI_VIRTIO_INFLIGHT_DEFAULT,
	.max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT,
	.push = push,
	METHODS,
};

const struct conf_kind conf_vhost_user_polled = {
	.name = "vhost_user_polled",
	.own = &polled,
	.traits = TRAITS | CONF_UNASKED | CONF_EIGHT,
	.depth = SCMI_VIRTIO_INFLIGHT_DEFAULT,
	.max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT,
	.push = push,
	METHODS,
};

const struct conf_kind conf_vhost_user_a2p = {
	.name = "vhost_user_a2p",
	.own = &a2p,
	.traits = TRAITS | CONF_FD,
	.depth = SCMI_VIRTIO_INFLIGHT_DEFAULT,
	.max_payload = SCMI_VIRTIO_PAYLOAD_DEFAULT,
	METHODS,
};
