/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent on a link, from the options to the last free(). */
#include <stdio.h>
#include <stdlib.h>

#include <scmi/config.h>
#include <scmi/message.h>

#include "out.h"
#include "scmictl.h"

#define SLOTS         16u
#define EVENT_BUFFERS 8u
#define TICK_US       10000u /* between two polls of a link that cannot say that something has come */

static void show_links(const struct session *s)
{
	const struct options *o = s->options;

	fprintf(stderr, " (link %s", o->links[0].uri);
	for (uint32_t i = 1; i < o->links_n; i++)
		fprintf(stderr, ", 0x%02x=%s", o->links[i].protocol, o->links[i].uri);
}

void session_end_line(const struct session *s)
{
	show_links(s);
	fputs(")\n", stderr);
}

/* The time-out of all links; 0 where they differ. */
static uint32_t timeout_ms(const struct session *s)
{
	for (uint32_t i = 1; i < s->links_n; i++) {
		if (s->links[i].transport.timeout_us != s->links[0].transport.timeout_us)
			return 0;
	}
	return s->links[0].transport.timeout_us / 1000u;
}

bool is_fatal(int err)
{
	return err != SCMI_OK && err != SCMI_E_REMOTE && err != SCMI_E_NOTSUP;
}

/* Who has ended it himself need not be told that it has ended. */
enum outcome session_error(const struct session *s, const char *what, int err, int32_t status)
{
	if (session_interrupted(s) && (err == SCMI_E_CANCELLED || err == SCMI_E_CLOSED))
		return FAILED;
	fprintf(stderr, "scmictl: %s: %s", what, scmi_strerror(err));
	if (err == SCMI_E_REMOTE)
		fprintf(stderr, ": %s (%d)", scmi_status_text(status), (int)status);
	show_links(s);
	if (err == SCMI_E_TIMEOUT && timeout_ms(s) != 0)
		fprintf(stderr, ", time-out %u ms", timeout_ms(s));
	fputs(")\n", stderr);
	return FAILED;
}

void row_error(const struct session *s, const char *what, uint32_t id, int err, int32_t status)
{
	char row[32];

	if (err == SCMI_OK || is_fatal(err) || !json_used())
		return;
	snprintf(row, sizeof(row), "%s %u", what, id);
	(void)session_error(s, row, err, status);
}

/* ---- what the links can do ---- */

/* Capabilities that all links have, and those that one has at least. */
static uint32_t caps_of_all(const struct session *s)
{
	uint32_t caps = UINT32_MAX;

	for (uint32_t i = 0; i < s->links_n; i++)
		caps &= s->links[i].transport.caps;
	return caps;
}

static uint32_t caps_of_any(const struct session *s)
{
	uint32_t caps = 0;

	for (uint32_t i = 0; i < s->links_n; i++)
		caps |= s->links[i].transport.caps;
	return caps;
}

bool session_has_events(const struct session *s)
{
	return (caps_of_any(s) & SCMI_CAP_NOTIFY) != 0;
}

bool session_lost(int err)
{
	return err == SCMI_E_LINK || err == SCMI_E_NOPEER;
}

bool session_reconnects(const struct session *s, uint8_t protocol)
{
	return s->links[scmi_agent_link(s->agent, protocol)].reconnect_us != 0;
}

uint32_t session_max_values(const struct session *s)
{
	uint32_t payload = 0;

	for (uint32_t i = 0; i < s->links_n; i++) {
		if (s->links[i].transport.max_payload > payload)
			payload = s->links[i].transport.max_payload;
	}
	return payload - SCMI_STATUS_BYTES;
}

/* ---- waiting ---- */

uint64_t session_now_us(const struct session *s)
{
	return s->port.now_us(s->port.ctx);
}

/* scmi_agent_config.wake */
static void wake(void *arg)
{
	struct session *s = arg;

	s->port.event_signal(s->port.ctx, s->alarm);
}

void session_sleep(struct session *s, uint64_t until_us)
{
	uint64_t due = scmi_agent_next_deadline(s->agent);
	uint64_t tick = session_now_us(s) + TICK_US;

	if (due < until_us)
		until_us = due;
	if ((caps_of_all(s) & SCMI_CAP_IRQ) == 0 && tick < until_us)
		until_us = tick;
	(void)s->port.event_wait(s->port.ctx, s->alarm, until_us); /* why it ended does not matter */
}

/* ---- opening ---- */

/* A link that has no channel for notifications does without. */
static int subscribe(struct session *s)
{
	s->events = (struct scmi_subscriber){
		.size = sizeof(s->events), .protocol = SCMI_ANY, .message = SCMI_ANY, .notify = show_event};
	if (!session_has_events(s))
		return SCMI_OK;
	return scmi_agent_subscribe(s->agent, &s->events);
}

/* Enough for the calls that are to be in flight at once: a power of two. */
static uint32_t slots_for(uint32_t depth)
{
	uint32_t slots = SLOTS;

	while (slots < depth)
		slots *= 2u;
	return slots;
}

/* Deferred: events are shown by the one thread that writes to stdout. */
static int init_agent(struct session *s)
{
	bool trace = s->options->trace;
	struct scmi_link links[SCMI_LINKS_MAX - 1u];
	struct scmi_agent_config config = {
		.size = sizeof(config),
		.flags = SCMI_AGENT_DEFERRED,
		.transport = &s->links[0].transport,
		.port = &s->port,
		.options.slots = slots_for(s->options->number[DEPTH]),
		.links = links,
		.links_n = s->links_n - 1u,
		.event_buffers = SCMI_CONFIG_NOTIFICATIONS && session_has_events(s) ? EVENT_BUFFERS : 0u,
		.latency = &s->latency,
		.latency_n = 1,
		.wake = wake,
		.wake_arg = s,
		.log = show_log,
		.log_arg = trace ? s : NULL,
		.trace = trace ? show_trace : NULL,
	};
	size_t size;

	for (uint32_t i = 0; i < config.links_n; i++) {
		links[i] = (struct scmi_link){
			.size = sizeof(links[i]),
			.protocol = s->options->links[i + 1u].protocol,
			.transport = &s->links[i + 1u].transport,
			.options = config.options,
		};
		links[i].options.reconnect_us = s->links[i + 1u].reconnect_us;
	}
	config.options.reconnect_us = s->links[0].reconnect_us;
	s->latency = (struct scmi_latency){.size = sizeof(s->latency), .protocol = SCMI_ANY};
	size = scmi_agent_size(&config);
	s->memory = malloc(size);
	if (s->memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_agent_init(&s->agent, s->memory, size, &config);
}

static int open_agent(struct session *s)
{
	int err = s->port.event_init(s->port.ctx, s->alarm);

	s->alarmed = err == SCMI_OK;
	if (err == SCMI_OK)
		err = init_agent(s);
	if (err == SCMI_OK)
		err = subscribe(s);
	if (err == SCMI_OK)
		err = scmi_agent_start(s->agent);
	return err;
}

/* Opens the next one. */
static enum outcome open_link(struct session *s, const char *uri)
{
	struct link *link = &s->links[s->links_n];
	enum outcome outcome = link_open(s, link, uri);

	if (outcome != GOOD)
		return outcome;
	s->links_n++;
	if (s->options->number[TIMEOUT_MS] != 0)
		link->transport.timeout_us = s->options->number[TIMEOUT_MS] * 1000u;
	if (link->transport.timeout_us == 0)
		link->transport.timeout_us = SCMI_TIMEOUT_DEFAULT_US; /* the agent's, for our messages */
	return GOOD;
}

static enum outcome open_session(struct session *s)
{
	enum outcome outcome = GOOD;
	int err;

	for (uint32_t i = 0; i < s->options->links_n && outcome == GOOD; i++)
		outcome = open_link(s, s->options->links[i].uri);
	if (outcome != GOOD)
		return outcome;
	err = open_agent(s);
	if (err != SCMI_OK)
		return link_not_started(s, err);
	interrupt_opened(s);
	return GOOD;
}

/* Undoes what has been done so far, in reverse. */
static void close_session(struct session *s)
{
	interrupt_end(s);
	if (s->agent != NULL)
		(void)scmi_agent_fini(s->agent); /* refuses in callbacks only */
	free(s->memory);
	if (s->alarmed)
		s->port.event_fini(s->port.ctx, s->alarm);
	while (s->links_n != 0)
		scmi_link_close(s->links[--s->links_n].link);
	scmi_posix_fini(&s->posix);
}

enum outcome session_run(const struct options *options, enum outcome (*body)(struct session *s, void *arg), void *arg)
{
	struct session s = {.options = options};
	int err = scmi_posix_init(&s.posix, &s.port);
	enum outcome outcome;

	if (err != SCMI_OK)
		return session_error(&s, "port", err, 0);
	err = interrupt_begin(&s);
	outcome = err == SCMI_OK ? open_session(&s) : session_error(&s, "thread", err, 0);
	if (outcome == GOOD)
		outcome = body(&s, arg);
	close_session(&s);
	return session_interrupted(&s) ? (enum outcome)(SIGNALLED + atomic_load(&s.signal)) : outcome;
}
