/* SPDX-License-Identifier: BSD-3-Clause */
/* A kind around a kind: with no fault at work the flaky transport has to be as good as the one that it wraps. */
#include <stdlib.h>

#include <scmi/transport/loopback.h>

#include "../support/flaky.h"
#include "../support/kind_one.h"
#include "../support/kind_priv.h"
#include "suite.h"

struct conf_link {
	const struct conf_kind *kind; /* the wrapped one, */
	struct conf_link *below;      /* and its link, which only that one looks into */
	struct flaky *flaky;
};

static struct conf_link *make(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
			      struct scmi_transport *out, struct flaky_config *config)
{
	struct conf_link *link = calloc(1, sizeof(*link));
	struct scmi_transport inner;

	if (link == NULL)
		return NULL;
	config->size = sizeof(*config);
	config->port = port;
	link->kind = kind;
	link->below = kind->make(port, peer, &inner);
	if (link->below != NULL)
		link->flaky = flaky_create(&inner, config, out);
	if (link->flaky != NULL)
		return link;
	if (link->below != NULL)
		kind->destroy(link->below);
	free(link);
	return NULL;
}

/* Without rates: straight through. */
static struct conf_link *make_transparent(const struct conf_kind *kind, const struct scmi_port *port,
					  struct conf_peer *peer, struct scmi_transport *out)
{
	struct flaky_config config = {0};

	return make(kind, port, peer, out, &config);
}

/* With rates, and calmed: it has its queue, its poll() and its wait() in the way, and nothing to hold. */
static struct conf_link *make_calm(const struct conf_kind *kind, const struct scmi_port *port, struct conf_peer *peer,
				   struct scmi_transport *out)
{
	struct flaky_config config = {0};
	struct conf_link *link;

	flaky_rates(&config, FLAKY_ALWAYS);
	config.rate[FLAKY_A2P][FLAKY_LINK] = FLAKY_ALWAYS;
	link = make(kind, port, peer, out, &config);
	if (link != NULL)
		flaky_calm(link->flaky);
	return link;
}

static void destroy(struct conf_link *link)
{
	flaky_destroy(link->flaky);
	link->kind->destroy(link->below);
	free(link);
}

static int peer_start(struct conf_link *link)
{
	return link->kind->peer_start(link->below);
}

static void peer_stop(struct conf_link *link)
{
	link->kind->peer_stop(link->below);
}

static int answer(struct conf_link *link, void *ref, uint32_t hdr, const void *payload, uint32_t len, bool in_place)
{
	return link->kind->answer(link->below, ref, hdr, payload, len, in_place);
}

static int push(struct conf_link *link, uint32_t hdr, const void *payload, uint32_t len)
{
	return link->kind->push(link->below, hdr, payload, len);
}

static uint32_t away(struct conf_link *link)
{
	const struct flaky_counts counts = flaky_counts(link->flaky);

	return link->kind->away(link->below) + counts.held[FLAKY_A2P] + counts.held[FLAKY_P2A];
}

static void hold_up(struct conf_link *link, bool paused)
{
	link->kind->pause(link->below, paused);
}

static uint32_t acquired(struct conf_link *link)
{
	return link->kind->acquired(link->below);
}

static struct conf_link *sync_make(const struct scmi_port *port, struct conf_peer *peer, struct scmi_transport *out)
{
	return make_transparent(&conf_loopback_sync, port, peer, out);
}

static struct conf_link *sync_make_calm(const struct scmi_port *port, struct conf_peer *peer,
					struct scmi_transport *out)
{
	return make_calm(&conf_loopback_sync, port, peer, out);
}

static struct conf_link *threaded_make(const struct scmi_port *port, struct conf_peer *peer, struct scmi_transport *out)
{
	return make_transparent(&conf_loopback_threaded, port, peer, out);
}

static struct conf_link *threaded_make_calm(const struct scmi_port *port, struct conf_peer *peer,
					    struct scmi_transport *out)
{
	return make_calm(&conf_loopback_threaded, port, peer, out);
}

static struct conf_link *priv_make(const struct scmi_port *port, struct conf_peer *peer, struct scmi_transport *out)
{
	return make_transparent(&conf_kind_priv, port, peer, out);
}

static struct conf_link *priv_make_calm(const struct scmi_port *port, struct conf_peer *peer,
					struct scmi_transport *out)
{
	return make_calm(&conf_kind_priv, port, peer, out);
}

static struct conf_link *one_make_calm(const struct scmi_port *port, struct conf_peer *peer, struct scmi_transport *out)
{
	return make_calm(&conf_kind_one, port, peer, out);
}

static struct conf_link *queued_make_calm(const struct scmi_port *port, struct conf_peer *peer,
					  struct scmi_transport *out)
{
	return make_calm(&conf_kind_queued, port, peer, out);
}

/* What every kind here has in common. The rest is as the wrapped one has it. */
#define METHODS                                                                                                        \
	.destroy = destroy, .peer_start = peer_start, .peer_stop = peer_stop, .answer = answer, .push = push,          \
	.away = away, .pause = hold_up, .acquired = acquired

#define SYNC                                                                                                           \
	METHODS, .traits = CONF_KNOWS_TOKEN | CONF_UNASKED | CONF_PEER_GOES | CONF_EMPTY | CONF_WIDE,                  \
		 .depth = SCMI_LOOPBACK_INFLIGHT_DEFAULT, .max_payload = SCMI_LOOPBACK_PAYLOAD_DEFAULT
#define THREADED                                                                                                       \
	METHODS, .traits = CONF_KNOWS_TOKEN | CONF_UNASKED | CONF_PEER_GOES | CONF_EMPTY | CONF_WIDE, .depth = 16,     \
		 .max_payload = 72
#define PRIV                                                                                                           \
	METHODS, .traits = CONF_UNASKED | CONF_DELEGATES | CONF_WIDE, .depth = KIND_PRIV_DEPTH,                        \
		 .max_payload = KIND_PRIV_PAYLOAD
#define ONE                                                                                                            \
	METHODS, .traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_WIDE | CONF_STUBBORN, .depth = 1,                      \
		 .max_payload = KIND_ONE_PAYLOAD
#define QUEUED                                                                                                         \
	METHODS, .traits = CONF_KNOWS_TOKEN | CONF_EMPTY | CONF_STUBBORN, .depth = 8, .max_payload = KIND_ONE_PAYLOAD

const struct conf_kind conf_flaky_kinds[] = {
	{.name = "flaky_sync", .make = sync_make, SYNC},
	{.name = "flaky_sync_calm", .make = sync_make_calm, SYNC},
	{.name = "flaky_threaded", .make = threaded_make, THREADED},
	{.name = "flaky_threaded_calm", .make = threaded_make_calm, THREADED},
	{.name = "flaky_priv", .make = priv_make, PRIV},
	{.name = "flaky_priv_calm", .make = priv_make_calm, PRIV},
	{.name = "flaky_one_calm", .make = one_make_calm, ONE},
	{.name = "flaky_queued_calm", .make = queued_make_calm, QUEUED},
	{.name = NULL},
};
