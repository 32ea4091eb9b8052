/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdalign.h>
#include <stddef.h>

#include <scmi/port/linux.h>
#include <scmi/server/base.h>

#include "measure.h"
#include "rig.h"

struct rig rig;

static max_align_t link_mem[8192];
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 2)];
static alignas(128) max_align_t agent_mem[SCMI_AGENT_WORDS(SCMI_SLOTS_MAX)];

struct scmi_call version_call(void *reply4)
{
	return (struct scmi_call){
		.size = sizeof(struct scmi_call),
		.protocol = SCMI_PROTOCOL_BASE,
		.message = SCMI_PROTOCOL_VERSION,
		.reply = reply4,
		.reply_cap = 4,
	};
}

void open_port(void)
{
	static struct scmi_linux linux_port;

	must(scmi_linux_init(&linux_port, &rig.port), "port");
}

static void open_agent(const struct scmi_transport *transport, const struct scmi_port *port, uint32_t slots)
{
	struct scmi_agent_config config = {.size = sizeof(config), .transport = transport, .port = port};

	config.options.slots = slots;
	must(scmi_agent_init(&rig.agent, agent_mem, sizeof(agent_mem), &config), "agent");
	must(scmi_agent_start(rig.agent), "agent");
}

void open_transport(const struct scmi_transport *transport, uint32_t slots)
{
	open_agent(transport, &rig.port, slots);
}

void open_servers(uint32_t flags, const struct scmi_port *port, const struct scmi_server *const *servers, uint32_t n)
{
	static struct scmi_endpoint endpoint;
	static struct scmi_platform_agent who = {.size = sizeof(who), .name = "bench", .endpoint = &endpoint};
	struct scmi_loopback_config link = {.size = sizeof(link), .flags = flags, .port = port};
	struct scmi_platform_config config = {
		.size = sizeof(config), .servers = servers, .servers_n = n, .agents = &who, .agents_n = 1};
	struct scmi_transport transport;

	must(scmi_loopback_init(&rig.loopback, link_mem, sizeof(link_mem), &link, &transport, &endpoint), "loopback");
	must(scmi_platform_init(&rig.platform, platform_mem, sizeof(platform_mem), &config), "platform");
	must(scmi_platform_start(rig.platform), "platform");
	open_agent(&transport, port, 0);
}

void open_loopback(uint32_t flags, const struct scmi_port *port)
{
	static struct scmi_base_model model = {.size = sizeof(model), .vendor = "bench"};
	static struct scmi_server base;
	static const struct scmi_server *servers[] = {&base};

	scmi_base_server(&base, &model);
	open_servers(flags, port, servers, 1);
}

void close_rig(void)
{
	must(scmi_agent_fini(rig.agent), "agent");
	if (rig.platform != NULL) {
		must(scmi_platform_fini(rig.platform), "platform");
		scmi_loopback_fini(rig.loopback);
		rig.platform = NULL;
	}
}
