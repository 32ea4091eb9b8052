/* SPDX-License-Identifier: BSD-3-Clause */
/* The clock protocol's server: what clocks there are, their names and rates; and the table of its commands. */
#include "server_clock.h"

#define COUNT_WORD WORD_BYTES

uint32_t scmi__clock_version(const struct scmi_clock_model *m)
{
	return m->version != 0 ? m->version : SCMI_CLOCK_VERSION;
}

bool scmi__clock_reaches(const struct scmi_request *req)
{
	return has_p2a(req->channel_);
}

bool scmi__clock_usable(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock)
{
	return m->ops->may_use == NULL || m->ops->may_use(m->arg, agent, clock);
}

uint32_t scmi__clock_permissions(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock)
{
	if (!scmi__clock_usable(m, agent, clock))
		return 0;
	return m->ops->permissions != NULL ? m->ops->permissions(m->arg, agent, clock) & SCMI_CLOCK_MAY_ALL
					   : SCMI_CLOCK_MAY_ALL;
}

/* What nobody may change is not announced. */
uint32_t scmi__clock_told_permissions(const struct scmi_clock_model *m, uint16_t agent, uint32_t clock)
{
	uint32_t may = scmi__clock_permissions(m, agent, clock);

	if (m->ops->enable == NULL)
		may &= ~SCMI_CLOCK_MAY_STATE;
	if (m->ops->rate_set == NULL)
		may &= ~SCMI_CLOCK_MAY_RATE;
	if (m->ops->parent_set == NULL && m->clocks[clock].parents_n != 0)
		may &= ~SCMI_CLOCK_MAY_PARENT;
	return may;
}

const struct scmi_clock_desc *scmi__clock_seen(const struct scmi_clock_model *m, uint32_t clock, int32_t *status)
{
	*status = SCMI_NOT_FOUND;
	return clock < m->count ? &m->clocks[clock] : NULL;
}

const struct scmi_clock_desc *scmi__clock_used(const struct scmi_clock_model *m, const struct scmi_request *req,
					       uint32_t clock, uint32_t may, int32_t *status)
{
	const struct scmi_clock_desc *d = scmi__clock_seen(m, clock, status);
	uint16_t agent = scmi_request_agent(req);

	if (d == NULL)
		return NULL;
	*status = SCMI_DENIED;
	if (may == 0)
		return scmi__clock_usable(m, agent, clock) ? d : NULL;
	return (scmi__clock_permissions(m, agent, clock) & may) == may ? d : NULL;
}

/* Asynchronous settings need a way back to the agent. */
static int32_t protocol_attributes(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	bool async = m->ops->rate_set != NULL && scmi__clock_reaches(req);

	scmi_request_put_u32(req, m->count | (async ? m->pending_n << SCMI_CLOCK_ASYNC_SHIFT : 0u));
	return SCMI_SUCCESS;
}

/* ---- what a clock is ---- */

static bool is_long(const char *name)
{
	return !scmi__name_fits(name);
}

static uint32_t attributes_of(const struct scmi_clock_model *m, const struct scmi_request *req,
			      const struct scmi_clock_desc *d)
{
	uint32_t version = scmi_request_version(req);
	uint32_t word = 0;

	if (since_2_0(version) && is_long(d->name))
		word |= SCMI_CLOCK_HAS_LONG_NAME;
	if (since_2_0(version) && m->wants != NULL && scmi__clock_reaches(req))
		word |= SCMI_CLOCK_TELLS_CHANGED | SCMI_CLOCK_TELLS_REQUESTED;
	if (!since_3_0(version))
		return word;
	word |= d->flags & SCMI_CLOCK_EXTENDED_CONFIG;
	if (d->parents_n != 0)
		word |= SCMI_CLOCK_HAS_PARENTS;
	if (scmi__clock_told_permissions(m, scmi_request_agent(req), scmi_request_u32(req, 0)) != SCMI_CLOCK_MAY_ALL)
		word |= SCMI_CLOCK_RESTRICTED;
	return word;
}

static int32_t clock_attributes(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	bool enabled;
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_seen(m, clock, &status);

	if (d == NULL)
		return status;
	status = scmi__clock_enabled(m, clock, &enabled);
	if (status != SCMI_SUCCESS)
		return status;
	scmi_request_put_u32(req, attributes_of(m, req, d) | (enabled ? SCMI_CLOCK_ENABLED : 0u));
	scmi_request_put_name(req, d->name);
	if (since_2_0(scmi_request_version(req)))
		scmi_request_put_u32(req, d->enable_delay_us);
	return SCMI_SUCCESS;
}

static int32_t name_get(void *model, struct scmi_request *req)
{
	char field[SCMI_LONG_NAME] = {0};
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_seen(model, scmi_request_u32(req, 0), &status);

	if (d == NULL)
		return status;
	for (uint32_t i = 0; i < SCMI_LONG_NAME - 1u && d->name[i] != '\0'; i++)
		field[i] = d->name[i];
	scmi_request_put_u32(req, 0); /* flags, of which none is known */
	scmi_request_put_bytes(req, field, sizeof(field));
	return SCMI_SUCCESS;
}

/* ---- rates ---- */

static void put_u64(struct scmi_request *req, uint64_t value)
{
	scmi_request_put_u32(req, (uint32_t)value);
	scmi_request_put_u32(req, (uint32_t)(value >> 32));
}

/* As many as fit, one at least; a range goes whole or not at all. */
static int32_t describe_rates(void *model, struct scmi_request *req)
{
	uint32_t first = scmi_request_u32(req, 1);
	uint32_t room = scmi_request_room(req);
	int32_t status;
	const struct scmi_clock_desc *d = scmi__clock_seen(model, scmi_request_u32(req, 0), &status);
	uint32_t fit;
	uint32_t n;

	if (d == NULL)
		return status;
	if (first >= (d->range ? 1u : d->rates_n))
		return SCMI_OUT_OF_RANGE;
	fit = room > COUNT_WORD ? (room - COUNT_WORD) / SCMI_CLOCK_RATE_BYTES : 0u;
	n = d->rates_n - first < fit ? d->rates_n - first : fit;
	if (n > SCMI_CLOCK_RATES_RETURNED)
		n = SCMI_CLOCK_RATES_RETURNED;
	if (n == 0 || (d->range && n != d->rates_n))
		return SCMI_COMMS_ERROR;
	scmi_request_put_u32(req, n | (d->range ? SCMI_CLOCK_RATES_RANGE : 0u) |
					  (d->rates_n - first - n) << SCMI_CLOCK_RATES_SHIFT);
	for (uint32_t i = first; i < first + n; i++)
		put_u64(req, d->rates[i]);
	return SCMI_SUCCESS;
}

int32_t scmi__clock_rate_get(void *model, struct scmi_request *req)
{
	const struct scmi_clock_model *m = model;
	uint32_t clock = scmi_request_u32(req, 0);
	uint64_t rate = 0;
	int32_t status;

	if (scmi__clock_used(m, req, clock, 0, &status) == NULL)
		return status;
	status = m->ops->rate_get(m->arg, clock, &rate);
	if (status == SCMI_SUCCESS)
		put_u64(req, rate);
	return status;
}

/* ---- the server ---- */

static int init_model(void *model, struct scmi_platform *platform, const char **why)
{
	struct scmi_clock_model *m = model;
	int err = SCMI_E_INVAL;

	if (m->size != sizeof(*m)) {
		*why = "scmi_clock_model.size is wrong";
		return SCMI_E_INVAL;
	}
	*why = scmi__clock_fault(m, platform->agents_n, &err);
	if (*why != NULL)
		return err;
	m->platform_ = platform;
	m->row_ = SCMI_CLOCK_WANT_WORDS(m->count, 1u);
	for (uint32_t i = 0; i < m->pending_n; i++) {
		struct scmi_clock_pending *p = &m->pending[i];

		*p = (struct scmi_clock_pending){.size = sizeof(*p), .model_ = m};
		p->delayed_ = (struct scmi_delayed){
			.size = sizeof(p->delayed_), .buf = p->payload_, .cap = sizeof(p->payload_)};
	}
	for (uint32_t agent = 1; agent <= platform->agents_n; agent++)
		scmi__clock_forget(m, (uint16_t)agent);
	return SCMI_OK;
}

static void reset_agent(void *model, uint16_t agent)
{
	const struct scmi_clock_model *m = model;

	scmi__clock_forget(m, agent);
	if (m->ops->reset != NULL)
		m->ops->reset(m->arg, agent);
}

/* Flags of commands that not every model, or version, offers. */
#define IF_WANTS   (1u << 3)
#define IF_PARENTS (1u << 4)
#define IF_PARENT  (1u << 5)
#define SINCE_2_0  (1u << 6)
#define SINCE_3_0  (1u << 7)

#define WORDS(n) .params_min = (n)*WORD_BYTES, .params_max = (n)*WORD_BYTES

/* The common commands fill its gaps: a table without gaps is searched fastest. */
static const struct scmi_server_command commands[] = {
	{.message = SCMI_PROTOCOL_VERSION, .handle = scmi__common_version, WORDS(0)},
	{.message = SCMI_PROTOCOL_ATTRIBUTES, .handle = protocol_attributes, WORDS(0)},
	{.message = SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, .handle = scmi__common_message_attributes, WORDS(1)},
	{.message = SCMI_CLOCK_ATTRIBUTES, .handle = clock_attributes, WORDS(1)},
	{.message = SCMI_CLOCK_DESCRIBE_RATES, .handle = describe_rates, WORDS(2)},
	{.message = SCMI_CLOCK_RATE_SET, .handle = scmi__clock_rate_set, WORDS(4)},
	{.message = SCMI_CLOCK_RATE_GET, .handle = scmi__clock_rate_get, WORDS(1)},
	{.message = SCMI_CLOCK_CONFIG_SET,
	 .handle = scmi__clock_config_set,
	 .params_min = 2u * WORD_BYTES,
	 .params_max = 3u * WORD_BYTES},
	{.message = SCMI_CLOCK_NAME_GET, .handle = name_get, WORDS(1), .flags = SINCE_2_0},
	{.message = SCMI_CLOCK_RATE_NOTIFY,
	 .handle = scmi__clock_rate_notify,
	 WORDS(2),
	 .flags = SCMI_COMMAND_P2A | IF_WANTS | SINCE_2_0},
	{.message = SCMI_CLOCK_RATE_CHANGE_REQUESTED_NOTIFY,
	 .handle = scmi__clock_rate_change_requested_notify,
	 WORDS(2),
	 .flags = SCMI_COMMAND_P2A | IF_WANTS | SINCE_2_0},
	{.message = SCMI_CLOCK_CONFIG_GET, .handle = scmi__clock_config_get, WORDS(2), .flags = SINCE_3_0},
	{.message = SCMI_CLOCK_POSSIBLE_PARENTS_GET,
	 .handle = scmi__clock_possible_parents_get,
	 WORDS(2),
	 .flags = IF_PARENTS | SINCE_3_0},
	{.message = SCMI_CLOCK_PARENT_SET, .handle = scmi__clock_parent_set, WORDS(2), .flags = IF_PARENT | SINCE_3_0},
	{.message = SCMI_CLOCK_PARENT_GET, .handle = scmi__clock_parent_get, WORDS(1), .flags = IF_PARENTS | SINCE_3_0},
	{.message = SCMI_CLOCK_GET_PERMISSIONS, .handle = scmi__clock_get_permissions, WORDS(1), .flags = SINCE_3_0},
};

static const struct scmi_server_version versions[] = {
	{.version = SCMI_VERSION(3, 0)},
	{.version = SCMI_VERSION(2, 0), .absent = SINCE_3_0},
	{.version = SCMI_VERSION(1, 0), .absent = SINCE_3_0 | SINCE_2_0},
};

static uint8_t absent_commands(const struct scmi_clock_model *m)
{
	uint32_t version = scmi__clock_version(m);
	uint32_t absent = 0;

	if (m->wants == NULL)
		absent |= IF_WANTS;
	if (m->ops->parent_get == NULL)
		absent |= IF_PARENTS;
	if (m->ops->parent_set == NULL)
		absent |= IF_PARENT;
	if (!since_2_0(version))
		absent |= SINCE_2_0;
	if (!since_3_0(version))
		absent |= SINCE_3_0;
	return (uint8_t)absent;
}

void scmi_clock_server(struct scmi_server *server, struct scmi_clock_model *model)
{
	uint32_t version = scmi__clock_version(model);

	*server = (struct scmi_server){
		.size = sizeof(*server),
		.protocol = SCMI_PROTOCOL_CLOCK,
		.version = version,
		.absent = absent_commands(model),
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = model,
		.init = init_model,
		.reset = reset_agent,
	};
	/* Negotiation came with the release of the specification that has clocks of 3.0. */
	if (version == SCMI_CLOCK_VERSION) {
		server->flags = SCMI_SERVER_NEGOTIATES;
		server->versions = versions;
		server->versions_n = sizeof(versions) / sizeof(versions[0]);
	}
}
