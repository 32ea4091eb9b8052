/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The link "loopback:": a platform inside this program, to try scmictl on. Two devices, two agents, of which we are the
 * first, and a protocol of the vendor's, 0x80, that shows what else can happen:
 *
 *   0x80 3 DEVICE   DEVICE_NAME: name of 16 bytes; SCMI_DENIED if permissions say so
 *   0x80 4 DEVICE   DEVICE_FAIL: SCMI_HARDWARE_ERROR, and a BASE_ERROR_EVENT to the agents that have asked for it
 *   0x80 5 DEVICE   DEVICE_HANG: no answer until the link is closed
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <scmi/message.h>
#include <scmi/platform.h>
#include <scmi/server/base.h>
#include <scmi/transport/loopback.h>

#include "scmictl.h"

#define PROTOCOL_DEVICE 0x80u
#define DEVICE_NAME     3u
#define DEVICE_FAIL     4u
#define DEVICE_HANG     5u

#define SERVERS 2u
#define AGENTS  2u
#define DEVICES 2u
#define US      1u /* our agent's id */

static const char *const device_names[DEVICES] = {"uart", "sensor hub"};

struct sim {
	struct scmi_base_model model;
	uint32_t permissions[DEVICES * AGENTS];
	struct scmi_server base;
	struct scmi_server device;
	const struct scmi_server *servers[SERVERS];
	struct scmi_endpoint endpoints[AGENTS];
	struct scmi_platform_agent agents[AGENTS];
	struct scmi_platform *platform;
	max_align_t platform_memory[SCMI_PLATFORM_WORDS(AGENTS, SERVERS)];
	struct scmi_loopback *loopback;
	void *loopback_memory;
	struct scmi_request *hanging; /* the serving thread's, until it has been joined */
	pthread_t thread;
	bool threaded; /* and the thread runs */
};

/* ---- the devices ---- */

/* The device that a request names, if there is one and the agent may use it. */
static int32_t find_device(const struct sim *sim, const struct scmi_request *req, uint32_t *device)
{
	*device = scmi_request_u32(req, 0);
	if (*device >= DEVICES)
		return SCMI_NOT_FOUND;
	if (!scmi_base_allowed(&sim->model, scmi_request_agent(req), PROTOCOL_DEVICE, *device))
		return SCMI_DENIED;
	return SCMI_SUCCESS;
}

static int32_t device_name(void *model, struct scmi_request *req)
{
	uint32_t device;
	int32_t status = find_device(model, req, &device);

	if (status == SCMI_SUCCESS)
		scmi_request_put_name(req, device_names[device]);
	return status;
}

static int32_t device_fail(void *model, struct scmi_request *req)
{
	struct sim *sim = model;
	uint32_t device;
	int32_t status = find_device(sim, req, &device);
	uint64_t report = (uint64_t)(uint32_t)SCMI_HARDWARE_ERROR << 32 | req->hdr;

	if (status != SCMI_SUCCESS)
		return status;
	/* Whether it arrives is not the command's affair. */
	(void)scmi_base_error_event(sim->platform, SCMI_ALL_AGENTS, scmi_request_agent(req), false, &report, 1);
	return SCMI_HARDWARE_ERROR;
}

static int32_t device_hang(void *model, struct scmi_request *req)
{
	struct sim *sim = model;
	uint32_t device;
	int32_t status = find_device(sim, req, &device);

	if (status != SCMI_SUCCESS)
		return status;
	if (sim->hanging != NULL)
		return SCMI_BUSY;
	sim->hanging = req;
	return SCMI_REQUEST_LATER;
}

static const struct scmi_server_command device_commands[] = {
	{.message = DEVICE_NAME, .handle = device_name, .params_min = 4, .params_max = 4},
	{.message = DEVICE_FAIL, .handle = device_fail, .params_min = 4, .params_max = 4},
	{.message = DEVICE_HANG, .handle = device_hang, .params_min = 4, .params_max = 4},
};

/* ---- the other agent: known to the platform, but never there ---- */

static int nobody_start(void *ctx, const struct scmi_platform_sink *sink, void *channel)
{
	(void)ctx;
	(void)sink;
	(void)channel;
	return SCMI_OK;
}

static void nobody_stop(void *ctx)
{
	(void)ctx;
}

static void nobody_reply(void *ctx, struct scmi_request *req, uint32_t len)
{
	(void)ctx;
	(void)req;
	(void)len; /* nobody asks, so this is never called */
}

static const struct scmi_endpoint_ops nobody = {
	.version = SCMI_ENDPOINT_V1,
	.name = "nobody",
	.start = nobody_start,
	.stop = nobody_stop,
	.reply = nobody_reply,
};

/* ---- the platform ---- */

/* We may set everybody's permissions, our own included. */
static bool may_manage(void *arg, uint16_t caller, uint16_t agent)
{
	(void)arg;
	(void)agent;
	return caller == US;
}

static void fill_servers(struct sim *sim)
{
	sim->model = (struct scmi_base_model){
		.size = sizeof(sim->model),
		.vendor = "scmictl",
		.sub_vendor = "demo",
		.implementation_version = 0x00000100u,
		.devices = DEVICES,
		.permissions = sim->permissions,
		.permission_words = DEVICES * AGENTS,
		.may_manage = may_manage,
	};
	scmi_base_server(&sim->base, &sim->model);
	sim->device = (struct scmi_server){
		.size = sizeof(sim->device),
		.protocol = PROTOCOL_DEVICE,
		.version = SCMI_VERSION(1, 0),
		.attributes = DEVICES,
		.commands = device_commands,
		.commands_n = sizeof(device_commands) / sizeof(device_commands[0]),
		.model = sim,
	};
	sim->servers[0] = &sim->base;
	sim->servers[1] = &sim->device;
}

static void fill_agents(struct sim *sim)
{
	static const char *const names[AGENTS] = {"scmictl", "somebody else"};

	sim->endpoints[1] =
		(struct scmi_endpoint){.size = sizeof(sim->endpoints[1]), .max_payload = 64, .ops = &nobody};
	for (uint32_t i = 0; i < AGENTS; i++) {
		sim->agents[i] = (struct scmi_platform_agent){
			.size = sizeof(sim->agents[i]), .name = names[i], .endpoint = &sim->endpoints[i]};
	}
}

static int open_platform(struct sim *sim)
{
	const struct scmi_platform_config config = {
		.size = sizeof(config),
		.servers = sim->servers,
		.servers_n = SERVERS,
		.agents = sim->agents,
		.agents_n = AGENTS,
		.log = show_log,
	};
	int err;

	fill_servers(sim);
	fill_agents(sim);
	err = scmi_platform_init(&sim->platform, sim->platform_memory, sizeof(sim->platform_memory), &config);
	return err == SCMI_OK ? scmi_platform_start(sim->platform) : err;
}

/* ---- the link ---- */

static int open_loopback(struct sim *sim, bool threaded, const struct scmi_port *port, struct scmi_transport *transport)
{
	const struct scmi_loopback_config config = {
		.size = sizeof(config), .flags = threaded ? SCMI_LOOPBACK_THREADED : 0u, .port = port};
	size_t size = scmi_loopback_size(&config);

	sim->loopback_memory = malloc(size);
	if (sim->loopback_memory == NULL)
		return SCMI_E_NOMEM;
	return scmi_loopback_init(&sim->loopback, sim->loopback_memory, size, &config, transport, &sim->endpoints[0]);
}

static void *serve(void *arg)
{
	struct sim *sim = arg;

	while (scmi_loopback_serve(sim->loopback, SCMI_NEVER) >= 0)
		;
	return NULL;
}

static int start_thread(struct sim *sim)
{
	if (pthread_create(&sim->thread, NULL, serve, sim) != 0)
		return SCMI_E_IO;
	sim->threaded = true;
	return SCMI_OK;
}

static void close_platform(struct sim *sim)
{
	(void)scmi_platform_stop(sim->platform); /* ends serve(), too */
	if (sim->threaded)
		pthread_join(sim->thread, NULL);
	if (sim->hanging != NULL)
		(void)scmi_request_reply(sim->hanging, SCMI_HARDWARE_ERROR);
	(void)scmi_platform_fini(sim->platform); /* no request is open */
}

/* Undoes what has been done so far, in reverse. */
static void close_sim(struct sim *sim)
{
	if (sim->platform != NULL)
		close_platform(sim);
	if (sim->loopback != NULL)
		scmi_loopback_fini(sim->loopback);
	free(sim->loopback_memory);
	free(sim);
}

static bool loopback_accepts(const char *rest)
{
	return rest[0] == '\0' || strcmp(rest, "threaded") == 0;
}

static int loopback_open(struct link *link, const char *rest, const struct scmi_port *port)
{
	bool threaded = rest[0] != '\0';
	struct sim *sim = calloc(1, sizeof(*sim));
	int err;

	if (sim == NULL)
		return SCMI_E_NOMEM;
	err = open_loopback(sim, threaded, port, &link->transport);
	if (err == SCMI_OK)
		err = open_platform(sim);
	if (err == SCMI_OK && threaded)
		err = start_thread(sim);
	if (err != SCMI_OK)
		close_sim(sim);
	else
		link->state = sim;
	return err;
}

static void loopback_close(struct link *link)
{
	close_sim(link->state);
}

const struct link_kind link_loopback = {
	.scheme = "loopback",
	.form = "loopback:[threaded]",
	.help = "a demonstration platform inside this program",
	.accepts = loopback_accepts,
	.open = loopback_open,
	.close = loopback_close,
};
