/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An agent and a platform over a virtio-scmi device in one program: the driver's rings, the device that serves them, and
 * the pair that rings each other's doorbell. Between a guest and its host the same driver gets another bus, and the
 * same device another host.
 */
#include <stdalign.h>
#include <stdio.h>

#include <scmi/agent.h>
#include <scmi/platform.h>
#include <scmi/port/posix.h>
#include <scmi/protocol/base.h>
#include <scmi/server/base.h>
#include <scmi/transport/virtio.h>
#include <scmi/transport/virtio_device.h>

static max_align_t device_mem[16384];
static max_align_t driver_mem[256];
static alignas(64) unsigned char shared[32768]; /* what both ends see: rings and buffers */
static max_align_t platform_mem[SCMI_PLATFORM_WORDS(1, 1)];
static max_align_t agent_mem[SCMI_AGENT_WORDS(8)];

static struct scmi_posix posix;
static struct scmi_port port;

/* Brings up driver and device; each serves the other on the caller's stack. */
static int make_link(struct scmi_virtio **driver, struct scmi_transport *transport, struct scmi_endpoint *endpoint)
{
	static struct scmi_virtio_pair pair;
	static struct scmi_virtio_bus bus;
	static struct scmi_virtio_host host;
	const struct scmi_virtio_pair_config pair_config = {
		.size = sizeof(pair_config),
		.flags = SCMI_VIRTIO_PAIR_SERVES | SCMI_VIRTIO_PAIR_DELIVERS,
		.base = shared,
		.len = sizeof(shared),
	};
	const struct scmi_virtio_device_config device_config = {
		.size = sizeof(device_config), .requests = 8, .queue_max = 64, .port = &port, .host = &host};
	const struct scmi_virtio_config config = {
		.size = sizeof(config),
		.max_inflight = 8,
		.port = &port,
		.bus = &bus,
		.shared = shared,
		.shared_len = sizeof(shared),
		.shared_addr = 0, /* the pair counts from its base */
	};
	struct scmi_virtio_device *device;
	int err;

	if ((err = scmi_virtio_pair_init(&pair, &pair_config, &bus, &host)) ||
	    (err = scmi_virtio_device_init(&device, device_mem, sizeof(device_mem), &device_config, endpoint)))
		return err;
	scmi_virtio_pair_join(&pair, device);
	return scmi_virtio_init(driver, driver_mem, sizeof(driver_mem), &config, transport);
}

int main(void)
{
	struct scmi_virtio_stats stats = {.size = sizeof(stats)};
	struct scmi_virtio *driver;
	struct scmi_transport transport;
	struct scmi_endpoint endpoint;

	struct scmi_base_model model = {.size = sizeof(model), .vendor = "example", .implementation_version = 7};
	struct scmi_server base;
	const struct scmi_server *servers[] = {&base};
	struct scmi_platform_agent who = {.size = sizeof(who), .name = "guest", .endpoint = &endpoint};
	struct scmi_platform_config platform_config = {
		.size = sizeof(platform_config), .servers = servers, .servers_n = 1, .agents = &who, .agents_n = 1};
	struct scmi_platform *platform;

	struct scmi_agent_config config = {
		.size = sizeof(config), .transport = &transport, .port = &port, .options.slots = 8};
	struct scmi_base_info info = {.size = sizeof(info)};
	struct scmi_agent *agent;

	scmi_base_server(&base, &model);
	if (scmi_posix_init(&posix, &port) || make_link(&driver, &transport, &endpoint) ||
	    scmi_platform_init(&platform, platform_mem, sizeof(platform_mem), &platform_config) ||
	    scmi_platform_start(platform) || scmi_agent_init(&agent, agent_mem, sizeof(agent_mem), &config) ||
	    scmi_agent_start(agent))
		return 1;

	int err = scmi_base_discover(agent, &info);

	(void)scmi_virtio_stats(driver, &stats);
	printf("%s: platform '%s', base protocol %u.%u, I am '%s'\n", scmi_strerror(err), info.vendor,
	       info.version >> 16, info.version & 0xffffu, info.self.name);
	printf("queues of %u and %u entries, %u buffers came back, %u doorbells\n", stats.queue[SCMI_VIRTIO_CMDQ],
	       stats.queue[SCMI_VIRTIO_EVENTQ], stats.reaped, stats.kicks);
	return scmi_agent_fini(agent) || scmi_platform_fini(platform) || err;
}
