/* SPDX-License-Identifier: BSD-3-Clause */
/* An agent and a platform, as a user in C would write them; exits 0 if the one has learned who the other is. */
#include <scmi/hosted.h>
#include <scmi/port/posix.h>
#include <scmi/scmi.h>

#include <stdio.h>
#include <string.h>

static max_align_t link_mem[1024];
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
static max_align_t agent_mem[SCMI_AGENT_WORDS(8)];

static int ask(const struct scmi_transport *transport, struct scmi_base_info *info)
{
	struct scmi_posix posix;
	struct scmi_port port;
	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = transport, .port = &port, .options.slots = 8};
	struct scmi_agent *agent;
	int err;

	if (scmi_posix_init(&posix, &port) || scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) ||
	    scmi_agent_start(agent))
		return 1;
	err = scmi_base_discover(agent, info);
	if (scmi_agent_fini(agent) == SCMI_OK)
		scmi_posix_fini(&posix);
	return err;
}

int main(void)
{
	struct scmi_loopback_config link_config = {.size = sizeof(link_config), .max_inflight = 8};
	struct scmi_base_model model = {.size = sizeof(model), .vendor = "foreign"};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_loopback *loopback;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;
	struct scmi_server base;
	const struct scmi_server *servers[] = {&base};
	struct scmi_platform_agent who = {.size = sizeof(who), .name = "C", .endpoint = &endpoint};
	struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;
	struct scmi_reactor *reactor;

	scmi_base_server(&base, &model);
	if (scmi_loopback_init(&loopback, link_mem, sizeof(link_mem), &link_config, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &config) ||
	    scmi_platform_start(platform) || scmi_reactor_create(&reactor) || ask(&transport, &info))
		return 1;
	printf("C: vendor '%s', I am '%s'\n", info.vendor, info.self.name);
	return scmi_reactor_destroy(reactor) || scmi_platform_fini(platform) || strcmp(info.vendor, "foreign") != 0 ||
	       strcmp(info.self.name, "C") != 0;
}
