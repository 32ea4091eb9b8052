/* SPDX-License-Identifier: BSD-3-Clause */
/* Looks at a configuration once, so that nothing has to be checked later; every fault has a sentence of its own. */
#include <scmi/config.h>

#include "internal.h"

#define PAYLOAD_MIN 8u
#define PAYLOAD_MAX 0x7fffffffu

static bool ends_within(const char *name, uint32_t room)
{
	for (uint32_t i = 0; i < room; i++) {
		if (name[i] == '\0')
			return true;
	}
	return false;
}

bool scmi__name_fits(const char *name)
{
	return ends_within(name, SCMI_SHORT_NAME);
}

bool scmi__long_name_allowed(const char *name)
{
	return name != NULL && name[0] != '\0' && ends_within(name, SCMI_LONG_NAME);
}

static const char *check_command(const struct scmi_server_command *c)
{
	if (c->handle == NULL)
		return SCMI_TEXT_("scmi_server_command.handle is NULL");
	if (c->params_min > c->params_max)
		return SCMI_TEXT_("scmi_server_command.params_min is above params_max");
	return NULL;
}

static const char *check_versions(const struct scmi_server *s)
{
	const struct scmi_server_version *v = s->versions;

	if (v == NULL)
		return s->versions_n != 0 ? SCMI_TEXT_("scmi_server.versions is NULL") : NULL;
	if (s->versions_n == 0 || s->versions_n > 256u)
		return SCMI_TEXT_("scmi_server.versions_n is not 1 to 256");
	if (v->version != s->version)
		return SCMI_TEXT_("scmi_server.versions does not begin with scmi_server.version");
	for (uint32_t i = 0; i < s->versions_n; i++) {
		if (v[i].reserved_[0] != 0 || v[i].reserved_[1] != 0 || v[i].reserved_[2] != 0)
			return SCMI_TEXT_("scmi_server_version.reserved_ is not 0");
		if (v[i].version == 0 || (i > 0 && v[i].version >= v[i - 1u].version))
			return SCMI_TEXT_("scmi_server.versions is not in descending order of version");
	}
	return NULL;
}

static const char *check_server(const struct scmi_server *s)
{
	const char *why;

	if (s == NULL)
		return SCMI_TEXT_("scmi_platform_config.servers has a NULL entry");
	if (s->size != sizeof(*s))
		return SCMI_TEXT_("scmi_server.size is wrong");
	if (s->protocol < PROTOCOL_FIRST)
		return SCMI_TEXT_("scmi_server.protocol is reserved (below 0x10)");
	if ((s->flags & ~SCMI_SERVER_NEGOTIATES) != 0)
		return SCMI_TEXT_("scmi_server.flags has an unknown bit");
	if (s->reserved_[0] != 0 || s->reserved_[1] != 0 || s->reserved_[2] != 0)
		return SCMI_TEXT_("scmi_server.reserved_ is not 0");
	if (s->version == 0)
		return SCMI_TEXT_("scmi_server.version is 0");
	why = check_versions(s);
	if (why != NULL)
		return why;
	if (s->commands == NULL || s->commands_n == 0)
		return SCMI_TEXT_("scmi_server.commands is NULL or empty");
	for (uint32_t i = 0; i < s->commands_n; i++) {
		if (i > 0 && s->commands[i].message <= s->commands[i - 1u].message)
			return SCMI_TEXT_("scmi_server.commands is not in ascending order of message");
		why = check_command(&s->commands[i]);
		if (why != NULL)
			return why;
	}
	return NULL;
}

static const char *check_servers(const struct scmi_platform_config *config)
{
	const struct scmi_server *const *servers = config->servers;
	const char *why;

	if (servers == NULL)
		return SCMI_TEXT_("scmi_platform_config.servers is NULL");
	if (config->servers_n == 0 || config->servers_n > SCMI_PLATFORM_SERVERS_MAX)
		return SCMI_TEXT_("scmi_platform_config.servers_n is not 1 to 31");
	for (uint32_t i = 0; i < config->servers_n; i++) {
		why = check_server(servers[i]);
		if (why != NULL)
			return why;
		if (i > 0 && servers[i]->protocol <= servers[i - 1u]->protocol)
			return SCMI_TEXT_("scmi_platform_config.servers is not in ascending order of protocol");
	}
	return NULL;
}

static const char *check_endpoint(const struct scmi_endpoint *e)
{
	if (e == NULL)
		return SCMI_TEXT_("scmi_platform_agent.endpoint is NULL");
	if (e->size != sizeof(*e))
		return SCMI_TEXT_("scmi_endpoint.size is wrong");
	if (e->max_payload < PAYLOAD_MIN || e->max_payload > PAYLOAD_MAX)
		return SCMI_TEXT_("scmi_endpoint.max_payload is not 8 to 0x7fffffff");
	if (e->ops == NULL)
		return SCMI_TEXT_("scmi_endpoint.ops is NULL");
	if (e->ops->version < SCMI_ENDPOINT_V1)
		return SCMI_TEXT_("scmi_endpoint_ops.version is unknown");
	if (e->ops->start == NULL)
		return SCMI_TEXT_("scmi_endpoint_ops.start is NULL");
	if (e->ops->stop == NULL)
		return SCMI_TEXT_("scmi_endpoint_ops.stop is NULL");
	if (e->ops->reply == NULL)
		return SCMI_TEXT_("scmi_endpoint_ops.reply is NULL");
	return NULL;
}

static bool is_served(const struct scmi_platform_config *config, uint8_t protocol)
{
	for (uint32_t i = 0; i < config->servers_n; i++) {
		if (config->servers[i]->protocol == protocol)
			return true;
	}
	return false;
}

static const char *check_denied(const struct scmi_platform_config *config, const struct scmi_platform_agent *a)
{
	if (a->denied == NULL && a->denied_n != 0)
		return SCMI_TEXT_("scmi_platform_agent.denied is NULL");
	for (uint32_t i = 0; i < a->denied_n; i++) {
		if (a->denied[i] == SCMI_PROTOCOL_BASE)
			return SCMI_TEXT_("scmi_platform_agent.denied names the base protocol");
		if (!is_served(config, a->denied[i]))
			return SCMI_TEXT_("scmi_platform_agent.denied names a protocol without a server");
	}
	return NULL;
}

static const char *check_agent(const struct scmi_platform_config *config, uint32_t i)
{
	const struct scmi_platform_agent *a = &config->agents[i];
	const char *why;

	if (a->size != sizeof(*a))
		return SCMI_TEXT_("scmi_platform_agent.size is wrong");
	if (a->name != NULL && !scmi__name_fits(a->name))
		return SCMI_TEXT_("scmi_platform_agent.name is longer than 15 characters");
	if (a->name != NULL && i > 0 && config->agents[i - 1u].name == NULL)
		return SCMI_TEXT_("scmi_platform_agent.name follows an agent without a name");
	why = check_denied(config, a);
	if (why != NULL)
		return why;
	why = check_endpoint(a->endpoint);
	for (uint32_t other = 0; why == NULL && other < i; other++) {
		if (config->agents[other].endpoint == a->endpoint)
			why = SCMI_TEXT_("scmi_platform_agent.endpoint stands twice");
	}
	return why;
}

const char *scmi__platform_config_fault(const struct scmi_platform_config *config)
{
	const char *why;

	if (config->size != sizeof(*config))
		return SCMI_TEXT_("scmi_platform_config.size is wrong");
	if (config->reserved_ != 0)
		return SCMI_TEXT_("scmi_platform_config.reserved_ is not 0");
	why = check_servers(config);
	if (why != NULL)
		return why;
	if (config->agents == NULL)
		return SCMI_TEXT_("scmi_platform_config.agents is NULL");
	if (config->agents_n == 0 || config->agents_n > SCMI_PLATFORM_AGENTS_MAX)
		return SCMI_TEXT_("scmi_platform_config.agents_n is not 1 to 254");
	for (uint32_t i = 0; why == NULL && i < config->agents_n; i++)
		why = check_agent(config, i);
	return why;
}
