/* SPDX-License-Identifier: BSD-3-Clause */
/* How the three kinds of test/support join the suite. */
#include <stdlib.h>

#include "../support/kind_one.h"
#include "../support/kind_priv.h"
#include "../support/kind_rx.h"
#include "suite.h"

#define QUEUED_DEPTH 8u

struct conf_link {
	struct conf_peer *peer;
	struct kind_rx *rx;
	struct kind_priv *priv;
	struct kind_one *one;
};

static void came(void *arg, void *ref, uint32_t hdr, const void *payload, uint32_t len)
{
	struct conf_link *link = arg;

	conf_peer_came(link->peer, ref, hdr, payload, len);
}

static void came_one(void *arg, uint32_t hdr, const void *payload, uint32_t len)
{
	came(arg, NULL, hdr, payload, len);
}

static struct conf_link *make(struct conf_peer *peer)
{
	struct conf_link *link = calloc(1, sizeof(*link));

	if (link == NULL)
		abort();
	link->peer = peer;
	return link;
}

/* These three have a peer that is always there. */
static int peer_start(struct conf_link *link)
{
	(void)link;
	return SCMI_OK;
}

static void peer_stop(struct conf_link *link)
{
	(void)link;
}

/* ---- rx only ---- */

static struct conf_link *rx_make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				 struct scmi_transport *out)
{
	struct conf_link *link = make(peer);

	(void)kind;
	(void)port;
	link->rx = kind_rx_create(came, link, out);
	return link;
}

static void rx_destroy(struct conf_link *link)
{
	kind_rx_destroy(link->rx);
	free(link);
}

static int rx_answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	(void)in_place;
	return kind_rx_answer(link->rx, ref, hdr, payload, len);
}

static int rx_push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return kind_rx_push(link->rx, hdr, payload, len);
}

static uint32_t rx_away(struct conf_link *link)
{
	return kind_rx_away(link->rx);
}

const struct conf_kind conf_kind_rx = {
	.name = "kind_rx",
	.traits = CONF_UNASKED | CONF_EIGHT | CONF_WIDE,
	.depth = KIND_RX_DEPTH,
	.max_payload = KIND_RX_PAYLOAD,
	.make = rx_make,
	.destroy = rx_destroy,
	.peer_start = peer_start,
	.peer_stop = peer_stop,
	.answer = rx_answer,
	.push = rx_push,
	.away = rx_away,
};

/* ---- acquire, priv, completion from another thread ---- */

static struct conf_link *priv_make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				   struct scmi_transport *out)
{
	struct conf_link *link = make(peer);

	(void)kind;
	(void)port;
	link->priv = kind_priv_create(came, link, out);
	return link;
}

static void priv_destroy(struct conf_link *link)
{
	kind_priv_destroy(link->priv);
	free(link);
}

static int priv_answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len,
		       bool in_place)
{
	(void)in_place;
	return kind_priv_answer(link->priv, ref, hdr, payload, len);
}

static int priv_push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return kind_priv_push(link->priv, hdr, payload, len);
}

static uint32_t priv_away(struct conf_link *link)
{
	return kind_priv_away(link->priv);
}

static void priv_pause(struct conf_link *link, bool paused)
{
	kind_priv_pause(link->priv, paused);
}

static uint32_t priv_acquired(struct conf_link *link)
{
	return kind_priv_acquired(link->priv);
}

const struct conf_kind conf_kind_priv = {
	.name = "kind_priv",
	.traits = CONF_UNASKED | CONF_EIGHT | CONF_DELEGATES | CONF_WIDE | CONF_THREADED,
	.depth = KIND_PRIV_DEPTH,
	.max_payload = KIND_PRIV_PAYLOAD,
	.make = priv_make,
	.destroy = priv_destroy,
	.peer_start = peer_start,
	.peer_stop = peer_stop,
	.answer = priv_answer,
	.push = priv_push,
	.away = priv_away,
	.pause = priv_pause,
	.acquired = priv_acquired,
};

/* ---- depth one, state of its own ---- */

static struct conf_link *one_make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				  struct scmi_transport *out)
{
	struct conf_link *link = make(peer);

	(void)kind;
	(void)port;
	link->one = kind_one_create(came_one, link, out);
	return link;
}

static struct conf_link *queued_make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				     struct scmi_transport *out)
{
	struct conf_link *link = make(peer);

	(void)kind;
	(void)port;
	link->one = kind_one_create_queued(came_one, link, QUEUED_DEPTH, out);
	return link;
}

static void one_destroy(struct conf_link *link)
{
	kind_one_destroy(link->one);
	free(link);
}

static int one_answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	(void)ref;
	(void)in_place;
	return kind_one_answer(link->one, hdr, payload, len);
}

static uint32_t one_away(struct conf_link *link)
{
	return kind_one_away(link->one);
}

const struct conf_kind conf_kind_one = {
	.name = "kind_one",
	.traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_WIDE | CONF_STUBBORN,
	.depth = 1,
	.max_payload = KIND_ONE_PAYLOAD,
	.make = one_make,
	.destroy = one_destroy,
	.peer_start = peer_start,
	.peer_stop = peer_stop,
	.answer = one_answer,
	.away = one_away,
};

/* The same area under the core's queue. */
const struct conf_kind conf_kind_queued = {
	.name = "kind_queued",
	.traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_STUBBORN,
	.depth = QUEUED_DEPTH,
	.max_payload = KIND_ONE_PAYLOAD,
	.make = queued_make,
	.destroy = one_destroy,
	.peer_start = peer_start,
	.peer_stop = peer_stop,
	.answer = one_answer,
	.away = one_away,
};
