/* SPDX-License-Identifier: BSD-3-Clause */
/* The sensor protocol's server: its commands, and those about the protocol and the configuration of a sensor. */
#include "server_sensor.h"

uint32_t scmi__sensor_version(const struct scmi_sensor_model *m)
{
	return m->version != 0 ? m->version : SCMI_SENSOR_VERSION;
}

const struct scmi_sensor_desc *scmi__sensor_seen(const struct scmi_sensor_model *m, const struct scmi_request *req,
						 int32_t *status)
{
	uint32_t sensor = scmi_request_u32(req, 0);

	if (sensor < m->count)
		return &m->sensors[sensor];
	*status = SCMI_NOT_FOUND;
	return NULL;
}

const struct scmi_sensor_desc *scmi__sensor_used(const struct scmi_sensor_model *m, const struct scmi_request *req,
						 int32_t *status)
{
	const struct scmi_sensor_desc *d = scmi__sensor_seen(m, req, status);

	if (d == NULL || m->ops->may_use == NULL ||
	    m->ops->may_use(m->arg, scmi_request_agent(req), scmi_request_u32(req, 0)))
		return d;
	*status = SCMI_DENIED;
	return NULL;
}

static int32_t protocol_attributes(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	bool region = m->region_len != 0;
	uint32_t async = has_p2a(req->channel_) ? m->pending_n : 0u;

	scmi_request_put_u32(req, m->count | async << SCMI_SENSOR_ASYNC_SHIFT);
	scmi_request_put_u32(req, region ? (uint32_t)m->region : 0u);
	scmi_request_put_u32(req, region ? (uint32_t)(m->region >> 32) : 0u);
	scmi_request_put_u32(req, m->region_len);
	return SCMI_SUCCESS;
}

static int32_t config_get(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	int32_t status = SCMI_NOT_FOUND;
	uint32_t config = 0;

	if (scmi__sensor_used(m, req, &status) == NULL)
		return status;
	status = m->ops->config_get(m->arg, scmi_request_u32(req, 0), &config);
	if (status == SCMI_SUCCESS)
		scmi_request_put_u32(req, config);
	return status;
}

static int32_t config_set(void *model, struct scmi_request *req)
{
	const struct scmi_sensor_model *m = model;
	uint32_t config = scmi_request_u32(req, 1);
	int32_t status = SCMI_NOT_FOUND;
	const struct scmi_sensor_desc *d;

	d = scmi__sensor_used(m, req, &status);
	if (d == NULL)
		return status;
	if ((config & SCMI_SENSOR_CONFIG_RESERVED) != 0)
		return SCMI_INVALID_PARAMETERS;
	if ((config & SCMI_SENSOR_TIMESTAMPED) != 0 && (d->flags & SCMI_SENSOR_HAS_TIMESTAMPS) == 0)
		return SCMI_NOT_SUPPORTED;
	return m->ops->config_set(m->arg, scmi_request_agent(req), scmi_request_u32(req, 0), config);
}

static void init_pending(struct scmi_sensor_model *m)
{
	for (uint32_t i = 0; i < m->pending_n; i++) {
		struct scmi_sensor_pending *p = &m->pending[i];

		p->model_ = m;
		p->delayed_ = (struct scmi_delayed){.size = sizeof(p->delayed_), .cap = p->cap, .buf = p->buf};
	}
}

static int init_model(void *model, struct scmi_platform *platform, const char **why)
{
	struct scmi_sensor_model *m = model;
	int err = SCMI_E_INVAL;

	*why = "scmi_sensor_model is NULL or its size is wrong";
	if (m == NULL || m->size != sizeof(*m))
		return err;
	*why = scmi__sensor_fault(m, platform->agents_n, &err);
	if (*why != NULL)
		return err;
	m->platform_ = platform;
	m->row_ = SCMI_SENSOR_WANT_WORDS(m->count, 1u);
	init_pending(m);
	for (uint16_t agent = 1; agent <= platform->agents_n; agent++)
		scmi__sensor_forget(m, agent);
	return SCMI_OK;
}

static void reset(void *model, uint16_t agent)
{
	const struct scmi_sensor_model *m = model;

	scmi__sensor_forget(m, agent);
	if (m->ops->reset != NULL)
		m->ops->reset(m->arg, agent);
}

/* Flags of commands that not every model, nor every version, offers. */
#define SINCE_2_0      (1u << 1)
#define SINCE_3_0      (1u << 2)
#define IF_EVENTS      (1u << 3)
#define IF_TRIP_CONFIG (1u << 4)
#define IF_CONFIG_GET  (1u << 5)
#define IF_CONFIG_SET  (1u << 6)

#define WORDS(n) .params_min = (n)*WORD_BYTES, .params_max = (n)*WORD_BYTES

/* Without gaps, which is searched fastest. */
static const struct scmi_server_command commands[] = {
	{.message = SCMI_PROTOCOL_VERSION, .handle = scmi__common_version, WORDS(0)},
	{.message = SCMI_PROTOCOL_ATTRIBUTES, .handle = protocol_attributes, WORDS(0)},
	{.message = SCMI_PROTOCOL_MESSAGE_ATTRIBUTES, .handle = scmi__common_message_attributes, WORDS(1)},
	{.message = SCMI_SENSOR_DESCRIPTION_GET, .handle = scmi__sensor_description_get, WORDS(1)},
	{.message = SCMI_SENSOR_TRIP_POINT_NOTIFY,
	 .handle = scmi__sensor_trip_point_notify,
	 WORDS(2),
	 .flags = SCMI_COMMAND_P2A | IF_EVENTS},
	{.message = SCMI_SENSOR_TRIP_POINT_CONFIG,
	 .handle = scmi__sensor_trip_point_config,
	 WORDS(4),
	 .flags = IF_TRIP_CONFIG},
	{.message = SCMI_SENSOR_READING_GET, .handle = scmi__sensor_reading_get, WORDS(2)},
	{.message = SCMI_SENSOR_AXIS_DESCRIPTION_GET,
	 .handle = scmi__sensor_axis_description_get,
	 WORDS(2),
	 .flags = SINCE_2_0},
	{.message = SCMI_SENSOR_LIST_UPDATE_INTERVALS,
	 .handle = scmi__sensor_list_update_intervals,
	 WORDS(2),
	 .flags = SINCE_2_0},
	{.message = SCMI_SENSOR_CONFIG_GET, .handle = config_get, WORDS(1), .flags = SINCE_2_0 | IF_CONFIG_GET},
	{.message = SCMI_SENSOR_CONFIG_SET, .handle = config_set, WORDS(2), .flags = SINCE_2_0 | IF_CONFIG_SET},
	{.message = SCMI_SENSOR_CONTINUOUS_UPDATE_NOTIFY,
	 .handle = scmi__sensor_continuous_update_notify,
	 WORDS(2),
	 .flags = SCMI_COMMAND_P2A | SINCE_2_0 | IF_EVENTS},
	{.message = SCMI_SENSOR_NAME_GET, .handle = scmi__sensor_name_get, WORDS(1), .flags = SINCE_3_0},
	{.message = SCMI_SENSOR_AXIS_NAME_GET, .handle = scmi__sensor_axis_name_get, WORDS(2), .flags = SINCE_3_0},
};

static uint8_t absent_commands(const struct scmi_sensor_model *m)
{
	uint32_t version = scmi__sensor_version(m);
	uint32_t absent = 0;

	if (!since_2_0(version))
		absent |= SINCE_2_0;
	if (!since_3_0(version))
		absent |= SINCE_3_0;
	if (m->wants == NULL)
		absent |= IF_EVENTS;
	if (m->ops->trip_config == NULL)
		absent |= IF_TRIP_CONFIG;
	if (m->ops->config_get == NULL)
		absent |= IF_CONFIG_GET;
	if (m->ops->config_set == NULL)
		absent |= IF_CONFIG_SET;
	return (uint8_t)absent;
}

/* Negotiation came with 3.1. */
static const struct scmi_server_version versions[] = {
	{.version = SCMI_SENSOR_VERSION},
	{.version = SCMI_VERSION(3, 0)},
	{.version = SCMI_VERSION(2, 0), .absent = SINCE_3_0},
	{.version = SCMI_VERSION(1, 0), .absent = SINCE_2_0 | SINCE_3_0},
};

void scmi_sensor_server(struct scmi_server *server, struct scmi_sensor_model *model)
{
	*server = (struct scmi_server){
		.size = sizeof(*server),
		.protocol = SCMI_PROTOCOL_SENSOR,
		.version = scmi__sensor_version(model),
		.absent = absent_commands(model),
		.commands = commands,
		.commands_n = sizeof(commands) / sizeof(commands[0]),
		.model = model,
		.init = init_model,
		.reset = reset,
	};
	if (server->version != SCMI_SENSOR_VERSION)
		return;
	server->flags = SCMI_SERVER_NEGOTIATES;
	server->versions = versions;
	server->versions_n = sizeof(versions) / sizeof(versions[0]);
}
