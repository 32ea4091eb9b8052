/* SPDX-License-Identifier: BSD-3-Clause */
/* A kind around a kind: with no fault at work the flaky transport has to be as good as the one that it wraps. */
#include <stdlib.h>

#include "../support/flaky.h"
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
	link->kind = kind->own;
	link->below = link->kind->make(link->kind, port, peer, &inner);
	if (link->below != NULL)
		link->flaky = flaky_create(&inner, config, out);
	if (link->flaky != NULL)
		return link;
	if (link->below != NULL)
		link->kind->destroy(link->below);
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

static uint32_t kicks(struct conf_link *link)
{
	return link->kind->kicks(link->below);
}

static const char *fault(struct conf_link *link)
{
	return link->kind->fault(link->below);
}

/* It has what the wrapped one has, but for a descriptor. */
struct conf_kind conf_flaky_kind(const struct conf_kind *below, const char *name, bool calm)
{
	return (struct conf_kind){
		.name = name,
		.own = below,
		.traits = below->traits & ~CONF_FD,
		.depth = below->depth,
		.max_payload = below->max_payload,
		.empty = below->empty,
		.make = calm ? make_calm : make_transparent,
		.destroy = destroy,
		.peer_start = peer_start,
		.peer_stop = peer_stop,
		.answer = answer,
		.push = below->push != NULL ? push : NULL,
		.away = away,
		.pause = below->pause != NULL ? hold_up : NULL,
		.acquired = below->acquired != NULL ? acquired : NULL,
		.kicks = below->kicks != NULL ? kicks : NULL,
		.fault = below->fault != NULL ? fault : NULL,
	};
}
