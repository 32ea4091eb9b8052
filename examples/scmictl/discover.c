/* SPDX-License-Identifier: BSD-3-Clause */
/* info and protocols: what the base protocol tells. */
#include <stdio.h>

#include <scmi/message.h>
#include <scmi/protocol/base.h>

#include "scmictl.h"

static enum outcome discover(struct session *s, struct scmi_base_info *info)
{
	int err;

	*info = (struct scmi_base_info){.size = sizeof(*info)};
	err = scmi_base_discover(s->agent, info);
	return err == SCMI_OK ? GOOD : session_error(s, "base discovery", err, info->status);
}

/* ---- info ---- */

static void show_text(const char *label, char *name)
{
	clean_name(name);
	printf("%-16s %s\n", label, name[0] != '\0' ? name : "(not told)");
}

static void show_platform(struct scmi_base_info *info)
{
	show_text("vendor", info->vendor);
	show_text("sub-vendor", info->sub_vendor);
	printf("%-16s 0x%08x\n", "implementation", info->implementation);
	printf("%-16s %u.%u, spoken %u.%u\n", "base protocol", info->version >> 16, info->version & 0xffffu,
	       info->spoken >> 16, info->spoken & 0xffffu);
	printf("%-16s %u beside base\n", "protocols", info->protocol_count);
	printf("%-16s %u\n", "agents", info->agent_count);
	show_text("this agent", info->self.name);
}

static enum outcome show_agent(struct session *s, uint32_t id, uint32_t self)
{
	struct scmi_base_agent who;
	int32_t status;
	int err = scmi_base_discover_agent(s->agent, id, &who, &status);

	if (err == SCMI_E_REMOTE) {
		printf("%-4u (%s)\n", id, scmi_status_text(status)); /* telling names is optional */
		return GOOD;
	}
	if (err != SCMI_OK)
		return session_error(s, "BASE_DISCOVER_AGENT", err, status);
	clean_name(who.name);
	printf(id == self ? "%-4u %-16s this agent\n" : "%-4u %s\n", id, who.name);
	return GOOD;
}

/* The number of agents counts the platform itself, which is 0. */
static enum outcome show_agents(struct session *s, const struct scmi_base_info *info)
{
	enum outcome outcome = GOOD;

	if (info->agent_count != 0)
		printf("\n%-4s %s\n", "id", "agent");
	for (uint32_t id = 0; id < info->agent_count && outcome == GOOD; id++)
		outcome = show_agent(s, id, info->self.id);
	return outcome;
}

static enum outcome info_body(struct session *s, void *arg)
{
	struct scmi_base_info info;
	enum outcome outcome = discover(s, &info);

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	show_platform(&info);
	return show_agents(s, &info);
}

enum outcome run_info(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("info takes no word, but there is ", args[0], "");
	return session_run(options, info_body, NULL);
}

/* ---- protocols ---- */

#define CELL 24

/* One cell of the table: the word, or why there is none. */
static enum outcome fill_cell(char cell[CELL], int err, int32_t status, const char *word)
{
	snprintf(cell, CELL, "%s", err == SCMI_OK ? word : scmi_status_text(status));
	return err == SCMI_OK ? GOOD : FAILED;
}

static enum outcome show_protocol(struct session *s, uint8_t id)
{
	uint32_t version = 0;
	uint32_t attributes = 0;
	int32_t status;
	char word[CELL];
	char cells[2][CELL];
	int err = scmi_protocol_version(s->agent, id, &version, &status);
	enum outcome outcome;

	if (err != SCMI_OK && err != SCMI_E_REMOTE)
		return session_error(s, "PROTOCOL_VERSION", err, status);
	snprintf(word, sizeof(word), "%u.%u", version >> 16, version & 0xffffu);
	outcome = fill_cell(cells[0], err, status, word);

	err = scmi_protocol_attributes(s->agent, id, &attributes, &status);
	if (err != SCMI_OK && err != SCMI_E_REMOTE)
		return session_error(s, "PROTOCOL_ATTRIBUTES", err, status);
	snprintf(word, sizeof(word), "0x%08x", attributes);
	if (fill_cell(cells[1], err, status, word) != GOOD)
		outcome = FAILED;
	printf("0x%02x  %-16s  %-12s  %s\n", id, scmi_protocol_name(id), cells[0], cells[1]);
	return outcome;
}

static enum outcome protocols_body(struct session *s, void *arg)
{
	struct scmi_base_info info;
	enum outcome outcome = discover(s, &info);

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	printf("%-4s  %-16s  %-12s  %s\n", "id", "name", "version", "attributes");
	outcome = show_protocol(s, SCMI_PROTOCOL_BASE);
	for (uint32_t i = 0; i < info.protocol_count; i++) {
		if (show_protocol(s, info.protocols[i]) != GOOD)
			outcome = FAILED;
	}
	return outcome;
}

enum outcome run_protocols(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("protocols takes no word, but there is ", args[0], "");
	return session_run(options, protocols_body, NULL);
}
