/* SPDX-License-Identifier: BSD-3-Clause */
/* stats: the agent's counters, link by link, whether they add up, and how long replies took. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <scmi/protocol/base.h>

#include "out.h"
#include "scmictl.h"

struct counter {
	const char *name;
	size_t offset;
};

#define COUNTER(member)                                                                                                \
	{                                                                                                              \
		.name = #member, .offset = offsetof(struct scmi_agent_stats, member)                                   \
	}

/* Each total comes first; what follows must add up to it. */
static const struct counter calls[] = {
	COUNTER(submitted), COUNTER(ok),        COUNTER(remote), COUNTER(truncated), COUNTER(malformed),
	COUNTER(timed_out), COUNTER(cancelled), COUNTER(closed), COUNTER(link_lost), COUNTER(in_flight),
};
static const struct counter messages[] = {
	COUNTER(received),       COUNTER(accepted),      COUNTER(late),       COUNTER(stray_token),
	COUNTER(stray_protocol), COUNTER(stray_message), COUNTER(stray_type), COUNTER(stray_header),
	COUNTER(duplicate),      COUNTER(mismatched),    COUNTER(unclaimed),  COUNTER(dropped),
};
static const struct counter others[] = {
	COUNTER(refused),     COUNTER(no_slot),   COUNTER(queued), COUNTER(settled),      COUNTER(expired),
	COUNTER(quarantined), COUNTER(recovered), COUNTER(slots),  COUNTER(max_inflight),
};

#define COUNT_OF(table) (sizeof(table) / sizeof((table)[0]))

/* A column a link, and one for their sum where there are several. */
struct columns {
	struct scmi_agent_stats stats[SCMI_LINKS_MAX + 1u];
	uint32_t links_n;
	uint32_t n;
};

static uint32_t value_of(const struct scmi_agent_stats *stats, const struct counter *c)
{
	uint32_t value;

	memcpy(&value, (const char *)stats + c->offset, sizeof(value));
	return value;
}

static int read_columns(struct session *s, struct columns *columns)
{
	struct scmi_agent_stats *next = columns->stats;

	for (columns->links_n = 0; columns->links_n < SCMI_LINKS_MAX; columns->links_n++, next++) {
		next->size = sizeof(*next);
		if (scmi_agent_stats(s->agent, columns->links_n, next) != SCMI_OK)
			break; /* no such link: that was all */
	}
	columns->n = columns->links_n;
	if (columns->n == 1)
		return SCMI_OK;
	columns->n++;
	next->size = sizeof(*next);
	return scmi_agent_stats(s->agent, SCMI_ALL_LINKS, next);
}

static void show_header(const struct columns *columns)
{
	char name[16];

	printf("%-18s", "");
	for (uint32_t i = 0; i < columns->links_n; i++) {
		snprintf(name, sizeof(name), "link %u", i);
		printf(" %10s", name);
	}
	puts(columns->n != columns->links_n ? "        all" : "");
}

static void show_row(const struct columns *columns, const struct counter *c, const char *indent)
{
	printf("%s%-*s", indent, 18 - (int)strlen(indent), c->name);
	for (uint32_t i = 0; i < columns->n; i++)
		printf(" %10u", value_of(&columns->stats[i], c));
	putchar('\n');
}

/* Of the counters behind the first one. */
static uint32_t sum_of(const struct scmi_agent_stats *stats, const struct counter *table, size_t n)
{
	uint32_t sum = 0;

	for (size_t row = 1; row < n; row++)
		sum += value_of(stats, &table[row]);
	return sum;
}

/* Whether that is the first one, in every column. */
static bool adds_up(const struct columns *columns, const struct counter *table, size_t n)
{
	for (uint32_t i = 0; i < columns->n; i++) {
		if (sum_of(&columns->stats[i], table, n) != value_of(&columns->stats[i], &table[0]))
			return false;
	}
	return true;
}

static enum outcome show_equation(const struct columns *columns, const struct counter *table, size_t n)
{
	bool equal = adds_up(columns, table, n);

	show_row(columns, &table[0], "");
	for (size_t row = 1; row < n; row++)
		show_row(columns, &table[row], "  ");
	printf("%-18s", "  sum");
	for (uint32_t i = 0; i < columns->n; i++)
		printf(" %10u", sum_of(&columns->stats[i], table, n));
	printf("  %s %s\n\n", equal ? "equals" : "DIFFERS FROM", table[0].name);
	return equal ? GOOD : FAILED;
}

static void json_counters(const struct scmi_agent_stats *stats, const struct counter *table, size_t n)
{
	for (size_t row = 0; row < n; row++)
		json_number(table[row].name, value_of(stats, &table[row]));
}

static enum outcome json_stats(const struct session *s, const struct columns *columns)
{
	bool sums = adds_up(columns, calls, COUNT_OF(calls)) && adds_up(columns, messages, COUNT_OF(messages));

	json_open("links", '[');
	for (uint32_t i = 0; i < columns->links_n; i++) {
		json_open(NULL, '{');
		json_counters(&columns->stats[i], calls, COUNT_OF(calls));
		json_counters(&columns->stats[i], messages, COUNT_OF(messages));
		json_counters(&columns->stats[i], others, COUNT_OF(others));
		json_close();
	}
	json_close();
	json_bool("adds_up", sums);
	show_latencies(&s->latency);
	return sums ? GOOD : FAILED;
}

static enum outcome show_stats(struct session *s)
{
	struct columns columns;
	int err = read_columns(s, &columns);
	enum outcome outcome;

	if (err != SCMI_OK)
		return session_error(s, "stats", err, 0);
	if (json_used())
		return json_stats(s, &columns);
	show_header(&columns);
	outcome = show_equation(&columns, calls, COUNT_OF(calls));
	if (show_equation(&columns, messages, COUNT_OF(messages)) != GOOD)
		outcome = FAILED;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		show_row(&columns, &others[i], "");
	putchar('\n');
	show_latencies(&s->latency);
	return outcome;
}

/* Something to count: who is there, and the version of each protocol. */
static enum outcome discover(struct session *s)
{
	struct scmi_base_info info = {.size = sizeof(info)};
	int err = scmi_base_discover(s->agent, &info);
	int32_t status = info.status;
	uint32_t version;

	for (uint32_t i = 0; i < info.protocol_count && err == SCMI_OK; i++)
		err = scmi_protocol_version(s->agent, info.protocols[i], &version, &status);
	return err == SCMI_OK ? GOOD : session_error(s, "discovery", err, status);
}

/* line NULL: the discovery. How the commands ended is told by the counters. */
static enum outcome run_times(struct session *s, const struct line *line, uint32_t count)
{
	enum outcome outcome = GOOD;

	for (uint32_t i = 0; i < count && !session_interrupted(s); i++) {
		if ((line != NULL ? line_send(s, line, true) : discover(s)) != GOOD)
			outcome = FAILED;
	}
	return outcome;
}

static enum outcome stats_body(struct session *s, void *arg)
{
	uint32_t count = s->options->number[COUNT];
	enum outcome ran = run_times(s, arg, count != 0 ? count : 1u);
	enum outcome shown = show_stats(s); /* most wanted when a command has failed */

	return ran != GOOD ? ran : shown;
}

enum outcome run_stats(const struct options *options, char **args, int n)
{
	struct line line;
	enum outcome outcome;

	if (n == 0)
		return session_run(options, stats_body, NULL);
	outcome = line_read(&line, "stats", args, n);
	if (outcome == GOOD)
		outcome = session_run(options, stats_body, &line);
	line_free(&line);
	return outcome;
}
