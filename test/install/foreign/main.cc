// SPDX-License-Identifier: BSD-3-Clause
// The same as main.c, as a user in C++17 would write it.
#include <scmi/hosted.h>
#include <scmi/port/posix.h>
#include <scmi/scmi.h>

#include <cstddef>
#include <iostream>
#include <string>
#include <vector>

template <typename T> static T sized()
{
	T config{};

	config.size = sizeof(T);
	return config;
}

static int ask(const scmi_transport &transport, scmi_base_info &info)
{
	scmi_posix posix;
	scmi_port port;
	auto config = sized<scmi_agent_config>();
	scmi_agent *agent;

	config.transport = &transport;
	config.port = &port;
	config.options.slots = 8;
	if (scmi_posix_init(&posix, &port))
		return 1;
	std::vector<std::max_align_t> mem(scmi_agent_size(&config) / sizeof(std::max_align_t) + 1);
	if (scmi_agent_init(&agent, mem.data(), mem.size() * sizeof(mem[0]), &config) || scmi_agent_start(agent))
		return 1;
	int err = scmi_base_discover(agent, &info);
	if (scmi_agent_fini(agent) == SCMI_OK)
		scmi_posix_fini(&posix);
	return err;
}

int main()
{
	auto link_config = sized<scmi_loopback_config>();
	auto model = sized<scmi_base_model>();
	auto who = sized<scmi_platform_agent>();
	auto config = sized<scmi_platform_config>();
	auto info = sized<scmi_base_info>();
	scmi_transport transport;
	scmi_endpoint endpoint;
	scmi_server base;
	const scmi_server *servers[] = {&base};
	scmi_loopback *loopback;
	scmi_platform *platform;
	scmi_reactor *reactor;

	model.vendor = "foreign";
	scmi_base_server(&base, &model);
	who.name = "C++";
	who.endpoint = &endpoint;
	config.servers = servers;
	config.servers_n = 1;
	config.agents = &who;
	config.agents_n = 1;
	std::vector<std::max_align_t> link_mem(scmi_loopback_size(&link_config) / sizeof(std::max_align_t) + 1);
	std::vector<std::max_align_t> platform_mem(SCMI_PLATFORM_WORDS(1, 1));
	if (scmi_loopback_init(&loopback, link_mem.data(), link_mem.size() * sizeof(link_mem[0]), &link_config,
			       &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem.data(), platform_mem.size() * sizeof(platform_mem[0]),
			       &config) ||
	    scmi_platform_start(platform) || scmi_reactor_create(&reactor) || ask(transport, info))
		return 1;
	std::cout << "C++: vendor '" << info.vendor << "', I am '" << info.self.name << "'\n";
	return scmi_reactor_destroy(reactor) || scmi_platform_fini(platform) || info.vendor != std::string("foreign") ||
	       info.self.name != std::string("C++");
}
