/* SPDX-License-Identifier: BSD-3-Clause */
/* stats: the agent's counters, and whether they add up. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <scmi/protocol/base.h>

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
	COUNTER(stray_protocol), COUNTER(stray_message), COUNTER(stray_type), COUNTER(duplicate),
	COUNTER(mismatched),     COUNTER(unclaimed),     COUNTER(dropped),
};
static const struct counter others[] = {
	COUNTER(refused),     COUNTER(no_slot), COUNTER(settled),      COUNTER(expired),
	COUNTER(quarantined), COUNTER(slots),   COUNTER(max_inflight),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static uint32_t value_of(const struct scmi_agent_stats *stats, const struct counter *c)
{
	uint32_t value;

	memcpy(&value, (const char *)stats + c->offset, sizeof(value));
	return value;
}

static enum outcome show_equation(const struct scmi_agent_stats *stats, const struct counter *table, size_t n)
{
	uint32_t total = value_of(stats, &table[0]);
	uint32_t sum = 0;

	printf("%-18s %10u\n", table[0].name, total);
	for (size_t i = 1; i < n; i++) {
		printf("  %-16s %10u\n", table[i].name, value_of(stats, &table[i]));
		sum += value_of(stats, &table[i]);
	}
	printf("  %-16s %10u  %s %s\n\n", "sum", sum, sum == total ? "equals" : "DIFFERS FROM", table[0].name);
	return sum == total ? GOOD : FAILED;
}

static enum outcome show_stats(struct session *s)
{
	struct scmi_agent_stats stats = {.size = sizeof(stats)};
	int err = scmi_agent_stats(s->agent, &stats);
	enum outcome outcome;

	if (err != SCMI_OK)
		return session_error(s, "stats", err, 0);
	outcome = show_equation(&stats, calls, COUNT(calls));
	if (show_equation(&stats, messages, COUNT(messages)) != GOOD)
		outcome = FAILED;
	for (size_t i = 0; i < COUNT(others); i++)
		printf("%-18s %10u\n", others[i].name, value_of(&stats, &others[i]));
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

static enum outcome stats_body(struct session *s, void *arg)
{
	enum outcome discovered = discover(s);
	enum outcome shown = show_stats(s); /* most wanted when discovery has failed */

	(void)arg;
	return discovered != GOOD ? discovered : shown;
}

enum outcome run_stats(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("stats takes no word, but there is ", args[0], "");
	return session_run(options, stats_body, NULL);
}
