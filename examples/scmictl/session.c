/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent on a link, from the options to the last free(). */
#include <stdio.h>
#include <stdlib.h>

#include <scmi/message.h>

#include "scmictl.h"

#define SLOTS         16u
#define EVENT_BUFFERS 8u

enum outcome session_error(const struct session *s, const char *what, int err, int32_t status)
{
	fprintf(stderr, "scmictl: %s: %s", what, scmi_strerror(err));
	if (err == SCMI_E_REMOTE)
		fprintf(stderr, ": %s (%d)", scmi_status_text(status), (int)status);
	fprintf(stderr, " (link %s", s->options->link);
	if (err == SCMI_E_TIMEOUT)
		fprintf(stderr, ", time-out %u ms", s->link.transport.timeout_us / 1000u);
	fputs(")\n", stderr);
	return FAILED;
}

static bool carries_events(const struct link *link)
{
	return (link->transport.caps & SCMI_CAP_NOTIFY) != 0;
}

/* A link that has no channel for notifications does without. */
static int subscribe(struct session *s)
{
	s->events = (struct scmi_subscriber){
		.size = sizeof(s->events), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = show_event};
	if (!carries_events(&s->link))
		return SCMI_OK;
	return scmi_agent_subscribe(s->agent, &s->events);
}

static int init_agent(struct session *s)
{
	bool trace = s->options->trace;
	const struct scmi_agent_config config = {
		.size = sizeof(config),
		.transport = &s->link.transport,
		.port = &s->port,
		.slots = SLOTS,
		.event_buffers = carries_events(&s->link) ? EVENT_BUFFERS : 0u,
		.log = show_log,
		.log_arg = trace ? s : NULL,
		.trace = trace ? show_trace : NULL,
	};
	size_t size = scmi_agent_size(&config);

	s->memory = malloc(size);
	if (s->memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_agent_init(&s->agent, s->memory, size, &config);
}

static int open_agent(struct session *s)
{
	int err = init_agent(s);

	if (err == SCMI_OK)
		err = subscribe(s);
	if (err == SCMI_OK)
		err = scmi_agent_start(s->agent);
	return err;
}

static int open_link(struct session *s, const struct link_kind *kind, const char *rest)
{
	int err = kind->open(&s->link, rest, &s->port);

	if (err != SCMI_OK)
		return err;
	s->link.kind = kind;
	if (s->options->timeout_us != 0)
		s->link.transport.timeout_us = s->options->timeout_us;
	if (s->link.transport.timeout_us == 0)
		s->link.transport.timeout_us = SCMI_TIMEOUT_DEFAULT_US; /* the agent's, for our messages */
	return SCMI_OK;
}

/* Undoes what has been done so far, in reverse. */
static void close_session(struct session *s)
{
	if (s->agent != NULL)
		(void)scmi_agent_fini(s->agent); /* refuses in callbacks only */
	free(s->memory);
	if (s->link.kind != NULL)
		s->link.kind->close(&s->link);
	scmi_posix_fini(&s->posix);
}

enum outcome session_run(const struct options *options, enum outcome (*body)(struct session *s, void *arg), void *arg)
{
	struct session s = {.options = options};
	const char *rest;
	const struct link_kind *kind = link_find(options->link, &rest);
	enum outcome outcome;
	int err;

	if (kind == NULL)
		return MISUSED;
	err = scmi_posix_init(&s.posix, &s.port);
	if (err != SCMI_OK)
		return session_error(&s, "port", err, 0);
	err = open_link(&s, kind, rest);
	if (err == SCMI_OK)
		err = open_agent(&s);
	outcome = err == SCMI_OK ? body(&s, arg) : session_error(&s, "cannot open the link", err, 0);
	close_session(&s);
	return outcome;
}
