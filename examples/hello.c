/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent and a platform in one program: the platform says who it is, the agent asks. */
#include <stdio.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/protocol/base.h>
#include <scmi/server/base.h>
#include <scmi/transport/loopback.h>

static max_align_t link_mem[1024];
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
static max_align_t agent_mem[SCMI_AGENT_WORDS(8)];

int main(void)
{
	/* the link between the two */
	struct scmi_loopback_config link_config = {.size = sizeof(link_config), .max_inflight = 8};
	struct scmi_loopback *loopback;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;

	/* the platform: one server, the base protocol, and one agent */
	struct scmi_base_model model = {.size = sizeof(model), .vendor = "example", .implementation_version = 7};
	struct scmi_server base;
	const struct scmi_server *servers[] = {&base};
	struct scmi_platform_agent who = {.size = sizeof(who), .name = "hello", .endpoint = &endpoint};
	struct scmi_platform_config platform_config = {
		.size = sizeof(platform_config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;

	/* the agent */
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = &port, .options.slots = 8};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_agent *agent;

	scmi_base_server(&base, &model);
	if (scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &link_config, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &platform_config) ||
	    scmi_platform_start(platform) || scmi_posix_init(&posix, &port) ||
	    scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) || scmi_agent_start(agent))
		return 1;

	int err = scmi_base_discover(agent, &info);

	printf("%s: platform '%s', version %u, base protocol %u.%u, I am '%s'\n", scmi_strerror(err), info.vendor,
	       info.implementation, info.version >> 16, info.version & 0xffffu, info.self.name);
	return scmi_agent_fini(agent) || scmi_platform_fini(platform) || err;
}
