/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How loopback joins the suite, in both modes, and with a doorbell. Its endpoint is played by the script; no platform
 * core is involved.
 */
#define _POSIX_C_SOURCE 200809L

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <scmi/transport/loopback.h>

#include "suite.h"

struct conf_link {
	struct scmi_loopback *lb;
	struct scmi_endpoint endpoint;
	struct conf_peer *peer;
	void *mem;
	bool threaded;
	bool serving; /* the server thread is there */
	pthread_t server;
	int pipe[2]; /* the doorbell; 0: none */
};

/* An answer inside request() is left where request() finds it. */
static uint32_t request(void *channel, struct scmi_request *req)
{
	struct conf_link *link = channel;
	uint32_t answered = SCMI_REPLY_LATER;

	req->priv = &answered;
	conf_peer_came(link->peer, req, req->hdr, req->params, req->len);
	return answered;
}

static void room_again(void *channel)
{
	(void)channel; /* the script does not keep what found no room */
}

static const struct scmi_platform_sink sink = {
	.version = SCMI_PLATFORM_SINK_V1,
	.request = request,
	.ready = room_again,
};

static struct conf_link *new_link(struct conf_peer *peer)
{
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->peer = peer;
	return link;
}

static struct conf_link *make(struct conf_link *link, const struct scmi_loopback_config *config,
			      struct scmi_transport *out)
{
	const size_t size = scmi_loopback_size(config);

	link->threaded = (config->flags & SCMI_LOOPBACK_THREADED) != 0;
	link->mem = malloc(size);
	if (scmi_loopback_init(&link->lb, link->mem, size, config, out, &link->endpoint) == SCMI_OK)
		return link;
	free(link->mem);
	free(link);
	return NULL;
}

/* ---- a doorbell that any POSIX system has ---- */

static void ring(void *ctx)
{
	struct conf_link *link = ctx;
	const ssize_t n = write(link->pipe[1], "", 1);

	(void)n; /* full: it is readable already */
}

static void clear(void *ctx)
{
	struct conf_link *link = ctx;
	char bytes[64];

	while (read(link->pipe[0], bytes, sizeof(bytes)) > 0)
		;
}

static void make_doorbell(struct conf_link *link, struct scmi_loopback_doorbell *doorbell)
{
	if (pipe(link->pipe) != 0)
		abort();
	for (int i = 0; i < 2; i++) {
		if (fcntl(link->pipe[i], F_SETFL, O_NONBLOCK) != 0)
			abort();
	}
	*doorbell = (struct scmi_loopback_doorbell){.ring = ring, .clear = clear, .ctx = link, .fd = link->pipe[0]};
}

static struct conf_link *make_sync(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				   struct scmi_transport *out)
{
	const struct scmi_loopback_config config = {.size = sizeof(config), .port = port};

	(void)kind;
	return make(new_link(peer), &config, out);
}

static struct conf_link *make_threads(const struct conf_kind *kind, const struct scmi_port *port,
				      struct conf_peer *peer, struct scmi_transport *out)
{
	const bool rings = (kind->traits & CONF_FD) != 0;
	struct conf_link *link = new_link(peer);
	struct scmi_loopback_doorbell doorbell;
	const struct scmi_loopback_config config = {
		.size = sizeof(config),
		.flags = SCMI_LOOPBACK_THREADED,
		.max_payload = kind->max_payload,
		.max_inflight = kind->depth,
		.events = 8,
		.port = port,
		.doorbell = rings ? &doorbell : NULL,
	};

	if (rings)
		make_doorbell(link, &doorbell);
	return make(link, &config, out);
}

static void destroy(struct conf_link *link)
{
	scmi_loopback_fini(link->lb);
	for (int i = 0; i < 2 && link->pipe[0] != 0; i++)
		close(link->pipe[i]);
	free(link->mem);
	free(link);
}

static void *serve(void *arg)
{
	struct conf_link *link = arg;

	while (scmi_loopback_serve(link->lb, SCMI_NEVER) >= 0)
		;
	return NULL;
}

static int peer_start(struct conf_link *link)
{
	int err = link->endpoint.ops->start(link->endpoint.ctx, &sink, link);

	if (err != SCMI_OK || !link->threaded)
		return err;
	if (pthread_create(&link->server, NULL, serve, link) != 0)
		abort();
	link->serving = true;
	return SCMI_OK;
}

static void peer_stop(struct conf_link *link)
{
	link->endpoint.ops->stop(link->endpoint.ctx);
	if (link->serving)
		pthread_join(link->server, NULL);
	link->serving = false;
}

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	struct scmi_request *req = ref;

	if (len > req->reply_cap)
		return SCMI_E_TOOBIG;
	req->hdr = hdr;
	if (len != 0)
		memcpy(req->reply, payload, len);
	if (in_place)
		*(uint32_t *)req->priv = len != 0 ? len : SCMI_REPLY_NONE;
	else
		link->endpoint.ops->reply(link->endpoint.ctx, req, len != 0 ? len : SCMI_REPLY_NONE);
	return SCMI_OK;
}

static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return link->endpoint.ops->send(link->endpoint.ctx, hdr, payload, len);
}

static uint32_t away(struct conf_link *link)
{
	return scmi_loopback_open(link->lb);
}

#define METHODS                                                                                                        \
	.destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer, .push = push,          \
	.away = away

const struct conf_kind conf_loopback_sync = {
	.name = "loopback_sync",
	.traits = CONF_KNOWS_TOKEN | CONF_UNASKED | CONF_EIGHT | CONF_PEER_GOES | CONF_EMPTY | CONF_WIDE,
	.depth = SCMI_LOOPBACK_INFLIGHT_DEFAULT,
	.max_payload = SCMI_LOOPBACK_PAYLOAD_DEFAULT,
	.make = make_sync,
	METHODS,
};

const struct conf_kind conf_loopback_threaded = {
	.name = "loopback_threaded",
	.traits =
		CONF_KNOWS_TOKEN | CONF_UNASKED | CONF_EIGHT | CONF_PEER_GOES | CONF_EMPTY | CONF_WIDE | CONF_THREADED,
	.depth = 16,
	.max_payload = 72,
	.make = make_threads,
	METHODS,
};

const struct conf_kind conf_loopback_doorbell = {
	.name = "loopback_doorbell",
	.traits = CONF_KNOWS_TOKEN | CONF_UNASKED | CONF_EIGHT | CONF_PEER_GOES | CONF_EMPTY | CONF_WIDE |
		  CONF_THREADED | CONF_FD,
	.depth = 16,
	.max_payload = 72,
	.make = make_threads,
	METHODS,
};
