/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The base protocol's server.
 *
 * Permissions are one word for each agent and device: bit i for "protocol of server i denied", bit 31 for "device
 * denied". From them follows, after each change, the one bit that the request path looks at: is the protocol denied as
 * a whole.
 */
#include <scmi/config.h>
#include <scmi/server/base.h>

#include "internal.h"

#define DEVICE_DENIED (1u << 31)
#define FLAG_ALLOW    (1u << 0) /* of the permission commands */
#define FLAG_RESET    (1u << 0) /* of BASE_RESET_AGENT_CONFIGURATION: permissions too */
#define SELF          0xffffffffu

#define EVENT_FATAL (1u << 31)
#define EVENT_BYTES (2u * sizeof(uint32_t) + SCMI_BASE_REPORTS_MAX * sizeof(uint64_t))

_Static_assert(SCMI_PLATFORM_SERVERS_MAX <= 31u, "a bit for each server beside that of the device");

static uint32_t version_of(const struct scmi_base_model *m)
{
	return m->version != 0 ? m->version : SCMI_VERSION(2, 1);
}

/* ---- permissions ---- */

static _Atomic uint32_t *row_of(const struct scmi_base_model *m, uint32_t agent, uint32_t device)
{
	return atomic_word(&m->permissions[(agent - 1u) * m->devices + device]);
}

static bool denies(uint32_t row, uint32_t server)
{
	return (row & (DEVICE_DENIED | 1u << server)) != 0;
}

static bool denied_everywhere(const struct scmi_base_model *m, uint32_t agent, uint32_t server)
{
	for (uint32_t device = 0; device < m->devices; device++) {
		if (!denies(atomic_load(row_of(m, agent, device)), server))
			return false;
	}
	return true;
}

/*
 * Two managers may change rows of one agent at once, and each then writes the bit by what it saw. Who writes last looks
 * again after its write (all seq_cst), so the bit that stays agrees with the rows that stay.
 */
static void settle_protocol(const struct scmi_base_model *m, const struct channel *ch, uint32_t server)
{
	bool denied;

	do {
		denied = denied_everywhere(m, ch->id, server);
		if (denied)
			atomic_fetch_or(&ch->rights[server], RIGHT_DENIED);
		else
			atomic_fetch_and(&ch->rights[server], ~RIGHT_DENIED);
	} while (denied != denied_everywhere(m, ch->id, server));
	if (denied)
		scmi__notices_withdraw(ch, server, RIGHT_WANTS_ALL);
}

static void settle_protocols(const struct scmi_base_model *m, const struct channel *ch)
{
	const struct scmi_platform *p = ch->platform;

	for (uint32_t i = 0; i < p->servers_n; i++) {
		if (p->servers[i]->protocol != SCMI_PROTOCOL_BASE)
			settle_protocol(m, ch, i);
	}
}

static void reset_permissions(const struct scmi_base_model *m, const struct channel *ch)
{
	uint32_t row = 0;

	if (m->devices == 0)
		return; /* nothing can have changed */
	for (uint32_t i = 0; i < ch->agent->denied_n; i++)
		row |= 1u << scmi__platform_server(ch->platform, ch->agent->denied[i]);
	for (uint32_t device = 0; device < m->devices; device++)
		atomic_store(row_of(m, ch->id, device), row);
	settle_protocols(m, ch);
}

bool scmi_base_allowed(const struct scmi_base_model *model, uint16_t agent, uint8_t protocol, uint32_t device)
{
	const struct channel *ch = scmi__platform_channel(model->platform_, agent);
	uint32_t server = scmi__platform_server(model->platform_, protocol);

	if (ch == NULL || server == NO_SERVER)
		return false;
	if (model->devices == 0)
		return (read_count(&ch->rights[server]) & RIGHT_DENIED) == 0;
	return device < model->devices && !denies(read_count(row_of(model, agent, device)), server);
}

static bool exists(const struct scmi_base_model *m, uint32_t agent)
{
	return agent == 0 || scmi__platform_channel(m->platform_, agent) != NULL;
}

/* Nobody manages the platform itself. */
static bool manages(const struct scmi_base_model *m, const struct scmi_request *req, uint32_t agent)
{
	return agent != 0 && m->may_manage != NULL && m->may_manage(m->arg, scmi_request_agent(req), (uint16_t)agent);
}

static void set_row(_Atomic uint32_t *row, uint32_t bit, uint32_t flags)
{
	if ((flags & FLAG_ALLOW) != 0)
		atomic_fetch_and(row, ~bit);
	else
		atomic_fetch_or(row, bit);
}

static int32_t set_device_permissions(void *model, struct scmi_request *req)
{
	const struct scmi_base_model *m = model;
	uint32_t agent = scmi_request_u32(req, 0);
	uint32_t device = scmi_request_u32(req, 1);
	uint32_t flags = scmi_request_u32(req, 2);

	if (!exists(m, agent) || device >= m->devices)
		return SCMI_NOT_FOUND;
	if ((flags & ~FLAG_ALLOW) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (!manages(m, req, agent))
		return SCMI_DENIED;
	set_row(row_of(m, agent, device), DEVICE_DENIED, flags);
	settle_protocols(m, scmi__platform_channel(m->platform_, agent));
	return SCMI_SUCCESS;
}

static int32_t set_protocol_permissions(void *model, struct scmi_request *req)
{
	const struct scmi_base_model *m = model;
	uint32_t agent = scmi_request_u32(req, 0);
	uint32_t device = scmi_request_u32(req, 1);
	uint32_t protocol = scmi_request_u32(req, 2);
	uint32_t flags = scmi_request_u32(req, 3);
	uint32_t server = scmi__platform_server(m->platform_, protocol);

	if (protocol > UINT8_MAX || (flags & ~FLAG_ALLOW) != 0)
		return SCMI_INVALID_PARAMETERS;
	if (!exists(m, agent) || device >= m->devices || server == NO_SERVER)
		return SCMI_NOT_FOUND;
	if (!manages(m, req, agent))
		return SCMI_DENIED;
	if (protocol == SCMI_PROTOCOL_BASE)
		return SCMI_NOT_SUPPORTED; /* an agent without it could not even ask why */
	set_row(row_of(m, agent, device), 1u << server, flags);
	settle_protocol(m, scmi__platform_channel(m->platform_, agent), server);
	return SCMI_SUCCESS;
}

static int32_t reset_agent_configuration(void *model, struct scmi_request *req)
{
	const struct scmi_base_model *m = model;
	uint32_t agent = scmi_request_u32(req, 0);
	uint32_t flags = scmi_request_u32(req, 1);

	if (!exists(m, agent))
		return SCMI_NOT_FOUND;
	if ((flags & ~FLAG_RESET) != 0)
		return SCMI_INVALID_PARAMETERS;
	if ((agent != scmi_request_agent(req) || flags != 0) && !manages(m, req, agent))
		return SCMI_DENIED;
	(void)scmi_platform_reset_agent(m->platform_, (uint16_t)agent);
	if ((flags & FLAG_RESET) != 0)
		reset_permissions(m, scmi__platform_channel(m->platform_, agent));
	return SCMI_SUCCESS;
}

/* ---- discovery ---- */

/* Ids of the protocols that the agent may use, base left out; returns how many. */
static uint32_t list_usable(const struct channel *ch, uint8_t *ids)
{
	const struct scmi_platform *p = ch->platform;
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->servers_n; i++) {
		if (p->servers[i]->protocol != SCMI_PROTOCOL_BASE && (read_count(&ch->rights[i]) & RIGHT_DENIED) == 0)
			ids[n++] = p->servers[i]->protocol;
	}
	return n;
}

/* Agents that have a name, which come first; the platform is not counted. */
static uint32_t count_named(const struct scmi_platform *p)
{
	uint32_t n = 0;

	while (n < p->agents_n && p->channels[n].agent->name != NULL)
		n++;
	return n;
}

static int32_t protocol_attributes(void *model, struct scmi_request *req)
{
	const struct channel *ch = req->channel_;
	uint8_t ids[SCMI_PLATFORM_SERVERS_MAX];

	(void)model;
	scmi_request_put_u32(req, list_usable(ch, ids) | (count_named(ch->platform) + 1u) << 8);
	return SCMI_SUCCESS;
}

static int32_t discover_vendor(void *model, struct scmi_request *req)
{
	scmi_request_put_name(req, ((const struct scmi_base_model *)model)->vendor);
	return SCMI_SUCCESS;
}

static int32_t discover_sub_vendor(void *model, struct scmi_request *req)
{
	scmi_request_put_name(req, ((const struct scmi_base_model *)model)->sub_vendor);
	return SCMI_SUCCESS;
}

static int32_t discover_implementation_version(void *model, struct scmi_request *req)
{
	scmi_request_put_u32(req, ((const struct scmi_base_model *)model)->implementation_version);
	return SCMI_SUCCESS;
}

static int32_t discover_list_protocols(void *model, struct scmi_request *req)
{
	uint8_t ids[SCMI_PLATFORM_SERVERS_MAX + 2u * sizeof(uint32_t)] = {0};
	uint32_t total = list_usable(req->channel_, ids);
	uint32_t skip = scmi_request_u32(req, 0);
	uint32_t room = scmi_request_room(req) & ~3u;
	uint32_t n;

	(void)model;
	if (skip > total)
		return SCMI_INVALID_PARAMETERS;
	n = total - skip;
	if (room < 2u * sizeof(uint32_t) && n != 0)
		return SCMI_COMMS_ERROR; /* not even one fits, and 0 would say that there are no more */
	if (n != 0 && n > room - sizeof(uint32_t))
		n = room - (uint32_t)sizeof(uint32_t);
	scmi_request_put_u32(req, n);
	/* A part of the list is whole words, and what pads the rest of it is 0. */
	scmi_request_put_bytes(req, ids + skip, (n + 3u) & ~3u);
	return SCMI_SUCCESS;
}

static int32_t discover_agent(void *model, struct scmi_request *req)
{
	const struct scmi_base_model *m = model;
	bool old = version_of(m) < SCMI_VERSION(2, 0);
	uint32_t agent = scmi_request_u32(req, 0);
	const char *name = m->platform_name != NULL ? m->platform_name : "platform";

	if (agent == SELF && !old)
		agent = scmi_request_agent(req);
	else if (agent > count_named(m->platform_))
		return SCMI_NOT_FOUND;
	if (agent != 0)
		name = scmi__platform_channel(m->platform_, agent)->agent->name;
	if (!old)
		scmi_request_put_u32(req, agent);
	scmi_request_put_name(req, name != NULL ? name : "");
	return SCMI_SUCCESS;
}

/* ---- error events ---- */

static int32_t notify_errors(void *model, struct scmi_request *req)
{
	(void)model;
	return scmi_request_notify(req, SCMI_BASE_ERROR_EVENT, scmi_request_u32(req, 0));
}

int scmi_base_error_event(struct scmi_platform *platform, uint16_t agent, uint16_t cause, bool fatal,
			  const uint64_t *reports, uint32_t count)
{
	uint8_t event[EVENT_BYTES];
	uint32_t len = 2u * sizeof(uint32_t);

	if (count > SCMI_BASE_REPORTS_MAX || (reports == NULL && count != 0))
		return SCMI_E_INVAL;
	scmi_put_le32(event, cause);
	scmi_put_le32(event + sizeof(uint32_t), count | (fatal ? EVENT_FATAL : 0u));
	for (uint32_t i = 0; i < count; i++, len += (uint32_t)sizeof(uint64_t))
		scmi_put_le64(event + len, reports[i]);
	return scmi_platform_notify(platform, agent, SCMI_PROTOCOL_BASE, SCMI_BASE_ERROR_EVENT, event, len);
}

/* ---- the server ---- */

static const char *model_fault(const struct scmi_base_model *m)
{
	uint32_t version = version_of(m);

	if (version != SCMI_VERSION(1, 0) && version != SCMI_VERSION(2, 0) && version != SCMI_VERSION(2, 1))
		return SCMI_TEXT_("scmi_base_model.version is not 1.0, 2.0 or 2.1");
	if (m->vendor == NULL || !scmi__name_fits(m->vendor))
		return SCMI_TEXT_("scmi_base_model.vendor is NULL or longer than 15 characters");
	if (m->sub_vendor != NULL && !scmi__name_fits(m->sub_vendor))
		return SCMI_TEXT_("scmi_base_model.sub_vendor is longer than 15 characters");
	if (m->platform_name == NULL)
		return NULL;
	for (uint32_t i = 0; i < sizeof("platform") - 1u; i++) {
		if (m->platform_name[i] != "platform"[i])
			return SCMI_TEXT_("scmi_base_model.platform_name does not start with \"platform\"");
	}
	return scmi__name_fits(m->platform_name)
		       ? NULL
		       : SCMI_TEXT_("scmi_base_model.platform_name is longer than 15 characters");
}

static int init_model(void *model, struct scmi_platform *platform, const char **why)
{
	struct scmi_base_model *m = model;

	if (m == NULL || m->size != sizeof(*m)) {
		*why = SCMI_TEXT_("scmi_base_model is NULL or its size is wrong");
		return SCMI_E_INVAL;
	}
	*why = model_fault(m);
	if (*why != NULL)
		return SCMI_E_INVAL;
	if (m->devices != 0 && (m->permissions == NULL || m->permission_words / platform->agents_n < m->devices)) {
		*why = SCMI_TEXT_("scmi_base_model.permissions has not devices x agents words");
		return SCMI_E_NOMEM;
	}
	m->platform_ = platform;
	for (uint32_t i = 0; i < platform->agents_n; i++)
		reset_permissions(m, &platform->channels[i]);
	return SCMI_OK;
}

/* Flags of commands that not every model offers. */
#define IF_SUB_VENDOR (1u << 1)
#define IF_DEVICES    (1u << 2)
#define SINCE_2_0     (1u << 3)

#define WORDS(n) .params_min = (n) * sizeof(uint32_t), .params_max = (n) * sizeof(uint32_t)

/* The common commands fill its gaps: a table without gaps is searched fastest. */
static const struct scmi_server_command commands[] = {
	{.message = SCMI_PROTOCOL_VERSION, .handle = scmi__common_version, WORDS(0)},
	{.message = SCMI_PROTOCOL_ATTRIBUTES, .handle = protocol_attributes, WORDS(0)},
	{.message = SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, .handle = scmi__common_message_attributes, WORDS(1)},
	{.message = SCMI_BASE_DISCOVER_VENDOR, .handle = discover_vendor, WORDS(0)},
	{.message = SCMI_BASE_DISCOVER_SUB_VENDOR, .handle = discover_sub_vendor, WORDS(0), .flags = IF_SUB_VENDOR},
	{.message = SCMI_BASE_DISCOVER_IMPLEMENTATION_VERSION, .handle = discover_implementation_version, WORDS(0)},
	{.message = SCMI_BASE_DISCOVER_LIST_PROTOCOLS, .handle = discover_list_protocols, WORDS(1)},
	{.message = SCMI_BASE_DISCOVER_AGENT, .handle = discover_agent, WORDS(1)},
	{.message = SCMI_BASE_NOTIFY_ERRORS, .handle = notify_errors, WORDS(1), .flags = SCMI_COMMAND_P2A},
	{.message = SCMI_BASE_SET_DEVICE_PERMISSIONS,
	 .handle = set_device_permissions,
	 WORDS(3),
	 .flags = SINCE_2_0 | IF_DEVICES},
	{.message = SCMI_BASE_SET_PROTOCOL_PERMISSIONS,
	 .handle = set_protocol_permissions,
	 WORDS(4),
	 .flags = SINCE_2_0 | IF_DEVICES},
	{.message = SCMI_BASE_RESET_AGENT_CONFIGURATION,
	 .handle = reset_agent_configuration,
	 WORDS(2),
	 .flags = SINCE_2_0},
};

static uint8_t absent_commands(const struct scmi_base_model *m)
{
	uint32_t absent = 0;

	if (m->sub_vendor == NULL)
		absent |= IF_SUB_VENDOR;
	if (m->devices == 0)
		absent |= IF_DEVICES;
	if (version_of(m) < SCMI_VERSION(2, 0))
		absent |= SINCE_2_0;
	return (uint8_t)absent;
}

void scmi_base_server(struct scmi_server *server, struct scmi_base_model *model)
{
	*server = (struct scmi_server){
		.size = sizeof(*server),
		.protocol = SCMI_PROTOCOL_BASE,
		.flags = version_of(model) >= SCMI_VERSION(2, 1) ? SCMI_SERVER_NEGOTIATES : 0u,
		.version = version_of(model),
		.absent = absent_commands(model),
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = model,
		.init = init_model,
	};
}
