/* SPDX-License-Identifier: BSD-3-Clause */
/* Making one, and its figures. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "flaky_internal.h"

#define MESSAGES_DEFAULT 64u
#define MESSAGES_MAX     4096u
#define TIME_DEFAULT_US  1000u
#define REORDER_DEFAULT  4u
#define LINE_BYTES       1024u

static const char *const names[FLAKY_FAULTS] = {
	"drop", "delay", "reorder", "double", "corrupt", "header", "truncate", "lengthen", "misdirect", "stall", "link",
};

uint64_t flaky__now(const struct flaky *f)
{
	return f->config.port != NULL ? f->config.port->now_us(f->config.port->ctx) : 0;
}

void flaky_rates(struct flaky_config *config, uint32_t rate)
{
	for (unsigned d = 0; d < 2; d++) {
		for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++)
			config->rate[d][fault] = rate;
		config->rate[d][FLAKY_LINK] = 0;
	}
	config->rate[FLAKY_A2P][FLAKY_DOUBLE] = 0;
}

static bool needs_time(const struct flaky_config *c)
{
	uint32_t rates = c->rate[FLAKY_A2P][FLAKY_LINK] | c->cuts;

	for (unsigned d = 0; d < 2; d++)
		rates |= c->rate[d][FLAKY_DELAY] | c->rate[d][FLAKY_REORDER] | c->rate[d][FLAKY_STALL];
	return rates != 0;
}

static bool is_allowed(const struct flaky_config *c)
{
	for (unsigned d = 0; d < 2; d++) {
		for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++) {
			if (c->rate[d][fault] > FLAKY_ALWAYS)
				return false;
		}
	}
	return c->size == sizeof(*c) && c->messages <= MESSAGES_MAX && c->rate[FLAKY_A2P][FLAKY_DOUBLE] == 0 &&
	       c->rate[FLAKY_P2A][FLAKY_LINK] == 0 && (c->port != NULL || !needs_time(c));
}

static uint32_t or_default(uint32_t value, uint32_t fallback)
{
	return value != 0 ? value : fallback;
}

static void configure(struct flaky *f, const struct flaky_config *config)
{
	struct flaky_config *c = &f->config;

	*c = *config;
	c->messages = or_default(c->messages, MESSAGES_DEFAULT);
	c->delay_us_max = or_default(c->delay_us_max, TIME_DEFAULT_US);
	c->reorder_max = or_default(c->reorder_max, REORDER_DEFAULT);
	c->stall_us_max = or_default(c->stall_us_max, TIME_DEFAULT_US);
	c->link_us_max = or_default(c->link_us_max, TIME_DEFAULT_US);
	f->holds = needs_time(c);
	f->random[FLAKY_A2P] = c->seed;
	f->random[FLAKY_P2A] = ~c->seed;
}

static bool make_event(struct flaky *f)
{
	const struct scmi_port *port = f->config.port;

	f->event = malloc(port->event_size);
	if (f->event == NULL)
		return false;
	if (port->event_init(port->ctx, f->event) == SCMI_OK)
		return true;
	free(f->event);
	f->event = NULL;
	return false;
}

/* Who is polled and nothing else is not known to have news: there, a wait() would have nothing to sleep on. */
static bool wants_event(const struct flaky *f)
{
	const uint32_t caps = f->inner.caps;

	return f->holds && ((caps & (SCMI_CAP_WAIT | SCMI_CAP_IRQ)) != 0 || (caps & SCMI_CAP_POLL) == 0);
}

static bool make_parts(struct flaky *f)
{
	const uint32_t n = f->config.messages;
	unsigned char *bytes = malloc((size_t)n * f->inner.max_payload);

	f->messages = calloc(n, sizeof(*f->messages));
	if (bytes == NULL || f->messages == NULL) {
		free(bytes);
		return false;
	}
	for (uint32_t i = 0; i < n; i++)
		f->messages[i].bytes = bytes + (size_t)i * f->inner.max_payload;
	return !wants_event(f) || make_event(f);
}

struct flaky *flaky_create(const struct scmi_transport *inner, const struct flaky_config *config,
			   struct scmi_transport *out)
{
	struct flaky *f;

	if (scmi_transport_check(inner, NULL) != SCMI_OK || !is_allowed(config))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->news, NULL);
	f->inner = *inner;
	configure(f, config);
	if (!make_parts(f)) {
		flaky_destroy(f);
		return NULL;
	}
	flaky__ops(f);
	*out = *inner;
	out->ops = &f->ops;
	out->ctx = f;
	if (f->holds)
		out->caps |= SCMI_CAP_POLL | (f->event != NULL ? SCMI_CAP_WAIT : 0u);
	return f;
}

void flaky_destroy(struct flaky *f)
{
	if (f->event != NULL)
		f->config.port->event_fini(f->config.port->ctx, f->event);
	free(f->event);
	if (f->messages != NULL)
		free(f->messages[0].bytes);
	free(f->messages);
	pthread_cond_destroy(&f->news);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

struct flaky_counts flaky_counts(struct flaky *f)
{
	struct flaky_counts counts;

	flaky__lock(f);
	counts = f->counts;
	for (uint32_t i = 0; i < f->config.messages; i++) {
		const struct message *m = &f->messages[i];

		if (m->state == MESSAGE_HELD || (m->state == MESSAGE_ACQUIRED && !m->counted))
			counts.held[m->direction]++;
	}
	flaky__unlock(f);
	return counts;
}

/* ---- the line ---- */

struct line {
	char text[LINE_BYTES];
	size_t len;
};

static void append(struct line *l, const char *name, uint32_t n)
{
	int len;

	if (n == 0)
		return;
	len = snprintf(l->text + l->len, sizeof(l->text) - l->len, " %s %" PRIu32, name, n);
	if (len > 0 && (size_t)len < sizeof(l->text) - l->len)
		l->len += (size_t)len;
}

static void append_direction(struct line *l, const struct flaky_counts *c, unsigned d, const char *name)
{
	append(l, name, c->came[d]);
	append(l, "passed", c->passed[d]);
	append(l, "refused", c->refused[d]);
	append(l, "lost", c->lost[d]);
	append(l, "held", c->held[d]);
	for (unsigned fault = 0; fault < FLAKY_FAULTS; fault++)
		append(l, names[fault], c->fault[d][fault]);
}

void flaky_print(struct flaky *f)
{
	const struct flaky_counts counts = flaky_counts(f);
	struct line l = {.text = ""};

	append_direction(&l, &counts, FLAKY_A2P, "to platform");
	append_direction(&l, &counts, FLAKY_P2A, "to agent");
	fprintf(stderr, "flaky over %s: seed 0x%" PRIx64 "%s\n", f->inner.ops->name, f->config.seed, l.text);
}
