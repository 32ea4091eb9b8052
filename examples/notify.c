/* SPDX-License-Identifier: BSD-3-Clause */
/* Notifications: a platform whose sensor crosses its trip point, and an agent that wants to know, for a while. */
#include <stdio.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/transport/loopback.h>

#define TRIP_POINT_NOTIFY 0x4u /* command: sensor, 1 to be told or 0 */
#define TRIP_POINT_EVENT  0x0u /* notification: agent, sensor, which way */
#define EVENT_BYTES       12u
#define UP                (1u << 16)
#define DOWN              0u

/* ---- the platform: one sensor, with one trip point ---- */

static int32_t trip_point_notify(void *model, struct scmi_request *req)
{
	(void)model;
	if (scmi_request_u32(req, 0) != 0)
		return SCMI_NOT_FOUND;
	return scmi_request_notify(req, TRIP_POINT_EVENT, scmi_request_u32(req, 1));
}

/* The temperature crosses the trip point. This goes to those who have asked, and to nobody else. */
static int cross(struct scmi_platform *platform, uint32_t way)
{
	uint8_t event[EVENT_BYTES] = {0};

	scmi_put_le32(event + 8, way);
	return scmi_platform_notify(platform, SCMI_ALL_AGENTS, SCMI_PROTOCOL_SENSOR, TRIP_POINT_EVENT, event,
				    sizeof(event));
}

/* ---- the agent ---- */

/* Runs where the message is received: over this loopback inside scmi_platform_notify(). */
static void on_event(struct scmi_subscriber *self, uint32_t hdr, const void *payload, uint32_t len)
{
	const uint8_t *event = payload;
	uint32_t *events = self->arg;

	(void)hdr;
	if (len < EVENT_BYTES)
		return;
	*events += 1;
	printf("sensor %u went %s\n", scmi_get_le32(event + 4), scmi_get_le32(event + 8) == UP ? "up" : "down");
}

static int tell_me(struct scmi_agent *agent, uint8_t enable)
{
	const uint8_t params[8] = {[4] = enable}; /* of sensor 0 */
	struct scmi_call call = {.size = sizeof(call), .protocol = SCMI_PROTOCOL_SENSOR, .message = TRIP_POINT_NOTIFY};

	call.params = params;
	call.params_len = sizeof(params);
	return scmi_agent_call(agent, &call);
}

static int run(struct scmi_agent *agent, struct scmi_platform *platform)
{
	uint32_t events = 0;
	struct scmi_subscriber node = {.size = sizeof(node), .protocol = SCMI_ANY, .message = SCMI_ANY};
	struct scmi_agent_stats stats = {.size = sizeof(stats)};

	node.notify = on_event;
	node.arg = &events;
	/* A handler alone gets nothing: the platform has not been asked. */
	if (scmi_agent_subscribe(agent, &node) || cross(platform, UP) || events != 0)
		return 1;
	if (tell_me(agent, SCMI_NOTIFY_ENABLE) || cross(platform, DOWN) || cross(platform, UP) || events != 2)
		return 1;
	/* From here on on_event will not run, and node is ours. The platform knows nothing of that. */
	if (scmi_agent_unsubscribe(agent, &node) || cross(platform, DOWN) || events != 2)
		return 1;
	if (tell_me(agent, 0) || cross(platform, UP) || scmi_agent_stats(agent, 0, &stats) || stats.unclaimed != 1)
		return 1;
	printf("%u events, and %u for nobody\n", events, stats.unclaimed);
	return 0;
}

int main(void)
{
	static max_align_t link_mem[1024];
	static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
	static max_align_t agent_mem[SCMI_AGENT_WORDS_FOR(8, SCMI_WAITERS_DEFAULT, SCMI_EVENT_BYTES_MAX, 2,
							  SCMI_LOOPBACK_PAYLOAD_DEFAULT)];
	struct scmi_loopback_config link_config = {.size = sizeof(link_config), .max_inflight = 8};
	struct scmi_loopback *loopback;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;

	static const struct scmi_server_command commands[] = {
		{.message = TRIP_POINT_NOTIFY, .handle = trip_point_notify, .params_min = 8, .params_max = 8}};
	struct scmi_server sensor = {.size = sizeof(sensor),
				     .protocol = SCMI_PROTOCOL_SENSOR,
				     .version = SCMI_VERSION(1, 0),
				     .commands = commands,
				     .commands_n = 1};
	const struct scmi_server *servers[] = {&sensor};
	struct scmi_platform_agent who = {.size = sizeof(who), .name = "notify", .endpoint = &endpoint};
	struct scmi_platform_config platform_config = {
		.size = sizeof(platform_config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;

	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = &port, .event_buffers = 2, .options.slots = 8};
	struct scmi_agent *agent;

	if (scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &link_config, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &platform_config) ||
	    scmi_platform_start(platform) || scmi_posix_init(&posix, &port) ||
	    scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) || scmi_agent_start(agent))
		return 1;
	return run(agent, platform) || scmi_agent_fini(agent) || scmi_platform_fini(platform);
}
