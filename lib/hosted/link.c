/* SPDX-License-Identifier: BSD-3-Clause */
/* Links by URI. */
#include <stdatomic.h>
#include <stdlib.h>

#include "scheme.h"

#define US_PER_MS 1000u

struct scmi_hosted_link {
	const struct scmi_scheme *scheme;
	void *link; /* the scheme's */
};

static int open_scheme(struct scmi_hosted_link *l, const struct scmi__uri *uri, const struct scmi_port *port,
		       uint64_t until_us, struct scmi_transport *transport, const struct scmi_why *why)
{
	struct scmi__reason reason;
	int err;

	scmi__reason_begin(&reason);
	do
		err = uri->scheme->open(&l->link, uri->rest, port, transport, &reason.why);
	while (err == SCMI_E_NOPEER && scmi__try_again(port, until_us));
	if (err == SCMI_OK && (uri->given & 1u << SCMI__TIMEOUT) != 0)
		transport->timeout_us = uri->value[SCMI__TIMEOUT] * US_PER_MS;
	return scmi__reason_end(&reason, err, why);
}

int scmi__link_make(struct scmi_hosted_link **link, const struct scmi__uri *uri, const struct scmi_port *port,
		    uint64_t until_us, struct scmi_transport *transport, const struct scmi_why *why)
{
	struct scmi_hosted_link *l = calloc(1, sizeof(*l));
	struct scmi_transport filled = {0};
	int err;

	if (l == NULL) {
		scmi__tell_why(why, "no memory left");
		return SCMI_E_NOMEM;
	}
	l->scheme = uri->scheme;
	err = open_scheme(l, uri, port, until_us, &filled, why);
	if (err != SCMI_OK) {
		free(l);
		return err;
	}
	*transport = filled;
	*link = l;
	return SCMI_OK;
}

const char *scmi_link_reason(const struct scmi_hosted_link *link)
{
	return link->scheme->reason != NULL ? link->scheme->reason(link->link) : NULL;
}

int scmi__link_refuse(const struct scmi_hosted_link *link, int err, const struct scmi_why *why)
{
	const char *reason = scmi_link_reason(link);

	scmi__tell_why(why, "%s", reason != NULL ? reason : scmi_strerror(err));
	return err;
}

void scmi_link_close(struct scmi_hosted_link *link)
{
	if (link == NULL)
		return;
	link->scheme->close(link->link);
	free(link);
}

/* ---- is the peer there? Traffic is begun and ended, with nobody behind it. ---- */

/* A core to which no message belongs. */
struct nobody {
	atomic_bool down;
};

static int nobody_acquire(void *core, uint32_t hdr, struct scmi_xfer *x)
{
	(void)core;
	(void)hdr;
	(void)x;
	return SCMI_E_STRAY;
}

static int nobody_complete(void *core, struct scmi_xfer *x, uint32_t len)
{
	(void)core;
	(void)x;
	(void)len;
	return SCMI_E_GONE;
}

static void nobody_release(void *core, struct scmi_xfer *x)
{
	(void)core;
	(void)x;
}

static int nobody_rx(void *core, const struct scmi_rx *rx)
{
	(void)core;
	(void)rx;
	return SCMI_E_STRAY;
}

static int nobody_settle(void *core, uint16_t token, int err)
{
	(void)core;
	(void)token;
	(void)err;
	return SCMI_E_STRAY;
}

static void nobody_ready(void *core)
{
	struct nobody *nobody = core;

	atomic_store(&nobody->down, false);
}

static void nobody_link_down(void *core, int err)
{
	struct nobody *nobody = core;

	(void)err;
	atomic_store(&nobody->down, true);
}

static const struct scmi_sink nobody_sink = {
	.version = SCMI_SINK_V1,
	.rx = nobody_rx,
	.acquire = nobody_acquire,
	.complete = nobody_complete,
	.release = nobody_release,
	.settle = nobody_settle,
	.ready = nobody_ready,
	.link_down = nobody_link_down,
};

static int look(const struct scmi_transport *t)
{
	struct nobody nobody;
	int err;

	atomic_init(&nobody.down, false);
	err = t->ops->start(t->ctx, &nobody_sink, &nobody);
	if (err != SCMI_OK)
		return err;
	t->ops->stop(t->ctx);
	return atomic_load(&nobody.down) ? SCMI_E_NOPEER : SCMI_OK;
}

/* With wait=: the agent's start is to find the peer. */
static int find_peer(const struct scmi_hosted_link *l, const struct scmi_transport *t, const struct scmi_port *port,
		     uint64_t until_us, const struct scmi_why *why)
{
	const char *fault;
	int err = scmi_transport_check(t, &fault);

	if (err != SCMI_OK) {
		scmi__tell_why(why, "the scheme's transport is not whole: %s", fault);
		return err;
	}
	do
		err = look(t);
	while (err == SCMI_E_NOPEER && scmi__try_again(port, until_us));
	return err == SCMI_OK ? SCMI_OK : scmi__link_refuse(l, err, why);
}

static int open_uri(struct scmi_hosted_link **link, const struct scmi__uri *uri, const struct scmi_port *port,
		    struct scmi_transport *transport, const struct scmi_why *why)
{
	uint64_t until_us = scmi__uri_until_us(uri, port);
	struct scmi_hosted_link *new = NULL;
	struct scmi_transport filled;
	int err = scmi__link_make(&new, uri, port, until_us, &filled, why);

	if (err != SCMI_OK)
		return err;
	if (until_us != 0)
		err = find_peer(new, &filled, port, until_us, why);
	if (err != SCMI_OK) {
		scmi_link_close(new);
		return err;
	}
	*transport = filled;
	*link = new;
	return SCMI_OK;
}

int scmi_link_open(struct scmi_hosted_link **link, const char *uri, const struct scmi_open_config *config,
		   const struct scmi_port *port, struct scmi_transport *transport, uint32_t *reconnect_us)
{
	const struct scmi_why *why = config != NULL ? &config->why : NULL;
	struct scmi__uri parts;
	int err;

	if (link == NULL || uri == NULL || transport == NULL || (config != NULL && config->size != sizeof(*config)) ||
	    scmi_port_check(port) != SCMI_OK)
		return SCMI_E_INVAL;
	err = scmi__uri_read(&parts, uri, config, true, why);
	if (err != SCMI_OK)
		return err;
	err = open_uri(link, &parts, port, transport, why);
	if (err == SCMI_OK && reconnect_us != NULL)
		*reconnect_us = parts.value[SCMI__RECONNECT] * US_PER_MS;
	scmi__uri_free(&parts);
	return err;
}
