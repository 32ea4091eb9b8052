/* SPDX-License-Identifier: BSD-3-Clause */
/* info and protocols: what the base protocol tells. */
#include <stdio.h>

#include <scmi/message.h>
#include <scmi/protocol/base.h>

#include "out.h"
#include "scmictl.h"

static enum outcome discover(struct session *s, struct scmi_base_info *info)
{
	int err;

	*info = (struct scmi_base_info){.size = sizeof(*info)};
	err = scmi_base_discover(s->agent, info);
	return err == SCMI_OK ? GOOD : session_error(s, "base discovery", err, info->status);
}

/* ---- info, agents ---- */

static void show_name(const char *label, const char *name)
{
	if (name[0] != '\0')
		field_text(label, name);
	else
		field_literal(label, NULL, "(not told)");
}

static void show_version(const struct scmi_base_info *info)
{
	char version[2][16];
	char both[48];

	version_text(version[0], info->version);
	version_text(version[1], info->spoken);
	if (json_used()) {
		field_text("version", version[0]);
		field_text("spoken", version[1]);
		return;
	}
	snprintf(both, sizeof(both), "%s, spoken %s", version[0], version[1]);
	field_text("base protocol", both);
}

static void show_platform(const struct scmi_base_info *info)
{
	char number[24];
	char shown[24];

	show_name("vendor", info->vendor);
	show_name("sub-vendor", info->sub_vendor);
	snprintf(number, sizeof(number), "%u", info->implementation);
	snprintf(shown, sizeof(shown), "0x%08x", info->implementation);
	field_literal("implementation", number, shown);
	show_version(info);
	snprintf(number, sizeof(number), "%u", info->protocol_count);
	snprintf(shown, sizeof(shown), "%u beside base", info->protocol_count);
	field_literal("protocols", number, shown);
	if (!json_used()) /* there the list that follows tells */
		field_number("agents", info->agent_count);
	show_name("this agent", info->self.name);
}

static const struct column agent_columns[] = {{"id", true}, {"name", false}, {"self", false}};

static enum outcome show_agent(struct session *s, struct table *t, uint32_t id, uint32_t self)
{
	struct scmi_base_agent who;
	int32_t status;
	int err = scmi_base_discover_agent(s->agent, id, &who, &status);

	if (err != SCMI_OK && err != SCMI_E_REMOTE)
		return session_error(s, "BASE_DISCOVER_AGENT", err, status);
	cell_number(t, id);
	if (err == SCMI_OK)
		cell_text(t, who.name);
	else
		cell_error(t, err, status); /* telling names is optional */
	cell_bool(t, id == self, "this agent", "");
	return GOOD;
}

/* The number of agents counts the platform itself, which is 0. */
static enum outcome show_agents(struct session *s, const struct scmi_base_info *info)
{
	enum outcome outcome = GOOD;
	struct table t;

	table_begin(&t, "agents", agent_columns, 3);
	for (uint32_t id = 0; id < info->agent_count && outcome == GOOD; id++)
		outcome = show_agent(s, &t, id, info->self.id);
	table_end(&t);
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
	if (info.agent_count == 0)
		return GOOD;
	if (!json_used())
		putchar('\n');
	return show_agents(s, &info);
}

enum outcome run_info(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("info takes no word, but there is ", args[0], "");
	return session_run(options, info_body, NULL);
}

static enum outcome agents_body(struct session *s, void *arg)
{
	struct scmi_base_info info;
	enum outcome outcome = discover(s, &info);

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	if (info.agent_count == 0) {
		fputs("scmictl: the platform does not tell its agents", stderr);
		session_end_line(s);
		return FAILED;
	}
	return show_agents(s, &info);
}

enum outcome run_agents(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("agents takes no word, but there is ", args[0], "");
	return session_run(options, agents_body, NULL);
}

/* ---- protocols ---- */

static const struct column protocol_columns[] = {
	{"id", false}, {"name", false}, {"version", false}, {"attributes", false}};

static void show_id(struct table *t, uint8_t id)
{
	char number[8];
	char shown[8];

	snprintf(number, sizeof(number), "%u", id);
	snprintf(shown, sizeof(shown), "0x%02x", id);
	cell_literal(t, number, shown);
	cell_text(t, scmi_protocol_name(id));
}

static enum outcome show_protocol(struct session *s, struct table *t, uint8_t id)
{
	uint32_t version = 0;
	uint32_t attributes = 0;
	int32_t status[2];
	char number[24];
	char shown[24];
	int err[2] = {scmi_protocol_version(s->agent, id, &version, &status[0])};

	if (err[0] != SCMI_OK && err[0] != SCMI_E_REMOTE)
		return session_error(s, "PROTOCOL_VERSION", err[0], status[0]);
	err[1] = scmi_protocol_attributes(s->agent, id, &attributes, &status[1]);
	if (err[1] != SCMI_OK && err[1] != SCMI_E_REMOTE)
		return session_error(s, "PROTOCOL_ATTRIBUTES", err[1], status[1]);
	show_id(t, id);
	if (err[0] == SCMI_OK)
		cell_text(t, version_text(shown, version));
	else
		cell_error(t, err[0], status[0]);
	snprintf(number, sizeof(number), "%u", attributes);
	snprintf(shown, sizeof(shown), "0x%08x", attributes);
	if (err[1] == SCMI_OK)
		cell_literal(t, number, shown);
	else
		cell_error(t, err[1], status[1]);
	row_error(s, "protocol", id, err[0], status[0]);
	row_error(s, "protocol", id, err[1], status[1]);
	return err[0] == SCMI_OK && err[1] == SCMI_OK ? GOOD : FAILED;
}

static enum outcome protocols_body(struct session *s, void *arg)
{
	struct scmi_base_info info;
	enum outcome outcome = discover(s, &info);
	struct table t;

	(void)arg;
	if (outcome != GOOD)
		return outcome;
	table_begin(&t, "protocols", protocol_columns, 4);
	outcome = show_protocol(s, &t, SCMI_PROTOCOL_BASE);
	for (uint32_t i = 0; i < info.protocol_count && !session_interrupted(s); i++) {
		if (show_protocol(s, &t, info.protocols[i]) != GOOD)
			outcome = FAILED;
	}
	table_end(&t);
	return outcome;
}

enum outcome run_protocols(const struct options *options, char **args, int n)
{
	if (n != 0)
		return misuse("protocols takes no word, but there is ", args[0], "");
	return session_run(options, protocols_body, NULL);
}
